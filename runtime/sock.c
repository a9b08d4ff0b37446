/* sock.c: accept, connect, receive and send on plain sockets, from inside a task.
 *
 * Each operation is tried first; if it would block, the task waits until the descriptor is ready and tries again.
 *
 * Inside a task. From: asyncio's selector_events, sock_*.
 */
#include <errno.h>
#include <unistd.h>

#include <telltale/sock.h>

#include "loop_internal.h"
#include "precond.h"

/* Lies on the stack of the waiting task: completed when the descriptor is ready, or when the task is cancelled. */
struct waiter {
    tt_future future;
};

static int descriptor_ready(void *arg)
{
    struct waiter *waiter = arg;

    if (waiter->future.state == TT_FUTURE_PENDING)
        tt__future_finish_value(&waiter->future, NULL, NULL);
    return 0;
}

static void keep_memory(tt_future *future)
{
    (void)future;
}

/* Suspends TASK until DESCRIPTOR is ready. 0, or -1 with an exception pending. */
static int wait_ready(struct tt_task_object *task, int descriptor, enum tt_wait_kind kind, tt_site *site)
{
    static const struct tt_future_ops ops = {keep_memory, tt__future_cancel_plain};
    bool is_writer = kind == TT_WAIT_KIND_SEND || kind == TT_WAIT_KIND_CONNECT;
    tt_loop *loop = task->future.loop;
    struct waiter waiter = {0};
    int rc;

    tt__future_init(&waiter.future, loop, TT_OBJECT_KIND_FUTURE, &ops, tt__actor_now(loop), site);
    waiter.future.label = (struct tt_wait_label){(uint8_t)kind, (uint64_t)descriptor};
    rc = is_writer ? tt_loop_add_writer_at(site, loop, descriptor, descriptor_ready, &waiter)
                   : tt_loop_add_reader_at(site, loop, descriptor, descriptor_ready, &waiter);
    if (rc == 0)
        rc = tt__task_await(task, &waiter.future, site);
    if (is_writer)
        tt_loop_remove_writer(loop, descriptor);
    else
        tt_loop_remove_reader(loop, descriptor);
    tt__future_finish(&waiter.future);
    return rc;
}

static bool would_block(int error)
{
    return error == EAGAIN || error == EWOULDBLOCK;
}

/* After a call that failed with errno: waits if it would only have blocked. 0: try again; -1: an exception is pending. */
static int wait_or_raise(struct tt_task_object *task, int descriptor, enum tt_wait_kind kind, tt_site *site)
{
    if (errno == EINTR)
        return 0;
    if (!would_block(errno))
        return tt_raise_errno_at(site, errno, "%s", "");
    return wait_ready(task, descriptor, kind, site);
}

int tt_sock_accept_at(tt_site *site, int listener, struct sockaddr *address, socklen_t *length)
{
    struct tt_task_object *task = tt__task_that_may_suspend(site);
    int connection;

    while (task) {
        socklen_t room = length ? *length : 0;

        connection = accept4(listener, address, address ? &room : NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (connection >= 0) {
            if (length)
                *length = room;
            return connection;
        }
        if (errno != ECONNABORTED && wait_or_raise(task, listener, TT_WAIT_KIND_ACCEPT, site) < 0)
            break;
    }
    return -1;
}

ssize_t tt_sock_recv_at(tt_site *site, int socket, void *buffer, size_t size)
{
    struct tt_task_object *task = tt__task_that_may_suspend(site);
    ssize_t received;

    while (task) {
        received = recv(socket, buffer, size, 0);
        if (received >= 0)
            return received;
        if (wait_or_raise(task, socket, TT_WAIT_KIND_RECV, site) < 0)
            break;
    }
    return -1;
}

int tt_sock_sendall_at(tt_site *site, int socket, const void *data, size_t size)
{
    struct tt_task_object *task = tt__task_that_may_suspend(site);
    const char *next = data;

    while (task) {
        ssize_t sent = send(socket, next, size, MSG_NOSIGNAL);

        if (sent >= 0) {
            next += sent;
            size -= (size_t)sent;
            if (size == 0)
                return 0;
            errno = EAGAIN; /* a short write: the buffer is full */
        }
        if (wait_or_raise(task, socket, TT_WAIT_KIND_SEND, site) < 0)
            break;
    }
    return -1;
}

int tt_sock_connect_at(tt_site *site, int socket, const struct sockaddr *address, socklen_t length)
{
    struct tt_task_object *task = tt__task_that_may_suspend(site);
    int error = 0;
    socklen_t error_length = sizeof error;

    if (!task)
        return -1;
    if (connect(socket, address, length) == 0)
        return 0;
    if (errno != EINPROGRESS && errno != EINTR)
        return tt_raise_errno_at(site, errno, "%s", "");
    if (wait_ready(task, socket, TT_WAIT_KIND_CONNECT, site) < 0)
        return -1;
    if (getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &error_length) < 0)
        error = errno;
    return error ? tt_raise_errno_at(site, error, "%s", "") : 0;
}
