/* tcp_echo: sends each line back to the client that it came from; a server with a task for each connection.
 *
 *   tcp_echo [PORT]     listens on PORT of 127.0.0.1, 0 or nothing: a free one; the first line printed is the port
 *
 * The line "boom" makes the client's task fail, which ends that connection and no other. SIGTERM ends the server: it stops
 * accepting, waits half a second for the clients that are there, and cancels those that have not gone by then. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <telltale/telltale.h>

/* One connection. The server closes the stream. */
static int echo(tt_stream *stream, void *arg)
{
    const char *line;
    ssize_t size;

    (void)arg;
    while ((size = tt_stream_readline(stream, &line)) > 0) {
        if (strncmp(line, "boom", 4) == 0)
            return tt_raise(&tt_RuntimeError, "Unexpected network error");
        if (tt_stream_write(stream, line, (size_t)size) < 0)
            return -1;
    }
    return size < 0 ? -1 : 0;
}

static int close_server(void *server)
{
    printf("stopping\n");
    tt_server_close(server);
    return 0;
}

static int serve(void *port)
{
    tt_server *server = tt_start_server(tt_listen("127.0.0.1", *(int *)port), echo, NULL, NULL);
    int rc = -1;

    if (!server)
        return -1;
    printf("%d\n", tt_listener_port(tt_server_listener(server)));
    if (tt_loop_add_signal_handler(NULL, SIGTERM, close_server, server) == 0)
        rc = tt_server_serve_forever(server);
    tt_cleanup_begin(); /* whatever happened, also when this task was cancelled: */
    (void)!tt_server_stop(server, TT_MSEC(500));
    return tt_cleanup_end() < 0 ? -1 : rc;
}

int main(int argc, char **argv)
{
    int port = argc > 1 ? atoi(argv[1]) : 0;

    setvbuf(stdout, NULL, _IOLBF, 0);
    return tt_run(serve, &port);
}
