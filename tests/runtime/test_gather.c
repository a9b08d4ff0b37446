/* gather: order, first failure, cancellation, exceptions as values. asyncio.gather of 3.13. */
#include "stage.h"

static tt_future *pending(void)
{
    tt_future *future = tt_create_future(stage_loop);

    assert_non_null(future);
    return future;
}

static void set_value(tt_future *future, char *value)
{
    assert_int_equal(tt_future_set_result(future, value, NULL), 0);
}

static void set_error(tt_future *future, const char *text)
{
    tt_exc *exc = tt_exc_new(&tt_ValueError, "%s", text);

    assert_int_equal(tt_future_set_exception(future, exc), 0);
    tt_exc_unref(exc);
}

static void unref_all(tt_future **futures, size_t count)
{
    for (size_t i = 0; i < count; i++)
        tt_future_unref(futures[i]);
}

/* Notes how GATHER ended, and lets go of it. */
static void note_end(tt_future *gather)
{
    if (!tt_future_done(gather))
        note("pending");
    else if (tt_future_result(gather, NULL) < 0)
        note_and_drop("gather");
    else
        note("gather returned");
    tt_future_unref(gather);
}

static void note_slots(tt_future *gather)
{
    char repr[128];

    for (size_t i = 0; i < tt_gather_count(gather); i++) {
        void *value = NULL;
        tt_exc *exc = NULL;

        if (tt_gather_slot(gather, i, &value, &exc) < 0) {
            note_and_drop("slot");
            continue;
        }
        tt_exc_repr(exc, repr, sizeof repr);
        note("%zu: %s", i, exc ? repr : (char *)value);
    }
}

/* ---------------------------------------------------------------------------------------------------------- results */

static void results_stand_in_the_order_of_the_arguments(void **state)
{
    tt_future *futures[3] = {pending(), pending(), pending()};
    tt_future *gather = tt_gather(futures, 3, false);

    (void)state;
    set_value(futures[2], "c");
    set_value(futures[0], "a");
    stage_turns(1);
    assert_false(tt_future_done(gather));
    set_value(futures[1], "b");
    stage_turns(1);
    assert_true(tt_future_done(gather));
    assert_int_equal(tt_gather_count(gather), 3);
    note_slots(gather);
    note_end(gather);
    unref_all(futures, 3);
    expect_notes("0: a", "1: b", "2: c", "gather returned");
}

static void the_same_future_may_stand_in_it_several_times(void **state)
{
    tt_future *future = pending(), *other = pending();
    tt_future *gather = tt_gather(((tt_future *[]){future, other, future, future}), 4, false);

    (void)state;
    set_value(future, "7");
    set_value(other, "x");
    stage_turns(1);
    note_slots(gather);
    note_end(gather);
    tt_future_unref(future);
    tt_future_unref(other);
    expect_notes("0: 7", "1: x", "2: 7", "3: 7", "gather returned");
}

static int gather_nothing(void *arg)
{
    tt_future *gather = tt_gather(NULL, 0, false);

    (void)arg;
    note("%d %zu", tt_future_done(gather), tt_gather_count(gather));
    note_end(gather);
    return 0;
}

static void of_nothing_it_is_done_at_once(void **state)
{
    (void)state;
    assert_true(stage_run(gather_nothing, NULL));
    expect_notes("1 0", "gather returned");
    assert_null(tt_gather(NULL, 0, false));
    note_and_drop("without a loop");
    expect_notes("without a loop: RuntimeError('no running event loop')");
}

static void of_done_futures_it_is_done_at_once(void **state)
{
    tt_future *futures[2] = {pending(), pending()}, *gather;

    (void)state;
    set_value(futures[0], "a");
    set_value(futures[1], "b");
    gather = tt_gather(futures, 2, false);
    assert_true(tt_future_done(gather));
    note_slots(gather);
    note_end(gather);
    unref_all(futures, 2);
    expect_notes("0: a", "1: b", "gather returned");
}

