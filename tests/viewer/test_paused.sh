#!/bin/sh
# test_paused.sh: a recorder whose store takes nothing is told, by everybody who reads that store, and no longer when it goes on.
# shellcheck source-path=SCRIPTDIR source=given.sh disable=SC2016,SC2154,SC2317 # code for other shells; variables of case.sh; cases are called by name
if [ "$(id -u)" -eq 0 ] && [ -z "${TELLTALE_TEST_ISOLATED-}" ]; then
    exec env TELLTALE_TEST_ISOLATED=1 unshare -m sh "$0" "$@"
fi
. "$(dirname "$0")/given.sh"

# A disk of this case's own, and on it the store of a program that obeys (traced.c).
start_on_disk() {
    [ "$(id -u)" -eq 0 ] || skip 'needs a disk of its own'
    mkdir small
    mount -t tmpfs -o size=4m t small || skip 'no disk of its own can be mounted here'
    start_recording small/run.telltale obey
    wait_until has_tasks 0
}

has_tasks() { # COUNT
    [ "$(sqlite3 -batch small/run.telltale "SELECT sum(outcome = 1) FROM (SELECT 0 AS outcome UNION ALL SELECT outcome FROM task)")" = "$1" ] &&
        [ "$(sqlite3 -batch small/run.telltale 'SELECT count(*) FROM process')" = 1 ]
}

# Nothing is left on the disk, and the program goes on until the room that the log has is used up. $told is how many tasks it was told to have.
fill_disk() {
    told=0
    dd if=/dev/zero of=small/full bs=1k count=5000 2>/dev/null || :
    until is_paused; do
        echo 100 >&9
        told=$((told + 100))
        sleep 0.02
    done
}

is_paused() {
    "$telltale" doctor small/run.telltale | grep -q 'has written nothing for'
}

end_on_disk() {
    end_recording
    expect_equal "$status" 0 "the exit status of record; it said: $(cat messages)"
    umount small
}

case_a_full_disk_is_told_beside_each_answer() {
    paused=', because there is no room, on the disk or in the store: '
    start_on_disk
    for command in report ps; do
        run "$telltale" $command small/run.telltale
        ! grep 'nothing has been recorded' "$work/out" "$work/err" || fail "$command tells a pause where there is none"
    done
    fill_disk
    run "$telltale" report small/run.telltale
    expect_status 0 report
    expect_text out "  nothing has been recorded since "
    expect_text out "$paused"
    expect_text out ' events wait in their rings'
    for command in ps tree failures stats timeline; do
        run "$telltale" $command small/run.telltale
        expect_status 0 $command
        expect_text err 'small/run.telltale is not complete:'
        expect_text err "$paused"
    done
    run "$telltale" check --strict small/run.telltale
    expect_status 4 'a strict check'
    expect_text err "$paused"
    run "$telltale" doctor small/run.telltale
    expect_status 0 doctor
    expect_text out 'telltale has written nothing for '
    expect_text out 'because there is no room, on the disk or in the store; '
    expect_text out 'make room; recording goes on by itself'
    rm small/full
    wait_until has_tasks "$told"
    run "$telltale" check --strict small/run.telltale
    expect_status 0 'a strict check afterwards'
    expect_equal "$(cat "$work/err")" '' 'messages afterwards'
    run "$telltale" doctor small/run.telltale
    expect_text out ', telltale is writing it'
    end_on_disk
}

# Nobody is there who pauses: what is said is that it could not be read.
case_the_pause_of_a_killed_recorder_is_over() {
    start_on_disk
    fill_disk
    kill -STOP "$record"
    kill -KILL "$recorder"
    wait_until sh -c '! "$1" doctor small/run.telltale | grep "has written nothing for"' sh "$telltale"
    run "$telltale" report small/run.telltale
    expect_text err 'could not be read into it'
    ! grep 'nothing has been recorded' "$work/out" "$work/err" || fail 'a pause is told that is over'
    rm small/full
    kill -CONT "$record"
    wait_until has_tasks "$told"
    end_on_disk
}

run_case "$@"
