#!/bin/sh
# test_record_lttng.sh: record --lttng makes a store like record does, leaves nothing behind, and bears with daemons that do not.
#
# Root has one session daemon a mount namespace; so as root each case gets one of its own. Others have LTTNG_HOME.
# shellcheck source-path=SCRIPTDIR source=traces.sh disable=SC2154,SC2317 # variables of case.sh; cases are called by name
if [ "$(id -u)" -eq 0 ] && [ -z "${TELLTALE_TEST_ISOLATED-}" ]; then
    exec env TELLTALE_TEST_ISOLATED=1 unshare -m sh -c 'mount -t tmpfs t /run && mount -t tmpfs t /dev/shm && exec sh "$0" "$@"' "$0" "$@"
fi
. "$(dirname "$0")/traces.sh"

traced=$TELLTALE_TEST_BUILD/tests/viewer/traced
emitter=$TELLTALE_TEST_BUILD/tests/import/emitter
LTTNG_HOME=$(mktemp -d /tmp/tt-XXXXXX) # a socket's name is short
TMPDIR=$work
export LTTNG_HOME TMPDIR
trap 'end_daemons; rm -rf "$LTTNG_HOME"; clean_up' EXIT

# Processes of LTTng in this mount namespace and of this user, as process ids.
daemons() {
    for folder in /proc/[0-9]*; do
        case $(readlink "$folder/exe" 2>/dev/null) in
        */lttng-sessiond | */lttng-consumerd) ;;
        *) continue ;;
        esac
        [ "$(readlink "$folder/ns/mnt")" = "$(readlink /proc/self/ns/mnt)" ] || continue
        [ "$(id -u)" -eq 0 ] || grep -qz "LTTNG_HOME=$LTTNG_HOME" "$folder/environ" 2>/dev/null || continue
        printf '%s\n' "${folder#/proc/}"
    done
}

end_daemons() {
    for daemon in $(daemons); do
        kill -KILL "$daemon" 2>/dev/null || :
    done
}

start_daemon() {
    lttng-sessiond --daemonize --no-kernel --pidfile="$work/pid" >"$work/daemon.log" 2>&1 </dev/null || fail 'no lttng-sessiond'
    daemon=$(cat "$work/pid")
}

has_no_daemons() {
    [ -z "$(daemons)" ]
}

expect_nothing_left() {
    has_no_daemons || fail "daemons are left: $(daemons | tr '\n' ' ')"
    expect_equal "$(find "$work" -maxdepth 1 -name 'telltale-*')" '' 'private folders'
}

# Starts `record --lttng -- emitter COUNT hold` and waits until it is ready; its input ends when descriptor 9 is closed.
record_emitter() { # COUNT [OPTION...]
    count=$1
    shift
    mkfifo input
    "$telltale" record --lttng "$@" -- "$emitter" "$count" hold <input >output 2>messages &
    record=$!
    background="$background $record"
    exec 9>input
    wait_until has_line output
}

# Whether LTTng has written COUNT notes, which it does when the timer of its buffers says so.
has_written() { # COUNT
    [ "$(babeltrace2 "$(find "$work" -type d -name trace)" 2>/dev/null | grep -c telltale:note)" -ge "$1" ]
}

# Ends what record_emitter has begun, or what has ended already; the exit status goes to $status.
end_emitter() {
    exec 9>&-
    status=0
    wait "$record" || status=$?
    cp messages "$work/err"
}

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
    ! grep -q record: second.err || fail "the second one says $(cat second.err)"
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

# The shell is gone, and nobody's parent: the token is not.
case_a_grandchild_that_nobody_waited_for_is_in_the_store() {
    run "$telltale" record --lttng -- sh -c "(setsid sh -c \"sleep 0.2; '$traced' fail; touch done\" &) ; while [ ! -e done ]; do sleep 0.1; done"
    expect_status 0 record
    expect_rows run.telltale 'SELECT count(*) FROM failures' 1
}

