/* What becomes of failures in task groups, and of what timeouts cancel: the catalogue of losses, rows L18 to L21. Each case has
 * two columns: what asyncio's bit does, seen by the handler, and what is told to the trace, from which the ledger's state is
 * derived. */
#include "group_stage.h"

#include "events.h"

static const char *const labels[] = {"main", "a", "b", "c"};

/* From its coroutine on, the running task and those that it makes are known by name. */
static void label(tt_task *task, int number)
{
    events_label(task, labels[number]);
}

static tt_task *add_plan(tt_group *group, int number, const struct plan *plan)
{
    tt_task *task = tt_group_create_task_copy(group, follow, plan, sizeof *plan, NULL);

    label(task, number);
    return task;
}

static void run_heard(tt_coro_fn *fn)
{
    events_begin();
    stage_run(fn, NULL);
    events_end();
}

static void expect_told(const char *lines)
{
    if (!strstr(events_log(), lines))
        print_error("told:\n%s", events_log());
    assert_non_null(strstr(events_log(), lines));
}

static void expect_not_told(const char *text)
{
    if (strstr(events_log(), text))
        print_error("told:\n%s", events_log());
    assert_null(strstr(events_log(), text));
}

/* ------------------------------------------------------------------------------------------ L18: a sibling that hangs */

static char told_before[4096];

static int hang(void *arg)
{
    tt_group *group;
    tt_task *a, *b;
    int rc;

    (void)arg;
    label(tt_current_task(), 0);
    group = tt_group_enter();
    a = add_plan(group, 1, &(struct plan){.label = "a", .sleep_ms = 10, .raise = &tt_ValueError});
    b = add_plan(group, 2, &(struct plan){.sleep_ms = 1000, .cleanup_ms = 60000});
    tt_task_unref(a);
    tt_task_unref(b);
    rc = tt_sleep(TT_MSEC(20));
    tt_cleanup_begin();
    if (tt_sleep(TT_SEC(30)) == 0) /* long after the failure */
        snprintf(told_before, sizeof told_before, "%s", events_log());
    rc = tt_group_exit(group, tt_cleanup_end() < 0 ? -1 : rc);
    note("%d", rc);
    return note_outcome("raised");
}

static void a_failure_beside_a_sibling_that_hangs_is_held_by_the_group_until_its_exit(void **state)
{
    (void)state;
    run_heard(hang);
    /* asyncio: nobody is told before the exit, the bit is clear */
    expect_notes("-1", "raised: [ValueError('a')]");
    /* the ledger: the library has read it, nobody has released it: held; at the exit user code receives it */
    assert_non_null(strstr(told_before, "touched a by=group user=0 how=group\n"));
    assert_null(strstr(told_before, "released a"));
    assert_null(strstr(told_before, "user=1"));
    expect_told("touched a by=task user=1 how=group\n");
    expect_told("released a user=1 library=1 forwards=0 bit=1 closed=0\n");
    expect_not_told("reported");
}

static int let_pass(void *arg)
{
    tt_group *group;
    tt_task *a;

    (void)arg;
    label(tt_current_task(), 0);
    group = tt_group_enter();
    a = add_plan(group, 1, &(struct plan){.label = "a", .raise = &tt_ValueError});
    tt_task_unref(a);
    return tt_group_exit(group, 0);
}

static int let_pass_two(void *arg)
{
    tt_group *outer, *inner;
    tt_task *a, *b;

    (void)arg;
    label(tt_current_task(), 0);
    outer = tt_group_enter();
    a = add_plan(outer, 1, &(struct plan){.label = "a", .sleep_ms = 1000, .on_cancel = &tt_KeyError});
    inner = tt_group_enter();
    b = add_plan(inner, 2, &(struct plan){.label = "b", .sleep_ms = 10, .raise = &tt_ValueError});
    tt_task_unref(a);
    tt_task_unref(b);
    return tt_group_exit(outer, tt_group_exit(inner, 0));
}

static void a_group_that_passes_through_forwards_its_failures_to_the_task(void **state)
{
    (void)state;
    run_heard(let_pass);
    assert_non_null(strstr(stage_notes(), "main: ExceptionGroup("));
    stage_forget_notes();
    expect_told("stored main how=raised handles=1\n");
    expect_told("forwarded a to=main how=group\n");
    run_heard(let_pass_two);
    stage_forget_notes();
    expect_told("forwarded a to=main how=group\n");
    expect_told("forwarded b to=main how=group\n"); /* by way of both groups */
}

