/* cmd_show.c: telltale show: one task's whole life.
 *
 * What is here: the layout of its life. Facts and words: the store's views, of which story has the
 * sentences. Which task was meant: task_argument.h.
 */
#include "command.h"

#include "losses.h"
#include "output/text.h"
#include "parts.h"
#include "query.h"
#include "report.h"
#include "source.h"
#include "stacks.h"
#include "task_argument.h"

#include <stdlib.h>
#include <string.h>

struct show_options {
    uint64_t limit;
    struct tt_source_options source;
    struct tt_stack_options stack;
};

/* Steps that are told. */
#define STEPS_MAX 20

static const struct show_options defaults = {.limit = STEPS_MAX};

static const struct tt_option options[] = {
    {'n', "limit", TT_OPTION_NUMBER, "N", "steps told at most; 20 if not given, 0: all", offsetof(struct show_options, limit),
     NULL},
    TT_SOURCE_DIR_OPTION(struct show_options, source.dir),
    {0, "no-source", TT_OPTION_FLAG, NULL, "do not quote lines of source below places",
     offsetof(struct show_options, source.is_off), NULL},
    TT_DEBUGINFOD_OPTION(struct show_options, stack),
};

/* Tasks listed under "created" and "awaited by". */
#define RELATIVES_MAX 20

/* Creators of creators that are followed. */
#define CHAIN_MAX 32

/* Everything that is known to have happened to the task or future ?1, a line each. */
static const char select_life[] =
    "WITH " TT_PART_WAITED ",\n"
    "line AS (\n"
    "    SELECT ns, rank, sequence, kind, event, sentence, place, other_id FROM story\n"
    "    WHERE object_id = ?1 AND ns IS NOT NULL\n"
    "    UNION ALL SELECT * FROM wait_line)\n"
    "SELECT ns, sentence || coalesce(' (' || place || ')', '') AS text FROM line ORDER BY ns, rank, sequence";

/* Its steps, where they were recorded: the beginning of one may be missing, and so may its end. */
static const char select_steps[] =
    "SELECT step_number, count(*) OVER () AS count,\n"
    "    max(iif(state = 'running', from_ns, NULL)) AS began_ns,\n"
    "    max(iif(state = 'ready', until_ns - from_ns, NULL)) AS ready_ns,\n"
    "    max(iif(state = 'running', until_ns - from_ns, NULL)) AS ran_ns,\n"
    "    max(iif(state = 'waiting', until_ns - from_ns, NULL)) AS waited_ns,\n"
    "    max(wait_text) AS wait_text, max(wait_at) AS wait_at\n"
    "FROM phases WHERE task_id = ?1 GROUP BY step_number ORDER BY step_number NULLS LAST LIMIT ?2";

/* Tasks are looked up one by one: in any other order SQLite would put all of them together first. */
static const char select_chain[] =
    "WITH RECURSIVE chain (task_id, depth) AS (\n"
    "    SELECT ?1, 0\n"
    "    UNION ALL\n"
    "    SELECT t.parent_id, c.depth + 1 FROM chain AS c CROSS JOIN tasks AS t ON t.task_id = c.task_id\n"
    "    WHERE t.parent_kind = 'task' AND c.depth < ?2)\n"
    "SELECT t.parent_text, iif(t.parent_kind = 'task',\n"
    "    (SELECT p.created_at FROM tasks AS p WHERE p.task_id = t.parent_id), NULL) AS created_at\n"
    "FROM chain AS c CROSS JOIN tasks AS t ON t.task_id = c.task_id ORDER BY c.depth";

static const char select_task[] =
    "SELECT t.*, iif(t.failure_id IS NULL, NULL, (SELECT f.state FROM failure_states AS f WHERE f.failure_id = t.task_id))\n"
    "    AS failure_state,\n"
    "    iif(t.failure_id IS NULL, NULL, (SELECT f.reason FROM failure_states AS f WHERE f.failure_id = t.task_id))\n"
    "    AS failure_reason\n"
    "FROM tasks AS t WHERE t.task_id = ?1";

