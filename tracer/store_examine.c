/* store_examine.c: see store_examine.h. */
#include "store_examine.h"

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "sql_scan.h"
#include "store_check.h"

int tt_store_examine_stream(struct tt_store_reader *reader, struct tt_store_stream *out)
{
    struct tt__scan scan;
    const struct tt_scan_bounds all = TT_SCAN_ALL;
    memset(out, 0, sizeof *out);
    int code = tt__scan_begin(&scan, tt_store_reader_connection(reader), &all);
    while (code == SQLITE_OK || code == SQLITE_ROW || (code == SQLITE_CORRUPT_VTAB && scan.message)) {
        code = tt__scan_next(&scan);
        if (code == SQLITE_ROW) {
            out->chunk_count++;
            out->event_count += scan.chunk.event_count;
        } else if (code == SQLITE_CORRUPT_VTAB && scan.message && out->damaged_count++ == 0) {
            snprintf(out->damage, sizeof out->damage, "%.*s", (int)strcspn(scan.message, ";"), scan.message);
        }
    }
    tt__scan_finish(&scan);
    tt__store_doubt(tt_store_reader_connection(reader), code);
    return code == SQLITE_DONE ? 0 : -1;
}

int tt_store_examine_sizes(struct tt_store_reader *reader, void (*tell)(void *context, const char *name, int64_t bytes),
                           void *context)
{
    static const char sql[] = "SELECT coalesce(s.tbl_name, d.name), sum(d.pgsize) AS bytes FROM dbstat AS d"
                              " LEFT JOIN main.sqlite_schema AS s ON s.name = d.name"
                              " WHERE d.schema = 'main' AND d.aggregate = TRUE GROUP BY 1 ORDER BY 2 DESC, 1";
    sqlite3 *connection = tt_store_reader_connection(reader);
    sqlite3_stmt *statement = NULL;
    /* Using this table for the first time looks like making one. */
    tt__store_reader_restrict(reader, false);
    int code = sqlite3_prepare_v2(connection, sql, -1, &statement, NULL);
    tt__store_reader_restrict(reader, true);
    if (code == SQLITE_OK)
        while ((code = tt_store_step(reader, statement)) == SQLITE_ROW)
            tell(context, (const char *)sqlite3_column_text(statement, 0), sqlite3_column_int64(statement, 1));
    sqlite3_finalize(statement);
    return code == SQLITE_DONE ? 0 : -1;
}
