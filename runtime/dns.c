/* dns.c: names and addresses: see telltale/dns.h.
 *
 * libuv makes the calls, on its pool, and keeps them from taking all of its threads; request.c is what waits.
 *
 * Inside a task. From: BaseEventLoop.getaddrinfo, getnameinfo. */
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include <telltale/address.h>
#include <telltale/dns.h>

#include "io.h"
#include "precond.h"
#include "request.h"
#include "resolve.h"

struct lookup {
    struct tt_request request;
    int status;                 /* libuv's, once it has ended */
    struct addrinfo *addresses; /* owned until they are taken */
};

/* --------------------------------------------------------------------------------------------------------- failure */

const tt_exc_type tt_gaierror = {.name = "gaierror", .base = &tt_OSError};

int tt_gaierror_code(const tt_exc *exc)
{
    return tt_exc_is(exc, &tt_gaierror) ? tt_exc_errno(exc) : 0;
}

/* The C library's code for libuv's STATUS; 0: it is an errno value, or libuv's own. */
static int code_of(int status)
{
    static const int codes[][2] = {
        {UV_EAI_AGAIN, EAI_AGAIN},           {UV_EAI_BADFLAGS, EAI_BADFLAGS}, {UV_EAI_FAIL, EAI_FAIL},
        {UV_EAI_FAMILY, EAI_FAMILY},         {UV_EAI_MEMORY, EAI_MEMORY},     {UV_EAI_NONAME, EAI_NONAME},
        {UV_EAI_OVERFLOW, EAI_OVERFLOW},     {UV_EAI_SERVICE, EAI_SERVICE},   {UV_EAI_SOCKTYPE, EAI_SOCKTYPE},
#ifdef EAI_ADDRFAMILY
        {UV_EAI_ADDRFAMILY, EAI_ADDRFAMILY},
#endif
#ifdef EAI_NODATA
        {UV_EAI_NODATA, EAI_NODATA},
#endif
    };

    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
        if (codes[i][0] == status)
            return codes[i][1];
    return 0;
}

int tt__raise_gaierror(tt_site *site, int code, const char *what, const char *object)
{
    return tt__raise_numbered(site, &tt_gaierror, code, gai_strerror(code), "%s %s", what,
                              *object ? object : "of an empty name");
}

static int raise_status(tt_site *site, int status, const char *what, const char *object)
{
    int code = code_of(status);

    return code ? tt__raise_gaierror(site, code, what, object) : tt_raise_errno_at(site, status, "%s %s", what, object);
}

/* ---------------------------------------------------------------------------------------------------------- lookups */

static void destroy_lookup(struct tt_request *request)
{
    struct lookup *lookup = tt_container_of(request, struct lookup, request);

    if (lookup->addresses)
        uv_freeaddrinfo(lookup->addresses);
    free(lookup);
}

/* A lookup of the running task; NULL: an exception is pending. */
static struct lookup *create_lookup(tt_site *site, struct tt_task_object **out_task)
{
    static const struct tt_request_ops ops = {.destroy = destroy_lookup};
    struct tt_task_object *task = tt__task_that_may_suspend(site);
    struct lookup *lookup = task ? calloc(1, sizeof *lookup) : NULL;

    if (!lookup) {
        if (task)
            tt_raise_at(site, &tt_MemoryError, "no memory to look up a name");
        return NULL;
    }
    tt__request_init(&lookup->request, task, &ops, (struct tt_wait_label){TT_WAIT_KIND_RESOLVE, 0}, site);
    *out_task = task;
    return lookup;
}

/* What RC and the exception that is pending say of IO. */
static void tell_end(struct tt_io *io, struct tt_task_object *task, int rc)
{
    const tt_exc *exc = rc < 0 ? tt_exc_pending() : NULL;

    if (exc && tt_exc_is(exc, &tt_OSError))
        io->error = tt_exc_errno(exc);
    tt__io_tell_finished(task, io, rc < 0 && !io->error);
}

static void addresses_found(uv_getaddrinfo_t *request, int status, struct addrinfo *addresses)
{
    struct lookup *lookup = tt_container_of(request, struct lookup, request.uv.getaddrinfo);

    lookup->status = status;
    lookup->addresses = addresses;
    tt__request_ended(&lookup->request);
}

