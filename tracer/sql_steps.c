/* sql_steps.c: the virtual table steps: every step of every task that was traced step by step, and what it waited for.
 *
 * Rows come as steps are over; at last those that are not. How they are put together: sql_steps.h.
 *
 * Threads: as the connection.
 */
#include <string.h>

#include "event_fields.h"
#include "sql_steps.h"
#include "sql_table.h"

/* With what telltale schema says of them. */
#define DECLARATION \
    "-- Every step of every task that was traced step by step, and what it waited for. steps(T) shows what was known at the time T. Comparisons of\n" \
    "-- task_id with a value are pushed down.\n" \
    "CREATE TABLE steps (\n" \
    "    -- Whose step, and where it ran.\n" \
    "    task_id INTEGER,\n" \
    "    process_id INTEGER,\n" \
    "    thread_id INTEGER,\n" \
    "    -- The how manyth of the task; NULL: its beginning is missing.\n" \
    "    step_number INTEGER,\n" \
    "    -- What the task waited for before it (a word of wait_kind, the id or number that goes with it), where, since when; NULL before the\n" \
    "    -- first step; kind none when it only let others have their turn.\n" \
    "    after_kind TEXT,\n" \
    "    after_object INTEGER,\n" \
    "    after_site_id INTEGER,\n" \
    "    after_ns INTEGER,\n" \
    "    -- Since when it could have run: woken, or created.\n" \
    "    ready_ns INTEGER,\n" \
    "    -- Who woke it: a word of actor, the id or number that goes with it.\n" \
    "    woken_by TEXT,\n" \
    "    woken_by_id INTEGER,\n" \
    "    -- From when until when; NULL: that is missing, or has not happened.\n" \
    "    began_ns INTEGER,\n" \
    "    ended_ns INTEGER,\n" \
    "    -- waiting, ready (it let others have their turn), finished, abandoned; NULL: not known.\n" \
    "    ending TEXT,\n" \
    "    -- What it waited for then, where, and when that was over; NULL: it is not.\n" \
    "    wait_kind TEXT,\n" \
    "    wait_object INTEGER,\n" \
    "    wait_site_id INTEGER,\n" \
    "    wait_ended_ns INTEGER,\n" \
    "    -- From when until when events about what it did then may not be there, missing or not recorded; NULL: they all are, or it is not\n" \
    "    -- known until when. What has no end may have ended from then on.\n" \
    "    dark_ns INTEGER,\n" \
    "    light_ns INTEGER,\n" \
    "    -- T of steps(T): what ended later has no end there.\n" \
    "    until_ns INTEGER HIDDEN\n" \
    ")\n"

enum {
    TASK_ID,
    PROCESS_ID,
    THREAD_ID,
    STEP_NUMBER,
    AFTER_KIND,
    AFTER_OBJECT,
    AFTER_SITE_ID,
    AFTER_NS,
    READY_NS,
    WOKEN_BY,
    WOKEN_BY_ID,
    BEGAN_NS,
    ENDED_NS,
    ENDING,
    WAIT_KIND,
    WAIT_OBJECT,
    WAIT_SITE_ID,
    WAIT_ENDED_NS,
    DARK_NS,
    LIGHT_NS,
    UNTIL_NS
};

struct cursor {
    struct tt__sql_cursor common;
    struct tt__steps pass;
    sqlite3_int64 row_number;
};

static int close_cursor(sqlite3_vtab_cursor *base)
{
    tt__steps_finish(&((struct cursor *)base)->pass);
    sqlite3_free(base);
    return SQLITE_OK;
}

/* ---------------------------------------------------------------------------------------------------- going through */

static int settle(struct cursor *cursor)
{
    return tt__sql_settle(&cursor->common, &cursor->pass.scan, tt__steps_next(&cursor->pass));
}

