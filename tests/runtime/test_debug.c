/* Debug mode: what takes too long, calls from a wrong thread, where things were created. asyncio's debug mode; reprs of
 * handles with and without it. */
#include "stage.h"

#include <pthread.h>
#include <unistd.h>
#include <uv.h>

#include "loop_internal.h"

static int nothing(void *arg)
{
    (void)arg;
    return 0;
}

static int open_debug_stage(void **state)
{
    int rc = stage_open(state);

    if (rc == 0)
        tt_loop_set_debug(stage_loop, true);
    return rc;
}

#define cmocka_unit_test_in_debug_mode(...) STAGE_CASE(__VA_ARGS__, open_debug_stage, stage_close)

/* --------------------------------------------------------------------------------------------------------- the switch */

static void the_mode_is_off_at_first_and_can_be_set(void **state)
{
    (void)state;
    assert_false(tt_loop_is_debug(stage_loop));
    tt_loop_set_debug(stage_loop, true);
    assert_true(tt_loop_is_debug(stage_loop));
    tt_loop_set_debug(stage_loop, false);
    assert_false(tt_loop_is_debug(stage_loop));
}

static bool is_debug_with(const char *value)
{
    tt_loop *loop;
    bool result;

    if (value)
        setenv("TELLTALE_DEBUG", value, 1);
    else
        unsetenv("TELLTALE_DEBUG");
    loop = tt_loop_create();
    result = tt_loop_is_debug(loop);
    assert_int_equal(tt_loop_close(loop), 0);
    unsetenv("TELLTALE_DEBUG");
    return result;
}

static void the_environment_can_ask_for_it(void **state)
{
    (void)state;
    assert_false(is_debug_with(NULL));
    assert_false(is_debug_with(""));
    assert_false(is_debug_with("0"));
    assert_true(is_debug_with("1"));
    assert_true(is_debug_with("yes"));
}

/* ---------------------------------------------------------------------------------------------------------- too slow */

/* Keeps the thread busy for at least a millisecond, by the loop's own clock. */
static int be_slow(void *arg)
{
    int64_t until_ns = tt_loop_time(tt_loop_running()) + TT_MSEC(1);

    (void)arg;
    while (tt_loop_time(tt_loop_running()) < until_ns)
        usleep(100);
    return 0;
}

static int be_slow_done(tt_future *future, void *arg)
{
    (void)future;
    return be_slow(arg);
}

/* Runs COUNT turns and returns what they wrote to stderr, with the numbers of seconds and lines as N. */
static const char *written_in(int turns)
{
    static char masked[4096];
    char *text, *to = masked;

    stage_capture_stderr();
    stage_turns(turns);
    text = stage_captured();
    for (const char *from = text; *from;) {
        bool begins = from > text && (from[-1] == ':' || (from - text >= 5 && strncmp(from - 5, "took ", 5) == 0));

        if (begins && *from >= '0' && *from <= '9') {
            *to++ = 'N';
            from += strspn(from, "0123456789.");
        } else {
            *to++ = *from++;
        }
    }
    *to = '\0';
    free(text);
    return masked;
}

static void a_slow_callback_is_told_with_its_place(void **state)
{
    (void)state;
    tt_loop_set_slow_callback_duration(stage_loop, TT_MSEC(1));
    assert_int_equal(tt_loop_call_soon(stage_loop, be_slow, NULL, NULL), 0);
    assert_string_equal(written_in(1), "Executing <Handle be_slow() at tests/runtime/test_debug.c:N created at "
                                       "tests/runtime/test_debug.c:N> took N seconds\n");
}

static void a_slow_timer_is_told_as_a_timer(void **state)
{
    const char *text;

    (void)state;
    tt_loop_set_slow_callback_duration(stage_loop, TT_MSEC(1));
    assert_int_equal(tt_loop_call_at(stage_loop, TT_SEC(1) / 2, be_slow, NULL, NULL), 0);
    text = written_in(1);
    assert_string_equal(text, "Executing <TimerHandle when=0.5 be_slow() at tests/runtime/test_debug.c:N created at "
                              "tests/runtime/test_debug.c:N> took N seconds\n");
}

