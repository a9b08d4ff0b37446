/* Queues of each kind: join, shutdown, items and their owner, the end of a queue. asyncio.queues of 3.13. */
#include "queue_cast.h"

/* --------------------------------------------------------------------------------------------------------------- join */

static void task_done_needs_an_item(void **state)
{
    (void)state;
    for (int kind = 0; kind < KINDS; kind++) {
        begin_with(queue_of_kind(kind, 0));
        assert_int_equal(tt_queue_task_done(queue), -1);
        note_and_drop("done");
        put_now(1);
        assert_int_equal(tt_queue_task_done(queue), 0);
        assert_int_equal(tt_queue_task_done(queue), -1);
        note_and_drop("done");
        expect_notes("done: ValueError('task_done() called too many times')",
                     "done: ValueError('task_done() called too many times')");
        end();
    }
}

static long worked_total;

static int work_for_ever(void *arg)
{
    void *item;

    (void)arg;
    while (tt_queue_get(queue, &item) == 0) {
        worked_total += (long)(intptr_t)item;
        if (tt_sleep(0) < 0 || tt_queue_task_done(queue) < 0)
            return -1;
    }
    return -1;
}

static int join_it(void *arg)
{
    (void)arg;
    return tt_queue_join(queue);
}

static void join_waits_until_all_is_done(void **state)
{
    const struct tt_task_options options = {.loop = stage_loop};

    (void)state;
    for (int kind = 0; kind < KINDS; kind++) {
        tt_task *workers[2];

        begin_with(queue_of_kind(kind, 0));
        worked_total = 0;
        for (int i = 0; i < 100; i++)
            put_now(i);
        for (int i = 0; i < 2; i++)
            workers[i] = tt_create_task_with(work_for_ever, NULL, &options);
        assert_true(stage_run(join_it, NULL));
        assert_int_equal(worked_total, 99 * 100 / 2);
        expect_no_notes();
        for (int i = 0; i < 2; i++)
            tt_task_cancel(workers[i], NULL);
        stage_turns(1);
        for (int i = 0; i < 2; i++)
            tt_task_unref(workers[i]);
        end();
    }
}

static void join_of_a_queue_without_items_returns_at_once(void **state)
{
    (void)state;
    for (int kind = 0; kind < KINDS; kind++) {
        begin_with(queue_of_kind(kind, 0));
        cast_play("A", "join join");
        stage_turns(1);
        expect_notes("A join", "A join");
        end();
    }
}

static void the_repr_tells_what_is_not_done(void **state)
{
    (void)state;
    begin(0);
    put_now(1);
    put_now(2);
    get_now();
    get_now();
    expect_repr("Queue", "maxsize=0 tasks=2");
    end();
}

static void a_cancelled_join_leaves_the_others_waiting(void **state)
{
    (void)state;
    begin(0);
    put_now(1);
    cast_play("A", "join");
    cast_play("B", "join");
    stage_turns(1);
    cast_cancel("A", NULL);
    stage_turns(1);
    assert_int_equal(tt_queue_task_done(queue), 0);
    stage_turns(1);
    expect_notes("A join: CancelledError()", "B join");
    end();
}

/* ------------------------------------------------------------------------------------------------------------ shutdown */

/* Nothing goes in, nothing comes out. */
static void expect_shut(void)
{
    void *item;

    cast_play("shut", "put:1? put-nowait:1? get? get-nowait?");
    stage_turns(1);
    expect_notes("shut put:1: QueueShutDown()", "shut put-nowait:1: QueueShutDown()", "shut get: QueueShutDown()",
                 "shut get-nowait: QueueShutDown()");
    assert_int_equal(tt_queue_put_nowait(queue, NULL), -1);
    note_and_drop("put");
    assert_int_equal(tt_queue_get_nowait(queue, &item), -1);
    note_and_drop("get");
    expect_notes("put: QueueShutDown()", "get: QueueShutDown()");
}

static void the_repr_tells_that_it_is_shut_down(void **state)
{
    static const char *const kinds[KINDS] = {"Queue", "LifoQueue", "PriorityQueue"};

    (void)state;
    for (int kind = 0; kind < KINDS; kind++) {
        begin_with(queue_of_kind(kind, 0));
        tt_queue_shutdown(queue, false);
        expect_repr(kinds[kind], "maxsize=0 shutdown");
        end();
    }
}

static void shutting_an_empty_one_down_ends_who_waits(void **state)
{
    (void)state;
    for (int kind = 0; kind < KINDS; kind++) {
        begin_with(queue_of_kind(kind, 0));
        cast_play("getter", "get");
        stage_turns(1);
        tt_queue_shutdown(queue, false);
        assert_int_equal(tt_queue_qsize(queue), 0);
        cast_play("joiner", "join");
        stage_turns(1);
        expect_notes("getter get: QueueShutDown()", "joiner join");
        expect_shut();
        end();
    }
}

