/* except*: what arms handle, what is left, what comes out, and how it nests. That the texts are those of CPython is
 * test_exc_groups_python.c's.
 */
#include "harness.h"

#include "exc_internal.h"

static tt_exc *derive_coded(const tt_exc *group, tt_exc *const *members, size_t count);
static const tt_exc_type Coded = {.name = "Coded", .base = &tt_ExceptionGroup, .derive = derive_coded};

static tt_exc *derive_coded(const tt_exc *group, tt_exc *const *members, size_t count)
{
    tt_exc *exc = tt_exc_group_new(&Coded, members, count, "%s", tt_exc_message(group));

    tt_exc_set_data(exc, &Coded, tt_exc_data(group, &Coded));
    return exc;
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

static tt_exc *V(const char *text)
{
    return tt_exc_new(&tt_ValueError, "%s", text);
}

static tt_exc *T(const char *text)
{
    return tt_exc_new(&tt_TypeError, "%s", text);
}

static tt_exc *O(const char *text)
{
    return tt_exc_new(&tt_OSError, "%s", text);
}

/* Raises EXC, which it takes over, and begins to handle its parts. */
static void begin(tt_exc *exc)
{
    (void)tt_raise_exc(exc);
    tt_exc_unref(exc);
    assert_true(tt_catch_group_begin());
    assert_null(tt_exc_pending());
}

static void check_repr(const tt_exc *exc, const char *expected)
{
    char repr[400];

    tt_exc_repr(exc, repr, sizeof repr);
    assert_string_equal(repr, expected);
}

/* Ends the handling; what comes out of it, "None" if nothing does, is released. */
static void end(const char *expected)
{
    tt_exc *exc;

    assert_int_equal(tt_catch_group_end(), strcmp(expected, "None") == 0 ? 0 : -1);
    exc = tt__exc_state_take(tt__exc_state_now());
    check_repr(exc, expected);
    tt_exc_unref(exc);
}

/* Checks what of EXC, which is released, an arm for TYPE handles, and what is left. */
static void check_arm(tt_exc *exc, const tt_exc_type *type, const char *match, const char *rest)
{
    tt_exc *outer = tt_exc_caught();

    for (int by_types = 0; by_types < 2; by_types++) {
        begin(tt_exc_ref(exc));
        assert_int_equal(by_types ? tt_catch_group_types(&type, 1) : tt_catch_group(type), strcmp(match, "None") != 0);
        if (strcmp(match, "None") != 0)
            check_repr(tt_exc_caught(), match);
        end(rest);
        assert_ptr_equal(tt_exc_caught(), outer);
    }
    tt_exc_unref(exc);
}

/* --------------------------------------------------------------------------------------------------- what arms handle */

static void an_arm_handles_all_that_is_of_its_type(void **state)
{
    (void)state;
    check_arm(eg("g", V("1"), V("2"), NULL), &tt_ValueError, "ExceptionGroup('g', [ValueError('1'), ValueError('2')])",
              "None");
    check_arm(eg("g", V("1"), O("o"), V("2")), &tt_ValueError,
              "ExceptionGroup('g', [ValueError('1'), ValueError('2')])", "ExceptionGroup('g', [OSError('o')])");
    check_arm(eg("g", V("1"), eg("h", O("o"), V("2"), T("t")), NULL), &tt_ValueError,
              "ExceptionGroup('g', [ValueError('1'), ExceptionGroup('h', [ValueError('2')])])",
              "ExceptionGroup('g', [ExceptionGroup('h', [OSError('o'), TypeError('t')])])");
    check_arm(eg("g", V("1"), T("t"), NULL), &tt_KeyError, "None",
              "ExceptionGroup('g', [ValueError('1'), TypeError('t')])");
    check_arm(eg("g", tt_exc_new(&tt_BlockingIOError, "b"), V("1"), NULL), &tt_OSError,
              "ExceptionGroup('g', [BlockingIOError('b')])", "ExceptionGroup('g', [ValueError('1')])");
}

static void empty_groups_are_dropped_and_groups_of_one_stay(void **state)
{
    (void)state;
    check_arm(eg("g", eg("h", V("1"), NULL, NULL), eg("i", eg("j", T("t"), NULL, NULL), NULL, NULL), NULL),
              &tt_TypeError, "ExceptionGroup('g', [ExceptionGroup('i', [ExceptionGroup('j', [TypeError('t')])])])",
              "ExceptionGroup('g', [ExceptionGroup('h', [ValueError('1')])])");
}

static void one_exception_alone_is_handled_in_a_group(void **state)
{
    (void)state;
    check_arm(V("1"), &tt_ValueError, "ExceptionGroup('', (ValueError('1'),))", "None");
    check_arm(V("1"), &tt_Exception, "ExceptionGroup('', (ValueError('1'),))", "None");
    check_arm(tt_exc_new(&tt_SystemExit, NULL), &tt_BaseException, "BaseExceptionGroup('', (SystemExit(),))", "None");
}

static void one_exception_alone_that_does_not_match_stays_alone(void **state)
{
    tt_exc *exc = V("1");

    (void)state;
    begin(tt_exc_ref(exc));
    assert_false(tt_catch_group(&tt_TypeError));
    assert_int_equal(tt_catch_group_end(), -1);
    assert_ptr_equal(tt_exc_pending(), exc);
    tt_exc_unref(tt__exc_state_take(tt__exc_state_now()));
    tt_exc_unref(exc);
}

static void a_group_of_the_type_is_handled_as_it_is(void **state)
{
    tt_exc *group = eg("g", V("1"), NULL, NULL);

    (void)state;
    begin(tt_exc_ref(group));
    assert_true(tt_catch_group(&tt_Exception));
    assert_ptr_equal(tt_exc_caught(), group);
    end("None");
    tt_exc_unref(group);
}

static void an_arm_can_be_for_several_types(void **state)
{
    static const tt_exc_type *const types[] = {&tt_ValueError, &tt_TypeError};

    (void)state;
    begin(eg("g", V("1"), O("o"), eg("h", O("o"), V("2"), T("t"))));
    assert_true(tt_catch_group_types(types, 2));
    check_repr(tt_exc_caught(),
               "ExceptionGroup('g', [ValueError('1'), ExceptionGroup('h', [ValueError('2'), TypeError('t')])])");
    end("ExceptionGroup('g', [OSError('o'), ExceptionGroup('h', [OSError('o')])])");
}

static void several_arms_each_handle_their_part(void **state)
{
    (void)state;
    begin(eg("g", V("1"), T("t"), O("o")));
    assert_true(tt_catch_group(&tt_ValueError));
    check_repr(tt_exc_caught(), "ExceptionGroup('g', [ValueError('1')])");
    assert_false(tt_catch_group(&tt_KeyError));
    assert_true(tt_catch_group(&tt_TypeError));
    check_repr(tt_exc_caught(), "ExceptionGroup('g', [TypeError('t')])");
    end("ExceptionGroup('g', [OSError('o')])");
}

static void the_first_arm_that_matches_has_it(void **state)
{
    (void)state;
    begin(eg("g", tt_exc_new(&tt_BlockingIOError, "b"), NULL, NULL));
    assert_true(tt_catch_group(&tt_OSError));
    assert_false(tt_catch_group(&tt_BlockingIOError));
    assert_false(tt_catch_group(&tt_BaseException));
    end("None");
}

static void with_nothing_pending_nothing_begins(void **state)
{
    (void)state;
    assert_false(tt_catch_group_begin());
    assert_null(tt_exc_caught());
}

static void the_same_arms_can_run_in_a_loop(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++)
        check_arm(eg("g", V("1"), NULL, NULL), &tt_ValueError, "ExceptionGroup('g', [ValueError('1')])", "None");
}

