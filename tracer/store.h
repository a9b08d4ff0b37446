/* store.h: opening stores, the SQLite files that hold recordings.
 *
 * What it is for. A reader is a connection that can do nothing but read, to a file that has proved to be a telltale
 * store, with the views of this version of telltale in front of whatever the file says they are. A writer creates
 * stores or goes on with them; only the recorder (and an import) has one, and only one at a time.
 *
 * What it leaves to others. What goes into rows (ingest.h); what comes out (views/, the viewer).
 *
 * Threads. A connection belongs to the thread that opened it. tt_store_interrupt() may be called on any thread and in a
 * signal handler.
 */
#ifndef TT_STORE_H
#define TT_STORE_H

#include <stddef.h>
#include <stdint.h>

#include "telltale/trace.h"

struct sqlite3;
struct sqlite3_stmt;

/* 'TTAL', in the file's header: PRAGMA application_id. */
#define TT_STORE_APPLICATION_ID 0x5454414c
/* PRAGMA user_version of the stores that this version writes, and the newest that it reads. Older ones are migrated: by a writer in place,
 * for a reader in a private copy (store_migrate.h). */
#define TT_STORE_SCHEMA_VERSION 2

enum tt_store_error_kind {
    TT_STORE_OK = 0,
    TT_STORE_MISSING,           /* there is no such file */
    TT_STORE_UNREADABLE,        /* it may not be read, or reading failed */
    TT_STORE_DIRECTORY,         /* it is a directory */
    TT_STORE_NOT_REGULAR,       /* it is a device, a pipe, a socket */
    TT_STORE_NOT_SQLITE,        /* it is no SQLite file */
    TT_STORE_OTHER_APPLICATION, /* it is an SQLite file, but of another application */
    TT_STORE_NEWER_SCHEMA,      /* it was written by a newer telltale */
    TT_STORE_DAMAGED,           /* it says that it is a store, and its tables are not what a store has */
    TT_STORE_NETWORK,           /* writers only: it lies on a network file system, where locks cannot be trusted */
    TT_STORE_BUSY,              /* another process is writing it, or its locks could not be had in time */
    TT_STORE_FULL,              /* no room left on the disk */
    TT_STORE_FAILED             /* anything else: see text */
};

struct tt_store_error {
    enum tt_store_error_kind kind;
    /* One line: what happened, where, what to do next; no capital, no full stop. Raw bytes of the path may be in it. */
    char text[512];
};

/* ------------------------------------------------------------------------------------------------------ readers */

struct tt_store_reader;

/* Opens the store at PATH for reading. Nothing is written: not to the file, and not beside it, unless the folder can be
 * written and the store is in use or was left by a kill; then SQLite keeps its index of the write-ahead log there. A
 * store whose folder cannot be written, or that is of an older version, is read from a private copy that close removes. The file must be
 * a regular file, an SQLite database, a telltale store of at most TT_STORE_SCHEMA_VERSION, with tables that are what that
 * version has. The connection is read-only, defensive, trusts no schema; all views are the text of this
 * version, the file's own where it has nothing else, or TEMP views. Statements run at most 60 s until tt_store_set_deadline() says otherwise. Returns 0 and
 * *OUT_READER, or -1 and *OUT_ERROR. */
TT_MUST_USE int tt_store_open_reader(const char *path, struct tt_store_reader **out_reader,
                                     struct tt_store_error *out_error);

/* The same for whoever asks for all there is: what statements sort goes to temporary files, without names, when it is more than some
 * megabytes; in memory it would take a hundred bytes and more for each task. */
TT_MUST_USE int tt_store_open_large_reader(const char *path, struct tt_store_reader **out_reader,
                                           struct tt_store_error *out_error);

/* The same for a store that nobody writes any more, though it has processes that were not read to their end, and in which that cannot be
 * noted: it is read from a private copy, in which it is (store_settle.h). */
TT_MUST_USE int tt_store_open_settled_reader(const char *path, struct tt_store_reader **out_reader,
                                             struct tt_store_error *out_error);

/* Prepares the first statement of SQL, as sqlite3_prepare_v2() does; what the statement asks of the event stream is made first, if no
 * statement has asked for it. *OUT_STATEMENT is the caller's, and NULL after a failure; *OUT_REST, if it is not NULL, is what stands
 * behind the statement. Returns SQLite's code; sqlite3_errmsg() of the connection says more. */
TT_MUST_USE int tt_store_prepare(struct tt_store_reader *reader, const char *sql, struct sqlite3_stmt **out_statement,
                                 const char **out_rest);

/* Has STATEMENT go on to its next row, as sqlite3_step() does, and returns what that returns. Statements of a reader are run by it: SQLite looks
 * a page over when it reads it, and not again while it remembers it, so that what one statement fails at the next one would take for rows.
 * After a failure that says damage, READER remembers no pages. */
TT_MUST_USE int tt_store_step(struct tt_store_reader *reader, struct sqlite3_stmt *statement);

/* The connection of READER, for statements of the caller's own, with all tables and views that there are. It stays READER's;
 * read-only for all that is executed. */
struct sqlite3 *tt_store_reader_connection(struct tt_store_reader *reader);

/* What SQLite says about the last call that failed. READER's, until the next one. */
const char *tt_store_reader_message(struct tt_store_reader *reader);

/* The path that was opened, as the caller gave it. READER's. */
const char *tt_store_reader_path(const struct tt_store_reader *reader);

/* 1 when somebody has the lock of the store's file, as recorders and imports have while they write it; else 0. Who wants it in this moment
 * waits an instant. */
int tt_store_reader_has_writer(const struct tt_store_reader *reader);

/* 1 when a statement was prepared on the reader's connection that reads steps, which may have been told of some tasks only; else 0. */
int tt_store_reader_asks_steps(const struct tt_store_reader *reader);

/* Gives the statements that run from now on NANOSECONDS altogether; a statement that runs longer fails with
 * SQLITE_INTERRUPT. 0: no limit. */
void tt_store_set_deadline(struct tt_store_reader *reader, int64_t nanoseconds);

/* Calls TELL with CONTEXT, some five times a second while a statement runs, with the time since this call in nanoseconds. TELL must
 * not use the connection. NULL: no more. */
void tt_store_set_progress(struct tt_store_reader *reader, void (*tell)(void *context, int64_t elapsed_ns), void *context);

/* Makes the statement that runs fail with SQLITE_INTERRUPT. Any thread, signal handlers. */
void tt_store_interrupt(struct tt_store_reader *reader);

/* Closes READER, which may be NULL; its statements must be finalized. Removes the private copy, if one was made. */
void tt_store_close_reader(struct tt_store_reader *reader);

/* ------------------------------------------------------------------------------------------------- text of views */

struct tt_store_view {
    const char *name; /* NULL after the last one */
    const char *sql;  /* a sentence, and CREATE VIEW name AS ... with a sentence above each column */
};

/* The views of this version; ends with a NULL name. Static. */
extern const struct tt_store_view tt_store_views[];

/* Views over the event stream: a reader has them, a store does not; ends with a NULL name. Static. */
extern const struct tt_store_view tt_store_stream_views[];

/* The text of schema.sql. Static. */
extern const char tt_store_schema[];

#endif
