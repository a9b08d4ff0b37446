/* cmd_diff.c: telltale diff: what is different in a second recording of a program.
 *
 * What is here: three comparisons, each a query. What is compared are kinds: of failures and of tasks, without the
 * lines of their places, so that an edit elsewhere in a file does not make everything new. A reader's connection
 * has one store; so the kinds of the earlier one, which are few, go into the query over the later one as a value,
 * in JSON.
 */
#include "losses.h"
#include "query.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum section { SECTION_FAILURES, SECTION_TASKS, SECTION_LATENCIES, SECTION_ALL };

static const char *const section_words[] = {"failures", "tasks", "latencies", "all", NULL};

struct diff_options {
    int only;
    uint64_t count_percent, latency_percent;
    int format;
    bool is_json;
    bool has_exit_code;
};

#define OFFSET(field) offsetof(struct diff_options, field)

static const struct tt_option options[] = {
    {0, "only", TT_OPTION_WORD, "WHAT", "failures, tasks (how many, and how they ended), latencies or all",
     OFFSET(only), section_words},
    {0, "counts", TT_OPTION_NUMBER, "PERCENT", "numbers of tasks that differ by more; any difference if not given",
     OFFSET(count_percent), NULL},
    {0, "latency", TT_OPTION_NUMBER, "PERCENT", "durations that differ by more, and by 1 ms; 50 if not given",
     OFFSET(latency_percent), NULL},
    {0, "exit-code", TT_OPTION_FLAG, NULL, "exit status 1 when something is different", OFFSET(has_exit_code), NULL},
    {0, "format", TT_OPTION_WORD, "FORMAT", "table, json, ndjson or csv", OFFSET(format), tt__format_words},
    {0, "json", TT_OPTION_FLAG, NULL, "the same as --format json", OFFSET(is_json), NULL},
};

static const struct diff_options defaults = {.only = SECTION_ALL, .latency_percent = 50};

/* -------------------------------------------------------------------------------------------------------- queries */

/* The earlier store's kinds as one value: a list of lists. */
static const char select_failures[] =
    "SELECT json_group_array(json_array(kind, failure_count, lost_count + absorbed_count)) AS kinds FROM failure_kinds";

static const char select_tasks[] = "SELECT json_group_array(json_array(kind, task_count, returned_count, failed_count, "
                                   "cancelled_count, abandoned_count,\n"
                                   "    pending_count, duration_p50_ns, duration_p99_ns)) AS kinds FROM (SELECT * FROM task_kind_reports ORDER BY kind)";

/* Parts of the query over the later store. Each comparison is a number of each kind, before and after; NULL: there
 * is no such kind there. */
static const char parts[] =
    "WITH\n"
    "failure_before AS MATERIALIZED (\n"
    "    SELECT value ->> 0 AS kind, value ->> 1 AS failures, value ->> 2 AS unseen FROM json_each(:failures)),\n"
    "failure_kind AS (SELECT kind FROM failure_before UNION SELECT kind FROM failure_kinds),\n"
    "failure_number AS (\n"
    "    SELECT k.kind, m.column1 AS measure, iif(m.column1 = 'failures', b.failures, b.unseen) AS before,\n"
    "        iif(m.column1 = 'failures', a.failure_count, a.lost_count + a.absorbed_count) AS after\n"
    "    FROM failure_kind AS k LEFT JOIN failure_before AS b ON b.kind = k.kind\n"
    "    LEFT JOIN failure_kinds AS a ON a.kind = k.kind CROSS JOIN (VALUES ('failures'), ('nobody saw')) AS m),\n"
    "task_before AS MATERIALIZED (\n"
    "    SELECT value ->> 0 AS kind, value ->> 1 AS tasks, value ->> 2 AS returned, value ->> 3 AS failed,\n"
    "        value ->> 4 AS cancelled, value ->> 5 AS abandoned, value ->> 6 AS pending, value ->> 7 AS p50_ns,\n"
    "        value ->> 8 AS p99_ns\n"
    "    FROM json_each(:tasks)),\n"
    "task_after AS MATERIALIZED (SELECT * FROM task_kind_reports),\n"
    "task_kind AS MATERIALIZED (SELECT kind FROM task_before UNION SELECT kind FROM task_after),\n"
    "task_number AS (\n"
    "    SELECT k.kind, m.column1 AS measure, m.column2 AS place,\n"
    "        CASE m.column2 WHEN 0 THEN b.tasks WHEN 1 THEN b.returned WHEN 2 THEN b.failed WHEN 3 THEN b.cancelled\n"
    "            WHEN 4 THEN b.abandoned ELSE b.pending END AS before,\n"
    "        CASE m.column2 WHEN 0 THEN a.task_count WHEN 1 THEN a.returned_count WHEN 2 THEN a.failed_count\n"
    "            WHEN 3 THEN a.cancelled_count WHEN 4 THEN a.abandoned_count ELSE a.pending_count END AS after\n"
    "    FROM task_kind AS k LEFT JOIN task_before AS b ON b.kind = k.kind LEFT JOIN task_after AS a ON a.kind = "
    "k.kind\n"
    "    CROSS JOIN (VALUES ('tasks', 0), ('returned', 1), ('failed', 2), ('cancelled', 3), ('abandoned', 4), "
    "('pending', 5)) AS m),\n"
    "latency_number AS (\n"
    "    SELECT b.kind, m.column1 AS measure, iif(m.column1 = 'p50', b.p50_ns, b.p99_ns) AS before,\n"
    "        iif(m.column1 = 'p50', a.duration_p50_ns, a.duration_p99_ns) AS after\n"
    "    FROM task_before AS b JOIN task_after AS a ON a.kind = b.kind CROSS JOIN (VALUES ('p50'), ('p99')) AS m)\n";

