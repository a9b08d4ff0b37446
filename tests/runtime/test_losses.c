/* C's own ways to lose a failure, and that each is closed: return codes that are ignored, return values that do not
 * fit, handling that is left open, arguments that nobody frees. Each is seen by the handler and told to the trace with
 * its lines. */
#include "stage.h"

#include "events.h"
#include "exc_internal.h"

static int say(void *text)
{
    note("%s", (const char *)text);
    return 0;
}

enum { RAISE_VALUE_LINE = __LINE__ + 4 };

static int raise_value(void *text)
{
    return tt_raise(&tt_ValueError, "%s", (const char *)text);
}

/* Runs FN(ARG) as a task without a handle, so that its failure is reported when it ends. */
static void run_unheld(tt_coro_fn *fn, void *arg)
{
    const struct tt_task_options options = {.loop = stage_loop, .name = "t"};

    assert_int_equal(tt_spawn_with(fn, arg, &options), 0);
    events_begin();
    stage_turns(6);
    events_end();
}

#define REPORTED(text) "handler: Task exception was never retrieved [exception, future, message] " text " of t"

/* --------------------------------------------------------------------------------------------- ignored return codes */

static uint32_t raise_line, ran_into_line, ignored_line;

static int ignore_a_failed_await(void *text)
{
    tt_task *task = tt_create_task(raise_value, text);
    int rc = tt_await(task);

    ignored_line = __LINE__ - 2;
    (void)rc; /* ignored */
    note("goes on");
    tt_task_unref(task);
    rc = tt_sleep(TT_SEC(1000));
    note("sleep: %d", rc);
    return 0;
}

static void a_failed_await_that_is_ignored_is_met_at_the_next_call(void **state)
{
    (void)state;
    run_unheld(ignore_a_failed_await, "boom");
    expect_notes("goes on", "sleep: -1", REPORTED("ValueError('boom')"));
    assert_non_null(strstr(events_log(), "stored ? how=ignored handles=0\n"));
    assert_int_equal(events_raised_line(), RAISE_VALUE_LINE);
    assert_int_equal(events_last_line(), ignored_line);
}

static int return_0_with_one_pending(void *text)
{
    raise_line = __LINE__ + 1;
    if (tt_raise(&tt_ValueError, "%s", (const char *)text) < 0)
        note("ignored");
    return 0;
}

static void returning_0_with_an_exception_pending_fails_with_it(void **state)
{
    (void)state;
    run_unheld(return_0_with_one_pending, "boom");
    expect_notes("ignored", REPORTED("ValueError('boom')"));
    assert_non_null(strstr(events_log(), "stored ? how=ignored handles=0\n"));
    assert_int_equal(events_raised_line(), raise_line);
    assert_int_equal(events_last_line(), raise_line);
}

static int return_minus_1_with_none(void *arg)
{
    (void)arg;
    ran_into_line = __LINE__ + 1;
    if (tt_sleep(0) < 0)
        note("unexpected");
    return -1;
}

static void returning_minus_1_with_none_pending_fails_with_runtime_error(void **state)
{
    (void)state;
    run_unheld(return_minus_1_with_none, NULL);
    expect_notes(REPORTED("RuntimeError('fn() returned -1 with no exception pending')"));
    assert_non_null(strstr(events_log(), "stored ? how=missing handles=0\n"));
    assert_int_equal(events_last_line(), ran_into_line);
    assert_int_equal(events_raised_line(), ran_into_line);
}

static int return_minus_7(void *arg)
{
    (void)arg;
    return -7;
}

static int return_7_with_one_pending(void *text)
{
    return raise_value(text) < 0 ? 7 : 0;
}

static void any_negative_number_means_raised_and_any_other_returned(void **state)
{
    (void)state;
    run_unheld(return_minus_7, NULL);
    expect_notes(REPORTED("RuntimeError('fn() returned -7 with no exception pending')"));
    run_unheld(return_7_with_one_pending, "boom");
    expect_notes(REPORTED("ValueError('boom')"));
}

