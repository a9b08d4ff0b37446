/* many_tasks.c: makes a store with very many tasks the real way: it is run under `telltale record --events +step`.
 *
 *     many_tasks TASKS          that many tasks, one after another, WIDTH families alive at once
 *     many_tasks TASKS alive    that many, all of them alive at once: prints "alive" when they are, and what each of them takes,
 *                               and ends when its standard input does
 *
 * Families: a parent with nine children, below a feeder, below main. Each task is told by six events (created, started, suspended,
 * woken or resumed, finished), waits once, and of each thousand two fail: one whose parent reads its failure, and one that
 * nobody has a handle of. The feeder waits while more than half of its ring has not been read, so that nothing is dropped; what
 * the recorder takes is in the time that is printed.
 */
#include <unistd.h>

#include <telltale/telltale.h>

#include "measure.h"

enum { CHILDREN = 9, WIDTH = 100, FAIL_EVERY = 1000 };

static unsigned long task_count, made_count, failure_count;
static bool is_alive;
static uint64_t ring_bytes;

static int child(void *arg)
{
    unsigned long number = (unsigned long)(uintptr_t)arg;
    if (tt_sleep(0) < 0)
        return -1;
    if (number % FAIL_EVERY == 307 || number % FAIL_EVERY == 508) {
        failure_count++;
        return tt_raise(&tt_ValueError, "value %lu is too large", number);
    }
    return 0;
}

/* Creates its children; awaits the one that may fail, so that somebody has seen that. */
static int parent(void *arg)
{
    (void)arg;
    for (int i = 0; i < CHILDREN && made_count < task_count; i++) {
        unsigned long number = made_count++;
        void *given = (void *)(uintptr_t)number;
        if (number % FAIL_EVERY != 508) {
            if (tt_spawn(child, given) < 0)
                return -1;
            continue;
        }
        tt_task *task = tt_create_task(child, given);
        if (!task)
            return -1;
        if (tt_await(task) < 0 && tt_catch(&tt_ValueError) && tt_catch_end() < 0)
            return -1;
        tt_task_unref(task);
    }
    return tt_sleep(0);
}

static uint64_t unread_bytes(void)
{
    struct tt_trace_statistics statistics;
    tt_trace_get_statistics(&statistics);
    return statistics.unread_bytes;
}

static int feeder(void *arg)
{
    (void)arg;
    while (made_count < task_count) {
        for (int i = 0; i < WIDTH && made_count < task_count; i++) {
            made_count++;
            if (tt_spawn(parent, NULL) < 0)
                return -1;
        }
        if (tt_sleep(0) < 0 || tt_sleep(0) < 0)
            return -1;
        while (unread_bytes() > ring_bytes / 2)
            if (tt_sleep(TT_MSEC(1)) < 0)
                return -1;
    }
    return tt_sleep(0);
}

/* ------------------------------------------------------------------------------------------------ all alive at once */

static int sleeper(void *arg)
{
    return tt_await((tt_future *)arg);
}

static double resident_bytes(void)
{
    unsigned long pages = 0, ignored;
    FILE *file = fopen("/proc/self/statm", "r");
    if (!file || fscanf(file, "%lu %lu", &ignored, &pages) != 2)
        pages = 0;
    if (file)
        fclose(file);
    return (double)pages * (double)sysconf(_SC_PAGESIZE);
}

static int wait_for_end(tt_future *gate)
{
    char byte;
    printf("alive\n");
    fflush(stdout);
    while (read(STDIN_FILENO, &byte, 1) > 0)
        continue;
    return tt_future_set_result(gate, NULL, NULL);
}

static int all_alive(void)
{
    tt_future *gate = tt_create_future(NULL);
    double before = resident_bytes(), begin = now_ns();
    if (!gate)
        return -1;
    while (made_count < task_count) {
        for (int i = 0; i < 1000 && made_count < task_count; i++, made_count++)
            if (tt_spawn(sleeper, gate) < 0)
                return -1;
        if (tt_sleep(0) < 0)
            return -1;
        while (unread_bytes() > ring_bytes / 2)
            if (tt_sleep(TT_MSEC(1)) < 0)
                return -1;
    }
    if (tt_sleep(0) < 0)
        return -1;
    printf("alive_tasks %lu\nalive_seconds %.2f\nalive_bytes_each %.0f\n", made_count, (now_ns() - begin) / 1e9,
           (resident_bytes() - before) / (double)made_count);
    int result = wait_for_end(gate);
    tt_future_unref(gate);
    return result < 0 ? -1 : tt_sleep(0);
}

/* ------------------------------------------------------------------------------------------------------------------ */

static int say_nothing(tt_loop *loop, const struct tt_handler_context *context, void *arg)
{
    (void)loop, (void)context, (void)arg;
    return 0;
}

static int run_all(void *arg)
{
    struct tt_trace_statistics statistics;
    (void)arg;
    double begin = now_ns();
    tt_loop_set_exception_handler(tt_loop_running(), say_nothing, NULL);
    if (is_alive)
        return all_alive();
    tt_task *task = tt_create_task(feeder, NULL);
    if (!task || tt_await(task) < 0)
        return -1;
    tt_task_unref(task);
    printf("emit_seconds %.3f\n", (now_ns() - begin) / 1e9);
    while (unread_bytes() > 0) /* without a step, which would be one more event */
        nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
    tt_trace_get_statistics(&statistics);
    printf("record_seconds %.3f\ntasks %lu\nfailures %lu\nevents %llu\ndropped %llu\n", (now_ns() - begin) / 1e9,
           made_count, failure_count, (unsigned long long)statistics.attempt_count,
           (unsigned long long)statistics.drop_count);
    return 0;
}

int main(int argc, char **argv)
{
    const char *ring = getenv("TELLTALE_RING_BYTES");
    if (argc < 2 || (task_count = strtoul(argv[1], NULL, 10)) == 0) {
        fprintf(stderr, "usage: many_tasks TASKS [alive]\n");
        return 2;
    }
    is_alive = argc > 2 && strcmp(argv[2], "alive") == 0;
    ring_bytes = ring ? strtoul(ring, NULL, 10) : 8 << 20;
    if (ring_bytes < 65536)
        ring_bytes <<= 20; /* given as 64M */
    return tt_run(run_all, NULL);
}
