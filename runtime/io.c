/* io.c: what a task does at a descriptor: see io.h.
 *
 * Here is what waits, and what is told. What most operations are, an attempt that goes well, is inline in io.h. After an
 * operation that went well the watch stays armed until the turn ends, because the next one usually comes within the same
 * step. How much of what can be done at once a step does is bounded (telltale/loop.h): an operation beyond that begins by
 * giving others a turn.
 *
 * Inside a task. From: asyncio's selector_events. */
#include "io.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

/* What a call needs to wait; apart from the operation, since most calls do not wait. On the task's stack too. */
struct wait {
    struct tt_io *io;
    struct tt_watcher watcher;
    struct tt_ready attempt; /* of what is tried on the loop: it stands in the queue when the descriptor was ready */
    tt_future future;        /* done when the descriptor is ready, or the operation over */
};

bool tt__io_is_over(struct tt_io *io, ssize_t result)
{
    if (result >= 0) {
        io->result = result;
        return true;
    }
    if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)
        return false;
    io->error = errno;
    return true;
}

/* --------------------------------------------------------------------------------------------------------- the trace */

void tt__io_tell_begun(struct tt_task_object *task, struct tt_io *io, tt_site *site)
{
    io->site = site;
    io->id = tt_trace_new_id();
    io->began = tt__loop_clock(task->future.loop);
}

static __attribute__((noinline, cold)) void tell_wait(struct tt_task_object *task, const struct tt_io *io)
{
    TT_EMIT_AT(io->began, io_started, .io_id = io->id, .task_id = task->future.id, .site = io->site, .size = io->size,
               .descriptor = io->descriptor, .what = io->what);
}

void tt__io_tell_started(struct tt_task_object *task, struct tt_io *io, tt_site *site)
{
    if (!tt_trace_on(TT_CATEGORY_io))
        return;
    tt__io_tell_begun(task, io, site);
    tell_wait(task, io);
}

void tt__io_tell_sent(struct tt_task_object *task, uint64_t began, int descriptor, size_t size, ssize_t sent, int error,
                      tt_site *site)
{
    struct tt_io io = {.descriptor = descriptor,
                       .what = TT_IO_KIND_WRITE,
                       .size = size,
                       .result = sent,
                       .error = error,
                       .id = tt_trace_new_id(),
                       .began = began,
                       .site = site};

    tt__io_tell_finished_id(task, &io, false);
}

void tt__io_tell_named(const struct tt_io *io, const char *name, const char *other)
{
    char text[256];

    if (!io->id)
        return;
    if (other) {
        snprintf(text, sizeof text, "%s -> %s", name, other);
        name = text;
    }
    TT_EMIT_AT(io->began, io_named, .io_id = io->id, .name = name);
}

static bool makes_descriptor(uint8_t what)
{
    return what == TT_IO_KIND_ACCEPT || what == TT_IO_KIND_OPEN || what == TT_IO_KIND_MKSTEMP;
}

void tt__io_tell_finished_id(struct tt_task_object *task, const struct tt_io *io, bool is_cancelled)
{
    bool is_new = makes_descriptor(io->what) && !io->error && !is_cancelled;
    uint64_t now = tt__loop_clock(task->future.loop);

    TT_EMIT_AT(now, io_finished, .io_id = io->id, .task_id = task->future.id, .site = io->site,
               .duration = now > io->began ? now - io->began : 0, .size = io->size,
               .byte_count = tt__io_is_about_bytes(io->what) && io->result > 0 ? (uint64_t)io->result : 0,
               .descriptor = is_new ? (int32_t)io->result : io->descriptor, .error = io->error, .what = io->what,
               .status = is_cancelled ? TT_IO_END_CANCELLED
                         : io->error  ? TT_IO_END_FAILED
                                      : TT_IO_END_DONE);
}

/* ----------------------------------------------------------------------------------------------------------- waiting */

/* In the poll, where the trace is told who wakes whom. */
static __attribute__((noinline, cold)) void complete_told(struct wait *wait)
{
    struct tt_who *actor = &wait->future.loop->actor, before = *actor;

    *actor = (struct tt_who){TT_ACTOR_POLL, (uint64_t)wait->io->descriptor};
    tt__future_finish_value(&wait->future, NULL, NULL);
    *actor = before;
}

/* In the poll: the descriptor is ready, and the task, which tries, runs in the turn that follows. */
static void wake_task(struct tt_watcher *watcher)
{
    struct wait *wait = tt_container_of(watcher, struct wait, watcher);

    if (wait->future.state != TT_FUTURE_PENDING)
        return;
    if (tt_trace_on(TT_CATEGORY_step))
        complete_told(wait);
    else
        tt__future_finish_value(&wait->future, NULL, NULL);
}

