/* Futures: states, callbacks, results, asyncio's bit. asyncio.Future.
 *
 * Past 600 lines: every transition of asyncio's bit is a case of its own, and all begin with one future. */
#include "stage.h"

#include <errno.h>

static tt_future *future;

static int open_future(void **state)
{
    if (stage_open(state) < 0)
        return -1;
    future = tt_create_future(stage_loop);
    return future ? 0 : -1;
}

static int close_future(void **state)
{
    tt_future_unref(future);
    future = NULL;
    return stage_close(state);
}

#define cmocka_unit_test_with_future(...) STAGE_CASE(__VA_ARGS__, open_future, close_future)

static tt_exc *new_exc(const tt_exc_type *type, const char *text)
{
    tt_exc *exc = tt_exc_new(type, "%s", text);

    assert_non_null(exc);
    return exc;
}

/* Fails FUTURE with a ValueError that nobody else holds. */
static void set_error(tt_future *target, const char *text)
{
    tt_exc *exc = new_exc(&tt_ValueError, text);

    assert_int_equal(tt_future_set_exception(target, exc), 0);
    tt_exc_unref(exc);
}

static int say_done(tt_future *done, void *text)
{
    note("%s%s", (const char *)text, tt_future_done(done) ? "" : ", which is not done");
    return 0;
}

static int say(void *text)
{
    note("%s", (const char *)text);
    return 0;
}

/* ----------------------------------------------------------------------------------------------------------- states */

static void a_new_future_is_pending(void **state)
{
    void *value = "untouched";
    tt_exc *exc = (tt_exc *)"untouched";

    (void)state;
    assert_false(tt_future_done(future));
    assert_false(tt_future_cancelled(future));
    assert_ptr_equal(tt_future_loop(future), stage_loop);
    assert_null(tt_future_peek(future));
    assert_int_equal(tt_future_result(future, &value), -1);
    note_and_drop("result");
    assert_int_equal(tt_future_exception(future, &exc), -1);
    note_and_drop("exception");
    assert_string_equal(value, "untouched");
    assert_string_equal((char *)exc, "untouched");
    expect_notes("result: InvalidStateError('Result is not set.')",
                 "exception: InvalidStateError('Exception is not set.')");
}

static void a_future_needs_a_loop(void **state)
{
    (void)state;
    assert_null(tt_create_future(NULL));
    note_and_drop("create");
    expect_notes("create: RuntimeError('no running event loop')");
}

static void every_future_has_an_id_of_its_own(void **state)
{
    tt_future *other = tt_create_future(stage_loop);

    (void)state;
    assert_true(tt_future_id(future) != 0);
    assert_true(tt_future_id(other) != tt_future_id(future));
    tt_future_unref(other);
}

static void a_result_is_there_for_everybody(void **state)
{
    void *value = NULL;
    tt_exc *exc = (tt_exc *)"";

    (void)state;
    assert_int_equal(tt_future_set_result(future, "value", NULL), 0);
    assert_true(tt_future_done(future));
    assert_false(tt_future_cancelled(future));
    for (int i = 0; i < 2; i++) {
        value = NULL;
        assert_int_equal(tt_future_result(future, &value), 0);
        assert_string_equal(value, "value");
    }
    assert_int_equal(tt_future_result(future, NULL), 0);
    assert_int_equal(tt_future_exception(future, &exc), 0);
    assert_null(exc);
}

static int freed_count;

static void count_free(void *value)
{
    freed_count += *(int *)value;
}

static void a_future_owns_its_value(void **state)
{
    int one = 1;
    tt_future *owner = tt_create_future(stage_loop);

    (void)state;
    freed_count = 0;
    assert_int_equal(tt_future_set_result(owner, &one, count_free), 0);
    assert_ptr_equal(tt_future_ref(owner), owner);
    tt_future_unref(owner);
    assert_int_equal(freed_count, 0);
    tt_future_unref(owner);
    assert_int_equal(freed_count, 1);
}

static void a_value_that_is_refused_stays_the_callers(void **state)
{
    int one = 1;

    (void)state;
    freed_count = 0;
    assert_int_equal(tt_future_set_result(future, NULL, NULL), 0);
    assert_int_equal(tt_future_set_result(future, &one, count_free), -1);
    note_and_drop("again");
    assert_int_equal(freed_count, 0);
    expect_notes("again: InvalidStateError('invalid state')");
}

