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
    tt_timeout *outer = tt_timeout_enter(TT_MSEC(2)), *inner = tt_timeout_enter(TT_MSEC(100));
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
    tt_timeout *outer = tt_timeout_enter(TT_MSEC(100)), *inner = tt_timeout_enter(TT_MSEC(10));
    int64_t until_ns = tt_loop_time(stage_loop) + TT_MSEC(50);
    int rc;

    (void)arg;
    while (tt_loop_time(stage_loop) < until_ns)
        ;
    rc = tt_timeout_exit(inner, tt_sleep(TT_SEC(1)));
    note_and_drop("inner");
    rc = tt_sleep(TT_SEC(10));
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

/* ------------------------------------------------------------------------------------------------------- the deadline */

static tt_timeout *shared;

static int share_and_sleep(void *arg)
{
    int rc;

    (void)arg;
    shared = tt_timeout_enter(TT_SEC(10));
    rc = tt_sleep(TT_SEC(50));
    return note_exit("left", shared, tt_timeout_exit(shared, rc));
}

static int reschedule_from_outside(void *arg)
{
    tt_task *task = tt_create_task(share_and_sleep, arg);
    int64_t now_ns = tt_loop_time(stage_loop);
    int rc = tt_sleep(0);

    note("%d", tt_timeout_when(shared) == now_ns + TT_SEC(10));
    if (rc < 0 || tt_timeout_reschedule(shared, now_ns + TT_SEC(30)) < 0)
        return -1;
    note("%d", tt_timeout_when(shared) == now_ns + TT_SEC(30));
    if (tt_sleep(TT_SEC(20)) < 0 || tt_timeout_reschedule(shared, TT_NEVER) < 0)
        return -1;
    note("%d done %d", tt_timeout_when(shared) == TT_NEVER, tt_task_done(task));
    tt_task_cancel(task, NULL);
    rc = tt_await(task);
    tt_task_unref(task);
    return rc;
}

static void a_deadline_can_be_moved_and_taken_away_from_outside(void **state)
{
    (void)state;
    stage_run(reschedule_from_outside, NULL);
    expect_notes("1", "1", "1 done 0", "left: -1 <Timeout [finished]>", "main: CancelledError()");
}

static int reschedule_into_the_past(void *arg)
{
    tt_timeout *timeout = tt_timeout_enter(TT_NEVER);
    int rc = tt_timeout_reschedule(timeout, tt_loop_time(stage_loop));

    (void)arg;
    if (rc < 0)
        return -1;
    rc = tt_timeout_reschedule(timeout, tt_loop_time(stage_loop) - 1); /* once more: it is up once */
    if (rc == 0)
        rc = tt_sleep(TT_SEC(1));
    rc = note_exit("left", timeout, tt_timeout_exit(timeout, rc));
    note("time %lld, cancelling %u", (long long)tt_loop_time(stage_loop), tt_task_cancelling(tt_current_task()));
    return rc;
}

static void one_that_gets_a_deadline_in_the_past_is_up_in_the_next_turn(void **state)
{
    (void)state;
    stage_run(reschedule_into_the_past, NULL);
    expect_notes("left: -1 <Timeout [expired]> expired", "time 0, cancelling 0", "main: TimeoutError()");
}

static int reschedule_too_late(void *arg)
{
    char repr[64];
    tt_timeout *timeout = tt_timeout_enter(TT_SEC(1));
    int rc = tt_timeout_exit(timeout, 0);

    (void)arg;
    (void)!tt_timeout_reschedule(timeout, TT_SEC(1));
    note_and_drop("finished");
    timeout = tt_timeout_enter(0);
    if (rc == 0 && tt_sleep(TT_SEC(1)) == 0)
        note("unexpected");
    tt_cleanup_begin();
    tt_timeout_repr(timeout, repr, sizeof repr);
    note("%s %d", repr, tt_timeout_expired(timeout));
    (void)!tt_timeout_reschedule(timeout, TT_SEC(1));
    note_and_drop("expiring");
    rc = tt_timeout_exit(timeout, tt_cleanup_end());
    note_and_drop("left");
    (void)!tt_timeout_reschedule(timeout, TT_SEC(1));
    note_and_drop("expired");
    return 0;
}

static void a_deadline_cannot_be_moved_once_it_has_come_or_the_body_is_over(void **state)
{
    (void)state;
    assert_true(stage_run(reschedule_too_late, NULL));
    expect_notes("finished: RuntimeError('Cannot change state of finished Timeout')", "<Timeout [expiring]> 1",
                 "expiring: RuntimeError('Cannot change state of expiring Timeout')", "left: TimeoutError()",
                 "expired: RuntimeError('Cannot change state of expired Timeout')");
}

