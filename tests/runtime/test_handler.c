/* Exception handlers: what they are told, the texts of the default one, handlers that raise. asyncio's
 * call_exception_handler. */
#include "stage.h"

enum { RAISE_VALUE_LINE = __LINE__ + 4 };

static int raise_value(void *text)
{
    return tt_raise(&tt_ValueError, "%s", (const char *)text);
}

static int raise_type(void *type)
{
    return tt_raise(type, "raised");
}

static int say(void *text)
{
    note("%s", (const char *)text);
    return 0;
}

/* What the default handler of LOOP writes when it is told CONTEXT; the case frees it. */
static char *printed(const struct tt_handler_context *context)
{
    stage_capture_stderr();
    tt_loop_default_exception_handler(stage_loop, context);
    return stage_captured();
}

/* Frees TEXT. */
static void expect_text(char *text, const char *expected)
{
    if (strcmp(text, expected) != 0)
        print_error("expected:\n%sgot:\n%s", expected, text);
    assert_string_equal(text, expected);
    free(text);
}

static tt_exc *error(const char *text)
{
    tt_exc *exc = tt_exc_new(&tt_ValueError, "%s", text);

    assert_non_null(exc);
    return exc;
}

/* -------------------------------------------------------------------------------------------------- the default one */

static void it_writes_the_message_alone_when_there_is_nothing_else(void **state)
{
    (void)state;
    expect_text(printed(&(struct tt_handler_context){.message = "something happened"}), "something happened\n");
}

static void without_a_message_it_says_unhandled_exception(void **state)
{
    tt_exc *exc = error("x");

    (void)state;
    expect_text(printed(&(struct tt_handler_context){.exception = exc}),
                "Unhandled exception in event loop\nValueError: x\n");
    expect_text(printed(&(struct tt_handler_context){.message = ""}), "Unhandled exception in event loop\n");
    tt_exc_unref(exc);
}

static void it_writes_the_keys_in_sorted_order_and_then_the_traceback(void **state)
{
    const struct tt_task_options options = {.loop = stage_loop, .name = "a task"};
    tt_future *future = tt_create_future(stage_loop);
    tt_task *task = tt_create_task_with(say, "x", &options);
    tt_exc *exc = error("boom");
    tt_handle *handle;
    char expected[1024];
    int line = __LINE__ + 3;

    (void)state;
    assert_int_equal(tt_loop_call_soon(stage_loop, say, "x", &handle), 0);
    snprintf(expected, sizeof expected,
             "message\nfuture: <Future pending>\nhandle: <Handle say() at %s:%d>\n"
             "task: <Task pending name='a task' coro=<say() created at %s:%d>>\nValueError: boom\n",
             __FILE__, line, __FILE__, line - 7);
    expect_text(printed(&(struct tt_handler_context){
                    .message = "message", .exception = exc, .future = future, .task = task, .handle = handle}),
                expected);
    tt_exc_unref(exc);
    tt_handle_unref(handle);
    stage_turns(1);
    tt_task_unref(task);
    tt_future_unref(future);
    expect_notes("x", "x");
}

static void a_timer_shows_when_it_was_due(void **state)
{
    tt_handle *handle;
    char expected[256];
    int line = __LINE__ + 3;

    (void)state;
    assert_int_equal(tt_loop_call_at(stage_loop, 1500000000, say, "x", &handle), 0);
    snprintf(expected, sizeof expected, "m\nhandle: <TimerHandle when=1.5 say() at %s:%d>\n", __FILE__, line);
    expect_text(printed(&(struct tt_handler_context){.message = "m", .handle = handle}), expected);
    tt_handle_cancel(handle);
    expect_text(printed(&(struct tt_handler_context){.message = "m", .handle = handle}),
                "m\nhandle: <TimerHandle cancelled when=1.5>\n");
    tt_handle_unref(handle);
}