static void what_is_in_one_that_is_shut_down_can_be_taken(void **state)
{
    (void)state;
    for (int kind = 0; kind < KINDS; kind++) {
        begin_with(queue_of_kind(kind, 1));
        put_now(7);
        cast_play("joiner", "join");
        cast_play("putter", "put:8");
        stage_turns(1);
        tt_queue_shutdown(queue, false);
        assert_int_equal(tt_queue_qsize(queue), 1);
        stage_turns(1);
        expect_notes("putter put:8: QueueShutDown()");
        cast_play("getter", "get");
        stage_turns(1);
        expect_notes("getter got 7", "getter get");
        assert_false(cast_is_done("joiner"));
        expect_shut();
        assert_int_equal(tt_queue_task_done(queue), 0);
        stage_turns(1);
        expect_notes("joiner join");
        assert_int_equal(tt_queue_task_done(queue), -1);
        note_and_drop("done");
        end();
        assert_int_equal(freed_count, 0);
    }
}

static void shutting_down_at_once_releases_the_items_as_done(void **state)
{
    (void)state;
    for (int kind = 0; kind < KINDS; kind++) {
        begin_with(queue_of_kind(kind, 0));
        put_now(7);
        cast_play("joiner", "join");
        stage_turns(1);
        tt_queue_shutdown(queue, true);
        assert_int_equal(freed_count, 1);
        assert_int_equal(tt_queue_qsize(queue), 0);
        stage_turns(1);
        expect_notes("joiner join");
        expect_shut();
        assert_int_equal(tt_queue_task_done(queue), -1);
        note_and_drop("done");
        expect_notes("done: ValueError('task_done() called too many times')");
        end();
    }
}

static void shutting_down_at_once_leaves_what_was_taken_unfinished(void **state)
{
    (void)state;
    for (int kind = 0; kind < KINDS; kind++) {
        begin_with(queue_of_kind(kind, 0));
        put_now(7);
        put_now(7);
        cast_play("joiner", "join");
        cast_play("getter", "get");
        stage_turns(1);
        tt_queue_shutdown(queue, true);
        assert_int_equal(freed_count, 1);
        stage_turns(1);
        expect_notes("getter got 7", "getter get");
        assert_false(cast_is_done("joiner"));
        expect_shut();
        assert_int_equal(tt_queue_task_done(queue), 0);
        stage_turns(1);
        expect_notes("joiner join");
        assert_int_equal(tt_queue_task_done(queue), -1);
        note_and_drop("done");
        end();
    }
}

/* ------------------------------------------------------------------------------------------------------------- its end */

static void items_that_are_left_are_released_with_it(void **state)
{
    (void)state;
    for (int kind = 0; kind < KINDS; kind++) {
        begin_with(queue_of_kind(kind, 0));
        for (int i = 0; i < 5; i++)
            put_now(i);
        get_now();
        end();
        assert_int_equal(freed_count, 4);
    }
    begin_with(tt_queue_create(0, NULL)); /* and need not be */
    put_now(1);
    end();
}

static void raise_when_freed(void *item)
{
    (void)item;
    tt_raise(&tt_ValueError, "freed");
}

static int put_and_shut_down(void *arg)
{
    (void)arg;
    if (tt_queue_put(queue, NULL) < 0)
        return -1;
    tt_queue_shutdown(queue, true);
    return 0;
}

static void what_releasing_an_item_raises_goes_to_the_handler_or_stays_pending(void **state)
{
    (void)state;
    begin_with(tt_queue_create(0, raise_when_freed));
    assert_true(stage_run(put_and_shut_down, NULL));
    expect_notes("handler: exception in a function that frees a value or drops an argument [exception, message] "
                 "ValueError('freed')");
    end();
    begin_with(tt_queue_create(0, raise_when_freed));
    put_now(1);
    tt_queue_destroy(queue); /* no loop: nobody else could be told */
    note_and_drop("pending");
    expect_notes("pending: ValueError('freed')");
    cast_close();
}

static void destroying_it_wakes_who_waits_with_an_error(void **state)
{
    static const char *const errors[] = {"getter get: RuntimeError('<Queue at 0x",
                                         "joiner join: RuntimeError('<asyncio.locks.Event object at 0x",
                                         "putter put:2: RuntimeError('<Queue at 0x"};

    (void)state;
    begin(1);
    cast_play("getter", "get");
    stage_turns(1);
    tt_queue_destroy(queue);
    stage_turns(1);
    assert_non_null(strstr(stage_notes(), errors[0]));
    cast_close();
    begin(1);
    put_now(1);
    cast_play("joiner", "join");
    cast_play("putter", "put:2");
    stage_turns(1);
    tt_queue_destroy(queue);
    queue = NULL;
    assert_int_equal(freed_count, 1);
    stage_turns(1);
    assert_non_null(strstr(stage_notes(), errors[1]));
    assert_non_null(strstr(stage_notes(), errors[2]));
    end();
}

