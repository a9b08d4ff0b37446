/* Exceptions in the trace: each is told once, at its first raise, with what it is linked to then.
 *
 * Linked with --wrap for tt_emit_exception_raised and tt_emit_exception_member, so that the events come here instead of
 * going to an arena.
 */
#include "harness.h"

#include "exc_internal.h"

void __wrap_tt_emit_exception_raised(uint64_t time, const struct tt_event_exception_raised *event);
void __wrap_tt_emit_exception_member(uint64_t time, const struct tt_event_exception_member *event);

static struct tt_event_exception_raised told; /* the last one; its texts are looked at while the exception lives */
static int told_count;

void __wrap_tt_emit_exception_raised(uint64_t time, const struct tt_event_exception_raised *event)
{
    assert_int_equal(time, 0);
    told = *event;
    told_count++;
}

static struct tt_event_exception_member members[8];
static int member_count;

void __wrap_tt_emit_exception_member(uint64_t time, const struct tt_event_exception_member *event)
{
    assert_int_equal(time, 0);
    assert_true(member_count < 8);
    members[member_count++] = *event;
}

/* Nothing records here; the category alone lets the events through to this file. */
static int begin_case(void **state)
{
    (void)state;
    tt_trace_categories = TT_CATEGORY_failure;
    told_count = 0;
    member_count = 0;
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

/* A group of a ValueError and of a group that holds a KeyError twice; it is not raised. */
static tt_exc *new_tree(void)
{
    tt_exc *inner[2] = {tt_exc_new(&tt_KeyError, "k")}, *outer[2] = {tt_exc_new(&tt_ValueError, "v")}, *group;

    inner[1] = inner[0];
    outer[1] = tt_exc_group_new(&tt_ExceptionGroup, inner, 2, "inner");
    group = tt_exc_group_new(&tt_ExceptionGroup, outer, 2, "outer");
    tt_exc_unref(inner[0]);
    tt_exc_unref(outer[0]);
    tt_exc_unref(outer[1]);
    return group;
}

static void a_group_is_told_with_its_members_and_theirs(void **state)
{
    tt_exc *group = new_tree(), *inner = tt_exc_group_member(group, 1);

    (void)state;
    assert_int_equal(member_count, 0);
    tt_raise_exc(group);
    assert_int_equal(told_count, 1);
    assert_string_equal(told.message, "outer (2 sub-exceptions)");
    assert_int_equal(member_count, 4);
    for (int i = 0; i < 4; i++) {
        tt_exc *expected_group = i < 2 ? group : inner;

        assert_int_equal(members[i].group_id, tt_exc_id(expected_group));
        assert_int_equal(members[i].exception_id, tt_exc_id(tt_exc_group_member(expected_group, (size_t)i % 2)));
        assert_int_equal(members[i].position, i % 2);
    }
    assert_string_equal(members[0].type, "ValueError");
    assert_string_equal(members[0].message, "v");
    assert_string_equal(members[1].type, "ExceptionGroup");
    assert_string_equal(members[1].message, "inner (2 sub-exceptions)");
    tt_exc_unref(group);
}

static void members_are_told_once(void **state)
{
    tt_exc *group = new_tree();

    (void)state;
    tt__exc_tell_members(group); /* as when it is stored before it is raised */
    assert_int_equal(member_count, 4);
    assert_int_equal(told_count, 0);
    tt_raise_exc(group);
    tt_exc *copy = tt__exc_copy(group);
    tt__exc_tell_members(copy);
    tt_raise_exc(tt_exc_group_member(group, 1));
    assert_int_equal(member_count, 4);
    tt__exc_tell_members(tt_exc_group_member(group, 0));
    assert_int_equal(member_count, 4);
    tt_exc_unref(copy);
    tt_exc_unref(group);
}

static void what_except_star_leaves_is_told_as_raised(void **state)
{
    tt_exc *group = new_tree();

    (void)state;
    tt_raise_exc(group);
    assert_true(tt_catch_group_begin());
    if (tt_catch_group(&tt_KeyError))
        tt_raise(&tt_TypeError, "t");
    assert_int_equal(told_count, 2); /* the part that was handled is not */
    assert_int_equal(tt_catch_group_end(), -1);
    assert_int_equal(told_count, 3);
    assert_int_equal(told.exception_id, tt_exc_id(tt_exc_pending()));
    assert_non_null(told.site);
    assert_string_equal(told.message, " (2 sub-exceptions)");
    assert_int_equal(member_count, 4 + 2 + 1);
    assert_int_equal(members[5].exception_id, members[6].group_id);
    assert_int_equal(members[6].exception_id, tt_exc_id(tt_exc_group_member(group, 0)));
    tt_exc_unref(group);
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
    cmocka_unit_test_setup_teardown(a_group_is_told_with_its_members_and_theirs, begin_case, end_case),
    cmocka_unit_test_setup_teardown(members_are_told_once, begin_case, end_case),
    cmocka_unit_test_setup_teardown(what_except_star_leaves_is_told_as_raised, begin_case, end_case),
    cmocka_unit_test_setup_teardown(nothing_is_told_while_the_category_is_off, begin_case, end_case),
};
TT_TEST_MAIN(cases)
