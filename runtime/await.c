/* await.c: how a task waits: for a future, for time to pass, for its next turn.
 *
 * A pending exception is sticky: with one pending nothing here suspends. Inside a task. From: asyncio's Task.__step and
 * Task.__wakeup (the side of the coroutine), asyncio.sleep.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "loop_internal.h"
#include "precond.h"

int tt__task_refuse_to_suspend(tt_site *site)
{
    if (tt_exc_pending())
        return -1;
    return tt_raise_at(site, &tt_RuntimeError,
                       tt__running_loop ? "a callback cannot suspend: only a task can" : "no running event loop");
}

/* See tt__task_suspend. */
static inline __attribute__((always_inline)) int suspend(struct tt_task_object *task, tt_site *site)
{
    tt_exc *thrown;

    task->saved_errno = errno;
    task->io_spent = 0;
    tt__coro_switch(&task->coro, &task->future.loop->home);
    errno = task->saved_errno;
    thrown = task->thrown;
    if (!thrown)
        return 0;
    task->thrown = NULL;
    tt__exc_state_set(&task->exc_state, thrown); /* first, so that one which is told now has its context */
    tt__exc_add_place(thrown, site);
    return -1;
}

int tt__task_suspend(struct tt_task_object *task, tt_site *site)
{
    return suspend(task, site);
}

/* Has EXC, a RuntimeError (NULL: there was no memory for it), raised into the task at its next step, as asyncio does
 * when a coroutine yields what it must not. */
static int raise_at_next_step(struct tt_task_object *task, tt_site *site, tt_exc *exc)
{
    if (!exc)
        return tt_raise_at(site, &tt_MemoryError, "no memory for an exception");
    task->thrown = exc;
    task->thrown_is_waiters = false;
    tt__task_push_step(task);
    return tt__task_suspend(task, site);
}

static tt_exc *awaits_itself(struct tt_task_object *task, tt_site *site)
{
    char *repr = tt__future_repr_new(&task->future);
    tt_exc *exc = tt_exc_new_at(site, &tt_RuntimeError, "Task cannot await on itself: %s",
                                repr ? repr : tt__future_repr_short(&task->future));

    free(repr);
    return exc;
}

static tt_exc *belongs_elsewhere(struct tt_task_object *task, tt_future *future, tt_site *site)
{
    char *task_repr = tt__future_repr_new(&task->future), *future_repr = tt__future_repr_new(future);
    tt_exc *exc = tt_exc_new_at(site, &tt_RuntimeError, "Task %s got Future %s attached to a different loop",
                                task_repr ? task_repr : tt__future_repr_short(&task->future),
                                future_repr ? future_repr : tt__future_repr_short(future));

    free(task_repr);
    free(future_repr);
    return exc;
}

int tt__task_await_own(struct tt_task_object *task, tt_future *future, tt_site *site)
{
    assert(future->state == TT_FUTURE_PENDING && "it was made to be waited for");
    task->waiter = future;
    task->phase = TT_TASK_WAITING;
    tt__future_add_node(future, &task->wake);
    if (task->must_cancel &&
        tt__future_cancel(future, task->cancel_text, (struct tt_who){TT_ACTOR_AWAITER, task->future.id}, site))
        task->must_cancel = false;
    return suspend(task, site);
}

/* Raises what FUTURE, which was done before the await, ended with. 0 when it has a result. */
static int raise_at_once(struct tt_task_object *task, tt_future *future, tt_site *site)
{
    if (future->state == TT_FUTURE_FINISHED && !future->exc)
        return 0;
    task->thrown_is_waiters = future->state == TT_FUTURE_FINISHED;
    tt__exc_state_set(&task->exc_state, tt__future_take_exception(future, site));
    tt__exc_add_place(task->exc_state.pending, site);
    return -1;
}

