/* ingest_prune.c: what a store gives up when it is too large or too old, and what never gets into it because its log is too long.
 * See tt_ingest_prune() and tt_ingest_shed_stream() in ingest.h.
 *
 *   stream ──none left──► io ──► tasks that returned or were cancelled, with notes and details of their time
 *                        ──► notes ──► details of any time ──► failures that were released
 *
 * For room each call goes through this from its beginning and deletes one slice of the first kind that has any: what was
 * added meanwhile to an earlier kind goes first. For age it deletes a slice of each kind. Within a kind, what has the least id goes first, which is the oldest of each process.
 *
 * What is not over stays: tasks that live or that somebody holds, failures that somebody can still read, scopes that were
 * not left, pieces of chunks that ingest will replace. So nothing that comes later is about something that is gone.
 */
#include <stdlib.h>
#include <string.h>

#include "ingest_state.h"

#define ROWS_A_CHUNK   256 /* of the size of a chunk, about */
#define DETAILS_A_TASK 8   /* of each kind, when they go with it */

/* What was deleted of one process. */
struct tally {
    int64_t process_id, count, first_ns, last_ns;
};

struct slice {
    struct tally *tallies;
    size_t tally_count, tally_capacity;
    int64_t count;             /* rows deleted */
    int64_t first_id, last_id; /* of them */
    int64_t horizon_ns;        /* the latest beginning of one of them */
    bool is_out_of_memory;
};

/* A row of RETURNING: process, count, beginning, end, id. */
static void count_row(void *context, const struct tt__cell *row)
{
    struct slice *slice = context;
    struct tally *tally = NULL;
    int64_t first_ns = row[2].kind == TT__CELL_INTEGER ? row[2].integer : row[3].integer;
    for (size_t i = 0; i < slice->tally_count && !tally; i++)
        if (slice->tallies[i].process_id == row[0].integer)
            tally = &slice->tallies[i];
    if (!tally && slice->tally_count == slice->tally_capacity) {
        size_t capacity = slice->tally_capacity ? 2 * slice->tally_capacity : 8;
        struct tally *tallies = reallocarray(slice->tallies, capacity, sizeof *tallies);
        if (!tallies) {
            slice->is_out_of_memory = true;
            return;
        }
        slice->tallies = tallies;
        slice->tally_capacity = capacity;
    }
    if (!tally) {
        tally = &slice->tallies[slice->tally_count++];
        *tally = (struct tally){row[0].integer, 0, first_ns, row[3].integer};
    }
    tally->count += row[1].integer;
    tally->first_ns = first_ns < tally->first_ns ? first_ns : tally->first_ns;
    tally->last_ns = row[3].integer > tally->last_ns ? row[3].integer : tally->last_ns;
    slice->first_id = slice->count == 0 || row[4].integer < slice->first_id ? row[4].integer : slice->first_id;
    slice->last_id = slice->count == 0 || row[4].integer > slice->last_id ? row[4].integer : slice->last_id;
    slice->horizon_ns = slice->count == 0 || first_ns > slice->horizon_ns ? first_ns : slice->horizon_ns;
    slice->count++;
}

static int write_tallies(struct tt_ingest *ingest, const struct slice *slice, const char *what, const char *why)
{
    for (size_t i = 0; i < slice->tally_count; i++) {
        const struct tally *tally = &slice->tallies[i];
        struct tt__cell values[] = {
            {.text = what, .length = (uint32_t)strlen(what), .kind = TT__CELL_TEXT},
            {.text = why, .length = (uint32_t)strlen(why), .kind = TT__CELL_TEXT},
            tt__integer_cell(tally->process_id),
            tt__integer_cell(tally->count),
            tt__integer_cell(tally->first_ns),
            tt__integer_cell(tally->last_ns),
        };
        if (tt__store_run(ingest->writer,
                          "INSERT INTO pruned (what, why, process_id, count, first_ns, last_ns)"
                          " VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (what, why, process_id) DO UPDATE SET"
                          " count = count + excluded.count, first_ns = min(first_ns, excluded.first_ns),"
                          " last_ns = max(last_ns, excluded.last_ns)",
                          values, 6, NULL, NULL) < 0)
            return -1;
    }
    return 0;
}

