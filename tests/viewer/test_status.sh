#!/bin/sh
# test_status.sh: options and exit statuses of the commands that read a store, on given stores.
# shellcheck source-path=SCRIPTDIR source=given.sh disable=SC2154,SC2317 # variables of case.sh; cases are called by name
. "$(dirname "$0")/given.sh"

# COMMAND ends with STATUS.
expect() { # STATUS ARGUMENT...
    wanted=$1
    shift
    run "$telltale" "$@"
    expect_status "$wanted" "telltale $*"
}

case_report_and_check_fail_on_definite_findings_only() {
    given killed
    expect 1 report run.telltale
    expect 1 check run.telltale
    given clean
    expect 0 report run.telltale
    expect 0 check run.telltale
    given live
    expect 0 report run.telltale
    expect 0 check run.telltale
}

case_the_status_for_findings_can_be_chosen() {
    given killed
    expect 42 report run.telltale --error-exitcode 42
    expect 42 check run.telltale --error-exitcode 42
    given clean
    expect 0 report run.telltale --error-exitcode 42
    expect 2 report run.telltale --error-exitcode 256
    expect 2 check run.telltale --error-exitcode many
}

# What was counted before the damage was met is no answer: "0 lost failures" would be one.
case_a_damaged_store_has_no_summary() {
    given killed
    page=$(sqlite3 -batch run.telltale "SELECT rootpage FROM sqlite_schema WHERE name = 'failure'")
    dd if=/dev/urandom of=run.telltale bs=4096 seek=$((page - 1)) count=1 conv=notrunc 2>/dev/null
    for command in report check; do
        expect 3 "$command" run.telltale
        ! grep SUMMARY "$work/out" "$work/err" || fail "$command sums up what it could not read"
    done
}

# SQLite looks a page over when it reads it. What it remembers of one that did not stand that is not asked again: here, that it has 681 rows.
case_a_damaged_page_answers_no_later_question() {
    given killed
    set -- $(sqlite3 -batch -separator ' ' run.telltale "SELECT rootpage, page_size FROM sqlite_schema, pragma_page_size WHERE name = 'note'")
    printf '\002\251' | dd of=run.telltale bs=1 seek=$((($1 - 1) * $2 + 3)) conv=notrunc 2>/dev/null
    expect 3 query run.telltale 'SELECT note_id FROM note; SELECT note_id FROM note; SELECT process_id FROM process'
    expect_equal "$(grep -c 'the store is damaged' "$work/err")" 2 'complaints'
    expect_equal "$(cat "$work/out")" "$(printf 'note_id\nnote_id\nprocess_id\n0')" 'answers, which begin with the names of columns'
}

# Where nothing came after one of several losses, or before one, nobody knows until when they were, or since when.
case_losses_without_end_are_told_without_end() {
    given lossy
    expect 0 report run.telltale
    expect_text out '37 events lost between 12.301 s and 12.340 s'
    must sqlite3 -batch run.telltale "INSERT INTO gap (thread_id, count, from_ns, to_ns, first_sequence, what, is_vital) VALUES (1, 5, 12900000000, NULL, 90, 'dropped', 1)"
    expect 0 report run.telltale
    expect_text out '42 events lost after 12.301 s'
    must sqlite3 -batch run.telltale "UPDATE gap SET to_ns = 12950000000 WHERE count = 5; UPDATE gap SET from_ns = NULL WHERE count = 30"
    expect 0 report run.telltale
    expect_text out '42 events lost before 12.950 s'
}

# FILE has the answer, or what was in it before.
case_an_answer_goes_into_a_file() {
    given killed
    for command in report check ps failures tree timeline stats; do
        run "$telltale" "$command" run.telltale
        cp "$work/out" plain
        wanted=$status
        expect "$wanted" "$command" run.telltale -o "$command.txt"
        [ ! -s "$work/out" ] || fail "$command prints beside the file"
        cmp -s plain "$command.txt" || fail "$command says something else in a file"
    done
    expect 42 report run.telltale --error-exitcode 42 -o found.txt
    cmp -s report.txt found.txt || fail 'an answer with another status is one'
    expect 3 report run.telltale --error-exitcode 3 --output found.json --json
    grep -q '"lint": "lost-failure"' found.json || fail 'an answer with any status is one'
    expect 0 ps run.telltale -o - -C id
    expect_text out '#17'
    expect 0 query run.telltale 'SELECT 1 AS one' -o rows
    expect_equal "$(cat rows)" "$(printf 'one\n1')" 'the rows'
    expect 2 query run.telltale 'SELECT' -o rows
    expect_equal "$(cat rows)" "$(printf 'one\n1')" 'the rows of before'
    expect 2 ps run.telltale -o run.telltale
    expect_text err 'run.telltale is what is read'
    expect 2 diff report.txt run.telltale -o run.telltale
    expect 2 ps run.telltale --follow -o rows
    expect 5 ps run.telltale -o missing/file
    given lossy
    expect 4 check run.telltale --strict -o lossy.txt
    grep -q SUMMARY lossy.txt || fail 'an uncertain answer is one'
    expect_text err 'is not complete'
}

