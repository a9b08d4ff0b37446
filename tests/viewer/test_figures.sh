#!/bin/sh
# test_figures.sh: every figure on a screen is one that the queries give which --explain-sql prints, asked with plain sqlite3.
# shellcheck source-path=SCRIPTDIR source=given.sh disable=SC2154,SC2317 # variables of case.sh; cases are called by name
. "$(dirname "$0")/given.sh"
# shellcheck source=readers.sh
. "$(dirname "$0")/readers.sh"

compare() { # STORE COMMAND...
    must env FIGURES_PRELOAD="$(sanitizer_runtime)" "$TELLTALE_TEST_SOURCE/tests/viewer/figures.py" "$telltale" "$TELLTALE_TEST_BUILD/lib/libtelltale-sqlite" \
        "$@"
    figure_count=$((figure_count + $(sed -n 's/ figures on the screen.*//p' "$work/out")))
}

# All that commands print of a store.
compare_all() { # STORE LEAST TASK...
    store=$1
    least=$2
    shift 2
    figure_count=0
    for command in 'report --all' check ps failures 'failures --group' tree 'tree --by await' timeline stats 'stats --table histogram'; do
        # shellcheck disable=SC2086 # words of a command line
        compare "$store" "${command%% *}" "$store" ${command#"${command%% *}"}
    done
    for task in "$@"; do
        compare "$store" show "$store" "$task" --no-source
        compare "$store" explain "$store" "$task" --no-source
    done
    [ "$figure_count" -gt "$least" ] || fail "only $figure_count figures were compared"
}

tasks_of() { # STORE HOW-MANY
    ask "$1" "SELECT task_id FROM tasks ORDER BY outcome = 'returned', task_id LIMIT $2"
}

compare_given() { # NAME TASK...
    given "$1"
    shift
    compare_all run.telltale 50 "$@"
}

case_of_a_killed_server() {
    compare_given killed 2 17
}

case_of_findings_of_each_kind() {
    compare_given kinds 2 3
}

case_of_stalls() {
    compare_given stall 2 8
}

case_of_a_recording_with_losses() {
    compare_given lossy 2
}

case_of_a_program_that_runs() {
    compare_given live 2 3 4
}

case_of_circles() {
    compare_given circle 2 3
}

case_of_spans() {
    given stall
    figure_count=0
    compare run.telltale stats run.telltale --since 1s --until 2s
    compare run.telltale ps run.telltale --since 50%
    compare run.telltale tree run.telltale --at 50%
    compare run.telltale timeline run.telltale --since 1s
    [ "$figure_count" -gt 40 ] || fail "only $figure_count figures were compared"
}

# Of two recordings: the queries that are asked of the second one have in them what the first answered.
case_of_differences() {
    given before
    mv run.telltale before.telltale
    given after
    figure_count=0
    compare run.telltale diff before.telltale run.telltale
    compare run.telltale diff before.telltale run.telltale --format csv
    [ "$figure_count" -gt 30 ] || fail "only $figure_count figures were compared"
    must "$telltale" diff before.telltale run.telltale --explain-sql
    cp "$work/out" queries
    for number in 1 2; do
        awk -v number="$number" 'BEGIN { RS = "\n;\n" } NR == number' queries >query
        "$telltale" query before.telltale "$(cat query)" --format csv | sed '1d; s/^"//; s/"$//; s/""/"/g' >answer
        [ "$(wc -c <answer)" -gt 40 ] || fail "query $number says little: $(cat answer)"
        grep -qF "json_each('$(sed "s/'/''/g" answer)')" queries || fail "the first recording says otherwise: $(cat answer)"
    done
}

case_of_exports() {
    given kinds
    figure_count=0
    for format in dot chrome csv ndjson 'csv --view stalls' 'ndjson --view failures'; do
        # shellcheck disable=SC2086 # words of a command line
        compare run.telltale export run.telltale --format $format
    done
    given killed
    compare run.telltale export run.telltale --format chrome
    [ "$figure_count" -gt 1000 ] || fail "only $figure_count figures were compared"
}

