/* In which context tasks, callbacks and exception handlers run. asyncio's Task, Handle and call_exception_handler. */
#include "stage.h"

#include <signal.h>
#include <sys/eventfd.h>

#include "context_internal.h"

static TT_CONTEXT_VAR(word, "default");

static const char *get(const tt_context_var *var)
{
    return tt_context_var_get_or(var, var->default_value);
}

static int set(const tt_context_var *var, const char *value)
{
    return tt_context_var_set(var, (void *)value, NULL, NULL);
}

static int set_word(void *value)
{
    return set(&word, value);
}

static int say_word(void *label)
{
    note("%s: %s", (const char *)label, get(&word));
    return 0;
}

/* What a test sets on its thread must not stay there. */
static int close_context_stage(void **state)
{
    tt_context_unref(tt__thread_context);
    tt__thread_context = NULL;
    return stage_close(state);
}

#define cmocka_unit_test_in_context(...) STAGE_CASE(__VA_ARGS__, stage_open, close_context_stage)

/* ------------------------------------------------------------------------------------------------------------- tasks */

static int change_in_a_task(void *arg)
{
    (void)arg;
    if (tt_sleep(TT_MSEC(10)) < 0)
        return -1;
    say_word("task before");
    return set(&word, "something else");
}

static int create_then_set(void *arg)
{
    tt_task *task = tt_create_task(change_in_a_task, NULL);
    int rc;

    (void)arg;
    rc = set(&word, "yes") < 0 ? -1 : tt_await(task);
    say_word("creator");
    tt_task_unref(task);
    return rc;
}

static void a_task_has_a_copy_of_its_creators_context(void **state)
{
    (void)state;
    assert_int_equal(set(&word, "from outside"), 0);
    assert_true(stage_run(create_then_set, NULL));
    expect_notes("task before: from outside", "creator: yes");
    assert_string_equal(get(&word), "from outside");
}

static int set_and_sleep(void *number)
{
    char values[10][16];

    for (int i = 0; i < 10; i++) {
        snprintf(values[i], sizeof values[i], "%ld-%d", (long)(intptr_t)number, i);
        if (set(&word, values[i]) < 0 || tt_sleep(TT_USEC(1 + (intptr_t)number % 7)) < 0)
            return -1;
        if (get(&word) != values[i])
            return tt_raise(&tt_AssertionError, "task %ld sees %s", (long)(intptr_t)number, get(&word));
    }
    return 0;
}

static int run_100(void *arg)
{
    tt_task *tasks[100];
    tt_future *all;
    int rc;

    (void)arg;
    for (intptr_t i = 0; i < 100; i++)
        tasks[i] = tt_create_task(set_and_sleep, (void *)i);
    all = tt_gather(tasks, 100, false);
    rc = tt_await(all);
    tt_future_unref(all);
    for (int i = 0; i < 100; i++)
        tt_task_unref(tasks[i]);
    return rc;
}

static void a_hundred_tasks_do_not_see_each_others_values(void **state)
{
    (void)state;
    assert_true(stage_run(run_100, NULL));
    assert_string_equal(get(&word), "default");
}

static int set_after_a_turn(void *value)
{
    return tt_sleep(0) < 0 ? -1 : set_word(value);
}

static int share_a_context(void *arg)
{
    tt_context *context = tt_copy_context();
    const struct tt_task_options options = {.context = context};
    static char *values[] = {"1", "2"};
    void *value = NULL;
    int rc = 0;

    (void)arg;
    note("before: %d", tt_context_get(context, &word, &value));
    for (int i = 0; i < 2 && rc == 0; i++) {
        tt_task *task = tt_create_task_with(set_after_a_turn, values[i], &options);

        rc = tt_await(task);
        tt_task_unref(task);
        note("after: %s", tt_context_get(context, &word, &value) ? (char *)value : "nothing");
    }
    tt_context_unref(context);
    return rc;
}

static void tasks_can_share_a_context(void **state)
{
    (void)state;
    assert_true(stage_run(share_a_context, NULL));
    expect_notes("before: 0", "after: 1", "after: 2");
}

static int set_and_wait(void *future)
{
    return set(&word, "set by the task") < 0 ? -1 : tt_await(future);
}

static int look_into_a_task(void *arg)
{
    tt_future *future = tt_create_future(NULL);
    tt_task *task = tt_create_task(set_and_wait, future);
    tt_context *context;
    int rc = tt_sleep(0);

    (void)arg;
    context = tt_task_context(task);
    note("seen from outside: %s", tt_context_run(context, say_word, "in its context") == 0 ? "yes" : "no");
    tt_context_unref(context);
    if (rc == 0 && tt_future_set_result(future, NULL, NULL) == 0)
        rc = tt_await(task);
    tt_task_unref(task);
    tt_future_unref(future);
    return rc;
}

static void the_context_of_a_task_can_be_asked_for(void **state)
{
    (void)state;
    assert_true(stage_run(look_into_a_task, NULL));
    expect_notes("in its context: set by the task", "seen from outside: yes");
}