static void a_future_is_completed_once(void **state)
{
    tt_exc *exc = new_exc(&tt_ValueError, "late");
    tt_future *failed = tt_create_future(stage_loop), *cancelled = tt_create_future(stage_loop);

    (void)state;
    assert_int_equal(tt_future_set_result(future, NULL, NULL), 0);
    assert_int_equal(tt_future_set_exception(future, exc), -1);
    note_and_drop("exception after result");
    assert_int_equal(tt_future_set_exception(failed, exc), 0);
    assert_int_equal(tt_future_set_result(failed, NULL, NULL), -1);
    note_and_drop("result after exception");
    assert_int_equal(tt_future_set_exception(failed, exc), -1);
    note_and_drop("exception after exception");
    assert_true(tt_future_cancel(cancelled, NULL));
    assert_int_equal(tt_future_set_result(cancelled, NULL, NULL), -1);
    note_and_drop("result after cancel");
    assert_int_equal(tt_future_exception(failed, NULL), 0);
    tt_exc_unref(exc);
    tt_future_unref(failed);
    tt_future_unref(cancelled);
    expect_notes("exception after result: InvalidStateError('invalid state')",
                 "result after exception: InvalidStateError('invalid state')",
                 "exception after exception: InvalidStateError('invalid state')",
                 "result after cancel: InvalidStateError('invalid state')");
}

static void the_result_of_a_failed_future_raises_its_exception_each_time(void **state)
{
    tt_exc *exc = NULL;

    (void)state;
    set_error(future, "boom");
    for (int i = 0; i < 2; i++) {
        assert_int_equal(tt_future_result(future, NULL), -1);
        assert_ptr_equal(tt_exc_pending(), tt_future_peek(future));
        note_and_drop("result");
    }
    assert_int_equal(tt_future_exception(future, &exc), 0);
    assert_ptr_equal(exc, tt_future_peek(future));
    expect_notes("result: ValueError('boom')", "result: ValueError('boom')");
}

static int count_lines(const char *text)
{
    int count = 0;

    while ((text = strchr(text, '\n')) != NULL) {
        text++;
        count++;
    }
    return count;
}

/* How many lines the traceback has of what is pending, which is handled then. */
static int count_traceback_lines(void)
{
    char *text = tt_exc_format(tt_exc_pending());
    int count = text ? count_lines(text) : -1;

    free(text);
    note_and_drop("read");
    stage_forget_notes();
    return count;
}

static void a_readers_traceback_does_not_grow_by_those_before(void **state)
{
    (void)state;
    set_error(future, "boom");
    for (int i = 0; i < 2; i++) {
        assert_int_equal(tt_future_result(future, NULL), -1);
        assert_int_equal(count_traceback_lines(), 3); /* heading, the place of this reader, the exception */
        assert_int_equal(tt_future_result(future, NULL), -1);
        assert_int_equal(count_traceback_lines(), 3);
    }
}

/* -------------------------------------------------------------------------------------------------------- callbacks */

static int add_callbacks_around_completion(void *arg)
{
    (void)arg;
    if (tt_future_add_done_callback(future, say_done, "first") < 0 ||
        tt_future_add_done_callback(future, say_done, "second") < 0 || tt_future_set_result(future, NULL, NULL) < 0)
        return -1;
    note("set");
    if (tt_loop_call_soon(NULL, say, "scheduled after", NULL) < 0 ||
        tt_future_add_done_callback(future, say_done, "added to a done future") < 0)
        return -1;
    note("added");
    return 0;
}

static void callbacks_never_run_inline_and_in_the_order_of_registration(void **state)
{
    (void)state;
    assert_int_equal(tt_loop_call_soon(stage_loop, add_callbacks_around_completion, NULL, NULL), 0);
    stage_turns(1);
    expect_notes("set", "added");
    stage_turns(1);
    expect_notes("first", "second", "scheduled after", "added to a done future");
}

static int wait_for_future(void *text)
{
    int rc = tt_await(future);

    note("%s", (const char *)text);
    return rc;
}

