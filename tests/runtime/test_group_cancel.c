/* Task groups that are cancelled from outside, that an interrupt ends, that nest. asyncio.TaskGroup of 3.13. */
#include "group_stage.h"

static TT_EXC_TYPE(MyExc, tt_Exception);

/* Runs BODY as a task and cancels it after 100 ms; notes what came of it. */
static int cancel_in_time(tt_coro_fn *body)
{
    tt_task *task = tt_create_task_at(TT_SITE_HERE("body"), body, NULL, NULL);
    int rc = tt_sleep(TT_MSEC(100));

    note("done %d", tt_task_done(task));
    tt_task_cancel(task, "outside");
    if (rc == 0 && tt_await(task) == 0)
        note("returned");
    note("cancelled %d", tt_task_cancelled(task));
    tt_task_unref(task);
    return note_outcome("task");
}

static int cancelling(void)
{
    return (int)tt_task_cancelling(tt_current_task());
}

/* -------------------------------------------------------------------------------------- KeyboardInterrupt, SystemExit */

static int interrupt_in_the_body(void *arg)
{
    tt_group *group = tt_group_enter();
    int rc = spawn_plan(group, .label = "child", .sleep_ms = 100, .raise = &tt_ZeroDivisionError);

    (void)arg;
    if (rc == 0)
        rc = tt_sleep(TT_SEC(10));
    if (rc < 0 && tt_catch(&tt_CancelledError)) {
        tt_raise(&tt_KeyboardInterrupt, NULL);
        rc = tt_catch_end();
    }
    rc = tt_group_exit(group, rc);
    note("%d", rc);
    return note_outcome("raised");
}

#define SUPPRESSED                                                                                            \
    "handler: TaskGroup task exception was not propagated because the TaskGroup body is being closed with a " \
    "BaseException [exception, message, task_group] "

static void one_of_the_body_is_raised_bare_and_the_failures_are_reported(void **state)
{
    (void)state;
    assert_true(stage_run(interrupt_in_the_body, NULL));
    expect_notes(SUPPRESSED "ZeroDivisionError('child')", "-1", "raised: KeyboardInterrupt()");
}

static int exit_in_a_task(void *arg)
{
    tt_group *group = tt_group_enter();
    int rc = spawn_plan(group, .sleep_ms = 10, .raise = &tt_SystemExit);

    (void)arg;
    if (rc == 0)
        rc = spawn_plan(group, .label = "other", .sleep_ms = 1000, .on_cancel = &tt_ValueError);
    rc = tt_group_exit(group, rc);
    note("%d", rc);
    return note_outcome("raised");
}

static void one_of_a_task_leaves_the_loop_and_then_the_group(void **state)
{
    const struct tt_task_options options = {.loop = stage_loop, .name = "main"};
    tt_task *task = tt_create_task_with(exit_in_a_task, NULL, &options);

    (void)state;
    assert_int_equal(tt_loop_run_until_complete(stage_loop, task), -1);
    note_and_drop("run");
    assert_int_equal(tt_loop_run_until_complete(stage_loop, task), 0);
    tt_task_unref(task);
    expect_notes("run: SystemExit()", "other cancelled", SUPPRESSED "ValueError('other')", "-1",
                 "raised: SystemExit()");
}

/* --------------------------------------------------------------------------------------------- cancelled from outside */

static int wait_for_five(void *arg)
{
    tt_group *group = tt_group_enter();
    int rc = 0;

    (void)arg;
    for (int i = 0; i < 5 && rc == 0; i++)
        rc = spawn_plan(group, .label = "child", .sleep_ms = 5000);
    rc = tt_group_exit(group, rc);
    note("cancelling %d", cancelling());
    return rc;
}

static int sleep_beside_two(void *arg)
{
    tt_group *group = tt_group_enter();
    int rc = 0;

    (void)arg;
    for (int i = 0; i < 2 && rc == 0; i++)
        rc = spawn_plan(group, .label = "child", .sleep_ms = 5000);
    rc = tt_sleep(TT_SEC(10));
    note_pending("body");
    return tt_group_exit(group, rc);
}

static int cancel_while_it_waits(void *arg)
{
    (void)arg;
    return cancel_in_time(wait_for_five) < 0 || cancel_in_time(sleep_beside_two) < 0 ? -1 : 0;
}

