/* exc_object.c: see exc_object.h. An exception is used by one thread at a time.
 *
 * What it leaves to others: which exception is pending where (exc.c), what links them (exc_links.c), groups
 * (exc_group.c), their text (exc_print.c).
 */
#include "exc_object.h"
#include "precond.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

tt_exc tt__exc_no_memory = {.type = &tt_MemoryError, .ref_count = 1, .text = ""};

/* -------------------------------------------------------------------------------------------------------- making */

tt_exc *tt__exc_allocate(const tt_exc_type *type, size_t member_count, size_t text_size)
{
    size_t group_size = 0;
    tt_exc *exc;

    if (member_count > 0 &&
        (__builtin_mul_overflow(member_count, sizeof(struct tt_exc_member), &group_size) ||
         __builtin_add_overflow(group_size, sizeof(struct tt_exc_group) + sizeof(*exc) + text_size, &(size_t){0})))
        return NULL;
    group_size += member_count > 0 ? sizeof(struct tt_exc_group) : 0;
    exc = malloc(sizeof(*exc) + group_size + text_size);
    if (!exc)
        return NULL;
    *exc = (tt_exc){.type = type, .ref_count = 1};
    exc->places = exc->inline_places;
    exc->group = member_count > 0 ? (struct tt_exc_group *)(exc + 1) : NULL;
    exc->text = (char *)(exc + 1) + group_size;
    return exc;
}

size_t tt__exc_measure(const char *format, va_list args)
{
    int length = format ? vsnprintf(NULL, 0, format, args) : 0;

    return length < 0 ? strlen(format) : (size_t)length;
}

void tt__exc_write(char *out, size_t size, const char *format, va_list args)
{
    if (!format)
        out[0] = '\0';
    else if (vsnprintf(out, size + 1, format, args) < 0)
        snprintf(out, size + 1, "%s", format);
}

tt_exc *tt__exc_make(tt_site *site, const tt_exc_type *type, const char *prefix, const char *format, va_list args)
{
    int saved_errno = errno;
    size_t prefix_size = strlen(prefix), gap_size, size;
    tt_exc *exc;
    va_list again;

    TT_PRECOND("raise.type", site, type != NULL);
    TT_PRECOND("raise.not_group", site, !tt__exc_type_is(type, &tt_BaseExceptionGroup));
    va_copy(again, args);
    size = tt__exc_measure(format, args);
    gap_size = prefix_size > 0 && size > 0 ? strlen(": ") : 0;
    exc = tt__exc_allocate(type, 0, prefix_size + gap_size + size + 1);
    if (exc) {
        memcpy(exc->text, prefix, prefix_size);
        memcpy(exc->text + prefix_size, ": ", gap_size);
        errno = saved_errno;
        tt__exc_write(exc->text + prefix_size + gap_size, size, format, again);
        exc->text_size = strlen(exc->text);
        exc->has_text = format || prefix_size > 0;
        exc->id = tt_trace_new_id();
        exc->site = site;
    }
    va_end(again);
    errno = saved_errno;
    return exc;
}

tt_exc *tt__exc_make_numbered(tt_site *site, const tt_exc_type *type, int number, const char *meaning,
                              const char *format, va_list args)
{
    char prefix[192];
    int begin = snprintf(prefix, sizeof prefix, "[Errno %d] ", number);
    tt_exc *exc;

    snprintf(prefix + begin, sizeof prefix - (size_t)begin, "%s", meaning);
    exc = tt__exc_make(site, type, prefix, format, args);
    if (exc) {
        exc->has_error = true;
        exc->error = number;
        exc->error_text_begin = (size_t)begin;
        exc->error_text_size = strlen(prefix) - (size_t)begin;
    }
    return exc;
}

tt_exc *tt__exc_make_from_errno(tt_site *site, int error, const char *format, va_list args)
{
    int saved_errno = errno;
    const char *meaning;
    char buffer[128];

    if (error < 0)
        error = error == INT_MIN ? INT_MAX : -error;
    meaning = strerror_r(error, buffer, sizeof buffer);
    errno = saved_errno;
    return tt__exc_make_numbered(site, tt__exc_type_of_errno(error), error, meaning, format, args);
}

