/* accounts.c: what `telltale report --all` says beside findings and notes: failures that were seen, by whom, and cancellations,
 * with who asked and how they ended. The contract is in findings.h.
 */
#include "findings.h"

#include "output/text.h"
#include "parts.h"
#include "report.h"

#include <string.h>

/* Ids listed as "alike", that of the one that is told among them. */
#define ALIKE_MAX 10

/* Failures are alike as in findings, and when the same kind of code saw them at one place. Who saw a failure that was
 * forwarded to another one is told with that. */
static const char select_failures[] =
    "WITH seen AS (\n"
    "    SELECT f.failure_id, f.id_text, f.name, f.kind, f.type, f.message, f.raised_at, f.created_at, f.state, "
    "f.discard_reason,\n"
    "        f.forwarded_to, f.fingerprint, f.stored_ns, f.exception_id, u.by, u.by_text, u.how, u.place, u.touched_ns "
    "- f.stored_ns AS after_ns\n"
    "    FROM failures AS f LEFT JOIN touches AS u ON u.failure_id = f.failure_id AND u.is_user AND NOT EXISTS (\n"
    "        SELECT 1 FROM touches AS v WHERE v.failure_id = u.failure_id AND v.is_user\n"
    "            AND (v.touched_ns, v.sequence) < (u.touched_ns, u.sequence))\n"
    "    WHERE f.state = ?1),\n"
    "ranked AS (\n"
    "    SELECT *, row_number() OVER (alike ORDER BY stored_ns, failure_id) AS place_in_group, count(*) OVER alike AS "
    "size,\n"
    "        group_concat(id_text, ', ') OVER (alike ORDER BY stored_ns, failure_id ROWS BETWEEN UNBOUNDED PRECEDING "
    "AND UNBOUNDED FOLLOWING) AS ids,\n"
    "        count(*) OVER () AS total\n"
    "    FROM seen WINDOW alike AS (PARTITION BY fingerprint, by, how, place))\n"
    "SELECT * FROM ranked WHERE place_in_group = 1 ORDER BY stored_ns, failure_id";

/* Cancellations are alike when they were asked for by one kind of code at one place, of tasks that were created at one place,
 * and ended alike. Swallowed ones are findings, converted ones are notes. */
static const char select_cancellations[] =
    "WITH asked AS (\n"
    /* Each task is looked up: at the right of LEFT JOIN, SQLite would copy all there are. */
    "    SELECT c.*, (SELECT t.created_at FROM tasks AS t WHERE t.task_id = c.task_id) AS created_at,\n"
    "        (SELECT t.parent_text FROM tasks AS t WHERE t.task_id = c.task_id) AS parent_text,\n"
    "        (SELECT t.ended_ns FROM tasks AS t WHERE t.task_id = c.task_id) - c.requested_ns AS after_ns\n"
    "    FROM cancellations AS c\n"
    "    WHERE c.ending NOT IN ('swallowed', 'converted')),\n"
    "ranked AS (\n"
    "    SELECT *, row_number() OVER (alike ORDER BY requested_ns, cancellation_id) AS place_in_group, count(*) OVER "
    "alike AS size,\n"
    "        group_concat(id_text, ', ') OVER (alike ORDER BY requested_ns, cancellation_id\n"
    "            ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS ids,\n"
    "        count(*) OVER () AS total\n"
    "    FROM asked WINDOW alike AS (PARTITION BY by, requested_at, reason, created_at, ending))\n"
    "SELECT * FROM ranked WHERE place_in_group = 1 ORDER BY requested_ns, cancellation_id";

/* The group's other members, if it has any. */
static void print_alike(tt_query *query, tt_output *output)
{
    int64_t size = tt__query_integer(query, "size");
    const char *ids = tt__query_text(query, "ids");
    int count = 0;
    size_t length = 0;
    if (size < 2 || ids == NULL)
        return;
    while (ids[length] != '\0' && !(ids[length] == ',' && ++count == ALIKE_MAX))
        length++;
    tt__print(output, "  %jd alike: %.*s%s\n", (intmax_t)size, (int)length, ids, ids[length] == '\0' ? "" : ", ...");
}

static void print_title(tt_output *output, const char *title, int64_t total, const char *noun)
{
    tt__style(output, TT_STYLE_BOLD);
    tt__print(output, "\n%s:", title);
    tt__style(output, TT_STYLE_PLAIN);
    tt__print(output, " %jd %s%s, no finding\n", (intmax_t)total, noun, total == 1 ? "" : "s");
}

/* Says once, behind the last group that is shown, how many are not. */
static void print_left_out(tt_output *output, int64_t number, int64_t limit)
{
    if (limit > 0 && number > limit)
        tt__print(output, "  and %jd more %s; --limit 0 shows all\n", TT_COUNTED(number - limit, "group"));
}

/* --------------------------------------------------------------------------------------------------- failures */

