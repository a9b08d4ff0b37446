#!/bin/sh
# test_beginnings.sh: what was before a session, or before the part of it that is there, is told, and what was there already is shown.
# shellcheck source-path=SCRIPTDIR source=session.sh
. "$(dirname "$0")/session.sh"

export TELLTALE_LTTNG=1
register_whatever_it_takes

import_folder() { # FOLDER NAME
    must "$telltale" import "$1" -o "$2.telltale"
}

# No clean bill: something may be missing.
expect_uncertainty() { # NAME
    run "$telltale" check --strict --fail-on=held-failure "$1.telltale"
    expect_status 4 'a strict check'
}

case_what_was_before_a_session_that_starts_in_the_middle_is_told_beside_what_is_held() {
    start_daemon
    start_program "$programs/tasks" held
    sleep 0.3
    start_session s
    wait_until is_written s 'set from outside'
    finish_program
    end_session s
    import_folder "$work/s" s
    expect_text err 'of 1 process the beginning is not in the trace'
    expect_equal "$(ask s.telltale "SELECT what, count IS NULL, is_vital, from_ns = (SELECT started_ns FROM processes), from_ns,
            to_ns > 300000000 FROM losses")" 'late|1|1|1|0|1' 'losses'
    expect_equal "$(ask s.telltale "SELECT name, state, reason FROM failures WHERE name IS NOT NULL ORDER BY name")" \
        'dismissed|discarded|
seen|delivered|
untouched|lost|dropped' 'failures that were held then'
    expect_equal "$(ask s.telltale "SELECT count(*) FROM tasks WHERE outcome = 'unknown'")" 0 'tasks that nobody knows'
    run "$telltale" report s.telltale
    grep -qE '^  the first [0-9.]+ (ms|s) were not recorded; failures of that time are unknown$' "$work/out" || fail "$(cat "$work/out")"
    run "$telltale" check --strict -A lost-failure s.telltale
    expect_status 4 'a strict check'
}

# Its threads speak before the process has told who it is; all times are since the beginning of the process all the same.
case_all_times_are_since_the_beginning_of_the_process_whoever_speaks_first() {
    start_daemon
    "$programs/emitter" for 600000 &
    program=$!
    background="$background $program"
    start_session s
    wait_until is_written s "$programs/emitter" # it has told who it is
    end_session s
    kill "$program"
    wait "$program" || :
    import_folder "$work/s" s
    expect_equal "$(ask s.telltale "SELECT what, from_ns > 0 FROM losses WHERE what <> 'late'")" 'cut_off|1' 'the end'
    expect_equal "$(ask s.telltale "SELECT started_ns, (SELECT min(noted_ns) FROM note) > 0 FROM processes")" '0|1' 'the beginning'
    expect_equal "$(ask s.telltale "SELECT from_ns, to_ns > 0 FROM losses WHERE what = 'late' AND count IS NULL")" '0|1' 'what was before'
}

case_a_session_that_was_there_before_the_program_has_its_beginning() {
    start_daemon
    start_session s
    "$programs/emitter" notes 3
    end_session s
    expect_count s '^process_started .*is_repeated = 0, listener_lacking = 0, ' 1
    import_folder "$work/s" s
    expect_equal "$(ask s.telltale 'SELECT * FROM losses')" '' 'losses'
    run "$telltale" check --strict s.telltale
    expect_status 0 'a strict check'
}

# Of a rotated session the last part alone: the numbers say how many were before it.
case_the_last_part_of_a_rotated_session_says_how_many_events_were_before_it() {
    start_daemon
    start_session s
    start_program "$(dirname "$programs")/import/emitter" 500 hold
    lttng_must rotate s
    printf x >&9
    wait_until is_written s 'one more'
    finish_program
    lttng_must stop s
    lttng_must destroy s
    last=$(find "$work/s/archives" -mindepth 1 -maxdepth 1 | sort | tail -n 1)
    import_folder "$last" part
    import_folder "$work/s" all
    expect_equal "$(ask all.telltale 'SELECT * FROM losses')" '' 'losses of all parts'
    expect_equal "$(ask part.telltale "SELECT what, count, to_ns IS NOT NULL, is_vital FROM losses WHERE count > 0")" \
        "late|$(($(ask all.telltale 'SELECT attempt_count FROM processes') - $(ask part.telltale 'SELECT record_count FROM processes')))|1|1" \
        'events before the last part'
    expect_equal "$(ask part.telltale "SELECT what FROM losses WHERE count IS NULL")" late 'what nobody knows'
    run "$telltale" report part.telltale
    expect_text out 'telltale: part.telltale: a program whose start was not recorded, '
    expect_text out '  what was before 0.000 s was not recorded; failures of that time are unknown'
    ! grep -q 'pid 0' "$work/out" || fail "there is no such process: $(cat "$work/out")"
    expect_uncertainty part
}

case_what_a_flight_recorder_has_overwritten_is_counted() {
    start_daemon
    lttng_must create s --snapshot --output="$work/s"
    lttng_must enable-channel --session=s --userspace ch --subbuf-size=4096 --num-subbuf=2
    lttng_must enable-event --session=s --userspace --channel=ch 'telltale:*'
    lttng_must add-context --session=s --userspace --channel=ch --type=vpid --type=procname
    lttng_must start s
    taskset -c 0 "$programs/emitter" notes 3000 &
    program=$!
    wait "$program" || fail "exit status $?"
    lttng_must stop s
    lttng_must snapshot record --session=s
    lttng_must destroy s
    import_folder "$work/s" s
    expect_equal "$(ask s.telltale "SELECT sum(count) = (SELECT attempt_count - record_count FROM processes), sum(count) > 2000
            FROM losses WHERE what = 'late'")" '1|1' 'events that were overwritten'
    # Each note is one event; the rest are the process's and the thread's words about themselves.
    run "$telltale" report s.telltale
    expect_text out "telltale: s.telltale: emitter, pid $program, " # as LTTng's contexts say
    expect_equal "$(ask s.telltale "SELECT attempt_count BETWEEN 3003 AND 3005 FROM processes")" 1 'events'
    expect_uncertainty s
}

