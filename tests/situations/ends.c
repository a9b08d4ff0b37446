/* ends.c: situations of callbacks that raise, and of how a run ends. See situations.h. */
#include "situations.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

static int swallowed_at_the_shutdown(void *arg)
{
    (void)arg;
    hold_to_the_end(tt_create_task_named(swallow, NULL, "stubborn"));
    return turns(2);
}

static int raise_in_callback(tt_future *task, void *arg)
{
    (void)task;
    (void)arg;
    return tt_raise(&tt_ValueError, "boom in the callback");
}

static int run_too(tt_future *task, void *arg)
{
    (void)task;
    (void)arg;
    printf("the other callback runs\n");
    return 0;
}

static int done_callback_that_raises(void *arg)
{
    tt_task *task = tt_create_task_named(return_soon, NULL, "fine");
    int rc;

    (void)arg;
    if (tt_task_add_done_callback(task, raise_in_callback, NULL) < 0 ||
        tt_task_add_done_callback(task, run_too, NULL) < 0)
        return -1;
    rc = turns(4);
    tt_task_unref(task);
    return rc;
}

static int raise_in_handler(void *arg)
{
    (void)arg;
    return tt_raise(&tt_ValueError, "boom in the handler");
}

static int signal_handler_that_raises(void *arg)
{
    (void)arg;
    if (tt_loop_add_signal_handler(NULL, SIGUSR1, raise_in_handler, NULL) < 0)
        return -1;
    raise(SIGUSR1);
    return tt_sleep(TT_MSEC(20));
}

static int leave(void *arg)
{
    (void)arg;
    return tt_raise(&tt_SystemExit, "3");
}

static int system_exit_in_a_task(void *arg)
{
    (void)arg;
    hold_to_the_end(tt_create_task_named(leave, NULL, "leaving"));
    return turns(3);
}

static int never_started(void *arg)
{
    tt_task *task = tt_create_task_named(fail, "never", "early");
    int rc;

    (void)arg;
    tt_task_cancel(task, NULL);
    rc = turns(2);
    printf("ran: no, cancelled: %s\n", tt_task_cancelled(task) ? "True" : "False");
    tt_task_unref(task);
    return rc;
}

static int say_nothing(tt_loop *loop, const struct tt_handler_context *context, void *arg)
{
    (void)loop;
    (void)context;
    (void)arg;
    return 0;
}

static int tests_that_capture_what_is_logged(void *arg)
{
    tt_task *task;
    int rc;

    (void)arg;
    tt_loop_set_exception_handler(tt_loop_running(), say_nothing, NULL);
    task = tt_create_task_named(fail, "boom", "failing");
    rc = turns(2);
    tt_task_unref(task);
    return rc;
}

/* ------------------------------------------------------------------------------------------------ two that wait for each other */

static tt_task *circle[2];

static int await_the_other(void *arg)
{
    return tt_await(circle[arg == NULL]);
}

static int cycle(void *arg)
{
    int rc;

    (void)arg;
    circle[0] = tt_create_task_named(await_the_other, NULL, "left");
    circle[1] = tt_create_task_named(await_the_other, circle, "right");
    rc = turns(3);
    printf("both wait: %s\n", !tt_task_done(circle[0]) && !tt_task_done(circle[1]) ? "True" : "False");
    tt_task_cancel(circle[0], NULL);
    if (rc == 0)
        rc = turns(3);
    printf("cancel ends it: %s\n", tt_task_done(circle[0]) && tt_task_done(circle[1]) ? "True" : "False");
    tt_task_unref(circle[0]);
    tt_task_unref(circle[1]);
    return rc;
}

/* ------------------------------------------------------------------------------------------- with a loop of their own */

static int stop(void *loop)
{
    tt_loop_stop(loop);
    return 0;
}

/* A loop that stops after one turn. Exits where there is none. */
static tt_loop *create_loop_that_stops(void)
{
    tt_loop *loop = tt_loop_create();

    if (!loop || tt_loop_call_soon(loop, stop, loop, NULL) < 0)
        exit(EXIT_FAILURE);
    tt_loop_set_exception_handler(loop, print_context, NULL);
    return loop;
}

static tt_task *create_pending(tt_loop *loop, tt_coro_fn *fn, const char *name)
{
    return tt_create_task_with(fn, NULL, (&(struct tt_task_options){.loop = loop, .name = name}));
}

static int pending_and_destroyed(void)
{
    tt_loop *loop = create_loop_that_stops();
    tt_task *task = create_pending(loop, sleep_long, "pending");
    int rc = tt_loop_run_forever(loop);

    tt_task_unref(task);
    return tt_loop_close(loop) < 0 || rc < 0;
}

static int stopped_early(void)
{
    tt_loop *loop = create_loop_that_stops();
    tt_task *task = create_pending(loop, sleep_long, "main");
    int rc = print_caught(tt_loop_run_until_complete(loop, task), &tt_RuntimeError);

    tt_task_unref(task);
    return tt_loop_close(loop) < 0 || rc < 0;
}

static int gather_one(void *arg)
{
    tt_task *task = tt_create_task_named(sleep_long, arg, "child");
    tt_future *gather = tt_gather(&task, 1, false);
    int rc = tt_await(gather);

    tt_future_unref(gather);
    tt_task_unref(task);
    return rc;
}

static int children_of_a_gather_destroyed(void)
{
    tt_loop *loop = tt_loop_create();
    tt_task *task;
    int rc;

    if (!loop || tt_loop_call_later(loop, TT_MSEC(10), stop, loop, NULL) < 0)
        return EXIT_FAILURE;
    tt_loop_set_exception_handler(loop, print_context, NULL);
    task = create_pending(loop, gather_one, "gathering");
    rc = tt_loop_run_forever(loop);
    tt_task_unref(task);
    return tt_loop_close(loop) < 0 || rc < 0;
}

const struct situation end_situations[] = {
    {"swallowed_at_the_shutdown", swallowed_at_the_shutdown, NULL},
    {"done_callback_that_raises", done_callback_that_raises, NULL},
    {"signal_handler_that_raises", signal_handler_that_raises, NULL},
    {"system_exit_in_a_task", system_exit_in_a_task, NULL},
    {"never_started", never_started, NULL},
    {"tests_that_capture_what_is_logged", tests_that_capture_what_is_logged, NULL},
    {"cycle", cycle, NULL},
    {"pending_and_destroyed", NULL, pending_and_destroyed},
    {"stopped_early", NULL, stopped_early},
    {"children_of_a_gather_destroyed", NULL, children_of_a_gather_destroyed},
    {NULL, NULL, NULL},
};
