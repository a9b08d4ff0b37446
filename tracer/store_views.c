/* store_views.c: see store_views.h. */
#include "store_views.h"

#include <ctype.h>
#include <sqlite3.h>
#include <string.h>

#include "sql_table.h"
#include "store.h"

#define CREATE_TABLE "CREATE TABLE "
#define CREATE_VIEW  "CREATE VIEW "

/* ------------------------------------------------------------------------------------------------ the file's own text */

/* Whether FOUND, of sqlite_schema, is the statement that EXPECTED begins with. SQLite keeps what was executed, up to the semicolon. */
static bool is_statement(const char *expected, const char *found)
{
    size_t length = strlen(found);
    return strncmp(expected, found, length) == 0 && expected[length] == ';';
}

/* The next statement behind AT that creates a table; NULL: there is none. */
static const char *next_table(const char *at)
{
    const char *found = strstr(at, "\n" CREATE_TABLE);
    return found ? found + 1 : NULL;
}

/* What stands in the schema in the order in which it was made. */
struct expectation {
    const char *table; /* NULL: all were there */
    const struct tt_store_view *view;
};

/* Whether a row of sqlite_schema is what may be there. */
static bool meets(struct expectation *next, const char *type, const char *name, const char *sql)
{
    if (!type || !name)
        return false;
    if (strcmp(type, "index") == 0)
        return true;
    if (strcmp(type, "table") == 0 && sql && next->table && is_statement(next->table, sql)) {
        next->table = next_table(next->table);
        return true;
    }
    const char *view = next->view->name ? strstr(next->view->sql, CREATE_VIEW) : NULL;
    if (strcmp(type, "view") == 0 && sql && view && is_statement(view, sql)) {
        next->view++;
        return true;
    }
    return false;
}

bool tt__store_has_own_schema(sqlite3 *connection, int *out_code)
{
    struct expectation next = {next_table(tt_store_schema), tt_store_views};
    sqlite3_stmt *row = NULL;
    bool is_own = true;
    int code = sqlite3_prepare_v2(connection, "SELECT type, name, sql, rootpage > 0 FROM sqlite_schema ORDER BY rowid",
                                  -1, &row, NULL);
    while (code == SQLITE_OK && is_own && (code = sqlite3_step(row)) == SQLITE_ROW) {
        const char *type = (const char *)sqlite3_column_text(row, 0);
        is_own =
            meets(&next, type, (const char *)sqlite3_column_text(row, 1), (const char *)sqlite3_column_text(row, 2)) &&
            (strcmp(type, "view") == 0 || sqlite3_column_int(row, 3));
        code = SQLITE_OK;
    }
    sqlite3_finalize(row);
    *out_code = code == SQLITE_DONE ? SQLITE_OK : code;
    return is_own && code == SQLITE_DONE && !next.table && !next.view->name;
}

/* ----------------------------------------------------------------------------------------------------- TEMP views */

int tt__store_create_views(sqlite3 *connection)
{
    return tt__sql_create_views(connection, tt_store_views);
}

/* ---------------------------------------------------------------------------------------------- views of a new file */

static int write_view(sqlite3_stmt *row, const struct tt_store_view *view)
{
    const char *text = strstr(view->sql, CREATE_VIEW), *end = text ? strrchr(text, ';') : NULL;
    if (!end)
        return SQLITE_ERROR;
    int code = sqlite3_bind_text(row, 1, view->name, -1, SQLITE_STATIC);
    if (code == SQLITE_OK)
        code = sqlite3_bind_text(row, 2, text, (int)(end - text), SQLITE_STATIC);
    if (code != SQLITE_OK)
        return code;
    (void)sqlite3_step(row);
    return sqlite3_reset(row);
}

int tt__store_write_views(sqlite3 *connection)
{
    sqlite3_stmt *row = NULL;
    int code = sqlite3_exec(connection, "PRAGMA writable_schema = ON", NULL, NULL, NULL);
    if (code == SQLITE_OK)
        code =
            sqlite3_prepare_v2(connection, "INSERT INTO sqlite_schema VALUES ('view', ?1, ?1, 0, ?2)", -1, &row, NULL);
    for (const struct tt_store_view *view = tt_store_views; view->name && code == SQLITE_OK; view++)
        code = write_view(row, view);
    sqlite3_finalize(row);
    int closed = sqlite3_exec(connection, "PRAGMA writable_schema = OFF", NULL, NULL, NULL);
    return code == SQLITE_OK ? closed : code;
}

/* ---------------------------------------------------------------------------------------------- the event stream */

static const char *const stream_tables[] = {"event", "steps", "turns", "instant"};

static int create_stream_tables(sqlite3 *connection)
{
    int code = SQLITE_OK;
    for (size_t i = 0; i < sizeof stream_tables / sizeof *stream_tables && code == SQLITE_OK; i++) {
        char *sql =
            sqlite3_mprintf("CREATE VIRTUAL TABLE IF NOT EXISTS temp.%s USING %s", stream_tables[i], stream_tables[i]);
        code = sql ? sqlite3_exec(connection, sql, NULL, NULL, NULL) : SQLITE_NOMEM;
        sqlite3_free(sql);
    }
    return code;
}

int tt__store_create_stream(sqlite3 *connection, enum tt__store_stream has, enum tt__store_stream wanted)
{
    int code = SQLITE_OK;
    if (has < TT__STREAM_TABLES && wanted >= TT__STREAM_TABLES)
        code = create_stream_tables(connection);
    if (code == SQLITE_OK && has < TT__STREAM_VIEWS && wanted >= TT__STREAM_VIEWS)
        code = tt__sql_create_views(connection, tt_store_stream_views);
    return code;
}

static bool is_of_name(char character)
{
    return isalnum((unsigned char)character) || character == '_';
}

/* Whether SQL has NAME in it, as a word of its own. */
static bool has_name(const char *sql, const char *name)
{
    for (const char *at = sql; (at = strcasestr(at, name)) != NULL; at++)
        if ((at == sql || !is_of_name(at[-1])) && !is_of_name(at[strlen(name)]))
            return true;
    return false;
}

enum tt__store_stream tt__store_asked_stream(const char *sql)
{
    if (strcasestr(sql, "pragma") || strcasestr(sql, "sqlite_"))
        return TT__STREAM_VIEWS;
    for (const struct tt_store_view *view = tt_store_stream_views; view->name; view++)
        if (has_name(sql, view->name))
            return TT__STREAM_VIEWS;
    for (size_t i = 0; i < sizeof stream_tables / sizeof *stream_tables; i++)
        if (has_name(sql, stream_tables[i]))
            return TT__STREAM_TABLES;
    return TT__STREAM_NOTHING;
}
