/* ring.h: how a record gets into a ring. The format: arena.h. The drawing: README.md.
 *
 * What it is for. A thread writes its own ring with plain stores, between enter and leave: a signal handler that comes
 * in between sees `depth`, stays out of that ring and uses the emergency ring, which all threads share. Two ways:
 *
 *   usual    what nearly all records take, all of it inline: reserve counts the attempt, takes slots and fills the
 *            head; the payload is written in place; commit stores the commit words, that of the head last: from then on
 *            the record counts.
 *   begin    whatever is otherwise: a thread's first record, no room without another look, an interrupted emit call, a
 *            long text; finish writes the record that was begun.
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

/* Begins a record with a payload of SIZE bytes, wherever there is room for it. False: it was counted as dropped. */
bool tt__ring_begin(struct tt__writing *writing, struct tt__life *life, uint32_t ordinal, uint16_t event, int level,
                    uint64_t time, size_t size);

/* Writes the record that was begun. The payload of SIZE bytes lies TT_TID_BYTES behind ROOM: in the emergency ring the
 * kernel id of the thread goes in front of it. */
void tt__ring_finish(const struct tt__writing *writing, unsigned char *room, size_t size);

/* Fills the head slot of a record, its payload and its commit word apart. */
static inline __attribute__((always_inline)) void tt__ring_fill_head(struct tt_slot *slot, uint16_t event,
                                                                     uint64_t time, uint32_t number, uint32_t count)
{
    slot->time = time;
    slot->attempt = number;
    slot->event = event;
    slot->slots = (uint8_t)count;
    slot->zero = 0;
}

/* ----------------------------------------------------------------------------------------------- a thread's own ring */

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

/* From here to tt__ring_leave() a signal handler that emits stays out of the calling thread's own ring. */
static inline __attribute__((always_inline)) void tt__ring_enter(struct tt__thread *self)
{
    atomic_store_explicit(&self->depth, 1, memory_order_relaxed);
    atomic_signal_fence(memory_order_seq_cst);
}

static inline __attribute__((always_inline)) void tt__ring_leave(struct tt__thread *self)
{
    atomic_signal_fence(memory_order_seq_cst);
    atomic_store_explicit(&self->depth, 0, memory_order_relaxed);
}

/* Numbers an attempt in the calling thread's own ring. */
static inline __attribute__((always_inline)) uint32_t tt__ring_count_attempt(struct tt__thread *self)
{
    uint64_t number = self->attempts++;
    atomic_store_explicit(&self->ring->attempts, self->attempts, memory_order_relaxed);
    return (uint32_t)number;
}

/* The next COUNT slots of the calling thread's own ring, which are free. Returns the position of the first. */
static inline __attribute__((always_inline)) uint64_t tt__ring_take(struct tt__thread *self, uint32_t count)
{
    uint64_t position = self->head;
    self->head = position + count;
    atomic_store_explicit(&self->ring->head, self->head, memory_order_relaxed);
    tt__write_fence(); /* who sees a slot being overwritten sees that its old record is gone */
    tt__ring_fetch_ahead(self, position, count);
    return position;
}

/* ------------------------------------------------------------------------------------------------------ the usual way */

/* Whether a record of COUNT slots at TIME may go the usual way: the thread has its ring in the arena ORDINAL, no emit call
 * was interrupted, the clock is not due, and the record is no longer than two slots. Room is asked for by reserve. */
static inline __attribute__((always_inline)) bool tt__ring_is_usual(const struct tt__thread *self, uint32_t ordinal,
                                                                    uint64_t time, uint32_t count)
{
    return tt__likely(self->arena == ordinal) &&
           tt__likely(atomic_load_explicit(&self->depth, memory_order_relaxed) == 0) &&
           tt__likely(time < self->renew_at) && tt__likely(count <= 2);
}

/* Where a record of at most two slots goes; with one, the second is not its own. */
struct tt__place {
    struct tt_slot *first, *second;
    uint64_t position;
};

/* Reserves COUNT slots, 1 or 2, for EVENT at TIME and fills the head of the first. False, and nothing was done: there is no room
 * without another look. */
static inline __attribute__((always_inline)) bool tt__ring_reserve(struct tt__place *out, struct tt__thread *self,
                                                                   uint16_t event, int level, uint64_t time,
                                                                   uint32_t count)
{
    tt__ring_enter(self); /* before the look at the room, which a handler may take */
    if (tt__unlikely(self->head + count > self->limits[level])) {
        tt__ring_leave(self);
        return false;
    }
    uint32_t number = tt__ring_count_attempt(self);
    out->position = tt__ring_take(self, count);
    out->first = &self->slots[out->position & self->mask];
    out->second = &self->slots[(out->position + 1) & self->mask];
    tt__ring_fill_head(out->first, event, time, number, count);
    return true;
}

/* Commits it, and leaves. */
static inline __attribute__((always_inline)) void tt__ring_commit(struct tt__thread *self,
                                                                  const struct tt__place *place, uint32_t count)
{
    if (count == 2)
        atomic_store_explicit(&place->second->commit, tt_commit_word(place->position + 1, 0), memory_order_release);
    atomic_store_explicit(&place->first->commit, tt_commit_word(place->position, 1), memory_order_release);
    tt__ring_leave(self);
}

/* --------------------------------------------------------------------------------------------------------- payloads */

/* Where the bytes of a payload go that fit into the head slot, and where those behind them. */
struct tt__payload {
    unsigned char *head, *more;
};

static inline __attribute__((always_inline)) struct tt__payload tt__payload_of_place(const struct tt__place *place)
{
    return (struct tt__payload){place->first->payload, (unsigned char *)place->second + TT_SLOT_MORE_PAYLOAD_OFFSET};
}

/* All in one piece. */
static inline struct tt__payload tt__payload_flat(unsigned char *bytes)
{
    return (struct tt__payload){bytes, bytes + TT_SLOT_HEAD_PAYLOAD};
}

/* SIZE bytes of VALUE as bytes AT and following. Returns where the next one goes. Where AT and SIZE are constants one copy of a
 * constant size is left, or two. */
static inline __attribute__((always_inline)) size_t tt__payload_put(struct tt__payload to, size_t at, const void *value,
                                                                    size_t size)
{
    if (at >= TT_SLOT_HEAD_PAYLOAD) {
        memcpy(to.more + (at - TT_SLOT_HEAD_PAYLOAD), value, size);
    } else if (at + size <= TT_SLOT_HEAD_PAYLOAD) {
        memcpy(to.head + at, value, size);
    } else {
        size_t room = TT_SLOT_HEAD_PAYLOAD - at, length = size < room ? size : room;
        memcpy(to.head + at, value, length);
        if (length < size)
            memcpy(to.more, (const unsigned char *)value + length, size - length);
    }
    return at + size;
}

#endif
