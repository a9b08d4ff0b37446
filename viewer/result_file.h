/* result_file.h: the file that -o names.
 *
 * What it is for. Whoever reads FILE sees what was in it before or the whole of what was written, at any instant: it is
 * written without a name, or under another one, and gets its name when it is complete. What is no plain file (a pipe, a
 * terminal, /dev/null) is written as it comes.
 *
 * What it leaves to others. What is written.
 *
 * Threads. One thread.
 */
#ifndef TT_VIEWER_RESULT_FILE_H
#define TT_VIEWER_RESULT_FILE_H

#include "command.h"

#include <limits.h>

struct tt_result_file {
    const char *command; /* for complaints */
    const char *name;    /* as the user gave it */
    FILE *stream;
    char path[PATH_MAX];      /* what gets the name: links are followed */
    char temporary[PATH_MAX]; /* under which it is written; empty: it has no name, or is no plain file */
    bool is_plain;
};

/* Whether NAME and SOURCE are one file. */
bool tt__result_file_is(const char *name, const char *source);

/* Begins to write NAME for COMMAND; SOURCE is a file that is read and must not be it, or NULL. Returns -1, or the
 * exit status after a complaint. */
int tt__result_file_open(struct tt_result_file *out_file, const char *command, const char *name, const char *source);

/* Ends it: the file gets its name when STATUS is that of a success (0 or 1), and is gone otherwise. Returns STATUS, or
 * TT_EXIT_OUTSIDE with a complaint when something could not be written. */
int tt__result_file_close(struct tt_result_file *file, int status);

#endif
