#!/bin/sh
# test_losses.sh: asyncio's ways to lose sight of a failure, each with what its exception handler hears (as CPython's does, where
# there is a python3 to ask) and with the state that the store gives each failure.
# shellcheck source-path=SCRIPTDIR source=case.sh
. "$(dirname "$0")/case.sh"

# Runs a situation, recorded; what it writes is HEARD. CPython's program must write the same, from 3.11 up to where shield says
# more by itself.
hear() { # SITUATION HEARD
    must "$telltale" record -o run.telltale -- "$TELLTALE_TEST_BIN/../tests/e2e/losses" "$1"
    expect_equal "$(grep -v '^telltale: ' "$work/out")" "$2" "what $1 writes"
    if grep -q "^async def $1()" "$TELLTALE_TEST_SOURCE/tests/e2e/losses.py" &&
        python3 -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null; then
        must python3 "$TELLTALE_TEST_SOURCE/tests/e2e/losses.py" "$1"
        expect_equal "$(cat "$work/out")" "$2" "what CPython writes in $1"
    fi
}

states() { # EXPECTED
    expect_equal "$(ask run.telltale "SELECT coalesce(name, kind), state, coalesce(reason, '-') FROM failures ORDER BY failure_id")" \
        "$1" 'the states'
}

never() { # CLASS TEXT
    printf "handler: %s exception was never retrieved | ValueError('%s')" "$1" "$2"
}

case_cancelling_what_has_failed_is_silent_and_has_absorbed_it() {
    hear cancel_after_failure ''
    states 'a|absorbed|cancel_after_done'
}

case_the_second_failure_of_a_gather_is_silent_and_absorbed() {
    hear second_failure_of_gather ''
    states 'a|delivered|-
b|absorbed|gather
gather|delivered|-'
}

case_a_cancelled_gather_passes_on_one_failure_and_absorbs_the_rest() {
    hear cancelled_gather ''
    states 'a|delivered|-
b|absorbed|gather
gather|delivered|-'
}

case_a_gather_that_is_dropped_is_reported_with_its_first_failure_and_the_rest_is_absorbed() {
    hear dropped_gather "$(never _GatheringFuture one)"
    states 'a|absorbed|gather
b|absorbed|gather
gather|lost|dropped'
}

case_values_of_a_gather_are_silent_and_absorbed_but_for_the_slot_that_is_read() {
    hear unread_values ''
    states 'a|delivered|-
b|absorbed|unread_value'
}

case_wait_for_the_first_exception_reads_it_in_silence_and_has_absorbed_it() {
    hear wait_first_exception ''
    states 'a|absorbed|wait'
    expect_equal "$(ask run.telltale "SELECT sentence FROM leaks")" \
        'the library looked at the failure, user code never did: wait looked at it in order to return, and passed on nothing of it' 'the finding'
}

case_wait_for_the_first_exception_does_not_read_the_last_one() {
    hear wait_first_exception_of_one "$(never Task boom)"
    states 'a|lost|dropped'
}

case_the_other_waits_read_nothing() {
    hear wait_first_completed "$(never Task boom)"
    states 'a|lost|dropped'
    rm run.telltale
    hear wait_all_completed "$(never Task boom)"
    states 'a|lost|dropped'
}

case_what_is_read_after_a_wait_is_delivered() {
    hear wait_and_read ''
    states 'a|delivered|-'
}

case_after_a_break_of_as_completed_a_failure_is_reported_and_lost() {
    hear break_of_as_completed "$(never Task two)"
    states 'a|delivered|-
b|lost|dropped'
}

case_after_a_timeout_of_as_completed_a_failure_is_reported_and_lost() {
    hear timeout_of_as_completed "$(never Task late)"
    states 'a|lost|dropped'
}

case_a_failure_travels_through_an_awaitable_of_as_completed() {
    hear awaitable_of_as_completed ''
    states 'a|delivered|-
future|delivered|-'
    expect_equal "$(ask run.telltale "SELECT forwarded_to FROM failures WHERE name = 'a'" | grep -c 'as_completed')" 1 'the forward'
}

