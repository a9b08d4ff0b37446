/* steps.c: single steps of tasks as slices: on the thread that ran them and in the lives of their tasks. See
 * pen.h. */
#include "export/pen.h"

/* A wait that nobody ended goes on until the process ends, if it is the one that the task is in; else its end is
 * missing. What the task is in is asked only then: nearly all waits have ended, and a recording has very many. So it is
 * CASE and not AND, which asks both sides. */
#define IF_LAST(result)                                                                                   \
    "CASE WHEN s.ending = 'waiting' THEN CASE WHEN s.wait_ended_ns IS NULL THEN CASE WHEN s.ended_ns =\n" \
    "        (SELECT t.wait_since_ns FROM tasks AS t WHERE t.task_id = s.task_id) THEN " result " END END END"

/* What both ends of a slice need. */
#define STEP_COLUMNS                                                        \
    "s.task_id, s.thread_id, h.tid, s.began_ns, s.ended_ns,\n    " IF_LAST( \
        "1") " AS is_last,\n"                                               \
             "    coalesce(s.wait_ended_ns, " IF_LAST(                      \
                 "(SELECT p.ended_ns FROM processes AS p WHERE p.process_id = s.process_id)") ") AS wait_ended_ns,\n"

/* The stream stands in front, to be read once: looked into for each task it would be read as often. */
#define FROM_STEPS                                                           \
    "FROM steps AS s CROSS JOIN task_labels AS l ON l.task_id = s.task_id\n" \
    "LEFT JOIN threads AS h ON h.thread_id = s.thread_id\n"                  \
    "WHERE s.began_ns IS NOT NULL AND (:all OR (s.began_ns <= :until\n"      \
    "    AND coalesce(s.wait_ended_ns, s.ended_ns, s.began_ns) >= :since\n"  \
    "    AND EXISTS (SELECT 1 FROM tasks AS t WHERE t.task_id = s.task_id AND " TT_IN_SPAN("t") ")))"

static const char select_steps[] =
    "SELECT " STEP_COLUMNS "    s.step_number, s.ending, s.woken_by, s.wait_object, l.label,\n"
    "    CASE WHEN s.wait_kind = 'task' THEN 'awaited by ' || l.label END AS awaited_by,\n"
    "    (SELECT pl.place FROM places AS pl WHERE pl.site_id = s.after_site_id) AS from_at,\n"
    "    (SELECT pl.place FROM places AS pl WHERE pl.site_id = s.wait_site_id) AS to_at,\n"
    "    'waits for ' || nullif(s.wait_kind, 'none') || coalesce(' ' || (SELECT w.label FROM task_labels AS w\n"
    "        WHERE w.task_id = s.wait_object AND s.wait_kind = 'task'), '') AS waits,\n"
    "    CASE WHEN s.wait_kind = 'task' THEN\n"
    "        (SELECT w.task_id FROM tasks AS w WHERE w.task_id = s.wait_object AND " TT_IN_SPAN(
        "w") ") END AS "
             "awaited_id\n" FROM_STEPS;

/* Of ends, for a format that writes nothing else of them. */
static const char select_ends[] =
    "SELECT " STEP_COLUMNS "    nullif(s.wait_kind, 'none') AS waits, NULL AS step_number, NULL AS ending, NULL AS "
    "woken_by,\n"
    "    NULL AS wait_object, NULL AS label, NULL AS from_at, NULL AS to_at, NULL AS awaited_id\n" FROM_STEPS;

/* One that took no time, or whose end is missing, is an instant. */
static void put_step_part(struct tt_trace_pen *pen, const struct tt_trace_thing *thing, bool has_end,
                          enum tt_trace_part part)
{
    if (has_end && thing->to_ns > thing->from_ns)
        tt__pen_part(pen, *thing, part);
    else if (part == TT_PART_BEGINNING)
        tt__pen_instant(pen, *thing);
}

