/* dump.h: telling again what is, for somebody who begins to listen in the middle of a run.
 *
 * What it is for. LTTng has no board and no header: a session that starts when tasks are waiting already would never
 * hear of them. So whoever has tasks registers a dumper (telltale/trace.h), and a thread of this file asks all of
 * them when LTTng's list of listeners has changed, and, if TELLTALE_LTTNG_DUMP says so, every few seconds.
 *
 * What it leaves to others. What there is to be told: the dumpers. Who the process is: lttng.c.
 *
 * Threads: any, not in signal handlers.
 */
#ifndef TT_DUMP_H
#define TT_DUMP_H

#include <stdbool.h>

/* Begins to watch for listeners, if that is not done yet. Without memory for a thread nothing is told again by itself. */
void tt__dump_watch_start(void);
/* Waits for the thread to end. Not under the lock of start.c. */
void tt__dump_watch_stop(void);

/* The two ends of a fork: no thread of another kind is inside of this file between them. */
void tt__dump_before_fork(void);
void tt__dump_after_fork(bool is_child);

/* In a child: the tests that are under way are its parent's. Nobody else is in this process. (running_tests.c) */
void tt__tests_after_fork(void);

/* Whether dumps go to the arena too: somebody asked for them who may be its reader. The arena of a process whose
 * dumps are asked for by LTTng has a board, and needs none. */
bool tt__dump_is_for_arena(void);

#endif
