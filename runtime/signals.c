/* signals.c: signals as callbacks of the loop.
 *
 * libuv carries a signal from wherever it struck to the loop. There asyncio needs two turns, one that reads what has
 * struck and schedules the callbacks, and one that runs them; programs can see that, so it is the same here.
 *
 * The loop's thread. From: asyncio.unix_events add_signal_handler. */
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "loop_internal.h"
#include "precond.h"

struct tt_signal_handler {
    uv_signal_t signal;
    struct tt_signal_handler *next;
    tt_loop *loop;
    int number;
    tt_callback_fn *fn;
    void *arg;
    tt_site *site;
    tt_context *context; /* all its strikes run in it */
};

static void destroy_handler(struct tt_signal_handler *handler)
{
    tt_context_unref(handler->context);
    free(handler);
}

static void free_handler(uv_handle_t *handle)
{
    destroy_handler(handle->data);
}

/* In the turn after a signal struck: schedules the callback. */
static void run_strike(struct tt_ready *ready)
{
    tt_handle *handle = tt_container_of(ready, tt_handle, ready);

    handle->ready.ops = &tt__handle_ops;
    tt__handle_push(handle);
}

static void discard_strike(struct tt_ready *ready)
{
    tt_handle_unref(tt_container_of(ready, tt_handle, ready));
}

static void struck(uv_signal_t *signal, int number)
{
    static const struct tt_ready_ops strike_ops = {run_strike, discard_strike};
    struct tt_signal_handler *handler = signal->data;
    tt_handle *handle = tt__handle_create(handler->loop, handler->fn, handler->arg, handler->site);

    if (!handle) { /* the signal must not be lost silently */
        tt_exc *exc = tt__exc_state_take(tt__exc_state_now());

        tt_loop_call_exception_handler(
            handler->loop,
            &(struct tt_handler_context){.message = "a signal was lost: no memory for its callback", .exception = exc});
        tt_exc_unref(exc);
        return;
    }
    tt_context_unref(handle->context);
    handle->context = tt_context_ref(handler->context);
    handle->actor = (struct tt_who){TT_ACTOR_SIGNAL, (uint64_t)number};
    handle->ready.ops = &strike_ops;
    tt__handle_push(handle);
}

static struct tt_signal_handler **find(tt_loop *loop, int number)
{
    struct tt_signal_handler **link = &loop->signal_handlers;

    while (*link && (*link)->number != number)
        link = &(*link)->next;
    return link;
}

/* Starts to listen. 0 or libuv's error; then HANDLER has been freed, or is on its way to be. */
static int listen_to(struct tt_signal_handler *handler)
{
    int rc = uv_signal_init(handler->loop->uv, &handler->signal);

    if (rc < 0) {
        destroy_handler(handler);
        return rc;
    }
    handler->signal.data = handler;
    rc = uv_signal_start(&handler->signal, struck, handler->number);
    if (rc < 0)
        uv_close((uv_handle_t *)&handler->signal, free_handler);
    return rc;
}

bool tt__signal_is_valid(int number)
{
    sigset_t all;

    return number > 0 && sigfillset(&all) == 0 && sigismember(&all, number) == 1;
}

int tt_loop_add_signal_handler_at(tt_site *site, tt_loop *loop, int signal_number, tt_callback_fn *fn, void *arg)
{
    struct tt_signal_handler *handler;
    tt_context *context;
    int rc;

    if (!loop)
        loop = tt__running_loop;
    if (!loop || loop->is_closed)
        return tt_raise_at(site, &tt_RuntimeError, loop ? "Event loop is closed" : "no running event loop");
    TT_PRECOND("loop_add_signal_handler.function", site, fn != NULL);
    if (!tt__signal_is_valid(signal_number))
        return tt_raise_at(site, &tt_ValueError, "invalid signal number %d", signal_number);
    if (gettid() != getpid())
        return tt_raise_at(site, &tt_RuntimeError, "set_wakeup_fd only works in main thread of the main interpreter");
    context = tt_copy_context_at(site);
    if (!context)
        return -1;
    handler = *find(loop, signal_number);
    if (handler) {
        tt_context_unref(handler->context);
        handler->context = context;
        handler->fn = fn;
        handler->arg = arg;
        handler->site = site;
        return 0;
    }
    handler = calloc(1, sizeof *handler);
    if (!handler) {
        tt_context_unref(context);
        return tt_raise_at(site, &tt_MemoryError, "no memory for a signal handler");
    }
    *handler = (struct tt_signal_handler){.loop = loop,
                                          .number = signal_number,
                                          .fn = fn,
                                          .arg = arg,
                                          .site = site,
                                          .context = context,
                                          .next = loop->signal_handlers};
    rc = listen_to(handler);
    if (rc == UV_EINVAL)
        return tt_raise_at(site, &tt_RuntimeError, "sig %d cannot be caught", signal_number);
    if (rc < 0)
        return tt_raise_errno_at(site, rc, "signal %d", signal_number);
    loop->signal_handlers = handler;
    return 0;
}

static void close_first(struct tt_signal_handler **link)
{
    struct tt_signal_handler *handler = *link;

    *link = handler->next;
    uv_signal_stop(&handler->signal);
    uv_close((uv_handle_t *)&handler->signal, free_handler);
}

bool tt_loop_remove_signal_handler(tt_loop *loop, int signal_number)
{
    struct tt_signal_handler **link;

    if (!loop)
        loop = tt__running_loop;
    if (!loop)
        return false;
    link = find(loop, signal_number);
    if (!*link)
        return false;
    close_first(link);
    return true;
}

void tt__signal_handler_unref(tt_loop *loop, int signal_number)
{
    struct tt_signal_handler *handler = *find(loop, signal_number);

    if (handler)
        uv_unref((uv_handle_t *)&handler->signal);
}

void tt__signal_handlers_close(tt_loop *loop)
{
    while (loop->signal_handlers)
        close_first(&loop->signal_handlers);
}
