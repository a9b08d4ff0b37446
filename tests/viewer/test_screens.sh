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

case_the_report_tells_who_waits_for_each_other_and_what_never_began() {
    given circle
    expect_screen report_circle report run.telltale
}

case_the_report_of_all_tells_who_saw_what_and_who_cancelled_whom() {
    given kinds
    expect_screen report_all report --all -A all run.telltale
}

case_check_tells_circles_in_a_line() {
    given circle
    expect_screen check_circle check run.telltale --fail-on await-cycle
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

case_check_and_data_of_the_report_say_what_was_lost() {
    given late
    expect_screen check_late check run.telltale --strict
    expect_screen report_late_csv report run.telltale --format csv
    given lossy
    expect_screen check_lossy check run.telltale
    expect_screen report_lossy_json report run.telltale --format json
}

case_the_report_escapes_hostile_text() {
    given hostile
    expect_screen report_hostile report run.telltale
}

# Over processes and hosts: what caused a task, and what it caused.
case_show_and_explain_tell_what_caused_what_elsewhere() {
    given linked
    expect_screen show_linked show run.telltale request
    expect_screen explain_linked explain run.telltale p1#2
    expect_screen explain_linked_process explain run.telltale helping
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

case_failures_groups_those_of_one_kind() {
    given killed
    expect_screen failures_group failures run.telltale --group
    given kinds
    expect_screen failures_group_kinds failures run.telltale -g -C count,lost,delivered,type,id,first,last --sort -lost
}

case_failures_escapes_hostile_text() {
    given hostile
    expect_screen failures_hostile failures run.telltale --format csv -C id,name,message
}

case_tree_tells_who_created_whom() {
    given killed
    expect_screen tree_killed tree run.telltale
}

case_tree_draws_with_the_characters_of_the_locale() {
    given killed
    LC_ALL=C.UTF-8
    export LC_ALL
    expect_screen tree_utf8 tree run.telltale -C state
    LC_ALL=C
    expect_screen tree_ascii tree run.telltale -C state
}

case_tree_tells_who_lived_at_an_instant() {
    given killed
    expect_screen tree_at tree run.telltale --at 600ms -C state,age
}

case_tree_at_an_instant_shows_who_created_the_living() {
    given killed
    sqlite3 run.telltale 'UPDATE task SET ended_ns = 1150000000, outcome = 1 WHERE task_id = 2'
    expect_screen tree_ancestors tree run.telltale --at 1.2s -C state,age
}

case_tree_around_a_task_shows_what_is_above_and_below() {
    given hostile
    expect_screen tree_around tree run.telltale --around 2 -C state
}

case_tree_tells_who_waits_for_whom() {
    given hang
    expect_screen tree_await tree run.telltale --by await
    given killed
    expect_screen tree_await_none tree run.telltale --by await --filter "name = 'nobody'"
}

case_tree_of_waits_is_drawn_around_a_task() {
    given hang
    expect_screen tree_await_around tree run.telltale --by await --around shared -C state
    expect_screen tree_await_circle tree run.telltale --by await --around c -C id
}

case_tree_of_waits_at_an_instant_says_what_is_not_known() {
    given hang
    expect_screen tree_await_at tree run.telltale --by await --at 7s
}

case_tree_of_waits_writes_data() {
    given hang
    expect_screen tree_await_csv tree run.telltale --by await --format csv -C id,parent,for
}

case_tree_filters_and_sorts() {
    given killed
    expect_screen tree_choice tree run.telltale --filter "outcome = 'failed'" --sort -id -C state,busy_ns
}

case_tree_writes_json() {
    given hostile
    expect_screen tree_json tree run.telltale --json
}

case_tree_says_what_is_missing() {
    given lossy
    expect_screen tree_lossy tree run.telltale -C state
}

case_a_time_is_written_in_many_ways() {
    given killed
    must "$telltale" tree run.telltale --at 1.2s --format csv -C id
    cp "$work/out" "$work/expected"
    for time in 1.2 1200ms 1200000us 1200000000ns 0.02min -11.2s 9.67741935484% 2023-11-14T22:13:21.2Z '2023-11-14 22:13:21.2Z' \
        2023-11-15T00:13:21.2+02:00 2023-11-14T17:43:21.2-0430; do
        must "$telltale" tree run.telltale --at "$time" --format csv -C id
        cmp -s "$work/out" "$work/expected" || fail "another answer for $time"
    done
    must env TZ=UTC-3 "$telltale" tree run.telltale --at 2023-11-15T01:13:21.2 --format csv -C id
    cmp -s "$work/out" "$work/expected" || fail 'another answer for the local time'
    for time in '' 1.2x 1,2s -1 101% 5e3 2023-13-01T00:00Z 2023-11-14T22:13Zx 99999999999999999999s --; do
        run "$telltale" tree run.telltale --at "$time"
        [ "$time" = -1 ] || expect_status 2 "--at $time"
        [ "$time" = -1 ] || expect_text err '--at wants a time'
    done
    for time in 12.5s -12.5s 2023-11-14; do
        run "$telltale" tree run.telltale --at "$time"
        expect_status 2 "--at $time"
    done
    expect_text err '--at wants a time'
}

case_since_and_until_choose_what_lasted_then() {
    given killed
    expect_screen ps_since ps run.telltale --since 9.5s -C id,name,created_ns,ended_ns
    expect_screen ps_until ps run.telltale --until 1.1s -C id,name,created_ns,ended_ns
    expect_screen ps_between ps run.telltale --since 1s --until 50% -C id,name
    expect_screen failures_between failures run.telltale --since 5s --until 6s -C id,failed
}

case_explain_tells_why_a_failure_is_lost() {
    given killed
    expect_screen explain_killed explain run.telltale client-3
    given kinds
    expect_screen explain_dropped explain run.telltale dropped
}

case_explain_begins_with_those_who_created_its_creator() {
    given stall
    expect_screen explain_chain explain run.telltale late
}

case_explain_tells_what_a_task_waited_for() {
    given killed
    expect_screen explain_waiting explain run.telltale 40
    given live
    expect_screen explain_live explain run.telltale 2
}

case_explain_tells_of_a_cancellation_that_was_swallowed() {
    given kinds
    expect_screen explain_swallowed explain run.telltale swallower
}

case_explain_tells_what_keeps_a_task_from_going_on() {
    given circle
    expect_screen explain_circle explain run.telltale storer
    expect_screen explain_never_started explain run.telltale 'too late'
}

case_explain_lists_the_members_of_a_group_where_it_is_raised() {
    given group
    expect_screen explain_group explain run.telltale fan-out
}

case_explain_tells_of_a_future_that_failed() {
    given kinds
    expect_screen explain_future explain run.telltale 13
}

case_explain_writes_data() {
    given kinds
    expect_screen explain_csv explain run.telltale 13 --format csv
}

case_explain_escapes_hostile_text() {
    given hostile
    expect_screen explain_hostile explain run.telltale 2
}

case_explain_says_what_is_missing() {
    given lossy
    expect_screen explain_lossy explain run.telltale first
}

case_show_and_queries_say_what_is_missing() {
    given lossy
    expect_screen show_lossy show run.telltale first
    expect_screen query_lossy query run.telltale 'SELECT count(*) AS tasks FROM tasks'
}

case_explain_lists_the_tasks_of_an_ambiguous_name() {
    given clean
    expect_screen explain_ambiguous explain run.telltale work
    expect_screen explain_unknown explain run.telltale nobody
}

# A session of LTTng's that began later is told of failures that are held, and not of their tasks.
case_a_task_of_which_only_the_failure_is_known_has_its_name() {
    given late
    sqlite3 run.telltale "INSERT INTO exception (exception_id, type, message) VALUES (20, 'ValueError', 'too late');
        INSERT INTO failure (failure_id, kind, exception_id, name, created_site_id, dumped_ns, released_ns) VALUES
            (8, 1, 20, 'failed before', 1, 4000000000, 9000000000), (9, 1, 20, 'pending', 1, 4000000000, 9000000000);"
    expect_screen explain_failure_only explain run.telltale 'failed before'
    expect_screen show_failure_only show run.telltale 'pending#2'
    expect_screen explain_ambiguous_failure explain run.telltale pending
}

# Without a board the place of a wait may be missing.
case_a_wait_whose_place_is_not_known_is_told_without_one() {
    given late
    expect_screen report_late report run.telltale
}

case_timeline_draws_lives_as_bars() {
    given killed
    expect_screen timeline_killed timeline run.telltale
    given kinds
    LC_ALL=C
    expect_screen timeline_ascii timeline run.telltale --width 100 --until 0.2s
}

# What was before a session began is not known, and is not "not begun".
case_timeline_draws_what_was_not_recorded_as_unknown() {
    given late
    expect_screen timeline_late timeline run.telltale
}

case_timeline_chooses_and_sorts() {
    given killed
    expect_screen timeline_choice timeline run.telltale --since 8s --filter "outcome = 'failed' OR state = 'waiting'" --sort -id --limit 2 -w 60
}

case_timeline_writes_data() {
    given killed
    expect_screen timeline_csv timeline run.telltale --format csv --limit 2
    expect_screen timeline_json timeline run.telltale --json -C id,ended_ns,duration --limit 1
}

# What stands above the bars, without the names of columns beside them.
ticks() { # OPTION...
    must "$telltale" timeline run.telltale "$@"
    sed -n '1s/^TASK *//; 1s/ *RUN .*//; 1s/  */ /gp' "$work/out"
}

case_the_ticks_of_timeline_are_told_apart_in_any_unit() {
    given killed
    expect_equal "$(ticks --until 1200us)" '0.0 ms 0.6 ms 1.2 ms' 'of a millisecond'
    expect_equal "$(ticks --until 900us)" '0.0 us 450.0 us 900.0 us' 'of less than a millisecond'
    expect_equal "$(ticks --until 500ns)" '0 ns 250 ns 500 ns' 'of less than a microsecond'
    expect_equal "$(ticks --since 2ms --until 2004us)" '2.000 ms 2.002 ms 2.004 ms' 'of microseconds, later'
    expect_equal "$(ticks --since 12s --until 12000200us)" '12.0000 s 12.0001 s 12.0002 s' 'of microseconds, much later'
    expect_equal "$(ticks --since 12s --until 12000200us --width 50)" '12.0000 s' 'of little room'
    expect_equal "$(ticks --since 1s --until 1s)" '1.000 s 1.000 s 1.000 s' 'of an instant'
}

case_timeline_escapes_hostile_names_and_keeps_its_columns() {
    given hostile
    expect_screen timeline_hostile timeline run.telltale
}

case_timeline_refuses_what_makes_no_bar() {
    given killed
    for arguments in '--width 20' '--width 1001' '--since 6s --until 5s' '--since 13s' '--columns id' '--sort nothing' '--filter nothing'; do
        # shellcheck disable=SC2086 # words of a command line
        run "$telltale" timeline run.telltale $arguments
        expect_status 2 "$arguments"
        [ ! -s "$work/out" ] || fail "something is drawn: $arguments"
    done
}

case_stats_tells_how_long_tasks_live_and_wait() {
    given killed
    expect_screen stats_killed stats run.telltale
    expect_screen stats_csv stats run.telltale --format csv -C coroutine,tasks,failed,p50,max,longest,latency_p90_ns
}

case_stats_names_who_held_up_whom() {
    given stall
    expect_screen stats_stall stats run.telltale -C coroutine,tasks
    expect_screen stats_stalls stats run.telltale --table stalls --since 1s
}

case_stats_draws_histograms() {
    given stall
    expect_screen stats_histogram stats run.telltale --table histogram --filter "what = 'duration'"
}

# No text, no place, no kind: what is there is told, without what would stand around the rest.
case_what_is_not_known_leaves_no_hole_in_a_sentence() {
    given kinds
    must sqlite3 run.telltale "UPDATE exception SET message = '', raised_site_id = NULL; UPDATE failure SET raised_site_id = NULL, created_site_id = NULL;
        UPDATE failure SET kind = NULL WHERE failure_id = 13"
    run "$telltale" report run.telltale --all -A all
    grep -qx '  ValueError' "$work/out" || fail 'an exception without a text'
    ! grep -nE ': ,|: $' "$work/out" || fail 'holes in the report'
    run "$telltale" check run.telltale
    ! grep -nE ': ,|raised at -|: :' "$work/out" || fail 'holes in what check says'
    run "$telltale" explain run.telltale 13
    grep -qx '#13, of unknown kind: ConnectionError' "$work/out" || fail "the heading: $(head -n 1 "$work/out")"
    ! grep -qE 'a future|a unknown' "$work/out" || fail 'a kind that is not known'
    must sqlite3 run.telltale 'UPDATE failure SET kind = 9 WHERE failure_id = 13'
    run "$telltale" explain run.telltale 13
    grep -qx '#13, an executor future: ConnectionError' "$work/out" || fail "the heading: $(head -n 1 "$work/out")"
}

# Classes between others that have none are there, and have no bar.
case_histograms_draw_nothing_where_nothing_is() {
    given stall
    must sqlite3 run.telltale "UPDATE task SET ended_ns = created_ns + 2000 WHERE task_id = (SELECT min(task_id) FROM task WHERE ended_ns > 0)"
    must "$telltale" stats run.telltale --table histogram --filter "what = 'duration' AND count = 0" --format csv -C bar
    [ "$(wc -l <"$work/out")" -gt 3 ] || fail 'no class is empty'
    ! grep -q '#' "$work/out" || fail "a bar of nothing: $(cat "$work/out")"
}

case_stats_escapes_hostile_text() {
    given hostile
    expect_screen stats_hostile stats run.telltale
}

case_stats_says_what_is_missing() {
    given lossy
    expect_screen stats_lossy stats run.telltale -C coroutine,tasks,unknown
}

# What is added up is what ps lists of that time; the whole time is everything.
case_stats_of_a_span_adds_up_what_ps_lists_of_it() {
    given stall
    expect_screen stats_span stats run.telltale --since 2s --until 3s
    for span in '--since start' '--until 0.5s' '--since 1.5s' '--since 1s --until 2s' '--since 20% --until 80%' '--until end'; do
        # shellcheck disable=SC2086 # words of a command line
        {
            must "$telltale" ps run.telltale $span --format csv -C coroutine
            sed 1d "$work/out" | sort | uniq -c | awk '{ print $2 "," $1 }' >listed
            must "$telltale" stats run.telltale $span --format csv -C coroutine,tasks
            sed 1d "$work/out" | sort >added_up
            diff listed added_up || fail "tasks of $span"
            must "$telltale" ps run.telltale $span --format csv -C id --filter "outcome IN ('returned', 'failed', 'cancelled')"
            ended=$(sed 1d "$work/out" | grep -c . || :)
            must "$telltale" stats run.telltale $span --table histogram --format csv -C count --filter "what = 'duration'"
            expect_equal "$(sed 1d "$work/out" | awk '{ sum += $1 } END { print sum + 0 }')" "$ended" "the histogram of $span"
        }
    done
    [ -s listed ] || fail 'nothing was added up'
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

case_schema_tells_what_views_tables_and_events_are() {
    expect_screen schema schema
    expect_screen schema_names schema awaits steps pruned touch failure_touched forward_how
    run "$telltale" schema tasks nonsense
    expect_status 2 'a name that nothing has'
    expect_text err 'there is no view, table, event or enumeration nonsense'
    run "$telltale" schema --all tasks
    expect_status 2 'all, and a name'
}

case_the_help_lists_the_commands() {
    expect_screen help help
}

case_each_command_has_a_help_screen() {
    for command in record import report check ps failures tree timeline stats show explain query schema diff export completion doctor select; do
        expect_screen "help_$command" "$command" --help
        must "$telltale" help "$command"
        [ "$(wc -l <"$work/out")" -le 28 ] || fail "the help of $command does not fit on a screen"
        [ "$(awk '{ if (length > longest) longest = length } END { print longest }' "$work/out")" -le 120 ] || fail "a line is too long"
    done
}

run_case "$@"
