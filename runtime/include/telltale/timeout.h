/* telltale/timeout.h: doing something for so long and no longer.
 *
 *     tt_timeout *timeout = tt_timeout_enter(TT_SEC(5));
 *     int rc = fetch(&page);                  any code: it may await, enter other scopes, call functions that do
 *
 *     rc = tt_timeout_exit(timeout, rc);      0, or -1: TimeoutError if the 5 seconds were up
 *
 * When the deadline comes the task is cancelled: whatever it waits for raises CancelledError. On its way out the exit of
 * the timeout makes TimeoutError of it, unless somebody else has asked for the cancellation as well, which then goes on.
 * A body that answers with another exception keeps that, with TimeoutError in its context chain. A body that never
 * suspends is not interrupted.
 *
 * Scopes, timeouts and task groups (telltale/task_group.h) alike, belong to the task that entered them and nest. Each
 * is exited where it was entered, on every way out of its body. One that is left open, by an early return, is closed by
 * the exit of the scope around it, or when the coroutine returns, in the reverse order; that is a mistake and is told:
 * in the trace; as RuntimeError "timeout entered at FILE:LINE was left open", or, where another exception is on its way,
 * as a note of that.
 *
 * A tt_timeout is the runtime's. It can be asked until its task enters the next scope after having left it, or ends.
 *
 * Threads: on the loop's thread. From: asyncio.timeout, asyncio.timeout_at, asyncio.Timeout, asyncio.wait_for (3.13). */
#ifndef TELLTALE_TIMEOUT_H
#define TELLTALE_TIMEOUT_H

#include <telltale/task.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct tt_timeout tt_timeout;

/* Enters a timeout that is up DELAY_NS from now; zero or less: in the next turn; TT_NEVER: not at all, which can be
 * changed with tt_timeout_reschedule. Inside a task; does not suspend. NULL with an exception pending: the one that was
 * pending already, RuntimeError ("no running event loop", "Timeout should be used inside a task"), or MemoryError. As
 * nothing suspends then, the body and tt_timeout_exit(NULL, rc) may follow all the same. Event: timeout_entered; when
 * it is up: timeout_expired, cancel_requested. asyncio: timeout, __aenter__. */
#define tt_timeout_enter(delay_ns) tt_timeout_enter_in_at(TT_HERE, (delay_ns))
TT_API tt_timeout *tt_timeout_enter_in_at(tt_site *site, int64_t delay_ns) TT_MUST_USE;

/* The same with a deadline on the clock of tt_loop_time. asyncio: timeout_at. */
#define tt_timeout_enter_at(when_ns) tt_timeout_enter_at_at(TT_HERE, (when_ns))
TT_API tt_timeout *tt_timeout_enter_at_at(tt_site *site, int64_t when_ns) TT_MUST_USE;

/* Leaves TIMEOUT, whose body has ended with RC. Returns RC if nothing is pending, else -1 with TimeoutError (its cause
 * is the CancelledError) or what the body raised. An RC below 0 with nothing pending raises RuntimeError. Does not
 * suspend by itself (scopes that were left open inside of TIMEOUT may). NULL: see tt_timeout_enter. Preconditions
 * scope_exit.own_task (the task that entered it exits it), scope_exit.entered (it has not been left yet). Events:
 * timeout_exited, uncancelled if it was up. asyncio: __aexit__. */
#define tt_timeout_exit(timeout, rc) tt_timeout_exit_at(TT_HERE, (timeout), (rc))
TT_API int tt_timeout_exit_at(tt_site *site, tt_timeout *timeout, int rc) TT_MUST_USE;

/* Gives TIMEOUT, which is active, another deadline; one that has passed: it is up in the next turn; TT_NEVER: none. Any
 * code on the loop's thread may. Returns 0; -1 with what was pending when TIMEOUT could not be entered (NULL), MemoryError (the deadline stays as it was), or RuntimeError "Cannot
 * change state of expiring Timeout" (expired, finished). Event: timeout_entered, as rescheduled. */
#define tt_timeout_reschedule(timeout, when_ns) tt_timeout_reschedule_at(TT_HERE, (timeout), (when_ns))
TT_API int tt_timeout_reschedule_at(tt_site *site, tt_timeout *timeout, int64_t when_ns) TT_MUST_USE;

TT_API int64_t tt_timeout_when(const tt_timeout *timeout); /* the deadline; TT_NEVER: none, also of NULL */
TT_API bool tt_timeout_expired(const tt_timeout *timeout); /* it was up while the task was inside; NULL: false */

/* Writes the repr, "<Timeout [active] when=12.5>", cut to SIZE - 1 bytes; returns its full length. Of NULL:
 * "None". The states are active, expiring (it is up, and has not been left), expired, finished. (asyncio's "created" lasts from a constructor
 * to an enter, which are one here.) */
TT_API int tt_timeout_repr(const tt_timeout *timeout, char *buffer, size_t size);

/* Calls FN(ARG) inside of a timeout of DELAY_NS. Returns what tt_timeout_exit does; FN is not called where
 * tt_timeout_enter fails. */
#define tt_with_timeout(delay_ns, fn, arg) tt_with_timeout_at(TT_SITE_HERE(#fn), (delay_ns), (fn), (arg))
TT_API int tt_with_timeout_at(tt_site *site, int64_t delay_ns, tt_coro_fn *fn, void *arg) TT_MUST_USE;

/* Awaits FUTURE for DELAY_NS at most (TT_NEVER: without a limit). Returns 0 when it has a result, which *OUT_VALUE is
 * then, borrowed while a handle is held (OUT_VALUE may be NULL); -1 with its exception pending; -1 with TimeoutError
 * when the time was up: then FUTURE has been cancelled, and has ended. So it takes as long as FUTURE needs to end. If
 * FUTURE answers the cancellation with a result, that is returned; if with an exception, that is raised. With zero or
 * less a task that has not begun yet never does. When the running task is cancelled meanwhile FUTURE is cancelled too.
 * Otherwise as tt_await. Events: those of a timeout, failure_touched (user, wait_for). asyncio: wait_for. */
#define tt_wait_for(future, delay_ns, out_value) tt_wait_for_at(TT_HERE, (future), (delay_ns), (out_value))
TT_API int tt_wait_for_at(tt_site *site, tt_future *future, int64_t delay_ns, void **out_value) TT_MUST_USE;

#ifdef __cplusplus
}
#endif

#endif
