/* What waits for several futures, when it ends before them or is let go of: nothing is held in a circle, and who waited
 * learns it. Each case proves by its teardown that nothing is left. */
#include "actors.h"

static void unref_both(tt_future *one, tt_future *other)
{
    tt_future_unref(one);
    tt_future_unref(other);
}

/* EARLY is done, or will be, and may hold PENDING, one handle of each of which comes here. The gather of EARLY and of a
 * shield of PENDING closes the circle if it does. Lets go of everything. */
static void close_circle(tt_future *early, tt_future *pending)
{
    tt_future *shield = tt_shield(pending), *gather = tt_gather(((tt_future *[]){early, shield}), 2, true);

    unref_both(shield, gather);
    unref_both(early, pending);
}

/* ---------------------------------------------------------------------------------------------------------- gathers */

static void a_gather_that_failed_lets_go_of_what_it_did_not_wait_for(void **state)
{
    tt_future *fails = pending(), *child = pending(), *gather = tt_gather(((tt_future *[]){fails, child}), 2, false);

    (void)state;
    set_error(fails, "boom");
    tt_future_unref(fails);
    stage_turns(1);
    assert_int_equal(tt_future_result(gather, NULL), -1);
    note_and_drop("gather");
    close_circle(gather, child);
    expect_notes("gather: ValueError('boom')");
}

static void a_gather_made_of_a_failed_one_lets_go_of_the_other(void **state)
{
    tt_future *fails = pending(), *child = pending(), *gather;

    (void)state;
    set_error(fails, "boom");
    gather = tt_gather(((tt_future *[]){child, fails, child}), 3, false);
    tt_future_unref(fails);
    tt_discard(gather, "only who holds whom is looked at");
    close_circle(gather, child);
    expect_no_notes();
}

static void a_gather_in_a_failed_gather_goes_with_it(void **state)
{
    tt_future *fails = pending(), *child = pending();
    tt_future *inner = tt_gather(((tt_future *[]){child, child}), 2, true);
    tt_future *outer = tt_gather(((tt_future *[]){fails, inner}), 2, false);

    (void)state;
    set_error(fails, "boom");
    tt_future_unref(fails);
    stage_turns(1);
    tt_discard(outer, "only who holds whom is looked at");
    tt_future_unref(inner);
    close_circle(outer, child);
    expect_no_notes();
}

/* As asyncio's, it is a future like others. */
static void a_gather_whose_result_is_set_has_no_slots_and_its_children_run_on(void **state)
{
    tt_future *child = pending(), *gather = tt_gather(&child, 1, true);
    void *value = NULL;

    (void)state;
    set_value(gather, "mine");
    assert_int_equal(tt_future_result(gather, &value), 0);
    assert_string_equal(value, "mine");
    assert_int_equal(tt_gather_slot(gather, 0, NULL, NULL), -1);
    note_and_drop("slot");
    assert_false(tt_future_cancel(gather, NULL));
    assert_false(tt_future_done(child));
    set_error(child, "read by the gather");
    stage_turns(1);
    assert_int_equal(tt_gather_slot(gather, 0, NULL, NULL), -1);
    note_and_drop("slot");
    unref_both(gather, child);
    expect_notes("slot: TypeError('the result of this gather was set, and is not a list')",
                 "slot: TypeError('the result of this gather was set, and is not a list')");
}

static void a_gather_whose_result_is_set_lets_go_of_its_children(void **state)
{
    tt_future *child = pending(), *gather = tt_gather(&child, 1, true);

    (void)state;
    set_value(gather, NULL);
    close_circle(gather, child);
}

/* ---------------------------------------------------------------------------------------------------------- shields */

static void a_shield_whose_result_is_set_lets_go_of_what_is_behind_it(void **state)
{
    tt_future *inner = pending(), *shield = tt_shield(inner);

    (void)state;
    set_value(shield, NULL);
    stage_turns(1);
    close_circle(shield, inner);
}

static void a_shield_cancelled_as_the_loop_is_closed_lets_go_of_it_too(void **state)
{
    tt_future *inner = pending(), *shield = tt_shield(inner);

    (void)state;
    tt_future_cancel(shield, NULL);
    close_circle(shield, inner);
    stage_close_loop();
}

/* -------------------------------------------------------------------------------------------------------- iterators */

static void an_awaitable_of_an_iterator_lets_go_of_that_when_it_is_cancelled(void **state)
{
    tt_future *future = pending(), *next = NULL;
    tt_as_completed *iterator = tt_as_completed_create(&future, 1, TT_NEVER);

    (void)state;
    assert_int_equal(tt_as_completed_awaitable(iterator, &next), 1);
    tt_as_completed_destroy(iterator);
    tt_future_cancel(next, NULL);
    close_circle(next, future);
}

static int take_next(void *iterator)
{
    tt_future *next = NULL;

    if (tt_as_completed_next(iterator, &next) < 0)
        return note_and_drop(tt_task_name(tt_current_task()));
    note("%s: done %d", tt_task_name(tt_current_task()), tt_future_done(next));
    return 0;
}

