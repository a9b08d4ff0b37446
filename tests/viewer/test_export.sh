#!/bin/sh
# test_export.sh: what telltale export writes, as programs of others read it.
# shellcheck source-path=SCRIPTDIR source=given.sh disable=SC2154,SC2317 # variables of case.sh; cases are called by name
. "$(dirname "$0")/given.sh"
# shellcheck source=readers.sh
. "$(dirname "$0")/readers.sh"

stepper=$TELLTALE_TEST_BUILD/tests/e2e/stepper

# Compares what the last reader said with the file expected/NAME.txt.
expect_read() { # NAME
    if [ -n "${TELLTALE_TEST_WRITE:-}" ]; then
        cp "$work/out" "$screens/$1.txt"
    elif ! diff -u "$screens/$1.txt" "$work/out" >"$work/difference"; then
        cat "$work/difference" >&2
        fail "what is read is not that of $screens/$1.txt"
    fi
}

# All that there is to see in a trace.
ask_all() { # TRACE
    ask_trace "$1" <<'END'
SELECT name, idx, value FROM stats WHERE severity = 'error' AND value > 0
SELECT pid, name, cmdline FROM process WHERE pid > 0
SELECT tid, name FROM thread WHERE tid > 0
SELECT clock_name, clock_value FROM clock_snapshot
SELECT t.name, s.ts, s.dur, s.depth, s.category, s.name FROM slice s JOIN track t ON s.track_id = t.id ORDER BY s.ts, s.id
SELECT o.name, i.name FROM flow f JOIN slice o ON f.slice_out = o.id JOIN slice i ON f.slice_in = i.id ORDER BY f.id
SELECT p.pid, t.name, c.ts, c.value FROM counter c JOIN process_counter_track t ON c.track_id = t.id JOIN process p USING (upid) ORDER BY t.name, p.pid, c.ts
SELECT s.ts, s.name, a.key, a.display_value FROM slice s JOIN args a USING (arg_set_id) WHERE a.flat_key LIKE 'debug.%' OR a.flat_key LIKE 'args.%' ORDER BY s.ts, s.id, a.id
END
}

case_perfetto_reads_tasks_arrows_instants_and_levels() {
    given kinds
    must "$telltale" export run.telltale --format perfetto -o trace
    ask_all trace
    expect_read export_perfetto_kinds
}

case_perfetto_reads_who_waits_for_whom_and_what_is_pending() {
    given hang
    must "$telltale" export run.telltale --format perfetto -o trace
    ask_all trace
    expect_read export_perfetto_hang
}

case_perfetto_reads_what_a_killed_process_left() {
    given killed
    must "$telltale" export run.telltale --format perfetto -o trace
    ask_all trace
    expect_read export_perfetto_killed
}

case_perfetto_reads_that_events_were_lost() {
    given lossy
    must "$telltale" export run.telltale --format perfetto -o trace
    expect_text err '37 events lost'
    ask_all trace
    expect_read export_perfetto_lossy
}

case_perfetto_reads_hostile_text_escaped() {
    given hostile
    must "$telltale" export run.telltale --format perfetto -o trace
    ask_all trace
    expect_read export_perfetto_hostile
}

case_perfetto_reads_the_same_out_of_chrome_s_format() {
    given kinds
    must "$telltale" export run.telltale --format chrome -o trace.json
    ask_all trace.json
    expect_read export_chrome_kinds
}

case_speedscope_reads_what_held_up_loops() {
    given kinds
    must "$telltale" export run.telltale --format chrome -o trace.json
    ask_speedscope trace.json
    expect_read export_speedscope_kinds
}

# What the store says of steps, as numbers of a trace.
steps_of() { # STORE
    "$telltale" query "$1" --format csv "
        SELECT count(*), sum(ended_ns - began_ns), count(nullif(wait_kind, 'none')), sum(wait_ended_ns - ended_ns) FILTER (WHERE wait_kind <> 'none')
        FROM steps" | tail -n 1 | tr ',' '|'
}

case_steps_and_waits_are_slices_to_the_nanosecond() {
    must "$telltale" record -o run.telltale --events +step -- "$stepper" log 30 1
    must "$telltale" export run.telltale --format perfetto -o trace
    expected=$(steps_of run.telltale)
    ask_trace trace <<'END'
SELECT count(*) FROM stats WHERE severity = 'error' AND value > 0
SELECT count(*), sum(dur), (SELECT count(*) FROM slice WHERE category = 'wait'), (SELECT sum(dur) FROM slice WHERE category = 'wait') FROM slice s JOIN thread_track t ON s.track_id = t.id
SELECT count(*), sum(dur), (SELECT count(*) FROM slice WHERE category = 'wait'), (SELECT sum(dur) FROM slice WHERE category = 'wait') FROM slice WHERE name = 'runs'
SELECT max(depth) FROM slice s JOIN thread_track t ON s.track_id = t.id
SELECT count(*) > 0, sum(s.name GLOB 'waits for task*' AND d.name GLOB 'awaited by *') = count(*) FROM flow f JOIN slice s ON f.slice_out = s.id JOIN slice d ON f.slice_in = d.id WHERE s.category = 'wait'
END
    expect_equal "$(grep -v '^?' "$work/out")" "0
$expected
$expected
0
1|1" 'what the trace processor adds up'
}

