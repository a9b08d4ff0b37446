/* cmd_check.c: telltale check: the findings of a store as a gate for test suites and pipelines.
 *
 * What is here: which classes of findings count, which findings are allowed, how many are expected. What is a finding: the
 * view leaks.
 */
#include "command.h"

#include "query.h"
#include "report.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct check_options {
    const char *fail_on;
    const char *allow;
    struct tt_text_list expect;
    bool is_strict;
    uint64_t error_exitcode;
};

static const struct tt_option options[] = {
    {0, "fail-on", TT_OPTION_TEXT, "CLASSES", "classes that count, separated by commas; the definite ones if not given",
     offsetof(struct check_options, fail_on), NULL},
    {0, "allow", TT_OPTION_TEXT, "FILE", "findings that are known: a line each, CLASS:PATTERN", offsetof(struct check_options, allow), NULL},
    {0, "expect", TT_OPTION_LIST, "CLASS=N", "so many of this class have to be there, not more and not fewer",
     offsetof(struct check_options, expect), NULL},
    {0, "strict", TT_OPTION_FLAG, NULL, "exit with 4 when nothing was found but events were lost",
     offsetof(struct check_options, is_strict), NULL},
    {0, "error-exitcode", TT_OPTION_NUMBER, "N", "exit with N instead of 1", offsetof(struct check_options, error_exitcode), NULL},
};

struct class {
    const char *name;
    bool is_definite;
    const char *sql; /* of the findings f it has */
};

/* "unreported" is for those who take asyncio's message for enough: it passes over what reached an exception handler. */
static const struct class classes[] = {
    {"lost-failure", true, "f.lint = 'lost-failure'"},
    {"absorbed-failure", true, "f.lint = 'absorbed-failure'"},
    {"held-failure", false, "f.lint = 'held-failure'"},
    {"swallowed-cancel", true, "f.lint = 'swallowed-cancel'"},
    {"scope-left-open", true, "f.lint = 'scope-left-open'"},
    {"destroyed-pending", true, "f.lint = 'destroyed-pending'"},
    {"unreported", false, "f.lint IN ('lost-failure', 'absorbed-failure') AND f.reported_to IS NULL"},
};

#define CLASS_COUNT (sizeof classes / sizeof *classes)

/* A line of the file of allowed findings. */
struct allowed {
    char *class; /* or "*" */
    char *pattern;
    int line;
};

/* More lines than this are no list of exceptions but a way of life. */
#define ALLOWED_MAX 1000u

/* What is to be checked. */
struct gate {
    const struct tt_command *command;
    bool counts[CLASS_COUNT];     /* findings of the class fail the check */
    int64_t expected[CLASS_COUNT]; /* -1: not said */
    struct allowed *allowed;
    size_t allowed_count;
};

static int find_class(const char *name, size_t length)
{
    for (size_t i = 0; i < CLASS_COUNT; i++)
        if (strlen(classes[i].name) == length && memcmp(classes[i].name, name, length) == 0)
            return (int)i;
    return -1;
}

static int complain_about_class(const struct gate *gate, const char *option, const char *name, size_t length)
{
    return tt__usage_error(gate->command, "%s: there is no class %.*s", option, (int)length, name);
}

/* ------------------------------------------------------------------------------------------------- arguments */

static int parse_fail_on(struct gate *gate, const char *list)
{
    for (size_t i = 0; i < CLASS_COUNT; i++)
        gate->counts[i] = list == NULL && classes[i].is_definite;
    while (list != NULL && *list != '\0') {
        size_t length = strcspn(list, ",");
        int class = find_class(list, length);
        if (class < 0)
            return complain_about_class(gate, "--fail-on", list, length);
        gate->counts[class] = true;
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
    }
    return -1;
}

static int complain_about_line(const char *name, int number, const char *what)
{
    tt__complain("check: %s:%d: %s", name, number, what);
    return TT_EXIT_INPUT;
}

