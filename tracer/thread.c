/* thread.c: a thread gets a ring at its first event, and gives it back when it ends.
 *
 * A ring is  fresh -> in use -> detached -> (drained by the reader) -> in use again, by another thread with a new
 * ordinal. A detached ring still holds what its thread said; only the reader knows when it has it all. Where nobody
 * reads, rings are not used again, so that what ended threads said stays.
 *
 * Signal handlers. The first event of a thread may be one of a handler, so attaching is async-signal-safe: while it
 * is under way `depth` is 1, and a handler in between uses the emergency ring.
 *
 * The end of a thread is seen by a destructor of pthread_key. A key past the first 32 makes glibc allocate, which a
 * handler must not; then the destructor is only set from calls that are no emits, and rings whose thread has gone
 * unseen are found when rings run out.
 */
#include "lttng.h"
#include "ring.h"

#include <errno.h>
#include <pthread.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define KEYS_WITHOUT_ALLOCATION 32u /* glibc: PTHREAD_KEY_2NDLEVEL_SIZE */

#ifndef PTHREAD_DESTRUCTOR_ITERATIONS
#define PTHREAD_DESTRUCTOR_ITERATIONS 4
#endif

_Thread_local struct tt__thread tt__thread __attribute__((tls_model("initial-exec")));

static pthread_key_t key;
static _Atomic bool has_key;

uint32_t tt__thread_tid(struct tt__thread *self, uint32_t ordinal)
{
    if (self->tid_arena != ordinal) {
        self->tid = (uint32_t)syscall(SYS_gettid);
        self->tid_arena = ordinal;
    }
    return self->tid;
}

/* ------------------------------------------------------------------------------------------------- finding a ring */

static struct tt_ring *take_drained(struct tt__life *life)
{
    uint32_t count = atomic_load_explicit(&life->header->ring_count, memory_order_acquire);
    for (uint32_t i = 1; i < count; i++) {
        struct tt_ring *ring = tt__life_ring(life, i);
        uint32_t detached = 1;
        if (atomic_load_explicit(&ring->is_detached, memory_order_acquire) == 1 &&
            atomic_load_explicit(&ring->is_drained, memory_order_acquire) == 1 &&
            atomic_compare_exchange_strong_explicit(&ring->is_detached, &detached, 2, memory_order_acq_rel,
                                                    memory_order_relaxed))
            return ring;
    }
    return NULL;
}

static struct tt_ring *take_fresh(struct tt__life *life)
{
    uint32_t count = atomic_load_explicit(&life->header->ring_count, memory_order_relaxed);
    struct tt_ring *ring;
    do {
        if (count >= life->ring_count_max)
            return NULL;
        ring = tt__life_ring(life, count);
        /* Before the ring is counted, so that readers find memory; another thread may do it too. */
        if (tt__arena_populate(ring, TT_RING_HEAD_BYTES) < 0)
            return NULL;
    } while (!atomic_compare_exchange_weak_explicit(&life->header->ring_count, &count, count + 1, memory_order_acq_rel,
                                                    memory_order_relaxed));
    uint64_t first = life->ring_bytes < TT_POPULATE_FIRST_BYTES ? life->ring_bytes : TT_POPULATE_FIRST_BYTES;
    if (tt__arena_populate(tt__ring_slots(ring), first) == 0)
        atomic_store_explicit(&ring->populated, first / TT_SLOT_BYTES, memory_order_relaxed);
    __atomic_store_n(&ring->slot_count, life->ring_bytes / TT_SLOT_BYTES, __ATOMIC_RELEASE);
    return ring;
}

/* Detaches rings of threads that are gone without having been seen to end. */
static void detach_orphans(struct tt__life *life, uint32_t tid)
{
    uint32_t count = atomic_load_explicit(&life->header->ring_count, memory_order_acquire);
    for (uint32_t i = 1; i < count; i++) {
        struct tt_ring *ring = tt__life_ring(life, i);
        uint32_t owner = atomic_load_explicit(&ring->tid, memory_order_relaxed), attached = 0;
        if (owner == 0 || atomic_load_explicit(&ring->is_detached, memory_order_relaxed) != 0)
            continue;
        if (owner != tid && (syscall(SYS_tgkill, getpid(), owner, 0) == 0 || errno != ESRCH))
            continue;
        if (atomic_compare_exchange_strong_explicit(&ring->is_detached, &attached, 2, memory_order_acq_rel,
                                                    memory_order_relaxed)) {
            atomic_store_explicit(&ring->is_drained, 0, memory_order_relaxed);
            atomic_store_explicit(&ring->is_detached, 1, memory_order_release);
        }
    }
}

