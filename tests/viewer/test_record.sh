#!/bin/sh
# test_record.sh: record runs a command as it would run alone, writes what it did, and leaves nothing when it did nothing.
# shellcheck source-path=SCRIPTDIR source=given.sh disable=SC2016,SC2154,SC2317 # code for other shells; variables of case.sh; cases are called by name
. "$(dirname "$0")/given.sh"

traced=$TELLTALE_TEST_BUILD/tests/viewer/traced

# One value out of the store.
ask() { # SQL
    "$telltale" query run.telltale "$1" --format csv | sed 1d
}

# Starts `telltale record -- traced hold` and waits until it holds a failure; its input ends when descriptor 9 is closed.
record_holder() {
    mkfifo input
    "$telltale" record -- "$traced" hold <input >output 2>messages &
    record=$!
    background="$background $record"
    exec 9>input
    wait_until has_line output
    holder=$(find_child "$record" "$traced")
    background="$background $holder"
}

# Ends what record_holder has begun; the exit status of record goes to $status.
end_holder() {
    exec 9>&-
    status=0
    wait "$record" || status=$?
}

is_gone() { # PROCESS
    ! kill -0 "$1" 2>/dev/null
}

case_the_exit_status_is_that_of_the_command() {
    for wanted in 0 1 3 255; do
        run "$telltale" record -- sh -c "exit $wanted"
        expect_status "$wanted" "sh -c 'exit $wanted'"
    done
}

case_children_that_cannot_be_recorded_make_the_answer_uncertain() {
    run "$telltale" record --check -o run.telltale -- "$TELLTALE_TEST_BUILD/tests/viewer/traced" bar 1
    expect_status 4 'record --check'
    expect_text err '1 child process of which nothing is recorded: no arena could be made there, for want of rights or of room'
    run "$telltale" record --check -o run.telltale -- "$TELLTALE_TEST_BUILD/tests/viewer/traced" bar 2
    expect_status 4 'record --check'
    expect_text err '2 child processes of which nothing is recorded'
}

case_a_signal_that_ends_the_command_becomes_its_status() {
    run "$telltale" record -- sh -c 'kill -9 $$'
    expect_status 137 'a command that kills itself'
    # The recorder's helper ignores SIGPIPE; the command must not.
    run "$telltale" record -- sh -c 'kill -PIPE $$; exit 0'
    expect_status 141 'a command that gets SIGPIPE'
}

case_the_command_gets_its_arguments_input_and_output_untouched() {
    printf 'to its input\n' >input
    status=0
    "$telltale" record -- sh -c 'printf "<%s>\n" "$@"; cat; echo aside >&2' sh -o 'two words' '' --help <input >out 2>err || status=$?
    expect_status 0 'sh'
    expect_equal "$(cat out)" '<-o>
<two words>
<>
<--help>
to its input' 'its output'
    grep -qx aside err || fail 'what it says on stderr is missing'
}

case_the_command_inherits_no_descriptor() {
    "$telltale" record -- sh -c 'ls /proc/$$/fd' 2>/dev/null | sort >recorded
    sh -c 'ls /proc/$$/fd' | sort >alone
    cmp -s alone recorded || fail "descriptors: $(tr '\n' ' ' <recorded), alone: $(tr '\n' ' ' <alone)"
}

case_a_lost_failure_is_in_the_summary_and_in_the_store() {
    run "$telltale" record -- "$traced" fail
    expect_status 0 record
    expect_text err 'SUMMARY: telltale: 1 lost failure in 1 group, 0 absorbed, 0 held, 0 tasks pending at the end'
    [ ! -s "$work/out" ] || fail 'record writes to stdout'
    run "$telltale" report run.telltale
    expect_status 1 report
    expect_text out 'ValueError: nobody looks'
    expect_equal "$(ask 'SELECT end_text FROM processes')" 'exit status 0' 'how it ended'
    expect_equal "$(ls)" run.telltale 'the files of the folder'
    expect_equal "$(stat -c %a run.telltale)" 600 'the mode of the store'
}

case_findings_fail_a_recording_that_is_checked() {
    run "$telltale" record --check -- "$traced" fail
    expect_status 1 'record --check'
    run "$telltale" record --check -- "$traced" clean
    expect_status 0 'record --check of a clean run'
    run "$telltale" record --check -- sh -c "'$traced' fail; exit 5"
    expect_status 5 "the command's own status"
}

