/* test_report.c: each scenario is recorded, and the report says about it what the program itself could not say.
 *
 * What a report has to say is a list of patterns of fnmatch(3), one a line of the report, in their order; other lines
 * may stand between them. Places are masked as in transcripts (mask.sed), since lines move when an example is edited;
 * that the lines are the right ones is a case of its own.
 */
#include "harness.h"

#include <fnmatch.h>
#include <signal.h>

#include "scenarios.h"

#define LINES_MAX    16
#define NOTHING_LOST "SUMMARY: telltale: 0 lost failures, 0 absorbed, 0 held, 0 tasks pending at the end"

/* ------------------------------------------------------------------------------------------------------ recordings */

struct recording {
    char folder[64];
    char store[128];
};

static void open_recording(struct recording *recording)
{
    snprintf(recording->folder, sizeof recording->folder, "/tmp/telltale-examples-XXXXXX");
    assert_non_null(mkdtemp(recording->folder));
    snprintf(recording->store, sizeof recording->store, "%s/run.telltale", recording->folder);
}

static void close_recording(struct recording *recording)
{
    char command[128];
    int status;

    snprintf(command, sizeof command, "rm -rf '%s'", recording->folder);
    free(run_command(command, "", &status));
    assert_int_equal(status, 0);
}

/* What `telltale COMMAND STORE ARGUMENT` prints, for the caller to free. */
static char *ask(const struct recording *recording, const char *command, const char *argument, int *out_status)
{
    char line[2048];

    assert_in_range(snprintf(line, sizeof line, "\"$TELLTALE_PROGRAM\" %s %s %s", command, recording->store, argument),
                    1, sizeof line - 1);
    return run_command(line, "", out_status);
}

/* The rows of SQL, which contains no single quote, must be ROWS. */
static void expect_rows(const struct recording *recording, const char *sql, const char *rows)
{
    char argument[1024], *answer;
    int status;

    assert_in_range(snprintf(argument, sizeof argument, "'%s'", sql), 1, sizeof argument - 1);
    answer = ask(recording, "query --format csv", argument, &status);
    if (status != 0 || strcmp(answer, rows) != 0) {
        fprintf(stderr, "%s\n--- expected\n%s--- is, with status %d\n%s---\n", sql, rows, status, answer);
        fail();
    }
    free(answer);
}

/* The lines of TEXT must match PATTERNS, in their order. */
static void expect_lines(const char *text, const char *const *patterns)
{
    char *copy = strdup(text), *rest = copy, *line;
    size_t found = 0;

    while (patterns[found] && (line = strsep(&rest, "\n")))
        if (fnmatch(patterns[found], line, 0) == 0)
            found++;
    if (patterns[found]) {
        fprintf(stderr, "--- no line after those before it is like this\n%s\n--- in\n%s---\n", patterns[found], text);
        fail();
    }
    free(copy);
}

static void expect_report(const struct recording *recording, int expected_status, const char *const *patterns)
{
    int status;
    char *report = ask(recording, "report", "", &status), *masked = mask(report);

    expect_lines(masked, patterns);
    if (status != expected_status) {
        fprintf(stderr, "the report ended with status %d, not with %d\n%s", status, expected_status, report);
        fail();
    }
    free(report);
    free(masked);
}

struct expectation {
    const char *scenario;
    int record_status; /* of telltale record: the program's */
    int report_status;
    const char *lines[LINES_MAX];
    const char *sql, *rows; /* NULL: nothing more */
};

static void expect_recorded(const struct expectation *expected)
{
    struct recording recording;
    int status;

    open_recording(&recording);
    free(play_recorded(find_scenario(expected->scenario), recording.store, &status));
    assert_int_equal(status, expected->record_status);
    expect_report(&recording, expected->report_status, expected->lines);
    if (expected->sql)
        expect_rows(&recording, expected->sql, expected->rows);
    close_recording(&recording);
}

/* ------------------------------------------------------------------------------------------------ the echo server */

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

