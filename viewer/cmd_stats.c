/* cmd_stats.c: telltale stats: how long tasks live and wait for their turn, by the function that they run; and what held up
 * the loops.
 *
 * What is here: which tables there are and their columns. The figures: the views coroutine_reports, histogram_reports, stalls,
 * held_up and loop_turns. How rows and columns are chosen: draft.h.
 */
#include "draft.h"
#include "losses.h"
#include "narrow.h"
#include "output/text.h"
#include "parts.h"

#include <stdlib.h>
#include <string.h>

/* Stalls and those held up by one that a screen shows beside the table. */
#define STALLS_MAX  10
#define VICTIMS_MAX 5

enum table { TABLE_COROUTINES, TABLE_HISTOGRAM, TABLE_STALLS, TABLE_TURNS, TABLE_RECORDER };

static const char *const table_words[] = {"coroutines", "histogram", "stalls", "turns", "recorder", NULL};

struct stats_options {
    struct tt_listing_options listing; /* first: draft.h takes it */
    int table;
};

#define OFFSET(field) offsetof(struct stats_options, field)

static const struct tt_option options[] = {
    {'t', "table", TT_OPTION_WORD, "TABLE",
     "coroutines (on a screen with turns and stalls), histogram, stalls, turns or recorder", OFFSET(table), table_words},
    {'C', "columns", TT_OPTION_TEXT, "LIST", "columns of the table: coroutine,tasks,... or any of its view",
     OFFSET(listing.columns), NULL},
    {'s', "sort", TT_OPTION_TEXT, "LIST", "columns to sort by; -NAME: greatest first", OFFSET(listing.sort), NULL},
    {'f', "filter", TT_OPTION_TEXT, "SQL", "only rows for which this holds: \"failed_count > 0\"",
     OFFSET(listing.filter), NULL},
    {'n', "limit", TT_OPTION_NUMBER, "N", "at most so many", OFFSET(listing.limit), NULL},
    {0, "since", TT_OPTION_TEXT, "TIME", "only tasks, turns and stalls that lasted until then or longer",
     OFFSET(listing.since), NULL},
    {0, "until", TT_OPTION_TEXT, "TIME", "only those that began before then", OFFSET(listing.until), NULL},
    {0, "format", TT_OPTION_WORD, "FORMAT", "table, json, ndjson or csv", OFFSET(listing.format), tt__format_words},
    {0, "json", TT_OPTION_FLAG, NULL, "the same as --format json", OFFSET(listing.is_json), NULL},
};

static const struct tt_listing_column coroutine_columns[] = {
    {"coroutine", "coroutine", "COROUTINE", TT_UNIT_NONE, true},
    {"tasks", "task_count", "TASKS", TT_UNIT_NONE, false},
    {"returned", "returned_count", "RETURNED", TT_UNIT_NONE, false},
    {"failed", "failed_count", "FAILED", TT_UNIT_NONE, false},
    {"cancelled", "cancelled_count", "CANCELLED", TT_UNIT_NONE, false},
    {"pending", "pending_count + abandoned_count", "PENDING", TT_UNIT_NONE, false},
    {"unknown", "unknown_count", "UNKNOWN", TT_UNIT_NONE, false},
    {"p50", "duration_p50_ns", "P50", TT_UNIT_DURATION, false},
    {"p90", "duration_p90_ns", "P90", TT_UNIT_DURATION, false},
    {"p99", "duration_p99_ns", "P99", TT_UNIT_DURATION, false},
    {"max", "duration_max_ns", "MAX", TT_UNIT_DURATION, false},
    {"longest", "duration_max_task", "LONGEST", TT_UNIT_NONE, true},
    {"lat50", "latency_p50_ns", "LAT50", TT_UNIT_DURATION, false},
    {"lat99", "latency_p99_ns", "LAT99", TT_UNIT_DURATION, false},
    {"latmax", "latency_max_ns", "LATMAX", TT_UNIT_DURATION, false},
    {"latest", "latency_max_task", "LATEST", TT_UNIT_NONE, true},
    {"run", "busy_share", "RUN %", TT_UNIT_NONE, false},
    {"ready", "ready_share", "READY %", TT_UNIT_NONE, false},
    {"wait", "waiting_share", "WAIT %", TT_UNIT_NONE, false},
    {"step", "longest_step_ns", "STEP", TT_UNIT_DURATION, false},
};

