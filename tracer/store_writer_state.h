/* store_writer_state.h: what a writer of a store is, for the files that it is made of: store_writer.c, store_rows.c, store_image.c,
 * store_summary.c, store_log_reader.c, store_log_cut.c. Everybody else has store_writer.h.
 *
 * Threads: as store_writer.h says.
 */
#ifndef TT_STORE_WRITER_STATE_H
#define TT_STORE_WRITER_STATE_H

#include <sqlite3.h>

#include "store_writer.h"

/* Of a new store: a tree of tasks is less deep than with SQLite's 4096, and rows of all kinds are written faster; with more, a small
 * commit would write much that has not changed. */
#define TT__STORE_PAGE_BYTES       8192
#define TT__STORE_OTHER_STATEMENTS 96

/* What a table is called and how its rows are written. */
struct tt__table_shape {
    const char *name;
    const char *const *columns;
    int column_count, key_count;
    enum tt__conflict conflict;
};
extern const struct tt__table_shape tt__table_shapes[TT__TABLE_COUNT];

/* The statement for rows with values in the columns of a mask. */
struct tt__usual {
    sqlite3_stmt *statement;
    uint32_t mask;
    bool is_refused; /* one of the rows at hand was in the store already */
};

struct tt__store_writer {
    sqlite3 *connection;
    int fd;         /* holds the lock against other writers */
    int index_fd;   /* see store_log_reader.c; -1: not open */
    int log_fd;     /* see store_log_cut.c; -1: not open */
    bool is_log_cut; /* seen once, also when the log has grown again */
    bool gives_way; /* to others that want to write the store */
    char *path;
    int page_bytes, log_pages;
    struct tt_store_error error;
    sqlite3_stmt *single[TT__TABLE_COUNT];   /* one row a statement */
    sqlite3_stmt *bulk[TT__TABLE_COUNT];     /* many */
    struct tt__usual usual[TT__TABLE_COUNT]; /* many with the same columns */
    struct tt__image *image;                 /* very many; NULL: there were none as yet */
    struct {
        const char *sql; /* told apart by address */
        sqlite3_stmt *statement;
    } others[TT__STORE_OTHER_STATEMENTS];
};

/* Opens the file whose name is the store's and SUFFIX, not through a link. Its descriptor, or -1. */
int tt__store_open_beside(const struct tt__store_writer *writer, const char *suffix, int flags);

/* Opens the index of the log once, and returns its descriptor, or -1. It stays open until SQLite has closed its own. */
int tt__store_open_log_index(struct tt__store_writer *writer);

/* Finalizes all statements. */
void tt__store_drop_statements(struct tt__store_writer *writer);

#endif
