/* future.c: futures: completion, callbacks, results, references. See future_internal.h for the life of a future.
 *
 * The loop's thread. From: asyncio.Future.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "loop_internal.h"
#include "precond.h"

/* A done-callback of the program. It doubles as the handle that the exception handler is shown when it raises. */
struct user_callback {
    struct tt_done_node node;
    struct tt_handle handle;
    tt_done_fn *fn;
    void *arg;
};

/* Futures whose last reference went while another one was being destroyed, and those that are to let go of what they
 * hold, wait here, so that chains of them do not recurse. The latter have a reference. */
static __thread struct {
    tt_future *first;
    bool is_settling;
} dying;

/* --------------------------------------------------------------------------------------------- life and references */

void tt__future_init(tt_future *future, tt_loop *loop, enum tt_object_kind kind, const struct tt_future_ops *ops,
                     struct tt_who creator, tt_site *site)
{
    future->refs = 1;
    future->state = TT_FUTURE_PENDING;
    future->kind = (uint8_t)kind;
    future->loop = tt__loop_ref(loop);
    future->ops = ops;
    future->id = tt_trace_new_id();
    future->created_site = site;
    future->is_debug = loop->is_debug;
    future->creator = creator;
    future->label = (struct tt_wait_label){TT_WAIT_KIND_FUTURE, future->id};
    future->callbacks.end = &future->callbacks.first;
}

void tt__future_discard_callbacks(tt_future *future)
{
    struct tt_done_node *node = future->callbacks.first;

    future->callbacks.first = NULL;
    future->callbacks.end = &future->callbacks.first;
    while (node) {
        struct tt_done_node *next = node->next;

        node->ready.ops->discard(&node->ready);
        node = next;
    }
}

/* Of what most futures do not have. */
void tt__future_let_go(tt_future *future)
{
    if (future->callbacks.first)
        tt__future_discard_callbacks(future);
    if (future->free_fn)
        tt__loop_run_release(future->loop, future->free_fn, future->value);
    if (future->is_failed_told)
        tt__dump_let_go(future);
    if (future->exc)
        tt_exc_unref(future->exc);
    free(future->cancel_message);
}

/* Destroys FUTURE if its count is zero, has it leave if not, and so on with whatever that leaves behind, one after the
 * other. */
static void settle(tt_future *future)
{
    future->link = dying.first;
    dying.first = future;
    if (dying.is_settling)
        return;
    dying.is_settling = true;
    while ((future = dying.first) != NULL) {
        dying.first = future->link;
        if (future->refs == 0) {
            future->ops->destroy(future);
        } else {
            future->ops->leave(future);
            tt__future_unref(future, future->created_site);
        }
    }
    dying.is_settling = false;
}

static void leave_if_left(tt_future *future)
{
    if (!future->ops->is_left(future))
        return;
    assert(!future->is_being_cancelled && "who asks a future to cancel has a reference");
    future->has_circle = false; /* once */
    future->refs++;
    settle(future);
}

void tt__future_unref_slowly(tt_future *future, tt_site *site)
{
    assert(future->refs > 0 && "a reference is released once");
    if (future->refs > 1) {
        future->refs--;
        if (future->has_circle)
            leave_if_left(future);
        return;
    }
    if (future->is_failed_told || future->log_traceback)
        tt__ledger_last_release(future, site);
    if (--future->refs == 0) /* unless the exception handler took it */
        settle(future);
}

void tt__future_hand_out(tt_future *future, tt_site *site)
{
    future->handles++;
    tt__ledger_taken(future, site);
}

tt_future *tt_future_ref_at(tt_site *site, tt_future *future)
{
    if (!future)
        return NULL;
    TT_PRECOND("future_ref.alive", site, future->refs > 0);
    tt__future_ref(future);
    tt__future_hand_out(future, site);
    return future;
}

void tt_future_unref_at(tt_site *site, tt_future *future)
{
    int error = errno;

    if (!future)
        return;
    TT_PRECOND("future_unref.held", site, future->handles > 0);
    future->handles--;
    tt__ledger_released(future, site);
    tt__future_unref(future, site);
    errno = error;
}

static void destroy_plain(tt_future *future)
{
    tt__future_finish(future);
    free(future);
}

