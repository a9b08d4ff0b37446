/* sock.c: accept, connect, receive and send on plain sockets, from inside a task.
 *
 * Each operation is tried first; if it would block, the task waits and the loop tries again when the descriptor is
 * ready, as asyncio does: the data is taken in the turn in which it came, and the task goes on in the next one. After a
 * receive that did not fill its buffer there was nothing more to read, so the next one waits without trying: polling is
 * level-triggered and tells if something came meanwhile. That saves a server a system call for each request.
 *
 * Inside a task. From: asyncio's selector_events, sock_*. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <telltale/address.h>
#include <telltale/sock.h>

#include "descriptor.h"
#include "io.h"
#include "precond.h"
#include "room.h"

struct operation {
    struct tt_io io;
    const char *doing;        /* as texts of errors say it */
    void *buffer;             /* recv */
    const char *data;         /* send: what is left */
    size_t left;              /* bytes of it */
    struct sockaddr *address; /* accept, recvfrom: may be NULL */
    socklen_t *length;
    const struct sockaddr *to; /* sendto, connect */
    socklen_t to_length;
    bool is_begun; /* connect */
};

/* -------------------------------------------------------------------------------------------------------- attempts */

static struct operation *operation_of(struct tt_io *io)
{
    return tt_container_of(io, struct operation, io);
}

static bool attempt_recv(struct tt_io *io)
{
    return tt__io_is_over(io, recv(io->descriptor, operation_of(io)->buffer, io->size, MSG_DONTWAIT));
}

static bool attempt_recvfrom(struct tt_io *io)
{
    struct operation *operation = operation_of(io);
    socklen_t room = operation->length ? *operation->length : 0;
    ssize_t received = recvfrom(io->descriptor, operation->buffer, io->size, MSG_DONTWAIT, operation->address,
                                operation->address ? &room : NULL);

    if (received >= 0 && operation->length)
        *operation->length = room;
    return tt__io_is_over(io, received);
}

static bool attempt_send(struct tt_io *io)
{
    struct operation *operation = operation_of(io);
    ssize_t sent = send(io->descriptor, operation->data, operation->left, MSG_NOSIGNAL | MSG_DONTWAIT);

    if (sent < 0)
        return tt__io_is_over(io, sent);
    operation->data += sent;
    operation->left -= (size_t)sent;
    io->result += sent;
    return operation->left == 0;
}

static bool attempt_sendto(struct tt_io *io)
{
    struct operation *operation = operation_of(io);

    return tt__io_is_over(io, sendto(io->descriptor, operation->data, io->size, MSG_NOSIGNAL | MSG_DONTWAIT,
                                     operation->to, operation->to_length));
}

