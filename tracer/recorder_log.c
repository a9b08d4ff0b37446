/* recorder_log.c: see recorder_log.h. */
#include "recorder_log.h"

#define BYTES_MAX        (UINT64_C(1) << 30)
#define QUARTERS_LONG    3
#define CHECKPOINT_BYTES (UINT64_C(8) << 20)
/* Copying takes as much room in the store as the log has, at worst; so a log has no more than a quarter of what is left. */
#define DISK_PART            4
#define CHECKPOINT_BYTES_MIN (UINT64_C(64) << 10)

void tt__log_begin(struct tt__recorder_log *log, struct tt__store_writer *writer, struct tt_ingest *ingest,
                   struct tt__recorder_stats *stats, uint64_t bytes_max)
{
    *log = (struct tt__recorder_log){writer, ingest, stats, bytes_max != 0 ? bytes_max : BYTES_MAX};
}

static bool is_worth_copying(const struct tt__recorder_log *log, uint64_t bytes)
{
    if (bytes > CHECKPOINT_BYTES)
        return true;
    return bytes > CHECKPOINT_BYTES_MIN && bytes > tt__store_free_bytes(log->writer) / DISK_PART;
}

void tt__log_keep_short(struct tt__recorder_log *log, bool is_idle)
{
    uint64_t bytes = tt__store_log_bytes(log->writer);
    if (bytes > 0 && (is_idle || is_worth_copying(log, bytes)))
        tt__store_checkpoint(log->writer);
}

static enum tt__log_state state_of(const struct tt__recorder_log *log)
{
    uint64_t bytes = tt__store_log_bytes(log->writer);
    return bytes > log->bytes_max                       ? TT__LOG_FULL
           : bytes > log->bytes_max / 4 * QUARTERS_LONG ? TT__LOG_LONG
                                                        : TT__LOG_SHORT;
}

enum tt__log_state tt__log_look(struct tt__recorder_log *log)
{
    enum tt__log_state state = state_of(log);
    if (state != TT__LOG_SHORT) {
        tt__store_checkpoint(log->writer);
        state = state_of(log);
    }
    tt_ingest_shed_stream(log->ingest, state != TT__LOG_SHORT);
    if (state != TT__LOG_SHORT && log->stats->reader_pid == 0)
        log->stats->reader_pid = tt__store_find_reader(log->writer, log->stats->reader, sizeof log->stats->reader);
    return state;
}

bool tt__log_make_room(struct tt__recorder_log *log)
{
    return tt__store_cut_log(log->writer);
}
