/* cmd_timeline.c: telltale timeline: the lives of tasks as bars, one below the other, over one axis of time.
 *
 * What is here: the query, and how its rows are drawn. In which cell of a bar something lies is computed by the query; what
 * happened when is in the view tasks. A bar in utf-8 and in ASCII:
 *
 *   ┄┄┄━━━━━━▽━━✗     ...======c==X     created, began to run, was asked to be cancelled, failed
 */
#include "draft.h"
#include "losses.h"
#include "moment.h"
#include "output/text.h"
#include "report.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

/* Columns of a screen that is no terminal; bars that are shorter than the least say nothing. */
#define WIDTH_DEFAULT 80
#define WIDTH_MIN     50
#define WIDTH_MAX     1000

/* What stands beside the bar: the task before it, its shares of time behind it. */
#define LABEL_WIDTH  22
#define SHARES_WIDTH 15

struct timeline_options {
    struct tt_listing_options listing; /* first: draft.h takes it */
    uint64_t width;
};

#define OFFSET(field) offsetof(struct timeline_options, field)

static const struct tt_option options[] = {
    {0, "since", TT_OPTION_TEXT, "TIME", "where the axis begins: 12.3s, 50%, -1s, 2026-01-31T12:00:00Z",
     OFFSET(listing.since), NULL},
    {0, "until", TT_OPTION_TEXT, "TIME", "where it ends", OFFSET(listing.until), NULL},
    {'f', "filter", TT_OPTION_TEXT, "SQL", "only tasks for which this holds: \"outcome = 'failed'\"",
     OFFSET(listing.filter), NULL},
    {'s', "sort", TT_OPTION_TEXT, "LIST", "columns to sort by, if not by creation; -NAME: greatest first",
     OFFSET(listing.sort), NULL},
    {'n', "limit", TT_OPTION_NUMBER, "N", "at most so many", OFFSET(listing.limit), NULL},
    {'w', "width", TT_OPTION_COUNT, "COLUMNS", "of the screen; if not given the terminal's, else 80", OFFSET(width),
     NULL},
    {'C', "columns", TT_OPTION_TEXT, "LIST", "columns of data formats: any of the view tasks", OFFSET(listing.columns),
     NULL},
    {0, "format", TT_OPTION_WORD, "FORMAT", "table (the bars), json, ndjson or csv", OFFSET(listing.format),
     tt__format_words},
    {0, "json", TT_OPTION_FLAG, NULL, "the same as --format json", OFFSET(listing.is_json), NULL},
};

static const struct tt_listing_column columns[] = {
    {"id", "id_text", "ID", TT_UNIT_NONE, false},
    {"duration", "age_ns", "DURATION", TT_UNIT_DURATION, false},
};

static const char *const durations[] = {"age_ns", NULL};

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

static const char data_columns[] =
    "id,name,outcome,coroutine,created_ns,started_ns,ended_ns,age_ns,busy_ns,ready_ns,waiting_ns";

/* --------------------------------------------------------------------------------------------------- signs */

enum sign {
    SIGN_NONE,
    SIGN_CREATED,
    SIGN_ALIVE,
    SIGN_RUNNING,
    SIGN_READY,
    SIGN_WAITING,
    SIGN_ASKED,
    SIGN_RETURNED,
    SIGN_FAILED,
    SIGN_CANCELLED,
    SIGN_ABANDONED,
    SIGN_PENDING,
    SIGN_UNKNOWN,
    SIGNS
};

static const struct {
    const char *utf8, *ascii;
    enum tt_style style;
    const char *meaning; /* in the legend */
} signs[SIGNS] = {
    [SIGN_NONE] = {" ", " ", TT_STYLE_PLAIN, NULL},
    [SIGN_CREATED] = {"┄", ".", TT_STYLE_FAINT, "not begun"},
    [SIGN_ALIVE] = {"━", "=", TT_STYLE_PLAIN, "alive"},
    [SIGN_RUNNING] = {"█", "#", TT_STYLE_PLAIN, "mostly running"},
    [SIGN_READY] = {"▒", "+", TT_STYLE_WARNING, "mostly waiting for its turn"},
    [SIGN_WAITING] = {"─", "-", TT_STYLE_FAINT, "waiting"},
    [SIGN_ASKED] = {"▽", "c", TT_STYLE_WARNING, "asked to be cancelled"},
    [SIGN_RETURNED] = {"┫", "|", TT_STYLE_GOOD, "returned"},
    [SIGN_FAILED] = {"✗", "X", TT_STYLE_FAILURE, "failed"},
    [SIGN_CANCELLED] = {"⊗", "C", TT_STYLE_WARNING, "cancelled"},
    [SIGN_ABANDONED] = {"†", "!", TT_STYLE_FAILURE, "destroyed while pending"},
    [SIGN_PENDING] = {">", ">", TT_STYLE_PLAIN, "pending"},
    [SIGN_UNKNOWN] = {"?", "?", TT_STYLE_WARNING, "unknown"},
};

