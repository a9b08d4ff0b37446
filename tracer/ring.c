/* ring.c: what of ring.h is not the fast path: room and memory in a thread's own ring, and the emergency ring.
 *
 * Room. A thread remembers in `limits` up to which position it may write without looking: the reader's tail and the
 * ring's populated slots, whichever is nearer. Past it, it looks again. Plain records stop at three quarters of the
 * ring.
 *
 * The emergency ring has many writers, so a position is reserved by compare-and-swap. A slot is only reserved when the
 * record that was there one lap earlier has been committed: then its writer has left it, whoever overtakes whom.
 */
#include "ring.h"

static uint64_t capacity(uint64_t slot_count, int level)
{
    return level == TT_LEVEL_VITAL ? slot_count : slot_count / 4 * 3;
}

static bool overwrites(struct tt__life *life)
{
    return __atomic_load_n(&life->header->overwrite_oldest, __ATOMIC_RELAXED) != 0;
}

/* Makes RING real up to position END of its first lap, a step more than needed. FROM is what is real already. */
static bool grow(struct tt_ring *ring, uint64_t from, uint64_t end)
{
    const uint64_t step = TT_POPULATE_STEP_BYTES / TT_SLOT_BYTES;
    uint64_t wanted = (end + step - 1) / step * step;
    if (wanted > ring->slot_count)
        wanted = ring->slot_count;
    if (tt__arena_populate(&tt__ring_slots(ring)[from], (wanted - from) * TT_SLOT_BYTES) < 0)
        return false;
    uint64_t populated = from;
    while (populated < wanted && !atomic_compare_exchange_weak_explicit(&ring->populated, &populated, wanted,
                                                                        memory_order_release, memory_order_relaxed))
        continue;
    return true;
}

static bool grow_own(struct tt__thread *self, uint64_t populated, uint64_t end)
{
    if (self->patience > 0) {
        self->patience--;
        return false;
    }
    if (grow(self->ring, populated, end))
        return true;
    self->patience = TT_POPULATE_PATIENCE;
    return false;
}

bool tt__ring_make_room(struct tt__thread *self, struct tt__life *life, uint32_t count, int level)
{
    struct tt_ring *ring = self->ring;
    uint64_t slot_count = self->mask + 1, end = self->head + count;
    uint64_t tail = atomic_load_explicit(&ring->tail, memory_order_acquire);
    bool is_free = overwrites(life);
    if (!is_free && end > tail + capacity(slot_count, level)) {
        if (!tt__ring_wait(ring, life, end, capacity(slot_count, level), &self->vain_tail))
            return false;
        tail = atomic_load_explicit(&ring->tail, memory_order_acquire);
    }

    uint64_t populated = atomic_load_explicit(&ring->populated, memory_order_relaxed);
    if (populated < slot_count && end > populated && !grow_own(self, populated, end))
        return false;
    populated = atomic_load_explicit(&ring->populated, memory_order_relaxed);
    uint64_t real_end = populated < slot_count ? populated : UINT64_MAX;
    for (int i = TT_LEVEL_PLAIN; i <= TT_LEVEL_VITAL; i++) {
        uint64_t room_end = is_free ? UINT64_MAX : tail + capacity(slot_count, i);
        self->limits[i] = room_end < real_end ? room_end : real_end;
    }
    return end <= self->limits[level];
}

void tt__ring_renew_clock(struct tt__thread *self, struct tt__life *life, uint64_t time)
{
    struct tt_clock_pair *pair = &life->header->clock_last;
    uint64_t period = tt__clock_period();
    uint64_t last = atomic_load_explicit(&pair->ticks, memory_order_relaxed);
    bool is_due = time >= last + period;
    if (is_due) {
        tt__clock_read_pair(pair);
        last = atomic_load_explicit(&pair->ticks, memory_order_relaxed);
    }
    self->renew_at = last + period;
    if (is_due)
        tt__clock_sample(life, pair, time); /* an event of its own: it must not come here again */
    if (tt__select_is_due(life))
        tt__select_notice(life); /* likewise */
}

void tt__ring_count_drop(struct tt__thread *self, int level, uint64_t time)
{
    struct tt_ring *ring = self->ring;
    uint64_t drops = atomic_load_explicit(&ring->drops, memory_order_relaxed);
    atomic_store_explicit(&ring->drops, drops + 1, memory_order_relaxed);
    if (self->gap_count++ == 0)
        self->gap_since = time;
    if (level == TT_LEVEL_VITAL) {
        uint64_t vital_drops = atomic_load_explicit(&ring->vital_drops, memory_order_relaxed);
        atomic_store_explicit(&ring->vital_drops, vital_drops + 1, memory_order_relaxed);
        self->gap_vital_count++;
    }
}

/* A signal handler may come in as soon as depth is 0: it finds nothing begun, and numbers rise all the same. */
bool tt__ring_begin_after_gap(struct tt__writing *writing, struct tt__thread *self, struct tt__life *life, int level,
                              size_t size)
{
    struct tt_event_recorder_gap gap = {
        .count = self->gap_count,
        .vital_count = self->gap_vital_count,
        .duration = writing->time > self->gap_since ? writing->time - self->gap_since : 0,
    };
    self->gap_count = self->gap_vital_count = 0;
    atomic_store_explicit(&self->ring->attempts, --self->attempts, memory_order_relaxed);
    atomic_signal_fence(memory_order_seq_cst);
    atomic_store_explicit(&self->depth, 0, memory_order_relaxed);
    tt_emit_recorder_gap(writing->time, &gap);
    return tt__ring_begin_own(writing, self, life, level, size);
}

/* ---------------------------------------------------------------------------------------------- the emergency ring */

