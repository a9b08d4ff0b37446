#!/bin/sh
# test_recorded.sh: trees, stories, bars and figures of real recordings: while they are written, after a kill, with and without steps.
# shellcheck source-path=SCRIPTDIR source=given.sh disable=SC2154,SC2317 # variables of case.sh; cases are called by name
. "$(dirname "$0")/given.sh"

examples=$TELLTALE_TEST_BIN/examples

record() { # EVENTS PROGRAM [ARGUMENT...]
    events=$1
    shift
    run "$telltale" record -o run.telltale --events "$events" -- "$@"
}

# The one figure that QUERY finds.
figure() { # QUERY
    "$telltale" query run.telltale "$1" --format csv | sed 1d
}

# The instant in the middle of what PHASES, a condition on the view phases, finds first.
middle_of() { # CONDITION
    "$telltale" query run.telltale "SELECT (from_ns + until_ns) / 2 FROM phases WHERE $1 ORDER BY from_ns LIMIT 1" --format csv | sed 1d
}

case_tree_tells_who_created_whom_in_a_recording() {
    record +step "$examples/gather"
    must "$telltale" tree run.telltale -C state
    expect_equal "$(cat "$work/out")" 'TASK         STATE
#2 "Task-1"  returned
├─#3 "A"     failed
├─#4 "B"     cancelled
└─#5 "C"     returned
#14 "Task-2" returned
├─#15 "A"    cancelled
├─#16 "B"    failed
└─#17 "C"    returned' 'the tree'
}

case_tree_tells_who_waited_for_whom_in_the_past() {
    record +step "$examples/gather"
    must "$telltale" tree run.telltale --by await --at "$(middle_of "task_id = 2 AND state = 'waiting'")ns" -C state,for
    expect_equal "$(cat "$work/out" "$work/err")" 'TASK        STATE   WAITING FOR
#2 "Task-1" waiting gather #6
├─#3 "A"    waiting sleep
└─#4 "B"    waiting sleep' 'the tree in the middle of the gather'
    must "$telltale" tree run.telltale --at "$(middle_of "task_id = 3 AND state = 'running'")ns" -C state --around 3
    expect_text out '└─#3 "A"    running'
    must "$telltale" tree run.telltale --at "$(middle_of "task_id = 3 AND state = 'ready'")ns" -C state --around 3
    expect_text out '└─#3 "A"    ready'
}

case_tree_says_once_that_the_stream_is_damaged_and_concludes_nothing() {
    record +step "$examples/gather"
    must sqlite3 -batch run.telltale 'UPDATE chunk SET checksum = checksum + 1'
    for by in await parent; do
        run "$telltale" tree run.telltale --by $by --at 50%
        expect_status 3 "a damaged chunk, by $by"
        expect_equal "$(grep -c damaged "$work/err")" 1 "errors, by $by: $(cat "$work/err")"
        ! grep -qE 'no task waits|was not recorded' "$work/err" || fail "what is not known: $(cat "$work/err")"
    done
}

case_tree_of_a_task_group_in_the_past() {
    record +step "$examples/task_group"
    must "$telltale" tree run.telltale --by await --at "$(middle_of "state = 'waiting' AND wait_kind = 'group'")ns" -C state
    expect_text out '#2 "Task-1" waiting'
    expect_text out '├─#5 "body" waiting'
    expect_text out '└─#6 "foot" waiting'
}

case_without_steps_the_past_is_said_to_be_unknown() {
    record task,failure,cancel,scope "$examples/gather"
    instant=$(figure 'SELECT (started_ns + ended_ns) / 2 FROM tasks WHERE task_id = 3')ns
    must "$telltale" tree run.telltale --by await --at "$instant"
    expect_text err 'then was not recorded; to have it: telltale record --events +step'
    must "$telltale" tree run.telltale --at "$instant" -C state
    expect_text out started
}

case_explain_tells_what_was_waited_for() {
    record +step "$examples/gather"
    must "$telltale" explain run.telltale 2
    expect_text out 'It waited for gather #6, for '
    expect_text out 'task_suspended, runtime/examples/gather.c'
    must "$telltale" explain run.telltale 3
    expect_text out 'It slept for '
    expect_text out 'Its failure lives on in #6, by gather.'
    expect_text out 'Delivered. User code saw a failure that it lives on in: #6 (gather).'
    must "$telltale" explain run.telltale 4
    expect_text out 'The runner asked for its cancellation.'
    expect_text out 'CancelledError was raised in it, where it was suspended.'
    expect_text out 'Cancelled. It was cancelled, as the runner had asked at runtime/examples/gather.c'
}

