/* sql_steps_pass.c: see sql_steps.h. */
#include "sql_steps.h"

#include <stdlib.h>
#include <string.h>

#include "event_fields.h"
#include "event_ids.h"

/* A living task. */
struct tt__steps_entry {
    struct tt_step step;
    bool has_step;
    int64_t thread_id; /* where an event of it was seen last, */
    int64_t seen_ns;   /* when, */
    uint64_t sequence; /* its number, */
    uint32_t gaps;     /* and that one's, then */
    uint32_t next;     /* in its bucket, or of the free ones; 1 + index */
};

struct tt__steps_cut {
    int64_t process_id, ns;
};

/* Events that are missing in a thread: as the table gap. Between the first and the last of them there may be others. */
struct tt__steps_gap {
    int64_t thread_id;
    int64_t from_ns;         /* TT_STEP_NEVER: none came before them */
    int64_t to_ns;           /* INT64_MAX: none came behind them */
    uint64_t first_sequence; /* of those that have numbers */
    bool is_of_process;      /* the thread may be another one */
};

struct tt__steps_thread {
    int64_t thread_id;
    uint64_t next_sequence;
    uint32_t gaps; /* times that events were missing */
};

/* --------------------------------------------------------------------------------------------------- living tasks */

static uint32_t bucket_of(const struct tt__steps *pass, int64_t task_id)
{
    return (uint32_t)((uint64_t)task_id * UINT64_C(0x9e3779b97f4a7c15) >> 32) & (pass->entry_capacity - 1);
}

/* Twice as many entries and buckets. */
static bool grow_entries(struct tt__steps *pass)
{
    uint32_t capacity = pass->entry_capacity ? 2 * pass->entry_capacity : 64;
    struct tt__steps_entry *entries = capacity != 0 ? reallocarray(pass->entries, capacity, sizeof *entries) : NULL;
    if (entries)
        pass->entries = entries;
    uint32_t *buckets = entries ? calloc(capacity, sizeof *buckets) : NULL;
    if (!buckets)
        return false;
    free(pass->buckets);
    pass->buckets = buckets;
    pass->entry_capacity = capacity;
    for (uint32_t i = 0; i < pass->entry_count; i++) { /* none is free, else there were no need to grow */
        uint32_t *bucket = &buckets[bucket_of(pass, entries[i].step.task_id)];
        entries[i].next = *bucket;
        *bucket = i + 1;
    }
    return true;
}

static struct tt__steps_entry *find_entry(const struct tt__steps *pass, int64_t task_id)
{
    if (pass->entry_capacity == 0)
        return NULL;
    for (uint32_t at = pass->buckets[bucket_of(pass, task_id)]; at != 0; at = pass->entries[at - 1].next)
        if (pass->entries[at - 1].step.task_id == task_id)
            return &pass->entries[at - 1];
    return NULL;
}

/* NULL: no memory. */
static struct tt__steps_entry *add_entry(struct tt__steps *pass, int64_t task_id)
{
    uint32_t index = pass->free_entry - 1;
    if (pass->free_entry != 0) {
        pass->free_entry = pass->entries[index].next;
    } else {
        if (pass->entry_count == pass->entry_capacity && !grow_entries(pass))
            return NULL;
        index = pass->entry_count++;
    }
    uint32_t *bucket = &pass->buckets[bucket_of(pass, task_id)];
    pass->entries[index] = (struct tt__steps_entry){.step.task_id = task_id,
                                                    .next = *bucket,
                                                    .thread_id = pass->scan.thread_id,
                                                    .seen_ns = pass->scan.chunk.times[pass->event],
                                                    .sequence = pass->scan.chunk.sequences[pass->event],
                                                    .step.dark_ns = TT_STEP_NEVER,
                                                    .step.light_ns = TT_STEP_NEVER,
                                                    .gaps = pass->threads[pass->thread].gaps};
    *bucket = index + 1;
    return &pass->entries[index];
}

static void remove_entry(struct tt__steps *pass, struct tt__steps_entry *entry)
{
    uint32_t index = (uint32_t)(entry - pass->entries);
    uint32_t *link = &pass->buckets[bucket_of(pass, entry->step.task_id)];
    while (*link != index + 1)
        link = &pass->entries[*link - 1].next;
    *link = entry->next;
    entry->has_step = false;
    entry->next = pass->free_entry;
    pass->free_entry = index + 1;
}

