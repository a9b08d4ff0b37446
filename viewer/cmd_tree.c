/* cmd_tree.c: telltale tree: who created whom, and who waits for whom, at the end or at an instant.
 *
 * What is here: the query that walks over the edges, from whoever stands at the top, children below their parents; and the
 * columns. What the edges are: the views creations, links and awaits. How rows are drawn: output/table.c. How columns and rows are
 * chosen: draft.h.
 */
#include "draft.h"
#include "losses.h"
#include "moment.h"
#include "output/text.h"
#include "parts.h"
#include "query.h"
#include "report.h"
#include "task_argument.h"

#include <inttypes.h>

/* Tasks that a screen shows if --limit does not say otherwise: more than anybody reads, and a table is kept in memory. */
#define SCREEN_MAX 10000

enum by { BY_PARENT, BY_AWAIT };

static const char *const by_words[] = {"parent", "await", NULL};
static const char *const format_words[] = {"tree", "json", "ndjson", "csv", NULL}; /* as enum tt_format */

struct tree_options {
    struct tt_listing_options listing; /* first: draft.h takes it */
    int by;
    const char *at;
    const char *around;
};

#define OFFSET(field) offsetof(struct tree_options, field)

static const struct tt_option options[] = {
    {0, "by", TT_OPTION_WORD, "WHAT", "parent: who created whom; await: who waits for whom", OFFSET(by), by_words},
    {0, "at", TT_OPTION_TEXT, "TIME", "the tasks that lived then: 12.3s, 50%, -1s, 2026-01-31T12:00:00Z", OFFSET(at),
     NULL},
    {0, "around", TT_OPTION_TEXT, "TASK", "only those above and below this task", OFFSET(around), NULL},
    {'C', "columns", TT_OPTION_TEXT, "LIST", "columns behind the tree: state,age,... or any of the view tasks",
     OFFSET(listing.columns), NULL},
    {'s', "sort", TT_OPTION_TEXT, "LIST", "order of those below one task; -NAME: greatest first", OFFSET(listing.sort),
     NULL},
    {'f', "filter", TT_OPTION_TEXT, "SQL", "only tasks for which this holds, and those above them",
     OFFSET(listing.filter), NULL},
    {'n', "limit", TT_OPTION_NUMBER, "N", "at most so many; a screen has 10000 if not given, 0: all",
     OFFSET(listing.limit), NULL},
    {0, "since", TT_OPTION_TEXT, "TIME", "only tasks that lived until then or longer", OFFSET(listing.since), NULL},
    {0, "until", TT_OPTION_TEXT, "TIME", "only tasks that were created before then", OFFSET(listing.until), NULL},
    {0, "format", TT_OPTION_WORD, "FORMAT", "tree, json, ndjson or csv", OFFSET(listing.format), format_words},
    {0, "json", TT_OPTION_FLAG, NULL, "the same as --format json", OFFSET(listing.is_json), NULL},
};

static const struct tree_options defaults = {.listing = {.limit = UINT64_MAX}};

static const char data_columns[] = "id,parent,name,state,coroutine,created,by,age,for,at";

static const char *const screen_columns[] = {
    [BY_PARENT] = "state,coroutine,created,by,age,for",
    [BY_AWAIT] = "state,coroutine,for,at,since",
};

/* Where the recording is of several hosts. */
static const char host_data_columns[] = "id,parent,host,name,state,coroutine,created,by,age,for,at";

static const char *const host_screen_columns[] = {
    [BY_PARENT] = "host,state,coroutine,created,by,age,for",
    [BY_AWAIT] = "host,state,coroutine,for,at,since",
};