static int say_and_set(void *label)
{
    say_word(label);
    return set(&word, "set later");
}

static int defer_and_set(void *arg)
{
    (void)arg;
    return tt_defer(say_and_set, "deferred") < 0 ? -1 : set(&word, "set in the task");
}

static void deferred_functions_run_in_the_tasks_context(void **state)
{
    (void)state;
    assert_true(stage_run(defer_and_set, NULL));
    expect_notes("deferred: set in the task");
}

static int defer_and_wait(void *future)
{
    return defer_and_set(NULL) < 0 ? -1 : tt_await(future);
}

static void so_they_do_when_the_task_is_abandoned(void **state)
{
    tt_future *future = tt_create_future(stage_loop);
    const struct tt_task_options options = {.loop = stage_loop, .name = "abandoned"};

    (void)state;
    assert_int_equal(tt_spawn_with(defer_and_wait, future, &options), 0);
    stage_turns(1);
    stage_close_loop();
    expect_notes("handler: Task was destroyed but it is pending! [message, task] None of abandoned",
                 "deferred: set in the task");
    tt_future_unref(future);
}

/* --------------------------------------------------------------------------------------------------------- callbacks */

static int stop(void *arg)
{
    (void)arg;
    tt_loop_stop(NULL);
    return 0;
}

static int say_set_done(tt_future *future, void *label)
{
    (void)future;
    return say_and_set(label);
}

static void callbacks_run_in_the_context_of_their_registration(void **state)
{
    tt_future *future = tt_create_future(stage_loop);

    (void)state;
    assert_int_equal(set(&word, "1"), 0);
    assert_int_equal(tt_loop_call_soon(stage_loop, say_and_set, "soon", NULL), 0);
    assert_int_equal(set(&word, "2"), 0);
    assert_int_equal(tt_loop_call_later(stage_loop, -1, say_and_set, "later", NULL), 0);
    assert_int_equal(set(&word, "3"), 0);
    assert_int_equal(tt_loop_call_soon_threadsafe(stage_loop, say_and_set, "threadsafe"), 0);
    assert_int_equal(set(&word, "4"), 0);
    assert_int_equal(tt_future_add_done_callback(future, say_set_done, "done"), 0);
    assert_int_equal(set(&word, "5"), 0);
    assert_int_equal(tt_future_set_result(future, NULL, NULL), 0);
    assert_int_equal(tt_loop_call_soon(stage_loop, stop, NULL, NULL), 0);
    assert_int_equal(tt_loop_run_forever(stage_loop), 0);
    stage_turns(1);
    expect_notes("soon: 1", "threadsafe: 3", "done: 4", "later: 2");
    assert_string_equal(get(&word), "5");
    tt_future_unref(future);
}

static void callbacks_without_values_keep_what_they_set_to_themselves(void **state)
{
    (void)state;
    assert_int_equal(tt_loop_call_soon(stage_loop, say_and_set, "one", NULL), 0);
    assert_int_equal(tt_loop_call_soon(stage_loop, say_and_set, "two", NULL), 0);
    stage_turns(1);
    expect_notes("one: default", "two: default");
    assert_string_equal(get(&word), "default");
}

static void a_callback_can_be_given_a_context(void **state)
{
    tt_context *context = tt_context_create();
    tt_future *future = tt_create_future(stage_loop);
    void *value = NULL;

    (void)state;
    assert_int_equal(tt_context_run(context, set_word, "given"), 0);
    assert_int_equal(tt_loop_call_soon_in(context, stage_loop, say_and_set, "soon", NULL), 0);
    assert_int_equal(tt_loop_call_at_in(context, stage_loop, 0, say_word, "at", NULL), 0);
    assert_int_equal(tt_future_add_done_callback_in(context, future, say_set_done, "done"), 0);
    assert_int_equal(tt_future_set_result(future, NULL, NULL), 0);
    stage_turns(2);
    expect_notes("soon: given", "done: set later", "at: set later");
    assert_true(tt_context_get(context, &word, &value));
    assert_string_equal(value, "set later");
    tt_future_unref(future);
    tt_context_unref(context);
}

static int descriptor;

static int say_count(void *label)
{
    note("%s: %s", (const char *)label, get(&word));
    return set(&word, strcmp(get(&word), "registered") == 0 ? "once" : "twice");
}

static void a_reader_keeps_its_context_from_one_time_to_the_next(void **state)
{
    (void)state;
    descriptor = eventfd(1, EFD_NONBLOCK);
    assert_int_equal(set(&word, "registered"), 0);
    assert_int_equal(tt_loop_add_reader(stage_loop, descriptor, say_count, "reader"), 0);
    assert_int_equal(set(&word, "ours"), 0);
    stage_turns(3);
    assert_true(tt_loop_remove_reader(stage_loop, descriptor));
    expect_notes("reader: registered", "reader: once", "reader: twice");
    assert_string_equal(get(&word), "ours");
    close(descriptor);
}

static int say_count_and_stop(void *label)
{
    tt_loop_stop(NULL);
    return say_count(label);
}