/* --------------------------------------------------------------------------------------------------- raised once more */

static void parts_that_are_raised_once_more_are_put_together_with_the_rest(void **state)
{
    (void)state;
    begin(eg("g", T("1"), V("2"), O("3")));
    assert_true(tt_catch_group(&tt_TypeError));
    tt_reraise();
    assert_true(tt_catch_group(&tt_ValueError));
    tt_reraise();
    end("ExceptionGroup('g', [TypeError('1'), ValueError('2'), OSError('3')])");

    begin(eg("g", T("1"), V("2"), O("3")));
    assert_true(tt_catch_group(&tt_ValueError));
    tt_reraise();
    assert_true(tt_catch_group(&tt_TypeError));
    end("ExceptionGroup('g', [ValueError('2'), OSError('3')])");

    begin(eg("g", T("1"), V("2"), NULL));
    assert_true(tt_catch_group(&tt_TypeError));
    tt_reraise();
    assert_true(tt_catch_group(&tt_ValueError));
    end("ExceptionGroup('g', [TypeError('1')])");
}

static void one_exception_alone_that_is_raised_once_more_stays_in_its_group(void **state)
{
    (void)state;
    begin(V("42"));
    assert_true(tt_catch_group(&tt_ValueError));
    tt_reraise();
    end("ExceptionGroup('', (ValueError('42'),))");
}

