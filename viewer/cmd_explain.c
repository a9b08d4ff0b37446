/* cmd_explain.c: telltale explain: the life of a task, or of a failure, as a story in sentences.
 *
 * What is here: the layout. A sentence is a row of the view story; the last ones are a row of the view verdicts. Who created
 * those that created it comes first, then its own life in order, each sentence with the event it rests on, its time and its
 * place.
 */
#include "losses.h"
#include "output/text.h"
#include "parts.h"
#include "query.h"
#include "source.h"
#include "stacks.h"
#include "task_argument.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct explain_options {
    int format;
    bool is_json;
    struct tt_source_options source;
    struct tt_stack_options stack;
};

#define CHAIN_MAX 32

static const char *const format_words[] = {"text", "json", "ndjson", "csv", NULL}; /* as enum tt_format */

static const struct tt_option options[] = {
    {0, "format", TT_OPTION_WORD, "FORMAT", "text, json, ndjson or csv", offsetof(struct explain_options, format),
     format_words},
    {0, "json", TT_OPTION_FLAG, NULL, "the same as --format json", offsetof(struct explain_options, is_json), NULL},
    TT_SOURCE_DIR_OPTION(struct explain_options, source.dir),
    {0, "no-source", TT_OPTION_FLAG, NULL, "do not quote lines of source below places",
     offsetof(struct explain_options, source.is_off), NULL},
    TT_DEBUGINFOD_OPTION(struct explain_options, stack),
};

/* The creations that led to ?1, the last one first. Creators of creators are followed for so long. */
static const char select_chain[] =
    "WITH RECURSIVE chain (task_id, depth) AS (\n"
    "    SELECT parent_id, 1 FROM creations WHERE task_id = ?1 AND parent_id IS NOT NULL\n"
    "    UNION SELECT t.task_id, 1 FROM failure AS f JOIN task AS t ON f.parent_kind = 1 AND t.task_id = f.parent_id\n"
    "    WHERE f.failure_id = ?1 AND t.task_id < f.failure_id\n"
    "    UNION ALL SELECT e.parent_id, c.depth + 1 FROM chain AS c JOIN creations AS e USING (task_id)\n"
    "    WHERE e.parent_id IS NOT NULL AND c.depth < 32)\n"
    "SELECT task_id, depth FROM chain ORDER BY depth";

/* The first part is put together of it: SQLite looks into the view story for tasks that stand in the query, and would go through
 * all that it has for those that another query gives. The creations come first, then what happened to ?1. Of its waits that are
 * over, which only its steps tell, the longest ones are told, and how many there were. */
static const char lines[] =
    TT_PART_WAITED ",\n"
    "line AS (\n"
    "    SELECT * FROM creation\n"
    "    UNION ALL SELECT 0, s.*, s.sentence FROM story AS s WHERE s.object_id = ?1\n"
    "    UNION ALL SELECT 0, ?1, ns, rank, sequence, kind, event, NULL, place, other_id, sentence FROM wait_line)\n";

static const char select_story[] =
    "SELECT object_id, ns, kind, event, text, place, other_id FROM line ORDER BY part, ns, rank, sequence";

static const char select_data[] = "SELECT object_id, ns, kind, event, text AS sentence, place, other_id FROM line\n"
                                  "UNION ALL SELECT * FROM (SELECT object_id, NULL, 'verdict', verdict, reason || "
                                  "coalesce('; ' || advice, ''), NULL, NULL\n"
                                  "    FROM verdicts WHERE object_id = ?1)";

static const char select_verdict[] =
    "SELECT v.verdict, v.is_finding, v.reason, v.advice,\n"
    "    coalesce((SELECT l.label FROM task_labels AS l WHERE l.task_id = ?1),\n"
    "        f.id_text || coalesce(' \"' || f.name || '\"', '')) AS label,\n"
    "    (SELECT t.coroutine FROM tasks AS t WHERE t.task_id = ?1) AS coroutine, f.kind, f.type, f.message\n"
    "FROM verdicts AS v LEFT JOIN failures AS f ON f.failure_id = ?1 WHERE v.object_id = ?1";

/* Why a task that is pending will stay so, where that is known. */
static const char select_finding[] =
    "SELECT lint, sentence FROM leaks\n"
    "WHERE lint = 'never-started' AND object_id = ?1 OR lint = 'await-cycle' AND object_id IN (\n"
    "    SELECT c.cycle_id FROM await_cycles AS c WHERE c.task_id = ?1 AND c.broken_ns IS NULL)\n"
    "ORDER BY sentence GLOB 'until *' LIMIT 1"; /* an earlier circle of the same tasks may have been broken */

