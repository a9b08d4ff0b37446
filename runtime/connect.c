/* connect.c: connections to names, addresses and paths. See telltale/connection.h.
 *
 * Inside a task. From: base_events.create_connection, unix_events.create_unix_connection. */
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "precond.h"
#include "race.h"
#include "resolve.h"
#include "room.h"
#include "stream_internal.h"

static const struct tt_connection_options defaults;

/* The addresses of LIST in the order in which they are tried: in turn one of each family, beginning with the family of
 * the first, or as they are. NULL without memory. */
static struct tt_address *order(const struct addrinfo *list, bool in_turn, size_t *out_count)
{
    const struct addrinfo *next[2] = {list, list}; /* of the first family, of all others */
    struct tt_address *addresses;
    size_t count = 0, done = 0;

    for (const struct addrinfo *info = list; info; info = info->ai_next)
        count++;
    addresses = calloc(count, sizeof *addresses);
    for (int side = 0; addresses && done < count; side = in_turn ? !side : side) {
        const struct addrinfo *info = next[side];

        while (in_turn && info && (info->ai_family == list->ai_family) != (side == 0))
            info = info->ai_next;
        next[side] = info ? info->ai_next : NULL;
        if (!info)
            continue;
        addresses[done].length = info->ai_addrlen;
        memcpy(&addresses[done++].name, info->ai_addr, info->ai_addrlen);
    }
    *out_count = count;
    return addresses;
}

enum { LOCALS_MAX = 2 }; /* a numeric host has one address; none, for a port only, one of each family */

/* The addresses that connections come from. Their number, 0 for anywhere, or -1 with an exception pending. */
static int find_locals(tt_site *site, const struct tt_connection_options *options, struct tt_address *out_locals)
{
    const struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
                                   .ai_family = options->family,
                                   .ai_socktype = SOCK_STREAM};
    struct addrinfo *list;
    char port[8];
    int error, count = 0;

    if (!options->local_host && !options->local_port)
        return 0;
    if (!tt__port_exists(site, options->local_port))
        return -1;
    snprintf(port, sizeof port, "%d", options->local_port);
    error = getaddrinfo(options->local_host, port, &hints, &list);
    if (error)
        return tt__raise_gaierror(site, error, "getaddrinfo", options->local_host ? options->local_host : port);
    for (const struct addrinfo *info = list; info && count < LOCALS_MAX; info = info->ai_next) {
        out_locals[count].length = info->ai_addrlen;
        memcpy(&out_locals[count++].name, info->ai_addr, info->ai_addrlen);
    }
    freeaddrinfo(list);
    return count;
}

/* The addresses of HOST, malloc'ed, and their number; NULL with an exception pending. */
static struct tt_address *find_addresses(tt_site *site, const char *host, int port,
                                         const struct tt_connection_options *options, size_t *out_count)
{
    const struct addrinfo hints = {.ai_family = options->family, .ai_socktype = SOCK_STREAM};
    struct tt_address *addresses;
    struct addrinfo *list;

    if (tt__resolve(site, host, port, &hints, &list) < 0)
        return NULL;
    addresses = order(list, options->happy_eyeballs_delay_ns > 0, out_count);
    freeaddrinfo(list);
    if (!addresses)
        tt_raise_at(site, &tt_MemoryError, "no memory to connect");
    return addresses;
}

tt_stream *tt_open_connection_at(tt_site *site, const char *host, int port, const struct tt_connection_options *options)
{
    struct tt_task_object *task = tt__task_that_may_suspend(site);
    struct tt_address locals[LOCALS_MAX], peer, *addresses;
    tt_stream *stream;
    size_t count;
    int descriptor, local_count;

    if (!task)
        return NULL;
    if (!options)
        options = &defaults;
    local_count = find_locals(site, options, locals);
    if (local_count < 0)
        return NULL;
    addresses = find_addresses(site, host, port, options, &count);
    if (!addresses)
        return NULL;
    descriptor = tt__race_connect(site, task, addresses, count, locals, (size_t)local_count, options, &peer);
    if (descriptor < 0)
        return NULL;
    stream = tt__stream_create_connected(site, task->future.loop, descriptor, &peer, options->limit);
    if (!stream)
        close(descriptor);
    return stream;
}

/* ------------------------------------------------------------------------------------------------------ Unix sockets */

/* A socket that is connected to ADDRESS; a negative errno value: -EAGAIN when the listener has no room. */
static int connect_once(const struct tt_address *address)
{
    int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), error;

    if (descriptor < 0)
        return -errno;
    if (connect(descriptor, (const struct sockaddr *)&address->name, address->length) == 0)
        return descriptor;
    error = errno;
    close(descriptor);
    return -error;
}

/* The same, again and again while there is no room; each time with another socket, so that none is left when the task is abandoned
 * meanwhile. -1 with an exception pending. */
static int connect_when_there_is_room(tt_site *site, const struct tt_address *address, const char *path)
{
    int descriptor, tries = 0;

    while ((descriptor = connect_once(address)) < 0 && tt__room_is_missing(AF_UNIX, -descriptor))
        if (tt__room_wait(site, &tries) < 0)
            return -1;
    if (descriptor < 0)
        return tt_raise_errno_at(site, descriptor, "connect to %s", path);
    return descriptor;
}

tt_stream *tt_open_unix_connection_at(tt_site *site, const char *path, size_t limit)
{
    struct tt_task_object *task = tt__task_that_may_suspend(site);
    struct tt_io io = {.descriptor = -1, .what = TT_IO_KIND_CONNECT};
    struct tt_address address;
    tt_stream *stream;
    int descriptor, rc;

    TT_PRECOND("open_unix_connection.path", site, path != NULL);
    if (!task)
        return NULL;
    rc = tt__address_of_path(&address, path);
    if (rc < 0) {
        tt_raise_errno_at(site, rc, "connect to %s", *path ? path : "an empty path");
        return NULL;
    }
    if (tt__io_is_spent(task) && tt__io_give_turn(task, NULL, site) < 0)
        return NULL;
    task->future.loop->has_connected = true;
    tt__io_spend(task, 0);
    tt__io_tell_started(task, &io, site);
    descriptor = connect_when_there_is_room(site, &address, path);
    io.descriptor = descriptor;
    io.error = descriptor < 0 ? tt_exc_errno(tt_exc_pending()) : 0;
    tt__io_tell_finished(task, &io, descriptor < 0 && !io.error);
    if (descriptor < 0)
        return NULL;
    stream = tt__stream_create_connected(site, task->future.loop, descriptor, &address, limit);
    if (!stream)
        close(descriptor);
    return stream;
}
