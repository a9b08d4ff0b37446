#!/bin/sh
# test_streams.sh: the examples tcp_echo and tcp_client, and their counterparts in Python, against each other and against other
# people's programs: nc, curl, python3.
# shellcheck source-path=SCRIPTDIR source=case.sh
. "$(dirname "$0")/case.sh"

examples=$TELLTALE_TEST_BIN/examples
pythons=$TELLTALE_TEST_SOURCE/tests/examples

# Starts COMMAND, a server; sets $server and $port.
start_server() { # COMMAND...
    rm -f server.out
    "$@" >server.out 2>server.err &
    server=$!
    background="$background $server"
    wait_until has_line server.out
    port=$(head -n 1 server.out)
}

# Ends the server by SIGTERM; it has STATUS then.
stop_server() { # STATUS
    kill -TERM "$server"
    status=0
    wait "$server" || status=$?
    expect_status "$1" 'the server'
    expect_equal "$(tail -n 1 server.out)" stopping 'its last line'
}

# What CLIENT prints for two lines of input.
expect_echo() { # CLIENT...
    expect_equal "$(printf 'one\ntwo\n' | "$@" 127.0.0.1 "$port")" '> one
> two' "what comes back to $1"
}

case_nc_gets_its_lines_back() {
    command -v nc >/dev/null || skip 'there is no nc'
    start_server "$examples/tcp_echo"
    expect_equal "$(printf 'one\ntwo\n' | nc -N 127.0.0.1 "$port")" 'one
two' 'what comes back'
    stop_server 0
}

case_curl_gets_its_lines_back() {
    command -v curl >/dev/null || skip 'there is no curl'
    start_server "$examples/tcp_echo"
    # With telnet:// curl sends its input as it is, and ends when the server does.
    { printf 'one\nboom\n'; sleep 1; } | curl -sN "telnet://127.0.0.1:$port" >out 2>err || true
    expect_equal "$(cat out)" one 'what comes back until the connection fails'
    stop_server 0
}

case_clients_in_c_and_python_see_the_same_of_servers_in_c_and_python() {
    command -v python3 >/dev/null || skip 'there is no python3'
    python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || skip 'python3 is older than 3.11'
    start_server "$examples/tcp_echo"
    expect_echo "$examples/tcp_client"
    expect_echo "$pythons/tcp_client.py"
    stop_server 0
    start_server "$pythons/tcp_echo.py"
    expect_echo "$examples/tcp_client"
    expect_echo "$pythons/tcp_client.py"
    stop_server 0
}

case_a_client_that_fails_ends_alone_and_is_told() {
    start_server "$examples/tcp_echo"
    expect_equal "$(printf 'one\nboom\n' | "$examples/tcp_client" 127.0.0.1 "$port")" '> one' 'what comes back'
    expect_echo "$examples/tcp_client"
    stop_server 0
    grep -qx 'Unhandled exception in client_connected_cb' server.err || fail "not told: $(cat server.err)"
    grep -qx 'RuntimeError: Unexpected network error' server.err || fail "not told why: $(cat server.err)"
}

case_a_client_that_stays_is_cancelled_when_the_server_stops() {
    start_server "$examples/tcp_echo"
    mkfifo hold
    "$examples/tcp_client" 127.0.0.1 "$port" <hold >client.out 2>client.err &
    background="$background $!"
    exec 3>hold
    echo here >&3
    wait_until has_line client.out
    stop_server 0
    exec 3>&-
    expect_equal "$(cat client.out)" '> here' 'what came back'
    [ ! -s server.err ] || fail "the server complains: $(cat server.err)"
}

case_a_client_without_a_server_says_what_it_tried() {
    status=0
    "$examples/tcp_client" "$work/nowhere" </dev/null >out 2>err || status=$?
    expect_status 1 'the client'
    grep -qF "FileNotFoundError: [Errno 2] No such file or directory: connect to $work/nowhere" err ||
        fail "it says: $(cat err)"
}

case_nc_listens_on_a_unix_socket() {
    command -v nc >/dev/null || skip 'there is no nc'
    mkfifo answers
    nc -lUN "$work/socket" <answers >received &
    background="$background $!"
    exec 3>answers
    wait_until test -S "$work/socket"
    echo welcome >&3
    exec 3>&-
    expect_equal "$(echo hello | "$examples/tcp_client" "$work/socket")" '> welcome' 'what nc says'
    wait_until has_line received
    expect_equal "$(cat received)" hello 'what nc got'
}

run_case "$@"
