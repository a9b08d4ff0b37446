/* readers: a server made of callbacks, which sleeps until a socket is ready or its time is up.
 *
 *   readers             tt_loop_add_reader: the loop is idle nearly all the time
 *   readers --polling   a task asks every socket again and again, and lets the others run in between: nobody waits for
 *                       anybody, at the price of a loop that never rests
 *
 * What the clients do is a list of actions, one at each tick, so that the program always prints the same.
 */
#define _GNU_SOURCE 1 /* accept4 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <telltale/telltale.h>

enum { CLIENT_COUNT = 2, LINE_BYTES = 64, ROUNDS_BETWEEN_ACTIONS = 2000 };

#define TICK TT_MSEC(150)

struct server {
    struct sockaddr_in address;
    int listener;
    int connections[CLIENT_COUNT], clients[CLIENT_COUNT]; /* the two ends, in order of connecting */
    int connection_count, client_count;
    size_t action; /* the next one */
    tt_handle *tick;
    long refused_count; /* --polling: questions that were answered with "would block" */
};

/* ---------------------------------------------------------------------------------------------------- the clients */

enum action_kind { REST, CONNECT, SEND, RECEIVE };

static const struct action {
    enum action_kind kind;
    int client; /* from 1 */
    const char *line;
} actions[] = {{REST, 0, NULL},    {CONNECT, 1, NULL},   {CONNECT, 2, NULL}, {SEND, 2, "two\r\n"},
               {RECEIVE, 2, NULL}, {SEND, 1, "one\r\n"}, {RECEIVE, 1, NULL}};

/* Line ends are printed as a dollar sign. */
static const char *shown(char *line, size_t length)
{
    char *end;

    line[length] = '\0';
    end = strstr(line, "\r\n");
    if (end)
        strcpy(end, "$");
    return line;
}

/* Does the next thing on the list. False: there is nothing left to do. -1 as *RC: raised. */
static bool act(struct server *server, int *rc)
{
    const struct action *action;
    char line[LINE_BYTES];
    ssize_t size = 0;
    int *client;

    if (server->action == sizeof actions / sizeof *actions)
        return false;
    action = &actions[server->action++];
    if (action->kind == REST)
        return true;
    printf("client %d %s\n", action->client,
           action->kind == CONNECT ? "connects" : (action->kind == SEND ? "sends" : "receives"));
    client = &server->clients[action->client - 1];
    if (action->kind == CONNECT) {
        *client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        size = *client < 0 ? -1 : connect(*client, (struct sockaddr *)&server->address, sizeof server->address);
        server->client_count++;
    } else if (action->kind == SEND) {
        size = send(*client, action->line, strlen(action->line), MSG_NOSIGNAL);
    } else {
        size = recv(*client, line, sizeof line - 1, 0);
        if (size >= 0)
            printf("client %d got %s\n", action->client, shown(line, (size_t)size));
    }
    if (size < 0)
        *rc = tt_raise_errno(errno, "client %d", action->client);
    return true;
}

/* ----------------------------------------------------------------------------------------------------- the server */

