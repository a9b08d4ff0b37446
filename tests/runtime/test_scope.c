/* Scopes in a task: their order, scopes that are left open, scopes of tasks that are abandoned, cancellation at every
 * suspension, and no memory at every allocation. Ours; Python's `async with` leaves nothing open. */
#include "group_stage.h"

static int first_line, second_line;

static void expect_left_open(const char *before, const char *kind, int line, const char *after)
{
    char text[256];

    snprintf(text, sizeof text, "main: RuntimeError('%s entered at tests/runtime/test_scope.c:%d was left open')", kind,
             line);
    if (before)
        expect_notes(before, text);
    else if (after)
        expect_notes(text, after);
    else
        expect_notes(text);
}

/* --------------------------------------------------------------------------------------------------------- left open */

static int return_early(void *arg)
{
    tt_timeout *timeout = tt_timeout_enter(TT_SEC(1));

    (void)arg;
    first_line = __LINE__ - 3;
    return tt_timeout_expired(timeout);
}

static void a_timeout_that_is_left_open_is_told_at_the_end(void **state)
{
    (void)state;
    stage_run(return_early, NULL);
    expect_left_open(NULL, "timeout", first_line, NULL);
}

static int leave_a_group_open(void *arg)
{
    tt_group *group = tt_group_enter();

    (void)arg;
    first_line = __LINE__ - 3;
    return spawn_plan(group, .label = "child", .sleep_ms = 100);
}

static void a_group_that_is_left_open_is_waited_for_and_told(void **state)
{
    (void)state;
    stage_run(leave_a_group_open, NULL);
    expect_left_open("child returns", "task group", first_line, NULL);
}

static int leave_a_failing_group_open(void *arg)
{
    tt_group *group = tt_group_enter();

    (void)arg;
    first_line = __LINE__ - 3;
    return spawn_plan(group, .label = "child", .sleep_ms = 100, .raise = &tt_ValueError);
}

static int await_it(void *arg)
{
    tt_task *task = tt_create_task(leave_a_failing_group_open, arg);
    char place[128];
    int rc = tt_await(task);

    snprintf(place, sizeof place, "task group entered at tests/runtime/test_scope.c:%d was left open", first_line);
    note("%d, told %d", rc,
         tt_exc_note_count(tt_exc_pending()) == 1 && strcmp(tt_exc_note(tt_exc_pending(), 0), place) == 0);
    tt_task_unref(task);
    return note_outcome("raised");
}

static void what_comes_out_of_one_is_raised_with_a_note(void **state)
{
    (void)state;
    assert_true(stage_run(await_it, NULL));
    expect_notes("-1, told 1", "raised: [ValueError('child')]");
}

static int fail_with_two_open(void *arg)
{
    tt_group *group = tt_group_enter();
    tt_timeout *timeout = tt_timeout_enter(TT_SEC(1));

    (void)arg;
    if (spawn_plan(group, .label = "child", .sleep_ms = 100) < 0 || tt_timeout_expired(timeout))
        return -1;
    return tt_sleep(0) < 0 ? -1 : tt_raise(&tt_ValueError, "body");
}

static int await_that(void *arg)
{
    tt_task *task = tt_create_task(fail_with_two_open, arg);
    int rc = tt_await(task);
    const tt_exc *body = tt_exc_group_member(tt_exc_pending(), 0);

    note("%d, notes %zu %zu", rc, tt_exc_note_count(tt_exc_pending()), tt_exc_note_count(body));
    note("%d %d", strncmp(tt_exc_note(body, 0), "timeout entered at ", 19),
         strncmp(tt_exc_note(tt_exc_pending(), 0), "task group entered at ", 22));
    tt_task_unref(task);
    return note_outcome("raised");
}

static void several_are_closed_in_the_reverse_order(void **state)
{
    (void)state;
    assert_true(stage_run(await_that, NULL));
    expect_notes("child cancelled", "-1, notes 1 1", "0 0", "raised: [ValueError('body')]");
}

static int exit_the_outer_one_only(void *arg)
{
    tt_group *outer = tt_group_enter();
    tt_timeout *inner = tt_timeout_enter(TT_SEC(1));

    (void)arg;
    second_line = __LINE__ - 3;
    note("%d", tt_group_exit(outer, tt_timeout_expired(inner)));
    return note_outcome("raised");
}

static void exiting_an_outer_one_closes_and_tells_the_inner_ones(void **state)
{
    char text[256];

    (void)state;
    assert_true(stage_run(exit_the_outer_one_only, NULL));
    snprintf(text, sizeof text,
             "raised: [RuntimeError('timeout entered at tests/runtime/test_scope.c:%d was left open')]", second_line);
    expect_notes("-1", text);
}

static int say(void *text)
{
    note("%s", (char *)text);
    return 0;
}

static int exit_timeout(void *timeout)
{
    note("deferred exit");
    return tt_timeout_exit(timeout, 0);
}

