/* sql_turns.c: the virtual table turns: every turn of every loop, when the category turn was on.
 *
 * Threads: as the connection.
 */
#include <string.h>

#include "sql_table.h"

/* With what telltale schema says of them. */
#define DECLARATION \
    "-- Every turn of every loop, when the category turn was on. Comparisons of ended_ns with a value are pushed down.\n" \
    "CREATE TABLE turns (\n" \
    "    -- Whose turn.\n" \
    "    loop_id INTEGER,\n" \
    "    process_id INTEGER,\n" \
    "    thread_id INTEGER,\n" \
    "    -- From when until when.\n" \
    "    began_ns INTEGER,\n" \
    "    ended_ns INTEGER,\n" \
    "    -- What lay between it and the turn before it, or the beginning of the run: waiting, and what libuv ran.\n" \
    "    poll_ns INTEGER,\n" \
    "    -- How long it took.\n" \
    "    run_ns INTEGER,\n" \
    "    -- Steps and callbacks that it ran.\n" \
    "    callback_count INTEGER,\n" \
    "    -- Steps and callbacks that were ready at its end, for the next turn.\n" \
    "    ready_count INTEGER\n" \
    ")\n"

enum { LOOP_ID, PROCESS_ID, THREAD_ID, BEGAN_NS, ENDED_NS, POLL_NS, RUN_NS, CALLBACK_COUNT, READY_COUNT };

/* Fields of turn_ended, in the order of events.def. */
enum { FIELD_LOOP_ID, FIELD_POLL, FIELD_RUN, FIELD_CALLBACK_COUNT, FIELD_READY_COUNT, FIELDS };

struct cursor {
    struct tt__sql_cursor common;
    struct tt__scan scan;
    uint32_t event;
    struct tt_range ended;
    uint64_t fields[FIELDS];
};

static int close_cursor(sqlite3_vtab_cursor *base)
{
    tt__scan_finish(&((struct cursor *)base)->scan);
    sqlite3_free(base);
    return SQLITE_OK;
}

static int best_index(sqlite3_vtab *table, sqlite3_index_info *info)
{
    struct tt_index_text index = {"", 0};
    (void)table;
    info->estimatedCost = 1e6;
    info->estimatedRows = 1000000;
    for (int i = 0; i < info->nConstraint; i++) {
        if (info->aConstraint[i].iColumn != ENDED_NS || !tt__index_take(info, i, &index, false))
            continue;
        info->estimatedCost *= 0.1;
        info->estimatedRows /= 10;
    }
    return tt__index_finish(info, &index);
}

/* Goes to the next turn, the event at hand included. */
static int settle(struct cursor *cursor)
{
    struct tt__unpacked *chunk = &cursor->scan.chunk;
    int code;
    for (;;) {
        for (; cursor->event < chunk->event_count; cursor->event++) {
            int64_t time_ns = chunk->times[cursor->event];
            if (chunk->types[chunk->type_of[cursor->event]].number != TT_EVENT_turn_ended ||
                time_ns < cursor->ended.least || time_ns > cursor->ended.greatest)
                continue;
            for (uint32_t i = 0; i < FIELDS; i++)
                if (!tt__unpacked_number(chunk, cursor->event, i, &cursor->fields[i]))
                    return tt__sql_fail(&cursor->common, &cursor->scan,
                                        tt__scan_damaged(&cursor->scan, "fields are unreadable"));
            return SQLITE_OK;
        }
        code = tt__scan_next(&cursor->scan);
        cursor->event = 0;
        if (code != SQLITE_ROW)
            break;
    }
    return tt__sql_settle(&cursor->common, &cursor->scan, code);
}

static int filter(sqlite3_vtab_cursor *base, int number, const char *index, int count, sqlite3_value **values)
{
    struct cursor *cursor = (struct cursor *)base;
    struct tt_scan_bounds bounds = TT_SCAN_ALL;
    (void)number;
    tt__scan_finish(&cursor->scan);
    cursor->event = 0;
    cursor->common.is_over = false;
    cursor->ended = TT_RANGE_ALL;
    for (int i = 0; i < count; i++)
        tt__index_narrow(index, i, values[i], &cursor->ended);
    bounds.from_ns = cursor->ended.least;
    bounds.to_ns = cursor->ended.greatest;
    bounds.number_set = UINT64_C(1) << (TT_EVENT_turn_ended % 64);
    int code = tt__scan_begin(&cursor->scan, cursor->common.connection, &bounds);
    return code == SQLITE_OK ? settle(cursor) : tt__sql_fail(&cursor->common, &cursor->scan, code);
}

static int next(sqlite3_vtab_cursor *base)
{
    struct cursor *cursor = (struct cursor *)base;
    cursor->event++;
    return settle(cursor);
}

static int row_id(sqlite3_vtab_cursor *base, sqlite3_int64 *out_id)
{
    struct cursor *cursor = (struct cursor *)base;
    *out_id = (sqlite3_int64)((uint64_t)cursor->scan.chunk_id << 16 | cursor->event);
    return SQLITE_OK;
}

static int column(sqlite3_vtab_cursor *base, sqlite3_context *context, int column_number)
{
    const struct cursor *cursor = (struct cursor *)base;
    int64_t ended_ns = cursor->scan.chunk.times[cursor->event], run_ns = (int64_t)cursor->fields[FIELD_RUN];
    const int64_t values[] = {
        [LOOP_ID] = tt__scan_id(&cursor->scan, cursor->fields[FIELD_LOOP_ID]),
        [PROCESS_ID] = cursor->scan.thread_id >> 40,
        [THREAD_ID] = cursor->scan.thread_id,
        [BEGAN_NS] = (int64_t)((uint64_t)ended_ns - (uint64_t)run_ns),
        [ENDED_NS] = ended_ns,
        [POLL_NS] = (int64_t)cursor->fields[FIELD_POLL],
        [RUN_NS] = run_ns,
        [CALLBACK_COUNT] = (int64_t)cursor->fields[FIELD_CALLBACK_COUNT],
        [READY_COUNT] = (int64_t)cursor->fields[FIELD_READY_COUNT],
    };
    if (column_number >= 0 && column_number <= READY_COUNT)
        sqlite3_result_int64(context, values[column_number]);
    return SQLITE_OK;
}

const struct tt_sql_table_class tt__turns_table = {
    .name = "turns",
    .declaration = DECLARATION,
    .cursor_bytes = sizeof(struct cursor),
    .module = {TT_SQL_TABLE_METHODS, .xClose = close_cursor, .xBestIndex = best_index, .xFilter = filter, .xNext = next,
               .xColumn = column, .xRowid = row_id},
};