/* 1: accepted, 0: nobody is there, -1: raised. */
static int accept_one(struct server *server)
{
    int connection = accept4(server->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

    if (connection < 0)
        return errno == EAGAIN ? 0 : tt_raise_errno(errno, "cannot accept");
    server->connections[server->connection_count++] = connection;
    printf("server: connection %d\n", server->connection_count);
    return 1;
}

/* 1: received and sent back, 0: nothing is there, -1: raised. */
static int echo_one(int connection)
{
    char line[LINE_BYTES], copy[LINE_BYTES];
    ssize_t size = recv(connection, line, sizeof line - 1, 0);

    if (size < 0)
        return errno == EAGAIN ? 0 : tt_raise_errno(errno, "cannot receive");
    memcpy(copy, line, (size_t)size);
    printf("server: data %s\n", shown(copy, (size_t)size));
    return send(connection, line, (size_t)size, MSG_NOSIGNAL) < 0 ? tt_raise_errno(errno, "cannot send") : 1;
}

static int open_listener(struct server *server)
{
    socklen_t length = sizeof server->address;

    server->address = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    server->listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (server->listener < 0 || bind(server->listener, (struct sockaddr *)&server->address, length) < 0 ||
        listen(server->listener, CLIENT_COUNT) < 0 ||
        getsockname(server->listener, (struct sockaddr *)&server->address, &length) < 0)
        return tt_raise_errno(errno, "cannot listen");
    return 0;
}

static void close_all(struct server *server)
{
    for (int i = 0; i < server->connection_count; i++)
        close(server->connections[i]);
    for (int i = 0; i < server->client_count; i++)
        close(server->clients[i]);
    close(server->listener);
}

/* ------------------------------------------------------------------------------------------------ with callbacks */

static int on_tick(void *arg);

/* The time until the next tick begins anew with everything that happens. */
static int set_tick(struct server *server)
{
    tt_handle_cancel(server->tick);
    tt_handle_unref(server->tick);
    server->tick = NULL;
    return tt_loop_call_later(NULL, TICK, on_tick, server, &server->tick);
}

static int on_tick(void *arg)
{
    struct server *server = arg;
    int rc = 0;

    printf("no events\n");
    if (!act(server, &rc)) {
        tt_loop_stop(NULL);
        return 0;
    }
    return rc < 0 ? -1 : set_tick(server);
}

struct connection {
    struct server *server;
    int socket;
};

static struct connection connections[CLIENT_COUNT];

static int on_data(void *arg)
{
    const struct connection *connection = arg;

    return echo_one(connection->socket) < 0 ? -1 : set_tick(connection->server);
}

static int on_connection(void *arg)
{
    struct server *server = arg;
    struct connection *connection = &connections[server->connection_count];

    if (accept_one(server) <= 0)
        return -1;
    *connection = (struct connection){server, server->connections[server->connection_count - 1]};
    if (tt_loop_add_reader(NULL, connection->socket, on_data, connection) < 0)
        return -1;
    return set_tick(server);
}

static int start_callbacks(void *arg)
{
    struct server *server = arg;

    if (open_listener(server) < 0 || tt_loop_add_reader(NULL, server->listener, on_connection, server) < 0)
        return -1;
    return set_tick(server);
}

static int run_callbacks(void)
{
    struct server server = {.listener = -1};
    tt_loop *loop = tt_loop_create();
    int rc;

    if (!loop)
        return -1;
    rc = tt_loop_call_soon(loop, start_callbacks, &server, NULL);
    if (rc == 0)
        rc = tt_loop_run_forever(loop);
    tt_loop_remove_reader(loop, server.listener);
    for (int i = 0; i < server.connection_count; i++)
        tt_loop_remove_reader(loop, server.connections[i]);
    tt_handle_unref(server.tick);
    close_all(&server);
    return tt_loop_close(loop) < 0 ? -1 : rc;
}

/* -------------------------------------------------------------------------------------------------- with a task */

/* One question for everybody. Returns how many said "would block", or -1. */
static int ask_everybody(struct server *server)
{
    int count = 0, asked = server->connection_count, answer = accept_one(server);

    if (answer < 0)
        return -1;
    count += answer == 0;
    for (int i = 0; i < asked; i++) {
        answer = echo_one(server->connections[i]);
        if (answer < 0)
            return -1;
        count += answer == 0;
    }
    return count;
}

static int poll_for_ever(void *arg)
{
    struct server *server = arg;

    for (long round = 1;; round++) {
        int rc = 0, count;

        if (round % ROUNDS_BETWEEN_ACTIONS == 0 && !act(server, &rc))
            return 0;
        count = rc < 0 ? -1 : ask_everybody(server);
        if (count < 0)
            return -1;
        server->refused_count += count;
        if (tt_sleep(0) < 0)
            return -1;
    }
}

static int run_polling(void *arg)
{
    struct server server = {.listener = -1};
    tt_task *task;
    int rc;

    (void)arg;
    if (open_listener(&server) < 0)
        return -1;
    task = tt_create_task_named(poll_for_ever, &server, "polling");
    rc = tt_await(task);
    tt_task_unref(task);
    close_all(&server);
    printf("useless questions: more than ten thousand: %s\n", server.refused_count > 10000 ? "yes" : "no");
    return rc;
}

int main(int argc, char **argv)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (argc == 2 && strcmp(argv[1], "--polling") == 0)
        return tt_run(run_polling, NULL);
    if (argc != 1) {
        fprintf(stderr, "usage: %s [--polling]\n", argv[0]);
        return 2;
    }
    if (run_callbacks() < 0) {
        tt_exc_print(tt_exc_pending(), stderr);
        return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
}
