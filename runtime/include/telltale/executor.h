/* telltale/executor.h: blocking functions on threads, while the loop goes on.
 *
 * The threads are those of libuv's pool, which the whole process shares: four, unless the environment's
 * UV_THREADPOOL_SIZE says otherwise. What waits for a thread is begun in the order in which it came.
 *
 * A function that runs cannot be stopped. Who waits for it may be cancelled: then the future is, the function runs on, and
 * closing the loop waits for its end. So what ARG points to must live until then, which a variable of the caller's may
 * not; DROP is called when it may go.
 *
 * The function raises and returns as a coroutine does: 0, perhaps after tt_return(value, free), or negative with an
 * exception pending; it cannot suspend, and there is no loop for it. The exception crosses to the loop as a deep copy with
 * the same id.
 *
 * Threads: the loop's thread. From: asyncio.to_thread, loop.run_in_executor. */
#ifndef TELLTALE_EXECUTOR_H
#define TELLTALE_EXECUTOR_H

#include <telltale/task.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Has FN(ARG) run on a thread and returns a future for its result: one handle, the caller's. DROP (NULL: nothing) is
 * called once with ARG on the loop's thread, when FN has returned or will not run: the future was cancelled before a
 * thread took it, or the call is refused. LOOP: NULL is the running one. FN runs in an empty context. When the future is
 * cancelled and FN fails afterwards, nobody is told but the trace. NULL with RuntimeError "no running event loop", "Event
 * loop is closed", "Executor shutdown has been called", or MemoryError pending. asyncio: run_in_executor(None, ...). */
#define tt_run_in_executor(loop, fn, arg, drop) tt_run_in_executor_at(TT_SITE_HERE(#fn), (loop), (fn), (arg), (drop))
TT_API tt_future *tt_run_in_executor_at(tt_site *site, tt_loop *loop, tt_coro_fn *fn, void *arg,
                                        tt_drop_fn *drop) TT_MUST_USE;

/* Runs FN(ARG) on a thread, in a copy of the current context, and suspends until it has returned: 0, and in *OUT_VALUE
 * (NULL: not wanted) the value that it gave to tt_return, which is the caller's to free then; -1 with its exception, or
 * CancelledError, pending. DROP as above. asyncio: to_thread. */
#define tt_to_thread(fn, arg, drop, out_value) tt_to_thread_at(TT_SITE_HERE(#fn), (fn), (arg), (drop), (out_value))
TT_API int tt_to_thread_at(tt_site *site, tt_coro_fn *fn, void *arg, tt_drop_fn *drop, void **out_value) TT_MUST_USE;

/* Refuses further functions and waits until those of LOOP have returned, at most TIMEOUT_NS (TT_NEVER: for ever); then
 * writes "RuntimeWarning: The executor did not finishing joining its threads within 300 seconds." to stderr. LOOP must
 * not be running, and is run. A runner does this when it closes. Returns 0, or -1 with what ended that run pending.
 * asyncio: shutdown_default_executor. */
#define tt_loop_shutdown_default_executor(loop, timeout_ns) \
    tt_loop_shutdown_default_executor_at(TT_HERE, (loop), (timeout_ns))
TT_API int tt_loop_shutdown_default_executor_at(tt_site *site, tt_loop *loop, int64_t timeout_ns) TT_MUST_USE;

#ifdef __cplusplus
}
#endif

#endif
