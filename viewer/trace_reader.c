/* trace_reader.c: see trace_reader.h. */
#include "trace_reader.h"

#include "agent.h"
#include "ctf_clip.h"
#include "import.h"
#include "leftovers.h"
#include "output/output.h"
#include "progress.h"
#include "reader_end.h"
#include "report.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define READER "telltale-ctf-reader"

/* What a reader may take. It reads some 10 MiB of a trace a second; what takes twenty times as long does not end. */
#define CPU_SECONDS_MIN    10u
#define CPU_BYTES_A_SECOND (UINT64_C(1) << 19)
#define WALL_FACTOR        4u /* other processes want the processor, too */
#define WALL_SECONDS_MORE  30u
#define STILL_SECONDS      30u /* without a word and without any processor time: somebody stopped it */
#define LOOK_MS            500
#define LEAVE_MS           3000 /* once the store is whole: for taking leave of relay daemons */
#define MEMORY_BYTES       (UINT64_C(2) << 30) /* of address space; files are mapped in parts */
#define STORE_BYTES_MIN    (UINT64_C(64) << 20)
#define STORE_BYTES_A_BYTE 32u /* of the trace; the log is as large as a batch, beside the store */
#define DESCRIPTORS_MIN    64u
#define LIVE_STORE_BYTES   (UINT64_C(8) << 30) /* the store has a limit of its own, and beside it there is its log */
#define SESSIONS_MAX       256u                /* of a relay daemon, whichever they are */

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define CAN_LIMIT_MEMORY false /* they reserve terabytes */
#else
#define CAN_LIMIT_MEMORY true
#endif

struct reader {
    const struct tt_trace_reading *reading;
    char folder[PATH_MAX]; /* private, with the complete parts of traces that were cut; empty: there are none */
    int folder_fd;         /* marks it as that of a process that lives; -1: there is none */
    const char **paths;    /* of the traces, or of their complete parts */
    bool is_incomplete;
    uint64_t trace_bytes, cpu_seconds;
    size_t stream_count;
    pid_t parent, pid;
    int fd; /* what it says */
    bool is_late, is_still;
    bool is_stopped; /* somebody wanted it to end */
    int wait_status;
    uint64_t cpu_us, oom_count;
    char says[1024]; /* what of a line has come so far */
    char error[512];
    char end[16];
    struct tt_trace_result result;
};

/* ------------------------------------------------------------------------------------------------------- the child */

/* At most what the process has as its hard limit. */
static void set_limit(int resource, uint64_t soft, uint64_t hard)
{
    struct rlimit limit;
    if (getrlimit(resource, &limit) < 0)
        return;
    limit.rlim_max = hard < limit.rlim_max ? hard : limit.rlim_max;
    limit.rlim_cur = soft < limit.rlim_max ? soft : limit.rlim_max;
    if (setrlimit(resource, &limit) < 0)
        _exit(127);
}

static void set_limits(const struct reader *reader)
{
    bool is_live = reader->reading->url_count > 0;
    uint64_t store = is_live ? LIVE_STORE_BYTES : STORE_BYTES_MIN + STORE_BYTES_A_BYTE * reader->trace_bytes;
    uint64_t descriptors = DESCRIPTORS_MIN + 2 * (is_live ? SESSIONS_MAX : reader->stream_count);
    set_limit(RLIMIT_CORE, 0, 0);
    if (!is_live)
        set_limit(RLIMIT_CPU, reader->cpu_seconds, reader->cpu_seconds + 2);
    set_limit(RLIMIT_FSIZE, store, store);
    set_limit(RLIMIT_NOFILE, descriptors, RLIM_INFINITY); /* valgrind keeps a hard limit as it is */
    if (CAN_LIMIT_MEMORY)
        set_limit(RLIMIT_AS, MEMORY_BYTES, MEMORY_BYTES);
}

