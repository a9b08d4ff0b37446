/* telltale/as_completed.h: several futures one after the other, in the order in which they are done.
 *
 *     tt_as_completed *iterator = tt_as_completed_create(tasks, count, TT_NEVER);
 *     tt_future *task;
 *     int rc;
 *
 *     while ((rc = tt_as_completed_next(iterator, &task)) > 0)
 *         use(task);
 *     tt_as_completed_destroy(iterator);
 *     return rc;
 *
 * asyncio iterates in two ways, and so can C: tt_as_completed_next gives the futures themselves, `async for`;
 * tt_as_completed_awaitable gives new ones that end as the next one does, plain `for`. The two may be mixed.
 *
 * Threads: on the loop's thread. From: asyncio.as_completed. */
#ifndef TELLTALE_AS_COMPLETED_H
#define TELLTALE_AS_COMPLETED_H

#include <telltale/task.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct tt_as_completed tt_as_completed;

/* An iterator over the COUNT futures; the caller destroys it. A future that stands there several times comes once; of
 * none, it is at its end at once. After TIMEOUT_NS (zero or less: in the next turn; TT_NEVER: never) the rest are TimeoutErrors; nobody is cancelled.
 * It holds each future until that is done and was given. May be called outside of tasks. NULL with ValueError "The
 * future belongs to a different loop than the one specified as the loop argument", RuntimeError "no running event loop"
 * (COUNT 0, outside of a loop), or MemoryError pending; NULL at once when an exception is pending.
 * Precondition as_completed_create.futures: not NULL, neither they nor (unless COUNT is 0) FUTURES. Events: wait_started,
 * children_told. */
#define tt_as_completed_create(...) \
    tt_as_completed_create_at(TT_HERE, __VA_ARGS__) /* (futures, count, timeout_ns); see tt_gather */
TT_API tt_as_completed *tt_as_completed_create_at(tt_site *site, tt_future *const *futures, size_t count,
                                                  int64_t timeout_ns) TT_MUST_USE;

/* Lets go of ITERATOR; NULL ok. Awaitables that it gave still end as they should. Cancels nobody. Tasks that wait in
 * tt_as_completed_next meanwhile get RuntimeError "an iterator of as_completed was destroyed while a task waited for it";
 * what they would have been given goes to those awaitables. */
TT_API void tt_as_completed_destroy(tt_as_completed *iterator);

/* Suspends the running task until the next future is done. Returns 1 and *OUT_FUTURE, one of those that it was created
 * with, done, borrowed until the next call of next or destroy (where several tasks share an iterator: take a handle
 * before suspending); 0 when all were given; -1 with TimeoutError, CancelledError, MemoryError, or RuntimeError outside
 * of a task and where ITERATOR was destroyed meanwhile, pending; -1 at once when one is pending. Each call counts as one of them, also when it fails: so does
 * asyncio. What the future ended with is not read. */
#define tt_as_completed_next(iterator, out_future) tt_as_completed_next_at(TT_HERE, (iterator), (out_future))
TT_API int tt_as_completed_next_at(tt_site *site, tt_as_completed *iterator, tt_future **out_future) TT_MUST_USE;

/* Makes a new future that ends as the next of the futures does, or with TimeoutError; those that were asked for first
 * end first. Does not suspend, and may be called outside of tasks. Returns 1 and *OUT_FUTURE, a handle, the caller's; 0
 * when all were given; -1 with MemoryError pending; -1 at once when an exception is pending. Cancelled, or let go of
 * before it ended, it leaves what would have been its to the next one. Events: failure_touched (library) and
 * failure_forwarded when it fails with a future's failure. */
#define tt_as_completed_awaitable(iterator, out_future) tt_as_completed_awaitable_at(TT_HERE, (iterator), (out_future))
TT_API int tt_as_completed_awaitable_at(tt_site *site, tt_as_completed *iterator, tt_future **out_future) TT_MUST_USE;

#ifdef __cplusplus
}
#endif

#endif