static const struct tt_listing_column histogram_columns[] = {
    {"coroutine", "coroutine", "COROUTINE", TT_UNIT_NONE, true},
    {"what", "what", "WHAT", TT_UNIT_NONE, false},
    {"from", "from_ns", "FROM", TT_UNIT_DURATION, false},
    {"to", "to_ns", "TO", TT_UNIT_DURATION, false},
    {"count", "count", "COUNT", TT_UNIT_NONE, false},
    {"share", "share", "%", TT_UNIT_NONE, false},
    /* A bar of at most 40 signs; what is there at all can be seen. */
    {"bar", "iif(count > 0, printf('%.*c', max(1, (height * 2 + 2) / 5), '#'), '')", "",
     TT_UNIT_NONE, false},
};

static const struct tt_listing_column stall_columns[] = {
    {"id", "stall_id", "ID", TT_UNIT_NONE, false},
    {"began", "began_ns", "BEGAN", TT_UNIT_INSTANT, false},
    {"duration", "duration_ns", "DURATION", TT_UNIT_DURATION, false},
    {"by", "by_text", "BY", TT_UNIT_NONE, true},
    {"from", "from_at", "FROM", TT_UNIT_NONE, true},
    {"to", "to_at", "TO", TT_UNIT_NONE, true},
    {"held", "held_up_count", "HELD UP", TT_UNIT_NONE, false},
    {"whom", "held_up_text", "WHOM", TT_UNIT_NONE, true},
};

static const struct tt_listing_column turn_columns[] = {
    {"loop", "iif(process_id = 0, '#', 'p' || process_id || '#') || (loop_id & 1099511627775)", "LOOP", TT_UNIT_NONE,
     false},
    {"turns", "turn_count", "TURNS", TT_UNIT_NONE, false},
    {"p50", "run_p50_ns", "P50", TT_UNIT_DURATION, false},
    {"p90", "run_p90_ns", "P90", TT_UNIT_DURATION, false},
    {"p99", "run_p99_ns", "P99", TT_UNIT_DURATION, false},
    {"max", "run_max_ns", "MAX", TT_UNIT_DURATION, false},
    {"when", "run_max_began_ns", "WHEN", TT_UNIT_INSTANT, false},
    {"run", "run_share", "RUN %", TT_UNIT_NONE, false},
    {"callbacks", "callback_count", "CALLBACKS", TT_UNIT_NONE, false},
    {"ready", "ready_max", "MOST READY", TT_UNIT_NONE, false},
};

static const struct tt_listing_column recorder_columns[] = {
    {"from", "from_ns", "FROM", TT_UNIT_INSTANT, false},
    {"to", "to_ns", "TO", TT_UNIT_INSTANT, false},
    {"pid", "pid", "PID", TT_UNIT_NONE, false},
    {"processes", "process_count", "PROCESSES", TT_UNIT_NONE, false},
    {"events", "event_count", "EVENTS", TT_UNIT_NONE, false},
    {"rate", "events_per_s", "EVENTS/S", TT_UNIT_NONE, false},
    {"batches", "batch_count", "BATCHES", TT_UNIT_NONE, false},
    {"failed", "failed_count", "FAILED", TT_UNIT_NONE, false},
    {"cpu", "cpu_ns", "CPU", TT_UNIT_DURATION, false},
    {"lag", "lag_ns", "LAG", TT_UNIT_DURATION, false},
    {"paused", "paused_ns", "PAUSED", TT_UNIT_DURATION, false},
    {"why", "pause_reason", "WHY", TT_UNIT_NONE, false},
    {"reader", "iif(reader_pid IS NULL, NULL, reader || ' (' || reader_pid || ')')", "READER", TT_UNIT_NONE, true},
    {"store", "store_bytes >> 10", "STORE KIB", TT_UNIT_NONE, false},
    {"log", "log_bytes >> 10", "LOG KIB", TT_UNIT_NONE, false},
    {"memory", "memory_bytes >> 10", "MEMORY KIB", TT_UNIT_NONE, false},
};

