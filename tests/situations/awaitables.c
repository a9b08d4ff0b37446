/* awaitables.c: situations of gather, wait, as_completed, shield, threads. See situations.h. */
#include "situations.h"

#include <stdio.h>

static tt_task *create(tt_coro_fn *fn, const char *text, const char *name)
{
    return tt_create_task_named(fn, (void *)text, name);
}

static void unref_both(tt_task **tasks)
{
    tt_task_unref(tasks[0]);
    tt_task_unref(tasks[1]);
}

/* ----------------------------------------------------------------------------------------------------------- gather */

static int second_failure_of_a_gather(void *arg)
{
    tt_task *tasks[] = {create(fail, "first", "first"), create(fail_later, "second", "second")};
    tt_future *gather = tt_gather(tasks, 2, false);
    int rc = print_caught(tt_await(gather), &tt_ValueError);

    (void)arg;
    if (rc == 0)
        rc = turns(4);
    tt_future_unref(gather);
    unref_both(tasks);
    return rc;
}

static int gather_two_that_fail_in_cleanup(void *arg)
{
    tt_task *tasks[] = {create(fail_in_cleanup, "first", "first"), create(fail_in_cleanup, "second", "second")};
    tt_future *gather = tt_gather(tasks, 2, false);
    int rc = tt_await(gather);

    (void)arg;
    tt_future_unref(gather);
    unref_both(tasks);
    return rc;
}

static int cancelled_gather_whose_children_fail(void *arg)
{
    tt_task *task = create(gather_two_that_fail_in_cleanup, NULL, "gathering");
    char repr[64];
    int rc = turns(2);

    (void)arg;
    tt_task_cancel(task, NULL);
    if (rc == 0)
        rc = tt_await(task);
    if (rc < 0 && tt_catch(&tt_ValueError)) {
        tt_exc_repr(tt_exc_caught(), repr, sizeof repr);
        printf("caught: %s cancelled: %s\n", repr, tt_task_cancelled(task) ? "True" : "False");
        rc = tt_catch_end();
    }
    tt_task_unref(task);
    return rc;
}

static int gather_that_nobody_awaits(void *arg)
{
    tt_task *tasks[] = {create(fail, "first", "first"), create(fail_later, "second", "second")};
    tt_future *gather = tt_gather(tasks, 2, false);
    int rc;

    (void)arg;
    unref_both(tasks);
    rc = turns(6);
    tt_future_unref(gather);
    return rc;
}

static int values_of_a_gather_that_nobody_reads(void *arg)
{
    tt_task *tasks[] = {create(fail, "first", "first"), create(fail, "second", "second")};
    tt_future *gather = tt_gather(tasks, 2, true);
    int rc = tt_await(gather);

    (void)arg;
    tt_future_unref(gather);
    unref_both(tasks);
    return rc;
}

static int values_of_a_gather_of_which_one_is_read(void *arg)
{
    tt_task *tasks[] = {create(fail, "first", "first"), create(fail, "second", "second")};
    tt_future *gather = tt_gather(tasks, 2, true);
    tt_exc *exc = NULL;
    char repr[64];
    int rc = tt_await(gather);

    (void)arg;
    if (rc == 0)
        rc = tt_gather_slot(gather, 0, NULL, &exc);
    tt_exc_repr(exc, repr, sizeof repr);
    printf("read: %s\n", repr);
    tt_future_unref(gather);
    unref_both(tasks);
    return rc;
}

/* ------------------------------------------------------------------------------------------------------------- wait */

/* Waits, says how many are done, and does not look at them. */
static int wait_and_count(tt_task **tasks, size_t count, enum tt_return_when when)
{
    size_t done_count;

    if (tt_wait(tasks, count, when, TT_NEVER, &done_count) < 0)
        return -1;
    printf("done: %zu pending: %zu\n", done_count, count - done_count);
    return 0;
}

