/* Eager tasks in task groups: one that is done when it was created is the group's until its turn comes, whatever it ended
 * with. asyncio.taskgroups of 3.13 with the eager task factory. */
#include "group_stage.h"

static const struct tt_task_options eager = {.eager_start = true};

static void note_group(const char *label, const tt_group *group)
{
    char repr[96];

    tt_group_repr(group, repr, sizeof repr);
    note("%s: %s", label, repr);
}

static int return_hello(void *arg)
{
    (void)arg;
    return tt_return("hello", NULL);
}

static int fails(void *arg)
{
    (void)arg;
    return tt_raise(&tt_ValueError, "eager");
}

/* ----------------------------------------------------------------------------------------------- done at creation */

static int create_one_that_returns(void *arg)
{
    tt_group *group = tt_group_enter();
    tt_task *task = tt_group_create_task_with(group, return_hello, NULL, &eager);
    void *value = NULL;
    int rc;

    (void)arg;
    note("done %d", tt_future_done(task));
    note_group("created", group);
    rc = tt_sleep(0);
    note_group("a turn later", group);
    rc = tt_group_exit(group, rc);
    if (rc == 0 && tt_future_result(task, &value) == 0)
        note("%s", (const char *)value);
    tt_future_unref(task);
    return rc;
}

static void one_that_is_done_leaves_the_group_in_the_next_turn(void **state)
{
    (void)state;
    assert_true(stage_run(create_one_that_returns, NULL));
    expect_notes("done 1", "created: <TaskGroup tasks=1 entered>", "a turn later: <TaskGroup entered>", "hello");
}

static int spawn_one_that_fails(void *arg)
{
    tt_group *group = tt_group_enter();
    int rc = tt_group_spawn_with(group, fails, NULL, &eager);

    note_group("created", group);
    note("cancelling %u", tt_task_cancelling(tt_current_task())); /* nothing has happened yet, */
    if (rc == 0 && arg)
        rc = tt_sleep(TT_SEC(1000)); /* and now it does */
    if (rc < 0)
        note_pending("body");
    rc = tt_group_exit(group, rc);
    note("exit %d", rc);
    note_outcome("raised");
    note("cancelling %u", tt_task_cancelling(tt_current_task()));
    return tt_sleep(0); /* nothing of it is left for later */
}

static void one_that_failed_ends_the_group_when_the_body_suspends_next(void **state)
{
    (void)state;
    assert_true(stage_run(spawn_one_that_fails, "suspends"));
    expect_notes("created: <TaskGroup tasks=1 entered>", "cancelling 0", "body: CancelledError()", "exit -1",
                 "raised: [ValueError('eager')]", "cancelling 0");
    assert_int_equal(tt_loop_time(stage_loop), 0);
}

static void one_that_failed_ends_the_group_in_its_exit_when_the_body_does_not_suspend(void **state)
{
    (void)state;
    assert_true(stage_run(spawn_one_that_fails, NULL));
    expect_notes("created: <TaskGroup tasks=1 entered>", "cancelling 0", "exit -1", "raised: [ValueError('eager')]",
                 "cancelling 0");
}

/* -------------------------------------------------------------------------------------------- created by another one */

static int create_one_that_fails(void *group)
{
    int rc = tt_group_spawn(group, fails, NULL);

    for (int i = 0; i < 2 && rc == 0; i++)
        rc = tt_sleep(0);
    note_pending("second task");
    return rc;
}

static int create_creator(void *arg)
{
    tt_group *group = tt_group_enter();

    (void)arg;
    if (tt_group_spawn(group, create_one_that_fails, group) < 0)
        note_pending("spawn");
    if (tt_group_exit(group, tt_exc_pending() ? -1 : 0) < 0)
        note_outcome("raised");
    return 0;
}

/* The creator is not the group's yet when what it creates fails. */
static void one_that_creates_a_failing_one_in_its_first_step_is_cancelled(void **state)
{
    (void)state;
    for (int is_eager = 0; is_eager < 2; is_eager++) {
        tt_loop_set_eager_tasks(stage_loop, is_eager);
        assert_true(stage_run(create_creator, NULL));
        expect_notes("second task: CancelledError()", "raised: [ValueError('eager')]");
    }
}

static int interrupt(void *arg)
{
    (void)arg;
    return tt_raise(&tt_KeyboardInterrupt, NULL);
}

static int create_one_that_interrupts(void *arg)
{
    static const struct tt_task_options interrupts = {.eager_start = true, .name = "interrupts"};
    tt_group *group = tt_group_enter();

    (void)arg;
    if (tt_group_spawn_with(group, interrupt, NULL, &interrupts) < 0)
        note_pending("spawn");
    note_group("interrupted", group);
    note("exit %d", tt_group_exit(group, -1));
    return note_outcome("raised");
}

/* It comes out of the creation, as any other exception of the body would. */
static void an_interrupt_in_the_first_step_is_the_bodys(void **state)
{
    (void)state;
    assert_true(stage_run(create_one_that_interrupts, NULL));
    expect_notes(
        "handler: Task exception was never retrieved [exception, future, message] KeyboardInterrupt() of interrupts",
        "spawn: KeyboardInterrupt()", "interrupted: <TaskGroup entered>", "exit -1", "raised: KeyboardInterrupt()");
}

/* --------------------------------------------------------------------------------------------------------- recursion */

enum { WIDTH = 5, DEPTH = 4 };

static struct {
    int created, begun, begun_at_creation;
} counts;

static int recurse(void *arg)
{
    intptr_t depth = (intptr_t)arg;
    tt_group *group;
    int rc = 0;

    counts.begun++;
    if (depth == 0)
        return 0;
    group = tt_group_enter();
    for (int i = 0; i < WIDTH && rc == 0; i++) {
        int begun = counts.begun;

        rc = tt_group_spawn(group, recurse, (void *)(depth - 1));
        counts.created++;
        counts.begun_at_creation += counts.begun > begun;
    }
    return tt_group_exit(group, rc);
}

static void groups_of_groups_begin_all_tasks_as_they_are_created(void **state)
{
    const int tasks = 5 + 25 + 125 + 625;

    (void)state;
    for (int is_eager = 0; is_eager < 2; is_eager++) {
        memset(&counts, 0, sizeof counts);
        tt_loop_set_eager_tasks(stage_loop, is_eager);
        assert_true(stage_run(recurse, (void *)(intptr_t)DEPTH));
        assert_int_equal(counts.created, tasks);
        assert_int_equal(counts.begun, 1 + tasks);
        assert_int_equal(counts.begun_at_creation, is_eager ? tasks : 0);
    }
    expect_no_notes();
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test_on_virtual_stage(one_that_is_done_leaves_the_group_in_the_next_turn),
    cmocka_unit_test_on_virtual_stage(one_that_failed_ends_the_group_when_the_body_suspends_next),
    cmocka_unit_test_on_virtual_stage(one_that_failed_ends_the_group_in_its_exit_when_the_body_does_not_suspend),
    cmocka_unit_test_on_virtual_stage(one_that_creates_a_failing_one_in_its_first_step_is_cancelled),
    cmocka_unit_test_on_virtual_stage(an_interrupt_in_the_first_step_is_the_bodys),
    cmocka_unit_test_on_virtual_stage(groups_of_groups_begin_all_tasks_as_they_are_created),
};

TT_TEST_MAIN(cases)
