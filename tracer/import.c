/* import.c: the life of an importer; processes, threads, places. See import.h; what is missing: import_loss.c,
 * import_listen.c. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "decode.h"
#include "event_fields.h"
#include "import_state.h"
#include "nanoseconds.h"
#include "place_hash.h"
#include "store_check.h"
#include "writer.h"

_Static_assert(64 * TT_IMPORT_KIND_WORDS == TT__EVENT_NUMBERS, "a bit for each event");

#define COMMIT_BYTES (8u << 20) /* of rows in memory before they are written */
/* So often a live import commits, if there is something: viewers look no more often. */
#define LIVE_COMMIT_NS INT64_C(200000000)

/* Makes room for one more element of SIZE bytes in *ARRAY. */
static bool grow(void **array, size_t count, size_t *capacity, size_t size)
{
    if (count < *capacity)
        return true;
    size_t larger = *capacity ? 2 * *capacity : 8;
    void *grown = reallocarray(*array, larger, size);
    if (!grown)
        return false;
    *array = grown;
    *capacity = larger;
    return true;
}

static int fail_for_memory(struct tt_store_error *error)
{
    return tt__store_fail(error, TT_STORE_FAILED, "no memory to import more");
}

/* ------------------------------------------------------------------------------------------------- opening, closing */

static void on_event(void *context, unsigned number, const char *name, const char *category, const char *fields)
{
    tt_ingest_describe_event(context, number, name, category, fields);
}

static void on_word(void *context, const char *enumeration, unsigned number, const char *word)
{
    tt_ingest_describe_word(context, enumeration, number, word);
}

/* Events and words are described as this version knows them; a newer writer's words come with its trace. */
static int describe(struct tt_import *import, struct tt_store_error *error)
{
    size_t length;
    const char *description = tt__describe_events(&length);
    struct tt__description_sink sink = {import->ingest, on_event, on_word};
    struct tt__decoder *decoder = tt__decoder_create(description, length, &sink);
    if (!decoder)
        return fail_for_memory(error);
    tt__decoder_destroy(decoder);
    return 0;
}

int tt_import_open(const struct tt_import_options *options, struct tt_import **out_import,
                   struct tt_store_error *out_error)
{
    struct stat status;
    struct tt__store_writer_options writer = {.bytes_max = options->store_bytes_max};
    uint32_t settled_count;
    if (!options->is_appending && lstat(options->store, &status) == 0 && status.st_size > 0)
        return tt__store_fail(out_error, TT_STORE_FAILED,
                              "%s: is there already, and is not replaced; name another file", options->store);
    struct tt_import *import = calloc(1, sizeof *import);
    if (!import)
        return fail_for_memory(out_error);
    import->options = *options;
    import->options.store = NULL; /* the caller's, and not needed any more */
    if (tt__store_open_writer(options->store, &writer, &import->writer, out_error) < 0 ||
        (options->is_appending && tt__import_settle_earlier(import->writer, &settled_count, out_error) < 0) ||
        tt_ingest_create(import->writer, &import->ingest, out_error) < 0 || describe(import, out_error) < 0) {
        tt_import_close(import);
        return -1;
    }
    if (options->redacts)
        tt_ingest_redact(import->ingest);
    if (options->exit_pid != 0)
        tt_ingest_process_exit(import->ingest, options->exit_pid, options->exit_status, options->exit_signal);
    *out_import = import;
    return 0;
}

void tt_import_close(struct tt_import *import)
{
    if (!import)
        return;
    for (size_t i = 0; i < import->process_count; i++) {
        struct tt__import_process *process = &import->processes[i];
        for (size_t j = 0; j < process->thread_count; j++) {
            tt__import_sequence_finish(&process->threads[j]->sequence);
            free(process->threads[j]);
        }
        free(process->threads);
    }
    free(import->processes);
    free(import->windows);
    tt_ingest_destroy(import->ingest);
    tt__store_close_writer(import->writer, true);
    free(import);
}

