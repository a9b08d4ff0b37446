/* telltale/loop.h: the event loop.
 *
 * A loop runs callbacks and tasks in turns: poll for I/O, move timers that are due behind what is ready, run what was
 * ready when the turn began, in order. libuv polls and does the I/O; the order is asyncio's.
 *
 * Turns for the others. A call of input or output that can be done at once is, without suspending, so that a peer that never
 * pauses could keep everybody else waiting for ever. Therefore a task that has made TT_STEP_IO_COUNT such calls since it
 * suspended last, or moved TT_STEP_IO_BYTES, gives everybody else a turn, as tt_sleep(0) does, before the next one: timers
 * that are due fire, and other tasks run. The turn comes before the call does anything. So who is cancelled there has
 * taken no byte, no datagram and no connection, and has sent nothing; and who closes what the call is about meanwhile
 * ends it, as if it waited. That goes for all of telltale/stream.h, connection.h, sock.h, udp.h and fs_watch.h;
 * telltale/fs.h and dns.h wait in any case. Locks, queues and the like are handed over as in asyncio, without such turns.
 *
 * Descriptors 0 to 2 are open before a loop is created, if only on /dev/null: libuv ends a process that has it close one of
 * them, and a loop that found them free would have taken them.
 *
 * Threads. A loop belongs to the thread that runs it. Only tt_loop_call_soon_threadsafe may be called elsewhere.
 *
 * From: asyncio's BaseEventLoop and unix_events. */
#ifndef TELLTALE_LOOP_H
#define TELLTALE_LOOP_H

#include <telltale/context.h>
#include <telltale/task.h>

