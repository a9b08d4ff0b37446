/* thread_future.c: a coroutine run on the loop of another thread, and the thread-side future that waits for it.
 *
 * The chain between the two has one direction each way: when the task is done its outcome is copied to the thread-side
 * future; when that is cancelled the task is cancelled. When the loop closes first the thread-side future is cancelled.
 * An exception crosses as a deep copy with the same id, because exceptions have plain counts. A value changes its
 * owner.
 *
 * Threads: `mutex` guards everything below it in the struct; `task` belongs to the loop's thread. Callbacks run without
 * the mutex. From: asyncio.run_coroutine_threadsafe, asyncio.futures._chain_future, concurrent.futures.Future.
 *
 * It may have a few more than 600 lines: the two ends of the chain make sense only beside each other. */
#include <errno.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <telltale/threads.h>

#include "loop_internal.h"
#include "precond.h"

enum thread_future_state { PENDING, CANCELLED, FINISHED };

struct thread_callback {
    struct thread_callback *next;
    tt_thread_done_fn *fn;
    void *arg;
    tt_site *site;
};

struct tt_thread_future {
    uint64_t id;
    uint64_t creator_tid;
    tt_loop *loop; /* borrowed: the caller keeps it alive while it is used */
    tt_site *site;
    tt_coro_fn *fn;
    void *arg;
    tt_drop_fn *drop;
    tt_task *task;      /* a reference; the loop's thread only, NULL before it was created and after the chain's end */
    bool is_chain_over; /* the task is done, and kept for a cancellation on its way; the loop's thread only */
    struct tt_done_node node; /* registered at `task` */

    pthread_mutex_t mutex;
    pthread_cond_t done;
    uint32_t refs; /* handles, and one of the chain until the task is done */
    uint32_t handles;
    tt_site *released_site; /* where a handle was released last */
    enum thread_future_state state;
    bool is_chained;      /* the task was created */
    bool is_cancel_sent;  /* and has not come to the task yet */
    tt_site *cancel_site; /* CANCELLED: where */
    void *value;
    tt_free_fn *free_fn;
    tt_exc *exc;   /* a copy of its own; written before state becomes FINISHED, never changed after */
    tt_exc *shown; /* the copy of that which the program may look at without the mutex; NULL: not asked for yet */
    struct thread_callback *callbacks, **callbacks_end;
    uint32_t touch_count;
    struct tt_held_failure held; /* once it has failed */
};

/* ------------------------------------------------------------------------------------------------ life and callbacks */

static void destroy(tt_thread_future *future, tt_site *site)
{
    tt__dump_let_go_shared(&future->held);
    if (future->exc)
        TT_EMIT(failure_released, .failure_id = future->id,
                .site = future->released_site ? future->released_site : site, .user_touch_count = future->touch_count,
                .retrieved = future->touch_count > 0, .counted = 1); /* concurrent.futures has no such bit, and no message */
    if (future->free_fn)
        future->free_fn(future->value);
    while (future->callbacks) {
        struct thread_callback *callback = future->callbacks;

        future->callbacks = callback->next;
        free(callback);
    }
    tt_exc_unref(future->exc);
    tt_exc_unref(future->shown);
    pthread_mutex_destroy(&future->mutex);
    pthread_cond_destroy(&future->done);
    free(future);
}

static void unref(tt_thread_future *future, tt_site *site)
{
    uint32_t refs;

    pthread_mutex_lock(&future->mutex);
    refs = --future->refs;
    pthread_mutex_unlock(&future->mutex);
    if (refs == 0)
        destroy(future, site);
}

tt_thread_future *tt_thread_future_ref_at(tt_site *site, tt_thread_future *future)
{
    TT_PRECOND("thread_future_ref.future", site, future != NULL);
    pthread_mutex_lock(&future->mutex);
    future->refs++;
    future->handles++;
    if (future->exc)
        TT_EMIT(reference_taken, .object_id = future->id, .site = site, .handle_count = future->handles);
    pthread_mutex_unlock(&future->mutex);
    return future;
}

void tt_thread_future_unref_at(tt_site *site, tt_thread_future *future)
{
    if (!future)
        return;
    pthread_mutex_lock(&future->mutex);
    TT_PRECOND("thread_future_unref.held", site, future->handles > 0);
    future->handles--;
    future->released_site = site;
    if (future->exc)
        TT_EMIT(reference_released, .object_id = future->id, .site = site, .handle_count = future->handles);
    pthread_mutex_unlock(&future->mutex);
    unref(future, site);
}

