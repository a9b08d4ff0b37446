#!/bin/sh
# test_waiting.sh: what a task waits for, when that is an object that tasks synchronise by or stands for other tasks, from the
# call to the screen.
# shellcheck source-path=SCRIPTDIR source=case.sh
. "$(dirname "$0")/case.sh"

record() { # [tasks]
    run "$telltale" record -o run.telltale -- "$TELLTALE_TEST_BIN/../tests/e2e/waiting" "$@"
}

case_each_object_is_named_with_its_kind_and_the_place_of_the_wait() {
    record
    expect_equal "$(ask run.telltale "SELECT name, wait_kind, wait_at FROM tasks WHERE name <> 'Task-1' ORDER BY name" |
        sed 's/|[^|]*waiting\.c:[0-9]* in /|/')" 'barrier|barrier|wait_barrier
condition|condition|wait_condition
event|event|wait_event
get|queue_get|wait_get
join|queue_join|wait_join
lock|lock|wait_lock
lock too|lock|wait_lock
put|queue_put|wait_put
relock|lock|wait_condition
semaphore|semaphore|wait_semaphore' 'what they wait for'
}

case_tasks_that_wait_for_the_same_object_are_shown_to_wait_for_the_same() {
    record
    expect_equal "$(ask run.telltale "SELECT count(DISTINCT wait_object) FROM tasks WHERE name LIKE 'lock%'")" 1 'one lock'
    expect_equal "$(ask run.telltale "SELECT count(DISTINCT wait_object) FROM tasks WHERE name IN ('put', 'join')")" 1 'one queue'
    expect_equal "$(ask run.telltale "SELECT count(DISTINCT wait_object) FROM tasks WHERE name <> 'Task-1'")" 8 'the objects'
}

case_ps_and_report_say_it_in_words() {
    record
    object() { ask run.telltale "SELECT wait_object FROM tasks WHERE name = '$1'"; }
    must "$telltale" ps run.telltale -C name,for
    for expected in "lock #$(object lock)" "event #$(object event)" "condition #$(object condition)" "lock #$(object relock)" \
        "semaphore #$(object semaphore)" "barrier #$(object barrier)" "an item of queue #$(object get)" \
        "room in queue #$(object put)" "all items done of queue #$(object join)"; do
        expect_text out "$expected"
    done
    run "$telltale" report run.telltale
    expect_text out "room in queue #$(object put)"
    grep -q "lock #$(object lock) at .*waiting\.c:[0-9]* in wait_lock" "$work/out" || fail 'the report does not tell where'
}

case_two_tasks_that_await_each_other_are_shown_to_wait_for_each_other() {
    record tasks
    left=$(ask run.telltale "SELECT id_text FROM tasks WHERE name = 'left'")
    right=$(ask run.telltale "SELECT id_text FROM tasks WHERE name = 'right'")
    expect_equal "$(ask run.telltale "SELECT wait_text FROM tasks WHERE name IN ('left', 'right') ORDER BY name")" \
        "task $right \"right\"
task $left \"left\"" 'what they wait for'
    run "$telltale" ps run.telltale
    expect_text out "task $right \"right\""
}

case_what_stands_for_other_tasks_is_said_in_words() {
    record tasks
    one=$(ask run.telltale "SELECT id_text FROM tasks WHERE name = 'one'")
    run "$telltale" ps run.telltale
    expect_text out '3 tasks (first exception)'
    expect_text out "shield of task $one \"one\""
    expect_text out 'the next of 2 tasks'
    run "$telltale" report run.telltale
    grep -Eq '3 tasks \(first exception\) at .*waiting\.c:[0-9]+ in wait_for_three' "$work/out" || fail 'the report does not say so'
    run "$telltale" show run.telltale waits
    grep -Eq 'waits for +3 tasks \(first exception\)' "$work/out" || fail 'show does not say so'
}

case_files_children_and_signals_are_told_as_what_tasks_wait_for() {
    run "$telltale" record -o run.telltale -- "$TELLTALE_TEST_BIN/../tests/e2e/waiting" world
    expect_equal "$(ask run.telltale "SELECT name, wait_kind, wait_text, wait_at FROM tasks WHERE name <> 'Task-1' ORDER BY name" |
        sed 's/process [0-9]*/process N/; s/|[^|]*waiting\.c:[0-9]* in /|/')" 'change|file_change|a file to change|wait_change
child|process|process N|wait_child
file|file|a file|wait_file
signal|signal|signal SIGUSR1|wait_signal' 'what they wait for'
}

# What was a circle at an instant is told then, and neither before nor behind it.
case_a_circle_that_a_cancellation_broke_is_told_at_instants_before_that() {
    must "$telltale" record -o run.telltale --events +step -- "$TELLTALE_TEST_BIN/../tests/e2e/lints" broken-cycle
    closed=$("$telltale" query --format csv run.telltale "SELECT max(from_ns) FROM phases JOIN tasks USING (task_id)
        WHERE phases.state = 'waiting' AND phases.wait_kind = 'task' AND name IN ('left', 'right')" | tail -n 1)
    broken=$(ask run.telltale 'SELECT max(broken_ns) FROM await_cycles')
    [ "$broken" -gt "$((closed + 10000000))" ] || fail "a circle from $closed to $broken"
    must "$telltale" tree run.telltale --by await --at "$((closed + 1))ns"
    expect_text out 'CIRCLE: 2 tasks waited for one another, until a cancellation broke the circle at '
    expect_equal "$(sed 's/#[0-9]* //g' "$work/out" | grep -o '^  "[a-z]*" waited for "[a-z]*" at .*lints.c' | sed 's/ at .*//')" \
        '  "left" waited for "right"
  "right" waited for "left"' 'the circle'
    must "$telltale" tree run.telltale --by await --around Task-1 --at "$((closed + 1))ns"
    ! grep -q CIRCLE "$work/out" || fail 'a circle elsewhere'
    for instant in "$((closed - 1))" "$((broken + 1))"; do
        must "$telltale" tree run.telltale --by await --at "${instant}ns"
        ! grep -q CIRCLE "$work/out" || fail "a circle at $instant, from $closed to $broken"
    done
    must "$telltale" tree run.telltale --by await
    ! grep -q CIRCLE "$work/out" || fail 'a circle that is broken'
}

# What a task waits for now is said in the same words as what it waited for at an instant, and as a wait of its life.
case_the_past_is_told_in_the_words_of_the_present() {
    for what in '' tasks world; do
        # shellcheck disable=SC2086 # one word or none
        run "$telltale" record -o run.telltale --events +step -- "$TELLTALE_TEST_BIN/../tests/e2e/waiting" $what
        now=$(ask run.telltale 'SELECT max(seen_ns) FROM process')
        for past in "(SELECT * FROM instants WHERE at_ns = $now) AS i ON i.task_id = t.task_id" \
            "phases AS i ON i.task_id = t.task_id AND i.state = 'waiting' AND i.until_ns IS NULL"; do
            must "$telltale" query --format csv run.telltale "SELECT count(*) > 2, count(i.task_id) = count(*),
                count(*) FILTER (WHERE i.wait_text IS NOT substr(t.wait_text, 1, coalesce(nullif(instr(t.wait_text, ' ('), 0) - 1, 999))
                    AND i.wait_text IS NOT t.wait_text) AS other
                FROM tasks AS t LEFT JOIN $past WHERE t.state = 'waiting'"
            expect_equal "$(sed 1d "$work/out")" 1,1,0 "the words of $what"
        done
    done
}

run_case "$@"