/* Of a kind that is new or gone the first number says it all; the others are told where they are not 0. */
#define CHANGE                                                                                                         \
    "CASE WHEN before IS NULL THEN 'new' WHEN after IS NULL THEN 'gone' WHEN after > before THEN 'more' ELSE 'fewer' " \
    "END"

static const char *const comparisons[] = {
    [SECTION_FAILURES] =
        "SELECT 'failure' AS what, " CHANGE " AS change, kind, measure, before, after, 1 AS part, 0 AS place\n"
        "FROM failure_number\n"
        "WHERE before IS NOT after AND coalesce(before, 0) + coalesce(after, 0) > 0\n",
    [SECTION_TASKS] = "SELECT 'task' AS what, " CHANGE " AS change, kind, measure, before, after, 2 AS part, place\n"
                      "FROM task_number\n"
                      "WHERE before IS NOT after AND coalesce(before, 0) + coalesce(after, 0) > 0\n"
                      "    AND (before IS NULL OR after IS NULL OR abs(after - before) * 100 > before * :counts)\n",
    [SECTION_LATENCIES] =
        "SELECT 'latency' AS what, iif(after > before, 'slower', 'faster') AS change, kind, measure, before, after, 3 "
        "AS part, 0 AS place\n"
        "FROM latency_number\n"
        "WHERE abs(after - before) >= 1000000 AND abs(after - before) * 100.0 > min(before, after) * 1.0 * :latency\n",
};

static const char *const headings[] = {
    [SECTION_FAILURES] = "FAILURES",
    [SECTION_TASKS] = "TASKS",
    [SECTION_LATENCIES] = "DURATIONS",
};

/* ------------------------------------------------------------------------------------------------------- printing */

struct diff {
    struct tt_invocation *invocation;
    tt_session *after;
    char *failures, *tasks; /* kinds of the earlier store */
    size_t row_count;
};

/* The one value of a query, for the caller to free; NULL after a complaint. */
static char *ask(tt_session *session, const char *sql)
{
    char *value = NULL;
    tt_query *query = tt__query_open(session, sql);
    if (tt__query_next(query) && (value = strdup(tt__query_text(query, "kinds"))) == NULL)
        tt__complain("diff: not enough memory for the kinds of the earlier recording");
    tt__query_close(query);
    return value;
}

static tt_query *open_comparison(struct diff *diff, const char *columns, const char *comparison)
{
    const struct diff_options *given = diff->invocation->options;
    char *sql = NULL;
    if (asprintf(&sql, "%sSELECT %s FROM (\n%s)\nORDER BY part, change <> 'new', change <> 'gone', kind, place", parts,
                 columns, comparison) < 0)
        return NULL;
    tt_query *query = tt__query_open(diff->after, sql);
    tt__query_bind_named_text(query, ":failures", diff->failures);
    tt__query_bind_named_text(query, ":tasks", diff->tasks);
    tt__query_bind_named(query, ":counts", given->count_percent > 1000000 ? 1000000 : (int64_t)given->count_percent);
    tt__query_bind_named(query, ":latency",
                         given->latency_percent > 1000000 ? 1000000 : (int64_t)given->latency_percent);
    free(sql);
    return query;
}

static bool is_wanted(const struct diff *diff, enum section section)
{
    const struct diff_options *given = diff->invocation->options;
    return given->only == SECTION_ALL || given->only == (int)section;
}

