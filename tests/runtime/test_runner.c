/* The runner and tt_run: outcomes, exit statuses, SIGINT, shutdown. asyncio.Runner, asyncio.run.
 *
 * Past 600 lines: the life of a runner is one behaviour. */
#include "stage.h"

#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>

#include "loop_internal.h"

static tt_runner *runner;

/* The runner has a loop of its own: the stage's is closed at once. */
static int open_runner(void **state)
{
    if (stage_open(state) < 0)
        return -1;
    signal(SIGINT, SIG_DFL); /* in the background of a shell it is ignored */
    stage_close_loop();
    runner = tt_runner_create();
    if (!runner)
        return -1;
    stage_loop = tt_runner_loop(runner);
    tt_loop_set_exception_handler(stage_loop, stage_handler, NULL);
    return 0;
}

static int close_runner_now(void)
{
    int rc = tt_runner_destroy(runner);

    runner = NULL;
    stage_loop = NULL;
    return rc;
}

static int close_runner(void **state)
{
    if (runner && close_runner_now() < 0)
        note_and_drop("close");
    return stage_close(state);
}

#define cmocka_unit_test_with_runner(...) STAGE_CASE(__VA_ARGS__, open_runner, close_runner)

static int say(void *text)
{
    note("%s", (const char *)text);
    return 0;
}

static int raise_value(void *text)
{
    return tt_raise(&tt_ValueError, "%s", (const char *)text);
}

static int raise_type(void *type)
{
    return tt_raise(type, NULL);
}

/* --------------------------------------------------------------------------------------------------------- outcomes */

static void run_returns_when_the_coroutine_has(void **state)
{
    (void)state;
    assert_int_equal(tt_runner_run(runner, say, "main"), 0);
    expect_notes("main");
}

static void run_raises_what_the_coroutine_raised(void **state)
{
    static const tt_exc_type *const types[] = {&tt_KeyError, &tt_CancelledError, &tt_SystemExit, &tt_KeyboardInterrupt};

    (void)state;
    for (int i = 0; i < 4; i++) {
        assert_int_equal(tt_runner_run(runner, raise_type, (void *)types[i]), -1);
        note_and_drop("run");
    }
    expect_notes("run: KeyError()", "run: CancelledError()", "run: SystemExit()", "run: KeyboardInterrupt()");
}

static void a_runner_runs_one_after_the_other(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++)
        assert_int_equal(tt_runner_run(runner, say, i ? "again" : "first"), 0);
    expect_notes("first", "again", "again");
}

static int run_within(void *arg)
{
    (void)arg;
    if (tt_runner_run(runner, say, "never") < 0)
        note_and_drop("runner");
    return 0;
}

static void it_cannot_run_inside_of_a_run(void **state)
{
    (void)state;
    assert_int_equal(tt_runner_run(runner, run_within, NULL), 0);
    expect_notes("runner: RuntimeError('Runner.run() cannot be called from a running event loop')");
}

static void nothing_is_run_while_an_exception_is_pending(void **state)
{
    (void)state;
    assert_int_equal(tt_raise(&tt_ValueError, "before"), -1);
    assert_int_equal(tt_runner_run(runner, say, "never"), -1);
    note_and_drop("run");
    expect_notes("run: ValueError('before')");
}

static void closing_nothing_is_fine(void **state)
{
    (void)state;
    assert_int_equal(tt_runner_destroy(NULL), 0);
}

static void its_loop_is_made_at_the_first_use(void **state)
{
    tt_runner *own = tt_runner_create();

    (void)state;
    assert_int_equal(tt__loop_count(), 1); /* the fixture's */
    assert_non_null(tt_runner_loop(own));
    assert_int_equal(tt__loop_count(), 2);
    assert_int_equal(tt_runner_destroy(own), 0);
    own = tt_runner_create();
    assert_int_equal(tt_runner_close(own), 0); /* nothing to close, and it can still be used */
    assert_int_equal(tt_runner_run(own, say, "used"), 0);
    expect_notes("used");
    assert_int_equal(tt_runner_destroy(own), 0);
}

