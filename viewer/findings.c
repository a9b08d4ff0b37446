/* findings.c: what a report says about findings. The contract is in findings.h.
 *
 * A group is what the views give one fingerprint: its first finding is told in full, the others by their ids.
 */
#include "findings.h"

#include "output/text.h"
#include "parts.h"
#include "report.h"
#include "stacks.h"

#include <string.h>

/* What follows within a millisecond follows at once, as far as people are concerned. */
#define AT_ONCE_NS 1000000

/* Ids listed as "more like it". */
#define ALIKE_MAX 10

static const char select_findings[] =
    ",\nranked AS (\n"
    "    SELECT *, row_number() OVER (grouped ORDER BY since_ns, object_id) AS place, count(*) OVER grouped AS size,\n"
    "        min(since_ns) OVER grouped AS first_ns, max(since_ns) OVER grouped AS last_ns\n"
    "    FROM finding WINDOW grouped AS (PARTITION BY lint, fingerprint)),\n"
    "told AS MATERIALIZED (SELECT * FROM ranked WHERE place <= ?1),\n"
    "-- Of the many failures that are alike, few are told.\n"
    "failed AS MATERIALIZED (SELECT * FROM failures WHERE failure_id IN (SELECT object_id FROM told))\n"
    "SELECT l.*, dense_rank() OVER (PARTITION BY l.lint ORDER BY l.first_ns, l.fingerprint) AS group_number,\n"
    "    f.kind, f.type, f.message, f.state, f.reason, f.how, f.note, f.exception_id, f.raised_at, f.created_at, f.last_at,\n"
    "    f.taken_at, f.released_from, f.released_at, f.held_by, f.handle_count, f.forwarded_to, f.reported_to, f.reported_ns,\n"
    "    f.stored_ns, f.reported_ns - f.stored_ns AS reported_after_ns, f.parent_text, t.has_handle\n"
    "FROM told AS l\n"
    "LEFT JOIN failed AS f ON f.failure_id = l.object_id AND l.lint GLOB '*-failure'\n"
    "LEFT JOIN task AS t ON t.task_id = l.object_id\n"
    "ORDER BY l.rank, group_number, l.place";

static const char select_library_touch[] =
    "SELECT replace((SELECT w.word FROM word AS w WHERE w.enumeration = 'touch_how' AND w.number = u.how), '_', ' ') AS how, p.place\n"
    "FROM touch AS u LEFT JOIN places AS p ON p.site_id = u.site_id\n"
    "WHERE u.failure_id = ?1 AND NOT u.is_user ORDER BY u.touched_ns DESC, u.sequence DESC LIMIT 1";

/* What the library did with an absorbed failure last, and where. */
static void print_library_touch(tt_session *session, tt_output *output, int64_t failure_id)
{
    tt_query *query = tt__query_open(session, select_library_touch);
    tt__query_bind_integer(query, 1, failure_id);
    if (tt__query_next(query)) {
        tt__part_label(output, "read by");
        tt__print(output, "%s at %s\n", tt__part_or_unknown(tt__query_text(query, "how")), tt__part_or_unknown(tt__query_text(query, "place")));
    }
    tt__query_close(query);
}

static void print_reporting(tt_query *query, tt_output *output)
{
    char after[TT_DURATION_BYTES];
    const char *handler = tt__query_text(query, "reported_to");
    tt__part_label(output, "reported");
    if (handler == NULL) {
        tt__print(output, "to nobody\n");
        return;
    }
    if (tt__query_is_null(query, "stored_ns")) {
        tt__print(output, "to the %s exception handler\n", handler);
        return;
    }
    int64_t after_ns = tt__query_integer(query, "reported_after_ns");
    tt__text_duration(after, after_ns);
    tt__print(output, "to the %s exception handler, %s%s\n", handler, after_ns < AT_ONCE_NS ? "at once" : after,
              after_ns < AT_ONCE_NS ? "" : " after it failed");
}

