/* exception_handler: three tasks fail, and nobody awaits them. When does the loop's exception handler hear of it?
 *
 * When the last handle of a failed task goes, and not before: a handle that is kept keeps the failure silent.
 *
 *   exception_handler                    two handles are kept, the third is released at once: the handler hears of the
 *                                        third while the loop runs, and of the others when they are released at the end
 *   exception_handler --all-kept         all three are kept until the program is gone: the handler hears of none
 *   exception_handler --released-later   a task releases them: the handler is called inside of each release
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <telltale/telltale.h>

enum { JOB_COUNT = 3 };

static int numbers[JOB_COUNT] = {1, 2, 3};
static const char *const names[JOB_COUNT] = {"job-1", "job-2", "job-3"};
static tt_task *held[JOB_COUNT];
static unsigned handler_calls;

/* The loop's exception handler. Everything in CONTEXT is borrowed; what there is nothing of is NULL. */
static int on_error(tt_loop *loop, const struct tt_handler_context *context, void *arg)
{
    (void)arg;
    handler_calls++;
    printf("handler: %s: %s\n", context->message, tt_exc_message(context->exception));
    tt_loop_stop(loop);
    return 0;
}

static int job(void *arg)
{
    int number = *(int *)arg;

    if (tt_sleep(TT_MSEC(100) * number) < 0)
        return -1;
    printf("job %d fails\n", number);
    return tt_raise(&tt_RuntimeError, "job %d went wrong", number);
}

static const char *yes_or_no(bool is_yes)
{
    return is_yes ? "yes" : "no";
}

/* ---------------------------------------------------------------------------------------------------- the variants */

/* In all of them a creation that fails leaves its exception pending, and the run then returns -1 at once: one check. */

typedef int variant_fn(tt_loop *loop);

static int keep_two(tt_loop *loop)
{
    struct tt_task_options options = {.loop = loop};
    tt_task *first, *second, *third;

    options.name = names[0];
    first = tt_create_task_with(job, &numbers[0], &options);
    options.name = names[1];
    second = tt_create_task_with(job, &numbers[1], &options);
    options.name = names[2];
    third = tt_create_task_with(job, &numbers[2], &options);
    tt_task_unref(third); /* the task lives on; tt_spawn would have given no handle to begin with */

    if (tt_loop_run_forever(loop) < 0)
        return -1;
    printf("stopped; job 1 is done: %s, job 2 is done: %s\n", yes_or_no(tt_task_done(first)),
           yes_or_no(tt_task_done(second)));
    if (tt_loop_close(loop) < 0)
        return -1;
    tt_task_unref(first); /* the handler is called, although the loop is closed */
    tt_task_unref(second);
    return 0;
}

static int start_and_hold_all(tt_loop *loop)
{
    for (int i = 0; i < JOB_COUNT; i++) {
        struct tt_task_options options = {.loop = loop, .name = names[i]};

        held[i] = tt_create_task_with(job, &numbers[i], &options);
        if (!held[i])
            return -1;
    }
    return 0;
}

/* Ends the run that the handler does not end. */
static int stop_later(void *arg)
{
    (void)arg;
    if (tt_sleep(TT_MSEC(600)) < 0)
        return -1;
    tt_loop_stop(NULL);
    return 0;
}

static int keep_all(tt_loop *loop)
{
    const struct tt_task_options options = {.loop = loop, .name = "stop"};
    bool all_done = true;

    if (start_and_hold_all(loop) < 0 || tt_spawn_with(stop_later, NULL, &options) < 0 || tt_loop_run_forever(loop) < 0)
        return -1;
    for (int i = 0; i < JOB_COUNT; i++)
        all_done = all_done && tt_task_done(held[i]);
    printf("stopped by a task; all are done: %s; handler calls: %u\n", yes_or_no(all_done), handler_calls);
    return tt_loop_close(loop); /* and the handles stay where they are */
}

static int release_all(void *arg)
{
    static const int order[JOB_COUNT] = {1, 0, 2};

    (void)arg;
    if (tt_sleep(TT_MSEC(500)) < 0)
        return -1;
    for (int i = 0; i < JOB_COUNT; i++) {
        printf("releasing job %d\n", numbers[order[i]]);
        tt_task_unref(held[order[i]]);
    }
    printf("all are released\n");
    return 0;
}

static int release_later(tt_loop *loop)
{
    const struct tt_task_options options = {.loop = loop, .name = "release"};

    if (start_and_hold_all(loop) < 0 || tt_spawn_with(release_all, NULL, &options) < 0 || tt_loop_run_forever(loop) < 0)
        return -1;
    return tt_loop_close(loop);
}

int main(int argc, char **argv)
{
    variant_fn *run = NULL;
    tt_loop *loop;

    if (argc == 1)
        run = keep_two;
    else if (argc == 2 && strcmp(argv[1], "--all-kept") == 0)
        run = keep_all;
    else if (argc == 2 && strcmp(argv[1], "--released-later") == 0)
        run = release_later;
    if (!run) {
        fprintf(stderr, "usage: %s [--all-kept | --released-later]\n", argv[0]);
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0); /* also through a pipe, what stderr says stands where it belongs */
    loop = tt_loop_create();
    if (loop)
        tt_loop_set_exception_handler(loop, on_error, NULL);
    if (!loop || run(loop) < 0) {
        tt_exc_print(tt_exc_pending(), stderr);
        return EXIT_FAILURE;
    }
    printf("end\n");
    return EXIT_SUCCESS;
}
