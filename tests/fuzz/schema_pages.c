/* schema_pages.c: see schema_pages.h. */
#include "schema_pages.h"

#include <sqlite3.h>
#include <string.h>

size_t schema_pages(const char *path, size_t *out_page_bytes, bool out_is_of_schema[SCHEMA_PAGES_MAX])
{
    sqlite3 *connection;
    sqlite3_stmt *row = NULL;
    size_t pages = 0;
    memset(out_is_of_schema, 0, SCHEMA_PAGES_MAX * sizeof *out_is_of_schema);
    if (sqlite3_open_v2(path, &connection, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK &&
        sqlite3_prepare_v2(connection,
                           "SELECT pageno, s.page_size, c.page_count FROM dbstat, pragma_page_size AS s, "
                           "pragma_page_count AS c WHERE dbstat.name = 'sqlite_schema'",
                           -1, &row, NULL) == SQLITE_OK)
        while (sqlite3_step(row) == SQLITE_ROW) {
            size_t page = (size_t)sqlite3_column_int64(row, 0) - 1;
            *out_page_bytes = (size_t)sqlite3_column_int64(row, 1);
            pages = (size_t)sqlite3_column_int64(row, 2);
            if (page < SCHEMA_PAGES_MAX)
                out_is_of_schema[page] = true;
        }
    sqlite3_finalize(row);
    sqlite3_close(connection);
    return pages <= SCHEMA_PAGES_MAX && out_is_of_schema[0] ? pages : 0;
}
