/* as_completed: both kinds of iteration, timeouts, sharing, letting go. asyncio.as_completed of 3.13. */
#include "actors.h"

#include "loop_internal.h"

static int now_ms(void)
{
    return (int)(tt_loop_time(stage_loop) / 1000000);
}

enum { FUTURES_MAX = 4 };

struct over {
    tt_future *futures[FUTURES_MAX];
    size_t count;
    int64_t timeout_ns;
};

#define OVER(timeout, ...)                                                                             \
    {                                                                                                  \
        .futures = {__VA_ARGS__}, .count = sizeof((tt_future *[]){__VA_ARGS__}) / sizeof(tt_future *), \
        .timeout_ns = (timeout)                                                                        \
    }

static void unref_all(struct over *over)
{
    for (size_t i = 0; i < over->count; i++)
        tt_future_unref(over->futures[i]);
}

/* ------------------------------------------------------------------------------------------- the futures themselves */

static int iterate(void *arg)
{
    struct over *over = arg;
    tt_as_completed *iterator = tt_as_completed_create(over->futures, over->count, over->timeout_ns);
    tt_future *future = NULL;
    int rc = -1;

    if (!iterator)
        return -1;
    for (;;) {
        rc = tt_as_completed_next(iterator, &future);
        if (rc == 0)
            break;
        if (rc < 0 && tt_exc_is(tt_exc_pending(), &tt_CancelledError))
            break;
        if (rc < 0)
            note_and_drop("next");
        else
            note("%s at %d", tt_task_name(future), now_ms());
    }
    tt_as_completed_destroy(iterator);
    return rc;
}

static void they_come_in_the_order_in_which_they_are_done(void **state)
{
    struct over over = OVER(TT_NEVER, sleeper(20, "b"), sleeper(30, "c"), sleeper(10, "a"));

    (void)state;
    assert_true(stage_run(iterate, &over));
    unref_all(&over);
    expect_notes("a at 10", "b at 20", "c at 30");
}

static void one_that_stands_there_twice_comes_once(void **state)
{
    tt_task *a = sleeper(10, "a"), *b = sleeper(20, "b");
    struct over over = OVER(TT_NEVER, a, b, a, b);

    (void)state;
    assert_true(stage_run(iterate, &over));
    tt_task_unref(a);
    tt_task_unref(b);
    expect_notes("a at 10", "b at 20");
}

static void those_that_are_done_already_come_first(void **state)
{
    struct over over = OVER(TT_NEVER, sleeper(20, "late"), sleeper(10, "early"));

    (void)state;
    assert_int_equal(tt_loop_run_until_complete(stage_loop, over.futures[1]), 0);
    assert_true(stage_run(iterate, &over));
    unref_all(&over);
    expect_notes("early at 10", "late at 20");
}

static void each_that_is_missing_when_time_is_up_is_a_timeout_error(void **state)
{
    struct over over = OVER(TT_MSEC(15), sleeper(10, "a"), sleeper(100, "b"), sleeper(200, "c"));

    (void)state;
    assert_true(stage_run(iterate, &over));
    assert_int_equal(tt_task_cancelling(over.futures[1]), 0);
    assert_int_equal(tt_loop_run_until_complete(stage_loop, over.futures[2]), 0);
    unref_all(&over);
    expect_notes("a at 10", "next: TimeoutError()", "next: TimeoutError()");
}

static void a_timeout_that_was_not_needed_is_forgotten(void **state)
{
    struct over over = OVER(TT_SEC(10), sleeper(10, "a"));

    (void)state;
    assert_true(stage_run(iterate, &over));
    unref_all(&over);
    expect_notes("a at 10");
}

static void a_timeout_of_zero_gives_only_what_is_done(void **state)
{
    struct over over = OVER(0, sleeper(10, "a"), sleeper(20, "b"));

    (void)state;
    assert_int_equal(tt_loop_run_until_complete(stage_loop, over.futures[0]), 0);
    assert_true(stage_run(iterate, &over));
    assert_int_equal(tt_loop_run_until_complete(stage_loop, over.futures[1]), 0);
    unref_all(&over);
    expect_notes("a at 10", "next: TimeoutError()");
}

