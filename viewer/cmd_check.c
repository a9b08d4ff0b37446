/* cmd_check.c: telltale check: the findings of a store as a gate for test suites and pipelines.
 *
 * What is here: which classes of findings count, which findings are allowed, how many are expected. A class is a lint, or
 * "unreported". What is a finding: the views that lints.h names; the file of findings that are known: allowed.c.
 */
#include "command.h"

#include "allowed.h"
#include "lints.h"
#include "parts.h"
#include "report.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct check_options {
    const char *fail_on;
    const char *allow;
    struct tt_text_list expect;
    struct tt_lint_options lint;
    bool is_strict;
    uint64_t error_exitcode;
};

static const struct tt_option options[] = {
    {0, "fail-on", TT_OPTION_TEXT, "CLASSES", "classes that count, separated by commas; the definite ones if not given",
     offsetof(struct check_options, fail_on), NULL},
    {0, "allow", TT_OPTION_TEXT, "FILE", "findings that are known: a line each, CLASS:PATTERN [; until DATE] [; REASON]",
     offsetof(struct check_options, allow), NULL},
    {0, "expect", TT_OPTION_LIST, "CLASS=N", "so many of this class have to be there, not more and not fewer",
     offsetof(struct check_options, expect), NULL},
    TT_LINT_OPTIONS(struct check_options),
    {0, "strict", TT_OPTION_FLAG, NULL, "exit with 4 when nothing was found but events, or all, were lost",
     offsetof(struct check_options, is_strict), NULL},
    {0, "error-exitcode", TT_OPTION_NUMBER, "N", "exit with N instead of 1", offsetof(struct check_options, error_exitcode), NULL},
};

/* Behind the lints one more class, for those who take asyncio's message for enough: it passes over what reached an exception
 * handler. */
#define UNREPORTED     tt__lint_count
#define CLASS_COUNT    (tt__lint_count + 1)
#define CLASS_MAX      (TT_LINT_MAX + 1)
#define UNREPORTED_SQL "(f.lint = 'lost-failure' OR f.lint = 'absorbed-failure') AND f.reported_to IS NULL"

static const char *class_name(size_t i)
{
    return i == UNREPORTED ? "unreported" : tt__lints[i].name;
}

static int find_class(const char *name, size_t length)
{
    if (strlen(class_name(UNREPORTED)) == length && memcmp(class_name(UNREPORTED), name, length) == 0)
        return (int)UNREPORTED;
    return tt__lint_find(name, length);
}

static const char *find_class_name(const char *word, size_t length)
{
    int class = find_class(word, length);
    return class >= 0 ? class_name((size_t)class) : NULL;
}

/* What is to be checked. */
struct gate {
    const struct tt_command *command;
    struct tt_lint_choice choice; /* what the summary counts */
    struct tt_lint_choice wanted; /* what is looked for: the rest need not be */
    bool counts[CLASS_MAX];      /* findings of the class fail the check */
    int64_t expected[CLASS_MAX]; /* -1: not said */
    struct tt_allowed_list allowed;
};

static int complain_about_class(const struct gate *gate, const char *option, const char *name, size_t length)
{
    return tt__usage_error(gate->command, "%s: there is no class %.*s", option, (int)length, name);
}

/* ------------------------------------------------------------------------------------------------- arguments */

/* What is asked for by its name is looked for, also where -A has silenced it. */
static void want_class(struct gate *gate, size_t class)
{
    if (class != UNREPORTED)
        gate->choice.is_on[class] = true;
}

static int parse_fail_on(struct gate *gate, const char *list)
{
    for (size_t i = 0; i < tt__lint_count; i++)
        gate->counts[i] = gate->choice.is_on[i] && gate->choice.counts[i] && (list == NULL || !tt__lints[i].is_definite);
    while (list != NULL && *list != '\0') {
        size_t length = strcspn(list, ",");
        int class = find_class(list, length);
        if (class < 0)
            return complain_about_class(gate, "--fail-on", list, length);
        gate->counts[class] = true;
        want_class(gate, (size_t)class);
        list += length + (list[length] == ',');
    }
    return -1;
}