static void a_closed_runner_is_of_no_use(void **state)
{
    (void)state;
    assert_int_equal(tt_runner_close(runner), 0);
    stage_loop = NULL;
    assert_int_equal(tt_runner_run(runner, say, "never"), -1);
    note_and_drop("run");
    assert_null(tt_runner_loop(runner));
    note_and_drop("loop");
    expect_notes("run: RuntimeError('Runner is closed')", "loop: RuntimeError('Runner is closed')");
    assert_int_equal(tt_runner_close(runner), 0); /* once more is fine */
}

static int say_debug(void *arg)
{
    (void)arg;
    note("debug: %d", tt_loop_is_debug(tt_loop_running()));
    return 0;
}

static void the_debug_option_goes_before_the_environment(void **state)
{
    (void)state;
    setenv("TELLTALE_DEBUG", "1", 1);
    assert_int_equal(tt_run(say_debug, NULL), 0);
    assert_int_equal(tt_run_with(say_debug, NULL, &(struct tt_run_options){.debug = TT_DEBUG_OFF}), 0);
    unsetenv("TELLTALE_DEBUG");
    assert_int_equal(tt_run(say_debug, NULL), 0);
    assert_int_equal(tt_run_with(say_debug, NULL, &(struct tt_run_options){.debug = TT_DEBUG_ON}), 0);
    expect_notes("debug: 1", "debug: 0", "debug: 0", "debug: 1");
}

static tt_loop *made_by_factory;

static tt_loop *factory(void)
{
    note("factory");
    return made_by_factory = tt_loop_create();
}

static tt_loop *failing_factory(void)
{
    tt_raise(&tt_ValueError, "no loop today");
    return NULL;
}

static void a_factory_makes_the_loop(void **state)
{
    tt_runner *own = tt_runner_create_with(&(struct tt_run_options){.loop_factory = factory});

    (void)state;
    assert_int_equal(tt_runner_run(own, say, "one"), 0);
    assert_int_equal(tt_runner_run(own, say, "two"), 0);
    assert_ptr_equal(tt_runner_loop(own), made_by_factory);
    assert_int_equal(tt_runner_destroy(own), 0);
    expect_notes("factory", "one", "two");
    own = tt_runner_create_with(&(struct tt_run_options){.loop_factory = failing_factory});
    assert_int_equal(tt_runner_run(own, say, "never"), -1);
    note_and_drop("run");
    assert_int_equal(tt_runner_destroy(own), 0);
    expect_notes("run: ValueError('no loop today')");
}

static TT_CONTEXT_VAR(run_count, NULL);

static int count_up(void *arg)
{
    char *value = tt_context_var_get_or(&run_count, NULL);

    (void)arg;
    note("was %td", value - (char *)NULL);
    return tt_context_var_set(&run_count, value + 1, NULL, NULL);
}

static void its_runs_share_a_context(void **state)
{
    tt_context *context = tt_context_create();

    (void)state;
    assert_int_equal(tt_runner_run(runner, count_up, NULL), 0);
    assert_int_equal(tt_runner_run(runner, count_up, NULL), 0);
    assert_int_equal(tt_runner_run_in(context, runner, count_up, NULL), 0);
    assert_int_equal(tt_runner_run(runner, count_up, NULL), 0);
    expect_notes("was 0", "was 1", "was 0", "was 2");
    assert_null(tt_context_var_get_or(&run_count, NULL));
    tt_context_unref(context);
}

/* --------------------------------------------------------------------------------------------------------- shutdown */

static int sleep_long(void *text)
{
    int rc = tt_sleep(TT_SEC(1000));

    note_pending(text);
    return rc;
}

static int leave_two_behind(void *arg)
{
    (void)arg;
    if (tt_spawn(sleep_long, "one") < 0 || tt_spawn(sleep_long, "two") < 0)
        return -1;
    return tt_sleep(0);
}

static void closing_cancels_what_is_left_and_waits_for_it(void **state)
{
    (void)state;
    assert_int_equal(tt_runner_run(runner, leave_two_behind, NULL), 0);
    expect_no_notes();
    assert_int_equal(close_runner_now(), 0);
    expect_notes("one: CancelledError()", "two: CancelledError()");
}

static int fail_in_cleanup(void *text)
{
    if (tt_sleep(TT_SEC(1000)) < 0 && tt_catch(&tt_CancelledError)) {
        int rc = raise_value(text);

        return tt_catch_end() < 0 ? -1 : rc;
    }
    return 0;
}

