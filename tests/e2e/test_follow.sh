#!/bin/sh
# test_follow.sh: the example follow, beside a file that is appended to, cut, moved away and made anew.
# shellcheck source-path=SCRIPTDIR source=case.sh
. "$(dirname "$0")/case.sh"

# Starts following log; sets $follower.
start_following() { # PATH
    "$TELLTALE_TEST_BIN/examples/follow" "$1" >printed 2>complaints &
    follower=$!
    background="$background $follower"
}

printed_is() { # TEXT
    [ "$(cat printed)" = "$1" ]
}

expect_printed() { # TEXT
    wait_until printed_is "$1"
}

case_what_is_added_is_printed() {
    printf 'one\n' >log
    start_following log
    expect_printed 'one'
    printf 'two\n' >>log
    expect_printed 'one
two'
    seq 1 20000 >>log
    expect_printed "one
two
$(seq 1 20000)"
}

case_a_file_that_is_cut_begins_anew() {
    printf 'something long\n' >log
    start_following "$PWD/log"
    expect_printed 'something long'
    printf 'short\n' >log
    expect_printed 'something long
short'
}

case_a_file_that_is_moved_away_and_made_anew_is_followed() {
    start_following ./log
    wait_until test -d "/proc/$follower"
    printf 'one\n' >log
    expect_printed 'one'
    mv log log.1
    printf 'two\n' >log
    expect_printed 'one
two'
    rm log
    printf 'three\n' >log.new
    mv log.new log
    expect_printed 'one
two
three'
    printf 'four\n' >>log
    expect_printed 'one
two
three
four'
}

case_an_interrupt_ends_it_and_a_folder_that_goes_too() {
    mkdir folder
    printf 'one\n' >folder/log
    start_following folder/log
    expect_printed 'one'
    rm -r folder
    status=0
    wait "$follower" || status=$?
    expect_status 1 'without its folder'
    grep -q 'FileNotFoundError: .*: watch folder/' complaints || fail "it says: $(cat complaints)"
    # A shell's background process ignores SIGINT, so another one has to begin it.
    printf 'one\n' >log
    rm printed # of the first one: where it says "one", this one may still ignore SIGINT
    cat >start.py <<'PY'
import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)
os.execv(sys.argv[1], sys.argv[1:])
PY
    command -v python3 >/dev/null || skip 'there is no python3'
    python3 start.py "$TELLTALE_TEST_BIN/examples/follow" log >printed 2>complaints &
    follower=$!
    background="$background $follower"
    expect_printed 'one'
    kill -INT "$follower"
    status=0
    wait "$follower" || status=$?
    expect_status 130 'interrupted'
}

run_case "$@"
