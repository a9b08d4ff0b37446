#!/bin/sh
# test_tls.sh: the example tls, server and client, against each other, openssl s_client and s_server, and python3.
# shellcheck source-path=SCRIPTDIR source=case.sh
. "$(dirname "$0")/case.sh"

tls=$TELLTALE_TEST_BIN/examples/tls

# A certificate for localhost, signed by itself.
prepare() {
    [ -x "$tls" ] || skip 'it was built without OpenSSL'
    command -v openssl >/dev/null || skip 'there is no openssl'
    openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out certificate.pem -days 2 -subj /CN=localhost \
        -addext subjectAltName=DNS:localhost 2>openssl.err || fail "no certificate: $(cat openssl.err)"
}

# Starts a server with more ARGUMENTS; sets $server and $port.
start_server() { # ARGUMENT...
    "$tls" serve certificate.pem key.pem "$@" >server.out 2>server.err &
    server=$!
    background="$background $server"
    wait_until has_line server.out
    port=$(head -n 1 server.out)
}

# Ends the server, which has complained of nothing but what REGEX, if any, describes.
stop_server() { # [REGEX]
    kill -TERM "$server"
    status=0
    wait "$server" || status=$?
    expect_status 0 'the server'
    [ -n "${1:-}" ] || [ ! -s server.err ] || fail "it complains: $(cat server.err)"
    [ -z "${1:-}" ] || grep -Eq "$1" server.err || fail "it says: $(cat server.err)"
}

case_two_ends_talk_and_say_goodbye() {
    prepare
    start_server
    { echo one; seq 1 100000; } >sent
    "$tls" talk localhost "$port" certificate.pem <sent >got 2>err || fail "the client: $(cat err)"
    cmp sent got || fail 'something else came back'
    stop_server
}

case_openssl_talks_to_the_server() {
    prepare
    start_server
    mkfifo hold
    openssl s_client -quiet -no_ign_eof -verify_return_error -verify_hostname localhost -CAfile certificate.pem -connect "127.0.0.1:$port" \
        <hold >got 2>err &
    client=$!
    background="$background $client"
    exec 3>hold
    echo hello >&3
    wait_until grep -q hello got
    exec 3>&-
    wait "$client" || fail "s_client: $(cat err)"
    stop_server
}

case_python_talks_to_the_server() {
    prepare
    command -v python3 >/dev/null || skip 'there is no python3'
    start_server
    cat >client.py <<'PY'
import socket, ssl, sys
context = ssl.create_default_context(cafile="certificate.pem")
with socket.create_connection(("127.0.0.1", int(sys.argv[1]))) as plain:
    tls = context.wrap_socket(plain, server_hostname="localhost", suppress_ragged_eofs=False)
    tls.sendall(b"hello")
    assert tls.recv(5) == b"hello"
    tls.unwrap()  # both goodbyes: raises where the server's is missing
PY
    must python3 client.py "$port"
    stop_server
}

case_the_client_talks_to_python() {
    prepare
    command -v python3 >/dev/null || skip 'there is no python3'
    cat >server.py <<'PY'
import socket, ssl
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain("certificate.pem", "key.pem")
listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
with context.wrap_socket(listener.accept()[0], server_side=True, suppress_ragged_eofs=False) as tls:
    while data := tls.recv(1000):  # raises where the client's goodbye is missing
        tls.sendall(data.upper())
    tls.unwrap()
print("both have said goodbye", flush=True)
PY
    python3 server.py >server.out 2>server.err &
    server=$!
    background="$background $server"
    wait_until has_line server.out
    echo hello | "$tls" talk localhost "$(cat server.out)" certificate.pem >got 2>err || fail "the client: $(cat err)"
    expect_equal "$(cat got)" HELLO 'what comes back'
    wait "$server" || fail "the server: $(cat server.err)"
    expect_equal "$(tail -n 1 server.out)" 'both have said goodbye' 'its last line'
}

case_the_client_wants_the_right_certificate() {
    prepare
    openssl req -x509 -newkey rsa:2048 -nodes -keyout other.key -out other.pem -days 2 -subj /CN=localhost 2>/dev/null
    start_server
    status=0
    "$tls" talk localhost "$port" other.pem </dev/null >out 2>err || status=$?
    expect_status 1 'with another certificate'
    grep -q 'SSLError: handshake: .*certificate verify failed' err || fail "it says: $(cat err)"
    status=0
    "$tls" talk 127.0.0.1 "$port" certificate.pem </dev/null >out 2>err || status=$?
    expect_status 1 'by another name'
    grep -q 'SSLError: handshake: .*certificate verify failed' err || fail "it says: $(cat err)"
    stop_server 'SSLError: handshake: .*alert'
}

case_who_does_not_shake_hands_in_time_is_dropped() {
    prepare
    command -v nc >/dev/null || skip 'there is no nc'
    start_server 0 50
    mkfifo hold
    nc 127.0.0.1 "$port" <hold >got 2>&1 &
    client=$!
    background="$background $client"
    exec 3>hold
    wait_until grep -q TimeoutError server.err
    exec 3>&-
    wait "$client" || :
    stop_server '^TimeoutError'
}

case_who_speaks_no_tls_or_hangs_up_is_told() {
    prepare
    command -v nc >/dev/null || skip 'there is no nc'
    start_server
    echo 'GET / HTTP/1.0' | nc -N 127.0.0.1 "$port" >got || :
    wait_until grep -q 'SSLError: handshake: .*http request' server.err
    nc -zN 127.0.0.1 "$port" </dev/null || :
    wait_until grep -q 'SSLError: handshake: .*\(without a goodbye\|unexpected eof\)' server.err
    echo fine | "$tls" talk localhost "$port" certificate.pem >got 2>err || fail "another client: $(cat err)"
    expect_equal "$(cat got)" fine 'what another client gets'
    stop_server 'http request'
}

# In a build with the address sanitizer whatever is left behind ends the program with another status.
case_a_server_that_stops_in_the_middle_leaves_nothing() {
    prepare
    command -v nc >/dev/null || skip 'there is no nc'
    start_server
    mkfifo hold silent
    "$tls" talk localhost "$port" certificate.pem <hold >got 2>err &
    background="$background $!"
    nc 127.0.0.1 "$port" <silent >/dev/null 2>&1 &
    background="$background $!"
    exec 3>hold 4>silent
    echo here >&3
    wait_until grep -q here got
    stop_server
    exec 3>&- 4>&-
}

case_a_client_that_is_interrupted_in_its_handshake_leaves_nothing() {
    prepare
    command -v python3 >/dev/null || skip 'there is no python3'
    # Somebody who accepts and says nothing; and a client on which SIGINT acts, as in a foreground.
    cat >silent.py <<'PY'
import os, signal, socket, subprocess, sys
listener = socket.create_server(("127.0.0.1", 0))
signal.signal(signal.SIGINT, signal.SIG_DFL)
client = subprocess.Popen([sys.argv[1], "talk", "localhost", str(listener.getsockname()[1]), "certificate.pem"],
                          stdin=subprocess.DEVNULL, stderr=open("client.err", "w"))
peer, _ = listener.accept()
assert peer.recv(1)  # it has said hello, and waits
client.send_signal(signal.SIGINT)
sys.exit(client.wait())
PY
    run python3 silent.py "$tls"
    expect_status 130 'the client'
    if grep -q Sanitizer client.err; then fail "it says: $(cat client.err)"; fi
}

run_case "$@"
