/* clock_sample.c: clock_sampled, which says how the kernel's clocks hang together.
 *
 * Times of a recording are those of CLOCK_MONOTONIC. What the wall clock showed then is known at the start of a process;
 * later it is set by somebody, or led by NTP to another time, and a suspended machine stops CLOCK_MONOTONIC. Once a second
 * a process that emits anything reads all of them for its arena; when they have moved against each other by more than a
 * millisecond since they were told last, or after half a minute, they are told again.
 *
 * Threads: any; signal handlers.
 */
#include "writer.h"

#define INTERVAL_NS UINT64_C(30000000000)
/* What a wall clock shows in telltale's screens. Led by NTP it moves by half of that in a second. */
#define MOVED_NS 1000000

static bool has_moved(int64_t before_ns, int64_t now_ns)
{
    return now_ns - before_ns > MOVED_NS || before_ns - now_ns > MOVED_NS;
}

void tt__clock_sample(struct tt__life *life, struct tt_clock_pair *pair, uint64_t time)
{
    uint32_t sequence = atomic_load_explicit(&pair->sequence, memory_order_acquire);
    uint64_t monotonic_ns = atomic_load_explicit(&pair->monotonic_ns, memory_order_relaxed);
    uint64_t realtime_ns = atomic_load_explicit(&pair->realtime_ns, memory_order_relaxed);
    uint64_t boottime_ns = atomic_load_explicit(&pair->boottime_ns, memory_order_relaxed);
    atomic_thread_fence(memory_order_acquire);
    if ((sequence & 1) != 0 || atomic_load_explicit(&pair->sequence, memory_order_relaxed) != sequence)
        return; /* another thread is reading them, and comes here with what it read */

    int64_t realtime = (int64_t)(realtime_ns - monotonic_ns), boottime = (int64_t)(boottime_ns - monotonic_ns);
    uint64_t last_ns = atomic_load_explicit(&life->sampled_ns, memory_order_relaxed);
    bool is_set = has_moved(atomic_load_explicit(&life->sampled_realtime_ns, memory_order_relaxed), realtime);
    bool has_slept = has_moved(atomic_load_explicit(&life->sampled_boottime_ns, memory_order_relaxed), boottime);
    if ((!is_set && !has_slept && monotonic_ns < last_ns + INTERVAL_NS) || monotonic_ns <= last_ns ||
        !atomic_compare_exchange_strong(&life->sampled_ns, &last_ns, monotonic_ns))
        return;
    atomic_store_explicit(&life->sampled_realtime_ns, realtime, memory_order_relaxed);
    atomic_store_explicit(&life->sampled_boottime_ns, boottime, memory_order_relaxed);
    tt_emit_clock_sampled(time, &(struct tt_event_clock_sampled){
                                    .monotonic_ns = monotonic_ns,
                                    .realtime_ns = realtime_ns,
                                    .boottime_ns = boottime_ns,
                                    .why = has_slept ? TT_SAMPLE_REASON_SLEPT
                                           : is_set  ? TT_SAMPLE_REASON_SET
                                                     : TT_SAMPLE_REASON_INTERVAL,
                                });
}

void tt__clock_sample_begin(struct tt__life *life, const struct tt_clock_pair *pair)
{
    uint64_t monotonic_ns = atomic_load(&pair->monotonic_ns);
    atomic_store(&life->sampled_realtime_ns, (int64_t)(atomic_load(&pair->realtime_ns) - monotonic_ns));
    atomic_store(&life->sampled_boottime_ns, (int64_t)(atomic_load(&pair->boottime_ns) - monotonic_ns));
    atomic_store(&life->sampled_ns, monotonic_ns);
}