case_strict_tells_a_clean_answer_from_one_that_lacks_events() {
    given lossy
    expect 0 report run.telltale
    expect 4 report run.telltale --strict
    expect 4 check run.telltale --strict
    given clean
    expect 0 report run.telltale --strict
    given killed
    expect 1 report run.telltale --strict
}

case_check_counts_the_classes_it_is_given() {
    given kinds
    expect 1 check run.telltale --fail-on swallowed-cancel
    [ "$(grep -c '^swallowed-cancel: ' "$work/out")" -eq 2 ] || fail 'one finding and one count are expected'
    ! grep -q '^lost-failure' "$work/out" || fail 'lost failures do not count here'
    expect 0 check run.telltale --fail-on held-failure
    given live
    expect 1 check run.telltale --fail-on held-failure,lost-failure
    expect 2 check run.telltale --fail-on lost-failure,frobnicate
    expect_text err frobnicate
}

case_lints_are_silenced_and_made_to_count_and_have_thresholds() {
    given circle
    expect 0 report run.telltale -A await-cycle -A never-started
    ! grep -q 'CYCLE' "$work/out" || fail 'a silenced lint speaks'
    expect 1 report run.telltale -A all -W await-cycle
    ! grep -q 'NEVER' "$work/out" || fail 'a silenced lint speaks'
    expect 0 check run.telltale -A all
    expect 1 check run.telltale -A all --fail-on never-started
    expect 1 check run.telltale -A all -W never-started
    expect 0 check run.telltale --expect await-cycle=2 --expect never-started=2
    given live
    expect 0 report run.telltale -W held-failure --lint held-failure=1h
    expect_text out ' held'
    ! grep -q 'HELD FAILURE' "$work/out" || fail 'it is not held for an hour'
    expect 1 report run.telltale -W held-failure --lint held-failure=1ms
    expect_text out 'HELD FAILURE'
    expect 0 report run.telltale --lint held-failure=0
    expect 1 check run.telltale -W all
    for wrong in '-W frobnicate' '-A frobnicate' '--lint frobnicate=1' '--lint held-failure' '--lint held-failure=5' '--lint held-failure=1parsec' \
        '--lint held-failure=-1s' '--lint held-failure=' '--lint lost-failure=1'; do
        # shellcheck disable=SC2086 # two words
        expect 2 report run.telltale $wrong
    done
}

# Were it read to its end, it would take all memory.
case_what_is_no_list_of_findings_is_refused() {
    given killed
    expect 3 check run.telltale --allow /dev/zero
    expect_text err 'check: /dev/zero is no list of findings: it has more than 1 MiB'
    printf 'lost-failure:*\0\n' >known
    expect 3 check run.telltale --allow known
    expect_text err 'check: known is no list of findings: there is a byte 0 in it'
    expect 3 check run.telltale --allow .
    expect_text err 'check: cannot read .: Is a directory'
}

case_what_is_allowed_can_have_a_last_day_and_a_reason() {
    given killed
    printf 'lost-failure:Exception: Unexpected* ; until 9999-12-31 ; the network is old\n' >known
    expect 0 check run.telltale --allow known
    [ ! -s "$work/err" ] || fail 'a line that matches is complained about'
    printf 'lost-failure:Exception: Unexpected* ; until 2000-01-01 ; the network is old\n' >known
    expect 1 check run.telltale --allow known
    expect_text err 'known:1: this line was for findings until 2000-01-01: the network is old'
    expect_text out 'lost-failure: 3 findings'
    printf 'lost-failure:Exception: Unexpected* ; until %s\n' "$(date +%Y-%m-%d)" >known
    expect 0 check run.telltale --allow known
    printf 'lost-failure:Exception: Unexpected* ; nobody cares\n*:nothing ; because\n' >known
    expect 0 check run.telltale --allow known
    expect_text err 'known:2: nothing matches this line: because'
    printf 'lost:Exception: Unexpected*; until 9999-12-31;\tthe network is old\n' >known
    expect 0 check run.telltale --allow known
    [ ! -s "$work/err" ] || fail 'a line that matches is complained about'
    printf 'lost:Exception?Unexpected*;until 2000-01-01\n' >known # the semicolon is part of the pattern
    expect 1 check run.telltale --allow known
    expect_text err 'known:1: nothing matches this line'
    printf '*:x ; until tomorrow\n' >known
    expect 3 check run.telltale --allow known
    expect_text err 'known:1: a day is written YYYY-MM-DD'
    for day in 2026-13-01 2026-02-30 2026-02-29 2100-02-29 2026-04-31 2026-01-00; do
        printf '*:x ; until %s\n' "$day" >known
        expect 3 check run.telltale --allow known
    done
    printf '*:x ; until 2028-02-29\n' >known
    expect 1 check run.telltale --allow known
}

