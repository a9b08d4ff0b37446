/* query.h: one query over a session's store.
 *
 * What it is for. The commands' own queries, with values read by the names of their columns, so that a query and the code
 * that prints it can be read side by side; and the queries of users, which may read and nothing else.
 *
 * What it leaves to others. Opening stores: session.h. Printing rows: output/rows.h.
 *
 * Errors. A query that fails complains once and is over: it has no further rows, every value is NULL, and the session
 * remembers, so that tt__session_close gives the exit status. Commands need not check each call.
 *
 * Threads. One thread.
 */
#ifndef TT_VIEWER_QUERY_H
#define TT_VIEWER_QUERY_H

#include "output/rows.h"
#include "session.h"

typedef struct tt_query tt_query;

/* Prepares SQL, one statement of the program's own. Never NULL unless memory ran out, which complains. */
tt_query *tt__query_open(tt_session *session, const char *sql);

/* Ends a query. Takes NULL. */
void tt__query_close(tt_query *query);

/* Binds a value to parameter NUMBER, from 1. TEXT is copied; NULL binds NULL. */
void tt__query_bind_integer(tt_query *query, int number, int64_t value);
void tt__query_bind_text(tt_query *query, int number, const char *text);

/* Binds a value to the parameter called NAME, ":at"; nothing happens when the query has none of that name. */
void tt__query_bind_named(tt_query *query, const char *name, int64_t value);
void tt__query_bind_named_text(tt_query *query, const char *name, const char *text);

/* Goes to the next row. Returns whether there is one. */
bool tt__query_next(tt_query *query);

/* Values of the present row by the name of the column; NULL or 0 where the value is NULL. Texts live until the next call of
 * tt__query_next; NULs in the middle end them. Naming a column that the query does not have is a mistake and asserted. */
const char *tt__query_text(tt_query *query, const char *column);
int64_t tt__query_integer(tt_query *query, const char *column);
bool tt__query_is_null(tt_query *query, const char *column);
bool tt__query_is_integer(tt_query *query, const char *column);

/* The first column of the first row of a query without parameters: a number, 0 when there is none. */
int64_t tt__query_count(tt_session *session, const char *sql);

/* Has SQLite look at every page of the file, and the rows in them, which takes seconds for each GB. Says what is damaged, and the session
 * has failed then. Nothing is done for one that has failed before. */
void tt__query_file(tt_session *session);

/* Prints all rows. COLUMNS has an entry for each column of the query; NULL takes names from the query. Returns how many rows. */
size_t tt__query_print(tt_query *query, tt_output *output, enum tt_format format, const struct tt_column *columns);

/* Whether view or table TABLE has a column NAME. */
bool tt__query_has_column(tt_session *session, const char *table, const char *name);

/* Runs all statements of SQL, which a user wrote, and prints their rows. Statements may read the store and nothing else.
 * Returns the exit status. */
int tt__query_run_user_sql(tt_session *session, tt_output *output, enum tt_format format, const char *sql);

/* Prepares SQL, which contains an expression that a user wrote (WHAT says where), under the same rule. NULL after a
 * complaint when it makes no sense; that is a mistake of usage and the session does not remember it. */
tt_query *tt__query_open_user(tt_session *session, const char *sql, const char *what);

#endif
