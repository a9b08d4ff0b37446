/* handle.c: callbacks of the program: scheduled for the next turn, for a time, or from another thread.
 *
 * The loop's thread, tt_loop_call_soon_threadsafe apart. From: asyncio's Handle and TimerHandle, BaseEventLoop.call_*.
 */
#include <stdlib.h>

#include "loop_internal.h"
#include "precond.h"

static void run_handle(struct tt_ready *ready)
{
    tt_handle *handle = tt_container_of(ready, tt_handle, ready);

    if (!handle->is_cancelled) {
        handle->loop->actor = handle->actor;
        tt__loop_run_callback(handle->loop, handle->fn, handle->arg, handle->site, handle, NULL);
    }
    tt__handle_unref(handle);
}

static void discard_handle(struct tt_ready *ready)
{
    tt_handle *handle = tt_container_of(ready, tt_handle, ready);

    if (handle->drop)
        handle->drop(handle->arg);
    tt_handle_unref(handle);
}

const struct tt_ready_ops tt__handle_ops = {run_handle, discard_handle};

tt_handle *tt__handle_create(tt_loop *loop, tt_callback_fn *fn, void *arg, tt_site *site)
{
    tt_handle *handle = calloc(1, sizeof *handle);

    if (!handle) {
        tt_raise_at(site, &tt_MemoryError, "no memory for a callback");
        return NULL;
    }
    if (tt__context_capture(site, &handle->context) < 0) {
        free(handle);
        return NULL;
    }
    handle->ready.ops = &tt__handle_ops;
    handle->timer.ready = &handle->ready;
    handle->refs = 1;
    handle->actor.kind = TT_ACTOR_CALLBACK;
    handle->loop = tt__loop_ref(loop);
    handle->fn = fn;
    handle->arg = arg;
    handle->site = site;
    handle->is_debug = loop->is_debug;
    return handle;
}

void tt__handle_push(tt_handle *handle)
{
    tt__loop_push(handle->loop, &handle->ready);
}

/* Creates a handle for the queue, with a second reference for the program if it wants one; raises without memory or
 * loop. */
static tt_handle *create(tt_loop *loop, tt_callback_fn *fn, void *arg, tt_site *site, tt_handle **out_handle)
{
    tt_handle *handle;

    if (!loop)
        loop = tt__running_loop;
    TT_PRECOND("loop_call.function", site, fn != NULL);
    if (!loop || loop->is_closed) {
        tt_raise_at(site, &tt_RuntimeError, loop ? "Event loop is closed" : "no running event loop");
        return NULL;
    }
    if (tt__debug_check_thread(site, loop) < 0)
        return NULL;
    handle = tt__handle_create(loop, fn, arg, site);
    if (!handle)
        return NULL;
    if (out_handle) {
        handle->refs++;
        *out_handle = handle;
    }
    return handle;
}

static void set_context(tt_handle *handle, tt_context *context, tt_site *site)
{
    TT_PRECOND("loop_call.context", site, context != NULL);
    tt_context_unref(handle->context);
    handle->context = tt_context_ref(context);
}

int tt_loop_call_soon_at(tt_site *site, tt_loop *loop, tt_callback_fn *fn, void *arg, tt_handle **out_handle)
{
    tt_handle *handle = create(loop, fn, arg, site, out_handle);

    if (!handle)
        return -1;
    tt__handle_push(handle);
    return 0;
}

int tt_loop_call_soon_in_at(tt_site *site, tt_context *context, tt_loop *loop, tt_callback_fn *fn, void *arg,
                            tt_handle **out_handle)
{
    tt_handle *handle = create(loop, fn, arg, site, out_handle);

    if (!handle)
        return -1;
    set_context(handle, context, site);
    tt__handle_push(handle);
    return 0;
}

int tt_loop_call_at_in_at(tt_site *site, tt_context *context, tt_loop *loop, int64_t when_ns, tt_callback_fn *fn,
                          void *arg, tt_handle **out_handle)
{
    tt_handle *handle = NULL;

    if (tt_loop_call_at_at(site, loop, when_ns, fn, arg, &handle) < 0)
        return -1;
    set_context(handle, context, site);
    if (out_handle)
        *out_handle = handle;
    else
        tt_handle_unref(handle);
    return 0;
}

