/* recorder_process.c: see recorder_process.h. */
#include "recorder_process.h"

#include <assert.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "nanoseconds.h"
#include "process_identity.h"
#include "recorder_board.h"
#include "recorder_pause.h"
#include "recorder_ring.h"
#include "store_check.h"

#define RECORDS_MAX   8192u /* of one ring before the next one has its turn */
#define RECORDS_MIN   64u
#define PAIR_NS       INT64_C(500000000)  /* between two clock pairs that bend the timeline */
#define PAIR_FIRST_NS INT64_C(5000000)    /* the first ones come sooner */
#define SEEN_NS       INT64_C(500000000)  /* how often an idle process is noted as alive */
#define MEMORY_NS     INT64_C(10000000)   /* how often a silent one is looked at for an exec */
#define REPLACED_NS   INT64_C(1000000000) /* the same by a longer look, for one whose memory cannot be watched */
#define GOODBYE_NS    INT64_C(200000000)  /* a process that said goodbye and lives on after that has stopped tracing */
#define BUSY_FRACTION 8u                  /* of a ring, filled since the last time: come back soon */

struct tt__process_reader {
    char name[NAME_MAX + 1];
    struct tt__arena_reader arena;
    struct tt__decoder *decoder;
    struct tt__timeline timeline;
    int64_t clock_shift_ns; /* from the writer's time namespace to ours */
    struct tt_ingest *ingest;
    struct tt__board_reader board;
    uint32_t process_id;
    struct tt__process_watch watch;
    bool was_dead; /* when it was found */
    bool is_gone, is_replaced;
    bool is_ending;    /* gone, or it stopped tracing: what is there is all there will be */
    bool has_seen_end; /* the rings were looked at since */
    bool lacks_cursor; /* there was no memory to keep how far a ring was read */
    bool was_finished; /* read to its end by a former recorder, which could not delete the arena any more */
    bool is_balanced;
    int64_t goodbye_seen_ns;                                        /* on CLOCK_MONOTONIC; 0: not yet */
    int64_t pair_ns, pair_wait_ns, seen_ns, memory_ns, replaced_ns; /* when that was done last */
    int64_t first_ns;                                               /* when it began to be traced, on CLOCK_MONOTONIC */
    int64_t last_event_ns;                                          /* time of the recording */
    bool has_last_event;
    uint64_t dictionary_position;
    uint64_t vital_drop_count;
    uint32_t child_drop_count;
    int64_t vital_loss_ns; /* the latest instant before which a vital event may have been lost, if one was */
    uint64_t head_sum;     /* of all rings, to see whether it is silent */
    struct tt__ring_state *rings;
    uint32_t ring_count;
};

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static struct tt__ring_context context_of(struct tt__process_reader *process)
{
    return (struct tt__ring_context){&process->arena, process->decoder, &process->timeline, process->ingest,
                                     process->process_id};
}

static bool has_said_goodbye(const struct tt__process_reader *process)
{
    return atomic_load_explicit(&tt__arena_header(&process->arena)->state, memory_order_acquire) == TT_ARENA_GOODBYE;
}

/* -------------------------------------------------------------------------------------------------------- attaching */

/* What the writer read of its clocks, as they are in the recorder's time namespace. */
static bool read_clock(const struct tt__process_reader *process, bool is_last, struct tt__clock_reading *out_reading)
{
    if (!tt__arena_clock(&process->arena, is_last, out_reading))
        return false;
    out_reading->monotonic_ns = tt__ns_add(out_reading->monotonic_ns, process->clock_shift_ns);
    out_reading->boottime_ns = tt__ns_add(out_reading->boottime_ns, process->clock_shift_ns);
    return true;
}

/* How far CLOCK_MONOTONIC here is ahead of that in the writer's time namespace, as the wall clock tells, which they have in common. */
static int64_t measure_shift(const struct tt__process_reader *process)
{
    struct timespec wall;
    struct tt__clock_reading first;
    if (!tt__arena_clock(&process->arena, false, &first) || clock_gettime(CLOCK_REALTIME, &wall) < 0)
        return 0;
    int64_t since_ns = tt__ns_subtract((int64_t)wall.tv_sec * 1000000000 + wall.tv_nsec, first.realtime_ns);
    return tt__ns_subtract(tt__ns_subtract(now_ns(), since_ns), first.monotonic_ns);
}