static int leave_open(void *arg)
{
    tt_group *group;
    tt_task *a;

    (void)arg;
    label(tt_current_task(), 0);
    group = tt_group_enter();
    a = add_plan(group, 1, &(struct plan){.label = "a", .raise = &tt_ValueError});
    tt_task_unref(a);
    return 0;
}

static void one_that_is_left_open_gives_them_to_no_code_of_the_task(void **state)
{
    (void)state;
    run_heard(leave_open);
    stage_forget_notes();
    expect_told("forwarded a to=main how=group\n");
    expect_told("released a user=0 library=1 forwards=1 bit=1 closed=0\n");
}

static int catch_and_go_on(void *arg)
{
    int rc = let_pass(arg);

    if (rc < 0 && tt_catch(&tt_ExceptionGroup))
        rc = tt_catch_end();
    return rc;
}

static void one_that_is_caught_forwards_nothing(void **state)
{
    (void)state;
    run_heard(catch_and_go_on);
    expect_no_notes();
    expect_not_told("forwarded");
    expect_told("touched a by=task user=1 how=group\n");
}

/* -------------------------------------------------------------------------------- L19: a base exception in their place */

static int interrupt(void *arg)
{
    tt_group *group;
    tt_task *a;
    int rc;

    (void)arg;
    label(tt_current_task(), 0);
    group = tt_group_enter();
    a = add_plan(group, 1, &(struct plan){.label = "a", .sleep_ms = 10, .raise = &tt_ValueError});
    tt_task_unref(a);
    rc = tt_sleep(TT_SEC(1));
    if (rc < 0 && tt_catch(&tt_CancelledError)) {
        tt_raise(&tt_KeyboardInterrupt, NULL);
        rc = tt_catch_end();
    }
    rc = tt_group_exit(group, rc);
    note("%d", rc);
    return note_outcome("raised");
}

static void failures_that_an_interrupt_replaces_are_absorbed_by_the_group(void **state)
{
    (void)state;
    run_heard(interrupt);
    /* asyncio: silent in 3.13; later versions, and we, tell the handler */
    expect_notes(
        "handler: TaskGroup task exception was not propagated because the TaskGroup body is being closed with a "
        "BaseException [exception, message, task_group] ValueError('a')",
        "-1", "raised: KeyboardInterrupt()");
    /* the ledger: only the library has read it, and the last reference is gone: absorbed (group) */
    expect_told("touched a by=group user=0 how=group\n");
    expect_told("reported a\nreleased a user=0 library=1 forwards=0 bit=1 closed=0\n");
    expect_not_told("user=1");
}

/* --------------------------------------------------------------------------- L20: another exception during the cancellation */

static int overrule(void *arg)
{
    tt_task *a =
        tt_create_task_copy(follow, &((struct plan){.label = "a", .sleep_ms = 1000, .on_cancel = &tt_ValueError}),
                            sizeof(struct plan), NULL);
    const tt_exc *context;
    int rc;

    (void)arg;
    label(tt_current_task(), 0);
    label(a, 1);
    rc = tt_wait_for(a, TT_MSEC(10), NULL);
    context = tt_exc_context(tt_exc_pending());
    note("context %d, its cause %d", tt_exc_is(context, &tt_TimeoutError),
         tt_exc_is(tt_exc_cause(context), &tt_CancelledError));
    tt_task_unref(a);
    return rc;
}

static void another_exception_during_wait_for_is_raised_with_the_timeout_in_its_chain(void **state)
{
    (void)state;
    run_heard(overrule);
    /* asyncio: the exception propagates, TimeoutError is in its chain only; the bit is clear */
    expect_notes("a cancelled", "context 1, its cause 1", "main: ValueError('a')");
    /* the ledger: delivered by wait_for, forwarded to the task that let it pass; the timeout asked for the cancellation */
    expect_told("cancel main by=timeout accepted=1 count=1\ncancel a by=awaiter accepted=1 count=1\n");
    expect_told("converted a\nstored a how=raised handles=1\n");
    expect_told("touched a by=task user=1 how=wait_for\n");
    expect_told("uncancelled main 0\n");
    expect_told("forwarded a to=main how=wait_for\n");
}

/* ------------------------------------------------------------------------------------- L21: a cancellation is swallowed */

static int swallow(void *delay)
{
    tt_task *a = tt_create_task_copy(follow, &((struct plan){.label = "a", .sleep_ms = 1000, .swallows = true}),
                                     sizeof(struct plan), NULL);
    int rc;

    label(tt_current_task(), 0);
    label(a, 1);
    rc = tt_sleep(0);
    rc = tt_wait_for(a, delay ? 0 : TT_MSEC(10), NULL);
    note("%d", rc);
    tt_task_unref(a);
    return rc;
}

