/* losses: the situations in which asyncio loses sight of a failure, one at a time: losses SITUATION. losses.py is the
 * same in Python. What the exception handler hears is written to stdout; test_losses.sh compares that with CPython, and
 * asks the store for the state of each failure. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <telltale/telltale.h>

static int on_exception(tt_loop *loop, const struct tt_handler_context *context, void *arg)
{
    char repr[128];

    (void)loop;
    (void)arg;
    tt_exc_repr(context->exception, repr, sizeof repr);
    printf("handler: %s | %s\n", context->message, repr);
    return 0;
}

static int fail_now(void *text)
{
    return tt_raise(&tt_ValueError, "%s", (const char *)text);
}

static int fail_later(void *text)
{
    return tt_sleep(TT_MSEC(5)) < 0 ? -1 : fail_now(text);
}

static int fail_when_cancelled(void *text)
{
    if (tt_sleep(TT_SEC(1000)) < 0 && tt_catch(&tt_CancelledError)) {
        int rc = fail_now(text);

        return tt_catch_end() < 0 ? -1 : rc;
    }
    return 0;
}

static int sleep_long(void *arg)
{
    (void)arg;
    return tt_sleep(TT_SEC(1000));
}

static int settle(void)
{
    return tt_sleep(TT_MSEC(20));
}

/* What is pending was expected, and is handled: the program saw it. */
static int seen(void)
{
    return tt_catch(&tt_BaseException) ? tt_catch_end() : 0;
}

static void unref_all(tt_future **futures, size_t count)
{
    for (size_t i = 0; i < count; i++)
        tt_future_unref(futures[i]);
}

static int cancel_after_failure(void)
{
    tt_task *task = tt_create_task_named(fail_now, "boom", "a");
    int rc = settle();

    tt_task_cancel(task, NULL);
    tt_task_unref(task);
    return rc;
}

static int second_failure_of_gather(void)
{
    tt_task *tasks[] = {tt_create_task_named(fail_now, "one", "a"), tt_create_task_named(fail_later, "two", "b")};
    tt_future *gather = tt_gather(tasks, 2, false);
    int rc = tt_await(gather) < 0 ? seen() : 0;

    rc = rc < 0 ? -1 : settle();
    tt_future_unref(gather);
    unref_all(tasks, 2);
    return rc;
}

static int cancelled_gather(void)
{
    tt_task *tasks[] = {tt_create_task_named(fail_when_cancelled, "one", "a"),
                        tt_create_task_named(fail_when_cancelled, "two", "b")};
    tt_future *gather = tt_gather(tasks, 2, false);
    int rc = settle();

    tt_future_cancel(gather, NULL);
    rc = rc < 0 ? -1 : tt_await(gather) < 0 ? seen() : 0;
    tt_future_unref(gather);
    unref_all(tasks, 2);
    return rc;
}

static int dropped_gather(void)
{
    tt_task *tasks[] = {tt_create_task_named(fail_now, "one", "a"), tt_create_task_named(fail_now, "two", "b")};
    tt_future *gather = tt_gather(tasks, 2, false);

    unref_all(tasks, 2);
    tt_future_unref(gather);
    return settle();
}

static int unread_values(void)
{
    tt_task *tasks[] = {tt_create_task_named(fail_now, "one", "a"), tt_create_task_named(fail_now, "two", "b")};
    tt_future *gather = tt_gather(tasks, 2, true);
    int rc = tt_await(gather);

    if (rc == 0 && tt_gather_slot(gather, 0, NULL, &(tt_exc *){NULL}) < 0)
        rc = -1;
    tt_future_unref(gather);
    unref_all(tasks, 2);
    return rc;
}

/* Waits until WHEN for a task that fails and, WITH_PENDING, for one that does not end. */
static int wait_and_ignore(enum tt_return_when when, bool with_pending)
{
    tt_task *tasks[] = {tt_create_task_named(fail_now, "boom", "a"), tt_create_task_named(sleep_long, NULL, "b")};
    int rc = tt_wait(tasks, with_pending ? 2 : 1, when, TT_MSEC(50), NULL);

    tt_task_cancel(tasks[1], NULL);
    rc = rc < 0 ? -1 : settle();
    unref_all(tasks, 2);
    return rc;
}

static int wait_first_exception(void)
{
    return wait_and_ignore(TT_FIRST_EXCEPTION, true);
}

static int wait_first_exception_of_one(void)
{
    return wait_and_ignore(TT_FIRST_EXCEPTION, false);
}

static int wait_first_completed(void)
{
    return wait_and_ignore(TT_FIRST_COMPLETED, true);
}

