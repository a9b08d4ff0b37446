#!/bin/sh
# test_processes.sh: forks, threads and signal handlers of a program whose events go to LTTng.
# shellcheck source-path=SCRIPTDIR source=session.sh
. "$(dirname "$0")/session.sh"

export TELLTALE_LTTNG=1

# The number of processes in the trace.
process_count() {
    sed 's/.*tt_process = \([^,]*\),.*/\1/' "$work/s.txt" | sort -u | wc -l
}

# The process that wrote the event with TEXT in it.
process_of() { # TEXT
    grep -F "$1" "$work/s.txt" | sed 's/.*tt_process = \([^,]*\),.*/\1/' | sort -u
}

case_a_forked_child_is_a_process_of_its_own() {
    skip_under_thread_sanitizer
    start_daemon
    start_session s
    must timeout "$limit_s" "$programs/emitter" fork
    end_session s
    expect_equal "$(process_count)" 2 'processes'
    [ "$(process_of '"child"')" != "$(process_of '"parent before"')" ] || fail 'the child writes as its parent'
    expect_equal "$(process_of '"parent after"')" "$(process_of '"parent before"')" 'the parent'
    expect_count s '^process_started ' 2
    expect_count s '^process_ended ' 2
    parent=$(sed -n 's/^process_started .* pid = \([0-9]*\), parent_pid = .*/\1/p' "$work/s.txt" | head -n 1)
    expect_count s "^process_started .* parent_pid = $parent," 1
    expect_no_gap s
}

# LTTng makes something for each user, with a fork of its own in the midst of the program's.
case_a_server_that_gave_up_its_rights_goes_on_forking() {
    skip_under_thread_sanitizer
    [ "$(id -u)" = 0 ] || skip 'who is not root cannot become somebody else'
    start_daemon
    start_session s
    nobody=$((500000 + $$))
    must timeout "$limit_s" "$programs/emitter" fork_as "$nobody"
    rm -f "/dev/shm/lttng-ust-wait-8-$nobody"
    end_session s
    expect_count s '"child"' 1
    expect_count s '"parent after"' 1
    expect_count s '^process_ended ' 2
}

case_a_child_tells_nothing_of_what_it_inherited() {
    skip_under_thread_sanitizer
    start_daemon
    start_session s
    must timeout "$limit_s" "$programs/emitter" inherit
    end_session s
    expect_count s '^failure_released ' 0
    expect_count s '^task_created .*"the child' 1
    expect_count s '^task_finished ' 1
    expect_count s '^task_finished .*returned' 1
    [ "$(process_of '"the child')" != "$(process_of '"the parent')" ] || fail 'the child writes as its parent'
    expect_no_gap s
}

# As operators do it without telltale's help: both must not tell LTTng of the same fork, which would never return.
case_lttngs_own_library_for_forks_may_be_preloaded() {
    skip_under_thread_sanitizer
    # Whatever thread holds the lock of its memory when another one forks leaves it locked in the child; LTTng's threads do.
    case ${TELLTALE_TEST_SANITIZE-} in address*) skip 'the address sanitizer of gcc 12 does not survive a fork beside busy threads' ;; esac
    library=$(ldconfig -p | sed -n 's/.*liblttng-ust-fork\.so\.[0-9]* .* => //p' | head -n 1)
    [ -n "$library" ] || fail 'liblttng-ust-fork is not installed'
    start_daemon
    start_session s
    must timeout "$limit_s" env LD_PRELOAD="$library" "$programs/emitter" fork
    end_session s
    expect_equal "$(process_count)" 2 'processes'
    expect_count s '"child"' 1
    expect_no_gap s
}

case_an_executed_program_is_a_process_of_its_own() {
    start_daemon
    start_session s
    must timeout "$limit_s" "$programs/emitter" exec
    end_session s
    expect_equal "$(process_count)" 2 'processes'
    expect_count s '^note .*key = "number", text = "0"' 1
    expect_no_gap s
}

case_a_vfork_and_an_exec_do_not_disturb_the_parent() {
    start_daemon
    start_session s
    must timeout "$limit_s" "$programs/emitter" vfork
    end_session s
    expect_equal "$(process_count)" 2 'processes'
    expect_count s '"parent after"' 1
    expect_no_gap s
}

# LTTng is not told of it, so the child's buffers would be its parent's.
case_the_child_of_a_raw_clone_emits_nothing() {
    start_daemon
    start_session s
    must timeout "$limit_s" "$programs/emitter" clone
    end_session s
    expect_equal "$(process_count)" 1 'processes'
    expect_count s '"child"' 0
    expect_count s '"parent after"' 1
    expect_no_gap s
}

case_threads_have_ordinals_and_numbers_of_their_own() {
    start_daemon
    start_session s
    must timeout "$limit_s" "$programs/emitter" threads 8 500
    end_session s
    expect_count s '^note ' 4000
    expect_count s '^thread_attached ' 9 # the main thread says goodbye
    expect_count s '^thread_detached ' 8
    expect_equal "$(sed -n 's/^note .*tt_thread = \([0-9]*\),.*/\1/p' "$work/s.txt" | sort -n | uniq -c | awk '{ print $1 }' | uniq)" \
        500 'notes of each thread'
    expect_no_gap s
}

# A handler that comes in the middle of an event of its thread is thread 0.
case_handlers_that_interrupt_events_lose_none() {
    start_daemon
    lttng_must create s --output="$work/s"
    lttng_must enable-channel --session=s --userspace ch --subbuf-size=1M --num-subbuf=16
    lttng_must enable-event --session=s --userspace --channel=ch 'telltale:*'
    lttng_must start s
    must timeout "$limit_s" "$programs/emitter" signals 40000
    handled=$(cat "$work/out")
    end_session s
    [ "$handled" -gt 10 ] || fail "there were hardly any signals: $handled"
    expect_count s '^note .*key = "program"' 40000
    expect_count s '^note .*key = "handler"' "$handled"
    expect_no_gap s
}

run_case "$@"
