/* telltale/udp.h: datagrams: sent, received, to one, to all, to groups.
 *
 *     tt_udp *udp = tt_udp_open(NULL, 5000);                   port 5000 of all interfaces, IPv4 and IPv6
 *     struct tt_datagram from;
 *     ssize_t size = tt_udp_receive(udp, buffer, sizeof buffer, &from);
 *     rc = tt_udp_send_to(udp, buffer, (size_t)size, &from.peer);
 *
 * A datagram is sent and received as a whole or not at all; it may get lost, come twice, or in another order. What has come and
 * was not received yet waits in the kernel, in a queue whose bound is TT_UDP_RECEIVE_BUFFER; what finds it full is dropped there,
 * and counted (tt_udp_drop_count).
 *
 * Calls that may suspend work inside of timeouts and can be cancelled at any instant: a datagram that has come is then still to
 * be received, one that was to be sent is not, and nothing is left behind. One task receives at a time; tasks that send take
 * turns. Calls that need not wait give everybody else one now and then ("Turns for the others" in telltale/loop.h). Failures
 * are children of OSError whose text says what was done to what: "[Errno 111] Connection refused: receive from
 * 127.0.0.1:9". They concern one datagram, and the socket goes on; but ConnectionAbortedError, a child of OSError too, says
 * that the socket was closed, and must not be used again: a task that goes on after failures lets that one through.
 *
 * Threads: on the loop's thread, calls that may suspend inside a task. Events, while the category io is on: io_started,
 * io_finished. From: asyncio's create_datagram_endpoint. */
#ifndef TELLTALE_UDP_H
#define TELLTALE_UDP_H

#include <sys/types.h>

#include <telltale/address.h>
#include <telltale/loop.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct tt_udp tt_udp;

/* ------------------------------------------------------------------------------------------------------ opening */

/* What is zero is the default. */
struct tt_udp_options {
    int family;             /* AF_INET or AF_INET6: of that family only */
    bool reuse_address;     /* others that say so too may have the same port: each gets what goes to a group */
    bool reuse_port;        /* the same, and what goes to one of them is spread over all */
    bool broadcast;         /* what goes to a broadcast address is not refused */
    int receive_buffer;     /* bytes of the kernel's queue: see TT_UDP_RECEIVE_BUFFER. 0: as the system has it */
    const char *local_host; /* tt_udp_connect: numeric address that datagrams come from; NULL: the system chooses */
    int local_port;         /* 0: the system chooses */
};

/* A socket bound to PORT (0: a free one, see tt_udp_local_address) of HOST, the first of its addresses that can be bound; NULL:
 * of all interfaces, for IPv6 and IPv4. The caller's, in the end for tt_udp_close. Suspends where HOST is a name. NULL with an
 * exception pending: OSError ("[Errno 98] Address already in use: bind to 127.0.0.1:53"), tt_gaierror, CancelledError and its like,
 * MemoryError. asyncio: create_datagram_endpoint(local_addr=). */
#define tt_udp_open(host, port)               tt_udp_open_at(TT_HERE, (host), (port), NULL)
#define tt_udp_open_with(host, port, options) tt_udp_open_at(TT_HERE, (host), (port), (options))
TT_API tt_udp *tt_udp_open_at(tt_site *site, const char *host, int port,
                              const struct tt_udp_options *options) TT_MUST_USE;

/* A socket whose datagrams go to PORT of HOST, the first of its addresses that there is a way to, and that receives from there
 * only. Nobody needs to be there: that there is nobody is told by a later call (ConnectionRefusedError), if the other machine says
 * so. NULL as tt_udp_open. asyncio: create_datagram_endpoint(remote_addr=). */
#define tt_udp_connect(host, port)               tt_udp_connect_at(TT_HERE, (host), (port), NULL)
#define tt_udp_connect_with(host, port, options) tt_udp_connect_at(TT_HERE, (host), (port), (options))
TT_API tt_udp *tt_udp_connect_at(tt_site *site, const char *host, int port,
                                 const struct tt_udp_options *options) TT_MUST_USE;

/* Closes UDP and frees it; NULL ok. Never suspends. What was sent is on its way; what was not received is lost. A task that
 * waits to receive or send gets ConnectionAbortedError, or RuntimeError where it waits for its turn to send. errno and what is
 * pending stay. asyncio: DatagramTransport.close, which sends what it has buffered before. */
TT_API void tt_udp_close(tt_udp *udp);

/* ---------------------------------------------------------------------------------------------- sending, receiving
 *
 * Each returns -1 with an exception pending: OSError, CancelledError and its like, MemoryError (never after it has waited). */

/* Sends the SIZE bytes of DATA to whom UDP is connected to: 0. Suspends while the kernel has no room. Too many for a datagram
 * (65,507 by IPv4): OSError "[Errno 90] Message too long: send to ...". */
#define tt_udp_send(udp, data, size) tt_udp_send_to_at(TT_HERE, (udp), (data), (size), NULL)

/* The same to ADDRESS, borrowed; NULL: as tt_udp_send. An IPv4 address will do for a socket of both families. asyncio:
 * DatagramTransport.sendto, which buffers instead of waiting. */
