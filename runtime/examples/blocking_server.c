/* blocking_server: what a task does to a loop when it calls what blocks; the way not to write a server.
 *
 *   blocking_server               two bytes at a time are read until a line is complete, and all of it goes back
 *   blocking_server --hang-up     the client hangs up in the middle of a line: no bytes end the reading
 *   blocking_server --two         every connection is read in turn after each accept: the second client gets nothing
 *                                 until the first one sends again; meanwhile the whole loop stands still
 *
 * The clients run in a thread of their own, since the loop's thread is busy waiting. A recording shows one task that
 * never suspends, and the steps in which it blocked the loop.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <telltale/telltale.h>

enum { LINE_BYTES = 64, CONNECTIONS_MAX = 2, PATIENCE_MSEC = 300 };

struct server {
    const char *how;
    int listener;
    struct sockaddr_in address;
};

/* ---------------------------------------------------------------------------------------------------- the clients */

/* Ends the program: a client that cannot go on leaves a server that waits for ever. */
static int connected(const struct server *server)
{
    int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (client < 0 || connect(client, (const struct sockaddr *)&server->address, sizeof server->address) < 0) {
        perror("a client cannot connect");
        exit(EXIT_FAILURE);
    }
    return client;
}

static void send_text(int socket, const char *text)
{
    if (send(socket, text, strlen(text), MSG_NOSIGNAL) != (ssize_t)strlen(text)) {
        perror("cannot send");
        exit(EXIT_FAILURE);
    }
}

/* Line ends are printed as a dollar sign. */
static const char *shown(char *line)
{
    char *end = strstr(line, "\r\n");

    if (end)
        strcpy(end, "$");
    return line;
}

/* Waits for an answer, PATIENCE_MSEC at most if IS_IMPATIENT. False: there was none. */
static bool receive(int socket, bool is_impatient, char *line)
{
    struct pollfd wanted = {.fd = socket, .events = POLLIN};
    ssize_t received;

    if (poll(&wanted, 1, is_impatient ? PATIENCE_MSEC : -1) <= 0)
        return false;
    received = recv(socket, line, LINE_BYTES - 1, 0);
    line[received > 0 ? received : 0] = '\0';
    return received > 0;
}

static void *be_one_client(void *arg)
{
    const struct server *server = arg;
    char line[LINE_BYTES];
    int client = connected(server);

    if (strcmp(server->how, "--hang-up") == 0) {
        send_text(client, "half");
    } else {
        send_text(client, "orange7\r\n");
        if (receive(client, false, line))
            printf("client got %s\n", shown(line));
    }
    close(client);
    return NULL;
}

static void *be_two_clients(void *arg)
{
    const struct server *server = arg;
    char line[LINE_BYTES], second_line[LINE_BYTES];
    int first = connected(server), second;

    send_text(first, "one\r\n");
    if (receive(first, false, line))
        printf("first got %s\n", shown(line));
    second = connected(server);
    send_text(second, "two\r\n");
    if (!receive(second, true, line))
        printf("second got nothing in 0.3 s\n");
    send_text(first, "more\r\n");
    if (receive(first, false, line) && receive(second, false, second_line)) {
        shown(line);
        printf("after first sent again: first got %s, second got %s\n", line, shown(second_line));
    }
    close(first);
    close(second);
    return NULL;
}

/* ----------------------------------------------------------------------------------------------------- the server */

/* Reads two bytes at a time to the end of a line or of the stream. recv waits, and the loop with it. */
static int read_line(int connection, bool is_telling, char *line)
{
    size_t length = 0;

    line[0] = '\0';
    while (length < LINE_BYTES - 3 && (length < 2 || memcmp(line + length - 2, "\r\n", 2) != 0)) {
        ssize_t received = recv(connection, line + length, 2, 0);

        if (received < 0)
            return tt_raise_errno(errno, "cannot receive");
        if (received == 0) {
            if (is_telling)
                printf("end of stream\n");
            break;
        }
        if (is_telling)
            printf("piece of %zd\n", received);
        length += (size_t)received;
        line[length] = '\0';
    }
    return (int)length;
}

static int serve_one(void *arg)
{
    struct server *server = arg;
    char line[LINE_BYTES], copy[LINE_BYTES];
    int connection, length;

    printf("waiting for a client\n");
    connection = accept(server->listener, NULL, NULL); /* so does accept */
    if (connection < 0)
        return tt_raise_errno(errno, "cannot accept");
    length = read_line(connection, true, line);
    if (length >= 0) {
        printf("line %s\n", shown(strcpy(copy, line)));
        if (strcmp(server->how, "--hang-up") != 0)
            send_text(connection, line);
    }
    close(connection);
    return length < 0 ? -1 : 0;
}

static int serve_two(void *arg)
{
    struct server *server = arg;
    int connections[CONNECTIONS_MAX], count, rc = 0;

    for (count = 0; rc == 0 && count < CONNECTIONS_MAX; count++) {
        connections[count] = accept(server->listener, NULL, NULL);
        if (connections[count] < 0)
            return tt_raise_errno(errno, "cannot accept");
        printf("server: connection %d\n", count + 1);
        for (int i = 0; rc == 0 && i <= count; i++) {
            char line[LINE_BYTES], copy[LINE_BYTES];

            if (read_line(connections[i], false, line) < 0)
                rc = -1;
            else
                printf("server: line %s from %d\n", shown(strcpy(copy, line)), i + 1);
            if (rc == 0)
                send_text(connections[i], line);
        }
    }
    while (count > 0)
        close(connections[--count]);
    return rc;
}

static int run(void *arg)
{
    struct server *server = arg;
    bool is_two = strcmp(server->how, "--two") == 0;
    socklen_t length = sizeof server->address;
    pthread_t clients;
    tt_task *task;
    int rc;

    server->address = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (server->listener < 0 || bind(server->listener, (struct sockaddr *)&server->address, length) < 0 ||
        listen(server->listener, CONNECTIONS_MAX) < 0 ||
        getsockname(server->listener, (struct sockaddr *)&server->address, &length) < 0)
        return tt_raise_errno(errno, "cannot listen");
    if (pthread_create(&clients, NULL, is_two ? be_two_clients : be_one_client, server) != 0)
        return tt_raise(&tt_RuntimeError, "no thread for the clients");
    task = is_two ? tt_create_task_named(serve_two, server, "serve") : tt_create_task_named(serve_one, server, "serve");
    rc = tt_await(task);
    tt_task_unref(task);
    pthread_join(clients, NULL);
    close(server->listener);
    return rc;
}

int main(int argc, char **argv)
{
    struct server server = {.how = argc == 2 ? argv[1] : "", .listener = -1};

    if (argc > 2 || (argc == 2 && strcmp(argv[1], "--hang-up") != 0 && strcmp(argv[1], "--two") != 0)) {
        fprintf(stderr, "usage: %s [--hang-up | --two]\n", argv[0]);
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    return tt_run(run, &server);
}