static int interleave(void *arg)
{
    (void)arg;
    if (tt_future_add_done_callback(future, say_done, "callback 1") < 0 || tt_spawn(wait_for_future, "waiter 1") < 0 ||
        tt_sleep(0) < 0 || tt_future_add_done_callback(future, say_done, "callback 2") < 0 ||
        tt_spawn(wait_for_future, "waiter 2") < 0 || tt_sleep(0) < 0 || tt_future_set_result(future, NULL, NULL) < 0)
        return -1;
    note("set");
    return tt_sleep(0);
}

static void a_waiting_task_is_woken_like_any_other_callback(void **state)
{
    (void)state;
    assert_true(stage_run(interleave, NULL));
    expect_notes("set", "callback 1", "waiter 1", "callback 2", "waiter 2");
}

static void a_callback_can_be_added_more_than_once(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++)
        assert_int_equal(tt_future_add_done_callback(future, say_done, "again"), 0);
    assert_int_equal(tt_future_set_result(future, NULL, NULL), 0);
    stage_turns(1);
    expect_notes("again", "again", "again");
}

static void removing_takes_back_all_that_are_equal_and_no_other(void **state)
{
    char *same = "same", *other = "other";

    (void)state;
    assert_int_equal(tt_future_add_done_callback(future, say_done, same), 0);
    assert_int_equal(tt_future_add_done_callback(future, say_done, other), 0);
    assert_int_equal(tt_future_add_done_callback(future, say_done, same), 0);
    assert_int_equal(tt_future_remove_done_callback(future, say_done, same), 2);
    assert_int_equal(tt_future_remove_done_callback(future, say_done, same), 0);
    assert_int_equal(tt_future_add_done_callback(future, say_done, "last"), 0);
    assert_int_equal(tt_future_set_result(future, NULL, NULL), 0);
    stage_turns(1);
    expect_notes("other", "last");
}

static void what_has_been_scheduled_cannot_be_taken_back(void **state)
{
    char *text = "runs";

    (void)state;
    assert_int_equal(tt_future_add_done_callback(future, say_done, text), 0);
    assert_int_equal(tt_future_set_result(future, NULL, NULL), 0);
    assert_int_equal(tt_future_remove_done_callback(future, say_done, text), 0);
    stage_turns(1);
    expect_notes("runs");
}

static int raise_again(tt_future *done, void *arg)
{
    (void)arg;
    return tt_future_result(done, NULL);
}

static int raise_other(tt_future *done, void *arg)
{
    (void)done;
    return tt_raise(&tt_KeyError, "%s", (const char *)arg);
}

static void a_callback_that_raises_disturbs_neither_the_future_nor_the_others(void **state)
{
    char expected[256];
    int line = __LINE__ + 3;

    (void)state;
    assert_int_equal(tt_future_add_done_callback(future, raise_other, "k"), 0);
    snprintf(expected, sizeof expected,
             "handler: Exception in callback raise_other() at %s:%d [exception, handle, message] "
             "KeyError('k')",
             __FILE__, line);
    assert_int_equal(tt_future_add_done_callback(future, say_done, "next"), 0);
    assert_int_equal(tt_future_set_result(future, NULL, NULL), 0);
    stage_turns(1);
    assert_int_equal(tt_future_result(future, NULL), 0);
    expect_notes(expected, "next");
}

static void a_callback_that_reads_the_failure_has_retrieved_it(void **state)
{
    char expected[256];
    int line = __LINE__ + 4;
    tt_future *failed = tt_create_future(stage_loop);

    (void)state;
    assert_int_equal(tt_future_add_done_callback(failed, raise_again, NULL), 0);
    snprintf(expected, sizeof expected,
             "handler: Exception in callback raise_again() at %s:%d [exception, handle, message] "
             "ValueError('boom')",
             __FILE__, line);
    set_error(failed, "boom");
    stage_turns(1);
    tt_future_unref(failed);
    expect_notes(expected);
}

static void a_scheduled_callback_keeps_its_future(void **state)
{
    tt_future *released = tt_create_future(stage_loop);

    (void)state;
    assert_int_equal(tt_future_add_done_callback(released, say_done, "alive"), 0);
    assert_int_equal(tt_future_set_result(released, NULL, NULL), 0);
    tt_future_unref(released);
    stage_turns(1);
    expect_notes("alive");
}

