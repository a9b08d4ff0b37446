/* pen.c: what draws. The contract is in pen.h. */
#include "export/pen.h"

/* ------------------------------------------------------------------------------------------------------- progress */

/* How often the clock is looked at. */
#define PROGRESS_THINGS 4096u

static double seconds_since(const struct timespec *then, struct timespec *out_now)
{
    clock_gettime(CLOCK_MONOTONIC, out_now);
    return (double)(out_now->tv_sec - then->tv_sec) + (double)(out_now->tv_nsec - then->tv_nsec) / 1e9;
}

void tt__pen_progress(struct tt_trace_pen *pen)
{
    struct timespec now;
    tt_output terminal = {.stream = pen->invocation->progress};
    if (terminal.stream == NULL || pen->sink.thing_count % PROGRESS_THINGS != 0 || seconds_since(&pen->said, &now) < 1)
        return;
    pen->said = now;
    tt__print(&terminal, "\rtelltale: %ju things written", (uintmax_t)pen->sink.thing_count);
    fflush(terminal.stream);
}

void tt__pen_lift(struct tt_trace_pen *pen)
{
    if (pen->invocation->progress == NULL || pen->sink.thing_count < PROGRESS_THINGS)
        return;
    fputs("\r\033[K", pen->invocation->progress);
    fflush(pen->invocation->progress);
}

/* ---------------------------------------------------------------------------------------------------------- places */

static int64_t pid_of(const struct tt_trace_pen *pen, int64_t process_id)
{
    size_t low = 0, high = pen->pid_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (pen->pids[middle].process_id < process_id)
            low = middle + 1;
        else
            high = middle;
    }
    return low < pen->pid_count && pen->pids[low].process_id == process_id ? pen->pids[low].pid
                                                                           : TT_PID_MAX + 1 + process_id;
}

struct tt_trace_place tt__pen_process(const struct tt_trace_pen *pen, int64_t process_id)
{
    return (struct tt_trace_place){TT_TRACE_PROCESS, process_id, process_id, pid_of(pen, process_id), 0};
}

struct tt_trace_place tt__pen_task(const struct tt_trace_pen *pen, int64_t task_id)
{
    int64_t process_id = task_id >> 40;
    return (struct tt_trace_place){TT_TRACE_TASK, task_id, process_id, pid_of(pen, process_id), 0};
}

/* Threads without a number get one that no other has. */
struct tt_trace_place tt__pen_thread(const struct tt_trace_pen *pen, int64_t thread_id, int64_t tid)
{
    int64_t process_id = thread_id >> 40;
    return (struct tt_trace_place){TT_TRACE_THREAD, thread_id, process_id, pid_of(pen, process_id),
                                   tid > 0 ? tid : TT_PID_MAX + 1 + (thread_id & 0xffff)};
}

/* Numbers of arrows: what they lead from and to, and when. */
uint64_t tt__pen_flow(int64_t from_id, int64_t to_id, int64_t ns)
{
    uint64_t number = (uint64_t)from_id * 0x9e3779b97f4a7c15u ^ ((uint64_t)to_id + 1) * 0xbf58476d1ce4e5b9u;
    number = (number ^ number >> 31 ^ (uint64_t)ns) * 0x9e3779b97f4a7c15u;
    number = (number ^ number >> 29) * 0x94d049bb133111ebu;
    return (number ^ number >> 32) | 1;
}

/* ----------------------------------------------------------------------------------------------------------- things */

/* A damaged store may say anything: times that are none are put at the ends, where sums of them still fit. */
int64_t tt__pen_limit(int64_t ns)
{
    return ns < -TT_TRACE_TIME_MAX_NS ? -TT_TRACE_TIME_MAX_NS : ns > TT_TRACE_TIME_MAX_NS ? TT_TRACE_TIME_MAX_NS : ns;
}

int64_t tt__pen_time(const struct tt_trace_pen *pen, tt_query *query, const char *column)
{
    return tt__pen_limit(tt__query_integer(query, column)) - pen->shift_ns;
}

int64_t tt__pen_end(const struct tt_trace_pen *pen, tt_query *query, const char *column)
{
    return tt__query_is_null(query, column) ? TT_TRACE_OPEN : tt__pen_time(pen, query, column);
}

struct tt_trace_note tt__pen_note(tt_query *query, const char *name, const char *column)
{
    struct tt_trace_note note = {.name = name};
    note.is_number = tt__query_is_integer(query, column);
    if (note.is_number)
        note.number = tt__query_integer(query, column);
    else
        note.text = tt__query_text(query, column);
    return note;
}

/* Puts what is asked for of a slice. What a damaged store says may be anything: nothing ends before it began. */
void tt__pen_part(struct tt_trace_pen *pen, struct tt_trace_thing thing, enum tt_trace_part part)
{
    if (thing.to_ns < thing.from_ns)
        thing.to_ns = thing.from_ns;
    if (part & TT_PART_BEGINNING)
        pen->sink.format->begin_slice(&pen->sink, &thing);
    if ((part & TT_PART_END) && thing.to_ns != TT_TRACE_OPEN)
        pen->sink.format->end_slice(&pen->sink, &thing);
    pen->sink.thing_count++;
    tt__pen_progress(pen);
}

void tt__pen_slice(struct tt_trace_pen *pen, struct tt_trace_thing thing)
{
    tt__pen_part(pen, thing, TT_PART_ALL);
}

void tt__pen_instant(struct tt_trace_pen *pen, struct tt_trace_thing thing)
{
    pen->sink.format->instant(&pen->sink, &thing);
    pen->sink.thing_count++;
    tt__pen_progress(pen);
}

tt_query *tt__pen_query(const struct tt_trace_pen *pen, const char *sql)
{
    tt_query *query = tt__query_open(pen->session, sql);
    tt__query_bind_named(query, ":since", pen->span.since_ns);
    tt__query_bind_named(query, ":until", pen->span.until_ns);
    tt__query_bind_named(query, ":all", pen->span.since_ns == INT64_MIN && pen->span.until_ns == INT64_MAX);
    return query;
}
