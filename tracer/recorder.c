/* recorder.c: the recorder's loop. See recorder.h.
 *
 *   each turn:  hear the supervisor · find arenas · read rings and boards · commit · tell the writers · delete what
 *               is finished · wait
 *
 * Waiting is 1 to 20 ms, less where rings fill fast. When a commit fails for want of room, nothing more is read until
 * it succeeds: rings fill, their writers count what they drop, and the programs go on.
 *
 * When somebody deletes or renames the store, nobody would ever find what is still written: a new one is begun under its name, with what
 * the rings still hold. So it is when somebody cuts its write-ahead log; what the store had when that was last copied is set aside.
 */
#include "recorder.h"

#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "arena.h"
#include "arena_reader.h"
#include "ingest.h"
#include "recorder_control.h"
#include "recorder_enter.h"
#include "recorder_folder.h"
#include "recorder_log.h"
#include "recorder_pause.h"
#include "recorder_process.h"
#include "recorder_retention.h"
#include "recorder_stats.h"
#include "store_check.h"
#include "store_writer.h"

#define WAIT_MS_MIN        1
#define WAIT_MS_MAX        20
#define BATCH_BYTES_MAX    (UINT64_C(16) << 20) /* of rows that wait for a commit */
#define BATCH_PART         64u                  /* and of a store's greatest size: it needs room for a batch */
#define BATCH_DISK_PART    16u /* and of what is left on its disk: the log takes some times what rows have */
#define BATCH_BYTES_MIN    (UINT64_C(64) << 10)
#define CHECKPOINT_IDLE_NS INT64_C(1000000000)
#define RETRY_MS           50 /* after a commit that failed */
#define RETRY_END_MS       5000 /* when no process is left and the commit still fails, the arenas are left to the next one */
#define REFUSED_MAX        64
#define SUMMARY_BYTES_MAX  (UINT64_C(8) << 20)

struct recorder {
    struct tt_recorder_options options;
    int dir_fd, lock_fd;
    struct tt__store_writer *writer;
    struct tt_ingest *ingest;
    struct tt__control control;
    struct tt__process_reader **processes;
    size_t process_count, process_capacity;
    bool *is_finished; /* of each process, since the last commit */
    char refused[REFUSED_MAX]
                [NAME_MAX + 1]; /* arenas that cannot be read; forgotten when they are too many, and looked at again */
    size_t refused_count;
    size_t waiting_count; /* arenas found that could not be attached yet */
    int wait_ms;
    int64_t written_ns;
    bool is_paused;   /* the last commit failed */
    bool is_nameless; /* the store's name stands for another file now, or for none, or is to be given to a new one */
    bool is_held_up;  /* a reader keeps an old state, and the write-ahead log has its full length */
    size_t batch_bytes;
    struct tt__recorder_stats stats;
    struct tt__pause pause;
    struct tt__retention retention;
    struct tt__recorder_log log;
};

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void sleep_ms(int milliseconds)
{
    struct timespec time = {milliseconds / 1000, (long)(milliseconds % 1000) * 1000000};
    nanosleep(&time, NULL);
}

/* ---------------------------------------------------------------------------------------------------- new processes */

static bool is_attached(const struct recorder *recorder, const char *name)
{
    for (size_t i = 0; i < recorder->process_count; i++)
        if (strcmp(tt__process_arena(recorder->processes[i]), name) == 0)
            return true;
    for (size_t i = 0; i < recorder->refused_count; i++)
        if (strcmp(recorder->refused[i], name) == 0)
            return true;
    return false;
}

static bool make_room(struct recorder *recorder)
{
    if (recorder->process_count < recorder->process_capacity)
        return true;
    size_t capacity = recorder->process_capacity ? 2 * recorder->process_capacity : 16;
    void *processes = reallocarray(recorder->processes, capacity, sizeof *recorder->processes);
    if (processes)
        recorder->processes = processes;
    bool *is_finished = processes ? reallocarray(recorder->is_finished, capacity, sizeof *is_finished) : NULL;
    if (!is_finished)
        return false;
    recorder->is_finished = is_finished;
    recorder->process_capacity = capacity;
    return true;
}