static void callbacks_of_a_future_that_goes_away_pending_are_forgotten(void **state)
{
    tt_future *released = tt_create_future(stage_loop);

    (void)state;
    assert_int_equal(tt_future_add_done_callback(released, say_done, "never"), 0);
    tt_future_unref(released);
    stage_turns(1);
    expect_no_notes();
}

static void what_could_never_be_called_back_is_refused(void **state)
{
    tt_future *pending = tt_create_future(stage_loop), *done = tt_create_future(stage_loop);

    (void)state;
    assert_int_equal(tt_future_set_result(done, NULL, NULL), 0);
    stage_close_loop();
    assert_int_equal(tt_future_add_done_callback(pending, say_done, "never"), 0);
    assert_int_equal(tt_future_add_done_callback(done, say_done, "never"), -1);
    note_and_drop("add");
    tt_future_unref(pending);
    tt_future_unref(done);
    expect_notes("add: RuntimeError('Event loop is closed')");
}

static int suspend_in_callback(tt_future *done, void *arg)
{
    (void)done;
    (void)arg;
    return tt_sleep(0);
}

static void a_callback_cannot_suspend(void **state)
{
    (void)state;
    assert_int_equal(tt_future_add_done_callback(future, suspend_in_callback, NULL), 0);
    assert_int_equal(tt_future_set_result(future, NULL, NULL), 0);
    stage_turns(1);
    assert_non_null(strstr(stage_notes(), "RuntimeError('a callback cannot suspend: only a task can')"));
    stage_forget_notes();
}

/* ------------------------------------------------------------------------------------------------------- cancelling */

static void cancelling_a_pending_future_cancels_it_at_once(void **state)
{
    (void)state;
    assert_int_equal(tt_future_add_done_callback(future, say_done, "called back"), 0);
    assert_true(tt_future_cancel(future, "why"));
    assert_true(tt_future_cancelled(future));
    assert_true(tt_future_done(future));
    assert_int_equal(tt_future_result(future, NULL), -1);
    note_and_drop("result");
    assert_int_equal(tt_future_exception(future, NULL), -1);
    note_and_drop("exception");
    stage_turns(1);
    expect_notes("result: CancelledError('why')", "exception: CancelledError('why')", "called back");
}

static void cancelling_a_done_future_does_nothing(void **state)
{
    tt_future *cancelled = tt_create_future(stage_loop);

    (void)state;
    assert_int_equal(tt_future_set_result(future, NULL, NULL), 0);
    assert_false(tt_future_cancel(future, NULL));
    assert_false(tt_future_cancelled(future));
    assert_true(tt_future_cancel(cancelled, "first"));
    assert_false(tt_future_cancel(cancelled, "second"));
    assert_int_equal(tt_future_result(cancelled, NULL), -1);
    note_and_drop("result");
    tt_future_unref(cancelled);
    expect_notes("result: CancelledError('first')");
}

static void a_cancelled_future_is_not_a_failed_one(void **state)
{
    tt_future *cancelled = tt_create_future(stage_loop);

    (void)state;
    assert_true(tt_future_cancel(cancelled, NULL));
    assert_null(tt_future_peek(cancelled));
    tt_future_unref(cancelled);
    expect_no_notes();
}

static void a_future_can_fail_with_a_cancelled_error(void **state)
{
    tt_exc *exc = new_exc(&tt_CancelledError, "set");

    (void)state;
    assert_int_equal(tt_future_set_exception(future, exc), 0);
    tt_exc_unref(exc);
    assert_false(tt_future_cancelled(future));
    assert_int_equal(tt_future_result(future, NULL), -1);
    note_and_drop("result");
    expect_notes("result: CancelledError('set')");
}

/* -------------------------------------------------------------------------- asyncio's bit, transition by transition */

static tt_future *failed_future(void)
{
    tt_future *failed = tt_create_future(stage_loop);

    assert_non_null(failed);
    set_error(failed, "boom");
    return failed;
}

#define NEVER_RETRIEVED "handler: Future exception was never retrieved [exception, future, message] ValueError('boom')"

