#!/bin/sh
# test_reading.sh: reading changes nothing, works where nothing can be written, and no foreign byte reaches the terminal.
# shellcheck source-path=SCRIPTDIR source=given.sh disable=SC2154,SC2317 # variables of case.sh; cases are called by name
. "$(dirname "$0")/given.sh"

# Every command that reads, on the store in this folder.
read_everything() {
    for arguments in 'report run.telltale' 'report run.telltale --format json' 'report run.telltale --format csv' 'check run.telltale' \
        'ps run.telltale' 'ps run.telltale -C all' 'ps run.telltale --json -C all' 'ps run.telltale --format csv -C all' \
        'ps run.telltale --format ndjson -C all' 'show run.telltale 2' 'show run.telltale nobody' \
        'failures run.telltale' 'failures run.telltale --group' 'failures run.telltale -C all --json' 'tree run.telltale' 'tree run.telltale -C all --json' \
        'tree run.telltale --by await' 'tree run.telltale --at 50%' 'tree run.telltale --by await --at 50%' 'explain run.telltale 2' \
        'explain run.telltale 2 --json' 'explain run.telltale nobody' 'timeline run.telltale' 'timeline run.telltale --format csv -C all' \
        'stats run.telltale' 'stats run.telltale --json -C all' 'stats run.telltale --table histogram' 'stats run.telltale --table stalls -C all' \
        'stats run.telltale --table turns'; do
        # shellcheck disable=SC2086 # words of a command line
        run "$telltale" $arguments
        [ "$status" -le 2 ] || fail "exit status $status: $arguments"
        cat "$work/out" "$work/err" >>"$work/all"
    done
    for table in tasks failures processes exception site note story verdicts coroutines; do
        for format in table csv json ndjson; do
            run "$telltale" query run.telltale "SELECT * FROM $table" --format "$format"
            expect_status 0 "query $table"
            cat "$work/out" >>"$work/all"
        done
    done
}

case_reading_leaves_the_store_as_it_is() {
    for store in killed kinds live lossy; do
        given $store
        cksum run.telltale >"$work/before"
        stat -c '%Y %Z %s' run.telltale >>"$work/before"
        read_everything
        cksum run.telltale >"$work/after"
        stat -c '%Y %Z %s' run.telltale >>"$work/after"
        cmp -s "$work/before" "$work/after" || fail "the store $store has changed"
        expect_equal "$(ls)" run.telltale 'the files of the folder'
    done
}

# Root may write everywhere, so it becomes somebody else who may read the store and nothing else, where that user finds the program.
without_rights() { # COMMAND...
    if [ "$(id -u)" -eq 0 ] && setpriv --reuid=65534 --regid=65534 --clear-groups test -x "$1"; then
        chmod 711 "$work" && chmod a+r run.telltale*
        ! setpriv --reuid=65534 --regid=65534 --clear-groups touch here 2>/dev/null || fail 'can be written'
        setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
    else
        "$@"
    fi
}

case_a_store_in_a_folder_that_cannot_be_written_is_read() {
    given killed
    # What was written last is in the log alone, as a recorder leaves it that was killed.
    python3 -c 'import os, sqlite3
store = sqlite3.connect("run.telltale")
store.execute("PRAGMA journal_mode = WAL")
store.execute("INSERT INTO note (noted_ns, thread_id, sequence, key) VALUES (1, 1, 1000000, ?)", ("in the log",))
store.commit()
os._exit(0)'
    rm -f run.telltale-shm
    [ -s run.telltale-wal ] || fail 'there is no log'
    chmod 555 .
    run without_rights "$telltale" report run.telltale
    cp "$work/out" "$work/report"
    code=$status
    run without_rights "$telltale" query run.telltale "SELECT key FROM note WHERE sequence = 1000000" --format csv
    chmod 755 .
    expect_equal "$code" 1 'the status of report'
    grep -q 'SUMMARY: telltale: 3 lost failures in 1 group' "$work/report" || fail 'no summary'
    expect_text out 'in the log'
    [ ! -e run.telltale-shm ] || fail 'something was written beside the store'
}

