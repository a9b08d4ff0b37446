#!/bin/sh
# test_events.sh: events that leave a mark in the store and print nothing, from the call in a program to plain SQL.
# shellcheck source-path=SCRIPTDIR source=case.sh
. "$(dirname "$0")/case.sh"

# Builds program.c, records it, and leaves run.telltale.
record_program() {
    install_prefix
    compile telltale program.c
    must "$telltale" record -o run.telltale -- ./program
}

line_of() { # TEXT
    grep -nF -- "$1" program.c | cut -d: -f1
}

# Events loop_created, loop_started, loop_stopped, loop_closed.
case_a_loop_tells_where_it_was_created_started_and_closed() {
    cat >program.c <<'END'
#include <telltale/telltale.h>
static int nothing(void *arg)
{
    (void)arg;
    return 0;
}
int main(void)
{
    tt_loop *loop = tt_loop_create();
    if (!loop)
        return 1;
    tt_task *task = tt_create_task_with(nothing, NULL, &(struct tt_task_options){.loop = loop});
    if (!task || tt_loop_run_until_complete(loop, task) < 0)
        return 1;
    tt_task_unref(task);
    return tt_loop_close(loop) < 0;
}
END
    record_program
    expect_equal "$(ask run.telltale "
        SELECT c.line, s.line, e.line, created_ns <= started_ns, started_ns <= stopped_ns, stopped_ns <= closed_ns, pending_count
        FROM loop JOIN site AS c ON c.site_id = created_site_id JOIN site AS s ON s.site_id = started_site_id
            JOIN site AS e ON e.site_id = closed_site_id")" \
        "$(line_of 'loop_create()')|$(line_of run_until)|$(line_of close)|1|1|1|0" 'the loop'
}

# Event cancel_converted.
case_a_cancellation_that_a_task_answers_with_a_failure_is_converted() {
    cat >program.c <<'END'
#include <telltale/telltale.h>
static int stubborn(void *arg)
{
    (void)arg;
    if (tt_sleep(TT_SEC(60)) < 0 && tt_catch(&tt_CancelledError)) {
        (void)tt_raise(&tt_ValueError, "not now");
        return tt_catch_end();
    }
    return 0;
}
static int app(void *arg)
{
    (void)arg;
    tt_task *task = tt_create_task(stubborn, NULL);
    if (tt_sleep(0) < 0)
        return -1;
    tt_task_cancel(task, "closing time");
    int status = tt_await(task);
    if (status < 0 && tt_catch(&tt_ValueError))
        status = tt_catch_end();
    tt_task_unref(task);
    return status;
}
int main(void)
{
    return tt_run(app, NULL);
}
END
    record_program
    expect_equal "$(ask run.telltale "
        SELECT t.coroutine, t.outcome, c.ending, c.reason, c.requested_at, f.state
        FROM cancellations AS c JOIN tasks AS t USING (task_id) JOIN failures AS f ON f.failure_id = t.task_id")" \
        "stubborn|failed|converted|closing time|program.c:$(line_of closing) in app|delivered" 'the cancellation'
}

# Event stall_detected.
case_a_step_that_holds_up_the_loop_is_told_with_its_task_and_places() {
    cat >program.c <<'END'
#include <telltale/telltale.h>
#include <unistd.h>
static int tick(void *arg)
{
    (void)arg;
    usleep(130000);
    return 0;
}
static int hog(void *arg)
{
    (void)arg;
    if (tt_sleep(TT_MSEC(1)) < 0)
        return -1;
    usleep(150000);
    return tt_sleep(0);
}
static int app(void *arg)
{
    (void)arg;
    tt_task *task = tt_create_task_named(hog, NULL, "greedy");
    int status = tt_await(task);
    tt_task_unref(task);
    if (status == 0 && tt_loop_call_soon(NULL, tick, NULL, NULL) == 0)
        status = tt_sleep(0);
    return status;
}
int main(void)
{
    return tt_run(app, NULL);
}
END
    record_program
    expect_equal "$(ask run.telltale "
        SELECT by, by_text LIKE '%greedy%', from_at, to_at, duration_ns BETWEEN 130000000 AND 10000000000, ended_ns - began_ns = duration_ns
        FROM stalls ORDER BY began_ns")" \
        "task|1|program.c:$(line_of 'tt_sleep(TT_MSEC(1))') in hog|program.c:$(line_of 'return tt_sleep(0)') in hog|1|1
callback|0|program.c:$(line_of call_soon) in app||1|1" 'the stalls'
    run "$telltale" report run.telltale
    expect_text out 'STALL: 1 step, at '
    expect_text out '"greedy" ran from program.c'
    expect_text out 'tick(), registered at program.c'
}