static int iterate_nothing(void *arg)
{
    tt_as_completed *iterator = tt_as_completed_create(NULL, 0, TT_SEC(1));
    tt_future *future = NULL;

    (void)arg;
    note("%d %d", tt_as_completed_next(iterator, &future), tt_as_completed_awaitable(iterator, &future));
    tt_as_completed_destroy(iterator);
    return 0;
}

static void over_nothing_it_is_at_its_end(void **state)
{
    (void)state;
    assert_true(stage_run(iterate_nothing, NULL));
    assert_null(tt_as_completed_create(NULL, 0, TT_NEVER));
    note_and_drop("outside");
    expect_notes("0 0", "outside: RuntimeError('no running event loop')");
}

static int break_off(void *arg)
{
    struct over *over = arg;
    tt_as_completed *iterator = tt_as_completed_create(over->futures, over->count, TT_NEVER);
    tt_future *future = NULL;
    int rc = tt_as_completed_next(iterator, &future);

    note("%s", tt_task_name(future));
    tt_as_completed_destroy(iterator);
    return rc < 0 ? -1 : 0;
}

static void a_failure_after_the_break_is_reported_when_it_is_let_go_of(void **state)
{
    struct over over = OVER(TT_NEVER, sleeper(10, "a"), create(fail_after_ms, (void *)20, "b"));

    (void)state;
    assert_true(stage_run(break_off, &over));
    assert_true(stage_run(sleep_ms, (void *)50));
    tt_task_unref(over.futures[0]);
    expect_notes("a");
    tt_task_unref(over.futures[1]);
    expect_notes("handler: Task exception was never retrieved [exception, future, message] ValueError('boom') of b");
}

static void giving_a_failed_one_does_not_read_it(void **state)
{
    struct over over = OVER(TT_NEVER, create(fail_after_ms, (void *)10, "a"));

    (void)state;
    assert_true(stage_run(iterate, &over));
    expect_notes("a at 10");
    unref_all(&over);
    expect_notes("handler: Task exception was never retrieved [exception, future, message] ValueError('boom') of a");
}

static void cancelling_who_iterates_cancels_none_of_them(void **state)
{
    struct over over = OVER(TT_SEC(5), sleeper(10, "a"));
    tt_task *task = create(iterate, &over, "iterates");

    (void)state;
    stage_turns(1);
    assert_true(tt_task_cancel(task, NULL));
    stage_turns(2);
    assert_true(tt_task_cancelled(task));
    assert_false(tt_task_done(over.futures[0]));
    assert_int_equal(stage_loop->timers.count, 2); /* the sleeper's, and its own, */
    assert_int_equal(stage_loop->timers.cancelled_count, 1); /* which is cancelled */
    assert_int_equal(tt_loop_run_until_complete(stage_loop, over.futures[0]), 0);
    tt_task_unref(task);
    unref_all(&over);
}

struct shared {
    tt_as_completed *iterator;
    const char *name;
};

static int take_one(void *arg)
{
    struct shared *shared = arg;
    tt_future *future = NULL;
    int rc = tt_as_completed_next(shared->iterator, &future);

    if (rc < 0)
        return -1;
    note("%s: %s", shared->name, rc > 0 ? tt_task_name(future) : "end");
    return 0;
}

static void tasks_that_share_it_are_served_in_the_order_in_which_they_asked(void **state)
{
    struct over over = OVER(TT_NEVER, sleeper(10, "a"), sleeper(20, "b"));
    tt_as_completed *iterator = tt_as_completed_create(over.futures, over.count, TT_NEVER);
    struct shared shared[3] = {{iterator, "first"}, {iterator, "second"}, {iterator, "third"}};
    tt_task *tasks[3];

    (void)state;
    for (int i = 0; i < 3; i++)
        tasks[i] = create(take_one, &shared[i], shared[i].name);
    assert_int_equal(tt_loop_run_until_complete(stage_loop, tasks[1]), 0);
    for (int i = 0; i < 3; i++)
        tt_task_unref(tasks[i]);
    tt_as_completed_destroy(iterator);
    unref_all(&over);
    expect_notes("third: end", "first: a", "second: b");
}

