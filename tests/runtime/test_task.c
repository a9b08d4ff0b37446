/* Tasks: when they run, what awaiting does, the loop's list of them, sleep, many and deep ones. asyncio.Task. What they end with is
 * test_task_end.c's, names and reprs test_task_repr.c's, cancellation test_cancel.c's. */
#include "stage.h"

#include <errno.h>

static int say(void *text)
{
    note("%s", (const char *)text);
    return 0;
}

static int raise_value(void *text)
{
    return tt_raise(&tt_ValueError, "%s", (const char *)text);
}

static int sleep_long(void *arg)
{
    (void)arg;
    return tt_sleep(TT_SEC(1000));
}

static tt_task *create(tt_coro_fn *fn, void *arg)
{
    const struct tt_task_options options = {.loop = stage_loop, .name = "t"};
    tt_task *task = tt_create_task_with(fn, arg, &options);

    assert_non_null(task);
    return task;
}

/* ------------------------------------------------------------------------------------------------------- first step */

static int create_and_go_on(void *arg)
{
    tt_task *task = tt_create_task(say, arg);
    int rc;

    note("created");
    rc = tt_await(task);
    note("awaited");
    tt_task_unref(task);
    return rc;
}

static void a_task_begins_in_the_turn_after_its_creation(void **state)
{
    (void)state;
    assert_true(stage_run(create_and_go_on, "runs"));
    expect_notes("created", "runs", "awaited");
}

static void a_task_can_be_created_before_the_loop_runs(void **state)
{
    tt_task *task = create(say, "runs");

    (void)state;
    expect_no_notes();
    stage_turns(1);
    expect_notes("runs");
    assert_true(tt_task_done(task));
    tt_task_unref(task);
}

static void a_task_needs_a_loop(void **state)
{
    (void)state;
    assert_null(tt_create_task(say, "x"));
    note_and_drop("create");
    assert_int_equal(tt_spawn(say, "x"), -1);
    note_and_drop("spawn");
    expect_notes("create: RuntimeError('no running event loop')", "spawn: RuntimeError('no running event loop')");
}

/* --------------------------------------------------------------------------------------------------------- awaiting */

static int await_arg(void *arg)
{
    return tt_await(arg);
}

static int return_arg(void *arg)
{
    return tt_return(arg, NULL);
}

static int await_twice(void *arg)
{
    tt_task *task = tt_create_task(return_arg, arg);
    void *value = NULL;

    for (int i = 0; i < 2; i++)
        if (tt_await(task) < 0 || tt_task_result(task, &value) < 0)
            return -1;
    note("%s", (char *)value);
    tt_task_unref(task);
    return 0;
}

static void awaiting_a_done_task_does_not_suspend(void **state)
{
    (void)state;
    assert_true(stage_run(await_twice, "value"));
    expect_notes("value");
}

static int await_itself(void *arg)
{
    (void)arg;
    return tt_await(tt_current_task());
}

static void a_task_cannot_await_itself(void **state)
{
    (void)state;
    assert_false(stage_run(await_itself, NULL));
    assert_non_null(strstr(stage_notes(),
                           "main: RuntimeError(\"Task cannot await on itself: <Task pending name='main' coro=<fn() "
                           "running at "));
    stage_forget_notes();
}

static void a_task_cannot_await_what_belongs_to_another_loop(void **state)
{
    tt_loop *other = tt_loop_create();
    tt_future *future = tt_create_future(other);

    (void)state;
    assert_false(stage_run(await_arg, future));
    assert_non_null(
        strstr(stage_notes(), "main: RuntimeError(\"Task <Task pending name='main' coro=<fn() running at "));
    assert_non_null(strstr(stage_notes(), "> got Future <Future pending> attached to a different loop\")\n"));
    stage_forget_notes();
    assert_int_equal(tt_future_set_result(future, NULL, NULL), 0);
    assert_true(stage_run(await_arg, future)); /* a done one is not waited for */
    tt_future_unref(future);
    assert_int_equal(tt_loop_close(other), 0);
}

static int await_nothing(void *arg)
{
    (void)arg;
    return tt_await(NULL);
}

static void awaiting_nothing_is_a_type_error(void **state)
{
    (void)state;
    assert_false(stage_run(await_nothing, NULL));
    expect_notes("main: TypeError(\"object NULL can't be used in 'await' expression\")");
}

