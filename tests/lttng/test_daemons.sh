#!/bin/sh
# test_daemons.sh: a traced program lives, and does not hang, whatever becomes of LTTng: not installed, no daemon, frozen, killed.
# shellcheck source-path=SCRIPTDIR source=session.sh
. "$(dirname "$0")/session.sh"

# Prints the status of tt_trace_start(), that of LTTng, and how long starting took.
status_of() { # ENVIRONMENT...
    must env "$@" "$programs/emitter" status
    cat "$work/out"
}

# A copy of the traced program with its library, and with LIBRARY as the provider, if that is given.
with_provider() { # [LIBRARY]
    mkdir bin
    cp "$programs/emitter" bin/emitter
    cp "$TELLTALE_TEST_BUILD"/lib/libtelltale-trace.so* bin/
    [ $# -eq 0 ] || cp "$1" bin/libtelltale-lttng.so
    programs=$PWD/bin
    export LD_LIBRARY_PATH="$PWD/bin"
}

case_without_a_daemon_a_program_runs_as_ever() {
    skip_under_thread_sanitizer
    for how in 1 auto; do
        set -- $(status_of TELLTALE_LTTNG=$how)
        expect_equal "$1 $2" '3 1' "statuses with TELLTALE_LTTNG=$how"
        [ "$3" -lt 2000 ] || fail "starting took $3 ms"
    done
    must env TELLTALE_LTTNG=1 "$programs/emitter" notes 1000
    must env TELLTALE_LTTNG=1 "$programs/emitter" fork
}

case_nothing_is_loaded_unless_it_is_asked_for() {
    set -- $(status_of TELLTALE_LTTNG=0)
    expect_equal "$1 $2" '0 0' 'statuses with TELLTALE_LTTNG=0'
    set -- $(status_of TELLTALE_LTTNG=)
    expect_equal "$1 $2" '0 0' 'statuses without'
    must env TELLTALE_LTTNG=0 LD_DEBUG=files "$programs/emitter" notes 1
    ! grep -qE 'liblttng|libtelltale-lttng' "$work/err" || fail 'LTTng was loaded'
    run env TELLTALE_LTTNG=yes "$programs/emitter" status
    expect_equal "$(cut -d' ' -f1-2 "$work/out")" '-22 0' 'statuses with a word that there is not'
}

case_a_missing_provider_is_told_when_it_was_asked_for_and_passed_over_by_auto() {
    with_provider
    set -- $(status_of TELLTALE_LTTNG=1)
    expect_equal "$1 $2" '-2 -2' 'statuses with TELLTALE_LTTNG=1'
    set -- $(status_of TELLTALE_LTTNG=auto)
    expect_equal "$1 $2" '0 -2' 'statuses with TELLTALE_LTTNG=auto'
}

case_a_provider_that_cannot_be_loaded_is_told() {
    printf 'no library\n' >broken
    with_provider broken
    set -- $(status_of TELLTALE_LTTNG=1)
    expect_equal "$1 $2" '-79 -79' 'statuses' # ELIBACC
}

case_a_provider_of_another_version_is_not_called() {
    cat >other.c <<'END'
const void *tt_lttng_provider_table(void (*goodbye)(void));
const void *tt_lttng_provider_table(void (*goodbye)(void))
{
    static const unsigned table[64] = {999, 256};
    (void)goodbye;
    return table;
}
END
    # shellcheck disable=SC2046 # a list of options
    must "${TELLTALE_TEST_COMPILER:-cc}" $(sanitizer_flags) -shared -fPIC -o other.so other.c
    with_provider other.so
    set -- $(status_of TELLTALE_LTTNG=1)
    expect_equal "$1 $2" '-71 -71' 'statuses' # EPROTO
}

case_an_arena_is_recorded_although_lttng_is_missing() {
    with_provider
    must env TELLTALE_LTTNG=1 "$telltale" record -o run.telltale -- "$programs/emitter" notes 5
    expect_equal "$(ask run.telltale 'SELECT count(*) FROM note')" 5 'notes'
}

# LTTng waits for 3 s if nobody limits it.
case_a_frozen_daemon_delays_a_start_for_less_than_a_second() {
    skip_under_thread_sanitizer
    start_daemon
    start_session s
    kill -STOP "$sessiond"
    set -- $(status_of TELLTALE_LTTNG=1)
    expect_equal "$1 $2" '3 1' 'statuses'
    [ "$3" -ge 200 ] && [ "$3" -lt 1500 ] || fail "starting took $3 ms"
    set -- $(status_of TELLTALE_LTTNG=1 LTTNG_UST_REGISTER_TIMEOUT=0)
    [ "$3" -lt 200 ] || fail "starting took $3 ms although the user wants no wait"
    must env TELLTALE_LTTNG=1 timeout 10 "$programs/emitter" fork
    kill -CONT "$sessiond"
}

case_the_limit_of_the_wait_does_not_stay_in_the_environment() {
    cat >print.c <<'END'
#include <stdio.h>
#include <stdlib.h>
#include <telltale/trace.h>
int main(void)
{
    int status = tt_trace_start_from_environment();
    printf("%d %s\n", status, getenv("LTTNG_UST_REGISTER_TIMEOUT") ? getenv("LTTNG_UST_REGISTER_TIMEOUT") : "none");
    return 0;
}
END
    install_prefix
    compile telltale-trace print.c
    must env TELLTALE_LTTNG=1 ./program
    expect_equal "$(cat "$work/out")" '3 none' 'status and limit'
    must env TELLTALE_LTTNG=1 LTTNG_UST_REGISTER_TIMEOUT=7 ./program
    expect_equal "$(cat "$work/out")" '3 7' 'status and limit'
}

case_a_daemon_that_is_killed_in_the_middle_harms_no_program() {
    start_daemon
    start_session s
    TELLTALE_LTTNG=1 "$programs/emitter" for 2000 >"$work/emitter" 2>&1 &
    emitter=$!
    background=$emitter
    sleep 0.5
    kill -KILL "$sessiond"
    sessiond=''
    code=0
    wait "$emitter" || code=$?
    [ "$code" -eq 0 ] || fail "exit status $code of the program: $(head -c 10000 "$work/emitter")"
}

case_a_daemon_that_is_frozen_in_the_middle_harms_no_program() {
    start_daemon
    start_session s
    TELLTALE_LTTNG=1 timeout 15 "$programs/emitter" for 1500 >"$work/emitter" 2>&1 &
    emitter=$!
    sleep 0.5
    kill -STOP "$sessiond"
    code=0
    wait "$emitter" || code=$?
    expect_equal "$code" 0 'exit status of the program'
    kill -CONT "$sessiond"
}

run_case "$@"