/* Arenas of this boot are read with the recorder's own measurement of the counter; older ones with the pairs of their
 * writer. */
static void init_timeline(struct tt__process_reader *process, struct tt__clock_reading *out_first)
{
    struct tt__clock_reading last;
    bool is_of_this_boot = tt__process_is_of_this_boot(process->arena.boot_id);
    bool is_shifted = is_of_this_boot && !tt__clocks_are_ours(process->arena.time_namespace);
    if (is_shifted)
        process->clock_shift_ns = measure_shift(process);
    bool has_last = read_clock(process, true, &last);
    memset(out_first, 0, sizeof *out_first);
    bool has_first = read_clock(process, false, out_first);
    if (process->arena.clock == TT_ARENA_CLOCK_MONOTONIC) {
        tt__timeline_init_identity(&process->timeline, process->clock_shift_ns);
        return;
    }
    if (is_of_this_boot && tt__timeline_init_measured(&process->timeline) == 0) {
        if (is_shifted &&
            has_first) { /* the counter is the same in all of them, which tells better than the wall clock */
            process->clock_shift_ns +=
                tt__ns_subtract(tt__timeline_ns(&process->timeline, out_first->ticks), out_first->monotonic_ns);
            (void)read_clock(process, false, out_first);
        }
        process->pair_ns = now_ns();
        process->pair_wait_ns = PAIR_FIRST_NS;
        return;
    }
    /* Without a second pair one tick is taken for a nanosecond, which is about right. */
    tt__timeline_init_pairs(&process->timeline, out_first->ticks, out_first->monotonic_ns, has_last ? last.ticks : 0,
                            has_last ? last.monotonic_ns : 0);
}

static void on_event(void *context, unsigned number, const char *name, const char *category, const char *fields)
{
    tt_ingest_describe_event(context, number, name, category, fields);
}

static void on_word(void *context, const char *enumeration, unsigned number, const char *word)
{
    tt_ingest_describe_word(context, enumeration, number, word);
}

/* Makes room for the state of COUNT rings. False: no memory. */
static bool grow_rings(struct tt__process_reader *process, uint32_t count)
{
    if (count <= process->ring_count)
        return true;
    struct tt__ring_state *rings = reallocarray(process->rings, count, sizeof *rings);
    if (!rings)
        return false;
    memset(rings + process->ring_count, 0, (count - process->ring_count) * sizeof *rings);
    for (uint32_t i = process->ring_count; i < count; i++)
        rings[i].index = rings[i].cursor.ring = i;
    process->rings = rings;
    process->ring_count = count;
    return true;
}

static void resume_ring(void *context, const struct tt_ingest_cursor *cursor)
{
    struct tt__process_reader *process = context;
    if (cursor->ring >= process->arena.ring_count_max)
        return;
    if (!grow_rings(process, cursor->ring + 1)) {
        process->lacks_cursor = true;
        return;
    }
    tt__ring_state_resume(&process->rings[cursor->ring], cursor);
    process->vital_drop_count += cursor->vital_drop_count;
    if (cursor->has_last && (!process->has_last_event || cursor->last_ns > process->last_event_ns)) {
        process->last_event_ns = cursor->last_ns;
        process->has_last_event = true;
    }
}

/* The latest instant that can be meant by now: for a process found dead, that of its last event. */
static int64_t present_ns(struct tt__process_reader *process, int64_t now)
{
    struct tt__clock_reading last;
    if (!process->was_dead)
        return tt_ingest_time(process->ingest, process->process_id, now);
    int64_t latest = process->has_last_event ? process->last_event_ns : 0;
    if (read_clock(process, true, &last) || read_clock(process, false, &last)) {
        int64_t clock_ns = tt_ingest_time(process->ingest, process->process_id, last.monotonic_ns);
        if (clock_ns > latest)
            latest = clock_ns;
    }
    return latest;
}

