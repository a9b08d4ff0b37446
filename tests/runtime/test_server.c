/* Servers: a task for each connection. asyncio.start_server, and what it lacks: limits, a graceful end. */
#include "stage.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>

#if __has_include(<valgrind/valgrind.h>)
#include <valgrind/valgrind.h>
#else
#define RUNNING_ON_VALGRIND 0
#endif

static tt_server *server;
static int port;

/* Starts a server of FN on a free port. */
static int start(tt_connection_fn *fn, void *arg, const struct tt_server_options *options)
{
    tt_listener *listener = tt_listen("127.0.0.1", 0);

    if (listener)
        port = tt_listener_port(listener);
    server = tt_start_server(listener, fn, arg, options);
    return server ? 0 : -1;
}

static int echo(tt_stream *stream, void *arg)
{
    char buffer[64];
    ssize_t size;

    (void)arg;
    while ((size = tt_stream_read(stream, buffer, sizeof buffer)) > 0)
        if (tt_stream_write(stream, buffer, (size_t)size) < 0)
            return -1;
    return size < 0 ? -1 : 0;
}

/* A client's question and answer. 0, or -1 with an exception pending. */
static int ask(tt_stream *stream, const char *text)
{
    char buffer[64];
    size_t size = strlen(text);

    if (tt_stream_write(stream, text, size) < 0 || tt_stream_read_exactly(stream, buffer, size) < 0)
        return -1;
    return memcmp(buffer, text, size) == 0 ? 0 : tt_raise(&tt_ValueError, "a wrong answer");
}

/* ------------------------------------------------------------------------------------------------------------- serving */

static int client(void *text)
{
    tt_stream *stream = tt_open_connection("127.0.0.1", port);
    int rc = -1;

    if (!stream)
        return -1;
    for (int i = 0; i < 10; i++)
        if ((rc = ask(stream, text)) < 0)
            break;
    tt_stream_close(stream);
    return rc;
}

static int serve_clients(void *arg)
{
    tt_task *tasks[20];
    char texts[20][16];
    int rc = start(echo, NULL, NULL);

    (void)arg;
    if (rc < 0)
        return -1;
    for (int i = 0; i < 20; i++) {
        snprintf(texts[i], sizeof texts[i], "client %d", i);
        tasks[i] = tt_create_task(client, texts[i]);
    }
    for (int i = 0; i < 20; i++) {
        if (tt_await(tasks[i]) < 0)
            rc = -1;
        tt_task_unref(tasks[i]);
    }
    if (tt_server_stop(server, TT_SEC(5)) < 0)
        return -1;
    return rc;
}

static void clients_are_served_side_by_side(void **state)
{
    (void)state;
    assert_true(stage_run(serve_clients, NULL));
}

static int fail_or_echo(tt_stream *stream, void *arg)
{
    char first;

    if (tt_stream_read_exactly(stream, &first, 1) < 0)
        return -1;
    if (first == '!')
        return tt_raise(&tt_ValueError, "asked to");
    return tt_stream_write(stream, &first, 1) < 0 ? -1 : echo(stream, arg);
}

static int note_failure(tt_task *task, tt_exc *exc, void *arg)
{
    char repr[64];

    (void)task;
    tt_exc_repr(exc, repr, sizeof repr);
    note("%s: %s", (const char *)arg, repr);
    return 0;
}

static int serve_a_failure(void *options)
{
    tt_stream *good, *bad;
    char byte;
    int rc = start(fail_or_echo, NULL, options);

    if (rc < 0)
        return -1;
    good = tt_open_connection("127.0.0.1", port);
    bad = tt_open_connection("127.0.0.1", port);
    if (!good || !bad || ask(good, "a") < 0 || tt_stream_write(bad, "!", 1) < 0)
        return -1;
    note("end %zd", tt_stream_read(bad, &byte, 1));
    note("%zu left", tt_server_connection_count(server));
    rc = ask(good, "b");
    tt_stream_close(good);
    tt_stream_close(bad);
    return tt_server_stop(server, TT_NEVER) < 0 ? -1 : rc;
}

static void a_failure_ends_its_connection_only_and_is_told(void **state)
{
    const struct tt_server_options options = {.on_failure = note_failure, .on_failure_arg = "failed"};

    (void)state;
    assert_true(stage_run(serve_a_failure, NULL));
    assert_non_null(strstr(stage_notes(), "handler: Unhandled exception in client_connected_cb "
                                          "[exception, message, task] ValueError('asked to') of Task-"));
    assert_non_null(strstr(stage_notes(), "\nend 0\n1 left\n"));
    stage_forget_notes();
    assert_true(stage_run(serve_a_failure, (void *)&options));
    expect_notes("failed: ValueError('asked to')", "end 0", "1 left");
}

