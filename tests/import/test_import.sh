#!/bin/sh
# test_import.sh: what telltale import makes of traces, and what it says of paths that are none.
# shellcheck source-path=SCRIPTDIR source=traces.sh disable=SC2154,SC2317 # variables of case.sh; cases are called by name
. "$(dirname "$0")/traces.sh"

case_a_trace_becomes_a_store_that_report_reads() {
    import_trace whole
    expect_text err 'SUMMARY: telltale: 1 lost failure in 1 group'
    expect_rows whole.telltale 'SELECT id_text, name, outcome, coroutine, created_at, busy_ns, ready_ns, step_count FROM tasks' \
        '#2|good|returned|work|src/made.c:12 in main|3000|300|2
#3|bad|failed|work|src/made.c:13 in main|5000|700|1'
    expect_rows whole.telltale 'SELECT id_text, type, message, state, reason, raised_at FROM failures' \
        '#3|ValueError|made up|lost|held_at_exit|src/made.c:50 in work'
    expect_rows whole.telltale 'SELECT pid, parent_pid, host, program, command, started_ns, end_reason, attempt_count, record_count, is_balanced FROM processes' \
        '4711|1|h|/bin/made|made up|0|exit|11|11|1'
    expect_rows whole.telltale 'SELECT count(*) FROM losses' 0
    run "$telltale" report whole.telltale
    expect_status 1 report
    expect_equal "$(stat -c %a whole.telltale)" 600 'the mode of the store'
    expect_equal "$(ls)" 'whole
whole.telltale' 'the files of the folder'
}

case_identity_and_times_of_a_process_are_those_that_it_told() {
    import_trace whole
    expect_equal "$(sqlite3 whole.telltale 'SELECT hex(uuid), hex(boot_id), uid, start_ticks, started_realtime_ns, started_monotonic_ns, goodbye_ns, is_boardless FROM process')" \
        '01000000000000000001020304050607|0B0B0B0B111142228333444444444444|1000|77|1700005000000000000|5000000000000|10000|1' 'the process'
    expect_equal "$(sqlite3 whole.telltale 'SELECT origin_realtime_ns, origin_monotonic_ns FROM recording')" \
        '1700005000000000000|5000000000000' 'the origin'
    expect_equal "$(sqlite3 whole.telltale 'SELECT tid, name, attached_ns FROM thread')" '4711|main|0' 'the thread'
    expect_equal "$(sqlite3 whole.telltale "SELECT word FROM word WHERE enumeration = 'outcome' ORDER BY number")" 'returned
failed
cancelled' 'the words'
    [ "$(sqlite3 whole.telltale 'SELECT count(*) FROM event_type')" -gt 20 ] || fail 'events are not described'
}

# The session may have been stopped, or its daemon killed: that nothing more was heard is no evidence.
case_of_a_process_without_goodbye_the_end_is_unknown() {
    import_trace killed
    expect_text err '1 process said no goodbye: the last events may be missing'
    expect_rows killed.telltale 'SELECT end_reason, end_text, ended_ns FROM processes' 'unknown|end not recorded|'
    expect_rows killed.telltale 'SELECT id_text, state, reason FROM failures' '#3|unknown|'
    expect_rows killed.telltale "SELECT id_text, outcome, coalesce(state, 'not known') FROM tasks WHERE name = 'pending'" '#5|unknown|not known'
    expect_rows killed.telltale 'SELECT thread_id, count, from_ns, to_ns, what, is_vital FROM losses' '0||11000||cut_off|1'
    expect_rows killed.telltale 'SELECT count(*) FROM leaks' 0
    run "$telltale" check killed.telltale
    expect_status 0 check
    run "$telltale" check --strict killed.telltale
    expect_status 4 'check --strict'
    run "$telltale" report killed.telltale
    expect_text out 'nothing recorded after'
}