static enum sign sign_of_end(const char *outcome)
{
    static const struct {
        const char *outcome;
        enum sign sign;
    } ends[] = {{"returned", SIGN_RETURNED},
                {"failed", SIGN_FAILED},
                {"cancelled", SIGN_CANCELLED},
                {"abandoned", SIGN_ABANDONED},
                {"pending", SIGN_PENDING}};
    for (size_t i = 0; outcome != NULL && i < sizeof ends / sizeof *ends; i++)
        if (strcmp(ends[i].outcome, outcome) == 0)
            return ends[i].sign;
    return SIGN_UNKNOWN;
}

static void print_sign(tt_output *output, enum sign sign)
{
    tt__style(output, signs[sign].style);
    tt__print_own(output, tt__output_is_utf8() ? signs[sign].utf8 : signs[sign].ascii);
    tt__style(output, TT_STYLE_PLAIN);
}

/* What the signs mean that were printed. */
static void print_legend(tt_output *output, const bool *is_used)
{
    const char *between = "\n";
    for (int sign = SIGN_CREATED; sign < SIGNS; sign++)
        if (is_used[sign]) {
            tt__print_own(output, between);
            print_sign(output, (enum sign)sign);
            tt__print(output, " %s", signs[sign].meaning);
            between = "  ";
        }
    tt__print(output, "\n");
}

/* ---------------------------------------------------------------------------------------------------- bars */

struct axis {
    int64_t from_ns, until_ns;
    int cells;
};

/* Prints TEXT, escaped, in exactly WIDTH columns: cut, or padded. */
static void print_label(tt_output *output, const char *text, int width)
{
    char *escaped = NULL;
    size_t size = 0;
    int used = 0;
    FILE *memory = open_memstream(&escaped, &size);
    if (memory == NULL)
        return;
    tt__text_escape(memory, text, strlen(text), 0, TT_TEXT_KEEP_NOTHING);
    fclose(memory);
    mbstate_t state = {0};
    for (const char *at = escaped; at != NULL && *at != '\0';) {
        wchar_t character = 0;
        size_t bytes = mbrtowc(&character, at, strlen(at), &state);
        int columns_of_it = bytes > 0 && bytes < (size_t)-2 ? wcwidth(character) : -1;
        if (columns_of_it < 0 || used + columns_of_it > width)
            break;
        fwrite(at, 1, bytes, output->stream);
        used += columns_of_it;
        at += bytes;
    }
    tt__print(output, "%*s", width - used, "");
    free(escaped);
}

static void put(enum sign *bar, const struct axis *axis, int64_t cell, enum sign sign)
{
    if (cell >= 0 && cell < axis->cells)
        bar[cell] = sign;
}

/* Cells of a list, separated by commas: their numbers, behind which r (running), q (ready) or w (waiting) stands, or nothing. */
static void put_list(enum sign *bar, const struct axis *axis, const char *list)
{
    for (char *end = NULL; list != NULL && *list != '\0'; list = *end == ',' ? end + 1 : end) {
        int64_t cell = strtoll(list, &end, 10);
        if (end == list)
            return;
        if (*end != 'w')
            put(bar, axis, cell, *end == 'r' ? SIGN_RUNNING : *end == 'q' ? SIGN_READY : SIGN_ASKED);
        else if (cell >= 0 && cell < axis->cells && (bar[cell] == SIGN_ALIVE || bar[cell] == SIGN_UNKNOWN))
            bar[cell] = SIGN_WAITING;
        end += *end == 'r' || *end == 'q' || *end == 'w';
    }
}

