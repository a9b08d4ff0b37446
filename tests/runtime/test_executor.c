/* Functions on threads: results, failures, contexts, cancellation, the loop's end. asyncio.to_thread, run_in_executor,
 * shutdown_default_executor. */
#include "stage.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <unistd.h>
#include <uv.h>

#include "context_internal.h"
#include "loop_internal.h"

static pthread_t loop_thread;
static sem_t has_begun, may_end;
static int dropped;

static void drop(void *arg)
{
    note("dropped %s", (const char *)arg);
    dropped++;
}

static int open_executor_stage(void **state)
{
    loop_thread = pthread_self();
    dropped = 0;
    sem_init(&has_begun, 0, 0);
    sem_init(&may_end, 0, 0);
    return stage_open(state);
}

static int close_executor_stage(void **state)
{
    int rc = stage_close(state);

    sem_destroy(&has_begun);
    sem_destroy(&may_end);
    return rc;
}

#define cmocka_unit_test_of_executor(...) STAGE_CASE(__VA_ARGS__, open_executor_stage, close_executor_stage)

/* On a thread: gives a copy of its argument. */
static int duplicate(void *text)
{
    if (pthread_equal(pthread_self(), loop_thread))
        return tt_raise(&tt_AssertionError, "not on a thread");
    if (tt_loop_running() || tt_current_task())
        return tt_raise(&tt_AssertionError, "a loop here");
    return tt_return(strdup(text), free);
}

static int raise_boom(void *arg)
{
    (void)arg;
    return tt_raise(&tt_ValueError, "boom");
}

/* On a thread: waits for the test. */
static int wait_for_leave(void *arg)
{
    (void)arg;
    sem_post(&has_begun);
    while (sem_wait(&may_end) < 0 && errno == EINTR)
        ;
    return 0;
}

static int wait_then_fail(void *arg)
{
    wait_for_leave(arg);
    return tt_raise(&tt_ValueError, "too late");
}

/* ----------------------------------------------------------------------------------------------------- results, failures */

static int ask_for_a_duplicate(void *arg)
{
    char *value = NULL;

    if (tt_to_thread(duplicate, arg, drop, (void **)&value) < 0)
        return -1;
    note("got %s", value);
    free(value);
    return 0;
}

static void a_function_runs_on_a_thread_and_gives_its_result(void **state)
{
    (void)state;
    assert_true(stage_run(ask_for_a_duplicate, "this"));
    expect_notes("dropped this", "got this");
}

static int ignore_the_duplicate(void *arg)
{
    return tt_to_thread(duplicate, arg, NULL, NULL);
}

static void a_value_that_nobody_wants_is_freed(void **state)
{
    (void)state;
    assert_true(stage_run(ignore_the_duplicate, "this")); /* the stage counts what is left */
}

static int fail_on_a_thread(void *arg)
{
    int rc = tt_to_thread(raise_boom, arg, NULL, NULL);

    note_pending("pending");
    note("raised in %s", tt_exc_raised_at(tt_exc_pending())->func);
    return rc;
}

static void an_exception_crosses(void **state)
{
    (void)state;
    assert_false(stage_run(fail_on_a_thread, NULL));
    expect_notes("pending: ValueError('boom')", "raised in raise_boom", "main: ValueError('boom')");
}

static int return_minus_one(void *arg)
{
    (void)arg;
    return -1;
}

static int ignore_a_failure(void *arg)
{
    raise_boom(arg);
    return 0;
}

static int be_careless(void *fn)
{
    return tt_to_thread(fn, NULL, NULL, NULL);
}

static void a_careless_function_loses_nothing(void **state)
{
    (void)state;
    assert_false(stage_run(be_careless, return_minus_one));
    expect_notes("main: RuntimeError('fn() returned -1 with no exception pending')");
    assert_false(stage_run(be_careless, ignore_a_failure));
    expect_notes("main: ValueError('boom')");
}

static int sleep_on_a_thread(void *arg)
{
    (void)arg;
    return tt_sleep(TT_MSEC(1));
}

static void it_cannot_suspend(void **state)
{
    (void)state;
    assert_false(stage_run(be_careless, sleep_on_a_thread));
    expect_notes("main: RuntimeError('no running event loop')");
}

