/* telltale/sock.h: awaitable calls on plain non-blocking sockets.
 *
 * Events, while the category io is on: io_started, io_finished. telltale/stream.h has connections with buffers, names and
 * ends; this is for descriptors of the program's own.
 *
 * Each suspends the running task until the descriptor is ready, returns -1 with an exception pending when it fails
 * (OSError's children) or is cancelled (CancelledError), and leaves nothing behind. The text of an OSError ends with
 * what was done to what: "connect to 127.0.0.1:1", "receive from descriptor 5 (127.0.0.1:80)"; where the other end has gone, the
 * address is the one here. Calls that need not wait give others a turn
 * now and then ("Turns for the others" in telltale/loop.h), which counts as waiting here. The descriptor stays the caller's
 * and must be non-blocking; it must not be closed while a task waits on it. After a call that went well the loop polls
 * it until the turn ends; so one that is open elsewhere too, duplicated or in a child process, is given up with
 * tt_loop_remove_reader and tt_loop_remove_writer before it is closed. At most one task at a time may wait to read, and
 * one to write, on a descriptor.
 *
 * Threads: inside a task. From: asyncio's loop.sock_accept, sock_recv, sock_recv_into, sock_recvfrom_into,
 * sock_sendall, sock_sendto, sock_connect. */
#ifndef TELLTALE_SOCK_H
#define TELLTALE_SOCK_H

#include <sys/socket.h>
#include <sys/types.h>

#include <telltale/loop.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A connection: its descriptor (non-blocking, close-on-exec, the caller's), its peer in ADDRESS and *LENGTH if ADDRESS
 * is not NULL. -1: raised. */
#define tt_sock_accept(listener, address, length) tt_sock_accept_at(TT_HERE, (listener), (address), (length))
TT_API int tt_sock_accept_at(tt_site *site, int listener, struct sockaddr *address, socklen_t *length) TT_MUST_USE;

/* Bytes received into BUFFER, at most SIZE; 0: end of stream. -1: raised. asyncio: sock_recv_into. */
#define tt_sock_recv(socket, buffer, size) tt_sock_recv_at(TT_HERE, (socket), (buffer), (size))
TT_API ssize_t tt_sock_recv_at(tt_site *site, int socket, void *buffer, size_t size) TT_MUST_USE;

/* The same for a datagram, of which what is beyond SIZE is lost; its sender goes to ADDRESS and *LENGTH (its room before,
 * its length afterwards) if ADDRESS is not NULL. 0 is an empty datagram. asyncio: sock_recvfrom_into. */
#define tt_sock_recvfrom(socket, buffer, size, address, length) \
    tt_sock_recvfrom_at(TT_HERE, (socket), (buffer), (size), (address), (length))
TT_API ssize_t tt_sock_recvfrom_at(tt_site *site, int socket, void *buffer, size_t size, struct sockaddr *address,
                                   socklen_t *length) TT_MUST_USE;

/* Sends all SIZE bytes: 0. -1: raised; an unknown part has been sent. SIGPIPE is never raised. */
#define tt_sock_sendall(socket, data, size) tt_sock_sendall_at(TT_HERE, (socket), (data), (size))
TT_API int tt_sock_sendall_at(tt_site *site, int socket, const void *data, size_t size) TT_MUST_USE;

/* Sends a datagram to ADDRESS (NULL: whom SOCKET is connected to): its size. -1: raised; nothing has been sent. */
#define tt_sock_sendto(socket, data, size, address, length) \
    tt_sock_sendto_at(TT_HERE, (socket), (data), (size), (address), (length))
TT_API ssize_t tt_sock_sendto_at(tt_site *site, int socket, const void *data, size_t size,
                                 const struct sockaddr *address, socklen_t length) TT_MUST_USE;

/* Connects: 0; by a Unix socket also where its listener has no room just now, when there is some: where asyncio takes the socket
 * for connected. -1: raised. */
#define tt_sock_connect(socket, address, length) tt_sock_connect_at(TT_HERE, (socket), (address), (length))
TT_API int tt_sock_connect_at(tt_site *site, int socket, const struct sockaddr *address, socklen_t length) TT_MUST_USE;

#ifdef __cplusplus
}
#endif

#endif
