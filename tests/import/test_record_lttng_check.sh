#!/bin/sh
# test_record_lttng_check.sh: what was not recorded, or not all of it, is said with its reason, and is no clean run.
# shellcheck source-path=SCRIPTDIR source=recording.sh disable=SC2154,SC2317 # variables of case.sh; cases are called by name
. "$(dirname "$0")/recording.sh"

case_a_program_that_is_not_traced_is_pointed_out() {
    run "$telltale" record --lttng -- true
    expect_status 0 true
    expect_text err 'nothing was traced'
    expect_text err 'libtelltale-lttng.so'
    expect_nothing_left
    run "$telltale" record --lttng -- sh -c 'exit 3'
    expect_status 3 "the command's"
    expect_nothing_left
}

# What is under the name after a recording is of that recording, whichever way it was made.
case_a_store_of_before_is_not_taken_for_that_of_a_program_that_is_not_traced() {
    for way in '' --lttng; do
        must "$telltale" record -- "$traced" fail
        # shellcheck disable=SC2086 # an option or none
        must "$telltale" record $way -- true
        expect_text err 'replacing the recording in run.telltale'
        expect_text err 'nothing was traced'
        must "$telltale" report run.telltale
        expect_text out 'no process was traced'
    done
    must "$telltale" record -- "$traced" fail
    run "$telltale" record --lttng --append -- true
    expect_equal "$(grep -c record: "$work/err")" 1 'lines about a store that is gone on with'
    expect_rows run.telltale 'SELECT count(*) FROM failures' 1
}

case_a_check_of_a_program_that_is_not_traced_is_uncertain() {
    for way in '' --lttng; do
        # shellcheck disable=SC2086 # an option or none
        run "$telltale" record $way --check -- true
        expect_status 4 "record $way --check"
        run "$telltale" check --strict run.telltale
        expect_status 4 'check --strict'
        run "$telltale" report --strict run.telltale
        expect_status 4 'report --strict'
        must "$telltale" record -- "$traced" clean
        # shellcheck disable=SC2086
        run "$telltale" record $way --check --append -- true
        expect_status 4 "record $way --check --append"
        expect_text err 'nothing was traced'
        # shellcheck disable=SC2086
        run "$telltale" record $way --check --append -- "$traced" clean
        expect_status 0 "record $way --check --append of a program that is traced"
        # shellcheck disable=SC2086
        run "$telltale" record $way --check -- sh -c 'exit 7'
        expect_status 7 "the command's"
    done
}

case_nothing_was_traced_for_want_of_shared_memory() {
    [ "$(id -u)" -eq 0 ] || skip 'needs a /dev/shm of its own'
    mount -o remount,size=1m /dev/shm
    run "$telltale" record --lttng --check -- "$traced" fail
    expect_status 5 'a program that cannot be recorded'
    expect_text err "nothing was traced: LTTng's buffers do not fit into /dev/shm: 8 MiB for each of"
    expect_text err 'and 1 MiB were free'
    ! grep -q 'libtelltale-lttng.so' "$work/err" || fail 'a reason is named that it cannot be'
    expect_nothing_left
}

case_nothing_was_traced_of_a_program_that_does_not_wait() {
    for timeout in 0 1 soon ''; do
        run env LTTNG_UST_REGISTER_TIMEOUT="$timeout" "$telltale" record --lttng -- true # it emits nothing in any case
        expect_text err "LTTNG_UST_REGISTER_TIMEOUT is ${timeout:-empty}, so true does not wait"
    done
    for timeout in 3000 -1; do
        run env LTTNG_UST_REGISTER_TIMEOUT="$timeout" "$telltale" record --lttng -- true
        ! grep -q 'does not wait' "$work/err" || fail "$timeout is long enough"
    done
}

case_nothing_was_traced_of_a_program_that_was_killed() {
    run "$telltale" record --lttng -- sh -c 'kill -KILL $$'
    expect_status 137 "the command's"
    expect_text err 'nothing was traced: sh was ended by a signal (Killed), before LTTng had registered it'
}