/* Adds one line of the file of allowed findings. Empty lines and those that begin with # say nothing. */
static int take_allowed(struct gate *gate, const char *name, char *line, int number)
{
    line[strcspn(line, "\r\n")] = '\0';
    line += strspn(line, " \t");
    if (*line == '\0' || *line == '#')
        return -1;
    char *colon = strchr(line, ':');
    if (colon == NULL || colon[1] == '\0')
        return complain_about_line(name, number, "CLASS:PATTERN is wanted here");
    size_t length = (size_t)(colon - line);
    if (strncmp(line, "*:", 2) != 0 && find_class(line, length) < 0)
        return complain_about_line(name, number, "there is no such class");
    if (gate->allowed_count == ALLOWED_MAX)
        return complain_about_line(name, number, "the file has more than 1000 lines");
    struct allowed *more = realloc(gate->allowed, (gate->allowed_count + 1) * sizeof *more);
    if (more == NULL)
        return complain_about_line(name, number, "not enough memory");
    gate->allowed = more;
    more[gate->allowed_count++] = (struct allowed){strndup(line, length), strdup(colon + 1), number};
    return -1;
}

static int read_allowed(struct gate *gate, const char *name)
{
    size_t line_bytes = 0;
    char *line = NULL;
    int status = -1, number = 0;
    FILE *file = name != NULL ? fopen(name, "re") : NULL;
    if (name == NULL)
        return -1;
    while (file != NULL && status < 0 && getline(&line, &line_bytes, file) >= 0)
        status = take_allowed(gate, name, line, ++number);
    if (file == NULL || (status < 0 && ferror(file))) {
        tt__complain("check: cannot read %s: %s", name, strerror(errno));
        status = TT_EXIT_INPUT;
    }
    if (file != NULL)
        fclose(file);
    free(line);
    return status;
}

static void forget_allowed(struct gate *gate)
{
    for (size_t i = 0; i < gate->allowed_count; i++) {
        free(gate->allowed[i].class);
        free(gate->allowed[i].pattern);
    }
    free(gate->allowed);
}

/* ------------------------------------------------------------------------------------------------- findings */

static const char with_findings[] =
    "WITH f AS MATERIALIZED (\n"
    "    SELECT l.*, x.type, x.message, x.raised_at, coalesce(x.created_at, t.created_at) AS created_at, t.coroutine, x.reported_to\n"
    "    FROM leaks AS l LEFT JOIN failures AS x ON x.failure_id = l.object_id AND l.lint GLOB '*-failure'\n"
    "    LEFT JOIN tasks AS t ON t.task_id = l.object_id),\n";

static const char with_used[] =
    "used AS (\n"
    "    SELECT f.object_id, f.lint, a.line FROM f JOIN allowed AS a ON (a.class = '*' OR a.class = f.lint)\n"
    "        AND (f.name GLOB a.pattern OR f.coroutine GLOB a.pattern OR f.type || ': ' || f.message GLOB a.pattern OR f.raised_at GLOB a.pattern\n"
    "            OR f.created_at GLOB a.pattern OR f.fingerprint GLOB a.pattern)),\n"
    "counted AS (\n"
    "    SELECT * FROM f WHERE NOT EXISTS (SELECT 1 FROM used AS u WHERE u.object_id = f.object_id AND u.lint = f.lint))\n";

/* Prepares SELECT, which may use f (all findings), allowed and used (lines of the file), counted (what is not allowed). */
static tt_query *open_findings(tt_session *session, const struct gate *gate, const char *select)
{
    char *sql = NULL;
    size_t sql_bytes = 0;
    FILE *stream = open_memstream(&sql, &sql_bytes);
    if (stream == NULL)
        return NULL;
    fprintf(stream, "%sallowed (class, pattern, line) AS (", with_findings);
    for (size_t i = 0; i < gate->allowed_count; i++)
        fprintf(stream, "%s(?%zu, ?%zu, %d)", i > 0 ? ", " : "VALUES ", 2 * i + 1, 2 * i + 2, gate->allowed[i].line);
    fprintf(stream, "%s),\n%s%s", gate->allowed_count == 0 ? "SELECT NULL, NULL, NULL WHERE 0" : "", with_used, select);
    fclose(stream);
    tt_query *query = tt__query_open(session, sql);
    for (size_t i = 0; i < gate->allowed_count; i++) {
        tt__query_bind_text(query, (int)(2 * i + 1), gate->allowed[i].class);
        tt__query_bind_text(query, (int)(2 * i + 2), gate->allowed[i].pattern);
    }
    free(sql);
    return query;
}

