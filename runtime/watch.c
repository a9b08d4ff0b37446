/* watch.c: descriptors: one uv_poll for each, with a reader and a writer. See watch.h.
 *
 * add_reader and add_writer are level-triggered: as long as the descriptor is ready the callback is scheduled once a
 * turn.
 *
 * After a socket call that went well its watch stays armed until the end of the turn, because the next one usually
 * comes within the same step (a task that received sends, and receives again): that saves two epoll_ctl calls each
 * time. After a call that failed, was cancelled or met the end of the stream it does not, because what follows is a
 * close, and a file that somebody else has open too (a child process, say) would be polled for ever. In that interval
 * the program may have closed the descriptor and got its number again, and the kernel forgets a closed descriptor. So a
 * wait that found its watch armed is *unconfirmed*: if nothing has come after some milliseconds, the watch is armed
 * anew.
 *
 * libuv tells the kernel what is polled for when it polls next, and ends the process if the kernel refuses. So whatever
 * was armed since the last poll is looked at once more right before the next one: where the descriptor has been closed
 * meanwhile, or is another file now, libuv is not let go on with it. The reader and the writer stay, as asyncio's do,
 * and are called no more. Which file it is tell the numbers of its device and inode; anonymous files (eventfds, timers)
 * share these and are tried out instead.
 *
 * The loop's thread. From: asyncio's add_reader, add_writer. */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "precond.h"
#include "watch.h"

static void free_watch(uv_handle_t *handle)
{
    free(handle->data);
}

static int wanted_events(const struct tt_watch *watch)
{
    return (watch->places[0] ? UV_READABLE : 0) | (watch->places[1] ? UV_WRITABLE : 0);
}

static void call_ready(struct tt_watcher *watcher)
{
    if (watcher)
        watcher->ops->ready(watcher);
}

/* WATCHER, which stood somewhere, does no more, and has not left by itself. */
static void tell_removed(struct tt_watcher *watcher)
{
    watcher->watch = NULL;
    if (watcher->ops->removed)
        watcher->ops->removed(watcher);
}

static void polled(uv_poll_t *poll, int status, int events);

/* Which file is behind DESCRIPTOR. 0 or a negative errno value. */
static int identify(int descriptor, struct tt_watch_file *out_file)
{
    struct stat status;

    if (fstat(descriptor, &status) < 0)
        return -errno;
    *out_file = (struct tt_watch_file){status.st_dev, status.st_ino, !(status.st_mode & S_IFMT)};
    return 0;
}

static bool is_same(const struct tt_watch_file *one, const struct tt_watch_file *other)
{
    return one->device == other->device && one->inode == other->inode && !one->is_anonymous && !other->is_anonymous;
}

/* Whether the kernel polls the descriptor: 0 or a negative errno value. What this registers, libuv either takes back
 * (uv_poll_start, uv_poll_stop) or finds there. */
static int try_out(const struct tt_watch *watch)
{
    struct epoll_event none = {.data.fd = watch->descriptor};

    if (epoll_ctl(uv_backend_fd(watch->loop->uv), EPOLL_CTL_ADD, watch->descriptor, &none) < 0 && errno != EEXIST)
        return -errno;
    return 0;
}

static void disarm(struct tt_watch *watch)
{
    uv_poll_stop(&watch->poll);
    watch->armed_events = 0;
    watch->is_known_alien = false; /* the number may belong to another socket by the next time */
}

/* Has libuv poll for what is wanted. 0 or a negative errno value; then what was polled for before still is. */
static int arm(struct tt_watch *watch, int events)
{
    struct tt_watch_file file;
    int rc;

    if (events == watch->armed_events)
        return 0;
    if (!events) {
        disarm(watch);
        return 0;
    }
    rc = identify(watch->descriptor, &file);
    if (rc == 0 && !is_same(&file, &watch->file))
        rc = try_out(watch);
    if (rc == 0)
        rc = uv_poll_start(&watch->poll, events, polled);
    if (rc < 0)
        return rc;
    watch->armed_events = events;
    watch->file = file;
    if (!watch->is_fresh) {
        watch->is_fresh = true;
        watch->next_fresh = watch->loop->fresh_watches;
        watch->loop->fresh_watches = watch;
    }
    return 0;
}

