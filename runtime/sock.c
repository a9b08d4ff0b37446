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

#include <telltale/sock.h>

#include "loop_internal.h"

/* One call of the program. Lies on the stack of its task; nothing refers to it when the call returns. */
struct operation {
    int descriptor;
    enum tt_wait_kind kind;
    bool (*attempt)(struct operation *operation); /* true: it is over, with result or error; false: it would block */
    void *buffer;                                 /* recv */
    const char *data;                             /* send: what is left */
    size_t size;
    struct sockaddr *address; /* accept, may be NULL */
    socklen_t *length;
    ssize_t result;
    int error; /* an errno value, 0: none */
};

/* A call that would have blocked, and what it needs to wait; apart, since most calls do not. On the task's stack
 * too. */
struct wait {
    struct operation *operation;
    tt_future future;        /* done when the operation is over, or when the task is cancelled */
    struct tt_handle handle; /* runs at the descriptor's readiness */
};

/* -------------------------------------------------------------------------------------------------------- attempts */

/* A system call returned RESULT. True if the operation is over. */
static bool is_over(struct operation *operation, ssize_t result)
{
    if (result >= 0) {
        operation->result = result;
        return true;
    }
    if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)
        return false;
    operation->error = errno;
    return true;
}

static bool attempt_recv(struct operation *operation)
{
    return is_over(operation, recv(operation->descriptor, operation->buffer, operation->size, 0));
}

static bool attempt_send(struct operation *operation)
{
    ssize_t sent = send(operation->descriptor, operation->data, operation->size, MSG_NOSIGNAL);

    if (sent < 0)
        return is_over(operation, sent);
    operation->data += sent;
    operation->size -= (size_t)sent;
    return operation->size == 0;
}

static bool attempt_accept(struct operation *operation)
{
    socklen_t room = operation->length ? *operation->length : 0;
    int connection = accept4(operation->descriptor, operation->address, operation->address ? &room : NULL,
                             SOCK_NONBLOCK | SOCK_CLOEXEC);

    if (connection < 0 && errno == ECONNABORTED) /* the peer has gone already: wait for another */
        return false;
    if (connection >= 0 && operation->length)
        *operation->length = room;
    return is_over(operation, connection);
}

/* The connection is made, or has failed, when the descriptor is writable. */
static bool attempt_connect(struct operation *operation)
{
    int error = 0;
    socklen_t length = sizeof error;

    if (getsockopt(operation->descriptor, SOL_SOCKET, SO_ERROR, &error, &length) < 0)
        error = errno;
    operation->error = error;
    return true;
}

/* ---------------------------------------------------------------------------------------------------------- waiting */

/* On the loop, when the descriptor is ready. */
static void run_wait(struct tt_ready *ready)
{
    struct wait *wait = tt_container_of(ready, struct wait, handle.ready);

    if (!wait->handle.is_cancelled && wait->future.state == TT_FUTURE_PENDING &&
        wait->operation->attempt(wait->operation))
        tt__future_finish_value(&wait->future, NULL, NULL);
    tt_handle_unref(&wait->handle);
}

static void discard_wait(struct tt_ready *ready)
{
    tt_handle_unref(tt_container_of(ready, tt_handle, ready));
}

static const struct tt_ready_ops wait_ops = {run_wait, discard_wait};

static void keep_memory(tt_future *future)
{
    (void)future;
}

/* Whether the program is likely to go on with the descriptor. */
static bool went_well(const struct operation *operation)
{
    return !operation->error && (operation->kind != TT_WAIT_KIND_RECV || operation->result > 0);
}

static void init_wait(struct wait *wait, struct tt_task_object *task, struct operation *operation, tt_site *site)
{
    static const struct tt_future_ops ops = {.destroy = keep_memory, .cancel = tt__future_cancel_plain};
    tt_loop *loop = task->future.loop;

    memset(wait, 0, sizeof *wait);
    wait->operation = operation;
    wait->handle.ready.ops = &wait_ops;
    wait->handle.refs = 2; /* the watch's and ours: it is never freed */
    wait->handle.loop = loop;
    wait->handle.site = site;
    tt__future_init(&wait->future, loop, TT_OBJECT_KIND_FUTURE, &ops, (struct tt_who){TT_ACTOR_TASK, task->future.id},
                    site);
    wait->future.label = (struct tt_wait_label){(uint8_t)operation->kind, (uint64_t)operation->descriptor};
    wait->future.is_on_stack = true;
}