static void a_slow_step_is_told_with_its_task(void **state)
{
    const struct tt_task_options options = {.loop = stage_loop, .name = "slowtask"};

    (void)state;
    tt_loop_set_slow_callback_duration(stage_loop, TT_MSEC(1));
    assert_int_equal(tt_spawn_with(be_slow, NULL, &options), 0);
    assert_string_equal(written_in(1),
                        "Executing <Task finished name='slowtask' coro=<be_slow() done, created at "
                        "tests/runtime/test_debug.c:N> result=None created at tests/runtime/test_debug.c:N> took N "
                        "seconds\n");
}

static int await_then_be_slow(void *future)
{
    return tt_await(future) < 0 ? -1 : be_slow(NULL);
}

static void so_is_a_slow_step_after_an_await(void **state)
{
    const struct tt_task_options options = {.loop = stage_loop, .name = "slowtask"};
    tt_future *future = tt_create_future(stage_loop);

    (void)state;
    tt_loop_set_slow_callback_duration(stage_loop, TT_SEC(1000));
    assert_int_equal(tt_spawn_with(await_then_be_slow, future, &options), 0);
    assert_string_equal(written_in(1), "");
    tt_loop_set_slow_callback_duration(stage_loop, TT_MSEC(1));
    assert_int_equal(tt_future_set_result(future, NULL, NULL), 0);
    assert_non_null(strstr(written_in(1), "Executing <Task finished name='slowtask' "));
    tt_future_unref(future);
}

static void a_slow_done_callback_is_told(void **state)
{
    tt_future *future = tt_create_future(stage_loop);

    (void)state;
    tt_loop_set_slow_callback_duration(stage_loop, TT_MSEC(1));
    assert_int_equal(tt_future_add_done_callback(future, be_slow_done, NULL), 0);
    assert_int_equal(tt_future_set_result(future, NULL, NULL), 0);
    assert_string_equal(written_in(1), "Executing <Handle be_slow_done() at tests/runtime/test_debug.c:N created at "
                                       "tests/runtime/test_debug.c:N> took N seconds\n");
    tt_future_unref(future);
}

static void what_is_fast_enough_is_not_told(void **state)
{
    (void)state;
    assert_int_equal(tt_loop_slow_callback_duration(stage_loop), TT_MSEC(100));
    tt_loop_set_slow_callback_duration(stage_loop, TT_SEC(1000));
    assert_int_equal(tt_loop_slow_callback_duration(stage_loop), TT_SEC(1000));
    assert_int_equal(tt_loop_call_soon(stage_loop, be_slow, NULL, NULL), 0);
    assert_string_equal(written_in(1), "");
}

static void nor_is_anything_without_the_mode(void **state)
{
    (void)state;
    tt_loop_set_slow_callback_duration(stage_loop, 0);
    assert_int_equal(tt_loop_call_soon(stage_loop, be_slow, NULL, NULL), 0);
    assert_string_equal(written_in(1), "");
}

/* A duration of zero: everything is told, so everything the ready queue can hold has its turn in the report. */
static int do_a_bit_of_everything(void *arg)
{
    tt_future *future = tt_create_future(NULL);
    tt_task *task = tt_create_task(nothing, NULL);
    tt_future *all = tt_gather(&task, 1, false);
    tt_handle *handle = NULL;
    int rc;

    (void)arg;
    rc = tt_loop_call_soon(NULL, nothing, NULL, &handle);
    tt_handle_cancel(handle);
    tt_handle_unref(handle);
    if (rc == 0)
        rc = tt_await(all);
    if (rc == 0)
        rc = tt_sleep(TT_USEC(10));
    tt_future_unref(all);
    tt_task_unref(task);
    tt_future_unref(future);
    return rc;
}

static void everything_that_runs_can_be_told(void **state)
{
    char *text;

    (void)state;
    tt_loop_set_slow_callback_duration(stage_loop, 0);
    stage_capture_stderr();
    stage_run(do_a_bit_of_everything, NULL);
    text = stage_captured();
    assert_non_null(strstr(text, "Executing <Task pending name='main' coro=<"));
    assert_non_null(strstr(text, "Executing <Handle of the library> took"));
    assert_non_null(strstr(text, "Executing <Handle cancelled nothing() at"));
    assert_non_null(strstr(text, "Executing <Task finished name='main' "));
    free(text);
}

