/* Timeouts: their deadlines, how they are shown, where they may be entered. asyncio.timeout of 3.13; test_timeout.c has what
 * they make of cancellations. */
#include "stage.h"

/* What is of interest of TIMEOUT, after a body that has been left with RC. */
static int note_exit(const char *label, tt_timeout *timeout, int rc)
{
    char repr[64];

    tt_timeout_repr(timeout, repr, sizeof repr);
    note("%s: %d %s%s", label, rc, repr, tt_timeout_expired(timeout) ? " expired" : "");
    return rc;
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
    cmocka_unit_test_on_virtual_stage(a_deadline_can_be_moved_and_taken_away_from_outside),
    cmocka_unit_test_on_virtual_stage(one_that_gets_a_deadline_in_the_past_is_up_in_the_next_turn),
    cmocka_unit_test_on_virtual_stage(a_deadline_cannot_be_moved_once_it_has_come_or_the_body_is_over),
    cmocka_unit_test_on_virtual_stage(an_active_one_shows_its_deadline_as_python_rounds_it),
    cmocka_unit_test_on_virtual_stage(it_needs_a_task_and_nothing_pending),
    cmocka_unit_test_on_virtual_stage(what_the_body_returned_and_what_is_pending_agree_afterwards),
    cmocka_unit_test_on_virtual_stage(a_function_can_be_called_inside_of_one),
};

TT_TEST_MAIN(cases)