static void with_a_failed_one_among_them_it_fails_at_once(void **state)
{
    tt_future *futures[3] = {pending(), pending(), pending()}, *gather;

    (void)state;
    set_value(futures[0], "a");
    set_error(futures[1], "boom");
    gather = tt_gather(futures, 3, false);
    assert_true(tt_future_done(gather));
    note_end(gather);
    unref_all(futures, 3);
    expect_notes("gather: ValueError('boom')");
}

static void its_futures_must_belong_to_one_loop(void **state)
{
    tt_loop *other = tt_loop_create();
    tt_future *here = pending(), *there = tt_create_future(other);

    (void)state;
    assert_null(tt_gather(((tt_future *[]){here, there}), 2, false));
    note_and_drop("gather");
    tt_future_unref(here);
    tt_future_unref(there);
    assert_int_equal(tt_loop_close(other), 0);
    expect_notes(
        "gather: ValueError('The future belongs to a different loop than the one specified as the loop argument')");
}

static void it_keeps_the_exception_of_a_creation_that_failed(void **state)
{
    (void)state;
    assert_int_equal(tt_raise(&tt_MemoryError, "no task"), -1);
    assert_null(tt_gather(((tt_future *[]){NULL}), 1, false));
    note_and_drop("gather");
    expect_notes("gather: MemoryError('no task')");
}

/* ---------------------------------------------------------------------------------------------------- first failure */

static void the_first_failure_ends_it_at_once_and_nobody_is_cancelled(void **state)
{
    tt_future *futures[3] = {pending(), pending(), pending()};
    tt_future *gather = tt_gather(futures, 3, false);

    (void)state;
    set_error(futures[1], "first");
    stage_turns(1);
    assert_true(tt_future_done(gather));
    assert_false(tt_future_done(futures[0]));
    assert_false(tt_future_done(futures[2]));
    note_end(gather);
    set_value(futures[0], "a");
    set_value(futures[2], "c");
    stage_turns(1);
    unref_all(futures, 3);
    expect_notes("gather: ValueError('first')");
}

static void a_second_failure_is_read_and_silent(void **state)
{
    tt_future *futures[2] = {pending(), pending()};
    tt_future *gather = tt_gather(futures, 2, false);

    (void)state;
    set_error(futures[0], "first");
    stage_turns(1);
    note_end(gather);
    set_error(futures[1], "second");
    stage_turns(1);
    unref_all(futures, 2);
    expect_notes("gather: ValueError('first')");
}

static void a_gather_that_nobody_retrieved_is_reported_once_with_the_first_failure(void **state)
{
    tt_future *futures[2] = {pending(), pending()};
    tt_future *gather = tt_gather(futures, 2, false);

    (void)state;
    set_error(futures[0], "first");
    set_error(futures[1], "second");
    unref_all(futures, 2);
    tt_future_unref(gather);
    expect_no_notes(); /* its children keep it */
    stage_turns(1);
    expect_notes(
        "handler: _GatheringFuture exception was never retrieved [exception, future, message] ValueError('first')");
}

static void a_child_that_was_cancelled_is_a_cancelled_error_of_a_gather_that_was_not(void **state)
{
    tt_future *futures[2] = {pending(), pending()};
    tt_future *gather = tt_gather(futures, 2, false);

    (void)state;
    assert_true(tt_future_cancel(futures[0], "why"));
    stage_turns(1);
    assert_true(tt_future_done(gather));
    assert_false(tt_future_cancelled(gather));
    note_end(gather);
    unref_all(futures, 2);
    expect_notes("gather: CancelledError('why')");
}

/* ------------------------------------------------------------------------------------------------------- cancelling */

static int sleep_long(void *arg)
{
    (void)arg;
    return tt_sleep(TT_SEC(1000));
}

static int swallow(void *value)
{
    if (tt_sleep(TT_SEC(1000)) < 0 && tt_catch(&tt_CancelledError) && tt_catch_end() < 0)
        return -1;
    return tt_return(value, NULL);
}