case_show_tells_each_step_and_what_was_waited_for() {
    record +step "$examples/gather"
    must "$telltale" show run.telltale 2
    grep -Eq '^ +[0-9.]+ s  it waited for gather #6, for [0-9.]+ (us|s) \(runtime/examples/gather.c:[0-9]+ in ' "$work/out" ||
        fail 'the wait is no part of its life'
    sed '1,/^  steps$/d' "$work/out" >steps
    expect_equal "$(wc -l <steps)" "$(figure 'SELECT step_count FROM tasks WHERE task_id = 2')" 'steps'
    grep -Eq '^ +[0-9.]+ s  1: ready [0-9.]+ [mun]*s, ran [0-9.]+ [mun]*s, waited for gather #6, for [0-9.]+ [mu]?s \(runtime' steps ||
        fail "the first one: $(cat steps)"
    must "$telltale" show run.telltale 2 --limit 1
    expect_text out "  and $(($(wc -l <steps) - 1)) more; --limit 0 shows all"
    record task,failure,cancel,scope "$examples/gather"
    must "$telltale" show run.telltale 2
    ! grep -q '^  steps$' "$work/out" || fail 'nothing is known of its steps'
}

case_timeline_shows_what_a_blocking_task_did() {
    record +step "$examples/blocking_server" --two
    # The axis is its one step: what came before and after it depends on the machine.
    must "$telltale" timeline run.telltale --since "$(figure 'SELECT started_ns FROM tasks WHERE task_id = 3')ns" \
        --until "$(figure 'SELECT ended_ns FROM tasks WHERE task_id = 3')ns"
    grep '"serve"' "$work/out" | grep -q '█████████████████████████████████████' || fail 'it does not run'
    grep '"Task-1"' "$work/out" | grep -q '─────────────────────────────────────' || fail 'its creator does not wait'
    must "$telltale" stats run.telltale
    expect_text out '#3 "serve" ran for '
    expect_text out 'held up '
}

case_stats_has_the_turns_of_loops_when_they_were_recorded() {
    record +turn "$examples/gather"
    must "$telltale" stats run.telltale
    expect_text out 'TURNS of loops, and how long they took'
    must "$telltale" stats run.telltale --table turns --format csv -C turns,callbacks
    expect_equal "$(sed -n 2p "$work/out")" "$("$telltale" query run.telltale 'SELECT count(*), sum(callback_count) FROM turns GROUP BY loop_id ORDER BY loop_id LIMIT 1' --format csv | sed 1d)" 'turns and callbacks'
    for percent in 50 90 99; do
        expect_equal "$("$telltale" query run.telltale "SELECT run_p${percent}_ns FROM loop_turns ORDER BY loop_id LIMIT 1" --format csv | sed 1d)" \
            "$("$telltale" query run.telltale "SELECT run_ns FROM turns WHERE loop_id = 1 ORDER BY run_ns LIMIT 1 OFFSET (SELECT (count(*) * $percent + 99) / 100 - 1 FROM turns WHERE loop_id = 1)" --format csv | sed 1d)" \
            "the ${percent}th percentile"
    done
}

case_a_blocked_loop_and_a_killed_program_are_looked_at() {
    "$telltale" record -o run.telltale --events +step -- "$examples/echo_server" >server 2>&1 &
    background="$background $!"
    recorder=$!
    is_serving() { "$telltale" tree run.telltale --by await --format csv -C name,for | grep -q accept; }
    wait_until is_serving
    server=$(find_child "$recorder" "$(readlink -f "$examples/echo_server")") || fail 'there is no server'
    background="$background $server"
    kill -STOP "$server"
    for arguments in 'tree run.telltale' 'tree run.telltale --by await' 'timeline run.telltale' 'stats run.telltale' 'explain run.telltale listen'; do
        # shellcheck disable=SC2086 # words of a command line
        must "$telltale" $arguments
    done
    expect_text out 'It is pending, waiting for accept'
    kill -KILL "$server"
    has_ended() { "$telltale" explain run.telltale listen | grep -q 'It was pending when its process ended'; }
    wait_until has_ended
    must "$telltale" tree run.telltale --by await -C state,for
    expect_text out 'waiting accept on descriptor'
    must "$telltale" timeline run.telltale
    expect_text out '> pending'
}

case_stats_has_what_the_recorder_did() {
    record +step "$examples/gather"
    must "$telltale" stats run.telltale --table recorder
    expect_text out 'EVENTS/S'
    must "$telltale" stats run.telltale --table recorder --format csv -C events,failed,paused
    expect_equal "$(sed 1d "$work/out" | awk -F, '{ events += $1; others += $2 + $3 } END { print events, others }')" \
        "$(figure 'SELECT sum(record_count) FROM processes') 0" 'events that were read'
}