static const char *const recorder_durations[] = {"cpu_ns", "cpu_ns_per_event", "lag_ns", "paused_ns", NULL};

static const char *const durations[] = {"duration_p50_ns", "duration_p90_ns", "duration_p99_ns", "duration_max_ns",
                                        "latency_p50_ns",  "latency_p90_ns",  "latency_p99_ns",  "latency_max_ns",
                                        "busy_ns",         "ready_ns",        "waiting_ns",      "longest_step_ns",
                                        "duration_ns",     "from_ns",         "to_ns",           NULL};

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const struct tt_listing tables[] = {
    [TABLE_COROUTINES] =
        {
            .view = "coroutine_reports",
            .key = "coroutine",
            .columns = coroutine_columns,
            .column_count = COUNT(coroutine_columns),
            .default_columns = "coroutine,tasks,returned,failed,cancelled,pending,p50,p90,p99,max,longest,lat50,lat99,"
                               "latmax,latest,run,ready,wait",
            .durations = durations,
        },
    [TABLE_HISTOGRAM] =
        {
            .view = "histogram_reports",
            .key = "coroutine, what, from_ns",
            .columns = histogram_columns,
            .column_count = COUNT(histogram_columns),
            .default_columns = "coroutine,what,from,to,count,share,bar",
            .durations = durations,
        },
    [TABLE_STALLS] =
        {
            .view = "stall_reports",
            .key = "stall_id",
            .columns = stall_columns,
            .column_count = COUNT(stall_columns),
            .default_columns = "began,duration,by,from,to,held,whom",
            .durations = durations,
            .begins = "began_ns",
            .ends = "ended_ns",
        },
    [TABLE_TURNS] =
        {
            .view = "loop_turns",
            .key = "loop_id",
            .columns = turn_columns,
            .column_count = COUNT(turn_columns),
            .default_columns = "loop,turns,p50,p90,p99,max,when,run,callbacks,ready",
            .durations = durations,
        },
    [TABLE_RECORDER] =
        {
            .view = "metrics",
            .key = "metric_id",
            .columns = recorder_columns,
            .column_count = COUNT(recorder_columns),
            .default_columns = "from,to,events,rate,batches,failed,cpu,lag,paused,why,reader,store,log,memory",
            .durations = recorder_durations,
            .begins = "from_ns",
            .ends = "to_ns",
        },
};

/* What the tables add up; stalls they list, a row each. */
static const struct tt_narrow_source sources[] = {
    [TABLE_COROUTINES] = {"tasks", "t", "created_ns", "coalesce(ended_ns, created_ns + age_ns)"},
    [TABLE_HISTOGRAM] = {"tasks", "t", "created_ns", "coalesce(ended_ns, created_ns + age_ns)"},
    [TABLE_STALLS] = {NULL, NULL, NULL, NULL},
    [TABLE_RECORDER] = {NULL, NULL, NULL, NULL},
    [TABLE_TURNS] = {"turns", "t", "began_ns", "ended_ns"},
};

/* A span of time that somebody asked for. */
struct span {
    int64_t since_ns, until_ns;
    bool is_given;
};

static struct span span_of(const tt_draft *draft)
{
    return (struct span){draft->since_ns, draft->until_ns,
                         draft->since_ns > INT64_MIN || draft->until_ns < INT64_MAX};
}

/* --------------------------------------------------------------------------------- stalls, below the table */

