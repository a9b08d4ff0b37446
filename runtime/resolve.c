/* resolve.c: the addresses at which connections are made and listened for. Inside a task. From: base_events._ipaddr_info,
 * _ensure_resolved. */
#include "resolve.h"

#include <stdio.h>

#include "io.h"

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
