/* ends: a program that ends, with a failure in its hands that nobody has read, a task that sleeps, and one that answers its cancellation with a
 * failure:
 *
 *     ends return|exit|_exit|pthread_exit|atexit|thread|abort
 *     ends overflow recursion|frame default|large|thread      a task uses up its stack: of the usual size, of 512 KiB, on another thread
 */
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <telltale/telltale.h>

#define QUICK_TASKS 100

static char **arguments;
static tt_task *held, *pending, *stubborn;

static int fail(void *arg)
{
    (void)arg;
    return tt_raise(&tt_ValueError, "nobody has read it");
}

static int sleep_on(void *arg)
{
    (void)arg;
    return tt_sleep(TT_SEC(3600));
}

static int answer_with_a_failure(void *arg)
{
    (void)arg;
    if (tt_sleep(TT_SEC(3600)) < 0 && tt_catch(&tt_CancelledError)) {
        (void)tt_raise(&tt_RuntimeError, "not now");
        return tt_catch_end();
    }
    return 0;
}

static int be_quick(void *arg)
{
    (void)arg;
    return tt_sleep(0);
}

/* ------------------------------------------------------------------------------------------------------- overflows */

static volatile int depth_max = INT32_MAX;

static __attribute__((noinline)) int recurse(int depth)
{
    volatile char frame[1024];
    if (depth == depth_max)
        return 0;
    frame[0] = (char)depth;
    return recurse(depth + 1) + frame[0];
}

static __attribute__((noinline)) int take_a_mebibyte(void)
{
    volatile char frame[1 << 20];
    frame[0] = 1;
    return frame[0];
}

static int overflow(void *arg)
{
    (void)arg;
    if (tt_sleep(0) < 0)
        return -1;
    return strcmp(arguments[2], "recursion") == 0 ? recurse(0) : take_a_mebibyte();
}

/* -------------------------------------------------------------------------------------------------------------- ends */

static void *exit_process(void *arg)
{
    (void)arg;
    exit(0);
}

static void release_held(void)
{
    tt_task_unref(held);
}

static int end(void)
{
    const char *how = arguments[1];
    pthread_t thread;
    if (strcmp(how, "exit") == 0)
        exit(0);
    if (strcmp(how, "_exit") == 0)
        _exit(0);
    if (strcmp(how, "abort") == 0)
        abort();
    if (strcmp(how, "thread") == 0) {
        if (pthread_create(&thread, NULL, exit_process, NULL) != 0)
            return tt_raise(&tt_RuntimeError, "no thread");
        return tt_sleep(TT_SEC(3600));
    }
    if (strcmp(how, "overflow") == 0) {
        struct tt_task_options options = {.name = "greedy",
                                          .stack_bytes = strcmp(arguments[3], "large") == 0 ? 512 * 1024 : 0};
        return tt_await(tt_create_task_with(overflow, NULL, &options));
    }
    return 0;
}

static int app(void *arg)
{
    (void)arg;
    held = tt_create_task_with(fail, NULL, &(struct tt_task_options){.name = "held"});
    pending = tt_create_task_with(sleep_on, NULL, &(struct tt_task_options){.name = "pending"});
    stubborn = tt_create_task_with(answer_with_a_failure, NULL, &(struct tt_task_options){.name = "stubborn"});
    for (int i = 0; i < QUICK_TASKS; i++) {
        tt_task *task = tt_create_task(be_quick, NULL);
        if (tt_await(task) < 0)
            return -1;
        tt_task_unref(task);
    }
    return end();
}

static void *run_on_thread(void *arg)
{
    (void)arg;
    return (void *)(intptr_t)tt_run(app, NULL);
}

int main(int argc, char **argv)
{
    const struct rlimit none = {0, 0};
    pthread_t thread;
    setrlimit(RLIMIT_CORE, &none);
    if (argc < 2 || (strcmp(argv[1], "overflow") == 0 && argc != 4))
        return 2;
    arguments = argv;
    if (argc == 4 && strcmp(argv[3], "thread") == 0)
        return pthread_create(&thread, NULL, run_on_thread, NULL) == 0 && pthread_join(thread, NULL) == 0 ? 0 : 1;
    if (strcmp(argv[1], "atexit") == 0)
        atexit(release_held);
    int status = tt_run(app, NULL);
    if (strcmp(argv[1], "pthread_exit") == 0)
        pthread_exit(NULL);
    return status < 0 ? 1 : 0;
}
