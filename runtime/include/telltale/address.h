/* telltale/address.h: addresses of sockets as values: copied, compared, told.
 *
 * Connections and datagrams are named by host and port where they are opened; an address is what comes of that, and what a
 * datagram comes from.
 *
 * Threads: any, but for tt_address_resolve. From: the tuples that asyncio has for addresses. */
#ifndef TELLTALE_ADDRESS_H
#define TELLTALE_ADDRESS_H

#include <sys/socket.h>

#include <telltale/task.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Longest text of an address, its NUL included: a path of a Unix socket has 108 bytes, an IPv6 address with the name of
 * an interface and a port fewer. */
#define TT_ADDRESS_BYTES 128

/* What is behind LENGTH in NAME means nothing. */
struct tt_address {
    socklen_t length; /* 0: there is none, or it is not known */
    struct sockaddr_storage name;
};

/* The first address of HOST, a name or a number, and PORT for datagrams, of FAMILY (AF_INET, AF_INET6; 0: either). Inside a
 * task; suspends for a name. 0, or -1 with an exception pending, as tt_getaddrinfo (telltale/dns.h). */
#define tt_address_resolve(host, port, family, out_address) \
    tt_address_resolve_at(TT_HERE, (host), (port), (family), (out_address))
TT_API int tt_address_resolve_at(tt_site *site, const char *host, int port, int family,
                                 struct tt_address *out_address) TT_MUST_USE;

/* Writes "127.0.0.1:80", "[::1]:80", the path of a Unix socket, "@name" for an abstract one, "" for none; cut to SIZE - 1
 * bytes. Returns the full length. */
TT_API int tt_address_text(const struct tt_address *address, char *buffer, size_t size);

TT_API int tt_address_port(const struct tt_address *address); /* 0 where there is none */

/* Whether both are the same place: family, host, scope and port, or path. */
TT_API bool tt_address_equal(const struct tt_address *one, const struct tt_address *other);

#ifdef __cplusplus
}
#endif

#endif
