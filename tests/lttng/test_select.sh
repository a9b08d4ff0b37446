#!/bin/sh
# test_select.sh: what is recorded is selected anew while a program runs that LTTng alone records: by the program itself, for from outside
# nobody reaches it, which is said.
# shellcheck source-path=SCRIPTDIR source=session.sh
. "$(dirname "$0")/session.sh"

export TELLTALE_LTTNG=1
register_whatever_it_takes

case_a_program_selects_while_lttng_records_it() {
    start_daemon
    start_session s
    must "$programs/tasks" selects
    end_session s
    expect_count s '^categories_selected .*by = \( "program" ' 4 # what went off, and what came on, twice
    must "$telltale" import -o run.telltale "$work/s"
    expect_equal "$(ask run.telltale 'SELECT group_concat(key) FROM (SELECT key FROM note ORDER BY noted_ns)')" a,c 'notes'
    expect_equal "$(ask run.telltale "SELECT category, is_on, by FROM selections WHERE category IN ('step', 'user') ORDER BY category, from_ns")" \
        'step|0|
step|1|program
step|0|program
user|1|
user|0|program
user|1|program' 'selections'
    must "$telltale" query run.telltale "SELECT count(*) >= 2, min(began_ns) >= (SELECT from_ns FROM selections WHERE category = 'step' AND is_on),
        max(began_ns) <= (SELECT until_ns FROM selections WHERE category = 'step' AND is_on) FROM steps" --format csv
    expect_text out '1,1,1'
    expect_equal "$(ask run.telltale 'SELECT count(*) FROM losses')" 0 'losses'
}

case_a_session_that_begins_later_is_told_what_was_selected_last() {
    start_daemon
    mkfifo "$work/feed"
    python3 -c 'import os, socket, subprocess, sys
ours, theirs = socket.socketpair()
process = subprocess.Popen(sys.argv[2:], stdin=theirs)
theirs.close()
open(sys.argv[1]).read()
ours.close()
sys.exit(process.wait())' "$work/feed" "$programs/tasks" selected >"$work/said" 2>"$work/complaints" &
    program=$!
    background="$background $program"
    exec 9>"$work/feed"
    wait_until grep -q ready "$work/said"
    start_session s
    wait_until is_told
    exec 9>&-
    wait "$program" || fail 'the program has failed'
    end_session s
    must "$telltale" import -o run.telltale "$work/s"
    expect_equal "$(ask run.telltale "SELECT category, is_on FROM selections WHERE until_ns IS NULL AND category IN ('step', 'user') ORDER BY category")" \
        'step|1
user|0' 'what is selected now'
}

is_told() {
    grep -raqF select_at_once "$work/s"
}

case_from_outside_nobody_is_reached_and_that_is_said() {
    start_daemon
    must "$telltale" record -o other.telltale -- "$TELLTALE_TEST_BUILD/tests/viewer/traced" clean
    mkdir "$work/tmp"
    TMPDIR=$work/tmp "$telltale" record --lttng -o run.telltale -- "$TELLTALE_TEST_BIN/examples/load" 5 >"$work/said" 2>&1 &
    recording=$!
    background="$background $recording"
    load=$(readlink -f "$TELLTALE_TEST_BIN/examples/load")
    wait_until find_child "$recording" "$load"
    program=$(find_child "$recording" "$load")
    background="$background $program"
    wait_until grep -raqF examples/load "$work/tmp" # it has told LTTng who it is
    export TMPDIR="$work/tmp"
    run "$telltale" select run.telltale --events +step
    expect_status 5 'select'
    expect_text err 'run.telltale: its programs are recorded by LTTng, and select reaches only those that telltale itself records'
    run "$telltale" select other.telltale --events +step
    expect_text err 'no program that runs is being recorded into it'
    kill -TERM "$program"
    wait "$recording" || :
    run "$telltale" select run.telltale
    expect_status 5 'select, of what was recorded'
    expect_text err 'its programs are recorded by LTTng'
    rm run.telltale
    mkdir "$work/tmp/telltale-killed" # the folder of a recording that was killed
    ln -s "$PWD/run.telltale" "$work/tmp/telltale-killed/store"
    run "$telltale" select run.telltale
    expect_text err 'there is no such store'
}

run_case "$@"