static int leave_one_that_fails(void *arg)
{
    const struct tt_task_options options = {.name = "left"};

    if (tt_spawn_with(fail_in_cleanup, arg, &options) < 0)
        return -1;
    return tt_sleep(0);
}

static void a_failure_during_shutdown_is_reported_with_its_task(void **state)
{
    (void)state;
    assert_int_equal(tt_runner_run(runner, leave_one_that_fails, "cleanup"), 0);
    assert_int_equal(close_runner_now(), 0);
    expect_notes(
        "handler: unhandled exception during asyncio.run() shutdown [exception, message, task] ValueError('cleanup') "
        "of left");
}

static int sleep_and_clean(void *arg)
{
    int rc = tt_sleep(TT_SEC(1000));

    tt_cleanup_begin();
    for (int i = 0; i < 3; i++)
        if (tt_sleep(TT_USEC(100)) < 0)
            note("interrupted");
    note("%s", (const char *)arg);
    return tt_cleanup_end() < 0 ? -1 : rc;
}

static int leave_one_that_cleans(void *arg)
{
    if (tt_spawn(sleep_and_clean, arg) < 0)
        return -1;
    return tt_sleep(0);
}

static void cleanup_during_shutdown_may_take_its_time(void **state)
{
    (void)state;
    assert_int_equal(tt_runner_run(runner, leave_one_that_cleans, "cleaned"), 0);
    assert_int_equal(close_runner_now(), 0);
    expect_notes("cleaned");
}

static int exit_in_cleanup(void *arg)
{
    if (tt_sleep(TT_SEC(1000)) < 0 && tt_catch(&tt_CancelledError) && tt_catch_end() < 0)
        return -1;
    return tt_raise(&tt_SystemExit, "%s", (const char *)arg);
}

static int leave_one_that_exits(void *arg)
{
    if (tt_spawn(exit_in_cleanup, arg) < 0)
        return -1;
    return tt_sleep(0);
}

static void an_exit_during_shutdown_comes_out_of_the_close(void **state)
{
    (void)state;
    assert_int_equal(tt_runner_run(runner, leave_one_that_exits, "3"), 0);
    assert_int_equal(close_runner_now(), -1);
    note_and_drop("close");
    /* reported too, as in asyncio: nobody retrieved the task's */
    assert_non_null(strstr(stage_notes(), "handler: Task exception was never retrieved [exception, future, message] "
                                          "SystemExit('3') of Task-"));
    assert_non_null(strstr(stage_notes(), "close: SystemExit('3')\n"));
    stage_forget_notes();
}

static int chain_of_callbacks(void *arg)
{
    long left = (long)arg;

    note("%ld", left);
    return left ? tt_loop_call_soon(NULL, chain_of_callbacks, (void *)(left - 1), NULL) : 0;
}

static int begin_chain(void *arg)
{
    return tt_loop_call_soon(NULL, chain_of_callbacks, arg, NULL);
}

static void what_is_ready_runs_on_for_the_turns_of_asyncios_shutdown(void **state)
{
    (void)state;
    assert_int_equal(tt_runner_run(runner, begin_chain, (void *)10L), 0);
    expect_notes("10"); /* with the end of main */
    assert_int_equal(close_runner_now(), 0);
    expect_notes("9", "8", "7", "6");
}

static int spawn_in_cleanup(void *arg)
{
    const struct tt_task_options options = {.name = "late"};
    int rc = tt_sleep(TT_SEC(1000));

    tt_cleanup_begin();
    if (tt_spawn_with(sleep_long, arg, &options) < 0)
        note("could not spawn");
    return tt_cleanup_end() < 0 ? -1 : rc;
}

static int leave_one_that_spawns(void *arg)
{
    if (tt_spawn(spawn_in_cleanup, arg) < 0)
        return -1;
    return tt_sleep(0);
}

static void a_task_that_is_created_during_shutdown_is_destroyed_pending(void **state)
{
    (void)state;
    assert_int_equal(tt_runner_run(runner, leave_one_that_spawns, "x"), 0);
    assert_int_equal(close_runner_now(), 0);
    expect_notes("handler: Task was destroyed but it is pending! [message, task] None of late");
}

