/* graceful_shutdown: end a program that has tasks at work. A task called "shutdown" cancels all others, waits until
 * they have cleaned up, and stops the loop. What starts it differs:
 *
 *   graceful_shutdown                 a signal: SIGHUP, SIGTERM and SIGINT are tried one after the other
 *   graceful_shutdown --handler       the loop's exception handler, because a task failed that nobody held
 *   graceful_shutdown --orphan        the same, and there is no failure: a task was destroyed while it waited, because
 *                                     the loop that it belonged to was closed
 *   graceful_shutdown --bad-cleanup   SIGTERM; but a task fails in its cleanup, and the shutdown does not look at what
 *                                     it gathered: the program ends as if nothing had happened
 */
#define _GNU_SOURCE 1 /* sigabbrev_np */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <telltale/telltale.h>

enum { WORKER_COUNT = 3 };

static const char *const worker_names[WORKER_COUNT] = {"worker-1", "worker-2", "worker-3"};

/* ---------------------------------------------------------------------------------------------------- the shutdown */

/* All tasks but the running one. Sets *OUT_TASKS to an array for tt_tasks_free; returns their number, or -1. */
static int take_other_tasks(tt_task ***out_tasks)
{
    tt_task **tasks;
    int count = tt_all_tasks(NULL, &tasks), others = 0;

    for (int i = 0; i < count; i++) {
        if (tasks[i] == tt_current_task())
            tt_task_unref(tasks[i]);
        else
            tasks[others++] = tasks[i];
    }
    if (count < 0)
        return -1;
    *out_tasks = tasks;
    return others;
}

static void print_gathered(tt_future *all)
{
    tt_exc *error;

    for (size_t i = 0; i < tt_gather_count(all); i++)
        if (tt_gather_slot(all, i, NULL, &error) == 0)
            printf("  task %zu ended with %s\n", i + 1, error ? tt_exc_type_of(error)->name : "a value");
}

/* Cancels all others and waits for them. LOOKS: whether it looks at how they ended. */
static int cancel_others(bool looks)
{
    tt_task **tasks;
    int count = take_other_tasks(&tasks), rc;
    tt_future *all;

    if (count < 0)
        return -1;
    for (int i = 0; i < count; i++)
        tt_task_cancel(tasks[i], NULL);
    printf("cancelled %d tasks\n", count);
    /* true: what the tasks raise comes as values, and is no failure of the gather. */
    all = tt_gather(tasks, (size_t)count, true);
    rc = tt_await(all);
    if (rc == 0 && looks)
        print_gathered(all);
    tt_future_unref(all);
    tt_tasks_free(tasks, count);
    return rc;
}

static int shut_down(void *arg)
{
    const int *signal_number = arg;
    int rc;

    if (signal_number)
        printf("SIG%s: shutting down\n", sigabbrev_np(*signal_number));
    rc = cancel_others(signal_number != NULL);
    tt_loop_stop(NULL);
    return rc;
}

/* A signal handler of the loop is an ordinary callback: it may print, allocate, create tasks. */
static int start_shutdown(void *signal_number)
{
    const struct tt_task_options options = {.name = "shutdown"};

    return tt_spawn_with(shut_down, signal_number, &options);
}

static int raise_signal(void *signal_number)
{
    kill(getpid(), *(int *)signal_number);
    return 0;
}

/* ------------------------------------------------------------------------------------------------------- by signal */

static int work(void *arg)
{
    (void)arg;
    while (tt_sleep(TT_MSEC(50)) == 0)
        continue;
    return -1; /* cancelled: the exception is pending, and whoever has nothing to clean up passes it on */
}

/* A loop with three workers, which SIGNAL_NUMBER ends after 200 ms. */
static int run_until_signal(int *signal_number)
{
    static int caught[] = {SIGHUP, SIGTERM, SIGINT};
    tt_task *workers[WORKER_COUNT];
    tt_loop *loop = tt_loop_create();
    bool all_cancelled = true;

    if (!loop)
        return -1;
    for (size_t i = 0; i < sizeof caught / sizeof *caught; i++)
        if (tt_loop_add_signal_handler(loop, caught[i], start_shutdown, &caught[i]) < 0)
            return -1;
    for (int i = 0; i < WORKER_COUNT; i++) {
        const struct tt_task_options options = {.loop = loop, .name = worker_names[i]};

        workers[i] = tt_create_task_with(work, NULL, &options);
    }
    if (tt_loop_call_later(loop, TT_MSEC(200), raise_signal, signal_number, NULL) < 0 || tt_loop_run_forever(loop) < 0)
        return -1;
    for (int i = 0; i < WORKER_COUNT; i++) {
        all_cancelled = all_cancelled && tt_task_cancelled(workers[i]);
        tt_task_unref(workers[i]);
    }
    printf("all were cancelled: %s\n", all_cancelled ? "yes" : "no");
    return tt_loop_close(loop);
}

static int run_signals(void)
{
    static int signals[] = {SIGHUP, SIGTERM, SIGINT};

    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        if (run_until_signal(&signals[i]) < 0)
            return -1;
    return 0;
}

/* ----------------------------------------------------------------------------------------- by the exception handler */