# Its parent knows how it ended, and tells the reader. What was in LTTng's buffers when it was killed, nobody knows.
case_a_death_by_a_signal_is_told_and_proves_nothing_about_the_last_events() {
    make_trace killed
    must "$reader" --store signaled.telltale --signaled 4711:9 killed
    expect_rows signaled.telltale 'SELECT end_reason, end_text FROM processes' 'signal|ended by SIGKILL'
    expect_rows signaled.telltale 'SELECT id_text, state, reason FROM failures' '#3|unknown|'
    expect_rows signaled.telltale "SELECT id_text, outcome, coalesce(state, 'not known') FROM tasks WHERE name = 'pending'" '#5|unknown|not known'
    expect_rows signaled.telltale 'SELECT thread_id, count, from_ns, to_ns, what, is_vital FROM losses' '0||11000||cut_off|1'
    must "$reader" --store exited.telltale --exited 4711:0 killed
    expect_rows exited.telltale 'SELECT end_reason, exit_status FROM processes' 'exit|0'
    expect_rows exited.telltale 'SELECT id_text, state, reason FROM failures' '#3|unknown|'
    must "$reader" --store other.telltale --signaled 4712:9 killed
    expect_rows other.telltale 'SELECT end_text FROM processes' 'end not recorded'
    must "$reader" --store part.telltale --incomplete --signaled 4711:9 killed
    expect_rows part.telltale 'SELECT state FROM failures' unknown
}

case_what_a_pause_of_the_session_hides_is_unknown() {
    import_trace paused
    expect_text err 'did not listen all the time (1 pause)'
    expect_rows paused.telltale 'SELECT thread_id, count, from_ns, to_ns, what, is_vital FROM losses' '0||7000|5000000000|paused|1'
    # One that was still held when it was told again is known; one of which nothing was heard again is not.
    expect_rows paused.telltale 'SELECT name, state, reason FROM failures ORDER BY failure_id' 'forgotten|unknown|
told again|lost|held_at_exit
after|lost|held_at_exit'
    run "$telltale" report paused.telltale
    expect_text out '1 pause of the session between'
}

case_several_processes_and_several_traces_are_one_recording() {
    import_trace two_processes
    expect_rows two_processes.telltale 'SELECT process_id, pid, started_ns FROM processes' '0|4711|0
1|4712|50000'
    expect_rows two_processes.telltale "SELECT id_text FROM tasks WHERE name = 'bad'" '#3
p1#3'
    python3 - <<'END' || fail 'no traces'
import os, sys, uuid
sys.path.insert(0, os.path.join(os.environ['TELLTALE_TEST_SOURCE'], 'tests/import'))
import make_trace
for number, folder in enumerate(['traces/host-a/ust/uid/0/64-bit', 'traces/host-b/deep/er']):
    trace = make_trace.Trace(uuid.UUID(int=77 + number))
    make_trace.whole(trace, 5000 + number, 20 + number, 1000 * number)
    trace.write(folder)
END
    make_trace foreign traces/kernel
    must "$telltale" import traces -o both.telltale
    expect_text err '1 of 3 traces have no events of telltale'
    expect_rows both.telltale 'SELECT process_id, pid, started_ns FROM processes' '0|5000|0
1|5001|1000'
}

# Nobody knows what is in it: failures of processes that are not in the store, or more of one that is.
case_a_trace_that_cannot_be_read_is_a_loss_of_the_others() {
    make_trace whole two/a
    must "$telltale" import two -o alone.telltale
    expect_rows alone.telltale "SELECT count(*) FROM losses WHERE what = 'incomplete'" 0
    make_trace foreign two/kernel
    must "$telltale" import two -o alone.telltale
    expect_rows alone.telltale "SELECT count(*) FROM losses WHERE what = 'incomplete'" 0
    make_trace late two/b
    truncate -s 2000 two/b/metadata
    run "$telltale" import two -o both.telltale
    expect_status 3 'one of two that is cut'
    expect_text err 'two/b: its metadata is cut short'
    expect_rows both.telltale "SELECT count, is_vital FROM losses WHERE what = 'incomplete'" '|1'
    run "$telltale" check --strict both.telltale
    expect_status 4 'check --strict'
    expect_text err 'nobody knows whether events are missing'
    # That a process was cut off besides says nothing about those that are missing.
    make_trace killed
    run "$telltale" import killed two/b -o killed.telltale
    expect_status 3 'a cut one beside one that ends early'
    expect_rows killed.telltale 'SELECT what FROM losses ORDER BY what' 'cut_off
incomplete'
    # Of one that could be read, and has nothing, that is said all the same.
    make_trace stranger
    run "$telltale" import stranger/other two/b -o nothing.telltale
    expect_status 3 'nothing, and one that is cut'
    expect_text err 'no event of telltale was recorded in it; nothing was written'
}

