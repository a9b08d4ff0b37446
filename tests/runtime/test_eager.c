/* Eager tasks: the first step is made by the call that creates the task. asyncio.eager_task_factory of 3.13. */
#include "actors.h"

/* ---------------------------------------------------------------------------------------------------------- actors */

static const struct tt_task_options eager = {.name = "eager", .eager_start = true};

static int return_hello(void *arg)
{
    (void)arg;
    note("runs");
    return tt_return("hello", NULL);
}

static int raise_boom(void *arg)
{
    (void)arg;
    return tt_raise(&tt_ValueError, "boom");
}

static void note_state(tt_task *task)
{
    note("%s", !tt_task_done(task) ? "pending" : tt_task_cancelled(task) ? "cancelled" : "done");
}

/* ----------------------------------------------------------------------------------------------------- to their end */

static int create_one_that_returns(void *arg)
{
    tt_task *task = tt_create_task_with(return_hello, NULL, &eager);
    void *value = NULL;

    (void)arg;
    note("created");
    note_state(task);
    note("cancel: %d", tt_task_cancel(task, NULL));
    if (tt_await(task) < 0 || tt_task_result(task, &value) < 0)
        return -1;
    note("%s", (const char *)value);
    note_state(task);
    tt_task_unref(task);
    return 0;
}

static void one_that_does_not_suspend_is_done_when_it_is_created(void **state)
{
    (void)state;
    assert_true(stage_run(create_one_that_returns, NULL));
    expect_notes("runs", "created", "done", "cancel: 0", "hello", "done");
}

static int set_future(void *future)
{
    return tt_future_set_result(future, "my message", NULL);
}

static int await_what_it_set(void *arg)
{
    tt_future *future = pending();
    tt_task *task = tt_create_task_with(set_future, future, &eager);
    void *value = NULL;
    int rc = tt_await(future);

    (void)arg;
    if (rc == 0 && (rc = tt_future_result(future, &value)) == 0)
        note("%s", (const char *)value);
    tt_task_unref(task);
    tt_future_unref(future);
    return rc;
}

static void what_it_completes_in_its_first_step_can_be_awaited(void **state)
{
    (void)state;
    assert_true(stage_run(await_what_it_set, NULL));
    expect_notes("my message");
}

static int fail_in_first_step(void *arg)
{
    tt_task *task = tt_create_task_with(raise_boom, NULL, &eager);

    (void)arg;
    note_state(task);
    note_pending("creator");
    if (tt_await(task) < 0)
        note_and_drop("await");
    tt_task_unref(task);
    task = tt_create_task_with(raise_boom, NULL, &eager);
    tt_task_unref(task);
    return 0;
}

static void one_that_fails_has_failed_when_it_is_created_and_the_creator_goes_on(void **state)
{
    (void)state;
    assert_true(stage_run(fail_in_first_step, NULL));
    expect_notes(
        "done", "creator: nothing", "await: ValueError('boom')",
        "handler: Task exception was never retrieved [exception, future, message] ValueError('boom') of eager");
}

static int spawn_and_lend(void *arg)
{
    const struct tt_task_options lent = {.name = "lent", .eager_start = true, .is_detached = true};
    tt_task *task;

    (void)arg;
    if (tt_spawn_with(raise_boom, NULL, &eager) < 0)
        return -1;
    note("spawned");
    task = tt_create_task_with(raise_boom, NULL, &lent);
    note("%s", tt_task_name(task)); /* borrowed */
    note_state(task);
    if (tt_sleep(0) < 0)
        return -1;
    note("next turn");
    return 0;
}

static void a_failure_without_a_handle_is_reported_when_nobody_can_look_any_more(void **state)
{
    (void)state;
    assert_true(stage_run(spawn_and_lend, NULL));
    expect_notes("handler: Task exception was never retrieved [exception, future, message] ValueError('boom') of eager",
                 "spawned", "lent", "done",
                 "handler: Task exception was never retrieved [exception, future, message] ValueError('boom') of lent",
                 "next turn");
}

