/* test_output.c: the examples print what is expected, and what their counterparts in Python print: the same lines, in
 * the same order, with the same end. expected/NAME.expected stands for Python on machines that have none.
 *
 * TELLTALE_TEST_WRITE_EXPECTED=1 in the environment writes those files anew, from C.
 */
#include "harness.h"

#include "scenarios.h"

/* The file with what is expected, for the caller to close. */
static FILE *open_expected(const struct scenario *scenario, const char *mode)
{
    char path[4096];
    FILE *file;

    assert_in_range(snprintf(path, sizeof path, "%s/tests/examples/expected/%s.expected",
                             getenv("TELLTALE_TEST_SOURCE"), scenario->name),
                    1, sizeof path - 1);
    file = fopen(path, mode);
    if (!file)
        fail_msg("cannot open %s", path);
    return file;
}

static char *read_expected(const struct scenario *scenario)
{
    FILE *file = open_expected(scenario, "r");
    struct text text = {0};
    char bytes[4096];
    size_t size;

    while ((size = fread(bytes, 1, sizeof bytes, file)) > 0)
        text_append(&text, bytes, size);
    fclose(file);
    assert_non_null(text.bytes);
    return text.bytes;
}

static void write_expected(const struct scenario *scenario, const char *masked)
{
    FILE *file = open_expected(scenario, "w");

    assert_true(fputs(masked, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void expect_output(const char *name)
{
    const struct scenario *scenario = find_scenario(name);
    char *actual = play_in_c(scenario), *masked = mask(actual), *expected;

    if (getenv("TELLTALE_TEST_WRITE_EXPECTED"))
        write_expected(scenario, masked);
    expected = read_expected(scenario);
    if (strcmp(masked, expected) != 0) {
        fprintf(stderr, "--- expected\n%s--- is, masked\n%s--- is\n%s---\n", expected, masked, actual);
        fail();
    }
    free(actual);
    free(masked);
    free(expected);
}

static void expect_same_as_python(const char *name)
{
    const struct scenario *scenario = find_scenario(name);
    char *in_python = play_in_python(scenario), *in_c, *masked_python, *masked_c;

    if (!in_python)
        TT_SKIP("no python3 that is new enough");
    in_c = play_in_c(scenario);
    masked_python = mask(in_python);
    masked_c = mask(in_c);
    if (strcmp(masked_c, masked_python) != 0) {
        fprintf(stderr, "--- Python, masked\n%s--- C, masked\n%s--- Python\n%s--- C\n%s---\n", masked_python, masked_c,
                in_python, in_c);
        fail();
    }
    free(in_python);
    free(in_c);
    free(masked_python);
    free(masked_c);
}

#define SCENARIO(name)                                         \
    static void name##_prints_what_is_expected(void **state)   \
    {                                                          \
        (void)state;                                           \
        expect_output(#name);                                  \
    }                                                          \
    static void name##_prints_what_python_prints(void **state) \
    {                                                          \
        (void)state;                                           \
        expect_same_as_python(#name);                          \
    }

/* One that Python has not, or not in the versions that machines have. */
#define SCENARIO_OF_C(name)                                  \
    static void name##_prints_what_is_expected(void **state) \
    {                                                        \
        (void)state;                                         \
        expect_output(#name);                                \
    }

SCENARIO(exception_handler)
SCENARIO(exception_handler_all_kept)
SCENARIO(exception_handler_released_later)
SCENARIO(done_callback)
SCENARIO(done_callback_await)
SCENARIO(done_callback_bare)
SCENARIO(threadsafe)
SCENARIO(threadsafe_dropped)
SCENARIO(threadsafe_callback)
SCENARIO(threadsafe_callback_on_thread_future)
SCENARIO(graceful_shutdown)
SCENARIO(graceful_shutdown_handler)
SCENARIO(graceful_shutdown_orphan)
SCENARIO(graceful_shutdown_bad_cleanup)
SCENARIO(echo_server)
SCENARIO(echo_server_lines)
SCENARIO(echo_server_hold)
SCENARIO(echo_server_hold_interrupted)
SCENARIO(echo_server_await)
SCENARIO(echo_server_log_and_close)
SCENARIO(echo_server_killed)
SCENARIO(echo_server_hold_killed)
SCENARIO(echo_server_log_and_close_killed)
SCENARIO(blocking_server)
SCENARIO(blocking_server_hang_up)
SCENARIO(blocking_server_two)
SCENARIO(readers)
SCENARIO(readers_polling)
SCENARIO(callback_future)
SCENARIO(guest)
SCENARIO(processes)
SCENARIO(shield)
SCENARIO(shield_unshielded)
SCENARIO(shield_fails)
SCENARIO(shield_forgotten)
SCENARIO(wait)
SCENARIO(wait_exception)
SCENARIO(wait_unread)
SCENARIO(wait_timeout)
SCENARIO(wait_completed)
SCENARIO(http_status)
SCENARIO(http_status_values)
SCENARIO(http_status_wait)
SCENARIO(http_status_wait_read)
SCENARIO(http_status_refused)
SCENARIO(queue_workers)
SCENARIO(queue_workers_impatient)
SCENARIO(semaphore)
SCENARIO(gather)
SCENARIO(gather_goes_on)
SCENARIO(gather_values)
SCENARIO(exceptions)
SCENARIO(exceptions_tree)
SCENARIO(exceptions_star)
SCENARIO(timeout)
SCENARIO(timeout_progress)
SCENARIO(timeout_nested)
SCENARIO(timeout_deaf)
SCENARIO(task_group)
SCENARIO(task_group_fails)
SCENARIO_OF_C(task_group_interrupted)
SCENARIO_OF_C(task_group_keep_going)
SCENARIO_OF_C(task_group_left_open)
SCENARIO(result_in_callback)
SCENARIO(threads_and_processes)
SCENARIO(time_limits)
SCENARIO(group_failures)
SCENARIO(group_failures_at_once)

static const struct CMUnitTest cases[] = {
    cmocka_unit_test(exception_handler_prints_what_is_expected),
    cmocka_unit_test(exception_handler_prints_what_python_prints),
    cmocka_unit_test(exception_handler_all_kept_prints_what_is_expected),
    cmocka_unit_test(exception_handler_all_kept_prints_what_python_prints),
    cmocka_unit_test(exception_handler_released_later_prints_what_is_expected),
    cmocka_unit_test(exception_handler_released_later_prints_what_python_prints),
    cmocka_unit_test(done_callback_prints_what_is_expected),
    cmocka_unit_test(done_callback_prints_what_python_prints),
    cmocka_unit_test(done_callback_await_prints_what_is_expected),
    cmocka_unit_test(done_callback_await_prints_what_python_prints),
    cmocka_unit_test(done_callback_bare_prints_what_is_expected),
    cmocka_unit_test(done_callback_bare_prints_what_python_prints),
    cmocka_unit_test(threadsafe_prints_what_is_expected),
    cmocka_unit_test(threadsafe_prints_what_python_prints),
    cmocka_unit_test(threadsafe_dropped_prints_what_is_expected),
    cmocka_unit_test(threadsafe_dropped_prints_what_python_prints),
    cmocka_unit_test(threadsafe_callback_prints_what_is_expected),
    cmocka_unit_test(threadsafe_callback_prints_what_python_prints),
    cmocka_unit_test(threadsafe_callback_on_thread_future_prints_what_is_expected),
    cmocka_unit_test(threadsafe_callback_on_thread_future_prints_what_python_prints),
    cmocka_unit_test(graceful_shutdown_prints_what_is_expected),
    cmocka_unit_test(graceful_shutdown_prints_what_python_prints),
    cmocka_unit_test(graceful_shutdown_handler_prints_what_is_expected),
    cmocka_unit_test(graceful_shutdown_handler_prints_what_python_prints),
    cmocka_unit_test(graceful_shutdown_orphan_prints_what_is_expected),
    cmocka_unit_test(graceful_shutdown_orphan_prints_what_python_prints),
    cmocka_unit_test(graceful_shutdown_bad_cleanup_prints_what_is_expected),
    cmocka_unit_test(graceful_shutdown_bad_cleanup_prints_what_python_prints),
    cmocka_unit_test(echo_server_prints_what_is_expected),
    cmocka_unit_test(echo_server_prints_what_python_prints),
    cmocka_unit_test(echo_server_lines_prints_what_is_expected),
    cmocka_unit_test(echo_server_lines_prints_what_python_prints),
    cmocka_unit_test(echo_server_hold_prints_what_is_expected),
    cmocka_unit_test(echo_server_hold_prints_what_python_prints),
    cmocka_unit_test(echo_server_hold_interrupted_prints_what_is_expected),
    cmocka_unit_test(echo_server_hold_interrupted_prints_what_python_prints),
    cmocka_unit_test(echo_server_await_prints_what_is_expected),
    cmocka_unit_test(echo_server_await_prints_what_python_prints),
    cmocka_unit_test(echo_server_log_and_close_prints_what_is_expected),
    cmocka_unit_test(echo_server_log_and_close_prints_what_python_prints),
    cmocka_unit_test(echo_server_killed_prints_what_is_expected),
    cmocka_unit_test(echo_server_killed_prints_what_python_prints),
    cmocka_unit_test(echo_server_hold_killed_prints_what_is_expected),
    cmocka_unit_test(echo_server_hold_killed_prints_what_python_prints),
    cmocka_unit_test(echo_server_log_and_close_killed_prints_what_is_expected),
    cmocka_unit_test(echo_server_log_and_close_killed_prints_what_python_prints),
    cmocka_unit_test(blocking_server_prints_what_is_expected),
    cmocka_unit_test(blocking_server_prints_what_python_prints),
    cmocka_unit_test(blocking_server_hang_up_prints_what_is_expected),
    cmocka_unit_test(blocking_server_hang_up_prints_what_python_prints),
    cmocka_unit_test(blocking_server_two_prints_what_is_expected),
    cmocka_unit_test(blocking_server_two_prints_what_python_prints),
    cmocka_unit_test(readers_prints_what_is_expected),
    cmocka_unit_test(readers_prints_what_python_prints),
    cmocka_unit_test(readers_polling_prints_what_is_expected),
    cmocka_unit_test(readers_polling_prints_what_python_prints),
    cmocka_unit_test(callback_future_prints_what_is_expected),
    cmocka_unit_test(callback_future_prints_what_python_prints),
    cmocka_unit_test(guest_prints_what_is_expected),
    cmocka_unit_test(guest_prints_what_python_prints),
    cmocka_unit_test(processes_prints_what_is_expected),
    cmocka_unit_test(processes_prints_what_python_prints),
    cmocka_unit_test(shield_prints_what_is_expected),
    cmocka_unit_test(shield_prints_what_python_prints),
    cmocka_unit_test(shield_unshielded_prints_what_is_expected),
    cmocka_unit_test(shield_unshielded_prints_what_python_prints),
    cmocka_unit_test(shield_fails_prints_what_is_expected),
    cmocka_unit_test(shield_fails_prints_what_python_prints),
    cmocka_unit_test(shield_forgotten_prints_what_is_expected),
    cmocka_unit_test(shield_forgotten_prints_what_python_prints),
    cmocka_unit_test(wait_prints_what_is_expected),
    cmocka_unit_test(wait_prints_what_python_prints),
    cmocka_unit_test(wait_exception_prints_what_is_expected),
    cmocka_unit_test(wait_exception_prints_what_python_prints),
    cmocka_unit_test(wait_unread_prints_what_is_expected),
    cmocka_unit_test(wait_unread_prints_what_python_prints),
    cmocka_unit_test(wait_timeout_prints_what_is_expected),
    cmocka_unit_test(wait_timeout_prints_what_python_prints),
    cmocka_unit_test(wait_completed_prints_what_is_expected),
    cmocka_unit_test(wait_completed_prints_what_python_prints),
    cmocka_unit_test(http_status_prints_what_is_expected),
    cmocka_unit_test(http_status_prints_what_python_prints),
    cmocka_unit_test(http_status_values_prints_what_is_expected),
    cmocka_unit_test(http_status_values_prints_what_python_prints),
    cmocka_unit_test(http_status_wait_prints_what_is_expected),
    cmocka_unit_test(http_status_wait_prints_what_python_prints),
    cmocka_unit_test(http_status_wait_read_prints_what_is_expected),
    cmocka_unit_test(http_status_wait_read_prints_what_python_prints),
    cmocka_unit_test(http_status_refused_prints_what_is_expected),
    cmocka_unit_test(http_status_refused_prints_what_python_prints),
    cmocka_unit_test(queue_workers_prints_what_is_expected),
    cmocka_unit_test(queue_workers_prints_what_python_prints),
    cmocka_unit_test(queue_workers_impatient_prints_what_is_expected),
    cmocka_unit_test(queue_workers_impatient_prints_what_python_prints),
    cmocka_unit_test(semaphore_prints_what_is_expected),
    cmocka_unit_test(semaphore_prints_what_python_prints),
    cmocka_unit_test(gather_prints_what_is_expected),
    cmocka_unit_test(gather_prints_what_python_prints),
    cmocka_unit_test(gather_goes_on_prints_what_is_expected),
    cmocka_unit_test(gather_goes_on_prints_what_python_prints),
    cmocka_unit_test(gather_values_prints_what_is_expected),
    cmocka_unit_test(gather_values_prints_what_python_prints),
    cmocka_unit_test(exceptions_prints_what_is_expected),
    cmocka_unit_test(exceptions_prints_what_python_prints),
    cmocka_unit_test(exceptions_tree_prints_what_is_expected),
    cmocka_unit_test(exceptions_tree_prints_what_python_prints),
    cmocka_unit_test(exceptions_star_prints_what_is_expected),
    cmocka_unit_test(exceptions_star_prints_what_python_prints),
    cmocka_unit_test(timeout_prints_what_is_expected),
    cmocka_unit_test(timeout_prints_what_python_prints),
    cmocka_unit_test(timeout_progress_prints_what_is_expected),
    cmocka_unit_test(timeout_progress_prints_what_python_prints),
    cmocka_unit_test(timeout_nested_prints_what_is_expected),
    cmocka_unit_test(timeout_nested_prints_what_python_prints),
    cmocka_unit_test(timeout_deaf_prints_what_is_expected),
    cmocka_unit_test(timeout_deaf_prints_what_python_prints),
    cmocka_unit_test(task_group_prints_what_is_expected),
    cmocka_unit_test(task_group_prints_what_python_prints),
    cmocka_unit_test(task_group_fails_prints_what_is_expected),
    cmocka_unit_test(task_group_fails_prints_what_python_prints),
    cmocka_unit_test(task_group_interrupted_prints_what_is_expected),
    cmocka_unit_test(task_group_keep_going_prints_what_is_expected),
    cmocka_unit_test(task_group_left_open_prints_what_is_expected),
    cmocka_unit_test(result_in_callback_prints_what_is_expected),
    cmocka_unit_test(result_in_callback_prints_what_python_prints),
    cmocka_unit_test(threads_and_processes_prints_what_is_expected),
    cmocka_unit_test(threads_and_processes_prints_what_python_prints),
    cmocka_unit_test(time_limits_prints_what_is_expected),
    cmocka_unit_test(time_limits_prints_what_python_prints),
    cmocka_unit_test(group_failures_prints_what_is_expected),
    cmocka_unit_test(group_failures_prints_what_python_prints),
    cmocka_unit_test(group_failures_at_once_prints_what_is_expected),
    cmocka_unit_test(group_failures_at_once_prints_what_python_prints),
};

TT_TEST_MAIN(cases)
