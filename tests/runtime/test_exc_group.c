/* Exception groups as objects: how they are made, what they hold, copies, circles with members in them. */
#include "harness.h"

#include "exc_internal.h"

TT_EXC_TYPE(NetworkError, tt_OSError);
TT_EXC_TYPE(StartupErrors, tt_ExceptionGroup);
TT_EXC_TYPE(AnyErrors, tt_BaseExceptionGroup);
static const tt_exc_type os_errors = {.name = "OSErrors", .base = &tt_ExceptionGroup, .second_base = &tt_OSError};

static void drop_pending(void)
{
    tt_exc_unref(tt__exc_state_take(tt__exc_state_now()));
}

/* Whether what is pending is of TYPE with TEXT; it is released. */
static void check_raised(const tt_exc_type *type, const char *text)
{
    assert_ptr_equal(tt_exc_type_of(tt_exc_pending()), type);
    assert_string_equal(tt_exc_text(tt_exc_pending()), text);
    drop_pending();
}

static tt_exc *group_of(tt_exc *first, tt_exc *second)
{
    tt_exc *members[] = {first, second},
           *group = tt_exc_group_new(&tt_BaseExceptionGroup, members, second ? 2 : 1, "g");

    assert_non_null(group);
    tt_exc_unref(first);
    tt_exc_unref(second);
    return group;
}

/* ----------------------------------------------------------------------------------------------------------- making */

static void a_group_has_its_members_in_order_and_its_message(void **state)
{
    tt_exc *members[] = {tt_exc_new(&tt_ValueError, "a"), tt_exc_new(&tt_TypeError, "b"), NULL};
    tt_exc *group;

    (void)state;
    members[2] = members[0];
    group = tt_exc_group_new(&tt_ExceptionGroup, members, 3, "three of %d", 3);
    assert_true(tt_exc_is_group(group));
    assert_int_equal(tt_exc_group_count(group), 3);
    for (size_t i = 0; i < 3; i++)
        assert_ptr_equal(tt_exc_group_member(group, i), members[i]);
    assert_null(tt_exc_group_member(group, 3));
    assert_string_equal(tt_exc_message(group), "three of 3");
    assert_string_equal(tt_exc_text(group), "three of 3 (3 sub-exceptions)");
    assert_null(tt_exc_raised_at(group));
    assert_null(tt_exc_pending());
    tt_exc_unref(members[0]);
    tt_exc_unref(members[1]);
    assert_string_equal(tt_exc_message(tt_exc_group_member(group, 2)), "a"); /* the group has references of its own */
    tt_exc_unref(group);
}

static void a_group_of_one_counts_one_sub_exception(void **state)
{
    tt_exc *group = group_of(tt_exc_new(&tt_ValueError, "a"), NULL), *unnamed;

    (void)state;
    assert_string_equal(tt_exc_text(group), "g (1 sub-exception)");
    unnamed = tt_exc_group_new(&tt_ExceptionGroup, &group, 1, NULL);
    assert_string_equal(tt_exc_text(unnamed), " (1 sub-exception)");
    assert_string_equal(tt_exc_message(unnamed), "");
    tt_exc_unref(unnamed);
    tt_exc_unref(group);
}

static void a_group_needs_members(void **state)
{
    (void)state;
    assert_null(tt_exc_group_new(&tt_ExceptionGroup, NULL, 0, "none"));
    check_raised(&tt_ValueError, "second argument (exceptions) must be a non-empty sequence");
}

static void a_member_must_be_an_exception(void **state)
{
    tt_exc *members[] = {tt_exc_new(&tt_ValueError, "a"), NULL};

    (void)state;
    assert_null(tt_exc_group_new(&tt_ExceptionGroup, members, 2, "g"));
    check_raised(&tt_ValueError, "Item 1 of second argument (exceptions) is not an exception");
    tt_exc_unref(members[0]);
}