/* ------------------------------------------------------------------------------------------------------ wrong threads */

static void *call_from_elsewhere(void *future)
{
    const struct tt_task_options options = {.loop = stage_loop};

    if (tt_loop_call_soon(stage_loop, nothing, NULL, NULL) < 0)
        note_and_drop("call_soon");
    if (tt_loop_call_later(stage_loop, 60, nothing, NULL, NULL) < 0)
        note_and_drop("call_later");
    if (tt_loop_call_at(stage_loop, 60, nothing, NULL, NULL) < 0)
        note_and_drop("call_at");
    if (tt_spawn_with(nothing, NULL, &options) < 0)
        note_and_drop("spawn");
    if (tt_future_set_result(future, NULL, NULL) < 0)
        note_and_drop("set_result");
    if (tt_loop_call_soon_threadsafe(stage_loop, nothing, NULL) < 0)
        note("call_soon_threadsafe");
    return NULL;
}

static int run_a_thread(void *future)
{
    pthread_t thread;

    if (pthread_create(&thread, NULL, call_from_elsewhere, future) != 0)
        return tt_raise(&tt_RuntimeError, "no thread");
    pthread_join(thread, NULL);
    return 0;
}

#define WRONG "RuntimeError('Non-thread-safe operation invoked on an event loop other than the current one')"

static void a_call_from_another_thread_is_refused(void **state)
{
    tt_future *future = tt_create_future(stage_loop);

    (void)state;
    assert_true(stage_run(run_a_thread, future));
    expect_notes("call_soon: " WRONG, "call_later: " WRONG, "call_at: " WRONG, "spawn: " WRONG, "set_result: " WRONG);
    assert_false(tt_future_done(future));
    tt_future_unref(future);
}

static void before_a_run_any_thread_may_call(void **state)
{
    pthread_t thread;
    tt_future *future = tt_create_future(stage_loop);

    (void)state;
    assert_int_equal(pthread_create(&thread, NULL, call_from_elsewhere, future), 0);
    pthread_join(thread, NULL);
    expect_no_notes();
    stage_turns(1);
    tt_future_unref(future);
    stage_close_loop();
}

/* -------------------------------------------------------------------------------------------------- created at, reprs */

static void futures_and_tasks_tell_where_they_were_created(void **state)
{
    const struct tt_task_options options = {.loop = stage_loop, .name = "t"};
    char text[512], wanted[512];
    tt_future *future;
    tt_task *task;
    int line;

    (void)state;
    line = __LINE__ + 1;
    future = tt_create_future(stage_loop);
    snprintf(wanted, sizeof wanted, "<Future pending created at tests/runtime/test_debug.c:%d>", line);
    tt_future_repr(future, text, sizeof text);
    assert_string_equal(text, wanted);
    line = __LINE__ + 1;
    task = tt_create_task_with(nothing, NULL, &options);
    snprintf(wanted, sizeof wanted,
             "<Task pending name='t' coro=<nothing() created at tests/runtime/test_debug.c:%d> created at "
             "tests/runtime/test_debug.c:%d>",
             line, line);
    tt_future_repr(task, text, sizeof text);
    assert_string_equal(text, wanted);
    stage_turns(1);
    tt_future_unref(future);
    tt_task_unref(task);
}

static void what_was_created_before_the_mode_does_not_tell(void **state)
{
    tt_future *future = tt_create_future(stage_loop);
    char text[512];

    (void)state;
    tt_loop_set_debug(stage_loop, true);
    tt_future_repr(future, text, sizeof text);
    assert_string_equal(text, "<Future pending>");
    tt_future_unref(future);
}

static void expect_handle(const tt_handle *handle, const char *format, int line)
{
    char text[512], wanted[512];

    snprintf(wanted, sizeof wanted, format, line, line);
    tt_handle_repr(handle, text, sizeof text);
    assert_string_equal(text, wanted);
}

