/* store_summary.h: what a finished recording knows about its tasks as a whole.
 *
 * What it is for. A question about ten million tasks that is really one about a few must not look at all of them: the
 * tables task_span and task_origin, and an index of the tasks that hints may be about, are made in one pass when a recording
 * is finished. They say nothing that the rows do not say; where they are missing, views ask the rows.
 *
 * What it leaves to others. What follows from them (views/task_ranges.sql, views/hints.sql).
 *
 * Threads: as the writer.
 */
#ifndef TT_STORE_SUMMARY_H
#define TT_STORE_SUMMARY_H

#include "store_writer.h"

/* Makes them anew. Without memory or room there are none: the store is as good, only slower to ask. */
void tt__store_summarise(struct tt__store_writer *writer);

/* Takes them away, before anything else is written. 0, or -1 and the writer's error. */
TT_MUST_USE int tt__store_forget_summary(struct tt__store_writer *writer);

#endif
