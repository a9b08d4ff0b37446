/* report.c: the parts of a report that several commands print. The contract is in report.h. */
#include "report.h"

#include "leftovers.h"
#include "losses.h"
#include "output/text.h"
#include "query.h"

#include <string.h>

/* Processes that the header names one by one. */
#define HEADER_PROCESSES 20

/* The lints that a summary always counts; they are the first three of the table. */
enum { LOST = TT_REPORT_LOST, ABSORBED = TT_REPORT_ABSORBED, HELD = TT_REPORT_HELD, ALWAYS_SUMMED };

static const char count_findings[] =
    "\nSELECT rank, count(*) AS cases, count(DISTINCT fingerprint) AS groups, sum(counts AND (rank <> ?1 OR amount >= ?2)) AS counting\n"
    "FROM finding GROUP BY rank";

static const char count_tasks[] =
    "WITH open AS MATERIALIZED (SELECT process_id, outcome FROM tasks\n"
    "    WHERE task_id IN (SELECT a.task_id FROM task AS a WHERE a.outcome IS NULL))\n"
    "SELECT count(*) FILTER (WHERE t.outcome = 'pending' AND p.end_reason IS NOT 'running') AS pending,\n"
    "    count(*) FILTER (WHERE t.outcome = 'pending' AND p.end_reason IS 'running') AS pending_now,\n"
    "    count(*) FILTER (WHERE t.outcome = 'unknown') AS unknown\n"
    "FROM open AS t LEFT JOIN (SELECT process_id, end_reason FROM processes) AS p USING (process_id)";

static const char select_processes[] =
    "SELECT v.process_id, v.pid, v.program, v.end_text, v.task_count,\n"
    "    max(0, coalesce(v.ended_ns, p.seen_ns, v.started_ns) - v.started_ns) AS lasted_ns\n"
    "FROM processes AS v JOIN process AS p USING (process_id) ORDER BY v.process_id LIMIT ?1";

bool tt__report_is_summed(const struct tt_lint_choice *choice, size_t i)
{
    return tt__lints[i].is_definite || i == HELD || choice->counts[i];
}

static void count_cases(tt_session *session, const struct tt_lint_choice *choice, struct tt_report_counts *counts)
{
    struct tt_lint_choice summed = *choice;
    for (size_t i = 0; i < tt__lint_count; i++)
        summed.is_on[i] &= tt__report_is_summed(choice, i); /* what nobody asks for is not looked for */
    summed.is_on[HELD] = true;
    summed.threshold[HELD] = 0; /* a summary counts what is held, however long */
    tt_query *query = tt__lints_open(session, &summed, count_findings);
    tt__query_bind_integer(query, 1, HELD);
    tt__query_bind_integer(query, 2, choice->threshold[HELD]);
    while (tt__query_next(query)) {
        int64_t rank = tt__query_integer(query, "rank");
        counts->cases[rank] = tt__query_integer(query, "cases");
        if (rank == LOST)
            counts->lost_groups = tt__query_integer(query, "groups");
        counts->counting += tt__query_integer(query, "counting");
    }
    tt__query_close(query);
}

void tt__report_count_rest(tt_session *session, struct tt_report_counts *out_counts)
{
    struct tt_report_counts counts = {0};
    tt_query *tasks = tt__query_open(session, count_tasks);
    if (tt__query_next(tasks)) {
        counts.pending = tt__query_integer(tasks, "pending");
        counts.pending_now = tt__query_integer(tasks, "pending_now");
        counts.unknown_tasks = tt__query_integer(tasks, "unknown");
    }
    tt__query_close(tasks);
    counts.unknown_failures = tt__query_count(session, "SELECT count(*) FROM failure_states WHERE state = 'unknown'");
    tt_query *losses = tt__query_open(session, "SELECT total(abs(count)) FILTER (WHERE what <> 'pruned') AS lost,"
                                               " total(count) FILTER (WHERE what = 'pruned') AS deleted FROM losses");
    if (tt__query_next(losses)) {
        counts.lost_events = tt__query_integer(losses, "lost");
        counts.deleted = tt__query_integer(losses, "deleted");
    }
    tt__query_close(losses);
    counts.uncounted_losses = tt__query_count(session, "SELECT (SELECT count(*) FROM losses WHERE count IS NULL)"
                                             " + (SELECT count(*) FROM processes WHERE is_balanced = 0)");
    counts.unknown_loops = tt__query_count(session, "SELECT count(*) FROM losses WHERE loop_id IS NOT NULL");
    counts.processes = tt__query_count(session, "SELECT count(*) FROM processes");
    counts.is_behind = tt__session_leftovers(session)->doubt != TT_LEFTOVERS_NONE;
    *out_counts = counts;
}