static void refuse(struct recorder *recorder, const char *name, const char *reason)
{
    if (recorder->refused_count == REFUSED_MAX)
        recorder->refused_count = 0;
    snprintf(recorder->refused[recorder->refused_count++], NAME_MAX + 1, "%s", name);
    if (recorder->options.on_refused)
        recorder->options.on_refused(name, reason);
}

/* 0, or -1 and *ERROR: the store failed. */
static int attach_arena(struct recorder *recorder, const char *name, struct tt_store_error *error)
{
    struct tt__process_reader *process;
    struct tt_store_error why = {TT_STORE_FAILED, "no memory"};
    enum tt__attach_result result = make_room(recorder)
                                        ? tt__process_attach(recorder->dir_fd, name, recorder->ingest, &process, &why)
                                        : TT__ATTACH_LATER;
    switch (result) {
    case TT__ATTACHED:
        if (!recorder->options.recover) /* who recovers does not stay: whoever waits for the lock is to go on waiting */
            tt__process_claim(process);
        for (size_t i = 0; i < recorder->process_count; i++) {
            tt__process_hear_of(recorder->processes[i], process);
            tt__process_hear_of(process, recorder->processes[i]);
        }
        recorder->is_finished[recorder->process_count] = false;
        recorder->processes[recorder->process_count++] = process;
        if (recorder->options.out_read_count)
            ++*recorder->options.out_read_count;
        return 0;
    case TT__ATTACH_LATER:
        if (recorder->options.recover && recorder->options.keep)
            refuse(recorder, name, why.text); /* there is no later, and nothing is deleted */
        else
            recorder->waiting_count += tt__folder_may_become_ready(recorder->dir_fd, name);
        return 0;
    case TT__ATTACH_REFUSED:
        refuse(recorder, name, why.text);
        return 0;
    case TT__ATTACH_FAILED:
        break;
    }
    *error = why;
    return -1;
}

static bool is_new(void *context, const char *name)
{
    return !is_attached(context, name);
}

/* Attaches new arenas in the order in which their processes began, so that they are numbered so. 0, or -1 and *ERROR:
 * the store failed. */
static int find_arenas(struct recorder *recorder, struct tt_store_error *error)
{
    struct tt__arena_list list;
    int result = 0;
    recorder->waiting_count = 0;
    tt__folder_list(recorder->dir_fd, is_new, recorder, &list);
    for (size_t i = 0; i < list.count && result == 0; i++)
        result = attach_arena(recorder, list.arenas[i].name, error);
    tt__folder_list_finish(&list);
    return result;
}

/* -------------------------------------------------------------------------------------------------------- one turn */

/* How many bytes of rows a turn may gather. Many are quick; but on a disk that gets full what a commit cannot write is not written at all. */
static size_t batch_max(const struct recorder *recorder)
{
    uint64_t part = tt__store_free_bytes(recorder->writer) / BATCH_DISK_PART;
    part = part > BATCH_BYTES_MIN ? part : BATCH_BYTES_MIN;
    return part < recorder->batch_bytes ? (size_t)part : recorder->batch_bytes;
}

/* Reads all processes. Returns whether there is more to read. */
static bool read_processes(struct recorder *recorder, struct tt__reading *reading)
{
    bool has_more = false;
    size_t bytes_max = batch_max(recorder);
    for (size_t i = 0; i < recorder->process_count; i++)
        if (!recorder->is_finished[i])
            has_more |= tt__process_read(recorder->processes[i], bytes_max, reading);
    recorder->stats.event_count += reading->event_count;
    if (reading->lag_ns > recorder->stats.lag_ns)
        recorder->stats.lag_ns = reading->lag_ns;
    return has_more;
}

/* Told with the next commit. */
static void tell_stats(struct recorder *recorder)
{
    tt__recorder_stats_tell(&recorder->stats, recorder->ingest, (uint32_t)recorder->process_count,
                            tt__store_used_bytes(recorder->writer), tt__store_log_bytes(recorder->writer));
}

