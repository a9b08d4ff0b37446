/* telltale/semaphore.h: semaphores: so many tasks at a time.
 *
 * A semaphore counts units. Acquiring takes one, and waits when there is none; releasing gives one back. Tasks get their
 * unit in the order in which they came, also when units are left but somebody waits already. A bounded semaphore does
 * not count beyond its first value. What it has in common with other objects is in telltale/lock.h.
 *
 * From: asyncio.Semaphore, asyncio.BoundedSemaphore. */
#ifndef TELLTALE_SEMAPHORE_H
#define TELLTALE_SEMAPHORE_H

#include <telltale/task.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct tt_semaphore tt_semaphore;

/* A new semaphore of VALUE units; the caller destroys it. NULL with ValueError "Semaphore initial value must be >= 0"
 * or MemoryError pending. */
#define tt_semaphore_create(value)         tt_semaphore_create_at(TT_HERE, (value))
#define tt_bounded_semaphore_create(value) tt_bounded_semaphore_create_at(TT_HERE, (value))
TT_API tt_semaphore *tt_semaphore_create_at(tt_site *site, long value) TT_MUST_USE;
TT_API tt_semaphore *tt_bounded_semaphore_create_at(tt_site *site, long value) TT_MUST_USE;
TT_API void tt_semaphore_destroy(tt_semaphore *semaphore); /* NULL ok */

/* Takes a unit, and suspends the running task until it gets one. Returns 0, or -1 with an exception pending, without a
 * unit. Precondition semaphore_acquire.semaphore: not NULL. */
#define tt_semaphore_acquire(semaphore) tt_semaphore_acquire_at(TT_HERE, (semaphore))
TT_API int tt_semaphore_acquire_at(tt_site *site, tt_semaphore *semaphore) TT_MUST_USE;

/* Gives a unit back, or to the first who waits. Inside or outside of tasks; what is pending stays pending. Returns 0, or
 * -1 with an exception pending: ValueError "BoundedSemaphore released too many times"; OverflowError beyond LONG_MAX
 * units. Precondition semaphore_release.semaphore: not NULL. */
#define tt_semaphore_release(semaphore) tt_semaphore_release_at(TT_HERE, (semaphore))
TT_API int tt_semaphore_release_at(tt_site *site, tt_semaphore *semaphore) TT_MUST_USE;

TT_API bool tt_semaphore_locked(const tt_semaphore *semaphore); /* whether acquiring would wait */

/* Calls FN(ARG) in the running task while it has a unit, which is given back however FN ends. Returns as tt_with_lock.
 * asyncio: async with. */
#define tt_with_semaphore(semaphore, fn, arg) tt_with_semaphore_at(TT_HERE, (semaphore), (fn), (arg))
TT_API int tt_with_semaphore_at(tt_site *site, tt_semaphore *semaphore, tt_coro_fn *fn, void *arg) TT_MUST_USE;

/* Writes the repr, "<asyncio.locks.BoundedSemaphore object at 0x55d0c8a3e2a0 [unlocked, value:2]>", as tt_lock_repr. */
TT_API int tt_semaphore_repr(const tt_semaphore *semaphore, char *buffer, size_t size);

#ifdef __cplusplus
}
#endif

#endif