static void draw(tt_query *query, enum sign *bar, const struct axis *axis)
{
    int64_t created = tt__query_integer(query, "created_cell");
    int64_t last = tt__query_integer(query, "last_cell");
    int64_t known = tt__query_is_null(query, "known_cell") ? last + 1 : tt__query_integer(query, "known_cell");
    int64_t started = tt__query_is_null(query, "started_cell") ? last + 1 : tt__query_integer(query, "started_cell");
    int64_t dark = tt__query_is_null(query, "dark_cell") ? last + 1 : tt__query_integer(query, "dark_cell");
    enum sign alive = tt__query_integer(query, "is_whole") != 0 ? SIGN_WAITING : SIGN_ALIVE;
    enum sign before_start = tt__query_integer(query, "had_begun") != 0 ? alive : SIGN_CREATED;
    memset(bar, 0, (size_t)axis->cells * sizeof *bar);
    for (int64_t cell = created > 0 ? created : 0; cell <= last && cell < axis->cells; cell++)
        bar[cell] = cell < known || cell >= dark ? SIGN_UNKNOWN : cell < started ? before_start : alive;
    put_list(bar, axis, tt__query_text(query, "busy_cells"));
    put_list(bar, axis, tt__query_text(query, "asked_cells"));
    put(bar, axis, last, sign_of_end(tt__query_text(query, "outcome")));
}

static void print_share(tt_query *query, tt_output *output, const char *column)
{
    if (tt__query_is_null(query, column))
        tt__print(output, "    -");
    else
        tt__print(output, "%4jd%%", (intmax_t)tt__query_integer(query, column));
}

static int print_bars(tt_query *query, tt_output *output, const struct axis *axis)
{
    bool is_used[SIGNS] = {false};
    enum sign *bar = calloc((size_t)axis->cells, sizeof *bar);
    if (bar == NULL) {
        tt__complain("not enough memory for a line of %d columns", axis->cells);
        return TT_EXIT_OUTSIDE;
    }
    while (tt__query_next(query)) {
        draw(query, bar, axis);
        print_label(output, tt__query_text(query, "label"), LABEL_WIDTH - 1);
        tt__print(output, " ");
        for (int i = 0; i < axis->cells; i++) {
            print_sign(output, bar[i]);
            is_used[bar[i]] = true;
        }
        print_share(query, output, "busy_share");
        print_share(query, output, "ready_share");
        print_share(query, output, "waiting_share");
        tt__print(output, "\n");
    }
    print_legend(output, is_used);
    free(bar);
    return TT_EXIT_CLEAN;
}

/* The unit in which all of an axis is labelled, as durations are: that of its greatest number. */
struct scale {
    const char *unit;
    int64_t unit_ns;
    int decimals;
};

/* With as many decimals as tell one tick from the next, which is STEP_NS later; but never less than a nanosecond. */
static struct scale find_scale(const struct axis *axis, int64_t step_ns)
{
    static const struct {
        struct scale scale;
        int decimals_max;
    } scales[] = {
        {{"s", 1000000000, 3}, 9},
        {{"ms", 1000000, 1}, 6},
        {{"us", 1000, 1}, 3},
        {{"ns", 1, 0}, 0},
    };
    int64_t greatest_ns = axis->until_ns > -axis->from_ns ? axis->until_ns : -axis->from_ns;
    size_t found = 0;
    while (found + 1 < sizeof scales / sizeof *scales && greatest_ns < scales[found].scale.unit_ns)
        found++;
    struct scale scale = scales[found].scale;
    int64_t least_ns = scale.unit_ns;
    for (int i = 0; i < scale.decimals; i++)
        least_ns /= 10;
    for (; step_ns > 0 && least_ns > step_ns && scale.decimals < scales[found].decimals_max; scale.decimals++)
        least_ns /= 10;
    return scale;
}

static void write_tick(char out_text[TT_DURATION_BYTES], int64_t instant_ns, const struct scale *scale)
{
    snprintf(out_text, TT_DURATION_BYTES, "%.*f %s", scale->decimals, (double)instant_ns / (double)scale->unit_ns,
             scale->unit);
}

