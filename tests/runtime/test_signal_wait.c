/* Signals that tasks wait for: who gets them, that none is lost between two waits, and that nothing listens on. */
#include "stage.h"

#include <signal.h>

static tt_task *begin(tt_coro_fn *fn, void *arg)
{
    return tt_create_task_with(fn, arg, (&(struct tt_task_options){.loop = stage_loop, .name = "t"}));
}

static bool is_default(int number)
{
    struct sigaction action;

    return sigaction(number, NULL, &action) == 0 && action.sa_handler == SIG_DFL;
}

static int wait_for_usr1(void *arg)
{
    unsigned count = 4711;
    int rc = tt_signal_wait(SIGUSR1, &count);

    note("%s %d %u", (const char *)arg, rc, count);
    return rc;
}

static int strike_later(void *arg)
{
    (void)arg;
    return raise(SIGUSR1);
}

static int wait_while_it_strikes(void *arg)
{
    return tt_loop_call_soon(NULL, strike_later, NULL, NULL) < 0 ? -1 : wait_for_usr1(arg);
}

static void a_task_waits_for_a_signal(void **state)
{
    (void)state;
    assert_true(stage_run(wait_while_it_strikes, "main"));
    expect_notes("main 0 1");
    assert_false(is_default(SIGUSR1));
    stage_close_loop();
    assert_true(is_default(SIGUSR1));
}

static int wait_between(void *arg)
{
    if (wait_while_it_strikes(arg) < 0)
        return -1;
    raise(SIGUSR1);
    if (tt_sleep(0) < 0 || tt_sleep(0) < 0)
        return -1;
    raise(SIGUSR1);
    if (tt_sleep(0) < 0 || tt_sleep(0) < 0)
        return -1;
    return wait_for_usr1("at once");
}

static void what_strikes_between_two_waits_is_kept(void **state)
{
    (void)state;
    assert_true(stage_run(wait_between, "main"));
    expect_notes("main 0 1", "at once 0 2");
}

static int say(void *text)
{
    note("%s", (const char *)text);
    return 0;
}

static void all_who_wait_get_it_and_handlers_too(void **state)
{
    tt_task *tasks[2] = {begin(wait_for_usr1, "a"), begin(wait_for_usr1, "b")};

    (void)state;
    assert_int_equal(tt_loop_add_signal_handler(stage_loop, SIGUSR1, say, "handler"), 0);
    stage_turns(2);
    raise(SIGUSR1);
    stage_turns(4);
    expect_notes("a 0 1", "b 0 1", "handler");
    for (int i = 0; i < 2; i++)
        tt_task_unref(tasks[i]);
}

static int wait_in_time(void *arg)
{
    return tt_with_timeout(TT_MSEC(5), wait_for_usr1, arg);
}

static void a_timeout_ends_a_wait(void **state)
{
    (void)state;
    assert_false(stage_run(wait_in_time, "main"));
    expect_notes("main -1 4711", "main: TimeoutError()");
}

/* The strike has woken the task, which is cancelled before it runs. */
static void a_strike_whose_waiter_is_cancelled_is_kept(void **state)
{
    tt_task *task = begin(wait_for_usr1, "first");

    (void)state;
    stage_turns(2);
    assert_int_equal(tt_loop_call_soon(stage_loop, say, "turn", NULL), 0);
    raise(SIGUSR1);
    tt_task_cancel(task, NULL);
    stage_turns(3);
    assert_true(tt_task_cancelled(task));
    tt_task_unref(task);
    assert_true(stage_run(wait_for_usr1, "second"));
    expect_notes("turn", "first -1 4711", "second 0 1");
}

static int wait_for_wrong_ones(void *arg)
{
    (void)arg;
    (void)!tt_signal_wait(0, NULL);
    note_and_drop("0");
    (void)!tt_signal_wait(4711, NULL);
    note_and_drop("4711");
    (void)!tt_signal_wait(SIGKILL, NULL);
    return note_and_drop("KILL");
}

static void what_is_no_signal_or_cannot_be_caught_is_an_error(void **state)
{
    (void)state;
    assert_true(stage_run(wait_for_wrong_ones, NULL));
    expect_notes("0: ValueError('invalid signal number 0')", "4711: ValueError('invalid signal number 4711')",
                 "KILL: RuntimeError('sig 9 cannot be caught')");
}

static int forget(void *arg)
{
    (void)arg;
    note("forgotten %d %d", tt_signal_forget(SIGUSR1), is_default(SIGUSR1));
    note("again %d", tt_signal_forget(SIGUSR1));
    return 0;
}

static int wait_and_be_forgotten(void *arg)
{
    if (tt_loop_call_soon(NULL, forget, NULL, NULL) < 0)
        return -1;
    return wait_for_usr1(arg);
}

static void forgetting_a_signal_tells_who_waits(void **state)
{
    (void)state;
    assert_false(stage_run(wait_and_be_forgotten, "main"));
    assert_non_null(strstr(stage_notes(), "again 0\nmain -1 4711\nmain: RuntimeError('<signal 10> was destroyed"));
    assert_non_null(strstr(stage_notes(), "forgotten 1"));
    assert_true(is_default(SIGUSR1));
    stage_forget_notes();
    assert_false(tt_signal_forget(SIGUSR1)); /* no loop runs */
}

static void a_loop_that_closes_abandons_who_waits(void **state)
{
    tt_task *task = begin(wait_for_usr1, "t");

    (void)state;
    stage_turns(2);
    stage_close_loop();
    tt_task_unref(task);
    expect_notes("handler: Task was destroyed but it is pending! [message, task] None of t");
    assert_true(is_default(SIGUSR1));
}

static void a_loop_with_virtual_time_waits_for_the_world(void **state)
{
    (void)state;
    assert_true(stage_run(wait_while_it_strikes, "main"));
    assert_false(stage_run(wait_in_time, "later"));
    expect_notes("main 0 1", "later -1 4711", "main: TimeoutError()");
}

static int wait_without_memory(void *arg)
{
    (void)arg;
    allocation_fail(1, false);
    (void)!tt_signal_wait(SIGUSR1, NULL);
    allocation_fail(0, false);
    return note_and_drop("wait");
}

static void without_memory_it_raises(void **state)
{
    (void)state;
    assert_true(stage_run(wait_without_memory, NULL));
    expect_notes("wait: MemoryError('no memory to wait for a signal')");
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test_on_stage(a_task_waits_for_a_signal),
    cmocka_unit_test_on_stage(what_strikes_between_two_waits_is_kept),
    cmocka_unit_test_on_stage(all_who_wait_get_it_and_handlers_too),
    cmocka_unit_test_on_stage(a_timeout_ends_a_wait),
    cmocka_unit_test_on_stage(a_strike_whose_waiter_is_cancelled_is_kept),
    cmocka_unit_test_on_stage(what_is_no_signal_or_cannot_be_caught_is_an_error),
    cmocka_unit_test_on_stage(forgetting_a_signal_tells_who_waits),
    cmocka_unit_test_on_stage(a_loop_that_closes_abandons_who_waits),
    cmocka_unit_test_on_virtual_stage(a_loop_with_virtual_time_waits_for_the_world),
    cmocka_unit_test_on_stage(without_memory_it_raises),
};

TT_TEST_MAIN(cases)