/* A section is a heading and a table, or nothing. */
static void print_section(struct diff *diff, enum section section)
{
    enum tt_unit unit = section == SECTION_LATENCIES ? TT_UNIT_DURATION : TT_UNIT_NONE;
    const struct tt_column columns[] = {
        {"change", "CHANGE", TT_UNIT_NONE, false}, {"measure", "WHAT", TT_UNIT_NONE, false},
        {"before", "BEFORE", unit, false},         {"after", "AFTER", unit, false},
        {"kind", "KIND", TT_UNIT_NONE, true},
    };
    tt_output *output = &diff->invocation->output;
    char *text = NULL;
    size_t size = 0;
    tt_output table = *output;
    table.stream = open_memstream(&text, &size);
    if (table.stream == NULL) {
        tt__complain("diff: not enough memory for a table");
        return;
    }
    tt_query *query = open_comparison(diff, "change, measure, before, after, kind", comparisons[section]);
    size_t count = tt__query_print(query, &table, TT_FORMAT_TABLE, columns);
    tt__query_close(query);
    if (fclose(table.stream) == 0 && count > 0) {
        tt__print_own(output, diff->row_count > 0 ? "\n" : "");
        tt__style(output, TT_STYLE_BOLD);
        tt__print(output, "%s\n", headings[section]);
        tt__style(output, TT_STYLE_PLAIN);
        tt__print_own(output, text);
    }
    diff->row_count += count;
    free(text);
}

static void print_screen(struct diff *diff)
{
    for (int section = 0; section < SECTION_ALL; section++)
        if (is_wanted(diff, (enum section)section))
            print_section(diff, (enum section)section);
    if (diff->row_count == 0)
        tt__print(&diff->invocation->output, "nothing is different\n");
}

static void print_data(struct diff *diff, enum tt_format format)
{
    char *sql = NULL;
    size_t size = 0, count = 0;
    FILE *text = open_memstream(&sql, &size);
    for (int section = 0; text != NULL && section < SECTION_ALL; section++)
        if (is_wanted(diff, (enum section)section))
            fprintf(text, "%s%s", count++ > 0 ? "UNION ALL\n" : "", comparisons[section]);
    if (text == NULL || fclose(text) != 0) {
        tt__complain("diff: not enough memory for a query");
    } else {
        tt_query *query = open_comparison(diff, "what, change, kind, measure, before, after", sql);
        diff->row_count = tt__query_print(query, &diff->invocation->output, format, NULL);
        tt__query_close(query);
    }
    free(sql);
}

static int compare(struct tt_invocation *invocation, tt_session *before, tt_session *after)
{
    const struct diff_options *given = invocation->options;
    struct diff diff = {.invocation = invocation, .after = after};
    diff.failures = ask(before, select_failures);
    diff.tasks = ask(before, select_tasks);
    int status = TT_EXIT_OUTSIDE;
    if (diff.failures != NULL && diff.tasks != NULL) {
        if (given->is_json || given->format != TT_FORMAT_TABLE)
            print_data(&diff, given->is_json ? TT_FORMAT_JSON : (enum tt_format)given->format);
        else
            print_screen(&diff);
        status = given->has_exit_code && diff.row_count > 0 ? TT_EXIT_FINDINGS : TT_EXIT_CLEAN;
    }
    tt__losses_say(before, &invocation->messages);
    tt__losses_say(after, &invocation->messages);
    free(diff.failures);
    free(diff.tasks);
    return status;
}

static int run(struct tt_invocation *invocation)
{
    /* Each session turns the output of its own invocation away for --explain-sql. */
    struct tt_invocation earlier = *invocation;
    tt_session *before = NULL, *after = NULL;
    int status = tt__session_open(&earlier, invocation->arguments[0], &before);
    if (status >= 0)
        return status;
    status = tt__session_open(invocation, invocation->arguments[1], &after);
    if (status < 0) {
        status = compare(invocation, before, after);
        status = tt__session_close(after, status);
    }
    return tt__session_close(before, status);
}

const struct tt_command tt__command_diff = {
    .name = "diff",
    .usage = "[OPTION...] BEFORE AFTER",
    .summary = "what is different in a second recording: failures, tasks, durations",
    .details = "Kinds are compared: failures by type, text without numbers, and functions; tasks by the functions that "
               "created\n"
               "them and that they run. Lines do not count, so that versions of a program can be compared.\n",
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .defaults = &defaults,
    .options_bytes = sizeof(struct diff_options),
    .arguments_min = 2,
    .arguments_max = 2,
    .is_reader = true,
    .is_query = true,
    .run = run,
};
