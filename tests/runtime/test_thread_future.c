/* Coroutines run on the loop of another thread. asyncio.run_coroutine_threadsafe, concurrent.futures.Future. */
#include "stage.h"

#include <pthread.h>
#include <stdatomic.h>

/* A thread that does what a case wants while the case's own thread runs the loop. When it is done it stops the loop. */
static pthread_t helper;

static int stop(void *arg)
{
    (void)arg;
    tt_loop_stop(NULL);
    return 0;
}

static void *help(void *arg)
{
    void (*work)(void) = (void (*)(void))arg;

    work();
    if (tt_loop_call_soon_threadsafe(stage_loop, stop, NULL) < 0)
        note("could not stop the loop");
    return NULL;
}

static void run_with(void (*work)(void))
{
    assert_int_equal(pthread_create(&helper, NULL, help, (void *)work), 0);
    assert_int_equal(tt_loop_run_forever(stage_loop), 0);
    assert_int_equal(pthread_join(helper, NULL), 0);
}

static int return_arg(void *arg)
{
    return tt_return(arg, NULL);
}

static int raise_value(void *text)
{
    return tt_raise(&tt_ValueError, "%s", (const char *)text);
}

static _Atomic int started;

static int sleep_long(void *arg)
{
    int rc;

    (void)arg;
    started = 1;
    rc = tt_sleep(TT_SEC(1000));
    note_pending("task");
    return rc;
}

static void wait_until_started(void)
{
    while (!started)
        usleep(100);
    started = 0;
}

/* --------------------------------------------------------------------------------------------------------- outcomes */

static void get_value(void)
{
    tt_thread_future *future = tt_run_coroutine_threadsafe(stage_loop, return_arg, "value", NULL);
    void *value = NULL;
    tt_exc *exc = NULL;

    note("%d", tt_thread_future_result(future, TT_NEVER, &value));
    note("%s %d", (char *)value, tt_thread_future_done(future));
    if (tt_thread_future_exception(future, TT_NEVER, &exc) == 0)
        note("exception: %d", exc != NULL);
    note("%d", tt_thread_future_result(future, 0, NULL));
    tt_thread_future_unref(future);
}

static void the_value_comes_to_the_thread_that_asked(void **state)
{
    (void)state;
    run_with(get_value);
    expect_notes("0", "value 1", "exception: 0", "0");
}

static void get_failure(void)
{
    tt_thread_future *future = tt_run_coroutine_threadsafe(stage_loop, raise_value, "boom", NULL);
    tt_exc *exc = NULL;

    for (int i = 0; i < 2; i++)
        if (tt_thread_future_result(future, TT_NEVER, NULL) < 0)
            note_and_drop("result");
    if (tt_thread_future_exception(future, TT_NEVER, &exc) == 0)
        note("exception: %s", tt_exc_message(exc));
    tt_thread_future_unref(future);
}

static void the_failure_comes_to_the_thread_that_asked_and_not_to_the_handler(void **state)
{
    (void)state;
    run_with(get_failure);
    expect_notes("result: ValueError('boom')", "result: ValueError('boom')", "exception: boom");
}

static uint64_t id_in_task;

static int raise_and_tell_id(void *text)
{
    int rc = tt_raise(&tt_ValueError, "%s", (const char *)text);

    id_in_task = tt_exc_id(tt_exc_pending());
    return rc;
}

static void compare_ids(void)
{
    tt_thread_future *future = tt_run_coroutine_threadsafe(stage_loop, raise_and_tell_id, "boom", NULL);

    if (tt_thread_future_result(future, TT_NEVER, NULL) < 0) {
        char *text = tt_exc_format(tt_exc_pending());

        note("%d", tt_exc_id(tt_exc_pending()) == id_in_task);
        note("%d", strstr(text, "in raise_and_tell_id\n") != NULL);
        free(text);
        note_and_drop("result");
    }
    tt_thread_future_unref(future);
}

static void the_failure_is_a_copy_with_the_same_id_and_places(void **state)
{
    (void)state;
    run_with(compare_ids);
    expect_notes("1", "1", "result: ValueError('boom')");
}

static int freed;

static void count_free(void *value)
{
    freed += *(int *)value;
}

static int return_owned(void *arg)
{
    return tt_return(arg, count_free);
}

