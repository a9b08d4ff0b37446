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

/* What a table keeps between rows. */
struct state {
    struct libscols_table *block;
    size_t block_rows;
    struct libscols_line *parents[TT_ROWS_DEPTH_MAX + 1]; /* the last line of each level */
    size_t depth;                                         /* of the last line */
};

static bool is_tree(const tt_rows *rows)
{
    for (size_t i = 0; i < rows->column_count; i++)
        if (rows->columns[i].unit == TT_UNIT_DEPTH)
            return true;
    return false;
}

/* libsmartcols would look at the locale, which is not the user's any more. Returns 0, or not. */
static int use_plain_branches(struct libscols_table *table)
{
    struct libscols_symbols *symbols = scols_new_symbols();
    if (symbols == NULL)
        return -1;
    int result = scols_symbols_set_branch(symbols, "|-") | scols_symbols_set_right(symbols, "`-") |
                 scols_symbols_set_vertical(symbols, "| ") | scols_table_set_symbols(table, symbols);
    scols_unref_symbols(symbols);
    return result;
}

static int add_columns(const tt_rows *rows, struct libscols_table *table)
{
    bool has_branches = false;
    for (size_t i = 0; i < rows->column_count; i++) {
        if (rows->columns[i].unit == TT_UNIT_DEPTH) {
            has_branches = true;
            continue;
        }
        int flags = rows->columns[i].unit != TT_UNIT_NONE ? SCOLS_FL_RIGHT : 0;
        flags |= rows->columns[i].is_wide ? SCOLS_FL_TRUNC : 0;
        flags |= has_branches ? SCOLS_FL_TREE : 0;
        has_branches = false;
        if (scols_table_new_column(table, rows->columns[i].heading, 0, flags) == NULL)
            return -1;
    }
    return 0;
}

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
    if (add_columns(rows, table) < 0 || (is_tree(rows) && !tt__output_is_utf8() && use_plain_branches(table) != 0)) {
        scols_unref_table(table);
        return NULL;
    }
    return table;
}

static int begin_block(tt_rows *rows)
{
    struct state *state = rows->state;
    state->block_rows = 0;
    state->block = new_block(rows);
    return state->block == NULL ? -1 : 0;
}

static int print_block(tt_rows *rows)
{
    struct state *state = rows->state;
    int result = state->block == NULL ? 0 : scols_print_table(state->block);
    scols_unref_table(state->block);
    state->block = NULL;
    return result == 0 ? 0 : -1;
}

static int begin_table(tt_rows *rows)
{
    rows->state = calloc(1, sizeof(struct state));
    if (rows->state != NULL && begin_block(rows) == 0)
        return 0;
    free(rows->state);
    rows->state = NULL;
    return -1;
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

/* The row's level; a row that skips one stands where its parent would. */
static size_t depth_of(const tt_rows *rows, const struct state *state, const struct tt_cell *cells)
{
    size_t deepest = state->block_rows == 0 ? 0 : state->depth + 1;
    for (size_t i = 0; i < rows->column_count; i++)
        if (rows->columns[i].unit == TT_UNIT_DEPTH && cells[i].kind == TT_CELL_INTEGER && cells[i].integer > 0) {
            size_t depth = cells[i].integer < TT_ROWS_DEPTH_MAX ? (size_t)cells[i].integer : TT_ROWS_DEPTH_MAX;
            return depth < deepest ? depth : deepest;
        }
    return 0;
}

/* Puts the row's texts into LINE. */
static int fill_line(tt_rows *rows, struct libscols_line *line, const struct tt_cell *cells)
{
    struct state *state = rows->state;
    size_t number = 0;
    for (size_t i = 0; i < rows->column_count; i++) {
        if (rows->columns[i].unit == TT_UNIT_DEPTH)
            continue;
        char *text = cell_text(&cells[i], rows->columns[i].unit);
        if (text == NULL)
            return -1;
        if (cells[i].kind == TT_CELL_INTEGER || cells[i].kind == TT_CELL_REAL) {
            struct libscols_column *column = scols_table_get_column(state->block, number);
            scols_column_set_flags(column, scols_column_get_flags(column) | SCOLS_FL_RIGHT);
        }
        if (scols_line_refer_data(line, number++, text) != 0) {
            free(text);
            return -1;
        }
    }
    return 0;
}

static int add_table(tt_rows *rows, const struct tt_cell *cells)
{
    struct state *state = rows->state;
    size_t depth = depth_of(rows, state, cells);
    /* A tree is not torn. */
    if (state->block_rows >= BLOCK_ROWS && depth == 0) {
        if (print_block(rows) < 0)
            return -1;
        putc('\n', rows->output->stream);
        if (begin_block(rows) < 0)
            return -1;
    }
    struct libscols_line *line = scols_table_new_line(state->block, depth > 0 ? state->parents[depth - 1] : NULL);
    if (line == NULL)
        return -1;
    state->parents[depth] = line;
    state->depth = depth < TT_ROWS_DEPTH_MAX ? depth : TT_ROWS_DEPTH_MAX - 1;
    state->block_rows++;
    return fill_line(rows, line, cells);
}

static int end_table(tt_rows *rows)
{
    int result = rows->state == NULL ? -1 : print_block(rows);
    free(rows->state);
    rows->state = NULL;
    return result;
}

const struct tt_rows_format tt__rows_table = {begin_table, add_table, end_table};
