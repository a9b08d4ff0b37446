/* Child processes: how they end, what they are given and give, who waits for them, and that nothing of them is left: no
 * descriptor, no memory, no zombie.
 *
 * Past 600 lines: one header, each call done, failing, cancelled and without memory, beside children that end in each way. */
#include "stage.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define ARGV(...) ((char *[]){__VA_ARGS__, NULL})

/* No child is left, living or dead. */
static int close_processes(void **state)
{
    int rc = stage_close(state);

    if (waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD)
        return rc;
    print_error("a child is left\n");
    return -1;
}

#define cmocka_unit_test_of_processes(...) STAGE_CASE(__VA_ARGS__, stage_open, close_processes)

static tt_task *begin(tt_coro_fn *fn, void *arg)
{
    return tt_create_task_with(fn, arg, (&(struct tt_task_options){.loop = stage_loop, .name = "t"}));
}

static int run_to_its_end(char *const *argv, const struct tt_process_options *options)
{
    tt_process *process = tt_process_spawn(argv, options);
    int code = 4711, rc;

    if (!process)
        return -1;
    rc = tt_process_wait(process, &code);
    note("%s: %d %d %d", argv[0], rc, code, tt_process_has_ended(process, NULL));
    tt_process_destroy(process);
    return rc;
}

/* ------------------------------------------------------------------------------------------------------- how they end */

static int end_in_all_ways(void *arg)
{
    (void)arg;
    if (run_to_its_end(ARGV("true"), NULL) < 0 || run_to_its_end(ARGV("false"), NULL) < 0 ||
        run_to_its_end(ARGV("sh", "-c", "exit 42"), NULL) < 0)
        return -1;
    return run_to_its_end(ARGV("sh", "-c", "kill -TERM $$"), NULL);
}

static void a_child_ends_with_a_status_or_by_a_signal(void **state)
{
    (void)state;
    assert_true(stage_run(end_in_all_ways, NULL));
    expect_notes("true: 0 0 1", "false: 0 1 1", "sh: 0 42 1", "sh: 0 -15 1");
}

static int kill_one(void *arg)
{
    tt_process *process = tt_process_spawn(ARGV("sleep", "1000"), NULL);
    int code = 0;

    (void)arg;
    note("ended %d pid %d", tt_process_has_ended(process, &code), tt_process_pid(process) > 1);
    if (tt_process_kill(process) < 0 || tt_process_wait(process, &code) < 0)
        return -1;
    note("code %d", code);
    code = 0;
    if (tt_process_has_ended(process, &code))
        note("ended, code %d", code);
    (void)!tt_process_terminate(process);
    note_and_drop("again");
    tt_process_destroy(process);
    return 0;
}

static void a_child_is_killed_and_afterwards_signals_find_nobody(void **state)
{
    (void)state;
    assert_true(stage_run(kill_one, NULL));
    expect_notes("ended 0 pid 1", "code -9", "ended, code -9", "again: ProcessLookupError(3, 'No such process')");
}

static int start_what_is_not_there(void *arg)
{
    const struct tt_process_options nowhere = {
        .directory = "/no/such/folder", .in = {TT_STDIO_PIPE, 0}, .out = {TT_STDIO_PIPE, 0}, .err = {TT_STDIO_NULL, 0}};
    const struct tt_process_options closed = {.in = {TT_STDIO_PIPE, 0}, .out = {TT_STDIO_DESCRIPTOR, 4711}};

    (void)arg;
    for (int i = 0; i < 4; i++) {
        tt_process *process = i == 0   ? tt_process_spawn(ARGV("/no/such/program"), NULL)
                              : i == 1 ? tt_process_spawn(ARGV("true"), &nowhere)
                              : i == 2 ? tt_process_spawn(ARGV("/etc/passwd"), NULL)
                                       : tt_process_spawn(ARGV("true"), &closed);

        if (process)
            return tt_raise(&tt_AssertionError, "started");
        note("%s", tt_exc_message(tt_exc_pending()));
        if (!tt_catch(&tt_OSError) || tt_catch_end() < 0)
            return -1;
    }
    return 0;
}