/* Finds or makes the process's row and goes on from where a former recorder was. 0, or -1 and *ERROR. */
static int attach_to_store(struct tt__process_reader *process, const struct tt__clock_reading *first,
                           struct tt_store_error *error)
{
    const struct tt__arena_reader *arena = &process->arena;
    struct tt_ingest_process facts = {
        .pid = arena->pid,
        .parent_pid = arena->parent_pid,
        .uid = arena->uid,
        .start_ticks = arena->start_ticks,
        .host = arena->host,
        .program = arena->program,
        .command = arena->command,
        .monotonic_ns = first->monotonic_ns,
        .realtime_ns = first->realtime_ns,
        .boottime_ns = first->boottime_ns,
        .clock_shift_ns = process->clock_shift_ns,
        .ring_bytes = arena->ring_slots * TT_SLOT_BYTES,
        .ring_policy = arena->ring_policy,
        .block_ms = arena->block_ms,
        .categories = arena->categories,
        .step_every = arena->step_every,
        .is_redacted = arena->is_redacted,
        .has_stream = tt_ingest_has_details(arena->categories | arena->selected_categories),
    };
    bool is_known;
    memcpy(facts.uuid, arena->process_uuid, sizeof facts.uuid);
    memcpy(facts.boot_id, arena->boot_id, sizeof facts.boot_id);
    if (tt_ingest_attach_process(process->ingest, &facts, &process->process_id, &is_known, error) < 0)
        return -1;
    if (!is_known) {
        tt__arena_read_anew(arena);
        return 0;
    }
    if (tt_ingest_unsettle(process->ingest, process->process_id, error) < 0)
        return -1;
    int was_finished = tt_ingest_is_finished(process->ingest, process->process_id, error);
    if (was_finished < 0 ||
        tt_ingest_read_cursors(process->ingest, process->process_id, resume_ring, process, error) < 0)
        return -1;
    if (process->lacks_cursor) /* from its beginning a ring would be read twice */
        return tt__store_fail(error, TT_STORE_FAILED, "no memory to go on with process %" PRIu32, arena->pid);
    process->was_finished = was_finished == 1;
    process->vital_loss_ns = present_ns(process, now_ns()); /* what a former recorder found was before that */
    tt_ingest_board_clear(process->ingest, process->process_id);
    return 0;
}

enum tt__attach_result tt__process_attach(int dir_fd, const char *name, struct tt_ingest *ingest,
                                          struct tt__process_reader **out_process, struct tt_store_error *out_error)
{
    const char *reason;
    struct tt__clock_reading first;
    struct tt__process_reader *process = calloc(1, sizeof *process);
    if (!process || strlen(name) >= sizeof process->name) {
        free(process);
        (void)!tt__store_fail(out_error, TT_STORE_DAMAGED, "its name is too long");
        return process ? TT__ATTACH_REFUSED : TT__ATTACH_LATER;
    }
    strcpy(process->name, name);
    process->ingest = ingest;
    process->is_balanced = true;
    process->watch.fd = -1;
    enum tt__arena_open_result result = tt__arena_open(dir_fd, name, &process->arena, &reason);
    if (result != TT__ARENA_OPENED) {
        free(process);
        (void)!tt__store_fail(out_error, TT_STORE_DAMAGED, "%s", reason ? reason : "not complete");
        return result == TT__ARENA_REFUSED ? TT__ATTACH_REFUSED : TT__ATTACH_LATER;
    }
    tt__process_watch_begin(&process->watch, process->arena.pid, process->arena.start_ticks, process->arena.boot_id,
                            process->arena.fd);
    if (process->watch.is_unseen && !has_said_goodbye(process)) {
        tt__process_detach(process);
        (void)!tt__store_fail(
            out_error, TT_STORE_FAILED,
            "its process is in other namespaces, and the file system of its folder does not tell whether it lives");
        return TT__ATTACH_REFUSED;
    }
    process->was_dead = process->is_gone = process->is_ending = process->watch.has_ended;
    process->memory_ns = now_ns(); /* and replaced_ns is 0: it may have executed another program before it was found */
    init_timeline(process, &first);
    process->first_ns = first.monotonic_ns;

    struct tt__description_sink sink = {ingest, on_event, on_word};
    process->decoder = tt__decoder_create(process->arena.description, process->arena.description_length, &sink);
    if (!process->decoder) {
        tt__process_detach(process);
        return TT__ATTACH_LATER;
    }
    if (attach_to_store(process, &first, out_error) < 0) {
        tt__process_detach(process);
        return TT__ATTACH_FAILED;
    }
    tt__process_tell_pause(process, &(struct tt__pause){0}); /* a recorder that was killed may have said something else */
    *out_process = process;
    return TT__ATTACHED;
}

