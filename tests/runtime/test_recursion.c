/* Calls that stand inside of each other without end: eager tasks that create eager tasks, exception handlers that are
 * called for what happens within them. They end in RecursionError, and what is underneath goes on. */
#include "stage.h"

#include "loop_internal.h"

static const struct tt_task_options eager = {.eager_start = true};
static unsigned depth, depth_max; /* eager tasks that have begun; the last that creates another one */

/* ------------------------------------------------------------------------------------------------------- eager tasks */

static int nest(void *arg)
{
    tt_task *inner;
    int rc;

    (void)arg;
    if (++depth == depth_max)
        return 0;
    inner = tt_create_task_with(nest, NULL, &eager);
    if (!inner)
        return -1;
    rc = tt_await(inner);
    tt_cleanup_begin();
    tt_task_unref(inner);
    return tt_cleanup_end() < 0 ? -1 : rc;
}

static int nest_to(unsigned wanted)
{
    tt_task *task;
    int rc;

    depth = 0;
    depth_max = wanted;
    task = tt_create_task_with(nest, NULL, &eager);
    rc = task ? tt_await(task) : -1;
    if (rc < 0)
        note_and_drop("nest");
    note("%u", depth);
    tt_task_unref(task);
    return 0;
}

static int nest_to_the_limit_and_past_it(void *arg)
{
    (void)arg;
    nest_to(TT_RECURSION_MAX);
    nest_to(TT_RECURSION_MAX + 1);
    nest_to(100000);
    return nest_to(TT_RECURSION_MAX); /* and nothing is worn out */
}

static void eager_tasks_in_each_other_end_in_a_recursion_error(void **state)
{
    (void)state;
    assert_true(stage_run(nest_to_the_limit_and_past_it, NULL));
    expect_notes("1000", "nest: RecursionError('maximum recursion depth exceeded')", "1000",
                 "nest: RecursionError('maximum recursion depth exceeded')", "1000", "1000");
}

static void drop(void *arg)
{
    ++*(int *)arg;
}

/* As many as may be, and then one that may not. */
static int nest_and_be_refused(void *arg)
{
    const struct tt_task_options options = {.eager_start = true, .drop = drop};
    tt_task *inner;

    if (++depth < TT_RECURSION_MAX) {
        inner = tt_create_task_with(nest_and_be_refused, arg, &eager);
        tt_task_unref(inner);
        return inner ? 0 : -1;
    }
    if (!tt_create_task_with(nest, arg, &options))
        note_and_drop("refused");
    inner = tt_create_task(nest, NULL); /* not an eager one: that needs nothing */
    note("%s", inner ? "created" : "refused");
    tt_task_unref(inner);
    return 0;
}

static int begin_nesting(void *arg)
{
    tt_task *task = tt_create_task_with(nest_and_be_refused, arg, &eager);

    tt_task_unref(task);
    return task ? 0 : -1;
}

static void a_creation_that_is_refused_drops_its_argument(void **state)
{
    int dropped = 0;

    (void)state;
    depth = 0;
    depth_max = TT_RECURSION_MAX + 1;
    assert_true(stage_run(begin_nesting, &dropped));
    stage_turns(2);
    assert_int_equal(dropped, 1);
    expect_notes("refused: RecursionError('maximum recursion depth exceeded')", "created");
}

/* ---------------------------------------------------------------------------------------------------------- handlers */

static int call_again(tt_loop *loop, const struct tt_handler_context *context, void *arg)
{
    ++*(unsigned *)arg;
    tt_loop_call_exception_handler(loop, context);
    return 0;
}

static unsigned count_of(const char *text, const char *part)
{
    unsigned count = 0;

    for (; (text = strstr(text, part)) != NULL; text++)
        count++;
    return count;
}

/* Calls HANDLER, which counts its calls, for something; what comes on stderr, malloc'ed. */
static char *told_by(tt_exception_handler_fn *handler, unsigned *calls)
{
    *calls = 0;
    tt_loop_set_exception_handler(stage_loop, handler, calls);
    stage_capture_stderr();
    tt_loop_call_exception_handler(stage_loop, &(struct tt_handler_context){.message = "first"});
    tt_loop_set_exception_handler(stage_loop, stage_handler, NULL);
    return stage_captured();
}

static void a_handler_that_calls_itself_is_stopped(void **state)
{
    unsigned calls;

    (void)state;
    for (int i = 0; i < 2; i++) {
        char *told = told_by(call_again, &calls);

        assert_int_equal(calls, TT_RECURSION_MAX);
        assert_int_equal(count_of(told, "Unhandled error in exception handler\n"), 1);
        assert_int_equal(count_of(told, "RecursionError: maximum recursion depth exceeded\n"), 1);
        free(told);
    }
}

static int lose_a_failure(tt_loop *loop, const struct tt_handler_context *context, void *arg)
{
    tt_future *future = tt_create_future(loop);
    tt_exc *exc = tt_exc_new(&tt_ValueError, "%u", ++*(unsigned *)arg);

    (void)context;
    if (tt_future_set_exception(future, exc) < 0)
        note_pending("set_exception");
    tt_exc_unref(exc);
    tt_future_unref(future); /* it is reported, to this handler */
    return 0;
}

static void a_handler_that_loses_failures_within_itself_is_stopped(void **state)
{
    unsigned calls;
    char *told = told_by(lose_a_failure, &calls);

    (void)state;
    assert_int_equal(calls, TT_RECURSION_MAX);
    assert_int_equal(count_of(told, "Unhandled error in exception handler\n"), 1);
    assert_int_equal(count_of(told, "RecursionError: maximum recursion depth exceeded\n"), 1);
    free(told);
}

/* -------------------------------------------------------------------------------------------------------------- both */

static int call_the_handler(void *arg)
{
    (void)arg;
    tt_loop_call_exception_handler(tt_loop_running(), &(struct tt_handler_context){.message = "from a task"});
    return 0;
}

static int create_one_that_calls_the_handler(tt_loop *loop, const struct tt_handler_context *context, void *arg)
{
    tt_task *task;

    (void)loop;
    (void)context;
    ++*(unsigned *)arg;
    task = tt_create_task_with(call_the_handler, NULL, &eager);
    if (!task)
        return -1;
    tt_task_unref(task);
    return 0;
}

static int tell_it(void *calls)
{
    char *told = told_by(create_one_that_calls_the_handler, calls);

    note("%u recursions", count_of(told, "RecursionError: maximum recursion depth exceeded\n"));
    free(told);
    return 0;
}

static void handlers_and_eager_tasks_count_together(void **state)
{
    unsigned calls = 0;

    (void)state;
    assert_true(stage_run(tell_it, &calls));
    assert_int_equal(calls, TT_RECURSION_MAX / 2);
    expect_notes("1 recursions");
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test_on_stage(eager_tasks_in_each_other_end_in_a_recursion_error),
    cmocka_unit_test_on_stage(a_creation_that_is_refused_drops_its_argument),
    cmocka_unit_test_on_stage(a_handler_that_calls_itself_is_stopped),
    cmocka_unit_test_on_stage(a_handler_that_loses_failures_within_itself_is_stopped),
    cmocka_unit_test_on_stage(handlers_and_eager_tasks_count_together),
};

TT_TEST_MAIN(cases)
