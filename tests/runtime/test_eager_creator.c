/* Eager tasks beside the code that creates them: what stays the creator's own, arguments, the trace. */
#include "actors.h"

#include <errno.h>

static const struct tt_task_options eager = {.name = "eager", .eager_start = true};

/* --------------------------------------------------------------------------------------- what stays the creator's own */

static int look_around(void *arg)
{
    char repr[64];

    (void)arg;
    note_pending("pending in the task");
    tt_exc_repr(tt_exc_caught(), repr, sizeof repr);
    note("handled in the task: %s", repr);
    errno = EDOM;
    return tt_raise(&tt_KeyError, "its own");
}

static int create_while_handling(void *arg)
{
    tt_task *task;
    char repr[64];

    (void)arg;
    if (tt_raise(&tt_ValueError, "handled") < 0 && tt_catch(&tt_ValueError)) {
        errno = ERANGE;
        task = tt_create_task_with(look_around, NULL, &eager);
        note("errno %s", errno == ERANGE ? "kept" : "lost");
        tt_exc_repr(tt_exc_caught(), repr, sizeof repr);
        note("handled: %s", repr);
        note_pending("pending");
        tt_discard(task, "test");
        tt_task_unref(task);
        if (tt_catch_end() < 0)
            return -1;
    }
    tt_raise(&tt_TypeError, "pending");
    task = tt_create_task_with(look_around, NULL, &eager);
    tt_discard(task, "test");
    tt_task_unref(task);
    return note_and_drop("pending");
}

static void what_the_creator_has_pending_stays_its_own_and_what_it_handles_is_handled_inside(void **state)
{
    (void)state;
    assert_true(stage_run(create_while_handling, NULL));
    expect_notes("pending in the task: nothing", "handled in the task: ValueError('handled')", "errno kept",
                 "handled: ValueError('handled')", "pending: nothing", "pending in the task: nothing",
                 "handled in the task: None", "pending: TypeError('pending')");
}

static int exit_now(void *arg)
{
    (void)arg;
    return tt_raise(&tt_SystemExit, "3");
}

static int create_one_that_exits(void *arg)
{
    (void)arg;
    note("%d", tt_create_task_with(exit_now, NULL, &eager) != NULL);
    note_and_drop("creation");
    note("%d", tt_spawn_with(exit_now, NULL, &eager));
    note_and_drop("spawn");
    if (tt_sleep(0) < 0)
        return -1;
    note("the loop goes on");
    return 0;
}

static void a_system_exit_of_its_first_step_comes_out_of_the_creation(void **state)
{
    (void)state;
    assert_true(stage_run(create_one_that_exits, NULL));
    expect_notes("handler: Task exception was never retrieved [exception, future, message] SystemExit('3') of eager",
                 "0", "creation: SystemExit('3')",
                 "handler: Task exception was never retrieved [exception, future, message] SystemExit('3') of eager",
                 "-1", "spawn: SystemExit('3')", "the loop goes on");
}

static TT_CONTEXT_VAR(variable, "default");

static void note_variable(const char *when)
{
    note("%s: %s", when, (const char *)tt_context_var_get_or(&variable, "none"));
}

static int set_in_each_step(void *arg)
{
    (void)arg;
    note_variable("first step");
    if (tt_context_var_set(&variable, "2", NULL, NULL) < 0 || tt_sleep(1) < 0)
        return -1;
    note_variable("second step");
    return tt_context_var_set(&variable, "3", NULL, NULL);
}

static int set_and_create(void *arg)
{
    tt_task *task;
    int rc;

    (void)arg;
    if (tt_context_var_set(&variable, "1", NULL, NULL) < 0)
        return -1;
    task = tt_create_task_with(set_in_each_step, NULL, &eager);
    note_variable("creator");
    rc = tt_await(task);
    note_variable("creator");
    tt_task_unref(task);
    return rc;
}

static void it_runs_in_a_copy_of_the_creators_context(void **state)
{
    (void)state;
    assert_true(stage_run(set_and_create, NULL));
    expect_notes("first step: 1", "creator: 1", "second step: 2", "creator: 1");
}

/* ---------------------------------------------------------------------------------------------------------- arguments */

static void note_drop(void *arg)
{
    note("drop %s", (const char *)arg);
}

static int say_copy(void *arg)
{
    note("runs with %s", (const char *)arg);
    return 0;
}

static int create_copies(void *arg)
{
    const struct tt_task_options options = {.name = "eager", .eager_start = true, .drop = note_drop};
    tt_task *returns = tt_create_task_copy(say_copy, "text", 5, &options);
    tt_task *exits = tt_create_task_copy(exit_now, "text", 5, &options);

    (void)arg;
    tt_task_unref(returns);
    note("%d", exits != NULL);
    stage_forget_notes();
    return note_and_drop("exit");
}

static void a_copied_argument_is_freed_and_not_dropped_when_it_ran(void **state)
{
    (void)state;
    assert_true(stage_run(create_copies, NULL));
    expect_notes("exit: SystemExit('3')");
}

