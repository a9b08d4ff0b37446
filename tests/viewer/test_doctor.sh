#!/bin/sh
# test_doctor.sh: what the doctor finds, and which findings fail it.
# shellcheck source-path=SCRIPTDIR source=given.sh disable=SC2016,SC2154,SC2317 # code for other shells; variables of case.sh; cases are called by name
#
# As root each case has a /dev/shm of its own, where that can be: what others have left there is not what a case left.
if [ "$(id -u)" -eq 0 ] && [ -z "${TELLTALE_TEST_ISOLATED-}" ] && unshare -m mount -t tmpfs t /dev/shm 2>/dev/null; then
    exec env TELLTALE_TEST_ISOLATED=1 unshare -m sh -c 'mount -t tmpfs t /dev/shm && exec sh "$0" "$@"' "$0" "$@"
fi
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

# Leaves the arena of a program that was recorded into NAME.telltale, and killed with its recorder.
leave() { # NAME
    mkfifo "$1.input"
    "$telltale" record -o "$1.telltale" -- "$TELLTALE_TEST_BUILD/tests/viewer/traced" hold <"$1.input" >"$1.output" 2>messages &
    record=$!
    background="$background $record"
    exec 9>"$1.input"
    wait_until has_line "$1.output"
    recorder=$(find_child "$record" "$telltale")
    traced=$(find_child "$record" "$TELLTALE_TEST_BUILD/tests/viewer/traced")
    kill_recording
}

case_what_nobody_reads_is_pointed_out_with_what_to_do_about_each() {
    leave one
    leave two
    leave three
    rm three.telltale*
    run "$telltale" doctor
    expect_equal "$(verdict 'left behind')" note 'the verdict'
    expect_text out "telltale report $PWD/one.telltale reads them into the store"
    expect_text out "telltale report $PWD/two.telltale reads them into the store"
    dir=$(dirname "$(grep -lsF "$PWD/three.telltale" "/dev/shm/telltale-$(id -u)"/*/store)")
    expect_text out "telltale import $dir -o FILE makes a store of them"
    must "$telltale" import "$dir" -o four.telltale
    for name in one two; do
        run "$telltale" report "$name.telltale"
    done
    run "$telltale" doctor
    ! grep -qF "$PWD/" "$work/out" || fail 'nothing of this case is left'
}

# They seem to be of tomorrow, so that others' are older.
case_of_many_ring_dirs_the_newest_are_named() {
    base=/dev/shm/telltale-$(id -u)
    [ -d "$base" ] || mkdir -m 700 "$base"
    tomorrow=$(($(date +%s) + 86400))
    for number in 3 9 1 5 4 2 8 7 6; do
        dir=$base/$(random_word)
        mkdir "$dir"
        printf '%s\n' "$work/$number.telltale" >"$dir/store"
        : >"$dir/1-0.arena"
        touch -d "@$((tomorrow + number))" "$dir"
        printf '%s telltale import %s -o FILE makes a store of them\n' "$number" "$dir" >>dirs
    done
    run "$telltale" doctor
    expect_status 0 doctor
    expect_text out 'with arenas that nobody reads, the newest:'
    expect_equal "$(sed -n '/^note left behind/,/^[a-zA-Z]/s/^ \{20\}//p' "$work/out")" "$(sort -r dirs | sed '$d; s/^. //')" 'the newest ones'
}

run_case "$@"
