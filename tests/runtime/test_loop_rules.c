/* Rules of the loop that CPython's own tests pin down, one by one: the clean-up of cancelled timers, deadlines, readers at
 * the moment of a stop, runs after a run that was left by an exit. asyncio's BaseEventLoop. */
#include "stage.h"

#include <signal.h>
#include <unistd.h>

#include "loop_internal.h"

static int say(void *text)
{
    note("%s", (const char *)text);
    return 0;
}

static int nothing(void *arg)
{
    (void)arg;
    return 0;
}

static int stop(void *arg)
{
    (void)arg;
    tt_loop_stop(NULL);
    return 0;
}

/* ------------------------------------------------------------------------------------------------------------- timers */

static void schedule(int64_t delay_ns)
{
    assert_int_equal(tt_loop_call_later(stage_loop, delay_ns, nothing, NULL, NULL), 0);
}

static void schedule_and_cancel(int64_t delay_ns)
{
    tt_handle *handle = NULL;

    assert_int_equal(tt_loop_call_later(stage_loop, delay_ns, nothing, NULL, &handle), 0);
    tt_handle_cancel(handle);
    assert_true(tt_handle_cancelled(handle));
    tt_handle_unref(handle);
}

static void cancelled_timers_are_removed_at_the_head_and_when_they_are_too_many(void **state)
{
    const struct tt_timers *timers = &stage_loop->timers;

    (void)state;
    schedule(TT_SEC(3000)); /* keeps those behind it from coming to the head */
    for (int i = 0; i < 2; i++)
        schedule_and_cancel(TT_SEC(3600));
    for (int i = 0; i < 2; i++)
        schedule_and_cancel(TT_SEC(100));
    assert_int_equal(timers->cancelled_count, 4);
    stage_turns(1);
    assert_int_equal(timers->cancelled_count, 2); /* those at the head are gone, the others are too few */
    assert_int_equal(timers->count, 3);
    for (int i = 0; i < 49; i++)
        schedule(TT_SEC(3600));
    for (int i = 0; i < 51; i++)
        schedule_and_cancel(TT_SEC(3600));
    assert_int_equal(timers->count, 103);
    stage_turns(1);
    assert_int_equal(timers->count, 50); /* 53 of 103 were cancelled: more than 100, and more than half of them */
    assert_int_equal(timers->cancelled_count, 0);
    for (size_t i = 0; i < timers->count; i++)
        assert_non_null(timers->entries[i].timer);
}

static void half_of_them_is_not_too_many(void **state)
{
    const struct tt_timers *timers = &stage_loop->timers;

    (void)state;
    for (int i = 0; i < 60; i++)
        schedule(TT_SEC(3000));
    for (int i = 0; i < 60; i++)
        schedule_and_cancel(TT_SEC(3600));
    stage_turns(1);
    assert_int_equal(timers->count, 120);
    schedule_and_cancel(TT_SEC(3600));
    stage_turns(1);
    assert_int_equal(timers->count, 60);
}

static void negative_delays_run_in_the_order_of_their_deadlines(void **state)
{
    (void)state;
    assert_int_equal(tt_loop_call_later(stage_loop, -TT_SEC(1), say, "a", NULL), 0);
    assert_int_equal(tt_loop_call_later(stage_loop, -TT_SEC(2), say, "b", NULL), 0);
    stage_turns(1);
    expect_notes("b", "a");
}

static void call_at_runs_at_the_time_and_not_before(void **state)
{
    (void)state;
    assert_int_equal(tt_loop_call_at(stage_loop, tt_loop_time(stage_loop) + TT_MSEC(100), stop, NULL, NULL), 0);
    assert_int_equal(tt_loop_run_forever(stage_loop), 0);
    assert_int_equal(tt_loop_time(stage_loop), TT_MSEC(100));
}

static int sleep_briefly(void *arg)
{
    static const int64_t delays[] = {TT_USEC(1), TT_USEC(10), TT_USEC(100), TT_MSEC(1), TT_MSEC(10)};

    (void)arg;
    for (size_t i = 0; i < sizeof delays / sizeof delays[0]; i++)
        if (tt_sleep(delays[i]) < 0)
            return -1;
    return 0;
}

static void count_poll(uv_prepare_t *prepare)
{
    ++*(int *)prepare->data;
}

