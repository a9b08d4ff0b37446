/* wait: until all, the first, or the first failure of several futures. asyncio.wait of 3.13. */
#include "actors.h"

#include "loop_internal.h"

enum { FUTURES_MAX = 4 };

/* A wait as a coroutine: its arguments, and what it returned. */
struct wait {
    tt_future *futures[FUTURES_MAX];
    size_t count;
    enum tt_return_when return_when;
    int64_t timeout_ns;
    size_t done_count;
};

#define WAIT(when, timeout, ...)                                                                       \
    {                                                                                                  \
        .futures = {__VA_ARGS__}, .count = sizeof((tt_future *[]){__VA_ARGS__}) / sizeof(tt_future *), \
        .return_when = (when), .timeout_ns = (timeout), .done_count = 99                               \
    }

static int do_wait(void *arg)
{
    struct wait *wait = arg;
    int64_t began_ns = tt_loop_time(stage_loop);
    int rc = tt_wait(wait->futures, wait->count, wait->return_when, wait->timeout_ns, &wait->done_count);

    if (rc < 0)
        return -1;
    note("%zu done after %d ms", wait->done_count, (int)((tt_loop_time(stage_loop) - began_ns) / 1000000));
    return 0;
}

static void unref_all(struct wait *wait)
{
    for (size_t i = 0; i < wait->count; i++)
        tt_future_unref(wait->futures[i]);
}

/* --------------------------------------------------------------------------------------------------- what it returns */

static void it_waits_for_all_and_then_takes_no_time(void **state)
{
    tt_task *a = sleeper(100, "a"), *b = sleeper(150, "b");
    struct wait wait = WAIT(TT_ALL_COMPLETED, TT_NEVER, b, a);

    (void)state;
    assert_true(stage_run(do_wait, &wait));
    assert_true(stage_run(do_wait, &wait));
    unref_all(&wait);
    expect_notes("2 done after 150 ms", "2 done after 0 ms");
}

static void the_first_one_done_ends_it_and_stands_first(void **state)
{
    tt_task *a = sleeper(10000, "a"), *b = sleeper(100, "b");
    struct wait wait = WAIT(TT_FIRST_COMPLETED, TT_NEVER, a, b);

    (void)state;
    assert_true(stage_run(do_wait, &wait));
    assert_ptr_equal(wait.futures[0], b);
    assert_ptr_equal(wait.futures[1], a);
    assert_false(tt_task_done(a));
    tt_task_cancel(a, NULL);
    stage_turns(2);
    unref_all(&wait);
    expect_notes("1 done after 100 ms");
}

static int one_turn(void *arg)
{
    (void)arg;
    return tt_sleep(0);
}

static int two_turns(void *arg)
{
    (void)arg;
    return tt_sleep(0) < 0 ? -1 : tt_sleep(0);
}

static void what_is_done_when_it_goes_on_counts_also_when_its_callback_has_not_run(void **state)
{
    tt_task *a = create(one_turn, NULL, "a"), *b = create(two_turns, NULL, "b");
    struct wait wait = WAIT(TT_FIRST_COMPLETED, TT_NEVER, b, a);

    (void)state;
    assert_true(stage_run(do_wait, &wait));
    unref_all(&wait);
    expect_notes("2 done after 0 ms");
}

static void both_parts_keep_the_order_that_they_had(void **state)
{
    tt_future *a = pending(), *b = pending(), *c = pending(), *d = pending();
    struct wait wait = WAIT(TT_FIRST_COMPLETED, TT_NEVER, a, b, c, d);

    (void)state;
    set_value(d, "d");
    set_value(b, "b");
    assert_true(stage_run(do_wait, &wait));
    assert_ptr_equal(wait.futures[0], b);
    assert_ptr_equal(wait.futures[1], d);
    assert_ptr_equal(wait.futures[2], a);
    assert_ptr_equal(wait.futures[3], c);
    unref_all(&wait);
    expect_notes("2 done after 0 ms");
}

static void a_future_that_stands_there_twice_is_waited_for_once(void **state)
{
    tt_future *a = pending(), *b = pending();
    struct wait wait = WAIT(TT_ALL_COMPLETED, TT_NEVER, a, b, a, a);
    tt_task *task = create(do_wait, &wait, "waits");
    char repr[160];

    (void)state;
    stage_turns(1);
    tt_future_repr(a, repr, sizeof repr);
    assert_string_equal(repr, "<Future pending cb=[_wait.<locals>._on_completion()]>");
    set_value(a, "a");
    stage_turns(2);
    assert_false(tt_task_done(task));
    set_value(b, "b");
    stage_turns(3);
    assert_true(tt_task_done(task));
    tt_task_unref(task);
    tt_future_unref(a);
    tt_future_unref(b);
    expect_notes("4 done after 0 ms");
}

