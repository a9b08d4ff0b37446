/* io.h: what a task does at a descriptor: tried, and tried again when the descriptor is ready.
 *
 *     gives others a turn, if the step has spent what it may do at once (telltale/loop.h)
 *        v
 *     attempt --over--> told to the trace, returned
 *        |  ^
 *        |  +-------------------------------+
 *   would block                             |
 *        v                                  |
 *     waits: the watch has its handle --ready: the loop completes the future, the task goes on
 *        |
 *        +--cancelled, abandoned, or ended by somebody who closes the descriptor (tt__io_end)
 *
 * What cannot be polled, a file, is always ready: where its attempt would go on later the others get a turn.
 *
 * Whoever is cancelled while it waits, or gives a turn, has consumed nothing: the attempt is the task's own, made when it runs. The calls
 * of telltale/sock.h are the exception: there the loop makes it, as in asyncio, a turn before the task goes on.
 *
 * Threads: inside a task. */
#ifndef TT_IO_H
#define TT_IO_H

#include <sys/types.h>

#include "watch.h"

/* Lies on the stack of its task; nothing refers to it when the call returns. What is not said is zero. */
struct tt_io {
    int descriptor;
    uint8_t what;      /* enum tt_io_kind */
    uint8_t wait_kind; /* enum tt_wait_kind */
    bool is_writer;
    bool is_tried_on_loop; /* see above */
    /* Tries, and returns whether it is over, with `result` or `error`; else it would block. */
    bool (*attempt)(struct tt_io *io);
    /* The task is abandoned while it waits or gives a turn, its call will never end: lets go of what the call holds. May be NULL. */
    void (*abandoned)(struct tt_io *io);
    size_t size;    /* bytes asked for, for the trace */
    ssize_t result; /* bytes, or what the attempt makes */
    int error;      /* a value of errno; 0: none */

    /* ---- io.c's */
    struct tt_watch *watch; /* of the descriptor; NULL: not looked for, or there is none yet */
    tt_future *waiting;     /* of its last wait; NULL: it did not have to wait so far */
    uint64_t id, began;     /* in the trace; 0: it was not told that it began */
    bool is_over;
    tt_site *site;
};

/* A call has been made that moved BYTES (negative: it failed): the step of TASK has spent so much of what it may. */
static inline void tt__io_spend(struct tt_task_object *task, ssize_t bytes)
{
    task->io_spent += 1 + (bytes > 0 ? (uint64_t)bytes / (TT_STEP_IO_BYTES / TT_STEP_IO_COUNT) : 0);
}

/* Whether it has spent all of it: the next call gives others a turn. */
static inline bool tt__io_is_spent(const struct tt_task_object *task)
{
    return task->io_spent >= TT_STEP_IO_COUNT;
}

/* Gives all others a turn, before IO (NULL: nothing is held) goes on. 0, also when IO was ended meanwhile; -1 when the task was
 * cancelled: an exception is pending. */
int tt__io_give_turn(struct tt_task_object *task, struct tt_io *io, tt_site *site);

/* The loop closes over a task that gives a turn. */
void tt__io_abandon(struct tt_io *io);

/* Ends IO, whose task waits or gives a turn, with ERROR. Nothing where it is over already. */
void tt__io_end(struct tt_io *io, int error);

/* A system call that returned RESULT for IO. True if IO is over. */
bool tt__io_is_over(struct tt_io *io, ssize_t result);

/* For what waits by itself (connections, names, files): tells the trace. IS_CANCELLED: it ended with an exception. */
void tt__io_tell_started(struct tt_task_object *task, struct tt_io *io, tt_site *site);
void tt__io_tell_named(const struct tt_io *io, const char *name, const char *other); /* "NAME", "NAME -> OTHER" */
void tt__io_tell_finished_id(struct tt_task_object *task, const struct tt_io *io, bool is_cancelled);
static inline void tt__io_tell_finished(struct tt_task_object *task, const struct tt_io *io, bool is_cancelled)
{
    if (__builtin_expect(io->id != 0, 0))
        tt__io_tell_finished_id(task, io, is_cancelled);
}

/* Whether the result of WHAT is a number of bytes. */
static inline bool tt__io_is_about_bytes(uint8_t what)
{
    return what == TT_IO_KIND_READ || what == TT_IO_KIND_WRITE || what == TT_IO_KIND_SENDFILE;
}

/* io.c: IO is to be told. How it began is told only if it has to wait: otherwise what is told of its end says everything. */
void tt__io_tell_begun(struct tt_task_object *task, struct tt_io *io, tt_site *site);

/* For what is sent before anything is prepared for waiting: when it begins, 0 if nothing is to be told; and that it was over
 * at once: SENT of SIZE bytes, or ERROR, a value of errno. */
static inline uint64_t tt__io_begin_sending(const struct tt_task_object *task)
{
    return tt_trace_on(TT_CATEGORY_io) ? tt__loop_clock(task->future.loop) : 0;
}
void tt__io_tell_sent(struct tt_task_object *task, uint64_t began, int descriptor, size_t size, ssize_t sent, int error,
                      tt_site *site) __attribute__((cold));

/* io.c: IO would block: waits until it is over. 0, or -1 with an exception pending. */
int tt__io_wait(struct tt_task_object *task, struct tt_io *io, tt_site *site);

/* Does IO; with AT_ONCE it is tried before waiting. 0 when it is over, with result or error; -1 when the task was
 * cancelled: an exception is pending. */
static inline int tt__io_perform(struct tt_task_object *task, struct tt_io *io, bool at_once, tt_site *site)
{
    bool is_about_bytes = tt__io_is_about_bytes(io->what);
    int rc = 0;

    assert(io->attempt && !io->is_over && !io->waiting && "an operation is performed once");
    if (at_once && tt__io_is_spent(task) && tt__io_give_turn(task, io, site) < 0)
        return -1; /* nothing has begun, and nothing is told */
    if (tt_trace_on(TT_CATEGORY_io))
        tt__io_tell_begun(task, io, site);
    if (!at_once || !(io->is_over || (io->is_over = io->attempt(io))))
        rc = tt__io_wait(task, io, site);
    tt__io_spend(task, is_about_bytes ? io->result : 0);
    tt__io_tell_finished(task, io, rc < 0);
    return rc;
}

/* The same for IO that receives from a stream of bytes. What left nothing behind is followed by one that waits without
 * trying, which would most likely fail. Whether something has come meanwhile the poll tells. */
static inline int tt__io_receive(struct tt_task_object *task, struct tt_io *io, tt_site *site)
{
    int rc;

    io->watch = tt__watch_find(task->future.loop, io->descriptor);
    rc = tt__io_perform(task, io, !io->watch || !tt__watch_take_drained(io->watch), site);
    if (io->watch && io->result > 0 && (size_t)io->result < io->size)
        tt__watch_set_drained(io->watch);
    return rc;
}

#endif
