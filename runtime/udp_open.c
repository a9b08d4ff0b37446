/* udp_open.c: datagram sockets: bound and connected. See telltale/udp.h.
 *
 * Inside a task. From: base_events.create_datagram_endpoint. */
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#include "resolve.h"
#include "udp_internal.h"

#ifndef IPV6_MULTICAST_ALL
#define IPV6_MULTICAST_ALL 29 /* Linux's; the C library's headers may be older */
#endif

static const struct tt_udp_options defaults;

static bool set(int descriptor, int level, int name, int value)
{
    return setsockopt(descriptor, level, name, &value, sizeof value) == 0;
}

/* Without this a socket gets what is sent to any group that somebody on this machine has joined. Kernels before 4.20 cannot for
 * IPv6. */
static void keep_to_own_groups(int descriptor, int family, bool both_families)
{
    if (family == AF_INET6)
        (void)set(descriptor, IPPROTO_IPV6, IPV6_MULTICAST_ALL, 0);
    if (family == AF_INET || both_families)
        (void)set(descriptor, IPPROTO_IP, IP_MULTICAST_ALL, 0);
}

/* A socket with OPTIONS, bound to LOCAL (its length may be 0), connected to PEER (may be NULL); a negative errno value. */
static int open_socket(int family, const struct tt_address *local, const struct tt_address *peer,
                       const struct tt_udp_options *options, bool both_families)
{
    int descriptor = socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), error;

    if (descriptor < 0)
        return -errno;
    keep_to_own_groups(descriptor, family, both_families);
    if ((!options->reuse_address || set(descriptor, SOL_SOCKET, SO_REUSEADDR, 1)) &&
        (!options->reuse_port || set(descriptor, SOL_SOCKET, SO_REUSEPORT, 1)) &&
        (!options->broadcast || set(descriptor, SOL_SOCKET, SO_BROADCAST, 1)) &&
        (!options->receive_buffer || set(descriptor, SOL_SOCKET, SO_RCVBUF, options->receive_buffer)) &&
        (family != AF_INET6 || set(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, !both_families)) &&
        (!local->length || bind(descriptor, (const struct sockaddr *)&local->name, local->length) == 0) &&
        (!peer || connect(descriptor, (const struct sockaddr *)&peer->name, peer->length) == 0))
        return descriptor;
    error = errno;
    close(descriptor);
    return -error;
}

static void take_address(struct tt_address *address, const struct addrinfo *info)
{
    address->length = info->ai_addrlen;
    memcpy(&address->name, info->ai_addr, info->ai_addrlen);
}

/* Binds to the first address of LIST that can be bound. A socket object; NULL with an exception pending. */
static tt_udp *bind_first(tt_site *site, tt_loop *loop, const struct addrinfo *list,
                          const struct tt_udp_options *options, bool both_families)
{
    struct tt_address local, first;
    int descriptor, first_error = 0;

    for (const struct addrinfo *info = list; info; info = info->ai_next) {
        bool is_for_both = both_families && info->ai_family == AF_INET6;

        take_address(&local, info);
        descriptor = open_socket(info->ai_family, &local, NULL, options, is_for_both);
        if (descriptor >= 0)
            return tt__udp_create(site, loop, descriptor, NULL, is_for_both);
        if (!first_error) {
            first_error = -descriptor;
            first = local;
        }
    }
    tt__udp_raise(site, first_error, "bind to", &first);
    return NULL;
}

/* All interfaces: a socket for IPv6 that takes IPv4 too, or one for IPv4 where there is no IPv6. */
static tt_udp *bind_all(tt_site *site, tt_loop *loop, int port, const struct tt_udp_options *options)
{
    struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
    struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    struct addrinfo second = {.ai_family = AF_INET, .ai_addr = (struct sockaddr *)&four, .ai_addrlen = sizeof four};
    struct addrinfo list = {.ai_family = AF_INET6,
                            .ai_addr = (struct sockaddr *)&six,
                            .ai_addrlen = sizeof six,
                            .ai_next = options->family == AF_INET6 ? NULL : &second};

    return bind_first(site, loop, options->family == AF_INET ? &second : &list, options, options->family != AF_INET6);
}