/* The longest stalls, a row for each of those that were held up longest. */
static const char select_stalls[] =
    "WITH longest AS MATERIALIZED (\n"
    "    SELECT *, count(*) OVER () AS total FROM stalls WHERE began_ns <= ?3 AND ended_ns >= ?4\n"
    "    ORDER BY duration_ns DESC, stall_id LIMIT ?1),\n"
    "victim AS MATERIALIZED (\n"
    "    SELECT h.*, row_number() OVER (PARTITION BY h.stall_id ORDER BY h.held_up_ns DESC, h.task_id) AS place,\n"
    "        count(*) OVER (PARTITION BY h.stall_id) AS count\n"
    "    FROM held_up AS h WHERE h.stall_id IN (SELECT stall_id FROM longest))\n"
    "SELECT s.stall_id, s.is_over, s.began_ns, s.duration_ns, s.by_text, s.from_at, s.to_at, s.total, v.task_text, v.how, "
    "v.held_up_ns,\n"
    "    v.place, v.count\n"
    "FROM longest AS s LEFT JOIN victim AS v ON v.stall_id = s.stall_id AND v.place <= ?2\n"
    "ORDER BY s.duration_ns DESC, s.stall_id, v.place";

static const char *words_of_how(const char *how)
{
    static const struct {
        const char *how, *words;
    } all[] = {{"not_begun", "it could not begin"},
               {"cancelled", "its cancellation could not reach it"},
               {"ready", "it could have gone on"}};
    for (size_t i = 0; how != NULL && i < COUNT(all); i++)
        if (strcmp(all[i].how, how) == 0)
            return all[i].words;
    return "it could have run";
}

static void print_victim(tt_query *query, tt_output *output)
{
    char held_up[TT_DURATION_BYTES];
    int64_t place = tt__query_integer(query, "place");
    int64_t count = tt__query_integer(query, "count");
    tt__part_label(output, "held up");
    if (count == 0) {
        tt__print(output, "no task that is known; who waits outside of the process is not recorded\n");
        return;
    }
    tt__text_duration(held_up, tt__query_integer(query, "held_up_ns"));
    tt__print(output, "%s for %s: %s\n", tt__query_text(query, "task_text"), held_up,
              words_of_how(tt__query_text(query, "how")));
    if (place == VICTIMS_MAX && count > VICTIMS_MAX) {
        tt__part_label(output, "and");
        tt__print(output, "%jd more\n", (intmax_t)(count - VICTIMS_MAX));
    }
}

static void print_stall(tt_query *query, tt_output *output)
{
    char began[TT_DURATION_BYTES], duration[TT_DURATION_BYTES];
    tt__text_instant(began, tt__query_integer(query, "began_ns"));
    tt__text_duration(duration, tt__query_integer(query, "duration_ns"));
    if (tt__query_integer(query, "is_over") == 0) {
        tt__print(output, "\n  %s has run for %s since %s, and is not over\n", tt__query_text(query, "by_text"), duration, began);
        return;
    }
    tt__print(output, "\n  %s ran for %s at %s\n", tt__query_text(query, "by_text"), duration, began);
    tt__part_label(output, "from");
    tt__print(output, "%s\n", tt__part_or_unknown(tt__query_text(query, "from_at")));
    if (!tt__query_is_null(query, "to_at")) {
        tt__part_label(output, "to");
        tt__print(output, "%s\n", tt__query_text(query, "to_at"));
    }
}

static void print_stalls(tt_session *session, tt_output *output, const struct span *span)
{
    int64_t total = 0, last_id = INT64_MIN;
    tt_query *query = tt__query_open(session, select_stalls);
    tt__query_bind_integer(query, 1, STALLS_MAX);
    tt__query_bind_integer(query, 2, VICTIMS_MAX);
    tt__query_bind_integer(query, 3, span->until_ns);
    tt__query_bind_integer(query, 4, span->since_ns);
    while (tt__query_next(query)) {
        if (total == 0) {
            total = tt__query_integer(query, "total");
            tt__print(output, "\n");
            tt__style(output, TT_STYLE_WARNING);
            tt__print(output, "STALLS: %jd, in which a loop could run nothing else\n", (intmax_t)total);
            tt__style(output, TT_STYLE_PLAIN);
        }
        if (tt__query_integer(query, "stall_id") != last_id)
            print_stall(query, output);
        last_id = tt__query_integer(query, "stall_id");
        print_victim(query, output);
    }
    tt__query_close(query);
    if (total > STALLS_MAX)
        tt__print(output, "\n  and %jd shorter ones; all of them: telltale stats --table stalls %s\n",
                  (intmax_t)(total - STALLS_MAX), tt__session_path(session));
}

