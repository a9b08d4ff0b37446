/* wait_for: a limit of time for an await, with time to spare and without. asyncio.wait_for of 3.13. */
#include "stage.h"

#include "loop_internal.h"

static bool has_begun, has_ended;

static int stage_forget_flags(void **state)
{
    has_begun = has_ended = false;
    return stage_open_virtual(state);
}

#define cmocka_unit_test_with_flags(...) STAGE_CASE(__VA_ARGS__, stage_forget_flags, stage_close)

/* Waits for TASK, a new one, for DELAY_NS, and notes what came of it. */
static int wait_for_new(tt_task *task, int64_t delay_ns)
{
    int64_t before_ns = tt_loop_time(stage_loop);
    void *value = NULL;
    int rc = tt_wait_for(task, delay_ns, &value);

    note("%d %s after %lld ms, done %d cancelled %d", rc, value ? (char *)value : "nothing",
         (long long)((tt_loop_time(stage_loop) - before_ns) / 1000000), tt_task_done(task), tt_task_cancelled(task));
    tt_task_unref(task);
    return rc;
}

static int return_done(void *arg)
{
    has_begun = true;
    if (tt_sleep(TT_SEC(10)) < 0) {
        has_ended = true;
        return -1;
    }
    return tt_return(arg, NULL);
}

static int return_at_once(void *arg)
{
    has_begun = true;
    return tt_return(arg, NULL);
}

/* --------------------------------------------------------------------------------------------------- with time to spare */

static int wait_long_enough(void *arg)
{
    return wait_for_new(tt_create_task(return_done, arg), TT_SEC(20));
}

static int wait_without_limit(void *arg)
{
    return wait_for_new(tt_create_task(return_at_once, arg), TT_NEVER);
}

static void what_ends_in_time_gives_its_result(void **state)
{
    (void)state;
    assert_true(stage_run(wait_long_enough, "done"));
    assert_true(stage_run(wait_without_limit, "done"));
    expect_notes("0 done after 10000 ms, done 1 cancelled 0", "0 done after 0 ms, done 1 cancelled 0");
}

static int wait_too_short(void *arg)
{
    int rc = wait_for_new(tt_create_task(return_done, arg), TT_MSEC(100));

    note("ended %d, cause %s, context %s, cancelling %u", has_ended,
         tt_exc_is(tt_exc_cause(tt_exc_pending()), &tt_CancelledError) ? "CancelledError" : "another",
         tt_exc_is(tt_exc_context(tt_exc_pending()), &tt_CancelledError) ? "CancelledError" : "another",
         tt_task_cancelling(tt_current_task()));
    return rc;
}

static void what_does_not_is_cancelled_and_raises_timeout_error(void **state)
{
    (void)state;
    stage_run(wait_too_short, "done");
    expect_notes("-1 nothing after 100 ms, done 1 cancelled 1",
                 "ended 1, cause CancelledError, context CancelledError, cancelling 0", "main: TimeoutError()");
}

static int set_ok(void *future)
{
    return tt_future_set_result(future, "ok", NULL);
}

static int wait_for_a_future(void *arg)
{
    tt_future *future = tt_create_future(NULL);

    (void)arg;
    if (tt_loop_call_later(NULL, TT_MSEC(100), set_ok, future, NULL) < 0)
        return -1;
    return wait_for_new(future, TT_MSEC(200));
}

static void a_plain_future_can_be_waited_for(void **state)
{
    (void)state;
    assert_true(stage_run(wait_for_a_future, NULL));
    expect_notes("0 ok after 100 ms, done 1 cancelled 0");
}

static int be_slow_to_end(void *arg)
{
    int rc = tt_sleep(TT_SEC(10));

    (void)arg;
    tt_cleanup_begin();
    if (tt_sleep(TT_MSEC(300)) == 0)
        has_ended = true;
    return tt_cleanup_end() < 0 ? -1 : rc;
}

