/* exc_types.c: the standard tree of exception types, and which of them an errno value belongs to. Constant: any thread.
 * From: CPython's built-in exceptions and its errnomap.
 */
#include "exc_object.h"

#include <errno.h>
#include <netdb.h>
#include <uv.h>

#include <telltale/dns.h>

const tt_exc_type tt_BaseException = {.name = "BaseException"};
#define DEFINE_TYPE(NAME, BASE) const tt_exc_type tt_##NAME = {.name = #NAME, .base = &tt_##BASE};
TT_EXC_TYPES(DEFINE_TYPE)
#undef DEFINE_TYPE
const tt_exc_type tt_ExceptionGroup = {
    .name = "ExceptionGroup", .base = &tt_BaseExceptionGroup, .second_base = &tt_Exception};

/* Recursion goes along second bases only, of which a tree of types has few. */
bool tt__exc_type_is(const tt_exc_type *own, const tt_exc_type *type)
{
    for (; own; own = own->base)
        if (own == type || (own->second_base && tt__exc_type_is(own->second_base, type)))
            return true;
    return false;
}

const tt_exc_type *tt__exc_type_of_errno(int error)
{
    switch (error) {
    case EAGAIN:
#if EWOULDBLOCK != EAGAIN
    case EWOULDBLOCK:
#endif
    case EALREADY:
    case EINPROGRESS:
        return &tt_BlockingIOError;
    case ECHILD:
        return &tt_ChildProcessError;
    case EPIPE:
    case ESHUTDOWN:
        return &tt_BrokenPipeError;
    case ECONNABORTED:
        return &tt_ConnectionAbortedError;
    case ECONNREFUSED:
        return &tt_ConnectionRefusedError;
    case ECONNRESET:
        return &tt_ConnectionResetError;
    case EEXIST:
        return &tt_FileExistsError;
    case ENOENT:
        return &tt_FileNotFoundError;
    case EINTR:
        return &tt_InterruptedError;
    case EISDIR:
        return &tt_IsADirectoryError;
    case ENOTDIR:
        return &tt_NotADirectoryError;
    case EACCES:
    case EPERM:
        return &tt_PermissionError;
    case ESRCH:
        return &tt_ProcessLookupError;
    case ETIMEDOUT:
        return &tt_TimeoutError;
    default:
        return &tt_OSError;
    }
}

static const char *gai_name(int code)
{
    static const struct {
        int code;
        const char *name;
    } names[] = {
        {EAI_AGAIN, "EAI_AGAIN"},           {EAI_BADFLAGS, "EAI_BADFLAGS"}, {EAI_FAIL, "EAI_FAIL"},
        {EAI_FAMILY, "EAI_FAMILY"},         {EAI_MEMORY, "EAI_MEMORY"},     {EAI_NONAME, "EAI_NONAME"},
        {EAI_OVERFLOW, "EAI_OVERFLOW"},     {EAI_SERVICE, "EAI_SERVICE"},   {EAI_SOCKTYPE, "EAI_SOCKTYPE"},
        {EAI_SYSTEM, "EAI_SYSTEM"},
#ifdef EAI_ADDRFAMILY
        {EAI_ADDRFAMILY, "EAI_ADDRFAMILY"},
#endif
#ifdef EAI_NODATA
        {EAI_NODATA, "EAI_NODATA"},
#endif
    };

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (names[i].code == code)
            return names[i].name;
    return NULL;
}

/* By libuv's list, and not by uv_err_name, which allocates for what it does not know. */
const char *tt_exc_errno_name(const tt_exc *exc)
{
    if (tt_exc_is(exc, &tt_gaierror))
        return gai_name(tt_exc_errno(exc));
    switch (-tt_exc_errno(exc)) {
#define NAME_CASE(name, text) \
    case UV_##name:           \
        return #name;
        UV_ERRNO_MAP(NAME_CASE)
#undef NAME_CASE
    default:
        return NULL;
    }
}