static void a_task_that_swallows_what_wait_for_asked_is_told(void **state)
{
    (void)state;
    run_heard(swallow);
    /* asyncio: the value is returned, the timeout is invisible */
    expect_notes("a cancelled", "0");
    /* the ledger: the cancellation of a was swallowed */
    expect_told("cancel main by=timeout accepted=1 count=1\ncancel a by=awaiter accepted=1 count=1\ndelivered a "
                "before_start=0\nswallowed a 1\n");
    expect_told("uncancelled main 0\n");
}

/* ------------------------------------------------------------------------------------------------ who asked for what */

static int abort_it(void *arg)
{
    tt_group *group;
    tt_task *a, *b;
    int rc;

    (void)arg;
    label(tt_current_task(), 0);
    group = tt_group_enter();
    a = add_plan(group, 1, &(struct plan){.sleep_ms = 10, .raise = &tt_ValueError});
    b = add_plan(group, 2, &(struct plan){.sleep_ms = 1000});
    tt_task_unref(a);
    tt_task_unref(b);
    rc = tt_sleep(TT_SEC(1));
    rc = tt_group_exit(group, rc);
    return note_outcome("raised");
}

static void a_group_that_is_aborted_is_who_asks_its_tasks_and_its_own(void **state)
{
    (void)state;
    run_heard(abort_it);
    expect_notes("raised: [ValueError()]");
    expect_told("cancel b by=group accepted=1 count=1\ncancel main by=group accepted=1 count=1\n");
    expect_told("uncancelled main 0\n");
}

static int fail_at_the_same_time(void *arg)
{
    tt_group *group;
    tt_task *a;
    int rc;

    (void)arg;
    label(tt_current_task(), 0);
    group = tt_group_enter();
    a = add_plan(group, 1, &(struct plan){.label = "a", .raise = &tt_ValueError});
    rc = tt_await(a);
    note_pending("body");
    tt_task_unref(a);
    rc = tt_group_exit(group, rc);
    note("%d", rc);
    return note_outcome("raised");
}

static void a_task_that_its_parent_awaits_is_delivered_by_the_group_only(void **state)
{
    (void)state;
    run_heard(fail_at_the_same_time);
    expect_notes("body: CancelledError()", "-1", "raised: [ValueError('a')]");
    expect_told("touched a by=group user=0 how=group\n");
    expect_told("touched a by=task user=1 how=group\n");
    expect_not_told("user=1 how=await");
}

static int keep(tt_task *task, tt_exc *exc, void *arg)
{
    (void)task;
    (void)exc;
    (void)arg;
    return 0;
}

static int keep_going(void *arg)
{
    tt_group *group;
    tt_task *a;

    (void)arg;
    label(tt_current_task(), 0);
    group = tt_group_enter_keep_going(keep, NULL);
    a = add_plan(group, 1, &(struct plan){.label = "a", .raise = &tt_ValueError});
    tt_task_unref(a);
    return tt_group_exit(group, 0);
}

static void the_callback_of_one_that_keeps_going_is_user_code(void **state)
{
    (void)state;
    run_heard(keep_going);
    expect_no_notes();
    expect_told("touched a by=group user=1 how=group\nreleased a user=1 library=0 forwards=0 bit=1 closed=0\n");
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test_on_virtual_stage(a_failure_beside_a_sibling_that_hangs_is_held_by_the_group_until_its_exit),
    cmocka_unit_test_on_virtual_stage(a_group_that_passes_through_forwards_its_failures_to_the_task),
    cmocka_unit_test_on_virtual_stage(one_that_is_left_open_gives_them_to_no_code_of_the_task),
    cmocka_unit_test_on_virtual_stage(one_that_is_caught_forwards_nothing),
    cmocka_unit_test_on_virtual_stage(failures_that_an_interrupt_replaces_are_absorbed_by_the_group),
    cmocka_unit_test_on_virtual_stage(another_exception_during_wait_for_is_raised_with_the_timeout_in_its_chain),
    cmocka_unit_test_on_virtual_stage(a_task_that_swallows_what_wait_for_asked_is_told),
    cmocka_unit_test_on_virtual_stage(a_group_that_is_aborted_is_who_asks_its_tasks_and_its_own),
    cmocka_unit_test_on_virtual_stage(a_task_that_its_parent_awaits_is_delivered_by_the_group_only),
    cmocka_unit_test_on_virtual_stage(the_callback_of_one_that_keeps_going_is_user_code),
};

TT_TEST_MAIN(cases)
