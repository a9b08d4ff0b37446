/* sql_event.c: the virtual table event: the event stream, one row for each event.
 *
 * Comparisons of time_ns, process_id, thread_id, task_id (also IN) and name (also IN) with values are pushed down:
 * chunks that cannot have what is asked for are not unpacked. Rows come in the order of chunks; those of one thread
 * in that of their numbers.
 *
 * Threads: as the connection.
 */
#include <stdlib.h>
#include <string.h>

#include "event_fields.h"
#include "event_ids.h"
#include "sql_table.h"

/* With what telltale schema says of them. */
#define DECLARATION \
    "-- The event stream: every event of processes that recorded more than is on by default, and of traces of LTTng. Comparisons of time_ns, process_id,\n" \
    "-- thread_id, task_id (also IN) and name (also IN) with values are pushed down.\n" \
    "CREATE TABLE event (\n" \
    "    -- When.\n" \
    "    time_ns INTEGER,\n" \
    "    -- The process.\n" \
    "    process_id INTEGER,\n" \
    "    -- The thread, as in table thread.\n" \
    "    thread_id INTEGER,\n" \
    "    -- The event's number in its thread; order within a thread is that of these.\n" \
    "    sequence INTEGER,\n" \
    "    -- Its name and its category, as in events.def.\n" \
    "    name TEXT,\n" \
    "    category TEXT,\n" \
    "    -- The task that it is about, or that did it; NULL when there is none.\n" \
    "    task_id INTEGER,\n" \
    "    -- All that it says: a JSON object; ids are those of the store, places site_id, words are words.\n" \
    "    fields TEXT\n" \
    ")\n"

enum { TIME_NS, PROCESS_ID, THREAD_ID, SEQUENCE, NAME, CATEGORY, TASK_ID, FIELDS };

struct cursor {
    struct tt__sql_cursor common;
    struct tt__scan scan;
    uint32_t event; /* of the chunk at hand */
    struct tt_range time, sequence;
    bool has_names, has_tasks;                  /* the two below count */
    unsigned char names[TT__EVENT_NUMBERS / 8]; /* bit set of numbers */
    int64_t *tasks;                             /* sorted */
    size_t task_count;
};

static void reset(struct cursor *cursor)
{
    tt__scan_finish(&cursor->scan);
    sqlite3_free(cursor->tasks);
    cursor->tasks = NULL;
    cursor->task_count = 0;
}

static int close_cursor(sqlite3_vtab_cursor *base)
{
    reset((struct cursor *)base);
    sqlite3_free(base);
    return SQLITE_OK;
}

/* ------------------------------------------------------------------------------------------------ what is asked for */

static int best_index(sqlite3_vtab *table, sqlite3_index_info *info)
{
    struct tt_index_text index = {"", 0};
    bool has_one_thread = false;
    (void)table;
    info->estimatedCost = 1e7;
    info->estimatedRows = 10000000;
    for (int i = 0; i < info->nConstraint; i++) {
        int column = info->aConstraint[i].iColumn;
        bool is_equal = info->aConstraint[i].op == SQLITE_INDEX_CONSTRAINT_EQ;
        if (column == CATEGORY || column == FIELDS || (!is_equal && (column == NAME || column == TASK_ID)) ||
            !tt__index_take(info, i, &index, column == NAME || column == TASK_ID))
            continue;
        double part = column == TASK_ID ? 1e-4 : column == TIME_NS ? 0.1 : 0.25;
        info->estimatedCost *= part;
        has_one_thread |= column == THREAD_ID && is_equal;
    }
    info->estimatedRows = (sqlite3_int64)info->estimatedCost + 1;
    info->orderByConsumed =
        has_one_thread && info->nOrderBy == 1 && info->aOrderBy[0].iColumn == SEQUENCE && !info->aOrderBy[0].desc;
    return tt__index_finish(info, &index);
}

static void want_name(struct cursor *cursor, sqlite3_value *value, uint64_t *set)
{
    if (sqlite3_value_type(value) != SQLITE_TEXT)
        return;
    int number = tt__event_number((const char *)sqlite3_value_text(value), (size_t)sqlite3_value_bytes(value));
    if (number < 0)
        return;
    cursor->names[number / 8] |= (unsigned char)(1u << (number % 8));
    *set |= UINT64_C(1) << (number % 64);
}

