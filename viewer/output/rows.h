/* rows.h: rows of named columns, printed as a table for people or as data for programs.
 *
 * What it is for. One interface over the formats: table (libsmartcols), json (one array of objects), ndjson (an object a
 * line), csv (RFC 4180). Rows stream through it; a table is printed in blocks, so that memory stays bounded.
 *
 * What it leaves to others. Where rows come from: query.h. How text is escaped: text.h.
 *
 * Threads. One thread.
 */
#ifndef TT_VIEWER_ROWS_H
#define TT_VIEWER_ROWS_H

#include "output/output.h"

#include <stdint.h>

enum tt_format { TT_FORMAT_TABLE, TT_FORMAT_JSON, TT_FORMAT_NDJSON, TT_FORMAT_CSV };

/* The words for them, in this order, ended by NULL. */
extern const char *const tt__format_words[];

enum tt_cell_kind { TT_CELL_NULL, TT_CELL_INTEGER, TT_CELL_REAL, TT_CELL_TEXT, TT_CELL_BLOB };

/* One value. `bytes` belongs to whoever made the cell and is read before the call that takes the cell returns. */
struct tt_cell {
    enum tt_cell_kind kind;
    int64_t integer;
    double real;
    const char *bytes;
    size_t size;
};

/* How a number is meant; data formats print the number itself. TT_UNIT_DEPTH: the row's level in a tree, whose rows come
 * in the order in which they are printed; a table draws branches with it in the column that follows. */
enum tt_unit { TT_UNIT_NONE, TT_UNIT_DURATION, TT_UNIT_INSTANT, TT_UNIT_DEPTH };

/* Deepest level of a tree; what is deeper is drawn there. */
#define TT_ROWS_DEPTH_MAX 200

struct tt_column {
    const char *name;    /* in data formats */
    const char *heading; /* in tables */
    enum tt_unit unit;
    bool is_wide; /* a table gives way here first when the terminal is too narrow */
};

typedef struct tt_rows tt_rows;

/* What a format does. Each returns 0, or -1 when memory ran out. */
struct tt_rows_format {
    int (*begin)(tt_rows *rows);
    int (*row)(tt_rows *rows, const struct tt_cell *cells);
    int (*end)(tt_rows *rows);
};

struct tt_rows {
    tt_output *output;
    const struct tt_column *columns;
    size_t column_count;
    size_t row_count;
    const struct tt_rows_format *format;
    void *state; /* the format's own */
};

/* Begins to print rows of COLUMN_COUNT columns; COLUMNS must stay where they are until tt__rows_finish. Returns 0 or -1. */
int tt__rows_init(tt_rows *out_rows, tt_output *output, enum tt_format format, const struct tt_column *columns, size_t column_count);

/* Adds one row of `column_count` cells. Returns 0 or -1. */
int tt__rows_add(tt_rows *rows, const struct tt_cell *cells);

/* Prints what is left and frees everything. Returns 0 or -1. */
int tt__rows_finish(tt_rows *rows);

extern const struct tt_rows_format tt__rows_table, tt__rows_json, tt__rows_ndjson, tt__rows_csv;

#endif
