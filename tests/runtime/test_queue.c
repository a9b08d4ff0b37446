/* Queues of each kind: order, waiting, cancellation. asyncio.queues of 3.13. */
#include "queue_cast.h"

/* Only the tens count. */
static int by_tens(const void *a, const void *b)
{
    return by_value((void *)((intptr_t)a / 10), (void *)((intptr_t)b / 10));
}

/* -------------------------------------------------------------------------------------------------------------- items */

static void its_repr_tells_what_is_in_it_and_who_waits(void **state)
{
    (void)state;
    begin(1);
    expect_repr("Queue", "maxsize=1");
    cast_play("A", "get");
    stage_turns(1);
    expect_repr("Queue", "maxsize=1 _getters[1]");
    cast_play("B", "put:16 put:17");
    stage_turns(1);
    expect_repr("Queue", "maxsize=1 _queue=[0x10] _putters[1] tasks=1");
    stage_turns(3);
    expect_repr("Queue", "maxsize=1 _queue=[0x11] tasks=2");
    tt_queue_shutdown(queue, false);
    expect_repr("Queue", "maxsize=1 _queue=[0x11] tasks=2 shutdown");
    end();
    begin_with(tt_lifo_queue_create(0, NULL));
    expect_repr("LifoQueue", "maxsize=0");
    end();
    begin_with(tt_priority_queue_create(-1, by_value, NULL));
    expect_repr("PriorityQueue", "maxsize=-1");
    end();
}

static void it_is_empty_until_something_is_put(void **state)
{
    (void)state;
    begin(0);
    assert_true(tt_queue_empty(queue));
    put_now(1);
    assert_false(tt_queue_empty(queue));
    assert_int_equal(tt_queue_qsize(queue), 1);
    assert_int_equal(get_now(), 1);
    assert_true(tt_queue_empty(queue));
    end();
}

static void it_is_full_when_it_has_as_many_as_it_may(void **state)
{
    (void)state;
    begin(0);
    for (int i = 0; i < 100; i++)
        put_now(i);
    assert_false(tt_queue_full(queue));
    end();
    assert_int_equal(freed_count, 100);
    begin(2);
    assert_int_equal(tt_queue_maxsize(queue), 2);
    put_now(1);
    assert_false(tt_queue_full(queue));
    put_now(2);
    assert_true(tt_queue_full(queue));
    end();
}

static void each_kind_has_its_order(void **state)
{
    static const long expected[KINDS][4] = {{1, 3, 2, 0}, {0, 2, 3, 1}, {0, 1, 2, 3}};

    (void)state;
    for (int kind = 0; kind < KINDS; kind++) {
        begin_with(queue_of_kind(kind, 0));
        put_now(1);
        put_now(3);
        put_now(2);
        put_now(0); /* NULL is an item */
        for (int i = 0; i < 4; i++)
            assert_int_equal(get_now(), expected[kind][i]);
        end();
    }
}

/* A ring that wraps round and grows in between. */
static void many_items_keep_their_order(void **state)
{
    long next_in = 0, next_out = 0;

    (void)state;
    begin(0);
    for (int round = 1; round < 100; round++) {
        for (int i = 0; i < round; i++)
            put_now(next_in++);
        for (int i = 0; i < round - 1; i++)
            assert_int_equal(get_now(), next_out++);
    }
    while (next_out < next_in)
        assert_int_equal(get_now(), next_out++);
    assert_true(tt_queue_empty(queue));
    end();
}

/* The order is that of: h = []; for n in ...: heappush(h, Item(n)); [heappop(h) for ...] with Item comparing n // 10. */
static void items_that_compare_as_equal_come_as_from_cpythons_heapq(void **state)
{
    static const long in[] = {31, 12, 25, 11, 33, 24, 10, 32, 13, 21, 30, 14},
                      out[] = {12, 10, 14, 11, 13, 25, 24, 21, 32, 30, 33, 31};

    (void)state;
    begin_with(tt_priority_queue_create(0, by_tens, NULL));
    for (size_t i = 0; i < sizeof in / sizeof in[0]; i++)
        put_now(in[i]);
    for (size_t i = 0; i < sizeof out / sizeof out[0]; i++)
        assert_int_equal(get_now(), out[i]);
    end();
}

