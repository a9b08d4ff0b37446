/* sql_extension.c: makes the virtual tables over the event stream, and a function over tasks, known: to a connection of telltale's own, and,
 * built as libtelltale-sqlite.so, to the program sqlite3: .load libtelltale-sqlite; that gets the views over them, too, which a store cannot
 * have in its file, for plain SQLite has no such tables.
 *
 * Threads: as the connection.
 */
#include "sql_table.h"

#include "store.h"

#ifdef TELLTALE_SQL_EXTENSION
SQLITE_EXTENSION_INIT1
#endif

const struct tt_sql_table_class *const tt__sql_tables[] = {&tt__event_table, &tt__steps_table, &tt__turns_table,
                                                           &tt__instant_table, NULL};

int tt__sql_register(sqlite3 *connection)
{
    int code = SQLITE_OK;
    for (const struct tt_sql_table_class *const *table = tt__sql_tables; *table && code == SQLITE_OK; table++)
        code = sqlite3_create_module_v2(connection, (*table)->name, &(*table)->module, (void *)*table, NULL);
    return code == SQLITE_OK ? tt__sql_register_lives(connection) : code;
}

#ifdef TELLTALE_SQL_EXTENSION
TT_API int sqlite3_extension_init(sqlite3 *connection, char **out_message, const sqlite3_api_routines *api);

int sqlite3_extension_init(sqlite3 *connection, char **out_message, const sqlite3_api_routines *api)
{
    SQLITE_EXTENSION_INIT2(api);
    if (sqlite3_libversion_number() < 3038000) {
        *out_message = sqlite3_mprintf("telltale: SQLite 3.38 or newer is needed, this is %s", sqlite3_libversion());
        return SQLITE_ERROR;
    }
    int code = tt__sql_register(connection);
    return code == SQLITE_OK ? tt__sql_create_views(connection, tt_store_stream_views) : code;
}
#endif
