/* store_summary.c: see store_summary.h.
 *
 * How many tasks of a place were alive at once: tasks are read in the order of their ids, which is nearly the order in which
 * they were created. WINDOW of them wait in a heap, so that they come out in the order of their times; ends wait in another
 * heap until a creation is not earlier than they are. What comes out of order nevertheless (threads whose clocks were read long
 * before ids were drawn) makes task_origin stay empty: views then sort everything.
 */
#include "store_summary.h"

#include <stdlib.h>
#include <string.h>

#include "ingest_batch.h"
#include "store_check.h"
#include "store_writer_state.h"

#define SPAN_TASKS       4096u
#define WINDOW           4096u
#define PROCESS_ID_SHIFT 40

static const char select_tasks[] =
    "SELECT task_id, created_site_id, created_ns, coalesce(ended_ns, abandoned_ns) FROM task ORDER BY task_id";

/* Tasks of which hints may be told: the terms stand in views/hints.sql, word for word, so that SQLite sees what it may use. */
static const char create_index[] =
    "CREATE INDEX IF NOT EXISTS task_remarkable ON task (task_id) WHERE longest_step_ns >= 1000000"
    " OR iif(step_count = 1, busy_ns, 0) >= 1000000 OR step_count >= 1000"
    " OR stack_used_bytes * 2 - stack_bytes >= 0";

/* ------------------------------------------------------------------------------------------------------------ heaps */

/* A creation or an end of a task of ORIGIN; of a creation also when the task ended. */
struct moment {
    int64_t ns, end_ns;
    uint32_t origin;
    bool has_end;
};

/* The earliest stands first; each is no later than the two at twice its place. */
struct heap {
    struct moment *moments;
    size_t count, capacity;
};

static bool push(struct heap *heap, struct moment moment)
{
    if (heap->count == heap->capacity) {
        size_t capacity = heap->capacity ? 2 * heap->capacity : WINDOW;
        struct moment *grown = reallocarray(heap->moments, capacity, sizeof *grown);
        if (!grown)
            return false;
        heap->moments = grown;
        heap->capacity = capacity;
    }
    size_t at = heap->count++;
    for (; at > 0 && heap->moments[(at - 1) / 2].ns > moment.ns; at = (at - 1) / 2)
        heap->moments[at] = heap->moments[(at - 1) / 2];
    heap->moments[at] = moment;
    return true;
}

static struct moment pop(struct heap *heap)
{
    struct moment first = heap->moments[0], last = heap->moments[--heap->count];
    size_t at = 0;
    for (size_t below = 1; below < heap->count; below = 2 * at + 1) {
        below += below + 1 < heap->count && heap->moments[below + 1].ns < heap->moments[below].ns;
        if (heap->moments[below].ns >= last.ns)
            break;
        heap->moments[at] = heap->moments[below];
        at = below;
    }
    if (heap->count > 0)
        heap->moments[at] = last;
    return first;
}

/* ---------------------------------------------------------------------------------------------------------- origins */

struct origin {
    int64_t process_id, site_id, task_count, first_task_id, alive, alive_max, alive_max_ns;
    bool has_created;
};

struct summary {
    struct tt__store_writer *writer;
    sqlite3_stmt *insert_span;
    /* The span at hand. */
    int64_t first_task_id, last_task_id, created_first_ns, ended_last_ns;
    uint32_t task_count;
    bool is_created_known, is_ended_known;
    /* Origins of all processes; the index has those of the present one, by place. */
    struct origin *origins;
    size_t origin_count, origin_capacity;
    struct tt__key_index index;
    struct heap created, ended;
    int64_t process_id, reached_ns; /* the latest creation that has come out */
    bool is_disordered;
};

