/* The loop: turns, their order, running and stopping, closing. asyncio's BaseEventLoop; the numbers of the rules are
 * those of the description of its semantics.
 *
 * Past 600 lines: the order of a turn is told by many small programs that share what they note. */
#include "stage.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <uv.h>

/* A callback that notes its argument, a text. */
static int say(void *text)
{
    note("%s", (const char *)text);
    return 0;
}

static int stop(void *arg)
{
    (void)arg;
    tt_loop_stop(NULL);
    return 0;
}

static void soon(tt_callback_fn *fn, void *arg)
{
    assert_int_equal(tt_loop_call_soon(stage_loop, fn, arg, NULL), 0);
}

static void run(void)
{
    assert_int_equal(tt_loop_run_forever(stage_loop), 0);
}

/* ------------------------------------------------------------------------------------------------------------ order */

static void callbacks_run_in_the_order_in_which_they_were_scheduled(void **state)
{
    (void)state;
    soon(say, "1");
    soon(say, "2");
    soon(say, "3");
    soon(stop, NULL);
    run();
    expect_notes("1", "2", "3");
}

static int say_and_schedule(void *arg)
{
    note("first turn");
    if (tt_loop_call_soon(NULL, say, arg, NULL) < 0)
        return -1;
    tt_loop_stop(NULL);
    return 0;
}

static void what_a_callback_schedules_runs_in_the_next_turn(void **state)
{
    (void)state;
    soon(say_and_schedule, "second turn");
    soon(say, "still the first");
    run();
    expect_notes("first turn", "still the first");
    soon(stop, NULL);
    run();
    expect_notes("second turn");
}

static int schedule_more(void *arg)
{
    long left = (long)arg;

    note("%ld", left);
    if (left == 0)
        tt_loop_stop(NULL);
    return tt_loop_call_soon(NULL, schedule_more, (void *)(left - 1), NULL);
}

static void each_callback_runs_exactly_once(void **state)
{
    (void)state;
    soon(schedule_more, (void *)3L);
    run();
    expect_notes("3", "2", "1", "0");
    stage_turns(1);
    expect_notes("-1");
}

static int say_main_resumes(tt_future *future, void *arg)
{
    (void)future;
    return say(arg);
}

static int order_of_all(void *arg)
{
    tt_future *future = tt_create_future(NULL);

    (void)arg;
    if (tt_loop_call_soon(NULL, say, "1", NULL) < 0 || tt_loop_call_soon(NULL, say, "2", NULL) < 0 ||
        tt_loop_call_later(NULL, 0, say, "timer", NULL) < 0 || tt_loop_call_soon(NULL, say, "3", NULL) < 0 ||
        tt_future_add_done_callback(future, say_main_resumes, "done-callback") < 0 ||
        tt_future_set_result(future, NULL, NULL) < 0 || tt_loop_call_soon(NULL, say, "4", NULL) < 0)
        return -1;
    tt_future_unref(future);
    if (tt_sleep(0) < 0)
        return -1;
    note("main resumes");
    return tt_sleep(0);
}

static void timers_that_are_due_come_after_what_was_ready(void **state)
{
    (void)state;
    assert_true(stage_run(order_of_all, NULL));
    expect_notes("1", "2", "3", "done-callback", "4", "main resumes", "timer");
}

/* --------------------------------------------------------------------------------------------------------- stopping */

static void stop_lets_the_turn_at_hand_end(void **state)
{
    (void)state;
    soon(say, "before");
    soon(stop, NULL);
    soon(say, "after");
    run();
    expect_notes("before", "after");
}

static void stop_before_a_run_makes_it_one_turn(void **state)
{
    (void)state;
    soon(say_and_schedule, "later");
    tt_loop_stop(stage_loop);
    run();
    expect_notes("first turn");
    tt_loop_stop(stage_loop);
    run();
    expect_notes("later");
    tt_loop_stop(stage_loop);
    run();
    expect_no_notes();
}

static void stop_does_not_outlive_the_run(void **state)
{
    (void)state;
    soon(stop, NULL);
    soon(stop, NULL);
    run();
    soon(say, "runs on");
    soon(stop, NULL);
    run();
    expect_notes("runs on");
}

static void stop_without_a_running_loop_does_nothing(void **state)
{
    (void)state;
    tt_loop_stop(NULL);
    soon(say, "runs");
    soon(stop, NULL);
    run();
    expect_notes("runs");
}

/* ---------------------------------------------------------------------------------------------------------- running */

static int run_again(void *arg)
{
    int rc = tt_loop_run_forever(arg);

    note_and_drop("run");
    tt_loop_stop(NULL);
    return rc < 0 ? 0 : -1;
}