/* The first is cancelled in the turn in which it was given one: the second gets it. */
static void what_a_cancelled_task_was_given_goes_to_the_next_one(void **state)
{
    tt_future *futures[2] = {sleeper(10, "a"), sleeper(1000, "b")};
    tt_as_completed *iterator = tt_as_completed_create(futures, 2, TT_NEVER);
    struct shared shared[2] = {{iterator, "first"}, {iterator, "second"}};
    tt_task *first = create(take_one, &shared[0], "first"), *second = create(take_one, &shared[1], "second");

    (void)state;
    stage_turns(1);
    assert_int_equal(tt_loop_run_until_complete(stage_loop, futures[0]), 0); /* it is given in this turn */
    assert_false(tt_task_done(first));
    assert_true(tt_task_cancel(first, NULL));
    stage_turns(3);
    assert_true(tt_task_cancelled(first));
    assert_true(tt_task_done(second));
    tt_task_unref(first);
    tt_task_unref(second);
    tt_as_completed_destroy(iterator);
    tt_task_cancel(futures[1], NULL);
    stage_turns(2);
    tt_task_unref(futures[0]);
    tt_task_unref(futures[1]);
    expect_notes("second: a");
}

static void nobody_else_waiting_it_is_the_next_again(void **state)
{
    tt_future *futures[2] = {sleeper(10, "a"), sleeper(1000, "b")};
    tt_as_completed *iterator = tt_as_completed_create(futures, 2, TT_NEVER);
    struct shared shared[2] = {{iterator, "first"}, {iterator, "second"}};
    tt_task *first = create(take_one, &shared[0], "first");

    (void)state;
    stage_turns(1);
    assert_int_equal(tt_loop_run_until_complete(stage_loop, futures[0]), 0);
    assert_true(tt_task_cancel(first, NULL));
    stage_turns(3);
    assert_true(tt_task_cancelled(first));
    tt_task_unref(first);
    assert_true(stage_run(take_one, &shared[1]));
    tt_as_completed_destroy(iterator);
    tt_task_cancel(futures[1], NULL);
    stage_turns(2);
    tt_task_unref(futures[0]);
    tt_task_unref(futures[1]);
    expect_notes("second: a");
}

/* ------------------------------------------------------------------------------------------------------- awaitables */

static int await_each(void *arg)
{
    struct over *over = arg;
    tt_as_completed *iterator = tt_as_completed_create(over->futures, over->count, over->timeout_ns);
    tt_future *next = NULL;
    int rc;

    while ((rc = tt_as_completed_awaitable(iterator, &next)) > 0) {
        void *value = NULL;

        if (tt_await(next) < 0 || tt_future_result(next, &value) < 0)
            note_and_drop("await");
        else
            note("%d at %d", (int)(intptr_t)value, now_ms());
        tt_future_unref(next);
    }
    tt_as_completed_destroy(iterator);
    return rc;
}

static void awaitables_end_one_after_the_other(void **state)
{
    struct over over = OVER(TT_NEVER, sleeper(30, "c"), create(fail_after_ms, (void *)20, "b"), sleeper(10, "a"));

    (void)state;
    assert_true(stage_run(await_each, &over));
    unref_all(&over); /* what b failed with was read */
    expect_notes("10 at 10", "await: ValueError('boom')", "30 at 30");
}

static void awaitables_of_what_is_missing_when_time_is_up_fail(void **state)
{
    struct over over = OVER(TT_MSEC(15), sleeper(10, "a"), sleeper(100, "b"));

    (void)state;
    assert_true(stage_run(await_each, &over));
    assert_int_equal(tt_loop_run_until_complete(stage_loop, over.futures[1]), 0);
    unref_all(&over);
    expect_notes("10 at 10", "await: TimeoutError()");
}

