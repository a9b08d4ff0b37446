/* store_connection.h: what store_writer.c and store_rows.c share.
 *
 * Threads: as store_writer.h says.
 */
#ifndef TT_STORE_CONNECTION_H
#define TT_STORE_CONNECTION_H

#include <sqlite3.h>

#include "store_writer.h"

#define TT__STORE_PAGE_BYTES       4096u
#define TT__STORE_OTHER_STATEMENTS 96

/* The statement for rows with values in the columns of a mask. */
struct tt__usual {
    sqlite3_stmt *statement;
    uint32_t mask;
    bool is_refused; /* rows with that mask are in the store already */
};

struct tt__store_writer {
    sqlite3 *connection;
    int fd;       /* holds the lock against other writers */
    int index_fd; /* see store_readers.c; -1: not open */
    char *path;
    int log_pages;
    struct tt_store_error error;
    sqlite3_stmt *single[TT__TABLE_COUNT]; /* one row a statement */
    sqlite3_stmt *bulk[TT__TABLE_COUNT];   /* many */
    struct tt__usual usual[TT__TABLE_COUNT]; /* many with the same columns */
    struct {
        const char *sql; /* told apart by address */
        sqlite3_stmt *statement;
    } others[TT__STORE_OTHER_STATEMENTS];
};

/* Finalizes all statements. */
void tt__store_drop_statements(struct tt__store_writer *writer);

#endif
