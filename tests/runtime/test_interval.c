/* Sleeping until a time, and ticks that do not drift. On virtual time: the clock shows exactly what is due. */
#include "stage.h"

static int64_t now_ms(void)
{
    return tt_loop_time(tt_loop_running()) / TT_MSEC(1);
}

static int sleep_until_times(void *arg)
{
    (void)arg;
    if (tt_sleep_until(TT_MSEC(30)) < 0)
        return -1;
    note("%d", (int)now_ms());
    if (tt_sleep_until(TT_MSEC(10)) < 0)
        return -1;
    note("%d", (int)now_ms());
    tt_raise(&tt_ValueError, "pending");
    note("%d", tt_sleep_until(TT_MSEC(100)));
    note("%d", (int)now_ms());
    return note_and_drop("pending");
}

static void a_task_sleeps_until_a_time(void **state)
{
    (void)state;
    assert_true(stage_run(sleep_until_times, NULL));
    expect_notes("30", "30", "-1", "30", "pending: ValueError('pending')");
}

/* Waits for the past: still a turn. */
static int say_after(void *text)
{
    if (tt_sleep_until(-1) < 0)
        return -1;
    note("%s", (const char *)text);
    return 0;
}

static void a_time_that_has_passed_takes_a_turn(void **state)
{
    tt_task *task = tt_create_task_with(say_after, "said", (&(struct tt_task_options){.loop = stage_loop}));

    (void)state;
    stage_turns(1);
    expect_no_notes();
    stage_turns(1);
    expect_notes("said");
    tt_task_unref(task);
}

static int tick_and_work(void *arg)
{
    static const int work_ms[] = {0, 3, 9, 10, 25, 0, 57, 0};
    tt_interval interval;
    uint64_t missed = 4711;

    (void)arg;
    tt_interval_init(&interval, TT_MSEC(10));
    for (size_t i = 0; i < sizeof work_ms / sizeof work_ms[0]; i++) {
        if (tt_interval_tick(&interval, &missed) < 0)
            return -1;
        note("%d missed %d, works %d", (int)now_ms(), (int)missed, work_ms[i]);
        if (work_ms[i] && tt_sleep(TT_MSEC(work_ms[i])) < 0)
            return -1;
    }
    return tt_interval_tick(&interval, NULL);
}

static void ticks_stay_on_their_grid_and_missed_ones_are_told(void **state)
{
    (void)state;
    assert_true(stage_run(tick_and_work, NULL));
    expect_notes("10 missed 0, works 0", "20 missed 0, works 3", "30 missed 0, works 9", "40 missed 0, works 10",
                 "50 missed 0, works 25", "75 missed 1, works 0", "80 missed 0, works 57", "137 missed 4, works 0");
}

static int tick_in_time(void *interval)
{
    return tt_interval_tick(interval, NULL);
}

static int cancel_a_tick(void *arg)
{
    tt_interval interval;

    (void)arg;
    tt_interval_init(&interval, TT_MSEC(10));
    if (tt_with_timeout(TT_MSEC(4), tick_in_time, &interval) < 0)
        note_and_drop("tick");
    if (tt_interval_tick(&interval, NULL) < 0)
        return -1;
    note("%d", (int)now_ms());
    return 0;
}

static void a_cancelled_tick_is_still_to_come(void **state)
{
    (void)state;
    assert_true(stage_run(cancel_a_tick, NULL));
    expect_notes("tick: TimeoutError()", "10");
}

static int tick_at_the_end_of_time(void *arg)
{
    tt_interval interval;

    (void)arg;
    tt_interval_init(&interval, INT64_MAX);
    note("%d", interval.next_ns == INT64_MAX);
    interval = (tt_interval){.period_ns = INT64_MAX / 2 + 1, .next_ns = 0};
    for (int i = 0; i < 2; i++) {
        if (tt_interval_tick(&interval, NULL) < 0)
            return -1;
        note("%d", interval.next_ns == (i ? INT64_MAX : INT64_MAX / 2 + 1));
    }
    return 0;
}

static void periods_can_be_as_long_as_time(void **state)
{
    (void)state;
    assert_true(stage_run(tick_at_the_end_of_time, NULL));
    expect_notes("1", "1", "1");
}

static int tick_without_memory(void *arg)
{
    tt_interval interval;

    (void)arg;
    tt_interval_init(&interval, TT_MSEC(1));
    allocation_fail(1, false);
    (void)!tt_interval_tick(&interval, NULL);
    allocation_fail(0, false);
    return note_and_drop("tick");
}

static void without_memory_it_raises(void **state)
{
    (void)state;
    assert_true(stage_run(tick_without_memory, NULL));
    expect_notes("tick: MemoryError('no memory for a timer')");
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test_on_virtual_stage(a_task_sleeps_until_a_time),
    cmocka_unit_test_on_virtual_stage(a_time_that_has_passed_takes_a_turn),
    cmocka_unit_test_on_virtual_stage(ticks_stay_on_their_grid_and_missed_ones_are_told),
    cmocka_unit_test_on_virtual_stage(a_cancelled_tick_is_still_to_come),
    cmocka_unit_test_on_virtual_stage(periods_can_be_as_long_as_time),
    cmocka_unit_test_on_virtual_stage(without_memory_it_raises),
};

TT_TEST_MAIN(cases)
