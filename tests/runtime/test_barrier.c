/* Barriers: filling, draining, resetting, broken. asyncio.Barrier of 3.13. */
#include "cast.h"

static tt_barrier *barrier;
static char repr_text[256];
static int passed_count;

static const char *repr(void)
{
    tt_barrier_repr(barrier, repr_text, sizeof repr_text);
    return strchr(repr_text, '[');
}

/* What the words of each case that has its own coroutine do. */
static tt_coro_fn *coroutine;

static int act(const char *word, const char *argument)
{
    int index;

    (void)argument;
    if (strcmp(word, "wait") == 0) {
        index = tt_barrier_wait(barrier);
        if (index >= 0)
            note("%s is %d", tt_task_name(tt_current_task()), index);
        return index;
    }
    if (strcmp(word, "reset") == 0)
        return tt_barrier_reset(barrier);
    if (strcmp(word, "abort") == 0)
        return tt_barrier_abort(barrier);
    if (strcmp(word, "look") == 0) {
        note("%s sees %s", tt_task_name(tt_current_task()), repr());
        return 0;
    }
    if (strcmp(word, "do") == 0)
        return coroutine(NULL);
    return tt_raise(&tt_NotImplementedError, "%s", word);
}

static void begin(int parties)
{
    barrier = tt_barrier_create(parties);
    assert_non_null(barrier);
    passed_count = 0;
    cast_open(act);
}

static void end(void)
{
    cast_close();
    tt_barrier_destroy(barrier);
    stage_forget_notes();
}

static const char *const names[] = {"1", "2", "3", "4", "5", "6", "7", "8"};

/* The first COUNT play SCRIPT. */
static void play_all(int count, const char *script)
{
    for (int i = 0; i < count; i++)
        cast_play(names[i], script);
}

static bool all_are_done(int count)
{
    bool all = true;

    for (int i = 0; i < count; i++)
        all &= cast_is_done(names[i]);
    return all;
}

static void expect_state(const char *expected)
{
    assert_string_equal(repr(), expected);
}

/* ------------------------------------------------------------------------------------------------------------ filling */

static void its_repr_tells_its_state_and_how_many_wait(void **state)
{
    (void)state;
    begin(5);
    assert_int_equal(tt_barrier_repr(barrier, NULL, 0), strlen("<asyncio.locks.Barrier object at ") +
                                                            (size_t)snprintf(NULL, 0, "%p", (void *)barrier) +
                                                            strlen(" [filling, waiters:0/5]>"));
    expect_state("[filling, waiters:0/5]>");
    play_all(2, "wait");
    stage_turns(1);
    expect_state("[filling, waiters:2/5]>");
    cast_play("3", "-wait");
    cast_play("4", "-wait");
    cast_play("5", "-wait");
    stage_turns(1);
    expect_state("[draining, waiters:0/5]>");
    cast_play("6", "-wait?");
    cast_play("7", "-wait?");
    cast_play("reset", "-sleep reset");
    stage_turns(2);
    stage_turns(10);
    cast_play("abort", "abort");
    stage_turns(3);
    expect_state("[broken]>");
    assert_true(tt_barrier_broken(barrier));
    end();
}

static void it_needs_one_party_at_least(void **state)
{
    (void)state;
    assert_null(tt_barrier_create(0));
    note_and_drop("0");
    assert_null(tt_barrier_create(-4));
    note_and_drop("-4");
    expect_notes("0: ValueError('parties must be >= 1')", "-4: ValueError('parties must be >= 1')");
    begin(5);
    assert_int_equal(tt_barrier_parties(barrier), 5);
    end();
}

static void each_party_gets_a_number_of_its_own(void **state)
{
    (void)state;
    begin(3);
    play_all(3, "-wait");
    stage_turns(10);
    expect_notes("3 is 2", "1 is 0", "2 is 1");
    assert_int_equal(tt_barrier_n_waiting(barrier), 0);
    assert_false(tt_barrier_broken(barrier));
    end();
}

