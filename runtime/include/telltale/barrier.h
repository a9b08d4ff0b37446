/* telltale/barrier.h: barriers: tasks wait for each other.
 *
 * A barrier lets its parties through when the last of them has come. It can be used again: it is filling while parties
 * come, draining while they leave, and who comes then waits until it fills again. Reset sends those who wait away with
 * BrokenBarrierError; abort does so too and leaves the barrier broken until it is reset. What it has in common with other
 * objects is in telltale/lock.h.
 *
 * From: asyncio.Barrier. */
#ifndef TELLTALE_BARRIER_H
#define TELLTALE_BARRIER_H

#include <telltale/task.h>

#ifdef __cplusplus
extern "C" {
#endif

TT_API extern const tt_exc_type tt_BrokenBarrierError; /* a RuntimeError */

typedef struct tt_barrier tt_barrier;

/* A new barrier for PARTIES tasks; the caller destroys it. NULL with ValueError "parties must be >= 1" or MemoryError
 * pending. */
#define tt_barrier_create(parties) tt_barrier_create_at(TT_HERE, (parties))
TT_API tt_barrier *tt_barrier_create_at(tt_site *site, int parties) TT_MUST_USE;
TT_API void tt_barrier_destroy(tt_barrier *barrier); /* NULL ok */

/* Suspends the running task until all parties have come. Returns which party it was, 0 for the first that came to
 * parties - 1, for each of them another number; or -1 with an exception pending: BrokenBarrierError "Abort or reset of
 * barrier" while it waited, "Barrier aborted" when it came too late for it. A party that is cancelled leaves; the others
 * wait on. Precondition barrier_wait.barrier: not NULL. */
#define tt_barrier_wait(barrier) tt_barrier_wait_at(TT_HERE, (barrier))
TT_API int tt_barrier_wait_at(tt_site *site, tt_barrier *barrier) TT_MUST_USE;

/* Empties it, or breaks it. Both suspend the running task if another one is just being let through. Return 0, or -1 with
 * an exception pending. Preconditions barrier_reset.barrier, barrier_abort.barrier: not NULL. */
#define tt_barrier_reset(barrier) tt_barrier_reset_at(TT_HERE, (barrier))
#define tt_barrier_abort(barrier) tt_barrier_abort_at(TT_HERE, (barrier))
TT_API int tt_barrier_reset_at(tt_site *site, tt_barrier *barrier) TT_MUST_USE;
TT_API int tt_barrier_abort_at(tt_site *site, tt_barrier *barrier) TT_MUST_USE;

TT_API int tt_barrier_parties(const tt_barrier *barrier);
TT_API int tt_barrier_n_waiting(const tt_barrier *barrier); /* parties that wait; 0 unless it is filling */
TT_API bool tt_barrier_broken(const tt_barrier *barrier);

/* Writes the repr, "<asyncio.locks.Barrier object at 0x55d0c8a3e2a0 [filling, waiters:1/3]>", as tt_lock_repr. */
TT_API int tt_barrier_repr(const tt_barrier *barrier, char *buffer, size_t size);

#ifdef __cplusplus
}
#endif

#endif