static int await_failed_creation(void *arg)
{
    (void)arg;
    if (tt_raise(&tt_MemoryError, "the creation failed") < 0)
        return tt_await(NULL);
    return 0;
}

static void awaiting_nothing_keeps_the_exception_of_the_creation(void **state)
{
    (void)state;
    assert_false(stage_run(await_failed_creation, NULL));
    expect_notes("main: MemoryError('the creation failed')");
}

static void only_a_task_can_await_and_sleep(void **state)
{
    tt_future *future = tt_create_future(stage_loop);

    (void)state;
    assert_int_equal(tt_await(future), -1);
    note_and_drop("await");
    assert_int_equal(tt_sleep(0), -1);
    note_and_drop("sleep");
    tt_future_unref(future);
    expect_notes("await: RuntimeError('no running event loop')", "sleep: RuntimeError('no running event loop')");
}

static int release_what_is_awaited(void *arg)
{
    tt_future **place = arg;

    tt_future_unref(*place);
    *place = NULL;
    return 0;
}

static int await_released(void *arg)
{
    tt_future **place = arg;

    if (tt_loop_call_soon(NULL, release_what_is_awaited, place, NULL) < 0)
        return -1;
    return tt_await(*place);
}

static void a_waiting_task_holds_what_it_waits_for(void **state)
{
    tt_future *future = tt_create_future(stage_loop);
    tt_task *task = create(await_released, &future);

    (void)state;
    stage_turns(3);
    assert_null(future);
    assert_true(tt_task_cancel(task, NULL));
    stage_turns(2);
    assert_true(tt_task_cancelled(task));
    tt_task_unref(task);
}

static int await_inner(void *arg)
{
    tt_task *inner = tt_create_task(raise_value, arg);
    int rc = tt_await(inner);

    tt_task_unref(inner);
    note_pending("passes through");
    return rc;
}

static void a_failure_passes_through_the_tasks_that_await_it(void **state)
{
    (void)state;
    assert_false(stage_run(await_inner, "boom"));
    expect_notes("passes through: ValueError('boom')", "main: ValueError('boom')");
}

static int count_waiters(void *arg)
{
    int rc = tt_await(arg);

    note_pending("waiter");
    if (rc < 0 && tt_catch(&tt_ValueError))
        rc = tt_catch_end();
    return rc;
}

static void every_waiter_gets_the_failure(void **state)
{
    tt_task *failing = create(raise_value, "boom");
    tt_task *waiters[3];

    (void)state;
    for (int i = 0; i < 3; i++)
        waiters[i] = create(count_waiters, failing);
    stage_turns(3);
    for (int i = 0; i < 3; i++) {
        assert_true(tt_task_done(waiters[i]));
        tt_task_unref(waiters[i]);
    }
    tt_task_unref(failing);
    expect_notes("waiter: ValueError('boom')", "waiter: ValueError('boom')", "waiter: ValueError('boom')");
}

/* ------------------------------------------------------------------------------------- the current one, all of them */

static int look_at_current(void *arg)
{
    tt_task **out = arg;

    *out = tt_current_task();
    if (tt_sleep(0) < 0)
        return -1;
    note("%s", *out == tt_current_task() ? "the same" : "another");
    return 0;
}

static void a_task_is_the_current_one_in_its_steps_only(void **state)
{
    tt_task *seen[2], *tasks[2];

    (void)state;
    assert_null(tt_current_task());
    for (int i = 0; i < 2; i++)
        tasks[i] = create(look_at_current, &seen[i]);
    stage_turns(2);
    assert_null(tt_current_task());
    for (int i = 0; i < 2; i++) {
        assert_ptr_equal(seen[i], tasks[i]);
        tt_task_unref(tasks[i]);
    }
    expect_notes("the same", "the same");
}

