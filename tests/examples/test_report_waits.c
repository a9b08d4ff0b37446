/* test_report_waits.c: the examples that wait for several tasks, recorded: who got to know of which failure. */
#include "harness.h"

#include "recording.h"

static void a_gather_that_raised_one_failure_has_absorbed_the_other(void **state)
{
    static const struct expectation expected = {
        "http_status",
        1,
        1,
        {"ABSORBED FAILURE: 1 failure of 1 task, *", "  RuntimeError: /two: 404 Not Found",
         "    task          #5 \"fill-two\" created at http_status:<line> in fill_both",
         "    read by       gather at http_status:<line> in gather_both",
         "    absorbed      the library looked at the failure, user code never did: gather read it and passed on "
         "nothing "
         "of it",
         "SUMMARY: telltale: 0 lost failures, 1 absorbed, 0 held, 0 tasks pending at the end"},
        "SELECT name, state, reason, forwarded_to FROM failures WHERE kind = \"task\" ORDER BY name",
        "name,state,reason,forwarded_to\nfill-one,delivered,,#6 (gather)\nfill-two,absorbed,gather,\n"};

    (void)state;
    expect_recorded(&expected);
}

static void values_of_a_gather_are_delivered_slot_by_slot(void **state)
{
    static const struct expectation expected = {"http_status_values",
                                                0,
                                                0,
                                                {NOTHING_LOST},
                                                "SELECT name, state, user_touch_count FROM failures ORDER BY name",
                                                "name,state,user_touch_count\nfill-one,delivered,1\nfill-two,"
                                                "delivered,1\n"};

    (void)state;
    expect_recorded(&expected);
}

static void wait_saw_the_failures_and_did_not_touch_them(void **state)
{
    static const struct expectation expected = {
        "http_status_wait",
        0,
        1,
        {"LOST FAILURE: 1 failure of 1 task, *", "  RuntimeError: /one: 404 Not Found",
         " * held by * reference taken at http_status:<line> in fill_both, released at http_status:<line> in "
         "wait_for_both",
         " * reported * to the default exception handler, *", "  RuntimeError: /two: 404 Not Found",
         "SUMMARY: telltale: 2 lost failures in 2 groups, 0 absorbed, 0 held, 0 tasks pending at the end"},
        "SELECT name, state, reason, library_touch_count FROM failures ORDER BY name",
        "name,state,reason,library_touch_count\nfill-one,lost,dropped,0\nfill-two,lost,dropped,0\n"};

    (void)state;
    expect_recorded(&expected);
}

static void failures_that_are_read_after_a_wait_are_delivered(void **state)
{
    static const struct expectation expected = {"http_status_wait_read",
                                                0,
                                                0,
                                                {NOTHING_LOST},
                                                "SELECT name, state FROM failures ORDER BY name",
                                                "name,state\nfill-one,delivered\nfill-two,delivered\n"};

    (void)state;
    expect_recorded(&expected);
}

static void a_wrapped_failure_keeps_what_it_wrapped(void **state)
{
    static const struct expectation expected = {
        "http_status_refused",
        1,
        0,
        {NOTHING_LOST},
        "SELECT e.type, c.type AS context FROM failures AS f JOIN exception AS e USING (exception_id) "
        "JOIN exception AS c ON c.exception_id = e.context_id WHERE f.kind = \"task\"",
        "type,context\nRuntimeError,ConnectionRefusedError\n"};

    (void)state;
    expect_recorded(&expected);
}

static void the_end_of_the_run_cancels_whom_gather_left_running(void **state)
{
    static const struct expectation expected = {
        "gather",
        0,
        0,
        {NOTHING_LOST},
        "SELECT t.name, t.outcome, c.by_text, f.state, f.forwarded_to FROM tasks AS t LEFT JOIN failures AS f ON "
        "f.failure_id = t.task_id LEFT JOIN cancellations AS c ON c.task_id = t.task_id WHERE t.name IN (\"A\", \"B\", "
        "\"C\") ORDER BY t.task_id",
        "name,outcome,by_text,state,forwarded_to\nA,failed,,delivered,#6 "
        "(gather)\nB,cancelled,runner,,\nC,returned,,,\n"
        "A,cancelled,runner,,\nB,failed,,delivered,#18 (gather)\nC,returned,,,\n"};

    (void)state;
    expect_recorded(&expected);
}

static void a_second_failure_is_absorbed_when_the_loop_lives_on(void **state)
{
    static const struct expectation expected = {
        "gather_goes_on",
        0,
        1,
        {"ABSORBED FAILURE: 1 failure of 1 task, *", "    raised at     gather:<line> in fail",
         "    task          #4 \"B\" created at gather:<line> in create_all",
         "    read by       gather at gather:<line> in gather_all", "    reported      to nobody",
         "SUMMARY: telltale: 0 lost failures, 1 absorbed, 0 held, 0 tasks pending at the end"},
        "SELECT name, state, reason FROM failures WHERE kind = \"task\" ORDER BY name",
        "name,state,reason\nA,delivered,\nB,absorbed,gather\n"};

    (void)state;
    expect_recorded(&expected);
}

static void failures_and_a_result_stand_in_the_list_of_a_gather(void **state)
{
    static const struct expectation expected = {"gather_values",
                                                0,
                                                0,
                                                {NOTHING_LOST},
                                                "SELECT name, state, user_touch_count FROM failures ORDER BY name",
                                                "name,state,user_touch_count\nA,delivered,1\nB,delivered,1\n"};

    (void)state;
    expect_recorded(&expected);
}

