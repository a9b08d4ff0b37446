/* drawing.c: what there is to draw of a recording. The contract is in drawing.h.
 *
 * Each part is a query and a function that gives its rows to the format. Single steps are drawn where the store
 * has them; without them a task has its life, and what it waits for at the end.
 */
#include "export/pen.h"

#include <stdlib.h>
#include <string.h>

/* ---------------------------------------------------------------------------------------------------------- clocks */

static const char select_clocks[] =
    "SELECT min(coalesce(began_ns, 0), 0) AS shift_ns, origin_monotonic_ns, origin_boottime_ns, origin_realtime_ns\n"
    "FROM recordings";

/* What that clock says at time 0 of the trace; wall clocks have some 56 years in nanoseconds, twice
 * TT_TRACE_TIME_MAX_NS and less. */
static int64_t time_at_0(const struct tt_trace_pen *pen, tt_query *query, const char *column)
{
    int64_t origin_ns = tt__query_integer(query, column);
    int64_t ns = origin_ns < 0 ? 0 : origin_ns > 4 * TT_TRACE_TIME_MAX_NS ? 4 * TT_TRACE_TIME_MAX_NS : origin_ns;
    ns += pen->shift_ns;
    return ns < 0 ? 0 : ns;
}

static void write_clocks(struct tt_trace_pen *pen)
{
    struct tt_trace_clocks *clocks = &pen->sink.clocks;
    tt_query *query = tt__query_open(pen->session, select_clocks);
    if (tt__query_next(query)) {
        pen->shift_ns = tt__pen_limit(tt__query_integer(query, "shift_ns"));
        *clocks = (struct tt_trace_clocks){
            .monotonic_ns = time_at_0(pen, query, "origin_monotonic_ns"),
            .boottime_ns = time_at_0(pen, query, "origin_boottime_ns"),
            .realtime_ns = time_at_0(pen, query, "origin_realtime_ns"),
            .has_boottime = !tt__query_is_null(query, "origin_boottime_ns"),
            .has_realtime = !tt__query_is_null(query, "origin_realtime_ns"),
        };
    }
    tt__query_close(query);
    pen->sink.format->begin(&pen->sink, clocks);
}

/* --------------------------------------------------------------------------------------------- processes, threads */

static const char select_processes[] =
    "SELECT process_id, program, command, started_ns, end_text,\n"
    "    CASE WHEN pid IS NULL OR pid <= 0 OR row_number() OVER (PARTITION BY pid ORDER BY process_id) > 1\n"
    "        THEN 4194305 + process_id ELSE pid END AS pid\n"
    "FROM processes ORDER BY process_id";

static bool remember_pid(struct tt_trace_pen *pen, int64_t process_id, int64_t pid)
{
    if (pen->pid_count == pen->pid_capacity) {
        size_t capacity = pen->pid_capacity == 0 ? 16 : pen->pid_capacity * 2;
        struct tt_trace_pid *more = realloc(pen->pids, capacity * sizeof *more);
        if (more == NULL)
            return false;
        pen->pids = more;
        pen->pid_capacity = capacity;
    }
    pen->pids[pen->pid_count++] = (struct tt_trace_pid){process_id, pid};
    return true;
}

static int write_processes(struct tt_trace_pen *pen)
{
    int status = -1;
    tt_query *query = tt__query_open(pen->session, select_processes);
    while (status < 0 && tt__query_next(query)) {
        int64_t process_id = tt__query_integer(query, "process_id");
        const char *program = tt__query_text(query, "program");
        const char *slash = program != NULL ? strrchr(program, '/') : NULL;
        if (!remember_pid(pen, process_id, tt__query_integer(query, "pid"))) {
            tt__complain("export: not enough memory for the processes");
            status = TT_EXIT_OUTSIDE;
            break;
        }
        struct tt_trace_place place = tt__pen_process(pen, process_id);
        pen->sink.format->track(&pen->sink, &place,
                                slash != NULL     ? slash + 1
                                : program != NULL ? program
                                                  : "process",
                                tt__query_text(query, "command"));
    }
    tt__query_close(query);
    return status;
}

