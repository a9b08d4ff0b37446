/* 50,000 operations in random order with a fixed seed: tasks are created, cancelled, awaited, gathered, held and let go
 * of, futures completed and dropped, timers set and cancelled. After each turn the runtime's own facts must agree with
 * each other; at the end nothing may be left, and every task has run or been dropped, ended once, and every lost
 * failure been told once.
 *
 * TT_SEED=N chooses another order, TT_COUNT=N the number of operations. */
#include "stage.h"

#include "loop_internal.h"

enum { HELD_MAX = 200, OPERATIONS_A_TURN = 5 };

static struct {
    tt_future *object;
    bool is_task;
} held[HELD_MAX];
static int held_count;

static struct {
    long created, ran, dropped, ended, raised, retrieved, reported, operations;
} counts;

/* ------------------------------------------------------------------------------------------------------- invariants */

/* Whether NODE stands in the list of FUTURE's callbacks. */
static bool is_registered(const tt_future *future, const struct tt_done_node *node)
{
    for (const struct tt_done_node *other = future->callbacks.first; other; other = other->next)
        if (other == node)
            return true;
    return false;
}

static void check_task(const struct tt_task_object *task, const struct tt_task_object *running)
{
    assert_int_equal(task->future.state, TT_FUTURE_PENDING);
    assert_true(task->future.refs >= task->future.handles + 1); /* the loop's */
    switch (task->phase) {
    case TT_TASK_SCHEDULED:
        assert_true(task->step.is_queued);
        assert_null(task->waiter);
        break;
    case TT_TASK_WAITING:
        assert_false(task->step.is_queued);
        assert_non_null(task->waiter);
        assert_true(task->wake.ready.is_queued != is_registered(task->waiter, &task->wake));
        break;
    case TT_TASK_RUNNING:
        assert_ptr_equal(task, running);
        assert_null(task->waiter);
        break;
    default:
        fail_msg("a task that has ended is in the loop's list");
    }
}

static void check_invariants(const tt_loop *loop, const struct tt_task_object *running)
{
    size_t tasks = 0, entries = 0;
    const struct tt_task_object *previous = NULL;

    for (const struct tt_task_object *task = loop->first_task; task; task = task->next) {
        assert_ptr_equal(task->previous, previous);
        check_task(task, running);
        previous = task;
        tasks++;
    }
    assert_ptr_equal(loop->last_task, previous);
    assert_int_equal(tasks, loop->task_count);
    for (const struct tt_ready *ready = loop->ready.first; ready; ready = ready->next) {
        assert_true(ready->is_queued);
        entries++;
    }
    assert_int_equal(entries, loop->ready.count);
    for (size_t i = 0; i < loop->timers.count; i++) {
        const struct tt_timer_entry *entry = &loop->timers.entries[i];

        assert_true(i == 0 || entry->when_ns >= loop->timers.entries[(i - 1) / 2].when_ns);
        assert_true(!entry->timer || (entry->timer->is_pending && entry->timer->index == i));
    }
    for (int i = 0; i < held_count; i++)
        assert_true(held[i].object->handles > 0 && held[i].object->refs >= held[i].object->handles);
}

/* ---------------------------------------------------------------------------------------------------- what tasks do */

static int worker(void *arg);

static void count_drop(void *arg)
{
    (void)arg;
    counts.dropped++;
}

static tt_future *any_held(void)
{
    return held_count ? held[stage_random((unsigned)held_count)].object : NULL;
}

static void hold(tt_future *object, bool is_task)
{
    if (held_count == HELD_MAX) {
        int victim = (int)stage_random(HELD_MAX);

        tt_future_unref(held[victim].object);
        held[victim] = held[--held_count];
    }
    held[held_count].object = object;
    held[held_count++].is_task = is_task;
}

static void create(void)
{
    const struct tt_task_options options = {
        .loop = stage_loop, .name = "w", .drop = count_drop, .is_detached = stage_random(4) == 0};
    tt_task *task = tt_create_task_with(worker, NULL, &options);

    assert_non_null(task);
    counts.created++;
    if (!options.is_detached)
        hold(task, true);
}

static int done(tt_future *future, void *arg)
{
    (void)arg;
    if (future->kind == TT_OBJECT_KIND_TASK)
        counts.ended++;
    return 0;
}

/* Whether TASK waits for OBJECT already, through any number of others: awaiting the other way round would make a
 * circle, which is tested elsewhere. */
static bool waits_for(const tt_future *object, const tt_future *task)
{
    for (int depth = 0; object && depth < 1000; depth++) {
        if (object == task)
            return true;
        if (object->kind != TT_OBJECT_KIND_TASK)
            return object->kind == TT_OBJECT_KIND_GATHER; /* perhaps */
        object = tt__task((tt_future *)object)->waiter;
    }
    return false;
}

static int await_one(void)
{
    tt_future *object = any_held();
    int rc;

    if (!object || waits_for(object, tt_current_task()))
        return 0;
    rc = tt_await(object);
    return rc;
}

static int gather_some(void)
{
    tt_future *children[4], *gather;
    size_t count = 0;

    for (int i = 0; i < 4; i++) {
        tt_future *object = any_held();

        if (object && object->kind == TT_OBJECT_KIND_FUTURE)
            children[count++] = object;
    }
    gather = tt_gather(children, count, stage_random(2));
    assert_non_null(gather);
    hold(gather,
         false); /* not on this stack: the loop may be closed while it waits; others may let go of it meanwhile */
    return stage_random(3) == 0 ? tt_await(gather) : 0;
}

