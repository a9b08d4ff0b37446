/* tasks.c: a program whose tasks wait for one thing each, and that holds failures which were looked at in one way each, for
 * the scripts of this folder.
 *
 *   tasks held          tasks and failures as below; prints "ready" when all of them are there, and goes on until its
 *                       standard input ends. Nothing else wakes its loop.
 *   tasks ready         two tasks that are awake in every other turn, one in the turns that the other one is not: so at any poll one of
 *                       them waits, and the other one's wake-up is due
 *   tasks thread        a coroutine run from another thread has failed, and the thread-side future is held
 *   tasks blocked       as held, and beside it a loop on another thread, blocked in a step of its main task until the standard input
 *                       has ended; it holds a failure, and a task of it sleeps
 *   tasks closed        a loop that does not run, holds a failure and has a task that sleeps; it is closed when the standard input
 *                       has ended, without ever polling again
 *   tasks tested        a test is over and another one is under way, at whose end, when the standard input has ended, a failure is lost
 *   tasks selects       selects what it says while it runs: notes "a" and "c" are told, "b" is not, and steps between "+step" and "default";
 *                       status 3 when a selection is refused
 *   tasks selected      has selected "+step,-user", and prints "ready"; goes on until its standard input has ended
 *   tasks many N        N sleeping tasks; prints "ready", then how many there are when its standard input ends
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <telltale/telltale.h>

static int sleeper(void *arg)
{
    (void)arg;
    return tt_sleep(TT_SEC(3600));
}

static int waiter(void *arg)
{
    return tt_await(arg);
}

static int reader(void *arg)
{
    char byte;

    return tt_sock_recv(*(int *)arg, &byte, 1) < 0 ? -1 : 0;
}

static int failing(void *arg)
{
    return tt_raise(&tt_ValueError, "%s went wrong", (const char *)arg);
}

static int set(void *arg)
{
    return tt_future_set_result(arg, NULL, NULL);
}

/* A turn of waiting for a future, a turn until the wake-up runs. */
static int restless(void *arg)
{
    for (bool *is_over = arg; !*is_over;) {
        tt_future *future = tt_create_future(NULL);
        int rc = tt_spawn(set, future) < 0 ? -1 : tt_await(future);

        tt_future_unref(future);
        if (rc < 0)
            return -1;
    }
    return 0;
}

/* Waits until standard input, a socket, ends. */
static int wait_for_end(void)
{
    char byte;
    ssize_t got;

    printf("ready\n");
    fflush(stdout);
    while ((got = tt_sock_recv(STDIN_FILENO, &byte, 1)) > 0)
        continue;
    return got < 0 ? -1 : 0;
}

static int hold(void *arg)
{
    int sockets[2], rc;
    tt_task *waiting[3], *failed[3];
    tt_future *future = tt_create_future(NULL);
    tt_exc *exc;

    (void)arg;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, sockets) < 0)
        return tt_raise(&tt_OSError, "no sockets");
    waiting[0] = tt_create_task(sleeper, NULL); /* has the default name */
    waiting[1] = tt_create_task_named(waiter, waiting[0], "the waiter");
    waiting[2] = tt_create_task_named(reader, &sockets[0], "an old name");
    failed[0] = tt_create_task_named(failing, "untouched", "untouched");
    failed[1] = tt_create_task_named(failing, "seen", "seen");
    failed[2] = tt_create_task_named(failing, "dismissed", "dismissed");
    exc = tt_exc_new(&tt_TypeError, "set from outside");
    rc = tt_future_set_exception(future, exc);
    tt_exc_unref(exc);
    if (rc < 0 || tt_sleep(TT_MSEC(10)) < 0)
        return -1;
    if (tt_task_set_name(waiting[2], "the reader") < 0 || tt_task_exception(failed[1], &exc) < 0)
        return -1;
    tt_discard(failed[2], "best effort");
    rc = wait_for_end();
    for (int i = 0; i < 3; i++) {
        tt_task_unref(waiting[i]);
        tt_task_unref(failed[i]);
    }
    tt_future_unref(future);
    return rc;
}

static int be_ready(void *arg)
{
    bool is_over = false;
    tt_task *even = tt_create_task_named(restless, &is_over, "restless"), *odd;
    int rc = tt_sleep(0);

    (void)arg;
    odd = tt_create_task_named(restless, &is_over, "restless");
    if (rc == 0)
        rc = wait_for_end();
    is_over = true;
    if (rc == 0 && tt_await(even) == 0)
        rc = tt_await(odd);
    tt_task_unref(even);
    tt_task_unref(odd);
    return rc;
}

static int be_many(void *arg)
{
    int count = *(int *)arg, rc;

    for (int i = 0; i < count; i++)
        if (tt_spawn(sleeper, NULL) < 0)
            return -1;
    if (tt_sleep(TT_MSEC(1)) < 0)
        return -1;
    rc = wait_for_end();
    printf("%d\n", count);
    return rc;
}

static void *submit(void *loop)
{
    tt_thread_future *future = tt_run_coroutine_threadsafe(loop, failing, "across", NULL);

    return future && tt_thread_future_exception(future, TT_SEC(60), NULL) == 0 ? future : NULL;
}

