/* sql_scan.h: reading the event stream of the store that an SQLite connection has open, chunk by chunk.
 *
 * What it is for. The virtual tables event, steps, turns and instant look through chunks; those that cannot have what is asked
 * for are passed over by the plain columns beside them, without being unpacked. A chunk whose checksum does not hold,
 * or that is not what it says, ends the scan with an error that names it: nothing of it is believed.
 *
 * What it leaves to others. What to make of events (sql_event.c, sql_steps.c, sql_turns.c, sql_instant.c).
 *
 * Threads: as the connection.
 */
#ifndef TT_SQL_SCAN_H
#define TT_SQL_SCAN_H

#include <stdbool.h>
#include <stdint.h>

#include "chunk.h"
#include "sql_api.h"

/* Integers from the one to the other, both included. */
struct tt_range {
    int64_t least, greatest;
};
#define TT_RANGE_ALL ((struct tt_range){INT64_MIN, INT64_MAX})

/* What chunks to look at; all of them: TT_SCAN_ALL. Task and thread ids are those of the store. */
struct tt_scan_bounds {
    int64_t from_ns, to_ns;
    int64_t thread_first, thread_last;
    int64_t task_first, task_last;
    bool has_task;       /* the two above count */
    bool tells_skipped;  /* chunks that do not matter are told too, without their events */
    uint64_t number_set; /* any of these events, see struct tt_chunk_summary */
};
#define TT_SCAN_ALL                                     \
    ((struct tt_scan_bounds){.from_ns = INT64_MIN,      \
                             .to_ns = INT64_MAX,        \
                             .thread_first = INT64_MIN, \
                             .thread_last = INT64_MAX,  \
                             .task_first = INT64_MIN,   \
                             .task_last = INT64_MAX,    \
                             .number_set = UINT64_MAX})

struct tt__scan {
    sqlite3 *connection;
    sqlite3_stmt *statement;                   /* NULL: not begun, or over */
    int64_t chunk_id, thread_id, process_base; /* of the chunk at hand; the last: what composes its ids */
    struct tt_chunk_summary summary;           /* of it, as the store says */
    struct tt__unpacked chunk;                 /* no events: it does not matter */
    bool tells_skipped;                        /* of its bounds */
    char *message;                             /* of the last error, sqlite3_malloc'ed; NULL: SQLite's own says it */
};

/* SQLITE_OK, or why not. SCAN is all zero, or was finished. */
int tt__scan_begin(struct tt__scan *scan, sqlite3 *connection, const struct tt_scan_bounds *bounds);

/* The next chunk: SQLITE_ROW, SQLITE_DONE, or an error. */
int tt__scan_next(struct tt__scan *scan);

/* The chunk at hand is damaged inside, so that WHAT; or there was no memory to read it: the error to return, SQLITE_CORRUPT_VTAB or
 * SQLITE_NOMEM. */
int tt__scan_damaged(struct tt__scan *scan, const char *what);

void tt__scan_finish(struct tt__scan *scan);

/* The store's id of a local one; 0 stays 0. */
static inline int64_t tt__scan_id(const struct tt__scan *scan, uint64_t local)
{
    return local != 0 ? scan->process_base | (int64_t)(local & ((UINT64_C(1) << 40) - 1)) : 0;
}

#endif
