#!/bin/sh
# test_source.sh: lines of source below places.
# shellcheck source-path=SCRIPTDIR source=given.sh disable=SC2154,SC2317 # variables of case.sh; cases are called by name
. "$(dirname "$0")/given.sh"

# Writes a file of source with 100 lines, older than the recording, in FOLDER.
write_source() { # FOLDER
    mkdir -p "$1"
    awk 'BEGIN { for (i = 1; i <= 100; i++) printf "\tline_%d(\"of this file\");\n", i }' >"$1/echo_server.c"
    touch -d 2023-01-01 "$1/echo_server.c"
}

case_explain_and_show_quote_the_line_of_each_place() {
    given killed
    write_source examples
    expect_screen source_explain explain run.telltale client-3
    expect_screen source_show show run.telltale client-3
    expect_screen source_show_waiting show run.telltale Task-6
}

case_nothing_is_quoted_where_it_is_not_wanted() {
    given killed
    write_source examples
    for command in 'explain run.telltale client-3 --no-source' 'show run.telltale client-3 --no-source' 'report run.telltale' \
        'explain run.telltale client-3 --json' 'report run.telltale --format json'; do
        # shellcheck disable=SC2086 # words
        run "$telltale" $command
        ! grep -q 'line_' "$work/out" || fail "there is a line in: $command"
    done
}

case_the_report_quotes_on_request() {
    given killed
    write_source examples
    expect_screen source_report report run.telltale --source
}

case_files_are_found_below_a_folder() {
    given killed
    for folder in examples a/examples a/b; do
        write_source "src/$folder"
        must "$telltale" explain run.telltale client-3 --source-dir src/a/b
        case $folder in
        a/b) expect_text out '31 | line_31("of this file");' ;; # by the name alone
        *) ! grep -q line_ "$work/out" || fail "found outside of src/a/b: src/$folder" ;;
        esac
    done
    must "$telltale" explain run.telltale client-3 --source-dir src
    expect_text out '31 | line_31("of this file");'
    sqlite3 run.telltale "UPDATE site SET file = '/build/of/somebody/else/' || file"
    must "$telltale" show run.telltale client-3 --source-dir src
    expect_text out '31 | line_31("of this file");'
    run "$telltale" report run.telltale --source-dir src
    expect_text out '31 | line_31("of this file");'
    sqlite3 run.telltale "UPDATE site SET file = '../../' || replace(file, '/build/of/somebody/else/', '')"
    must "$telltale" explain run.telltale client-3 --source-dir src
    expect_text out '31 | line_31("of this file");'
}

case_a_file_that_has_changed_since_is_told() {
    given killed
    write_source examples
    must "$telltale" explain run.telltale client-3
    ! grep -q '(the file' "$work/out" || fail 'the file is older'
    touch -d 2024-01-01 examples/echo_server.c
    must "$telltale" explain run.telltale client-3
    expect_text out '31 | line_31("of this file");  (the file has changed since the recording began)'
    # The program is there: it is what the file must not be newer than.
    : >program
    touch -d 2022-06-01 program
    sqlite3 run.telltale "UPDATE process SET program = '$PWD/program'"
    touch -d 2022-05-31 examples/echo_server.c
    must "$telltale" explain run.telltale client-3
    ! grep -q '(the file' "$work/out" || fail 'the file is older than the program'
    touch -d 2022-06-02 examples/echo_server.c
    must "$telltale" explain run.telltale client-3
    expect_text out '(the file is newer than the program)'
    # A program that was built anew since says nothing about what was recorded.
    touch -d 2024-06-01 program
    touch -d 2023-06-01 examples/echo_server.c
    must "$telltale" explain run.telltale client-3
    ! grep -q '(the file' "$work/out" || fail 'the file is older than the recording'
    touch -d 2024-03-01 examples/echo_server.c
    must "$telltale" explain run.telltale client-3
    expect_text out '(the file has changed since the recording began)'
}

case_a_store_cannot_have_any_file_read() {
    given killed
    mkfifo pipe.c
    mkdir folder.c
    echo secret >plain
    echo secret >.secret
    ln -s /dev/zero zero.c
    printf 'char *text = "\033[2J\342\200\256";\n' >hostile.c
    awk 'BEGIN { for (i = 0; i < 5000; i++) printf "x"; printf "\n" }' >long.c
    printf 'no line end' >short.c
    for file in pipe.c folder.c plain .secret zero.c /etc/passwd /dev/null '' missing.c; do
        sqlite3 run.telltale "UPDATE site SET file = '$file', line = 1"
        must timeout 20 "$telltale" explain run.telltale client-3 --source-dir .
        ! grep -q ' 1 | ' "$work/out" || fail "a line of $file is shown"
    done
    sqlite3 run.telltale "UPDATE site SET file = 'hostile.c'"
    must "$telltale" explain run.telltale client-3
    expect_text out '1 | char *text = "\x1b[2J\u202e";'
    sqlite3 run.telltale "UPDATE site SET file = 'long.c'"
    must "$telltale" explain run.telltale client-3
    [ "$(awk '{ if (length > longest) longest = length } END { print longest }' "$work/out")" -lt 200 ] || fail 'a long line is cut'
    for line in -1 0 2 9223372036854775807; do
        sqlite3 run.telltale "UPDATE site SET file = 'short.c', line = $line"
        must timeout 20 "$telltale" explain run.telltale client-3
        ! grep -q ' | ' "$work/out" || fail "there is no line $line"
    done
    sqlite3 run.telltale "UPDATE site SET line = 1"
    must "$telltale" explain run.telltale client-3
    expect_text out '1 | no line end'
}

run_case "$@"