case_a_frozen_daemon_is_told_and_the_command_does_not_run() {
    start_daemon
    kill -STOP "$daemon"
    printf 'an earlier file\n' >keep
    run timeout 60 "$telltale" record --lttng -- touch it-ran
    expect_status 5 record
    expect_text err 'does not answer'
    expect_text err 'touch was not run, because it cannot be recorded'
    [ ! -e it-ran ] || fail 'the command ran'
    [ ! -e run.telltale ] || fail 'a store was written'
    kill -CONT "$daemon"
}

# LTTng's consumer is a process of its own, and what it has written is a trace.
case_a_daemon_that_is_killed_harms_neither_the_command_nor_what_was_written() {
    record_emitter 200
    wait_until has_written 200
    kill -KILL "$(find_child "$record" "$(command -v lttng-sessiond)")"
    end_emitter
    expect_status 0 record
    expect_text err 'what it has written is read'
    expect_rows run.telltale 'SELECT count(*) FROM failures' 1
    expect_equal "$(sqlite3 run.telltale 'SELECT count(*) FROM note')" 200 'notes'
    expect_nothing_left
}

case_a_daemon_that_freezes_is_waited_for_in_vain_but_not_for_ever() {
    record_emitter 200
    wait_until has_written 200
    kill -STOP "$(find_child "$record" "$(command -v lttng-sessiond)")"
    end_emitter
    expect_status 0 record
    expect_text err 'does not answer any more; what it has written is read'
    expect_rows run.telltale 'SELECT count(*) FROM failures' 1
    expect_nothing_left
}