/* ?1: at most so many. ?2: they ended before. The kinds that are counted. */
static const char delete_stream[] =
    "DELETE FROM chunk WHERE chunk_id IN (SELECT c.chunk_id FROM chunk AS c"
    " LEFT JOIN thread AS t ON t.thread_id = c.thread_id LEFT JOIN process AS p ON p.process_id = c.thread_id >> 40"
    " WHERE c.last_ns < ?2 AND (c.event_count >= 4096 OR c.plain_bytes > 1048576 OR t.detached_ns IS NOT NULL"
    " OR p.is_balanced IS NOT NULL) ORDER BY c.chunk_id LIMIT ?1)"
    " RETURNING thread_id >> 40, event_count, first_ns, last_ns, chunk_id";
_Static_assert(TT_CHUNK_EVENTS == 4096, "the statement above knows when a chunk is full");
static const char delete_ios[] =
    "DELETE FROM io WHERE io_id IN (SELECT io_id FROM io WHERE finished_ns < ?2 ORDER BY io_id LIMIT ?1)"
    " RETURNING io_id >> 40, 1, started_ns, finished_ns, io_id";
static const char delete_tasks[] =
    "DELETE FROM task WHERE task_id IN (SELECT t.task_id FROM task AS t WHERE t.ended_ns < ?2"
    " AND t.outcome IN (1, 3) AND NOT EXISTS (SELECT 1 FROM failure AS f WHERE f.failure_id = t.task_id)"
    " AND NOT EXISTS (SELECT 1 FROM board AS b WHERE b.task_id = t.task_id) ORDER BY t.task_id LIMIT ?1)"
    " RETURNING task_id >> 40, 1, created_ns, ended_ns, task_id";
_Static_assert(TT_OUTCOME_RETURNED == 1 && TT_OUTCOME_CANCELLED == 3, "the statement above knows outcomes");
static const char delete_notes[] =
    "DELETE FROM note WHERE note_id IN (SELECT note_id FROM note WHERE noted_ns < ?2 ORDER BY note_id LIMIT ?1)"
    " RETURNING thread_id >> 40, 1, noted_ns, noted_ns, note_id";
static const char delete_failures[] =
    "DELETE FROM failure WHERE failure_id IN (SELECT failure_id FROM failure WHERE released_ns < ?2 ORDER BY failure_id"
    " LIMIT ?1) RETURNING failure_id >> 40, 1, stored_ns, released_ns, failure_id";

/* Details that are over, of whatever is not a failure; the same parameters. They go without being counted. */
#define OLDEST(table, condition)                                                                            \
    "DELETE FROM " table " WHERE " table "_id IN (SELECT " table "_id FROM " table " AS d WHERE " condition \
    " ORDER BY 1 LIMIT ?1) RETURNING 0, 1, 0, 0, 0"
