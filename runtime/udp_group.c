/* udp_group.c: groups, interfaces and options of datagram sockets. See telltale/udp.h.
 *
 * A socket of both families has what concerns IPv4 set at the level of IPv4 too.
 *
 * The loop's thread. From: RFC 3678; asyncio leaves this to socket.setsockopt. */
#include "udp_internal.h"

#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/types.h>

#include <telltale/dns.h>

#include "precond.h"
#include "resolve.h"

/* -------------------------------------------------------------------------------------------------------- interfaces */

/* The address that TEXT, numeric, is. 0 or getaddrinfo's error. */
static int parse(const char *text, struct tt_address *out_address)
{
    const struct addrinfo hints = {.ai_flags = AI_NUMERICHOST, .ai_socktype = SOCK_DGRAM};
    struct addrinfo *list;
    int error = getaddrinfo(text, NULL, &hints, &list);

    if (error)
        return error;
    memset(out_address, 0, sizeof *out_address); /* the kernel is given all of it */
    out_address->length = list->ai_addrlen;
    memcpy(&out_address->name, list->ai_addr, list->ai_addrlen);
    freeaddrinfo(list);
    return 0;
}

static bool is_host(const struct sockaddr *one, const struct tt_address *other)
{
    const void *a = one, *b = &other->name;

    if (!one || one->sa_family != other->name.ss_family)
        return false;
    if (one->sa_family == AF_INET)
        return ((const struct sockaddr_in *)a)->sin_addr.s_addr == ((const struct sockaddr_in *)b)->sin_addr.s_addr;
    return one->sa_family == AF_INET6 &&
           memcmp(&((const struct sockaddr_in6 *)a)->sin6_addr, &((const struct sockaddr_in6 *)b)->sin6_addr,
                  sizeof(struct in6_addr)) == 0;
}

/* The number of the interface that has ADDRESS; 0: none has it, and errno says so. */
static unsigned interface_with(const struct tt_address *address)
{
    struct ifaddrs *all, *one;
    unsigned number = 0;

    if (getifaddrs(&all) < 0)
        return 0;
    for (one = all; one && !number; one = one->ifa_next)
        if (is_host(one->ifa_addr, address))
            number = if_nametoindex(one->ifa_name);
    freeifaddrs(all);
    if (!number)
        errno = ENODEV;
    return number;
}

/* The number of INTERFACE, a name or an address; NULL: 0, any. Negative: an errno value. */
static long find_interface(const char *interface)
{
    struct tt_address address;
    unsigned number;

    if (!interface)
        return 0;
    number = if_nametoindex(interface);
    if (!number)
        number = parse(interface, &address) == 0 ? interface_with(&address) : (errno = ENODEV, 0);
    return number ? (long)number : -errno;
}

/* ------------------------------------------------------------------------------------------------------------ groups */

/* A group, or a group and a source of it, as the kernel takes them. */
struct membership {
    struct tt_address group, source; /* the source's length is 0: all of them */
    unsigned interface;
};

static int describe_membership(tt_site *site, const char *doing, const char *group, const char *source,
                               const char *interface, struct membership *out)
{
    int error = parse(group, &out->group);
    long number;

    if (error)
        return tt__raise_gaierror(site, error, "getaddrinfo", group);
    out->source.length = 0;
    error = source ? parse(source, &out->source) : 0;
    if (error)
        return tt__raise_gaierror(site, error, "getaddrinfo", source);
    number = find_interface(interface);
    if (number < 0)
        return tt_raise_errno_at(site, (int)number, "%s %s on %s", doing, group, interface);
    out->interface = (unsigned)number;
    return 0;
}

/* Does OPTION, or with a source SOURCE_OPTION, to what MEMBERSHIP says. As setsockopt. */
static int apply(const tt_udp *udp, const struct membership *membership, int option, int source_option)
{
    int level = membership->group.name.ss_family == AF_INET6 ? IPPROTO_IPV6 : IPPROTO_IP;
    struct group_source_req both;
    struct group_req one;

    if (membership->source.length) {
        memset(&both, 0, sizeof both); /* its gaps too */
        both.gsr_interface = membership->interface;
        both.gsr_group = membership->group.name;
        both.gsr_source = membership->source.name;
        return setsockopt(udp->descriptor, level, source_option, &both, sizeof both);
    }
    memset(&one, 0, sizeof one);
    one.gr_interface = membership->interface;
    one.gr_group = membership->group.name;
    return setsockopt(udp->descriptor, level, option, &one, sizeof one);
}