is_told_to_stall() {
    run "$telltale" check run.telltale -A all --lint stall=200ms --fail-on stall
    [ "$status" -eq 1 ]
}

# While it lasts, no event tells of it: the board does. When the program is killed, it was never over.
case_a_step_that_is_not_over_is_told_while_it_holds_up_the_loop() {
    cat >program.c <<'END'
#include <telltale/telltale.h>
#include <unistd.h>
static int hog(void *arg)
{
    (void)arg;
    if (tt_sleep(TT_MSEC(1)) < 0)
        return -1;
    for (;;)
        pause();
}
static int app(void *arg)
{
    (void)arg;
    tt_task *task = tt_create_task_named(hog, NULL, "greedy");
    return task ? tt_sleep(TT_SEC(60)) : -1;
}
int main(void)
{
    return tt_run(app, NULL);
}
END
    install_prefix
    compile telltale program.c
    TELLTALE_STORE=run.telltale TELLTALE_PROGRAM=$telltale ./program &
    background="$background $!"
    wait_until is_told_to_stall
    expect_text out '"greedy"'
    expect_text out 'ms and is not over'
    run "$telltale" stats run.telltale
    expect_text out 'STALLS: 1, '
    expect_text out '"greedy" has run for '
    kill -KILL "$!"
    has_ended() { [ "$(ask run.telltale 'SELECT end_reason FROM processes')" != running ]; }
    wait_until has_ended
    run "$telltale" check run.telltale -A all --lint stall=200ms --fail-on stall
    expect_status 1 'it was never over'
}

# A failure is held while its process forks: the parent's account of it is exact, whatever children do with their copies.
# The thread sanitizer takes stacks of tasks for threads. In the child of a fork it watches nothing on that which forked any more, and all
# on the others, whose reports say nothing then.
case_a_failure_that_is_inherited_is_told_by_the_process_where_it_happened() {
    export TSAN_OPTIONS="${TSAN_OPTIONS-}:report_bugs=0"
    cat >program.c <<'END'
#include <telltale/telltale.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
static tt_task *seen, *unseen;
static void let_go(void)
{
    tt_task_unref(unseen);
}
static int fail(void *text)
{
    return tt_raise(&tt_ValueError, "%s", (const char *)text);
}
static int fail_again(void *arg)
{
    (void)arg;
    return tt_spawn(fail, "the child's own") < 0 || tt_sleep(0) < 0 || tt_sleep(0) < 0 ? -1 : 0;
}
static int fork_and(void (*act)(void))
{
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        if (dup2(STDOUT_FILENO, STDERR_FILENO) < 0) /* its copy of the loop tells its handler, as CPython's would */
            exit(1);
        act();
        exit(0);
    }
    return waitpid(child, &status, 0) == child && status == 0 ? 0 : tt_raise(&tt_RuntimeError, "the child failed");
}
static void read_and_drop(void)
{
    if (tt_task_result(seen, NULL) == 0 || !tt_catch(&tt_ValueError) || tt_catch_end() < 0)
        exit(1);
    tt_task_unref(seen);
    tt_trace_note(0, "child", "drops");
}
static void exit_with_it(void)
{
    tt_trace_note(0, "child", "exits");
    atexit(let_go);
}
static int app(void *arg)
{
    (void)arg;
    seen = tt_create_task_named(fail, "seen in the end", "seen");
    unseen = tt_create_task_named(fail, "never seen", "unseen");
    if (tt_sleep(0) < 0 || tt_sleep(0) < 0 || fork_and(read_and_drop) < 0 || fork_and(exit_with_it) < 0)
        return -1;
    int status = tt_await(seen);
    if (status < 0 && tt_catch(&tt_ValueError))
        status = tt_catch_end();
    tt_task_unref(seen);
    tt_task_unref(unseen);
    return status;
}
static void run_a_loop_of_its_own(void)
{
    exit(tt_run(fail_again, NULL) != 0);
}
int main(void)
{
    return tt_run(app, NULL) != 0 || fork_and(run_a_loop_of_its_own) < 0;
}
END
    record_program
    expect_equal "$(ask run.telltale "SELECT process_id, name, message, state, coalesce(reason, '-') FROM failures ORDER BY process_id, message")" \
        "0|unseen|never seen|lost|dropped