static int wait_all_completed(void)
{
    return wait_and_ignore(TT_ALL_COMPLETED, false);
}

static int wait_and_read(void)
{
    tt_task *tasks[] = {tt_create_task_named(fail_now, "boom", "a"), tt_create_task_named(sleep_long, NULL, "b")};
    size_t done_count;
    int rc = tt_wait(tasks, 2, TT_FIRST_EXCEPTION, TT_NEVER, &done_count);

    if (rc == 0 && tt_task_result(tasks[0], NULL) < 0)
        rc = seen();
    tt_task_cancel(tasks[1], NULL);
    rc = rc < 0 ? -1 : settle();
    unref_all(tasks, 2);
    return rc;
}

static int break_of_as_completed(void)
{
    tt_task *tasks[] = {tt_create_task_named(fail_now, "one", "a"), tt_create_task_named(fail_later, "two", "b")};
    tt_as_completed *iterator = tt_as_completed_create(tasks, 2, TT_NEVER);
    tt_future *future = NULL;
    int rc = tt_as_completed_next(iterator, &future);

    if (rc > 0 && tt_await(future) < 0)
        rc = seen();
    tt_as_completed_destroy(iterator);
    rc = rc < 0 ? -1 : settle();
    unref_all(tasks, 2);
    return rc;
}

static int timeout_of_as_completed(void)
{
    tt_task *task = tt_create_task_named(fail_later, "late", "a");
    tt_as_completed *iterator = tt_as_completed_create(&task, 1, TT_MSEC(1));
    tt_future *future = NULL;
    int rc = tt_as_completed_next(iterator, &future) < 0 ? seen() : 0;

    tt_as_completed_destroy(iterator);
    rc = rc < 0 ? -1 : settle();
    tt_task_unref(task);
    return rc;
}

static int awaitable_of_as_completed(void)
{
    tt_task *task = tt_create_task_named(fail_now, "boom", "a");
    tt_as_completed *iterator = tt_as_completed_create(&task, 1, TT_NEVER);
    tt_future *future = NULL;
    int rc = tt_as_completed_awaitable(iterator, &future);

    if (rc > 0 && tt_await(future) < 0)
        rc = seen();
    tt_future_unref(future);
    tt_as_completed_destroy(iterator);
    tt_task_unref(task);
    return rc < 0 ? -1 : 0;
}

static void *run_and_drop(void *loop)
{
    tt_thread_future_unref(tt_run_coroutine_threadsafe(loop, fail_now, "boom", NULL));
    return NULL;
}

static int dropped_thread_future(void)
{
    pthread_t thread;

    if (pthread_create(&thread, NULL, run_and_drop, tt_loop_running()) != 0)
        return tt_raise(&tt_RuntimeError, "no thread");
    pthread_join(thread, NULL);
    return settle();
}

static int dropped_future(void)
{
    tt_future *future = tt_create_future(NULL);
    tt_exc *exc = tt_exc_new(&tt_ValueError, "boom");
    int rc = tt_future_set_exception(future, exc);

    tt_exc_unref(exc);
    tt_future_unref(future);
    return rc;
}

static int dropped_executor_future(void)
{
    tt_future *future = tt_run_in_executor(NULL, fail_now, "boom", NULL);
    int rc = 0;

    while (rc == 0 && !tt_future_done(future))
        rc = tt_sleep(TT_MSEC(1));
    tt_future_unref(future);
    return rc;
}

/* The outer future is cancelled, and then the task behind it fails. */
static int shield_and_cancel(bool reads)
{
    tt_task *task = tt_create_task_named(fail_later, "late", "a");
    tt_future *outer = tt_shield(task);
    int rc;

    tt_future_cancel(outer, NULL);
    rc = tt_await(outer) < 0 ? seen() : 0;
    tt_future_unref(outer);
    rc = rc < 0 ? -1 : settle();
    if (reads && rc == 0)
        rc = tt_await(task) < 0 ? seen() : 0;
    tt_task_unref(task);
    return rc;
}

static int cancelled_shield(void)
{
    return shield_and_cancel(false);
}

static int cancelled_shield_read_later(void)
{
    return shield_and_cancel(true);
}

static int awaited_shield(void)
{
    tt_task *task = tt_create_task_named(fail_later, "boom", "a");
    tt_future *outer = tt_shield(task);
    int rc = tt_await(outer) < 0 ? seen() : 0;

    tt_future_unref(outer);
    tt_task_unref(task);
    return rc;
}

