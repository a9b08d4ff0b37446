/* record_lttng.h: telltale record --lttng: a command, a session of LTTng, and a store of the trace.
 *
 * What it is for. Sets up a session, runs the command, imports what LTTng wrote, and leaves nothing behind: no
 * session, no daemon that it has started, no trace that was not asked for, also when it is interrupted.
 *
 * With snapshots, LTTng keeps the latest events only, as many as there is room for, and they are written at the 1st, 10th,
 * 100th ... failure that was reported, and at the end: a program that fails a million times does not fill a disk. The store is
 * of all snapshots; what they have in common is in it once, and what none has is counted.
 *
 * What it leaves to others. Options, the summary, the earlier store's fate: cmd_record.c. The session: lttng_session.h.
 *
 * Threads. One thread.
 */
#ifndef TT_VIEWER_RECORD_LTTNG_H
#define TT_VIEWER_RECORD_LTTNG_H

#include "output/output.h"
#include "target.h"

#include <stdint.h>

struct tt_lttng_recording {
    struct tt_target *target;
    char **command;         /* ended by NULL */
    const char *events;     /* TELLTALE_EVENTS for the command; NULL: as it is */
    uint64_t buffer_bytes;  /* of each processor; 0: 8 MiB */
    unsigned snapshot_count; /* of a flight recorder, at failures; 0: all is recorded */
    const char *keep_trace; /* where the trace stays; NULL: it goes */
    bool is_appending;
    bool redacts; /* messages are left out, of the trace already */
};

struct tt_lttng_result {
    bool has_run;       /* the command ran and ended; if not, and error is 0, a complaint says why */
    int error;          /* errno of executing it */
    int wait_status;    /* as waitpid gives it */
    bool has_store;     /* there is something in the store; if not, a complaint says why */
    bool is_incomplete; /* not all that was emitted could be recorded, or read; a complaint says why */
    bool was_hindered;  /* nothing was recorded, because of something of this machine; a complaint says of what */
};

/* Records. The target has been checked; when this returns it has a new store, of no process if nothing was traced; or it is as it was,
 * because a store is gone on with, or because it is not known what was emitted. */
struct tt_lttng_result tt__record_lttng(const struct tt_lttng_recording *recording);

/* Prints commands for a shell that do the same. Returns the exit status. */
int tt__record_lttng_print(const struct tt_lttng_recording *recording, tt_output *output);

#endif