# The session asks for some events first, and for all of them later: its metadata has all of them in the end.
case_events_that_are_asked_for_later_were_not_recorded_before() {
    start_daemon
    lttng_must create s --output="$work/s"
    lttng_must enable-channel --session=s --userspace ch --subbuf-size=1M --num-subbuf=8 --switch-timer=100000
    for events in 'telltale:process_*' 'telltale:thread_*' 'telltale:task_*' 'telltale:loop_*'; do
        lttng_must enable-event --session=s --userspace --channel=ch "$events"
    done
    lttng_must start s
    start_program "$programs/tasks" held
    lttng_must enable-event --session=s --userspace --channel=ch 'telltale:*'
    wait_until is_written s 'set from outside' # that all are enabled is noticed, and told
    finish_program
    end_session s
    import_folder "$work/s" s
    expect_equal "$(ask s.telltale "SELECT what, why, count IS NULL, from_ns < to_ns, to_ns < (SELECT ended_ns FROM processes), is_vital
            FROM losses")" 'not_recorded|session|1|1|1|1' 'losses'
    expect_equal "$(ask s.telltale "SELECT name, state, reason FROM failures WHERE name IS NOT NULL ORDER BY name")" \
        'dismissed|discarded|
seen|delivered|
untouched|lost|dropped' 'failures that were told when all was recorded'
    run "$telltale" report s.telltale
    grep -qE "^  events that LTTng's session did not ask for between [0-9.]+ s and [0-9.]+ s$" "$work/out" || fail "$(cat "$work/out")"
}

case_events_that_were_never_asked_for_are_named() {
    start_daemon
    lttng_must create s --output="$work/s"
    lttng_must enable-channel --session=s --userspace ch
    lttng_must enable-event --session=s --userspace --channel=ch 'telltale:*' -x telltale:failure_touched,telltale:uncancelled
    lttng_must start s
    "$programs/emitter" notes 3
    end_session s
    import_folder "$work/s" s
    expect_equal "$(ask s.telltale 'SELECT what, detail, from_ns, to_ns FROM losses')" 'not_recorded|failure_touched, uncancelled||' 'losses'
    run "$telltale" report s.telltale
    expect_text out "  events that LTTng's session did not ask for: failure_touched, uncancelled"
    expect_uncertainty s
}

# Another session that records a part makes nothing uncertain of this one, which began before.
case_a_session_beside_it_that_asks_for_some_events_is_none_of_its_business() {
    start_daemon
    start_session s
    start_program "$programs/tasks" held
    lttng_must create another --output="$work/another"
    lttng_must enable-channel --session=another --userspace ch --subbuf-size=1M --num-subbuf=8 --switch-timer=100000
    lttng_must enable-event --session=another --userspace --channel=ch 'telltale:process_*,telltale:failure_dumped'
    lttng_must start another
    wait_until is_written another 'set from outside'
    lttng_must enable-event --session=another --userspace --channel=ch 'telltale:*' # and lacks nothing any more
    wait_until is_written another 'the waiter'
    finish_program
    end_session s
    expect_count s '^process_started .*listener_set = 3, listener_new = 2, .*listener_lacking = 2, ' 1
    import_folder "$work/s" s
    expect_equal "$(ask s.telltale 'SELECT * FROM losses')" '' 'losses'
}

# LTTng enters a session's listeners one after the other and then has it take events; here the moment between is longer than that
# between two looks.
case_a_session_that_takes_long_to_begin_is_told_when_it_has() {
    case ${TELLTALE_TEST_SANITIZE-} in ?*) skip 'what is preloaded must be the sanitizer' ;; esac
    cat >slow.c <<'END'
#include <dlfcn.h>
#include <stdlib.h>
#include <unistd.h>
void lttng_ust_tp_probe_prune_release_queue(void);
void lttng_ust_tp_probe_prune_release_queue(void)
{
    void *library = dlopen("liblttng-ust-tracepoint.so.1", RTLD_NOLOAD | RTLD_LAZY);
    void (*prune)(void) = library ? (void (*)(void))dlsym(library, "lttng_ust_tp_probe_prune_release_queue") : NULL;
    if (!prune)
        abort();
    usleep(400000);
    prune();
}
END
    must "${TELLTALE_TEST_COMPILER:-cc}" -shared -fPIC -o slow.so slow.c
    start_daemon
    start_program env LD_PRELOAD="$PWD/slow.so" "$programs/tasks" held
    start_session s
    wait_until is_written s 'set from outside'
    finish_program
    end_session s
    expect_count s '^process_started .*listener_set = 1, listener_new = 1, ' 1
    expect_count s '^task_dumped .*name = "the waiter"' 1
}

case_categories_that_are_off_are_named_whoever_records() {
    start_daemon
    start_session s
    export TELLTALE_EVENTS=process,task
    "$programs/emitter" notes 3
    end_session s
    import_folder "$work/s" s
    must "$telltale" record --events process,task -o ring.telltale -- "$programs/emitter" notes 3
    for store in s ring; do
        expect_equal "$(ask $store.telltale 'SELECT what, detail, why, is_vital FROM losses')" \
            'not_recorded|loop, failure, cancel, scope, reference|categories|1' "losses of $store"
        run "$telltale" report $store.telltale
        expect_text out '  events of categories that were off (--events): loop, failure, cancel, scope, reference'
        expect_uncertainty $store
    done
}

run_case "$@"