static void what_is_put_together_has_the_links_of_the_original(void **state)
{
    tt_exc *cause = V("cause"), *group = eg("g", T("1"), V("2"), NULL), *result;
    const tt_site *site;

    (void)state;
    tt_raise(&tt_KeyError, "context");
    assert_true(tt_catch(&tt_KeyError));
    tt_raise_exc_from(cause, group);
    tt_exc_add_note(group, "note");
    site = tt_exc_raised_at(group);
    assert_true(tt_catch_group_begin());
    assert_true(tt_catch_group(&tt_ValueError));
    assert_ptr_equal(tt_exc_cause(tt_exc_caught()), cause);
    assert_int_equal(tt_catch_group_end(), -1);
    result = tt__exc_state_take(tt__exc_state_now());
    assert_ptr_not_equal(result, group);
    assert_ptr_equal(tt_exc_cause(result), cause);
    assert_ptr_equal(tt_exc_context(result), tt_exc_caught());
    assert_string_equal(tt_exc_note(result, 0), "note");
    assert_ptr_equal(tt_exc_raised_at(result), site);
    assert_int_equal(tt_catch_end(), 0);
    tt_exc_unref(result);
    tt_exc_unref(group);
    tt_exc_unref(cause);
}

/* -------------------------------------------------------------------------------------------------- raised in an arm */

static void what_an_arm_raises_is_grouped_with_the_rest(void **state)
{
    tt_exc *group = eg("g", V("1"), O("2"), NULL), *raised;

    (void)state;
    begin(tt_exc_ref(group));
    assert_true(tt_catch_group(&tt_OSError));
    tt_raise(&tt_TypeError, "3");
    raised = tt_exc_ref(tt_exc_pending());
    end("ExceptionGroup('', [TypeError('3'), ExceptionGroup('g', [ValueError('1')])])");
    check_repr(tt_exc_context(raised), "ExceptionGroup('g', [OSError('2')])");
    tt_exc_unref(raised);

    begin(tt_exc_ref(group));
    assert_true(tt_catch_group(&tt_OSError));
    tt_raise_from(tt_exc_caught(), &tt_TypeError, "3");
    raised = tt_exc_ref(tt_exc_pending());
    end("ExceptionGroup('', [TypeError('3'), ExceptionGroup('g', [ValueError('1')])])");
    check_repr(tt_exc_cause(raised), "ExceptionGroup('g', [OSError('2')])");
    assert_ptr_equal(tt_exc_context(raised), tt_exc_cause(raised));
    tt_exc_unref(raised);
    tt_exc_unref(group);
}

static void one_that_is_raised_where_all_is_handled_comes_out_alone(void **state)
{
    (void)state;
    begin(eg("g", V("1"), O("2"), NULL));
    assert_true(tt_catch_group(&tt_Exception));
    tt_raise(&tt_ValueError, "3");
    end("ValueError('3')");

    begin(V("alone"));
    assert_true(tt_catch_group(&tt_ValueError));
    tt_raise(&tt_TypeError, "3");
    end("TypeError('3')");
}