static void cancelling_its_task_cancels_all_and_goes_on(void **state)
{
    (void)state;
    assert_true(stage_run(cancel_while_it_waits, NULL));
    expect_notes("done 0", "child cancelled", "child cancelled", "child cancelled", "child cancelled",
                 "child cancelled", "cancelling 1", "cancelled 1", "task: CancelledError('outside')", "done 0",
                 "body: CancelledError('outside')", "child cancelled", "child cancelled", "cancelled 1",
                 "task: CancelledError('outside')");
}

static int fail_in_cleanup_of_two(void *arg)
{
    tt_group *group = tt_group_enter();
    int rc = 0;

    (void)arg;
    for (int i = 0; i < 2 && rc == 0; i++)
        rc = spawn_plan(group, .sleep_ms = 10000, .on_cancel = &tt_ZeroDivisionError);
    rc = tt_group_exit(group, tt_sleep(TT_SEC(10)));
    note("cancelling %d", cancelling());
    return rc;
}

static int raise_when_cancelled(void *arg)
{
    tt_group *group = tt_group_enter();
    int rc = tt_sleep(TT_SEC(10));

    (void)arg;
    if (rc < 0 && tt_catch(&tt_CancelledError)) {
        tt_raise(&MyExc, NULL);
        rc = tt_catch_end();
    }
    return tt_group_exit(group, rc);
}

static int cancel_those_that_fail(void *arg)
{
    (void)arg;
    return cancel_in_time(fail_in_cleanup_of_two) < 0 || cancel_in_time(raise_when_cancelled) < 0 ? -1 : 0;
}

static void failures_in_answer_to_that_are_raised_and_the_count_stays(void **state)
{
    (void)state;
    assert_true(stage_run(cancel_those_that_fail, NULL));
    expect_notes("done 0", "cancelling 1", "cancelled 0", "task: [ZeroDivisionError(), ZeroDivisionError()]", "done 0",
                 "cancelled 0", "task: [MyExc()]");
}

static int handle_the_failure_and_go_on(void *arg)
{
    tt_group *group = tt_group_enter();
    int rc = spawn_plan(group, .sleep_ms = 10000, .on_cancel = &tt_ZeroDivisionError);

    (void)arg;
    rc = tt_group_exit(group, rc);
    note_outcome("group");
    rc = rc < 0 ? tt_sleep(TT_SEC(1)) : 0;
    note_pending("next");
    return rc;
}

static int cancel_one_that_goes_on(void *arg)
{
    (void)arg;
    return cancel_in_time(handle_the_failure_and_go_on);
}

static void when_a_failure_was_raised_in_its_place_the_cancellation_is_due_next(void **state)
{
    (void)state;
    assert_true(stage_run(cancel_one_that_goes_on, NULL));
    expect_notes("done 0", "group: [ZeroDivisionError()]", "next: CancelledError()", "cancelled 1",
                 "task: CancelledError()");
}

static int end_later_than_a_failure(void *arg)
{
    tt_group *group = tt_group_enter();
    int rc = spawn_plan(group, .label = "soon", .sleep_ms = 300, .raise = &tt_ZeroDivisionError);

    (void)arg;
    if (rc == 0)
        rc = tt_sleep(TT_SEC(10));
    tt_cleanup_begin();
    if (tt_sleep(TT_MSEC(500)) < 0) /* the group asks, too */
        note_and_drop("cleanup");
    rc = tt_cleanup_end();
    return tt_group_exit(group, rc);
}

static int await_a_task_with_a_group(void *arg)
{
    tt_task *task = tt_create_task(end_later_than_a_failure, arg);
    int rc = tt_await(task);

    tt_task_unref(task);
    return rc;
}

static int cancel_before_a_failure(void *arg)
{
    (void)arg;
    return cancel_in_time(end_later_than_a_failure) < 0 || cancel_in_time(await_a_task_with_a_group) < 0 ? -1 : 0;
}

static void a_failure_after_the_cancellation_wins(void **state)
{
    (void)state;
    assert_true(stage_run(cancel_before_a_failure, NULL));
    expect_notes("done 0", "cleanup: CancelledError()", "cancelled 0", "task: [ZeroDivisionError('soon')]", "done 0",
                 "cleanup: CancelledError()", "cancelled 0", "task: [ZeroDivisionError('soon')]");
}

static int wait_for_a_slow_one(void *arg)
{
    tt_group *group = tt_group_enter();
    int rc = spawn_plan(group, .label = "slow", .sleep_ms = 10000, .cleanup_ms = 1000);

    (void)arg;
    rc = tt_group_exit(group, rc);
    note("left after %lld ms, cancelling %d", (long long)(tt_loop_time(stage_loop) / 1000000), cancelling());
    return rc;
}

