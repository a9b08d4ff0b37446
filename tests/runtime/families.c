/* families.c: see families.h. */
#include "families.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/un.h>

int expect(bool is_right, const char *what)
{
    return is_right ? 0 : tt_raise(&tt_ValueError, "%s", what);
}

/* -------------------------------------------------------------------------------------------------------- the grounds */

static int open_pair(struct ground *ground, int type)
{
    return expect(socketpair(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ground->pair) == 0, "socketpair");
}

static int open_sockets(struct ground *ground)
{
    return open_pair(ground, SOCK_STREAM);
}

static int open_datagrams(struct ground *ground)
{
    return open_pair(ground, SOCK_DGRAM);
}

static int open_stream(struct ground *ground)
{
    if (open_sockets(ground) < 0)
        return -1;
    ground->stream = tt_stream_open(ground->pair[0], 0);
    if (ground->stream)
        ground->pair[0] = -1;
    return ground->stream ? 0 : -1;
}

static int open_file(struct ground *ground)
{
    ground->file = memfd_create("numbers", MFD_CLOEXEC);
    for (int i = 0; i < NUMBERS_MAX; i++)
        if (write(ground->file, &i, sizeof i) != sizeof i)
            return expect(false, "write");
    return 0;
}

static int open_sending(struct ground *ground)
{
    return open_stream(ground) < 0 ? -1 : open_file(ground);
}

/* A stream of a file, and the same file once more. */
static int open_file_stream(struct ground *ground)
{
    if (open_file(ground) < 0)
        return -1;
    ground->stream = tt_stream_open(fcntl(ground->file, F_DUPFD_CLOEXEC, 3), 0);
    return ground->stream && lseek(ground->file, 0, SEEK_SET) == 0 ? 0 : -1;
}

static int open_listening(struct ground *ground)
{
    struct sockaddr_un *name = (struct sockaddr_un *)&ground->address;

    ground->pair[1] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    ground->address.ss_family = AF_UNIX;
    ground->length = sizeof ground->address;
    if (bind(ground->pair[1], (struct sockaddr *)name, sizeof(sa_family_t)) < 0 || listen(ground->pair[1], 10) < 0 ||
        getsockname(ground->pair[1], (struct sockaddr *)name, &ground->length) < 0)
        return expect(false, "listen");
    snprintf(ground->path, sizeof ground->path, "@%.*s",
             (int)(ground->length - offsetof(struct sockaddr_un, sun_path) - 1), name->sun_path + 1);
    return 0;
}

static int open_listener(struct ground *ground)
{
    struct sockaddr_un *name = (struct sockaddr_un *)&ground->address;

    snprintf(ground->path, sizeof ground->path, "@telltale-fairness-%d", (int)getpid());
    ground->listener = tt_listen_unix(ground->path);
    name->sun_family = AF_UNIX;
    memcpy(name->sun_path + 1, ground->path + 1, strlen(ground->path + 1));
    ground->length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(ground->path));
    return ground->listener ? 0 : -1;
}

static int open_udp(struct ground *ground)
{
    ground->other_udp = tt_udp_open("127.0.0.1", 0);
    if (!ground->other_udp)
        return -1;
    struct tt_address address;

    tt_udp_local_address(ground->other_udp, &address);
    ground->udp = tt_udp_connect("127.0.0.1", tt_address_port(&address));
    if (!ground->udp)
        return -1;
    tt_udp_local_address(ground->udp, &address);
    return expect(connect(tt_udp_descriptor(ground->other_udp), (struct sockaddr *)&address.name, address.length) == 0,
                  "connect");
}

static int open_watch(struct ground *ground)
{
    ground->file = mkstemp(tt_test_template(ground->path, "fairness"));
    ground->watch = ground->file < 0 ? NULL : tt_fs_watch_open(ground->path);
    return ground->watch ? 0 : -1;
}

static int open_nothing(struct ground *ground)
{
    (void)ground;
    return 0;
}

