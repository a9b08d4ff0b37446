/* Timeouts: when they are up, what they make of a cancellation, states, deadlines, nesting. asyncio.timeout of 3.13. */
#include "stage.h"

#include <telltale/exc_group.h>

#include "ready.h"
#include "timers.h"

/* What is of interest of TIMEOUT, after a body that has been left with RC. */
static int note_exit(const char *label, tt_timeout *timeout, int rc)
{
    char repr[64];

    tt_timeout_repr(timeout, repr, sizeof repr);
    note("%s: %d %s%s", label, rc, repr, tt_timeout_expired(timeout) ? " expired" : "");
    return rc;
}

/* -------------------------------------------------------------------------------------------------------- basically */

static int sleep_too_long(void *arg)
{
    tt_timeout *timeout = tt_timeout_enter(TT_MSEC(10));
    int rc = tt_sleep(TT_SEC(10));

    (void)arg;
    note_pending("body");
    rc = note_exit("left", timeout, tt_timeout_exit(timeout, rc));
    note("time %lld ms, cancelling %u", (long long)(tt_loop_time(stage_loop) / 1000000),
         tt_task_cancelling(tt_current_task()));
    return rc;
}

static void what_takes_too_long_is_cancelled_and_leaves_as_timeout_error(void **state)
{
    (void)state;
    stage_run(sleep_too_long, NULL);
    expect_notes("body: CancelledError()", "left: -1 <Timeout [expired]> expired", "time 10 ms, cancelling 0",
                 "main: TimeoutError()");
}

static int sleep_until(void *arg)
{
    int64_t when_ns = tt_loop_time(stage_loop) + TT_MSEC(10);
    tt_timeout *timeout = tt_timeout_enter_at(when_ns);
    int rc = tt_sleep(TT_SEC(10));

    (void)arg;
    rc = note_exit("left", timeout, tt_timeout_exit(timeout, rc));
    note("%d", tt_timeout_when(timeout) == when_ns);
    return rc;
}

static void a_deadline_can_be_given_on_the_clock_of_the_loop(void **state)
{
    (void)state;
    stage_run(sleep_until, NULL);
    expect_notes("left: -1 <Timeout [expired]> expired", "1", "main: TimeoutError()");
}

static int be_quick(void *delay_ns)
{
    tt_timeout *timeout = tt_timeout_enter(*(int64_t *)delay_ns);
    int rc = tt_sleep(TT_MSEC(10));

    rc = note_exit("left", timeout, tt_timeout_exit(timeout, rc));
    note("%s", tt_timeout_when(timeout) == TT_NEVER                  ? "no deadline"
               : tt_timeout_when(timeout) > tt_loop_time(stage_loop) ? "in time"
                                                                     : "late");
    return rc;
}

static void what_is_done_in_time_is_left_alone(void **state)
{
    int64_t delay_ns = TT_SEC(10);

    (void)state;
    stage_run(be_quick, &delay_ns);
    expect_notes("left: 0 <Timeout [finished]>", "in time");
}

static void a_disabled_one_is_never_up(void **state)
{
    int64_t delay_ns = TT_NEVER;

    (void)state;
    stage_run(be_quick, &delay_ns);
    expect_notes("left: 0 <Timeout [finished]>", "no deadline");
    delay_ns = TT_NEVER - 1; /* beyond the end of time: the same */
    stage_run(be_quick, &delay_ns);
    expect_notes("left: 0 <Timeout [finished]>", "no deadline");
}

static int wait_a_turn_in(int64_t delay_ns, int64_t duration_ns)
{
    tt_timeout *timeout = tt_timeout_enter(delay_ns);
    int64_t before_ns = tt_loop_time(stage_loop);
    int rc = tt_sleep(duration_ns);

    rc = note_exit("left", timeout, tt_timeout_exit(timeout, rc));
    note("%d", tt_timeout_when(timeout) <= before_ns + delay_ns && tt_loop_time(stage_loop) == before_ns);
    return note_and_drop("raised");
}

static int wait_in_short_ones(void *arg)
{
    (void)arg;
    return wait_a_turn_in(0, TT_SEC(10)) < 0 || wait_a_turn_in(0, 0) < 0 || wait_a_turn_in(-TT_SEC(11), 0) < 0 ? -1 : 0;
}