tt_future *tt_create_future_at(tt_site *site, tt_loop *loop)
{
    static const struct tt_future_ops ops = {.destroy = destroy_plain, .cancel = tt__future_cancel_plain};
    tt_future *future;

    if (!loop)
        loop = tt__running_loop;
    if (!loop) {
        tt_raise_at(site, &tt_RuntimeError, "no running event loop");
        return NULL;
    }
    future = calloc(1, sizeof *future);
    if (!future) {
        tt_raise_at(site, &tt_MemoryError, "no memory for a future");
        return NULL;
    }
    tt__future_init(future, loop, TT_OBJECT_KIND_FUTURE, &ops, tt__actor_now(loop), site);
    tt__future_hand_out(future, site);
    return future;
}

/* ------------------------------------------------------------------------------------------------------- callbacks */

static void schedule_node(tt_future *future, struct tt_done_node *node)
{
    node->future = tt__future_ref(future);
    if (node->ready.ops == &tt__task_wake_ops)
        tt__task_woken(tt_container_of(node, struct tt_task_object, wake));
    tt__loop_push(future->loop, &node->ready);
}

/* Schedules NODE, and those that follow it. */
static __attribute__((noinline)) void schedule_all(tt_future *future, struct tt_done_node *node)
{
    while (node) {
        struct tt_done_node *next = node->next;

        schedule_node(future, node);
        node = next;
    }
}

/* Most futures have no callback, or one: the task that awaits it. */
static inline void schedule_callbacks(tt_future *future)
{
    struct tt_done_node *node = future->callbacks.first;
    tt_loop *loop = future->loop;

    if (!node)
        return;
    future->callbacks.first = NULL;
    future->callbacks.end = &future->callbacks.first;
    if (node->next || tt__loop_is_special(loop)) {
        schedule_all(future, node);
        return;
    }
    node->future = tt__future_ref(future);
    tt__ready_push(&loop->ready, &node->ready);
    if (tt_trace_on(TT_CATEGORY_task) && node->ready.ops == &tt__task_wake_ops)
        tt__task_account_woken(tt_container_of(node, struct tt_task_object, wake));
}

void tt__future_add_node(tt_future *future, struct tt_done_node *node)
{
    node->future = NULL;
    node->next = NULL;
    if (future->state != TT_FUTURE_PENDING) {
        schedule_node(future, node);
        return;
    }
    *future->callbacks.end = node;
    future->callbacks.end = &node->next;
}

bool tt__future_remove_node(tt_future *future, struct tt_done_node *node)
{
    for (struct tt_done_node **link = &future->callbacks.first; *link; link = &(*link)->next) {
        if (*link != node)
            continue;
        *link = node->next;
        if (!node->next)
            future->callbacks.end = link;
        return true;
    }
    return false;
}

void tt__future_schedule_early(tt_future *future, struct tt_done_node *node)
{
    if (tt__future_remove_node(future, node))
        schedule_node(future, node);
}

static void free_user_callback(struct user_callback *callback, tt_future *future)
{
    tt_site *site = callback->handle.site;

    tt_context_unref(callback->handle.context);
    free(callback);
    if (future)
        tt__future_unref(future, site);
}

static int call_done_fn(void *arg)
{
    struct user_callback *callback = arg;

    return callback->fn(callback->node.future, callback->arg);
}

static void run_user_callback(struct tt_ready *ready)
{
    struct user_callback *callback = tt_container_of(ready, struct user_callback, node.ready);
    tt_future *future = callback->node.future;

    tt__loop_run_callback(future->loop, call_done_fn, callback, callback->handle.site, &callback->handle, future);
    free_user_callback(callback, future);
}

static void discard_user_callback(struct tt_ready *ready)
{
    struct user_callback *callback = tt_container_of(ready, struct user_callback, node.ready);

    free_user_callback(callback, callback->node.future);
}

static const struct tt_ready_ops user_callback_ops = {run_user_callback, discard_user_callback};

