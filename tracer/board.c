/* board.c: the board, one slot for each task that lives. The format: struct tt_board_slot in arena.h.
 *
 * Free slots. Claiming and releasing happen once for each task, so a thread keeps what was released on it in a chain,
 * the last one on top, and up to TT_BOARD_CHAIN_SLOTS more as a spare chain; full chains go to and come from a list
 * that all threads share, under a lock held for a few instructions. Links stand in slots that are free, which readers
 * do not look into:
 *
 *   wait_object of a free slot                   index + 1 of the next one in its chain, 0 at the end
 *   since of the first slot of a shared chain    index + 1 of the first slot of the next chain
 *   busy of the first slot of a shared chain     how many slots it has
 *
 * Threads: as trace.h says; not in signal handlers. A forked child cannot find its parent's slots on its own board:
 * they are told by their address, and writing to them does nothing.
 */
#include "writer.h"

#include <sched.h>
#include <string.h>

static void lock_chains(struct tt__life *life)
{
    while (atomic_exchange_explicit(&life->board_lock, 1, memory_order_acquire) != 0)
        sched_yield();
}

static void unlock_chains(struct tt__life *life)
{
    atomic_store_explicit(&life->board_lock, 0, memory_order_release);
}

static void share_chain(struct tt__life *life, uint32_t first, uint32_t count)
{
    struct tt_board_slot *slot = &life->board[first - 1];
    slot->busy = count;
    lock_chains(life);
    slot->since = life->board_chains;
    life->board_chains = first;
    unlock_chains(life);
}

static uint32_t take_chain(struct tt__life *life, uint32_t *out_count)
{
    lock_chains(life);
    uint32_t first = life->board_chains;
    if (first != 0) {
        life->board_chains = (uint32_t)life->board[first - 1].since;
        *out_count = (uint32_t)life->board[first - 1].busy;
    }
    unlock_chains(life);
    return first;
}

/* Makes the board real up to slot COUNT. */
static bool grow(struct tt__life *life, uint32_t count)
{
    const uint32_t step = TT_POPULATE_STEP_BYTES / sizeof(struct tt_board_slot);
    uint32_t populated = atomic_load_explicit(&life->board_populated, memory_order_acquire);
    if (tt__likely(count <= populated))
        return true;
    if (!tt__patience_is_over(&life->board_patience))
        return false;
    if (tt__arena_populate(&life->board[populated], (uint64_t)step * sizeof(struct tt_board_slot)) < 0) {
        atomic_store_explicit(&life->board_patience, TT_POPULATE_PATIENCE, memory_order_relaxed);
        return false;
    }
    uint32_t wanted = populated + step; /* board_slots is a multiple of it */
    while (populated < wanted && !atomic_compare_exchange_weak_explicit(&life->board_populated, &populated, wanted,
                                                                        memory_order_release, memory_order_relaxed))
        continue;
    return true;
}

/* A slot that nobody had before, as index + 1; 0 when the board is full. */
static uint32_t take_fresh(struct tt__life *life)
{
    _Atomic uint32_t *used = &life->header->board_used;
    uint32_t count = atomic_load_explicit(used, memory_order_relaxed);
    do {
        if (count >= life->board_slots || !grow(life, count + 1))
            return 0;
    } while (
        !atomic_compare_exchange_weak_explicit(used, &count, count + 1, memory_order_relaxed, memory_order_relaxed));
    return count + 1;
}

static void join_board(struct tt__thread *self, uint32_t ordinal)
{
    self->board_arena = ordinal;
    self->board_free = self->board_free_count = self->board_spare = 0;
    tt__thread_watch(self);
}

static uint32_t take_slot(struct tt__thread *self, struct tt__life *life)
{
    if (self->board_free == 0 && self->board_spare != 0) {
        self->board_free = self->board_spare;
        self->board_free_count = TT_BOARD_CHAIN_SLOTS;
        self->board_spare = 0;
    }
    if (self->board_free == 0)
        self->board_free = take_chain(life, &self->board_free_count);
    if (self->board_free == 0)
        return take_fresh(life);
    uint32_t taken = self->board_free;
    self->board_free = (uint32_t)life->board[taken - 1].wait_object;
    self->board_free_count--;
    return taken;
}

static void give_slot(struct tt__thread *self, struct tt__life *life, uint32_t given)
{
    if (self->board_free_count == TT_BOARD_CHAIN_SLOTS) {
        if (self->board_spare != 0)
            share_chain(life, self->board_spare, TT_BOARD_CHAIN_SLOTS);
        self->board_spare = self->board_free;
        self->board_free = self->board_free_count = 0;
    }
    life->board[given - 1].wait_object = self->board_free;
    self->board_free = given;
    self->board_free_count++;
}

