/* stall.c: tells the trace when a step or a callback kept its loop from running anything else for long.
 *
 * Steps and callbacks that are traced read the trace's clock at their end anyway. Its ticks are no shorter than a
 * nanosecond, nor much longer (clock.c of the tracer), so whatever lasted fewer ticks than the limit has nanoseconds was
 * short enough, which is all that is asked on the way; only what may have been too long is converted, by the two clocks'
 * readings at the beginning of the run.
 *
 * The loop's thread. From: asyncio's slow_callback_duration, whose limit it goes by; asyncio looks in debug mode only. */
#include "loop_internal.h"

void tt__stall_begin_run(tt_loop *loop)
{
    loop->run_began_ticks = tt_trace_on(TT_CATEGORY_loop) ? tt_trace_clock() : 0;
    loop->run_began_ns = (int64_t)uv_hrtime();
}

/* TICKS that have just passed, in nanoseconds. */
static double in_ns(const tt_loop *loop, uint64_t ticks)
{
    uint64_t run_ticks = tt_trace_clock() - loop->run_began_ticks;
    int64_t run_ns = (int64_t)uv_hrtime() - loop->run_began_ns;

    return run_ticks ? (double)ticks * (double)run_ns / (double)run_ticks : 0;
}

void tt__stall_check(tt_loop *loop, uint64_t ticks, struct tt_who by, tt_site *site, tt_site *end_site)
{
    if (!loop->run_began_ticks || in_ns(loop, ticks) < (double)loop->slow_ns)
        return;
    TT_EMIT(stall_detected, .loop_id = loop->id, .by = by.kind, .by_id = by.id, .duration = ticks, .site = site,
            .end_site = end_site);
}
