/* lints.c: a program that does what a lint is about, or what is nearly that: lints NAME. For test_lints.sh. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <telltale/telltale.h>

/* As the runtime has it: sanitizers get more. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define DEEP_STACK (256u * 1024)
#else
#define DEEP_STACK (64u * 1024)
#endif

enum { MANY = 150, STEPS = 2000, LONG_US = 300000 };

static tt_task *circle[2];
static tt_event *event;

static int exit_now(void *arg)
{
    (void)arg;
    _exit(0); /* no goodbye, and nothing is released: what waits, waits */
}

static int block(void *arg)
{
    (void)arg;
    usleep(LONG_US);
    return 0;
}

static int block_in_two_steps(void *arg)
{
    return tt_sleep(0) < 0 ? -1 : block(arg);
}

/* Uses that much of its stack: the volatile bytes are really there. */
static __attribute__((noinline)) int fill(size_t bytes)
{
    volatile char room[1024];

    memset((char *)room, 1, sizeof room);
    return bytes > sizeof room + 512 ? fill(bytes - sizeof room) + room[0] : room[1];
}

static int use_much(void *arg)
{
    return fill((size_t)(uintptr_t)arg) < 0 ? -1 : 0;
}

static int turn_once(void *arg)
{
    (void)arg;
    return tt_sleep(0);
}

static int sleep_long(void *arg)
{
    (void)arg;
    return tt_sleep(TT_SEC(1000));
}

static int sleep_for_a_moment(void *arg)
{
    (void)arg;
    return tt_sleep(TT_USEC(LONG_US));
}

static int clean_up_slowly(void *arg)
{
    if (sleep_long(arg) < 0 && tt_catch(&tt_CancelledError)) {
        if (tt_sleep(TT_USEC(LONG_US)) < 0)
            return -1;
        tt_raise_exc(tt_exc_caught());
        return tt_catch_end();
    }
    return -1;
}

static int await_the_other(void *arg)
{
    return tt_await(circle[arg == NULL]);
}

static int await_the_other_for_a_while(void *arg)
{
    return tt_with_timeout(TT_SEC(1000), await_the_other, arg);
}

static int wait_for_the_event(void *arg)
{
    (void)arg;
    return tt_event_wait(event);
}

static int take_turns(void *arg)
{
    for (int i = 0; i < STEPS; i++)
        if (tt_sleep(arg ? TT_USEC(200) : 0) < 0)
            return -1;
    return 0;
}

static int fail(void *arg)
{
    (void)arg;
    return tt_raise(&tt_ValueError, "on purpose");
}

/* What was raised is handled. */
static int forgive(int rc)
{
    return rc < 0 && tt_catch(&tt_BaseException) ? tt_catch_end() : rc;
}

static int fail_and_let_go(bool look)
{
    tt_task *task = tt_create_task(fail, NULL);
    int rc = look ? forgive(tt_await(task)) : tt_sleep(TT_MSEC(1));

    tt_task_unref(task);
    return rc;
}

static int gather_failures(bool look)
{
    tt_task *tasks[] = {tt_create_task(fail, NULL), tt_create_task(turn_once, NULL)};
    tt_future *all = tt_gather(tasks, 2, true);
    int rc = tt_await(all);
    tt_exc *exc;

    if (look && rc == 0)
        rc = tt_gather_slot(all, 0, NULL, &exc);
    tt_future_unref(all);
    tt_task_unref(tasks[0]);
    tt_task_unref(tasks[1]);
    return rc;
}

/* The task is held for ever. */
static int hold_failure(bool look)
{
    tt_task *task = tt_create_task(fail, NULL);
    tt_exc *exc;

    if (tt_sleep(TT_MSEC(1)) < 0 || (look && tt_future_exception(task, &exc) < 0))
        return -1;
    return sleep_long(NULL);
}

static int swallow(void *uncancels)
{
    int rc = forgive(sleep_long(NULL));

    if (uncancels)
        tt_task_uncancel(tt_current_task());
    return rc;
}

static int swallow_cancellation(bool uncancels)
{
    tt_task *task = tt_create_task(swallow, uncancels ? &event : NULL);
    int rc = tt_sleep(TT_MSEC(1));

    tt_task_cancel(task, NULL);
    rc = tt_await(task) < 0 ? -1 : rc;
    tt_task_unref(task);
    return rc;
}

static int enter(void *exits)
{
    tt_timeout *timeout = tt_timeout_enter(TT_NEVER);

    return exits ? tt_timeout_exit(timeout, 0) : timeout ? 0 : -1;
}

/* A task of FN, awaited. */
static int run(tt_coro_fn *fn, void *arg)
{
    tt_task *task = tt_create_task(fn, arg);
    int rc = tt_await(task);

    tt_task_unref(task);
    return rc;
}

static int run_and_cancel(tt_coro_fn *fn)
{
    tt_task *task = tt_create_task(fn, NULL);
    int rc = tt_sleep(TT_MSEC(1));

    tt_task_cancel(task, NULL);
    if (rc == 0 && tt_await(task) < 0 && tt_catch(&tt_CancelledError))
        rc = tt_catch_end();
    tt_task_unref(task);
    return rc;
}

/* Two tasks of FN, and the process ends after a while. */
static int run_two_and_exit(tt_coro_fn *first, tt_coro_fn *second)
{
    circle[0] = tt_create_task_named(first, NULL, "left");
    circle[1] = tt_create_task_named(second, circle, "right");
    if (tt_loop_call_later(NULL, TT_USEC(LONG_US), exit_now, NULL, NULL) < 0)
        return -1;
    return tt_await(circle[0]);
}

