/* echo_server: sends each line back to the client that it came from; one task a client.
 *
 * The line "boom" makes the client's task fail. What becomes of such a failure is the point of this program:
 *
 *   echo_server                   nobody keeps the tasks: a failure is reported by the loop's handler at once, and lost
 *   echo_server --hold            a list keeps the tasks' handles and nobody looks at them: not a word
 *   echo_server --await           as --hold, and at its end the server awaits what it holds: the failure arrives there
 *   echo_server --log-and-close   the task deals with its own failure: logs it and closes its connection
 *
 * --port N listens on port N of 127.0.0.1; without it, or with 0, on a free one. The first line printed is the port.
 * SIGTERM ends the server with status 0; SIGINT interrupts it as it would any program.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <telltale/telltale.h>

enum { LINE_BYTES = 4096 }; /* a line that is longer is sent back in pieces */

struct server {
    int port;
    bool holds, awaits, logs_and_closes;
    int listener;
    tt_task *listening;
    unsigned client_count;
    tt_task **held; /* --hold: a handle for each client's task */
    size_t held_count;
};

struct client {
    int socket;
};

/* What has been received of a client and not been sent back; the line at hand stands first. */
struct input {
    size_t size;
    char bytes[LINE_BYTES];
};

/* ----------------------------------------------------------------------------------------------------- one client */

/* Length of the next line with its end; 0: the client hung up; -1: an exception is pending. */
static ssize_t receive_line(const struct client *client, struct input *input)
{
    for (;;) {
        const char *end = memchr(input->bytes, '\n', input->size);

        if (end)
            return end + 1 - input->bytes;
        if (input->size == LINE_BYTES)
            return LINE_BYTES;
        /* Suspends this task until something comes; meanwhile the loop runs the others. */
        ssize_t received = tt_sock_recv(client->socket, input->bytes + input->size, LINE_BYTES - input->size);
        if (received <= 0)
            return received;
        input->size += (size_t)received;
    }
}

static void drop_line(struct input *input, size_t length)
{
    input->size -= length;
    memmove(input->bytes, input->bytes + length, input->size);
}

/* The last resort where an argument is dropped: a task that is cancelled before it began never runs its body. */
static void close_client(void *arg)
{
    struct client *client = arg;

    if (client->socket >= 0)
        close(client->socket);
    client->socket = -1;
}

static int echo(void *arg)
{
    static const char boom[] = "boom\r\n";
    struct client *client = arg;
    struct input input = {.size = 0};
    ssize_t length;

    while ((length = receive_line(client, &input)) > 0) {
        if (length == sizeof boom - 1 && memcmp(input.bytes, boom, sizeof boom - 1) == 0)
            return tt_raise(&tt_RuntimeError, "Unexpected network error"); /* nobody closes the connection */
        if (tt_sock_sendall(client->socket, input.bytes, (size_t)length) < 0)
            return -1;
        drop_line(&input, (size_t)length);
    }
    if (length < 0)
        return -1;
    close_client(client);
    return 0;
}

/* --log-and-close. tt_Exception is every failure there is; a cancellation is none and passes. */
static int echo_log_and_close(void *arg)
{
    int rc = echo(arg); /* a coroutine is a function: this one runs in the same task */

    if (rc < 0 && tt_catch(&tt_Exception)) {
        fprintf(stderr, "%s: %s\n", tt_task_name(tt_current_task()), tt_exc_message(tt_exc_caught()));
        tt_exc_print(tt_exc_caught(), stderr);
        rc = tt_catch_end();
    }
    close_client(arg);
    return rc;
}

/* ----------------------------------------------------------------------------------------------------- the server */

/* Puts TASK into the list, which now owns its handle. */
static int hold(struct server *server, tt_task *task)
{
    tt_task **held = realloc(server->held, (server->held_count + 1) * sizeof *held);

    if (!held) {
        tt_task_unref(task);
        return tt_raise(&tt_MemoryError, "no room for another task");
    }
    held[server->held_count++] = task;
    server->held = held;
    return 0;
}

