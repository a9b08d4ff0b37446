/* losses.h: what is missing from a recording, said beside each answer that it may touch.
 *
 * What it leaves to others. What is missing: the view losses; which steps were told: the view processes.
 *
 * Threads. One thread.
 */
#ifndef TT_VIEWER_LOSSES_H
#define TT_VIEWER_LOSSES_H

#include "session.h"

/* Whether there is something to print. */
bool tt__losses_any(tt_session *session);

/* Prints what is missing, a line for each process and cause, indented: "  37 events lost between 12.301 s and 12.340 s". Returns
 * how many lines. */
size_t tt__losses_print(tt_session *session, tt_output *output);

/* The same behind a heading, with how many tasks are unknown for that reason; nothing when nothing is missing. For commands
 * whose output may be data: OUTPUT is that of messages. */
void tt__losses_say(tt_session *session, tt_output *output);

/* Says in lines when events of CATEGORY (NULL: any) were recorded, or were not, if that was selected while programs ran and no answer about
 * failures and ends rests on them; else it is a loss. OUTPUT as above. */
void tt__selections_say(tt_session *session, tt_output *output, const char *category);

/* Says in lines that steps were told of some tasks only, or for some time only, beside an answer that rests on steps; nothing when
 * they were told of all, or of none. OUTPUT as above. */
void tt__sampling_say(tt_session *session, tt_output *output);

/* The same beside an answer about one task: nothing unless that is one of those whose steps were left out. */
void tt__sampling_say_of(tt_session *session, tt_output *output, int64_t task_id);

#endif