static void exceptions_cannot_hold_what_is_none(void **state)
{
    tt_exc *member = tt_exc_new(&tt_KeyboardInterrupt, NULL), *group;

    (void)state;
    assert_null(tt_exc_group_new(&tt_ExceptionGroup, &member, 1, "g"));
    check_raised(&tt_TypeError, "Cannot nest BaseExceptions in an ExceptionGroup");
    assert_null(tt_exc_group_new(&StartupErrors, &member, 1, "g"));
    check_raised(&tt_TypeError, "Cannot nest BaseExceptions in 'StartupErrors'");
    group = tt_exc_group_new(&AnyErrors, &member, 1, "g");
    assert_ptr_equal(tt_exc_type_of(group), &AnyErrors);
    tt_exc_unref(group);
    tt_exc_unref(member);
}

static void a_base_group_of_exceptions_only_becomes_an_exception_group(void **state)
{
    tt_exc *members[] = {tt_exc_new(&tt_ValueError, "a"), tt_exc_new(&tt_CancelledError, NULL)}, *group;

    (void)state;
    group = tt_exc_group_new(&tt_BaseExceptionGroup, members, 1, "g");
    assert_ptr_equal(tt_exc_type_of(group), &tt_ExceptionGroup);
    tt_exc_unref(group);
    group = tt_exc_group_new(&tt_BaseExceptionGroup, members, 2, "g");
    assert_ptr_equal(tt_exc_type_of(group), &tt_BaseExceptionGroup);
    tt_exc_unref(group);
    group = tt_exc_group_new(&AnyErrors, members, 1, "g"); /* a type of one's own stays */
    assert_ptr_equal(tt_exc_type_of(group), &AnyErrors);
    tt_exc_unref(group);
    tt_exc_unref(members[0]);
    tt_exc_unref(members[1]);
}

static void an_exception_group_is_a_group_and_an_exception(void **state)
{
    tt_exc *member = tt_exc_new(&tt_ValueError, "a"), *group = tt_exc_group_new(&StartupErrors, &member, 1, "g");
    tt_exc *base = group_of(tt_exc_new(&tt_SystemExit, NULL), NULL),
           *os = tt_exc_group_new(&os_errors, &member, 1, "o");

    (void)state;
    assert_true(tt_exc_is(group, &StartupErrors));
    assert_true(tt_exc_is(group, &tt_ExceptionGroup));
    assert_true(tt_exc_is(group, &tt_BaseExceptionGroup));
    assert_true(tt_exc_is(group, &tt_Exception));
    assert_true(tt_exc_is(group, &tt_BaseException));
    assert_false(tt_exc_is(group, &tt_ValueError));
    assert_true(tt_exc_is(base, &tt_BaseExceptionGroup));
    assert_true(tt_exc_is(base, &tt_BaseException));
    assert_false(tt_exc_is(base, &tt_Exception));
    assert_true(tt_exc_is(os, &tt_OSError));
    assert_true(tt_exc_is(os, &tt_BaseExceptionGroup));
    assert_false(tt_exc_is(member, &tt_BaseExceptionGroup));
    tt_exc_unref(os);
    tt_exc_unref(base);
    tt_exc_unref(group);
    tt_exc_unref(member);
}

static void a_group_that_is_an_exception_too_holds_exceptions_only(void **state)
{
    static const tt_exc_type both = {.name = "Both", .base = &tt_BaseExceptionGroup, .second_base = &tt_Exception},
                             base_errors = {.name = "V", .base = &tt_BaseExceptionGroup, .second_base = &tt_ValueError};
    static const tt_exc_type *const types[] = {&both, &os_errors, &base_errors};
    tt_exc *any = tt_exc_new(&tt_SystemExit, NULL), *member = tt_exc_new(&tt_KeyError, "k"), *group;
    char text[80];

    (void)state;
    for (int i = 0; i < 3; i++) {
        assert_null(tt_exc_group_new(types[i], &any, 1, "g"));
        snprintf(text, sizeof text, "Cannot nest BaseExceptions in '%s'", types[i]->name);
        check_raised(&tt_TypeError, text);
        group = tt_exc_group_new(types[i], &member, 1, "g");
        assert_ptr_equal(tt_exc_type_of(group), types[i]);
        tt_exc_unref(group);
    }
    tt_exc_unref(any);
    tt_exc_unref(member);
}

