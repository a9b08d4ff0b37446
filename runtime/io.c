/* io.c: what a task does at a descriptor: see io.h.
 *
 * After a read that did not fill its buffer there was nothing more, so that the next one can wait without trying (see
 * tt__watch_set_drained); who calls decides that, by AT_ONCE. After an operation that went well the watch stays armed
 * until the turn ends, because the next one usually comes within the same step. How much of what can be done at once a step
 * does is bounded (telltale/loop.h): an operation beyond that begins by giving others a turn.
 *
 * Inside a task. From: asyncio's selector_events. */
#include "io.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

/* What a call needs to wait; apart from the operation, since most calls do not wait. On the task's stack too. */
struct wait {
    struct tt_io *io;
    tt_future future;        /* done when the descriptor is ready, or the operation over */
    struct tt_handle handle; /* the watch's */
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

/* IO is begun. That is told only if it has to wait: otherwise what is told of its end says everything. */
static void begin(struct tt_task_object *task, struct tt_io *io, tt_site *site)
{
    io->site = site;
    if (!tt_trace_on(TT_CATEGORY_io))
        return;
    io->id = tt_trace_new_id();
    io->began = tt__loop_clock(task->future.loop);
}

static void tell_wait(struct tt_task_object *task, const struct tt_io *io)
{
    if (!io->id)
        return;
    TT_EMIT_AT(io->began, io_started, .io_id = io->id, .task_id = task->future.id, .site = io->site, .size = io->size,
               .descriptor = io->descriptor, .what = io->what);
}

void tt__io_tell_started(struct tt_task_object *task, struct tt_io *io, tt_site *site)
{
    begin(task, io, site);
    tell_wait(task, io);
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

/* Whether the result of WHAT is a number of bytes, or a descriptor. */
static bool is_about_bytes(uint8_t what)
{
    return what == TT_IO_KIND_READ || what == TT_IO_KIND_WRITE || what == TT_IO_KIND_SENDFILE;
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
               .byte_count = is_about_bytes(io->what) && io->result > 0 ? (uint64_t)io->result : 0,
               .descriptor = is_new ? (int32_t)io->result : io->descriptor, .error = io->error, .what = io->what,
               .status = is_cancelled ? TT_IO_END_CANCELLED
                         : io->error  ? TT_IO_END_FAILED
                                      : TT_IO_END_DONE);
}

/* ----------------------------------------------------------------------------------------------------------- waiting */

static void complete(struct wait *wait)
{
    if (wait->future.state == TT_FUTURE_PENDING)
        tt__future_finish_value(&wait->future, NULL, NULL);
}

/* In the poll: the descriptor is ready, and the task, which tries, runs in the turn that follows. */
static int descriptor_ready(void *arg)
{
    struct wait *wait = arg;
    struct tt_who *actor = &wait->handle.loop->actor, before = *actor;

    *actor = (struct tt_who){TT_ACTOR_POLL, (uint64_t)wait->io->descriptor};
    complete(wait);
    *actor = before;
    return 0;
}

/* The same for what is tried on the loop: in the turn, and the task runs in the next one. */
static void run_wait(struct tt_ready *ready)
{
    struct wait *wait = tt_container_of(ready, struct wait, handle.ready);

    wait->handle.loop->actor = (struct tt_who){TT_ACTOR_POLL, (uint64_t)wait->io->descriptor};
    if (!wait->handle.is_cancelled && wait->future.state == TT_FUTURE_PENDING && wait->io->attempt(wait->io)) {
        wait->io->is_over = true;
        complete(wait);
    }
    tt__handle_unref(&wait->handle);
}

static void discard_wait(struct tt_ready *ready)
{
    tt__handle_unref(tt_container_of(ready, tt_handle, ready));
}

static const struct tt_ready_ops wait_ops = {run_wait, discard_wait};

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
    static const struct tt_future_ops ops = {.destroy = abandoned, .cancel = tt__future_cancel_plain};
    tt_loop *loop = task->future.loop;

    memset(&wait->future, 0, TT_FUTURE_ON_STACK_BYTES);
    wait->io = io;
    wait->handle.ready.ops = &wait_ops; /* of the handle just what a watch looks at */
    wait->handle.ready.is_queued = false;
    wait->handle.refs = 2; /* the watch's and ours: it is never freed */
    wait->handle.is_cancelled = false;
    wait->handle.is_immediate = !io->is_tried_on_loop;
    wait->handle.loop = loop;
    wait->handle.fn = descriptor_ready;
    wait->handle.arg = wait;
    wait->handle.site = site;
    tt__future_init(&wait->future, loop, TT_OBJECT_KIND_FUTURE, &ops, (struct tt_who){TT_ACTOR_TASK, task->future.id},
                    site);
    wait->future.label = (struct tt_wait_label){io->wait_kind, (uint64_t)io->descriptor};
    wait->future.is_on_stack = true;
}

