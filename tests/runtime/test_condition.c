/* Conditions: waiting, notifying, the lock back in every case. asyncio.Condition of 3.13. */
#include "cast.h"

static tt_condition *condition;
static int state_now; /* what predicates look at */

static int is_true(void *arg)
{
    (void)arg;
    return state_now;
}

static int raises(void *arg)
{
    (void)arg;
    return tt_raise(&tt_ValueError, "predicate");
}

static int suspends(void *arg)
{
    (void)arg;
    return tt_sleep(0);
}

/* Takes one from the state each time that there is something, until it is negative. */
static int consume(void *arg)
{
    for (;;) {
        if (tt_condition_wait_for(condition, is_true, arg) < 0)
            return state_now < 0 && !tt_exc_pending() ? 0 : -1;
        state_now--;
        note("%s consumed", tt_task_name(tt_current_task()));
    }
}

static int look_inside(void *arg)
{
    (void)arg;
    note("inside: %d", tt_condition_locked(condition));
    return 0;
}

static int wait_inside(void *arg)
{
    (void)arg;
    return tt_condition_wait(condition);
}

static int wait_for_true(tt_predicate_fn *predicate)
{
    int answer = tt_condition_wait_for(condition, predicate, NULL);

    if (answer >= 0)
        note("answer %d", answer);
    return answer;
}

static int act(const char *word, const char *argument)
{
    if (strcmp(word, "acquire") == 0)
        return tt_condition_acquire(condition);
    if (strcmp(word, "release") == 0)
        return tt_condition_release(condition);
    if (strcmp(word, "wait") == 0)
        return tt_condition_wait(condition);
    if (strcmp(word, "wait-for") == 0)
        return wait_for_true(is_true);
    if (strcmp(word, "wait-for-raising") == 0)
        return wait_for_true(raises);
    if (strcmp(word, "wait-for-suspending") == 0)
        return wait_for_true(suspends);
    if (strcmp(word, "notify") == 0)
        return tt_condition_notify(condition, argument ? strtoul(argument, NULL, 10) : 1);
    if (strcmp(word, "notify-all") == 0)
        return tt_condition_notify_all(condition);
    if (strcmp(word, "with") == 0)
        return tt_with_condition(condition, look_inside, NULL);
    if (strcmp(word, "with-wait") == 0)
        return tt_with_condition(condition, wait_inside, NULL);
    if (strcmp(word, "with-consume") == 0)
        return tt_with_condition(condition, consume, NULL);
    return tt_raise(&tt_NotImplementedError, "%s", word);
}

static void begin(void)
{
    condition = tt_condition_create(NULL);
    assert_non_null(condition);
    state_now = 0;
    cast_open(act);
}

static void unlock(void)
{
    if (condition && tt_condition_locked(condition))
        assert_int_equal(tt_condition_release(condition), 0);
}

/* Nobody can end without the lock. */
static void end(void)
{
    cast_close_helped(unlock);
    tt_condition_destroy(condition);
    stage_forget_notes();
}

static void release_it(void)
{
    assert_int_equal(tt_condition_release(condition), 0);
}

static void expect_repr(const char *extra)
{
    char repr[256], expected[256];

    snprintf(expected, sizeof expected, "<asyncio.locks.Condition object at %p [%s]>", (void *)condition, extra);
    assert_int_equal(tt_condition_repr(condition, repr, sizeof repr), strlen(expected));
    assert_string_equal(repr, expected);
}

/* ------------------------------------------------------------------------------------------------ waiting, notifying */

static void its_repr_tells_whether_it_is_locked_and_how_many_wait(void **state)
{
    (void)state;
    begin();
    expect_repr("unlocked");
    cast_play("A", "acquire wait");
    cast_play("B", "acquire wait");
    stage_turns(1);
    expect_repr("unlocked, waiters:2");
    cast_play("C", "acquire");
    stage_turns(1);
    expect_repr("locked, waiters:2");
    end();
}

