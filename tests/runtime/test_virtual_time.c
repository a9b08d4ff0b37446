/* Loops with virtual time: their clock, the order of what they run, what they wait for really, and the report when
 * nothing can happen any more. */
#include "stage.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>
#include <uv.h>

#include "loop_internal.h"

static int say(void *text)
{
    note("%s", (const char *)text);
    return 0;
}

/* Notes the loop's time in seconds. */
static int say_time(void *text)
{
    note("%s at %g s", (const char *)text, (double)tt_loop_time(tt_loop_running()) / 1e9);
    return 0;
}

/* --------------------------------------------------------------------------------------------------------- the clock */

static int sleep_a_day(void *arg)
{
    (void)arg;
    if (tt_sleep(TT_SEC(86400)) < 0)
        return -1;
    return say_time("awake");
}

static void a_long_sleep_takes_no_time(void **state)
{
    uint64_t began = uv_hrtime();

    (void)state;
    assert_true(tt_loop_is_virtual(stage_loop));
    assert_int_equal(tt_loop_time(stage_loop), 0);
    assert_true(stage_run(sleep_a_day, NULL));
    expect_notes("awake at 86400 s");
    assert_int_equal(tt_loop_time(stage_loop), TT_SEC(86400));
    assert_true(uv_hrtime() - began < (uint64_t)TT_SEC(60));
}

static void the_clock_stands_still_while_code_runs(void **state)
{
    (void)state;
    usleep(2000);
    stage_turns(3);
    assert_int_equal(tt_loop_time(stage_loop), 0);
}

static void the_clock_stops_at_each_timer(void **state)
{
    (void)state;
    for (int64_t seconds = 3; seconds > 0; seconds--)
        assert_int_equal(tt_loop_call_later(stage_loop, TT_SEC(seconds), say_time, "timer", NULL), 0);
    assert_true(stage_run(sleep_a_day, NULL));
    expect_notes("timer at 1 s", "timer at 2 s", "timer at 3 s", "awake at 86400 s");
}

static void the_clock_does_not_jump_to_a_timer_that_was_cancelled(void **state)
{
    tt_handle *handle = NULL;

    (void)state;
    assert_int_equal(tt_loop_call_later(stage_loop, TT_SEC(1), say, "never", &handle), 0);
    assert_int_equal(tt_loop_call_later(stage_loop, TT_SEC(2), say_time, "timer", NULL), 0);
    tt_handle_cancel(handle);
    tt_handle_unref(handle);
    assert_true(stage_run(sleep_a_day, NULL));
    expect_notes("timer at 2 s", "awake at 86400 s");
}

static int schedule_for_the_past(void *arg)
{
    (void)arg;
    if (tt_sleep(TT_SEC(10)) < 0 || tt_loop_call_at(NULL, TT_SEC(1), say_time, "late", NULL) < 0)
        return -1;
    return tt_sleep(TT_SEC(1));
}

static void the_clock_does_not_run_back_for_a_timer_of_the_past(void **state)
{
    (void)state;
    assert_true(stage_run(schedule_for_the_past, NULL));
    expect_notes("late at 10 s");
    assert_int_equal(tt_loop_time(stage_loop), TT_SEC(11));
}

static int let_others_run(void *arg)
{
    (void)arg;
    for (int i = 0; i < 3; i++) {
        if (tt_sleep(0) < 0)
            return -1;
        say_time("turn");
    }
    return tt_sleep(TT_SEC(1));
}

static void the_clock_stands_still_while_somebody_is_ready(void **state)
{
    (void)state;
    assert_int_equal(tt_loop_call_later(stage_loop, 1, say, "timer", NULL), 0);
    assert_true(stage_run(let_others_run, NULL));
    expect_notes("turn at 0 s", "turn at 0 s", "turn at 0 s", "timer");
}

static int say_then_say(void *arg)
{
    (void)arg;
    note("first");
    return tt_loop_call_soon(NULL, say, "its follower, a turn later", NULL);
}

static void timers_of_one_time_run_in_one_turn(void **state)
{
    (void)state;
    assert_int_equal(tt_loop_call_at(stage_loop, TT_SEC(5), say_then_say, NULL, NULL), 0);
    assert_int_equal(tt_loop_call_at(stage_loop, TT_SEC(5), say, "second", NULL), 0);
    assert_true(stage_run(sleep_a_day, NULL));
    expect_notes("first", "second", "its follower, a turn later", "awake at 86400 s");
}

