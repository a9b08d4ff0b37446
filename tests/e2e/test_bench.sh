#!/bin/sh
# test_bench.sh: what measurements say when they cannot measure.
# shellcheck source-path=SCRIPTDIR source=case.sh
. "$(dirname "$0")/case.sh"

case_echo_without_a_recorder_is_an_error_and_not_skipped() {
    mkdir tools # no peers in other languages, so that nothing is compiled
    ln -s "$(command -v rm)" tools/rm
    run env TELLTALE_PROGRAM=/no/such/program "PATH=$PWD/tools" "$TELLTALE_TEST_BIN/bench/echo"
    expect_status 2 'a bench of recordings without a recorder'
    expect_text err 'echo: recorded does not run: it could not be recorded'
    expect_text err 'echo: all does not run: it could not be recorded'
}

run_case "$@"
