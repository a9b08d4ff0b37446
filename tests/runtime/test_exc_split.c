/* Parts of exception groups: derive, and split by type, by several types, by a predicate. */
#include "harness.h"

#include "exc_internal.h"

#define DEEP 100000

static tt_exc *derive_named(const tt_exc *group, tt_exc *const *members, size_t count);

TT_EXC_TYPE(Plain, tt_ExceptionGroup);
TT_EXC_TYPE(AnyErrors, tt_BaseExceptionGroup);
static const tt_exc_type Named = {.name = "Named", .base = &tt_BaseExceptionGroup, .derive = derive_named};
TT_EXC_TYPE(NamedToo, Named); /* derives as its base does: to a Named */

static tt_exc *derive_named(const tt_exc *group, tt_exc *const *members, size_t count)
{
    return tt_exc_group_new(&Named, members, count, "%s!", tt_exc_message(group));
}

static void drop_pending(void)
{
    tt_exc_unref(tt__exc_state_take(tt__exc_state_now()));
}

/* A group of TYPE that is not raised, of members that it takes over; those beyond are NULL. */
static tt_exc *group_of(const tt_exc_type *type, const char *message, tt_exc *a, tt_exc *b, tt_exc *c)
{
    tt_exc *members[] = {a, b, c}, *group;
    size_t count = c ? 3 : b ? 2 : 1;

    group = tt_exc_group_new(type, members, count, "%s", message);
    assert_non_null(group);
    for (size_t i = 0; i < count; i++)
        tt_exc_unref(members[i]);
    return group;
}

static tt_exc *eg(const char *message, tt_exc *a, tt_exc *b, tt_exc *c)
{
    return group_of(&tt_BaseExceptionGroup, message, a, b, c);
}

static tt_exc *value(const char *text)
{
    return tt_exc_new(&tt_ValueError, "%s", text);
}

static tt_exc *type_error(const char *text)
{
    return tt_exc_new(&tt_TypeError, "%s", text);
}

/* Checks the repr of EXC, "None" of NULL, and releases it. */
static void check(tt_exc *exc, const char *expected)
{
    char repr[400];

    tt_exc_repr(exc, repr, sizeof repr);
    assert_string_equal(repr, expected);
    tt_exc_unref(exc);
}

/* Checks both halves of GROUP by TYPE; GROUP is released. */
static void check_split(tt_exc *group, const tt_exc_type *type, const char *match, const char *rest)
{
    tt_exc *halves[2];

    assert_int_equal(tt_exc_group_split(group, type, &halves[0], &halves[1]), 0);
    tt_exc_unref(group);
    check(halves[0], match);
    check(halves[1], rest);
}

/* ---------------------------------------------------------------------------------------------------------- by type */

static void a_group_of_the_type_itself_matches_as_the_same_object(void **state)
{
    static const tt_exc_type *const types[] = {&tt_BaseException, &tt_Exception, &tt_BaseExceptionGroup,
                                               &tt_ExceptionGroup};
    tt_exc *group = eg("g", value("a"), type_error("b"), NULL);

    (void)state;
    for (int i = 0; i < 4; i++) {
        tt_exc *match, *rest;

        assert_int_equal(tt_exc_group_split(group, types[i], &match, &rest), 0);
        assert_ptr_equal(match, group);
        assert_null(rest);
        tt_exc_unref(match);
    }
    tt_exc_unref(group);
}

static void where_nothing_matches_all_is_rest(void **state)
{
    (void)state;
    check_split(eg("g", value("a"), type_error("b"), NULL), &tt_KeyError, "None",
                "ExceptionGroup('g', [ValueError('a'), TypeError('b')])");
}

