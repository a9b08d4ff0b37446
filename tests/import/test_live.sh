#!/bin/sh
# test_live.sh: a live session of a relay daemon is a store that can be read while the programs run, whole however it ends.
# shellcheck source-path=SCRIPTDIR source=relay.sh disable=SC2154,SC2317 # variables of relay.sh; cases are called by name
. "$(dirname "$0")/relay.sh"

notes='SELECT count(*) FROM note'

begin() { # [SUBBUF]
    start_relay
    start_daemon
    start_live_session s "$@"
}

case_a_store_grows_while_the_programs_run() {
    begin
    follow "$relay"
    start_emitter 20
    wait_until says "$notes" 20
    must "$telltale" ps run.telltale
    expect_text out 'held'
    run "$telltale" report run.telltale
    expect_text out '1 held'
    expect_says 'SELECT end_text, is_balanced FROM processes' 'running|'
    printf 'abc' >&9
    wait_until says "$notes" 23
    end_emitter
    wait_until says 'SELECT end_text, is_balanced FROM processes' 'exited|1'
    kill -0 "$follower" || fail 'following ended before the session'
    lttng_must destroy s
    end_follower
    expect_status 0 'the end of a session'
    expect_text err 'SUMMARY: telltale: 1 lost failure in 1 group'
    expect_says "$notes" 23
    expect_says 'SELECT count(*) FROM losses' 0
    expect_says 'SELECT record_count = attempt_count, drop_count FROM processes' '1|0'
    expect_equal "$(find . -name 'run.telltale*')" ./run.telltale 'the files of the store'
}

case_a_signal_ends_it_with_a_whole_store() {
    must "$telltale" record -- "$emitter" 3 # which is replaced, and that is said once there is another one
    begin
    follow "$relay/host/$(hostname)/s"
    start_emitter 20
    wait_until says "$notes" 20
    kill -TERM "$follower"
    end_follower
    expect_status 0 'the end that was asked for'
    expect_text err '1 process said no goodbye'
    expect_text err 'replacing the recording in run.telltale'
    expect_equal "$(find . -name 'run.telltale*')" ./run.telltale 'the files of the store'
    expect_says 'SELECT count, what, is_vital FROM losses' '|cut_off|1'
    expect_says 'SELECT state FROM failures' unknown
    end_emitter
}

case_a_relay_that_is_killed_is_told_and_what_was_read_is_kept() {
    begin
    follow "$relay/host/$(hostname)"
    start_emitter 20
    wait_until says "$notes" 20
    kill -KILL "$relayd"
    end_follower
    expect_status 5 'a relay that is gone'
    expect_text err 'the relay daemon is gone'
    expect_text err 'is kept'
    expect_says "$notes" 20
    expect_says 'SELECT count, what, is_vital FROM losses' '|cut_off|1
|incomplete|1'
    expect_says 'SELECT end_text, is_balanced FROM processes' 'end not recorded|0'
    must "$telltale" doctor run.telltale
    expect_text out 'of 1 of 1 processes nobody knows whether all is here'
    expect_text out '0 events lost, and 2 times nobody knows how many'
    end_emitter
}

case_a_follower_that_is_killed_leaves_a_store_without_an_end() {
    begin
    follow "$relay"
    start_emitter 20
    wait_until says "$notes" 20
    expect_says 'SELECT state FROM failures' held
    reading=$(find_child "$follower" "$TELLTALE_TEST_BUILD/libexec/telltale/telltale-ctf-reader")
    kill -KILL "$follower"
    wait "$follower" || :
    wait_until is_dead "$reading" # the kernel ends it after its parent
    must "$telltale" doctor run.telltale
    expect_text out '1 of 1 processes were not recorded to their end, and nobody writes the store any more'
    run "$telltale" check --strict run.telltale
    expect_status 4 'check --strict'
    expect_text err 'nothing recorded after'
    expect_text err '1 failure unknown'
    expect_says 'SELECT end_text, is_balanced FROM processes' 'end not recorded|0'
    expect_says 'SELECT count, what, is_vital FROM losses' '|cut_off|1'
    expect_says 'SELECT state FROM failures' unknown
    end_emitter
}