static int change(tt_site *site, const tt_udp *udp, const char *doing, const char *group, const char *source,
                  const char *interface, int option, int source_option)
{
    struct membership membership;

    TT_PRECOND("udp_group.udp", site, udp != NULL);
    TT_PRECOND("udp_group.group", site, group != NULL);
    if (tt_exc_pending() || describe_membership(site, doing, group, source, interface, &membership) < 0)
        return -1;
    if (apply(udp, &membership, option, source_option) == 0)
        return 0;
    return tt_raise_errno_at(site, errno, "%s %s%s%s%s%s", doing, group, source ? " from " : "", source ? source : "",
                             interface ? " on " : "", interface ? interface : "");
}

int tt_udp_join_at(tt_site *site, tt_udp *udp, const char *group, const char *source, const char *interface)
{
    return change(site, udp, "join", group, source, interface, MCAST_JOIN_GROUP, MCAST_JOIN_SOURCE_GROUP);
}

int tt_udp_leave_at(tt_site *site, tt_udp *udp, const char *group, const char *source, const char *interface)
{
    return change(site, udp, "leave", group, source, interface, MCAST_LEAVE_GROUP, MCAST_LEAVE_SOURCE_GROUP);
}

/* ----------------------------------------------------------------------------------------------------------- options */

/* Sets NAME_4 of IPv4, NAME_6 of IPv6, or both, as UDP's families need. As setsockopt. */
static int set_of_family(const tt_udp *udp, int name_4, int name_6, int value)
{
    if (udp->family == AF_INET6 && setsockopt(udp->descriptor, IPPROTO_IPV6, name_6, &value, sizeof value) < 0)
        return -1;
    if (udp->family == AF_INET6 && !udp->has_both_families)
        return 0;
    return setsockopt(udp->descriptor, IPPROTO_IP, name_4, &value, sizeof value);
}

static int set_socket_option(const tt_udp *udp, enum tt_udp_option option, int value)
{
    switch (option) {
    case TT_UDP_TTL:
        return set_of_family(udp, IP_TTL, IPV6_UNICAST_HOPS, value);
    case TT_UDP_GROUP_TTL:
        return set_of_family(udp, IP_MULTICAST_TTL, IPV6_MULTICAST_HOPS, value);
    case TT_UDP_GROUP_LOOP:
        return set_of_family(udp, IP_MULTICAST_LOOP, IPV6_MULTICAST_LOOP, value);
    case TT_UDP_BROADCAST:
        return setsockopt(udp->descriptor, SOL_SOCKET, SO_BROADCAST, &value, sizeof value);
    case TT_UDP_SEND_BUFFER:
        return setsockopt(udp->descriptor, SOL_SOCKET, SO_SNDBUF, &value, sizeof value);
    case TT_UDP_RECEIVE_BUFFER:
        return setsockopt(udp->descriptor, SOL_SOCKET, SO_RCVBUF, &value, sizeof value);
    }
    errno = EINVAL;
    return -1;
}

int tt_udp_set_option_at(tt_site *site, tt_udp *udp, enum tt_udp_option option, int value)
{
    static const char *const names[] = {
        [TT_UDP_TTL] = "ttl",
        [TT_UDP_GROUP_TTL] = "group ttl",
        [TT_UDP_GROUP_LOOP] = "group loop",
        [TT_UDP_BROADCAST] = "broadcast",
        [TT_UDP_SEND_BUFFER] = "send buffer",
        [TT_UDP_RECEIVE_BUFFER] = "receive buffer",
    };
    bool is_known = (unsigned)option < sizeof names / sizeof names[0];
    char doing[64];
    int error;

    TT_PRECOND("udp_set_option.udp", site, udp != NULL);
    if (tt_exc_pending())
        return -1;
    if (set_socket_option(udp, option, value) == 0)
        return 0;
    error = errno;
    snprintf(doing, sizeof doing, "set %s to %d of", is_known ? names[option] : "an unknown option", value);
    return tt__udp_raise(site, error, doing, &udp->local);
}

int tt_udp_set_interface_at(tt_site *site, tt_udp *udp, const char *interface)
{
    long number = find_interface(interface);
    struct ip_mreqn four = {.imr_ifindex = (int)number};
    int six = (int)number;

    TT_PRECOND("udp_set_interface.udp", site, udp != NULL);
    if (tt_exc_pending())
        return -1;
    if (number < 0)
        return tt_raise_errno_at(site, (int)number, "send to groups by %s", interface);
    if ((udp->family == AF_INET || udp->has_both_families) &&
        setsockopt(udp->descriptor, IPPROTO_IP, IP_MULTICAST_IF, &four, sizeof four) < 0)
        return tt_raise_errno_at(site, errno, "send to groups by %s", interface ? interface : "any interface");
    if (udp->family == AF_INET6 && setsockopt(udp->descriptor, IPPROTO_IPV6, IPV6_MULTICAST_IF, &six, sizeof six) < 0)
        return tt_raise_errno_at(site, errno, "send to groups by %s", interface ? interface : "any interface");
    return 0;
}
