/* Task groups: waiting for all, failures of tasks and of the body. asyncio.TaskGroup of 3.13. */
#include "group_stage.h"

static TT_EXC_TYPE(MyExc, tt_Exception);
static TT_EXC_TYPE(MyBaseExc, tt_BaseException);

static int cancelling(void)
{
    return (int)tt_task_cancelling(tt_current_task());
}

/* ------------------------------------------------------------------------------------------------- waiting for all */

static int wait_for_two(void *arg)
{
    static struct plan a = {.label = "a", .sleep_ms = 100}, b = {.label = "b", .sleep_ms = 200};
    tt_group *group = tt_group_enter();
    tt_task *first = tt_group_create_task(group, follow, &a), *second;
    void *value = NULL, *other = NULL;
    int rc = arg ? tt_sleep(TT_MSEC(150)) : 0;

    second = tt_group_create_task(group, follow, &b);
    rc = tt_group_exit(group, rc);
    note("%d %d %d after %lld ms", rc, tt_task_result(first, &value), tt_task_result(second, &other),
         (long long)(tt_loop_time(stage_loop) / 1000000));
    note("%s %s", (char *)value, (char *)other);
    tt_task_unref(first);
    tt_task_unref(second);
    return rc;
}

static void the_exit_waits_for_all_tasks_whenever_they_were_created(void **state)
{
    (void)state;
    assert_true(stage_run(wait_for_two, NULL));
    expect_notes("a returns", "b returns", "0 0 0 after 200 ms", "a b");
    assert_true(stage_run(wait_for_two, "later"));
    expect_notes("a returns", "b returns", "0 0 0 after 550 ms", "a b");
}

static int leave_an_empty_one(void *arg)
{
    (void)arg;
    note("%d", tt_group_exit(tt_group_enter(), 0));
    return tt_group_exit(tt_group_enter(), 42);
}

static void an_empty_one_is_left_at_once_with_what_the_body_returned(void **state)
{
    (void)state;
    assert_true(stage_run(leave_an_empty_one, NULL));
    expect_notes("0");
}

static int cancel_one_of_two(void *arg)
{
    static struct plan a = {.label = "a", .sleep_ms = 1000}, b = {.label = "b", .sleep_ms = 200};
    tt_group *group = tt_group_enter();
    tt_task *first = tt_group_create_task(group, follow, &a), *second;
    int rc = tt_sleep(TT_MSEC(150));

    (void)arg;
    tt_task_cancel(first, NULL);
    second = tt_group_create_task(group, follow, &b);
    rc = tt_group_exit(group, rc);
    note("%d cancelled %d %d", rc, tt_task_cancelled(first), tt_task_cancelled(second));
    tt_task_unref(first);
    tt_task_unref(second);
    return rc;
}

static void a_task_that_is_cancelled_by_itself_is_no_failure(void **state)
{
    (void)state;
    assert_true(stage_run(cancel_one_of_two, NULL));
    expect_notes("a cancelled", "b returns", "0 cancelled 1 0");
}

static int add_ten(void *arg)
{
    tt_group *group = tt_group_enter();
    char repr[64];
    int rc = 0;

    (void)arg;
    for (int i = 0; i < 10 && rc == 0; i++) {
        rc = tt_sleep(TT_MSEC(100));
        if (rc == 0)
            rc = spawn_plan(group, .sleep_ms = 250);
        if (i == 5) {
            tt_group_repr(group, repr, sizeof repr);
            note("%s", repr);
        }
    }
    rc = tt_sleep(TT_MSEC(1350));
    tt_group_repr(group, repr, sizeof repr);
    note("%s", repr);
    return tt_group_exit(group, rc);
}

static void tasks_that_have_ended_are_its_no_more(void **state)
{
    (void)state;
    assert_true(stage_run(add_ten, NULL));
    expect_notes("<TaskGroup tasks=3 entered>", "<TaskGroup entered>");
}

static int grow(void *group)
{
    static struct plan a = {.label = "grown", .sleep_ms = 100}, b = {.label = "later", .sleep_ms = 200};

    if (tt_sleep(TT_MSEC(100)) < 0)
        return -1;
    return tt_group_spawn(group, follow, &a) < 0 || tt_group_spawn(group, follow, &b) < 0 ? -1 : 0;
}

static int let_a_task_add_others(void *arg)
{
    tt_group *group = tt_group_enter();

    (void)arg;
    return tt_group_exit(group, tt_group_spawn(group, grow, group));
}

