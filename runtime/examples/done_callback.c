/* done_callback: a function that is called when a task is done gets to know how it ended.
 *
 *   done_callback           the callback raises the task's exception again, which is how it gets to the loop's
 *                           exception handler: as the failure of a callback, not as that of a task
 *   done_callback --await   the callback handles the failure; whoever awaits the task gets it as well, and afterwards
 *   done_callback --bare    the same, and nobody catches it where the task is awaited: although the callback dealt with
 *                           the failure, the program ends by it
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <telltale/telltale.h>

/* ----------------------------------------------------------------------------------------- a callback that raises */

static int on_error(tt_loop *loop, const struct tt_handler_context *context, void *arg)
{
    char keys[128];

    (void)arg;
    tt_handler_context_keys(context, keys, sizeof keys);
    printf("handler: %s\n", tt_exc_message(context->exception));
    printf("  message: %s\n", context->message);
    printf("  keys: %s\n", keys);
    tt_loop_stop(loop);
    return 0;
}

static int job(void *arg)
{
    (void)arg;
    if (tt_sleep(TT_MSEC(200)) < 0)
        return -1;
    printf("the job fails\n");
    return tt_raise(&tt_RuntimeError, "the job went wrong");
}

static int when_done(tt_future *task, void *arg)
{
    tt_exc *error;

    (void)arg;
    if (tt_task_exception(task, &error) < 0)
        return -1; /* it was cancelled */
    if (!error)
        return 0;
    printf("callback: %s\n", tt_exc_message(error));
    return tt_raise_exc(error);
}

static int raise_in_callback(void)
{
    tt_loop *loop = tt_loop_create();
    struct tt_task_options options = {.loop = loop, .name = "job"};
    tt_task *task;

    if (!loop)
        return -1;
    tt_loop_set_exception_handler(loop, on_error, NULL);
    task = tt_create_task_with(job, NULL, &options);
    if (!task || tt_task_add_done_callback(task, when_done, NULL) < 0)
        return -1;
    tt_task_unref(task);
    if (tt_loop_run_forever(loop) < 0 || tt_loop_close(loop) < 0)
        return -1;
    printf("end\n");
    return 0;
}

/* ------------------------------------------------------------------------------- a callback beside an awaiting task */

static int fail_at_once(void *arg)
{
    (void)arg;
    return tt_raise(&tt_ValueError, "as arranged");
}

static int note_end(tt_future *task, void *arg)
{
    bool *is_seen = arg;
    int rc = tt_task_result(task, NULL);

    printf("callback runs\n");
    *is_seen = true;
    if (rc < 0 && tt_catch(&tt_ValueError)) {
        printf("callback: %s\n", tt_exc_message(tt_exc_caught()));
        rc = tt_catch_end();
    }
    return rc;
}

static int await_too(void *arg)
{
    bool is_seen = false;
    char repr[64];
    tt_task *task;
    int rc;

    (void)arg;
    printf("starting the job\n");
    task = tt_create_task_named(fail_at_once, NULL, "job");
    if (!task || tt_task_add_done_callback(task, note_end, &is_seen) < 0)
        return -1;
    rc = tt_await(task); /* this task was registered after the callback, so it goes on after it */
    if (rc < 0 && tt_catch(&tt_Exception)) {
        printf("awaiter: %s; the callback came first: %s\n", tt_exc_message(tt_exc_caught()), is_seen ? "yes" : "no");
        rc = tt_catch_end();
    }
    tt_exc_repr(tt_future_peek(task), repr, sizeof repr);
    printf("done: %s, cancelled: %s, exception: %s\n", tt_task_done(task) ? "yes" : "no",
           tt_task_cancelled(task) ? "yes" : "no", repr);
    tt_task_unref(task);
    return rc;
}

static int print_failure(tt_future *task, void *arg)
{
    tt_exc *error;

    (void)arg;
    if (tt_task_exception(task, &error) < 0)
        return -1;
    printf("callback: %s\n", tt_exc_message(error));
    return 0;
}

static int await_bare(void *arg)
{
    tt_task *task;
    int rc;

    (void)arg;
    task = tt_create_task_named(fail_at_once, NULL, "job");
    if (!task || tt_task_add_done_callback(task, print_failure, NULL) < 0)
        return -1;
    rc = tt_await(task);
    tt_task_unref(task);
    return rc;
}

int main(int argc, char **argv)
{
    setvbuf(stdout, NULL, _IOLBF, 0); /* also through a pipe, what stderr says stands where it belongs */
    if (argc == 2 && strcmp(argv[1], "--await") == 0)
        return tt_run(await_too, NULL);
    if (argc == 2 && strcmp(argv[1], "--bare") == 0)
        return tt_run(await_bare, NULL);
    if (argc != 1) {
        fprintf(stderr, "usage: %s [--await | --bare]\n", argv[0]);
        return 2;
    }
    if (raise_in_callback() < 0) {
        tt_exc_print(tt_exc_pending(), stderr);
        return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
}
