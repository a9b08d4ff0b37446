/* parts.c: the lines that reports and `telltale show` have in common. The contract is in parts.h. */
#include "parts.h"

#include "output/text.h"
#include "report.h"
#include "source.h"

#include <stdlib.h>
#include <string.h>

/* Where what belongs to a label stands. */
#define PLACE_COLUMN 18

/* Places listed of those where references were taken or released: a task remembers a few only. */
#define PLACES_MAX 4

/* Members of an exception group that are listed; also in select_members. */
#define MEMBERS_MAX 8

const char tt__part_select_task[] =
    "SELECT task_id, id_text, name, created_at, parent_text, wait_text, wait_at, wait_ns FROM tasks WHERE task_id = ?1";

static const char select_chain[] =
    "WITH RECURSIVE chain (exception_id, link, depth) AS (\n"
    "    SELECT coalesce(cause_id, context_id), iif(cause_id IS NULL, 'handling', 'caused by'), 1\n"
    "    FROM exception WHERE exception_id = ?1\n"
    "    UNION ALL\n"
    "    SELECT coalesce(e.cause_id, e.context_id), iif(e.cause_id IS NULL, 'handling', 'caused by'), c.depth + 1\n"
    "    FROM chain AS c JOIN exception AS e ON e.exception_id = c.exception_id WHERE c.depth < 8)\n"
    "SELECT c.link, e.type, e.message, p.place\n"
    "FROM chain AS c JOIN exception AS e ON e.exception_id = c.exception_id LEFT JOIN places AS p ON p.site_id = e.raised_site_id\n"
    "ORDER BY c.depth";

/* Levels of nested groups that are followed, and rows that are made at most: groups may share members, and a tree of
 * them may have more leaves than anybody can count. */
static const char select_members[] =
    "WITH RECURSIVE member (member_id, path, type, message, raised_at, depth, sort) AS (\n"
    "    SELECT member_id, CAST(position + 1 AS TEXT), type, message, raised_at, 1, printf('%010d', position)\n"
    "    FROM exception_members WHERE group_id = ?1\n"
    "    UNION ALL\n"
    "    SELECT m.member_id, o.path || '.' || (m.position + 1), m.type, m.message, m.raised_at, o.depth + 1,\n"
    "        o.sort || printf('%010d', m.position)\n"
    "    FROM member AS o JOIN exception_members AS m ON m.group_id = o.member_id WHERE o.depth < 8 LIMIT 1000)\n"
    "SELECT path, type, message, raised_at, count(*) OVER () AS count FROM member ORDER BY sort LIMIT 8";

static const char select_cancellation[] =
    "SELECT by_text, requested_at, reason, delivered_at, before_start FROM cancellations\n"
    "WHERE task_id = ?1 AND ending = ?2 ORDER BY cancellation_id LIMIT 1";

void tt__part_label(tt_output *output, const char *label)
{
    tt__style(output, TT_STYLE_FAINT);
    tt__print(output, "    %-13s ", label);
    tt__style(output, TT_STYLE_PLAIN);
}

const char *tt__part_or_unknown(const char *text)
{
    return text != NULL ? text : "unknown";
}

void tt__part_place(tt_output *output, const char *place)
{
    tt__print(output, "%s\n", tt__part_or_unknown(place));
    tt__source_quote(output, place, PLACE_COLUMN);
}

void tt__part_exception(tt_output *output, const char *type, const char *message)
{
    tt__print(output, "%s", tt__part_or_unknown(type));
    if (message != NULL && *message != '\0')
        tt__print(output, ": %s", message);
}

void tt__part_raised(tt_output *output, tt_query *failure)
{
    const char *how = tt__query_text(failure, "how");
    tt__part_label(output, "raised at");
    if (how != NULL && strcmp(how, "missing") == 0)
        tt__print(output, "nowhere: it returned a negative number and raised nothing\n");
    else
        tt__part_place(output, tt__query_text(failure, "raised_at"));
}

/* #17 "client-3" */
void tt__part_object(tt_output *output, const char *id_text, const char *name)
{
    tt__print(output, "%s", tt__part_or_unknown(id_text));
    if (name != NULL)
        tt__print(output, " \"%s\"", name);
}


/* Prints lines of TEXT, separated by "; ", at most PLACES_MAX of them. Returns how many there are. */
size_t tt__part_places(tt_output *output, const char *text)
{
    size_t count = 0;
    while (text != NULL && *text != '\0') {
        size_t length = strcspn(text, "\n");
        char *place = strndup(text, length);
        if (count < PLACES_MAX && place != NULL)
            tt__print(output, "%s%s", count > 0 ? "; " : "", place);
        free(place);
        count++;
        text += length + (text[length] == '\n');
    }
    if (count > PLACES_MAX)
        tt__print(output, "; and %zu more", count - PLACES_MAX);
    return count;
}

static bool has_line_end(const char *text)
{
    return text != NULL && strchr(text, '\n') != NULL;
}