static void so_does_a_signal_handler(void **state)
{
    (void)state;
    assert_int_equal(set(&word, "registered"), 0);
    assert_int_equal(tt_loop_add_signal_handler(stage_loop, SIGUSR1, say_count_and_stop, "signal"), 0);
    assert_int_equal(set(&word, "ours"), 0);
    for (int i = 0; i < 3; i++) {
        raise(SIGUSR1);
        assert_int_equal(tt_loop_run_forever(stage_loop), 0);
    }
    expect_notes("signal: registered", "signal: once", "signal: twice");
    assert_true(tt_loop_remove_signal_handler(stage_loop, SIGUSR1));
}

/* ------------------------------------------------------------------------------------------------ exception handlers */

static int say_message(tt_loop *loop, const struct tt_handler_context *context, void *arg)
{
    (void)loop;
    (void)arg;
    note("%s: %s", context->message, get(&word));
    return set(&word, "set by the handler");
}

static int set_and_fail(void *arg)
{
    (void)arg;
    if (set(&word, "of the task") < 0)
        return -1;
    return tt_raise(&tt_ValueError, "boom");
}

static int spawn_that(void *arg)
{
    (void)arg;
    if (set(&word, "of the spawner") < 0 || tt_spawn(set_and_fail, NULL) < 0 || tt_sleep(0) < 0)
        return -1;
    say_word("spawner");
    return 0;
}

static void a_handler_runs_in_the_context_of_the_task(void **state)
{
    (void)state;
    tt_loop_set_exception_handler(stage_loop, say_message, NULL);
    assert_true(stage_run(spawn_that, NULL));
    expect_notes("Task exception was never retrieved: of the task", "spawner: of the spawner");
    assert_string_equal(get(&word), "default");
}

static void else_in_that_of_the_callback(void **state)
{
    (void)state;
    tt_loop_set_exception_handler(stage_loop, say_message, NULL);
    assert_int_equal(tt_loop_call_soon(stage_loop, set_and_fail, NULL, NULL), 0);
    stage_turns(1);
    assert_string_equal(strchr(stage_notes(), 'E'), stage_notes()); /* Exception in callback ... */
    assert_non_null(strstr(stage_notes(), ": of the task\n"));
    stage_forget_notes();
    assert_string_equal(get(&word), "default");
}

static void else_in_the_current_one(void **state)
{
    tt_future *future = tt_create_future(stage_loop);
    tt_exc *exc = tt_exc_new(&tt_ValueError, "boom");

    (void)state;
    tt_loop_set_exception_handler(stage_loop, say_message, NULL);
    assert_int_equal(set(&word, "current"), 0);
    assert_int_equal(tt_future_set_exception(future, exc), 0);
    tt_exc_unref(exc);
    tt_future_unref(future);
    expect_notes("Future exception was never retrieved: current");
    assert_string_equal(get(&word), "set by the handler");
}

/* ------------------------------------------------------------------------------------------------------------- main */

static int sleep_and_say(void *text)
{
    if (tt_sleep(0) < 0)
        return -1;
    note("%s", (const char *)text);
    return 0;
}

static int run_a_loop(void *text)
{
    const struct tt_task_options options = {.loop = stage_loop};
    tt_task *task = tt_create_task_with(sleep_and_say, text, &options);
    int rc = tt_loop_run_until_complete(stage_loop, task);

    tt_task_unref(task);
    return rc;
}

/* The function itself must not suspend, but nobody does who runs a loop. */
static void a_loop_can_run_inside_of_a_context(void **state)
{
    tt_context *context = tt_context_create();

    (void)state;
    assert_non_null(context);
    assert_int_equal(tt_context_run(context, run_a_loop, "has slept"), 0);
    tt_context_unref(context);
    expect_notes("has slept");
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test_in_context(a_task_has_a_copy_of_its_creators_context),
    cmocka_unit_test_in_context(a_hundred_tasks_do_not_see_each_others_values),
    cmocka_unit_test_in_context(tasks_can_share_a_context),
    cmocka_unit_test_in_context(the_context_of_a_task_can_be_asked_for),
    cmocka_unit_test_in_context(deferred_functions_run_in_the_tasks_context),
    cmocka_unit_test_in_context(so_they_do_when_the_task_is_abandoned),
    cmocka_unit_test_in_context(callbacks_run_in_the_context_of_their_registration),
    cmocka_unit_test_in_context(callbacks_without_values_keep_what_they_set_to_themselves),
    cmocka_unit_test_in_context(a_callback_can_be_given_a_context),
    cmocka_unit_test_in_context(a_reader_keeps_its_context_from_one_time_to_the_next),
    cmocka_unit_test_in_context(so_does_a_signal_handler),
    cmocka_unit_test_in_context(a_handler_runs_in_the_context_of_the_task),
    cmocka_unit_test_in_context(else_in_that_of_the_callback),
    cmocka_unit_test_in_context(else_in_the_current_one),
    cmocka_unit_test_in_context(a_loop_can_run_inside_of_a_context),
};

TT_TEST_MAIN(cases)