static int64_t now_ns(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int commit(struct tt_import *import, struct tt_store_error *error)
{
    import->is_dirty = false;
    import->committed_ns = now_ns();
    if (tt_ingest_commit(import->ingest, error) < 0)
        return -1;
    if (import->options.on_commit) /* at once: who is killed during the next step has kept these */
        import->options.on_commit(import->summary.event_count);
    tt__store_checkpoint(import->writer);
    return 0;
}

/* ------------------------------------------------------------------------------------------------ processes, threads */

static void put_number(uint8_t out[8], uint64_t number)
{
    for (int i = 0; i < 8; i++)
        out[i] = (uint8_t)(number >> 8 * i);
}

/* What is known of a process when EVENT is seen: all, if that is process_started; else what the trace says besides, which is kept
 * in WHO. */
static struct tt_ingest_process facts_of(const struct tt_import_event *event, struct tt_import_who *who)
{
    struct tt_ingest_process facts = {
        .monotonic_ns = event->time.monotonic_ns,
        .realtime_ns = event->time.realtime_ns,
        .is_boardless = true,
        .has_stream = true,
    };
    put_number(facts.uuid, event->process);
    memcpy(facts.boot_id, event->time.boot_id, sizeof facts.boot_id);
    *who = (struct tt_import_who){0};
    if (event->event->number != TT_EVENT_process_started) {
        if (event->find_who)
            event->find_who(event->source, who);
        facts.pid = who->pid;
        facts.program = who->program;
        return facts;
    }
    const struct tt_decoded_process_started *started = &event->event->process_started;
    put_number(facts.uuid + 8, started->uuid_high);
    facts.pid = started->pid;
    facts.parent_pid = started->parent_pid;
    facts.uid = started->uid;
    facts.start_ticks = started->start_ticks;
    if (started->boot_id_low != 0 || started->boot_id_high != 0) {
        put_number(facts.boot_id, started->boot_id_low);
        put_number(facts.boot_id + 8, started->boot_id_high);
    }
    if (started->realtime_ns != 0 && started->monotonic_ns != 0) {
        facts.monotonic_ns = (int64_t)started->monotonic_ns;
        facts.realtime_ns = (int64_t)started->realtime_ns;
        facts.boottime_ns = tt__ns_subtract((int64_t)started->boottime_ns, (int64_t)started->boottime_ahead_ns);
    }
    facts.clock_shift_ns = tt__ns_subtract(0, (int64_t)started->monotonic_ahead_ns);
    facts.monotonic_ns = tt__ns_add(facts.monotonic_ns, facts.clock_shift_ns);
    return facts;
}

static bool is_stranger(const struct tt_import *import, uint64_t process)
{
    for (size_t i = 0; i < import->options.stranger_count; i++)
        if (import->options.strangers[i] == process)
            return true;
    return false;
}

/* A process that has not told who it is yet is taken for one of the time namespace of others of its trace. */
static void guess_clock(const struct tt_import *import, const struct tt_import_event *event,
                        struct tt_ingest_process *facts)
{
    for (size_t i = 0; i < import->process_count && event->kinds; i++) {
        const struct tt__import_process *other = &import->processes[i];
        if (!other->has_started || other->recent_kinds != event->kinds)
            continue;
        facts->clock_shift_ns = other->clock_shift_ns;
        facts->monotonic_ns = tt__ns_add(facts->monotonic_ns, facts->clock_shift_ns);
        return;
    }
}

static struct tt__import_process *add_process(struct tt_import *import, const struct tt_import_event *event,
                                              struct tt_store_error *error)
{
    bool is_known = false;
    uint32_t process_id = 0;
    int64_t known_id;
    struct tt_import_who who;
    struct tt_ingest_process facts = facts_of(event, &who);
    if (event->event->number != TT_EVENT_process_started)
        guess_clock(import, event, &facts);
    if (!grow((void **)&import->processes, import->process_count, &import->process_capacity,
              sizeof *import->processes)) {
        fail_for_memory(error);
        return NULL;
    }
    bool is_strange = is_stranger(import, event->process);
    if (!is_strange && import->options.is_appending && tt__import_find_earlier(import, &facts, &known_id, error) < 0)
        return NULL;
    if (!is_strange && tt_ingest_attach_process(import->ingest, &facts, &process_id, &is_known, error) < 0)
        return NULL;
    struct tt__import_process *process = &import->processes[import->process_count];
    *process = (struct tt__import_process){.key = event->process,
                                           .process_id = process_id,
                                           .is_stranger = is_strange,
                                           .pid = facts.pid,
                                           .clock_shift_ns = facts.clock_shift_ns,
                                           .first_ns = event->time.monotonic_ns,
                                           .last_ns = event->time.monotonic_ns};
    memcpy(process->boot_id, facts.boot_id, sizeof process->boot_id);
    import->process_count++;
    if (is_known && tt__import_take_up(import, process, error) < 0)
        return NULL;
    if (event->event->number == TT_EVENT_process_started && !process->has_started) {
        facts = facts_of(event, &who);
        tt__import_learn_start(process, event, &facts);
    }
    return process;
}

static struct tt__import_process *find_process(struct tt_import *import, const struct tt_import_event *event,
                                               struct tt_store_error *error)
{
    if (import->process_count > 0 && import->processes[import->recent_process].key == event->process)
        return &import->processes[import->recent_process];
    import->recent_thread = NULL;
    for (size_t i = 0; i < import->process_count; i++)
        if (import->processes[i].key == event->process) {
            import->recent_process = i;
            return &import->processes[i];
        }
    struct tt__import_process *process = add_process(import, event, error);
    if (process)
        import->recent_process = import->process_count - 1;
    return process;
}

struct tt__import_thread *tt__import_add_thread(struct tt__import_process *process, uint32_t ordinal)
{
    if (!grow((void **)&process->threads, process->thread_count, &process->thread_capacity, sizeof *process->threads))
        return NULL;
    struct tt__import_thread *thread = calloc(1, sizeof *thread);
    if (!thread)
        return NULL;
    thread->ordinal = ordinal;
    process->threads[process->thread_count++] = thread;
    return thread;
}

static struct tt__import_thread *find_thread(struct tt_import *import, struct tt__import_process *process,
                                             const struct tt_import_event *event)
{
    if (import->recent_thread && import->recent_thread->ordinal == event->thread)
        return import->recent_thread;
    import->recent_thread = NULL;
    for (size_t i = 0; i < process->thread_count && !import->recent_thread; i++)
        if (process->threads[i]->ordinal == event->thread)
            import->recent_thread = process->threads[i];
    if (!import->recent_thread)
        import->recent_thread = tt__import_add_thread(process, event->thread);
    return import->recent_thread;
}

/* What the importer itself takes from an event. */
static void learn(struct tt_import *import, struct tt__import_process *process, struct tt__import_thread *thread,
                  const struct tt_import_event *event)
{
    tt__import_listen(import, process, thread, event);
    if (event->time.monotonic_ns > process->last_ns)
        process->last_ns = event->time.monotonic_ns;
    switch (event->event->number) {
    case TT_EVENT_process_started:
        if (!process->has_started) {
            struct tt_import_who who;
            struct tt_ingest_process facts = facts_of(event, &who);
            tt__import_learn_start(process, event, &facts);
            if (!process->is_stranger)
                tt_ingest_identify_process(import->ingest, process->process_id, &facts);
        }
        break;
    case TT_EVENT_process_ended:
        process->has_ended = true;
        process->ended_ns = event->time.monotonic_ns;
        process->attempt_count = event->event->process_ended.attempt_count;
        break;
    default:
        break;
    }
}

int tt_import_event(struct tt_import *import, const struct tt_import_event *event, struct tt_store_error *out_error)
{
    struct tt__import_process *process = find_process(import, event, out_error);
    if (!process)
        return -1;
    struct tt__import_thread *thread = find_thread(import, process, event);
    if (!thread)
        return fail_for_memory(out_error);
    switch (tt__import_sequence_see(&thread->sequence, event->event->sequence, event->time.monotonic_ns)) {
    case TT__IMPORT_AGAIN:
        import->summary.repeated_count++;
        return 0;
    case TT__IMPORT_DAMAGED:
        process->damaged_count++;
        thread->damaged_count++;
        return 0;
    case TT__IMPORT_NO_MEMORY:
        return fail_for_memory(out_error);
    case TT__IMPORT_NEW:
        break;
    }
    if (process->is_resumed && tt__import_go_on(import, process, event->time.monotonic_ns, out_error) < 0)
        return -1;
    thread->is_dirty = import->is_dirty = true;
    learn(import, process, thread, event);
    if (process->is_stranger)
        return 0;
    if (!tt__event_has_ids(event->event) || !tt__event_has_object(event->event)) {
        process->damaged_count++;
        thread->damaged_count++;
        return 0;
    }
    event->event->time_ns = tt__import_time(import, process, event->time.monotonic_ns);
    tt_ingest_event(import->ingest, process->process_id, thread->ordinal, event->event);
    import->summary.event_count += event->event->number != 0;
    if (tt_ingest_pending_bytes(import->ingest) <= COMMIT_BYTES)
        return 0;
    return import->options.is_live ? tt__import_commit_live(import, out_error) : commit(import, out_error);
}

bool tt_import_has_origin(const struct tt_import *import)
{
    return tt_ingest_has_origin(import->ingest);
}

void tt_import_begin(struct tt_import *import, const struct tt_import_event *event)
{
    struct tt_import_who who;
    struct tt_ingest_process facts = facts_of(event, &who);
    tt_ingest_begin(import->ingest, &facts);
}

uint64_t tt_import_place(struct tt_import *import, const char *file, uint32_t line, const char *func, const char *text)
{
    const char *const texts[3] = {file, func, text};
    size_t lengths[3];
    for (int i = 0; i < 3; i++)
        lengths[i] = texts[i] ? strnlen(texts[i], TT_PLACE_TEXT_BYTES_MAX) : 0;
    if (line == 0 && lengths[0] == 0 && lengths[1] == 0 && lengths[2] == 0)
        return 0;
    uint64_t hash = tt__place_hash(texts, lengths, line);
    tt_ingest_define_site(import->ingest, hash, line, (struct tt_decoded_text){texts[0], (uint32_t)lengths[0]},
                          (struct tt_decoded_text){texts[1], (uint32_t)lengths[1]},
                          (struct tt_decoded_text){texts[2], (uint32_t)lengths[2]});
    return hash;
}

void tt_import_word(struct tt_import *import, const char *enumeration, unsigned number, const char *word)
{
    if (number <= UINT8_MAX && word && *word != '\0')
        tt_ingest_describe_word(import->ingest, enumeration, number, word);
}

/* The counter of a stream stepped back by COUNT: its latest stretches told that much too early. */
static void take_back(struct tt_import *import, uintptr_t stream, uint64_t count)
{
    for (size_t i = import->window_count; i-- > 0 && count > 0;) {
        struct tt__import_window *window = &import->windows[i];
        if (window->discard.stream != stream)
            continue;
        uint64_t taken = window->left < count ? window->left : count;
        window->left -= taken;
        count -= taken;
    }
}

int tt_import_discarded(struct tt_import *import, const struct tt_import_discard *discard,
                        struct tt_store_error *out_error)
{
    if (discard->has_count && discard->count == 0)
        return 0;
    if (discard->has_count && 0 - discard->count <= TT_IMPORT_RUN_MAX) {
        import->has_stepped_back = true;
        take_back(import, discard->stream, 0 - discard->count);
        return 0;
    }
    bool has_count = discard->has_count && discard->count <= TT_IMPORT_RUN_MAX;
    if (!grow((void **)&import->windows, import->window_count, &import->window_capacity, sizeof *import->windows))
        return fail_for_memory(out_error);
    struct tt__import_window *window = &import->windows[import->window_count++];
    window->discard = *discard;
    window->discard.has_count = has_count;
    window->left = has_count ? discard->count : 0;
    return 0;
}

/* ------------------------------------------------------------------------------------------------------- the end */

/* Whether the parent's word about an end is about PROCESS: about the last one with that pid. */
static bool has_exit(const struct tt_import *import, const struct tt__import_process *process)
{
    const struct tt__import_process *end = import->processes + import->process_count;
    bool is_it = import->options.exit_pid != 0 && process->pid == import->options.exit_pid;
    for (const struct tt__import_process *later = process + 1; later < end && is_it; later++)
        is_it = later->pid != process->pid;
    return is_it;
}

/* That a process said no goodbye is no evidence that it ended, nor that nothing happened behind its last event: the
 * session may have been stopped, or a daemon ended. A death by a signal, of which a parent knows, explains why there is
 * no goodbye, and not what is missing: who is killed in the middle of an emit takes a sub-buffer with all that is in it
 * along. Who runs now is not asked: the trace may be of another boot, and pids of another namespace. */
static void finish_process(struct tt_import *import, struct tt__import_process *process, bool is_complete)
{
    bool has_known_end = process->has_ended || has_exit(import, process);
    if (!process->has_ended)
        tt__import_cut_off(import, process);
    if (!is_complete)
        tt__import_incomplete(import, process);
    tt__import_judge_kinds(import, process);
    tt__import_count_threads(import, process);
    int64_t last_ns = tt__import_time(import, process, process->last_ns);
    struct tt_ingest_losses losses = {
        .vital_drop_count = process->vital_count,
        .has_vital_drops = process->has_vital || !is_complete,
        .vital_drop_last_ns = is_complete ? tt__import_time(import, process, process->vital_last_ns) : last_ns,
    };
    tt_ingest_process_losses(import->ingest, process->process_id, &losses);
    tt_ingest_process_seen(import->ingest, process->process_id, last_ns);
    if (!process->has_ended && has_known_end)
        tt_ingest_process_gone(import->ingest, process->process_id, last_ns, false);
    tt_ingest_process_finished(import->ingest, process->process_id, is_complete);
}

int tt__import_commit_live(struct tt_import *import, struct tt_store_error *error)
{
    if (!tt__store_has_its_name(import->writer)) {
        (void)tt__store_cut_log(import->writer); /* so that all is there, if somebody has only renamed it */
        return tt__store_fail(error, TT_STORE_MISSING, "the store was deleted, renamed or replaced while it was written");
    }
    if (!tt__import_settle_aged(import))
        return fail_for_memory(error);
    tt__import_tell_progress(import);
    for (size_t i = 0; i < import->process_count; i++) {
        struct tt__import_process *process = &import->processes[i];
        if (!process->is_settling || process->is_over)
            continue;
        process->is_over = true;
        if (!process->is_stranger && !process->is_resumed)
            finish_process(import, process, !import->options.is_incomplete);
    }
    return commit(import, error);
}

void tt_import_is_lacking(struct tt_import *import)
{
    import->options.is_incomplete = true;
}

int tt_import_tick(struct tt_import *import, struct tt_store_error *out_error)
{
    int64_t now = now_ns();
    if (!import->options.is_live || now - import->committed_ns < LIVE_COMMIT_NS)
        return 0;
    bool has_aged = tt__import_age(import, now);
    return has_aged || import->is_dirty ? tt__import_commit_live(import, out_error) : 0;
}

int tt_import_finish(struct tt_import *import, bool is_complete, struct tt_import_summary *out_summary,
                     struct tt_store_error *out_error)
{
    if (!tt__import_settle_losses(import))
        return fail_for_memory(out_error);
    is_complete &= !import->options.is_incomplete;
    for (size_t i = 0; i < import->process_count; i++) {
        if (import->processes[i].is_stranger || import->processes[i].is_resumed)
            continue;
        if (!import->processes[i].is_over)
            finish_process(import, &import->processes[i], is_complete);
        import->summary.process_count++;
    }
    tt__import_tell_cursors(import);
    *out_summary = import->summary;
    return commit(import, out_error);
}