/* Also when the loop is closed over it. */
static int close_ground(void *arg)
{
    struct ground *ground = arg;

    tt_stream_close(ground->stream);
    tt_udp_close(ground->udp);
    tt_udp_close(ground->other_udp);
    tt_listener_close(ground->listener);
    tt_fs_watch_close(ground->watch);
    for (int i = 0; i < 2; i++)
        if (ground->pair[i] >= 0)
            close(ground->pair[i]);
    if (ground->file >= 0)
        close(ground->file);
    if (ground->path[0] == '/')
        unlink(ground->path);
    free(ground);
    return 0;
}

/* --------------------------------------------------------------------------------------------------- the peer's part */

static int send_number(struct ground *ground, int number)
{
    return expect(send(ground->pair[1], &number, sizeof number, 0) == sizeof number, "the peer cannot send");
}

/* Two dozen at a time, so that a turn comes in the middle of them. */
static int send_numbers(struct ground *ground, int number)
{
    for (int i = 0; number % 24 == 0 && i < 24; i++)
        if (send_number(ground, number + i) < 0)
            return -1;
    return 0;
}

static int send_line(struct ground *ground, int number)
{
    char line[16];
    int size = snprintf(line, sizeof line, "%d\n", number);

    return expect(send(ground->pair[1], line, (size_t)size, 0) == size, "the peer cannot send");
}

/* Exactly one number has come. */
static int take_number(struct ground *ground, int number)
{
    int taken[2];

    return expect(recv(ground->pair[1], taken, sizeof taken, 0) == sizeof number && taken[0] == number,
                  "the peer gets something else");
}

static int take_from_file(struct ground *ground, int number)
{
    int taken;

    if (expect(pread(ground->file, &taken, sizeof taken, (off_t)sizeof taken * number) == sizeof taken &&
                   taken == -number && lseek(ground->file, 0, SEEK_CUR) == (off_t)sizeof taken * (number + 1),
               "the file has something else") < 0)
        return -1;
    return 0;
}

static int connect_one(struct ground *ground, int number)
{
    (void)number;
    ground->pair[0] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    return expect(connect(ground->pair[0], (struct sockaddr *)&ground->address, ground->length) == 0,
                  "the peer cannot connect");
}

/* The other end has gone for who accepted. */
static int close_peer(struct ground *ground, int number)
{
    char byte;
    bool is_closed = recv(ground->pair[0], &byte, 1, 0) == 0;

    (void)number;
    close(ground->pair[0]);
    ground->pair[0] = -1;
    return expect(is_closed, "the connection was not accepted");
}

