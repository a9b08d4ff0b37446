#!/bin/sh
# test_stacks.sh: the calls that were open where something was raised or created, with the functions and lines that symbols give
# them when somebody looks: of a program that is as it was, that was stripped, built anew, or is gone. The program is made here.
# shellcheck source-path=SCRIPTDIR source=case.sh
. "$(dirname "$0")/case.sh"

# "LINE in FUNCTION" of the calls that `show` prints of $task as the exception's.
calls_of() { # OUTPUT
    sed -n '/raised at/,/held by/p' "$1" | sed -n '/called from/,$p' | sed -E 's/^ *(called from)? *//' |
        sed -nE 's/^\/.*story\.c:([0-9]+) in ([a-z_]+)( \(inlined\))?$/\1 \2\3/p'
}

line_of() { # TEXT
    grep -nF "$1" story.c | cut -d: -f1
}

# A program whose task fails three calls deep, one of them inlined; it is called ./program.
build_program() {
    install_prefix
    cat >story.c <<'END'
#include <telltale/telltale.h>

static tt_task *kept;

static inline __attribute__((always_inline)) int refuse(int number)
{
    return tt_raise(&tt_ValueError, "no %d", number);
}

static __attribute__((noinline)) int parse(int number)
{
    return refuse(number + 1);
}

static __attribute__((noinline)) int handle(void *arg)
{
    if (tt_sleep(TT_MSEC(1)) < 0)
        return -1;
    return parse(arg != NULL) + 1 < 0 ? -2 : -1;
}

static __attribute__((noinline)) tt_task *create_it(void)
{
    kept = tt_create_task_named(handle, NULL, "handler");
    return kept;
}

static int app(void *arg)
{
    (void)arg;
    create_it();
    while (!tt_task_done(kept) && tt_sleep(TT_MSEC(1)) == 0)
        continue;
    tt_task_unref(kept);
    return 0;
}

int main(void)
{
    return tt_run(app, NULL);
}
END
    compile telltale story.c
}

record_it() { # EVENTS
    TELLTALE_EVENTS=$1 run "$telltale" record -o run.telltale -- ./program
    expect_status 0 'the program'
}

expected_calls() {
    printf '%s\n' "$(line_of 'tt_raise(') refuse (inlined)" "$(line_of 'refuse(number + 1)') parse" "$(line_of 'parse(arg') handle"
}

here=$TELLTALE_TEST_SOURCE/tests/e2e

need_symbols() {
    [ -x "$TELLTALE_TEST_BUILD/libexec/telltale/telltale-symbols" ] || skip 'built without elfutils'
}

case_calls_have_functions_and_lines_inlined_ones_too() {
    need_symbols
    build_program
    record_it +stack
    must "$telltale" show run.telltale handler
    expect_equal "$(calls_of "$work/out")" "$(expected_calls)" 'the calls of the exception'
    expect_text out '| return refuse(number + 1);'
    # What of the library called the first of them is the same in each task.
    ! sed -n '/raised at/,/held by/p' "$work/out" | grep -qE 'run_coroutine|runtime/' || fail 'calls in the library'
    must "$telltale" explain run.telltale handler
    sed -n '/exception_raised/,/failure_stored/p' "$work/out" >story
    grep -q "story\.c:$(line_of 'refuse(number + 1)') in parse" story || fail 'explain does not tell who called'
    run "$telltale" report run.telltale
    ! grep -q 'in parse' "$work/out" || fail 'the report tells calls that nobody asked for'
    run "$telltale" report --stacks run.telltale
    expect_text out "story.c:$(line_of 'refuse(number + 1)') in parse"
}

# What is the same in each run, on each machine: the program's own calls, without times, sizes, addresses and this folder. Calls in the library
# and in what started the program go, with the line of source below each.
normalise() { # FILE
    awk '/^STALL: / { inside = 1 } !inside; /^$/ { inside = 0 }' "$1" |
        sed -E -f "$here/mask.sed" -e "s|$(pwd -P)/||" -e 's/ for TIME//; s/, (at once|TIME after it failed)$//' \
            -e 's/^ +TIME  /        TIME  /; s/[0-9]+ of [0-9]+ bytes/N of N bytes/' |
        awk '/^ +(called from +)?(.*runtime\/|\.\/|\.\.\/|.*\/csu\/|.*lib[a-z]+\.so|.* in _start$)/ && !/story\.c/ {
                 if (sub(/called from .*/, "called from")) print
                 skipped = 1
                 next
             }
             skipped && /^ +[0-9]+ \| / { next }
             { skipped = 0; print }'
}

# Compares what telltale prints with expected/stacks_NAME.txt; TELLTALE_TEST_WRITE=1 writes that file instead.
expect_stacks() { # NAME ARGUMENT...
    expected=$TELLTALE_TEST_SOURCE/tests/e2e/expected/stacks_$1.txt
    shift
    run "$telltale" "$@"
    {
        printf '$ telltale %s\n' "$*"
        normalise "$work/out"
    } >screen
    if [ -n "${TELLTALE_TEST_WRITE:-}" ]; then
        cp screen "$expected"
    else
        diff -u "$expected" screen >&2 || fail "the screen is not that of $expected"
    fi
}

case_the_screens_with_calls_are_those_that_are_expected() {
    need_symbols
    build_program
    record_it +stack,creation
    expect_stacks show show run.telltale handler
    expect_stacks report report --stacks run.telltale
    expect_stacks explain explain run.telltale handler
    strip program
    expect_stacks show_stripped show run.telltale handler
}

