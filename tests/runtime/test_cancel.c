/* Cancellation: requests, when CancelledError is raised and with which text, how it travels, how it ends.
 * asyncio.Task.cancel, uncancel, cancelling; 3.13.
 *
 * Past 600 lines: each way in which a cancellation ends is a case, and they use one set of coroutines. */
#include "stage.h"

#include "future_internal.h"

static tt_task *create(tt_coro_fn *fn, void *arg)
{
    const struct tt_task_options options = {.loop = stage_loop, .name = "t"};
    tt_task *task = tt_create_task_with(fn, arg, &options);

    assert_non_null(task);
    return task;
}

static int sleep_long(void *arg)
{
    (void)arg;
    return tt_sleep(TT_SEC(1000));
}

static int await_arg(void *arg)
{
    return tt_await(arg);
}

static int say(void *text)
{
    note("%s", (const char *)text);
    return 0;
}

/* Notes how TASK ended, and lets go of it. */
static void note_end(const char *label, tt_task *task)
{
    if (!tt_task_done(task))
        note("%s is pending", label);
    else if (tt_task_result(task, NULL) < 0)
        note_and_drop(label);
    else
        note("%s returned", label);
    tt_task_unref(task);
}

/* --------------------------------------------------------------------------------------------------------- requests */

static void every_request_is_accepted_and_counted_until_the_task_is_done(void **state)
{
    tt_task *task = create(sleep_long, NULL);

    (void)state;
    stage_turns(1);
    assert_int_equal(tt_task_cancelling(task), 0);
    assert_true(tt_task_cancel(task, NULL));
    assert_true(tt_task_cancel(task, NULL));
    assert_int_equal(tt_task_cancelling(task), 2);
    stage_turns(2);
    assert_true(tt_task_cancelled(task));
    assert_false(tt_task_cancel(task, NULL));
    assert_int_equal(tt_task_cancelling(task), 2);
    note_end("task", task);
    expect_notes("task: CancelledError()");
}

static void cancelling_a_failed_task_marks_it_as_retrieved(void **state)
{
    tt_task *task = create(await_arg, NULL);

    (void)state;
    stage_turns(1);
    assert_non_null(tt_future_peek(task));
    assert_false(tt_task_cancel(task, NULL));
    tt_task_unref(task); /* silence */
    expect_no_notes();
}

static void before_the_first_step_the_body_never_runs(void **state)
{
    tt_task *task = create(say, "never");

    (void)state;
    assert_true(tt_task_cancel(task, "early"));
    assert_false(tt_task_done(task));
    stage_turns(1);
    assert_true(tt_task_cancelled(task));
    note_end("task", task);
    expect_notes("task: CancelledError('early')");
}

static int catch_and_say(void *arg)
{
    int rc = tt_sleep(TT_SEC(1000));

    (void)arg;
    note_pending("thrown");
    return rc;
}

static void a_waiting_task_gets_cancelled_error_where_it_waits(void **state)
{
    tt_task *task = create(catch_and_say, NULL);

    (void)state;
    stage_turns(1);
    assert_true(tt_task_cancel(task, "why"));
    expect_no_notes(); /* not before the next turn */
    stage_turns(1);
    note_end("task", task);
    expect_notes("thrown: CancelledError('why')", "task: CancelledError('why')");
}

static void while_it_waits_the_first_text_counts(void **state)
{
    tt_task *task = create(sleep_long, NULL);

    (void)state;
    stage_turns(1);
    tt_task_cancel(task, "m1");
    tt_task_cancel(task, "m2");
    stage_turns(2);
    note_end("task", task);
    expect_notes("task: CancelledError('m1')");
}

static void before_its_first_step_the_last_text_counts(void **state)
{
    tt_task *task = create(sleep_long, NULL);

    (void)state;
    tt_task_cancel(task, "m1");
    tt_task_cancel(task, "m2");
    stage_turns(1);
    note_end("task", task);
    expect_notes("task: CancelledError('m2')");
}

static int cancel_itself_and_sleep(void *arg)
{
    assert_true(tt_task_cancel(tt_current_task(), arg));
    note("goes on");
    return tt_sleep(TT_SEC(1000));
}

