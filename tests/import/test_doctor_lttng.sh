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

run_case "$@"
