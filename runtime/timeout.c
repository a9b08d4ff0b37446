/* timeout.c: timeouts: see telltale/timeout.h, timeout_internal.h for the states, scope.c for the stack that they stand in.
 *
 * The loop's thread. From: asyncio.timeouts (3.13). */
#include "timeout_internal.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <telltale/exc_group.h>

#include "precond.h"

/* ---------------------------------------------------------------------------------------------------- the deadline */

static void tell_entered(const struct tt_timeout *timeout, int64_t now_ns, bool is_rescheduled)
{
    bool has_deadline = timeout->when_ns != TT_NEVER;

    TT_EMIT(timeout_entered, .timeout_id = timeout->scope.id, .task_id = timeout->scope.task->future.id,
            .outer_id = tt__scope_outer_id(&timeout->scope), .site = timeout->scope.site,
            .delay_ns = has_deadline && timeout->when_ns > now_ns ? (uint64_t)(timeout->when_ns - now_ns) : 0,
            .has_deadline = has_deadline, .is_rescheduled = is_rescheduled);
}

/* It is up: Timeout._on_timeout. */
static void run_expiry(struct tt_ready *ready)
{
    struct tt_timeout *timeout = tt_container_of(ready, struct tt_timeout, expiry);
    tt_future *task = &timeout->scope.task->future;

    assert(timeout->state == TT_TIMEOUT_ACTIVE && "whoever left it has taken this back");
    timeout->state = TT_TIMEOUT_EXPIRING;
    TT_EMIT(timeout_expired, .timeout_id = timeout->scope.id, .task_id = task->id);
    tt__future_cancel(task, NULL, (struct tt_who){TT_ACTOR_TIMEOUT, timeout->scope.id}, timeout->scope.site);
}

static void ignore(struct tt_ready *ready)
{
    (void)ready;
}

static const struct tt_ready_ops expiry_ops = {run_expiry, ignore};

/* Takes back whatever would have TIMEOUT expire. */
static void disarm(struct tt_timeout *timeout)
{
    tt_loop *loop = timeout->scope.task->future.loop;

    tt__timers_cancel(&loop->timers, &timeout->timers[timeout->timer_index]);
    tt__loop_withdraw(loop, &timeout->expiry);
}

/* Has TIMEOUT be up at WHEN_NS, and no more at the time before. -1 without memory: then nothing has changed. */
static int arm(struct tt_timeout *timeout, int64_t when_ns, int64_t now_ns)
{
    tt_loop *loop = timeout->scope.task->future.loop;
    struct tt_timer *other = &timeout->timers[!timeout->timer_index];

    if (when_ns != TT_NEVER && when_ns > now_ns && tt__timers_push(&loop->timers, other, when_ns) < 0)
        return -1;
    disarm(timeout);
    timeout->timer_index = !timeout->timer_index;
    timeout->when_ns = when_ns;
    if (when_ns <= now_ns)
        tt__loop_push(loop, &timeout->expiry);
    return 0;
}

int64_t tt__timeout_deadline(struct tt_task_object *task, int64_t delay_ns)
{
    int64_t when_ns;

    if (delay_ns == TT_NEVER)
        return TT_NEVER;
    if (__builtin_add_overflow(tt_loop_time(task->future.loop), delay_ns, &when_ns))
        return delay_ns < 0 ? INT64_MIN : TT_NEVER;
    return when_ns;
}

static const char *const state_names[] = {"active", "expiring", "expired", "finished"};

int tt_timeout_reschedule_at(tt_site *site, tt_timeout *timeout, int64_t when_ns)
{
    int64_t now_ns;

    if (!timeout && tt_exc_pending()) /* it could not be entered */
        return -1;
    TT_PRECOND("timeout_reschedule.timeout", site, timeout != NULL);
    if (timeout->state != TT_TIMEOUT_ACTIVE)
        return tt_raise_at(site, &tt_RuntimeError, "Cannot change state of %s Timeout", state_names[timeout->state]);
    now_ns = tt_loop_time(timeout->scope.task->future.loop);
    if (arm(timeout, when_ns, now_ns) < 0)
        return tt_raise_at(site, &tt_MemoryError, "no memory for a timer");
    tell_entered(timeout, now_ns, true);
    return 0;
}