# What the store says there is to draw: of each category how many things, how long they last together, and the sum of the times at
# which they begin; then arrows, and levels.
drawn_by_views() { # STORE
    "$telltale" query "$1" --format csv "
WITH life AS (
        SELECT t.task_id, coalesce(t.created_ns, t.started_ns, p.started_ns, 0) AS from_ns, coalesce(t.ended_ns, p.ended_ns) AS to_ns, t.wait_since_ns,
            t.wait_text
        FROM tasks AS t JOIN processes AS p ON p.process_id = t.process_id),
    step AS (
        SELECT s.*, coalesce(s.wait_ended_ns, (SELECT l.to_ns FROM life AS l WHERE l.task_id = s.task_id AND l.wait_since_ns = s.ended_ns)) AS wait_to_ns
        FROM steps AS s WHERE s.began_ns IS NOT NULL AND s.task_id IN (SELECT task_id FROM task)),
    creation AS (SELECT l.from_ns FROM creations AS c JOIN life AS l ON l.task_id = c.task_id WHERE c.parent_id IS NOT NULL),
    awaiting AS (
        SELECT ended_ns AS from_ns, 1 AS instants FROM step WHERE wait_kind = 'task' AND wait_object IN (SELECT task_id FROM task)
        UNION ALL
        SELECT since_ns, 2 FROM awaits WHERE since_ns IS NOT NULL AND awaited_task_id IN (SELECT task_id FROM task) AND NOT EXISTS (SELECT 1 FROM steps)),
    thing (category, from_ns, to_ns, times) AS (
        SELECT 'task', from_ns, to_ns, 1 FROM life
        UNION ALL SELECT 'creation', from_ns, from_ns, 1 FROM creation
        UNION ALL SELECT 'step', began_ns, coalesce(ended_ns, began_ns), 2 FROM step
        UNION ALL SELECT 'wait', ended_ns, coalesce(wait_to_ns, ended_ns), 1 FROM step WHERE wait_kind <> 'none' AND ended_ns IS NOT NULL
        UNION ALL SELECT 'wait', wait_since_ns, to_ns, 1 FROM life WHERE wait_since_ns IS NOT NULL AND wait_text IS NOT NULL AND NOT EXISTS (SELECT 1 FROM steps)
        UNION ALL SELECT 'stall', began_ns, ended_ns, 1 FROM stalls WHERE NOT EXISTS (SELECT 1 FROM steps)
        UNION ALL SELECT 'await', from_ns, from_ns, instants FROM awaiting
        UNION ALL SELECT 'story', ns, ns, 1 FROM story WHERE ns IS NOT NULL AND kind IN ('raised', 'inherited', 'failed', 'read', 'forwarded', 'discarded', 'told',
            'asked', 'delivered', 'uncancelled', 'swallowed', 'converted', 'expired', 'aborted', 'noted', 'released')
        UNION ALL SELECT 'finding', since_ns + iif(lint LIKE '%-failure', coalesce(lasted_ns, 0), 0), NULL, 1 FROM leaks WHERE since_ns IS NOT NULL
        UNION ALL SELECT 'loss', coalesce(from_ns, to_ns, (SELECT p.started_ns FROM processes AS p WHERE p.process_id = l.process_id), 0), NULL, 1 FROM losses AS l)
SELECT * FROM (
    SELECT category, sum(times), sum(times * (coalesce(to_ns, from_ns) - from_ns)), sum(times * from_ns) FROM thing GROUP BY 1
    UNION ALL SELECT 'arrows', (SELECT count(*) FROM creation) + (SELECT count(*) FROM awaiting), 0, 0
    UNION ALL SELECT 'level: ' || what, count(*), sum(level), sum(ns) FROM levels GROUP BY what)
ORDER BY 1" | sed 1d | tr ',' '|'
}

# The same, as perfetto's trace processor finds it in the trace. It sorts by what it was told, and makes slices of beginnings and ends.
drawn_in_trace() { # TRACE
    ask_trace "$1" <<'END'
SELECT name, idx, value FROM stats WHERE severity = 'error' AND value > 0
SELECT * FROM (SELECT category, count(*), sum(dur), sum(ts - (SELECT clock_value FROM clock_snapshot WHERE clock_name = 'MONOTONIC')) FROM slice GROUP BY 1 UNION ALL SELECT 'arrows', count(*), 0, 0 FROM flow UNION ALL SELECT 'level: ' || t.name, count(*), CAST(sum(c.value) AS INT), sum(c.ts - (SELECT clock_value FROM clock_snapshot WHERE clock_name = 'MONOTONIC')) FROM counter c JOIN process_counter_track t ON c.track_id = t.id GROUP BY t.name) ORDER BY 1
END
    grep -v '^?' "$work/out"
}

