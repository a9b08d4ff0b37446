#!/bin/sh
# test_chores.sh: the examples lookup, load and backup: names, ticks and files, as somebody uses them who has work to do.
# shellcheck source-path=SCRIPTDIR source=case.sh
. "$(dirname "$0")/case.sh"

examples=$TELLTALE_TEST_BIN/examples

case_names_are_looked_up_at_once_and_one_that_is_unknown_is_told() {
    must "$examples/lookup" 127.0.0.1 localhost no.number.invalid
    grep -qx '127.0.0.1: 127.0.0.1\( is .*\)\{0,1\}' "$work/out" || fail "127.0.0.1 has no address: $(cat "$work/out")"
    getent ahosts localhost | awk '$2 == "STREAM" { print $1 }' | sort -u >known
    sed -n 's/^localhost: \([^ ]*\).*/\1/p' "$work/out" | sort -u >found
    expect_equal "$(cat found)" "$(cat known)" 'the addresses of localhost'
    grep -q '^no.number.invalid: \[Errno ' "$work/err" || fail "the unknown name is not told: $(cat "$work/err")"
}

case_a_lookup_is_recorded_with_its_name() {
    must "$telltale" record --events +io -o run.telltale -- "$examples/lookup" localhost
    must ask run.telltale "SELECT DISTINCT name FROM ios WHERE what = 'resolve' AND name = 'localhost'"
    expect_equal "$(cat "$work/out")" localhost 'what was looked up'
}

case_ticks_come_as_often_as_was_asked_for() {
    must "$examples/load" 20 3
    expect_equal "$(grep -c '^[0-9.]*\(, [0-9]* missed\)\{0,1\}$' "$work/out")" 3 'lines'
    run "$examples/load" 0
    expect_status 2 'a period of nothing'
}

# A period of a tenth of a second, and one that stops for three and a half of them.
case_a_tick_that_was_missed_is_counted_and_moves_no_other() {
    "$examples/load" 100 4 >ticks &
    load=$!
    background="$background $load"
    wait_until has_line ticks
    kill -STOP "$load"
    sleep 0.35
    kill -CONT "$load"
    wait "$load" || fail "load ended with $?"
    missed=$(sed -n 's/.*, \([0-9]*\) missed/\1/p' ticks | awk '{ sum += $1 } END { print sum + 0 }')
    [ "$missed" -ge 2 ] || fail "nothing was missed: $(cat ticks)"
}

make_folder() {
    mkdir from from/folder
    for i in 1 2 3 4 5 6 7 8 9; do
        head -c "${i}0000" /dev/urandom >"from/$i"
    done
    : >from/empty
}

case_a_backup_has_each_file_whole() {
    make_folder
    must "$examples/backup" from to
    expect_equal "$(wc -l <"$work/out")" 10 'files that were named'
    rmdir from/folder
    diff -r from to || fail 'they differ'
    must "$examples/backup" from to
    diff -r from to || fail 'they differ the second time'
}

case_a_backup_that_fails_leaves_nothing_half_done() {
    make_folder
    mkdir -p to/5
    run "$examples/backup" from to
    expect_status 1 backup
    expect_text err 'IsADirectoryError'
    for path in to/* to/.[!.]*; do
        case $path in to/5 | 'to/.[!.]*') continue ;; esac
        cmp "from/${path#to/}" "$path" || fail "$path is no copy"
    done
}

run_case "$@"