void tt__process_claim(struct tt__process_reader *process)
{
    if (process->arena.can_write)
        atomic_store_explicit(&tt__arena_header(&process->arena)->recorder_pid, (uint32_t)getpid(),
                              memory_order_relaxed);
}

void tt__process_detach(struct tt__process_reader *process)
{
    if (!process)
        return;
    if (process->arena.base && process->arena.can_write) {
        uint32_t self = (uint32_t)getpid();
        atomic_compare_exchange_strong_explicit(&tt__arena_header(&process->arena)->recorder_pid, &self, 0,
                                                memory_order_relaxed, memory_order_relaxed);
    }
    tt__process_watch_end(&process->watch);
    tt__board_reader_finish(&process->board);
    tt__decoder_destroy(process->decoder);
    tt__arena_close(&process->arena);
    free(process->rings);
    free(process);
}

void tt__process_tell_pause(struct tt__process_reader *process, const struct tt__pause *pause)
{
    if (process->arena.can_write)
        tt__pause_write(&process->arena, pause);
}

const char *tt__process_arena(const struct tt__process_reader *process)
{
    return process->name;
}

uint32_t tt__process_id(const struct tt__process_reader *process)
{
    return process->process_id;
}

int tt__process_fd(const struct tt__process_reader *process)
{
    return process->is_ending ? -1 : process->watch.fd;
}

bool tt__process_is_ending(const struct tt__process_reader *process)
{
    return process->is_ending;
}

bool tt__process_is_gone_silently(const struct tt__process_reader *process)
{
    return process->is_gone && !process->is_replaced && !process->was_finished && !has_said_goodbye(process);
}

void tt__process_hear_of(struct tt__process_reader *process, const struct tt__process_reader *other)
{
    bool is_same = process->arena.pid == other->arena.pid && process->arena.start_ticks == other->arena.start_ticks &&
                   process->arena.pid_namespace == other->arena.pid_namespace &&
                   memcmp(process->arena.boot_id, other->arena.boot_id, sizeof other->arena.boot_id) == 0;
    if (is_same && process->first_ns < other->first_ns && !process->was_finished && !has_said_goodbye(process))
        process->is_gone = process->is_replaced = process->is_ending = true;
}

/* ---------------------------------------------------------------------------------------------------------- reading */

/* Whether the process goes on as another program. Its memory goes also when it ends: then there is no new one. */
static bool has_executed(struct tt__process_reader *process, int64_t now)
{
    bool is_due = now - process->replaced_ns > REPLACED_NS;
    if (now - process->memory_ns > MEMORY_NS) {
        process->memory_ns = now;
        is_due |= tt__process_watch_lost_memory(&process->watch);
    }
    if (!is_due)
        return false;
    process->replaced_ns = now;
    return !tt__process_watch_maps(&process->watch, process->arena.device, process->arena.inode, process->name) &&
           !tt__process_watch_has_ended(&process->watch, now) &&
           !has_said_goodbye(process); /* which comes before the arena is given up */
}

/* Notices the end, and anything that is as good as one. Whoever is found to be gone here has written all that it ever
 * will. */
static void look_after_life(struct tt__process_reader *process, int64_t now)
{
    if (process->is_ending)
        return;
    if (tt__process_watch_has_ended(&process->watch, now)) {
        process->is_gone = process->is_ending = true;
        return;
    }
    uint32_t state = atomic_load_explicit(&tt__arena_header(&process->arena)->state, memory_order_acquire);
    if (state == TT_ARENA_GOODBYE && process->goodbye_seen_ns == 0)
        process->goodbye_seen_ns = now;
    if (process->goodbye_seen_ns != 0 && now - process->goodbye_seen_ns > GOODBYE_NS)
        process->is_ending = true;
    if (has_executed(process, now))
        process->is_gone = process->is_replaced = process->is_ending = true;
}

void tt__process_look_after(struct tt__process_reader *process)
{
    look_after_life(process, now_ns());
}

