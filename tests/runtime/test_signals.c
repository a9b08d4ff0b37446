/* Signals as callbacks of the loop. asyncio's add_signal_handler, remove_signal_handler. */
#include "stage.h"

#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>

static int say(void *text)
{
    note("%s", (const char *)text);
    return 0;
}

static void add(int number, tt_callback_fn *fn, void *arg)
{
    assert_int_equal(tt_loop_add_signal_handler(stage_loop, number, fn, arg), 0);
}

/* Enough turns for what has struck to be read, scheduled and run. */
static void let_it_arrive(void)
{
    stage_turns(3);
}

static bool is_default(int number)
{
    struct sigaction action;

    return sigaction(number, NULL, &action) == 0 && action.sa_handler == SIG_DFL;
}

static void a_signal_runs_its_callback_in_the_loop(void **state)
{
    (void)state;
    add(SIGUSR1, say, "usr1");
    add(SIGUSR2, say, "usr2");
    raise(SIGUSR2);
    raise(SIGUSR1);
    expect_no_notes();
    let_it_arrive();
    expect_notes("usr2", "usr1");
}

static int say_and_schedule(void *text)
{
    note("next turn");
    return tt_loop_call_soon(NULL, say, text, NULL);
}

static int raise_and_schedule(void *arg)
{
    raise(SIGUSR1);
    return tt_loop_call_soon(NULL, say_and_schedule, arg, NULL);
}

static void it_is_read_in_one_turn_and_runs_in_the_next(void **state)
{
    (void)state;
    add(SIGUSR1, say, "signal");
    assert_int_equal(tt_loop_call_soon(stage_loop, raise_and_schedule, "the turn after", NULL), 0);
    stage_turns(4);
    expect_notes("next turn", "the turn after", "signal");
}

static void a_handler_that_is_added_again_replaces_the_first(void **state)
{
    (void)state;
    add(SIGUSR1, say, "first");
    add(SIGUSR1, say, "second");
    raise(SIGUSR1);
    let_it_arrive();
    assert_true(tt_loop_remove_signal_handler(stage_loop, SIGUSR1));
    assert_false(tt_loop_remove_signal_handler(stage_loop, SIGUSR1));
    expect_notes("second");
}

static void removing_one_restores_the_default(void **state)
{
    (void)state;
    assert_true(is_default(SIGUSR1));
    add(SIGUSR1, say, "x");
    assert_false(is_default(SIGUSR1));
    assert_true(tt_loop_remove_signal_handler(stage_loop, SIGUSR1));
    assert_true(is_default(SIGUSR1));
    add(SIGUSR1, say, "again");
    raise(SIGUSR1);
    let_it_arrive();
    expect_notes("again");
}

static void closing_the_loop_removes_all(void **state)
{
    (void)state;
    add(SIGUSR1, say, "x");
    add(SIGUSR2, say, "x");
    stage_close_loop();
    assert_true(is_default(SIGUSR1));
    assert_true(is_default(SIGUSR2));
}

static void what_struck_and_was_not_read_is_forgotten_at_the_close(void **state)
{
    (void)state;
    add(SIGUSR1, say, "never");
    raise(SIGUSR1);
    stage_turns(1); /* read, and scheduled perhaps */
    stage_close_loop();
    expect_no_notes();
}

static int add_invalid(int number)
{
    int rc = tt_loop_add_signal_handler(stage_loop, number, say, "x");

    note_and_drop("add");
    return rc;
}

static void numbers_that_are_no_signals_are_refused(void **state)
{
    (void)state;
    assert_int_equal(add_invalid(0), -1);
    assert_int_equal(add_invalid(-1), -1);
    assert_int_equal(add_invalid(1000), -1);
    assert_int_equal(add_invalid(32), -1); /* the C library's own */
    expect_notes("add: ValueError('invalid signal number 0')", "add: ValueError('invalid signal number -1')",
                 "add: ValueError('invalid signal number 1000')", "add: ValueError('invalid signal number 32')");
}

