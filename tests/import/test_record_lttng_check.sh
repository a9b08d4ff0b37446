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
    [ ! -e run.telltale ] || fail 'a store was written'
    must "$telltale" record -- "$traced" fail
    cksum run.telltale >before
    run "$telltale" record --lttng -- sh -c 'exit 4'
    expect_status 4 "the command's"
    cksum run.telltale | cmp -s - before || fail 'the earlier recording is gone'
    expect_nothing_left
}

case_nothing_was_traced_for_want_of_shared_memory() {
    [ "$(id -u)" -eq 0 ] || skip 'needs a /dev/shm of its own'
    mount -o remount,size=1m /dev/shm
    run "$telltale" record --lttng -- "$traced" fail
    expect_status 0 "the command's"
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
    run "$prefix/bin/telltale" record --lttng -- ./program 10
    expect_text err 'nothing was traced: libtelltale-lttng.so cannot be loaded'
    expect_text err 'apt-get install liblttng-ust1, or install telltale anew'
    [ ! -e run.telltale ] || fail 'a store was written'
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
    mount -t tmpfs -o size=100k t small
    run "$telltale" record --lttng --check -o small/run.telltale -- "$traced" fail
    expect_status 5 'a store that cannot be written'
    ! grep -q 'emitted no events' "$work/err" || fail 'what is not known is told'
    expect_text err 'the trace is kept'
    kept=$(sed -n 's/.*the trace is kept: //p' "$work/err")
    must "$telltale" import "$kept"
    expect_rows run.telltale 'SELECT state FROM failures' lost
    rm -rf "$work"/telltale-*
    dd if=/dev/zero of=small/full bs=1k count=1000 2>/dev/null || :
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
