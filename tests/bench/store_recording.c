/* store_recording.c: a program, its recorder and the next viewer, as processes of their own.
 *
 *   start      what the program waits for and gets larger by when recording begins, with a store and a recorder of its own
 *   sustained  the program and its recorder on a core each: the program emits as fast as its ring has room, so that nothing is
 *              dropped
 *   recovery   the program and its recorder are killed at one instant, under full load; then the first question to the store is
 *              asked: the time until its answer, that of the viewer's own start too
 */
#include "store_recording.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <telltale/trace.h>

#include "measure.h"

enum { START_ROUNDS = 15, RECOVERY_ROUNDS = 3, LOAD_SECONDS = 3, LIVING = 1000 };

static char store[160];

/* The process that writes the store; 0: none. */
static pid_t find_recorder(void)
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
        if (is_it)
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
    while (find_recorder() > 0)
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

static void pin(int core)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(core, &set);
    (void)sched_setaffinity(0, sizeof set, &set);
}

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
    unsigned count;
    uint32_t categories;
};

/* What a second takes; false when it cannot be recorded, or something was dropped. */
static bool sustain(void *argument, double *out)
{
    const struct load *load = argument;
    const struct tt_trace_options options = {.store = store, .categories = load->categories, .ring_bytes = 64 << 20};
    struct tt_trace_statistics statistics;
    pin(1); /* the recorder inherits it */
    if (tt_trace_start(&options) != TT_TRACE_RECORDING)
        return false;
    pin(0);
    load->emit(load->count / 10, options.ring_bytes / 2); /* the ring gets its memory */
    wait_for_room(0);
    double began = now_ns();
    load->emit(load->count, options.ring_bytes / 2);
    wait_for_room(0);
    *out = load->count / ((now_ns() - began) / 1e9);
    tt_trace_get_statistics(&statistics);
    return statistics.drop_count == 0;
}

static bool measure_sustained(void)
{
    bool is_good = true;
    double rate, task_rate;
    struct load events = {emit_events, 6000000, TT_CATEGORY_DEFAULT | TT_CATEGORY_step},
                tasks = {emit_tasks, 1000000, 0};
    if (!measure_apart(sustain, &events, &rate, 1) || !measure_apart(sustain, &tasks, &task_rate, 1)) {
        printf("skipped: sustained recording: no recorder, or something was dropped\n");
        return true;
    }
    printf("  %-36s %12.2f M/s\n  %-36s %12.2f M/s\n", "sustained_events", rate / 1e6, "sustained_tasks",
           task_rate / 1e6);
    printf("figure sustained_events %.2f M/s\nfigure sustained_tasks %.2f M/s\n", rate / 1e6, task_rate / 1e6);
    is_good &= print_ratio("sustained_events_to_8M", rate / 8e6, 1, 14.0 / 8);
    is_good &= print_ratio("sustained_tasks_to_500k", task_rate / 5e5, 1, 2);
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

/* Milliseconds, and mebibytes, until the first event is in the ring. */
static bool start(void *argument, double *out)
{
    (void)argument;
    double before = resident_bytes(), began = now_ns();
    if (tt_trace_start(&(struct tt_trace_options){.store = store}) != TT_TRACE_RECORDING)
        return false;
    emit_tasks(1, 1 << 20);
    out[0] = (now_ns() - began) / 1e6;
    out[1] = (resident_bytes() - before) / (1 << 20);
    return true;
}

static bool measure_start(void)
{
    struct series times = {.name = "start"}, sizes = {.name = "start_memory"};
    for (int i = 0; i < START_ROUNDS; i++) {
        double sample[2];
        if (!measure_apart(start, NULL, sample, 2)) {
            printf("skipped: start: no recorder\n");
            return true;
        }
        add_sample(&times, sample[0]);
        add_sample(&sizes, sample[1]);
    }
    bool is_good = print_ratio("20_ms_to_start", 20 / print_series(&times, "ms"), 1, 4);
    is_good &= print_ratio("8_MiB_to_start_memory", 8 / print_series(&sizes, "MiB"), 1, 2);
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

static pid_t start_load(void)
{
    fflush(stdout);
    pid_t child = fork();
    if (child != 0)
        return child;
    if (tt_trace_start(&(struct tt_trace_options){.store = store}) != TT_TRACE_RECORDING)
        _exit(1);
    for (;;)
        emit_tasks(1000000, UINT64_MAX); /* never waits: what has no room is dropped */
}

/* Seconds; negative when it cannot be measured. */
static double recover(void)
{
    remove_files();
    pid_t program = start_load(), recorder;
    if (program < 0)
        return -1;
    sleep(LOAD_SECONDS);
    recorder = find_recorder();
    if (recorder > 0)
        kill(recorder, SIGKILL);
    kill(program, SIGKILL);
    (void)waitpid(program, NULL, 0);
    if (recorder == 0)
        return -1;
    return ask();
}

static bool measure_recovery(void)
{
    struct series times = {.name = "recovery"};
    for (int i = 0; i < RECOVERY_ROUNDS; i++) {
        double took = recover();
        if (took < 0) {
            printf("skipped: recovery: no recorder, or no program to recover with\n");
            return true;
        }
        add_sample(&times, took);
    }
    return print_ratio("0.5_s_to_recovery", 0.5 / print_series(&times, "s"), 1, 0.5 / 0.15);
}

bool measure_recording(const char *folder)
{
    snprintf(store, sizeof store, "%s/recording.telltale", folder);
    bool is_good = measure_start();
    is_good &= measure_sustained();
    is_good &= measure_recovery();
    remove_files();
    return is_good;
}
