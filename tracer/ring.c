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

/* Looks again how far the reader is and makes the ring real where it must be; whether COUNT slots fit now. */
static bool make_room(struct tt__thread *self, struct tt__life *life, uint32_t count, int level)
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

/* Renews the second clock pair if nobody else has. */
static void renew_clock(struct tt__thread *self, struct tt__life *life, uint64_t time)
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

/* Counts a drop at TIME in the calling thread's own ring. */
static void count_drop(struct tt__thread *self, int level, uint64_t time)
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

/* Whether recorder_gap is due, and there is room for it beside COUNT slots. */
static bool owes_gap(const struct tt__thread *self, uint32_t count)
{
    return self->gap_count != 0 && self->head + count + 1 <= self->limits[TT_LEVEL_PLAIN];
}

/* Tells it. */
static void tell_gap(struct tt__thread *self, uint64_t time)
{
    struct tt_event_recorder_gap gap = {
        .count = self->gap_count,
        .vital_count = self->gap_vital_count,
        .duration = time > self->gap_since ? time - self->gap_since : 0,
    };
    self->gap_count = self->gap_vital_count = 0;
    tt_emit_recorder_gap(time, &gap);
}

/* Begins in the calling thread's own ring; when it returns true the thread has entered. The gap is an event of its own, so it is
 * told where nothing is begun; a handler that comes in there finds nothing begun either. */
static bool begin_own(struct tt__writing *writing, struct tt__thread *self, struct tt__life *life, int level,
                      size_t size)
{
    uint32_t count = tt__slots_needed(size);
    tt__ring_enter(self);
    bool has_room = self->head + count <= self->limits[level] || make_room(self, life, count, level);
    if (has_room && owes_gap(self, count)) {
        tt__ring_leave(self);
        tell_gap(self, writing->time);
        tt__ring_enter(self);
        has_room = self->head + count <= self->limits[level] || make_room(self, life, count, level);
    }
    writing->number = tt__ring_count_attempt(self);
    if (!has_room) {
        count_drop(self, level, writing->time);
        tt__ring_leave(self);
        return false;
    }
    writing->position = tt__ring_take(self, count);
    writing->slots = self->slots;
    writing->mask = self->mask;
    writing->count = (uint8_t)count;
    writing->is_emergency = false;
    return true;
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

bool tt__ring_begin(struct tt__writing *writing, struct tt__life *life, uint32_t ordinal, uint16_t event, int level,
                    uint64_t time, size_t size)
{
    struct tt__thread *self = &tt__thread;
    writing->time = time != 0 ? time : tt_trace_clock();
    writing->event = event;
    if (atomic_load_explicit(&self->depth, memory_order_relaxed) == 0 &&
        (self->arena == ordinal ||
         (may_attach(self, ordinal) && tt__thread_attach(self, life, ordinal, writing->time)))) {
        if (writing->time >= self->renew_at)
            renew_clock(self, life, writing->time);
        return begin_own(writing, self, life, level, size);
    }
    return begin_emergency(writing, self, life, ordinal, level, size);
}

static struct tt_slot *slot_of(const struct tt__writing *writing, uint32_t index)
{
    return &writing->slots[(writing->position + index) & writing->mask];
}

void tt__ring_finish(const struct tt__writing *writing, unsigned char *room, size_t size)
{
    const unsigned char *payload = room + TT_TID_BYTES;
    if (writing->is_emergency) {
        memcpy(room, &writing->tid, TT_TID_BYTES);
        payload = room;
        size += TT_TID_BYTES;
    }

    struct tt_slot *head = slot_of(writing, 0);
    tt__ring_fill_head(head, writing->event, writing->time, writing->number, writing->count);
    size_t length = size < TT_SLOT_HEAD_PAYLOAD ? size : TT_SLOT_HEAD_PAYLOAD;
    memcpy(head->payload, payload, length);
    for (uint32_t i = 1; i < writing->count; i++) {
        payload += length;
        size -= length;
        length = size < TT_SLOT_MORE_PAYLOAD ? size : TT_SLOT_MORE_PAYLOAD;
        memcpy((unsigned char *)slot_of(writing, i) + TT_SLOT_MORE_PAYLOAD_OFFSET, payload, length);
    }

    for (uint32_t i = writing->count; i-- > 0;)
        atomic_store_explicit(&slot_of(writing, i)->commit, tt_commit_word(writing->position + i, i == 0),
                              memory_order_release);
    if (!writing->is_emergency)
        tt__ring_leave(&tt__thread);
}
