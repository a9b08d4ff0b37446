/* telltale/future.h: futures, and what every awaitable can do.
 *
 * A future is pending until it gets a result, an exception, or is cancelled. A task is a future whose coroutine gives
 * it its result, so tt_task is the same C type, and everything here takes tasks too.
 *
 * Handles. A program holds a future by a counted handle: creation gives one, tt_future_ref another, tt_future_unref
 * releases one. When the last reference to a failed future goes and nobody has retrieved its exception, the loop's
 * exception handler is called at that moment ("Task exception was never retrieved"). Each taking and releasing
 * remembers its place.
 *
 * Threads. A future belongs to its loop's thread; every call must be made there, inside or outside of tasks.
 *
 * From: asyncio.Future. */
#ifndef TELLTALE_FUTURE_H
#define TELLTALE_FUTURE_H

#include <telltale/exc.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct tt_loop tt_loop;
typedef struct tt_future tt_future;
typedef struct tt_context tt_context; /* see telltale/context.h */
typedef struct tt_future tt_task;     /* a future that a coroutine completes: see telltale/task.h */

/* A function that releases a value which a future owned. */
typedef void tt_free_fn(void *value);

/* A done-callback: runs on the loop, in a turn of its own, after FUTURE is done. FUTURE is borrowed. It must not
 * suspend. Returns 0, or negative with an exception pending, which goes to the loop's exception handler ("Exception in
 * callback"). */
typedef int tt_done_fn(tt_future *future, void *arg);

/* A new pending future of LOOP (NULL: the running loop). One handle, the caller's. NULL with RuntimeError "no running
 * event loop" or MemoryError pending. asyncio: loop.create_future. */
#define tt_create_future(loop) tt_create_future_at(TT_HERE, (loop))
TT_API tt_future *tt_create_future_at(tt_site *site, tt_loop *loop) TT_MUST_USE;

/* Recalls the operation that FUTURE stands for, which has just been cancelled. Runs within whatever cancelled it, and
 * must not suspend; what it raises goes to the loop's exception handler. */
typedef void tt_recall_fn(tt_future *future, void *arg);

/* The same for an operation of an API with callbacks, which has to be told when nobody waits for it any more: RECALL(FUTURE,
 * ARG) is called once if FUTURE is cancelled while it is pending, be it by tt_future_cancel, because the task that awaits it
 * was cancelled or ran into a timeout, or because the loop closes. FUTURE is cancelled by then, and has a reference for the
 * call. The operation's callback completes the future if it is not done; the handle that the operation needs for that is
 * its own, and goes with it. runtime/examples/callback_future.c wraps a timer of libuv's in this way. Ours; in asyncio the
 * same is done by a done-callback, a turn later. */
#define tt_create_future_with(loop, recall, arg) tt_create_future_with_at(TT_HERE, (loop), (recall), (arg))
TT_API tt_future *tt_create_future_with_at(tt_site *site, tt_loop *loop, tt_recall_fn *recall, void *arg) TT_MUST_USE;

/* Takes another handle. Returns FUTURE; NULL ok. Event: reference_taken, once the future has failed. */
#define tt_future_ref(future) tt_future_ref_at(TT_HERE, (future))
TT_API tt_future *tt_future_ref_at(tt_site *site, tt_future *future);

/* Releases a handle; NULL ok. What is pending stays pending, errno stays. If it was the last reference and the
 * exception was never retrieved the loop's exception handler runs before this returns. A pending task lives on: its
 * loop owns it. Events: reference_released and failure_released for failed futures, failure_reported. */
#define tt_future_unref(future) tt_future_unref_at(TT_HERE, (future))
TT_API void tt_future_unref_at(tt_site *site, tt_future *future);

/* Suspends the running task until FUTURE is done (not at all if it is done already). Returns 0 when it has a result, -1
 * when it failed or was cancelled: its exception is pending then; -1 at once when an exception is pending. When the
 * running task is cancelled meanwhile, FUTURE is cancelled too. NULL: -1, with the exception of the creation that
 * failed still pending (or TypeError "object NULL can't be used in 'await' expression"). RuntimeError: outside of a
 * task ("no running event loop" / "await wasn't used with future"), on itself, on a future of another loop. Marks the
 * exception as retrieved. Event: failure_touched (user). asyncio: await. */
#define tt_await(future) tt_await_at(TT_HERE, (future))
TT_API int tt_await_at(tt_site *site, tt_future *future) TT_MUST_USE;

TT_API bool tt_future_done(const tt_future *future);      /* has a result, failed, or was cancelled */
TT_API bool tt_future_cancelled(const tt_future *future); /* was cancelled */
TT_API tt_loop *tt_future_loop(const tt_future *future);  /* borrowed; NULL once the loop is closed */
TT_API uint64_t tt_future_id(const tt_future *future);    /* as in the trace */