static int wait_for_a_slow_end(void *delay_ns)
{
    tt_task *task = tt_create_task(be_slow_to_end, NULL);
    int rc = tt_sleep(TT_MSEC(1));

    if (rc == 0)
        rc = wait_for_new(task, *(int64_t *)delay_ns);
    note("ended %d", has_ended);
    return rc;
}

static void it_takes_as_long_as_the_cancelled_task_needs_to_end(void **state)
{
    int64_t delay_ns = TT_MSEC(100);

    (void)state;
    stage_run(wait_for_a_slow_end, &delay_ns);
    expect_notes("-1 nothing after 400 ms, done 1 cancelled 1", "ended 1", "main: TimeoutError()");
    delay_ns = has_ended = 0;
    stage_run(wait_for_a_slow_end, &delay_ns);
    expect_notes("-1 nothing after 300 ms, done 1 cancelled 1", "ended 1", "main: TimeoutError()");
}

static int swallow(void *arg)
{
    if (tt_sleep(TT_SEC(10)) < 0 && tt_catch(&tt_CancelledError) && tt_catch_end() < 0)
        return -1;
    return tt_return(arg, NULL);
}

static int wait_for_one_that_swallows(void *delay_ns)
{
    tt_task *task = tt_create_task(swallow, "42");
    int rc = tt_sleep(TT_MSEC(1));

    return rc < 0 ? rc : wait_for_new(task, *(int64_t *)delay_ns);
}

static void a_result_in_spite_of_the_cancellation_is_returned(void **state)
{
    int64_t delay_ns = TT_MSEC(10);

    (void)state;
    assert_true(stage_run(wait_for_one_that_swallows, &delay_ns));
    expect_notes("0 42 after 10 ms, done 1 cancelled 0");
    delay_ns = 0;
    assert_true(stage_run(wait_for_one_that_swallows, &delay_ns));
    expect_notes("0 42 after 0 ms, done 1 cancelled 0");
}

static int answer_with_another(void *arg)
{
    int rc = tt_sleep(TT_SEC(10));

    (void)arg;
    if (rc < 0 && tt_catch(&tt_CancelledError)) {
        tt_raise(&tt_ValueError, "cleanup");
        rc = tt_catch_end();
    }
    return rc;
}

static int wait_for_one_that_raises(void *delay_ns)
{
    char repr[64];
    tt_task *task = tt_create_task(answer_with_another, NULL);
    int rc = tt_sleep(TT_MSEC(1));

    if (rc == 0)
        rc = wait_for_new(task, *(int64_t *)delay_ns);
    tt_exc_repr(tt_exc_context(tt_exc_pending()), repr, sizeof repr);
    note("context %s", repr);
    return rc;
}

static void an_exception_in_answer_to_the_cancellation_is_raised(void **state)
{
    int64_t delay_ns = TT_MSEC(10);

    (void)state;
    stage_run(wait_for_one_that_raises, &delay_ns);
    expect_notes("-1 nothing after 10 ms, done 1 cancelled 0", "context TimeoutError()", "main: ValueError('cleanup')");
    delay_ns = 0;
    stage_run(wait_for_one_that_raises, &delay_ns);
    expect_notes("-1 nothing after 0 ms, done 1 cancelled 0", "context CancelledError()",
                 "main: ValueError('cleanup')");
}

/* --------------------------------------------------------------------------------------------------- without any time */

static int wait_no_time(void *arg)
{
    tt_future *future = tt_create_future(NULL);
    int64_t delays_ns[] = {0, -1};

    if (tt_future_set_result(future, arg, NULL) < 0 || wait_for_new(future, 0) < 0)
        return -1;
    for (int i = 0; i < 2; i++) {
        if (wait_for_new(tt_create_task(return_done, arg), delays_ns[i]) == 0)
            return 0;
        note("begun %d", has_begun);
        note_and_drop("raised");
    }
    return 0;
}

