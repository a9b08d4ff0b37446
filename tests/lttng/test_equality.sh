#!/bin/sh
# test_equality.sh: a recorder's store and one imported from LTTng's trace say the same of one run of each example; and an example
# prints the same whether LTTng listens or not.
# shellcheck source-path=SCRIPTDIR source=session.sh
. "$(dirname "$0")/session.sh"
register_whatever_it_takes

test=$(cd "$(dirname "$0")" && pwd -P)/x # before a case has a folder of its own
export LTTNG_UST_REGISTER_TIMEOUT=20000 # on a busy machine 300 ms may pass before the daemon answers, and the run's beginning with them

# Where the recorder knows of a death by a signal, the reader of the trace is told of it, too.
import_other() { # SCENARIO
    killed=$(sqlite3 one.telltale 'SELECT max(pid) FROM process WHERE goodbye_ns IS NULL')
    if [ -n "$killed" ]; then
        run "$TELLTALE_TEST_BUILD/libexec/telltale/telltale-ctf-reader" --store other.telltale --signaled "$killed:9" \
            "$(dirname "$(find "$work/s" -name metadata)")"
    else
        run "$telltale" import -o other.telltale "$work/s"
    fi
    expect_status 0 "$1: import"
}

# Plays SCENARIO once with both carriers, and compares the stores.
compare() { # SCENARIO
    rm -rf "$work/s" one.telltale other.telltale
    start_session s
    TELLTALE_LTTNG=1 "$programs/play" "$1" one.telltale >transcript || fail "$1: $(cat transcript)"
    end_session s
    expect_same "$1"
}

# The two stores of the run WHAT.
expect_same() { # WHAT
    import_other "$1"
    python3 "$(dirname "$test")/compare_stores.py" one.telltale other.telltale >counts 2>differences ||
        fail "$1: the stores differ (-: recorded, +: imported):
$(cat differences)"
    [ "$(sed -n 's/^process=//p' counts)" -gt 0 ] || fail "$1: there is no process"
    cat counts >>all
}

# Whatever the scenarios whose names match the REGEX have in common, there is something to be compared in each of TABLES.
compare_all() { # REGEX TABLE...
    start_daemon
    regex=$1
    shift
    scenarios=$("$programs/play" list | grep -E "$regex")
    [ -n "$scenarios" ] || fail "no scenario is called $regex"
    for scenario in $scenarios; do
        compare "$scenario"
    done
    for table in "$@"; do
        grep -E "^$table=" all | grep -qv '=0$' || fail "no scenario has a row of $table"
    done
}

case_servers_recorded_both_ways_have_the_same_rows() {
    compare_all '^(echo|blocking)' process loop task exception failure touch reference cancellation cancellation_effect
}

case_failures_recorded_both_ways_have_the_same_rows() {
    compare_all '^(exception|done|threadsafe|graceful|result)' task exception failure touch forward reference cancellation \
        cancellation_effect handler_call
}

case_waits_and_groups_recorded_both_ways_have_the_same_rows() {
    compare_all '^[^ebdtgr]|^readers|^gather' task exception failure touch forward
}

# The examples that need somebody else, and so are no scenarios. Their runs depend on the clock and on the kernel, and ids of threads
# are those of a run; but it is one run that both carriers tell.
others='backup cores discovery first follow jobs load lookup tcp_client tcp_echo tested tls tour'
examples=$TELLTALE_TEST_BIN/examples

case_every_example_is_among_those_that_are_recorded_both_ways() {
    for example in "$examples"/*; do
        name=${example##*/}
        "$programs/play" list | grep -qE "^$name(_|\$)" || case " $others " in
        *" $name "*) ;;
        *) fail "$name is recorded neither as a scenario nor among the others" ;;
        esac
    done
}

# One run of COMMAND, whose input is the file input, with both carriers; its output is the file printed.
start_both() { # COMMAND...
    rm -rf "$work/s" one.telltale other.telltale printed
    start_session s
    TELLTALE_LTTNG=1 "$telltale" record -o one.telltale -- "$@" <input >printed 2>complaints &
    record=$!
    background="$background $record"
}

