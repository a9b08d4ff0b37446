/* notes.c: what a report says beside findings: what is worth knowing and, for certain, nobody's mistake. The contract is in
 * findings.h.
 */
#include "findings.h"

#include "output/text.h"
#include "parts.h"
#include "report.h"

#include <string.h>

/* Ids listed as "more like it". */
#define ALIKE_MAX 10

/* Pending tasks are alike when they were created at one place and wait at one place; the one that waits longest is told. */
static const char select_pending[] =
    "SELECT t.task_id, t.id_text, t.name, t.created_at, t.parent_text, t.state, t.wait_text, t.wait_at, max(t.wait_ns) AS wait_ns,\n"
    "    count(*) AS size, sum(count(*)) OVER () AS total, group_concat(t.id_text, ', ') AS ids\n"
    "FROM (SELECT t.*, p.end_reason IS 'running' AS is_running FROM tasks AS t\n"
    "    LEFT JOIN (SELECT process_id, end_reason FROM processes) AS p USING (process_id)\n"
    "    WHERE t.task_id IN (SELECT a.task_id FROM task AS a WHERE a.outcome IS NULL) AND t.outcome = 'pending') AS t\n"
    "WHERE t.is_running = ?1\n"
    "GROUP BY t.created_at, t.wait_kind, t.wait_at, t.state ORDER BY min(t.task_id)";

/* A timeout that cancelled a task which awaits another one has the other one cancelled: what that answers with is told once,
 * with the task that it came from. */
static const char select_converted[] =
    "SELECT c.task_id, e.type, e.message, p.place AS raised_at, count(*) OVER () AS total\n"
    "FROM (SELECT c.task_id, min(iif(c.by = 'timeout', s.exception_id, NULL)) AS scope_exception_id\n"
    "    FROM cancellations AS c LEFT JOIN scope AS s ON s.scope_id = c.by_id\n"
    "    WHERE c.ending = 'converted' AND NOT (c.by = 'timeout' AND c.task_id IN (SELECT a.by_id FROM cancellations AS a\n"
    "        WHERE a.by = 'awaiter' AND a.ending = 'converted'))\n"
    "    GROUP BY c.task_id) AS c\n"
    "LEFT JOIN failure AS f ON f.failure_id = c.task_id\n"
    "LEFT JOIN exception AS e ON e.exception_id = coalesce(c.scope_exception_id, f.exception_id)\n"
    "LEFT JOIN places AS p ON p.site_id = e.raised_site_id\n"
    "ORDER BY c.task_id";

static const char select_callbacks[] =
    "SELECT h.called_ns, h.message, e.type, e.message AS text, p.place AS raised_at,\n"
    "    (SELECT CASE w.word WHEN 'log' THEN 'to no handler, on stderr only,'\n"
    "        ELSE 'to the ' || w.word || ' exception handler' END\n"
    "     FROM word AS w WHERE w.enumeration = 'handler_kind' AND w.number = h.kind) AS told_to,\n"
    "    count(*) OVER () AS total\n"
    "FROM handler_call AS h\n"
    "JOIN word AS k ON k.enumeration = 'object_kind' AND k.number = h.object_kind AND k.word = 'callback'\n"
    "LEFT JOIN exception AS e ON e.exception_id = h.exception_id\n"
    "LEFT JOIN places AS p ON p.site_id = e.raised_site_id\n"
    "ORDER BY h.handler_call_id";

/* What the runtime notes just before its process ends. */
static const char select_overflows[] =
    "SELECT n.text, n.noted_ns, l.id_text, l.name, p.place AS waited_at, c.place AS created_at, count(*) OVER () AS total\n"
    "FROM note AS n LEFT JOIN task_labels AS l ON l.task_id = n.task_id\n"
    "LEFT JOIN places AS p ON p.site_id = n.site_id\n"
    "LEFT JOIN task AS t ON t.task_id = n.task_id LEFT JOIN places AS c ON c.site_id = t.created_site_id\n"
    "WHERE n.key = 'stack_overflow' ORDER BY n.note_id";

static void print_title(tt_output *output, const char *title)
{
    tt__style(output, TT_STYLE_BOLD);
    tt__print(output, "\n%s:", title);
    tt__style(output, TT_STYLE_PLAIN);
}

/* Whether row NUMBER, from 1, of TOTAL rows is to be printed; says once how many are not. */
static bool is_within(tt_output *output, int64_t number, int64_t total, int64_t limit)
{
    if (limit == 0 || number <= limit)
        return true;
    if (number == limit + 1)
        tt__print(output, "  and %jd more; --limit 0 shows all\n", (intmax_t)(total - limit));
    return false;
}

