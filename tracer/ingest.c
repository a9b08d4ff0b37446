/* ingest.c: the life of an ingest: what it knows from the store, processes and places. See ingest.h.
 *
 * Events: ingest_events.c. The board, and what is missing: ingest_facts.c. Writing it all: ingest_commit.c.
 */
#include "ingest.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ingest_state.h"
#include "nanoseconds.h"
#include "process_identity.h"
#include "ring.h"
#include "store_check.h"

bool tt__ingest_grow(struct tt_ingest *ingest, void **array, size_t count, size_t *capacity, size_t size)
{
    if (count < *capacity)
        return true;
    size_t larger = *capacity ? 2 * *capacity : 16;
    void *grown = reallocarray(*array, larger, size);
    if (!grown) {
        ingest->batch.is_out_of_memory = true;
        return false;
    }
    *array = grown;
    *capacity = larger;
    return true;
}

int tt__ingest_fail(const struct tt_ingest *ingest, struct tt_store_error *out_error)
{
    *out_error = *tt__store_writer_error(ingest->writer);
    return -1;
}

/* ---------------------------------------------------------------------------------------------------------- places */

/* Gives HASH the next site_id; returns 0 when there is no memory. */
static int64_t add_site(struct tt_ingest *ingest, uint64_t hash, bool is_defined)
{
    if (!tt__ingest_grow(ingest, (void **)&ingest->sites, ingest->site_count, &ingest->site_capacity,
                         sizeof *ingest->sites))
        return 0;
    uint32_t *slot = tt__key_index_slot(&ingest->site_index, (int64_t)hash);
    if (!slot) {
        ingest->batch.is_out_of_memory = true;
        return 0;
    }
    *slot = (uint32_t)ingest->site_count;
    ingest->sites[ingest->site_count++] = (struct tt__site){hash, is_defined};
    return (int64_t)ingest->site_count;
}

int64_t tt__ingest_site_id(struct tt_ingest *ingest, uint64_t hash)
{
    uint32_t *slot = tt__key_index_slot(&ingest->site_index, (int64_t)hash);
    if (slot && *slot != UINT32_MAX)
        return (int64_t)*slot + 1;
    int64_t site_id = add_site(ingest, hash, false);
    struct tt__cell *row = tt__batch_row(&ingest->batch, TT__TABLE_SITE, site_id);
    TT__SET(row, SITE, hash, hash);
    return site_id;
}

void tt_ingest_define_site(struct tt_ingest *ingest, uint64_t hash, uint32_t line, struct tt_decoded_text file,
                           struct tt_decoded_text func, struct tt_decoded_text text)
{
    if (hash == 0)
        return;
    int64_t site_id = tt__ingest_site_id(ingest, hash);
    if (site_id == 0 || ingest->sites[site_id - 1].is_defined)
        return;
    if (tt__ingest_is_stack(file, line, text)) {
        tt__ingest_define_stack(ingest, hash, func, text);
        return;
    }
    struct tt__cell *row = tt__batch_row(&ingest->batch, TT__TABLE_SITE, site_id);
    TT__SET(row, SITE, hash, hash);
    TT__SET(row, SITE, line, line);
    tt__batch_set_text(&ingest->batch, TT__CELL(row, SITE, file), file.bytes, file.length);
    tt__batch_set_text(&ingest->batch, TT__CELL(row, SITE, func), func.bytes, func.length);
    tt__batch_set_text(&ingest->batch, TT__CELL(row, SITE, text), text.bytes, text.length);
    ingest->sites[site_id - 1].is_defined = true;
}

static void load_site(void *context, const struct tt__cell *row)
{
    struct tt_ingest *ingest = context;
    /* Numbers are dense, for sites are only ever added; a store with holes in them is filled up with places without
     * hash. */
    while ((int64_t)ingest->site_count + 1 < row[0].integer && !ingest->batch.is_out_of_memory)
        if (!tt__ingest_grow(ingest, (void **)&ingest->sites, ingest->site_count, &ingest->site_capacity,
                             sizeof *ingest->sites))
            return;
        else
            ingest->sites[ingest->site_count++] = (struct tt__site){0, true};
    add_site(ingest, (uint64_t)row[1].integer, row[2].integer != 0);
}

/* ------------------------------------------------------------------------------------------------- create, destroy */