/* Where the rows of a thread are missing it is known by what it did. */
static const char select_threads[] = "SELECT thread_id, tid, name FROM threads\n"
                                     "UNION ALL SELECT DISTINCT thread_id, NULL, NULL FROM stalls WHERE thread_id NOT "
                                     "IN (SELECT thread_id FROM threads)\n"
                                     "ORDER BY thread_id";

static void write_threads(struct tt_trace_pen *pen)
{
    tt_query *query = tt__query_open(pen->session, select_threads);
    while (tt__query_next(query)) {
        const char *name = tt__query_text(query, "name");
        struct tt_trace_place place =
            tt__pen_thread(pen, tt__query_integer(query, "thread_id"), tt__query_integer(query, "tid"));
        pen->sink.format->track(&pen->sink, &place, name != NULL ? name : "thread", NULL);
    }
    tt__query_close(query);
}

/* ----------------------------------------------------------------------------------------------------------- tasks */

static const char select_tasks[] =
    "SELECT t.task_id, l.label, 'creates ' || l.label AS creates, t.outcome, t.coroutine,\n"
    "    t.created_at, t.parent_text, t.busy_ns, t.ready_ns, t.waiting_ns, t.step_count,\n"
    "    coalesce(t.created_ns, t.started_ns, p.started_ns, 0) AS from_ns, coalesce(t.ended_ns, p.ended_ns) AS to_ns,\n"
    /* Nearly all tasks have ended, and what they wait for is not put into words. */
    "    c.parent_id, CASE WHEN t.wait_since_ns IS NOT NULL THEN 'waits for ' || t.wait_text END AS waits,\n"
    "    CASE WHEN t.wait_since_ns IS NOT NULL THEN t.wait_at END AS wait_at, t.wait_since_ns\n"
    "FROM tasks AS t JOIN creations AS c ON c.task_id = t.task_id JOIN task_labels AS l ON l.task_id = t.task_id\n"
    "LEFT JOIN processes AS p ON p.process_id = t.process_id\n"
    "WHERE " TT_IN_SPAN("t") " ORDER BY t.task_id";

/* The instant of creation in the creator's own life, and the arrow from there; only if the creator is drawn. */
static void write_creation(struct tt_trace_pen *pen, tt_query *query, int64_t parent_id, uint64_t flow)
{
    tt__pen_instant(pen, (struct tt_trace_thing){.place = tt__pen_task(pen, parent_id),
                                                 .category = "creation",
                                                 .name = tt__query_text(query, "creates"),
                                                 .from_ns = tt__pen_time(pen, query, "from_ns"),
                                                 .flow_out = flow,
                                                 TT_NOTES(tt__pen_note(query, "place", "created_at"))});
}

static void write_task(struct tt_trace_pen *pen, tt_query *query)
{
    int64_t task_id = tt__query_integer(query, "task_id");
    int64_t parent_id = tt__query_integer(query, "parent_id");
    struct tt_trace_place place = tt__pen_task(pen, task_id);
    bool is_drawn = !tt__query_is_null(query, "parent_id") && tt__query_integer(query, "from_ns") >= pen->span.since_ns;
    uint64_t flow = is_drawn ? tt__pen_flow(parent_id, task_id, 0) : 0;
    pen->sink.format->track(&pen->sink, &place, tt__query_text(query, "label"), NULL);
    if (is_drawn)
        write_creation(pen, query, parent_id, flow);
    tt__pen_slice(
        pen, (struct tt_trace_thing){
                 .place = place,
                 .category = "task",
                 .name = tt__query_text(query, "label"),
                 .from_ns = tt__pen_time(pen, query, "from_ns"),
                 .to_ns = tt__pen_end(pen, query, "to_ns"),
                 .flow_in = flow,
                 TT_NOTES(tt__pen_note(query, "outcome", "outcome"), tt__pen_note(query, "coroutine", "coroutine"),
                          tt__pen_note(query, "created_at", "created_at"),
                          tt__pen_note(query, "created_by", "parent_text"), tt__pen_note(query, "busy_ns", "busy_ns"),
                          tt__pen_note(query, "ready_ns", "ready_ns"), tt__pen_note(query, "waiting_ns", "waiting_ns"),
                          tt__pen_note(query, "step_count", "step_count"))});
    if (pen->has_steps || tt__query_is_null(query, "wait_since_ns") || tt__query_is_null(query, "waits"))
        return;
    tt__pen_slice(pen, (struct tt_trace_thing){.place = place,
                                               .category = "wait",
                                               .name = tt__query_text(query, "waits"),
                                               .from_ns = tt__pen_time(pen, query, "wait_since_ns"),
                                               .to_ns = tt__pen_end(pen, query, "to_ns"),
                                               TT_NOTES(tt__pen_note(query, "place", "wait_at"))});
}