static int parse_expect(struct gate *gate, const struct tt_text_list *list)
{
    for (size_t i = 0; i < CLASS_COUNT; i++)
        gate->expected[i] = -1;
    for (size_t i = 0; i < list->count; i++) {
        char *end;
        size_t length = strcspn(list->items[i], "=");
        const char *number = list->items[i] + length + 1;
        int class = find_class(list->items[i], length);
        if (class < 0)
            return complain_about_class(gate, "--expect", list->items[i], length);
        errno = 0;
        if (list->items[i][length] == '\0' || *number < '0' || *number > '9' ||
            (gate->expected[class] = strtoll(number, &end, 10), *end != '\0' || errno != 0))
            return tt__usage_error(gate->command, "--expect wants CLASS=N, not %s", list->items[i]);
        want_class(gate, (size_t)class);
    }
    return -1;
}

/* Whether a line of the file of allowed findings could be about CLASS. */
static bool is_allowed_somewhere(const struct gate *gate, size_t class)
{
    for (size_t i = 0; i < gate->allowed.count; i++)
        if (strcmp(gate->allowed.items[i].class, "*") == 0 || strcmp(gate->allowed.items[i].class, class_name(class)) == 0)
            return true;
    return false;
}

/* Only what can decide, or use a line of the file, is looked for. */
static void choose_wanted(struct gate *gate)
{
    bool wants_unreported = gate->counts[UNREPORTED] || gate->expected[UNREPORTED] >= 0;
    gate->wanted = gate->choice;
    for (size_t i = 0; i < tt__lint_count; i++)
        gate->wanted.is_on[i] &= gate->counts[i] || gate->expected[i] >= 0 || is_allowed_somewhere(gate, i) ||
                                 (wants_unreported && (i == TT_REPORT_LOST || i == TT_REPORT_ABSORBED));
}

/* ------------------------------------------------------------------------------------------------- findings */

static const char with_findings[] =
    ",\nf AS MATERIALIZED (\n"
    "    SELECT l.*, x.type, x.message, x.raised_at, x.created_at, s.text AS coroutine, x.reported_to\n"
    "    FROM finding AS l CROSS JOIN failures AS x ON x.failure_id = l.object_id\n"
    "    LEFT JOIN task AS t ON t.task_id = l.object_id LEFT JOIN site AS s ON s.site_id = t.created_site_id\n"
    "    WHERE l.lint GLOB '*-failure'\n"
    "    UNION ALL\n"
    "    SELECT l.*, NULL, NULL, NULL, pl.place, s.text, NULL\n"
    "    FROM finding AS l LEFT JOIN task AS t ON t.task_id = l.object_id LEFT JOIN site AS s ON s.site_id = t.created_site_id\n"
    "    LEFT JOIN places AS pl ON pl.site_id = t.created_site_id\n"
    "    WHERE l.lint NOT GLOB '*-failure'),\n";

static const char with_used[] =
    "used AS (\n"
    "    SELECT f.object_id, f.lint, a.line, a.is_expired FROM f JOIN allowed AS a ON (a.class = '*' OR a.class = f.lint)\n"
    "        AND (f.name GLOB a.pattern OR f.coroutine GLOB a.pattern OR f.type || ': ' || f.message GLOB a.pattern OR f.raised_at GLOB a.pattern\n"
    "            OR f.created_at GLOB a.pattern OR f.fingerprint GLOB a.pattern)),\n"
    "counted AS (\n"
    "    SELECT * FROM f WHERE NOT EXISTS (SELECT 1 FROM used AS u\n"
    "        WHERE u.object_id = f.object_id AND u.lint = f.lint AND NOT u.is_expired))\n";