static void an_awaitable_of_a_cancelled_one_is_cancelled(void **state)
{
    tt_future *future = pending(), *next = NULL;
    tt_as_completed *iterator = tt_as_completed_create(&future, 1, TT_NEVER);

    (void)state;
    assert_int_equal(tt_as_completed_awaitable(iterator, &next), 1);
    tt_future_cancel(future, "why");
    stage_turns(1);
    assert_true(tt_future_cancelled(next));
    assert_int_equal(tt_future_result(next, NULL), -1);
    note_and_drop("next");
    tt_as_completed_destroy(iterator);
    tt_future_unref(next);
    tt_future_unref(future);
    expect_notes("next: CancelledError('why')");
}

static void asked_for_before_anything_is_done_they_end_in_the_order_of_asking(void **state)
{
    tt_future *futures[3] = {pending(), pending(), pending()}, *next[3];
    tt_as_completed *iterator = tt_as_completed_create(futures, 3, TT_NEVER);
    void *value = NULL;

    (void)state;
    for (int i = 0; i < 3; i++)
        assert_int_equal(tt_as_completed_awaitable(iterator, &next[i]), 1);
    assert_int_equal(tt_as_completed_awaitable(iterator, &next[0]), 0);
    tt_as_completed_destroy(iterator); /* they end all the same */
    set_value(futures[2], "c");
    set_value(futures[0], "a");
    set_value(futures[1], "b");
    stage_turns(1);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(tt_future_result(next[i], &value), 0);
        note("%s", (const char *)value);
        tt_future_unref(next[i]);
        tt_future_unref(futures[i]);
    }
    expect_notes("c", "a", "b");
}

static void two_may_be_awaited_at_once(void **state)
{
    tt_future *futures[2] = {sleeper(50, "a"), sleeper(50, "b")}, *next[2], *both;
    tt_as_completed *iterator = tt_as_completed_create(futures, 2, TT_NEVER);

    (void)state;
    for (int i = 0; i < 2; i++)
        assert_int_equal(tt_as_completed_awaitable(iterator, &next[i]), 1);
    both = tt_gather(next, 2, false);
    assert_int_equal(tt_loop_run_until_complete(stage_loop, both), 0);
    assert_int_equal(now_ms(), 50);
    tt_future_unref(both);
    for (int i = 0; i < 2; i++) {
        tt_future_unref(next[i]);
        tt_future_unref(futures[i]);
    }
    tt_as_completed_destroy(iterator);
}

static void one_that_was_cancelled_or_let_go_of_leaves_its_turn_to_the_next(void **state)
{
    tt_future *futures[3] = {pending(), pending(), pending()}, *next[3];
    tt_as_completed *iterator = tt_as_completed_create(futures, 3, TT_NEVER);
    void *value = NULL;

    (void)state;
    for (int i = 0; i < 3; i++)
        assert_int_equal(tt_as_completed_awaitable(iterator, &next[i]), 1);
    assert_true(tt_future_cancel(next[0], NULL));
    tt_future_unref(next[1]);
    set_value(futures[0], "a");
    stage_turns(1);
    assert_int_equal(tt_future_result(next[2], &value), 0);
    note("%s", (const char *)value);
    tt_as_completed_destroy(iterator);
    tt_future_unref(next[0]);
    tt_future_unref(next[2]);
    for (int i = 0; i < 3; i++)
        tt_future_unref(futures[i]);
    expect_notes("a");
}

static void a_failed_awaitable_that_nobody_reads_is_reported_and_its_future_is_not(void **state)
{
    tt_future *future = pending(), *next = NULL;
    tt_as_completed *iterator = tt_as_completed_create(&future, 1, TT_NEVER);

    (void)state;
    assert_int_equal(tt_as_completed_awaitable(iterator, &next), 1);
    set_error(future, "boom");
    stage_turns(1);
    tt_as_completed_destroy(iterator);
    tt_future_unref(future);
    expect_no_notes();
    tt_future_unref(next);
    expect_notes("handler: Future exception was never retrieved [exception, future, message] ValueError('boom')");
}