void tt__report_count(tt_session *session, const struct tt_lint_choice *choice, struct tt_report_counts *out_counts)
{
    tt__report_count_rest(session, out_counts);
    count_cases(session, choice, out_counts);
}

/* ---------------------------------------------------------------------------------------------------- header */

static void format_lasted(char out_text[TT_DURATION_BYTES], int64_t lasted_ns)
{
    if (lasted_ns >= INT64_C(10000000000) && lasted_ns < INT64_C(600000000000))
        snprintf(out_text, TT_DURATION_BYTES, "%.1f s", (double)lasted_ns / 1e9);
    else
        tt__text_duration(out_text, lasted_ns);
}

static void print_process(tt_query *query, tt_output *output)
{
    char lasted[TT_DURATION_BYTES];
    const char *program = tt__query_text(query, "program");
    const char *slash = program != NULL ? strrchr(program, '/') : NULL;
    format_lasted(lasted, tt__query_integer(query, "lasted_ns"));
    /* Of LTTng's traces; what its contexts say is known all the same. */
    tt__print(output, "%s, ", slash != NULL ? slash + 1 : program != NULL ? program : "a program whose start was not recorded");
    if (!tt__query_is_null(query, "pid"))
        tt__print(output, "pid %jd, ", (intmax_t)tt__query_integer(query, "pid"));
    tt__print(output, "%s, %jd %s, %s\n", lasted, TT_COUNTED(tt__query_integer(query, "task_count"), "task"),
              tt__query_text(query, "end_text"));
}

static void print_losses(tt_session *session, tt_output *output, const struct tt_report_counts *counts)
{
    tt__losses_print(session, output);
    tt__style(output, TT_STYLE_WARNING);
    if (counts->unknown_tasks > 0)
        tt__print(output, "  %jd %s unknown\n", TT_COUNTED(counts->unknown_tasks, "task"));
    if (counts->unknown_failures > 0)
        tt__print(output, "  %jd %s unknown\n", TT_COUNTED(counts->unknown_failures, "failure"));
    tt__style(output, TT_STYLE_PLAIN);
}

void tt__report_print_header(tt_session *session, tt_output *output, const struct tt_report_counts *counts)
{
    tt_query *query = tt__query_open(session, select_processes);
    tt__query_bind_integer(query, 1, HEADER_PROCESSES);
    tt__print(output, "telltale: %s: ", tt__session_path(session));
    if (counts->processes == 0)
        tt__print(output, counts->is_behind ? "no process is in it yet\n" : "no process was traced\n");
    if (counts->processes > 1)
        tt__print(output, "%jd processes\n", (intmax_t)counts->processes);
    while (tt__query_next(query)) {
        if (counts->processes > 1)
            tt__print(output, "  p%jd ", (intmax_t)tt__query_integer(query, "process_id"));
        print_process(query, output);
    }
    tt__query_close(query);
    if (counts->processes > HEADER_PROCESSES)
        tt__print(output, "  and %jd more\n", (intmax_t)counts->processes - HEADER_PROCESSES);
    print_losses(session, output, counts);
    tt__selections_say(session, output, NULL);
}