case_places_have_the_ids_that_a_recording_gives_them() {
    import_trace whole
    "$telltale" record -o recorded.telltale -- "$TELLTALE_TEST_BUILD/tests/viewer/traced" fail 2>/dev/null
    sqlite3 recorded.telltale 'SELECT hash, file, line, func, text FROM site' >places
    [ -s places ] || fail 'nothing was recorded'
    # The same hash by the definition of place_hash.h, told anew here.
    python3 - places "$(sqlite3 whole.telltale "SELECT hash || '|' || file || '|' || line || '|' || func || '|' || coalesce(text, '') FROM site")" <<'END'
import sys
def fnv(data):
    value = 0xcbf29ce484222325
    for byte in data:
        value = (value ^ byte) * 0x100000001b3 & 0xffffffffffffffff
    return value - (1 << 64) if value >> 63 else value
lines = open(sys.argv[1]).read().splitlines() + sys.argv[2].splitlines()
for line in lines:
    number, file, at, func, text = line.split('|')
    data = file.encode() + b'\0' + func.encode() + b'\0' + int(at).to_bytes(4, 'little') + b'\0' + text.encode()
    assert fnv(data) == int(number), line
assert len(lines) > 4
END
}

# libbabeltrace2 leaves the bytes of an earlier event where there is none.
case_an_empty_text_is_empty_also_behind_one_that_is_not() {
    import_trace emptied
    expect_equal "$(sqlite3 emptied.telltale "SELECT line, coalesce(text, 'none') FROM site ORDER BY line")" '1|full
2|none' 'the places'
    expect_equal "$(sqlite3 emptied.telltale "SELECT count(*), key FROM note GROUP BY key ORDER BY key")" '100|
100|key' 'the notes'
}

case_what_a_newer_telltale_wrote_is_passed_over_and_said() {
    import_trace newer
    expect_text err '2 events of 1 kind passed over: a newer telltale wrote them'
    expect_text err '1 field of events passed over'
    expect_rows newer.telltale 'SELECT count(*) FROM losses' 0
    expect_rows newer.telltale "SELECT outcome, wait_kind FROM tasks" 'abandoned|miracle'
}

# Their events have neither process nor thread nor number; a newer telltale's would.
case_strangers_that_call_themselves_telltale_are_told_from_newer_versions() {
    import_trace stranger
    expect_text err '30 events of 2 kinds passed over: their provider calls itself telltale'
    ! grep -q 'newer telltale' "$work/err" || fail 'a stranger is taken for a newer telltale'
    expect_rows stranger.telltale 'SELECT count(*) FROM tasks' 2
    expect_rows stranger.telltale 'SELECT count(*) FROM losses' 0
    rm stranger.telltale
    run "$telltale" import stranger/other -o stranger.telltale
    expect_status 3 'nothing but strangers'
    expect_text err '30 events of 2 kinds passed over: their provider calls itself telltale'
    expect_text err 'no event of telltale was recorded in it; nothing was written'
    [ ! -e stranger.telltale ] || fail 'a store was written'
    import_trace newer
    ! grep -q 'calls itself telltale' "$work/err" || fail 'a newer telltale is taken for a stranger'
}