static size_t served, served_most;

static int count_connections(tt_stream *stream, void *arg)
{
    int rc;

    served++;
    if (served > served_most)
        served_most = served;
    rc = echo(stream, arg);
    served--;
    return rc;
}

static int serve_a_few_at_a_time(void *arg)
{
    const struct tt_server_options options = {.connection_limit = 3};
    tt_task *tasks[12];
    int rc = start(count_connections, NULL, &options);

    (void)arg;
    served = served_most = 0;
    for (int i = 0; i < 12; i++)
        tasks[i] = tt_create_task(client, "x");
    for (int i = 0; i < 12; i++) {
        if (tt_await(tasks[i]) < 0)
            rc = -1;
        tt_task_unref(tasks[i]);
    }
    note("%zu at a time", served_most);
    return tt_server_stop(server, TT_SEC(5)) < 0 ? -1 : rc;
}

static void no_more_than_the_limit_are_served_at_a_time(void **state)
{
    (void)state;
    assert_true(stage_run(serve_a_few_at_a_time, NULL));
    expect_notes("3 at a time");
}

/* ----------------------------------------------------------------------------------------------------- out of descriptors */

/* Every descriptor but FREE_COUNT is taken; returns how many were, in DESCRIPTORS. */
static int take_descriptors(int *descriptors, int max, int free_count)
{
    int count = 0;

    while (count < max && (descriptors[count] = fcntl(0, F_DUPFD_CLOEXEC, 0)) >= 0)
        count++;
    for (; free_count > 0; free_count--)
        close(descriptors[--count]);
    return count;
}

static void give_descriptors_back(int *descriptors, int count)
{
    while (count > 0)
        close(descriptors[--count]);
}

static int serve_without_descriptors(void *arg)
{
    int descriptors[256], count, rc = start(echo, NULL, NULL);
    tt_stream *stream;
    struct rlimit limit, before;

    (void)arg;
    getrlimit(RLIMIT_NOFILE, &before);
    limit = before;
    limit.rlim_cur = 128;
    setrlimit(RLIMIT_NOFILE, &limit);
    if (rc < 0 || tt_sleep(0) < 0)
        return -1;
    count = take_descriptors(descriptors, 256, 1);
    stream = tt_open_connection("127.0.0.1", port); /* takes the last one */
    if (!stream)
        return -1;
    if (tt_sleep(TT_MSEC(20)) < 0)
        return -1;
    note("%zu served", tt_server_connection_count(server));
    give_descriptors_back(descriptors, count);
    setrlimit(RLIMIT_NOFILE, &before);
    rc = ask(stream, "still there?"); /* within a second or so */
    tt_stream_close(stream);
    return tt_server_stop(server, TT_SEC(5)) < 0 ? -1 : rc;
}

static void a_server_survives_the_lack_of_descriptors(void **state)
{
    (void)state;
    if (RUNNING_ON_VALGRIND)
        TT_SKIP("valgrind accepts the connection, looks at the limit then, and closes it");
    assert_true(stage_run(serve_without_descriptors, NULL));
    expect_notes(
        "handler: socket.accept() out of system resource [exception, message] OSError(24, 'Too many open files')",
        "0 served");
}

static int stop_while_it_pauses(void *arg)
{
    int descriptors[256], count, rc = start(echo, NULL, NULL);
    int64_t began = tt_loop_time(tt_loop_running());
    tt_stream *stream;
    struct rlimit limit, before;

    (void)arg;
    getrlimit(RLIMIT_NOFILE, &before);
    limit = before;
    limit.rlim_cur = 128;
    setrlimit(RLIMIT_NOFILE, &limit);
    count = take_descriptors(descriptors, 256, 1);
    stream = tt_open_connection("127.0.0.1", port);
    if (rc < 0 || !stream || tt_sleep(TT_MSEC(5)) < 0)
        return -1;
    rc = tt_server_stop(server, TT_NEVER);
    note("at once %d", tt_loop_time(tt_loop_running()) - began < TT_MSEC(900));
    give_descriptors_back(descriptors, count);
    setrlimit(RLIMIT_NOFILE, &before);
    tt_stream_close(stream);
    return rc;
}

static void a_server_that_pauses_can_be_stopped(void **state)
{
    (void)state;
    assert_true(stage_run(stop_while_it_pauses, NULL));
    expect_notes(
        "handler: socket.accept() out of system resource [exception, message] OSError(24, 'Too many open files')",
        "at once 1");
}

/* -------------------------------------------------------------------------------------------------------------- the end */

