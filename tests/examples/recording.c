/* recording.c: see recording.h. */
#include "recording.h"

#include <fnmatch.h>

#include "harness.h"

void open_recording(struct recording *recording)
{
    assert_non_null(mkdtemp(tt_test_template(recording->folder, "examples")));
    snprintf(recording->store, sizeof recording->store, "%s/run.telltale", recording->folder);
}

void close_recording(struct recording *recording)
{
    char command[128];
    int status;

    snprintf(command, sizeof command, "rm -rf '%s'", recording->folder);
    free(run_command(command, "", &status));
    assert_int_equal(status, 0);
}

/* What `telltale COMMAND STORE ARGUMENT` prints, for the caller to free. */
static char *ask(const struct recording *recording, const char *command, const char *argument, int *out_status)
{
    char line[2048];

    assert_in_range(snprintf(line, sizeof line, "\"$TELLTALE_PROGRAM\" %s %s %s", command, recording->store, argument),
                    1, sizeof line - 1);
    return run_command(line, "", out_status);
}

/* The rows of SQL, which contains no single quote, must be ROWS. */
void expect_rows(const struct recording *recording, const char *sql, const char *rows)
{
    char argument[1024], *answer;
    int status;

    assert_in_range(snprintf(argument, sizeof argument, "'%s'", sql), 1, sizeof argument - 1);
    answer = ask(recording, "query --format csv", argument, &status);
    if (status != 0 || strcmp(answer, rows) != 0) {
        fprintf(stderr, "%s\n--- expected\n%s--- is, with status %d\n%s---\n", sql, rows, status, answer);
        fail();
    }
    free(answer);
}

/* The lines of TEXT must match PATTERNS, in their order. */
static void expect_lines(const char *text, const char *const *patterns)
{
    char *copy = strdup(text), *rest = copy, *line;
    size_t found = 0;

    while (patterns[found] && (line = strsep(&rest, "\n")))
        if (fnmatch(patterns[found], line, 0) == 0)
            found++;
    if (patterns[found]) {
        fprintf(stderr, "--- no line after those before it is like this\n%s\n--- in\n%s---\n", patterns[found], text);
        fail();
    }
    free(copy);
}

void expect_report(const struct recording *recording, int expected_status, const char *const *patterns)
{
    int status;
    char *report = ask(recording, "report", "", &status), *masked = mask(report);

    expect_lines(masked, patterns);
    if (status != expected_status) {
        fprintf(stderr, "the report ended with status %d, not with %d\n%s", status, expected_status, report);
        fail();
    }
    free(report);
    free(masked);
}

void expect_recorded(const struct expectation *expected)
{
    struct recording recording;
    int status;

    open_recording(&recording);
    free(play_recorded(find_scenario(expected->scenario), recording.store, &status));
    assert_int_equal(status, expected->record_status);
    expect_report(&recording, expected->report_status, expected->lines);
    if (expected->sql)
        expect_rows(&recording, expected->sql, expected->rows);
    close_recording(&recording);
}

/* The line of an example's source that has TEXT for the COUNTth time. */
int line_of(const char *example, const char *text, int count)
{
    char command[1024], *answer;
    int status, line;

    snprintf(command, sizeof command,
             "grep -nF '%s' \"$TELLTALE_TEST_SOURCE/runtime/examples/%s.c\" | sed -n '%d{s/:.*//;p;}'", text, example,
             count);
    answer = run_command(command, "", &status);
    line = atoi(answer);
    free(answer);
    assert_true(line > 0);
    return line;
}

/* Waits until the recorder, which nobody waits for, has seen the end of the program. */
void wait_for_end(const struct recording *recording)
{
    for (int tries = 0; tries < PROGRAM_SECONDS_MAX * 20; tries++) {
        int status;
        char *answer = ask(recording, "query --format csv",
                           "'SELECT count(*) AS ended FROM processes WHERE ended_ns > 0'", &status);
        bool has_ended = status == 0 && strcmp(answer, "ended\n1\n") == 0;

        free(answer);
        if (has_ended)
            return;
        usleep(50000);
    }
    fail_msg("the recorder has not seen the end of the program within %d s", PROGRAM_SECONDS_MAX);
}
