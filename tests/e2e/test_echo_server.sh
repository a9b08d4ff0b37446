#!/bin/sh
# test_echo_server.sh: the echo server in its three forms, killed after a client said boom; and what plain sqlite3 sees of it
# meanwhile.
# shellcheck source-path=SCRIPTDIR source=case.sh
. "$(dirname "$0")/case.sh"

client=$TELLTALE_TEST_SOURCE/tests/e2e/echo_client.py
server_source=runtime/examples/echo_server.c

# Starts the echo server under telltale record; sets $record, $server and $port.
start_server() { # OPTION...
    "$telltale" record -o run.telltale -- "$TELLTALE_TEST_BIN/examples/echo_server" --port 0 "$@" >server.out 2>server.err &
    record=$!
    background="$background $record"
    wait_until has_line server.out
    port=$(head -n 1 server.out)
    server=$(find_child "$record" "$TELLTALE_TEST_BIN/examples/echo_server") || fail 'the server is not a child of record'
    background="$background $server"
}

kill_server() {
    kill -KILL "$server"
    status=0
    wait "$record" || status=$?
    expect_status 137 'telltale record'
}

# Asks until ROWS is the answer, for at most a second.
expect_within_a_second() { # SQL ROWS
    end=$(($(date +%s%N) + 1000000000))
    until rows=$(ask run.telltale "$1" 2>&1) && [ "$rows" = "$2" ]; do
        [ "$(date +%s%N)" -lt "$end" ] || expect_equal "$rows" "$2" "within a second: $1"
    done
}

expect_report() { # STATUS
    run "$telltale" report run.telltale
    expect_status "$1" report
}

# Both tasks that wait when the server is killed are shown with what for, where and how long, and are no finding.
expect_pending_tasks() {
    expect_text out 'PENDING AT THE END: 2 tasks, no finding'
    grep -Eq "waited for +accept on descriptor [0-9]+ at $server_source:[0-9]+ in listen_for_connections, for [0-9.]+ (ms|s)" \
        "$work/out" || fail 'the accepting task is not shown'
    grep -Eq "waited for +task #[0-9]+ \"listen\" at $server_source:[0-9]+ in serve, for [0-9.]+ (ms|s)" "$work/out" ||
        fail 'the main task is not shown'
}

expect_places() {
    expect_text out 'RuntimeError: Unexpected network error'
    grep -Eq "raised at +$server_source:[0-9]+ in echo\$" "$work/out" || fail 'the place of the raise is missing'
    grep -Eq "task +#[0-9]+ \"client-2\" created at $server_source:[0-9]+ in listen_for_connections\$" "$work/out" ||
        fail 'the place of the creation is missing'
}

boom() { # OPTION...
    start_server "$@"
    must "$client" "$port" hello
    expect_text out "got 'hello' back"
    must "$client" "$port" boom
}

case_a_failure_of_a_task_that_nobody_keeps_is_lost_at_once() {
    boom
    expect_text out 'got nothing back'
    kill_server
    grep -q '^Task exception was never retrieved$' server.err || fail 'the handler said nothing'
    expect_equal "$(ask run.telltale 'SELECT state, reason, reported_to FROM failures')" 'lost|dropped|default' 'the failures'
    expect_report 1
    expect_places
    expect_pending_tasks
    expect_text out 'SUMMARY: telltale: 1 lost failure in 1 group, 0 absorbed, 0 held, 2 tasks pending at the end'
}

case_a_failure_of_a_task_that_is_held_is_lost_by_the_kill() {
    boom --hold
    expect_text out 'got nothing back'
    expect_within_a_second 'SELECT state, reason, reported_to FROM failures' 'held||'
    run "$telltale" report run.telltale --lint held-failure=0
    expect_text out 'HELD FAILURE: 1 failure'
    kill_server
    ! grep -q 'never retrieved' server.err || fail 'the handler spoke of a failure that is held'
    expect_equal "$(ask run.telltale 'SELECT state, reason, reported_to, handle_count, unread_ns > 0 FROM failures')" \
        'lost|killed||1|1' 'the failures'
    expect_report 1
    expect_places
    expect_pending_tasks
    grep -Eq "held by +reference taken at $server_source:[0-9]+ in listen_for_connections, never released\$" "$work/out" ||
        fail 'the place where the reference was taken is missing'
    grep -Eq 'nobody had (looked at|awaited) .* for [0-9.]+ (ms|s)$' "$work/out" || fail 'how long nobody looked is missing'
}

case_a_failure_that_its_task_deals_with_is_nothing() {
    boom --log-and-close
    expect_text out 'the server closed the connection'
    kill_server
    grep -q 'Unexpected network error' server.err || fail 'the server did not log it'
    expect_equal "$(ask run.telltale 'SELECT count(*) FROM failures')" 0 'the failures'
    expect_report 0
    expect_pending_tasks
    expect_text out 'SUMMARY: telltale: 0 lost failures, 0 absorbed, 0 held, 2 tasks pending at the end'
}

case_plain_sqlite_sees_what_happens_within_a_second() {
    start_server
    tasks='SELECT name, outcome FROM tasks ORDER BY task_id'
    expect_within_a_second "$tasks" 'Task-1|pending
listen|pending'
    must "$client" "$port" hello
    expect_within_a_second "$tasks" 'Task-1|pending
listen|pending
client-1|returned'
    must "$client" "$port" boom
    expect_within_a_second "$tasks" 'Task-1|pending
listen|pending
client-1|returned
client-2|failed'
    expect_within_a_second 'SELECT state, reason FROM failures' 'lost|dropped'
    kill_server
}

case_a_store_whose_recorder_was_killed_has_the_rows_too() {
    start_server
    must "$client" "$port" hello
    must "$client" "$port" boom
    expect_within_a_second 'SELECT count(*) FROM failures' 1
    recorder=$(find_child "$record" "$(readlink -f "$telltale")") || fail 'there is no recorder'
    kill -STOP "$record"
    kill -KILL "$recorder"
    expect_within_a_second 'SELECT name, outcome FROM tasks ORDER BY task_id' 'Task-1|pending
listen|pending
client-1|returned
client-2|failed'
    kill -CONT "$record"
    must "$client" "$port" again
    expect_text out "got 'again' back"
    kill_server
    expect_report 1
    expect_text out '1 lost failure in 1 group'
    expect_equal "$(ask run.telltale 'SELECT name FROM tasks ORDER BY task_id DESC LIMIT 1')" client-3 'the last task'
}

run_case "$@"
