/* timers.h: a binary heap of deadlines that makes the same steps as CPython's heapq.
 *
 * Equal deadlines come out in an order that depends on every step of the heap, and programs can see it; so pushing,
 * popping and rebuilding do exactly what heapq does, and a cancelled timer stays in the heap as a tombstone until it
 * comes up or until asyncio would have rebuilt (more than 100 entries, more than half of them cancelled).
 *
 * A timer is embedded in what it belongs to. Cancelling it forgets it at once, so its memory may be freed then.
 *
 * Threads: the loop's thread. From: heapq, asyncio's BaseEventLoop._run_once. */
#ifndef TT_TIMERS_H
#define TT_TIMERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tt_ready;

struct tt_timer {
    struct tt_ready *ready; /* what becomes ready when it is due; not touched here */
    size_t index;           /* its place in the heap while it is pending */
    bool is_pending;
};

struct tt_timer_entry {
    int64_t when_ns;
    struct tt_timer *timer; /* NULL: cancelled, a tombstone */
};

struct tt_timers {
    struct tt_timer_entry *entries;
    size_t count, capacity;
    size_t cancelled_count; /* asyncio's count of tombstones, which does not notice those that come up with timers that are due */
};

/* Adds TIMER, due at WHEN_NS. 0, or -1 without memory. */
int tt__timers_push(struct tt_timers *timers, struct tt_timer *timer, int64_t when_ns);

/* Forgets TIMER if it is pending. */
void tt__timers_cancel(struct tt_timers *timers, struct tt_timer *timer);

/* Removes tombstones as asyncio does at the beginning of a turn. */
void tt__timers_purge(struct tt_timers *timers);

/* Whether a timer is left, and in *OUT_WHEN_NS the earliest deadline. Call after purge. */
bool tt__timers_next(const struct tt_timers *timers, int64_t *out_when_ns);

/* Takes out the earliest timer that is due at NOW_NS; NULL when none is. */
struct tt_timer *tt__timers_pop_due(struct tt_timers *timers, int64_t now_ns);

/* Takes out any timer; NULL when none is left. For closing. */
struct tt_timer *tt__timers_pop_any(struct tt_timers *timers);

/* Frees the heap, which must not contain timers any more. */
void tt__timers_finish(struct tt_timers *timers);

#endif
