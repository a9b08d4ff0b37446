/* store_rows.c: writing rows, some 50 to a statement, and running the few statements that are no rows.
 *
 * Very many whole ones have become an image before (store_image.h). Of what is left nearly all rows of a batch have values in the same columns, those of tasks that began and ended within it above all, and are
 * not in the store yet. They go first, by a statement that names just these columns and does not look for a conflict; when
 * there is one, nothing of that statement has happened, and its rows go the way of all others. */
#include <assert.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store_check.h"
#include "store_image.h"
#include "store_writer_state.h"

#define BULK_ROWS     50u
#define USUAL_ROWS_MIN (2 * BULK_ROWS) /* from so many on it pays to look for what they have in common */
#define SQL_BYTES_MAX 16384

#define NAME_COLUMN(table, column) #column,
#define NAME_COLUMNS(table, name, keys, conflict) \
    static const char *const columns_of_##table[] = {TT__COLUMNS_##table(NAME_COLUMN)};
TT__TABLES(NAME_COLUMNS)

const struct tt__table_shape tt__table_shapes[TT__TABLE_COUNT] = {
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

#define ALL_COLUMNS UINT32_MAX

/* The first COUNT columns, those of MASK. */
static void add_list(struct text *text, const struct tt__table_shape *table, int count, uint32_t mask)
{
    bool is_first = true;
    for (int i = 0; i < count; i++) {
        if (!(mask >> i & 1))
            continue;
        add(text, is_first ? "" : ", ");
        add(text, table->columns[i]);
        is_first = false;
    }
}

/* coalesce(NEW, OLD) or the other way round, for all columns but the key. */
static void add_conflict(struct text *text, const struct tt__table_shape *table)
{
    if (table->conflict != TT__OVERRIDE && table->conflict != TT__FILL)
        return;
    add(text, " ON CONFLICT (");
    add_list(text, table, table->key_count, ALL_COLUMNS);
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

/* A statement for ROW_COUNT rows with values in the columns of MASK; IS_PLAIN: that fails when one is there already. */
static sqlite3_stmt *prepare_rows(struct tt__store_writer *writer, const struct tt__table_shape *table, size_t row_count,
                                  uint32_t mask, bool is_plain)
{
    struct text text = {"", 0};
    sqlite3_stmt *statement = NULL;
    add(&text, table->conflict == TT__REPLACE && !is_plain ? "INSERT OR REPLACE INTO " : "INSERT INTO ");
    add(&text, table->name);
    add(&text, " (");
    add_list(&text, table, table->column_count, mask);
    add(&text, ") VALUES ");
    for (size_t row = 0; row < row_count; row++) {
        const char *comma = row > 0 ? ", (?" : "(?";
        for (int i = 0; i < table->column_count; i++) {
            if (!(mask >> i & 1))
                continue;
            add(&text, comma);
            comma = ",?";
        }
        add(&text, ")");
    }
    if (!is_plain)
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

/* Which columns of ROW have a value. */
static uint32_t mask_of(const struct tt__cell *row, int column_count)
{
    uint32_t mask = 0;
    for (int i = 0; i < column_count; i++)
        mask |= (uint32_t)(row[i].kind != TT__CELL_NULL) << i;
    return mask;
}

/* The mask that most of COUNT rows have, if one has the majority; of those that WRITER has no image of, if it has one. */
static uint32_t find_usual_mask(const struct tt__store_writer *writer, bool has_image, const struct tt__cell *rows,
                                size_t count, int column_count)
{
    uint32_t candidate = 0;
    size_t votes = 0;
    for (size_t i = 0; i < count; i++) {
        if (has_image && tt__image_has_row(writer, i))
            continue;
        uint32_t mask = mask_of(rows + i * (size_t)column_count, column_count);
        if (votes == 0)
            candidate = mask;
        votes = mask == candidate ? votes + 1 : votes - 1;
    }
    return candidate;
}

/* Inserts the rows at ROWS, which have values in the columns of the usual mask. 1: they are in; 0: one is there already, and
 * nothing has changed; -1: the writer's error. */
static int insert_usual(struct tt__store_writer *writer, const struct tt__table_shape *table, struct tt__usual *usual,
                        const struct tt__cell *const *rows)
{
    int index = 0, code = SQLITE_OK;
    for (size_t row = 0; row < BULK_ROWS && code == SQLITE_OK; row++)
        for (int i = 0; i < table->column_count && code == SQLITE_OK; i++)
            if (usual->mask >> i & 1)
                code = bind(usual->statement, ++index, &rows[row][i]);
    if (code == SQLITE_OK)
        code = sqlite3_step(usual->statement);
    int result = code == SQLITE_DONE ? 1 : (code & 0xff) == SQLITE_CONSTRAINT ? 0 : -1;
    if (result < 0)
        tt__store_fail_sqlite(&writer->error, writer->connection, "writing", writer->path);
    sqlite3_reset(usual->statement);
    return result;
}

/* Makes the statement for rows with MASK. 0, or -1 and the writer's error. */
static int prepare_usual(struct tt__store_writer *writer, const struct tt__table_shape *table, struct tt__usual *usual, uint32_t mask)
{
    usual->is_refused = false;
    if (usual->statement && usual->mask == mask)
        return 0;
    sqlite3_finalize(usual->statement);
    usual->mask = mask;
    usual->statement = prepare_rows(writer, table, BULK_ROWS, mask, true);
    return usual->statement ? 0 : -1;
}

static int write_any(struct tt__store_writer *writer, enum tt__table table, const struct tt__cell *rows, size_t count)
{
    const struct tt__table_shape *description = &tt__table_shapes[table];
    size_t width = (size_t)description->column_count;
    sqlite3_stmt **bulk = &writer->bulk[table], **single = &writer->single[table];
    for (; count >= BULK_ROWS; count -= BULK_ROWS, rows += BULK_ROWS * width) {
        if (!*bulk && !(*bulk = prepare_rows(writer, description, BULK_ROWS, ALL_COLUMNS, false)))
            return -1;
        if (run_rows(writer, *bulk, rows, BULK_ROWS * width) < 0)
            return -1;
    }
    for (; count > 0; count--, rows += width) {
        if (!*single && !(*single = prepare_rows(writer, description, 1, ALL_COLUMNS, false)))
            return -1;
        if (run_rows(writer, *single, rows, width) < 0)
            return -1;
    }
    return 0;
}

/* Those that a statement for the usual ones did not take. */
static int write_each(struct tt__store_writer *writer, enum tt__table table, const struct tt__cell *const *rows, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (write_any(writer, table, rows[i], 1) < 0)
            return -1;
    return 0;
}

/* Writes rows with the usual mask by 50, the others as they come, but none that is in the image. */
static int write_mixed(struct tt__store_writer *writer, enum tt__table table, bool has_image, const struct tt__cell *rows,
                       size_t count)
{
    const struct tt__table_shape *description = &tt__table_shapes[table];
    struct tt__usual *usual = &writer->usual[table];
    const struct tt__cell *taken[BULK_ROWS];
    size_t taken_count = 0, other_count = 0;
    const struct tt__cell *others = NULL; /* the first of those that lie side by side */
    int width = description->column_count;
    for (size_t i = 0; i < count; i++) {
        const struct tt__cell *row = rows + i * (size_t)width;
        bool is_written = has_image && tt__image_has_row(writer, i);
        if (!is_written && (usual->is_refused || mask_of(row, width) != usual->mask)) {
            others = other_count++ == 0 ? row : others;
            continue;
        }
        if (write_any(writer, table, others, other_count) < 0)
            return -1;
        other_count = 0;
        if (is_written)
            continue;
        taken[taken_count++] = row;
        if (taken_count < BULK_ROWS)
            continue;
        int result = insert_usual(writer, description, usual, taken);
        usual->is_refused = result == 0;
        if (result < 0 || (result == 0 && write_each(writer, table, taken, taken_count) < 0))
            return -1;
        taken_count = 0;
    }
    return write_any(writer, table, others, other_count) < 0 || write_each(writer, table, taken, taken_count) < 0 ? -1 : 0;
}

int tt__store_write_rows(struct tt__store_writer *writer, enum tt__table table, const struct tt__cell *rows,
                         size_t count)
{
    const struct tt__table_shape *description = &tt__table_shapes[table];
    if (count < USUAL_ROWS_MIN)
        return write_any(writer, table, rows, count);
    int has_image = tt__image_insert(writer, table, rows, count);
    if (has_image < 0)
        return -1;
    uint32_t mask = find_usual_mask(writer, has_image, rows, count, description->column_count);
    if (mask == 0)
        return 0; /* the image has them all: each row has a value in some column */
    if (prepare_usual(writer, description, &writer->usual[table], mask) < 0)
        return -1;
    return write_mixed(writer, table, has_image, rows, count);
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
        sqlite3_finalize(writer->usual[i].statement);
        writer->single[i] = writer->bulk[i] = writer->usual[i].statement = NULL;
    }
    for (size_t i = 0; i < TT__STORE_OTHER_STATEMENTS; i++) {
        sqlite3_finalize(writer->others[i].statement);
        writer->others[i].statement = NULL;
        writer->others[i].sql = NULL;
    }
}
