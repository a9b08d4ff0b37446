#!/bin/sh
# test_doctor.sh: what the doctor finds, and which findings fail it.
# shellcheck source-path=SCRIPTDIR source=given.sh disable=SC2016,SC2154,SC2317 # code for other shells; variables of case.sh; cases are called by name
. "$(dirname "$0")/given.sh"

# The verdict on NAME in the last output.
verdict() { # NAME
    awk -v name="$1" '$1 ~ /^(ok|note|BAD)$/ && substr($0, 6, length(name)) == name { print $1 }' "$work/out"
}

case_every_probe_gives_a_verdict() {
    run "$telltale" doctor
    [ "$status" -eq 0 ] || [ "$status" -eq 5 ] || fail "exit status $status"
    for probe in program libraries recorder 'ring dirs' 'left behind' 'this folder' kernel 'file size' 'address space' maps clock lttng provider daemon buffers relay babeltrace2 plugin; do
        [ -n "$(verdict "$probe")" ] || fail "nothing is said about: $probe"
    done
    bad=$(grep -c '^BAD' "$work/out" || :)
    { [ "$bad" -eq 0 ] && [ "$status" -eq 0 ]; } || { [ "$bad" -gt 0 ] && [ "$status" -eq 5 ]; } || fail "$bad bad findings, exit status $status"
    expect_equal "$(ls)" '' 'the files of the folder'
}

case_a_recorder_that_is_not_there_is_bad() {
    run env TELLTALE_PROGRAM="$work/missing" "$telltale" doctor
    expect_status 5 doctor
    expect_equal "$(verdict recorder)" BAD 'the verdict'
    expect_text out 'set TELLTALE_PROGRAM to the program telltale, or unset it'
    run env TELLTALE_PROGRAM="$telltale" "$telltale" doctor
    expect_equal "$(verdict recorder)" ok 'the verdict'
}

case_a_limit_that_is_too_low_for_an_arena_is_bad() {
    run sh -c 'ulimit -f 1000; exec "$1" doctor' sh "$telltale"
    expect_status 5 doctor
    expect_equal "$(verdict 'file size')" BAD 'the verdict'
    expect_text out 'ulimit -f unlimited'
}

case_what_nobody_reads_is_pointed_out() {
    mkfifo input
    "$telltale" record -- "$TELLTALE_TEST_BUILD/tests/viewer/traced" hold <input >output 2>messages &
    record=$!
    background="$background $record"
    exec 9>input
    wait_until has_line output
    recorder=$(find_child "$record" "$telltale")
    traced=$(find_child "$record" "$TELLTALE_TEST_BUILD/tests/viewer/traced")
    kill -STOP "$record"
    kill -KILL "$recorder" "$traced"
    kill -KILL "$record"
    wait "$record" || :
    exec 9>&-
    run "$telltale" doctor
    expect_equal "$(verdict 'left behind')" note 'the verdict'
    expect_text out 'telltale report STORE reads them into the store'
    "$telltale" report run.telltale >/dev/null || :
}

run_case "$@"
