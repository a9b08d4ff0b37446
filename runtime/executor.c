/* executor.c: functions of the program on the threads of libuv's pool. See telltale/executor.h. Each is a request
 * (request.h) whose future the program has.
 *
 *     WAITING --a thread takes it--> RUNNING --it returns--> libuv tells the loop --> the next turn completes the future
 *        |
 *        +--the future is cancelled: uv_cancel--> libuv tells the loop --> the next turn lets go of it
 *
 * The turn in between is asyncio's, which sends a callback to the loop that copies the outcome.
 *
 * Threads: `work` below the line in the struct is the pool's thread's until libuv tells the loop, then the loop's; libuv
 * orders the two. Everything else is the loop's thread's. From: BaseEventLoop.run_in_executor, asyncio.threads,
 * futures._chain_future. */
#include <assert.h>
#include <stdlib.h>

#include <telltale/executor.h>

#include "executor_internal.h"
#include "loop_internal.h"
#include "precond.h"
#include "request.h"

struct work {
    struct tt_request request;
    struct tt_ready end; /* in the ready queue once libuv has told */
    tt_loop *loop;       /* a reference, until the end */
    tt_drop_fn *drop;
    tt_site *site;
    bool has_run;

    /* ---- the thread's */
    tt_coro_fn *fn;
    void *arg;
    tt_context *context; /* it runs in it; NULL: an empty one */
    void *value;
    tt_free_fn *free_fn;
    tt_exc *exc; /* a copy that no other thread knows */
    enum tt_failure_how how;
};

static __thread struct work *work_now; /* what this thread of the pool runs */

/* -------------------------------------------------------------------------------------------------------- on a thread */

/* A deep copy of EXC, which this thread lets go of. */
static tt_exc *move_out(tt_exc *exc, tt_site *site)
{
    tt_exc *copy = tt__exc_copy(exc);

    tt_exc_unref(exc);
    return copy ? copy : tt__exc_new_memory_error(site);
}

bool tt__executor_return(void *value, tt_free_fn *free_fn)
{
    struct work *work = work_now;

    if (!work)
        return false;
    if (work->free_fn)
        work->free_fn(work->value);
    work->value = value;
    work->free_fn = free_fn;
    return true;
}

static void run_work(struct tt_request *request)
{
    struct work *work = tt_container_of(request, struct work, request);
    struct tt_exc_state state = {0}, *outer = tt__exc_state_enter(&state);
    tt_context **outer_place = tt__context_enter(&work->context);
    tt_exc *exc;
    int rc;

    work_now = work;
    rc = work->fn(work->arg);
    work_now = NULL;
    tt__exc_state_close_handlings(&state);
    work->how = rc < 0 ? TT_FAILURE_HOW_RAISED : TT_FAILURE_HOW_IGNORED;
    if (rc < 0 && !state.pending) {
        tt_raise_at(work->site, &tt_RuntimeError, "%s() returned %d with no exception pending", work->site->text, rc);
        work->how = TT_FAILURE_HOW_MISSING;
    }
    exc = tt__exc_state_take(&state);
    if (exc)
        work->exc = move_out(exc, work->site);
    tt__context_leave(outer_place);
    tt__exc_state_enter(outer);
    work->has_run = true;
}

/* -------------------------------------------------------------------------------------------------------- on the loop */

/* The work failed, and its future was cancelled, or will never be asked, because the loop is closed: nobody hears of it
 * but the trace. */
static void tell_unheard_failure(struct work *work)
{
    const tt_future *future = &work->request.future;

    TT_EMIT(failure_stored, .failure_id = future->id, .exception_id = tt_exc_id(work->exc),
            .parent_id = future->creator.id, .parent_kind = future->creator.kind, .loop_id = (uint32_t)work->loop->id,
            .kind = future->kind, .how = (uint8_t)work->how, .handle_count = future->handles,
            .created_site = future->created_site, .raised_site = (tt_site *)tt_exc_raised_at(work->exc),
            .type = tt_exc_type_of(work->exc)->name, .message = tt_exc_message(work->exc));
    TT_EMIT(failure_touched, .failure_id = future->id, .by = TT_ACTOR_CALLBACK, .how = TT_TOUCH_HOW_EXECUTOR,
            .site = work->site);
    TT_EMIT(failure_released, .failure_id = future->id, .site = work->site, .library_touch_count = 1, .retrieved = 1,
            .loop_closed = work->loop->is_closed, .counted = 1);
}

/* Lets go of everything but the future, which the program may have. */
static void end_work(struct work *work)
{
    tt_loop *loop = work->loop;

    if (work->drop)
        tt__loop_run_release(loop, work->drop, work->arg);
    if (work->free_fn)
        tt__loop_run_release(loop, work->free_fn, work->value);
    tt_exc_unref(work->exc);
    tt_context_unref(work->context);
    tt__request_unref(&work->request, work->site); /* the flight's */
    assert(loop->work_count > 0 && "work ends once");
    if (--loop->work_count == 0 && loop->idle_executor && loop->idle_executor->state == TT_FUTURE_PENDING)
        tt__future_finish_value(loop->idle_executor, NULL, NULL);
    tt__loop_unref(loop);
}

static void run_end(struct tt_ready *ready)
{
    struct work *work = tt_container_of(ready, struct work, end);
    tt_future *future = &work->request.future;

    if (future->state != TT_FUTURE_PENDING) {
        if (work->exc)
            tell_unheard_failure(work);
    } else if (work->exc) {
        tt__future_finish_exception(future, work->exc, work->how);
    } else {
        tt__future_finish_value(future, work->value, work->free_fn);
        work->free_fn = NULL;
    }
    end_work(work);
}