/* What stands in the columns; :at is NULL for the end. */
static const struct tt_listing_column columns[] = {
    {"id", "id_text", "ID", TT_UNIT_NONE, false},
    {"name", "name", "NAME", TT_UNIT_NONE, true},
    {"parent", "iif(above_id >> 40 = 0, '#', 'p' || (above_id >> 40) || '#') || (above_id & 1099511627775)", "PARENT",
     TT_UNIT_NONE, false},
    {"state",
     "CASE WHEN :at IS NULL THEN iif(outcome = 'pending', coalesce(state, outcome), outcome)\n"
     "    WHEN ended_ns <= :at THEN outcome WHEN was <> 'unknown' THEN was\n"
     "    WHEN outcome = 'unknown' OR (created_ns IS NULL AND coalesce(started_ns > :at, 1)) THEN 'unknown'\n"
     "    WHEN wait_since_ns <= :at THEN 'waiting'\n"
     "    WHEN was = 'unknown' OR (started_ns IS NULL AND coalesce(step_count > 0, EXISTS (SELECT 1 FROM gap))) THEN 'unknown'\n"
     "    WHEN started_ns <= :at THEN 'started' ELSE 'ready' END",
     "STATE", TT_UNIT_NONE, false},
    {"coroutine", "coroutine", "COROUTINE", TT_UNIT_NONE, true},
    {"host", "(SELECT p.host FROM processes AS p WHERE p.process_id = tasks.process_id)", "HOST", TT_UNIT_NONE, true},
    {"created", "created_at", "CREATED AT", TT_UNIT_NONE, true},
    {"by", "iif(above_id IS NULL, parent_text, NULL)", "BY", TT_UNIT_NONE, true},
    {"age", "coalesce(min(:at, created_ns + age_ns) - created_ns, age_ns)", "AGE", TT_UNIT_DURATION, false},
    {"for", "iif(:at IS NULL OR (coalesce(was, 'unknown') = 'unknown' AND wait_since_ns <= :at), wait_text, was_text)", "WAITING FOR",
     TT_UNIT_NONE, true},
    {"at", "iif(:at IS NULL OR (coalesce(was, 'unknown') = 'unknown' AND wait_since_ns <= :at), wait_at, was_at)", "WAITING AT", TT_UNIT_NONE,
     true},
    {"since",
     "iif(:at IS NULL OR (coalesce(was, 'unknown') = 'unknown' AND wait_since_ns <= :at), wait_since_ns, iif(was = 'waiting', was_ns, NULL))",
     "SINCE", TT_UNIT_INSTANT, false},
};

static const char *const durations[] = {"age_ns",  "busy_ns",         "ready_ns", "waiting_ns",
                                        "wait_ns", "longest_step_ns", NULL};

static const struct tt_listing tasks = {
    .view = "tasks",
    .key = "task_id",
    .columns = columns,
    .column_count = sizeof columns / sizeof *columns,
    .durations = durations,
    .begins = "created_ns",
    .ends = "coalesce(ended_ns, created_ns + age_ns)",
    .filter_columns = tt__task_columns,
    .filter_column_count = TT_TASK_COLUMN_COUNT,
};

/* What each task did at :at, as far as its steps tell. */
static const char was[] =
    "was AS MATERIALIZED (\n"
    "    SELECT task_id, state AS was, wait_kind AS was_kind, wait_object AS was_object, wait_text AS was_text,\n"
    "        wait_at AS was_at, from_ns AS was_ns\n"
    "    FROM instants WHERE at_ns = :at),\n";

/* What an id stands for that somebody waits for behind something else. */
#define KIND_OF(id)                                                                              \
    "CASE WHEN EXISTS (SELECT 1 FROM task AS x WHERE x.task_id = " id ") THEN 'task'\n"          \
    "        WHEN EXISTS (SELECT 1 FROM gather AS x WHERE x.gather_id = " id ") THEN 'gather'\n" \
    "        WHEN EXISTS (SELECT 1 FROM shield AS x WHERE x.shield_id = " id ") THEN 'shield' ELSE 'future' END"