/* Waits for a task that fails, and for one that does not end. The failed one is read with READS. */
static int wait_beside_another(enum tt_return_when when, bool reads)
{
    tt_task *waiting = create(sleep_long, NULL, "waiting"), *failing = create(fail, "boom", "failing");
    int rc = wait_and_count((tt_task *[]){failing, waiting}, 2, when);

    if (reads && rc == 0)
        rc = print_caught(tt_task_result(failing, NULL), &tt_ValueError);
    tt_task_cancel(waiting, NULL);
    tt_task_unref(waiting);
    tt_task_unref(failing);
    return rc;
}

static int wait_for_the_first_exception(void *arg)
{
    (void)arg;
    return wait_beside_another(TT_FIRST_EXCEPTION, false);
}

static int wait_for_the_first_exception_and_read(void *arg)
{
    (void)arg;
    return wait_beside_another(TT_FIRST_EXCEPTION, true);
}

static int wait_for_the_first_one(void *arg)
{
    (void)arg;
    return wait_beside_another(TT_FIRST_COMPLETED, false);
}

static int wait_whose_last_one_fails(void *arg)
{
    tt_task *failing = create(fail, "boom", "failing");
    int rc = wait_and_count(&failing, 1, TT_FIRST_EXCEPTION);

    (void)arg;
    tt_task_unref(failing);
    return rc;
}

static int wait_for_all(void *arg)
{
    tt_task *failing = create(fail, "boom", "failing");
    int rc = wait_and_count(&failing, 1, TT_ALL_COMPLETED);

    (void)arg;
    tt_task_unref(failing);
    return rc;
}

static int as_completed_that_is_left(void *arg)
{
    tt_task *tasks[] = {create(return_soon, NULL, "first"), create(fail_later, "boom", "failing")};
    tt_as_completed *iterator = tt_as_completed_create(tasks, 2, TT_NEVER);
    tt_future *first = NULL;
    int rc = tt_as_completed_awaitable(iterator, &first);

    (void)arg;
    if (rc > 0)
        rc = tt_await(first);
    tt_future_unref(first);
    tt_as_completed_destroy(iterator);
    if (rc == 0)
        rc = turns(6);
    unref_both(tasks);
    return rc;
}

/* The time that there is for it is up before the task fails. */
static int as_completed_whose_time_is_up(void *arg)
{
    tt_task *failing = create(fail_much_later, "boom", "failing");
    tt_as_completed *iterator = tt_as_completed_create(&failing, 1, 0);
    tt_future *next = NULL;
    int rc = tt_as_completed_awaitable(iterator, &next);

    (void)arg;
    if (rc > 0)
        rc = print_caught(tt_await(next), &tt_TimeoutError);
    tt_future_unref(next);
    tt_as_completed_destroy(iterator);
    if (rc == 0)
        rc = turns(8);
    tt_task_unref(failing);
    return rc;
}

static int as_completed_that_is_awaited(void *arg)
{
    tt_task *failing = create(fail, "boom", "failing");
    tt_as_completed *iterator = tt_as_completed_create(&failing, 1, TT_NEVER);
    tt_future *next = NULL;
    int rc = tt_as_completed_awaitable(iterator, &next);

    (void)arg;
    if (rc > 0)
        rc = print_caught(tt_await(next), &tt_ValueError);
    tt_future_unref(next);
    tt_as_completed_destroy(iterator);
    tt_task_unref(failing);
    return rc;
}

/* ----------------------------------------------------------------------------------------------------------- shield */

static int wait_behind_a_shield(void *inner)
{
    tt_future *shield = tt_shield(inner);
    int rc = tt_await(shield);

    tt_future_unref(shield);
    return rc;
}

/* The waiter is cancelled, and the task behind the shield fails afterwards. */
static int fail_behind_a_shield(tt_task *failing)
{
    tt_task *waiter = tt_create_task_named(wait_behind_a_shield, failing, "waiter");
    int rc = turns(2);

    tt_task_cancel(waiter, NULL);
    tt_task_unref(waiter);
    return rc < 0 ? -1 : turns(6);
}