static void a_loop_in_real_time_is_not_virtual(void **state)
{
    (void)state;
    assert_false(tt_loop_is_virtual(stage_loop));
    assert_true(tt_loop_time(stage_loop) > 0);
}

/* ------------------------------------------------------------------------------------------------------------ stuck */

static int wait_for(void *future)
{
    return tt_await(future);
}

/* The case's, because tasks that are abandoned release nothing. */
static tt_future *future_of_case;
static tt_task *tasks_of_case[2];

static int wait_for_each_other(void *arg)
{
    (void)arg;
    future_of_case = tt_create_future(NULL);
    tasks_of_case[0] = tt_create_task_named(wait_for, future_of_case, "a");
    tasks_of_case[1] = tt_create_task_named(wait_for, tasks_of_case[0], "b");
    return tt_await(tasks_of_case[1]);
}

/* Notes and handles what is pending; lines of this file and ids become N. */
static int note_report(void)
{
    char text[1024], *to = text;
    const char *from = tt_exc_message(tt_exc_pending());

    while (*from && to < text + sizeof text - 2) {
        *to = *from++;
        if (*to == ':' || *to == '#') {
            *++to = 'N';
            from += strspn(from, "0123456789");
        }
        to++;
    }
    *to = '\0';
    note("%s: %s", tt_exc_type_of(tt_exc_pending())->name, text);
    return tt_catch(&tt_RuntimeError) ? tt_catch_end() : -1;
}

/* Runs FN as stage_run does, but what comes out must be a report, which is noted. */
static void run_until_stuck(tt_coro_fn *fn)
{
    const struct tt_task_options options = {.loop = stage_loop, .name = "main"};
    tt_task *task = tt_create_task_with(fn, NULL, &options);

    assert_int_equal(tt_loop_run_until_complete(stage_loop, task), -1);
    assert_int_equal(note_report(), 0);
    tt_task_unref(task);
}

static void who_waits_for_ever_is_reported_with_what_and_where(void **state)
{
    (void)state;
    run_until_stuck(wait_for_each_other);
    expect_notes("StuckError: nothing can happen any more, and 3 tasks wait\n"
                 "  task 'main' (fn) waits for task 'b' at tests/runtime/test_virtual_time.c:N\n"
                 "  task 'a' (wait_for) waits for future #N at tests/runtime/test_virtual_time.c:N\n"
                 "  task 'b' (wait_for) waits for task 'a' at tests/runtime/test_virtual_time.c:N");
    stage_close_loop();
    expect_notes("handler: Task was destroyed but it is pending! [message, task] None of main",
                 "handler: Task was destroyed but it is pending! [message, task] None of a",
                 "handler: Task was destroyed but it is pending! [message, task] None of b");
    tt_task_unref(tasks_of_case[1]);
    tt_task_unref(tasks_of_case[0]);
    tt_future_unref(future_of_case);
}

static int sleep_then_wait(void *arg)
{
    (void)arg;
    if (tt_sleep(TT_SEC(3)) < 0)
        return -1;
    say_time("waits");
    return tt_await(future_of_case);
}

static void nobody_is_stuck_while_there_is_a_timer(void **state)
{
    (void)state;
    future_of_case = tt_create_future(stage_loop);
    assert_int_equal(tt_loop_call_later(stage_loop, TT_SEC(5), say_time, "the last timer", NULL), 0);
    run_until_stuck(sleep_then_wait);
    expect_notes("waits at 3 s", "the last timer at 5 s",
                 "StuckError: nothing can happen any more, and 1 task waits\n"
                 "  task 'main' (fn) waits for future #N at tests/runtime/test_virtual_time.c:N");
    stage_close_loop();
    expect_notes("handler: Task was destroyed but it is pending! [message, task] None of main");
    tt_future_unref(future_of_case);
}

static int wait_for_it(void *arg)
{
    (void)arg;
    return tt_await(future_of_case);
}