static void take_owned(void)
{
    static int one = 1;
    tt_thread_future *future = tt_run_coroutine_threadsafe(stage_loop, return_owned, &one, NULL);

    if (tt_thread_future_result(future, TT_NEVER, NULL) == 0)
        note("before: %d", freed);
    tt_thread_future_ref(future);
    tt_thread_future_unref(future);
    tt_thread_future_unref(future);
}

static void a_value_that_the_task_owned_changes_its_owner(void **state)
{
    (void)state;
    freed = 0;
    run_with(take_owned);
    assert_int_equal(freed, 1);
    expect_notes("before: 0");
}

static void drop_it(void)
{
    tt_thread_future_unref(tt_run_coroutine_threadsafe(stage_loop, raise_value, "boom", NULL));
}

static void a_failure_that_nobody_asked_for_is_silent(void **state)
{
    (void)state;
    run_with(drop_it);
    stage_turns(3);
    expect_no_notes();
}

static int raise_exit(void *arg)
{
    return tt_raise(&tt_SystemExit, "%s", (const char *)arg);
}

static void an_exit_leaves_the_run_and_comes_to_the_thread_too(void **state)
{
    tt_thread_future *future = tt_run_coroutine_threadsafe(stage_loop, raise_exit, "3", NULL);

    (void)state;
    assert_int_equal(tt_loop_run_forever(stage_loop), -1);
    note_and_drop("run");
    stage_turns(1);
    assert_int_equal(tt_thread_future_result(future, 0, NULL), -1);
    note_and_drop("result");
    tt_thread_future_unref(future);
    expect_notes("run: SystemExit('3')", "result: SystemExit('3')");
}

/* ---------------------------------------------------------------------------------------------------------- waiting */

static void wait_shortly(void)
{
    tt_thread_future *future = tt_run_coroutine_threadsafe(stage_loop, sleep_long, NULL, NULL);

    if (tt_thread_future_result(future, TT_MSEC(5), NULL) < 0)
        note_and_drop("result");
    if (tt_thread_future_exception(future, 0, NULL) < 0)
        note_and_drop("exception");
    note("done: %d", tt_thread_future_done(future));
    wait_until_started();
    note("cancelled: %d", tt_thread_future_cancel(future));
    tt_thread_future_unref(future);
}

static void a_timeout_raises_and_cancels_nothing(void **state)
{
    (void)state;
    run_with(wait_shortly);
    stage_turns(3);
    expect_notes("result: TimeoutError()", "exception: TimeoutError()", "done: 0", "cancelled: 1",
                 "task: CancelledError()");
}

static void without_a_wait_the_loops_own_thread_may_ask(void **state)
{
    tt_thread_future *future = tt_run_coroutine_threadsafe(stage_loop, return_arg, "value", NULL);
    void *value = NULL;

    (void)state;
    assert_false(tt_thread_future_done(future));
    assert_int_equal(tt_thread_future_result(future, 0, NULL), -1);
    note_and_drop("early");
    stage_turns(4);
    assert_int_equal(tt_thread_future_result(future, TT_NEVER, &value), 0);
    assert_string_equal(value, "value");
    tt_thread_future_unref(future);
    expect_notes("early: TimeoutError()");
}

/* ------------------------------------------------------------------------------------------------------- cancelling */

static void cancel_running(void)
{
    tt_thread_future *future = tt_run_coroutine_threadsafe(stage_loop, sleep_long, NULL, NULL);

    wait_until_started();
    note("%d", tt_thread_future_cancel(future));
    note("%d", tt_thread_future_cancel(future));
    if (tt_thread_future_result(future, TT_NEVER, NULL) < 0)
        note_and_drop("result");
    tt_thread_future_unref(future);
}

static void cancelling_it_cancels_the_task(void **state)
{
    (void)state;
    run_with(cancel_running);
    stage_turns(2);
    /* Two threads write: only the order of each is certain. */
    assert_non_null(strstr(stage_notes(), "1\n1\n"));
    assert_non_null(strstr(stage_notes(), "result: CancelledError()\n"));
    assert_non_null(strstr(stage_notes(), "task: CancelledError()\n"));
    stage_forget_notes();
}

static int note_first_step(void *arg)
{
    int rc;

    note("begins");
    rc = tt_sleep(TT_SEC(1000));
    note_pending((const char *)arg);
    return rc;
}

static int dropped;

static void count_drop(void *arg)
{
    (void)arg;
    dropped++;
}