static int shielded_and_dropped(void *arg)
{
    tt_task *failing = create(fail_much_later, "boom", "failing");
    int rc = fail_behind_a_shield(failing);

    (void)arg;
    printf("inner done: %s\n", tt_task_done(failing) ? "True" : "False");
    tt_task_unref(failing);
    return rc;
}

static int shielded_and_awaited_later(void *arg)
{
    tt_task *failing = create(fail_much_later, "boom", "failing");
    int rc = fail_behind_a_shield(failing);

    (void)arg;
    if (rc == 0)
        rc = print_caught(tt_await(failing), &tt_ValueError);
    tt_task_unref(failing);
    return rc;
}

static int shield_that_is_awaited(void *arg)
{
    tt_task *failing = create(fail_later, "boom", "failing");
    int rc = print_caught(wait_behind_a_shield(failing), &tt_ValueError);

    (void)arg;
    tt_task_unref(failing);
    return rc;
}

static int shield_cancelled_in_the_turn_of_the_failure(void *arg)
{
    tt_future *inner = tt_create_future(NULL), *shield = tt_shield(inner);
    tt_exc *exc = tt_exc_new(&tt_ValueError, "boom");
    int rc = tt_future_set_exception(inner, exc);

    (void)arg;
    tt_exc_unref(exc);
    tt_future_cancel(shield, NULL);
    if (rc == 0)
        rc = turns(2);
    tt_future_unref(shield);
    tt_future_unref(inner);
    return rc;
}

/* ---------------------------------------------------------------------------------------------------------- threads */

/* Runs in a thread of the executor. */
static int submit(void *loop)
{
    tt_thread_future *future = tt_run_coroutine_threadsafe(loop, fail, (void *)"boom", NULL);

    tt_thread_future_unref(future);
    return future ? 0 : -1;
}

static int thread_future_that_is_dropped(void *arg)
{
    (void)arg;
    return tt_to_thread(submit, tt_loop_running(), NULL, NULL) < 0 ? -1 : tt_sleep(TT_MSEC(20));
}

static int executor_future_that_is_dropped(void *arg)
{
    tt_future *future = tt_run_in_executor(NULL, fail, (void *)"boom", NULL);

    (void)arg;
    tt_future_unref(future);
    return tt_sleep(TT_MSEC(50));
}

const struct situation awaitable_situations[] = {
    {"second_failure_of_a_gather", second_failure_of_a_gather, NULL},
    {"cancelled_gather_whose_children_fail", cancelled_gather_whose_children_fail, NULL},
    {"gather_that_nobody_awaits", gather_that_nobody_awaits, NULL},
    {"values_of_a_gather_that_nobody_reads", values_of_a_gather_that_nobody_reads, NULL},
    {"values_of_a_gather_of_which_one_is_read", values_of_a_gather_of_which_one_is_read, NULL},
    {"wait_for_the_first_exception", wait_for_the_first_exception, NULL},
    {"wait_for_the_first_exception_and_read", wait_for_the_first_exception_and_read, NULL},
    {"wait_whose_last_one_fails", wait_whose_last_one_fails, NULL},
    {"wait_for_all", wait_for_all, NULL},
    {"wait_for_the_first_one", wait_for_the_first_one, NULL},
    {"as_completed_that_is_left", as_completed_that_is_left, NULL},
    {"as_completed_whose_time_is_up", as_completed_whose_time_is_up, NULL},
    {"as_completed_that_is_awaited", as_completed_that_is_awaited, NULL},
    {"shielded_and_dropped", shielded_and_dropped, NULL},
    {"shielded_and_awaited_later", shielded_and_awaited_later, NULL},
    {"shield_that_is_awaited", shield_that_is_awaited, NULL},
    {"shield_cancelled_in_the_turn_of_the_failure", shield_cancelled_in_the_turn_of_the_failure, NULL},
    {"thread_future_that_is_dropped", thread_future_that_is_dropped, NULL},
    {"executor_future_that_is_dropped", executor_future_that_is_dropped, NULL},
    {NULL, NULL, NULL},
};