# Those of a process's threads, too.
consumer_of() { # DAEMON
    for list in "/proc/$1"/task/*/children; do
        for child in $(cat "$list"); do
            [ "$(cat "/proc/$child/comm")" != lttng-consumerd ] || printf '%s\n' "$child"
        done
    done
}

case_a_consumer_that_freezes_is_ended_with_its_daemon() {
    record_emitter 200
    wait_until has_written 200
    kill -STOP "$(consumer_of "$(find_child "$record" "$(command -v lttng-sessiond)")")"
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

# A disk of its own for what is to be full, which only root can have.
case_a_full_disk_is_told_and_makes_no_clean_run() {
    [ "$(id -u)" -eq 0 ] || skip 'needs a disk of its own'
    mkdir small
    mount -t tmpfs -o size=100k t small
    run "$telltale" record --lttng --check -o small/run.telltale -- "$traced" fail
    expect_status 5 'a store that cannot be written'
    ! grep -q 'emitted no events' "$work/err" || fail 'what is not known is told'
    expect_text err 'the trace is kept'
    kept=$(sed -n 's/.*the trace is kept: //p' "$work/err")
    must "$telltale" import "$kept"
    expect_rows run.telltale 'SELECT state FROM failures' lost
    rm -rf "$work"/telltale-*
    dd if=/dev/zero of=small/full bs=1k count=1000 2>/dev/null || :
    run env TMPDIR="$work/here" "$telltale" record --lttng --check --keep-trace small/trace -- "$traced" fail
    expect_status 5 'a trace that cannot be written'
    ! grep -q 'emitted no events' "$work/err" || fail 'what is not known is told'
    umount small
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

case_a_dry_run_with_a_frozen_daemon_says_so() {
    start_daemon
    kill -STOP "$daemon"
    run timeout 30 "$telltale" record --lttng --dry-run -- true
    expect_status 0 'the dry run'
    expect_text err 'does not answer, and these commands would wait for it'
    kill -CONT "$daemon"
}

case_an_interrupt_before_the_command_runs_leaves_nothing() {
    start_daemon
    kill -STOP "$daemon"
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

# One rule for uncertainty: what was lost fails a recording that is checked as it fails a strict check of its store.
case_what_was_lost_fails_a_recording_that_is_checked() {
    run "$telltale" record --lttng --check --ring-bytes 64K -- "$emitter" 200000
    expect_status 4 'record --lttng --check'
    run "$telltale" check --strict run.telltale
    expect_status 4 'check --strict'
    run "$telltale" check run.telltale
    expect_status 0 'check'
}

case_full_buffers_are_told_with_the_exact_number() {
    run "$telltale" record --lttng --ring-bytes 64K -- "$emitter" 200000
    expect_status 0 record
    expect_text err 'LTTng discarded'
    lost=$(view run.telltale 'SELECT sum(count) FROM losses')
    told=$(sqlite3 run.telltale 'SELECT count(*) FROM note')
    others=$(($(view run.telltale 'SELECT record_count FROM processes') - told))
    # All that was emitted: the notes, and what the process says of itself: begun, attached, ended, if it was not discarded.
    emitted=$(view run.telltale 'SELECT attempt_count FROM processes')
    { [ "$emitted" -ge 200002 ] && [ "$emitted" -le 200003 ]; } || fail "$emitted events were emitted, $told notes are there, $others others, $lost lost"
    [ "$((told + others + lost))" -eq "$emitted" ] || fail 'they do not add up'
    [ "$lost" -gt 1000 ] || fail "only $lost were lost: the buffers were not full"
    expect_rows run.telltale "SELECT DISTINCT what, is_vital FROM losses WHERE what <> 'cut_off'" 'discarded|1' # the goodbye may be among them
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

case_a_program_that_is_not_traced_is_pointed_out() {
    run "$telltale" record --lttng -- true
    expect_status 0 true
    expect_text err 'nothing was traced'
    expect_text err 'libtelltale-lttng.so'
    expect_nothing_left
    [ ! -e run.telltale ] || fail 'a store was written'
    must "$telltale" record -- "$traced" fail
    cksum run.telltale >before
    run "$telltale" record --lttng -- sh -c 'exit 4'
    expect_status 4 "the command's"
    cksum run.telltale | cmp -s - before || fail 'the earlier recording is gone'
    expect_nothing_left
}

case_nothing_was_traced_for_want_of_shared_memory() {
    [ "$(id -u)" -eq 0 ] || skip 'needs a /dev/shm of its own'
    mount -o remount,size=1m /dev/shm
    run "$telltale" record --lttng -- "$traced" fail
    expect_status 0 "the command's"
    expect_text err "nothing was traced: LTTng's buffers do not fit into /dev/shm: 8 MiB for each of"
    expect_text err 'and 1 MiB were free'
    ! grep -q 'libtelltale-lttng.so' "$work/err" || fail 'a reason is named that it cannot be'
    expect_nothing_left
}

case_nothing_was_traced_of_a_program_that_does_not_wait() {
    for timeout in 0 1 soon ''; do
        run env LTTNG_UST_REGISTER_TIMEOUT="$timeout" "$telltale" record --lttng -- true # it emits nothing in any case
        expect_text err "LTTNG_UST_REGISTER_TIMEOUT is ${timeout:-empty}, so true does not wait"
    done
    for timeout in 3000 -1; do
        run env LTTNG_UST_REGISTER_TIMEOUT="$timeout" "$telltale" record --lttng -- true
        ! grep -q 'does not wait' "$work/err" || fail "$timeout is long enough"
    done
}

case_nothing_was_traced_of_a_program_that_was_killed() {
    run "$telltale" record --lttng -- sh -c 'kill -KILL $$'
    expect_status 137 "the command's"
    expect_text err 'nothing was traced: sh was ended by a signal (Killed), before LTTng had registered it'
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

case_what_is_not_installed_is_said() {
    mkdir empty
    run env PATH="$work/here/empty" "$telltale" record --lttng -- "$traced" fail
    expect_status 5 record
    expect_text err 'lttng-sessiond is not installed'
    expect_equal "$(find "$work" -maxdepth 1 -name 'telltale-*')" '' 'private folders'
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

# The verdict of doctor on PROBE.
verdict() { # PROBE
    awk -v name="$1" '$1 ~ /^(ok|note|BAD)$/ && $2 == name { print $1 }' "$work/out"
}

case_doctor_tells_that_the_buffers_do_not_fit() {
    [ "$(id -u)" -eq 0 ] || skip 'needs a /dev/shm of its own'
    mount -o remount,size=$((10 * $(getconf _NPROCESSORS_CONF)))m /dev/shm
    run "$telltale" doctor
    expect_equal "$(verdict buffers)" ok 'room enough'
    mount -o remount,size=$((8 * $(getconf _NPROCESSORS_CONF) - 1))m /dev/shm
    run "$telltale" doctor
    expect_equal "$(verdict buffers)" note 'too little room'
    expect_text out 'make /dev/shm larger'
}

case_doctor_tells_which_daemon_would_be_used() {
    run "$telltale" doctor
    expect_text out 'none runs; record --lttng starts'
    for probe in lttng provider daemon babeltrace2; do
        expect_equal "$(verdict "$probe")" ok "$probe"
    done
    start_daemon
    run "$telltale" doctor
    expect_text out 'which runs, is used'
    kill -STOP "$daemon"
    run timeout 30 "$telltale" doctor
    expect_equal "$(verdict daemon)" note 'a frozen daemon'
    expect_text out 'one is there and does not answer'
    kill -CONT "$daemon"
    mkdir empty
    run env PATH="$work/here/empty" BABELTRACE_PLUGIN_PATH="$plugins" "$telltale" doctor
    expect_equal "$(verdict lttng)" note 'no lttng-sessiond'
    expect_text out 'apt-get install lttng-tools'
    expect_equal "$(verdict plugin)" ok 'a plugin in BABELTRACE_PLUGIN_PATH'
}

# Whoever has telltale without the library that talks to LTTng.
case_a_provider_that_is_missing_is_named_with_what_to_install() {
    install_prefix
    rm "$libraries/libtelltale-lttng.so"
    cp "$TELLTALE_TEST_SOURCE/tests/import/emitter.c" .
    compile telltale-trace emitter.c
    run "$prefix/bin/telltale" record --lttng -- ./program 10
    expect_text err 'nothing was traced: libtelltale-lttng.so cannot be loaded'
    expect_text err 'apt-get install liblttng-ust1, or install telltale anew'
    [ ! -e run.telltale ] || fail 'a store was written'
    run "$prefix/bin/telltale" doctor
    expect_text out 'libtelltale-lttng.so cannot be loaded'
    expect_text out 'apt-get install liblttng-ust1, or install telltale anew'
    expect_nothing_left
}

case_doctor_tells_what_is_missing_of_telltale_itself() {
    install_prefix
    rm "$prefix/libexec/telltale/telltale-ctf-reader" "$prefix/libexec/telltale/telltale-lttng-session" "$libraries/libtelltale-lttng.so"
    run "$prefix/bin/telltale" doctor
    for probe in lttng provider babeltrace2; do
        expect_equal "$(verdict "$probe")" note "$probe"
    done
    expect_text out 'telltale-ctf-reader is missing: import does not work'
    make_trace whole
    run "$prefix/bin/telltale" import whole
    expect_status 5 'import without its reader'
    expect_text err 'cannot be executed'
    run "$prefix/bin/telltale" record --lttng -- "$traced" fail
    expect_status 5 'record --lttng without its agent'
    expect_text err 'cannot be executed'
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
    kill -STOP "$daemon"
    as_user "$prefix/bin/telltale" doctor
    expect_equal "$(verdict daemon)" note 'a frozen daemon of root'
    expect_text out "root's is there and registers no programs"
    as_user "$prefix/bin/telltale" record --lttng -- "$work/here/program" 10
    expect_status 0 record
    expect_text err 'LTTNG_UST_REGISTER_TIMEOUT=300 makes that less'
    expect_equal "$(sqlite3 run.telltale 'SELECT count(*) FROM note')" 10 'notes'
    kill -CONT "$daemon"
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