static int listen_for_connections(void *arg)
{
    struct server *server = arg;

    for (;;) {
        struct client client = {.socket = tt_sock_accept(server->listener, NULL, NULL)};
        if (client.socket < 0)
            return -1;

        char name[32];
        snprintf(name, sizeof name, "client-%u", ++server->client_count);
        /* Detached: the task has no handle, so its failure is reported the moment it ends. */
        const struct tt_task_options options = {.name = name, .drop = close_client, .is_detached = !server->holds};
        tt_task *task = server->logs_and_closes
                            ? tt_create_task_copy(echo_log_and_close, &client, sizeof client, &options)
                            : tt_create_task_copy(echo, &client, sizeof client, &options);
        if (!task || (server->holds && hold(server, task) < 0))
            return -1;
    }
}

static int open_listener(struct server *server)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)server->port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;

    server->listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (server->listener < 0)
        return tt_raise_errno(errno, "no socket");
    if (setsockopt(server->listener, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int)) < 0 ||
        bind(server->listener, (struct sockaddr *)&address, length) < 0 || listen(server->listener, SOMAXCONN) < 0 ||
        getsockname(server->listener, (struct sockaddr *)&address, &length) < 0)
        return tt_raise_errno(errno, "cannot listen on port %d", server->port);
    printf("%d\n", ntohs(address.sin_port));
    return 0;
}

/* SIGTERM. Runs on the loop like any callback, so it may touch what tasks touch. */
static int stop_listening(void *arg)
{
    struct server *server = arg;

    tt_task_cancel(server->listening, NULL);
    return 0;
}

/* --await: the clients' tasks, one after the other. Those that are still served are told to end. */
static int await_held(struct server *server)
{
    for (size_t i = 0; i < server->held_count; i++) {
        tt_task *task = server->held[i];

        if (!tt_task_done(task))
            tt_task_cancel(task, NULL);
        if (tt_await(task) == 0)
            continue;
        if (tt_catch(&tt_CancelledError) || tt_catch(&tt_RuntimeError)) {
            char repr[64];

            tt_exc_repr(tt_exc_caught(), repr, sizeof repr);
            printf("%s: %s\n", tt_task_name(task), repr);
            if (tt_catch_end() < 0)
                return -1;
        } else {
            return -1;
        }
    }
    return 0;
}

static int serve(void *arg)
{
    struct server *server = arg;
    int rc;

    if (open_listener(server) < 0)
        return -1;
    server->listening = tt_create_task_named(listen_for_connections, server, "listen");
    if (!server->listening || tt_loop_add_signal_handler(NULL, SIGTERM, stop_listening, server) < 0)
        return -1;
    rc = tt_await(server->listening);
    /* A cancellation that was not meant for this task comes from stop_listening: the server ends as it should, and
     * tt_run cancels the tasks of the clients. */
    if (rc < 0 && tt_task_cancelling(tt_current_task()) == 0 && tt_catch(&tt_CancelledError)) {
        printf("stopping\n");
        rc = server->awaits ? await_held(server) : 0;
        if (tt_catch_end() < 0)
            rc = -1;
    }
    return rc;
}

/* The value of --port, or -1. */
static int read_port(const char *text)
{
    char *end;
    long port = strtol(text, &end, 10);

    return end != text && *end == '\0' && port >= 0 && port <= 65535 ? (int)port : -1;
}

/* False if the arguments make no sense. */
static bool read_arguments(struct server *server, int argc, char **argv)
{
    static const struct option options[] = {{"port", required_argument, NULL, 'p'},
                                            {"hold", no_argument, NULL, 'h'},
                                            {"await", no_argument, NULL, 'a'},
                                            {"log-and-close", no_argument, NULL, 'l'},
                                            {0}};
    int option;

    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 'p')
            server->port = read_port(optarg);
        else if (option == 'h')
            server->holds = true;
        else if (option == 'a')
            server->holds = server->awaits = true;
        else if (option == 'l')
            server->logs_and_closes = true;
        else
            return false;
    }
    return optind == argc && server->port >= 0;
}

int main(int argc, char **argv)
{
    struct server server = {.listener = -1};
    int status;

    if (!read_arguments(&server, argc, argv)) {
        fprintf(stderr, "usage: %s [--port N] [--hold | --await] [--log-and-close]\n", argv[0]);
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0); /* whoever waits for the port gets it at once, also through a pipe */
    status = tt_run(serve, &server);
    for (size_t i = 0; i < server.held_count; i++)
        tt_task_unref(server.held[i]); /* the last handle: only now is a failure reported that nobody has looked at */
    free(server.held);
    tt_task_unref(server.listening);
    if (server.listener >= 0)
        close(server.listener);
    return status;
}