/* What concurrent.futures logs when a callback raises; nobody else hears of it. */
static void log_callback_failure(tt_thread_future *future, tt_exc *exc)
{
    const char *state = future->state == CANCELLED ? "cancelled"
                        : future->exc              ? "finished raised "
                                                   : "finished returned";

    flockfile(stderr);
    fprintf(stderr, "exception calling callback for <Future at %p state=%s%s>\n", (void *)future, state,
            future->exc ? tt_exc_type_of(future->exc)->name : "");
    tt_exc_print(exc, stderr);
    funlockfile(stderr);
    TT_EMIT(handler_called, .exception_id = tt_exc_id(exc), .kind = TT_HANDLER_KIND_LOG,
            .object_kind = TT_OBJECT_KIND_CALLBACK, .message = "exception calling callback of a thread-side future");
}

static void call(tt_thread_future *future, const struct thread_callback *callback)
{
    struct tt_exc_state state = {0}, *outer = tt__exc_state_enter(&state);
    tt_exc *exc;
    int rc = callback->fn(future, callback->arg);

    tt__exc_state_close_handlings(&state);
    if (rc < 0 && !state.pending)
        tt_raise_at(callback->site, &tt_RuntimeError, "%s() returned %d with no exception pending",
                    callback->site->text ? callback->site->text : "a callback", rc);
    exc = tt__exc_state_take(&state);
    tt__exc_state_enter(outer);
    if (exc)
        log_callback_failure(future, exc);
    tt_exc_unref(exc);
}

static void call_all(tt_thread_future *future, struct thread_callback *callback)
{
    while (callback) {
        struct thread_callback *next = callback->next;

        call(future, callback);
        free(callback);
        callback = next;
    }
}

/* Takes the callbacks out; with the mutex. */
static struct thread_callback *take_callbacks(tt_thread_future *future)
{
    struct thread_callback *first = future->callbacks;

    future->callbacks = NULL;
    future->callbacks_end = &future->callbacks;
    return first;
}

int tt_thread_future_add_done_callback_at(tt_site *site, tt_thread_future *future, tt_thread_done_fn *fn, void *arg)
{
    struct thread_callback *callback = malloc(sizeof *callback);
    bool is_done;

    TT_PRECOND("thread_future_add_done_callback.future", site, future != NULL);
    TT_PRECOND("thread_future_add_done_callback.function", site, fn != NULL);
    if (!callback)
        return tt_raise_at(site, &tt_MemoryError, "no memory for a done-callback");
    *callback = (struct thread_callback){.fn = fn, .arg = arg, .site = site};
    pthread_mutex_lock(&future->mutex);
    is_done = future->state != PENDING;
    if (!is_done) {
        *future->callbacks_end = callback;
        future->callbacks_end = &callback->next;
    }
    pthread_mutex_unlock(&future->mutex);
    if (is_done)
        call_all(future, callback);
    return 0;
}

/* --------------------------------------------------------------------------------------------------------- the chain */

/* Ends FUTURE, which is pending, and returns the callbacks that are due; with the mutex. */
static struct thread_callback *end(tt_thread_future *future, enum thread_future_state state)
{
    future->state = state;
    pthread_cond_broadcast(&future->done);
    return take_callbacks(future);
}

/* Ends FUTURE, if it is pending, with EXC (taken over in any case; a copy) or with VALUE. True if it did. */
static bool complete(tt_thread_future *future, tt_exc *exc, void *value, tt_free_fn *free_fn)
{
    struct thread_callback *callbacks = NULL;
    bool was_pending;

    pthread_mutex_lock(&future->mutex);
    was_pending = future->state == PENDING;
    if (was_pending) {
        future->exc = exc;
        future->value = value;
        future->free_fn = free_fn;
        callbacks = end(future, FINISHED);
    }
    pthread_mutex_unlock(&future->mutex);
    if (!was_pending)
        tt_exc_unref(exc);
    call_all(future, callbacks);
    return was_pending;
}

/* Cancels FUTURE, if it is pending, at SITE. True if it did; then *OUT_IS_CHAINED tells whether there is a task that
 * has to hear of it. */
static bool complete_cancelled(tt_thread_future *future, tt_site *site, bool *out_is_chained)
{
    struct thread_callback *callbacks = NULL;
    bool was_pending;

    pthread_mutex_lock(&future->mutex);
    was_pending = future->state == PENDING;
    if (was_pending) {
        future->cancel_site = site;
        callbacks = end(future, CANCELLED);
    }
    *out_is_chained = future->is_chained;
    pthread_mutex_unlock(&future->mutex);
    call_all(future, callbacks);
    return was_pending;
}

