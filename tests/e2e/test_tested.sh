#!/bin/sh
# test_tested.sh: a program of tests that says which one runs: what its recording knows of them. The program is the example `tested`.
# shellcheck source-path=SCRIPTDIR source=case.sh
. "$(dirname "$0")/case.sh"

tested=$TELLTALE_TEST_BIN/examples/tested

# One of its tests fails, which is its exit status.
record_tests() { # OPTION...
    run "$telltale" record -o run.telltale "$@" -- "$tested"
    expect_status 1 'tested, one of whose tests fails'
}

case_each_test_has_what_it_failed_lost_and_said() {
    record_tests
    must ask run.telltale "SELECT name || ' ' || outcome || ' ' || failure_count || ' ' || leak_count || coalesce(' ' || text, '') FROM tests ORDER BY test_id"
    expect_equal "$(cat "$work/out")" "pages_are_fetched passed 0 0
a_page_that_is_missing_is_told passed 1 0
a_second_page_is_fetched_as_well passed 1 1
a_page_has_a_number_above_0 failed 0 0 it was left by an assertion
pages_of_other_hosts_are_fetched skipped 0 0" 'the tests'
    must ask run.telltale "SELECT count(*) FROM tests WHERE began_at NOT LIKE '%tested.c:%' OR ended_at NOT LIKE '%tested.c:%' OR duration_ns <= 0"
    expect_equal "$(cat "$work/out")" 0 'tests without place or time'
}

case_a_report_says_in_which_test_a_failure_was_lost() {
    record_tests
    run "$telltale" report run.telltale
    expect_status 1 'a report with a lost failure'
    expect_equal "$(sed -n 's/^ *in test *//p' "$work/out")" a_second_page_is_fetched_as_well 'the test'
}

case_what_a_test_says_stays_out_of_a_recording_that_is_to_have_no_texts() {
    record_tests --redact messages
    must ask run.telltale "SELECT name FROM tests WHERE text IS NOT NULL"
    expect_equal "$(cat "$work/out")" '' 'tests with a text'
    must ask run.telltale "SELECT count(*) FROM tests WHERE name IS NOT NULL"
    expect_equal "$(cat "$work/out")" 5 'tests with their names'
}

# Events test_begun and test_ended by LTTng, where it is there.
case_tests_by_lttng_are_the_same() {
    "$telltale" record --lttng --dry-run -- true >plan 2>&1 || skip "no LTTng: $(tail -n 1 plan)"
    run "$telltale" record --lttng -o run.telltale -- "$tested"
    ! grep -q 'was built without LTTng' "$work/err" || skip 'this build is without LTTng'
    expect_status 1 'tested, by LTTng'
    must ask run.telltale "SELECT group_concat(outcome || ' ' || failure_count, ', ') FROM (SELECT * FROM tests ORDER BY test_id)"
    expect_equal "$(cat "$work/out")" 'passed 0, passed 1, passed 1, failed 0, skipped 0' 'the tests'
}

run_case "$@"