#define tt_udp_send_to(udp, data, size, address) tt_udp_send_to_at(TT_HERE, (udp), (data), (size), (address))
TT_API int tt_udp_send_to_at(tt_site *site, tt_udp *udp, const void *data, size_t size,
                             const struct tt_address *address) TT_MUST_USE;

/* What is told of a datagram beside its bytes. */
struct tt_datagram {
    struct tt_address peer; /* who sent it */
    size_t size;            /* its bytes, all of them */
    bool is_truncated;      /* the buffer was too small: the rest of it is lost */
};

/* Receives a datagram: returns how many of its bytes are in BUFFER, at most SIZE; 0 is an empty one. *OUT_DATAGRAM (NULL: not
 * wanted) tells the rest, and stays untouched on failure. RuntimeError when another task is receiving. asyncio:
 * DatagramProtocol.datagram_received, error_received. */
#define tt_udp_receive(udp, buffer, size, out_datagram) \
    tt_udp_receive_at(TT_HERE, (udp), (buffer), (size), (out_datagram))
TT_API ssize_t tt_udp_receive_at(tt_site *site, tt_udp *udp, void *buffer, size_t size,
                                 struct tt_datagram *out_datagram) TT_MUST_USE;

/* How many datagrams the kernel has dropped that came to this socket, because its queue was full or, rarely, their checksum was
 * wrong. Modulo 2^32; -1 where the kernel does not say. */
TT_API int64_t tt_udp_drop_count(const tt_udp *udp);

/* -------------------------------------------------------------------------------------------------------- groups
 *
 * GROUP and SOURCE are numeric addresses, "239.1.2.3", "ff02::1". INTERFACE is an interface's name ("eth0") or one of its
 * addresses; NULL: the one that the system routes GROUP to. A socket of both families joins groups of both. Each returns 0, or -1
 * with an exception pending: tt_gaierror where GROUP is no address; OSError: "[Errno 19] No such device: join 239.1.2.3 on eth7";
 * EADDRINUSE when it is in the group, EADDRNOTAVAIL when it is not. Never suspends. Closing leaves all groups. */

/* Receives what is sent to GROUP, at UDP's port, from anybody; or no more. What goes to groups that only others on this machine have
 * joined is not received. */
#define tt_udp_join(udp, group, interface)  tt_udp_join_at(TT_HERE, (udp), (group), NULL, (interface))
#define tt_udp_leave(udp, group, interface) tt_udp_leave_at(TT_HERE, (udp), (group), NULL, (interface))

/* The same, but only of what SOURCE sends there (RFC 4607). */
#define tt_udp_join_source(udp, group, source, interface) tt_udp_join_at(TT_HERE, (udp), (group), (source), (interface))
#define tt_udp_leave_source(udp, group, source, interface) \
    tt_udp_leave_at(TT_HERE, (udp), (group), (source), (interface))

TT_API int tt_udp_join_at(tt_site *site, tt_udp *udp, const char *group, const char *source,
                          const char *interface) TT_MUST_USE;
TT_API int tt_udp_leave_at(tt_site *site, tt_udp *udp, const char *group, const char *source,
                           const char *interface) TT_MUST_USE;

/* Sends by INTERFACE what goes to groups; NULL: by the one that the system routes to. */
#define tt_udp_set_interface(udp, interface) tt_udp_set_interface_at(TT_HERE, (udp), (interface))
TT_API int tt_udp_set_interface_at(tt_site *site, tt_udp *udp, const char *interface) TT_MUST_USE;

/* --------------------------------------------------------------------------------------------------------- about */

enum tt_udp_option {
    TT_UDP_TTL,            /* how many routers pass a datagram on: 1 to 255 */
    TT_UDP_GROUP_TTL,      /* the same of what goes to a group: 0 to 255; 1 until it is set */
    TT_UDP_GROUP_LOOP,     /* 1: what goes to a group comes to its members on this machine too; so from the beginning */
    TT_UDP_BROADCAST,      /* 1: what goes to a broadcast address is not refused */
    TT_UDP_SEND_BUFFER,    /* bytes that the kernel keeps for sending; it doubles that, for its own needs */
    TT_UDP_RECEIVE_BUFFER, /* and for what was not received yet */
};

/* Sets OPTION: 0, or -1 with OSError pending. */
#define tt_udp_set_option(udp, option, value) tt_udp_set_option_at(TT_HERE, (udp), (option), (value))
TT_API int tt_udp_set_option_at(tt_site *site, tt_udp *udp, enum tt_udp_option option, int value) TT_MUST_USE;

/* The address of this end; that of the other one, if it is connected. Else their length is 0. */
TT_API void tt_udp_local_address(const tt_udp *udp, struct tt_address *out_address);
TT_API void tt_udp_peer_address(const tt_udp *udp, struct tt_address *out_address);

/* The descriptor, which stays the socket's. For options that are not among these. */
TT_API int tt_udp_descriptor(const tt_udp *udp);

#ifdef __cplusplus
}
#endif

#endif
