/* recorder_stats.h: what a recorder did, counted, and told to the store now and then.
 *
 * What it is for. Whoever wonders why events were lost, why a disk was busy or where processor time went finds a row for
 * every few seconds in which the recorder did anything: event recorder_stats, table metric, view metrics.
 *
 * What it leaves to others. When to commit what was told (recorder.c); who holds up the write-ahead log (store_writer.h).
 *
 * Threads. Belongs to the recorder's thread.
 */
#ifndef TT_RECORDER_STATS_H
#define TT_RECORDER_STATS_H

#include "ingest.h"

struct tt__recorder_stats {
    int64_t told_ns, told_cpu_ns; /* CLOCK_MONOTONIC, and processor time used, when it was told last */
    int64_t pause_ns;             /* since when it pauses; 0: it does not */
    int64_t paused_ns;            /* pauses that are over */
    uint8_t pause_reason;         /* enum tt_pause_reason, of the last one */
    uint64_t event_count, batch_count, failed_count;
    int64_t lag_ns; /* the greatest */
    uint32_t reader_pid;
    char reader[16];
};

void tt__recorder_stats_begin(struct tt__recorder_stats *stats);

/* A pause begins for REASON, or goes on; ends, if there is one. */
void tt__recorder_stats_pause(struct tt__recorder_stats *stats, uint8_t reason);
void tt__recorder_stats_resume(struct tt__recorder_stats *stats);

/* Whether it is time to tell: something happened, and it was not told for a while. */
bool tt__recorder_stats_are_due(const struct tt__recorder_stats *stats);

/* Whether anything happened since it was told last. */
bool tt__recorder_stats_have_news(const struct tt__recorder_stats *stats);

/* Hands them to INGEST, and begins anew. Nothing happens while no process was found, since times have no origin yet. */
void tt__recorder_stats_tell(struct tt__recorder_stats *stats, struct tt_ingest *ingest, uint32_t process_count,
                             uint64_t store_bytes, uint64_t log_bytes);

#endif
