/* recorder_ring.h: one ring of one process, read in order, with every attempt accounted for.
 *
 * What it is for. Each call to emit an event has a number in its ring. What comes out of a ring is compared with
 * these numbers: what was read, what was dropped, what was being written when the process died. At the end of a
 * thread
 *
 *     attempts = records + drops + holes
 *
 * must hold, with no more holes than emit calls can be under way at once: one in a ring of its own; in the emergency
 * ring, where several threads and their signal handlers meet, one each. Where it does not hold the store says so.
 *
 * What it leaves to others. Bytes (arena_reader.h), rows (ingest.h), when to read (recorder_process.h).
 *
 * Threads. Belongs to the recorder's thread.
 */
#ifndef TT_RECORDER_RING_H
#define TT_RECORDER_RING_H

#include "arena_reader.h"
#include "decode.h"
#include "ingest.h"
#include "timeline.h"

/* Where records of a ring go, and how they are understood. */
struct tt__ring_context {
    const struct tt__arena_reader *arena;
    const struct tt__decoder *decoder;
    const struct tt__timeline *timeline;
    struct tt_ingest *ingest;
    uint32_t process_id;
};

struct tt__ring_state {
    uint32_t index;      /* of the ring in its arena; 0: the emergency ring */
    bool is_used;        /* the fields below say something */
    bool is_changed;     /* since the last commit */
    bool is_complete;    /* detached and read to its end: may be used by another thread after the next commit */
    bool is_drained;     /* and that was told to the writer */
    bool was_vital;      /* vital events were dropped, and the gap that has them may not have been told yet */
    bool is_vital_fresh; /* since the last look: what was told then may have been another gap */
    bool has_told_drop;  /* a gap was told since */
    bool has_lost_vital; /* and when: see tt__ring_take_vital_loss() */
    int64_t vital_loss_ns;
    struct tt_ingest_cursor cursor;
    uint64_t limit;           /* value of head up to which to read now */
    bool is_alive;            /* its thread may still be writing */
    struct tt_ingest_gap gap; /* being gathered; count 0: none */
};

/* Goes on from CURSOR, which a former recorder left. */
void tt__ring_state_resume(struct tt__ring_state *state, const struct tt_ingest_cursor *cursor);

/* Looks how far the ring has come. IS_PROCESS_ALIVE: half-written records may still be finished. Returns how many
 * vital events it has dropped since the last look. */
uint64_t tt__ring_look(struct tt__ring_state *state, const struct tt__ring_context *context, bool is_process_alive);

/* Reads at most RECORDS_MAX records up to where it looked, and hands them to ingest. Returns how many; *OUT_OLDEST_NS is the
 * time of the first one, if there is one. */
size_t tt__ring_read(struct tt__ring_state *state, const struct tt__ring_context *context, size_t records_max,
                     int64_t *out_oldest_ns);

/* Whether all is read up to where it looked. */
bool tt__ring_is_read(const struct tt__ring_state *state);

/* Whether since the last time something was found to be missing, other than what writers count as dropped, that may have been vital. All
 * of it was before *OUT_BEFORE_NS; INT64_MAX: before now. */
bool tt__ring_take_vital_loss(struct tt__ring_state *state, int64_t *out_before_ns);

/* Accounts for a thread that will write no more, when all is read. Returns whether its counts add up. */
bool tt__ring_close_thread(struct tt__ring_state *state, const struct tt__ring_context *context);

/* Hands cursor and counts to ingest, if they changed, before a commit. */
void tt__ring_save(struct tt__ring_state *state, const struct tt__ring_context *context);

/* After the commit: tells the writer what room it has. */
void tt__ring_release(struct tt__ring_state *state, const struct tt__ring_context *context);

#endif
