/* telltale/connection.h: connections: made, listened for, accepted.
 *
 * A connection is a tt_stream (telltale/stream.h). telltale/server.h serves each connection that a listener accepts by
 * a task of its own.
 *
 * What takes time suspends the running task, works inside of timeouts, and leaves nothing behind when it is cancelled or
 * its loop is closed. Names are looked up on a thread of libuv's pool, which cannot be stopped: who is cancelled goes on
 * at once, and the closing of the loop waits for the answer.
 *
 * Connections that can be accepted, and made to Unix sockets, at once give others a turn now and then ("Turns for the others" in
 * telltale/loop.h).
 *
 * Threads: inside a task. Events, while the category io is on: io_started, io_finished. From: asyncio's open_connection,
 * open_unix_connection, create_server, create_unix_server. */
#ifndef TELLTALE_CONNECTION_H
#define TELLTALE_CONNECTION_H

#include <sys/socket.h>

#include <telltale/stream.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---------------------------------------------------------------------------------------------------- connecting */

/* What is zero is the default. */
struct tt_connection_options {
    size_t limit; /* of the stream: see tt_stream_read_until; 0: 64 KiB */
    int family;   /* AF_INET or AF_INET6: only addresses of that family */
    /* Happy Eyeballs (RFC 8305): families in turn, and when a connection has not been made after so long the next
     * address is tried beside it; the first one that is made wins. 0: one address after the other, each to its end. 250
     * ms are a good value. asyncio: happy_eyeballs_delay, interleave. */
    int64_t happy_eyeballs_delay_ns;
    const char *local_host; /* numeric address of this machine that connections come from; NULL: the system chooses */
    int local_port;         /* 0: the system chooses */
    bool
        all_errors; /* when no address can be connected to: ExceptionGroup "create_connection failed" with each error */
};

/* Connects by TCP to PORT of HOST, a name, an IPv4 or an IPv6 address, with all the addresses that it has. The stream is
 * the caller's. NULL with an exception pending: OSError ("[Errno 111] Connection refused: connect to 127.0.0.1:1";
 * "[Errno 99] Cannot assign requested address: connect to 127.0.0.1:1 from 10.9.9.9:0" where local_host is not ours; "no matching local
 * address with family=<AddressFamily.AF_INET6: 10> found" where it is of another family than an address of HOST;
 * "Multiple exceptions: ..., ..." when there were several that differ), tt_gaierror (telltale/dns.h), OverflowError "port must be
 * 0-65535.", CancelledError and its like, MemoryError. asyncio: open_connection, create_connection. */
#define tt_open_connection(host, port)               tt_open_connection_at(TT_HERE, (host), (port), NULL)
#define tt_open_connection_with(host, port, options) tt_open_connection_at(TT_HERE, (host), (port), (options))
TT_API tt_stream *tt_open_connection_at(tt_site *site, const char *host, int port,
                                        const struct tt_connection_options *options) TT_MUST_USE;

/* Connects to the Unix socket at PATH; "@name" is an abstract one. Waits where its listener has no room just now.
 * asyncio: open_unix_connection. */
#define tt_open_unix_connection(path) tt_open_unix_connection_at(TT_HERE, (path), 0)
TT_API tt_stream *tt_open_unix_connection_at(tt_site *site, const char *path, size_t limit) TT_MUST_USE;

/* ----------------------------------------------------------------------------------------------------- listening */

typedef struct tt_listener tt_listener;

struct tt_listen_options {
    size_t limit;          /* of the streams that are accepted */
    int family;            /* AF_INET or AF_INET6 */
    int backlog;           /* connections that wait to be accepted; 0: 100 */
    bool reuse_port;       /* other listeners may have the same port, and share its connections */
    bool no_reuse_address; /* an address of which an older connection is left is not free */
};

/* Listens on PORT (0: a free one, see tt_listener_port) of HOST: the first of its addresses that can be bound; NULL or "": of
 * all interfaces, for IPv6 and IPv4. The listener is the caller's, in the end for tt_listener_close. NULL with an
 * exception pending: OSError ("[Errno 98] Address already in use: listen on 127.0.0.1:80"), tt_gaierror, CancelledError
 * and its like, MemoryError. asyncio: create_server, which listens on every address of HOST. */
#define tt_listen(host, port)               tt_listen_at(TT_HERE, (host), (port), NULL)
#define tt_listen_with(host, port, options) tt_listen_at(TT_HERE, (host), (port), (options))
TT_API tt_listener *tt_listen_at(tt_site *site, const char *host, int port,
                                 const struct tt_listen_options *options) TT_MUST_USE;

/* The same on a Unix socket at PATH; "@name" is an abstract one. A socket that is there already is
 * removed before, also one that somebody still listens at, as in asyncio; its own when it is closed. asyncio: create_unix_server. */
#define tt_listen_unix(path)               tt_listen_unix_at(TT_HERE, (path), NULL)
#define tt_listen_unix_with(path, options) tt_listen_unix_at(TT_HERE, (path), (options))
TT_API tt_listener *tt_listen_unix_at(tt_site *site, const char *path,
                                      const struct tt_listen_options *options) TT_MUST_USE;

/* The next connection; the stream is the caller's. One task at a time. NULL with an exception pending: OSError (EMFILE
 * when the process has no descriptor left: the listener goes on), CancelledError and its like, RuntimeError, MemoryError.
 * A peer that has gone again before is passed over. */
#define tt_listener_accept(listener) tt_listener_accept_at(TT_HERE, (listener))
TT_API tt_stream *tt_listener_accept_at(tt_site *site, tt_listener *listener) TT_MUST_USE;

/* Closes LISTENER and frees it; NULL ok. Never suspends. Connections that nobody has accepted are dropped. A task that
 * waits for one gets ConnectionAbortedError. errno and what is pending stay. */
TT_API void tt_listener_close(tt_listener *listener);

TT_API int tt_listener_port(const tt_listener *listener);                             /* 0 for Unix sockets */
TT_API int tt_listener_local(const tt_listener *listener, char *buffer, size_t size); /* as tt_stream_local */
TT_API int tt_listener_descriptor(const tt_listener *listener);

#ifdef __cplusplus
}
#endif

#endif