static bool has_silent_end(const struct recorder *recorder)
{
    for (size_t i = 0; i < recorder->process_count; i++)
        if (!recorder->is_finished[i] && tt__process_is_gone_silently(recorder->processes[i]))
            return true;
    return false;
}

static void delete_finished(struct recorder *recorder)
{
    size_t kept = 0;
    for (size_t i = 0; i < recorder->process_count; i++) {
        if (recorder->is_finished[i]) {
            if (recorder->options.keep)
                tt__process_detach(recorder->processes[i]);
            else
                tt__process_delete(recorder->processes[i], recorder->dir_fd);
            continue;
        }
        recorder->is_finished[kept] = false;
        recorder->processes[kept++] = recorder->processes[i];
    }
    recorder->process_count = kept;
}

/* Commits what was read; only then do the writers get their room back, and arenas go. 0; or -1 and *ERROR. */
static int commit(struct recorder *recorder, struct tt_store_error *error)
{
    if (!tt__store_has_its_name(recorder->writer)) {
        recorder->is_nameless = true;
        return tt__store_fail(error, TT_STORE_MISSING, "%s: was deleted or renamed while it was recorded",
                              recorder->options.store);
    }
    if (tt_ingest_commit(recorder->ingest, error) < 0) {
        recorder->is_nameless = tt__store_is_log_cut(recorder->writer);
        recorder->stats.failed_count++;
        tt__recorder_stats_pause(&recorder->stats,
                                 error->kind == TT_STORE_FULL ? TT_PAUSE_REASON_FULL : TT_PAUSE_REASON_FAILED);
        return -1;
    }
    recorder->stats.batch_count++;
    tt__recorder_stats_resume(&recorder->stats);
    for (size_t i = 0; i < recorder->process_count && !recorder->options.keep; i++)
        tt__process_release(recorder->processes[i]);
    delete_finished(recorder);
    recorder->written_ns = now_ns();
    recorder->is_paused = false;
    return 0;
}

static void wait_for_work(struct recorder *recorder, int milliseconds)
{
    struct pollfd fds[64];
    nfds_t count = 0;
    /* Ends and messages cut the wait short; more of them than fit are found when it is over. */
    if (recorder->control.fd >= 0)
        fds[count++] = (struct pollfd){.fd = recorder->control.fd, .events = POLLIN};
    for (size_t i = 0; i < recorder->process_count && count < sizeof fds / sizeof fds[0]; i++) {
        int fd = tt__process_fd(recorder->processes[i]);
        if (fd >= 0)
            fds[count++] = (struct pollfd){.fd = fd, .events = POLLIN};
    }
    (void)poll(fds, count, milliseconds);
}

/* Reads and commits once. Returns 1: there is more to do at once; 0: wait; -1: *ERROR, for good. */
static int take_turn(struct recorder *recorder, struct tt_store_error *error)
{
    struct tt__reading reading = {0};
    bool has_more = false;
    if (!recorder->is_paused) {
        /* What the supervisor has seen end has made its arenas before. */
        reading.row_count += tt__control_read(&recorder->control, recorder->ingest);
        if (find_arenas(recorder, error) < 0)
            return -1;
        has_more = read_processes(recorder, &reading);
        /* What a process became in its last moment may have come after the folder was looked at. */
        if (!has_more && has_silent_end(recorder) && find_arenas(recorder, error) < 0)
            return -1;
        for (size_t i = 0; i < recorder->process_count && !has_more; i++)
            if (!recorder->is_finished[i] && tt__process_finish(recorder->processes[i])) {
                recorder->is_finished[i] = true;
                reading.row_count++;
            }
        for (size_t i = 0; i < recorder->process_count; i++)
            tt__process_save(recorder->processes[i]);
        if (tt__recorder_stats_are_due(&recorder->stats))
            tell_stats(recorder);
    }
    if (reading.row_count > 0 || recorder->is_paused || has_more) {
        int result = commit(recorder, error);
        if (result < 0 && error->kind == TT_STORE_FULL && tt__log_make_room(&recorder->log))
            result = commit(recorder, error);
        if (result < 0 && error->kind == TT_STORE_FULL && tt__retention_make_room(&recorder->retention))
            result = commit(recorder, error);
        if (result < 0) {
            recorder->is_paused = true;
            return recorder->is_nameless || tt_ingest_is_hopeless(recorder->ingest) ? -1 : 0;
        }
    }
    if (!recorder->is_paused)
        reading.is_busy |= tt__retention_work(&recorder->retention);
    tt__log_keep_short(&recorder->log, now_ns() - recorder->written_ns > CHECKPOINT_IDLE_NS);
    recorder->wait_ms = reading.is_busy         ? WAIT_MS_MIN
                        : reading.row_count > 0 ? recorder->wait_ms / 2
                                                : recorder->wait_ms * 2;
    if (recorder->wait_ms < WAIT_MS_MIN)
        recorder->wait_ms = WAIT_MS_MIN;
    if (recorder->wait_ms > recorder->options.wait_ms_max)
        recorder->wait_ms = recorder->options.wait_ms_max;
    return has_more;
}