static void the_names_of_the_keys_are_sorted(void **state)
{
    tt_future *future = tt_create_future(stage_loop);
    tt_exc *exc = error("x");
    const struct tt_handler_context inner = {.message = "inner"};
    char keys[128];

    (void)state;
    tt_handler_context_keys(&inner, keys, sizeof keys);
    assert_string_equal(keys, "message");
    tt_handler_context_keys(&(struct tt_handler_context){.message = "m",
                                                         .exception = exc,
                                                         .future = future,
                                                         .task = future,
                                                         .context = &inner,
                                                         .handle = (tt_handle *)future},
                            keys, sizeof keys);
    assert_string_equal(keys, "context, exception, future, handle, message, task");
    assert_int_equal(tt_handler_context_keys(&inner, keys, 4), strlen("message"));
    assert_string_equal(keys, "mes");
    tt_exc_unref(exc);
    tt_future_unref(future);
}

enum { FAIL_UNKEPT_LINE = __LINE__ + 6 };

static int fail_unkept(void *arg)
{
    const struct tt_task_options options = {.name = "worker-7"};

    if (tt_spawn_with(raise_value, arg, &options) < 0)
        return -1;
    return tt_sleep(0);
}

static void a_lost_failure_is_written_as_asyncio_writes_it(void **state)
{
    char expected[1024];
    char *text;

    (void)state;
    tt_loop_set_exception_handler(stage_loop, NULL, NULL);
    stage_capture_stderr();
    assert_true(stage_run(fail_unkept, "boom"));
    text = stage_captured();
    snprintf(expected, sizeof expected,
             "Task exception was never retrieved\nfuture: <Task finished name='worker-7' "
             "coro=<raise_value() done, created at %s:%d> exception=ValueError('boom')>\nTraceback (most recent call "
             "last):\n"
             "  File \"%s\", line %d, in raise_value\nValueError: boom\n",
             __FILE__, FAIL_UNKEPT_LINE, __FILE__, RAISE_VALUE_LINE);
    expect_text(text, expected);
}

static void a_pending_task_is_written_as_asyncio_writes_it(void **state)
{
    const struct tt_task_options options = {.loop = stage_loop, .name = "orphan"};
    tt_task *task = tt_create_task_with(say, "x", &options);
    char expected[512], *text;
    int line = __LINE__ - 2;

    (void)state;
    tt_loop_set_exception_handler(stage_loop, NULL, NULL);
    stage_capture_stderr();
    stage_close_loop();
    text = stage_captured();
    snprintf(expected, sizeof expected,
             "Task was destroyed but it is pending!\ntask: <Task pending name='orphan' coro=<say() "
             "created at %s:%d>>\n",
             __FILE__, line);
    expect_text(text, expected);
    tt_task_unref(task);
}

static int raise_in_callback(void *arg)
{
    return raise_value(arg);
}

static void a_callback_that_raised_is_written_as_asyncio_writes_it(void **state)
{
    char expected[512], *text;
    int line = __LINE__ + 4;

    (void)state;
    tt_loop_set_exception_handler(stage_loop, NULL, NULL);
    assert_int_equal(tt_loop_call_soon(stage_loop, raise_in_callback, "boom", NULL), 0);
    stage_capture_stderr();
    stage_turns(1);
    text = stage_captured();
    snprintf(
        expected, sizeof expected,
        "Exception in callback raise_in_callback() at %s:%d\nhandle: <Handle "
        "raise_in_callback() at %s:%d>\nTraceback (most recent call last):\n  File \"%s\", line %d, in raise_value\n"
        "ValueError: boom\n",
        __FILE__, line, __FILE__, line, __FILE__, RAISE_VALUE_LINE);
    expect_text(text, expected);
}

/* ----------------------------------------------------------------------------------------------------- own handlers */

static int handler_calls;

static int count_calls(tt_loop *loop, const struct tt_handler_context *context, void *arg)
{
    (void)context;
    assert_ptr_equal(loop, arg);
    handler_calls++;
    return 0;
}

static void a_handler_gets_its_argument_and_can_be_replaced(void **state)
{
    char *text;

    (void)state;
    handler_calls = 0;
    tt_loop_set_exception_handler(stage_loop, count_calls, stage_loop);
    tt_loop_call_exception_handler(stage_loop, &(struct tt_handler_context){.message = "m"});
    assert_int_equal(handler_calls, 1);
    tt_loop_set_exception_handler(stage_loop, NULL, NULL);
    stage_capture_stderr();
    tt_loop_call_exception_handler(stage_loop, &(struct tt_handler_context){.message = "m"});
    text = stage_captured();
    assert_int_equal(handler_calls, 1);
    expect_text(text, "m\n");
}

