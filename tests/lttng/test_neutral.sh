#!/bin/sh
# test_neutral.sh: LTTng changes nothing. Random programs leave the same logs, line by line, whether a session records them,
# a session begins and ends while they run, or there is none.
# shellcheck source-path=SCRIPTDIR source=session.sh disable=SC2154 # what is not assigned here is session.sh's
. "$(dirname "$0")/session.sh"

# The program has the runtime in itself, and looks for the provider beside itself.
oracle=./bin/oracle

# The programs, and what they do when nobody looks.
play_alone() { # COUNT
    mkdir bin lib
    cp "$TELLTALE_TEST_BUILD/tests/oracle/oracle" bin
    ln -s "$TELLTALE_TEST_BUILD/lib/libtelltale-lttng.so" lib
    python3 "$TELLTALE_TEST_SOURCE/tests/oracle/generate.py" 30001 "$1" >programs || fail 'there are no programs'
    "$oracle" programs logs >alone || fail "the programs end with status $?"
    [ "$(grep -c "" alone)" -gt "$1" ] || fail 'the programs leave no logs'
}

expect_same() { # LOGS
    diff alone "$1" >difference || fail "the logs differ: $(head -n 20 difference)"
}

case_random_programs_that_lttng_records_do_the_same() {
    start_daemon
    play_alone "${TT_COUNT:-1000}"
    start_session s
    TELLTALE_LTTNG=1 "$oracle" programs logs >traced || fail "the programs end with status $?"
    lttng_must stop s
    lttng_must destroy s
    expect_same traced
    recorded=$(babeltrace2 "$work/s" 2>err | grep -c telltale:task_created || :)
    [ "$recorded" -gt "${TT_COUNT:-1000}" ] || fail "LTTng has recorded $recorded tasks: $(tail -n 5 err)"
}

case_random_programs_do_the_same_while_sessions_come_and_go() {
    start_daemon
    play_alone 10000
    TELLTALE_LTTNG=1 "$oracle" programs logs >traced &
    playing=$!
    background="$background $playing"
    sessions=0
    while kill -0 "$playing" 2>/dev/null && [ "$sessions" -lt 8 ]; do
        sessions=$((sessions + 1))
        start_session "s$sessions"
        lttng_must stop "s$sessions"
        lttng_must destroy --no-wait "s$sessions"
    done
    wait "$playing" || fail "the programs end with status $?"
    expect_same traced
}

run_case "$@"