static void without_time_a_done_one_is_read_and_a_new_task_never_begins(void **state)
{
    (void)state;
    assert_true(stage_run(wait_no_time, "done"));
    expect_notes("0 done after 0 ms, done 1 cancelled 0", "-1 nothing after 0 ms, done 1 cancelled 1", "begun 0",
                 "raised: TimeoutError()", "-1 nothing after 0 ms, done 1 cancelled 1", "begun 0",
                 "raised: TimeoutError()");
}

static int wait_no_time_for_a_running_one(void *delay_ns)
{
    tt_task *task = tt_create_task(return_done, NULL);

    if (tt_sleep(0) < 0 || wait_for_new(task, *(int64_t *)delay_ns) == 0)
        return -1;
    note("begun %d ended %d, cause %d", has_begun, has_ended,
         tt_exc_is(tt_exc_cause(tt_exc_pending()), &tt_CancelledError));
    return note_and_drop("raised");
}

static void without_time_a_running_one_is_cancelled(void **state)
{
    int64_t delay_ns = 0;

    (void)state;
    assert_true(stage_run(wait_no_time_for_a_running_one, &delay_ns));
    delay_ns = -1;
    assert_true(stage_run(wait_no_time_for_a_running_one, &delay_ns));
    expect_notes("-1 nothing after 0 ms, done 1 cancelled 1", "begun 1 ended 1, cause 1", "raised: TimeoutError()",
                 "-1 nothing after 0 ms, done 1 cancelled 1", "begun 1 ended 1, cause 1", "raised: TimeoutError()");
}

static int wait_for_done_ones(void *arg)
{
    tt_future *failed = tt_create_future(NULL), *cancelled = tt_create_future(NULL);
    tt_exc *exc = tt_exc_new(&tt_ValueError, "%s", (char *)arg);
    int rc = tt_future_set_exception(failed, exc);

    tt_exc_unref(exc);
    tt_future_cancel(cancelled, "before");
    if (rc < 0 || wait_for_new(failed, 0) == 0)
        return -1;
    note_and_drop("failed");
    if (wait_for_new(cancelled, 0) == 0)
        return -1;
    return note_and_drop("cancelled");
}

static void without_time_a_done_one_raises_what_it_ended_with(void **state)
{
    (void)state;
    assert_true(stage_run(wait_for_done_ones, "boom"));
    expect_notes("-1 nothing after 0 ms, done 1 cancelled 0", "failed: ValueError('boom')",
                 "-1 nothing after 0 ms, done 1 cancelled 1", "cancelled: CancelledError('before')");
}

/* ------------------------------------------------------------------------------------------- cancelled while waiting */

static int wait_for_task(void *task)
{
    return tt_wait_for(task, TT_SEC(60), NULL);
}

static int wait_for_task_without_limit(void *task)
{
    return tt_wait_for(task, TT_NEVER, NULL);
}

static int wait_for_task_without_time(void *task)
{
    return tt_wait_for(task, 0, NULL);
}

static int cancel_it(void *task)
{
    tt_task_cancel(task, NULL);
    return 0;
}

static int cancel_the_waiting_one(tt_coro_fn *wait)
{
    tt_task *task = tt_create_task(return_done, NULL),
            *waiting = tt_create_task_at(TT_SITE_HERE("wait"), wait, task, NULL);
    int rc = tt_loop_call_soon(NULL, cancel_it, waiting, NULL);

    if (rc == 0)
        rc = tt_await(waiting);
    note("%d, waiting cancelled %d, task cancelled %d", rc, tt_task_cancelled(waiting), tt_task_cancelled(task));
    tt_task_unref(waiting);
    tt_task_unref(task);
    return note_and_drop("raised");
}

static int cancel_waiting_ones(void *arg)
{
    (void)arg;
    return cancel_the_waiting_one(wait_for_task) < 0 || cancel_the_waiting_one(wait_for_task_without_limit) < 0 ? -1
                                                                                                                : 0;
}