static int catch_returned_value(void *arg)
{
    (void)arg;
    if (raise_value("first") < 0 && tt_catch(&tt_ValueError) && tt_catch_end() < 0)
        return -1;
    return -1; /* the rc of what was handled, returned by mistake */
}

static void returning_the_code_of_what_was_handled_fails_with_runtime_error(void **state)
{
    (void)state;
    run_unheld(catch_returned_value, NULL);
    expect_notes(REPORTED("RuntimeError('fn() returned -1 with no exception pending')"));
}

static int raise_over_and_over(void *arg)
{
    (void)arg;
    if (raise_value("first") < 0 && raise_value("second") < 0)
        return 0;
    return 0;
}

static void raising_while_one_is_pending_keeps_it_as_context(void **state)
{
    const struct tt_task_options options = {.loop = stage_loop, .name = "t"};
    tt_task *task = tt_create_task_with(raise_over_and_over, NULL, &options);

    (void)state;
    stage_turns(1);
    assert_string_equal(tt_exc_message(tt_future_peek(task)), "second");
    assert_string_equal(tt_exc_message(tt_exc_context(tt_future_peek(task))), "first");
    tt_task_unref(task);
    expect_notes(REPORTED("ValueError('second')"));
}

/* ------------------------------------------------------------------------------------------ a pending one is sticky */

static int call_everything_that_suspends(void *arg)
{
    tt_future *future = tt_create_future(NULL), *gather;
    char byte;

    (void)arg;
    raise_value("sticky");
    note("await %d", tt_await(future));
    note("await nothing %d", tt_await(NULL));
    note("sleep %d", tt_sleep(0));
    note("recv %zd", tt_sock_recv(0, &byte, 1));
    note("sendall %d", tt_sock_sendall(0, &byte, 1));
    gather = tt_gather(&future, 1, false);
    note("gather %d", gather != NULL);
    tt_future_unref(gather);
    tt_future_unref(future);
    note_pending("still");
    return -1;
}

static void with_one_pending_no_call_suspends_and_every_one_fails(void **state)
{
    (void)state;
    run_unheld(call_everything_that_suspends, NULL);
    expect_notes("await -1", "await nothing -1", "sleep -1", "recv -1", "sendall -1", "gather 0",
                 "still: ValueError('sticky')", REPORTED("ValueError('sticky')"));
}

static int release_everything(void *arg)
{
    tt_future *future = tt_create_future(NULL);
    tt_task *task = tt_create_task(say, arg);
    tt_handle *handle = NULL;

    if (tt_loop_call_soon(NULL, say, "x", &handle) < 0)
        return -1;
    raise_value("mine");
    tt_future_unref(future);
    tt_task_cancel(task, NULL);
    tt_task_unref(task);
    tt_handle_cancel(handle);
    tt_handle_unref(handle);
    tt_exc_unref(NULL);
    note_pending("after");
    return -1;
}

static void what_closes_frees_or_releases_keeps_it(void **state)
{
    (void)state;
    run_unheld(release_everything, "never");
    expect_notes("after: ValueError('mine')", REPORTED("ValueError('mine')"));
}

/* ----------------------------------------------------------------------------------- handling and cleanup left open */

static int leave_a_catch_open(void *text)
{
    if (raise_value(text) < 0 && tt_catch(&tt_ValueError))
        return 0; /* tt_catch_end is missing: handled all the same */
    return -1;
}

static void a_catch_that_is_left_open_has_handled_it(void **state)
{
    (void)state;
    run_unheld(leave_a_catch_open, "boom");
    expect_no_notes();
}

static int leave_a_cleanup_open(void *text)
{
    if (raise_value(text) < 0)
        tt_cleanup_begin();
    return 0;
}

static void a_cleanup_that_is_left_open_brings_it_back(void **state)
{
    (void)state;
    run_unheld(leave_a_cleanup_open, "boom");
    expect_notes(REPORTED("ValueError('boom')"));
    assert_non_null(strstr(events_log(), "how=ignored"));
}

