/* telltale/task.h: tasks.
 *
 * A task runs a coroutine: an ordinary C function on a stack of its own, which may suspend anywhere, at any depth of
 * calls. It returns 0, or negative when it raised. C's ways to lose a failure are closed: returning 0 with an exception
 * pending ends the task as failed with it, returning negative with none ends it with RuntimeError.
 *
 * The loop owns a task until it ends; a program need not hold it. See telltale/future.h for everything that tasks share
 * with futures (await, cancel, result, callbacks, handles).
 *
 * Threads: a task runs on its loop's thread and nowhere else.
 *
 * From: asyncio.Task, asyncio.create_task, asyncio.sleep. */
#ifndef TELLTALE_TASK_H
#define TELLTALE_TASK_H

#include <string.h>

#include <telltale/future.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Durations are int64_t nanoseconds. */
#define TT_USEC(n) ((int64_t)(n)*1000)
#define TT_MSEC(n) ((int64_t)(n)*1000000)
#define TT_SEC(n)  ((int64_t)(n)*1000000000)

/* As a time limit and as a deadline: none. Python's None. */
#define TT_NEVER INT64_MAX

/* A coroutine. ARG is what was given to the creation. */
typedef int tt_coro_fn(void *arg);

/* Releases the argument of a coroutine whose body does not run. */
typedef void tt_drop_fn(void *arg);

struct tt_task_options {
    tt_loop *loop;    /* NULL: the running loop */
    const char *name; /* copied; NULL: "Task-N" */
    /* Called exactly once with the argument if the body does not run: creation refused, no memory, cancelled before the
     * first step, loop closed before. NULL: nothing to do. */
    tt_drop_fn *drop;
    tt_context *context; /* the task runs in it, a reference is taken; NULL: in a copy of the current one */
    /* 0: 64 KiB; at least 32 KiB. Below a stack lies a page that nobody may touch: who runs over it is named. So that one big
     * local array cannot step across that page, compile with -fstack-clash-protection, as telltale.pc and the CMake
     * package have it. */
    size_t stack_bytes;
    bool eager_start; /* true: the first step is made by the creating call, if the loop runs: see below */
    bool is_detached; /* true: no handle; the creating call returns the task borrowed, valid until the next suspension */
};

/* Eager tasks. With eager_start, or on a loop with tt_loop_set_eager_tasks, the creating call itself runs the coroutine
 * up to where it suspends first, if the loop is running; a coroutine that never suspends is done when the call returns,
 * and costs no turn. While it runs it is the current task; what the creator has pending stays the creator's, what it
 * handles is handled in the first step too. A SystemExit or KeyboardInterrupt that the first step ends with comes out of
 * the creation. First steps that are made inside of each other, handlers of exceptions included, are limited to 1000: the next creation
 * is refused, RecursionError "maximum recursion depth exceeded". asyncio: eager_start, eager_task_factory. */

/* Creates a task that begins to run FN(ARG) in the next turn of the running loop. The handle is the caller's; release
 * it with tt_task_unref. NULL with RuntimeError "no running event loop" or MemoryError pending. Event: task_created.
 * asyncio: create_task. */
#define tt_create_task(fn, arg) tt_create_task_at(TT_SITE_HERE(#fn), (fn), (arg), NULL)

/* The same with a name (copied). */
#define tt_create_task_named(fn, arg, name) tt__create_task_named(TT_SITE_HERE(#fn), (fn), (arg), (name))

/* The same with options (fn, arg, options), which may be a compound literal here and in whatever ends in `_with` or
 * `_copy`; or NULL. SITE's text is the coroutine's name. */
#define tt_create_task_with(fn, arg, ...) tt_create_task_at(TT_SITE_HERE(#fn), (fn), (arg), __VA_ARGS__)
TT_API tt_task *tt_create_task_at(tt_site *site, tt_coro_fn *fn, void *arg,
                                  const struct tt_task_options *options) TT_MUST_USE;

/* tt_create_task_named, in C++ too, where an options' literal has no address. */
static inline TT_MUST_USE tt_task *tt__create_task_named(tt_site *site, tt_coro_fn *fn, void *arg, const char *name)
{
    struct tt_task_options options;
    memset(&options, 0, sizeof options);
    options.name = name;
    return tt_create_task_at(site, fn, arg, &options);
}

/* Creates a task whose argument is a copy of SIZE bytes at ARG; the copy is freed when the task ends, whether its body
 * ran or not. OPTIONS->drop, if any, is called with the copy before it is freed when the body does not run. */
