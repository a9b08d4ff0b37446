/* signals.c: signals as callbacks of the loop.
 *
 * libuv carries a signal from wherever it struck to the loop, where the callback is scheduled like any other.
 *
 * The loop's thread. From: asyncio.unix_events add_signal_handler.
 */
#include <signal.h>
#include <stdlib.h>

#include "loop_internal.h"

struct tt_signal_handler {
    uv_signal_t signal;
    struct tt_signal_handler *next;
    tt_loop *loop;
    int number;
    tt_callback_fn *fn;
    void *arg;
    tt_site *site;
};

static void free_handler(uv_handle_t *handle)
{
    free(handle->data);
}

static void struck(uv_signal_t *signal, int number)
{
    struct tt_signal_handler *handler = signal->data;
    tt_handle *handle = tt__handle_create(handler->loop, handler->fn, handler->arg, handler->site);

    if (!handle) { /* the signal must not be lost silently */
        tt_loop_call_exception_handler(handler->loop, &(struct tt_handler_context){
            .message = "a signal was lost: no memory for its callback"});
        return;
    }
    handle->actor = (struct tt_who){TT_ACTOR_SIGNAL, (uint64_t)number};
    tt__handle_push(handle);
}

static struct tt_signal_handler **find(tt_loop *loop, int number)
{
    struct tt_signal_handler **link = &loop->signal_handlers;

    while (*link && (*link)->number != number)
        link = &(*link)->next;
    return link;
}

/* Starts to listen. 0 or libuv's error; then HANDLER is on its way to be freed. */
static int listen_to(struct tt_signal_handler *handler)
{
    int rc;

    uv_signal_init(&handler->loop->uv, &handler->signal);
    handler->signal.data = handler;
    rc = uv_signal_start(&handler->signal, struck, handler->number);
    if (rc < 0)
        uv_close((uv_handle_t *)&handler->signal, free_handler);
    return rc;
}

int tt_loop_add_signal_handler_at(tt_site *site, tt_loop *loop, int signal_number, tt_callback_fn *fn, void *arg)
{
    struct tt_signal_handler *handler;

    if (!loop)
        loop = tt__running_loop;
    if (!loop || loop->is_closed)
        return tt_raise_at(site, &tt_RuntimeError, loop ? "Event loop is closed" : "no running event loop");
    if (signal_number < 1 || signal_number > SIGRTMAX)
        return tt_raise_at(site, &tt_ValueError, "invalid signal number %d", signal_number);
    handler = *find(loop, signal_number);
    if (handler) {
        handler->fn = fn;
        handler->arg = arg;
        handler->site = site;
        return 0;
    }
    handler = calloc(1, sizeof *handler);
    if (!handler)
        return tt_raise_at(site, &tt_MemoryError, "no memory for a signal handler");
    *handler = (struct tt_signal_handler){
        .loop = loop, .number = signal_number, .fn = fn, .arg = arg, .site = site, .next = loop->signal_handlers};
    if (listen_to(handler) < 0)
        return tt_raise_at(site, &tt_RuntimeError, "sig %d cannot be caught", signal_number);
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

void tt__signal_handlers_close(tt_loop *loop)
{
    while (loop->signal_handlers)
        close_first(&loop->signal_handlers);
}
