/* shield: a future that is waited for, and that cancellation does not reach. asyncio.shield of 3.13. */
#include "actors.h"

/* Notes how FUTURE ended, and lets go of it. */
static void note_end(tt_future *future)
{
    void *value = NULL;

    if (!tt_future_done(future))
        note("pending");
    else if (tt_future_result(future, &value) < 0)
        note_and_drop(tt_future_cancelled(future) ? "cancelled" : "failed");
    else
        note("returned %s", value ? (const char *)value : "nothing");
    tt_future_unref(future);
}

/* ------------------------------------------------------------------------------------------------------------- ends */

static void it_returns_what_the_future_behind_it_returns(void **state)
{
    tt_future *inner = pending(), *outer = tt_shield(inner);

    (void)state;
    assert_ptr_not_equal(inner, outer);
    set_value(inner, "42");
    assert_false(tt_future_done(outer)); /* a callback's turn later */
    stage_turns(1);
    note_end(outer);
    tt_future_unref(inner);
    expect_notes("returned 42");
}

static void it_fails_with_the_very_exception_which_counts_as_retrieved(void **state)
{
    tt_future *inner = pending(), *outer = tt_shield(inner);

    (void)state;
    set_error(inner, "expected");
    stage_turns(1);
    assert_ptr_equal(tt_future_peek(outer), tt_future_peek(inner));
    tt_future_unref(inner);
    expect_no_notes(); /* of the inner future */
    note_end(outer);
    expect_notes("failed: ValueError('expected')");
}

static void a_failure_behind_it_that_nobody_reads_is_reported_once_as_the_shields(void **state)
{
    tt_future *inner = pending(), *outer = tt_shield(inner);

    (void)state;
    set_error(inner, "boom");
    stage_turns(1);
    tt_future_unref(inner);
    expect_no_notes();
    tt_future_unref(outer);
    expect_no_notes(); /* its own callback is still to run */
    stage_turns(1);
    expect_notes("handler: Future exception was never retrieved [exception, future, message] ValueError('boom')");
}

static void the_future_behind_it_cancelled_cancels_it_without_the_text(void **state)
{
    tt_future *inner = pending(), *outer = tt_shield(inner);

    (void)state;
    assert_true(tt_future_cancel(inner, "why"));
    stage_turns(1);
    assert_true(tt_future_cancelled(outer));
    note_end(outer);
    tt_future_unref(inner);
    expect_notes("cancelled: CancelledError()");
}

static void of_a_done_future_it_is_that_future(void **state)
{
    tt_future *inner = pending(), *outer;

    (void)state;
    set_value(inner, "42");
    outer = tt_shield(inner);
    assert_ptr_equal(inner, outer);
    tt_future_unref(inner);
    note_end(outer);
    expect_notes("returned 42");
}

static void of_nothing_it_is_a_type_error_and_a_pending_exception_stays(void **state)
{
    (void)state;
    assert_null(tt_shield(NULL));
    note_and_drop("nothing");
    assert_int_equal(tt_raise(&tt_MemoryError, "no task"), -1);
    assert_null(tt_shield(NULL));
    note_and_drop("pending");
    expect_notes("nothing: TypeError('An asyncio.Future, a coroutine or an awaitable is required')",
                 "pending: MemoryError('no task')");
}

/* ------------------------------------------------------------------------------------------------------- cancelling */

static void cancelling_it_leaves_the_future_behind_it_alone_and_takes_its_callback_back(void **state)
{
    tt_future *inner = pending(), *outer = tt_shield(inner);
    char repr[128];

    (void)state;
    stage_turns(1);
    tt_future_repr(inner, repr, sizeof repr);
    assert_string_equal(repr, "<Future pending cb=[shield.<locals>._inner_done_callback()]>");
    assert_true(tt_future_cancel(outer, "M"));
    assert_true(tt_future_cancelled(outer));
    assert_false(tt_future_done(inner));
    stage_turns(1);
    tt_future_repr(inner, repr, sizeof repr);
    assert_string_equal(repr, "<Future pending>");
    note_end(outer);
    set_value(inner, "all the same");
    stage_turns(1);
    note_end(inner);
    expect_notes("cancelled: CancelledError('M')", "returned all the same");
}

static int await_and_note(void *future)
{
    if (tt_await(future) < 0)
        return -1;
    note("inner went on");
    return 0;
}

static int await_shielded(void *inner)
{
    tt_future *outer = tt_shield(inner);
    int rc = tt_await(outer);

    if (rc == 0)
        note("outer went on");
    tt_future_unref(outer);
    return rc;
}

