/* telltale/event.h: events: tasks wait until something has happened.
 *
 * An event is set or not. Setting it wakes all who wait; as long as it is set nobody waits. What it has in common with
 * other objects, destroying it while tasks wait for instance, is in telltale/lock.h.
 *
 * From: asyncio.Event. */
#ifndef TELLTALE_EVENT_H
#define TELLTALE_EVENT_H

#include <telltale/task.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct tt_event tt_event;

/* A new event, not set; the caller destroys it. NULL with MemoryError pending. */
#define tt_event_create() tt_event_create_at(TT_HERE)
TT_API tt_event *tt_event_create_at(tt_site *site) TT_MUST_USE;
TT_API void tt_event_destroy(tt_event *event); /* NULL ok */

/* Suspends the running task until EVENT is set. Returns 0, also when it has been cleared again meanwhile; or -1 with an
 * exception pending. Precondition event_wait.event: not NULL. */
#define tt_event_wait(event) tt_event_wait_at(TT_HERE, (event))
TT_API int tt_event_wait_at(tt_site *site, tt_event *event) TT_MUST_USE;

/* Inside or outside of tasks. Those who wait run in the order in which they came. Precondition event_set.event: not
 * NULL. */
TT_API void tt_event_set(tt_event *event);
TT_API void tt_event_clear(tt_event *event);
TT_API bool tt_event_is_set(const tt_event *event);

/* Writes the repr, "<asyncio.locks.Event object at 0x55d0c8a3e2a0 [unset, waiters:1]>", as tt_lock_repr. */
TT_API int tt_event_repr(const tt_event *event, char *buffer, size_t size);

#ifdef __cplusplus
}
#endif

#endif
