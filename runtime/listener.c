/* listener.c: sockets on which connections come in. See telltale/connection.h.
 *
 * The program has one reference to a listener, and the call that accepts another one while it is inside.
 *
 * The loop's thread. From: base_events.create_server, unix_events.create_unix_server. */
#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <telltale/connection.h>

#include "descriptor.h"
#include "precond.h"
#include "resolve.h"
#include "stream_internal.h"

enum { BACKLOG = 100 }; /* asyncio's */

struct tt_listener {
    uint32_t refs;
    tt_loop *loop;  /* a reference */
    int descriptor; /* -1: closed */
    struct tt_address local;
    size_t limit;
    struct tt_io *accepting; /* the call that waits */
    char *path;              /* of a Unix socket, removed with the listener; NULL: nothing to remove */
    dev_t device;            /* what stands there, if it is still this listener's */
    ino_t inode;
};

static const struct tt_listen_options defaults;

static void release(tt_listener *listener)
{
    assert(listener->refs > 0 && "a reference is released once");
    if (--listener->refs > 0)
        return;
    tt__loop_unref(listener->loop);
    free(listener->path);
    free(listener);
}

/* ---------------------------------------------------------------------------------------------------------- listening */

/* A socket that listens at ADDRESS; a negative errno value. *ADDRESS becomes what it is bound to. */
static int open_socket(struct tt_address *address, const struct tt_listen_options *options, bool both_families)
{
    int family = address->name.ss_family, error;
    int descriptor = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (descriptor < 0)
        return -errno;
    if ((family == AF_UNIX || options->no_reuse_address ||
         setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int)) == 0) &&
        (!options->reuse_port || setsockopt(descriptor, SOL_SOCKET, SO_REUSEPORT, &(int){1}, sizeof(int)) == 0) &&
        (family != AF_INET6 ||
         setsockopt(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, &(int){!both_families}, sizeof(int)) == 0) &&
        bind(descriptor, (const struct sockaddr *)&address->name, address->length) == 0 &&
        listen(descriptor, options->backlog > 0 ? options->backlog : BACKLOG) == 0) {
        address->length = sizeof address->name;
        getsockname(descriptor, (struct sockaddr *)&address->name, &address->length);
        return descriptor;
    }
    error = errno;
    close(descriptor);
    return -error;
}

/* A listener of DESCRIPTOR, which it takes over also when that fails: NULL with MemoryError pending. */
static tt_listener *create(tt_site *site, tt_loop *loop, int descriptor, const struct tt_address *local, size_t limit)
{
    tt_listener *listener = calloc(1, sizeof *listener);

    if (!listener) {
        close(descriptor);
        tt_raise_at(site, &tt_MemoryError, "no memory for a listener");
        return NULL;
    }
    listener->refs = 1;
    listener->loop = tt__loop_ref(loop);
    listener->descriptor = descriptor;
    listener->local = *local;
    listener->limit = limit;
    return listener;
}

static int raise_listen(tt_site *site, int error, const struct tt_address *address)
{
    char text[TT_ADDRESS_BYTES];

    tt_address_text(address, text, sizeof text);
    return tt_raise_errno_at(site, error, "listen on %s", text);
}

/* Listens on the first address of LIST that can be bound. The descriptor, or -1 with an exception pending. */
static int listen_on_first(tt_site *site, const struct addrinfo *list, const struct tt_listen_options *options,
                           bool both_families, struct tt_address *out_local)
{
    int descriptor = -1, first_error = 0;
    struct tt_address first;

    for (const struct addrinfo *info = list; info && descriptor < 0; info = info->ai_next) {
        out_local->length = info->ai_addrlen;
        memcpy(&out_local->name, info->ai_addr, info->ai_addrlen);
        descriptor = open_socket(out_local, options, both_families);
        if (descriptor < 0 && !first_error) {
            first_error = -descriptor;
            first = *out_local;
        }
    }
    return descriptor >= 0 ? descriptor : raise_listen(site, first_error, &first);
}

/* All interfaces: one socket for IPv6 that takes IPv4 too, or one for IPv4 where there is no IPv6. */
static int listen_on_all(tt_site *site, int port, const struct tt_listen_options *options, struct tt_address *out_local)
{
    struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
    struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    struct addrinfo second = {.ai_addr = (struct sockaddr *)&four, .ai_addrlen = sizeof four};
    struct addrinfo list = {.ai_addr = (struct sockaddr *)&six, .ai_addrlen = sizeof six, .ai_next = &second};

    if (options->family == AF_INET)
        return listen_on_first(site, &second, options, false, out_local);
    if (options->family == AF_INET6)
        list.ai_next = NULL;
    return listen_on_first(site, &list, options, options->family != AF_INET6, out_local);
}

