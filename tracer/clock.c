/* clock.c: the clock that records carry, and how it hangs together with the kernel's clocks.
 *
 * The time-stamp counter is taken where the processor says that it is invariant and the kernel still trusts it (it
 * takes an unsteady one off its list of clock sources); else CLOCK_MONOTONIC. The choice is made once in a process,
 * at first use.
 *
 * Threads: any; signal handlers.
 */
#include "writer.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#if defined(__x86_64__)
#include <cpuid.h>
#include <x86intrin.h>
#endif

#define SOURCES    "/sys/devices/system/clocksource/clocksource0/available_clocksource"
#define TSC_PERIOD (UINT64_C(1) << 31) /* a second at 2.1 GHz: counters run at 1 to 5 GHz */
#define SECOND_NS  UINT64_C(1000000000)
#define PAIR_TRIES 3 /* a reading that was interrupted is worse than the next */

static _Atomic uint32_t kind; /* enum tt_arena_clock; 0: not chosen yet */

/* How long a tick is, for carriers whose readers do not know this clock: from both clocks read together at the first
 * measurement and at the last. After a millisecond it is right within 100 parts in a million, after a second far better. */
static _Atomic uint64_t first_ticks, first_ns, tick_ns_2_32;
#define MEASURE_NS_MIN UINT64_C(1000000)

#if defined(__x86_64__)
static bool is_tsc_invariant(void)
{
    unsigned a, b, c, d;
    return __get_cpuid(0x80000007u, &a, &b, &c, &d) && (d & (1u << 8)) != 0;
}

static bool is_tsc_trusted(void)
{
    char names[256];
    int fd = open(SOURCES, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    ssize_t length = read(fd, names, sizeof names - 1);
    close(fd);
    if (length <= 0)
        return false;
    names[length] = '\0';
    for (const char *at = names; (at = strstr(at, "tsc")) != NULL; at += 3)
        if ((at == names || at[-1] == ' ') && (at[3] == ' ' || at[3] == '\n' || at[3] == '\0'))
            return true;
    return false;
}
#endif

static uint32_t choose_kind(void)
{
    uint32_t choice = TT_ARENA_CLOCK_MONOTONIC;
#if defined(__x86_64__)
    int error = errno;
    if (is_tsc_invariant() && is_tsc_trusted())
        choice = TT_ARENA_CLOCK_TSC;
    errno = error;
#endif
    /* Threads that choose at the same time may see different things only if the kernel changes its mind: the first
     * wins. */
    uint32_t none = 0;
    return atomic_compare_exchange_strong(&kind, &none, choice) ? choice : none;
}

uint64_t tt__clock_read_ns(clockid_t clock)
{
    struct timespec now;
    if (clock_gettime(clock, &now) < 0) /* it cannot fail with a clock that exists */
        return 1;
    return (uint64_t)now.tv_sec * SECOND_NS + (uint64_t)now.tv_nsec;
}

uint32_t tt__clock_kind(void)
{
    uint32_t chosen = atomic_load_explicit(&kind, memory_order_relaxed);
    return tt__likely(chosen != 0) ? chosen : choose_kind();
}

uint64_t tt_trace_clock(void)
{
    uint32_t chosen = tt__clock_kind();
#if defined(__x86_64__)
    if (tt__likely(chosen == TT_ARENA_CLOCK_TSC))
        return __rdtsc();
#endif
    (void)chosen;
    return tt__clock_read_ns(CLOCK_MONOTONIC);
}

static void read_together(uint64_t *out_ticks, uint64_t *out_ns)
{
    uint64_t best = UINT64_MAX;
    for (int i = 0; i < PAIR_TRIES; i++) {
        uint64_t before = tt_trace_clock(), ns = tt__clock_read_ns(CLOCK_MONOTONIC), took = tt_trace_clock() - before;
        if (took < best) {
            best = took;
            *out_ticks = before + took / 2;
            *out_ns = ns;
        }
    }
}

void tt__clock_measure_tick(void)
{
    uint64_t ticks, ns, from_ticks, from_ns = atomic_load(&first_ns);
    if (tt__clock_kind() == TT_ARENA_CLOCK_MONOTONIC) {
        atomic_store_explicit(&tick_ns_2_32, UINT64_C(1) << 32, memory_order_relaxed);
        return;
    }
    if (from_ns == 0) { /* the first time; a fork inherits it, and the counter goes on */
        read_together(&ticks, &ns);
        atomic_store(&first_ticks, ticks);
        atomic_store(&first_ns, ns);
        from_ns = ns;
    }
    from_ticks = atomic_load(&first_ticks);
    do {
        read_together(&ticks, &ns);
    } while (ns - from_ns < MEASURE_NS_MIN);
    ticks -= from_ticks;
    ns -= from_ns;
    for (; ((ticks | ns) >> 32) != 0; ticks >>= 1) /* 31 significant bits remain */
        ns >>= 1;
    atomic_store_explicit(&tick_ns_2_32, (ns << 32) / ticks, memory_order_relaxed);
}

uint64_t tt__clock_tick_ns_2_32(void)
{
    return atomic_load_explicit(&tick_ns_2_32, memory_order_relaxed);
}

uint64_t tt__clock_period(void)
{
    return tt__clock_kind() == TT_ARENA_CLOCK_TSC ? TSC_PERIOD : SECOND_NS;
}

void tt__clock_read_pair(struct tt_clock_pair *pair)
{
    uint64_t best = UINT64_MAX, ticks = 0, monotonic = 0, realtime = 0, boottime = 0;
    uint32_t sequence = atomic_load_explicit(&pair->sequence, memory_order_relaxed);
    if ((sequence & 1) != 0 || !atomic_compare_exchange_strong_explicit(&pair->sequence, &sequence, sequence + 1,
                                                                        memory_order_acq_rel, memory_order_relaxed))
        return;
    for (int i = 0; i < PAIR_TRIES; i++) {
        uint64_t before = tt_trace_clock();
        uint64_t m = tt__clock_read_ns(CLOCK_MONOTONIC), r = tt__clock_read_ns(CLOCK_REALTIME),
                 b = tt__clock_read_ns(CLOCK_BOOTTIME);
        uint64_t after = tt_trace_clock();
        if (after - before < best) {
            best = after - before;
            ticks = before + best / 2;
            monotonic = m;
            realtime = r;
            boottime = b;
        }
    }
    if (tt__clock_kind() == TT_ARENA_CLOCK_MONOTONIC)
        ticks = monotonic; /* one clock: nothing lies between */
    tt__write_fence();
    atomic_store_explicit(&pair->ticks, ticks, memory_order_relaxed);
    atomic_store_explicit(&pair->monotonic_ns, monotonic, memory_order_relaxed);
    atomic_store_explicit(&pair->realtime_ns, realtime, memory_order_relaxed);
    atomic_store_explicit(&pair->boottime_ns, boottime, memory_order_relaxed);
    atomic_store_explicit(&pair->sequence, sequence + 2, memory_order_release);
}