static void raising_a_group_is_one_call(void **state)
{
    tt_exc *member = tt_exc_new(&tt_ValueError, "a");

    (void)state;
    assert_int_equal(tt_raise_group(&tt_ExceptionGroup, &member, 1, "g"), -1);
    tt_exc_unref(member);
    assert_true(tt_catch(&tt_Exception));
    assert_non_null(tt_exc_raised_at(tt_exc_caught()));
    assert_int_equal(tt_raise_group(&tt_ExceptionGroup, NULL, 0, "g"), -1);
    assert_ptr_equal(tt_exc_context(tt_exc_pending()), tt_exc_caught());
    assert_int_equal(tt_raise_exc(tt_exc_group_new(&tt_ExceptionGroup, NULL, 0, "g")), -1);
    check_raised(&tt_ValueError, "second argument (exceptions) must be a non-empty sequence");
    assert_int_equal(tt_catch_end(), 0);
}

/* ----------------------------------------------------------------------------------------------------------- leaves */

static void leaves_are_found_by_number_from_left_to_right(void **state)
{
    tt_exc *a = tt_exc_new(&tt_ValueError, "a"), *inner = group_of(tt_exc_ref(a), tt_exc_new(&tt_TypeError, "b"));
    tt_exc *middle = group_of(inner, tt_exc_new(&tt_KeyError, "c")), *outer = group_of(a, middle);
    char found[8] = "";

    (void)state;
    assert_int_equal(tt_exc_leaf_count(outer), 4);
    for (size_t i = 0; i < tt_exc_leaf_count(outer); i++)
        strcat(found, tt_exc_message(tt_exc_leaf(outer, i)));
    assert_string_equal(found, "aabc");
    assert_null(tt_exc_leaf(outer, 4));
    assert_int_equal(tt_exc_leaf_count(a), 1);
    assert_ptr_equal(tt_exc_leaf(a, 0), a);
    assert_int_equal(tt_exc_leaf_count(NULL), 0);
    assert_null(tt_exc_leaf(NULL, 0));
    tt_exc_unref(outer);
}

static void what_is_no_group_has_no_members(void **state)
{
    tt_exc *exc = tt_exc_new(&tt_ValueError, "a");

    (void)state;
    assert_false(tt_exc_is_group(exc));
    assert_false(tt_exc_is_group(NULL));
    assert_int_equal(tt_exc_group_count(exc), 0);
    assert_int_equal(tt_exc_group_count(NULL), 0);
    assert_null(tt_exc_group_member(exc, 0));
    tt_exc_unref(exc);
}

static void a_tree_with_more_leaves_than_numbers_counts_as_many_as_there_are_numbers(void **state)
{
    tt_exc *group = tt_exc_new(&tt_ValueError, "leaf");

    (void)state;
    for (int i = 0; i < 70; i++)
        group = group_of(tt_exc_ref(group), group);
    assert_true(tt_exc_leaf_count(group) == SIZE_MAX);
    assert_string_equal(tt_exc_message(tt_exc_leaf(group, SIZE_MAX - 1)), "leaf");
    tt_exc_unref(group);
}

static void deep_groups_are_freed_and_copied_without_recursion(void **state)
{
    tt_exc *group = tt_exc_new(&tt_ValueError, "leaf"), *copy;

    (void)state;
    for (int i = 0; i < 100000; i++)
        group = group_of(group, NULL);
    copy = tt__exc_copy(group);
    assert_int_equal(tt_exc_id(copy), tt_exc_id(group));
    tt_exc_unref(group);
    assert_string_equal(tt_exc_message(tt_exc_leaf(copy, 0)), "leaf");
    tt_exc_unref(copy);
}

