/* Tasks: when they run, what they end with, what becomes of their arguments, names, the loop's list, repr.
 * asyncio.Task. Their cancellation is test_cancel.c's.
 *
 * Past 600 lines: each rule about tasks is a case, and they use one set of coroutines. */
#include "stage.h"

#include <errno.h>
#include <pthread.h>

#include "future_internal.h"

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

/* ---------------------------------------------------------------------------------------------------------- outcome */

static void a_tasks_result_is_what_it_returned_with(void **state)
{
    tt_task *task = create(return_arg, "value");
    void *value = NULL;

    (void)state;
    stage_turns(1);
    assert_int_equal(tt_task_result(task, &value), 0);
    assert_string_equal(value, "value");
    tt_task_unref(task);
}

static int freed_count;

static void count_free(void *value)
{
    freed_count += *(int *)value;
}

static int return_twice(void *arg)
{
    tt_return(arg, count_free);
    return tt_return(arg, count_free);
}

static int return_and_fail(void *arg)
{
    tt_return(arg, count_free);
    return tt_raise(&tt_ValueError, "after all");
}

static void a_result_is_freed_once_whatever_happens(void **state)
{
    int one = 1;
    tt_task *task = create(return_twice, &one);

    (void)state;
    freed_count = 0;
    stage_turns(1);
    assert_int_equal(freed_count, 1); /* the first, when the second took its place */
    tt_task_unref(task);
    assert_int_equal(freed_count, 2);
    task = create(return_and_fail, &one);
    stage_turns(1);
    assert_int_equal(freed_count, 3);
    assert_int_equal(tt_task_exception(task, NULL), 0);
    tt_task_unref(task);
}

static void a_task_gives_its_result_itself(void **state)
{
    tt_task *task = create(sleep_long, NULL);
    tt_exc *exc = tt_exc_new(&tt_ValueError, "x");

    (void)state;
    assert_int_equal(tt_future_set_result(task, NULL, NULL), -1);
    note_and_drop("result");
    assert_int_equal(tt_future_set_exception(task, exc), -1);
    note_and_drop("exception");
    tt_exc_unref(exc);
    assert_true(tt_task_cancel(task, NULL));
    stage_turns(1);
    tt_task_unref(task);
    expect_notes("result: RuntimeError('Task does not support set_result operation')",
                 "exception: RuntimeError('Task does not support set_exception operation')");
}

static int raise_type(void *arg)
{
    return tt_raise(arg, "raised");
}

static void a_cancelled_error_out_of_the_body_is_a_cancellation(void **state)
{
    tt_task *task = create(raise_type, (void *)&tt_CancelledError);

    (void)state;
    stage_turns(1);
    assert_true(tt_task_cancelled(task));
    assert_int_equal(tt_task_cancelling(task), 0);
    assert_int_equal(tt_task_result(task, NULL), -1);
    note_and_drop("result");
    tt_task_unref(task);
    expect_notes("result: CancelledError('raised')");
}

static void exit_class_exceptions_are_stored_and_leave_the_run(void **state)
{
    static const tt_exc_type *const types[] = {&tt_SystemExit, &tt_KeyboardInterrupt};

    (void)state;
    for (int i = 0; i < 2; i++) {
        tt_task *task = create(raise_type, (void *)types[i]);

        assert_int_equal(tt_loop_run_forever(stage_loop), -1);
        assert_ptr_equal(tt_exc_pending(), tt_future_peek(task));
        note_and_drop("run");
        tt_task_unref(task);
    }
    expect_notes(
        "run: SystemExit('raised')",
        "handler: Task exception was never retrieved [exception, future, message] SystemExit('raised') of t",
        "run: KeyboardInterrupt('raised')",
        "handler: Task exception was never retrieved [exception, future, message] KeyboardInterrupt('raised') of t");
}

static void other_base_exceptions_are_stored_only(void **state)
{
    static const tt_exc_type generator_exit = {.name = "GeneratorExit", .base = &tt_BaseException};
    tt_task *task = create(raise_type, (void *)&generator_exit);

    (void)state;
    stage_turns(1);
    assert_int_equal(tt_task_result(task, NULL), -1);
    note_and_drop("result");
    tt_task_unref(task);
    expect_notes("result: GeneratorExit('raised')");
}

static void an_unretrieved_failure_is_reported_when_the_last_handle_goes(void **state)
{
    tt_task *task = create(raise_value, "boom");

    (void)state;
    stage_turns(1);
    expect_no_notes();
    tt_task_unref(task);
    expect_notes("handler: Task exception was never retrieved [exception, future, message] ValueError('boom') of t");
}

