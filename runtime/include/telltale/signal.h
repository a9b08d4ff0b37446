/* telltale/signal.h: signals that a task waits for.
 *
 *     while (tt_signal_wait(SIGHUP, NULL) == 0)
 *         reload();
 *
 * The first wait for a signal has the loop listen for it, and from then on it does until tt_signal_forget or the loop's end: a
 * signal that comes while nobody waits is not lost (and does not do what it does by default), the next wait returns at once. A
 * handler of tt_loop_add_signal_handler for the same signal, and other loops, are told as well.
 *
 * Threads: the loop's; signals themselves go to the process. From: asyncio has callbacks only (loop.add_signal_handler). */
#ifndef TELLTALE_SIGNAL_H
#define TELLTALE_SIGNAL_H

#include <signal.h>

#include <telltale/task.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Suspends until SIGNAL_NUMBER strikes: 0, and in *OUT_COUNT (NULL: not wanted) how often it has since somebody waited
 * last, as far as the kernel tells them apart. All tasks that wait get it. -1 with CancelledError pending: a signal that
 * came at the same moment is kept for the next wait; or ValueError "invalid signal number N", RuntimeError "sig N cannot be
 * caught", MemoryError. */
#define tt_signal_wait(signal_number, out_count) tt_signal_wait_at(TT_HERE, (signal_number), (out_count))
TT_API int tt_signal_wait_at(tt_site *site, int signal_number, unsigned *out_count) TT_MUST_USE;

/* Stops listening, on the running loop: the signal does what it did before. Who waits gets RuntimeError. Returns whether
 * it was listened for. */
TT_API bool tt_signal_forget(int signal_number);

#ifdef __cplusplus
}
#endif

#endif
