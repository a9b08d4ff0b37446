/* Handles: cancelling what was scheduled; timers. asyncio.Handle, TimerHandle, call_later, call_at. The order of equal
 * timers is test_timers.c's. */
#include "stage.h"

#include <time.h>

static int say(void *text)
{
    note("%s", (const char *)text);
    return 0;
}

static tt_handle *soon(tt_callback_fn *fn, void *arg)
{
    tt_handle *handle = NULL;

    assert_int_equal(tt_loop_call_soon(stage_loop, fn, arg, &handle), 0);
    return handle;
}

static tt_handle *later(int64_t delay_ns, tt_callback_fn *fn, void *arg)
{
    tt_handle *handle = NULL;

    assert_int_equal(tt_loop_call_later(stage_loop, delay_ns, fn, arg, &handle), 0);
    return handle;
}

static void a_cancelled_callback_does_not_run(void **state)
{
    tt_handle *handle = soon(say, "never");

    (void)state;
    assert_false(tt_handle_cancelled(handle));
    tt_handle_cancel(handle);
    assert_true(tt_handle_cancelled(handle));
    tt_handle_cancel(handle);
    stage_turns(1);
    tt_handle_unref(handle);
    expect_no_notes();
}

static int cancel(void *arg)
{
    tt_handle_cancel(*(tt_handle **)arg);
    return 0;
}

static void a_callback_of_the_same_turn_can_cancel_it(void **state)
{
    tt_handle *handle, *first = soon(cancel, &handle);

    (void)state;
    handle = soon(say, "never");
    stage_turns(1);
    tt_handle_unref(first);
    tt_handle_unref(handle);
    expect_no_notes();
}

static void releasing_a_handle_cancels_nothing(void **state)
{
    (void)state;
    tt_handle_unref(soon(say, "runs"));
    tt_handle_unref(later(0, say, "runs too"));
    stage_turns(2);
    expect_notes("runs", "runs too");
}

static int keep_own_handle(void *arg)
{
    tt_handle **handle = arg;

    note("cancelled: %d", tt_handle_cancelled(*handle));
    tt_handle_cancel(*handle);
    tt_handle_unref(*handle); /* the loop still holds it */
    *handle = NULL;
    return 0;
}

static void a_callback_can_cancel_and_release_itself(void **state)
{
    tt_handle *handle;

    (void)state;
    handle = soon(keep_own_handle, &handle);
    stage_turns(1);
    assert_null(handle);
    expect_notes("cancelled: 0");
}

static void every_function_of_handles_takes_null(void **state)
{
    (void)state;
    tt_handle_cancel(NULL);
    tt_handle_unref(NULL);
}

static int set_true(void *arg)
{
    *(bool *)arg = true;
    return 0;
}

static void run_until(const bool *is_done)
{
    while (!*is_done) {
        tt_handle *stop = later(TT_MSEC(1), say, "");

        tt_handle_cancel(stop);
        tt_handle_unref(stop);
        stage_turns(1);
    }
}

static void a_timer_never_runs_early(void **state)
{
    static const int64_t delays[] = {0, 1, TT_USEC(1), TT_USEC(999), TT_MSEC(1) + 1, TT_MSEC(5)};

    (void)state;
    for (size_t i = 0; i < sizeof delays / sizeof delays[0]; i++) {
        int64_t began = tt_loop_time(stage_loop);
        bool is_done = false;

        tt_handle_unref(later(delays[i], set_true, &is_done));
        run_until(&is_done);
        assert_true(tt_loop_time(stage_loop) - began >= delays[i]);
    }
}

static void timers_run_in_the_order_of_their_deadlines(void **state)
{
    int64_t now = tt_loop_time(stage_loop);
    bool is_done = false;

    (void)state;
    assert_int_equal(tt_loop_call_at(stage_loop, now + TT_USEC(30), say, "third", NULL), 0);
    assert_int_equal(tt_loop_call_at(stage_loop, now + TT_USEC(10), say, "first", NULL), 0);
    assert_int_equal(tt_loop_call_at(stage_loop, now + TT_USEC(20), say, "second", NULL), 0);
    assert_int_equal(tt_loop_call_at(stage_loop, now + TT_USEC(40), set_true, &is_done, NULL), 0);
    run_until(&is_done);
    expect_notes("first", "second", "third");
}