#define tt_create_task_copy(fn, arg, ...) \
    tt_create_task_copy_at(TT_SITE_HERE(#fn), (fn), (arg), __VA_ARGS__) /* (fn, arg, size, options) */
TT_API tt_task *tt_create_task_copy_at(tt_site *site, tt_coro_fn *fn, const void *arg, size_t size,
                                       const struct tt_task_options *options) TT_MUST_USE;

/* Creates a task without a handle: its failure is reported at the instant it ends. Returns 0, or -1 with an exception
 * pending. */
#define tt_spawn(fn, arg)           tt_spawn_at(TT_SITE_HERE(#fn), (fn), (arg), NULL)
#define tt_spawn_with(fn, arg, ...) tt_spawn_at(TT_SITE_HERE(#fn), (fn), (arg), __VA_ARGS__)
TT_API int tt_spawn_at(tt_site *site, tt_coro_fn *fn, void *arg, const struct tt_task_options *options) TT_MUST_USE;

/* What tasks share with futures, under the task's name. */
#define tt_task_ref(task)                        tt_future_ref(task)
#define tt_task_unref(task)                      tt_future_unref(task)
#define tt_task_done(task)                       tt_future_done(task)
#define tt_task_cancelled(task)                  tt_future_cancelled(task)
#define tt_task_result(task, out_value)          tt_future_result((task), (out_value))
#define tt_task_exception(task, out_exc)         tt_future_exception((task), (out_exc))
#define tt_task_cancel(task, message)            tt_future_cancel((task), (message))
#define tt_task_add_done_callback(task, fn, arg) tt_future_add_done_callback((task), fn, (arg))

/* Gives the running task's result, or that of a function that runs on a thread (telltale/executor.h), and returns 0, so
 * that it ends with `return tt_return(value, free)`. The task owns VALUE and releases it with FREE_FN if that is not NULL.
 * Precondition return.in_task: there is such a task or function; a callback has no result, and is told the place. */
#define tt_return(value, free_fn) tt_return_at(TT_HERE, (value), (free_fn))
TT_API int tt_return_at(tt_site *site, void *value, tt_free_fn *free_fn);

/* Suspends the running task for DURATION_NS; zero or less: for one turn. Returns 0, or -1 with an exception pending:
 * CancelledError when it was cancelled. RuntimeError outside of a task. asyncio: sleep. */
#define tt_sleep(duration_ns) tt_sleep_at(TT_HERE, (duration_ns))
TT_API int tt_sleep_at(tt_site *site, int64_t duration_ns) TT_MUST_USE;

/* The same until the time WHEN_NS of tt_loop_time; one that has passed: for one turn. */
#define tt_sleep_until(when_ns) tt_sleep_until_at(TT_HERE, (when_ns))
TT_API int tt_sleep_until_at(tt_site *site, int64_t when_ns) TT_MUST_USE;

/* The running task, borrowed; NULL outside of tasks. asyncio: current_task. */
TT_API tt_task *tt_current_task(void);

/* The tasks of LOOP (NULL: the running one) that are not done, in order of creation. Returns their number and sets
 * *OUT_TASKS to a malloc'ed array of handles, to be released one by one and freed (tt_tasks_free does both); -1 with
 * MemoryError or RuntimeError pending. asyncio: all_tasks. */
#define tt_all_tasks(loop, out_tasks) tt_all_tasks_at(TT_HERE, (loop), (out_tasks))
TT_API int tt_all_tasks_at(tt_site *site, tt_loop *loop, tt_task ***out_tasks) TT_MUST_USE;
#define tt_tasks_free(tasks, count) tt_tasks_free_at(TT_HERE, (tasks), (count))
TT_API void tt_tasks_free_at(tt_site *site, tt_task **tasks, int count);

TT_API const char *tt_task_name(const tt_task *task); /* borrowed until renamed or gone */
TT_API int tt_task_set_name(tt_task *task,
                            const char *name) TT_MUST_USE; /* copied; -1 with MemoryError. Event: task_renamed */

/* Requests for cancellation that have not been taken back. asyncio: cancelling. */
TT_API unsigned tt_task_cancelling(const tt_task *task);

/* Takes one request back and returns how many remain; at zero a cancellation that is still to be raised is forgotten.
 * asyncio: uncancel (3.13). */
#define tt_task_uncancel(task) tt_task_uncancel_at(TT_HERE, (task))
TT_API unsigned tt_task_uncancel_at(tt_site *site, tt_task *task);

/* Calls FN(ARG) when the running coroutine ends, however it ends, the last one deferred first, inside a cleanup (it may
 * suspend and raise). Returns 0; -1 with MemoryError pending, then FN has been called already. */
TT_API int tt_defer(tt_coro_fn *fn, void *arg) TT_MUST_USE;

#ifdef __cplusplus
}
#endif

#endif
