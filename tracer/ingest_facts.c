/* ingest_facts.c: what is known beside events: descriptions, the board, gaps, counts, cursors. See ingest.h. */
#include "ingest_state.h"
#include "store_settle.h"

#include <string.h>

/* ----------------------------------------------------------------------------------------- descriptions, the board */

void tt_ingest_describe_event(struct tt_ingest *ingest, unsigned number, const char *name, const char *category,
                              const char *fields)
{
    struct tt__cell *row = tt__batch_row(&ingest->batch, TT__TABLE_EVENT_TYPE, number);
    tt__ingest_set_text(ingest, TT__CELL(row, EVENT_TYPE, name), name);
    tt__ingest_set_text(ingest, TT__CELL(row, EVENT_TYPE, category), category);
    tt__batch_set_text(&ingest->batch, TT__CELL(row, EVENT_TYPE, fields), fields, strlen(fields));
    if (TT__CELL(row, EVENT_TYPE, fields)->kind == TT__CELL_NULL)
        tt__cell_set_static_text(TT__CELL(row, EVENT_TYPE, fields), "");
}

void tt_ingest_describe_word(struct tt_ingest *ingest, const char *enumeration, unsigned number, const char *word)
{
    if (strcmp(enumeration, "signal") == 0)
        return; /* the schema's own */
    struct tt__cell *row = tt__batch_append(&ingest->batch, TT__TABLE_WORD);
    tt__ingest_set_text(ingest, TT__CELL(row, WORD, enumeration), enumeration);
    TT__SET(row, WORD, number, number);
    tt__ingest_set_text(ingest, TT__CELL(row, WORD, word), word);
    if (TT__CELL(row, WORD, word)->kind == TT__CELL_NULL)
        tt__cell_set_static_text(TT__CELL(row, WORD, word), "");
}

/* What the board knows of a task whose events may be missing, or may not have been read yet. */
static void fill_task(struct tt_ingest *ingest, uint32_t process_id, const struct tt_ingest_board_entry *entry)
{
    struct tt__cell *row =
        tt__batch_row(&ingest->batch, TT__TABLE_TASK_FILL, tt__compose_id(process_id, entry->task_id));
    if (entry->loop_id != 0)
        TT__SET(row, TASK_FILL, loop_id, tt__compose_id(process_id, entry->loop_id));
    if (entry->parent_id != 0) {
        TT__SET(row, TASK_FILL, parent_kind, TT_ACTOR_TASK);
        TT__SET(row, TASK_FILL, parent_id, tt__compose_id(process_id, entry->parent_id));
    }
    if (entry->created_site != 0)
        TT__SET(row, TASK_FILL, created_site_id, tt__ingest_site_id(ingest, entry->created_site));
    if (entry->name_number != 0)
        TT__SET(row, TASK_FILL, name_number, entry->name_number);
    tt__ingest_set_text(ingest, TT__CELL(row, TASK_FILL, name), entry->name);
}

void tt_ingest_board(struct tt_ingest *ingest, uint32_t process_id, const struct tt_ingest_board_entry *entry)
{
    if ((entry->task_id & TT_LOCAL_ID_MASK) == 0)
        return;
    if (entry->is_new)
        fill_task(ingest, process_id, entry);
    struct tt__cell *row = tt__batch_row(&ingest->batch, TT__TABLE_BOARD, tt__compose_id(process_id, entry->task_id));
    TT__SET(row, BOARD, slot, entry->slot);
    TT__SET(row, BOARD, state, entry->state);
    TT__SET(row, BOARD, wait_kind, entry->wait_kind);
    TT__SET(row, BOARD, wait_object,
            tt__wait_names_object(entry->wait_kind) ? tt__compose_id(process_id, entry->wait_object)
                                                    : (int64_t)entry->wait_object);
    TT__CELL(row, BOARD, wait_site_id)->kind = TT__CELL_NULL;
    if (entry->wait_site != 0)
        TT__SET(row, BOARD, wait_site_id, tt__ingest_site_id(ingest, entry->wait_site));
    TT__SET(row, BOARD, since_ns, entry->since_ns);
    TT__SET(row, BOARD, busy_ns, entry->busy_ns);
    TT__SET(row, BOARD, ready_ns, entry->ready_ns);
    TT__SET(row, BOARD, step_count, entry->step_count);
}

