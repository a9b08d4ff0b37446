/* task_argument.h: the task or failure that a word on a command line means.
 *
 * What it is for. Everywhere a task is named in one way: by its id (17, #17; p1#17 in the recording's second process), by its
 * name, or by NAME#N, the N-th task of that name. Of an ambiguous name the candidates are listed. The id of a future that
 * failed works too.
 *
 * Threads. One thread.
 */
#ifndef TT_VIEWER_TASK_ARGUMENT_H
#define TT_VIEWER_TASK_ARGUMENT_H

#include "session.h"

/* Returns -1 and the id of the task or failure that TEXT means, or the exit status after a complaint. */
int tt__task_argument_find(struct tt_invocation *invocation, tt_session *session, const char *text, int64_t *out_id);

#endif