static void a_child_that_cannot_be_started_is_an_error_and_nothing_is_left(void **state)
{
    (void)state;
    assert_true(stage_run(start_what_is_not_there, NULL));
    expect_notes("[Errno 2] No such file or directory: spawn /no/such/program",
                 "[Errno 2] No such file or directory: spawn true in /no/such/folder",
                 "[Errno 13] Permission denied: spawn /etc/passwd", "[Errno 9] Bad file descriptor: spawn true");
}

static void without_a_loop_that_runs_none_is_started(void **state)
{
    (void)state;
    assert_null(tt_process_spawn(ARGV("true"), NULL));
    note_and_drop("spawn");
    expect_notes("spawn: RuntimeError('no running event loop')");
}

/* ------------------------------------------------------------------------------------------------------- communicating */

static int communicate(char *const *argv, const struct tt_process_options *options, const char *input, size_t size_max)
{
    struct tt_process_output output = {.out = (char *)"untouched"};
    tt_process *process = tt_process_spawn(argv, options);
    int code = 4711, rc;

    if (!process)
        return -1;
    rc = tt_process_communicate(process, input, strlen(input), size_max, &output);
    if (rc == 0) {
        tt_process_has_ended(process, &code);
        note("%d '%s' %zu '%s' %zu", code, output.out ? output.out : "none", output.out_size,
             output.err ? output.err : "none", output.err_size);
        free(output.out);
        free(output.err);
    } else {
        note("%s: %s", output.out, tt_exc_message(tt_exc_pending()));
    }
    if (!tt_process_has_ended(process, NULL)) {
        tt_cleanup_begin();
        if (tt_process_kill(process) == 0 && tt_process_wait(process, NULL) == 0)
            note("killed");
        (void)!tt_cleanup_end();
    }
    tt_process_destroy(process);
    return rc;
}

static const struct tt_process_options pipes = {
    .in = {TT_STDIO_PIPE, 0}, .out = {TT_STDIO_PIPE, 0}, .err = {TT_STDIO_PIPE, 0}};

static int communicate_in_all_ways(void *arg)
{
    const struct tt_process_options joined = {
        .in = {TT_STDIO_NULL, 0}, .out = {TT_STDIO_PIPE, 0}, .err = {TT_STDIO_STDOUT, 0}};
    const struct tt_process_options silent = {
        .in = {TT_STDIO_NULL, 0}, .out = {TT_STDIO_NULL, 0}, .err = {TT_STDIO_PIPE, 0}};
    const struct tt_process_options placed = {
        .directory = "/", .env = ARGV("A=b"), .out = {TT_STDIO_PIPE, 0}, .file = "/bin/sh"};
    const struct tt_process_options leader = {.out = {TT_STDIO_PIPE, 0}, .has_session = true};

    (void)arg;
    if (communicate(ARGV("cat"), &pipes, "hello", 100) < 0 || communicate(ARGV("cat"), &pipes, "", 0) < 0 ||
        communicate(ARGV("sh", "-c", "cat >&2; echo out; exit 3"), &pipes, "in", 100) < 0 ||
        communicate(ARGV("sh", "-c", "echo a; echo b >&2; cat"), &joined, "", 100) < 0 ||
        communicate(ARGV("sh", "-c", "echo a; echo b >&2; cat"), &silent, "", 100) < 0 ||
        communicate(ARGV("its-name", "-c", "pwd; echo $0 $A $HOME"), &placed, "", 100) < 0)
        return -1;
    if (communicate(ARGV("sh", "-c", "test $$ = $(ps -o sid= -p $$) && echo leads"), &leader, "", 100) < 0)
        return -1;
    return communicate(ARGV("sh", "-c", "exec 0<&- 1>&- 2>&-; sleep 0.05; exit 5"), &pipes, "nobody reads this", 100);
}

