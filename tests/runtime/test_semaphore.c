/* Semaphores, plain and bounded: units, turns, cancellation. asyncio.Semaphore of 3.13. */
#include "cast.h"

#include <limits.h>

static tt_semaphore *semaphore;

static int inside(void *arg)
{
    (void)arg;
    return tt_sleep(0);
}

static int act(const char *word, const char *argument)
{
    (void)argument;
    if (strcmp(word, "acquire") == 0)
        return tt_semaphore_acquire(semaphore);
    if (strcmp(word, "release") == 0)
        return tt_semaphore_release(semaphore);
    if (strcmp(word, "with") == 0)
        return tt_with_semaphore(semaphore, inside, NULL);
    if (strcmp(word, "cancel") == 0) {
        cast_cancel(argument, NULL);
        return 0;
    }
    if (strcmp(word, "play-4") == 0) {
        cast_play("4", "runs");
        return 0;
    }
    return strcmp(word, "runs") == 0 ? 0 : tt_raise(&tt_NotImplementedError, "%s", word);
}

static void begin(long value)
{
    semaphore = tt_semaphore_create(value);
    assert_non_null(semaphore);
    cast_open(act);
}

static void end(void)
{
    cast_close();
    tt_semaphore_destroy(semaphore);
    stage_forget_notes();
}

static void expect_repr(const char *name, const char *extra)
{
    char repr[256], expected[256];

    snprintf(expected, sizeof expected, "<asyncio.locks.%s object at %p [%s]>", name, (void *)semaphore, extra);
    assert_int_equal(tt_semaphore_repr(semaphore, repr, sizeof repr), strlen(expected));
    assert_string_equal(repr, expected);
}

static void release_it(void)
{
    assert_int_equal(tt_semaphore_release(semaphore), 0);
}

static void its_repr_tells_its_units_and_how_many_wait(void **state)
{
    (void)state;
    begin(1);
    expect_repr("Semaphore", "unlocked, value:1");
    cast_play("A", "acquire");
    stage_turns(1);
    expect_repr("Semaphore", "locked");
    cast_play("B", "acquire");
    cast_play("C", "acquire");
    stage_turns(1);
    expect_repr("Semaphore", "locked, waiters:2");
    end();
    semaphore = tt_bounded_semaphore_create(2);
    expect_repr("BoundedSemaphore", "unlocked, value:2");
    tt_semaphore_destroy(semaphore);
}

static void of_no_units_it_is_locked(void **state)
{
    (void)state;
    begin(0);
    assert_true(tt_semaphore_locked(semaphore));
    release_it();
    assert_false(tt_semaphore_locked(semaphore));
    end();
}

static void it_cannot_begin_with_less_than_nothing(void **state)
{
    (void)state;
    assert_null(tt_semaphore_create(-1));
    note_and_drop("plain");
    assert_null(tt_bounded_semaphore_create(-1));
    note_and_drop("bounded");
    expect_notes("plain: ValueError('Semaphore initial value must be >= 0')",
                 "bounded: ValueError('Semaphore initial value must be >= 0')");
}

static void a_released_unit_goes_to_the_first_who_waits(void **state)
{
    (void)state;
    begin(3);
    cast_play("main", "-acquire -acquire");
    stage_turns(1);
    assert_false(tt_semaphore_locked(semaphore));
    cast_play("1", "acquire");
    cast_play("2", "acquire");
    cast_play("3", "acquire");
    stage_turns(1);
    expect_notes("1 acquire");
    expect_repr("Semaphore", "locked, waiters:2");
    cast_play("4", "acquire");
    release_it();
    release_it();
    assert_true(tt_semaphore_locked(semaphore)); /* both are given away already */
    stage_turns(1);
    expect_notes("2 acquire", "3 acquire");
    expect_repr("Semaphore", "locked, waiters:1");
    end();
}

