#!/bin/sh
# test_cut_off.sh: stores of which nobody records the end: what ran there is not said to run, and what rests on absence is unknown.
# shellcheck source-path=SCRIPTDIR source=given.sh disable=SC2016,SC2154,SC2317 # code for other shells; variables of case.sh; cases are called by name
. "$(dirname "$0")/given.sh"

# Starts a recording of a program that holds a failure; what it said until then is in the store.
record_failure() {
    start_recording run.telltale
    await_failure run.telltale
}

expect_cut_off() { # STORE
    run "$telltale" check --strict "$1"
    expect_status 4 'check --strict'
    expect_text err 'nothing recorded after'
    expect_text err '1 failure unknown'
    run "$telltale" report "$1"
    expect_text out ', end not recorded'
    run "$telltale" query "$1" 'SELECT state FROM failures'
    expect_text out unknown
}

case_a_recording_whose_arenas_are_gone_does_not_run() {
    record_failure
    find_arenas run.telltale
    run "$telltale" report run.telltale
    expect_text out ', running'
    expect_text out '1 held'
    kill_recording
    rm "$arenas"/*.arena
    run "$telltale" doctor run.telltale
    expect_status 0 doctor
    expect_text out 'note completeness   1 of 1 processes were not recorded to their end, and nobody writes the store any more'
    expect_cut_off run.telltale
    # It stands there, for whoever asks with plain SQLite.
    expect_equal "$(ask run.telltale 'SELECT end_reason, is_balanced, (SELECT what FROM losses) FROM processes')" 'unknown|0|cut_off' 'the process'
    run "$telltale" doctor run.telltale
    expect_status 0 doctor
    expect_text out 'note completeness   of 1 of 1 processes nobody knows whether all is here'
    expect_text out 'note losses         0 events lost, and 1 time nobody knows how many, 0 facts and events pruned'
    must "$telltale" query run.telltale 'SELECT advice FROM verdicts'
    expect_text out 'nothing brings back what was not in the store yet'
}

case_a_copy_of_a_store_that_is_written_knows_no_end() {
    record_failure
    mkdir copy
    cp run.telltale run.telltale-wal copy/
    expect_cut_off copy/run.telltale
    run "$telltale" report run.telltale
    expect_text out ', running'
    end_recording
    must "$telltale" query run.telltale 'SELECT end_text FROM processes'
    expect_text out 'exit status 0'
}

# Nothing is written there, and told all the same.
case_a_store_that_may_not_be_written_is_no_other() {
    reader=
    if [ "$(id -u)" -eq 0 ]; then
        command -v setpriv >/dev/null || skip 'there is no setpriv'
        reader='setpriv --reuid 65534 --clear-groups'
        chmod 755 "$work"
    fi
    record_failure
    mkdir copy
    cp run.telltale run.telltale-wal copy/
    chmod 444 copy/*
    chmod 555 copy
    before=$(cat copy/* | cksum)
    # shellcheck disable=SC2086 # several words, or none
    run $reader "$telltale" check --strict copy/run.telltale
    expect_status 4 'check --strict'
    expect_text err 'nothing recorded after'
    expect_equal "$(cat copy/* | cksum)" "$before" 'the copy'
    chmod 755 copy
}

# An arena that is found after all, as where a folder was not mounted, is read to its end, and nothing is in doubt any more.
case_what_is_found_after_all_is_taken_in() {
    record_failure
    find_arenas run.telltale
    kill_recording
    mkdir aside
    mv "$arenas"/*.arena aside/
    expect_cut_off run.telltale
    mkdir -p -m 700 "$arenas"
    mv aside/*.arena "$arenas/"
    run "$telltale" check --strict run.telltale
    expect_status 1 'check --strict'
    expect_equal "$(ask run.telltale 'SELECT end_reason, is_balanced, (SELECT count(*) FROM losses), (SELECT group_concat(state) FROM failures) FROM processes')" \
        'killed_without_goodbye|1|0|lost' 'the process'
}

# One of two recordings that went into the same store has its end, and the other is settled by whoever records next.
case_the_next_recording_settles_the_one_before() {
    record_failure
    find_arenas run.telltale
    kill_recording
    rm "$arenas"/*.arena
    run "$telltale" record --append -o run.telltale -- "$traced_program" clean
    expect_status 0 'record --append'
    expect_equal "$(ask run.telltale 'SELECT end_reason FROM processes ORDER BY process_id')" "$(printf 'unknown\nexit')" 'the processes'
}

run_case "$@"
