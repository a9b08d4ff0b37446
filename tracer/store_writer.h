/* store_writer.h: the one connection that writes a store.
 *
 * What it is for. Creates stores and goes on with existing ones; writes rows of many tables fast; keeps the
 * write-ahead log short; tells failures that may pass (disk full) from those that will not.
 *
 * What it leaves to others. What goes into rows (ingest.h), what columns there are (store_tables.h).
 *
 * Threads. A writer belongs to the thread that opened it. One writer a store: a second one is refused.
 */
#ifndef TT_STORE_WRITER_H
#define TT_STORE_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store.h"
#include "store_tables.h"

struct tt__store_writer;

/* One value of a row. */
struct tt__cell {
    union {
        int64_t integer;
        const char *text; /* also the bytes of a blob */
    };
    uint32_t length; /* of text and blob */
    uint8_t kind;    /* enum tt__cell_kind */
};

enum tt__cell_kind { TT__CELL_NULL = 0, TT__CELL_INTEGER, TT__CELL_TEXT, TT__CELL_BLOB };

enum tt__conflict {
    TT__APPEND,   /* there is no key */
    TT__OVERRIDE, /* what the new row says, where it is not NULL, takes the place of what the old one said */
    TT__FILL,     /* what the new row says counts only where the old one said nothing */
    TT__REPLACE   /* the new row takes the place of the old one */
};

struct tt__store_writer_options {
    uint64_t bytes_max; /* size cap of the store; 0: TT_STORE_BYTES_MAX */
    /* As soon as somebody else wants to write the store statements fail, and closing makes nothing of it. */
    bool gives_way;
};

#define TT_STORE_BYTES_MAX (UINT64_C(4) << 30)

/* Creates the store PATH, or opens it to go on with it. A new one gets mode 0600 and never follows a symbolic link. A
 * file that is no store is refused and not touched. OPTIONS may be NULL. Returns 0 and *OUT_WRITER, or -1 and
 * *OUT_ERROR. */
TT_MUST_USE int tt__store_open_writer(const char *path, const struct tt__store_writer_options *options,
                                      struct tt__store_writer **out_writer, struct tt_store_error *out_error);

/* Closes WRITER, which may be NULL. IS_FINISHED: nobody will go on with it soon, so that it becomes one plain file
 * that can be read where nothing can be written, unless somebody is reading it. */
void tt__store_close_writer(struct tt__store_writer *writer, bool is_finished);

/* Why the last call on WRITER failed; its kind says what to do: FULL, BUSY and FAILED may pass, DAMAGED will not. */
const struct tt_store_error *tt__store_writer_error(const struct tt__store_writer *writer);

/* Lets WRITER say that there was no memory for what was to be written; returns -1. */
int tt__store_writer_no_memory(struct tt__store_writer *writer);

/* All return 0, or -1 after which the transaction is to be rolled back. */
TT_MUST_USE int tt__store_begin(struct tt__store_writer *writer);
TT_MUST_USE int tt__store_commit(struct tt__store_writer *writer);
void tt__store_rollback(struct tt__store_writer *writer);

/* Writes COUNT rows of TABLE, one after another in ROWS. */
TT_MUST_USE int tt__store_write_rows(struct tt__store_writer *writer, enum tt__table table, const struct tt__cell *rows,
                                     size_t count);

/* Runs the statement SQL, a string literal, with COUNT values in PARAMETERS; calls ON_ROW (may be NULL) for each row.
 * */
typedef void (*tt__store_row_fn)(void *context, const struct tt__cell *row);
TT_MUST_USE int tt__store_run(struct tt__store_writer *writer, const char *sql, const struct tt__cell *parameters,
                              size_t count, tt__store_row_fn on_row, void *context);

/* Copies what readers do not need any more from the write-ahead log into the store. Returns the bytes that are left
 * in the log. */
uint64_t tt__store_checkpoint(struct tt__store_writer *writer);

/* Copies all of the log into the store and gives its room back to the disk. Whether that was possible: nobody was reading it, and there
 * was room. */
bool tt__store_cut_log(struct tt__store_writer *writer);

/* Whether its file is still what its name stands for, so that others find what is written: nobody has deleted or renamed it. */
bool tt__store_has_its_name(const struct tt__store_writer *writer);

/* Whether somebody has cut the write-ahead log. From then on nothing is written, and nothing of the log gets into the store: that stays as it
 * was when the log was copied last. */
bool tt__store_is_log_cut(struct tt__store_writer *writer);

/* Renames a store whose log was cut to a name that nobody has, STORE.damaged or STORE.damaged-N, and deletes what lies beside it. 0 and the
 * name in OUT_PATH, SIZE bytes at most, or -1. */
TT_MUST_USE int tt__store_set_aside(struct tt__store_writer *writer, char *out_path, size_t size);

/* Bytes that are left on the store's disk; UINT64_MAX when that cannot be found out. */
uint64_t tt__store_free_bytes(const struct tt__store_writer *writer);

/* The store may have BYTES_MAX bytes from now on; one that is larger already keeps its size. 0, or -1. */
TT_MUST_USE int tt__store_limit(struct tt__store_writer *writer, uint64_t bytes_max);

/* Bytes of the store that hold something; 0 when that cannot be found out. */
uint64_t tt__store_used_bytes(struct tt__store_writer *writer);

/* The process id of the reader that keeps the write-ahead log from being copied, of several the one whose state is the
 * oldest, with its name (at most SIZE bytes) in OUT_NAME; 0 and an empty name when there is none, or the system does not
 * tell. */
uint32_t tt__store_find_reader(struct tt__store_writer *writer, char *out_name, size_t size);

/* Bytes in the write-ahead log after the last commit or checkpoint. */
uint64_t tt__store_log_bytes(const struct tt__store_writer *writer);

#endif