static void of_one_party_nobody_waits(void **state)
{
    (void)state;
    begin(1);
    cast_play("1", "-wait");
    stage_turns(1);
    cast_play("2", "-wait");
    stage_turns(1);
    expect_notes("1 is 0", "2 is 0");
    expect_state("[filling, waiters:0/1]>");
    end();
}

static void parties_that_come_one_by_one_are_counted(void **state)
{
    (void)state;
    begin(3);
    cast_play("1", "-wait");
    stage_turns(1);
    assert_int_equal(tt_barrier_n_waiting(barrier), 1);
    cast_play("2", "-wait");
    stage_turns(1);
    assert_int_equal(tt_barrier_n_waiting(barrier), 2);
    cast_play("3", "-wait");
    stage_turns(5);
    assert_true(all_are_done(3));
    assert_int_equal(tt_barrier_n_waiting(barrier), 0);
    end();
}

static void it_can_be_passed_again_and_again(void **state)
{
    (void)state;
    begin(5);
    play_all(5, "-wait -wait -wait");
    stage_turns(60);
    assert_true(all_are_done(5));
    expect_state("[filling, waiters:0/5]>");
    for (int i = 0; i < 5; i++) { /* each number thrice */
        char line[32];
        const char *text = stage_notes();
        int count = 0;

        snprintf(line, sizeof line, "is %d\n", i);
        while ((text = strstr(text, line)) != NULL) {
            text++;
            count++;
        }
        assert_int_equal(count, 3);
    }
    end();
}

static void a_party_that_is_cancelled_leaves_and_the_others_wait_on(void **state)
{
    (void)state;
    begin(3);
    cast_play("1", "wait");
    cast_play("2", "-wait");
    stage_turns(1);
    cast_cancel("1", NULL);
    stage_turns(1);
    assert_int_equal(tt_barrier_n_waiting(barrier), 1);
    assert_true(tt_task_cancelled(cast_task("1")));
    cast_play("3", "-wait");
    stage_turns(1);
    assert_int_equal(tt_barrier_n_waiting(barrier), 2);
    cast_play("4", "-wait");
    stage_turns(5);
    assert_true(all_are_done(4));
    assert_false(tt_barrier_broken(barrier));
    end();
}

/* ----------------------------------------------------------------------------------------------------------- draining */

static void it_drains_until_the_last_one_has_left(void **state)
{
    (void)state;
    begin(3);
    play_all(3, "-wait -look");
    stage_turns(10);
    expect_notes("3 is 2", "3 sees [draining, waiters:0/3]>", "1 is 0", "1 sees [draining, waiters:0/3]>", "2 is 1",
                 "2 sees [filling, waiters:0/3]>");
    end();
}

static void who_comes_while_it_drains_waits_until_it_fills_again(void **state)
{
    (void)state;
    begin(3);
    play_all(2, "-wait");
    stage_turns(1);
    cast_play("3", "-wait -wait"); /* the last party; comes again at once */
    stage_turns(1);
    expect_state("[draining, waiters:0/3]>");
    stage_turns(6);
    expect_notes("3 is 2", "1 is 0", "2 is 1");
    expect_state("[filling, waiters:1/3]>"); /* it stands inside now */
    cast_play("4", "-wait");
    cast_play("5", "-wait");
    stage_turns(6);
    assert_true(cast_is_done("3") && cast_is_done("4") && cast_is_done("5"));
    end();
}

/* ------------------------------------------------------------------------------------------------------ reset, abort */

static void reset_with_nobody_inside_changes_nothing(void **state)
{
    (void)state;
    begin(2);
    cast_play("A", "reset");
    stage_turns(1);
    expect_notes("A reset");
    expect_state("[filling, waiters:0/2]>");
    end();
}