tt_exc *tt_exc_new_at(tt_site *site, const tt_exc_type *type, const char *format, ...)
{
    va_list args;
    tt_exc *exc;

    va_start(args, format);
    exc = tt__exc_make(site, type, "", format, args);
    va_end(args);
    return exc;
}

tt_exc *tt__exc_new_cancelled(tt_site *site, const char *message)
{
    tt_exc *exc = message ? tt_exc_new_at(site, &tt_CancelledError, "%s", message)
                          : tt_exc_new_at(site, &tt_CancelledError, NULL);

    if (!exc)
        exc = &tt__exc_no_memory;
    tt__exc_add_place(exc, site);
    return exc;
}

/* --------------------------------------------------------------------------------------------------------- places */

/* Out of line, so that raising stays as short as it was for those who do not ask for stacks. */
static __attribute__((noinline, cold)) void tell_stack(const tt_exc *exc)
{
    TT_EMIT(stack_taken, .object_id = tt_exc_id(exc), .of = TT_STACK_OF_RAISED, .stack = tt_trace_stack());
}

void tt__exc_tell_raised(tt_exc *exc, tt_site *site)
{
    static bool is_told; /* of the static exception */

    if (tt__exc_is_static(exc) ? __atomic_exchange_n(&is_told, true, __ATOMIC_RELAXED) : exc->is_raised)
        return;
    if (!tt__exc_is_static(exc)) {
        exc->is_raised = true;
        exc->site = site;
    }
    TT_EMIT(exception_raised, .exception_id = tt_exc_id(exc), .task_id = tt__current_task_id(),
            .cause_id = tt_exc_id(exc->cause), .context_id = tt_exc_id(exc->context), .site = site,
            .type = exc->type->name, .message = exc->text);
    if (tt_trace_on(TT_CATEGORY_stack))
        tell_stack(exc);
    tt__exc_tell_members(exc);
}

/* Moves the places of EXC into an array of full size. Without memory they stay where they are. */
static void make_room(tt_exc *exc)
{
    tt_site **places = malloc(TT_EXC_PLACES_MAX * sizeof(*places));

    if (!places)
        return;
    memcpy(places, exc->inline_places, sizeof(exc->inline_places));
    exc->places = places;
}

void tt__exc_push_place(tt_exc *exc, tt_site *site)
{
    if (tt__exc_is_static(exc) || !site || (exc->place_count > 0 && exc->places[exc->place_count - 1] == site))
        return;
    if (exc->place_count == tt__exc_place_capacity(exc) && exc->places == exc->inline_places &&
        exc->left_out_count == 0)
        make_room(exc);
    if (exc->place_count == tt__exc_place_capacity(exc)) {
        uint32_t half = exc->place_count / 2;

        memmove(exc->places + half, exc->places + half + 1, (exc->place_count - half - 1) * sizeof(*exc->places));
        exc->place_count--;
        exc->left_out_count++;
    }
    exc->places[exc->place_count++] = site;
    assert(exc->place_count <= tt__exc_place_capacity(exc));
}

void tt__exc_add_place(tt_exc *exc, tt_site *site)
{
    tt__exc_tell_raised(exc, site);
    tt__exc_push_place(exc, site);
}

bool tt__exc_copy_places(tt_exc *exc, const tt_exc *from)
{
    if (exc->places == exc->inline_places && from->places != from->inline_places) {
        tt_site **places = malloc(TT_EXC_PLACES_MAX * sizeof(*places));

        if (!places)
            return false;
        exc->places = places;
    }
    memcpy(exc->places, from->places, from->place_count * sizeof(*from->places));
    exc->place_count = from->place_count;
    exc->left_out_count = from->left_out_count;
    return true;
}

tt_site *tt__exc_last_place(const tt_exc *exc)
{
    return exc->place_count ? exc->places[exc->place_count - 1] : exc->site;
}

