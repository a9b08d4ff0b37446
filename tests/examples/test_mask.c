/* test_mask.c: mask.sed hides what may differ and nothing else.
 *
 * The transcripts of all scenarios in C are changed in one place at a time, and each change must still be there after
 * the mask. What may vanish is said here once more, in other words than in mask.sed: see may_vanish.
 */
#include "harness.h"

#include <ctype.h>

#include "scenarios.h"

static const char frame_begin[] = "  File \"", main_end[] = ", in main";

/* A frame whose function is not compared. */
static bool is_frame_of_main(const char *line, size_t length)
{
    size_t size = sizeof main_end - 1;

    return strncmp(line, frame_begin, sizeof frame_begin - 1) == 0 && length > size &&
           memcmp(line + length - size, main_end, size) == 0;
}

/* Whether a change of the word at WORD, which is part of the LINE of LENGTH bytes at OFFSET of a transcript, may
 * vanish: the port, a place, an address, and all of a frame but its function. */
static bool may_vanish(const char *line, size_t length, size_t offset, const char *word, size_t word_length)
{
    if (strncmp(line, frame_begin, sizeof frame_begin - 1) == 0)
        return word + word_length < line + length || is_frame_of_main(line, length);
    if (offset == 0 && strspn(line, "0123456789") == length)
        return true;
    return memchr(word, '/', word_length) || (word_length > 2 && memcmp(word, "0x", 2) == 0);
}

static size_t line_length(const char *line)
{
    return strcspn(line, "\n");
}

/* CHANGED, which differs from a transcript by WHAT, must differ from MASKED after the mask. */
static void expect_found(const char *changed, const char *masked, const char *what, const char *line)
{
    char *changed_masked = mask(changed);

    if (strcmp(changed_masked, masked) == 0) {
        fprintf(stderr, "the mask hides %s: %.*s\n--- after it\n%s---\n", what, (int)line_length(line), line, changed);
        fail();
    }
    free(changed_masked);
}

/* Calls CHANGE(transcript, the same masked) for each scenario. */
static void for_each_transcript(void (*change)(const char *transcript, const char *masked))
{
    const struct scenario *scenario;

    for (size_t i = 0; (scenario = get_scenario(i)) != NULL; i++) {
        char *transcript = play_in_c(scenario), *masked = mask(transcript);

        change(transcript, masked);
        free(transcript);
        free(masked);
    }
}

/* -------------------------------------------------------------------------------------------------- what is found */

/* Another character of the same kind, so that what expects a number or a word still finds one. */
static char next_of_kind(char old)
{
    return old == '9' ? '0' : old == 'z' ? 'a' : old == 'Z' ? 'A' : (char)(old + 1);
}

static void change_each_word(const char *transcript, const char *masked)
{
    char *changed = strdup(transcript);
    size_t count = 0;

    for (const char *line = transcript; *line; line += line_length(line) + 1) {
        size_t length = line_length(line), word_length;

        for (const char *word = line; word < line + length; word += word_length + 1) {
            size_t offset = (size_t)(word - transcript);

            word_length = strcspn(word, " \n");
            for (size_t i = 0; i < word_length; i++) {
                if (!isalnum((unsigned char)word[i]))
                    continue;
                changed[offset + i] = next_of_kind(word[i]);
                if (!may_vanish(line, length, (size_t)(line - transcript), word, word_length)) {
                    expect_found(changed, masked, "a changed word", changed + (line - transcript));
                    count++;
                }
                changed[offset + i] = word[i];
                break;
            }
        }
    }
    assert_true(count > 0);
    free(changed);
}

static void a_changed_word_is_found(void **state)
{
    (void)state;
    for_each_transcript(change_each_word);
}

static void leave_out_each_line(const char *transcript, const char *masked)
{
    char *changed = strdup(transcript);

    for (const char *line = transcript; *line; line += line_length(line) + 1) {
        size_t offset = (size_t)(line - transcript), size = line_length(line) + 1;

        strcpy(changed + offset, line + size);
        if (!is_frame_of_main(line, size - 1))
            expect_found(changed, masked, "a missing line", line);
        strcpy(changed + offset, line);
    }
    free(changed);
}

static void a_missing_line_is_found(void **state)
{
    (void)state;
    for_each_transcript(leave_out_each_line);
}

static void repeat_each_line(const char *transcript, const char *masked)
{
    char *changed = malloc(2 * strlen(transcript) + 1);

    for (const char *line = transcript; *line; line += line_length(line) + 1) {
        size_t offset = (size_t)(line - transcript), size = line_length(line) + 1;

        memcpy(changed, transcript, offset + size);
        strcpy(changed + offset + size, line);
        if (!is_frame_of_main(line, size - 1))
            expect_found(changed, masked, "a line that is there twice", line);
    }
    free(changed);
}

static void an_additional_line_is_found(void **state)
{
    (void)state;
    for_each_transcript(repeat_each_line);
}