tt_udp *tt_udp_open_at(tt_site *site, const char *host, int port, const struct tt_udp_options *options)
{
    struct tt_task_object *task = tt__task_that_may_suspend(site);
    struct addrinfo hints = {.ai_socktype = SOCK_DGRAM, .ai_flags = AI_PASSIVE}, *list;
    tt_udp *udp;

    if (!task)
        return NULL;
    if (!options)
        options = &defaults;
    if (!tt__port_exists(site, port))
        return NULL;
    if (!host)
        return bind_all(site, task->future.loop, port, options);
    hints.ai_family = options->family;
    if (tt__resolve(site, host, port, &hints, &list) < 0)
        return NULL;
    udp = bind_first(site, task->future.loop, list, options, false);
    freeaddrinfo(list);
    return udp;
}

/* Where the datagrams of a connected socket come from. 0, or -1 with an exception pending. */
static int find_local(tt_site *site, const struct tt_udp_options *options, struct tt_address *out_local)
{
    const struct addrinfo hints = {
        .ai_flags = AI_NUMERICHOST | AI_PASSIVE, .ai_family = options->family, .ai_socktype = SOCK_DGRAM};
    struct addrinfo *list;

    out_local->length = 0;
    if (!tt__port_exists(site, options->local_port))
        return -1;
    if (!options->local_host)
        return 0;
    if (tt__resolve(site, options->local_host, options->local_port, &hints, &list) < 0)
        return -1;
    take_address(out_local, list);
    freeaddrinfo(list);
    return 0;
}

/* The same for PEER: LOCAL if it was told, else its port, where that was. */
static struct tt_address local_for(const struct tt_address *local, const struct tt_address *peer,
                                   const struct tt_udp_options *options)
{
    struct tt_address any = {.name.ss_family = peer->name.ss_family};

    if (local->length || !options->local_port)
        return *local;
    any.length = peer->length;
    if (peer->name.ss_family == AF_INET)
        ((struct sockaddr_in *)&any.name)->sin_port = htons((uint16_t)options->local_port);
    else
        ((struct sockaddr_in6 *)&any.name)->sin6_port = htons((uint16_t)options->local_port);
    return any;
}

/* Connects to the first address of LIST that can be connected to. A socket object; NULL with an exception pending. */
static tt_udp *connect_first(tt_site *site, tt_loop *loop, const struct addrinfo *list, const struct tt_address *local,
                             const struct tt_udp_options *options)
{
    struct tt_address peer, first, from;
    int descriptor, first_error = 0;

    for (const struct addrinfo *info = list; info; info = info->ai_next) {
        take_address(&peer, info);
        from = local_for(local, &peer, options);
        descriptor = open_socket(info->ai_family, &from, &peer, options, false);
        if (descriptor >= 0)
            return tt__udp_create(site, loop, descriptor, &peer, false);
        if (!first_error) {
            first_error = -descriptor;
            first = peer;
        }
    }
    tt__udp_raise(site, first_error, "connect to", &first);
    return NULL;
}

tt_udp *tt_udp_connect_at(tt_site *site, const char *host, int port, const struct tt_udp_options *options)
{
    struct tt_task_object *task = tt__task_that_may_suspend(site);
    struct addrinfo hints = {.ai_socktype = SOCK_DGRAM}, *list;
    struct tt_address local;
    tt_udp *udp;

    if (!task)
        return NULL;
    if (!options)
        options = &defaults;
    hints.ai_family = options->family;
    if (find_local(site, options, &local) < 0 || tt__resolve(site, host, port, &hints, &list) < 0)
        return NULL;
    udp = connect_first(site, task->future.loop, list, &local, options);
    freeaddrinfo(list);
    return udp;
}
