/* findings.h: what a report says about findings, about cancellations that were answered with an exception, and about tasks
 * that are pending.
 *
 * What it leaves to others. What is a finding and which findings are alike: the views leaks and hints, lints.h. Where the report begins and
 * ends: cmd_report.c.
 *
 * Threads. One thread.
 */
#ifndef TT_VIEWER_FINDINGS_H
#define TT_VIEWER_FINDINGS_H

#include "report.h"

/* Prints the cases that CHOICE has found in groups, at most LIMIT of each kind (0: all), then what was left out. Adds what
 * was found to COUNTS, which tt__report_count_rest filled. */
void tt__findings_print(tt_session *session, tt_output *output, const struct tt_lint_choice *choice, int64_t limit,
                        struct tt_report_counts *counts);

/* Prints what is worth knowing and no finding: cancellations that were answered with another exception, failures of
 * callbacks, and tasks that are pending (of which COUNTS says whether there are any), grouped by where they were created and
 * where they wait. */
void tt__findings_print_notes(tt_session *session, tt_output *output, int64_t limit, const struct tt_report_counts *counts);

/* Prints what is no finding because somebody dealt with it: failures that were delivered or discarded, and cancellations that
 * were neither swallowed nor converted, in groups of those that are alike. */
void tt__findings_print_accounts(tt_session *session, tt_output *output, int64_t limit);

#endif