static void deep_groups_are_printed_without_recursion(void **state)
{
    tt_exc *group = tt_exc_new(&tt_ValueError, "leaf");
    char *text;

    (void)state;
    for (int i = 0; i < 100000; i++)
        group = group_of(group, NULL);
    text = tt_exc_format(group);
    assert_non_null(text);
    assert_non_null(strstr(text, "\n                      | ... (max_group_depth is 10)\n"));
    free(text);
    tt_exc_unref(group);
}

static void a_repr_goes_into_fifty_groups(void **state)
{
    tt_exc *group = tt_exc_new(&tt_ValueError, "leaf");
    char repr[2000];

    (void)state;
    for (int depth = 1; depth <= 51; depth++) {
        group = group_of(group, NULL);
        assert_true(tt_exc_repr(group, repr, sizeof repr) < (int)sizeof repr);
        if (depth < 50)
            assert_non_null(strstr(repr, "ValueError('leaf')]"));
        else
            assert_non_null(strstr(repr, "ExceptionGroup('g', [...])]"));
    }
    tt_exc_unref(group);
}

/* ------------------------------------------------------------------------------------------------------------- copies */

static void a_copy_of_a_group_has_copies_of_its_members(void **state)
{
    tt_exc *a = tt_exc_new(&tt_ValueError, "a"), *inner = group_of(tt_exc_ref(a), tt_exc_new(&tt_TypeError, "b"));
    tt_exc *group = group_of(a, inner), *copy = tt__exc_copy(group);

    (void)state;
    assert_int_equal(tt_exc_id(copy), tt_exc_id(group));
    assert_int_equal(tt_exc_group_count(copy), 2);
    assert_ptr_not_equal(tt_exc_group_member(copy, 0), a);
    assert_int_equal(tt_exc_id(tt_exc_group_member(copy, 0)), tt_exc_id(a));
    assert_ptr_equal(tt_exc_leaf(copy, 1), tt_exc_leaf(copy, 0)); /* one object here, one there */
    assert_int_equal(tt_exc_id(tt_exc_leaf(copy, 2)), tt_exc_id(tt_exc_leaf(group, 2)));
    tt_exc_unref(group);
    assert_string_equal(tt_exc_message(copy), "g");
    assert_string_equal(tt_exc_text(copy), "g (2 sub-exceptions)");
    assert_string_equal(tt_exc_message(tt_exc_leaf(copy, 2)), "b");
    tt_exc_unref(copy);
}

/* ------------------------------------------------------------------------------------------------------------ circles */

/* A member, raised while its group is handled, has the group as context. Both are taken by the caller. */
static void make_circle(tt_exc **out_group, tt_exc **out_member)
{
    tt_exc *member = tt_exc_new(&tt_ValueError, "member");

    tt_raise_group(&tt_ExceptionGroup, &member, 1, "group");
    assert_true(tt_catch(&tt_ExceptionGroup));
    *out_group = tt_exc_ref(tt_exc_caught());
    tt_raise_exc(member);
    assert_int_equal(tt_catch_end(), -1);
    drop_pending();
    assert_ptr_equal(tt_exc_context(member), *out_group);
    *out_member = member;
}

static void a_circle_goes_with_the_last_reference_from_outside(void **state)
{
    tt_exc *group, *member;

    (void)state;
    make_circle(&group, &member); /* what remains is a leak that the sanitizers see */
    tt_exc_unref(group);
    assert_string_equal(tt_exc_message(tt_exc_context(member)), "group");
    tt_exc_unref(member);

    make_circle(&group, &member);
    tt_exc_unref(member);
    assert_string_equal(tt_exc_message(tt_exc_group_member(group, 0)), "member");
    tt_exc_unref(group);
}