case_only_the_processes_that_are_asked_for_are_read() {
    make_trace three_processes
    only() { # LIST PIDS
        must "$telltale" import three_processes --only "$1"
        expect_equal "$(view run.telltale 'SELECT pid FROM processes ORDER BY pid' | tr '\n' ' ')" "$2" "--only $1"
        expect_rows run.telltale 'SELECT count(DISTINCT process_id) FROM failures' "$(echo "$2" | wc -w)"
        expect_rows run.telltale 'SELECT count(*) FROM losses' 0
    }
    only 4712 '4712 '
    only server '4711 4713 '
    only /opt/server '4713 '
    only 0x1f2e3d4c '4713 '
    only client,4711 '4711 4712 '
    cksum run.telltale >before
    run "$telltale" import three_processes --only 4712,gone,0x12
    expect_status 3 'words that name nobody, beside one that does'
    expect_text err 'import: --only: no process of the traces is gone, 0x12'
    expect_rows run.telltale 'SELECT pid FROM processes' 4712
    cksum run.telltale >before
    run "$telltale" import three_processes --only gone
    expect_status 3 'nobody'
    expect_text err 'import: --only: no process of the traces is gone'
    cksum run.telltale | cmp -s - before || fail 'the earlier recording has changed'
    for list in '' 1,, 0 0x 99999999999 0xyz; do
        run "$telltale" import three_processes --only "$list"
        expect_status 2 "--only '$list'"
    done
}

case_fields_that_an_older_telltale_did_not_write_are_zero() {
    import_trace older
    expect_rows older.telltale 'SELECT name, busy_ns, longest_step_ns FROM tasks' 'good|3000|0'
    expect_rows older.telltale 'SELECT pid, end_reason FROM processes' '4711|exit'
    expect_equal "$(sqlite3 older.telltale 'SELECT hex(uuid), hex(boot_id) FROM process')" \
        '01000000000000000000000000000000|0B0B0B0B111142228333444444444444' 'its identity: half of its uuid, the boot of the clock'
}

case_an_earlier_recording_is_replaced_once_the_new_one_is_read() {
    import_trace whole
    make_trace killed
    run "$telltale" import killed -o whole.telltale
    expect_status 0 import
    expect_text err 'replacing the recording in whole.telltale'
    expect_rows whole.telltale 'SELECT count(*) FROM tasks' 3
    make_trace foreign
    cksum whole.telltale >before
    run "$telltale" import foreign -o whole.telltale
    expect_status 3 'a foreign trace'
    cp -r killed cut
    printf '\377\177' | dd of=cut/ch_0 bs=1 seek=84 conv=notrunc 2>/dev/null # an event that is not described
    run "$telltale" import cut -o whole.telltale
    expect_status 3 'a damaged trace'
    expect_text err 'the trace is damaged'
    cksum whole.telltale | cmp -s - before || fail 'the earlier recording is gone'
    printf 'no store\n' >other
    run "$telltale" import killed -o other
    expect_status 3 'another file'
    expect_equal "$(cat other)" 'no store' 'the other file'
    expect_equal "$(find . -name '*replaced*')" '' 'files set aside'
}

# Whenever it comes: the earlier recording is there as it was, or the new one as a whole, and nothing else.
case_an_interrupt_leaves_the_earlier_recording_or_the_whole_new_one() {
    import_trace whole
    make_trace many
    cksum <whole.telltale >before.run
    kept=0
    for time in 0.02 0.03 0.04 0.05 0.06 0.08 0.1 0.15; do
        for signal in INT TERM; do
            cp whole.telltale run.telltale
            run timeout -s "$signal" "$time" "$telltale" import many
            expect_equal "$(find . -name 'run.telltale?*')" '' "$signal after $time s: files beside"
            if cksum <run.telltale | cmp -s - before.run; then
                kept=$((kept + 1))
                ! grep -q 'is kept' "$work/err" || fail 'what was read is said to be kept, and is not'
            else
                expect_rows run.telltale 'SELECT count(*) FROM tasks' 2000
            fi
        done
    done
    make_trace long
    "$telltale" import long 2>messages &
    import=$!
    background="$background $import"
    has_reader() { reading=$(find_child "$import" "$reader"); }
    wait_until has_reader
    has_committed() { [ "$(cat run.telltale.new-*/store | wc -c)" -gt 4000000 ]; }
    wait_until has_committed
    cksum run.telltale >before.run
    kill -TERM "$import" "$reading"
    wait "$import" || :
    cksum run.telltale | cmp -s - before.run || fail 'the earlier recording has changed'
    ! grep -q 'is kept' messages || fail 'what was read is said to be kept, and is not'
    expect_equal "$(find . -name 'run.telltale?*')" '' 'files beside'
    [ "$kept" -gt 0 ] || fail 'no signal came in time'
}

