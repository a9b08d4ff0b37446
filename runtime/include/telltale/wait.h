/* telltale/wait.h: wait until some or all of several futures are done.
 *
 * A wait looks, and does nothing else: it cancels nobody, and a timeout is no error. What the futures ended with is read
 * from them afterwards.
 *
 *     size_t done_count;
 *
 *     while (count > 0) {
 *         if (tt_wait(tasks, count, TT_FIRST_COMPLETED, TT_NEVER, &done_count) < 0)
 *             return -1;
 *         for (; done_count > 0; done_count--, count--)
 *             use(*tasks++);
 *     }
 *
 * Threads: on the loop's thread. From: asyncio.wait. */
#ifndef TELLTALE_WAIT_H
#define TELLTALE_WAIT_H

#include <telltale/task.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What a wait returns for. */
enum tt_return_when {
    TT_ALL_COMPLETED = 1,   /* all are done */
    TT_FIRST_COMPLETED = 2, /* at least one is done */
    TT_FIRST_EXCEPTION = 3  /* at least one has failed (being cancelled is not failing), or all are done */
};

/* Suspends the running task until the COUNT futures of FUTURES are what RETURN_WHEN asks for, or TIMEOUT_NS have passed
 * (zero or less: in the next turn; TT_NEVER: for ever). It suspends also when they are so already. The handles stay the caller's; the futures live at
 * least as long as the wait.
 *
 * Returns 0; then, unless OUT_DONE_COUNT is NULL, FUTURES was put in order, those that are done first, each part in the
 * order that it had, and *OUT_DONE_COUNT says how many are done. A future that stands in it several times is waited for
 * once, and all its places are in one part. Returns -1 with an exception pending, and FUTURES as it was: CancelledError
 * when the task was cancelled (the futures are not), ValueError ("Set of Tasks/Futures is empty.", "Invalid return_when
 * value: N", "The future belongs to a different loop than the one specified as the loop argument"), MemoryError,
 * RuntimeError outside of a task; -1 at once when one is pending.
 *
 * Precondition wait.futures: not NULL, neither they nor (unless COUNT is 0) FUTURES.
 *
 * TT_FIRST_EXCEPTION looks at the exception of each future that is done before the last one, which marks it as
 * retrieved: asyncio will not report it any more, whether or not anybody reads it. The ledger calls such a failure
 * absorbed. Events: wait_started, children_told; failure_touched (library) for each of these. */
#define tt_wait(...) \
    tt_wait_at(TT_HERE, __VA_ARGS__) /* (futures, count, return_when, timeout_ns, out_done_count); see tt_gather */
TT_API int tt_wait_at(tt_site *site, tt_future **futures, size_t count, enum tt_return_when return_when,
                      int64_t timeout_ns, size_t *out_done_count) TT_MUST_USE;

#ifdef __cplusplus
}
#endif

#endif