static _Atomic int calls;

static int count_call(void *arg)
{
    (void)arg;
    atomic_fetch_add(&calls, 1);
    return 0;
}

static int call_concurrently(void *arg)
{
    tt_future *futures[10], *all;
    int rc;

    (void)arg;
    for (int i = 0; i < 10; i++)
        futures[i] = tt_run_in_executor(NULL, count_call, NULL, NULL);
    all = tt_gather(futures, 10, false);
    rc = tt_await(all);
    tt_future_unref(all);
    for (int i = 0; i < 10; i++)
        tt_future_unref(futures[i]);
    return rc;
}

static void each_function_runs_once(void **state)
{
    (void)state;
    calls = 0;
    assert_true(stage_run(call_concurrently, NULL));
    assert_int_equal(calls, 10);
}

static int run_beside(void *arg)
{
    tt_future *future = tt_run_in_executor(NULL, wait_for_leave, arg, NULL);
    int rc = 0;

    for (int i = 0; i < 3 && rc == 0; i++) {
        rc = tt_sleep(TT_MSEC(1));
        note("the loop runs, done: %d", tt_future_done(future));
    }
    sem_post(&may_end);
    if (rc == 0)
        rc = tt_await(future);
    tt_future_unref(future);
    return rc;
}

static void the_loop_goes_on_meanwhile(void **state)
{
    (void)state;
    assert_true(stage_run(run_beside, NULL));
    expect_notes("the loop runs, done: 0", "the loop runs, done: 0", "the loop runs, done: 0");
}

/* ---------------------------------------------------------------------------------------------------------- contexts */

static TT_CONTEXT_VAR(word, "default");

static int return_word(void *arg)
{
    (void)arg;
    if (tt_return(tt_context_var_get_or(&word, word.default_value), NULL) < 0)
        return -1;
    return tt_context_var_set(&word, "set on the thread", NULL, NULL);
}

static int compare_contexts(void *arg)
{
    void *value = NULL;
    tt_future *future;
    int rc = tt_context_var_set(&word, "parrot", NULL, NULL);

    (void)arg;
    if (rc == 0 && tt_to_thread(return_word, NULL, NULL, &value) == 0)
        note("to_thread sees %s", (char *)value);
    note("afterwards %s", (char *)tt_context_var_get_or(&word, "nothing"));
    future = tt_run_in_executor(NULL, return_word, NULL, NULL);
    if (rc == 0 && tt_await(future) == 0 && tt_future_result(future, &value) == 0)
        note("run_in_executor sees %s", (char *)value);
    tt_future_unref(future);
    return rc;
}

static void to_thread_takes_the_context_along(void **state)
{
    (void)state;
    assert_true(stage_run(compare_contexts, NULL));
    expect_notes("to_thread sees parrot", "afterwards parrot", "run_in_executor sees default");
}

/* ------------------------------------------------------------------------------------------------------- cancellation */

static int wait_on_a_thread(void *arg)
{
    int rc = tt_to_thread(wait_for_leave, arg, drop, NULL);

    note_pending("waiter");
    return rc;
}

static int cancel_who_waits(void *arg)
{
    tt_task *task = tt_create_task(wait_on_a_thread, "argument");
    int rc = tt_sleep(0);

    (void)arg;
    sem_wait(&has_begun);
    tt_task_cancel(task, NULL);
    if (rc == 0 && tt_await(task) < 0)
        rc = note_and_drop("main sees");
    tt_task_unref(task);
    return rc;
}

static void cancelling_who_waits_leaves_the_function_running(void **state)
{
    (void)state;
    assert_true(stage_run(cancel_who_waits, NULL));
    expect_notes("waiter: CancelledError()", "main sees: CancelledError()");
    sem_post(&may_end);
    stage_close_loop(); /* waits for the function */
    expect_notes("dropped argument");
}

static int never(void *arg)
{
    (void)arg;
    note("ran");
    return 0;
}