static void input_goes_in_and_output_comes_out(void **state)
{
    (void)state;
    assert_true(stage_run(communicate_in_all_ways, NULL));
    expect_notes("0 'hello' 5 '' 0", "0 '' 0 '' 0", "3 'out\n' 4 'in' 2", "0 'a\nb\n' 4 'none' 0", "0 'none' 0 'b\n' 2",
                 "0 '/\nits-name b\n' 13 'none' 0", "0 'leads\n' 6 'none' 0", "5 '' 0 '' 0");
}

enum { MUCH = 3000000 };

static int pump(void *arg)
{
    struct tt_process_output output;
    tt_process *process = tt_process_spawn(ARGV("sh", "-c", "tee /dev/stderr"), &pipes);
    char *input = arg;
    int rc = tt_process_communicate(process, input, MUCH, MUCH, &output);

    if (rc == 0) {
        note("%zu %zu %d %d", output.out_size, output.err_size, memcmp(output.out, input, MUCH) == 0,
             memcmp(output.err, input, MUCH) == 0);
        free(output.out);
        free(output.err);
    }
    tt_process_destroy(process);
    return rc;
}

static void more_than_pipes_hold_goes_both_ways_at_once(void **state)
{
    char *input = malloc(MUCH);

    (void)state;
    for (int i = 0; i < MUCH; i++)
        input[i] = (char)(i * 31 + i / 997);
    assert_true(stage_run(pump, input));
    expect_notes("3000000 3000000 1 1");
    free(input);
}

static int feed_who_wants_nothing(void *input)
{
    tt_process *process = tt_process_spawn(ARGV("true"), &pipes);
    int rc = tt_process_communicate(process, input, MUCH, 100, NULL);

    tt_process_destroy(process);
    return rc;
}

static void what_a_child_does_not_read_is_no_error_and_no_signal_kills(void **state)
{
    char *input = calloc(1, MUCH);

    (void)state;
    signal(SIGPIPE, SIG_DFL);
    assert_true(stage_run(feed_who_wants_nothing, input));
    free(input);
}

static int write_too_much(void *arg)
{
    (void)arg;
    if (communicate(ARGV("sh", "-c", "echo 12345"), &pipes, "", 6) < 0 || tt_exc_pending())
        return -1;
    if (communicate(ARGV("sh", "-c", "echo 12345; exec sleep 1000"), &pipes, "", 5) < 0)
        note_and_drop("out");
    if (communicate(ARGV("sh", "-c", "exec yes >&2"), &pipes, "", 100000) < 0 && tt_catch(&tt_ValueError))
        return tt_catch_end();
    return -1;
}

static void a_child_that_writes_more_than_is_wanted_is_an_error_and_lives_on(void **state)
{
    (void)state;
    assert_true(stage_run(write_too_much, NULL));
    assert_non_null(strstr(stage_notes(), "0 '12345\n' 6 '' 0\n"));
    assert_non_null(strstr(stage_notes(), "untouched: stdout of process "));
    assert_non_null(strstr(stage_notes(), " is longer than 5 bytes\nkilled\n"));
    assert_non_null(strstr(stage_notes(), "untouched: stderr of process "));
    stage_forget_notes();
}

static tt_process *shared;

static int communicate_with_shared(void *arg)
{
    int rc = tt_process_communicate(shared, NULL, 0, 100, NULL);

    note("%s %d", (const char *)arg, rc);
    return rc;
}

static int communicate_twice(void *arg)
{
    tt_task *first;
    int rc;

    (void)arg;
    shared = tt_process_spawn(ARGV("sh", "-c", "sleep 0.1"), &pipes);
    first = tt_create_task(communicate_with_shared, "first");
    if (tt_sleep(0) < 0 || tt_sleep(0) < 0)
        return -1;
    note("taken %d", tt_process_take_descriptor(shared, 1));
    rc = communicate_with_shared("second");
    note("%s", strstr(tt_exc_message(tt_exc_pending()), "another task communicates with process") ? "refused" : "?");
    if (!tt_catch(&tt_RuntimeError) || tt_catch_end() < 0)
        return -1;
    rc = tt_await(first);
    tt_task_unref(first);
    tt_process_destroy(shared);
    return rc;
}

