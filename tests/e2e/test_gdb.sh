#!/bin/sh
# test_gdb.sh: tasks and their stacks in gdb, of a process that stands still and of a core file. The program is made here.
# shellcheck source-path=SCRIPTDIR source=case.sh
. "$(dirname "$0")/case.sh"

helper=$TELLTALE_TEST_SOURCE/runtime/gdb/telltale-gdb.py

need_gdb() {
    command -v gdb >/dev/null || skip 'there is no gdb'
    gdb -nx -batch -ex 'python print("has" + "-python")' 2>/dev/null | grep -q has-python || skip 'gdb was built without Python'
    [ -z "${TELLTALE_TEST_SANITIZE-}" ] || skip 'a sanitizer does not live under gdb'
    # Where a process may not be traced, gdb cannot start one.
    gdb -nx -batch -ex 'set startup-with-shell off' -ex run -ex 'python print("ran-" + "it")' /bin/true 2>&1 | grep -q 'exited normally' ||
        skip 'gdb may not trace processes here'
}

# A program with two loops that stands in `stop_here` when its tasks wait.
build_program() {
    install_prefix
    cat >story.c <<'END'
#include <telltale/telltale.h>

static tt_event *event;
static volatile int stops;

static __attribute__((noinline)) void stop_here(void)
{
    stops++;
}

static __attribute__((noinline)) int wait_deeply(int depth)
{
    volatile int marker = 4700 + depth;
    int rc = depth > 0 ? wait_deeply(depth - 1) : tt_event_wait(event);

    return marker > 0 ? rc : -1;
}

static int reader(void *arg)
{
    return wait_deeply(arg != NULL ? 3 : 1);
}

static int sleeper(void *arg)
{
    (void)arg;
    return tt_sleep(TT_SEC(1000));
}

static int app(void *arg)
{
    tt_task *tasks[4];

    (void)arg;
    event = tt_event_create();
    tasks[0] = tt_create_task_named(reader, event, "deep one");
    tasks[1] = tt_create_task_named(sleeper, NULL, "sleeper");
    if (tt_sleep(TT_MSEC(1)) < 0)
        return -1;
    tasks[2] = tt_create_task_named(reader, NULL, "twin");
    tasks[3] = tt_create_task_named(reader, NULL, "twin");
    stop_here();
    for (int i = 0; i < 4; i++)
        tt_task_cancel(tasks[i], NULL), tt_task_unref(tasks[i]);
    return 0;
}

int main(void)
{
    tt_loop *idle = tt_loop_create();
    struct tt_task_options options = {.loop = idle, .name = "idle one"};
    tt_task *task = tt_create_task_with(sleeper, NULL, &options);
    int status = tt_run(app, NULL);

    tt_task_unref(task);
    return tt_loop_close(idle) < 0 ? 1 : status;
}
END
    compile telltale story.c
}

stop_script() {
    printf '%s\n' 'set startup-with-shell off' 'set breakpoint pending on' 'break stop_here' 'run' "source $helper"
}

line_of() { # TEXT
    grep -nF "$1" story.c | cut -d: -f1
}

# What is said of the tasks, live and in a core.
expect_tasks() {
    grep -qE '^loop #[0-9]+, created at story.c:[0-9]+ in main, not running, 1 task$' "$work/out" || fail 'the loop that does not run'
    grep -qE '^loop #[0-9]+, created at .* running on thread [0-9]+, 5 tasks$' "$work/out" || fail 'the loop that runs'
    grep -qE "^  #[0-9]+ +waiting +deep one +reader +event [0-9]+ +story.c:$(line_of 'tt_event_wait(event)') in wait_deeply\$" "$work/out" || fail 'a task that waits'
    grep -qE "^  #[0-9]+ +waiting +sleeper +sleeper +sleep +story.c:$(line_of 'return tt_sleep(TT_SEC') in sleeper\$" "$work/out" || fail 'a task that sleeps'
    grep -qE '^  #[0-9]+ +running +Task-[0-9]+ ' "$work/out" || fail 'the task that runs'
    grep -qE '^  #[0-9]+ +ready +twin +reader +created at story.c:[0-9]+ in app' "$work/out" || fail 'a task that has not begun'
}

# "FUNCTION LINE" of the frames in story.c behind MARK.
frames() { # MARK
    sed -n "/^$1\$/,/^end of it\$/p" "$work/out" | sed -nE 's/^#[0-9]+ +(0x[0-9a-f]+ in )?([a-z_]+) \(.*story\.c:([0-9]+)$/\2 \3/p'
}

expect_deep_stack() {
    recursion=$(line_of 'wait_deeply(depth - 1)')
    expect_equal "$(frames 'of the deep one')" "$(printf '%s\n' "wait_deeply $recursion" "wait_deeply $recursion" "wait_deeply $recursion" \
        "wait_deeply $recursion" "reader $(line_of 'arg != NULL ? 3 : 1')")" 'the stack of a suspended task'
    # It begins where it was suspended, and ends where the coroutine began.
    sed -n '/^of the deep one$/,/^end of it$/p' "$work/out" >stack
    sed -n 2p stack | grep -qE '^#0 .*(tt__coro_switch|switch_to|suspend|tt_)' || fail "the innermost frame: $(sed -n 2p stack)"
    ! grep -qE 'corrupt|inner to this frame| main \(' stack || fail "it does not end well: $(cat stack)"
    ! grep -q stop_here stack || fail 'the frame of the thread is in it'
    # Variables are those of the frame.
    sed -n '/^and its variables$/,$p' "$work/out" | grep -q 'marker = 4703' || fail 'variables of a suspended frame'
}

