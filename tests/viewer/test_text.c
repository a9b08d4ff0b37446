/* test_text.c: foreign text and figures, made fit for people's eyes. */
#include "harness.h"

#include "output/text.h"

static char *escape(const char *text, size_t length, size_t limit, enum tt_text_keep keep)
{
    char *out = NULL;
    size_t size = 0;
    FILE *memory = open_memstream(&out, &size);
    assert_non_null(memory);
    tt__text_escape(memory, text, length, limit, keep);
    assert_int_equal(fclose(memory), 0);
    return out;
}

static void expect_escaped(const char *text, const char *expected)
{
    char *out = escape(text, strlen(text), 0, TT_TEXT_KEEP_NOTHING);
    assert_string_equal(out, expected);
    free(out);
}

static void plain_text_stays_as_it_is(void **state)
{
    (void)state;
    expect_escaped("", "");
    expect_escaped("client-3 \"quoted\" \\ ~", "client-3 \"quoted\" \\ ~");
    expect_escaped("Grüße 漢字 🙂 é", "Grüße 漢字 🙂 é");
}

static void control_characters_are_escaped(void **state)
{
    (void)state;
    expect_escaped("a\033[31mb\007\177", "a\\x1b[31mb\\x07\\x7f");
    expect_escaped("a\nb\tc\rd", "a\\nb\\tc\\rd");
    expect_escaped("\302\233" "31m", "\\u009b31m"); /* the 8-bit form of ESC [ */
}

static void characters_that_reorder_or_hide_are_escaped(void **state)
{
    (void)state;
    expect_escaped("\u202etxt.exe\u202c", "\\u202etxt.exe\\u202c");
    expect_escaped("\u200b\u2066\u2069\ufeff\u061c\u2028", "\\u200b\\u2066\\u2069\\ufeff\\u061c\\u2028");
    expect_escaped("\U000e0041", "\\U000e0041");
    expect_escaped("\U0001fffe", "\\U0001fffe");
}

static void bytes_that_are_no_utf_8_are_escaped_one_by_one(void **state)
{
    (void)state;
    expect_escaped("\377A\200", "\\xffA\\x80");
    expect_escaped("\303(", "\\xc3(");                         /* cut off */
    expect_escaped("\300\257", "\\xc0\\xaf");                  /* overlong */
    expect_escaped("\340\200\257", "\\xe0\\x80\\xaf");         /* overlong */
    expect_escaped("\355\240\200", "\\xed\\xa0\\x80");         /* a surrogate */
    expect_escaped("\364\220\200\200", "\\xf4\\x90\\x80\\x80"); /* beyond Unicode */
    expect_escaped("\370\210\200\200\200", "\\xf8\\x88\\x80\\x80\\x80");
}

static void a_character_that_is_cut_at_the_end_is_not_read_beyond_it(void **state)
{
    (void)state;
    char *bytes = malloc(2); /* on the heap, so that the address sanitizer sees one byte too many */
    assert_non_null(bytes);
    memcpy(bytes, "\360\237", 2);
    char *out = escape(bytes, 2, 0, TT_TEXT_KEEP_NOTHING);
    assert_string_equal(out, "\\xf0\\x9f");
    free(out);
    free(bytes);
}

static void nuls_are_escaped_like_other_controls(void **state)
{
    (void)state;
    char *out = escape("a\0b", 3, 0, TT_TEXT_KEEP_NOTHING);
    assert_string_equal(out, "a\\x00b");
    free(out);
}

static void text_is_cut_at_the_limit_in_characters(void **state)
{
    (void)state;
    char *out = escape("äöüß", 8, 3, TT_TEXT_KEEP_NOTHING);
    assert_string_equal(out, "äöü…");
    free(out);
    out = escape("äöüß", 8, 4, TT_TEXT_KEEP_NOTHING);
    assert_string_equal(out, "äöüß");
    free(out);
}

static void line_ends_can_be_kept_and_nothing_else(void **state)
{
    (void)state;
    char *out = escape("a\nb\t\033", 5, 0, TT_TEXT_KEEP_LINES);
    assert_string_equal(out, "a\nb\t\\x1b");
    free(out);
}

