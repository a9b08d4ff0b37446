/* cmd_report.c: telltale report: what failed and nobody saw, grouped as LeakSanitizer groups leaks.
 *
 * What is here: the layout of findings and of what goes with them. What is a finding, its sentence and its group: the views
 * leaks, failures, cancellations, tasks. Header and summary: report.c.
 */
#include "command.h"

#include "findings.h"
#include "query.h"
#include "report.h"
#include "source.h"
#include "stacks.h"

#include <stdlib.h>

struct report_options {
    int format; /* index into formats */
    bool is_json;
    bool is_all;
    bool is_strict;
    uint64_t error_exitcode;
    uint64_t limit;
    struct tt_lint_options lint;
    struct tt_source_options source;
    bool has_stacks;
    struct tt_stack_options stack;
};

static const char *const formats[] = {"text", "json", "ndjson", "csv", NULL};

static const struct tt_option options[] = {
    {0, "format", TT_OPTION_WORD, "FORMAT", "text, json, ndjson or csv", offsetof(struct report_options, format), formats},
    {0, "json", TT_OPTION_FLAG, NULL, "the same as --format json", offsetof(struct report_options, is_json), NULL},
    {'a', "all", TT_OPTION_FLAG, NULL, "failures that were seen, and by whom, and all cancellations, too", offsetof(struct report_options, is_all), NULL},
    {0, "limit", TT_OPTION_NUMBER, "N", "groups shown of each kind; 50 if not given, 0: all",
     offsetof(struct report_options, limit), NULL},
    {0, "strict", TT_OPTION_FLAG, NULL, "exit with 4 when nothing was found but events, or all, were lost",
     offsetof(struct report_options, is_strict), NULL},
    {0, "error-exitcode", TT_OPTION_NUMBER, "N", "exit with N instead of 1 when something was found",
     offsetof(struct report_options, error_exitcode), NULL},
    {0, "source", TT_OPTION_FLAG, NULL, "quote lines of source below places", offsetof(struct report_options, source.is_on), NULL},
    TT_SOURCE_DIR_OPTION(struct report_options, source.dir),
    {0, "stacks", TT_OPTION_FLAG, NULL, "the calls that were open where failures were raised, if they were recorded",
     offsetof(struct report_options, has_stacks), NULL},
    TT_DEBUGINFOD_OPTION(struct report_options, stack),
    TT_LINT_OPTIONS(struct report_options),
};

static const char select_rows[] =
    "\nSELECT l.lint, l.is_definite, l.process_id, l.object_id, l.id_text, l.name, l.sentence, l.since_ns, l.lasted_ns,\n"
    "    f.kind, f.type, f.message, f.state, f.reason, f.how, f.raised_at, f.created_at, f.taken_at, f.released_from,\n"
    "    f.released_at, f.handle_count, f.forwarded_to, f.reported_to, f.reported_ns, l.fingerprint\n"
    "FROM finding AS l LEFT JOIN failures AS f ON f.failure_id = l.object_id AND l.lint GLOB '*-failure'\n"
    "ORDER BY l.rank, l.since_ns, l.object_id";

static void print_text(tt_session *session, tt_output *output, const struct tt_lint_choice *choice,
                       struct tt_report_counts *counts, int64_t limit, bool is_all)
{
    tt__report_count_rest(session, counts);
    tt__report_print_header(session, output, counts);
    tt__findings_print(session, output, choice, limit, counts);
    tt__findings_print_notes(session, output, limit, counts);
    if (is_all)
        tt__findings_print_accounts(session, output, limit);
    if (tt__session_has_failed(session))
        return; /* not all was read: what was counted is no answer */
    tt__print(output, "\n");
    tt__report_print_summary(output, counts);
}

static int run(struct tt_invocation *invocation)
{
    const struct report_options *given = invocation->options;
    tt_session *session = NULL;
    struct tt_lint_choice choice;
    struct tt_report_counts counts;
    enum tt_format format = given->is_json ? TT_FORMAT_JSON : (enum tt_format)given->format; /* the first one: text */
    bool is_data = given->is_json || given->format != 0;
    if (given->error_exitcode > 255)
        return tt__usage_error(invocation->command, "--error-exitcode wants a number up to 255");
    if (given->is_all && is_data)
        return tt__usage_error(invocation->command, "--all is about the text, which --format replaces; see: telltale failures");
    int status = tt__lints_choose(invocation->command, &given->lint, &choice);
    if (status < 0)
        status = tt__session_open(invocation, invocation->arguments[0], &session);
    if (status >= 0)
        return status;
    if (!is_data) {
        if (given->source.is_on || given->source.dir != NULL)
            tt__source_start(session, &given->source);
        if (given->has_stacks)
            tt__stacks_start(&given->stack);
        print_text(session, &invocation->output, &choice, &counts, (int64_t)given->limit, given->is_all);
        tt__stacks_stop(&invocation->output);
        tt__source_stop();
    } else {
        tt__report_count(session, &choice, &counts);
        tt_query *query = tt__lints_open(session, &choice, select_rows);
        tt__query_print(query, &invocation->output, format, NULL);
        tt__query_close(query);
        tt__report_say_losses(session, &invocation->messages, &counts);
    }
    status = tt__report_status(&counts, given->is_strict);
    invocation->has_answer = !tt__session_has_failed(session);
    if (status == TT_EXIT_FINDINGS && given->error_exitcode > 0)
        status = (int)given->error_exitcode;
    return tt__session_close(session, status);
}

const struct tt_command tt__command_report = {
    .name = "report",
    .usage = "[OPTION...] STORE",
    .summary = "what failed and nobody saw",
    .details = "Findings: lost or absorbed failures, swallowed cancellations, tasks over which a loop was closed. What is held or\n"
               "pending is shown and is none. Exit status: 0 no findings, 1 findings, 3 unreadable store, 4 --strict: events lost.\n",
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .defaults = &(const struct report_options){.limit = 50},
    .options_bytes = sizeof(struct report_options),
    .arguments_min = 1,
    .arguments_max = 1,
    .is_reader = true,
    .is_query = true,
    .run = run,
};
