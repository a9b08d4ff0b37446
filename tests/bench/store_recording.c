/* store_recording.c: a program, its recorder and the next viewer, as processes of their own.
 *
 *   start      what the program waits for and gets larger by when recording begins, with a store and a recorder of its own, until
 *              each of its threads has an event in its ring; and what the recorder takes beside that until all of it is stored
 *   sustained  the program's threads and its recorder on a core each: the program emits as fast as its rings have room, so that
 *              nothing is dropped
 *   recovery   the program and its recorder are killed at one instant, under full load; then the first question to the store is
 *              asked: the time until its answer, that of the viewer's own start too
 *
 * each with 1, 2 and 4 threads that emit. Where there are fewer cores than these and a recorder, figures are told and no goal is.
 */
#include "store_recording.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <telltale/trace.h>

#include "measure.h"

enum { START_ROUNDS = 9, SUSTAINED_ROUNDS = 3, RECOVERY_ROUNDS = 3, LOAD_SECONDS = 3, LIVING = 1000 };

static const int thread_counts[] = {1, 2, 4};
enum { COUNTS = sizeof thread_counts / sizeof *thread_counts, THREADS_MAX = 4 };

static char store[160];

/* The process that writes the store; 0: none. */
/* Behind a recorder that a program has started there is a process that waits for its death, and has the same command line. */
static bool is_guard(const char *pid)
{
    char path[300], name[32];
    snprintf(path, sizeof path, "/proc/%s/comm", pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t length = fd < 0 ? 0 : read(fd, name, sizeof name - 1);
    if (fd >= 0)
        close(fd);
    name[length > 0 ? length : 0] = '\0';
    return strcmp(name, "telltale-guard\n") == 0;
}

enum role { RECORDER, GUARD };

/* The process that records into the store, or the one that would start it again; 0: there is none. */
static pid_t find(enum role role)
{
    pid_t found = 0;
    DIR *processes = opendir("/proc");
    for (struct dirent *entry; processes && found == 0 && (entry = readdir(processes)) != NULL;) {
        char path[300], command[1024];
        if (!isdigit((unsigned char)entry->d_name[0]))
            continue;
        snprintf(path, sizeof path, "/proc/%s/cmdline", entry->d_name);
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        ssize_t length = fd < 0 ? 0 : read(fd, command, sizeof command - 1);
        if (fd >= 0)
            close(fd);
        command[length > 0 ? length : 0] = '\0';
        bool is_it = false, is_recorder = false;
        for (ssize_t at = 0; at < length; at += (ssize_t)strlen(command + at) + 1) {
            is_recorder |= strcmp(command + at, "recorder") == 0;
            is_it |= is_recorder && strcmp(command + at, store) == 0;
        }
        if (is_it && is_guard(entry->d_name) == (role == GUARD))
            found = (pid_t)atoi(entry->d_name);
    }
    if (processes)
        closedir(processes);
    return found;
}

/* Takes what the measurement before has left, when its recorder has ended: it would serve the next one, too. */
static void remove_files(void)
{
    static const char *const endings[] = {"", "-wal", "-shm", "-journal"};
    char path[sizeof store + 16];
    while (find(RECORDER) > 0 || find(GUARD) > 0)
        nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        snprintf(path, sizeof path, "%s%s", store, endings[i]);
        unlink(path);
    }
}

/* Runs MEASURE in a process of its own, which tells COUNT numbers; false when it could not. */
static bool measure_apart(bool (*measure)(void *argument, double *out), void *argument, double *out, size_t count)
{
    int ends[2], status = 0;
    remove_files();
    if (pipe(ends) < 0)
        return false;
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        close(ends[0]);
        bool is_good = measure(argument, out);
        is_good = is_good && write(ends[1], out, count * sizeof *out) == (ssize_t)(count * sizeof *out);
        exit(is_good ? 0 : 1);
    }
    close(ends[1]);
    bool is_good = child > 0 && read(ends[0], out, count * sizeof *out) == (ssize_t)(count * sizeof *out);
    close(ends[0]);
    return child > 0 && waitpid(child, &status, 0) == child && is_good;
}

/* ------------------------------------------------------------------------------------------------------- sustained */

/* Waits while more than half of the ring waits to be read. */
static void wait_for_room(uint64_t ring_bytes)
{
    const struct timespec pause = {.tv_nsec = 20000};
    struct tt_trace_statistics statistics;
    for (;;) {
        tt_trace_get_statistics(&statistics);
        if (statistics.unread_bytes <= ring_bytes)
            return;
        nanosleep(&pause, NULL);
    }
}