static bool is_over(const struct recorder *recorder)
{
    bool is_waited_for =
        recorder->options.supervised && !recorder->options.until_idle && !recorder->control.is_finished;
    return !recorder->is_paused && recorder->process_count == 0 && recorder->waiting_count == 0 && !is_waited_for;
}

/* Whether all that could still be recorded is in the arenas, and the store will not take it. While nothing is read nobody else sees
 * processes end. */
static bool is_stuck(const struct recorder *recorder)
{
    if (!recorder->is_paused && !recorder->is_held_up)
        return false;
    for (size_t i = 0; i < recorder->process_count; i++)
        tt__process_look_after(recorder->processes[i]);
    if (now_ns() - recorder->written_ns < (int64_t)recorder->options.retry_ms_max * 1000000)
        return false;
    if (recorder->options.supervised && !recorder->control.is_finished)
        return false;
    for (size_t i = 0; i < recorder->process_count; i++)
        if (!tt__process_is_ending(recorder->processes[i]))
            return false;
    return true;
}

/* Whether nothing is to be read now, because the log has its full length. When that begins, the little that there is to be
 * said of it is written all the same: who is to blame. */
static bool is_held_up(struct recorder *recorder)
{
    struct tt_store_error error;
    if (tt__log_look(&recorder->log) != TT__LOG_FULL) {
        if (recorder->is_held_up)
            tt__recorder_stats_resume(&recorder->stats);
        recorder->is_held_up = false;
        return false;
    }
    if (!recorder->is_held_up && !recorder->is_paused) {
        tt__recorder_stats_pause(&recorder->stats, TT_PAUSE_REASON_LOG);
        tell_stats(recorder);
        if (tt_ingest_commit(recorder->ingest, &error) == 0)
            tt__recorder_stats_pause(&recorder->stats, TT_PAUSE_REASON_LOG);
        recorder->is_held_up = true;
    }
    return true;
}

/* Processes that the store has, that were not read to their end, and of which no arena is left: nothing more will come of them. */
static int settle_others(struct recorder *recorder, struct tt_store_error *error)
{
    uint32_t *living = calloc(recorder->process_count + 1, sizeof *living);
    if (!living)
        return tt__store_fail(error, TT_STORE_FAILED, "no memory to go on with a store");
    for (size_t i = 0; i < recorder->process_count; i++)
        living[i] = tt__process_id(recorder->processes[i]);
    int result = tt_ingest_settle(recorder->ingest, living, recorder->process_count, error);
    free(living);
    return result;
}

/* What is said at the end is worth no second try. */
static void tell_the_last(struct recorder *recorder)
{
    struct tt_store_error error;
    if (!tt__recorder_stats_have_news(&recorder->stats))
        return;
    tell_stats(recorder);
    (void)!tt_ingest_commit(recorder->ingest, &error);
}