static void print_axis(tt_output *output, const struct axis *axis)
{
    char from[TT_DURATION_BYTES], middle[TT_DURATION_BYTES], until[TT_DURATION_BYTES];
    int64_t step_ns = (axis->until_ns - axis->from_ns) / 2;
    struct scale scale = find_scale(axis, step_ns);
    write_tick(from, axis->from_ns, &scale);
    write_tick(middle, axis->from_ns + step_ns, &scale);
    write_tick(until, axis->until_ns, &scale);
    int rest = axis->cells - (int)strlen(from) - (int)strlen(middle) - (int)strlen(until);
    tt__style(output, TT_STYLE_BOLD);
    if (rest >= 2)
        tt__print(output, "%-*s%s%*s%s%*s%s", LABEL_WIDTH, "TASK", from, rest / 2, "", middle, rest - rest / 2, "",
                  until);
    else if (axis->cells > (int)strlen(from) + (int)strlen(until))
        tt__print(output, "%-*s%s%*s", LABEL_WIDTH, "TASK", from, axis->cells - (int)strlen(from), until);
    else
        tt__print(output, "%-*s%-*s", LABEL_WIDTH, "TASK", axis->cells, from);
    tt__print(output, "  RUN  RDY WAIT\n");
    tt__style(output, TT_STYLE_PLAIN);
}

/* --------------------------------------------------------------------------------------------------- query */

/* clang-format off */

/* Cells are numbered from 0; what lies outside of the axis has a number outside of them. */
#define CELL(instant) \
    "CAST((" instant " - :from) * 1.0 * :cells / (:until + 1 - :from) AS INTEGER) - (" instant " < :from)"

/* Since when a task of which the creation was not recorded is known: it was told again, or began. */
#define KNOWN \
    "(SELECT coalesce(min(k.dumped_ns, k.started_ns), k.dumped_ns, k.started_ns) FROM task AS k WHERE k.task_id = tasks.task_id)"

/* From when on an event about the end of a task may be missing: behind the last that is known of it. */
#define SURE "coalesce(tasks.started_ns, tasks.created_ns, " KNOWN ")"
#define DARK \
    "(SELECT coalesce(min(max(coalesce(g.from_ns, " SURE "), " SURE ")), " SURE ") FROM gap AS g\n" \
    "         WHERE g.is_vital AND g.thread_id >> 40 = tasks.task_id >> 40 AND coalesce(g.to_ns >= " SURE ", 1))"

/* The tasks that are shown, of which there may be few among very many; what is told of them is looked up afterwards. A limit also keeps
 * SQLite from forgetting the order. */
static const char select_places[] =
    "WITH RECURSIVE\n"
    "picked AS MATERIALIZED (\n"
    "    SELECT task_id, row_number() OVER () AS place FROM (SELECT task_id FROM tasks\n    WHERE 1";

static const char select_chosen[] =
    ")),\n"
    "chosen AS MATERIALIZED (\n"
    "    SELECT task_id, place, id_text || coalesce(' \"' || name || '\"', '') AS label, outcome,\n"
    "        coalesce(" CELL("created_ns") ", 0) AS created_cell,\n"
    "        iif(created_ns IS NULL, " CELL(KNOWN) ", -1) AS known_cell,\n"
    "        " CELL("started_ns") " AS started_cell,\n"
    "        started_ns IS NULL AND coalesce(step_count > 0, EXISTS (SELECT 1 FROM gap)) AS had_begun,\n"
    "        created_ns AS from_ns, coalesce(ended_ns, created_ns + age_ns) AS to_ns,\n"
    "        iif(outcome = 'unknown', " CELL(DARK) ", NULL) AS dark_cell,\n"
    "        coalesce(" CELL("coalesce(ended_ns, created_ns + age_ns)") ", :cells - 1) AS last_cell,\n"
    "        CAST(round(busy_ns * 100.0 / nullif(age_ns, 0)) AS INTEGER) AS busy_share,\n"
    "        CAST(round(ready_ns * 100.0 / nullif(age_ns, 0)) AS INTEGER) AS ready_share,\n"
    "        CAST(round(waiting_ns * 100.0 / nullif(age_ns, 0)) AS INTEGER) AS waiting_share\n"
    "    FROM picked CROSS JOIN tasks USING (task_id)";

/* clang-format on */

/* The sign before task_id keeps SQLite from going through all steps once for each task.
 *
 * Of tasks that were traced step by step, the cells of which the greater part was spent running ("4r") or ready ("5q"); in the rest they
 * waited. Where steps may not be there, the rest is not known: then also the cells of which all is known ("6w"). */