/* Whether the program is likely to go on with the descriptor. */
static bool another_follows(const struct tt_io *io)
{
    return !io->error && (io->what != TT_IO_KIND_READ || io->result > 0);
}

static void stop_watching(tt_loop *loop, const struct tt_io *io, bool is_for_now)
{
    if (is_for_now)
        tt__watch_remove_for_now(loop, io->descriptor, io->is_writer);
    else
        tt__watch_remove(loop, io->descriptor, io->is_writer);
}

int tt__io_give_turn(struct tt_task_object *task, struct tt_io *io, tt_site *site)
{
    int rc;

    task->turn_of = io;
    rc = tt_sleep_at(site, 0);
    task->turn_of = NULL;
    return rc;
}

/* In the place of waiting. */
static int go_on_after_turn(struct tt_task_object *task, struct tt_io *io, tt_site *site)
{
    int rc = tt__io_give_turn(task, io, site);

    if (rc == 0 && !io->is_over && io->is_tried_on_loop)
        io->is_over = io->attempt(io);
    return rc;
}

/* Suspends TASK until the descriptor is ready, or IO is over. 0, or -1 with an exception pending. */
static inline __attribute__((always_inline)) int wait_until_ready(struct tt_task_object *task, struct tt_io *io,
                                                                  tt_site *site)
{
    tt_loop *loop = task->future.loop;
    struct wait wait;
    int rc;

    init_wait(&wait, task, io, site);
    rc = tt__watch_add(loop, io->descriptor, &wait.handle, io->is_writer);
    if (rc < 0)
        tt__future_finish(&wait.future);
    if (rc == -EPERM) /* it cannot be polled, and never blocks */
        return go_on_after_turn(task, io, site);
    if (rc < 0) {
        io->error = -rc;
        io->is_over = true;
        return 0;
    }
    io->waiting = &wait.future;
    rc = tt__task_await(task, &wait.future, site);
    io->waiting = NULL;
    if (!wait.handle.is_cancelled) /* nobody has taken the descriptor's place from us */
        stop_watching(loop, io, rc == 0 && (!io->is_over || another_follows(io)));
    if (wait.handle.ready.is_queued)
        tt__loop_withdraw(loop, &wait.handle.ready);
    tt__future_finish(&wait.future);
    return rc;
}

void tt__io_end(struct tt_io *io, int error)
{
    if (io->is_over)
        return;
    io->error = error; /* also where the descriptor got ready just now: its number may soon be another one's */
    io->is_over = true;
    if (io->waiting)
        complete(tt_container_of(io->waiting, struct wait, future));
}

/* IO is over, or its task was cancelled. */
static int end(struct tt_task_object *task, const struct tt_io *io, int rc)
{
    tt__io_spend(task, is_about_bytes(io->what) ? io->result : 0);
    tt__io_tell_finished(task, io, rc < 0);
    return rc;
}

/* IO would block. Out of line, so that the way of those that do not wait stays short. */
static __attribute__((noinline)) int perform_waiting(struct tt_task_object *task, struct tt_io *io, tt_site *site)
{
    int rc = 0;

    tell_wait(task, io);
    while (rc == 0 && !io->is_over) {
        rc = wait_until_ready(task, io, site);
        if (rc == 0 && !io->is_over && !io->is_tried_on_loop)
            io->is_over = io->attempt(io);
    }
    if (rc == 0 && !io->is_tried_on_loop && !another_follows(io))
        tt__watch_remove(task->future.loop, io->descriptor, io->is_writer);
    return end(task, io, rc);
}

int tt__io_perform(struct tt_task_object *task, struct tt_io *io, bool at_once, tt_site *site)
{
    assert(io->attempt && !io->is_over && !io->waiting && "an operation is performed once");
    if (at_once && tt__io_is_spent(task) && tt__io_give_turn(task, io, site) < 0)
        return -1; /* nothing has begun, and nothing is told */
    begin(task, io, site);
    if (at_once && !io->is_over)
        io->is_over = io->attempt(io);
    return io->is_over ? end(task, io, 0) : perform_waiting(task, io, site);
}