static int linger(tt_stream *stream, void *arg)
{
    (void)stream;
    if (tt_sleep(*(int64_t *)arg) < 0) {
        note("cancelled %d", tt_exc_is(tt_exc_pending(), &tt_CancelledError));
        return -1;
    }
    note("served to the end");
    return 0;
}

/* Within the long grace the connection is served to its end, within a short one nothing ever is. */
static int stop_with_grace(void *arg)
{
    int64_t grace_ns = *(int64_t *)arg, needs_ns = grace_ns > TT_SEC(1) ? TT_MSEC(50) : TT_SEC(1000);
    tt_stream *stream;
    int rc = start(linger, &needs_ns, NULL);

    if (rc < 0)
        return -1;
    stream = tt_open_connection("127.0.0.1", port);
    if (!stream || tt_sleep(TT_MSEC(5)) < 0)
        return -1;
    note("%zu served", tt_server_connection_count(server));
    rc = tt_server_stop(server, grace_ns);
    note("stopped");
    if (!tt_open_connection("127.0.0.1", port) && tt_catch(&tt_ConnectionRefusedError)) {
        note("refused");
        if (tt_catch_end() < 0)
            rc = -1;
    }
    tt_stream_close(stream);
    return rc;
}

static void a_stop_waits_for_connections(void **state)
{
    int64_t grace_ns = TT_SEC(20);

    (void)state;
    assert_true(stage_run(stop_with_grace, &grace_ns));
    expect_notes("1 served", "served to the end", "stopped", "refused");
}

static void a_stop_cancels_what_is_left_at_its_deadline(void **state)
{
    int64_t grace_ns = TT_MSEC(5);

    (void)state;
    assert_true(stage_run(stop_with_grace, &grace_ns));
    expect_notes("1 served", "cancelled 1", "stopped", "refused");
}

static void a_stop_without_grace_cancels_at_once(void **state)
{
    int64_t grace_ns = 0;

    (void)state;
    assert_true(stage_run(stop_with_grace, &grace_ns));
    expect_notes("1 served", "cancelled 1", "stopped", "refused");
}

static int stop_it(void *arg)
{
    (void)arg;
    return tt_server_stop(server, TT_NEVER);
}

static int cancel_the_stop(void *arg)
{
    int64_t needs_ns = TT_SEC(100);
    tt_stream *stream;
    tt_task *task;
    int rc = start(linger, &needs_ns, NULL);

    (void)arg;
    stream = tt_open_connection("127.0.0.1", port);
    if (rc < 0 || !stream || tt_sleep(TT_MSEC(5)) < 0)
        return -1;
    task = tt_create_task(stop_it, NULL);
    if (tt_sleep(TT_MSEC(1)) < 0)
        return -1;
    tt_task_cancel(task, NULL);
    if (tt_await(task) < 0)
        note_and_drop("stop");
    tt_task_unref(task);
    tt_stream_close(stream);
    return 0;
}

static void a_stop_that_is_cancelled_stops_all_the_same(void **state)
{
    (void)state;
    assert_true(stage_run(cancel_the_stop, NULL));
    expect_notes("cancelled 1", "stop: CancelledError()");
}

static int serve_for_ever(void *arg)
{
    int rc = tt_server_serve_forever(server);

    note_pending(arg);
    return rc;
}

static int close_while_served(void *arg)
{
    tt_task *first, *second;
    tt_stream *stream;
    int rc = start(echo, NULL, NULL);

    (void)arg;
    first = tt_create_task(serve_for_ever, "first");
    second = tt_create_task(serve_for_ever, "second");
    stream = tt_open_connection("127.0.0.1", port);
    if (rc < 0 || !first || !second || !stream || ask(stream, "a") < 0)
        return -1;
    tt_task_cancel(first, NULL);
    if (tt_await(first) < 0 && tt_catch(&tt_CancelledError) && tt_catch_end() < 0)
        return -1;
    rc = ask(stream, "b"); /* that one task does not wait any more is nothing to the server */
    tt_server_close(server);
    if (tt_await(second) < 0 || ask(stream, "c") < 0) /* a server that is closed goes on with what it has */
        rc = -1;
    note("listener %d", tt_server_listener(server) != NULL);
    tt_task_unref(first);
    tt_task_unref(second);
    tt_stream_close(stream);
    return tt_server_stop(server, TT_NEVER) < 0 ? -1 : rc;
}

static void a_server_that_is_closed_goes_on_with_its_connections(void **state)
{
    (void)state;
    assert_true(stage_run(close_while_served, NULL));
    expect_notes("first: CancelledError()", "second: nothing", "listener 0");
}