static void complete_one(void)
{
    tt_future *object = any_held();

    if (!object || object->kind != TT_OBJECT_KIND_FUTURE || tt_future_done(object))
        return;
    if (stage_random(2)) {
        assert_int_equal(tt_future_set_result(object, strdup("value"), free), 0);
    } else {
        tt_exc *exc = tt_exc_new(&tt_ValueError, "set");

        assert_int_equal(tt_future_set_exception(object, exc), 0);
        tt_exc_unref(exc);
    }
}

static int nothing(void *arg)
{
    (void)arg;
    return 0;
}

static void set_and_cancel_timer(void)
{
    tt_handle *handle;

    assert_int_equal(tt_loop_call_later(stage_loop, (int64_t)stage_random(3) * TT_USEC(50), nothing, NULL, &handle), 0);
    if (stage_random(2))
        tt_handle_cancel(handle);
    tt_handle_unref(handle);
}

static void look_at_one(void)
{
    tt_future *object = any_held();
    char text[64];

    if (!object)
        return;
    tt_future_repr(object, text, sizeof text);
    if (tt_future_done(object) && tt_future_result(object, NULL) < 0 && tt_catch(&tt_BaseException) &&
        tt_catch_end() < 0)
        abort();
}

static void let_go_of_one(void)
{
    int victim;

    if (!held_count)
        return;
    victim = (int)stage_random((unsigned)held_count);
    tt_future_unref(held[victim].object);
    held[victim] = held[--held_count];
}

static int operate(void)
{
    tt_future *object;

    counts.operations++;
    switch (stage_random(13)) {
    case 0:
    case 1:
        create();
        return 0;
    case 2:
        hold(tt_create_future(stage_loop), false);
        return 0;
    case 3:
        complete_one();
        return 0;
    case 4:
        object = any_held();
        if (object)
            tt_future_cancel(object, stage_random(2) ? "a text" : NULL);
        return 0;
    case 5:
        let_go_of_one();
        return 0;
    case 6:
        object = any_held();
        return object ? tt_future_add_done_callback(object, done, NULL) : 0;
    case 7:
        return await_one();
    case 8:
        return gather_some();
    case 9:
        return tt_sleep((int64_t)stage_random(3) * 1000);
    case 10:
        set_and_cancel_timer();
        return 0;
    case 11:
        look_at_one();
        return 0;
    default:
        object = any_held();
        if (object && object->kind == TT_OBJECT_KIND_TASK)
            tt_task_uncancel(object);
        return 0;
    }
}

/* The driver that a case calls from outside of tasks: the same, without what suspends. */
static void operate_from_outside(void)
{
    counts.operations++;
    switch (stage_random(6)) {
    case 0:
    case 1:
        create();
        break;
    case 2:
        complete_one();
        break;
    case 3:
        let_go_of_one();
        break;
    case 4:
        look_at_one();
        break;
    default:
        hold(tt_create_future(stage_loop), false);
    }
}

static int worker(void *arg)
{
    unsigned count = 1 + stage_random(8);

    (void)arg;
    counts.ran++;
    while (count-- > 0) {
        if (operate() == 0)
            continue;
        switch (stage_random(3)) {
        case 0:
            return -1;
        case 1:
            if (tt_catch(&tt_BaseException) && tt_catch_end() < 0)
                return -1;
            break;
        default:
            counts.raised++;
            return tt_raise(&tt_KeyError, "answer");
        }
    }
    return stage_random(5) ? 0 : tt_raise(&tt_ValueError, "own");
}

static int count_reports(tt_loop *loop, const struct tt_handler_context *context, void *arg)
{
    (void)loop;
    (void)arg;
    if (context->future) {
        counts.reported++;
        assert_false(context->future->log_traceback); /* told once */
    }
    return 0;
}

/* ------------------------------------------------------------------------------------------------------------ cases */

static void operate_in_random_order(void)
{
    long operations = stage_count(50000);

    memset(&counts, 0, sizeof counts);
    held_count = 0;
    stage_seed();
    tt_loop_set_exception_handler(stage_loop, count_reports, NULL);
    while (counts.operations < operations) {
        for (int i = 0; i < OPERATIONS_A_TURN; i++)
            operate_from_outside();
        stage_turns(1);
        check_invariants(stage_loop, NULL);
        if (stage_loop->task_count > 500) /* those that wait for what nobody completes */
            for (struct tt_task_object *task = stage_loop->first_task; task; task = task->next)
                tt_task_cancel(&task->future, "too many");
    }
}

static void let_go_of_all(void)
{
    while (held_count)
        tt_future_unref(held[--held_count].object);
}

static void in_random_order_the_facts_agree_after_each_turn(void **state)
{
    (void)state;
    operate_in_random_order();
    for (int round = 0; stage_loop->task_count > 0; round++) {
        assert_true(round < 1000);
        for (struct tt_task_object *task = stage_loop->first_task; task; task = task->next)
            tt_task_cancel(&task->future, "end");
        stage_turns(3);
        check_invariants(stage_loop, NULL);
        if (round > 20)
            let_go_of_all();
    }
    let_go_of_all();
    assert_true(counts.ran > 1000 && counts.dropped > 10 && counts.reported > 100);
    assert_int_equal(counts.ran + counts.dropped, counts.created);
}

static void whatever_is_under_way_the_loop_can_be_closed(void **state)
{
    (void)state;
    operate_in_random_order();
    stage_close_loop();
    let_go_of_all();
    assert_int_equal(counts.ran + counts.dropped, counts.created);
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test_on_stage(in_random_order_the_facts_agree_after_each_turn),
    cmocka_unit_test_on_stage(whatever_is_under_way_the_loop_can_be_closed),
};

TT_TEST_MAIN(cases)