/* ---------------------------------------------------------------------------------------------------------- threads */

/* The chunk at hand is of a thread. False: no memory. */
static bool enter_thread(struct tt__steps *pass)
{
    int64_t thread_id = pass->scan.thread_id;
    for (pass->thread = 0; pass->thread < pass->thread_count; pass->thread++)
        if (pass->threads[pass->thread].thread_id == thread_id)
            return true;
    if (pass->thread_count == pass->thread_capacity) {
        size_t capacity = pass->thread_capacity ? 2 * pass->thread_capacity : 16;
        struct tt__steps_thread *grown = reallocarray(pass->threads, capacity, sizeof *grown);
        if (!grown)
            return false;
        pass->threads = grown;
        pass->thread_capacity = capacity;
    }
    pass->threads[pass->thread_count++] =
        (struct tt__steps_thread){.thread_id = thread_id, .next_sequence = pass->scan.summary.first_sequence};
    return true;
}

/* COUNT events with numbers from FIRST to LAST come next in the thread. */
static void pass_sequence(struct tt__steps *pass, uint64_t first, uint64_t last, uint64_t count)
{
    struct tt__steps_thread *thread = &pass->threads[pass->thread];
    if (first != thread->next_sequence || last - first + 1 != count)
        thread->gaps++;
    thread->next_sequence = last + 1;
}

/* ------------------------------------------------------------------------------------------------------------ events
 * */

/* What an event says; 0 for fields that it does not have. */
struct facts {
    int64_t time_ns;
    uint64_t values[4];
};

/* The task of the event at hand, and the values of FIELD and those behind it. False: it is damaged. */
static bool read_fields(struct tt__steps *pass, const char *const *names, size_t count, struct facts *out)
{
    struct tt__unpacked *chunk = &pass->scan.chunk;
    const struct tt__chunk_type *type = &chunk->types[chunk->type_of[pass->event]];
    size_t known_count;
    const struct tt__known_field *fields = tt__event_fields(type->number, &known_count);
    for (size_t i = 0; i < count; i++) {
        uint32_t field = 0;
        while (field < known_count && strcmp(fields[field].name, names[i]) != 0)
            field++;
        out->values[i] = 0;
        if (field < type->field_count && !tt__unpacked_number(chunk, pass->event, field, &out->values[i]))
            return false;
    }
    return true;
}

/* The step of ENTRY is over as far as it can be: it becomes the row, and the wait after it the one before the next. */
static bool take_row(struct tt__steps *pass, struct tt__steps_entry *entry)
{
    bool has_row = entry->has_step;
    if (has_row)
        pass->row = entry->step;
    entry->step.after = entry->step.then;
    entry->step.then = (struct tt_step_wait){0};
    entry->step.began_ns = entry->step.ended_ns = TT_STEP_NEVER;
    entry->step.number = 0;
    entry->step.ending = NULL;
    entry->step.dark_ns = entry->step.light_ns = TT_STEP_NEVER;
    entry->step.is_lost = false;
    entry->has_step = false;
    return has_row;
}

/* When other steps were selected in a process the first time after FROM_NS; TT_STEP_NEVER: not again. */
static int64_t find_cut(const struct tt__steps *pass, int64_t process_id, int64_t from_ns)
{
    size_t low = 0, high = pass->cut_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct tt__steps_cut *cut = &pass->cuts[middle];
        if (cut->process_id < process_id || (cut->process_id == process_id && cut->ns <= from_ns))
            low = middle + 1;
        else
            high = middle;
    }
    return low < pass->cut_count && pass->cuts[low].process_id == process_id ? pass->cuts[low].ns : TT_STEP_NEVER;
}

/* Whether other steps were selected in a process after FROM_NS, until TO_NS. */
static bool has_cut(const struct tt__steps *pass, int64_t process_id, int64_t from_ns, int64_t to_ns)
{
    int64_t cut_ns = find_cut(pass, process_id, from_ns);
    return cut_ns != TT_STEP_NEVER && cut_ns <= to_ns;
}