/* Counts the findings of all classes at once. */
static void count_classes(tt_session *session, const struct gate *gate, int64_t out_counts[CLASS_COUNT])
{
    char select[1200] = "SELECT ";
    for (size_t i = 0; i < CLASS_COUNT; i++) {
        size_t used = strlen(select);
        snprintf(select + used, sizeof select - used, "%scount(*) FILTER (WHERE %s) AS \"%s\"", i > 0 ? ",\n    " : "", classes[i].sql,
                 classes[i].name);
    }
    strcat(select, "\nFROM counted AS f");
    tt_query *query = open_findings(session, gate, select);
    if (tt__query_next(query))
        for (size_t i = 0; i < CLASS_COUNT; i++)
            out_counts[i] = tt__query_integer(query, classes[i].name);
    tt__query_close(query);
}

static void print_class(tt_session *session, tt_output *output, const struct gate *gate, const struct class *class)
{
    char select[300];
    snprintf(select, sizeof select, "SELECT * FROM counted AS f WHERE %s", class->sql);
    tt_query *query = open_findings(session, gate, select);
    while (tt__query_next(query)) {
        const char *name = tt__query_text(query, "name");
        const char *type = tt__query_text(query, "type");
        tt__print(output, "%s: %s", class->name, tt__query_text(query, "id_text"));
        if (name != NULL)
            tt__print(output, " \"%s\"", name);
        if (type != NULL)
            tt__print(output, ": %s: %s, raised at %s", type, tt__query_text(query, "message"), tt__query_text(query, "raised_at"));
        tt__print(output, ": %s\n", tt__query_text(query, "sentence"));
    }
    tt__query_close(query);
}

/* Says which lines of the file of allowed findings were of no use: what they allowed is mended, or they are wrong. */
static void print_unused(tt_session *session, const struct gate *gate, const char *name)
{
    tt_query *query = open_findings(session, gate, "SELECT a.line FROM allowed AS a WHERE a.line NOT IN (SELECT line FROM used)");
    while (tt__query_next(query))
        tt__complain("check: %s:%jd: nothing matches this line", name, (intmax_t)tt__query_integer(query, "line"));
    tt__query_close(query);
}

/* Checks one class, which has COUNT findings. Returns whether it fails the check. */
static bool check_class(tt_session *session, tt_output *output, const struct gate *gate, size_t i, int64_t count)
{
    int64_t expected = gate->expected[i];
    bool fails = expected >= 0 ? count != expected : gate->counts[i] && count > 0;
    if (!fails)
        return false;
    print_class(session, output, gate, &classes[i]);
    tt__print(output, "%s: %jd %s", classes[i].name, TT_COUNTED(count, "finding"));
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
    int64_t class_counts[CLASS_COUNT] = {0};
    bool fails = false;
    int status = tt__session_open(invocation, invocation->arguments[0], &session);
    if (status >= 0)
        return status;
    count_classes(session, gate, class_counts);
    for (size_t i = 0; i < CLASS_COUNT; i++)
        fails |= check_class(session, &invocation->output, gate, i, class_counts[i]);
    if (given->allow != NULL)
        print_unused(session, gate, given->allow);
    tt__report_count(session, &counts);
    tt__report_print_summary(&invocation->output, &counts);
    counts.definite = 0; /* what fails was decided above */
    status = fails ? TT_EXIT_FINDINGS : tt__report_status(&counts, given->is_strict);
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
    int status = parse_fail_on(&gate, given->fail_on);
    if (status < 0)
        status = parse_expect(&gate, &given->expect);
    if (status < 0)
        status = read_allowed(&gate, given->allow);
    if (status < 0)
        status = check(invocation, &gate);
    forget_allowed(&gate);
    return status;
}

const struct tt_command tt__command_check = {
    .name = "check",
    .usage = "[OPTION...] STORE",
    .summary = "the same as a gate for tests: exit status",
    .details = "Classes: lost-failure, absorbed-failure, swallowed-cancel, scope-left-open, destroyed-pending (definite: these\n"
               "count if --fail-on is not given), held-failure, unreported (lost or absorbed, and no exception handler was told).\n"
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