static void reset_sends_away_who_waits(void **state)
{
    (void)state;
    begin(5);
    play_all(4, "wait?");
    stage_turns(1);
    cast_play("5", "reset -look");
    stage_turns(10);
    expect_notes("5 reset", "5 sees [resetting, waiters:0/5]>",
                 "1 wait: BrokenBarrierError('Abort or reset of barrier')",
                 "2 wait: BrokenBarrierError('Abort or reset of barrier')",
                 "3 wait: BrokenBarrierError('Abort or reset of barrier')",
                 "4 wait: BrokenBarrierError('Abort or reset of barrier')");
    expect_state("[filling, waiters:0/5]>");
    assert_false(tt_barrier_broken(barrier));
    end();
}

static void who_was_sent_away_may_wait_again(void **state)
{
    (void)state;
    begin(5);
    play_all(4, "-wait? -wait");
    cast_play("reset", "-reset");
    stage_turns(1);
    cast_play("5", "-wait");
    stage_turns(20);
    assert_true(all_are_done(5));
    for (int i = 0; i < 5; i++) {
        char line[32];

        snprintf(line, sizeof line, "is %d\n", i);
        assert_non_null(strstr(stage_notes(), line));
    }
    expect_state("[filling, waiters:0/5]>");
    end();
}

/* Those who have passed reset it when half of them are still inside. */
static int reset_when_half_are_out(void *arg)
{
    (void)arg;
    if (tt_barrier_wait(barrier) < 0)
        return note_and_drop("broken");
    return ++passed_count == 3 ? tt_barrier_reset(barrier) : 0;
}

static void reset_while_it_drains_sends_away_who_is_still_inside(void **state)
{
    (void)state;
    begin(5);
    coroutine = reset_when_half_are_out;
    play_all(5, "-do");
    stage_turns(20);
    assert_true(all_are_done(5));
    expect_notes("broken: BrokenBarrierError('Abort or reset of barrier')",
                 "broken: BrokenBarrierError('Abort or reset of barrier')");
    expect_state("[filling, waiters:0/5]>");
    end();
}

/* The first two come again while it drains and are blocked; the third resets it; all five meet in the end. */
static int reset_and_meet(void *arg)
{
    (void)arg;
    if (tt_barrier_wait(barrier) < 0)
        note_and_drop("broken");
    else if (++passed_count == 3 && tt_barrier_reset(barrier) < 0)
        return -1;
    if (tt_barrier_wait(barrier) < 0)
        return note_and_drop("blocked");
    note("met");
    return 0;
}

static void who_is_blocked_while_it_drains_is_not_sent_away_by_a_reset(void **state)
{
    (void)state;
    begin(5);
    coroutine = reset_and_meet;
    play_all(5, "-do");
    stage_turns(40);
    assert_true(all_are_done(5));
    expect_notes("broken: BrokenBarrierError('Abort or reset of barrier')",
                 "broken: BrokenBarrierError('Abort or reset of barrier')", "met", "met", "met", "met", "met");
    expect_state("[filling, waiters:0/5]>");
    end();
}

/* The last one that leaves resets it: nobody is inside, the others are blocked or wait again. */
static int reset_as_the_last(void *arg)
{
    (void)arg;
    if (tt_barrier_wait(barrier) < 0)
        return -1;
    if (++passed_count == 5 && tt_barrier_reset(barrier) < 0)
        return -1;
    if (tt_barrier_wait(barrier) < 0)
        note_and_drop("second");
    if (tt_barrier_wait(barrier) < 0)
        return -1;
    note("passed");
    return 0;
}

static void reset_when_all_have_left_disturbs_nobody(void **state)
{
    (void)state;
    begin(5);
    coroutine = reset_as_the_last;
    play_all(5, "-do");
    stage_turns(60);
    assert_true(all_are_done(5));
    expect_notes("passed", "passed", "passed", "passed", "passed");
    expect_state("[filling, waiters:0/5]>");
    end();
}