# A signal that nobody can hold.
case_a_kill_at_any_instant_leaves_the_earlier_recording_or_the_whole_new_one() {
    import_trace whole
    make_trace many
    cksum <whole.telltale >before.run
    kept=0 replaced=0
    for number in $(seq 40); do
        [ -e run.telltale ] && cksum <run.telltale | cmp -s - before.run || cp whole.telltale run.telltale
        run timeout -s KILL "0.0$(random_number 10 99)" "$telltale" import many
        [ "$(find . -name 'run.telltale.new-*' | wc -l)" -le 1 ] || fail "kill $number: drafts pile up"
        [ "$(find . -maxdepth 1 -name 'run.telltale?*' ! -name 'run.telltale.new-*')" = '' ] || fail "kill $number: files beside: $(ls)"
        if cksum <run.telltale | cmp -s - before.run; then
            kept=$((kept + 1))
        else
            replaced=$((replaced + 1))
            expect_rows run.telltale 'SELECT count(*) FROM tasks' 2000
            expect_equal "$(ask run.telltale 'PRAGMA integrity_check')" ok 'the check of the store'
        fi
    done
    printf '%s kills left the earlier recording, %s the new one\n' "$kept" "$replaced"
    [ "$kept" -gt 0 ] || fail 'no kill came in time'
    must "$telltale" import many
    expect_equal "$(find . -name 'run.telltale?*')" '' 'files beside, after an import that nobody killed'
}

# Nobody waits for it any more, and it would write for as long as its limits allow.
case_the_reader_of_an_importer_that_is_killed_ends() {
    make_trace long
    "$telltale" import long 2>/dev/null &
    import=$!
    background="$background $import"
    has_reader() { reading=$(find_child "$import" "$reader"); }
    wait_until has_reader
    background="$background $reading"
    kill -STOP "$reading" # so that it cannot find out by itself
    kill -KILL "$import"
    wait "$import" 2>/dev/null || :
    has_no_reader() { ! ls "/proc/$reading/exe" >/dev/null 2>&1; }
    wait_until has_no_reader
}

# What a killed recorder left in its log belongs to the old store, and must not get into the new one.
case_a_log_beside_the_earlier_recording_is_not_taken_for_the_new_ones() {
    import_trace whole
    make_trace killed
    cp whole.telltale run.telltale
    sqlite3 run.telltale 'PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0' >/dev/null
    python3 - <<'END' || fail 'no log'
import os, sqlite3
connection = sqlite3.connect('run.telltale')
connection.execute('PRAGMA wal_autocheckpoint = 0')
connection.execute("UPDATE process SET pid = 99")
connection.commit()
os._exit(0)
END
    [ -s run.telltale-wal ] || fail 'there is no log'
    must "$telltale" import killed
    expect_equal "$(find . -name 'run.telltale?*')" '' 'files beside'
    expect_rows run.telltale 'SELECT pid, (SELECT count(*) FROM tasks) FROM processes' '4711|3'
    expect_equal "$(ask run.telltale 'PRAGMA integrity_check')" ok 'the check of the store'
}

case_a_store_is_gone_on_with_but_never_with_the_same_process() {
    import_trace whole
    python3 - <<'END' || fail 'no second trace'
import os, sys
sys.path.insert(0, os.path.join(os.environ['TELLTALE_TEST_SOURCE'], 'tests/import'))
import make_trace
trace = make_trace.Trace()
make_trace.whole(trace, 4713, 9)
trace.write('second')
END
    must "$telltale" import --append second -o whole.telltale
    expect_rows whole.telltale 'SELECT pid FROM processes' '4711
4713'
    cp whole.telltale before.telltale
    run "$telltale" import --append whole -o whole.telltale
    expect_status 5 'the same trace again'
    expect_text err 'is in the store already, as process 0'
    expect_rows whole.telltale 'SELECT count(*) FROM touch' "$(view before.telltale 'SELECT count(*) FROM touch')"
    expect_rows whole.telltale 'SELECT count(*) FROM processes' 2
}

