#!/bin/sh
# test_plugin.sh: the component sink.telltale.store in the program babeltrace2 makes the store that import makes.
# shellcheck source-path=SCRIPTDIR source=traces.sh disable=SC2154,SC2317 # variables of case.sh; cases are called by name
. "$(dirname "$0")/traces.sh"

convert() { # TRACE STORE [PARAMETERS]
    run_babeltrace2 --plugin-path="$plugins" "$1" -c sink.telltale.store -p "path=\"$2\"${3-}"
}

# All rows of all tables, but for what names the recording itself.
dump() { # STORE
    sqlite3 "$1" .dump | grep -v '^INSERT INTO recording' | sort
}

case_the_plugin_makes_the_store_that_import_makes() {
    for scenario in whole two_processes discarded missing newer; do
        import_trace "$scenario"
        convert "$scenario" plugin.telltale
        expect_status 0 "babeltrace2 of $scenario"
        dump "$scenario.telltale" >imported
        dump plugin.telltale >converted
        cmp -s imported converted || fail "$scenario: $(diff imported converted | head -5)"
        [ "$(wc -l <imported)" -gt 100 ] || fail 'the stores are empty'
        rm plugin.telltale
    done
}

# What babeltrace2 said, without the ends of lines that it puts in.
expect_said() { # TEXT
    tr -s '\n ' '  ' <"$work/err" | grep -qF -- "$1" || fail "stderr does not say: $1"
}

# A store that is there, another file, a link: as telltale import treats them.
case_a_store_is_replaced_by_a_whole_one_and_other_files_are_left() {
    make_trace whole
    make_trace killed
    make_trace foreign
    convert whole run.telltale
    expect_status 0 babeltrace2
    convert killed run.telltale
    expect_status 0 'in place of an earlier one'
    expect_rows run.telltale 'SELECT count(*) FROM tasks' 3
    cksum run.telltale >before
    convert foreign run.telltale
    expect_status 1 'a trace of somebody else'
    expect_said 'no event of telltale was recorded in the trace; nothing was written'
    printf 'no store\n' >other
    ln -s run.telltale link
    for name in other link .; do
        convert whole "$name"
        expect_status 1 "$name"
    done
    expect_equal "$(cat other)" 'no store' 'the other file'
    cksum run.telltale | cmp -s - before || fail 'the store has changed'
    convert foreign new.telltale
    expect_status 1 'a trace of somebody else, and no store'
    expect_equal "$(ls)" 'before
foreign
killed
link
other
run.telltale
whole' 'the files of the folder'
}

case_a_store_is_gone_on_with_when_that_is_asked_for() {
    make_trace whole
    python3 - <<'END' || fail 'no second trace'
import os, sys
sys.path.insert(0, os.path.join(os.environ['TELLTALE_TEST_SOURCE'], 'tests/import'))
import make_trace
trace = make_trace.Trace()
make_trace.whole(trace, 4713, 9)
trace.write('second')
END
    convert whole run.telltale ',append=true'
    expect_status 0 'a store that is not there yet'
    convert second run.telltale ',append=yes'
    expect_status 0 'a second trace'
    expect_rows run.telltale 'SELECT pid FROM processes' '4711
4713'
    cksum run.telltale >before
    convert whole run.telltale ',append=true'
    expect_status 1 'the same trace again'
    expect_said 'is in the store already, as process 0'
    cksum run.telltale | cmp -s - before || fail 'the store has changed'
    expect_equal "$(ls)" 'before
run.telltale
second
whole' 'the files of the folder'
}

case_parameters_that_make_no_sense_are_refused() {
    make_trace whole
    refused() { # PARAMETERS TEXT
        run_babeltrace2 --plugin-path="$plugins" whole -c sink.telltale.store -p "$1"
        expect_status 1 "$1"
        expect_said "$2"
        expect_equal "$(ls)" whole "$1: the files of the folder"
    }
    for value in 4 true '""' '["a"]' '{a=1}' 0.5 null; do
        refused "path=$value" "path is not a text; give -p 'path=\"run.telltale\"'"
    done
    refused 'append=true' 'the store is not named'
    refused 'path="run.telltale",append=4' 'append is neither true nor false'
    refused 'path="run.telltale",append="true"' 'append is neither true nor false'
    refused 'path="run.telltale",foo=1' 'there is no parameter foo; there are path and append'
    refused 'Path="run.telltale"' 'there is no parameter Path'
    run_babeltrace2 --plugin-path="$plugins" whole -c sink.telltale.store
    expect_status 1 'no parameter'
    expect_said 'the store is not named'
    # babeltrace2 hands on the last one of those with the same name.
    run_babeltrace2 --plugin-path="$plugins" whole -c sink.telltale.store -p 'path="first"' -p 'path="second"'
    expect_status 0 'a parameter given twice'
    expect_equal "$(ls)" 'second
whole' 'the files of the folder'
}

# A graph that fails keeps what it has, and one that is interrupted keeps nothing.
case_of_a_damaged_trace_what_was_read_is_kept_and_of_an_interrupted_graph_nothing() {
    make_trace many
    python3 - <<'END'
with open('many/ch_0', 'r+b') as file:
    data = bytearray(file.read())
    middle = len(data) // 2 // 4096 * 4096
    data[middle + 84:middle + 86] = b'\xff\x7f'
    file.seek(0)
    file.write(data)
END
    convert many run.telltale
    expect_status 1 'a damaged trace'
    expect_rows run.telltale 'SELECT is_balanced FROM processes' 0
    expect_rows run.telltale "SELECT count(*) FROM failures WHERE state <> 'unknown'" 0
    rm run.telltale
    make_trace many sound
    for time in 0.01 0.02 0.04 0.08; do
        run timeout -s INT "$time" babeltrace2 --plugin-path="$plugins" sound -c sink.telltale.store -p 'path="run.telltale"'
        [ ! -e run.telltale ] || expect_rows run.telltale 'SELECT count(*) FROM tasks' 2000
        expect_equal "$(find . -name 'run.telltale?*')" '' "after $time s: files beside"
        rm -f run.telltale
    done
}

case_babeltrace2_tells_what_the_plugin_is() {
    run_babeltrace2 --plugin-path="$plugins" help sink.telltale.store
    expect_status 0 help
    expect_text out 'Makes a store of the events of telltale'
}

# What a traced process needs not to see is not seen from outside of the plugin either.
case_the_plugin_shows_nothing_of_the_store() {
    names=$(nm -D --defined-only "$plugins/babeltrace-plugin-telltale.so" | awk '{ print $NF }' | grep -E '^(tt_|sqlite3)' || :)
    expect_equal "$names" '' 'names that are seen'
}

case_the_installed_plugin_is_where_babeltrace2_looks_below_the_prefix() {
    install_prefix
    make_trace whole
    run_babeltrace2 --plugin-path="$libraries/babeltrace2/plugins" whole -c sink.telltale.store -p 'path="run.telltale"'
    expect_status 0 babeltrace2
    must "$prefix/bin/telltale" import whole -o imported.telltale
    expect_rows run.telltale 'SELECT count(*) FROM tasks' 2
}

run_case "$@"