/* From when on events may be missing behind the last one of ENTRY that was seen; TT_STEP_NEVER: none are. */
static int64_t find_gap(const struct tt__steps *pass, const struct tt__steps_entry *entry)
{
    size_t low = 0, high = pass->numbered_gap_count;
    int64_t found_ns = TT_STEP_NEVER;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct tt__steps_gap *gap = &pass->gaps[middle];
        if (gap->thread_id < entry->thread_id ||
            (gap->thread_id == entry->thread_id && gap->first_sequence <= entry->sequence))
            low = middle + 1;
        else
            high = middle;
    }
    if (low > 0 && pass->gaps[low - 1].thread_id == entry->thread_id && pass->gaps[low - 1].to_ns >= entry->seen_ns)
        return entry->seen_ns;
    if (low < pass->numbered_gap_count && pass->gaps[low].thread_id == entry->thread_id)
        found_ns = pass->gaps[low].from_ns > entry->seen_ns ? pass->gaps[low].from_ns : entry->seen_ns;
    for (size_t i = pass->numbered_gap_count; i < pass->gap_count; i++) {
        const struct tt__steps_gap *gap = &pass->gaps[i];
        bool is_near = gap->is_of_process ? gap->thread_id >> 40 == entry->thread_id >> 40
                                          : gap->thread_id == entry->thread_id;
        int64_t from_ns = gap->from_ns > entry->seen_ns ? gap->from_ns : entry->seen_ns;
        if (is_near && gap->to_ns > entry->seen_ns && (found_ns == TT_STEP_NEVER || from_ns < found_ns))
            found_ns = from_ns;
    }
    return found_ns;
}

/* Puts down from when on nothing is known of what ENTRY's step was followed by, if that is so as far as the pass goes. */
static void darken(const struct tt__steps *pass, struct tt__steps_entry *entry)
{
    struct tt_step *step = &entry->step;
    int64_t gap_ns = pass->gap_count > 0 ? find_gap(pass, entry) : TT_STEP_NEVER;
    for (size_t i = 0; i < pass->thread_count; i++)
        if (pass->threads[i].thread_id == entry->thread_id && pass->threads[i].gaps != entry->gaps && gap_ns == TT_STEP_NEVER)
            gap_ns = entry->seen_ns; /* in the same nanosecond; or nobody counted them: the stream was pruned */
    int64_t cut_ns = pass->cut_count > 0 ? find_cut(pass, step->task_id >> 40, entry->seen_ns) : TT_STEP_NEVER;
    step->is_lost = gap_ns != TT_STEP_NEVER && (cut_ns == TT_STEP_NEVER || gap_ns <= cut_ns);
    step->dark_ns = step->is_lost ? gap_ns : cut_ns;
    if (step->dark_ns > pass->until_ns) {
        step->dark_ns = TT_STEP_NEVER;
        step->is_lost = false;
    }
}

/* Events of the thread are missing since an event of ENTRY was seen, or were not told: nothing of then goes on. Whether there is a row. */
static bool cut_off(struct tt__steps *pass, struct tt__steps_entry *entry)
{
    uint32_t gaps = pass->threads[pass->thread].gaps;
    int64_t now_ns = pass->scan.chunk.times[pass->event];
    bool is_cut = (entry->gaps != gaps && entry->thread_id == pass->scan.thread_id) ||
                  (pass->cut_count > 0 && has_cut(pass, entry->step.task_id >> 40, entry->seen_ns, now_ns));
    if (is_cut) {
        darken(pass, entry);
        if (entry->step.dark_ns == TT_STEP_NEVER || entry->step.dark_ns > now_ns) /* a gap within one nanosecond */
            entry->step.dark_ns = entry->seen_ns;
        entry->step.light_ns = now_ns;
    }
    entry->seen_ns = now_ns;
    entry->sequence = pass->scan.chunk.sequences[pass->event];
    entry->gaps = gaps;
    entry->thread_id = pass->scan.thread_id;
    if (!is_cut)
        return false;
    bool has_row = take_row(pass, entry);
    entry->step.after = (struct tt_step_wait){0};
    return has_row;
}

static bool begin_step(struct tt__steps *pass, struct tt__steps_entry *entry, const struct facts *facts)
{
    bool has_row = take_row(pass, entry);
    entry->has_step = true;
    entry->step.thread_id = pass->scan.thread_id;
    entry->step.began_ns = facts->time_ns;
    entry->step.number = (uint32_t)facts->values[0];
    return has_row;
}