static void all_tasks_are_those_of_the_loop_that_are_not_done(void **state)
{
    tt_loop *other = tt_loop_create();
    const struct tt_task_options elsewhere = {.loop = other};
    tt_task *tasks[3], **all = NULL, *foreign = tt_create_task_with(sleep_long, NULL, &elsewhere);
    int count;

    (void)state;
    assert_int_equal(tt_all_tasks(NULL, &all), -1);
    note_and_drop("all");
    assert_int_equal(tt_all_tasks(stage_loop, &all), 0);
    tt_tasks_free(all, 0);
    tasks[0] = create(sleep_long, NULL);
    tasks[1] = create(say, "done soon");
    tasks[2] = create(sleep_long, NULL);
    count = tt_all_tasks(stage_loop, &all);
    assert_int_equal(count, 3);
    for (int i = 0; i < 3; i++)
        assert_ptr_equal(all[i], tasks[i]);
    tt_tasks_free(all, count);
    stage_turns(1);
    count = tt_all_tasks(stage_loop, &all);
    assert_int_equal(count, 2);
    assert_ptr_equal(all[0], tasks[0]);
    assert_ptr_equal(all[1], tasks[2]);
    tt_tasks_free(all, count);
    for (int i = 0; i < 3; i++) {
        tt_task_cancel(tasks[i], NULL);
        tt_task_unref(tasks[i]);
    }
    stage_turns(2);
    assert_int_equal(tt_all_tasks(stage_loop, &all), 0);
    tt_tasks_free(all, 0);
    assert_true(tt_task_cancel(foreign, NULL));
    tt_task_unref(foreign);
    tt_loop_stop(other);
    assert_int_equal(tt_loop_run_forever(other), 0);
    assert_int_equal(tt_loop_close(other), 0);
    expect_notes("all: RuntimeError('no running event loop')", "done soon");
}

/* ------------------------------------------------------------------------------------------------------------ sleep */

static int sleep_turns(void *arg)
{
    for (int i = 0; i < 3; i++) {
        note("%s %d", (const char *)arg, i);
        if (tt_sleep(0) < 0)
            return -1;
    }
    return 0;
}

static void sleeping_for_nothing_takes_one_turn(void **state)
{
    tt_task *a = create(sleep_turns, "a"), *b = create(sleep_turns, "b");

    (void)state;
    stage_turns(4);
    assert_true(tt_task_done(a) && tt_task_done(b));
    tt_task_unref(a);
    tt_task_unref(b);
    expect_notes("a 0", "b 0", "a 1", "b 1", "a 2", "b 2");
}

static int sleep_and_measure(void *arg)
{
    int64_t began = tt_loop_time(tt_loop_running()), took;
    int64_t duration = *(int64_t *)arg;

    if (tt_sleep(duration) < 0)
        return -1;
    took = tt_loop_time(tt_loop_running()) - began;
    note("%s", took < duration ? "too early" : "in time");
    return 0;
}

static void a_sleep_never_ends_early(void **state)
{
    int64_t durations[] = {-TT_SEC(5), 0, 1, TT_USEC(1), TT_USEC(999), TT_USEC(1001), TT_MSEC(3)};

    (void)state;
    for (size_t i = 0; i < sizeof durations / sizeof durations[0]; i++) {
        assert_true(stage_run(sleep_and_measure, &durations[i]));
        expect_notes("in time");
    }
}

static int sleep_for_ever(void *arg)
{
    (void)arg;
    return tt_sleep(INT64_MAX);
}

static void a_sleep_can_last_longer_than_the_clock(void **state)
{
    tt_task *task = create(sleep_for_ever, NULL);

    (void)state;
    stage_turns(2);
    assert_false(tt_task_done(task));
    assert_true(tt_task_cancel(task, NULL));
    stage_turns(2);
    assert_true(tt_task_cancelled(task));
    tt_task_unref(task);
}

static int set_errno_and_sleep(void *arg)
{
    int mine = (int)(intptr_t)arg;

    for (int i = 0; i < 3; i++) {
        errno = mine;
        if (tt_sleep(0) < 0)
            return -1;
        if (errno != mine)
            note("errno %d is %d", mine, errno);
    }
    return 0;
}

static void errno_belongs_to_each_task(void **state)
{
    tt_task *a = create(set_errno_and_sleep, (void *)11), *b = create(set_errno_and_sleep, (void *)22);

    (void)state;
    stage_turns(4);
    assert_true(tt_task_done(a) && tt_task_done(b));
    tt_task_unref(a);
    tt_task_unref(b);
    expect_no_notes();
}

/* ----------------------------------------------------------------------------------------------- stacks, many tasks */

static int use_much_stack(void *arg)
{
    volatile char space[200 * 1024];

    space[0] = 1;
    space[sizeof space - 1] = 2;
    if (tt_sleep(0) < 0)
        return -1;
    note("%d", space[0] + space[sizeof space - 1]);
    return arg ? 0 : 0;
}

