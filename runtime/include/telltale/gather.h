/* telltale/gather.h: wait for several awaitables at once.
 *
 * Threads: on the loop's thread. From: asyncio.gather.
 */
#ifndef TELLTALE_GATHER_H
#define TELLTALE_GATHER_H

#include <telltale/loop.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A future that is done when the COUNT futures are: awaiting it raises the first failure of any of them at once (the
 * others run on; nobody is cancelled). With RETURN_EXCEPTIONS it waits for all, and failures and cancellations are
 * values: see the slots below. Cancelling it cancels those that are not done. One handle, the caller's; it holds the
 * children, those that are still pending when it is done excepted, until that goes. The same future may stand in it more
 * than once. COUNT 0: done at once (FUTURES may be NULL then, and only
 * then: precondition gather.futures, as for each of them). It may be completed by tt_future_set_result and set_exception, as any future: then it
 * has no slots, and its children run on. NULL with ValueError (different loops), RuntimeError or MemoryError pending.
 * Events: gather_created, children_told. */
#define tt_gather(...) \
    tt_gather_at(TT_HERE, __VA_ARGS__) /* (futures, count, return_exceptions); futures may be a compound literal */
TT_API tt_future *tt_gather_at(tt_site *site, tt_future *const *futures, size_t count,
                               bool return_exceptions) TT_MUST_USE;

TT_API size_t tt_gather_count(const tt_future *gather);

/* Slot INDEX of a gather that is done: 0 with *OUT_VALUE the child's result and *OUT_EXC NULL; 0 with *OUT_EXC the
 * child's exception, borrowed, for a gather that returns exceptions (CancelledError for a cancelled child); -1 with
 * InvalidStateError or IndexError, TypeError when its result was set by the program, or, when the gather itself failed, its exception pending. A failure is delivered
 * when its slot is read. Either out parameter may be NULL. Event: failure_touched (user, slot). */
#define tt_gather_slot(gather, index, out_value, out_exc) \
    tt_gather_slot_at(TT_HERE, (gather), (index), (out_value), (out_exc))
TT_API int tt_gather_slot_at(tt_site *site, tt_future *gather, size_t index, void **out_value,
                             tt_exc **out_exc) TT_MUST_USE;

#ifdef __cplusplus
}
#endif

#endif
