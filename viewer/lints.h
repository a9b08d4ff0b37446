/* lints.h: what telltale looks for: the table of all lints, and the reader's choice of them.
 *
 * What it is for. A lint is a name, a threshold where it has one, words for one case and for many, and the view that finds its
 * cases. The definite ones (view leaks) are findings in any case and set the exit status; the possible ones (view hints,
 * and failures that are held) may be nothing: they are shown, and set the exit status where -W asks for it. What commands say
 * about lints comes from this table, their manual page is compared with it by a test.
 *
 * What it leaves to others. What is a case: the views. How cases are shown: findings.c, cmd_check.c.
 *
 * Threads. One thread.
 */
#ifndef TT_VIEWER_LINTS_H
#define TT_VIEWER_LINTS_H

#include "query.h"

enum tt_lint_unit {
    TT_LINT_ALWAYS, /* there is no threshold */
    TT_LINT_TIME,   /* nanoseconds; written as 250us, 25ms, 1.5s, 2min, 1h */
    TT_LINT_COUNT,
    TT_LINT_PERCENT
};

struct tt_lint {
    const char *name;
    const char *view; /* leaks or hints */
    bool is_definite;
    enum tt_lint_unit unit;
    int64_t threshold;
    const char *title;      /* of a group of cases: "LOST FAILURE" */
    const char *noun;       /* what is counted there: "3 failures" */
    const char *case_noun;  /* and in a summary: "3 lost failures" */
    const char *case_rest;  /* what follows it there: "1 task destroyed while pending"; "" where nothing does */
    const char *one, *many; /* what it means, of one case and of several */
};

/* All lints, in the order in which they are told. */
#define TT_LINT_MAX 20u
extern const struct tt_lint tt__lints[];
extern const size_t tt__lint_count;

/* The index of the lint whose name has these LENGTH characters, or begins with this word where no other one does: lost is
 * lost-failure. -1: there is none. */
int tt__lint_find(const char *name, size_t length);

/* Which lints are on, from which threshold, and which of them set the exit status. */
struct tt_lint_choice {
    bool is_on[TT_LINT_MAX];
    bool counts[TT_LINT_MAX];
    int64_t threshold[TT_LINT_MAX];
};

/* What a command line may say about lints; a member of the command's options called `lint`. */
struct tt_lint_options {
    struct tt_text_list warn, allow, thresholds;
};

#define TT_LINT_OPTIONS(type)                                                                                         \
    {'W',                                                                                                             \
     "warn",                                                                                                          \
     TT_OPTION_LIST,                                                                                                  \
     "NAME",                                                                                                          \
     "possible findings of this lint set the exit status; all: of each",                                              \
     offsetof(type, lint.warn),                                                                                       \
     NULL},                                                                                                           \
        {'A', "silence", TT_OPTION_LIST, "NAME", "leave this lint out; all: each", offsetof(type, lint.allow), NULL}, \
    {                                                                                                                 \
        0, "lint", TT_OPTION_LIST, "NAME=N", "another threshold: 25ms, 1s, 1000; telltale-lints(7)",                  \
            offsetof(type, lint.thresholds), NULL                                                                     \
    }

/* The choice when nothing is said. */
void tt__lints_default(struct tt_lint_choice *out_choice);

/* The choice that OPTIONS make of it. -A goes before -W, so that `-A all -W stall` leaves one. Returns -1, or the exit status
 * of a complaint. */
int tt__lints_choose(const struct tt_command *command, const struct tt_lint_options *options,
                     struct tt_lint_choice *out_choice);

/* Opens a query over the cases of the chosen lints: REST is what follows the common table expression `finding`, which has
 * the columns of their views, `rank` (the lint's index in the table) and `counts` (whether it sets the exit status). Never
 * NULL unless memory ran out, which complains. */
tt_query *tt__lints_open(tt_session *session, const struct tt_lint_choice *choice, const char *rest);

#endif