/* Takes over the reference to CONTEXT if it goes well. */
static int add_done_callback(tt_site *site, tt_context *context, tt_future *future, tt_done_fn *fn, void *arg)
{
    struct user_callback *callback;

    TT_PRECOND("future_add_done_callback.future", site, future != NULL && fn != NULL);
    if (future->state != TT_FUTURE_PENDING && future->loop->is_closed) /* it would never be called */
        return tt_raise_at(site, &tt_RuntimeError, "Event loop is closed");
    callback = calloc(1, sizeof *callback);
    if (!callback)
        return tt_raise_at(site, &tt_MemoryError, "no memory for a done-callback");
    callback->node.ready.ops = &user_callback_ops;
    callback->handle.site = site;
    callback->handle.loop = future->loop;
    callback->handle.context = context;
    callback->handle.is_debug = future->loop->is_debug;
    callback->fn = fn;
    callback->arg = arg;
    tt__future_add_node(future, &callback->node);
    return 0;
}

int tt_future_add_done_callback_at(tt_site *site, tt_future *future, tt_done_fn *fn, void *arg)
{
    tt_context *context;

    if (tt__context_capture(site, &context) < 0)
        return -1;
    if (add_done_callback(site, context, future, fn, arg) == 0)
        return 0;
    tt_context_unref(context);
    return -1;
}

int tt_future_add_done_callback_in_at(tt_site *site, tt_context *context, tt_future *future, tt_done_fn *fn, void *arg)
{
    TT_PRECOND("future_add_done_callback.context", site, context != NULL);
    if (add_done_callback(site, context, future, fn, arg) < 0)
        return -1;
    tt_context_ref(context);
    return 0;
}

const tt_site *tt__done_node_site(const struct tt_done_node *node)
{
    return node->ready.ops == &user_callback_ops ? tt_container_of(node, struct user_callback, node)->handle.site
                                                 : NULL;
}

const struct tt_handle *tt__done_callback_handle(const struct tt_ready *ready)
{
    return ready->ops == &user_callback_ops ? &tt_container_of(ready, struct user_callback, node.ready)->handle : NULL;
}

size_t tt_future_remove_done_callback(tt_future *future, tt_done_fn *fn, void *arg)
{
    size_t removed = 0;
    struct tt_done_node *next;

    TT_PRECOND("future_remove_done_callback.future", NULL, future != NULL);
    for (struct tt_done_node *node = future->callbacks.first; node; node = next) {
        struct user_callback *callback = tt_container_of(node, struct user_callback, node);

        next = node->next;
        if (node->ready.ops != &user_callback_ops || callback->fn != fn || callback->arg != arg)
            continue;
        tt__future_remove_node(future, node);
        free_user_callback(callback, NULL);
        removed++;
    }
    return removed;
}

/* ------------------------------------------------------------------------------------------------------ completion */

void tt__future_finish_value(tt_future *future, void *value, tt_free_fn *free_fn)
{
    assert(future->state == TT_FUTURE_PENDING && "a future is completed once");
    future->value = value;
    future->free_fn = free_fn;
    future->state = TT_FUTURE_FINISHED;
    schedule_callbacks(future);
}

void tt__future_finish_exception(tt_future *future, tt_exc *exc, enum tt_failure_how how)
{
    assert(future->state == TT_FUTURE_PENDING && "a future is completed once");
    future->exc = tt_exc_ref(exc);
    future->exc_place_count = tt__exc_place_count(exc);
    future->state = TT_FUTURE_FINISHED;
    tt__ledger_stored(future, how);
    schedule_callbacks(future);
    future->log_traceback = !future->is_discarded;
}

void tt__future_finish_cancelled(tt_future *future, tt_exc *exc, const char *message)
{
    assert(future->state == TT_FUTURE_PENDING && "a future is completed once");
    future->exc = tt_exc_ref(exc);
    if (message) /* without memory the text is lost, the cancellation is not */
        future->cancel_message = strdup(message);
    future->state = TT_FUTURE_CANCELLED;
    schedule_callbacks(future);
}

/* Whether the program may complete FUTURE; raises if not. */
static bool may_complete(tt_future *future, const char *operation, tt_site *site)
{
    if (future->kind == TT_OBJECT_KIND_TASK) {
        tt_raise_at(site, &tt_RuntimeError, "Task does not support %s operation", operation);
        return false;
    }
    if (future->state != TT_FUTURE_PENDING) {
        tt_raise_at(site, &tt_InvalidStateError, "invalid state");
        return false;
    }
    return tt__debug_check_thread(site, future->loop) == 0;
}