/* The result: 0 and *OUT_VALUE (borrowed while a handle is held; OUT_VALUE may be NULL); -1 with the future's
 * exception, CancelledError, or InvalidStateError "Result is not set." pending. Marks the exception as retrieved.
 * Event: failure_touched (user). */
#define tt_future_result(future, out_value) tt_future_result_at(TT_HERE, (future), (out_value))
TT_API int tt_future_result_at(tt_site *site, tt_future *future, void **out_value) TT_MUST_USE;

/* The exception: 0 and *OUT_EXC, borrowed while a handle is held, NULL if there is a result; -1 with CancelledError or
 * InvalidStateError "Exception is not set." pending. Marks it as retrieved. Event: failure_touched (user). */
#define tt_future_exception(future, out_exc) tt_future_exception_at(TT_HERE, (future), (out_exc))
TT_API int tt_future_exception_at(tt_site *site, tt_future *future, tt_exc **out_exc) TT_MUST_USE;

/* The exception, borrowed, or NULL when there is none: changes neither asyncio's bit nor the ledger. For instruments
 * and printing. */
TT_API tt_exc *tt_future_peek(const tt_future *future);

/* Completes a pending future. VALUE belongs to the future afterwards and is released with FREE_FN if that is not NULL.
 * Returns 0, or -1 with InvalidStateError "invalid state" pending (done already: VALUE stays the caller's),
 * RuntimeError for a task. */
#define tt_future_set_result(future, value, free_fn) tt_future_set_result_at(TT_HERE, (future), (value), (free_fn))
TT_API int tt_future_set_result_at(tt_site *site, tt_future *future, void *value, tt_free_fn *free_fn) TT_MUST_USE;

/* Fails a pending future with EXC, of which it takes a reference. Returns as set_result. Event: failure_stored. */
#define tt_future_set_exception(future, exc) tt_future_set_exception_at(TT_HERE, (future), (exc))
TT_API int tt_future_set_exception_at(tt_site *site, tt_future *future, tt_exc *exc) TT_MUST_USE;

/* Asks for cancellation. A future is cancelled at once; a task gets CancelledError raised where it waits, or at its
 * next step. MESSAGE (NULL: none) is copied and becomes the exception's text. Returns false when it was done already,
 * which also marks a failure as retrieved (asyncio does; the ledger knows better), true otherwise. Events:
 * cancel_requested; cycle_broken for each task of a circle of tasks that wait for each other, which it breaks. asyncio:
 * Future.cancel, Task.cancel. */
#define tt_future_cancel(future, message) tt_future_cancel_at(TT_HERE, (future), (message))
TT_API bool tt_future_cancel_at(tt_site *site, tt_future *future, const char *message);

/* Calls FN(FUTURE, ARG) on the loop once FUTURE is done; if it is done already, in the next turn. Callbacks run in the
 * order of registration. Returns 0, or -1 with MemoryError pending, or RuntimeError "Event loop is closed" when FUTURE
 * is done and its loop will never call. */
#define tt_future_add_done_callback(future, fn, arg) \
    tt_future_add_done_callback_at(TT_SITE_HERE(#fn), (future), (fn), (arg))
TT_API int tt_future_add_done_callback_at(tt_site *site, tt_future *future, tt_done_fn *fn, void *arg) TT_MUST_USE;

/* The same with FN running in CONTEXT itself, not in a copy of the current one; a reference is taken. */
#define tt_future_add_done_callback_in(context, future, fn, arg) \
    tt_future_add_done_callback_in_at(TT_SITE_HERE(#fn), (context), (future), (fn), (arg))
TT_API int tt_future_add_done_callback_in_at(tt_site *site, tt_context *context, tt_future *future, tt_done_fn *fn,
                                             void *arg) TT_MUST_USE;

/* Takes back all registrations of FN with ARG that have not been scheduled yet. Returns how many. */
TT_API size_t tt_future_remove_done_callback(tt_future *future, tt_done_fn *fn, void *arg);

/* Says that a failure of FUTURE, past or to come, does not matter, and why: the ledger calls it discarded, and
 * asyncio's message is not due. REASON is copied. Event: failure_discarded. Ours; asyncio has no such call. */
#define tt_discard(future, reason) tt_discard_at(TT_HERE, (future), (reason))
TT_API void tt_discard_at(tt_site *site, tt_future *future, const char *reason);

/* Writes the repr, "<Task finished name='x' coro=<f() done, created at server.c:58> exception=ValueError('boom')>", cut
 * to SIZE - 1 bytes or, where that were inside of a character, to fewer; returns its full length as snprintf does. Name
 * and exception are escaped as Python's repr does, and whole if SIZE allows. BUFFER may be NULL if SIZE is 0. */
TT_API int tt_future_repr(const tt_future *future, char *buffer, size_t size);

#ifdef __cplusplus
}
#endif

#endif