static int wait_without_parts(void *arg)
{
    struct wait *wait = arg;

    return tt_wait(wait->futures, wait->count, TT_FIRST_COMPLETED, TT_NEVER, NULL);
}

static void without_a_place_for_the_count_the_order_stays(void **state)
{
    tt_future *a = pending(), *b = pending();
    struct wait wait = WAIT(TT_FIRST_COMPLETED, TT_NEVER, a, b);

    (void)state;
    set_value(b, "b");
    assert_true(stage_run(wait_without_parts, &wait));
    assert_ptr_equal(wait.futures[0], a);
    unref_all(&wait);
}

static int wait_again(void *arg)
{
    struct wait *wait = arg;
    tt_future **rest = wait->futures;
    size_t count = wait->count, done_count;

    while (count > 0) {
        if (tt_wait(rest, count, TT_FIRST_COMPLETED, TT_NEVER, &done_count) < 0)
            return -1;
        for (; done_count > 0; done_count--, count--)
            note("%s", tt_task_name(*rest++));
    }
    return 0;
}

static void waiting_again_for_the_rest_takes_one_after_the_other(void **state)
{
    struct wait wait =
        WAIT(TT_FIRST_COMPLETED, TT_NEVER, sleeper(30, "c"), sleeper(10, "a"), sleeper(20, "b"), sleeper(40, "d"));

    (void)state;
    assert_true(stage_run(wait_again, &wait));
    unref_all(&wait);
    expect_notes("a", "b", "c", "d");
}

static void a_failure_among_all_does_not_end_it(void **state)
{
    tt_task *a = sleeper(150, "a"), *b = create(fail_after_ms, (void *)100, "b");
    struct wait wait = WAIT(TT_ALL_COMPLETED, TT_NEVER, a, b);

    (void)state;
    assert_true(stage_run(do_wait, &wait));
    assert_int_equal(tt_task_exception(b, NULL), 0);
    unref_all(&wait);
    expect_notes("2 done after 150 ms");
}

/* ---------------------------------------------------------------------------------------------------- first failure */

static void a_failure_ends_it_and_the_others_go_on(void **state)
{
    tt_task *a = sleeper(10000, "a"), *b = create(fail_after_ms, (void *)10, "b");
    struct wait wait = WAIT(TT_FIRST_EXCEPTION, TT_NEVER, a, b);

    (void)state;
    assert_true(stage_run(do_wait, &wait));
    assert_ptr_equal(wait.futures[0], b);
    assert_false(tt_task_done(a));
    assert_int_equal(tt_task_cancelling(a), 0);
    tt_task_cancel(a, NULL);
    stage_turns(2);
    unref_all(&wait);
    expect_notes("1 done after 10 ms");
}

static void a_failure_from_before_ends_it_at_once(void **state)
{
    tt_future *a = pending(), *b = pending();
    struct wait wait = WAIT(TT_FIRST_EXCEPTION, TT_NEVER, a, b);

    (void)state;
    set_error(b, "err");
    assert_true(stage_run(do_wait, &wait));
    assert_ptr_equal(wait.futures[0], b);
    unref_all(&wait);
    expect_notes("1 done after 0 ms");
}

static void neither_a_cancelled_one_nor_a_value_is_a_failure(void **state)
{
    tt_future *a = pending(), *b = pending(), *c = pending();
    struct wait wait = WAIT(TT_FIRST_EXCEPTION, TT_NEVER, a, b, c);
    tt_task *task = create(do_wait, &wait, "waits");

    (void)state;
    stage_turns(1);
    tt_future_cancel(a, NULL);
    set_value(b, "b");
    stage_turns(3);
    assert_false(tt_task_done(task));
    set_value(c, "c");
    stage_turns(3);
    assert_true(tt_task_done(task));
    tt_task_unref(task);
    unref_all(&wait);
    expect_notes("3 done after 0 ms");
}

static void looking_for_a_failure_reads_it(void **state)
{
    tt_future *a = pending(), *b = pending();
    struct wait wait = WAIT(TT_FIRST_EXCEPTION, TT_NEVER, a, b);

    (void)state;
    set_error(a, "nobody sees me");
    assert_true(stage_run(do_wait, &wait));
    unref_all(&wait);
    expect_notes("1 done after 0 ms");
}

