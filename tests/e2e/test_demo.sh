#!/bin/sh
# test_demo.sh: ./dev demo does what it says, with the programs under test.
# shellcheck source-path=SCRIPTDIR source=case.sh
. "$(dirname "$0")/case.sh"

case_the_demo_shows_the_lost_failure_of_a_killed_server() {
    run env TELLTALE_DEMO_BIN="$TELLTALE_TEST_BIN" TELLTALE_DEMO_DIR="$work/demo" "$TELLTALE_TEST_SOURCE/dev" demo
    expect_status 0 ./dev demo
    expect_text out "sent 'hello', got 'hello' back"
    expect_text out "sent 'boom', got nothing back"
    expect_text out 'Task exception was never retrieved'
    expect_text out 'LOST FAILURE: 1 failure of 1 task'
    grep -Eq '^ +raised at +.*echo_server\.c:[0-9]+ in ' "$work/out" || fail 'the place of the raise is missing'
    grep -Eq '^ +task +#[0-9]+ ".*" created at .*echo_server\.c:[0-9]+ in ' "$work/out" ||
        fail 'the place of the creation is missing'
    grep -Eq '^SUMMARY: telltale: 1 lost failure in 1 group, 0 absorbed, 0 held, ' "$work/out" || fail 'the summary is wrong'
}

run_case "$@"
