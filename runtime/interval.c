/* interval.c: ticks that do not drift: see telltale/interval.h.
 *
 * Inside a task. */
#include <telltale/interval.h>

#include "loop_internal.h"
#include "precond.h"

void tt_interval_init(tt_interval *interval, int64_t period_ns)
{
    TT_PRECOND("interval_init.period", NULL, interval != NULL && period_ns > 0);
    TT_PRECOND("interval_init.loop", NULL, tt__running_loop != NULL);
    interval->period_ns = period_ns;
    interval->next_ns = tt__loop_deadline(tt__running_loop, period_ns);
}

int tt_interval_tick_at(tt_site *site, tt_interval *interval, uint64_t *out_missed)
{
    int64_t late_ns, missed;

    TT_PRECOND("interval_tick.interval", site, interval != NULL && interval->period_ns > 0);
    if (tt_sleep_until_at(site, interval->next_ns) < 0)
        return -1;
    late_ns = tt_loop_time(tt__running_loop) - interval->next_ns;
    missed = late_ns > 0 ? late_ns / interval->period_ns : 0;
    if (interval->period_ns > INT64_MAX - interval->next_ns - missed * interval->period_ns)
        interval->next_ns = INT64_MAX; /* the end of time */
    else
        interval->next_ns += (missed + 1) * interval->period_ns;
    if (out_missed)
        *out_missed = (uint64_t)missed;
    return 0;
}
