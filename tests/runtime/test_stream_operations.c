/* Streams, operation by operation: each call of telltale/stream.h, connection.h and server.h that can wait. See operations.h. */
#include "operations.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>

enum { FAR = 60000 };

/* Kinds of ground. */
enum { SOCKETS, PIPE, LISTENING, LISTENING_UNIX, NOTHING };

static const char far_away[] = "xxxxxxxxxxxxxxxx"; /* in what is much */

/* ----------------------------------------------------------------------------------------------------------- the ground */

static void open_listening(struct ground *ground, bool is_unix)
{
    struct sockaddr_in *inet = (struct sockaddr_in *)&ground->address;
    struct sockaddr_un *local = (struct sockaddr_un *)&ground->address;
    socklen_t length = is_unix ? sizeof(sa_family_t) : sizeof *inet; /* the system chooses an abstract name, a port */

    ground->address.ss_family = is_unix ? AF_UNIX : AF_INET;
    if (!is_unix)
        inet->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ground->pair[1] = socket(ground->address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (bind(ground->pair[1], (struct sockaddr *)&ground->address, length) < 0 ||
        listen(ground->pair[1], is_unix ? 0 : 10) < 0)
        abort();
    length = sizeof ground->address;
    if (getsockname(ground->pair[1], (struct sockaddr *)&ground->address, &length) < 0)
        abort();
    if (!is_unix)
        return;
    ground->pair[0] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (connect(ground->pair[0], (struct sockaddr *)&ground->address, length) < 0) /* who takes the only place */
        abort();
    local->sun_path[0] = '@'; /* the name as tt_open_unix_connection takes it */
}

static void open_pair(struct ground *ground, const struct operation *operation)
{
    if (operation->kind == SOCKETS &&
        socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ground->pair) < 0)
        abort();
    if (operation->kind == PIPE) {
        int ends[2];

        if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
            abort();
        ground->pair[0] = ends[1];
        ground->pair[1] = ends[0];
    }
}

static int open_ground(struct ground *ground, const struct operation *operation)
{
    memcpy(much + FAR, far_away, sizeof far_away);
    ground->file = memfd_create("much", MFD_CLOEXEC);
    if (ground->file < 0 || write(ground->file, much, MUCH) != MUCH)
        abort();
    if (operation->kind == LISTENING || operation->kind == LISTENING_UNIX)
        open_listening(ground, operation->kind == LISTENING_UNIX);
    if (operation->kind != SOCKETS && operation->kind != PIPE)
        return 0;
    open_pair(ground, operation);
    ground->stream = tt_stream_open(ground->pair[0], 0);
    if (!ground->stream)
        return -1;
    ground->pair[0] = -1;
    return 0;
}

/* --------------------------------------------------------------------------------------------------------------- peers */

/* Sends "0123456789\n" a byte a turn, and ends. */
static int trickle(void *arg)
{
    static const char text[] = "0123456789\n";
    struct ground *ground = arg;

    for (size_t i = 0; i < sizeof text - 1; i++) {
        if (tt_sleep(0) < 0)
            return -1;
        if (write(ground->pair[1], text + i, 1) != 1)
            abort();
    }
    close(ground->pair[1]);
    ground->pair[1] = -1;
    return 0;
}

/* Sends MUCH, as it fits. */
static int pour(void *arg)
{
    struct ground *ground = arg;
    size_t sent = 0;

    while (sent < MUCH) {
        ssize_t size = write(ground->pair[1], much + sent, MUCH - sent < 70000 ? MUCH - sent : 70000);

        sent += size > 0 ? (size_t)size : 0;
        if (tt_sleep(0) < 0)
            return -1;
    }
    return 0;
}

