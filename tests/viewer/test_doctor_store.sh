#!/bin/sh
# test_doctor_store.sh: what the doctor says of stores: whole, damaged, live, left behind, and what is none.
# shellcheck source-path=SCRIPTDIR source=given.sh disable=SC2016,SC2154,SC2317 # code for other shells; variables of case.sh; cases are called by name
. "$(dirname "$0")/given.sh"

examples=$TELLTALE_TEST_BIN/examples

# The doctor looks at STORE, ends with STATUS, and leaves this folder as it was.
expect_doctor() { # STATUS STORE
    before=$(find . -type f ! -name '*-shm' -exec cksum {} + | sort)
    run "$telltale" doctor "$2"
    expect_status "$1" "doctor $2"
    expect_equal "$(find . -type f ! -name '*-shm' -exec cksum {} + | sort)" "$before" 'the files'
}

# The line about NAME of the last output begins with VERDICT and has TEXT.
expect_finding() { # VERDICT NAME TEXT
    line=$(awk -v name="$2" '$1 ~ /^(ok|note|BAD)$/ && substr($0, 6, length(name)) == name' "$work/out")
    case $line in
    "$1"*"$3"*) ;;
    *) fail "of $2 is expected: $1 ... $3
there is: $line" ;;
    esac
}

record_steps() { # [EXAMPLE]
    run "$telltale" record -o run.telltale --events +step -- "$examples/${1-gather}"
}

case_a_store_that_is_whole_and_complete_is_found_to_be() {
    record_steps
    expect_doctor 0 run.telltale
    expect_finding ok file 'run.telltale, schema 2, '
    expect_finding ok writer 'nobody writes it'
    expect_finding ok log none
    expect_finding ok 'left behind' 'no arenas'
    expect_finding ok structure 'are whole'
    expect_finding ok 'event stream' ' events in '
    expect_finding ok completeness '1 process, 0 not over; all counts add up'
    expect_finding ok losses none
    expect_finding ok size 'sqlite_schema '
    expect_equal "$(grep -c '^\(note\|BAD\)' "$work/out" || :)" 0 'findings that are not ok'
    expect_equal "$(cat "$work/err")" '' 'messages'
    chmod 644 run.telltale
    expect_doctor 0 run.telltale
    expect_finding note file 'mode 644'
}

case_who_writes_a_store_is_named() {
    start_recording run.telltale
    run "$telltale" doctor run.telltale
    expect_status 0 doctor
    expect_finding ok writer "process $recorder, telltale is writing it"
    expect_finding ok 'left behind' '1 arena, which a recorder reads'
    wait_until sh -c '[ "$(sqlite3 -batch run.telltale "SELECT count(*) FROM process")" = 1 ]'
    run "$telltale" doctor run.telltale
    expect_finding ok completeness '1 process, 1 not over; all counts add up'
    end_recording
    expect_doctor 0 run.telltale
    expect_finding ok writer 'nobody writes it'
}

# In a pid namespace of its own, as in a container with the folder of the store.
case_who_writes_a_store_and_cannot_be_seen_is_not_nobody() {
    unshare --pid --fork --mount-proc true 2>/dev/null || skip 'no pid namespace can be made here'
    start_recording run.telltale
    run unshare --pid --fork --mount-proc "$telltale" doctor run.telltale
    expect_status 0 doctor
    expect_finding ok writer 'a process that cannot be seen from here is writing it'
    expect_finding ok log 'run.telltale-wal, '
    end_recording
}

# It counts what is left, and does not have it read.
case_what_a_killed_recording_left_is_told_and_left_alone() {
    start_recording run.telltale
    kill_recording
    for _ in 1 2; do
        expect_doctor 0 run.telltale
        expect_finding ok writer 'nobody writes it'
        expect_finding note 'left behind' '1 arena in '
        expect_finding note log 'run.telltale-wal, '
    done
    "$telltale" report run.telltale >/dev/null || :
    expect_doctor 0 run.telltale
    expect_finding ok 'left behind' 'no arenas'
    expect_finding ok log none
}

case_a_damaged_chunk_is_named_and_the_others_are_counted() {
    record_steps
    must sqlite3 -batch run.telltale "INSERT INTO chunk SELECT 99, thread_id, event_count, first_ns, last_ns, first_sequence, last_sequence,
        first_task_id, last_task_id, number_set, plain_bytes, checksum, data FROM chunk WHERE chunk_id = 1;
        UPDATE chunk SET checksum = checksum + 1 WHERE chunk_id = 1"
    chunks=$(sqlite3 -batch run.telltale 'SELECT count(*) FROM chunk')
    expect_doctor 3 run.telltale
    expect_finding BAD 'event stream' "chunk 1 of the event stream is damaged: its checksum does not hold; 1 of $chunks chunks are damaged"
    # And the one that is there twice has events of which nobody told.
    expect_finding BAD completeness 'or are too many there'
    expect_finding ok structure 'are whole'
}