static void who_is_notified_goes_on_when_it_has_the_lock_again(void **state)
{
    (void)state;
    begin();
    cast_play("1", "-acquire wait");
    cast_play("2", "-acquire wait");
    cast_play("3", "-acquire wait");
    stage_turns(1);
    assert_false(tt_condition_locked(condition));
    cast_play("main", "-acquire notify");
    stage_turns(2);
    expect_notes("main notify");
    assert_true(tt_condition_locked(condition));
    release_it();
    stage_turns(1);
    expect_notes("1 wait");
    assert_true(tt_condition_locked(condition));
    assert_int_equal(tt_condition_notify(condition, 2), 0);
    stage_turns(1);
    expect_no_notes();
    release_it();
    stage_turns(1);
    expect_notes("2 wait");
    release_it();
    stage_turns(1);
    expect_notes("3 wait");
    assert_true(tt_condition_locked(condition));
    end();
}

static void notify_wakes_at_most_as_many_as_wait(void **state)
{
    (void)state;
    begin();
    cast_play("1", "-acquire wait -release");
    cast_play("2", "-acquire wait -release");
    cast_play("3", "-acquire wait -release");
    stage_turns(1);
    cast_play("main", "-acquire -notify:1 -release -sleep -sleep -acquire -notify:0 -notify:1 -notify:2048 -release");
    stage_turns(3);
    expect_notes("1 wait");
    stage_turns(3);
    expect_notes("2 wait", "3 wait");
    end();
}

static void notify_all_wakes_all(void **state)
{
    (void)state;
    begin();
    cast_play("1", "-acquire wait -release");
    cast_play("2", "-acquire wait -release");
    stage_turns(1);
    cast_play("main", "-acquire -notify-all -release");
    stage_turns(3);
    expect_notes("1 wait", "2 wait");
    end();
}

static void without_the_lock_neither_waiting_nor_notifying_is_possible(void **state)
{
    (void)state;
    begin();
    cast_play("A", "wait? notify? notify-all?");
    stage_turns(1);
    assert_int_equal(tt_condition_notify_all(condition), -1);
    note_and_drop("outside");
    expect_notes("A wait: RuntimeError('cannot wait on un-acquired lock')",
                 "A notify: RuntimeError('cannot notify on un-acquired lock')",
                 "A notify-all: RuntimeError('cannot notify on un-acquired lock')",
                 "outside: RuntimeError('cannot notify on un-acquired lock')");
    end();
}

/* -------------------------------------------------------------------------------------------------------- predicates */

static void wait_for_looks_again_whenever_it_is_notified(void **state)
{
    (void)state;
    begin();
    cast_play("A", "-acquire wait-for -release");
    stage_turns(1);
    cast_play("main", "-acquire -notify -release");
    stage_turns(3);
    expect_no_notes();
    assert_false(cast_is_done("A"));
    state_now = 7;
    cast_play("main", "-acquire -notify -release");
    stage_turns(3);
    expect_notes("answer 7", "A wait-for");
    end();
}

static void wait_for_needs_the_lock_only_if_it_has_to_wait(void **state)
{
    (void)state;
    begin();
    state_now = 3;
    cast_play("A", "wait-for");
    stage_turns(1);
    expect_notes("answer 3", "A wait-for");
    state_now = 0;
    cast_play("B", "wait-for");
    stage_turns(1);
    expect_notes("B wait-for: RuntimeError('cannot wait on un-acquired lock')");
    end();
}

static void what_a_predicate_raises_comes_out_of_wait_for(void **state)
{
    (void)state;
    begin();
    cast_play("A", "-acquire wait-for-raising? wait-for-suspending");
    stage_turns(2);
    expect_notes("A wait-for-raising: ValueError('predicate')",
                 "A wait-for-suspending: RuntimeError('a callback cannot suspend: only a task can')");
    end();
}

/* ------------------------------------------------------------------------------------------------------- cancellation */

static void a_task_cancelled_while_it_waits_has_the_lock_when_it_ends(void **state)
{
    (void)state;
    begin();
    cast_play("A", "-acquire wait");
    stage_turns(1);
    cast_cancel("A", "enough");
    stage_turns(1);
    expect_notes("A wait: CancelledError('enough')");
    expect_repr("locked");
    end();
}