void tt__report_say_losses(tt_session *session, tt_output *messages, const struct tt_report_counts *counts)
{
    if (counts->processes == 0 && !counts->is_behind)
        tt__complain("%s: nothing was traced: no process used telltale", tt__session_path(session));
    bool has_losses = tt__losses_any(session);
    if (!has_losses && counts->uncounted_losses + counts->unknown_tasks + counts->unknown_failures == 0)
        return;
    tt__print(messages, "telltale: %s is not complete:\n", tt__session_path(session));
    print_losses(session, messages, counts);
    if (!has_losses && counts->uncounted_losses > 0)
        tt__print(messages, "  not all that %jd %s wrote was read: the counts of events do not add up\n",
                  (intmax_t)counts->uncounted_losses, counts->uncounted_losses == 1 ? "process" : "processes");
}

/* --------------------------------------------------------------------------------------------------- summary */

void tt__report_print_summary(tt_output *output, const struct tt_report_counts *counts)
{
    tt__style(output, counts->counting > 0 ? TT_STYLE_FAILURE : TT_STYLE_GOOD);
    tt__print(output, "SUMMARY: telltale: %jd lost %s", TT_COUNTED(counts->cases[LOST], "failure"));
    if (counts->cases[LOST] > 0)
        tt__print(output, " in %jd %s", TT_COUNTED(counts->lost_groups, "group"));
    tt__print(output, ", %jd absorbed, %jd held", (intmax_t)counts->cases[ABSORBED], (intmax_t)counts->cases[HELD]);
    for (size_t i = ALWAYS_SUMMED; i < tt__lint_count; i++)
        if (counts->cases[i] > 0)
            tt__print(output, ", %jd %s%s%s", (intmax_t)counts->cases[i], tt__lints[i].case_noun, counts->cases[i] == 1 ? "" : "s",
                      tt__lints[i].case_rest);
    if (counts->pending > 0 || counts->pending_now == 0)
        tt__print(output, ", %jd %s pending at the end", TT_COUNTED(counts->pending, "task"));
    if (counts->pending_now > 0)
        tt__print(output, ", %jd %s pending now", TT_COUNTED(counts->pending_now, "task"));
    if (counts->unknown_failures > 0)
        tt__print(output, ", %jd %s unknown", TT_COUNTED(counts->unknown_failures, "failure"));
    if (counts->unknown_loops > 0)
        tt__print(output, ", %jd %s unknown", TT_COUNTED(counts->unknown_loops, "loop"));
    if (counts->lost_events > 0)
        tt__print(output, ", %jd %s missing", TT_COUNTED(counts->lost_events, "event"));
    if (counts->deleted > 0)
        tt__print(output, ", %jd facts and events deleted", (intmax_t)counts->deleted);
    tt__style(output, TT_STYLE_PLAIN);
    tt__print(output, "\n");
}

int tt__report_status(const struct tt_report_counts *counts, bool is_strict)
{
    if (counts->counting > 0)
        return TT_EXIT_FINDINGS;
    bool is_uncertain = counts->processes == 0 || counts->is_behind || counts->lost_events > 0 || counts->deleted > 0 || counts->uncounted_losses > 0 || counts->unknown_tasks > 0 ||
                        counts->unknown_failures > 0;
    return is_strict && is_uncertain ? TT_EXIT_UNCERTAIN : TT_EXIT_CLEAN;
}

int tt__report_summary(struct tt_invocation *invocation, const char *path, const char *nobody, bool is_strict)
{
    tt_session *session = NULL;
    struct tt_lint_choice choice;
    struct tt_report_counts counts;
    int status = tt__session_open(invocation, path, &session);
    if (status >= 0)
        return status;
    if (is_strict)
        tt__query_file(session);
    tt__lints_default(&choice);
    tt__report_count(session, &choice, &counts);
    if (counts.processes == 0 && !counts.is_behind)
        tt__complain("%s: nothing was traced: %s used telltale", path, nobody);
    else if (!tt__session_has_failed(session))
        tt__report_print_summary(&invocation->messages, &counts);
    if (is_strict && (counts.processes > 0 || counts.is_behind))
        tt__report_say_losses(session, &invocation->messages, &counts);
    if (counts.counting > 0)
        tt__complain("see: telltale report %s", path);
    return tt__session_close(session, tt__report_status(&counts, is_strict));
}
