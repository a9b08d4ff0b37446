/* http_status: two requests fail with 404, and it depends on how they are waited for who gets to know.
 *
 *   http_status                gather: the first failure is raised at once; the second one, later, is read by gather and
 *                              seen by nobody
 *   http_status --values       gather with exceptions as values: both stand in its list, nothing is raised
 *   http_status --wait         wait: says that both are done and reads neither; each is reported when its task is let go
 *   http_status --wait-read    wait, and then the result of each is asked for: both arrive
 *   http_status --refused      nobody listens: the refused connection is wrapped, and is the new exception's context
 *
 * The server is a task of this program and answers 404 to everything, to /two after a while.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <telltale/telltale.h>

enum { TEXT_BYTES = 256 };

struct server {
    int listener;
    uint16_t port;
    tt_task *accepting;
};

/* What a request is to fill. */
struct row {
    const char *name;
    uint16_t port;
};

/* ----------------------------------------------------------------------------------------------------- the server */

/* Receives into TEXT, of TEXT_BYTES, until it has END. 0 when it has, or the peer hung up; -1: raised. */
static int receive_until(int socket, char *text, const char *end)
{
    size_t length = 0;

    text[0] = '\0';
    while (!strstr(text, end) && length < TEXT_BYTES - 1) {
        ssize_t received = tt_sock_recv(socket, text + length, TEXT_BYTES - 1 - length);

        if (received <= 0)
            return (int)received;
        length += (size_t)received;
        text[length] = '\0';
    }
    return 0;
}

static void close_connection(void *arg)
{
    close(*(int *)arg);
}

static int answer(void *arg)
{
    static const char not_found[] = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    int connection = *(int *)arg, rc;
    char request[TEXT_BYTES];

    rc = receive_until(connection, request, "\r\n\r\n");
    if (rc == 0 && strstr(request, " /two "))
        rc = tt_sleep(TT_MSEC(200));
    if (rc == 0)
        rc = tt_sock_sendall(connection, not_found, sizeof not_found - 1);
    close(connection);
    return rc;
}

static int accept_connections(void *arg)
{
    struct server *server = arg;

    for (;;) {
        int connection = tt_sock_accept(server->listener, NULL, NULL);
        const struct tt_task_options options = {.drop = close_connection, .is_detached = true};

        if (connection < 0 || !tt_create_task_copy(answer, &connection, sizeof connection, &options))
            return -1;
    }
}

static int start_server(struct server *server)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;

    server->listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (server->listener < 0 || bind(server->listener, (struct sockaddr *)&address, length) < 0 ||
        listen(server->listener, SOMAXCONN) < 0 ||
        getsockname(server->listener, (struct sockaddr *)&address, &length) < 0)
        return tt_raise_errno(errno, "cannot listen");
    server->port = ntohs(address.sin_port);
    server->accepting = tt_create_task_named(accept_connections, server, "server");
    return server->accepting ? 0 : -1;
}

/* In a cleanup, since there may be an exception on its way. */
static int stop_server(struct server *server)
{
    int rc;

    tt_cleanup_begin();
    tt_task_cancel(server->accepting, NULL);
    rc = server->accepting ? tt_await(server->accepting) : 0;
    if (rc < 0 && tt_catch(&tt_CancelledError))
        rc = tt_catch_end();
    tt_task_unref(server->accepting);
    server->accepting = NULL;
    close(server->listener);
    return tt_cleanup_end();
}

/* ----------------------------------------------------------------------------------------------------- the client */

/* Asks for PATH and receives the first line of the answer. */
static int request(int connection, uint16_t port, const char *path, char *status)
{
    const struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    char text[TEXT_BYTES];
    int length = snprintf(text, sizeof text, "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n", path);

    if (tt_sock_connect(connection, (const struct sockaddr *)&address, sizeof address) < 0 ||
        tt_sock_sendall(connection, text, (size_t)length) < 0 || receive_until(connection, status, "\r\n") < 0)
        return -1;
    status[strcspn(status, "\r")] = '\0';
    return 0;
}

/* Whoever asked for PATH hears of PATH: an OSError is wrapped, and stays as the context. */
static int get(uint16_t port, const char *path)
{
    char status[TEXT_BYTES];
    int connection = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), rc;

    if (connection < 0)
        return tt_raise_errno(errno, "no socket");
    printf("GET %s\n", path);
    rc = request(connection, port, path, status);
    close(connection);
    if (rc < 0 && tt_catch(&tt_OSError)) {
        tt_raise(&tt_RuntimeError, "%s: %s", path, tt_exc_type_of(tt_exc_caught())->name);
        return tt_catch_end();
    }
    if (rc < 0)
        return -1;
    if (atoi(status + strlen("HTTP/1.1 ")) >= 400)
        return tt_raise(&tt_RuntimeError, "%s: %s", path, status + strlen("HTTP/1.1 "));
    return 0;
}

static int fill(void *arg)
{
    const struct row *row = arg;
    char path[TEXT_BYTES];

    snprintf(path, sizeof path, "/%s", row->name);
    return get(row->port, path);
}

/* -------------------------------------------------------------------------------------------- five ways of waiting */

enum { ROW_COUNT = 2 };

static void let_go_of_both(tt_task **tasks)
{
    for (int i = 0; i < ROW_COUNT; i++)
        tt_task_unref(tasks[i]);
}