static int create_without_stack(void *arg)
{
    const struct tt_task_options options = {
        .name = "eager", .eager_start = true, .drop = note_drop, .stack_bytes = 1 << 20};
    tt_task *task;

    allocation_fail(2, true);
    task = tt_create_task_with(say_copy, arg, &options);
    allocation_fail(0, false);
    if (!task)
        return note_and_drop("refused");
    if (tt_await(task) < 0)
        note_and_drop("await");
    tt_task_unref(task);
    return 0;
}

static void without_a_stack_it_fails_and_its_argument_is_dropped(void **state)
{
    (void)state;
    assert_true(stage_run(create_without_stack, "argument"));
    assert_non_null(strstr(stage_notes(), "drop argument\n"));
    assert_null(strstr(stage_notes(), "runs with"));
    assert_non_null(strstr(stage_notes(), "MemoryError"));
    stage_forget_notes();
}

static int wait_for_ever(void *arg)
{
    (void)arg;
    return tt_sleep(TT_SEC(1000));
}

static int leave_one_waiting(void *arg)
{
    *(tt_task **)arg = tt_create_task_with(wait_for_ever, NULL, &eager);
    return 0;
}

static void closing_the_loop_abandons_one_that_waits(void **state)
{
    tt_task *task = NULL;

    (void)state;
    assert_true(stage_run(leave_one_waiting, &task));
    stage_close_loop();
    tt_task_unref(task);
    expect_notes("handler: Task was destroyed but it is pending! [message, task] None of eager");
}

/* ------------------------------------------------------------------------------------------------------------ the trace */

static uint64_t creator_id, created_at, started_at, busy[2]; /* the creator's, the task's */

void __wrap_tt_emit_task_created(uint64_t time, const struct tt_event_task_created *event);
void __wrap_tt_emit_task_started(uint64_t time, const struct tt_event_task_started *event);
void __wrap_tt_emit_task_finished(uint64_t time, const struct tt_event_task_finished *event);

void __wrap_tt_emit_task_created(uint64_t time, const struct tt_event_task_created *event)
{
    created_at = time;
    if (creator_id)
        note("created by %s", event->parent_id == creator_id ? "its creator" : "somebody");
}

void __wrap_tt_emit_task_started(uint64_t time, const struct tt_event_task_started *event)
{
    (void)event;
    started_at = time;
    if (creator_id)
        note("started");
}

void __wrap_tt_emit_task_finished(uint64_t time, const struct tt_event_task_finished *event)
{
    (void)time;
    busy[event->task_id != creator_id] = event->busy;
    note("finished after %u step%s, in line %s", event->step_count, event->step_count == 1 ? "" : "s",
         event->ready ? "for a while" : "never");
}

enum { SPIN_TICKS = 3000000 };

static int spin(void *arg)
{
    uint64_t began = tt_trace_clock();

    (void)arg;
    while (tt_trace_clock() - began < SPIN_TICKS)
        ;
    return 0;
}

static int create_traced(void *arg)
{
    uint64_t began = tt_trace_clock();
    tt_task *task;

    (void)arg;
    creator_id = tt_future_id(tt_current_task());
    spin(NULL);
    task = tt_create_task_with(spin, NULL, &eager);
    note("created in the middle of the creator's step: %d", created_at - began >= SPIN_TICKS);
    note("started at once: %d", created_at == started_at);
    tt_task_unref(task);
    return 0;
}

static void the_trace_hears_of_creation_start_and_end_without_time_in_line(void **state)
{
    (void)state;
    tt_trace_categories = TT_CATEGORY_task;
    assert_true(stage_run(create_traced, NULL));
    tt_trace_categories = 0;
    creator_id = 0;
    expect_notes("created by its creator", "started", "finished after 1 step, in line never",
                 "created in the middle of the creator's step: 1", "started at once: 1",
                 "finished after 1 step, in line for a while");
}

static void the_time_of_its_step_is_its_own_and_not_the_creators(void **state)
{
    uint64_t began = tt_trace_clock(), elapsed;

    (void)state;
    tt_trace_categories = TT_CATEGORY_task;
    assert_true(stage_run(create_traced, NULL));
    tt_trace_categories = 0;
    elapsed = tt_trace_clock() - began;
    creator_id = 0;
    stage_forget_notes();
    assert_true(busy[0] >= SPIN_TICKS && busy[1] >= SPIN_TICKS);
    assert_true(busy[0] + busy[1] <= elapsed); /* no tick is counted twice */
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test_on_virtual_stage(what_the_creator_has_pending_stays_its_own_and_what_it_handles_is_handled_inside),
    cmocka_unit_test_on_virtual_stage(a_system_exit_of_its_first_step_comes_out_of_the_creation),
    cmocka_unit_test_on_virtual_stage(it_runs_in_a_copy_of_the_creators_context),
    cmocka_unit_test_on_virtual_stage(a_copied_argument_is_freed_and_not_dropped_when_it_ran),
    cmocka_unit_test_on_virtual_stage(without_a_stack_it_fails_and_its_argument_is_dropped),
    cmocka_unit_test_on_virtual_stage(closing_the_loop_abandons_one_that_waits),
    cmocka_unit_test_on_virtual_stage(the_time_of_its_step_is_its_own_and_not_the_creators),
    cmocka_unit_test_on_virtual_stage(the_trace_hears_of_creation_start_and_end_without_time_in_line),
};

TT_TEST_MAIN(cases)