static int gather_done_children(void *arg)
{
    tt_task *tasks[3];
    tt_future *gather;

    (void)arg;
    for (int i = 0; i < 3; i++)
        tasks[i] = tt_create_task_with(return_hello, NULL, &eager);
    gather = tt_gather(tasks, 3, false);
    note("gather %d", tt_future_done(gather));
    tt_future_unref(gather);
    for (int i = 0; i < 3; i++)
        tt_task_unref(tasks[i]);
    return 0;
}

static void a_gather_of_those_is_done_at_once(void **state)
{
    (void)state;
    assert_true(stage_run(gather_done_children, NULL));
    expect_notes("runs", "runs", "runs", "gather 1");
}

static int gather_recursively(void *arg)
{
    intptr_t depth = (intptr_t)arg;
    tt_task *tasks[5];
    tt_future *gather;
    int rc;

    if (depth == 0)
        return 0;
    for (int i = 0; i < 5; i++)
        tasks[i] = tt_create_task(gather_recursively, (void *)(depth - 1));
    gather = tt_gather(tasks, 5, false);
    rc = tt_await(gather);
    tt_future_unref(gather);
    for (int i = 0; i < 5; i++)
        tt_task_unref(tasks[i]);
    return rc;
}

static int say(void *text)
{
    note("%s", (const char *)text);
    return 0;
}

static int count_turns_of_recursion(void *arg)
{
    (void)arg;
    if (tt_loop_call_soon(NULL, say, "a turn has passed", NULL) < 0 || gather_recursively((void *)(intptr_t)4) < 0)
        return -1;
    note("all done");
    return tt_sleep(0);
}

static void a_tree_of_them_takes_no_turn_when_the_whole_loop_is_eager(void **state)
{
    (void)state;
    tt_loop_set_eager_tasks(stage_loop, true);
    assert_true(stage_run(count_turns_of_recursion, NULL));
    expect_notes("all done", "a turn has passed");
    tt_loop_set_eager_tasks(stage_loop, false);
    assert_true(stage_run(count_turns_of_recursion, NULL));
    expect_notes("a turn has passed", "all done");
}

/* --------------------------------------------------------------------------------------------------- that suspend */

static int sleep_and_return(void *arg)
{
    note("begins in %s", tt_task_name(tt_current_task()));
    if (tt_sleep(TT_MSEC(100)) < 0)
        return -1;
    note("goes on in %s", tt_task_name(tt_current_task()));
    return tt_return(arg, NULL);
}

static int create_one_that_suspends(void *arg)
{
    tt_task *task = tt_create_task_with(sleep_and_return, arg, &eager);
    void *value = NULL;

    note_state(task);
    note("back in %s", tt_task_name(tt_current_task()));
    if (tt_await(task) < 0 || tt_task_result(task, &value) < 0)
        return -1;
    note("%s", (const char *)value);
    tt_task_unref(task);
    return 0;
}

static void one_that_suspends_goes_on_like_any_other_and_each_is_the_current_task_in_turn(void **state)
{
    (void)state;
    assert_true(stage_run(create_one_that_suspends, "finished after blocking"));
    expect_notes("begins in eager", "pending", "back in main", "goes on in eager", "finished after blocking");
}

static int cancel_while_it_waits(void *arg)
{
    tt_task *task = tt_create_task_with(sleep_and_return, arg, &eager);

    note("cancel: %d", tt_task_cancel(task, "cancellation message"));
    note("cancelling: %u", tt_task_cancelling(task));
    if (tt_await(task) < 0)
        note_and_drop("await");
    note_state(task);
    tt_task_unref(task);
    return 0;
}

static void cancelled_while_it_waits_it_is_cancelled(void **state)
{
    (void)state;
    assert_true(stage_run(cancel_while_it_waits, NULL));
    expect_notes("begins in eager", "cancel: 1", "cancelling: 1", "await: CancelledError('cancellation message')",
                 "cancelled");
}

static int cancel_itself(void *arg)
{
    (void)arg;
    tt_task_cancel(tt_current_task(), "self");
    return 0;
}