/* An end; without a step that it could be the end of there is one whose beginning is missing. */
static bool end_step(struct tt__steps *pass, struct tt__steps_entry *entry, const struct facts *facts,
                     const char *ending)
{
    bool has_row = false;
    if (!entry->has_step || entry->step.ending) {
        has_row = take_row(pass, entry);
        entry->step.after = (struct tt_step_wait){0};
        entry->has_step = true;
        entry->step.thread_id = pass->scan.thread_id;
    }
    entry->step.ended_ns = facts->time_ns;
    entry->step.ending = ending;
    return has_row;
}

static bool suspend(struct tt__steps *pass, struct tt__steps_entry *entry, const struct facts *facts)
{
    uint8_t kind = (uint8_t)facts->values[0], state = (uint8_t)facts->values[1];
    bool is_ready = state == TT_TASK_STATE_READY;
    bool has_row = end_step(pass, entry, facts, is_ready ? "ready" : "waiting");
    entry->step.then = (struct tt_step_wait){
        .since_ns = facts->time_ns,
        .ended_ns = is_ready ? facts->time_ns : TT_STEP_NEVER,
        .object = tt__word_names_object("wait_kind", kind) ? tt__scan_id(&pass->scan, facts->values[2])
                                                           : (int64_t)facts->values[2],
        .site_id = (int64_t)facts->values[3],
        .kind = kind,
        .is_known = true,
        .is_timed = true,
    };
    return has_row;
}

static void wake(struct tt__steps *pass, struct tt__steps_entry *entry, const struct facts *facts)
{
    struct tt_step_wait *wait = &entry->step.then;
    if (!wait->is_timed)
        wait->since_ns = TT_STEP_NEVER;
    wait->ended_ns = facts->time_ns;
    wait->is_timed = true;
    wait->by = (uint8_t)facts->values[0];
    wait->by_id = tt__word_names_object("actor", wait->by) ? tt__scan_id(&pass->scan, facts->values[1])
                                                           : (int64_t)facts->values[1];
    wait->has_by = true;
}

/* The task has ended. Its last row, if it is one that was told step by step. */
static bool end_task(struct tt__steps *pass, struct tt__steps_entry *entry, const struct facts *facts,
                     bool is_abandoned)
{
    if (entry->has_step && !entry->step.ending) {
        entry->step.ended_ns = facts->time_ns;
        entry->step.ending = is_abandoned ? "abandoned" : "finished";
    }
    bool has_row = take_row(pass, entry);
    remove_entry(pass, entry);
    return has_row;
}

/* Whether steps are made of events with NUMBER. */
static bool is_about_steps(unsigned number)
{
    switch (number) {
    case TT_EVENT_task_created:
    case TT_EVENT_task_finished:
    case TT_EVENT_task_abandoned:
    case TT_EVENT_task_suspended:
    case TT_EVENT_task_woken:
    case TT_EVENT_task_resumed:
        return true;
    default:
        return false;
    }
}

/* What event NUMBER, the one at hand, does to ENTRY. Returns whether there is a row; *OUT_IS_READ: false if it is
 * damaged. */
static bool apply(struct tt__steps *pass, struct tt__steps_entry *entry, unsigned number, bool *out_is_read)
{
    static const char *const resumed[] = {"step_number"}, *const woken[] = {"by", "by_id"},
                             *const suspended[] = {"wait_kind", "state", "wait_object", "wait_site"};
    struct facts facts = {.time_ns = pass->scan.chunk.times[pass->event]};
    *out_is_read = true;
    switch (number) {
    case TT_EVENT_task_created:
        entry->step.then =
            (struct tt_step_wait){.since_ns = TT_STEP_NEVER, .ended_ns = facts.time_ns, .is_timed = true};
        return false;
    case TT_EVENT_task_resumed:
        *out_is_read = read_fields(pass, resumed, 1, &facts);
        return *out_is_read && begin_step(pass, entry, &facts);
    case TT_EVENT_task_woken:
        if ((*out_is_read = read_fields(pass, woken, 2, &facts)))
            wake(pass, entry, &facts);
        return false;
    case TT_EVENT_task_suspended:
        *out_is_read = read_fields(pass, suspended, 4, &facts);
        return *out_is_read && suspend(pass, entry, &facts);
    default:
        return end_task(pass, entry, &facts, number == TT_EVENT_task_abandoned);
    }
}