static void signals_that_cannot_be_caught_are_refused(void **state)
{
    (void)state;
    assert_int_equal(add_invalid(SIGKILL), -1);
    assert_int_equal(add_invalid(SIGSTOP), -1);
    assert_false(tt_loop_remove_signal_handler(stage_loop, SIGKILL));
    expect_notes("add: RuntimeError('sig 9 cannot be caught')", "add: RuntimeError('sig 19 cannot be caught')");
}

static void *add_elsewhere(void *arg)
{
    tt_loop *loop = tt_loop_create();

    (void)arg;
    if (tt_loop_add_signal_handler(loop, SIGUSR1, say, "x") < 0)
        note_and_drop("add");
    return (void *)(intptr_t)tt_loop_close(loop);
}

static void only_the_main_thread_takes_signals(void **state)
{
    pthread_t thread;

    (void)state;
    assert_int_equal(pthread_create(&thread, NULL, add_elsewhere, NULL), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    expect_notes("add: RuntimeError('set_wakeup_fd only works in main thread of the main interpreter')");
}

static int raise_value(void *text)
{
    return tt_raise(&tt_ValueError, "%s", (const char *)text);
}

static void a_callback_that_raises_goes_to_the_handler(void **state)
{
    (void)state;
    add(SIGUSR1, raise_value, "boom");
    raise(SIGUSR1);
    let_it_arrive();
    raise(SIGUSR1);
    let_it_arrive();
    assert_non_null(strstr(stage_notes(), "[exception, handle, message] ValueError('boom')\nhandler: "));
    stage_forget_notes();
}

static int strikes;

static int count_strike(void *arg)
{
    (void)arg;
    strikes++;
    return 0;
}

static void no_strike_is_lost(void **state)
{
    (void)state;
    strikes = 0;
    add(SIGUSR1, count_strike, NULL);
    for (int i = 0; i < 1000; i++)
        raise(SIGUSR1);
    for (int i = 0; i < 1000 && strikes < 1000; i++)
        stage_turns(1);
    assert_int_equal(strikes, 1000);
}

static int remove_all(void *arg)
{
    note("%s", tt_loop_remove_signal_handler(NULL, SIGUSR1) ? (const char *)arg : "there was none");
    return 0;
}

static void a_callback_can_remove_itself(void **state)
{
    (void)state;
    add(SIGUSR1, remove_all, "removed");
    raise(SIGUSR1);
    let_it_arrive();
    assert_true(is_default(SIGUSR1));
    expect_notes("removed");
}

static int cancel_main(void *arg)
{
    tt_task_cancel(*(tt_task **)arg, "signal");
    return 0;
}

static tt_task *main_task;

static int wait_for_signal(void *arg)
{
    (void)arg;
    main_task = tt_current_task();
    if (tt_loop_add_signal_handler(NULL, SIGTERM, cancel_main, &main_task) < 0)
        return -1;
    raise(SIGTERM);
    return tt_sleep(TT_SEC(1000));
}

static void a_signal_interrupts_the_poll(void **state)
{
    (void)state;
    assert_false(stage_run(wait_for_signal, NULL));
    expect_notes("main: CancelledError('signal')");
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test_on_stage(a_signal_runs_its_callback_in_the_loop),
    cmocka_unit_test_on_stage(it_is_read_in_one_turn_and_runs_in_the_next),
    cmocka_unit_test_on_stage(a_handler_that_is_added_again_replaces_the_first),
    cmocka_unit_test_on_stage(removing_one_restores_the_default),
    cmocka_unit_test_on_stage(closing_the_loop_removes_all),
    cmocka_unit_test_on_stage(what_struck_and_was_not_read_is_forgotten_at_the_close),
    cmocka_unit_test_on_stage(numbers_that_are_no_signals_are_refused),
    cmocka_unit_test_on_stage(signals_that_cannot_be_caught_are_refused),
    cmocka_unit_test_on_stage(only_the_main_thread_takes_signals),
    cmocka_unit_test_on_stage(a_callback_that_raises_goes_to_the_handler),
    cmocka_unit_test_on_stage(no_strike_is_lost),
    cmocka_unit_test_on_stage(a_callback_can_remove_itself),
    cmocka_unit_test_on_stage(a_signal_interrupts_the_poll),
};

TT_TEST_MAIN(cases)