case_a_task_is_told_with_the_calls_that_created_it_where_that_is_asked_for() {
    need_symbols
    build_program
    record_it +stack
    expect_equal "$(ask run.telltale "SELECT count(*) FROM stacks WHERE stack_of = 'created'")" 0 'nobody asked'
    record_it +creation
    must "$telltale" show run.telltale handler
    sed -n '/created at/,/created by/p' "$work/out" >creation
    for call in "$(line_of 'kept = tt_create') in create_it" "$(line_of '    create_it();') in app"; do
        grep -q "story\.c:$call" creation || fail "no call story.c:$call: $(cat creation)"
    done
    ! grep -q 'in tt_create_task' creation || fail 'what the library did inside is told'
    expect_equal "$(calls_of "$work/out")" "$(expected_calls)" 'the exception has its calls, too'
}

case_nothing_is_taken_unless_asked_for() {
    build_program
    run "$telltale" record -o run.telltale -- ./program
    expect_equal "$(ask run.telltale 'SELECT (SELECT count(*) FROM stack), (SELECT count(*) FROM stacks), (SELECT count(*) FROM tasks WHERE stack_used_bytes IS NOT NULL)')" \
        '0|0|0' 'stacks'
    must "$telltale" show run.telltale handler
    ! grep -q 'called from' "$work/out" || fail 'calls are told'
}

# What a place is to a person, a build id and an address are to a tool: told with the same words whatever was stripped.
case_a_stripped_program_is_told_by_addresses_and_names_it_exports() {
    build_program
    record_it +stack
    cp program with_symbols
    strip program
    must "$telltale" show run.telltale handler
    sed -n '/raised at/,/held by/p' "$work/out" >calls
    grep -qE 'called from +(libtelltale\.so[.0-9]*|.*:[0-9]+ in|program\+0x)' calls || fail "no calls: $(cat calls)"
    [ "$(grep -cE '^ +program\+0x[0-9a-f]+$' calls)" -ge 2 ] || fail "no addresses in the stripped program: $(cat calls)"
    ! grep -q 'story\.c:[0-9]* in parse' calls || fail 'a stripped program has lines'
    # The address is what another tool wants.
    address=$(ask run.telltale "SELECT printf('0x%x', address) FROM calls WHERE path LIKE '%/program' ORDER BY position LIMIT 1")
    command -v addr2line >/dev/null || skip 'no addr2line'
    addr2line -e with_symbols "$address" | grep -q "story\.c:$(line_of 'tt_raise(')" || fail "$address is not where it was raised: $(addr2line -e with_symbols "$address")"
}

case_a_program_that_was_built_anew_is_no_longer_believed() {
    need_symbols
    build_program
    record_it +stack
    id=$(readelf -n program | sed -n 's/^ *Build ID: //p')
    expect_equal "$(ask run.telltale "SELECT DISTINCT build_id FROM calls WHERE path LIKE '%/program'")" "$id" 'the build id'
    sed -i '1i /* another line */ int another_build;' story.c
    compile telltale story.c
    must "$telltale" show run.telltale handler
    expect_text out 'build id differs'
    ! grep -q 'story\.c:[0-9]* in parse' "$work/out" || fail 'lines of another build'
    rm program
    must "$telltale" show run.telltale handler
    expect_text out 'the file is not there any more'
}

case_what_a_store_names_as_a_file_is_read_with_care() {
    need_symbols
    build_program
    record_it +stack
    mkfifo pipe
    for path in "$work/here/pipe" /dev/zero "$work/here/story.c" "$work/here" 'a
M - /dev/zero'; do
        cp run.telltale hostile.telltale
        ask hostile.telltale "UPDATE module SET path = '$path', build_id = NULL"
        must timeout 30 "$telltale" show hostile.telltale handler
        expect_text out 'the file cannot be read'
    done
}

case_a_stack_too_deep_is_cut_and_says_so() {
    install_prefix
    cat >deep.c <<'END'
#include <telltale/telltale.h>
static __attribute__((noinline)) int descend(int depth)
{
    return depth == 0 ? tt_raise(&tt_ValueError, "deep down") : descend(depth - 1) - 1;
}
static int app(void *arg)
{
    (void)arg;
    return descend(100) < 0 ? -1 : 0;
}
int main(void)
{
    return tt_run(app, NULL);
}
END
    compile telltale deep.c
    TELLTALE_EVENTS=+stack run "$telltale" record -o run.telltale -- ./program
    expect_equal "$(ask run.telltale 'SELECT call_count, is_cut FROM stacks')" '32|1' 'a deep stack'
    must "$telltale" show run.telltale 2
    expect_text out 'and more'
}

# A thousand raises in one place are one stack, also where two processes tell of it.
case_the_same_calls_are_kept_once() {
    install_prefix
    cat >many.c <<'END'
#include <telltale/telltale.h>
#include <sys/wait.h>
#include <unistd.h>
static __attribute__((noinline)) int refuse(void)
{
    return tt_raise(&tt_ValueError, "again");
}
static int app(void *arg)
{
    for (int i = 0; i < 1000; i++)
        if (refuse() < 0 && tt_catch(&tt_ValueError) && tt_catch_end() < 0)
            return -1;
    return arg ? 0 : tt_sleep(0);
}
int main(void)
{
    if (tt_run(app, NULL) < 0)
        return 1;
    pid_t child = fork();
    if (child == 0)
        _exit(tt_run(app, NULL) < 0);
    int status;
    return waitpid(child, &status, 0) < 0 || status != 0;
}
END
    compile telltale many.c
    TELLTALE_EVENTS=+stack run "$telltale" record -o run.telltale -- ./program
    expect_status 0 'the program'
    expect_equal "$(ask run.telltale "SELECT count(*), count(DISTINCT stack_id), count(DISTINCT object_id >> 40), sum(stack_id = 0) FROM stacks WHERE func = 'refuse'")" \
        '2000|1|2|0' 'stacks of two processes'
}

run_case "$@"