/* One connection is there, not more. */
static int accept_one(struct ground *ground, int number)
{
    int connection = accept4(ground->pair[1], NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    bool is_one = connection >= 0 && accept(ground->pair[1], NULL, NULL) < 0;

    (void)number;
    if (connection >= 0)
        close(connection);
    return expect(is_one, "there is not one connection");
}

static int open_socket(struct ground *ground, int number)
{
    (void)number;
    ground->pair[0] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    return expect(ground->pair[0] >= 0, "socket");
}

static int accept_and_close(struct ground *ground, int number)
{
    close(ground->pair[0]);
    ground->pair[0] = -1;
    return accept_one(ground, number);
}

static int send_datagram(struct ground *ground, int number)
{
    return expect(send(tt_udp_descriptor(ground->other_udp), &number, sizeof number, 0) == sizeof number,
                  "the peer cannot send");
}

static int take_datagram(struct ground *ground, int number)
{
    int descriptor = tt_udp_descriptor(ground->other_udp), taken;

    return expect(recv(descriptor, &taken, sizeof taken, MSG_DONTWAIT) == sizeof taken && taken == number &&
                      recv(descriptor, &taken, sizeof taken, MSG_DONTWAIT) < 0,
                  "the peer gets something else");
}

static int change_file(struct ground *ground, int number)
{
    return expect(number % 3 == 1 ? fchmod(ground->file, 0600) == 0 : write(ground->file, "x", 1) == 1, "a change");
}

/* Three changes at a time, so that two are taken from what was read already. */
static int change_file_thrice(struct ground *ground, int number)
{
    for (int i = 0; number % 3 == 0 && i < 3; i++)
        if (change_file(ground, i) < 0)
            return -1;
    return 0;
}

/* ----------------------------------------------------------------------------------------------------------- the calls */

static int read_number(struct ground *ground, int number)
{
    int got;
    ssize_t size = tt_stream_read(ground->stream, &got, sizeof got);

    return size < 0 ? -1 : expect(size == sizeof got && got == number, "read something else");
}

static int read_number_exactly(struct ground *ground, int number)
{
    int got;

    if (tt_stream_read_exactly(ground->stream, &got, sizeof got) < 0)
        return -1;
    return expect(got == number, "read something else");
}

static int check_line(ssize_t size, const char *line, int number)
{
    char expected[16];
    ssize_t length = snprintf(expected, sizeof expected, "%d\n", number);

    if (size < 0)
        return -1;
    return expect(size == length && memcmp(line, expected, (size_t)size) == 0, "read something else");
}

static int read_line(struct ground *ground, int number)
{
    const char *line;
    ssize_t size = tt_stream_readline(ground->stream, &line);

    return check_line(size, line, number);
}

static int read_until(struct ground *ground, int number)
{
    const char *line;
    ssize_t size = tt_stream_read_until(ground->stream, "\n", 1, &line);

    return check_line(size, line, number);
}

static int write_number(struct ground *ground, int number)
{
    return tt_stream_write(ground->stream, &number, sizeof number);
}

static int write_pieces(struct ground *ground, int number)
{
    const struct iovec pieces[] = {{&number, 2}, {(char *)&number + 2, sizeof number - 2}};

    return tt_stream_writelines(ground->stream, pieces, 2);
}

static int write_some(struct ground *ground, int number)
{
    ssize_t size = tt_stream_write_some(ground->stream, &number, sizeof number);

    return size < 0 ? -1 : expect(size == sizeof number, "wrote less");
}

static int send_file(struct ground *ground, int number)
{
    off_t offset = (off_t)sizeof number * number;
    ssize_t size = tt_stream_sendfile(ground->stream, ground->file, offset, sizeof number);

    return size < 0 ? -1 : expect(size == sizeof number, "sent less");
}

static int write_to_file(struct ground *ground, int number)
{
    return write_number(ground, -number);
}

static int sock_receive(struct ground *ground, int number)
{
    int got;
    ssize_t size = tt_sock_recv(ground->pair[0], &got, sizeof got);

    return size < 0 ? -1 : expect(size == sizeof got && got == number, "received something else");
}

static int sock_receive_from(struct ground *ground, int number)
{
    int got;
    ssize_t size = tt_sock_recvfrom(ground->pair[0], &got, sizeof got, NULL, NULL);

    return size < 0 ? -1 : expect(size == sizeof got && got == number, "received something else");
}

static int sock_send_all(struct ground *ground, int number)
{
    return tt_sock_sendall(ground->pair[0], &number, sizeof number);
}

static int sock_send_to(struct ground *ground, int number)
{
    return tt_sock_sendto(ground->pair[0], &number, sizeof number, NULL, 0) < 0 ? -1 : 0;
}

static int sock_accept(struct ground *ground, int number)
{
    int connection = tt_sock_accept(ground->pair[1], NULL, NULL);

    (void)number;
    if (connection >= 0)
        close(connection);
    return connection < 0 ? -1 : 0;
}

static int sock_connect(struct ground *ground, int number)
{
    (void)number;
    return tt_sock_connect(ground->pair[0], (struct sockaddr *)&ground->address, ground->length);
}

static int accept_stream(struct ground *ground, int number)
{
    tt_stream *stream = tt_listener_accept(ground->listener);

    (void)number;
    tt_stream_close(stream);
    return stream ? 0 : -1;
}

static int connect_stream(struct ground *ground, int number)
{
    tt_stream *stream = tt_open_unix_connection(ground->path);

    (void)number;
    tt_stream_close(stream);
    return stream ? 0 : -1;
}

/* Who tries again at once when it fails is no better than who succeeds. */
static int connect_to_nobody(struct ground *ground, int number)
{
    (void)ground;
    (void)number;
    if (tt_open_unix_connection("/no/such/socket"))
        return expect(false, "there is somebody");
    return tt_catch(&tt_FileNotFoundError) ? tt_catch_end() : -1;
}

static int udp_receive(struct ground *ground, int number)
{
    int got;
    ssize_t size = tt_udp_receive(ground->udp, &got, sizeof got, NULL);

    return size < 0 ? -1 : expect(size == sizeof got && got == number, "received something else");
}

static int udp_send(struct ground *ground, int number)
{
    return tt_udp_send(ground->udp, &number, sizeof number);
}

static int next_change(struct ground *ground, int number)
{
    struct tt_fs_change change;

    if (tt_fs_watch_next(ground->watch, &change) < 0)
        return -1;
    return expect(change.kind == (number % 3 == 1 ? TT_FS_ATTRIBUTES : TT_FS_MODIFIED), "another change");
}

static int resolve_number(struct ground *ground, int number)
{
    struct tt_address address;

    (void)ground;
    return tt_address_resolve("127.0.0.1", number, 0, &address);
}

static void end_stream(struct ground *ground)
{
    tt_stream_close(ground->stream);
    ground->stream = NULL;
}

static void end_listener(struct ground *ground)
{
    tt_listener_close(ground->listener);
    ground->listener = NULL;
}

static void end_udp(struct ground *ground)
{
    tt_udp_close(ground->udp);
    ground->udp = NULL;
}

static void end_watch(struct ground *ground)
{
    tt_fs_watch_close(ground->watch);
    ground->watch = NULL;
}

const struct family families[] = {
    {"stream_read", open_stream, send_number, read_number, NULL, end_stream},
    {"stream_read_exactly", open_stream, send_number, read_number_exactly, NULL, end_stream},
    {"stream_read_exactly of the buffer", open_stream, send_numbers, read_number_exactly, NULL, end_stream},
    {"stream_read_until", open_stream, send_line, read_until, NULL, end_stream},
    {"stream_readline", open_stream, send_line, read_line, NULL, end_stream},
    {"stream_write", open_stream, NULL, write_number, take_number, end_stream},
    {"stream_writelines", open_stream, NULL, write_pieces, take_number, end_stream},
    {"stream_write_some", open_stream, NULL, write_some, take_number, end_stream},
    {"stream_sendfile", open_sending, NULL, send_file, take_number, end_stream},
    {"stream_write to a file", open_file_stream, NULL, write_to_file, take_from_file, end_stream},
    {"sock_recv", open_sockets, send_number, sock_receive, NULL, NULL},
    {"sock_recvfrom", open_datagrams, send_number, sock_receive_from, NULL, NULL},
    {"sock_sendall", open_sockets, NULL, sock_send_all, take_number, NULL},
    {"sock_sendto", open_datagrams, NULL, sock_send_to, take_number, NULL},
    {"sock_accept", open_listening, connect_one, sock_accept, close_peer, NULL},
    {"sock_connect", open_listening, open_socket, sock_connect, accept_and_close, NULL},
    {"listener_accept", open_listener, connect_one, accept_stream, close_peer, end_listener},
    {"open_unix_connection", open_listening, NULL, connect_stream, accept_one, NULL},
    {"open_unix_connection that fails", open_nothing, NULL, connect_to_nobody, NULL, NULL},
    {"udp_receive", open_udp, send_datagram, udp_receive, NULL, end_udp},
    {"udp_send", open_udp, NULL, udp_send, take_datagram, end_udp},
    {"fs_watch_next", open_watch, change_file, next_change, NULL, end_watch},
    {"fs_watch_next of the buffer", open_watch, change_file_thrice, next_change, NULL, end_watch},
    {"address_resolve of a number", open_nothing, NULL, resolve_number, NULL, NULL},
};

const size_t family_count = sizeof families / sizeof families[0];

/* ----------------------------------------------------------------------------------------------------------- ground */

struct ground *create_ground(const struct family *family)
{
    struct ground *ground = calloc(1, sizeof *ground);

    if (!ground) {
        tt_raise(&tt_MemoryError, "no ground");
        return NULL;
    }
    ground->family = family;
    ground->pair[0] = ground->pair[1] = ground->file = -1;
    if (tt_defer(close_ground, ground) < 0 || family->open(ground) < 0)
        return NULL;
    return ground;
}

int call_once(struct ground *ground, int number)
{
    const struct family *family = ground->family;

    if ((family->produce && family->produce(ground, number) < 0) || family->operate(ground, number) < 0)
        return -1;
    return family->settle ? family->settle(ground, number) : 0;
}
