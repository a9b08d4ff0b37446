/* exc_object.c: see exc_object.h. An exception is used by one thread at a time.
 *
 * What it leaves to others: which exception is pending where (exc.c), their text (exc_print.c).
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

static tt_exc *allocate(const tt_exc_type *type, size_t text_size)
{
    tt_exc *exc = malloc(sizeof(*exc) + text_size + 1);

    if (!exc)
        return NULL;
    *exc = (tt_exc){.type = type, .ref_count = 1, .text_size = text_size};
    exc->places = exc->inline_places;
    exc->text = (char *)(exc + 1);
    exc->text[text_size] = '\0';
    return exc;
}

/* Writes what FORMAT makes of ARGS to OUT, SIZE bytes long without the NUL. The text may have changed since it was
 * measured. */
static void write_text(char *out, size_t size, const char *format, va_list args)
{
    if (vsnprintf(out, size + 1, format, args) < 0)
        snprintf(out, size + 1, "%s", format);
}

tt_exc *tt__exc_make(tt_site *site, const tt_exc_type *type, const char *prefix, const char *format, va_list args)
{
    int saved_errno = errno, length;
    size_t prefix_size = strlen(prefix), gap_size, size;
    tt_exc *exc;
    va_list again;

    TT_PRECOND("raise.type", site, type != NULL);
    va_copy(again, args);
    length = format ? vsnprintf(NULL, 0, format, args) : 0;
    size = length < 0 ? strlen(format) : (size_t)length;
    gap_size = prefix_size > 0 && size > 0 ? strlen(": ") : 0;
    exc = allocate(type, prefix_size + gap_size + size);
    if (exc) {
        memcpy(exc->text, prefix, prefix_size);
        memcpy(exc->text + prefix_size, ": ", gap_size);
        errno = saved_errno;
        if (size > 0)
            write_text(exc->text + prefix_size + gap_size, size, format, again);
        exc->text_size = strlen(exc->text);
        exc->id = tt_trace_new_id();
        exc->site = site;
    }
    va_end(again);
    errno = saved_errno;
    return exc;
}