case_steps_are_frames_in_speedscope() {
    must "$telltale" record -o run.telltale --events +step -- "$stepper" log 30 1
    must "$telltale" export run.telltale --format chrome -o trace.json
    ask_speedscope trace.json
    # Its numbers are floating ones, in microseconds.
    busy=$(sed -n 's/^  .*|//p' "$work/out" | awk '{ sum += $1 } END { printf "%.1f", sum }')
    expect_equal "$busy" "$("$telltale" query run.telltale --format csv 'SELECT printf("%.1f", sum(ended_ns - began_ns) / 1e3) FROM steps' | tail -n 1)" 'the sum of all frames'
}

case_a_span_of_time_has_what_lasted_then() {
    given killed
    must "$telltale" export run.telltale --format perfetto --since 5s --until 6s -o trace
    ask_trace trace <<'END'
SELECT count(*) FROM stats WHERE severity = 'error' AND value > 0
SELECT s.name FROM slice s WHERE category = 'task' ORDER BY s.ts
SELECT count(*) FROM slice WHERE category NOT IN ('task', 'wait') AND ts NOT BETWEEN (SELECT clock_value FROM clock_snapshot WHERE clock_name = 'MONOTONIC') + 5000000000 AND (SELECT clock_value FROM clock_snapshot WHERE clock_name = 'MONOTONIC') + 6000000000
SELECT count(*) FROM slice s JOIN track t ON s.track_id = t.id WHERE t.name IS NULL AND s.category = 'creation'
END
    expect_read export_perfetto_span
    must "$telltale" export run.telltale --format csv --view failures --since 5s --until 6s
    expect_equal "$(cut -d, -f2 "$work/out" | tr '\n' ' ')" 'id_text #17 #21 ' 'failures that nobody had looked at then'
    run "$telltale" export run.telltale --format csv --view places --since 5s
    expect_status 2 'a view without times'
}

case_a_store_that_grows_and_one_that_a_kill_left_are_exported() {
    fetch_trace_processor # skips, if at all, before there is a process
    "$telltale" record -o run.telltale -- "$TELLTALE_TEST_BUILD/bin/examples/echo_server" >port 2>/dev/null &
    recorder=$!
    background="$background $recorder"
    wait_until has_line port
    server=$(find_child "$recorder" "$(readlink -f "$TELLTALE_TEST_BUILD/bin/examples/echo_server")")
    background="$background $server"
    wait_until sh -c "\"$telltale\" query run.telltale 'SELECT id_text FROM tasks' | grep -q '#2'"
    must "$telltale" export run.telltale --format perfetto -o live
    ask_trace live <<'END'
SELECT count(*) FROM stats WHERE severity = 'error' AND value > 0
SELECT count(*) > 0, sum(dur = -1) = count(*) FROM slice WHERE category = 'task'
END
    expect_equal "$(grep -v '^?' "$work/out")" "0
1|1" 'tasks of a running program have not ended'
    kill -KILL "$server"
    wait "$recorder" || :
    must "$telltale" export run.telltale --format perfetto -o killed
    ask_trace killed <<'END'
SELECT count(*) FROM stats WHERE severity = 'error' AND value > 0
SELECT count(*) > 0, sum(dur > 0) = count(*) FROM slice WHERE category = 'task'
END
    expect_equal "$(grep -v '^?' "$work/out")" "0
1|1" 'those of one that was killed ended with it'
}

case_graphviz_draws_the_graph() {
    command -v dot >/dev/null || skip 'graphviz is not installed'
    for store in killed kinds hostile circle hang lossy; do
        given "$store"
        must "$telltale" export run.telltale --format dot -o run.dot
        must dot -Tplain run.dot
        [ ! -s "$work/err" ] || fail "dot complains about $store"
        expect_equal "$(grep -c '^node ' "$work/out")" "$(ask run.telltale 'SELECT count(*) FROM tasks')" "nodes of $store"
        expect_equal "$(grep -c '^edge ' "$work/out")" \
            "$(ask run.telltale 'SELECT (SELECT count(parent_id) FROM creations) + (SELECT count(awaited_task_id) FROM awaits)')" "edges of $store"
    done
}

case_the_graph_tells_creations_from_waits_and_how_tasks_ended() {
    given hang
    expect_screen export_dot_hang export run.telltale --format dot
    given hostile
    expect_screen export_dot_hostile export run.telltale --format dot
}

