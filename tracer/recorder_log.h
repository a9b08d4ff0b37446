/* recorder_log.h: the write-ahead log, which is to stay short, and what gives way when it cannot.
 *
 *   short ──three quarters of its greatest length──► long ──all of it──► full
 *
 * What it is for. The log is begun anew when all of it is in the store and nobody reads it. A reader that stands still in an old state
 * keeps that from happening, and then each commit makes the log longer, also one that deletes: no room is won by deleting what the store
 * has. So when the log is *long*, events no longer go to the event stream, which is most of what is written; they are counted as
 * pruned. When it is *full*, nothing is recorded until the reader goes. Whoever is in the way is named in the recorder's reports.
 *
 * What it leaves to others. What a pause is: recorder.c. Counting: ingest_prune.c.
 *
 * Threads. Belongs to the recorder's thread.
 */
#ifndef TT_RECORDER_LOG_H
#define TT_RECORDER_LOG_H

#include "ingest.h"
#include "recorder_stats.h"
#include "store_writer.h"

enum tt__log_state { TT__LOG_SHORT, TT__LOG_LONG, TT__LOG_FULL };

struct tt__recorder_log {
    struct tt__store_writer *writer;
    struct tt_ingest *ingest;
    struct tt__recorder_stats *stats; /* where the reader is named */
    uint64_t bytes_max;
};

/* BYTES_MAX: 0 for the default, 1 GiB. */
void tt__log_begin(struct tt__recorder_log *log, struct tt__store_writer *writer, struct tt_ingest *ingest,
                   struct tt__recorder_stats *stats, uint64_t bytes_max);

/* Has the log copied into the store when it is time: it has 8 MiB, or much of what the disk has left, or IS_IDLE. */
void tt__log_keep_short(struct tt__recorder_log *log, bool is_idle);

/* How long it is, after an attempt to copy it when that is too long; and has ingest do accordingly. */
enum tt__log_state tt__log_look(struct tt__recorder_log *log);

/* A commit found the disk full: copies the log, and gives its room back. Whether that was possible. */
bool tt__log_make_room(struct tt__recorder_log *log);

#endif
