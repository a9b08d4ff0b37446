/* operations_of_locks.c: locks, semaphores, conditions, events, barriers, queues, context variables. */
#include <string.h>

#include "log.h"
#include "operation.h"

/* Writes True after what returned RC. */
static int log_true(int rc)
{
    if (rc == 0)
        log_bool(true);
    return rc;
}

/* ----------------------------------------------------------------------------- locks, semaphores, conditions: a slot L */

static int acquire(struct frame *frame, const struct statement *statement)
{
    struct slot *slot = slot_filled(statement->arguments[0]);

    (void)frame;
    if (!slot)
        return -1;
    if (slot->kind == SLOT_LOCK)
        return log_true(tt_lock_acquire(slot->value));
    if (slot->kind == SLOT_SEMAPHORE)
        return log_true(tt_semaphore_acquire(slot->value));
    return log_true(tt_condition_acquire(slot->value));
}

static int release(struct frame *frame, const struct statement *statement)
{
    struct slot *slot = slot_filled(statement->arguments[0]);

    (void)frame;
    if (!slot)
        return -1;
    if (slot->kind == SLOT_LOCK)
        return tt_lock_release(slot->value);
    if (slot->kind == SLOT_SEMAPHORE)
        return tt_semaphore_release(slot->value);
    return tt_condition_release(slot->value);
}

static int locked(struct frame *frame, const struct statement *statement)
{
    struct slot *slot = slot_filled(statement->arguments[0]);

    (void)frame;
    if (!slot)
        return -1;
    if (slot->kind == SLOT_LOCK)
        log_bool(tt_lock_locked(slot->value));
    else if (slot->kind == SLOT_SEMAPHORE)
        log_bool(tt_semaphore_locked(slot->value));
    else
        log_bool(tt_condition_locked(slot->value));
    return 0;
}

static int wait_condition(struct frame *frame, const struct statement *statement)
{
    void *thing = get(statement->arguments[0]);

    (void)frame;
    if (!thing)
        return -1;
    return log_true(tt_condition_wait(thing));
}

static int notify(struct frame *frame, const struct statement *statement)
{
    void *thing = get(statement->arguments[0]);

    (void)frame;
    if (!thing)
        return -1;
    return tt_condition_notify(thing, (size_t)number_argument(statement, 1));
}

static int notify_all(struct frame *frame, const struct statement *statement)
{
    void *thing = get(statement->arguments[0]);

    (void)frame;
    if (!thing)
        return -1;
    return tt_condition_notify_all(thing);
}

/* --------------------------------------------------------------------------------------------------- events, barriers */

static int set_event(struct frame *frame, const struct statement *statement)
{
    void *thing = get(statement->arguments[0]);

    (void)frame;
    if (!thing)
        return -1;
    tt_event_set(thing);
    return 0;
}

static int clear_event(struct frame *frame, const struct statement *statement)
{
    void *thing = get(statement->arguments[0]);

    (void)frame;
    if (!thing)
        return -1;
    tt_event_clear(thing);
    return 0;
}

static int is_set(struct frame *frame, const struct statement *statement)
{
    void *thing = get(statement->arguments[0]);

    (void)frame;
    if (!thing)
        return -1;
    log_bool(tt_event_is_set(thing));
    return 0;
}

static int wait_event(struct frame *frame, const struct statement *statement)
{
    void *thing = get(statement->arguments[0]);

    (void)frame;
    if (!thing)
        return -1;
    return log_true(tt_event_wait(thing));
}

static int arrive(struct frame *frame, const struct statement *statement)
{
    void *thing = get(statement->arguments[0]);
    int place;

    (void)frame;
    if (!thing)
        return -1;
    place = tt_barrier_wait(thing);
    if (place < 0)
        return -1;
    log_number(place);
    return 0;
}

static int reset(struct frame *frame, const struct statement *statement)
{
    void *thing = get(statement->arguments[0]);

    (void)frame;
    if (!thing)
        return -1;
    return tt_barrier_reset(thing);
}