static int record(struct recorder *recorder, struct tt_store_error *error)
{
    recorder->written_ns = now_ns();
    recorder->wait_ms = WAIT_MS_MIN;
    tt__recorder_stats_begin(&recorder->stats);
    if (find_arenas(recorder, error) < 0)
        return -1;
    /* Who records goes on where that fails, as where the disk is full; the next one tries again. */
    if (settle_others(recorder, error) < 0 && recorder->options.recover)
        return -1;
    for (;;) {
        bool is_waiting = is_held_up(recorder);
        tt__pause_tell(&recorder->pause, is_waiting || recorder->is_paused, &recorder->stats, recorder->processes,
                       recorder->process_count);
        if (is_waiting) {
            if (recorder->options.recover || is_stuck(recorder))
                return tt__store_fail(
                    error, TT_STORE_BUSY,
                    "%s: a reader keeps an old state of it, and its write-ahead log has its full length",
                    recorder->options.store);
            tt__control_read(&recorder->control, recorder->ingest);
            sleep_ms(RETRY_MS);
            continue;
        }
        int result = take_turn(recorder, error);
        if (result < 0 || is_stuck(recorder))
            return -1;
        if (recorder->is_paused) {
            if (recorder->options.recover)
                return -1;
            tt__control_read(&recorder->control, recorder->ingest);
            sleep_ms(RETRY_MS);
        } else if (result == 0) {
            if (recorder->options.recover) {
                tell_the_last(recorder);
                return 0;
            }
            /* The last process may have made another arena, or a child one, after the folder was looked at and before
             * it was gone. */
            if (is_over(recorder) && find_arenas(recorder, error) < 0)
                return -1;
            if (is_over(recorder)) {
                tell_the_last(recorder);
                return 0;
            }
            wait_for_work(recorder, recorder->wait_ms);
        }
    }
}

/* ------------------------------------------------------------------------------------------------ beginning and end */

static void say_ready(int *fd)
{
    if (*fd < 0)
        return;
    ssize_t length = write(*fd, "ready\n", 6);
    (void)length; /* whoever waited may be gone */
    close(*fd);
    *fd = -1;
}

static void ignore_signals(void)
{
    static const int signals[] = {SIGTERM, SIGINT, SIGHUP, SIGPIPE, SIGXFSZ, SIGQUIT, SIGTTOU, SIGTSTP};
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
        (void)signal(signals[i], SIG_IGN);
}

static int open_store(struct recorder *recorder, struct tt_store_error *error)
{
    struct tt__store_writer_options options = {.bytes_max = recorder->options.store_bytes_max};
    if (tt__store_open_writer(recorder->options.store, &options, &recorder->writer, error) < 0 ||
        tt_ingest_create(recorder->writer, &recorder->ingest, error) < 0)
        return -1;
    if (recorder->options.redacts)
        tt_ingest_redact(recorder->ingest);
    if (tt__retention_begin(&recorder->retention, recorder->writer, recorder->ingest, recorder->options.store_bytes_max,
                            recorder->options.seconds_max, error) < 0)
        return -1;
    tt__log_begin(&recorder->log, recorder->writer, recorder->ingest, &recorder->stats,
                  recorder->options.log_bytes_max);
    recorder->batch_bytes = BATCH_BYTES_MAX;
    if (recorder->retention.bytes_max / BATCH_PART < BATCH_BYTES_MAX)
        recorder->batch_bytes = recorder->retention.bytes_max / BATCH_PART;
    return 0;
}

/* Whether the store is so large that who waits for a recovery would wait for its summaries. */
static bool is_large(const struct recorder *recorder)
{
    uint64_t bytes_max = recorder->options.summary_bytes_max ? recorder->options.summary_bytes_max : SUMMARY_BYTES_MAX;
    return recorder->options.recover && recorder->writer && tt__store_used_bytes(recorder->writer) > bytes_max;
}

static void close_store(struct recorder *recorder, bool is_finished)
{
    bool is_unsummarised = is_finished && is_large(recorder);
    if (recorder->options.out_is_unsummarised)
        *recorder->options.out_is_unsummarised = is_unsummarised;
    for (size_t i = 0; i < recorder->process_count; i++)
        tt__process_detach(recorder->processes[i]);
    recorder->process_count = 0;
    tt_ingest_destroy(recorder->ingest);
    tt__store_close_writer(recorder->writer, is_finished && !is_unsummarised);
    recorder->ingest = NULL;
    recorder->writer = NULL;
}

