/* address.c: addresses of sockets: see telltale/address.h. */
#include "address_internal.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>

#include "precond.h"

static int unix_text(const struct tt_address *address, char *buffer, size_t size)
{
    const struct sockaddr_un *name = (const struct sockaddr_un *)&address->name;
    size_t length = address->length - offsetof(struct sockaddr_un, sun_path);

    if (address->length <= offsetof(struct sockaddr_un, sun_path)) /* nobody gave it a name */
        return snprintf(buffer, size, "%s", "");
    if (name->sun_path[0] == '\0')
        return snprintf(buffer, size, "@%.*s", (int)(length - 1), name->sun_path + 1);
    return snprintf(buffer, size, "%.*s", (int)strnlen(name->sun_path, length), name->sun_path);
}

int tt_address_text(const struct tt_address *address, char *buffer, size_t size)
{
    char host[TT_ADDRESS_BYTES], port[8];

    TT_PRECOND("address_text.address", NULL, address != NULL);
    TT_PRECOND("address_text.buffer", NULL, buffer != NULL || size == 0);
    if (!address->length)
        return snprintf(buffer, size, "%s", "");
    if (address->name.ss_family == AF_UNIX)
        return unix_text(address, buffer, size);
    if (getnameinfo((const struct sockaddr *)&address->name, address->length, host, sizeof host, port, sizeof port,
                    NI_NUMERICHOST | NI_NUMERICSERV) != 0)
        return snprintf(buffer, size, "an address of family %d", (int)address->name.ss_family);
    return snprintf(buffer, size, address->name.ss_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host, port);
}

int tt__address_of_path(struct tt_address *address, const char *path)
{
    struct sockaddr_un *name = (struct sockaddr_un *)&address->name;
    size_t length = strlen(path);

    memset(address, 0, sizeof *address);
    if (length == 0)
        return -EINVAL;
    if (length >= sizeof name->sun_path)
        return -ENAMETOOLONG;
    name->sun_family = AF_UNIX;
    memcpy(name->sun_path, path, length);
    if (path[0] == '@') /* abstract: its length is what counts, there is no NUL at its end */
        name->sun_path[0] = '\0';
    address->length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length + (path[0] != '@'));
    return 0;
}

int tt_address_port(const struct tt_address *address)
{
    const struct sockaddr_storage *name;

    TT_PRECOND("address_port.address", NULL, address != NULL);
    name = &address->name;
    if (!address->length)
        return 0;
    if (name->ss_family == AF_INET)
        return ntohs(((const struct sockaddr_in *)name)->sin_port);
    return name->ss_family == AF_INET6 ? ntohs(((const struct sockaddr_in6 *)name)->sin6_port) : 0;
}

static bool is_same_four(const struct sockaddr_in *one, const struct sockaddr_in *other)
{
    return one->sin_port == other->sin_port && one->sin_addr.s_addr == other->sin_addr.s_addr;
}

/* Flow labels belong to packets, not to places. */
static bool is_same_six(const struct sockaddr_in6 *one, const struct sockaddr_in6 *other)
{
    return one->sin6_port == other->sin6_port && one->sin6_scope_id == other->sin6_scope_id &&
           memcmp(&one->sin6_addr, &other->sin6_addr, sizeof one->sin6_addr) == 0;
}

bool tt_address_equal(const struct tt_address *one, const struct tt_address *other)
{
    const void *a, *b;

    TT_PRECOND("address_equal.addresses", NULL, one != NULL && other != NULL);
    a = &one->name;
    b = &other->name;
    if (one->length != other->length || one->length == 0)
        return one->length == other->length;
    if (one->name.ss_family != other->name.ss_family)
        return false;
    if (one->name.ss_family == AF_INET)
        return is_same_four(a, b);
    return one->name.ss_family == AF_INET6 ? is_same_six(a, b) : memcmp(a, b, one->length) == 0;
}
