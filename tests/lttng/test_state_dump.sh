#!/bin/sh
# test_state_dump.sh: a session that starts in the middle of a run is told what is there already.
# shellcheck source-path=SCRIPTDIR source=session.sh
. "$(dirname "$0")/session.sh"

export TELLTALE_LTTNG=1
register_whatever_it_takes

case_tasks_alive_and_failures_held_are_told_to_a_session_that_starts_in_the_middle() {
    start_daemon
    start_program "$programs/tasks" held
    start_session s
    wait_until is_written s 'set from outside' # nothing but the session wakes the loop
    finish_program
    end_session s
    file='"tests/lttng/tasks.c"'
    expect_count s "^loop_dumped .*started_site_file = $file.* task_count = 4$" 1
    expect_count s '^task_created ' 0
    expect_count s '^task_dumped ' 4
    expect_count s '^task_dumped .*site_text = "sleeper".* name_number = [1-9].*"waiting".* wait_kind = \( "sleep" .*wait_site_func = "sleeper".* step_count = 1,.* name = "Task-[1-9][0-9]*"$' 1
    sleeper=$(sed -n 's/^task_dumped .*task_id = \([0-9]*\), .*site_text = "sleeper".*/\1/p' "$work/s.txt")
    expect_count s "^task_dumped .*wait_kind = \\( \"task\" .*wait_object = $sleeper, .*name = \"the waiter\"$" 1
    expect_count s '^task_dumped .*wait_kind = \( "recv" .*wait_site_func = "reader".*name = "the reader"$' 1
    main=$(sed -n 's/^task_dumped .*task_id = \([0-9]*\), .*site_text = "hold".*/\1/p' "$work/s.txt")
    expect_count s "^task_dumped .*parent_id = $main, .*parent_kind = \\( \"task\" " 3
    expect_count s '^task_dumped .* in_state = 0,' 0

    expect_count s '^failure_dumped ' 4
    expect_count s '^failure_dumped .*"task" .*retrieved = 0, discarded = 0, handle_count = 1, user_touch_count = 0, .*name = "untouched", type = "ValueError", message = "untouched went wrong"$' 1
    expect_count s '^failure_dumped .*retrieved = 1, discarded = 0, .* user_touch_count = 1, .*name = "seen"' 1
    expect_count s '^failure_dumped .*discarded = 1, .*name = "dismissed"' 1
    expect_count s '^failure_dumped .*"future" .*how = \( "set" .*type = "TypeError", message = "set from outside"$' 1
    expect_count s "^failure_dumped .*raised_site_file = $file.*raised_site_func = \"failing\"" 3
    expect_count s '^process_started ' 1
    expect_count s '^failure_released ' 4
}

# The same, as somebody asks for it: what is imported from such a session is what the views show.
case_a_store_made_of_such_a_session_shows_who_waits_and_what_was_held() {
    start_daemon
    start_program "$programs/tasks" held
    start_session s
    wait_until is_written s 'set from outside'
    lttng_must stop s
    must "$telltale" import -o run.telltale "$work/s"
    finish_program
    expect_equal "$(ask run.telltale "SELECT name, coroutine, outcome, state, step_count, created_at IS NOT NULL, parent_text,
            wait_kind, wait_at IS NOT NULL, wait_since_ns IS NOT NULL, created_ns IS NULL FROM tasks
            WHERE name NOT LIKE 'Task-%' ORDER BY name")" \
        "the reader|reader|unknown||1|1|#2 \"Task-1\"|recv|1|1|1
the waiter|waiter|unknown||1|1|#2 \"Task-1\"|task|1|1|1" 'tasks: what they waited for then; what became of them after the session nobody knows'
    expect_equal "$(ask run.telltale "SELECT wait_text FROM tasks WHERE name = 'the waiter'")" 'task #4 "Task-2"' \
        'what the waiter waits for'
    expect_equal "$(ask run.telltale "SELECT coalesce(name, '-'), kind, type, message, state, how, raised_at IS NOT NULL,
            created_at IS NOT NULL, stored_ns IS NULL FROM failures ORDER BY type, name")" \
        '-|future|TypeError|set from outside|unknown|set|0|1|1
dismissed|task|ValueError|dismissed went wrong|discarded|raised|1|1|1
seen|task|ValueError|seen went wrong|delivered|raised|1|1|1
untouched|task|ValueError|untouched went wrong|unknown|raised|1|1|1' 'failures: what became of them after the session nobody knows'
    must "$telltale" ps run.telltale
    expect_text out 'the waiter'
    expect_equal "$(ask run.telltale "SELECT count(*) FROM loop WHERE created_site_id IS NOT NULL AND created_ns IS NULL")" 1 'loops'
}

