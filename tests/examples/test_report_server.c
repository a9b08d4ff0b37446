/* test_report_server.c: the echo server is recorded, ended or killed, and the report says what became of its failure.
 */
#include "harness.h"

#include <signal.h>

#include "recording.h"

static void a_killed_server_whose_task_nobody_kept_has_lost_a_failure(void **state)
{
    static const struct expectation expected = {
        "echo_server_killed",
        128 + SIGKILL,
        1,
        {"telltale: *run.telltale: echo_server, pid *, 4 tasks, ended by SIGKILL",
         "LOST FAILURE: 1 failure of 1 task, *", "  RuntimeError: Unexpected network error",
         " * raised at * echo_server:<line> in echo",
         " * task * #* \"client-1\" created at echo_server:<line> in listen_for_connections",
         " * created by * #* \"listen\"", " * held by * nobody: it was created without a handle",
         " * lost because * nobody had looked at the failure*",
         " * reported * to the default exception handler, at once", "PENDING AT THE END: 3 tasks, no finding",
         " * task * #* \"Task-1\" created at echo_server:<line> in main",
         " * waited for * task #* \"listen\" at echo_server:<line> in serve, for *s",
         " * task * #* \"listen\" created at echo_server:<line> in serve",
         " * waited for * accept on descriptor * at echo_server:<line> in listen_for_connections, for *s",
         "SUMMARY: telltale: 1 lost failure in 1 group, 0 absorbed, 0 held, 3 tasks pending at the end"},
        "SELECT name, state, reason, reported_to FROM failures",
        "name,state,reason,reported_to\nclient-1,lost,dropped,default\n"};

    (void)state;
    expect_recorded(&expected);
}

static void a_killed_server_that_held_a_failure_has_lost_it(void **state)
{
    static const struct expectation expected = {
        "echo_server_hold_killed",
        128 + SIGKILL,
        1,
        {"LOST FAILURE: 1 failure of 1 task, *", "  RuntimeError: Unexpected network error",
         " * raised at * echo_server:<line> in echo",
         " * task * #* \"client-1\" created at echo_server:<line> in listen_for_connections",
         " * held by * reference taken at echo_server:<line> in listen_for_connections, never released",
         " * lost because * the process was killed and nobody had looked at the failure for *s",
         " * reported * to nobody", "PENDING AT THE END: 3 tasks, no finding",
         "SUMMARY: telltale: 1 lost failure in 1 group, 0 absorbed, 0 held, 3 tasks pending at the end"},
        "SELECT name, state, reason, reported_to, handle_count, unread_ns > 1000000 AS is_old FROM failures",
        "name,state,reason,reported_to,handle_count,is_old\nclient-1,lost,killed,,1,1\n"};

    (void)state;
    expect_recorded(&expected);
}

static void a_killed_server_that_dealt_with_its_failure_has_lost_nothing(void **state)
{
    static const struct expectation expected = {
        "echo_server_log_and_close_killed",
        128 + SIGKILL,
        0,
        {"telltale: *run.telltale: echo_server, pid *, 4 tasks, ended by SIGKILL",
         "PENDING AT THE END: 3 tasks, no finding",
         " * task * #* \"client-2\" created at echo_server:<line> in listen_for_connections",
         " * waited for * recv on descriptor * at echo_server:<line> in receive_line, for *s",
         "SUMMARY: telltale: 0 lost failures, 0 absorbed, 0 held, 3 tasks pending at the end"},
        "SELECT name, outcome, wait_kind FROM tasks ORDER BY task_id",
        "name,outcome,wait_kind\nTask-1,pending,task\nlisten,pending,accept\nclient-1,returned,\nclient-2,pending,"
        "recv\n"};

    (void)state;
    expect_recorded(&expected);
}

static void a_server_that_ends_by_itself_has_cancelled_its_tasks(void **state)
{
    static const struct expectation expected = {
        "echo_server",
        0,
        1,
        {"LOST FAILURE: 1 failure of 1 task, *", " * reported * to the default exception handler, at once",
         "SUMMARY: telltale: 1 lost failure in 1 group, 0 absorbed, 0 held, 0 tasks pending at the end"},
        "SELECT name, by_text, ending FROM cancellations",
        "name,by_text,ending\nlisten,signal SIGTERM,cancelled\nclient-2,runner,cancelled\n"};

    (void)state;
    expect_recorded(&expected);
}

static void a_server_of_which_nobody_asked_much_has_lost_nothing(void **state)
{
    static const struct expectation expected = {"echo_server_lines", 0, 0, {NOTHING_LOST}, NULL, NULL};

    (void)state;
    expect_recorded(&expected);
}

static void a_failure_held_to_the_end_is_lost_and_reported_late(void **state)
{
    static const struct expectation expected = {
        "echo_server_hold",
        0,
        1,
        {"LOST FAILURE: 1 failure of 1 task, *",
         " * held by * reference taken at echo_server:<line> in listen_for_connections, released at echo_server:<line> "
         "in main",
         " * lost because * nobody had looked at the failure for *s",
         " * reported * to the default exception handler, *s after it failed",
         "SUMMARY: telltale: 1 lost failure in 1 group, 0 absorbed, 0 held, 0 tasks pending at the end"},
        "SELECT name, state, reason FROM failures WHERE name <> \"Task-1\"",
        "name,state,reason\nclient-1,lost,dropped\n"};

    (void)state;
    expect_recorded(&expected);
}

