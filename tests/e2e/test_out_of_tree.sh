#!/bin/sh
# test_out_of_tree.sh: a program that has nothing of this source tree but an installed prefix. Its message, its names and
# its lines are made up anew in each run, so that nothing can have been prepared for them.
# shellcheck source-path=SCRIPTDIR source=case.sh
. "$(dirname "$0")/case.sh"

blank_lines() { # COUNT
    yes '' | head -n "$1"
}

# Writes $source: a task fails with the text $message; END is what main does while it still holds the task. Sets
# $raiser, $creator, $coroutine and the lines $raised_line and $created_line.
write_program() { # END
    source=$(random_word).c
    message="$(random_word) $(random_word)"
    raiser=$(random_word)
    coroutine=$(random_word)
    creator=$(random_word)
    {
        printf '#include <signal.h>\n#include <stdio.h>\n#include <telltale/telltale.h>\n'
        printf 'static int %s(const char *word)\n{\n' "$raiser"
        blank_lines "$(random_number 1 400)"
        printf '    return tt_raise(&tt_RuntimeError, "%%s %s", word);\n}\n' "${message#* }"
        printf 'static int %s(void *arg)\n{\n    return tt_sleep(TT_MSEC(1)) < 0 ? -1 : %s(arg);\n}\n' "$coroutine" "$raiser"
        printf 'static tt_task *%s(void)\n{\n' "$creator"
        blank_lines "$(random_number 1 400)"
        printf '    return tt_create_task(%s, "%s");\n}\n' "$coroutine" "${message% *}"
        printf 'static int app(void *arg)\n{\n    (void)arg;\n    tt_task *task = %s();\n' "$creator"
        printf '    while (!tt_task_done(task))\n        if (tt_sleep(TT_MSEC(1)) < 0)\n            return -1;\n'
        printf '    %s\n    tt_task_unref(task);\n    return 0;\n}\n' "$1"
        printf 'int main(void)\n{\n    return tt_run(app, NULL);\n}\n'
    } >"$source"
    raised_line=$(grep -n tt_raise "$source" | cut -d: -f1)
    created_line=$(grep -n tt_create_task "$source" | cut -d: -f1)
}

# The recorder that the library started goes on for a moment when its program is gone.
process_has_ended() {
    [ "$(ask run.telltale 'SELECT end_reason FROM processes')" = killed_without_goodbye ]
}

# The store must have this one failure, and the report must name it.
expect_failure() { # STATE REASON
    must ask run.telltale "SELECT type, message, state, reason, raised_file, raised_line, raised_func,
                                      created_file, created_line, created_func, coroutine FROM failures"
    expect_equal "$(cat "$work/out")" \
        "RuntimeError|$message|$1|$2|$source|$raised_line|$raiser|$source|$created_line|$creator|$coroutine" 'the failures'
    run "$prefix/bin/telltale" report run.telltale
    expect_status 1 report
    expect_text out "RuntimeError: $message"
    expect_text out "$source:$raised_line in $raiser"
    expect_text out "$source:$created_line in $creator"
    expect_text out '1 lost failure in 1 group'
}

case_a_program_built_with_pkg_config_loses_a_failure_and_ends() {
    install_prefix
    write_program ''
    compile telltale "$source"
    must "$prefix/bin/telltale" record -o run.telltale -- ./program
    expect_text err 'Task exception was never retrieved'
    expect_failure lost dropped
}

case_a_program_built_with_pkg_config_is_killed_with_a_failure_in_its_hands() {
    install_prefix
    write_program 'raise(SIGKILL);'
    compile telltale "$source"
    run "$prefix/bin/telltale" record -o run.telltale -- ./program
    expect_status 137 record
    expect_failure lost killed
    must ask run.telltale "SELECT end_reason, signal FROM processes"
    expect_equal "$(cat "$work/out")" 'signal|9' 'the end of the process'
}

case_a_program_that_records_itself_is_killed_with_a_failure_in_its_hands() {
    install_prefix
    write_program 'raise(SIGKILL);'
    compile telltale "$source"
    run env TELLTALE_STORE=run.telltale TELLTALE_PROGRAM="$prefix/bin/telltale" ./program
    expect_status 137 program
    wait_until process_has_ended
    expect_failure lost killed
}

case_an_array_bigger_than_a_stack_is_an_overflow_with_a_name() {
    case $TELLTALE_TEST_SANITIZE in *address* | *thread*) skip 'the sanitizer has handlers of its own in front' ;; esac
    cat >program.c <<'END'