static int cancel_again_and_again(void *arg)
{
    tt_task *task = tt_create_task(wait_for_a_slow_one, arg);
    int rc = 0;

    for (int i = 0; i < 5 && rc == 0; i++) {
        rc = tt_sleep(TT_MSEC(100));
        tt_task_cancel(task, NULL);
    }
    note("done %d", tt_task_done(task));
    rc = tt_await(task);
    tt_task_unref(task);
    note("%d", rc);
    return note_outcome("task");
}

static void being_cancelled_repeatedly_it_waits_all_the_same(void **state)
{
    (void)state;
    assert_true(stage_run(cancel_again_and_again, NULL));
    expect_notes("slow cancelled", "done 0", "slow cleaned up", "left after 1100 ms, cancelling 5", "-1",
                 "task: CancelledError()");
}

static int cancel_self_in_a_group(void *arg)
{
    tt_group *group = tt_group_enter();
    int rc = spawn_plan(group, .sleep_ms = 0, .raise = &tt_ValueError);

    (void)arg;
    tt_task_cancel(tt_current_task(), NULL); /* before the failure of the task */
    note("cancelling %d", cancelling());
    rc = tt_group_exit(group, rc);
    note("%d cancelling %d", rc, cancelling());
    note_outcome("raised");
    return tt_sleep(0); /* and is due still */
}

static void a_request_from_outside_outlives_the_groups_own(void **state)
{
    (void)state;
    stage_run(cancel_self_in_a_group, NULL);
    expect_notes("cancelling 1", "-1 cancelling 1", "raised: CancelledError()");
}

/* ---------------------------------------------------------------------------------------------------------- nesting */

static int fail_in_the_outer(void *arg)
{
    tt_group *outer = tt_group_enter(), *inner;
    int rc = spawn_plan(outer, .label = "outer", .sleep_ms = 100, .raise = &tt_ValueError);

    (void)arg;
    inner = tt_group_enter();
    if (rc == 0)
        rc = spawn_plan(inner, .label = "inner", .sleep_ms = 10000, .raise = &tt_KeyError);
    rc = tt_group_exit(inner, rc);
    note_pending("between");
    rc = tt_group_exit(outer, rc);
    note("%d cancelling %d", rc, cancelling());
    return note_outcome("raised");
}

static int fail_in_the_inner(void *arg)
{
    tt_group *outer = tt_group_enter(), *inner;
    int rc = spawn_plan(outer, .label = "outer", .sleep_ms = 10000, .raise = &tt_ValueError);

    (void)arg;
    inner = tt_group_enter();
    if (rc == 0)
        rc = spawn_plan(inner, .label = "inner", .sleep_ms = 100, .raise = &tt_KeyError);
    rc = tt_group_exit(outer, tt_group_exit(inner, rc));
    note("%d cancelling %d", rc, cancelling());
    return note_outcome("raised");
}

static void a_failure_in_either_of_two_nested_ones_ends_both(void **state)
{
    (void)state;
    assert_true(stage_run(fail_in_the_outer, NULL));
    expect_notes("inner cancelled", "between: CancelledError()", "-1 cancelling 0", "raised: [ValueError('outer')]");
    assert_true(stage_run(fail_in_the_inner, NULL));
    expect_notes("outer cancelled", "-1 cancelling 0", "raised: [[KeyError('inner')]]");
}

static int nest_and_fail_in_cleanup(void *arg)
{
    tt_group *outer = tt_group_enter(), *inner;
    int rc = spawn_plan(outer, .label = "outer", .sleep_ms = 10000);

    (void)arg;
    inner = tt_group_enter();
    for (int i = 0; i < 2 && rc == 0; i++)
        rc = spawn_plan(inner, .sleep_ms = 10000, .on_cancel = &tt_ZeroDivisionError);
    rc = tt_sleep(TT_SEC(10));
    return tt_group_exit(outer, tt_group_exit(inner, rc));
}

static int nest_two_empty_ones(void *arg)
{
    tt_group *outer = tt_group_enter(), *inner = tt_group_enter();
    int rc = tt_sleep(TT_SEC(10));

    (void)arg;
    note_pending("body");
    return tt_group_exit(outer, tt_group_exit(inner, rc));
}

