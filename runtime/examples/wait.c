/* wait: the same three downloads, one of which fails, waited for in each way that returns before all is over.
 *
 *   wait              one after the other as they are done, by waiting for the rest again and again
 *   wait --exception  until the first failure; what goes on is cancelled, and the failure is read
 *   wait --unread     the same, and nobody reads the failure: wait has read it, so that nothing is reported
 *   wait --timeout    for 150 ms: no error, the slow one is told apart from the others
 *   wait --completed  as_completed with a timeout: each as it is done, the slow one is a TimeoutError
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <telltale/telltale.h>

enum { COUNT = 3 };

static const struct download {
    const char *name;
    int64_t duration_ns;
    bool fails;
} downloads[COUNT] = {{"slow", TT_MSEC(300), false}, {"quick", TT_MSEC(50), false}, {"broken", TT_MSEC(100), true}};

static int run(void *arg)
{
    const struct download *download = arg;

    if (tt_sleep(download->duration_ns) < 0)
        return -1;
    if (download->fails)
        return tt_raise(&tt_RuntimeError, "%s: no such file", download->name);
    return tt_return((void *)download->name, NULL);
}

/* Reads what TASK ended with. */
static int read_end(tt_task *task)
{
    if (tt_task_result(task, NULL) == 0) {
        printf("%s: done\n", tt_task_name(task));
        return 0;
    }
    if (!tt_catch(&tt_RuntimeError))
        return -1;
    printf("%s: failed, %s\n", tt_task_name(task), tt_exc_message(tt_exc_caught()));
    return tt_catch_end();
}

static int wait_again_and_again(tt_task **tasks)
{
    size_t count = COUNT, done_count;

    while (count > 0) {
        if (tt_wait(tasks, count, TT_FIRST_COMPLETED, TT_NEVER, &done_count) < 0)
            return -1;
        for (; done_count > 0; done_count--, count--)
            if (read_end(*tasks++) < 0)
                return -1;
    }
    return 0;
}

static int wait_for_exception(tt_task **tasks, bool reads)
{
    size_t done_count;

    if (tt_wait(tasks, COUNT, TT_FIRST_EXCEPTION, TT_NEVER, &done_count) < 0)
        return -1;
    printf("%zu are done\n", done_count);
    for (size_t i = 0; reads && i < done_count; i++)
        if (read_end(tasks[i]) < 0)
            return -1;
    for (size_t i = done_count; i < COUNT; i++)
        tt_task_cancel(tasks[i], NULL);
    return tt_sleep(0);
}

static int wait_with_timeout(tt_task **tasks)
{
    size_t done_count;

    if (tt_wait(tasks, COUNT, TT_ALL_COMPLETED, TT_MSEC(150), &done_count) < 0)
        return -1;
    for (size_t i = 0; i < done_count; i++)
        if (read_end(tasks[i]) < 0)
            return -1;
    for (size_t i = done_count; i < COUNT; i++)
        printf("%s: takes too long\n", tt_task_name(tasks[i]));
    return 0;
}

/* Handles what awaiting one of them raised. */
static int tell_failure(void)
{
    if (tt_catch(&tt_TimeoutError))
        printf("one takes too long\n");
    else if (tt_catch(&tt_RuntimeError))
        printf("one failed, %s\n", tt_exc_message(tt_exc_caught()));
    else
        return -1;
    return tt_catch_end();
}

static int iterate(tt_task **tasks)
{
    tt_as_completed *iterator = tt_as_completed_create(tasks, COUNT, TT_MSEC(150));
    tt_future *next = NULL;
    int rc;

    while ((rc = tt_as_completed_awaitable(iterator, &next)) > 0) {
        void *name = NULL;

        if (tt_await(next) == 0 && tt_future_result(next, &name) == 0)
            printf("%s: done\n", (const char *)name);
        else if (tell_failure() < 0)
            rc = -1;
        tt_future_unref(next);
        if (rc < 0)
            break;
    }
    tt_as_completed_destroy(iterator);
    return rc;
}

static int app(void *mode)
{
    tt_task *tasks[COUNT];
    int rc;

    for (int i = 0; i < COUNT; i++)
        tasks[i] = tt_create_task_named(run, (void *)&downloads[i], downloads[i].name);
    if (strcmp(mode, "--exception") == 0 || strcmp(mode, "--unread") == 0)
        rc = wait_for_exception(tasks, strcmp(mode, "--exception") == 0);
    else if (strcmp(mode, "--timeout") == 0)
        rc = wait_with_timeout(tasks);
    else if (strcmp(mode, "--completed") == 0)
        rc = iterate(tasks);
    else
        rc = wait_again_and_again(tasks);
    for (int i = 0; i < COUNT; i++)
        tt_task_unref(tasks[i]);
    return rc;
}

int main(int argc, char **argv)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    return tt_run(app, argc > 1 ? argv[1] : "");
}