static void a_bounded_one_does_not_count_beyond_its_first_value(void **state)
{
    (void)state;
    semaphore = tt_bounded_semaphore_create(1);
    cast_open(act);
    cast_play("A", "release? acquire release release");
    stage_turns(1);
    expect_notes("A release: ValueError('BoundedSemaphore released too many times')", "A acquire", "A release",
                 "A release: ValueError('BoundedSemaphore released too many times')");
    end();
}

static void a_plain_one_counts_as_far_as_a_long_goes(void **state)
{
    (void)state;
    begin(LONG_MAX - 1);
    release_it();
    assert_int_equal(tt_semaphore_release(semaphore), -1);
    note_and_drop("release");
    expect_notes("release: OverflowError('Semaphore released too many times')");
    end();
}

static void released_with_nobody_waiting_it_is_free(void **state)
{
    (void)state;
    begin(1);
    cast_play("A", "acquire");
    stage_turns(1);
    assert_true(tt_semaphore_locked(semaphore));
    release_it();
    assert_false(tt_semaphore_locked(semaphore));
    end();
}

/* ------------------------------------------------------------------------------------------------------- cancellation */

static void a_task_cancelled_while_it_waits_leaves_the_line(void **state)
{
    (void)state;
    begin(0);
    cast_play("A", "acquire");
    stage_turns(1);
    cast_cancel("A", "enough");
    stage_turns(1);
    expect_notes("A acquire: CancelledError('enough')");
    expect_repr("Semaphore", "locked");
    end();
}

static void a_release_passes_cancelled_tasks_by(void **state)
{
    (void)state;
    begin(0);
    cast_play("1", "acquire");
    cast_play("2", "acquire");
    cast_play("3", "acquire");
    cast_play("4", "acquire");
    stage_turns(1);
    cast_cancel("1", NULL);
    cast_cancel("2", NULL);
    release_it();
    stage_turns(2);
    expect_notes("1 acquire: CancelledError()", "2 acquire: CancelledError()", "3 acquire");
    assert_false(cast_is_done("4"));
    end();
}

static void after_a_cancellation_the_next_one_does_not_hang(void **state)
{
    (void)state;
    begin(0);
    cast_play("1", "acquire");
    cast_play("2", "acquire");
    stage_turns(1);
    cast_cancel("1", NULL);
    release_it();
    stage_turns(2);
    assert_true(tt_semaphore_locked(semaphore));
    assert_true(cast_is_done("2"));
    end();
}

static void a_task_cancelled_after_it_got_a_unit_gives_it_back(void **state)
{
    (void)state;
    begin(1);
    cast_play("1", "with cancel:2"); /* releases, which wakes 2, and cancels 2 */
    cast_play("2", "with");
    stage_turns(4);
    assert_true(tt_task_cancelled(cast_task("2")));
    assert_false(tt_semaphore_locked(semaphore));
    expect_repr("Semaphore", "unlocked, value:1");
    end();
}

static void a_unit_that_was_given_back_goes_to_the_next_in_line(void **state)
{
    (void)state;
    begin(0);
    cast_play("1", "acquire");
    cast_play("2", "acquire");
    stage_turns(1);
    release_it();
    cast_cancel("1", NULL); /* woken, and has the unit */
    stage_turns(2);
    expect_notes("1 acquire: CancelledError()", "2 acquire");
    expect_repr("Semaphore", "locked");
    end();
}

/* --------------------------------------------------------------------------------------------------------------- turns */

static void who_comes_again_stands_behind_the_others(void **state)
{
    (void)state;
    begin(1);
    cast_play("1", "acquire -sleep -release acquire -sleep -release");
    cast_play("2", "acquire -sleep -release acquire -sleep -release");
    cast_play("3", "acquire -sleep -release acquire -sleep -release");
    stage_turns(30);
    expect_notes("1 acquire", "2 acquire", "3 acquire", "1 acquire", "2 acquire", "3 acquire");
    end();
}

static void a_task_that_releases_and_acquires_at_once_waits_its_turn(void **state)
{
    (void)state;
    begin(1);
    cast_play("1", "acquire");
    cast_play("2", "acquire -release acquire");
    cast_play("3", "acquire");
    stage_turns(1);
    release_it();
    release_it();
    stage_turns(5);
    expect_notes("1 acquire", "2 acquire", "3 acquire", "2 acquire");
    end();
}