/* Who waited for what at :at: as the view awaits, from what was then. */
static const char thing[] =
    "thing (task_id, kind, id) AS (\n"
    "    SELECT task_id, was_kind, was_object FROM was WHERE was = 'waiting'\n"
    "    UNION SELECT o.task_id, " KIND_OF(
        "c.future_id") ", c.future_id\n"
                       "    FROM thing AS o CROSS JOIN child AS c ON c.owner_id = o.id\n"
                       "    WHERE o.kind IN ('gather', 'wait', 'as_completed')\n"
                       "    UNION SELECT o.task_id, " KIND_OF(
                           "h.inner_id") ", h.inner_id\n"
                                         "    FROM thing AS o CROSS JOIN shield AS h ON h.shield_id = o.id WHERE "
                                         "o.kind = 'shield'\n"
                                         "    UNION SELECT o.task_id, 'task', m.task_id\n"
                                         "    FROM thing AS o CROSS JOIN scope_member AS m ON m.scope_id = o.id\n"
                                         "    WHERE o.kind = 'group' AND coalesce(m.added_ns <= :at, 1)),\n";

/* The edges: who stands above whom. As integers, because SQLite makes no index of its own over what has no type. */
static const char edge_parent[] =
    "    SELECT task_id, above_id FROM created UNION ALL SELECT task_id, above_id FROM linked";

/* What they are made of, of which one is large and is looked into, and the other one small: together they could only be scanned.
 * Whoever works for a task of another process stands below that one; where nobody does, there is nothing to be planned. */
static const char parts_of_parent[] =
    "linked AS MATERIALIZED (SELECT cause_id AS above_id, task_id FROM links WHERE cause_id IS NOT NULL),\n"
    "created AS NOT MATERIALIZED (\n"
    "    SELECT parent_id AS above_id, task_id FROM creations\n"
    "    WHERE parent_id IS NOT NULL AND task_id NOT IN (SELECT task_id FROM linked)),\n";
static const char parts_without_links[] =
    "linked (above_id, task_id) AS MATERIALIZED (SELECT NULL, NULL WHERE 0),\n"
    "created AS NOT MATERIALIZED (SELECT parent_id AS above_id, task_id FROM creations WHERE parent_id IS NOT NULL),\n";

static const char edge_await[] = "    SELECT DISTINCT CAST(task_id AS INTEGER) AS above_id, CAST(awaited_task_id AS "
                                 "INTEGER) AS task_id FROM awaits\n"
                                 "    WHERE awaited_task_id IS NOT NULL";

/* Where steps were not recorded, those waits are known that have not ended since. */
static const char edge_await_at[] =
    "    SELECT CAST(o.task_id AS INTEGER) AS above_id, CAST(o.id AS INTEGER) AS task_id\n"
    "    FROM thing AS o JOIN task AS t ON t.task_id = o.id\n"
    "    WHERE o.kind = 'task' AND coalesce(t.created_ns <= :at, 1)\n"
    "        AND coalesce(coalesce(t.ended_ns, t.abandoned_ns) > :at, 1)\n"
    "    UNION SELECT CAST(task_id AS INTEGER), CAST(awaited_task_id AS INTEGER) FROM awaits\n"
    "    WHERE awaited_task_id IS NOT NULL AND since_ns <= :at AND task_id NOT IN (SELECT task_id FROM was WHERE was <> 'unknown')";

/* Which tasks there are, of task_facts: what the view tasks has besides costs much to be planned, as often as those that are wanted
 * are mentioned below. */
static const char *const is_there[] = {
    [BY_PARENT] = "coalesce(f.created_ns <= :at AND coalesce(f.ended_ns > :at, f.until_ns >= :at OR f.created_ns IS NULL), 1)",
    [BY_AWAIT] = "iif(:at IS NULL, f.ended_ns IS NULL OR (f.outcome IS NULL AND f.abandoned_ns IS NOT NULL),\n"
                 "            f.created_ns <= :at AND coalesce(f.ended_ns > :at, f.until_ns >= :at))",
};

