/* cmd_ps.c: telltale ps: a table of tasks.
 *
 * What is here: which columns there are and what they are called. What stands in them: the view tasks. A column is one of
 * the table below, or any column of the view by its own name.
 */
#include "command.h"

#include "query.h"

#include <stdlib.h>
#include <string.h>

struct ps_options {
    const char *columns;
    const char *sort;
    const char *filter;
    uint64_t limit;
    int format;
    bool is_json;
};

static const struct tt_option options[] = {
    {'C', "columns", TT_OPTION_TEXT, "LIST", "columns: id,state,name,... or any of the view tasks; 'all' for all of them",
     offsetof(struct ps_options, columns), NULL},
    {'s', "sort", TT_OPTION_TEXT, "LIST", "columns to sort by; -NAME: greatest first", offsetof(struct ps_options, sort), NULL},
    {'f', "filter", TT_OPTION_TEXT, "SQL", "only tasks for which this holds: \"outcome = 'failed' AND busy_ns > 1e6\"",
     offsetof(struct ps_options, filter), NULL},
    {'n', "limit", TT_OPTION_NUMBER, "N", "at most so many", offsetof(struct ps_options, limit), NULL},
    {0, "format", TT_OPTION_WORD, "FORMAT", "table, json, ndjson or csv", offsetof(struct ps_options, format), tt__format_words},
    {0, "json", TT_OPTION_FLAG, NULL, "the same as --format json", offsetof(struct ps_options, is_json), NULL},
};

struct ps_column {
    const char *name;
    const char *sql;
    const char *heading;
    enum tt_unit unit;
    bool is_wide;
};

static const struct ps_column ps_columns[] = {
    {"id", "id_text", "ID", TT_UNIT_NONE, false},
    {"state", "CASE outcome WHEN 'pending' THEN coalesce(state, outcome) ELSE outcome END", "STATE", TT_UNIT_NONE, false},
    {"name", "name", "NAME", TT_UNIT_NONE, true},
    {"coroutine", "coroutine", "COROUTINE", TT_UNIT_NONE, true},
    {"created", "created_at", "CREATED AT", TT_UNIT_NONE, true},
    {"by", "parent_text", "BY", TT_UNIT_NONE, true},
    {"age", "age_ns", "AGE", TT_UNIT_DURATION, false},
    {"busy", "busy_ns", "BUSY", TT_UNIT_DURATION, false},
    {"ready", "ready_ns", "READY", TT_UNIT_DURATION, false},
    {"waiting", "waiting_ns", "WAITING", TT_UNIT_DURATION, false},
    {"steps", "step_count", "STEPS", TT_UNIT_NONE, false},
    {"for", "wait_text", "WAITING FOR", TT_UNIT_NONE, true},
    {"at", "wait_at", "WAITING AT", TT_UNIT_NONE, true},
    {"since", "wait_since_ns", "SINCE", TT_UNIT_INSTANT, false},
};

#define DEFAULT_COLUMNS "id,state,name,coroutine,created,by,age,busy,ready,waiting,steps,for"

#define PS_COLUMNS_MAX 64u /* the view has less, and nobody reads more */

/* A query that is being put together, with the columns of its result. */
struct ps_query {
    const struct tt_command *command;
    tt_session *session;
    FILE *sql;
    struct tt_column columns[PS_COLUMNS_MAX];
    char *names[PS_COLUMNS_MAX];
    size_t count;
};

static const struct ps_column *find_ps_column(const char *name)
{
    for (size_t i = 0; i < sizeof ps_columns / sizeof *ps_columns; i++)
        if (strcmp(ps_columns[i].name, name) == 0)
            return &ps_columns[i];
    return NULL;
}

static bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text);
    return length >= strlen(end) && strcmp(text + length - strlen(end), end) == 0;
}

/* The unit of a column of the view, which its name ends in. */
static enum tt_unit unit_of(const char *name)
{
    static const char *const durations[] = {"age_ns", "busy_ns", "ready_ns", "waiting_ns", "wait_ns", "longest_step_ns"};
    for (size_t i = 0; i < sizeof durations / sizeof *durations; i++)
        if (strcmp(durations[i], name) == 0)
            return TT_UNIT_DURATION;
    return ends_with(name, "_ns") ? TT_UNIT_INSTANT : TT_UNIT_NONE;
}

/* Whether the name may stand in SQL: the list of the view's columns decides, so nothing else gets through. */
static bool is_view_column(struct ps_query *ps, const char *name)
{
    return strpbrk(name, "\"'`[]") == NULL && tt__query_has_column(ps->session, "tasks", name);
}

static int complain_about_column(struct ps_query *ps, const char *option, const char *name)
{
    return tt__usage_error(ps->command, "%s: there is no column %s", option, name);
}

