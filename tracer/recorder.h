/* recorder.h: the recorder, which makes a store out of the arenas in a ring dir.
 *
 * What it is for. One recorder at a time works for a ring dir, under a lock. It reads the arenas of live processes as
 * they are written, and those that dead ones left, into the store, and deletes each when its process is gone and all
 * of it is in the store. It can be killed at any instant: the next one goes on where the store ends, and nothing is
 * lost or doubled.
 *
 * What it leaves to others. Starting it (`telltale record`, or the traced process itself), its command line (the
 * program telltale).
 *
 * Threads. tt_recorder_run() uses the calling thread alone. In a process that does nothing else but record it ignores
 * SIGTERM, SIGINT and SIGHUP, which are meant for the programs that are recorded: it ends when they have.
 */
#ifndef TT_RECORDER_H
#define TT_RECORDER_H

#include <stdbool.h>
#include <stdint.h>

#include "store.h"

struct tt_recorder_options {
    /* Path of the store; created when it does not exist. */
    const char *store;
    /* Folder with arenas; made when it does not exist. NULL: the store's default one. */
    const char *ring_dir;
    /* Gets "ready\n" and is closed when recording has begun, or another recorder does it; closed without a word on
     * failure. -1: none. */
    int ready_fd;
    /* A supervisor's messages, see below; -1: none. */
    int control_fd;
    /* Goes on without any process until control_fd says finish, or is closed. */
    int supervised;
    /* Ends when no process is left, also when supervised. */
    int until_idle;
    /* Reads what is there, once, and returns; processes that live are left to a later recorder, and those of the store that were not read to
     * their end, and of which nothing is there, are settled (store_settle.h). Signals stay as they are. Does nothing when another recorder is at work. */
    int recover;
    /* With recover: the arenas stay as they are, for a later recorder to read them anew, or to go on. */
    int keep;
    /* Size cap of the store; 0: TT_STORE_BYTES_MAX. */
    uint64_t store_bytes_max;
    /* How long what is over is kept, in seconds; 0: for ever. */
    uint64_t seconds_max;
    /* Size of the write-ahead log at which recording pauses: it grows while a reader keeps an old state. From three quarters of it on
     * events do not go to the event stream. 0: 1 GiB. */
    uint64_t log_bytes_max;
    /* With recover: what a store may have, in bytes, for its summaries (store_summary.h) to be made at once. 0: 8 MiB, whose tasks
     * take a tenth of a second; somebody is waiting. */
    uint64_t summary_bytes_max;
    /* With recover, NULL is fine: set to 1 when they were not made; see tt_recorder_summarise(). */
    int *out_is_unsummarised;
    /* Leaves out of the store what programs say in their own words. */
    int redacts;
    /* The longest wait between two looks at rings, in milliseconds; 0: 20. */
    int wait_ms_max;
    /* NULL is fine: told of each arena that cannot be read, and why; with `recover` also of those that may become complete. It stays. */
    void (*on_refused)(const char *arena, const char *reason);
    /* NULL is fine: told when somebody has deleted or renamed the store, or, when ASIDE is not NULL, has cut its write-ahead log, so that what is
     * left of it is called ASIDE now; before a new one is begun under its name. */
    void (*on_nameless)(const char *store, const char *aside);
    /* NULL is fine: how many arenas could be read. */
    unsigned *out_read_count;
    /* When the store takes nothing, because the disk is full, and no process is left: how long it tries again, in milliseconds, before it
     * leaves the arenas to the next recorder; 0: 5,000. */
    int retry_ms_max;
};

/* What a supervisor writes to control_fd, a line each, numbers in decimal:
 *
 *   started PID            the command runs
 *   exited PID STATUS      it exited
 *   signaled PID SIGNAL    it was ended by a signal
 *   finish                 nothing more will come: end when all processes are gone and all is in the store
 */

/* Records until there is nothing left to do. Returns 0; or -1 and *OUT_ERROR: then what is not in the store is still
 * in the arenas, for the next recorder. */
TT_MUST_USE int tt_recorder_run(const struct tt_recorder_options *options, struct tt_store_error *out_error);

/* Makes what a recovery left out: all that a finished recording has, and one plain file of it, unless somebody is reading it. It takes
 * a microsecond for each task, may be ended at any instant, does nothing when somebody else writes STORE, and gives way to whoever wants
 * to meanwhile. */
void tt_recorder_summarise(const char *store);

/* A recorder whose store takes nothing. It has no end of its own: recording goes on as soon as the cause is gone. */
struct tt_recorder_pause {
    int64_t since_ns;       /* CLOCK_MONOTONIC */
    uint32_t reason;        /* enum tt_pause_reason */
    uint32_t reader_pid;    /* with TT_PAUSE_REASON_LOG: who reads an old state of the store; 0: not known */
    uint64_t waiting_count; /* events that wait in rings */
    uint64_t drop_count;    /* events dropped since */
    bool is_overwritten;    /* and of those that wait the oldest are being overwritten */
};

/* Whether the recorder that works for RING_DIR pauses. Returns 1 and *OUT_PAUSE, with the counts of all processes; or 0, also when there is no
 * recorder, or no such folder. Looking at a full ring of 8 MiB takes some milliseconds. */
int tt_recorder_look(const char *ring_dir, struct tt_recorder_pause *out_pause);

/* Whether RING_DIR holds arenas that no recorder is reading: then a recorder should run with `recover` before the
 * store is read. Returns 0 or 1; 0 also when the folder does not exist. */
int tt_recorder_is_needed(const char *ring_dir);

#endif
