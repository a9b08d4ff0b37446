/* A loop that is run while its caller handles an exception: that is the context of what is raised inside, in every step
 * and callback, as CPython 3.13 has it. */
#include "stage.h"

static void note_chain(const char *label, const tt_exc *exc)
{
    char line[256] = "", repr[64];

    for (; exc; exc = tt_exc_context(exc)) {
        tt_exc_repr(exc, repr, sizeof repr);
        snprintf(line + strlen(line), sizeof line - strlen(line), "%s%s", line[0] ? " <- " : "", repr);
    }
    note("%s: %s", label, line);
}

static int raise_text(void *text)
{
    return tt_raise(&tt_ValueError, "%s", (const char *)text);
}

static int sleep_and_raise(void *text)
{
    return tt_sleep(0) < 0 ? -1 : raise_text(text);
}

static int tell_chain(tt_loop *loop, const struct tt_handler_context *context, void *arg)
{
    (void)loop;
    (void)arg;
    note_chain("handler", context->exception);
    return 0;
}

static int gather_failures(void *arg)
{
    tt_future *tasks[] = {tt_create_task(raise_text, "first step"), tt_create_task(sleep_and_raise, "later step")};
    tt_future *gather = tt_gather(tasks, 2, true);
    int rc = tt_await(gather);
    tt_exc *exc;

    (void)arg;
    for (size_t i = 0; rc == 0 && i < 2; i++) {
        rc = tt_gather_slot(gather, i, NULL, &exc);
        note_chain("task", exc);
    }
    tt_future_unref(gather);
    tt_future_unref(tasks[0]);
    tt_future_unref(tasks[1]);
    return rc;
}

/* Inside of its own handling of another exception that is the context. */
static int raise_inside(void *arg)
{
    (void)arg;
    tt_raise(&tt_TypeError, "inner");
    if (tt_catch(&tt_TypeError)) {
        if (tt_sleep(0) == 0)
            tt_raise(&tt_ValueError, "inside");
        note_chain("inside", tt_exc_pending());
        if (tt_catch(&tt_ValueError))
            (void)!tt_catch_end();
        return tt_catch_end();
    }
    return 0;
}

/* Calls RUN while a KeyError is handled. */
static void handling(void (*run)(void))
{
    tt_raise(&tt_KeyError, "outer");
    if (!tt_catch(&tt_KeyError))
        return;
    run();
    assert_int_equal(tt_catch_end(), 0);
}

static void run_everything(void)
{
    tt_loop_set_exception_handler(stage_loop, tell_chain, NULL);
    assert_int_equal(tt_loop_call_soon(stage_loop, raise_text, "callback", NULL), 0);
    assert_true(stage_run(gather_failures, NULL));
    assert_true(stage_run(raise_inside, NULL));
}

static void what_the_caller_handles_is_the_context_of_what_is_raised(void **state)
{
    (void)state;
    handling(run_everything);
    expect_notes("handler: ValueError('callback') <- KeyError('outer')",
                 "task: ValueError('first step') <- KeyError('outer')",
                 "task: ValueError('later step') <- KeyError('outer')",
                 "inside: ValueError('inside') <- TypeError('inner') <- KeyError('outer')");
}

static void afterwards_it_is_not(void **state)
{
    (void)state;
    handling(run_everything);
    stage_forget_notes();
    run_everything();
    expect_notes("handler: ValueError('callback')", "task: ValueError('first step')", "task: ValueError('later step')",
                 "inside: ValueError('inside') <- TypeError('inner')");
}

static void use_a_runner(void)
{
    tt_runner *runner = tt_runner_create();

    assert_non_null(runner);
    assert_int_equal(tt_runner_run(runner, gather_failures, NULL), 0);
    assert_int_equal(tt_runner_destroy(runner), 0);
}

static void a_runner_does_the_same(void **state)
{
    (void)state;
    handling(use_a_runner);
    expect_notes("task: ValueError('first step') <- KeyError('outer')",
                 "task: ValueError('later step') <- KeyError('outer')");
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test_on_stage(what_the_caller_handles_is_the_context_of_what_is_raised),
    cmocka_unit_test_on_stage(afterwards_it_is_not),
    cmocka_unit_test_on_stage(a_runner_does_the_same),
};

TT_TEST_MAIN(cases)
