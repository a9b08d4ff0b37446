/* Task groups: where they may be entered, what they refuse, those that keep going. asyncio.TaskGroup of 3.13. */
#include "group_stage.h"

static int cancelling(void)
{
    return (int)tt_task_cancelling(tt_current_task());
}

/* ---------------------------------------------------------------------------------------------------------- creation */

static tt_group *watched;

static int add_too_late(void *arg)
{
    static struct plan never = {.label = "never"};

    if (tt_sleep(TT_SEC(1)) < 0 && tt_catch(&tt_CancelledError)) {
        if (tt_group_spawn(watched, follow, &never) == 0)
            note("added");
        note_and_drop("refused");
        return tt_catch_end();
    }
    (void)arg;
    return 0;
}

static int refuse_after_a_failure(void *arg)
{
    int rc;

    (void)arg;
    watched = tt_group_enter();
    rc = spawn_plan(watched, .sleep_ms = 1, .raise = &tt_ZeroDivisionError);
    if (rc == 0)
        rc = tt_group_spawn(watched, add_too_late, NULL);
    rc = tt_group_exit(watched, rc);
    note("%d", rc);
    return note_outcome("raised");
}

static void after_a_failure_it_takes_no_more_tasks(void **state)
{
    (void)state;
    assert_true(stage_run(refuse_after_a_failure, NULL));
    expect_notes("refused: RuntimeError('TaskGroup <TaskGroup tasks=1 errors=1 cancelling> is shutting down')", "-1",
                 "raised: [ZeroDivisionError()]");
}

static void drop(void *arg)
{
    note("dropped %s", (char *)arg);
}

static int add_when_finished(void *arg)
{
    const struct tt_task_options options = {.drop = drop};
    tt_group *group = tt_group_enter();
    int rc = tt_group_exit(group, 0);

    (void)arg;
    note("%d", tt_group_spawn_with(group, follow, "arg", &options));
    note_and_drop("finished");
    note("%d", tt_group_create_task_copy(group, follow, "copy", 5, NULL) != NULL);
    note_and_drop("finished");
    return rc;
}

static void one_that_is_finished_refuses_and_drops_arguments(void **state)
{
    (void)state;
    assert_true(stage_run(add_when_finished, NULL));
    expect_notes("dropped arg", "-1", "finished: RuntimeError('TaskGroup <TaskGroup entered> is finished')", "0",
                 "finished: RuntimeError('TaskGroup <TaskGroup entered> is finished')");
}

static int create_in_every_way(void *arg)
{
    const struct tt_task_options options = {.name = "with"};
    struct plan plan = {.label = "copied"};
    tt_group *group = tt_group_enter();
    tt_task *named = tt_group_create_task_named(group, follow, &plan, "yolo");
    tt_task *with = tt_group_create_task_with(group, follow, &plan, &options);
    tt_task *copy = tt_group_create_task_copy(group, follow, &plan, sizeof plan, &options);
    char repr[256];
    int rc = tt_group_spawn_with(group, follow, &plan, &options);

    (void)arg;
    note("%s %s %s", tt_task_name(named), tt_task_name(with), tt_task_name(copy));
    tt_future_repr(named, repr, sizeof repr);
    note("%d", strstr(repr, "cb=[TaskGroup._on_task_done()]") != NULL);
    rc = tt_group_exit(group, rc);
    tt_task_unref(named);
    tt_task_unref(with);
    tt_task_unref(copy);
    return rc;
}

static void tasks_are_created_in_it_as_they_are_without(void **state)
{
    (void)state;
    assert_true(stage_run(create_in_every_way, NULL));
    expect_notes("yolo with with", "1", "copied returns", "copied returns", "copied returns", "copied returns");
}

/* ------------------------------------------------------------------------------------------------------- keeping going */

static int note_failure(tt_task *task, tt_exc *exc, void *arg)
{
    char repr[64];

    tt_exc_repr(exc, repr, sizeof repr);
    note("%s: %s of %s", (char *)arg, repr, tt_task_name(task));
    return strcmp(tt_exc_message(exc), "bad") == 0 ? tt_raise(&tt_KeyError, "callback") : 0;
}

static int keep_going_line;