static void the_value_lives_as_long_as_the_awaitable(void **state)
{
    tt_future *future = pending(), *next = NULL;
    tt_as_completed *iterator = tt_as_completed_create(&future, 1, TT_NEVER);
    void *value = NULL;

    (void)state;
    assert_int_equal(tt_as_completed_awaitable(iterator, &next), 1);
    assert_int_equal(tt_future_set_result(future, strdup("value"), free), 0);
    tt_future_unref(future);
    stage_turns(1);
    tt_as_completed_destroy(iterator);
    assert_int_equal(tt_future_result(next, &value), 0);
    note("%s", (const char *)value);
    tt_future_unref(next);
    expect_notes("value");
}

/* ------------------------------------------------------------------------------------------------- errors and lives */

static void what_cannot_be_iterated_over_is_refused(void **state)
{
    tt_loop *other = tt_loop_create();
    tt_future *here = pending(), *there = tt_create_future(other), *next = NULL;
    tt_as_completed *iterator;

    (void)state;
    assert_null(tt_as_completed_create(((tt_future *[]){here, there}), 2, TT_NEVER));
    note_and_drop("loops");
    tt_raise(&tt_KeyError, "sticky");
    assert_null(tt_as_completed_create(((tt_future *[]){NULL}), 1, TT_NEVER));
    note_and_drop("pending");
    iterator = tt_as_completed_create(&here, 1, TT_NEVER);
    assert_int_equal(tt_as_completed_next(iterator, &next), -1);
    note_and_drop("outside");
    tt_raise(&tt_KeyError, "sticky");
    assert_int_equal(tt_as_completed_awaitable(iterator, &next), -1);
    note_and_drop("pending");
    tt_as_completed_destroy(iterator);
    tt_as_completed_destroy(NULL);
    tt_future_unref(here);
    tt_future_unref(there);
    assert_int_equal(tt_loop_close(other), 0);
    expect_notes(
        "loops: ValueError('The future belongs to a different loop than the one specified as the loop argument')",
        "pending: KeyError('sticky')", "outside: RuntimeError('no running event loop')", "pending: KeyError('sticky')");
}

static void let_go_of_in_any_order_nothing_is_left(void **state)
{
    (void)state;
    for (int order = 0; order < 4; order++) {
        tt_future *futures[2] = {pending(), pending()}, *next = NULL;
        tt_as_completed *iterator = tt_as_completed_create(futures, 2, TT_SEC(1));

        assert_int_equal(tt_as_completed_awaitable(iterator, &next), 1);
        if (order & 1)
            tt_as_completed_destroy(iterator);
        if (order & 2)
            tt_future_unref(next);
        tt_future_unref(futures[0]);
        set_value(futures[1], "x");
        tt_future_unref(futures[1]); /* its node is in the queue */
        if (!(order & 1))
            tt_as_completed_destroy(iterator);
        if (!(order & 2))
            tt_future_unref(next);
        stage_turns(1);
    }
}

static void closing_the_loop_lets_go_of_everything(void **state)
{
    struct over over = OVER(TT_SEC(1000), pending(), pending());
    tt_as_completed *iterator = tt_as_completed_create(over.futures, 2, TT_SEC(2000));
    struct shared shared = {iterator, "waits"};
    tt_task *task = create(take_one, &shared, "waits");
    tt_future *next = NULL;

    (void)state;
    stage_turns(1);
    assert_int_equal(tt_as_completed_awaitable(iterator, &next), 1);
    stage_close_loop();
    tt_task_unref(task);
    unref_all(&over);
    tt_future_unref(next);
    tt_as_completed_destroy(iterator);
    expect_notes("handler: Task was destroyed but it is pending! [message, task] None of waits");
}

static int next_without_memory(void *arg)
{
    tt_future *future = NULL;

    allocation_fail(1, false);
    note("%d", tt_as_completed_next(arg, &future));
    allocation_fail(0, false);
    return note_and_drop("next");
}