/* Only a task that has not ended, or was abandoned, waits for something. */
static const char select_awaiters[] =
    "SELECT l.label FROM task AS o CROSS JOIN tasks AS t USING (task_id) CROSS JOIN task_labels AS l USING (task_id)\n"
    "WHERE o.outcome IS NULL AND t.wait_object = ?1 AND t.wait_kind = 'task'";

/* Children are younger than who created them, and were created while that one lived: tasks of another time are passed over.
 * The plus signs: no index over all tasks is to be made for it. */
static const char select_children[] =
    "SELECT l.label FROM (SELECT p.task_id, p.created_ns, coalesce(p.ended_ns, p.abandoned_ns) AS ended_ns\n"
    "    FROM task AS p WHERE p.task_id = ?1) AS p\n"
    "CROSS JOIN task_ranges AS r ON r.last_task_id > p.task_id AND coalesce(r.created_first_ns <= p.ended_ns, 1)\n"
    "    AND coalesce(r.ended_last_ns >= p.created_ns, 1)\n"
    "CROSS JOIN task AS t ON t.task_id BETWEEN max(r.first_task_id, p.task_id + 1) AND r.last_task_id\n"
    "CROSS JOIN task_labels AS l ON l.task_id = t.task_id\n"
    "WHERE +t.parent_id = ?1 AND +t.parent_kind = (SELECT number FROM word WHERE enumeration = 'actor' AND word = 'task')";

static const char select_failure[] =
    "SELECT f.*, l.lint, l.sentence, l.lasted_ns, t.has_handle\n"
    "FROM failures AS f LEFT JOIN leaks AS l ON l.object_id = f.failure_id AND l.lint GLOB '*-failure'\n"
    "LEFT JOIN task AS t ON t.task_id = f.failure_id WHERE f.failure_id = ?1";

/* ------------------------------------------------------------------------------------------------- its life */

static void print_title(tt_query *task, tt_output *output)
{
    const char *outcome = tt__query_text(task, "outcome");
    const char *state = tt__query_text(task, "state");
    tt__style(output, TT_STYLE_BOLD);
    tt__part_object(output, tt__query_text(task, "id_text"), tt__query_text(task, "name"));
    tt__style(output, TT_STYLE_PLAIN);
    tt__print(output, ": %s", tt__part_or_unknown(outcome));
    if (outcome != NULL && strcmp(outcome, "pending") == 0 && state != NULL)
        tt__print(output, ", %s", state);
    if (!tt__query_is_null(task, "failure_state"))
        tt__print(output, ", %s", tt__query_text(task, "failure_state"));
    if (!tt__query_is_null(task, "failure_reason"))
        tt__print(output, " (%s)", tt__query_text(task, "failure_reason"));
    tt__print(output, "\n");
}

static void print_duration(tt_query *task, tt_output *output, const char *before, const char *column)
{
    char text[TT_DURATION_BYTES] = "unknown";
    if (!tt__query_is_null(task, column))
        tt__text_duration(text, tt__query_integer(task, column));
    tt__print(output, "%s%s", before, text);
}

static void print_facts(tt_query *task, tt_output *output)
{
    tt__part_label(output, "coroutine");
    tt__print(output, "%s\n", tt__part_or_unknown(tt__query_text(task, "coroutine")));
    tt__part_label(output, "created at");
    tt__part_place(output, tt__query_text(task, "created_at"));
}

static void print_times(tt_query *task, tt_output *output)
{
    tt__part_label(output, "lived");
    print_duration(task, output, "", "age_ns");
    print_duration(task, output, ": ran ", "busy_ns");
    print_duration(task, output, ", ready ", "ready_ns");
    print_duration(task, output, ", waiting ", "waiting_ns");
    if (!tt__query_is_null(task, "step_count"))
        tt__print(output, "; %jd %s", TT_COUNTED(tt__query_integer(task, "step_count"), "step"));
    if (!tt__query_is_null(task, "longest_step_ns"))
        print_duration(task, output, ", the longest ", "longest_step_ns");
    tt__print(output, "\n");
    if (!tt__query_is_null(task, "stack_used_bytes")) {
        tt__part_label(output, "stack");
        tt__print(output, "%jd of %jd bytes used\n", (intmax_t)tt__query_integer(task, "stack_used_bytes"),
                  (intmax_t)tt__query_integer(task, "stack_bytes"));
    }
}

