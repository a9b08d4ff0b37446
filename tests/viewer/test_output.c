/* test_output.c: the printing that escapes its arguments. */
#include "harness.h"

#include "output/output.h"

static char *out;
static size_t out_bytes;

static tt_output open_output(enum tt_color_mode color)
{
    static FILE *nowhere;
    tt_output output;
    nowhere = fopen("/dev/null", "w");
    assert_non_null(nowhere);
    tt__output_init(&output, nowhere, color);
    fclose(nowhere);
    output.stream = open_memstream(&out, &out_bytes);
    assert_non_null(output.stream);
    return output;
}

static void expect_output(tt_output *output, const char *expected)
{
    assert_int_equal(fclose(output->stream), 0);
    assert_string_equal(out, expected);
    free(out);
}

static void numbers_and_characters_come_out_as_with_printf(void **state)
{
    (void)state;
    tt_output output = open_output(TT_COLOR_NEVER);
    tt__print(&output, "%d|%5d|%-5d|%05d|%ld|%lld|%zu|%jd|%u|%x|%c|%.2f|%%\n", -1, 2, 3, 4, 5L, 6LL, (size_t)7, (intmax_t)-8, 9u, 255u, 'c', 1.005);
    expect_output(&output, "-1|    2|3    |00004|5|6|7|-8|9|ff|c|1.00|%\n");
}

static void strings_are_escaped(void **state)
{
    (void)state;
    tt_output output = open_output(TT_COLOR_NEVER);
    tt__print(&output, "<%s>\n", "a\033[2J\nb");
    expect_output(&output, "<a\\x1b[2J\\nb>\n");
}

static void strings_are_padded_by_characters(void **state)
{
    (void)state;
    tt_output output = open_output(TT_COLOR_NEVER);
    tt__print(&output, "<%6s><%-6s><%*s><%-*s>", "äö", "äö", 4, "x", 4, "x");
    expect_output(&output, "<    äö><äö    ><   x><x   >");
}

static void a_precision_limits_the_bytes_that_are_read(void **state)
{
    (void)state;
    char *text = malloc(3); /* without a NUL */
    assert_non_null(text);
    memcpy(text, "abc", 3);
    tt_output output = open_output(TT_COLOR_NEVER);
    tt__print(&output, "<%.*s><%.2s>", 3, text, "xyz");
    expect_output(&output, "<abc><xy>");
    free(text);
}

static void a_null_string_is_a_dash(void **state)
{
    (void)state;
    tt_output output = open_output(TT_COLOR_NEVER);
    const char *volatile nothing = NULL; /* a compiler that knew would refuse */
    tt__print(&output, "<%s>", nothing);
    expect_output(&output, "<->");
}

static void very_long_strings_are_cut(void **state)
{
    (void)state;
    char *text = malloc(100001);
    assert_non_null(text);
    memset(text, 'x', 100000);
    text[100000] = '\0';
    tt_output output = open_output(TT_COLOR_NEVER);
    tt__print(&output, "%s", text);
    assert_int_equal(fclose(output.stream), 0);
    assert_in_range(out_bytes, 1, 2000);
    free(out);
    free(text);
}

static void colour_is_used_only_when_it_is_wanted(void **state)
{
    (void)state;
    tt_output output = open_output(TT_COLOR_AUTO); /* no terminal */
    tt__style(&output, TT_STYLE_FAILURE);
    tt__print(&output, "x");
    tt__style(&output, TT_STYLE_PLAIN);
    expect_output(&output, "x");
    output = open_output(TT_COLOR_ALWAYS);
    tt__style(&output, TT_STYLE_FAILURE);
    tt__print(&output, "x");
    tt__style(&output, TT_STYLE_PLAIN);
    expect_output(&output, "\033[1;31mx\033[0m");
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test(numbers_and_characters_come_out_as_with_printf),
    cmocka_unit_test(strings_are_escaped),
    cmocka_unit_test(strings_are_padded_by_characters),
    cmocka_unit_test(a_precision_limits_the_bytes_that_are_read),
    cmocka_unit_test(a_null_string_is_a_dash),
    cmocka_unit_test(very_long_strings_are_cut),
    cmocka_unit_test(colour_is_used_only_when_it_is_wanted),
};

TT_TEST_MAIN(cases)