int tt_future_set_result_at(tt_site *site, tt_future *future, void *value, tt_free_fn *free_fn)
{
    TT_PRECOND("future_set_result.future", site, future != NULL);
    if (!may_complete(future, "set_result", site))
        return -1;
    tt__future_finish_value(future, value, free_fn);
    return 0;
}

int tt_future_set_exception_at(tt_site *site, tt_future *future, tt_exc *exc)
{
    TT_PRECOND("future_set_exception.future", site, future != NULL);
    TT_PRECOND("future_set_exception.exception", site, exc != NULL);
    if (!may_complete(future, "set_exception", site))
        return -1;
    tt__future_finish_exception(future, exc, TT_FAILURE_HOW_SET);
    return 0;
}

/* ---------------------------------------------------------------------------------------------------------- reading */

bool tt_future_done(const tt_future *future)
{
    TT_PRECOND("future_done.future", NULL, future != NULL);
    return future->state != TT_FUTURE_PENDING;
}

bool tt_future_cancelled(const tt_future *future)
{
    TT_PRECOND("future_cancelled.future", NULL, future != NULL);
    return future->state == TT_FUTURE_CANCELLED;
}

tt_loop *tt_future_loop(const tt_future *future)
{
    TT_PRECOND("future_loop.future", NULL, future != NULL);
    return future->loop->is_closed ? NULL : future->loop;
}

uint64_t tt_future_id(const tt_future *future)
{
    TT_PRECOND("future_id.future", NULL, future != NULL);
    return future->id;
}

tt_exc *tt_future_peek(const tt_future *future)
{
    TT_PRECOND("future_peek.future", NULL, future != NULL);
    return future->state == TT_FUTURE_FINISHED ? future->exc : NULL;
}

tt_exc *tt__future_take_exception(tt_future *future, tt_site *site)
{
    tt_exc *exc;

    if (future->state == TT_FUTURE_FINISHED) {
        future->log_traceback = false;
        tt__exc_rewind_places(future->exc,
                              future->exc_place_count); /* this reader's traceback begins where the future's ended */
        return tt_exc_ref(future->exc);
    }
    assert(future->state == TT_FUTURE_CANCELLED && "only a done future has something to raise");
    exc = future->exc; /* the first reader gets the exception itself, later ones new ones */
    future->exc = NULL;
    return exc ? exc : tt__exc_new_cancelled(site, future->cancel_message);
}

/* Raises what FUTURE ended with, for user code. */
static int raise_outcome(tt_future *future, enum tt_touch_how how, tt_site *site)
{
    tt_exc *exc = tt__future_take_exception(future, site);

    if (future->state == TT_FUTURE_FINISHED)
        tt__ledger_touched(future, how, true, site);
    tt__exc_state_set(tt__exc_state_now(), exc); /* first, so that one which is told now has its context */
    tt__exc_add_place(exc, site);
    return -1;
}

int tt_future_result_at(tt_site *site, tt_future *future, void **out_value)
{
    TT_PRECOND("future_result.future", site, future != NULL);
    if (future->state == TT_FUTURE_PENDING)
        return tt_raise_at(site, &tt_InvalidStateError, "Result is not set.");
    if (future->state == TT_FUTURE_CANCELLED || future->exc)
        return raise_outcome(future, TT_TOUCH_HOW_RESULT, site);
    if (out_value)
        *out_value = future->value;
    return 0;
}

int tt_future_exception_at(tt_site *site, tt_future *future, tt_exc **out_exc)
{
    TT_PRECOND("future_exception.future", site, future != NULL);
    if (future->state == TT_FUTURE_PENDING)
        return tt_raise_at(site, &tt_InvalidStateError, "Exception is not set.");
    if (future->state == TT_FUTURE_CANCELLED)
        return raise_outcome(future, TT_TOUCH_HOW_EXCEPTION, site);
    if (future->exc) {
        future->log_traceback = false;
        tt__ledger_touched(future, TT_TOUCH_HOW_EXCEPTION, true, site);
    }
    if (out_exc)
        *out_exc = future->exc;
    return 0;
}

void tt_discard_at(tt_site *site, tt_future *future, const char *reason)
{
    TT_PRECOND("discard.future", site, future != NULL);
    TT_PRECOND("discard.reason", site, reason != NULL);
    future->is_discarded = true;
    future->log_traceback = false;
    TT_EMIT(failure_discarded, .failure_id = future->id, .site = site, .reason = reason);
}