0|seen|seen in the end|delivered|-
3|Task-3|the child's own|lost|dropped" 'the failures'
    expect_equal "$(ask run.telltale "SELECT group_concat(task_id >> 40, ' ') FROM (SELECT task_id FROM task ORDER BY task_id)")" '0 0 0 3 3' 'the tasks'
    expect_equal "$(ask run.telltale "SELECT count(*), sum(is_balanced) FROM process")" '4|4' 'the processes'
    expect_equal "$(ask run.telltale "SELECT (SELECT count(*) FROM touch), (SELECT count(*) FROM failure), (SELECT count(*) FROM loop)")" \
        '1|3|2' 'touches, failures, loops'
}

# Events io_started, io_finished.
case_what_is_done_at_descriptors_is_told_when_it_is_asked_for() {
    cat >program.c <<'END'
#include <telltale/telltale.h>
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>
static int pair[2];
static int answer(void *arg)
{
    char buffer[16];
    (void)arg;
    if (tt_sock_recv(pair[1], buffer, sizeof buffer) < 0)
        return -1;
    return tt_sock_sendall(pair[1], "hello", 5);
}
static int app(void *arg)
{
    char buffer[16];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) < 0)
        return tt_raise_errno(errno, "socketpair");
    tt_task *task = tt_create_task_named(answer, arg, "server");
    int status = tt_sleep(TT_MSEC(20));
    if (status == 0)
        status = tt_sock_sendall(pair[0], "hi", 2);
    if (status == 0 && tt_sock_recv(pair[0], buffer, sizeof buffer) < 0)
        status = -1;
    if (status == 0)
        status = tt_await(task);
    tt_task_unref(task);
    if (status == 0 && tt_sock_sendall(1000, "x", 1) < 0 && tt_catch(&tt_OSError))
        status = tt_catch_end();
    tt_stream *stream = status == 0 ? tt_stream_open(pair[0], 0) : NULL;
    if (!stream || tt_stream_write(stream, "bye", 3) < 0)
        return -1;
    close(pair[1]);
    if (tt_stream_write(stream, "you", 3) < 0 && tt_catch(&tt_OSError))
        status = tt_catch_end();
    tt_stream_close(stream);
    return status;
}
int main(void)
{
    return tt_run(app, NULL);
}
END
    record_program
    expect_equal "$(ask run.telltale 'SELECT count(*) FROM ios')" 0 'what was not asked for'
    rm run.telltale
    TELLTALE_EVENTS=all must "$telltale" record -o run.telltale -- ./program
    expect_equal "$(ask run.telltale "
        SELECT task_text LIKE '%server%', what, state, size, byte_count, error, at, duration_ns >= 15000000 FROM ios ORDER BY io_id")" \
        "1|read|done|16|2||program.c:$(line_of 'tt_sock_recv(pair[1]') in answer|1
