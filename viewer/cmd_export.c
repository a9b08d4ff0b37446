/* cmd_export.c: telltale export: a recording for other tools.
 *
 * What is here: the choice of format, and of what is written. What stands in a trace: export/drawing.c; in a graph:
 * export/dot.c. Rows are those of one view.
 */
#include "export/dot.h"
#include "export/drawing.h"
#include "losses.h"
#include "moment.h"
#include "query.h"
#include "result_file.h"
#include "store.h"

#include <stdlib.h>
#include <string.h>

enum format { FORMAT_PERFETTO, FORMAT_CHROME, FORMAT_DOT, FORMAT_CSV, FORMAT_NDJSON, FORMAT_NONE };

static const char *const format_words[] = {"perfetto", "chrome", "dot", "csv", "ndjson", NULL};

struct export_options {
    int format;
    const char *file;
    const char *view;
    const char *since, *until;
};

#define OFFSET(field) offsetof(struct export_options, field)

static const struct tt_option options[] = {
    {0, "format", TT_OPTION_WORD, "FORMAT", "perfetto, chrome, dot (graphviz), csv or ndjson; must be given",
     OFFSET(format), format_words},
    {'o', "output", TT_OPTION_TEXT, "FILE", "write to FILE, which appears when it is complete", OFFSET(file), NULL},
    {0, "view", TT_OPTION_TEXT, "NAME", "csv, ndjson: the view whose rows are written; tasks if not given",
     OFFSET(view), NULL},
    {0, "since", TT_OPTION_TEXT, "TIME", "only what lasted until then or longer: 12.3s, 50%, -1s, 2026-01-31T12:00:00Z",
     OFFSET(since), NULL},
    {0, "until", TT_OPTION_TEXT, "TIME", "only what began before then", OFFSET(until), NULL},
};

static const struct export_options defaults = {.format = FORMAT_NONE};

/* Of which views it is known from when until when a row lasts. */
static const struct {
    const char *view, *begins, *ends;
} spans[] = {
    {"tasks", "created_ns", "coalesce(ended_ns, created_ns + age_ns)"},
    {"failures", "stored_ns", "stored_ns + unread_ns"},
    {"leaks", "since_ns", "since_ns + lasted_ns"},
    {"cancellations", "requested_ns", "coalesce(delivered_ns, requested_ns)"},
    {"creations", "created_ns", "created_ns"},
    {"scopes", "entered_ns", "coalesce(exited_ns, entered_ns + lasted_ns)"},
    {"stalls", "began_ns", "ended_ns"},
    {"ios", "started_ns", "finished_ns"},
    {"story", "ns", "ns"},
    {"levels", "ns", "ns"},
    {"losses", "from_ns", "to_ns"},
    {"event", "time_ns", "time_ns"},
    {"steps", "began_ns", "ended_ns"},
    {"turns", "began_ns", "ended_ns"},
};

/* -------------------------------------------------------------------------------------------------------- rows */

/* This version's views, whatever the file has, and the tables over the event stream. */
static bool has_view(const char *name)
{
    static const struct tt_store_view tables[] = {{"event", NULL}, {"steps", NULL}, {"turns", NULL}, {"instant", NULL}, {NULL, NULL}};
    const struct tt_store_view *const lists[] = {tt_store_views, tt_store_stream_views, tables};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        for (const struct tt_store_view *view = lists[i]; view->name != NULL; view++)
            if (strcmp(view->name, name) == 0)
                return true;
    return false;
}

static int check_view(struct tt_invocation *invocation, const char *view)
{
    if (has_view(view))
        return -1;
    return tt__usage_error(invocation->command, "--view: there is no view %s", view);
}

static int write_conditions(struct tt_invocation *invocation, FILE *sql, const char *view, struct tt_trace_span span)
{
    if (span.since_ns == INT64_MIN && span.until_ns == INT64_MAX)
        return -1;
    for (size_t i = 0; i < sizeof spans / sizeof *spans; i++)
        if (strcmp(spans[i].view, view) == 0) {
            fprintf(sql, " WHERE coalesce(%s <= :until, 1) AND coalesce(%s >= :since, 1)", spans[i].begins,
                    spans[i].ends);
            return -1;
        }
    return tt__usage_error(invocation->command, "--since and --until: rows of the view %s have no time", view);
}

