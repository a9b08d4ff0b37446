#!/bin/sh
# test_record_lttng_daemons.sh: record --lttng shares daemons with others, and bears with those that freeze or are killed.
# shellcheck source-path=SCRIPTDIR source=recording.sh disable=SC2154,SC2317 # variables of case.sh; cases are called by name
. "$(dirname "$0")/recording.sh"

case_a_daemon_that_runs_is_used_and_left_alone() {
    start_daemon
    must "$telltale" record --lttng -- "$traced" fail
    expect_rows run.telltale 'SELECT count(*) FROM failures' 1
    kill -0 "$daemon" || fail 'the daemon is gone'
    run lttng list
    ! grep -q 'telltale-' "$work/out" || fail 'the session is still there'
    expect_equal "$(find "$work" -maxdepth 1 -name 'telltale-*')" '' 'private folders'
}

# A program that somebody else has traced in the same daemon, which fails a task and waits.
start_stranger() {
    mkfifo stranger
    TELLTALE_LTTNG=1 LTTNG_UST_REGISTER_TIMEOUT=3000 "$emitter" 5 hold <stranger >stranger.out 2>&1 &
    background="$background $!"
    exec 8>stranger
    wait_until has_line stranger.out
}

case_programs_of_others_are_not_in_the_store() {
    start_daemon
    start_stranger # he is there before, and hears of the session in the middle
    (sleep 0.3 && TELLTALE_LTTNG=1 exec "$traced" fail) >/dev/null 2>&1 &
    later=$!
    run "$telltale" record --lttng --check --keep-trace kept -- sh -c "'$traced' clean; sleep 1; '$traced' clean"
    expect_status 0 'no failure is its own'
    wait "$later" || :
    exec 8>&-
    expect_rows run.telltale 'SELECT count(*) FROM processes' 2
    expect_rows run.telltale 'SELECT count(*) FROM failures' 0
    expect_rows run.telltale 'SELECT count(*) FROM losses' 0
    must "$telltale" import kept -o all.telltale
    expect_rows all.telltale 'SELECT count(*) FROM processes' 4
}

case_two_recordings_at_once_have_each_its_own() {
    start_daemon
    "$telltale" record --lttng -o one.telltale -- sh -c "'$traced' fail; sleep 1; '$traced' clean" 2>one.err &
    one=$!
    run "$telltale" record --lttng --check -o two.telltale -- sh -c "sleep 0.3; '$traced' clean; sleep 0.5"
    expect_status 0 'the second one'
    wait "$one" || fail 'the first one'
    expect_rows one.telltale 'SELECT count(*) FROM processes' 2
    expect_rows one.telltale 'SELECT count(*) FROM failures' 1
    expect_rows two.telltale 'SELECT count(*) FROM processes' 1
}

# A second recording, of a program that runs on when the first one's has ended, and of one more.
record_beside() { # COUNT
    mkfifo second
    "$telltale" record --lttng -o second.telltale -- sh -c "'$emitter' 10 hold; '$emitter' $1" <second >second.out 2>second.err 9>&- &
    beside=$!
    background="$background $beside"
    exec 8>second
    wait_until has_line second.out
}

end_beside() {
    exec 8>&-
    status=0
    wait "$beside" || status=$?
    expect_equal "$status" 0 'the second one'
    ! grep -v 'record: waiting for' second.err | grep -q record: || fail "the second one says $(cat second.err)
$(sqlite3 second.telltale 'SELECT * FROM losses; SELECT * FROM process')"
    expect_equal "$(sqlite3 second.telltale 'SELECT count(*) FROM note')" "$((10 + $1))" 'notes of the second one'
    wait_until has_no_daemons
}

case_a_daemon_that_was_started_stays_as_long_as_another_recording_uses_it() {
    [ "$(id -u)" -eq 0 ] || skip 'others have a daemon each'
    record_emitter 100
    record_beside 500
    end_emitter
    expect_status 0 'the first one'
    expect_text err 'it stays until they have ended'
    expect_rows run.telltale 'SELECT count(*) FROM processes' 1
    end_beside 500
    expect_equal "$(find "$work" -maxdepth 1 -name 'telltale-*')" '' 'private folders'
}

case_a_recording_that_is_killed_does_not_end_the_daemon_under_another() {
    [ "$(id -u)" -eq 0 ] || skip 'others have a daemon each'
    record_emitter 100
    record_beside 500
    kill -KILL "$record"
    exec 9>&-
    wait "$record" 2>/dev/null || :
    end_beside 500
}

case_a_daemon_is_ended_though_the_session_of_a_killed_recording_is_in_it() {
    [ "$(id -u)" -eq 0 ] || skip 'others have a daemon each'
    (exec true) &
    gone=$!
    wait "$gone"
    record_emitter 10
    must lttng create "telltale-$gone" --output="$work/here/left"
    end_emitter
    ! grep -q record: "$work/err" || fail "it says $(cat "$work/err")"
    expect_nothing_left
}

# The daemon that the commands start is root's, which others use, too.
case_the_commands_of_a_dry_run_leave_a_daemon_that_others_use() {
    [ "$(id -u)" -eq 0 ] || skip 'only root shares a daemon'
    run "$telltale" record --lttng --dry-run -- lttng create others --output="$work/here/others"
    expect_status 0 'the dry run'
    cp "$work/out" commands.sh
    run env PATH="$TELLTALE_TEST_BIN:$PATH" sh -u commands.sh
    expect_text err 'others have sessions in the session daemon, which runs on'
    ! has_no_daemons || fail 'the daemon was ended'
    must lttng --no-sessiond list others
    must lttng --no-sessiond destroy others
}