# What of it is not in the trace, nobody can know; that it was asked and did not answer is.
case_a_loop_that_is_blocked_all_the_time_is_a_loss_and_no_clean_bill() {
    start_daemon
    start_program "$programs/tasks" blocked
    start_session s
    wait_until is_written s 'set from outside'
    wait_until is_written s run_blocked
    lttng_must stop s
    must "$telltale" import -o run.telltale "$work/s"
    finish_program
    expect_equal "$(ask run.telltale "SELECT what, count IS NULL, to_ns IS NOT NULL, is_vital FROM losses
            WHERE what <> 'cut_off' AND loop_id IN (SELECT loop_id FROM loop)")" 'unanswered|1|1|1' 'losses'
    expect_equal "$(ask run.telltale "SELECT s.func, l.asked_ns IS NOT NULL, l.dumped_ns >= l.asked_ns FROM loop AS l
            JOIN site AS s ON s.site_id = l.created_site_id ORDER BY s.func")" 'be_blocked|1|1
run_blocked|1|' 'loops'
    run "$telltale" check --strict run.telltale
    expect_status 4 'a strict check'
    expect_text out '1 loop unknown'
    must "$telltale" report run.telltale
    expect_text out 'for its tasks and failures, and never answered: those of before may be missing'
    must "$telltale" ps run.telltale
    expect_text err 'for its tasks and failures, and never answered: those of before may be missing'
}

case_a_loop_that_was_blocked_answers_when_it_goes_on() {
    start_daemon
    start_program "$programs/tasks" blocked
    start_session s
    wait_until is_written s 'set from outside'
    wait_until is_written s run_blocked
    finish_program
    end_session s
    must "$telltale" import -o run.telltale "$work/s"
    expect_equal "$(ask run.telltale 'SELECT what, from_ns < to_ns, is_vital FROM losses')" 'late|1|1' 'losses'
    expect_equal "$(ask run.telltale 'SELECT count(*), count(asked_ns), count(dumped_ns), count(created_ns) FROM loop')" \
        '2|2|2|0' 'loops'
    expect_equal "$(ask run.telltale "SELECT outcome FROM tasks WHERE coroutine = 'sleeper'")" 'cancelled
cancelled' 'tasks that both loops told'
    run "$telltale" ps run.telltale
    expect_equal "$(cat err)" '' 'complaints'
}

case_a_loop_that_does_not_run_answers_when_it_is_closed() {
    start_daemon
    start_program "$programs/tasks" closed
    start_session s
    wait_until is_written s be_closed # it was asked
    finish_program
    end_session s
    expect_count s '^loop_asked ' 1
    expect_count s '^loop_dumped .* task_count = 1$' 1
    expect_count s '^task_dumped .*site_text = "sleeper"' 1
    expect_count s '^task_abandoned ' 1
}

case_a_second_session_is_told_too() {
    start_daemon
    start_program "$programs/tasks" held
    start_session s
    wait_until is_written s 'set from outside'
    start_session another
    wait_until is_written another 'set from outside'
    finish_program
    end_session another
    end_session s
    expect_count another '^task_dumped ' 4
    expect_count another '^process_started ' 1
    expect_count s '^task_dumped ' 8
}

