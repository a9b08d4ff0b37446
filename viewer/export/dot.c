/* dot.c: tasks as a graph. The contract is in dot.h. */
#include "export/dot.h"

#include "output/text.h"
#include "query.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const char select_tasks[] =
    "SELECT t.task_id, l.label, t.coroutine, t.outcome, t.created_at,\n"
    "    iif(t.outcome = 'pending', coalesce(nullif(t.state, 'done') || coalesce(' for ' || t.wait_text, ''), "
    "t.outcome), t.outcome)\n"
    "        AS state,\n"
    "    (SELECT f.type || ': ' || f.message FROM failures AS f WHERE f.failure_id = t.task_id) AS failure,\n"
    "    CASE t.outcome WHEN 'failed' THEN 'color=\"red\",fontcolor=\"red\"' WHEN 'cancelled' THEN "
    "'color=\"darkorange\"'\n"
    "        WHEN 'pending' THEN 'color=\"blue\"' WHEN 'abandoned' THEN 'color=\"purple\"' WHEN 'unknown' THEN "
    "'style=\"dashed\"'\n"
    "        ELSE 'color=\"gray40\"' END AS attributes\n"
    "FROM tasks AS t JOIN task_labels AS l ON l.task_id = t.task_id\n"
    "WHERE coalesce(t.created_ns <= :until, 1) AND coalesce(coalesce(t.ended_ns, t.created_ns + t.age_ns) >= :since, "
    "1)\n"
    "ORDER BY t.task_id";

#define IS_DRAWN(id)                                                                                      \
    "EXISTS (SELECT 1 FROM tasks AS t WHERE t.task_id = " id " AND coalesce(t.created_ns <= :until, 1)\n" \
    "    AND coalesce(coalesce(t.ended_ns, t.created_ns + t.age_ns) >= :since, 1))"

static const char select_creations[] =
    "SELECT c.parent_id AS from_id, c.task_id AS to_id, '' AS attributes, NULL AS label FROM creations AS c\n"
    "WHERE " IS_DRAWN("c.parent_id") " AND " IS_DRAWN("c.task_id") " ORDER BY c.task_id";

static const char select_awaits[] =
    "SELECT a.task_id AS from_id, a.awaited_task_id AS to_id, 'style=\"dashed\",constraint=false' AS attributes,\n"
    "    a.wait_at AS label\n"
    "FROM awaits AS a WHERE " IS_DRAWN("a.task_id") " AND " IS_DRAWN(
        "a.awaited_task_id") "\n"
                             "ORDER BY a.task_id, a.awaited_task_id";

/* Foreign text within quotes: escaped for the eyes first, then for dot, where a backslash begins an escape of its
 * own. */
static void write_text(FILE *stream, const char *text)
{
    char *escaped = NULL;
    size_t size = 0;
    FILE *memory = open_memstream(&escaped, &size);
    if (memory == NULL)
        return;
    tt__text_escape(memory, text, strlen(text), TT_TEXT_LIMIT, TT_TEXT_KEEP_NOTHING);
    if (fclose(memory) == 0)
        for (const char *at = escaped; *at != '\0'; at++) {
            if (*at == '"' || *at == '\\')
                putc('\\', stream);
            putc(*at, stream);
        }
    free(escaped);
}

static void write_node(FILE *stream, tt_query *query)
{
    const char *coroutine = tt__query_text(query, "coroutine"), *failure = tt__query_text(query, "failure");
    const char *created_at = tt__query_text(query, "created_at");
    fprintf(stream, "  t%" PRIu64 " [%s,label=\"", (uint64_t)tt__query_integer(query, "task_id"),
            tt__query_text(query, "attributes"));
    write_text(stream, tt__query_text(query, "label"));
    if (coroutine != NULL) {
        fputs("\\n", stream);
        write_text(stream, coroutine);
        fputs("()", stream);
    }
    fputs("\\n", stream);
    write_text(stream, tt__query_text(query, "state"));
    if (failure != NULL) {
        fputs("\\n", stream);
        write_text(stream, failure);
    }
    if (created_at != NULL) {
        fputs("\",tooltip=\"created at ", stream);
        write_text(stream, created_at);
    }
    fputs("\"];\n", stream);
}

static void write_edge(FILE *stream, tt_query *query)
{
    const char *label = tt__query_text(query, "label");
    fprintf(stream, "  t%" PRIu64 " -> t%" PRIu64, (uint64_t)tt__query_integer(query, "from_id"),
            (uint64_t)tt__query_integer(query, "to_id"));
    if (label != NULL || *tt__query_text(query, "attributes") != '\0') {
        fprintf(stream, " [%s", tt__query_text(query, "attributes"));
        if (label != NULL) {
            fputs(",tooltip=\"awaited at ", stream);
            write_text(stream, label);
            putc('"', stream);
        }
        putc(']', stream);
    }
    fputs(";\n", stream);
}

static void write_rows(tt_session *session, FILE *stream, struct tt_trace_span span, const char *sql,
                       void (*write)(FILE *, tt_query *))
{
    tt_query *query = tt__query_open(session, sql);
    tt__query_bind_named(query, ":since", span.since_ns);
    tt__query_bind_named(query, ":until", span.until_ns);
    while (tt__query_next(query))
        write(stream, query);
    tt__query_close(query);
}

void tt__dot_write(struct tt_invocation *invocation, tt_session *session, struct tt_trace_span span)
{
    FILE *stream = invocation->output.stream;
    fputs("digraph tasks {\n  node [shape=\"box\",fontname=\"monospace\"];\n  label=\"", stream);
    write_text(stream, tt__session_path(session));
    fputs("\";\n", stream);
    write_rows(session, stream, span, select_tasks, write_node);
    write_rows(session, stream, span, select_creations, write_edge);
    write_rows(session, stream, span, select_awaits, write_edge);
    fputs("}\n", stream);
}