compare_trace() { # STORE LEAST-LINES
    must "$telltale" export "$1" --format perfetto -o trace
    drawn_by_views "$1" >expected
    drawn_in_trace trace >found
    diff -u expected found >difference || fail "what the trace processor finds is not what views say: $(cat difference)"
    [ "$(wc -l <found)" -ge "$2" ] || fail "there is little in it: $(cat found)"
}

# Perfetto's own format is no text: its reader adds up what is in it.
case_of_traces_for_perfetto() {
    for store in kinds killed hang lossy stall; do
        given "$store"
        compare_trace run.telltale 4
    done
}

case_of_traces_of_the_golden_story() {
    [ -x "$TELLTALE_TEST_BUILD/tests/e2e/golden" ] || fail 'the golden story is not built'
    for events in default +step,turn; do
        [ "$events" = default ] || export TELLTALE_EVENTS=$events
        run "$telltale" record -o run.telltale -- "$TELLTALE_TEST_BUILD/tests/e2e/golden" truth
        compare_trace run.telltale 6
    done
}

# The story with 200 tasks, with and without steps.
case_of_the_golden_story() {
    [ -x "$TELLTALE_TEST_BUILD/tests/e2e/golden" ] || fail 'the golden story is not built'
    for events in default +step,turn; do
        [ "$events" = default ] || export TELLTALE_EVENTS=$events
        run "$telltale" record -o run.telltale -- "$TELLTALE_TEST_BUILD/tests/e2e/golden" truth
        # shellcheck disable=SC2046 # numbers
        compare_all run.telltale 1000 $(tasks_of run.telltale 4)
    done
}

case_of_examples() {
    for example in exception_handler group_failures; do
        run "$telltale" record -o "$example.telltale" -- "$TELLTALE_TEST_BIN/examples/$example"
        # shellcheck disable=SC2046 # numbers
        compare_all "$example.telltale" 50 $(tasks_of "$example.telltale" 2)
    done
}

# What figures.py says when telltale's screen is changed by the sed script LIE.
expect_found() { # LIE COMMAND STORE...
    lie=$1
    shift
    cat >liar <<END
#!/bin/sh
case "\$*" in *--explain-sql*) exec "$telltale" "\$@" ;; esac
"$telltale" "\$@" | sed -E '$lie'
END
    chmod +x liar
    "$telltale" "$@" | sed -E "$lie" >lied
    ! "$telltale" "$@" | cmp -s - lied || fail "no lie: $lie"
    run "$TELLTALE_TEST_SOURCE/tests/viewer/figures.py" ./liar "$TELLTALE_TEST_BUILD/lib/libtelltale-sqlite" \
        run.telltale "$@"
    expect_status 1 "$* with $lie"
}

# A figure that no query gives is found; in a table also one that stands in another column or row, and a row that is missing.
case_lies_are_found() {
    [ -z "${TELLTALE_TEST_SANITIZE-}" ] || skip "a sanitizer's runtime would have to be loaded first"
    given killed
    expect_found '1s/4711/4712/' report run.telltale
    expect_text out '4712'
    expect_found 's/for 2\.399 s/for 11.196 s/' report run.telltale
    expect_found 's/ 1\.5 ms 20\.0 us/ 20.0 us 1.5 ms/' ps run.telltale
    expect_found 's/102\.4 ms/869.4 ms/' ps run.telltale
    expect_found '/^#21/d' ps run.telltale
    expect_found '/^#17/{h;d};/^#21/{G}' ps run.telltale
    expect_found 's/(SERVE|serve)( +)1( +)0/\1\20\31/I' stats run.telltale
    expect_found 's/6\.400 s/2.529 s/' failures run.telltale
    expect_found 's/1\.000 s/1.001 s/' tree run.telltale
    expect_found '/"client-4"/d' tree run.telltale
    expect_found '3s/0/1/' export run.telltale --view tasks --format csv
}

run_case "$@"
