#!/bin/sh
# test_snapshots.sh: record --lttng --snapshots keeps what was before failures, as often as it may, and each event once.
# shellcheck source-path=SCRIPTDIR source=../lttng/session.sh disable=SC2154,SC2317 # variables of case.sh; cases are called by name
. "$(dirname "$0")/../lttng/session.sh"

failer=$TELLTALE_TEST_BUILD/tests/import/failer
TMPDIR=$work
export TMPDIR

# Records a failer with OPTION..., whose input is descriptor 9.
start_recording() { # [OPTION...]
    mkfifo input
    "$telltale" record --lttng --keep-trace kept "$@" -- "$failer" <input >output 2>messages &
    record=$!
    background="$background $record"
    exec 9>input
}

# Has it fail; returns when that has happened.
have_fail() { # NOTES FAILURES
    touch output
    lines=$(wc -l <output)
    echo "$1 $2" >&9
    has_more() { [ "$(wc -l <output)" -gt "$lines" ]; }
    wait_until has_more
}

end_recording() {
    exec 9>&-
    status=0
    wait "$record" || status=$?
    cp messages "$work/err"
}

# Complete ones: their metadata is written first.
count_snapshots() {
    find kept -type f -name 'telltale_*' -size +0 | sed 's|/ust/.*||' | sort -u | wc -l
}

has_snapshots() { # COUNT
    [ "$(count_snapshots)" -ge "$1" ]
}

expect_rows() { # SQL EXPECTED
    expect_equal "$(ask run.telltale "$1")" "$2" "$1"
}

case_a_failure_that_was_overwritten_is_in_the_store_with_what_came_before() {
    start_recording --snapshots 2 --ring-bytes 64K
    have_fail 10 1
    wait_until has_snapshots 1
    have_fail 200000 2000 # the tenth is among them
    wait_until has_snapshots 2
    have_fail 200000 0
    end_recording
    expect_status 0 record
    expect_equal "$(count_snapshots)" 3 'snapshots: at the 1st and 10th failure, and at the end'
    # The report is what the first snapshot was made for; the release, which comes next, may be in it or not.
    expect_rows "SELECT message, state = iif(released_ns IS NULL, 'unknown', 'lost') FROM failures WHERE message = 'failure 1'" 'failure 1|1'
    expect_rows "SELECT count(*) FROM note WHERE key = 'before' AND text = 'failure 1'" 1
    expect_rows 'SELECT count(*) FROM note WHERE sequence BETWEEN 2 AND 12' 11 # the ten notes, and the failure's
    expect_text err 'events in no snapshot: LTTng had overwritten them'
    # All that was emitted: what process_ended counts; each is there once, or is missing.
    expect_rows 'SELECT record_count + (SELECT sum(count) FROM gap) = attempt_count, record_count + drop_count = attempt_count,
        attempt_count > 400000 FROM process' '1|1|1'
    expect_rows 'SELECT end_text FROM processes' 'exit status 0'
    [ "$(ask run.telltale 'SELECT count(*) FROM note')" -lt 100000 ] || fail 'the buffers did not overwrite'
}

case_a_program_that_fails_without_end_makes_no_more_snapshots() {
    start_recording --snapshots 1
    have_fail 0 1
    wait_until has_snapshots 1
    have_fail 0 5000
    end_recording
    expect_equal "$(count_snapshots)" 2 'snapshots'
    # Everything fits into the buffers: both snapshots have the first failure, and it is in the store once.
    expect_rows 'SELECT count(*), count(DISTINCT message) FROM failures' '5001|5001'
    expect_rows 'SELECT count(*) FROM gap' 0
    expect_rows 'SELECT record_count = attempt_count FROM process' 1
}

case_without_a_failure_the_end_is_recorded() {
    start_recording --snapshots 3
    have_fail 5 0
    end_recording
    expect_status 0 record
    expect_equal "$(count_snapshots)" 1 'snapshots'
    expect_rows 'SELECT count(*) FROM note' 5
    expect_rows 'SELECT count(*) FROM gap' 0
}

# What a machine without telltale can give, one after the other.
case_snapshots_are_added_one_by_one() {
    start_recording --snapshots 2 --ring-bytes 64K
    have_fail 10 1
    wait_until has_snapshots 1
    have_fail 20 9
    wait_until has_snapshots 2
    have_fail 200000 1
    end_recording
    expect_status 0 record
    mv run.telltale at-once.telltale
    for snapshot in $(find kept -mindepth 1 -maxdepth 1 -type d | sort); do
        run "$telltale" import --append "$snapshot"
        expect_status 0 "import of $snapshot"
    done
    for question in 'SELECT message, state FROM failures ORDER BY message' 'SELECT count(*) FROM note' \
        'SELECT record_count, attempt_count, drop_count FROM process'; do
        expect_rows "$question" "$(ask at-once.telltale "$question")"
    done
    expect_rows 'SELECT count(*) - count(DISTINCT sequence) FROM note' 0
    expect_rows "SELECT count(*) > 0 FROM gap WHERE what = 'paused'" 1
    run "$telltale" import --append "$snapshot"
    expect_status 5 'the last one again, which has the goodbye'
    expect_text err 'is in the store already'
}

case_the_commands_of_a_dry_run_do_the_same() {
    must "$telltale" record --lttng --dry-run --snapshots 2 --keep-trace kept -- "$failer"
    expect_text out "lttng create telltale --snapshot --output="
    expect_text out "lttng add-trigger --name=telltale-failure-10 --condition=event-rule-matches --type=user --name='telltale:failure_reported' --action=snapshot-session telltale --rate-policy=once-after:10"
    cp "$work/out" commands.sh
    mkfifo input
    PATH="$TELLTALE_TEST_BIN:$PATH" sh -eu commands.sh <input >output 2>messages &
    record=$!
    background="$background $record"
    exec 9>input
    wait_until grep -q 'Added trigger .telltale-failure-10' output
    have_fail 10 1
    wait_until has_snapshots 1
    end_recording
    tail -n 3 output >&2
    expect_status 0 'the commands'
    expect_equal "$(count_snapshots)" 2 'snapshots'
    expect_rows 'SELECT count(*) FROM failures' 1
    expect_rows 'SELECT count(*) FROM gap' 0
}

case_triggers_are_gone_afterwards() {
    start_daemon
    start_recording --snapshots 3
    have_fail 1 1
    end_recording
    expect_status 0 record
    lttng_must list-triggers
    ! grep -q telltale "$work/lttng" || fail "a trigger is left: $(cat "$work/lttng")"
    lttng_must list
    ! grep -q telltale- "$work/lttng" || fail 'the session is left'
}

# Its loop's exception handler reports what nobody awaited.
case_a_program_on_the_runtime_has_its_failure_reported() {
    must "$telltale" record --lttng --snapshots 1 --keep-trace kept -- "$TELLTALE_TEST_BIN/examples/exception_handler"
    [ "$(count_snapshots)" -le 2 ] || fail 'more snapshots than it may make'
    expect_rows 'SELECT count(*) > 0, min(state) FROM failures WHERE reported_ns IS NOT NULL' '1|lost'
    expect_rows 'SELECT count(*) FROM gap' 0
}

case_numbers_that_make_no_sense_are_refused() {
    run "$telltale" record --lttng --snapshots 8 -- true
    expect_status 2 'too many'
    run "$telltale" record --snapshots 1 -- true
    expect_status 2 'without --lttng'
}

run_case "$@"