/* Takes the event at hand in, and goes to the next. SQLITE_ROW: there is a row; SQLITE_OK; or an error. */
static int take_event(struct tt__steps *pass)
{
    const struct tt__unpacked *chunk = &pass->scan.chunk;
    struct tt__steps_thread *thread = &pass->threads[pass->thread];
    unsigned number = chunk->types[chunk->type_of[pass->event]].number;
    int64_t task_id = tt__scan_id(&pass->scan, chunk->tasks[pass->event]);
    bool is_read, has_row;

    pass_sequence(pass, chunk->sequences[pass->event], chunk->sequences[pass->event], 1);
    if (!is_about_steps(number) || task_id == 0 || task_id < pass->task.least || task_id > pass->task.greatest ||
        chunk->times[pass->event] > pass->until_ns) {
        pass->event++;
        return SQLITE_OK;
    }
    struct tt__steps_entry *entry = find_entry(pass, task_id);
    if (entry && cut_off(pass, entry)) { /* the event itself is for the next time */
        thread->next_sequence = chunk->sequences[pass->event];
        return SQLITE_ROW;
    }
    if (!entry && (number == TT_EVENT_task_finished || number == TT_EVENT_task_abandoned)) {
        pass->event++;
        return SQLITE_OK;
    }
    if (!entry && !(entry = add_entry(pass, task_id)))
        return SQLITE_NOMEM;
    has_row = apply(pass, entry, number, &is_read);
    if (!is_read)
        return tt__scan_damaged(&pass->scan, "fields are unreadable");
    pass->event++;
    return has_row ? SQLITE_ROW : SQLITE_OK;
}

/* ---------------------------------------------------------------------------------------------------- going through */

/* The next of those that are left when the stream is over. */
static int flush(struct tt__steps *pass)
{
    while (pass->event < pass->entry_count) {
        struct tt__steps_entry *entry = &pass->entries[pass->event++];
        if (entry->has_step)
            darken(pass, entry);
        if (take_row(pass, entry))
            return SQLITE_ROW;
    }
    return SQLITE_DONE;
}

/* The next chunk. SQLITE_OK, or an error; at the end it is for flush() to go on. */
static int next_chunk(struct tt__steps *pass)
{
    int code = tt__scan_next(&pass->scan);
    pass->event = 0;
    if (code == SQLITE_DONE) {
        pass->is_flushing = true;
        return SQLITE_OK;
    }
    if (code != SQLITE_ROW)
        return code;
    if (!enter_thread(pass))
        return SQLITE_NOMEM;
    const struct tt_chunk_summary *summary = &pass->scan.summary;
    if (pass->scan.chunk.event_count == 0)
        pass_sequence(pass, summary->first_sequence, summary->last_sequence, summary->event_count);
    return SQLITE_OK;
}

int tt__steps_next(struct tt__steps *pass)
{
    int code = SQLITE_OK;
    while (code == SQLITE_OK && !pass->is_flushing)
        code = pass->event < pass->scan.chunk.event_count ? take_event(pass) : next_chunk(pass);
    return code == SQLITE_OK ? flush(pass) : code;
}

/* Where steps were selected anew. SQLITE_OK, or why not. */
static int find_cuts(struct tt__steps *pass, sqlite3 *connection)
{
    static const char sql[] =
        "SELECT process_id, selected_ns FROM (\n"
        "    SELECT n.thread_id >> 40 AS process_id, n.selected_ns, iif(n.categories & 1024, n.step_every, 0) AS every,\n"
        "        lag(iif(n.categories & 1024, n.step_every, 0)) OVER (PARTITION BY n.thread_id >> 40\n"
        "            ORDER BY n.selected_ns, n.selection_id) AS every_before\n"
        "    FROM main.selection AS n) AS s\n"
        "WHERE every IS NOT coalesce(every_before, (SELECT iif(p.categories & 1024, p.step_every, 0) FROM main.process AS p\n"
        "    WHERE p.process_id = s.process_id))\n"
        "ORDER BY process_id, selected_ns";
    sqlite3_stmt *statement;
    size_t capacity = 0;
    int code = sqlite3_prepare_v2(connection, sql, -1, &statement, NULL);
    while (code == SQLITE_OK && (code = sqlite3_step(statement)) == SQLITE_ROW) {
        if (pass->cut_count == capacity) {
            capacity = capacity ? 2 * capacity : 16;
            struct tt__steps_cut *grown = reallocarray(pass->cuts, capacity, sizeof *grown);
            if (grown)
                pass->cuts = grown;
            code = grown ? SQLITE_ROW : SQLITE_NOMEM;
        }
        if (code == SQLITE_ROW)
            pass->cuts[pass->cut_count++] =
                (struct tt__steps_cut){sqlite3_column_int64(statement, 0), sqlite3_column_int64(statement, 1)};
        code = code == SQLITE_ROW ? SQLITE_OK : code;
    }
    sqlite3_finalize(statement);
    return code == SQLITE_DONE ? SQLITE_OK : code;
}

