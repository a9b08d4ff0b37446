/* sql_steps.h: one pass over the event stream that puts steps of tasks together.
 *
 * What it is for. A step, the wait before it and the wait after it are told by several events, between which those of
 * other tasks lie. A pass keeps an entry for each living task and gives a step when the next one of its task begins,
 * or the task ends; at last those that are not over. Where events are missing in a thread, or were switched off while their process
 * ran, nothing is concluded over the gap: what was open before has no end, and what ends behind it no beginning; and it is told from
 * when on it may have ended.
 *
 * What it leaves to others. Columns (sql_steps.c, which has those of a wait for sql_instant.c too).
 *
 * Threads: as the connection.
 */
#ifndef TT_SQL_STEPS_H
#define TT_SQL_STEPS_H

#include "sql_scan.h"

#define TT_STEP_NEVER INT64_MIN /* a time that is not known */

/* What a task waits for, and who ended that. Ids are those of the store. */
struct tt_step_wait {
    int64_t since_ns, ended_ns, object, site_id, by_id;
    uint8_t kind, by; /* enum tt_wait_kind, enum tt_actor */
    bool is_known;    /* what it is */
    bool is_timed;    /* since_ns and ended_ns count */
    bool has_by;
};

struct tt_step {
    int64_t task_id, thread_id, began_ns, ended_ns;
    struct tt_step_wait after, then; /* before it, and behind it */
    /* From when until when events about what came behind it may not be there; TT_STEP_NEVER: all of them are, or it is not known until when. */
    int64_t dark_ns, light_ns;
    bool is_lost;       /* they were missing; else switched off */
    uint32_t number;    /* 0: not known */
    const char *ending; /* NULL: not known. Static. */
};

struct tt__steps_cut;
struct tt__steps_gap;
struct tt__steps_entry;
struct tt__steps_thread;

struct tt__steps {
    struct tt__scan scan; /* what it says when something failed is the caller's to tell */
    struct tt_step row;   /* the step at hand */

    uint32_t event; /* of the chunk at hand; at last: which entry is next */
    struct tt_range task;
    int64_t until_ns; /* events behind it are passed over; after the beginning: none is */
    bool is_flushing;
    struct tt__steps_entry *entries;
    uint32_t entry_count, entry_capacity, free_entry;
    uint32_t *buckets; /* 1 + index of the first entry; entry_capacity of them */
    struct tt__steps_cut *cuts; /* when steps of a process were switched on or off, or of other tasks than before; sorted */
    size_t cut_count;
    struct tt__steps_gap *gaps; /* where events are missing; those that have numbers first, in their order */
    size_t gap_count, numbered_gap_count;
    struct tt__steps_thread *threads;
    size_t thread_count, thread_capacity, thread; /* the last: that of the chunk at hand */
};

/* Begins a pass over events about tasks in TASK. Chunks that have nothing from FROM_NS to TO_NS are passed over: a step that
 * reaches out of them is told in part. PASS is all zero, or was finished; its until_ns may be set then. SQLITE_OK, or why not. */
int tt__steps_begin_near(struct tt__steps *pass, sqlite3 *connection, struct tt_range task, int64_t from_ns,
                         int64_t to_ns);

/* The next step: SQLITE_ROW, SQLITE_DONE, or an error. */
int tt__steps_next(struct tt__steps *pass);

void tt__steps_finish(struct tt__steps *pass);

/* A column that tells PART of WAIT becomes CONTEXT's result; NULL where it is not known. Tables have these columns in this order. */
enum tt_step_wait_part { TT_STEP_WAIT_KIND, TT_STEP_WAIT_OBJECT, TT_STEP_WAIT_SITE };
void tt__step_wait_result(sqlite3_context *context, const struct tt_step_wait *wait, enum tt_step_wait_part part);

#endif