void tt_ingest_board_gone(struct tt_ingest *ingest, uint32_t process_id, uint64_t task_id)
{
    if (tt__ingest_grow(ingest, (void **)&ingest->board_gone, ingest->board_gone_count, &ingest->board_gone_capacity,
                        sizeof *ingest->board_gone))
        ingest->board_gone[ingest->board_gone_count++] = tt__compose_id(process_id, task_id);
}

void tt_ingest_board_clear(struct tt_ingest *ingest, uint32_t process_id)
{
    if (tt__ingest_grow(ingest, (void **)&ingest->board_clear, ingest->board_clear_count, &ingest->board_clear_capacity,
                        sizeof *ingest->board_clear))
        ingest->board_clear[ingest->board_clear_count++] = process_id;
}

/* ------------------------------------------------------------------------------------------------- what is missing */

/* More than this no thread has emitted, or waited in nanoseconds: a writer that says so is damaged. It keeps the sums over the threads of a
 * process, and over those of a recording, within what an integer of SQLite holds; a sum that is more would fail each commit. */
#define COUNT_MAX (INT64_C(1) << 48)

static int64_t bound_count(uint64_t count)
{
    return count < (uint64_t)COUNT_MAX ? (int64_t)count : COUNT_MAX;
}

void tt_ingest_gap(struct tt_ingest *ingest, uint32_t process_id, uint32_t thread_ordinal,
                   const struct tt_ingest_gap *gap)
{
    struct tt__cell *row = tt__batch_append(&ingest->batch, TT__TABLE_GAP);
    TT__SET(row, GAP, thread_id, tt__compose_id(process_id, thread_ordinal));
    if (!gap->is_uncounted)
        TT__SET(row, GAP, count, bound_count((uint64_t)gap->count));
    if (gap->has_from)
        TT__SET(row, GAP, from_ns, gap->from_ns);
    if (gap->has_to)
        TT__SET(row, GAP, to_ns, gap->to_ns);
    TT__SET(row, GAP, first_sequence, gap->first_sequence);
    tt__cell_set_static_text(TT__CELL(row, GAP, what), gap->what);
    TT__SET(row, GAP, is_vital, gap->is_vital);
    if (gap->detail)
        tt__ingest_set_text(ingest, TT__CELL(row, GAP, detail), gap->detail);
}

void tt_ingest_thread_counts(struct tt_ingest *ingest, uint32_t process_id, uint32_t thread_ordinal,
                             const struct tt_ingest_thread_counts *counts)
{
    struct tt__cell *row = tt__batch_row(&ingest->batch, TT__TABLE_THREAD, tt__compose_id(process_id, thread_ordinal));
    TT__SET(row, THREAD, tid, counts->tid);
    TT__SET(row, THREAD, attempt_count, bound_count(counts->attempt_count));
    TT__SET(row, THREAD, record_count, bound_count(counts->record_count));
    TT__SET(row, THREAD, drop_count, bound_count(counts->drop_count));
    TT__SET(row, THREAD, hole_count, bound_count(counts->hole_count));
    TT__SET(row, THREAD, wait_ns, bound_count(counts->wait_ns));
    for (size_t i = 0; i < ingest->touched_count; i++)
        if (ingest->touched[i] == process_id)
            return;
    if (tt__ingest_grow(ingest, (void **)&ingest->touched, ingest->touched_count, &ingest->touched_capacity,
                        sizeof *ingest->touched))
        ingest->touched[ingest->touched_count++] = process_id;
}