static void tasks_that_wait_in_an_iterator_that_is_destroyed_are_told(void **state)
{
    tt_future *futures[4] = {pending(), pending(), pending(), pending()}, *next = NULL;
    tt_as_completed *iterator = tt_as_completed_create(futures, 4, TT_SEC(1));
    tt_task *first = create(take_next, iterator, "first"), *second = create(take_next, iterator, "second"),
            *third = create(take_next, iterator, "third");
    void *value = NULL;

    (void)state;
    stage_turns(1);
    assert_int_equal(tt_as_completed_awaitable(iterator, &next), 1);
    set_value(futures[3], "given to the first, which has not gone on yet");
    tt_future_cancel(third, NULL);
    stage_turns(1);
    tt_as_completed_destroy(iterator);
    for (int i = 0; i < 4; i++)
        tt_future_unref(futures[i]);
    stage_turns(2);
    assert_true(tt_future_done(first) && tt_future_done(second) && tt_future_done(third));
    assert_int_equal(tt_future_result(next, &value), 0); /* what the first was given, and did not take */
    assert_string_equal(value, "given to the first, which has not gone on yet");
    unref_both(first, second);
    unref_both(third, next);
    expect_notes("third: CancelledError()",
                 "first: RuntimeError('an iterator of as_completed was destroyed while a task waited for it')",
                 "second: RuntimeError('an iterator of as_completed was destroyed while a task waited for it')");
}

static int destroy_own(void *arg)
{
    tt_as_completed_destroy(*(tt_as_completed **)arg);
    return 0;
}

static int destroy_while_it_is_cancelled(void *arg)
{
    tt_future *next = NULL;

    return tt_defer(destroy_own, arg) < 0 ? -1 : tt_as_completed_next(*(tt_as_completed **)arg, &next);
}

static void a_task_may_destroy_its_iterator_in_its_cleanup(void **state)
{
    tt_future *future = pending();
    tt_as_completed *iterators[2] = {tt_as_completed_create(&future, 1, TT_NEVER),
                                     tt_as_completed_create(&future, 1, TT_NEVER)};
    tt_task *cancelled = create(destroy_while_it_is_cancelled, &iterators[0], "cancelled"),
            *abandoned = create(destroy_while_it_is_cancelled, &iterators[1], "abandoned");

    (void)state;
    stage_turns(1);
    tt_future_cancel(cancelled, NULL);
    stage_turns(2);
    assert_true(tt_future_cancelled(cancelled));
    unref_both(cancelled, abandoned);
    stage_close_loop();
    tt_future_unref(future);
    expect_notes("handler: Task was destroyed but it is pending! [message, task] None of abandoned");
}

/* ------------------------------------------------------------------------------------------------------ task groups */

static int sleep_through_cancellation(void *arg)
{
    (void)arg;
    if (tt_sleep(TT_SEC(1000)) < 0)
        note_and_drop("child");
    return tt_sleep(TT_SEC(1000));
}

static int raise_in_a_group(void *arg)
{
    tt_group *group = tt_group_enter();

    if (tt_group_spawn(group, sleep_through_cancellation, arg) == 0 && tt_sleep(0) == 0)
        tt_raise(&tt_ValueError, "body");
    return tt_group_exit(group, tt_exc_pending() ? -1 : 0);
}

static void a_group_abandoned_in_its_exit_lets_go_of_what_its_body_raised(void **state)
{
    tt_task *raises = create(raise_in_a_group, NULL, "raises"),
            *cancelled = create(raise_in_a_group, NULL, "cancelled");

    (void)state;
    stage_turns(1);
    tt_future_cancel(cancelled, NULL);
    stage_turns(3);
    unref_both(raises, cancelled);
    stage_close_loop();
    assert_non_null(strstr(stage_notes(), "child: CancelledError()"));
    stage_forget_notes();
}

enum { DEEP = 20000 };

/* Lets go of a chain of awaitables, each of an iterator over the one before, the outermost last. */
static int drop_a_chain(void *arg)
{
    tt_future *innermost = tt_create_future(NULL), *outer = tt_future_ref(innermost);

    (void)arg;
    for (int i = 0; i < DEEP; i++) {
        tt_as_completed *iterator = tt_as_completed_create(&outer, 1, TT_NEVER);
        tt_future *awaitable = NULL;

        (void)!tt_as_completed_awaitable(iterator, &awaitable);
        tt_as_completed_destroy(iterator);
        tt_future_unref(outer);
        outer = awaitable;
    }
    (void)!tt_sleep(0);
    tt_future_unref(outer);
    note("dropped");
    tt_future_unref(innermost);
    return 0;
}

static void a_chain_of_awaitables_of_any_length_is_dropped_on_a_tasks_stack(void **state)
{
    (void)state;
    assert_true(stage_run(drop_a_chain, NULL));
    expect_notes("dropped");
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test_on_virtual_stage(a_gather_that_failed_lets_go_of_what_it_did_not_wait_for),
    cmocka_unit_test_on_virtual_stage(a_gather_made_of_a_failed_one_lets_go_of_the_other),
    cmocka_unit_test_on_virtual_stage(a_gather_in_a_failed_gather_goes_with_it),
    cmocka_unit_test_on_virtual_stage(a_gather_whose_result_is_set_has_no_slots_and_its_children_run_on),
    cmocka_unit_test_on_virtual_stage(a_gather_whose_result_is_set_lets_go_of_its_children),
    cmocka_unit_test_on_virtual_stage(a_shield_whose_result_is_set_lets_go_of_what_is_behind_it),
    cmocka_unit_test_on_virtual_stage(a_shield_cancelled_as_the_loop_is_closed_lets_go_of_it_too),
    cmocka_unit_test_on_virtual_stage(an_awaitable_of_an_iterator_lets_go_of_that_when_it_is_cancelled),
    cmocka_unit_test_on_virtual_stage(tasks_that_wait_in_an_iterator_that_is_destroyed_are_told),
    cmocka_unit_test_on_virtual_stage(a_task_may_destroy_its_iterator_in_its_cleanup),
    cmocka_unit_test_on_virtual_stage(a_group_abandoned_in_its_exit_lets_go_of_what_its_body_raised),
    cmocka_unit_test_on_virtual_stage(a_chain_of_awaitables_of_any_length_is_dropped_on_a_tasks_stack),
};

TT_TEST_MAIN(cases)