static void a_running_loop_cannot_be_run_again(void **state)
{
    (void)state;
    soon(run_again, stage_loop);
    run();
    expect_notes("run: RuntimeError('This event loop is already running')");
}

static void a_second_loop_cannot_run_inside_of_the_first(void **state)
{
    tt_loop *other = tt_loop_create();

    (void)state;
    soon(run_again, other);
    run();
    expect_notes("run: RuntimeError('Cannot run the event loop while another loop is running')");
    assert_int_equal(tt_loop_close(other), 0);
}

static int look_at_running(void *arg)
{
    (void)arg;
    note("running: %d %d %d", tt_loop_running() == stage_loop, tt_loop_is_running(stage_loop),
         tt_current_task() == NULL);
    return stop(NULL);
}

static void a_loop_is_the_running_one_while_it_runs(void **state)
{
    (void)state;
    assert_null(tt_loop_running());
    assert_false(tt_loop_is_running(stage_loop));
    soon(look_at_running, NULL);
    run();
    expect_notes("running: 1 1 1");
    assert_null(tt_loop_running());
    assert_false(tt_loop_is_running(stage_loop));
}

static void *run_own_loop(void *arg)
{
    tt_loop *loop = tt_loop_create();

    (void)arg;
    if (loop && tt_loop_call_later(loop, TT_USEC(100), stop, NULL, NULL) == 0 && tt_loop_run_forever(loop) == 0 &&
        tt_loop_running() == NULL && tt_loop_close(loop) == 0)
        return loop; /* not followed */
    return NULL;
}

static void several_threads_run_a_loop_each(void **state)
{
    pthread_t threads[4];
    void *result;

    (void)state;
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, run_own_loop, NULL), 0);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(pthread_join(threads[i], &result), 0);
        assert_non_null(result);
    }
}

static int return_value(void *arg)
{
    return tt_return(arg, NULL);
}

static void run_until_complete_returns_when_the_future_has_a_result(void **state)
{
    const struct tt_task_options options = {.loop = stage_loop};
    tt_task *task = tt_create_task_with(return_value, "value", &options);
    void *value = NULL;

    (void)state;
    assert_int_equal(tt_loop_run_until_complete(stage_loop, task), 0);
    assert_int_equal(tt_task_result(task, &value), 0);
    assert_string_equal(value, "value");
    tt_task_unref(task);
}

static int raise_value(void *arg)
{
    return tt_raise(&tt_ValueError, "%s", (const char *)arg);
}

static void run_until_complete_raises_what_the_future_failed_with(void **state)
{
    const struct tt_task_options options = {.loop = stage_loop};
    tt_task *task = tt_create_task_with(raise_value, "boom", &options);

    (void)state;
    assert_int_equal(tt_loop_run_until_complete(stage_loop, task), -1);
    note_and_drop("run");
    tt_task_unref(task); /* retrieved: no message */
    expect_notes("run: ValueError('boom')");
}

static void run_until_complete_notices_that_the_loop_was_stopped(void **state)
{
    tt_future *future = tt_create_future(stage_loop);

    (void)state;
    soon(stop, NULL);
    assert_int_equal(tt_loop_run_until_complete(stage_loop, future), -1);
    note_and_drop("run");
    expect_notes("run: RuntimeError('Event loop stopped before Future completed.')");
    assert_int_equal(tt_future_set_result(future, NULL, NULL), 0);
    tt_future_unref(future);
    stage_turns(1); /* its done-callback was taken back: this is no stop for a later run */
    soon(say_and_schedule, "x");
    run();
    stage_turns(1);
    expect_notes("first turn", "x");
}

static void run_until_complete_of_a_done_future_returns_at_once(void **state)
{
    tt_future *future = tt_create_future(stage_loop);

    (void)state;
    assert_int_equal(tt_future_set_result(future, NULL, NULL), 0);
    assert_int_equal(tt_loop_run_until_complete(stage_loop, future), 0);
    tt_future_unref(future);
}

static void run_until_complete_refuses_what_it_cannot_wait_for(void **state)
{
    tt_loop *other = tt_loop_create();
    tt_future *future = tt_create_future(other);

    (void)state;
    assert_int_equal(tt_loop_run_until_complete(stage_loop, NULL), -1);
    note_and_drop("none");
    assert_int_equal(tt_loop_run_until_complete(stage_loop, future), -1);
    note_and_drop("other");
    expect_notes(
        "none: TypeError('An asyncio.Future, a coroutine or an awaitable is required')",
        "other: ValueError('The future belongs to a different loop than the one specified as the loop argument')");
    tt_future_unref(future);
    assert_int_equal(tt_loop_close(other), 0);
}