static int abort_barrier(struct frame *frame, const struct statement *statement)
{
    void *thing = get(statement->arguments[0]);

    (void)frame;
    if (!thing)
        return -1;
    return tt_barrier_abort(thing);
}

/* -------------------------------------------------------------------------------------------------------------- queues */

static int put(struct frame *frame, const struct statement *statement)
{
    void *thing = get(statement->arguments[0]);

    (void)frame;
    if (!thing)
        return -1;
    return tt_queue_put(thing, value_of_number(number_argument(statement, 1)));
}

static int put_now(struct frame *frame, const struct statement *statement)
{
    void *thing = get(statement->arguments[0]);

    (void)frame;
    if (!thing)
        return -1;
    return tt_queue_put_nowait(thing, value_of_number(number_argument(statement, 1)));
}

static int get_item(struct frame *frame, const struct statement *statement)
{
    void *thing = get(statement->arguments[0]);
    void *item;

    (void)frame;
    if (!thing)
        return -1;
    if (tt_queue_get(thing, &item) < 0)
        return -1;
    log_value(item);
    return 0;
}

static int get_now(struct frame *frame, const struct statement *statement)
{
    void *thing = get(statement->arguments[0]);
    void *item;

    (void)frame;
    if (!thing)
        return -1;
    if (tt_queue_get_nowait(thing, &item) < 0)
        return -1;
    log_value(item);
    return 0;
}

static int task_done(struct frame *frame, const struct statement *statement)
{
    void *thing = get(statement->arguments[0]);

    (void)frame;
    if (!thing)
        return -1;
    return tt_queue_task_done(thing);
}

static int join(struct frame *frame, const struct statement *statement)
{
    void *thing = get(statement->arguments[0]);

    (void)frame;
    if (!thing)
        return -1;
    return tt_queue_join(thing);
}

static int shut_down(struct frame *frame, const struct statement *statement)
{
    void *thing = get(statement->arguments[0]);

    (void)frame;
    if (!thing)
        return -1;
    tt_queue_shutdown(thing, false);
    return 0;
}

static int shutdown_now(struct frame *frame, const struct statement *statement)
{
    void *thing = get(statement->arguments[0]);

    (void)frame;
    if (!thing)
        return -1;
    tt_queue_shutdown(thing, true);
    return 0;
}

static int size(struct frame *frame, const struct statement *statement)
{
    void *thing = get(statement->arguments[0]);

    (void)frame;
    if (!thing)
        return -1;
    log_number((long)tt_queue_qsize(thing));
    return 0;
}

/* --------------------------------------------------------------------------------------------------- context variables */

static int set_variable(struct frame *frame, const struct statement *statement)
{
    void *thing = get(statement->arguments[0]);

    (void)frame;
    if (!thing)
        return -1;
    return tt_context_var_set(thing, value_of_number(number_argument(statement, 1)), NULL, NULL);
}

static int get_variable(struct frame *frame, const struct statement *statement)
{
    void *thing = get(statement->arguments[0]);
    void *value;

    (void)frame;
    if (!thing)
        return -1;
    if (tt_context_var_get(thing, &value) < 0)
        return -1;
    log_value(value);
    return 0;
}

const struct operation operations_of_locks[] = {
    {"acquire", acquire},
    {"release", release},
    {"locked", locked},
    {"wait_condition", wait_condition},
    {"notify", notify},
    {"notify_all", notify_all},
    {"set_event", set_event},
    {"clear_event", clear_event},
    {"is_set", is_set},
    {"wait_event", wait_event},
    {"arrive", arrive},
    {"reset", reset},
    {"abort", abort_barrier},
    {"put", put},
    {"put_now", put_now},
    {"get", get_item},
    {"get_now", get_now},
    {"task_done", task_done},
    {"join", join},
    {"shutdown", shut_down},
    {"shutdown_now", shutdown_now},
    {"size", size},
    {"setvar", set_variable},
    {"getvar", get_variable},
    {NULL, NULL},
};