static void cancelling_who_awaits_it_does_not_reach_the_task_behind_it(void **state)
{
    tt_future *waiter = pending();
    tt_task *inner = create(await_and_note, waiter, "inner"), *outer = create(await_shielded, inner, "outer");

    (void)state;
    stage_turns(2);
    assert_true(tt_task_cancel(outer, NULL));
    stage_turns(3);
    assert_true(tt_task_cancelled(outer));
    assert_false(tt_task_done(inner));
    assert_int_equal(tt_task_cancelling(inner), 0);
    set_value(waiter, NULL);
    stage_turns(2);
    assert_true(tt_task_done(inner));
    tt_task_unref(outer);
    tt_task_unref(inner);
    tt_future_unref(waiter);
    expect_notes("inner went on");
}

static void a_failure_after_its_cancellation_is_the_futures_own(void **state)
{
    tt_future *inner = pending(), *outer = tt_shield(inner);

    (void)state;
    assert_true(tt_future_cancel(outer, NULL));
    stage_turns(1);
    set_error(inner, "late");
    stage_turns(1);
    expect_no_notes(); /* nothing is reported while somebody can still read it */
    tt_future_unref(outer);
    tt_future_unref(inner);
    expect_notes("handler: Future exception was never retrieved [exception, future, message] ValueError('late')");
}

/* asyncio's callback is still there in the turn in which both happen, and reads what nobody will see. */
static void a_failure_in_the_turn_of_its_cancellation_is_read_and_silent(void **state)
{
    tt_future *inner = pending(), *outer = tt_shield(inner);

    (void)state;
    set_error(inner, "now");
    assert_true(tt_future_cancel(outer, NULL));
    stage_turns(2);
    tt_future_unref(outer);
    tt_future_unref(inner);
    expect_no_notes();
}

static void in_front_of_a_gather_it_keeps_cancellation_from_its_children(void **state)
{
    tt_future *children[2] = {pending(), pending()};
    tt_future *gather = tt_gather(children, 2, false), *outer = tt_shield(gather);

    (void)state;
    stage_turns(1);
    assert_true(tt_future_cancel(outer, NULL));
    stage_turns(1);
    set_value(children[0], "1");
    set_value(children[1], "2");
    stage_turns(1);
    assert_true(tt_future_done(gather));
    note_end(outer);
    note_end(gather);
    tt_future_unref(children[0]);
    tt_future_unref(children[1]);
    expect_notes("cancelled: CancelledError()", "returned nothing");
}

static void in_a_gather_they_are_cancelled_and_what_is_behind_them_is_not(void **state)
{
    tt_future *children[2] = {pending(), pending()};
    tt_future *shields[2] = {tt_shield(children[0]), tt_shield(children[1])};
    tt_future *gather = tt_gather(shields, 2, false);

    (void)state;
    stage_turns(1);
    assert_true(tt_future_cancel(gather, NULL));
    stage_turns(1);
    note_end(gather);
    for (int i = 0; i < 2; i++) {
        assert_true(tt_future_cancelled(shields[i]));
        tt_future_unref(shields[i]);
        set_value(children[i], "x");
        tt_future_unref(children[i]);
    }
    stage_turns(1);
    expect_notes("failed: CancelledError()");
}

static int create_shield_without_loop(void *inner)
{
    tt_future *outer = tt_shield(inner);

    note("%d", outer != NULL);
    tt_future_unref(outer);
    return 0;
}

static void it_may_be_made_inside_and_outside_of_the_loop(void **state)
{
    tt_future *inner = pending();

    (void)state;
    create_shield_without_loop(inner);
    assert_true(stage_run(create_shield_without_loop, inner));
    tt_future_unref(inner);
    expect_notes("1", "1");
}

/* ------------------------------------------------------------------------------------------------------------ lives */

static int note_result(tt_future *future, void *label)
{
    void *value = NULL;

    if (tt_future_result(future, &value) < 0)
        return note_and_drop(label);
    note("%s: %s", (const char *)label, (const char *)value);
    return 0;
}

static void nobody_holding_it_its_callbacks_still_get_the_value(void **state)
{
    tt_future *inner = pending(), *outer = tt_shield(inner);

    (void)state;
    assert_int_equal(tt_future_add_done_callback(outer, note_result, "callback"), 0);
    tt_future_unref(outer);
    assert_int_equal(tt_future_set_result(inner, strdup("value"), free), 0);
    tt_future_unref(inner);
    stage_turns(2);
    expect_notes("callback: value");
}

static void the_value_lives_as_long_as_the_shield(void **state)
{
    tt_future *inner = pending(), *outer = tt_shield(inner);

    (void)state;
    assert_int_equal(tt_future_set_result(inner, strdup("value"), free), 0);
    stage_turns(3);
    tt_future_unref(inner);
    note_end(outer);
    expect_notes("returned value");
}

