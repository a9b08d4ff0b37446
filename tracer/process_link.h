/* process_link.h: the task of another process that this whole process was started by, as TELLTALE_PARENT names it.
 *
 * Threads: any; the environment is read, so nobody may be changing it.
 */
#ifndef TT_PROCESS_LINK_H
#define TT_PROCESS_LINK_H

#include <stdbool.h>

#include "telltale/trace.h"

/* What the variable says, as an event about the whole process. False: nothing, or nothing that is a link. */
bool tt__link_find_parent(struct tt_event_task_linked *out_event);

/* Emits that event, if there is one. */
void tt__link_tell_parent(void);

#endif