enum { FAILING_HANDLER_LINE = __LINE__ + 6 };

static int failing_handler(tt_loop *loop, const struct tt_handler_context *context, void *arg)
{
    (void)loop;
    note("told: %s", context->message);
    return tt_raise(&tt_KeyError, "%s", (const char *)arg);
}

static void a_handler_that_raises_is_told_to_the_default_one(void **state)
{
    tt_exc *exc = error("first");
    char expected[1024];

    (void)state;
    tt_loop_set_exception_handler(stage_loop, failing_handler, "in handler");
    stage_capture_stderr();
    tt_loop_call_exception_handler(stage_loop, &(struct tt_handler_context){.message = "m", .exception = exc});
    snprintf(expected, sizeof expected,
             "Unhandled error in exception handler\n"
             "context: {'message': 'm', 'exception': ValueError('first')}\nTraceback (most recent call last):\n"
             "  File \"%s\", line %d, in failing_handler\nKeyError: 'in handler'\n",
             __FILE__, FAILING_HANDLER_LINE);
    expect_text(stage_captured(), expected);
    tt_exc_unref(exc);
    expect_notes("told: m");
}

static int raising_handler(tt_loop *loop, const struct tt_handler_context *context, void *arg)
{
    (void)loop;
    (void)arg;
    note("handles %s", tt_exc_caught() == context->exception ? "it" : "something else");
    tt_raise(&tt_KeyError, "in handler");
    note("context %s", tt_exc_context(tt_exc_pending()) == context->exception ? "it" : "something else");
    return -1;
}

/* CPython calls the handler from within the except block that caught it. */
static void what_a_callback_raised_is_handled_while_the_handler_is_told(void **state)
{
    (void)state;
    tt_loop_set_exception_handler(stage_loop, raising_handler, NULL);
    assert_int_equal(tt_loop_call_soon(stage_loop, raise_value, "x", NULL), 0);
    stage_capture_stderr();
    stage_turns(1);
    free(stage_captured());
    expect_notes("handles it", "context it");
}

static int drop_while_handling(void *task)
{
    tt_raise(&tt_ValueError, "outer");
    if (tt_catch(&tt_ValueError)) {
        tt_future_unref(task);
        return tt_catch_end();
    }
    return -1;
}

static int note_what_is_handled(tt_loop *loop, const struct tt_handler_context *context, void *arg)
{
    char repr[64];

    (void)loop;
    (void)arg;
    tt_exc_repr(tt_exc_caught(), repr, sizeof repr);
    note("%s while %s is handled", context->message, repr);
    return 0;
}

static void a_handler_that_a_release_calls_handles_what_the_releaser_does(void **state)
{
    tt_future *future = tt_create_future(stage_loop);
    tt_exc *exc = error("inner");

    (void)state;
    tt_loop_set_exception_handler(stage_loop, note_what_is_handled, NULL);
    assert_int_equal(tt_future_set_exception(future, exc), 0);
    tt_exc_unref(exc);
    assert_true(stage_run(drop_while_handling, future));
    expect_notes("Future exception was never retrieved while ValueError('outer') is handled");
}

static int exiting_handler(tt_loop *loop, const struct tt_handler_context *context, void *arg)
{
    (void)loop;
    (void)context;
    return tt_raise(arg, NULL);
}

static void an_exit_out_of_a_handler_leaves_the_run(void **state)
{
    (void)state;
    tt_loop_set_exception_handler(stage_loop, exiting_handler, (void *)&tt_SystemExit);
    assert_int_equal(tt_loop_call_soon(stage_loop, raise_value, "boom", NULL), 0);
    assert_int_equal(tt_loop_run_forever(stage_loop), -1);
    note_and_drop("run");
    expect_notes("run: SystemExit()");
}

