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

case_the_plugin_replaces_nothing_and_says_what_it_wants() {
    make_trace whole
    make_trace killed
    convert whole run.telltale
    expect_status 0 babeltrace2
    cksum run.telltale >before
    convert killed run.telltale
    [ "$status" -ne 0 ] || fail 'a store was replaced'
    expect_text err 'run.telltale: is there already'
    cksum run.telltale | cmp -s - before || fail 'the store has changed'
    run_babeltrace2 --plugin-path="$plugins" whole -c sink.telltale.store
    [ "$status" -ne 0 ] || fail 'a store without a name'
    expect_text err 'the store is not named'
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