/* The same for what is tried on the loop: in the turn, and the task runs in the next one. */
static void push_attempt(struct tt_watcher *watcher)
{
    struct wait *wait = tt_container_of(watcher, struct wait, watcher);

    if (!wait->attempt.is_queued && wait->future.state == TT_FUTURE_PENDING)
        tt__loop_push(wait->future.loop, &wait->attempt);
}

static void run_attempt(struct tt_ready *ready)
{
    struct wait *wait = tt_container_of(ready, struct wait, attempt);

    if (!wait->watcher.watch || wait->future.state != TT_FUTURE_PENDING || !wait->io->attempt(wait->io))
        return;
    wait->io->is_over = true;
    wait->future.loop->actor = (struct tt_who){TT_ACTOR_POLL, (uint64_t)wait->io->descriptor};
    tt__future_finish_value(&wait->future, NULL, NULL);
}

static void discard_attempt(struct tt_ready *ready)
{
    (void)ready; /* it lies on the stack of its task */
}

void tt__io_abandon(struct tt_io *io)
{
    io->waiting = NULL;
    if (io->abandoned)
        io->abandoned(io);
}

static void abandoned(tt_future *future)
{
    tt__io_abandon(tt_container_of(future, struct wait, future)->io);
}

static void init_wait(struct wait *wait, struct tt_task_object *task, struct tt_io *io, tt_site *site)
{
    static const struct tt_future_ops future_ops = {.destroy = abandoned, .cancel = tt__future_cancel_plain};
    static const struct tt_watcher_ops task_tries = {.ready = wake_task}, loop_tries = {.ready = push_attempt};
    static const struct tt_ready_ops attempt_ops = {run_attempt, discard_attempt};

    wait->io = io;
    wait->watcher = (struct tt_watcher){io->is_tried_on_loop ? &loop_tries : &task_tries, NULL, io->is_writer};
    wait->attempt = (struct tt_ready){.ops = &attempt_ops};
    tt__future_init_own(&wait->future, task, &future_ops,
                        (struct tt_wait_label){io->wait_kind, (uint64_t)io->descriptor}, site);
}

int tt__io_give_turn(struct tt_task_object *task, struct tt_io *io, tt_site *site)
{
    int rc;

    task->turn_of = io;
    rc = tt_sleep_at(site, 0);
    task->turn_of = NULL;
    return rc;
}

/* Suspends TASK until the descriptor of WAIT is ready, or its operation over. 0, or -1 with an exception pending. */
static inline __attribute__((always_inline)) int wait_until_ready(struct tt_task_object *task, struct wait *wait,
                                                                  tt_site *site)
{
    struct tt_io *io = wait->io;
    int rc;

    if (!io->watch || !tt__watch_add_again(io->watch, &wait->watcher)) {
        rc = tt__watch_add(task->future.loop, io->descriptor, &wait->watcher);
        if (rc == -EPERM) /* it cannot be polled, and never blocks */
            return tt__io_give_turn(task, io, site);
        if (rc < 0) {
            io->error = -rc;
            io->is_over = true;
            return 0;
        }
        io->watch = wait->watcher.watch;
    }
    io->waiting = &wait->future;
    rc = tt__task_await_own(task, &wait->future, site);
    tt__watch_leave(&wait->watcher);
    tt__loop_withdraw(task->future.loop, &wait->attempt);
    return rc;
}

void tt__io_end(struct tt_io *io, int error)
{
    if (io->is_over)
        return;
    io->error = error; /* also where the descriptor got ready just now: its number may soon be another one's */
    io->is_over = true;
    if (io->waiting && io->waiting->state == TT_FUTURE_PENDING)
        tt__future_finish_value(io->waiting, NULL, NULL);
}

/* Whether the program is likely to go on with the descriptor. */
static bool another_follows(const struct tt_io *io)
{
    return !io->error && (io->what != TT_IO_KIND_READ || io->result > 0);
}

int tt__io_wait(struct tt_task_object *task, struct tt_io *io, tt_site *site)
{
    struct wait wait;
    int rc;

    if (io->id)
        tell_wait(task, io);
    init_wait(&wait, task, io, site);
    if (!io->watch)
        io->watch = tt__watch_find(task->future.loop, io->descriptor);
    while ((rc = wait_until_ready(task, &wait, site)) == 0) {
        if (io->is_over || (io->is_over = io->attempt(io)))
            break;
        wait.future.state = TT_FUTURE_PENDING; /* once more: nothing else of it has changed */
    }
    tt__future_finish_own(&wait.future);
    if (rc < 0 || !another_follows(io))
        tt__watch_settle(task->future.loop, io->descriptor);
    return rc;
}