static void print_reason(tt_query *query, tt_output *output)
{
    char lasted[TT_DURATION_BYTES];
    const char *lint = tt__query_text(query, "lint");
    int64_t lasted_ns = tt__query_integer(query, "lasted_ns");
    bool is_lost = strcmp(lint, "lost-failure") == 0;
    bool is_held = strcmp(lint, "held-failure") == 0;
    tt__text_duration(lasted, lasted_ns);
    tt__part_label(output, is_lost ? "lost because" : is_held ? "held so far" : "absorbed");
    tt__print(output, "%s", tt__query_text(query, "sentence"));
    if (lasted_ns >= AT_ONCE_NS && (is_lost || is_held))
        tt__print(output, is_lost ? " for %s" : ", for %s", lasted);
    tt__print(output, "\n");
}

/* ------------------------------------------------------------------------------------------------ one finding */

static void print_failure(tt_session *session, tt_query *query, tt_output *output)
{
    const char *kind = tt__query_text(query, "kind");
    const char *note = tt__query_text(query, "note");
    const char *forwarded = tt__query_text(query, "forwarded_to");
    tt__style(output, TT_STYLE_BOLD);
    tt__print(output, "  %s: %s\n", tt__part_or_unknown(tt__query_text(query, "type")), tt__query_text(query, "message"));
    tt__style(output, TT_STYLE_PLAIN);
    tt__part_label(output, "raised at");
    tt__part_place(output, tt__query_text(query, "raised_at"));
    tt__stack_print(session, output, tt__query_integer(query, "exception_id"), "raised", "called from");
    tt__part_members(session, output, tt__query_integer(query, "exception_id"));
    tt__part_chain(session, output, tt__query_integer(query, "exception_id"));
    tt__part_label(output, kind == NULL ? "object" : strcmp(kind, "thread_future") == 0 ? "thread future" : kind);
    tt__part_object(output, tt__query_text(query, "id_text"), tt__query_text(query, "name"));
    tt__print(output, " created at ");
    tt__part_place(output, tt__query_text(query, "created_at"));
    tt__stack_print(session, output, tt__query_integer(query, "object_id"), "created", "called from");
    if (!tt__query_is_null(query, "parent_text")) {
        tt__part_label(output, "created by");
        tt__print(output, "%s\n", tt__query_text(query, "parent_text"));
    }
    if (note != NULL) {
        tt__part_label(output, "note");
        tt__print(output, "%s\n", note);
    }
    if (!tt__query_is_null(query, "held_by")) {
        tt__part_label(output, "held by");
        tt__print(output, "%s\n", tt__query_text(query, "held_by"));
    }
    tt__part_label(output, "held by");
    tt__part_holders(query, output);
    tt__print(output, "\n");
    if (forwarded != NULL) {
        tt__part_label(output, "forwarded to");
        tt__part_places(output, forwarded);
        tt__print(output, "\n");
    }
    if (strcmp(tt__query_text(query, "lint"), "absorbed-failure") == 0)
        print_library_touch(session, output, tt__query_integer(query, "object_id"));
    print_reason(query, output);
    print_reporting(query, output);
}

/* What stands before the sentence of a finding about a task. */
static const char *label_of(const char *lint)
{
    return strcmp(lint, "swallowed-cancel") == 0    ? "swallowed"
           : strcmp(lint, "scope-left-open") == 0   ? "left open"
           : strcmp(lint, "destroyed-pending") == 0 ? "destroyed"
           : strcmp(lint, "await-cycle") == 0       ? "circle"
           : strcmp(lint, "never-started") == 0     ? "because"
                                                    : "namely";
}

/* A finding about a task that did not fail. */
static void print_task_finding(tt_session *session, tt_query *query, tt_output *output)
{
    int64_t task_id = tt__query_integer(query, "object_id");
    const char *lint = tt__query_text(query, "lint");
    bool is_swallowed = strcmp(lint, "swallowed-cancel") == 0;
    bool was_pending = strcmp(lint, "destroyed-pending") == 0;
    tt_query *task = tt__query_open(session, tt__part_select_task);
    tt__query_bind_integer(task, 1, task_id);
    if (tt__query_next(task)) {
        tt__part_task(task, output);
        if (was_pending)
            tt__part_wait(task, output, "waited for");
    }
    tt__query_close(task);
    if (is_swallowed)
        tt__part_cancellation(session, output, task_id, "swallowed");
    tt__part_label(output, label_of(lint));
    tt__print(output, "%s\n", tt__query_text(query, "sentence"));
}