static void a_task_that_cancels_itself_is_told_at_its_next_suspension(void **state)
{
    tt_task *task = create(cancel_itself_and_sleep, "self");

    (void)state;
    stage_turns(2);
    note_end("task", task);
    expect_notes("goes on", "task: CancelledError('self')");
}

static int cancel_itself_and_pass(void *arg)
{
    tt_task_cancel(tt_current_task(), arg);
    return tt_sleep(0);
}

static void a_sleep_of_nothing_tells_it_too(void **state)
{
    tt_task *task = create(cancel_itself_and_pass, "self");

    (void)state;
    stage_turns(2);
    note_end("task", task);
    expect_notes("task: CancelledError('self')");
}

static int cancel_itself_and_return(void *arg)
{
    tt_task_cancel(tt_current_task(), "in the last step");
    return tt_return(arg, NULL);
}

static void cancelled_in_its_last_step_a_task_is_cancelled_although_it_returned(void **state)
{
    tt_task *task = create(cancel_itself_and_return, "value");

    (void)state;
    stage_turns(1);
    assert_true(tt_task_cancelled(task));
    note_end("task", task);
    expect_notes("task: CancelledError('in the last step')");
}

static int cancel_itself_and_fail(void *arg)
{
    tt_task_cancel(tt_current_task(), arg);
    return tt_raise(&tt_ValueError, "own");
}

static void cancelled_in_its_last_step_a_failure_stays_a_failure(void **state)
{
    tt_task *task = create(cancel_itself_and_fail, NULL);

    (void)state;
    stage_turns(1);
    assert_false(tt_task_cancelled(task));
    note_end("task", task);
    expect_notes("task: ValueError('own')");
}

static int fail_with(void *arg)
{
    return tt_raise(&tt_ValueError, "%s", (const char *)arg);
}

static int await_place(void *place)
{
    return tt_await(*(tt_task **)place);
}

static void a_cancellation_takes_the_place_of_the_failure_that_woke_the_task(void **state)
{
    tt_task *failing, *task = create(await_place, &failing);

    (void)state;
    failing = create(fail_with, "boom");
    stage_turns(1); /* the wake-up is in the queue */
    assert_true(tt_task_cancel(task, "instead"));
    stage_turns(1);
    note_end("task", task);
    tt_task_unref(failing); /* the cancellation read it */
    expect_notes("task: CancelledError('instead')");
}

static void a_cancellation_takes_the_place_of_the_result_that_woke_the_task(void **state)
{
    tt_task *value, *task = create(await_place, &value);

    (void)state;
    value = create(say, "done");
    stage_turns(1);
    assert_true(tt_task_cancel(task, "instead"));
    stage_turns(1);
    note_end("task", task);
    tt_task_unref(value);
    expect_notes("done", "task: CancelledError('instead')");
}

/* ------------------------------------------------------------------------------------------------------- travelling */

static void cancelling_a_task_cancels_the_future_that_it_awaits(void **state)
{
    tt_future *future = tt_create_future(stage_loop);
    tt_task *task = create(await_arg, future);

    (void)state;
    stage_turns(1);
    assert_true(tt_task_cancel(task, "why"));
    assert_true(tt_future_cancelled(future));
    stage_turns(1);
    note_end("task", task);
    assert_int_equal(tt_future_result(future, NULL), -1);
    note_and_drop("future");
    tt_future_unref(future);
    expect_notes("task: CancelledError('why')", "future: CancelledError('why')");
}

static void cancelling_a_task_cancels_the_task_that_it_awaits(void **state)
{
    tt_task *inner = create(sleep_long, NULL), *outer = create(await_arg, inner), *other = create(await_arg, inner);

    (void)state;
    stage_turns(1);
    assert_true(tt_task_cancel(outer, "A"));
    assert_int_equal(tt_task_cancelling(outer), 1);
    assert_int_equal(tt_task_cancelling(inner), 1);
    assert_int_equal(tt_task_cancelling(other), 0);
    stage_turns(3);
    assert_true(tt_task_cancelled(inner));
    assert_true(tt_task_cancelled(other));
    assert_int_equal(tt_task_cancelling(other), 0);
    note_end("outer", outer);
    note_end("other", other);
    tt_task_unref(inner);
    /* the first waiter gets the exception itself, the second a new one without the text */
    expect_notes("outer: CancelledError('A')", "other: CancelledError()");
}

