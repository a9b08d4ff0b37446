#!/bin/sh
# test_bad_input.sh: what the program cannot use it refuses: one or two clear lines on stderr, the exit status that says
# why, nothing on stdout, nothing written anywhere.
# shellcheck source-path=SCRIPTDIR source=case.sh
. "$(dirname "$0")/case.sh"

# The application_id of stores, 'TTAL'.
application_id=1414807884

# Names, kinds, sizes, modes, times and contents of all that stands in the working folder.
describe_folder() {
    find . ! -path . -printf '%p %y %s %m %T@\n' | sort
    find . -type f -readable -exec cksum {} + | sort
}

# COMMAND is refused with STATUS and says TEXT.
expect_refusal() { # STATUS TEXT COMMAND...
    refusal_status=$1
    refusal_text=$2
    shift 2
    describe_folder >"$work/before"
    run "$@"
    describe_folder >"$work/after"
    expect_status "$refusal_status" "$@"
    [ ! -s "$work/out" ] || fail "writes to stdout: $*"
    lines=$(wc -l <"$work/err")
    if [ "$lines" -lt 1 ] || [ "$lines" -gt 2 ]; then
        fail "says it in $lines lines: $*"
    fi
    head -n 1 "$work/err" | grep -q '^telltale: ' || fail "does not begin with the program's name: $*"
    expect_text err "$refusal_text"
    cmp -s "$work/before" "$work/after" || fail "writes something: $* $(diff "$work/before" "$work/after")"
}

# Every command that reads a store refuses STORE.
expect_refused_store() { # STORE
    for command in report check ps; do
        expect_refusal 3 "$1" "$telltale" "$command" "$1"
    done
    expect_refusal 3 "$1" "$telltale" show "$1" 1
    expect_refusal 3 "$1" "$telltale" query "$1" 'SELECT 1'
}

case_an_unknown_command_is_refused() {
    expect_refusal 2 frobnicate "$telltale" frobnicate
    expect_refusal 2 --frobnicate "$telltale" --frobnicate
}

case_no_command_at_all_is_refused() {
    run "$telltale"
    expect_status 2 telltale
    [ ! -s "$work/out" ] || fail 'writes to stdout'
    expect_text err telltale
}

case_an_unknown_option_of_a_command_is_refused() {
    for command in record report check ps show query doctor; do
        expect_refusal 2 --frobnicate "$telltale" "$command" --frobnicate
    done
}

case_a_missing_argument_is_refused() {
    for command in record report check ps show query; do
        expect_refusal 2 "$command" "$telltale" "$command"
    done
    expect_refusal 2 query "$telltale" query run.telltale
    expect_refusal 2 show "$telltale" show run.telltale
}

case_one_argument_too_many_is_refused() {
    sqlite3 run.telltale 'CREATE TABLE t (x)'
    for command in report check ps; do
        expect_refusal 2 surplus "$telltale" "$command" run.telltale surplus
    done
    expect_refusal 2 surplus "$telltale" show run.telltale 1 surplus
    expect_refusal 2 surplus "$telltale" doctor run.telltale surplus
}

case_a_missing_store_is_refused() {
    expect_refused_store missing.telltale
    expect_refused_store missing-folder/run.telltale
}

case_a_store_that_is_a_directory_is_refused() {
    mkdir folder.telltale
    expect_refused_store folder.telltale
}

case_a_store_that_is_no_sqlite_file_is_refused() {
    printf 'This is a letter and no database, however long it may become.\n' >letter.telltale
    head -c 100000 /dev/urandom >noise.telltale
    : >empty.telltale
    expect_refused_store letter.telltale
    expect_refused_store noise.telltale
    expect_refused_store empty.telltale
}

case_a_store_that_is_a_device_or_a_pipe_is_refused() {
    mkfifo pipe.telltale
    expect_refused_store pipe.telltale
    expect_refused_store /dev/null
}

case_a_database_of_another_application_is_refused() {
    sqlite3 other.telltale 'PRAGMA application_id = 252006674; CREATE TABLE tasks (task_id, name)'
    sqlite3 plain.telltale 'CREATE TABLE tasks (task_id, name)'
    expect_refused_store other.telltale
    expect_refused_store plain.telltale
}

case_a_store_of_a_newer_schema_is_refused() {
    sqlite3 newer.telltale "PRAGMA application_id = $application_id; PRAGMA user_version = 999; CREATE TABLE task (task_id)"
    expect_refused_store newer.telltale
    expect_text err 999
}

case_a_store_that_says_so_but_has_no_tables_is_refused() {
    sqlite3 hollow.telltale "PRAGMA application_id = $application_id; PRAGMA user_version = 2; CREATE TABLE task (task_id)"
    expect_refused_store hollow.telltale
}

case_a_damaged_store_is_refused() {
    must "$telltale" record -o damaged.telltale -- "$TELLTALE_TEST_BIN/examples/exception_handler"
    must sqlite3 damaged.telltale 'PRAGMA wal_checkpoint(TRUNCATE); PRAGMA journal_mode = DELETE'
    pages=$(($(wc -c <damaged.telltale) / 4096))
    dd if=/dev/urandom of=damaged.telltale bs=4096 seek=1 count=$((pages - 1)) conv=notrunc 2>/dev/null
    run "$telltale" report damaged.telltale
    expect_status 3 report
    expect_text err damaged.telltale
}

