/* Locks: turns, cancellation while waiting, loops, being destroyed. asyncio.Lock of 3.13. */
#include "cast.h"

static tt_lock *lock;

static int enter_and_look(void *arg)
{
    (void)arg;
    note("inside: %s", tt_lock_locked(lock) ? "locked" : "unlocked");
    return tt_sleep(0);
}

static int raise_inside(void *arg)
{
    (void)arg;
    return tt_raise(&tt_ValueError, "inside");
}

static int release_inside(void *arg)
{
    if (tt_lock_release(lock) < 0)
        return -1;
    return arg ? tt_raise(&tt_ValueError, "%s", (const char *)arg) : 0;
}

static int act(const char *word, const char *argument)
{
    (void)argument;
    if (strcmp(word, "acquire") == 0)
        return tt_lock_acquire(lock);
    if (strcmp(word, "release") == 0)
        return tt_lock_release(lock);
    if (strcmp(word, "cancel-myself") == 0)
        return tt_task_cancel(tt_current_task(), "myself") ? 0 : -1;
    if (strcmp(word, "with") == 0)
        return tt_with_lock(lock, enter_and_look, NULL);
    if (strcmp(word, "with-raise") == 0)
        return tt_with_lock(lock, raise_inside, NULL);
    if (strcmp(word, "with-release") == 0)
        return tt_with_lock(lock, release_inside, NULL);
    if (strcmp(word, "with-release-raise") == 0)
        return tt_with_lock(lock, release_inside, "first");
    return tt_raise(&tt_NotImplementedError, "%s", word);
}

static void begin(void)
{
    lock = tt_lock_create();
    assert_non_null(lock);
    cast_open(act);
}

static void end(void)
{
    cast_close();
    tt_lock_destroy(lock);
    stage_forget_notes();
}

static void expect_repr(const char *extra)
{
    char repr[256], expected[256];

    snprintf(expected, sizeof expected, "<asyncio.locks.Lock object at %p [%s]>", (void *)lock, extra);
    assert_int_equal(tt_lock_repr(lock, repr, sizeof repr), strlen(expected));
    assert_string_equal(repr, expected);
    assert_int_equal(tt_lock_repr(lock, NULL, 0), strlen(expected));
}

static void release_it(void)
{
    assert_int_equal(tt_lock_release(lock), 0);
}

/* --------------------------------------------------------------------------------------------------- one after the other */

static void its_repr_tells_whether_it_is_locked_and_how_many_wait(void **state)
{
    (void)state;
    begin();
    expect_repr("unlocked");
    cast_play("A", "acquire");
    stage_turns(1);
    expect_repr("locked");
    cast_play("B", "acquire");
    cast_play("C", "acquire");
    stage_turns(1);
    expect_repr("locked, waiters:2");
    end();
}

static void it_is_locked_from_acquire_to_release(void **state)
{
    (void)state;
    begin();
    assert_false(tt_lock_locked(lock));
    cast_play("A", "acquire");
    stage_turns(1);
    assert_true(cast_is_done("A")); /* without waiting */
    assert_true(tt_lock_locked(lock));
    release_it();
    assert_false(tt_lock_locked(lock));
    end();
}

static void tasks_get_it_in_the_order_in_which_they_came(void **state)
{
    (void)state;
    begin();
    cast_play("main", "acquire");
    stage_turns(1);
    cast_play("1", "acquire");
    cast_play("2", "acquire");
    stage_turns(1);
    expect_notes("main acquire");
    release_it();
    stage_turns(1);
    expect_notes("1 acquire");
    stage_turns(3);
    expect_no_notes();
    cast_play("3", "acquire"); /* comes in the turn in which 2 is woken */
    release_it();
    stage_turns(1);
    expect_notes("2 acquire");
    release_it();
    stage_turns(1);
    expect_notes("3 acquire");
    end();
}

static void who_comes_between_a_release_and_the_next_ones_turn_stands_behind(void **state)
{
    (void)state;
    begin();
    cast_play("A", "acquire sleep release acquire release");
    cast_play("B", "acquire sleep release");
    stage_turns(10);
    expect_notes("A acquire", "A sleep", "A release", "B acquire", "B sleep", "B release", "A acquire", "A release");
    end();
}

static void releasing_an_unlocked_one_raises(void **state)
{
    (void)state;
    begin();
    assert_int_equal(tt_lock_release(lock), -1);
    note_and_drop("outside");
    cast_play("A", "release? acquire release release");
    stage_turns(1);
    expect_notes("outside: RuntimeError('Lock is not acquired.')", "A release: RuntimeError('Lock is not acquired.')",
                 "A acquire", "A release", "A release: RuntimeError('Lock is not acquired.')");
    end();
}

