#!/bin/sh
# test_terminal.sh: what is different where somebody sits at a terminal: pages, and that something takes long.
# shellcheck source-path=SCRIPTDIR source=given.sh disable=SC2154,SC2317 # variables of case.sh; cases are called by name
. "$(dirname "$0")/given.sh"

on_terminal=$TELLTALE_TEST_SOURCE/tests/viewer/on_terminal.py
unset TELLTALE_PAGER PAGER LESS

# A query without end.
endless='WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n'

case_a_pager_shows_what_a_terminal_would() {
    given killed
    for variable in TELLTALE_PAGER PAGER; do
        must env "$variable=sed s/^/page:/" "$on_terminal" "$telltale" ps run.telltale -C id,name
        expect_text out 'page:#2  serve'
    done
    must env PAGER=false TELLTALE_PAGER='sed s/^/page:/' "$on_terminal" "$telltale" ps run.telltale --format csv
    expect_text out 'page:'
}

case_the_exit_status_is_that_of_the_command() {
    given killed
    run env TELLTALE_PAGER='sed s/^/page:/' "$on_terminal" "$telltale" report run.telltale --color never
    expect_status 1 report
    expect_text out 'page:SUMMARY'
    run env TELLTALE_PAGER='sed s/^/page:/' "$on_terminal" "$telltale" ps nothing.telltale
    expect_status 3 'ps of nothing'
    expect_text out 'page:telltale: nothing.telltale: there is no such file'
}

case_there_are_ways_to_have_no_pager() {
    given killed
    must env TELLTALE_PAGER='sed s/^/page:/' "$on_terminal" "$telltale" ps run.telltale -C name --no-pager
    ! grep -q page: "$work/out" || fail '--no-pager starts one'
    for none in '' cat; do
        must env PAGER='sed s/^/page:/' TELLTALE_PAGER="$none" "$on_terminal" "$telltale" ps run.telltale -C name
        ! grep -q page: "$work/out" || fail "TELLTALE_PAGER=$none starts one"
        expect_text out client-3
    done
    must env TELLTALE_PAGER='sed s/^/page:/' "$telltale" ps run.telltale
    ! grep -q page: "$work/out" || fail 'a pager is started where there is no terminal'
    must "$on_terminal" env PATH=/nowhere "$telltale" ps run.telltale -C name
    expect_text out client-3
}

case_a_reader_who_leaves_early_is_no_error() {
    given killed
    sqlite3 run.telltale "WITH RECURSIVE n(x) AS (SELECT 1000 UNION ALL SELECT x + 1 FROM n WHERE x < 30000) INSERT INTO task (task_id, name) SELECT x, 'more' FROM n"
    run env TELLTALE_PAGER='head -n 1' "$on_terminal" "$telltale" query run.telltale 'SELECT * FROM tasks' --format csv
    expect_status 0 'query with a pager that ends'
    [ "$(wc -l <"$work/out")" -eq 1 ] || fail 'more than what the pager shows'
}

case_that_a_query_takes_long_is_said_on_a_terminal() {
    given killed
    run "$on_terminal" "$telltale" query run.telltale "$endless" --timeout 3
    grep -q 'telltale: reading run.telltale: [123] s' "$work/out" || fail 'nothing is said'
    expect_text out 'telltale: run.telltale: stopped after the time that --timeout allows'
    run "$on_terminal" --stderr-to "$work/messages" "$telltale" query run.telltale "$endless" --timeout 3
    ! grep -q 'reading' "$work/out" "$work/messages" || fail 'progress is written to what is no terminal'
}

case_a_short_query_says_nothing_about_itself() {
    given killed
    # Long enough that SQLite looks at the clock, and far from a second.
    must env TELLTALE_PAGER= "$on_terminal" "$telltale" query run.telltale --format csv \
        'WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 20000) SELECT count(*) AS rows FROM n'
    expect_equal "$(tr -d '\r' <"$work/out")" 'rows
20000' 'the screen'
}

# The recorder that reads what a kill left finds the store locked for a while.
case_that_a_recovery_takes_long_is_said_on_a_terminal() {
    start_recording run.telltale
    kill_recording
    mkfifo lock
    sqlite3 run.telltale <lock >locked &
    background="$background $!"
    exec 8>lock
    echo "BEGIN IMMEDIATE; SELECT 'locked';" >&8
    wait_until has_line locked
    "$on_terminal" "$telltale" report run.telltale --no-pager >screen 2>&1 </dev/null &
    report=$!
    background="$background $report"
    wait_until grep -q 'telltale: recovering .*run.telltale: [0-9]* s' screen
    exec 8>&-
    wait "$report" || fail "exit status $?"
    tail -n 1 screen | grep -q SUMMARY || fail 'the report is not what stays'
}

run_case "$@"
