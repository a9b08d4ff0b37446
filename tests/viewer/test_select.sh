#!/bin/sh
# test_select.sh: what is recorded of a program that runs is selected from outside, and what answers say of it then.
# shellcheck source-path=SCRIPTDIR source=given.sh disable=SC2154,SC2317 # variables of case.sh; cases are called by name
. "$(dirname "$0")/given.sh"

# A program with a task that sleeps and goes on, again and again.
start_program() {
    "$telltale" record -o run.telltale -- "$TELLTALE_TEST_BIN/examples/load" 5 >told 2>complaints &
    recording=$!
    background="$background $recording"
    wait_until "$telltale" select run.telltale
    program=$(find_child "$recording" "$(readlink -f "$TELLTALE_TEST_BIN/examples/load")")
    background="$background $program"
}

end_program() {
    kill -TERM "$program"
    wait "$recording" || :
}

has() { # CONDITION
    [ "$("$telltale" query run.telltale "SELECT $1" --format csv 2>/dev/null | sed 1d)" = 1 ]
}

case_steps_are_switched_on_and_off_while_a_program_runs() {
    start_program
    must "$telltale" select run.telltale
    expect_text out ': default'
    must "$telltale" select run.telltale --events +step
    expect_text out 'load, pid '
    expect_text out ': +step'
    wait_until has '(SELECT count(*) FROM steps) > 10'
    must "$telltale" select run.telltale --events default
    expect_text out ': default'
    must "$telltale" select run.telltale --events +io,-user
    expect_text out ': -user,+io'
    end_program
    must "$telltale" query run.telltale "SELECT max(began_ns) <= (SELECT until_ns FROM selections WHERE category = 'step' AND is_on),
        min(began_ns) >= (SELECT from_ns FROM selections WHERE category = 'step' AND is_on) FROM steps" --format csv
    expect_text out '1,1'
    expect_text err 'steps were recorded from '
    expect_text err ' only'
    must "$telltale" query run.telltale "SELECT group_concat(by, ' ') FROM selections WHERE category IN ('step', 'io', 'user')
        AND by IS NOT NULL" --format csv
    expect_text out 'outside outside outside outside'
    run "$telltale" report run.telltale
    expect_text out 'steps were recorded from '
    expect_text out 'events of category io were recorded from '
    expect_text out 'events of category user were not recorded from '
    has "(SELECT count(*) FROM losses) = 0" || fail 'what was not wanted counts as lost'
}

case_tasks_that_were_switched_off_for_a_while_are_told_again() {
    start_program
    must "$telltale" select run.telltale --events -task,-failure
    must "$telltale" select run.telltale --events +task,+failure
    expect_text out ': default'
    wait_until has "(SELECT count(*) FROM losses WHERE what = 'unselected' AND to_ns IS NOT NULL) = 2"
    wait_until has "(SELECT group_concat(DISTINCT outcome) FROM tasks) = 'pending'"
    run "$telltale" report run.telltale
    expect_text out 'events of category task were switched off from outside between '
    end_program
}

case_what_makes_no_sense_is_refused() {
    run "$telltale" select run.telltale --events +nonsense
    expect_status 2 'select +nonsense'
    expect_text err "'+nonsense' makes no sense; there are: process loop task failure "
    for list in '' , ' '; do
        run "$telltale" select run.telltale --events "$list"
        expect_status 2 "select '$list'"
        expect_text err "names nothing; 'none' switches all off"
    done
    for pid in 0 4294967297 2147483648; do
        run "$telltale" select run.telltale --pid "$pid"
        expect_status 2 "select --pid $pid"
        expect_text err 'wants the number of a process; without it all are meant'
    done
    run "$telltale" select run.telltale --events +io
    expect_status 5 'select where nobody is'
    expect_text err 'there is no such store, and no program that runs is being recorded into it; to record one: telltale record -o run.telltale'
    given killed
    run "$telltale" select run.telltale --pid 1
    expect_status 5 'select of what is finished'
    expect_text err 'no program that runs is being recorded into it; what was recorded: telltale report run.telltale'
    run "$telltale" select .
    expect_status 5 'select of a folder without arenas'
    expect_text err 'has its arena in this folder; name the store'
    rm run.telltale
    run "$telltale" select nowhere/run.telltale
    expect_status 3 'select nowhere'
    start_program
    run "$telltale" select run.telltale --events +io --pid 1
    expect_status 5 'select of another process'
    expect_text err 'process 1 is not being recorded into it, 1 other is; who is: telltale select run.telltale'
    run "$telltale" select run.telltale --events +io --pid "$((program + 4294967296))"
    expect_status 2 'select of a number that no process has'
    must "$telltale" select run.telltale
    expect_text out ': default'
    end_program
}

run_case "$@"