static int spawn_and_sleep(void *arg)
{
    const struct tt_task_options options = {.name = "t"};

    if (tt_spawn_with(raise_value, arg, &options) < 0)
        return -1;
    note("spawned");
    if (tt_sleep(0) < 0)
        return -1;
    note("after its turn");
    return 0;
}

static void a_failure_without_a_handle_is_reported_at_the_instant_it_ends(void **state)
{
    (void)state;
    assert_true(stage_run(spawn_and_sleep, "boom"));
    expect_notes("spawned",
                 "handler: Task exception was never retrieved [exception, future, message] ValueError('boom') of t",
                 "after its turn");
}

static void a_task_lives_on_without_a_handle(void **state)
{
    (void)state;
    tt_task_unref(create(say, "still runs"));
    stage_turns(1);
    expect_notes("still runs");
}

static int detach_and_sleep(void *arg)
{
    const struct tt_task_options options = {.name = "detached", .is_detached = true};
    tt_task *borrowed = tt_create_task_with(raise_value, arg, &options);

    note("%s", tt_task_name(borrowed));
    return tt_sleep(0);
}

static void a_detached_task_is_borrowed(void **state)
{
    (void)state;
    assert_true(stage_run(detach_and_sleep, "boom"));
    expect_notes("detached",
                 "handler: Task exception was never retrieved [exception, future, message] ValueError('boom') of "
                 "detached");
}

/* -------------------------------------------------------------------------------------------------------- arguments */

static int dropped_count;

static void count_drop(void *arg)
{
    (void)arg;
    dropped_count++;
}

static tt_task *create_dropping(tt_coro_fn *fn, void *arg)
{
    const struct tt_task_options options = {.loop = stage_loop, .name = "t", .drop = count_drop};

    dropped_count = 0;
    return tt_create_task_with(fn, arg, &options);
}

static void an_argument_is_not_dropped_when_the_body_runs(void **state)
{
    tt_task *task = create_dropping(say, "runs");

    (void)state;
    stage_turns(1);
    tt_task_unref(task);
    assert_int_equal(dropped_count, 0);
    expect_notes("runs");
}

static void an_argument_is_dropped_once_when_the_task_is_cancelled_early(void **state)
{
    tt_task *task = create_dropping(say, "never");

    (void)state;
    assert_true(tt_task_cancel(task, NULL));
    assert_int_equal(dropped_count, 0);
    stage_turns(1);
    assert_int_equal(dropped_count, 1);
    tt_task_unref(task);
    assert_int_equal(dropped_count, 1);
    expect_no_notes();
}

static void an_argument_is_dropped_once_when_the_loop_closes_first(void **state)
{
    tt_task *task = create_dropping(say, "never");

    (void)state;
    stage_close_loop();
    assert_int_equal(dropped_count, 1);
    tt_task_unref(task);
    assert_int_equal(dropped_count, 1);
    expect_notes("handler: Task was destroyed but it is pending! [message, task] None of t");
}

static void an_argument_is_dropped_once_when_the_creation_is_refused(void **state)
{
    const struct tt_task_options options = {.drop = count_drop};

    (void)state;
    dropped_count = 0;
    assert_null(tt_create_task_with(say, "never", &options));
    note_and_drop("create");
    assert_int_equal(dropped_count, 1);
    assert_int_equal(tt_spawn_with(say, "never", &options), -1);
    note_and_drop("spawn");
    assert_int_equal(dropped_count, 2);
    assert_null(tt_create_task_copy(say, "never", 6, &options));
    note_and_drop("copy");
    assert_int_equal(dropped_count, 3);
    expect_notes("create: RuntimeError('no running event loop')", "spawn: RuntimeError('no running event loop')",
                 "copy: RuntimeError('no running event loop')");
}

struct point {
    int x, y;
};

static int say_point(void *arg)
{
    struct point *point = arg;

    if (tt_sleep(0) < 0)
        return -1;
    note("%d %d", point->x, point->y);
    return 0;
}

static void a_copied_argument_lives_as_long_as_its_task(void **state)
{
    const struct tt_task_options options = {.loop = stage_loop, .drop = count_drop};
    struct point point = {1, 2};
    tt_task *runs = tt_create_task_copy(say_point, &point, sizeof point, &options);
    tt_task *never = tt_create_task_copy(say_point, &point, sizeof point, &options);

    (void)state;
    dropped_count = 0;
    point = (struct point){3, 4};
    assert_true(tt_task_cancel(never, NULL));
    stage_turns(2);
    assert_int_equal(dropped_count, 1);
    tt_task_unref(runs);
    tt_task_unref(never);
    expect_notes("1 2");
}

