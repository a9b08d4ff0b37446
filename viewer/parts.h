/* parts.h: the lines that reports and `telltale show` have in common.
 *
 * What it is for. A place, a task, who holds it, what it waits for, who cancelled it, where its exception comes from: each
 * is said in one way everywhere. A line is a label, padded, and what belongs to it.
 *
 * What it leaves to others. Which lines are printed, and in which order: findings.c, notes.c, cmd_show.c.
 *
 * Threads. One thread.
 */
#ifndef TT_VIEWER_PARTS_H
#define TT_VIEWER_PARTS_H

#include "query.h"

/* Nanoseconds in a sentence, as the view story has them: "0.102 s", and below a thousandth of a second "96.4 us". */
#define TT_PART_SQL_TIME(ns) "iif(" ns " < 1000000, round((" ns ") / 1e3, 1) || ' us', round((" ns ") / 1e9, 3) || ' s')"

/* Waits of task ?1 that are over, which only its steps tell: a common table expression `waited` with the longest ones, and how many there
 * were; and `wait_line`, which has them as sentences, with columns of the view story. */
#define TT_PART_WAITED                                                                                                         \
    "waited AS MATERIALIZED (\n"                                                                                               \
    "    SELECT *, until_ns - from_ns AS wait_ns, count(*) OVER () AS count,\n"                                                \
    "        row_number() OVER (ORDER BY until_ns - from_ns DESC) AS number\n"                                                 \
    "    FROM phases WHERE task_id = ?1 AND state = 'waiting' AND until_ns IS NOT NULL),\n"                                    \
    "wait_line (ns, rank, sequence, kind, event, sentence, place, other_id) AS (\n"                                            \
    "    SELECT from_ns, 19, 0, 'waited', 'task_suspended',\n"                                                                 \
    "        iif(wait_kind = 'sleep', 'it slept', 'it waited for ' || wait_text || ',') || ' for '\n"                          \
    "            || " TT_PART_SQL_TIME("wait_ns") "\n"                                                                         \
    "            || iif(number = 1 AND count > 20, '; ' || count || ' times in all, of which the longest 20 are told', ''),\n" \
    "        wait_at, wait_object\n"                                                                                           \
    "    FROM waited WHERE number <= 20)"

/* Prints a label, padded, so that what follows stands in one column. */
void tt__part_label(tt_output *output, const char *label);

/* TEXT, or "unknown" where the store has none. */
const char *tt__part_or_unknown(const char *text);

/* Prints PLACE and the line end, and below it the line of source, if such are quoted. */
void tt__part_place(tt_output *output, const char *place);

/* TYPE: MESSAGE, or TYPE alone where there is no text. */
void tt__part_exception(tt_output *output, const char *type, const char *message);

/* The line "raised at" of the present row of a query that has raised_at and how of the view failures: the place, or that nothing was raised. */
void tt__part_raised(tt_output *output, tt_query *failure);

/* Prints #17 "client-3". */
void tt__part_object(tt_output *output, const char *id_text, const char *name);

/* Prints the lines of TEXT, separated by "; ", those behind the fourth counted only. Returns how many there are. */
size_t tt__part_places(tt_output *output, const char *text);

/* Prints who holds, or held, the failure in the present row of QUERY (columns taken_at, released_from, released_at,
 * handle_count, has_handle): "reference taken at A, never released". Without line end. */
void tt__part_holders(tt_query *query, tt_output *output);

/* Prints the chain of causes and contexts behind an exception, a line each. */
void tt__part_chain(tt_session *session, tt_output *output, int64_t exception_id);

/* The members of an exception group, a line each, nested ones as "member 2.1"; nothing of other exceptions. */
void tt__part_members(tt_session *session, tt_output *output, int64_t exception_id);

/* What the next two need of a task: one parameter, its id. */
extern const char tt__part_select_task[];

/* Prints which task the present row is about, where it was created and by whom: two lines. */
void tt__part_task(tt_query *task, tt_output *output);

/* Prints what that task waits for, where and how long, behind LABEL. */
void tt__part_wait(tt_query *task, tt_output *output, const char *label);

/* Prints who cancelled task TASK_ID in the first request that ended as ENDING (a word of cancellations.ending), and where it
 * was delivered: two lines. */
void tt__part_cancellation(tt_session *session, tt_output *output, int64_t task_id, const char *ending);

#endif