static void a_task_cancelled_while_it_stands_in_line_for_the_lock_waits_for_it_first(void **state)
{
    (void)state;
    begin();
    cast_play("A", "-acquire wait");
    stage_turns(1);
    cast_play("main", "-acquire -notify");
    stage_turns(2);
    cast_cancel("A", "while locked");
    stage_turns(5);
    assert_false(cast_is_done("A"));
    expect_no_notes();
    release_it();
    stage_turns(1);
    expect_notes("A wait: CancelledError('while locked')");
    assert_true(tt_condition_locked(condition));
    end();
}

static void of_several_cancellations_the_last_is_raised_when_it_has_the_lock(void **state)
{
    tt_exc *exc, *context;

    (void)state;
    begin();
    cast_play("A", "-acquire -wait?");
    cast_play("B", "-acquire wait");
    stage_turns(1);
    cast_play("main", "-acquire");
    stage_turns(1);
    cast_cancel("B", "first"); /* while it waits to be notified */
    stage_turns(1);
    cast_cancel("B", "second"); /* while it stands in line for the lock, */
    stage_turns(1);
    cast_cancel("B", "third"); /* and again */
    stage_turns(5);
    assert_false(cast_is_done("B"));
    expect_no_notes();
    release_it();
    stage_turns(1);
    expect_notes("B wait: CancelledError('third')");
    assert_true(tt_condition_locked(condition));
    assert_int_equal(tt_task_exception(cast_task("B"), &exc), -1);
    context = tt_exc_context(tt_exc_pending());
    assert_string_equal(tt_exc_message(context), "first"); /* what was being handled when the later ones came */
    note_and_drop("B");
    end();
}

static void cancelled_and_released_at_once_it_has_the_lock(void **state)
{
    (void)state;
    begin();
    cast_play("A", "-acquire wait?");
    stage_turns(1);
    cast_play("main", "-acquire -notify");
    stage_turns(2);
    cast_cancel("A", NULL);
    release_it();
    stage_turns(3);
    expect_notes("A wait: CancelledError()");
    assert_true(tt_condition_locked(condition));
    end();
}

static void a_task_cancelled_after_it_was_notified_is_cancelled(void **state)
{
    (void)state;
    begin();
    cast_play("A", "with-wait");
    stage_turns(1);
    cast_play("main", "-acquire -notify");
    stage_turns(2);
    cast_cancel("A", NULL);
    stage_turns(1);
    release_it();
    stage_turns(1);
    assert_true(tt_task_cancelled(cast_task("A")));
    assert_false(tt_condition_locked(condition));
    expect_notes("A with-wait: CancelledError()");
    end();
}

/* The exception is the one that was raised in the wait, not another one like it. */
static int keep_cancelled(void *arg)
{
    int rc = tt_condition_wait_for(condition, is_true, NULL);

    *(uint64_t *)arg = tt_exc_id(tt_exc_pending());
    return rc;
}

static uint64_t kept_id;

static int cancelled_with(void *arg)
{
    (void)arg;
    return tt_with_condition(condition, keep_cancelled, &kept_id);
}

static void the_error_of_a_cancellation_is_raised_unmodified(void **state)
{
    const struct tt_task_options options = {.loop = stage_loop};

    (void)state;
    for (int is_relocking = 0; is_relocking < 2; is_relocking++) {
        tt_task *task;

        begin();
        task = tt_create_task_with(cancelled_with, NULL, &options);
        stage_turns(1);
        if (is_relocking) {
            cast_play("main", "-acquire -notify");
            stage_turns(2);
            tt_task_cancel(task, "foo");
            release_it();
        } else {
            tt_task_cancel(task, "foo");
        }
        stage_turns(2);
        assert_true(tt_task_cancelled(task));
        assert_int_equal(tt_task_result(task, NULL), -1);
        assert_string_equal(tt_exc_message(tt_exc_pending()), "foo");
        assert_true(tt_exc_id(tt_exc_pending()) == kept_id && kept_id != 0);
        note_and_drop("task");
        tt_task_unref(task);
        end();
    }
}