case_a_command_that_cannot_be_started_leaves_the_earlier_recording() {
    must "$telltale" record -- "$traced" fail
    cksum run.telltale >before
    mkdir folder
    printf '#!/no/such/interpreter\n' >script
    chmod 755 script
    : >plain
    for command in ./missing missing ./folder ./plain ./script; do
        run "$telltale" record -- "$command"
        expect_status 5 "record -- $command"
        expect_text err "cannot start $command"
        [ "$(grep -vc 'replacing the recording' "$work/err")" -eq 1 ] || fail 'one line is expected'
    done
    cksum run.telltale | cmp -s before - || fail 'the earlier recording has changed'
    expect_equal "$(find . -type f -o -type d ! -name . | sort | tr '\n' ' ')" './before ./folder ./plain ./run.telltale ./script ' 'the files of the folder'
    rm run.telltale
    run "$telltale" record -- ./script
    [ ! -e run.telltale ] || fail 'a store was written'
}

case_an_earlier_recording_is_replaced_and_that_is_said() {
    must "$telltale" record -- "$traced" fail
    run "$telltale" record -- "$traced" clean
    expect_status 0 record
    expect_text err 'replacing the recording in run.telltale'
    expect_equal "$(ask 'SELECT name FROM tasks')" clean 'the tasks'
    expect_equal "$(ls)" run.telltale 'the files of the folder'
}

# What it had set aside is not lost, and does not stay for ever.
case_what_a_killed_record_set_aside_is_settled_by_the_next_command() {
    "$telltale" record -- "$traced" fail 2>/dev/null
    cksum <run.telltale >before
    mkfifo input
    "$telltale" record -- "$traced" hold <input >output 2>messages &
    record=$!
    background="$background $record"
    exec 9>input
    wait_until has_line output
    aside=run.telltale.replaced-$record
    cksum <"$aside" | cmp -s - before || fail 'the earlier recording is not there'
    # Another command leaves it to who still needs it.
    run "$telltale" record -- true
    expect_status 5 'a store that is being recorded'
    [ -e "$aside" ] || fail 'the earlier recording is gone while it may be needed'
    kill -KILL "$record"
    wait "$record" || :
    exec 9>&-
    has_ended() { run "$telltale" record --append -- true && [ ! -e "$aside" ]; }
    wait_until has_ended
    expect_equal "$(find . -name 'run.telltale.*')" '' 'files beside'
    # Killed before the new one was there: the earlier one is back.
    "$telltale" record -- "$traced" fail 2>/dev/null
    cksum <run.telltale >before
    mv run.telltale run.telltale.replaced-99999999
    run "$telltale" record --append -- true
    expect_text err 'the earlier recording in run.telltale was set aside by a command that was killed; it is back'
    expect_equal "$(sqlite3 run.telltale 'SELECT count(*) FROM failure')" 1 'failures'
    expect_equal "$(find . -name 'run.telltale.*')" '' 'files beside'
}

case_a_recording_of_a_newer_telltale_is_not_replaced() {
    must "$telltale" record -- "$traced" fail
    sqlite3 run.telltale 'PRAGMA user_version = 999'
    cp run.telltale before
    run "$telltale" record -- "$traced" clean
    expect_status 3 record
    expect_text err 'was written by a newer telltale'
    cmp before run.telltale || fail 'the store was changed'
}

case_a_recording_of_an_older_telltale_is_joined() {
    sqlite3 run.telltale <"$TELLTALE_TEST_SOURCE/tests/tracer/stores/version_1.sql"
    cksum run.telltale >before
    run "$telltale" report run.telltale
    expect_status 1 'the report of an older one'
    expect_text out '3 lost failures'
    expect_equal "$(cksum run.telltale)" "$(cat before)" 'the store that was read'
    must "$telltale" record --append -- "$traced" fail
    run "$telltale" report run.telltale
    expect_text out '4 lost failures'
    expect_text out 'job 3 went wrong'
}

case_a_link_is_neither_followed_nor_replaced() {
    ln -s nowhere link.telltale
    run "$telltale" record -o link.telltale -- "$traced" clean
    expect_status 3 record
    expect_text err 'is a symbolic link'
    [ "$(readlink link.telltale)" = nowhere ] || fail 'the link is gone'
    must "$telltale" record -o real.telltale -- "$traced" fail
    ln -sf real.telltale link.telltale
    run "$telltale" record -o link.telltale -- "$traced" clean
    expect_status 3 record
    [ "$(readlink link.telltale)" = real.telltale ] || fail 'the link was replaced'
}