static void an_interrupt_cancels_main(void **state)
{
    static const struct expectation expected = {
        "echo_server_hold_interrupted",
        128 + SIGINT,
        1,
        {"LOST FAILURE: 1 failure of 1 task, *", "  RuntimeError: Unexpected network error",
         " * reported * to the default exception handler, *s after it failed",
         "SUMMARY: telltale: 1 lost failure in 1 group, 0 absorbed, *"},
        "SELECT c.name, c.by_text, t.outcome FROM cancellations AS c JOIN tasks AS t USING (task_id) ORDER BY task_id",
        "name,by_text,outcome\nTask-1,signal SIGINT,cancelled\nlisten,\"awaiter #2 "
        "\"\"Task-1\"\"\",cancelled\nclient-2,runner,cancelled\n"};

    (void)state;
    expect_recorded(&expected);
}

static void a_server_that_dealt_with_its_failure_has_lost_nothing(void **state)
{
    static const struct expectation expected = {"echo_server_log_and_close",
                                                0,
                                                0,
                                                {NOTHING_LOST},
                                                "SELECT count(*) AS failures FROM failures",
                                                "failures\n0\n"};

    (void)state;
    expect_recorded(&expected);
}

static void a_held_failure_that_is_awaited_at_last_is_delivered(void **state)
{
    static const struct expectation expected = {"echo_server_await",
                                                0,
                                                0,
                                                {NOTHING_LOST},
                                                "SELECT name, state, user_touch_count, reported_to FROM failures",
                                                "name,state,user_touch_count,reported_to\nclient-1,delivered,1,\n"};

    (void)state;
    expect_recorded(&expected);
}

static void servers_without_tasks_for_clients_have_lost_nothing(void **state)
{
    static const struct expectation expected[] = {
        {"blocking_server", 0, 0, {NOTHING_LOST}, NULL, NULL},
        {"blocking_server_hang_up", 0, 0, {NOTHING_LOST}, NULL, NULL},
        {"readers", 0, 0, {NOTHING_LOST}, "SELECT count(*) AS tasks FROM tasks", "tasks\n0\n"},
        {"readers_polling",
         0,
         0,
         {NOTHING_LOST},
         "SELECT outcome, step_count > 10000 AS is_never_idle FROM tasks WHERE name = \"polling\"",
         "outcome,is_never_idle\nreturned,1\n"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++)
        expect_recorded(&expected[i]);
}

static void a_task_that_calls_what_blocks_is_one_long_step(void **state)
{
    static const struct expectation expected = {
        "blocking_server_two",
        0,
        0,
        {NOTHING_LOST},
        "SELECT name, outcome, step_count, longest_step_ns > 300000000 AS is_long FROM tasks WHERE name = \"serve\"",
        "name,outcome,step_count,is_long\nserve,returned,1,1\n"};

    (void)state;
    expect_recorded(&expected);
}

static void the_report_names_the_lines_of_raise_and_creation(void **state)
{
    struct recording recording;
    char rows[256];
    int status;

    (void)state;
    open_recording(&recording);
    free(play_recorded(find_scenario("echo_server_hold_killed"), recording.store, &status));
    snprintf(rows, sizeof rows,
             "raised_line,raised_func,created_line,created_func\n%d,echo,%d,listen_for_connections\n",
             line_of("echo_server", "tt_raise(&tt_RuntimeError, \"Unexpected", 1),
             line_of("echo_server", "tt_create_task_copy(echo, ", 1));
    expect_rows(&recording, "SELECT raised_line, raised_func, created_line, created_func FROM failures", rows);
    close_recording(&recording);
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test(a_killed_server_whose_task_nobody_kept_has_lost_a_failure),
    cmocka_unit_test(a_killed_server_that_held_a_failure_has_lost_it),
    cmocka_unit_test(a_killed_server_that_dealt_with_its_failure_has_lost_nothing),
    cmocka_unit_test(a_server_that_ends_by_itself_has_cancelled_its_tasks),
    cmocka_unit_test(a_server_of_which_nobody_asked_much_has_lost_nothing),
    cmocka_unit_test(a_failure_held_to_the_end_is_lost_and_reported_late),
    cmocka_unit_test(an_interrupt_cancels_main),
    cmocka_unit_test(a_server_that_dealt_with_its_failure_has_lost_nothing),
    cmocka_unit_test(a_held_failure_that_is_awaited_at_last_is_delivered),
    cmocka_unit_test(servers_without_tasks_for_clients_have_lost_nothing),
    cmocka_unit_test(a_task_that_calls_what_blocks_is_one_long_step),
    cmocka_unit_test(the_report_names_the_lines_of_raise_and_creation),
};

TT_TEST_MAIN(cases)
