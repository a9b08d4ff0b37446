/* store_views.h: the views that a reader asks: this version's, whatever the file calls so.
 *
 * A store that this version wrote has the very text of its tables and views in it. Where that is so, byte for byte, and nothing
 * else is in the file, its own views are as good as any, and SQLite has read them already. Everywhere else TEMP views stand in
 * front of what the file has, which is never asked.
 *
 * Threads: that of the connection.
 */
#ifndef TT_STORE_VIEWS_H
#define TT_STORE_VIEWS_H

#include <stdbool.h>

struct sqlite3;

/* Whether the schema of CONNECTION's file is this version's text and nothing else: its tables are right then, and its views may be
 * asked. Indexes do not count. *OUT_CODE is SQLite's. */
bool tt__store_has_own_schema(struct sqlite3 *connection, int *out_code);

/* Puts this version's views in front of the file's. SQLite's code. */
int tt__store_create_views(struct sqlite3 *connection);

/* Puts this version's views into the file of CONNECTION, which is not defensive and in a transaction, as the rows that SQLite makes of them,
 * without having it understand them: that takes six times as long as making the tables. CONNECTION itself does not know them. SQLite's code. */
int tt__store_write_views(struct sqlite3 *connection);

/* What there is of the event stream in a connection. */
enum tt__store_stream {
    TT__STREAM_NOTHING,
    TT__STREAM_TABLES, /* the virtual tables over it */
    TT__STREAM_VIEWS   /* and the views over these */
};

/* How much of it the statement SQL may ask, going by the names in it. A statement that asks what tables there are is about all. */
enum tt__store_stream tt__store_asked_stream(const char *sql);

/* Makes what is WANTED beyond what CONNECTION HAS, as TEMP tables, so that they stand in front of what the file may call so. The
 * modules must be registered. SQLite's code. */
int tt__store_create_stream(struct sqlite3 *connection, enum tt__store_stream has, enum tt__store_stream wanted);

#endif
