/* trace_reader.h: traces of LTTng into a store, by a process of its own under limits.
 *
 * What it is for. babeltrace2 may run for ever, eat memory or abort on a damaged trace. So it runs in a child, the
 * program telltale-ctf-reader, which may take so much memory, processor time, disk and time, in proportion to the
 * trace; what becomes of it is told in one line.
 *
 * Sessions that are followed take as long as they last, and as much processor time. Their reader says that it is there each
 * second, and is ended when it does not: a relay daemon that is frozen keeps it waiting, a hostile one keeps it busy.
 *
 * What it leaves to others. Finding traces and looking at them first: ctf_check.h. Which file is written: target.h.
 *
 * Threads. One thread; it waits for the child.
 */
#ifndef TT_VIEWER_TRACE_READER_H
#define TT_VIEWER_TRACE_READER_H

#include "ctf_check.h"

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct tt_trace_reading {
    const char *command; /* for complaints */
    const char *store;   /* absolute path; it is not there, or is to be gone on with */
    const char *only;    /* the processes that are wanted, see import_choice.h; NULL: all */
    const struct tt_ctf_trace *const *traces;
    size_t trace_count;
    bool is_appending;
    uint64_t cpu_seconds; /* that reading may take; 0: by the size of the traces */
    pid_t exit_pid;       /* of a process whose end is known; 0: none */
    int wait_status;      /* as waitpid gives it */
    bool is_incomplete;   /* it is known that the traces do not have all */
    bool redacts;         /* messages are left out */
    bool is_flight;       /* they are snapshots of a session that overwrites its oldest events */
    /* In place of traces: sessions of a relay daemon, to be followed while they record, see import_ctf_live.h. STOPPING: signals
     * that the caller holds back, and that are taken and end it; a second one at once. */
    const char *const *urls;
    size_t url_count;
    const sigset_t *stopping;
};

enum tt_trace_end {
    TT_TRACE_READ,    /* all of it is in the store */
    TT_TRACE_PARTLY,  /* what was read before the trace turned out to be damaged is in the store, marked as such */
    TT_TRACE_NOTHING, /* no event of telltale came out of it; there is nothing in the store */
    TT_TRACE_FAILED,  /* the store could not be written, or there is no reader */
    TT_TRACE_REFUSED  /* of URLs: there is no such relay daemon, or session */
};

struct tt_trace_result {
    enum tt_trace_end end; /* a complaint says why, if it is not TT_TRACE_READ */
    bool was_damaged;      /* TT_TRACE_NOTHING: because the trace is damaged, or the relay daemon is gone */
    uint64_t events, repeated, missing, discarded, processes, pauses, cut_off, partial, late, foreign, strange_events, strange_kinds,
        unknown_events, unknown_kinds, unknown_fields, process_buffers;
    char nobody[256]; /* words of ONLY that name no process of the traces, separated by commas */
};

/* Reads the traces. Complains about whatever goes wrong, and about what the trace lacks. */
struct tt_trace_result tt__trace_read(const struct tt_trace_reading *reading);

/* Once the store has its name: says what is in it when that is not all. */
void tt__trace_tell_kept(const char *command, const struct tt_trace_result *result);

#endif