static const struct tt_column columns[] = {
    {"object_id", "OBJECT", TT_UNIT_NONE, false}, {"ns", "NS", TT_UNIT_INSTANT, false},
    {"kind", "KIND", TT_UNIT_NONE, false},        {"event", "EVENT", TT_UNIT_NONE, false},
    {"sentence", "SENTENCE", TT_UNIT_NONE, true}, {"place", "PLACE", TT_UNIT_NONE, true},
    {"other_id", "OTHER", TT_UNIT_NONE, false},
};

/* A sentence begins with a capital; what comes from the store follows escaped. */
static void print_sentence(tt_output *output, const char *text)
{
    bool is_word = islower((unsigned char)text[0]) && !isdigit((unsigned char)text[1]); /* p1#2 is none */
    if (is_word)
        tt__print(output, "%c%s.", toupper((unsigned char)text[0]), text + 1);
    else
        tt__print(output, "%s.", text);
}

static void print_line(tt_session *session, tt_query *query, tt_output *output)
{
    char instant[TT_DURATION_BYTES] = "";
    const char *event = tt__query_text(query, "event");
    const char *place = tt__query_text(query, "place");
    if (!tt__query_is_null(query, "ns"))
        tt__text_instant(instant, tt__query_integer(query, "ns"));
    tt__print(output, "%12s  ", instant);
    print_sentence(output, tt__part_or_unknown(tt__query_text(query, "text")));
    tt__print(output, "\n");
    if (event == NULL && place == NULL)
        return;
    tt__style(output, TT_STYLE_FAINT);
    tt__print(output, "%12s    %s%s%s\n", "", event != NULL ? event : "", event != NULL && place != NULL ? ", " : "",
              place != NULL ? place : "");
    tt__style(output, TT_STYLE_PLAIN);
    tt__source_quote(output, place, 16);
    if (event != NULL && strcmp(event, "exception_raised") == 0) {
        tt__part_members(session, output, tt__query_integer(query, "other_id"));
        tt__stack_print(session, output, tt__query_integer(query, "other_id"), "raised", "called from");
    }
    if (event != NULL && strcmp(event, "task_created") == 0)
        tt__stack_print(session, output, tt__query_integer(query, "object_id"), "created", "called from");
}

/* ", an executor future"; KIND is a word of object_kind, or NULL. */
static void print_kind(tt_output *output, const char *kind)
{
    if (kind == NULL) {
        tt__print_own(output, ", of unknown kind");
        return;
    }
    tt__print(output, strchr("aeiou", kind[0]) != NULL ? ", an " : ", a ");
    for (; *kind != '\0'; kind++)
        tt__print(output, "%c", *kind == '_' ? ' ' : *kind);
}

static void print_title(tt_query *verdict, tt_output *output)
{
    tt__style(output, TT_STYLE_BOLD);
    tt__print(output, "%s", tt__query_text(verdict, "label"));
    tt__style(output, TT_STYLE_PLAIN);
    if (!tt__query_is_null(verdict, "coroutine"))
        tt__print(output, ", %s()", tt__query_text(verdict, "coroutine"));
    else
        print_kind(output, tt__query_text(verdict, "kind"));
    if (!tt__query_is_null(verdict, "type")) {
        tt__print_own(output, ": ");
        tt__part_exception(output, tt__query_text(verdict, "type"), tt__query_text(verdict, "message"));
    }
    tt__print(output, "\n\n");
}

/* Prints why a task cannot go on. Returns what to do about it; NULL: nothing is known that keeps it from going on. */
static const char *print_finding(tt_session *session, tt_output *output, int64_t id)
{
    const char *advice = NULL;
    tt_query *query = tt__query_open(session, select_finding);
    tt__query_bind_integer(query, 1, id);
    if (tt__query_next(query)) {
        bool is_circle = strcmp(tt__query_text(query, "lint"), "await-cycle") == 0;
        advice = is_circle ? "let one of them not wait for the others, or give its wait a time limit"
                           : "await it, or cancel it, before its loop is closed";
        tt__style(output, TT_STYLE_FAILURE);
        tt__print(output, is_circle ? "It cannot go on" : "It never began");
        tt__style(output, TT_STYLE_PLAIN);
        tt__print(output, ": %s.\n", tt__query_text(query, "sentence"));
    }
    tt__query_close(query);
    return advice;
}

static void print_verdict(tt_session *session, tt_query *verdict, tt_output *output, int64_t id)
{
    bool is_finding = tt__query_integer(verdict, "is_finding") != 0;
    tt__print(output, "\n");
    tt__style(output, is_finding ? TT_STYLE_FAILURE : TT_STYLE_GOOD);
    print_sentence(output, tt__part_or_unknown(tt__query_text(verdict, "verdict")));
    tt__style(output, TT_STYLE_PLAIN);
    tt__print(output, " ");
    print_sentence(output, tt__part_or_unknown(tt__query_text(verdict, "reason")));
    tt__print(output, "\n");
    const char *advice = tt__query_text(verdict, "advice");
    if (strcmp(tt__part_or_unknown(tt__query_text(verdict, "verdict")), "pending") == 0)
        advice = print_finding(session, output, id);
    tt__print(output, "What to do: ");
    tt__print(output, advice != NULL ? "%s.\n" : "nothing.\n", advice);
}