/* The name of the store is to be given to a new one. Whether it can be. */
static bool give_up_name(struct recorder *recorder)
{
    char aside[PATH_MAX];
    bool is_cut = tt__store_is_log_cut(recorder->writer);
    if (is_cut && tt__store_set_aside(recorder->writer, aside, sizeof aside) < 0)
        return false;
    if (recorder->options.on_nameless)
        recorder->options.on_nameless(recorder->options.store, is_cut ? aside : NULL);
    return true;
}

/* Records into the store, and into a new one when that has lost its name. As record(). */
static int record_into_store(struct recorder *recorder, struct tt_store_error *error)
{
    int result;
    tt__control_init(&recorder->control, recorder->options.control_fd);
    for (;;) {
        recorder->is_nameless = recorder->is_paused = recorder->is_held_up = false;
        result = open_store(recorder, error);
        if (result == 0) {
            say_ready(&recorder->options.ready_fd);
            result = record(recorder, error);
        }
        if (!recorder->is_nameless || recorder->options.recover || !give_up_name(recorder))
            return result;
        close_store(recorder, false);
    }
}

static void close_all(struct recorder *recorder, bool is_finished)
{
    close_store(recorder, is_finished);
    free(recorder->processes);
    free(recorder->is_finished);
    if (recorder->options.ready_fd >= 0)
        close(recorder->options.ready_fd);
}

int tt_recorder_run(const struct tt_recorder_options *options, struct tt_store_error *out_error)
{
    struct recorder *recorder = calloc(1, sizeof *recorder);
    char default_dir[PATH_MAX];
    struct tt_store_error error = {TT_STORE_OK, ""};
    if (!recorder) {
        if (options->ready_fd >= 0)
            close(options->ready_fd);
        return tt__store_fail(out_error, TT_STORE_FAILED, "no memory to begin recording");
    }
    recorder->options = *options;
    if (recorder->options.wait_ms_max <= 0)
        recorder->options.wait_ms_max = WAIT_MS_MAX;
    if (recorder->options.retry_ms_max <= 0)
        recorder->options.retry_ms_max = RETRY_END_MS;
    recorder->dir_fd = recorder->lock_fd = -1;
    if (!options->recover)
        ignore_signals();
    int has_lock = tt__recorder_enter(&recorder->options, default_dir, &recorder->dir_fd, &recorder->lock_fd, &error);
    /* Without a supervisor and without arenas there is nothing to do, and no store to be made; one that is there is settled. */
    bool has_work = has_lock == 1 && (options->supervised || tt__folder_has_arena(recorder->dir_fd) ||
                                      (options->recover && access(options->store, F_OK) == 0));
    int result = has_lock < 0 ? -1 : 0;
    if (has_work) {
        result = record_into_store(recorder, &error);
    } else if (result == 0) {
        say_ready(&recorder->options.ready_fd);
    }
    close_all(recorder, result == 0 && recorder->process_count == 0);
    if (result < 0)
        tt__recorder_refuse(&recorder->options, error.kind);
    /* A folder that somebody else named is somebody else's. After a failure it goes, too, unless there are arenas for the next one. */
    bool is_own = has_lock == 1 && !options->keep && strcmp(recorder->options.ring_dir, default_dir) == 0;
    bool is_done = !is_own || tt__folder_delete(recorder->dir_fd, default_dir) || result < 0;
    tt__recorder_leave(&recorder->dir_fd, &recorder->lock_fd);
    free(recorder);
    if (!is_done) {
        struct tt_recorder_options again = *options;
        again.ready_fd = again.control_fd = -1;
        again.supervised = 0;
        return tt_recorder_run(&again, out_error);
    }
    if (result < 0)
        *out_error = error;
    return result;
}

void tt_recorder_summarise(const char *store)
{
    struct tt__store_writer *writer;
    struct tt_store_error error;
    if (tt__store_open_writer(store, &(struct tt__store_writer_options){.gives_way = true}, &writer, &error) == 0)
        tt__store_close_writer(writer, true);
}
