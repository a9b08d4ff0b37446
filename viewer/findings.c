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

/* All cases by one reading: those that are told, the first few of each group, and what a summary says about all. What is held for less
 * than its threshold is counted, and not told. */
static const char select_findings[] =
    ",\nasked AS (SELECT *, rank <> ?2 OR amount >= ?3 AS is_told FROM finding),\n"
    "ranked AS (\n"
    "    SELECT *, row_number() OVER grouped AS place, count(*) OVER grouped AS size, min(since_ns) OVER grouped AS first_ns,\n"
    "        max(since_ns) OVER grouped AS last_ns\n"
    "    FROM asked WINDOW grouped AS (PARTITION BY lint, is_told, fingerprint ORDER BY since_ns, object_id\n"
    "        ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)),\n"
    "numbered AS (\n"
    "    SELECT *, dense_rank() OVER (PARTITION BY lint, is_told ORDER BY first_ns, fingerprint) AS group_number,\n"
    "        sum(place = 1) OVER (PARTITION BY lint) AS groups, sum(iif(place = 1, size, 0)) OVER (PARTITION BY lint) AS cases,\n"
    "        sum(iif(place = 1 AND is_told AND counts, size, 0)) OVER (PARTITION BY lint) AS counting\n"
    "    FROM ranked WHERE place <= ?1)\n"
    "SELECT *, json_group_array(object_id) FILTER (WHERE is_told AND place = 1 AND lint GLOB '*-failure'\n"
    "        AND (?4 = 0 OR group_number <= ?4)) OVER (ORDER BY rank, is_told DESC, group_number, place\n"
    "        ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS failure_ids\n"
    "FROM numbered ORDER BY rank, is_told DESC, group_number, place";

/* The failures that are told in full, of the many that are alike, in the order in which they are. */
static const char select_failures[] =
    "SELECT f.kind, f.type, f.message, f.note, f.exception_id, f.how, f.raised_at, f.created_at, f.taken_at, f.released_from, f.released_at,\n"
    "    f.held_by, f.handle_count, f.forwarded_to, f.reported_to, f.reported_ns, f.stored_ns,\n"
    "    f.reported_ns - f.stored_ns AS reported_after_ns, f.parent_text, t.has_handle,\n"
    "    (SELECT x.name FROM test AS x WHERE x.test_id >> 40 = f.process_id AND x.began_ns <= f.stored_ns\n"
    "        AND coalesce(x.ended_ns, f.stored_ns) >= f.stored_ns ORDER BY x.began_ns DESC LIMIT 1) AS in_test\n"
    "FROM json_each(?1) AS j CROSS JOIN failures AS f ON f.failure_id = j.value\n"
    "LEFT JOIN task AS t ON t.task_id = f.failure_id ORDER BY j.key";

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