static int fail_in_cleanup(void *text)
{
    if (tt_sleep(TT_SEC(1000)) < 0 && tt_catch(&tt_CancelledError)) {
        int rc = tt_raise(&tt_ValueError, "%s", (const char *)text);

        return tt_catch_end() < 0 ? -1 : rc;
    }
    return 0;
}

static tt_task *create(tt_coro_fn *fn, void *arg)
{
    const struct tt_task_options options = {.loop = stage_loop, .name = "t"};

    return tt_create_task_with(fn, arg, &options);
}

static void cancelling_it_cancels_those_that_are_not_done(void **state)
{
    tt_future *futures[3] = {create(sleep_long, NULL), pending(), create(sleep_long, NULL)};
    tt_future *gather = tt_gather(futures, 3, false);

    (void)state;
    stage_turns(1);
    set_value(futures[1], "done");
    assert_true(tt_future_cancel(gather, "M"));
    assert_int_equal(tt_task_cancelling(futures[0]), 1);
    assert_int_equal(tt_task_cancelling(futures[2]), 1);
    assert_false(tt_future_cancelled(futures[1]));
    assert_false(tt_future_done(gather)); /* not before its children */
    stage_turns(3);
    assert_false(tt_future_cancelled(gather));
    note_end(gather);
    unref_all(futures, 3);
    expect_notes("gather: CancelledError('M')");
}

static void cancelled_with_values_it_fails_when_all_have_ended(void **state)
{
    tt_future *futures[2] = {create(swallow, "a"), create(sleep_long, NULL)};
    tt_future *gather = tt_gather(futures, 2, true);

    (void)state;
    stage_turns(1);
    assert_true(tt_future_cancel(gather, "M"));
    stage_turns(3);
    assert_false(tt_future_cancelled(gather));
    note_slots(gather);
    note_end(gather);
    unref_all(futures, 2);
    expect_notes("slot: CancelledError('M')", "slot: CancelledError('M')", "gather: CancelledError('M')");
}

static void cancelled_it_fails_even_when_all_children_swallow(void **state)
{
    tt_future *futures[2] = {create(swallow, "a"), create(swallow, "b")};
    tt_future *gather = tt_gather(futures, 2, false);

    (void)state;
    stage_turns(1);
    assert_true(tt_future_cancel(gather, "M"));
    stage_turns(3);
    note_end(gather);
    unref_all(futures, 2);
    expect_notes("gather: CancelledError()");
}

static void an_error_in_a_childs_cleanup_takes_the_place_of_the_cancellation(void **state)
{
    tt_future *futures[2] = {create(fail_in_cleanup, "first"), create(fail_in_cleanup, "second")};
    tt_future *gather = tt_gather(futures, 2, false);

    (void)state;
    stage_turns(1);
    assert_true(tt_future_cancel(gather, NULL));
    stage_turns(3);
    note_end(gather);
    unref_all(futures, 2); /* the second was read */
    expect_notes("gather: ValueError('first')");
}

static void a_repeated_child_is_asked_each_time(void **state)
{
    tt_task *task = create(sleep_long, NULL);
    tt_future *gather = tt_gather(((tt_future *[]){task, task}), 2, false);

    (void)state;
    stage_turns(1);
    assert_true(tt_future_cancel(gather, NULL));
    assert_int_equal(tt_task_cancelling(task), 2);
    stage_turns(3);
    note_end(gather);
    tt_task_unref(task);
    expect_notes("gather: CancelledError()");
}

static void when_no_child_accepts_it_refuses(void **state)
{
    tt_future *futures[2] = {pending(), pending()};
    tt_future *gather = tt_gather(futures, 2, false);

    (void)state;
    set_value(futures[0], "a");
    set_value(futures[1], "b");
    assert_false(tt_future_cancel(gather, NULL));
    stage_turns(1);
    note_end(gather);
    unref_all(futures, 2);
    expect_notes("gather returned");
}

