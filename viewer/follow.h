/* follow.h: a command run again and again over a store that is being written: --follow.
 *
 * What it is for. Each look opens the store anew, so that it is one state of it. On a terminal a table or tree takes the place
 * of the one before; in a file or pipe it follows it, when it is another one. Of lines of data, ndjson and csv, those are
 * printed that the look before did not have: what is new, and what has changed. It ends when the recording does.
 *
 * What it leaves to others. The command, of which it knows the format alone.
 *
 * Threads. One thread.
 */
#ifndef TT_VIEWER_FOLLOW_H
#define TT_VIEWER_FOLLOW_H

#include "command.h"

/* Runs INVOCATION's command until the recording has ended, or it fails. Returns its exit status. */
int tt__follow(struct tt_invocation *invocation);

#endif