static void become_reader(const struct reader *reader, const char *path, int fd)
{
    const struct tt_trace_reading *reading = reader->reading;
    char end[64];
    bool is_signal = WIFSIGNALED(reading->wait_status);
    const char **arguments = calloc(reading->trace_count + reading->url_count + 15, sizeof *arguments);
    int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);
    size_t count = 0;
    if (arguments == NULL || nowhere < 0 || dup2(nowhere, 0) < 0 || dup2(fd, 1) < 0 || dup2(nowhere, 2) < 0)
        _exit(127);
    arguments[count++] = READER;
    arguments[count++] = "--store";
    arguments[count++] = reading->store;
    if (reading->is_appending)
        arguments[count++] = "--append";
    if (reader->is_incomplete)
        arguments[count++] = "--incomplete";
    if (reading->redacts)
        arguments[count++] = "--redact";
    if (reading->exit_pid != 0) {
        snprintf(end, sizeof end, "%ld:%d", (long)reading->exit_pid,
                 is_signal ? WTERMSIG(reading->wait_status) : WEXITSTATUS(reading->wait_status));
        arguments[count++] = is_signal ? "--signaled" : "--exited";
        arguments[count++] = end;
    }
    if (reading->only != NULL) {
        arguments[count++] = "--only";
        arguments[count++] = reading->only;
    }
    if (reading->url_count > 0)
        arguments[count++] = "--live";
    arguments[count++] = "--";
    for (size_t i = 0; i < reading->trace_count; i++)
        arguments[count++] = reader->paths[i];
    for (size_t i = 0; i < reading->url_count; i++)
        arguments[count++] = reading->urls[i];
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_UNBLOCK, &all, NULL); /* a terminal's interrupt ends it at once */
    /* Nobody would take what it writes when this process is killed. */
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != reader->parent)
        _exit(127);
    set_limits(reader);
    execv(path, (char **)arguments);
    _exit(127);
}

/* 0, or -1 after a complaint. */
static int start(struct reader *reader)
{
    char path[PATH_MAX];
    int ends[2];
    tt__agent_path(READER, path, sizeof path);
    if (access(path, X_OK) != 0) {
        tt__complain(TELLTALE_HAS_LTTNG
                         ? "%s: %s cannot be executed: %s; install telltale anew"
                         : "%s: this telltale was built without LTTng, and there is no %s (%s); build it with "
                           "-DTELLTALE_LTTNG=ON",
                     reader->reading->command, path, strerror(errno));
        return -1;
    }
    if (pipe2(ends, O_CLOEXEC) < 0) {
        tt__complain("%s: cannot make a pipe to the reader: %s", reader->reading->command, strerror(errno));
        return -1;
    }
    reader->parent = getpid();
    reader->oom_count = tt__reader_oom_count();
    reader->pid = fork();
    if (reader->pid == 0)
        become_reader(reader, path, ends[1]);
    close(ends[1]);
    reader->fd = ends[0];
    if (reader->pid > 0)
        return 0;
    tt__complain("%s: cannot start the reader: %s", reader->reading->command, strerror(errno));
    close(reader->fd);
    return -1;
}

/* -------------------------------------------------------------------------------------------------------- waiting */

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void take_line(struct reader *reader, const char *word, const char *value)
{
    struct tt_trace_result *result = &reader->result;
    const struct {
        const char *word;
        uint64_t *number;
    } numbers[] = {
        {"events", &result->events},
        {"repeated", &result->repeated},
        {"missing", &result->missing},
        {"discarded", &result->discarded},
        {"processes", &result->processes},
        {"pauses", &result->pauses},
        {"cut_off", &result->cut_off},
        {"partial", &result->partial},
        {"late", &result->late},
        {"foreign", &result->foreign},
        {"strange_events", &result->strange_events},
        {"strange_kinds", &result->strange_kinds},
        {"unknown_events", &result->unknown_events},
        {"unknown_kinds", &result->unknown_kinds},
        {"unknown_fields", &result->unknown_fields},
        {"process_buffers", &result->process_buffers},
    };
    if (strcmp(word, "session") == 0)
        tt__complain("%s: following %s; Ctrl-C ends that", reader->reading->command, value);
    if (strcmp(word, "error") == 0)
        snprintf(reader->error, sizeof reader->error, "%s", value);
    if (strcmp(word, "nobody") == 0) {
        size_t used = strlen(result->nobody);
        snprintf(result->nobody + used, sizeof result->nobody - used, "%s%s", used > 0 ? ", " : "", value);
    }
    if (strcmp(word, "end") == 0)
        snprintf(reader->end, sizeof reader->end, "%s", value);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (strcmp(word, numbers[i].word) == 0)
            *numbers[i].number = strtoull(value, NULL, 10);
}

