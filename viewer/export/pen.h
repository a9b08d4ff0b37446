/* pen.h: what draws a trace: times, places and arrows of a store as those of a trace, and progress.
 *
 * What it is for. The parts of a trace (drawing.c, steps.c) ask the store and give rows; here a row's ids and
 * times become what a format takes, whatever a damaged store says.
 *
 * What it leaves to others. What is asked: the parts. Bytes: the formats.
 *
 * Threads. One thread.
 */
#ifndef TT_VIEWER_PEN_H
#define TT_VIEWER_PEN_H

#include "export/drawing.h"
#include "query.h"

#include <time.h>

/* More numbers of processes than a kernel has; those above stand for processes whose own number another one has,
 * too: in another namespace, on another host, or after a wrap. */
#define TT_PID_MAX 4194304

/* Some 36 years. */
#define TT_TRACE_TIME_MAX_NS (INT64_C(1) << 60)

struct tt_trace_pid {
    int64_t process_id, pid;
};

struct tt_trace_pen {
    struct tt_invocation *invocation;
    tt_session *session;
    tt_trace_sink sink;
    struct tt_trace_span span;
    struct tt_trace_pid *pids; /* by process_id */
    size_t pid_count, pid_capacity;
    int64_t shift_ns; /* time 0 of the trace, on the clock of the store */
    bool has_steps;
    struct timespec said; /* when progress was said last */
};

enum tt_trace_part { TT_PART_END = 1, TT_PART_BEGINNING = 2, TT_PART_ALL = 3 };

#define TT_NOTES(...)                                     \
    .notes = (const struct tt_trace_note[]){__VA_ARGS__}, \
    .note_count = sizeof(const struct tt_trace_note[]){__VA_ARGS__} / sizeof(struct tt_trace_note)

/* Which tasks there are in the span of time; what has no time may belong there. :all: everything is wanted, and nothing is
 * looked up. */
#define TT_IN_SPAN(task)                                                                                  \
    "(:all OR (coalesce(" task ".created_ns <= :until, 1) AND coalesce(coalesce(" task ".ended_ns, " task \
    ".created_ns + " task ".age_ns) >= :since, 1)))"

/* Where a process, a task or a thread stands. */
struct tt_trace_place tt__pen_process(const struct tt_trace_pen *pen, int64_t process_id);
struct tt_trace_place tt__pen_task(const struct tt_trace_pen *pen, int64_t task_id);
struct tt_trace_place tt__pen_thread(const struct tt_trace_pen *pen, int64_t thread_id, int64_t tid);

/* The number of an arrow: what it leads from and to, and when. */
uint64_t tt__pen_flow(int64_t from_id, int64_t to_id, int64_t ns);

/* NS, or the nearest time of which sums still fit: a damaged store may say anything. */
int64_t tt__pen_limit(int64_t ns);

/* A time of the present row, on the clock of the trace; of the second, NULL is TT_TRACE_OPEN. */
int64_t tt__pen_time(const struct tt_trace_pen *pen, tt_query *query, const char *column);
int64_t tt__pen_end(const struct tt_trace_pen *pen, tt_query *query, const char *column);

/* A note with what a column of the present row says: a number as one. */
struct tt_trace_note tt__pen_note(tt_query *query, const char *name, const char *column);

/* Draws a slice, a part of one, or an instant. Nothing ends before it began. */
void tt__pen_slice(struct tt_trace_pen *pen, struct tt_trace_thing thing);
void tt__pen_part(struct tt_trace_pen *pen, struct tt_trace_thing thing, enum tt_trace_part part);
void tt__pen_instant(struct tt_trace_pen *pen, struct tt_trace_thing thing);

/* Opens a query and binds :since, :until and :all. */
tt_query *tt__pen_query(const struct tt_trace_pen *pen, const char *sql);

/* Says from time to time how much is written; nothing of it is left at the end. */
void tt__pen_progress(struct tt_trace_pen *pen);
void tt__pen_lift(struct tt_trace_pen *pen);

/* Draws single steps and the waits between them; without any, what held up the loops all the same. */
void tt__pen_draw_steps(struct tt_trace_pen *pen);

#endif