# Root can read everything, so the program is installed where somebody else can run it, and somebody else runs it.
case_an_unreadable_store_is_refused() {
    sqlite3 closed.telltale "PRAGMA application_id = $application_id; PRAGMA user_version = 2; CREATE TABLE task (task_id)"
    chmod 000 closed.telltale
    if [ "$(id -u)" -ne 0 ]; then
        expect_refused_store closed.telltale
        return
    fi
    install_prefix
    chmod 755 "$work"
    nobody=$work/as_nobody
    chmod 755 "$work/here"
    printf '#!/bin/sh\nexec setpriv --reuid 65534 --regid 65534 --clear-groups "%s" "$@"\n' "$prefix/bin/telltale" >"$nobody"
    chmod 755 "$nobody"
    telltale=$nobody
    run "$telltale" --version
    expect_status 0 'telltale --version as nobody'
    expect_refused_store closed.telltale
}

case_sql_that_is_wrong_or_writes_is_refused() {
    must "$telltale" record -o run.telltale -- "$TELLTALE_TEST_BIN/examples/exception_handler"
    expect_refusal 2 frobnicate "$telltale" query run.telltale 'SELECT frobnicate FROM tasks'
    for statement in 'DELETE FROM task' 'DROP VIEW tasks' 'CREATE TABLE t (x)' 'PRAGMA user_version = 7' \
        "ATTACH 'other.db' AS other" "VACUUM INTO 'copy.db'"; do
        describe_folder >"$work/before"
        run "$telltale" query run.telltale "$statement"
        describe_folder >"$work/after"
        [ "$status" -ne 0 ] || fail "accepted: $statement"
        cmp -s "$work/before" "$work/after" || fail "writes something: $statement $(diff "$work/before" "$work/after")"
    done
}

case_a_command_that_cannot_be_started_is_refused() {
    expect_refusal 5 no-such-program "$telltale" record -o run.telltale -- ./no-such-program
    printf 'not a program\n' >text
    expect_refusal 5 text "$telltale" record -o run.telltale -- ./text
    mkdir folder
    expect_refusal 5 folder "$telltale" record -o run.telltale -- ./folder
    expect_refusal 5 no-such-program-on-path "$telltale" record -o run.telltale -- no-such-program-on-path
}

# A library that has each file system claim to be NFS stands for one.
case_a_store_on_a_network_file_system_is_refused_before_the_command_runs() {
    cat >nfs.c <<'END'
#define _GNU_SOURCE
#include <dlfcn.h>
#include <string.h>
#include <sys/statfs.h>
int fstatfs(int fd, struct statfs *out)
{
    int (*real)(int, struct statfs *);
    void *symbol = dlsym(RTLD_NEXT, "fstatfs");
    memcpy(&real, &symbol, sizeof real);
    int result = real(fd, out);
    out->f_type = 0x6969;
    return result;
}
END
    must "$TELLTALE_TEST_COMPILER" -shared -fPIC -o nfs.so nfs.c -ldl
    on_nfs() {
        run env LD_PRELOAD="$(sanitizer_runtime) $PWD/nfs.so" ASAN_OPTIONS="${ASAN_OPTIONS-}:detect_leaks=0" "$@"
    }
    on_nfs "$telltale" record -o run.telltale -- touch was_run
    expect_status 5 'record on NFS'
    expect_text err 'run.telltale: lies on a network file system, where a store cannot be written safely; choose a local one'
    expect_equal "$(ls)" "$(printf 'nfs.c\nnfs.so')" 'files that are left'
    TELLTALE_STORE=run.telltale on_nfs "$TELLTALE_TEST_BIN/examples/first"
    expect_status 0 'a program that records itself on NFS'
    [ ! -e run.telltale ] || fail 'a store was made'
    # What it said stays in its arena, as wherever a store cannot be written, and another one can be made of it.
    on_nfs "$telltale" report run.telltale
    expect_status 5 'a report of what cannot be made a store'
    expect_text err 'could not be read into it, and stays there'
    expect_text err 'run.telltale: there is no store yet: what belongs into it, '
    remedy=$(sed -n 's/.*: telltale import \(.*\) -o FILE$/\1/p' "$work/err")
    must "$telltale" import "$remedy" -o other.telltale
    expect_equal "$(ask other.telltale 'SELECT count(*), min(state) FROM failures')" '1|delivered' 'failures'
}

case_a_store_that_cannot_be_created_is_refused_before_the_command_runs() {
    expect_refusal 5 missing-folder "$telltale" record -o missing-folder/run.telltale -- touch it-ran
    mkdir folder
    expect_refusal 5 folder "$telltale" record -o folder -- touch it-ran
}

case_recording_into_what_is_no_store_leaves_it_alone() {
    printf 'This is a letter and no database.\n' >letter
    sqlite3 other.db 'CREATE TABLE accounts (balance)'
    expect_refusal 3 letter "$telltale" record -o letter -- touch it-ran
    expect_refusal 3 other.db "$telltale" record -o other.db -- touch it-ran
}

# A telltale that was built without LTTng, or whose programs for it are gone.
case_what_needs_lttng_says_so_where_it_is_missing() {
    mkdir alone
    cp "$telltale" alone/telltale
    TELLTALE_TEST_SOURCE=$TELLTALE_TEST_SOURCE python3 "$TELLTALE_TEST_SOURCE/tests/import/make_trace.py" whole trace
    run alone/telltale import trace
    expect_status 5 import
    grep -qE 'import: (.*telltale-ctf-reader cannot be executed|this telltale was built without LTTng)' "$work/err" || fail 'no reason'
    run alone/telltale record --lttng -- touch it-ran
    expect_status 5 'record --lttng'
    grep -qE 'record: (.*telltale-lttng-session cannot be executed|this telltale was built without LTTng)' "$work/err" || fail 'no reason'
    [ ! -e it-ran ] || fail 'the command ran'
    [ ! -e run.telltale ] || fail 'a store was written'
    run alone/telltale doctor
    ! grep -q '^BAD.*lttng' "$work/out" || fail 'the doctor misses what is not needed'
}

run_case "$@"