static int mix_with_deferred_functions(void *arg)
{
    tt_group *group;
    tt_timeout *timeout;

    (void)arg;
    if (tt_defer(say, "before the group") < 0)
        return -1;
    group = tt_group_enter();
    if (spawn_plan(group, .label = "child", .sleep_ms = 100) < 0 || tt_defer(say, "after the group") < 0)
        return -1;
    timeout = tt_timeout_enter(TT_SEC(1));
    return tt_defer(exit_timeout, timeout);
}

static void scopes_and_deferred_functions_end_in_the_reverse_order(void **state)
{
    (void)state;
    stage_run(mix_with_deferred_functions, NULL);
    assert_non_null(strstr(stage_notes(), "deferred exit\nafter the group\nchild returns\nbefore the group\nmain: "
                                          "RuntimeError('task group entered at "));
    stage_forget_notes();
}

static int ask_after_the_end(void *arg)
{
    tt_timeout *outer = tt_timeout_enter(TT_SEC(2)), *inner = tt_timeout_enter(TT_SEC(1));
    char first[64], second[64];
    int rc = tt_sleep(0);

    (void)arg;
    rc = tt_timeout_exit(outer, tt_timeout_exit(inner, rc));
    tt_timeout_repr(outer, first, sizeof first);
    tt_timeout_repr(inner, second, sizeof second);
    note("%s %s", first, second);
    return rc;
}

static void those_that_were_left_can_be_asked_until_the_next_one(void **state)
{
    (void)state;
    assert_true(stage_run(ask_after_the_end, NULL));
    expect_notes("<Timeout [finished]> <Timeout [finished]>");
}

static int enter_many(void *arg)
{
    long before = allocation_live(), most = 0;

    (void)arg;
    for (int i = 0; i < 1000; i++) {
        tt_timeout *timeout = tt_timeout_enter(TT_SEC(1));
        tt_group *group = tt_group_enter();

        if (tt_timeout_exit(timeout, tt_group_exit(group, 0)) < 0)
            return -1;
        if (allocation_live() - before > most)
            most = allocation_live() - before;
    }
    note("%d", most <= 4);
    return 0;
}

static void those_that_were_left_do_not_pile_up(void **state)
{
    (void)state;
    assert_true(stage_run(enter_many, NULL));
    expect_notes("1");
}

/* --------------------------------------------------------------------------------------------------------- abandoned */

static int exit_group(void *group)
{
    note("deferred exit %d", tt_group_exit(group, 0));
    return 0;
}

static int hang_in_scopes(void *arg)
{
    tt_timeout *timeout = tt_timeout_enter(TT_SEC(100));
    tt_group *outer = tt_group_enter(), *inner = tt_group_enter();
    int rc = tt_defer(exit_group, inner);

    if (rc == 0)
        rc = spawn_plan(outer, .sleep_ms = 10, .raise = &tt_ValueError);
    if (rc == 0)
        rc = spawn_plan(inner, .sleep_ms = 100000, .cleanup_ms = 100000);
    if (rc == 0)
        rc = spawn_plan(outer, .sleep_ms = 100000);
    if (arg)
        rc = tt_sleep(TT_SEC(50));
    rc = tt_group_exit(inner, rc);
    rc = tt_group_exit(outer, rc);
    return tt_timeout_exit(timeout, rc);
}

#define DESTROYED "handler: Task was destroyed but it is pending! [message, task] None of "

static void a_loop_can_be_closed_over_tasks_in_scopes(void **state)
{
    for (int i = 0; i < 4; i++) {
        stage_loop = stage_loop ? stage_loop : tt_loop_create_virtual();
        tt_loop_set_exception_handler(stage_loop, stage_handler, NULL);
        assert_int_equal(tt_spawn_at(TT_HERE, hang_in_scopes, i & 1 ? "body" : NULL,
                                     &(struct tt_task_options){.loop = stage_loop, .name = "main"}),
                         0);
        stage_turns(i < 2 ? 2 : 12); /* before and after the failure */
        stage_close_loop();
        assert_non_null(strstr(stage_notes(), DESTROYED "main\n"));
        assert_non_null(strstr(stage_notes(), "deferred exit 0\n"));
        stage_forget_notes();
    }
    (void)state;
}

/* ------------------------------------------------------------------------------------- cancelled at every suspension */

static int use_everything(void *arg)
{
    tt_timeout *timeout = tt_timeout_enter(TT_MSEC(70));
    tt_group *outer = tt_group_enter(), *inner;
    int rc = spawn_plan(outer, .sleep_ms = 30, .cleanup_ms = 5);

    if (rc == 0)
        rc = tt_sleep(TT_MSEC(1));
    inner = tt_group_enter();
    if (rc == 0)
        rc = spawn_plan(inner, .sleep_ms = 10, .cleanup_ms = 3, .on_cancel = &tt_KeyError);
    if (rc == 0 && arg)
        rc = spawn_plan(inner, .sleep_ms = 20, .raise = &tt_ValueError);
    rc = tt_group_exit(inner, rc);
    if (rc == 0) {
        tt_task *task = tt_create_task(follow, (&(struct plan){.sleep_ms = 5, .cleanup_ms = 2}));

        rc = tt_wait_for(task, TT_MSEC(2), NULL);
        if (rc < 0 && tt_catch(&tt_TimeoutError))
            rc = tt_catch_end();
        tt_task_unref(task);
    }
    rc = tt_group_exit(outer, rc);
    return tt_timeout_exit(timeout, rc);
}

