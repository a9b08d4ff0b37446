/* signal_wait.c: signals that tasks wait for: see telltale/signal.h.
 *
 * A loop has a listener for each signal that was waited for: a waitable, whose line is the tasks that wait now. Its
 * libuv handle keeps libuv's loop alive only while there are some.
 *
 * The loop's thread. */
#include <assert.h>
#include <stdlib.h>

#include <telltale/signal.h>

#include "line.h"
#include "loop_internal.h"

struct tt_signal_listener {
    struct tt_waitable waitable; /* first; the reference of the program is the loop's list, and goes with the handle */
    struct tt_line line;
    struct tt_signal_listener *next;
    uv_signal_t signal;
    int number;
    unsigned strike_count; /* that nobody has waited for */
    unsigned waiting_count;
};

static struct tt_signal_listener *listener_of(const struct tt_waitable *waitable)
{
    return (struct tt_signal_listener *)waitable;
}

static int repr(const struct tt_waitable *waitable, char *buffer, size_t size)
{
    return snprintf(buffer, size, "<signal %d>", listener_of(waitable)->number);
}

static void dismiss(struct tt_waitable *waitable)
{
    tt__line_wake(&listener_of(waitable)->line, SIZE_MAX);
}

static void free_listener(struct tt_waitable *waitable)
{
    tt__waitable_finish(waitable);
    free(waitable);
}

static void handle_closed(uv_handle_t *handle)
{
    tt__waitable_unref(handle->data);
}

static void struck(uv_signal_t *signal, int number)
{
    struct tt_signal_listener *listener = listener_of(signal->data);

    assert(number == listener->number && "libuv knows whom it tells");
    (void)number;
    listener->strike_count++;
    tt__line_wake(&listener->line, SIZE_MAX);
}

static struct tt_signal_listener **find(tt_loop *loop, int number)
{
    struct tt_signal_listener **link = &loop->signal_listeners;

    while (*link && (*link)->number != number)
        link = &(*link)->next;
    return link;
}

static void close_first(struct tt_signal_listener **link)
{
    struct tt_signal_listener *listener = *link;

    *link = listener->next;
    tt__waitable_ref(&listener->waitable); /* the handle's, until it is closed */
    uv_close((uv_handle_t *)&listener->signal, handle_closed);
    tt__waitable_destroy(&listener->waitable);
}

void tt__signal_listeners_close(tt_loop *loop)
{
    while (loop->signal_listeners)
        close_first(&loop->signal_listeners);
}

bool tt_signal_forget(int signal_number)
{
    tt_loop *loop = tt__running_loop;
    struct tt_signal_listener **link = loop ? find(loop, signal_number) : NULL;

    if (!link || !*link)
        return false;
    close_first(link);
    return true;
}

/* Has LISTENER, which nobody knows yet, listen. 0 or libuv's error; then it is gone. */
static int listen_to(struct tt_signal_listener *listener, tt_loop *loop)
{
    int rc = uv_signal_init(loop->uv, &listener->signal);

    if (rc < 0) {
        tt__waitable_unref(&listener->waitable);
        return rc;
    }
    listener->signal.data = listener;
    uv_unref((uv_handle_t *)&listener->signal);
    listener->next = loop->signal_listeners;
    loop->signal_listeners = listener;
    rc = uv_signal_start(&listener->signal, struck, listener->number);
    if (rc < 0)
        close_first(&loop->signal_listeners);
    return rc;
}

static int raise_refused(tt_site *site, int number, int error)
{
    if (error == UV_EINVAL)
        return tt_raise_at(site, &tt_RuntimeError, "sig %d cannot be caught", number);
    return tt_raise_errno_at(site, error, "signal %d", number);
}

/* The listener of NUMBER, made if there is none; NULL: an exception is pending. */
static struct tt_signal_listener *open_listener(tt_site *site, tt_loop *loop, int number)
{
    static const struct tt_waitable_ops ops = {repr, dismiss, free_listener};
    struct tt_signal_listener *listener = *find(loop, number);
    int rc;

    if (listener)
        return listener;
    if (!tt__signal_is_valid(number)) {
        tt_raise_at(site, &tt_ValueError, "invalid signal number %d", number);
        return NULL;
    }
    listener = calloc(1, sizeof *listener);
    if (!listener) {
        tt_raise_at(site, &tt_MemoryError, "no memory to wait for a signal");
        return NULL;
    }
    tt__waitable_init(&listener->waitable, &listener->waitable, &ops);
    listener->waitable.loop = tt__loop_ref(loop);
    listener->number = number;
    rc = listen_to(listener, loop);
    if (rc == 0)
        return listener;
    raise_refused(site, number, rc);
    return NULL;
}

/* A strike wakes all who wait, and the first of them to run takes the count; the others see at least one. */
static unsigned take_strikes(struct tt_signal_listener *listener)
{
    unsigned count = listener->strike_count ? listener->strike_count : 1;

    listener->strike_count = 0;
    return count;
}

static int wait_in_line(struct tt_signal_listener *listener, const struct tt_waiting *waiting)
{
    int rc;

    if (listener->waiting_count++ == 0)
        uv_ref((uv_handle_t *)&listener->signal);
    rc = tt__line_wait(&listener->line, &listener->waitable, waiting, NULL);
    if (--listener->waiting_count == 0 && !listener->waitable.is_destroyed)
        uv_unref((uv_handle_t *)&listener->signal);
    return rc;
}

int tt_signal_wait_at(tt_site *site, int signal_number, unsigned *out_count)
{
    struct tt_task_object *task = tt__task_that_may_suspend(site);
    struct tt_signal_listener *listener = task ? open_listener(site, task->future.loop, signal_number) : NULL;
    struct tt_waiting waiting;
    unsigned count;
    int rc = 0;

    if (!listener || !tt__waiting_begin(&waiting, &listener->waitable, TT_WAIT_KIND_SIGNAL, site))
        return -1;
    waiting.label.object = (uint64_t)signal_number;
    if (!listener->strike_count)
        rc = wait_in_line(listener, &waiting);
    if (rc == 0) {
        count = take_strikes(listener);
        if (out_count)
            *out_count = count;
    }
    return tt__waiting_end(&waiting, rc);
}