/* Two tasks that await each other, until one of them is cancelled. */
static int break_circle(void)
{
    int rc;

    circle[0] = tt_create_task_named(await_the_other, NULL, "left");
    circle[1] = tt_create_task_named(await_the_other, circle, "right");
    rc = tt_sleep(TT_MSEC(20));
    tt_task_cancel(circle[1], "enough");
    for (int i = 0; i < 2; i++) {
        if (rc == 0 && tt_await(circle[i]) < 0 && tt_catch(&tt_CancelledError))
            rc = tt_catch_end();
        tt_task_unref(circle[i]);
    }
    return rc;
}

static int run_many(tt_coro_fn *fn, bool at_once)
{
    tt_task *tasks[MANY];
    int rc = 0;

    for (int i = 0; i < MANY; i++) {
        tasks[i] = tt_create_task(fn, NULL);
        if (!at_once && rc == 0)
            rc = tt_await(tasks[i]);
    }
    for (int i = 0; i < MANY; i++) {
        if (at_once && rc == 0)
            rc = tt_await(tasks[i]);
        tt_task_unref(tasks[i]);
    }
    return rc;
}

static int app(void *arg)
{
    const char *name = arg;

    event = tt_event_create();
    if (strcmp(name, "block") == 0)
        return run(block, NULL);
    if (strcmp(name, "block-in-two-steps") == 0)
        return run(block_in_two_steps, NULL);
    if (strcmp(name, "deep") == 0)
        return run(use_much, (void *)(uintptr_t)(DEEP_STACK * 88 / 100)) < 0 ? -1
                                                                             : run(use_much, (void *)(uintptr_t)4096);
    if (strcmp(name, "shallow") == 0)
        return run(use_much, (void *)(uintptr_t)(DEEP_STACK * 55 / 100));
    if (strcmp(name, "sleep") == 0)
        return run(sleep_for_a_moment, NULL);
    if (strcmp(name, "slow-cancel") == 0)
        return run_and_cancel(clean_up_slowly);
    if (strcmp(name, "quick-cancel") == 0)
        return run_and_cancel(sleep_long);
    if (strcmp(name, "flood") == 0)
        return run_many(turn_once, true);
    if (strcmp(name, "trickle") == 0)
        return run_many(turn_once, false);
    if (strcmp(name, "spin") == 0)
        return run(take_turns, NULL);
    if (strcmp(name, "wait-between") == 0)
        return run(take_turns, event);
    if (strcmp(name, "cycle") == 0)
        return run_two_and_exit(await_the_other, await_the_other);
    if (strcmp(name, "broken-cycle") == 0)
        return break_circle();
    if (strcmp(name, "limited-cycle") == 0)
        return run_two_and_exit(await_the_other_for_a_while, await_the_other);
    if (strcmp(name, "nobody-sets") == 0)
        return run_two_and_exit(wait_for_the_event, wait_for_the_event);
    if (strcmp(name, "somebody-may-set") == 0)
        return run_two_and_exit(wait_for_the_event, sleep_long);
    if (strcmp(name, "lose") == 0 || strcmp(name, "look") == 0)
        return fail_and_let_go(name[2] == 'o');
    if (strcmp(name, "absorb") == 0 || strcmp(name, "absorb-and-read") == 0)
        return gather_failures(name[6] == '-');
    if (strcmp(name, "hold") == 0 || strcmp(name, "hold-and-look") == 0)
        return hold_failure(name[4] == '-');
    if (strcmp(name, "swallow") == 0 || strcmp(name, "swallow-and-uncancel") == 0)
        return swallow_cancellation(name[7] == '-');
    if (strcmp(name, "enter") == 0 || strcmp(name, "enter-and-exit") == 0)
        return forgive(run(enter, name[5] == '-' ? &event : NULL));
    if (strcmp(name, "cancelled-before-its-start") == 0)
        tt_task_unref(tt_create_task(turn_once, NULL));
    return 0;
}

static int stop(void *loop)
{
    tt_loop_stop(loop);
    return 0;
}

/* A task over which its loop is closed before it began. */
static int never_start(void)
{
    tt_loop *loop = tt_loop_create();
    tt_task *task = tt_create_task_with(turn_once, NULL, &(struct tt_task_options){.loop = loop});
    int rc = tt_loop_close(loop);

    tt_task_unref(task);
    return rc < 0;
}

/* A task over which its loop is closed while it waits, or has ended of a cancellation. */
static int close_over(bool cancels)
{
    tt_loop *loop = tt_loop_create();
    tt_task *task = tt_create_task_with(sleep_long, NULL, &(struct tt_task_options){.loop = loop});
    int rc = tt_loop_call_later(loop, TT_MSEC(1), stop, loop, NULL) < 0 ? -1 : tt_loop_run_forever(loop);

    if (cancels) {
        tt_task_cancel(task, NULL);
        rc = forgive(tt_loop_run_until_complete(loop, task));
    }
    tt_task_unref(task);
    return tt_loop_close(loop) < 0 || rc < 0;
}

int main(int argc, char **argv)
{
    if (argc != 2)
        return 2;
    if (strcmp(argv[1], "close") == 0 || strcmp(argv[1], "cancel-and-close") == 0)
        return close_over(argv[1][1] == 'a');
    return strcmp(argv[1], "never-start") == 0 ? never_start() : tt_run(app, argv[1]);
}
