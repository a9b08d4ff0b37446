/* A task and what it awaits: results that come up, contexts of what is raised, texts of cancellations on their way up,
 * and who is the current task meanwhile. asyncio.Task of 3.13. */
#include "actors.h"

#include "loop_internal.h"

static int await_arg(void *arg)
{
    return tt_await(arg);
}

/* Notes how TASK ended, and lets go of it. */
static void note_end(tt_task *task)
{
    note("%s", !tt_task_done(task) ? "pending" : tt_task_cancelled(task) ? "cancelled" : "done");
    if (tt_task_done(task) && tt_task_result(task, NULL) < 0)
        note_and_drop("result");
    tt_task_unref(task);
}

/* ---------------------------------------------------------------------------------------------------------- results */

static int add_results(void *arg)
{
    tt_task *tasks[2] = {sleeper(10, "ten"), sleeper(20, "twenty")};
    intptr_t sum = 0;

    (void)arg;
    for (int i = 0; i < 2; i++) {
        void *value = NULL;

        if (tt_await(tasks[i]) < 0 || tt_task_result(tasks[i], &value) < 0)
            return -1;
        sum += (intptr_t)value;
        tt_task_unref(tasks[i]);
    }
    return tt_return((void *)sum, NULL);
}

static void results_of_tasks_add_up_in_the_task_that_awaits_them(void **state)
{
    tt_task *task = create(add_results, NULL, "outer");
    void *value = NULL;

    (void)state;
    assert_int_equal(tt_loop_run_until_complete(stage_loop, task), 0);
    assert_int_equal(tt_task_result(task, &value), 0);
    assert_int_equal((intptr_t)value, 30);
    tt_task_unref(task);
}

/* --------------------------------------------------------------------------------------------------------- contexts */

static int await_failure_while_handling(void *arg)
{
    int rc = 0;

    (void)arg;
    if (tt_raise(&tt_KeyError, "3") < 0 && tt_catch(&tt_KeyError)) {
        tt_task *task = create(fail_after_ms, (void *)0, "fails");

        if (tt_await(task) < 0) {
            note("%s in the context of %s", tt_exc_type_of(tt_exc_pending())->name,
                 tt_exc_type_of(tt_exc_context(tt_exc_pending()))->name);
            rc = note_and_drop("await");
        }
        tt_task_unref(task);
        if (tt_catch_end() < 0)
            return -1;
    }
    return rc;
}

static void an_awaited_failure_has_what_is_being_handled_as_its_context(void **state)
{
    (void)state;
    assert_true(stage_run(await_failure_while_handling, NULL));
    expect_notes("ValueError in the context of KeyError", "await: ValueError('boom')");
}

static int raise_the_same(void *exc)
{
    return tt_raise_exc(exc);
}

static int await_what_is_being_handled(void *arg)
{
    (void)arg;
    if (tt_raise(&tt_KeyError, "a") < 0 && tt_catch(&tt_KeyError)) {
        tt_task *task = create(raise_the_same, tt_exc_caught(), "raises");

        if (tt_await(task) < 0) {
            note("its own context: %d", tt_exc_context(tt_exc_pending()) == tt_exc_pending());
            note_and_drop("await");
        }
        tt_task_unref(task);
        if (tt_catch_end() < 0)
            return -1;
    }
    return 0;
}

static void an_exception_that_comes_back_to_where_it_is_handled_is_not_its_own_context(void **state)
{
    (void)state;
    assert_true(stage_run(await_what_is_being_handled, NULL));
    expect_notes("its own context: 0", "await: KeyError('a')");
}

/* ------------------------------------------------------------------------------------------------------ cancellation */

static int cancel_inner_and_ask(void *reads_exception)
{
    tt_task *inner = sleeper(10000, "inner");
    int rc;

    if (tt_sleep(0) < 0)
        return -1;
    tt_task_cancel(inner, "my message");
    if (tt_sleep(0) < 0 || tt_sleep(0) < 0)
        return -1;
    rc = reads_exception ? tt_task_exception(inner, NULL) : tt_task_result(inner, NULL);
    tt_task_unref(inner);
    return rc;
}

static void the_text_of_a_cancellation_comes_up_through_the_task_that_asks_for_the_result(void **state)
{
    tt_task *task = create(cancel_inner_and_ask, NULL, "outer");

    (void)state;
    stage_turns(6);
    note_end(task);
    expect_notes("cancelled", "result: CancelledError('my message')");
}

