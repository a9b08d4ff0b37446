/* telltale/interval.h: ticks that do not drift.
 *
 *     tt_interval interval;
 *     uint64_t missed;
 *
 *     tt_interval_init(&interval, TT_SEC(1));
 *     while (tt_interval_tick(&interval, &missed) == 0)
 *         measure();
 *
 * Tick N is due N periods after the beginning, however long what comes in between takes. Who is late by a period or more is
 * told how many ticks were missed; these are not made up for.
 *
 * Threads: inside a task. From: nothing in asyncio. */
#ifndef TELLTALE_INTERVAL_H
#define TELLTALE_INTERVAL_H

#include <telltale/task.h>

#ifdef __cplusplus
extern "C" {
#endif

/* In the caller's memory; needs no end. To be changed by the functions below only. */
typedef struct tt_interval {
    int64_t period_ns; /* more than 0 */
    int64_t next_ns;   /* when the next tick is due, in tt_loop_time */
} tt_interval;

/* Begins: the first tick is due one period from now. On a loop that runs. */
TT_API void tt_interval_init(tt_interval *interval, int64_t period_ns);

/* Suspends until the next tick, at least for a turn: 0, and in *OUT_MISSED (NULL: not wanted) how many others have passed
 * unseen since the last one; -1 with CancelledError pending: that tick is still to come. */
#define tt_interval_tick(interval, out_missed) tt_interval_tick_at(TT_HERE, (interval), (out_missed))
TT_API int tt_interval_tick_at(tt_site *site, tt_interval *interval, uint64_t *out_missed) TT_MUST_USE;

#ifdef __cplusplus
}
#endif

#endif