static void wait_read_a_failure_that_nobody_else_reads(void **state)
{
    static const struct expectation expected = {
        "wait_unread",
        0,
        1,
        {"ABSORBED FAILURE: 1 failure of 1 task, *", "  RuntimeError: broken: no such file",
         "    absorbed      the library looked at the failure, user code never did: wait looked at it in order to "
         "return, "
         "and passed on nothing of it",
         "SUMMARY: telltale: 0 lost failures, 1 absorbed, 0 held, 0 tasks pending at the end"},
        "SELECT f.name, f.state, f.reason, w.text, w.until FROM failures AS f, waits AS w",
        "name,state,reason,text,until\nbroken,absorbed,wait,3 tasks,first_exception\n"};

    (void)state;
    expect_recorded(&expected);
}

static void a_failure_behind_a_cancelled_shield_is_lost_when_nobody_reads_it(void **state)
{
    static const struct expectation expected = {
        "shield_forgotten",
        0,
        1,
        {"LOST FAILURE: 1 failure of 1 task, *", "  RuntimeError: the disk is full",
         "SUMMARY: telltale: 1 lost failure in 1 group, 0 absorbed, 0 held, 0 tasks pending at the end"},
        "SELECT name, state, reason, library_touch_count FROM failures",
        "name,state,reason,library_touch_count\nsave,lost,dropped,0\n"};

    (void)state;
    expect_recorded(&expected);
}

static void a_failure_behind_a_cancelled_shield_is_delivered_when_somebody_does(void **state)
{
    static const struct expectation expected = {"shield_fails",
                                                0,
                                                0,
                                                {NOTHING_LOST},
                                                "SELECT name, state, user_touch_count FROM failures",
                                                "name,state,user_touch_count\nsave,delivered,1\n"};

    (void)state;
    expect_recorded(&expected);
}

static void a_limit_is_answered_with_an_error_once(void **state)
{
    static const struct expectation expected = {
        "time_limits",
        0,
        0,
        {"CONVERTED CANCELLATIONS: 1 task answered with another exception",
         "    cancelled by  awaiter #2 \"Task-1\" at time_limits:<line> in call",
         "    converted to  KeyError: cleanup, raised at time_limits:<line> in stubborn", NOTHING_LOST},
        "SELECT by, ending, count(*) AS count FROM cancellations GROUP BY by, ending ORDER BY by, ending",
        "by,ending,count\nawaiter,cancelled,1\nawaiter,converted,1\ntimeout,converted,1\ntimeout,timed_out,2\n"};

    (void)state;
    expect_recorded(&expected);
}

static void the_failure_that_is_first_has_the_others_cancelled(void **state)
{
    static const struct expectation expected = {
        "group_failures",
        0,
        0,
        {NOTHING_LOST},
        "SELECT t.outcome, count(*) AS tasks, count(c.by_id) AS by_the_group, max(f.state) AS state FROM tasks AS t "
        "LEFT "
        "JOIN cancellations AS c ON c.task_id = t.task_id AND c.by = \"group\" LEFT JOIN failures AS f ON f.failure_id "
        "= "
        "t.task_id WHERE t.coroutine = \"run_child\" GROUP BY t.outcome ORDER BY t.outcome",
        "outcome,tasks,by_the_group,state\ncancelled,4,4,\nfailed,1,0,delivered\n"};

    (void)state;
    expect_recorded(&expected);
}

static void failures_of_one_turn_are_delivered_together(void **state)
{
    static const struct expectation expected = {
        "group_failures_at_once",
        0,
        0,
        {NOTHING_LOST},
        "SELECT t.outcome, count(*) AS tasks, min(f.state) AS state FROM tasks AS t LEFT JOIN failures AS f ON "
        "f.failure_id "
        "= t.task_id WHERE t.coroutine = \"run_child\" GROUP BY t.outcome ORDER BY t.outcome",
        "outcome,tasks,state\ncancelled,3,\nfailed,2,delivered\n"};

    (void)state;
    expect_recorded(&expected);
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test(a_gather_that_raised_one_failure_has_absorbed_the_other),
    cmocka_unit_test(values_of_a_gather_are_delivered_slot_by_slot),
    cmocka_unit_test(wait_saw_the_failures_and_did_not_touch_them),
    cmocka_unit_test(failures_that_are_read_after_a_wait_are_delivered),
    cmocka_unit_test(a_wrapped_failure_keeps_what_it_wrapped),
    cmocka_unit_test(the_end_of_the_run_cancels_whom_gather_left_running),
    cmocka_unit_test(a_second_failure_is_absorbed_when_the_loop_lives_on),
    cmocka_unit_test(failures_and_a_result_stand_in_the_list_of_a_gather),
    cmocka_unit_test(a_limit_is_answered_with_an_error_once),
    cmocka_unit_test(the_failure_that_is_first_has_the_others_cancelled),
    cmocka_unit_test(failures_of_one_turn_are_delivered_together),
    cmocka_unit_test(wait_read_a_failure_that_nobody_else_reads),
    cmocka_unit_test(a_failure_behind_a_cancelled_shield_is_lost_when_nobody_reads_it),
    cmocka_unit_test(a_failure_behind_a_cancelled_shield_is_delivered_when_somebody_does),
};

TT_TEST_MAIN(cases)
