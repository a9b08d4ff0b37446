/* bench_emit.c: what an event costs the program that emits it: switched off, into the ring with a recorder that reads, with
 * and without reading the clock.
 *
 * Bursts are shorter than the ring and the recorder gets time between them, so that nothing is dropped: a dropped event is
 * cheaper than a written one. The floor is the same 64 bytes stored in a buffer of the ring's size.
 */
#include <time.h>
#include <unistd.h>

#include <telltale/trace.h>

#include "measure.h"

enum { ROUNDS = 15, BURST = 40000, OFF_COUNT = 20000000 };

/* Waits until the recorder has caught up with what was measured, outside of what is timed. */
static void let_drain(void)
{
    const struct timespec pause = {.tv_nsec = 2000000};
    struct tt_trace_statistics statistics;

    do {
        nanosleep(&pause, NULL);
        tt_trace_get_statistics(&statistics);
    } while (statistics.unread_bytes > 0);
}

/* ---------------------------------------------------------------------------------------------------------- variants */

/* A loop with nothing in it but what keeps the compiler from removing it. */
static double measure_empty(void)
{
    double begin = now_ns();

    for (uint64_t i = 0; i < OFF_COUNT; i++)
        __asm__ volatile("" ::"r"(i) : "memory");
    return (now_ns() - begin) / OFF_COUNT;
}

static double measure_off(void)
{
    uint32_t categories = tt_trace_categories;
    double begin, took;

    tt_trace_categories = 0;
    begin = now_ns();
    for (uint64_t i = 0; i < OFF_COUNT; i++) {
        TT_EMIT(task_started, .task_id = i);
        __asm__ volatile("" ::"r"(i) : "memory");
    }
    took = (now_ns() - begin) / OFF_COUNT;
    tt_trace_categories = categories;
    return took;
}

static double measure_floor(void)
{
    static uint64_t ring[(8u << 20) / 8];
    const size_t mask = sizeof ring / sizeof ring[0] - 1;
    size_t next = 0;
    double begin = now_ns();

    for (uint64_t i = 0; i < BURST; i++) {
        uint64_t *slot = &ring[next & mask];

        for (int j = 1; j < 8; j++)
            slot[j] = i;
        __atomic_store_n(slot, i, __ATOMIC_RELEASE);
        next += 8;
    }
    return (now_ns() - begin) / BURST;
}

static double measure_on(uint64_t time)
{
    double begin = now_ns();

    for (uint64_t i = 1; i <= BURST; i++)
        TT_EMIT_AT(time, task_started, .task_id = i << 20);
    begin = (now_ns() - begin) / BURST;
    let_drain();
    return begin;
}

static double measure_clock(void)
{
    double begin = now_ns();
    uint64_t sum = 0;

    for (uint64_t i = 0; i < BURST; i++)
        sum += tt_trace_clock();
    __asm__ volatile("" ::"r"(sum));
    return (now_ns() - begin) / BURST;
}

/* -------------------------------------------------------------------------------------------------------------------- */

int main(void)
{
    struct series empty = {.name = "emit_empty_loop"}, off = {.name = "emit_off"}, floor = {.name = "emit_floor"},
                  on = {.name = "emit_recorded"}, timed = {.name = "emit_recorded_time_given"},
                  clock = {.name = "emit_clock"};
    char folder[] = "/tmp/telltale-bench-XXXXXX", text[128];
    struct tt_trace_options options = {.store = text};
    struct tt_trace_statistics statistics;
    bool is_good = true;
    double off_ns;

    if (!mkdtemp(folder))
        return 2;
    snprintf(text, sizeof text, "%s/run.telltale", folder);
    if (tt_trace_start(&options) != TT_TRACE_RECORDING) {
        printf("skipped: emit: no recorder could be started\n");
        rmdir(folder);
        return 0;
    }
    for (int i = 0; i < 6; i++) /* the ring gets its memory */
        measure_on(0);
    for (int i = 0; i < ROUNDS; i++) {
        add_sample(&empty, measure_empty());
        add_sample(&off, measure_off());
        add_sample(&floor, measure_floor());
        add_sample(&clock, measure_clock());
        add_sample(&timed, measure_on(tt_trace_clock()));
        add_sample(&on, measure_on(0));
    }
    off_ns = print_series(&off, "ns") - print_series(&empty, "ns");
    print_series(&floor, "ns");
    print_series(&clock, "ns");
    print_series(&timed, "ns");
    print_series(&on, "ns");
    printf("figure emit_off_added %.2f ns\n", off_ns);
    is_good &= print_ratio("emit_2_ns_against_off", off_ns > 0.02 ? 2 / off_ns : 100, 1, 4);
    /* 45 ns is what a record with a reading of clock_gettime and a live reader was measured to cost before telltale was written. */
    is_good &= print_ratio("emit_45_ns_against_recorded", 45 / median_of(on.samples, on.count), 1, 1.6);
    tt_trace_get_statistics(&statistics);
    if (statistics.drop_count) {
        printf("FAILED: %llu of %llu events were dropped, so emitting was measured too cheap\n",
               (unsigned long long)statistics.drop_count, (unsigned long long)statistics.attempt_count);
        is_good = false;
    }
    tt_trace_stop();
    nanosleep(&(struct timespec){.tv_nsec = 200000000}, NULL); /* the recorder ends */
    snprintf(text, sizeof text, "rm -rf %s", folder);
    if (system(text) != 0)
        fprintf(stderr, "%s was left behind\n", folder);
    return is_good ? 0 : 1;
}