static void cancelled_before_its_task_exists_the_task_begins_all_the_same(void **state)
{
    tt_thread_future *future = tt_run_coroutine_threadsafe(stage_loop, note_first_step, "ends", count_drop);

    (void)state;
    dropped = 0;
    assert_true(tt_thread_future_cancel(future));
    stage_turns(4);
    assert_int_equal(dropped, 0);
    assert_int_equal(tt_thread_future_result(future, 0, NULL), -1);
    note_and_drop("result");
    tt_thread_future_unref(future);
    expect_notes("begins", "ends: CancelledError()", "result: CancelledError()");
}

static int cancel_itself(void *arg)
{
    (void)arg;
    tt_task_cancel(tt_current_task(), "from within");
    return tt_sleep(0);
}

static void a_task_that_is_cancelled_on_the_loop_cancels_it(void **state)
{
    tt_thread_future *future = tt_run_coroutine_threadsafe(stage_loop, cancel_itself, NULL, NULL);

    (void)state;
    stage_turns(4);
    assert_false(tt_thread_future_cancel(future) == false); /* it is cancelled: true, as in concurrent.futures */
    assert_int_equal(tt_thread_future_result(future, 0, NULL), -1);
    note_and_drop("result");
    tt_thread_future_unref(future);
    expect_notes("result: CancelledError()");
}

static tt_thread_future *late_cancelled;

static int cancel_late(void *text)
{
    note("%s %d", (const char *)text, tt_thread_future_cancel(late_cancelled));
    return 0;
}

static int fail_before_the_cancellation(void *text)
{
    return tt_loop_call_soon(NULL, cancel_late, text, NULL) < 0 ? -1 : tt_raise(&tt_ValueError, "too early");
}

/* The thread-side future has not heard yet that the task is done; cancelling what is done marks its failure. */
static void a_cancellation_that_finds_the_task_failed_marks_its_failure_as_retrieved(void **state)
{
    (void)state;
    late_cancelled = tt_run_coroutine_threadsafe(stage_loop, fail_before_the_cancellation, "cancel", NULL);
    assert_non_null(late_cancelled);
    stage_turns(8);
    expect_notes("cancel 1");
    tt_thread_future_unref(late_cancelled);
    expect_no_notes();
}

/* In CPython it is the same object. */
static void a_failure_that_is_read_again_while_it_is_handled_is_not_its_own_context(void **state)
{
    tt_thread_future *future = tt_run_coroutine_threadsafe(stage_loop, raise_value, "x", NULL);

    (void)state;
    stage_turns(4);
    assert_int_equal(tt_thread_future_result(future, 0, NULL), -1);
    assert_true(tt_catch(&tt_ValueError));
    assert_int_equal(tt_thread_future_result(future, 0, NULL), -1);
    assert_null(tt_exc_context(tt_exc_pending()));
    assert_int_equal(tt_catch_end(), -1);
    assert_int_equal(note_and_drop("read twice"), 0);
    expect_notes("read twice: ValueError('x')");
    tt_thread_future_unref(future);
}

static void once_it_has_a_result_it_cannot_be_cancelled(void **state)
{
    tt_thread_future *future = tt_run_coroutine_threadsafe(stage_loop, return_arg, "value", NULL);

    (void)state;
    stage_turns(4);
    assert_false(tt_thread_future_cancel(future));
    assert_int_equal(tt_thread_future_result(future, 0, NULL), 0);
    tt_thread_future_unref(future);
}

static int swallow_and_fail(void *text)
{
    if (tt_sleep(TT_SEC(1000)) < 0 && tt_catch(&tt_CancelledError) && tt_catch_end() < 0)
        return -1;
    return raise_value(text);
}

static void a_failure_after_the_cancellation_is_nobodys_and_reported(void **state)
{
    tt_thread_future *future = tt_run_coroutine_threadsafe(stage_loop, swallow_and_fail, "boom", NULL);

    (void)state;
    stage_turns(3);
    assert_true(tt_thread_future_cancel(future));
    stage_turns(4);
    tt_thread_future_unref(future);
    assert_non_null(strstr(stage_notes(), "handler: Task exception was never retrieved [exception, future, message] "
                                          "ValueError('boom') of Task-"));
    stage_forget_notes();
}

/* -------------------------------------------------------------------------------------------------------- callbacks */

static pthread_t called_on;

static int note_done(tt_thread_future *future, void *text)
{
    called_on = pthread_self();
    note("%s %d", (const char *)text, tt_thread_future_done(future));
    return 0;
}