/* Prepares SELECT, which may use f (all findings), allowed and used (lines of the file), counted (what is not allowed). */
static tt_query *open_findings(tt_session *session, const struct gate *gate, const char *select)
{
    char *sql = NULL;
    size_t sql_bytes = 0;
    FILE *stream = open_memstream(&sql, &sql_bytes);
    if (stream == NULL)
        return NULL;
    fprintf(stream, "%sallowed (class, pattern, line, is_expired) AS (", with_findings);
    for (size_t i = 0; i < gate->allowed.count; i++)
        fprintf(stream, "%s(?%zu, ?%zu, %d, %d)", i > 0 ? ", " : "VALUES ", 2 * i + 1, 2 * i + 2, gate->allowed.items[i].line,
                gate->allowed.items[i].is_expired);
    fprintf(stream, "%s),\n%s%s", gate->allowed.count == 0 ? "SELECT NULL, NULL, NULL, NULL WHERE 0" : "", with_used, select);
    fclose(stream);
    tt_query *query = tt__lints_open(session, &gate->wanted, sql);
    for (size_t i = 0; i < gate->allowed.count; i++) {
        tt__query_bind_text(query, (int)(2 * i + 1), gate->allowed.items[i].class);
        tt__query_bind_text(query, (int)(2 * i + 2), gate->allowed.items[i].pattern);
    }
    free(sql);
    return query;
}

/* Counts the findings of all classes at once. */
static void count_classes(tt_session *session, const struct gate *gate, int64_t out_counts[CLASS_MAX])
{
    tt_query *query = open_findings(session, gate,
                                    "SELECT f.rank, count(*) AS cases, count(*) FILTER (WHERE " UNREPORTED_SQL ") AS unreported\n"
                                    "FROM counted AS f GROUP BY f.rank");
    while (tt__query_next(query)) {
        out_counts[tt__query_integer(query, "rank")] = tt__query_integer(query, "cases");
        out_counts[UNREPORTED] += tt__query_integer(query, "unreported");
    }
    tt__query_close(query);
}

static void print_class(tt_session *session, tt_output *output, const struct gate *gate, size_t class)
{
    char select[300];
    snprintf(select, sizeof select, "SELECT * FROM counted AS f WHERE %s%s%s", class == UNREPORTED ? UNREPORTED_SQL : "f.lint = '",
             class == UNREPORTED ? "" : class_name(class), class == UNREPORTED ? "" : "'");
    tt_query *query = open_findings(session, gate, select);
    while (tt__query_next(query)) {
        const char *name = tt__query_text(query, "name");
        const char *type = tt__query_text(query, "type");
        tt__print(output, "%s: %s", class_name(class), tt__query_text(query, "id_text"));
        if (name != NULL)
            tt__print(output, " \"%s\"", name);
        if (type != NULL) {
            const char *raised_at = tt__query_text(query, "raised_at");
            tt__print(output, ": ");
            tt__part_exception(output, type, tt__query_text(query, "message"));
            tt__print(output, raised_at != NULL ? ", raised at %s" : ", created at %s",
                      raised_at != NULL ? raised_at : tt__part_or_unknown(tt__query_text(query, "created_at")));
        }
        tt__print(output, ": %s\n", tt__query_text(query, "sentence"));
    }
    tt__query_close(query);
}

/* Says which lines of the file of allowed findings were of no use: what they allowed is mended, or they are wrong; and which
 * ones are over. */
static void print_unused(tt_session *session, const struct gate *gate, const char *name)
{
    bool *is_used = calloc(gate->allowed.count + 1, sizeof *is_used);
    if (is_used == NULL) {
        tt__complain("check: not enough memory");
        return;
    }
    tt_query *query = open_findings(session, gate, "SELECT DISTINCT line FROM used");
    while (tt__query_next(query))
        for (size_t i = 0; i < gate->allowed.count; i++)
            is_used[i] |= gate->allowed.items[i].line == tt__query_integer(query, "line");
    tt__query_close(query);
    for (size_t i = 0; i < gate->allowed.count; i++) {
        const struct tt_allowed *line = &gate->allowed.items[i];
        const char *reason = line->reason != NULL ? line->reason : "";
        if (!is_used[i])
            tt__complain("check: %s:%d: nothing matches this line%s%s", name, line->line, *reason != '\0' ? ": " : "", reason);
        else if (line->is_expired)
            tt__complain("check: %s:%d: this line was for findings until %s%s%s", name, line->line, line->until,
                         *reason != '\0' ? ": " : "", reason);
    }
    free(is_used);
}

