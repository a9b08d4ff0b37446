/* allowed.h: the file of findings that are known: what `telltale check --allow` reads.
 *
 * What it is for. A line allows the findings of one class that match a pattern; it can say until when, and why:
 *
 *     CLASS:PATTERN
 *     CLASS:PATTERN ; until YYYY-MM-DD ; REASON
 *
 * The last day counts. A semicolon that a blank or nothing follows ends the pattern; a pattern's own is written as ?.
 * Lines that are empty or begin with # say nothing.
 *
 * What it leaves to others. What a pattern is compared with: cmd_check.c.
 *
 * Threads. One thread.
 */
#ifndef TT_VIEWER_ALLOWED_H
#define TT_VIEWER_ALLOWED_H

#include <stdbool.h>
#include <stddef.h>

struct tt_allowed {
    char *class;   /* or "*" */
    char *pattern; /* with * and ? */
    char *until;   /* the last day; NULL: for ever */
    char *reason;  /* NULL: none is given */
    bool is_expired;
    int line;
};

struct tt_allowed_list {
    struct tt_allowed *items;
    size_t count;
};

/* Reads the file NAME; NULL: there is none. FIND_CLASS gives the name of the class that a word of so many characters means; NULL:
 * none. Returns -1, or the exit status of a complaint; OUT_LIST is to be finished in both cases. */
int tt__allowed_read(const char *name, const char *(*find_class)(const char *word, size_t length),
                     struct tt_allowed_list *out_list);

void tt__allowed_finish(struct tt_allowed_list *list);

#endif