static void and_through_the_one_that_asks_for_the_exception(void **state)
{
    tt_task *task = create(cancel_inner_and_ask, "x", "outer");

    (void)state;
    stage_turns(6);
    note_end(task);
    expect_notes("cancelled", "result: CancelledError('my message')");
}

static void a_cancelled_future_cancels_the_task_that_awaits_it(void **state)
{
    tt_future *future = pending();
    tt_task *task = create(await_arg, future, "waits");

    (void)state;
    stage_turns(1);
    assert_true(tt_future_cancel(future, NULL));
    stage_turns(1);
    tt_future_unref(future);
    note_end(task);
    expect_notes("cancelled", "result: CancelledError()");
}

static void a_task_and_what_it_awaits_can_both_be_cancelled(void **state)
{
    tt_future *future = pending();
    tt_task *task = create(await_arg, future, "waits");

    (void)state;
    stage_turns(1);
    assert_true(tt_future_cancel(future, NULL));
    assert_true(tt_task_cancel(task, NULL));
    stage_turns(2);
    assert_true(tt_future_cancelled(future));
    tt_future_unref(future);
    note_end(task);
    expect_notes("cancelled", "result: CancelledError()");
}

static tt_task *nested;

static int cancel_itself_and_await(void *future)
{
    nested = create(await_arg, future, "nested");
    if (tt_sleep(0) < 0)
        return -1;
    tt_task_cancel(tt_current_task(), NULL);
    return tt_await(nested);
}

static void a_task_that_cancelled_itself_cancels_what_it_awaits_next_down_to_the_last_future(void **state)
{
    tt_future *future = pending();
    tt_task *task = create(cancel_itself_and_await, future, "outer");

    (void)state;
    stage_turns(6);
    assert_true(tt_future_cancelled(future));
    assert_true(tt_task_cancelled(nested));
    tt_task_unref(nested);
    tt_future_unref(future);
    note_end(task);
    expect_notes("cancelled", "result: CancelledError()");
}

static void a_sleep_that_is_cancelled_leaves_no_timer(void **state)
{
    tt_task *task = sleeper(10000, "sleeps");

    (void)state;
    stage_turns(1);
    assert_int_equal(stage_loop->timers.count, 1);
    assert_true(tt_task_cancel(task, NULL));
    stage_turns(3);
    tt__timers_purge(&stage_loop->timers);
    assert_int_equal(stage_loop->timers.count, 0);
    note_end(task);
    expect_notes("cancelled", "result: CancelledError()");
}

TT_EXC_TYPE(OwnBaseException, tt_BaseException);

static int answer_with_base_exception(void *arg)
{
    (void)arg;
    if (tt_sleep(TT_SEC(1000)) < 0 && tt_catch(&tt_CancelledError)) {
        int rc = tt_raise(&OwnBaseException, NULL);

        return tt_catch_end() < 0 ? -1 : rc;
    }
    return 0;
}

static void a_base_exception_in_answer_to_a_cancellation_is_how_the_task_ends(void **state)
{
    tt_task *task = create(answer_with_base_exception, NULL, "answers");

    (void)state;
    stage_turns(1);
    assert_true(tt_task_cancel(task, NULL));
    assert_false(tt_task_done(task));
    stage_turns(2);
    note_end(task);
    expect_notes("done", "result: OwnBaseException()");
}

/* -------------------------------------------------------------------------------------------------- the current task */

static int interleave(void *other)
{
    tt_future **futures = other;
    tt_task *self = tt_current_task();
    bool is_self = true;

    for (int i = 0; i < 2; i++) {
        if (tt_await(futures[i]) < 0)
            return -1;
        is_self &= tt_current_task() == self;
    }
    note("%s: %d", tt_task_name(self), is_self);
    return 0;
}

static void tasks_that_take_turns_are_each_the_current_one_in_their_own(void **state)
{
    tt_future *futures[4] = {pending(), pending(), pending(), pending()};
    tt_task *first = create(interleave, &futures[0], "first"), *second = create(interleave, &futures[2], "second");
    static const int order[] = {0, 2, 3, 1};

    (void)state;
    assert_null(tt_current_task());
    stage_turns(1);
    for (int i = 0; i < 4; i++) {
        set_value(futures[order[i]], NULL);
        stage_turns(1);
        assert_null(tt_current_task());
    }
    for (int i = 0; i < 4; i++)
        tt_future_unref(futures[i]);
    tt_task_unref(first);
    tt_task_unref(second);
    expect_notes("second: 1", "first: 1");
}