/* Whether libuv may tell the kernel of the descriptor. */
static bool is_still_there(const struct tt_watch *watch)
{
    struct tt_watch_file file;

    if (identify(watch->descriptor, &file) < 0)
        return false;
    if (file.is_anonymous && watch->file.is_anonymous)
        return try_out(watch) == 0;
    return is_same(&file, &watch->file);
}

void tt__watches_check_fresh(tt_loop *loop, bool is_last_time)
{
    struct tt_watch *watch;

    for (watch = loop->fresh_watches; watch; watch = watch->next_fresh) {
        assert(watch->is_fresh && "what is in the list says so");
        if (watch->armed_events && !is_still_there(watch))
            disarm(watch);
        watch->is_fresh = !is_last_time;
    }
    if (is_last_time)
        loop->fresh_watches = NULL;
}

/* Who reads is called first. STATUS is libuv's: after an error at the descriptor it has stopped polling, and whoever waits finds
 * out by trying. */
static __attribute__((noinline)) void call_both(struct tt_watch *watch, int status, int events)
{
    if (status < 0) {
        events = UV_READABLE | UV_WRITABLE;
        watch->armed_events = 0;
        arm(watch, wanted_events(watch));
    }
    if (events & UV_READABLE)
        call_ready(watch->places[0]);
    if (events & UV_WRITABLE)
        call_ready(watch->places[1]);
}

static void polled(uv_poll_t *poll, int status, int events)
{
    struct tt_watch *watch = tt_container_of(poll, struct tt_watch, poll);

    watch->is_unconfirmed = false;
    if (status == 0 && events == UV_READABLE)
        call_ready(watch->places[0]);
    else
        call_both(watch, status, events);
}

static void close_watch(struct tt_watch *watch)
{
    tt_loop *loop = watch->loop;

    for (int i = 0; i < 2; i++)
        if (watch->places[i])
            tell_removed(watch->places[i]);
    loop->watches[watch->descriptor] = NULL;
    uv_close((uv_handle_t *)&watch->poll, free_watch);
}

static int grow_table(tt_loop *loop, int descriptor)
{
    size_t count = loop->watch_count ? loop->watch_count : 64;
    struct tt_watch **watches;

    while (count <= (size_t)descriptor)
        count *= 2;
    if (count == loop->watch_count)
        return 0;
    watches = realloc(loop->watches, count * sizeof *watches);
    if (!watches)
        return UV_ENOMEM;
    memset(watches + loop->watch_count, 0, (count - loop->watch_count) * sizeof *watches);
    loop->watches = watches;
    loop->watch_count = count;
    return 0;
}

/* libuv makes the descriptor non-blocking, also for everybody else who has the file open; that is not for us to
 * decide. */
static int init_poll(tt_loop *loop, struct tt_watch *watch, int descriptor)
{
    int flags = fcntl(descriptor, F_GETFL), rc;

    if (flags < 0)
        return -errno;
    rc = uv_poll_init(loop->uv, &watch->poll, descriptor);
    if (rc == 0 && !(flags & O_NONBLOCK))
        fcntl(descriptor, F_SETFL, flags);
    return rc;
}

/* The watch of DESCRIPTOR, made if there is none. 0 or a negative errno value. */
static int open_watch(tt_loop *loop, int descriptor, struct tt_watch **out_watch)
{
    struct tt_watch *watch = tt__watch_find(loop, descriptor);
    struct tt_watch_file file;
    int rc;

    if (watch) {
        *out_watch = watch;
        return 0;
    }
    rc = identify(descriptor, &file); /* also a number below zero */
    if (rc == 0)
        rc = grow_table(loop, descriptor);
    if (rc < 0)
        return rc;
    watch = calloc(1, sizeof *watch);
    if (!watch)
        return UV_ENOMEM;
    rc = init_poll(loop, watch, descriptor);
    if (rc < 0) {
        free(watch);
        return rc;
    }
    watch->poll.data = watch;
    watch->loop = loop;
    watch->descriptor = descriptor;
    watch->file = file;
    loop->watches[descriptor] = watch;
    *out_watch = watch;
    return 0;
}