static void those_who_wait_keep_their_order_when_the_first_is_cancelled(void **state)
{
    (void)state;
    begin(0);
    cast_play("1", "acquire");
    cast_play("2", "acquire");
    cast_play("3", "acquire");
    stage_turns(1);
    cast_cancel("1", NULL);
    stage_turns(1);
    release_it();
    release_it();
    stage_turns(2);
    expect_notes("1 acquire: CancelledError()", "2 acquire", "3 acquire");
    end();
}

/* Units are left, but somebody who was woken has not run yet: who comes then waits, and is woken by that one. */
static void one_that_got_its_unit_wakes_those_who_had_to_stand_behind_it(void **state)
{
    (void)state;
    begin(0);
    cast_play("1", "acquire play-4");
    cast_play("2", "-release -release -release acquire");
    cast_play("3", "acquire");
    stage_turns(1);
    expect_no_notes();
    expect_repr("Semaphore", "locked, waiters:3");
    assert_true(tt_semaphore_locked(semaphore)); /* with two units left */
    stage_turns(2);
    expect_notes("1 acquire", "1 play-4", "2 acquire", "3 acquire", "4 runs");
    end();
}

static void destroying_it_wakes_who_waits_with_an_error(void **state)
{
    (void)state;
    begin(0);
    cast_play("A", "acquire");
    cast_play("B", "acquire");
    stage_turns(1);
    release_it(); /* A has a unit and has not run */
    tt_semaphore_destroy(semaphore);
    semaphore = NULL;
    stage_turns(1);
    assert_non_null(strstr(stage_notes(), "A acquire: RuntimeError('<asyncio.locks.Semaphore object at 0x"));
    assert_non_null(strstr(stage_notes(), "B acquire: RuntimeError('<asyncio.locks.Semaphore object at 0x"));
    end();
}

static void without_memory_there_is_no_semaphore(void **state)
{
    (void)state;
    allocation_fail(1, false);
    assert_null(tt_semaphore_create(1));
    allocation_fail(0, false);
    note_and_drop("create");
    expect_notes("create: MemoryError('no memory for a semaphore')");
    tt_semaphore_destroy(NULL);
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test_on_stage(its_repr_tells_its_units_and_how_many_wait),
    cmocka_unit_test_on_stage(of_no_units_it_is_locked),
    cmocka_unit_test_on_stage(it_cannot_begin_with_less_than_nothing),
    cmocka_unit_test_on_stage(a_released_unit_goes_to_the_first_who_waits),
    cmocka_unit_test_on_stage(a_bounded_one_does_not_count_beyond_its_first_value),
    cmocka_unit_test_on_stage(a_plain_one_counts_as_far_as_a_long_goes),
    cmocka_unit_test_on_stage(released_with_nobody_waiting_it_is_free),
    cmocka_unit_test_on_stage(a_task_cancelled_while_it_waits_leaves_the_line),
    cmocka_unit_test_on_stage(a_release_passes_cancelled_tasks_by),
    cmocka_unit_test_on_stage(after_a_cancellation_the_next_one_does_not_hang),
    cmocka_unit_test_on_stage(a_task_cancelled_after_it_got_a_unit_gives_it_back),
    cmocka_unit_test_on_stage(a_unit_that_was_given_back_goes_to_the_next_in_line),
    cmocka_unit_test_on_stage(who_comes_again_stands_behind_the_others),
    cmocka_unit_test_on_stage(a_task_that_releases_and_acquires_at_once_waits_its_turn),
    cmocka_unit_test_on_stage(those_who_wait_keep_their_order_when_the_first_is_cancelled),
    cmocka_unit_test_on_stage(one_that_got_its_unit_wakes_those_who_had_to_stand_behind_it),
    cmocka_unit_test_on_stage(destroying_it_wakes_who_waits_with_an_error),
    cmocka_unit_test_on_stage(without_memory_there_is_no_semaphore),
};

TT_TEST_MAIN(cases)