static void an_exit_out_of_a_handler_outside_of_runs_is_written(void **state)
{
    char *text;

    (void)state;
    tt_loop_set_exception_handler(stage_loop, exiting_handler, (void *)&tt_SystemExit);
    stage_capture_stderr();
    tt_loop_call_exception_handler(stage_loop, &(struct tt_handler_context){.message = "m"});
    text = stage_captured();
    assert_non_null(strstr(text, "Unhandled error in exception handler\ncontext: {'message': 'm'}\n"));
    assert_non_null(strstr(text, "\nSystemExit\n"));
    free(text);
    stage_turns(1); /* nothing is left of it */
}

static int forgetful_handler(tt_loop *loop, const struct tt_handler_context *context, void *arg)
{
    (void)loop;
    (void)context;
    if (arg)
        return tt_raise(&tt_ValueError, "ignored") < 0 ? 0 : -1;
    return -1;
}

static void a_handler_that_forgets_to_return_or_to_raise_loses_nothing(void **state)
{
    char *text;

    (void)state;
    for (int i = 0; i < 2; i++) {
        tt_loop_set_exception_handler(stage_loop, forgetful_handler, i ? "" : NULL);
        stage_capture_stderr();
        tt_loop_call_exception_handler(stage_loop, &(struct tt_handler_context){.message = "m"});
        text = stage_captured();
        assert_non_null(
            strstr(text, i ? "\nValueError: ignored\n"
                           : "\nRuntimeError: an exception handler returned -1 with no exception pending\n"));
        free(text);
    }
}

static int suspending_handler(tt_loop *loop, const struct tt_handler_context *context, void *arg)
{
    tt_task *task = tt_create_task(say, "x");

    (void)loop;
    (void)context;
    (void)arg;
    note("current: %d", tt_current_task() != NULL);
    if (tt_sleep(0) < 0)
        note_and_drop("sleep");
    if (tt_await(task) < 0)
        note_and_drop("await");
    tt_task_unref(task);
    return 0;
}

static int release_in_task(void *arg)
{
    tt_future *future = tt_create_future(NULL);
    tt_exc *exc = error(arg);

    if (tt_future_set_exception(future, exc) < 0)
        return -1;
    tt_exc_unref(exc);
    if (tt_raise(&tt_KeyError, "mine") < 0)
        tt_future_unref(future);
    note_pending("after");
    if (tt_catch(&tt_KeyError) && tt_catch_end() < 0)
        return -1;
    return tt_sleep(0);
}

static void a_handler_that_a_task_brings_about_cannot_suspend_it(void **state)
{
    (void)state;
    tt_loop_set_exception_handler(stage_loop, suspending_handler, NULL);
    assert_true(stage_run(release_in_task, "boom"));
    expect_notes("current: 1", "sleep: RuntimeError('a callback cannot suspend: only a task can')",
                 "await: RuntimeError('a callback cannot suspend: only a task can')", "after: KeyError('mine')", "x");
}

static int release_foreign(void *arg)
{
    tt_future_unref(arg);
    return 0;
}

static void nor_can_the_handler_of_another_loop(void **state)
{
    tt_loop *other = tt_loop_create();
    tt_future *future = tt_create_future(other);
    tt_exc *exc = error("boom");

    (void)state;
    tt_loop_set_exception_handler(other, suspending_handler, NULL);
    assert_int_equal(tt_future_set_exception(future, exc), 0);
    tt_exc_unref(exc);
    assert_true(stage_run(release_foreign, future));
    stage_turns(1);
    expect_notes("current: 1", "sleep: RuntimeError('a callback cannot suspend: only a task can')",
                 "await: RuntimeError('a callback cannot suspend: only a task can')", "x");
    assert_int_equal(tt_loop_close(other), 0);
}

/* A handler needs more stack than a task has left, so it has the loop's. */
static int deep_handler(tt_loop *loop, const struct tt_handler_context *context, void *arg)
{
    volatile char space[512 * 1024];

    (void)arg;
    (void)loop;
    for (size_t i = 0; i < sizeof space; i += 1024)
        space[i] = 1;
    note("%s %d", context->message, space[0]);
    return 0;
}

