/* Futures for APIs with callbacks: completed by the callback, or recalled when nobody waits any more. The API here is a
 * timer of libuv's, and a bell that only tests ring. */
#include "stage.h"

#include <uv.h>

#include "loop_internal.h"

static tt_future *operation; /* the handle that the operation holds; NULL: it has ended */

static void end_operation(void)
{
    tt_future_unref(operation);
    operation = NULL;
}

static void recall(tt_future *future, void *arg)
{
    note("recalled %s, cancelled %d", (const char *)arg, tt_future_cancelled(future));
    end_operation();
}

static tt_future *begin(tt_recall_fn *fn)
{
    tt_future *future = tt_create_future_with(stage_loop, fn, "it");

    operation = tt_future_ref(future);
    return future;
}

static int await_operation(void *arg)
{
    tt_future *future = begin(recall);
    int rc = tt_await(future);

    (void)arg;
    note_pending("awaited");
    tt_future_unref(future);
    return rc;
}

static int complete(void *arg)
{
    int rc = tt_future_set_result(operation, arg, NULL);

    end_operation();
    return rc;
}

static void a_future_that_is_completed_is_not_recalled(void **state)
{
    (void)state;
    assert_int_equal(tt_loop_call_later(stage_loop, TT_MSEC(1), complete, NULL, NULL), 0);
    assert_true(stage_run(await_operation, NULL));
    expect_notes("awaited: nothing");
}

static int cancel_current(void *task)
{
    tt_task_cancel(task, "enough");
    note("cancel returns");
    return 0;
}

static int await_and_be_cancelled(void *arg)
{
    if (tt_loop_call_soon(NULL, cancel_current, tt_current_task(), NULL) < 0)
        return -1;
    return await_operation(arg);
}

static void a_cancelled_task_recalls_what_it_awaits_at_once(void **state)
{
    (void)state;
    assert_false(stage_run(await_and_be_cancelled, NULL));
    expect_notes("recalled it, cancelled 1", "cancel returns", "awaited: CancelledError('enough')",
                 "main: CancelledError('enough')");
}

static int await_in_time(void *arg)
{
    return tt_with_timeout(TT_SEC(5), await_operation, arg);
}

static void a_timeout_recalls(void **state)
{
    (void)state;
    assert_false(stage_run(await_in_time, NULL));
    expect_notes("recalled it, cancelled 1", "awaited: CancelledError()", "main: TimeoutError()");
}

static void it_is_recalled_once_and_not_when_it_is_done(void **state)
{
    tt_future *future = begin(recall);

    (void)state;
    assert_true(tt_future_cancel(future, NULL));
    assert_false(tt_future_cancel(future, NULL));
    tt_future_unref(future);
    expect_notes("recalled it, cancelled 1");
    future = begin(recall);
    assert_int_equal(complete(NULL), 0);
    assert_false(tt_future_cancel(future, NULL));
    tt_future_unref(future);
    expect_no_notes();
}

static void raise_in_recall(tt_future *future, void *arg)
{
    (void)future;
    end_operation();
    tt_raise(&tt_ValueError, "%s", (const char *)arg);
}

static void what_a_recall_raises_goes_to_the_handler(void **state)
{
    tt_future *future = begin(raise_in_recall);

    (void)state;
    assert_true(tt_future_cancel(future, NULL));
    assert_null(tt_exc_pending());
    expect_notes("handler: exception in a function that recalls an operation [exception, message] "
                 "ValueError('it')");
    tt_future_unref(future);
}

static int let_go(void *future)
{
    tt_future_unref(future);
    return 0;
}

static int await_with_defer(void *arg)
{
    tt_future *future = begin(recall);

    (void)arg;
    if (tt_defer(let_go, future) < 0)
        return -1;
    return tt_await(future);
}

static void a_loop_that_closes_recalls_what_tasks_wait_for(void **state)
{
    const struct tt_task_options options = {.loop = stage_loop, .name = "t"};
    tt_task *task = tt_create_task_with(await_with_defer, NULL, &options);

    (void)state;
    stage_turns(2);
    stage_close_loop();
    tt_task_unref(task);
    expect_notes("handler: Task was destroyed but it is pending! [message, task] None of t",
                 "recalled it, cancelled 1");
}

static void a_loop_that_closes_leaves_alone_what_is_done(void **state)
{
    tt_future *done = begin(recall), *other;

    (void)state;
    assert_int_equal(complete(NULL), 0);
    other = begin(recall);
    stage_close_loop();
    expect_notes("recalled it, cancelled 1");
    assert_true(tt_future_done(done) && !tt_future_cancelled(done) && tt_future_cancelled(other));
    tt_future_unref(other);
    tt_future_unref(done);
}

static tt_loop *closing;

static void begin_another(tt_future *future, void *arg)
{
    (void)future;
    end_operation();
    if (!tt_create_future_with(closing, recall, arg))
        note_and_drop("another");
}

static void a_recall_begins_nothing_on_a_closed_loop(void **state)
{
    tt_future *future = begin(begin_another);

    (void)state;
    closing = stage_loop;
    stage_loop = NULL;
    assert_int_equal(tt_loop_close(closing), 0);
    expect_notes("another: RuntimeError('Event loop is closed')");
    tt_future_unref(future);
}

static void without_memory_it_raises(void **state)
{
    (void)state;
    allocation_fail(1, false);
    assert_null(tt_create_future_with(stage_loop, recall, NULL));
    allocation_fail(0, false);
    note_and_drop("created");
    expect_notes("created: MemoryError('no memory for a future')");
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test_on_virtual_stage(a_future_that_is_completed_is_not_recalled),
    cmocka_unit_test_on_stage(a_cancelled_task_recalls_what_it_awaits_at_once),
    cmocka_unit_test_on_virtual_stage(a_timeout_recalls),
    cmocka_unit_test_on_stage(it_is_recalled_once_and_not_when_it_is_done),
    cmocka_unit_test_on_stage(what_a_recall_raises_goes_to_the_handler),
    cmocka_unit_test_on_stage(a_loop_that_closes_recalls_what_tasks_wait_for),
    cmocka_unit_test_on_stage(a_loop_that_closes_leaves_alone_what_is_done),
    cmocka_unit_test_on_stage(a_recall_begins_nothing_on_a_closed_loop),
    cmocka_unit_test_on_stage(without_memory_it_raises),
};

TT_TEST_MAIN(cases)