/* Prints what is pending if it is a RuntimeError, and says with *IS_FAILED that the program is to end with status 1. */
static int print_failure(int rc, bool *is_failed)
{
    char repr[TEXT_BYTES];

    if (rc < 0 && tt_catch(&tt_RuntimeError)) {
        tt_exc_repr(tt_exc_caught(), repr, sizeof repr);
        printf("caught %s\n", repr);
        *is_failed = true;
        rc = tt_catch_end();
    }
    return rc;
}

static int gather_both(tt_task **tasks, bool *is_failed)
{
    tt_future *both = tt_gather(tasks, ROW_COUNT, false);
    int rc = tt_await(both);

    tt_future_unref(both);
    let_go_of_both(tasks);
    tt_cleanup_begin();
    if (tt_sleep(TT_MSEC(400)) == 0)
        printf("both requests have failed by now\n");
    if (tt_cleanup_end() < 0)
        rc = -1;
    return print_failure(rc, is_failed);
}

static int gather_values(tt_task **tasks, const struct row *rows)
{
    tt_future *both = tt_gather(tasks, ROW_COUNT, true);
    int rc = tt_await(both);

    for (int i = 0; rc == 0 && i < ROW_COUNT; i++) {
        char repr[TEXT_BYTES];
        tt_exc *exc;

        rc = tt_gather_slot(both, (size_t)i, NULL, &exc);
        if (rc == 0) {
            tt_exc_repr(exc, repr, sizeof repr);
            printf("%s: %s\n", rows[i].name, repr);
        }
    }
    tt_future_unref(both);
    let_go_of_both(tasks);
    return rc;
}

static int wait_for_both(tt_task **tasks)
{
    size_t done_count;

    if (tt_wait(tasks, ROW_COUNT, TT_ALL_COMPLETED, TT_NEVER, &done_count) < 0)
        return -1;
    printf("wait returned: %zu done, %zu pending\n", done_count, ROW_COUNT - done_count);
    for (int i = 0; i < ROW_COUNT; i++) {
        printf("letting go of %s\n", tt_task_name(tasks[i]));
        tt_task_unref(tasks[i]);
    }
    return 0;
}

static int wait_and_read(tt_task **tasks)
{
    int rc = tt_wait(tasks, ROW_COUNT, TT_ALL_COMPLETED, TT_NEVER, NULL);

    for (int i = 0; rc == 0 && i < ROW_COUNT; i++) {
        rc = tt_task_result(tasks[i], NULL);
        if (rc < 0 && tt_catch(&tt_RuntimeError)) {
            printf("%s: %s\n", tt_task_name(tasks[i]), tt_exc_message(tt_exc_caught()));
            rc = tt_catch_end();
        }
    }
    let_go_of_both(tasks);
    return rc;
}

static int refused(uint16_t port, bool *is_failed)
{
    struct row row = {"one", port};
    tt_task *task = tt_create_task_named(fill, &row, "fill-one");
    tt_future *one = task ? tt_gather(&task, 1, false) : NULL;
    int rc = tt_await(one);

    if (tt_exc_context(tt_exc_pending()))
        printf("context: %s\n", tt_exc_type_of(tt_exc_context(tt_exc_pending()))->name);
    tt_future_unref(one);
    tt_task_unref(task);
    return print_failure(rc, is_failed);
}

/* ---------------------------------------------------------------------------------------------------------- main */

struct program {
    const char *how;
    bool is_failed;
};

static int fill_both(struct program *program, uint16_t port)
{
    struct row rows[ROW_COUNT] = {{"one", port}, {"two", port}};
    tt_task *tasks[ROW_COUNT];

    tasks[0] = tt_create_task_named(fill, &rows[0], "fill-one");
    tasks[1] = tt_create_task_named(fill, &rows[1], "fill-two");
    if (!tasks[0] || !tasks[1])
        return -1;
    if (strcmp(program->how, "--values") == 0)
        return gather_values(tasks, rows);
    if (strcmp(program->how, "--wait") == 0)
        return wait_for_both(tasks);
    if (strcmp(program->how, "--wait-read") == 0)
        return wait_and_read(tasks);
    return gather_both(tasks, &program->is_failed);
}

static int run(void *arg)
{
    struct program *program = arg;
    struct server server;
    bool is_refused = strcmp(program->how, "--refused") == 0;
    int rc;

    if (start_server(&server) < 0)
        return -1;
    if (is_refused && stop_server(&server) < 0)
        return -1;
    rc = is_refused ? refused(server.port, &program->is_failed) : fill_both(program, server.port);
    if (!is_refused && stop_server(&server) < 0)
        return -1;
    return rc;
}

int main(int argc, char **argv)
{
    static const char *const ways[] = {"", "--values", "--wait", "--wait-read", "--refused"};
    struct program program = {.how = argc == 2 ? argv[1] : ""};
    bool is_known = false;
    int status;

    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
        is_known |= strcmp(program.how, ways[i]) == 0;
    if (argc > 2 || !is_known) {
        fprintf(stderr, "usage: %s [--values | --wait | --wait-read | --refused]\n", argv[0]);
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0); /* also through a pipe, what stderr says stands where it belongs */
    status = tt_run(run, &program);
    return status ? status : program.is_failed;
}