static void members_are_kept_as_they_are_and_in_order(void **state)
{
    tt_exc *a = value("a"), *group = eg("g", tt_exc_ref(a), type_error("b"), value("c")), *match, *rest;

    (void)state;
    assert_int_equal(tt_exc_group_split(group, &tt_ValueError, &match, &rest), 0);
    assert_ptr_equal(tt_exc_group_member(match, 0), a);
    assert_ptr_equal(tt_exc_group_member(match, 1), tt_exc_group_member(group, 2));
    assert_ptr_equal(tt_exc_group_member(rest, 0), tt_exc_group_member(group, 1));
    assert_true(tt_exc_id(match) != tt_exc_id(group));
    tt_exc_unref(a);
    tt_exc_unref(group);
    check(match, "ExceptionGroup('g', [ValueError('a'), ValueError('c')])");
    check(rest, "ExceptionGroup('g', [TypeError('b')])");
}

static void nesting_is_kept_and_empty_groups_are_dropped(void **state)
{
    tt_exc *inner = eg("inner", value("a"), type_error("b"), NULL), *other = eg("other", type_error("c"), NULL, NULL);

    (void)state;
    check_split(eg("outer", inner, other, value("d")), &tt_ValueError,
                "ExceptionGroup('outer', [ExceptionGroup('inner', [ValueError('a')]), ValueError('d')])",
                "ExceptionGroup('outer', [ExceptionGroup('inner', [TypeError('b')]), "
                "ExceptionGroup('other', [TypeError('c')])])");
}

static void a_nested_group_of_the_type_matches_as_the_same_object(void **state)
{
    tt_exc *inner = group_of(&Plain, "inner", value("a"), NULL, NULL), *match;
    tt_exc *group = eg("outer", tt_exc_ref(inner), type_error("b"), NULL);

    (void)state;
    assert_int_equal(tt_exc_group_split(group, &Plain, &match, NULL), 0);
    assert_ptr_equal(tt_exc_group_member(match, 0), inner);
    tt_exc_unref(inner);
    tt_exc_unref(match);
    tt_exc_unref(group);
}

static void derived_types_match_too(void **state)
{
    (void)state;
    check_split(eg("g", tt_exc_new(&tt_KeyError, "k"), tt_exc_new(&tt_OSError, "o"), NULL), &tt_LookupError,
                "ExceptionGroup('g', [KeyError('k')])", "ExceptionGroup('g', [OSError('o')])");
}

static void a_base_group_whose_part_has_exceptions_only_becomes_an_exception_group(void **state)
{
    (void)state;
    check_split(eg("g", tt_exc_new(&tt_KeyboardInterrupt, NULL), value("a"), NULL), &tt_Exception,
                "ExceptionGroup('g', [ValueError('a')])", "BaseExceptionGroup('g', [KeyboardInterrupt()])");
}

static void several_types_match_each(void **state)
{
    static const tt_exc_type *const types[] = {&tt_ValueError, &tt_KeyError};
    tt_exc *group = eg("g", value("a"), type_error("b"), tt_exc_new(&tt_KeyError, "k")), *match, *rest;

    (void)state;
    assert_int_equal(tt_exc_group_split_types(group, types, 2, &match, &rest), 0);
    check(match, "ExceptionGroup('g', [ValueError('a'), KeyError('k')])");
    check(rest, "ExceptionGroup('g', [TypeError('b')])");
    assert_int_equal(tt_exc_group_split_types(group, types, 0, &match, &rest), 0);
    assert_null(match);
    check(rest, "ExceptionGroup('g', [ValueError('a'), TypeError('b'), KeyError('k')])");
    tt_exc_unref(group);
}

static void an_exception_that_is_no_group_is_in_one_half(void **state)
{
    tt_exc *exc = value("a"), *match, *rest;

    (void)state;
    assert_int_equal(tt_exc_group_split(exc, &tt_ValueError, &match, &rest), 0);
    assert_ptr_equal(match, exc);
    assert_null(rest);
    tt_exc_unref(match);
    assert_int_equal(tt_exc_group_split(exc, &tt_TypeError, &match, &rest), 0);
    assert_null(match);
    assert_ptr_equal(rest, exc);
    tt_exc_unref(rest);
    tt_exc_unref(exc);
}

