/* udp.c: datagram sockets as objects, sending and receiving. See telltale/udp.h.
 *
 * The loop's thread; what may suspend inside a task. From: base_events.create_datagram_endpoint,
 * selector_events._SelectorDatagramTransport. */
#include "udp_internal.h"

#include <assert.h>
#include <errno.h>
#include <linux/sock_diag.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "precond.h"

/* ------------------------------------------------------------------------------------------------- life and memory */

static int write_repr(const struct tt_waitable *waitable, char *buffer, size_t size)
{
    char text[TT_ADDRESS_BYTES];

    tt_address_text(&tt_container_of(waitable, struct tt_udp, waitable)->local, text, sizeof text);
    return snprintf(buffer, size, "<UDP socket %s>", text);
}

/* The program lets go: calls that wait at the descriptor end. */
static void dismiss(struct tt_waitable *waitable)
{
    tt_udp *udp = tt_container_of(waitable, struct tt_udp, waitable);
    int descriptor = udp->descriptor;

    tt__watch_remove(waitable->loop, descriptor, false);
    tt__watch_remove(waitable->loop, descriptor, true);
    udp->descriptor = -1;
    close(descriptor);
    if (udp->receiving)
        tt__io_end(udp->receiving, ECONNABORTED);
    if (udp->sending)
        tt__io_end(udp->sending, ECONNABORTED);
    tt__line_wake(&udp->turn, SIZE_MAX);
}

static void free_udp(struct tt_waitable *waitable)
{
    tt_udp *udp = tt_container_of(waitable, struct tt_udp, waitable);

    assert(udp->descriptor < 0 && !udp->receiving && !udp->sending && "nobody is inside");
    tt__waitable_finish(waitable);
    free(udp);
}

tt_udp *tt__udp_create(tt_site *site, tt_loop *loop, int descriptor, const struct tt_address *peer,
                       bool has_both_families)
{
    static const struct tt_waitable_ops ops = {.repr = write_repr, .dismiss = dismiss, .free = free_udp};
    tt_udp *udp = calloc(1, sizeof *udp);

    if (!udp) {
        close(descriptor);
        tt_raise_at(site, &tt_MemoryError, "no memory for a datagram socket");
        return NULL;
    }
    tt__waitable_init(&udp->waitable, &udp->waitable, &ops);
    udp->waitable.loop = tt__loop_ref(loop);
    udp->descriptor = descriptor;
    udp->local.length = sizeof udp->local.name;
    if (getsockname(descriptor, (struct sockaddr *)&udp->local.name, &udp->local.length) < 0)
        udp->local.length = 0;
    udp->family = udp->local.name.ss_family;
    udp->has_both_families = has_both_families;
    if (peer)
        udp->peer = *peer;
    return udp;
}

int tt__udp_raise(tt_site *site, int error, const char *doing, const struct tt_address *address)
{
    char text[TT_ADDRESS_BYTES];

    tt_address_text(address, text, sizeof text);
    return tt_raise_errno_at(site, error, "%s %s", doing, text);
}

void tt_udp_close(tt_udp *udp)
{
    int saved_errno = errno;

    if (udp)
        tt__waitable_destroy(&udp->waitable);
    errno = saved_errno;
}

/* ------------------------------------------------------------------------------------------------------------- calls */

/* A call that may suspend begins: NULL with an exception pending, or the task, and UDP is held. */
static struct tt_task_object *begin(tt_udp *udp, tt_site *site)
{
    struct tt_task_object *task = tt__task_that_may_suspend(site);

    TT_PRECOND("udp.udp", site, !task || udp != NULL);
    if (task && task->future.loop != udp->waitable.loop) {
        tt_raise_at(site, &tt_RuntimeError, "a datagram socket belongs to a different event loop");
        return NULL;
    }
    if (task)
        tt__waitable_ref(&udp->waitable);
    return task;
}