/* Suspends TASK until the operation is over. 0, or -1 with an exception pending. */
static int wait_until_over(struct tt_task_object *task, struct operation *operation, tt_site *site)
{
    bool is_writer = operation->kind == TT_WAIT_KIND_SEND || operation->kind == TT_WAIT_KIND_CONNECT;
    tt_loop *loop = task->future.loop;
    struct wait wait;
    int rc;

    init_wait(&wait, task, operation, site);
    rc = tt__watch_add(loop, operation->descriptor, &wait.handle, is_writer);
    if (rc < 0) {
        tt__future_finish(&wait.future);
        return tt_raise_errno_at(site, rc, "%s", "");
    }
    rc = tt__task_await(task, &wait.future, site);
    if (!wait.handle.is_cancelled) /* nobody has taken the descriptor's place from us */
        tt__watch_remove(loop, operation->descriptor, is_writer, rc == 0 && went_well(operation));
    tt__loop_withdraw(loop, &wait.handle.ready);
    tt__future_finish(&wait.future);
    return rc;
}

/* Performs OPERATION; with AT_ONCE it is tried before waiting. Its result, or -1 with an exception pending. */
static ssize_t perform(struct tt_task_object *task, struct operation *operation, bool at_once, tt_site *site)
{
    if ((!at_once || !operation->attempt(operation)) && wait_until_over(task, operation, site) < 0)
        return -1;
    return operation->error ? tt_raise_errno_at(site, operation->error, "%s", "") : operation->result;
}

/* ------------------------------------------------------------------------------------------------------------- calls */

int tt_sock_accept_at(tt_site *site, int listener, struct sockaddr *address, socklen_t *length)
{
    struct tt_task_object *task = tt__task_that_may_suspend(site);
    struct operation operation = {.descriptor = listener,
                                  .kind = TT_WAIT_KIND_ACCEPT,
                                  .attempt = attempt_accept,
                                  .address = address,
                                  .length = length,
                                  .result = -1};
    ssize_t connection;

    if (!task)
        return -1;
    connection = perform(task, &operation, true, site);
    if (connection < 0 && operation.result >= 0) /* accepted, and cancelled before it could be told */
        close((int)operation.result);
    return (int)connection;
}

ssize_t tt_sock_recv_at(tt_site *site, int socket, void *buffer, size_t size)
{
    struct tt_task_object *task = tt__task_that_may_suspend(site);
    struct operation operation = {
        .descriptor = socket, .kind = TT_WAIT_KIND_RECV, .attempt = attempt_recv, .buffer = buffer, .size = size};
    ssize_t received;

    if (!task)
        return -1;
    received = perform(task, &operation, !tt__watch_take_drained(task->future.loop, socket), site);
    if (received > 0 && (size_t)received < size)
        tt__watch_set_drained(task->future.loop, socket);
    return received;
}

int tt_sock_sendall_at(tt_site *site, int socket, const void *data, size_t size)
{
    struct tt_task_object *task = tt__task_that_may_suspend(site);
    struct operation operation = {
        .descriptor = socket, .kind = TT_WAIT_KIND_SEND, .attempt = attempt_send, .data = data, .size = size};

    if (!task)
        return -1;
    return perform(task, &operation, true, site) < 0 ? -1 : 0;
}

int tt_sock_connect_at(tt_site *site, int socket, const struct sockaddr *address, socklen_t length)
{
    struct tt_task_object *task = tt__task_that_may_suspend(site);
    struct operation operation = {.descriptor = socket, .kind = TT_WAIT_KIND_CONNECT, .attempt = attempt_connect};

    if (!task)
        return -1;
    task->future.loop->has_connected = true;
    if (connect(socket, address, length) == 0)
        return 0;
    if (errno != EINPROGRESS && errno != EINTR)
        return tt_raise_errno_at(site, errno, "%s", "");
    return perform(task, &operation, false, site) < 0 ? -1 : 0;
}