static void emit_events(unsigned count, uint64_t ring_bytes)
{
    for (unsigned i = 0; i < count; i += 3) {
        uint64_t time = tt_trace_clock(), task = 100 + i / 3 * 7919u % LIVING;
        TT_EMIT_AT(time, task_woken, .task_id = task, .by = TT_ACTOR_POLL, .by_id = 5 + task % 64);
        TT_EMIT_AT(time, task_resumed, .task_id = task, .step_number = i);
        TT_EMIT_AT(time, task_suspended, .task_id = task, .wait_kind = TT_WAIT_KIND_RECV, .wait_object = 5 + task % 64,
                   .wait_site = TT_HERE, .state = TT_TASK_STATE_WAITING);
        if (i % 3000 == 0)
            wait_for_room(ring_bytes);
    }
}

static void emit_tasks(unsigned count, uint64_t ring_bytes)
{
    for (unsigned i = 0; i < count; i++) {
        uint64_t time = tt_trace_clock(), id = tt_trace_new_id();
        TT_EMIT_AT(time, task_created, .task_id = id, .parent_id = 1, .parent_kind = TT_ACTOR_TASK, .loop_id = 1,
                   .name_number = i + 1, .site = TT_SITE_HERE("empty"));
        TT_EMIT_AT(time, task_started, .task_id = id);
        TT_EMIT_AT(time, task_finished, .task_id = id, .busy = 100, .ready = 200, .longest_step = 100, .step_count = 1,
                   .outcome = TT_OUTCOME_RETURNED);
        if (i % 1000 == 0)
            wait_for_room(ring_bytes);
    }
}

struct load {
    void (*emit)(unsigned count, uint64_t ring_bytes);
    unsigned count; /* all threads together */
    uint32_t categories;
    int threads;
};

/* One of the threads, on a core of its own where there are so many; core 1 is the recorder's. */
struct hand {
    pthread_t thread;
    pthread_barrier_t *barrier;
    const struct load *load;
    uint64_t ring_bytes;
    int number;
};

static void *lend(void *argument)
{
    const struct hand *hand = argument;
    unsigned share = hand->load->count / (unsigned)hand->load->threads;
    pin_to_core(hand->number == 0 ? 0 : hand->number + 1);
    hand->load->emit(share / 10, hand->ring_bytes); /* its ring gets its memory */
    pthread_barrier_wait(hand->barrier);            /* all have; */
    pthread_barrier_wait(hand->barrier);            /* and it was read */
    hand->load->emit(share, hand->ring_bytes);
    return NULL;
}

/* What a second takes; 0 when something was dropped, which is no rate at all; false when it cannot be recorded. */
static bool sustain(void *argument, double *out)
{
    const struct load *load = argument;
    const struct tt_trace_options options = {.store = store, .categories = load->categories, .ring_bytes = 64 << 20};
    struct tt_trace_statistics statistics;
    struct hand hands[THREADS_MAX];
    pthread_barrier_t barrier;
    pin_to_core(1); /* the recorder inherits it */
    if (tt_trace_start(&options) != TT_TRACE_RECORDING)
        return false;
    pin_to_core(0);
    pthread_barrier_init(&barrier, NULL, (unsigned)load->threads + 1);
    for (int i = 0; i < load->threads; i++) {
        hands[i] = (struct hand){.barrier = &barrier, .load = load, .ring_bytes = options.ring_bytes / 2, .number = i};
        if (pthread_create(&hands[i].thread, NULL, lend, &hands[i]) != 0)
            _exit(1);
    }
    pthread_barrier_wait(&barrier);
    wait_for_room(0);
    double began = now_ns();
    pthread_barrier_wait(&barrier);
    for (int i = 0; i < load->threads; i++)
        pthread_join(hands[i].thread, NULL);
    wait_for_room(0);
    *out = load->count / ((now_ns() - began) / 1e9);
    tt_trace_get_statistics(&statistics);
    if (statistics.drop_count > 0)
        *out = 0;
    return true;
}

/* A line a thing, a column a number of threads, and the figures. */
static void print_counts(const char *name, const struct series *series, const char *unit)
{
    printf("  %-36s", name);
    for (int i = 0; i < COUNTS; i++)
        printf(" %10.2f (%.2f to %.2f)", median_of(series[i].samples, series[i].count), least_of(&series[i]),
               greatest_of(&series[i]));
    printf(" %s\n", unit);
    for (int i = 0; i < COUNTS; i++)
        printf("figure %s_%d %.3f %s\n", name, thread_counts[i], median_of(series[i].samples, series[i].count), unit);
}

static void print_head(void)
{
    printf("  %-36s %10s %21s %23s\n", "", "1 thread", "2 threads", "4 threads");
}

