/* import_live.h: telltale import net://...: live sessions of LTTng into a growing store.
 *
 * What it is for. The store is under its name from the beginning, so that ps, report and all others read it while the
 * programs run. It grows until all sessions have ended, this program is interrupted, or the relay daemon is gone; each is an
 * end that leaves a whole store.
 *
 * What it leaves to others. Reading, and the limits of that: trace_reader.h. What there was under the name before: target.h.
 *
 * Threads. One thread.
 */
#ifndef TT_VIEWER_IMPORT_LIVE_H
#define TT_VIEWER_IMPORT_LIVE_H

#include "command.h"

/* Whether some argument is a URL, and not a folder. */
bool tt__import_is_live(const struct tt_invocation *invocation);

/* Follows what the arguments name into STORE; NULL: the default. Returns the exit status. */
int tt__import_live(struct tt_invocation *invocation, const char *store, bool is_appending, const char *only);

#endif