case_a_store_that_is_being_written_is_read_as_it_stands() {
    given live
    sqlite3 run.telltale 'PRAGMA journal_mode = WAL' >/dev/null
    mkfifo statements
    sqlite3 run.telltale <statements >/dev/null &
    background="$background $!"
    exec 3>statements
    printf '%s\n' "INSERT INTO task (task_id, name, created_ns) VALUES (50, 'committed', 1);" \
        'BEGIN;' "INSERT INTO task (task_id, name, created_ns) VALUES (51, 'not yet', 1);" >&3
    is_committed() { "$telltale" query run.telltale "SELECT name FROM tasks WHERE task_id = 50" | grep -q committed; }
    wait_until is_committed
    must "$telltale" ps run.telltale -C name
    ! grep -q 'not yet' "$work/out" || fail 'what is not committed is shown'
    printf 'COMMIT;\n' >&3
    exec 3>&-
    is_there() { "$telltale" ps run.telltale -C name | grep -q 'not yet'; }
    wait_until is_there
}

# SQLite would stop there, and nothing would say that the rest was not run.
case_statements_with_a_byte_0_in_them_are_refused() {
    given killed
    printf 'SELECT 1;\0SELECT 2' >statements
    run "$telltale" query run.telltale -f statements
    expect_status 3 query
    expect_text err 'query: statements is no text: byte 10 of it is 0'
    expect_equal "$(cat "$work/out")" '' 'the answer'
}

case_one_command_sees_one_state_of_a_store_that_grows() {
    given live
    sqlite3 run.telltale 'PRAGMA journal_mode = WAL' >/dev/null
    python3 - <<'END' &
import sqlite3
store = sqlite3.connect('run.telltale', timeout=60, isolation_level=None)
for number in range(1000, 10**9):
    store.execute("INSERT INTO task (task_id, name) VALUES (?, 'more')", (number,))
END
    background="$background $!"
    has_grown() { [ "$("$telltale" query run.telltale "SELECT count(*) FROM task WHERE name = 'more'" | sed 1d)" -gt "${1:-0}" ]; }
    wait_until has_grown
    must "$telltale" query run.telltale "SELECT count(*) FROM task;
        WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 2000000) SELECT max(x) FROM n;
        SELECT count(*) FROM task"
    wait_until has_grown "$(sed -n 2p "$work/out")"
    expect_equal "$(sed -n 6p "$work/out")" "$(sed -n 2p "$work/out")" 'the number of tasks at the end of a command'
}

case_no_foreign_byte_reaches_the_terminal() {
    given hostile
    : >"$work/all"
    read_everything
    # Line ends and, in quoted fields of CSV, tabs and returns are all that may be left.
    ! LC_ALL=C grep -q "$(printf '[\001-\010\013\014\016-\037\177]')" "$work/all" || fail 'a control character comes through'
    python3 - "$work/all" <<'END' || fail 'a character that reorders or hides comes through'
import sys, unicodedata
text = open(sys.argv[1], 'rb').read().decode('utf-8')
bad = [c for c in text if unicodedata.category(c) in ('Cc', 'Cf', 'Cs', 'Co', 'Cn', 'Zl', 'Zp') and c not in '\n\t\r']
sys.exit(repr(sorted(set(bad))) if bad else 0)
END
}

case_no_foreign_line_end_makes_a_line_of_a_report() {
    given hostile
    run "$telltale" report run.telltale
    [ "$(grep -c '^SUMMARY' "$work/out")" -eq 1 ] || fail 'a message has forged the summary'
    expect_text out 'SUMMARY: telltale: 1 lost failure in 1 group'
}

case_colours_come_only_when_they_are_asked_for() {
    given killed
    for option in --color=auto --color=never; do
        run "$telltale" report run.telltale $option
        ! grep -q "$(printf '\033')" "$work/out" || fail "$option prints colours to a file"
    done
    run "$telltale" report run.telltale --color always
    grep -q "$(printf '\033')" "$work/out" || fail '--color always prints no colours'
    sed "s/$(printf '\033')\[[0-9;]*m//g" "$work/out" >"$work/plain"
    run "$telltale" report run.telltale
    cmp -s "$work/plain" "$work/out" || fail 'colours change the text'
}

