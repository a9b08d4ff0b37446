/* telltale/run.h: run a program's main coroutine.
 *
 * Threads: any thread without a running loop; SIGINT is handled on the main thread only.
 *
 * From: asyncio.run and asyncio.Runner.
 */
#ifndef TELLTALE_RUN_H
#define TELLTALE_RUN_H

#include <telltale/loop.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A loop that runs main coroutines one after the other, made at its first use. asyncio: Runner. */
typedef struct tt_runner tt_runner;

enum tt_debug_choice {
    TT_DEBUG_AS_ENVIRONMENT, /* as the environment says: TELLTALE_DEBUG */
    TT_DEBUG_ON,
    TT_DEBUG_OFF
};

struct tt_run_options {
    bool virtual_time;          /* a loop whose clock jumps, for tests; see tt_loop_create_virtual */
    enum tt_debug_choice debug; /* see tt_loop_set_debug */
    /* Makes the loop, which the runner closes; where it returns NULL with an exception pending, the use of the runner fails with
     * that. NULL: tt_loop_create. */
    tt_loop *(*loop_factory)(void);
    size_t stack_bytes; /* of the main task; 0: 64 KiB: see struct tt_task_options */
};

/* A new runner. OPTIONS may be NULL. NULL with MemoryError pending. */
#define tt_runner_create()         tt_runner_create_at(TT_HERE, NULL)
#define tt_runner_create_with(...) tt_runner_create_at(TT_HERE, __VA_ARGS__) /* (options), a compound literal perhaps */
TT_API tt_runner *tt_runner_create_at(tt_site *site, const struct tt_run_options *options) TT_MUST_USE;

/* Runs FN(ARG) as a task until it is done, in the runner's context: the copy of the current one that was made when the
 * runner was used first, so that what a run sets the next one sees. SIGINT, where its disposition is the default one and
 * this is the main thread, cancels the task, which then ends in KeyboardInterrupt unless it was cancelled for another
 * reason too; it may catch the cancellation and go on. A second SIGINT raises KeyboardInterrupt. Both are noticed when
 * the loop polls next, so a task that never suspends is not interrupted. Returns 0, or -1 with the coroutine's exception
 * pending, or RuntimeError "Runner.run() cannot be called from a running event loop", "Runner is closed". */
#define tt_runner_run(runner, fn, arg) tt_runner_run_at(TT_SITE_HERE(#fn), (runner), NULL, (fn), (arg))

/* The same in CONTEXT. */
#define tt_runner_run_in(context, runner, fn, arg) tt_runner_run_at(TT_SITE_HERE(#fn), (runner), (context), (fn), (arg))
TT_API int tt_runner_run_at(tt_site *site, tt_runner *runner, tt_context *context, tt_coro_fn *fn,
                            void *arg) TT_MUST_USE;

/* The runner's loop, borrowed, made if need be; NULL with RuntimeError "Runner is closed", or what its making raised,
 * pending. asyncio: get_loop. */
#define tt_runner_loop(runner) tt_runner_loop_at(TT_HERE, (runner))
TT_API tt_loop *tt_runner_loop_at(tt_site *site, tt_runner *runner) TT_MUST_USE;

/* Cancels all tasks that are left, waits for them, reports those that then failed ("unhandled exception during
 * asyncio.run() shutdown"), runs the loop for the few turns that asyncio's shutdown takes, waits for functions on threads
 * (at most 300 s with a warning then, and without one until the last has returned), closes the loop. Nothing where there
 * is no loop yet, or not any more; NULL ok. Returns 0, or -1 with a SystemExit or KeyboardInterrupt that came out of that
 * pending, or MemoryError; what was pending before becomes its context. What is pending otherwise stays pending,
 * and is the context of what tasks raise meanwhile.
 * Precondition runner_close.not_running. */
#define tt_runner_close(runner) tt_runner_close_at(TT_HERE, (runner))
TT_API int tt_runner_close_at(tt_site *site, tt_runner *runner);

/* Closes RUNNER, with what that returns, and frees it. NULL ok. */
#define tt_runner_destroy(runner) tt_runner_destroy_at(TT_HERE, (runner))
TT_API int tt_runner_destroy_at(tt_site *site, tt_runner *runner);

/* The whole of it, for main(): creates a runner, runs FN(ARG), closes. Returns an exit status: 0 when FN returned; 1
 * when it raised, after its traceback was written to stderr (here the library stands for the interpreter); 130 for
 * KeyboardInterrupt; for SystemExit the number that is its text (1 if it is none, which is then written to stderr, 0 if
 * it is empty). */
#define tt_run(fn, arg)           tt_run_at(TT_SITE_HERE(#fn), (fn), (arg), NULL)
#define tt_run_with(fn, arg, ...) tt_run_at(TT_SITE_HERE(#fn), (fn), (arg), __VA_ARGS__) /* (fn, arg, options) */
TT_API int tt_run_at(tt_site *site, tt_coro_fn *fn, void *arg, const struct tt_run_options *options);

#ifdef __cplusplus
}
#endif

#endif
