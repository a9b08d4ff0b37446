/* ring_wait.c: an emit call waits for the reader, where full rings are to block. See tt__ring_wait() in writer.h.
 *
 * The reader gives room in large pieces, a batch at a time, so there is nothing to be won by looking often. The first looks
 * come soon after each other, for a reader that is about to finish; later ones every millisecond.
 *
 * A reader that is gone must not cost every event its time. Whoever has waited in vain remembers where the reader stood,
 * and drops at once until it has moved.
 *
 * Threads: any; signal handlers.
 */
#include "writer.h"

#include <errno.h>
#include <time.h>

#define LOOK_NS_MIN 50000L
#define LOOK_NS_MAX 1000000L

bool tt__ring_wait(struct tt_ring *ring, struct tt__life *life, uint64_t end, uint64_t capacity, uint64_t *vain_tail)
{
    uint64_t tail = atomic_load_explicit(&ring->tail, memory_order_acquire);
    if (life->block_ns == 0 || tail == *vain_tail)
        return end <= tail + capacity;
    int error = errno;
    uint64_t began_ns = tt__clock_read_ns(CLOCK_MONOTONIC), waited_ns = 0;
    for (long look_ns = LOOK_NS_MIN; end > tail + capacity && waited_ns < life->block_ns;) {
        nanosleep(&(struct timespec){.tv_nsec = look_ns}, NULL);
        look_ns = look_ns * 2 < LOOK_NS_MAX ? look_ns * 2 : LOOK_NS_MAX;
        waited_ns = tt__clock_read_ns(CLOCK_MONOTONIC) - began_ns;
        tail = atomic_load_explicit(&ring->tail, memory_order_acquire);
        if (__atomic_load_n(&life->header->overwrite_oldest, __ATOMIC_RELAXED) != 0)
            break; /* nobody will ever read */
    }
    atomic_fetch_add_explicit(&ring->wait_ns, waited_ns, memory_order_relaxed);
    atomic_fetch_add_explicit(&life->wait_ns, waited_ns, memory_order_relaxed);
    *vain_tail = end > tail + capacity ? tail : UINT64_MAX;
    errno = error;
    return end <= tail + capacity;
}
