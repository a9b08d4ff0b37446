/* room.c: see room.h. Where the queue of a Unix socket's listener is full the kernel says so at once (EAGAIN), and nothing tells when
 * it is not full any more: the socket is writable, and has no error, as if it were connected. So who connects tries again,
 * first after one millisecond, in the end after fifty. asyncio takes such a socket for connected, libuv gives up. */
#include "room.h"

#include <errno.h>
#include <sys/socket.h>

enum { RETRY_MS_FIRST = 1, RETRY_MS_MAX = 50 };

bool tt__room_is_missing(int family, int error)
{
    return family == AF_UNIX && (error == EAGAIN || error == EINTR);
}

int tt__room_wait(tt_site *site, int *tries)
{
    int delay_ms = RETRY_MS_FIRST;

    for (int i = 0; i < *tries && delay_ms < RETRY_MS_MAX; i++)
        delay_ms *= 2;
    ++*tries;
    return tt_sleep_at(site, TT_MSEC(delay_ms < RETRY_MS_MAX ? delay_ms : RETRY_MS_MAX));
}