static void one_task_at_a_time_communicates(void **state)
{
    (void)state;
    assert_true(stage_run(communicate_twice, NULL));
    expect_notes("taken -1", "second -1", "refused", "first 0");
}

static int talk(void *arg)
{
    tt_process *process = tt_process_spawn(ARGV("cat"), &pipes);
    int in = tt_process_take_descriptor(process, 0), out = tt_process_take_descriptor(process, 1), rc;
    char buffer[16] = "";

    (void)arg;
    note("again %d", tt_process_take_descriptor(process, 0));
    rc = tt_sock_sendall(in, "hello", 5);
    close(in);
    if (rc == 0)
        rc = tt_process_wait(process, NULL);
    note("%d %zd %s", rc, read(out, buffer, sizeof buffer), buffer);
    note("flags %d %d", (fcntl(out, F_GETFL) & O_NONBLOCK) != 0, (fcntl(out, F_GETFD) & FD_CLOEXEC) != 0);
    close(out);
    tt_process_destroy(process);
    return rc;
}

static void an_end_of_a_pipe_can_be_taken(void **state)
{
    (void)state;
    assert_true(stage_run(talk, NULL));
    expect_notes("again -1", "0 5 hello", "flags 1 1");
}

/* ---------------------------------------------------------------------------------------------------------- who waits */

static int wait_for_shared(void *arg)
{
    int code = 4711, rc = tt_process_wait(shared, &code);

    note("%s %d %d", (const char *)arg, rc, code);
    return rc;
}

static int wait_together(void *arg)
{
    tt_task *tasks[3];

    (void)arg;
    shared = tt_process_spawn(ARGV("sleep", "1000"), NULL);
    tasks[0] = tt_create_task(wait_for_shared, "a");
    tasks[1] = tt_create_task(wait_for_shared, "b");
    tasks[2] = tt_create_task(wait_for_shared, "c");
    if (tt_sleep(0) < 0)
        return -1;
    tt_task_cancel(tasks[1], NULL);
    if (tt_sleep(0) < 0 || tt_process_terminate(shared) < 0 || tt_await(tasks[0]) < 0 || tt_await(tasks[2]) < 0)
        return -1;
    note("cancelled %d", tt_task_cancelled(tasks[1]));
    for (int i = 0; i < 3; i++)
        tt_task_unref(tasks[i]);
    wait_for_shared("late");
    tt_process_destroy(shared);
    return 0;
}

static void several_tasks_wait_and_one_that_is_cancelled_leaves_the_child_alone(void **state)
{
    (void)state;
    assert_true(stage_run(wait_together, NULL));
    expect_notes("b -1 4711", "a 0 -15", "c 0 -15", "cancelled 1", "late 0 -15");
}

static int destroy_under_waiters(void *arg)
{
    tt_task *tasks[2];
    pid_t pid;

    shared = tt_process_spawn(ARGV("sleep", "1000"), &pipes);
    pid = tt_process_pid(shared);
    tasks[0] = tt_create_task(wait_for_shared, "a");
    tasks[1] = tt_create_task(communicate_with_shared, "b");
    if (tt_sleep(0) < 0 || tt_sleep(0) < 0)
        return -1;
    tt_process_destroy(shared);
    for (int i = 0; i < 2; i++) {
        if (tt_await(tasks[i]) < 0 && !tt_catch(&tt_RuntimeError))
            return -1;
        note("%d", strstr(tt_exc_message(tt_exc_caught()), "was destroyed while a task waited for it") != NULL);
        if (tt_catch_end() < 0)
            return -1;
        tt_task_unref(tasks[i]);
    }
    kill(pid, SIGKILL);
    while (kill(pid, 0) == 0) /* the loop reaps it all the same */
        if (tt_sleep(TT_MSEC(1)) < 0)
            return -1;
    (void)arg;
    return 0;
}