case_a_recording_can_be_gone_on_with() {
    must "$telltale" record --append -- "$traced" fail
    must "$telltale" record --append -- "$traced" clean
    expect_equal "$(ask 'SELECT group_concat(name) FROM tasks')" '"dropped,clean"' 'the tasks'
    expect_equal "$(ask 'SELECT count(*) FROM processes')" 2 'the processes'
}

case_a_store_that_is_being_recorded_is_not_replaced_but_can_be_joined() {
    record_holder
    run "$telltale" record -- "$traced" clean
    expect_status 5 'a second recording'
    expect_text err 'still being recorded'
    must "$telltale" record --append -- "$traced" clean
    expect_equal "$(ask "SELECT outcome FROM tasks WHERE name = 'clean'")" returned 'the task of the second command'
    end_holder
    expect_status 0 'the first recording'
    expect_equal "$(ask 'SELECT count(*) FROM processes')" 2 'the processes'
}

case_children_are_recorded() {
    must "$telltale" record -- "$traced" fork 5
    expect_equal "$(ask 'SELECT count(*) FROM processes')" 6 'the processes'
    expect_equal "$(ask "SELECT count(*) FROM tasks WHERE name = 'child' AND outcome = 'returned'")" 5 'the children'
    expect_equal "$(ask "SELECT count(*) FROM processes WHERE end_reason = 'running'")" 0 'processes that seem to run'
}

case_recording_ends_with_the_last_process() {
    mkfifo input
    "$telltale" record -- sh -c "'$traced' outlive; exit 4" <input >output 2>messages &
    record=$!
    background="$background $record"
    exec 9>input
    wait_until has_line output
    wait_until grep -q 'other processes of the recording run on' messages
    kill -0 "$record" || fail 'record did not wait'
    exec 9>&-
    status=0
    wait "$record" || status=$?
    expect_status 4 "the command's"
    expect_equal "$(ask "SELECT outcome FROM tasks WHERE name = 'survivor'")" returned 'the task that outlived the command'
}

# Nobody runs on then, and nobody is said to.
case_a_recorder_that_has_much_to_write_is_waited_for() {
    mkfifo input
    "$telltale" record -- "$traced" hold <input >output 2>messages &
    record=$!
    background="$background $record"
    exec 9>input
    wait_until has_line output
    recorder=$(find_child "$record" "$telltale")
    kill -STOP "$recorder"
    exec 9>&-
    wait_until grep -q 'not all that was recorded is in the store yet' messages
    kill -CONT "$recorder"
    wait_until is_gone "$record"
    ! grep -q 'run on' messages || fail 'somebody is said to run'
}

case_what_was_lost_fails_a_recording_that_is_checked() {
    run "$telltale" record --check -- "$traced" clean
    expect_status 0 'a whole recording'
    run "$telltale" check --strict run.telltale
    expect_status 0 'a strict check of it'
    sqlite3 run.telltale 'UPDATE process SET is_balanced = 0'
    run "$telltale" check --strict run.telltale
    expect_status 4 'a strict check of a store that has not all of a process'
    expect_text err 'not all that 1 process wrote was read'
    run "$telltale" check run.telltale
    expect_status 0 'a check of it'
    sqlite3 run.telltale "UPDATE process SET is_balanced = 1; INSERT INTO gap (thread_id, what, is_vital, to_ns) VALUES (0, 'late', 1, 1000000)"
    run "$telltale" record --append --check -- "$traced" clean
    expect_status 4 'what lacks events, gone on with'
    expect_text err 'what was of p0 before 0.001 s was not recorded'
}

case_waiting_for_the_last_process_can_be_left_to_the_recorder() {
    mkfifo input
    "$telltale" record -- "$traced" outlive <input >output 2>messages &
    record=$!
    exec 9>input
    wait_until has_line output
    background="$background $record $(cat output)"
    wait_until grep -q 'other processes of the recording run on' messages
    kill -TERM "$record"
    status=0
    wait "$record" || status=$?
    expect_status 0 "the command's"
    exec 9>&-
    has_ended() { [ "$(ask "SELECT outcome FROM tasks WHERE name = 'survivor'")" = returned ]; }
    wait_until has_ended
}

# Not SIGINT: what a script starts in the background ignores it.
case_a_signal_to_record_reaches_the_command() {
    for signal in TERM HUP USR1; do
        mkfifo "input-$signal"
        # A shell that waits inside a builtin handles its trap at once.
        "$telltale" record -- sh -c "trap 'exit 7' $signal; echo ready; read line" <"input-$signal" >"output-$signal" 2>/dev/null &
        record=$!
        background="$background $record"
        exec 9>"input-$signal"
        wait_until has_line "output-$signal"
        kill -"$signal" "$record"
        status=0
        wait "$record" || status=$?
        exec 9>&-
        expect_status 7 "the command that was sent SIG$signal"
    done
}

