#!/bin/sh
# test_following.sh: --follow, beside a store that is written meanwhile.
# shellcheck source-path=SCRIPTDIR source=given.sh disable=SC2154,SC2317 # variables of case.sh; cases are called by name
. "$(dirname "$0")/given.sh"

change() { # SQL
    sqlite3 -cmd '.timeout 10000' run.telltale "$1" >/dev/null || fail "cannot change the store: $1"
}

# The recording ends.
say_goodbye() {
    change "UPDATE process SET goodbye_ns = seen_ns + 1, goodbye_reason = 1, gone_ns = seen_ns + 1"
}

start_following() { # ARGUMENT...
    "$telltale" "$@" >told 2>complaints &
    follower=$!
    background="$background $follower"
}

has_told() { # TEXT
    grep -qF -- "$1" told
}

expect_end() { # STATUS
    status=0
    wait "$follower" || status=$?
    expect_status "$1" 'the follower'
}

fail_task() { # ID MESSAGE
    change "INSERT INTO exception (exception_id, type, message, raised_ns) VALUES ($1 + 1000, 'Exception', '$2', 5);
        INSERT INTO task (task_id, name, created_ns, started_ns, ended_ns, outcome) VALUES ($1, 'failing', 1, 2, 5, 2);
        INSERT INTO failure (failure_id, kind, exception_id, stored_ns, stored_handle_count) VALUES ($1, 1, $1 + 1000, 5, 1)"
}

case_failures_are_told_as_they_happen_and_when_they_change() {
    given live
    change 'PRAGMA journal_mode = WAL'
    start_following failures run.telltale --follow --format csv -C id,state,message
    wait_until has_told 'id,state,message'
    before=$(wc -l <told)
    fail_task 600 'the first'
    wait_until has_told '#600,held,the first'
    fail_task 601 'the second'
    wait_until has_told '#601,held,the second'
    change "INSERT INTO touch (failure_id, touched_ns, thread_id, sequence, by, how, is_user) VALUES (600, 7, 1, 900, 1, 1, 1)"
    wait_until has_told '#600,delivered,the first'
    say_goodbye
    expect_end 0
    expect_equal "$(sort told | uniq -d)" '' 'lines that were told twice'
    [ "$(wc -l <told)" -ge $((before + 3)) ] || fail 'lines are missing'
    # The last state of each is what there is now.
    must "$telltale" failures run.telltale --format csv -C id,state,message
    sort "$work/out" >now
    sort told | comm -13 - now >untold
    [ ! -s untold ] || fail "was not told: $(cat untold)"
}

case_a_table_is_printed_again_when_it_is_another_one() {
    given live
    change 'PRAGMA journal_mode = WAL'
    change "UPDATE process SET seen_ns = 60000000000"
    start_following ps run.telltale --follow -C id,name
    wait_until has_told 'NAME'
    change "INSERT INTO task (task_id, name, created_ns) VALUES (700, 'a newcomer', 1)"
    wait_until has_told '#700 a newcomer'
    say_goodbye
    expect_end 0
    expect_equal "$(grep -c NAME told)" 2 'tables'
    must "$telltale" ps run.telltale -C id,name
    tail -n "$(wc -l <"$work/out")" told | diff - "$work/out" || fail 'the last table is not that of the end'
}

case_a_tree_grows_on_a_terminal_in_one_place() {
    given live
    change 'PRAGMA journal_mode = WAL'
    "$TELLTALE_TEST_SOURCE/tests/viewer/on_terminal.py" "$telltale" tree run.telltale --follow >told 2>complaints &
    follower=$!
    background="$background $follower"
    wait_until has_told 'TASK'
    change "INSERT INTO task (task_id, name, parent_kind, parent_id, created_ns) VALUES (700, 'a newcomer', 1, 2, 1)"
    wait_until has_told '#700'
    say_goodbye
    expect_end 0
    screens_shown=$(grep -o "$(printf '\033')\[H$(printf '\033')\[2J" told | wc -l)
    [ "$screens_shown" -ge 2 ] || fail "$screens_shown screens"
}

case_a_recording_that_is_over_is_looked_at_once() {
    given killed
    for command in 'ps' 'failures' 'tree' 'failures --format ndjson' 'tree --format csv'; do
        # shellcheck disable=SC2086 # words of a command line
        must "$telltale" $command run.telltale
        cp "$work/out" once
        # shellcheck disable=SC2086
        must timeout 20 "$telltale" $command run.telltale --follow
        diff once "$work/out" || fail "another answer: $command"
    done
}

case_what_cannot_be_followed_is_refused() {
    given live
    for arguments in 'ps run.telltale --json' 'failures run.telltale --format json'; do
        # shellcheck disable=SC2086
        run timeout 20 "$telltale" $arguments --follow
        expect_status 2 "$arguments"
        expect_text err '--follow has no end of a JSON array'
    done
    run timeout 20 "$telltale" ps nothing.telltale --follow
    expect_status 3 'a store that is not there'
    run timeout 20 "$telltale" ps run.telltale --follow --filter 'no such column'
    expect_status 2 'a filter that makes no sense'
    run "$telltale" report run.telltale --follow
    expect_status 2 'a command that has no --follow'
}

# A real recording, from its beginning to its end.
case_a_program_is_followed_to_its_end() {
    mkfifo go
    "$telltale" record -o run.telltale -- sh -c "read line <go; exec $TELLTALE_TEST_BIN/examples/task_group" >program 2>&1 &
    background="$background $!"
    is_there() { "$telltale" ps run.telltale; }
    printf 'go\n' >go
    wait_until is_there
    run timeout $((2 * patience_s)) "$telltale" ps run.telltale --follow --format csv -C id,name,outcome
    expect_status 0 'following'
    cp "$work/out" told
    wait
    must "$telltale" ps run.telltale --format csv -C id,name,outcome
    sort "$work/out" >now
    sort told | comm -13 - now >untold
    [ ! -s untold ] || fail "was not told: $(cat untold)"
}

run_case "$@"
