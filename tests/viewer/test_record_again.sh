#!/bin/sh
# test_record_again.sh: a store that is there already when somebody begins to record into it: just ended, or damaged.
# shellcheck source-path=SCRIPTDIR source=given.sh disable=SC2154,SC2317 # variables of case.sh; cases are called by name
. "$(dirname "$0")/given.sh"

traced=$TELLTALE_TEST_BUILD/tests/viewer/traced

# Its recorder ends a moment after it.
case_what_has_just_been_recorded_is_replaced() {
    TELLTALE_STORE=$PWD/run.telltale must "$traced" fail
    must "$telltale" record -o run.telltale -- "$traced" clean
    expect_equal "$(sqlite3 -batch run.telltale 'SELECT count(*) || (SELECT count(*) FROM failure) FROM process')" 10 'the recording'
}

# What nobody can read does not pile up in memory, and is not said to be recorded.
case_a_program_does_not_go_on_with_a_damaged_store() {
    must "$telltale" record -o run.telltale -- "$traced" clean
    dd if=/dev/urandom of=run.telltale bs=4096 seek=1 count=40 conv=notrunc 2>/dev/null
    TELLTALE_STORE=$PWD/run.telltale must "$traced" fail
    arenas=$(dirname "$(grep -slxF "$PWD/run.telltale" "/dev/shm/telltale-$(id -u)"/*/store)")
    wait_until test -s "$arenas/refused"
    TELLTALE_STORE=$PWD/run.telltale run "$traced" fail
    expect_text err 'cannot trace: Structure needs cleaning'
    expect_equal "$(find "$arenas" -name '*.arena' | wc -l)" 1 'arenas'
    run "$telltale" record -o run.telltale -- "$traced" clean
    expect_status 5 record
    expect_text err "what was recorded for run.telltale cannot be read into it, and is still in $arenas"
    rm run.telltale
    TELLTALE_STORE=$PWD/run.telltale must "$traced" fail
    must "$telltale" query --format csv run.telltale 'SELECT count(*) FROM failures'
    expect_text out 2
}

run_case "$@"
