/* lttng_keeper.h: root's session daemon that one recording started, and that others may have come to use.
 *
 * What it is for. Root has one daemon a machine, so recordings that run at once share it. Whoever started it must not
 * end it under the others: a keeper, a process of its own, sees to it that the daemon goes when nobody has a session
 * in it any more, also when the recording is killed. And between a look at who uses it and its end nobody may begin a
 * session: that is what the lock is for.
 *
 * What it leaves to others. Starting the daemon, and ending one that nobody else uses: lttng_session.h.
 *
 * Threads. One thread.
 */
#ifndef TT_VIEWER_LTTNG_KEEPER_H
#define TT_VIEWER_LTTNG_KEEPER_H

#include <stdbool.h>
#include <sys/types.h>

/* What is said of a wait for a daemon. */
#define TT_LTTNG_AWAITED "record: waiting for LTTng's session daemon"

/* Waits some seconds at most for other recordings of root that begin or end. A descriptor; -1: nobody else is to be
 * waited for, or one of them takes too long. */
int tt__lttng_lock(void);
void tt__lttng_unlock(int lock);

/* How many sessions there are beside SESSION in the daemon that root's programs use, without those of recordings that
 * were killed. 0 also when it does not answer. */
unsigned tt__lttng_other_sessions(const char *session);

struct tt_lttng_keeper {
    pid_t pid; /* 0: there is none */
    int fd;    /* what it is told by; it also notices when this is closed */
};

/* Starts a keeper for DAEMON, a child of this process with the session SESSION. False: it cannot be started. */
bool tt__lttng_keep(struct tt_lttng_keeper *out_keeper, pid_t daemon, const char *session);

/* HAS_ENDED: the daemon is gone, and the keeper goes, too. Else it stays, until nobody uses the daemon. */
void tt__lttng_leave(struct tt_lttng_keeper *keeper, bool has_ended);

#endif