static int listen_on_host(tt_site *site, const char *host, int port, const struct tt_listen_options *options,
                          struct tt_address *out_local)
{
    const struct addrinfo hints = {.ai_family = options->family, .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
    struct addrinfo *list;
    int descriptor;

    if (tt__resolve(site, host, port, &hints, &list) < 0)
        return -1;
    descriptor = listen_on_first(site, list, options, false, out_local);
    freeaddrinfo(list);
    return descriptor;
}

tt_listener *tt_listen_at(tt_site *site, const char *host, int port, const struct tt_listen_options *options)
{
    struct tt_task_object *task = tt__task_that_may_suspend(site);
    struct tt_address local;
    int descriptor;

    if (!task)
        return NULL;
    if (!options)
        options = &defaults;
    if (!tt__port_exists(site, port))
        return NULL;
    descriptor =
        host && *host ? listen_on_host(site, host, port, options, &local) : listen_on_all(site, port, options, &local);
    return descriptor < 0 ? NULL : create(site, task->future.loop, descriptor, &local, options->limit);
}

/* ------------------------------------------------------------------------------------------------------ Unix sockets */

/* What an earlier listener has left. Anything else stays, and binding fails. */
static void remove_stale(const char *path)
{
    struct stat about;

    if (path[0] != '@' && stat(path, &about) == 0 && S_ISSOCK(about.st_mode))
        unlink(path);
}

/* Remembers what stands at PATH, for the end. Without memory it is left there. */
static void remember_path(tt_listener *listener, const char *path)
{
    struct stat about;

    if (path[0] == '@' || stat(path, &about) < 0)
        return;
    listener->path = strdup(path);
    listener->device = about.st_dev;
    listener->inode = about.st_ino;
}

static void remove_own(const tt_listener *listener)
{
    struct stat about;

    if (listener->path && stat(listener->path, &about) == 0 && about.st_dev == listener->device &&
        about.st_ino == listener->inode)
        unlink(listener->path);
}

tt_listener *tt_listen_unix_at(tt_site *site, const char *path, const struct tt_listen_options *options)
{
    struct tt_task_object *task = tt__task_that_may_suspend(site);
    tt_listener *listener;
    struct tt_address local;
    int descriptor;

    TT_PRECOND("listen_unix.path", site, path != NULL);
    if (!task)
        return NULL;
    if (!options)
        options = &defaults;
    descriptor = tt__address_of_path(&local, path);
    if (descriptor == 0) {
        remove_stale(path);
        descriptor = open_socket(&local, options, false);
    }
    if (descriptor < 0) {
        tt_raise_errno_at(site, descriptor, "listen on %s", *path ? path : "an empty path");
        return NULL;
    }
    listener = create(site, task->future.loop, descriptor, &local, options->limit);
    if (listener)
        remember_path(listener, path);
    return listener;
}

/* ---------------------------------------------------------------------------------------------------------- accepting */

struct accept {
    struct tt_io io;
    tt_listener *listener;
    struct tt_address peer;
};

static bool attempt_accept(struct tt_io *io)
{
    struct accept *call = tt_container_of(io, struct accept, io);
    int descriptor;

    do {
        if (!tt__descriptor_may_accept(io->descriptor))
            return false;
        call->peer.length = sizeof call->peer.name;
        descriptor = accept4(io->descriptor, (struct sockaddr *)&call->peer.name, &call->peer.length,
                             SOCK_NONBLOCK | SOCK_CLOEXEC);
    } while (descriptor < 0 && errno == ECONNABORTED); /* the peer has gone already: the next one */
    return tt__io_is_over(io, descriptor);
}

static void abandoned(struct tt_io *io)
{
    tt_listener *listener = tt_container_of(io, struct accept, io)->listener;

    listener->accepting = NULL;
    release(listener);
}

/* A connection's descriptor, or -1 with an exception pending. */
static int perform(struct accept *call, struct tt_task_object *task, tt_site *site)
{
    tt_listener *listener = call->listener;
    int rc;

    if (listener->accepting)
        return tt_raise_at(site, &tt_RuntimeError, "another task is already waiting for a connection");
    call->io = (struct tt_io){.descriptor = listener->descriptor,
                              .what = TT_IO_KIND_ACCEPT,
                              .wait_kind = TT_WAIT_KIND_ACCEPT,
                              .attempt = attempt_accept,
                              .abandoned = abandoned};
    listener->accepting = &call->io;
    rc = tt__io_perform(task, &call->io, true, site);
    listener->accepting = NULL;
    if (rc < 0)
        return -1;
    if (call->io.error) {
        char text[TT_ADDRESS_BYTES];

        tt_address_text(&listener->local, text, sizeof text);
        return tt_raise_errno_at(site, call->io.error, "accept on %s", text);
    }
    return (int)call->io.result;
}

tt_stream *tt_listener_accept_at(tt_site *site, tt_listener *listener)
{
    struct tt_task_object *task = tt__task_that_may_suspend(site);
    struct accept call = {.listener = listener};
    tt_stream *stream = NULL;
    int descriptor;

    if (!task)
        return NULL;
    TT_PRECOND("listener_accept.listener", site, listener != NULL);
    listener->refs++;
    descriptor = perform(&call, task, site);
    if (descriptor >= 0) {
        stream = tt__stream_create_connected(site, task->future.loop, descriptor, &call.peer, listener->limit);
        if (!stream)
            close(descriptor);
    }
    release(listener);
    return stream;
}

/* --------------------------------------------------------------------------------------------------- ending and about */

void tt_listener_close(tt_listener *listener)
{
    int saved_errno = errno;

    if (!listener)
        return;
    remove_own(listener);
    tt__watch_remove(listener->loop, listener->descriptor, false);
    close(listener->descriptor);
    listener->descriptor = -1;
    if (listener->accepting)
        tt__io_end(listener->accepting, ECONNABORTED);
    release(listener);
    errno = saved_errno;
}

int tt_listener_port(const tt_listener *listener)
{
    TT_PRECOND("listener_port.listener", NULL, listener != NULL);
    return tt_address_port(&listener->local);
}

int tt_listener_local(const tt_listener *listener, char *buffer, size_t size)
{
    TT_PRECOND("listener_local.listener", NULL, listener != NULL);
    TT_PRECOND("listener_local.buffer", NULL, buffer != NULL || size == 0);
    return tt_address_text(&listener->local, buffer, size);
}

int tt_listener_descriptor(const tt_listener *listener)
{
    TT_PRECOND("listener_descriptor.listener", NULL, listener != NULL);
    return listener->descriptor;
}
