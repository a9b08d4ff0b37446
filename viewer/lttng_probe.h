/* lttng_probe.h: what becomes of a program that loads telltale's provider here.
 *
 * What it is for. Loading LTTng's library registers a program with root's session daemon and with the user's, and waits
 * for both. A daemon that is frozen keeps each traced program waiting, at its start and at each fork, as long as
 * LTTNG_UST_REGISTER_TIMEOUT says. Only loading it shows that: nobody but root may ask root's daemon.
 *
 * What it leaves to others. Asking a daemon that one may ask: lttng_session.h. What to do about it: whoever asks.
 *
 * Threads. One thread.
 */
#ifndef TT_VIEWER_LTTNG_PROBE_H
#define TT_VIEWER_LTTNG_PROBE_H

#include <stdbool.h>
#include <stddef.h>

/* Where root's daemon, if there is one, is asked. */
#define TT_LTTNG_ROOT_SOCKET "/var/run/lttng/client-lttng-sessiond"

struct tt_lttng_probe {
    char path[4096]; /* of the provider's library, or its name, where the linker looks for it */
    bool is_loaded;
    bool is_late;     /* a daemon is there and had not registered the program when the time was over */
    char reason[300]; /* why it is not loaded; empty: it takes too long */
};

/* Loads the provider in a process of its own, which waits MILLISECONDS at most for daemons, 0: not at all. */
void tt__lttng_probe(int milliseconds, struct tt_lttng_probe *out_probe);

#endif
