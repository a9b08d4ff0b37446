#!/bin/sh
# test_lints.sh: each lint is found in a program that does what it is about, and not in one that nearly does. The manual page names
# all of them.
# shellcheck source-path=SCRIPTDIR source=case.sh
. "$(dirname "$0")/case.sh"

program=$TELLTALE_TEST_BUILD/tests/e2e/lints

# The lint NAME=THRESHOLD is found in a recording of the program in one MODE, and not in that of the other.
expect_lint() { # NAME[=THRESHOLD] MODE OTHER-MODE
    name=${1%%=*}
    threshold=
    [ "$name" = "$1" ] || threshold="--lint $1"
    for mode in "$2" "$3"; do
        run "$telltale" record -o "$mode.telltale" -- "$program" "$mode"
        expect_status 0 "$mode"
        # shellcheck disable=SC2086 # two words or none
        run "$telltale" check "$mode.telltale" -A all $threshold --fail-on "$name"
        expect_status "$([ "$mode" = "$2" ] && echo 1 || echo 0)" "$name of $mode"
    done
}

case_a_failure_that_nobody_looked_at_is_lost() {
    expect_lint lost-failure lose look
}

case_a_failure_that_only_a_gather_looked_at_is_absorbed() {
    expect_lint absorbed-failure absorb absorb-and-read
}

# Whether the lint is found in the recording of a MODE, which goes on.
is_held() { # MODE
    run "$telltale" check "$1.telltale" -A all --lint held-failure=200ms --fail-on held-failure
    [ "$status" -eq 1 ]
}

has_failed() { # MODE
    [ -f "$1.telltale" ] && [ "$(ask "$1.telltale" 'SELECT count(*) FROM failures' 2>/dev/null)" = 1 ]
}

# By programs that go on: when they have ended nobody holds anything.
case_a_failure_that_is_held_for_long_is_told_until_somebody_looks() {
    for mode in hold hold-and-look; do
        TELLTALE_STORE=$mode.telltale TELLTALE_PROGRAM=$telltale "$program" "$mode" &
        background="$background $!"
        wait_until has_failed "$mode"
    done
    wait_until is_held hold
    ! is_held hold-and-look || fail 'somebody has looked'
}

case_a_cancellation_that_is_caught_is_swallowed_unless_it_is_counted_back() {
    expect_lint swallowed-cancel swallow swallow-and-uncancel
}

case_a_scope_that_is_entered_and_not_exited_is_left_open() {
    expect_lint scope-left-open enter enter-and-exit
}

case_a_task_over_which_its_loop_is_closed_is_destroyed_unless_it_was_cancelled() {
    expect_lint destroyed-pending close cancel-and-close
}

# Each lint of the table has a case with its name here.
case_no_lint_is_without_a_pair_of_programs() {
    sed -nE 's/^    \{"([a-z-]+)", .*/\1/p' "$TELLTALE_TEST_SOURCE/viewer/lints.c" | sort >in_table
    sed -nE 's/^    (expect_lint|run .* --fail-on) ([a-z-]+)([= ].*)?$/\2/p' "$0" | sort -u >here
    [ "$(wc -l <in_table)" -ge 15 ] || fail "the table was not understood: $(cat in_table)"
    diff in_table here || fail 'these are without one, or are none'
}

case_a_step_that_takes_long_is_a_stall_and_a_long_sleep_is_none() {
    expect_lint stall=200ms block sleep
}

case_a_task_that_never_lets_others_have_a_turn_never_yielded() {
    expect_lint never-yielded=200ms block block-in-two-steps
}

case_a_cancellation_that_takes_long_is_slow() {
    expect_lint slow-cancel=250ms slow-cancel quick-cancel
}

case_many_tasks_at_once_are_a_flood_and_one_after_the_other_none() {
    expect_lint task-flood=120 flood trickle
}

case_a_task_that_asks_again_and_again_is_a_busy_loop() {
    expect_lint busy-loop=1500 spin wait-between
}

case_tasks_that_nobody_can_wake_are_told_and_not_where_one_sleeps() {
    expect_lint never-woken=100ms nobody-sets somebody-may-set
}

case_tasks_that_await_each_other_are_a_cycle_unless_a_time_limit_ends_it() {
    expect_lint await-cycle cycle limited-cycle
}

case_a_task_that_never_began_is_told_unless_it_was_cancelled() {
    expect_lint never-started never-start cancelled-before-its-start
}

case_a_turn_that_takes_long_is_slow_where_turns_are_recorded() {
    TELLTALE_EVENTS=all
    export TELLTALE_EVENTS
    expect_lint slow-turn=200ms block sleep
    unset TELLTALE_EVENTS
    must "$telltale" record -o default.telltale -- "$program" block
    run "$telltale" check default.telltale -A all --lint slow-turn=200ms --fail-on slow-turn
    expect_status 0 'turns that were not recorded'
}

# The stack that was used deeply is used again by a task that is not deep, of which that must not be said.
case_a_task_that_fills_its_stack_is_told_where_stacks_are_measured() {
    [ -z "${TELLTALE_TEST_SANITIZE-}" ] || skip 'a sanitizer moves variables off the stack'
    TELLTALE_EVENTS=+stack
    export TELLTALE_EVENTS
    expect_lint stack-nearly-full deep shallow
    expect_equal "$(ask deep.telltale "SELECT stack_used_bytes > 55000, stack_used_bytes > 12000 FROM tasks WHERE coroutine = 'fn' ORDER BY task_id" | tr '\n' ' ')" \
        '1|1 0|0 ' 'stacks that were measured'
    unset TELLTALE_EVENTS
    must "$telltale" record -o default.telltale -- "$program" deep
    run "$telltale" check default.telltale -A all --fail-on stack-nearly-full
    expect_status 0 'stacks that were not measured'
}

# The table of the manual page says of each lint whether it is definite, and from which threshold it is told.
case_the_manual_page_has_every_lint_with_its_threshold() {
    sed -nE 's/^    \{"([a-z-]+)", [a-z_"]+, (true|false), TT_LINT_[A-Z]+, ([^,]*), .*/\1 \2 \3/p' "$TELLTALE_TEST_SOURCE/viewer/lints.c" |
        sed -E 's/ true 0$/ definite -/; s/ false ([0-9]+) \* S$/ possible \1s/; s/ false ([0-9]+) \* MS$/ possible \1ms/; s/ false / possible /' >in_table
    [ "$(wc -l <in_table)" -ge 15 ] || fail "the table was not understood: $(cat in_table)"
    sed -nE 's/^\*([a-z-]+)\*, (definite|possible)(, ([0-9]+)( ?(s|ms))?)?$/\1 \2 \4\6/p' "$TELLTALE_TEST_SOURCE/viewer/man/telltale-lints.7.scd" |
        sed 's/definite $/definite -/' >in_page
    diff in_table in_page || fail 'the page and the table differ'
}

run_case "$@"
