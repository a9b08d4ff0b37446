#!/bin/sh
# test_redact.sh: with --redact messages no byte of what a program says in its own words is in any file, however the program
# ends and whoever reads what it left.
# shellcheck source-path=SCRIPTDIR source=case.sh disable=SC2154 # telltale and work are case.sh's
. "$(dirname "$0")/case.sh"

# Small rings: arenas are read byte by byte here.
export TELLTALE_RING_BYTES=64K

# Says SeCrEt in every way there is, in the parent and in a child, then waits for a file called go, if there is an argument.
write_program() {
    cat >program.c <<'END'
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <telltale/telltale.h>
#include <telltale/trace.h>
#include <unistd.h>
static int fails(void *arg)
{
    (void)arg;
    tt_raise(&tt_ValueError, "SeCrEt-message %d", 17);
    return -1;
}
static int chained(void *arg)
{
    (void)arg;
    tt_trace_note(0, "SeCrEt-key", "SeCrEt-note");
    if (fails(NULL) < 0)
        tt_raise(&tt_RuntimeError, "SeCrEt-second");
    return -1;
}
static int waits(void *arg)
{
    (void)arg;
    return tt_sleep(TT_SEC(600));
}
static int app(void *arg)
{
    tt_task *one = tt_create_task(fails, NULL), *two = tt_create_task(chained, NULL), *three = tt_create_task(waits, NULL);
    tt_discard(two, "SeCrEt-reason");
    if (tt_sleep(TT_MSEC(5)) < 0)
        return -1;
    (void)tt_task_cancel(three, "SeCrEt-cancel");
    tt_task_unref(one);
    tt_task_unref(two);
    tt_task_unref(three);
    if (tt_sleep(TT_MSEC(5)) < 0)
        return -1;
    while (arg && access("go", F_OK) < 0)
        if (tt_sleep(TT_MSEC(20)) < 0)
            return -1;
    return 0;
}
int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "kill") == 0) {
        tt_run(app, NULL);
        raise(SIGKILL);
    }
    pid_t child = fork();
    if (child == 0)
        exit(tt_run(app, NULL) != 0);
    waitpid(child, NULL, 0);
    return tt_run(app, argc > 1 ? "" : NULL);
}
END
}

# No byte of it in any file of the recording: store, write-ahead log, index, rings, what is left behind.
expect_no_secret() { # FILE...
    for file in "$@"; do
        if [ -e "$file" ] && grep -qa 'SeCrEt' "$file"; then
            fail "$file has it: $(grep -ao 'SeCrEt[-a-z]*' "$file" | sort | uniq -c | head -5)"
        fi
    done
}

expect_facts() { # STORE FAILURES
    expect_equal "$(ask "$1" "SELECT count(*), count(nullif(message, '')), group_concat(DISTINCT type) FROM failures WHERE kind = 'task'")" \
        "$2|0|ValueError,RuntimeError" 'the failures'
    expect_equal "$(ask "$1" 'SELECT count(*) > 0, count(key), count(text) FROM note')" '1|0|0' 'the notes'
    expect_equal "$(ask "$1" 'SELECT count(*) > 0, count(reason) FROM cancellations')" '1|0' 'the cancellations'
    expect_equal "$(ask "$1" 'SELECT is_redacted FROM recordings')" 1 'what the recording says of itself'
}