static int add_column(struct ps_query *ps, const char *name)
{
    const struct ps_column *known = find_ps_column(name);
    if (ps->count == PS_COLUMNS_MAX)
        return tt__usage_error(ps->command, "--columns: more than %u columns", PS_COLUMNS_MAX);
    if (known == NULL && !is_view_column(ps, name))
        return complain_about_column(ps, "--columns", name);
    char *copy = strdup(name);
    if (copy == NULL) {
        tt__complain("not enough memory for the columns");
        return TT_EXIT_OUTSIDE;
    }
    fprintf(ps->sql, "%s", ps->count > 0 ? ", " : "SELECT ");
    if (known != NULL)
        fprintf(ps->sql, "%s AS \"%s\"", known->sql, name);
    else
        fprintf(ps->sql, "\"%s\"", name);
    ps->names[ps->count] = copy;
    ps->columns[ps->count++] = (struct tt_column){
        .name = copy,
        .heading = known != NULL ? known->heading : copy,
        .unit = known != NULL ? known->unit : unit_of(name),
        .is_wide = known != NULL ? known->is_wide : true,
    };
    return -1;
}

static int add_all_columns(struct ps_query *ps)
{
    int status = -1;
    tt_query *query = tt__query_open(ps->session, "SELECT name FROM pragma_table_xinfo('tasks') ORDER BY cid");
    while (status < 0 && tt__query_next(query))
        status = add_column(ps, tt__query_text(query, "name"));
    tt__query_close(query);
    return status;
}

static int add_sort(struct ps_query *ps, const char *name)
{
    bool is_descending = *name == '-';
    name += is_descending;
    const struct ps_column *known = find_ps_column(name);
    /* The id as a number: #10 comes after #9. */
    const char *sql = strcmp(name, "id") == 0 ? "task_id" : known != NULL ? known->sql : NULL;
    if (sql == NULL && !is_view_column(ps, name))
        return complain_about_column(ps, "--sort", name);
    if (sql != NULL)
        fprintf(ps->sql, "%s", sql);
    else
        fprintf(ps->sql, "\"%s\"", name);
    fprintf(ps->sql, "%s, ", is_descending ? " DESC" : "");
    return -1;
}

/* Calls TAKE with each word of LIST, which is separated by commas, as long as it returns -1. */
static int for_each_word(struct ps_query *ps, const char *list, int (*take)(struct ps_query *, const char *))
{
    int status = -1;
    char *copy = strdup(list);
    char *rest = copy;
    if (copy == NULL) {
        tt__complain("not enough memory for the columns");
        return TT_EXIT_OUTSIDE;
    }
    for (char *word; status < 0 && (word = strsep(&rest, ",")) != NULL;)
        status = take(ps, word);
    free(copy);
    return status;
}

/* Writes the query to PS->sql. Returns -1, or the status of a complaint. */
static int write_query(struct ps_query *ps, const struct ps_options *given)
{
    const char *columns = given->columns != NULL ? given->columns : DEFAULT_COLUMNS;
    int status = strcmp(columns, "all") == 0 ? add_all_columns(ps) : for_each_word(ps, columns, add_column);
    if (status >= 0)
        return status;
    fprintf(ps->sql, "\nFROM tasks\n");
    /* Lines of its own, so that a comment in the filter ends where the filter does. */
    if (given->filter != NULL)
        fprintf(ps->sql, "WHERE (\n%s\n)\n", given->filter);
    fprintf(ps->sql, "ORDER BY ");
    if (given->sort != NULL)
        status = for_each_word(ps, given->sort, add_sort);
    fprintf(ps->sql, "task_id");
    if (given->limit > 0)
        fprintf(ps->sql, "\nLIMIT %ju", (uintmax_t)given->limit);
    return status;
}

static int print_tasks(struct tt_invocation *invocation, struct ps_query *ps, const char *sql)
{
    const struct ps_options *given = invocation->options;
    tt_query *query = given->filter != NULL ? tt__query_open_user(ps->session, sql, "ps: --filter") : tt__query_open(ps->session, sql);
    if (query == NULL)
        return TT_EXIT_USAGE;
    tt__query_print(query, &invocation->output, given->is_json ? TT_FORMAT_JSON : (enum tt_format)given->format, ps->columns);
    tt__query_close(query);
    return TT_EXIT_CLEAN;
}

static int run(struct tt_invocation *invocation)
{
    struct ps_query ps = {.command = invocation->command};
    char *sql = NULL;
    size_t sql_bytes = 0;
    int status = tt__session_open(invocation, invocation->arguments[0], &ps.session);
    if (status >= 0)
        return status;
    ps.sql = open_memstream(&sql, &sql_bytes);
    if (ps.sql == NULL) {
        tt__complain("not enough memory for a query");
        return tt__session_close(ps.session, TT_EXIT_OUTSIDE);
    }
    status = write_query(&ps, invocation->options);
    if (fclose(ps.sql) == 0 && status < 0)
        status = print_tasks(invocation, &ps, sql);
    for (size_t i = 0; i < ps.count; i++)
        free(ps.names[i]);
    free(sql);
    return tt__session_close(ps.session, status);
}

const struct tt_command tt__command_ps = {
    .name = "ps",
    .usage = "[OPTION...] STORE",
    .summary = "a table of tasks",
    .details = "Columns: id, state, name, coroutine, created, by, age, busy, ready, waiting, steps, for, at, since;\n"
               "and those of the view: telltale query STORE \"SELECT name FROM pragma_table_xinfo('tasks')\".\n"
               "Data formats have nanoseconds where the table has durations.\n",
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .options_bytes = sizeof(struct ps_options),
    .arguments_min = 1,
    .arguments_max = 1,
    .is_reader = true,
    .is_query = true,
    .run = run,
};