/* ----------------------------------------------------------------------------------------------------- groups */

static void print_group_title(tt_query *query, tt_output *output)
{
    char first[TT_DURATION_BYTES], last[TT_DURATION_BYTES];
    const struct tt_lint *lint = &tt__lints[tt__query_integer(query, "rank")];
    const char *kind = tt__query_text(query, "kind");
    int64_t size = tt__query_integer(query, "size");
    tt__text_instant(first, tt__query_integer(query, "first_ns"));
    tt__text_instant(last, tt__query_integer(query, "last_ns"));
    tt__style(output, tt__query_integer(query, "is_definite") ? TT_STYLE_FAILURE : TT_STYLE_WARNING);
    tt__print(output, "\n%s:", lint->title);
    tt__style(output, TT_STYLE_PLAIN);
    tt__print(output, " %jd %s%s", (intmax_t)size, lint->noun, size == 1 ? "" : "s");
    if (kind != NULL)
        tt__print(output, " of %jd %s%s", (intmax_t)size, strcmp(kind, "thread_future") == 0 ? "thread future" : kind, size == 1 ? "" : "s");
    if (tt__query_is_null(query, "first_ns")) /* before somebody began to listen, or not told */
        tt__print(output, ", at a time that is not known");
    else if (size == 1)
        tt__print(output, ", at %s", first);
    else
        tt__print(output, ", first %s, last %s", first, last);
    tt__print(output, "%s%s\n", lint->is_definite || kind != NULL ? "" : ": ", lint->is_definite || kind != NULL ? "" : size == 1 ? lint->one : lint->many);
}

/* The members of a group behind its first one: collected while rows go by, printed when the group ends. */
struct alike {
    int64_t size;
    int64_t listed;
};

static void end_alike(struct alike *alike, tt_output *output)
{
    if (alike->listed > 0 && alike->size - 1 > alike->listed)
        tt__print(output, ", ...");
    if (alike->listed > 0)
        tt__print(output, "\n");
    *alike = (struct alike){0};
}

static void print_alike(struct alike *alike, tt_query *query, tt_output *output)
{
    if (alike->listed == 0)
        tt__print(output, "  %jd more like it: ", (intmax_t)alike->size - 1);
    tt__print(output, "%s%s", alike->listed > 0 ? ", " : "", tt__part_or_unknown(tt__query_text(query, "id_text")));
    alike->listed++;
}

/* Groups of one kind that are not shown, because there are too many. */
struct left_out {
    char lint[64];
    int64_t count;
};

static void end_left_out(struct left_out *left_out, tt_output *output)
{
    if (left_out->count > 0)
        tt__print(output, "\n%jd more %s of %s; --limit 0 shows all\n", TT_COUNTED(left_out->count, "group"), left_out->lint);
    left_out->count = 0;
}

/* Notes that a row's group is not shown. Groups of one kind come in the order of their numbers, so the last one counts. */
static void leave_out(struct left_out *left_out, tt_query *query, int64_t limit)
{
    snprintf(left_out->lint, sizeof left_out->lint, "%s", tt__query_text(query, "lint"));
    left_out->count = tt__query_integer(query, "group_number") - limit;
}

void tt__findings_print(tt_session *session, tt_output *output, const struct tt_lint_choice *choice, int64_t limit)
{
    struct alike alike = {0};
    struct left_out left_out = {0};
    tt_query *query = tt__lints_open(session, choice, select_findings);
    tt__query_bind_integer(query, 1, ALIKE_MAX + 1);
    while (tt__query_next(query)) {
        if (limit > 0 && tt__query_integer(query, "group_number") > limit) {
            end_alike(&alike, output);
            leave_out(&left_out, query, limit);
            continue;
        }
        if (tt__query_integer(query, "place") > 1) {
            print_alike(&alike, query, output);
            continue;
        }
        end_alike(&alike, output);
        end_left_out(&left_out, output);
        print_group_title(query, output);
        alike.size = tt__query_integer(query, "size");
        if (tt__query_is_null(query, "state"))
            print_task_finding(session, query, output);
        else
            print_failure(session, query, output);
    }
    end_alike(&alike, output);
    end_left_out(&left_out, output);
    tt__query_close(query);
}