/* Checks one class, which has COUNT findings. Returns whether it fails the check. */
static bool check_class(tt_session *session, tt_output *output, const struct gate *gate, size_t i, int64_t count)
{
    int64_t expected = gate->expected[i];
    bool fails = expected >= 0 ? count != expected : gate->counts[i] && count > 0;
    if (!fails)
        return false;
    print_class(session, output, gate, i);
    tt__print(output, "%s: %jd %s", class_name(i), TT_COUNTED(count, "finding"));
    if (expected >= 0)
        tt__print(output, ", %jd expected", (intmax_t)expected);
    tt__print(output, "\n");
    return true;
}

static int check(struct tt_invocation *invocation, const struct gate *gate)
{
    const struct check_options *given = invocation->options;
    tt_session *session = NULL;
    struct tt_report_counts counts;
    int64_t class_counts[CLASS_MAX] = {0};
    bool fails = false;
    int status = tt__session_open(invocation, invocation->arguments[0], &session);
    if (status >= 0)
        return status;
    if (given->is_strict)
        tt__query_file(session);
    count_classes(session, gate, class_counts);
    for (size_t i = 0; i < CLASS_COUNT; i++)
        fails |= check_class(session, &invocation->output, gate, i, class_counts[i]);
    if (given->allow != NULL)
        print_unused(session, gate, given->allow);
    tt__report_count(session, &gate->choice, &counts);
    if (!tt__session_has_failed(session))
        tt__report_print_summary(&invocation->output, &counts);
    tt__report_say_losses(session, &invocation->messages, &counts);
    counts.counting = 0; /* what fails was decided above */
    status = fails ? TT_EXIT_FINDINGS : tt__report_status(&counts, given->is_strict);
    invocation->has_answer = !tt__session_has_failed(session);
    if (fails && given->error_exitcode > 0)
        status = (int)given->error_exitcode;
    return tt__session_close(session, status);
}

static int run(struct tt_invocation *invocation)
{
    const struct check_options *given = invocation->options;
    struct gate gate = {.command = invocation->command};
    if (given->error_exitcode > 255)
        return tt__usage_error(gate.command, "--error-exitcode wants a number up to 255");
    int status = tt__lints_choose(gate.command, &given->lint, &gate.choice);
    if (status < 0)
        status = parse_fail_on(&gate, given->fail_on);
    if (status < 0)
        status = parse_expect(&gate, &given->expect);
    if (status < 0)
        status = tt__allowed_read(given->allow, find_class_name, &gate.allowed);
    if (status < 0) {
        choose_wanted(&gate);
        status = check(invocation, &gate);
    }
    tt__allowed_finish(&gate.allowed);
    return status;
}

const struct tt_command tt__command_check = {
    .name = "check",
    .usage = "[OPTION...] STORE",
    .summary = "the same as a gate for tests: exit status",
    .details = "Classes: all lints (telltale-lints(7)), of which the definite ones count if --fail-on is not given, and unreported\n"
               "(lost or absorbed, and no exception handler was told).\n"
               "A PATTERN of --allow has * and ? and is compared with the task's name, its coroutine, TYPE: MESSAGE, the place\n"
               "of the raise and that of the creation; CLASS may be *.\n"
               "Exit status: 0 passed, 1 findings, 3 unreadable store, 4 with --strict: events were lost.\n",
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .options_bytes = sizeof(struct check_options),
    .arguments_min = 1,
    .arguments_max = 1,
    .is_reader = true,
    .is_query = true,
    .run = run,
};