static void one_that_is_up_from_the_beginning_is_noticed_in_the_next_turn(void **state)
{
    (void)state;
    stage_run(wait_in_short_ones, NULL);
    expect_notes("left: -1 <Timeout [expired]> expired", "1", "raised: TimeoutError()",
                 "left: -1 <Timeout [expired]> expired", "1", "raised: TimeoutError()",
                 "left: -1 <Timeout [expired]> expired", "1", "raised: TimeoutError()");
}

static int never_suspend(void *arg)
{
    tt_timeout *timeout = tt_timeout_enter(0);
    int rc = note_exit("left", timeout, tt_timeout_exit(timeout, 0));

    (void)arg;
    note("cancelling %u", tt_task_cancelling(tt_current_task()));
    return rc < 0 ? rc : tt_sleep(TT_SEC(1)); /* nothing comes after */
}

static void a_body_that_never_suspends_is_not_interrupted(void **state)
{
    (void)state;
    assert_true(stage_run(never_suspend, NULL));
    expect_notes("left: 0 <Timeout [finished]>", "cancelling 0");
}

static int run_out_of_sight(void *arg)
{
    tt_timeout *timeout = tt_timeout_enter(TT_MSEC(1));
    int rc = tt_timeout_exit(timeout, 0);

    (void)arg;
    return rc < 0 ? rc : tt_sleep(TT_SEC(1));
}

static void one_that_was_left_does_nothing_when_its_time_comes(void **state)
{
    (void)state;
    assert_true(stage_run(run_out_of_sight, NULL));
}

/* --------------------------------------------------------------------------------------------------- who cancelled */

static int raise_key_error(void *arg)
{
    tt_timeout *timeout = tt_timeout_enter(TT_MSEC(10));

    (void)arg;
    return note_exit("left", timeout, tt_timeout_exit(timeout, tt_raise(&tt_KeyError, "mine")));
}

static void an_exception_of_the_body_passes_through(void **state)
{
    (void)state;
    stage_run(raise_key_error, NULL);
    expect_notes("left: -1 <Timeout [finished]>", "main: KeyError('mine')");
}

static int cancel_itself(void *arg)
{
    tt_timeout *timeout = tt_timeout_enter(TT_SEC(10));
    int rc;

    (void)arg;
    tt_task_cancel(tt_current_task(), "stop");
    rc = tt_sleep(TT_SEC(100));
    return note_exit("left", timeout, tt_timeout_exit(timeout, rc));
}

static void a_cancellation_by_somebody_else_stays_one(void **state)
{
    (void)state;
    stage_run(cancel_itself, NULL);
    expect_notes("left: -1 <Timeout [finished]>", "main: CancelledError('stop')");
}

static int cancel_the_task(void *task)
{
    note("cancel %d", tt_task_cancel(task, NULL));
    return 0;
}

static int be_cancelled_by_both(void *arg)
{
    tt_timeout *timeout = tt_timeout_enter(TT_MSEC(10));
    int rc;

    (void)arg;
    /* Due in the same turn, after the timeout. */
    if (tt_loop_call_at(NULL, tt_timeout_when(timeout), cancel_the_task, tt_current_task(), NULL) < 0)
        return -1;
    rc = tt_sleep(TT_SEC(10));
    rc = note_exit("left", timeout, tt_timeout_exit(timeout, rc));
    note("cancelling %u", tt_task_cancelling(tt_current_task()));
    return rc;
}

static void a_cancellation_by_both_is_the_other_ones(void **state)
{
    (void)state;
    stage_run(be_cancelled_by_both, NULL);
    expect_notes("cancel 1", "left: -1 <Timeout [expired]> expired", "cancelling 1", "main: CancelledError()");
}

static int time_out_after_cancellation(void *arg)
{
    tt_timeout *timeout;
    int rc;

    (void)arg;
    tt_task_cancel(tt_current_task(), NULL);
    rc = tt_sleep(TT_SEC(1));
    note_and_drop("first");
    timeout = tt_timeout_enter(0);
    rc = tt_sleep(TT_SEC(1));
    rc = note_exit("left", timeout, tt_timeout_exit(timeout, rc));
    note("cancelling %u", tt_task_cancelling(tt_current_task()));
    tt_task_uncancel(tt_current_task());
    return rc;
}