static void abort_breaks_it_for_all(void **state)
{
    (void)state;
    begin(3);
    play_all(2, "wait?");
    stage_turns(1);
    cast_play("3", "abort wait?");
    stage_turns(10);
    assert_true(tt_barrier_broken(barrier));
    assert_int_equal(tt_barrier_n_waiting(barrier), 0);
    expect_state("[broken]>");
    expect_notes("3 abort", "3 wait: BrokenBarrierError('Barrier aborted')",
                 "1 wait: BrokenBarrierError('Abort or reset of barrier')",
                 "2 wait: BrokenBarrierError('Abort or reset of barrier')");
    end();
}

static int abort_when_half_are_out(void *arg)
{
    (void)arg;
    if (tt_barrier_wait(barrier) < 0)
        return note_and_drop("inside");
    if (++passed_count == 3)
        return tt_barrier_abort(barrier);
    return tt_barrier_wait(barrier) < 0 ? note_and_drop("blocked") : 0;
}

static void abort_while_it_drains_breaks_it_for_those_inside_and_those_who_are_blocked(void **state)
{
    (void)state;
    begin(5);
    coroutine = abort_when_half_are_out;
    play_all(5, "-do");
    stage_turns(20);
    assert_true(all_are_done(5));
    assert_true(tt_barrier_broken(barrier));
    expect_notes("inside: BrokenBarrierError('Abort or reset of barrier')",
                 "inside: BrokenBarrierError('Abort or reset of barrier')",
                 "blocked: BrokenBarrierError('Barrier aborted')", "blocked: BrokenBarrierError('Barrier aborted')");
    end();
}

/* One that fails behind the barrier aborts it: the others do not pass it a second time. */
static int fail_in_the_middle(void *arg)
{
    int index = tt_barrier_wait(barrier);

    (void)arg;
    if (index < 0)
        return note_and_drop("first");
    if (index == 2)
        return tt_barrier_abort(barrier);
    if (tt_barrier_wait(barrier) < 0)
        return note_and_drop("second");
    note("passed");
    return 0;
}

static void one_that_fails_can_abort_it_for_the_others(void **state)
{
    (void)state;
    begin(5);
    coroutine = fail_in_the_middle;
    play_all(5, "-do");
    stage_turns(20);
    assert_true(all_are_done(5));
    assert_true(tt_barrier_broken(barrier));
    assert_null(strstr(stage_notes(), "passed"));
    end();
}

static tt_barrier *meeting;

static int break_meet_reset(void *arg)
{
    int index = tt_barrier_wait(barrier);

    (void)arg;
    if (index == 2) {
        if (tt_barrier_abort(barrier) < 0)
            return -1;
    } else if (index < 0 || tt_barrier_wait(barrier) < 0) {
        note_and_drop("broken");
    } else {
        note("passed a broken one");
    }
    index = tt_barrier_wait(meeting);
    if (index < 0 || (index == 2 && tt_barrier_reset(barrier) < 0) || tt_barrier_wait(meeting) < 0 ||
        tt_barrier_wait(barrier) < 0)
        return -1;
    note("whole again");
    return 0;
}

static void a_broken_one_is_whole_again_after_a_reset(void **state)
{
    int count = 0;

    (void)state;
    begin(5);
    meeting = tt_barrier_create(5);
    coroutine = break_meet_reset;
    play_all(5, "-do");
    stage_turns(80);
    assert_true(all_are_done(5));
    for (const char *text = stage_notes(); (text = strstr(text, "whole again")) != NULL; text++)
        count++;
    assert_int_equal(count, 5);
    assert_null(strstr(stage_notes(), "passed a broken one"));
    expect_state("[filling, waiters:0/5]>");
    tt_barrier_destroy(meeting);
    end();
}

