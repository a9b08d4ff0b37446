#!/bin/sh
# test_figures.sh: every figure on a screen is one that the queries give which --explain-sql prints, asked with plain sqlite3.
# shellcheck source-path=SCRIPTDIR source=given.sh disable=SC2154,SC2317 # variables of case.sh; cases are called by name
. "$(dirname "$0")/given.sh"

compare() { # STORE COMMAND...
    must env FIGURES_PRELOAD="$(sanitizer_runtime)" "$TELLTALE_TEST_SOURCE/tests/viewer/figures.py" "$telltale" "$TELLTALE_TEST_BUILD/lib/libtelltale-sqlite" \
        "$TELLTALE_TEST_SOURCE/tracer/views/stream" "$@"
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
        ask before.telltale "$(cat query)" >answer
        [ "$(wc -c <answer)" -gt 40 ] || fail "query $number says little: $(cat answer)"
        grep -qF "json_each('$(sed "s/'/''/g" answer)')" queries || fail "the first recording says otherwise: $(cat answer)"
    done
}

# Perfetto's own is not text: its reader looks at it in test_export.sh.
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

# A figure that no query gives is found.
case_a_figure_of_its_own_is_found() {
    given killed
    cat >liar <<END
#!/bin/sh
case "\$*" in *--explain-sql*) exec "$telltale" "\$@" ;; esac
"$telltale" "\$@" | sed '1s/4711/4712/'
END
    chmod +x liar
    run "$TELLTALE_TEST_SOURCE/tests/viewer/figures.py" ./liar "$TELLTALE_TEST_BUILD/lib/libtelltale-sqlite" \
        "$TELLTALE_TEST_SOURCE/tracer/views/stream" run.telltale report run.telltale
    [ -z "${TELLTALE_TEST_SANITIZE-}" ] || skip "a sanitizer's runtime would have to be loaded first"
    expect_status 1 'a wrong figure'
    expect_text out '4712: '
}

run_case "$@"
