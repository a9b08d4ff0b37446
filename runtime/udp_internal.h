/* udp_internal.h: a datagram socket from the inside: udp.c, udp_open.c and udp_group.c.
 *
 *     open --tt_udp_close--> closed: descriptor is -1, the program has let go of it; the last of the calls that were
 *                            inside frees it
 *
 * The program has one reference, and each call that may suspend has one while it is inside. */
#ifndef TT_UDP_INTERNAL_H
#define TT_UDP_INTERNAL_H

#include <telltale/udp.h>

#include "io.h"
#include "line.h"

struct tt_udp {
    struct tt_waitable waitable; /* its loop is set from the beginning */
    int descriptor;              /* -1: closed */
    int family;                  /* AF_INET or AF_INET6 */
    bool has_both_families;      /* AF_INET6, and IPv4 too */
    struct tt_address local, peer;
    struct tt_io *receiving; /* the call that waits */
    struct tt_io *sending;   /* the call that waits for room */
    struct tt_line turn;     /* calls that wait for others to have sent */
    bool is_turn_taken;
};

/* A socket object of DESCRIPTOR, which it takes over also when that fails: NULL with MemoryError pending. PEER (NULL: it
 * has none) is copied. */
tt_udp *tt__udp_create(tt_site *site, tt_loop *loop, int descriptor, const struct tt_address *peer,
                       bool has_both_families);

/* Raises ERROR of what was DOING ("bind to") ADDRESS. Returns -1. */
int tt__udp_raise(tt_site *site, int error, const char *doing, const struct tt_address *address);

#endif
