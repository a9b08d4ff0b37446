/* Exceptions against CPython: the same exceptions are raised in the same way here and by exc_python/exceptions.py, and
 * their reprs and tracebacks must be the same text, places masked. Where a function here needs more words than its
 * namesake there, C does.
 */
#include "harness.h"

#include "exc_internal.h"

#include <errno.h>

TT_EXC_TYPE(NetworkError, tt_OSError);

/* ------------------------------------------------------------------------------------------ the exceptions */

static int plain(void)
{
    return tt_raise(&tt_ValueError, "boom");
}

static int without_text(void)
{
    return tt_raise(&tt_ValueError, NULL);
}

static int several_lines(void)
{
    return tt_raise(&tt_RuntimeError, "one\ntwo\n\nthree");
}

static int own_type(void)
{
    return tt_raise(&NetworkError, "the network is %s", "broken");
}

static int key(void)
{
    return tt_raise(&tt_KeyError, "it's not there");
}

static int from_errno(void)
{
    return tt_raise_errno(ECONNREFUSED, NULL);
}

static int from_errno_with_detail(void)
{
    return tt_raise_errno(-ENOENT, "'%s'", "alpha");
}

static int cancelled(void)
{
    return tt_raise(&tt_CancelledError, "too slow");
}

static int cancelled_without_text(void)
{
    return tt_raise(&tt_CancelledError, NULL);
}

/* Puts it where a raise would, without being one. */
static int never_raised(void)
{
    tt__exc_state_set(tt__exc_state_now(), tt_exc_new(&tt_ValueError, "made"));
    return -1;
}

/* Begins to handle what was just raised. */
static tt_exc *caught(int rc)
{
    assert_int_equal(rc, -1);
    assert_true(tt_catch(&tt_Exception));
    return tt_exc_caught();
}

static int context(void)
{
    caught(tt_raise(&tt_KeyError, "first"));
    tt_raise(&tt_ValueError, "second");
    return tt_catch_end();
}

static int cause(void)
{
    tt_exc *error = caught(tt_raise(&tt_KeyError, "first"));
    tt_raise_from(error, &tt_ValueError, "second");
    return tt_catch_end();
}

static int cause_that_was_never_raised(void)
{
    tt_exc *error = tt_exc_new(&tt_TypeError, "cause");
    caught(tt_raise(&tt_KeyError, "context"));
    tt_raise_from(error, &tt_ValueError, "second");
    tt_exc_unref(error);
    return tt_catch_end();
}

static int from_nothing(void)
{
    caught(tt_raise(&tt_KeyError, "first"));
    tt_raise_from(NULL, &tt_ValueError, "second");
    return tt_catch_end();
}

static int chain_of_both(void)
{
    tt_exc *error = caught(tt_raise(&tt_KeyError, "first"));
    tt_raise_from(error, &tt_ValueError, "second");
    caught(tt_catch_end());
    tt_raise(&tt_TypeError, "third");
    error = caught(tt_catch_end());
    tt_raise_from(error, &tt_RuntimeError, NULL);
    return tt_catch_end();
}

static int nested_handlers(void)
{
    caught(tt_raise(&tt_KeyError, "outer"));
    caught(tt_raise(&tt_ValueError, "inner"));
    assert_int_equal(tt_catch_end(), 0);
    tt_raise(&tt_TypeError, "after the inner one");
    return tt_catch_end();
}

static int raised_in_a_nested_handler(void)
{
    caught(tt_raise(&tt_KeyError, "outer"));
    caught(tt_raise(&tt_ValueError, "inner"));
    tt_raise(&tt_TypeError, "in both");
    assert_int_equal(tt_catch_end(), -1);
    return tt_catch_end();
}

static int reraised(void)
{
    caught(tt_raise(&tt_ValueError, "again"));
    tt_reraise();
    return tt_catch_end();
}

static int raised_again(void)
{
    tt_exc *error = caught(tt_raise(&tt_ValueError, "again"));
    tt_raise_exc(error);
    return tt_catch_end();
}

static int first_of_the_chain_again(void)
{
    tt_exc *first = caught(tt_raise(&tt_KeyError, "first"));
    caught(tt_raise(&tt_ValueError, "second"));
    caught(tt_raise(&tt_TypeError, "third"));
    tt_raise_exc(first);
    for (int i = 0; i < 3; i++)
        assert_int_equal(tt_catch_end(), -1);
    return -1;
}

static int cause_again(void)
{
    tt_exc *first = tt_exc_ref(caught(tt_raise(&tt_KeyError, "cause")));
    tt_raise_from(first, &tt_ValueError, "effect");
    caught(tt_catch_end());
    tt_raise_exc(first);
    tt_exc_unref(first);
    return tt_catch_end();
}

static int raised_in_cleanup(void)
{
    tt_raise(&tt_ValueError, "body");
    tt_cleanup_begin();
    tt_raise(&tt_TypeError, "cleanup");
    return tt_cleanup_end();
}

static int handled_in_cleanup(void)
{
    tt_raise(&tt_ValueError, "body");
    tt_cleanup_begin();
    caught(tt_raise(&tt_TypeError, "cleanup"));
    assert_int_equal(tt_catch_end(), 0);
    return tt_cleanup_end();
}

