/* store_check.h: whether a file is a store; for readers and the writer alike.
 *
 * Threads: any.
 */
#ifndef TT_STORE_CHECK_H
#define TT_STORE_CHECK_H

#include <stdbool.h>

#include "store.h"

/* Fills ERROR; returns -1. */
int tt__store_fail(struct tt_store_error *error, enum tt_store_error_kind kind, const char *format, ...)
    TT_PRINTF(3, 4);

/* Fills ERROR from what CONNECTION says about its last call, while doing WHAT with PATH; returns -1. */
int tt__store_fail_sqlite(struct tt_store_error *error, struct sqlite3 *connection, const char *what, const char *path);

/* Has CONNECTION forget the pages that it remembers when CODE, of a statement that failed, says damage; see tt_store_step(). */
void tt__store_doubt(struct sqlite3 *connection, int code);

/* Whether the file FD, called PATH, says in its header that it is a store that this version can read. 0, or -1 and
 * *ERROR. */
int tt__store_check_header(int fd, const char *path, struct tt_store_error *error);

/* Whether all tables of CONNECTION are plain ones. One that is not would run code of SQLite's over bytes of the file as soon as somebody
 * asks what its columns are: so that is found out by looking at the text of the schema alone. A store has plain tables, and others may
 * have added such. 0, or -1 and *ERROR. */
int tt__store_check_plainness(struct sqlite3 *connection, const char *path, struct tt_store_error *error);

/* Whether the tables of CONNECTION are what the tables of this version's stores are. 0, or -1 and *ERROR. */
int tt__store_check_tables(struct sqlite3 *connection, const char *path, struct tt_store_error *error);

/* Lets READER's connection do anything, or only read again. For store_examine.c. */
struct tt_store_reader;
void tt__store_reader_restrict(struct tt_store_reader *reader, bool is_restricted);

/* PATH as SQLite takes it: never as a URI, whatever it begins with. Free it. NULL: no memory. */
char *tt__store_sqlite_path(const char *path);

/* Whether TYPE, of statfs, is that of a network file system. */
bool tt__store_is_network(long type);

#endif
