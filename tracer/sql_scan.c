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

static const char select_chunks[] =
    "SELECT chunk_id, thread_id, event_count, first_ns, last_ns, first_sequence, last_sequence, first_task_id,"
    " last_task_id, number_set, plain_bytes, checksum, " MATTERING ", data FROM main.chunk WHERE ?9 OR " MATTERING
    " ORDER BY chunk_id";

int tt__scan_begin(struct tt__scan *scan, sqlite3 *connection, const struct tt_scan_bounds *bounds)
{
    const int64_t values[] = {
        bounds->from_ns,    bounds->to_ns,     bounds->thread_first,        bounds->thread_last,  bounds->has_task,
        bounds->task_first, bounds->task_last, (int64_t)bounds->number_set, bounds->tells_skipped};
    memset(scan, 0, sizeof *scan);
    scan->connection = connection;
    int code = sqlite3_prepare_v2(connection, select_chunks, -1, &scan->statement, NULL);
    for (int i = 0; i < (int)(sizeof values / sizeof values[0]) && code == SQLITE_OK; i++)
        code = sqlite3_bind_int64(scan->statement, i + 1, values[i]);
    return code;
}

int tt__scan_damaged(struct tt__scan *scan, const char *what)
{
    sqlite3_free(scan->message);
    scan->message =
        sqlite3_mprintf("chunk %lld of the event stream is damaged: %s; what lies in it is in columns first_ns and "
                        "last_ns of table chunk",
                        (long long)scan->chunk_id, what);
    return SQLITE_CORRUPT_VTAB;
}