static void a_failure_that_nobody_retrieved_is_reported_at_the_last_release(void **state)
{
    tt_future *failed = failed_future();

    (void)state;
    tt_future_ref(failed);
    tt_future_unref(failed);
    expect_no_notes();
    tt_future_unref(failed);
    expect_notes(NEVER_RETRIEVED);
}

static void result_clears_the_bit(void **state)
{
    tt_future *failed = failed_future();

    (void)state;
    assert_int_equal(tt_future_result(failed, NULL), -1);
    note_and_drop("result");
    tt_future_unref(failed);
    expect_notes("result: ValueError('boom')");
}

static void exception_clears_the_bit(void **state)
{
    tt_future *failed = failed_future();

    (void)state;
    assert_int_equal(tt_future_exception(failed, NULL), 0);
    tt_future_unref(failed);
    expect_no_notes();
}

static int await_failed(void *arg)
{
    int rc = tt_await(arg);

    tt_future_unref(arg);
    return rc;
}

static void await_clears_the_bit(void **state)
{
    (void)state;
    assert_false(stage_run(await_failed, failed_future()));
    expect_notes("main: ValueError('boom')");
}

static int fail_soon(void *arg)
{
    set_error(arg, "boom");
    return 0;
}

static int await_pending(void *arg)
{
    int rc;

    if (tt_loop_call_soon(NULL, fail_soon, arg, NULL) < 0)
        return -1;
    rc = tt_await(arg);
    tt_future_unref(arg);
    return rc;
}

static void await_of_a_future_that_fails_later_clears_the_bit(void **state)
{
    (void)state;
    assert_false(stage_run(await_pending, tt_create_future(stage_loop)));
    expect_notes("main: ValueError('boom')");
}

static void cancel_clears_the_bit_although_it_refuses(void **state)
{
    tt_future *failed = failed_future();

    (void)state;
    assert_false(tt_future_cancel(failed, NULL));
    tt_future_unref(failed);
    expect_no_notes();
}

static void peek_and_done_and_repr_do_not_clear_the_bit(void **state)
{
    tt_future *failed = failed_future();
    char repr[256];

    (void)state;
    assert_non_null(tt_future_peek(failed));
    assert_true(tt_future_done(failed));
    assert_false(tt_future_cancelled(failed));
    tt_future_repr(failed, repr, sizeof repr);
    assert_string_equal(repr, "<Future finished exception=ValueError('boom')>");
    tt_future_unref(failed);
    expect_notes(NEVER_RETRIEVED);
}

static void reading_a_pending_future_leaves_the_bit_alone(void **state)
{
    tt_future *failed = tt_create_future(stage_loop);

    (void)state;
    assert_int_equal(tt_future_result(failed, NULL), -1);
    note_and_drop("early");
    set_error(failed, "boom");
    tt_future_unref(failed);
    expect_notes("early: InvalidStateError('Result is not set.')", NEVER_RETRIEVED);
}

static void a_callback_that_does_not_read_leaves_the_bit_alone(void **state)
{
    tt_future *failed = tt_create_future(stage_loop);

    (void)state;
    assert_int_equal(tt_future_add_done_callback(failed, say_done, "called"), 0);
    set_error(failed, "boom");
    tt_future_unref(failed);
    expect_no_notes(); /* the scheduled callback holds it */
    stage_turns(1);
    expect_notes("called", NEVER_RETRIEVED);
}

static void a_value_is_never_reported(void **state)
{
    tt_future *fine = tt_create_future(stage_loop);

    (void)state;
    assert_int_equal(tt_future_set_result(fine, "x", NULL), 0);
    tt_future_unref(fine);
    expect_no_notes();
}

static void discarding_says_that_no_message_is_due(void **state)
{
    tt_future *before = tt_create_future(stage_loop), *after = failed_future();

    (void)state;
    tt_discard(before, "best effort");
    set_error(before, "boom");
    tt_future_unref(before);
    tt_discard(after, "best effort");
    tt_future_unref(after);
    expect_no_notes();
}

static void the_message_comes_also_after_the_loop_was_closed(void **state)
{
    tt_future *failed = failed_future();

    (void)state;
    stage_close_loop();
    expect_no_notes();
    tt_future_unref(failed);
    expect_notes(NEVER_RETRIEVED);
}

static tt_future *resurrected;

