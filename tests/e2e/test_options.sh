#!/bin/sh
# test_options.sh: options of calls. In C they may be written in the call itself (a compound literal, its commas too)
# where a header says so; in C++, which takes no address of such a thing, they are objects with names. Both compile
# without a warning, and run.
# shellcheck source-path=SCRIPTDIR source=case.sh
. "$(dirname "$0")/case.sh"

# What a program in C writes in the call itself, where a header says so.
write_options_c() {
    cat >options.c <<'END'
#include <telltale/telltale.h>

static int nothing(void *arg)
{
    (void)arg;
    return 0;
}

static int use_options(void *arg)
{
    tt_process *process = tt_process_spawn((char *[]){"sh", "-c", "exit 7", NULL},
                                           &(struct tt_process_options){.out = {.kind = TT_STDIO_NULL}, .has_session = true});
    tt_task *task = tt_create_task_with(nothing, arg, &(struct tt_task_options){.name = "a", .eager_start = true});
    tt_future *gather = tt_gather((tt_future *[]){task, task}, 2, false);
    int returncode = -1, rc = tt_wait((tt_future *[]){gather}, 1, TT_ALL_COMPLETED, TT_NEVER, NULL);

    if (rc == 0)
        rc = tt_process_wait(process, &returncode);
    if (rc == 0 && returncode != 7)
        rc = tt_raise(&tt_RuntimeError, "it returned %d", returncode);
    tt_future_unref(gather);
    tt_task_unref(task);
    tt_process_destroy(process);
    return rc;
}

int main(void)
{
    return tt_run_with(use_options, NULL, &(struct tt_run_options){.virtual_time = true, .debug = TT_DEBUG_ON});
}
END
}

# C++ takes no address of a compound literal: the same with objects that have names.
write_options_cpp() {
    cat >options.cc <<'END'
#include <telltale/telltale.h>

static int nothing(void *)
{
    return 0;
}

static int use_options(void *arg)
{
    char shell[] = "sh", option[] = "-c", command[] = "exit 7";
    char *argv[] = {shell, option, command, nullptr};
    struct tt_process_options with = {};
    struct tt_task_options eager = {};

    with.out.kind = TT_STDIO_NULL;
    with.has_session = true;
    eager.name = "a";
    eager.eager_start = true;
    tt_process *process = tt_process_spawn(argv, &with);
    tt_task *task = tt_create_task_with(nothing, arg, &eager), *named = tt_create_task_named(nothing, arg, "b");
    tt_future *both[] = {task, named};
    tt_future *gather = tt_gather(both, 2, false);
    tt_future *all[] = {gather};
    int returncode = -1, rc = tt_wait(all, 1, TT_ALL_COMPLETED, TT_NEVER, nullptr);

    if (rc == 0)
        rc = tt_process_wait(process, &returncode);
    if (rc == 0 && returncode != 7)
        rc = tt_raise(&tt_RuntimeError, "it returned %d", returncode);
    tt_future_unref(gather);
    tt_task_unref(named);
    tt_task_unref(task);
    tt_process_destroy(process);
    return rc;
}

int main()
{
    struct tt_run_options virtual_time = {};

    virtual_time.virtual_time = true;
    virtual_time.debug = TT_DEBUG_ON;
    return tt_run_with(use_options, nullptr, &virtual_time);
}
END
}

# Builds ./program from the C++ SOURCE, for STANDARD, by the first COMPILER that there is.
compile_cpp() { # SOURCE STANDARD
    for compiler in g++ clang++; do
        command -v "$compiler" >/dev/null || continue
        # shellcheck disable=SC2046 # lists of options
        must "$compiler" "-std=$2" -Wall -Wextra -pedantic -Werror -g $(sanitizer_flags) -o program "$1" \
            $(pkg-config --cflags --libs telltale) "-Wl,-rpath,$libraries"
        return
    done
    skip 'there is no compiler for C++'
}

case_in_c_options_stand_in_the_call() {
    install_prefix
    write_options_c
    compile telltale options.c
    must ./program
}

case_in_cpp_options_have_names() {
    install_prefix
    write_options_cpp
    compile_cpp options.cc c++17
    must ./program
}

run_case "$@"
