/* telltale/link.h: one tree of tasks over several processes, on one host or many.
 *
 * What it is for. A task that sends a request sends a link along, in a header of the message, say; the task of the other
 * process that works on the request takes it. `telltale tree` of a recording of both then draws the one below the other. A
 * program that is started gets it in the environment, as TELLTALE_PARENT: what its main program creates was caused by the link's task.
 *
 * What it leaves to others. Carrying links: they are short printable texts without blanks, harmless wherever they come from, and
 * say nothing to programs that are not recorded. What is recorded: telltale/trace.h.
 *
 * Threads. Any thread. Neither function suspends. */
#ifndef TELLTALE_LINK_H
#define TELLTALE_LINK_H

#include <stdbool.h>

#include <telltale/trace.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Room for a link and its NUL. */
#define TT_LINK_BYTES TT_TRACE_LINK_BYTES

/* Writes the link of the current task to OUT_LINK, which has TT_LINK_BYTES; outside of a task, that of the process. False: nobody records this
 * process, and it is the empty text, which may be sent all the same. */
TT_API bool tt_link_write(char *out_link);

/* Says that the task that LINK names has caused what the current task does; outside of a task, what this process's main program
 * creates. Said again, the last one counts; the empty text says nothing. False: LINK is none; it may come from a stranger,
 * and nothing is said. Event: task_linked. */
#define tt_link_take(link) tt_link_take_at(TT_HERE, (link))
TT_API bool tt_link_take_at(tt_site *site, const char *link);

#ifdef __cplusplus
}
#endif

#endif