/* Connects to the listener of the ground, once there is one, and sends a line. */
static int connect_to_it(void *arg)
{
    struct ground *ground = arg;
    struct sockaddr_storage address;
    socklen_t length = sizeof address;
    int connection;

    while (!ground->listener && !ground->server)
        if (tt_sleep(0) < 0)
            return -1;
    if (getsockname(tt_listener_descriptor(ground->listener ? ground->listener : tt_server_listener(ground->server)),
                    (struct sockaddr *)&address, &length) < 0)
        abort();
    for (int i = 0; i < 3; i++) {
        connection = socket(address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        if (connect(connection, (struct sockaddr *)&address, length) < 0 && errno != EINPROGRESS)
            abort();
        (void)!send(connection, "line\n", 5, MSG_NOSIGNAL);
        close(connection);
        if (tt_sleep(0) < 0)
            return -1;
    }
    if (ground->server)
        tt_server_close(ground->server);
    return 0;
}

/* ------------------------------------------------------------------------------------------------------------- reading */

static int call_read(struct ground *ground)
{
    ssize_t size, total = 0;

    while ((size = tt_stream_read(ground->stream, room, 3)) > 0)
        total += size;
    return size < 0 ? -1 : check(total == 11 && tt_stream_at_eof(ground->stream), "not all that came was read");
}

static int call_read_exactly(struct ground *ground)
{
    if (tt_stream_read_exactly(ground->stream, room, MUCH) < 0)
        return -1;
    return check(memcmp(room, much, MUCH) == 0, "something else was read");
}

static int call_read_exactly_too_much(struct ground *ground)
{
    if (tt_stream_read_exactly(ground->stream, room, 100) == 0)
        return check(false, "more was read than came");
    return tt_catch(&tt_IncompleteReadError) ? tt_catch_end() : -1;
}

static int call_read_until(struct ground *ground)
{
    const char *data = NULL;
    ssize_t size = tt_stream_read_until(ground->stream, "89", 2, &data);

    return size < 0 ? -1 : check(size == 10 && memcmp(data, "0123456789", 10) == 0, "until: something else");
}

/* So far away that the stream's buffer has to grow again and again. */
static int call_read_until_far(struct ground *ground)
{
    const char *data = NULL;
    ssize_t size = tt_stream_read_until(ground->stream, far_away, sizeof far_away, &data);

    return size < 0 ? -1
                    : check(size == FAR + sizeof far_away && memcmp(data, much, (size_t)size) == 0,
                            "until: something else than what is far");
}

static int call_readline(struct ground *ground)
{
    const char *line = NULL;
    ssize_t size = tt_stream_readline(ground->stream, &line), end;

    if (size < 0)
        return -1;
    check(size == 11 && memcmp(line, "0123456789\n", 11) == 0, "line: something else");
    end = tt_stream_readline(ground->stream, &line);
    return end < 0 ? -1 : check(end == 0, "line: no end");
}

static void whatever_reads_leaves_nothing(void **state)
{
    static const struct operation operations[] = {
        {"read", call_read, trickle, 8, SOCKETS},
        {"read_exactly", call_read_exactly, pour, 5, SOCKETS},
        {"read_exactly, too much", call_read_exactly_too_much, trickle, 8, SOCKETS},
        {"read_until", call_read_until, trickle, 8, SOCKETS},
        {"read_until, far", call_read_until_far, pour, 2, SOCKETS},
        {"readline", call_readline, trickle, 8, SOCKETS},
    };

    (void)state;
    TRY(open_ground, operations);
}

/* ------------------------------------------------------------------------------------------------------------- writing */

static int call_write(struct ground *ground)
{
    return tt_stream_write(ground->stream, much, MUCH);
}

static int call_writelines(struct ground *ground)
{
    const struct iovec pieces[] = {{much, 1}, {much + 1, MUCH - 2}, {NULL, 0}, {much, 1}};

    return tt_stream_writelines(ground->stream, pieces, 4);
}

static int call_write_some(struct ground *ground)
{
    for (size_t sent = 0; sent < MUCH;) {
        ssize_t size = tt_stream_write_some(ground->stream, much + sent, MUCH - sent);

        if (size <= 0)
            return size < 0 ? -1 : check(false, "nothing of some");
        sent += (size_t)size;
    }
    return 0;
}

static int call_sendfile(struct ground *ground)
{
    ssize_t sent = tt_stream_sendfile(ground->stream, ground->file, 100, MUCH);

    return sent < 0 ? -1 : check(sent == MUCH - 100, "another part of the file");
}

static int write_beside(void *stream)
{
    return tt_stream_write(stream, much, MUCH);
}

/* Takes its turn after another task's write, which a group waits for. */
static int call_write_eof(struct ground *ground)
{
    tt_group *group = tt_group_enter();
    int rc = tt_group_spawn(group, write_beside, ground->stream) < 0 || tt_sleep(0) < 0 ? -1 : 0;

    if (rc == 0)
        rc = tt_stream_write_eof(ground->stream);
    return tt_group_exit(group, rc);
}

static void whatever_writes_leaves_nothing(void **state)
{
    static const struct operation operations[] = {
        {"write", call_write, drain, 3, SOCKETS},           {"write to a pipe", call_write, drain, 3, PIPE},
        {"writelines", call_writelines, drain, 3, SOCKETS}, {"write_some", call_write_some, drain, 3, SOCKETS},
        {"sendfile", call_sendfile, drain, 3, SOCKETS},     {"sendfile to a pipe", call_sendfile, drain, 3, PIPE},
        {"write_eof", call_write_eof, drain, 3, SOCKETS},   {"write_eof of a pipe", call_write_eof, drain, 3, PIPE},
    };

    (void)state;
    TRY(open_ground, operations);
}

/* ---------------------------------------------------------------------------------------------- connecting, accepting */

static int port_of(const struct ground *ground)
{
    return ntohs(((const struct sockaddr_in *)&ground->address)->sin_port);
}

static int call_connect(struct ground *ground)
{
    ground->stream = tt_open_connection("127.0.0.1", port_of(ground));
    return ground->stream ? 0 : -1;
}

static int call_connect_by_name(struct ground *ground)
{
    const struct tt_connection_options options = {
        .happy_eyeballs_delay_ns = TT_MSEC(250), .local_host = "127.0.0.1", .family = AF_INET};

    ground->stream = tt_open_connection_with("localhost", port_of(ground), &options);
    return ground->stream ? 0 : -1;
}

static int call_connect_in_vain(struct ground *ground)
{
    close(ground->pair[1]);
    ground->pair[1] = -1;
    ground->stream = tt_open_connection("127.0.0.1", port_of(ground));
    if (ground->stream)
        return check(false, "somebody was there");
    return tt_catch(&tt_ConnectionRefusedError) ? tt_catch_end() : -1;
}

static int call_connect_unix(struct ground *ground)
{
    ground->stream = tt_open_unix_connection(((const struct sockaddr_un *)&ground->address)->sun_path);
    return ground->stream ? 0 : -1;
}

static int call_accept(struct ground *ground)
{
    ground->listener = tt_listen("127.0.0.1", 0);
    for (int i = 0; ground->listener && i < 3; i++) {
        tt_stream *stream = tt_listener_accept(ground->listener);

        tt_stream_close(stream);
        if (!stream)
            return -1;
    }
    return ground->listener ? 0 : -1;
}

static int call_listen_by_name(struct ground *ground)
{
    ground->listener = tt_listen("localhost", 0);
    return ground->listener ? 0 : -1;
}

static void whatever_connects_leaves_nothing(void **state)
{
    static const struct operation operations[] = {
        {"open_connection", call_connect, accept_them, 1, LISTENING},
        {"open_connection by name", call_connect_by_name, accept_them, 2, LISTENING},
        {"open_connection to nobody", call_connect_in_vain, idle, 1, LISTENING},
        {"open_unix_connection", call_connect_unix, accept_them, 1, LISTENING_UNIX},
        {"accept", call_accept, connect_to_it, 2, NOTHING},
        {"listen by name", call_listen_by_name, idle, 1, NOTHING},
    };

    (void)state;
    TRY(open_ground, operations);
}

/* ------------------------------------------------------------------------------------------------------------- serving */

static int serve(tt_stream *stream, void *arg)
{
    const char *line;
    ssize_t size;

    (void)arg;
    while ((size = tt_stream_readline(stream, &line)) > 0)
        if (tt_stream_write(stream, line, (size_t)size) < 0)
            return tt_catch(&tt_ConnectionError) ? tt_catch_end() : -1;
    return size < 0 && tt_catch(&tt_ConnectionError) ? tt_catch_end() : (int)size;
}

/* Deferred apart from close_ground, because it waits: a loop may be closed over that. */
static int stop_server(void *arg)
{
    struct ground *ground = arg;
    tt_server *server = ground->server;

    ground->server = NULL;
    if (ground->peer)
        tt_task_cancel(ground->peer, NULL); /* which closes the server */
    return tt_server_stop(server, ground->grace_ns);
}

static int serve_until_closed(struct ground *ground, const struct tt_server_options *options, int64_t grace_ns)
{
    ground->grace_ns = grace_ns;
    ground->server = tt_start_server(tt_listen("127.0.0.1", 0), serve, NULL, options);
    return ground->server && tt_defer(stop_server, ground) == 0 ? tt_server_serve_forever(ground->server) : -1;
}

static int call_serve(struct ground *ground)
{
    return serve_until_closed(ground, NULL, TT_SEC(20));
}

static int call_serve_one_at_a_time(struct ground *ground)
{
    const struct tt_server_options options = {.connection_limit = 1};

    return serve_until_closed(ground, &options, TT_NEVER);
}

static int call_serve_without_grace(struct ground *ground)
{
    return serve_until_closed(ground, NULL, 0);
}

static void whatever_serves_leaves_nothing(void **state)
{
    static const struct operation operations[] = {
        {"server", call_serve, connect_to_it, 3, NOTHING},
        {"server, one at a time", call_serve_one_at_a_time, connect_to_it, 3, NOTHING},
        {"server, without grace", call_serve_without_grace, connect_to_it, 3, NOTHING},
    };

    (void)state;
    TRY(open_ground, operations);
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test_on_stage(whatever_reads_leaves_nothing),
    cmocka_unit_test_on_stage(whatever_writes_leaves_nothing),
    cmocka_unit_test_on_stage(whatever_connects_leaves_nothing),
    cmocka_unit_test_on_stage(whatever_serves_leaves_nothing),
};

TT_TEST_MAIN(cases)