static void requests_from_before_the_entry_do_not_count(void **state)
{
    (void)state;
    stage_run(time_out_after_cancellation, NULL);
    expect_notes("first: CancelledError()", "left: -1 <Timeout [expired]> expired", "cancelling 1",
                 "main: TimeoutError()");
}

static int cancelled_after_cancellation(void *arg)
{
    tt_timeout *timeout;
    int rc;

    (void)arg;
    tt_task_cancel(tt_current_task(), NULL);
    rc = tt_sleep(TT_SEC(1));
    note_and_drop("first");
    timeout = tt_timeout_enter(TT_SEC(1));
    tt_task_cancel(tt_current_task(), NULL);
    rc = tt_sleep(TT_SEC(2));
    return note_exit("left", timeout, tt_timeout_exit(timeout, rc));
}

static void a_second_cancellation_inside_of_one_stays_one(void **state)
{
    (void)state;
    stage_run(cancelled_after_cancellation, NULL);
    expect_notes("first: CancelledError()", "left: -1 <Timeout [finished]>", "main: CancelledError()");
}

static int swallow(void *arg)
{
    tt_timeout *timeout = tt_timeout_enter(TT_MSEC(10));
    int rc = tt_sleep(TT_SEC(10));

    (void)arg;
    rc = note_and_drop("swallowed");
    rc = note_exit("left", timeout, tt_timeout_exit(timeout, rc));
    note("cancelling %u", tt_task_cancelling(tt_current_task()));
    return rc < 0 ? rc : tt_sleep(0);
}

static void a_body_that_returns_all_the_same_is_not_held_up(void **state)
{
    (void)state;
    assert_true(stage_run(swallow, NULL));
    expect_notes("swallowed: CancelledError()", "left: 0 <Timeout [expired]> expired", "cancelling 0");
}

static int outer_of_task(void *arg)
{
    tt_task *task = tt_create_task(sleep_too_long, arg);
    int rc = tt_await(task);

    note("%d cancelled %d", rc, tt_task_cancelled(task));
    tt_task_unref(task);
    return note_and_drop("await");
}

static void a_task_that_timed_out_has_failed_and_was_not_cancelled(void **state)
{
    (void)state;
    assert_true(stage_run(outer_of_task, NULL));
    expect_notes("body: CancelledError()", "left: -1 <Timeout [expired]> expired", "time 10 ms, cancelling 0",
                 "-1 cancelled 0", "await: TimeoutError()");
}

/* ----------------------------------------------------------------------------------------------- causes and contexts */

static void note_chain(const char *label, tt_exc *exc)
{
    char repr[64], cause[64], context[64];

    tt_exc_repr(exc, repr, sizeof repr);
    tt_exc_repr(tt_exc_cause(exc), cause, sizeof cause);
    tt_exc_repr(tt_exc_context(exc), context, sizeof context);
    note("%s: %s cause %s context %s", label, repr, cause, context);
}

static int look_at_the_cause(void *arg)
{
    tt_timeout *timeout = tt_timeout_enter(0);
    int rc = tt_timeout_exit(timeout, tt_sleep(TT_SEC(1)));

    (void)arg;
    note_chain("raised", tt_exc_pending());
    return rc;
}

static void its_cause_is_the_cancellation(void **state)
{
    (void)state;
    stage_run(look_at_the_cause, NULL);
    expect_notes("raised: TimeoutError() cause CancelledError() context CancelledError()", "main: TimeoutError()");
}

/* Sleeps, and raises something else while it handles what came out of that. */
static int crash(void *text)
{
    int rc = tt_sleep(TT_SEC(1));

    if (rc < 0 && tt_catch(&tt_CancelledError)) {
        tt_raise(&tt_ZeroDivisionError, "%s", (const char *)text);
        rc = tt_catch_end();
    }
    return rc;
}

static int crash_in_time(void *arg)
{
    int rc = tt_with_timeout(TT_MSEC(10), crash, arg);
    tt_exc *inserted = tt_exc_context(tt_exc_pending());

    note_chain("raised", tt_exc_pending());
    note_chain("then", inserted);
    note("never raised itself: %d", tt_exc_raised_at(inserted) == NULL);
    note("cancelling %u", tt_task_cancelling(tt_current_task()));
    return rc;
}

