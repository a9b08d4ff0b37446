/* The text of exceptions: reprs and tracebacks, where Python has nothing like it or the words must be nailed down. That
 * the rest is word for word Python's is test_exc_python.c's. */
#include "harness.h"

#include "exc_internal.h"

#include <errno.h>

TT_EXC_TYPE(NetworkError, tt_OSError);

static void drop_pending(void)
{
    tt_exc_unref(tt__exc_state_take(tt__exc_state_now()));
}

/* Checks the repr of a new exception of TYPE with TEXT (NULL: without one), which is released. */
static void check_repr(const tt_exc_type *type, const char *text, const char *expected)
{
    tt_exc *exc = text ? tt_exc_new(type, "%s", text) : tt_exc_new(type, NULL);
    char buffer[400];

    assert_int_equal(tt_exc_repr(exc, buffer, sizeof buffer), strlen(expected));
    assert_string_equal(buffer, expected);
    tt_exc_unref(exc);
}

/* Checks the whole traceback of EXC, and that printing it writes the same. */
static void check_format(const tt_exc *exc, const char *expected)
{
    char *text = tt_exc_format(exc), *printed = NULL;
    size_t size;
    FILE *stream = open_memstream(&printed, &size);

    assert_non_null(text);
    assert_non_null(stream);
    tt_exc_print(exc, stream);
    assert_int_equal(fclose(stream), 0);
    assert_string_equal(text, expected);
    assert_string_equal(printed, expected);
    free(text);
    free(printed);
}

static void a_repr_is_the_type_and_the_quoted_text(void **state)
{
    (void)state;
    check_repr(&tt_ValueError, "boom", "ValueError('boom')");
    check_repr(&NetworkError, "it's down", "NetworkError(\"it's down\")");
    check_repr(&tt_ValueError, "it's \"down\"", "ValueError('it\\'s \"down\"')");
    check_repr(&tt_ValueError, "a\tb\nc\rd\\e\x1b\x7f", "ValueError('a\\tb\\nc\\rd\\\\e\\x1b\\x7f')");
}

static void an_empty_text_is_one(void **state)
{
    tt_exc *with = tt_exc_new(&tt_KeyError, "%s", ""), *without = tt_exc_new(&tt_KeyError, NULL), *member = with;
    tt_exc *group = tt_exc_group_new(&tt_ExceptionGroup, &member, 1, NULL);
    tt_exc *error = tt_exc_new(&tt_ValueError, "%s", "");

    (void)state;
    check_repr(&tt_CancelledError, NULL, "CancelledError()");
    check_repr(&tt_CancelledError, "", "CancelledError('')");
    assert_true(tt_exc_has_text(with));
    assert_false(tt_exc_has_text(without));
    assert_true(tt_exc_has_text(group));
    assert_false(tt_exc_has_text(NULL));
    check_format(with, "KeyError: ''\n");
    check_format(without, "KeyError\n");
    check_format(error, "ValueError\n");
    tt_exc_unref(error);
    tt_exc_unref(group);
    tt_exc_unref(without);
    tt_exc_unref(with);
}

static void a_repr_keeps_utf8_and_escapes_what_cannot_be_seen(void **state)
{
    (void)state;
    check_repr(&tt_ValueError, "caf\xc3\xa9 \xe4\xb8\x80 \xf0\x9f\x98\x80",
               "ValueError('caf\xc3\xa9 \xe4\xb8\x80 \xf0\x9f\x98\x80')");
    check_repr(&tt_ValueError, "a\xc2\xa0z\xe2\x80\xae\xf3\xa0\x80\x81", "ValueError('a\\xa0z\\u202e\\U000e0001')");
}

