/* condition.c: conditions: tasks wait until another one that holds the same lock says that something has changed. See
 * telltale/condition.h.
 *
 * Who waits gives the lock back first and has it again when it returns, whatever happened, also when it is cancelled
 * while it stands in line for the lock: it remembers the latest cancellation and goes on trying. A call that fails may
 * have been notified before, so it notifies another one in its stead.
 *
 * The loop's thread. From: asyncio.Condition. */
#include <stdlib.h>

#include "lock_internal.h"
#include "loop_internal.h"
#include "precond.h"

static tt_condition *condition_of(struct tt_waitable *waitable)
{
    return tt_container_of(waitable, tt_condition, waitable);
}

static int repr_condition(const struct tt_waitable *waitable, char *buffer, size_t size)
{
    return tt_condition_repr(condition_of((struct tt_waitable *)waitable), buffer, size);
}

void tt__condition_dismiss(tt_condition *condition)
{
    tt__line_wake(&condition->line, SIZE_MAX);
    tt__line_wake(&condition->own.line, SIZE_MAX);
}

static void dismiss_condition(struct tt_waitable *waitable)
{
    tt__condition_dismiss(condition_of(waitable));
}

void tt__condition_finish(tt_condition *condition)
{
    if (condition->lock != &condition->own)
        tt__waitable_unref(&condition->lock->waitable);
    tt__waitable_finish(&condition->own.waitable);
    tt__waitable_finish(&condition->waitable);
}

static void free_condition(struct tt_waitable *waitable)
{
    tt__condition_finish(condition_of(waitable));
    free(condition_of(waitable));
}

void tt__condition_init(tt_condition *condition, struct tt_waitable *whole)
{
    static const struct tt_waitable_ops ops = {repr_condition, dismiss_condition, free_condition};

    tt__waitable_init(&condition->waitable, whole, &ops);
    tt__lock_init(&condition->own, whole);
    condition->lock = &condition->own;
}

tt_condition *tt_condition_create_at(tt_site *site, tt_lock *lock)
{
    tt_condition *condition = calloc(1, sizeof *condition);

    if (!condition) {
        tt_raise_at(site, &tt_MemoryError, "no memory for a condition");
        return NULL;
    }
    tt__condition_init(condition, &condition->waitable);
    tt__waitable_tell_created(&condition->waitable, TT_RESOURCE_KIND_CONDITION, 0, site);
    if (!lock)
        tt__waitable_tell_created(&condition->own.waitable, TT_RESOURCE_KIND_LOCK, 0, site);
    if (lock) {
        tt__waitable_ref(&lock->waitable);
        condition->lock = lock;
    }
    return condition;
}

void tt_condition_destroy(tt_condition *condition)
{
    if (condition)
        tt__waitable_destroy(&condition->waitable);
}

/* ------------------------------------------------------------------------------------------------------- its lock */

bool tt_condition_locked(const tt_condition *condition)
{
    TT_PRECOND("condition_locked.condition", NULL, condition != NULL);
    return condition->lock->is_locked;
}

int tt_condition_acquire_at(tt_site *site, tt_condition *condition)
{
    struct tt_waiting waiting;

    TT_PRECOND("condition_acquire.condition", site, condition != NULL);
    if (!tt__waiting_begin(&waiting, &condition->waitable, TT_WAIT_KIND_LOCK, site))
        return -1;
    waiting.label.object = condition->lock->waitable.id;
    return tt__waiting_end(&waiting, tt__lock_acquire(condition->lock, &waiting));
}

int tt_condition_release_at(tt_site *site, tt_condition *condition)
{
    TT_PRECOND("condition_release.condition", site, condition != NULL);
    return tt_lock_release_at(site, condition->lock);
}

static int release(tt_site *site, void *condition)
{
    return tt_condition_release_at(site, condition);
}

int tt_with_condition_at(tt_site *site, tt_condition *condition, tt_coro_fn *fn, void *arg)
{
    TT_PRECOND("with_condition.function", site, fn != NULL);
    return tt_condition_acquire_at(site, condition) < 0 ? -1 : tt__with(site, release, condition, fn, arg);
}

/* --------------------------------------------------------------------------------------------------------- waiting */

/* Whether EXC is why a task was woken to be cancelled; a MemoryError stands in for a cancellation that there was no
 * memory for. */
static bool is_cancellation(const tt_exc *exc)
{
    return tt_exc_is(exc, &tt_CancelledError) || tt_exc_is(exc, &tt_MemoryError);
}

static bool must_wait(const tt_lock *lock)
{
    return lock->is_locked || tt__line_is_contended(&lock->line);
}

/* Gets the lock back, with what the wait ended with pending or nothing. Whatever is raised meanwhile has that as its
 * context, and the latest is pending then. *IS_THROWN: whether the task was last resumed by an exception. 0, or -1 with
 * an exception pending. */