/* Where to look for them: not among tasks that lived at another time, or that have ended when only the others count. */
static const char *const is_near[] = {
    [BY_PARENT] = "coalesce(r.created_first_ns <= :at, 1) AND coalesce(r.ended_last_ns > :at, 1)",
    [BY_AWAIT] = "coalesce(r.created_first_ns <= :at, 1) AND coalesce(r.ended_last_ns > :at, 1)\n"
                 "        AND (:at IS NOT NULL OR f.task_id IN (SELECT a.task_id FROM task AS a WHERE a.outcome IS NULL))",
};

/* The task that was named, with those above and below it. */
static const char around[] =
    "above (task_id) AS (\n"
    "    SELECT :around UNION SELECT e.above_id FROM above CROSS JOIN edge AS e USING (task_id)),\n"
    "below (task_id) AS (\n"
    "    SELECT :around UNION SELECT e.task_id FROM below CROSS JOIN edge AS e ON e.above_id = below.task_id),\n"
    "around AS MATERIALIZED (SELECT task_id FROM above UNION SELECT task_id FROM below),\n";

/* Whether all edges are put together first: those that are walked downwards, or cost much. Else those are looked up that matter. */
static bool has_kept_edges(const struct tree_options *given)
{
    return given->by == BY_AWAIT || given->around != NULL;
}

/* The edges; in memory, with an index of SQLite's own, where they are walked downwards or cost much. */
static void write_edges(tt_draft *draft)
{
    const struct tree_options *given = draft->invocation->options;
    bool has_waits_then = given->by == BY_AWAIT && given->at != NULL;
    bool has_links = tt__query_count(draft->session, "SELECT EXISTS (SELECT 1 FROM link)") > 0;
    fprintf(draft->sql, "WITH RECURSIVE\n%s%s%s", was, has_waits_then ? thing : "",
            given->by != BY_PARENT ? "" : has_links ? parts_of_parent : parts_without_links);
    if (has_kept_edges(given))
        fprintf(draft->sql, "edge AS MATERIALIZED (\n%s),\n",
                given->by == BY_PARENT ? edge_parent
                : has_waits_then       ? edge_await_at
                                       : edge_await);
}

/* Whether tasks of one process work for those of another, and hang on two. */
static bool has_links(const tt_draft *draft)
{
    return tt__query_count(draft->session, "SELECT EXISTS (SELECT 1 FROM links WHERE cause_id IS NOT NULL)") != 0;
}

/* Whether all tasks of a forest are shown, in the order of their ids. */
static bool is_whole_forest(const tt_draft *draft)
{
    const struct tree_options *given = draft->invocation->options;
    const struct tt_listing_options *listing = &given->listing;
    return given->by == BY_PARENT && given->at == NULL && given->around == NULL && listing->filter == NULL &&
           listing->sort == NULL && listing->since == NULL && listing->until == NULL && !has_links(draft);
}

/* The part of the graph that is shown, when that is all: nothing is looked for. */
static const char whole_forest[] = "shown AS NOT MATERIALIZED (SELECT task_id, task_id AS rank FROM task),\n"
                                   "link AS MATERIALIZED (SELECT above_id, task_id, task_id AS rank FROM created),\n";

