/* operations_of_tasks.c: tasks and futures: create, await, cancel, complete, look. */
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "operation.h"

/* ----------------------------------------------------------------------------------------------------------- creating */

static int spawn_with(const struct statement *statement, bool is_eager)
{
    struct frame *made = frame_create(statement->arguments[0]);
    struct tt_task_options options = {.drop = frame_drop, .stack_bytes = FRAME_STACK_BYTES, .eager_start = is_eager};
    tt_task *task;
    int rank;

    if (!made)
        return -1;
    rank = made->rank;
    options.loop = run_loop();
    options.name = made->label; /* copied before the body can free it */
    task = tt_create_task_with(frame_run, made, &options);
    if (!task)
        return -1;
    slot_put(statement->slot, SLOT_FUTURE, task, rank);
    return 0;
}

static int spawn(struct frame *frame, const struct statement *statement)
{
    (void)frame;
    return spawn_with(statement, false);
}

static int eager(struct frame *frame, const struct statement *statement)
{
    (void)frame;
    return spawn_with(statement, true);
}

static int create_future(struct frame *frame, const struct statement *statement)
{
    tt_future *future = tt_create_future(run_loop());

    (void)frame;
    if (!future)
        return -1;
    slot_put(statement->slot, SLOT_FUTURE, future, RANK_YOUNGEST);
    return 0;
}

static int gather_futures(const struct statement *statement, bool return_exceptions)
{
    tt_future *futures[FUTURES_MAX], *gather;
    int count = statement->argument_count, rank = RANK_YOUNGEST;

    for (int i = 0; i < count; i++) {
        struct slot *slot = slot_filled(statement->arguments[i]);

        if (!slot)
            return -1;
        futures[i] = slot->value;
        rank = slot->rank < rank ? slot->rank : rank;
    }
    gather = tt_gather(futures, (size_t)count, return_exceptions);
    if (!gather)
        return -1;
    slot_put(statement->slot, SLOT_GATHER, gather, rank);
    return 0;
}

static int gather(struct frame *frame, const struct statement *statement)
{
    (void)frame;
    return gather_futures(statement, false);
}

static int gather_all(struct frame *frame, const struct statement *statement)
{
    (void)frame;
    return gather_futures(statement, true);
}

static int threadsafe(struct frame *frame, const struct statement *statement)
{
    struct frame *made = frame_create(statement->arguments[0]);
    tt_thread_future *future;

    (void)frame;
    if (!made)
        return -1;
    future = tt_run_coroutine_threadsafe(run_loop(), frame_run, made, frame_drop);
    if (!future)
        return -1;
    slot_put(statement->slot, SLOT_THREAD_FUTURE, future, RANK_YOUNGEST);
    return 0;
}

/* ------------------------------------------------------------------------------------------------------------ reading */

/* Writes what FUTURE, which is done, has for a result. 0, or -1 with its exception pending. */
static int log_result(tt_future *future, bool is_gather)
{
    void *value;

    if (is_gather)
        return tt_future_result(future, NULL) < 0 ? -1 : log_gather(future);
    if (tt_future_result(future, &value) < 0)
        return -1;
    log_value(value);
    return 0;
}

static int await(struct frame *frame, const struct statement *statement)
{
    struct slot *slot = get_younger(frame, statement->arguments[0]);
    tt_future *future;
    bool is_gather;
    int rc;

    if (!slot)
        return -1;
    future = frame_hold(frame, slot->value);
    is_gather = slot->kind == SLOT_GATHER;
    rc = tt_await(future);
    if (rc == 0)
        rc = log_result(future, is_gather);
    frame_release(frame, future);
    return rc;
}

static int result(struct frame *frame, const struct statement *statement)
{
    struct slot *slot = slot_filled(statement->arguments[0]);

    (void)frame;
    return slot ? log_result(slot->value, slot->kind == SLOT_GATHER) : -1;
}

static int exception(struct frame *frame, const struct statement *statement)
{
    tt_future *future = get(statement->arguments[0]);
    tt_exc *exc;

    (void)frame;
    if (!future || tt_future_exception(future, &exc) < 0)
        return -1;
    log_exception_value(exc);
    return 0;
}

/* --------------------------------------------------------------------------------------------- cancelling, completing */