/* Arms for what is wanted now. Where the watch was armed already the wait is unconfirmed; one that takes another's place
 * is armed anew. */
static int arm_for_wait(struct tt_watch *watch, bool is_instead)
{
    if (watch->armed_events && is_instead)
        disarm(watch);
    if (!watch->is_idle || !watch->armed_events)
        return arm(watch, wanted_events(watch));
    tt__watch_begin_unconfirmed(watch);
    return arm(watch, watch->armed_events | wanted_events(watch));
}

/* WATCHER may stand at WATCH already. 0 or a negative errno value; then nothing has changed. */
static int add_to(struct tt_watch *watch, struct tt_watcher *watcher)
{
    struct tt_watcher **place = &watch->places[watcher->is_writer], *before = *place;
    int rc;

    *place = watcher;
    rc = arm_for_wait(watch, before != NULL);
    if (rc < 0) {
        *place = before;
        return rc;
    }
    if (before && before != watcher)
        tell_removed(before);
    watcher->watch = watch;
    return 0;
}

int tt__watch_add(tt_loop *loop, int descriptor, struct tt_watcher *watcher)
{
    struct tt_watch *watch = NULL;
    int rc = open_watch(loop, descriptor, &watch);

    return rc < 0 ? rc : add_to(watch, watcher);
}

void tt__watch_settle(tt_loop *loop, int descriptor)
{
    struct tt_watch *watch = tt__watch_find(loop, descriptor);

    if (watch && watch->is_idle)
        arm(watch, wanted_events(watch));
}

bool tt__watch_remove(tt_loop *loop, int descriptor, bool is_writer)
{
    struct tt_watch *watch = tt__watch_find(loop, descriptor);
    struct tt_watcher *watcher = watch ? watch->places[is_writer] : NULL;

    if (!watcher) {
        tt__watch_settle(loop, descriptor);
        return false;
    }
    watch->places[is_writer] = NULL;
    tell_removed(watcher);
    arm(watch, wanted_events(watch));
    return true;
}

/* ------------------------------------------------------------------------------------------- callbacks of the program */

static void cancel(tt_handle *handle)
{
    handle->is_cancelled = true;
    tt__handle_unref(handle);
}

/* Schedules the callback for this turn, unless it stands in the queue already. */
static void schedule(struct tt_watcher *watcher)
{
    tt_handle *handle = tt_container_of(watcher, struct tt_watch_callback, watcher)->handle;

    if (handle->ready.is_queued)
        return;
    handle->refs++;
    tt__handle_push(handle);
}

static void cancel_removed(struct tt_watcher *watcher)
{
    struct tt_watch_callback *callback = tt_container_of(watcher, struct tt_watch_callback, watcher);
    tt_handle *handle = callback->handle;

    callback->handle = NULL;
    cancel(handle);
}

/* Takes over the reference to HANDLE. 0 or a negative errno value; then nothing has changed. */
static int add_callback(tt_loop *loop, int descriptor, tt_handle *handle, bool is_writer)
{
    static const struct tt_watcher_ops ops = {schedule, cancel_removed};
    struct tt_watch *watch = NULL;
    struct tt_watch_callback *callback;
    tt_handle *before;
    int rc = open_watch(loop, descriptor, &watch);

    if (rc < 0)
        return rc;
    callback = &watch->callbacks[is_writer];
    before = callback->handle;
    callback->watcher.ops = &ops;
    callback->watcher.is_writer = is_writer;
    callback->handle = handle;
    rc = add_to(watch, &callback->watcher);
    if (rc < 0)
        callback->handle = before;
    else if (before)
        cancel(before);
    return rc;
}