case_paths_that_are_no_traces_are_told_apart() {
    mkdir empty closed
    make_trace whole closed/trace
    make_trace foreign
    run "$telltale" import nowhere
    expect_status 3 'no such folder'
    expect_text err 'nowhere: No such file or directory'
    run "$telltale" import empty
    expect_status 3 'an empty folder'
    expect_text err 'empty: no trace and no arena'
    run "$telltale" import foreign/metadata
    expect_status 3 'a file'
    expect_text err 'name the folder'
    run "$telltale" import foreign
    expect_status 3 'a foreign trace'
    expect_text err 'has no events of telltale'
    run "$telltale" import
    expect_status 2 'nothing'
    run "$telltale" import closed/trace -o missing/run.telltale
    expect_status 5 'a store in no folder'
    [ ! -e run.telltale ] || fail 'a store was written'
    [ "$(id -u)" -eq 0 ] || {
        chmod 000 closed
        run "$telltale" import closed
        expect_status 3 'a closed folder'
    }
}

# Root can read everything, so the programs are installed where somebody else can run them, and somebody else runs them.
case_a_folder_without_permission_is_told() {
    [ "$(id -u)" -eq 0 ] || { case_paths_that_are_no_traces_are_told_apart; return; }
    install_prefix
    chmod 755 "$work" "$work/here"
    make_trace whole trace
    chmod 000 trace
    run setpriv --reuid 65534 --regid 65534 --clear-groups env HOME=/nonexistent "$prefix/bin/telltale" import trace -o /tmp/not-written.telltale
    expect_status 3 'a closed folder'
    expect_text err 'trace: Permission denied'
    chmod 755 trace
    chmod 000 trace/metadata
    run setpriv --reuid 65534 --regid 65534 --clear-groups env HOME=/nonexistent "$prefix/bin/telltale" import trace -o /tmp/not-written.telltale
    expect_status 3 'closed metadata'
    expect_text err 'its metadata cannot be read: Permission denied'
}

# A process that was killed has let go of its locks when it is gone, or waits for its parent.
# A traced program that is killed with its recorder: $arena is what it leaves, $ring_dir the folder with it.
leave_arena() {
    mkfifo input
    "$telltale" record -o lost.telltale -- "$TELLTALE_TEST_BUILD/tests/viewer/traced" hold <input >output 2>messages &
    record=$!
    background="$background $record"
    exec 9>input
    wait_until has_line output
    recorder=$(find_child "$record" "$telltale")
    traced=$(find_child "$record" "$TELLTALE_TEST_BUILD/tests/viewer/traced")
    arena=$(find "/dev/shm/telltale-$(id -u)" -name "$traced-*.arena" 2>/dev/null || :) # folders of others come and go
    [ -n "$arena" ] || fail 'there is no arena'
    ring_dir=$(dirname "$arena")
    run "$telltale" import "$ring_dir" -o other.telltale
    expect_status 5 'a ring dir with its recorder'
    expect_text err 'is being recorded'
    kill_recording
}

case_arenas_that_were_left_behind_become_a_store() {
    leave_arena
    run "$telltale" import "$ring_dir" -o found.telltale --only 4711
    expect_status 2 'a part of an arena'
    [ -e "$arena" ] || fail 'the arena is gone'
    must "$telltale" import "$ring_dir" -o found.telltale
    expect_rows found.telltale 'SELECT state, reason FROM failures' 'lost|killed'
    [ ! -e "$arena" ] || fail 'the arena is still there'
}

# Writes TEXT into FILE, over what is there from OFFSET on.
damage() { # FILE OFFSET TEXT
    printf %s "$3" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}