/* The part of the graph that is shown: those that were asked for, and whoever stands above them. */
static int write_choice(tt_draft *draft)
{
    const struct tree_options *given = draft->invocation->options;
    bool has_around = given->around != NULL, is_kept = has_kept_edges(given);
    write_edges(draft);
    if (is_whole_forest(draft)) {
        fputs(whole_forest, draft->sql);
        return -1;
    }
    fprintf(draft->sql,
            "%swanted AS MATERIALIZED (\n"
            "    SELECT f.task_id FROM task_ranges AS r CROSS JOIN task_facts AS f\n"
            "        ON f.task_id BETWEEN r.first_task_id AND r.last_task_id\n"
            "    WHERE %s\n        AND %s%s",
            has_around ? around : "", is_near[given->by], is_there[given->by],
            has_around ? "\n        AND f.task_id IN (SELECT x.task_id FROM around AS x)" : "");
    if (tt__draft_has_conditions(draft)) {
        fprintf(draft->sql, "\n        AND EXISTS (SELECT 1 FROM tasks WHERE tasks.task_id = f.task_id");
        tt__draft_add_conditions(draft);
        fprintf(draft->sql, ")");
    }
    fprintf(draft->sql,
            "),\n"
            "-- Whoever stands above those that are wanted is shown with them.\n"
            "above_them (task_id) AS (\n"
            "    SELECT task_id FROM wanted\n"
            "    UNION SELECT e.above_id FROM above_them CROSS JOIN %s AS e USING (task_id)%s%s),\n"
            "shown AS MATERIALIZED (\n"
            "    SELECT task_id, ",
            is_kept ? "edge" : "created",
            is_kept ? "" : "\n    UNION SELECT e.above_id FROM above_them CROSS JOIN linked AS e USING (task_id)",
            has_around ? " WHERE e.above_id IN (SELECT x.task_id FROM around AS x)" : "");
    if (draft->given->sort == NULL) {
        fprintf(draft->sql, "task_id AS rank FROM above_them),\n");
    } else {
        fprintf(draft->sql, "row_number() OVER (ORDER BY ");
        int status = tt__draft_add_order(draft);
        if (status >= 0)
            return status;
        fprintf(draft->sql, "task_id) AS rank FROM above_them CROSS JOIN tasks USING (task_id)),\n");
    }
    fprintf(draft->sql, "link AS MATERIALIZED (\n");
    for (int i = 0; i < (is_kept ? 1 : 2); i++)
        fprintf(draft->sql,
                "%s    SELECT e.above_id, e.task_id, c.rank FROM shown AS c CROSS JOIN %s AS e USING (task_id)\n"
                "    WHERE e.above_id IN (SELECT task_id FROM shown)",
                i > 0 ? "\n    UNION ALL\n" : "", is_kept ? "edge" : i == 0 ? "created" : "linked");
    fprintf(draft->sql, "),\n");
    return -1;
}

/* Who stands at the top, and below whom everybody is drawn: where a walk level by level finds it first. */
static const char roots[] =
    "free AS MATERIALIZED (SELECT task_id FROM shown EXCEPT SELECT task_id FROM link),\n"
    "reached (task_id) AS (\n"
    "    SELECT task_id FROM free UNION SELECT l.task_id FROM reached CROSS JOIN link AS l ON l.above_id = "
    "reached.task_id),\n"
    "-- Circles that nobody outside waits for hang on their smallest task.\n"
    "stuck AS MATERIALIZED (SELECT task_id FROM shown EXCEPT SELECT task_id FROM reached),\n"
    "way (task_id, end_id) AS (\n"
    "    SELECT above_id, task_id FROM link WHERE above_id IN (SELECT task_id FROM stuck)\n"
    "    UNION SELECT w.task_id, l.task_id FROM way AS w CROSS JOIN link AS l ON l.above_id = w.end_id),\n"
    "ways AS MATERIALIZED (SELECT task_id, end_id FROM way),\n"
    "root AS MATERIALIZED (\n"
    "    SELECT task_id FROM free\n"
    "    UNION ALL SELECT s.task_id FROM stuck AS s WHERE NOT EXISTS (\n"
    "        SELECT 1 FROM ways AS w WHERE w.end_id = s.task_id AND (w.task_id < s.task_id\n"
    "            OR NOT EXISTS (SELECT 1 FROM ways AS b WHERE b.task_id = s.task_id AND b.end_id = w.task_id)))),\n"
    "found (above_id, task_id) AS (\n"
    "    SELECT NULL, task_id FROM root\n"
    "    UNION SELECT l.above_id, l.task_id FROM found AS f CROSS JOIN link AS l ON l.above_id = f.task_id),\n"
    "numbered AS MATERIALIZED (SELECT above_id, task_id, row_number() OVER () AS number FROM found),\n"
    "home AS MATERIALIZED (SELECT task_id, above_id, min(number) AS number FROM numbered GROUP BY task_id),\n";