/* The goal NAME of each number of threads, where there are cores for it: NUMERATOR / VALUE, or VALUE / DENOMINATOR. */
static bool judge(const char *name, const struct series *series, double numerator, double denominator, double least,
                  double reach)
{
    bool is_good = true;
    for (int i = 0; i < COUNTS; i++) {
        char text[64];
        double value = median_of(series[i].samples, series[i].count);
        if (thread_counts[i] >= (int)sysconf(_SC_NPROCESSORS_ONLN))
            continue;
        snprintf(text, sizeof text, "%s_%d_thread%s", name, thread_counts[i], thread_counts[i] == 1 ? "" : "s");
        is_good &= print_ratio(text, denominator != 0 ? value / denominator : numerator / value, least, reach);
    }
    return is_good;
}

static bool measure_sustained(void)
{
    static struct series rates[COUNTS], task_rates[COUNTS];
    for (int round = 0; round < SUSTAINED_ROUNDS; round++)
        for (int i = 0; i < COUNTS; i++) {
            double rate, task_rate;
            struct load events = {emit_events, 6000000, TT_CATEGORY_DEFAULT | TT_CATEGORY_step, thread_counts[i]},
                        tasks = {emit_tasks, 1000000, 0, thread_counts[i]};
            if (!measure_apart(sustain, &events, &rate, 1) || !measure_apart(sustain, &tasks, &task_rate, 1)) {
                printf("skipped: sustained recording: no recorder\n");
                return true;
            }
            if (rate <= 0 || task_rate <= 0) {
                printf("  sustained recording: events were dropped with %d threads\n", thread_counts[i]);
                return false; /* the goal is a rate without loss */
            }
            add_sample(&rates[i], rate / 1e6);
            add_sample(&task_rates[i], task_rate / 1e6);
        }
    print_counts("sustained_events", rates, "M/s");
    print_counts("sustained_tasks", task_rates, "M/s");
    bool is_good = judge("sustained_events_to_8M", rates, 0, 8, 1, 14.0 / 8);
    is_good &= judge("sustained_tasks_to_500k", task_rates, 0, 0.5, 1, 2);
    return is_good;
}

/* ----------------------------------------------------------------------------------------------------------- start */

/* Memory of this process that is its own or that it shares with its arena. */
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

/* A number of a file that says "KEY: NUMBER kB", in bytes; 0 when it does not. */
static double read_kilobytes(const char *path, const char *key)
{
    char line[256];
    double found = 0;
    FILE *file = fopen(path, "r");
    while (file && fgets(line, sizeof line, file))
        if (strncmp(line, key, strlen(key)) == 0 && line[strlen(key)] == ':')
            found += strtod(line + strlen(key) + 1, NULL) * 1024;
    if (file)
        fclose(file);
    return found;
}

/* What the recorder has for itself: neither libraries that it shares, nor the arena, which the program has. And its processor time. */
static double recorder_bytes(pid_t recorder)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/smaps_rollup", (int)recorder);
    return read_kilobytes(path, "Private_Clean") + read_kilobytes(path, "Private_Dirty");
}

static double recorder_ns(pid_t recorder)
{
    char path[64];
    double took = 0;
    snprintf(path, sizeof path, "/proc/%d/schedstat", (int)recorder);
    FILE *file = fopen(path, "r");
    if (file && fscanf(file, "%lf", &took) != 1)
        took = 0;
    if (file)
        fclose(file);
    return took;
}

static void *emit_one(void *argument)
{
    emit_tasks(1, UINT64_MAX);
    pthread_barrier_wait(argument); /* its event is in its ring */
    pthread_barrier_wait(argument); /* and was measured: only now it gives the ring back */
    return NULL;
}

enum { START_MS, START_MIB, START_RECORDER_MS, START_RECORDER_MIB, START_FIGURES };

/* Milliseconds, and mebibytes, until each thread's first event is in its ring; and the recorder's when all is stored. */
static bool start(void *argument, double *out)
{
    int threads = *(const int *)argument;
    pthread_t hands[THREADS_MAX];
    pthread_barrier_t barrier;
    pthread_barrier_init(&barrier, NULL, (unsigned)threads);
    double before = resident_bytes(), began = now_ns();
    if (tt_trace_start(&(struct tt_trace_options){.store = store}) != TT_TRACE_RECORDING)
        return false;
    for (int i = 1; i < threads; i++) /* this one is the first */
        if (pthread_create(&hands[i], NULL, emit_one, &barrier) != 0)
            return false;
    emit_tasks(1, UINT64_MAX);
    pthread_barrier_wait(&barrier);
    out[START_MS] = (now_ns() - began) / 1e6;
    out[START_MIB] = (resident_bytes() - before) / (1 << 20);
    wait_for_room(0);
    pid_t recorder = find(RECORDER);
    out[START_RECORDER_MS] = recorder_ns(recorder) / 1e6;
    out[START_RECORDER_MIB] = recorder_bytes(recorder) / (1 << 20);
    pthread_barrier_wait(&barrier);
    for (int i = 1; i < threads; i++)
        pthread_join(hands[i], NULL);
    return recorder > 0;
}