static void a_future_that_was_cancelled_with_a_text_gives_it_to_every_waiter(void **state)
{
    tt_future *future = tt_create_future(stage_loop);
    tt_task *first = create(await_arg, future), *second = create(await_arg, future);

    (void)state;
    stage_turns(1);
    assert_true(tt_future_cancel(future, "A"));
    stage_turns(1);
    note_end("first", first);
    note_end("second", second);
    tt_future_unref(future);
    expect_notes("first: CancelledError('A')", "second: CancelledError('A')");
}

enum { DEEP = 5000 };

static int await_deeper(void *arg)
{
    intptr_t left = (intptr_t)arg;
    tt_task *next;
    int rc;

    if (left == 0)
        return tt_sleep(TT_SEC(1000));
    next = tt_create_task(await_deeper, (void *)(left - 1));
    rc = tt_await(next);
    tt_task_unref(next);
    return rc;
}

static void a_request_goes_down_a_long_chain_of_awaits(void **state)
{
    tt_task *task = create(await_deeper, (void *)DEEP);

    (void)state;
    stage_turns(DEEP + 2);
    assert_true(tt_task_cancel(task, "from above"));
    assert_false(tt_task_done(task));
    stage_turns(DEEP + 3);
    note_end("task", task);
    expect_notes("task: CancelledError('from above')");
}

static int cancel_chain(void *arg)
{
    tt_task_cancel(arg, "from a task");
    return 0;
}

static void it_does_so_on_the_small_stack_of_a_task_too(void **state)
{
    tt_task *task = create(await_deeper, (void *)DEEP);

    (void)state;
    stage_turns(DEEP + 2);
    assert_true(stage_run(cancel_chain, task));
    stage_turns(DEEP + 3);
    note_end("task", task);
    expect_notes("task: CancelledError('from a task')");
}

/* A tree: each node awaits a gather of its two children. */
static int await_tree(void *arg)
{
    intptr_t height = (intptr_t)arg;
    tt_task *children[2];
    tt_future *both;
    int rc;

    if (height == 0)
        return tt_sleep(TT_SEC(1000));
    for (int i = 0; i < 2; i++)
        children[i] = tt_create_task(await_tree, (void *)(height - 1));
    both = tt_gather(children, 2, false);
    rc = tt_await(both);
    tt_future_unref(both);
    for (int i = 0; i < 2; i++)
        tt_task_unref(children[i]);
    return rc;
}

static void a_request_reaches_every_leaf_of_a_tree(void **state)
{
    enum { HEIGHT = 9 };
    tt_task *task = create(await_tree, (void *)HEIGHT), **all;

    (void)state;
    stage_turns(HEIGHT + 2);
    assert_true(tt_task_cancel(task, "tree"));
    stage_turns(6 * HEIGHT);
    note_end("task", task);
    assert_int_equal(tt_all_tasks(stage_loop, &all), 0);
    tt_tasks_free(all, 0);
    expect_notes("task: CancelledError('tree')");
}

/* Gathers of gathers, with a task at the bottom. */
static void a_request_goes_down_a_long_chain_of_gathers(void **state)
{
    enum { NESTED = 20000 };
    tt_task *bottom = create(sleep_long, NULL);
    tt_future *chain = tt_future_ref(bottom);

    (void)state;
    stage_turns(1);
    for (int i = 0; i < NESTED; i++) {
        tt_future *next = tt_gather(&chain, 1, false);

        assert_non_null(next);
        tt_future_unref(chain);
        chain = next;
    }
    assert_true(tt_future_cancel(chain, NULL));
    stage_turns(NESTED + 3);
    assert_true(tt_future_done(chain));
    assert_true(tt_task_cancelled(bottom));
    assert_int_equal(tt_future_exception(chain, NULL), 0);
    tt_future_unref(chain);
    tt_task_unref(bottom);
}

/* ---------------------------------------------------------------------------------------------------------- circles */

static tt_task *circle[3];