0|write|done|2|2||program.c:$(line_of '"hi", 2') in app|0
0|read|done|16|5||program.c:$(line_of 'tt_sock_recv(pair[0]') in app|0
1|write|done|5|5||program.c:$(line_of '"hello", 5') in answer|0
0|write|failed|1|0|9|program.c:$(line_of '(1000,') in app|0
0|write|done|3|3||program.c:$(line_of '"bye", 3') in app|0
0|write|failed|3|0|32|program.c:$(line_of '"you", 3') in app|0" 'the operations'
}

# Events io_started, io_named, io_finished.
case_what_is_done_to_files_and_names_is_told_with_them() {
    cat >program.c <<'END'
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <telltale/telltale.h>
/* Opening a FIFO lasts until somebody opens its other end. */
static int open_fifo(void *arg)
{
    return tt_fs_open(arg, O_RDONLY, 0) < 0 ? -1 : 0;
}
static int files(void)
{
    struct stat about;
    char buffer[8], temporary[] = "t.XXXXXX";
    int file = tt_fs_open("a", O_RDWR | O_CREAT, 0600), made;
    if (file < 0 || tt_fs_write(file, "hello", 5) < 0 || tt_fs_pread(file, buffer, 8, 3) != 2 || tt_fs_fsync(file) < 0)
        return -1;
    made = tt_fs_mkstemp(temporary);
    if (made < 0 || tt_fs_sendfile(made, file, 1, 3) != 3 || tt_fs_close(file) < 0 || tt_fs_close(made) < 0)
        return -1;
    if (tt_fs_rename("a", "b") < 0 || tt_fs_mkdir("d", 0700) < 0 || tt_fs_rmdir("d") < 0 || tt_fs_unlink("b") < 0)
        return -1;
    if (tt_fs_stat("no", &about) < 0 && tt_catch(&tt_OSError) && tt_catch_end() < 0)
        return -1;
    if (tt_fs_write_file("c", "xyz", 3, 0600) < 0 || mkfifo("fifo", 0600) < 0)
        return -1;
    if (tt_with_timeout(TT_MSEC(20), open_fifo, "fifo") < 0 && tt_catch(&tt_TimeoutError) && tt_catch_end() < 0)
        return -1;
    close(open("fifo", O_WRONLY)); /* the thread goes on */
    return 0;
}
static int names(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(80), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    const struct addrinfo numeric = {.ai_flags = AI_NUMERICHOST};
    struct addrinfo *list;
    char host[64];
    if (tt_getaddrinfo("::1", NULL, &numeric, &list) < 0)
        return -1;
    freeaddrinfo(list);
    if (tt_getaddrinfo("nobody", NULL, &numeric, &list) < 0 && tt_catch(&tt_gaierror) && tt_catch_end() < 0)
        return -1;
    return tt_getnameinfo((struct sockaddr *)&address, NI_NUMERICHOST, host, sizeof host, NULL, 0);
}
static int app(void *arg)
{
    char *data;
    (void)arg;
    if (files() < 0 || names() < 0 || tt_fs_read_file("c", 100, &data, NULL) < 0)
        return -1;
    free(data);
    return 0;
}
int main(void)
{
    return tt_run(app, NULL);
}
END
    record_program
    expect_equal "$(ask run.telltale 'SELECT count(*) FROM ios')" 0 'what was not asked for'
    rm -r run.telltale c fifo t.*
    TELLTALE_EVENTS=all must "$telltale" record -o run.telltale -- ./program
    expect_equal "$(ask run.telltale "
        SELECT what, coalesce(substr(name, 1, 12), descriptor > 2), state, size, byte_count, error FROM ios ORDER BY io_id" |
        sed 's/t\.[A-Za-z0-9]*/TEMPORARY/')" \
        'open|a|done|||