static void the_last_one_is_not_looked_at(void **state)
{
    tt_future *a = pending();
    struct wait wait = WAIT(TT_FIRST_EXCEPTION, TT_NEVER, a);

    (void)state;
    set_error(a, "boom");
    assert_true(stage_run(do_wait, &wait));
    unref_all(&wait);
    expect_notes("1 done after 0 ms",
                 "handler: Future exception was never retrieved [exception, future, message] ValueError('boom')");
}

static void waiting_for_all_or_the_first_reads_nothing(void **state)
{
    tt_future *a = pending(), *b = pending();
    struct wait all = WAIT(TT_ALL_COMPLETED, TT_NEVER, a), first = WAIT(TT_FIRST_COMPLETED, TT_NEVER, b);

    (void)state;
    set_error(a, "one");
    set_error(b, "two");
    assert_true(stage_run(do_wait, &all));
    assert_true(stage_run(do_wait, &first));
    unref_all(&all);
    unref_all(&first);
    expect_notes("1 done after 0 ms", "1 done after 0 ms",
                 "handler: Future exception was never retrieved [exception, future, message] ValueError('one')",
                 "handler: Future exception was never retrieved [exception, future, message] ValueError('two')");
}

/* asyncio removes its callback from what is pending, not from the loop's queue. */
static void a_failure_in_the_turn_in_which_it_goes_on_is_read_too(void **state)
{
    tt_future *a = pending(), *b = pending(), *c = pending();
    struct wait wait = WAIT(TT_FIRST_EXCEPTION, TT_NEVER, a, b, c);
    tt_task *task = create(do_wait, &wait, "waits");

    (void)state;
    stage_turns(1);
    set_error(a, "one");
    stage_turns(1); /* the wait has its answer; the task goes on in the next turn, */
    set_error(b, "two");
    stage_turns(1); /* and b's callback runs after it */
    assert_true(tt_task_done(task));
    assert_int_equal(wait.done_count, 2);
    tt_task_unref(task);
    unref_all(&wait);
    expect_notes("2 done after 0 ms");
}

/* ---------------------------------------------------------------------------------------------------------- timeouts */

static void time_is_up_without_an_error_and_nobody_is_cancelled(void **state)
{
    tt_task *a = sleeper(100, "a"), *b = sleeper(150, "b");
    struct wait wait = WAIT(TT_ALL_COMPLETED, TT_MSEC(110), b, a);

    (void)state;
    assert_true(stage_run(do_wait, &wait));
    assert_ptr_equal(wait.futures[0], a);
    assert_int_equal(tt_task_cancelling(b), 0);
    assert_int_equal(tt_loop_run_until_complete(stage_loop, b), 0);
    unref_all(&wait);
    expect_notes("1 done after 110 ms");
}

static void what_is_done_in_the_same_instant_counts(void **state)
{
    tt_task *a = sleeper(100, "a"), *b = sleeper(150, "b");
    struct wait wait = WAIT(TT_ALL_COMPLETED, TT_MSEC(100), b, a);

    (void)state;
    assert_true(stage_run(do_wait, &wait));
    assert_int_equal(tt_loop_run_until_complete(stage_loop, b), 0);
    unref_all(&wait);
    expect_notes("1 done after 100 ms");
}

static void a_timeout_of_zero_lets_one_turn_pass(void **state)
{
    tt_task *a = create(one_turn, NULL, "a");
    tt_future *b = pending();
    struct wait wait = WAIT(TT_ALL_COMPLETED, 0, a, b);

    (void)state;
    assert_true(stage_run(do_wait, &wait));
    unref_all(&wait);
    expect_notes("1 done after 0 ms");
}

static void a_timeout_that_was_not_needed_is_forgotten(void **state)
{
    tt_task *a = sleeper(10, "a");
    struct wait wait = WAIT(TT_ALL_COMPLETED, TT_NEVER - 1, a);

    (void)state;
    assert_true(stage_run(do_wait, &wait));
    unref_all(&wait);
    expect_notes("1 done after 10 ms");
}

/* ------------------------------------------------------------------------------------------------------- cancelling */

static void cancelling_who_waits_cancels_none_of_them(void **state)
{
    tt_future *a = pending(), *b = pending();
    struct wait wait = WAIT(TT_ALL_COMPLETED, TT_SEC(1000), a, b);
    tt_task *task = create(do_wait, &wait, "waits");
    char repr[160];

    (void)state;
    stage_turns(1);
    set_value(b, "b");
    assert_true(tt_task_cancel(task, "M"));
    stage_turns(2);
    assert_true(tt_task_cancelled(task));
    assert_false(tt_future_done(a));
    assert_int_equal(wait.done_count, 99);
    assert_ptr_equal(wait.futures[0], a);
    tt__timers_purge(&stage_loop->timers);
    assert_int_equal(stage_loop->timers.count, 0);
    tt_future_repr(a, repr, sizeof repr);
    assert_string_equal(repr, "<Future pending>");
    tt_task_unref(task);
    unref_all(&wait);
}