static int await_next(void *arg)
{
    int rc = tt_await(circle[((intptr_t)arg + 1) % 3]);

    note_pending("in the circle");
    return rc;
}

static void tasks_that_await_each_other_in_a_circle_can_be_cancelled(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++)
        circle[i] = create(await_next, (void *)(intptr_t)i);
    stage_turns(1);
    assert_true(tt_task_cancel(circle[0], "enough"));
    stage_turns(4);
    for (int i = 0; i < 3; i++) {
        assert_true(tt_task_cancelled(circle[i]));
        assert_int_equal(tt_task_cancelling(circle[i]), 1);
        tt_task_unref(circle[i]);
    }
    expect_notes("in the circle: CancelledError('enough')", "in the circle: CancelledError('enough')",
                 "in the circle: CancelledError('enough')");
}

static int gather_itself(void *arg)
{
    tt_task *self = tt_current_task();
    tt_future *gather = tt_gather(&self, 1, arg != NULL);
    int rc = tt_await(gather);

    note_pending("woken");
    tt_future_unref(gather);
    return rc;
}

static void a_task_that_gathers_itself_can_be_cancelled(void **state)
{
    tt_task *task = create(gather_itself, NULL);

    (void)state;
    stage_turns(1);
    assert_true(tt_task_cancel(task, "enough"));
    stage_turns(3);
    note_end("task", task);
    /* the gather, which nobody waits for any more, is the first to read how its child ended */
    expect_notes(
        "woken: CancelledError('enough')",
        "handler: _GatheringFuture exception was never retrieved [exception, future, message] CancelledError('enough')",
        "task: CancelledError()");
    task = create(gather_itself, "with exceptions as values");
    stage_turns(1);
    assert_true(tt_task_cancel(task, "enough"));
    stage_turns(3);
    note_end("task", task);
    expect_notes("woken: CancelledError('enough')", "task: CancelledError('enough')");
}

static int cancel_itself_and_close_the_circle(void *arg)
{
    if (tt_sleep(0) < 0)
        return -1;
    tt_task_cancel(tt_current_task(), "self");
    return tt_await(*(tt_task **)arg);
}

static void a_task_that_closes_a_circle_while_it_is_cancelled_is_woken(void **state)
{
    tt_task *first, *second;

    (void)state;
    first = create(cancel_itself_and_close_the_circle, &second);
    second = create(await_arg, first);
    stage_turns(4);
    note_end("second", second);
    note_end("first", first);
    expect_notes("second: CancelledError('self')", "first: CancelledError()");
}

static void a_circle_can_be_cancelled_twice_and_abandoned(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++)
        circle[i] = create(await_next, (void *)(intptr_t)i);
    stage_turns(1);
    assert_true(tt_task_cancel(circle[1], "one"));
    assert_true(tt_task_cancel(circle[2], "two"));
    for (int i = 0; i < 3; i++)
        tt_task_unref(circle[i]);
    stage_close_loop();
    expect_notes("handler: Task was destroyed but it is pending! [message, task] None of t",
                 "handler: Task was destroyed but it is pending! [message, task] None of t",
                 "handler: Task was destroyed but it is pending! [message, task] None of t");
}

/* --------------------------------------------------------------------------------------------------- how it can end */

static int ignore_it(void *arg)
{
    if (tt_sleep(TT_SEC(1000)) < 0 && tt_catch(&tt_CancelledError) && tt_catch_end() < 0)
        return -1;
    note("goes on");
    return tt_return(arg, NULL);
}

static void a_task_can_swallow_it_and_return(void **state)
{
    tt_task *task = create(ignore_it, "value");

    (void)state;
    stage_turns(1);
    tt_task_cancel(task, NULL);
    stage_turns(2);
    assert_false(tt_task_cancelled(task));
    assert_int_equal(tt_task_cancelling(task), 1);
    note_end("task", task);
    expect_notes("goes on", "task returned");
}

static int answer_with_error(void *arg)
{
    int rc = tt_sleep(TT_SEC(1000));

    if (rc < 0 && tt_catch(&tt_CancelledError)) {
        rc = tt_raise(&tt_ValueError, "%s", (const char *)arg);
        if (tt_catch_end() < 0)
            return -1;
    }
    return rc;
}