# Its first line is a port, or ends in one.
wait_for_port() {
    wait_until has_line printed
    port=$(sed -n '1s/[^0-9]*$//; 1s/.*[^0-9]//; 1p' printed)
}

end_both() { # WHAT [SIGNAL]
    [ $# -eq 1 ] || kill -s "$2" "$record"
    wait "$record" || [ $# -eq 2 ] || fail "$1: $(cat complaints)"
    end_session s
    expect_same "$1"
}

expect_rows_of() { # TABLE...
    for table in "$@"; do
        grep -E "^$table=" all | grep -qv '=0$' || fail "there is no row of $table"
    done
}

case_an_echo_server_and_its_client_recorded_both_ways_have_the_same_rows() {
    start_daemon
    : >input
    start_both "$examples/first"
    end_both first
    printf 'one\nboom\n' >lines
    start_both "$examples/tcp_echo"
    wait_for_port
    "$examples/tcp_client" 127.0.0.1 "$port" <lines >/dev/null || fail 'the client'
    end_both tcp_echo TERM
    "$examples/tcp_echo" >echo.out 2>echo.err &
    server=$!
    background="$background $server"
    wait_until has_line echo.out
    mv lines input
    start_both "$examples/tcp_client" 127.0.0.1 "$(head -n 1 echo.out)"
    end_both tcp_client
    kill -TERM "$server"
    expect_rows_of process loop task exception failure
}

case_a_program_without_the_runtime_recorded_both_ways_has_the_same_rows() {
    start_daemon
    : >input
    start_both "$examples/jobs"
    end_both jobs
    expect_rows_of process task exception failure
}

case_several_loops_recorded_both_ways_have_the_same_rows() {
    start_daemon
    : >input
    start_both "$examples/cores" 3
    wait_for_port
    for line in who lose boom who who lose who who; do
        printf '%s\n' "$line" | "$examples/tcp_client" 127.0.0.1 "$port" >/dev/null || fail 'the client'
    done
    end_both cores TERM
    expect_rows_of process loop task exception failure
    grep -qx loop=3 all || grep -qx loop=4 all || fail 'there are not all loops'
}

case_datagrams_and_files_recorded_both_ways_have_the_same_rows() {
    start_daemon
    : >input
    group=239.255.77.9
    start_both "$examples/discovery" serve alice "$group" 0 lo
    wait_for_port
    must "$examples/discovery" find 1 "$group" "$port" lo
    end_both 'discovery serve' TERM
    "$examples/discovery" serve bob "$group" 0 lo >server.out 2>&1 &
    server=$!
    background="$background $server"
    wait_until has_line server.out
    start_both "$examples/discovery" find 1 "$group" "$(head -n 1 server.out)" lo
    end_both 'discovery find'
    kill -TERM "$server"
    printf 'one\n' >log
    start_both "$examples/follow" log
    wait_until grep -qx one printed
    printf 'two\n' >>log
    wait_until grep -qx two printed
    end_both follow TERM
    expect_rows_of process loop task
}

case_chores_recorded_both_ways_have_the_same_rows() {
    start_daemon
    : >input
    mkdir from
    for file in a b c; do echo "$file" >"from/$file"; done
    start_both "$examples/backup" from to
    end_both backup
    start_both "$examples/load" 20 3
    end_both load
    start_both "$examples/lookup" 127.0.0.1
    end_both lookup
    expect_rows_of process loop task
}

case_tests_recorded_both_ways_are_the_same() {
    start_daemon
    : >input
    start_both sh -c '"$0" || [ $? -eq 1 ]' "$examples/tested" # one of its tests fails
    end_both tested
    expect_rows_of process loop task failure test
}

case_tls_recorded_both_ways_has_the_same_rows() {
    [ -x "$examples/tls" ] || skip 'it was built without OpenSSL'
    command -v openssl >/dev/null || skip 'there is no openssl'
    openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out certificate.pem -days 2 -subj /CN=localhost \
        -addext subjectAltName=DNS:localhost 2>openssl.err || fail "no certificate: $(cat openssl.err)"
    start_daemon
    : >input
    start_both "$examples/tls" serve certificate.pem key.pem
    wait_for_port
    echo hello | "$examples/tls" talk localhost "$port" certificate.pem >got || fail 'the client'
    echo hello | "$examples/tcp_client" 127.0.0.1 "$port" >got || fail 'a client that speaks no TLS'
    end_both 'tls serve' TERM
    "$examples/tls" serve certificate.pem key.pem >server.out 2>&1 &
    server=$!
    background="$background $server"
    wait_until has_line server.out
    echo hello >input
    start_both "$examples/tls" talk localhost "$(head -n 1 server.out)" certificate.pem
    end_both 'tls talk'
    kill -TERM "$server"
    expect_rows_of process loop task exception
}

case_the_tour_recorded_both_ways_has_the_same_rows() {
    [ -x "$examples/tour" ] || skip 'it was built without http-parser'
    mkdir site
    echo hello >site/hello.txt
    start_daemon
    : >input
    start_both "$examples/tour" site
    wait_for_port
    python3 - "$port" <<'END' || fail 'the client'
import http.client, sys
client = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]))
for path, status in ("/hello.txt", 200), ("/missing", 404):
    client.request("GET", path)
    answer = client.getresponse()
    answer.read()
    assert answer.status == status, (path, answer.status)