case_a_frozen_daemon_is_told_and_the_command_does_not_run() {
    start_daemon
    freeze "$daemon"
    printf 'an earlier file\n' >keep
    run timeout 60 "$telltale" record --lttng -- touch it-ran
    expect_status 5 record
    expect_text err "waiting for LTTng's session daemon, at most 3 s"
    expect_text err 'does not answer'
    expect_text err 'touch was not run, because it cannot be recorded'
    [ ! -e it-ran ] || fail 'the command ran'
    [ ! -e run.telltale ] || fail 'a store was written'
    kill -CONT "$daemon"
}

case_an_interrupt_before_the_command_runs_leaves_nothing() {
    start_daemon
    freeze "$daemon"
    "$telltale" record --lttng -- touch it-ran 2>messages &
    record=$!
    background="$background $record"
    has_folder() { [ -n "$(find "$work" -maxdepth 1 -name 'telltale-*')" ]; }
    wait_until has_folder
    kill -TERM "$record"
    status=0
    wait "$record" || status=$?
    expect_status 143 record
    kill -CONT "$daemon"
    [ ! -e it-ran ] || fail 'the command ran'
    expect_equal "$(find "$work" -maxdepth 1 -name 'telltale-*')" '' 'private folders'
}

# LTTng's consumer is a process of its own, and what it has written is a trace.
case_a_daemon_that_is_killed_harms_neither_the_command_nor_what_was_written() {
    record_emitter 200
    wait_until has_written 200
    kill -KILL "$(find_child "$record" "$(command -v lttng-sessiond)")"
    end_emitter
    expect_status 0 record
    expect_text err 'LTTng: its session daemon is gone; what it has written is read'
    expect_rows run.telltale 'SELECT count(*) FROM failures' 1
    expect_equal "$(sqlite3 run.telltale 'SELECT count(*) FROM note')" 200 'notes'
    expect_nothing_left
}

case_a_daemon_that_freezes_is_waited_for_in_vain_but_not_for_ever() {
    record_emitter 200
    wait_until has_written 200
    freeze "$(find_child "$record" "$(command -v lttng-sessiond)")"
    from_s=$(date +%s)
    end_emitter
    [ "$(($(date +%s) - from_s))" -lt 20 ] || fail 'it waits longer than it says'
    expect_status 0 record
    expect_text err "waiting for LTTng's session daemon, at most 20 s"
    expect_text err 'does not answer any more; what it has written is read'
    expect_rows run.telltale 'SELECT count(*) FROM failures' 1
    expect_nothing_left
}

# A run that has all it is asked for, but for what nobody can know.
case_what_a_frozen_daemon_makes_uncertain_is_told_later_too() {
    run "$telltale" record --lttng --check -- sh -c "'$traced' clean; kill -STOP \$(cat /run/lttng/lttng-sessiond.pid || cat \"\$LTTNG_HOME/.lttng/lttng-sessiond.pid\")"
    expect_status 4 record
    expect_rows run.telltale 'SELECT count, what, is_vital FROM losses' '|incomplete|1'
    run "$telltale" report --strict run.telltale
    expect_status 4 'report --strict'
    expect_text out "LTTng's trace is not whole: nobody knows whether events are missing"
    expect_nothing_left
}

case_a_consumer_that_freezes_is_ended_with_its_daemon() {
    record_emitter 200
    wait_until has_written 200
    freeze "$(consumer_of "$(find_child "$record" "$(command -v lttng-sessiond)")")"
    end_emitter
    expect_status 0 record
    expect_nothing_left
}

case_a_consumer_that_is_killed_is_told_and_makes_no_clean_run() {
    record_emitter 0 --check
    kill -KILL "$(consumer_of "$(find_child "$record" "$(command -v lttng-sessiond)")")"
    end_emitter
    { [ "$status" -eq 4 ] || [ "$status" -eq 5 ]; } || fail "record exited with $status"
    expect_text err 'its consumer daemon is gone'
    ! grep -q 'emitted no events' err || fail 'what is not known is told'
    has_no_daemons || fail 'daemons are left'
}

# Whoever is not root cannot ask root's daemon, and his programs register with it all the same.
case_a_frozen_daemon_of_root_is_told_to_a_user() {
    [ "$(id -u)" -eq 0 ] || skip 'needs root'
    install_prefix
    cp "$TELLTALE_TEST_SOURCE/tests/import/emitter.c" .
    compile telltale-trace emitter.c
    mkdir home
    chmod 755 "$work" "$work/here"
    chown 65534:65534 home
    cd home
    as_user() {
        run setpriv --reuid 65534 --regid 65534 --clear-groups env -u LTTNG_HOME HOME="$work/here/home" TMPDIR=/tmp "$@"
    }
    start_daemon
    as_user "$prefix/bin/telltale" doctor
    ! grep -q 'registers no programs' "$work/out" || fail 'a daemon that is well is called frozen'
    freeze "$daemon"
    as_user "$prefix/bin/telltale" doctor
    expect_equal "$(verdict daemon)" note 'a frozen daemon of root'
    expect_text out "root's is there and registers no programs"
    as_user "$prefix/bin/telltale" record --lttng -- "$work/here/program" 10
    expect_status 0 record
    expect_text err 'LTTNG_UST_REGISTER_TIMEOUT=300 makes that less'
    expect_equal "$(sqlite3 run.telltale 'SELECT count(*) FROM note')" 10 'notes'
    kill -CONT "$daemon"
}

run_case "$@"