# A viewer of a relay gets what comes after it began to look. What came while nobody looked is counted by its numbers.
follow_again() { # SIGNAL
    begin
    follow "$relay"
    start_emitter 20
    wait_until says "$notes" 20
    kill "-$1" "$follower"
    end_follower
    printf 'abcdefg' >&9
    has_all() { [ "$(find "$work/relay" -name 'ch_*' -exec cat {} + | grep -ao 'one more' | wc -l)" -ge 7 ]; }
    wait_until has_all
    follow --append "$relay"
    printf 'hijkl' >&9
    wait_until says "$notes" 25
    expect_says "SELECT end_text FROM processes" running
    end_emitter
    wait_until says 'SELECT end_text, is_balanced FROM processes' 'exited|1'
    lttng_must destroy s
    end_follower
    expect_status 0 'the end of a session'
    expect_says "$notes" 25
    expect_says "SELECT what, sum(count) FROM losses GROUP BY what ORDER BY what" 'missing|7
paused|'
    expect_says 'SELECT count(*), sum(attempt_count - record_count), sum(drop_count) FROM processes' '1|7|7'
    expect_says 'SELECT count(*), count(DISTINCT sequence) FROM event WHERE thread_id > 0' "$(ask run.telltale 'SELECT record_count || "|" || record_count FROM process')"
}

case_following_again_goes_on_where_it_was_ended() {
    follow_again TERM
}

case_following_again_goes_on_where_it_was_killed() {
    follow_again KILL
}

case_what_lttng_discards_is_counted_while_it_is_followed() {
    begin 4k
    follow "$relay"
    start_emitter 1
    wait_until says "$notes" 1
    consumer=$(pgrep -P "$sessiond" -x lttng-consumerd) || fail 'there is no consumer'
    kill -STOP "$consumer" # nobody empties the buffers
    head -c 100000 /dev/zero >&9
    is_read() { [ "$(python3 -c 'import array, fcntl, termios; n = array.array("i", [0]); fcntl.ioctl(9, termios.FIONREAD, n); print(n[0])')" -eq 0 ]; }
    wait_until is_read
    kill -CONT "$consumer"
    # What a buffer discarded is told with the next event that finds room in it.
    is_counted() {
        printf a >&9
        says 'SELECT coalesce(sum(count), 0) > 50000 FROM losses' 1
    }
    wait_until is_counted
    end_emitter
    wait_until says 'SELECT end_text, is_balanced FROM processes' 'exited|1'
    lttng_must destroy s
    end_follower
    expect_status 0 'the end of a session'
    lost=$(ask run.telltale 'SELECT sum(count) FROM gap')
    read=$(ask run.telltale 'SELECT record_count FROM process')
    emitted=$(ask run.telltale 'SELECT attempt_count FROM process')
    [ "$emitted" -ge 100005 ] || fail "$emitted events were emitted"
    expect_equal "$((lost + read))" "$emitted" 'what was read, and what is missing'
    expect_equal "$(ask run.telltale 'SELECT drop_count FROM process')" "$lost" 'what the process lacks'
}

# A relay daemon does not tell of each process in time, and babeltrace2 does not say what it has missed.
case_of_buffers_per_process_it_is_said_that_processes_may_be_missing() {
    start_relay
    start_daemon
    lttng_must create s --live=100000 --set-url="net://127.0.0.1:$control:$data"
    lttng_must enable-channel --session=s --userspace --buffers-pid ch
    lttng_must enable-event --session=s --userspace --channel=ch 'telltale:*'
    lttng_must start s
    follow "$relay"
    start_emitter 20
    wait_until says "$notes" 20
    end_emitter
    lttng_must destroy s
    end_follower
    expect_status 5 'a part'
    expect_text err 'buffers per process, of which a relay daemon hands on a part'
    expect_says "SELECT count(*) > 0 FROM losses WHERE what = 'incomplete'" 1
    run "$telltale" check --strict run.telltale
    [ "$status" -ne 0 ] || fail 'a clean answer'
}

case_two_sessions_are_followed_into_one_store() {
    begin
    start_live_session t
    follow "$relay"
    expect_equal "$(grep -c 'following net' "$work/following")" 2 'sessions'
    start_emitter 20
    wait_until says "$notes" 20
    end_emitter
    wait_until says 'SELECT end_text, is_balanced FROM processes' 'exited|1'
    kill -TERM "$follower" # LTTng 2.13 does not destroy the first of two live sessions that have the same program
    end_follower
    expect_status 0 'the end that was asked for'
    expect_says "$notes" 20 # each is told by both, and is there once
    expect_says 'SELECT count(*) FROM losses' 0
    expect_text err 'told more than once'
}

case_doctor_tells_whether_there_is_a_relay() {
    run "$telltale" doctor
    grep -qE 'relay +(somebody listens at port 5344 here|[^ ]*lttng-relayd; nobody listens at port 5344 here)' "$work/out" || fail 'nothing about a relay'
    run env PATH=/nowhere "$telltale" doctor
    grep -qE 'relay +(somebody listens at port 5344 here|lttng-relayd is not installed here)' "$work/out" || fail 'nothing about one that is missing'
}

