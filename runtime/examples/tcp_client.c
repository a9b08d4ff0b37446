/* tcp_client: sends the lines of its standard input to a server and prints what comes back, both at the same time.
 *
 *   tcp_client HOST PORT     by TCP; a name with several addresses is tried as RFC 8305 says
 *   tcp_client PATH          by a Unix socket
 *
 * The end of the input is told to the server, and what it still sends is printed. */
#include <stdio.h>
#include <stdlib.h>

#include <telltale/telltale.h>

struct client {
    char **arguments;
    tt_stream *server, *input;
};

/* Everything from the input to the server, and then the end. */
static int send_input(void *arg)
{
    struct client *client = arg;
    char buffer[4096];
    ssize_t size;

    while ((size = tt_stream_read(client->input, buffer, sizeof buffer)) > 0)
        if (tt_stream_write(client->server, buffer, (size_t)size) < 0)
            return -1;
    return size < 0 ? -1 : tt_stream_write_eof(client->server);
}

static int print_answers(void *arg)
{
    struct client *client = arg;
    const char *line;
    ssize_t size;

    while ((size = tt_stream_readline(client->server, &line)) > 0)
        printf("> %.*s", (int)size, line);
    return (int)size;
}

static int run(void *arg)
{
    struct client *client = arg;
    const struct tt_connection_options options = {.happy_eyeballs_delay_ns = TT_MSEC(250)};
    char **arguments = client->arguments;
    tt_group *group;
    int rc;

    client->server = arguments[2] ? tt_open_connection_with(arguments[1], atoi(arguments[2]), &options)
                                  : tt_open_unix_connection(arguments[1]);
    client->input = client->server ? tt_stream_open_standard(0) : NULL;
    group = tt_group_enter();
    rc = tt_group_spawn(group, send_input, client);
    if (rc == 0)
        rc = print_answers(client);
    rc = tt_group_exit(group, rc);
    tt_stream_close(client->input);
    tt_stream_close(client->server);
    return rc;
}

int main(int argc, char **argv)
{
    struct client client = {.arguments = argv};

    if (argc < 2 || argc > 3) {
        fprintf(stderr, "usage: %s HOST PORT | PATH\n", argv[0]);
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    return tt_run(run, &client);
}