/* Whether the slots at POSITION hold nothing that is still being written. */
static bool is_settled(struct tt_slot *slots, uint64_t slot_count, uint64_t position, uint32_t count)
{
    for (uint64_t at = position; at < position + count; at++) {
        uint64_t commit = atomic_load_explicit(&slots[at & (slot_count - 1)].commit, memory_order_acquire);
        uint64_t expected = at < slot_count ? 0 : at - slot_count + 1;
        if (commit >> 1 != expected)
            return false;
    }
    return true;
}

static bool has_emergency_room(struct tt__life *life, struct tt_ring *ring, uint64_t end, int level)
{
    uint64_t tail = atomic_load_explicit(&ring->tail, memory_order_acquire);
    if (!overwrites(life) && end > tail + capacity(ring->slot_count, level))
        return false;
    uint64_t populated = atomic_load_explicit(&ring->populated, memory_order_acquire);
    if (end <= populated || populated == ring->slot_count)
        return true;
    if (!tt__patience_is_over(&life->ring_patience))
        return false;
    if (grow(ring, populated, end))
        return true;
    atomic_store_explicit(&life->ring_patience, TT_POPULATE_PATIENCE, memory_order_relaxed);
    return false;
}

static bool reserve_emergency(struct tt__writing *writing, struct tt__life *life, struct tt_ring *ring, uint32_t count,
                              int level)
{
    uint64_t position = atomic_load_explicit(&ring->head, memory_order_relaxed);
    for (;;) {
        if (!has_emergency_room(life, ring, position + count, level))
            return false;
        if (!is_settled(writing->slots, ring->slot_count, position, count)) {
            uint64_t head = atomic_load_explicit(&ring->head, memory_order_relaxed);
            if (head == position)
                return false; /* overwriting, and a whole lap later a record is still not committed */
            position = head;
            continue;
        }
        if (atomic_compare_exchange_weak_explicit(&ring->head, &position, position + count, memory_order_relaxed,
                                                  memory_order_relaxed)) {
            tt__write_fence();
            writing->position = position;
            return true;
        }
    }
}

/* Threads share what they know of a reader that stands still. */
static bool wait_for_emergency(struct tt__life *life, struct tt_ring *ring, uint32_t count, int level)
{
    if (life->block_ns == 0 || overwrites(life))
        return false;
    uint64_t vain_tail = atomic_load_explicit(&life->vain_tail, memory_order_relaxed);
    uint64_t end = atomic_load_explicit(&ring->head, memory_order_relaxed) + count;
    bool is_there = tt__ring_wait(ring, life, end, capacity(ring->slot_count, level), &vain_tail);
    atomic_store_explicit(&life->vain_tail, vain_tail, memory_order_relaxed);
    return is_there;
}

static bool begin_emergency(struct tt__writing *writing, struct tt__thread *self, struct tt__life *life,
                            uint32_t ordinal, int level, size_t size)
{
    struct tt_ring *ring = tt__life_ring(life, 0);
    uint32_t count = tt__slots_needed(size + TT_TID_BYTES);
    writing->number = (uint32_t)atomic_fetch_add_explicit(&ring->attempts, 1, memory_order_relaxed);
    writing->slots = tt__ring_slots(ring);
    writing->mask = ring->slot_count - 1;
    writing->count = (uint8_t)count;
    writing->is_emergency = true;
    writing->tid = tt__thread_tid(self, ordinal);
    if (reserve_emergency(writing, life, ring, count, level) ||
        (wait_for_emergency(life, ring, count, level) && reserve_emergency(writing, life, ring, count, level)))
        return true;
    if (level == TT_LEVEL_VITAL)
        atomic_fetch_add_explicit(&ring->vital_drops, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&ring->drops, 1, memory_order_relaxed);
    return false;
}

/* A thread that found no ring free asks again after so many events. */
#define RINGLESS_EVENTS 4096u

static bool may_attach(struct tt__thread *self, uint32_t ordinal)
{
    if (self->is_ended)
        return false;
    if (self->ringless_arena != ordinal) {
        self->ringless_arena = ordinal;
        self->ringless_count = 0;
    }
    return self->ringless_count++ % RINGLESS_EVENTS == 0;
}

bool tt__ring_begin_slowly(struct tt__writing *writing, struct tt__life *life, uint32_t ordinal, int level, size_t size)
{
    struct tt__thread *self = &tt__thread;
    if (atomic_load_explicit(&self->depth, memory_order_relaxed) == 0 &&
        (self->arena == ordinal ||
         (may_attach(self, ordinal) && tt__thread_attach(self, life, ordinal, writing->time))))
        return tt__ring_begin_own(writing, self, life, level, size);
    return begin_emergency(writing, self, life, ordinal, level, size);
}

/* ------------------------------------------------------------------------------------------- records of many slots */

void tt__ring_scatter_all(const struct tt__writing *writing, const unsigned char *payload, size_t size)
{
    size_t length = size < TT_SLOT_HEAD_PAYLOAD ? size : TT_SLOT_HEAD_PAYLOAD;
    memcpy(tt__writing_slot(writing, 0)->payload, payload, length);
    for (uint32_t i = 1; i < writing->count; i++) {
        payload += length;
        size -= length;
        length = size < TT_SLOT_MORE_PAYLOAD ? size : TT_SLOT_MORE_PAYLOAD;
        memcpy((unsigned char *)tt__writing_slot(writing, i) + TT_SLOT_MORE_PAYLOAD_OFFSET, payload, length);
    }
}

void tt__ring_commit_all(const struct tt__writing *writing)
{
    for (uint32_t i = writing->count; i-- > 0;)
        atomic_store_explicit(&tt__writing_slot(writing, i)->commit, tt_commit_word(writing->position + i, i == 0),
                              memory_order_release);
}