END
    end_both tour TERM
    expect_rows_of process loop task
}

# With the category step on LTTng carries steps, too; the program writes them down by itself.
case_steps_that_lttng_carried_are_those_that_were_made() {
    stepper=$TELLTALE_TEST_BUILD/tests/e2e/stepper
    [ -x "$stepper" ] || fail "there is no $stepper"
    start_daemon
    start_session s
    must env TELLTALE_LTTNG=1 TELLTALE_EVENTS=+step,turn "$stepper" log 12 1
    end_session s
    must "$telltale" import -o other.telltale "$work/s"
    "$telltale" query --format csv other.telltale "
        SELECT CASE e.name WHEN 'task_resumed' THEN 'R ' || t.name
            WHEN 'task_suspended' THEN 'S ' || t.name || ' ' || json_extract(e.fields, '\$.wait_kind')
            ELSE 'E ' || t.name END AS line
        FROM event AS e JOIN tasks AS t ON t.task_id = e.task_id
        WHERE e.name IN ('task_resumed', 'task_suspended', 'task_finished') ORDER BY e.sequence" | tail -n +2 >told
    diff log told >difference || fail "the steps differ: $(head -n 10 difference)"
    [ "$(wc -l <log)" -gt 300 ] || fail 'hardly any steps'
    must "$telltale" query --format csv other.telltale "SELECT count(*) > 10, sum(ending IS NULL), sum(began_ns IS NULL) FROM steps"
    expect_equal "$(tail -n 1 "$work/out" | tr -d '\r')" 1,0,0 'steps'
    must "$telltale" query --format csv other.telltale 'SELECT count(*) > 10 FROM turns'
    expect_equal "$(tail -n 1 "$work/out" | tr -d '\r')" 1 'turns'
}

case_programs_print_the_same_with_lttng_as_without() {
    start_daemon
    for scenario in $("$programs/play" list); do
        "$programs/play" "$scenario" >expected || fail "$scenario"
        rm -rf "$work/s"
        start_session s
        TELLTALE_LTTNG=1 "$programs/play" "$scenario" >is || fail "$scenario, with LTTng"
        lttng_must stop s
        lttng_must destroy s
        diff expected is >difference || fail "$scenario prints something else when LTTng listens:
$(cat difference)"
        grep -raqF 'telltale' "$work/s" || fail "$scenario: nothing was recorded"
    done
}

run_case "$@"
