/* look.c: see look.h. */
#include "look.h"

#include <sqlite3.h>
#include <stdbool.h>
#include <stdio.h>

#define ROWS_MAX 200

unsigned look_views(void)
{
    unsigned count = 0;
    while (tt_store_views[count].name)
        count++;
    for (unsigned i = 0; tt_store_stream_views[i].name; i++)
        count++;
    return count;
}

static const char *name_of(unsigned number)
{
    unsigned count = 0;
    while (tt_store_views[count].name)
        count++;
    return number < count ? tt_store_views[number].name : tt_store_stream_views[number - count].name;
}

/* All values of the first rows are made to texts, as who prints them does. */
static int ask(sqlite3 *connection, const char *sql)
{
    sqlite3_stmt *statement;
    int code = sqlite3_prepare_v2(connection, sql, -1, &statement, NULL);
    for (int row = 0; code == SQLITE_OK && row < ROWS_MAX; row++) {
        if ((code = sqlite3_step(statement)) != SQLITE_ROW)
            break;
        for (int i = 0; i < sqlite3_column_count(statement); i++)
            (void)sqlite3_column_text(statement, i);
        code = SQLITE_OK;
    }
    sqlite3_finalize(statement);
    return code == SQLITE_DONE ? SQLITE_OK : code;
}

enum look_result look_at_store(const char *path, unsigned first, unsigned count, int seconds,
                               struct tt_store_error *out_error)
{
    static const char *const always[] = {
        "SELECT * FROM event", "SELECT * FROM steps",
        "SELECT * FROM turns", "SELECT * FROM instant((SELECT max(started_ns) FROM main.task))",
        "SELECT * FROM tasks", "SELECT * FROM failures"};
    struct tt_store_reader *reader;
    enum look_result result = LOOK_ANSWERED;
    unsigned views = look_views();
    char sql[128];
    if (tt_store_open_reader(path, &reader, out_error) < 0)
        return LOOK_REFUSED;
    sqlite3 *connection = tt_store_reader_connection(reader);
    tt_store_set_deadline(reader, (int64_t)seconds * 1000000000);
    for (unsigned i = 0; i < sizeof always / sizeof *always + count && result != LOOK_TOO_LONG; i++) {
        if (i >= sizeof always / sizeof *always)
            snprintf(sql, sizeof sql, "SELECT * FROM %s", name_of((first + i) % views));
        else
            snprintf(sql, sizeof sql, "%s", always[i]);
        int code = ask(connection, sql) & 0xff;
        if (code == SQLITE_INTERRUPT)
            result = LOOK_TOO_LONG;
        else if (code != SQLITE_OK)
            result = LOOK_DAMAGED;
    }
    tt_store_close_reader(reader);
    return result;
}