/* QUERY has the finding, FAILURE what the view failures says about it. */
static void print_failure(tt_session *session, tt_query *query, tt_query *failure, tt_output *output)
{
    const char *kind = tt__query_text(failure, "kind");
    const char *note = tt__query_text(failure, "note");
    const char *forwarded = tt__query_text(failure, "forwarded_to");
    tt__style(output, TT_STYLE_BOLD);
    tt__print_own(output, "  ");
    tt__part_exception(output, tt__query_text(failure, "type"), tt__query_text(failure, "message"));
    tt__print_own(output, "\n");
    tt__style(output, TT_STYLE_PLAIN);
    tt__part_raised(output, failure);
    tt__stack_print(session, output, tt__query_integer(failure, "exception_id"), "raised", "called from");
    tt__part_members(session, output, tt__query_integer(failure, "exception_id"));
    tt__part_chain(session, output, tt__query_integer(failure, "exception_id"));
    tt__part_label(output, kind == NULL ? "object" : strcmp(kind, "thread_future") == 0 ? "thread future" : kind);
    tt__part_object(output, tt__query_text(query, "id_text"), tt__query_text(query, "name"));
    tt__print(output, " created at ");
    tt__part_place(output, tt__query_text(failure, "created_at"));
    tt__stack_print(session, output, tt__query_integer(query, "object_id"), "created", "called from");
    if (!tt__query_is_null(failure, "parent_text")) {
        tt__part_label(output, "created by");
        tt__print(output, "%s\n", tt__query_text(failure, "parent_text"));
    }
    if (!tt__query_is_null(failure, "in_test")) {
        tt__part_label(output, "in test");
        tt__print(output, "%s\n", tt__query_text(failure, "in_test"));
    }
    if (note != NULL) {
        tt__part_label(output, "note");
        tt__print(output, "%s\n", note);
    }
    if (!tt__query_is_null(failure, "held_by")) {
        tt__part_label(output, "held by");
        tt__print(output, "%s\n", tt__query_text(failure, "held_by"));
    }
    tt__part_label(output, "held by");
    tt__part_holders(failure, output);
    tt__print(output, "\n");
    if (forwarded != NULL) {
        tt__part_label(output, "forwarded to");
        tt__part_places(output, forwarded);
        tt__print(output, "\n");
    }
    if (strcmp(tt__query_text(query, "lint"), "absorbed-failure") == 0)
        print_library_touch(session, output, tt__query_integer(query, "object_id"));
    print_reason(query, output);
    print_reporting(failure, output);
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

/* KIND is what failed; NULL when it is no failure. */
static void print_group_title(tt_query *query, const char *kind, tt_output *output)
{
    char first[TT_DURATION_BYTES], last[TT_DURATION_BYTES];
    const struct tt_lint *lint = &tt__lints[tt__query_integer(query, "rank")];
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

static bool is_failure(tt_query *query)
{
    const char *lint = tt__query_text(query, "lint"), *end = strrchr(lint, '-');
    return end != NULL && strcmp(end, "-failure") == 0;
}

/* What stands in each row about all cases of its lint. */
static void count_cases(tt_query *query, const struct tt_lint_choice *choice, struct tt_report_counts *counts)
{
    int64_t rank = tt__query_integer(query, "rank");
    if (!tt__report_is_summed(choice, (size_t)rank))
        return;
    counts->cases[rank] = tt__query_integer(query, "cases");
    counts->counting += tt__query_integer(query, "counting");
    if (rank == TT_REPORT_LOST)
        counts->lost_groups = tt__query_integer(query, "groups");
}

/* The first case of a group. */
static void print_first(tt_session *session, tt_query *query, tt_query **failures, tt_output *output)
{
    if (!is_failure(query)) {
        print_group_title(query, NULL, output);
        print_task_finding(session, query, output);
        return;
    }
    if (*failures == NULL) {
        *failures = tt__query_open(session, select_failures);
        tt__query_bind_text(*failures, 1, tt__query_text(query, "failure_ids"));
    }
    tt__query_next(*failures);
    print_group_title(query, tt__query_text(*failures, "kind"), output);
    print_failure(session, query, *failures, output);
}

void tt__findings_print(tt_session *session, tt_output *output, const struct tt_lint_choice *choice, int64_t limit,
                        struct tt_report_counts *counts)
{
    struct alike alike = {0};
    struct left_out left_out = {0};
    struct tt_lint_choice asked = *choice;
    int64_t rank = -1;
    asked.is_on[TT_REPORT_HELD] = true;
    asked.threshold[TT_REPORT_HELD] = 0;
    tt_query *query = tt__lints_open(session, &asked, select_findings), *failures = NULL;
    tt__query_bind_integer(query, 1, ALIKE_MAX + 1);
    tt__query_bind_integer(query, 2, TT_REPORT_HELD);
    tt__query_bind_integer(query, 3, choice->is_on[TT_REPORT_HELD] ? choice->threshold[TT_REPORT_HELD] : INT64_MAX);
    tt__query_bind_integer(query, 4, limit);
    while (tt__query_next(query)) {
        if (tt__query_integer(query, "rank") != rank) {
            rank = tt__query_integer(query, "rank");
            count_cases(query, choice, counts);
        }
        if (!tt__query_integer(query, "is_told"))
            continue;
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
        alike.size = tt__query_integer(query, "size");
        print_first(session, query, &failures, output);
    }
    end_alike(&alike, output);
    end_left_out(&left_out, output);
    tt__query_close(failures);
    tt__query_close(query);
}
