/* look.c: see look.h. */
#include "look.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

#define ROWS_MAX 200

static const char *const stream[LOOK_STREAM] = {"SELECT * FROM event", "SELECT * FROM steps", "SELECT * FROM turns",
                                                "SELECT * FROM instant((SELECT max(started_ns) FROM main.task))"};

static unsigned views(void)
{
    unsigned count = 0;
    while (tt_store_views[count].name)
        count++;
    return count;
}

unsigned look_questions(void)
{
    unsigned count = LOOK_STREAM + views();
    for (unsigned i = 0; tt_store_stream_views[i].name; i++)
        count++;
    return count;
}

static const char *question(unsigned number, char *sql, size_t sql_bytes)
{
    if (number < LOOK_STREAM)
        return stream[number];
    number -= LOOK_STREAM;
    snprintf(sql, sql_bytes, "SELECT * FROM %s",
             number < views() ? tt_store_views[number].name : tt_store_stream_views[number - views()].name);
    return sql;
}

/* All values of the first rows are made to texts, as who prints them does. */
static int read_rows(struct tt_store_reader *reader, sqlite3_stmt *statement)
{
    int code = SQLITE_OK;
    for (int row = 0; row < ROWS_MAX && (code = tt_store_step(reader, statement)) == SQLITE_ROW; row++)
        for (int i = 0; i < sqlite3_column_count(statement); i++)
            (void)sqlite3_column_text(statement, i);
    return code == SQLITE_DONE || code == SQLITE_ROW ? SQLITE_OK : code;
}

static enum look_result worse(enum look_result result, int code)
{
    enum look_result other = code == SQLITE_OK                   ? LOOK_ANSWERED
                             : (code & 0xff) == SQLITE_INTERRUPT ? LOOK_TOO_LONG
                                                                 : LOOK_DAMAGED;
    return other > result ? other : result;
}

enum look_result look_at_store(const char *path, unsigned first, unsigned count, int seconds,
                               struct tt_store_error *out_error)
{
    struct tt_store_reader *reader;
    enum look_result result = LOOK_ANSWERED;
    unsigned questions = look_questions();
    char sql[128];
    if (tt_store_open_reader(path, &reader, out_error) < 0)
        return LOOK_REFUSED;
    tt_store_set_deadline(reader, (int64_t)seconds * 1000000000);
    for (unsigned i = 0; i < count && result != LOOK_TOO_LONG; i++) {
        sqlite3_stmt *statement;
        int code = tt_store_prepare(reader, question((first + i) % questions, sql, sizeof sql), &statement, NULL);
        if (code == SQLITE_OK)
            code = read_rows(reader, statement);
        sqlite3_finalize(statement);
        result = worse(result, code);
    }
    tt_store_close_reader(reader);
    return result;
}

/* ---------------------------------------------------------------------------------------- again with the same reader */

struct look {
    struct tt_store_reader *reader;
    unsigned count;
    sqlite3_stmt *questions[];
};

struct look *look_create(const char *path)
{
    struct tt_store_error error;
    char sql[128];
    unsigned count = look_questions();
    struct look *look = calloc(1, sizeof *look + count * sizeof *look->questions);
    if (!look || tt_store_open_reader(path, &look->reader, &error) < 0)
        abort();
    look->count = count;
    for (unsigned i = 0; i < count; i++)
        if (sqlite3_prepare_v3(tt_store_reader_connection(look->reader), question(i, sql, sizeof sql), -1,
                               SQLITE_PREPARE_PERSISTENT, &look->questions[i], NULL) != SQLITE_OK)
            abort();
    return look;
}

enum look_result look_again(struct look *look, unsigned first, unsigned count, int seconds)
{
    enum look_result result = LOOK_ANSWERED;
    tt_store_set_deadline(look->reader, (int64_t)seconds * 1000000000);
    for (unsigned i = 0; i < count && result != LOOK_TOO_LONG; i++) {
        sqlite3_stmt *statement = look->questions[(first + i) % look->count];
        result = worse(result, read_rows(look->reader, statement));
        (void)sqlite3_reset(statement); /* what it says was said by then */
    }
    return result;
}

void look_destroy(struct look *look)
{
    for (unsigned i = 0; i < look->count; i++)
        sqlite3_finalize(look->questions[i]);
    tt_store_close_reader(look->reader);
    free(look);
}
