/* address_internal.h: addresses of Unix sockets. Any thread. */
#ifndef TT_ADDRESS_INTERNAL_H
#define TT_ADDRESS_INTERNAL_H

#include <telltale/address.h>

/* The address of a Unix socket at PATH, "@name" for an abstract one. 0, -ENAMETOOLONG, or -EINVAL for an empty one. */
int tt__address_of_path(struct tt_address *address, const char *path);

#endif