static void nothing_runs_while_an_exception_is_pending(void **state)
{
    (void)state;
    soon(say, "not yet");
    assert_int_equal(tt_raise(&tt_ValueError, "sticky"), -1);
    assert_int_equal(tt_loop_run_forever(stage_loop), -1);
    note_and_drop("run");
    expect_notes("run: ValueError('sticky')");
    soon(stop, NULL);
    run();
    expect_notes("not yet");
}

/* --------------------------------------------------------------------------------------------- callbacks that raise */

static int callback_raises(void *arg)
{
    (void)arg;
    return tt_raise(&tt_ValueError, "in callback");
}

static void an_exception_in_a_callback_goes_to_the_handler_and_the_loop_goes_on(void **state)
{
    char expected[256];
    int line = __LINE__ + 3;

    (void)state;
    assert_int_equal(tt_loop_call_soon(stage_loop, callback_raises, NULL, NULL), 0);
    snprintf(expected, sizeof expected,
             "handler: Exception in callback callback_raises() at %s:%d "
             "[exception, handle, message] ValueError('in callback')",
             __FILE__, line);
    soon(say, "next");
    soon(stop, NULL);
    run();
    expect_notes(expected, "next");
}

static int raise_interrupt(void *arg)
{
    (void)arg;
    return tt_raise(&tt_KeyboardInterrupt, NULL);
}

static int raise_exit(void *arg)
{
    (void)arg;
    return tt_raise(&tt_SystemExit, "3");
}

static void exit_class_exceptions_of_a_callback_leave_the_run_at_once(void **state)
{
    (void)state;
    soon(raise_interrupt, NULL);
    soon(say, "kept for the next run");
    assert_int_equal(tt_loop_run_forever(stage_loop), -1);
    note_and_drop("run");
    expect_notes("run: KeyboardInterrupt()");
    soon(raise_exit, NULL);
    assert_int_equal(tt_loop_run_forever(stage_loop), -1);
    note_and_drop("run");
    expect_notes("kept for the next run", "run: SystemExit('3')");
    assert_false(tt_loop_is_running(stage_loop));
}

/* ---------------------------------------------------------------------------------------------------------- closing */

static int close_running(void *arg)
{
    (void)arg;
    note("close: %d", tt_loop_close(stage_loop));
    note_and_drop("close");
    return stop(NULL);
}

static void a_running_loop_cannot_be_closed(void **state)
{
    (void)state;
    soon(close_running, NULL);
    run();
    expect_notes("close: -1", "close: RuntimeError('Cannot close a running event loop')");
}

static void closing_nothing_is_fine(void **state)
{
    (void)state;
    assert_int_equal(tt_loop_close(NULL), 0);
}

static void closing_forgets_what_is_ready_and_what_is_scheduled(void **state)
{
    tt_handle *handle;

    (void)state;
    soon(say, "never");
    assert_int_equal(tt_loop_call_later(stage_loop, TT_SEC(100), say, "never", NULL), 0);
    assert_int_equal(tt_loop_call_later(stage_loop, TT_SEC(100), say, "never", &handle), 0);
    stage_close_loop();
    assert_false(tt_handle_cancelled(handle));
    tt_handle_cancel(handle); /* does no harm */
    tt_handle_unref(handle);
    expect_no_notes();
}

static void a_closed_loop_takes_nothing_any_more(void **state)
{
    tt_loop *closed = stage_loop;
    tt_future *future = tt_create_future(closed); /* keeps the loop's memory */
    const struct tt_task_options options = {.loop = closed};

    (void)state;
    stage_close_loop();
    assert_int_equal(tt_loop_call_soon(closed, say, "x", NULL), -1);
    note_and_drop("call_soon");
    assert_int_equal(tt_loop_call_later(closed, 1, say, "x", NULL), -1);
    note_and_drop("call_later");
    assert_int_equal(tt_loop_call_at(closed, 1, say, "x", NULL), -1);
    note_and_drop("call_at");
    assert_int_equal(tt_loop_call_soon_threadsafe(closed, say, "x"), -ECANCELED);
    assert_null(tt_create_task_with(return_value, NULL, &options));
    note_and_drop("create_task");
    assert_int_equal(tt_loop_add_reader(closed, 0, say, "x"), -1);
    note_and_drop("add_reader");
    assert_int_equal(tt_loop_add_signal_handler(closed, SIGUSR1, say, "x"), -1);
    note_and_drop("add_signal_handler");
    assert_false(tt_loop_remove_reader(closed, 0));
    assert_false(tt_loop_remove_signal_handler(closed, SIGUSR1));
    assert_null(tt_future_loop(future));
    tt_future_unref(future);
    expect_notes("call_soon: RuntimeError('Event loop is closed')", "call_later: RuntimeError('Event loop is closed')",
                 "call_at: RuntimeError('Event loop is closed')", "create_task: RuntimeError('Event loop is closed')",
                 "add_reader: RuntimeError('Event loop is closed')",
                 "add_signal_handler: RuntimeError('Event loop is closed')");
}