static void deadlines_in_the_past_and_beyond_all_time_are_fine(void **state)
{
    bool is_done = false;
    tt_handle *never[3] = {later(INT64_MAX, say, "never"), NULL, later(TT_SEC(4000000000), say, "never")};

    (void)state;
    assert_int_equal(tt_loop_call_at(stage_loop, INT64_MAX, say, "never", &never[1]), 0);
    tt_handle_unref(later(-TT_SEC(1), say, "past"));
    tt_handle_unref(later(INT64_MIN, say, "long past"));
    assert_int_equal(tt_loop_call_at(stage_loop, 0, say, "at nothing", NULL), 0);
    tt_handle_unref(later(0, set_true, &is_done));
    run_until(&is_done);
    for (int i = 0; i < 3; i++) {
        tt_handle_cancel(never[i]);
        tt_handle_unref(never[i]);
    }
    expect_notes("long past", "at nothing", "past");
}

static void a_cancelled_timer_does_not_run(void **state)
{
    tt_handle *handle = later(0, say, "never"), *first = later(-TT_SEC(1), cancel, &handle);

    (void)state;
    stage_turns(2); /* due in the same turn, cancelled by the one before it */
    tt_handle_unref(first);
    assert_true(tt_handle_cancelled(handle));
    tt_handle_unref(handle);
    handle = later(TT_USEC(1), say, "never");
    tt_handle_cancel(handle);
    tt_handle_cancel(handle);
    tt_handle_unref(handle);
    usleep(10);
    stage_turns(2);
    expect_no_notes();
}

enum { MANY = 20000 };

static void many_timers_are_cancelled_and_forgotten(void **state)
{
    static tt_handle *handles[MANY];

    (void)state;
    for (int i = 0; i < MANY; i++)
        handles[i] = later(TT_SEC(1000) + i % 7, say, "never");
    for (int i = 0; i < MANY; i++) {
        tt_handle_cancel(handles[(i * 7919L) % MANY]);
        tt_handle_unref(handles[(i * 7919L) % MANY]);
        if (i % 1000 == 0)
            stage_turns(1);
    }
    stage_turns(1);
    expect_no_notes();
}

static int note_time(void *arg)
{
    *(int64_t *)arg = tt_loop_time(tt_loop_running());
    tt_loop_stop(NULL);
    return 0;
}

static void a_loop_sleeps_while_it_waits_for_a_timer(void **state)
{
    int64_t began = tt_loop_time(stage_loop), ended = 0;
    clock_t busy = clock();

    (void)state;
    tt_handle_unref(later(TT_MSEC(200), note_time, &ended));
    assert_int_equal(tt_loop_run_forever(stage_loop), 0);
    assert_true(ended - began >= TT_MSEC(200));
    if (!stage_is_watched())
        assert_true(clock() - busy < CLOCKS_PER_SEC / 10);
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test_on_stage(a_cancelled_callback_does_not_run),
    cmocka_unit_test_on_stage(a_callback_of_the_same_turn_can_cancel_it),
    cmocka_unit_test_on_stage(releasing_a_handle_cancels_nothing),
    cmocka_unit_test_on_stage(a_callback_can_cancel_and_release_itself),
    cmocka_unit_test_on_stage(every_function_of_handles_takes_null),
    cmocka_unit_test_on_stage(a_timer_never_runs_early),
    cmocka_unit_test_on_stage(timers_run_in_the_order_of_their_deadlines),
    cmocka_unit_test_on_stage(deadlines_in_the_past_and_beyond_all_time_are_fine),
    cmocka_unit_test_on_stage(a_cancelled_timer_does_not_run),
    cmocka_unit_test_on_stage(many_timers_are_cancelled_and_forgotten),
    cmocka_unit_test_on_stage(a_loop_sleeps_while_it_waits_for_a_timer),
};

TT_TEST_MAIN(cases)
