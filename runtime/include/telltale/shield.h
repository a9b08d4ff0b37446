/* telltale/shield.h: wait for a future without passing cancellation on to it.
 *
 * Threads: on the loop's thread. From: asyncio.shield. */
#ifndef TELLTALE_SHIELD_H
#define TELLTALE_SHIELD_H

#include <telltale/future.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A future that ends as INNER does, and behind which INNER does not notice when it is cancelled: who awaits it gets
 * CancelledError, INNER goes on. When INNER is done already it is INNER itself. INNER cancelled by others cancels it.
 *
 * One handle, the caller's; INNER's own handles stay where they are. While INNER is pending each keeps the other one;
 * a program that lets go of both loses nothing by that, since a loop owns its tasks until they end.
 *
 * A failure of INNER is read by the library and lives on in the shield; where the shield was cancelled before, it stays
 * INNER's own, and is lost only if nobody ever looks at it there: a shield never reports anything by itself.
 *
 * Does not suspend. May be called wherever a future of INNER's loop may. NULL with MemoryError pending, or TypeError "An
 * asyncio.Future, a coroutine or an awaitable is required" when INNER is NULL; NULL at once when an exception is
 * pending. Events: shield_created; when INNER fails, failure_touched (library) and failure_forwarded. */
#define tt_shield(inner) tt_shield_at(TT_HERE, (inner))
TT_API tt_future *tt_shield_at(tt_site *site, tt_future *inner) TT_MUST_USE;

#ifdef __cplusplus
}
#endif

#endif
