#!/bin/sh
# test_stream.sh: the event stream, from the steps of a program to SQL: against what the program has written down by itself.
# shellcheck source-path=SCRIPTDIR source=case.sh disable=SC2154 # telltale is case.sh's
. "$(dirname "$0")/case.sh"

stepper=$TELLTALE_TEST_BUILD/tests/e2e/stepper
extension=$TELLTALE_TEST_BUILD/lib/libtelltale-sqlite

record_stepper() { # TASKS [OPTION...]
    tasks=$1
    shift
    must "$telltale" record -o run.telltale "$@" -- "$stepper" log "$tasks" "${TT_SEED:-1}"
}

# What the stream says, in the program's words.
told() { # NUMBER-OF-EVENTS-AT-MOST
    "$telltale" query --format csv run.telltale "
        SELECT CASE e.name WHEN 'task_resumed' THEN 'R ' || t.name
            WHEN 'task_suspended' THEN 'S ' || t.name || ' ' || json_extract(e.fields, '\$.wait_kind')
            ELSE 'E ' || t.name END AS line
        FROM event AS e JOIN tasks AS t ON t.task_id = e.task_id
        WHERE e.name IN ('task_resumed', 'task_suspended', 'task_finished') ORDER BY e.sequence" | tail -n +2
}

# The tables are of the store that was opened first.
case_without_a_store_the_tables_say_what_is_not_there() {
    for table in event steps turns 'instant(1)'; do
        ! sqlite3 -batch :memory: ".load $extension" "SELECT count(*) FROM $table" >"$work/out" 2>"$work/err" || fail "$table is there"
        expect_text err 'no such table: main.'
    done
}

# Events task_suspended, task_woken, task_resumed.
case_every_step_is_told_once_in_the_order_in_which_it_happened() {
    record_stepper 30 --events +step
    told >told
    [ "$(wc -l <log)" -gt 1000 ] || fail 'the program has hardly any steps'
    diff log told >difference || fail "the stream differs from the program's own log: $(head -n 20 difference)"
    expect_equal "$("$telltale" query --format csv run.telltale "SELECT count(*) FROM event WHERE name = 'task_woken'" | tail -n 1)" \
        "$(grep -c '^S .* \(sleep\|future\|task\)$' log)" 'tasks woken'
    expect_equal "$("$telltale" query --format csv run.telltale 'SELECT sum(event_count) = (SELECT sum(record_count) FROM thread) FROM chunk' | tail -n 1)" \
        1 'all events that were read are in the stream'
}

case_without_the_category_nothing_is_in_the_stream() {
    record_stepper 3
    expect_equal "$("$telltale" query --format csv run.telltale 'SELECT count(*) FROM chunk' | tail -n 1)" 0 'chunks'
    expect_equal "$("$telltale" query --format csv run.telltale \
        'SELECT (SELECT count(*) FROM event) + (SELECT count(*) FROM steps) + (SELECT count(*) FROM turns)' | tail -n 1)" 0 'events'
}

# Event turn_ended.
case_turns_tell_what_they_ran() {
    record_stepper 10 --events +turn,step
    expect_equal "$("$telltale" query --format csv run.telltale "
        SELECT count(*) > 10, min(run_ns) >= 0, min(poll_ns) >= 0, sum(began_ns > ended_ns),
            sum(callback_count) >= (SELECT count(*) FROM event WHERE name = 'task_resumed'),
            count(*) = (SELECT count(*) FROM event WHERE name = 'turn_ended' AND category = 'turn')
        FROM turns" | tail -n 1)" 1,1,1,0,1,1 'turns'
}

case_plain_sqlite3_reads_the_same_with_the_extension() {
    record_stepper 10 --events +step,turn
    for sql in 'SELECT * FROM event' 'SELECT * FROM steps' 'SELECT * FROM turns' 'SELECT * FROM phases' 'SELECT count(*) FROM held_up' \
        'SELECT count(*) FROM instants' 'SELECT * FROM loop_turns' 'SELECT * FROM coroutine_reports' 'SELECT count(*) FROM stall_reports' \
        "SELECT name, count(*), min(time_ns) FROM event WHERE name IN ('task_woken', 'task_created') AND task_id > 3 GROUP BY name"; do
        must "$telltale" query --format csv run.telltale "$sql"
        tr -d '\r"' <"$work/out" >ours
        must_load sqlite3 -batch -csv -header -cmd ".load $extension" run.telltale "$sql"
        tr -d '\r"' <"$work/out" >theirs
        diff ours theirs >difference || fail "$sql: $(head -n 5 difference)"
        [ "$(wc -l <ours)" -gt 1 ] || fail "no rows: $sql"
    done
}

# Of one task only the chunks of its life are read.
case_steps_asked_task_by_task_are_those_of_all() {
    record_stepper 300 --events +step
    ask() { "$telltale" query --format csv run.telltale "$1" | tail -n 1; }
    [ "$(ask 'SELECT count(*) FROM chunk')" -gt 2 ] || fail 'the stream has hardly any chunks'
    sums='count(*), count(s.step_number), sum(s.began_ns), sum(s.ended_ns), sum(s.wait_ended_ns)'
    expect_equal "$(ask "SELECT $sums FROM task AS t CROSS JOIN steps AS s ON s.task_id = t.task_id")" "$(ask "SELECT $sums FROM steps AS s")" \
        'steps of each task, together'
}