case_check_passes_over_what_a_handler_was_told() {
    given kinds
    expect 1 check run.telltale --fail-on unreported
    ! grep -q '"dropped"' "$work/out" || fail 'a reported failure counts as unreported'
    expect_text out 'unreported: #13'
}

case_check_wants_exactly_the_number_it_expects() {
    given killed
    expect 0 check run.telltale --expect lost-failure=3
    expect 1 check run.telltale --expect lost-failure=2
    expect_text out '3 findings, 2 expected'
    expect 0 check run.telltale --expect lost=3
    expect 1 check run.telltale --expect lost=2
    expect 2 check run.telltale --expect slow=0 # slow-turn, slow-cancel
    expect 2 check run.telltale --expect los=3
    expect 1 check run.telltale --expect lost-failure=4
    expect 1 check run.telltale --expect lost-failure=3 --expect swallowed-cancel=1
    expect 2 check run.telltale --expect lost-failure
    expect 2 check run.telltale --expect lost-failure=x
    expect 2 check run.telltale --expect frobnicate=1
    given clean
    expect 1 check run.telltale --expect lost-failure=1
}

case_check_passes_over_findings_that_are_allowed() {
    given killed
    printf '# known\n\n  lost-failure:Exception: Unexpected*\r\n' >known
    expect 0 check run.telltale --allow known
    [ ! -s "$work/err" ] || fail 'a line that matches is complained about'
    printf '*:client-[34]\n' >known
    expect 1 check run.telltale --allow known
    expect_text out 'lost-failure: 1 finding'
    expect_text out client-5
    printf 'absorbed-failure:*\n*:echo\n' >known
    expect 0 check run.telltale --allow known
    expect_text err 'known:1: nothing matches this line'
    expect 0 check run.telltale --allow known --expect lost-failure=0
}

case_check_refuses_a_list_that_makes_no_sense() {
    given killed
    expect 3 check run.telltale --allow missing
    printf 'lost-failure:x\nfrobnicate:*\n' >known
    expect 3 check run.telltale --allow known
    expect_text err known:2
    printf 'lost-failure\n' >known
    expect 3 check run.telltale --allow known
    mkdir folder
    expect 3 check run.telltale --allow folder
}

case_ps_refuses_columns_that_are_not_there() {
    given killed
    for columns in frobnicate id,frobnicate '' id,,name 'name"; SELECT 1; --' '"' 'sqlite_version()'; do
        expect 2 ps run.telltale -C "$columns"
        expect 2 ps run.telltale --sort "$columns"
    done
}

case_ps_prints_all_columns_of_the_view() {
    given killed
    expect 0 ps run.telltale -C all --format csv
    expect_text out 'task_id,id_text,process_id,name,coroutine,outcome,state,'
    [ "$(wc -l <"$work/out")" -eq 7 ] || fail 'six tasks and a heading are expected'
}

case_a_filter_may_read_and_nothing_else() {
    given killed
    expect 0 ps run.telltale -C id --filter "name LIKE 'client%' -- all clients" --format csv
    expect_equal "$(cat "$work/out")" "id
#17
#21
#33
#41" 'the filtered tasks'
    expect 2 ps run.telltale --filter 'frobnicate = 1'
    expect_text err frobnicate
    expect 2 ps run.telltale --filter 'name ='
    expect 2 ps run.telltale --filter "load_extension('x.so')"
    expect_text err 'ps: --filter: not authorized'
    expect 2 ps run.telltale --filter "1) ; DELETE FROM task; SELECT (1"
    expect 2 ps run.telltale --filter "writefile('x', 'y')"
}