static void two_that_are_raised_where_all_is_handled_are_grouped(void **state)
{
    tt_exc *raised[2];

    (void)state;
    for (int has_cause = 0; has_cause < 2; has_cause++) {
        begin(eg("g", T("1"), V("2"), NULL));
        assert_true(tt_catch_group(&tt_TypeError));
        has_cause ? tt_raise_from(tt_exc_caught(), &tt_ValueError, "3") : tt_raise(&tt_ValueError, "3");
        raised[0] = tt_exc_ref(tt_exc_pending());
        assert_true(tt_catch_group(&tt_ValueError));
        has_cause ? tt_raise_from(tt_exc_caught(), &tt_TypeError, "4") : tt_raise(&tt_TypeError, "4");
        raised[1] = tt_exc_ref(tt_exc_pending());
        end("ExceptionGroup('', [ValueError('3'), TypeError('4')])");
        check_repr(tt_exc_context(raised[0]), "ExceptionGroup('g', [TypeError('1')])");
        check_repr(tt_exc_context(raised[1]), "ExceptionGroup('g', [ValueError('2')])");
        for (int i = 0; i < 2; i++) {
            assert_ptr_equal(tt_exc_cause(raised[i]), has_cause ? tt_exc_context(raised[i]) : NULL);
            tt_exc_unref(raised[i]);
        }
    }
}

static void what_several_arms_raise_is_grouped_in_their_order(void **state)
{
    (void)state;
    begin(eg("g", V("1"), O("2"), T("3")));
    assert_true(tt_catch_group(&tt_TypeError));
    tt_raise(&tt_ValueError, "a");
    assert_true(tt_catch_group(&tt_ValueError));
    tt_raise(&tt_KeyError, "b");
    end("ExceptionGroup('', [ValueError('a'), KeyError('b'), ExceptionGroup('g', [OSError('2')])])");
}

static void a_part_that_is_raised_as_a_new_raise_is_something_else(void **state)
{
    (void)state;
    begin(eg("g", V("1"), O("2"), NULL));
    assert_true(tt_catch_group(&tt_ValueError));
    tt_raise_exc(tt_exc_caught());
    end("ExceptionGroup('', [ExceptionGroup('g', [ValueError('1')]), ExceptionGroup('g', [OSError('2')])])");
}

static void many_arms_can_raise(void **state)
{
    static const tt_exc_type types[] = {{.name = "E0", .base = &tt_Exception}, {.name = "E1", .base = &tt_Exception},
                                        {.name = "E2", .base = &tt_Exception}, {.name = "E3", .base = &tt_Exception},
                                        {.name = "E4", .base = &tt_Exception}, {.name = "E5", .base = &tt_Exception},
                                        {.name = "E6", .base = &tt_Exception}, {.name = "E7", .base = &tt_Exception},
                                        {.name = "E8", .base = &tt_Exception}};
    tt_exc *members[10], *group;

    (void)state;
    for (int i = 0; i < 9; i++)
        members[i] = tt_exc_new(&types[i], NULL);
    members[9] = V("rest");
    group = tt_exc_group_new(&tt_ExceptionGroup, members, 10, "g");
    for (int i = 0; i < 10; i++)
        tt_exc_unref(members[i]);
    begin(group);
    for (int i = 0; i < 9; i++) {
        assert_true(tt_catch_group(&types[i]));
        tt_raise(&tt_KeyError, "%d", i);
    }
    end("ExceptionGroup('', [KeyError('0'), KeyError('1'), KeyError('2'), KeyError('3'), KeyError('4'), KeyError('5'), "
        "KeyError('6'), KeyError('7'), KeyError('8'), ExceptionGroup('g', [ValueError('rest')])])");
}

static void what_is_raised_before_the_first_arm_is_kept_too(void **state)
{
    (void)state;
    begin(eg("g", V("1"), NULL, NULL));
    tt_raise(&tt_KeyError, "early");
    assert_true(tt_catch_group(&tt_ValueError));
    assert_null(tt_exc_pending());
    end("KeyError('early')");
}

/* -------------------------------------------------------------------------------------------------------- subclasses */

static void groups_of_ones_own_keep_their_type_when_they_derive(void **state)
{
    static int code;
    tt_exc *nested = group_of(&Coded, "nested", T("2"), NULL, NULL), *group, *match, *rest;

    (void)state;
    group = group_of(&Coded, "g", V("1"), nested, NULL);
    tt_exc_set_data(group, &Coded, &code);
    begin(group);
    assert_true(tt_catch_group(&tt_ValueError));
    match = tt_exc_ref(tt_exc_caught());
    assert_int_equal(tt_catch_group_end(), -1);
    rest = tt__exc_state_take(tt__exc_state_now());
    check_repr(match, "Coded('g', [ValueError('1')])");
    check_repr(rest, "Coded('g', [Coded('nested', [TypeError('2')])])");
    assert_ptr_equal(tt_exc_data(match, &Coded), &code);
    assert_ptr_equal(tt_exc_data(rest, &Coded), &code);
    assert_null(tt_exc_data(tt_exc_group_member(rest, 0), &Coded));
    tt_exc_unref(match);
    tt_exc_unref(rest);
}