static bool measure_start(void)
{
    static const char *const names[START_FIGURES] = {"start", "start_memory", "start_of_recorder",
                                                     "start_memory_of_recorder"};
    static struct series series[START_FIGURES][COUNTS], memory_together[COUNTS];
    for (int round = 0; round < START_ROUNDS; round++)
        for (int i = 0; i < COUNTS; i++) {
            double sample[START_FIGURES];
            int threads = thread_counts[i];
            if (!measure_apart(start, &threads, sample, START_FIGURES)) {
                printf("skipped: start: no recorder\n");
                return true;
            }
            for (int j = 0; j < START_FIGURES; j++)
                add_sample(&series[j][i], sample[j]);
            add_sample(&memory_together[i], sample[START_MIB] + sample[START_RECORDER_MIB]);
        }
    for (int j = 0; j < START_FIGURES; j++)
        print_counts(names[j], series[j], j % 2 ? "MiB" : "ms");
    bool is_good = judge("20_ms_to_start", series[START_MS], 20, 0, 1, 4);
    is_good &= judge("20_ms_to_start_of_recorder", series[START_RECORDER_MS], 20, 0, 1, 4);
    is_good &= judge("8_MiB_to_start_memory_of_both", memory_together, 8, 0, 1, 2);
    return is_good;
}

/* -------------------------------------------------------------------------------------------------------- recovery */

/* Seconds of one question to the store; negative when it was not answered. */
static double ask(void)
{
    int status = 1;
    double began = now_ns();
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
        const char *program = getenv("TELLTALE_PROGRAM");
        if (nowhere < 0 || dup2(nowhere, 1) < 0)
            _exit(127);
        execlp(program ? program : "telltale", "telltale", "query", store, "SELECT 1 FROM recording", NULL);
        _exit(127);
    }
    if (child < 0 || waitpid(child, &status, 0) != child || status != 0)
        return -1;
    return (now_ns() - began) / 1e9;
}

static void *emit_for_ever(void *argument)
{
    for (;;)
        emit_tasks(1000000, UINT64_MAX); /* never waits: what has no room is dropped */
    return argument;
}

static pid_t start_load(int threads)
{
    fflush(stdout);
    pid_t child = fork();
    if (child != 0)
        return child;
    if (tt_trace_start(&(struct tt_trace_options){.store = store}) != TT_TRACE_RECORDING)
        _exit(1);
    for (int i = 1; i < threads; i++) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, emit_for_ever, NULL) != 0)
            _exit(1);
    }
    emit_for_ever(NULL);
    _exit(1);
}

/* Seconds; negative when it cannot be measured. */
static double recover(int threads)
{
    remove_files();
    pid_t program = start_load(threads);
    if (program < 0)
        return -1;
    sleep(LOAD_SECONDS);
    pid_t guard = find(GUARD), recorder = find(RECORDER); /* in this order: nobody starts one behind our back */
    if (guard > 0)
        kill(guard, SIGKILL);
    if (recorder > 0)
        kill(recorder, SIGKILL);
    kill(program, SIGKILL);
    (void)waitpid(program, NULL, 0);
    return recorder > 0 ? ask() : -1;
}

static bool measure_recovery(void)
{
    static struct series times[COUNTS];
    for (int round = 0; round < RECOVERY_ROUNDS; round++)
        for (int i = 0; i < COUNTS; i++) {
            double took = recover(thread_counts[i]);
            if (took < 0) {
                printf("FAILED: recovery: there was no recorder, or the store was not answered for\n");
                return false;
            }
            add_sample(&times[i], took);
        }
    print_counts("recovery", times, "s");
    return judge("0.5_s_to_recovery", times, 0.5, 0, 1, 0.5 / 0.15);
}

bool measure_recording(const char *folder)
{
    snprintf(store, sizeof store, "%s/recording.telltale", folder);
    print_head();
    bool is_good = measure_start();
    is_good &= measure_sustained();
    is_good &= measure_recovery();
    for (int i = 0; i < COUNTS; i++)
        (void)has_cores_for(thread_counts[i]); /* says so where there are not */
    remove_files();
    return is_good;
}