case_arenas_that_are_damaged_are_told_and_stay() {
    leave_arena
    whole=$ring_dir/whole
    cp --sparse=always "$arena" "$whole"

    damage "$arena" 0 garbage
    run "$telltale" import "$ring_dir" -o found.telltale
    expect_status 3 'nothing but a damaged arena'
    expect_text err "$(basename "$arena") cannot be read, and was left as it is: no arena"
    [ ! -e found.telltale ] || fail 'there is a store'
    [ -e "$arena" ] || fail 'the damaged arena is gone'

    cp --sparse=always "$whole" "$ring_dir/1-00000000.arena"
    run "$telltale" import "$ring_dir" -o found.telltale
    expect_status 3 'one of two is damaged'
    [ "$(grep -c 'cannot be read' "$work/err")" -eq 1 ] || fail 'it is told twice'
    expect_rows found.telltale 'SELECT state, reason FROM failures' 'lost|killed'
    [ ! -e "$ring_dir/1-00000000.arena" ] || fail 'what was read is still there'
    [ -e "$arena" ] || fail 'the damaged arena is gone'

    for size in 0 100 70000; do
        cp --sparse=always "$whole" "$arena"
        truncate -s "$size" "$arena"
        run "$telltale" import "$ring_dir" -o found.telltale
        expect_status 3 "an arena of $size bytes"
        [ -e "$arena" ] || fail "the arena of $size bytes is gone"
    done
}

case_events_of_an_arena_that_are_damaged_are_told() {
    leave_arena
    offset=$(head -c 65536 "$arena" | grep -abo 'event 32 failure_stored [a-z]* ' | head -n 1 | tr -d '\0')
    damage "$arena" "$((${offset%%:*} + $(printf %s "${offset#*:}" | wc -c)))" 'failure_id:text:9'
    run "$telltale" import "$ring_dir" -o found.telltale
    expect_status 3 'an event that is not what it is said to be'
    expect_text err 'event is damaged, see the view losses'
    expect_rows found.telltale "SELECT count FROM losses WHERE what = 'unreadable'" 1
}

# It goes when what it says is under the store's name, and not before.
# The place of the header of the first thread's ring: the page that has a thread's number behind the size of its ring.
find_ring() { # ARENA
    python3 - "$1" <<'END'
import os, struct, sys
with open(sys.argv[1], "rb") as arena:
    place = end = 0
    while True:
        if place >= end:
            place = os.lseek(arena.fileno(), end, os.SEEK_DATA)
            end = os.lseek(arena.fileno(), place, os.SEEK_HOLE)
        slots, ordinal = struct.unpack_from("=QI", os.pread(arena.fileno(), 64, place), 32)
        if slots >= 1024 and slots & slots - 1 == 0 and ordinal == 1:
            break
        place += 4096
print(place)
END
}

# A ring has not had more events than places were reserved, and dropped.
case_a_count_of_an_arena_that_cannot_be_is_not_believed() {
    leave_arena
    damage "$arena" "$(($(find_ring "$arena") + 13))" x
    run "$telltale" import "$ring_dir" -o found.telltale
    expect_status 3 'a count that cannot be'
    expect_rows found.telltale "SELECT what, count FROM losses WHERE what <> 'in_flight'" 'unbalanced|'
    expect_rows found.telltale 'SELECT is_balanced, attempt_count < 1000 FROM processes' '0|1'
    expect_rows found.telltale 'SELECT count(*) FROM failures' 1
}

case_a_kill_loses_nothing_of_an_arena() {
    leave_arena
    instant=10 # in milliseconds; one after the other, until an import is fast enough
    while [ -e "$arena" ]; do
        instant=$((instant + 3))
        [ "$instant" -lt 9000 ] || fail 'no import came to its end'
        run timeout -s KILL "$((instant / 1000)).$(printf %03d $((instant % 1000)))" "$telltale" import --append "$ring_dir" -o found.telltale
        [ -e "$arena" ] || break
        [ ! -e found.telltale ] || expect_rows found.telltale 'SELECT state, reason FROM failures' 'lost|killed'
    done
    expect_rows found.telltale 'SELECT state, reason FROM failures' 'lost|killed'
    expect_rows found.telltale 'SELECT count(*) FROM losses' 0
}

run_case "$@"