/* ---------------------------------------------------------------------------------------------- callbacks taken back */

static int say_done(tt_future *future, void *text)
{
    (void)future;
    note("%s", (const char *)text);
    return 0;
}

static char text_42[] = "42", text_17[] = "17", text_100[] = "100";

static tt_future *with_three_callbacks(void)
{
    tt_future *future = pending();

    assert_int_equal(tt_future_add_done_callback(future, say_done, text_42), 0);
    assert_int_equal(tt_future_add_done_callback(future, say_done, text_17), 0);
    assert_int_equal(tt_future_add_done_callback(future, say_done, text_100), 0);
    return future;
}

static void complete(tt_future *future)
{
    set_value(future, NULL);
    stage_turns(1);
    tt_future_unref(future);
}

static void the_first_callback_can_be_taken_back(void **state)
{
    tt_future *future = with_three_callbacks();

    (void)state;
    assert_int_equal(tt_future_remove_done_callback(future, say_done, text_42), 1);
    assert_int_equal(tt_future_remove_done_callback(future, say_done, text_42), 0);
    complete(future);
    expect_notes("17", "100");
}

static void the_first_and_the_second_callback_can_be_taken_back(void **state)
{
    tt_future *future = with_three_callbacks();

    (void)state;
    assert_int_equal(tt_future_remove_done_callback(future, say_done, text_42), 1);
    assert_int_equal(tt_future_remove_done_callback(future, say_done, text_17), 1);
    assert_int_equal(tt_future_remove_done_callback(future, say_done, text_42), 0);
    complete(future);
    expect_notes("100");
}

static void the_last_callback_can_be_taken_back_and_another_one_added(void **state)
{
    tt_future *future = with_three_callbacks();

    (void)state;
    assert_int_equal(tt_future_remove_done_callback(future, say_done, text_100), 1);
    assert_int_equal(tt_future_remove_done_callback(future, say_done, text_100), 0);
    assert_int_equal(tt_future_add_done_callback(future, say_done, text_100), 0);
    complete(future);
    expect_notes("42", "17", "100");
}

static int take_back(tt_future *future, void *text)
{
    note("took back %zu", tt_future_remove_done_callback(future, say_done, text));
    return 0;
}

static void a_callback_that_takes_others_back_comes_too_late(void **state)
{
    tt_future *future = pending();

    (void)state;
    assert_int_equal(tt_future_add_done_callback(future, take_back, text_42), 0);
    assert_int_equal(tt_future_add_done_callback(future, say_done, text_42), 0);
    assert_int_equal(tt_future_add_done_callback(future, say_done, text_42), 0);
    complete(future);
    expect_notes("took back 0", "42", "42");
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test_on_virtual_stage(results_of_tasks_add_up_in_the_task_that_awaits_them),
    cmocka_unit_test_on_virtual_stage(an_awaited_failure_has_what_is_being_handled_as_its_context),
    cmocka_unit_test_on_virtual_stage(an_exception_that_comes_back_to_where_it_is_handled_is_not_its_own_context),
    cmocka_unit_test_on_virtual_stage(the_text_of_a_cancellation_comes_up_through_the_task_that_asks_for_the_result),
    cmocka_unit_test_on_virtual_stage(and_through_the_one_that_asks_for_the_exception),
    cmocka_unit_test_on_virtual_stage(a_cancelled_future_cancels_the_task_that_awaits_it),
    cmocka_unit_test_on_virtual_stage(a_task_and_what_it_awaits_can_both_be_cancelled),
    cmocka_unit_test_on_virtual_stage(a_task_that_cancelled_itself_cancels_what_it_awaits_next_down_to_the_last_future),
    cmocka_unit_test_on_virtual_stage(a_sleep_that_is_cancelled_leaves_no_timer),
    cmocka_unit_test_on_virtual_stage(a_base_exception_in_answer_to_a_cancellation_is_how_the_task_ends),
    cmocka_unit_test_on_virtual_stage(tasks_that_take_turns_are_each_the_current_one_in_their_own),
    cmocka_unit_test_on_virtual_stage(the_first_callback_can_be_taken_back),
    cmocka_unit_test_on_virtual_stage(the_first_and_the_second_callback_can_be_taken_back),
    cmocka_unit_test_on_virtual_stage(the_last_callback_can_be_taken_back_and_another_one_added),
    cmocka_unit_test_on_virtual_stage(a_callback_that_takes_others_back_comes_too_late),
};

TT_TEST_MAIN(cases)
