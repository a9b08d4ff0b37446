/* rows.c: the choice of a format, and the two that are plain text: CSV and JSON. The contract is in rows.h. */
#include "output/rows.h"

#include "output/text.h"

#include <math.h>
#include <string.h>

const char *const tt__format_words[] = {"table", "json", "ndjson", "csv", NULL};

int tt__rows_init(tt_rows *out_rows, tt_output *output, enum tt_format format, const struct tt_column *columns, size_t column_count)
{
    static const struct tt_rows_format *const formats[] = {
        [TT_FORMAT_TABLE] = &tt__rows_table,
        [TT_FORMAT_JSON] = &tt__rows_json,
        [TT_FORMAT_NDJSON] = &tt__rows_ndjson,
        [TT_FORMAT_CSV] = &tt__rows_csv,
    };
    *out_rows = (tt_rows){.output = output, .columns = columns, .column_count = column_count, .format = formats[format]};
    return out_rows->format->begin(out_rows);
}

int tt__rows_add(tt_rows *rows, const struct tt_cell *cells)
{
    int result = rows->format->row(rows, cells);
    rows->row_count++;
    return result;
}

int tt__rows_finish(tt_rows *rows)
{
    return rows->format->end(rows);
}

/* "inf" is no number with decimals. */
static void write_real(FILE *stream, double real)
{
    char text[40];
    snprintf(text, sizeof text, "%.15g", real);
    if (isfinite(real) && strpbrk(text, ".eE") == NULL)
        strcat(text, ".0");
    fputs(text, stream);
}

/* ------------------------------------------------------------------------------------------------------ CSV */

/* A field of CSV. Characters that a terminal obeys are escaped even here, because such files get shown; line ends and tabs
 * are data and stay. Quotes are doubled by writing the field in pieces. */
static void write_csv_text(FILE *stream, const char *text, size_t length)
{
    if (length > 0 && memchr(text, ',', length) == NULL && memchr(text, '"', length) == NULL && memchr(text, '\n', length) == NULL &&
        memchr(text, '\r', length) == NULL && text[0] != ' ' && text[length - 1] != ' ') {
        tt__text_escape(stream, text, length, 0, TT_TEXT_KEEP_LINES);
        return;
    }
    putc('"', stream);
    for (const char *quote; length > 0 && (quote = memchr(text, '"', length)) != NULL;) {
        size_t piece = (size_t)(quote - text);
        tt__text_escape(stream, text, piece, 0, TT_TEXT_KEEP_LINES);
        fputs("\"\"", stream);
        text += piece + 1;
        length -= piece + 1;
    }
    tt__text_escape(stream, text, length, 0, TT_TEXT_KEEP_LINES);
    putc('"', stream);
}

static int begin_csv(tt_rows *rows)
{
    for (size_t i = 0; i < rows->column_count; i++) {
        if (i > 0)
            putc(',', rows->output->stream);
        write_csv_text(rows->output->stream, rows->columns[i].name, strlen(rows->columns[i].name));
    }
    putc('\n', rows->output->stream);
    return 0;
}

static int add_csv(tt_rows *rows, const struct tt_cell *cells)
{
    FILE *stream = rows->output->stream;
    for (size_t i = 0; i < rows->column_count; i++) {
        if (i > 0)
            putc(',', stream);
        switch (cells[i].kind) {
        case TT_CELL_NULL:
            break;
        case TT_CELL_INTEGER:
            tt__text_integer(stream, cells[i].integer);
            break;
        case TT_CELL_REAL:
            write_real(stream, cells[i].real);
            break;
        case TT_CELL_TEXT:
            write_csv_text(stream, cells[i].bytes, cells[i].size);
            break;
        case TT_CELL_BLOB:
            tt__text_hex(stream, cells[i].bytes, cells[i].size);
            break;
        }
    }
    putc('\n', stream);
    return 0;
}

static int end_csv(tt_rows *rows)
{
    (void)rows;
    return 0;
}

const struct tt_rows_format tt__rows_csv = {begin_csv, add_csv, end_csv};

/* ----------------------------------------------------------------------------------------------------- JSON */

static void write_object(tt_rows *rows, const struct tt_cell *cells)
{
    FILE *stream = rows->output->stream;
    putc('{', stream);
    for (size_t i = 0; i < rows->column_count; i++) {
        if (i > 0)
            fputs(", ", stream);
        tt__text_escape_json(stream, rows->columns[i].name, strlen(rows->columns[i].name));
        fputs(": ", stream);
        if (cells[i].kind == TT_CELL_INTEGER)
            tt__text_integer(stream, cells[i].integer);
        else if (cells[i].kind == TT_CELL_REAL && isfinite(cells[i].real))
            write_real(stream, cells[i].real);
        else if (cells[i].kind == TT_CELL_TEXT)
            tt__text_escape_json(stream, cells[i].bytes, cells[i].size);
        else if (cells[i].kind == TT_CELL_BLOB) {
            putc('"', stream);
            tt__text_hex(stream, cells[i].bytes, cells[i].size);
            putc('"', stream);
        } else
            fputs("null", stream);
    }
    putc('}', stream);
}

static int begin_json(tt_rows *rows)
{
    putc('[', rows->output->stream);
    return 0;
}

static int add_json(tt_rows *rows, const struct tt_cell *cells)
{
    fputs(rows->row_count == 0 ? "\n  " : ",\n  ", rows->output->stream);
    write_object(rows, cells);
    return 0;
}

static int end_json(tt_rows *rows)
{
    fputs(rows->row_count == 0 ? "]\n" : "\n]\n", rows->output->stream);
    return 0;
}

static int begin_ndjson(tt_rows *rows)
{
    (void)rows;
    return 0;
}

static int add_ndjson(tt_rows *rows, const struct tt_cell *cells)
{
    write_object(rows, cells);
    putc('\n', rows->output->stream);
    return 0;
}

const struct tt_rows_format tt__rows_json = {begin_json, add_json, end_json};
const struct tt_rows_format tt__rows_ndjson = {begin_ndjson, add_ndjson, begin_ndjson};