static void a_handler_has_the_loops_stack(void **state)
{
    (void)state;
    tt_loop_set_exception_handler(stage_loop, deep_handler, NULL);
    assert_true(stage_run(release_in_task, "boom"));
    expect_notes("Future exception was never retrieved 1", "after: KeyError('mine')");
}

static int nested_handler(tt_loop *loop, const struct tt_handler_context *context, void *arg)
{
    (void)arg;
    note("%s", context->message);
    if (context->future) {
        tt_exc *exc = error("another");
        tt_future *future = tt_create_future(loop);

        if (tt_future_set_exception(future, exc) < 0)
            return -1;
        tt_exc_unref(exc);
        tt_loop_call_exception_handler(loop, &(struct tt_handler_context){.message = "from within"});
        tt_future_unref(future);
    }
    return 0;
}

static int nested_once(tt_loop *loop, const struct tt_handler_context *context, void *arg)
{
    static int depth;
    int rc = 0;

    if (depth++ < 2)
        rc = nested_handler(loop, context, arg);
    else
        note("deep: %s", context->message);
    depth--;
    return rc;
}

static void a_handler_can_bring_about_another_call(void **state)
{
    (void)state;
    tt_loop_set_exception_handler(stage_loop, nested_once, NULL);
    assert_true(stage_run(release_in_task, "boom"));
    expect_notes("Future exception was never retrieved", "from within", "Future exception was never retrieved",
                 "deep: from within", "deep: Future exception was never retrieved", "after: KeyError('mine')");
}

static void every_exception_of_a_callback_reaches_the_handler_but_for_the_exit_class(void **state)
{
    static const tt_exc_type *const types[] = {&tt_CancelledError, &tt_MemoryError, &tt_OSError};

    (void)state;
    for (int i = 0; i < 3; i++)
        assert_int_equal(tt_loop_call_soon(stage_loop, raise_type, (void *)types[i], NULL), 0);
    stage_turns(1);
    assert_non_null(strstr(stage_notes(), "CancelledError('raised')\n"));
    assert_non_null(strstr(stage_notes(), "MemoryError('raised')\n"));
    assert_non_null(strstr(stage_notes(), "OSError('raised')\n"));
    stage_forget_notes();
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test_on_stage(it_writes_the_message_alone_when_there_is_nothing_else),
    cmocka_unit_test_on_stage(without_a_message_it_says_unhandled_exception),
    cmocka_unit_test_on_stage(it_writes_the_keys_in_sorted_order_and_then_the_traceback),
    cmocka_unit_test_on_stage(a_timer_shows_when_it_was_due),
    cmocka_unit_test_on_stage(the_names_of_the_keys_are_sorted),
    cmocka_unit_test_on_stage(a_lost_failure_is_written_as_asyncio_writes_it),
    cmocka_unit_test_on_stage(a_pending_task_is_written_as_asyncio_writes_it),
    cmocka_unit_test_on_stage(a_callback_that_raised_is_written_as_asyncio_writes_it),
    cmocka_unit_test_on_stage(a_handler_gets_its_argument_and_can_be_replaced),
    cmocka_unit_test_on_stage(a_handler_that_raises_is_told_to_the_default_one),
    cmocka_unit_test_on_stage(an_exit_out_of_a_handler_leaves_the_run),
    cmocka_unit_test_on_stage(an_exit_out_of_a_handler_outside_of_runs_is_written),
    cmocka_unit_test_on_stage(a_handler_that_forgets_to_return_or_to_raise_loses_nothing),
    cmocka_unit_test_on_stage(a_handler_that_a_task_brings_about_cannot_suspend_it),
    cmocka_unit_test_on_stage(nor_can_the_handler_of_another_loop),
    cmocka_unit_test_on_stage(a_handler_has_the_loops_stack),
    cmocka_unit_test_on_stage(a_handler_can_bring_about_another_call),
    cmocka_unit_test_on_stage(every_exception_of_a_callback_reaches_the_handler_but_for_the_exit_class),
    cmocka_unit_test_on_stage(what_a_callback_raised_is_handled_while_the_handler_is_told),
    cmocka_unit_test_on_stage(a_handler_that_a_release_calls_handles_what_the_releaser_does),
};

TT_TEST_MAIN(cases)