static int reacquire(tt_condition *condition, const struct tt_waiting *waiting, bool *is_thrown)
{
    struct tt_waiting relock = *waiting;
    struct tt_exc_state *state = &waiting->task->exc_state;
    tt_exc *before = tt__exc_state_take(state), *latest = NULL;
    bool is_over = false, suspends = must_wait(condition->lock);

    if (waiting->label.kind == TT_WAIT_KIND_CONDITION) /* else it is part of something that is more telling */
        relock.label = (struct tt_wait_label){TT_WAIT_KIND_LOCK, condition->lock->waitable.id};
    while (!is_over && tt__lock_acquire(condition->lock, &relock) < 0) {
        tt_exc_unref(latest);
        latest = tt__exc_state_take(state);
        is_over = !is_cancellation(latest);
        *is_thrown = true;
        suspends = !is_over && must_wait(condition->lock);
        if (before)
            tt__exc_set_context(latest, before);
    }
    *is_thrown &= !suspends;
    if (latest) {
        tt_exc_unref(before);
        before = latest;
    }
    tt__exc_state_put_back(state, before);
    return before ? -1 : 0;
}

/* asyncio's wait has a frame of its own, which handles nothing when an exception is thrown into it. */
static int wait_once(tt_condition *condition, const struct tt_waiting *waiting)
{
    struct tt_exc_state *state = &waiting->task->exc_state;
    bool is_thrown;
    int rc;

    if (!condition->lock->is_locked)
        return tt_raise_at(waiting->site, &tt_RuntimeError, "cannot wait on un-acquired lock");
    if (tt__waitable_bind(&condition->waitable, waiting) < 0)
        return -1;
    tt__lock_release(condition->lock);
    tt__exc_hide_handlings(state);
    is_thrown = tt__line_wait(&condition->line, &condition->waitable, waiting, NULL) < 0; /* and stays pending */
    rc = reacquire(condition, waiting, &is_thrown);
    tt__exc_show_handlings(state);
    if (rc == 0)
        return 0;
    if (is_thrown)
        tt__exc_state_set_again(state);
    tt__line_wake(&condition->line, 1);
    return -1;
}

int tt_condition_wait_at(tt_site *site, tt_condition *condition)
{
    struct tt_waiting waiting;

    TT_PRECOND("condition_wait.condition", site, condition != NULL);
    if (!tt__waiting_begin(&waiting, &condition->waitable, TT_WAIT_KIND_CONDITION, site))
        return -1;
    return tt__waiting_end(&waiting, wait_once(condition, &waiting));
}

/* The program's predicate runs inside of the library, which could not go on if it suspended. */
static int ask(tt_predicate_fn *predicate, void *arg)
{
    int answer;

    tt__no_suspend++;
    answer = predicate(arg);
    tt__no_suspend--;
    return tt_exc_pending() ? -1 : answer;
}

int tt__condition_wait_for(tt_condition *condition, tt_predicate_fn *predicate, void *arg,
                           const struct tt_waiting *waiting)
{
    int answer;

    while ((answer = ask(predicate, arg)) == 0)
        if (wait_once(condition, waiting) < 0)
            return -1;
    return answer;
}

int tt_condition_wait_for_at(tt_site *site, tt_condition *condition, tt_predicate_fn *predicate, void *arg)
{
    struct tt_waiting waiting;

    TT_PRECOND("condition_wait_for.condition", site, condition != NULL);
    TT_PRECOND("condition_wait_for.predicate", site, predicate != NULL);
    if (!tt__waiting_begin(&waiting, &condition->waitable, TT_WAIT_KIND_CONDITION, site))
        return -1;
    return tt__waiting_end(&waiting, tt__condition_wait_for(condition, predicate, arg, &waiting));
}

/* ------------------------------------------------------------------------------------------------------- notifying */

void tt__condition_notify_all(tt_condition *condition)
{
    tt__line_wake(&condition->line, SIZE_MAX);
}

int tt_condition_notify_at(tt_site *site, tt_condition *condition, size_t count)
{
    TT_PRECOND("condition_notify.condition", site, condition != NULL);
    if (!condition->lock->is_locked)
        return tt_raise_at(site, &tt_RuntimeError, "cannot notify on un-acquired lock");
    tt__line_wake(&condition->line, count);
    return 0;
}

int tt_condition_repr(const tt_condition *condition, char *buffer, size_t size)
{
    TT_PRECOND("condition_repr.condition", NULL, condition != NULL);
    TT_PRECOND("condition_repr.buffer", NULL, buffer != NULL || size == 0);
    return tt__waitable_repr(&condition->waitable, "Condition", condition->lock->is_locked ? "locked" : "unlocked",
                             &condition->line, buffer, size);
}