static int want_task(struct cursor *cursor, sqlite3_value *value)
{
    int type = sqlite3_value_numeric_type(value); /* the column's affinity makes a number of '7' */
    if (type == SQLITE_NULL)
        return SQLITE_OK;
    if (type != SQLITE_INTEGER) {
        cursor->has_tasks = false; /* 7.0 equals 7: SQLite knows */
        return SQLITE_OK;
    }
    if ((cursor->task_count & (cursor->task_count - 1)) == 0) { /* room for a power of two */
        size_t capacity = cursor->task_count ? 2 * cursor->task_count : 1;
        int64_t *grown = sqlite3_realloc64(cursor->tasks, capacity * sizeof *grown);
        if (!grown)
            return SQLITE_NOMEM;
        cursor->tasks = grown;
    }
    cursor->tasks[cursor->task_count++] = sqlite3_value_int64(value);
    return SQLITE_OK;
}

static int compare_tasks(const void *left, const void *right)
{
    int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;
    return (a > b) - (a < b);
}

/* Takes in one argument, which compares COLUMN. A later list of names or tasks replaces an earlier one: SQLite looks
 * again. */
static int take_list(struct cursor *cursor, int column, bool is_list, sqlite3_value *value, uint64_t *set)
{
    sqlite3_value *one = value;
    int code = is_list ? sqlite3_vtab_in_first(value, &one) : SQLITE_OK;
    if (column == NAME) {
        memset(cursor->names, 0, sizeof cursor->names);
        cursor->has_names = true;
        *set = 0;
    } else {
        cursor->task_count = 0;
        sqlite3_free(cursor->tasks);
        cursor->tasks = NULL;
        cursor->has_tasks = true;
    }
    while (code == SQLITE_OK) {
        if (column == NAME)
            want_name(cursor, one, set);
        else if (want_task(cursor, one) != SQLITE_OK)
            return SQLITE_NOMEM;
        code = is_list ? sqlite3_vtab_in_next(value, &one) : SQLITE_DONE;
    }
    return code == SQLITE_DONE ? SQLITE_OK : code;
}

static int take_arguments(struct cursor *cursor, const char *index, int count, sqlite3_value **values,
                          struct tt_scan_bounds *bounds)
{
    struct tt_range process = TT_RANGE_ALL, thread = TT_RANGE_ALL;
    cursor->time = cursor->sequence = TT_RANGE_ALL;
    for (int i = 0; i < count; i++) {
        int column = tt__index_column(index, i);
        if (column == NAME || column == TASK_ID) {
            int code = take_list(cursor, column, tt__index_is_list(index, i), values[i], &bounds->number_set);
            if (code != SQLITE_OK)
                return code;
            continue;
        }
        struct tt_range *ranges[] = {
            [TIME_NS] = &cursor->time, [PROCESS_ID] = &process, [THREAD_ID] = &thread, [SEQUENCE] = &cursor->sequence};
        tt__index_narrow(index, i, values[i], ranges[column]);
    }
    bounds->from_ns = cursor->time.least;
    bounds->to_ns = cursor->time.greatest;
    bounds->thread_first = thread.least;
    bounds->thread_last = thread.greatest;
    if (process.least > 0 && process.least < (INT64_C(1) << 23) && process.least << 40 > bounds->thread_first)
        bounds->thread_first = process.least << 40;
    if (process.greatest >= 0 && process.greatest < (INT64_C(1) << 22) &&
        ((process.greatest + 1) << 40) - 1 < bounds->thread_last)
        bounds->thread_last = ((process.greatest + 1) << 40) - 1;
    if (cursor->has_tasks && cursor->task_count > 0) {
        qsort(cursor->tasks, cursor->task_count, sizeof *cursor->tasks, compare_tasks);
        bounds->has_task = true;
        bounds->task_first = cursor->tasks[0];
        bounds->task_last = cursor->tasks[cursor->task_count - 1];
    }
    return SQLITE_OK;
}

/* ---------------------------------------------------------------------------------------------------- going through */