static int cancel_it(void *task)
{
    tt_task_cancel(task, "at any instant");
    return 0;
}

static int sleep_long(void *arg)
{
    (void)arg;
    return tt_sleep(TT_SEC(1));
}

static void cancelled_at_any_instant_nothing_is_left_or_lost(void **state)
{
    int cancelled_count = 0, group_count = 0, returned_count = 0;

    (void)state;
    for (int step = 0; step < 100; step++) {
        for (int fails = 0; fails < 2; fails++) {
            const struct tt_task_options options = {.loop = stage_loop};
            tt_task *task = tt_create_task_with(use_everything, fails ? "fails" : NULL, &options);

            assert_int_equal(tt_loop_call_later(stage_loop, step * TT_MSEC(1) / 2, cancel_it, task, NULL), 0);
            if (tt_loop_run_until_complete(stage_loop, task) == 0)
                returned_count++;
            else if (tt_exc_is_group(tt_exc_pending()))
                group_count++;
            else if (tt_exc_is(tt_exc_pending(), &tt_CancelledError))
                cancelled_count++;
            else
                note_pending("unexpected");
            if (tt_exc_pending() && tt_catch(&tt_BaseException) && tt_catch_end() < 0)
                note("unexpected");
            assert_true(stage_run(sleep_long, NULL)); /* the request may come after the end */
            tt_task_unref(task);
        }
    }
    assert_true(cancelled_count > 5 && group_count > 5 && returned_count > 5);
}

/* ----------------------------------------------------------------------------------------------------- without memory */

static int hang_in_a_group(void *arg)
{
    tt_group *group = tt_group_enter();
    int rc = spawn_plan(group, .sleep_ms = 1000, .on_cancel = &tt_KeyError);

    (void)arg;
    if (rc == 0)
        rc = spawn_plan(group, .sleep_ms = 10, .raise = &tt_ValueError);
    return tt_group_exit(group, rc);
}

static bool has_failed;

static int fail_allocations(void *arg)
{
    int rc;

    allocation_fail((long)(intptr_t)arg, false);
    rc = use_everything(NULL);
    if (rc < 0 && tt_catch(&tt_BaseException))
        rc = tt_catch_end();
    rc = use_everything("fails");
    if (rc < 0 && tt_catch(&tt_BaseException))
        rc = tt_catch_end();
    rc = tt_with_timeout(TT_MSEC(15), hang_in_a_group, NULL);
    has_failed = allocation_has_failed();
    allocation_fail(0, false);
    return rc;
}

static void each_allocation_can_fail(void **state)
{
    long number;

    (void)state;
    for (number = 1;; number++) {
        const struct tt_task_options options = {.loop = stage_loop};
        tt_task *task = tt_create_task_with(fail_allocations, (void *)(intptr_t)number, &options);

        has_failed = false;
        if (tt_loop_run_until_complete(stage_loop, task) < 0 && tt_catch(&tt_BaseException) && tt_catch_end() < 0)
            note("unexpected");
        tt_task_unref(task);
        stage_turns(3);
        if (!has_failed)
            break;
    }
    assert_true(number > 30);
    stage_forget_notes(); /* of deferred exits, and what was reported when there was no memory for a group */
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test_on_virtual_stage(a_timeout_that_is_left_open_is_told_at_the_end),
    cmocka_unit_test_on_virtual_stage(a_group_that_is_left_open_is_waited_for_and_told),
    cmocka_unit_test_on_virtual_stage(what_comes_out_of_one_is_raised_with_a_note),
    cmocka_unit_test_on_virtual_stage(several_are_closed_in_the_reverse_order),
    cmocka_unit_test_on_virtual_stage(exiting_an_outer_one_closes_and_tells_the_inner_ones),
    cmocka_unit_test_on_virtual_stage(scopes_and_deferred_functions_end_in_the_reverse_order),
    cmocka_unit_test_on_virtual_stage(those_that_were_left_can_be_asked_until_the_next_one),
    cmocka_unit_test_on_virtual_stage(those_that_were_left_do_not_pile_up),
    cmocka_unit_test_on_virtual_stage(a_loop_can_be_closed_over_tasks_in_scopes),
    cmocka_unit_test_on_virtual_stage(cancelled_at_any_instant_nothing_is_left_or_lost),
    cmocka_unit_test_on_virtual_stage(each_allocation_can_fail),
};

TT_TEST_MAIN(cases)