static int create_one_that_cancels_itself(void *arg)
{
    tt_task *task = tt_create_task_with(cancel_itself, arg, &eager);

    note_state(task);
    tt_task_unref(task);
    return 0;
}

static void cancelling_itself_in_its_only_step_it_is_cancelled_although_it_returned(void **state)
{
    (void)state;
    assert_true(stage_run(create_one_that_cancels_itself, NULL));
    expect_notes("cancelled");
}

static int note_whether_listed(tt_task *task, const char *when)
{
    tt_task **tasks = NULL;
    int count = tt_all_tasks(NULL, &tasks);
    bool is_listed = false;

    for (int i = 0; i < count; i++)
        is_listed |= tasks[i] == task;
    tt_tasks_free(tasks, count);
    note("%s: %s", when, is_listed ? "listed" : "not listed");
    return 0;
}

static int list_and_await(void *future)
{
    note_whether_listed(tt_current_task(), "inside");
    return future ? tt_await(future) : 0;
}

static int list_tasks(void *arg)
{
    tt_future *future = pending();
    tt_task *returns = tt_create_task_with(list_and_await, NULL, &eager);
    tt_task *waits = tt_create_task_with(list_and_await, future, &eager);
    int rc;

    (void)arg;
    note_whether_listed(returns, "returned");
    note_whether_listed(waits, "waiting");
    set_value(future, NULL);
    rc = tt_await(waits);
    note_whether_listed(waits, "ended");
    tt_future_unref(future);
    tt_task_unref(returns);
    tt_task_unref(waits);
    return rc;
}

static void all_tasks_has_it_while_it_runs_and_while_it_waits(void **state)
{
    (void)state;
    assert_true(stage_run(list_tasks, NULL));
    expect_notes("inside: listed", "inside: listed", "returned: not listed", "waiting: listed", "ended: not listed");
}

/* ------------------------------------------------------------------------------------------- where they are created */

static void created_while_the_loop_does_not_run_it_is_scheduled(void **state)
{
    const struct tt_task_options options = {.loop = stage_loop, .name = "scheduled", .eager_start = true};
    tt_task *task = tt_create_task_with(return_hello, NULL, &options);

    (void)state;
    note_state(task);
    stage_turns(1);
    note_state(task);
    tt_task_unref(task);
    expect_notes("pending", "runs", "done");
}

static int create_in_callback(void *arg)
{
    tt_task **out = arg;

    out[0] = tt_create_task_with(return_hello, NULL, &eager);
    out[1] = tt_create_task_with(sleep_and_return, "x", &eager);
    note("callback goes on, current: %d", tt_current_task() != NULL);
    return 0;
}

static void a_callback_may_create_them(void **state)
{
    tt_task *tasks[2];

    (void)state;
    assert_int_equal(tt_loop_call_soon(stage_loop, create_in_callback, tasks, NULL), 0);
    stage_turns(1);
    note_state(tasks[0]);
    assert_int_equal(tt_loop_run_until_complete(stage_loop, tasks[1]), 0);
    tt_task_unref(tasks[0]);
    tt_task_unref(tasks[1]);
    expect_notes("runs", "begins in eager", "callback goes on, current: 0", "done", "goes on in eager");
}

static int create_in_handler(tt_loop *loop, const struct tt_handler_context *context, void *arg)
{
    (void)loop;
    (void)context;
    *(tt_task **)arg = tt_create_task_with(sleep_and_return, "x", &eager);
    note("handler goes on");
    return 0;
}

static int drop_a_failure(void *arg)
{
    tt_task *task = tt_create_task_with(raise_boom, NULL, &eager);

    tt_task_unref(task); /* the handler runs on the loop's stack */
    note("in %s", tt_task_name(tt_current_task()));
    return tt_await(*(tt_task **)arg);
}

static void an_exception_handler_may_create_one_that_suspends(void **state)
{
    tt_task *task = NULL;

    (void)state;
    tt_loop_set_exception_handler(stage_loop, create_in_handler, &task);
    assert_true(stage_run(drop_a_failure, &task));
    tt_task_unref(task);
    expect_notes("begins in eager", "handler goes on", "in main", "goes on in eager");
}