/* Other futures' failures count as retrieved then. */
static void once_done_it_refuses_and_cancels_nobody_and_is_not_retrieved(void **state)
{
    tt_future *futures[2] = {pending(), pending()};
    tt_future *gather = tt_gather(futures, 2, false);

    (void)state;
    set_error(futures[0], "boom");
    stage_turns(1);
    assert_false(tt_future_cancel(gather, NULL));
    assert_false(tt_future_done(futures[1]));
    tt_future_unref(gather);
    unref_all(futures, 2);
    expect_notes(
        "handler: _GatheringFuture exception was never retrieved [exception, future, message] ValueError('boom')");
}

static int await_gather(void *arg)
{
    return tt_await(arg);
}

static void cancelling_who_awaits_it_cancels_its_children(void **state)
{
    tt_future *child = pending(), *gather = tt_gather(&child, 1, false);
    tt_task *task = create(await_gather, gather);

    (void)state;
    stage_turns(1);
    assert_true(tt_task_cancel(task, "M"));
    assert_true(tt_future_cancelled(child));
    stage_turns(2);
    assert_true(tt_task_cancelled(task));
    tt_task_unref(task);
    tt_future_unref(gather);
    tt_future_unref(child);
}

/* --------------------------------------------------------------------------------------------- exceptions as values */

static void with_values_it_waits_for_all(void **state)
{
    tt_future *futures[3] = {pending(), pending(), pending()};
    tt_future *gather = tt_gather(futures, 3, true);

    (void)state;
    set_error(futures[0], "boom");
    assert_true(tt_future_cancel(futures[1], "why"));
    stage_turns(1);
    assert_false(tt_future_done(gather));
    assert_int_equal(tt_gather_slot(gather, 0, NULL, NULL), -1);
    note_and_drop("early");
    set_value(futures[2], "c");
    stage_turns(1);
    note_slots(gather);
    note_end(gather);
    unref_all(futures, 3);
    expect_notes("early: InvalidStateError('Result is not set.')", "0: ValueError('boom')", "1: CancelledError('why')",
                 "2: c", "gather returned");
}

static void values_that_nobody_looks_at_are_silent(void **state)
{
    tt_future *futures[2] = {pending(), pending()};
    tt_future *gather = tt_gather(futures, 2, true);

    (void)state;
    set_error(futures[0], "boom");
    set_value(futures[1], "b");
    stage_turns(1);
    tt_future_unref(gather);
    unref_all(futures, 2);
    expect_no_notes();
}

static void a_slot_beyond_the_end_is_an_index_error(void **state)
{
    tt_future *future = pending(), *gather;

    (void)state;
    set_value(future, "a");
    gather = tt_gather(&future, 1, false);
    assert_int_equal(tt_gather_slot(gather, 1, NULL, NULL), -1);
    note_and_drop("slot");
    tt_future_unref(gather);
    tt_future_unref(future);
    expect_notes("slot: IndexError('list index out of range')");
}

static void a_gather_of_gathers_passes_values_and_failures_on(void **state)
{
    tt_future *inner[2] = {pending(), pending()};
    tt_future *middle[2] = {tt_gather(&inner[0], 1, false), tt_gather(&inner[1], 1, true)};
    tt_future *outer = tt_gather(middle, 2, false);

    (void)state;
    set_error(inner[1], "value");
    set_error(inner[0], "boom");
    stage_turns(3);
    note_end(outer);
    note_slots(middle[1]);
    unref_all(middle, 2);
    unref_all(inner, 2);
    expect_notes("gather: ValueError('boom')", "0: ValueError('value')");
}

/* --------------------------------------------------------------------------------------------------- lives and size */

static void it_holds_its_children(void **state)
{
    tt_future *child = pending(), *gather = tt_gather(&child, 1, false);
    tt_exc *exc = NULL;

    (void)state;
    set_error(child, "boom");
    tt_future_unref(child);
    stage_turns(1);
    assert_int_equal(tt_future_exception(gather, &exc), 0);
    assert_non_null(exc);
    tt_future_unref(gather);
    expect_no_notes();
}

static void closing_the_loop_lets_go_of_it(void **state)
{
    tt_future *futures[2] = {create(sleep_long, NULL), pending()};
    tt_future *gather = tt_gather(futures, 2, false);

    (void)state;
    stage_turns(1);
    stage_close_loop();
    tt_future_unref(gather);
    unref_all(futures, 2);
    expect_notes("handler: Task was destroyed but it is pending! [message, task] None of t");
}

