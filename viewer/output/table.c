/* table.c: rows as a table, laid out by libsmartcols. The contract is in rows.h.
 *
 * libsmartcols keeps a whole table in memory to find the widths, so rows are printed in blocks, each with its heading: a
 * million tasks must not need gigabytes.
 */
#include "output/rows.h"

#include "output/text.h"

#include <inttypes.h>
#include <libsmartcols/libsmartcols.h>
#include <stdlib.h>
#include <string.h>

/* Rows of one block: enough that a screenful never breaks, and a few megabytes at most. */
#define BLOCK_ROWS 10000u

/* Longest cell, in characters; the whole text is in the data formats and in `telltale show`. */
#define CELL_LIMIT 120u

static struct libscols_table *new_block(const tt_rows *rows)
{
    struct libscols_table *table = scols_new_table();
    if (table == NULL)
        return NULL;
    scols_table_set_stream(table, rows->output->stream);
    /* Escaping is ours: libsmartcols would escape our backslashes once more. */
    scols_table_enable_noencoding(table, 1);
    if (rows->output->width > 0) {
        scols_table_set_termforce(table, SCOLS_TERMFORCE_ALWAYS);
        scols_table_set_termwidth(table, rows->output->width);
    } else {
        scols_table_set_termforce(table, SCOLS_TERMFORCE_NEVER);
    }
    for (size_t i = 0; i < rows->column_count; i++) {
        int flags = rows->columns[i].unit != TT_UNIT_NONE ? SCOLS_FL_RIGHT : 0;
        if (rows->columns[i].is_wide)
            flags |= SCOLS_FL_TRUNC;
        if (scols_table_new_column(table, rows->columns[i].heading, 0, flags) == NULL) {
            scols_unref_table(table);
            return NULL;
        }
    }
    return table;
}

static int print_block(tt_rows *rows)
{
    struct libscols_table *table = rows->state;
    int result = table == NULL ? 0 : scols_print_table(table);
    scols_unref_table(table);
    rows->state = NULL;
    return result == 0 ? 0 : -1;
}

static int begin_table(tt_rows *rows)
{
    rows->state = new_block(rows);
    return rows->state == NULL ? -1 : 0;
}

static char *cell_text(const struct tt_cell *cell, enum tt_unit unit)
{
    char *text = NULL;
    size_t size = 0;
    char duration[TT_DURATION_BYTES];
    FILE *memory = open_memstream(&text, &size);
    if (memory == NULL)
        return NULL;
    switch (cell->kind) {
    case TT_CELL_NULL:
        putc('-', memory);
        break;
    case TT_CELL_INTEGER:
        if (unit == TT_UNIT_DURATION)
            tt__text_duration(duration, cell->integer);
        else if (unit == TT_UNIT_INSTANT)
            tt__text_instant(duration, cell->integer);
        else
            snprintf(duration, sizeof duration, "%" PRId64, cell->integer);
        fputs(duration, memory);
        break;
    case TT_CELL_REAL:
        fprintf(memory, "%.6g", cell->real);
        break;
    case TT_CELL_TEXT:
        tt__text_escape(memory, cell->bytes, cell->size, CELL_LIMIT, TT_TEXT_KEEP_NOTHING);
        break;
    case TT_CELL_BLOB:
        fputs("x'", memory);
        tt__text_hex(memory, cell->bytes, cell->size < CELL_LIMIT / 2 ? cell->size : CELL_LIMIT / 2);
        fputs(cell->size < CELL_LIMIT / 2 ? "'" : "…", memory);
        break;
    }
    if (fclose(memory) != 0) {
        free(text);
        return NULL;
    }
    return text;
}

static int add_table(tt_rows *rows, const struct tt_cell *cells)
{
    if (rows->row_count > 0 && rows->row_count % BLOCK_ROWS == 0) {
        if (print_block(rows) < 0)
            return -1;
        putc('\n', rows->output->stream);
        if (begin_table(rows) < 0)
            return -1;
    }
    struct libscols_line *line = scols_table_new_line(rows->state, NULL);
    if (line == NULL)
        return -1;
    for (size_t i = 0; i < rows->column_count; i++) {
        char *text = cell_text(&cells[i], rows->columns[i].unit);
        if (text == NULL)
            return -1;
        if (cells[i].kind == TT_CELL_INTEGER || cells[i].kind == TT_CELL_REAL) {
            struct libscols_column *column = scols_table_get_column(rows->state, i);
            scols_column_set_flags(column, scols_column_get_flags(column) | SCOLS_FL_RIGHT);
        }
        if (scols_line_refer_data(line, i, text) != 0) {
            free(text);
            return -1;
        }
    }
    return 0;
}

static int end_table(tt_rows *rows)
{
    return print_block(rows);
}

const struct tt_rows_format tt__rows_table = {begin_table, add_table, end_table};