case_rows_of_a_view_have_its_columns() {
    given kinds
    for view in $(ask run.telltale "SELECT name FROM sqlite_schema WHERE type = 'view'"); do
        must "$telltale" export run.telltale --format csv --view "$view"
        expect_equal "$(head -n 1 "$work/out")" "$(ask run.telltale "SELECT group_concat(name) FROM pragma_table_xinfo('$view')")" "columns of $view"
        must "$telltale" export run.telltale --format ndjson --view "$view"
        expect_equal "$(wc -l <"$work/out")" "$(ask run.telltale "SELECT count(*) FROM $view")" "rows of $view"
    done
    expect_screen export_csv_stalls export run.telltale --format csv --view stalls
    expect_screen export_ndjson_stalls export run.telltale --format ndjson --view stalls --since 1s
    must "$telltale" export run.telltale --format csv
    expect_equal "$(wc -l <"$work/out")" 13 'tasks are the rows if no view is named'
}

case_an_export_that_makes_no_sense_is_refused() {
    given kinds
    for wrong in '' '--format xml' '--format dot --view tasks' '--format csv --view task' '--format csv --view sqlite_schema' '--format csv --view nothing' \
        '--format csv --since yesterday' '--format perfetto -o run.telltale' '--format csv -o ./run.telltale'; do
        # shellcheck disable=SC2086 # words
        run "$telltale" export run.telltale $wrong
        expect_status 2 "export $wrong"
    done
    expect_equal "$(ask run.telltale 'SELECT count(*) FROM task')" 12 'the store is as it was'
    run "$telltale" export missing --format csv -o file
    expect_status 3 'a store that is not there'
    [ ! -e file ] || fail 'there is a file all the same'
}

case_a_file_appears_when_it_is_complete() {
    given kinds
    echo earlier >file
    chmod 640 file
    run "$telltale" export run.telltale --format csv --view nothing -o file
    expect_equal "$(cat file)" earlier 'what was there after a mistake'
    sqlite3 run.telltale "PRAGMA writable_schema = 1; DELETE FROM sqlite_schema WHERE name = 'cancellation'"
    run "$telltale" export run.telltale --format perfetto -o file
    expect_status 3 'a damaged store'
    expect_equal "$(cat file)" earlier 'what was there after a failure'
    given kinds
    must "$telltale" export run.telltale --format csv --view stalls -o file
    must "$telltale" export run.telltale --format csv --view stalls
    cmp -s file "$work/out" || fail 'the file is not what is printed without it'
    ln -s file link
    must "$telltale" export run.telltale --format ndjson --view stalls -o link
    { [ -L link ] && grep -q '^{' file; } || fail 'links are followed'
    run "$telltale" export run.telltale --format perfetto -o /dev/full
    expect_status 5 'a device that is full'
    run "$telltale" export run.telltale --format perfetto -o no/folder
    expect_status 5 'a folder that is not there'
    must "$telltale" export run.telltale --format perfetto -o /dev/null
    must "$telltale" export run.telltale --format csv -o -
    expect_text out 'task_id,'
    expect_equal "$(ls)" 'file
link
run.telltale' 'what is in the folder'
}

case_no_export_has_control_characters() {
    given hostile
    for format in chrome dot csv ndjson; do # of perfetto's, which is no text, the trace processor tells
        must "$telltale" export run.telltale --format "$format"
        ! grep -q "$(printf '\033')" "$work/out" || fail "an escape character is in $format"
        ! grep -q "$(printf '\342\200\256')" "$work/out" || fail "an override of direction is in $format"
    done
}

case_export_prints_its_queries() {
    given killed
    expect_screen export_explained export run.telltale --format perfetto --explain-sql
}

# Kilobytes that an export of the store takes at most.
export_memory() { # STORE
    python3 -c 'import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)' "$telltale" export "$1" --format perfetto -o out.pftrace
}

add_tasks() { # FROM TO
    sqlite3 run.telltale "WITH RECURSIVE n(x) AS (SELECT $1 UNION ALL SELECT x + 1 FROM n WHERE x < $2)
        INSERT INTO task (task_id, name, created_ns, created_site_id, started_ns, ended_ns, outcome)
        SELECT x, 'more', x * 7919 % 1000003, 1, x * 7919 % 1000003 + 10, x * 7919 % 1000003 + 1000 + x * 31 % 99991, 1 FROM n"
}

case_more_tasks_take_no_more_memory() {
    [ -z "${TELLTALE_TEST_SANITIZE-}" ] || skip 'a sanitizer takes memory of its own'
    given clean
    add_tasks 1000 20000
    few=$(export_memory run.telltale)
    add_tasks 20001 120000
    many=$(export_memory run.telltale)
    [ "$many" -le $((few + 5000)) ] || fail "$few KiB with 20,000 tasks, $many KiB with 120,000"
}

run_case "$@"