static void another_exception_gets_timeout_error_into_its_chain(void **state)
{
    (void)state;
    stage_run(crash_in_time, "boom");
    expect_notes("raised: ZeroDivisionError('boom') cause None context TimeoutError()",
                 "then: TimeoutError() cause CancelledError() context CancelledError()", "never raised itself: 1",
                 "cancelling 0", "main: ZeroDivisionError('boom')");
}

static int crash_deeply(void *text)
{
    int rc = crash(text);

    if (rc < 0 && tt_catch(&tt_ZeroDivisionError)) {
        tt_raise(&tt_KeyError, "deep");
        rc = tt_catch_end();
    }
    return rc;
}

static int crash_deeply_in_time(void *arg)
{
    int rc = tt_with_timeout(TT_MSEC(10), crash_deeply, arg);

    note_chain("raised", tt_exc_pending());
    note_chain("then", tt_exc_context(tt_exc_pending()));
    return rc;
}

static void it_is_put_before_the_cancellation_wherever_that_is_in_the_chain(void **state)
{
    (void)state;
    stage_run(crash_deeply_in_time, "boom");
    expect_notes("raised: KeyError('deep') cause None context ZeroDivisionError('boom')",
                 "then: ZeroDivisionError('boom') cause None context TimeoutError()", "main: KeyError('deep')");
}

static int raise_group_of_members(void *arg)
{
    int rc = tt_sleep(TT_SEC(1));
    tt_exc *members[2];

    (void)arg;
    if (rc == 0 || !tt_catch(&tt_CancelledError))
        return rc;
    for (int i = 0; i < 2; i++) {
        tt_raise(&tt_ValueError, "%d", i);
        members[i] = tt_exc_ref(tt_exc_pending());
        if (tt_catch(&tt_ValueError) && tt_catch_end() < 0)
            return -1;
    }
    tt_raise_group(&tt_ExceptionGroup, members, 2, "both");
    tt_exc_unref(members[0]);
    tt_exc_unref(members[1]);
    return tt_catch_end();
}

static int raise_group_in_time(void *arg)
{
    char context[64];

    if (tt_with_timeout(TT_MSEC(10), raise_group_of_members, arg) == 0)
        return 0;
    tt_exc_repr(tt_exc_context(tt_exc_pending()), context, sizeof context);
    note("%s context %s", tt_exc_type_of(tt_exc_pending())->name, context);
    for (size_t i = 0; i < 2; i++)
        note_chain("member", tt_exc_group_member(tt_exc_pending(), i));
    return tt_catch(&tt_ExceptionGroup) ? tt_catch_end() : -1;
}

static void members_of_an_exception_group_get_it_too(void **state)
{
    (void)state;
    assert_true(stage_run(raise_group_in_time, NULL));
    expect_notes("ExceptionGroup context TimeoutError()", "member: ValueError('0') cause None context TimeoutError()",
                 "member: ValueError('1') cause None context TimeoutError()");
}

/* ---------------------------------------------------------------------------------------------------------- nesting */

static int nest_two_of_one_deadline(void *arg)
{
    int64_t when_ns = tt_loop_time(stage_loop) + TT_MSEC(10);
    tt_timeout *outer = tt_timeout_enter_at(when_ns), *inner = tt_timeout_enter_at(when_ns);
    int rc = tt_sleep(TT_SEC(10));

    (void)arg;
    rc = tt_timeout_exit(inner, rc);
    note_pending("between");
    rc = tt_timeout_exit(outer, rc);
    note_exit("inner", inner, rc);
    return note_exit("outer", outer, rc);
}

static void of_two_that_are_up_at_once_the_outer_one_raises(void **state)
{
    (void)state;
    stage_run(nest_two_of_one_deadline, NULL);
    expect_notes("between: CancelledError()", "inner: -1 <Timeout [expired]> expired",
                 "outer: -1 <Timeout [expired]> expired", "main: TimeoutError()");
}

static int nest_two_and_be_busy(void *arg)
{
    tt_timeout *outer = tt_timeout_enter(TT_MSEC(2)), *inner = tt_timeout_enter(TT_SEC(1000));
    int64_t until_ns = tt_loop_time(stage_loop) + TT_MSEC(10);
    int rc;

    (void)arg;
    while (tt_loop_time(stage_loop) < until_ns)
        ;
    rc = tt_timeout_exit(inner, tt_sleep(TT_SEC(1)));
    note_pending("between");
    return tt_timeout_exit(outer, rc);
}

