#!/bin/sh
# test_diff.sh: what telltale diff says of two recordings.
# shellcheck source-path=SCRIPTDIR source=given.sh disable=SC2154,SC2317 # variables of case.sh; cases are called by name
. "$(dirname "$0")/given.sh"

given_two() {
    given before
    mv run.telltale before.telltale
    given after
    mv run.telltale after.telltale
}

case_what_is_new_gone_more_fewer_and_slower_is_told() {
    given_two
    expect_screen diff diff before.telltale after.telltale
}

case_the_other_way_round_new_is_gone_and_slower_is_faster() {
    given_two
    expect_screen diff_back diff after.telltale before.telltale
}

case_a_recording_does_not_differ_from_itself() {
    given_two
    expect_screen diff_same diff after.telltale after.telltale --exit-code
}

case_thresholds_leave_out_what_is_small() {
    given_two
    expect_screen diff_counts diff before.telltale after.telltale --only tasks --counts 25
    expect_screen diff_latency diff before.telltale after.telltale --only latencies --latency 200
    must "$telltale" diff before.telltale after.telltale --only latencies --latency 199
    expect_text out slower
}

case_differences_are_data() {
    given_two
    expect_screen diff_json diff before.telltale after.telltale --json --only failures
    expect_screen diff_csv diff before.telltale after.telltale --format csv
    expect_screen diff_nothing diff before.telltale before.telltale --format json
}

case_the_exit_status_tells_on_request() {
    given_two
    run "$telltale" diff before.telltale after.telltale --exit-code
    expect_status 1 'something is different'
    run "$telltale" diff before.telltale after.telltale --exit-code --only latencies --latency 900
    expect_status 0 'nothing is'
    must "$telltale" diff before.telltale after.telltale
    run "$telltale" diff before.telltale
    expect_status 2 'one recording'
    run "$telltale" diff before.telltale missing
    expect_status 3 'one that is not there'
    run "$telltale" diff missing before.telltale
    expect_status 3 'one that is not there'
    given lossy
    must "$telltale" diff run.telltale before.telltale
    expect_text err 'run.telltale is not complete'
}

case_diff_prints_its_queries_for_both() {
    given_two
    expect_screen diff_explained diff before.telltale after.telltale --explain-sql --only failures
}

run_case "$@"
