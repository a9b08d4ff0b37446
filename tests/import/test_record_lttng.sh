#!/bin/sh
# test_record_lttng.sh: record --lttng makes a store like record does, and leaves nothing behind.
# shellcheck source-path=SCRIPTDIR source=recording.sh disable=SC2154,SC2317 # variables of case.sh; cases are called by name
. "$(dirname "$0")/recording.sh"

case_a_lost_failure_is_in_the_store() {
    run "$telltale" record --lttng -- "$traced" fail
    expect_status 0 record
    expect_text err 'SUMMARY: telltale: 1 lost failure in 1 group'
    expect_rows run.telltale 'SELECT type, message, state, reason FROM failures' 'ValueError|nobody looks|lost|dropped'
    expect_rows run.telltale 'SELECT end_text, is_balanced, drop_count FROM processes' 'exit status 0|1|0'
    expect_equal "$(ls)" run.telltale 'the files of the folder'
    expect_nothing_left
}

case_the_command_runs_as_it_would_alone() {
    for wanted in 0 3 255; do
        run "$telltale" record --lttng -- sh -c "'$traced' clean; exit $wanted"
        expect_status "$wanted" "a command that exits with $wanted"
    done
    run "$telltale" record --lttng -- sh -c "'$traced' clean; kill -9 \$\$"
    expect_status 137 'a command that is killed'
    status=0
    "$telltale" record --lttng -- sh -c "'$traced' clean; cat; echo aside >&2" <<'END' >out 2>err || status=$?
to its input
END
    expect_equal "$(cat out)" 'to its input' 'its output'
    grep -qx aside err || fail 'what it says on stderr is missing'
    "$telltale" record --lttng -- sh -c "'$traced' clean; ls /proc/\$\$/fd" 2>/dev/null | sort >recorded
    sh -c "'$traced' clean; ls /proc/\$\$/fd" | sort >alone
    expect_equal "$(cat recorded)" "$(cat alone)" 'its descriptors'
    expect_nothing_left
}

# Times, waits and what follows from them (steps, and ids of later tasks) are aside.
case_both_ways_of_recording_give_the_same_facts() {
    for program in exception_handler done_callback graceful_shutdown; do
        for way in '' --lttng; do
            # shellcheck disable=SC2086 # an option or none
            run "$telltale" record $way -o "$program$way.telltale" -- "$TELLTALE_TEST_BIN/examples/$program"
            view "$program$way.telltale" 'SELECT name, coroutine, outcome, created_at, has_handle FROM tasks ORDER BY 1, 2' >"tasks$way"
            view "$program$way.telltale" 'SELECT type, message, state, reason, raised_at FROM failures ORDER BY 1, 2, 3, 5' >"failures$way"
            view "$program$way.telltale" 'SELECT by_text, requested_at, reason FROM cancellations' | sed 's/#[0-9]*/#/' | sort >"cancellations$way"
            view "$program$way.telltale" 'SELECT end_text FROM processes' >"processes$way"
        done
        for what in tasks failures cancellations processes; do
            cmp -s "$what" "$what--lttng" || fail "$program: $what differ: $(diff "$what" "$what--lttng")"
            cat "$what" >>"all_$what"
        done
    done
    for what in tasks failures cancellations; do
        [ -s "all_$what" ] || fail "there are no $what"
    done
}

case_a_killed_program_is_told_with_its_signal() {
    record_emitter 100
    kill -KILL "$(find_child "$record" "$emitter")"
    end_emitter
    expect_status 137 record
    expect_rows run.telltale 'SELECT end_text FROM processes' 'ended by SIGKILL'
    # It is held, and LTTng does not tell whether its last events are there.
    expect_rows run.telltale 'SELECT state, reason FROM failures' 'unknown|'
    expect_rows run.telltale 'SELECT what, count, is_vital FROM losses' 'cut_off||1'
    expect_text err '1 process said no goodbye: the last events may be missing'
    expect_nothing_left
}