static void swap_each_pair_of_lines(const char *transcript, const char *masked)
{
    char *changed = strdup(transcript);

    for (const char *line = transcript; *line; line += line_length(line) + 1) {
        const char *next = line + line_length(line) + 1;
        size_t size = (size_t)(next - line), next_size = *next ? line_length(next) + 1 : 0;
        bool is_same = size == next_size && memcmp(line, next, size) == 0;
        char *at = changed + (line - transcript);

        if (next_size == 0 || is_same || is_frame_of_main(line, size - 1) || is_frame_of_main(next, next_size - 1))
            continue;
        memcpy(at, next, next_size);
        memcpy(at + next_size, line, size);
        expect_found(changed, masked, "another order", line);
        memcpy(at, line, size + next_size);
    }
    free(changed);
}

static void lines_in_another_order_are_found(void **state)
{
    (void)state;
    for_each_transcript(swap_each_pair_of_lines);
}

static void another_exit_status_is_found(void **state)
{
    char *interrupted = mask("ended by signal 2\n"), *killed = mask("ended by signal 9\n"),
         *failed = mask("exit status 1\n");

    (void)state;
    assert_string_equal(interrupted, "exit status 130\n");
    assert_string_equal(killed, "ended by signal 9\n");
    assert_string_equal(failed, "exit status 1\n");
    free(interrupted);
    free(killed);
    free(failed);
}

/* -------------------------------------------------------------------------------------------------- what is hidden */

static void expect_masked(const char *text, const char *expected)
{
    char *masked = mask(text);

    assert_string_equal(masked, expected);
    free(masked);
}

static void the_forms_of_all_versions_become_one(void **state)
{
    static const char expected[] = "  message: Exception in callback when_done() at done_callback:<line>\n"
                                   "Traceback (most recent call last):\n"
                                   "  in when_done\n"
                                   "  in job\n"
                                   "CancelledError\n";

    (void)state;
    /* C; Python 3.11; Python 3.13 */
    expect_masked("  message: Exception in callback when_done() at /somewhere/done_callback.c:60\n"
                  "Traceback (most recent call last):\n"
                  "  File \"/somewhere/done_callback.c\", line 55, in when_done\n"
                  "  File \"/somewhere/done_callback.c\", line 41, in job\n"
                  "CancelledError\n",
                  expected);
    expect_masked("  message: Exception in callback when_done(<Task finishe... went wrong')>) at "
                  "/else/where/done_callback.py:20\n"
                  "Traceback (most recent call last):\n"
                  "  File \"/usr/lib/python3.11/asyncio/events.py\", line 80, in _run\n"
                  "    self._context.run(self._callback, *self._args)\n"
                  "  File \"/else/where/done_callback.py\", line 24, in when_done\n"
                  "    raise error\n"
                  "  File \"/else/where/done_callback.py\", line 17, in job\n"
                  "    raise RuntimeError(\"the job went wrong\")\n"
                  "asyncio.exceptions.CancelledError\n",
                  expected);
    expect_masked("  message: Exception in callback when_done() at /else/where/done_callback.py:20\n"
                  "Traceback (most recent call last):\n"
                  "  File \"/opt/versions/3.13.0/lib/python3.13/asyncio/events.py\", line 89, in _run\n"
                  "    self._context.run(self._callback, *self._args)\n"
                  "    ~~~~~~~~~~~~~~~~~^^^^^^^^^^^^^^^^^^^^^^^^^^^^^\n"
                  "  File \"/else/where/done_callback.py\", line 24, in when_done\n"
                  "    raise error\n"
                  "  File \"/else/where/done_callback.py\", line 17, in job\n"
                  "    raise RuntimeError(\"the job went wrong\")\n"
                  "asyncio.exceptions.CancelledError\n",
                  expected);
}

static void a_transcript_may_end_in_a_frame(void **state)
{
    (void)state;
    expect_masked("  File \"/a/first.c\", line 1, in fetch\n", "  in fetch\n");
    expect_masked("  File \"/a/first.c\", line 1, in main\n", "");
    expect_masked("  File \"/usr/lib/python3.11/asyncio/runners.py\", line 1, in run\n    something\nlast\n", "last\n");
}

static void a_place_keeps_the_name_of_its_file(void **state)
{
    (void)state;
    expect_masked("at /a/b/echo_server.c:12", "at echo_server:<line>");
    expect_masked("at echo_server.c:12", "at echo_server:<line>");
    expect_masked("at /a/b/first.py:7", "at first:<line>");
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test(a_changed_word_is_found),         cmocka_unit_test(a_missing_line_is_found),
    cmocka_unit_test(an_additional_line_is_found),     cmocka_unit_test(lines_in_another_order_are_found),
    cmocka_unit_test(another_exit_status_is_found),    cmocka_unit_test(the_forms_of_all_versions_become_one),
    cmocka_unit_test(a_transcript_may_end_in_a_frame), cmocka_unit_test(a_place_keeps_the_name_of_its_file),
};

TT_TEST_MAIN(cases)