/* ---------------------------------------------------------------------------------------------------------- the exit */

/* Puts a TimeoutError between the first CancelledError in the context chain of EXC and what has it for context:
 * Timeout._insert_timeout_error. Without memory the chain stays as it is. */
static void insert_timeout_error(tt_exc *exc, tt_site *site)
{
    tt_exc *cancelled, *error;

    while ((cancelled = tt_exc_context(exc)) != NULL && !tt_exc_is(cancelled, &tt_CancelledError))
        exc = cancelled;
    if (!cancelled)
        return;
    error = tt_exc_new_at(site, &tt_TimeoutError, NULL);
    if (!error)
        return;
    tt__exc_set_context(error, cancelled);
    tt__exc_set_cause(error, cancelled);
    tt__exc_set_context(exc, error);
    tt_exc_unref(error);
}

/* What is pending, EXC or nothing, came out of the body after TIMEOUT was up. */
static enum tt_scope_end expire(struct tt_timeout *timeout, tt_exc *exc, tt_site *site)
{
    unsigned remaining = tt_task_uncancel_at(site, &timeout->scope.task->future);

    timeout->state = TT_TIMEOUT_EXPIRED;
    if (!exc)
        return TT_SCOPE_END_SWALLOWED;
    if (remaining > timeout->cancelling) /* somebody else wants it cancelled as well */
        return TT_SCOPE_END_PASSED;
    if (tt_exc_is(exc, &tt_CancelledError)) {
        tt_raise_from_at(site, exc, &tt_TimeoutError, NULL);
        return TT_SCOPE_END_CONVERTED;
    }
    insert_timeout_error(exc, site);
    if (tt_exc_is(exc, &tt_ExceptionGroup))
        for (size_t i = 0; i < tt_exc_group_count(exc); i++)
            insert_timeout_error(tt_exc_group_member(exc, i), site);
    return TT_SCOPE_END_OVERRULED;
}

static int exit_timeout(struct tt_scope *scope, int rc, tt_site *site)
{
    struct tt_timeout *timeout = (struct tt_timeout *)scope;
    tt_exc *exc = tt_exc_pending();
    enum tt_scope_end end = exc ? TT_SCOPE_END_RAISED : TT_SCOPE_END_RETURNED;

    assert((timeout->state == TT_TIMEOUT_ACTIVE || timeout->state == TT_TIMEOUT_EXPIRING) && "it is left once");
    disarm(timeout);
    if (timeout->state == TT_TIMEOUT_EXPIRING)
        end = expire(timeout, exc, site);
    else
        timeout->state = TT_TIMEOUT_FINISHED;
    TT_EMIT(timeout_exited, .timeout_id = scope->id, .task_id = scope->task->future.id,
            .exception_id = tt_exc_id(tt_exc_pending()), .site = site, .end = (uint8_t)end,
            .is_left_open = scope->is_left_open);
    return rc;
}

static void abandon_timeout(struct tt_scope *scope)
{
    struct tt_timeout *timeout = (struct tt_timeout *)scope;

    disarm(timeout);
    timeout->state = TT_TIMEOUT_FINISHED;
    if (timeout->held)
        tt__future_unref(timeout->held, scope->site);
}

static const struct tt_scope_ops timeout_ops = {"timeout", exit_timeout, abandon_timeout, NULL, NULL};

int tt_timeout_exit_at(tt_site *site, tt_timeout *timeout, int rc)
{
    return tt__scope_exit(timeout ? &timeout->scope : NULL, rc, site);
}

/* --------------------------------------------------------------------------------------------------------- the entry */