/* Who created it, who created that one, and so on, up to what is no task. */
static void print_chain(tt_session *session, tt_output *output, int64_t task_id)
{
    tt_query *query = tt__query_open(session, select_chain);
    tt__query_bind_integer(query, 1, task_id);
    tt__query_bind_integer(query, 2, CHAIN_MAX);
    while (tt__query_next(query)) {
        tt__part_label(output, "created by");
        tt__print(output, "%s", tt__part_or_unknown(tt__query_text(query, "parent_text")));
        if (!tt__query_is_null(query, "created_at"))
            tt__print(output, ", created at %s", tt__query_text(query, "created_at"));
        tt__print(output, "\n");
    }
    tt__query_close(query);
}

static void print_life(tt_session *session, tt_output *output, int64_t id)
{
    char instant[TT_DURATION_BYTES];
    tt_query *query = tt__query_open(session, select_life);
    tt__query_bind_integer(query, 1, id);
    tt__print(output, "\n  life\n");
    while (tt__query_next(query)) {
        tt__text_instant(instant, tt__query_integer(query, "ns"));
        tt__print(output, "  %13s  %s\n", instant, tt__query_text(query, "text"));
    }
    tt__query_close(query);
}

/* One step: how long it was ready for it, how long it ran in it, what it waited for behind it. */
static void print_step(tt_query *query, tt_output *output)
{
    char began[TT_DURATION_BYTES] = "", number[24] = "?";
    const char *wait = tt__query_text(query, "wait_text"), *place = tt__query_text(query, "wait_at");
    if (!tt__query_is_null(query, "began_ns"))
        tt__text_instant(began, tt__query_integer(query, "began_ns"));
    if (!tt__query_is_null(query, "step_number"))
        snprintf(number, sizeof number, "%jd", (intmax_t)tt__query_integer(query, "step_number"));
    tt__print(output, "  %13s  %s:", began, number);
    print_duration(query, output, " ready ", "ready_ns");
    print_duration(query, output, ", ran ", "ran_ns");
    if (wait != NULL && tt__query_is_null(query, "waited_ns")) {
        tt__print(output, ", waits for %s", wait);
    } else if (wait != NULL) {
        tt__print(output, ", waited for %s", wait);
        print_duration(query, output, ", for ", "waited_ns");
    }
    if (place != NULL)
        tt__print(output, " (%s)", place);
    tt__print(output, "\n");
}

static void print_steps(tt_session *session, tt_output *output, int64_t id, uint64_t limit)
{
    int64_t count = 0, number = 0;
    tt_query *query = tt__query_open(session, select_steps);
    tt__query_bind_integer(query, 1, id);
    tt__query_bind_integer(query, 2, limit > 0 && limit < INT64_MAX ? (int64_t)limit : -1);
    for (; tt__query_next(query); number++) {
        count = tt__query_integer(query, "count");
        if (number == 0)
            tt__print(output, "\n  steps\n");
        print_step(query, output);
    }
    tt__query_close(query);
    if (count > number)
        tt__print(output, "  and %jd more; --limit 0 shows all\n", (intmax_t)(count - number));
}

static void print_failure(tt_session *session, tt_output *output, int64_t id, bool is_alone)
{
    tt_query *query = tt__query_open(session, select_failure);
    tt__query_bind_integer(query, 1, id);
    if (tt__query_next(query)) {
        if (is_alone) {
            tt__part_object(output, tt__query_text(query, "id_text"), tt__query_text(query, "name"));
            tt__print(output, ": a failed %s, %s\n", tt__part_or_unknown(tt__query_text(query, "kind")), tt__query_text(query, "state"));
            tt__part_label(output, "created at");
            tt__part_place(output, tt__query_text(query, "created_at"));
        }
        tt__part_label(output, "exception");
        tt__part_exception(output, tt__query_text(query, "type"), tt__query_text(query, "message"));
        tt__print_own(output, "\n");
        tt__part_raised(output, query);
        tt__stack_print(session, output, tt__query_integer(query, "exception_id"), "raised", "called from");
        tt__part_members(session, output, tt__query_integer(query, "exception_id"));
        tt__part_chain(session, output, tt__query_integer(query, "exception_id"));
        tt__part_label(output, "held by");
        tt__part_holders(query, output);
        tt__print(output, "\n");
        if (!tt__query_is_null(query, "sentence")) {
            tt__part_label(output, tt__query_text(query, "state"));
            tt__print(output, "%s", tt__query_text(query, "sentence"));
            if (!tt__query_is_null(query, "lasted_ns"))
                print_duration(query, output, "; unseen for ", "lasted_ns");
            tt__print(output, "\n");
        }
    }
    tt__query_close(query);
}