#define NO_FAILURE(id) " AND NOT EXISTS (SELECT 1 FROM failure AS f WHERE f.failure_id = d." id ")"
static const char *const delete_details[] = {
    OLDEST("stall", "d.ended_ns < ?2"),
    OLDEST("handler_call", "d.called_ns < ?2" NO_FAILURE("object_id")),
    OLDEST("cancellation", "d.requested_ns < ?2" NO_FAILURE("task_id")),
    OLDEST("cancellation_effect", "d.happened_ns < ?2" NO_FAILURE("task_id")),
    OLDEST("scope", "d.exited_ns < ?2" NO_FAILURE("task_id")),
    "DELETE FROM scope_member WHERE task_id IN (SELECT d.task_id FROM scope_member AS d WHERE d.added_ns < ?2 AND NOT "
    "EXISTS"
    " (SELECT 1 FROM task AS t WHERE t.task_id = d.task_id) ORDER BY 1 LIMIT ?1) RETURNING 0, 1, 0, 0, 0",
    OLDEST("gather", "d.created_ns < ?2 AND NOT EXISTS (SELECT 1 FROM task AS t WHERE t.task_id = d.by_id AND "
                     "t.ended_ns IS NULL)" NO_FAILURE("gather_id")),
    OLDEST(
        "wait",
        "d.started_ns < ?2 AND NOT EXISTS (SELECT 1 FROM task AS t WHERE t.task_id = d.by_id AND t.ended_ns IS NULL)"),
    OLDEST("shield", "d.created_ns < ?2 AND NOT EXISTS (SELECT 1 FROM task AS t WHERE t.task_id = d.by_id AND "
                     "t.ended_ns IS NULL)" NO_FAILURE("shield_id")),
    OLDEST("child", "d.told_ns < ?2 AND NOT EXISTS (SELECT 1 FROM gather AS g WHERE g.gather_id = d.owner_id)"
                    " AND NOT EXISTS (SELECT 1 FROM wait AS w WHERE w.wait_id = d.owner_id)"),
    OLDEST("cycle_member", "d.broken_ns < ?2"),
    OLDEST("exception",
           "d.raised_ns < ?2"
           " AND d.exception_id NOT IN (SELECT exception_id FROM failure WHERE exception_id IS NOT NULL)"
           " AND d.exception_id NOT IN (SELECT member_id FROM exception_member WHERE member_id IS NOT NULL)"
           " AND d.exception_id NOT IN (SELECT cause_id FROM exception WHERE cause_id IS NOT NULL)"
           " AND d.exception_id NOT IN (SELECT context_id FROM exception WHERE context_id IS NOT NULL)"),
    OLDEST("exception_member",
           "d.told_ns < ?2 AND NOT EXISTS (SELECT 1 FROM exception AS e WHERE e.exception_id = d.group_id)"),
    OLDEST("test", "d.ended_ns < ?2"),
    OLDEST("ring_gap", "d.told_ns < ?2"),
    OLDEST("metric", "d.told_ns < ?2"),
};

/* What belongs to failures with ids from ?1 to ?2 that are gone. */
static const char *const delete_remains[] = {
    "DELETE FROM task WHERE task_id BETWEEN ?1 AND ?2 AND outcome = 2"
    " AND NOT EXISTS (SELECT 1 FROM failure AS f WHERE f.failure_id = task.task_id)",
    "DELETE FROM touch WHERE failure_id BETWEEN ?1 AND ?2"
    " AND NOT EXISTS (SELECT 1 FROM failure AS f WHERE f.failure_id = touch.failure_id)",
    "DELETE FROM forward WHERE failure_id BETWEEN ?1 AND ?2"
    " AND NOT EXISTS (SELECT 1 FROM failure AS f WHERE f.failure_id = forward.failure_id)",
    "DELETE FROM reference WHERE object_id BETWEEN ?1 AND ?2"
    " AND NOT EXISTS (SELECT 1 FROM failure AS f WHERE f.failure_id = reference.object_id)",
    "DELETE FROM discard WHERE object_id BETWEEN ?1 AND ?2"
    " AND NOT EXISTS (SELECT 1 FROM failure AS f WHERE f.failure_id = discard.object_id)",
};
_Static_assert(TT_OUTCOME_FAILED == 2, "the first statement above knows outcomes");

#define COUNT(array) (sizeof(array) / sizeof *(array))

static int run(struct tt_ingest *ingest, const char *sql, int64_t first, int64_t second, struct slice *slice)
{
    struct tt__cell values[] = {tt__integer_cell(first), tt__integer_cell(second)};
    return tt__store_run(ingest->writer, sql, values, 2, slice ? count_row : NULL, slice);
}

static int prune_details(struct tt_ingest *ingest, int64_t rows_max, int64_t before_ns, struct slice *slice)
{
    for (size_t i = 0; i < COUNT(delete_details); i++)
        if (run(ingest, delete_details[i], rows_max, before_ns, slice) < 0)
            return -1;
    return 0;
}

/* Deletes a slice of one kind, and counts it. *SLICE says what went. */
static int prune_kind(struct tt_ingest *ingest, const char *sql, const char *what, const char *why, int64_t rows_max,
                      int64_t before_ns, struct slice *slice)
{
    int64_t rows = sql == delete_stream ? rows_max / ROWS_A_CHUNK + 1 : rows_max;
    return run(ingest, sql, rows, before_ns, slice) < 0 ? -1 : write_tallies(ingest, slice, what, why);
}

/* What was deleted with a slice of one kind, which is gone already: with tasks the notes and details of their time, which
 * would fill the store otherwise, and leave no room for tasks that are newer. */