# The shell is gone, and nobody's parent: the token is not.
case_a_grandchild_that_nobody_waited_for_is_in_the_store() {
    run "$telltale" record --lttng -- sh -c "(setsid sh -c \"sleep 0.2; '$traced' fail; touch done\" &) ; while [ ! -e done ]; do sleep 0.1; done"
    expect_status 0 record
    expect_rows run.telltale 'SELECT count(*) FROM failures' 1
}

case_a_signal_reaches_the_command_and_everything_is_cleaned_up() {
    record_emitter 50
    kill -TERM "$record"
    # The input ends after that: else the command could be done before the signal is passed on.
    status=0
    wait "$record" || status=$?
    exec 9>&-
    cp messages "$work/err"
    expect_status 143 record
    expect_rows run.telltale 'SELECT end_text FROM processes' 'ended by SIGTERM'
    expect_nothing_left
}

case_a_kept_trace_is_read_by_babeltrace2_alone() {
    must "$telltale" record --lttng --keep-trace kept -- "$traced" fail
    must env -i PATH="$PATH" babeltrace2 kept
    expect_text out 'telltale:failure_stored'
    expect_text out 'message = "nobody looks"'
    expect_text out 'raised_site_func = "fail_task"'
    expect_text out '( "failed"'
    must "$telltale" import kept -o again.telltale
    expect_equal "$(view again.telltale 'SELECT * FROM failures')" "$(view run.telltale 'SELECT * FROM failures')" 'the failures'
    run "$telltale" record --lttng --keep-trace kept -- "$traced" fail
    expect_status 5 'a folder that is there'
    expect_text err 'name a folder that does not exist'
}

# lttng, babeltrace2 and the traced program: nothing else of telltale.
case_lttng_and_babeltrace2_show_readable_events_without_telltale() {
    start_daemon
    for command in "create s --output=$work/here/by-hand" 'enable-channel -u -s s ch' "enable-event -u -s s -c ch telltale:*" 'start s'; do
        # shellcheck disable=SC2086 # words of a command
        must lttng $command
    done
    must env TELLTALE_LTTNG=1 "$traced" fail
    must lttng stop s
    must lttng destroy s
    must babeltrace2 by-hand
    expect_text out 'telltale:process_started'
    expect_text out 'name = "dropped"'
    must "$telltale" import by-hand
    expect_rows run.telltale 'SELECT state, reason FROM failures' 'lost|dropped'
}

case_the_commands_of_a_dry_run_do_the_same() {
    run "$telltale" record --lttng --dry-run -o 'dry run.telltale' -- "$traced" fail
    expect_status 0 'the dry run'
    [ ! -e 'dry run.telltale' ] || fail 'a dry run wrote something'
    has_no_daemons || fail 'a dry run started a daemon'
    expect_text out "lttng enable-event --session=telltale --userspace --channel=telltale 'telltale:*'"
    expect_text out 'TELLTALE_LTTNG=1'
    cp "$work/out" commands.sh
    run env PATH="$TELLTALE_TEST_BIN:$PATH" sh -eu commands.sh
    expect_status 0 'the commands'
    expect_rows 'dry run.telltale' 'SELECT state, reason FROM failures' 'lost|dropped'
    expect_nothing_left
}

case_the_commands_of_a_dry_run_keep_a_trace_and_the_status() {
    must "$telltale" record --lttng --dry-run --keep-trace 'is kept' -- true
    expect_text out "lttng create telltale --output='$work/here/is kept'"
    must "$telltale" record --lttng --dry-run --keep-trace kept -- sh -c "echo \$LTTNG_UST_REGISTER_TIMEOUT; '$emitter' 100; exit 3"
    cp "$work/out" commands.sh
    run env -u LTTNG_UST_REGISTER_TIMEOUT PATH="$TELLTALE_TEST_BIN:$PATH" sh -eu commands.sh
    expect_status 3 "the command's"
    grep -qx 3000 "$work/out" || fail 'programs do not wait as record has them wait'
    expect_equal "$(sqlite3 run.telltale 'SELECT count(*) FROM note')" 100 'notes'
    expect_nothing_left
    must "$telltale" import kept -o again.telltale
    expect_equal "$(sqlite3 again.telltale 'SELECT count(*) FROM note')" 100 'notes in the trace'
    run env PATH="$TELLTALE_TEST_BIN:$PATH" sh -eu commands.sh
    [ "$status" -ne 0 ] || fail 'a trace that is there is written into'
}