static void load_origin(void *context, const struct tt__cell *row)
{
    struct tt_ingest *ingest = context;
    ingest->is_redacting = row[3].kind == TT__CELL_INTEGER && row[3].integer != 0;
    if (row[0].kind != TT__CELL_INTEGER || row[1].kind != TT__CELL_INTEGER)
        return;
    ingest->has_origin = true;
    ingest->origin_realtime_ns = row[0].integer;
    ingest->origin_monotonic_ns = row[1].integer;
    if (row[2].kind == TT__CELL_BLOB && row[2].length == sizeof ingest->origin_boot_id)
        memcpy(ingest->origin_boot_id, row[2].text, sizeof ingest->origin_boot_id);
}

/* What takes a process's CLOCK_MONOTONIC to the recording's time: within a boot exactly, so that processes of one host never
 * run apart; between boots by the wall clocks, as the first process of each tells them. */
static int64_t offset_of(const struct tt_ingest *ingest, const struct tt_ingest_process *process)
{
    if (memcmp(process->boot_id, ingest->origin_boot_id, 16) == 0)
        return ingest->origin_monotonic_ns;
    for (size_t i = 0; i < ingest->process_count; i++)
        if (ingest->processes[i].has_offset && memcmp(process->boot_id, ingest->processes[i].boot_id, 16) == 0)
            return ingest->processes[i].offset_ns;
    return tt__ns_subtract(process->monotonic_ns, tt__ns_subtract(process->realtime_ns, ingest->origin_realtime_ns));
}

/* Makes room for PROCESS_ID; those in between are unknown as yet. */
static bool add_process(struct tt_ingest *ingest, uint32_t process_id)
{
    while (ingest->process_count <= process_id) {
        if (!tt__ingest_grow(ingest, (void **)&ingest->processes, ingest->process_count, &ingest->process_capacity,
                             sizeof *ingest->processes))
            return false;
        ingest->processes[ingest->process_count++] = (struct tt__process){0};
    }
    return true;
}

static void load_process(void *context, const struct tt__cell *row)
{
    struct tt_ingest *ingest = context;
    add_process(ingest, (uint32_t)row[0].integer);
}

int tt_ingest_create(struct tt__store_writer *writer, struct tt_ingest **out_ingest, struct tt_store_error *out_error)
{
    struct tt_ingest *ingest = calloc(1, sizeof *ingest);
    if (!ingest)
        return tt__store_fail(out_error, TT_STORE_FAILED, "no memory to begin recording");
    ingest->writer = writer;
    int64_t last_chunk_id = 0;
    /* Process ids are few and given in order; one that makes no sense would only cost memory here. */
    if (tt__store_run(writer,
                      "SELECT origin_realtime_ns, origin_monotonic_ns, origin_boot_id, is_redacted FROM recording",
                      NULL, 0, load_origin, ingest) < 0 ||
        tt__store_run(writer, "SELECT site_id, hash, file IS NOT NULL FROM site WHERE site_id > 0 ORDER BY site_id",
                      NULL, 0, load_site, ingest) < 0 ||
        tt__store_run(writer,
                      "SELECT process_id FROM process WHERE process_id BETWEEN 0 AND 1000000 ORDER BY process_id", NULL,
                      0, load_process, ingest) < 0 ||
        tt__store_run(writer, "SELECT max(chunk_id) FROM chunk", NULL, 0, tt__ingest_keep_integer, &last_chunk_id) <
            0) {
        tt__ingest_fail(ingest, out_error);
    } else if (ingest->batch.is_out_of_memory || !(ingest->stream = tt__stream_create(last_chunk_id + 1))) {
        tt__store_fail(out_error, TT_STORE_FAILED, "no memory to go on with the recording");
    } else {
        *out_ingest = ingest;
        return 0;
    }
    tt_ingest_destroy(ingest);
    return -1;
}

void tt_ingest_destroy(struct tt_ingest *ingest)
{
    if (!ingest)
        return;
    tt__batch_finish(&ingest->batch);
    tt__stream_destroy(ingest->stream);
    tt__key_index_finish(&ingest->site_index);
    free(ingest->sites);
    free(ingest->processes);
    free(ingest->board_gone);
    free(ingest->board_clear);
    free(ingest->touched);
    free(ingest->exits);
    free(ingest);
}

void tt_ingest_redact(struct tt_ingest *ingest)
{
    ingest->is_redaction_pending = !ingest->is_redacting;
    ingest->is_redacting = true;
}

size_t tt_ingest_pending_bytes(const struct tt_ingest *ingest)
{
    return ingest->batch.bytes + tt__stream_pending_bytes(ingest->stream);
}