case_a_thread_future_that_is_dropped_is_silent_and_has_absorbed_its_tasks_failure() {
    hear dropped_thread_future ''
    expect_equal "$(ask run.telltale "SELECT DISTINCT state, reason FROM failures")" 'absorbed|thread_chain' 'the states'
}

case_an_executors_future_that_is_dropped_is_reported_and_lost() {
    hear dropped_executor_future "$(never Future boom)"
    expect_equal "$(ask run.telltale "SELECT state, reason FROM failures")" 'lost|dropped' 'the state'
}

case_a_plain_future_that_is_dropped_is_reported_and_lost() {
    hear dropped_future "$(never Future boom)"
    states 'future|lost|dropped'
}

case_behind_a_cancelled_shield_a_late_failure_is_reported_when_it_is_dropped_and_lost() {
    hear cancelled_shield "$(never Task late)"
    states 'a|lost|dropped'
}

case_behind_a_cancelled_shield_a_late_failure_that_is_awaited_is_delivered() {
    hear cancelled_shield_read_later ''
    states 'a|delivered|-'
}

case_a_failure_travels_through_a_shield() {
    hear awaited_shield ''
    states 'a|delivered|-
shield|delivered|-'
    expect_equal "$(ask run.telltale "SELECT forwarded_to FROM failures WHERE name = 'a'" | grep -c '(shield)')" 1 'the forward'
}

case_a_shield_that_is_cancelled_in_the_turn_of_the_failure_is_silent_and_has_absorbed_it() {
    hear shield_cancelled_in_the_same_turn ''
    states 'future|absorbed|shield'
}

# asyncio ends in RecursionError here.
case_two_tasks_that_await_each_other_end_when_one_is_cancelled() {
    hear circle_cancelled '1 1'
    expect_equal "$(ask run.telltale "SELECT name, outcome FROM tasks WHERE name IN ('a', 'b') ORDER BY name")" 'a|cancelled
b|cancelled' 'the tasks'
}

case_two_tasks_that_await_each_other_are_shown_to_wait_for_each_other() {
    run "$telltale" record -o run.telltale -- "$TELLTALE_TEST_BIN/../tests/e2e/losses" circle_killed
    a=$(ask run.telltale "SELECT id_text FROM tasks WHERE name = 'a'")
    b=$(ask run.telltale "SELECT id_text FROM tasks WHERE name = 'b'")
    expect_equal "$(ask run.telltale "SELECT wait_text FROM tasks WHERE name IN ('a', 'b') ORDER BY name")" "task $b \"b\"
task $a \"a\"" 'what they wait for'
    run "$telltale" ps run.telltale
    expect_text out "task $b \"b\""
}

case_what_tasks_wait_for_is_said_in_words() {
    run "$telltale" record -o run.telltale -- "$TELLTALE_TEST_BIN/../tests/e2e/losses" waits_killed
    one=$(ask run.telltale "SELECT id_text FROM tasks WHERE name = 'one'")
    run "$telltale" ps run.telltale
    expect_text out '3 tasks (first exception)'
    expect_text out "shield of task $one \"one\""
    expect_text out 'the next of 2 tasks'
    run "$telltale" report run.telltale
    grep -Eq '3 tasks \(first exception\) at .*losses\.c:[0-9]+ in wait_for_three' "$work/out" || fail 'the report does not say so'
    run "$telltale" show run.telltale waits
    grep -Eq 'waits for +3 tasks \(first exception\)' "$work/out" || fail 'show does not say so'
}

# asyncio's bit is cleared by an observer that asks for the exception; ours peek.
case_an_observer_that_peeks_changes_neither_message_nor_state() {
    hear observed "observer: ValueError('boom')
$(never Task boom)"
    states 'a|lost|dropped'
}

run_case "$@"
