#!/bin/sh
# test_equality.sh: a recorder's store and one imported from LTTng's trace say the same of one run of each example; and an example
# prints the same whether LTTng listens or not.
# shellcheck source-path=SCRIPTDIR source=session.sh
. "$(dirname "$0")/session.sh"

export LTTNG_UST_REGISTER_TIMEOUT=20000 # on a busy machine 300 ms may pass before the daemon answers, and the run's beginning with them

# Where the recorder knows of a death by a signal, the reader of the trace is told of it, too.
import_other() { # SCENARIO
    killed=$(sqlite3 one.telltale 'SELECT max(pid) FROM process WHERE goodbye_ns IS NULL')
    if [ -n "$killed" ]; then
        run "$TELLTALE_TEST_BUILD/libexec/telltale/telltale-ctf-reader" --store other.telltale --signaled "$killed:9" \
            "$(dirname "$(find "$work/s" -name metadata)")"
    else
        run "$telltale" import -o other.telltale "$work/s"
    fi
    expect_status 0 "$1: import"
}

# Plays SCENARIO once with both carriers, and compares the stores.
compare() { # SCENARIO
    rm -rf "$work/s" one.telltale other.telltale
    start_session s
    TELLTALE_LTTNG=1 "$programs/play" "$1" one.telltale >transcript || fail "$1: $(cat transcript)"
    end_session s
    import_other "$1"
    python3 "$(dirname "$test")/compare_stores.py" one.telltale other.telltale >counts 2>differences ||
        fail "$1: the stores differ (-: recorded, +: imported):
$(cat differences)"
    [ "$(sed -n 's/^loop=//p' counts)" -gt 0 ] || fail "$1: there is no loop"
    cat counts >>all
}

# Whatever the scenarios whose names match the REGEX have in common, there is something to be compared in each of TABLES.
compare_all() { # REGEX TABLE...
    test=$(cd "$(dirname "$0")" && pwd -P)/x
    start_daemon
    regex=$1
    shift
    scenarios=$("$programs/play" list | grep -E "$regex")
    [ -n "$scenarios" ] || fail "no scenario is called $regex"
    for scenario in $scenarios; do
        compare "$scenario"
    done
    for table in "$@"; do
        grep -E "^$table=" all | grep -qv '=0$' || fail "no scenario has a row of $table"
    done
}

case_servers_recorded_both_ways_have_the_same_rows() {
    compare_all '^(echo|blocking)' process loop task exception failure touch reference cancellation cancellation_effect
}

case_failures_recorded_both_ways_have_the_same_rows() {
    compare_all '^(exception|done|threadsafe|graceful|result)' task exception failure touch forward reference cancellation \
        cancellation_effect handler_call
}

case_waits_and_groups_recorded_both_ways_have_the_same_rows() {
    compare_all '^[^ebdtgr]|^readers|^gather' task exception failure touch forward
}

# With the category step on LTTng carries steps, too; the program writes them down by itself.
case_steps_that_lttng_carried_are_those_that_were_made() {
    stepper=$TELLTALE_TEST_BUILD/tests/e2e/stepper
    [ -x "$stepper" ] || fail "there is no $stepper"
    start_daemon
    start_session s
    must env TELLTALE_LTTNG=1 TELLTALE_EVENTS=+step,turn "$stepper" log 12 1
    end_session s
    must "$telltale" import -o other.telltale "$work/s"
    "$telltale" query --format csv other.telltale "
        SELECT CASE e.name WHEN 'task_resumed' THEN 'R ' || t.name
            WHEN 'task_suspended' THEN 'S ' || t.name || ' ' || json_extract(e.fields, '\$.wait_kind')
            ELSE 'E ' || t.name END AS line
        FROM event AS e JOIN tasks AS t ON t.task_id = e.task_id
        WHERE e.name IN ('task_resumed', 'task_suspended', 'task_finished') ORDER BY e.sequence" | tail -n +2 >told
    diff log told >difference || fail "the steps differ: $(head -n 10 difference)"
    [ "$(wc -l <log)" -gt 300 ] || fail 'hardly any steps'
    must "$telltale" query --format csv other.telltale "SELECT count(*) > 10, sum(ending IS NULL), sum(began_ns IS NULL) FROM steps"
    expect_equal "$(tail -n 1 "$work/out" | tr -d '\r')" 1,0,0 'steps'
    must "$telltale" query --format csv other.telltale 'SELECT count(*) > 10 FROM turns'
    expect_equal "$(tail -n 1 "$work/out" | tr -d '\r')" 1 'turns'
}

case_programs_print_the_same_with_lttng_as_without() {
    start_daemon
    for scenario in $("$programs/play" list); do
        "$programs/play" "$scenario" >expected || fail "$scenario"
        rm -rf "$work/s"
        start_session s
        TELLTALE_LTTNG=1 "$programs/play" "$scenario" >is || fail "$scenario, with LTTng"
        lttng_must stop s
        lttng_must destroy s
        diff expected is >difference || fail "$scenario prints something else when LTTng listens:
$(cat difference)"
        grep -raqF 'telltale' "$work/s" || fail "$scenario: nothing was recorded"
    done
}

run_case "$@"