static int write_rows(struct tt_invocation *invocation, tt_session *session, struct tt_trace_span span)
{
    const struct export_options *given = invocation->options;
    const char *view = given->view != NULL ? given->view : "tasks";
    char *text = NULL;
    size_t size = 0;
    int status = check_view(invocation, view);
    FILE *sql = status < 0 ? open_memstream(&text, &size) : NULL;
    if (sql == NULL)
        return status < 0 ? TT_EXIT_OUTSIDE : status;
    fprintf(sql, "SELECT * FROM \"%s\"", view);
    status = write_conditions(invocation, sql, view, span);
    if (fclose(sql) == 0 && status < 0) {
        tt_query *query = tt__query_open(session, text);
        tt__query_bind_named(query, ":since", span.since_ns);
        tt__query_bind_named(query, ":until", span.until_ns);
        tt__query_print(query, &invocation->output, given->format == FORMAT_CSV ? TT_FORMAT_CSV : TT_FORMAT_NDJSON,
                        NULL);
        tt__query_close(query);
        status = TT_EXIT_CLEAN;
    }
    free(text);
    return status;
}

/* --------------------------------------------------------------------------------------------------------- all */

static int write_all(struct tt_invocation *invocation, tt_session *session)
{
    const struct export_options *given = invocation->options;
    struct tt_trace_span span = {INT64_MIN, INT64_MAX};
    int status = tt__moment_find(session, invocation->command, "since", given->since, &span.since_ns);
    if (status < 0)
        status = tt__moment_find(session, invocation->command, "until", given->until, &span.until_ns);
    if (status >= 0)
        return status;
    if (given->format == FORMAT_CSV || given->format == FORMAT_NDJSON) {
        status = write_rows(invocation, session, span);
    } else if (given->format == FORMAT_DOT) {
        tt__dot_write(invocation, session, span);
        status = TT_EXIT_CLEAN;
    } else {
        status = tt__trace_write(invocation, session,
                                 given->format == FORMAT_PERFETTO ? &tt__trace_perfetto : &tt__trace_chrome, span);
    }
    if (tt__session_asks_steps(session))
        tt__sampling_say(session, &invocation->messages);
    tt__losses_say(session, &invocation->messages);
    return status;
}

static int write_session(struct tt_invocation *invocation)
{
    tt_session *session = NULL;
    int status = tt__session_open(invocation, invocation->arguments[0], &session);
    return status >= 0 ? status : tt__session_close(session, write_all(invocation, session));
}

static int check(struct tt_invocation *invocation)
{
    const struct export_options *given = invocation->options;
    if (given->format == FORMAT_NONE)
        return tt__usage_error(invocation->command, "say which with --format: perfetto, chrome, dot, csv or ndjson");
    if (given->view != NULL && given->format != FORMAT_CSV && given->format != FORMAT_NDJSON)
        return tt__usage_error(invocation->command, "--view is for csv and ndjson");
    if (given->format == FORMAT_PERFETTO && given->file == NULL && invocation->output.is_terminal &&
        !invocation->is_explaining)
        return tt__usage_error(invocation->command,
                               "a trace for perfetto is no text for a terminal: name a file with -o");
    return -1;
}

static int run(struct tt_invocation *invocation)
{
    static char buffer[1 << 18]; /* what is written is long; it lives until the program ends, which is when the last of it is written */
    const struct export_options *given = invocation->options;
    struct tt_result_file file;
    int status = check(invocation);
    if (status >= 0)
        return status;
    if (given->file == NULL || strcmp(given->file, "-") == 0 || invocation->is_explaining) {
        if (!invocation->output.is_terminal)
            setvbuf(invocation->output.stream, buffer, _IOFBF, sizeof buffer);
        return write_session(invocation);
    }
    status = tt__result_file_open(&file, invocation->command->name, given->file, invocation->arguments[0]);
    if (status >= 0)
        return status;
    setvbuf(file.stream, buffer, _IOFBF, sizeof buffer);
    FILE *standard = invocation->output.stream;
    invocation->output.stream = file.stream;
    status = write_session(invocation);
    invocation->output.stream = standard;
    return tt__result_file_close(&file, status);
}

const struct tt_command tt__command_export = {
    .name = "export",
    .usage = "[OPTION...] STORE --format FORMAT",
    .summary = "a recording for other tools: perfetto, chrome, graphviz, rows of a view",
    .details = "perfetto: ui.perfetto.dev, trace_processor. chrome: JSON for chrome's tools, perfetto, speedscope.\n"
               "dot: who created whom (solid) and who waits for whom (dashed), for graphviz.\n",
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .defaults = &defaults,
    .options_bytes = sizeof(struct export_options),
    .arguments_min = 1,
    .arguments_max = 1,
    .is_reader = true,
    .is_query = true,
    .reads_all = true,
    .run = run,
};