static void a_task_can_ask_for_a_larger_stack(void **state)
{
    const struct tt_task_options options = {.loop = stage_loop, .stack_bytes = 512 * 1024};
    tt_task *task = tt_create_task_with(use_much_stack, NULL, &options);

    (void)state;
    stage_turns(2);
    tt_task_unref(task);
    expect_notes("3");
}

enum { MANY = 2000 };

static int finished_count;

static int sleep_and_count(void *arg)
{
    if (tt_sleep((int64_t)(intptr_t)arg % 5) < 0)
        return -1;
    finished_count++;
    return 0;
}

static int spawn_many(void *arg)
{
    (void)arg;
    for (int i = 0; i < MANY; i++)
        if (tt_spawn(sleep_and_count, (void *)(intptr_t)i) < 0)
            return -1;
    while (finished_count < MANY)
        if (tt_sleep(0) < 0)
            return -1;
    return 0;
}

static void many_tasks_run_at_once(void **state)
{
    (void)state;
    finished_count = 0;
    assert_true(stage_run(spawn_many, NULL));
    assert_int_equal(finished_count, MANY);
}

enum { CHAIN = 100000 };

static void unref_value(void *task)
{
    tt_task_unref(task);
}

static int return_task(void *task)
{
    return tt_return(task, task ? unref_value : NULL);
}

static void a_long_chain_of_tasks_is_released_without_recursion(void **state)
{
    tt_task *chain = NULL;

    (void)state;
    for (int i = 0; i < CHAIN; i++) { /* each has the one before for its result */
        chain = create(return_task, chain);
        if (i % 1000 == 0)
            stage_turns(1);
    }
    stage_turns(1);
    assert_true(tt_task_done(chain));
    tt_task_unref(chain);
}

enum { DEEP = 3000 };

static int await_deeper(void *arg)
{
    intptr_t left = (intptr_t)arg;
    tt_task *next;
    int rc;

    if (left == 0)
        return tt_raise(&tt_ValueError, "from below");
    next = tt_create_task(await_deeper, (void *)(left - 1));
    rc = tt_await(next);
    tt_task_unref(next);
    return rc;
}

static void a_failure_comes_up_a_long_chain_of_awaits(void **state)
{
    (void)state;
    assert_false(stage_run(await_deeper, (void *)DEEP));
    expect_notes("main: ValueError('from below')");
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test_on_stage(a_task_begins_in_the_turn_after_its_creation),
    cmocka_unit_test_on_stage(a_task_can_be_created_before_the_loop_runs),
    cmocka_unit_test_on_stage(a_task_needs_a_loop),
    cmocka_unit_test_on_stage(awaiting_a_done_task_does_not_suspend),
    cmocka_unit_test_on_stage(a_task_cannot_await_itself),
    cmocka_unit_test_on_stage(a_task_cannot_await_what_belongs_to_another_loop),
    cmocka_unit_test_on_stage(awaiting_nothing_is_a_type_error),
    cmocka_unit_test_on_stage(awaiting_nothing_keeps_the_exception_of_the_creation),
    cmocka_unit_test_on_stage(only_a_task_can_await_and_sleep),
    cmocka_unit_test_on_stage(a_waiting_task_holds_what_it_waits_for),
    cmocka_unit_test_on_stage(a_failure_passes_through_the_tasks_that_await_it),
    cmocka_unit_test_on_stage(every_waiter_gets_the_failure),
    cmocka_unit_test_on_stage(a_task_is_the_current_one_in_its_steps_only),
    cmocka_unit_test_on_stage(all_tasks_are_those_of_the_loop_that_are_not_done),
    cmocka_unit_test_on_stage(sleeping_for_nothing_takes_one_turn),
    cmocka_unit_test_on_stage(a_sleep_never_ends_early),
    cmocka_unit_test_on_stage(a_sleep_can_last_longer_than_the_clock),
    cmocka_unit_test_on_stage(errno_belongs_to_each_task),
    cmocka_unit_test_on_stage(a_task_can_ask_for_a_larger_stack),
    cmocka_unit_test_on_stage(many_tasks_run_at_once),
    cmocka_unit_test_on_stage(a_long_chain_of_tasks_is_released_without_recursion),
    cmocka_unit_test_on_stage(a_failure_comes_up_a_long_chain_of_awaits),
};

TT_TEST_MAIN(cases)