# Each command whose filter is over tasks knows the columns of ps, whichever it shows.
case_a_filter_over_tasks_knows_the_same_columns_everywhere() {
    given killed
    for command in 'ps run.telltale -C name' 'timeline run.telltale' 'tree run.telltale' 'timeline run.telltale -C name' \
        'tree run.telltale -C name'; do
        case $command in t*-C*) command="$command --format csv" ;; esac
        # shellcheck disable=SC2086 # words of a command line
        expect 0 $command --filter "id = '#21' AND created IS NOT NULL AND age > 0 -- one"
        expect_text out client-4
        ! grep client-3 "$work/out" || fail "$command shows whom the filter leaves out"
        # shellcheck disable=SC2086
        expect 0 $command --filter "ID IN ('#17', '#21') AND by IS NOT NULL AND coalesce(for, at, since, host, busy, ready, waiting, steps, 1)"
        # shellcheck disable=SC2086
        expect 2 $command --filter "id = '#17' AND frobnicate"
    done
    expect 0 failures run.telltale -C count --filter "state = 'lost'"
}

case_sorting_by_id_is_by_number() {
    given kinds
    expect 0 ps run.telltale -C id --sort -id --format csv
    expect_equal "$(sed -n 2,5p "$work/out" | tr '\n' ' ')" 'p1#2 #14 #11 #10 ' 'the last ids'
}

case_values_of_options_are_checked() {
    given killed
    expect 2 ps run.telltale --format yaml
    expect_text err 'table, json, ndjson, csv'
    expect 2 ps run.telltale --limit many
    expect 2 ps run.telltale --limit -1
    expect 2 ps run.telltale --limit 99999999999999999999
    expect 2 ps run.telltale --limit
    expect 2 ps run.telltale --color sometimes
    expect 2 ps run.telltale --json=yes
    expect 2 ps run.telltale -x
    expect 2 report run.telltale --timeout never
    expect 2 record --ring-bytes 100K -- true
    expect 2 record --ring-bytes 32K -- true
    expect 2 record --ring-bytes 2G -- true
    expect 2 record --events task,frobnicate -- true
    [ ! -e run.telltale-wal ] || fail 'something was written'
}

case_show_finds_tasks_by_id_and_name() {
    given killed
    for task in 17 '#17' client-3 'client-3#1'; do
        expect 0 show run.telltale "$task"
        expect_text out '#17 "client-3": failed, lost (killed)'
    done
    given kinds
    expect 0 show run.telltale 'p1#2'
    expect 0 show run.telltale 'main#2'
    expect_text out 'p1#2 "main"'
    expect 2 show run.telltale main
    given clean
    expect 0 show run.telltale 'work#2'
    expect_text out '#4 "work": returned'
}

case_show_says_when_there_is_no_such_task() {
    given killed
    for task in 18 '#99' nobody 'client-3#2' 'client-3#0' 'client-3#x' 'p7#17' '' '%' "' OR 1"; do
        expect 2 show run.telltale "$task"
        [ "$(wc -l <"$work/err")" -eq 1 ] || fail 'one line is expected'
    done
}

case_query_reads_sql_from_a_file_and_from_the_standard_input() {
    given killed
    printf -- '-- how many\nSELECT count(*) AS tasks FROM tasks;\nSELECT count(*) AS failures FROM failures;\n' >questions.sql
    expect 0 query -f questions.sql run.telltale
    expect_equal "$(cat "$work/out")" "tasks
6
failures
3" 'two answers'
    "$telltale" query -f - run.telltale <questions.sql >answers
    expect_equal "$(cat answers)" "$(cat "$work/out")" 'the same from the standard input'
    expect 3 query -f missing.sql run.telltale
    expect 2 query -f questions.sql run.telltale 'SELECT 1'
    expect 2 query run.telltale ' -- nothing'
}

case_query_reads_views_and_tables_as_json() {
    given killed
    for view in tasks failures leaks cancellations processes losses; do
        expect 0 query run.telltale "SELECT * FROM $view" --json
        python3 -m json.tool <"$work/out" >/dev/null || fail "no JSON: $view"
    done
}

case_a_query_without_end_is_stopped() {
    given killed
    expect 3 query run.telltale 'WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n' --timeout 1
    expect_text err --timeout
}

case_report_writes_findings_as_rows() {
    given kinds
    expect 1 report run.telltale -A stall --format json
    python3 -c 'import json, sys; rows = json.load(sys.stdin); assert len(rows) == 8, rows; assert rows[5]["lint"] == "absorbed-failure"' \
        <"$work/out" || fail 'eight findings are expected'
    expect 1 report run.telltale -A stall --format csv
    [ "$(wc -l <"$work/out")" -ge 9 ] || fail 'eight findings and a heading are expected'
}