static void a_reset_of_a_broken_one_that_is_empty_makes_it_fill(void **state)
{
    (void)state;
    begin(1);
    cast_play("A", "abort reset wait");
    stage_turns(1);
    expect_notes("A abort", "A reset", "A is 0", "A wait");
    end();
}

/* ------------------------------------------------------------------------------------------------------------ its end */

static void destroying_it_wakes_who_waits_with_an_error(void **state)
{
    (void)state;
    begin(3);
    play_all(2, "wait");
    stage_turns(1);
    tt_barrier_destroy(barrier);
    barrier = NULL;
    stage_turns(3);
    assert_true(all_are_done(2));
    assert_non_null(strstr(stage_notes(), "1 wait: RuntimeError('<asyncio.locks.Condition object at 0x"));
    assert_non_null(strstr(stage_notes(), "2 wait: RuntimeError('<asyncio.locks.Condition object at 0x"));
    end();
}

static int wait_alone(void *arg)
{
    (void)arg;
    return tt_barrier_wait(barrier);
}

static void closing_the_loop_takes_its_tasks_out_of_the_line(void **state)
{
    tt_task *task;

    (void)state;
    begin(3);
    task = tt_create_task_with(wait_alone, NULL, &(struct tt_task_options){.loop = stage_loop});
    stage_turns(1);
    cast_close();
    stage_close_loop();
    tt_task_unref(task);
    tt_barrier_destroy(barrier);
    stage_forget_notes();
}

static void without_memory_there_is_no_barrier(void **state)
{
    (void)state;
    allocation_fail(1, false);
    assert_null(tt_barrier_create(1));
    allocation_fail(0, false);
    note_and_drop("create");
    expect_notes("create: MemoryError('no memory for a barrier')");
    tt_barrier_destroy(NULL);
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test_on_stage(its_repr_tells_its_state_and_how_many_wait),
    cmocka_unit_test_on_stage(it_needs_one_party_at_least),
    cmocka_unit_test_on_stage(each_party_gets_a_number_of_its_own),
    cmocka_unit_test_on_stage(of_one_party_nobody_waits),
    cmocka_unit_test_on_stage(parties_that_come_one_by_one_are_counted),
    cmocka_unit_test_on_stage(it_can_be_passed_again_and_again),
    cmocka_unit_test_on_stage(a_party_that_is_cancelled_leaves_and_the_others_wait_on),
    cmocka_unit_test_on_stage(it_drains_until_the_last_one_has_left),
    cmocka_unit_test_on_stage(who_comes_while_it_drains_waits_until_it_fills_again),
    cmocka_unit_test_on_stage(reset_with_nobody_inside_changes_nothing),
    cmocka_unit_test_on_stage(reset_sends_away_who_waits),
    cmocka_unit_test_on_stage(who_was_sent_away_may_wait_again),
    cmocka_unit_test_on_stage(reset_while_it_drains_sends_away_who_is_still_inside),
    cmocka_unit_test_on_stage(who_is_blocked_while_it_drains_is_not_sent_away_by_a_reset),
    cmocka_unit_test_on_stage(reset_when_all_have_left_disturbs_nobody),
    cmocka_unit_test_on_stage(abort_breaks_it_for_all),
    cmocka_unit_test_on_stage(abort_while_it_drains_breaks_it_for_those_inside_and_those_who_are_blocked),
    cmocka_unit_test_on_stage(one_that_fails_can_abort_it_for_the_others),
    cmocka_unit_test_on_stage(a_broken_one_is_whole_again_after_a_reset),
    cmocka_unit_test_on_stage(a_reset_of_a_broken_one_that_is_empty_makes_it_fill),
    cmocka_unit_test_on_stage(destroying_it_wakes_who_waits_with_an_error),
    cmocka_unit_test_on_stage(closing_the_loop_takes_its_tasks_out_of_the_line),
    cmocka_unit_test_on_stage(without_memory_there_is_no_barrier),
};

TT_TEST_MAIN(cases)
