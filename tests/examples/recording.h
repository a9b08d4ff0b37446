/* recording.h: a scenario, recorded, and what telltale has to say about it.
 *
 * What a report has to say is a list of patterns of fnmatch(3), one a line of the report, in their order; other lines
 * may stand between them. Places are masked as in transcripts (mask.sed), since lines move when an example is edited.
 *
 * What it leaves to others: playing (scenarios.h).
 */
#ifndef TT_TESTS_RECORDING_H
#define TT_TESTS_RECORDING_H

#include "scenarios.h"

#define LINES_MAX    16
#define NOTHING_LOST "SUMMARY: telltale: 0 lost failures, 0 absorbed, 0 held, 0 tasks pending at the end"

struct recording {
    char folder[64];
    char store[128];
};

/* A store in a folder of its own, and the end of both. */
void open_recording(struct recording *recording);
void close_recording(struct recording *recording);

/* Waits until the recorder, which nobody waits for, has seen the end of the program. */
void wait_for_end(const struct recording *recording);

/* `telltale report` must end with EXPECTED_STATUS and print lines like PATTERNS, NULL-terminated. */
void expect_report(const struct recording *recording, int expected_status, const char *const *patterns);

/* The rows of SQL, which contains no single quote, must be ROWS: comma-separated, the names of the columns first. */
void expect_rows(const struct recording *recording, const char *sql, const char *rows);

struct expectation {
    const char *scenario;
    int record_status; /* of telltale record: the program's */
    int report_status;
    const char *lines[LINES_MAX];
    const char *sql, *rows; /* NULL: nothing more */
};

/* Plays the scenario under `telltale record` and expects all that. */
void expect_recorded(const struct expectation *expected);

/* The line of an example's source that has TEXT for the COUNTth time. */
int line_of(const char *example, const char *text, int count);

#endif
