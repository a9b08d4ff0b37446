/* telltale/guest.h: tasks on a loop of libuv's that the program runs itself.
 *
 * A program with callbacks gains tasks without being rewritten: it attaches to its uv_loop_t, and from then on tasks,
 * timers and everything else of telltale runs within its uv_run, in turns that come after each poll. Its own callbacks go on
 * as before, and can create tasks, complete futures and cancel. Being attached is what running is for a loop of the library's own:
 * there is a running loop (tt_loop_running) all the time, also in the program's callbacks, and no other one can run on
 * that thread. Descriptors for which readers, writers or tasks wait may be closed in any callback but those of a uv_prepare
 * that was started before attaching.
 *
 *     tt_loop *loop = tt_loop_attach(uv_default_loop());
 *     ... callbacks that create tasks ...
 *     uv_run(uv_default_loop(), UV_RUN_DEFAULT);
 *     tt_loop_detach(loop);
 *     uv_run(uv_default_loop(), UV_RUN_DEFAULT);      -- libuv closes what was detached
 *
 * uv_run goes on as long as something can happen: something is ready, a timer is pending, a task waits for a descriptor, a file,
 * a child, a signal. A task that waits for another one only, or for a callback of the program, does not keep it going, nor do
 * calls that other threads may make.
 *
 * Threads: all of it on the thread that runs libuv's loop. From: nothing in asyncio. */
#ifndef TELLTALE_GUEST_H
#define TELLTALE_GUEST_H

#include <telltale/loop.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Attaches to HOST, which is the program's and stays it, and runs from now on. NULL with RuntimeError "Cannot run the
 * event loop while another loop is running", OSError or MemoryError pending. A SystemExit or KeyboardInterrupt that a task or
 * callback raises stops HOST (uv_stop), no more turns are made, and detaching raises it. So does tt_loop_stop, without an end
 * to the turns. Events: loop_created, loop_started. */
#define tt_loop_attach(host) tt_loop_attach_at(TT_HERE, (host))
TT_API tt_loop *tt_loop_attach_at(tt_site *site, struct uv_loop_s *host) TT_MUST_USE;

/* Ends what attaching began, and closes LOOP as tt_loop_close does: tasks that are pending are abandoned. NULL ok. In a callback of
 * the program or outside of uv_run, not in a task or callback of the loop's. What libuv has to close, and calls on its threads
 * that were left behind, end while HOST is run afterwards; until then uv_loop_close says UV_EBUSY. Returns 0, or -1 with the
 * SystemExit or KeyboardInterrupt that ended it pending. Events: loop_stopped, task_abandoned, loop_closed. */
#define tt_loop_detach(loop) tt_loop_detach_at(TT_HERE, (loop))
TT_API int tt_loop_detach_at(tt_site *site, tt_loop *loop);

#ifdef __cplusplus
}
#endif

#endif