static void the_one_whose_time_comes_first_is_the_one_that_raises(void **state)
{
    (void)state;
    stage_run(nest_two_and_be_busy, NULL);
    expect_notes("between: CancelledError()", "main: TimeoutError()");
}

static int be_busy_in_the_inner_one(void *arg)
{
    tt_timeout *outer = tt_timeout_enter(TT_SEC(1000)), *inner = tt_timeout_enter(TT_MSEC(10));
    int64_t until_ns = tt_loop_time(stage_loop) + TT_MSEC(50);
    int rc;

    (void)arg;
    while (tt_loop_time(stage_loop) < until_ns)
        ;
    rc = tt_timeout_exit(inner, tt_sleep(TT_SEC(1)));
    note_and_drop("inner");
    rc = tt_timeout_reschedule(outer, tt_loop_time(stage_loop) + TT_MSEC(10));
    if (rc == 0)
        rc = tt_sleep(TT_SEC(1000));
    return tt_timeout_exit(outer, rc);
}

static void after_the_inner_one_the_outer_one_goes_on(void **state)
{
    (void)state;
    stage_run(be_busy_in_the_inner_one, NULL);
    expect_notes("inner: TimeoutError()", "main: TimeoutError()");
}

static int time_out_in_cleanup(void *arg)
{
    tt_timeout *outer = tt_timeout_enter(TT_MSEC(10)), *inner;
    int rc = tt_sleep(TT_SEC(1));

    (void)arg;
    tt_cleanup_begin();
    inner = tt_timeout_enter(TT_MSEC(10));
    if (rc == 0 || tt_timeout_exit(inner, tt_sleep(TT_SEC(10))) == 0)
        note("unexpected");
    note_and_drop("cleanup");
    rc = tt_cleanup_end();
    return tt_timeout_exit(outer, rc);
}

static void cleanup_can_have_one_of_its_own(void **state)
{
    (void)state;
    stage_run(time_out_in_cleanup, NULL);
    expect_notes("cleanup: TimeoutError()", "main: TimeoutError()");
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test_on_virtual_stage(what_takes_too_long_is_cancelled_and_leaves_as_timeout_error),
    cmocka_unit_test_on_virtual_stage(a_deadline_can_be_given_on_the_clock_of_the_loop),
    cmocka_unit_test_on_virtual_stage(what_is_done_in_time_is_left_alone),
    cmocka_unit_test_on_virtual_stage(a_disabled_one_is_never_up),
    cmocka_unit_test_on_virtual_stage(one_that_is_up_from_the_beginning_is_noticed_in_the_next_turn),
    cmocka_unit_test_on_virtual_stage(a_body_that_never_suspends_is_not_interrupted),
    cmocka_unit_test_on_virtual_stage(one_that_was_left_does_nothing_when_its_time_comes),
    cmocka_unit_test_on_virtual_stage(an_exception_of_the_body_passes_through),
    cmocka_unit_test_on_virtual_stage(a_cancellation_by_somebody_else_stays_one),
    cmocka_unit_test_on_virtual_stage(a_cancellation_by_both_is_the_other_ones),
    cmocka_unit_test_on_virtual_stage(requests_from_before_the_entry_do_not_count),
    cmocka_unit_test_on_virtual_stage(a_second_cancellation_inside_of_one_stays_one),
    cmocka_unit_test_on_virtual_stage(a_body_that_returns_all_the_same_is_not_held_up),
    cmocka_unit_test_on_virtual_stage(a_task_that_timed_out_has_failed_and_was_not_cancelled),
    cmocka_unit_test_on_virtual_stage(its_cause_is_the_cancellation),
    cmocka_unit_test_on_virtual_stage(another_exception_gets_timeout_error_into_its_chain),
    cmocka_unit_test_on_virtual_stage(it_is_put_before_the_cancellation_wherever_that_is_in_the_chain),
    cmocka_unit_test_on_virtual_stage(members_of_an_exception_group_get_it_too),
    cmocka_unit_test_on_virtual_stage(of_two_that_are_up_at_once_the_outer_one_raises),
    cmocka_unit_test_on_stage(the_one_whose_time_comes_first_is_the_one_that_raises),
    cmocka_unit_test_on_stage(after_the_inner_one_the_outer_one_goes_on),
    cmocka_unit_test_on_virtual_stage(cleanup_can_have_one_of_its_own),
};

TT_TEST_MAIN(cases)