/* The task that was created at CREATED's time counts from then on. */
static void count_alive(struct summary *summary, struct moment created)
{
    struct origin *origin = &summary->origins[created.origin];
    if (created.ns < summary->reached_ns || (created.has_end && created.end_ns < created.ns)) {
        summary->is_disordered = true;
        return;
    }
    summary->reached_ns = created.ns;
    while (summary->ended.count > 0 && summary->ended.moments[0].ns <= created.ns)
        summary->origins[pop(&summary->ended).origin].alive--;
    if (created.has_end && created.end_ns == created.ns) {
        origin->alive--; /* at one instant ends come before creations, as views have it */
    } else if (created.has_end) {
        created.ns = created.end_ns;
        if (!push(&summary->ended, created))
            summary->is_disordered = true;
        created.ns = summary->reached_ns;
    }
    if (++origin->alive > origin->alive_max || !origin->has_created) {
        origin->alive_max = origin->alive;
        origin->alive_max_ns = created.ns;
    }
    origin->has_created = true;
}

static void end_process(struct summary *summary)
{
    while (summary->created.count > 0 && !summary->is_disordered)
        count_alive(summary, pop(&summary->created));
    summary->created.count = summary->ended.count = 0;
    summary->reached_ns = INT64_MIN;
    tt__key_index_clear(&summary->index);
}

static struct origin *find_origin(struct summary *summary, int64_t site_id)
{
    uint32_t *slot = tt__key_index_slot(&summary->index, site_id);
    if (!slot)
        return NULL;
    if (*slot == UINT32_MAX) {
        if (summary->origin_count == summary->origin_capacity) {
            size_t capacity = summary->origin_capacity ? 2 * summary->origin_capacity : 64;
            struct origin *grown = reallocarray(summary->origins, capacity, sizeof *grown);
            if (!grown)
                return NULL;
            summary->origins = grown;
            summary->origin_capacity = capacity;
        }
        *slot = (uint32_t)summary->origin_count;
        summary->origins[summary->origin_count++] =
            (struct origin){.process_id = summary->process_id, .site_id = site_id};
    }
    return &summary->origins[*slot];
}

static void add_to_origin(struct summary *summary, sqlite3_stmt *task)
{
    if (summary->is_disordered || sqlite3_column_type(task, 1) == SQLITE_NULL)
        return;
    struct origin *origin = find_origin(summary, sqlite3_column_int64(task, 1));
    struct moment created = {.ns = sqlite3_column_int64(task, 2),
                             .end_ns = sqlite3_column_int64(task, 3),
                             .has_end = sqlite3_column_type(task, 3) != SQLITE_NULL};
    if (!origin) {
        summary->is_disordered = true;
        return;
    }
    origin->task_count++;
    if (sqlite3_column_type(task, 2) == SQLITE_NULL)
        return;
    if (origin->first_task_id == 0)
        origin->first_task_id = sqlite3_column_int64(task, 0);
    created.origin = (uint32_t)(origin - summary->origins);
    if (summary->created.count == WINDOW)
        count_alive(summary, pop(&summary->created));
    if (!push(&summary->created, created))
        summary->is_disordered = true;
}

/* ------------------------------------------------------------------------------------------------------------ spans */

static void bind_known(sqlite3_stmt *statement, int index, bool is_known, int64_t value)
{
    if (is_known)
        sqlite3_bind_int64(statement, index, value);
    else
        sqlite3_bind_null(statement, index);
}

static int run(sqlite3_stmt *statement)
{
    int code = sqlite3_step(statement);
    sqlite3_reset(statement);
    return code == SQLITE_DONE ? SQLITE_OK : code;
}

static int end_span(struct summary *summary)
{
    if (summary->task_count == 0)
        return SQLITE_OK;
    sqlite3_bind_int64(summary->insert_span, 1, summary->first_task_id);
    sqlite3_bind_int64(summary->insert_span, 2, summary->last_task_id);
    sqlite3_bind_int64(summary->insert_span, 3, summary->task_count);
    bind_known(summary->insert_span, 4, summary->is_created_known, summary->created_first_ns);
    bind_known(summary->insert_span, 5, summary->is_ended_known, summary->ended_last_ns);
    summary->task_count = 0;
    return run(summary->insert_span);
}