static void without_waiting_a_full_or_empty_one_raises(void **state)
{
    void *item = &item;

    (void)state;
    begin(1);
    assert_int_equal(tt_queue_get_nowait(queue, &item), -1);
    note_and_drop("get");
    assert_ptr_equal(item, &item);
    put_now(1);
    assert_int_equal(tt_queue_put_nowait(queue, NULL), -1);
    note_and_drop("put");
    expect_notes("get: QueueEmpty()", "put: QueueFull()");
    end();
}

/* ------------------------------------------------------------------------------------------------------------ waiting */

static void get_waits_for_an_item(void **state)
{
    (void)state;
    begin(0);
    cast_play("A", "-get -get");
    stage_turns(2);
    expect_no_notes();
    put_now(1);
    stage_turns(1);
    expect_notes("A got 1");
    put_now(2);
    put_now(3);
    stage_turns(1);
    expect_notes("A got 2");
    assert_int_equal(get_now(), 3);
    end();
}

static void put_waits_for_room(void **state)
{
    (void)state;
    begin(2);
    cast_play("A", "put:1 put:2 put:3");
    stage_turns(2);
    expect_notes("A put:1", "A put:2");
    assert_int_equal(get_now(), 1);
    stage_turns(1);
    expect_notes("A put:3");
    assert_int_equal(get_now(), 2);
    assert_int_equal(get_now(), 3);
    end();
}

static void getters_and_putters_wake_each_other(void **state)
{
    (void)state;
    begin(1);
    cast_play("putter", "-put:1 -put:2 -put:3 -put:4 -put:5");
    cast_play("getter", "-get -get -get -get -get");
    stage_turns(15);
    assert_true(cast_is_done("putter") && cast_is_done("getter"));
    expect_notes("getter got 1", "getter got 2", "getter got 3", "getter got 4", "getter got 5");
    end();
}

static void those_who_wait_are_served_in_the_order_in_which_they_came(void **state)
{
    (void)state;
    begin(1);
    cast_play("A", "-put:1");
    cast_play("B", "-put:2");
    cast_play("C", "-put:3");
    stage_turns(1);
    cast_play("D", "-get -get -get");
    stage_turns(10);
    expect_notes("D got 1", "D got 2", "D got 3");
    cast_play("E", "-get");
    cast_play("F", "-get");
    cast_play("G", "-put:4 -put:5");
    stage_turns(5);
    expect_notes("E got 4", "F got 5");
    end();
}

/* Two slots are freed in one step: both putters must get there. */
static void several_putters_are_woken_by_as_many_gets(void **state)
{
    (void)state;
    begin(2);
    cast_play("A", "-put:0");
    cast_play("B", "-put:1");
    cast_play("C", "-put:2");
    cast_play("D", "-put:3");
    cast_play("getter", "-get-nowait -get-nowait");
    stage_turns(5);
    assert_true(cast_is_done("C") && cast_is_done("D"));
    assert_int_equal(tt_queue_qsize(queue), 2);
    end();
}

/* Whoever was woken looks again: another one was quicker. */
static void an_item_that_another_one_took_is_waited_for_again(void **state)
{
    (void)state;
    begin(0);
    cast_play("A", "-get");
    stage_turns(1);
    cast_play("B", "-get-nowait"); /* runs before A is woken */
    put_now(1);
    stage_turns(3);
    expect_notes("B got 1");
    assert_false(cast_is_done("A"));
    put_now(2);
    stage_turns(1);
    expect_notes("A got 2");
    end();
}

/* ------------------------------------------------------------------------------------------------------- cancellation */

static void a_cancelled_getter_leaves_the_line(void **state)
{
    (void)state;
    begin(0);
    cast_play("A", "get");
    cast_play("B", "-get");
    stage_turns(1);
    cast_cancel("A", "enough");
    stage_turns(1);
    expect_repr("Queue", "maxsize=0 _getters[1]");
    put_now(1);
    stage_turns(1);
    expect_notes("A get: CancelledError('enough')", "B got 1");
    end();
}