static void a_loop_that_was_stuck_can_run_on(void **state)
{
    (void)state;
    future_of_case = tt_create_future(stage_loop);
    run_until_stuck(wait_for_it);
    stage_forget_notes();
    assert_int_equal(tt_future_set_result(future_of_case, NULL, NULL), 0);
    assert_true(stage_run(sleep_a_day, NULL));
    expect_notes("awake at 86400 s");
    tt_future_unref(future_of_case);
}

static void a_run_for_a_future_that_nobody_will_complete_is_stuck(void **state)
{
    tt_future *future = tt_create_future(stage_loop);

    (void)state;
    assert_int_equal(tt_loop_run_until_complete(stage_loop, future), -1);
    assert_int_equal(note_report(), 0);
    expect_notes("StuckError: nothing can happen any more, and the run waits for future #N");
    tt_future_unref(future);
}

static int wait_for_ever(void *arg)
{
    tt_future *future = tt_create_future(NULL);
    int rc = tt_await(future);

    (void)arg;
    tt_future_unref(future);
    return rc;
}

static int leave_200_waiting(void *arg)
{
    (void)arg;
    for (int i = 0; i < 200; i++)
        if (tt_spawn(wait_for_ever, NULL) < 0)
            return -1;
    return wait_for_ever(NULL);
}

static void a_long_report_ends_with_a_count(void **state)
{
    tt_runner *runner = tt_runner_create_with(&(struct tt_run_options){.virtual_time = true});
    const char *text, *end = "\n  and 101 more";

    (void)state;
    assert_int_equal(tt_runner_run(runner, leave_200_waiting, NULL), -1);
    text = tt_exc_message(tt_exc_pending());
    assert_string_equal(text + strlen(text) - strlen(end), end);
    assert_true(tt_catch(&tt_StuckError));
    assert_int_equal(tt_catch_end(), 0);
    assert_int_equal(tt_runner_destroy(runner), 0); /* cancels them all */
}

static void run_stuck(void *arg)
{
    (void)arg;
    signal(SIGINT, SIG_DFL); /* the runner then watches it, and that is not what the loop waits for */
    _exit(tt_run_with(wait_for_ever, NULL, &(struct tt_run_options){.virtual_time = true}));
}

static void a_program_that_is_stuck_says_so_and_exits_with_1(void **state)
{
    char text[2048];
    int status = stage_in_child(run_stuck, NULL, text, sizeof text);

    (void)state;
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == EXIT_FAILURE);
    assert_non_null(strstr(text, "StuckError: nothing can happen any more, and 1 task waits\n  task 'Task-"));
    assert_non_null(strstr(text, "' (wait_for_ever) waits for future #"));
}

/* -------------------------------------------------------------------------------------------------- what is waited for */

static int descriptors[2];

static int stop(void *arg)
{
    (void)arg;
    tt_loop_stop(NULL);
    return 0;
}

static int read_one(void *arg)
{
    char byte;

    (void)arg;
    if (read(descriptors[0], &byte, 1) == 1)
        say("data came");
    tt_loop_remove_reader(NULL, descriptors[0]);
    tt_loop_stop(NULL);
    return 0;
}

static atomic_bool is_running;

static int say_it_runs(void *arg)
{
    (void)arg;
    atomic_store(&is_running, true);
    return 0;
}

static void *write_later(void *arg)
{
    (void)arg;
    while (!atomic_load(&is_running))
        usleep(1000);
    usleep(50000);
    if (write(descriptors[1], "x", 1) != 1)
        note("no write");
    return NULL;
}

static void data_that_comes_really_is_waited_for_really(void **state)
{
    uint64_t began = uv_hrtime();
    pthread_t thread;
    int64_t passed;

    (void)state;
    assert_int_equal(pipe(descriptors), 0);
    assert_int_equal(tt_loop_add_reader(stage_loop, descriptors[0], read_one, NULL), 0);
    assert_int_equal(tt_loop_call_later(stage_loop, TT_SEC(3600), say, "too early", NULL), 0);
    atomic_store(&is_running, false);
    assert_int_equal(tt_loop_call_soon(stage_loop, say_it_runs, NULL, NULL), 0);
    assert_int_equal(pthread_create(&thread, NULL, write_later, NULL), 0);
    assert_int_equal(tt_loop_run_forever(stage_loop), 0);
    expect_notes("data came");
    passed = tt_loop_time(stage_loop);
    assert_true(passed >= TT_MSEC(10)); /* the clock went on meanwhile, as the real one did */
    assert_true(passed <= (int64_t)(uv_hrtime() - began));
    pthread_join(thread, NULL);
    close(descriptors[0]);
    close(descriptors[1]);
}