static void destroying_it_tells_who_waits_and_the_child_is_still_reaped(void **state)
{
    (void)state;
    assert_true(stage_run(destroy_under_waiters, NULL));
    expect_notes("a -1 4711", "b -1", "1", "1");
}

/* ------------------------------------------------------------------------------------------------------- cancellation */

static int wait_in_time(void *arg)
{
    (void)arg;
    return tt_process_wait(shared, NULL);
}

static int communicate_in_time(void *arg)
{
    (void)arg;
    return tt_process_communicate(shared, NULL, 0, 100, NULL);
}

static int be_impatient(void *fn)
{
    const struct tt_process_options options = {
        .in = {TT_STDIO_PIPE, 0}, .out = {TT_STDIO_PIPE, 0}, .err = {TT_STDIO_PIPE, 0}, .kill_on_cancel = true};
    int code = 0;

    for (int i = 0; i < 2; i++) {
        shared = tt_process_spawn(ARGV("sh", "-c", "exec sleep 1000"), i ? &options : &pipes);
        if (!shared)
            return -1;
        if (tt_with_timeout(TT_MSEC(20), fn, NULL) < 0)
            note_and_drop("timeout");
        if (!i && tt_process_terminate(shared) < 0)
            return -1;
        if (tt_process_wait(shared, &code) < 0)
            return -1;
        note("code %d", code);
        tt_process_destroy(shared);
    }
    return 0;
}

static void a_timeout_leaves_the_child_alone_or_kills_it_as_asked(void **state)
{
    (void)state;
    assert_true(stage_run(be_impatient, wait_in_time));
    expect_notes("timeout: TimeoutError()", "code -15", "timeout: TimeoutError()", "code -9");
    assert_true(stage_run(be_impatient, communicate_in_time));
    expect_notes("timeout: TimeoutError()", "code -15", "timeout: TimeoutError()", "code -9");
}

enum { CANCEL_TURNS = 30, CANCEL_BYTES = 300000 };

static int pump_until_cancelled(void *input)
{
    struct tt_process_output output = {0};
    int rc = tt_process_communicate(shared, input, CANCEL_BYTES, CANCEL_BYTES, &output);

    free(output.out);
    free(output.err);
    return rc;
}

static int cancel_in_each_turn(void *input)
{
    const struct tt_process_options options = {
        .in = {TT_STDIO_PIPE, 0}, .out = {TT_STDIO_PIPE, 0}, .err = {TT_STDIO_PIPE, 0}, .kill_on_cancel = true};

    for (int turn = 0; turn < CANCEL_TURNS; turn++) {
        tt_task *task;

        shared = tt_process_spawn(ARGV("sh", "-c", "exec tee /dev/stderr"), &options);
        task = shared ? tt_create_task(pump_until_cancelled, input) : NULL;
        for (int i = 0; task && i < turn; i++)
            if (tt_sleep(turn % 3 ? 0 : TT_USEC(300)) < 0)
                return -1;
        if (task)
            tt_task_cancel(task, NULL);
        if (tt_await(task) < 0 && (!tt_catch(&tt_CancelledError) || tt_catch_end() < 0))
            return -1;
        tt_task_unref(task);
        tt_process_destroy(shared);
    }
    return 0;
}

static void communicating_is_cancelled_in_whatever_turn_and_nothing_is_left(void **state)
{
    char *input = calloc(1, CANCEL_BYTES);

    (void)state;
    assert_true(stage_run(cancel_in_each_turn, input));
    free(input);
    for (int i = 0; i < 10000 && waitpid(-1, NULL, WNOHANG) >= 0; i++)
        usleep(1000); /* one that was not begun to wait for was not killed, and ends because its pipes are closed */
}