/* The line of an example's source that has TEXT for the COUNTth time. */
static int line_of(const char *example, const char *text, int count)
{
    char command[1024], *answer;
    int status, line;

    snprintf(command, sizeof command,
             "grep -nF '%s' \"$TELLTALE_TEST_SOURCE/runtime/examples/%s.c\" | sed -n '%d{s/:.*//;p;}'", text, example,
             count);
    answer = run_command(command, "", &status);
    line = atoi(answer);
    free(answer);
    assert_true(line > 0);
    return line;
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

/* -------------------------------------------------------------------------------------- the other examples */

static void a_failure_is_lost_where_its_last_handle_is_released(void **state)
{
    static const struct expectation expected = {
        "exception_handler",
        0,
        1,
        {"  RuntimeError: job 1 went wrong", " * task * #* \"job-1\" created at exception_handler:<line> in keep_two",
         " * created by * main program",
         " * held by * reference taken at exception_handler:<line> in keep_two, released at exception_handler:<line> "
         "in keep_two",
         " * lost because * the last reference went and nobody had looked at the failure*",
         " * reported * to the custom exception handler, *", "  RuntimeError: job 2 went wrong",
         " * reported * to the custom exception handler, *", "  RuntimeError: job 3 went wrong",
         " * held by * reference taken at exception_handler:<line> in keep_two, released at exception_handler:<line> "
         "in keep_two",
         " * lost because * the last reference went and nobody had looked at the failure",
         " * reported * to the custom exception handler, at once",
         "SUMMARY: telltale: 3 lost failures in 3 groups, 0 absorbed, 0 held, 0 tasks pending at the end"},
        "SELECT name, state, reason, reported_to FROM failures ORDER BY failure_id",
        "name,state,reason,reported_to\njob-1,lost,dropped,custom\njob-2,lost,dropped,custom\njob-3,lost,dropped,"
        "custom\n"};

    (void)state;
    expect_recorded(&expected);
}

static void the_place_of_the_last_release_is_the_programs_own(void **state)
{
    struct recording recording;
    char rows[256];
    int status;

    (void)state;
    open_recording(&recording);
    free(play_recorded(find_scenario("exception_handler"), recording.store, &status));
    snprintf(rows, sizeof rows, "name,line\njob-1,%d\njob-2,%d\njob-3,%d\n",
             line_of("exception_handler", "tt_task_unref(first);", 1),
             line_of("exception_handler", "tt_task_unref(second);", 1),
             line_of("exception_handler", "tt_task_unref(third);", 1));
    expect_rows(&recording,
                "SELECT f.name, s.line FROM failures AS f JOIN failure AS r USING (failure_id) "
                "JOIN site AS s ON s.site_id = r.released_site_id ORDER BY f.failure_id",
                rows);
    close_recording(&recording);
}

static void failures_held_at_the_exit_are_lost_in_silence(void **state)
{
    static const struct expectation expected = {
        "exception_handler_all_kept",
        0,
        1,
        {"LOST FAILURE: 3 failures of 3 tasks, *",
         " * held by * reference taken at exception_handler:<line> in start_and_hold_all, never released",
         " * lost because * the process exited while the failure was held, and nobody had looked at it*",
         " * reported * to nobody", "  2 more like it: *",
         "SUMMARY: telltale: 3 lost failures in 1 group, 0 absorbed, 0 held, 0 tasks pending at the end"},
        "SELECT name, state, reason FROM failures",
        "name,state,reason\njob-1,lost,held_at_exit\njob-2,lost,held_at_exit\njob-3,lost,held_at_exit\n"};

    (void)state;
    expect_recorded(&expected);
}

static void failures_released_by_a_task_are_lost_there(void **state)
{
    static const struct expectation expected = {
        "exception_handler_released_later",
        0,
        1,
        {"LOST FAILURE: 3 failures of 3 tasks, *",
         " * held by * reference taken at exception_handler:<line> in start_and_hold_all, released at "
         "exception_handler:<line> in release_all",
         " * reported * to the custom exception handler, *", "  2 more like it: *",
         "SUMMARY: telltale: 3 lost failures in 1 group, 0 absorbed, 0 held, 0 tasks pending at the end"},
        "SELECT name, state, reason FROM failures ORDER BY released_ns",
        "name,state,reason\njob-2,lost,dropped\njob-1,lost,dropped\njob-3,lost,dropped\n"};

    (void)state;
    expect_recorded(&expected);
}

static void a_callback_that_raises_is_shown_and_is_no_finding(void **state)
{
    static const struct expectation expected = {
        "done_callback",
        0,
        0,
        {"FAILED CALLBACKS: 1, told to the exception handler", "  RuntimeError: the job went wrong",
         " * told * to the custom exception handler at * Exception in callback when_done() at done_callback:<line>",
         NOTHING_LOST},
        "SELECT name, state, user_touch_count FROM failures",
        "name,state,user_touch_count\njob,delivered,1\n"};

    (void)state;
    expect_recorded(&expected);
}

static void a_callback_and_an_awaiter_both_look_at_the_failure(void **state)
{
    static const struct expectation expected = {"done_callback_await",
                                                0,
                                                0,
                                                {NOTHING_LOST},
                                                "SELECT u.is_user, w.word AS how FROM touch AS u JOIN word AS w ON "
                                                "w.number = u.how AND w.enumeration = \"touch_how\" "
                                                "ORDER BY u.touched_ns, u.sequence",
                                                "is_user,how\n1,result\n1,await\n"};

    (void)state;
    expect_recorded(&expected);
}

static void another_thread_receives_the_failure_through_the_chain(void **state)
{
    static const struct expectation expected = {
        "threadsafe",
        0,
        0,
        {NOTHING_LOST},
        "SELECT kind, state, substr(parent_text, 1, 6) AS parent, trim(ltrim(forwarded_to, \"#0123456789\")) AS "
        "forwarded "
        "FROM failures ORDER BY kind",
        "kind,state,parent,forwarded\ntask,delivered,thread,(thread_chain)\nthread_future,delivered,thread,\n"};

    (void)state;
    expect_recorded(&expected);
}

static void a_dropped_thread_future_leaves_an_absorbed_failure(void **state)
{
    static const struct expectation expected = {
        "threadsafe_dropped",
        0,
        1,
        {"ABSORBED FAILURE: 1 failure of 1 *", "  RuntimeError: the job went wrong",
         " * absorbed * the library looked at the failure, user code never did*", " * reported * to nobody",
         "SUMMARY: telltale: *1 absorbed, 0 held, 0 tasks pending at the end"},
        "SELECT state, reason FROM failures WHERE kind = \"task\"",
        "state,reason\nabsorbed,thread_chain\n"};

    (void)state;
    expect_recorded(&expected);
}

static void a_wrapper_is_known_by_the_thread_that_submitted_it(void **state)
{
    static const struct expectation expected = {
        "threadsafe_callback",
        0,
        0,
        {"FAILED CALLBACKS: 1, told to the exception handler", NOTHING_LOST},
        "SELECT coroutine, outcome, substr(parent_text, 1, 6) AS parent, (SELECT f.state FROM failures AS f WHERE "
        "f.failure_id = "
        "task_id) AS state FROM tasks ORDER BY task_id",
        "coroutine,outcome,parent,state\nstart_job,returned,thread,\njob,failed,\"#65 \"\"T\",delivered\n"};

    (void)state;
    expect_recorded(&expected);
}

static void a_callback_on_the_thread_future_receives_the_failure(void **state)
{
    static const struct expectation expected = {"threadsafe_callback_on_thread_future",
                                                0,
                                                0,
                                                {NOTHING_LOST},
                                                "SELECT kind, state FROM failures ORDER BY kind",
                                                "kind,state\ntask,delivered\nthread_future,delivered\n"};

    (void)state;
    expect_recorded(&expected);
}

static void signals_start_the_shutdowns_that_cancel_the_workers(void **state)
{
    static const struct expectation expected = {
        "graceful_shutdown",
        0,
        0,
        {NOTHING_LOST},
        "SELECT s.parent_text AS starter, c.by, c.name, c.ending FROM cancellations AS c JOIN tasks AS s ON s.task_id "
        "= c.by_id "
        "ORDER BY c.cancellation_id",
        "starter,by,name,ending\n"
        "signal SIGHUP,task,worker-1,cancelled\nsignal SIGHUP,task,worker-2,cancelled\nsignal "
        "SIGHUP,task,worker-3,cancelled\n"
        "signal SIGTERM,task,worker-1,cancelled\nsignal SIGTERM,task,worker-2,cancelled\nsignal "
        "SIGTERM,task,worker-3,cancelled\n"
        "signal SIGINT,task,worker-1,cancelled\nsignal SIGINT,task,worker-2,cancelled\nsignal "
        "SIGINT,task,worker-3,cancelled\n"};

    (void)state;
    expect_recorded(&expected);
}

static void a_failure_that_starts_the_shutdown_is_lost_all_the_same(void **state)
{
    static const struct expectation expected = {
        "graceful_shutdown_handler",
        0,
        1,
        {"LOST FAILURE: 1 failure of 1 task, *", "  OSError: the disk has vanished",
         " * task * #* \"fails\" created at graceful_shutdown:<line> in run_handler",
         " * reported * to the custom exception handler, at once",
         "SUMMARY: telltale: 1 lost failure in 1 group, 0 absorbed, 0 held, 0 tasks pending at the end"},
        "SELECT s.parent_text AS starter, s.name AS by, c.name, c.ending FROM cancellations AS c "
        "JOIN tasks AS s ON s.task_id = c.by_id ORDER BY c.cancellation_id",
        "starter,by,name,ending\nhandler,shutdown,worker-1,cancelled\nhandler,shutdown,worker-2,cancelled\n"
        "handler,shutdown,worker-3,cancelled\n"};

    (void)state;
    expect_recorded(&expected);
}

static void a_failed_cleanup_that_gather_swallowed_is_absorbed(void **state)
{
    static const struct expectation expected = {
        "graceful_shutdown_bad_cleanup",
        0,
        1,
        {"ABSORBED FAILURE: 1 failure of 1 task, *", "  ValueError: cannot clean up",
         " * raised at * graceful_shutdown:<line> in work_and_fail_in_cleanup",
         " * task * #* \"bad-worker\" created at graceful_shutdown:<line> in run_bad_cleanup",
         " * absorbed * it is a value of a list of gather, and its slot was never read",
         "CONVERTED CANCELLATIONS: 1 task *",
         " * cancelled by * #* \"shutdown\" at graceful_shutdown:<line> in cancel_others",
         " * converted to * ValueError: cannot clean up, *",
         "SUMMARY: telltale: 0 lost failures, 1 absorbed, 0 held, 0 tasks pending at the end"},
        "SELECT name, ending FROM cancellations ORDER BY name",
        "name,ending\nbad-worker,converted\ngood-worker,cancelled\n"};

    (void)state;
    expect_recorded(&expected);
}

/* ---------------------------------------------------------------------------------- recorded by TELLTALE_STORE */

/* Waits until the recorder, which nobody waits for, has seen the end of the program. */
static void wait_for_end(const struct recording *recording)
{
    for (int tries = 0; tries < PROGRAM_SECONDS_MAX * 20; tries++) {
        int status;
        char *answer = ask(recording, "query --format csv",
                           "'SELECT count(*) AS ended FROM processes WHERE ended_ns > 0'", &status);
        bool has_ended = status == 0 && strcmp(answer, "ended\n1\n") == 0;

        free(answer);
        if (has_ended)
            return;
        usleep(50000);
    }
    fail_msg("the recorder has not seen the end of the program within %d s", PROGRAM_SECONDS_MAX);
}

static void a_program_prints_the_same_while_it_is_watched(void **state)
{
    const struct scenario *scenario;

    (void)state;
    for (size_t i = 0; (scenario = get_scenario(i)) != NULL; i++) {
        struct recording recording;
        char *alone, *watched, *alone_masked, *watched_masked;

        open_recording(&recording);
        alone = play_in_c(scenario);
        setenv("TELLTALE_STORE", recording.store, 1);
        watched = play_in_c(scenario);
        unsetenv("TELLTALE_STORE");
        alone_masked = mask(alone);
        watched_masked = mask(watched);
        if (strcmp(alone_masked, watched_masked) != 0) {
            fprintf(stderr, "%s\n--- alone\n%s--- watched\n%s---\n", scenario->name, alone, watched);
            fail();
        }
        free(alone);
        free(watched);
        free(alone_masked);
        free(watched_masked);
        wait_for_end(&recording);
        close_recording(&recording);
    }
}

static void a_program_that_started_its_own_recorder_is_reported_after_a_kill(void **state)
{
    static const char *const lines[] = {
        "telltale: *run.telltale: echo_server, pid *, 4 tasks, ended without goodbye",
        "LOST FAILURE: 1 failure of 1 task, *",
        " * held by * reference taken at echo_server:<line> in listen_for_connections, never released",
        " * lost because * the process was killed and nobody had looked at the failure for *s",
        "PENDING AT THE END: 3 tasks, no finding",
        NULL};
    struct recording recording;

    (void)state;
    open_recording(&recording);
    setenv("TELLTALE_STORE", recording.store, 1);
    free(play_in_c(find_scenario("echo_server_hold_killed")));
    unsetenv("TELLTALE_STORE");
    wait_for_end(&recording);
    expect_report(&recording, 1, lines);
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
    cmocka_unit_test(the_report_names_the_lines_of_raise_and_creation),
    cmocka_unit_test(a_failure_is_lost_where_its_last_handle_is_released),
    cmocka_unit_test(the_place_of_the_last_release_is_the_programs_own),
    cmocka_unit_test(failures_held_at_the_exit_are_lost_in_silence),
    cmocka_unit_test(failures_released_by_a_task_are_lost_there),
    cmocka_unit_test(a_callback_that_raises_is_shown_and_is_no_finding),
    cmocka_unit_test(a_callback_and_an_awaiter_both_look_at_the_failure),
    cmocka_unit_test(another_thread_receives_the_failure_through_the_chain),
    cmocka_unit_test(a_dropped_thread_future_leaves_an_absorbed_failure),
    cmocka_unit_test(a_wrapper_is_known_by_the_thread_that_submitted_it),
    cmocka_unit_test(a_callback_on_the_thread_future_receives_the_failure),
    cmocka_unit_test(signals_start_the_shutdowns_that_cancel_the_workers),
    cmocka_unit_test(a_failure_that_starts_the_shutdown_is_lost_all_the_same),
    cmocka_unit_test(a_failed_cleanup_that_gather_swallowed_is_absorbed),
    cmocka_unit_test(a_program_prints_the_same_while_it_is_watched),
    cmocka_unit_test(a_program_that_started_its_own_recorder_is_reported_after_a_kill),
};

TT_TEST_MAIN(cases)