static int keep_going(void *arg)
{
    tt_group *group = tt_group_enter_keep_going(note_failure, "failed");
    struct plan first = {.label = "first", .sleep_ms = 10, .raise = &tt_ValueError}, second = first;
    tt_task *task = tt_group_create_task_named(group, follow, &first, "one");
    int rc;

    (void)arg;
    keep_going_line = __LINE__ - 6;
    second.label = "bad";
    rc = tt_group_spawn_with(group, follow, &second, (&(struct tt_task_options){.name = "two"}));
    if (rc == 0)
        rc = spawn_plan(group, .label = "other", .sleep_ms = 1000);
    rc = tt_sleep(TT_MSEC(100));
    rc = tt_group_exit(group, rc);
    tt_task_unref(task);
    note("%d cancelling %d", rc, cancelling());
    return rc;
}

static void one_that_keeps_going_hands_failures_over_and_lets_the_others_live(void **state)
{
    char place[256];

    (void)state;
    assert_true(stage_run(keep_going, NULL));
    snprintf(place, sizeof place,
             "handler: Exception in callback note_failure() at tests/runtime/test_group_entry.c:%d [exception, handle, "
             "message] "
             "KeyError('callback')",
             keep_going_line);
    expect_notes("failed: ValueError('first') of one", "failed: ValueError('bad') of two", place, "other returns",
                 "0 cancelling 0");
}

static int keep_going_until_the_body_fails(void *arg)
{
    tt_group *group = tt_group_enter_keep_going(note_failure, "failed");
    int rc = spawn_plan(group, .label = "other", .sleep_ms = 1000);

    (void)arg;
    if (rc == 0)
        rc = tt_sleep(0);
    if (rc == 0)
        rc = tt_raise(&tt_ValueError, "body");
    rc = tt_group_exit(group, rc);
    note("%d", rc);
    return note_outcome("raised");
}

static void what_its_body_raises_ends_it_all_the_same(void **state)
{
    (void)state;
    assert_true(stage_run(keep_going_until_the_body_fails, NULL));
    expect_notes("other cancelled", "-1", "raised: [ValueError('body')]");
}

/* ----------------------------------------------------------------------------------------------------- where it may be */

static int enter_in_callback(void *arg)
{
    (void)arg;
    note("%d", tt_group_enter() != NULL);
    return note_and_drop("callback");
}

static int enter_while_one_is_pending(void *arg)
{
    const struct tt_task_options options = {.drop = drop};
    tt_group *group;
    tt_task *task;
    char repr[16];
    int rc = tt_raise(&tt_ValueError, "mine");

    (void)arg;
    group = tt_group_enter();
    task = tt_group_create_task_with(group, follow, "arg", &options);
    tt_group_repr(group, repr, sizeof repr);
    note("%d %d %s", group != NULL, task != NULL, repr);
    return tt_group_exit(group, rc);
}

static int leave_with_a_code(void *arg)
{
    (void)arg;
    return tt_group_exit(tt_group_enter(), -3);
}

static void it_needs_a_task_and_nothing_pending(void **state)
{
    (void)state;
    note("%d", tt_group_enter() != NULL);
    note_and_drop("no loop");
    assert_int_equal(tt_loop_call_soon(stage_loop, enter_in_callback, NULL, NULL), 0);
    stage_turns(1);
    expect_notes("0", "no loop: RuntimeError('no running event loop')", "0",
                 "callback: RuntimeError('TaskGroup <TaskGroup> cannot determine the parent task')");
    stage_run(enter_while_one_is_pending, NULL);
    expect_notes("dropped arg", "0 0 None", "main: ValueError('mine')");
    note("%d", stage_run(leave_with_a_code, NULL));
    stage_forget_notes();
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test_on_virtual_stage(after_a_failure_it_takes_no_more_tasks),
    cmocka_unit_test_on_virtual_stage(one_that_is_finished_refuses_and_drops_arguments),
    cmocka_unit_test_on_virtual_stage(tasks_are_created_in_it_as_they_are_without),
    cmocka_unit_test_on_virtual_stage(one_that_keeps_going_hands_failures_over_and_lets_the_others_live),
    cmocka_unit_test_on_virtual_stage(what_its_body_raises_ends_it_all_the_same),
    cmocka_unit_test_on_virtual_stage(it_needs_a_task_and_nothing_pending),
};

TT_TEST_MAIN(cases)
