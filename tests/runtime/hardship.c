/* hardship.c: see hardship.h. */
#include "hardship.h"

enum { TURNS_MAX = 400, TURNS_EACH = 30 };

/* -------------------------------------------------------------------------------------------------------- cancelled */

struct canceller {
    tt_task *task;
    int turns;
};

static int cancel_later(void *arg)
{
    struct canceller *canceller = arg;

    if (canceller->turns-- == 0) {
        tt_task_cancel(canceller->task, NULL);
        return 0;
    }
    return tt_task_done(canceller->task) ? 0 : tt_loop_call_soon(NULL, cancel_later, canceller, NULL);
}

static int ignore(tt_loop *loop, const struct tt_handler_context *context, void *arg)
{
    (void)loop;
    (void)context;
    (void)arg;
    return 0;
}

void expect_descriptors(int count)
{
    int now = stage_descriptors();

    for (int i = 0; i < 2000 && now != count; i++, now = stage_descriptors()) {
        stage_turns(1);
        usleep(1000);
    }
    assert_int_equal(now, count);
}

/* Runs FN(ARG), cancelled after TURNS turns; then DESCRIPTORS are open. Whether it was; what it raised otherwise fails the case. */
static bool run_cancelled(tt_coro_fn *fn, void *arg, int turns, int descriptors)
{
    const struct tt_task_options options = {.loop = stage_loop};
    struct canceller canceller = {tt_create_task_with(fn, arg, &options), turns};
    bool was_cancelled;

    assert_non_null(canceller.task);
    assert_int_equal(tt_loop_call_soon(stage_loop, cancel_later, &canceller, NULL), 0);
    if (tt_loop_run_until_complete(stage_loop, canceller.task) < 0)
        assert_true(tt_exc_is(tt_exc_pending(), &tt_CancelledError));
    was_cancelled = tt_task_cancelled(canceller.task);
    note_and_drop("run");
    tt_task_unref(canceller.task);
    stage_turns(3);
    stage_forget_notes();
    expect_descriptors(descriptors);
    return was_cancelled;
}

int cancel_everywhere(tt_coro_fn *fn, void *arg)
{
    int turns = 0, cancelled = 0, in_vain = 0, descriptors = stage_descriptors();

    for (; turns < TURNS_MAX && in_vain < 5; turns++) {
        bool was_cancelled = run_cancelled(fn, arg, turns, descriptors);

        cancelled += was_cancelled;
        in_vain = was_cancelled ? 0 : in_vain + 1;
    }
    print_message("cancelled %d times\n", cancelled);
    return cancelled;
}

/* --------------------------------------------------------------------------------------------------------- abandoned */

int close_over_everywhere(tt_coro_fn *fn, void *arg)
{
    int closed = 0;
    bool has_ended = false;

    if (stage_loop)
        stage_close_loop();
    for (int turns = 0; turns < TURNS_MAX && !has_ended; turns += turns < TURNS_EACH ? 1 : turns / 2) {
        struct tt_task_options options = {.name = "t"};
        int descriptors = stage_descriptors();
        tt_loop *loop = tt_loop_create();
        tt_task *task;

        tt_loop_set_exception_handler(loop, ignore, NULL);
        options.loop = loop;
        task = tt_create_task_with(fn, arg, &options);
        for (int i = 0; i < turns; i++) {
            tt_loop_stop(loop);
            assert_int_equal(tt_loop_run_forever(loop), 0);
        }
        has_ended = tt_task_done(task);
        closed += !has_ended;
        assert_int_equal(tt_loop_close(loop), 0);
        tt_task_unref(task);
        assert_int_equal(stage_descriptors(), descriptors);
    }
    print_message("closed over %d times\n", closed);
    return closed;
}

/* ----------------------------------------------------------------------------------------------------- without memory */

/* Runs FN(ARG) with the NUMBER-th allocation failing. Whether there were so many. */
static bool run_without_memory(tt_coro_fn *fn, void *arg, long number)
{
    const struct tt_task_options options = {.loop = stage_loop};
    int descriptors = stage_descriptors(), rc;
    bool has_failed;
    tt_task *task;

    allocation_fail(number, false);
    task = tt_create_task_with(fn, arg, &options);
    rc = task ? tt_loop_run_until_complete(stage_loop, task) : -1;
    has_failed = allocation_has_failed();
    allocation_fail(0, false);
    if (rc < 0 && tt_catch(&tt_BaseException))
        rc = tt_catch_end();
    if (task && !tt_task_done(task)) /* it was the run that could not begin */
        rc = tt_loop_run_until_complete(stage_loop, task);
    tt_task_unref(task);
    if (rc < 0)
        note_and_drop("run");
    stage_turns(3);
    stage_forget_notes();
    expect_descriptors(descriptors);
    return has_failed;
}

long fail_each_allocation(tt_coro_fn *fn, void *arg)
{
    long number = 1;

    tt_loop_set_exception_handler(stage_loop, ignore, NULL);
    while (run_without_memory(fn, arg, number))
        number++;
    print_message("%ld allocations\n", number - 1);
    return number - 1;
}