static struct tt_ring *take_ring(struct tt__life *life, uint32_t tid)
{
    struct tt_ring *ring = take_drained(life);
    if (!ring)
        ring = take_fresh(life);
    if (!ring)
        detach_orphans(life, tid); /* for the next one who asks, when they are drained */
    return ring;
}

/* ------------------------------------------------------------------------------------------------- attach, detach */

static void emit_attached(uint32_t tid, uint64_t time)
{
    char name[16] = "";
    (void)prctl(PR_GET_NAME, name);
    name[sizeof name - 1] = '\0';
    tt_emit_thread_attached(time, &(struct tt_event_thread_attached){.tid = tid, .name = name});
}

static void use_ring(struct tt__thread *self, struct tt__life *life, uint32_t ordinal, struct tt_ring *ring)
{
    uint32_t thread = atomic_fetch_add_explicit(&life->thread_count, 1, memory_order_relaxed) + 1;
    __atomic_store_n(&ring->ordinal, thread, __ATOMIC_RELAXED);
    atomic_store_explicit(&ring->tid, self->tid, memory_order_relaxed);
    atomic_store_explicit(&ring->wait_ns, 0, memory_order_relaxed);
    atomic_store_explicit(&ring->is_drained, 0, memory_order_relaxed);
    atomic_store_explicit(&ring->is_detached, 0, memory_order_release);
    self->ring = ring;
    self->slots = tt__ring_slots(ring);
    self->mask = ring->slot_count - 1;
    self->head = atomic_load_explicit(&ring->head, memory_order_relaxed);
    self->attempts = atomic_load_explicit(&ring->attempts, memory_order_relaxed);
    self->limits[TT_LEVEL_PLAIN] = self->limits[TT_LEVEL_VITAL] = 0;
    self->renew_at = 0;
    self->patience = 0;
    self->gap_count = self->gap_vital_count = 0;
    self->vain_tail = UINT64_MAX;
    self->arena = ordinal;
}

bool tt__thread_attach(struct tt__thread *self, struct tt__life *life, uint32_t ordinal, uint64_t time)
{
    int error = errno;
    atomic_store_explicit(&self->depth, 1, memory_order_relaxed);
    atomic_signal_fence(memory_order_seq_cst);
    uint32_t tid = tt__thread_tid(self, ordinal);
    struct tt_ring *ring = take_ring(life, tid);
    if (ring) {
        use_ring(self, life, ordinal, ring);
        tt__thread_watch_safely(self);
    }
    atomic_signal_fence(memory_order_seq_cst);
    atomic_store_explicit(&self->depth, 0, memory_order_relaxed);
    if (ring)
        emit_attached(tid, time);
    errno = error;
    return ring != NULL;
}

static void detach(struct tt__thread *self, struct tt__life *life, uint32_t ordinal)
{
    tt__board_leave(self, life, ordinal);
    if (self->arena != ordinal)
        return;
    tt_emit_thread_detached(0, &(struct tt_event_thread_detached){.tid = self->tid});
    self->arena = 0;
    atomic_signal_fence(memory_order_seq_cst);
    atomic_store_explicit(&self->ring->is_drained, 0, memory_order_relaxed);
    atomic_store_explicit(&self->ring->is_detached, 1, memory_order_release);
}

/* Other destructors may still emit, so it waits; not for the last round, in which tools take their own hands off the
 * thread (the thread sanitizer does), nor for the one before it: what is said here makes LTTng's library register the thread
 * once more, which takes it back in a destructor of its own. Afterwards the emergency ring is all there is. */
static void end_thread(void *argument)
{
    struct tt__thread *self = argument;
    if (++self->exit_rounds < PTHREAD_DESTRUCTOR_ITERATIONS - 2 && pthread_setspecific(key, self) == 0)
        return;
    struct tt__life *life = tt__life();
    uint32_t ordinal = tt__life_ordinal(life);
    tt__lttng_thread_ends(self, life);
    self->is_ended = 1;
    if (ordinal != 0)
        detach(self, life, ordinal);
}

void tt__thread_watch(struct tt__thread *self)
{
    if (!self->is_watched && atomic_load_explicit(&has_key, memory_order_acquire))
        self->is_watched = pthread_setspecific(key, self) == 0;
}

void tt__thread_watch_safely(struct tt__thread *self)
{
    if (!self->is_watched && (unsigned)key < KEYS_WITHOUT_ALLOCATION)
        tt__thread_watch(self);
}

int tt__thread_prepare(void)
{
    if (atomic_load_explicit(&has_key, memory_order_relaxed))
        return 0;
    int error = pthread_key_create(&key, end_thread);
    if (error != 0)
        return -error;
    atomic_store_explicit(&has_key, true, memory_order_release);
    return 0;
}
