/* threadsafe: the loop runs in a thread of its own, and the main thread submits coroutines to it.
 *
 * Who gets the failure of such a coroutine? The one who holds the thread-side future, and never the loop's exception
 * handler.
 *
 *   threadsafe                               the main thread waits for the result and gets the failure there
 *   threadsafe --dropped                     nobody keeps the thread-side future: the failure vanishes without a word
 *   threadsafe --callback                    a wrapper is submitted; it starts the job with a done-callback that
 *                                            raises: the handler hears of that, in the loop's thread
 *   threadsafe --callback-on-thread-future   such a callback on the thread-side future: what it raises is written to
 *                                            stderr, and the loop knows nothing of it
 */
#define _GNU_SOURCE 1 /* pthread_setname_np */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <telltale/telltale.h>

static pthread_t loop_thread;
static unsigned handler_calls; /* the loop's thread writes it; read after that has been joined */

static const char *thread_name(void)
{
    static __thread char name[16];

    return pthread_getname_np(pthread_self(), name, sizeof name) == 0 ? name : "?";
}

static int on_error(tt_loop *loop, const struct tt_handler_context *context, void *arg)
{
    char keys[128];

    (void)arg;
    handler_calls++;
    tt_handler_context_keys(context, keys, sizeof keys);
    printf("handler in %s: %s\n", thread_name(), tt_exc_message(context->exception));
    printf("  keys: %s\n", keys);
    tt_loop_stop(loop);
    return 0;
}

static int job(void *arg)
{
    (void)arg;
    if (tt_sleep(TT_MSEC(400)) < 0)
        return -1;
    printf("the job fails\n");
    return tt_raise(&tt_RuntimeError, "the job went wrong");
}

/* Passes time on the loop: ends after a job that was submitted before it, however slow the machine is. */
static int pass_time(void *arg)
{
    (void)arg;
    return tt_sleep(TT_MSEC(800));
}

/* ----------------------------------------------------------------------------- the loop's thread, from the main one */

static void *run_loop(void *loop)
{
    pthread_setname_np(pthread_self(), "loop-thread");
    if (tt_loop_run_forever(loop) < 0)
        tt_exc_print(tt_exc_pending(), stderr);
    return NULL;
}

static int stop(void *loop)
{
    tt_loop_stop(loop);
    return 0;
}

/* Stops the loop by the only call that another thread may make on one, and waits for its thread. */
static int stop_loop(tt_loop *loop)
{
    int rc = tt_loop_call_soon_threadsafe(loop, stop, loop);

    if (rc < 0)
        return tt_raise_errno(rc, "the loop cannot be stopped");
    pthread_join(loop_thread, NULL);
    return 0;
}

/* Waits for FUTURE and lets go of it. */
static int finish(tt_thread_future *future, void **out_value)
{
    int rc = future ? tt_thread_future_result(future, TT_NEVER, out_value) : -1;

    tt_thread_future_unref(future);
    return rc;
}

/* ---------------------------------------------------------------------------------------------------- the variants */

typedef int variant_fn(tt_loop *loop);

static int wait_for_job(tt_loop *loop)
{
    tt_thread_future *future = tt_run_coroutine_threadsafe(loop, job, NULL, NULL);
    tt_exc *error;
    int rc;

    if (!future)
        return -1;
    rc = tt_thread_future_result(future, TT_NEVER, NULL); /* blocks; raises here, in the main thread */
    if (rc < 0 && tt_catch(&tt_RuntimeError)) {
        printf("the result: %s\n", tt_exc_message(tt_exc_caught()));
        if (tt_thread_future_exception(future, 0, &error) == 0)
            printf("the exception is the same: %s\n", tt_exc_id(error) == tt_exc_id(tt_exc_caught()) ? "yes" : "no");
        rc = tt_catch_end();
    }
    tt_thread_future_unref(future);
    return rc < 0 ? -1 : stop_loop(loop);
}

static int drop_future(tt_loop *loop)
{
    tt_thread_future *future = tt_run_coroutine_threadsafe(loop, job, NULL, NULL);

    if (!future)
        return -1;
    tt_thread_future_unref(future);
    if (finish(tt_run_coroutine_threadsafe(loop, pass_time, NULL, NULL), NULL) < 0)
        return -1;
    return stop_loop(loop);
}

static int raise_again(tt_future *task, void *arg)
{
    tt_exc *error;

    (void)arg;
    if (tt_task_exception(task, &error) < 0)
        return -1;
    if (!error)
        return 0;
    printf("callback in %s: %s\n", thread_name(), tt_exc_message(error));
    return tt_raise_exc(error);
}

static int start_job(void *arg)
{
    tt_task *task = tt_create_task_named(job, NULL, "job");

    (void)arg;
    if (!task || tt_task_add_done_callback(task, raise_again, NULL) < 0)
        return -1;
    tt_task_unref(task);
    return tt_return("started", NULL);
}

static int submit_wrapper(tt_loop *loop)
{
    void *value;

    if (finish(tt_run_coroutine_threadsafe(loop, start_job, NULL, NULL), &value) < 0)
        return -1;
    pthread_join(loop_thread, NULL); /* the handler stops the loop */
    printf("the wrapper returned: %s\n", (const char *)value);
    return 0;
}

/* Runs in the loop's thread, which completes the future. */
static int raise_outside(tt_thread_future *future, void *arg)
{
    tt_exc *error;

    (void)arg;
    if (tt_thread_future_exception(future, 0, &error) < 0)
        return -1;
    if (!error)
        return 0;
    printf("callback in %s: %s\n", thread_name(), tt_exc_message(error));
    return tt_raise_exc(error);
}

static int watch_thread_future(tt_loop *loop)
{
    tt_thread_future *future = tt_run_coroutine_threadsafe(loop, job, NULL, NULL);

    if (!future || tt_thread_future_add_done_callback(future, raise_outside, NULL) < 0)
        return -1;
    tt_thread_future_unref(future);
    if (finish(tt_run_coroutine_threadsafe(loop, pass_time, NULL, NULL), NULL) < 0)
        return -1;
    printf("the loop runs on: %s\n", tt_loop_is_running(loop) ? "yes" : "no");
    return stop_loop(loop);
}

/* ------------------------------------------------------------------------------------------------------------ main */

/* Runs VARIANT in this thread while the loop runs in another one. */
static int run_beside_loop(variant_fn *variant)
{
    tt_loop *loop = tt_loop_create();
    int rc;

    if (!loop)
        return -1;
    tt_loop_set_exception_handler(loop, on_error, NULL);
    rc = pthread_create(&loop_thread, NULL, run_loop, loop);
    if (rc != 0)
        return tt_raise_errno(rc, "no thread for the loop");
    if (variant(loop) < 0 || tt_loop_close(loop) < 0)
        return -1;
    printf("handler calls: %u\n", handler_calls);
    return 0;
}

int main(int argc, char **argv)
{
    variant_fn *variant = NULL;

    if (argc == 1)
        variant = wait_for_job;
    else if (argc == 2 && strcmp(argv[1], "--dropped") == 0)
        variant = drop_future;
    else if (argc == 2 && strcmp(argv[1], "--callback") == 0)
        variant = submit_wrapper;
    else if (argc == 2 && strcmp(argv[1], "--callback-on-thread-future") == 0)
        variant = watch_thread_future;
    if (!variant) {
        fprintf(stderr, "usage: %s [--dropped | --callback | --callback-on-thread-future]\n", argv[0]);
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0); /* also through a pipe, what stderr says stands where it belongs */
    if (run_beside_loop(variant) < 0) {
        tt_exc_print(tt_exc_pending(), stderr);
        return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
}