static void add_to_span(struct summary *summary, sqlite3_stmt *task)
{
    int64_t created_ns = sqlite3_column_int64(task, 2), ended_ns = sqlite3_column_int64(task, 3);
    summary->last_task_id = sqlite3_column_int64(task, 0);
    if (summary->task_count++ == 0) {
        summary->first_task_id = summary->last_task_id;
        summary->created_first_ns = created_ns;
        summary->ended_last_ns = ended_ns;
        summary->is_created_known = summary->is_ended_known = true;
    }
    summary->is_created_known &= sqlite3_column_type(task, 2) != SQLITE_NULL;
    summary->is_ended_known &= sqlite3_column_type(task, 3) != SQLITE_NULL;
    if (created_ns < summary->created_first_ns)
        summary->created_first_ns = created_ns;
    if (ended_ns > summary->ended_last_ns)
        summary->ended_last_ns = ended_ns;
}

/* --------------------------------------------------------------------------------------------------------- all of it */

static int read_tasks(struct summary *summary, sqlite3_stmt *task)
{
    int code;
    while ((code = sqlite3_step(task)) == SQLITE_ROW) {
        int64_t process_id = sqlite3_column_int64(task, 0) >> PROCESS_ID_SHIFT;
        if (process_id != summary->process_id || summary->task_count == SPAN_TASKS) {
            int written = end_span(summary);
            if (written != SQLITE_OK)
                return written;
        }
        if (process_id != summary->process_id) {
            end_process(summary);
            summary->process_id = process_id;
        }
        add_to_span(summary, task);
        add_to_origin(summary, task);
    }
    end_process(summary);
    return code == SQLITE_DONE ? end_span(summary) : code;
}

static int write_origins(const struct summary *summary)
{
    sqlite3_stmt *insert = NULL;
    int code = sqlite3_prepare_v2(summary->writer->connection, "INSERT INTO task_origin VALUES (?, ?, ?, ?, ?, ?)", -1,
                                  &insert, NULL);
    for (size_t i = 0; i < summary->origin_count && !summary->is_disordered && code == SQLITE_OK; i++) {
        const struct origin *origin = &summary->origins[i];
        sqlite3_bind_int64(insert, 1, origin->process_id);
        sqlite3_bind_int64(insert, 2, origin->site_id);
        sqlite3_bind_int64(insert, 3, origin->task_count);
        bind_known(insert, 4, origin->has_created, origin->first_task_id);
        bind_known(insert, 5, origin->has_created, origin->alive_max);
        bind_known(insert, 6, origin->has_created, origin->alive_max_ns);
        code = run(insert);
    }
    sqlite3_finalize(insert);
    return code;
}

static int summarise(struct summary *summary)
{
    sqlite3 *connection = summary->writer->connection;
    sqlite3_stmt *task = NULL;
    int code =
        sqlite3_prepare_v2(connection, "INSERT INTO task_span VALUES (?, ?, ?, ?, ?)", -1, &summary->insert_span, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_prepare_v2(connection, select_tasks, -1, &task, NULL);
    if (code == SQLITE_OK)
        code = read_tasks(summary, task);
    sqlite3_finalize(task);
    sqlite3_finalize(summary->insert_span);
    if (code == SQLITE_OK)
        code = write_origins(summary);
    return code == SQLITE_OK ? sqlite3_exec(connection, create_index, NULL, NULL, NULL) : code;
}

void tt__store_summarise(struct tt__store_writer *writer)
{
    struct summary summary = {.writer = writer, .process_id = INT64_MIN, .reached_ns = INT64_MIN};
    if (tt__store_begin(writer) < 0)
        return;
    if (tt__store_forget_summary(writer) < 0 || summarise(&summary) != SQLITE_OK || tt__store_commit(writer) < 0)
        tt__store_rollback(writer);
    tt__key_index_finish(&summary.index);
    free(summary.origins);
    free(summary.created.moments);
    free(summary.ended.moments);
}

int tt__store_forget_summary(struct tt__store_writer *writer)
{
    if (sqlite3_exec(writer->connection, "DELETE FROM task_span; DELETE FROM task_origin", NULL, NULL, NULL) ==
        SQLITE_OK)
        return 0;
    return tt__store_fail_sqlite(&writer->error, writer->connection, "writing", writer->path);
}
