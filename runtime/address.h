/* address.h: addresses of sockets, and how they are told. Any thread. */
#ifndef TT_ADDRESS_H
#define TT_ADDRESS_H

#include <stddef.h>
#include <sys/socket.h>

/* Longest text of an address, its NUL included: a path of a Unix socket has 108 bytes, an IPv6 address with the name of
 * an interface and a port fewer. */
enum { TT_ADDRESS_BYTES = 128 };

struct tt_address {
    socklen_t length; /* 0: there is none, or it is not known */
    struct sockaddr_storage name;
};

/* Writes "127.0.0.1:80", "[::1]:80", the path of a Unix socket, "@name" for an abstract one, "" for none; cut to SIZE - 1
 * bytes. Returns the full length. */
int tt__address_text(const struct tt_address *address, char *buffer, size_t size);

/* The address of a Unix socket at PATH, "@name" for an abstract one. 0, -ENAMETOOLONG, or -EINVAL for an empty one. */
int tt__address_of_path(struct tt_address *address, const char *path);

#endif
