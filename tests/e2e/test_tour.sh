#!/bin/sh
# test_tour.sh: the tour, recorded, asked by curl, by Python's http.client, and by sockets that do what no client does. Each case
# ends the server, which must exit with 0, and with a report that has nothing to say.
# shellcheck source-path=SCRIPTDIR source=case.sh
. "$(dirname "$0")/case.sh"

tour=$TELLTALE_TEST_BIN/examples/tour
client=$TELLTALE_TEST_SOURCE/tests/e2e/tour_client.py

make_site() {
    mkdir -p site/folder outside
    echo hello >site/hello.txt
    echo '<p>' >site/index.html
    printf 0123456789 >site/digits
    : >site/empty
    head -c 100000 /dev/urandom >site/large.bin
    head -c 30000000 /dev/urandom >site/huge.bin
    echo 'a secret' >secret
    echo 'a secret' >outside/secret
    ln -s ../secret site/link-out
    ln -s ../outside site/folder-out
    ln -s hello.txt site/link-in
    ln -s loop site/loop
    ln -s /proc site/proc-link
    mkfifo site/fifo
    python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("site/socket")'
}

# Starts the tour under telltale record; sets $record, $server, $port, $url.
start_tour() { # OPTION...
    [ -x "$tour" ] || skip 'the tour is not built: no http-parser'
    make_site
    # Under load a recorder may be slower than the server, which then is to wait: no event may be missing here.
    "$telltale" record --ring-policy block:60000 -o run.telltale -- "$tour" "$@" site >tour.out 2>tour.err &
    record=$!
    background="$background $record"
    wait_until has_line tour.out
    read -r url <tour.out
    port=${url##*:}
    port=${port%/}
    server=$(find_child "$record" "$tour") || fail 'the server is not a child of record'
    background="$background $server"
    must "$client" keep_alive "$port" # what is opened once is open from here on
    wait_until is_alone
    descriptors=$(count_descriptors)
}

count_descriptors() {
    find "/proc/$server/fd" -mindepth 1 | wc -l
}

has_descriptors() { # COUNT
    [ "$(count_descriptors)" -eq "$1" ]
}

# Whether nobody is connected any more: the port has no line but that of who listens (0A) and of what is over (06).
is_alone() {
    awk -v port="$(printf ':%04X$' "$port")" '$2 ~ port && $4 != "0A" && $4 != "06" { found = 1 } END { exit found }' /proc/net/tcp
}

# After the server has ended, by itself.
expect_clean_end() {
    status=0
    wait "$record" || status=$?
    expect_status 0 'telltale record'
    cp tour.err "$work/err"
    grep -v '^SUMMARY: telltale: 0 lost failures, 0 absorbed, 0 held, 0 tasks pending at the end$' tour.err >said || :
    [ ! -s said ] || fail "the server said: $(cat said)"
    must "$telltale" report run.telltale
    expect_text out 'SUMMARY: telltale: 0 lost failures, 0 absorbed, 0 held, 0 tasks pending at the end'
}

# Ends the server, which has to have no descriptor that it did not have before.
stop_tour() {
    wait_until is_alone
    wait_until has_descriptors "$descriptors" # who was reset is alone at once, and the server hears of it in its time
    kill -TERM "$server"
    expect_clean_end
}

check() { # CHECK [OPTION...]
    name=$1
    shift
    start_tour "$@"
    must "$client" "$name" "$port"
    stop_tour
}

case_curl_gets_files_and_parts_of_them() {
    start_tour
    must curl -sS --fail -o 'got-#1' "$url{hello.txt,large.bin,huge.bin,empty}" -w '%{num_connects} '
    expect_equal "$(cat "$work/out")" '1 0 0 0 ' 'connections that curl made'
    for name in hello.txt large.bin huge.bin empty; do
        cmp "got-$name" "site/$name" || fail "$name is another one"
    done
    must curl -sS --fail "$url"
    expect_text out '<p>'
    must curl -sS --fail --head "${url}hello.txt"
    expect_text out 'Content-Length: 6'
    expect_text out 'Content-Type: text/plain'
    head -c 1234567 site/huge.bin >resumed
    must curl -sS --fail --continue-at - -o resumed "${url}huge.bin"
    cmp resumed site/huge.bin || fail 'the download that was resumed differs'
    must curl -sS --fail -z site/hello.txt -w '%{http_code}' "${url}hello.txt"
    expect_text out 304
    must curl -sS -L -o /dev/null -w '%{http_code} %{url_effective}' "${url}folder"
    expect_text out "404 ${url}folder/"
    must curl -sS -d x=y -o /dev/null -w '%{http_code}' "$url"
    expect_text out 405
    stop_tour
}

# TT_COUNT seconds of load.
case_two_hundred_connections_at_once_are_served_without_an_error() {
    command -v wrk >/dev/null || skip 'there is no wrk'
    ulimit -n 1024
    start_tour
    must wrk --threads 2 --connections 200 --duration "${TT_COUNT:-2}" --timeout 60 "${url}hello.txt"
    cp "$work/out" load
    grep -q ' requests in ' load || fail "wrk said: $(cat load)"
    ! grep -E 'Socket errors|Non-2xx' load || fail 'there were errors'
    stop_tour
}

case_a_connection_is_kept_through_answers_of_all_kinds() { check keep_alive; }
case_requests_sent_at_once_are_answered_in_order() { check pipeline; }
case_a_range_is_what_rfc_9110_makes_of_it() { check ranges; }
case_conditions_are_heeded() { check conditions; }
case_what_is_no_request_is_told_so() { check malformed; }
case_no_path_leads_out_of_the_folder() { check escape; }
case_who_is_too_slow_is_told_or_let_go() { check slow --patience 4; }
case_a_byte_now_and_then_keeps_no_place() { check trickle --patience 3; }
case_who_hangs_up_is_no_failure() { check vanish; }
case_random_bytes_are_survived() { check mutate; }

case_connections_beyond_the_limit_are_told_to_come_again() {
    start_tour --limit 5
    must "$client" limit "$port" 5
    stop_tour
}

case_sigterm_lets_a_download_end_and_nobody_in() {
    start_tour --grace 600 --patience 600 # also where a machine is so slow that the download stands still for long
    must "$client" terminate "$port" "$server" SIGTERM
    expect_clean_end
}

case_so_does_sigint() {
    start_tour --grace 600 --patience 600
    must "$client" terminate "$port" "$server" SIGINT
    expect_clean_end
}

case_when_its_grace_is_over_a_download_is_cancelled() {
    start_tour --grace 0
    must "$client" cut "$port" "$server"
    expect_clean_end
}

case_a_failure_is_told_and_ends_its_connection_only() {
    start_tour
    must "$client" shorten "$port"
    must curl -sS --fail "${url}hello.txt"
    kill -TERM "$server"
    status=0
    wait "$record" || status=$?
    expect_status 0 'telltale record'
    grep -qx 'Unhandled exception in client_connected_cb' tour.err || fail 'the handler was not told'
    grep -q '^EOFError: huge.bin became shorter while it was sent$' tour.err || fail 'what failed was not told'
    expect_equal "$(ask run.telltale "SELECT state, type FROM failures WHERE coroutine = 'serve'")" 'delivered|EOFError' \
        'failures of connections'
}

case_what_it_cannot_serve_it_says() {
    [ -x "$tour" ] || skip 'the tour is not built: no http-parser'
    run "$tour"
    expect_status 2 'no folder'
    run "$tour" --port many .
    expect_status 2 'a port that is none'
    expect_text err 'usage:'
    run "$tour" /no/such/folder
    expect_status 1 'a folder that is not there'
    expect_text err '/no/such/folder: No such file or directory'
}

run_case "$@"