/* Writes what creations there were: the part of the query with the rows of those that led to ID. */
static void write_creations(tt_session *session, FILE *sql, int64_t id)
{
    int64_t ids[CHAIN_MAX];
    size_t count = 0;
    tt_query *chain = tt__query_open(session, select_chain);
    tt__query_bind_integer(chain, 1, id);
    while (count < CHAIN_MAX && tt__query_next(chain))
        ids[count++] = tt__query_integer(chain, "task_id");
    tt__query_close(chain);
    fprintf(sql, "WITH creation AS (\n    SELECT CASE s.object_id");
    for (size_t i = 0; i < count; i++)
        fprintf(sql, " WHEN %" PRId64 " THEN -%zu", ids[i], i + 1);
    fprintf(sql,
            "%s END AS part, s.*,\n"
            "        replace(s.sentence, ' created it', ' created ' || (SELECT l.label FROM task_labels AS l WHERE "
            "l.task_id = "
            "s.object_id)) AS text\n"
            "    FROM story AS s WHERE s.kind = 'created' AND s.object_id IN (",
            count == 0 ? " WHEN 0 THEN 0" : "");
    for (size_t i = 0; i < count; i++)
        fprintf(sql, "%s%" PRId64, i > 0 ? ", " : "", ids[i]);
    fprintf(sql, ")),\n");
}

/* A query over the lines. */
static tt_query *open_lines(tt_session *session, const char *select, int64_t id)
{
    char *text = NULL;
    size_t size = 0;
    tt_query *query = NULL;
    FILE *sql = open_memstream(&text, &size);
    if (sql != NULL) {
        write_creations(session, sql, id);
        fprintf(sql, "%s%s", lines, select);
    }
    if (sql == NULL || fclose(sql) != 0) {
        tt__complain("not enough memory for a query");
        tt__session_fail(session, TT_EXIT_OUTSIDE);
    } else {
        query = tt__query_open(session, text);
        tt__query_bind_integer(query, 1, id);
    }
    free(text);
    return query;
}

static void print_story(tt_session *session, tt_output *output, int64_t id)
{
    tt_query *verdict = tt__query_open(session, select_verdict);
    tt_query *story = open_lines(session, select_story, id);
    tt__query_bind_integer(verdict, 1, id);
    bool is_there = tt__query_next(verdict);
    if (is_there)
        print_title(verdict, output);
    while (tt__query_next(story))
        print_line(session, story, output);
    if (is_there)
        print_verdict(session, verdict, output, id);
    tt__query_close(story);
    tt__query_close(verdict);
}

static void print_data(tt_session *session, tt_output *output, int64_t id, enum tt_format format)
{
    tt_query *query = open_lines(session, select_data, id);
    tt__query_print(query, output, format, columns);
    tt__query_close(query);
}

static int run(struct tt_invocation *invocation)
{
    const struct explain_options *given = invocation->options;
    tt_session *session = NULL;
    int64_t id = 0;
    int status = tt__session_open(invocation, invocation->arguments[0], &session);
    if (status >= 0)
        return status;
    status = tt__task_argument_find(invocation, session, invocation->arguments[1], &id);
    if (status < 0) {
        if (given->is_json || given->format != TT_FORMAT_TABLE)
            print_data(session, &invocation->output, id,
                       given->is_json ? TT_FORMAT_JSON : (enum tt_format)given->format);
        else {
            tt__source_start(session, &given->source);
            tt__stacks_start(&given->stack);
            print_story(session, &invocation->output, id);
            tt__stacks_stop(&invocation->output);
            tt__source_stop();
        }
        tt__sampling_say_of(session, &invocation->messages, id);
        tt__losses_say(session, &invocation->messages);
        status = TT_EXIT_CLEAN;
    }
    return tt__session_close(session, status);
}

const struct tt_command tt__command_explain = {
    .name = "explain",
    .usage = "[OPTION...] STORE TASK|FAILURE",
    .summary = "the story of a task or failure: why it ended so, and what to do",
    .details =
        "TASK is an id as it is printed (17, #17; p1#17 in the second process), a name, or NAME#N: the N-th task\n"
        "of that name. The id of a future that failed works too. Each sentence names the event that it rests on.\n",
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .options_bytes = sizeof(struct explain_options),
    .arguments_min = 2,
    .arguments_max = 2,
    .is_reader = true,
    .is_query = true,
    .run = run,
};
