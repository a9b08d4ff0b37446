/* sql_instant.c: the virtual table instant: what each task that was traced step by step did at one instant.
 *
 * The same could be asked of steps, which would read the whole stream. What a task did at T is told by its last event before T, and
 * by the one behind it: of nearly all tasks both are near. So first the chunks close to T are read; when tasks are missing that
 * lived then and have begun at some time, they are looked for one by one if they are few, in chunks that can have them, or else
 * in more chunks, at last in all. What has not ended as far as is known may have, from the instant on at which an event about it is missing:
 * what was so from then on is unknown.
 *
 * Threads: as the connection.
 */
#include <stdlib.h>
#include <string.h>

#include "event_fields.h"
#include "sql_steps.h"
#include "sql_table.h"

/* With what telltale schema says of them. */
#define DECLARATION \
    "-- What each task that was traced step by step did at one time: instant(T). Without T there are no rows.\n" \
    "CREATE TABLE instant (\n" \
    "    -- The task.\n" \
    "    task_id INTEGER,\n" \
    "    -- ready (it could have run and waited for its turn), running, waiting; unknown: events of then are missing.\n" \
    "    state TEXT,\n" \
    "    -- Since when.\n" \
    "    from_ns INTEGER,\n" \
    "    -- What it waited for: a word of wait_kind, the id or number that goes with it, where.\n" \
    "    wait_kind TEXT,\n" \
    "    wait_object INTEGER,\n" \
    "    wait_site_id INTEGER,\n" \
    "    -- T of instant(T).\n" \
    "    at_ns INTEGER HIDDEN\n" \
    ")\n"

enum { TASK_ID, STATE, FROM_NS, WAIT_KIND, WAIT_OBJECT, WAIT_SITE_ID, AT_NS };

/* How many missing tasks are looked for one by one. */
#define MISSING_FEW  16u
#define CAPACITY_MIN 256u

/* Tasks that lived at ?1, of which there are steps if they were traced. */
static const char select_living[] = "SELECT t.task_id FROM main.task_span AS r CROSS JOIN main.task AS t ON t.task_id "
                                    "BETWEEN r.first_task_id AND r.last_task_id"
                                    " WHERE coalesce(r.created_first_ns <= ?1, 1) AND coalesce(r.ended_last_ns > ?1, 1)"
                                    " AND t.started_ns IS NOT NULL AND coalesce(t.created_ns <= ?1, 1) AND "
                                    "coalesce(coalesce(t.ended_ns, t.abandoned_ns) > ?1, 1)"
                                    " UNION ALL SELECT t.task_id FROM (SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM "
                                    "main.task_span)) CROSS JOIN main.task AS t"
                                    " WHERE t.started_ns IS NOT NULL AND coalesce(t.created_ns <= ?1, 1) AND "
                                    "coalesce(coalesce(t.ended_ns, t.abandoned_ns) > ?1, 1)";

enum state { UNKNOWN, READY, RUNNING, WAITING, LOST };

/* What a task did then. */
struct moment {
    int64_t task_id, from_ns;
    struct tt_step_wait wait; /* of one that was waiting */
    enum state state;         /* UNKNOWN: not found yet */
    bool is_used;
};

struct cursor {
    struct tt__sql_cursor common;
    struct moment *moments; /* open addressing by task */
    size_t capacity, count, missing_count, row;
    int64_t at_ns;
};

/* ---------------------------------------------------------------------------------------------------------- moments */

static struct moment *find_slot(struct moment *moments, size_t capacity, int64_t task_id)
{
    size_t at = (size_t)((uint64_t)task_id * UINT64_C(0x9e3779b97f4a7c15) >> 20) & (capacity - 1);
    while (moments[at].is_used && moments[at].task_id != task_id)
        at = (at + 1) & (capacity - 1);
    return &moments[at];
}

static bool grow(struct cursor *cursor)
{
    size_t capacity = cursor->capacity ? 2 * cursor->capacity : CAPACITY_MIN;
    struct moment *moments = calloc(capacity, sizeof *moments);
    if (!moments)
        return false;
    for (size_t i = 0; i < cursor->capacity; i++)
        if (cursor->moments[i].is_used)
            *find_slot(moments, capacity, cursor->moments[i].task_id) = cursor->moments[i];
    free(cursor->moments);
    cursor->moments = moments;
    cursor->capacity = capacity;
    return true;
}

/* The moment of a task; a new one is of UNKNOWN state. NULL: no memory. */
static struct moment *find_moment(struct cursor *cursor, int64_t task_id, bool *out_is_new)
{
    if (2 * cursor->count >= cursor->capacity && !grow(cursor))
        return NULL;
    struct moment *moment = find_slot(cursor->moments, cursor->capacity, task_id);
    *out_is_new = !moment->is_used;
    if (!moment->is_used) {
        *moment = (struct moment){.task_id = task_id, .is_used = true};
        cursor->count++;
    }
    return moment;
}