static void write_wait(struct tt_trace_pen *pen, tt_query *query, struct tt_trace_place place, enum tt_trace_part part)
{
    int64_t awaited_id = tt__query_integer(query, "awaited_id");
    int64_t from_ns = tt__pen_time(pen, query, "ended_ns");
    uint64_t flow = awaited_id != 0 ? tt__pen_flow(place.id, awaited_id, from_ns) : 0;
    bool has_end = !tt__query_is_null(query, "wait_ended_ns") || tt__query_integer(query, "is_last") != 0;
    struct tt_trace_thing wait = {.place = place,
                                  .category = "wait",
                                  .name = tt__query_text(query, "waits"),
                                  .from_ns = from_ns,
                                  .to_ns = tt__pen_end(pen, query, "wait_ended_ns"),
                                  .flow_out = flow,
                                  TT_NOTES(tt__pen_note(query, "place", "to_at"),
                                           tt__pen_note(query, "object", "wait_object"),
                                           {.name = "end", .text = has_end ? NULL : "not known"})};
    put_step_part(pen, &wait, has_end, part);
    if (flow == 0 || part != TT_PART_BEGINNING)
        return;
    tt__pen_instant(pen, (struct tt_trace_thing){.place = tt__pen_task(pen, awaited_id),
                                                 .category = "await",
                                                 .name = tt__query_text(query, "awaited_by"),
                                                 .from_ns = from_ns,
                                                 .flow_in = flow});
}

/* A step stands on its thread and in the life of its task. */
static void write_step(struct tt_trace_pen *pen, tt_query *query, enum tt_trace_part part)
{
    bool has_end = !tt__query_is_null(query, "ended_ns");
    struct tt_trace_thing step = {
        .place = tt__pen_thread(pen, tt__query_integer(query, "thread_id"), tt__query_integer(query, "tid")),
        .category = "step",
        .name = tt__query_text(query, "label"),
        .from_ns = tt__pen_time(pen, query, "began_ns"),
        .to_ns = tt__pen_end(pen, query, "ended_ns"),
        TT_NOTES(tt__pen_note(query, "step", "step_number"), tt__pen_note(query, "ending", "ending"),
                 tt__pen_note(query, "woken_by", "woken_by"), tt__pen_note(query, "from", "from_at"),
                 tt__pen_note(query, "to", "to_at"), {.name = "end", .text = has_end ? NULL : "not known"})};
    put_step_part(pen, &step, has_end, part);
    step.place = tt__pen_task(pen, tt__query_integer(query, "task_id"));
    step.name = "runs";
    put_step_part(pen, &step, has_end, part);
    if (has_end && !tt__query_is_null(query, "waits"))
        write_wait(pen, query, step.place, part);
}

/* Steps come in the order in which it is known that they are over, and one begins where another ends: all ends are
 * written before the first beginning, so that at one time what ended stands in front. */
static void write_steps(struct tt_trace_pen *pen, enum tt_trace_part part)
{
    bool is_bare = part == TT_PART_END && pen->sink.format->has_bare_ends;
    tt_query *query = tt__pen_query(pen, is_bare ? select_ends : select_steps);
    while (tt__query_next(query))
        write_step(pen, query, part);
    tt__query_close(query);
}

/* Without steps: what held up the loops all the same. */
static const char select_stalls[] = "SELECT s.thread_id, h.tid, s.by_text, s.began_ns, s.ended_ns, s.from_at, s.to_at\n"
                                    "FROM stalls AS s LEFT JOIN threads AS h ON h.thread_id = s.thread_id\n"
                                    "WHERE s.began_ns <= :until AND s.ended_ns >= :since ORDER BY s.stall_id";

static void write_stalls(struct tt_trace_pen *pen)
{
    tt_query *query = tt__pen_query(pen, select_stalls);
    while (tt__query_next(query))
        tt__pen_slice(pen, (struct tt_trace_thing){
                               .place = tt__pen_thread(pen, tt__query_integer(query, "thread_id"),
                                                       tt__query_integer(query, "tid")),
                               .category = "stall",
                               .name = tt__query_text(query, "by_text"),
                               .from_ns = tt__pen_time(pen, query, "began_ns"),
                               .to_ns = tt__pen_time(pen, query, "ended_ns"),
                               TT_NOTES(tt__pen_note(query, "from", "from_at"), tt__pen_note(query, "to", "to_at"))});
    tt__query_close(query);
}

void tt__pen_draw_steps(struct tt_trace_pen *pen)
{
    if (pen->has_steps) {
        write_steps(pen, TT_PART_END);
        write_steps(pen, TT_PART_BEGINNING);
    } else {
        write_stalls(pen);
    }
}