static int cancel_in_time(void *arg)
{
    tt_future *busy[64], *future;
    int rc;

    (void)arg;
    for (int i = 0; i < 64; i++) /* more than there are threads */
        busy[i] = tt_run_in_executor(NULL, wait_for_leave, NULL, NULL);
    sem_wait(&has_begun);
    future = tt_run_in_executor(NULL, never, "waiting", drop);
    note("cancelled: %d", tt_future_cancel(future, NULL));
    note("again: %d", tt_future_cancel(future, NULL));
    if (tt_await(future) < 0)
        note_and_drop("await");
    tt_future_unref(future);
    for (int i = 0; i < 64; i++)
        sem_post(&may_end);
    rc = 0;
    for (int i = 0; i < 64; i++) {
        if (rc == 0)
            rc = tt_await(busy[i]);
        tt_future_unref(busy[i]);
    }
    return rc;
}

static void what_no_thread_has_taken_does_not_run_once_it_is_cancelled(void **state)
{
    (void)state;
    if (getenv("UV_THREADPOOL_SIZE") && atoi(getenv("UV_THREADPOOL_SIZE")) > 64)
        TT_SKIP("the pool has more threads than this test has work");
    assert_true(stage_run(cancel_in_time, NULL));
    expect_notes("cancelled: 1", "again: 0", "await: CancelledError()", "dropped waiting");
}

static int cancel_then_let_fail(void *arg)
{
    tt_future *future = tt_run_in_executor(NULL, wait_then_fail, NULL, NULL);

    (void)arg;
    sem_wait(&has_begun);
    tt_future_cancel(future, NULL);
    tt_future_unref(future);
    sem_post(&may_end);
    return 0;
}

static void a_failure_after_the_cancellation_is_told_to_no_handler(void **state)
{
    (void)state;
    assert_true(stage_run(cancel_then_let_fail, NULL));
    assert_int_equal(tt_loop_shutdown_default_executor(stage_loop, TT_NEVER), 0);
    expect_no_notes();
}

/* ------------------------------------------------------------------------------------------------------------ dropped */

static int drop_a_failure(void *arg)
{
    tt_future *future = tt_run_in_executor(NULL, raise_boom, arg, NULL);

    tt_future_unref(future);
    return 0;
}

static void a_dropped_failure_is_reported(void **state)
{
    (void)state;
    assert_true(stage_run(drop_a_failure, NULL));
    assert_int_equal(tt_loop_shutdown_default_executor(stage_loop, TT_NEVER), 0);
    expect_notes("handler: Future exception was never retrieved [exception, future, message] ValueError('boom')");
}

/* ------------------------------------------------------------------------------------------------------ refused, the end */

static void without_a_running_loop_it_is_refused_and_the_argument_dropped(void **state)
{
    (void)state;
    assert_null(tt_run_in_executor(NULL, duplicate, "a", drop));
    note_and_drop("executor");
    assert_int_equal(tt_to_thread(duplicate, "b", drop, NULL), -1);
    note_and_drop("thread");
    expect_notes("dropped a", "executor: RuntimeError('no running event loop')", "dropped b",
                 "thread: RuntimeError('no running event loop')");
}

static void after_the_shutdown_it_is_refused(void **state)
{
    (void)state;
    assert_int_equal(tt_loop_shutdown_default_executor(stage_loop, TT_NEVER), 0);
    assert_false(stage_run(ignore_the_duplicate, "x"));
    expect_notes("main: RuntimeError('Executor shutdown has been called')");
}

static void a_shutdown_that_takes_too_long_is_warned_of(void **state)
{
    tt_future *future = tt_run_in_executor(stage_loop, wait_for_leave, NULL, NULL);
    char *text;

    (void)state;
    stage_capture_stderr();
    assert_int_equal(tt_loop_shutdown_default_executor(stage_loop, TT_MSEC(10)), 0);
    text = stage_captured();
    assert_string_equal(text, "RuntimeWarning: The executor did not finishing joining its threads within 0.01 "
                              "seconds.\n");
    free(text);
    assert_false(tt_future_done(future));
    sem_post(&may_end);
    assert_int_equal(tt_loop_shutdown_default_executor(stage_loop, TT_SEC(300)), 0);
    assert_true(tt_future_done(future));
    tt_future_unref(future);
}

