/* operations_of_waits.c: waiting for one of several, for a time, behind a shield. */
#include <string.h>

#include "log.h"
#include "operation.h"

/* The futures that STATEMENT names from its second argument on, a handle each. -1 with LookupError pending. */
static int take_futures(struct frame *frame, const struct statement *statement, tt_future **futures)
{
    int count = 0;

    for (int i = 1; i < statement->argument_count; i++) {
        struct slot *slot = slot_filled(statement->arguments[i]);

        if (!slot) {
            while (count > 0)
                frame_release(frame, futures[--count]);
            return -1;
        }
        futures[count++] = frame_hold(frame, slot->value);
    }
    return count;
}

/* What asyncio's frames held goes while what came out of them, RC says whether it raised, is handled: a handler that is
 * called then sees that. Sets go from their first to their last, lists the other way round. */
static int release_futures(struct frame *frame, tt_future **futures, int count, bool is_list, int rc)
{
    tt_cleanup_begin();
    for (int i = 0; i < count; i++)
        frame_release(frame, futures[is_list ? count - 1 - i : i]);
    return tt_cleanup_end() < 0 ? -1 : rc;
}

/* Adds the names of the slots that hold one of FUTURES. */
static void add_names(char *text, size_t size, tt_future *const *futures, size_t count)
{
    int slot_count;
    struct slot *const *all = slots(&slot_count);

    for (int i = 0; i < slot_count; i++) {
        size_t j = 0;

        while (j < count && !(all[i]->is_watched && all[i]->kind != SLOT_EMPTY && all[i]->value == futures[j]))
            j++;
        if (j < count)
            snprintf(text + strlen(text), size - strlen(text), "%s%s", *text ? " " : "", all[i]->name);
    }
}

static int wait_for_several(struct frame *frame, const struct statement *statement, enum tt_return_when when)
{
    tt_future *futures[FUTURES_MAX];
    int count = take_futures(frame, statement, futures), rc;
    char done[256] = "", pending[256] = "";
    size_t done_count;

    if (count < 0)
        return -1;
    rc = tt_wait(futures, (size_t)count, when, delay_argument(statement, 0), &done_count);
    if (rc == 0) {
        add_names(done, sizeof done, futures, done_count);
        add_names(pending, sizeof pending, futures + done_count, (size_t)count - done_count);
        log_line("  = done %s pending %s", done, pending);
    }
    return release_futures(frame, futures, count, false, rc);
}

static int wait_all(struct frame *frame, const struct statement *statement)
{
    return wait_for_several(frame, statement, TT_ALL_COMPLETED);
}

static int wait_first(struct frame *frame, const struct statement *statement)
{
    return wait_for_several(frame, statement, TT_FIRST_COMPLETED);
}

static int wait_exception(struct frame *frame, const struct statement *statement)
{
    return wait_for_several(frame, statement, TT_FIRST_EXCEPTION);
}

/* ---------------------------------------------------------------------------------------------- one after the other */

/* The next one's result, as plain iteration whose items are awaited at once: 1, 0 at the end, or -1. */
static int read_next(tt_as_completed *iterator)
{
    tt_future *next;
    void *value;
    int rc = tt_as_completed_next(iterator, &next);

    if (rc <= 0)
        return rc;
    if (tt_future_result(next, &value) < 0)
        return -1;
    log_value(value);
    return 1;
}

static int name_next(tt_as_completed *iterator)
{
    tt_future *next;
    char name[256] = "";
    int rc = tt_as_completed_next(iterator, &next);

    if (rc <= 0)
        return rc;
    add_names(name, sizeof name, &next, 1);
    log_line("  = %s", name);
    return 1;
}

static int iterate(struct frame *frame, const struct statement *statement, int (*next)(tt_as_completed *iterator))
{
    tt_future *futures[FUTURES_MAX];
    int count = take_futures(frame, statement, futures), rc = 1;
    tt_as_completed *iterator;

    if (count < 0)
        return -1;
    iterator = tt_as_completed_create(futures, (size_t)count, delay_argument(statement, 0));
    frame->iterator = iterator;
    while (iterator && rc > 0)
        rc = next(iterator);
    frame->iterator = NULL;
    tt_as_completed_destroy(iterator);
    return release_futures(frame, futures, count, true, iterator ? rc : -1);
}

static int completed(struct frame *frame, const struct statement *statement)
{
    for (int i = 1; i < statement->argument_count; i++)
        if (!slot_filled(statement->arguments[i]))
            return -1;
    for (int i = 1; i < statement->argument_count; i++)
        if (!slot_that_is_no_gather(statement->arguments[i]))
            return -1;
    return iterate(frame, statement, read_next);
}

static int originals(struct frame *frame, const struct statement *statement)
{
    return iterate(frame, statement, name_next);
}

/* ------------------------------------------------------------------------------------------------------------- the rest */

static int shield(struct frame *frame, const struct statement *statement)
{
    struct slot *slot = slot_that_is_no_gather(statement->arguments[0]);
    tt_future *shield_;

    (void)frame;
    if (!slot)
        return -1;
    shield_ = tt_shield(slot->value);
    if (!shield_)
        return -1;
    slot_put(statement->slot, SLOT_FUTURE, shield_, slot->rank);
    return 0;
}

static int wait_for(struct frame *frame, const struct statement *statement)
{
    struct slot *slot = get_younger(frame, statement->arguments[1]);
    tt_future *future;
    bool is_gather;
    void *value;
    int rc;

    if (!slot)
        return -1;
    future = frame_hold(frame, slot->value);
    is_gather = slot->kind == SLOT_GATHER;
    rc = tt_wait_for(future, delay_argument(statement, 0), &value);
    if (rc == 0 && is_gather)
        rc = log_gather(future);
    else if (rc == 0)
        log_value(value);
    return release_futures(frame, &future, 1, false, rc);
}

const struct operation operations_of_waits[] = {
    {"wait_all", wait_all},
    {"wait_first", wait_first},
    {"wait_exception", wait_exception},
    {"completed", completed},
    {"originals", originals},
    {"shield", shield},
    {"wait_for", wait_for},
    {NULL, NULL},
};