# Whoever has telltale without the library that talks to LTTng.
case_a_provider_that_is_missing_is_named_with_what_to_install() {
    install_prefix
    rm "$libraries/libtelltale-lttng.so"
    cp "$TELLTALE_TEST_SOURCE/tests/import/emitter.c" .
    compile telltale-trace emitter.c
    must "$prefix/bin/telltale" record --lttng -- sh -c './program 10 || :'
    expect_text err 'nothing was traced: libtelltale-lttng.so cannot be loaded'
    expect_text err 'apt-get install liblttng-ust1, or install telltale anew'
    run "$prefix/bin/telltale" record --lttng --check -- sh -c './program 10 || :'
    expect_status 5 'a program that cannot be recorded'
    run "$prefix/bin/telltale" doctor
    expect_text out 'libtelltale-lttng.so cannot be loaded'
    expect_text out 'apt-get install liblttng-ust1, or install telltale anew'
    expect_nothing_left
}

case_what_is_not_installed_is_said() {
    mkdir empty
    run env PATH="$work/here/empty" "$telltale" record --lttng -- "$traced" fail
    expect_status 5 record
    expect_text err 'lttng-sessiond is not installed'
    expect_equal "$(find "$work" -maxdepth 1 -name 'telltale-*')" '' 'private folders'
}

# A disk of its own for what is to be full, which only root can have.
case_a_full_disk_is_told_and_makes_no_clean_run() {
    [ "$(id -u)" -eq 0 ] || skip 'needs a disk of its own'
    mkdir small
    mount -t tmpfs -o size=4m t small
    must "$telltale" record -o before.telltale -- "$traced" clean
    cp before.telltale small/run.telltale
    dd if=/dev/zero of=small/full bs=1k count=5000 2>/dev/null || :
    run "$telltale" record --lttng --check -o small/run.telltale -- "$traced" fail
    expect_status 5 'a store that cannot be written'
    expect_text err 'the recording in small/run.telltale is an earlier one, of 20'
    cmp -s before.telltale small/run.telltale || fail 'the earlier recording was changed'
    ! grep -q 'emitted no events' "$work/err" || fail 'what is not known is told'
    expect_text err 'the trace is kept'
    kept=$(sed -n 's/.*the trace is kept: //p' "$work/err")
    must "$telltale" import "$kept"
    expect_rows run.telltale 'SELECT state FROM failures' lost
    rm -rf "$work"/telltale-*
    dd if=/dev/zero of=small/full bs=1k count=5000 2>/dev/null || :
    run env TMPDIR="$work/here" "$telltale" record --lttng --check --keep-trace small/trace -- "$traced" fail
    expect_status 5 'a trace that cannot be written'
    ! grep -q 'emitted no events' "$work/err" || fail 'what is not known is told'
    umount small
}

# One rule for uncertainty: what was lost fails a recording that is checked as it fails a strict check of its store.
case_what_was_lost_fails_a_recording_that_is_checked() {
    run "$telltale" record --lttng --check --ring-bytes 64K -- "$emitter" 200000
    expect_status 4 'record --lttng --check'
    run "$telltale" check --strict run.telltale
    expect_status 4 'check --strict'
    run "$telltale" check run.telltale
    expect_status 0 'check'
}

case_full_buffers_are_told_with_the_exact_number() {
    run "$telltale" record --lttng --ring-bytes 64K -- "$emitter" 200000
    expect_status 0 record
    expect_text err 'LTTng discarded'
    lost=$(view run.telltale 'SELECT sum(count) FROM losses')
    told=$(sqlite3 run.telltale 'SELECT count(*) FROM note')
    others=$(($(view run.telltale 'SELECT record_count FROM processes') - told))
    # All that was emitted: the notes, and what the process says of itself: begun, attached, ended, if it was not discarded.
    emitted=$(view run.telltale 'SELECT attempt_count FROM processes')
    { [ "$emitted" -ge 200002 ] && [ "$emitted" -le 200003 ]; } || fail "$emitted events were emitted, $told notes are there, $others others, $lost lost"
    [ "$((told + others + lost))" -eq "$emitted" ] || fail 'they do not add up'
    [ "$lost" -gt 1000 ] || fail "only $lost were lost: the buffers were not full"
    expect_rows run.telltale "SELECT DISTINCT what, is_vital FROM losses WHERE what <> 'cut_off'" 'discarded|1' # the goodbye may be among them
}

run_case "$@"