/* Takes the complete lines among the first USED bytes of what was said. Returns how many are left, of one that is not
 * complete. */
static size_t take_lines(struct reader *reader, size_t used)
{
    char *from = reader->says, *end;
    while ((end = memchr(from, '\n', used - (size_t)(from - reader->says))) != NULL) {
        *end = '\0';
        char *blank = strchr(from, ' ');
        if (blank != NULL) {
            *blank = '\0';
            take_line(reader, from, blank + 1);
        }
        from = end + 1;
    }
    used -= (size_t)(from - reader->says);
    memmove(reader->says, from, used);
    return used < sizeof reader->says ? used : 0; /* a line that is too long is nothing that it says */
}

/* How long the reader may run yet, and stand still. A time in which this process did not run, for somebody stopped both,
 * does not count. */
struct patience {
    int64_t looked_ms, wall_ms, still_ms, unheard_ms, leaving_ms;
    uint64_t cpu_ns; /* that the reader had used */
};

static uint64_t cpu_ns_of(pid_t pid)
{
    clockid_t clock;
    struct timespec used;
    if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &used) < 0)
        return 0;
    return (uint64_t)used.tv_sec * 1000000000 + (uint64_t)used.tv_nsec;
}

/* Looks at the clock, and at the reader. */
static bool has_patience(struct patience *patience, struct reader *reader, bool has_said)
{
    int64_t now = now_ms(), passed = now - patience->looked_ms;
    uint64_t cpu_ns = cpu_ns_of(reader->pid);
    passed = passed > 2 * LOOK_MS ? 2 * LOOK_MS : passed;
    patience->still_ms = has_said || cpu_ns != patience->cpu_ns ? 0 : patience->still_ms + passed;
    patience->wall_ms += passed;
    patience->cpu_ns = cpu_ns;
    patience->looked_ms = now;
    if (reader->reading->url_count > 0 && reader->end[0] != '\0') {
        patience->leaving_ms += passed;
        return patience->leaving_ms < LEAVE_MS;
    }
    if (reader->reading->url_count > 0) { /* it says that it is there, unless something keeps it from that */
        patience->unheard_ms = has_said ? 0 : patience->unheard_ms + passed;
        reader->is_late = patience->unheard_ms >= (int64_t)STILL_SECONDS * 1000;
        return !reader->is_late;
    }
    reader->is_still = patience->still_ms >= (int64_t)STILL_SECONDS * 1000;
    reader->is_late = reader->is_still ||
                      patience->wall_ms >= (int64_t)(reader->cpu_seconds * WALL_FACTOR + WALL_SECONDS_MORE) * 1000;
    return !reader->is_late;
}

/* Ends the following of sessions when somebody wants that. */
static void heed_signals(struct reader *reader)
{
    const struct timespec none = {0, 0};
    if (reader->reading->stopping == NULL || sigtimedwait(reader->reading->stopping, NULL, &none) < 0)
        return;
    kill(reader->pid, reader->is_stopped ? SIGKILL : SIGTERM);
    reader->is_stopped = true;
}

/* What a line about it calls the traces. */
static const char *what_is_read(const struct tt_trace_reading *reading)
{
    return reading->trace_count == 1 ? reading->traces[0]->path : "traces";
}

