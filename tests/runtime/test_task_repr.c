/* Names of tasks, and the reprs of futures, tasks and gathers, as asyncio writes them. */
#include "stage.h"

static int say(void *text)
{
    note("%s", (const char *)text);
    return 0;
}

static tt_task *create(tt_coro_fn *fn, void *arg)
{
    const struct tt_task_options options = {.loop = stage_loop, .name = "t"};
    tt_task *task = tt_create_task_with(fn, arg, &options);

    assert_non_null(task);
    return task;
}

/* ------------------------------------------------------------------------------------------------------------ names */

static void default_names_count_and_own_ones_do_not(void **state)
{
    const struct tt_task_options named = {.loop = stage_loop, .name = "own"};
    const struct tt_task_options unnamed = {.loop = stage_loop};
    tt_task *first = tt_create_task_with(say, "x", &unnamed), *own = tt_create_task_with(say, "x", &named);
    tt_task *second = tt_create_task_with(say, "x", &unnamed);
    unsigned number;

    (void)state;
    assert_int_equal(sscanf(tt_task_name(first), "Task-%u", &number), 1);
    assert_string_equal(tt_task_name(own), "own");
    note("%u", number + 1);
    assert_memory_equal(stage_notes(), tt_task_name(second) + strlen("Task-"),
                        strlen(tt_task_name(second)) - strlen("Task-"));
    stage_turns(1);
    tt_task_unref(first);
    tt_task_unref(second);
    tt_task_unref(own);
    stage_forget_notes();
}

static void a_name_can_be_changed_and_is_copied(void **state)
{
    tt_task *task = create(say, "x");
    char name[] = "worker 7";

    (void)state;
    assert_int_equal(tt_task_set_name(task, name), 0);
    name[0] = 'X';
    assert_string_equal(tt_task_name(task), "worker 7");
    assert_int_equal(tt_task_set_name(task, ""), 0);
    assert_string_equal(tt_task_name(task), "");
    stage_turns(1);
    tt_task_unref(task);
    stage_forget_notes();
}

/* ------------------------------------------------------------------------------------------------------------- repr */

static int await_for_repr(void *arg)
{
    return tt_await(arg);
}

static void reprs_are_asyncios_with_the_places_of_c(void **state)
{
    const struct tt_task_options options = {.loop = stage_loop, .name = "it's"};
    tt_future *future = tt_create_future(stage_loop);
    char repr[1024], expected[1024];
    int created = __LINE__ + 1, awaits = created - 9;
    tt_task *task = tt_create_task_with(await_for_repr, future, &options);

    (void)state;
    tt_future_repr(task, repr, sizeof repr);
    snprintf(expected, sizeof expected, "<Task pending name=\"it's\" coro=<await_for_repr() created at %s:%d>>",
             __FILE__, created);
    assert_string_equal(repr, expected);
    stage_turns(1);
    tt_future_repr(task, repr, sizeof repr);
    snprintf(expected, sizeof expected,
             "<Task pending name=\"it's\" coro=<await_for_repr() running at %s:%d> wait_for=<Future "
             "pending cb=[Task.task_wakeup()]>>",
             __FILE__, awaits);
    assert_string_equal(repr, expected);
    assert_true(tt_task_cancel(task, NULL));
    tt_future_repr(task, repr, sizeof repr);
    snprintf(expected, sizeof expected,
             "<Task cancelling name=\"it's\" coro=<await_for_repr() running at %s:%d> "
             "wait_for=<Future cancelled>>",
             __FILE__, awaits);
    assert_string_equal(repr, expected);
    stage_turns(1);
    tt_future_repr(task, repr, sizeof repr);
    snprintf(expected, sizeof expected, "<Task cancelled name=\"it's\" coro=<await_for_repr() done, created at %s:%d>>",
             __FILE__, created);
    assert_string_equal(repr, expected);
    tt_task_unref(task);
    tt_future_unref(future);
}

static tt_task *circle[2];

static int await_other(void *arg)
{
    return tt_await(circle[(intptr_t)arg]);
}

static void the_repr_of_a_circle_ends(void **state)
{
    char repr[2048];
    const char *first;

    (void)state;
    circle[0] = create(await_other, (void *)1);
    circle[1] = create(await_other, (void *)0);
    stage_turns(1);
    assert_true(tt_future_repr(circle[0], repr, sizeof repr) < (int)sizeof repr);
    first = strstr(repr, " wait_for=<Task pending ");
    assert_non_null(first);
    assert_non_null(strstr(first + 1, " wait_for=... cb=[Task.task_wakeup()]> cb=[Task.task_wakeup()]>"));
    assert_true(tt_task_cancel(circle[0], NULL));
    stage_turns(3);
    tt_task_unref(circle[0]);
    tt_task_unref(circle[1]);
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test_on_stage(default_names_count_and_own_ones_do_not),
    cmocka_unit_test_on_stage(a_name_can_be_changed_and_is_copied),
    cmocka_unit_test_on_stage(reprs_are_asyncios_with_the_places_of_c),
    cmocka_unit_test_on_stage(the_repr_of_a_circle_ends),
};

TT_TEST_MAIN(cases)