enum { DEPTH = 300 };

static int create_deeper(void *arg)
{
    intptr_t depth = (intptr_t)arg;
    tt_task *task;
    int rc;

    if (depth == DEPTH) {
        task = tt_create_task_with(raise_boom, NULL, &eager);
        tt_task_unref(task); /* has the loop's stack run the handler, from all the way up here */
        note("deepest");
        return tt_sleep(1);
    }
    task = tt_create_task_with(create_deeper, (void *)(depth + 1), &eager);
    rc = tt_await(task);
    tt_task_unref(task);
    return rc;
}

static void one_may_create_the_next_one_and_so_on(void **state)
{
    (void)state;
    assert_true(stage_run(create_deeper, NULL));
    expect_notes("handler: Task exception was never retrieved [exception, future, message] ValueError('boom') of eager",
                 "deepest");
}

static int note_handled_twice(void *arg)
{
    char repr[64];

    (void)arg;
    tt_exc_repr(tt_exc_caught(), repr, sizeof repr);
    note("first step: %s", repr);
    tt_raise(&tt_KeyError, "inner");
    note("context is what the creator handles: %d", tt_exc_context(tt_exc_pending()) != NULL);
    note_and_drop("raised");
    if (tt_sleep(0) < 0)
        return -1;
    tt_exc_repr(tt_exc_caught(), repr, sizeof repr);
    note("second step: %s", repr);
    return 0;
}

static int create_while_handling(void *arg)
{
    tt_task *task = NULL;

    (void)arg;
    tt_raise(&tt_ValueError, "outer");
    if (!tt_catch(&tt_ValueError))
        return -1;
    task = tt_create_task_with(note_handled_twice, NULL, &eager);
    if (tt_await(task) < 0)
        note("failed");
    tt_task_unref(task);
    return tt_catch_end();
}

/* In CPython the coroutine's frame lies on those of its creator then. */
static void what_its_creator_handles_is_handled_in_the_first_step_and_not_in_the_next(void **state)
{
    (void)state;
    assert_true(stage_run(create_while_handling, NULL));
    expect_notes("first step: ValueError('outer')", "context is what the creator handles: 1",
                 "raised: KeyError('inner')", "second step: None");
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test_on_virtual_stage(one_that_does_not_suspend_is_done_when_it_is_created),
    cmocka_unit_test_on_virtual_stage(what_it_completes_in_its_first_step_can_be_awaited),
    cmocka_unit_test_on_virtual_stage(one_that_fails_has_failed_when_it_is_created_and_the_creator_goes_on),
    cmocka_unit_test_on_virtual_stage(a_failure_without_a_handle_is_reported_when_nobody_can_look_any_more),
    cmocka_unit_test_on_virtual_stage(a_gather_of_those_is_done_at_once),
    cmocka_unit_test_on_virtual_stage(a_tree_of_them_takes_no_turn_when_the_whole_loop_is_eager),
    cmocka_unit_test_on_virtual_stage(one_that_suspends_goes_on_like_any_other_and_each_is_the_current_task_in_turn),
    cmocka_unit_test_on_virtual_stage(cancelled_while_it_waits_it_is_cancelled),
    cmocka_unit_test_on_virtual_stage(cancelling_itself_in_its_only_step_it_is_cancelled_although_it_returned),
    cmocka_unit_test_on_virtual_stage(all_tasks_has_it_while_it_runs_and_while_it_waits),
    cmocka_unit_test_on_virtual_stage(created_while_the_loop_does_not_run_it_is_scheduled),
    cmocka_unit_test_on_virtual_stage(a_callback_may_create_them),
    cmocka_unit_test_on_virtual_stage(an_exception_handler_may_create_one_that_suspends),
    cmocka_unit_test_on_virtual_stage(one_may_create_the_next_one_and_so_on),
    cmocka_unit_test_on_virtual_stage(what_its_creator_handles_is_handled_in_the_first_step_and_not_in_the_next),
};

TT_TEST_MAIN(cases)