static int on_error(tt_loop *loop, const struct tt_handler_context *context, void *arg)
{
    const struct tt_task_options options = {.name = "shutdown"}; /* in the running loop, whichever told this */
    char keys[128];

    (void)loop;
    (void)arg;
    tt_handler_context_keys(context, keys, sizeof keys);
    printf("handler: %s (keys: %s)\n", context->exception ? tt_exc_message(context->exception) : context->message,
           keys);
    return tt_spawn_with(shut_down, NULL, &options);
}

static int work_and_say(void *name)
{
    while (tt_sleep(TT_MSEC(50)) == 0)
        continue;
    if (tt_catch(&tt_CancelledError)) {
        printf("%s is cancelled\n", (const char *)name);
        tt_reraise(); /* without this the task would have swallowed its cancellation */
        return tt_catch_end();
    }
    return -1;
}

static int fail(void *arg)
{
    (void)arg;
    if (tt_sleep(TT_MSEC(200)) < 0)
        return -1;
    return tt_raise(&tt_OSError, "the disk has vanished");
}

static int run_handler(void)
{
    tt_loop *loop = tt_loop_create();
    struct tt_task_options options = {.loop = loop};

    if (!loop)
        return -1;
    tt_loop_set_exception_handler(loop, on_error, NULL);
    for (int i = 0; i < WORKER_COUNT; i++) {
        options.name = worker_names[i];
        if (tt_spawn_with(work_and_say, (void *)worker_names[i], &options) < 0)
            return -1;
    }
    options.name = "fails";
    if (tt_spawn_with(fail, NULL, &options) < 0 || tt_loop_run_forever(loop) < 0)
        return -1;
    return tt_loop_close(loop);
}

/* ------------------------------------------------------------------------------------------- a task without a loop */

static int wait_for_nothing(void *future)
{
    return tt_await(future);
}

static int stop(void *loop)
{
    tt_loop_stop(loop);
    return 0;
}

static int close_loop(void *loop)
{
    return tt_loop_close(loop);
}

/* Another loop, which has run and stopped, with a task that waits for something that nobody else can reach. */
static tt_loop *create_loop_with_orphan(void)
{
    tt_loop *loop = tt_loop_create();
    tt_future *never = loop ? tt_create_future(loop) : NULL;
    struct tt_task_options options = {.loop = loop, .name = "orphan"};

    if (!never)
        return NULL;
    tt_loop_set_exception_handler(loop, on_error, NULL);
    if (tt_spawn_with(wait_for_nothing, never, &options) < 0 || tt_loop_call_soon(loop, stop, loop, NULL) < 0 ||
        tt_loop_run_forever(loop) < 0)
        return NULL;
    tt_future_unref(never);
    return loop;
}

static int run_orphan(void)
{
    tt_loop *other = create_loop_with_orphan(), *loop = tt_loop_create();
    struct tt_task_options options = {.loop = loop, .name = worker_names[0]};

    if (!other || !loop || tt_spawn_with(work_and_say, (void *)worker_names[0], &options) < 0 ||
        tt_loop_call_later(loop, TT_MSEC(200), close_loop, other, NULL) < 0 || tt_loop_run_forever(loop) < 0)
        return -1;
    return tt_loop_close(loop);
}

/* -------------------------------------------------------------------------------------- a cleanup that goes wrong */

static int work_and_fail_in_cleanup(void *arg)
{
    (void)arg;
    while (tt_sleep(TT_MSEC(50)) == 0)
        continue;
    tt_cleanup_begin(); /* puts the cancellation aside; what is raised now takes its place */
    printf("the cleanup fails\n");
    tt_raise(&tt_ValueError, "cannot clean up");
    return tt_cleanup_end();
}

static int start_blind_shutdown(void *arg)
{
    const struct tt_task_options options = {.name = "shutdown"};

    (void)arg;
    printf("SIGTERM: shutting down\n");
    return tt_spawn_with(shut_down, NULL, &options);
}

static int run_bad_cleanup(void)
{
    static int signal_number = SIGTERM;
    tt_loop *loop = tt_loop_create();
    struct tt_task_options options = {.loop = loop};

    if (!loop || tt_loop_add_signal_handler(loop, SIGTERM, start_blind_shutdown, NULL) < 0)
        return -1;
    tt_loop_set_exception_handler(loop, on_error, NULL); /* never called */
    options.name = "good-worker";
    if (tt_spawn_with(work, NULL, &options) < 0)
        return -1;
    options.name = "bad-worker";
    if (tt_spawn_with(work_and_fail_in_cleanup, NULL, &options) < 0)
        return -1;
    if (tt_loop_call_later(loop, TT_MSEC(200), raise_signal, &signal_number, NULL) < 0 || tt_loop_run_forever(loop) < 0)
        return -1;
    return tt_loop_close(loop);
}

int main(int argc, char **argv)
{
    int (*run)(void) = NULL;

    if (argc == 1)
        run = run_signals;
    else if (argc == 2 && strcmp(argv[1], "--handler") == 0)
        run = run_handler;
    else if (argc == 2 && strcmp(argv[1], "--orphan") == 0)
        run = run_orphan;
    else if (argc == 2 && strcmp(argv[1], "--bad-cleanup") == 0)
        run = run_bad_cleanup;
    if (!run) {
        fprintf(stderr, "usage: %s [--handler | --orphan | --bad-cleanup]\n", argv[0]);
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0); /* also through a pipe, what stderr says stands where it belongs */
    if (run() < 0) {
        tt_exc_print(tt_exc_pending(), stderr);
        return EXIT_FAILURE;
    }
    printf("end\n");
    return EXIT_SUCCESS;
}