/* ------------------------------------------------------------------------------------------------------- cancellation */

static void a_task_cancelled_while_it_waits_leaves_the_line(void **state)
{
    (void)state;
    begin();
    cast_play("A", "acquire");
    cast_play("B", "acquire");
    stage_turns(1);
    cast_cancel("B", "enough");
    expect_repr("locked, waiters:1"); /* until it runs */
    stage_turns(1);
    expect_repr("locked");
    assert_true(tt_task_cancelled(cast_task("B")));
    expect_notes("A acquire", "B acquire: CancelledError('enough')");
    end();
}

static void a_release_passes_a_cancelled_task_by_when_that_runs(void **state)
{
    (void)state;
    begin();
    cast_play("A", "acquire");
    cast_play("B", "acquire");
    cast_play("C", "acquire");
    stage_turns(1);
    release_it();
    cast_cancel("B", NULL);
    stage_turns(1);
    assert_true(tt_task_cancelled(cast_task("B")));
    stage_turns(1);
    expect_notes("A acquire", "B acquire: CancelledError()", "C acquire");
    end();
}

static void cancelling_the_first_and_releasing_wakes_exactly_one(void **state)
{
    (void)state;
    begin();
    cast_play("main", "acquire");
    cast_play("1", "acquire");
    cast_play("2", "acquire");
    cast_play("3", "acquire");
    stage_turns(1);
    cast_cancel("1", NULL);
    release_it();
    stage_turns(3);
    expect_notes("main acquire", "1 acquire: CancelledError()", "2 acquire");
    assert_false(cast_is_done("3"));
    expect_repr("locked, waiters:1");
    end();
}

static void a_task_cancelled_after_it_was_woken_wakes_the_next(void **state)
{
    (void)state;
    begin();
    cast_play("main", "acquire");
    cast_play("B", "acquire");
    cast_play("C", "acquire");
    stage_turns(1);
    release_it();
    cast_cancel("B", "late"); /* its wake-up is on its way */
    stage_turns(2);
    expect_notes("main acquire", "B acquire: CancelledError('late')", "C acquire");
    assert_true(tt_lock_locked(lock));
    end();
}

static void a_free_lock_with_only_cancelled_tasks_in_line_is_taken_at_once(void **state)
{
    (void)state;
    begin();
    cast_play("main", "acquire");
    cast_play("B", "acquire");
    stage_turns(1);
    cast_play("C", "acquire"); /* runs in the same turn as B, before it if B is woken later */
    cast_cancel("B", NULL);
    release_it();
    stage_turns(1);
    expect_notes("main acquire", "C acquire", "B acquire: CancelledError()");
    end();
}

static void a_task_that_was_cancelled_before_it_waits_gets_the_lock_if_it_is_free(void **state)
{
    (void)state;
    begin();
    cast_play("A", "cancel-myself acquire release sleep");
    stage_turns(3);
    expect_notes("A cancel-myself", "A acquire", "A release", "A sleep: CancelledError('myself')");
    cast_play("main", "acquire");
    cast_play("B", "cancel-myself acquire");
    stage_turns(2);
    expect_notes("main acquire", "B cancel-myself", "B acquire: CancelledError('myself')");
    expect_repr("locked");
    end();
}

/* --------------------------------------------------------------------------------------------------------- with a lock */

static void with_holds_it_for_the_time_of_the_call(void **state)
{
    (void)state;
    begin();
    cast_play("A", "with");
    stage_turns(1);
    assert_true(tt_lock_locked(lock));
    stage_turns(1);
    assert_false(tt_lock_locked(lock));
    expect_notes("inside: locked", "A with");
    end();
}

static void with_releases_it_when_the_call_raises(void **state)
{
    (void)state;
    begin();
    cast_play("A", "with-raise");
    stage_turns(1);
    assert_false(tt_lock_locked(lock));
    expect_notes("A with-raise: ValueError('inside')");
    end();
}

static void with_raises_when_the_lock_was_released_meanwhile(void **state)
{
    tt_exc *exc;

    (void)state;
    begin();
    cast_play("A", "with-release");
    cast_play("B", "with-release-raise");
    stage_turns(1);
    expect_notes("A with-release: RuntimeError('Lock is not acquired.')",
                 "B with-release-raise: RuntimeError('Lock is not acquired.')");
    assert_int_equal(tt_task_exception(cast_task("B"), &exc), 0);
    assert_string_equal(tt_exc_message(tt_exc_context(exc)), "first");
    end();
}