static void the_repr_of_a_handle_names_the_function_until_it_is_cancelled(void **state)
{
    tt_handle *handle = NULL, *timer = NULL;
    int line;

    (void)state;
    line = __LINE__ + 1;
    assert_int_equal(tt_loop_call_soon(stage_loop, nothing, NULL, &handle), 0);
    expect_handle(handle, "<Handle nothing() at tests/runtime/test_debug.c:%d>", line);
    tt_handle_cancel(handle);
    expect_handle(handle, "<Handle cancelled>", line);
    line = __LINE__ + 1;
    assert_int_equal(tt_loop_call_at(stage_loop, TT_SEC(123), nothing, NULL, &timer), 0);
    expect_handle(timer, "<TimerHandle when=123.0 nothing() at tests/runtime/test_debug.c:%d>", line);
    assert_int_equal(tt_handle_when(timer), TT_SEC(123));
    tt_handle_cancel(timer);
    expect_handle(timer, "<TimerHandle cancelled when=123.0>", line);
    tt_handle_unref(handle);
    tt_handle_unref(timer);
}

static void in_the_mode_it_keeps_the_name_and_says_where_it_was_created(void **state)
{
    tt_handle *handle = NULL, *timer = NULL;
    int line;

    (void)state;
    line = __LINE__ + 1;
    assert_int_equal(tt_loop_call_soon(stage_loop, nothing, NULL, &handle), 0);
    expect_handle(handle,
                  "<Handle nothing() at tests/runtime/test_debug.c:%d created at tests/runtime/test_debug.c:%d>", line);
    tt_handle_cancel(handle);
    expect_handle(handle,
                  "<Handle cancelled nothing() at tests/runtime/test_debug.c:%d created at "
                  "tests/runtime/test_debug.c:%d>",
                  line);
    line = __LINE__ + 1;
    assert_int_equal(tt_loop_call_at(stage_loop, -TT_MSEC(250), nothing, NULL, &timer), 0);
    expect_handle(timer,
                  "<TimerHandle when=-0.25 nothing() at tests/runtime/test_debug.c:%d created at "
                  "tests/runtime/test_debug.c:%d>",
                  line);
    tt_handle_cancel(timer);
    expect_handle(timer,
                  "<TimerHandle cancelled when=-0.25 nothing() at tests/runtime/test_debug.c:%d created at "
                  "tests/runtime/test_debug.c:%d>",
                  line);
    tt_handle_unref(handle);
    tt_handle_unref(timer);
}

/* ------------------------------------------------------------------------------------------------- the default handler */

static int raise_boom(void *arg)
{
    (void)arg;
    return tt_raise(&tt_ValueError, "boom");
}

static int raise_in_a_task(void *arg)
{
    (void)arg;
    return tt_raise(&tt_ValueError, "boom");
}

static void the_default_handler_says_where_the_object_was_created(void **state)
{
    char wanted[1024];
    const char *text;
    int line;

    (void)state;
    tt_loop_set_exception_handler(stage_loop, NULL, NULL);
    line = __LINE__ + 1;
    assert_int_equal(tt_loop_call_soon(stage_loop, raise_boom, NULL, NULL), 0);
    text = written_in(1);
    snprintf(wanted, sizeof wanted,
             "source_traceback: Object created at (most recent call last):\n"
             "  File \"tests/runtime/test_debug.c\", line %d, in "
             "the_default_handler_says_where_the_object_was_created\nTraceback",
             line);
    assert_non_null(strstr(text, wanted));
    assert_ptr_equal(strstr(text, "Exception in callback raise_boom() at tests/runtime/test_debug.c:N\nhandle: <Handle "
                                  "raise_boom() at tests/runtime/test_debug.c:N created at "
                                  "tests/runtime/test_debug.c:N>\nsource_traceback: "),
                     text);
}

static int spawn_a_failure(void *arg)
{
    return tt_spawn(raise_in_a_task, arg);
}

