/* sql_table.h: what the virtual tables over the event stream have in common.
 *
 * What it is for. A virtual table is here without being created, and open to views of a store that is not trusted. A file defines one
 * as a struct tt_sql_table_class: what it is called, its columns, how large a cursor is, and the methods that are its own; the others
 * are here: connecting, opening, telling the end, and handing comparisons of integers down to xFilter.
 *
 * What it leaves to others. Reading the stream (sql_scan.h); which tables there are (sql_extension.c).
 *
 * Threads: as the connection.
 */
#ifndef TT_SQL_TABLE_H
#define TT_SQL_TABLE_H

#include "sql_scan.h"

struct tt_sql_table_class {
    const char *name, *declaration; /* the latter: a comment, and a CREATE TABLE statement with comments */
    size_t cursor_bytes;
    sqlite3_module module;
};

/* The first member of a cursor. All of a new one is zero behind it. */
struct tt__sql_cursor {
    sqlite3_vtab_cursor base;
    sqlite3 *connection;
    bool is_over; /* what xEof says */
};

/* Methods that are the same for all; those of the table come behind them: xBestIndex, xFilter, xNext, xColumn, xRowid, xClose. */
#define TT_SQL_TABLE_METHODS                                                                        \
    .iVersion = 1, .xCreate = tt__sql_connect /* the same: it is there without being created */,    \
    .xConnect = tt__sql_connect, .xDisconnect = tt__sql_disconnect, .xDestroy = tt__sql_disconnect, \
    .xOpen = tt__sql_open, .xEof = tt__sql_is_over

int tt__sql_connect(sqlite3 *connection, void *class, int count, const char *const *arguments, sqlite3_vtab **out_table,
                    char **out_message);
int tt__sql_disconnect(sqlite3_vtab *table);
int tt__sql_open(sqlite3_vtab *table, sqlite3_vtab_cursor **out_cursor);
int tt__sql_is_over(sqlite3_vtab_cursor *cursor);

/* The end of a method that went on with SCAN: CODE is what it said. SQLITE_ROW: there is a row; SQLITE_DONE: CURSOR is over; anything
 * else is an error, and what SCAN says of it becomes the table's message. Returns what the method returns. */
int tt__sql_settle(struct tt__sql_cursor *cursor, struct tt__scan *scan, int code);

/* CODE, which is SCAN's, with what it says as the table's message. */
int tt__sql_fail(struct tt__sql_cursor *cursor, struct tt__scan *scan, int code);

/* -------------------------------------------------------------------------------------------- what is pushed down */

/* How arguments are described to xFilter: two characters for each: the column, 'a' + its number, and the operator's sign. */
#define TT_INDEX_TEXT_MAX 64u
struct tt_index_text {
    char text[TT_INDEX_TEXT_MAX];
    int count; /* arguments */
};

/* Gives constraint NUMBER of INFO to xFilter if it is a comparison that narrows; with MAY_BE_LIST a list of values (IN)
 * comes whole. Returns whether it was given. */
bool tt__index_take(sqlite3_index_info *info, int number, struct tt_index_text *index, bool may_be_list);

/* Hands INDEX over to SQLite. SQLITE_OK or SQLITE_NOMEM. */
int tt__index_finish(sqlite3_index_info *info, const struct tt_index_text *index);

/* Of argument NUMBER of xFilter, whose text is INDEX: its column, and whether it is a list of values. */
static inline int tt__index_column(const char *index, int number)
{
    return index[2 * number] - 'a';
}

static inline bool tt__index_is_list(const char *index, int number)
{
    return index[2 * number + 1] == '#';
}

/* Narrows RANGE by argument NUMBER, which is VALUE; what is no integer leaves it, since SQLite compares again. */
void tt__index_narrow(const char *index, int number, sqlite3_value *value, struct tt_range *range);

/* -------------------------------------------------------------------------------------------------- those there are */

extern const struct tt_sql_table_class tt__event_table, tt__steps_table, tt__turns_table, tt__instant_table;

/* All of them, ended by NULL. In sql_extension.c. */
extern const struct tt_sql_table_class *const tt__sql_tables[];

/* Makes the function life_figures() known to CONNECTION. SQLITE_OK, or why not. In sql_lives.c. */
int tt__sql_register_lives(sqlite3 *connection);

/* Makes VIEWS, which end with one without name, as TEMP views. SQLITE_OK, or why not. In sql_views.c. */
struct tt_store_view;
int tt__sql_create_views(sqlite3 *connection, const struct tt_store_view *views);

/* Makes the tables and the function known to CONNECTION. SQLITE_OK, or why not. */
int tt__sql_register(sqlite3 *connection);

#endif