/* --------------------------------------------------------------------------------------------------- where it may be used */

static void acquiring_outside_of_a_task_raises(void **state)
{
    (void)state;
    begin();
    assert_int_equal(tt_lock_acquire(lock), -1);
    note_and_drop("outside");
    expect_notes("outside: RuntimeError('no running event loop')");
    assert_false(tt_lock_locked(lock));
    end();
}

static int acquire_with_one_pending(void *arg)
{
    (void)arg;
    tt_raise(&tt_ValueError, "first");
    if (tt_lock_acquire(lock) == 0)
        note("acquired");
    return note_and_drop("acquire");
}

static void acquiring_with_an_exception_pending_does_nothing(void **state)
{
    (void)state;
    begin();
    assert_true(stage_run(acquire_with_one_pending, NULL));
    assert_false(tt_lock_locked(lock));
    expect_notes("acquire: ValueError('first')");
    end();
}

static int acquire_it(void *arg)
{
    (void)arg;
    return tt_lock_acquire(lock);
}

static void a_task_of_another_loop_cannot_wait_for_it(void **state)
{
    tt_loop *other = tt_loop_create();
    tt_task *task;
    char expected[256];

    (void)state;
    begin();
    cast_play("A", "acquire");
    cast_play("B", "acquire"); /* waits: the lock is stage_loop's now */
    stage_turns(1);
    stage_forget_notes();
    task = tt_create_task_with(acquire_it, NULL, &(struct tt_task_options){.loop = other});
    assert_int_equal(tt_loop_run_until_complete(other, task), -1);
    note_and_drop("other");
    snprintf(expected, sizeof expected,
             "other: RuntimeError('<asyncio.locks.Lock object at %p [locked, waiters:1]> is bound to a different event "
             "loop')",
             (void *)lock);
    expect_notes(expected);
    tt_task_unref(task);
    tt_loop_close(other);
    end();
}

static void a_task_of_another_loop_may_take_it_while_nobody_waits(void **state)
{
    tt_loop *other = tt_loop_create();
    tt_task *task;

    (void)state;
    begin();
    cast_play("A", "acquire release");
    stage_turns(1);
    task = tt_create_task_with(acquire_it, NULL, &(struct tt_task_options){.loop = other});
    assert_int_equal(tt_loop_run_until_complete(other, task), 0);
    assert_true(tt_lock_locked(lock));
    tt_task_unref(task);
    tt_loop_close(other);
    end();
}

/* ---------------------------------------------------------------------------------------------------------- its end */

static void destroying_it_wakes_who_waits_with_an_error(void **state)
{
    char expected_b[256], expected_c[256];

    (void)state;
    begin();
    cast_play("A", "acquire");
    cast_play("B", "acquire");
    cast_play("C", "acquire");
    stage_turns(1);
    snprintf(expected_b, sizeof expected_b,
             "B acquire: RuntimeError('<asyncio.locks.Lock object at %p [locked, waiters:1]> was destroyed while a "
             "task waited for it')",
             (void *)lock);
    snprintf(expected_c, sizeof expected_c,
             "C acquire: RuntimeError('<asyncio.locks.Lock object at %p [locked]> was destroyed while a task waited "
             "for it')",
             (void *)lock);
    tt_lock_destroy(lock);
    lock = NULL;
    stage_turns(1);
    expect_notes("A acquire", expected_b, expected_c);
    end();
}

static void destroying_it_between_a_wake_up_and_the_tasks_turn_does_not_give_it_away(void **state)
{
    (void)state;
    begin();
    cast_play("A", "acquire");
    cast_play("B", "acquire");
    stage_turns(1);
    release_it();
    tt_lock_destroy(lock);
    lock = NULL;
    stage_turns(1);
    assert_true(cast_is_done("B"));
    assert_non_null(strstr(stage_notes(), "was destroyed while a task waited for it"));
    end();
}

static void closing_the_loop_takes_its_tasks_out_of_the_line(void **state)
{
    tt_task *task;

    (void)state;
    begin();
    cast_play("A", "acquire");
    stage_turns(1);
    task = tt_create_task_with(acquire_it, NULL, &(struct tt_task_options){.loop = stage_loop});
    stage_turns(1);
    expect_repr("locked, waiters:1");
    cast_close();
    stage_close_loop();
    expect_repr("locked");
    tt_task_unref(task);
    tt_lock_destroy(lock);
    assert_non_null(strstr(stage_notes(), "Task was destroyed but it is pending!"));
    stage_forget_notes();
}