static int shield_cancelled_in_the_same_turn(void)
{
    tt_future *inner = tt_create_future(NULL), *outer = tt_shield(inner);
    tt_exc *exc = tt_exc_new(&tt_ValueError, "now");
    int rc = tt_future_set_exception(inner, exc);

    tt_exc_unref(exc);
    tt_future_cancel(outer, NULL);
    rc = rc < 0 ? -1 : settle();
    tt_future_unref(outer);
    tt_future_unref(inner);
    return rc;
}

static tt_task *circle[2];

static int await_the_other(void *arg)
{
    return tt_await(circle[arg ? 0 : 1]);
}

static int make_circle(void)
{
    circle[0] = tt_create_task_named(await_the_other, NULL, "a");
    circle[1] = tt_create_task_named(await_the_other, "b", "b");
    return settle();
}

static int circle_cancelled(void)
{
    int rc = make_circle();

    tt_task_cancel(circle[0], NULL);
    rc = rc < 0 ? -1 : settle();
    printf("%d %d\n", tt_task_cancelled(circle[0]), tt_task_cancelled(circle[1]));
    unref_all(circle, 2);
    return rc;
}

static int circle_killed(void)
{
    int rc = make_circle();

    fflush(NULL);
    usleep(300000); /* the board is copied ten times a second */
    _exit(rc < 0);
}

static int wait_for_three(void *tasks)
{
    return tt_wait(tasks, 3, TT_FIRST_EXCEPTION, TT_NEVER, NULL);
}

static int wait_behind_shield(void *tasks)
{
    return tt_await(tt_shield(((tt_task **)tasks)[0]));
}

static int wait_for_next(void *tasks)
{
    tt_future *future = NULL;

    return tt_as_completed_next(tt_as_completed_create(tasks, 2, TT_NEVER), &future) < 0 ? -1 : 0;
}

/* Three tasks that wait in three ways when the process ends without goodbye. */
static int waits_killed(void)
{
    static tt_task *tasks[3];
    static const char *const names[] = {"one", "two", "three"};
    int rc;

    for (int i = 0; i < 3; i++)
        tasks[i] = tt_create_task_named(sleep_long, NULL, names[i]);
    rc = tt_create_task_named(wait_for_three, tasks, "waits") &&
                 tt_create_task_named(wait_behind_shield, tasks, "shielded") &&
                 tt_create_task_named(wait_for_next, tasks, "iterates")
             ? settle()
             : -1;
    fflush(NULL);
    usleep(300000);
    _exit(rc < 0);
}

static int peek(tt_future *future, void *arg)
{
    char repr[64];

    (void)arg;
    tt_exc_repr(tt_future_peek(future), repr, sizeof repr);
    printf("observer: %s\n", repr);
    return 0;
}

static int observed(void)
{
    tt_task *task = tt_create_task_named(fail_now, "boom", "a");
    int rc = tt_task_add_done_callback(task, peek, NULL);

    rc = rc < 0 ? -1 : settle();
    tt_task_unref(task);
    return rc;
}

static const struct situation {
    const char *name;
    int (*run)(void);
} situations[] = {
    {"cancel_after_failure", cancel_after_failure},
    {"second_failure_of_gather", second_failure_of_gather},
    {"cancelled_gather", cancelled_gather},
    {"dropped_gather", dropped_gather},
    {"unread_values", unread_values},
    {"wait_first_exception", wait_first_exception},
    {"wait_first_exception_of_one", wait_first_exception_of_one},
    {"wait_first_completed", wait_first_completed},
    {"wait_all_completed", wait_all_completed},
    {"wait_and_read", wait_and_read},
    {"break_of_as_completed", break_of_as_completed},
    {"timeout_of_as_completed", timeout_of_as_completed},
    {"awaitable_of_as_completed", awaitable_of_as_completed},
    {"dropped_thread_future", dropped_thread_future},
    {"dropped_future", dropped_future},
    {"dropped_executor_future", dropped_executor_future},
    {"cancelled_shield", cancelled_shield},
    {"cancelled_shield_read_later", cancelled_shield_read_later},
    {"awaited_shield", awaited_shield},
    {"shield_cancelled_in_the_same_turn", shield_cancelled_in_the_same_turn},
    {"circle_cancelled", circle_cancelled},
    {"circle_killed", circle_killed},
    {"waits_killed", waits_killed},
    {"observed", observed},
};

static int app(void *arg)
{
    const struct situation *situation = arg;

    tt_loop_set_exception_handler(tt_loop_running(), on_exception, NULL);
    return situation->run();
}

int main(int argc, char **argv)
{
    for (size_t i = 0; argc == 2 && i < sizeof situations / sizeof situations[0]; i++)
        if (strcmp(argv[1], situations[i].name) == 0)
            return tt_run(app, (void *)&situations[i]);
    fprintf(stderr, "usage: losses SITUATION\n");
    return 2;
}