/* The same of tasks that hang on those that created them, and on nothing else: whoever created a task is older, so that there are no
 * circles, and each has one place. Nobody walks to find it: there may be very many. */
static const char whole_forest_roots[] = "root AS MATERIALIZED (SELECT task_id FROM creations WHERE parent_id IS NULL),\n";
static const char forest_roots[] =
    "root AS MATERIALIZED (SELECT task_id FROM shown EXCEPT SELECT task_id FROM link),\n";

/* The walk, in the order in which it is printed: deeper ones first, so that children follow their parent. The limit stands
 * in it, also when there is none (-1): SQLite drops the order of a part that has no limit. */
static void write_walk(tt_draft *draft)
{
    uint64_t limit = draft->given->limit;
    if (limit == UINT64_MAX)
        limit = tt__draft_is_data(draft) ? 0 : SCREEN_MAX;
    const struct tree_options *given = draft->invocation->options;
    bool is_forest = given->by == BY_PARENT && !has_links(draft);
    fprintf(draft->sql,
            "%s"
            "walk (task_id, above_id, depth, rank, is_again) AS (\n"
            "    SELECT task_id, NULL, 0, rank, 0 FROM root JOIN shown USING (task_id)\n"
            "    UNION ALL\n"
            "    SELECT l.task_id, l.above_id, w.depth + 1, l.rank, %s\n"
            "    FROM walk AS w CROSS JOIN link AS l ON l.above_id = w.task_id%s\n"
            "    WHERE NOT w.is_again\n"
            "    ORDER BY 3 DESC, 4 LIMIT %" PRId64 ")\n",
            is_whole_forest(draft) ? whole_forest_roots
            : is_forest            ? forest_roots
                                   : roots,
            is_forest ? "0" : "h.above_id IS NOT l.above_id",
            is_forest ? "" : " CROSS JOIN home AS h ON h.task_id = l.task_id",
            limit > 0 && limit < INT64_MAX ? (int64_t)limit : -1);
}

/* What a task is called where it is drawn. */
static const char select_task[] = "id_text || coalesce(' \"' || name || '\"', '') || iif(is_again, ' (again)', '')";

static int write_query(tt_draft *draft)
{
    const struct tree_options *given = draft->invocation->options;
    bool is_data = tt__draft_is_data(draft);
    int status = write_choice(draft);
    if (status >= 0)
        return status;
    write_walk(draft);
    status = tt__draft_add(draft, "depth", (struct tt_column){"depth", "DEPTH", TT_UNIT_DEPTH, false});
    if (status < 0 && !is_data)
        status = tt__draft_add(draft, select_task, (struct tt_column){"task", "TASK", TT_UNIT_NONE, true});
    if (status < 0 && is_data)
        status = tt__draft_add(draft, "is_again", (struct tt_column){"is_again", "AGAIN", TT_UNIT_NONE, false});
    if (status < 0)
        status = tt__draft_add_columns(
            draft, is_data ? tt__draft_choose_columns(draft, data_columns, host_data_columns)
                           : tt__draft_choose_columns(draft, screen_columns[given->by], host_screen_columns[given->by]));
    fprintf(draft->sql, "\nFROM walk CROSS JOIN tasks USING (task_id) LEFT JOIN was USING (task_id)");
    return status;
}

/* ------------------------------------------------------------------------------------------------- circles */

#define CYCLE_COLUMNS                                                                  \
    "SELECT c.cycle_id, c.position, c.task_count, c.wait_at, c.broken_ns, l.label,\n"  \
    "    (SELECT x.label FROM task_labels AS x WHERE x.task_id = c.awaited_id) AS awaited\n"

