/* progress.h: that something takes long, said on the terminal behind stderr.
 *
 * What it is for. Reading traces, and recovering what a killed process left, may take longer than a second: a line says so, is written
 * anew as time passes, and goes away at the end. Where stderr is no terminal nothing is written.
 *
 * What it leaves to others. Queries, which have a line of the same form: session.h.
 *
 * Threads. One thread.
 */
#ifndef TT_VIEWER_PROGRESS_H
#define TT_VIEWER_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* Nothing is said before that. */
#define TT_PROGRESS_MS 1000

struct tt_progress {
    const char *what; /* "reading", "recovering" */
    const char *name; /* as the user gave it */
    int64_t began_ms;
    bool is_shown;
};

/* Where it is said: a terminal, also when a pager stands before it; NULL, as at first: nowhere. */
void tt__progress_use(FILE *stream);

/* Begins. NAME stays the caller's, and there until the end. */
struct tt_progress tt__progress_begin(const char *what, const char *name);

/* Says how long it has taken. To be called again and again, a few times a second. */
void tt__progress_show(struct tt_progress *progress);

/* Takes the line away. */
void tt__progress_end(struct tt_progress *progress);

#endif