# What a terminal sends reaches the command once, and neither record nor the recorder end by it. Byte 3 is Ctrl-C, byte 4 the end
# of the input.
case_an_interrupt_from_the_terminal_reaches_the_command_once() {
    case ${TELLTALE_TEST_SANITIZE-} in *thread*) skip 'the thread sanitizer puts signal handlers off until it suits it' ;; esac
    cat >session.py <<'END'
import os, pty, sys, time
pid, terminal = pty.fork()
if pid == 0:
    os.execv(sys.argv[1], [sys.argv[1], 'record', '--', sys.argv[2], 'interrupts'])
seen = b''
def read_until(text):
    global seen
    while text not in seen:
        try:
            data = os.read(terminal, 4096)
        except OSError:
            data = b''
        if not data:
            break
        seen += data
read_until(b'ready')
for press in range(3):
    os.write(terminal, b'\x03')
    time.sleep(0.2)
os.write(terminal, b'\x04')
read_until(b'no such text')
status = os.waitpid(pid, 0)[1]
print(seen.decode())
sys.exit(0 if os.WIFEXITED(status) and os.WEXITSTATUS(status) == 9 and b'interrupts: 3' in seen else 1)
END
    must python3 session.py "$telltale" "$traced"
}

# The one that comes after the command's end must be told again that it may end.
case_a_recorder_that_dies_after_the_command_is_started_again() {
    mkfifo input
    "$telltale" record -- "$traced" outlive <input >output 2>messages &
    record=$!
    exec 9>input
    wait_until has_line output
    background="$background $record $(cat output)"
    wait_until grep -q 'other processes of the recording run on' messages
    recorder=$(find_child "$record" "$telltale")
    kill -KILL "$recorder"
    another_is_at_work() {
        again=$(find_child "$record" "$telltale") && [ "$again" != "$recorder" ]
    }
    wait_until another_is_at_work
    exec 9>&-
    wait_until is_gone "$record"
    expect_equal "$(ask "SELECT outcome FROM tasks WHERE name = 'survivor'")" returned 'the task that outlived the command'
}

case_a_recorder_that_dies_is_started_again() {
    record_holder
    recorder=$(find_child "$record" "$telltale")
    kill -KILL "$recorder"
    another_is_at_work() {
        again=$(find_child "$record" "$telltale") && [ "$again" != "$recorder" ]
    }
    wait_until another_is_at_work
    kill -KILL "$again"
    recorder=$again
    wait_until another_is_at_work
    background="$background $again"
    end_holder
    expect_status 0 record
    expect_equal "$(ask 'SELECT end_text FROM processes')" 'exit status 0' 'how it ended'
    expect_equal "$(ask 'SELECT type, state, reason FROM failures')" ValueError,lost,held_at_exit 'the failure'
    expect_equal "$(ask 'SELECT count(*) FROM losses')" 0 'the losses'
}

case_a_killed_program_is_told_from_one_that_ended() {
    record_holder
    run "$telltale" report run.telltale --lint held-failure=0
    expect_status 0 'report of a running program'
    expect_text out 'HELD FAILURE: 1 failure of 1 task'
    expect_text out running
    kill -KILL "$holder"
    end_holder
    expect_status 137 record
    run "$telltale" report run.telltale
    expect_status 1 'report of a killed program'
    expect_text out 'ended by SIGKILL'
    expect_text out 'lost because  the process was killed and nobody had looked at the failure'
}

case_what_a_killed_program_and_its_recorder_left_is_recovered_by_whoever_reads() {
    record_holder
    recorder=$(find_child "$record" "$telltale")
    traced=$holder
    kill_recording
    run "$telltale" report run.telltale
    expect_status 1 'report of what was left'
    expect_text out 'lost because  the process was killed and nobody had looked at the failure'
    expect_text out 'ended without goodbye'
}

