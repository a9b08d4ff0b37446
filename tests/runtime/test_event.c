/* Events: setting, clearing, waiting. asyncio.Event of 3.13. */
#include "cast.h"

static tt_event *event;

static int act(const char *word, const char *argument)
{
    (void)argument;
    if (strcmp(word, "wait") == 0)
        return tt_event_wait(event);
    if (strcmp(word, "set") == 0)
        tt_event_set(event);
    else
        return tt_raise(&tt_NotImplementedError, "%s", word);
    return 0;
}

static void begin(void)
{
    event = tt_event_create();
    assert_non_null(event);
    cast_open(act);
}

static void end(void)
{
    cast_close();
    tt_event_destroy(event);
    stage_forget_notes();
}

static void expect_repr(const char *extra)
{
    char repr[256], expected[256];

    snprintf(expected, sizeof expected, "<asyncio.locks.Event object at %p [%s]>", (void *)event, extra);
    assert_int_equal(tt_event_repr(event, repr, sizeof repr), strlen(expected));
    assert_string_equal(repr, expected);
}

static void its_repr_tells_whether_it_is_set_and_how_many_wait(void **state)
{
    (void)state;
    begin();
    expect_repr("unset");
    cast_play("A", "wait");
    stage_turns(1);
    expect_repr("unset, waiters:1");
    tt_event_set(event);
    expect_repr("set, waiters:1");
    stage_turns(1);
    expect_repr("set");
    end();
}

static void setting_it_wakes_all_in_the_order_in_which_they_came(void **state)
{
    (void)state;
    begin();
    assert_false(tt_event_is_set(event));
    cast_play("1", "wait");
    cast_play("2", "wait");
    stage_turns(1);
    expect_no_notes();
    cast_play("3", "wait"); /* finds it set: does not wait at all */
    tt_event_set(event);
    stage_turns(1);
    expect_notes("3 wait", "1 wait", "2 wait");
    end();
}

static void while_it_is_set_nobody_waits(void **state)
{
    (void)state;
    begin();
    tt_event_set(event);
    cast_play("A", "wait wait");
    stage_turns(1);
    expect_notes("A wait", "A wait");
    end();
}

static void a_task_cancelled_while_it_waits_leaves_the_line(void **state)
{
    (void)state;
    begin();
    cast_play("A", "wait");
    cast_play("B", "wait");
    stage_turns(1);
    cast_cancel("A", "enough");
    stage_turns(1);
    expect_repr("unset, waiters:1");
    tt_event_set(event);
    stage_turns(1);
    expect_notes("A wait: CancelledError('enough')", "B wait");
    end();
}

static void a_task_cancelled_after_it_was_woken_is_cancelled(void **state)
{
    (void)state;
    begin();
    cast_play("A", "wait");
    stage_turns(1);
    tt_event_set(event);
    cast_cancel("A", "late");
    stage_turns(1);
    expect_notes("A wait: CancelledError('late')");
    end();
}

static void clear_takes_the_flag_back(void **state)
{
    (void)state;
    begin();
    tt_event_set(event);
    assert_true(tt_event_is_set(event));
    tt_event_clear(event);
    assert_false(tt_event_is_set(event));
    cast_play("A", "wait");
    stage_turns(2);
    expect_no_notes();
    end();
}

static void who_was_woken_returns_although_it_is_clear_again(void **state)
{
    (void)state;
    begin();
    cast_play("A", "wait");
    stage_turns(1);
    tt_event_set(event);
    tt_event_clear(event);
    assert_false(tt_event_is_set(event));
    tt_event_set(event);
    tt_event_set(event);
    expect_repr("set, waiters:1");
    stage_turns(1);
    expect_repr("set");
    expect_notes("A wait");
    end();
}

static void destroying_it_wakes_who_waits_with_an_error(void **state)
{
    (void)state;
    begin();
    cast_play("A", "wait");
    stage_turns(1);
    tt_event_destroy(event);
    event = NULL;
    stage_turns(1);
    assert_non_null(strstr(stage_notes(), "A wait: RuntimeError('<asyncio.locks.Event object at 0x"));
    assert_non_null(strstr(stage_notes(), " [unset]> was destroyed while a task waited for it')"));
    end();
}

static void without_memory_there_is_no_event(void **state)
{
    (void)state;
    allocation_fail(1, false);
    assert_null(tt_event_create());
    allocation_fail(0, false);
    note_and_drop("create");
    expect_notes("create: MemoryError('no memory for an event')");
    tt_event_destroy(NULL);
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test_on_stage(its_repr_tells_whether_it_is_set_and_how_many_wait),
    cmocka_unit_test_on_stage(setting_it_wakes_all_in_the_order_in_which_they_came),
    cmocka_unit_test_on_stage(while_it_is_set_nobody_waits),
    cmocka_unit_test_on_stage(a_task_cancelled_while_it_waits_leaves_the_line),
    cmocka_unit_test_on_stage(a_task_cancelled_after_it_was_woken_is_cancelled),
    cmocka_unit_test_on_stage(clear_takes_the_flag_back),
    cmocka_unit_test_on_stage(who_was_woken_returns_although_it_is_clear_again),
    cmocka_unit_test_on_stage(destroying_it_wakes_who_waits_with_an_error),
    cmocka_unit_test_on_stage(without_memory_there_is_no_event),
};

TT_TEST_MAIN(cases)
