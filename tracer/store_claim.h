/* store_claim.h: whose a store is that is to be written.
 *
 * One process at a time writes a store: the one that has the lock of flock(2) on it, which does not meet SQLite's own locks and goes with
 * the descriptor. Who has it keeps it, but for one that only makes summaries afterwards, which nobody has to wait for: it gives
 * way. Two bytes far behind the end of any file say so, by locks of open file descriptions: the holder that gives way has the one, those
 * who want the store have the other.
 *
 * Threads: any.
 */
#ifndef TT_STORE_CLAIM_H
#define TT_STORE_CLAIM_H

#include <stdbool.h>

/* Takes the lock of the store that FD has open. A holder that gives way is waited for, some seconds at most. 0, or -1 and errno:
 * EWOULDBLOCK if somebody else has it. */
int tt__store_claim(int fd);

/* Whether somebody has the lock of the store that FD, which has it not, has open: in /proc/locks, which is told a page at a time, one may be
 * missing. It is had for an instant, which claims wait for. */
bool tt__store_is_claimed(int fd);

/* The lock of FD, which is open for writing and has it, is given way with from now on: ask tt__store_is_wanted(), and let go soon. */
void tt__store_give_way(int fd);

/* Whether somebody waits for the store that FD gives way with. */
bool tt__store_is_wanted(int fd);

#endif
