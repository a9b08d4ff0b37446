/* bench_spawn.c: what a task costs from its creation to its end: spawn, first step, finish, nothing in between.
 *
 * In turn, in one process, each ring and pool warm: the bare floor (a pooled stack, a switch there, a switch back, a list of ready entries), telltale
 * untraced, telltale recorded with the default categories by a real recorder. Beside them asyncio, in a process of its own,
 * if there is a python3.
 */
#include <telltale/telltale.h>

#include "coro.h"
#include "measure.h"
#include "stack.h"

enum { ROUNDS = 9, TASKS = 20000, BATCH = 100 };

/* ------------------------------------------------------------------------------------------------------------- floor */

struct bare_task {
    struct bare_task *next;
    struct tt_coro coro;
};

static struct tt_coro home;

static void bare_body(void *arg)
{
    struct bare_task *task = arg;

    tt__coro_exit(&task->coro, &home);
}

static double measure_floor(void)
{
    double begin = now_ns();

    for (int i = 0; i < TASKS; i += BATCH) {
        struct bare_task *first = NULL, **end = &first;

        for (int j = 0; j < BATCH; j++) {
            struct bare_task *task = malloc(sizeof *task);

            memset(task, 0, sizeof *task);
            *end = task;
            end = &task->next;
        }
        while (first) {
            struct bare_task *task = first;

            first = task->next;
            tt__coro_init(&task->coro, tt__stack_acquire(0), bare_body, task);
            tt__coro_switch(&home, &task->coro);
            tt__coro_finish(&task->coro);
            free(task);
        }
    }
    return (now_ns() - begin) / TASKS;
}

/* ---------------------------------------------------------------------------------------------------------- telltale */

static int empty(void *arg)
{
    (void)arg;
    return 0;
}

static int spawn_all(void *arg)
{
    (void)arg;
    for (int i = 0; i < TASKS; i += BATCH) {
        for (int j = 0; j < BATCH; j++)
            if (tt_spawn(empty, NULL) < 0)
                return -1;
        if (tt_sleep(0) < 0)
            return -1;
    }
    return 0;
}

static double measure_telltale(void)
{
    tt_loop *loop = tt_loop_create();
    struct tt_task_options options = {.loop = loop};
    tt_task *task = tt_create_task_with(spawn_all, NULL, &options);
    double begin = now_ns(), took;

    if (!task || tt_loop_run_until_complete(loop, task) < 0)
        abort();
    took = (now_ns() - begin) / TASKS;
    tt_task_unref(task);
    tt_loop_close(loop);
    return took;
}

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

/* Starts the recorder and runs the ring through once, so that it has its memory. False when no recorder can be had. */
static bool start_recording(const char *store)
{
    const struct tt_trace_options options = {.store = store};

    if (tt_trace_start(&options) != TT_TRACE_RECORDING)
        return false;
    for (int i = 0; i < 4; i++) {
        measure_telltale();
        let_drain();
    }
    return true;
}

/* The same arena, with nothing wanted: what a program costs that is not traced. */
static double measure_untraced(void)
{
    uint32_t categories = tt_trace_categories;
    double took;

    tt_trace_categories = 0;
    took = measure_telltale();
    tt_trace_categories = categories;
    return took;
}

static double measure_recorded(void)
{
    double took = measure_telltale();

    let_drain();
    return took;
}

/* ----------------------------------------------------------------------------------------------------------- asyncio */

static const char asyncio_program[] =
    "import asyncio, time\n"
    "async def empty(): pass\n"
    "async def main(n, batch):\n"
    "    keep = set()\n"
    "    begin = time.perf_counter_ns()\n"
    "    for _ in range(0, n, batch):\n"
    "        keep = {asyncio.create_task(empty()) for _ in range(batch)}\n"
    "        await asyncio.sleep(0)\n"
    "    print((time.perf_counter_ns() - begin) / n)\n"
    "asyncio.run(main(20000, 100))\n";

/* Nanoseconds a task; less than 0 when there is no python3. */
static double measure_asyncio(void)
{
    char command[1024];
    double took = -1;
    FILE *pipe;

    snprintf(command, sizeof command, "python3 -c '%s' 2>/dev/null", asyncio_program);
    pipe = popen(command, "r");
    if (!pipe)
        return -1;
    if (fscanf(pipe, "%lf", &took) != 1)
        took = -1;
    pclose(pipe);
    return took;
}

/* -------------------------------------------------------------------------------------------------------------------- */

int main(void)
{
    struct series floor = {.name = "spawn_floor"}, untraced = {.name = "spawn_untraced"},
                  recorded = {.name = "spawn_recorded"}, asyncio = {.name = "spawn_asyncio"};
    char store[] = "/tmp/telltale-bench-XXXXXX", path[sizeof store + 16];
    double added[MEASURE_ROUNDS_MAX];
    struct tt_trace_statistics statistics;
    bool is_good = true, is_recording;

    tt__coro_home_init(&home);
    if (!mkdtemp(store))
        return 2;
    snprintf(path, sizeof path, "%s/run.telltale", store);
    measure_floor();
    measure_telltale();
    is_recording = start_recording(path);
    for (int i = 0; i < ROUNDS; i++) {
        double took;

        add_sample(&floor, measure_floor());
        add_sample(&untraced, measure_untraced());
        if (is_recording)
            add_sample(&recorded, measure_recorded());
        took = measure_asyncio();
        if (took >= 0)
            add_sample(&asyncio, took);
    }
    print_series(&floor, "ns");
    print_series(&untraced, "ns");
    is_good &= print_ratio("spawn_floor_against_untraced", paired_ratio(&floor, &untraced), 1.0 / 3, 0.5);
    if (recorded.count) {
        print_series(&recorded, "ns");
        for (size_t i = 0; i < recorded.count; i++)
            added[i] = recorded.samples[i] - untraced.samples[i];
        printf("figure spawn_added_by_recording %.2f ns\n", median_of(added, recorded.count));
        is_good &= print_ratio("spawn_70_ns_against_recording", 70 / median_of(added, recorded.count), 1, 70.0 / 45);
    } else {
        printf("skipped: spawn recorded: no recorder could be started\n");
    }
    if (asyncio.count) {
        print_series(&asyncio, "ns");
        is_good &= print_ratio("spawn_asyncio_against_untraced", paired_ratio(&asyncio, &untraced), 25, 40);
    } else {
        printf("skipped: spawn in asyncio: no python3\n");
    }
    tt_trace_get_statistics(&statistics);
    if (statistics.drop_count) {
        printf("FAILED: %llu of %llu events were dropped, so recording was measured too cheap\n",
               (unsigned long long)statistics.drop_count, (unsigned long long)statistics.attempt_count);
        is_good = false;
    }
    tt_trace_stop();
    nanosleep(&(struct timespec){.tv_nsec = 200000000}, NULL); /* the recorder ends */
    snprintf(path, sizeof path, "rm -rf %s", store);
    if (system(path) != 0)
        fprintf(stderr, "%s was left behind\n", store);
    tt__coro_finish(&home);
    return is_good ? 0 : 1;
}