static int be_across(void *arg)
{
    pthread_t thread;
    void *future = NULL;
    int rc;

    (void)arg;
    if (pthread_create(&thread, NULL, submit, tt_loop_running()) != 0 || tt_sleep(TT_MSEC(200)) < 0)
        return -1;
    pthread_join(thread, &future);
    rc = future ? wait_for_end() : -1;
    tt_thread_future_unref(future);
    return rc;
}

/* Ends of a pipe, on which a step waits without its loop. */
struct gate {
    int inner, outer;
};

static int block(void *arg)
{
    struct gate *gate = arg;
    char byte = 'b';
    tt_task *failed = tt_create_task_named(failing, "unseen", "unseen");
    int rc = tt_spawn(sleeper, NULL) < 0 || tt_sleep(TT_MSEC(10)) < 0 ? -1 : 0;

    if (rc == 0 && (write(gate->inner, &byte, 1) != 1 || read(gate->inner, &byte, 1) < 0))
        rc = tt_raise(&tt_OSError, "no pipe");
    tt_task_unref(failed);
    return rc;
}

static void *run_blocked(void *gate)
{
    return tt_run(block, gate) < 0 ? NULL : gate;
}

static int be_blocked(void)
{
    int sockets[2], rc = 2;
    char byte;
    struct gate gate;
    void *went_well = NULL;
    pthread_t thread;

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) < 0)
        return 2;
    gate = (struct gate){sockets[0], sockets[1]};
    if (pthread_create(&thread, NULL, run_blocked, &gate) == 0) {
        rc = read(gate.outer, &byte, 1) == 1 ? tt_run(hold, NULL) : 2;
        close(gate.outer);
        pthread_join(thread, &went_well);
    }
    close(gate.inner);
    return went_well ? rc : 2;
}

static int be_closed(void)
{
    tt_loop *loop = tt_loop_create();
    struct tt_task_options options = {.loop = loop};
    tt_task *failed = tt_create_task_with(failing, "unseen", &options);
    tt_task *pending = tt_create_task_with(sleeper, NULL, &options);
    int rc = 0;
    char byte;

    if (tt_loop_run_until_complete(loop, failed) < 0 && tt_catch(&tt_ValueError))
        rc = tt_catch_end();
    printf("ready\n");
    fflush(stdout);
    while (read(STDIN_FILENO, &byte, 1) < 0 && errno == EAGAIN)
        usleep(10000);
    tt_task_unref(failed);
    tt_task_unref(pending);
    return tt_loop_close(loop) < 0 ? 2 : rc;
}

static int lose(void *arg)
{
    (void)arg;
    return tt_spawn(failing, "the test") < 0 ? -1 : tt_sleep(0);
}

static int be_tested(void)
{
    char byte;

    tt_trace_test_end(tt_trace_test_begin("is over"), TT_TEST_OUTCOME_PASSED, NULL);
    uint64_t test = tt_trace_test_begin("is under way");
    printf("ready\n");
    fflush(stdout);
    while (read(STDIN_FILENO, &byte, 1) < 0 && errno == EAGAIN)
        usleep(10000);
    int rc = tt_run(lose, NULL);
    tt_trace_test_end(test, TT_TEST_OUTCOME_FAILED, NULL);
    return rc;
}

static int select_and_note(const char *list, const char *key)
{
    if (list && tt_trace_select_list(list) != TT_TRACE_LTTNG)
        return 3;
    tt_trace_note(0, key, "");
    return tt_sleep(0) < 0 || tt_sleep(0) < 0 ? -1 : 0;
}

static int select_in_steps(void *arg)
{
    int *status = arg;

    *status = select_and_note(NULL, "a");
    if (*status == 0)
        *status = select_and_note("+step,-user", "b");
    if (*status == 0)
        *status = select_and_note("default", "c");
    return *status < 0 ? -1 : 0;
}

static int select_at_once(void *arg)
{
    (void)arg;
    if (tt_trace_select_list("+step,-user") != TT_TRACE_LTTNG)
        return tt_raise(&tt_OSError, "refused");
    printf("ready\n");
    fflush(stdout);
    return wait_for_end();
}

static int be_selecting(void)
{
    int status = 0, rc = tt_run(select_in_steps, &status);
    return status ? status : rc;
}

int main(int argc, char **argv)
{
    const char *how = argc > 1 ? argv[1] : "";
    int count = argc > 2 ? atoi(argv[2]) : 0;

    if (fcntl(STDIN_FILENO, F_SETFL, O_NONBLOCK) < 0)
        return 2;
    if (strcmp(how, "held") == 0)
        return tt_run(hold, NULL);
    if (strcmp(how, "ready") == 0)
        return tt_run(be_ready, NULL);
    if (strcmp(how, "thread") == 0)
        return tt_run(be_across, NULL);
    if (strcmp(how, "blocked") == 0)
        return be_blocked();
    if (strcmp(how, "closed") == 0)
        return be_closed();
    if (strcmp(how, "tested") == 0)
        return be_tested();
    if (strcmp(how, "selects") == 0)
        return be_selecting();
    if (strcmp(how, "selected") == 0)
        return tt_run(select_at_once, NULL);
    if (strcmp(how, "many") == 0)
        return tt_run(be_many, &count);
    return 2;
}