static const char select_cells[] =
    "),\n"
    "cell (n, from_ns, to_ns) AS (\n"
    "    SELECT 0, :from, :from + (:until + 1 - :from) * 1.0 / :cells\n"
    "    UNION ALL SELECT n + 1, to_ns, :from + (:until + 1 - :from) * 1.0 * (n + 2) / :cells FROM cell WHERE n + 1 < "
    ":cells),\n"
    "cells AS MATERIALIZED (SELECT * FROM cell),\n"
    "phase AS MATERIALIZED (\n"
    "    SELECT task_id, state, from_ns, coalesce(until_ns, dark_ns, :until) AS until_ns FROM phases\n"
    "    WHERE from_ns <= :until AND coalesce(until_ns >= :from, 1) AND +task_id IN (SELECT task_id FROM chosen)),\n"
    "part AS (\n"
    "    SELECT p.task_id, c.n, c.from_ns, c.to_ns, c.to_ns - c.from_ns AS whole_ns,\n"
    "        sum(min(p.until_ns, c.to_ns) - max(p.from_ns, c.from_ns)) AS known_ns,\n"
    "        sum(iif(p.state = 'running', min(p.until_ns, c.to_ns) - max(p.from_ns, c.from_ns), 0)) AS run_ns,\n"
    "        max(p.state = 'waiting') AS has_wait,\n"
    "        sum(iif(p.state = 'ready', min(p.until_ns, c.to_ns) - max(p.from_ns, c.from_ns), 0)) AS ready_ns\n"
    "    FROM phase AS p CROSS JOIN cells AS c ON p.from_ns < c.to_ns AND p.until_ns > c.from_ns\n";

static const char select_busy[] = "    WHERE p.state <> 'waiting' GROUP BY 1, 2),\n"
                                  "busy AS MATERIALIZED (\n"
                                  "    SELECT task_id, group_concat(n || iif(run_ns >= ready_ns, 'r', 'q')) AS cells\n"
                                  "    FROM part WHERE max(run_ns, ready_ns) * 2 >= whole_ns GROUP BY task_id),\n";

static const char select_known[] =
    "    GROUP BY 1, 2),\n"
    "busy AS MATERIALIZED (\n"
    "    SELECT p.task_id,\n"
    "        group_concat(p.n || iif(max(p.run_ns, p.ready_ns) * 2 < p.whole_ns, 'w', "
    "iif(p.run_ns >= p.ready_ns, 'r', 'q'))) AS cells\n"
    "    FROM part AS p JOIN chosen AS c USING (task_id)\n"
    "    WHERE max(p.run_ns, p.ready_ns) * 2 >= p.whole_ns\n"
    "        OR p.has_wait AND p.known_ns + 1 >= min(p.to_ns, coalesce(c.to_ns, p.to_ns)) - "
    "max(p.from_ns, coalesce(c.from_ns, p.from_ns))\n"
    "    GROUP BY p.task_id),\n";

static const char select_bars[] =
    "traced AS MATERIALIZED (SELECT DISTINCT task_id FROM phase)\n"
    "SELECT c.*, b.cells AS busy_cells, t.task_id IS NOT NULL AND NOT :has_holes AS is_whole,\n"
    "    (SELECT group_concat(" CELL(
        "a.requested_ns") ") FROM cancellation AS a\n"
                          "     WHERE a.task_id = c.task_id AND a.is_accepted) AS asked_cells\n"
                          "FROM chosen AS c LEFT JOIN busy AS b ON b.task_id = c.task_id LEFT JOIN traced AS t ON "
                          "t.task_id = c.task_id\n"
                          "ORDER BY c.place";

static void write_limit(tt_draft *draft)
{
    if (draft->given->limit > 0)
        fprintf(draft->sql, "\nLIMIT %" PRIu64, draft->given->limit);
}

static int write_data_query(tt_draft *draft)
{
    int status = tt__draft_add_columns(draft, data_columns);
    if (status >= 0)
        return status;
    fprintf(draft->sql, "\nFROM tasks\nWHERE 1");
    tt__draft_add_conditions(draft);
    fprintf(draft->sql, "ORDER BY ");
    status = tt__draft_add_order(draft);
    fprintf(draft->sql, "created_ns, task_id");
    write_limit(draft);
    return status;
}