static void tasks_of_it_can_add_others_while_it_waits(void **state)
{
    (void)state;
    assert_true(stage_run(let_a_task_add_others, NULL));
    expect_notes("grown returns", "later returns");
}

static int hydra_count;

static int hydra(void *group)
{
    hydra_count++;
    if (tt_sleep(TT_MSEC(10)) < 0)
        return -1;
    return tt_group_spawn(group, hydra, group) < 0 || tt_group_spawn(group, hydra, group) < 0 ? -1 : 0;
}

static int hercules(void *arg)
{
    (void)arg;
    while (hydra_count < 10)
        if (tt_sleep(TT_MSEC(15)) < 0)
            return -1;
    return tt_raise(&tt_ZeroDivisionError, NULL);
}

static int fight(void *arg)
{
    tt_group *group = tt_group_enter();
    int rc = tt_group_spawn(group, hydra, group);

    (void)arg;
    if (rc == 0)
        rc = tt_group_spawn(group, hercules, NULL);
    rc = tt_group_exit(group, rc);
    note("%d", rc);
    return note_outcome("raised");
}

static void a_failure_ends_also_what_grows_for_ever(void **state)
{
    (void)state;
    hydra_count = 0;
    assert_true(stage_run(fight, NULL));
    assert_true(hydra_count >= 10);
    expect_notes("-1", "raised: [ZeroDivisionError()]");
}

/* ---------------------------------------------------------------------------------------------------------- failures */

static int fail_one_of_two(void *arg)
{
    tt_group *group = tt_group_enter();
    int rc = spawn_plan(group, .sleep_ms = 100, .raise = &tt_ZeroDivisionError);

    (void)arg;
    if (rc == 0)
        rc = spawn_plan(group, .label = "other", .sleep_ms = 1000);
    rc = tt_group_exit(group, rc);
    note("%d cancelling %d, message %s", rc, cancelling(), tt_exc_message(tt_exc_pending()));
    note("cause %d hidden context %d", tt_exc_cause(tt_exc_pending()) != NULL,
         tt_exc_context(tt_exc_pending()) != NULL);
    note_outcome("raised");
    return tt_sleep(TT_MSEC(1)); /* nothing is left of it */
}

static void a_failure_cancels_the_others_and_is_raised_in_a_group(void **state)
{
    (void)state;
    assert_true(stage_run(fail_one_of_two, NULL));
    expect_notes("other cancelled", "-1 cancelling 0, message unhandled errors in a TaskGroup",
                 "cause 0 hidden context 0", "raised: [ZeroDivisionError()]");
}

static int fail_while_the_body_sleeps(void *arg)
{
    tt_group *group = tt_group_enter();
    int rc = 0;

    (void)arg;
    for (int i = 0; i < 3 && rc == 0; i++)
        rc = spawn_plan(group, .sleep_ms = 100, .raise = &tt_ZeroDivisionError);
    if (rc == 0)
        rc = spawn_plan(group, .label = "other", .sleep_ms = 5000);
    rc = tt_sleep(TT_SEC(10));
    note_pending("body");
    rc = tt_group_exit(group, rc);
    note("%d cancelling %d", rc, cancelling());
    return note_outcome("raised");
}

static void the_body_is_cancelled_too_and_that_is_no_failure(void **state)
{
    (void)state;
    assert_true(stage_run(fail_while_the_body_sleeps, NULL));
    expect_notes("other cancelled", "body: CancelledError()", "-1 cancelling 0",
                 "raised: [ZeroDivisionError(), ZeroDivisionError(), ZeroDivisionError()]");
}

static int fail_in_order(void *arg)
{
    tt_group *group = tt_group_enter();
    int rc = spawn_plan(group, .label = "slow", .sleep_ms = 1000, .on_cancel = &tt_KeyError, .cleanup_ms = 50);

    (void)arg;
    if (rc == 0)
        rc = spawn_plan(group, .label = "quick", .sleep_ms = 1000, .on_cancel = &tt_ValueError);
    if (rc == 0)
        rc = spawn_plan(group, .label = "first", .sleep_ms = 10, .raise = &tt_ZeroDivisionError);
    rc = tt_sleep(TT_SEC(1));
    if (rc < 0 && tt_catch(&tt_CancelledError)) {
        tt_raise(&MyExc, "body");
        rc = tt_catch_end();
    }
    rc = tt_group_exit(group, rc);
    note("%d", rc);
    return note_outcome("raised");
}

