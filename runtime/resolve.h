/* resolve.h: the addresses at which connections are made and listened for. Inside a task. */
#ifndef TT_RESOLVE_H
#define TT_RESOLVE_H

#include <telltale/dns.h>

#include "loop_internal.h"

/* Raises tt_gaierror of CODE, one of EAI_..., for WHAT ("getaddrinfo") of OBJECT. Returns -1. */
int tt__raise_gaierror(tt_site *site, int code, const char *what, const char *object);

/* Whether PORT is one: 0 to 65535; else raises, for getaddrinfo would take it modulo 65536. asyncio: OverflowError of connect. */
bool tt__port_exists(tt_site *site, int port);

/* As tt_getaddrinfo for HOST and PORT with HINTS, which are not NULL; numeric addresses need no thread. 0, and *OUT_LIST
 * is for freeaddrinfo; -1 with an exception pending. Told to the trace. */
int tt__resolve(tt_site *site, const char *host, int port, const struct addrinfo *hints, struct addrinfo **out_list);

#endif