static int caught_outside_of_cleanup(void)
{
    tt_raise(&tt_ValueError, "body");
    tt_cleanup_begin();
    tt_raise(&tt_TypeError, "cleanup");
    caught(tt_cleanup_end());
    tt_raise(&tt_KeyError, "outside");
    return tt_catch_end();
}

static int inner(void)
{
    return tt_raise(&tt_ValueError, "from deep inside");
}

/* What an await does in the coroutine that awaits. */
static int pass_on(int rc, tt_site *site)
{
    tt__exc_add_place(tt_exc_pending(), site);
    return rc;
}

static int middle(void)
{
    return pass_on(inner(), TT_HERE);
}

static int passed_on(void)
{
    return pass_on(middle(), TT_HERE);
}

/* ------------------------------------------------------------------------------------------------------- comparing */

/* What exceptions.py prints for NAME; malloc'ed. */
static char *ask_python(const char *name)
{
    const char *source = getenv("TELLTALE_TEST_SOURCE");
    char command[4200], *text = NULL;
    size_t size = 0, room = 0;
    FILE *python;

    if (!source)
        TT_SKIP("TELLTALE_TEST_SOURCE is not set");
    if (system("exec python3 -c 'import sys; sys.exit(sys.version_info < (3, 8))' 2>/dev/null") != 0)
        TT_SKIP("there is no python3 of version 3.8 or later");
    snprintf(command, sizeof command, "exec python3 '%s/tests/runtime/exc_python/exceptions.py' %s", source, name);
    python = popen(command, "r");
    assert_non_null(python);
    while (!feof(python)) {
        if (size + 1 >= room)
            text = realloc(text, room = room * 2 + 1000);
        assert_non_null(text);
        size += fread(text + size, 1, room - 1 - size, python);
        text[size] = '\0';
    }
    assert_int_equal(pclose(python), 0);
    assert_true(size > 0);
    return text;
}

/* Replaces the file and the line of every place in TEXT by asterisks. */
static void mask(char *text)
{
    char *out = text, *function, *end;

    while (*text) {
        end = strchr(text, '\n') + 1;
        function = strncmp(text, "  File \"", 8) == 0 ? strstr(text, ", in ") : NULL;
        if (function) {
            out = stpcpy(out, "  File \"*\", line *");
            text = function;
        }
        memmove(out, text, (size_t)(end - text));
        out += end - text;
        text = end;
    }
    *out = '\0';
}

/* Compares what FN leaves pending with what the function of the same name raised in Python. */
static void compare(const char *name, int (*fn)(void))
{
    char *python = ask_python(name), ours[5000], *text;
    tt_exc *exc;
    int used;

    assert_int_equal(fn(), -1);
    assert_null(tt_exc_caught());
    exc = tt__exc_state_take(tt__exc_state_now());
    text = tt_exc_format(exc);
    assert_non_null(text);
    mask(text);
    used = tt_exc_repr(exc, ours, sizeof ours);
    snprintf(ours + used, sizeof ours - (size_t)used, "\n%s", text);
    assert_string_equal(ours, python);
    free(python);
    free(text);
    tt_exc_unref(exc);
}

#define READS_AS_IN_PYTHON(name)                        \
    static void name##_reads_as_in_python(void **state) \
    {                                                   \
        (void)state;                                    \
        compare(#name, name);                           \
    }

READS_AS_IN_PYTHON(plain)
READS_AS_IN_PYTHON(without_text)
READS_AS_IN_PYTHON(several_lines)
READS_AS_IN_PYTHON(own_type)
READS_AS_IN_PYTHON(key)
READS_AS_IN_PYTHON(from_errno)
READS_AS_IN_PYTHON(from_errno_with_detail)
READS_AS_IN_PYTHON(cancelled)
READS_AS_IN_PYTHON(cancelled_without_text)
READS_AS_IN_PYTHON(never_raised)
READS_AS_IN_PYTHON(context)
READS_AS_IN_PYTHON(cause)
READS_AS_IN_PYTHON(cause_that_was_never_raised)
READS_AS_IN_PYTHON(from_nothing)
READS_AS_IN_PYTHON(chain_of_both)
READS_AS_IN_PYTHON(nested_handlers)
READS_AS_IN_PYTHON(raised_in_a_nested_handler)
READS_AS_IN_PYTHON(reraised)
READS_AS_IN_PYTHON(raised_again)
READS_AS_IN_PYTHON(first_of_the_chain_again)
READS_AS_IN_PYTHON(cause_again)
READS_AS_IN_PYTHON(raised_in_cleanup)
READS_AS_IN_PYTHON(handled_in_cleanup)
READS_AS_IN_PYTHON(caught_outside_of_cleanup)
READS_AS_IN_PYTHON(passed_on)

/* --------------------------------------------------------------------------------------------------- quoted texts */

static void texts_are_quoted_as_in_python(void **state)
{
    static const char *const texts[] = {
        "plain",
        "it's",
        "say \"it\"",
        "it's \"it\"",
        "back\\slash",
        "\\'",
        "tab\tnew\nreturn\r",
        "\x01\x1f\x7f",
        "caf\u00e9",
        "\u4e00\u4e8c",
        "\U0001f600",
        "\u00a0\u00ad\u200b\u2028\ufeff",
        "\u202eright to left",
        " ",
        "'",
        "\"",
        "''\"\"",
        "%s %d",
        "\U000e0001",
        "e\u0301",
    };
    char *python = ask_python("texts"), ours[5000] = "";
    size_t used = 0;

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        tt_exc *exc = tt_exc_new(&tt_ValueError, "%s", texts[i]);
        used += (size_t)tt_exc_repr(exc, ours + used, sizeof ours - used);
        ours[used++] = '\n';
        tt_exc_unref(exc);
    }
    assert_string_equal(ours, python);
    free(python);
}