void tt__part_holders(tt_query *query, tt_output *output)
{
    const char *taken = tt__query_text(query, "taken_at");
    const char *released = tt__query_text(query, "released_from");
    const char *last = tt__query_text(query, "released_at");
    int64_t remaining = tt__query_integer(query, "handle_count");
    if (taken == NULL && !tt__query_is_null(query, "has_handle") && tt__query_integer(query, "has_handle") == 0) {
        tt__print(output, "nobody: it was created without a handle");
        return;
    }
    if (taken == NULL) {
        if (remaining > 0)
            tt__print(output, "%jd %s, taken at unknown places", TT_COUNTED(remaining, "reference"));
        else
            tt__print(output, "no reference that is known");
    } else {
        tt__print(output, has_line_end(taken) ? "references taken at " : "reference taken at ");
        tt__part_places(output, taken);
    }
    if (released == NULL && remaining == 0)
        released = last;
    if (released != NULL) {
        tt__print(output, has_line_end(taken) || has_line_end(released) ? "; released at " : ", released at ");
        tt__part_places(output, released);
        if (remaining > 0)
            tt__print(output, "; %jd %s", (intmax_t)remaining, remaining == 1 ? "remains" : "remain");
    } else if (remaining > 0) {
        tt__print(output, ", never released");
    }
}

void tt__part_chain(tt_session *session, tt_output *output, int64_t exception_id)
{
    tt_query *query = tt__query_open(session, select_chain);
    tt__query_bind_integer(query, 1, exception_id);
    while (tt__query_next(query)) {
        tt__part_label(output, tt__query_text(query, "link"));
        tt__part_exception(output, tt__query_text(query, "type"), tt__query_text(query, "message"));
        tt__print(output, ", raised at %s\n", tt__part_or_unknown(tt__query_text(query, "place")));
    }
    tt__query_close(query);
}

void tt__part_members(tt_session *session, tt_output *output, int64_t exception_id)
{
    char label[80];
    int64_t count = 0;
    tt_query *query = tt__query_open(session, select_members);
    tt__query_bind_integer(query, 1, exception_id);
    while (tt__query_next(query)) {
        const char *raised_at = tt__query_text(query, "raised_at");
        count = tt__query_integer(query, "count");
        snprintf(label, sizeof label, "member %s", tt__query_text(query, "path"));
        tt__part_label(output, label);
        tt__part_exception(output, tt__query_text(query, "type"), tt__query_text(query, "message"));
        if (raised_at != NULL)
            tt__print(output, ", raised at %s", raised_at);
        tt__print(output, "\n");
    }
    tt__query_close(query);
    if (count <= MEMBERS_MAX)
        return;
    tt__part_label(output, "and");
    tt__print(output, "%jd more\n", (intmax_t)(count - MEMBERS_MAX));
}

void tt__part_task(tt_query *task, tt_output *output)
{
    tt__part_label(output, "task");
    tt__part_object(output, tt__query_text(task, "id_text"), tt__query_text(task, "name"));
    tt__print(output, " created at ");
    tt__part_place(output, tt__query_text(task, "created_at"));
    tt__part_label(output, "created by");
    tt__print(output, "%s\n", tt__part_or_unknown(tt__query_text(task, "parent_text")));
}

void tt__part_cancellation(tt_session *session, tt_output *output, int64_t task_id, const char *ending)
{
    tt_query *query = tt__query_open(session, select_cancellation);
    tt__query_bind_integer(query, 1, task_id);
    tt__query_bind_text(query, 2, ending);
    while (tt__query_next(query)) {
        const char *reason = tt__query_text(query, "reason");
        tt__part_label(output, "cancelled by");
        tt__print(output, "%s at %s", tt__part_or_unknown(tt__query_text(query, "by_text")), tt__part_or_unknown(tt__query_text(query, "requested_at")));
        if (reason != NULL)
            tt__print(output, ": \"%s\"", reason);
        tt__print(output, "\n");
        tt__part_label(output, "delivered at");
        tt__print(output, "%s\n", tt__query_integer(query, "before_start") ? "its start" : tt__part_or_unknown(tt__query_text(query, "delivered_at")));
    }
    tt__query_close(query);
}

void tt__part_wait(tt_query *task, tt_output *output, const char *label)
{
    char waited[TT_DURATION_BYTES];
    const char *what = tt__query_text(task, "wait_text");
    const char *place = tt__query_text(task, "wait_at");
    tt__part_label(output, label);
    if (what == NULL) {
        tt__print(output, "nothing\n");
        return;
    }
    tt__print(output, "%s", what);
    if (place != NULL) /* without a board it may be missing; the wait is no less known */
        tt__print(output, " at %s", place);
    if (!tt__query_is_null(task, "wait_ns")) {
        tt__text_duration(waited, tt__query_integer(task, "wait_ns"));
        tt__print(output, ", for %s", waited);
    }
    tt__print(output, "\n");
    tt__source_quote(output, place, PLACE_COLUMN);
}