static void cancelling_the_wait_cancels_what_is_waited_for(void **state)
{
    (void)state;
    assert_true(stage_run(cancel_waiting_ones, NULL));
    expect_notes("-1, waiting cancelled 1, task cancelled 1", "raised: CancelledError()",
                 "-1, waiting cancelled 1, task cancelled 1", "raised: CancelledError()");
}

/* Takes three cancellations to end. */
static int hold_up(void *arg)
{
    for (int i = 0; i < 2; i++)
        if (tt_sleep(TT_MSEC(300)) < 0 && tt_catch(&tt_CancelledError) && tt_catch_end() < 0)
            return -1;
    if (tt_sleep(TT_MSEC(300)) < 0)
        return -1;
    return tt_return(arg, NULL);
}

static int cancel_a_wait_that_is_held_up(void *arg)
{
    tt_task *task = tt_create_task(hold_up, arg);
    tt_task *waiting = tt_create_task(wait_for_task_without_time, task);
    void *value = NULL;
    int rc;

    if (tt_sleep(TT_MSEC(100)) < 0)
        return -1;
    note("done %d", tt_task_done(task));
    tt_task_cancel(waiting, NULL);
    rc = tt_await(waiting);
    note("%d, task done %d", rc, tt_task_done(task));
    note_and_drop("raised");
    rc = tt_await(task);
    if (rc == 0)
        rc = tt_task_result(task, &value);
    note("%s", (char *)value);
    tt_task_unref(waiting);
    tt_task_unref(task);
    return rc;
}

static void a_wait_for_the_end_of_a_cancelled_task_can_be_cancelled_itself(void **state)
{
    (void)state;
    assert_true(stage_run(cancel_a_wait_that_is_held_up, "42"));
    expect_notes("done 0", "-1, task done 0", "raised: CancelledError()", "42");
}

static int wait_then_sleep(void *task)
{
    if (tt_wait_for(task, TT_SEC(100), NULL) < 0 || tt_sleep(TT_SEC(1)) < 0)
        return -1;
    note("unexpected");
    return 0;
}

static int cancel_after_the_wait(void *arg)
{
    tt_task *task = tt_create_task(return_at_once, arg), *waiting = tt_create_task(wait_then_sleep, task);
    int rc = tt_sleep(0);

    if (rc == 0)
        rc = tt_sleep(0);
    note("done %d", tt_task_done(waiting));
    tt_task_cancel(waiting, NULL);
    rc = tt_await(waiting);
    tt_task_unref(waiting);
    tt_task_unref(task);
    return rc;
}

static void a_cancellation_after_what_was_waited_for_has_ended_is_not_lost(void **state)
{
    (void)state;
    stage_run(cancel_after_the_wait, "x");
    expect_notes("done 0", "main: CancelledError()");
}

/* ------------------------------------------------------------------------------------------------- what cannot be awaited */

static int wait_for_impossible_ones(void *other_loop)
{
    tt_future *elsewhere = tt_create_future(other_loop);
    int rc = tt_wait_for(NULL, TT_SEC(1), NULL);

    note_and_drop("nothing");
    for (int i = 0; i < 2; i++) {
        rc = tt_wait_for(tt_current_task(), i * TT_SEC(1), NULL);
        note("%d", rc);
        note("%d", strncmp(tt_exc_message(tt_exc_pending()), "Task cannot await on itself: ", 29));
        if (tt_catch(&tt_RuntimeError) && tt_catch_end() < 0)
            return -1;
        rc = tt_wait_for(elsewhere, i * TT_SEC(1), NULL);
        note("%d", strstr(tt_exc_message(tt_exc_pending()), "attached to a different loop") != NULL);
        if (tt_catch(&tt_RuntimeError) && tt_catch_end() < 0)
            return -1;
    }
    tt_future_unref(elsewhere);
    tt_raise(&tt_KeyError, "pending");
    return tt_wait_for(NULL, 0, NULL);
}