case_a_view_in_the_file_is_not_believed() {
    given killed
    sqlite3 run.telltale "DROP VIEW leaks; CREATE VIEW leaks AS SELECT 'lost-failure' AS lint WHERE 0;
        DROP VIEW tasks; CREATE VIEW tasks AS WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT x AS task_id FROM n"
    run "$telltale" report run.telltale
    expect_status 1 report
    expect_text out '3 lost failures'
}

case_the_same_screen_comes_in_any_locale() {
    given hostile
    run env LC_ALL=C.UTF-8 "$telltale" ps run.telltale
    cp "$work/out" "$work/utf8"
    for locale in C POSIX no_SUCH.locale; do
        run env LC_ALL=$locale "$telltale" ps run.telltale
        expect_status 0 "ps in $locale"
        cmp -s "$work/utf8" "$work/out" || fail "the screen differs in locale $locale"
    done
}

case_a_full_disk_is_told() {
    given killed
    [ -w /dev/full ] || skip 'there is no /dev/full'
    status=0
    "$telltale" ps run.telltale >/dev/full 2>"$work/err" || status=$?
    expect_status 5 'ps to a full disk'
    expect_text err 'No space left'
}

case_closed_descriptors_are_not_written_to() {
    given killed
    status=0
    "$telltale" report run.telltale <&- >&- 2>&- || status=$?
    [ "$status" -eq 5 ] || fail "exit status $status"
    cksum run.telltale >"$work/after"
    given killed
    cksum run.telltale | cmp -s - "$work/after" || fail 'the store was written to'
}

# A failure that was told to somebody who began to listen later.
case_a_time_that_is_not_known_is_not_told() {
    given group
    run "$telltale" report run.telltale
    expect_text out 'LOST FAILURE: 1 failure of 1 task, at 0.020 s'
    sqlite3 run.telltale 'UPDATE failure SET stored_ns = NULL, is_counted = 1'
    run "$telltale" report run.telltale
    expect_text out 'LOST FAILURE: 1 failure of 1 task, at a time that is not known'
}

# TIME means NANOSECONDS to a command that takes instants.
expect_instant() { # TIME NANOSECONDS
    must "$telltale" tree run.telltale --explain-sql --at "$1"
    expect_equal "$(grep -o 'i.at_ns = -*[0-9]*' "$work/out" | sort -u)" "i.at_ns = $2" "--at $1"
}

# The wall clock of the host of time 0 was set forward by an hour when 4 s were over, and later so far back that it showed again what it
# had shown before. What another host's clock did does not matter.
case_a_time_of_the_wall_clock_is_when_it_was_shown() {
    given killed
    expect_instant 2023-11-14T22:13:25.5Z 5500000000 # no readings: time 0 says it
    ask run.telltale "UPDATE process SET boot_id = x'00', started_realtime_ns = 1700000000000000000;
        INSERT INTO process (process_id, uuid, boot_id, started_ns, started_realtime_ns) VALUES (1, x'02', x'99', 0, 1600000000000000000);
        INSERT INTO clock_sample (sampled_ns, thread_id, sequence, realtime_ns) VALUES
            (4000000000, 1, 1, 1700003604000000000), (6000000000, (1 << 40) | 1, 1, 1700000001000000000)"
    expect_instant 2023-11-14T22:13:23Z 3000000000
    expect_instant 2023-11-14T23:13:25Z 5000000000
    expect_instant 2023-11-15T00:00:00+01:00 4000000000
    ask run.telltale "INSERT INTO clock_sample (sampled_ns, thread_id, sequence, realtime_ns) VALUES (8000000000, 2, 1, 1700000002000000000)"
    expect_instant 2023-11-14T22:13:23Z 3000000000
    expect_instant 2023-11-14T22:13:25Z 11000000000
}

case_queries_may_use_json() {
    given kinds
    must "$telltale" query run.telltale --format csv "SELECT value FROM json_each('[1, 2]') UNION ALL SELECT count(*) FROM json_tree('[[3]]')"
    expect_equal "$(tr '\n' ' ' <"$work/out")" 'value 1 2 3 ' 'what is in the lists'
}

run_case "$@"