static int get_alone(void *arg)
{
    void *item;

    (void)arg;
    return tt_queue_get(queue, &item);
}

static void closing_the_loop_takes_its_tasks_out_of_the_line(void **state)
{
    tt_task *task;

    (void)state;
    begin(0);
    task = tt_create_task_with(get_alone, NULL, &(struct tt_task_options){.loop = stage_loop});
    stage_turns(1);
    expect_repr("Queue", "maxsize=0 _getters[1]");
    stage_close_loop();
    expect_repr("Queue", "maxsize=0");
    tt_task_unref(task);
    put_now(1); /* outside of loops as before */
    assert_int_equal(get_now(), 1);
    end();
}

static void a_task_of_another_loop_cannot_wait_for_it(void **state)
{
    tt_loop *other = tt_loop_create();
    tt_task *task;

    (void)state;
    begin(0);
    cast_play("A", "-get");
    stage_turns(1);
    task = tt_create_task_with(get_alone, NULL, &(struct tt_task_options){.loop = other});
    assert_int_equal(tt_loop_run_until_complete(other, task), -1);
    note_and_drop("get");
    assert_non_null(strstr(stage_notes(), "get: RuntimeError('<Queue at 0x"));
    assert_non_null(strstr(stage_notes(), " maxsize=0 _getters[1]> is bound to a different event loop')"));
    tt_task_unref(task);
    tt_loop_close(other);
    end();
}

/* -------------------------------------------------------------------------------------------------------------- memory */

static void without_memory_there_is_no_queue(void **state)
{
    (void)state;
    allocation_fail(1, false);
    assert_null(tt_queue_create(1, NULL));
    allocation_fail(0, false);
    note_and_drop("create");
    expect_notes("create: MemoryError('no memory for a queue')");
    tt_queue_destroy(NULL);
}

static void without_memory_for_an_item_it_stays_the_callers(void **state)
{
    (void)state;
    begin(0);
    allocation_fail(1, false);
    assert_int_equal(tt_queue_put_nowait(queue, NULL), -1);
    allocation_fail(0, false);
    note_and_drop("first");
    for (int i = 0; i < 8; i++)
        put_now(i);
    allocation_fail(1, false); /* the ring grows */
    assert_int_equal(tt_queue_put_nowait(queue, NULL), -1);
    allocation_fail(0, false);
    note_and_drop("ninth");
    put_now(8);
    for (int i = 0; i < 9; i++)
        assert_int_equal(get_now(), i);
    assert_int_equal(tt_queue_task_done(queue), 0); /* nine were put, not eleven */
    expect_repr("Queue", "maxsize=0 tasks=8");
    expect_notes("first: MemoryError('no memory for an item of a queue')",
                 "ninth: MemoryError('no memory for an item of a queue')");
    end();
    assert_int_equal(freed_count, 0);
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test_on_stage(task_done_needs_an_item),
    cmocka_unit_test_on_stage(join_waits_until_all_is_done),
    cmocka_unit_test_on_stage(join_of_a_queue_without_items_returns_at_once),
    cmocka_unit_test_on_stage(the_repr_tells_what_is_not_done),
    cmocka_unit_test_on_stage(a_cancelled_join_leaves_the_others_waiting),
    cmocka_unit_test_on_stage(the_repr_tells_that_it_is_shut_down),
    cmocka_unit_test_on_stage(shutting_an_empty_one_down_ends_who_waits),
    cmocka_unit_test_on_stage(what_is_in_one_that_is_shut_down_can_be_taken),
    cmocka_unit_test_on_stage(shutting_down_at_once_releases_the_items_as_done),
    cmocka_unit_test_on_stage(shutting_down_at_once_leaves_what_was_taken_unfinished),
    cmocka_unit_test_on_stage(items_that_are_left_are_released_with_it),
    cmocka_unit_test_on_stage(what_releasing_an_item_raises_goes_to_the_handler_or_stays_pending),
    cmocka_unit_test_on_stage(destroying_it_wakes_who_waits_with_an_error),
    cmocka_unit_test_on_stage(closing_the_loop_takes_its_tasks_out_of_the_line),
    cmocka_unit_test_on_stage(a_task_of_another_loop_cannot_wait_for_it),
    cmocka_unit_test_on_stage(without_memory_there_is_no_queue),
    cmocka_unit_test_on_stage(without_memory_for_an_item_it_stays_the_callers),
};

TT_TEST_MAIN(cases)
