/* id.c: ids of the objects of this process, from one counter, which threads draw from in blocks.
 *
 * Within a thread ids grow, between threads they do not say who was first. A signal handler that comes in between
 * must get no id twice and, the thread's later ids being larger, must end the block that it found:
 *
 *   - a call that finds another one of its thread at work draws one id from the counter, and ends the thread's block by
 *     setting id_end to 0; only the interrupted call writes id_next;
 *   - a call that draws a block sets id_end with a compare-and-swap from ENDING, and draws again if a handler has
 * been there.
 *
 * Threads: any; signal handlers. A forked child goes on where its parent was, with a new block: ids are unique in a process,
 * and in the child those of inherited objects are smaller than its own.
 */
#include "writer.h"

#define BLOCK  64u
#define ENDING UINT64_MAX

static _Atomic uint64_t counter = 1; /* the next id; 0 is no id */

uint64_t tt__id_first_own = 1;

static uint64_t draw_block(struct tt__thread *self)
{
    uint64_t first, expected;
    do {
        atomic_store_explicit(&self->id_end, ENDING, memory_order_relaxed);
        atomic_signal_fence(memory_order_seq_cst);
        first = atomic_fetch_add_explicit(&counter, BLOCK, memory_order_relaxed);
        expected = ENDING;
    } while (!atomic_compare_exchange_strong_explicit(&self->id_end, &expected, first + BLOCK, memory_order_relaxed,
                                                      memory_order_relaxed));
    return first;
}

uint64_t tt_trace_new_id(void)
{
    struct tt__thread *self = &tt__thread;
    if (tt__unlikely(atomic_load_explicit(&self->id_depth, memory_order_relaxed) != 0)) {
        uint64_t single = atomic_fetch_add_explicit(&counter, 1, memory_order_relaxed);
        atomic_store_explicit(&self->id_end, 0, memory_order_relaxed);
        return single;
    }
    atomic_store_explicit(&self->id_depth, 1, memory_order_relaxed);
    atomic_signal_fence(memory_order_seq_cst);
    uint64_t id = atomic_load_explicit(&self->id_next, memory_order_relaxed);
    if (tt__unlikely(id >= atomic_load_explicit(&self->id_end, memory_order_relaxed)))
        id = draw_block(self);
    atomic_store_explicit(&self->id_next, id + 1, memory_order_relaxed);
    atomic_signal_fence(memory_order_seq_cst);
    atomic_store_explicit(&self->id_depth, 0, memory_order_relaxed);
    return id;
}

void tt__id_after_fork(void)
{
    tt__id_first_own = atomic_load(&counter);
    atomic_store(&tt__thread.id_end, 0); /* its block was drawn by the parent */
}