static int take_it(tt_loop *loop, const struct tt_handler_context *context, void *arg)
{
    stage_handler(loop, context, arg);
    resurrected = tt_future_ref(context->future);
    return 0;
}

static void a_handler_can_take_the_future_and_is_told_once(void **state)
{
    (void)state;
    tt_loop_set_exception_handler(stage_loop, take_it, NULL);
    tt_future_unref(failed_future());
    assert_non_null(resurrected);
    assert_true(tt_future_done(resurrected));
    tt_future_unref(resurrected);
    expect_notes(NEVER_RETRIEVED);
}

static void releasing_keeps_what_is_pending_and_errno(void **state)
{
    tt_future *failed = failed_future();

    (void)state;
    assert_int_equal(tt_raise(&tt_KeyError, "mine"), -1);
    errno = 77;
    tt_future_unref(failed);
    assert_int_equal(errno, 77);
    note_and_drop("pending");
    expect_notes(NEVER_RETRIEVED, "pending: KeyError('mine')");
}

static void every_function_that_takes_or_releases_takes_null(void **state)
{
    (void)state;
    assert_null(tt_future_ref(NULL));
    tt_future_unref(NULL);
}

/* ------------------------------------------------------------------------------------------- chains, and what frees */

enum { CHAIN = 100000 };

static void unref_value(void *value)
{
    tt_future_unref(value);
}

static void a_long_chain_of_futures_is_released_without_recursion(void **state)
{
    tt_future *chain = NULL;

    (void)state;
    for (int i = 0; i < CHAIN; i++) {
        tt_future *next = tt_create_future(stage_loop);

        assert_non_null(next);
        assert_int_equal(tt_future_set_result(next, chain, chain ? unref_value : NULL), 0);
        chain = next;
    }
    tt_future_unref(chain);
}

static void try_to_suspend(void *arg)
{
    (void)arg;
    if (tt_sleep(0) < 0)
        note_and_drop("free");
}

static int release_value(void *arg)
{
    tt_future *owner = tt_create_future(NULL);

    if (!owner || tt_future_set_result(owner, arg, try_to_suspend) < 0)
        return -1;
    tt_future_unref(owner);
    return 0;
}

static void a_function_that_frees_a_value_cannot_suspend(void **state)
{
    (void)state;
    assert_true(stage_run(release_value, ""));
    expect_notes("free: RuntimeError('a callback cannot suspend: only a task can')");
}

/* ------------------------------------------------------------------------------------------------------------- repr */

static void expect_repr(const tt_future *subject, const char *expected)
{
    char repr[512];
    int length = tt_future_repr(subject, repr, sizeof repr);

    assert_string_equal(repr, expected);
    assert_int_equal(length, strlen(expected));
}

static void reprs_are_asyncios(void **state)
{
    char expected[512];
    tt_future *done = tt_create_future(stage_loop), *cancelled = tt_create_future(stage_loop);
    int line;

    (void)state;
    expect_repr(future, "<Future pending>");
    line = __LINE__ + 1;
    assert_int_equal(tt_future_add_done_callback(future, say_done, "x"), 0);
    snprintf(expected, sizeof expected, "<Future pending cb=[say_done() at %s:%d]>", __FILE__, line);
    expect_repr(future, expected);
    assert_int_equal(tt_future_add_done_callback(future, raise_again, "x"), 0);
    snprintf(expected, sizeof expected, "<Future pending cb=[say_done() at %s:%d, raise_again() at %s:%d]>", __FILE__,
             line, __FILE__, line + 3);
    expect_repr(future, expected);
    assert_int_equal(tt_future_add_done_callback(future, raise_other, "x"), 0);
    snprintf(expected, sizeof expected, "<Future pending cb=[say_done() at %s:%d, <1 more>, raise_other() at %s:%d]>",
             __FILE__, line, __FILE__, line + 7);
    expect_repr(future, expected);
    assert_int_equal(tt_future_set_result(done, NULL, NULL), 0);
    expect_repr(done, "<Future finished result=None>");
    assert_true(tt_future_cancel(cancelled, NULL));
    expect_repr(cancelled, "<Future cancelled>");
    tt_future_unref(done);
    tt_future_unref(cancelled);
}