int tt__task_await(struct tt_task_object *task, tt_future *future, tt_site *site)
{
    bool is_pending = future->state == TT_FUTURE_PENDING;
    int rc;

    task->thrown_is_waiters = false;
    if (is_pending) /* with a reference: whoever holds FUTURE may let go meanwhile */
        rc = tt__task_await_own(task, tt__future_ref(future), site);
    else
        rc = raise_at_once(task, future, site);
    if (rc < 0 && task->thrown_is_waiters) {
        tt__ledger_touched(future, task->is_waiting_for ? TT_TOUCH_HOW_WAIT_FOR : TT_TOUCH_HOW_AWAIT, true, site);
        task->passed_id = future->id;
        task->passed_exc_id = tt_exc_id(task->exc_state.pending);
        task->passed_by_wait_for = task->is_waiting_for;
    }
    if (is_pending) /* the waiter's */
        tt__future_unref(future, site);
    return rc;
}

int tt__task_await_any(struct tt_task_object *task, tt_future *future, tt_site *site)
{
    if (future == &task->future)
        return raise_at_next_step(task, site, awaits_itself(task, site));
    if (future->loop != task->future.loop && future->state == TT_FUTURE_PENDING)
        return raise_at_next_step(task, site, belongs_elsewhere(task, future, site));
    return tt__task_await(task, future, site);
}

int tt_await_at(tt_site *site, tt_future *future)
{
    struct tt_task_object *task;

    if (!future && !tt__exc_state_now()->pending)
        return tt_raise_at(site, &tt_TypeError, "object NULL can't be used in 'await' expression");
    task = tt__task_that_may_suspend(site);
    if (!task || !future)
        return -1;
    return tt__task_await_any(task, future, site);
}

/* ------------------------------------------------------------------------------------------------------------ sleep */

/* Lies on the stack of the sleeping task: the timer makes `expiry` ready, which completes the future, which wakes the
 * task. These are asyncio's hops; fewer would change the order in which tasks run. */
struct sleeper {
    struct tt_future future;
    struct tt_timer timer;
    struct tt_ready expiry;
};

static void run_expiry(struct tt_ready *ready)
{
    struct sleeper *sleeper = tt_container_of(ready, struct sleeper, expiry);

    sleeper->future.loop->actor = (struct tt_who){TT_ACTOR_TIMER, 0};
    if (sleeper->future.state == TT_FUTURE_PENDING)
        tt__future_finish_value(&sleeper->future, NULL, NULL);
}

static void ignore(struct tt_ready *ready)
{
    (void)ready;
}

static void keep_memory(tt_future *future)
{
    (void)future;
}

static int sleep_one_turn(struct tt_task_object *task, tt_site *site)
{
    tt__task_push_step(task);
    return tt__task_suspend(task, site);
}

/* Suspends TASK until WHEN_NS, which is to come. */
static int sleep_until(struct tt_task_object *task, int64_t when_ns, tt_site *site)
{
    static const struct tt_ready_ops expiry_ops = {run_expiry, ignore};
    static const struct tt_future_ops future_ops = {.destroy = keep_memory, .cancel = tt__future_cancel_plain};
    tt_loop *loop = task->future.loop;
    struct sleeper sleeper;
    int rc;

    sleeper.expiry = (struct tt_ready){.ops = &expiry_ops};
    sleeper.timer = (struct tt_timer){.ready = &sleeper.expiry};

    if (tt__timers_push(&loop->timers, &sleeper.timer, when_ns) < 0)
        return tt_raise_at(site, &tt_MemoryError, "no memory for a timer");
    tt__future_init_own(&sleeper.future, task, &future_ops, (struct tt_wait_label){TT_WAIT_KIND_SLEEP, 0}, site);
    rc = tt__task_await_own(task, &sleeper.future, site);
    tt__timers_cancel(&loop->timers, &sleeper.timer);
    tt__loop_withdraw(loop, &sleeper.expiry);
    tt__future_finish_own(&sleeper.future);
    return rc;
}

int tt_sleep_at(tt_site *site, int64_t duration_ns)
{
    struct tt_task_object *task = tt__task_that_may_suspend(site);

    if (!task)
        return -1;
    if (duration_ns <= 0)
        return sleep_one_turn(task, site);
    return sleep_until(task, tt__loop_deadline(task->future.loop, duration_ns), site);
}

int tt_sleep_until_at(tt_site *site, int64_t when_ns)
{
    struct tt_task_object *task = tt__task_that_may_suspend(site);

    if (!task)
        return -1;
    if (when_ns <= tt_loop_time(task->future.loop))
        return sleep_one_turn(task, site);
    return sleep_until(task, when_ns, site);
}
