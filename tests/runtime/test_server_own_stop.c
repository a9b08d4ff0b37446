/* Servers: a connection that stops its own server would wait for itself. */
#include "stage.h"

static tt_server *server;
static int port;

/* Starts a server of FN on a free port. */
static int start(tt_connection_fn *fn)
{
    tt_listener *listener = tt_listen("127.0.0.1", 0);

    if (listener)
        port = tt_listener_port(listener);
    server = tt_start_server(listener, fn, NULL, NULL);
    return server ? 0 : -1;
}

static int stop_and_note(void *label)
{
    if (tt_server_stop(server, TT_MSEC(1)) < 0)
        return note_and_drop(label);
    note("%s: stopped", (const char *)label);
    return 0;
}

/* A connection stops its server, by itself and by a task that it awaits, one that another task awaits. */
static int stop_own_server(tt_stream *stream, void *arg)
{
    tt_task *task = tt_create_task(stop_and_note, "task");
    int rc = stop_and_note("connection");

    (void)arg;
    if (!task || tt_await(task) < 0)
        return -1;
    tt_task_unref(task);
    tt_raise(&tt_ValueError, "pending");
    rc = stop_and_note("with an exception");
    return rc < 0 ? -1 : tt_stream_write(stream, "x", 1);
}

static int let_it_stop_itself(void *arg)
{
    tt_stream *stream, *second;
    char byte;
    int rc = start(stop_own_server);

    (void)arg;
    stream = tt_open_connection("127.0.0.1", port);
    if (rc < 0 || !stream || tt_stream_read_exactly(stream, &byte, 1) < 0)
        return -1;
    tt_stream_close(stream);
    second = tt_open_connection("127.0.0.1", port); /* it is as it was: it accepts */
    if (!second || tt_stream_read_exactly(second, &byte, 1) < 0)
        return -1;
    tt_stream_close(second);
    return tt_server_stop(server, TT_NEVER);
}

#define REFUSED_TO_STOP                                                    \
    "connection: RuntimeError('a connection cannot stop its own server')", \
        "task: RuntimeError('a connection cannot stop its own server')", "with an exception: ValueError('pending')"

static void a_connection_cannot_stop_its_own_server(void **state)
{
    (void)state;
    assert_true(stage_run(let_it_stop_itself, NULL));
    expect_notes(REFUSED_TO_STOP, REFUSED_TO_STOP);
}

static int stop_from_a_task_of_its_own(tt_stream *stream, void *arg)
{
    char byte;

    (void)arg;
    if (tt_spawn(stop_and_note, "spawned") < 0)
        return -1;
    if (tt_stream_read_exactly(stream, &byte, 1) < 0) {
        note("cancelled %d", tt_exc_is(tt_exc_pending(), &tt_CancelledError));
        return -1;
    }
    return 0;
}

static int let_a_task_stop_it(void *arg)
{
    tt_stream *stream;
    char byte;
    int rc = start(stop_from_a_task_of_its_own);

    (void)arg;
    stream = tt_open_connection("127.0.0.1", port);
    if (rc < 0 || !stream)
        return -1;
    rc = tt_stream_read(stream, &byte, 1) < 0 ? -1 : 0;
    tt_stream_close(stream);
    return rc < 0 ? -1 : tt_sleep(TT_MSEC(5));
}

static void a_task_that_nobody_waits_for_can_stop_it(void **state)
{
    (void)state;
    assert_true(stage_run(let_a_task_stop_it, NULL));
    expect_notes("cancelled 1", "spawned: stopped");
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test_on_stage(a_connection_cannot_stop_its_own_server),
    cmocka_unit_test_on_stage(a_task_that_nobody_waits_for_can_stop_it),
};

TT_TEST_MAIN(cases)
