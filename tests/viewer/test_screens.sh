#!/bin/sh
# test_screens.sh: what each command says about given stores, line by line.
# shellcheck source-path=SCRIPTDIR source=given.sh disable=SC2154,SC2317 # variables of case.sh; cases are called by name
. "$(dirname "$0")/given.sh"

case_the_report_of_a_killed_server_groups_its_lost_failures() {
    given killed
    expect_screen report_killed report run.telltale
}

case_the_report_tells_each_kind_of_finding() {
    given kinds
    expect_screen report_kinds report run.telltale
}

case_the_report_of_a_clean_run_is_clean() {
    given clean
    expect_screen report_clean report run.telltale
}

case_the_report_of_a_running_program_shows_what_is_held() {
    given live
    expect_screen report_live report run.telltale
}

case_the_report_lists_the_members_of_an_exception_group() {
    given group
    expect_screen report_group report run.telltale
}

case_show_lists_the_members_of_an_exception_group() {
    given group
    expect_screen show_group show run.telltale 3
}

case_the_report_says_what_was_lost() {
    given lossy
    expect_screen report_lossy report run.telltale
}

case_the_report_escapes_hostile_text() {
    given hostile
    expect_screen report_hostile report run.telltale
}

case_ps_lists_tasks() {
    given killed
    expect_screen ps_killed ps run.telltale
}

case_ps_shows_what_tasks_wait_for() {
    given live
    expect_screen ps_live ps run.telltale -C id,state,age,busy,ready,steps,for,at,since
}

case_ps_escapes_hostile_names() {
    given hostile
    expect_screen ps_hostile ps run.telltale -C id,name,coroutine,created
}

case_ps_chooses_sorts_filters_and_limits() {
    given killed
    expect_screen ps_choice ps run.telltale -C id,name,outcome,busy_ns --sort -busy_ns,name --filter "outcome <> 'pending'" --limit 3
}

case_ps_writes_json() {
    given hostile
    expect_screen ps_json ps run.telltale --json -C id,name,age,by
}

case_ps_writes_ndjson() {
    given killed
    expect_screen ps_ndjson ps run.telltale --format ndjson -C id,name,for
}

case_ps_writes_csv() {
    given hostile
    expect_screen ps_csv ps run.telltale --format csv -C id,name
}

case_failures_lists_what_became_of_each() {
    given kinds
    expect_screen failures_kinds failures run.telltale
}

case_failures_chooses_sorts_filters_and_limits() {
    given killed
    expect_screen failures_choice failures run.telltale -C id,name,state,count,created_line --sort -id --filter "type = 'Exception'" -n 2
}

case_failures_escapes_hostile_text() {
    given hostile
    expect_screen failures_hostile failures run.telltale --format csv -C id,name,message
}

case_show_tells_the_life_of_a_lost_task() {
    given killed
    expect_screen show_killed show run.telltale client-3
}

case_show_tells_the_life_of_a_dropped_task() {
    given kinds
    expect_screen show_dropped show run.telltale dropped
}

case_show_tells_what_a_waiting_task_waits_for() {
    given killed
    expect_screen show_waiting show run.telltale Task-6
}

case_show_tells_of_a_cancellation() {
    given kinds
    expect_screen show_cancelled show run.telltale swallower
}

case_show_tells_of_a_future_that_failed() {
    given kinds
    expect_screen show_future show run.telltale '#13'
}

case_show_tells_of_a_task_in_the_second_process() {
    given kinds
    expect_screen show_second show run.telltale p1#2
}

case_show_lists_the_tasks_of_an_ambiguous_name() {
    given clean
    expect_screen show_ambiguous show run.telltale work
}

case_show_escapes_hostile_text() {
    given hostile
    expect_screen show_hostile show run.telltale 2
}

case_query_prints_csv_where_it_is_not_a_terminal() {
    given killed
    expect_screen query_csv query run.telltale "SELECT id_text, name, outcome, busy_ns FROM tasks ORDER BY task_id"
}

case_query_prints_a_table_on_request() {
    given killed
    expect_screen query_table query run.telltale "SELECT lint, count(*) AS count, 0.5, x'00ff' AS bytes, NULL FROM leaks GROUP BY lint" --format table
}

case_check_fails_on_definite_findings() {
    given kinds
    expect_screen check_kinds check run.telltale
}

case_check_passes_a_clean_store() {
    given clean
    expect_screen check_clean check run.telltale
}

case_report_prints_its_queries() {
    given killed
    expect_screen report_explained report run.telltale --explain-sql
}

case_the_help_lists_the_commands() {
    expect_screen help help
}

case_each_command_has_a_help_screen() {
    for command in record import report check ps show query doctor; do
        expect_screen "help_$command" "$command" --help
        must "$telltale" help "$command"
        [ "$(wc -l <"$work/out")" -le 24 ] || fail "the help of $command does not fit on a screen"
        [ "$(awk '{ if (length > longest) longest = length } END { print longest }' "$work/out")" -le 120 ] || fail "a line is too long"
    done
}

run_case "$@"