static void a_task_can_answer_with_another_exception_whose_context_it_is(void **state)
{
    tt_task *task = create(answer_with_error, "cleanup failed");

    (void)state;
    stage_turns(1);
    tt_task_cancel(task, "why");
    stage_turns(2);
    assert_false(tt_task_cancelled(task));
    assert_string_equal(tt_exc_message(tt_exc_context(tt_future_peek(task))), "why");
    assert_true(tt_exc_is(tt_exc_context(tt_future_peek(task)), &tt_CancelledError));
    note_end("task", task);
    expect_notes("task: ValueError('cleanup failed')");
}

static int sleep_again(void *arg)
{
    (void)arg;
    for (int i = 0; i < 3; i++)
        if (tt_sleep(TT_SEC(1000)) < 0 && tt_catch(&tt_CancelledError)) {
            note("%d", i);
            if (tt_catch_end() < 0)
                return -1;
        }
    return 0;
}

static void a_task_that_ignores_it_can_be_cancelled_again(void **state)
{
    tt_task *task = create(sleep_again, NULL);

    (void)state;
    for (int i = 0; i < 3; i++) {
        stage_turns(2);
        assert_true(tt_task_cancel(task, NULL));
    }
    stage_turns(2);
    assert_int_equal(tt_task_cancelling(task), 3);
    note_end("task", task);
    expect_notes("0", "1", "2", "task returned");
}

/* --------------------------------------------------------------------------------------------------------- uncancel */

static void uncancel_counts_down_to_zero_and_no_further(void **state)
{
    tt_task *task = create(sleep_long, NULL);

    (void)state;
    stage_turns(1);
    assert_int_equal(tt_task_uncancel(task), 0);
    tt_task_cancel(task, NULL);
    tt_task_cancel(task, NULL);
    assert_int_equal(tt_task_uncancel(task), 1);
    assert_int_equal(tt_task_uncancel(task), 0);
    assert_int_equal(tt_task_uncancel(task), 0);
    stage_turns(2);
    assert_true(tt_task_cancelled(task)); /* what it waited for was cancelled */
    tt_task_unref(task);
}

static int cancel_and_take_back(void *arg)
{
    (void)arg;
    tt_task_cancel(tt_current_task(), NULL);
    note("%u", tt_task_uncancel(tt_current_task()));
    if (tt_sleep(0) < 0)
        return -1;
    note("goes on");
    return 0;
}

static void uncancel_to_zero_takes_back_what_was_not_raised_yet(void **state)
{
    tt_task *task = create(cancel_and_take_back, NULL);

    (void)state;
    stage_turns(2);
    note_end("task", task);
    expect_notes("0", "goes on", "task returned");
}

static int cancel_twice_and_take_one_back(void *arg)
{
    (void)arg;
    tt_task_cancel(tt_current_task(), NULL);
    tt_task_cancel(tt_current_task(), NULL);
    note("%u", tt_task_uncancel(tt_current_task()));
    return tt_sleep(0);
}

static void uncancel_to_more_than_zero_takes_nothing_back(void **state)
{
    tt_task *task = create(cancel_twice_and_take_one_back, NULL);

    (void)state;
    stage_turns(2);
    note_end("task", task);
    expect_notes("1", "task: CancelledError()");
}

static void a_task_that_never_began_can_be_saved_by_uncancel(void **state)
{
    tt_task *task = create(say, "runs after all");

    (void)state;
    tt_task_cancel(task, NULL);
    assert_int_equal(tt_task_uncancel(task), 0);
    stage_turns(1);
    note_end("task", task);
    expect_notes("runs after all", "task returned");
}

/* ------------------------------------------------------------------------------------------ cleanup while cancelled */

static int cleanup_that_suspends(void *arg)
{
    note_pending("in cleanup");
    if (tt_sleep(0) < 0)
        return -1;
    note("cleanup %s", (const char *)arg);
    return 0;
}

static int defer_and_sleep(void *arg)
{
    if (tt_defer(cleanup_that_suspends, arg) < 0)
        return -1;
    return tt_sleep(TT_SEC(1000));
}