static void a_repr_shows_bytes_that_are_not_utf8(void **state)
{
    (void)state;
    check_repr(&tt_ValueError, "a\xff z", "ValueError('a\\xff z')");
    check_repr(&tt_ValueError, "\x80\xbf", "ValueError('\\x80\\xbf')");
    check_repr(&tt_ValueError, "\xe4\xb8", "ValueError('\\xe4\\xb8')");                   /* cut off */
    check_repr(&tt_ValueError, "\xe4\xb8z", "ValueError('\\xe4\\xb8z')");                 /* interrupted */
    check_repr(&tt_ValueError, "\xc0\x80\xc1\xbf", "ValueError('\\xc0\\x80\\xc1\\xbf')"); /* longer than needed */
    check_repr(&tt_ValueError, "\xe0\x9f\xbf", "ValueError('\\xe0\\x9f\\xbf')");
    check_repr(&tt_ValueError, "\xf0\x8f\xbf\xbf", "ValueError('\\xf0\\x8f\\xbf\\xbf')");
    check_repr(&tt_ValueError, "\xed\xa0\x80", "ValueError('\\xed\\xa0\\x80')");          /* half of a pair */
    check_repr(&tt_ValueError, "\xf4\x90\x80\x80", "ValueError('\\xf4\\x90\\x80\\x80')"); /* past the last one */
    check_repr(&tt_ValueError, "\xf8\xfc\xfe", "ValueError('\\xf8\\xfc\\xfe')");
}

static void the_repr_of_an_errno_has_number_and_meaning(void **state)
{
    char buffer[200], expected[200];

    (void)state;
    tt_raise_errno(ECONNREFUSED, "connect to %s", "alpha");
    snprintf(expected, sizeof expected, "ConnectionRefusedError(%d, '%s')", ECONNREFUSED, strerror(ECONNREFUSED));
    tt_exc_repr(tt_exc_pending(), buffer, sizeof buffer);
    assert_string_equal(buffer, expected);
    drop_pending();
}

static void a_repr_is_cut_as_by_snprintf(void **state)
{
    static const char whole[] = "ValueError('boom\\n')";
    tt_exc *exc = tt_exc_new(&tt_ValueError, "boom\n");

    (void)state;
    assert_int_equal(tt_exc_repr(exc, NULL, 0), strlen(whole));
    for (size_t size = 1; size < sizeof whole + 2; size++) {
        char *buffer = malloc(size); /* of exactly that size, so that a sanitizer sees a byte too many */
        assert_non_null(buffer);
        assert_int_equal(tt_exc_repr(exc, buffer, size), strlen(whole));
        assert_int_equal(strlen(buffer), size < sizeof whole ? size - 1 : strlen(whole));
        assert_memory_equal(buffer, whole, strlen(buffer));
        free(buffer);
    }
    tt_exc_unref(exc);
}

static void nothing_has_a_repr_and_no_traceback(void **state)
{
    char buffer[10];

    (void)state;
    assert_int_equal(tt_exc_repr(NULL, buffer, sizeof buffer), 4);
    assert_string_equal(buffer, "None");
    check_format(NULL, "");
}

static void a_traceback_has_the_outermost_await_first_and_the_raise_last(void **state)
{
    static tt_site raised = {"server.c", "fetch", NULL, 31, 0, 0}, inner = {"server.c", "handle", NULL, 40, 0, 0},
                   outer = {"main.c", "app", NULL, 7, 0, 0};

    (void)state;
    tt_raise_at(&raised, &tt_RuntimeError, "the network is broken");
    tt__exc_add_place(tt_exc_pending(), &inner);
    tt__exc_add_place(tt_exc_pending(), &inner);
    tt__exc_add_place(tt_exc_pending(), &outer);
    check_format(tt_exc_pending(), "Traceback (most recent call last):\n"
                                   "  File \"main.c\", line 7, in app\n"
                                   "  File \"server.c\", line 40, in handle\n"
                                   "  File \"server.c\", line 31, in fetch\n"
                                   "RuntimeError: the network is broken\n");
    drop_pending();
}

static void one_that_was_never_raised_has_its_last_line_only(void **state)
{
    tt_exc *exc = tt_exc_new(&tt_ValueError, "made");

    (void)state;
    check_format(exc, "ValueError: made\n");
    tt_exc_unref(exc);
    exc = tt_exc_new(&tt_CancelledError, NULL);
    check_format(exc, "CancelledError\n");
    tt_exc_unref(exc);
}