static void without_memory_it_is_a_memory_error(void **state)
{
    tt_future *future = pending(), *next = NULL;
    tt_as_completed *iterator;

    (void)state;
    for (int number = 1; number <= 2; number++) {
        allocation_fail(number, false);
        assert_null(tt_as_completed_create(&future, 1, TT_SEC(1)));
        allocation_fail(0, false);
        note_and_drop("create");
    }
    iterator = tt_as_completed_create(((tt_future *[]){future}), 1, 0);
    allocation_fail(1, false);
    assert_int_equal(tt_as_completed_awaitable(iterator, &next), -1);
    allocation_fail(0, false);
    note_and_drop("awaitable");
    assert_int_equal(tt_as_completed_awaitable(iterator, &next), 1); /* it did not count */
    allocation_fail(1, true);
    stage_turns(2);
    allocation_fail(0, false);
    assert_int_equal(tt_future_result(next, NULL), -1);
    note_and_drop("timeout");
    tt_future_unref(next);
    tt_as_completed_destroy(iterator);
    iterator = tt_as_completed_create(&future, 1, TT_NEVER);
    assert_true(stage_run(next_without_memory, iterator));
    tt_as_completed_destroy(iterator);
    tt_future_unref(future);
    expect_notes("create: MemoryError('no memory for an iterator over 1 futures')",
                 "create: MemoryError('no memory for a timer')",
                 "awaitable: MemoryError('no memory to wait for the next future')", "timeout: MemoryError()", "-1",
                 "next: MemoryError('no memory to wait for the next future')");
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test_on_virtual_stage(they_come_in_the_order_in_which_they_are_done),
    cmocka_unit_test_on_virtual_stage(one_that_stands_there_twice_comes_once),
    cmocka_unit_test_on_virtual_stage(those_that_are_done_already_come_first),
    cmocka_unit_test_on_virtual_stage(each_that_is_missing_when_time_is_up_is_a_timeout_error),
    cmocka_unit_test_on_virtual_stage(a_timeout_that_was_not_needed_is_forgotten),
    cmocka_unit_test_on_virtual_stage(a_timeout_of_zero_gives_only_what_is_done),
    cmocka_unit_test_on_virtual_stage(over_nothing_it_is_at_its_end),
    cmocka_unit_test_on_virtual_stage(a_failure_after_the_break_is_reported_when_it_is_let_go_of),
    cmocka_unit_test_on_virtual_stage(giving_a_failed_one_does_not_read_it),
    cmocka_unit_test_on_virtual_stage(cancelling_who_iterates_cancels_none_of_them),
    cmocka_unit_test_on_virtual_stage(tasks_that_share_it_are_served_in_the_order_in_which_they_asked),
    cmocka_unit_test_on_virtual_stage(what_a_cancelled_task_was_given_goes_to_the_next_one),
    cmocka_unit_test_on_virtual_stage(nobody_else_waiting_it_is_the_next_again),
    cmocka_unit_test_on_virtual_stage(awaitables_end_one_after_the_other),
    cmocka_unit_test_on_virtual_stage(awaitables_of_what_is_missing_when_time_is_up_fail),
    cmocka_unit_test_on_virtual_stage(an_awaitable_of_a_cancelled_one_is_cancelled),
    cmocka_unit_test_on_virtual_stage(asked_for_before_anything_is_done_they_end_in_the_order_of_asking),
    cmocka_unit_test_on_virtual_stage(two_may_be_awaited_at_once),
    cmocka_unit_test_on_virtual_stage(one_that_was_cancelled_or_let_go_of_leaves_its_turn_to_the_next),
    cmocka_unit_test_on_virtual_stage(a_failed_awaitable_that_nobody_reads_is_reported_and_its_future_is_not),
    cmocka_unit_test_on_virtual_stage(the_value_lives_as_long_as_the_awaitable),
    cmocka_unit_test_on_virtual_stage(what_cannot_be_iterated_over_is_refused),
    cmocka_unit_test_on_virtual_stage(let_go_of_in_any_order_nothing_is_left),
    cmocka_unit_test_on_virtual_stage(closing_the_loop_lets_go_of_everything),
    cmocka_unit_test_on_virtual_stage(without_memory_it_is_a_memory_error),
};

TT_TEST_MAIN(cases)