static void cleanup_of_a_cancelled_task_may_suspend(void **state)
{
    tt_task *task = create(defer_and_sleep, "done");

    (void)state;
    stage_turns(1);
    tt_task_cancel(task, "why");
    stage_turns(3);
    note_end("task", task);
    expect_notes("in cleanup: nothing", "cleanup done", "task: CancelledError('why')");
}

static void a_second_request_reaches_the_cleanup(void **state)
{
    tt_task *task = create(defer_and_sleep, "never");

    (void)state;
    stage_turns(1);
    tt_task_cancel(task, "first");
    stage_turns(1);
    tt_task_cancel(task, "second");
    stage_turns(2);
    assert_string_equal(tt_exc_message(tt_exc_context(tt_exc_pending())), "");
    note_end("task", task);
    expect_notes("in cleanup: nothing", "task: CancelledError('second')");
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test_on_stage(every_request_is_accepted_and_counted_until_the_task_is_done),
    cmocka_unit_test_on_stage(cancelling_a_failed_task_marks_it_as_retrieved),
    cmocka_unit_test_on_stage(before_the_first_step_the_body_never_runs),
    cmocka_unit_test_on_stage(a_waiting_task_gets_cancelled_error_where_it_waits),
    cmocka_unit_test_on_stage(while_it_waits_the_first_text_counts),
    cmocka_unit_test_on_stage(before_its_first_step_the_last_text_counts),
    cmocka_unit_test_on_stage(a_task_that_cancels_itself_is_told_at_its_next_suspension),
    cmocka_unit_test_on_stage(a_sleep_of_nothing_tells_it_too),
    cmocka_unit_test_on_stage(cancelled_in_its_last_step_a_task_is_cancelled_although_it_returned),
    cmocka_unit_test_on_stage(cancelled_in_its_last_step_a_failure_stays_a_failure),
    cmocka_unit_test_on_stage(a_cancellation_takes_the_place_of_the_failure_that_woke_the_task),
    cmocka_unit_test_on_stage(a_cancellation_takes_the_place_of_the_result_that_woke_the_task),
    cmocka_unit_test_on_stage(cancelling_a_task_cancels_the_future_that_it_awaits),
    cmocka_unit_test_on_stage(cancelling_a_task_cancels_the_task_that_it_awaits),
    cmocka_unit_test_on_stage(a_future_that_was_cancelled_with_a_text_gives_it_to_every_waiter),
    cmocka_unit_test_on_stage(a_request_goes_down_a_long_chain_of_awaits),
    cmocka_unit_test_on_stage(it_does_so_on_the_small_stack_of_a_task_too),
    cmocka_unit_test_on_stage(a_request_reaches_every_leaf_of_a_tree),
    cmocka_unit_test_on_stage(a_request_goes_down_a_long_chain_of_gathers),
    cmocka_unit_test_on_stage(tasks_that_await_each_other_in_a_circle_can_be_cancelled),
    cmocka_unit_test_on_stage(a_task_that_gathers_itself_can_be_cancelled),
    cmocka_unit_test_on_stage(a_task_that_closes_a_circle_while_it_is_cancelled_is_woken),
    cmocka_unit_test_on_stage(a_circle_can_be_cancelled_twice_and_abandoned),
    cmocka_unit_test_on_stage(a_task_can_swallow_it_and_return),
    cmocka_unit_test_on_stage(a_task_can_answer_with_another_exception_whose_context_it_is),
    cmocka_unit_test_on_stage(a_task_that_ignores_it_can_be_cancelled_again),
    cmocka_unit_test_on_stage(uncancel_counts_down_to_zero_and_no_further),
    cmocka_unit_test_on_stage(uncancel_to_zero_takes_back_what_was_not_raised_yet),
    cmocka_unit_test_on_stage(uncancel_to_more_than_zero_takes_nothing_back),
    cmocka_unit_test_on_stage(a_task_that_never_began_can_be_saved_by_uncancel),
    cmocka_unit_test_on_stage(cleanup_of_a_cancelled_task_may_suspend),
    cmocka_unit_test_on_stage(a_second_request_reaches_the_cleanup),
};

TT_TEST_MAIN(cases)