static void a_short_sleep_takes_few_polls(void **state)
{
    uv_prepare_t prepare;
    int poll_count = 0;

    (void)state;
    assert_int_equal(uv_prepare_init(tt_loop_uv(stage_loop), &prepare), 0);
    prepare.data = &poll_count;
    assert_int_equal(uv_prepare_start(&prepare, count_poll), 0);
    assert_true(stage_run(sleep_briefly, NULL));
    uv_close((uv_handle_t *)&prepare, NULL);
    stage_turns(1);
    assert_true(poll_count <= 25); /* asyncio allows itself 20, for rounding, without the beginning and the end */
}

/* --------------------------------------------------------------------------------------------------- stopping, exits */

static int descriptors[2];

static int say_and_stop(void *arg)
{
    tt_loop_stop(NULL);
    return say(arg);
}

static void a_reader_that_stops_the_loop_runs_once_a_run(void **state)
{
    (void)state;
    assert_int_equal(pipe(descriptors), 0);
    assert_int_equal(write(descriptors[1], "x", 1), 1);
    assert_int_equal(tt_loop_add_reader(stage_loop, descriptors[0], say_and_stop, "reader"), 0);
    assert_int_equal(tt_loop_call_soon(stage_loop, stop, NULL, NULL), 0);
    assert_int_equal(tt_loop_run_forever(stage_loop), 0);
    expect_notes("reader");
    assert_int_equal(tt_loop_run_forever(stage_loop), 0);
    expect_notes("reader");
    assert_true(tt_loop_remove_reader(stage_loop, descriptors[0]));
    close(descriptors[0]);
    close(descriptors[1]);
}

static int exit_now(void *arg)
{
    (void)arg;
    return tt_raise(&tt_SystemExit, "3");
}

static int sleep_for(void *duration_ns)
{
    return tt_sleep((intptr_t)duration_ns);
}

static void what_a_run_that_was_left_waited_for_does_not_stop_the_next(void **state)
{
    const struct tt_task_options options = {.loop = stage_loop};
    tt_task *first = tt_create_task_with(sleep_for, (void *)TT_MSEC(1), &options);

    (void)state;
    assert_int_equal(tt_loop_call_soon(stage_loop, exit_now, NULL, NULL), 0);
    assert_int_equal(tt_loop_run_until_complete(stage_loop, first), -1);
    note_and_drop("first");
    assert_true(stage_run(sleep_for, (void *)TT_MSEC(20)));
    assert_true(tt_future_done(first));
    expect_notes("first: SystemExit('3')");
    tt_task_unref(first);
}

static int call_threadsafe(void *arg)
{
    int rc = tt_loop_call_soon_threadsafe(tt_loop_running(), say, "was sent");

    (void)arg;
    note("sent");
    return rc;
}

static void what_the_loops_own_thread_sends_runs_in_the_next_turn(void **state)
{
    (void)state;
    assert_int_equal(tt_loop_call_soon(stage_loop, call_threadsafe, NULL, NULL), 0);
    stage_turns(1);
    expect_notes("sent");
    stage_turns(1);
    expect_notes("was sent");
}

/* -------------------------------------------------------------------------------------------------------- interrupts */

static int only_yield(void *arg)
{
    (void)arg;
    raise(SIGINT);
    for (;;)
        if (tt_sleep(0) < 0)
            return -1;
}

static void an_interrupt_reaches_a_task_that_only_yields(void **state)
{
    tt_runner *runner = tt_runner_create();

    (void)state;
    signal(SIGINT, SIG_DFL);
    assert_int_equal(tt_runner_run(runner, only_yield, NULL), -1);
    note_and_drop("main");
    expect_notes("main: KeyboardInterrupt()");
    assert_int_equal(tt_runner_destroy(runner), 0);
}

/* ------------------------------------------------------------------------------------------------------------- main */

static const struct CMUnitTest cases[] = {
    cmocka_unit_test_on_stage(cancelled_timers_are_removed_at_the_head_and_when_they_are_too_many),
    cmocka_unit_test_on_stage(half_of_them_is_not_too_many),
    cmocka_unit_test_on_stage(negative_delays_run_in_the_order_of_their_deadlines),
    cmocka_unit_test_on_virtual_stage(call_at_runs_at_the_time_and_not_before),
    cmocka_unit_test_on_stage(a_short_sleep_takes_few_polls),
    cmocka_unit_test_on_stage(a_reader_that_stops_the_loop_runs_once_a_run),
    cmocka_unit_test_on_virtual_stage(what_a_run_that_was_left_waited_for_does_not_stop_the_next),
    cmocka_unit_test_on_stage(what_the_loops_own_thread_sends_runs_in_the_next_turn),
    cmocka_unit_test_on_stage(an_interrupt_reaches_a_task_that_only_yields),
};

TT_TEST_MAIN(cases)
