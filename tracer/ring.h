/* ring.h: how a record gets into a ring. The format: arena.h. The drawing: README.md.
 *
 * What it is for. emit.c calls begin, writes the payload, calls commit:
 *
 *   begin   counts the attempt, looks for room, reserves slots. A thread writes its own ring with plain stores;
 * `depth` tells a
 *           signal handler that comes in between to stay out of it and to use the emergency ring, which all threads
 * share.
 *   commit  stores the commit words, that of the head last: from then on the record counts.
 *
 * What it leaves to others. Attaching threads: thread.c. What a record holds: emit.c.
 *
 * Threads: any; signal handlers. No lock, no allocation; system calls only while a ring is run through for the first
 * time.
 */
#ifndef TT_RING_H
#define TT_RING_H

#include <string.h>

#include "writer.h"

enum { TT_LEVEL_PLAIN = 0, TT_LEVEL_VITAL = 1 };

struct tt__writing {
    struct tt_slot *slots; /* of the ring */
    uint64_t mask;
    uint64_t position; /* of the head slot */
    uint64_t time;
    uint32_t number; /* of the attempt, low 32 bits */
    uint32_t tid;    /* in the emergency ring the payload begins with it */
    uint16_t event;
    uint8_t count; /* slots */
    bool is_emergency;
};

#define TT_TID_BYTES 4u

static inline uint32_t tt__slots_needed(size_t size)
{
    if (size <= TT_SLOT_HEAD_PAYLOAD)
        return 1;
    return 1 + (uint32_t)((size - TT_SLOT_HEAD_PAYLOAD + TT_SLOT_MORE_PAYLOAD - 1) / TT_SLOT_MORE_PAYLOAD);
}

static inline struct tt_slot *tt__writing_slot(const struct tt__writing *writing, uint32_t index)
{
    return &writing->slots[(writing->position + index) & writing->mask];
}

/* The long way: not attached yet, interrupted, no ring. SIZE is that of the payload without the kernel id. */
bool tt__ring_begin_slowly(struct tt__writing *writing, struct tt__life *life, uint32_t ordinal, int level,
                           size_t size);

/* Looks again how far the reader is and makes the ring real where it must be; whether COUNT slots fit now. */
bool tt__ring_make_room(struct tt__thread *self, struct tt__life *life, uint32_t count, int level);

/* Whether recorder_gap is due, and there is room for it beside COUNT slots. */
static inline bool tt__ring_owes_gap(const struct tt__thread *self, uint32_t count)
{
    return self->gap_count != 0 && self->head + count + 1 <= self->limits[TT_LEVEL_PLAIN];
}

/* Tells it: the attempt that was begun is taken back, and begun anew behind it. */
bool tt__ring_begin_after_gap(struct tt__writing *writing, struct tt__thread *self, struct tt__life *life, int level,
                              size_t size);

/* Renews the second clock pair if nobody else has. */
void tt__ring_renew_clock(struct tt__thread *self, struct tt__life *life, uint64_t time);

/* Counts a drop at TIME in the calling thread's own ring. */
void tt__ring_count_drop(struct tt__thread *self, int level, uint64_t time);

/* Writes the payload of SIZE bytes into the reserved slots, of which there are several; and stores their commit words. For
 * more than two, which only long texts need. */
void tt__ring_scatter_all(const struct tt__writing *writing, const unsigned char *payload, size_t size);
void tt__ring_commit_all(const struct tt__writing *writing);

/* How far ahead of a record its thread asks for the memory of later ones: they were last written a lap ago, and read on
 * another core since, so that a store that finds a line missing waits for as long as a whole event takes. */
#define TT_SLOTS_AHEAD 6u
static inline __attribute__((always_inline)) void tt__ring_fetch_ahead(const struct tt__thread *self, uint64_t position,
                                                                       uint32_t count)
{
    __builtin_prefetch(&self->slots[(position + TT_SLOTS_AHEAD) & self->mask], 1);
    if (count > 1)
        __builtin_prefetch(&self->slots[(position + TT_SLOTS_AHEAD + 1) & self->mask], 1);
}

