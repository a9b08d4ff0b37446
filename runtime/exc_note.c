/* exc_note.c: notes of exceptions, lines that are printed after the message. See telltale/exc.h. */
#include "exc_object.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Sees to room for one more. False without memory. */
static bool make_room(tt_exc *exc)
{
    uint32_t capacity = exc->note_capacity ? 2 * exc->note_capacity : 2;
    char **notes;

    if (exc->note_count < exc->note_capacity)
        return true;
    notes = realloc(exc->notes, capacity * sizeof(*notes));
    if (!notes)
        return false;
    exc->notes = notes;
    exc->note_capacity = capacity;
    return true;
}

int tt_exc_add_note_at(tt_site *site, tt_exc *exc, const char *format, ...)
{
    int saved_errno = errno;
    va_list args, again;
    char *note = NULL;
    size_t size;

    if (!exc)
        return 0;
    va_start(args, format);
    va_copy(again, args);
    size = tt__exc_measure(format, args);
    if (!tt__exc_is_static(exc) && make_room(exc))
        note = malloc(size + 1);
    if (note) {
        errno = saved_errno;
        tt__exc_write(note, size, format, again);
        exc->notes[exc->note_count++] = note;
    }
    va_end(again);
    va_end(args);
    errno = saved_errno;
    return note ? 0 : tt_raise_exc_at(site, NULL);
}

size_t tt_exc_note_count(const tt_exc *exc)
{
    return exc ? exc->note_count : 0;
}

const char *tt_exc_note(const tt_exc *exc, size_t index)
{
    return index < tt_exc_note_count(exc) ? exc->notes[index] : NULL;
}

void tt__exc_free_notes(tt_exc *exc)
{
    while (exc->note_count > 0)
        free(exc->notes[--exc->note_count]);
    free(exc->notes);
    exc->notes = NULL;
    exc->note_capacity = 0;
}

bool tt__exc_copy_notes(tt_exc *exc, const tt_exc *from)
{
    char **notes = from->note_count ? malloc(from->note_count * sizeof(*notes)) : NULL;
    uint32_t count = 0;

    if (from->note_count > 0 && !notes)
        return false;
    while (count < from->note_count && (notes[count] = strdup(from->notes[count])) != NULL)
        count++;
    if (count < from->note_count) {
        while (count > 0)
            free(notes[--count]);
        free(notes);
        return false;
    }
    tt__exc_free_notes(exc);
    exc->notes = notes;
    exc->note_count = exc->note_capacity = count;
    return true;
}