static int cancel_nested_ones(void *arg)
{
    (void)arg;
    return cancel_in_time(nest_and_fail_in_cleanup) < 0 || cancel_in_time(nest_two_empty_ones) < 0 ? -1 : 0;
}

static void cancelling_from_outside_goes_through_all_of_them(void **state)
{
    (void)state;
    assert_true(stage_run(cancel_nested_ones, NULL));
    expect_notes("done 0", "outer cancelled", "cancelled 0", "task: [[ZeroDivisionError(), ZeroDivisionError()]]",
                 "done 0", "body: CancelledError('outside')", "cancelled 1", "task: CancelledError('outside')");
}

/* The inner one cannot end before the outer one's task has failed. */
static int fail_in_both(void *arg)
{
    tt_group *outer = tt_group_enter(), *inner;
    int rc = spawn_plan(outer, .label = "outer", .sleep_ms = 0, .raise = &tt_ValueError);

    (void)arg;
    inner = tt_group_enter();
    if (rc == 0)
        rc = spawn_plan(inner, .label = "inner", .sleep_ms = 0, .raise = &tt_KeyError);
    rc = tt_group_exit(inner, tt_sleep(TT_SEC(1)));
    note("between: %d cancelling %d", rc, cancelling());
    rc = tt_group_exit(outer, rc);
    note("%d cancelling %d", rc, cancelling());
    return note_outcome("raised");
}

static void when_both_cancel_their_task_the_count_is_kept(void **state)
{
    (void)state;
    assert_true(stage_run(fail_in_both, NULL));
    expect_notes("between: -1 cancelling 1", "-1 cancelling 0", "raised: [ValueError('outer'), [KeyError('inner')]]");
}

static int time_out_around(void *arg)
{
    tt_timeout *timeout = tt_timeout_enter(TT_MSEC(100));
    tt_group *group = tt_group_enter();
    int rc = spawn_plan(group, .label = "child", .sleep_ms = 10000);

    (void)arg;
    rc = tt_timeout_exit(timeout, tt_group_exit(group, rc));
    note("%d cancelling %d", rc, cancelling());
    return note_outcome("raised");
}

static void a_timeout_around_it_cancels_all_and_raises_timeout_error(void **state)
{
    (void)state;
    assert_true(stage_run(time_out_around, NULL));
    expect_notes("child cancelled", "-1 cancelling 0", "raised: TimeoutError()");
}

/* --------------------------------------------------------------------------------------------------- what is shown */

static void show_message_7(void *arg)
{
    tt_loop_set_exception_handler(stage_loop, NULL, NULL);
    stage_run(interrupt_in_the_body, arg);
}

static void the_default_handler_shows_the_group(void **state)
{
    char text[2048];

    (void)state;
    stage_in_child(show_message_7, NULL, text, sizeof text);
    assert_non_null(strstr(text, "is being closed with a BaseException\n"
                                 "task_group: <TaskGroup errors=1 cancelling>\n"
                                 "Traceback (most recent call last):\n"));
    assert_non_null(strstr(text, "\nZeroDivisionError: child\n"));
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test_on_virtual_stage(one_of_the_body_is_raised_bare_and_the_failures_are_reported),
    cmocka_unit_test_on_virtual_stage(one_of_a_task_leaves_the_loop_and_then_the_group),
    cmocka_unit_test_on_virtual_stage(cancelling_its_task_cancels_all_and_goes_on),
    cmocka_unit_test_on_virtual_stage(failures_in_answer_to_that_are_raised_and_the_count_stays),
    cmocka_unit_test_on_virtual_stage(a_failure_after_the_cancellation_wins),
    cmocka_unit_test_on_virtual_stage(when_a_failure_was_raised_in_its_place_the_cancellation_is_due_next),
    cmocka_unit_test_on_virtual_stage(being_cancelled_repeatedly_it_waits_all_the_same),
    cmocka_unit_test_on_virtual_stage(a_request_from_outside_outlives_the_groups_own),
    cmocka_unit_test_on_virtual_stage(a_failure_in_either_of_two_nested_ones_ends_both),
    cmocka_unit_test_on_virtual_stage(cancelling_from_outside_goes_through_all_of_them),
    cmocka_unit_test_on_virtual_stage(when_both_cancel_their_task_the_count_is_kept),
    cmocka_unit_test_on_virtual_stage(a_timeout_around_it_cancels_all_and_raises_timeout_error),
    cmocka_unit_test_on_virtual_stage(the_default_handler_shows_the_group),
};

TT_TEST_MAIN(cases)
