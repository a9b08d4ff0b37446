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

/* A loop that runs main coroutines one after the other. asyncio: Runner. */
typedef struct tt_runner tt_runner;

struct tt_run_options {
    bool virtual_time; /* true: a loop whose clock jumps, for tests; see tt_loop_create_virtual */
};

/* A new runner with a loop of its own. NULL with an exception pending. OPTIONS may be NULL. */
#define tt_runner_create()              tt_runner_create_at(TT_HERE, NULL)
#define tt_runner_create_with(options_) tt_runner_create_at(TT_HERE, (options_))
TT_API tt_runner *tt_runner_create_at(tt_site *site, const struct tt_run_options *options) TT_MUST_USE;

/* Runs FN(ARG) as a task until it is done. SIGINT, where its disposition is the default one, cancels the task, which
 * then ends in KeyboardInterrupt; a second SIGINT raises KeyboardInterrupt at once. Returns 0, or -1 with the
 * coroutine's exception pending. RuntimeError "Runner.run() cannot be called from a running event loop". */
#define tt_runner_run(runner, fn, arg) tt_runner_run_at(TT_SITE_HERE(#fn), (runner), (fn), (arg))
TT_API int tt_runner_run_at(tt_site *site, tt_runner *runner, tt_coro_fn *fn, void *arg) TT_MUST_USE;

TT_API tt_loop *tt_runner_loop(tt_runner *runner); /* borrowed */

/* Cancels all tasks that are left, waits for them, reports those that then failed ("unhandled exception during
 * asyncio.run() shutdown"), runs the loop for the few turns that asyncio's shutdown takes, closes it, frees RUNNER;
 * NULL ok. Returns 0, or -1 with a SystemExit or KeyboardInterrupt that came out of that pending, or MemoryError; what
 * was pending before becomes its context. What is pending otherwise stays pending. Precondition
 * runner_close.not_running. */
#define tt_runner_close(runner) tt_runner_close_at(TT_HERE, (runner))
TT_API int tt_runner_close_at(tt_site *site, tt_runner *runner);

/* The whole of it, for main(): creates a runner, runs FN(ARG), closes. Returns an exit status: 0 when FN returned; 1
 * when it raised, after its traceback was written to stderr (here the library stands for the interpreter); 130 for
 * KeyboardInterrupt; for SystemExit the number that is its text (1 if it is none, which is then written to stderr, 0 if
 * it is empty). */
#define tt_run(fn, arg)                tt_run_at(TT_SITE_HERE(#fn), (fn), (arg), NULL)
#define tt_run_with(fn, arg, options_) tt_run_at(TT_SITE_HERE(#fn), (fn), (arg), (options_))
TT_API int tt_run_at(tt_site *site, tt_coro_fn *fn, void *arg, const struct tt_run_options *options);

#ifdef __cplusplus
}
#endif

#endif