/* Unpacks what the statement stands at, if it matters. */
static int take_chunk(struct tt__scan *scan)
{
    sqlite3_stmt *row = scan->statement;
    const uint64_t local_mask = (UINT64_C(1) << 40) - 1;
    scan->summary = (struct tt_chunk_summary){
        .thread_id = sqlite3_column_int64(row, THREAD_ID),
        .event_count = (uint32_t)sqlite3_column_int64(row, EVENT_COUNT),
        .first_ns = sqlite3_column_int64(row, FIRST_NS),
        .last_ns = sqlite3_column_int64(row, LAST_NS),
        .first_sequence = (uint64_t)sqlite3_column_int64(row, FIRST_SEQUENCE),
        .last_sequence = (uint64_t)sqlite3_column_int64(row, LAST_SEQUENCE),
        .first_task = (uint64_t)sqlite3_column_int64(row, FIRST_TASK_ID) & local_mask,
        .last_task = (uint64_t)sqlite3_column_int64(row, LAST_TASK_ID) & local_mask,
        .number_set = (uint64_t)sqlite3_column_int64(row, NUMBER_SET),
    };
    scan->chunk_id = sqlite3_column_int64(row, CHUNK_ID);
    scan->thread_id = scan->summary.thread_id;
    scan->process_base = (int64_t)((uint64_t)scan->thread_id & ~local_mask);
    if (!sqlite3_column_int(row, MATTERS))
        return SQLITE_ROW;
    uint64_t plain_bytes = (uint64_t)sqlite3_column_int64(row, PLAIN_BYTES);
    const void *data = sqlite3_column_blob(row, DATA);
    size_t length = (size_t)sqlite3_column_bytes(row, DATA);
    if (sqlite3_column_type(row, DATA) != SQLITE_BLOB)
        return tt__scan_damaged(scan, "it is no blob");
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
    int code = sqlite3_step(scan->statement);
    if (code == SQLITE_ROW)
        return take_chunk(scan);
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

/* -------------------------------------------------------------------------------------------------- virtual tables */

int tt__sql_connect(sqlite3 *connection, const char *declaration, sqlite3_vtab **out_table)
{
    int code = sqlite3_declare_vtab(connection, declaration);
    if (code != SQLITE_OK)
        return code;
    sqlite3_vtab_config(connection, SQLITE_VTAB_INNOCUOUS);
    struct tt__sql_table *table = sqlite3_malloc(sizeof *table);
    if (!table)
        return SQLITE_NOMEM;
    memset(table, 0, sizeof *table);
    table->connection = connection;
    *out_table = &table->base;
    return SQLITE_OK;
}

int tt__sql_disconnect(sqlite3_vtab *table)
{
    sqlite3_free(table);
    return SQLITE_OK;
}

int tt__sql_fail(sqlite3_vtab *table, struct tt__scan *scan, int code)
{
    sqlite3_free(table->zErrMsg);
    table->zErrMsg = scan->message;
    scan->message = NULL;
    if (!table->zErrMsg && code != SQLITE_NOMEM && code != SQLITE_INTERRUPT)
        table->zErrMsg = sqlite3_mprintf("%s", sqlite3_errmsg(scan->connection));
    return code;
}

void tt__range_narrow(struct tt_range *range, int operator, sqlite3_value * value)
{
    if (sqlite3_value_type(value) != SQLITE_INTEGER)
        return;
    int64_t number = sqlite3_value_int64(value), least = INT64_MIN, greatest = INT64_MAX;
    switch (operator) {
    case SQLITE_INDEX_CONSTRAINT_EQ:
        least = greatest = number;
        break;
    case SQLITE_INDEX_CONSTRAINT_GT:
        if (number == INT64_MAX)
            range->greatest = INT64_MIN; /* nothing is: the range is empty */
        else
            least = number + 1;
        break;
    case SQLITE_INDEX_CONSTRAINT_GE:
        least = number;
        break;
    case SQLITE_INDEX_CONSTRAINT_LT:
        if (number == INT64_MIN)
            range->least = INT64_MAX;
        else
            greatest = number - 1;
        break;
    case SQLITE_INDEX_CONSTRAINT_LE:
        greatest = number;
        break;
    default:
        return;
    }
    range->least = least > range->least ? least : range->least;
    range->greatest = greatest < range->greatest ? greatest : range->greatest;
}

/* ------------------------------------------------------------------------------------------------- what is pushed
 * down */

static bool narrows(int operator)
{
    return operator== SQLITE_INDEX_CONSTRAINT_EQ || operator== SQLITE_INDEX_CONSTRAINT_GT || operator==
        SQLITE_INDEX_CONSTRAINT_GE ||
        operator== SQLITE_INDEX_CONSTRAINT_LT ||
        operator== SQLITE_INDEX_CONSTRAINT_LE;
}

bool tt__index_take(sqlite3_index_info *info, int number, struct tt_index_text *index, bool may_be_list)
{
    const struct sqlite3_index_constraint *constraint = &info->aConstraint[number];
    if (!constraint->usable || !narrows(constraint->op) || constraint->iColumn < 0 ||
        2 * (unsigned)index->count + 2 >= TT_INDEX_TEXT_MAX ||
        sqlite3_stricmp(sqlite3_vtab_collation(info, number), "BINARY") != 0)
        return false;
    char operator= constraint->op == SQLITE_INDEX_CONSTRAINT_EQ ? '=' : (char)constraint->op;
    info->aConstraintUsage[number].argvIndex = index->count + 1;
    if (may_be_list && constraint->op == SQLITE_INDEX_CONSTRAINT_EQ && sqlite3_vtab_in(info, number, -1)) {
        (void)sqlite3_vtab_in(info, number, 1);
        operator= '#';
    }
    index->text[2 * index->count] = (char)('a' + constraint->iColumn);
    index->text[2 * index->count + 1] = operator;
    index->text[2 * ++index->count] = '\0';
    return true;
}

int tt__index_finish(sqlite3_index_info *info, const struct tt_index_text *index)
{
    info->idxStr = sqlite3_mprintf("%s", index->count > 0 ? index->text : "");
    info->needToFreeIdxStr = 1;
    return info->idxStr ? SQLITE_OK : SQLITE_NOMEM;
}