static int prune_belongings(struct tt_ingest *ingest, const char *sql, const char *why, int64_t rows_max,
                            const struct slice *slice)
{
    struct slice notes = {0}, details = {0};
    int result = 0;
    if (sql == delete_tasks) {
        result = prune_kind(ingest, delete_notes, "note", why, DETAILS_A_TASK * rows_max, slice->horizon_ns, &notes);
        if (result == 0)
            result = prune_details(ingest, DETAILS_A_TASK * rows_max, slice->horizon_ns, &details);
    }
    for (size_t i = 0; i < COUNT(delete_remains) && sql == delete_failures && result == 0; i++)
        result = run(ingest, delete_remains[i], slice->first_id, slice->last_id, NULL);
    free(notes.tallies);
    free(details.tallies);
    return result;
}

/* Room is made by the first kind that has any; what is too old goes whatever its kind. */
static int prune_in_turn(struct tt_ingest *ingest, const char *why, bool is_for_room, int64_t rows_max,
                         int64_t before_ns, int64_t *out_count, bool *out_is_out_of_memory)
{
    static const struct {
        const char *sql, *what;
    } kinds[] = {{delete_stream, "stream"}, {delete_ios, "io"}, {delete_tasks, "task"},
                 {delete_notes, "note"},    {NULL, NULL},       {delete_failures, "failure"}};
    int result = 0;
    for (size_t i = 0; i < COUNT(kinds) && !(is_for_room && *out_count > 0) && result == 0; i++) {
        struct slice slice = {0};
        result = kinds[i].sql ? prune_kind(ingest, kinds[i].sql, kinds[i].what, why, rows_max, before_ns, &slice)
                              : prune_details(ingest, rows_max, before_ns, &slice);
        if (result == 0 && slice.count > 0 && kinds[i].sql)
            result = prune_belongings(ingest, kinds[i].sql, why, rows_max, &slice);
        *out_count += slice.count;
        *out_is_out_of_memory |= slice.is_out_of_memory;
        free(slice.tallies);
    }
    return result;
}

int64_t tt_ingest_prune(struct tt_ingest *ingest, bool is_for_room, int64_t rows_max, int64_t before_ns)
{
    int64_t count = 0;
    bool is_out_of_memory = false;
    int result = tt__store_begin(ingest->writer);
    if (result == 0)
        result = prune_in_turn(ingest, is_for_room ? "size" : "age", is_for_room, rows_max, before_ns, &count,
                               &is_out_of_memory);
    if (result == 0 && is_out_of_memory)
        result = tt__store_writer_no_memory(ingest->writer);
    if (result == 0)
        result = tt__store_commit(ingest->writer);
    if (result < 0)
        tt__store_rollback(ingest->writer);
    return result < 0 ? -1 : count;
}

/* ------------------------------------------------------------------------------------------------- never written */

void tt_ingest_shed_stream(struct tt_ingest *ingest, bool is_shedding)
{
    ingest->is_shedding = is_shedding;
}

void tt__ingest_shed(struct tt_ingest *ingest, uint32_t process_id, int64_t time_ns)
{
    struct tt__process *process = &ingest->processes[process_id];
    bool is_first = process->shed_count++ == 0;
    process->shed_first_ns = is_first || time_ns < process->shed_first_ns ? time_ns : process->shed_first_ns;
    process->shed_last_ns = is_first || time_ns > process->shed_last_ns ? time_ns : process->shed_last_ns;
    ingest->is_shed_pending = true;
}

int tt__ingest_write_shed(struct tt_ingest *ingest)
{
    for (size_t i = 0; i < ingest->process_count; i++) {
        const struct tt__process *process = &ingest->processes[i];
        struct tally tally = {(int64_t)i, process->shed_count, process->shed_first_ns, process->shed_last_ns};
        struct slice slice = {.tallies = &tally, .tally_count = 1};
        if (process->shed_count > 0 && write_tallies(ingest, &slice, "stream", "log") < 0)
            return -1;
    }
    return 0;
}

void tt__ingest_forget_shed(struct tt_ingest *ingest)
{
    for (size_t i = 0; i < ingest->process_count && ingest->is_shed_pending; i++)
        ingest->processes[i].shed_count = 0;
    ingest->is_shed_pending = false;
}