void tt_ingest_cursor(struct tt_ingest *ingest, uint32_t process_id, const struct tt_ingest_cursor *cursor)
{
    /* The index wants one number. */
    struct tt__cell *row =
        tt__batch_row(&ingest->batch, TT__TABLE_CURSOR, tt__compose_id(process_id, cursor->ring));
    TT__SET(row, CURSOR, process_id, process_id);
    TT__SET(row, CURSOR, ring, cursor->ring);
    TT__SET(row, CURSOR, ordinal, cursor->ordinal);
    TT__SET(row, CURSOR, position, cursor->position);
    TT__SET(row, CURSOR, attempt_base, cursor->attempt_base);
    TT__SET(row, CURSOR, attempt_next, cursor->attempt_next);
    TT__SET(row, CURSOR, drop_base, cursor->drop_base);
    TT__SET(row, CURSOR, record_count, cursor->record_count);
    TT__SET(row, CURSOR, missing_count, cursor->missing_count);
    TT__SET(row, CURSOR, vital_drop_count, cursor->vital_drop_count);
    if (cursor->has_last)
        TT__SET(row, CURSOR, last_ns, cursor->last_ns);
}

struct cursor_reading {
    tt_ingest_cursor_fn on_cursor;
    void *context;
};

static void read_cursor(void *context, const struct tt__cell *row)
{
    const struct cursor_reading *reading = context;
    struct tt_ingest_cursor cursor = {
        .ring = (uint32_t)row[0].integer,
        .ordinal = (uint32_t)row[1].integer,
        .position = (uint64_t)row[2].integer,
        .attempt_base = (uint64_t)row[3].integer,
        .drop_base = (uint64_t)row[4].integer,
        .attempt_next = (uint64_t)row[5].integer,
        .record_count = (uint64_t)row[6].integer,
        .missing_count = (uint64_t)row[7].integer,
        .vital_drop_count = (uint64_t)row[8].integer,
        .last_ns = row[9].kind == TT__CELL_INTEGER ? row[9].integer : 0,
        .has_last = row[9].kind == TT__CELL_INTEGER,
    };
    reading->on_cursor(reading->context, &cursor);
}

int tt_ingest_read_cursors(struct tt_ingest *ingest, uint32_t process_id, tt_ingest_cursor_fn on_cursor, void *context,
                           struct tt_store_error *out_error)
{
    struct cursor_reading reading = {on_cursor, context};
    struct tt__cell parameter = tt__integer_cell(process_id);
    if (tt__store_run(
            ingest->writer,
            "SELECT ring, ordinal, position, attempt_base, drop_base, attempt_next, record_count, missing_count,"
            " vital_drop_count, last_ns FROM cursor WHERE process_id = ?",
            &parameter, 1, read_cursor, &reading) < 0)
        return tt__ingest_fail(ingest, out_error);
    return 0;
}

int tt_ingest_is_finished(struct tt_ingest *ingest, uint32_t process_id, struct tt_store_error *out_error)
{
    int64_t is_finished = 0;
    struct tt__cell parameter = tt__integer_cell(process_id);
    if (tt__store_run(ingest->writer, "SELECT is_balanced IS NOT NULL FROM process WHERE process_id = ?", &parameter, 1,
                      tt__ingest_keep_integer, &is_finished) < 0)
        return tt__ingest_fail(ingest, out_error);
    return is_finished != 0;
}

int tt_ingest_unsettle(struct tt_ingest *ingest, uint32_t process_id, struct tt_store_error *out_error)
{
    return tt__store_unsettle(ingest->writer, process_id) < 0 ? tt__ingest_fail(ingest, out_error) : 0;
}

int tt_ingest_settle(struct tt_ingest *ingest, const uint32_t *living, size_t count, struct tt_store_error *out_error)
{
    uint32_t settled_count;
    return tt__store_settle(ingest->writer, TT__SETTLE_ALL, living, count, &settled_count) < 0
               ? tt__ingest_fail(ingest, out_error)
               : 0;
}