/* Cancels FUTURE because of what became of its task. */
static void follow_cancellation(tt_thread_future *future)
{
    bool is_chained;

    complete_cancelled(future, future->site, &is_chained);
}

static enum thread_future_state state_of(tt_thread_future *future)
{
    enum thread_future_state state;

    pthread_mutex_lock(&future->mutex);
    state = future->state;
    pthread_mutex_unlock(&future->mutex);
    return state;
}

/* FUTURE fails with COPY: the facts about it, and about its handle so far. */
static void tell_failure(tt_thread_future *future, tt_task *task, tt_exc *copy)
{
    uint32_t handles;
    tt_site *released_site;

    pthread_mutex_lock(&future->mutex);
    handles = future->handles;
    released_site = future->released_site;
    pthread_mutex_unlock(&future->mutex);
    tt__exc_tell_members(copy);
    TT_EMIT(failure_stored, .failure_id = future->id, .exception_id = tt_exc_id(copy), .parent_id = future->creator_tid,
            .parent_kind = TT_ACTOR_THREAD, .loop_id = (uint32_t)future->loop->id, .kind = TT_OBJECT_KIND_THREAD_FUTURE,
            .how = TT_FAILURE_HOW_FORWARDED, .handle_count = handles, .created_site = future->site,
            .raised_site = (tt_site *)tt_exc_raised_at(copy), .name = tt_task_name(task),
            .type = tt_exc_type_of(copy)->name, .message = tt_exc_text(copy));
    TT_EMIT(reference_taken, .object_id = future->id, .site = future->site, .handle_count = handles);
    if (released_site)
        TT_EMIT(reference_released, .object_id = future->id, .site = released_site, .handle_count = handles);
}

/* Any thread. The loop may be gone, and its name was the task's. */
static void tell_again(struct tt_held_failure *held)
{
    tt_thread_future *future = tt_container_of(held, tt_thread_future, held);

    pthread_mutex_lock(&future->mutex);
    if (future->exc)
        TT_EMIT(failure_dumped, .failure_id = future->id, .exception_id = tt_exc_id(future->exc),
                .parent_id = future->creator_tid, .parent_kind = TT_ACTOR_THREAD, .kind = TT_OBJECT_KIND_THREAD_FUTURE,
                .how = TT_FAILURE_HOW_FORWARDED, .retrieved = future->touch_count > 0, .handle_count = future->handles,
                .user_touch_count = future->touch_count, .created_site = future->site,
                .raised_site = (tt_site *)tt_exc_raised_at(future->exc), .type = tt_exc_type_of(future->exc)->name,
                .message = tt_exc_text(future->exc));
    pthread_mutex_unlock(&future->mutex);
}

static void forward_failure(tt_thread_future *future, tt_task *task)
{
    tt_exc *copy = tt__exc_copy(task->exc);

    task->log_traceback = false;
    tt__ledger_touched(task, TT_TOUCH_HOW_THREAD_CHAIN, false, future->site);
    tt__ledger_forwarded(task, future->id, TT_FORWARD_HOW_THREAD_CHAIN, future->site);
    if (!copy)
        copy = tt__exc_new_memory_error(future->site);
    tell_failure(future, task, copy);
    complete(future, copy, NULL, NULL);
    tt__dump_hold_shared(&future->held, tell_again);
}

/* The chain ends: the task is done, or will never be. A cancellation on its way still gets to it, and marks its failure. */
static void let_go_of_task(tt_thread_future *future)
{
    tt_task *task = future->task;

    pthread_mutex_lock(&future->mutex);
    future->is_chain_over = future->is_cancel_sent;
    pthread_mutex_unlock(&future->mutex);
    if (future->is_chain_over)
        return;
    future->task = NULL;
    tt__future_unref(task, future->site);
    unref(future, future->site);
}

/* On the loop's thread: the cancellation has arrived, or never will. */
static void end_cancel(void *arg)
{
    tt_thread_future *future = arg;

    pthread_mutex_lock(&future->mutex);
    future->is_cancel_sent = false;
    pthread_mutex_unlock(&future->mutex);
    if (future->is_chain_over)
        let_go_of_task(future);
    unref(future, future->site);
}

static int cancel_task(void *arg)
{
    tt_thread_future *future = arg;

    if (future->task)
        tt__future_cancel(future->task, NULL, (struct tt_who){TT_ACTOR_THREAD, future->creator_tid},
                          future->cancel_site);
    end_cancel(future);
    return 0;
}