static void read_dictionary(struct tt__process_reader *process)
{
    struct tt__definition definition;
    while (tt__arena_next_definition(&process->arena, &process->dictionary_position, &definition))
        tt_ingest_define_site(process->ingest, definition.id, definition.line,
                              (struct tt_decoded_text){definition.file, definition.file_length},
                              (struct tt_decoded_text){definition.func, definition.func_length},
                              (struct tt_decoded_text){definition.text, definition.text_length});
}

/* Bends the timeline. Ticks that are read from now on were taken before, as their records were. */
static void renew_timeline(struct tt__process_reader *process, int64_t now)
{
    uint64_t ticks;
    int64_t ns;
    if (process->is_gone || process->arena.clock != TT_ARENA_CLOCK_TSC ||
        now - process->pair_ns < process->pair_wait_ns)
        return;
    if (tt__timeline_read_tsc_pair(&ticks, &ns) < 0)
        return;
    tt__timeline_add_pair(&process->timeline, ticks, ns);
    process->pair_ns = now;
    process->pair_wait_ns = process->pair_wait_ns * 4 < PAIR_NS ? process->pair_wait_ns * 4 : PAIR_NS;
}

/* HAS_NEW_DROPS: of vital events. What was overwritten nobody has counted by kinds. */
static void hand_in_losses(struct tt__process_reader *process, bool has_new_drops, bool is_end)
{
    struct tt_arena_header *header = tt__arena_header(&process->arena);
    int64_t present = present_ns(process, now_ns()), before_ns; /* after all that was read */
    bool has_lost = has_new_drops;
    if (has_new_drops)
        process->vital_loss_ns = present;
    for (uint32_t i = 0; i < process->ring_count; i++)
        if (tt__ring_take_vital_loss(&process->rings[i], &before_ns)) {
            has_lost = true;
            if (before_ns == INT64_MAX)
                before_ns = present;
            if (before_ns > process->vital_loss_ns)
                process->vital_loss_ns = before_ns;
        }
    uint32_t child_drop_count = atomic_load_explicit(&header->child_drop_count, memory_order_relaxed);
    if (!has_lost && !is_end && child_drop_count == process->child_drop_count)
        return;
    process->child_drop_count = child_drop_count;
    struct tt_ingest_losses losses = {
        .vital_drop_count = process->vital_drop_count,
        .vital_drop_last_ns = process->vital_loss_ns,
        .has_vital_drops = has_lost,
        .board_drop_count = atomic_load_explicit(&header->board_drop_count, memory_order_relaxed),
        .dictionary_drop_count = atomic_load_explicit(&header->dictionary_drop_count, memory_order_relaxed),
        .child_drop_count = child_drop_count,
    };
    tt_ingest_process_losses(process->ingest, process->process_id, &losses);
}

/* Looks at all rings at once: what is read afterwards is one state of the process. Returns whether vital events were
 * dropped. */
static bool look_at_rings(struct tt__process_reader *process, bool *out_is_busy, bool *out_is_silent)
{
    struct tt__ring_context context = context_of(process);
    uint64_t vital = 0, head_sum = 0;
    if (!grow_rings(process, tt__arena_ring_count(&process->arena)))
        return false; /* the next look will find what this one could not keep */
    process->has_seen_end = process->is_ending;
    for (uint32_t i = 0; i < process->ring_count; i++) {
        struct tt__ring_state *ring = &process->rings[i];
        vital += tt__ring_look(ring, &context, !process->is_gone);
        head_sum += ring->limit;
        if (ring->limit - ring->cursor.position > process->arena.ring_slots / BUSY_FRACTION)
            *out_is_busy = true;
    }
    *out_is_silent = head_sum == process->head_sum;
    process->head_sum = head_sum;
    process->vital_drop_count += vital;
    return vital > 0;
}

/* How many records are read before it is looked whether they have BYTES_MAX bytes of rows: a row has what two slots have, about. */
static size_t records_at_once(size_t bytes_max)
{
    size_t count = bytes_max / (2 * TT_SLOT_BYTES);
    return count > RECORDS_MAX ? RECORDS_MAX : count < RECORDS_MIN ? RECORDS_MIN : count;
}