case_counts_that_do_not_add_up_are_told() {
    record_steps threadsafe # two threads, so that there are two chunks, however fast it is
    cp run.telltale kept.telltale
    must sqlite3 -batch run.telltale 'DELETE FROM chunk WHERE chunk_id = (SELECT max(chunk_id) FROM chunk)'
    expect_doctor 3 run.telltale
    expect_finding BAD completeness 'events of 1 process are not in the event stream, or are too many there, and nothing says why'
    expect_finding ok 'event stream' 'all whole'
    # What says why makes it whole again.
    must sqlite3 -batch run.telltale "INSERT INTO pruned SELECT 'stream', 'size', 0, record_count - (SELECT coalesce(sum(event_count), 0) FROM chunk), 0, 1
        FROM process"
    expect_doctor 0 run.telltale
    expect_finding ok completeness 'all counts add up'
    expect_finding note losses '0 events lost, '
    mv kept.telltale run.telltale
    must sqlite3 -batch run.telltale 'UPDATE process SET is_balanced = 0'
    expect_doctor 3 run.telltale
    expect_finding BAD completeness 'counts do not add up for 1 of 1 processes'
    # A trace of LTTng that is cut off has no counts to add up, and losses say so.
    must sqlite3 -batch run.telltale 'UPDATE process SET is_boardless = 1'
    expect_doctor 0 run.telltale
    expect_finding ok completeness 'all counts add up'
    must sqlite3 -batch run.telltale 'UPDATE process SET is_balanced = NULL'
    expect_doctor 0 run.telltale
    expect_finding note completeness '1 of 1 processes were not read to their end'
}

# A page in the middle, of a table or an index; or all but the first one.
case_a_damaged_file_is_told() {
    record_steps
    cp run.telltale kept.telltale
    page=$(sqlite3 -batch run.telltale "SELECT rootpage FROM sqlite_schema WHERE name = 'task'")
    dd if=/dev/urandom of=run.telltale bs=4096 seek=$((page - 1)) count=1 conv=notrunc 2>/dev/null
    expect_doctor 3 run.telltale
    expect_finding BAD structure ''
    expect_text out 'sqlite3 STORE .dump'
    sqlite3 -batch run.telltale .dump >readable 2>&1 || :
    grep -q 'INSERT INTO failure ' readable || grep -q 'INSERT INTO site ' readable || fail 'what is readable is not had by that'
    # An index in which rows are not where they are looked for.
    mv kept.telltale run.telltale
    must sqlite3 -batch run.telltale "PRAGMA writable_schema = ON;
        UPDATE sqlite_schema SET sql = 'CREATE INDEX forward_to ON forward (failure_id)' WHERE name = 'forward_to'"
    expect_doctor 3 run.telltale
    expect_finding BAD structure 'missing from index forward_to'
    dd if=/dev/urandom of=run.telltale bs=4096 seek=1 count=20 conv=notrunc 2>/dev/null
    expect_doctor 3 run.telltale
    expect_finding BAD file 'run.telltale'
    expect_finding ok writer 'nobody writes it'
}

case_why_there_is_no_store_is_told() {
    start_recording run.telltale
    kill_recording
    rm run.telltale*
    expect_doctor 3 run.telltale
    expect_finding BAD file 'there is no such file'
    expect_finding note 'left behind' '1 arena in '
    user=
    if [ "$(id -u)" -eq 0 ]; then
        command -v setpriv >/dev/null || skip 'there is no setpriv'
        user='setpriv --reuid 65534 --clear-groups'
        chmod 755 "$work"
    fi
    mkdir -m 555 folder
    # shellcheck disable=SC2086 # several words, or none
    run $user "$telltale" doctor "$PWD/folder/run.telltale"
    expect_status 3 doctor
    expect_finding BAD file 'there is no such file'
    expect_text out 'this user may not write to its folder'
}

case_what_is_no_store_is_told() {
    expect_doctor 3 nothing.telltale
    expect_finding BAD file 'there is no such file'
    expect_text out 'give the path of a file that telltale record or import wrote'
    mkdir folder
    expect_doctor 3 folder
    expect_finding BAD file 'is a directory'
    echo text >text
    expect_doctor 3 text
    expect_finding BAD file 'is no SQLite file'
    must sqlite3 -batch other 'CREATE TABLE t (x)'
    expect_doctor 3 other
    expect_finding BAD file 'of another application'
    given clean
    must sqlite3 -batch run.telltale 'PRAGMA user_version = 99'
    expect_doctor 3 run.telltale
    expect_finding BAD file 'was written by a newer telltale'
}

case_a_store_where_nothing_can_be_written_is_looked_at() {
    mkdir folder
    must "$telltale" record -o folder/run.telltale --events +step -- "$examples/task_group"
    chmod 400 folder/run.telltale
    chmod 500 folder
    run "$telltale" doctor folder/run.telltale
    chmod 700 folder
    expect_status 0 'doctor'
    expect_finding ok file 'mode 400'
    expect_finding ok completeness 'all counts add up'
    expect_equal "$(ls folder)" run.telltale 'the files of the folder'
}

# A page that no answer of a gate rests on: who wants to be certain has all of the file looked at.
case_a_damaged_page_is_seen_by_a_gate() {
    must "$telltale" record -o run.telltale -- "$TELLTALE_TEST_BUILD/tests/viewer/traced" clean
    at=$(sqlite3 -batch run.telltale "SELECT (rootpage - 1) * page_size FROM sqlite_schema, pragma_page_size WHERE name = 'note'")
    must "$telltale" check --strict run.telltale
    printf '\377' | dd of=run.telltale bs=1 seek="$at" conv=notrunc 2>/dev/null
    must "$telltale" check run.telltale
    for gate in check report; do
        run "$telltale" "$gate" --strict run.telltale
        expect_status 3 "$gate --strict"
        expect_text err 'the store is damaged: '
        ! grep -q SUMMARY "$work/out" || fail 'it is judged'
    done
    expect_doctor 3 run.telltale
    expect_finding BAD structure Page
    ! grep -q completeness "$work/out" || fail 'what is left adds up'
}

run_case "$@"