bool tt_ingest_is_hopeless(const struct tt_ingest *ingest)
{
    return ingest->batch.is_out_of_memory || ingest->is_damaged;
}

/* ------------------------------------------------------------------------------------------------------- processes */

void tt__ingest_keep_integer(void *context, const struct tt__cell *row)
{
    int64_t *number = context;
    if (row[0].kind == TT__CELL_INTEGER)
        *number = row[0].integer;
}

void tt__ingest_set_text(struct tt_ingest *ingest, struct tt__cell *cell, const char *text)
{
    tt__batch_set_text(&ingest->batch, cell, text ? text : "", text ? strlen(text) : 0);
}

static const struct {
    const char *name; /* of its category; NULL: it is not vital */
    uint32_t bit;
} vital[] = {
#define TT_EVENT(number, name, category, level, text, fields) {level == TT_LEVEL_VITAL ? #category : NULL, TT_CATEGORY_##category},
#include "events.def"
};

/* Those of CATEGORIES that answers rest on. */
static uint32_t vital_of(uint32_t categories)
{
    uint32_t found = 0;
    for (size_t i = 0; i < sizeof vital / sizeof *vital; i++)
        found |= vital[i].name ? vital[i].bit & categories : 0;
    return found;
}

bool tt_ingest_has_details(uint32_t categories)
{
    return (categories & ~(uint32_t)(TT_CATEGORY_DEFAULT | TT_CATEGORY_stack | TT_CATEGORY_creation | TT_TRACE_VITAL_ONLY)) != 0;
}

/* The uuid is in each row that is written, for SQLite looks at it before it sees that there is such a row already. */
static struct tt__cell *more_of_process(struct tt_ingest *ingest, uint32_t process_id)
{
    struct tt__cell *row = tt__batch_row(&ingest->batch, TT__TABLE_PROCESS_MORE, process_id);
    tt__batch_set_blob(&ingest->batch, TT__CELL(row, PROCESS_MORE, uuid), ingest->processes[process_id].uuid,
                       sizeof ingest->processes->uuid);
    return row;
}

struct tt__cell *tt__ingest_process_row(struct tt_ingest *ingest, uint32_t process_id)
{
    assert(process_id < ingest->process_count);
    struct tt__cell *row = tt__batch_row(&ingest->batch, TT__TABLE_PROCESS, process_id);
    if (TT__CELL(row, PROCESS, uuid)->kind == TT__CELL_NULL)
        tt__batch_set_blob(&ingest->batch, TT__CELL(row, PROCESS, uuid), ingest->processes[process_id].uuid,
                           sizeof ingest->processes->uuid);
    return row;
}

/* Selections may come in another order than they were made in. What was never on counts for nothing: no fact there is could be told
 * wrong for lack of it. */
void tt__ingest_select(struct tt_ingest *ingest, uint32_t process_id, uint32_t categories, int64_t ns)
{
    struct tt__process *process = &ingest->processes[process_id];
    bool is_latest = ns >= process->selected_ns, has_changed = vital_of(process->selected) != vital_of(categories);
    process->has_stream |= tt_ingest_has_details(categories);
    process->ever_selected |= categories;
    if (!is_latest)
        return;
    process->selected_ns = ns;
    process->selected = categories;
    if (!has_changed)
        return;
    TT__SET(more_of_process(ingest, process_id), PROCESS_MORE, selected_last_ns,
            vital_of(process->ever_selected & ~categories) != 0 ? INT64_MAX : ns);
}

static void take_selection(void *context, const struct tt__cell *row)
{
    struct tt__process *process = context;
    process->selected_ns = row[0].integer;
    process->selected = (uint32_t)row[1].integer;
    process->ever_selected |= process->selected;
}

void tt__ingest_set_categories(struct tt_ingest *ingest, struct tt__cell *row, uint32_t categories)
{
    char names[128] = "";
    size_t length = 0;
    uint32_t named = 0;
    for (size_t i = 0; i < sizeof vital / sizeof *vital && length < sizeof names; i++) {
        if (!vital[i].name || ((categories | named) & vital[i].bit) != 0)
            continue;
        int written = snprintf(names + length, sizeof names - length, "%s%s", named != 0 ? ", " : "", vital[i].name);
        length += written > 0 ? (size_t)written : 0;
        named |= vital[i].bit;
    }
    TT__SET(row, PROCESS, categories, categories);
    if (named != 0)
        tt__ingest_set_text(ingest, TT__CELL(row, PROCESS, categories_lacking), names);
}