static void places_that_were_left_out_are_counted_where_they_were(void **state)
{
    static tt_site sites[33];
    tt_exc *exc = tt_exc_new(&tt_ValueError, "x");

    (void)state;
    for (uint32_t i = 0; i < 33; i++) {
        sites[i] = (tt_site){"f.c", "f", NULL, i, 0, 0};
        tt__exc_add_place(exc, &sites[i]);
    }
    char *text = tt_exc_format(exc);
    assert_non_null(strstr(text, "line 17, in f\n  [1 place left out]\n  File \"f.c\", line 15, in f\n"));
    free(text);
    tt_exc_unref(exc);
}

static void a_chain_is_printed_from_its_beginning_with_pythons_sentences(void **state)
{
    static tt_site a = {"f.c", "first", NULL, 1, 0, 0}, b = {"f.c", "second", NULL, 2, 0, 0},
                   c = {"f.c", "third", NULL, 3, 0, 0};

    (void)state;
    tt_raise_at(&a, &tt_KeyError, "key");
    tt_raise_at(&b, &tt_ValueError, "two\nlines");
    tt_exc *value_error = tt_exc_ref(tt_exc_pending());
    tt_raise_from_at(&c, value_error, &NetworkError, NULL);
    tt_exc_unref(value_error);
    check_format(tt_exc_pending(), "Traceback (most recent call last):\n"
                                   "  File \"f.c\", line 1, in first\n"
                                   "KeyError: 'key'\n"
                                   "\n"
                                   "During handling of the above exception, another exception occurred:\n"
                                   "\n"
                                   "Traceback (most recent call last):\n"
                                   "  File \"f.c\", line 2, in second\n"
                                   "ValueError: two\nlines\n"
                                   "\n"
                                   "The above exception was the direct cause of the following exception:\n"
                                   "\n"
                                   "Traceback (most recent call last):\n"
                                   "  File \"f.c\", line 3, in third\n"
                                   "NetworkError\n");
    drop_pending();
}

static void a_memory_error_without_memory_can_be_part_of_a_chain(void **state)
{
    static tt_site here = {"f.c", "f", NULL, 1, 0, 0};

    (void)state;
    tt_raise_exc(NULL);
    check_format(tt_exc_pending(), "MemoryError\n");
    tt_raise_at(&here, &tt_ValueError, "x");
    check_format(tt_exc_pending(), "MemoryError\n"
                                   "\n"
                                   "During handling of the above exception, another exception occurred:\n"
                                   "\n"
                                   "Traceback (most recent call last):\n"
                                   "  File \"f.c\", line 1, in f\n"
                                   "ValueError: x\n");
    drop_pending();
}

static void printing_leaves_the_error_to_the_stream(void **state)
{
    FILE *full = fopen("/dev/full", "w");

    (void)state;
    if (!full)
        TT_SKIP("there is no /dev/full");
    tt_exc *exc = tt_exc_new(&tt_ValueError, "x");
    tt_exc_print(exc, full);
    assert_int_equal(fclose(full), EOF);
    tt_exc_unref(exc);
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test(a_repr_is_the_type_and_the_quoted_text),
    cmocka_unit_test(an_empty_text_is_one),
    cmocka_unit_test(a_repr_keeps_utf8_and_escapes_what_cannot_be_seen),
    cmocka_unit_test(a_repr_shows_bytes_that_are_not_utf8),
    cmocka_unit_test(the_repr_of_an_errno_has_number_and_meaning),
    cmocka_unit_test(a_repr_is_cut_as_by_snprintf),
    cmocka_unit_test(nothing_has_a_repr_and_no_traceback),
    cmocka_unit_test(a_traceback_has_the_outermost_await_first_and_the_raise_last),
    cmocka_unit_test(one_that_was_never_raised_has_its_last_line_only),
    cmocka_unit_test(places_that_were_left_out_are_counted_where_they_were),
    cmocka_unit_test(a_chain_is_printed_from_its_beginning_with_pythons_sentences),
    cmocka_unit_test(a_memory_error_without_memory_can_be_part_of_a_chain),
    cmocka_unit_test(printing_leaves_the_error_to_the_stream),
};
TT_TEST_MAIN(cases)