static void failures_stand_in_the_order_of_ending_and_the_bodys_own_last(void **state)
{
    (void)state;
    assert_true(stage_run(fail_in_order, NULL));
    expect_notes("slow cancelled", "quick cancelled", "slow cleaned up", "-1",
                 "raised: [ZeroDivisionError('first'), ValueError('quick'), KeyError('slow'), MyExc('body')]");
}

static int fail_in_the_body(void *delay)
{
    static struct plan a = {.label = "a", .sleep_ms = 1000}, b = {.label = "b", .sleep_ms = 2000};
    tt_group *group = tt_group_enter();
    tt_task *first = tt_group_create_task(group, follow, &a), *second = tt_group_create_task(group, follow, &b);
    int rc = delay ? tt_sleep(TT_MSEC(100)) : 0;

    tt_raise(&tt_ZeroDivisionError, "body");
    rc = tt_group_exit(group, -1);
    note("%d cancelled %d %d", rc, tt_task_cancelled(first), tt_task_cancelled(second));
    tt_task_unref(first);
    tt_task_unref(second);
    return note_outcome("raised");
}

static void an_exception_of_the_body_cancels_all_and_is_raised_in_a_group(void **state)
{
    (void)state;
    assert_true(stage_run(fail_in_the_body, "later"));
    expect_notes("a cancelled", "b cancelled", "-1 cancelled 1 1", "raised: [ZeroDivisionError('body')]");
    assert_true(stage_run(fail_in_the_body, NULL)); /* before they have begun */
    expect_notes("-1 cancelled 1 1", "raised: [ZeroDivisionError('body')]");
}

static int fail_with_base_exceptions(void *arg)
{
    tt_group *group = tt_group_enter();
    int rc = spawn_plan(group, .sleep_ms = 100, .raise = &MyBaseExc);

    (void)arg;
    if (rc == 0)
        rc = tt_sleep(TT_SEC(10));
    if (rc < 0 && tt_catch(&tt_CancelledError)) {
        tt_raise(&tt_TypeError, "body");
        rc = tt_catch_end();
    }
    rc = tt_group_exit(group, rc);
    note("%d", rc);
    return note_outcome("raised");
}

static void other_base_exceptions_make_a_base_exception_group(void **state)
{
    (void)state;
    assert_true(stage_run(fail_with_base_exceptions, NULL));
    expect_notes("-1", "raised: base[MyBaseExc(), TypeError('body')]");
}

static int swallow_in_a_task(void *arg)
{
    tt_group *group = tt_group_enter();
    int rc = spawn_plan(group, .sleep_ms = 10, .raise = &tt_ValueError);

    (void)arg;
    if (rc == 0)
        rc = spawn_plan(group, .label = "stubborn", .sleep_ms = 1000, .swallows = true);
    rc = tt_sleep(TT_SEC(1));
    note_and_drop("body"); /* swallows it too */
    rc = tt_group_exit(group, 0);
    note("%d cancelling %d", rc, cancelling());
    return note_outcome("raised");
}

static void swallowing_its_cancellation_does_not_save_a_group(void **state)
{
    (void)state;
    assert_true(stage_run(swallow_in_a_task, NULL));
    expect_notes("stubborn cancelled", "body: CancelledError()", "-1 cancelling 0", "raised: [ValueError()]");
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test_on_virtual_stage(the_exit_waits_for_all_tasks_whenever_they_were_created),
    cmocka_unit_test_on_virtual_stage(an_empty_one_is_left_at_once_with_what_the_body_returned),
    cmocka_unit_test_on_virtual_stage(a_task_that_is_cancelled_by_itself_is_no_failure),
    cmocka_unit_test_on_virtual_stage(tasks_that_have_ended_are_its_no_more),
    cmocka_unit_test_on_virtual_stage(tasks_of_it_can_add_others_while_it_waits),
    cmocka_unit_test_on_virtual_stage(a_failure_ends_also_what_grows_for_ever),
    cmocka_unit_test_on_virtual_stage(a_failure_cancels_the_others_and_is_raised_in_a_group),
    cmocka_unit_test_on_virtual_stage(the_body_is_cancelled_too_and_that_is_no_failure),
    cmocka_unit_test_on_virtual_stage(failures_stand_in_the_order_of_ending_and_the_bodys_own_last),
    cmocka_unit_test_on_virtual_stage(an_exception_of_the_body_cancels_all_and_is_raised_in_a_group),
    cmocka_unit_test_on_virtual_stage(other_base_exceptions_make_a_base_exception_group),
    cmocka_unit_test_on_virtual_stage(swallowing_its_cancellation_does_not_save_a_group),
};

TT_TEST_MAIN(cases)