static void a_getter_cancelled_after_it_was_woken_loses_no_item(void **state)
{
    (void)state;
    begin(0);
    cast_play("A", "get");
    stage_turns(1);
    put_now(1);
    put_now(2);
    cast_cancel("A", NULL);
    stage_turns(1);
    cast_play("B", "-get");
    stage_turns(1);
    expect_notes("A get: CancelledError()", "B got 1");
    end();
}

static void a_getter_cancelled_after_it_was_woken_wakes_the_next(void **state)
{
    (void)state;
    begin(0);
    cast_play("A", "get");
    cast_play("B", "-get");
    cast_play("C", "-get");
    stage_turns(1);
    put_now(1); /* wakes A */
    put_now(2); /* wakes B */
    cast_cancel("A", NULL);
    stage_turns(3);
    expect_notes("A get: CancelledError()", "B got 1", "C got 2");
    end();
}

static void a_cancelled_putter_leaves_the_line_and_keeps_its_item(void **state)
{
    (void)state;
    begin(1);
    cast_play("A", "-put:1");
    cast_play("B", "-put:2");
    cast_play("C", "put:3");
    stage_turns(1);
    expect_repr("Queue", "maxsize=1 _queue=[0x1] _putters[2] tasks=1");
    cast_cancel("C", NULL);
    stage_turns(1);
    expect_repr("Queue", "maxsize=1 _queue=[0x1] _putters[1] tasks=1");
    assert_int_equal(get_now(), 1);
    stage_turns(1);
    assert_int_equal(get_now(), 2);
    assert_true(tt_queue_empty(queue));
    expect_notes("C put:3: CancelledError()");
    assert_int_equal(freed_count, 0);
    end();
}

static void a_putter_cancelled_after_it_was_woken_wakes_the_next(void **state)
{
    (void)state;
    begin(1);
    put_now(1);
    cast_play("A", "put:2");
    cast_play("B", "put:3");
    stage_turns(1);
    assert_int_equal(get_now(), 1); /* A is not in the line any more */
    cast_cancel("A", NULL);
    stage_turns(2);
    expect_notes("A put:2: CancelledError()", "B put:3");
    cast_play("C", "put:2");
    stage_turns(1);
    assert_int_equal(get_now(), 3);
    stage_turns(1);
    assert_int_equal(get_now(), 2);
    end();
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test_on_stage(its_repr_tells_what_is_in_it_and_who_waits),
    cmocka_unit_test_on_stage(it_is_empty_until_something_is_put),
    cmocka_unit_test_on_stage(it_is_full_when_it_has_as_many_as_it_may),
    cmocka_unit_test_on_stage(each_kind_has_its_order),
    cmocka_unit_test_on_stage(many_items_keep_their_order),
    cmocka_unit_test_on_stage(items_that_compare_as_equal_come_as_from_cpythons_heapq),
    cmocka_unit_test_on_stage(without_waiting_a_full_or_empty_one_raises),
    cmocka_unit_test_on_stage(get_waits_for_an_item),
    cmocka_unit_test_on_stage(put_waits_for_room),
    cmocka_unit_test_on_stage(getters_and_putters_wake_each_other),
    cmocka_unit_test_on_stage(those_who_wait_are_served_in_the_order_in_which_they_came),
    cmocka_unit_test_on_stage(several_putters_are_woken_by_as_many_gets),
    cmocka_unit_test_on_stage(an_item_that_another_one_took_is_waited_for_again),
    cmocka_unit_test_on_stage(a_cancelled_getter_leaves_the_line),
    cmocka_unit_test_on_stage(a_getter_cancelled_after_it_was_woken_loses_no_item),
    cmocka_unit_test_on_stage(a_getter_cancelled_after_it_was_woken_wakes_the_next),
    cmocka_unit_test_on_stage(a_cancelled_putter_leaves_the_line_and_keeps_its_item),
    cmocka_unit_test_on_stage(a_putter_cancelled_after_it_was_woken_wakes_the_next),
};

TT_TEST_MAIN(cases)
