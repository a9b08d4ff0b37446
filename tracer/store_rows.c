/* store_rows.c: writing rows, some 50 to a statement, and running the few statements that are no rows. */
#include <assert.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store_check.h"
#include "store_connection.h"

#define BULK_ROWS     50u
#define SQL_BYTES_MAX 16384

struct table {
    const char *name;
    const char *const *columns;
    int column_count;
    int key_count;
    enum tt__conflict conflict;
};

#define NAME_COLUMN(table, column) #column,
#define NAME_COLUMNS(table, name, keys, conflict) \
    static const char *const columns_of_##table[] = {TT__COLUMNS_##table(NAME_COLUMN)};
TT__TABLES(NAME_COLUMNS)

static const struct table tables[TT__TABLE_COUNT] = {
#define DESCRIBE_TABLE(table, name, keys, conflict) {name, columns_of_##table, TT__##table##_COLUMNS, keys, conflict},
    TT__TABLES(DESCRIBE_TABLE)};

/* --------------------------------------------------------------------------------------------- making statements */

struct text {
    char bytes[SQL_BYTES_MAX];
    size_t length;
};

static void add(struct text *text, const char *piece)
{
    size_t length = strlen(piece);
    assert(text->length + length <
           sizeof text->bytes); /* the longest table's bulk statement fits, see the test of all tables */
    memcpy(text->bytes + text->length, piece, length + 1);
    text->length += length;
}

static void add_list(struct text *text, const struct table *table, int count)
{
    for (int i = 0; i < count; i++) {
        add(text, i > 0 ? ", " : "");
        add(text, table->columns[i]);
    }
}

/* coalesce(NEW, OLD) or the other way round, for all columns but the key. */
static void add_conflict(struct text *text, const struct table *table)
{
    if (table->conflict != TT__OVERRIDE && table->conflict != TT__FILL)
        return;
    add(text, " ON CONFLICT (");
    add_list(text, table, table->key_count);
    add(text, ") DO UPDATE SET ");
    for (int i = table->key_count; i < table->column_count; i++) {
        char piece[256];
        const char *column = table->columns[i];
        const char *comma = i > table->key_count ? ", " : "";
        if (table->conflict == TT__OVERRIDE)
            snprintf(piece, sizeof piece, "%s%s = coalesce(excluded.%s, %s.%s)", comma, column, column, table->name,
                     column);
        else
            snprintf(piece, sizeof piece, "%s%s = coalesce(%s.%s, excluded.%s)", comma, column, table->name, column,
                     column);
        add(text, piece);
    }
}

static sqlite3_stmt *prepare_rows(struct tt__store_writer *writer, const struct table *table, size_t row_count)
{
    struct text text = {"", 0};
    sqlite3_stmt *statement = NULL;
    add(&text, table->conflict == TT__REPLACE ? "INSERT OR REPLACE INTO " : "INSERT INTO ");
    add(&text, table->name);
    add(&text, " (");
    add_list(&text, table, table->column_count);
    add(&text, ") VALUES ");
    for (size_t row = 0; row < row_count; row++) {
        add(&text, row > 0 ? ", (" : "(");
        for (int i = 0; i < table->column_count; i++)
            add(&text, i > 0 ? ",?" : "?");
        add(&text, ")");
    }
    add_conflict(&text, table);
    if (sqlite3_prepare_v3(writer->connection, text.bytes, (int)text.length, SQLITE_PREPARE_PERSISTENT, &statement,
                           NULL) != SQLITE_OK)
        tt__store_fail_sqlite(&writer->error, writer->connection, "preparing to write", writer->path);
    return statement;
}

/* ---------------------------------------------------------------------------------------------------- writing rows */

static int bind(sqlite3_stmt *statement, int index, const struct tt__cell *cell)
{
    switch ((enum tt__cell_kind)cell->kind) {
    case TT__CELL_NULL:
        return sqlite3_bind_null(statement, index);
    case TT__CELL_INTEGER:
        return sqlite3_bind_int64(statement, index, cell->integer);
    case TT__CELL_TEXT:
        return sqlite3_bind_text(statement, index, cell->text, (int)cell->length, SQLITE_STATIC);
    case TT__CELL_BLOB:
        return sqlite3_bind_blob(statement, index, cell->text, (int)cell->length, SQLITE_STATIC);
    }
    return SQLITE_MISUSE;
}

static int bind_all(sqlite3_stmt *statement, const struct tt__cell *cells, size_t count)
{
    int code = SQLITE_OK;
    for (size_t i = 0; i < count && code == SQLITE_OK; i++)
        code = bind(statement, (int)i + 1, &cells[i]);
    return code;
}