static int cancel_itself_and_wait(void *arg)
{
    tt_task_cancel(tt_current_task(), "mine");
    note("asked");
    return do_wait(arg);
}

static void cancelled_before_it_suspends_it_is_cancelled_when_it_does(void **state)
{
    tt_future *future = pending();
    struct wait wait = WAIT(TT_ALL_COMPLETED, TT_NEVER, future);

    (void)state;
    assert_false(stage_run(cancel_itself_and_wait, &wait));
    assert_false(tt_future_done(future));
    unref_all(&wait);
    expect_notes("asked", "main: CancelledError('mine')");
}

/* ----------------------------------------------------------------------------------------------------------- errors */

static int wait_wrongly(void *arg)
{
    tt_loop *other = tt_loop_create();
    tt_future *here = pending(), *there = tt_create_future(other);
    size_t done_count = 99;

    (void)arg;
    if (tt_wait(NULL, 0, TT_ALL_COMPLETED, TT_NEVER, &done_count) < 0)
        note_and_drop("empty");
    if (tt_wait(&here, 1, (enum tt_return_when)7, TT_NEVER, &done_count) < 0)
        note_and_drop("when");
    if (tt_wait(((tt_future *[]){here, there}), 2, TT_ALL_COMPLETED, TT_NEVER, &done_count) < 0)
        note_and_drop("loops");
    tt_raise(&tt_KeyError, "sticky");
    if (tt_wait(((tt_future *[]){NULL}), 1, TT_ALL_COMPLETED, TT_NEVER, &done_count) < 0)
        note_and_drop("pending");
    note("%zu", done_count);
    tt_future_unref(here);
    tt_future_unref(there);
    return tt_loop_close(other);
}

static void what_cannot_be_waited_for_is_refused(void **state)
{
    tt_future *future = pending();

    (void)state;
    assert_true(stage_run(wait_wrongly, NULL));
    assert_int_equal(tt_wait(&future, 1, TT_ALL_COMPLETED, TT_NEVER, NULL), -1);
    note_and_drop("outside");
    tt_future_unref(future);
    expect_notes(
        "empty: ValueError('Set of Tasks/Futures is empty.')", "when: ValueError('Invalid return_when value: 7')",
        "loops: ValueError('The future belongs to a different loop than the one specified as the loop argument')",
        "pending: KeyError('sticky')", "99", "outside: RuntimeError('no running event loop')");
}

static int wait_without_memory(void *arg)
{
    struct wait *wait = arg;

    for (int number = 1; number <= 2; number++) {
        allocation_fail(number, false);
        note("%d", tt_wait(wait->futures, wait->count, wait->return_when, wait->timeout_ns, &wait->done_count));
        allocation_fail(0, false);
        note_and_drop("wait");
    }
    return 0;
}

static void without_memory_it_is_a_memory_error(void **state)
{
    tt_future *future = pending();
    struct wait wait = WAIT(TT_ALL_COMPLETED, TT_SEC(1), future);

    (void)state;
    assert_true(stage_run(wait_without_memory, &wait));
    assert_int_equal(wait.done_count, 99);
    unref_all(&wait);
    expect_notes("-1", "wait: MemoryError('no memory to wait for 1 futures')", "-1",
                 "wait: MemoryError('no memory for a timer')");
}

/* ------------------------------------------------------------------------------------------------------------ lives */

struct handover {
    tt_future *futures[2];
};

static int release_first(void *arg)
{
    struct handover *handover = arg;

    tt_future_unref(handover->futures[0]);
    return 0;
}

static int wait_for_both(void *arg)
{
    struct handover *handover = arg;

    return tt_wait(handover->futures, 2, TT_ALL_COMPLETED, TT_MSEC(5), NULL);
}

static void the_futures_live_as_long_as_it_waits(void **state)
{
    struct handover handover = {{pending(), pending()}};
    tt_task *task = create(wait_for_both, &handover, "waits");

    (void)state;
    stage_turns(1);
    assert_int_equal(tt_loop_call_soon(stage_loop, release_first, &handover, NULL), 0);
    assert_int_equal(tt_loop_run_until_complete(stage_loop, task), 0);
    tt_task_unref(task);
    tt_future_unref(handover.futures[1]);
}