static void closing_keeps_what_is_pending(void **state)
{
    (void)state;
    assert_int_equal(tt_runner_run(runner, leave_two_behind, NULL), 0);
    assert_int_equal(tt_raise(&tt_ValueError, "before"), -1);
    assert_int_equal(close_runner_now(), 0);
    note_and_drop("pending");
    expect_notes("one: CancelledError()", "two: CancelledError()", "pending: ValueError('before')");
}

/* ----------------------------------------------------------------------------------------------------------- SIGINT */

static int interrupt_and_sleep(void *arg)
{
    int rc;

    (void)arg;
    raise(SIGINT);
    rc = tt_sleep(TT_SEC(1000));
    note_pending("main");
    return rc;
}

static void the_first_interrupt_cancels_main_and_becomes_keyboard_interrupt(void **state)
{
    (void)state;
    assert_int_equal(tt_runner_run(runner, interrupt_and_sleep, NULL), -1);
    assert_true(tt_exc_is(tt_exc_context(tt_exc_pending()), &tt_CancelledError));
    note_and_drop("run");
    expect_notes("main: CancelledError()", "run: KeyboardInterrupt()");
}

static int interrupt_and_swallow(void *arg)
{
    (void)arg;
    raise(SIGINT);
    if (tt_sleep(TT_SEC(1000)) < 0 && tt_catch(&tt_CancelledError) && tt_catch_end() < 0)
        return -1;
    return 0;
}

static void main_may_swallow_it(void **state)
{
    (void)state;
    assert_int_equal(tt_runner_run(runner, interrupt_and_swallow, NULL), 0);
}

static int interrupt_twice(void *arg)
{
    (void)arg;
    raise(SIGINT);
    if (tt_sleep(TT_SEC(1000)) < 0 && tt_catch(&tt_CancelledError) && tt_catch_end() < 0)
        return -1;
    note("swallowed");
    raise(SIGINT);
    if (tt_sleep(TT_SEC(1000)) < 0)
        note_pending("at shutdown");
    return -1;
}

static void the_second_interrupt_raises_at_once(void **state)
{
    (void)state;
    assert_int_equal(tt_runner_run(runner, interrupt_twice, NULL), -1);
    note_and_drop("run");
    assert_int_equal(close_runner_now(), 0);
    expect_notes("swallowed", "run: KeyboardInterrupt()", "at shutdown: CancelledError()");
}

static int interrupt_and_be_cancelled(void *arg)
{
    (void)arg;
    tt_task_cancel(tt_current_task(), "by somebody else too");
    return interrupt_and_sleep(arg);
}

static void with_another_request_it_stays_a_cancellation(void **state)
{
    (void)state;
    assert_int_equal(tt_runner_run(runner, interrupt_and_be_cancelled, NULL), -1);
    note_and_drop("run");
    stage_forget_notes();
    assert_int_equal(tt_runner_run(runner, say, "works on"), 0);
    expect_notes("works on");
}

static void ignore_signal(int number)
{
    (void)number;
}

static int look_at_disposition(void *arg)
{
    struct sigaction action;

    (void)arg;
    sigaction(SIGINT, NULL, &action);
    note("%s", action.sa_handler == SIG_DFL         ? "default"
               : action.sa_handler == ignore_signal ? "the program's"
                                                    : "the runner's");
    return 0;
}

static void a_handler_of_the_programs_own_is_left_alone(void **state)
{
    (void)state;
    assert_int_equal(tt_runner_run(runner, look_at_disposition, NULL), 0);
    look_at_disposition(NULL);
    signal(SIGINT, ignore_signal);
    assert_int_equal(tt_runner_run(runner, look_at_disposition, NULL), 0);
    signal(SIGINT, SIG_DFL);
    expect_notes("the runner's", "default", "the program's");
}

static void *run_on_thread(void *arg)
{
    tt_runner *own = tt_runner_create();

    (void)arg;
    if (tt_runner_run(own, look_at_disposition, NULL) < 0)
        note_and_drop("run");
    return (void *)(intptr_t)tt_runner_destroy(own);
}