/* Whether steps may not be there that were to be. */
static bool has_holes(const tt_draft *draft)
{
    return tt__query_count(draft->session, "SELECT EXISTS (SELECT 1 FROM gap) OR EXISTS (SELECT 1 FROM selections)") !=
           0;
}

static int write_screen_query(tt_draft *draft)
{
    fprintf(draft->sql, "%s", select_places);
    tt__draft_add_conditions(draft);
    fprintf(draft->sql, "ORDER BY ");
    int status = tt__draft_add_order(draft);
    fprintf(draft->sql, "created_ns, task_id LIMIT %" PRId64,
            draft->given->limit > 0 ? (int64_t)draft->given->limit : INT64_C(-1));
    fprintf(draft->sql, "%s%s%s%s", select_chosen, select_cells, has_holes(draft) ? select_known : select_busy, select_bars);
    return status;
}

/* The axis goes over the whole recording, as far as the user did not say otherwise. */
static int find_axis(tt_draft *draft, struct axis *out_axis)
{
    const struct timeline_options *given = draft->invocation->options;
    struct tt_moment_frame frame = tt__moment_frame(draft->session);
    size_t terminal = draft->invocation->output.width;
    uint64_t width = given->width != 0 ? given->width : terminal > WIDTH_MIN ? terminal : WIDTH_DEFAULT;
    if (width < WIDTH_MIN || width > WIDTH_MAX)
        return tt__usage_error(draft->invocation->command, "--width wants a number from %d to %d", WIDTH_MIN,
                               WIDTH_MAX);
    out_axis->cells = (int)width - LABEL_WIDTH - SHARES_WIDTH;
    out_axis->from_ns = draft->since_ns > INT64_MIN ? draft->since_ns : frame.began_ns;
    out_axis->until_ns = draft->until_ns < INT64_MAX ? draft->until_ns : frame.ended_ns;
    if (out_axis->until_ns < out_axis->from_ns)
        return tt__usage_error(draft->invocation->command,
                               "--since lies behind --until, or behind the end of the recording");
    return -1;
}

static int print_screen(tt_draft *draft, const struct axis *axis)
{
    int status = TT_EXIT_CLEAN;
    tt_output *output = &draft->invocation->output;
    tt__draft_bind(draft, ":from", axis->from_ns);
    tt__draft_bind(draft, ":until", axis->until_ns);
    tt__draft_bind(draft, ":cells", axis->cells);
    tt__draft_bind(draft, ":has_holes", has_holes(draft));
    tt_query *query = tt__draft_query(draft, &status);
    if (query == NULL)
        return status;
    print_axis(output, axis);
    status = print_bars(query, output, axis);
    tt__query_close(query);
    return status;
}

static int run(struct tt_invocation *invocation)
{
    const struct timeline_options *given = invocation->options;
    struct axis axis = {0};
    tt_draft draft;
    int status = tt__draft_open(&draft, invocation, &tasks, &given->listing);
    if (status >= 0)
        return status;
    status = find_axis(&draft, &axis);
    if (status < 0 && given->listing.columns != NULL && !tt__draft_is_data(&draft))
        status = tt__usage_error(invocation->command, "--columns is for data formats; add --format csv");
    if (status < 0)
        status = tt__draft_is_data(&draft) ? write_data_query(&draft) : write_screen_query(&draft);
    if (status < 0) {
        status = tt__draft_is_data(&draft) ? tt__draft_print(&draft) : print_screen(&draft, &axis);
        if (tt__session_asks_steps(draft.session))
            tt__sampling_say(draft.session, &invocation->messages);
        tt__losses_say(draft.session, &invocation->messages);
    }
    return tt__draft_close(&draft, status);
}

const struct tt_command tt__command_timeline = {
    .name = "timeline",
    .usage = "[OPTION...] STORE",
    .summary = "the lives of tasks as bars over one axis of time",
    .details = "RUN, RDY, WAIT: how much of its life a task ran, waited for its turn, was suspended.\n"
               "Bars are drawn with the characters of the locale.\n",
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .options_bytes = sizeof(struct timeline_options),
    .arguments_min = 1,
    .arguments_max = 1,
    .is_reader = true,
    .is_query = true,
    .run = run,
};
