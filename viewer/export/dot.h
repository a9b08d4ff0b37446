/* dot.h: tasks as a graph in the language of graphviz.
 *
 * What it leaves to others. Who created whom, who waits for whom: the views creations and awaits.
 *
 * Threads. One thread.
 */
#ifndef TT_VIEWER_DOT_H
#define TT_VIEWER_DOT_H

#include "export/drawing.h"

/* Writes the session's tasks to the invocation's output: creations as solid edges, awaits as dashed ones. */
void tt__dot_write(struct tt_invocation *invocation, tt_session *session, struct tt_trace_span span);

#endif