static void closing_keeps_what_is_pending(void **state)
{
    (void)state;
    assert_int_equal(tt_raise(&tt_ValueError, "before"), -1);
    stage_close_loop();
    note_and_drop("after");
    expect_notes("after: ValueError('before')");
}

static void close_own_handle(uv_handle_t *handle)
{
    *(int *)handle->data += 1;
}

static void handles_of_the_program_that_are_closing_are_waited_for(void **state)
{
    uv_timer_t timer;
    int closed = 0;

    (void)state;
    assert_int_equal(uv_timer_init(tt_loop_uv(stage_loop), &timer), 0);
    timer.data = &closed;
    uv_close((uv_handle_t *)&timer, close_own_handle);
    stage_close_loop();
    assert_int_equal(closed, 1);
}

static void work(uv_work_t *request)
{
    *(int *)request->data = 1;
}

static void worked(uv_work_t *request, int status)
{
    if (status == 0)
        *(int *)request->data += 1;
}

static void requests_that_are_under_way_are_waited_for(void **state)
{
    uv_work_t request;
    int done = 0;

    (void)state;
    request.data = &done;
    assert_int_equal(uv_queue_work(tt_loop_uv(stage_loop), &request, work, worked), 0);
    stage_close_loop();
    assert_int_equal(done, 2);
}

static void rung(uv_timer_t *timer)
{
    note("libuv's own timer");
    uv_close((uv_handle_t *)timer, NULL);
    tt_loop_stop(NULL);
}

static void libuvs_loop_serves_the_programs_own_handles(void **state)
{
    static uv_timer_t timer; /* closed by the next run */

    (void)state;
    assert_int_equal(uv_timer_init(tt_loop_uv(stage_loop), &timer), 0);
    assert_int_equal(uv_timer_start(&timer, rung, 1, 0), 0);
    run();
    expect_notes("libuv's own timer");
}

static void uv_stop_ends_no_run(void **state)
{
    (void)state;
    uv_stop(tt_loop_uv(stage_loop));
    soon(say, "runs all the same");
    soon(stop, NULL);
    run();
    uv_stop(tt_loop_uv(stage_loop));
    stage_close_loop();
    expect_notes("runs all the same");
}

static void the_clock_of_a_loop_goes_forward_in_nanoseconds(void **state)
{
    int64_t before = tt_loop_time(stage_loop), after;

    (void)state;
    usleep(1000);
    after = tt_loop_time(stage_loop);
    assert_true(after - before >= TT_MSEC(1));
    assert_true(after - before < TT_SEC(100));
}

/* ---------------------------------------------------------------------------------------------------- other threads */

static void *send_two(void *arg)
{
    (void)arg;
    if (tt_loop_call_soon_threadsafe(stage_loop, say, "sent 1") < 0 ||
        tt_loop_call_soon_threadsafe(stage_loop, say, "sent 2") < 0)
        note("could not send");
    return NULL;
}

static void *send_stop(void *arg)
{
    (void)arg;
    usleep(20000); /* most likely the loop is in its poll by then; the result is the same if not */
    if (tt_loop_call_soon_threadsafe(stage_loop, say, "from the other thread") < 0 ||
        tt_loop_call_soon_threadsafe(stage_loop, stop, NULL) < 0)
        note("could not send");
    return NULL;
}

static void a_callback_from_another_thread_wakes_the_poll(void **state)
{
    pthread_t thread;

    (void)state;
    assert_int_equal(pthread_create(&thread, NULL, send_stop, NULL), 0);
    run();
    assert_int_equal(pthread_join(thread, NULL), 0);
    expect_notes("from the other thread");
}

static int send_and_schedule(void *arg)
{
    pthread_t thread;

    (void)arg;
    if (tt_loop_call_soon_threadsafe(stage_loop, say, "threadsafe first") < 0 ||
        tt_loop_call_soon(NULL, say, "soon second", NULL) < 0 ||
        tt_loop_call_soon_threadsafe(stage_loop, say, "threadsafe third") < 0)
        return -1;
    pthread_create(&thread, NULL, send_two, NULL);
    pthread_join(thread, NULL);
    return tt_loop_call_soon(NULL, say, "soon last", NULL);
}