static int release_deferred(void *arg)
{
    (void)arg;
    note("released: %d", tt_lock_release(lock));
    return 0;
}

static int hold_for_ever(void *arg)
{
    (void)arg;
    if (tt_lock_acquire(lock) < 0 || tt_defer(release_deferred, NULL) < 0)
        return -1;
    return tt_sleep(TT_SEC(1000));
}

static int destroy_deferred(void *arg)
{
    (void)arg;
    tt_lock_destroy(lock);
    lock = NULL;
    note("destroyed");
    return 0;
}

static int destroy_at_the_end(void *arg)
{
    (void)arg;
    return tt_defer(destroy_deferred, NULL) < 0 ? -1 : tt_lock_acquire(lock);
}

/* Cleanup of an abandoned task may release the lock that others of the same loop wait for, or destroy it. */
static void abandoned_tasks_may_release_and_destroy_it(void **state)
{
    const struct tt_task_options options = {.loop = stage_loop};
    tt_task *tasks[3];

    (void)state;
    begin();
    tasks[0] = tt_create_task_with(hold_for_ever, NULL, &options);
    tasks[1] = tt_create_task_with(destroy_at_the_end, NULL, &options);
    tasks[2] = tt_create_task_with(acquire_it, NULL, &options);
    stage_turns(1);
    expect_repr("locked, waiters:2");
    stage_close_loop();
    for (int i = 0; i < 3; i++)
        tt_task_unref(tasks[i]);
    assert_null(lock);
    assert_non_null(strstr(stage_notes(), "released: 0\n"));
    assert_non_null(strstr(stage_notes(), "destroyed\n"));
    cast_open(act);
    stage_forget_notes();
}

static void without_memory_there_is_no_lock(void **state)
{
    (void)state;
    allocation_fail(1, false);
    assert_null(tt_lock_create());
    allocation_fail(0, false);
    note_and_drop("create");
    expect_notes("create: MemoryError('no memory for a lock')");
    tt_lock_destroy(NULL);
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test_on_stage(its_repr_tells_whether_it_is_locked_and_how_many_wait),
    cmocka_unit_test_on_stage(it_is_locked_from_acquire_to_release),
    cmocka_unit_test_on_stage(tasks_get_it_in_the_order_in_which_they_came),
    cmocka_unit_test_on_stage(who_comes_between_a_release_and_the_next_ones_turn_stands_behind),
    cmocka_unit_test_on_stage(releasing_an_unlocked_one_raises),
    cmocka_unit_test_on_stage(a_task_cancelled_while_it_waits_leaves_the_line),
    cmocka_unit_test_on_stage(a_release_passes_a_cancelled_task_by_when_that_runs),
    cmocka_unit_test_on_stage(cancelling_the_first_and_releasing_wakes_exactly_one),
    cmocka_unit_test_on_stage(a_task_cancelled_after_it_was_woken_wakes_the_next),
    cmocka_unit_test_on_stage(a_free_lock_with_only_cancelled_tasks_in_line_is_taken_at_once),
    cmocka_unit_test_on_stage(a_task_that_was_cancelled_before_it_waits_gets_the_lock_if_it_is_free),
    cmocka_unit_test_on_stage(with_holds_it_for_the_time_of_the_call),
    cmocka_unit_test_on_stage(with_releases_it_when_the_call_raises),
    cmocka_unit_test_on_stage(with_raises_when_the_lock_was_released_meanwhile),
    cmocka_unit_test_on_stage(acquiring_outside_of_a_task_raises),
    cmocka_unit_test_on_stage(acquiring_with_an_exception_pending_does_nothing),
    cmocka_unit_test_on_stage(a_task_of_another_loop_cannot_wait_for_it),
    cmocka_unit_test_on_stage(a_task_of_another_loop_may_take_it_while_nobody_waits),
    cmocka_unit_test_on_stage(destroying_it_wakes_who_waits_with_an_error),
    cmocka_unit_test_on_stage(destroying_it_between_a_wake_up_and_the_tasks_turn_does_not_give_it_away),
    cmocka_unit_test_on_stage(closing_the_loop_takes_its_tasks_out_of_the_line),
    cmocka_unit_test_on_stage(abandoned_tasks_may_release_and_destroy_it),
    cmocka_unit_test_on_stage(without_memory_there_is_no_lock),
};

TT_TEST_MAIN(cases)