/* Takes what the reader says until it ends, and ends it when it takes too long. */
static void listen_to(struct reader *reader)
{
    struct patience patience = {.looked_ms = now_ms()};
    struct tt_progress progress = tt__progress_begin("reading", what_is_read(reader->reading));
    size_t used = 0;
    struct rusage usage = {0};
    for (;;) {
        struct pollfd wait = {.fd = reader->fd, .events = POLLIN};
        int ready = poll(&wait, 1, LOOK_MS);
        heed_signals(reader);
        if (reader->reading->url_count == 0) /* sessions take as long as they last */
            tt__progress_show(&progress);
        if (!has_patience(&patience, reader, ready > 0)) {
            kill(reader->pid, SIGKILL);
            break;
        }
        if (ready == 0)
            continue;
        ssize_t got = ready > 0 ? read(reader->fd, reader->says + used, sizeof reader->says - used) : -1;
        if (got == 0 || (got < 0 && errno != EINTR))
            break;
        if (got > 0)
            used = take_lines(reader, used + (size_t)got);
    }
    tt__progress_end(&progress);
    close(reader->fd);
    while (wait4(reader->pid, &reader->wait_status, 0, &usage) < 0 && errno == EINTR)
        ;
    reader->cpu_us = (uint64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000 +
                     (uint64_t)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

/* ------------------------------------------------------------------------------------------------------ what it means */

/* Makes what was read whole, as far as it is there: the result is TT_TRACE_PARTLY then. */
static void settle(struct reader *reader)
{
    struct tt_store_error error;
    uint32_t process_count = 0;
    if (access(reader->reading->store, F_OK) != 0)
        return;
    if (tt_import_settle(reader->reading->store, &process_count, &error) < 0)
        tt__complain("%s: what was read of it is not kept: %s", reader->reading->command, error.text);
    else if (process_count > 0 || reader->result.events > 0) /* it may have been killed when all was settled */
        reader->result.end = TT_TRACE_PARTLY;
}

/* The reader was ended by a limit, or fell over the trace. What it had written until then is settled. */
static void judge_killed(struct reader *reader)
{
    const char *command = reader->reading->command;
    char text[256];
    struct tt_reader_end end = {
        .wait_status = reader->wait_status,
        .is_late = reader->is_late,
        .still_seconds = reader->is_still ? STILL_SECONDS : 0,
        .cpu_us = reader->cpu_us,
        .cpu_seconds_max = reader->cpu_seconds,
        .memory_bytes_max = MEMORY_BYTES,
        .oom_count = tt__reader_oom_count() - reader->oom_count,
    };
    tt__reader_end_text(&end, text, sizeof text);
    if (reader->is_late && reader->reading->url_count > 0)
        snprintf(text, sizeof text, "the relay daemon has not answered for %u s; it may be frozen", STILL_SECONDS);
    tt__complain("%s: %s", command, text);
    reader->result.was_damaged = true;
    reader->result.end = TT_TRACE_NOTHING;
    settle(reader);
}

static void judge(struct reader *reader)
{
    const char *command = reader->reading->command;
    struct tt_trace_result *result = &reader->result;
    if (strcmp(reader->end, "failed") == 0) {
        tt__complain("%s: %s", command, reader->error);
        result->end = TT_TRACE_FAILED;
        if (reader->reading->url_count > 0 && result->events > 0)
            settle(reader); /* that was read live is not read again */
    } else if (strcmp(reader->end, "refused") == 0) {
        tt__complain("%s: %s", command, reader->error);
        result->end = TT_TRACE_REFUSED;
    } else if (strcmp(reader->end, "interrupted") == 0) {
        result->end = result->events == 0 ? TT_TRACE_NOTHING : result->process_buffers > 0 ? TT_TRACE_PARTLY : TT_TRACE_READ;
    } else if (strcmp(reader->end, "partial") == 0) {
        bool is_followed = strstr(reader->error, "already a viewer attached") != NULL; /* babeltrace2's words */
        tt__complain(reader->reading->url_count > 0 && is_followed
                         ? "%s: somebody else follows the session, and it can have one follower: %s"
                     : reader->reading->url_count > 0
                         ? "%s: the relay daemon is gone, or is not understood any more: %s"
                         : "%s: the trace is damaged: %s",
                     command, reader->error);
        result->was_damaged = true;
        result->end = result->events > 0 ? TT_TRACE_PARTLY : TT_TRACE_NOTHING;
    } else if (strcmp(reader->end, "complete") == 0) {
        bool is_part = reader->is_incomplete || result->process_buffers > 0;
        result->end = result->events == 0 ? TT_TRACE_NOTHING : is_part ? TT_TRACE_PARTLY : TT_TRACE_READ;
    } else {
        judge_killed(reader);
    }
}

void tt__trace_tell_kept(const char *command, const struct tt_trace_result *result)
{
    if (result->end == TT_TRACE_PARTLY)
        tt__complain("%s: what was read of it, %ju %s, is kept; what would rest on the rest is unknown", command,
                     TT_COUNTED(result->events, "event"));
}

/* What the trace lacks, or has beyond what is understood. */
static void tell_figures(const struct reader *reader)
{
    const struct tt_trace_result *result = &reader->result;
    const char *command = reader->reading->command;
    if (result->discarded > 0)
        tt__complain("%s: LTTng discarded %ju %s, because its buffers were full; see the view losses", command,
                     TT_COUNTED(result->discarded, "event"));
    if (result->missing > result->discarded)
        tt__complain(reader->reading->is_flight
                         ? "%s: %ju %s in no snapshot: LTTng had overwritten them; see the view losses"
                         : "%s: %ju %s missing, and the trace does not say why; see the view losses",
                     command, TT_COUNTED(result->missing - result->discarded, "event"));
    if (result->process_buffers > 0)
        tt__complain("%s: LTTng's session has buffers per process, of which a relay daemon hands on a part: whole processes may be "
                     "missing; follow one that has buffers per user, or import the relay's folder",
                     command);
    if (result->pauses > 0)
        tt__complain(
            "%s: LTTng's session did not listen all the time (%ju %s); what would rest on that is unknown; see "
            "the view losses",
            command, TT_COUNTED(result->pauses, "pause"));
    if (result->cut_off > 0)
        tt__complain("%s: %ju %s said no goodbye: the last events may be missing, and what would rest on them is "
                     "unknown; see the view losses",
                     command, (uintmax_t)result->cut_off, result->cut_off == 1 ? "process" : "processes");
    if (result->late > 0)
        tt__complain("%s: of %ju %s the beginning is not in the trace: a session records what comes after its start, and flight "
                     "recorders and rotated parts have the latest; see the view losses",
                     command, (uintmax_t)result->late, result->late == 1 ? "process" : "processes");
    if (result->partial > 0)
        tt__complain("%s: LTTng's session recorded only a part of telltale's events of %ju %s, and what would rest on "
                     "the others is unknown; enable all of them: lttng enable-event --userspace 'telltale:*'",
                     command, (uintmax_t)result->partial, result->partial == 1 ? "process" : "processes");
    if (result->repeated > 0 && !reader->reading->is_flight)
        tt__complain("%s: %ju %s told more than once by the traces; each was taken once", command,
                     TT_COUNTED(result->repeated, "event"));
    if (result->strange_events > 0)
        tt__complain("%s: %ju %s of %ju %s passed over: their provider calls itself telltale, and they lack what each "
                     "event of telltale has",
                     command, TT_COUNTED(result->strange_events, "event"), TT_COUNTED(result->strange_kinds, "kind"));
    if (result->unknown_events > 0)
        tt__complain("%s: %ju %s of %ju %s passed over: a newer telltale wrote them", command,
                     TT_COUNTED(result->unknown_events, "event"), TT_COUNTED(result->unknown_kinds, "kind"));
    if (result->unknown_fields > 0)
        tt__complain("%s: %ju %s of events passed over: a newer telltale wrote them", command,
                     TT_COUNTED(result->unknown_fields, "field"));
}

/* ----------------------------------------------------------------------------------------------------- traces that were cut */

/* Stream files of a trace that are named one by one. */
#define NAMED_CUTS 10

struct cuts {
    const char *command, *path;
    size_t count;
};

static void tell_cut(void *context, const char *name, uint64_t kept, uint64_t size)
{
    struct cuts *cuts = context;
    if (++cuts->count <= NAMED_CUTS)
        tt__complain("%s: %s: stream file %s was cut short: %ju of its %ju bytes, the complete packets, are read", cuts->command,
                     cuts->path, name, (uintmax_t)kept, (uintmax_t)size);
}

/* Makes the complete part of trace number INDEX, and has that read in its place. */
static void clip(struct reader *reader, size_t index)
{
    const struct tt_ctf_trace *trace = reader->reading->traces[index];
    const char *base = getenv("TMPDIR");
    char to[sizeof reader->folder + 24], *path = NULL;
    char from[PATH_MAX];
    struct cuts cuts = {.command = reader->reading->command, .path = trace->path};
    int error = 0;
    if (reader->folder[0] == '\0' &&
        snprintf(reader->folder, sizeof reader->folder - 32, "%s/" TT_LEFT_FOLDER,
                 base != NULL && *base == '/' ? base : "/tmp") >= (int)sizeof reader->folder - 32)
        return;
    if (strstr(reader->folder, "XXXXXX") != NULL) {
        if (mkdtemp(reader->folder) == NULL)
            error = -errno;
        else
            reader->folder_fd = tt__leftovers_claim(reader->folder);
    }
    snprintf(to, sizeof to, "%s/%zu", reader->folder, index);
    if (error == 0 && realpath(trace->path, from) == NULL)
        error = -errno;
    if (error == 0)
        error = tt_ctf_clip(from, to, tell_cut, &cuts);
    if (error == 0 && (path = strdup(to)) == NULL)
        error = -ENOMEM;
    if (error != 0) {
        tt__complain("%s: %s: the complete part of it cannot be set aside in %s: %s", reader->reading->command,
                     trace->path, reader->folder, strerror(-error));
        return;
    }
    reader->paths[index] = path;
    reader->is_incomplete = reader->result.was_damaged = true;
    if (cuts.count > NAMED_CUTS)
        tt__complain("%s: %s: so %s %zu more", reader->reading->command, trace->path,
                     cuts.count - NAMED_CUTS == 1 ? "was" : "were", cuts.count - NAMED_CUTS);
}

/* 0, or -1 after a complaint. */
static int choose_paths(struct reader *reader)
{
    reader->paths = calloc(reader->reading->trace_count + 1, sizeof *reader->paths);
    if (reader->paths == NULL) {
        tt__complain("%s: no memory", reader->reading->command);
        return -1;
    }
    for (size_t i = 0; i < reader->reading->trace_count; i++) {
        reader->paths[i] = reader->reading->traces[i]->path;
        if (reader->reading->traces[i]->cut_count > 0)
            clip(reader, i);
    }
    return 0;
}

static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *position)
{
    (void)status, (void)kind, (void)position;
    (void)remove(path); /* what cannot be removed keeps its folder */
    return 0;
}

static void forget_paths(struct reader *reader)
{
    for (size_t i = 0; reader->paths != NULL && i < reader->reading->trace_count; i++)
        if (reader->paths[i] != reader->reading->traces[i]->path)
            free((char *)reader->paths[i]);
    free(reader->paths);
    if (reader->folder_fd >= 0)
        close(reader->folder_fd);
    if (reader->folder[0] != '\0' && strstr(reader->folder, "XXXXXX") == NULL)
        nftw(reader->folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

struct tt_trace_result tt__trace_read(const struct tt_trace_reading *reading)
{
    struct reader reader = {.reading = reading,
                            .folder_fd = -1,
                            .is_incomplete = reading->is_incomplete,
                            .result = {.end = TT_TRACE_FAILED}};
    for (size_t i = 0; i < reading->trace_count; i++) {
        reader.trace_bytes += reading->traces[i]->bytes;
        reader.stream_count += reading->traces[i]->stream_count;
    }
    reader.cpu_seconds = reading->cpu_seconds;
    if (reader.cpu_seconds == 0)
        reader.cpu_seconds = CPU_SECONDS_MIN + reader.trace_bytes / CPU_BYTES_A_SECOND;
    if (choose_paths(&reader) == 0 && start(&reader) == 0) {
        listen_to(&reader);
        judge(&reader);
        tell_figures(&reader);
    }
    forget_paths(&reader);
    return reader.result;
}