static int be_cancelled_with_a_child(void *arg)
{
    const struct tt_process_options options = {.kill_on_cancel = true};
    int rc;

    (void)arg;
    shared = tt_process_spawn(ARGV("sleep", "1000"), &options);
    rc = tt_process_wait(shared, NULL);
    tt_process_destroy(shared);
    return rc;
}

static void the_loops_end_waits_for_a_child_that_was_killed(void **state)
{
    tt_task *task = begin(be_cancelled_with_a_child, NULL);

    (void)state;
    stage_turns(2);
    tt_task_cancel(task, NULL);
    stage_turns(2);
    assert_true(tt_task_cancelled(task));
    tt_task_unref(task);
    stage_close_loop(); /* the teardown looks for zombies */
}

static int destroy_shared(void *arg)
{
    (void)arg;
    tt_process_destroy(shared);
    return 0;
}

static int communicate_for_ever(void *arg)
{
    shared = tt_process_spawn(ARGV("sh", "-c", "echo some; exec sleep 1000"), &pipes);
    if (tt_defer(destroy_shared, NULL) < 0)
        return -1;
    *(pid_t *)arg = tt_process_pid(shared);
    return tt_process_communicate(shared, "x", 1, 100, NULL);
}

static void the_loops_end_lets_go_of_a_child_that_lives(void **state)
{
    pid_t pid = 0;
    tt_task *task = begin(communicate_for_ever, &pid);
    int status;

    (void)state;
    stage_turns(3);
    usleep(10000);
    stage_turns(3);
    stage_close_loop();
    tt_task_unref(task);
    expect_notes("handler: Task was destroyed but it is pending! [message, task] None of t");
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(WTERMSIG(status), SIGKILL);
}

/* ------------------------------------------------------------------------------------------------------ who else waits */

static int lose_the_status(void *arg)
{
    int code = 0, rc;

    (void)arg;
    shared = tt_process_spawn(ARGV("true"), NULL);
    while (waitpid(-1, NULL, 0) < 0 && errno == EINTR)
        ;
    rc = tt_process_wait(shared, &code);
    note("%d %d", rc, code);
    tt_process_destroy(shared);
    return rc;
}

static void a_status_that_somebody_else_took_is_255(void **state)
{
    int pidfd = (int)syscall(SYS_pidfd_open, getpid(), 0);

    (void)state;
    if (pidfd < 0)
        TT_SKIP("there are no pidfds");
    close(pidfd);
    assert_true(stage_run(lose_the_status, NULL));
    expect_notes("0 255");
}

static int keep_a_child_of_ones_own(void *arg)
{
    pid_t own = fork();
    int status = 0;

    (void)arg;
    if (own == 0)
        _exit(7);
    if (run_to_its_end(ARGV("sleep", "0.05"), NULL) < 0)
        return -1;
    if (waitpid(own, &status, 0) != own)
        return tt_raise_errno(errno, "waitpid");
    note("%d", WEXITSTATUS(status));
    return 0;
}

static void a_programs_own_child_is_left_to_it(void **state)
{
    (void)state;
    assert_true(stage_run(keep_a_child_of_ones_own, NULL));
    expect_notes("sleep: 0 0 1", "7");
}

/* -------------------------------------------------------------------------------------------------------------- many */

enum { MANY = 200 };

static int run_one(void *arg)
{
    const struct tt_process_options options = {.out = {TT_STDIO_PIPE, 0}};
    struct tt_process_output output;
    char number[16];
    tt_process *process;
    int rc;

    snprintf(number, sizeof number, "%d", (int)(intptr_t)arg);
    process = tt_process_spawn(ARGV("echo", number), &options);
    if (!process)
        return -1;
    rc = tt_process_communicate(process, NULL, 0, 100, &output);
    if (rc == 0) {
        if (atoi(output.out) != (int)(intptr_t)arg)
            rc = tt_raise(&tt_AssertionError, "%s is not %s", output.out, number);
        free(output.out);
    }
    tt_process_destroy(process);
    return rc;
}

