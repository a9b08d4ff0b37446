#!/bin/sh
# test_doctor_lttng.sh: what doctor says about LTTng.
# shellcheck source-path=SCRIPTDIR source=recording.sh disable=SC2154,SC2317 # variables of case.sh; cases are called by name
. "$(dirname "$0")/recording.sh"

case_doctor_tells_that_the_buffers_do_not_fit() {
    [ "$(id -u)" -eq 0 ] || skip 'needs a /dev/shm of its own'
    mount -o remount,size=$((10 * $(getconf _NPROCESSORS_CONF)))m /dev/shm
    run "$telltale" doctor
    expect_equal "$(verdict buffers)" ok 'room enough'
    mount -o remount,size=$((8 * $(getconf _NPROCESSORS_CONF) - 1))m /dev/shm
    run "$telltale" doctor
    expect_equal "$(verdict buffers)" note 'too little room'
    expect_text out 'make /dev/shm larger'
}

case_doctor_tells_which_daemon_would_be_used() {
    run "$telltale" doctor
    expect_text out 'none runs; record --lttng starts'
    for probe in lttng provider daemon babeltrace2; do
        expect_equal "$(verdict "$probe")" ok "$probe"
    done
    start_daemon
    run "$telltale" doctor
    expect_text out 'which runs, is used'
    freeze "$daemon"
    run timeout 30 "$telltale" doctor
    expect_equal "$(verdict daemon)" note 'a frozen daemon'
    expect_text out 'one is there and does not answer'
    kill -CONT "$daemon"
    mkdir empty
    run env PATH="$work/here/empty" BABELTRACE_PLUGIN_PATH="$plugins" "$telltale" doctor
    expect_equal "$(verdict lttng)" note 'no lttng-sessiond'
    expect_text out 'apt-get install lttng-tools'
    expect_equal "$(verdict plugin)" ok 'a plugin in BABELTRACE_PLUGIN_PATH'
}

case_doctor_tells_what_is_missing_of_telltale_itself() {
    install_prefix
    rm "$prefix/libexec/telltale/telltale-ctf-reader" "$prefix/libexec/telltale/telltale-lttng-session" "$libraries/libtelltale-lttng.so"
    run "$prefix/bin/telltale" doctor
    for probe in lttng provider babeltrace2; do
        expect_equal "$(verdict "$probe")" note "$probe"
    done
    expect_text out 'telltale-ctf-reader is missing: import does not work'
    make_trace whole
    run "$prefix/bin/telltale" import whole
    expect_status 5 'import without its reader'
    expect_text err 'cannot be executed'
    run "$prefix/bin/telltale" record --lttng -- "$traced" fail
    expect_status 5 'record --lttng without its agent'
    expect_text err 'cannot be executed'
}

# The program has told all before the recording is killed, so all of it is in the trace that it leaves.
leave_trace() {
    record_emitter 100
    kill -STOP "$record"
    exec 9>&-
    wait_until has_written 100
    wait_until has_ended telltale:process_ended
    kill -KILL "$record"
    wait "$record" 2>/dev/null || :
}

has_ended() { # EVENT
    babeltrace2 "$(find "$work" -type d -name trace)" 2>/dev/null | grep -q "$1"
}

case_doctor_finds_the_trace_of_a_recording_that_was_killed() {
    run "$telltale" doctor
    ! grep -qF "$work/telltale-" "$work/out" || fail 'there is a trace before anything was recorded'
    leave_trace
    folder=$(find "$work" -maxdepth 1 -name 'telltale-*')
    wait_until has_no_daemons # the recording's own one goes with it
    run "$telltale" doctor
    expect_equal "$(verdict traces)" note 'a trace that is left behind'
    expect_text out "$folder"
    expect_text out "telltale import $folder/trace -o FILE reads it; then: rm -r $folder"
    mkdir -m 700 "$work/telltale-Left01"
    cp -pR "$folder" "$work/telltale-Left02"
    run "$telltale" doctor # each has a remedy
    expect_text out "telltale import $folder/trace -o FILE reads it; then: rm -r $folder"
    expect_text out "                    rm -r $work/telltale-Left01"
    expect_text out "telltale import $work/telltale-Left02/trace -o FILE reads it; then: rm -r $work/telltale-Left02"
    rm -r "$work/telltale-Left01" "$work/telltale-Left02"
    must "$telltale" import "$folder/trace" -o left.telltale
    expect_equal "$(sqlite3 left.telltale 'SELECT count(*) FROM note')" 100 'notes'
    expect_rows left.telltale 'SELECT count(*) FROM losses' 0
    must "$telltale" record --lttng -- "$traced" clean
    ! grep -qF "$folder" "$work/err" || fail 'the next recording has nothing to do with it'
    rm -r "$folder"
    run "$telltale" doctor
    ! grep -qF "$folder" "$work/out" || fail 'there is no trace any more'
}

case_doctor_leaves_out_folders_of_the_living_and_of_others() {
    record_emitter 10
    folder=$(find "$work" -maxdepth 1 -name 'telltale-*')
    run "$telltale" doctor
    ! grep -qF "$folder" "$work/out" || fail 'a recording that lives has left nothing'
    end_emitter
    mkdir -m 700 "$work/telltale-Left01" "$work/telltale-elsewhere" "$work/telltale-no.dot" "$work/telltale-Other1"
    : >"$work/telltale-File01"
    [ "$(id -u)" -ne 0 ] || chown 65534 "$work/telltale-Other1"
    run "$telltale" doctor
    expect_text out "$work/telltale-Left01 (no trace in it)"
    expect_text out "                    rm -r $work/telltale-Left01"
    ! grep -qE 'telltale-(elsewhere|no.dot|File01)' "$work/out" || fail 'what is not of telltale is named'
    [ "$(id -u)" -ne 0 ] || ! grep -q 'telltale-Other1' "$work/out" || fail 'what is of another user is named'
}

# Where those lie that were made without TMPDIR.
case_doctor_looks_for_traces_in_tmp_too() {
    folder=$(mktemp -d /tmp/telltale-XXXXXX)
    run "$telltale" doctor
    rmdir "$folder"
    grep -qF "$folder" "$work/out" || grep -q '^note *traces.* and [0-9]* more$' "$work/out" || fail 'it is not there'
}

case_doctor_names_sessions_that_killed_recordings_left_in_a_daemon() {
    start_daemon
    run "$telltale" doctor
    expect_equal "$(verdict daemon)" ok 'a daemon that is used'
    leave_trace
    run "$telltale" doctor
    expect_equal "$(verdict daemon)" note 'a daemon with a session that nobody ends'
    expect_text out "sessions of recordings that are gone still record in it: telltale-$record"
    expect_text out "lttng destroy telltale-$record"
    must lttng --no-sessiond destroy "telltale-$record"
    run "$telltale" doctor
    expect_equal "$(verdict daemon)" ok 'a daemon that is used'
}

run_case "$@"