static void let_go_of_in_either_order_both_are_gone(void **state)
{
    tt_future *inner = pending(), *outer = tt_shield(inner);

    (void)state;
    tt_future_unref(inner);
    tt_future_unref(outer);
    inner = pending();
    outer = tt_shield(inner);
    tt_future_unref(outer);
    tt_future_unref(inner);
    inner = pending();
    outer = tt_shield(inner);
    tt_future_cancel(outer, NULL);
    tt_future_unref(outer);
    tt_future_unref(inner);
    stage_turns(1);
}

static int sleep_long(void *arg)
{
    (void)arg;
    return tt_sleep(TT_SEC(1000));
}

static void closing_the_loop_lets_go_of_it(void **state)
{
    tt_task *inner = create(sleep_long, NULL, "inner"), *waiting;
    tt_future *outer = tt_shield(inner), *cancelled = tt_shield(inner);

    (void)state;
    waiting = create(await_and_note, outer, "waiting");
    stage_turns(2);
    tt_future_cancel(cancelled, NULL);
    tt_task_unref(waiting);
    tt_future_unref(cancelled);
    tt_task_unref(inner);
    stage_close_loop();
    assert_false(tt_future_done(outer));
    tt_future_unref(outer);
    expect_notes("handler: Task was destroyed but it is pending! [message, task] None of inner",
                 "handler: Task was destroyed but it is pending! [message, task] None of waiting");
}

static void without_memory_it_is_a_memory_error(void **state)
{
    tt_future *inner = pending();

    (void)state;
    allocation_fail(1, false);
    assert_null(tt_shield(inner));
    allocation_fail(0, false);
    note_and_drop("shield");
    tt_future_unref(inner);
    expect_notes("shield: MemoryError('no memory for a shield')");
}

enum { DEEP = 20000 };

/* Lets go of a chain of shields in front of a future that never ends, the outermost last. */
static int drop_a_chain(void *arg)
{
    tt_future *innermost = pending(), *outer = tt_future_ref(innermost);

    (void)arg;
    for (int i = 0; i < DEEP; i++) {
        tt_future *shield = tt_shield(outer);

        tt_future_unref(outer);
        outer = shield;
    }
    (void)!tt_sleep(0);
    tt_future_unref(outer);
    note("dropped");
    tt_future_unref(innermost);
    return 0;
}

static void a_chain_of_any_length_is_dropped_on_a_tasks_stack(void **state)
{
    (void)state;
    assert_true(stage_run(drop_a_chain, NULL));
    expect_notes("dropped");
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test_on_stage(it_returns_what_the_future_behind_it_returns),
    cmocka_unit_test_on_stage(it_fails_with_the_very_exception_which_counts_as_retrieved),
    cmocka_unit_test_on_stage(a_failure_behind_it_that_nobody_reads_is_reported_once_as_the_shields),
    cmocka_unit_test_on_stage(the_future_behind_it_cancelled_cancels_it_without_the_text),
    cmocka_unit_test_on_stage(of_a_done_future_it_is_that_future),
    cmocka_unit_test_on_stage(of_nothing_it_is_a_type_error_and_a_pending_exception_stays),
    cmocka_unit_test_on_stage(cancelling_it_leaves_the_future_behind_it_alone_and_takes_its_callback_back),
    cmocka_unit_test_on_stage(cancelling_who_awaits_it_does_not_reach_the_task_behind_it),
    cmocka_unit_test_on_stage(a_failure_after_its_cancellation_is_the_futures_own),
    cmocka_unit_test_on_stage(a_failure_in_the_turn_of_its_cancellation_is_read_and_silent),
    cmocka_unit_test_on_stage(in_front_of_a_gather_it_keeps_cancellation_from_its_children),
    cmocka_unit_test_on_stage(in_a_gather_they_are_cancelled_and_what_is_behind_them_is_not),
    cmocka_unit_test_on_stage(it_may_be_made_inside_and_outside_of_the_loop),
    cmocka_unit_test_on_stage(nobody_holding_it_its_callbacks_still_get_the_value),
    cmocka_unit_test_on_stage(the_value_lives_as_long_as_the_shield),
    cmocka_unit_test_on_stage(let_go_of_in_either_order_both_are_gone),
    cmocka_unit_test_on_stage(closing_the_loop_lets_go_of_it),
    cmocka_unit_test_on_stage(without_memory_it_is_a_memory_error),
    cmocka_unit_test_on_stage(a_chain_of_any_length_is_dropped_on_a_tasks_stack),
};

TT_TEST_MAIN(cases)