static void a_repr_that_does_not_fit_is_cut_and_measured(void **state)
{
    char small[8];

    (void)state;
    assert_int_equal(tt_future_repr(future, small, sizeof small), strlen("<Future pending>"));
    assert_string_equal(small, "<Future");
    assert_int_equal(tt_future_repr(future, NULL, 0), strlen("<Future pending>"));
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test_with_future(a_new_future_is_pending),
    cmocka_unit_test_with_future(a_future_needs_a_loop),
    cmocka_unit_test_with_future(every_future_has_an_id_of_its_own),
    cmocka_unit_test_with_future(a_result_is_there_for_everybody),
    cmocka_unit_test_on_stage(a_future_owns_its_value),
    cmocka_unit_test_with_future(a_value_that_is_refused_stays_the_callers),
    cmocka_unit_test_with_future(a_future_is_completed_once),
    cmocka_unit_test_with_future(the_result_of_a_failed_future_raises_its_exception_each_time),
    cmocka_unit_test_with_future(a_readers_traceback_does_not_grow_by_those_before),
    cmocka_unit_test_with_future(callbacks_never_run_inline_and_in_the_order_of_registration),
    cmocka_unit_test_with_future(a_waiting_task_is_woken_like_any_other_callback),
    cmocka_unit_test_with_future(a_callback_can_be_added_more_than_once),
    cmocka_unit_test_with_future(removing_takes_back_all_that_are_equal_and_no_other),
    cmocka_unit_test_with_future(what_has_been_scheduled_cannot_be_taken_back),
    cmocka_unit_test_with_future(a_callback_that_raises_disturbs_neither_the_future_nor_the_others),
    cmocka_unit_test_on_stage(a_callback_that_reads_the_failure_has_retrieved_it),
    cmocka_unit_test_on_stage(a_scheduled_callback_keeps_its_future),
    cmocka_unit_test_on_stage(callbacks_of_a_future_that_goes_away_pending_are_forgotten),
    cmocka_unit_test_on_stage(what_could_never_be_called_back_is_refused),
    cmocka_unit_test_with_future(a_callback_cannot_suspend),
    cmocka_unit_test_with_future(cancelling_a_pending_future_cancels_it_at_once),
    cmocka_unit_test_with_future(cancelling_a_done_future_does_nothing),
    cmocka_unit_test_on_stage(a_cancelled_future_is_not_a_failed_one),
    cmocka_unit_test_with_future(a_future_can_fail_with_a_cancelled_error),
    cmocka_unit_test_on_stage(a_failure_that_nobody_retrieved_is_reported_at_the_last_release),
    cmocka_unit_test_on_stage(result_clears_the_bit),
    cmocka_unit_test_on_stage(exception_clears_the_bit),
    cmocka_unit_test_on_stage(await_clears_the_bit),
    cmocka_unit_test_on_stage(await_of_a_future_that_fails_later_clears_the_bit),
    cmocka_unit_test_on_stage(cancel_clears_the_bit_although_it_refuses),
    cmocka_unit_test_on_stage(peek_and_done_and_repr_do_not_clear_the_bit),
    cmocka_unit_test_on_stage(reading_a_pending_future_leaves_the_bit_alone),
    cmocka_unit_test_on_stage(a_callback_that_does_not_read_leaves_the_bit_alone),
    cmocka_unit_test_on_stage(a_value_is_never_reported),
    cmocka_unit_test_on_stage(discarding_says_that_no_message_is_due),
    cmocka_unit_test_on_stage(the_message_comes_also_after_the_loop_was_closed),
    cmocka_unit_test_on_stage(a_handler_can_take_the_future_and_is_told_once),
    cmocka_unit_test_on_stage(releasing_keeps_what_is_pending_and_errno),
    cmocka_unit_test_on_stage(every_function_that_takes_or_releases_takes_null),
    cmocka_unit_test_on_stage(a_long_chain_of_futures_is_released_without_recursion),
    cmocka_unit_test_on_stage(a_function_that_frees_a_value_cannot_suspend),
    cmocka_unit_test_with_future(reprs_are_asyncios),
    cmocka_unit_test_with_future(a_repr_that_does_not_fit_is_cut_and_measured),
};

TT_TEST_MAIN(cases)