static int raise_in_cleanup(void *text)
{
    int rc = raise_value(text);

    tt_cleanup_begin();
    if (tt_raise(&tt_KeyError, "cleanup") == 0)
        rc = 0;
    if (tt_cleanup_end() < 0)
        rc = -1;
    return rc;
}

static void an_exception_in_cleanup_keeps_the_first_as_context(void **state)
{
    const struct tt_task_options options = {.loop = stage_loop, .name = "t"};
    tt_task *task = tt_create_task_with(raise_in_cleanup, "first", &options);

    (void)state;
    stage_turns(1);
    assert_string_equal(tt_exc_message(tt_exc_context(tt_future_peek(task))), "first");
    tt_task_unref(task);
    expect_notes(REPORTED("KeyError('cleanup')"));
}

static int suspend_in_cleanup(void *text)
{
    int rc = raise_value(text);

    tt_cleanup_begin();
    if (tt_sleep(1) == 0)
        note("slept");
    if (tt_cleanup_end() < 0)
        rc = -1;
    return rc;
}

static void cleanup_can_suspend_while_a_failure_waits(void **state)
{
    const struct tt_task_options options = {.loop = stage_loop, .name = "t"};
    tt_task *task = tt_create_task_with(suspend_in_cleanup, "boom", &options);

    (void)state;
    assert_int_equal(tt_loop_run_until_complete(stage_loop, task), -1);
    note_and_drop("run");
    tt_task_unref(task);
    expect_notes("slept", "run: ValueError('boom')");
}

/* ------------------------------------------------------------------------------------------------------------ defer */

static int defer_three(void *arg)
{
    if (tt_defer(say, "first") < 0 || tt_defer(say, "second") < 0 || tt_defer(say, "third") < 0)
        return -1;
    return arg ? raise_value(arg) : 0;
}

static void deferred_functions_run_at_every_exit_the_last_one_first(void **state)
{
    (void)state;
    run_unheld(defer_three, NULL);
    expect_notes("third", "second", "first");
    run_unheld(defer_three, "boom");
    expect_notes("third", "second", "first", REPORTED("ValueError('boom')"));
}

static int defer_one_that_raises(void *arg)
{
    if (tt_defer(say, "runs too") < 0 || tt_defer(raise_value, arg) < 0)
        return -1;
    return 0;
}

static void one_that_raises_fails_the_task_and_the_others_run(void **state)
{
    (void)state;
    run_unheld(defer_one_that_raises, "deferred");
    expect_notes("runs too", REPORTED("ValueError('deferred')"));
}

static int return_minus_1(void *arg)
{
    (void)arg;
    return -1;
}

static int defer_one_without_exception(void *arg)
{
    (void)arg;
    return tt_defer(return_minus_1, NULL);
}

static void one_that_returns_minus_1_with_none_is_a_runtime_error(void **state)
{
    (void)state;
    run_unheld(defer_one_without_exception, NULL);
    expect_notes(REPORTED("RuntimeError('a deferred function returned -1 with no exception pending')"));
}

static int look_at_failure(void *arg)
{
    char repr[64];

    tt_exc_repr(tt_exc_caught(), repr, sizeof repr);
    note("%s %s", (const char *)arg, repr);
    note_pending("pending");
    return 0;
}

static int defer_a_look(void *arg)
{
    if (tt_defer(look_at_failure, "sees") < 0)
        return -1;
    return raise_value(arg);
}

static void a_deferred_function_sees_what_the_coroutine_ended_with(void **state)
{
    (void)state;
    run_unheld(defer_a_look, "boom");
    expect_notes("sees ValueError('boom')", "pending: nothing", REPORTED("ValueError('boom')"));
}

static int defer_within(void *arg)
{
    note("outer");
    return tt_defer(say, arg);
}

static int defer_one_that_defers(void *arg)
{
    return tt_defer(defer_within, arg);
}

static void a_deferred_function_can_defer_another(void **state)
{
    (void)state;
    run_unheld(defer_one_that_defers, "inner");
    expect_notes("outer", "inner");
}