/* Prints tasks that SQL finds for ?1, in one line. */
static void print_relatives(tt_session *session, tt_output *output, const char *label, const char *sql, int64_t id)
{
    tt_query *query = tt__query_open(session, sql);
    tt__query_bind_integer(query, 1, id);
    int64_t count = 0;
    for (; tt__query_next(query); count++) {
        if (count == 0)
            tt__part_label(output, label);
        if (count < RELATIVES_MAX)
            tt__print(output, "%s%s", count > 0 ? ", " : "", tt__query_text(query, "label"));
    }
    tt__query_close(query);
    if (count > RELATIVES_MAX)
        tt__print(output, " and %jd more", (intmax_t)count - RELATIVES_MAX);
    if (count > 0)
        tt__print(output, "\n");
}

static void print_task(tt_session *session, tt_output *output, int64_t id)
{
    tt_query *task = tt__query_open(session, select_task);
    tt__query_bind_integer(task, 1, id);
    bool is_task = tt__query_next(task);
    if (is_task) {
        print_title(task, output);
        print_facts(task, output);
        tt__stack_print(session, output, id, "created", "called from");
        print_chain(session, output, id);
        print_times(task, output);
        if (!tt__query_is_null(task, "wait_text"))
            tt__part_wait(task, output, "waits for");
    }
    bool has_failed = !is_task || !tt__query_is_null(task, "failure_id");
    tt__query_close(task);
    print_relatives(session, output, "awaited by", select_awaiters, id);
    print_relatives(session, output, "created", select_children, id);
    print_relatives(session, output, "caused",
                    "SELECT coalesce(l.label, 'process ' || (k.task_id >> 40)) AS label FROM link AS k\n"
                    "JOIN process AS p ON p.process_id = ?1 >> 40 AND substr(p.uuid, 1, 8) IN (k.cause_arena, k.cause_lttng)\n"
                    "LEFT JOIN task_labels AS l ON l.task_id = k.task_id\n"
                    "WHERE k.cause_task_id = ?1 & 1099511627775 ORDER BY k.task_id", id);
    if (has_failed)
        print_failure(session, output, id, !is_task);
    print_life(session, output, id);
}

static int run(struct tt_invocation *invocation)
{
    tt_session *session = NULL;
    int64_t id = 0;
    int status = tt__session_open(invocation, invocation->arguments[0], &session);
    if (status >= 0)
        return status;
    status = tt__task_argument_find(invocation, session, invocation->arguments[1], &id);
    if (status < 0) {
        const struct show_options *given = invocation->options;
        tt__source_start(session, &given->source);
        tt__stacks_start(&given->stack);
        print_task(session, &invocation->output, id);
        print_steps(session, &invocation->output, id, given->limit);
        tt__stacks_stop(&invocation->output);
        tt__source_stop();
        tt__sampling_say_of(session, &invocation->messages, id);
        tt__losses_say(session, &invocation->messages);
        status = TT_EXIT_CLEAN;
    }
    return tt__session_close(session, status);
}

const struct tt_command tt__command_show = {
    .name = "show",
    .usage = "[OPTION...] STORE TASK",
    .summary = "one task's whole life",
    .details = "TASK is an id as it is printed (17, #17; p1#17 in the second process), a name, or NAME#N: the N-th task\n"
               "of that name. The id of a future that failed works too.\n",
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .defaults = &defaults,
    .options_bytes = sizeof(struct show_options),
    .arguments_min = 2,
    .arguments_max = 2,
    .is_reader = true,
    .is_query = true,
    .run = run,
};
