/* store_migrate.c: see store_migrate.h. */
#include "store_migrate.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "store_check.h"

#define STRING(number)    STRING_OF(number)
#define STRING_OF(number) #number

/* What a table is called between the two. */
#define OLD_PREFIX "telltale_old_"

/* What the old version made for speed and for people; this one has its own. */
static const char select_derived[] =
    "SELECT 'DROP ' || type || ' \"' || replace(name, '\"', '\"\"') || '\"' FROM main.sqlite_schema"
    " WHERE type IN ('view', 'trigger') OR (type = 'index' AND sql IS NOT NULL)";

/* ?1: tables of this version, as a JSON array. */
static const char select_renames[] =
    "SELECT 'ALTER TABLE \"' || name || '\" RENAME TO \"" OLD_PREFIX "' || name || '\"'"
    " FROM main.sqlite_schema WHERE type = 'table' AND name IN (SELECT value FROM json_each(?1))";

static const char select_names[] =
    "SELECT json_group_array(name) FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'";

/* For each table that was there: what both it and the new one have goes over, but for rows that the schema itself has put there. Then it is
 * not needed any more. */
static const char select_moves[] =
    "SELECT 'INSERT INTO \"' || n.name || '\" (' || group_concat('\"' || c.name || '\"') || ') SELECT '"
    " || group_concat('\"' || c.name || '\"') || ' FROM \"' || o.name || '\" WHERE true ON CONFLICT DO NOTHING;"
    " DROP TABLE \"' || o.name || '\"'"
    " FROM main.sqlite_schema AS o JOIN main.sqlite_schema AS n ON o.name = '" OLD_PREFIX "' || n.name"
    " JOIN pragma_table_info(n.name) AS c JOIN pragma_table_info(o.name) AS d ON d.name = c.name"
    " WHERE o.type = 'table' AND n.type = 'table' GROUP BY o.name";

/* Runs each statement that SELECT, with ARGUMENT as ?1 if it has one, tells; all of them are read first. SQLite's code. */
static int run_told(sqlite3 *connection, const char *select, const char *argument)
{
    sqlite3_stmt *told = NULL;
    sqlite3_str *text = sqlite3_str_new(connection);
    int code = sqlite3_prepare_v2(connection, select, -1, &told, NULL);
    if (code == SQLITE_OK && argument)
        code = sqlite3_bind_text(told, 1, argument, -1, SQLITE_STATIC);
    while (code == SQLITE_OK && (code = sqlite3_step(told)) == SQLITE_ROW) {
        sqlite3_str_appendf(text, "%s;", sqlite3_column_text(told, 0));
        code = sqlite3_str_errcode(text);
    }
    sqlite3_finalize(told);
    char *statements = sqlite3_str_finish(text);
    if (code == SQLITE_DONE)
        code = statements ? sqlite3_exec(connection, statements, NULL, NULL, NULL) : SQLITE_OK;
    sqlite3_free(statements);
    return code;
}

/* The names of this version's tables; free() it. NULL: no memory. */
static char *list_tables(void)
{
    sqlite3 *model = NULL;
    sqlite3_stmt *names = NULL;
    char *list = NULL;
    if (sqlite3_open_v2(":memory:", &model, SQLITE_OPEN_READWRITE | SQLITE_OPEN_MEMORY | SQLITE_OPEN_NOMUTEX, NULL) ==
            SQLITE_OK &&
        sqlite3_exec(model, tt_store_schema, NULL, NULL, NULL) == SQLITE_OK &&
        sqlite3_prepare_v2(model, select_names, -1, &names, NULL) == SQLITE_OK && sqlite3_step(names) == SQLITE_ROW &&
        sqlite3_column_text(names, 0))
        list = strdup((const char *)sqlite3_column_text(names, 0));
    sqlite3_finalize(names);
    sqlite3_close(model);
    return list;
}

static int create_views(sqlite3 *connection)
{
    int code = SQLITE_OK;
    for (const struct tt_store_view *view = tt_store_views; view->name && code == SQLITE_OK; view++)
        code = sqlite3_exec(connection, view->sql, NULL, NULL, NULL);
    return code;
}

static int migrate(sqlite3 *connection, const char *tables)
{
    int code = run_told(connection, select_derived, NULL);
    if (code == SQLITE_OK)
        code = run_told(connection, select_renames, tables);
    if (code == SQLITE_OK)
        code = sqlite3_exec(connection, tt_store_schema, NULL, NULL, NULL);
    if (code == SQLITE_OK)
        code = run_told(connection, select_moves, NULL);
    if (code == SQLITE_OK)
        code = create_views(connection);
    if (code == SQLITE_OK)
        code = sqlite3_exec(connection, "PRAGMA user_version = " STRING(TT_STORE_SCHEMA_VERSION) "; COMMIT", NULL, NULL,
                            NULL);
    return code;
}

int tt__store_is_older(sqlite3 *connection, const char *path, struct tt_store_error *error)
{
    sqlite3_stmt *version = NULL;
    int result = -1;
    if (sqlite3_prepare_v2(connection, "PRAGMA user_version", -1, &version, NULL) == SQLITE_OK &&
        sqlite3_step(version) == SQLITE_ROW)
        result = sqlite3_column_int(version, 0) < TT_STORE_SCHEMA_VERSION;
    else
        tt__store_fail_sqlite(error, connection, "reading its version", path);
    sqlite3_finalize(version);
    return result;
}

int tt__store_migrate(sqlite3 *connection, const char *path, struct tt_store_error *error)
{
    int result = tt__store_is_older(connection, path, error);
    if (result <= 0)
        return result;
    if (tt__store_check_plainness(connection, path, error) < 0)
        return -1;
    char *tables = list_tables();
    if (!tables)
        return tt__store_fail(error, TT_STORE_FAILED, "%s: no memory to make it a store of this version", path);
    result = 0;
    if (sqlite3_exec(connection, "BEGIN IMMEDIATE", NULL, NULL, NULL) != SQLITE_OK ||
        migrate(connection, tables) != SQLITE_OK) {
        result = tt__store_fail_sqlite(error, connection, "making it a store of this version", path);
        sqlite3_exec(connection, "ROLLBACK", NULL, NULL, NULL);
    }
    free(tables);
    return result;
}

int tt__store_migrate_file(const char *file, const char *path, struct tt_store_error *error)
{
    sqlite3 *connection = NULL;
    char *plain = tt__store_sqlite_path(file);
    int result;
    if (!plain)
        return tt__store_fail(error, TT_STORE_FAILED, "%s: no memory to open it", path);
    if (sqlite3_open_v2(plain, &connection, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE,
                        NULL) != SQLITE_OK) {
        result = tt__store_fail_sqlite(error, connection, "opening", path);
    } else {
        sqlite3_db_config(connection, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
        sqlite3_db_config(connection, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
        sqlite3_db_config(connection, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
        result = tt__store_migrate(connection, path, error);
    }
    free(plain);
    sqlite3_close(connection);
    return result;
}