case_nothing_is_written_while_it_runs_or_later() {
    write_program
    install_prefix
    compile telltale program.c
    # First that it is there without the option: what is looked for can be found.
    run "$telltale" record -o open.telltale --events +step -- ./program
    grep -qa 'SeCrEt' open.telltale || fail 'a store that is not redacted does not have it either'
    "$telltale" record -o run.telltale --events +step --redact messages -- ./program wait >record.out 2>record.err &
    recorder=$!
    background=$recorder
    wait_until test -s run.telltale
    # Folders of other recordings may go while grep looks, which it tells by its status.
    dir=$(grep -lsF "$PWD/run.telltale" "/dev/shm/telltale-$(id -u)"/*/store) || [ -n "$dir" ] || fail 'there is no ring dir'
    dir=${dir%/store}
    wait_until sh -c "[ \"\$(sqlite3 -batch run.telltale 'SELECT count(*) FROM cancellations')\" -ge 2 ]"
    expect_no_secret run.telltale run.telltale-wal run.telltale-shm "$dir"/*
    : >go
    wait "$recorder" || :
    background=''
    expect_no_secret run.telltale*
    expect_facts run.telltale 4
    expect_equal "$(ask run.telltale 'SELECT min(is_redacted), count(*) FROM processes')" '1|2' 'the processes'
    run "$telltale" report run.telltale
    expect_text out ValueError
}

# An arena that is left behind by a program that found no recorder, and one that was killed.
case_what_is_left_behind_has_none_of_it_either() {
    write_program
    install_prefix
    compile telltale program.c
    mkdir -m 700 rings
    TELLTALE_RING_DIR=$PWD/rings TELLTALE_PROGRAM=/nonexistent TELLTALE_REDACT=messages ./program kill 2>/dev/null || :
    [ "$(find rings -name '*.arena' | wc -l)" -eq 1 ] || fail 'there is no arena'
    expect_no_secret rings/*
    must "$telltale" import -o run.telltale rings
    expect_no_secret run.telltale*
    expect_equal "$(ask run.telltale "SELECT count(*), count(nullif(message, '')) FROM failures")" '2|0' 'the failures'
    expect_equal "$(ask run.telltale 'SELECT is_redacted FROM processes')" 1 'what the process says of itself'
}

# The recorder that a program starts goes by the program's word, for all that join while it is at work, and after.
case_who_joins_a_redacted_recording_is_redacted() {
    write_program
    install_prefix
    compile telltale program.c
    export TELLTALE_STORE="$PWD/run.telltale"
    export TELLTALE_PROGRAM="$telltale"
    TELLTALE_REDACT=messages ./program wait &
    background=$!
    wait_until sh -c "[ \"\$(sqlite3 -batch run.telltale 'SELECT count(*) FROM cancellations')\" -ge 2 ]"
    must ./program
    : >go
    wait "$background"
    background=''
    # The recorder may have gone meanwhile; the next one goes by what the store says.
    must ./program
    unset TELLTALE_STORE
    wait_until sh -c "[ \"\$(sqlite3 -batch run.telltale 'SELECT count(*) FROM process WHERE is_balanced')\" -eq 6 ]"
    expect_facts run.telltale 12
    expect_no_secret run.telltale*
}

# A writer that knows nothing of it: its reader leaves it out.
case_an_import_can_leave_it_out() {
    write_program
    install_prefix
    compile telltale program.c
    mkdir -m 700 rings
    TELLTALE_RING_DIR=$PWD/rings TELLTALE_PROGRAM=/nonexistent ./program kill 2>/dev/null || :
    grep -qa SeCrEt rings/*.arena || fail 'the arena does not have it'
    must "$telltale" import -o run.telltale --redact messages rings
    expect_no_secret run.telltale*
    expect_facts run.telltale 2
    # Whoever goes on with the store leaves it out, too.
    run "$telltale" record -o run.telltale --append -- ./program
    expect_no_secret run.telltale*
    expect_facts run.telltale 6
}

case_a_word_that_makes_no_sense_makes_nothing_appear() {
    write_program
    install_prefix
    compile telltale program.c
    mkdir -m 700 rings
    TELLTALE_RING_DIR=$PWD/rings TELLTALE_PROGRAM=/nonexistent TELLTALE_REDACT=massages ./program kill 2>/dev/null || :
    expect_no_secret rings/*
    run "$telltale" record -o run.telltale --redact massages -- ./program
    expect_status 2 'record --redact massages'
    [ ! -e run.telltale ] || fail 'there is a store'
}

run_case "$@"
