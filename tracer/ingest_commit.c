/* ingest_commit.c: all that waits goes into the store in one transaction, or nothing does. See ingest.h. */
#include "ingest_state.h"

#include <stdlib.h>

#include "store_check.h"
#include "store_image.h"

static int write_origin(struct tt_ingest *ingest)
{
    struct tt__cell values[] = {
        tt__integer_cell(ingest->origin_realtime_ns),
        tt__integer_cell(ingest->origin_monotonic_ns),
        {.text = (const char *)ingest->origin_boot_id, .length = sizeof ingest->origin_boot_id, .kind = TT__CELL_BLOB},
    };
    return tt__store_run(ingest->writer,
                         "UPDATE recording SET origin_realtime_ns = ?, origin_monotonic_ns = ?, origin_boot_id = ?"
                         " WHERE origin_realtime_ns IS NULL",
                         values, 3, NULL, NULL);
}

static int write_board_changes(struct tt_ingest *ingest, bool is_before)
{
    if (is_before) {
        for (size_t i = 0; i < ingest->board_clear_count; i++) {
            int64_t first = tt__compose_id((uint32_t)ingest->board_clear[i], 0);
            struct tt__cell range[] = {tt__integer_cell(first), tt__integer_cell(first + (int64_t)TT_LOCAL_ID_MASK)};
            if (tt__store_run(ingest->writer, "DELETE FROM board WHERE task_id BETWEEN ? AND ?", range, 2, NULL, NULL) <
                0)
                return -1;
        }
        return 0;
    }
    for (size_t i = 0; i < ingest->board_gone_count; i++) {
        struct tt__cell task = tt__integer_cell(ingest->board_gone[i]);
        if (tt__store_run(ingest->writer, "DELETE FROM board WHERE task_id = ?", &task, 1, NULL, NULL) < 0)
            return -1;
    }
    return 0;
}

/* A process's counts are the sums of its threads'. */
static int write_sums(struct tt_ingest *ingest)
{
    for (size_t i = 0; i < ingest->touched_count; i++) {
        int64_t first = tt__compose_id((uint32_t)ingest->touched[i], 0);
        struct tt__cell values[] = {tt__integer_cell(first), tt__integer_cell(first + (int64_t)TT_LOCAL_ID_MASK),
                                    tt__integer_cell(ingest->touched[i])};
        if (tt__store_run(ingest->writer,
                          "UPDATE process SET (attempt_count, record_count, drop_count, hole_count) ="
                          " (SELECT sum(attempt_count), sum(record_count), sum(drop_count), sum(hole_count) FROM thread"
                          "  WHERE thread_id BETWEEN ?1 AND ?2) WHERE process_id = ?3",
                          values, 3, NULL, NULL) < 0)
            return -1;
    }
    return 0;
}

/* Sets *FOUND[i] for the messages whose process is there. */
static int write_exits(struct tt_ingest *ingest, bool *found)
{
    for (size_t i = 0; i < ingest->exit_count; i++) {
        const struct tt__exit_message *message = &ingest->exits[i];
        int64_t process_id = -1;
        struct tt__cell values[] = {tt__integer_cell(message->exit_status), tt__integer_cell(message->signal),
                                    tt__integer_cell(message->pid)};
        if (message->signal != 0)
            values[0].kind = TT__CELL_NULL;
        else
            values[1].kind = TT__CELL_NULL;
        if (tt__store_run(ingest->writer,
                          "UPDATE process SET exit_status = ?1, signal = ?2 WHERE process_id = (SELECT max(process_id) "
                          "FROM process"
                          " WHERE pid = ?3) AND exit_status IS NULL AND signal IS NULL RETURNING process_id",
                          values, 3, tt__ingest_keep_integer, &process_id) < 0)
            return -1;
        found[i] = process_id >= 0;
    }
    return 0;
}

static int write_rows(struct tt_ingest *ingest)
{
    for (int i = 0; i < TT__TABLE_COUNT; i++) {
        const struct tt__batch_rows *rows = &ingest->batch.tables[i];
        if (rows->count > 0 && tt__store_write_rows(ingest->writer, (enum tt__table)i, rows->cells, rows->count) < 0)
            return -1;
    }
    return 0;
}

static int write_redaction(struct tt_ingest *ingest)
{
    return tt__store_run(ingest->writer, "UPDATE recording SET is_redacted = 1", NULL, 0, NULL, NULL);
}

static int write_all(struct tt_ingest *ingest, bool *found)
{
    if ((ingest->is_redaction_pending && write_redaction(ingest) < 0) ||
        (ingest->is_origin_pending && write_origin(ingest) < 0) || write_board_changes(ingest, true) < 0 ||
        write_rows(ingest) < 0 || tt__stream_write(ingest->stream, ingest->writer) < 0 || write_board_changes(ingest, false) < 0 || write_sums(ingest) < 0 ||
        write_exits(ingest, found) < 0 || (ingest->is_shed_pending && tt__ingest_write_shed(ingest) < 0))
        return -1;
    return tt__store_commit(ingest->writer);
}

static void forget_written(struct tt_ingest *ingest, const bool *found)
{
    size_t kept = 0;
    for (size_t i = 0; i < ingest->exit_count; i++)
        if (!found[i])
            ingest->exits[kept++] = ingest->exits[i];
    ingest->exit_count = kept;
    ingest->is_origin_pending = ingest->is_redaction_pending = false;
    ingest->board_gone_count = ingest->board_clear_count = ingest->touched_count = 0;
    tt__ingest_forget_shed(ingest);
    tt__batch_clear(&ingest->batch);
    tt__stream_written(ingest->stream);
}

int tt_ingest_commit(struct tt_ingest *ingest, struct tt_store_error *out_error)
{
    if (ingest->batch.is_out_of_memory)
        return tt__store_fail(out_error, TT_STORE_FAILED, "no memory for what is to be recorded");
    bool *found = calloc(ingest->exit_count + 1, sizeof *found);
    if (!found)
        return tt__store_fail(out_error, TT_STORE_FAILED, "no memory for what is to be recorded");
    const struct tt__batch_rows *tasks = &ingest->batch.tables[TT__TABLE_TASK];
    tt__image_pack(ingest->writer, TT__TABLE_TASK, tasks->cells, tasks->count);
    int result = tt__store_begin(ingest->writer);
    if (result == 0)
        result = write_all(ingest, found);
    tt__image_drop(ingest->writer);
    if (result < 0) {
        tt__ingest_fail(ingest, out_error);
        ingest->is_damaged = out_error->kind == TT_STORE_DAMAGED || out_error->kind == TT_STORE_NOT_SQLITE;
        tt__store_rollback(ingest->writer);
    } else {
        forget_written(ingest, found);
    }
    free(found);
    return result;
}
