/* runner.c: a loop for a program's main coroutine, with SIGINT, shutdown and exit status. See telltale/run.h.
 *
 * From: asyncio.runners.
 */
#include <assert.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <telltale/executor.h>
#include <telltale/gather.h>
#include <telltale/run.h>

#include "loop_internal.h"
#include "precond.h"

/* Made without a loop; the first use makes it; closed, and then it is of no use any more. */
struct tt_runner {
    struct tt_run_options options;
    tt_loop *loop;       /* NULL: not made yet, or closed */
    tt_context *context; /* all its runs are in it, so that what one sets the next one sees; NULL with `loop` */
    bool is_closed;
    tt_task *main_task; /* while it runs */
    unsigned interrupt_count;
};

enum { EXIT_INTERRUPTED = 128 + SIGINT };

/* asyncio's THREAD_JOIN_TIMEOUT. */
#define EXECUTOR_TIMEOUT_NS TT_SEC(300)

tt_runner *tt_runner_create_at(tt_site *site, const struct tt_run_options *options)
{
    tt_runner *runner = calloc(1, sizeof *runner);

    if (!runner) {
        tt_raise_at(site, &tt_MemoryError, "no memory for a runner");
        return NULL;
    }
    if (options)
        runner->options = *options;
    return runner;
}

static tt_loop *make_loop(const struct tt_run_options *options, tt_site *site)
{
    if (options->loop_factory)
        return options->loop_factory();
    return options->virtual_time ? tt_loop_create_virtual_at(site) : tt_loop_create_at(site);
}

/* Makes the loop and the context if that is still to be done. 0, or -1 with an exception pending. */
static int begin_use(tt_runner *runner, tt_site *site)
{
    if (runner->is_closed)
        return tt_raise_at(site, &tt_RuntimeError, "Runner is closed");
    if (runner->loop)
        return 0;
    runner->context = tt_copy_context_at(site);
    if (!runner->context)
        return -1;
    runner->loop = make_loop(&runner->options, site);
    if (!runner->loop) {
        tt_context_unref(runner->context);
        runner->context = NULL;
        return -1;
    }
    if (runner->options.debug != TT_DEBUG_AS_ENVIRONMENT)
        tt_loop_set_debug(runner->loop, runner->options.debug == TT_DEBUG_ON);
    return 0;
}

tt_loop *tt_runner_loop_at(tt_site *site, tt_runner *runner)
{
    TT_PRECOND("runner_loop.runner", site, runner != NULL);
    return begin_use(runner, site) == 0 ? runner->loop : NULL;
}

/* ------------------------------------------------------------------------------------------------------------ SIGINT */

static int interrupted(void *arg)
{
    tt_runner *runner = arg;

    runner->interrupt_count++;
    if (runner->interrupt_count == 1 && runner->main_task && !tt_future_done(runner->main_task)) {
        tt_future_cancel(runner->main_task, NULL);
        return 0;
    }
    return tt_raise(&tt_KeyboardInterrupt, NULL);
}

/* Whether SIGINT is the runner's to handle: nobody else does, and this is the main thread. */
static bool owns_interrupts(void)
{
    struct sigaction action;

    return gettid() == getpid() && sigaction(SIGINT, NULL, &action) == 0 && !(action.sa_flags & SA_SIGINFO) &&
           action.sa_handler == SIG_DFL;
}

/* The main task was cancelled. If that was the signal's doing, and nobody else's, it becomes KeyboardInterrupt. */
static void convert_interrupt(tt_runner *runner, tt_site *site)
{
    if (!tt_exc_is(tt_exc_pending(), &tt_CancelledError) || !runner->interrupt_count)
        return;
    if (tt_task_uncancel_at(site, runner->main_task) == 0)
        tt_raise_at(site, &tt_KeyboardInterrupt, NULL); /* what was pending becomes its context */
}

int tt_runner_run_at(tt_site *site, tt_runner *runner, tt_context *context, tt_coro_fn *fn, void *arg)
{
    struct tt_task_options options = {0};
    bool has_signal;
    int rc;

    if (tt_exc_pending())
        return -1;
    if (tt__running_loop)
        return tt_raise_at(site, &tt_RuntimeError, "Runner.run() cannot be called from a running event loop");
    if (begin_use(runner, site) < 0)
        return -1;
    options.loop = runner->loop;
    options.context = context ? context : runner->context;
    options.stack_bytes = runner->options.stack_bytes;
    runner->main_task = tt_create_task_at(site, fn, arg, &options);
    if (!runner->main_task)
        return -1;
    runner->interrupt_count = 0;
    has_signal =
        owns_interrupts() && tt_loop_add_signal_handler_at(site, runner->loop, SIGINT, interrupted, runner) == 0;
    if (has_signal)
        tt__signal_handler_unref(runner->loop, SIGINT);
    rc = tt_loop_run_until_complete_at(site, runner->loop, runner->main_task);
    if (has_signal)
        tt_loop_remove_signal_handler(runner->loop, SIGINT);
    if (rc < 0)
        convert_interrupt(runner, site);
    tt_future_unref_at(site, runner->main_task);
    runner->main_task = NULL;
    return rc;
}

/* ---------------------------------------------------------------------------------------------------------- shutdown */