static bool attempt_accept(struct tt_io *io)
{
    struct operation *operation = operation_of(io);
    socklen_t room = operation->length ? *operation->length : 0;
    int connection;

    if (!tt__descriptor_may_accept(io->descriptor))
        return false;
    connection =
        accept4(io->descriptor, operation->address, operation->address ? &room : NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

    if (connection < 0 && errno == ECONNABORTED) /* the peer has gone already: wait for another */
        return false;
    if (connection >= 0 && operation->length)
        *operation->length = room;
    return tt__io_is_over(io, connection);
}

/* The loop has accepted, and is closed before the task is told. */
static void let_go_of_connection(struct tt_io *io)
{
    if (io->result >= 0)
        close((int)io->result);
}

/* The first attempt begins to connect; the connection is made, or has failed, when the descriptor is writable. */
static bool attempt_connect(struct tt_io *io)
{
    struct operation *operation = operation_of(io);
    int error = 0;
    socklen_t length = sizeof error;

    if (!operation->is_begun) {
        operation->is_begun = true;
        if (connect(io->descriptor, operation->to, operation->to_length) == 0)
            return true;
        io->error = errno == EINPROGRESS || errno == EINTR ? 0 : errno;
        return io->error;
    }
    if (getsockopt(io->descriptor, SOL_SOCKET, SO_ERROR, &error, &length) < 0)
        error = errno;
    io->error = error;
    return true;
}

/* ------------------------------------------------------------------------------------------------------------- calls */

/* Raises why OPERATION failed, of ADDRESS, if it was told one; else of the descriptor, and where its other end is, or it
 * itself if that has gone: "receive from descriptor 5 (127.0.0.1:80)". Returns -1. */
static __attribute__((noinline, cold)) int raise_failed(const struct operation *operation,
                                                        const struct sockaddr *address, socklen_t length, tt_site *site)
{
    const struct tt_io *io = &operation->io;
    struct tt_address other = {.length = sizeof other.name};
    struct sockaddr *name = (struct sockaddr *)&other.name;
    char text[TT_ADDRESS_BYTES];

    if (address) {
        other.length = length < sizeof other.name ? length : sizeof other.name;
        memcpy(name, address, other.length);
    } else if ((io->what == TT_IO_KIND_ACCEPT || getpeername(io->descriptor, name, &other.length) < 0) &&
               getsockname(io->descriptor, name, &other.length) < 0) {
        other.length = 0;
    }
    if (tt_address_text(&other, text, sizeof text) == 0)
        return tt_raise_errno_at(site, io->error, "%s descriptor %d", operation->doing, io->descriptor);
    if (address)
        return tt_raise_errno_at(site, io->error, "%s %s", operation->doing, text);
    return tt_raise_errno_at(site, io->error, "%s descriptor %d (%s)", operation->doing, io->descriptor, text);
}

/* Performs OPERATION. Its result, or -1 with an exception pending. */
static ssize_t perform(struct tt_task_object *task, struct operation *operation, tt_site *site)
{
    struct tt_io *io = &operation->io;

    if (tt__io_perform(task, io, true, site) < 0)
        return -1;
    return io->error ? raise_failed(operation, operation->to, operation->to_length, site) : io->result;
}

#define OPERATION(DOING, DESCRIPTOR, WHAT, WAIT, IS_WRITER, ATTEMPT, SIZE) \
    .doing = (DOING), .io = {.descriptor = (DESCRIPTOR),                   \
                             .what = (WHAT),                               \
                             .wait_kind = (WAIT),                          \
                             .is_writer = (IS_WRITER),                     \
                             .is_tried_on_loop = true,                     \
                             .attempt = (ATTEMPT),                         \
                             .size = (SIZE)}

int tt_sock_accept_at(tt_site *site, int listener, struct sockaddr *address, socklen_t *length)
{
    struct tt_task_object *task = tt__task_that_may_suspend(site);
    struct operation operation = {
        OPERATION("accept on", listener, TT_IO_KIND_ACCEPT, TT_WAIT_KIND_ACCEPT, false, attempt_accept, 0),
        .address = address, .length = length};
    ssize_t connection;

    if (!task)
        return -1;
    operation.io.result = -1;
    operation.io.abandoned = let_go_of_connection;
    connection = perform(task, &operation, site);
    if (connection < 0 && operation.io.result >= 0) /* accepted, and cancelled before it could be told */
        close((int)operation.io.result);
    return (int)connection;
}

ssize_t tt_sock_recv_at(tt_site *site, int socket, void *buffer, size_t size)
{
    struct tt_task_object *task = tt__task_that_may_suspend(site);
    struct operation operation = {
        OPERATION("receive from", socket, TT_IO_KIND_READ, TT_WAIT_KIND_RECV, false, attempt_recv, size),
        .buffer = buffer};

    TT_PRECOND("sock_recv.buffer", site, buffer != NULL || size == 0);
    if (!task || tt__io_receive(task, &operation.io, site) < 0)
        return -1;
    return operation.io.error ? raise_failed(&operation, NULL, 0, site) : operation.io.result;
}

/* A datagram that did not fill the buffer says nothing of the next one. */
ssize_t tt_sock_recvfrom_at(tt_site *site, int socket, void *buffer, size_t size, struct sockaddr *address,
                            socklen_t *length)
{
    struct tt_task_object *task = tt__task_that_may_suspend(site);
    struct operation operation = {
        OPERATION("receive from", socket, TT_IO_KIND_READ, TT_WAIT_KIND_RECV, false, attempt_recvfrom, size),
        .buffer = buffer, .address = address, .length = length};

    TT_PRECOND("sock_recvfrom.buffer", site, buffer != NULL || size == 0);
    return task ? perform(task, &operation, site) : -1;
}

/* SENT bytes have gone already, or the first attempt failed with ERROR. */
static __attribute__((noinline)) int send_rest(struct tt_task_object *task, int socket, const char *data, size_t size,
                                               size_t sent, int error, tt_site *site)
{
    struct operation operation = {
        OPERATION("send to", socket, TT_IO_KIND_WRITE, TT_WAIT_KIND_SEND, true, attempt_send, size),
        .data = data + sent, .left = size - sent};

    operation.io.result = (ssize_t)sent;
    operation.io.error = error;
    if (error)
        return raise_failed(&operation, NULL, 0, site);
    return perform(task, &operation, site) < 0 ? -1 : 0;
}

/* Mostly the kernel takes all of it at once. That is tried before anything is prepared for waiting, where others are not due a
 * turn. */
int tt_sock_sendall_at(tt_site *site, int socket, const void *data, size_t size)
{
    struct tt_task_object *task = tt__task_that_may_suspend(site);
    uint64_t began;
    ssize_t sent;
    int error;

    TT_PRECOND("sock_sendall.data", site, data != NULL || size == 0);
    if (!task)
        return -1;
    if (tt__io_is_spent(task))
        return send_rest(task, socket, data, size, 0, 0, site);
    began = tt__io_begin_sending(task);
    sent = send(socket, data, size, MSG_NOSIGNAL | MSG_DONTWAIT);
    error = sent < 0 ? errno : 0;
    if (error == EAGAIN || error == EWOULDBLOCK || error == EINTR)
        return send_rest(task, socket, data, size, 0, 0, site);
    if (!error && (size_t)sent < size)
        return send_rest(task, socket, data, size, (size_t)sent, 0, site);
    tt__io_spend(task, sent);
    if (began)
        tt__io_tell_sent(task, began, socket, size, sent, error, site);
    return error ? send_rest(task, socket, data, size, 0, error, site) : 0;
}

ssize_t tt_sock_sendto_at(tt_site *site, int socket, const void *data, size_t size, const struct sockaddr *address,
                          socklen_t length)
{
    struct tt_task_object *task = tt__task_that_may_suspend(site);
    struct operation operation = {
        OPERATION("send to", socket, TT_IO_KIND_WRITE, TT_WAIT_KIND_SEND, true, attempt_sendto, size), .data = data,
        .to = address, .to_length = length};

    TT_PRECOND("sock_sendto.data", site, data != NULL || size == 0);
    return task ? perform(task, &operation, site) : -1;
}

/* Connects a Unix socket, at once or when the listener has room. 0, or -1 with an exception pending. */
static int connect_unix(struct tt_task_object *task, struct operation *operation, tt_site *site)
{
    struct tt_io *io = &operation->io;
    int tries = 0, rc = 0;

    if (tt__io_is_spent(task) && tt__io_give_turn(task, NULL, site) < 0)
        return -1;
    tt__io_spend(task, 0);
    tt__io_tell_started(task, io, site);
    while (rc == 0 && connect(io->descriptor, operation->to, operation->to_length) < 0) {
        if (tt__room_is_missing(AF_UNIX, errno)) {
            rc = tt__room_wait(site, &tries);
        } else {
            io->error = errno;
            rc = raise_failed(operation, operation->to, operation->to_length, site);
        }
    }
    tt__io_tell_finished(task, io, rc < 0 && !io->error);
    return rc;
}

int tt_sock_connect_at(tt_site *site, int socket, const struct sockaddr *address, socklen_t length)
{
    struct tt_task_object *task = tt__task_that_may_suspend(site);
    struct operation operation = {
        OPERATION("connect to", socket, TT_IO_KIND_CONNECT, TT_WAIT_KIND_CONNECT, true, attempt_connect, 0),
        .to = address, .to_length = length};

    if (!task)
        return -1;
    task->future.loop->has_connected = true;
    if (address && length >= sizeof address->sa_family && address->sa_family == AF_UNIX)
        return connect_unix(task, &operation, site);
    return perform(task, &operation, site) < 0 ? -1 : 0;
}
