/* telltale/condition.h: conditions: tasks wait until another one says that something has changed.
 *
 * A condition goes with a lock, its own or one that several conditions share. Who waits has the lock, gives it back while
 * it waits, and has it again when the call returns, with success or failure. A task may be woken although nothing has
 * changed, so the state is looked at again after each wait: tt_condition_wait_for does that.
 *
 * What it has in common with other objects is in telltale/lock.h; whoever is woken because the condition or its lock was
 * destroyed need not have the lock.
 *
 * From: asyncio.Condition. */
#ifndef TELLTALE_CONDITION_H
#define TELLTALE_CONDITION_H

#include <stdint.h>

#include <telltale/lock.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct tt_condition tt_condition;

/* Whether to go on: positive yes, 0 not yet, negative when it raised. It must not suspend. */
typedef int tt_predicate_fn(void *arg);

/* A new condition with LOCK (borrowed; alive as long as the condition is used), or, when that is NULL, with a lock of its
 * own. The caller destroys it. NULL with MemoryError pending. */
#define tt_condition_create(lock) tt_condition_create_at(TT_HERE, (lock))
TT_API tt_condition *tt_condition_create_at(tt_site *site, tt_lock *lock) TT_MUST_USE;
TT_API void tt_condition_destroy(tt_condition *condition); /* NULL ok */

/* Its lock's, with the same contracts. Preconditions condition_acquire.condition, condition_release.condition: not
 * NULL. */
#define tt_condition_acquire(condition) tt_condition_acquire_at(TT_HERE, (condition))
#define tt_condition_release(condition) tt_condition_release_at(TT_HERE, (condition))
TT_API int tt_condition_acquire_at(tt_site *site, tt_condition *condition) TT_MUST_USE;
TT_API int tt_condition_release_at(tt_site *site, tt_condition *condition) TT_MUST_USE;
TT_API bool tt_condition_locked(const tt_condition *condition);

/* Suspends the running task, which has the lock, until it is notified, and until it has the lock again. Returns 0, or -1
 * with an exception pending: RuntimeError "cannot wait on un-acquired lock"; CancelledError, of several the last one,
 * raised when it has the lock again. Precondition condition_wait.condition: not NULL. */
#define tt_condition_wait(condition) tt_condition_wait_at(TT_HERE, (condition))
TT_API int tt_condition_wait_at(tt_site *site, tt_condition *condition) TT_MUST_USE;

/* Waits until PREDICATE(ARG) is positive; not at all when it is so at once. Returns that number, or -1 with an exception
 * pending: PREDICATE's own, or as tt_condition_wait. Preconditions condition_wait_for.condition, .predicate: not NULL. */
#define tt_condition_wait_for(condition, predicate, arg) \
    tt_condition_wait_for_at(TT_HERE, (condition), (predicate), (arg))
TT_API int tt_condition_wait_for_at(tt_site *site, tt_condition *condition, tt_predicate_fn *predicate,
                                    void *arg) TT_MUST_USE;

/* Wakes the first COUNT tasks that wait; they go on once the caller has released the lock. Inside or outside of tasks.
 * Returns 0, or -1 with RuntimeError "cannot notify on un-acquired lock" pending. Precondition
 * condition_notify.condition: not NULL. */
#define tt_condition_notify(condition, count) tt_condition_notify_at(TT_HERE, (condition), (count))
#define tt_condition_notify_all(condition)    tt_condition_notify_at(TT_HERE, (condition), SIZE_MAX)
TT_API int tt_condition_notify_at(tt_site *site, tt_condition *condition, size_t count) TT_MUST_USE;

/* Calls FN(ARG) in the running task while it has the lock. Returns as tt_with_lock. asyncio: async with. */
#define tt_with_condition(condition, fn, arg) tt_with_condition_at(TT_HERE, (condition), (fn), (arg))
TT_API int tt_with_condition_at(tt_site *site, tt_condition *condition, tt_coro_fn *fn, void *arg) TT_MUST_USE;

/* Writes the repr, "<asyncio.locks.Condition object at 0x55d0c8a3e2a0 [unlocked, waiters:1]>", as tt_lock_repr. */
TT_API int tt_condition_repr(const tt_condition *condition, char *buffer, size_t size);

#ifdef __cplusplus
}
#endif

#endif