#ifdef __cplusplus
extern "C" {
#endif

/* See above. So many calls take some 200 microseconds; a turn of its own adds about one. asyncio reads from a transport once a
 * turn, at most 256 KiB; its sock_* calls have no limit. */
#define TT_STEP_IO_COUNT 128
#define TT_STEP_IO_BYTES 1048576

struct uv_loop_s;
struct tt_group; /* telltale/task_group.h */

/* A callback that was scheduled and can be cancelled until it runs. asyncio: Handle, TimerHandle. */
typedef struct tt_handle tt_handle;

/* A callback. Runs on the loop's own stack and must not suspend. Returns 0, or negative with an exception pending,
 * which goes to the loop's exception handler; a pending exception with 0 counts as raised too. */
typedef int tt_callback_fn(void *arg);

/* A new loop; the caller closes it. NULL with MemoryError or OSError pending. Starts tracing if the environment asks
 * for it (tt_trace_start_from_environment). Event: loop_created. asyncio: new_event_loop. */
#define tt_loop_create() tt_loop_create_at(TT_HERE)
TT_API tt_loop *tt_loop_create_at(tt_site *site) TT_MUST_USE;

/* A new loop with virtual time, for tests: its clock, which starts at 0, stands still while code runs, and jumps to the
 * next timer as soon as nothing else can happen; so nothing ever waits for time to pass, and everything happens in the
 * order in which it would on a machine that takes no time to compute.
 *
 * What comes from outside takes its real time: while a descriptor is polled, a signal handler is set (a runner's own
 * for SIGINT apart), work is under way on the executor, or a libuv handle of the program's is active, the clock runs as
 * the real one does, up to the next timer. Other threads are not waited for, because nobody knows that they will call:
 * a program that expects calls keeps a uv_async_t of its own active.
 *
 * When there is no timer either, but a task that is pending (or run_until_complete's future), nothing can happen any
 * more: the run ends with tt_StuckError, whose text names each task, what it waits for and where. The loop can be run
 * again. Ours; asyncio has no such loop. */
#define tt_loop_create_virtual() tt_loop_create_virtual_at(TT_HERE)
TT_API tt_loop *tt_loop_create_virtual_at(tt_site *site) TT_MUST_USE;
TT_API bool tt_loop_is_virtual(const tt_loop *loop);
TT_API extern const tt_exc_type tt_StuckError; /* a RuntimeError */

/* Closes LOOP and frees it: NULL ok. Tasks that are still pending are destroyed, each with asyncio's message "Task was
 * destroyed but it is pending!", and recorded as abandoned. Handles of futures stay valid. Returns 0, or -1 with
 * RuntimeError "Cannot close a running event loop" pending. Events: task_abandoned, loop_closed. */
#define tt_loop_close(loop) tt_loop_close_at(TT_HERE, (loop))
TT_API int tt_loop_close_at(tt_site *site, tt_loop *loop);

/* Runs until tt_loop_stop. Returns 0, or -1 with RuntimeError ("This event loop is already running", "Cannot run the
 * event loop while another loop is running"), or a SystemExit or KeyboardInterrupt that a task or callback raised, or
 * tt_StuckError. Events: loop_started, loop_stopped. */
#define tt_loop_run_forever(loop) tt_loop_run_forever_at(TT_HERE, (loop))
TT_API int tt_loop_run_forever_at(tt_site *site, tt_loop *loop) TT_MUST_USE;

/* Runs until FUTURE is done. Returns 0 when it has a result, -1 with its exception pending, or RuntimeError "Event loop
 * stopped before Future completed.". FUTURE stays the caller's. What the caller handles is the context of what tasks and callbacks
 * raise meanwhile, in tt_loop_run_forever too. */
#define tt_loop_run_until_complete(loop, future) tt_loop_run_until_complete_at(TT_HERE, (loop), (future))
TT_API int tt_loop_run_until_complete_at(tt_site *site, tt_loop *loop, tt_future *future) TT_MUST_USE;

/* Makes the run end after the turn at hand; before a run: after exactly one turn. NULL: the running loop. */
TT_API void tt_loop_stop(tt_loop *loop);

TT_API bool tt_loop_is_running(const tt_loop *loop);
TT_API tt_loop *tt_loop_running(void); /* the loop that runs on this thread; NULL: none. asyncio: get_running_loop */

/* Nanoseconds that do not run backwards, the clock of call_at. NULL: the running loop's; precondition loop_time.loop: there is one. */
TT_API int64_t tt_loop_time(const tt_loop *loop);

/* libuv's loop underneath; to add handles of one's own, which must be closed before the loop. NULL: the running loop's; precondition
 * loop_uv.loop: there is one. */
TT_API struct uv_loop_s *tt_loop_uv(tt_loop *loop);

/* Whether tasks that are created on LOOP from now on are eager (telltale/task.h), as if each were created with
 * eager_start. asyncio: set_task_factory(eager_task_factory). */
TT_API void tt_loop_set_eager_tasks(tt_loop *loop, bool are_eager);

/* Schedules FN(ARG) for the next turn. Returns a handle if OUT_HANDLE is not NULL (one reference, released with
 * tt_handle_unref). Returns 0, or -1 with MemoryError pending. asyncio: call_soon. */
#define tt_loop_call_soon(loop, fn, arg, out_handle) \
    tt_loop_call_soon_at(TT_SITE_HERE(#fn), (loop), (fn), (arg), (out_handle))
TT_API int tt_loop_call_soon_at(tt_site *site, tt_loop *loop, tt_callback_fn *fn, void *arg,
                                tt_handle **out_handle) TT_MUST_USE;

/* The same with FN running in CONTEXT itself, not in a copy of the current one; a reference is taken. */
#define tt_loop_call_soon_in(context, loop, fn, arg, out_handle) \
    tt_loop_call_soon_in_at(TT_SITE_HERE(#fn), (context), (loop), (fn), (arg), (out_handle))
TT_API int tt_loop_call_soon_in_at(tt_site *site, tt_context *context, tt_loop *loop, tt_callback_fn *fn, void *arg,
                                   tt_handle **out_handle) TT_MUST_USE;

/* Schedules FN(ARG) for DELAY_NS from now (negative: at once), or for the time WHEN_NS of tt_loop_time. Equal times run
 * in the order of CPython's heap. asyncio: call_later, call_at. */
#define tt_loop_call_later(loop, delay_ns, fn, arg, out_handle) \
    tt_loop_call_later_at(TT_SITE_HERE(#fn), (loop), (delay_ns), (fn), (arg), (out_handle))
TT_API int tt_loop_call_later_at(tt_site *site, tt_loop *loop, int64_t delay_ns, tt_callback_fn *fn, void *arg,
                                 tt_handle **out_handle) TT_MUST_USE;
#define tt_loop_call_at(loop, when_ns, fn, arg, out_handle) \
    tt_loop_call_at_at(TT_SITE_HERE(#fn), (loop), (when_ns), (fn), (arg), (out_handle))
TT_API int tt_loop_call_at_at(tt_site *site, tt_loop *loop, int64_t when_ns, tt_callback_fn *fn, void *arg,
                              tt_handle **out_handle) TT_MUST_USE;
#define tt_loop_call_at_in(context, loop, when_ns, fn, arg, out_handle) \
    tt_loop_call_at_in_at(TT_SITE_HERE(#fn), (context), (loop), (when_ns), (fn), (arg), (out_handle))
TT_API int tt_loop_call_at_in_at(tt_site *site, tt_context *context, tt_loop *loop, int64_t when_ns, tt_callback_fn *fn,
                                 void *arg, tt_handle **out_handle) TT_MUST_USE;

/* The same as call_soon from any thread; wakes the loop. Returns 0, or a negative errno value: -ENOMEM, -ECANCELED once
 * the loop is closing (asyncio raises RuntimeError "Event loop is closed"). The caller makes sure that the loop is not
 * freed meanwhile. asyncio: call_soon_threadsafe. */
#define tt_loop_call_soon_threadsafe(loop, fn, arg) \
    tt_loop_call_soon_threadsafe_at(TT_SITE_HERE(#fn), (loop), (fn), (arg))
TT_API int tt_loop_call_soon_threadsafe_at(tt_site *site, tt_loop *loop, tt_callback_fn *fn, void *arg) TT_MUST_USE;

TT_API void tt_handle_cancel(tt_handle *handle); /* it will not run any more; NULL ok */
TT_API bool tt_handle_cancelled(const tt_handle *handle);
TT_API int64_t tt_handle_when(const tt_handle *handle); /* of call_later and call_at: the time for which it is set */
/* Writes the repr, "<TimerHandle when=12.5 f() at server.c:12>", cut to SIZE - 1 bytes; returns its full length. */
TT_API int tt_handle_repr(const tt_handle *handle, char *buffer, size_t size);
TT_API void tt_handle_unref(tt_handle *handle); /* NULL ok; does not cancel */

/* Calls FN(ARG) whenever DESCRIPTOR is readable (writable), replacing a reader (writer) that was there. 0, or -1 with
 * OSError or ValueError "Invalid file descriptor: N" pending. A reader or writer is removed before its descriptor is
 * closed; one whose descriptor is closed is called no more, also when the number belongs to another file by then, stays
 * until it is removed, and adding one anew goes by the file that is open then. asyncio: add_reader, add_writer. */
#define tt_loop_add_reader(loop, descriptor, fn, arg) \
    tt_loop_add_reader_at(TT_SITE_HERE(#fn), (loop), (descriptor), (fn), (arg))
TT_API int tt_loop_add_reader_at(tt_site *site, tt_loop *loop, int descriptor, tt_callback_fn *fn,
                                 void *arg) TT_MUST_USE;
#define tt_loop_add_writer(loop, descriptor, fn, arg) \
    tt_loop_add_writer_at(TT_SITE_HERE(#fn), (loop), (descriptor), (fn), (arg))
TT_API int tt_loop_add_writer_at(tt_site *site, tt_loop *loop, int descriptor, tt_callback_fn *fn,
                                 void *arg) TT_MUST_USE;
TT_API bool tt_loop_remove_reader(tt_loop *loop, int descriptor); /* true if there was one */
TT_API bool tt_loop_remove_writer(tt_loop *loop, int descriptor);

/* Calls FN(ARG) on the loop when the process gets SIGNAL_NUMBER, replacing a handler that was there. 0, or -1 with
 * ValueError "invalid signal number N", RuntimeError "sig N cannot be caught", or "set_wakeup_fd only works in main
 * thread of the main interpreter", pending. asyncio: add_signal_handler. */
#define tt_loop_add_signal_handler(loop, signal_number, fn, arg) \
    tt_loop_add_signal_handler_at(TT_SITE_HERE(#fn), (loop), (signal_number), (fn), (arg))
TT_API int tt_loop_add_signal_handler_at(tt_site *site, tt_loop *loop, int signal_number, tt_callback_fn *fn,
                                         void *arg) TT_MUST_USE;
TT_API bool tt_loop_remove_signal_handler(tt_loop *loop, int signal_number);

/* Debug mode: off, unless the environment's TELLTALE_DEBUG is something else than empty or 0 when the loop is created.
 * When it is on, what runs for slow_callback_duration or longer is written to stderr ("Executing <Task ...> took 0.120
 * seconds"), call_soon, call_at, creating tasks and completing futures on another thread than the loop's raise
 * RuntimeError "Non-thread-safe operation invoked on an event loop other than the current one", and futures, tasks and
 * handles that are created then show where they were. To be set while no other thread uses LOOP. asyncio: set_debug,
 * get_debug. */
TT_API void tt_loop_set_debug(tt_loop *loop, bool is_debug);
TT_API bool tt_loop_is_debug(const tt_loop *loop);

/* How long a step or a callback may run before it is told, in debug mode on stderr, and to the trace always; 100 ms
 * unless set. On a loop with virtual time code takes no time, so that stderr stays quiet. Event: stall_detected. asyncio:
 * slow_callback_duration. */
TT_API void tt_loop_set_slow_callback_duration(tt_loop *loop, int64_t duration_ns);
TT_API int64_t tt_loop_slow_callback_duration(const tt_loop *loop);

/* What an exception handler is told. Absent things are NULL. Everything is borrowed for the call. asyncio: the context
 * dictionary. */
struct tt_handler_context {
    const char *message;
    tt_exc *exception;
    tt_future *future; /* the failed future or task (asyncio's key `future`) */
    tt_task *task;     /* the task that was destroyed pending, or that failed during shutdown (asyncio's key `task`) */
    tt_handle *handle; /* the callback that raised (asyncio's key `handle`) */
    const tt_site *source_traceback;   /* where that was created, if it was in debug mode */
    const struct tt_group *task_group; /* the group that does not propagate an exception (asyncio's key `task_group`) */
    const struct tt_handler_context
        *context; /* what the handler was told that raised itself (asyncio's key `context`) */
};

/* An exception handler. May not suspend. Returns 0, or negative with an exception pending: the default handler then
 * reports that; but KeyboardInterrupt and SystemExit end the run. A handler that is called inside of itself, because it calls it or lets go of a failure that nobody has read, is so up to
 * 1000 times; beyond that the default handler reports RecursionError "maximum recursion depth exceeded" in its place. */
typedef int tt_exception_handler_fn(tt_loop *loop, const struct tt_handler_context *context, void *arg);

/* Sets LOOP's handler; NULL: the default one. asyncio: set_exception_handler. */
TT_API void tt_loop_set_exception_handler(tt_loop *loop, tt_exception_handler_fn *handler, void *arg);

/* Calls LOOP's handler with CONTEXT. What is pending stays pending. Event: handler_called. asyncio:
 * call_exception_handler. */
TT_API void tt_loop_call_exception_handler(tt_loop *loop, const struct tt_handler_context *context);

/* What the default handler does: writes the message, the keys in sorted order and the traceback to stderr. asyncio:
 * default_exception_handler. */
TT_API void tt_loop_default_exception_handler(tt_loop *loop, const struct tt_handler_context *context);

/* The names of the keys that CONTEXT has, sorted, separated by ", ": "exception, future, message". Cut to SIZE - 1
 * bytes; returns the full length. */
TT_API int tt_handler_context_keys(const struct tt_handler_context *context, char *buffer, size_t size);

#ifdef __cplusplus
}
#endif

#endif
