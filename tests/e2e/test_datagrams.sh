#!/bin/sh
# test_datagrams.sh: the example discovery and its counterpart in Python, against each other and against nc.
# shellcheck source-path=SCRIPTDIR source=case.sh
. "$(dirname "$0")/case.sh"

in_c=$TELLTALE_TEST_BIN/examples/discovery
in_python=$TELLTALE_TEST_SOURCE/tests/examples/discovery.py
group=239.255.77.7

need_python() {
    command -v python3 >/dev/null || skip 'there is no python3'
    python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || skip 'python3 is older than 3.11'
}

# Starts PROGRAM as server NAME at PORT; sets $server and $port.
start_server() { # PROGRAM NAME PORT
    "$1" serve "$2" $group "$3" lo >"server.$2" 2>&1 &
    server=$!
    background="$background $server"
    wait_until has_line "server.$2"
    port=$(head -n 1 "server.$2")
}

stop_server() { # NAME
    kill -TERM "$server"
    status=0
    wait "$server" || status=$?
    expect_status 0 "the server $1"
    expect_equal "$(cat "server.$1")" "$port" "what the server $1 printed"
}

# Whether FINDER finds these NAMES and no others.
expect_found() { # FINDER NAMES...
    finder=$1
    shift
    must "$finder" find $# $group "$port" lo
    expect_equal "$(sed 's/ is at [][0-9a-f.:]*$/ is at HERE/' "$work/out" | sort)" \
        "$(printf '%s is at HERE\n' "$@" | sort)" "what $finder found"
}

case_servers_in_c_and_python_are_found_by_c_and_python() {
    need_python
    start_server "$in_c" alice 0
    first=$server
    start_server "$in_python" bob "$port"
    expect_found "$in_c" alice bob
    expect_found "$in_python" alice bob
    stop_server bob
    expect_found "$in_python" alice
    server=$first
    stop_server alice
}

case_nc_asks_without_the_group() {
    command -v nc >/dev/null || skip 'there is no nc'
    start_server "$in_c" alice 0
    mkfifo questions
    nc -u 127.0.0.1 "$port" <questions >answers &
    asker=$!
    background="$background $asker"
    exec 3>questions
    printf 'who?' >&3
    wait_until test -s answers
    exec 3>&-
    kill "$asker"
    expect_equal "$(cat answers)" 'I am alice' 'the answer'
    stop_server alice
}

case_who_finds_nobody_gives_up() {
    start_server "$in_c" alice 0
    run "$in_c" find 2 $group "$port" lo
    expect_status 1 'the search'
    expect_text out 'alice is at '
    expect_text err TimeoutError
    stop_server alice
}

case_an_interface_that_is_not_there_is_told() {
    run "$in_c" serve alice $group 0 nowhere7
    expect_status 1 'the server'
    expect_text err "[Errno 19] No such device: join $group on nowhere7"
}

case_datagrams_are_told_with_their_sizes_when_it_is_asked_for() {
    TELLTALE_EVENTS=all "$telltale" record -o run.telltale -- "$in_c" serve alice $group 0 lo >server.out 2>server.err &
    recorder=$!
    background="$background $recorder"
    wait_until has_line server.out
    port=$(head -n 1 server.out)
    must "$in_c" find 1 $group "$port" lo
    kill -TERM "$(pgrep -P "$recorder" -x discovery)"
    status=0
    wait "$recorder" || status=$?
    expect_status 0 'the server'
    # The first question and its answer, and the wait for another one, which was cancelled; asked again, there are more.
    expect_equal "$(ask run.telltale "SELECT what, state, size, byte_count, error FROM ios ORDER BY io_id" | sed -n '1,2p;$p')" \
        'read|done|16|4|
write|done|10|10|
read|cancelled|16|0|' 'the operations'
}

run_case "$@"
