/* recorder_stats.c: see recorder_stats.h. */
#include "recorder_stats.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define INTERVAL_NS INT64_C(5000000000)

static int64_t read_clock(clockid_t clock)
{
    struct timespec now;
    return clock_gettime(clock, &now) < 0 ? 0 : (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

void tt__recorder_stats_begin(struct tt__recorder_stats *stats)
{
    int64_t pause_ns = stats->pause_ns;
    uint8_t reason = stats->pause_reason;
    memset(stats, 0, sizeof *stats);
    stats->told_ns = read_clock(CLOCK_MONOTONIC);
    stats->told_cpu_ns = read_clock(CLOCK_PROCESS_CPUTIME_ID);
    if (pause_ns != 0) { /* it goes on */
        stats->pause_ns = stats->told_ns;
        stats->pause_reason = reason;
    }
}

void tt__recorder_stats_pause(struct tt__recorder_stats *stats, uint8_t reason)
{
    if (stats->pause_ns == 0)
        stats->pause_ns = read_clock(CLOCK_MONOTONIC);
    stats->pause_reason = reason;
}

void tt__recorder_stats_resume(struct tt__recorder_stats *stats)
{
    if (stats->pause_ns != 0)
        stats->paused_ns += read_clock(CLOCK_MONOTONIC) - stats->pause_ns;
    stats->pause_ns = 0;
}

bool tt__recorder_stats_have_news(const struct tt__recorder_stats *stats)
{
    return stats->event_count > 0 || stats->failed_count > 0 || stats->paused_ns > 0 || stats->pause_ns != 0;
}

bool tt__recorder_stats_are_due(const struct tt__recorder_stats *stats)
{
    return tt__recorder_stats_have_news(stats) && read_clock(CLOCK_MONOTONIC) - stats->told_ns >= INTERVAL_NS;
}

/* Memory of this process that is real; 0 when the system does not say. */
static uint64_t find_memory(void)
{
    unsigned long pages = 0;
    long page_bytes = sysconf(_SC_PAGESIZE);
    FILE *file = fopen("/proc/self/statm", "re");
    if (!file)
        return 0;
    if (fscanf(file, "%*u %lu", &pages) != 1)
        pages = 0;
    fclose(file);
    return page_bytes > 0 ? (uint64_t)pages * (uint64_t)page_bytes : 0;
}

void tt__recorder_stats_tell(struct tt__recorder_stats *stats, struct tt_ingest *ingest, uint32_t process_count,
                             uint64_t store_bytes, uint64_t log_bytes)
{
    int64_t present_ns, now_ns = read_clock(CLOCK_MONOTONIC);
    if (!tt_ingest_present(ingest, &present_ns))
        return;
    if (stats->pause_ns != 0) {
        stats->paused_ns += now_ns - stats->pause_ns;
        stats->pause_ns = now_ns;
    }
    struct tt_decoded_recorder_stats event = {
        .pid = (uint32_t)getpid(),
        .process_count = process_count,
        .event_count = stats->event_count,
        .batch_count = stats->batch_count,
        .failed_count = stats->failed_count,
        .store_bytes = store_bytes,
        .log_bytes = log_bytes,
        .memory_bytes = find_memory(),
        .interval = (uint64_t)(now_ns - stats->told_ns),
        .cpu = (uint64_t)(read_clock(CLOCK_PROCESS_CPUTIME_ID) - stats->told_cpu_ns),
        .lag = (uint64_t)stats->lag_ns,
        .paused = (uint64_t)stats->paused_ns,
        .pause_reason = stats->pause_reason,
        .reader_pid = stats->reader_pid,
        .reader = {stats->reader, (uint32_t)strlen(stats->reader)},
    };
    tt_ingest_recorder_stats(ingest, present_ns, &event);
    tt__recorder_stats_begin(stats);
}