static int best_index(sqlite3_vtab *table, sqlite3_index_info *info)
{
    struct tt_index_text index = {"", 0};
    (void)table;
    info->estimatedCost = 1e7;
    info->estimatedRows = 3000000;
    for (int i = 0; i < info->nConstraint; i++) {
        const struct sqlite3_index_constraint *constraint = &info->aConstraint[i];
        bool is_until = constraint->iColumn == UNTIL_NS && constraint->op == SQLITE_INDEX_CONSTRAINT_EQ;
        if (is_until && !constraint->usable)
            return SQLITE_CONSTRAINT;
        if ((!is_until && constraint->iColumn != TASK_ID) || !tt__index_take(info, i, &index, false))
            continue;
        info->aConstraintUsage[i].omit = is_until;
        if (constraint->iColumn == TASK_ID) {
            info->estimatedCost *= 0.1; /* the stream is looked through all the same: not for each task of many */
            info->estimatedRows = 100;
        }
    }
    return tt__index_finish(info, &index);
}

/* What is told of one task lies in the chunks of its life, and close to them: clocks of threads differ by little. */
#define NEAR_NS INT64_C(20000000)

static int64_t clamped_sum(int64_t a, int64_t b)
{
    int64_t sum;
    return __builtin_add_overflow(a, b, &sum) ? (b < 0 ? INT64_MIN : INT64_MAX) : sum;
}