case_a_dry_run_with_a_frozen_daemon_says_so() {
    start_daemon
    freeze "$daemon"
    run timeout 30 "$telltale" record --lttng --dry-run -- true
    expect_status 0 'the dry run'
    expect_text err 'does not answer, and these commands would wait for it'
    kill -CONT "$daemon"
}

# Its metadata is written when it is stopped.
case_the_trace_of_a_session_that_runs_is_told_from_one_that_was_cut() {
    start_daemon
    for command in "create s --output=$work/here/running" "enable-event -u -s s telltale:*" 'start s'; do
        # shellcheck disable=SC2086 # words of a command
        must lttng $command
    done
    must env TELLTALE_LTTNG=1 LTTNG_UST_REGISTER_TIMEOUT=3000 "$traced" fail
    run "$telltale" import running
    expect_status 3 'import of a session that runs'
    # Of its metadata nothing is there, a part, or all but the events: whatever LTTng's buffers had to give away by now.
    grep -qE 'stop or destroy the session first \(lttng stop, lttng destroy\), if it still runs|was the session stopped' "$work/err" ||
        fail "it does not say what to do: $(cat "$work/err")"
    must lttng stop s
    must "$telltale" import running
    expect_rows run.telltale 'SELECT state, reason FROM failures' 'lost|dropped'
    must lttng destroy s
}

case_options_that_make_no_sense_are_refused() {
    run "$telltale" record --keep-trace kept -- true
    expect_status 2 '--keep-trace without --lttng'
    run "$telltale" record --dry-run -- true
    expect_status 2 '--dry-run without --lttng'
    run "$telltale" record --lttng -- ./missing
    expect_status 5 'a command that is missing'
    expect_text err 'cannot start ./missing'
}

# Somebody who is not root gets a daemon in a private folder, and needs no group for it.
case_a_user_has_a_daemon_of_his_own() {
    [ "$(id -u)" -eq 0 ] || skip 'the other cases show it'
    install_prefix
    cp "$TELLTALE_TEST_SOURCE/tests/import/emitter.c" .
    compile telltale-trace emitter.c
    mkdir home
    chmod 755 "$work" "$work/here"
    chown 65534:65534 home
    cd home
    run setpriv --reuid 65534 --regid 65534 --clear-groups env -u LTTNG_HOME HOME="$work/here/home" TMPDIR=/tmp \
        "$prefix/bin/telltale" record --lttng -- "$work/here/program" 10
    expect_status 0 record
    expect_equal "$(sqlite3 run.telltale 'SELECT count(*) FROM note')" 10 'notes'
    expect_equal "$(ls -A)" run.telltale 'the files of his home'
    wait_until has_no_daemons
}

# Both ways tell the same calls: of each exception and each task, in the same functions of the same builds.
case_stacks_are_carried_too() {
    for way in '' --lttng; do
        # shellcheck disable=SC2086 # a word or none
        run "$telltale" record $way --events=+creation -o "run$way.telltale" -- "$TELLTALE_TEST_BIN/examples/exception_handler"
        expect_status 0 "record $way"
        ask "run$way.telltale" "SELECT s.object_id, s.stack_of, s.func, s.is_cut, group_concat(c.build_id || ' ' || c.address, '; ')
            FROM stacks AS s JOIN calls AS c USING (stack_id) GROUP BY 1, 2 ORDER BY 1, 2" >"stacks$way"
        ask "run$way.telltale" "SELECT count(*) FROM tasks WHERE stack_used_bytes > 0 AND stack_bytes > stack_used_bytes" >"measured$way"
    done
    [ "$(grep -c '|raised|job|' stacks)" -eq 3 ] && [ "$(grep -c '|created|' stacks)" -eq 3 ] || fail "the calls: $(cat stacks)"
    diff stacks stacks--lttng || fail 'other calls'
    diff measured measured--lttng || fail 'other measurements'
}

run_case "$@"