/* -------------------------------------------------------------------------------------------------------- callbacks */

static int return_0_in_callback(void *text)
{
    raise_value(text);
    return 0;
}

static void a_callback_that_ignores_its_exception_is_reported(void **state)
{
    (void)state;
    assert_int_equal(tt_loop_call_soon(stage_loop, return_0_in_callback, "boom", NULL), 0);
    assert_int_equal(tt_loop_call_soon(stage_loop, return_minus_1, NULL, NULL), 0);
    stage_turns(1);
    assert_non_null(strstr(stage_notes(), "[exception, handle, message] ValueError('boom')\n"));
    assert_non_null(strstr(stage_notes(), "RuntimeError('return_minus_1() returned -1 with no exception pending')\n"));
    stage_forget_notes();
}

/* --------------------------------------------------------------------------------- what the program drops and frees */

static void raise_in_drop(void *arg)
{
    note("dropped");
    raise_value(arg);
}

static void raise_in_free(void *value)
{
    note("freed");
    raise_value(value);
}

static int create_and_cancel(void *arg)
{
    const struct tt_task_options options = {.drop = raise_in_drop};
    tt_task *task = tt_create_task_with(say, arg, &options);
    tt_future *future = tt_create_future(NULL);

    tt_task_cancel(task, NULL);
    tt_task_unref(task);
    if (tt_future_set_result(future, arg, raise_in_free) < 0)
        return -1;
    tt_future_unref(future);
    note_pending("after free");
    if (tt_sleep(0) < 0)
        return -1;
    note_pending("after drop");
    tt_return(arg, raise_in_free);
    return tt_return(NULL, NULL);
}

static void an_exception_out_of_a_function_that_drops_or_frees_goes_to_the_handler(void **state)
{
#define IN_RELEASE \
    "handler: exception in a function that frees a value or drops an argument [exception, message] ValueError('boom')"

    (void)state;
    run_unheld(create_and_cancel, "boom");
    expect_notes("freed", IN_RELEASE, "after free: nothing", "dropped", IN_RELEASE, "after drop: nothing", "freed",
                 IN_RELEASE);
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test_on_stage(a_failed_await_that_is_ignored_is_met_at_the_next_call),
    cmocka_unit_test_on_stage(returning_0_with_an_exception_pending_fails_with_it),
    cmocka_unit_test_on_stage(returning_minus_1_with_none_pending_fails_with_runtime_error),
    cmocka_unit_test_on_stage(any_negative_number_means_raised_and_any_other_returned),
    cmocka_unit_test_on_stage(returning_the_code_of_what_was_handled_fails_with_runtime_error),
    cmocka_unit_test_on_stage(raising_while_one_is_pending_keeps_it_as_context),
    cmocka_unit_test_on_stage(with_one_pending_no_call_suspends_and_every_one_fails),
    cmocka_unit_test_on_stage(what_closes_frees_or_releases_keeps_it),
    cmocka_unit_test_on_stage(a_catch_that_is_left_open_has_handled_it),
    cmocka_unit_test_on_stage(a_cleanup_that_is_left_open_brings_it_back),
    cmocka_unit_test_on_stage(an_exception_in_cleanup_keeps_the_first_as_context),
    cmocka_unit_test_on_stage(cleanup_can_suspend_while_a_failure_waits),
    cmocka_unit_test_on_stage(deferred_functions_run_at_every_exit_the_last_one_first),
    cmocka_unit_test_on_stage(one_that_raises_fails_the_task_and_the_others_run),
    cmocka_unit_test_on_stage(one_that_returns_minus_1_with_none_is_a_runtime_error),
    cmocka_unit_test_on_stage(a_deferred_function_sees_what_the_coroutine_ended_with),
    cmocka_unit_test_on_stage(a_deferred_function_can_defer_another),
    cmocka_unit_test_on_stage(a_callback_that_ignores_its_exception_is_reported),
    cmocka_unit_test_on_stage(an_exception_out_of_a_function_that_drops_or_frees_goes_to_the_handler),
};

TT_TEST_MAIN(cases)
