#!/bin/sh
# test_behind.sh: stores that have not all that was said: whoever asks waits for the recorder, or is told what is missing.
# shellcheck source-path=SCRIPTDIR source=given.sh disable=SC2016,SC2154,SC2317 # code for other shells; variables of case.sh; cases are called by name
. "$(dirname "$0")/given.sh"

# A program whose recorder never comes; what it said is in its arena.
leave_an_arena() { # WHAT...
    TELLTALE_PROGRAM=$(command -v true) TELLTALE_STORE=$PWD/run.telltale "$traced_program" "$@" >/dev/null
    find_arenas run.telltale
    [ "$(find "$arenas" -name '*.arena' | wc -l)" -ge 1 ] || fail 'there is no arena'
}

# Somebody has the lock of FILE until the process $holder ends.
lock() { # FILE
    flock --no-fork "$1" sleep 600 &
    holder=$!
    background="$background $holder"
    wait_until is_locked "$1"
}

unlock() {
    kill "$holder"
    wait "$holder" 2>/dev/null || :
}

is_waiting() { # PROCESS
    [ "$(cut -d ' ' -f 3 "/proc/$1/stat")" = S ]
}

# A recorder that is just beginning has its lock, and has made no store, or an empty one.
case_a_recorder_that_begins_is_waited_for() {
    for beginning in missing empty; do
        rm -f run.telltale*
        leave_an_arena fail
        [ $beginning = missing ] || : >run.telltale
        lock "$arenas/lock"
        "$telltale" check --strict run.telltale >out 2>err &
        check=$!
        background="$background $check"
        wait_until is_waiting $check
        sleep 0.3
        unlock
        status=0
        wait $check || status=$?
        cat out err >"$work/out"
        expect_status 1 "check of a store that is $beginning"
        expect_text out '1 lost failure'
    done
}

# It would be waited for in vain.
case_no_store_is_told_from_one_that_is_not_made_yet() {
    leave_an_arena fail
    lock "$arenas/lock"
    kill -STOP "$holder"
    run "$telltale" check --strict run.telltale
    expect_status 5 check
    expect_text err "run.telltale: there is no store yet: what belongs into it, "
    ! grep -q 'no such file' "$work/err" || fail 'it is said not to be there'
    kill -CONT "$holder"
    unlock
    run "$telltale" check --strict run.telltale
    expect_status 1 'check when nobody has the lock'
    run "$telltale" check --strict other.telltale
    expect_status 3 'check of another store'
    expect_text err 'no such file'
}

case_a_program_that_has_ended_is_in_the_store_at_once() {
    for round in 1 2 3; do
        rm -f run.telltale*
        TELLTALE_PROGRAM=$telltale TELLTALE_STORE=$PWD/run.telltale "$traced_program" fail
        run "$telltale" check --strict run.telltale
        expect_status 1 "check in round $round"
        expect_text out '1 lost failure'
        run "$telltale" report run.telltale
        expect_text out ', exited'
    done
}

case_what_a_recorder_that_stands_still_has_not_read_is_told() {
    start_recording run.telltale
    await_failure run.telltale
    must "$telltale" check --strict run.telltale
    kill -STOP "$recorder"
    run "$telltale" record --append --check -o run.telltale -- "$traced_program" clean
    expect_status 4 'record --append --check'
    expect_text err 'run.telltale: its recorder stands still: what waits in '
    ! grep -q 'nothing was traced' "$work/err" || fail 'nothing is said to have been traced'
    run "$telltale" record --append -o run.telltale -- "$traced_program" clean
    expect_status 0 'record --append'
    expect_text err 'run.telltale: its recorder stands still: what waits in '
    run "$telltale" check --strict run.telltale
    expect_status 4 'check --strict'
    expect_text err 'is not complete:'
    grep -qE '^  up to [1-9][0-9]* events that wait in /dev/shm/.*: the recorder stands still$' "$work/err" || fail 'it is not told how much waits'
    kill -CONT "$recorder"
    must "$telltale" check --strict run.telltale
    expect_equal "$(ask run.telltale 'SELECT count(*) FROM process')" 3 'the processes'
    end_recording
}

case_what_cannot_be_written_into_the_store_is_told() {
    must "$telltale" record -o run.telltale -- "$traced_program" clean
    leave_an_arena fail
    lock run.telltale
    run "$telltale" check --strict run.telltale
    expect_status 4 'check --strict'
    expect_text err 'the store is shown without it'
    grep -qE '^  up to [1-9][0-9]* events that wait in /dev/shm/.*: the store cannot be written$' "$work/err" || fail 'it is not told how much waits'
    run "$telltale" report run.telltale
    expect_status 0 report
    expect_text out 'the store cannot be written'
    unlock
    run "$telltale" check --strict run.telltale
    expect_status 1 'check of a store that can be written'
}

case_arenas_that_cannot_be_read_are_told() {
    must "$telltale" record -o run.telltale -- "$traced_program" clean
    leave_an_arena clean
    for arena in "$arenas"/*.arena; do
        printf 'no arena' | dd of="$arena" conv=notrunc 2>/dev/null
    done
    run "$telltale" check --strict run.telltale
    expect_status 4 'check --strict'
    expect_text err 'what is in 1 arena that cannot be read, in /dev/shm/'
    run "$telltale" check run.telltale
    expect_status 0 check
    rm "$arenas"/*.arena
    must "$telltale" check --strict run.telltale
}

run_case "$@"