static tt_exc *derive_raising(const tt_exc *group, tt_exc *const *members, size_t count)
{
    (void)group;
    (void)members;
    (void)count;
    tt_raise(&tt_LookupError, "derive");
    return NULL;
}

static void a_derive_that_raises_loses_nothing(void **state)
{
    static const tt_exc_type raising = {.name = "Raising", .base = &tt_ExceptionGroup, .derive = derive_raising};
    tt_exc *group = group_of(&raising, "g", V("1"), T("2"), NULL), *exc;

    (void)state;
    begin(tt_exc_ref(group));
    assert_false(tt_catch_group(&tt_ValueError));
    assert_int_equal(tt_catch_group_end(), -1);
    exc = tt__exc_state_take(tt__exc_state_now());
    check_repr(exc, "LookupError('derive')");
    while (exc && tt_exc_context(exc) != group) {
        tt_exc *next = tt_exc_ref(tt_exc_context(exc));
        tt_exc_unref(exc);
        exc = next;
    }
    assert_non_null(exc);
    tt_exc_unref(exc);
    tt_exc_unref(group);
}

/* ----------------------------------------------------------------------------------------------------------- nesting */

static void handling_parts_nests_in_catches_and_cleanups(void **state)
{
    (void)state;
    tt_raise(&tt_ValueError, "outer");
    assert_true(tt_catch(&tt_ValueError));
    tt_exc *outer = tt_exc_caught();
    check_arm(eg("g", V("1"), T("2"), NULL), &tt_ValueError, "ExceptionGroup('g', [ValueError('1')])",
              "ExceptionGroup('g', [TypeError('2')])");
    begin(T("inner"));
    assert_true(tt_catch_group(&tt_Exception));
    end("None");
    assert_ptr_equal(tt_exc_caught(), outer);
    tt_raise(&tt_ZeroDivisionError, "after");
    assert_ptr_equal(tt_exc_context(tt_exc_pending()), outer);
    tt_cleanup_begin();
    check_arm(V("1"), &tt_ValueError, "ExceptionGroup('', (ValueError('1'),))", "None");
    assert_int_equal(tt_cleanup_end(), -1);
    assert_int_equal(tt_catch_end(), -1);
    tt_exc_unref(tt__exc_state_take(tt__exc_state_now()));
}

static void arms_nest_in_arms(void **state)
{
    (void)state;
    begin(eg("n", tt_exc_new(&tt_BlockingIOError, "io"), NULL, NULL));
    assert_true(tt_catch_group(&tt_BlockingIOError));
    tt_exc *outer = tt_exc_caught();
    check_arm(eg("n", V("io"), NULL, NULL), &tt_ValueError, "ExceptionGroup('n', [ValueError('io')])", "None");
    assert_ptr_equal(tt_exc_caught(), outer);
    begin(eg("m", V("1"), T("2"), NULL));
    assert_true(tt_catch_group(&tt_TypeError));
    assert_int_equal(tt_catch_group_end(), -1);
    end("ExceptionGroup('m', [ValueError('1')])");
}

static void an_arm_can_catch_and_clean_up(void **state)
{
    (void)state;
    begin(eg("g", V("1"), T("2"), NULL));
    assert_true(tt_catch_group(&tt_ValueError));
    tt_exc *handled = tt_exc_caught();
    tt_raise(&tt_KeyError, "k");
    assert_true(tt_catch(&tt_KeyError));
    assert_int_equal(tt_catch_end(), 0);
    assert_ptr_equal(tt_exc_caught(), handled);
    tt_cleanup_begin();
    assert_ptr_equal(tt_exc_caught(), handled);
    assert_int_equal(tt_cleanup_end(), 0);
    end("ExceptionGroup('g', [TypeError('2')])");
}