static void write_tasks(struct tt_trace_pen *pen)
{
    tt_query *query = tt__pen_query(pen, select_tasks);
    while (tt__query_next(query))
        write_task(pen, query);
    tt__query_close(query);
}

/* -------------------------------------------------------------------------------------------------------- instants */

/* What has a slice of its own is not told again. Futures are not drawn: what happened to them stands with the
 * process. */
static const char select_story[] =
    "SELECT s.object_id, s.ns, s.kind, s.sentence, s.place,\n"
    "    (SELECT t.task_id FROM tasks AS t WHERE t.task_id = s.object_id AND " TT_IN_SPAN(
        "t") ") AS task_id,\n"
             "    iif(s.object_id >> 40 = 0, '#', 'p' || (s.object_id >> 40) || '#') || "
             "(s.object_id & 1099511627775) AS id_text\n"
             "FROM story AS s\n"
             "WHERE s.ns BETWEEN :since AND :until AND s.kind IN ('raised', "
             "'inherited', 'failed', 'read', 'forwarded', 'discarded',\n"
             "    'told', 'asked', 'delivered', 'uncancelled', 'swallowed', "
             "'converted', 'expired', 'aborted', 'noted', 'released')";

/* A failure is lost when nobody can look at it any more. */
static const char select_findings[] =
    "SELECT k.object_id, k.ns, replace(k.lint, '-', ' ') AS kind, k.sentence, NULL AS place, k.id_text,\n"
    "    (SELECT t.task_id FROM tasks AS t WHERE t.task_id = k.object_id AND " TT_IN_SPAN(
        "t") ") AS task_id\n"
             "FROM (SELECT *, since_ns + iif(lint LIKE '%-failure', coalesce(lasted_ns, 0), 0) AS ns FROM leaks) AS k\n"
             "WHERE k.ns BETWEEN :since AND :until";

static void write_instants(struct tt_trace_pen *pen, const char *sql, const char *category)
{
    tt_query *query = tt__pen_query(pen, sql);
    while (tt__query_next(query)) {
        bool is_task = !tt__query_is_null(query, "task_id");
        int64_t object_id = tt__query_integer(query, "object_id");
        tt__pen_instant(pen,
                        (struct tt_trace_thing){
                            .place = is_task ? tt__pen_task(pen, object_id) : tt__pen_process(pen, object_id >> 40),
                            .category = category,
                            .name = tt__query_text(query, "kind"),
                            .from_ns = tt__pen_time(pen, query, "ns"),
                            TT_NOTES(tt__pen_note(query, "text", "sentence"), tt__pen_note(query, "place", "place"),
                                     tt__pen_note(query, "of", "id_text"))});
    }
    tt__query_close(query);
}

static const char select_losses[] =
    "SELECT process_id, what, count, coalesce(from_ns, to_ns, (SELECT p.started_ns FROM processes AS p\n"
    "    WHERE p.process_id = l.process_id), 0) AS ns, from_ns, to_ns\n"
    "FROM losses AS l WHERE coalesce(from_ns <= :until, 1) AND coalesce(to_ns >= :since, 1)";

static void write_losses(struct tt_trace_pen *pen)
{
    tt_query *query = tt__pen_query(pen, select_losses);
    while (tt__query_next(query))
        tt__pen_instant(
            pen, (struct tt_trace_thing){
                     .place = tt__pen_process(pen, tt__query_integer(query, "process_id")),
                     .category = "loss",
                     .name = "events lost",
                     .from_ns = tt__pen_time(pen, query, "ns"),
                     TT_NOTES(tt__pen_note(query, "count", "count"), tt__pen_note(query, "why", "what"),
                              tt__pen_note(query, "from_ns", "from_ns"), tt__pen_note(query, "to_ns", "to_ns"))});
    tt__query_close(query);
}

/* --------------------------------------------------------------------------------------------------- who waits
 * for whom */