/* Every text of up to three bytes comes out without a control character and as valid JSON string content. */
static void no_short_text_lets_a_control_character_through(void **state)
{
    (void)state;
    for (uint32_t value = 0; value < 1u << 24; value += 97) {
        char bytes[3] = {(char)(value & 0xff), (char)(value >> 8 & 0xff), (char)(value >> 16 & 0xff)};
        char buffer[64];
        FILE *memory = fmemopen(buffer, sizeof buffer, "w");
        assert_non_null(memory);
        tt__text_escape(memory, bytes, sizeof bytes, 0, TT_TEXT_KEEP_NOTHING);
        tt__text_escape_json(memory, bytes, sizeof bytes);
        long length = ftell(memory);
        assert_int_equal(fclose(memory), 0);
        for (long i = 0; i < length; i++) {
            unsigned char byte = (unsigned char)buffer[i];
            if (byte < 0x20 || byte == 0x7f)
                fail_msg("byte %02x comes out of %06x", byte, value);
            /* C1 controls are c2 80 to c2 9f in UTF-8 */
            if (byte == 0xc2 && i + 1 < length && (unsigned char)buffer[i + 1] < 0xa0)
                fail_msg("a C1 control comes out of %06x", value);
        }
    }
}

static void json_strings_give_the_text_back(void **state)
{
    (void)state;
    char *out = NULL;
    size_t size = 0;
    FILE *memory = open_memstream(&out, &size);
    assert_non_null(memory);
    tt__text_escape_json(memory, "a\"\\\n\t\033\u202e\U000e0041\377ü", strlen("a\"\\\n\t\033\u202e\U000e0041\377ü"));
    assert_int_equal(fclose(memory), 0);
    assert_string_equal(out, "\"a\\\"\\\\\\n\\t\\u001b\\u202e\\udb40\\udc41\\ufffdü\"");
    free(out);
}

static void expect_duration(int64_t duration_ns, const char *expected)
{
    char text[TT_DURATION_BYTES];
    tt__text_duration(text, duration_ns);
    assert_string_equal(text, expected);
}

static void durations_are_said_in_a_fitting_unit_and_never_rounded_up(void **state)
{
    (void)state;
    expect_duration(0, "0 ns");
    expect_duration(999, "999 ns");
    expect_duration(1000, "1.0 us");
    expect_duration(999999, "999.9 us");
    expect_duration(12345678, "12.3 ms");
    expect_duration(999999999, "999.9 ms");
    expect_duration(8667000000, "8.667 s");
    expect_duration(599999999999, "599.999 s");
    expect_duration(600000000000, "10 min 0 s");
    expect_duration(INT64_C(3600000000000) * 26 + 180000000000, "26 h 3 min");
    expect_duration(-1500000, "-1.5 ms");
    expect_duration(INT64_MIN, "-2562047 h 47 min");
}

static void integers_have_the_digits_that_printf_gives_them(void **state)
{
    static const int64_t integers[] = {0, 9, 10, -1, 1234567890, INT64_MAX, INT64_MIN};
    (void)state;
    for (size_t i = 0; i < sizeof integers / sizeof *integers; i++) {
        char *text = NULL, expected[32];
        size_t size = 0;
        FILE *memory = open_memstream(&text, &size);
        assert_non_null(memory);
        tt__text_integer(memory, integers[i]);
        assert_int_equal(fclose(memory), 0);
        snprintf(expected, sizeof expected, "%lld", (long long)integers[i]);
        assert_string_equal(text, expected);
        free(text);
    }
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test(plain_text_stays_as_it_is),
    cmocka_unit_test(control_characters_are_escaped),
    cmocka_unit_test(characters_that_reorder_or_hide_are_escaped),
    cmocka_unit_test(bytes_that_are_no_utf_8_are_escaped_one_by_one),
    cmocka_unit_test(a_character_that_is_cut_at_the_end_is_not_read_beyond_it),
    cmocka_unit_test(nuls_are_escaped_like_other_controls),
    cmocka_unit_test(text_is_cut_at_the_limit_in_characters),
    cmocka_unit_test(line_ends_can_be_kept_and_nothing_else),
    cmocka_unit_test(no_short_text_lets_a_control_character_through),
    cmocka_unit_test(json_strings_give_the_text_back),
    cmocka_unit_test(integers_have_the_digits_that_printf_gives_them),
    cmocka_unit_test(durations_are_said_in_a_fitting_unit_and_never_rounded_up),
};

TT_TEST_MAIN(cases)