case_what_cannot_be_followed_is_told() {
    run "$telltale" import net://127.0.0.1:1
    expect_status 5 'no relay'
    expect_text err 'no relay daemon answers there'
    start_relay
    run "$telltale" import "$relay"
    expect_status 5 'a relay without sessions'
    expect_text err 'no such live session at the moment; create one: lttng create'
    start_daemon
    start_live_session s
    lttng_must create stored --set-url="net://127.0.0.1:$control:$data"
    lttng_must enable-event --session=stored --userspace 'telltale:*'
    lttng_must start stored
    for wrong in "$relay/host/$(hostname)/other" "$relay/host/nobody" "$relay/host/$(hostname)/stored"; do
        run "$telltale" import "$wrong"
        expect_status 5 "$wrong"
        expect_text err '; there are '
    done
    expect_text err "/host/$(hostname)/s"
    expect_text err "/host/$(hostname)/stored (not live)"
    [ ! -e run.telltale ] || fail 'a store was written'
    run "$telltale" import "$relay" "$work"
    expect_status 2 'a URL and a folder'
    run "$telltale" import --only emitter "$relay"
    expect_status 2 '--only'
}

case_an_earlier_recording_is_there_again_when_nothing_came() {
    begin
    must "$telltale" record -- "$emitter" 3
    cksum run.telltale >before
    follow "$relay"
    kill -TERM "$follower"
    end_follower
    expect_status 3 'nothing'
    expect_text err 'no event of telltale came; nothing was written'
    ! grep -q replacing "$work/err" || fail 'nothing is replaced'
    run "$telltale" import net://127.0.0.1:1/
    expect_status 5 'nobody'
    expect_equal "$(wc -l <"$work/err")" 1 'one line about nobody'
    cksum run.telltale | cmp -s - before || fail 'the earlier recording is gone'
}

# Whoever wants to write it, with events in it or without.
case_a_store_that_is_followed_into_is_nobody_elses() {
    begin
    python3 "$TELLTALE_TEST_SOURCE/tests/import/make_trace.py" whole whole
    follow "$relay"
    wait_until test -s run.telltale
    run "$telltale" import "$relay"
    expect_status 5 'a second one'
    expect_text err "run.telltale is being written by process $(find_child "$follower" "$TELLTALE_TEST_BUILD/libexec/telltale/telltale-ctf-reader")"
    start_emitter 20
    wait_until says "$notes" 20
    for second in "import $relay" 'import whole' "record -- $emitter 3" "record --lttng -- $emitter 3"; do
        run env -u TELLTALE_LTTNG "$telltale" $second
        expect_status 5 "$second"
        [ "$(grep -c . "$work/err")" -le 3 ] || fail "$second: many words"
        expect_says "$notes" 20
    done
    run "$telltale" import "$relay" -o other.telltale
    expect_text err 'somebody else follows the session, and it can have one follower'
    printf 'abc' >&9
    wait_until says "$notes" 23
    end_emitter
    lttng_must destroy s
    end_follower
    expect_status 0 'the end of a session'
    expect_equal "$(find . -name 'run.telltale*')" ./run.telltale 'the files of the store'
    expect_says "$notes" 23
}

case_a_store_that_is_renamed_while_it_is_followed_into_is_told_and_has_all_until_then() {
    begin
    must "$telltale" record -- "$emitter" 3
    follow "$relay"
    start_emitter 20
    wait_until says "$notes" 20
    mv run.telltale kept.telltale
    printf 'abc' >&9
    end_follower
    expect_status 5 'a renamed store'
    expect_text err 'import: the store was deleted, renamed or replaced while it was written'
    expect_says "$notes" 3
    mv kept.telltale run.telltale
    expect_says "$notes" 20
    end_emitter
}

case_a_signal_ends_it_while_the_relay_is_frozen() {
    begin
    follow "$relay"
    start_emitter 20
    wait_until says "$notes" 20
    kill -STOP "$relayd"
    sleep 1 # until it asks, and waits for the answer
    began=$(date +%s)
    kill -TERM "$follower"
    end_follower
    took=$(($(date +%s) - began))
    kill -CONT "$relayd"
    expect_status 0 'the end that was asked for'
    [ "$took" -lt 20 ] || fail "it took $took s"
    expect_says "$notes" 20
    expect_says 'SELECT count, what, is_vital FROM losses' '|cut_off|1'
    end_emitter
}

case_a_relay_that_is_frozen_is_not_waited_for_for_ever() {
    begin
    follow "$relay"
    start_emitter 20
    wait_until says "$notes" 20
    kill -STOP "$relayd"
    end_follower
    kill -CONT "$relayd"
    expect_status 5 'a frozen relay'
    expect_text err 'the relay daemon has not answered for 30 s'
    expect_says 'SELECT count, what, is_vital FROM losses' '|cut_off|1'
    end_emitter
}

run_case "$@"