/* The mutex is held meanwhile: whoever sees it sent knows that it will arrive. */
static void send_cancel(tt_thread_future *future)
{
    pthread_mutex_lock(&future->mutex);
    future->is_cancel_sent = tt__loop_send(future->site, future->loop, cancel_task, future, end_cancel) == 0;
    future->refs += future->is_cancel_sent; /* otherwise the loop is closed, and the task with it */
    pthread_mutex_unlock(&future->mutex);
}

/* The task is done. */
static void copy_outcome(tt_thread_future *future, tt_task *task)
{
    if (task->state == TT_FUTURE_CANCELLED) {
        follow_cancellation(future);
    } else if (state_of(future) !=
               CANCELLED) { /* a cancelled one looks at nothing: the task's failure stays unretrieved */
        if (task->exc) {
            forward_failure(future, task);
        } else if (complete(future, NULL, task->value, task->free_fn)) {
            task->free_fn = NULL; /* the value is the other side's now */
        }
    }
}

static void run_task_done(struct tt_ready *ready)
{
    tt_thread_future *future = tt_container_of(ready, tt_thread_future, node.ready);
    tt_task *task = future->node.future;

    copy_outcome(future, task);
    tt__future_unref(task, future->site); /* the ready queue's */
    let_go_of_task(future);
}

/* The loop closes before the task is done, or before it could be told: whoever waits must not wait for ever. */
static void discard_task_done(struct tt_ready *ready)
{
    tt_thread_future *future = tt_container_of(ready, tt_thread_future, node.ready);
    tt_task *task = future->node.future;

    if (task) {
        copy_outcome(future, task);
        tt__future_unref(task, future->site);
    } else {
        follow_cancellation(future);
    }
    let_go_of_task(future);
}

/* From now on a cancellation has to be sent to the task. True if one came before. */
static bool chain(tt_thread_future *future)
{
    bool result;

    pthread_mutex_lock(&future->mutex);
    future->is_chained = true;
    result = future->state == CANCELLED;
    pthread_mutex_unlock(&future->mutex);
    return result;
}

/* On the loop's thread. A coroutine that was cancelled meanwhile is started all the same, and cancelled in the next
 * turn. */
static int start_task(void *arg)
{
    static const struct tt_ready_ops done_ops = {run_task_done, discard_task_done};
    tt_thread_future *future = arg;
    const struct tt_task_options options = {.loop = future->loop, .drop = future->drop};
    struct tt_who creator = {TT_ACTOR_THREAD, future->creator_tid};
    tt_task *task = tt__task_create(future->site, future->fn, future->arg, &options, creator, false);
    tt_exc *copy;

    if (!task) {
        copy = tt__exc_copy(tt_exc_pending());
        complete(future, copy ? copy : tt__exc_new_memory_error(future->site), NULL, NULL);
        unref(future, future->site);
        return -1; /* asyncio: set on the future and raised to the handler */
    }
    future->task = tt__future_ref(task);
    future->node.ready.ops = &done_ops;
    tt__future_add_node(task, &future->node);
    if (chain(future))
        send_cancel(future);
    return 0;
}

/* The loop closed before the task could be created. */
static void drop_start(void *arg)
{
    tt_thread_future *future = arg;

    if (future->drop)
        tt__loop_run_release(future->loop, future->drop, future->arg);
    follow_cancellation(future);
    unref(future, future->site);
}

static tt_thread_future *create(tt_site *site, tt_loop *loop, tt_coro_fn *fn, void *arg, tt_drop_fn *drop)
{
    tt_thread_future *future = calloc(1, sizeof *future);
    pthread_condattr_t attributes;

    if (!future)
        return NULL;
    future->id = tt_trace_new_id();
    future->creator_tid = (uint64_t)gettid();
    future->loop = loop;
    future->site = site;
    future->fn = fn;
    future->arg = arg;
    future->drop = drop;
    future->refs = 2; /* the caller's and the chain's */
    future->handles = 1;
    future->callbacks_end = &future->callbacks;
    pthread_mutex_init(&future->mutex, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&future->done, &attributes);
    pthread_condattr_destroy(&attributes);
    return future;
}

tt_thread_future *tt_run_coroutine_threadsafe_at(tt_site *site, tt_loop *loop, tt_coro_fn *fn, void *arg,
                                                 tt_drop_fn *drop)
{
    tt_thread_future *future;
    int rc;

    TT_PRECOND("run_coroutine_threadsafe.loop", site, loop != NULL && fn != NULL);
    future = create(site, loop, fn, arg, drop);
    rc = future ? tt__loop_send(site, loop, start_task, future, drop_start) : -ENOMEM;
    if (rc == 0)
        return future;
    if (future) {
        future->refs = 1;
        unref(future, site);
    }
    if (drop)
        drop(arg);
    if (rc == -ECANCELED)
        tt_raise_at(site, &tt_RuntimeError, "Event loop is closed");
    else
        tt_raise_at(site, &tt_MemoryError, "no memory to run a coroutine on another thread");
    return NULL;
}