static void a_timer_ends_a_real_wait_in_time(void **state)
{
    (void)state;
    assert_int_equal(pipe(descriptors), 0);
    assert_int_equal(tt_loop_add_reader(stage_loop, descriptors[0], read_one, NULL), 0);
    assert_int_equal(tt_loop_call_later(stage_loop, TT_MSEC(30), stop, NULL, NULL), 0);
    assert_int_equal(tt_loop_run_forever(stage_loop), 0);
    assert_int_equal(tt_loop_time(stage_loop), TT_MSEC(30)); /* not a nanosecond later */
    assert_true(tt_loop_remove_reader(stage_loop, descriptors[0]));
    close(descriptors[0]);
    close(descriptors[1]);
}

static void *stop_later(void *arg)
{
    usleep(10000);
    if (tt_loop_call_soon_threadsafe(arg, stop, NULL) < 0)
        note("not sent");
    return NULL;
}

static void a_loop_without_tasks_waits_for_other_threads(void **state)
{
    pthread_t thread;

    (void)state;
    assert_int_equal(pthread_create(&thread, NULL, stop_later, stage_loop), 0);
    assert_int_equal(tt_loop_run_forever(stage_loop), 0);
    pthread_join(thread, NULL);
}

static void called(uv_async_t *async)
{
    assert_int_equal(tt_future_set_result(future_of_case, NULL, NULL), 0);
    uv_close((uv_handle_t *)async, NULL);
}

static void *call_later(void *async)
{
    usleep(10000);
    uv_async_send(async);
    return NULL;
}

static void an_active_handle_of_the_program_is_waited_for(void **state)
{
    uv_async_t async;
    pthread_t thread;

    (void)state;
    future_of_case = tt_create_future(stage_loop);
    assert_int_equal(uv_async_init(tt_loop_uv(stage_loop), &async, called), 0);
    assert_int_equal(pthread_create(&thread, NULL, call_later, &async), 0);
    assert_true(stage_run(wait_for_it, NULL));
    pthread_join(thread, NULL);
    tt_future_unref(future_of_case);
}

/* ------------------------------------------------------------------------------------------------------------- main */

static const struct CMUnitTest cases[] = {
    cmocka_unit_test_on_virtual_stage(a_long_sleep_takes_no_time),
    cmocka_unit_test_on_virtual_stage(the_clock_stands_still_while_code_runs),
    cmocka_unit_test_on_virtual_stage(the_clock_stops_at_each_timer),
    cmocka_unit_test_on_virtual_stage(the_clock_does_not_jump_to_a_timer_that_was_cancelled),
    cmocka_unit_test_on_virtual_stage(the_clock_does_not_run_back_for_a_timer_of_the_past),
    cmocka_unit_test_on_virtual_stage(the_clock_stands_still_while_somebody_is_ready),
    cmocka_unit_test_on_virtual_stage(timers_of_one_time_run_in_one_turn),
    cmocka_unit_test_on_stage(a_loop_in_real_time_is_not_virtual),
    cmocka_unit_test_on_virtual_stage(who_waits_for_ever_is_reported_with_what_and_where),
    cmocka_unit_test_on_virtual_stage(nobody_is_stuck_while_there_is_a_timer),
    cmocka_unit_test_on_virtual_stage(a_loop_that_was_stuck_can_run_on),
    cmocka_unit_test_on_virtual_stage(a_run_for_a_future_that_nobody_will_complete_is_stuck),
    cmocka_unit_test_on_virtual_stage(a_long_report_ends_with_a_count),
    cmocka_unit_test_on_virtual_stage(a_program_that_is_stuck_says_so_and_exits_with_1),
    cmocka_unit_test_on_virtual_stage(data_that_comes_really_is_waited_for_really),
    cmocka_unit_test_on_virtual_stage(a_timer_ends_a_real_wait_in_time),
    cmocka_unit_test_on_virtual_stage(a_loop_without_tasks_waits_for_other_threads),
    cmocka_unit_test_on_virtual_stage(an_active_handle_of_the_program_is_waited_for),
};

TT_TEST_MAIN(cases)