static void discard_end(struct tt_ready *ready)
{
    struct work *work = tt_container_of(ready, struct work, end);

    if (work->exc)
        tell_unheard_failure(work);
    end_work(work);
}

static void work_ended(struct tt_request *request)
{
    static const struct tt_ready_ops ops = {run_end, discard_end};
    struct work *work = tt_container_of(request, struct work, request);

    assert((work->has_run || request->is_unwanted) && "only what is cancelled does not run");
    work->end.ops = &ops;
    tt__loop_push(work->loop, &work->end);
}

static void destroy_work(struct tt_request *request)
{
    free(tt_container_of(request, struct work, request));
}

/* ----------------------------------------------------------------------------------------------------------- beginning */

/* Raises if LOOP takes no work. */
static bool takes_work(tt_loop *loop, tt_site *site)
{
    if (tt_exc_pending())
        return false;
    if (!loop || loop->is_closed)
        tt_raise_at(site, &tt_RuntimeError, loop ? "Event loop is closed" : "no running event loop");
    else if (loop->is_executor_shut)
        tt_raise_at(site, &tt_RuntimeError, "Executor shutdown has been called");
    return !tt_exc_pending();
}

static struct work *create_work(tt_loop *loop, tt_site *site)
{
    static const struct tt_request_ops ops = {.perform = run_work, .destroy = destroy_work, .ended = work_ended};
    struct work *work = calloc(1, sizeof *work);

    if (!work) {
        tt_raise_at(site, &tt_MemoryError, "no memory to run a function on a thread");
        return NULL;
    }
    tt__request_init_as(&work->request, loop, TT_OBJECT_KIND_EXECUTOR_FUTURE, tt__actor_now(loop), &ops,
                        (struct tt_wait_label){TT_WAIT_KIND_THREAD, 0}, site);
    work->loop = tt__loop_ref(loop);
    work->site = site;
    return work;
}

/* Has FN(ARG) run in CONTEXT, which is taken over. A reference to the future, the caller's; NULL with an exception
 * pending, then ARG has been dropped. */
static tt_future *start(tt_site *site, tt_loop *loop, tt_coro_fn *fn, void *arg, tt_drop_fn *drop, tt_context *context)
{
    struct work *work = takes_work(loop, site) ? create_work(loop, site) : NULL;

    if (!work) {
        if (drop)
            drop(arg);
        tt_context_unref(context);
        return NULL;
    }
    work->fn = fn;
    work->arg = arg;
    work->drop = drop;
    work->context = context;
    loop->work_count++;
    tt__request_queue(&work->request);
    return &work->request.future;
}

tt_future *tt_run_in_executor_at(tt_site *site, tt_loop *loop, tt_coro_fn *fn, void *arg, tt_drop_fn *drop)
{
    tt_future *future;

    TT_PRECOND("run_in_executor.function", site, fn != NULL);
    future = start(site, loop ? loop : tt__running_loop, fn, arg, drop, NULL);
    if (future)
        tt__future_hand_out(future, site);
    return future;
}

int tt_to_thread_at(tt_site *site, tt_coro_fn *fn, void *arg, tt_drop_fn *drop, void **out_value)
{
    struct tt_task_object *task;
    tt_context *context = NULL;
    tt_future *future;
    int rc;

    TT_PRECOND("to_thread.function", site, fn != NULL);
    task = tt__task_that_may_suspend(site);
    if (!task || tt__context_capture(site, &context) < 0) {
        if (drop)
            drop(arg);
        return -1;
    }
    future = start(site, task->future.loop, fn, arg, drop, context);
    if (!future)
        return -1;
    future->is_of_call = true;
    rc = tt__task_await(task, future, site);
    if (rc == 0 && out_value) {
        *out_value = future->value;
        future->free_fn = NULL;
    }
    tt__future_unref(future, site);
    return rc;
}

/* ----------------------------------------------------------------------------------------------------------- shutdown */

static int stop_waiting(void *future)
{
    if (((tt_future *)future)->state == TT_FUTURE_PENDING)
        tt__future_finish_cancelled(future, NULL, NULL);
    return 0;
}

/* Runs LOOP until its work has ended or the time is over. */
static int wait_for_work(tt_site *site, tt_loop *loop, int64_t timeout_ns)
{
    tt_future *future = tt_create_future_at(site, loop);
    tt_handle *timer = NULL;
    int rc = future ? 0 : -1;

    if (future && timeout_ns != TT_NEVER)
        rc = tt_loop_call_later_at(TT_SITE_HERE("stop_waiting"), loop, timeout_ns, stop_waiting, future, &timer);
    if (rc == 0) {
        loop->idle_executor = future;
        rc = tt_loop_run_until_complete_at(site, loop, future);
        loop->idle_executor = NULL;
    }
    if (rc < 0 && future && future->state == TT_FUTURE_CANCELLED && tt_catch(&tt_CancelledError)) {
        fprintf(stderr, "RuntimeWarning: The executor did not finishing joining its threads within %g seconds.\n",
                (double)timeout_ns / 1e9);
        rc = tt_catch_end();
    }
    tt_handle_cancel(timer);
    tt_handle_unref(timer);
    tt_future_unref_at(site, future);
    return rc;
}

int tt_loop_shutdown_default_executor_at(tt_site *site, tt_loop *loop, int64_t timeout_ns)
{
    TT_PRECOND("loop_shutdown_default_executor.loop", site, loop != NULL && !loop->is_running);
    if (tt_exc_pending())
        return -1;
    loop->is_executor_shut = true;
    return loop->work_count ? wait_for_work(site, loop, timeout_ns) : 0;
}