void tt_ingest_identify_process(struct tt_ingest *ingest, uint32_t process_id, const struct tt_ingest_process *process)
{
    struct tt__process *known = &ingest->processes[process_id];
    bool is_shifted_anew = process->clock_shift_ns != known->clock_shift_ns; /* it was not known when it was attached */
    memcpy(known->uuid, process->uuid, sizeof process->uuid);
    if (is_shifted_anew) {
        known->clock_shift_ns = process->clock_shift_ns;
        known->has_offset = false;
        known->offset_ns = offset_of(ingest, process);
        known->has_offset = true;
    }
    if (is_shifted_anew || process->clock_shift_ns != 0)
        TT__SET(more_of_process(ingest, process_id), PROCESS_MORE, clock_shift_ns, process->clock_shift_ns);

    struct tt__cell *row = tt__ingest_process_row(ingest, process_id);
    tt__batch_set_blob(&ingest->batch, TT__CELL(row, PROCESS, uuid), process->uuid, sizeof process->uuid);
    tt__batch_set_blob(&ingest->batch, TT__CELL(row, PROCESS, boot_id), process->boot_id, sizeof process->boot_id);
    if (process->pid != 0) /* else all that is known of it is that it emits */
        TT__SET(row, PROCESS, pid, process->pid);
    if (process->start_ticks != 0) { /* it has told who it is */
        TT__SET(row, PROCESS, parent_pid, process->parent_pid);
        TT__SET(row, PROCESS, uid, process->uid);
        TT__SET(row, PROCESS, start_ticks, process->start_ticks);
    }
    tt__ingest_set_text(ingest, TT__CELL(row, PROCESS, host), process->host);
    tt__ingest_set_text(ingest, TT__CELL(row, PROCESS, program), process->program);
    tt__ingest_set_text(ingest, TT__CELL(row, PROCESS, command), process->command);
    TT__SET(row, PROCESS, started_ns, tt_ingest_time(ingest, process_id, process->monotonic_ns));
    TT__SET(row, PROCESS, started_realtime_ns, process->realtime_ns);
    TT__SET(row, PROCESS, started_monotonic_ns, process->monotonic_ns);
    TT__SET(row, PROCESS, started_boottime_ns, process->boottime_ns);
    if (process->ring_bytes != 0) {
        TT__SET(row, PROCESS, ring_bytes, process->ring_bytes);
        tt__ingest_set_categories(ingest, row, process->categories);
        TT__SET(row, PROCESS, is_redacted, process->is_redacted);
    }
    if (process->ring_policy != 0) {
        TT__SET(row, PROCESS, ring_policy, process->ring_policy);
        TT__SET(row, PROCESS, step_every, process->step_every);
    }
    if (process->ring_policy == TT_RING_POLICY_BLOCK)
        TT__SET(row, PROCESS, block_ms, process->block_ms);
    if (process->is_boardless)
        TT__SET(row, PROCESS, is_boardless, 1);
}

bool tt_ingest_has_origin(const struct tt_ingest *ingest)
{
    return ingest->has_origin;
}

void tt_ingest_begin(struct tt_ingest *ingest, const struct tt_ingest_process *process)
{
    bool is_earlier = ingest->is_origin_pending && ingest->process_count == 0 &&
                      memcmp(process->boot_id, ingest->origin_boot_id, sizeof process->boot_id) == 0 &&
                      process->monotonic_ns < ingest->origin_monotonic_ns;
    if (ingest->has_origin && !is_earlier)
        return;
    ingest->has_origin = ingest->is_origin_pending = true;
    ingest->origin_monotonic_ns = process->monotonic_ns;
    ingest->origin_realtime_ns = process->realtime_ns;
    memcpy(ingest->origin_boot_id, process->boot_id, sizeof ingest->origin_boot_id);
}

