/* import_resume.c: how far an import has come, as the store keeps it, and going on from there. See import.h.
 *
 * Each thread has a row of table cursor: the lowest number that was seen (attempt_base), the next one that is expected
 * (attempt_next, position), how many were read and how many rows of gap tell of as missing. What is between the first two
 * numbers and is neither was missing, and not told yet, when the import was killed. The index of the ring is the thread's
 * ordinal.
 */
#include "import_state.h"
#include "ingest_state.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "nanoseconds.h"
#include "store_check.h"
#include "store_settle.h"

/* ------------------------------------------------------------------------------------------------------ as it is kept */

static uint64_t missing_of(const struct tt__import_thread *thread)
{
    return tt__import_sequence_missing(&thread->sequence) + thread->settled_count + thread->damaged_count;
}

void tt__import_count_threads(struct tt_import *import, const struct tt__import_process *process)
{
    uint64_t overflow = process->overflow_count;
    for (size_t i = 0; i < process->thread_count; i++) {
        const struct tt__import_thread *thread = process->threads[i];
        struct tt_ingest_thread_counts counts = {
            .tid = thread->tid,
            .record_count = thread->sequence.record_count,
            .drop_count = missing_of(thread),
        };
        if (thread->ordinal == 0) {
            counts.drop_count += overflow;
            overflow = 0;
        }
        counts.attempt_count = counts.record_count + counts.drop_count;
        tt_ingest_thread_counts(import->ingest, process->process_id, thread->ordinal, &counts);
    }
    if (overflow > 0) {
        struct tt_ingest_thread_counts counts = {.attempt_count = overflow, .drop_count = overflow};
        tt_ingest_thread_counts(import->ingest, process->process_id, 0, &counts);
    }
}

/* Of what is missing, holes that are not settled yet stay out: the next import finds them by their absence. */
static void tell_cursor(struct tt_import *import, const struct tt__import_process *process,
                        struct tt__import_thread *thread)
{
    const struct tt__import_sequence *sequence = &thread->sequence;
    struct tt_ingest_cursor cursor = {
        .ring = thread->ordinal,
        .ordinal = thread->ordinal,
        .position = sequence->next,
        .attempt_base = sequence->first,
        .attempt_next = sequence->next,
        .record_count = sequence->record_count,
        .missing_count = thread->settled_count,
        .last_ns = sequence->last_ns,
        .has_last = sequence->record_count > 0,
    };
    tt_ingest_cursor(import->ingest, process->process_id, &cursor);
    thread->is_dirty = false;
}

/* False: nothing has changed. */
static bool tell_threads(struct tt_import *import, const struct tt__import_process *process)
{
    bool has_changed = false;
    for (size_t i = 0; i < process->thread_count; i++) {
        has_changed |= process->threads[i]->is_dirty;
        if (process->threads[i]->is_dirty)
            tell_cursor(import, process, process->threads[i]);
    }
    return has_changed;
}

void tt__import_tell_cursors(struct tt_import *import)
{
    for (size_t i = 0; i < import->process_count; i++)
        if (!import->processes[i].is_stranger)
            (void)tell_threads(import, &import->processes[i]);
}

void tt__import_tell_progress(struct tt_import *import)
{
    for (size_t i = 0; i < import->process_count; i++) {
        struct tt__import_process *process = &import->processes[i];
        if (process->is_stranger || !tell_threads(import, process))
            continue;
        struct tt_ingest_losses losses = {
            .vital_drop_count = process->vital_count,
            .has_vital_drops = process->has_vital,
            .vital_drop_last_ns = tt__import_time(import, process, process->vital_last_ns),
        };
        tt__import_count_threads(import, process);
        tt_ingest_process_losses(import->ingest, process->process_id, &losses);
        tt_ingest_process_seen(import->ingest, process->process_id,
                               tt__import_time(import, process, process->last_ns));
    }
}

/* ------------------------------------------------------------------------------------------------------------ going on */