static void what_an_arm_left_open_ends_with_it(void **state)
{
    (void)state;
    begin(eg("g", V("1"), T("2"), NULL));
    assert_true(tt_catch_group(&tt_ValueError));
    tt_raise(&tt_KeyError, "k");
    assert_true(tt_catch(&tt_KeyError)); /* left open */
    assert_true(tt_catch_group(&tt_TypeError));
    check_repr(tt_exc_caught(), "ExceptionGroup('g', [TypeError('2')])");
    tt_raise(&tt_KeyError, "l");
    tt_cleanup_begin(); /* left open: brings back what it put aside */
    end("KeyError('l')");
}

static void one_left_open_ends_with_the_catch_around_it(void **state)
{
    (void)state;
    tt_raise(&tt_KeyError, "outer");
    assert_true(tt_catch(&tt_KeyError));
    begin(eg("g", V("1"), T("2"), NULL));
    assert_true(tt_catch_group(&tt_ValueError));
    assert_int_equal(tt_catch_end(), -1);
    tt_exc *exc = tt__exc_state_take(tt__exc_state_now());
    check_repr(exc, "ExceptionGroup('g', [TypeError('2')])");
    assert_null(tt_exc_caught());
    tt_exc_unref(exc);
}

static void one_left_open_ends_with_its_coroutine(void **state)
{
    struct tt_exc_state task = {0}, *outer = tt__exc_state_enter(&task);

    (void)state;
    begin(eg("g", V("1"), T("2"), NULL));
    assert_true(tt_catch_group(&tt_ValueError));
    tt_raise(&tt_KeyError, "raised");
    tt__exc_state_close_handlings(&task);
    check_repr(task.pending, "ExceptionGroup('', [KeyError('raised'), ExceptionGroup('g', [TypeError('2')])])");
    tt__exc_state_finish(&task);
    tt__exc_state_enter(outer);
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test(an_arm_handles_all_that_is_of_its_type),
    cmocka_unit_test(empty_groups_are_dropped_and_groups_of_one_stay),
    cmocka_unit_test(one_exception_alone_is_handled_in_a_group),
    cmocka_unit_test(one_exception_alone_that_does_not_match_stays_alone),
    cmocka_unit_test(a_group_of_the_type_is_handled_as_it_is),
    cmocka_unit_test(an_arm_can_be_for_several_types),
    cmocka_unit_test(several_arms_each_handle_their_part),
    cmocka_unit_test(the_first_arm_that_matches_has_it),
    cmocka_unit_test(with_nothing_pending_nothing_begins),
    cmocka_unit_test(the_same_arms_can_run_in_a_loop),
    cmocka_unit_test(parts_that_are_raised_once_more_are_put_together_with_the_rest),
    cmocka_unit_test(one_exception_alone_that_is_raised_once_more_stays_in_its_group),
    cmocka_unit_test(what_is_put_together_has_the_links_of_the_original),
    cmocka_unit_test(what_an_arm_raises_is_grouped_with_the_rest),
    cmocka_unit_test(one_that_is_raised_where_all_is_handled_comes_out_alone),
    cmocka_unit_test(two_that_are_raised_where_all_is_handled_are_grouped),
    cmocka_unit_test(what_several_arms_raise_is_grouped_in_their_order),
    cmocka_unit_test(a_part_that_is_raised_as_a_new_raise_is_something_else),
    cmocka_unit_test(many_arms_can_raise),
    cmocka_unit_test(what_is_raised_before_the_first_arm_is_kept_too),
    cmocka_unit_test(groups_of_ones_own_keep_their_type_when_they_derive),
    cmocka_unit_test(a_derive_that_raises_loses_nothing),
    cmocka_unit_test(handling_parts_nests_in_catches_and_cleanups),
    cmocka_unit_test(arms_nest_in_arms),
    cmocka_unit_test(an_arm_can_catch_and_clean_up),
    cmocka_unit_test(what_an_arm_left_open_ends_with_it),
    cmocka_unit_test(one_left_open_ends_with_the_catch_around_it),
    cmocka_unit_test(one_left_open_ends_with_its_coroutine),
};
TT_TEST_MAIN(cases)