static void what_cannot_be_awaited_raises_as_an_await_does(void **state)
{
    tt_loop *other = tt_loop_create();

    (void)state;
    stage_run(wait_for_impossible_ones, other);
    assert_int_equal(tt_loop_close(other), 0);
    expect_notes("nothing: TypeError(\"object NULL can't be used in 'await' expression\")", "-1", "0", "1", "-1", "0",
                 "1", "main: KeyError('pending')");
}

/* --------------------------------------------------------------------------------------------------------- left behind */

static void a_loop_can_be_closed_over_waits_of_both_kinds(void **state)
{
    const struct tt_task_options options = {.loop = stage_loop, .name = "waiting"};
    tt_future *future = tt_create_future(stage_loop), *other = tt_create_future(stage_loop);
    tt_task *slow = tt_create_task_with(be_slow_to_end, NULL, &options);

    (void)state;
    stage_turns(1);
    assert_int_equal(tt_spawn_with(wait_for_task, future, &options), 0);
    assert_int_equal(tt_spawn_with(wait_for_task_without_limit, other, &options), 0);
    assert_int_equal(tt_spawn_with(wait_for_task_without_time, slow, &options), 0);
    stage_turns(3);
    stage_close_loop();
    tt_future_unref(future);
    tt_future_unref(other);
    tt_task_unref(slow);
#define DESTROYED "handler: Task was destroyed but it is pending! [message, task] None of waiting"
    expect_notes(DESTROYED, DESTROYED, DESTROYED, DESTROYED);
}

static int wait_while_handling(void *future)
{
    tt_raise(&tt_ValueError, "outer");
    if (!tt_catch(&tt_ValueError))
        return -1;
    if (tt_wait_for(future, TT_SEC(1), NULL) < 0) {
        note("context is what is handled: %d", tt_exc_context(tt_exc_pending()) == tt_exc_caught());
        note("the cause has none: %d", tt_exc_context(tt_exc_cause(tt_exc_pending())) == NULL);
        note_and_drop("raised");
    }
    return tt_catch_end();
}

/* The frame of asyncio's wait_for, into which the cancellation is thrown, handles nothing. */
static void what_it_raises_while_its_caller_handles_something_has_that_for_context(void **state)
{
    tt_future *future = tt_create_future(stage_loop);

    (void)state;
    assert_true(stage_run(wait_while_handling, future));
    tt_future_unref(future);
    expect_notes("context is what is handled: 1", "the cause has none: 1", "raised: TimeoutError()");
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test_with_flags(what_ends_in_time_gives_its_result),
    cmocka_unit_test_with_flags(what_does_not_is_cancelled_and_raises_timeout_error),
    cmocka_unit_test_with_flags(a_plain_future_can_be_waited_for),
    cmocka_unit_test_with_flags(it_takes_as_long_as_the_cancelled_task_needs_to_end),
    cmocka_unit_test_with_flags(a_result_in_spite_of_the_cancellation_is_returned),
    cmocka_unit_test_with_flags(an_exception_in_answer_to_the_cancellation_is_raised),
    cmocka_unit_test_with_flags(without_time_a_done_one_is_read_and_a_new_task_never_begins),
    cmocka_unit_test_with_flags(without_time_a_running_one_is_cancelled),
    cmocka_unit_test_with_flags(without_time_a_done_one_raises_what_it_ended_with),
    cmocka_unit_test_with_flags(cancelling_the_wait_cancels_what_is_waited_for),
    cmocka_unit_test_with_flags(a_wait_for_the_end_of_a_cancelled_task_can_be_cancelled_itself),
    cmocka_unit_test_with_flags(a_cancellation_after_what_was_waited_for_has_ended_is_not_lost),
    cmocka_unit_test_with_flags(what_cannot_be_awaited_raises_as_an_await_does),
    cmocka_unit_test_with_flags(a_loop_can_be_closed_over_waits_of_both_kinds),
    cmocka_unit_test_with_flags(what_it_raises_while_its_caller_handles_something_has_that_for_context),
};

TT_TEST_MAIN(cases)