static void either_half_may_be_left_out(void **state)
{
    tt_exc *group = eg("g", value("a"), eg("in", type_error("b"), NULL, NULL), NULL), *half;

    (void)state;
    assert_int_equal(tt_exc_group_split(group, &tt_ValueError, &half, NULL), 0);
    check(half, "ExceptionGroup('g', [ValueError('a')])");
    assert_int_equal(tt_exc_group_split(group, &tt_ValueError, NULL, &half), 0);
    check(half, "ExceptionGroup('g', [ExceptionGroup('in', [TypeError('b')])])");
    assert_int_equal(tt_exc_group_split(group, &tt_ValueError, NULL, NULL), 0);
    tt_exc_unref(group);
}

/* ----------------------------------------------------------------------------------------------------- by predicate */

static int has_text(const tt_exc *exc, void *text)
{
    return strcmp(tt_exc_message(exc), text) == 0;
}

static int never(const tt_exc *exc, void *count)
{
    (void)exc;
    ++*(int *)count;
    return 0;
}

static int raising(const tt_exc *exc, void *arg)
{
    (void)arg;
    return tt_exc_is_group(exc) ? 0 : tt_raise(&tt_ArithmeticError, "not today");
}

static int failing(const tt_exc *exc, void *arg)
{
    (void)exc;
    (void)arg;
    return -1;
}

static void a_predicate_is_asked_about_groups_first_then_their_members(void **state)
{
    tt_exc *group = eg("g", value("a"), eg("in", type_error("b"), NULL, NULL), NULL), *match, *rest;
    int count = 0;

    (void)state;
    assert_int_equal(tt_exc_group_split_if(group, has_text, "g", &match, &rest), 0);
    assert_ptr_equal(match, group);
    assert_null(rest);
    tt_exc_unref(match);
    assert_int_equal(tt_exc_group_split_if(group, has_text, "in", &match, &rest), 0);
    assert_ptr_equal(tt_exc_group_member(match, 0), tt_exc_group_member(group, 1));
    check(match, "ExceptionGroup('g', [ExceptionGroup('in', [TypeError('b')])])");
    check(rest, "ExceptionGroup('g', [ValueError('a')])");
    assert_int_equal(tt_exc_group_split_if(group, never, &count, &match, NULL), 0);
    assert_null(match);
    assert_int_equal(count, 4);
    tt_exc_unref(group);
}

static void what_a_predicate_raises_ends_the_split(void **state)
{
    tt_exc *group = eg("g", value("a"), type_error("b"), NULL), *match = group;

    (void)state;
    assert_int_equal(tt_exc_group_split_if(group, raising, NULL, &match, NULL), -1);
    assert_ptr_equal(match, group); /* untouched */
    assert_true(tt_exc_is(tt_exc_pending(), &tt_ArithmeticError));
    drop_pending();
    assert_int_equal(tt_exc_group_split_if(group, failing, NULL, &match, NULL), -1);
    assert_true(tt_exc_is(tt_exc_pending(), &tt_RuntimeError));
    drop_pending();
    tt_exc_unref(group);
}

/* ------------------------------------------------------------------------------------------------- what halves have */