void tt__board_leave(struct tt__thread *self, struct tt__life *life, uint32_t ordinal)
{
    if (self->board_arena != ordinal)
        return;
    if (self->board_spare != 0)
        share_chain(life, self->board_spare, TT_BOARD_CHAIN_SLOTS);
    if (self->board_free != 0)
        share_chain(life, self->board_free, self->board_free_count);
    self->board_free = self->board_free_count = self->board_spare = 0;
}

/* Whether SLOT is on this process's present board. */
static bool is_present(const struct tt__life *life, const struct tt_board_slot *slot)
{
    return (uintptr_t)slot - (uintptr_t)life->board < life->board_slots * sizeof *slot;
}

/* Between begin and end readers see that the slot is being changed. */
static uint32_t begin_change(struct tt_board_slot *slot)
{
    uint32_t sequence = atomic_load_explicit(&slot->sequence, memory_order_relaxed);
    atomic_store_explicit(&slot->sequence, sequence + 1, memory_order_relaxed);
    tt__write_fence();
    return sequence + 1;
}

static void end_change(struct tt_board_slot *slot, uint32_t sequence)
{
    atomic_store_explicit(&slot->sequence, sequence + 1, memory_order_release);
}

tt_board_slot *tt_board_claim(uint64_t task_id, uint64_t parent_id, uint64_t loop_id, tt_site *site, const char *name,
                              uint32_t name_number)
{
    struct tt__thread *self = &tt__thread;
    struct tt__life *life = tt__life();
    uint32_t on = __atomic_load_n(&tt_trace_categories, __ATOMIC_RELAXED);
    if (on == 0 || (on & TT_CARRIER_ALONE) != 0 || ((on & TT_CARRIER_CHILD) != 0 && task_id < tt__id_first_own))
        return NULL;
    if (tt__unlikely(tt__life_ordinal(life) == 0)) {
        if (!tt__trace_revive())
            return NULL;
        life = tt__life();
    }
    uint32_t ordinal = tt__life_ordinal(life);
    if (tt__unlikely(self->board_arena != ordinal))
        join_board(self, ordinal);
    uint32_t taken = take_slot(self, life);
    if (tt__unlikely(taken == 0)) {
        atomic_fetch_add_explicit(&life->header->board_drop_count, 1, memory_order_relaxed);
        return NULL;
    }

    struct tt_board_slot *slot = &life->board[taken - 1];
    size_t length = tt__text_cut(name, sizeof slot->name - 1);
    uint64_t created_site = tt__dictionary_id(life, ordinal, site);
    uint32_t sequence = begin_change(slot);
    slot->state = TT_TASK_STATE_READY;
    slot->wait_kind = TT_WAIT_KIND_NONE;
    slot->wait_object = slot->wait_site = slot->busy = slot->ready = 0;
    slot->since = tt_trace_clock();
    slot->step_count = 0;
    slot->name_number = name_number;
    slot->parent_id = parent_id;
    slot->loop_id = loop_id;
    slot->created_site = created_site;
    memcpy(slot->name, name ? name : "", length);
    slot->name[length] = '\0';
    atomic_store_explicit(&slot->task_id, task_id, memory_order_relaxed);
    end_change(slot, sequence);
    return slot;
}

void tt_board_write(tt_board_slot *slot, const struct tt_board_entry *entry)
{
    struct tt__life *life = tt__life();
    uint32_t ordinal = tt__life_ordinal(life);
    if (!slot || tt__unlikely(ordinal == 0) || !is_present(life, slot))
        return;
    if (tt__select_is_due(life))
        tt__select_notice_and_tell(life);
    uint64_t wait_site = tt__dictionary_id(life, ordinal, entry->wait_site);
    uint32_t sequence = begin_change(slot);
    slot->state = entry->state;
    slot->wait_kind = entry->wait_kind;
    slot->wait_object = entry->wait_object;
    slot->wait_site = wait_site;
    slot->since = entry->since;
    slot->busy = entry->busy;
    slot->ready = entry->ready;
    slot->step_count = entry->step_count;
    end_change(slot, sequence);
}

void tt_board_release(tt_board_slot *slot)
{
    struct tt__thread *self = &tt__thread;
    struct tt__life *life = tt__life();
    uint32_t ordinal = tt__life_ordinal(life);
    if (!slot || ordinal == 0 || !is_present(life, slot))
        return;
    if (tt__unlikely(self->board_arena != ordinal))
        join_board(self, ordinal);
    uint32_t sequence = begin_change(slot);
    atomic_store_explicit(&slot->task_id, 0, memory_order_relaxed);
    end_change(slot, sequence);
    give_slot(self, life, (uint32_t)(slot - life->board) + 1);
}
