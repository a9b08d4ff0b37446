/* lttng_session.h: a session of LTTng for one recording, and the daemon that it needs.
 *
 * What it is for. Uses the session daemon that answers; where there is none it starts one, and ends it again: for a
 * user in a private folder (LTTNG_HOME), for root in /var/run/lttng, where root's only daemon is, and where others may
 * come to use it; then it stays until they have ended, see lttng_keeper.h. All waits are
 * bounded: each request is made by a process of its own, telltale-lttng-session, which is ended when no answer comes.
 *
 * What it leaves to others. Running the command: supervisor.h. Reading the trace: trace_reader.h.
 *
 * Threads. One thread.
 */
#ifndef TT_VIEWER_LTTNG_SESSION_H
#define TT_VIEWER_LTTNG_SESSION_H

#include "lttng_keeper.h"

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define TT_LTTNG_CONSUMERS_MAX 16u

struct tt_lttng_session {
    char name[64];
    char folder[64];                         /* private; holds all of the following, but a trace that is to be kept */
    int folder_fd;                           /* marks the folder as that of a process that lives; -1: there is none */
    char trace[PATH_MAX];                    /* where the session writes */
    char recording[24];                      /* token of what is recorded, random */
    const char *store;                       /* the canonical path of what the trace becomes; NULL: it is not known */
    pid_t daemon;                            /* that was started for it; 0: one was there */
    struct tt_lttng_keeper keeper;           /* of that daemon, if it is root's */
    pid_t consumers[TT_LTTNG_CONSUMERS_MAX]; /* its consumer daemons, to be ended with it */
    size_t consumer_count;
    unsigned snapshot_count; /* it overwrites its oldest events, and writes what is there so often; 0: it writes all */
    bool is_private; /* that daemon is found by LTTNG_HOME=FOLDER only */
    bool has_begun;
    bool is_silent; /* the daemon has not answered in time */
};

/* Sub-buffers of each processor's buffer. */
#define TT_LTTNG_SUBBUF_COUNT 8u

/* Snapshots at failures: the last one is at the millionth failure. */
#define TT_LTTNG_SNAPSHOTS_MAX 7u

/* Makes names only: the private folder's is made when the session begins. KEEP: where the trace is to stay; NULL: with
 * the folder. SNAPSHOT_COUNT: see there. Returns -1, or the exit status after a complaint. */
int tt__lttng_plan(struct tt_lttng_session *session, const char *keep, unsigned snapshot_count);

/* Whether a session daemon answers: 1; 0: none is there; -1: one is there and is frozen, or that cannot be found out. */
int tt__lttng_daemon_answers(const struct tt_lttng_session *session);

/* Makes the folders, sees to it that there is a daemon, and starts a session that records all events of telltale, with
 * BUFFER_BYTES for each processor. Returns -1, or the exit status after a complaint; what was begun is to be closed
 * either way. */
int tt__lttng_begin(struct tt_lttng_session *session, uint64_t buffer_bytes);

/* Stops the session and has its data written; of one that overwrites, what is there at the end, too. False after a complaint: that was not possible, and there may be a trace
 * all the same. */
bool tt__lttng_end(struct tt_lttng_session *session);

/* Ends the daemon that was started, unless others use it, and removes the private folder. KEEPS_TRACE: moves nothing, and leaves the folder
 * with the trace in it. */
void tt__lttng_close(struct tt_lttng_session *session, bool keeps_trace);

#endif