/* The turns of loops, when they were recorded. */
static void print_turns(tt_session *session, tt_output *output, const struct span *span)
{
    enum { COLUMNS = COUNT(turn_columns) };
    struct tt_column columns[COLUMNS];
    char *sql = NULL;
    size_t bytes = 0;
    if (tt__query_count(session, "SELECT count(*) FROM (SELECT 1 FROM turns LIMIT 1)") == 0)
        return;
    FILE *memory = open_memstream(&sql, &bytes);
    if (memory == NULL) {
        tt__complain("not enough memory for a query");
        return;
    }
    if (span->is_given)
        tt__narrow_view(memory, "loop_turns", &sources[TABLE_TURNS], span->since_ns, span->until_ns);
    for (size_t i = 0; i < COLUMNS; i++) {
        const struct tt_listing_column *column = &turn_columns[i];
        columns[i] = (struct tt_column){column->name, column->heading, column->unit, column->is_wide};
        fprintf(memory, "%s%s AS \"%s\"", i == 0 ? "SELECT " : ", ", column->sql, column->name);
    }
    fprintf(memory, "\nFROM loop_turns ORDER BY loop_id");
    fclose(memory);
    tt__print(output, "\nTURNS of loops, and how long they took\n");
    tt_query *query = tt__query_open(session, sql);
    tt__query_print(query, output, TT_FORMAT_TABLE, columns);
    tt__query_close(query);
    free(sql);
}

/* Whom a stall held up is known by their steps. */
static void say_sampling(tt_session *session, tt_output *messages)
{
    if (tt__query_count(session, "SELECT count(*) FROM stalls") > 0)
        tt__sampling_say(session, messages);
}

/* ------------------------------------------------------------------------------------------------------ run */

static int run(struct tt_invocation *invocation)
{
    const struct stats_options *given = invocation->options;
    const struct tt_listing *listing = &tables[given->table];
    tt_draft draft;
    int status = tt__draft_open(&draft, invocation, listing, &given->listing);
    if (status >= 0)
        return status;
    struct span span = span_of(&draft);
    if (span.is_given && given->table != TABLE_STALLS && given->table != TABLE_RECORDER) {
        tt__narrow_view(draft.sql, listing->view, &sources[given->table], span.since_ns, span.until_ns);
        draft.since_ns = INT64_MIN; /* it stands inside of the view now */
        draft.until_ns = INT64_MAX;
    }
    status = tt__draft_print_listing(&draft);
    if (status == TT_EXIT_CLEAN) {
        if (given->table == TABLE_COROUTINES && !tt__draft_is_data(&draft)) {
            print_turns(draft.session, &invocation->output, &span);
            print_stalls(draft.session, &invocation->output, &span);
        }
        if (given->table == TABLE_STALLS || (given->table == TABLE_COROUTINES && !tt__draft_is_data(&draft)))
            say_sampling(draft.session, &invocation->messages);
        tt__losses_say(draft.session, &invocation->messages);
    }
    return tt__draft_close(&draft, status);
}

const struct tt_command tt__command_stats = {
    .name = "stats",
    .usage = "[OPTION...] STORE",
    .summary = "how long tasks live and wait, by their function; what held up the loops",
    .details =
        "P50, P90, P99, MAX: from creation to end, of those that have ended; LONGEST: whose MAX is. LAT50 ... LATEST:\n"
        "the same from creation to the first step. RUN, READY, WAIT: shares of the time of all of them.\n",
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .options_bytes = sizeof(struct stats_options),
    .arguments_min = 1,
    .arguments_max = 1,
    .is_reader = true,
    .is_query = true,
    .run = run,
};