static void callbacks_run_on_the_thread_that_completes_it(void **state)
{
    tt_thread_future *future = tt_run_coroutine_threadsafe(stage_loop, return_arg, NULL, NULL);

    (void)state;
    assert_int_equal(tt_thread_future_add_done_callback(future, note_done, "first"), 0);
    assert_int_equal(tt_thread_future_add_done_callback(future, note_done, "second"), 0);
    stage_turns(4);
    assert_true(pthread_equal(called_on, pthread_self()));
    assert_int_equal(tt_thread_future_add_done_callback(future, note_done, "at once"), 0);
    tt_thread_future_unref(future);
    expect_notes("first 1", "second 1", "at once 1");
}

static int raise_in_callback(tt_thread_future *future, void *text)
{
    (void)future;
    return tt_raise(&tt_KeyError, "%s", (const char *)text);
}

static void a_callback_that_raises_is_logged_and_the_loops_handler_hears_nothing(void **state)
{
    tt_thread_future *future = tt_run_coroutine_threadsafe(stage_loop, raise_value, "boom", NULL);
    char *text;

    (void)state;
    assert_int_equal(tt_thread_future_add_done_callback(future, raise_in_callback, "in callback"), 0);
    assert_int_equal(tt_thread_future_add_done_callback(future, note_done, "next"), 0);
    stage_capture_stderr();
    stage_turns(4);
    text = stage_captured();
    assert_int_equal(strncmp(text, "exception calling callback for <Future at 0x", 44), 0);
    assert_non_null(strstr(text, " state=finished raised ValueError>\nTraceback (most recent call last):\n"));
    assert_non_null(strstr(text, "\nKeyError: 'in callback'\n"));
    free(text);
    tt_thread_future_unref(future);
    expect_notes("next 1");
}

static void releasing_it_early_keeps_its_callbacks(void **state)
{
    tt_thread_future *future = tt_run_coroutine_threadsafe(stage_loop, return_arg, NULL, NULL);

    (void)state;
    assert_int_equal(tt_thread_future_add_done_callback(future, note_done, "called"), 0);
    tt_thread_future_unref(future);
    stage_turns(4);
    expect_notes("called 1");
}

/* -------------------------------------------------------------------------------------------------- the loop closes */

static void a_closed_loop_refuses_and_drops_the_argument(void **state)
{
    tt_future *keeps_memory = tt_create_future(stage_loop);
    tt_loop *closed = stage_loop;

    (void)state;
    dropped = 0;
    stage_close_loop();
    assert_null(tt_run_coroutine_threadsafe(closed, return_arg, "x", count_drop));
    note_and_drop("run");
    assert_int_equal(dropped, 1);
    tt_future_unref(keeps_memory);
    expect_notes("run: RuntimeError('Event loop is closed')");
}

static void a_loop_that_closes_before_the_start_cancels_it_and_drops_the_argument(void **state)
{
    tt_thread_future *future = tt_run_coroutine_threadsafe(stage_loop, return_arg, "x", count_drop);

    (void)state;
    dropped = 0;
    assert_int_equal(tt_thread_future_add_done_callback(future, note_done, "told"), 0);
    stage_close_loop();
    assert_int_equal(dropped, 1);
    assert_int_equal(tt_thread_future_result(future, TT_NEVER, NULL), -1);
    note_and_drop("result");
    tt_thread_future_unref(future);
    expect_notes("told 1", "result: CancelledError()");
}

static void a_loop_that_closes_before_the_end_cancels_it(void **state)
{
    tt_thread_future *future = tt_run_coroutine_threadsafe(stage_loop, sleep_long, NULL, NULL);

    (void)state;
    stage_turns(3);
    stage_close_loop();
    assert_int_equal(tt_thread_future_result(future, TT_NEVER, NULL), -1);
    note_and_drop("result");
    assert_true(tt_thread_future_cancel(future)); /* the loop is gone and must not be touched */
    tt_thread_future_unref(future);
    assert_non_null(
        strstr(stage_notes(), "handler: Task was destroyed but it is pending! [message, task] None of Task-"));
    assert_non_null(strstr(stage_notes(), "result: CancelledError()\n"));
    stage_forget_notes();
    started = 0;
}