case_events_and_ring_bytes_reach_the_command() {
    must "$telltale" record --events task,failure --ring-bytes 64K -- sh -c 'echo "$TELLTALE_EVENTS $TELLTALE_RING_BYTES"'
    expect_text out 'task,failure 65536'
    for events in default vital default,step/10 -io; do
        must "$telltale" record --events "$events" -- sh -c 'echo "$TELLTALE_EVENTS"'
        expect_text out "$events"
    done
    for events in bogus +step/0 -none; do
        run "$telltale" record --events "$events" -- touch ran
        expect_status 2 "$events"
        expect_text err "--events: $events makes no sense: it wants categories of events, or default, all, none, vital"
    done
    [ ! -e ran ] || fail 'the command ran'
    must "$telltale" record --events task -- "$traced" fail
    expect_equal "$(ask 'SELECT count(*) FROM tasks')" 1 'the tasks'
    expect_equal "$(ask 'SELECT count(*) FROM touch')" 0 'the touches'
}

case_an_empty_file_is_no_obstacle() {
    : >run.telltale
    must "$telltale" record -- "$traced" fail
    expect_equal "$(ask 'SELECT count(*) FROM tasks')" 1 'the tasks'
}

case_a_program_that_is_not_traced_is_pointed_out() {
    run "$telltale" record -- true
    expect_status 0 true
    expect_text err 'nothing was traced: no process of this user used telltale'
}

# As under sudo -u.
case_a_program_of_another_user_is_not_recorded_and_runs_all_the_same() {
    [ "$(id -u)" -eq 0 ] || skip 'only root becomes another user'
    gather=$TELLTALE_TEST_BIN/examples/gather
    setpriv --reuid=65534 --regid=65534 --clear-groups test -x "$gather" || skip 'another user cannot run the program'
    run "$telltale" record --check -- setpriv --reuid=65534 --regid=65534 --clear-groups "$gather"
    expect_status 4 'a gate'
    [ -s "$work/out" ] || fail 'the program did not run'
    expect_text err 'nothing was traced: no process of this user used telltale'
    ! grep -q SUMMARY "$work/err" || fail 'nothing is judged'
}