uint32_t tt__exc_place_count(const tt_exc *exc)
{
    return exc->place_count + exc->left_out_count;
}

void tt__exc_rewind_places(tt_exc *exc, uint32_t count)
{
    uint32_t total = tt__exc_place_count(exc);
    uint32_t head = exc->left_out_count > 0 ? tt__exc_place_capacity(exc) / 2 : exc->place_count;
    uint32_t after_gap = head + exc->left_out_count; /* number of the first place behind those that were left out */

    if (count >= total)
        return;
    if (count <= head) {
        exc->place_count = count;
        exc->left_out_count = 0;
    } else {
        exc->place_count = count > after_gap ? head + count - after_gap : head;
        exc->left_out_count = count - exc->place_count;
    }
}

/* -------------------------------------------------------------------------------------------------- what they are */

const tt_exc_type *tt_exc_type_of(const tt_exc *exc)
{
    return exc ? exc->type : NULL;
}

bool tt_exc_is(const tt_exc *exc, const tt_exc_type *type)
{
    return exc && tt__exc_type_is(exc->type, type);
}

const char *tt_exc_message(const tt_exc *exc)
{
    return exc && exc->group ? exc->group->message : tt_exc_text(exc);
}

bool tt_exc_has_text(const tt_exc *exc)
{
    return exc && (exc->has_text || exc->group);
}

const char *tt_exc_text(const tt_exc *exc)
{
    return exc ? exc->text : "";
}

/* The nearest of TYPE and its bases that says how data is freed; NULL: none does. */
static const tt_exc_type *type_with_free_data(const tt_exc_type *type)
{
    while (type && !type->free_data)
        type = type->base;
    return type;
}

void tt__exc_free_data(tt_exc *exc)
{
    const tt_exc_type *type = exc->data ? type_with_free_data(exc->type) : NULL;

    if (type)
        type->free_data(exc->data);
    exc->data = NULL;
}

void tt__exc_copy_data(tt_exc *exc, const tt_exc *from)
{
    const tt_exc_type *type = exc->type;

    while (type && !type->copy_data)
        type = type->base;
    if (from->data && type)
        exc->data = type->copy_data(from->data);
}

void tt_exc_set_data(tt_exc *exc, const tt_exc_type *type, void *data)
{
    TT_PRECOND("exc_set_data.type", NULL, type != NULL);
    if (tt_exc_is(exc, type) && !tt__exc_is_static(exc)) {
        tt__exc_free_data(exc);
        exc->data = data;
    } else if (data && type_with_free_data(type)) {
        type_with_free_data(type)->free_data(data);
    }
}

void *tt_exc_data(const tt_exc *exc, const tt_exc_type *type)
{
    return tt_exc_is(exc, type) ? exc->data : NULL;
}

int tt_exc_errno(const tt_exc *exc)
{
    return exc && exc->has_error ? exc->error : 0;
}

tt_exc *tt_exc_cause(const tt_exc *exc)
{
    return exc ? exc->cause : NULL;
}

tt_exc *tt_exc_context(const tt_exc *exc)
{
    return exc ? exc->context : NULL;
}

const tt_site *tt_exc_raised_at(const tt_exc *exc)
{
    return exc && exc->is_raised ? exc->site : NULL;
}

tt_site *tt__exc_site(const tt_exc *exc)
{
    return exc->site;
}

/* Drawn when somebody first asks. */
static uint64_t id_of_static(void)
{
    static uint64_t shared_id;
    uint64_t id = __atomic_load_n(&shared_id, __ATOMIC_RELAXED), drawn;

    if (id != 0)
        return id;
    drawn = tt_trace_new_id();
    return __atomic_compare_exchange_n(&shared_id, &id, drawn, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED) ? drawn : id;
}

uint64_t tt_exc_id(const tt_exc *exc)
{
    if (!exc)
        return 0;
    return tt__exc_is_static(exc) ? id_of_static() : exc->id;
}