/* The notification goes to one that is cancelled before it can use it. */
static void a_notification_is_not_lost_with_a_cancelled_task(void **state)
{
    (void)state;
    for (int turns_between = 0; turns_between < 2; turns_between++) {
        begin();
        cast_play("1", "with-consume");
        cast_play("2", "with-consume");
        stage_turns(1);
        cast_play("main", "-acquire");
        stage_turns(1);
        state_now = 1;
        assert_int_equal(tt_condition_notify(condition, 1), 0);
        stage_turns(turns_between); /* 0: it has not run since; 1: it stands in line for the lock */
        cast_cancel("1", NULL);
        release_it();
        stage_turns(5);
        expect_notes("1 with-consume: CancelledError()", "2 consumed");
        assert_int_equal(state_now, 0);
        end();
    }
}

/* --------------------------------------------------------------------------------------------------------- its lock */

static void with_holds_the_lock(void **state)
{
    (void)state;
    begin();
    cast_play("A", "with");
    stage_turns(1);
    expect_notes("inside: 1", "A with");
    assert_false(tt_condition_locked(condition));
    end();
}

static int lock_inside(void *arg)
{
    tt_lock *lock = arg;

    note("inside: %d %d", tt_lock_locked(lock), tt_condition_locked(condition));
    return 0;
}

static int use_both(void *lock)
{
    return tt_with_lock(lock, lock_inside, lock) < 0 ? -1 : tt_with_condition(condition, lock_inside, lock);
}

static void a_lock_can_be_shared(void **state)
{
    tt_lock *lock = tt_lock_create();

    (void)state;
    condition = tt_condition_create(lock);
    cast_open(act);
    assert_true(stage_run(use_both, lock));
    assert_false(tt_lock_locked(lock));
    expect_notes("inside: 1 1", "inside: 1 1");
    cast_play("A", "-acquire wait");
    stage_turns(1);
    tt_lock_destroy(lock); /* the condition keeps its memory */
    cast_play("B", "acquire notify release");
    stage_turns(3);
    expect_notes("B acquire", "B notify", "B release", "A wait");
    end();
}

static int wait_on_other_loop(void *arg)
{
    return tt_condition_acquire(arg) < 0 ? -1 : tt_condition_wait(arg);
}

static void a_task_of_another_loop_cannot_wait(void **state)
{
    tt_lock *lock = tt_lock_create();
    tt_loop *other = tt_loop_create();
    tt_task *task;
    char expected[256];

    (void)state;
    begin();
    cast_play("A", "-acquire wait");
    stage_turns(1); /* the condition is bound, its lock is not */
    task = tt_create_task_with(wait_on_other_loop, condition, &(struct tt_task_options){.loop = other});
    assert_int_equal(tt_loop_run_until_complete(other, task), -1);
    note_and_drop("wait");
    tt_task_unref(task);
    snprintf(expected, sizeof expected,
             "wait: RuntimeError('<asyncio.locks.Condition object at %p [locked, waiters:1]> is bound to a different "
             "event loop')",
             (void *)condition);
    expect_notes(expected);
    assert_true(tt_condition_locked(condition)); /* it failed before it gave the lock back */
    tt_loop_close(other);
    tt_lock_destroy(lock);
    end();
}

/* ---------------------------------------------------------------------------------------------------------- its end */

static void destroying_it_wakes_who_waits_with_an_error(void **state)
{
    (void)state;
    begin();
    cast_play("A", "-acquire wait"); /* waits to be notified, */
    cast_play("B", "-acquire wait");
    stage_turns(1);
    cast_play("main", "-acquire -notify");
    stage_turns(2); /* or for the lock: A */
    tt_condition_destroy(condition);
    condition = NULL;
    stage_turns(3);
    assert_true(cast_is_done("A") && cast_is_done("B"));
    assert_non_null(strstr(stage_notes(), "A wait: RuntimeError('<asyncio.locks.Lock object at 0x"));
    assert_non_null(strstr(stage_notes(), "B wait: RuntimeError('<asyncio.locks."));
    end();
}