# What rests on steps says that they were told of some tasks only, and what does not says nothing.
case_answers_that_rest_on_sampled_steps_say_so() {
    said='telltale: run.telltale: steps were recorded of one task in 1000000 (--events step/N): when the others ran and what they waited for is not known'
    record +step/1000000 "$examples/gather"
    for answer in 'timeline run.telltale' 'explain run.telltale 3' 'export run.telltale --format chrome' \
        'export run.telltale --format csv --view phases' 'query run.telltale SELECT*FROM(steps)' 'query run.telltale SELECT*FROM(phases)' \
        'query run.telltale SELECT*FROM(instants)WHERE(at_ns=0)'; do
        # shellcheck disable=SC2086 # words
        must "$telltale" $answer
        expect_equal "$(cat "$work/err")" "$said" "$answer"
    done
    for answer in 'timeline run.telltale --format csv' 'query run.telltale SELECT*FROM(tasks)' 'stats run.telltale' 'ps run.telltale' \
        'export run.telltale --format csv'; do
        # shellcheck disable=SC2086
        must "$telltale" $answer
        expect_equal "$(cat "$work/err")" '' "$answer"
    done
    # Whom a stall held up, steps would tell.
    ask run.telltale "INSERT INTO stall (ended_ns, thread_id, sequence, loop_id, duration_ns) VALUES (60000000, 1, 1, 1, 50000000)"
    for table in coroutines stalls; do
        must "$telltale" stats run.telltale --table "$table"
        expect_equal "$(cat "$work/err")" "$said" "stats --table $table"
    done
    # Of all tasks: nothing is said.
    record +step "$examples/gather"
    for answer in 'timeline run.telltale' 'explain run.telltale 3' 'query run.telltale SELECT*FROM(steps)'; do
        # shellcheck disable=SC2086
        must "$telltale" $answer
        expect_equal "$(cat "$work/err")" '' "$answer"
    done
}

# A task that was chosen is told whole; only the others are not.
case_explain_of_a_task_whose_steps_were_recorded_says_nothing_of_the_others() {
    record +step/2 "$examples/gather"
    told=$(figure 'SELECT min(task_id) FROM steps')
    untold=$(figure 'SELECT min(task_id) FROM task WHERE task_id NOT IN (SELECT task_id FROM steps)')
    must "$telltale" explain run.telltale "$told"
    expect_equal "$(cat "$work/err")" '' 'a task that was chosen'
    must "$telltale" explain run.telltale "$untold"
    expect_text err 'steps were recorded of one task in 2'
}

# Limits and policies come from the options to the programs and to the store, and back.
case_options_of_rings_and_stores_arrive() {
    run "$telltale" record -o run.telltale --ring-policy block:70 --ring-bytes 128K --poll-ms 5 --max-size 64M --max-age 2h --events +step/7 -- "$examples/gather"
    expect_equal "$(figure "SELECT ring_policy || ' ' || block_ms || ' ' || ring_bytes || ' ' || step_every || ' ' || drop_count FROM processes")" \
        'block 70 131072 7 0' 'what the process says'
    expect_equal "$(figure "SELECT bytes_max || ' ' || seconds_max FROM recordings")" '67108864 7200' 'what the store says'
    for wrong in --ring-policy=block '--ring-policy=block:0' --ring-policy=newest --poll-ms=1001 --poll-ms=0 --max-size=1000 --max-size=0 --ring-bytes=0 --max-age=1w --max-age=0 --redact=all; do
        run "$telltale" record -o none.telltale "$wrong" -- "$examples/gather"
        expect_status 2 "$wrong"
    done
    [ ! -e none.telltale ] || fail 'a store was made'
    TELLTALE_MAX_AGE=90s TELLTALE_RING_POLICY=overwrite TELLTALE_STORE=$PWD/alone.telltale run "$examples/gather"
    wait_until test -s alone.telltale
    wait_until sh -c "[ \"\$(sqlite3 -batch alone.telltale 'SELECT count(*) FROM processes WHERE is_balanced')\" = 1 ]"
    expect_equal "$(ask alone.telltale "SELECT seconds_max, (SELECT ring_policy FROM processes) FROM recordings")" '90|overwrite' 'a recorder that a program starts'
}