static void end(tt_udp *udp)
{
    tt__waitable_unref(&udp->waitable);
}

/* --------------------------------------------------------------------------------------------------------- receiving */

struct receive {
    struct tt_io io;
    tt_udp *udp;
    void *buffer;
    struct tt_datagram datagram;
};

static bool attempt_receive(struct tt_io *io)
{
    struct receive *call = tt_container_of(io, struct receive, io);
    struct iovec piece = {.iov_base = call->buffer, .iov_len = io->size};
    struct msghdr message = {.msg_name = &call->datagram.peer.name,
                             .msg_namelen = sizeof call->datagram.peer.name,
                             .msg_iov = &piece,
                             .msg_iovlen = 1};
    ssize_t size = recvmsg(io->descriptor, &message, MSG_TRUNC | MSG_DONTWAIT);

    if (size < 0)
        return tt__io_is_over(io, size);
    call->datagram.peer.length = message.msg_namelen;
    call->datagram.size = (size_t)size;
    call->datagram.is_truncated = (size_t)size > io->size;
    io->result = call->datagram.is_truncated ? (ssize_t)io->size : size;
    return true;
}

static void receiver_abandoned(struct tt_io *io)
{
    tt_udp *udp = tt_container_of(io, struct receive, io)->udp;

    udp->receiving = NULL;
    end(udp);
}

static int raise_receive(const tt_udp *udp, int error, tt_site *site)
{
    return udp->peer.length ? tt__udp_raise(site, error, "receive from", &udp->peer)
                            : tt__udp_raise(site, error, "receive at", &udp->local);
}

/* Bytes, or -1 with an exception pending. */
static ssize_t receive(struct receive *call, struct tt_task_object *task, size_t size, tt_site *site)
{
    tt_udp *udp = call->udp;
    int rc;

    if (udp->receiving)
        return tt_raise_at(site, &tt_RuntimeError, "another task is already waiting for a datagram");
    call->io = (struct tt_io){.descriptor = udp->descriptor,
                              .what = TT_IO_KIND_READ,
                              .wait_kind = TT_WAIT_KIND_RECV,
                              .attempt = attempt_receive,
                              .abandoned = receiver_abandoned,
                              .size = size};
    udp->receiving = &call->io;
    rc = tt__io_perform(task, &call->io, true, site);
    udp->receiving = NULL;
    if (rc < 0)
        return -1;
    return call->io.error ? raise_receive(udp, call->io.error, site) : call->io.result;
}

ssize_t tt_udp_receive_at(tt_site *site, tt_udp *udp, void *buffer, size_t size, struct tt_datagram *out_datagram)
{
    struct tt_task_object *task = begin(udp, site);
    struct receive call;
    ssize_t length;

    TT_PRECOND("udp_receive.buffer", site, buffer != NULL || size == 0);
    if (!task)
        return -1;
    call.udp = udp;
    call.buffer = buffer;
    length = receive(&call, task, size, site);
    if (length >= 0 && out_datagram)
        *out_datagram = call.datagram;
    end(udp);
    return length;
}

/* ----------------------------------------------------------------------------------------------------------- sending */

struct send {
    struct tt_io io;
    tt_udp *udp;
    const void *data;
    const struct tt_address *to; /* NULL: whom the socket is connected to */
};

static bool attempt_send(struct tt_io *io)
{
    const struct send *call = tt_container_of(io, struct send, io);
    const struct sockaddr *to = call->to ? (const struct sockaddr *)&call->to->name : NULL;

    return tt__io_is_over(io, sendto(io->descriptor, call->data, io->size, MSG_NOSIGNAL | MSG_DONTWAIT, to,
                                     call->to ? call->to->length : 0));
}

static void give_turn_back(tt_udp *udp)
{
    udp->is_turn_taken = false;
    tt__line_wake_head(&udp->turn);
}