struct earlier {
    struct tt_ingest_process *facts;
    int64_t process_id;
};

static void keep_facts(void *context, const struct tt__cell *row)
{
    struct earlier *earlier = context;
    struct tt_ingest_process *facts = earlier->facts;
    earlier->process_id = row[0].integer;
    if (row[1].kind == TT__CELL_BLOB && row[1].length == sizeof facts->uuid)
        memcpy(facts->uuid, row[1].text, sizeof facts->uuid);
    if (row[2].kind == TT__CELL_BLOB && row[2].length == sizeof facts->boot_id)
        memcpy(facts->boot_id, row[2].text, sizeof facts->boot_id);
    if (row[3].kind != TT__CELL_INTEGER || row[4].kind != TT__CELL_INTEGER)
        return;
    facts->monotonic_ns = row[3].integer;
    facts->realtime_ns = row[4].integer;
    facts->boottime_ns = row[5].kind == TT__CELL_INTEGER ? row[5].integer : 0;
    facts->clock_shift_ns = row[6].kind == TT__CELL_INTEGER ? row[6].integer : 0;
}

int tt__import_find_earlier(struct tt_import *import, struct tt_ingest_process *facts, int64_t *out_process_id,
                            struct tt_store_error *error)
{
    struct earlier earlier = {.facts = facts, .process_id = -1};
    struct tt__cell uuid = {.text = (const char *)facts->uuid, .length = 8, .kind = TT__CELL_BLOB};
    if (tt__store_run(import->writer,
                      "SELECT process_id, uuid, boot_id, started_monotonic_ns, started_realtime_ns, started_boottime_ns,"
                      " clock_shift_ns"
                      " FROM process WHERE substr(uuid, 1, 8) = ?",
                      &uuid, 1, keep_facts, &earlier) < 0) {
        *error = *tt__store_writer_error(import->writer);
        return -1;
    }
    *out_process_id = earlier.process_id;
    return earlier.process_id >= 0;
}

/* What take_up() reads. */
struct taking {
    struct tt_import *import;
    struct tt__import_process *process;
    bool has_goodbye, has_no_memory, begins_at_0;
};

/* The other way round of tt__import_time(). */
static int64_t monotonic_of(const struct taking *taking, int64_t time_ns)
{
    return tt__ns_subtract(time_ns, tt__import_time(taking->import, taking->process, 0));
}

static void keep_process(void *context, const struct tt__cell *row)
{
    struct taking *taking = context;
    struct tt__import_process *process = taking->process;
    taking->has_goodbye = row[0].kind == TT__CELL_INTEGER;
    process->has_started = row[2].kind == TT__CELL_INTEGER && row[2].integer != 0;
    process->pid = row[1].kind == TT__CELL_INTEGER ? (uint32_t)row[1].integer : 0;
    process->start_ticks = process->has_started ? (uint64_t)row[2].integer : 0;
    if (row[3].kind == TT__CELL_INTEGER)
        process->first_ns = monotonic_of(taking, row[3].integer);
    process->last_ns = row[4].kind == TT__CELL_INTEGER ? monotonic_of(taking, row[4].integer) : process->first_ns;
    process->vital_count = row[5].kind == TT__CELL_INTEGER ? (uint64_t)row[5].integer : 0;
    process->has_vital = row[6].kind == TT__CELL_INTEGER;
    process->vital_last_ns = process->has_vital ? monotonic_of(taking, row[6].integer) : 0;
    process->is_judged = process->is_late = row[7].integer > 0;
}