# The session records dumps alone: this program never pauses, and all of its events would fill the buffers of a busy machine. There may be
# several dumps, since LTTng begins to record one event after the other.
case_tasks_that_are_ready_are_told_as_ready() {
    start_daemon
    start_program "$programs/tasks" ready
    lttng_must create s --output="$work/s"
    lttng_must enable-channel --session=s --userspace ch --subbuf-size=1M --num-subbuf=8 --switch-timer=100000
    lttng_must enable-event --session=s --userspace --channel=ch 'telltale:*_dumped'
    lttng_must start s
    wait_until is_written s restless
    finish_program
    end_session s
    told=$(count s '^task_dumped .*state = \( "ready" .*wait_kind = \( "none" .*name = "restless"$')
    [ "$told" -ge 1 ] && [ "$told" -le 4 ] || fail "told $told times"
    expect_count s '^task_dumped .*state = \( "waiting" .*wait_kind = \( "future" .*name = "restless"$' "$told"
    expect_count s '^task_created ' 0
}

case_a_failure_of_a_thread_side_future_is_told() {
    start_daemon
    start_program "$programs/tasks" thread
    start_session s
    wait_until is_written s 'across went wrong'
    finish_program
    end_session s
    expect_count s '^failure_dumped .*"thread_future" .*"thread" .*handle_count = 1, user_touch_count = 1, .*raised_site_func = "failing".*message = "across went wrong"$' 1
}

case_it_is_told_again_every_second_when_that_is_asked_for() {
    start_daemon
    export TELLTALE_LTTNG_DUMP=1
    start_program "$programs/tasks" held
    start_session s
    sleep 3.5
    finish_program
    end_session s
    told=$(count s '^loop_dumped ')
    [ "$told" -ge 3 ] && [ "$told" -le 5 ] || fail "told $told times"
    expect_count s '^task_dumped ' "$((4 * told))"
    expect_count s '^process_started ' "$told"
}

# More than what is told in one turn of the loop.
case_many_tasks_are_told_in_parts_each_once() {
    start_daemon
    start_program "$programs/tasks" many 5000
    create_session s
    lttng_must start s
    wait_until is_written s sleeper
    sleep 1
    finish_program
    end_session s
    expect_count s '^loop_dumped .* task_count = 5001$' 1
    expect_equal "$(sed -n 's/^task_dumped .*task_id = \([0-9]*\), .*/\1/p' "$work/s.txt" | sort -u | wc -l)" 5001 'tasks'
    expect_count s '^task_dumped ' 5001
}

# Event test_dumped.
case_a_test_that_is_under_way_is_told_with_its_name_and_its_beginning() {
    start_daemon
    start_program "$programs/tasks" tested
    start_session s
    wait_until is_written s 'is under way'
    finish_program
    end_session s
    expect_count s '^test_(begun|dumped) ' 1
    expect_count s '^test_dumped .*site_file = "tests/lttng/tasks.c".* age = [1-9][0-9]*, name = "is under way"$' 1
    must "$telltale" import -o run.telltale "$work/s"
    expect_equal "$(ask run.telltale "SELECT name, began_ns IS NOT NULL, began_at LIKE '%in be_tested', outcome, failure_count IS NULL FROM tests")" \
        'is under way|1|1|failed|1' 'what was before the session is not known'
    expect_equal "$(ask run.telltale "SELECT t.began_ns < r.from_ns AND t.began_ns >= p.started_ns FROM tests AS t, processes AS p,
        (SELECT max(to_ns) AS from_ns FROM losses WHERE what = 'late') AS r")" 1 'when it began'
    run "$telltale" report run.telltale
    expect_equal "$(sed -n 's/^ *in test *//p' "$work/out")" 'is under way' 'the test of the failure that was lost'
}

case_without_a_session_nothing_is_told_again() {
    start_daemon
    start_session s
    start_program "$programs/tasks" held
    sleep 0.5
    finish_program
    end_session s
    expect_count s '^(task|failure|loop|test)_dumped ' 0
    expect_count s '^process_started ' 1
    expect_no_gap s
}

run_case "$@"