static int show_reprs(void *arg)
{
    static const int64_t whens_ns[] = {TT_SEC(12) + TT_MSEC(500), TT_SEC(3), TT_MSEC(125), TT_SEC(100), TT_NEVER,
                                       TT_SEC(1) + 700000};
    char repr[64];

    (void)arg;
    for (size_t i = 0; i < sizeof whens_ns / sizeof whens_ns[0]; i++) {
        tt_timeout *timeout = tt_timeout_enter_at(whens_ns[i]);

        note("%d", tt_timeout_repr(timeout, repr, sizeof repr) == (int)strlen(repr));
        note("%s", repr);
        if (tt_timeout_exit(timeout, 0) < 0)
            return -1;
    }
    return 0;
}

static void an_active_one_shows_its_deadline_as_python_rounds_it(void **state)
{
    (void)state;
    assert_true(stage_run(show_reprs, NULL));
    expect_notes("1", "<Timeout [active] when=12.5>", "1", "<Timeout [active] when=3.0>", "1",
                 "<Timeout [active] when=0.125>", "1", "<Timeout [active] when=100.0>", "1",
                 "<Timeout [active] when=None>", "1", "<Timeout [active] when=1.001>");
}

/* ----------------------------------------------------------------------------------------------------- where it may be */

static int enter_in_callback(void *arg)
{
    (void)arg;
    note("%d", tt_timeout_enter(0) != NULL);
    return note_and_drop("callback");
}

static int enter_while_one_is_pending(void *arg)
{
    tt_timeout *timeout;
    int rc = tt_raise(&tt_ValueError, "mine");

    (void)arg;
    timeout = tt_timeout_enter(0);
    note("%d", timeout != NULL);
    rc = tt_timeout_exit(timeout, rc);
    note("%d %d", rc, tt_timeout_expired(timeout));
    return tt_with_timeout(0, enter_in_callback, NULL);
}

static void it_needs_a_task_and_nothing_pending(void **state)
{
    (void)state;
    note("%d", tt_timeout_enter(0) != NULL);
    note_and_drop("no loop");
    assert_int_equal(tt_timeout_exit(NULL, 7), 7);
    assert_int_equal(tt_loop_call_soon(stage_loop, enter_in_callback, NULL, NULL), 0);
    stage_turns(1);
    expect_notes("0", "no loop: RuntimeError('no running event loop')", "0",
                 "callback: RuntimeError('Timeout should be used inside a task')");
    stage_run(enter_while_one_is_pending, NULL);
    expect_notes("0", "-1 0", "main: ValueError('mine')");
}

static int pass_numbers(void *arg)
{
    tt_timeout *timeout = tt_timeout_enter(TT_SEC(1));
    int rc = tt_timeout_exit(timeout, 42);

    (void)arg;
    note("%d", rc);
    timeout = tt_timeout_enter(TT_SEC(1));
    tt_raise(&tt_ValueError, "ignored");
    rc = tt_timeout_exit(timeout, 0);
    note("%d", rc);
    note_and_drop("ignored");
    timeout = tt_timeout_enter(TT_SEC(1));
    return tt_timeout_exit(timeout, -3);
}

static void what_the_body_returned_and_what_is_pending_agree_afterwards(void **state)
{
    (void)state;
    stage_run(pass_numbers, NULL);
    expect_notes("42", "-1", "ignored: ValueError('ignored')",
                 "main: RuntimeError('the body of a timeout ended with -3 and no exception pending')");
}

static int raise_value(void *arg)
{
    (void)arg;
    return tt_raise(&tt_ValueError, "callback form");
}

static int sleep_long(void *arg)
{
    (void)arg;
    return tt_sleep(TT_SEC(10));
}

static int five(void *arg)
{
    (void)arg;
    return 5;
}

static int call_with_timeouts(void *arg)
{
    (void)arg;
    note("%d", tt_with_timeout(TT_SEC(1), five, NULL));
    note("%d", tt_with_timeout(TT_SEC(1), raise_value, NULL));
    note_and_drop("raised");
    return tt_with_timeout(TT_SEC(1), sleep_long, NULL);
}

static void a_function_can_be_called_inside_of_one(void **state)
{
    (void)state;
    stage_run(call_with_timeouts, NULL);
    expect_notes("5", "-1", "raised: ValueError('callback form')", "main: TimeoutError()");
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
    cmocka_unit_test_on_virtual_stage(a_deadline_can_be_moved_and_taken_away_from_outside),
    cmocka_unit_test_on_virtual_stage(one_that_gets_a_deadline_in_the_past_is_up_in_the_next_turn),
    cmocka_unit_test_on_virtual_stage(a_deadline_cannot_be_moved_once_it_has_come_or_the_body_is_over),
    cmocka_unit_test_on_virtual_stage(an_active_one_shows_its_deadline_as_python_rounds_it),
    cmocka_unit_test_on_virtual_stage(it_needs_a_task_and_nothing_pending),
    cmocka_unit_test_on_virtual_stage(what_the_body_returned_and_what_is_pending_agree_afterwards),
    cmocka_unit_test_on_virtual_stage(a_function_can_be_called_inside_of_one),
};

TT_TEST_MAIN(cases)
