/* telltale/dns.h: names and addresses of the network.
 *
 * The C library's getaddrinfo and getnameinfo on threads of libuv's pool (of which names take at most half), while the task
 * waits and the loop goes on.
 *
 * Failure. -1 with tt_gaierror pending, "[Errno -2] Name or service not known: getaddrinfo no.such.host", or another child
 * of OSError where the system failed. Cancellation: -1 at once; a lookup that a thread is doing goes on with memory of its
 * own, and closing the loop waits for its end.
 *
 * Threads: inside a task. Events, while the category io is on: io_started, io_named, io_finished. From: asyncio's
 * loop.getaddrinfo, loop.getnameinfo. */
#ifndef TELLTALE_DNS_H
#define TELLTALE_DNS_H

#include <netdb.h>
#include <sys/socket.h>

#include <telltale/task.h>

struct addrinfo; /* <netdb.h> has it only where more than ISO C is asked for */

#ifdef __cplusplus
extern "C" {
#endif

/* An OSError: what getaddrinfo or getnameinfo says. Python's socket.gaierror. Its code, which is also its tt_exc_errno, is one of
 * EAI_..., negative here; 0 for other exceptions. tt_exc_errno_name says which: "EAI_NONAME". */
TT_API extern const tt_exc_type tt_gaierror;
TT_API int tt_gaierror_code(const tt_exc *exc);

/* The addresses of NODE and SERVICE (either may be NULL, not both: EAI_NONAME), chosen by HINTS (may be NULL): 0, and
 * the list in *OUT, which is the caller's, to be released with freeaddrinfo(3). NODE and HINTS are copied. */
#define tt_getaddrinfo(node, service, hints, out) tt_getaddrinfo_at(TT_HERE, (node), (service), (hints), (out))
TT_API int tt_getaddrinfo_at(tt_site *site, const char *node, const char *service, const struct addrinfo *hints,
                             struct addrinfo **out) TT_MUST_USE;

/* The names of ADDRESS, of family AF_INET or AF_INET6 (of another one: OSError), written to HOST and SERVICE (either may be
 * NULL), buffers of those sizes, which stay untouched on failure; EAI_OVERFLOW if one is too small. FLAGS: NI_... */
#define tt_getnameinfo(address, flags, host, host_size, service, service_size) \
    tt_getnameinfo_at(TT_HERE, (address), (flags), (host), (host_size), (service), (service_size))
TT_API int tt_getnameinfo_at(tt_site *site, const struct sockaddr *address, int flags, char *host, size_t host_size,
                             char *service, size_t service_size) TT_MUST_USE;

#ifdef __cplusplus
}
#endif

#endif
