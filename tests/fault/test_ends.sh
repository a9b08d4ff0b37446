#!/bin/sh
# test_ends.sh: a program ends in each way that there is. The store says how, once; the failure that it had in its hands is there, and so is
# everything else that it said.
# shellcheck source-path=SCRIPTDIR source=../e2e/case.sh disable=SC2154 # variables of case.sh
. "$(dirname "$0")/../e2e/case.sh"

ends=$TELLTALE_TEST_BUILD/tests/fault/ends

# Records ends ARGUMENT..., and compares: how the process ended, its failures, the outcomes of its tasks.
expect_end() { # STATUS END FAILURES OUTCOMES ARGUMENT...
    expected_status=$1 expected_end=$2 expected_failures=$3 expected_outcomes=$4
    shift 4
    run "$telltale" record -o run.telltale -- "$ends" "$@"
    expect_status "$expected_status" "ends $*"
    expect_equal "$(ask run.telltale 'SELECT end_reason, end_text, is_balanced, drop_count FROM processes')" "$expected_end|1|0" 'the end of the process'
    expect_equal "$(ask run.telltale "SELECT name || ' ' || state || ' ' || reason FROM failures ORDER BY failure_id" | paste -sd ,)" \
        "$expected_failures" 'the failures'
    expect_equal "$(ask run.telltale "SELECT outcome || ' ' || count(*) FROM tasks GROUP BY outcome ORDER BY outcome" | paste -sd ,)" \
        "$expected_outcomes" 'the tasks'
    expect_equal "$(ask run.telltale 'PRAGMA integrity_check')" ok 'the store'
}

# Of main's end the runner cancels what is left; one of the tasks answers with a failure, which goes to the exception handler.
closed='held lost held_at_exit,stubborn absorbed runner'
closed_tasks='cancelled 1,failed 2,returned 101'
# Nothing runs any more: main, the one that sleeps and the stubborn one stay as they are.
cut_tasks='failed 1,pending 3,returned 100'

case_main_returns() {
    expect_end 0 'exit|exit status 0' "$closed" "$closed_tasks" return
}

case_exit_is_called_in_a_task() {
    expect_end 0 'exit|exit status 0' 'held lost held_at_exit' "$cut_tasks" exit
}

case_exit_is_called_on_another_thread() {
    expect_end 0 'exit|exit status 0' 'held lost held_at_exit' "$cut_tasks" thread
}

case_underscore_exit_is_called_in_a_task() {
    expect_end 0 'exit|exit status 0, without goodbye' 'held lost killed' "$cut_tasks" _exit
}

case_the_first_thread_ends_by_pthread_exit() {
    expect_end 0 'exit|exit status 0' "$closed" "$closed_tasks" pthread_exit
}

case_an_exit_handler_releases_the_failure() {
    expect_end 0 'exit|exit status 0' 'held lost dropped,stubborn absorbed runner' "$closed_tasks" atexit
    expect_text err 'Task exception was never retrieved'
}

case_abort_is_called_in_a_task() {
    expect_end 134 'signal|ended by SIGABRT' 'held lost killed' "$cut_tasks" abort
}

# The process says who it was, dies of it, and everything that it had said is in the store.
expect_overflow() { # KIB ARGUMENT...
    case ${TELLTALE_TEST_SANITIZE-} in *address* | *thread*) skip 'the sanitizer has handlers of its own in front' ;; esac
    kib=$1
    shift
    expect_end 139 'signal|ended by SIGSEGV' 'held lost killed' 'failed 1,pending 4,returned 100' overflow "$@"
    expect_text err "telltale: task greedy overflowed its $kib KiB stack"
    expect_equal "$(ask run.telltale "SELECT state FROM tasks WHERE name = 'greedy'")" running 'the task on the board'
}

case_a_recursion_uses_up_a_stack() {
    expect_overflow 64 recursion default
}

case_a_recursion_uses_up_a_large_stack() {
    expect_overflow 512 recursion large
}

case_a_recursion_uses_up_a_stack_on_another_thread() {
    expect_overflow 64 recursion thread
}

case_a_frame_of_one_mebibyte_is_too_large_for_a_stack() {
    expect_overflow 64 frame default
}

case_a_frame_of_one_mebibyte_is_too_large_for_a_large_stack() {
    expect_overflow 512 frame large
}

case_a_frame_of_one_mebibyte_is_too_large_for_a_stack_on_another_thread() {
    expect_overflow 64 frame thread
}

run_case "$@"
