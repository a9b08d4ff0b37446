/* telltale/threads.h: run a coroutine on the loop of another thread and wait for it.
 *
 * Threads: a tt_thread_future may be used on any thread. From: asyncio.run_coroutine_threadsafe and
 * concurrent.futures.Future. */
#ifndef TELLTALE_THREADS_H
#define TELLTALE_THREADS_H

#include <telltale/loop.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The thread-side future: thread-safe, counted. */
typedef struct tt_thread_future tt_thread_future;

/* Runs in the thread that completes the future, or at once in the caller's when it is done. What it raises is written
 * to stderr as concurrent.futures logs it; the loop's handler does not hear of it. */
typedef int tt_thread_done_fn(tt_thread_future *future, void *arg);

/* Creates, on LOOP, a task that runs FN(ARG), and returns a thread-side future for it: one handle, the caller's. DROP
 * (NULL: nothing) is called once with ARG if the body does not run. When LOOP is closed before the task has ended the
 * future is cancelled (asyncio leaves whoever waits for it waiting for ever). NULL without memory or when LOOP is
 * closed: RuntimeError "Event loop is closed" pending on the calling thread. Not from the loop's own thread if you then
 * wait. Events: task_created (by thread), failure_forwarded. */
#define tt_run_coroutine_threadsafe(loop, fn, arg, drop) \
    tt_run_coroutine_threadsafe_at(TT_SITE_HERE(#fn), (loop), (fn), (arg), (drop))
TT_API tt_thread_future *tt_run_coroutine_threadsafe_at(tt_site *site, tt_loop *loop, tt_coro_fn *fn, void *arg,
                                                        tt_drop_fn *drop) TT_MUST_USE;

#define tt_thread_future_ref(future) tt_thread_future_ref_at(TT_HERE, (future))
TT_API tt_thread_future *tt_thread_future_ref_at(tt_site *site, tt_thread_future *future);
#define tt_thread_future_unref(future) tt_thread_future_unref_at(TT_HERE, (future))
TT_API void tt_thread_future_unref_at(tt_site *site, tt_thread_future *future); /* NULL ok. Event: failure_released */

/* Blocks until it is done, at most TIMEOUT_NS (TT_NEVER: for ever). 0 and *OUT_VALUE (borrowed while a handle is held;
 * may be NULL); -1 with the task's exception (with each call another copy with the same id, whose context is its own),
 * CancelledError, or TimeoutError pending on the calling thread; a timeout cancels nothing. Event: failure_touched (user). */
#define tt_thread_future_result(future, timeout_ns, out_value) \
    tt_thread_future_result_at(TT_HERE, (future), (timeout_ns), (out_value))
TT_API int tt_thread_future_result_at(tt_site *site, tt_thread_future *future, int64_t timeout_ns,
                                      void **out_value) TT_MUST_USE;

/* The same for the exception: 0 and *OUT_EXC, NULL if there is a result, borrowed while a handle is held; the same
 * object on all threads, for one of them at a time. Event: failure_touched (user). */
#define tt_thread_future_exception(future, timeout_ns, out_exc) \
    tt_thread_future_exception_at(TT_HERE, (future), (timeout_ns), (out_exc))
TT_API int tt_thread_future_exception_at(tt_site *site, tt_thread_future *future, int64_t timeout_ns,
                                         tt_exc **out_exc) TT_MUST_USE;

TT_API bool tt_thread_future_done(tt_thread_future *future);

/* Cancels the task. False when it was done already. */
#define tt_thread_future_cancel(future) tt_thread_future_cancel_at(TT_HERE, (future))
TT_API bool tt_thread_future_cancel_at(tt_site *site, tt_thread_future *future);

#define tt_thread_future_add_done_callback(future, fn, arg) \
    tt_thread_future_add_done_callback_at(TT_SITE_HERE(#fn), (future), (fn), (arg))
TT_API int tt_thread_future_add_done_callback_at(tt_site *site, tt_thread_future *future, tt_thread_done_fn *fn,
                                                 void *arg) TT_MUST_USE;

#ifdef __cplusplus
}
#endif

#endif