deep_questions() {
    printf '%s\n' 'telltale tasks' 'echo of the deep one\n' "telltale bt 'deep one'" 'echo end of it\n' 'echo and its variables\n' \
        "telltale bt 'deep one' full" 'bt 1'
}

case_a_process_shows_its_tasks_and_where_they_stand() {
    need_gdb
    build_program
    {
        stop_script
        deep_questions
        printf '%s\n' 'continue'
    } >all
    run timeout "$patience_s" gdb -nx -batch -x all ./program
    cat "$work/err" >>"$work/out"
    expect_tasks
    expect_deep_stack
    # Nothing has changed: the thread stands where it stood, and the program goes on to its end.
    grep -qE '^#0 +stop_here \(\)' "$work/out" || fail 'the stack of the thread'
    grep -q 'exited normally' "$work/out" || fail 'the program does not go on'
}

# What the release preset builds: link-time optimisation tells of one variable twice, once without a place.
case_a_tracer_that_was_optimised_as_a_whole_shows_the_tasks() {
    need_gdb
    build_program
    echo 'int main(void) { return 0; }' >lto.c
    cc -flto -O2 -o lto.out lto.c 2>/dev/null || skip 'the compiler cannot optimise programs as a whole'
    tracer=$TELLTALE_TEST_SOURCE/tracer
    mkdir whole
    # shellcheck disable=SC2046 # names of files
    must cc -std=gnu11 -D_GNU_SOURCE -O2 -g -flto -fPIC -fvisibility=hidden -ftls-model=initial-exec -shared -pthread \
        -DTELLTALE_BINDIR='"/nowhere"' -DTELLTALE_LIBDIR='"/nowhere"' -I"$tracer" -I"$tracer/include" -Wl,-soname,libtelltale-trace.so.0 \
        -o whole/libtelltale-trace.so.0 $(sed -n '/add_library(telltale_trace_objects/,/)/p' "$tracer/CMakeLists.txt" |
            grep -o '[a-z_]*\.c' | sed "s|^|$tracer/|") -ldl
    {
        echo "set environment LD_LIBRARY_PATH $PWD/whole"
        stop_script
        printf '%s\n' 'info sharedlibrary' 'telltale tasks'
    } >all
    run timeout "$patience_s" gdb -nx -batch -x all ./program
    cat "$work/err" >>"$work/out"
    grep -q "$PWD/whole/libtelltale-trace" "$work/out" || fail 'it is another library'
    expect_tasks
}

# A core that the kernel writes: gdb's own generate-core-file gives up a mapping at its first guard page of Linux 6.13.
case_a_core_file_shows_the_same() {
    need_gdb
    case $(cat /proc/sys/kernel/core_pattern) in
    core | core.%p) ;;
    *) skip 'cores go elsewhere here: kernel.core_pattern' ;;
    esac
    build_program
    sed -i 's/^    stops++;/    stops++, abort();/; 1i #include <stdlib.h>' story.c
    compile telltale story.c
    (ulimit -c unlimited && ./program >/dev/null 2>&1) || :
    core=$(find . -name 'core*' -size +0)
    [ -n "$core" ] || skip 'no core file was written'
    {
        printf 'source %s\n' "$helper"
        deep_questions
    } >look
    run timeout "$patience_s" gdb -nx -batch -x look ./program "$core"
    cat "$work/err" >>"$work/out"
    expect_tasks
    expect_deep_stack
}

# Each of these is a line, and the next command runs.
case_what_cannot_be_shown_is_said() {
    need_gdb
    build_program
    {
        printf 'source %s\n' "$helper"
        cat <<'END'
python
def attempt(command):
    try:
        gdb.execute(command)
    except gdb.error as error:
        print("said:", error)
attempt("telltale tasks")
attempt("telltale bt")
end
END
        stop_script | grep -v '^source'
        cat <<'END'
python
attempt("telltale bt nobody")
attempt("telltale bt twin")
attempt("telltale bt 'idle one'")
attempt("telltale bt Task-1")
attempt("telltale tasks of mine")
end
kill
END
    } >all
    run timeout "$patience_s" gdb -nx -batch -x all ./program
    cat "$work/err" >>"$work/out"
    for words in 'no loops are known' 'usage: telltale bt TASK' 'there is no task nobody' 'are called twin' 'has not begun: it has no stack; it was created at story.c:' \
        "runs: its thread's bt shows it" 'takes no argument'; do
        grep -q "said: .*$words" "$work/out" || fail "it does not say: $words"
    done
}

case_it_is_installed_where_gdb_loads_it_by_itself() {
    install_prefix
    found=$(find "$prefix/share/gdb/auto-load" -name 'libtelltale.so*-gdb.py')
    [ -n "$found" ] || fail 'it is not installed'
    cmp "$found" "$helper" || fail 'it is another one'
    library=$(readlink -f "$libraries/libtelltale.so")
    expect_equal "$(basename "$found")" "$(basename "$library")-gdb.py" 'its name'
}

run_case "$@"
