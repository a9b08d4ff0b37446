/* Exceptions in the trace: each is told once, at its first raise, with what it is linked to then.
 *
 * Linked with --wrap=tt_emit_exception_raised, so that the event comes here instead of going to an arena.
 */
#include "harness.h"

#include "exc_internal.h"

void __wrap_tt_emit_exception_raised(uint64_t time, const struct tt_event_exception_raised *event);

static struct tt_event_exception_raised told; /* the last one; its texts are looked at while the exception lives */
static int told_count;

void __wrap_tt_emit_exception_raised(uint64_t time, const struct tt_event_exception_raised *event)
{
    assert_int_equal(time, 0);
    told = *event;
    told_count++;
}

/* Nothing records here; the category alone lets the events through to this file. */
static int begin_case(void **state)
{
    (void)state;
    tt_trace_categories = TT_CATEGORY_failure;
    told_count = 0;
    return 0;
}

static int end_case(void **state)
{
    (void)state;
    tt_trace_categories = 0;
    tt_exc_unref(tt__exc_state_take(tt__exc_state_now()));
    return 0;
}

static void a_raise_is_told_with_place_type_text_and_task(void **state)
{
    (void)state;
    tt_raise(&tt_ValueError, "no data for %s", "alpha");
    tt_exc *exc = tt_exc_pending();
    assert_int_equal(told_count, 1);
    assert_int_equal(told.exception_id, tt_exc_id(exc));
    assert_int_equal(told.task_id, tt__current_task_id());
    assert_ptr_equal(told.site, tt_exc_raised_at(exc));
    assert_string_equal(told.type, "ValueError");
    assert_string_equal(told.message, "no data for alpha");
    assert_int_equal(told.cause_id, 0);
    assert_int_equal(told.context_id, 0);
}

static void a_raise_is_told_with_its_cause_and_context(void **state)
{
    tt_exc *cause = tt_exc_new(&tt_KeyError, "cause");

    (void)state;
    assert_int_equal(told_count, 0);
    tt_raise(&tt_ValueError, "handled");
    assert_true(tt_catch(&tt_ValueError));
    tt_raise_from(cause, &tt_TypeError, "effect");
    assert_int_equal(told_count, 2);
    assert_int_equal(told.cause_id, tt_exc_id(cause));
    assert_int_equal(told.context_id, tt_exc_id(tt_exc_caught()));
    assert_int_equal(tt_catch_end(), -1);
    tt_exc_unref(cause);
}

static void an_exception_is_told_once(void **state)
{
    tt_exc *exc = tt_exc_new(&tt_KeyError, "made");

    (void)state;
    assert_int_equal(told_count, 0);
    tt_raise_exc(exc);
    assert_int_equal(told_count, 1);
    assert_string_equal(told.message, "made");
    tt_raise_exc(exc);
    tt__exc_add_place(exc, TT_HERE);
    assert_true(tt_catch(&tt_KeyError));
    tt_reraise();
    assert_int_equal(tt_catch_end(), -1);
    tt_exc *copy = tt__exc_copy(exc);
    tt_raise_exc(copy);
    assert_int_equal(told_count, 1);
    tt_exc_unref(copy);
    tt_exc_unref(exc);
}

static void an_await_is_the_first_raise_of_one_that_was_only_made(void **state)
{
    tt_exc *exc = tt_exc_new(&tt_KeyError, "made");
    tt_site *site = TT_HERE;

    (void)state;
    tt__exc_add_place(exc, site);
    assert_int_equal(told_count, 1);
    assert_ptr_equal(told.site, site);
    assert_ptr_equal(tt_exc_raised_at(exc), site);
    tt_exc_unref(exc);
}

static void a_cancellation_is_told_when_it_is_made(void **state)
{
    (void)state;
    tt_exc_unref(tt__exc_new_cancelled(NULL, NULL));
    assert_int_equal(told_count, 1);
    assert_null(told.site);
    assert_string_equal(told.type, "CancelledError");
}

static void the_memory_error_without_memory_is_told_once_in_a_process(void **state)
{
    (void)state;
    tt_raise_exc(NULL);
    assert_int_equal(told_count, 1);
    assert_string_equal(told.type, "MemoryError");
    assert_int_equal(told.exception_id, tt_exc_id(tt_exc_pending()));
    tt_exc_unref(tt__exc_state_take(tt__exc_state_now()));
    tt_raise_exc(NULL);
    assert_int_equal(told_count, 1);
}

static void nothing_is_told_while_the_category_is_off(void **state)
{
    (void)state;
    tt_trace_categories = 0;
    tt_raise(&tt_ValueError, "x");
    tt_trace_categories = TT_CATEGORY_failure;
    tt_raise_exc(tt_exc_pending()); /* a recording that begins now does not hear of it: its first raise is over */
    assert_int_equal(told_count, 0);
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test_setup_teardown(a_raise_is_told_with_place_type_text_and_task, begin_case, end_case),
    cmocka_unit_test_setup_teardown(a_raise_is_told_with_its_cause_and_context, begin_case, end_case),
    cmocka_unit_test_setup_teardown(an_exception_is_told_once, begin_case, end_case),
    cmocka_unit_test_setup_teardown(an_await_is_the_first_raise_of_one_that_was_only_made, begin_case, end_case),
    cmocka_unit_test_setup_teardown(a_cancellation_is_told_when_it_is_made, begin_case, end_case),
    cmocka_unit_test_setup_teardown(the_memory_error_without_memory_is_told_once_in_a_process, begin_case, end_case),
    cmocka_unit_test_setup_teardown(nothing_is_told_while_the_category_is_off, begin_case, end_case),
};
TT_TEST_MAIN(cases)