int tt__timeout_enter(struct tt_timeout *timeout, struct tt_task_object *task, int64_t when_ns, tt_site *site)
{
    int64_t now_ns = tt_loop_time(task->future.loop);

    timeout->scope.ops = &timeout_ops;
    timeout->scope.task = task;
    timeout->timers[0].ready = timeout->timers[1].ready = &timeout->expiry;
    timeout->expiry.ops = &expiry_ops;
    timeout->cancelling = task->cancel_count;
    if (arm(timeout, when_ns, now_ns) < 0)
        return tt_raise_at(site, &tt_MemoryError, "no memory for a timer");
    tt__scope_enter(&timeout->scope, task, site);
    tell_entered(timeout, now_ns, false);
    return 0;
}

static struct tt_task_object *task_that_may_enter(tt_site *site)
{
    return tt__scope_task(site, "Timeout should be used inside a task");
}

static tt_timeout *enter(struct tt_task_object *task, int64_t when_ns, tt_site *site)
{
    struct tt_timeout *timeout = calloc(1, sizeof *timeout);

    if (!timeout) {
        tt_raise_at(site, &tt_MemoryError, "no memory for a timeout");
        return NULL;
    }
    if (tt__timeout_enter(timeout, task, when_ns, site) < 0) {
        free(timeout);
        return NULL;
    }
    return timeout;
}

tt_timeout *tt_timeout_enter_at_at(tt_site *site, int64_t when_ns)
{
    struct tt_task_object *task = task_that_may_enter(site);

    return task ? enter(task, when_ns, site) : NULL;
}

tt_timeout *tt_timeout_enter_in_at(tt_site *site, int64_t delay_ns)
{
    struct tt_task_object *task = task_that_may_enter(site);

    return task ? enter(task, tt__timeout_deadline(task, delay_ns), site) : NULL;
}

int tt_with_timeout_at(tt_site *site, int64_t delay_ns, tt_coro_fn *fn, void *arg)
{
    struct tt_task_object *task = task_that_may_enter(site);
    struct tt_timeout timeout = {.scope.is_on_stack = true};

    TT_PRECOND("with_timeout.function", site, fn != NULL);
    if (!task || tt__timeout_enter(&timeout, task, tt__timeout_deadline(task, delay_ns), site) < 0)
        return -1;
    return tt__scope_exit(&timeout.scope, fn(arg), site);
}

/* --------------------------------------------------------------------------------------------------------- accessors */

int64_t tt_timeout_when(const tt_timeout *timeout)
{
    return timeout ? timeout->when_ns : TT_NEVER;
}

bool tt_timeout_expired(const tt_timeout *timeout)
{
    return timeout && (timeout->state == TT_TIMEOUT_EXPIRING || timeout->state == TT_TIMEOUT_EXPIRED);
}

/* WHEN_NS as Python writes a number of seconds that was rounded to 3 places: 12.5, 3.0, 0.125. */
static void write_when(int64_t when_ns, char *out, size_t size)
{
    size_t length;

    if (when_ns == TT_NEVER) {
        snprintf(out, size, "None");
        return;
    }
    snprintf(out, size, "%.3f", (double)when_ns / 1e9);
    length = strlen(out);
    while (out[length - 1] == '0' && out[length - 2] != '.')
        out[--length] = '\0';
}

int tt_timeout_repr(const tt_timeout *timeout, char *buffer, size_t size)
{
    char when[48];

    TT_PRECOND("timeout_repr.buffer", NULL, buffer != NULL || size == 0);
    if (!timeout)
        return snprintf(buffer, size, "None");
    write_when(timeout->when_ns, when, sizeof when);
    if (timeout->state == TT_TIMEOUT_ACTIVE)
        return snprintf(buffer, size, "<Timeout [active] when=%s>", when);
    return snprintf(buffer, size, "<Timeout [%s]>", state_names[timeout->state]);
}
