/* recorder_pause.h: that a recorder pauses, for others to see.
 *
 * What it is for. A recorder whose store takes nothing can say nothing there. So it says in the headers of the arenas that it reads since when,
 * and why; what waits in their rings, and what was dropped since, stands there as well. tt_recorder_look() (recorder.h) reads it.
 *
 * What it leaves to others. When it pauses: recorder.c. How long it did so, when it is over: recorder_stats.h.
 *
 * Threads. Belongs to the recorder's thread.
 */
#ifndef TT_RECORDER_PAUSE_H
#define TT_RECORDER_PAUSE_H

#include <stdbool.h>

#include "arena_reader.h"
#include "recorder_process.h"
#include "recorder_stats.h"

/* What was said last; all zeros: nothing. */
struct tt__pause {
    int64_t since_ns; /* CLOCK_MONOTONIC; 0: it does not pause */
    uint8_t reason;   /* enum tt_pause_reason */
    uint32_t reader_pid; /* whom it waits for, of readers; 0: nobody */
};

/* Has COUNT PROCESSES say whether the recorder pauses, and why, as STATS know, if they do not. */
void tt__pause_tell(struct tt__pause *pause, bool is_pausing, const struct tt__recorder_stats *stats,
                    struct tt__process_reader *const *processes, size_t count);

/* Writes PAUSE into ARENA, which can be written. */
void tt__pause_write(const struct tt__arena_reader *arena, const struct tt__pause *pause);

#endif