#define IS_AROUND                                                                                                    \
    "(:around IS NULL OR EXISTS (SELECT 1 FROM cycle AS x WHERE x.cycle_id = c.cycle_id AND x.task_id = :around))\n"

static const char select_cycles[] =
    "WITH cycle AS MATERIALIZED (SELECT * FROM await_cycles WHERE broken_ns IS NULL)\n" CYCLE_COLUMNS
    "FROM cycle AS c JOIN task_labels AS l USING (task_id)\n"
    "WHERE NOT EXISTS (SELECT 1 FROM cycle AS x WHERE x.cycle_id = c.cycle_id AND x.since_ns > :at)\n"
    "    AND " IS_AROUND "ORDER BY c.cycle_id, c.position";

/* Circles that a cancellation broke after :at, and that were there then: each task of them waited for the same then, as its steps tell. */
static const char select_broken_cycles[] =
    "WITH was AS MATERIALIZED (\n"
    "    SELECT task_id, wait_kind, wait_object FROM instants WHERE at_ns = :at AND state = 'waiting'),\n"
    "cycle AS MATERIALIZED (\n"
    "    SELECT k.*, EXISTS (SELECT 1 FROM was AS w WHERE w.task_id = k.task_id AND w.wait_kind = k.wait_kind\n"
    "        AND w.wait_object IS k.wait_object) AS was_there\n"
    "    FROM await_cycles AS k WHERE k.broken_ns > :at)\n" CYCLE_COLUMNS
    "FROM cycle AS c JOIN task_labels AS l USING (task_id)\n"
    "WHERE NOT EXISTS (SELECT 1 FROM cycle AS x\n"
    "        WHERE x.cycle_id = c.cycle_id AND x.broken_ns = c.broken_ns AND NOT x.was_there)\n"
    "    AND " IS_AROUND "ORDER BY c.cycle_id, c.broken_ns, c.position";

static void print_cycle_heading(tt_query *query, tt_output *output, bool is_data)
{
    char broken[TT_DURATION_BYTES];
    int64_t task_count = tt__query_integer(query, "task_count");
    bool is_broken = !tt__query_is_null(query, "broken_ns");
    tt__print_own(output, is_data ? "telltale: " : "\n");
    tt__style(output, TT_STYLE_FAILURE);
    if (task_count == 1)
        tt__print(output, is_broken ? "CIRCLE: a task waited for itself" : "CIRCLE: a task waits for itself");
    else
        tt__print(output, is_broken ? "CIRCLE: %jd tasks waited for one another" : "CIRCLE: %jd tasks wait for one another",
                  (intmax_t)task_count);
    tt__text_instant(broken, tt__query_integer(query, "broken_ns"));
    if (is_broken)
        tt__print(output, ", until a cancellation broke the circle at %s\n", broken);
    else
        tt__print(output, ", and cannot go on\n");
    tt__style(output, TT_STYLE_PLAIN);
}

static void print_cycles_of(tt_draft *draft, const char *sql)
{
    bool is_data = tt__draft_is_data(draft);
    tt_output *output = is_data ? &draft->invocation->messages : &draft->invocation->output;
    tt_query *query = tt__query_open(draft->session, sql);
    for (size_t i = 0; i < draft->value_count; i++)
        tt__query_bind_named(query, draft->values[i].name, draft->values[i].value);
    while (tt__query_next(query)) {
        if (tt__query_integer(query, "position") == 0)
            print_cycle_heading(query, output, is_data);
        tt__print(output, tt__query_is_null(query, "broken_ns") ? "  %s waits for %s" : "  %s waited for %s",
                  tt__query_text(query, "label"), tt__query_text(query, "awaited"));
        if (!tt__query_is_null(query, "wait_at"))
            tt__print(output, " at %s", tt__query_text(query, "wait_at"));
        tt__print(output, "\n");
    }
    tt__query_close(query);
}