static int run_many(void *arg)
{
    tt_task *tasks[MANY];
    tt_future *all;
    int rc;

    (void)arg;
    for (intptr_t i = 0; i < MANY; i++)
        tasks[i] = tt_create_task(run_one, (void *)i);
    all = tt_gather(tasks, MANY, false);
    rc = tt_await(all);
    tt_future_unref(all);
    for (int i = 0; i < MANY; i++)
        tt_task_unref(tasks[i]);
    return rc;
}

static void two_hundred_children_at_once_are_told_apart(void **state)
{
    (void)state;
    assert_true(stage_run(run_many, NULL));
}

/* ----------------------------------------------------------------------------------------------------------- no memory */

static int use_without_memory(void *number)
{
    struct tt_process_output output = {0};
    tt_process *process;

    allocation_fail(*(long *)number, false);
    process = tt_process_spawn(ARGV("sh", "-c", "cat; echo much; echo more >&2"), &pipes);
    if (process && tt_process_communicate(process, "in", 2, 100000, &output) < 0)
        note_and_drop("communicate");
    *(long *)number = allocation_has_failed() ? *(long *)number + 1 : 0;
    allocation_fail(0, false);
    note_and_drop("spawn");
    free(output.out);
    free(output.err);
    if (process && !tt_process_has_ended(process, NULL)) {
        for (int i = 0; i < 3; i++) {
            int end = tt_process_take_descriptor(process, i);

            if (end >= 0)
                close(end);
        }
        if (tt_process_wait(process, NULL) < 0)
            return -1;
    }
    tt_process_destroy(process);
    return 0;
}

static void each_allocation_can_fail(void **state)
{
    long number = 1;

    (void)state;
    while (number) {
        assert_true(number < 100);
        stage_forget_notes();
        assert_true(stage_run(use_without_memory, &number));
        if (number)
            assert_non_null(strstr(stage_notes(), "emory"));
    }
    expect_notes("spawn: nothing");
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test_of_processes(a_child_ends_with_a_status_or_by_a_signal),
    cmocka_unit_test_of_processes(a_child_is_killed_and_afterwards_signals_find_nobody),
    cmocka_unit_test_of_processes(a_child_that_cannot_be_started_is_an_error_and_nothing_is_left),
    cmocka_unit_test_of_processes(without_a_loop_that_runs_none_is_started),
    cmocka_unit_test_of_processes(input_goes_in_and_output_comes_out),
    cmocka_unit_test_of_processes(more_than_pipes_hold_goes_both_ways_at_once),
    cmocka_unit_test_of_processes(what_a_child_does_not_read_is_no_error_and_no_signal_kills),
    cmocka_unit_test_of_processes(a_child_that_writes_more_than_is_wanted_is_an_error_and_lives_on),
    cmocka_unit_test_of_processes(one_task_at_a_time_communicates),
    cmocka_unit_test_of_processes(an_end_of_a_pipe_can_be_taken),
    cmocka_unit_test_of_processes(several_tasks_wait_and_one_that_is_cancelled_leaves_the_child_alone),
    cmocka_unit_test_of_processes(destroying_it_tells_who_waits_and_the_child_is_still_reaped),
    cmocka_unit_test_of_processes(a_timeout_leaves_the_child_alone_or_kills_it_as_asked),
    cmocka_unit_test_of_processes(communicating_is_cancelled_in_whatever_turn_and_nothing_is_left),
    cmocka_unit_test_of_processes(the_loops_end_waits_for_a_child_that_was_killed),
    cmocka_unit_test_of_processes(the_loops_end_lets_go_of_a_child_that_lives),
    cmocka_unit_test_of_processes(a_status_that_somebody_else_took_is_255),
    cmocka_unit_test_of_processes(a_programs_own_child_is_left_to_it),
    cmocka_unit_test_of_processes(two_hundred_children_at_once_are_told_apart),
    cmocka_unit_test_of_processes(each_allocation_can_fail),
};

TT_TEST_MAIN(cases)