tt_exc *tt__exc_make_from_errno(tt_site *site, int error, const char *format, va_list args)
{
    int saved_errno = errno, begin;
    char buffer[128], prefix[192];
    tt_exc *exc;

    if (error < 0)
        error = error == INT_MIN ? INT_MAX : -error;
    begin = snprintf(prefix, sizeof prefix, "[Errno %d] ", error);
    snprintf(prefix + begin, sizeof prefix - (size_t)begin, "%s", strerror_r(error, buffer, sizeof buffer));
    errno = saved_errno;
    exc = tt__exc_make(site, tt__exc_type_of_errno(error), prefix, format, args);
    if (exc) {
        exc->has_error = true;
        exc->error = error;
        exc->error_text_begin = (size_t)begin;
        exc->error_text_size = strlen(prefix) - (size_t)begin;
    }
    return exc;
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

/* -------------------------------------------------------------------------------------------- references and walks */

tt_exc *tt_exc_ref(tt_exc *exc)
{
    if (exc && !tt__exc_is_static(exc)) {
        assert(exc->ref_count > 0 && exc->ref_count < UINT32_MAX && "who takes a reference has one");
        exc->ref_count++;
    }
    return exc;
}

/* Drops one reference of EXC (NULL ok); if it was the last, puts EXC before LIST, to be freed. Returns the list. */
static tt_exc *drop_into(tt_exc *list, tt_exc *exc)
{
    if (!exc || tt__exc_is_static(exc))
        return list;
    assert(exc->ref_count > 0 && "who releases a reference has one");
    assert(!exc->next && "no walk is under way where references are dropped");
    if (--exc->ref_count > 0)
        return list;
    exc->next = list;
    return exc;
}

void tt_exc_unref(tt_exc *exc)
{
    int saved_errno = errno;

    for (tt_exc *list = drop_into(NULL, exc); list;) {
        tt_exc *dead = list;

        list = dead->next;
        list = drop_into(list, dead->cause);
        list = drop_into(list, dead->context);
        if (dead->places != dead->inline_places)
            free(dead->places);
        free(dead);
    }
    errno = saved_errno;
}

/* The end of a walk's list. The static exception is never in one, so it can stand for that. */
#define LIST_END (&tt__exc_no_memory)

/* Puts EXC behind LAST, unless it is nothing, cannot be walked, or is in the list already. Returns the last one. */
static tt_exc *append(tt_exc *last, tt_exc *exc)
{
    if (!exc || tt__exc_is_static(exc) || exc->next)
        return last;
    exc->next = LIST_END;
    last->next = exc;
    return exc;
}

/* Makes a list, along `next`, of START (not the static one) and all that its links lead to. Links to EXCEPT (may be
 * NULL), a reference to which the caller holds, are cut where they are met. */
static void collect(tt_exc *start, tt_exc *except)
{
    tt_exc *last = start;

    assert(!start->next && start != except);
    start->next = LIST_END;
    for (tt_exc *exc = start; exc != LIST_END; exc = exc->next) {
        tt_exc **links[] = {&exc->cause, &exc->context};

        for (int i = 0; i < 2; i++) {
            if (except && *links[i] == except) {
                *links[i] = NULL;
                tt_exc_unref(except);
            }
            last = append(last, *links[i]);
        }
    }
}

static void dissolve(tt_exc *list)
{
    while (list != LIST_END) {
        tt_exc *next = list->next;

        list->next = NULL;
        list->twin = NULL;
        list = next;
    }
}

void tt__exc_adopt_context(tt_exc *exc, tt_exc *context)
{
    tt_exc *before = exc->context;

    if (exc == context || tt__exc_is_static(exc))
        return;
    if (context && !tt__exc_is_static(context) && exc->ref_count > 1) {
        collect(context, exc);
        dissolve(context);
    }
    exc->context = tt_exc_ref(context);
    tt_exc_unref(before);
}

void tt__exc_set_context(tt_exc *exc, tt_exc *context)
{
    tt_exc_ref(exc); /* the caller's may be the link that is about to be cut */
    tt__exc_adopt_context(exc, context);
    tt_exc_unref(exc);
}

/* -------------------------------------------------------------------------------------------------------- copying */

/* A copy without links and without references; NULL without memory. */
static tt_exc *copy_alone(const tt_exc *exc)
{
    tt_exc *copy = allocate(exc->type, exc->text_size);
    char *text;

    if (!copy)
        return NULL;
    text = memcpy(copy->text, exc->text, exc->text_size);
    *copy = *exc;
    copy->text = text;
    copy->ref_count = 0;
    copy->cause = copy->context = copy->next = copy->twin = NULL;
    copy->places = copy->inline_places;
    if (exc->places != exc->inline_places) {
        copy->places = malloc(TT_EXC_PLACES_MAX * sizeof(*copy->places));
        if (!copy->places) {
            free(copy);
            return NULL;
        }
        memcpy(copy->places, exc->places, exc->place_count * sizeof(*copy->places));
    }
    return copy;
}

/* A counted reference to the copy of EXC. */
static tt_exc *ref_twin(tt_exc *exc)
{
    if (!exc || tt__exc_is_static(exc))
        return exc;
    exc->twin->ref_count++;
    return exc->twin;
}

/* Gives each exception of LIST a copy, still without links. False without memory: then none has one. */
static bool copy_each(tt_exc *list)
{
    for (tt_exc *exc = list; exc != LIST_END; exc = exc->next) {
        exc->twin = copy_alone(exc);
        if (exc->twin)
            continue;
        for (tt_exc *done = list; done != exc; done = done->next) {
            done->twin->ref_count = 1;
            tt_exc_unref(done->twin);
        }
        return false;
    }
    return true;
}

tt_exc *tt__exc_copy(const tt_exc *original)
{
    tt_exc *list = (tt_exc *)original; /* written to by the walk only, which leaves it as it was */
    tt_exc *copy = NULL;

    if (tt__exc_is_static(list))
        return list;
    collect(list, NULL);
    if (copy_each(list)) {
        for (tt_exc *exc = list; exc != LIST_END; exc = exc->next) {
            exc->twin->cause = ref_twin(exc->cause);
            exc->twin->context = ref_twin(exc->context);
        }
        copy = ref_twin(list);
    }
    dissolve(list);
    return copy;
}

/* --------------------------------------------------------------------------------------------------------- places */

/* The first raise: from now on EXC has been raised, and the trace knows of it. */
static void tell_raised(tt_exc *exc, tt_site *site)
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

void tt__exc_add_place(tt_exc *exc, tt_site *site)
{
    tell_raised(exc, site);
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
    const tt_exc_type *own = exc ? exc->type : NULL;

    while (own && own != type)
        own = own->base;
    return own && own == type;
}

const char *tt_exc_message(const tt_exc *exc)
{
    return exc ? exc->text : "";
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
