/* Unix sockets whose listener has no room for a connection: Linux says EAGAIN, and that the socket can be written to. By streams and
 * on plain descriptors; the listener accepts when it suits it. */
#include "stage.h"

#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { CLIENTS = 6 };

static struct sockaddr_un address;
static socklen_t length;
static int listener, clients[CLIENTS];

static int open_listener(void **state)
{
    int rc = stage_open(state);

    listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    address = (struct sockaddr_un){.sun_family = AF_UNIX};
    length = sizeof address;
    for (int i = 0; i < CLIENTS; i++)
        clients[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    return rc < 0 || bind(listener, (struct sockaddr *)&address, sizeof address.sun_family) < 0 ||
                   listen(listener, 0) < 0
               ? -1
               : getsockname(listener, (struct sockaddr *)&address, &length);
}

static int close_listener(void **state)
{
    for (int i = 0; i < CLIENTS; i++)
        close(clients[i]);
    close(listener);
    return stage_close(state);
}

#define cmocka_unit_test_with_listener(...) STAGE_CASE(__VA_ARGS__, open_listener, close_listener)

/* ---------------------------------------------------------------------------------------------------- plain descriptors */

static int connect_client(int *client)
{
    return tt_sock_connect(*client, (struct sockaddr *)&address, length);
}

/* Says its number to whom it is connected with. */
static int speak(void *arg)
{
    int *client = arg;
    char number = (char)('0' + (client - clients));

    return connect_client(client) < 0 ? -1 : tt_sock_sendall(*client, &number, 1);
}

static int accept_all(void *arg)
{
    tt_task *tasks[CLIENTS];
    int heard = 0, rc = 0;

    (void)arg;
    for (int i = 0; i < CLIENTS; i++)
        tasks[i] = tt_create_task(speak, &clients[i]);
    if (tt_sleep(TT_MSEC(5)) < 0)
        return -1;
    note("first %d, last %d", tt_task_done(tasks[0]), tt_task_done(tasks[CLIENTS - 1]));
    for (int i = 0; i < CLIENTS && rc == 0; i++) {
        int connection = tt_sock_accept(listener, NULL, NULL);
        char number = '?';

        rc = connection < 0 || tt_sock_recv(connection, &number, 1) < 0 ? -1 : 0;
        heard |= 1 << (number - '0');
        close(connection);
    }
    for (int i = 0; i < CLIENTS; i++) {
        rc = tt_await(tasks[i]) < 0 ? -1 : rc;
        tt_task_unref(tasks[i]);
    }
    note("heard %x", heard);
    return rc;
}

static void who_finds_no_room_is_connected_when_there_is_some(void **state)
{
    (void)state;
    assert_true(stage_run(accept_all, NULL));
    expect_notes("first 1, last 0", "heard 3f");
}

static int connect_in_vain(void *arg)
{
    tt_timeout *timeout;
    int connection, rc;

    (void)arg;
    if (connect_client(&clients[0]) < 0) /* who takes the only place */
        return -1;
    timeout = tt_timeout_enter(TT_MSEC(20));
    rc = tt_timeout_exit(timeout, connect_client(&clients[1]));
    if (rc == 0 || !tt_catch(&tt_TimeoutError))
        return rc;
    note("in vain");
    if (tt_catch_end() < 0)
        return -1;
    connection = tt_sock_accept(listener, NULL, NULL);
    close(connection);
    return connection < 0 ? -1 : connect_client(&clients[1]);
}

static void who_gives_up_waiting_for_room_can_try_again_later(void **state)
{
    (void)state;
    assert_true(stage_run(connect_in_vain, NULL));
    expect_notes("in vain");
}

static int lose_listener(void *arg)
{
    tt_task *task = NULL;
    int rc = connect_client(&clients[0]);

    (void)arg;
    task = tt_create_task(speak, &clients[1]);
    if (rc < 0 || tt_sleep(TT_MSEC(5)) < 0)
        return -1;
    note("waits %d", !tt_task_done(task));
    shutdown(listener, SHUT_RDWR);
    rc = tt_await(task);
    tt_task_unref(task);
    return rc;
}

static void room_is_not_waited_for_where_nobody_listens_any_more(void **state)
{
    (void)state;
    assert_false(stage_run(lose_listener, NULL));
    assert_non_null(strstr(stage_notes(), "waits 1\nmain: ConnectionRefusedError(111, 'Connection refused')"));
    stage_forget_notes();
}

/* -------------------------------------------------------------------------------------------------------------- streams */

static int connect_stream(void *name)
{
    tt_stream *stream = tt_open_unix_connection(name);
    int rc = stream ? tt_stream_write(stream, "x", 1) : -1;

    tt_stream_close(stream);
    return rc;
}

static int accept_streams(void *name)
{
    const struct tt_listen_options options = {.backlog = 1};
    tt_listener *own = tt_listen_unix_with(name, &options);
    tt_task *tasks[CLIENTS];
    int heard = 0, rc = 0;

    for (int i = 0; i < CLIENTS; i++)
        tasks[i] = tt_create_task(connect_stream, name);
    if (tt_sleep(TT_MSEC(5)) < 0)
        return -1;
    note("first %d, last %d", tt_task_done(tasks[0]), tt_task_done(tasks[CLIENTS - 1]));
    for (int i = 0; i < CLIENTS && rc == 0; i++) {
        tt_stream *stream = tt_listener_accept(own);
        char byte;

        rc = stream ? (int)tt_stream_read(stream, &byte, 1) : -1;
        heard += rc;
        rc = rc < 0 ? -1 : 0;
        tt_stream_close(stream);
    }
    for (int i = 0; i < CLIENTS; i++) {
        rc = tt_await(tasks[i]) < 0 ? -1 : rc;
        tt_task_unref(tasks[i]);
    }
    note("heard %d", heard);
    tt_listener_close(own);
    return rc;
}

static void a_stream_waits_for_room_too(void **state)
{
    char name[64];

    (void)state;
    snprintf(name, sizeof name, "@telltale-room-%d", (int)getpid());
    assert_true(stage_run(accept_streams, name));
    expect_notes("first 1, last 0", "heard 6");
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test_with_listener(who_finds_no_room_is_connected_when_there_is_some),
    cmocka_unit_test_with_listener(who_gives_up_waiting_for_room_can_try_again_later),
    cmocka_unit_test_with_listener(room_is_not_waited_for_where_nobody_listens_any_more),
    cmocka_unit_test_on_stage(a_stream_waits_for_room_too),
};

TT_TEST_MAIN(cases)
