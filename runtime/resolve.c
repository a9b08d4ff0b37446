/* resolve.c: the addresses at which connections are made and listened for. Inside a task. From: base_events._ipaddr_info,
 * _ensure_resolved. */
#include "resolve.h"

#include <stdio.h>
#include <string.h>

#include <telltale/address.h>

#include "io.h"
#include "precond.h"

int tt__resolve(tt_site *site, struct tt_task_object *task, const char *host, int port, const struct addrinfo *hints,
                struct addrinfo **out_list)
{
    struct tt_io io = {.descriptor = -1, .what = TT_IO_KIND_RESOLVE};
    struct addrinfo numeric = *hints;
    char service[16];
    int rc;

    snprintf(service, sizeof service, "%d", port);
    numeric.ai_flags |= AI_NUMERICHOST | AI_NUMERICSERV;
    if (getaddrinfo(host, service, &numeric, out_list) == 0)
        return 0;
    tt__io_tell_started(task, &io, site);
    rc = tt_getaddrinfo_at(site, host, service, hints, out_list);
    if (rc < 0 && tt_exc_is(tt_exc_pending(), &tt_OSError))
        io.error =
            tt_gaierror_code(tt_exc_pending()) ? tt_gaierror_code(tt_exc_pending()) : tt_exc_errno(tt_exc_pending());
    tt__io_tell_finished(task, &io, rc < 0 && !io.error);
    return rc;
}

int tt_address_resolve_at(tt_site *site, const char *host, int port, int family, struct tt_address *out_address)
{
    const struct addrinfo hints = {.ai_family = family, .ai_socktype = SOCK_DGRAM};
    struct tt_task_object *task = tt__task_that_may_suspend(site);
    struct addrinfo *list;

    TT_PRECOND("address_resolve.out_address", site, out_address != NULL);
    if (!task || tt__resolve(site, task, host, port, &hints, &list) < 0)
        return -1;
    out_address->length = list->ai_addrlen;
    memcpy(&out_address->name, list->ai_addr, list->ai_addrlen);
    freeaddrinfo(list);
    return 0;
}