int tt_ingest_attach_process(struct tt_ingest *ingest, const struct tt_ingest_process *process,
                             uint32_t *out_process_id, bool *out_is_known, struct tt_store_error *out_error)
{
    int64_t found = -1;
    struct tt__cell uuid = {.text = (const char *)process->uuid, .length = sizeof process->uuid, .kind = TT__CELL_BLOB};
    if (tt__store_run(ingest->writer, "SELECT process_id FROM process WHERE uuid = ?", &uuid, 1,
                      tt__ingest_keep_integer, &found) < 0)
        return tt__ingest_fail(ingest, out_error);
    if (!ingest->has_origin)
        tt_ingest_begin(ingest, process);
    uint32_t process_id = found >= 0 ? (uint32_t)found : (uint32_t)ingest->process_count;
    if (!add_process(ingest, process_id))
        return tt__store_fail(out_error, TT_STORE_FAILED, "no memory for another process");
    ingest->processes[process_id].offset_ns = offset_of(ingest, process);
    ingest->processes[process_id].has_offset = true;
    ingest->processes[process_id].clock_shift_ns = process->clock_shift_ns;
    memcpy(ingest->processes[process_id].boot_id, process->boot_id, sizeof process->boot_id);
    ingest->processes[process_id].has_stream = process->has_stream;
    ingest->processes[process_id].selected = ingest->processes[process_id].ever_selected = process->categories;
    struct tt__cell parameter = tt__integer_cell(process_id);
    if (found >= 0 && tt__store_run(ingest->writer, "SELECT selected_ns, categories FROM selection WHERE thread_id >> 40 = ?"
                                                    " ORDER BY selected_ns, selection_id",
                                    &parameter, 1, take_selection, &ingest->processes[process_id]) < 0)
        return tt__ingest_fail(ingest, out_error);
    tt_ingest_identify_process(ingest, process_id, process);
    *out_process_id = process_id;
    *out_is_known = found >= 0;
    return 0;
}

int64_t tt_ingest_time(const struct tt_ingest *ingest, uint32_t process_id, int64_t monotonic_ns)
{
    assert(process_id < ingest->process_count);
    int64_t time_ns;
    return __builtin_sub_overflow(monotonic_ns, ingest->processes[process_id].offset_ns, &time_ns) ? 0 : time_ns;
}

bool tt_ingest_present(const struct tt_ingest *ingest, int64_t *out_ns)
{
    struct timespec now;
    bool is_of_this_boot = tt__process_is_of_this_boot(ingest->origin_boot_id);
    if (!ingest->has_origin || clock_gettime(is_of_this_boot ? CLOCK_MONOTONIC : CLOCK_REALTIME, &now) < 0)
        return false;
    *out_ns = tt__ns_subtract((int64_t)now.tv_sec * 1000000000 + now.tv_nsec,
                              is_of_this_boot ? ingest->origin_monotonic_ns : ingest->origin_realtime_ns);
    return true;
}

void tt_ingest_process_seen(struct tt_ingest *ingest, uint32_t process_id, int64_t ns)
{
    TT__SET(tt__ingest_process_row(ingest, process_id), PROCESS, seen_ns, ns);
}

void tt_ingest_board_seen(struct tt_ingest *ingest, uint32_t process_id, int64_t ns)
{
    TT__SET(more_of_process(ingest, process_id), PROCESS_MORE, board_ns, ns);
}

void tt_ingest_process_gone(struct tt_ingest *ingest, uint32_t process_id, int64_t ns, bool is_replaced)
{
    struct tt__cell *row = tt__ingest_process_row(ingest, process_id);
    TT__SET(row, PROCESS, gone_ns, ns);
    if (is_replaced)
        TT__SET(row, PROCESS, is_replaced, 1);
}

void tt_ingest_process_losses(struct tt_ingest *ingest, uint32_t process_id, const struct tt_ingest_losses *losses)
{
    struct tt__cell *row = tt__ingest_process_row(ingest, process_id);
    TT__SET(row, PROCESS, vital_drop_count, losses->vital_drop_count);
    if (losses->has_vital_drops)
        TT__SET(row, PROCESS, vital_drop_last_ns, losses->vital_drop_last_ns);
    TT__SET(row, PROCESS, board_drop_count, losses->board_drop_count);
    TT__SET(row, PROCESS, dictionary_drop_count, losses->dictionary_drop_count);
    if (losses->child_drop_count > 0)
        TT__SET(more_of_process(ingest, process_id), PROCESS_MORE, child_drop_count, losses->child_drop_count);
}

void tt_ingest_process_finished(struct tt_ingest *ingest, uint32_t process_id, bool is_balanced)
{
    TT__SET(tt__ingest_process_row(ingest, process_id), PROCESS, is_balanced, is_balanced);
}

void tt_ingest_process_exit(struct tt_ingest *ingest, uint32_t pid, int exit_status, int signal)
{
    if (tt__ingest_grow(ingest, (void **)&ingest->exits, ingest->exit_count, &ingest->exit_capacity,
                        sizeof *ingest->exits))
        ingest->exits[ingest->exit_count++] = (struct tt__exit_message){pid, exit_status, signal};
}