case_the_groups_that_are_shown_can_be_limited() {
    given kinds
    expect 1 report run.telltale --limit 2
    [ "$(grep -c '^LOST FAILURE' "$work/out")" -eq 2 ] || fail 'two groups are expected'
    expect_text out '3 more groups of lost-failure; --limit 0 shows all'
    expect_text out '5 lost failures in 5 groups'
    expect 1 report run.telltale --limit 0
    [ "$(grep -c '^LOST FAILURE' "$work/out")" -eq 5 ] || fail 'all groups are expected'
}

case_queries_are_printed_instead_of_answers() {
    given kinds
    for command in 'report run.telltale' 'check run.telltale' 'ps run.telltale' 'show run.telltale dropped'; do
        # shellcheck disable=SC2086 # words of a command line
        run "$telltale" $command --explain-sql
        expect_text out SELECT
        ! grep -q '"dropped"' "$work/out" || fail "$command prints answers"
        # What is printed is SQL: it runs. The names of TEMP views are those of the store's own.
        run sqlite3 -readonly run.telltale ".read $work/out"
    done
}

case_a_day_that_the_calendar_has_not_is_no_time() {
    given killed
    for day in 2026-02-30 2026-02-29 2026-06-31 2100-02-29; do
        expect 2 timeline run.telltale --until "${day}T12:00:00Z"
        expect_text err "--until wants a time, not ${day}T12:00:00Z"
    done
    expect 0 timeline run.telltale --until 2028-02-29T12:00:00Z
}

# What could not be written is no answer; $1 is what has no place for it.
expect_no_answer() { # WHY COMMAND...
    why=$1
    shift
    [ "$status" -eq 5 ] || fail "telltale $* ended with $status"
    expect_text err "cannot write to the standard output: $why"
}

case_a_standard_output_that_is_closed_or_full_is_told() {
    given killed
    cp run.telltale earlier.telltale
    given clean
    for command in 'ps run.telltale' 'report run.telltale' 'diff earlier.telltale run.telltale' 'help' '--version' 'ps --help' \
        'export run.telltale --format chrome' 'query run.telltale SELECT(1)'; do
        status=0
        # shellcheck disable=SC2086 # words of a command line
        "$telltale" $command >&- 2>"$work/err" || status=$?
        expect_no_answer 'Bad file descriptor' "$command"
        status=0
        # shellcheck disable=SC2086 # words of a command line
        "$telltale" $command >/dev/full 2>"$work/err" || status=$?
        expect_no_answer 'No space left on device' "$command"
    done
    sqlite3 run.telltale "WITH RECURSIVE n (v) AS (SELECT 1 UNION ALL SELECT v + 1 FROM n WHERE v < 60)
        INSERT INTO site (site_id, hash, file, line, func, text) SELECT 1000 + v, 1000 + v, 'app.c', v, 'kind_' || v, 'f' FROM n;
        INSERT INTO task (task_id, loop_id, parent_kind, created_ns, created_site_id, has_handle, started_ns, ended_ns, outcome)
        SELECT site_id, 1, 0, 1000000, site_id, 1, 2000000, 3000000, 1 FROM site WHERE site_id > 1000"
    expect 0 diff earlier.telltale run.telltale
    [ "$(wc -c <"$work/out")" -gt 4096 ] || fail 'this answer was to be longer than what is written at once'
    status=0
    "$telltale" diff earlier.telltale run.telltale >/dev/full 2>"$work/err" || status=$?
    expect_no_answer 'No space left on device' 'a long difference'
    expect 0 ps run.telltale -o tasks.txt
    "$telltale" ps run.telltale -o more.txt >&- || fail 'an answer that goes elsewhere needs no standard output'
    cmp -s tasks.txt more.txt || fail 'it is the same answer'
}

case_infinity_is_no_number_with_decimals() {
    given clean
    expect 0 query run.telltale 'SELECT 9e999 AS a, -9e999 AS b, 1.0 AS c, 1e300 AS d' --format csv
    expect_equal "$(sed 1d "$work/out")" 'inf,-inf,1.0,1e+300' 'the row'
    expect 0 query run.telltale 'SELECT 9e999 AS a, -9e999 AS b, 1.0 AS c' --format ndjson
    expect_equal "$(cat "$work/out")" '{"a": null, "b": null, "c": 1.0}' 'the object'
}

case_version_is_printed() {
    expect 0 --version
    expect_text out 'telltale '
}

run_case "$@"