static void encode(uint32_t point, char *out)
{
    if (point < 0x80) {
        *out++ = (char)point;
    } else if (point < 0x800) {
        *out++ = (char)(0xc0 | point >> 6);
        *out++ = (char)(0x80 | (point & 0x3f));
    } else if (point < 0x10000) {
        *out++ = (char)(0xe0 | point >> 12);
        *out++ = (char)(0x80 | (point >> 6 & 0x3f));
        *out++ = (char)(0x80 | (point & 0x3f));
    } else {
        *out++ = (char)(0xf0 | point >> 18);
        *out++ = (char)(0x80 | (point >> 12 & 0x3f));
        *out++ = (char)(0x80 | (point >> 6 & 0x3f));
        *out++ = (char)(0x80 | (point & 0x3f));
    }
    *out = '\0';
}

/* Checks the reprs of exceptions whose text is one character from FIRST to LAST. */
static void check_code_points(uint32_t first, uint32_t last, bool is_shown)
{
    char character[5], repr[40], expected[40];

    for (uint32_t point = first; point <= last; point++) {
        encode(point, character);
        tt_exc *exc = tt_exc_new(&tt_KeyError, "%s", character);
        tt_exc_repr(exc, repr, sizeof repr);
        tt_exc_unref(exc);
        if (is_shown && point == '\'')
            snprintf(expected, sizeof expected, "KeyError(\"'\")");
        else if (is_shown)
            snprintf(expected, sizeof expected, "KeyError('%s%s')", point == '\\' ? "\\" : "", character);
        else
            snprintf(expected, sizeof expected,
                     point < 0x100     ? "KeyError('\\x%02x')"
                     : point < 0x10000 ? "KeyError('\\u%04x')"
                                       : "KeyError('\\U%08x')",
                     point);
        if (strcmp(repr, expected) != 0)
            fail_msg("U+%04X: %s instead of %s", point, repr, expected);
    }
}

static void code_points_are_escaped_as_in_python(void **state)
{
    char *python = ask_python("code_points");
    int count = 0;

    (void)state;
    for (const char *line = python; *line; line = strchr(line, '\n') + 1) {
        unsigned first, last;
        int is_shown;

        assert_int_equal(sscanf(line, "%x %x %d", &first, &last, &is_shown), 3);
        check_code_points(first, last, is_shown);
        count++;
    }
    assert_true(count > 400);
    free(python);
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test(plain_reads_as_in_python),
    cmocka_unit_test(without_text_reads_as_in_python),
    cmocka_unit_test(several_lines_reads_as_in_python),
    cmocka_unit_test(own_type_reads_as_in_python),
    cmocka_unit_test(key_reads_as_in_python),
    cmocka_unit_test(from_errno_reads_as_in_python),
    cmocka_unit_test(from_errno_with_detail_reads_as_in_python),
    cmocka_unit_test(cancelled_reads_as_in_python),
    cmocka_unit_test(cancelled_without_text_reads_as_in_python),
    cmocka_unit_test(never_raised_reads_as_in_python),
    cmocka_unit_test(context_reads_as_in_python),
    cmocka_unit_test(cause_reads_as_in_python),
    cmocka_unit_test(cause_that_was_never_raised_reads_as_in_python),
    cmocka_unit_test(from_nothing_reads_as_in_python),
    cmocka_unit_test(chain_of_both_reads_as_in_python),
    cmocka_unit_test(nested_handlers_reads_as_in_python),
    cmocka_unit_test(raised_in_a_nested_handler_reads_as_in_python),
    cmocka_unit_test(reraised_reads_as_in_python),
    cmocka_unit_test(raised_again_reads_as_in_python),
    cmocka_unit_test(first_of_the_chain_again_reads_as_in_python),
    cmocka_unit_test(cause_again_reads_as_in_python),
    cmocka_unit_test(raised_in_cleanup_reads_as_in_python),
    cmocka_unit_test(handled_in_cleanup_reads_as_in_python),
    cmocka_unit_test(caught_outside_of_cleanup_reads_as_in_python),
    cmocka_unit_test(passed_on_reads_as_in_python),
    cmocka_unit_test(texts_are_quoted_as_in_python),
    cmocka_unit_test(code_points_are_escaped_as_in_python),
};
TT_TEST_MAIN(cases)