write|1|done|5|5|
read|1|done|8|2|
sync|1|done|||
mkstemp|TEMPORARY|done|||
sendfile|1|done|3|3|
close|1|done|||
close|1|done|||
rename|a -> b|done|||
mkdir|d|done|||
rmdir|d|done|||
unlink|b|done|||
stat|no|failed|||2
write|c|done|3|3|
open|fifo|cancelled|||
resolve|::1|done|||
resolve|nobody|failed|||-2
name|127.0.0.1:80|done|||
read|c|done|100|3|' 'the operations'
    expect_equal "$(ask run.telltale "SELECT count(*) FROM ios WHERE at LIKE 'program.c:%'")" 19 'operations of the program'
    expect_equal "$(ask run.telltale "
        SELECT count(*) FROM ios AS c JOIN ios AS o USING (descriptor)
        WHERE c.what = 'close' AND o.what IN ('open', 'mkstemp') AND o.state = 'done'")" 2 'descriptors that were opened and closed'
}

# Words executor_future, executor, thread.
case_a_failure_on_a_thread_whose_future_was_cancelled_is_absorbed_by_the_executor() {
    cat >program.c <<'END'
#include <stdatomic.h>
#include <telltale/telltale.h>
static atomic_bool has_begun, is_cancelled;
static int fail_late(void *arg)
{
    (void)arg;
    has_begun = true;
    while (!is_cancelled)
        continue;
    return tt_raise(&tt_ValueError, "too late");
}
static int wait_for_it(void *arg)
{
    return tt_to_thread(fail_late, arg, NULL, NULL);
}
static int app(void *arg)
{
    (void)arg;
    tt_task *task = tt_create_task_named(wait_for_it, NULL, "waiter");
    while (!has_begun)
        if (tt_sleep(TT_MSEC(1)) < 0)
            return -1;
    tt_task_cancel(task, NULL);
    int status = tt_await(task);
    is_cancelled = true;
    if (status < 0 && tt_catch(&tt_CancelledError))
        status = tt_catch_end();
    tt_task_unref(task);
    return status;
}
int main(void)
{
    return tt_run(app, NULL);
}
END
    record_program
    expect_equal "$(ask run.telltale "SELECT kind, type, message, state, reason, raised_at, created_at FROM failures")" \
        "executor_future|ValueError|too late|absorbed|executor|program.c:$(line_of 'tt_raise') in fail_late|program.c:$(line_of 'return tt_to_thread') in wait_for_it" 'the failure'
}

case_an_overflowed_stack_is_reported_with_its_task_and_the_signal() {
    case $TELLTALE_TEST_SANITIZE in *address* | *thread*) skip 'the sanitizer has handlers of its own in front' ;; esac
    cat >program.c <<'END'
#include <telltale/telltale.h>
static volatile int depth_max = 1 << 30;
static __attribute__((noinline)) int recurse(int depth)
{
    volatile char frame[1024];
    if (depth == depth_max)
        return 0;
    frame[0] = (char)depth;
    frame[sizeof frame - 1] = frame[0];
    return recurse(depth + 1) + frame[0];
}
static int deep(void *arg)
{
    (void)arg;
    if (tt_sleep(TT_MSEC(1)) < 0)
        return -1;
    return recurse(0);
}
static int app(void *arg)
{
    tt_task *task = tt_create_task_named(deep, arg, "diver");
    return tt_await(task);
}
int main(void)
{
    return tt_run(app, NULL);
}
END
    install_prefix
    compile telltale program.c
    run "$telltale" record -o run.telltale -- ./program
    [ "$status" -eq 139 ] || fail "record ended with $status"
    run "$telltale" report run.telltale
    grep -q 'SIGSEGV' "$work/out" || fail 'the report does not name the signal'
    grep -A2 '^OVERFLOWED STACKS: 1, which ended the process' "$work/out" >found || fail "no overflow in the report: $(cat "$work/out")"
    grep -q '^  task diver overflowed its 64 KiB stack at ' found || fail "the task is not named: $(cat found)"
    grep -q "program.c:$(line_of tt_create_task_named) in app" found || fail "its place is not told: $(cat found)"
}

run_case "$@"