static unsigned number_of(const struct cursor *cursor)
{
    return cursor->scan.chunk.types[cursor->scan.chunk.type_of[cursor->event]].number;
}

static bool is_wanted(const struct cursor *cursor)
{
    const struct tt__unpacked *chunk = &cursor->scan.chunk;
    int64_t time_ns = chunk->times[cursor->event], sequence = (int64_t)chunk->sequences[cursor->event];
    if (time_ns < cursor->time.least || time_ns > cursor->time.greatest || sequence < cursor->sequence.least ||
        sequence > cursor->sequence.greatest)
        return false;
    unsigned number = number_of(cursor);
    if (cursor->has_names && (number >= TT__EVENT_NUMBERS || (cursor->names[number / 8] >> (number % 8) & 1) == 0))
        return false;
    if (!cursor->has_tasks)
        return true;
    int64_t task = tt__scan_id(&cursor->scan, chunk->tasks[cursor->event]);
    return cursor->task_count == 1
               ? task == cursor->tasks[0]
               : bsearch(&task, cursor->tasks, cursor->task_count, sizeof task, compare_tasks) != NULL;
}

/* Goes to the next event that is wanted, the one at hand included. */
static int settle(struct cursor *cursor)
{
    for (;;) {
        for (; cursor->event < cursor->scan.chunk.event_count; cursor->event++)
            if (is_wanted(cursor))
                return SQLITE_OK;
        int code = tt__scan_next(&cursor->scan);
        cursor->event = 0;
        if (code != SQLITE_ROW)
            return tt__sql_settle(&cursor->common, &cursor->scan, code);
    }
}

static int filter(sqlite3_vtab_cursor *base, int number, const char *index, int count, sqlite3_value **values)
{
    struct cursor *cursor = (struct cursor *)base;
    struct tt_scan_bounds bounds = TT_SCAN_ALL;
    (void)number;
    reset(cursor);
    cursor->event = 0;
    cursor->common.is_over = cursor->has_names = cursor->has_tasks = false;
    int code = take_arguments(cursor, index, count, values, &bounds);
    if (code != SQLITE_OK)
        return code;
    cursor->common.is_over =
        (cursor->has_names && bounds.number_set == 0) || (cursor->has_tasks && cursor->task_count == 0);
    if (cursor->common.is_over)
        return SQLITE_OK;
    code = tt__scan_begin(&cursor->scan, cursor->common.connection, &bounds);
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

/* ------------------------------------------------------------------------------------------------------------- rows */

static void append_text(sqlite3_str *out, const char *text, uint32_t length)
{
    sqlite3_str_appendchar(out, 1, '"');
    for (uint32_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)text[i];
        if (byte == '"' || byte == '\\')
            sqlite3_str_appendf(out, "\\%c", byte);
        else if (byte < 0x20 || byte == 0x7f)
            sqlite3_str_appendf(out, "\\u%04x", byte);
        else
            sqlite3_str_appendchar(out, 1, (char)byte);
    }
    sqlite3_str_appendchar(out, 1, '"');
}

/* Whether the id in FIELD of the event at hand is an object of its process. */
static bool is_object(struct cursor *cursor, unsigned number, uint32_t field)
{
    int word_field = tt__event_id_word(number, field);
    uint64_t word;
    size_t count;
    if (word_field < 0)
        return true;
    const struct tt__known_field *fields = tt__event_fields(number, &count);
    return tt__unpacked_number(&cursor->scan.chunk, cursor->event, (uint32_t)word_field, &word) &&
           tt__word_names_object(fields[word_field].enumeration, (uint8_t)word);
}

static void append_number(struct cursor *cursor, sqlite3_str *out, unsigned number, uint32_t field,
                          const struct tt__known_field *known, uint64_t value)
{
    const char *word = known->kind == TT__FIELD_WORD ? tt__event_word(known->enumeration, (unsigned)value) : NULL;
    bool is_id = known->kind == TT__FIELD_ID || strcmp(known->name, "loop_id") == 0;
    if (word)
        append_text(out, word, (uint32_t)strlen(word));
    else if (is_id && is_object(cursor, number, field))
        sqlite3_str_appendf(out, value != 0 ? "%lld" : "null", (long long)tt__scan_id(&cursor->scan, value));
    else if (known->kind == TT__FIELD_SITE && value == 0)
        sqlite3_str_appendall(out, "null");
    else if (known->kind == TT__FIELD_U64)
        sqlite3_str_appendf(out, "%llu", (unsigned long long)value);
    else
        sqlite3_str_appendf(out, "%lld", (long long)value);
}