static void sender_abandoned(struct tt_io *io)
{
    tt_udp *udp = tt_container_of(io, struct send, io)->udp;

    udp->sending = NULL;
    give_turn_back(udp);
    end(udp);
}

/* Waits until nobody else sends: one descriptor has one writer. 0, or -1 with an exception pending. */
static int take_turn(tt_udp *udp, struct tt_task_object *task, tt_site *site)
{
    struct tt_waiting waiting = {.task = task,
                                 .held = &udp->waitable,
                                 .label = {TT_WAIT_KIND_WRITE_TURN, (uint64_t)udp->descriptor},
                                 .site = site};
    bool was_woken;

    if (!udp->is_turn_taken && !tt__line_is_contended(&udp->turn)) {
        udp->is_turn_taken = true;
        return 0;
    }
    if (tt__line_wait(&udp->turn, &udp->waitable, &waiting, &was_woken) < 0) {
        if (was_woken && !udp->is_turn_taken)
            tt__line_wake_head(&udp->turn);
        return -1;
    }
    assert(!udp->is_turn_taken && "one turn for one who was woken");
    udp->is_turn_taken = true;
    return 0;
}

static int raise_send(const struct send *call, int error, tt_site *site)
{
    if (!call->to && !call->udp->peer.length)
        return tt__udp_raise(site, error, "send from", &call->udp->local);
    return tt__udp_raise(site, error, "send to", call->to ? call->to : &call->udp->peer);
}

/* It is the call's turn. 0, or -1 with an exception pending. */
static int send_one(struct send *call, struct tt_task_object *task, size_t size, tt_site *site)
{
    tt_udp *udp = call->udp;
    int rc;

    call->io = (struct tt_io){.descriptor = udp->descriptor,
                              .what = TT_IO_KIND_WRITE,
                              .wait_kind = TT_WAIT_KIND_SEND,
                              .is_writer = true,
                              .attempt = attempt_send,
                              .abandoned = sender_abandoned,
                              .size = size};
    udp->sending = &call->io;
    rc = tt__io_perform(task, &call->io, true, site);
    udp->sending = NULL;
    return rc == 0 && call->io.error ? raise_send(call, call->io.error, site) : rc;
}

int tt_udp_send_to_at(tt_site *site, tt_udp *udp, const void *data, size_t size, const struct tt_address *address)
{
    struct tt_task_object *task = begin(udp, site);
    struct send call;
    int rc;

    TT_PRECOND("udp_send_to.data", site, data != NULL || size == 0);
    if (!task)
        return -1;
    call.udp = udp;
    call.data = data;
    call.to = address;
    rc = take_turn(udp, task, site);
    if (rc == 0) {
        rc = send_one(&call, task, size, site);
        give_turn_back(udp);
    }
    end(udp);
    return rc;
}

/* ------------------------------------------------------------------------------------------------------------- about */

int64_t tt_udp_drop_count(const tt_udp *udp)
{
    uint32_t numbers[SK_MEMINFO_VARS];
    socklen_t length = sizeof numbers;

    TT_PRECOND("udp_drop_count.udp", NULL, udp != NULL);
    if (getsockopt(udp->descriptor, SOL_SOCKET, SO_MEMINFO, numbers, &length) < 0 || length < sizeof numbers)
        return -1;
    return numbers[SK_MEMINFO_DROPS];
}

void tt_udp_local_address(const tt_udp *udp, struct tt_address *out_address)
{
    TT_PRECOND("udp_local_address.udp", NULL, udp != NULL && out_address);
    *out_address = udp->local;
}

void tt_udp_peer_address(const tt_udp *udp, struct tt_address *out_address)
{
    TT_PRECOND("udp_peer_address.udp", NULL, udp != NULL && out_address);
    *out_address = udp->peer;
}

int tt_udp_descriptor(const tt_udp *udp)
{
    TT_PRECOND("udp_descriptor.udp", NULL, udp != NULL);
    return udp->descriptor;
}
