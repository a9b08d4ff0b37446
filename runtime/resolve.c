/* resolve.c: the addresses at which connections are made and listened for. Inside a task. From: base_events._ipaddr_info,
 * _ensure_resolved. */
#include "resolve.h"

#include <stdio.h>
#include <string.h>

#include <telltale/address.h>

#include "io.h"
#include "precond.h"

bool tt__port_exists(tt_site *site, int port)
{
    if (port >= 0 && port <= 65535)
        return true;
    tt_raise_at(site, &tt_OverflowError, "port must be 0-65535.");
    return false;
}

int tt__resolve(tt_site *site, const char *host, int port, const struct addrinfo *hints, struct addrinfo **out_list)
{
    struct tt_task_object *task = tt__task_that_may_suspend(site);
    struct addrinfo numeric = *hints;
    char service[16];

    if (!task || !tt__port_exists(site, port) || (tt__io_is_spent(task) && tt__io_give_turn(task, NULL, site) < 0))
        return -1;
    snprintf(service, sizeof service, "%d", port);
    numeric.ai_flags |= AI_NUMERICHOST | AI_NUMERICSERV;
    tt__io_spend(task, 0);
    if (getaddrinfo(host, service, &numeric, out_list) == 0)
        return 0;
    return tt_getaddrinfo_at(site, host, service, hints, out_list);
}

int tt_address_resolve_at(tt_site *site, const char *host, int port, int family, struct tt_address *out_address)
{
    const struct addrinfo hints = {.ai_family = family, .ai_socktype = SOCK_DGRAM};
    struct addrinfo *list;

    TT_PRECOND("address_resolve.out_address", site, out_address != NULL);
    if (!tt__task_that_may_suspend(site) || tt__resolve(site, host, port, &hints, &list) < 0)
        return -1;
    out_address->length = list->ai_addrlen;
    memcpy(&out_address->name, list->ai_addr, list->ai_addrlen);
    freeaddrinfo(list);
    return 0;
}