static void the_keys_have_the_source_only_in_the_mode(void **state)
{
    (void)state;
    assert_int_equal(tt_loop_call_soon(stage_loop, raise_boom, NULL, NULL), 0);
    assert_int_equal(tt_loop_call_soon(stage_loop, spawn_a_failure, NULL, NULL), 0);
    stage_turns(2);
    assert_non_null(strstr(stage_notes(), "[exception, handle, message, source_traceback] ValueError('boom')"));
    assert_non_null(strstr(stage_notes(), "[exception, future, message, source_traceback] ValueError('boom')"));
    stage_forget_notes();
    tt_loop_set_debug(stage_loop, false);
    assert_int_equal(tt_loop_call_soon(stage_loop, raise_boom, NULL, NULL), 0);
    stage_turns(1);
    assert_non_null(strstr(stage_notes(), "[exception, handle, message] ValueError('boom')"));
    stage_forget_notes();
}

static int call_the_handler(void *arg)
{
    (void)arg;
    tt_loop_call_exception_handler(tt_loop_running(), &(struct tt_handler_context){.message = "from a callback"});
    return 0;
}

static void else_it_says_where_the_running_callback_was_created(void **state)
{
    char wanted[512];
    int line;

    (void)state;
    tt_loop_set_exception_handler(stage_loop, NULL, NULL);
    line = __LINE__ + 1;
    assert_int_equal(tt_loop_call_soon(stage_loop, call_the_handler, NULL, NULL), 0);
    snprintf(wanted, sizeof wanted,
             "from a callback\nhandle_traceback: Handle created at (most recent call last):\n"
             "  File \"tests/runtime/test_debug.c\", line %d, in else_it_says_where_the_running_callback_was_created\n",
             line);
    assert_string_equal(written_in(1), wanted);
}

static int wait_for_ever(void *future)
{
    return tt_await(future);
}

static void a_destroyed_task_says_where_it_was_created(void **state)
{
    const struct tt_task_options options = {.loop = stage_loop, .name = "t"};
    tt_future *future = tt_create_future(stage_loop);

    (void)state;
    assert_int_equal(tt_spawn_with(wait_for_ever, future, &options), 0);
    stage_turns(1);
    stage_close_loop();
    expect_notes("handler: Task was destroyed but it is pending! [message, source_traceback, task] None of t");
    tt_future_unref(future);
}

/* ------------------------------------------------------------------------------------------------------------- main */

static const struct CMUnitTest cases[] = {
    cmocka_unit_test_on_stage(the_mode_is_off_at_first_and_can_be_set),
    cmocka_unit_test_on_stage(the_environment_can_ask_for_it),
    cmocka_unit_test_in_debug_mode(a_slow_callback_is_told_with_its_place),
    cmocka_unit_test_in_debug_mode(a_slow_timer_is_told_as_a_timer),
    cmocka_unit_test_in_debug_mode(a_slow_step_is_told_with_its_task),
    cmocka_unit_test_in_debug_mode(so_is_a_slow_step_after_an_await),
    cmocka_unit_test_in_debug_mode(a_slow_done_callback_is_told),
    cmocka_unit_test_in_debug_mode(what_is_fast_enough_is_not_told),
    cmocka_unit_test_on_stage(nor_is_anything_without_the_mode),
    cmocka_unit_test_in_debug_mode(everything_that_runs_can_be_told),
    cmocka_unit_test_in_debug_mode(a_call_from_another_thread_is_refused),
    cmocka_unit_test_in_debug_mode(before_a_run_any_thread_may_call),
    cmocka_unit_test_in_debug_mode(futures_and_tasks_tell_where_they_were_created),
    cmocka_unit_test_on_stage(what_was_created_before_the_mode_does_not_tell),
    cmocka_unit_test_on_stage(the_repr_of_a_handle_names_the_function_until_it_is_cancelled),
    cmocka_unit_test_in_debug_mode(in_the_mode_it_keeps_the_name_and_says_where_it_was_created),
    cmocka_unit_test_in_debug_mode(the_default_handler_says_where_the_object_was_created),
    cmocka_unit_test_in_debug_mode(the_keys_have_the_source_only_in_the_mode),
    cmocka_unit_test_in_debug_mode(else_it_says_where_the_running_callback_was_created),
    cmocka_unit_test_in_debug_mode(a_destroyed_task_says_where_it_was_created),
};

TT_TEST_MAIN(cases)