/* --------------------------------------------------------------------------------------------------- waiting, reading */

static struct timespec deadline_after(int64_t timeout_ns)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    time.tv_sec += timeout_ns / TT_SEC(1);
    time.tv_nsec += timeout_ns % TT_SEC(1);
    if (time.tv_nsec >= TT_SEC(1)) {
        time.tv_sec++;
        time.tv_nsec -= TT_SEC(1);
    }
    return time;
}

/* Waits until FUTURE is done and leaves the mutex locked. False when time ran out. */
static bool lock_when_done(tt_thread_future *future, int64_t timeout_ns, tt_site *site)
{
    bool is_limited = timeout_ns != TT_NEVER;
    struct timespec deadline = is_limited ? deadline_after(timeout_ns > 0 ? timeout_ns : 0) : (struct timespec){0};
    int rc = 0;

    TT_PRECOND("thread_future_result.future", site, future != NULL);
    pthread_mutex_lock(&future->mutex);
    TT_PRECOND("thread_future_result.other_thread", site,
               future->state != PENDING || timeout_ns <= 0 || tt__running_loop != future->loop);
    while (future->state == PENDING && rc == 0)
        rc = is_limited ? pthread_cond_timedwait(&future->done, &future->mutex, &deadline)
                        : pthread_cond_wait(&future->done, &future->mutex);
    return future->state != PENDING;
}

static void touch(tt_thread_future *future, enum tt_touch_how how, tt_site *site)
{
    future->touch_count++;
    TT_EMIT(failure_touched, .failure_id = future->id, .by = TT_ACTOR_THREAD, .by_id = (uint64_t)gettid(),
            .how = (uint8_t)how, .is_user = 1, .site = site);
}

/* Raises TimeoutError or CancelledError on the calling thread if that is all there is to tell. */
static int refuse(tt_site *site, bool is_done, enum thread_future_state state)
{
    if (!is_done)
        return tt_raise_at(site, &tt_TimeoutError, NULL);
    if (state == CANCELLED) {
        tt__exc_state_set(tt__exc_state_now(), tt__exc_new_cancelled(site, NULL));
        return -1;
    }
    return 0;
}

int tt_thread_future_result_at(tt_site *site, tt_thread_future *future, int64_t timeout_ns, void **out_value)
{
    bool is_done = lock_when_done(future, timeout_ns, site);
    enum thread_future_state state = future->state;
    tt_exc *copy = NULL;

    if (state == FINISHED && future->exc) {
        copy = tt__exc_copy(future->exc);
        touch(future, TT_TOUCH_HOW_RESULT, site);
    } else if (state == FINISHED && out_value) {
        *out_value = future->value;
    }
    pthread_mutex_unlock(&future->mutex);
    if (refuse(site, is_done, state) < 0)
        return -1;
    if (!future->exc)
        return 0;
    if (!copy)
        return tt_raise_at(site, &tt_MemoryError, "no memory for an exception");
    tt__exc_add_place(copy, site);
    tt__exc_state_set(tt__exc_state_now(), copy);
    return -1;
}

int tt_thread_future_exception_at(tt_site *site, tt_thread_future *future, int64_t timeout_ns, tt_exc **out_exc)
{
    bool is_done = lock_when_done(future, timeout_ns, site);
    enum thread_future_state state = future->state;
    tt_exc *shown = NULL;

    if (state == FINISHED && future->exc) {
        touch(future, TT_TOUCH_HOW_EXCEPTION, site);
        if (!future->shown)
            future->shown = tt__exc_copy(future->exc);
        shown = future->shown;
    }
    pthread_mutex_unlock(&future->mutex);
    if (refuse(site, is_done, state) < 0)
        return -1;
    if (future->exc && !shown)
        return tt_raise_at(site, &tt_MemoryError, "no memory for an exception");
    if (out_exc)
        *out_exc = shown;
    return 0;
}

bool tt_thread_future_done(tt_thread_future *future)
{
    TT_PRECOND("thread_future_done.future", NULL, future != NULL);
    return state_of(future) != PENDING;
}

bool tt_thread_future_cancel_at(tt_site *site, tt_thread_future *future)
{
    bool is_chained;

    TT_PRECOND("thread_future_cancel.future", site, future != NULL);
    if (!complete_cancelled(future, site, &is_chained))
        return state_of(future) == CANCELLED;
    if (is_chained)
        send_cancel(future);
    return true;
}