static int break_the_listener(void *arg)
{
    tt_stream *stream;
    int rc = start(echo, NULL, NULL);

    (void)arg;
    stream = tt_open_connection("127.0.0.1", port);
    if (rc < 0 || !stream || ask(stream, "a") < 0)
        return -1;
    shutdown(tt_listener_descriptor(tt_server_listener(server)), SHUT_RDWR); /* it does not listen any more */
    if (tt_sleep(TT_MSEC(1)) < 0)
        return -1;
    rc = ask(stream, "b");
    if (tt_server_serve_forever(server) < 0) {
        note("fails with %d", tt_exc_errno(tt_exc_pending()));
        if (!tt_catch(&tt_OSError) || tt_catch_end() < 0)
            return -1;
    }
    tt_stream_close(stream);
    return tt_server_stop(server, TT_NEVER) < 0 ? -1 : rc;
}

static void a_server_that_cannot_accept_any_more_says_why(void **state)
{
    (void)state;
    assert_true(stage_run(break_the_listener, NULL));
    expect_notes("fails with 22");
}

static int serve_and_forget(void *arg)
{
    tt_stream *stream;

    (void)arg;
    if (start(echo, NULL, NULL) < 0)
        return -1;
    stream = tt_open_connection("127.0.0.1", port);
    if (!stream || ask(stream, "a") < 0)
        return -1;
    tt_stream_close(stream);
    return tt_sleep(0);
}

static int stop_abandoned(void *arg)
{
    (void)arg;
    return tt_server_stop(server, TT_SEC(1));
}

static int serve_until_abandoned(void *arg)
{
    tt_stream *stream;

    (void)arg;
    if (start(echo, NULL, NULL) < 0 || tt_defer(stop_abandoned, NULL) < 0)
        return -1;
    stream = tt_open_connection("127.0.0.1", port);
    if (!stream || ask(stream, "a") < 0)
        return -1;
    tt_stream_close(stream);
    note("serves");
    tt_loop_stop(NULL);
    return tt_server_serve_forever(server);
}

static int count_handled(tt_loop *loop, const struct tt_handler_context *context, void *arg)
{
    (void)loop;
    (void)context;
    ++*(int *)arg;
    return 0;
}

static void a_server_is_abandoned_with_its_loop(void **state)
{
    const struct tt_task_options options = {.loop = stage_loop};
    int count = 0;

    (void)state;
    tt_loop_set_exception_handler(stage_loop, count_handled, &count);
    assert_int_equal(tt_spawn_with(serve_until_abandoned, NULL, &options), 0);
    assert_int_equal(tt_loop_run_forever(stage_loop), 0);
    stage_close_loop();
    expect_notes("serves");
    assert_true(count >= 2); /* the server, and who waited for it */
}

static void a_server_can_be_stopped_after_a_run(void **state)
{
    (void)state;
    assert_true(stage_run(serve_and_forget, NULL));
    assert_true(stage_run(stop_it, NULL));
}

static int start_with_nothing(void *arg)
{
    tt_server *none;

    (void)arg;
    none = tt_start_server(tt_listen("127.0.0.1", -5), echo, NULL, NULL);
    note("%d", none == NULL);
    return tt_server_serve_forever(none);
}

static void a_listener_that_could_not_be_opened_comes_out_at_the_end(void **state)
{
    (void)state;
    assert_false(stage_run(start_with_nothing, NULL));
    expect_notes("1\nmain: OverflowError('port must be 0-65535.')");
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test_on_stage(clients_are_served_side_by_side),
    cmocka_unit_test_on_stage(a_failure_ends_its_connection_only_and_is_told),
    cmocka_unit_test_on_stage(no_more_than_the_limit_are_served_at_a_time),
    cmocka_unit_test_on_stage(a_server_survives_the_lack_of_descriptors),
    cmocka_unit_test_on_stage(a_server_that_pauses_can_be_stopped),
    cmocka_unit_test_on_stage(a_stop_waits_for_connections),
    cmocka_unit_test_on_stage(a_stop_cancels_what_is_left_at_its_deadline),
    cmocka_unit_test_on_stage(a_stop_without_grace_cancels_at_once),
    cmocka_unit_test_on_stage(a_stop_that_is_cancelled_stops_all_the_same),
    cmocka_unit_test_on_stage(a_server_that_is_closed_goes_on_with_its_connections),
    cmocka_unit_test_on_stage(a_server_that_cannot_accept_any_more_says_why),
    cmocka_unit_test_on_stage(a_server_is_abandoned_with_its_loop),
    cmocka_unit_test_on_stage(a_server_can_be_stopped_after_a_run),
    cmocka_unit_test_on_stage(a_listener_that_could_not_be_opened_comes_out_at_the_end),
};

TT_TEST_MAIN(cases)