# The recorder gives up some seconds after the last process is gone, and record cannot read into the store what it left: somebody has it then.
case_a_disk_that_is_full_at_the_end_does_not_keep_record() {
    mkfifo input
    "$telltale" record --check -- "$traced" wait <input >output 2>messages &
    record=$!
    background="$background $record"
    exec 9>input
    wait_until has_line output
    background="$background $(cat output)"
    prlimit --fsize=0 --pid "$(find_child "$record" "$telltale")"
    flock --no-fork run.telltale sleep 600 9>&- &
    next=$!
    background="$background $next"
    end_holder
    cp messages "$work/err"
    expect_status 4 'record --check'
    expect_text err 'not all is in the store'
    expect_text err 'run.telltale is not complete:'
    expect_text err 'the store cannot be written'
    kill "$next"
    wait "$next" 2>/dev/null || :
    must "$telltale" check --strict run.telltale
    expect_equal "$(ask 'SELECT end_reason, is_balanced FROM processes')" 'exit,1' 'the process'
    ! grep -lsxF "$PWD/run.telltale" "/dev/shm/telltale-$(id -u)"/*/store || fail 'its ring dir is left'
}

# With such a variable the program would run unrecorded. What an option says stands in front of it.
case_a_variable_that_makes_no_sense_is_told_before_the_command_runs() {
    for wrong in RING_BYTES=abc RING_BYTES=65537 RING_BYTES=-1 RING_POLICY=banana RING_POLICY=block:0 POLL_MS=0 POLL_MS=5x MAX_SIZE=1 MAX_SIZE=1e9 \
        MAX_AGE=never REDACT=everything EVENTS=nonsense EVENTS=step/0 LTTNG=maybe; do
        run env "TELLTALE_$wrong" "$telltale" record -- touch it-ran
        expect_status 2 "TELLTALE_$wrong"
        expect_text err "TELLTALE_$wrong makes no sense, and nothing would be recorded: it wants "
        [ "$(wc -l <"$work/err")" -eq 1 ] || fail 'one line is expected'
        [ ! -e it-ran ] || fail 'the command ran'
        [ ! -e run.telltale ] || fail 'a store was written'
    done
    run env TELLTALE_RING_BYTES=abc TELLTALE_RING_POLICY=banana TELLTALE_POLL_MS=0 TELLTALE_MAX_SIZE=1 TELLTALE_MAX_AGE=never TELLTALE_REDACT=x \
        TELLTALE_EVENTS=nonsense "$telltale" record --ring-bytes 64K --ring-policy drop --poll-ms 5 --max-size 4M --max-age 1h --redact messages \
        --events task,failure -- "$traced" clean
    expect_status 0 'options in front of all variables'
    expect_equal "$(ask 'SELECT count(*) FROM tasks')" 1 'the tasks'
    run env TELLTALE_RING_BYTES= TELLTALE_EVENTS= TELLTALE_POLL_MS= "$telltale" record -- "$traced" clean
    expect_status 0 'empty variables'
}

# The processes that record into the store of this folder, by their command line: the recorder, and the one that guards it first.
find_recorders() {
    guard='' found=''
    for folder in /proc/[0-9]*; do
        if [ "$(readlink "$folder/exe" 2>/dev/null)" = "$telltale" ] && tr '\0' '\n' <"$folder/cmdline" 2>/dev/null | grep -qxF "$PWD/run.telltale"; then
            if [ "$(cat "$folder/comm")" = telltale-guard ]; then
                guard=${folder#/proc/}
            else
                found=${folder#/proc/}
            fi
        fi
    done
    [ -n "$guard" ] && [ -n "$found" ] && printf '%s\n' "$guard $found"
}

# One that a program has started for itself nobody starts again when its guard is killed, too.
case_programs_that_nobody_records_any_more_are_told() {
    mkfifo input
    TELLTALE_PROGRAM=$telltale TELLTALE_STORE=$PWD/run.telltale "$traced" hold <input >output 2>messages &
    holder=$!
    background="$background $holder"
    exec 9>input
    wait_until has_line output
    wait_until find_recorders
    wait_until test -s run.telltale
    recorders=$(find_recorders)
    run "$telltale" report run.telltale
    ! grep -q 'its recorder is gone' "$work/err" || fail 'it is there'
    # shellcheck disable=SC2086 # two words
    kill -KILL $recorders
    for recorder in $recorders; do
        wait_until is_dead "$recorder"
    done
    run "$telltale" report run.telltale
    expect_text err 'run.telltale: its recorder is gone, and processes of it run on'
    exec 9>&-
    wait "$holder" || :
    run "$telltale" report run.telltale
    ! grep -q 'its recorder is gone' "$work/err" || fail 'nobody runs any more'
    expect_equal "$(ask 'SELECT end_reason, is_balanced FROM processes')" 'exit,1' 'the process'
}

# Somebody else may have made the folder of rings before its user did: nothing is put into it. In a /dev/shm of the test's own.
case_a_folder_of_rings_that_others_could_look_into_is_refused() {
    [ "$(id -u)" -eq 0 ] || skip 'needs a /dev/shm of its own'
    cat >plant.sh <<'END'
mount -t tmpfs none /dev/shm || exit 9
folder=/dev/shm/telltale-0
mkdir /dev/shm/elsewhere
case $1 in
foreign) mkdir -m 700 "$folder" && chown 65534 "$folder" ;;
open) mkdir "$folder" && chmod 770 "$folder" ;;
link) ln -s elsewhere "$folder" ;;
esac
TELLTALE_STORE=own.telltale "$3" >/dev/null 2>&1
"$2" record -o run.telltale -- touch it-ran
status=$?
ls "$folder/" /dev/shm/elsewhere >listed
exit $status
END
    for how in foreign open link; do
        run unshare --mount sh plant.sh "$how" "$telltale" "$TELLTALE_TEST_BIN/examples/gather"
        [ "$status" -ne 9 ] || skip 'cannot mount a /dev/shm'
        expect_status 5 "record, with a folder of rings that is $how"
        expect_text err 'cannot be used as ring dir: it, or the folder that it lies in, '
        [ ! -e it-ran ] && [ ! -e run.telltale ] && [ ! -e own.telltale ] || fail 'something was recorded'
        expect_equal "$(grep -cv ':$' listed)" "$(grep -c '^$' listed)" "what lies in a folder of rings that is $how"
    done
}

case_a_folder_that_cannot_be_written_is_told_before_the_command_runs() {
    run "$telltale" record -o /proc/run.telltale -- touch it-ran
    expect_status 5 record
    [ "$(wc -l <"$work/err")" -le 2 ] || fail 'more than two lines'
    [ ! -e it-ran ] || fail 'the command ran'
    ! grep -lsxF /proc/run.telltale "/dev/shm/telltale-$(id -u)"/*/store || fail 'its ring dir is left'
}

case_names_with_blanks_and_line_ends_are_only_names() {
    name="a b
c.telltale"
    must "$telltale" record -o "$name" -- "$traced" fail
    run "$telltale" report "./$name"
    expect_status 1 report
    expect_text out 'a b\nc.telltale: traced, pid'
}

run_case "$@"
