/* telltale/lock.h: locks: one task at a time.
 *
 * A lock belongs to nobody in particular: any task may release it. Tasks that wait for it get it in the order in which
 * they came; one that is cancelled while it waits loses nobody's turn.
 *
 * What all objects for synchronisation (lock, event, condition, semaphore, barrier, queue) have in common:
 *
 * - They are made inside or outside of loops, and bound to a loop by the first task that has to wait; a task of another
 *   loop that has to wait then gets RuntimeError "... is bound to a different event loop".
 * - Calls that suspend do so only if they have to. They return -1 at once when an exception is pending, raise
 *   RuntimeError outside of a task, and CancelledError when the task is cancelled while it waits.
 * - Destroying one for which tasks wait wakes them with RuntimeError "... was destroyed while a task waited for it";
 *   the memory goes when the last of them has left. Tasks that come to it afterwards are a mistake that nobody notices.
 * - What a task waits for stands on the board: `telltale ps` shows it.
 *
 * Threads: those of the loop, or, before a task has waited, any single one. From: asyncio.Lock. */
#ifndef TELLTALE_LOCK_H
#define TELLTALE_LOCK_H

#include <telltale/task.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct tt_lock tt_lock;

/* A new lock, unlocked; the caller destroys it. NULL with MemoryError pending. */
#define tt_lock_create() tt_lock_create_at(TT_HERE)
TT_API tt_lock *tt_lock_create_at(tt_site *site) TT_MUST_USE;
TT_API void tt_lock_destroy(tt_lock *lock); /* NULL ok; see above for tasks that wait */

/* Suspends the running task until LOCK is unlocked and its turn has come; then LOCK is locked. Returns 0, or -1 with an
 * exception pending, without the lock. Precondition lock_acquire.lock: not NULL. */
#define tt_lock_acquire(lock) tt_lock_acquire_at(TT_HERE, (lock))
TT_API int tt_lock_acquire_at(tt_site *site, tt_lock *lock) TT_MUST_USE;

/* Unlocks LOCK; the first task that waits runs soon. Inside or outside of tasks; what is pending stays pending. Returns
 * 0, or -1 with RuntimeError "Lock is not acquired." pending. Precondition lock_release.lock: not NULL. */
#define tt_lock_release(lock) tt_lock_release_at(TT_HERE, (lock))
TT_API int tt_lock_release_at(tt_site *site, tt_lock *lock) TT_MUST_USE;

TT_API bool tt_lock_locked(const tt_lock *lock);

/* Calls FN(ARG) in the running task while it has LOCK, which is released however FN ends. Returns what FN returned, or
 * -1 with an exception pending when LOCK could not be acquired or was not locked any more. asyncio: async with. */
#define tt_with_lock(lock, fn, arg) tt_with_lock_at(TT_HERE, (lock), (fn), (arg))
TT_API int tt_with_lock_at(tt_site *site, tt_lock *lock, tt_coro_fn *fn, void *arg) TT_MUST_USE;

/* Writes the repr, "<asyncio.locks.Lock object at 0x55d0c8a3e2a0 [locked, waiters:2]>", cut to SIZE - 1 bytes; returns
 * its full length. */
TT_API int tt_lock_repr(const tt_lock *lock, char *buffer, size_t size);

#ifdef __cplusplus
}
#endif

#endif
