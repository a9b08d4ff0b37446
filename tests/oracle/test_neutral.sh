#!/bin/sh
# test_neutral.sh: who looks on changes nothing. 1,000 random programs leave the same logs, line by line, whether they are recorded
# or not, and while viewers ask the store that is being written.
# shellcheck source-path=SCRIPTDIR source=../e2e/case.sh disable=SC2154 # telltale and background are case.sh's
. "$(dirname "$0")/../e2e/case.sh"

oracle=$TELLTALE_TEST_BUILD/tests/oracle/oracle

# The programs, and what they do when nobody looks.
play_alone() {
    python3 "$TELLTALE_TEST_SOURCE/tests/oracle/generate.py" 20001 "${TT_COUNT:-1000}" >programs || fail 'there are no programs'
    "$oracle" programs logs >alone || fail "the programs end with status $?"
    [ "$(grep -c '' alone)" -gt "${TT_COUNT:-1000}" ] || fail 'the programs leave no logs'
}

# They did the same, and the store has what they did.
expect_same() { # LOGS STORE
    diff alone "$1" >difference || fail "the logs differ: $(head -n 20 difference)"
    tasks=$("$telltale" query --format csv "$2" 'SELECT count(*) FROM tasks' | tail -n 1)
    [ "$tasks" -gt "${TT_COUNT:-1000}" ] || fail "the store has $tasks tasks only"
}

case_programs_that_are_recorded_do_the_same() {
    play_alone
    "$telltale" record -o run.telltale -- "$oracle" programs logs >recorded 2>err || fail "record ended with status $?"
    expect_same recorded run.telltale
}

# All that can be told: steps, turns, resources, descriptors.
case_programs_of_which_everything_is_recorded_do_the_same() {
    play_alone
    "$telltale" record -o run.telltale --events all -- "$oracle" programs logs >recorded 2>err || fail "record ended with status $?"
    expect_same recorded run.telltale
    events=$("$telltale" query --format csv run.telltale "SELECT count(*) FROM event WHERE name = 'task_resumed'" | tail -n 1)
    [ "$events" -gt "${TT_COUNT:-1000}" ] || fail "the stream has $events steps only"
}

case_programs_that_are_looked_at_do_the_same() {
    play_alone
    "$telltale" record -o run.telltale -- "$oracle" programs logs >watched 2>err &
    recording=$!
    background="$background $recording"
    looks=0
    while kill -0 "$recording" 2>/dev/null; do
        for command in ps report failures; do
            "$telltale" "$command" run.telltale >/dev/null 2>&1 && looks=$((looks + 1))
        done
    done
    wait "$recording" || fail "record ended with status $?"
    [ "$looks" -gt 0 ] || fail 'nobody has looked'
    expect_same watched run.telltale
}

run_case "$@"