bool tt__process_read(struct tt__process_reader *process, size_t bytes_max, struct tt__reading *reading)
{
    int64_t now = now_ns();
    bool is_silent = false, has_more = false;
    size_t count = 0;
    if (process->was_finished)
        return false;
    look_after_life(process, now);
    renew_timeline(process, now);
    bool has_new_vital = look_at_rings(process, &reading->is_busy, &is_silent);
    if (!is_silent)
        process->replaced_ns = process->memory_ns = now;

    struct tt__ring_context context = context_of(process);
    int64_t present = tt_ingest_time(process->ingest, process->process_id, now);
    /* The board before the rings: a task that is done on the board has its end in a ring. Places after both: they
     * were defined first. */
    count += tt__board_read(&process->board, &context, now, process->is_ending);
    read_dictionary(process);
    for (uint32_t i = 0; i < process->ring_count; i++) {
        struct tt__ring_state *ring = &process->rings[i];
        while (!tt__ring_is_read(ring) && tt_ingest_pending_bytes(process->ingest) < bytes_max) {
            int64_t oldest_ns;
            size_t records = tt__ring_read(ring, &context, records_at_once(bytes_max), &oldest_ns);
            if (records == 0)
                break;
            count += records;
            reading->event_count += records;
            int64_t lag_ns = tt__ns_subtract(present, oldest_ns);
            if (!process->was_dead && lag_ns > reading->lag_ns)
                reading->lag_ns = lag_ns;
        }
        if (ring->cursor.has_last && (!process->has_last_event || ring->cursor.last_ns > process->last_event_ns)) {
            process->last_event_ns = ring->cursor.last_ns;
            process->has_last_event = true;
        }
        if (!tt__ring_is_read(ring) && tt_ingest_pending_bytes(process->ingest) >= bytes_max)
            has_more = true;
        else if (ring->is_used && !ring->is_alive && tt__ring_is_read(ring) && !process->is_gone && ring->index != 0)
            process->is_balanced &= tt__ring_close_thread(ring, &context);
    }
    hand_in_losses(process, has_new_vital, false);
    if (!process->is_gone && (count > 0 || now - process->seen_ns > SEEN_NS)) {
        tt_ingest_process_seen(process->ingest, process->process_id,
                               tt_ingest_time(process->ingest, process->process_id, now));
        if (process->board.read_ns != 0)
            tt_ingest_board_seen(process->ingest, process->process_id,
                                 tt_ingest_time(process->ingest, process->process_id, process->board.read_ns));
        process->seen_ns = now;
        count++;
    }
    reading->row_count += count;
    return has_more;
}

bool tt__process_finish(struct tt__process_reader *process)
{
    if (process->was_finished)
        return true;
    if (!process->has_seen_end || process->board.is_behind)
        return false;
    for (uint32_t i = 0; i < process->ring_count; i++)
        if (!tt__ring_is_read(&process->rings[i]))
            return false;
    struct tt__ring_context context = context_of(process);
    for (uint32_t i = 0; i < process->ring_count; i++)
        process->is_balanced &= tt__ring_close_thread(&process->rings[i], &context);
    int64_t now = now_ns();
    hand_in_losses(process, false, true);
    if (process->is_gone) {
        int64_t gone_ns = present_ns(process, now);
        tt_ingest_process_gone(process->ingest, process->process_id, gone_ns, process->is_replaced);
        tt_ingest_process_seen(process->ingest, process->process_id, gone_ns);
    }
    tt_ingest_process_finished(process->ingest, process->process_id, process->is_balanced);
    return true;
}

void tt__process_save(struct tt__process_reader *process)
{
    struct tt__ring_context context = context_of(process);
    for (uint32_t i = 0; i < process->ring_count; i++)
        tt__ring_save(&process->rings[i], &context);
}

void tt__process_release(struct tt__process_reader *process)
{
    struct tt__ring_context context = context_of(process);
    for (uint32_t i = 0; i < process->ring_count; i++)
        tt__ring_release(&process->rings[i], &context);
}

void tt__process_delete(struct tt__process_reader *process, int dir_fd)
{
    if (process->arena.can_write)
        atomic_store_explicit(&tt__arena_header(&process->arena)->stop_reading, 1, memory_order_relaxed);
    (void)unlinkat(dir_fd, process->name, 0); /* one that stays is found to be finished, and tried again */
    tt__process_detach(process);
}