/* Where events are missing. SQLITE_OK, or why not. */
static int find_gaps(struct tt__steps *pass, sqlite3 *connection)
{
    static const char sql[] = "SELECT thread_id, from_ns, to_ns, first_sequence, what = 'unattributed' FROM main.gap\n"
                              "ORDER BY first_sequence IS NULL, thread_id, first_sequence";
    sqlite3_stmt *statement;
    size_t capacity = 0;
    int code = sqlite3_prepare_v2(connection, sql, -1, &statement, NULL);
    while (code == SQLITE_OK && (code = sqlite3_step(statement)) == SQLITE_ROW) {
        if (pass->gap_count == capacity) {
            capacity = capacity ? 2 * capacity : 16;
            struct tt__steps_gap *grown = reallocarray(pass->gaps, capacity, sizeof *grown);
            if (!grown) {
                code = SQLITE_NOMEM;
                break;
            }
            pass->gaps = grown;
        }
        bool has_number = sqlite3_column_type(statement, 3) == SQLITE_INTEGER;
        pass->gaps[pass->gap_count++] = (struct tt__steps_gap){
            .thread_id = sqlite3_column_int64(statement, 0),
            .from_ns = sqlite3_column_type(statement, 1) == SQLITE_INTEGER ? sqlite3_column_int64(statement, 1)
                                                                           : TT_STEP_NEVER,
            .to_ns = sqlite3_column_type(statement, 2) == SQLITE_INTEGER ? sqlite3_column_int64(statement, 2) : INT64_MAX,
            .first_sequence = (uint64_t)sqlite3_column_int64(statement, 3),
            .is_of_process = sqlite3_column_int(statement, 4) != 0,
        };
        pass->numbered_gap_count += has_number;
        code = SQLITE_OK;
    }
    sqlite3_finalize(statement);
    return code == SQLITE_DONE ? SQLITE_OK : code;
}

int tt__steps_begin_near(struct tt__steps *pass, sqlite3 *connection, struct tt_range task, int64_t from_ns,
                         int64_t to_ns)
{
    static const unsigned numbers[] = {TT_EVENT_task_created,   TT_EVENT_task_finished, TT_EVENT_task_abandoned,
                                       TT_EVENT_task_suspended, TT_EVENT_task_woken,    TT_EVENT_task_resumed};
    struct tt_scan_bounds bounds = TT_SCAN_ALL;
    memset(pass, 0, sizeof *pass);
    pass->task = task;
    pass->until_ns = INT64_MAX;
    bounds.from_ns = from_ns;
    bounds.to_ns = to_ns;
    bounds.tells_skipped = true;
    bounds.number_set = 0;
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        bounds.number_set |= UINT64_C(1) << (numbers[i] % 64);
    bounds.has_task = task.least != INT64_MIN || task.greatest != INT64_MAX;
    bounds.task_first = task.least;
    bounds.task_last = task.greatest;
    int code = find_cuts(pass, connection);
    if (code == SQLITE_OK)
        code = find_gaps(pass, connection);
    return code == SQLITE_OK ? tt__scan_begin(&pass->scan, connection, &bounds) : code;
}

void tt__steps_finish(struct tt__steps *pass)
{
    tt__scan_finish(&pass->scan);
    free(pass->entries);
    free(pass->buckets);
    free(pass->threads);
    free(pass->cuts);
    free(pass->gaps);
    memset(pass, 0, sizeof *pass);
}