static int cancel(struct frame *frame, const struct statement *statement)
{
    tt_future *future = get(statement->arguments[0]);

    (void)frame;
    if (!future)
        return -1;
    log_bool(tt_future_cancel(future, text_argument(statement, 1)));
    return 0;
}

static int uncancel(struct frame *frame, const struct statement *statement)
{
    tt_task *task = get(statement->arguments[0]);

    (void)frame;
    if (!task)
        return -1;
    log_number(tt_task_uncancel(task));
    return 0;
}

static int cancelling(struct frame *frame, const struct statement *statement)
{
    tt_task *task = get(statement->arguments[0]);

    (void)frame;
    if (!task)
        return -1;
    log_number(tt_task_cancelling(task));
    return 0;
}

static int set(struct frame *frame, const struct statement *statement)
{
    tt_future *future = get(statement->arguments[0]);

    (void)frame;
    return future ? tt_future_set_result(future, value_of_number(number_argument(statement, 1)), NULL) : -1;
}

static int fail(struct frame *frame, const struct statement *statement)
{
    tt_future *future = get(statement->arguments[0]);
    tt_exc *exc;
    int rc;

    (void)frame;
    if (!future)
        return -1;
    exc = tt_exc_new(type_argument(statement, 1), "%s", text_argument(statement, 2));
    rc = tt_future_set_exception(future, exc);
    tt_exc_unref(exc);
    return rc;
}

static int add_callback(struct frame *frame, const struct statement *statement)
{
    tt_future *future = get(statement->arguments[0]);
    struct body *body = future ? callback_named(statement->arguments[1]) : NULL;

    (void)frame;
    return body ? tt_future_add_done_callback(future, callback_run_done, body) : -1;
}

static int remove_callback(struct frame *frame, const struct statement *statement)
{
    tt_future *future = get(statement->arguments[0]);
    struct body *body = future ? callback_named(statement->arguments[1]) : NULL;

    (void)frame;
    if (!body)
        return -1;
    log_number((long)tt_future_remove_done_callback(future, callback_run_done, body));
    return 0;
}

static int drop(struct frame *frame, const struct statement *statement)
{
    struct slot *slot = slot_filled(statement->arguments[0]);

    (void)frame;
    if (!slot)
        return -1;
    slot_drop(slot);
    return 0;
}

/* ------------------------------------------------------------------------------------------- the thread-side future */

static int thread_result(struct frame *frame, const struct statement *statement)
{
    tt_thread_future *future = get(statement->arguments[0]);
    void *value;

    (void)frame;
    if (!future || tt_thread_future_result(future, 0, &value) < 0)
        return -1;
    log_value(value);
    return 0;
}

static int thread_exception(struct frame *frame, const struct statement *statement)
{
    tt_thread_future *future = get(statement->arguments[0]);
    tt_exc *exc;

    (void)frame;
    if (!future || tt_thread_future_exception(future, 0, &exc) < 0)
        return -1;
    log_exception_value(exc);
    return 0;
}

static int thread_cancel(struct frame *frame, const struct statement *statement)
{
    tt_thread_future *future = get(statement->arguments[0]);

    (void)frame;
    if (!future)
        return -1;
    log_bool(tt_thread_future_cancel(future));
    return 0;
}

static int thread_done(struct frame *frame, const struct statement *statement)
{
    tt_thread_future *future = get(statement->arguments[0]);

    (void)frame;
    if (!future)
        return -1;
    log_bool(tt_thread_future_done(future));
    return 0;
}

const struct operation operations_of_tasks[] = {
    {"spawn", spawn},
    {"eager", eager},
    {"future", create_future},
    {"gather", gather},
    {"gather_all", gather_all},
    {"threadsafe", threadsafe},
    {"await", await},
    {"result", result},
    {"exception", exception},
    {"cancel", cancel},
    {"uncancel", uncancel},
    {"cancelling", cancelling},
    {"set", set},
    {"fail", fail},
    {"on", add_callback},
    {"off", remove_callback},
    {"drop", drop},
    {"thread_result", thread_result},
    {"thread_exception", thread_exception},
    {"thread_cancel", thread_cancel},
    {"thread_done", thread_done},
    {"thread_drop", drop},
    {NULL, NULL},
};