static void closing_the_loop_lets_go_of_everything(void **state)
{
    tt_future *a = pending(), *b = pending(), *c = pending();
    struct wait timed = WAIT(TT_ALL_COMPLETED, TT_SEC(1000), a, b), ended = WAIT(TT_FIRST_COMPLETED, TT_NEVER, c, a);
    tt_task *first = create(do_wait, &timed, "first"), *second = create(do_wait, &ended, "second");

    (void)state;
    stage_turns(1);
    set_value(c, "c");
    stage_turns(1); /* the second is about to go on */
    stage_close_loop();
    tt_task_unref(first);
    tt_task_unref(second);
    tt_future_unref(a);
    tt_future_unref(b);
    tt_future_unref(c);
    expect_notes("handler: Task was destroyed but it is pending! [message, task] None of first",
                 "handler: Task was destroyed but it is pending! [message, task] None of second");
}

enum { MANY = 50000 };

static int wait_for_many(void *arg)
{
    tt_future **futures = arg;
    size_t done_count = 0;

    if (tt_wait(futures, MANY, TT_ALL_COMPLETED, TT_NEVER, &done_count) < 0)
        return -1;
    note("%zu", done_count);
    return 0;
}

static void fifty_thousand_are_no_more_work_each_than_ten(void **state)
{
    tt_future **futures = calloc(MANY, sizeof *futures);
    tt_task *task;

    (void)state;
    for (int i = 0; i < MANY; i++)
        futures[i] = i % 2 ? tt_future_ref(futures[i - 1]) : pending();
    task = create(wait_for_many, futures, "waits");
    stage_turns(1);
    for (int i = 0; i < MANY; i += 2)
        set_value(futures[i], "x");
    stage_turns(3);
    assert_true(tt_task_done(task));
    tt_task_unref(task);
    for (int i = 0; i < MANY; i++)
        tt_future_unref(futures[i]);
    free(futures);
    expect_notes("50000");
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test_on_virtual_stage(it_waits_for_all_and_then_takes_no_time),
    cmocka_unit_test_on_virtual_stage(the_first_one_done_ends_it_and_stands_first),
    cmocka_unit_test_on_virtual_stage(what_is_done_when_it_goes_on_counts_also_when_its_callback_has_not_run),
    cmocka_unit_test_on_virtual_stage(both_parts_keep_the_order_that_they_had),
    cmocka_unit_test_on_virtual_stage(a_future_that_stands_there_twice_is_waited_for_once),
    cmocka_unit_test_on_virtual_stage(without_a_place_for_the_count_the_order_stays),
    cmocka_unit_test_on_virtual_stage(waiting_again_for_the_rest_takes_one_after_the_other),
    cmocka_unit_test_on_virtual_stage(a_failure_among_all_does_not_end_it),
    cmocka_unit_test_on_virtual_stage(a_failure_ends_it_and_the_others_go_on),
    cmocka_unit_test_on_virtual_stage(a_failure_from_before_ends_it_at_once),
    cmocka_unit_test_on_virtual_stage(neither_a_cancelled_one_nor_a_value_is_a_failure),
    cmocka_unit_test_on_virtual_stage(looking_for_a_failure_reads_it),
    cmocka_unit_test_on_virtual_stage(the_last_one_is_not_looked_at),
    cmocka_unit_test_on_virtual_stage(waiting_for_all_or_the_first_reads_nothing),
    cmocka_unit_test_on_virtual_stage(a_failure_in_the_turn_in_which_it_goes_on_is_read_too),
    cmocka_unit_test_on_virtual_stage(time_is_up_without_an_error_and_nobody_is_cancelled),
    cmocka_unit_test_on_virtual_stage(what_is_done_in_the_same_instant_counts),
    cmocka_unit_test_on_virtual_stage(a_timeout_of_zero_lets_one_turn_pass),
    cmocka_unit_test_on_virtual_stage(a_timeout_that_was_not_needed_is_forgotten),
    cmocka_unit_test_on_virtual_stage(cancelling_who_waits_cancels_none_of_them),
    cmocka_unit_test_on_virtual_stage(cancelled_before_it_suspends_it_is_cancelled_when_it_does),
    cmocka_unit_test_on_virtual_stage(what_cannot_be_waited_for_is_refused),
    cmocka_unit_test_on_virtual_stage(without_memory_it_is_a_memory_error),
    cmocka_unit_test_on_virtual_stage(the_futures_live_as_long_as_it_waits),
    cmocka_unit_test_on_virtual_stage(closing_the_loop_lets_go_of_everything),
    cmocka_unit_test_on_virtual_stage(fifty_thousand_are_no_more_work_each_than_ten),
};

TT_TEST_MAIN(cases)