static void forget(struct cursor *cursor)
{
    free(cursor->moments);
    cursor->moments = NULL;
    cursor->capacity = cursor->count = cursor->missing_count = cursor->row = 0;
}

/* Whether something that lasted from FROM until UNTIL, either may not be known, lasted at AT. */
static bool covers(int64_t from_ns, int64_t until_ns, int64_t at_ns)
{
    return from_ns != TT_STEP_NEVER && from_ns <= at_ns && (until_ns == TT_STEP_NEVER || until_ns > at_ns);
}

/* What of STEP was at T, as the view phases divides it: the last that began. */
static struct moment take_moment(const struct tt_step *step, int64_t at_ns)
{
    struct moment moment = {.task_id = step->task_id, .is_used = true, .from_ns = INT64_MIN};
    int64_t ready_ns = step->after.is_timed ? step->after.ended_ns : TT_STEP_NEVER;
    int64_t wait_ended_ns = step->then.is_known ? step->then.ended_ns : TT_STEP_NEVER;
    /* What is open is known until it gets dark. */
    int64_t run_ended_ns = step->ended_ns == TT_STEP_NEVER ? step->dark_ns : step->ended_ns;
    if (wait_ended_ns == TT_STEP_NEVER)
        wait_ended_ns = step->dark_ns;
    if (covers(ready_ns, step->began_ns, at_ns)) {
        moment.state = READY;
        moment.from_ns = ready_ns;
    }
    if (covers(step->began_ns, run_ended_ns, at_ns) && step->began_ns > moment.from_ns) {
        moment.state = RUNNING;
        moment.from_ns = step->began_ns;
    }
    if (step->ending && strcmp(step->ending, "waiting") == 0 && covers(step->ended_ns, wait_ended_ns, at_ns) &&
        step->ended_ns > moment.from_ns) {
        moment.state = WAITING;
        moment.from_ns = step->ended_ns;
        moment.wait = step->then;
    }
    if (step->is_lost && covers(step->dark_ns, step->light_ns, at_ns) && step->dark_ns >= moment.from_ns) {
        moment.state = LOST;
        moment.from_ns = step->dark_ns;
        moment.wait = (struct tt_step_wait){0};
    }
    return moment;
}

/* ---------------------------------------------------------------------------------------------------------- looking */

/* Reads steps of tasks in TASK that lie in chunks from FROM to TO. */
static int read_steps(struct cursor *cursor, sqlite3 *connection, struct tt_range task, int64_t from_ns, int64_t to_ns)
{
    struct tt__steps pass;
    int code = tt__steps_begin_near(&pass, connection, task, from_ns, to_ns);
    while (code == SQLITE_OK && (code = tt__steps_next(&pass)) == SQLITE_ROW) {
        bool is_new;
        struct moment found = take_moment(&pass.row, cursor->at_ns);
        code = SQLITE_OK;
        if (found.state == UNKNOWN)
            continue;
        struct moment *moment = find_moment(cursor, found.task_id, &is_new);
        if (!moment) {
            code = SQLITE_NOMEM;
        } else if (moment->state == UNKNOWN || found.from_ns >= moment->from_ns) {
            cursor->missing_count -= moment->state == UNKNOWN && !is_new;
            *moment = found;
        }
    }
    if (code != SQLITE_DONE && code != SQLITE_OK)
        code = tt__sql_fail(&cursor->common, &pass.scan, code);
    tt__steps_finish(&pass);
    return code == SQLITE_DONE ? SQLITE_OK : code;
}

