/* test_report_scopes.c: the examples of timeouts and task groups, recorded: who cancelled, who kept which failure. */
#include "harness.h"

#include "recording.h"

static void a_timeout_that_nobody_noticed_is_a_swallowed_cancellation(void **state)
{
    static const struct expectation expected = {
        "timeout_deaf",
        0,
        1,
        {"SWALLOWED CANCELLATION: 1 cancellation, *",
         "    task          #3 \"deaf\" created at timeout:<line> in be_deaf",
         "    cancelled by  awaiter #2 \"Task-1\" at timeout:<line> in be_deaf",
         "SUMMARY: telltale: 0 lost failures, 0 absorbed, 0 held, 1 swallowed cancellation, 0 tasks pending at the "
         "end"},
        "SELECT kind, state, ending, left_open, (SELECT c.by || \" \" || c.ending FROM cancellations AS c WHERE "
        "c.by_id "
        "= "
        "scope_id) AS cancellation FROM scopes",
        "kind,state,ending,left_open,cancellation\ntimeout,left,swallowed,0,timeout swallowed\n"};

    (void)state;
    expect_recorded(&expected);
}

static void a_timeout_that_was_up_converted_its_cancellation(void **state)
{
    static const struct expectation expected = {
        "timeout",
        0,
        0,
        {NOTHING_LOST},
        "SELECT kind, ending, exception_type, (SELECT c.by_text || \" \" || c.ending FROM cancellations AS c WHERE "
        "c.by_id = "
        "scope_id) AS cancellation FROM scopes",
        "kind,ending,exception_type,cancellation\ntimeout,converted,TimeoutError,timeout #3 timed_out\n"};

    (void)state;
    expect_recorded(&expected);
}

static void failures_that_a_group_raised_are_delivered(void **state)
{
    static const struct expectation expected = {
        "task_group_fails",
        0,
        0,
        {"SUMMARY: telltale: 0 lost failures, 0 absorbed, 0 held, 0 tasks pending at the end"},
        "SELECT name, state, user_touch_count, (SELECT s.abort_reason || \" of \" || s.aborted_by || \", \" || "
        "s.failed_count "
        "|| \" of \" || s.child_count FROM scopes AS s) AS scope FROM failures ORDER BY name",
        "name,state,user_touch_count,scope\n"
        "foot,delivered,1,\"failure of #4 \"\"head\"\", 2 of 3\"\nhead,delivered,1,\"failure of #4 \"\"head\"\", 2 of "
        "3\"\n"};

    (void)state;
    expect_recorded(&expected);
}

static void a_failure_that_an_interrupt_replaced_is_absorbed_by_its_group(void **state)
{
    static const struct expectation expected = {
        "task_group_interrupted",
        0,
        1,
        {"ABSORBED FAILURE: 1 failure of 1 task, *", "  RuntimeError: head: 404",
         "    read by       group at task_group:<line> in interrupted_page",
         "    absorbed      the library looked at the failure, user code never did: its task group ended with another "
         "exception and passed on nothing of it",
         "    reported      to the default exception handler, *",
         "SUMMARY: telltale: 0 lost failures, 1 absorbed, 0 held, 0 tasks pending at the end"},
        "SELECT by, ending FROM cancellations",
        "by,ending\ngroup,uncancelled\n"};

    (void)state;
    expect_recorded(&expected);
}

static void a_group_that_was_left_open_is_a_finding(void **state)
{
    static const struct expectation expected = {
        "task_group_left_open",
        1,
        1,
        {"SCOPE LEFT OPEN: 1 scope, *",
         "    left open     a task group entered at task_group:<line> in careless_page was left open",
         "SUMMARY: telltale: 0 lost failures, 0 absorbed, 0 held, 1 scope left open, 0 tasks pending at the end"},
        "SELECT kind, left_open, ending, child_count FROM scopes",
        "kind,left_open,ending,child_count\ngroup,1,returned,3\n"};

    (void)state;
    expect_recorded(&expected);
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test(a_timeout_that_nobody_noticed_is_a_swallowed_cancellation),
    cmocka_unit_test(a_timeout_that_was_up_converted_its_cancellation),
    cmocka_unit_test(failures_that_a_group_raised_are_delivered),
    cmocka_unit_test(a_failure_that_an_interrupt_replaced_is_absorbed_by_its_group),
    cmocka_unit_test(a_group_that_was_left_open_is_a_finding),
};

TT_TEST_MAIN(cases)