enum { MANY = 100000 };

static void a_hundred_thousand_children_are_no_more_work_each_than_ten(void **state)
{
    tt_future **futures = calloc(MANY, sizeof *futures), *gather;

    (void)state;
    for (int i = 0; i < MANY; i++)
        futures[i] = i % 2 ? tt_future_ref(futures[i - 1]) : pending();
    gather = tt_gather(futures, MANY, false);
    for (int i = 0; i < MANY; i += 2)
        set_value(futures[i], "x");
    stage_turns(1);
    assert_true(tt_future_done(gather));
    tt_future_unref(gather);
    unref_all(futures, MANY);
    free(futures);
}

enum { DEEP = 20000 };

/* Lets go of a chain of gathers in front of a future that never ends, the outermost last. */
static int drop_a_chain(void *arg)
{
    tt_future *innermost = tt_create_future(NULL), *outer = tt_future_ref(innermost);

    for (int i = 0; i < DEEP; i++) {
        tt_future *gather = tt_gather(&outer, 1, arg != NULL);

        tt_future_unref(outer);
        outer = gather;
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
    assert_true(stage_run(drop_a_chain, "return_exceptions"));
    expect_notes("dropped", "dropped");
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test_on_stage(results_stand_in_the_order_of_the_arguments),
    cmocka_unit_test_on_stage(the_same_future_may_stand_in_it_several_times),
    cmocka_unit_test_on_stage(of_nothing_it_is_done_at_once),
    cmocka_unit_test_on_stage(of_done_futures_it_is_done_at_once),
    cmocka_unit_test_on_stage(with_a_failed_one_among_them_it_fails_at_once),
    cmocka_unit_test_on_stage(its_futures_must_belong_to_one_loop),
    cmocka_unit_test_on_stage(it_keeps_the_exception_of_a_creation_that_failed),
    cmocka_unit_test_on_stage(the_first_failure_ends_it_at_once_and_nobody_is_cancelled),
    cmocka_unit_test_on_stage(a_second_failure_is_read_and_silent),
    cmocka_unit_test_on_stage(a_gather_that_nobody_retrieved_is_reported_once_with_the_first_failure),
    cmocka_unit_test_on_stage(a_child_that_was_cancelled_is_a_cancelled_error_of_a_gather_that_was_not),
    cmocka_unit_test_on_stage(cancelling_it_cancels_those_that_are_not_done),
    cmocka_unit_test_on_stage(cancelled_with_values_it_fails_when_all_have_ended),
    cmocka_unit_test_on_stage(cancelled_it_fails_even_when_all_children_swallow),
    cmocka_unit_test_on_stage(an_error_in_a_childs_cleanup_takes_the_place_of_the_cancellation),
    cmocka_unit_test_on_stage(a_repeated_child_is_asked_each_time),
    cmocka_unit_test_on_stage(when_no_child_accepts_it_refuses),
    cmocka_unit_test_on_stage(once_done_it_refuses_and_cancels_nobody_and_is_not_retrieved),
    cmocka_unit_test_on_stage(cancelling_who_awaits_it_cancels_its_children),
    cmocka_unit_test_on_stage(with_values_it_waits_for_all),
    cmocka_unit_test_on_stage(values_that_nobody_looks_at_are_silent),
    cmocka_unit_test_on_stage(a_slot_beyond_the_end_is_an_index_error),
    cmocka_unit_test_on_stage(a_gather_of_gathers_passes_values_and_failures_on),
    cmocka_unit_test_on_stage(it_holds_its_children),
    cmocka_unit_test_on_stage(closing_the_loop_lets_go_of_it),
    cmocka_unit_test_on_stage(a_hundred_thousand_children_are_no_more_work_each_than_ten),
    cmocka_unit_test_on_stage(a_chain_of_any_length_is_dropped_on_a_tasks_stack),
};

TT_TEST_MAIN(cases)