/* Puts down who is to be found. */
static int expect_living(struct cursor *cursor, sqlite3 *connection)
{
    sqlite3_stmt *task = NULL;
    int code = sqlite3_prepare_v2(connection, select_living, -1, &task, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_bind_int64(task, 1, cursor->at_ns);
    while (code == SQLITE_OK && (code = sqlite3_step(task)) == SQLITE_ROW) {
        bool is_new;
        code = find_moment(cursor, sqlite3_column_int64(task, 0), &is_new) ? SQLITE_OK : SQLITE_NOMEM;
        cursor->missing_count += code == SQLITE_OK && is_new;
    }
    sqlite3_finalize(task);
    return code == SQLITE_DONE ? SQLITE_OK : tt__sql_fail(&cursor->common, &(struct tt__scan){0}, code);
}

static int read_missing(struct cursor *cursor, sqlite3 *connection)
{
    int64_t missing[MISSING_FEW];
    size_t count = 0;
    int code = SQLITE_OK;
    for (size_t i = 0; i < cursor->capacity && count < MISSING_FEW; i++)
        if (cursor->moments[i].is_used && cursor->moments[i].state == UNKNOWN)
            missing[count++] = cursor->moments[i].task_id;
    for (size_t i = 0; i < count && code == SQLITE_OK; i++)
        code = read_steps(cursor, connection, (struct tt_range){missing[i], missing[i]}, INT64_MIN, INT64_MAX);
    return code;
}

static int64_t clamped_sum(int64_t a, int64_t b)
{
    int64_t sum;
    return __builtin_add_overflow(a, b, &sum) ? (b < 0 ? INT64_MIN : INT64_MAX) : sum;
}

static int look(struct cursor *cursor, sqlite3 *connection)
{
    /* How far from T chunks are read: at first as long as anybody is missing, then as long as not only few are. */
    static const struct {
        int64_t near_ns;
        size_t missing;
    } rounds[] = {{20000000, 0}, {320000000, 0}, {1280000000, MISSING_FEW}, {5120000000, MISSING_FEW}};
    int code = expect_living(cursor, connection);
    for (size_t i = 0; i < sizeof rounds / sizeof *rounds && code == SQLITE_OK && cursor->missing_count > rounds[i].missing; i++)
        code = read_steps(cursor, connection, TT_RANGE_ALL, clamped_sum(cursor->at_ns, -rounds[i].near_ns),
                          clamped_sum(cursor->at_ns, rounds[i].near_ns));
    if (code == SQLITE_OK && cursor->missing_count > MISSING_FEW)
        return read_steps(cursor, connection, TT_RANGE_ALL, INT64_MIN, INT64_MAX);
    return code == SQLITE_OK && cursor->missing_count > 0 ? read_missing(cursor, connection) : code;
}

/* ---------------------------------------------------------------------------------------------------- going through */

static int close_cursor(sqlite3_vtab_cursor *base)
{
    forget((struct cursor *)base);
    sqlite3_free(base);
    return SQLITE_OK;
}

static int best_index(sqlite3_vtab *table, sqlite3_index_info *info)
{
    struct tt_index_text index = {"", 0};
    (void)table;
    info->estimatedCost = 1e6;
    info->estimatedRows = 1000;
    for (int i = 0; i < info->nConstraint; i++) {
        const struct sqlite3_index_constraint *constraint = &info->aConstraint[i];
        if (constraint->iColumn != AT_NS || constraint->op != SQLITE_INDEX_CONSTRAINT_EQ)
            continue;
        if (!constraint->usable)
            return SQLITE_CONSTRAINT;
        if (index.count == 0 && tt__index_take(info, i, &index, false))
            info->aConstraintUsage[i].omit = 1;
    }
    return tt__index_finish(info, &index);
}

static void settle(struct cursor *cursor)
{
    while (cursor->row < cursor->capacity &&
           (!cursor->moments[cursor->row].is_used || cursor->moments[cursor->row].state == UNKNOWN))
        cursor->row++;
    cursor->common.is_over = cursor->row >= cursor->capacity;
}

static int filter(sqlite3_vtab_cursor *base, int number, const char *index, int count, sqlite3_value **values)
{
    struct cursor *cursor = (struct cursor *)base;
    (void)number, (void)index;
    forget(cursor);
    cursor->common.is_over = true;
    if (count == 0 || sqlite3_value_type(values[0]) == SQLITE_NULL)
        return SQLITE_OK;
    cursor->at_ns = sqlite3_value_int64(values[0]);
    int code = look(cursor, cursor->common.connection);
    settle(cursor);
    return code;
}

static int next(sqlite3_vtab_cursor *base)
{
    struct cursor *cursor = (struct cursor *)base;
    cursor->row++;
    settle(cursor);
    return SQLITE_OK;
}

static int row_id(sqlite3_vtab_cursor *base, sqlite3_int64 *out_id)
{
    const struct cursor *cursor = (struct cursor *)base;
    *out_id = cursor->moments[cursor->row].task_id;
    return SQLITE_OK;
}

static int column(sqlite3_vtab_cursor *base, sqlite3_context *context, int column_number)
{
    static const char *const words[] = {[READY] = "ready", [RUNNING] = "running", [WAITING] = "waiting", [LOST] = "unknown"};
    const struct cursor *cursor = (struct cursor *)base;
    const struct moment *moment = &cursor->moments[cursor->row];
    switch (column_number) {
    case TASK_ID:
        sqlite3_result_int64(context, moment->task_id);
        break;
    case STATE:
        sqlite3_result_text(context, words[moment->state], -1, SQLITE_STATIC);
        break;
    case FROM_NS:
        sqlite3_result_int64(context, moment->from_ns);
        break;
    case WAIT_KIND:
    case WAIT_OBJECT:
    case WAIT_SITE_ID:
        tt__step_wait_result(context, &moment->wait, (enum tt_step_wait_part)(column_number - WAIT_KIND));
        break;
    case AT_NS:
        sqlite3_result_int64(context, cursor->at_ns);
        break;
    default:
        break;
    }
    return SQLITE_OK;
}

const struct tt_sql_table_class tt__instant_table = {
    .name = "instant",
    .declaration = DECLARATION,
    .cursor_bytes = sizeof(struct cursor),
    .module = {TT_SQL_TABLE_METHODS, .xClose = close_cursor, .xBestIndex = best_index, .xFilter = filter, .xNext = next,
               .xColumn = column, .xRowid = row_id},
};