static void an_outcome_that_was_not_told_yet_is_told_at_the_close(void **state)
{
    tt_thread_future *future = tt_run_coroutine_threadsafe(stage_loop, raise_value, "boom", NULL);

    (void)state;
    stage_turns(2); /* the task has failed, its callback is in the queue */
    assert_false(tt_thread_future_done(future));
    stage_close_loop();
    assert_int_equal(tt_thread_future_result(future, TT_NEVER, NULL), -1);
    note_and_drop("result");
    tt_thread_future_unref(future);
    expect_notes("result: ValueError('boom')");
}

/* ------------------------------------------------------------------------------------------------------------- many */

enum { THREADS = 4 };

static void *submit_many(void *arg)
{
    long count = stage_is_watched() ? 200 : 1000;

    (void)arg;
    for (long i = 0; i < count; i++) {
        tt_thread_future *future = i % 3 == 0 ? tt_run_coroutine_threadsafe(stage_loop, raise_value, "boom", NULL)
                                              : tt_run_coroutine_threadsafe(stage_loop, return_arg, (void *)i, NULL);
        void *value = NULL;

        if (i % 5 == 0)
            tt_thread_future_cancel(future);
        if (i % 7 != 0) {
            int rc = tt_thread_future_result(future, TT_NEVER, &value);

            if (i % 5 != 0 &&
                (i % 3 == 0 ? !tt_exc_is(tt_exc_pending(), &tt_ValueError) : rc != 0 || value != (void *)i))
                note("wrong at %ld", i);
            if (tt_exc_pending() && tt_catch(&tt_BaseException) && tt_catch_end() < 0)
                note("still pending");
        }
        tt_thread_future_unref(future);
    }
    return NULL;
}

static void submit_from_many_threads(void)
{
    pthread_t threads[THREADS];

    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, submit_many, NULL);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
}

static void many_threads_submit_wait_cancel_and_let_go_at_once(void **state)
{
    (void)state;
    tt_loop_set_exception_handler(stage_loop, NULL, NULL);
    stage_capture_stderr(); /* those that were cancelled and failed all the same */
    run_with(submit_from_many_threads);
    stage_turns(4);
    free(stage_captured());
    expect_no_notes();
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test_on_stage(the_value_comes_to_the_thread_that_asked),
    cmocka_unit_test_on_stage(the_failure_comes_to_the_thread_that_asked_and_not_to_the_handler),
    cmocka_unit_test_on_stage(the_failure_is_a_copy_with_the_same_id_and_places),
    cmocka_unit_test_on_stage(a_value_that_the_task_owned_changes_its_owner),
    cmocka_unit_test_on_stage(a_failure_that_nobody_asked_for_is_silent),
    cmocka_unit_test_on_stage(an_exit_leaves_the_run_and_comes_to_the_thread_too),
    cmocka_unit_test_on_stage(a_timeout_raises_and_cancels_nothing),
    cmocka_unit_test_on_stage(without_a_wait_the_loops_own_thread_may_ask),
    cmocka_unit_test_on_stage(cancelling_it_cancels_the_task),
    cmocka_unit_test_on_stage(cancelled_before_its_task_exists_the_task_begins_all_the_same),
    cmocka_unit_test_on_stage(a_task_that_is_cancelled_on_the_loop_cancels_it),
    cmocka_unit_test_on_stage(a_cancellation_that_finds_the_task_failed_marks_its_failure_as_retrieved),
    cmocka_unit_test_on_stage(a_failure_that_is_read_again_while_it_is_handled_is_not_its_own_context),
    cmocka_unit_test_on_stage(once_it_has_a_result_it_cannot_be_cancelled),
    cmocka_unit_test_on_stage(a_failure_after_the_cancellation_is_nobodys_and_reported),
    cmocka_unit_test_on_stage(callbacks_run_on_the_thread_that_completes_it),
    cmocka_unit_test_on_stage(a_callback_that_raises_is_logged_and_the_loops_handler_hears_nothing),
    cmocka_unit_test_on_stage(releasing_it_early_keeps_its_callbacks),
    cmocka_unit_test_on_stage(a_closed_loop_refuses_and_drops_the_argument),
    cmocka_unit_test_on_stage(a_loop_that_closes_before_the_start_cancels_it_and_drops_the_argument),
    cmocka_unit_test_on_stage(a_loop_that_closes_before_the_end_cancels_it),
    cmocka_unit_test_on_stage(an_outcome_that_was_not_told_yet_is_told_at_the_close),
    cmocka_unit_test_on_stage(many_threads_submit_wait_cancel_and_let_go_at_once),
};

TT_TEST_MAIN(cases)