static void print_reader(tt_query *query, tt_output *output)
{
    char after[TT_DURATION_BYTES];
    const char *by = tt__query_text(query, "by_text"), *how = tt__query_text(query, "how");
    const char *forwarded = tt__query_text(query, "forwarded_to"), *reason = tt__query_text(query, "discard_reason");
    if (reason != NULL) {
        tt__part_label(output, "discarded");
        tt__print(output, "\"%s\"\n", reason);
    }
    if (forwarded != NULL) {
        tt__part_label(output, "forwarded to");
        tt__part_places(output, forwarded);
        tt__print(output, "\n");
    }
    if (by == NULL)
        return;
    tt__text_duration(after, tt__query_integer(query, "after_ns"));
    tt__part_label(output, "seen by");
    tt__print(output, "%s, by %s at %s", by, tt__part_or_unknown(how),
              tt__part_or_unknown(tt__query_text(query, "place")));
    if (!tt__query_is_null(query, "after_ns"))
        tt__print(output, ", %s after it failed", after);
    tt__print(output, "\n");
}

static void print_failure(tt_session *session, tt_query *query, tt_output *output)
{
    const char *kind = tt__query_text(query, "kind");
    tt__style(output, TT_STYLE_BOLD);
    tt__print_own(output, "  ");
    tt__part_exception(output, tt__query_text(query, "type"), tt__query_text(query, "message"));
    tt__print_own(output, "\n");
    tt__style(output, TT_STYLE_PLAIN);
    tt__part_label(output, "raised at");
    tt__print(output, "%s\n", tt__part_or_unknown(tt__query_text(query, "raised_at")));
    tt__part_members(session, output, tt__query_integer(query, "exception_id"));
    tt__part_label(output, kind == NULL ? "object" : strcmp(kind, "thread_future") == 0 ? "thread future" : kind);
    tt__part_object(output, tt__query_text(query, "id_text"), tt__query_text(query, "name"));
    tt__print(output, " created at %s\n", tt__part_or_unknown(tt__query_text(query, "created_at")));
    print_reader(query, output);
    print_alike(query, output);
}

static void print_failures(tt_session *session, tt_output *output, const char *state, const char *title, int64_t limit)
{
    int64_t number = 0;
    tt_query *query = tt__query_open(session, select_failures);
    tt__query_bind_text(query, 1, state);
    while (tt__query_next(query)) {
        if (++number == 1)
            print_title(output, title, tt__query_integer(query, "total"), "failure");
        if (limit == 0 || number <= limit)
            print_failure(session, query, output);
    }
    print_left_out(output, number, limit);
    tt__query_close(query);
}

/* ---------------------------------------------------------------------------------------------- cancellations */

static const char *words_of_ending(const char *ending)
{
    static const struct {
        const char *ending, *words;
    } table[] = {
        {"cancelled", "it was cancelled"},   {"timed_out", "the timeout made TimeoutError of it"},
        {"ignored", "it was done already"},  {"uncancelled", "the request was taken back"},
        {"pending", "it has not ended yet"},
    };
    for (size_t i = 0; ending != NULL && i < sizeof table / sizeof *table; i++)
        if (strcmp(table[i].ending, ending) == 0)
            return table[i].words;
    return "unknown: events are missing";
}

static void print_cancellation(tt_query *query, tt_output *output)
{
    char after[TT_DURATION_BYTES];
    const char *reason = tt__query_text(query, "reason"), *ending = tt__query_text(query, "ending");
    tt__part_label(output, tt__query_is_null(query, "created_at") ? "future" : "task");
    tt__part_object(output, tt__query_text(query, "id_text"), tt__query_text(query, "name"));
    if (!tt__query_is_null(query, "created_at"))
        tt__print(output, " created at %s", tt__query_text(query, "created_at"));
    tt__print(output, "\n");
    tt__part_label(output, "cancelled by");
    tt__print(output, "%s at %s", tt__part_or_unknown(tt__query_text(query, "by_text")),
              tt__part_or_unknown(tt__query_text(query, "requested_at")));
    if (reason != NULL)
        tt__print(output, ": \"%s\"", reason);
    tt__print(output, "\n");
    if (!tt__query_is_null(query, "delivered_ns")) {
        tt__part_label(output, "delivered at");
        tt__print(output, "%s\n",
                  tt__query_integer(query, "before_start")
                      ? "its start"
                      : tt__part_or_unknown(tt__query_text(query, "delivered_at")));
    }
    tt__part_label(output, "outcome");
    tt__print(output, "%s", words_of_ending(ending));
    if (!tt__query_is_null(query, "after_ns") && tt__query_integer(query, "after_ns") >= 0) {
        tt__text_duration(after, tt__query_integer(query, "after_ns"));
        tt__print(output, "; the task ended %s after the request", after);
    }
    tt__print(output, "\n");
    print_alike(query, output);
}

static void print_cancellations(tt_session *session, tt_output *output, int64_t limit)
{
    int64_t number = 0;
    tt_query *query = tt__query_open(session, select_cancellations);
    while (tt__query_next(query)) {
        if (++number == 1)
            print_title(output, "CANCELLATIONS", tt__query_integer(query, "total"), "request");
        if (limit == 0 || number <= limit)
            print_cancellation(query, output);
    }
    print_left_out(output, number, limit);
    tt__query_close(query);
}

void tt__findings_print_accounts(tt_session *session, tt_output *output, int64_t limit)
{
    print_failures(session, output, "delivered", "DELIVERED FAILURES", limit);
    print_failures(session, output, "discarded", "DISCARDED FAILURES", limit);
    print_cancellations(session, output, limit);
}
