/* store_settle.c: see store_settle.h. */
#include "store_settle.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ?1: process ids between commas, which are left alone; ?2: 1 when only imported ones are meant. */
#define UNFINISHED "is_balanced IS NULL AND (is_boardless = 1 OR NOT ?2) AND instr(?1, ',' || process_id || ',') = 0"
/* The latest time that a store with unfinished processes knows. */
#define LAST_NS                                                                            \
    "(SELECT coalesce(max(ns), 0) FROM (SELECT max(started_ns) AS ns FROM process"         \
    " UNION ALL SELECT max(created_ns) FROM task UNION ALL SELECT max(ended_ns) FROM task" \
    " UNION ALL SELECT max(stored_ns) FROM failure))"
/* What cursors of an import know to be missing and no row tells of; those of rings count otherwise. */
#define UNTOLD    "(c.attempt_next - c.attempt_base - c.record_count - c.missing_count)"
#define UNTOLD_OF "is_boardless = 1 AND " UNFINISHED

static const char *const settling_sql[] = {
    "INSERT INTO gap (thread_id, count, to_ns, first_sequence, what, is_vital)"
    " SELECT (c.process_id << 40) + c.ordinal, " UNTOLD ", coalesce(p.seen_ns, " LAST_NS
    "), c.attempt_base, 'missing', 1"
    " FROM cursor AS c JOIN process AS p USING (process_id) WHERE " UNTOLD_OF " AND " UNTOLD " > 0",
    "UPDATE cursor AS c SET missing_count = attempt_next - attempt_base - record_count"
    " WHERE " UNTOLD " > 0 AND process_id IN (SELECT process_id FROM process WHERE " UNTOLD_OF ")",
    "INSERT INTO gap (thread_id, from_ns, what, is_vital)"
    " SELECT process_id << 40, coalesce(seen_ns, " LAST_NS "), 'cut_off', 1 FROM process WHERE " UNFINISHED,
    "UPDATE process SET is_balanced = 0, gone_ns = coalesce(gone_ns, goodbye_ns),"
    " seen_ns = coalesce(seen_ns, ended.ns), vital_drop_last_ns = max(ended.ns, started_ns, "
    "coalesce(vital_drop_last_ns, 0))"
    " FROM (SELECT " LAST_NS " AS ns) AS ended WHERE " UNFINISHED,
};

static void count_row(void *context, const struct tt__cell *row)
{
    (void)row;
    ++*(uint32_t *)context;
}

static int settle(struct tt__store_writer *writer, const struct tt__cell parameters[2])
{
    for (size_t i = 0; i < sizeof settling_sql / sizeof *settling_sql; i++)
        if (tt__store_run(writer, settling_sql[i], parameters, 2, NULL, NULL) < 0)
            return -1;
    return 0;
}

/* A comma, and the digits of the largest id. */
#define ID_BYTES_MAX 11u

/* The ids between commas; NULL: no memory. */
static char *list_ids(const uint32_t *ids, size_t count, uint32_t *out_length)
{
    size_t size = (count + 1) * ID_BYTES_MAX, length = 1;
    char *text = malloc(size);
    if (!text)
        return NULL;
    memcpy(text, ",", 2);
    for (size_t i = 0; i < count; i++)
        length += (size_t)snprintf(text + length, size - length, "%" PRIu32 ",", ids[i]);
    *out_length = (uint32_t)length;
    return text;
}

int tt__store_settle(struct tt__store_writer *writer, enum tt__settling settling, const uint32_t *living, size_t count,
                     uint32_t *out_count)
{
    struct tt__cell parameters[2] = {{.kind = TT__CELL_TEXT},
                                     {.integer = settling == TT__SETTLE_IMPORTED, .kind = TT__CELL_INTEGER}};
    char *ids = list_ids(living, count, &parameters[0].length);
    *out_count = 0;
    if (!ids)
        return tt__store_writer_no_memory(writer);
    parameters[0].text = ids;
    /* The latest time costs a look at all tasks, which there is no need for as a rule. */
    int result =
        tt__store_run(writer, "SELECT process_id FROM process WHERE " UNFINISHED, parameters, 2, count_row, out_count);
    if (result == 0 && *out_count > 0) {
        result = tt__store_begin(writer);
        if (result == 0 && (settle(writer, parameters) < 0 || tt__store_commit(writer) < 0)) {
            tt__store_rollback(writer);
            result = -1;
        }
    }
    free(ids);
    return result;
}

static const char *const unsettling_sql[] = {
    "UPDATE process SET is_balanced = NULL, vital_drop_last_ns = iif(vital_drop_count > 0, vital_drop_last_ns, NULL)"
    " WHERE process_id = ?1 AND EXISTS (SELECT 1 FROM gap WHERE what = 'cut_off' AND to_ns IS NULL AND thread_id >> 40 "
    "= ?1)",
    "DELETE FROM gap WHERE what = 'cut_off' AND to_ns IS NULL AND thread_id >> 40 = ?1",
};

int tt__store_unsettle(struct tt__store_writer *writer, uint32_t process_id)
{
    const struct tt__cell id = {.integer = process_id, .kind = TT__CELL_INTEGER};
    int result = tt__store_begin(writer);
    for (size_t i = 0; i < sizeof unsettling_sql / sizeof *unsettling_sql && result == 0; i++)
        result = tt__store_run(writer, unsettling_sql[i], &id, 1, NULL, NULL);
    if (result == 0 && tt__store_commit(writer) == 0)
        return 0;
    tt__store_rollback(writer);
    return -1;
}

int tt__store_settle_file(const char *file, struct tt_store_error *out_error)
{
    struct tt__store_writer *writer;
    uint32_t count;
    if (tt__store_open_writer(file, NULL, &writer, out_error) < 0)
        return -1;
    int result = tt__store_settle(writer, TT__SETTLE_ALL, NULL, 0, &count);
    if (result < 0)
        *out_error = *tt__store_writer_error(writer);
    tt__store_close_writer(writer, false);
    return result;
}