#include <telltale/telltale.h>
static int greedy(void *arg)
{
    volatile char buffer[1 << 20];
    buffer[0] = *(char *)arg;
    return buffer[0] == 0;
}
int main(void)
{
    return tt_run(greedy, "x");
}
END
    install_prefix
    compile telltale program.c
    run ./program
    [ "$status" -eq 139 ] || fail "the program ended with $status"
    grep -q 'overflowed its 64 KiB stack' "$work/err" || fail "nothing is said: $(cat "$work/err")"
}

case_a_program_built_with_the_cmake_package_loses_a_failure() {
    install_prefix
    write_program ''
    cat >CMakeLists.txt <<END
cmake_minimum_required(VERSION 3.25)
project(consumer LANGUAGES C)
find_package(telltale 0.1 REQUIRED)
add_executable(program $source)
target_link_libraries(program PRIVATE telltale::telltale)
END
    must cmake -S . -B build -G Ninja "-DCMAKE_PREFIX_PATH=$prefix" "-DCMAKE_C_COMPILER=${TELLTALE_TEST_COMPILER:-cc}" \
        "-DCMAKE_C_FLAGS=$(sanitizer_flags)"
    must cmake --build build
    # CMake compiles with the whole path.
    source=$(pwd -P)/$source
    must "$prefix/bin/telltale" record -o run.telltale -- build/program
    expect_failure lost dropped
}

case_a_program_without_the_runtime_emits_events_by_the_tracer_alone() {
    install_prefix
    cat >emitter.c <<'END'
#include <stdio.h>
#include <telltale/trace.h>
int main(void)
{
    uint64_t id = tt_trace_new_id();
    if (tt_trace_start_from_environment() != TT_TRACE_RECORDING)
        return 1;
    TT_EMIT(task_created, .task_id = id, .name = "by hand", .has_handle = 1, .site = TT_SITE_HERE("nothing"));
    TT_EMIT(task_finished, .task_id = id, .outcome = TT_OUTCOME_RETURNED);
    return 0;
}
END
    compile telltale-trace emitter.c
    must "$prefix/bin/telltale" record -o run.telltale -- ./program
    must ask run.telltale 'SELECT name, coroutine, outcome, created_at FROM tasks'
    expect_equal "$(cat "$work/out")" 'by hand|nothing|returned|emitter.c:8 in main' 'the tasks'
}

# What an example needs beside telltale, as pkg-config calls it.
case_each_example_compiles_against_an_installed_telltale() {
    install_prefix
    count=0
    for example in "$TELLTALE_TEST_SOURCE"/runtime/examples/*.c "$TELLTALE_TEST_SOURCE"/runtime/examples/tour/*.c; do
        packages=telltale
        case ${example##*/} in
        guest.c | callback_future.c) packages='telltale libuv' ;;
        tls.c) packages='telltale openssl' ;;
        tour.c | http_*.c) [ -x "$TELLTALE_TEST_BIN/examples/tour" ] || continue ;;
        esac
        [ "$packages" != 'telltale openssl' ] || pkg-config --exists openssl || continue
        # shellcheck disable=SC2046,SC2086 # lists of options, of packages
        must "${TELLTALE_TEST_COMPILER:-cc}" -Wall -Wextra -Werror -fsyntax-only "$example" $(pkg-config --cflags $packages)
        count=$((count + 1))
    done
    [ "$count" -ge 33 ] || fail "there are only $count examples"
}

# Compiles each installed header alone; COMPILER gets the rest of the options.
compile_headers() { # COMPILER...
    headers=$(find "$prefix/include/telltale" -name '*.h')
    [ "$(printf '%s\n' "$headers" | wc -l)" -ge 9 ] || fail "only these headers are installed: $headers"
    for header in $headers; do
        must "$@" -Wall -Wextra -pedantic -Werror -fsyntax-only "-I$prefix/include" -include "$header" /dev/null
    done
}

case_each_header_compiles_alone_as_c() {
    install_prefix
    compile_headers "${TELLTALE_TEST_COMPILER:-cc}" -x c -std=c11
}

case_each_header_compiles_alone_as_cpp() {
    install_prefix
    for compiler in g++ clang++; do
        if command -v "$compiler" >/dev/null; then
            compile_headers "$compiler" -x c++ -std=c++11
            return
        fi
    done
    skip 'there is no compiler for C++'
}

case_an_installed_tree_can_be_moved() {
    install_prefix
    mv "$prefix" "$work/moved"
    prefix=$work/moved
    PKG_CONFIG_PATH=$(dirname "$(find "$prefix" -name telltale.pc)")
    libraries=$(pkg-config --variable=libdir telltale)
    write_program ''
    compile telltale "$source"
    must "$prefix/bin/telltale" record -o run.telltale -- ./program
    expect_failure lost dropped
}

run_case "$@"