/* Runs a statement that returns nothing. */
static int run_rows(struct tt__store_writer *writer, sqlite3_stmt *statement, const struct tt__cell *cells,
                    size_t count)
{
    int code = bind_all(statement, cells, count);
    if (code == SQLITE_OK)
        code = sqlite3_step(statement);
    int result = 0;
    if (code != SQLITE_DONE)
        result = tt__store_fail_sqlite(&writer->error, writer->connection, "writing", writer->path);
    sqlite3_reset(statement);
    return result;
}

int tt__store_write_rows(struct tt__store_writer *writer, enum tt__table table, const struct tt__cell *rows,
                         size_t count)
{
    const struct table *description = &tables[table];
    size_t width = (size_t)description->column_count;
    sqlite3_stmt **bulk = &writer->bulk[table], **single = &writer->single[table];
    for (; count >= BULK_ROWS; count -= BULK_ROWS, rows += BULK_ROWS * width) {
        if (!*bulk && !(*bulk = prepare_rows(writer, description, BULK_ROWS)))
            return -1;
        if (run_rows(writer, *bulk, rows, BULK_ROWS * width) < 0)
            return -1;
    }
    for (; count > 0; count--, rows += width) {
        if (!*single && !(*single = prepare_rows(writer, description, 1)))
            return -1;
        if (run_rows(writer, *single, rows, width) < 0)
            return -1;
    }
    return 0;
}

/* ------------------------------------------------------------------------------------------------ other statements */

static sqlite3_stmt *find_other(struct tt__store_writer *writer, const char *sql)
{
    for (size_t i = 0; i < TT__STORE_OTHER_STATEMENTS; i++) {
        if (writer->others[i].sql == sql)
            return writer->others[i].statement;
        if (writer->others[i].sql)
            continue;
        if (sqlite3_prepare_v3(writer->connection, sql, -1, SQLITE_PREPARE_PERSISTENT, &writer->others[i].statement,
                               NULL) != SQLITE_OK) {
            tt__store_fail_sqlite(&writer->error, writer->connection, "preparing a statement", writer->path);
            return NULL;
        }
        writer->others[i].sql = sql;
        return writer->others[i].statement;
    }
    assert(!"TT__STORE_OTHER_STATEMENTS is large enough");
    return NULL;
}

static void read_row(sqlite3_stmt *statement, struct tt__cell *row, int count)
{
    for (int i = 0; i < count; i++) {
        struct tt__cell cell = {.kind = TT__CELL_NULL};
        switch (sqlite3_column_type(statement, i)) {
        case SQLITE_INTEGER:
            cell.kind = TT__CELL_INTEGER;
            cell.integer = sqlite3_column_int64(statement, i);
            break;
        case SQLITE_TEXT:
            cell.kind = TT__CELL_TEXT;
            cell.text = (const char *)sqlite3_column_text(statement, i);
            cell.length = (uint32_t)sqlite3_column_bytes(statement, i);
            break;
        case SQLITE_BLOB:
            cell.kind = TT__CELL_BLOB;
            cell.text = sqlite3_column_blob(statement, i);
            cell.length = (uint32_t)sqlite3_column_bytes(statement, i);
            break;
        default:
            break;
        }
        row[i] = cell;
    }
}

int tt__store_run(struct tt__store_writer *writer, const char *sql, const struct tt__cell *parameters, size_t count,
                  tt__store_row_fn on_row, void *context)
{
    sqlite3_stmt *statement = find_other(writer, sql);
    if (!statement)
        return -1;
    int code = bind_all(statement, parameters, count);
    int columns = sqlite3_column_count(statement);
    assert(columns <= TT__TABLE_COLUMNS_MAX);
    while (code == SQLITE_OK || code == SQLITE_ROW) {
        code = sqlite3_step(statement);
        if (code == SQLITE_ROW && on_row) {
            struct tt__cell row[TT__TABLE_COLUMNS_MAX];
            read_row(statement, row, columns);
            on_row(context, row);
        }
    }
    int result = 0;
    if (code != SQLITE_DONE)
        result = tt__store_fail_sqlite(&writer->error, writer->connection, "writing", writer->path);
    sqlite3_reset(statement);
    return result;
}

void tt__store_drop_statements(struct tt__store_writer *writer)
{
    for (size_t i = 0; i < TT__TABLE_COUNT; i++) {
        sqlite3_finalize(writer->single[i]);
        sqlite3_finalize(writer->bulk[i]);
        writer->single[i] = writer->bulk[i] = NULL;
    }
    for (size_t i = 0; i < TT__STORE_OTHER_STATEMENTS; i++) {
        sqlite3_finalize(writer->others[i].statement);
        writer->others[i].statement = NULL;
        writer->others[i].sql = NULL;
    }
}