static void closing_the_loop_takes_its_tasks_out_of_the_line(void **state)
{
    const struct tt_task_options options = {.loop = stage_loop};
    tt_task *tasks[2];

    (void)state;
    begin();
    tasks[0] = tt_create_task_with(wait_on_other_loop, condition, &options);
    tasks[1] = tt_create_task_with(wait_on_other_loop, condition, &options);
    stage_turns(1);
    cast_play("main", "-acquire -notify");
    stage_turns(2); /* one waits for the lock, one to be notified */
    cast_close();
    stage_close_loop();
    expect_repr("locked");
    tt_task_unref(tasks[0]);
    tt_task_unref(tasks[1]);
    end();
}

static void without_memory_for_the_cancellation_it_still_has_the_lock(void **state)
{
    (void)state;
    begin();
    cast_play("A", "-acquire wait");
    stage_turns(1);
    cast_play("main", "-acquire");
    stage_turns(1);
    cast_cancel("A", NULL);
    allocation_fail(1, true);
    stage_turns(2); /* no memory for a CancelledError: a MemoryError stands in */
    cast_cancel("A", NULL);
    stage_turns(2); /* the same, while it stands in line for the lock */
    allocation_fail(0, false);
    assert_false(cast_is_done("A"));
    release_it();
    stage_turns(1);
    expect_notes("A wait: MemoryError()");
    assert_true(tt_condition_locked(condition));
    end();
}

static void without_memory_there_is_no_condition(void **state)
{
    (void)state;
    allocation_fail(1, false);
    assert_null(tt_condition_create(NULL));
    allocation_fail(0, false);
    note_and_drop("create");
    expect_notes("create: MemoryError('no memory for a condition')");
    tt_condition_destroy(NULL);
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test_on_stage(its_repr_tells_whether_it_is_locked_and_how_many_wait),
    cmocka_unit_test_on_stage(who_is_notified_goes_on_when_it_has_the_lock_again),
    cmocka_unit_test_on_stage(notify_wakes_at_most_as_many_as_wait),
    cmocka_unit_test_on_stage(notify_all_wakes_all),
    cmocka_unit_test_on_stage(without_the_lock_neither_waiting_nor_notifying_is_possible),
    cmocka_unit_test_on_stage(wait_for_looks_again_whenever_it_is_notified),
    cmocka_unit_test_on_stage(wait_for_needs_the_lock_only_if_it_has_to_wait),
    cmocka_unit_test_on_stage(what_a_predicate_raises_comes_out_of_wait_for),
    cmocka_unit_test_on_stage(a_task_cancelled_while_it_waits_has_the_lock_when_it_ends),
    cmocka_unit_test_on_stage(a_task_cancelled_while_it_stands_in_line_for_the_lock_waits_for_it_first),
    cmocka_unit_test_on_stage(of_several_cancellations_the_last_is_raised_when_it_has_the_lock),
    cmocka_unit_test_on_stage(cancelled_and_released_at_once_it_has_the_lock),
    cmocka_unit_test_on_stage(a_task_cancelled_after_it_was_notified_is_cancelled),
    cmocka_unit_test_on_stage(the_error_of_a_cancellation_is_raised_unmodified),
    cmocka_unit_test_on_stage(a_notification_is_not_lost_with_a_cancelled_task),
    cmocka_unit_test_on_stage(with_holds_the_lock),
    cmocka_unit_test_on_stage(a_lock_can_be_shared),
    cmocka_unit_test_on_stage(a_task_of_another_loop_cannot_wait),
    cmocka_unit_test_on_stage(destroying_it_wakes_who_waits_with_an_error),
    cmocka_unit_test_on_stage(closing_the_loop_takes_its_tasks_out_of_the_line),
    cmocka_unit_test_on_stage(without_memory_for_the_cancellation_it_still_has_the_lock),
    cmocka_unit_test_on_stage(without_memory_there_is_no_condition),
};

TT_TEST_MAIN(cases)
