/* test_report.c: each of the other examples is recorded, and the report says about it what the program itself could not
 * say; and a program prints the same whether it is recorded or not.
 */
#include "harness.h"

#include "recording.h"

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
        {"FAILED CALLBACKS: 1, each told at once", "  RuntimeError: the job went wrong",
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

static void a_callback_that_asks_for_results_fails_with_the_task(void **state)
{
    static const struct expectation expected = {
        "result_in_callback",
        0,
        0,
        {"FAILED CALLBACKS: 2, each told at once", "  RuntimeError: guarded: not a number",
         " * told * to the custom exception handler at * Exception in callback when_done() at "
         "result_in_callback:<line>",
         "  TimeoutError", NOTHING_LOST},
        "SELECT t.name, t.outcome, f.state, f.forwarded_to FROM tasks AS t LEFT JOIN failures AS f ON f.failure_id = "
        "t.task_id WHERE t.name IN (\"good\", \"bad\", \"late\") ORDER BY t.task_id",
        "name,outcome,state,forwarded_to\ngood,returned,,\nbad,failed,delivered,(callback)\nlate,failed,delivered,"
        "(callback)\n"};

    (void)state;
    expect_recorded(&expected);
}

static void a_failure_that_a_callback_dealt_with_ends_the_program_all_the_same(void **state)
{
    static const struct expectation expected = {
        "done_callback_bare",
        1,
        0,
        {NOTHING_LOST},
        "SELECT name, state, user_touch_count, forwarded_to FROM failures ORDER BY failure_id DESC",
        "name,state,user_touch_count,forwarded_to\njob,delivered,2,\"#2 \"\"Task-1\"\" "
        "(await)\"\nTask-1,delivered,1,\n"};

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
         "SUMMARY: telltale: 0 lost failures, 1 absorbed, 0 held, 0 tasks pending at the end"},
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
        {"FAILED CALLBACKS: 1, each told at once", NOTHING_LOST},
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

static void failures_of_threads_and_of_another_loop_are_delivered(void **state)
{
    static const struct expectation expected = {
        "threads_and_processes",
        0,
        0,
        {NOTHING_LOST},
        "SELECT kind, count(*) AS count, min(state) AS state, max(state) AS state FROM failures GROUP BY kind ORDER BY "
        "kind",
        "kind,count,state,state\nexecutor_future,2,delivered,delivered\ntask,1,delivered,delivered\n"
        "thread_future,1,delivered,delivered\n"};

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

static void a_task_without_a_loop_starts_the_shutdown(void **state)
{
    static const struct expectation expected = {
        "graceful_shutdown_orphan",
        0,
        1,
        {"DESTROYED WHILE PENDING: 1 task, *", " * task * #* \"orphan\" created at graceful_shutdown:<line> in *",
         " * waited for * future #* at graceful_shutdown:<line> in wait_for_nothing",
         "SUMMARY: telltale: 0 lost failures, 0 absorbed, 0 held, 1 task destroyed while pending, 0 tasks pending at "
         "the end"},
        "SELECT s.parent_text AS starter, s.name AS by, c.name, c.ending FROM cancellations AS c "
        "JOIN tasks AS s ON s.task_id = c.by_id",
        "starter,by,name,ending\nhandler,shutdown,worker-1,cancelled\n"};

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
        " * lost because * the process was killed and nobody had looked at the failure*",
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
    cmocka_unit_test(a_failure_is_lost_where_its_last_handle_is_released),
    cmocka_unit_test(the_place_of_the_last_release_is_the_programs_own),
    cmocka_unit_test(failures_held_at_the_exit_are_lost_in_silence),
    cmocka_unit_test(failures_released_by_a_task_are_lost_there),
    cmocka_unit_test(a_callback_that_raises_is_shown_and_is_no_finding),
    cmocka_unit_test(a_callback_and_an_awaiter_both_look_at_the_failure),
    cmocka_unit_test(a_callback_that_asks_for_results_fails_with_the_task),
    cmocka_unit_test(a_failure_that_a_callback_dealt_with_ends_the_program_all_the_same),
    cmocka_unit_test(another_thread_receives_the_failure_through_the_chain),
    cmocka_unit_test(a_dropped_thread_future_leaves_an_absorbed_failure),
    cmocka_unit_test(a_wrapper_is_known_by_the_thread_that_submitted_it),
    cmocka_unit_test(a_callback_on_the_thread_future_receives_the_failure),
    cmocka_unit_test(failures_of_threads_and_of_another_loop_are_delivered),
    cmocka_unit_test(signals_start_the_shutdowns_that_cancel_the_workers),
    cmocka_unit_test(a_failure_that_starts_the_shutdown_is_lost_all_the_same),
    cmocka_unit_test(a_task_without_a_loop_starts_the_shutdown),
    cmocka_unit_test(a_failed_cleanup_that_gather_swallowed_is_absorbed),
    cmocka_unit_test(a_program_prints_the_same_while_it_is_watched),
    cmocka_unit_test(a_program_that_started_its_own_recorder_is_reported_after_a_kill),
};

TT_TEST_MAIN(cases)
