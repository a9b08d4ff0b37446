/* room.h: waiting until the listener of a Unix socket has room for a connection. Inside a task. */
#ifndef TT_ROOM_H
#define TT_ROOM_H

#include <stdbool.h>

#include <telltale/task.h>

/* Whether connecting to a socket of FAMILY, which failed with ERROR, goes well when there is room, or is tried again. */
bool tt__room_is_missing(int family, int error);

/* Suspends for a while before the next attempt; *TRIES, zero before the first, counts them. 0, or -1 with an exception pending. */
int tt__room_wait(tt_site *site, int *tries);

#endif