static void report_shutdown_failure(tt_runner *runner, tt_task *task, tt_site *site)
{
    if (tt_future_cancelled(task) || !tt_future_done(task) || !task->exc)
        return;
    task->log_traceback = false;
    tt__ledger_touched_by((struct tt_who){TT_ACTOR_RUNNER, 0}, task, TT_TOUCH_HOW_RUNNER, false, site);
    TT_EMIT(failure_reported, .failure_id = task->id, .loop_id = (uint32_t)runner->loop->id, .site = site,
            .kind = runner->loop->handler ? TT_HANDLER_KIND_CUSTOM : TT_HANDLER_KIND_DEFAULT);
    tt_loop_call_exception_handler(
        runner->loop, &(struct tt_handler_context){.message = "unhandled exception during asyncio.run() shutdown",
                                                   .exception = task->exc,
                                                   .task = task});
}

/* Cancels what is left and waits for it. */
static void cancel_all_tasks(tt_runner *runner, tt_site *site)
{
    tt_task **tasks = NULL;
    int count = tt_all_tasks_at(site, runner->loop, &tasks);
    tt_future *all;

    if (count > 0) {
        for (int i = 0; i < count; i++)
            tt__future_cancel(tasks[i], NULL, (struct tt_who){TT_ACTOR_RUNNER, 0}, site);
        all = tt_gather_at(site, tasks, (size_t)count, true);
        if (all && tt_loop_run_until_complete_at(site, runner->loop, all) == 0)
            for (int i = 0; i < count; i++)
                report_shutdown_failure(runner, tasks[i], site);
        tt_future_unref_at(site, all);
    }
    if (count >= 0)
        tt_tasks_free_at(site, tasks, count);
}

/* asyncio shuts down its generators and its executor, which takes this many turns also where there are none; what is
 * ready then, and what that makes ready, still runs. */
enum { LAST_TURNS = 4 };

struct countdown {
    tt_loop *loop;
    int turns_left;
};

static int count_down(void *arg)
{
    struct countdown *countdown = arg;

    if (--countdown->turns_left > 0 && tt_loop_call_soon(countdown->loop, count_down, countdown, NULL) == 0)
        return 0;
    tt_loop_stop(countdown->loop);
    return tt_exc_pending() ? -1 : 0;
}

static int run_last_turns(struct countdown *countdown, tt_site *site)
{
    if (tt_loop_call_soon_at(site, countdown->loop, count_down, countdown, NULL) < 0)
        return -1;
    return tt_loop_run_forever_at(site, countdown->loop);
}

/* All that is to be done before the loop can be closed. 0, or -1 with a SystemExit or KeyboardInterrupt of a task or
 * callback, or for want of memory. */
static int shut_down(tt_runner *runner, tt_site *site)
{
    struct countdown countdown = {.loop = runner->loop, .turns_left = LAST_TURNS};

    cancel_all_tasks(runner, site);
    if (tt_exc_pending() || run_last_turns(&countdown, site) < 0)
        return -1;
    return tt_loop_shutdown_default_executor_at(site, runner->loop, EXECUTOR_TIMEOUT_NS);
}

int tt_runner_close_at(tt_site *site, tt_runner *runner)
{
    struct tt_exc_state state = {0}, *outer;
    tt_exc *exc, *outside;

    if (!runner || !runner->loop)
        return 0;
    TT_PRECOND("runner_close.not_running", site, !runner->loop->is_running);
    /* what is pending is what asyncio's `with Runner()` handles while it closes */
    outside = tt__exc_handle_outside(tt_exc_pending() ? tt_exc_pending() : tt_exc_caught());
    outer = tt__exc_state_enter(&state);
    if (shut_down(runner, site) < 0)
        assert(state.pending && "who raised finds it pending");
    exc = tt__exc_state_take(&state);
    tt__exc_state_enter(outer);
    tt__exc_handle_outside(outside);
    (void)tt_loop_close_at(site, runner->loop); /* it does not run: 0 */
    runner->loop = NULL;
    tt_context_unref(runner->context);
    runner->context = NULL;
    runner->is_closed = true;
    if (!exc)
        return 0;
    tt__exc_state_set(tt__exc_state_now(), exc);
    return -1;
}

int tt_runner_destroy_at(tt_site *site, tt_runner *runner)
{
    int rc = tt_runner_close_at(site, runner);

    free(runner);
    return rc;
}

/* ---------------------------------------------------------------------------------------------------------- the whole */

/* The exit status for SystemExit, as the interpreter takes it: a number, nothing, or a text for stderr. */
static int system_exit_status(const tt_exc *exc)
{
    const char *text = tt_exc_message(exc);
    char *end;
    long status;

    if (!tt_exc_has_text(exc))
        return 0;
    status = strtol(text, &end, 10);
    if (end > text && *end == '\0')
        return (int)(status & 0xff);
    fprintf(stderr, "%s\n", text);
    return 1;
}

static int exit_status(const tt_exc *exc)
{
    if (tt_exc_is(exc, &tt_SystemExit))
        return system_exit_status(exc);
    tt_exc_print(exc, stderr);
    return tt_exc_is(exc, &tt_KeyboardInterrupt) ? EXIT_INTERRUPTED : EXIT_FAILURE;
}

int tt_run_at(tt_site *site, tt_coro_fn *fn, void *arg, const struct tt_run_options *options)
{
    tt_runner *runner;
    tt_exc *exc;
    int status;

    if (tt__running_loop)
        tt_raise_at(site, &tt_RuntimeError, "asyncio.run() cannot be called from a running event loop");
    else if ((runner = tt_runner_create_at(site, options)) != NULL) {
        int rc = tt_runner_run_at(site, runner, NULL, fn, arg);

        if (tt_runner_destroy_at(site, runner) == 0 && rc == 0)
            return EXIT_SUCCESS;
    }
    exc = tt__exc_state_take(tt__exc_state_now());
    status = exit_status(exc);
    tt_exc_unref(exc);
    return status;
}
