#!/bin/sh
# test_golden.sh: two hundred tasks that come to all the ends there are, in a program that kills itself: what it wrote down by itself is
# what telltale says of it, all of it; and where events are missing nothing else is said.
# shellcheck source-path=SCRIPTDIR source=case.sh
. "$(dirname "$0")/case.sh"

golden=$TELLTALE_TEST_BIN/../tests/e2e/golden

compare() { # ARGUMENT...
    must env TELLTALE="$telltale" python3 "$TELLTALE_TEST_SOURCE/tests/e2e/golden.py" "$@"
}

case_a_recording_says_what_was_so() {
    run "$telltale" record -o run.telltale -- "$golden" log
    compare whole log run.telltale
}

case_a_program_with_its_own_recorder_is_told_as_well() {
    run env TELLTALE_STORE="$PWD/run.telltale" "$golden" log
    is_over() { [ "$(ask run.telltale "SELECT count(*) FROM process WHERE gone_ns IS NOT NULL")" -eq 1 ]; }
    wait_until is_over
    compare whole log run.telltale
}

# Nobody reads the arena while the program runs, so that it is whole; then records are taken out of it.
compare_lossy() { # HOW
    mkdir rings
    run env TELLTALE_RING_DIR="$PWD/rings" TELLTALE_SUPERVISED=1 "$golden" log
    compare lossy log "$PWD/rings" "$1"
}

case_with_one_event_in_a_thousand_missing_nothing_wrong_is_said() {
    compare_lossy thousandth
}

case_without_the_first_event_of_any_kind_nothing_wrong_is_said() {
    compare_lossy first
}

case_without_one_event_of_any_kind_nothing_wrong_is_said() {
    compare_lossy middle
}

case_without_the_last_event_of_any_kind_nothing_wrong_is_said() {
    compare_lossy last
}

# With each step recorded: what each task did at an instant, and how its bar looks.
compare_steps() { # HOW
    mkdir rings
    run env TELLTALE_RING_DIR="$PWD/rings" TELLTALE_SUPERVISED=1 TELLTALE_EVENTS=+step "$golden" log
    compare steps log "$PWD/rings" "$1"
}

case_with_one_event_in_a_thousand_missing_nobody_is_said_to_do_what_is_unknown() {
    compare_steps thousandth
}

case_without_one_event_of_any_kind_nobody_is_said_to_do_what_is_unknown() {
    compare_steps middle
}

run_case "$@"