static const char select_awaits[] =
    "SELECT a.task_id, a.awaited_task_id, a.since_ns, a.wait_at, 'awaits ' || x.label AS awaits,\n"
    "    'awaited by ' || l.label AS awaited_by\n"
    "FROM awaits AS a JOIN task_labels AS l ON l.task_id = a.task_id JOIN task_labels AS x ON x.task_id = "
    "a.awaited_task_id\n"
    "WHERE a.since_ns BETWEEN :since AND :until";

static void write_awaits(struct tt_trace_pen *pen)
{
    tt_query *query = tt__pen_query(pen, select_awaits);
    while (tt__query_next(query)) {
        int64_t task_id = tt__query_integer(query, "task_id"), awaited_id = tt__query_integer(query, "awaited_task_id");
        int64_t since_ns = tt__pen_time(pen, query, "since_ns");
        uint64_t flow = tt__pen_flow(task_id, awaited_id, since_ns);
        tt__pen_instant(pen, (struct tt_trace_thing){.place = tt__pen_task(pen, task_id),
                                                     .category = "await",
                                                     .name = tt__query_text(query, "awaits"),
                                                     .from_ns = since_ns,
                                                     .flow_out = flow,
                                                     TT_NOTES(tt__pen_note(query, "place", "wait_at"))});
        tt__pen_instant(pen, (struct tt_trace_thing){.place = tt__pen_task(pen, awaited_id),
                                                     .category = "await",
                                                     .name = tt__query_text(query, "awaited_by"),
                                                     .from_ns = since_ns,
                                                     .flow_in = flow});
    }
    tt__query_close(query);
}

/* ---------------------------------------------------------------------------------------------------------- levels */

/* All rows of one level come one after the other. */
static const char select_levels[] = "SELECT process_id, what, ns, level\n"
                                    "FROM levels WHERE :all OR ns BETWEEN :since AND :until";

static void write_levels(struct tt_trace_pen *pen)
{
    tt_query *query = tt__pen_query(pen, select_levels);
    char what[64] = "";
    int64_t process_id = -1;
    while (tt__query_next(query)) {
        struct tt_trace_thing thing = {.place = tt__pen_process(pen, tt__query_integer(query, "process_id")),
                                       .category = "level",
                                       .name = tt__query_text(query, "what"),
                                       .from_ns = tt__pen_time(pen, query, "ns")};
        bool is_first = thing.place.id != process_id || strcmp(thing.name, what) != 0;
        process_id = thing.place.id;
        snprintf(what, sizeof what, "%s", thing.name);
        pen->sink.format->level(&pen->sink, &thing, tt__query_integer(query, "level"), is_first);
        pen->sink.thing_count++;
        tt__pen_progress(pen);
    }
    tt__query_close(query);
}

/* ------------------------------------------------------------------------------------------------------------- all */

static bool has_steps(tt_session *session)
{
    return tt__query_has_column(session, "steps", "began_ns") &&
           tt__query_count(session, "SELECT EXISTS (SELECT 1 FROM steps)") != 0;
}

int tt__trace_write(struct tt_invocation *invocation, tt_session *session, const struct tt_trace_format *format,
                    struct tt_trace_span span)
{
    struct tt_trace_pen pen = {.invocation = invocation,
                               .session = session,
                               .sink = {.format = format, .stream = invocation->output.stream},
                               .span = span,
                               .has_steps = has_steps(session)};
    clock_gettime(CLOCK_MONOTONIC, &pen.said);
    write_clocks(&pen);
    int status = write_processes(&pen);
    if (status < 0) {
        write_threads(&pen);
        write_tasks(&pen);
        tt__pen_draw_steps(&pen);
        write_instants(&pen, select_story, "story");
        write_instants(&pen, select_findings, "finding");
        write_losses(&pen);
        if (!pen.has_steps)
            write_awaits(&pen);
        write_levels(&pen);
    }
    format->end(&pen.sink);
    tt__pen_lift(&pen);
    free(pen.pids);
    if (status < 0 && pen.sink.has_failed) {
        tt__complain("export: not enough memory for a piece of the trace");
        status = TT_EXIT_OUTSIDE;
    }
    return status < 0 ? TT_EXIT_CLEAN : status;
}