# The recorder of this case's run.telltale, that was started by a program: the child of the process that guards it.
find_recorder() { # [ANOTHER-THAN]
    for folder in /proc/[0-9]*; do
        process=${folder#/proc/}
        [ "$process" != "${1-}" ] && tr '\0' '\n' <"$folder/cmdline" 2>/dev/null | grep -qxF -- "$PWD/run.telltale" || continue
        parent=$(sed -n 's/^PPid:[[:space:]]*//p' "$folder/status")
        [ "$(cat "/proc/$parent/comm" 2>/dev/null)" = telltale-guard ] || continue
        echo "$process" >recorder
        return 0
    done
    return 1
}

# No viewer looks at the store meanwhile: it would read what is left in the arena.
case_a_recorder_that_a_program_has_started_is_replaced_when_it_is_killed() {
    echo one >log
    : >recorder
    TELLTALE_PROGRAM=$telltale TELLTALE_STORE=$PWD/run.telltale "$examples/follow" log >printed &
    program=$!
    background="$background $program"
    for round in 1 2 3; do
        wait_until find_recorder "$(cat recorder)"
        wait_until sh -c "[ \"\$(sqlite3 -batch run.telltale 'SELECT count(*) FROM process')\" = 1 ]"
        kill -KILL "$(cat recorder)"
        echo "$round" >>log
    done
    wait_until find_recorder "$(cat recorder)"
    kill -TERM "$program"
    wait "$program" || :
    wait_until sh -c "[ \"\$(sqlite3 -batch run.telltale 'SELECT count(*) FROM processes WHERE is_balanced')\" = 1 ]"
    expect_equal "$(ask run.telltale "SELECT end_reason, (SELECT count(*) FROM losses), (SELECT count(*) FROM tasks) > 0 FROM processes")" 'killed_without_goodbye|0|1' 'the recording'
}

# What is deleted is told beside the answers.
case_what_was_deleted_is_told() {
    record '' "$examples/gather"
    ask run.telltale "INSERT INTO pruned VALUES ('task', 'size', 0, 1234, 0, 5000000000), ('failure', 'age', 0, 1, 0, 1000000000), ('stream', 'log', 0, 77, 0, 1)"
    run "$telltale" ps run.telltale
    expect_text err '1234 finished tasks deleted, because of the size of the store (--max-size) between'
    expect_text err '77 events of the event stream not written, because a reader that stood still kept the log of the store long between'
    expect_text err '1 released failure deleted, because of age (--max-age) between'
}

# Of few stalls the stream is looked into at the end of each, of many it is read once: either tells what all phases do.
case_whom_a_stall_held_up_is_the_same_for_few_stalls_and_for_many() {
    record +step "$TELLTALE_TEST_BUILD/tests/viewer/traced" turns 40
    # A stall ends where a task has its turn at last, as long as it was ready and longer.
    "$telltale" query run.telltale --format csv "SELECT s.began_ns, s.thread_id, t.loop_id, s.began_ns - s.ready_ns + 2000000
        FROM steps AS s JOIN task AS t ON t.task_id = s.task_id WHERE s.step_number = 2 ORDER BY s.task_id LIMIT 30 OFFSET 1" | sed 1d >places
    expect_equal "$(wc -l <places)" 30 'turns'
    counted=0
    while IFS=, read -r ended thread loop duration; do
        ask run.telltale "INSERT INTO stall (ended_ns, thread_id, sequence, loop_id, duration_ns) VALUES ($ended, $thread, 1, $loop, $duration)"
        counted=$((counted + 1))
        case $counted in 1 | 20 | 21 | 30) ;; *) continue ;; esac
        must "$telltale" query run.telltale --format csv "SELECT stall_id, task_id, held_up_ns FROM held_up WHERE how = 'ready' ORDER BY 1, 2"
        cp "$work/out" held_up
        must "$telltale" query run.telltale --format csv "SELECT s.stall_id, p.task_id, s.ended_ns - max(s.began_ns, p.from_ns) AS held_up_ns
            FROM phases AS p CROSS JOIN stalls AS s ON p.from_ns < s.ended_ns - 1000000 AND p.until_ns >= s.ended_ns
            JOIN task AS t ON t.task_id = p.task_id AND t.loop_id = s.loop_id
            WHERE p.state = 'ready' AND (s.stall_id, p.task_id) NOT IN (SELECT v.stall_id, v.task_id FROM stall_victims AS v) ORDER BY 1, 2"
        diff -u "$work/out" held_up >difference || fail "of $counted stalls: $(cat difference)"
        [ "$(wc -l <held_up)" -gt "$counted" ] || fail "of $counted stalls little is told: $(cat held_up)"
    done <places
}

run_case "$@"
