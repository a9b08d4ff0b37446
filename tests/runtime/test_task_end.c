/* What tasks end with: results, failures, exit-class exceptions; what becomes of their arguments; tasks that never end,
 * because their loop is closed. asyncio.Task. */
#include "stage.h"

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

static int return_arg(void *arg)
{
    return tt_return(arg, NULL);
}

static int await_arg(void *arg)
{
    return tt_await(arg);
}

static int sleep_turns(void *arg)
{
    for (int i = 0; i < 3; i++) {
        note("%s %d", (const char *)arg, i);
        if (tt_sleep(0) < 0)
            return -1;
    }
    return 0;
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

static const struct CMUnitTest cases[] = {
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
    cmocka_unit_test_on_stage(without_a_stack_it_fails_and_its_argument_is_dropped),
    cmocka_unit_test_on_stage(a_pending_task_is_told_when_its_loop_closes_and_its_cleanup_runs),
    cmocka_unit_test_on_stage(cleanup_of_an_abandoned_task_cannot_suspend),
    cmocka_unit_test_on_stage(a_task_of_another_loop_can_close_it),
    cmocka_unit_test_on_stage(tasks_that_wait_in_every_way_can_be_abandoned),
};

TT_TEST_MAIN(cases)
