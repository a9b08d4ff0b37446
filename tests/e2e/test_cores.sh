#!/bin/sh
# test_cores.sh: the example cores: several loops in one process, and in two, at one port.
# shellcheck source-path=SCRIPTDIR source=case.sh
. "$(dirname "$0")/case.sh"

client=$TELLTALE_TEST_BIN/examples/tcp_client

# Starts COMMAND, which ends with the arguments of cores, and waits until it serves; sets $server and $port.
start_cores() { # COMMAND...
    rm -f server.out
    "$@" >server.out 2>server.err &
    server=$!
    background="$background $server"
    wait_until has_line server.out
    port=$(head -n 1 server.out)
}

# Sends SIGTERM to PROCESS; $server has STATUS then.
stop_cores() { # PROCESS STATUS
    kill -TERM "$1"
    status=0
    wait "$server" || status=$?
    expect_status "$2" 'the server'
}

# Asks COUNT times who answers; the answers are in the file answers.
ask_who() { # COUNT
    for _ in $(seq "$1"); do
        printf 'who\n' | "$client" 127.0.0.1 "$port"
    done >answers
    [ "$(wc -l <answers)" -eq "$1" ] || fail "$(wc -l <answers) answers to $1 questions: $(cat server.err)"
}

# Whether two loops or more of PROCESS have answered.
two_loops_have_answered() { # PROCESS
    ask_who 8
    cat answers >>all
    [ "$(grep " of $1\$" all | sort -u | wc -l)" -ge 2 ]
}

case_connections_are_spread_over_the_loops() {
    start_cores "$TELLTALE_TEST_BIN/examples/cores" 4
    wait_until two_loops_have_answered "$server"
    [ "$(grep -cv "^> loop [1-4] of $server\$" all)" -eq 0 ] || fail "others answered: $(sort all | uniq -c)"
    stop_cores "$server" 0
    [ ! -s server.err ] || fail "it complains: $(cat server.err)"
}

case_two_programs_share_a_port() {
    start_cores "$TELLTALE_TEST_BIN/examples/cores" 2
    first=$server
    start_cores "$TELLTALE_TEST_BIN/examples/cores" 2 "$port"
    wait_until two_loops_have_answered "$server"
    wait_until two_loops_have_answered "$first"
    stop_cores "$server" 0
    server=$first
    ask_who 4
    [ "$(grep -cv " of $first\$" answers)" -eq 0 ] || fail "somebody else answered: $(cat answers)"
    stop_cores "$server" 0
}

case_all_loops_stop_at_a_signal_with_clients_that_stay() {
    start_cores "$TELLTALE_TEST_BIN/examples/cores" 3
    mkfifo hold
    for i in 1 2 3 4 5 6; do
        "$client" 127.0.0.1 "$port" <hold >"client.$i" 2>&1 &
        background="$background $!"
    done
    exec 3>hold
    echo one >&3
    wait_until grep -q one client.1 client.2 client.3 client.4 client.5 client.6
    stop_cores "$server" 0
    exec 3>&-
    [ ! -s server.err ] || fail "it complains: $(cat server.err)"
}

case_a_port_that_somebody_has_alone_is_told() {
    "$TELLTALE_TEST_BIN/examples/tcp_echo" >echo.out &
    background="$background $!"
    wait_until has_line echo.out
    run "$TELLTALE_TEST_BIN/examples/cores" 2 "$(head -n 1 echo.out)"
    expect_status 1 'a second server'
    expect_text err 'Address already in use: listen on 127.0.0.1:'
    expect_text err 'RuntimeError: loop 1 did not begin'
}

# The process that record runs.
recorded() {
    pgrep -P "$server" -x cores
}

case_one_store_has_all_loops_their_threads_and_failures() {
    command -v pgrep >/dev/null || skip 'there is no pgrep'
    start_cores "$telltale" record -o run.telltale -- "$TELLTALE_TEST_BIN/examples/cores" 3
    wait_until two_loops_have_answered "$(recorded)"
    for _ in $(seq 40); do
        printf 'boom\n' | "$client" 127.0.0.1 "$port" >/dev/null
        printf 'lose\n' | "$client" 127.0.0.1 "$port" >>losses
    done
    stop_cores "$(recorded)" 0
    expect_equal "$(ask run.telltale 'SELECT count(*), count(DISTINCT thread_id), count(closed_ns), sum(pending_count) FROM loops')" \
        '4|4|4|0' 'the loops, and the threads on which they ran'
    expect_equal "$(ask run.telltale "SELECT count(*) FROM loops AS l WHERE l.task_count <>
            (SELECT count(*) FROM tasks AS t WHERE t.loop_id = l.loop_id)")" 0 'loops with another number of tasks'
    expect_equal "$(ask run.telltale "SELECT count(DISTINCT l.tid) FROM tasks AS t JOIN loops AS l USING (loop_id)
            WHERE t.name LIKE 'Task-%' AND t.coroutine = 'serve'")" 3 'threads that serve'
    lost=$(ask run.telltale "SELECT count(*) FROM failures WHERE message LIKE 'lost in loop %'")
    [ "$lost" -ge 2 ] || fail "$lost loops have lost a failure"
    expect_equal "$(ask run.telltale "SELECT sum(failure_count) FROM loops")" $((40 + lost)) 'failures of the loops'
    expect_equal "$(ask run.telltale "SELECT count(DISTINCT l.tid) FROM failures AS f JOIN tasks AS t ON t.task_id = f.failure_id
            JOIN loops AS l USING (loop_id) WHERE f.message LIKE 'lost in loop %'")" "$lost" 'threads that have lost a failure'
    run "$telltale" report run.telltale
    expect_text out "LOST FAILURE: $lost failures of $lost tasks"
    grep -q '^  ValueError: lost in loop [1-3]$' "$work/out" || fail 'the report does not say which'
}

run_case "$@"
