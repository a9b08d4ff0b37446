/* select.c: what is recorded, selected anew while the process runs: by the program itself, or by somebody from outside, who writes into the
 * arena's header what he wants (`telltale select`).
 *
 * From outside. A process is not interrupted, and no thread of its own waits for such a wish: it is found where a task is suspended or
 * goes on, by each turn of a loop whose tasks are switched off, and once a second by an event. Who sleeps, or says nothing, has nothing to be recorded either. The word in
 * the header is
 *
 *     0 ──somebody wants──► step_every << 32 | categories ──taken, all told──► 0
 *                                                         ──taken by a call that may not tell──► TELLING_IS_DUE ──told──► 0
 *
 * Threads: any; who may do what is said in writer.h.
 */
#include "writer.h"

#include <errno.h>

#include "select_list.h"

/* No selection: its step_every is 0. */
#define TELLING_IS_DUE UINT64_C(1)

/* ---------------------------------------------------------------------------------------------------- by the program */

static int status_now(void)
{
    return tt__life_ordinal(tt__life()) != 0 ? TT_TRACE_RECORDING : TT_TRACE_LTTNG;
}

static int select_now(uint32_t categories, uint32_t step_every)
{
    struct tt__switching switching = tt__trace_switch(categories, step_every, TT_SELECTOR_PROGRAM, true);
    if (!switching.is_done)
        return TT_TRACE_OFF;
    if (switching.has_vital)
        tt_trace_dump();
    return status_now();
}

/* Whether this process is recorded; a forked child that has said nothing yet gets its arena now. */
static bool is_recorded(void)
{
    return tt__life_ordinal(tt__life()) != 0 || tt__trace_revive() || tt__trace_revive_lttng() ||
           atomic_load(&tt__life()->lttng.ordinal) != 0;
}

int tt_trace_select(uint32_t categories, uint32_t step_every)
{
    uint32_t complete = tt__select_complete(categories);
    if ((categories != UINT32_MAX && (categories & ~complete) != 0) || categories == TT_TRACE_VITAL_ONLY)
        return -EINVAL;
    if (!is_recorded())
        return TT_TRACE_OFF;
    return select_now(complete, step_every);
}

int tt_trace_select_list(const char *list)
{
    uint32_t categories, step_every;
    bool is_on = is_recorded() && tt__trace_selection(&categories, &step_every);
    if (!is_on) {
        categories = (uint32_t)TT_CATEGORY_DEFAULT;
        step_every = 1;
    }
    if (!list || !*list || tt__select_read_list(list, &categories, &step_every) < 0)
        return -EINVAL;
    return is_on ? select_now(tt__select_complete(categories), step_every) : TT_TRACE_OFF;
}

void tt_trace_get_selection(uint32_t *out_categories, uint32_t *out_step_every)
{
    uint32_t categories, step_every;
    (void)tt__trace_selection(&categories, &step_every);
    if (out_categories)
        *out_categories = categories;
    if (out_step_every)
        *out_step_every = step_every;
}

/* ------------------------------------------------------------------------------------------------------ from outside */

void tt__select_notice(struct tt__life *life)
{
    _Atomic uint64_t *word = &life->header->wanted_selection;
    uint64_t wanted = atomic_load_explicit(word, memory_order_acquire);
    uint32_t step_every = (uint32_t)(wanted >> 32);
    if (step_every == 0)
        return;
    struct tt__switching switching =
        tt__trace_switch(tt__select_complete((uint32_t)wanted), step_every, TT_SELECTOR_OUTSIDE, false);
    if (switching.is_done) /* unless something else is wanted by now */
        atomic_compare_exchange_strong(word, &wanted, switching.has_vital ? TELLING_IS_DUE : 0);
}

void tt_trace_poll(void)
{
    struct tt__life *life = tt__life();
    if (tt__life_ordinal(life) != 0 && tt__select_is_due(life))
        tt__select_notice_and_tell(life);
}

void tt__select_notice_and_tell(struct tt__life *life)
{
    uint64_t due = TELLING_IS_DUE;
    tt__select_notice(life);
    if (atomic_load_explicit(&life->header->wanted_selection, memory_order_relaxed) == due &&
        atomic_compare_exchange_strong(&life->header->wanted_selection, &due, 0))
        tt_trace_dump();
}