case_steps_of_one_task_in_n_are_told_and_these_completely() {
    record_stepper 400 --events +step/10
    # All steps of a task are there or none is.
    expect_equal "$("$telltale" query --format csv run.telltale "
        SELECT count(*) > 5, count(*) < (SELECT count(*) FROM tasks) / 5, min(told = t.step_count), max(told = t.step_count)
        FROM (SELECT task_id, count(*) AS told FROM event WHERE name = 'task_resumed' GROUP BY task_id) JOIN tasks AS t USING (task_id)" |
        tail -n 1)" 1,1,1,1 'sampled tasks'
    expect_equal "$("$telltale" query --format csv run.telltale 'SELECT count(*) FROM tasks' | tail -n 1)" \
        "$(grep -c '^E' log)" 'all tasks'
}

case_steps_have_their_beginnings_ends_and_waits() {
    record_stepper 20 --events +step
    # Each line of the log but the E's is one side of a step: R begins, S or E ends.
    "$telltale" query --format csv run.telltale "
        SELECT t.name || ' ' || s.step_number || ' ' || iif(s.ending = 'finished', 'E', s.wait_kind)
        FROM steps AS s JOIN tasks AS t USING (task_id)" | tail -n +2 | sort >told
    awk '$1 == "R" { name = $2 " " $3; sub(/ $/, "", name); at[name]++ }
        $1 == "S" { kind = $NF; name = $0; sub(/^S /, "", name); sub(/ [a-z]+$/, "", name); print name, at[name], kind }
        $1 == "E" { name = $0; sub(/^E /, "", name); print name, at[name], "E" }' log | sort >expected
    diff expected told >difference || fail "steps: $(head -n 10 difference)"
    expect_equal "$("$telltale" query --format csv run.telltale "
        SELECT sum(began_ns IS NULL), sum(ended_ns IS NULL), sum(began_ns > ended_ns), sum(ready_ns > began_ns), sum(ready_ns IS NULL),
            sum(after_ns IS NOT NULL AND ready_ns < after_ns), sum(step_number = 1 AND after_kind IS NOT NULL),
            sum(after_kind = 'task' AND woken_by || woken_by_id <> 'task' || after_object),
            sum(after_kind = 'sleep' AND woken_by <> 'timer'), sum(after_kind = 'future' AND woken_by <> 'task')
        FROM steps" | tail -n 1)" 0,0,0,0,0,0,0,0,0,0 'what does not fit'
    # What one step says of the wait behind it the next one says of the wait before it.
    expect_equal "$("$telltale" query --format csv run.telltale "
        SELECT count(*), sum(a.wait_kind IS b.after_kind AND a.wait_object IS b.after_object AND a.wait_site_id IS b.after_site_id
            AND a.ended_ns = b.after_ns AND a.wait_ended_ns = b.ready_ns)
        FROM (SELECT * FROM steps) AS a JOIN (SELECT * FROM steps) AS b ON a.task_id = b.task_id AND b.step_number = a.step_number + 1" |
        tail -n 1 | awk -F, '{ print ($1 > 100 && $1 == $2) }')" 1 'waits of neighbours'
}

case_steps_at_an_instant_are_those_that_were_known_then() {
    record_stepper 10 --events +step
    middle=$("$telltale" query --format csv run.telltale "SELECT time_ns FROM event WHERE name = 'task_suspended' ORDER BY time_ns LIMIT 1 OFFSET 100" | tail -n 1)
    "$telltale" query --format csv run.telltale "SELECT task_id, step_number, began_ns, ended_ns, iif(wait_ended_ns <= $middle, wait_ended_ns, NULL)
        FROM steps($middle) ORDER BY 1, 2" >then
    "$telltale" query --format csv run.telltale "
        SELECT task_id, step_number, began_ns, iif(ended_ns <= $middle, ended_ns, NULL),
            iif(ended_ns <= $middle AND wait_ended_ns <= $middle, wait_ended_ns, NULL)
        FROM steps WHERE began_ns <= $middle ORDER BY 1, 2" | sed '1d' >all
    sed 1d then >then_rows
    [ "$(wc -l <all)" -gt 50 ] || fail 'hardly any steps'
    diff all then_rows >difference || fail "steps at $middle: $(head -n 10 difference)"
}

# Views instants and phases.
case_what_a_task_did_at_an_instant_is_the_phase_that_it_was_in() {
    record_stepper 30 --events +step
    must "$telltale" query --format csv run.telltale 'SELECT max(ended_ns) FROM task'
    end=$(tail -n 1 "$work/out")
    told=0
    for part in 1 2 3 4 5 6 7 8 9; do
        at=$((end * part / 10))
        must "$telltale" query --format csv run.telltale "
            SELECT task_id, state, from_ns, wait_kind, wait_object, wait_text, wait_at FROM instants WHERE at_ns = $at ORDER BY task_id"
        cp "$work/out" instants
        must "$telltale" query --format csv run.telltale "
            SELECT task_id, state, max(from_ns) AS from_ns, wait_kind, wait_object, wait_text, wait_at FROM phases
            WHERE from_ns <= $at AND coalesce(until_ns > $at, 1) GROUP BY task_id ORDER BY task_id"
        cp "$work/out" phases
        diff phases instants >difference || fail "what tasks did at $at: $(head -n 10 difference)"
        told=$((told + $(wc -l <instants) - 1))
    done
    [ "$told" -gt 20 ] || fail "only $told tasks were told of"
    expect_equal "$("$telltale" query --format csv run.telltale 'SELECT count(*) FROM instants' | tail -n 1)" 0 'tasks at no instant'
}

run_case "$@"