/* Reserves slots for a record in the calling thread's own ring; `depth` is 1 from here to commit if it returns true. */
static inline __attribute__((always_inline)) bool
tt__ring_begin_own(struct tt__writing *writing, struct tt__thread *self, struct tt__life *life, int level, size_t size)
{
    uint32_t count = tt__slots_needed(size);
    atomic_store_explicit(&self->depth, 1, memory_order_relaxed);
    atomic_signal_fence(memory_order_seq_cst);
    struct tt_ring *ring = self->ring;
    writing->number = (uint32_t)self->attempts++;
    atomic_store_explicit(&ring->attempts, self->attempts, memory_order_relaxed);
    uint64_t position = self->head;
    if (tt__unlikely(position + count > self->limits[level])) {
        if (!tt__ring_make_room(self, life, count, level)) {
            tt__ring_count_drop(self, level, writing->time);
            atomic_signal_fence(memory_order_seq_cst);
            atomic_store_explicit(&self->depth, 0, memory_order_relaxed);
            return false;
        }
        if (tt__ring_owes_gap(self, count))
            return tt__ring_begin_after_gap(writing, self, life, level, size);
    }
    self->head = position + count;
    atomic_store_explicit(&ring->head, self->head, memory_order_relaxed);
    tt__write_fence(); /* who sees a slot being overwritten sees that its old record is gone */
    tt__ring_fetch_ahead(self, position, count);
    writing->slots = self->slots;
    writing->mask = self->mask;
    writing->position = position;
    writing->count = (uint8_t)count;
    writing->is_emergency = false;
    return true;
}

static inline __attribute__((always_inline)) bool tt__ring_begin(struct tt__writing *writing, struct tt__life *life,
                                                                 uint32_t ordinal, uint16_t event, int level,
                                                                 uint64_t time, size_t size)
{
    struct tt__thread *self = &tt__thread;
    if (time == 0)
        time = tt_trace_clock();
    writing->time = time;
    writing->event = event;
    if (tt__unlikely(self->arena != ordinal || atomic_load_explicit(&self->depth, memory_order_relaxed) != 0))
        return tt__ring_begin_slowly(writing, life, ordinal, level, size);
    if (tt__unlikely(time >= self->renew_at))
        tt__ring_renew_clock(self, life, time);
    return tt__ring_begin_own(writing, self, life, level, size);
}

/* Fills the head slot, its payload and its commit word apart. */
static inline __attribute__((always_inline)) void tt__ring_fill_head(const struct tt__writing *writing)
{
    struct tt_slot *slot = tt__writing_slot(writing, 0);
    slot->time = writing->time;
    slot->attempt = writing->number;
    slot->event = writing->event;
    slot->slots = writing->count;
    slot->zero = 0;
}

/* The payload into the reserved slots, of which there are several. Where SIZE is a constant so are the two copies. */
static inline __attribute__((always_inline)) void tt__ring_scatter(const struct tt__writing *writing,
                                                                   const unsigned char *payload, size_t size)
{
    size_t rest = size > TT_SLOT_HEAD_PAYLOAD ? size - TT_SLOT_HEAD_PAYLOAD : 0;
    if (tt__unlikely(writing->count != 2)) {
        tt__ring_scatter_all(writing, payload, size);
        return;
    }
    memcpy(tt__writing_slot(writing, 0)->payload, payload, TT_SLOT_HEAD_PAYLOAD);
    memcpy((unsigned char *)tt__writing_slot(writing, 1) + TT_SLOT_MORE_PAYLOAD_OFFSET, payload + TT_SLOT_HEAD_PAYLOAD,
           rest);
}

static inline __attribute__((always_inline)) void tt__ring_commit(const struct tt__writing *writing)
{
    if (tt__unlikely(writing->count > 2)) {
        tt__ring_commit_all(writing);
    } else {
        if (writing->count == 2)
            atomic_store_explicit(&tt__writing_slot(writing, 1)->commit, tt_commit_word(writing->position + 1, 0),
                                  memory_order_release);
        atomic_store_explicit(&tt__writing_slot(writing, 0)->commit, tt_commit_word(writing->position, 1),
                              memory_order_release);
    }
    if (tt__likely(!writing->is_emergency)) {
        atomic_signal_fence(memory_order_seq_cst);
        atomic_store_explicit(&tt__thread.depth, 0, memory_order_relaxed);
    }
}

#endif