static void what_is_sent_by_threads_comes_before_what_is_scheduled_later(void **state)
{
    (void)state;
    soon(send_and_schedule, NULL);
    soon(stop, NULL);
    run();
    stage_turns(1);
    expect_notes("threadsafe first", "soon second", "threadsafe third", "sent 1", "sent 2", "soon last");
}

static _Atomic int counted;

static int count(void *arg)
{
    if (++counted == *(int *)arg)
        tt_loop_stop(NULL);
    return 0;
}

static int all_sent;

static void *send_many(void *arg)
{
    for (int i = 0; i < 10000; i++)
        if (tt_loop_call_soon_threadsafe(arg, count, &all_sent) < 0)
            note("could not send");
    return NULL;
}

static void nothing_that_threads_send_at_once_is_lost(void **state)
{
    pthread_t threads[4];

    (void)state;
    counted = 0;
    all_sent = 4 * 10000;
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, send_many, stage_loop), 0);
    run();
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(counted, all_sent);
}

static void what_was_sent_and_never_ran_is_let_go_of_at_the_close(void **state)
{
    (void)state;
    send_two(NULL);
    stage_close_loop();
    expect_no_notes();
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test_on_stage(callbacks_run_in_the_order_in_which_they_were_scheduled),
    cmocka_unit_test_on_stage(what_a_callback_schedules_runs_in_the_next_turn),
    cmocka_unit_test_on_stage(each_callback_runs_exactly_once),
    cmocka_unit_test_on_stage(timers_that_are_due_come_after_what_was_ready),
    cmocka_unit_test_on_stage(stop_lets_the_turn_at_hand_end),
    cmocka_unit_test_on_stage(stop_before_a_run_makes_it_one_turn),
    cmocka_unit_test_on_stage(stop_does_not_outlive_the_run),
    cmocka_unit_test_on_stage(stop_without_a_running_loop_does_nothing),
    cmocka_unit_test_on_stage(a_running_loop_cannot_be_run_again),
    cmocka_unit_test_on_stage(a_second_loop_cannot_run_inside_of_the_first),
    cmocka_unit_test_on_stage(a_loop_is_the_running_one_while_it_runs),
    cmocka_unit_test_on_stage(several_threads_run_a_loop_each),
    cmocka_unit_test_on_stage(run_until_complete_returns_when_the_future_has_a_result),
    cmocka_unit_test_on_stage(run_until_complete_raises_what_the_future_failed_with),
    cmocka_unit_test_on_stage(run_until_complete_notices_that_the_loop_was_stopped),
    cmocka_unit_test_on_stage(run_until_complete_of_a_done_future_returns_at_once),
    cmocka_unit_test_on_stage(run_until_complete_refuses_what_it_cannot_wait_for),
    cmocka_unit_test_on_stage(nothing_runs_while_an_exception_is_pending),
    cmocka_unit_test_on_stage(an_exception_in_a_callback_goes_to_the_handler_and_the_loop_goes_on),
    cmocka_unit_test_on_stage(exit_class_exceptions_of_a_callback_leave_the_run_at_once),
    cmocka_unit_test_on_stage(a_running_loop_cannot_be_closed),
    cmocka_unit_test_on_stage(closing_nothing_is_fine),
    cmocka_unit_test_on_stage(closing_forgets_what_is_ready_and_what_is_scheduled),
    cmocka_unit_test_on_stage(a_closed_loop_takes_nothing_any_more),
    cmocka_unit_test_on_stage(closing_keeps_what_is_pending),
    cmocka_unit_test_on_stage(handles_of_the_program_that_are_closing_are_waited_for),
    cmocka_unit_test_on_stage(requests_that_are_under_way_are_waited_for),
    cmocka_unit_test_on_stage(libuvs_loop_serves_the_programs_own_handles),
    cmocka_unit_test_on_stage(uv_stop_ends_no_run),
    cmocka_unit_test_on_stage(the_clock_of_a_loop_goes_forward_in_nanoseconds),
    cmocka_unit_test_on_stage(a_callback_from_another_thread_wakes_the_poll),
    cmocka_unit_test_on_stage(what_is_sent_by_threads_comes_before_what_is_scheduled_later),
    cmocka_unit_test_on_stage(nothing_that_threads_send_at_once_is_lost),
    cmocka_unit_test_on_stage(what_was_sent_and_never_ran_is_let_go_of_at_the_close),
};

TT_TEST_MAIN(cases)
