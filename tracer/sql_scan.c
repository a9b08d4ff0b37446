/* sql_scan.c: see sql_scan.h. */
#include "sql_scan.h"

#include <string.h>

/* Columns of the statement below. */
enum {
    CHUNK_ID,
    THREAD_ID,
    EVENT_COUNT,
    FIRST_NS,
    LAST_NS,
    FIRST_SEQUENCE,
    LAST_SEQUENCE,
    FIRST_TASK_ID,
    LAST_TASK_ID,
    NUMBER_SET,
    PLAIN_BYTES,
    CHECKSUM,
    MATTERS,
    DATA
};

#define MATTERING                                                       \
    "(last_ns >= ?1 AND first_ns <= ?2 AND thread_id BETWEEN ?3 AND ?4" \
    " AND (?5 = 0 OR coalesce(last_task_id >= ?6 AND first_task_id <= ?7, 0)) AND number_set & ?8 <> 0)"

/* All rows are stepped through, and the data of those that matter is read. */
static const char select_chunks[] =
    "SELECT chunk_id, thread_id, event_count, first_ns, last_ns, first_sequence, last_sequence, first_task_id,"
    " last_task_id, number_set, plain_bytes, checksum, " MATTERING ", iif(" MATTERING ", data, NULL) FROM main.chunk"
    " ORDER BY chunk_id";

int tt__scan_begin(struct tt__scan *scan, sqlite3 *connection, const struct tt_scan_bounds *bounds)
{
    const int64_t values[] = {bounds->from_ns,  bounds->to_ns,      bounds->thread_first, bounds->thread_last,
                              bounds->has_task, bounds->task_first, bounds->task_last,    (int64_t)bounds->number_set};
    memset(scan, 0, sizeof *scan);
    scan->connection = connection;
    scan->tells_skipped = bounds->tells_skipped;
    int code = sqlite3_prepare_v2(connection, select_chunks, -1, &scan->statement, NULL);
    for (int i = 0; i < (int)(sizeof values / sizeof values[0]) && code == SQLITE_OK; i++)
        code = sqlite3_bind_int64(scan->statement, i + 1, values[i]);
    return code;
}

int tt__scan_damaged(struct tt__scan *scan, const char *what)
{
    sqlite3_free(scan->message);
    scan->message = NULL;
    if (scan->chunk.lacks_memory)
        return SQLITE_NOMEM;
    scan->message =
        sqlite3_mprintf("chunk %lld of the event stream is damaged: %s; what lies in it is in columns first_ns and "
                        "last_ns of table chunk",
                        (long long)scan->chunk_id, what);
    return SQLITE_CORRUPT_VTAB;
}

/* An id of the store without its process, which has to be that of the thread. */
static uint64_t take_task(const struct tt__scan *scan, int column, bool *out_is_foreign)
{
    const int64_t local_mask = (INT64_C(1) << 40) - 1;
    int64_t id = sqlite3_column_int64(scan->statement, column);
    *out_is_foreign |= id != 0 && (id & ~local_mask) != scan->process_base;
    return (uint64_t)(id & local_mask);
}

/* Takes the columns beside the data. Whether they are what was written. */
static bool take_summary(struct tt__scan *scan, uint64_t plain_bytes)
{
    sqlite3_stmt *row = scan->statement;
    bool is_foreign = false;
    scan->chunk_id = sqlite3_column_int64(row, CHUNK_ID);
    scan->thread_id = sqlite3_column_int64(row, THREAD_ID);
    scan->process_base = (int64_t)((uint64_t)scan->thread_id & ~((UINT64_C(1) << 40) - 1));
    scan->summary = (struct tt_chunk_summary){
        .thread_id = scan->thread_id,
        .event_count = (uint32_t)sqlite3_column_int64(row, EVENT_COUNT),
        .first_ns = sqlite3_column_int64(row, FIRST_NS),
        .last_ns = sqlite3_column_int64(row, LAST_NS),
        .first_sequence = (uint64_t)sqlite3_column_int64(row, FIRST_SEQUENCE),
        .last_sequence = (uint64_t)sqlite3_column_int64(row, LAST_SEQUENCE),
        .first_task = take_task(scan, FIRST_TASK_ID, &is_foreign),
        .last_task = take_task(scan, LAST_TASK_ID, &is_foreign),
        .number_set = (uint64_t)sqlite3_column_int64(row, NUMBER_SET),
    };
    return !is_foreign &&
           tt__chunk_summary_holds(&scan->summary, plain_bytes, (uint64_t)sqlite3_column_int64(row, CHECKSUM));
}

/* Unpacks what the statement stands at, if it matters. */
static int take_chunk(struct tt__scan *scan)
{
    sqlite3_stmt *row = scan->statement;
    uint64_t plain_bytes = (uint64_t)sqlite3_column_int64(row, PLAIN_BYTES);
    if (!take_summary(scan, plain_bytes))
        return tt__scan_damaged(scan, "its checksum does not hold");
    if (!sqlite3_column_int(row, MATTERS))
        return SQLITE_ROW;
    const void *data = sqlite3_column_blob(row, DATA);
    size_t length = (size_t)sqlite3_column_bytes(row, DATA);
    if (sqlite3_column_type(row, DATA) != SQLITE_BLOB)
        return tt__scan_damaged(scan, "it is no blob");
    if (!data && sqlite3_errcode(scan->connection) == SQLITE_NOMEM)
        return SQLITE_NOMEM;
    if (tt__chunk_checksum(&scan->summary, plain_bytes, data, length) != (uint64_t)sqlite3_column_int64(row, CHECKSUM))
        return tt__scan_damaged(scan, "its checksum does not hold");
    switch (
        tt__chunk_unpack(data, length, (uint64_t)sqlite3_column_int64(row, EVENT_COUNT), plain_bytes, &scan->chunk)) {
    case TT__UNPACKED:
        return SQLITE_ROW;
    case TT__UNPACK_NO_MEMORY:
        return SQLITE_NOMEM;
    case TT__UNPACK_DAMAGED:
        break;
    }
    return tt__scan_damaged(scan, "it cannot be unpacked");
}

int tt__scan_next(struct tt__scan *scan)
{
    tt__unpacked_finish(&scan->chunk);
    if (!scan->statement)
        return SQLITE_DONE;
    int code;
    do {
        code = sqlite3_step(scan->statement);
        if (code == SQLITE_ROW)
            code = take_chunk(scan);
    } while (code == SQLITE_ROW && !scan->chunk.event_count && !scan->tells_skipped);
    if (code == SQLITE_DONE) {
        sqlite3_finalize(scan->statement);
        scan->statement = NULL;
    }
    return code;
}

void tt__scan_finish(struct tt__scan *scan)
{
    tt__unpacked_finish(&scan->chunk);
    sqlite3_finalize(scan->statement);
    sqlite3_free(scan->message);
    memset(scan, 0, sizeof *scan);
}
