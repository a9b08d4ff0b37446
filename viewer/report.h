/* report.h: the parts of a report that several commands print: what the recording is, and what was found, in one line.
 *
 * What it leaves to others. The findings one by one: cmd_report.c, cmd_check.c. What is a finding: the view leaks.
 *
 * Threads. One thread.
 */
#ifndef TT_VIEWER_REPORT_H
#define TT_VIEWER_REPORT_H

#include "lints.h"

/* Figures of one store. A live recording's change from one reading to the next. */
struct tt_report_counts {
    int64_t cases[TT_LINT_MAX]; /* of each definite lint, of held failures, and of possible lints that -W made count */
    int64_t lost_groups;
    int64_t counting;     /* findings that set the exit status */
    int64_t pending;      /* tasks that had not ended when their process did */
    int64_t pending_now;  /* tasks that have not ended, of processes that run */
    int64_t unknown_tasks, unknown_failures;
    int64_t lost_events;
    int64_t deleted; /* facts and events, to keep the store small or young */
    int64_t uncounted_losses; /* times of which nothing is known, and processes of which not all was read */
    int64_t unknown_loops;    /* loops that did not tell what they had; of the uncounted losses */
    int64_t processes;
    bool is_behind; /* not all that was said is in the store */
};

/* Places in the table of lints that counts are asked for by. */
enum { TT_REPORT_LOST, TT_REPORT_ABSORBED, TT_REPORT_HELD };

void tt__report_count(tt_session *session, const struct tt_lint_choice *choice, struct tt_report_counts *out_counts);

/* The same without cases, groups and what counts: who prints findings counts them on the way. */
void tt__report_count_rest(tt_session *session, struct tt_report_counts *out_counts);

/* Whether a summary says how many cases lint I has: the definite ones, what is held, and what was made to count. */
bool tt__report_is_summed(const struct tt_lint_choice *choice, size_t i);

/* Prints what was recorded: one line for a process, several with a heading; then what was lost of it, if anything. */
void tt__report_print_header(tt_session *session, tt_output *output, const struct tt_report_counts *counts);

/* Says what was lost, and whatever else makes a clean answer with these figures uncertain, behind a heading; nothing when nothing does. For
 * commands whose output has no header: MESSAGES is stderr. */
void tt__report_say_losses(tt_session *session, tt_output *messages, const struct tt_report_counts *counts);

/* Prints the line that begins with SUMMARY. */
void tt__report_print_summary(tt_output *output, const struct tt_report_counts *counts);

/* Exit status of a report with these figures. Findings are certain also when events were lost: nothing unknown is counted
 * among them. It is the clean answer that is not. */
int tt__report_status(const struct tt_report_counts *counts, bool is_strict);

/* Opens the store at PATH and prints its summary on stderr, for who has just made it. NOBODY: who it is that used telltale where nothing
 * was traced: "no process". Returns the exit status of a report, of a strict one if IS_STRICT, which says what was lost, too. */
int tt__report_summary(struct tt_invocation *invocation, const char *path, const char *nobody, bool is_strict);

/* "1 task", "2 tasks". For use as two arguments of a format "%jd %s". */
#define TT_COUNTED(count, noun) (intmax_t)(count), (count) == 1 ? noun : noun "s"

#endif