static void keep_thread(void *context, const struct tt__cell *row)
{
    struct taking *taking = context;
    struct tt__import_thread *thread = tt__import_add_thread(taking->process, (uint32_t)row[0].integer);
    if (!thread) {
        taking->has_no_memory = true;
        return;
    }
    thread->tid = (uint32_t)row[6].integer;
    thread->settled_count = (uint64_t)row[4].integer;
    thread->sequence.first = (uint64_t)row[1].integer;
    thread->sequence.next = (uint64_t)row[2].integer;
    thread->sequence.record_count = (uint64_t)row[3].integer;
    thread->sequence.last_ns = thread->sequence.first_ns = row[5].kind == TT__CELL_INTEGER ? row[5].integer : 0;
    taking->begins_at_0 &= thread->sequence.first == 0;
}

int tt__import_take_up(struct tt_import *import, struct tt__import_process *process, struct tt_store_error *error)
{
    struct taking taking = {.import = import, .process = process, .begins_at_0 = true};
    struct tt__cell id = tt__integer_cell(process->process_id);
    if (tt__store_run(import->writer,
                      "SELECT goodbye_ns, pid, start_ticks, started_ns, seen_ns, vital_drop_count, vital_drop_last_ns,"
                      " (SELECT count(*) FROM gap AS g WHERE g.what = 'late' AND g.thread_id >> 40 = p.process_id)"
                      " FROM process AS p WHERE process_id = ?",
                      &id, 1, keep_process, &taking) < 0 ||
        tt__store_run(import->writer,
                      "SELECT c.ordinal, c.attempt_base, c.attempt_next, c.record_count, c.missing_count, c.last_ns,"
                      " coalesce(t.tid, 0) FROM cursor AS c"
                      " LEFT JOIN thread AS t ON t.thread_id = (c.process_id << 40) + c.ordinal"
                      " WHERE c.process_id = ? ORDER BY c.ordinal",
                      &id, 1, keep_thread, &taking) < 0) {
        *error = *tt__store_writer_error(import->writer);
        return -1;
    }
    if (taking.has_no_memory)
        return tt__store_fail(error, TT_STORE_FAILED, "no memory to go on with a process");
    if (process->thread_count == 0 || (taking.has_goodbye && !import->options.is_live))
        return tt__store_fail(error, TT_STORE_FAILED,
                              "the trace has a process that is in the store already, as process %" PRIu32
                              "; import all traces of a recording at once",
                              process->process_id);
    process->has_beginning = taking.begins_at_0 && process->has_started && !process->is_late;
    process->is_judged |= process->has_beginning;
    process->is_resumed = true;
    return 0;
}

int tt__import_go_on(struct tt_import *import, struct tt__import_process *process, int64_t ns,
                     struct tt_store_error *error)
{
    struct tt__cell id = tt__integer_cell(process->process_id);
    assert(process->is_resumed);
    process->is_resumed = false;
    if (tt__store_run(import->writer, "UPDATE process SET is_balanced = NULL, gone_ns = NULL WHERE process_id = ?", &id,
                      1, NULL, NULL) < 0 ||
        tt__store_run(import->writer,
                      "DELETE FROM gap WHERE what IN ('cut_off', 'not_recorded') AND to_ns IS NULL AND thread_id >> 40 = ?", &id, 1, NULL,
                      NULL) < 0) {
        *error = *tt__store_writer_error(import->writer);
        return -1;
    }
    tt__import_paused(import, process, process->last_ns, ns);
    return 0;
}

/* ---------------------------------------------------------------------------------------- what a killed one has left */

int tt__import_settle_earlier(struct tt__store_writer *writer, uint32_t *out_process_count,
                              struct tt_store_error *out_error)
{
    if (tt__store_settle(writer, TT__SETTLE_IMPORTED, NULL, 0, out_process_count) == 0)
        return 0;
    *out_error = *tt__store_writer_error(writer);
    return -1;
}

int tt_import_settle(const char *path, uint32_t *out_process_count, struct tt_store_error *out_error)
{
    struct tt__store_writer *writer;
    if (tt__store_open_writer(path, NULL, &writer, out_error) < 0)
        return -1;
    int result = tt__import_settle_earlier(writer, out_process_count, out_error);
    tt__store_close_writer(writer, true);
    return result;
}