static void halves_have_message_places_cause_context_and_notes(void **state)
{
    static tt_site first = {"f.c", "f", NULL, 1, 0, 0}, second = {"f.c", "g", NULL, 2, 0, 0};
    tt_exc *group = eg("g", value("a"), type_error("b"), NULL), *cause = value("cause"), *halves[2];

    (void)state;
    tt_raise(&tt_KeyError, "context");
    assert_true(tt_catch(&tt_KeyError));
    tt_raise_exc_from_at(&first, cause, group);
    tt__exc_add_place(group, &second);
    tt_exc_add_note(group, "note");
    assert_int_equal(tt_exc_group_split(group, &tt_ValueError, &halves[0], &halves[1]), 0);
    for (int i = 0; i < 2; i++) {
        char *text;

        assert_string_equal(tt_exc_message(halves[i]), "g");
        assert_ptr_equal(tt_exc_cause(halves[i]), cause);
        assert_ptr_equal(tt_exc_context(halves[i]), tt_exc_caught());
        assert_string_equal(tt_exc_note(halves[i], 0), "note");
        assert_ptr_equal(tt__exc_last_place(halves[i]), &second);
        assert_null(tt_exc_raised_at(halves[i]));
        text = tt_exc_format(halves[i]);
        assert_non_null(strstr(text, "line 2, in g\n  |   File \"f.c\", line 1, in f\n  | ExceptionGroup: g (1 sub-"));
        free(text);
    }
    tt_exc_add_note(halves[0], "of the match alone");
    assert_int_equal(tt_exc_note_count(halves[0]), 2);
    assert_int_equal(tt_exc_note_count(halves[1]), 1);
    assert_int_equal(tt_exc_note_count(group), 1);
    drop_pending();
    assert_int_equal(tt_catch_end(), 0);
    tt_exc_unref(halves[0]);
    tt_exc_unref(halves[1]);
    tt_exc_unref(cause);
    tt_exc_unref(group);
}

static void each_nested_group_keeps_its_own_links(void **state)
{
    tt_exc *cause = value("cause"), *inner = eg("in", value("a"), type_error("b"), NULL), *outer, *match;

    (void)state;
    tt_raise_exc_from(cause, inner);
    drop_pending();
    outer = eg("out", inner, NULL, NULL);
    assert_int_equal(tt_exc_group_split(outer, &tt_TypeError, &match, NULL), 0);
    assert_null(tt_exc_cause(match));
    assert_ptr_equal(tt_exc_cause(tt_exc_group_member(match, 0)), cause);
    assert_ptr_not_equal(tt_exc_group_member(match, 0), inner);
    tt_exc_unref(cause);
    tt_exc_unref(match);
    tt_exc_unref(outer);
}

/* -------------------------------------------------------------------------------------------------- types of one's own */

static void a_type_that_does_not_derive_becomes_a_plain_group(void **state)
{
    (void)state;
    check_split(group_of(&Plain, "g", value("a"), type_error("b"), NULL), &tt_ValueError,
                "ExceptionGroup('g', [ValueError('a')])", "ExceptionGroup('g', [TypeError('b')])");
    check_split(group_of(&AnyErrors, "g", value("a"), tt_exc_new(&tt_SystemExit, NULL), NULL), &tt_ValueError,
                "ExceptionGroup('g', [ValueError('a')])", "BaseExceptionGroup('g', [SystemExit()])");
}

static void a_type_derives_its_parts_itself(void **state)
{
    tt_exc *group = group_of(&Named, "g", value("a"), type_error("b"), NULL), *match, *member = value("x"), *derived;

    (void)state;
    tt_exc_add_note(group, "note");
    assert_int_equal(tt_exc_group_split(group, &tt_ValueError, &match, NULL), 0);
    assert_string_equal(tt_exc_note(match, 0), "note");
    check(match, "Named('g!', [ValueError('a')])");
    derived = tt_exc_group_derive(group, &member, 1);
    assert_int_equal(tt_exc_note_count(derived), 0);
    check(derived, "Named('g!', [ValueError('x')])");
    tt_exc_unref(group);
    check_split(group_of(&NamedToo, "g", value("a"), type_error("b"), NULL), &tt_ValueError,
                "Named('g!', [ValueError('a')])", "Named('g!', [TypeError('b')])");
    group = eg("plain", value("a"), NULL, NULL);
    check(tt_exc_group_derive(group, &member, 1), "ExceptionGroup('plain', [ValueError('x')])");
    assert_null(tt_exc_group_derive(group, &member, 0));
    assert_true(tt_exc_is(tt_exc_pending(), &tt_ValueError));
    drop_pending();
    tt_exc_unref(group);
    tt_exc_unref(member);
}

static tt_exc *derive_nothing(const tt_exc *group, tt_exc *const *members, size_t count)
{
    (void)group;
    (void)members;
    (void)count;
    return NULL;
}