/* Tasks that wait for one another cannot go on: said behind the tree, on the screen, or beside the data. */
static void print_cycles(tt_draft *draft)
{
    const struct tree_options *given = draft->invocation->options;
    print_cycles_of(draft, select_cycles);
    if (given->at != NULL && tt__query_count(draft->session, "SELECT EXISTS (SELECT 1 FROM cycle_member)") > 0)
        print_cycles_of(draft, select_broken_cycles);
}

static const char count_unknown[] =
    "SELECT count(*) AS count\n"
    "FROM task_ranges AS r CROSS JOIN task AS t ON t.task_id BETWEEN r.first_task_id AND r.last_task_id\n"
    "WHERE coalesce(r.created_first_ns <= :at, 1) AND coalesce(r.ended_last_ns > :at, 1)\n"
    "    AND t.started_ns <= :at AND coalesce(coalesce(t.ended_ns, t.abandoned_ns) > :at, 1)\n"
    "    AND t.task_id NOT IN (SELECT i.task_id FROM instant AS i WHERE i.at_ns = :at)\n"
    "    AND t.task_id NOT IN (SELECT b.task_id FROM board AS b WHERE b.since_ns <= :at)";

/* Tasks whose steps were not recorded: whether they ran or waited then is not known. */
static void say_what_is_unknown(tt_draft *draft)
{
    tt_query *query = tt__query_open(draft->session, count_unknown);
    tt__query_bind_named(query, ":at", draft->values[0].value);
    int64_t count = tt__query_next(query) ? tt__query_integer(query, "count") : 0;
    tt__query_close(query);
    if (count > 0)
        tt__complain("tree: what %jd %s did then was not recorded; to have it: telltale record --events +step",
                     TT_COUNTED(count, "task"));
}

static int print(tt_draft *draft)
{
    const struct tree_options *given = draft->invocation->options;
    int status = tt__draft_print(draft);
    if (draft->given->limit == UINT64_MAX && !tt__draft_is_data(draft) && draft->row_count == SCREEN_MAX)
        tt__complain("tree: these are the first %d; --limit 0 shows all of them", SCREEN_MAX);
    /* What went wrong once is said once, and nothing is concluded from what was not read. */
    bool is_whole = !tt__session_has_failed(draft->session);
    if (given->by == BY_AWAIT && is_whole) {
        print_cycles(draft);
        if (draft->row_count == 0)
            tt__complain("tree: no task waits; --by parent shows all tasks");
    }
    if (given->at != NULL && is_whole)
        say_what_is_unknown(draft);
    tt__losses_say(draft->session, &draft->invocation->messages);
    return status;
}

static int run(struct tt_invocation *invocation)
{
    const struct tree_options *given = invocation->options;
    tt_draft draft;
    int64_t at_ns = 0, around_id = 0;
    int status = tt__draft_open(&draft, invocation, &tasks, &given->listing);
    if (status >= 0)
        return status;
    status = tt__moment_find_inside(draft.session, invocation->command, "at", given->at, &at_ns);
    if (status < 0 && given->around != NULL)
        status = tt__task_argument_find(invocation, draft.session, given->around, &around_id);
    if (status < 0)
        status = write_query(&draft);
    if (status < 0) {
        if (given->at != NULL)
            tt__draft_bind(&draft, ":at", at_ns);
        if (given->around != NULL)
            tt__draft_bind(&draft, ":around", around_id);
        status = print(&draft);
    }
    return tt__draft_close(&draft, status);
}

const struct tt_command tt__command_tree = {
    .name = "tree",
    .usage = "[OPTION...] STORE",
    .summary = "who created whom, or who waits for whom, at the end or at an instant",
    .details =
        "Columns: id, name, parent, host, state, coroutine, created, by, age, for, at, since; and those of the view tasks.\n",
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .defaults = &defaults,
    .options_bytes = sizeof(struct tree_options),
    .arguments_min = 1,
    .arguments_max = 1,
    .is_reader = true,
    .is_query = true,
    .can_follow = true,
    .run = run,
};