static int add(tt_site *site, tt_loop *loop, int descriptor, tt_callback_fn *fn, void *arg, bool is_writer)
{
    tt_handle *handle;
    int rc;

    TT_PRECOND("loop_add_reader.function", site, fn != NULL); /* or writer */
    if (!loop)
        loop = tt__running_loop;
    if (!loop || loop->is_closed)
        return tt_raise_at(site, &tt_RuntimeError, loop ? "Event loop is closed" : "no running event loop");
    if (descriptor < 0)
        return tt_raise_at(site, &tt_ValueError, "Invalid file descriptor: %d", descriptor);
    handle = tt__handle_create(loop, fn, arg, site);
    if (!handle)
        return -1;
    rc = add_callback(loop, descriptor, handle, is_writer);
    if (rc == 0)
        return 0;
    tt__handle_unref(handle);
    return tt_raise_errno_at(site, rc, "descriptor %d", descriptor);
}

int tt_loop_add_reader_at(tt_site *site, tt_loop *loop, int descriptor, tt_callback_fn *fn, void *arg)
{
    return add(site, loop, descriptor, fn, arg, false);
}

int tt_loop_add_writer_at(tt_site *site, tt_loop *loop, int descriptor, tt_callback_fn *fn, void *arg)
{
    return add(site, loop, descriptor, fn, arg, true);
}

static bool remove_of_program(tt_loop *loop, int descriptor, bool is_writer)
{
    if (!loop)
        loop = tt__running_loop;
    return loop && tt__watch_remove(loop, descriptor, is_writer);
}

bool tt_loop_remove_reader(tt_loop *loop, int descriptor)
{
    return remove_of_program(loop, descriptor, false);
}

bool tt_loop_remove_writer(tt_loop *loop, int descriptor)
{
    return remove_of_program(loop, descriptor, true);
}

/* ------------------------------------------------------------------------------------------------ receiving, confirming */

bool tt__watch_ask_alien(struct tt_watch *watch)
{
    struct ucred other;
    socklen_t length = sizeof other;

    watch->is_known_alien =
        getsockopt(watch->descriptor, SOL_SOCKET, SO_PEERCRED, &other, &length) < 0 || other.pid != getpid();
    return watch->is_known_alien;
}

/* Nothing came for a wait that is unconfirmed: arms it anew, or lets the waiter find out that its descriptor is
 * gone. */
static void confirm(struct tt_watch *watch)
{
    int events = wanted_events(watch);

    watch->is_unconfirmed = false;
    if (!events || watch->is_idle)
        return;
    arm(watch, 0);
    if (arm(watch, events) < 0) {
        call_ready(watch->places[0]);
        call_ready(watch->places[1]);
    }
}

/* At the first look a wait may have begun just now; only one that is there at the second is confirmed. Connections that are
 * busy never are. */
void tt__watches_confirm(tt_loop *loop)
{
    struct tt_watch **place = &loop->unconfirmed_watches, *watch;

    while ((watch = *place) != NULL) {
        if (watch->is_unconfirmed && !watch->is_overdue) {
            watch->is_overdue = true;
            place = &watch->next_unconfirmed;
            continue;
        }
        *place = watch->next_unconfirmed;
        watch->is_listed = false;
        if (watch->is_unconfirmed)
            confirm(watch);
    }
}

void tt__watches_end_turn(tt_loop *loop)
{
    struct tt_watch *watch;

    while ((watch = loop->idle_watches) != NULL) {
        loop->idle_watches = watch->next_idle;
        watch->is_idle = false;
        if (watch->armed_events != wanted_events(watch))
            arm(watch, wanted_events(watch));
    }
}

void tt__watches_close(tt_loop *loop)
{
    for (size_t i = 0; i < loop->watch_count; i++)
        if (loop->watches[i])
            close_watch(loop->watches[i]);
    free(loop->watches);
    loop->idle_watches = loop->unconfirmed_watches = loop->fresh_watches = NULL;
    loop->watches = NULL;
    loop->watch_count = 0;
}