/* All fields that both the chunk and this version know. */
static int append_fields(struct cursor *cursor, sqlite3_str *out)
{
    struct tt__unpacked *chunk = &cursor->scan.chunk;
    const struct tt__chunk_type *type = &chunk->types[chunk->type_of[cursor->event]];
    size_t count;
    const struct tt__known_field *fields = tt__event_fields(type->number, &count);
    for (uint32_t i = 0; i < count && i < type->field_count; i++) {
        const char *text;
        uint32_t length;
        uint64_t value;
        bool is_read = true;
        sqlite3_str_appendf(out, "%s\"%s\":", i > 0 ? "," : "", fields[i].name);
        if (fields[i].kind == TT__FIELD_TEXT && tt__unpacked_text(chunk, cursor->event, i, &text, &length))
            append_text(out, text, length);
        else if (fields[i].kind != TT__FIELD_TEXT && tt__unpacked_number(chunk, cursor->event, i, &value))
            append_number(cursor, out, type->number, i, &fields[i], value);
        else
            is_read = false;
        if (!is_read || chunk->lacks_memory)
            return tt__sql_fail(&cursor->common, &cursor->scan,
                                tt__scan_damaged(&cursor->scan, "fields are unreadable"));
    }
    return SQLITE_OK;
}

static int result_fields(struct cursor *cursor, sqlite3_context *context)
{
    sqlite3_str *out = sqlite3_str_new(sqlite3_context_db_handle(context));
    sqlite3_str_appendchar(out, 1, '{');
    int code = append_fields(cursor, out);
    sqlite3_str_appendchar(out, 1, '}');
    int length = sqlite3_str_length(out);
    char *text = sqlite3_str_finish(out);
    if (code == SQLITE_OK && !text)
        code = SQLITE_NOMEM;
    if (code == SQLITE_OK)
        sqlite3_result_text(context, text, length, sqlite3_free);
    else
        sqlite3_free(text);
    return code;
}

static int column(sqlite3_vtab_cursor *base, sqlite3_context *context, int column_number)
{
    struct cursor *cursor = (struct cursor *)base;
    const struct tt__unpacked *chunk = &cursor->scan.chunk;
    const char *name = tt__event_name(number_of(cursor)), *category = tt__event_category(number_of(cursor));
    switch (column_number) {
    case TIME_NS:
        sqlite3_result_int64(context, chunk->times[cursor->event]);
        break;
    case PROCESS_ID:
        sqlite3_result_int64(context, cursor->scan.thread_id >> 40);
        break;
    case THREAD_ID:
        sqlite3_result_int64(context, cursor->scan.thread_id);
        break;
    case SEQUENCE:
        sqlite3_result_int64(context, (sqlite3_int64)chunk->sequences[cursor->event]);
        break;
    case NAME:
        if (name)
            sqlite3_result_text(context, name, -1, SQLITE_STATIC);
        break; /* an event of a newer version has no name here: NULL */
    case CATEGORY:
        if (category)
            sqlite3_result_text(context, category, -1, SQLITE_STATIC);
        break;
    case TASK_ID:
        if (chunk->tasks[cursor->event] != 0)
            sqlite3_result_int64(context, tt__scan_id(&cursor->scan, chunk->tasks[cursor->event]));
        break;
    case FIELDS:
        return result_fields(cursor, context);
    default:
        break;
    }
    return SQLITE_OK;
}

const struct tt_sql_table_class tt__event_table = {
    .name = "event",
    .declaration = DECLARATION,
    .cursor_bytes = sizeof(struct cursor),
    .module = {TT_SQL_TABLE_METHODS, .xClose = close_cursor, .xBestIndex = best_index, .xFilter = filter, .xNext = next,
               .xColumn = column, .xRowid = row_id},
};
