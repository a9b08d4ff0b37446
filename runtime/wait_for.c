/* wait_for.c: awaiting for so long and no longer. See telltale/timeout.h.
 *
 * With time to spare it is an await inside of a timeout. Without, the future is cancelled at once, so that a task which
 * has not begun never does; the waiting task must be able to be cancelled meanwhile without that reaching the future
 * twice, so it waits beside the future and not for it.
 *
 * Inside a task, on the loop's thread. From: asyncio.wait_for, asyncio.tasks._cancel_and_wait (3.13). */
#include <telltale/timeout.h>

#include "precond.h"
#include "timeout_internal.h"

/* A wait beside a future that is being cancelled. On the stack of the waiting task, and one of its scopes, so that it
 * is let go of when the task is abandoned. */
struct watch_end {
    struct tt_scope scope;
    tt_future *watched; /* a reference */
    tt_future ended;    /* done when WATCHED is */
    struct tt_done_node node;
    int rc;
};

static void keep_memory(tt_future *future)
{
    (void)future;
}

/* The queue's reference to the watched future goes. */
static void let_go(struct watch_end *watch)
{
    tt_future *watched = watch->node.future;

    watch->node.future = NULL;
    if (watched)
        tt__future_unref(watched, watch->scope.site);
}

static void run_ended(struct tt_ready *ready)
{
    struct watch_end *watch = tt_container_of(ready, struct watch_end, node.ready);

    let_go(watch);
    if (watch->ended.state == TT_FUTURE_PENDING)
        tt__future_finish_value(&watch->ended, NULL, NULL);
}

static void discard_ended(struct tt_ready *ready)
{
    let_go(tt_container_of(ready, struct watch_end, node.ready));
}

static void stop_watching(struct watch_end *watch)
{
    if (tt__future_remove_node(watch->watched, &watch->node))
        return;
    tt__loop_withdraw(watch->scope.task->future.loop, &watch->node.ready);
    let_go(watch);
}

static void abandon_watch(struct tt_scope *scope)
{
    struct watch_end *watch = (struct watch_end *)scope;

    stop_watching(watch);
    tt__future_unref(watch->watched, scope->site);
}

/* Raises what FUTURE, which has ended, ended with, for user code; 0 when it has a result. */
static int read_outcome(struct tt_task_object *task, tt_future *future, tt_site *site)
{
    bool has_failed = future->state == TT_FUTURE_FINISHED;
    tt_exc *exc;

    if (has_failed && !future->exc)
        return 0;
    exc = tt__future_take_exception(future, site);
    tt__exc_state_set(&task->exc_state, exc);
    tt__exc_add_place(exc, site);
    if (!has_failed)
        return -1;
    tt__ledger_touched(future, TT_TOUCH_HOW_WAIT_FOR, true, site);
    task->passed_id = future->id;
    task->passed_exc_id = tt_exc_id(exc);
    task->passed_by_wait_for = true;
    return -1;
}

static int end_watch(struct tt_scope *scope, int rc, tt_site *site)
{
    struct watch_end *watch = (struct watch_end *)scope;
    enum tt_scope_end end = TT_SCOPE_END_RAISED; /* the task was cancelled meanwhile */
    tt_exc *exc;

    stop_watching(watch);
    if (rc == 0) {
        rc = read_outcome(scope->task, watch->watched, site);
        exc = tt_exc_pending();
        end = exc ? TT_SCOPE_END_OVERRULED : TT_SCOPE_END_SWALLOWED;
        if (tt_exc_is(exc, &tt_CancelledError)) {
            tt_raise_from_at(site, exc, &tt_TimeoutError, NULL);
            end = TT_SCOPE_END_CONVERTED;
        }
    }
    TT_EMIT(timeout_exited, .timeout_id = scope->id, .task_id = scope->task->future.id,
            .exception_id = tt_exc_id(tt_exc_pending()), .site = site, .end = (uint8_t)end);
    return rc;
}

/* The wait for FUTURE has ended with RC: gives its value, and lets go of it. */
static int finish(int rc, tt_future *future, void **out_value, tt_site *site)
{
    if (rc == 0 && out_value)
        *out_value = future->value;
    tt__future_unref(future, site);
    return rc;
}

/* No time is left: FUTURE, which is pending, is cancelled, and waited for until it has ended. */
static int cancel_and_wait(struct tt_task_object *task, tt_future *future, void **out_value, tt_site *site)
{
    static const struct tt_scope_ops watch_ops = {"wait_for", end_watch, abandon_watch, NULL, NULL};
    static const struct tt_ready_ops node_ops = {run_ended, discard_ended};
    static const struct tt_future_ops future_ops = {.destroy = keep_memory, .cancel = tt__future_cancel_plain};
    struct watch_end watch = {.scope = {.ops = &watch_ops, .is_on_stack = true},
                              .watched = tt__future_ref(future),
                              .node.ready.ops = &node_ops};
    int rc;

    tt__scope_enter(&watch.scope, task, site);
    TT_EMIT(timeout_entered, .timeout_id = watch.scope.id, .task_id = task->future.id,
            .outer_id = tt__scope_outer_id(&watch.scope), .site = site, .has_deadline = true);
    TT_EMIT(timeout_expired, .timeout_id = watch.scope.id, .task_id = task->future.id);
    tt__future_init_own(&watch.ended, task, &future_ops, future->label, site);
    tt__future_add_node(future, &watch.node);
    tt__future_cancel(future, NULL, (struct tt_who){TT_ACTOR_TIMEOUT, watch.scope.id}, site);
    rc = tt__task_await_own(task, &watch.ended, site);
    rc = tt__scope_exit(&watch.scope, rc, site);
    tt__future_finish_own(&watch.ended);
    return finish(rc, future, out_value, site);
}

static int await_in_timeout(struct tt_task_object *task, tt_future *future, int64_t delay_ns, void **out_value,
                            tt_site *site)
{
    struct tt_timeout timeout = {.scope.is_on_stack = true};
    bool suspends = future->state == TT_FUTURE_PENDING;
    int rc;

    if (tt__timeout_enter(&timeout, task, tt__timeout_deadline(task, delay_ns), site) < 0)
        return -1;
    timeout.held = tt__future_ref(future);
    task->is_waiting_for = true;
    if (suspends)
        tt__exc_hide_handlings(&task->exc_state);
    rc = tt__task_await_any(task, future, site);
    task->is_waiting_for = false;
    rc = tt__scope_exit(&timeout.scope, rc, site);
    if (suspends) {
        tt__exc_show_handlings(&task->exc_state);
        tt__exc_state_set_again(&task->exc_state);
    }
    return finish(rc, future, out_value, site);
}

int tt_wait_for_at(tt_site *site, tt_future *future, int64_t delay_ns, void **out_value)
{
    struct tt_task_object *task;

    if (!future)
        return tt_await_at(site, NULL);
    task = tt__task_that_may_suspend(site);
    if (!task)
        return -1;
    if (delay_ns > 0)
        return await_in_timeout(task, future, delay_ns, out_value, site);
    if (future->state != TT_FUTURE_PENDING)
        return finish(read_outcome(task, future, site), tt__future_ref(future), out_value, site);
    if (future == &task->future || future->loop != task->future.loop)
        return tt__task_await_any(task, future, site); /* raises why that cannot be */
    return cancel_and_wait(task, future, out_value, site);
}