static void closing_the_loop_waits_for_what_runs(void **state)
{
    tt_future *future = tt_run_in_executor(stage_loop, wait_for_leave, "argument", drop);
    tt_future *failed = tt_run_in_executor(stage_loop, raise_boom, NULL, NULL);

    (void)state;
    sem_wait(&has_begun);
    sem_post(&may_end);
    stage_close_loop();
    expect_notes("dropped argument");
    assert_false(tt_future_done(future)); /* as asyncio leaves it */
    assert_false(tt_future_done(failed));
    tt_future_unref(future);
    tt_future_unref(failed);
}

static int leave_work_behind(void *arg)
{
    tt_future *future = tt_run_in_executor(NULL, duplicate, arg, drop);

    tt_future_unref(future);
    return 0;
}

static void a_runner_waits_for_it_when_it_closes(void **state)
{
    tt_runner *runner = tt_runner_create();

    (void)state;
    assert_int_equal(tt_runner_run(runner, leave_work_behind, "argument"), 0);
    assert_int_equal(tt_runner_destroy(runner), 0);
    expect_notes("dropped argument");
}

static void abandoned_while_it_waits(void **state)
{
    const struct tt_task_options options = {.loop = stage_loop, .name = "left"};

    (void)state;
    assert_int_equal(tt_spawn_with(wait_on_a_thread, "argument", &options), 0);
    stage_turns(1);
    sem_wait(&has_begun);
    sem_post(&may_end);
    stage_close_loop();
    expect_notes("handler: Task was destroyed but it is pending! [message, task] None of left", "dropped argument");
}

static int take_its_time(void *arg)
{
    (void)arg;
    usleep(5000);
    return 0;
}

static int time_it(void *arg)
{
    int rc = tt_to_thread(take_its_time, arg, NULL, NULL);

    note("%s", tt_loop_time(tt_loop_running()) >= TT_MSEC(4) ? "time went on" : "no time passed");
    return rc;
}

static void a_loop_with_virtual_time_waits_for_it_really(void **state)
{
    tt_runner *runner = tt_runner_create_with(&(struct tt_run_options){.virtual_time = true});

    (void)state;
    assert_int_equal(tt_runner_run(runner, time_it, NULL), 0);
    assert_int_equal(tt_runner_destroy(runner), 0);
    expect_notes("time went on");
}

/* ------------------------------------------------------------------------------------------------------------- main */

static const struct CMUnitTest cases[] = {
    cmocka_unit_test_of_executor(a_function_runs_on_a_thread_and_gives_its_result),
    cmocka_unit_test_of_executor(a_value_that_nobody_wants_is_freed),
    cmocka_unit_test_of_executor(an_exception_crosses),
    cmocka_unit_test_of_executor(a_careless_function_loses_nothing),
    cmocka_unit_test_of_executor(it_cannot_suspend),
    cmocka_unit_test_of_executor(each_function_runs_once),
    cmocka_unit_test_of_executor(the_loop_goes_on_meanwhile),
    cmocka_unit_test_of_executor(to_thread_takes_the_context_along),
    cmocka_unit_test_of_executor(cancelling_who_waits_leaves_the_function_running),
    cmocka_unit_test_of_executor(what_no_thread_has_taken_does_not_run_once_it_is_cancelled),
    cmocka_unit_test_of_executor(a_failure_after_the_cancellation_is_told_to_no_handler),
    cmocka_unit_test_of_executor(a_dropped_failure_is_reported),
    cmocka_unit_test_of_executor(without_a_running_loop_it_is_refused_and_the_argument_dropped),
    cmocka_unit_test_of_executor(after_the_shutdown_it_is_refused),
    cmocka_unit_test_of_executor(a_shutdown_that_takes_too_long_is_warned_of),
    cmocka_unit_test_of_executor(closing_the_loop_waits_for_what_runs),
    cmocka_unit_test_of_executor(a_runner_waits_for_it_when_it_closes),
    cmocka_unit_test_of_executor(abandoned_while_it_waits),
    cmocka_unit_test_of_executor(a_loop_with_virtual_time_waits_for_it_really),
};

TT_TEST_MAIN(cases)