static tt_exc *derive_raising(const tt_exc *group, tt_exc *const *members, size_t count)
{
    (void)members;
    (void)count;
    tt_raise(&tt_LookupError, "no %s", tt_exc_message(group));
    return NULL;
}

static tt_exc *derive_a_member(const tt_exc *group, tt_exc *const *members, size_t count)
{
    (void)group;
    (void)count;
    return tt_exc_ref(members[0]);
}

static void a_derive_that_fails_fails_the_split(void **state)
{
    static const struct {
        tt_exc_type type;
        const tt_exc_type *raised;
        const char *text;
    } failures[] = {
        {{.name = "A", .base = &tt_ExceptionGroup, .derive = derive_nothing}, &tt_MemoryError, ""},
        {{.name = "B", .base = &tt_ExceptionGroup, .derive = derive_raising}, &tt_LookupError, "no g"},
        {{.name = "C", .base = &tt_ExceptionGroup, .derive = derive_a_member},
         &tt_TypeError,
         "derive must return an instance of BaseExceptionGroup"},
    };

    (void)state;
    for (int i = 0; i < 3; i++) {
        tt_exc *group = group_of(&failures[i].type, "g", value("a"), type_error("b"), NULL), *match = NULL, *outer;

        outer = eg("outer", value("x"), group, NULL);
        assert_int_equal(tt_exc_group_split(outer, &tt_ValueError, &match, NULL), -1);
        assert_null(match);
        assert_ptr_equal(tt_exc_type_of(tt_exc_pending()), failures[i].raised);
        assert_string_equal(tt_exc_text(tt_exc_pending()), failures[i].text);
        drop_pending();
        tt_exc_unref(outer);
    }
}

/* ------------------------------------------------------------------------------------------------------------ deep */

static void deep_groups_are_split_without_recursion(void **state)
{
    tt_exc *group = eg("g", value("a"), type_error("b"), NULL), *match, *rest;

    (void)state;
    for (int i = 0; i < DEEP; i++)
        group = eg("g", group, NULL, NULL);
    assert_int_equal(tt_exc_group_split(group, &tt_TypeError, &match, &rest), 0);
    assert_int_equal(tt_exc_leaf_count(match), 1);
    assert_string_equal(tt_exc_message(tt_exc_leaf(match, 0)), "b");
    assert_string_equal(tt_exc_message(tt_exc_leaf(rest, 0)), "a");
    tt_exc_unref(match);
    tt_exc_unref(rest);
    tt_exc_unref(group);
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test(a_group_of_the_type_itself_matches_as_the_same_object),
    cmocka_unit_test(where_nothing_matches_all_is_rest),
    cmocka_unit_test(members_are_kept_as_they_are_and_in_order),
    cmocka_unit_test(nesting_is_kept_and_empty_groups_are_dropped),
    cmocka_unit_test(a_nested_group_of_the_type_matches_as_the_same_object),
    cmocka_unit_test(derived_types_match_too),
    cmocka_unit_test(a_base_group_whose_part_has_exceptions_only_becomes_an_exception_group),
    cmocka_unit_test(several_types_match_each),
    cmocka_unit_test(an_exception_that_is_no_group_is_in_one_half),
    cmocka_unit_test(either_half_may_be_left_out),
    cmocka_unit_test(a_predicate_is_asked_about_groups_first_then_their_members),
    cmocka_unit_test(what_a_predicate_raises_ends_the_split),
    cmocka_unit_test(halves_have_message_places_cause_context_and_notes),
    cmocka_unit_test(each_nested_group_keeps_its_own_links),
    cmocka_unit_test(a_type_that_does_not_derive_becomes_a_plain_group),
    cmocka_unit_test(a_type_derives_its_parts_itself),
    cmocka_unit_test(a_derive_that_fails_fails_the_split),
    cmocka_unit_test(deep_groups_are_split_without_recursion),
};
TT_TEST_MAIN(cases)
