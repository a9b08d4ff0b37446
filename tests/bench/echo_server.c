/* echo_server.c: the servers in C that bench_echo.c measures: whatever comes on a connection goes back on it.
 *
 *     echo_server libuv|sock|stream
 *
 * libuv: a callback for what comes, written back by uv_try_write: what the others are measured against. sock: a task of
 * telltale for each connection, by tt_sock_recv and tt_sock_sendall. stream: the same by a tt_stream.
 *
 * The listener is descriptor 3. The environment says whether it is recorded; exits with 3 where that cannot be. What records
 * is started first, where the caller put this process, and only then it moves to core 0. Alone, as it is here, it runs under
 * valgrind --tool=callgrind, which counts what a request costs, the same each time. */
#include <signal.h>
#include <unistd.h>
#include <uv.h>

#include <telltale/telltale.h>

#include "measure.h"

enum { LISTENER = 3, BACKLOG = 128, BUFFER_BYTES = 4096 };

static _Noreturn void fail(const char *what)
{
    perror(what);
    exit(2);
}

/* -------------------------------------------------------------------------------------------------- libuv's callbacks */

struct uv_connection {
    uv_tcp_t tcp;
    char buffer[BUFFER_BYTES];
};

static void give_buffer(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
    struct uv_connection *connection = (struct uv_connection *)handle;

    (void)suggested;
    *buffer = uv_buf_init(connection->buffer, sizeof connection->buffer);
}

static void free_connection(uv_handle_t *handle)
{
    free(handle);
}

static void echo_back(uv_stream_t *stream, ssize_t count, const uv_buf_t *buffer)
{
    uv_buf_t out = uv_buf_init(buffer->base, count > 0 ? (unsigned)count : 0);

    if (count < 0 || (count > 0 && uv_try_write(stream, &out, 1) != count))
        uv_close((uv_handle_t *)stream, free_connection);
}

static void accept_connection(uv_stream_t *server, int status)
{
    struct uv_connection *connection = malloc(sizeof *connection);

    if (status < 0 || !connection)
        fail("uv_listen");
    uv_tcp_init(server->loop, &connection->tcp);
    if (uv_accept(server, (uv_stream_t *)&connection->tcp) < 0)
        fail("uv_accept");
    uv_read_start((uv_stream_t *)&connection->tcp, give_buffer, echo_back);
}

static int serve_by_libuv(void)
{
    uv_tcp_t server;

    uv_tcp_init(uv_default_loop(), &server);
    uv_tcp_open(&server, LISTENER);
    if (uv_listen((uv_stream_t *)&server, BACKLOG, accept_connection) < 0)
        fail("uv_listen");
    return uv_run(uv_default_loop(), UV_RUN_DEFAULT);
}

/* ---------------------------------------------------------------------------------------------- a task a connection */

static int echo_by_sock(void *arg)
{
    int socket = (int)(intptr_t)arg, rc = 0;
    char buffer[BUFFER_BYTES];
    ssize_t count = 0;

    while (rc == 0 && (count = tt_sock_recv(socket, buffer, sizeof buffer)) > 0)
        rc = tt_sock_sendall(socket, buffer, (size_t)count);
    close(socket);
    return rc < 0 || count < 0 ? -1 : 0;
}

static int echo_by_stream(void *arg)
{
    tt_stream *stream = tt_stream_open((int)(intptr_t)arg, 0);
    char buffer[BUFFER_BYTES];
    ssize_t count = 0;
    int rc = 0;

    while (rc == 0 && (count = tt_stream_read(stream, buffer, sizeof buffer)) > 0)
        rc = tt_stream_write(stream, buffer, (size_t)count);
    tt_stream_close(stream);
    return rc < 0 || count < 0 ? -1 : 0;
}

static int serve_by_tasks(void *echo)
{
    for (;;) {
        int socket = tt_sock_accept(LISTENER, NULL, NULL);

        if (socket < 0 || tt_spawn(*(tt_coro_fn **)echo, (void *)(intptr_t)socket) < 0)
            return -1;
    }
}

/* -------------------------------------------------------------------------------------------------------------------- */

/* Whether what the environment asks for is there. */
static bool is_recorded_as_asked(void)
{
    int status = tt_trace_start_from_environment();

    if (getenv("TELLTALE_STORE"))
        return status == TT_TRACE_RECORDING;
    return status == (getenv("TELLTALE_LTTNG") ? TT_TRACE_LTTNG : TT_TRACE_OFF);
}

int main(int argc, char **argv)
{
    const char *name = argc == 2 ? argv[1] : "";
    tt_coro_fn *echo = strcmp(name, "stream") == 0 ? echo_by_stream : echo_by_sock;

    if (strcmp(name, "libuv") == 0) {
        pin_to_core(0);
        return serve_by_libuv();
    }
    if (strcmp(name, "sock") != 0 && strcmp(name, "stream") != 0) {
        fprintf(stderr, "usage: %s libuv|sock|stream, with a listener as descriptor %d\n", argv[0], LISTENER);
        return 2;
    }
    if (!is_recorded_as_asked())
        return 3;
    pin_to_core(0);
    return tt_run(serve_by_tasks, &echo);
}