static void close_descriptor(void *arg)
{
    close((int)(intptr_t)arg);
}

static int use_descriptor(void *arg)
{
    note("the body ran");
    close_descriptor(arg);
    return 0;
}

enum { EARLY = 10000, EARLY_AT_ONCE = 500 };

static void ten_thousand_cancelled_before_their_first_step_leave_no_descriptor(void **state)
{
    const struct tt_task_options options = {.loop = stage_loop, .drop = close_descriptor};
    int before = stage_descriptors();

    (void)state;
    for (int i = 0; i < EARLY; i += EARLY_AT_ONCE) {
        tt_task *tasks[EARLY_AT_ONCE];

        for (int j = 0; j < EARLY_AT_ONCE; j++) {
            int descriptor = dup(STDERR_FILENO);

            assert_true(descriptor >= 0);
            tasks[j] = tt_create_task_with(use_descriptor, (void *)(intptr_t)descriptor, &options);
            assert_non_null(tasks[j]);
            assert_true(tt_task_cancel(tasks[j], "early"));
        }
        stage_turns(1);
        for (int j = 0; j < EARLY_AT_ONCE; j++) {
            assert_true(tt_task_cancelled(tasks[j]));
            tt_task_unref(tasks[j]);
        }
        assert_int_equal(stage_descriptors(), before);
    }
    expect_no_notes();
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

static void without_a_stack_it_fails_and_its_argument_is_dropped(void **state)
{
    const struct tt_task_options options = {.loop = stage_loop, .drop = count_drop, .stack_bytes = SIZE_MAX / 4};
    tt_task *task = tt_create_task_with(say, "never", &options);

    (void)state;
    dropped_count = 0;
    stage_turns(1);
    assert_int_equal(dropped_count, 1);
    assert_int_equal(tt_task_result(task, NULL), -1);
    note_and_drop("task");
    tt_task_unref(task);
    expect_notes("task: MemoryError('no memory for the stack of a task')");
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

/* ----------------------------------------------------------------------------------------- tasks that are abandoned */

static int sleep_in_cleanup(void *arg)
{
    note("deferred: %s", (const char *)arg);
    return tt_sleep(1);
}

static int defer_and_sleep(void *arg)
{
    if (tt_defer(say, "deferred first") < 0 || (arg && tt_defer(sleep_in_cleanup, arg) < 0))
        return -1;
    return tt_sleep(TT_SEC(1000));
}

static void a_pending_task_is_told_when_its_loop_closes_and_its_cleanup_runs(void **state)
{
    tt_task *task = create(defer_and_sleep, NULL);

    (void)state;
    stage_turns(1);
    stage_close_loop();
    expect_notes("handler: Task was destroyed but it is pending! [message, task] None of t", "deferred first");
    assert_false(tt_task_done(task));
    assert_int_equal(tt_task_result(task, NULL), -1);
    note_and_drop("result");
    tt_task_cancel(task, "does no harm");
    tt_task_unref(task);
    expect_notes("result: InvalidStateError('Result is not set.')");
}

static void cleanup_of_an_abandoned_task_cannot_suspend(void **state)
{
    tt_task *task = create(defer_and_sleep, "x");

    (void)state;
    stage_turns(1);
    stage_close_loop();
    tt_task_unref(task);
    expect_notes(
        "handler: Task was destroyed but it is pending! [message, task] None of t", "deferred: x", "deferred first",
        "handler: exception in the cleanup of a task that was destroyed while pending [exception, message, task] "
        "RuntimeError('no running event loop') of t");
}

static int close_other_loop(void *loop)
{
    note("closed: %d", tt_loop_close(loop));
    note_pending("pending");
    return tt_sleep(0);
}

static void a_task_of_another_loop_can_close_it(void **state)
{
    tt_loop *other = tt_loop_create();
    const struct tt_task_options options = {.loop = other, .name = "theirs"};
    tt_task *task = tt_create_task_with(defer_and_sleep, "theirs", &options);

    (void)state;
    tt_loop_set_exception_handler(other, stage_handler, NULL);
    tt_loop_stop(other);
    assert_int_equal(tt_loop_run_forever(other), 0);
    assert_true(stage_run(close_other_loop, other));
    tt_task_unref(task);
    expect_notes("handler: Task was destroyed but it is pending! [message, task] None of theirs", "deferred: theirs",
                 "deferred first",
                 "handler: exception in the cleanup of a task that was destroyed while pending [exception, message, "
                 "task] RuntimeError('a callback cannot suspend: only a task can') of theirs",
                 "closed: 0", "pending: nothing");
}

static void tasks_that_wait_in_every_way_can_be_abandoned(void **state)
{
    tt_future *future = tt_create_future(stage_loop), *done = tt_create_future(stage_loop);
    tt_task *tasks[6];

    (void)state;
    tasks[0] = create(sleep_long, NULL);
    tasks[1] = create(await_arg, future);
    tasks[2] = create(await_arg, tasks[0]);
    tasks[3] = create(await_arg, done);
    tasks[4] = create(sleep_turns, "x");
    stage_turns(1);
    tasks[5] = create(sleep_long, NULL);                         /* never begun */
    assert_int_equal(tt_future_set_result(done, NULL, NULL), 0); /* its wake-up is in the queue */
    tt_task_cancel(tasks[1], "cancelled, and not told yet");
    tt_task_cancel(tasks[0], "the same, asleep");
    tt_future_unref(done);
    tt_future_unref(future);
    for (int i = 5; i >= 0; i--)
        tt_task_unref(tasks[i]);
    stage_forget_notes();
    stage_close_loop();
    for (const char *line = stage_notes(); *line; line = strchr(line, '\n') + 1)
        assert_int_equal(strncmp(line, "handler: Task was destroyed but it is pending! [message, task] None of t", 72),
                         0);
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
    cmocka_unit_test_on_stage(a_tasks_result_is_what_it_returned_with),
    cmocka_unit_test_on_stage(a_result_is_freed_once_whatever_happens),
    cmocka_unit_test_on_stage(a_task_gives_its_result_itself),
    cmocka_unit_test_on_stage(a_cancelled_error_out_of_the_body_is_a_cancellation),
    cmocka_unit_test_on_stage(exit_class_exceptions_are_stored_and_leave_the_run),
    cmocka_unit_test_on_stage(other_base_exceptions_are_stored_only),
    cmocka_unit_test_on_stage(an_unretrieved_failure_is_reported_when_the_last_handle_goes),
    cmocka_unit_test_on_stage(a_failure_without_a_handle_is_reported_at_the_instant_it_ends),
    cmocka_unit_test_on_stage(a_task_lives_on_without_a_handle),
    cmocka_unit_test_on_stage(a_detached_task_is_borrowed),
    cmocka_unit_test_on_stage(an_argument_is_not_dropped_when_the_body_runs),
    cmocka_unit_test_on_stage(an_argument_is_dropped_once_when_the_task_is_cancelled_early),
    cmocka_unit_test_on_stage(an_argument_is_dropped_once_when_the_loop_closes_first),
    cmocka_unit_test_on_stage(an_argument_is_dropped_once_when_the_creation_is_refused),
    cmocka_unit_test_on_stage(a_copied_argument_lives_as_long_as_its_task),
    cmocka_unit_test_on_stage(ten_thousand_cancelled_before_their_first_step_leave_no_descriptor),
    cmocka_unit_test_on_stage(default_names_count_and_own_ones_do_not),
    cmocka_unit_test_on_stage(a_name_can_be_changed_and_is_copied),
    cmocka_unit_test_on_stage(a_task_is_the_current_one_in_its_steps_only),
    cmocka_unit_test_on_stage(all_tasks_are_those_of_the_loop_that_are_not_done),
    cmocka_unit_test_on_stage(sleeping_for_nothing_takes_one_turn),
    cmocka_unit_test_on_stage(a_sleep_never_ends_early),
    cmocka_unit_test_on_stage(a_sleep_can_last_longer_than_the_clock),
    cmocka_unit_test_on_stage(errno_belongs_to_each_task),
    cmocka_unit_test_on_stage(a_task_can_ask_for_a_larger_stack),
    cmocka_unit_test_on_stage(without_a_stack_it_fails_and_its_argument_is_dropped),
    cmocka_unit_test_on_stage(many_tasks_run_at_once),
    cmocka_unit_test_on_stage(a_long_chain_of_tasks_is_released_without_recursion),
    cmocka_unit_test_on_stage(a_failure_comes_up_a_long_chain_of_awaits),
    cmocka_unit_test_on_stage(a_pending_task_is_told_when_its_loop_closes_and_its_cleanup_runs),
    cmocka_unit_test_on_stage(cleanup_of_an_abandoned_task_cannot_suspend),
    cmocka_unit_test_on_stage(a_task_of_another_loop_can_close_it),
    cmocka_unit_test_on_stage(tasks_that_wait_in_every_way_can_be_abandoned),
    cmocka_unit_test_on_stage(reprs_are_asyncios_with_the_places_of_c),
    cmocka_unit_test_on_stage(the_repr_of_a_circle_ends),
};

TT_TEST_MAIN(cases)
