/* import_ctf_live.h: sessions of LTTng that a relay daemon hands on while they record.
 *
 * What it is for. Finds the live sessions that URLs name, and follows them into a store that is read meanwhile:
 *
 *   net://RELAY[:PORT]                       all live sessions that the relay has now
 *   net://RELAY[:PORT]/host/HOST             those of a host
 *   net://RELAY[:PORT]/host/HOST/SESSION     one of them
 *
 * It ends when all of them have ended, when the process is asked to (SIGINT, SIGTERM, SIGHUP), or when the relay is gone.
 *
 * What it leaves to others. The protocol: babeltrace2's source.ctf.lttng-live, which shows what comes after it began to
 * look. Limits: the viewer's child, which also ends it when it says nothing for long; so it says something each second.
 *
 * Threads: one.
 */
#ifndef TT_IMPORT_CTF_LIVE_H
#define TT_IMPORT_CTF_LIVE_H

#include <stdbool.h>
#include <stddef.h>

#include "import_ctf.h"

enum tt__ctf_live_end {
    TT__CTF_LIVE_ENDED,       /* all sessions have */
    TT__CTF_LIVE_INTERRUPTED, /* it was asked to end */
    TT__CTF_LIVE_LOST,        /* the relay is gone, or said what makes no sense; a line `error` says which */
    TT__CTF_LIVE_REFUSED      /* there is no such relay, or session, and nothing was read; a line `error` says which */
};

typedef void (*tt__ctf_live_fn)(const struct tt_ctf_run *run, enum tt__ctf_live_end end);

/* Follows the sessions that COUNT URLS name. Says a line `session URL` for each. Calls ON_END once the store is whole and closed; after
 * that it takes leave of the relay daemons, which one that stands still keeps waiting. */
void tt__ctf_follow(char *const *urls, size_t count, struct tt_ctf_run *run, tt__ctf_live_fn on_end);

#endif