int tt_getaddrinfo_at(tt_site *site, const char *node, const char *service, const struct addrinfo *hints,
                      struct addrinfo **out)
{
    struct tt_task_object *task = NULL;
    const char *object = node ? node : service;
    struct tt_io io = {.descriptor = -1, .what = TT_IO_KIND_RESOLVE};
    struct lookup *lookup;
    int rc;

    TT_PRECOND("getaddrinfo.out", site, out != NULL);
    lookup = create_lookup(site, &task);
    if (!lookup)
        return -1;
    tt__io_tell_started(task, &io, site);
    if (object)
        tt__io_tell_named(&io, object, NULL);
    tt__request_begin(&lookup->request);
    rc = object && *object ? uv_getaddrinfo(task->future.loop->uv, &lookup->request.uv.getaddrinfo, addresses_found,
                                            node, service, hints)
                           : UV_EAI_NONAME;
    if (rc < 0) {
        tt__request_refused(&lookup->request, site);
        rc = raise_status(site, rc, "getaddrinfo", object ? object : "of nothing");
    } else {
        rc = tt__request_await(&lookup->request, task, site);
        if (rc == 0 && lookup->status < 0)
            rc = raise_status(site, lookup->status, "getaddrinfo", object);
    }
    tell_end(&io, task, rc);
    if (rc == 0) {
        *out = lookup->addresses;
        lookup->addresses = NULL;
    }
    tt__request_unref(&lookup->request, site);
    return rc;
}

/* ------------------------------------------------------------------------------------------------------------ names */

static void names_found(uv_getnameinfo_t *request, int status, const char *host, const char *service)
{
    struct lookup *lookup = tt_container_of(request, struct lookup, request.uv.getnameinfo);

    (void)host; /* they lie in the request */
    (void)service;
    lookup->status = status;
    tt__request_ended(&lookup->request);
}

static bool fits(const char *text, const char *buffer, size_t size)
{
    return !buffer || strlen(text) < size;
}

/* Copies both names, or neither. */
static int take_names(const uv_getnameinfo_t *request, char *host, size_t host_size, char *service, size_t service_size,
                      tt_site *site)
{
    if (!fits(request->host, host, host_size) || !fits(request->service, service, service_size))
        return tt__raise_gaierror(site, EAI_OVERFLOW, "getnameinfo", request->host);
    if (host)
        strcpy(host, request->host);
    if (service)
        strcpy(service, request->service);
    return 0;
}

static void tell_address(const struct tt_io *io, const struct sockaddr *address)
{
    struct tt_address copy = {.length = address->sa_family == AF_INET    ? sizeof(struct sockaddr_in)
                                        : address->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6)
                                                                         : 0};
    char text[TT_ADDRESS_BYTES];

    memcpy(&copy.name, address, copy.length);
    tt_address_text(&copy, text, sizeof text);
    tt__io_tell_named(io, text, NULL);
}

int tt_getnameinfo_at(tt_site *site, const struct sockaddr *address, int flags, char *host, size_t host_size,
                      char *service, size_t service_size)
{
    struct tt_task_object *task = NULL;
    struct tt_io io = {.descriptor = -1, .what = TT_IO_KIND_NAME};
    struct lookup *lookup;
    int rc;

    TT_PRECOND("getnameinfo.address", site, address != NULL);
    lookup = create_lookup(site, &task);
    if (!lookup)
        return -1;
    tt__io_tell_started(task, &io, site);
    if (io.id)
        tell_address(&io, address);
    tt__request_begin(&lookup->request);
    rc = uv_getnameinfo(task->future.loop->uv, &lookup->request.uv.getnameinfo, names_found, address, flags);
    if (rc < 0) {
        tt__request_refused(&lookup->request, site);
        rc = raise_status(site, rc, "getnameinfo", "of an address of another family");
    } else {
        rc = tt__request_await(&lookup->request, task, site);
        if (rc == 0 && lookup->status < 0)
            rc = raise_status(site, lookup->status, "getnameinfo", "of an address");
    }
    if (rc == 0)
        rc = take_names(&lookup->request.uv.getnameinfo, host, host_size, service, service_size, site);
    tell_end(&io, task, rc);
    tt__request_unref(&lookup->request, site);
    return rc;
}
