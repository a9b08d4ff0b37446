/* What the board has of a task in the middle of a turn, where whoever looks from outside may see it. */
#include "harness.h"
#include "recording.h"

#include "loop_internal.h"

/* What the board had of the task. */
static int state_on_board;

/* ------------------------------------------------------------------------------------------------------ about to wait */

static int wait_although_cancelled(void *arg)
{
    tt_future_cancel(tt_current_task(), "now");
    return tt_await(arg);
}

static int look_at_board(void *arg)
{
    state_on_board = tt__task(arg)->board->state;
    return 0;
}

static uint64_t position_of(struct recording *recording, const char *event, unsigned number, struct arena_record *out)
{
    if (!recording_find(recording, event, number, out))
        fail_msg("there is no %s", event);
    return out->position;
}

static void a_task_that_begins_to_wait_when_it_must_be_cancelled_is_ready(void **state)
{
    (void)state;
    struct recording recording;
    struct arena_record suspended, woken, resumed;
    recording_begin(&recording, RECORDING_DROPS, 0, UINT32_MAX);
    tt_loop *loop = tt_loop_create();
    assert_non_null(loop);
    tt_future *never = tt_create_future(loop);
    tt_task *task =
        tt_create_task_with(wait_although_cancelled, never, &(struct tt_task_options){.loop = loop, .name = "waits"});
    assert_non_null(task);
    assert_int_equal(tt_loop_call_soon(loop, look_at_board, task, NULL), 0);
    assert_int_equal(tt_loop_run_until_complete(loop, task), -1);
    assert_true(tt_catch(&tt_CancelledError));
    assert_int_equal(tt_catch_end(), 0);
    assert_int_equal(state_on_board, TT_TASK_STATE_READY);

    /* It was woken by itself, after it had suspended, and before it went on; how long it was ready is what that took. */
    uint64_t began = position_of(&recording, "task_suspended", 0, &suspended);
    assert_true(position_of(&recording, "task_woken", 0, &woken) > began);
    assert_true(position_of(&recording, "task_resumed", 1, &resumed) > woken.position);
    assert_int_equal(arena_number(&recording.arena, &suspended, "wait_kind"), TT_WAIT_KIND_FUTURE);
    assert_int_equal(arena_number(&recording.arena, &woken, "by"), TT_ACTOR_TASK);
    assert_int_equal(arena_number(&recording.arena, &woken, "by_id"), tt_future_id(task));
    assert_true(woken.time >= suspended.time && resumed.time >= woken.time);
    assert_false(recording_find(&recording, "task_woken", 1, &woken));

    tt_future_unref(never);
    tt_task_unref(task);
    assert_int_equal(tt_loop_close(loop), 0);
    recording_end(&recording);
}

/* --------------------------------------------------------------------------------------------------------------- ended */

static int let_others_run(void *arg)
{
    (void)arg;
    return tt_sleep(0);
}

static int look_when_done(tt_future *future, void *arg)
{
    look_at_board(future);
    tt_loop_stop(arg);
    return 0;
}

static void a_task_that_has_ended_and_that_a_callback_will_see_is_done(void **state)
{
    (void)state;
    struct recording recording;
    recording_begin(&recording, RECORDING_DROPS, 0, 0);
    tt_loop *loop = tt_loop_create();
    assert_non_null(loop);
    tt_task *task = tt_create_task_with(let_others_run, NULL, &(struct tt_task_options){.loop = loop, .name = "ends"});
    assert_non_null(task);
    assert_int_equal(tt_future_add_done_callback(task, look_when_done, loop), 0);
    tt_future_unref(task); /* nobody but the loop has it when it ends */
    assert_int_equal(tt_loop_run_forever(loop), 0);
    assert_int_equal(state_on_board, TT_TASK_STATE_DONE);
    assert_int_equal(tt_loop_close(loop), 0);
    recording_end(&recording);
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test(a_task_that_begins_to_wait_when_it_must_be_cancelled_is_ready),
    cmocka_unit_test(a_task_that_has_ended_and_that_a_callback_will_see_is_done),
};

TT_TEST_MAIN(cases)