static void print_converted(tt_session *session, tt_output *output, int64_t limit)
{
    tt_query *query = tt__query_open(session, select_converted);
    for (int64_t number = 1; tt__query_next(query); number++) {
        int64_t total = tt__query_integer(query, "total");
        int64_t task_id = tt__query_integer(query, "task_id");
        if (number == 1) {
            print_title(output, "CONVERTED CANCELLATIONS");
            tt__print(output, " %jd %s answered with another exception\n", TT_COUNTED(total, "task"));
        }
        if (!is_within(output, number, total, limit))
            continue;
        tt_query *task = tt__query_open(session, tt__part_select_task);
        tt__query_bind_integer(task, 1, task_id);
        if (tt__query_next(task))
            tt__part_task(task, output);
        tt__query_close(task);
        tt__part_cancellation(session, output, task_id, "converted");
        tt__part_label(output, "converted to");
        tt__part_exception(output, tt__query_text(query, "type"), tt__query_text(query, "message"));
        tt__print(output, ", raised at %s\n", tt__part_or_unknown(tt__query_text(query, "raised_at")));
    }
    tt__query_close(query);
}

static void print_overflows(tt_session *session, tt_output *output, int64_t limit)
{
    char noted[TT_DURATION_BYTES];
    tt_query *query = tt__query_open(session, select_overflows);
    for (int64_t number = 1; tt__query_next(query); number++) {
        int64_t total = tt__query_integer(query, "total");
        if (number == 1) {
            print_title(output, "OVERFLOWED STACKS");
            tt__print(output, " %jd, which ended the process\n", (intmax_t)total);
        }
        if (!is_within(output, number, total, limit))
            continue;
        tt__text_instant(noted, tt__query_integer(query, "noted_ns"));
        tt__print(output, "  %s at %s\n", tt__part_or_unknown(tt__query_text(query, "text")), noted);
        tt__part_label(output, "task");
        tt__part_object(output, tt__query_text(query, "id_text"), tt__query_text(query, "name"));
        tt__print(output, " created at %s\n", tt__part_or_unknown(tt__query_text(query, "created_at")));
        tt__part_label(output, "last seen");
        tt__print(output, "%s\n", tt__part_or_unknown(tt__query_text(query, "waited_at")));
    }
    tt__query_close(query);
}

static void print_callbacks(tt_session *session, tt_output *output, int64_t limit)
{
    char called[TT_DURATION_BYTES];
    tt_query *query = tt__query_open(session, select_callbacks);
    for (int64_t number = 1; tt__query_next(query); number++) {
        int64_t total = tt__query_integer(query, "total");
        if (number == 1) {
            print_title(output, "FAILED CALLBACKS");
            tt__print(output, " %jd, each told at once\n", (intmax_t)total);
        }
        if (!is_within(output, number, total, limit))
            continue;
        tt__text_instant(called, tt__query_integer(query, "called_ns"));
        tt__print_own(output, "  ");
        tt__part_exception(output, tt__query_text(query, "type"), tt__query_text(query, "text"));
        tt__print_own(output, "\n");
        tt__part_label(output, "raised at");
        tt__print(output, "%s\n", tt__part_or_unknown(tt__query_text(query, "raised_at")));
        tt__part_label(output, "told");
        tt__print(output, "%s at %s: %s\n", tt__part_or_unknown(tt__query_text(query, "told_to")), called,
                  tt__query_text(query, "message"));
    }
    tt__query_close(query);
}

/* A list of ids, cut behind the ALIKE_MAX'th. */
static void print_ids(tt_output *output, const char *ids)
{
    int count = 0;
    size_t length = 0;
    while (ids[length] != '\0' && !(ids[length] == ',' && ++count == ALIKE_MAX + 1))
        length++;
    tt__print(output, "%.*s%s\n", (int)length, ids, ids[length] == '\0' ? "" : ", ...");
}

static void print_pending(tt_session *session, tt_output *output, int64_t limit, bool is_running)
{
    tt_query *query = tt__query_open(session, select_pending);
    tt__query_bind_integer(query, 1, is_running);
    for (int64_t number = 1; tt__query_next(query); number++) {
        const char *state = tt__query_text(query, "state");
        int64_t size = tt__query_integer(query, "size");
        if (number == 1) {
            print_title(output, is_running ? "PENDING NOW" : "PENDING AT THE END");
            tt__print(output, " %jd %s, no finding\n", TT_COUNTED(tt__query_integer(query, "total"), "task"));
        }
        if (limit > 0 && number > limit)
            continue;
        tt__part_task(query, output);
        if (tt__query_is_null(query, "wait_text")) {
            tt__part_label(output, is_running ? "is" : "was");
            tt__print(output, "%s\n", state != NULL ? state : "in a state that is not known");
        } else {
            tt__part_wait(query, output, is_running ? "waits for" : "waited for");
        }
        if (size > 1) {
            tt__print(output, "  %jd alike: ", (intmax_t)size);
            print_ids(output, tt__query_text(query, "ids"));
        }
    }
    tt__query_close(query);
}

void tt__findings_print_notes(tt_session *session, tt_output *output, int64_t limit, const struct tt_report_counts *counts)
{
    print_converted(session, output, limit);
    print_overflows(session, output, limit);
    print_callbacks(session, output, limit);
    if (counts->pending > 0)
        print_pending(session, output, limit, false);
    if (counts->pending_now > 0)
        print_pending(session, output, limit, true);
}
