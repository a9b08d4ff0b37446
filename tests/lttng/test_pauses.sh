#!/bin/sh
# test_pauses.sh: a session that stops and starts has not heard everything; one that others begin and end beside has.
# shellcheck source-path=SCRIPTDIR source=session.sh
. "$(dirname "$0")/session.sh"

export TELLTALE_LTTNG=1
register_whatever_it_takes

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
    start_program "$programs/tasks" held
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
    expect_equal "$(ask third.telltale "SELECT what FROM losses WHERE what NOT IN ('missing', 'late')")" paused 'losses of the session that paused'
}

# Stops and starts the session, as quickly as that can be asked for: whether anybody looked meanwhile must not matter.
pause() { # NAME
    lttng_must stop "$1"
    lttng_must start "$1"
}

pause_count() { # NAME
    ask "$1.telltale" "SELECT count(*) FROM losses WHERE what = 'paused'"
}

# Strictly, a trace with a pause is no clean bill.
expect_no_certainty() { # NAME
    run "$telltale" check --strict --fail-on=held-failure "$1.telltale"
    expect_status 4 'a strict check'
}

case_a_session_that_is_stopped_and_started_has_a_pause() {
    start_daemon
    start_session s
    start_program "$programs/tasks" held
    wait_until has_written s 'set from outside' 1
    pause s
    finish_program # at once: what no look has seen the goodbye tells
    import_session s
    expect_equal "$(pause_count s)" 1 'pauses'
    expect_no_certainty s
}

case_a_session_that_pauses_while_another_one_listens_has_a_pause_of_its_own() {
    start_daemon
    start_session s
    start_program "$programs/tasks" held
    wait_until has_written s 'set from outside' 1
    start_session another
    wait_for_telling another 1
    pause s
    finish_program
    import_session s
    import_session another
    expect_equal "$(pause_count s)" 1 'pauses'
    expect_equal "$(pause_count another)" 0 'pauses of the other session'
    expect_no_certainty s
}

# Whether the program has told the session, alone so far, that it is the listener NUMBER, and new.
is_told_as() { # NAME NUMBER
    read_trace "$1" && [ "$(count "$1" "^process_started .*listener_first = $2, listener_set = 1, .*listener_new = 1,")" -ge 1 ]
}

# Pauses between the same two looks are one, so each has been seen before the next one begins.
case_each_pause_is_seen() {
    start_daemon
    create_session s
    # Else there is no description of the trace before its end.
    lttng_must enable-channel --session=s --userspace metadata --subbuf-size=4096 --num-subbuf=2 --switch-timer=100000
    lttng_must start s
    start_program "$programs/tasks" held
    wait_until is_told_as s 1
    for number in 2 3 4; do
        pause s
        wait_until is_told_as s "$number"
    done
    finish_program
    import_session s
    expect_equal "$(pause_count s)" 3 'pauses'
}

case_telling_again_every_second_is_no_pause() {
    start_daemon
    export TELLTALE_LTTNG_DUMP=1
    start_session s
    start_program "$programs/tasks" held
    wait_for_telling s 3
    finish_program
    import_session s
    expect_equal "$(ask s.telltale 'SELECT * FROM losses')" '' 'losses'
}

run_case "$@"