static void what_a_circle_leads_to_lives_as_long_as_somebody_refers_to_it(void **state)
{
    tt_exc *group, *member, *cause = tt_exc_new(&tt_KeyError, "cause"), *after;

    (void)state;
    make_circle(&group, &member);
    tt_raise_exc_from(cause, member);
    drop_pending();
    tt_raise_from(group, &tt_TypeError, "after"); /* refers to the circle from outside */
    after = tt__exc_state_take(tt__exc_state_now());
    tt_exc_unref(group);
    tt_exc_unref(member);
    assert_string_equal(tt_exc_message(tt_exc_cause(tt_exc_group_member(tt_exc_cause(after), 0))), "cause");
    tt_exc_unref(after);
    assert_string_equal(tt_exc_message(cause), "cause");
    tt_exc_unref(cause);
}

static void an_exception_can_be_its_own_cause(void **state)
{
    tt_exc *exc = tt_exc_new(&tt_ValueError, "self");
    char *text;

    (void)state;
    tt_raise_exc_from(exc, exc);
    drop_pending();
    assert_ptr_equal(tt_exc_cause(exc), exc);
    text = tt_exc_format(exc);
    assert_non_null(text);
    assert_null(strstr(text, "direct cause"));
    free(text);
    tt_exc_unref(exc);
}

static void circles_are_copied_as_circles(void **state)
{
    tt_exc *group, *member, *copy;

    (void)state;
    make_circle(&group, &member);
    copy = tt__exc_copy(member);
    tt_exc_unref(group);
    tt_exc_unref(member);
    assert_ptr_equal(tt_exc_group_member(tt_exc_context(copy), 0), copy);
    tt_exc_unref(copy);
}

/* --------------------------------------------------------------------------------------------------- raised from */

static void raising_an_existing_one_from_a_cause_hides_its_context(void **state)
{
    tt_exc *exc = tt_exc_new(&NetworkError, "exc"), *cause = tt_exc_new(&tt_KeyError, "cause");

    (void)state;
    assert_int_equal(tt_raise_exc_from(cause, exc), -1);
    tt_exc_unref(cause);
    assert_ptr_equal(tt_exc_cause(exc), cause);
    assert_ptr_equal(tt_exc_pending(), exc);
    assert_int_equal(tt_raise_exc_from(NULL, exc), -1);
    assert_null(tt_exc_cause(exc));
    drop_pending();
    assert_int_equal(tt_raise_exc_from(exc, NULL), -1);
    check_raised(&tt_MemoryError, "");
    tt_exc_unref(exc);
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test(a_group_has_its_members_in_order_and_its_message),
    cmocka_unit_test(a_group_of_one_counts_one_sub_exception),
    cmocka_unit_test(a_group_needs_members),
    cmocka_unit_test(a_member_must_be_an_exception),
    cmocka_unit_test(exceptions_cannot_hold_what_is_none),
    cmocka_unit_test(a_base_group_of_exceptions_only_becomes_an_exception_group),
    cmocka_unit_test(an_exception_group_is_a_group_and_an_exception),
    cmocka_unit_test(a_group_that_is_an_exception_too_holds_exceptions_only),
    cmocka_unit_test(raising_a_group_is_one_call),
    cmocka_unit_test(leaves_are_found_by_number_from_left_to_right),
    cmocka_unit_test(what_is_no_group_has_no_members),
    cmocka_unit_test(a_tree_with_more_leaves_than_numbers_counts_as_many_as_there_are_numbers),
    cmocka_unit_test(deep_groups_are_freed_and_copied_without_recursion),
    cmocka_unit_test(deep_groups_are_printed_without_recursion),
    cmocka_unit_test(a_repr_goes_into_fifty_groups),
    cmocka_unit_test(a_copy_of_a_group_has_copies_of_its_members),
    cmocka_unit_test(a_circle_goes_with_the_last_reference_from_outside),
    cmocka_unit_test(what_a_circle_leads_to_lives_as_long_as_somebody_refers_to_it),
    cmocka_unit_test(an_exception_can_be_its_own_cause),
    cmocka_unit_test(circles_are_copied_as_circles),
    cmocka_unit_test(raising_an_existing_one_from_a_cause_hides_its_context),
};
TT_TEST_MAIN(cases)
