/* sql_views.c: views as TEMP views of a connection: telltale's own, or one of whoever loads the extension.
 *
 * Threads: as the connection.
 */
#include "sql_table.h"

#include <string.h>

#include "store.h"

#ifdef TELLTALE_SQL_EXTENSION
SQLITE_EXTENSION_INIT3
#endif

#define CREATE_VIEW "CREATE VIEW "

/* Runs the text of VIEW as CREATE TEMP VIEW. */
static int create_view(sqlite3 *connection, const struct tt_store_view *view)
{
    const char *rest = strstr(view->sql, CREATE_VIEW);
    char *sql = rest ? sqlite3_mprintf("CREATE TEMP VIEW IF NOT EXISTS %s", rest + sizeof CREATE_VIEW - 1) : NULL;
    if (!sql)
        return SQLITE_NOMEM;
    int code = sqlite3_exec(connection, sql, NULL, NULL, NULL);
    sqlite3_free(sql);
    return code;
}

int tt__sql_create_views(sqlite3 *connection, const struct tt_store_view *views)
{
    int code = SQLITE_OK;
    for (; views->name && code == SQLITE_OK; views++)
        code = create_view(connection, views);
    return code;
}