int tt_loop_call_at_at(tt_site *site, tt_loop *loop, int64_t when_ns, tt_callback_fn *fn, void *arg,
                       tt_handle **out_handle)
{
    tt_handle *handle = create(loop, fn, arg, site, NULL);

    if (!handle)
        return -1;
    if (tt__timers_push(&handle->loop->timers, &handle->timer, when_ns) < 0) {
        tt_handle_unref(handle);
        return tt_raise_at(site, &tt_MemoryError, "no memory for a timer");
    }
    handle->is_timer = true;
    handle->when_ns = when_ns;
    tt__loop_poke(handle->loop);
    if (out_handle) {
        handle->refs++;
        *out_handle = handle;
    }
    return 0;
}

int tt_loop_call_later_at(tt_site *site, tt_loop *loop, int64_t delay_ns, tt_callback_fn *fn, void *arg,
                          tt_handle **out_handle)
{
    int64_t now_ns, when_ns;

    if (!loop)
        loop = tt__running_loop;
    if (!loop)
        return tt_raise_at(site, &tt_RuntimeError, "no running event loop");
    now_ns = tt_loop_time(loop);
    if (__builtin_add_overflow(now_ns, delay_ns, &when_ns))
        when_ns = delay_ns < 0 ? INT64_MIN : INT64_MAX;
    return tt_loop_call_at_at(site, loop, when_ns, fn, arg, out_handle);
}

int tt_loop_call_soon_threadsafe_at(tt_site *site, tt_loop *loop, tt_callback_fn *fn, void *arg)
{
    TT_PRECOND("loop_call_soon_threadsafe.loop", site, loop != NULL && fn != NULL);
    return tt__loop_send(site, loop, fn, arg, NULL);
}

int tt__loop_send(tt_site *site, tt_loop *loop, tt_callback_fn *fn, void *arg, tt_drop_fn *drop)
{
    tt_handle *handle = calloc(1, sizeof *handle);
    bool is_closed;

    if (!handle)
        return -ENOMEM;
    if (tt__context_capture(site, &handle->context) < 0) {
        tt_exc_unref(tt__exc_state_take(tt__exc_state_now()));
        free(handle);
        return -ENOMEM;
    }
    handle->ready.ops = &tt__handle_ops;
    handle->timer.ready = &handle->ready;
    handle->refs = 1;
    handle->actor.kind = TT_ACTOR_CALLBACK;
    handle->loop = loop; /* its reference is taken on the loop's thread, when the inbox is emptied */
    handle->fn = fn;
    handle->arg = arg;
    handle->drop = drop;
    handle->site = site;
    handle->is_debug = loop->is_debug;
    pthread_mutex_lock(&loop->inbox_mutex);
    is_closed = loop->inbox_is_closed;
    if (!is_closed) {
        tt__ready_push(&loop->inbox, &handle->ready);
        atomic_store_explicit(&loop->inbox_is_filled, true, memory_order_release);
        uv_async_send(&loop->wake);
    }
    pthread_mutex_unlock(&loop->inbox_mutex);
    if (is_closed) {
        tt_context_unref(handle->context);
        free(handle);
    }
    return is_closed ? -ECANCELED : 0;
}

void tt_handle_cancel(tt_handle *handle)
{
    if (!handle || handle->is_cancelled)
        return;
    handle->is_cancelled = true;
    if (handle->timer.is_pending) {
        tt__timers_cancel(&handle->loop->timers, &handle->timer);
        tt_handle_unref(handle); /* the heap's reference */
    }
}

int64_t tt_handle_when(const tt_handle *handle)
{
    TT_PRECOND("handle_when.handle", NULL, handle != NULL);
    TT_PRECOND("handle_when.timer", NULL, handle->is_timer);
    return handle->when_ns;
}

bool tt_handle_cancelled(const tt_handle *handle)
{
    TT_PRECOND("handle_cancelled.handle", NULL, handle != NULL);
    return handle->is_cancelled;
}

void tt_handle_unref(tt_handle *handle)
{
    if (handle)
        tt__handle_unref(handle);
}

void tt__handle_free(tt_handle *handle)
{
    tt_context_unref(handle->context);
    tt__loop_unref(handle->loop);
    free(handle);
}
