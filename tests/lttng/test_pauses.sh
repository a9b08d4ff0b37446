#!/bin/sh
# test_pauses.sh: a session that stops and starts has not heard everything; one that others begin and end beside has.
# shellcheck source-path=SCRIPTDIR source=session.sh
. "$(dirname "$0")/session.sh"

export TELLTALE_LTTNG=1

start_program() {
    mkfifo "$work/feed"
    python3 - "$work/feed" "$programs/tasks" held >"$work/said" 2>"$work/complaints" <<'END' &
import socket, subprocess, sys
ours, theirs = socket.socketpair()
process = subprocess.Popen(sys.argv[2:], stdin=theirs)
theirs.close()
open(sys.argv[1]).read()
ours.close()
sys.exit(process.wait())
END
    program=$!
    background="$background $program"
    exec 9>"$work/feed"
    wait_until grep -q ready "$work/said"
}

finish_program() {
    exec 9>&-
    wait "$program" || fail "exit status $?"
}

# How often the trace NAME, which is being written, has TEXT in it.
has_written() { # NAME TEXT TIMES
    [ "$(cat "$work/$1"/ust/uid/*/*/ch_* | grep -aoF -- "$2" | wc -l)" -ge "$3" ]
}

# Every failure that is held is told again once to each who begins to listen.
wait_for_telling() { # NAME TIMES
    wait_until has_written "$1" 'set from outside' "$2"
}

import_session() { # NAME
    end_session "$1"
    must "$telltale" import "$work/$1" -o "$1.telltale"
}

case_another_session_that_begins_and_ends_is_no_pause() {
    start_daemon
    start_session s
    start_program
    wait_until has_written s 'set from outside' 1
    start_session another
    wait_for_telling another 1
    lttng_must stop another
    lttng_must destroy another
    start_session third
    wait_for_telling third 1
    lttng_must stop third
    lttng_must start third # its own pause, and nobody else's
    wait_for_telling third 2
    finish_program
    import_session s
    import_session third
    [ "$(count s '^process_started ')" -ge 3 ] || fail 'nobody was told again'
    expect_equal "$(ask s.telltale 'SELECT * FROM losses')" '' 'losses'
    expect_equal "$(ask s.telltale "SELECT state, reason FROM failures WHERE name = 'untouched'")" 'lost|dropped' 'a failure'
    expect_equal "$(ask s.telltale "SELECT count(*) FROM failures WHERE state = 'unknown'")" 0 'what is unknown'
    run "$telltale" check --strict --fail-on=held-failure s.telltale
    expect_status 0 'a strict check'
    # What was emitted meanwhile has its numbers, since others listened.
    expect_equal "$(ask third.telltale "SELECT what FROM losses WHERE what <> 'missing'")" paused 'losses of the session that paused'
}

# Whether somebody else listens meanwhile or not. A pause that is over before anybody looks, ten times a second, may not be seen.
case_a_session_that_is_stopped_and_started_has_a_pause() {
    start_daemon
    start_session s
    start_program
    wait_until has_written s 'set from outside' 1
    for times in 2 3 4; do
        lttng_must stop s
        sleep 0.5
        lttng_must start s
        wait_for_telling s "$times"
    done
    start_session another
    wait_for_telling another 1
    lttng_must stop s
    lttng_must start s
    wait_for_telling another 2
    finish_program
    import_session s
    expect_equal "$(ask s.telltale "SELECT count(*) FROM losses WHERE what = 'paused'")" 4 'pauses'
    run "$telltale" check --strict --fail-on=held-failure s.telltale
    expect_status 4 'a strict check'
}

case_telling_again_every_second_is_no_pause() {
    start_daemon
    export TELLTALE_LTTNG_DUMP=1
    start_session s
    start_program
    wait_for_telling s 3
    finish_program
    import_session s
    expect_equal "$(ask s.telltale 'SELECT * FROM losses')" '' 'losses'
}

run_case "$@"