/* From when until when TASK_ID lived; what is not known of that is left as it is. */
static int find_life(sqlite3 *connection, int64_t task_id, struct tt_range *life)
{
    static const char select_life[] =
        "SELECT created_ns, coalesce(ended_ns, abandoned_ns) FROM main.task WHERE task_id = ?1";
    sqlite3_stmt *task = NULL;
    int code = sqlite3_prepare_v2(connection, select_life, -1, &task, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_bind_int64(task, 1, task_id);
    if (code == SQLITE_OK && (code = sqlite3_step(task)) == SQLITE_ROW) {
        if (sqlite3_column_type(task, 0) == SQLITE_INTEGER)
            life->least = clamped_sum(sqlite3_column_int64(task, 0), -NEAR_NS);
        if (sqlite3_column_type(task, 1) == SQLITE_INTEGER)
            life->greatest = clamped_sum(sqlite3_column_int64(task, 1), NEAR_NS);
    }
    sqlite3_finalize(task);
    return code == SQLITE_ROW || code == SQLITE_DONE ? SQLITE_OK : code;
}

static int begin(struct cursor *cursor, sqlite3 *connection, struct tt_range task, int64_t until_ns)
{
    struct tt_range life = {INT64_MIN, until_ns};
    int code = task.least == task.greatest ? find_life(connection, task.least, &life) : SQLITE_OK;
    if (code == SQLITE_OK)
        code = tt__steps_begin_near(&cursor->pass, connection, task, life.least,
                                    life.greatest < until_ns ? life.greatest : until_ns);
    cursor->pass.until_ns = until_ns;
    return code;
}

static int filter(sqlite3_vtab_cursor *base, int number, const char *index, int count, sqlite3_value **values)
{
    struct cursor *cursor = (struct cursor *)base;
    struct tt_range task = TT_RANGE_ALL;
    int64_t until_ns = INT64_MAX;
    (void)number;
    tt__steps_finish(&cursor->pass);
    cursor->common.is_over = false;
    cursor->row_number = 0;
    for (int i = 0; i < count; i++) {
        if (tt__index_column(index, i) == TASK_ID)
            tt__index_narrow(index, i, values[i], &task);
        else if (sqlite3_value_type(values[i]) != SQLITE_NULL)
            until_ns = sqlite3_value_int64(values[i]);
        else
            cursor->common.is_over = true; /* steps(NULL): nothing was known then */
    }
    if (cursor->common.is_over)
        return SQLITE_OK;
    int code = begin(cursor, cursor->common.connection, task, until_ns);
    return code == SQLITE_OK ? settle(cursor) : tt__sql_fail(&cursor->common, &cursor->pass.scan, code);
}

static int next(sqlite3_vtab_cursor *base)
{
    struct cursor *cursor = (struct cursor *)base;
    cursor->row_number++;
    return settle(cursor);
}

static int row_id(sqlite3_vtab_cursor *base, sqlite3_int64 *out_id)
{
    *out_id = ((struct cursor *)base)->row_number;
    return SQLITE_OK;
}

/* ------------------------------------------------------------------------------------------------------------- rows */

static void result_time(sqlite3_context *context, int64_t time_ns)
{
    if (time_ns != TT_STEP_NEVER)
        sqlite3_result_int64(context, time_ns);
}

static void result_word(sqlite3_context *context, const char *enumeration, uint8_t number)
{
    const char *word = tt__event_word(enumeration, number);
    if (word)
        sqlite3_result_text(context, word, -1, SQLITE_STATIC);
    else
        sqlite3_result_int(context, number); /* of a newer version */
}

void tt__step_wait_result(sqlite3_context *context, const struct tt_step_wait *wait, enum tt_step_wait_part part)
{
    if (!wait->is_known)
        return;
    if (part == TT_STEP_WAIT_KIND)
        result_word(context, "wait_kind", wait->kind);
    else if (part == TT_STEP_WAIT_OBJECT && wait->object != 0)
        sqlite3_result_int64(context, wait->object);
    else if (part == TT_STEP_WAIT_SITE && wait->site_id != 0)
        sqlite3_result_int64(context, wait->site_id);
}

static void result_id(sqlite3_context *context, int64_t id)
{
    if (id != 0)
        sqlite3_result_int64(context, id);
}

/* The wait before the step, and its end. */
static void tell_before(sqlite3_context *context, const struct tt_step_wait *before, int column_number)
{
    if (column_number == AFTER_NS && before->is_known)
        result_time(context, before->since_ns);
    else if (column_number == READY_NS && before->is_timed)
        result_time(context, before->ended_ns);
    else if (column_number == WOKEN_BY && before->has_by)
        result_word(context, "actor", before->by);
    else if (column_number == WOKEN_BY_ID && before->has_by)
        result_id(context, before->by_id);
    else if (column_number < AFTER_NS)
        tt__step_wait_result(context, before, (enum tt_step_wait_part)(column_number - AFTER_KIND));
}

/* The wait behind it. */
static void tell_behind(sqlite3_context *context, const struct tt_step_wait *behind, int column_number)
{
    if (column_number < WAIT_ENDED_NS)
        tt__step_wait_result(context, behind, (enum tt_step_wait_part)(column_number - WAIT_KIND));
    else if (behind->is_known)
        result_time(context, behind->ended_ns);
}

/* The step itself. */
static void tell_step(sqlite3_context *context, const struct tt_step *step, int column_number)
{
    switch (column_number) {
    case TASK_ID:
        sqlite3_result_int64(context, step->task_id);
        break;
    case PROCESS_ID:
        sqlite3_result_int64(context, step->task_id >> 40);
        break;
    case THREAD_ID:
        sqlite3_result_int64(context, step->thread_id);
        break;
    case STEP_NUMBER:
        result_id(context, step->number);
        break;
    case BEGAN_NS:
        result_time(context, step->began_ns);
        break;
    case ENDED_NS:
        result_time(context, step->ended_ns);
        break;
    case ENDING:
        sqlite3_result_text(context, step->ending, -1, SQLITE_STATIC); /* NULL makes NULL */
        break;
    case DARK_NS:
        result_time(context, step->dark_ns);
        break;
    case LIGHT_NS:
        result_time(context, step->light_ns);
        break;
    default:
        break;
    }
}

static int column(sqlite3_vtab_cursor *base, sqlite3_context *context, int column_number)
{
    const struct tt_step *step = &((struct cursor *)base)->pass.row;
    if (column_number >= AFTER_KIND && column_number <= WOKEN_BY_ID)
        tell_before(context, &step->after, column_number);
    else if (column_number >= WAIT_KIND && column_number <= WAIT_ENDED_NS)
        tell_behind(context, &step->then, column_number);
    else
        tell_step(context, step, column_number);
    return SQLITE_OK;
}

const struct tt_sql_table_class tt__steps_table = {
    .name = "steps",
    .declaration = DECLARATION,
    .cursor_bytes = sizeof(struct cursor),
    .module = {TT_SQL_TABLE_METHODS, .xClose = close_cursor, .xBestIndex = best_index, .xFilter = filter, .xNext = next,
               .xColumn = column, .xRowid = row_id},
};