static void on_another_thread_interrupts_are_left_alone(void **state)
{
    pthread_t thread;

    (void)state;
    assert_int_equal(pthread_create(&thread, NULL, run_on_thread, NULL), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    expect_notes("default");
}

/* ----------------------------------------------------------------------------------------------------------- tt_run */

struct main_call {
    tt_coro_fn *fn;
    void *arg;
};

static void run_main(void *arg)
{
    struct main_call *call = arg;

    signal(SIGINT, SIG_DFL);
    exit(tt_run(call->fn, call->arg));
}

/* Runs FN(ARG) as a program would, in a child; its exit status. What it writes to stderr stands in `output`. */
static char output[4096];

static int exit_status_of(tt_coro_fn *fn, void *arg)
{
    struct main_call call = {fn, arg};
    int status = stage_in_child(run_main, &call, output, sizeof output);

    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static int exit_with(void *text)
{
    return text ? tt_raise(&tt_SystemExit, "%s", (const char *)text) : tt_raise(&tt_SystemExit, NULL);
}

static void tt_run_returns_the_exit_status_that_python_would_have(void **state)
{
    (void)state;
    assert_int_equal(exit_status_of(begin_chain, NULL), 0);
    assert_string_equal(output, "");
    assert_int_equal(exit_status_of(raise_value, "boom"), 1);
    assert_non_null(strstr(output, "Traceback (most recent call last):\n  File \""));
    assert_non_null(strstr(output, ", in raise_value\nValueError: boom\n"));
    assert_int_equal(exit_status_of(exit_with, "7"), 7);
    assert_string_equal(output, "");
    assert_int_equal(exit_status_of(exit_with, NULL), 0);
    assert_string_equal(output, "");
    assert_int_equal(exit_status_of(exit_with, ""), 1); /* as sys.exit("") */
    assert_string_equal(output, "\n");
    assert_int_equal(exit_status_of(exit_with, "a text"), 1);
    assert_string_equal(output, "a text\n");
    assert_int_equal(exit_status_of(exit_with, "256"), 0);
    assert_int_equal(exit_status_of(interrupt_and_sleep, NULL), 130);
    assert_non_null(strstr(output, "\nKeyboardInterrupt\n"));
    assert_int_equal(exit_status_of(leave_one_that_exits, "5"), 5);
}

static int run_in_run(void *arg)
{
    return tt_run(say, arg) == 1 ? 0 : -1;
}

static void tt_run_cannot_be_called_inside_of_a_run(void **state)
{
    (void)state;
    assert_int_equal(exit_status_of(run_in_run, "never"), 0);
    assert_non_null(strstr(output, "RuntimeError: asyncio.run() cannot be called from a running event loop\n"));
}

static int fail_in_background_and_main(void *arg)
{
    if (tt_spawn(raise_value, "background") < 0 || tt_sleep(0) < 0)
        return -1;
    return raise_value(arg);
}

static void a_failure_in_the_background_is_told_before_mains(void **state)
{
    const char *background, *main;

    (void)state;
    assert_int_equal(exit_status_of(fail_in_background_and_main, "main"), 1);
    background = strstr(output, "ValueError: background\n");
    main = strstr(output, "ValueError: main\n");
    assert_non_null(background);
    assert_non_null(main);
    assert_true(background < main);
    assert_int_equal(strncmp(output, "Task exception was never retrieved\n", 35), 0);
}

static int note_chain(tt_loop *loop, const struct tt_handler_context *context, void *arg)
{
    char repr[80];

    (void)loop;
    (void)arg;
    for (tt_exc *exc = context->exception; exc; exc = tt_exc_context(exc)) {
        tt_exc_repr(exc, repr, sizeof repr);
        note("%s", repr);
    }
    return 0;
}

static int leave_one_and_fail(void *arg)
{
    return leave_one_that_fails("cleanup") < 0 ? -1 : raise_value(arg);
}

static void what_main_raised_is_the_context_of_what_is_raised_during_shutdown(void **state)
{
    (void)state;
    tt_loop_set_exception_handler(stage_loop, note_chain, NULL);
    assert_int_equal(tt_runner_run(runner, leave_one_and_fail, "main"), -1);
    assert_int_equal(close_runner_now(), 0);
    note_and_drop("after");
    expect_notes("ValueError('cleanup')", "CancelledError()", "ValueError('main')", "after: ValueError('main')");
}

/* ------------------------------------------------------------------------------------------------ how it is written */

static int write_options_in_place(void *arg)
{
    const char copied[] = "copied", copied_too[] = "copied, in a group";
    tt_group *group = tt_group_enter();
    tt_task *tasks[] = {
        tt_create_task_with(say, arg, &(struct tt_task_options){.name = "x", .eager_start = true}),
        tt_create_task_copy(say, copied, sizeof copied, &(struct tt_task_options){.name = "x", .eager_start = true}),
        tt_group_create_task_with(group, say, "in a group",
                                  &(struct tt_task_options){.name = "x", .eager_start = true}),
        tt_group_create_task_copy(group, say, copied_too, sizeof copied_too,
                                  &(struct tt_task_options){.name = "x", .eager_start = true}),
    };

    for (int i = 0; i < 4; i++)
        tt_task_unref(tasks[i]);
    if (tt_spawn_with(say, "spawned", &(struct tt_task_options){.name = "x", .eager_start = true}) < 0 ||
        tt_group_spawn_with(group, say, "spawned, in a group",
                            &(struct tt_task_options){.name = "x", .eager_start = true}) < 0)
        return tt_group_exit(group, -1);
    return tt_group_exit(group, 0);
}

static void options_may_be_written_where_they_are_used(void **state)
{
    tt_runner *other = tt_runner_create_with(&(struct tt_run_options){.virtual_time = true, .debug = TT_DEBUG_OFF});

    (void)state;
    assert_int_equal(tt_runner_run(runner, write_options_in_place, "created"), 0);
    expect_notes("created", "copied", "in a group", "copied, in a group", "spawned", "spawned, in a group");
    assert_int_equal(tt_runner_destroy(other), 0);
    assert_int_equal(tt_run_with(say, "run", &(struct tt_run_options){.virtual_time = true, .debug = TT_DEBUG_OFF}), 0);
    expect_notes("run");
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test_with_runner(run_returns_when_the_coroutine_has),
    cmocka_unit_test_with_runner(run_raises_what_the_coroutine_raised),
    cmocka_unit_test_with_runner(a_runner_runs_one_after_the_other),
    cmocka_unit_test_with_runner(it_cannot_run_inside_of_a_run),
    cmocka_unit_test_with_runner(nothing_is_run_while_an_exception_is_pending),
    cmocka_unit_test_with_runner(closing_nothing_is_fine),
    cmocka_unit_test_with_runner(its_loop_is_made_at_the_first_use),
    cmocka_unit_test_with_runner(a_closed_runner_is_of_no_use),
    cmocka_unit_test_with_runner(the_debug_option_goes_before_the_environment),
    cmocka_unit_test_with_runner(a_factory_makes_the_loop),
    cmocka_unit_test_with_runner(its_runs_share_a_context),
    cmocka_unit_test_with_runner(closing_cancels_what_is_left_and_waits_for_it),
    cmocka_unit_test_with_runner(a_failure_during_shutdown_is_reported_with_its_task),
    cmocka_unit_test_with_runner(cleanup_during_shutdown_may_take_its_time),
    cmocka_unit_test_with_runner(an_exit_during_shutdown_comes_out_of_the_close),
    cmocka_unit_test_with_runner(what_is_ready_runs_on_for_the_turns_of_asyncios_shutdown),
    cmocka_unit_test_with_runner(a_task_that_is_created_during_shutdown_is_destroyed_pending),
    cmocka_unit_test_with_runner(closing_keeps_what_is_pending),
    cmocka_unit_test_with_runner(the_first_interrupt_cancels_main_and_becomes_keyboard_interrupt),
    cmocka_unit_test_with_runner(main_may_swallow_it),
    cmocka_unit_test_with_runner(the_second_interrupt_raises_at_once),
    cmocka_unit_test_with_runner(with_another_request_it_stays_a_cancellation),
    cmocka_unit_test_with_runner(a_handler_of_the_programs_own_is_left_alone),
    cmocka_unit_test_with_runner(on_another_thread_interrupts_are_left_alone),
    cmocka_unit_test(tt_run_returns_the_exit_status_that_python_would_have),
    cmocka_unit_test(tt_run_cannot_be_called_inside_of_a_run),
    cmocka_unit_test(a_failure_in_the_background_is_told_before_mains),
    cmocka_unit_test_with_runner(what_main_raised_is_the_context_of_what_is_raised_during_shutdown),
    cmocka_unit_test_with_runner(options_may_be_written_where_they_are_used),
};

TT_TEST_MAIN(cases)
