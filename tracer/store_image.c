/* store_image.c: see store_image.h.
 *
 * The image is a file as https://www.sqlite.org/fileformat.html describes it. Its first pages are made by SQLite itself: they
 * hold the schema, with the very text that the store has for the table, and the empty roots of the table and its indexes. Then
 * come leaves, filled here; the table's root becomes their parent. An index stays empty: rows that one would be about are not
 * packed.
 *
 *   page 1        header (page count at 28), schema
 *   page 2 ...    roots, that of the table with: 0x05, 0, 0, cells (2), their begin (2), 0, last child (4), places of cells
 *                 (2 each), ... cells: child (4), its greatest key (varint)
 *   then leaves   0x0d, 0, 0, cells (2), their begin (2), 0, places of cells (2 each), ... cells: bytes of the row (varint),
 *                 key (varint), row
 *   a row         bytes of its header (one), type of each column (varint), values
 */
#include "store_image.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store_check.h"
#include "store_writer_state.h"

#define PAGE_BYTES     16384u
#define PAGES_MAX      512u /* 8 MiB: four times what a batch of the recorder takes; more rows go the usual way */
#define ROOT_HEADER    12u
#define LEAF_HEADER    8u
#define TEXT_BYTES_MAX 2048u /* of a row that is packed, so that it fits into a page */
#define TYPES_BYTES_MAX \
    100u /* of a row: one a column, up to three of a text; with fewer than 127 one byte says how many */
#define ROW_BYTES_MAX    (20u + TYPES_BYTES_MAX + 8u * TT__TABLE_COLUMNS_MAX + TEXT_BYTES_MAX)
#define LEAF_ROWS_MAX    400u /* room for their places is kept at a leaf's beginning */
#define LEAF_BEGIN       (LEAF_HEADER + 2u * LEAF_ROWS_MAX)
#define AHEAD            6u /* rows: more than the caches hold have been filled since the first ones */
#define PROCESS_ID_SHIFT 40

/* A row that is to be packed. */
struct entry {
    int64_t key;
    size_t number;
};

struct column {
    uint8_t place, cell; /* in the table; in rows */
    bool is_text;
};

struct tt__image {
    /* The table that the first pages are for. */
    enum tt__table table;
    size_t first_pages;
    uint32_t root;
    size_t column_count, told_count;
    struct column told[TT__TABLE_COLUMNS_MAX]; /* those that rows have cells for, but the key; the others are NULL */
    /* What is packed. */
    uint8_t *bytes;            /* PAGES_MAX pages; SQLite reads them while the image is attached */
    size_t page_count;         /* that are attached */
    const struct tt__cell *of; /* the rows that were given; NULL: none are packed */
    size_t of_count;
    uint8_t *is_in; /* of each of them */
    struct entry *entries;
    size_t capacity; /* of both */
};

/* The columns that a row must have: with them it is a whole one, and none that a partial index is about. */
static bool is_whole(enum tt__table table, const struct tt__cell *row)
{
    return table == TT__TABLE_TASK && row[TT__TASK_created_ns].kind != TT__CELL_NULL &&
           row[TT__TASK_outcome].kind != TT__CELL_NULL;
}

/* ----------------------------------------------------------------------------------------------------- first pages */

static int64_t ask(sqlite3 *connection, const char *sql, const char *parameter)
{
    sqlite3_stmt *statement = NULL;
    int64_t answer = 0;
    if (sqlite3_prepare_v2(connection, sql, -1, &statement, NULL) == SQLITE_OK &&
        sqlite3_bind_text(statement, 1, parameter, -1, SQLITE_STATIC) == SQLITE_OK &&
        sqlite3_step(statement) == SQLITE_ROW)
        answer = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return answer;
}

/* Creates the table and its indexes in MODEL as the store has them. */
static bool copy_schema(sqlite3 *store, sqlite3 *model, const char *table)
{
    sqlite3_stmt *statement = NULL;
    bool is_good = sqlite3_exec(model, "PRAGMA page_size = 16384", NULL, NULL, NULL) == SQLITE_OK &&
                   sqlite3_prepare_v2(
                       store, "SELECT sql FROM main.sqlite_schema WHERE tbl_name = ? AND sql NOT NULL ORDER BY rowid",
                       -1, &statement, NULL) == SQLITE_OK &&
                   sqlite3_bind_text(statement, 1, table, -1, SQLITE_STATIC) == SQLITE_OK;
    while (is_good && sqlite3_step(statement) == SQLITE_ROW)
        is_good = sqlite3_exec(model, (const char *)sqlite3_column_text(statement, 0), NULL, NULL, NULL) == SQLITE_OK;
    sqlite3_finalize(statement);
    return is_good;
}

/* Which cell each column of the table has. */
static bool match_columns(struct tt__image *image, sqlite3 *model, const struct tt__table_shape *shape)
{
    char sql[64];
    sqlite3_stmt *statement = NULL;
    snprintf(sql, sizeof sql, "SELECT * FROM %s", shape->name);
    if (sqlite3_prepare_v2(model, sql, -1, &statement, NULL) != SQLITE_OK)
        return false;
    size_t text_count = 0;
    int count = sqlite3_column_count(statement);
    bool is_good = count > 0 && count <= TT__TABLE_COLUMNS_MAX;
    for (int i = 0; i < count && is_good; i++) {
        const char *name = sqlite3_column_name(statement, i), *type = sqlite3_column_decltype(statement, i);
        int cell = shape->column_count - 1;
        while (cell > 0 && name && strcmp(name, shape->columns[cell]) != 0)
            cell--;
        bool is_text = type && strcmp(type, "TEXT") == 0;
        text_count += is_text;
        if (cell > 0)
            image->told[image->told_count++] = (struct column){(uint8_t)i, (uint8_t)cell, is_text};
        is_good = name && (is_text || (type && strcmp(type, "INTEGER") == 0)) &&
                  (i > 0 || strcmp(name, shape->columns[0]) == 0); /* the key is the first */
    }
    sqlite3_finalize(statement);
    image->column_count = (size_t)count;
    return is_good && image->column_count + 2 * text_count <= TYPES_BYTES_MAX;
}

static bool make_first_pages(struct tt__image *image, sqlite3 *store, enum tt__table table)
{
    const struct tt__table_shape *shape = &tt__table_shapes[table];
    sqlite3 *model = NULL;
    sqlite3_int64 length = 0;
    unsigned char *pages = NULL;
    bool is_good =
        sqlite3_open(":memory:", &model) == SQLITE_OK && copy_schema(store, model, shape->name) &&
        match_columns(image, model, shape) &&
        (image->root = (uint32_t)ask(model, "SELECT rootpage FROM sqlite_schema WHERE name = ?", shape->name)) > 1 &&
        (pages = sqlite3_serialize(model, "main", &length, 0)) && length % PAGE_BYTES == 0 &&
        length / PAGE_BYTES < PAGES_MAX / 2;
    if (is_good) {
        memcpy(image->bytes, pages, (size_t)length);
        image->first_pages = (size_t)length / PAGE_BYTES;
        image->table = table;
    }
    sqlite3_free(pages);
    sqlite3_close(model);
    return is_good;
}

static struct tt__image *create_image(struct tt__store_writer *writer, enum tt__table table)
{
    struct tt__image *image = calloc(1, sizeof *image);
    if (!image)
        return NULL;
    if ((image->bytes = malloc((size_t)PAGES_MAX * PAGE_BYTES)) && make_first_pages(image, writer->connection, table) &&
        sqlite3_exec(writer->connection, "ATTACH ':memory:' AS image", NULL, NULL, NULL) == SQLITE_OK)
        return image;
    free(image->bytes);
    free(image);
    return NULL;
}

/* --------------------------------------------------------------------------------------------------- packing a row */

/* Seven bits a byte, the highest first; all but the last one have the eighth. */
static size_t put_varint(uint8_t *out, uint64_t value)
{
    if (value < 128) {
        out[0] = (uint8_t)value;
        return 1;
    }
    assert(value >> 56 == 0); /* more would have a ninth byte of eight bits */
    size_t length = (70u - (unsigned)__builtin_clzll(value)) / 7;
    for (size_t i = length; i-- > 0; value >>= 7)
        out[i] = (uint8_t)value | 128;
    out[length - 1] &= 127;
    return length;
}

static void put_number(uint8_t *out, uint64_t value, size_t length)
{
    for (size_t i = 0; i < length; i++)
        out[i] = (uint8_t)(value >> 8 * (length - 1 - i));
}

/* Writes VALUE to OUT, which has room for 8 bytes, and its type to *TYPE. Returns its bytes. */
static inline size_t put_integer(uint8_t *out, int64_t value, uint8_t *type)
{
    static const uint8_t types[9] = {0, 1, 2, 3, 4, 5, 5, 6, 6}, lengths[9] = {0, 1, 2, 3, 4, 6, 6, 8, 8};
    if ((uint64_t)value <= 1) {
        *type = (uint8_t)(8 + value);
        return 0;
    }
    uint64_t magnitude = (uint64_t)(value ^ value >> 63) | 1;
    unsigned needed = (65u - (unsigned)__builtin_clzll(magnitude) + 7) / 8; /* with the bit of the sign */
    *type = types[needed];
    uint64_t big_endian = __builtin_bswap64((uint64_t)value << (64 - 8 * lengths[needed]));
    memcpy(out, &big_endian, sizeof big_endian);
    return lengths[needed];
}

/* Packs ROW as a cell of a leaf, at OUT or a byte later, see *OUT_CELL; there is room for ROW_BYTES_MAX. Returns its end; NULL when it
 * has values that are not what their columns are for, or too many. */
static uint8_t *pack_row(const struct tt__image *restrict image, const struct tt__cell *restrict row,
                         uint8_t *restrict out, uint8_t **out_cell)
{
    uint8_t *header = out + 2 + put_varint(out + 2, (uint64_t)row[0].integer);
    uint8_t *types = header + 1, *values = types + image->column_count, *value = values;
    size_t text_bytes = 0;
    memset(types, 0, TT__TABLE_COLUMNS_MAX); /* NULL; so is the key, which stands before the row */
    for (size_t i = 0; i < image->told_count; i++) {
        const struct column *column = &image->told[i];
        const struct tt__cell *cell = &row[column->cell];
        if (cell->kind == TT__CELL_NULL)
            continue;
        if (cell->kind == TT__CELL_INTEGER && !column->is_text) {
            value += put_integer(value, cell->integer, types + column->place);
        } else if (cell->kind == TT__CELL_TEXT && column->is_text && (text_bytes += cell->length) <= TEXT_BYTES_MAX) {
            uint8_t type[9];
            size_t more =
                put_varint(type, 13 + 2 * (uint64_t)cell->length) - 1; /* than the byte that was kept for it */
            memmove(values + more, values, (size_t)(value - values));
            memcpy(types + column->place, type, more + 1);
            memset(types + column->place + more + 1, 0, image->column_count - column->place - 1);
            types += more; /* the places of those behind it */
            values += more;
            value += more;
            memcpy(value, cell->text, cell->length);
            value += cell->length;
        } else {
            return NULL;
        }
    }
    *header = (uint8_t)(values - header);
    size_t length = (size_t)(value - header);
    assert(length < 128 * 128);
    bool is_short = length < 128;
    out[0] = (uint8_t)(length >> 7) | 128;
    out[1] = length & 127;
    *out_cell = out + is_short;
    return value;
}

/* --------------------------------------------------------------------------------------------------- choosing rows */

static int compare_entries(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    return (x->key > y->key) - (x->key < y->key);
}

/* Room for COUNT rows. */
static bool make_room(struct tt__image *image, size_t count)
{
    if (count > image->capacity) {
        free(image->is_in);
        free(image->entries);
        image->is_in = malloc(count);
        image->entries = reallocarray(NULL, count, sizeof *image->entries);
        image->capacity = image->is_in && image->entries ? count : 0;
    }
    if (image->capacity > 0)
        memset(image->is_in, 0, count);
    return image->capacity > 0;
}

/* The whole rows, in the order of their keys. Returns their count. */
static size_t choose_rows(struct tt__image *image, const struct tt__cell *cells, size_t count)
{
    size_t width = (size_t)tt__table_shapes[image->table].column_count, chosen = 0;
    bool is_sorted = true;
    for (size_t i = 0; i < count; i++) {
        const struct tt__cell *row = cells + i * width;
        __builtin_prefetch(row + AHEAD * width);
        if (!is_whole(image->table, row) || row[0].kind != TT__CELL_INTEGER || row[0].integer < 0 ||
            row[0].integer >> 56 != 0)
            continue;
        is_sorted &= chosen == 0 || image->entries[chosen - 1].key < row[0].integer;
        image->entries[chosen++] = (struct entry){row[0].integer, i};
    }
    if (!is_sorted)
        qsort(image->entries, chosen, sizeof *image->entries, compare_entries);
    return chosen;
}

/* Takes those of COUNT entries out that the store has already; they are of one process, so that few rows of the store lie between
 * them: tasks that were told before and have not ended. Returns how many are left; 0 when there are too many rows to look at. */
static size_t leave_known(sqlite3_stmt *known, struct entry *entries, size_t count)
{
    size_t kept = 0, next = 0, seen = 0;
    int code = SQLITE_ERROR;
    if (sqlite3_bind_int64(known, 1, entries[0].key) == SQLITE_OK &&
        sqlite3_bind_int64(known, 2, entries[count - 1].key) == SQLITE_OK)
        while ((code = sqlite3_step(known)) == SQLITE_ROW && seen++ < count) {
            int64_t key = sqlite3_column_int64(known, 0);
            while (next < count && entries[next].key < key)
                entries[kept++] = entries[next++];
            next += next < count && entries[next].key == key;
        }
    sqlite3_reset(known);
    while (next < count)
        entries[kept++] = entries[next++];
    return code == SQLITE_DONE ? kept : 0;
}

/* The same for all processes. */
static size_t leave_all_known(struct tt__store_writer *writer, struct tt__image *image, size_t count)
{
    char sql[128];
    const struct tt__table_shape *shape = &tt__table_shapes[image->table];
    sqlite3_stmt *known = NULL;
    size_t kept = 0;
    snprintf(sql, sizeof sql, "SELECT %s FROM main.%s WHERE %s BETWEEN ? AND ? ORDER BY %s", shape->columns[0],
             shape->name, shape->columns[0], shape->columns[0]);
    if (sqlite3_prepare_v2(writer->connection, sql, -1, &known, NULL) != SQLITE_OK)
        return 0;
    for (size_t first = 0, last = 0; first < count; first = last) {
        while (last < count &&
               image->entries[last].key >> PROCESS_ID_SHIFT == image->entries[first].key >> PROCESS_ID_SHIFT)
            last++;
        size_t left = leave_known(known, image->entries + first, last - first);
        memmove(image->entries + kept, image->entries + first, left * sizeof *image->entries);
        kept += left;
    }
    sqlite3_finalize(known);
    return kept;
}

/* ----------------------------------------------------------------------------------------------------------- pages */

/* Puts the cells of ENTRIES into leaves behind the first pages. Returns the leaves, and the greatest key of each in KEYS. */
static size_t fill_leaves(struct tt__image *image, const struct tt__cell *cells, size_t count, int64_t keys[PAGES_MAX])
{
    size_t width = (size_t)tt__table_shapes[image->table].column_count;
    size_t leaf_count = 0, leaves_max = PAGES_MAX - image->first_pages, row_count = 0, end = 0;
    uint8_t *leaf = NULL;
    for (size_t i = 0; i < count; i++) {
        const struct entry *entry = &image->entries[i];
        const struct tt__cell *later = cells + image->entries[i + AHEAD < count ? i + AHEAD : i].number * width;
        __builtin_prefetch(later);
        __builtin_prefetch(later + 8);
        __builtin_prefetch(later + 16);
        if (!leaf || row_count == LEAF_ROWS_MAX || PAGE_BYTES - end < ROW_BYTES_MAX) {
            if (leaf_count == leaves_max)
                break;
            leaf = image->bytes + (image->first_pages + leaf_count++) * PAGE_BYTES;
            memset(leaf, 0, LEAF_HEADER);
            leaf[0] = 0x0d;
            put_number(leaf + 5, LEAF_BEGIN, 2);
            row_count = 0;
            end = LEAF_BEGIN;
        }
        uint8_t *cell, *packed = pack_row(image, cells + entry->number * width, leaf + end, &cell);
        if (!packed)
            continue;
        put_number(leaf + LEAF_HEADER + 2 * row_count++, (size_t)(cell - leaf), 2);
        put_number(leaf + 3, row_count, 2);
        end = (size_t)(packed - leaf);
        keys[leaf_count - 1] = entry->key;
        image->is_in[entry->number] = 1;
    }
    return row_count > 0 ? leaf_count : leaf_count - (leaf_count > 0); /* the last one may have got none */
}

static void fill_root(struct tt__image *image, size_t leaf_count, const int64_t keys[PAGES_MAX])
{
    uint8_t *root = image->bytes + (size_t)(image->root - 1) * PAGE_BYTES;
    size_t begin = PAGE_BYTES, first_leaf = image->first_pages + 1;
    memset(root, 0, PAGE_BYTES);
    for (size_t i = 0; i + 1 < leaf_count; i++) {
        uint8_t cell[16];
        put_number(cell, first_leaf + i, 4);
        size_t length = 4 + put_varint(cell + 4, (uint64_t)keys[i]);
        begin -= length;
        memcpy(root + begin, cell, length);
        put_number(root + ROOT_HEADER + 2 * i, begin, 2);
    }
    root[0] = 0x05;
    put_number(root + 3, leaf_count - 1, 2);
    put_number(root + 5, begin, 2);
    put_number(root + 8, first_leaf + leaf_count - 1, 4);
}

/* Has SQLite take COUNT pages for the image. */
static bool attach_pages(struct tt__store_writer *writer, struct tt__image *image, size_t count)
{
    sqlite3_int64 bytes = (sqlite3_int64)(count * PAGE_BYTES);
    put_number(image->bytes + 28, count, 4);
    /* Nobody writes it; were SQLite told so, BEGIN IMMEDIATE, which locks all that is attached, would fail. */
    if (sqlite3_deserialize(writer->connection, "image", image->bytes, bytes, bytes, 0) == SQLITE_OK) {
        image->page_count = count;
        return true;
    }
    put_number(image->bytes + 28, image->page_count, 4); /* what is attached goes on being what it says */
    return false;
}

void tt__image_pack(struct tt__store_writer *writer, enum tt__table table, const struct tt__cell *cells, size_t count)
{
    int64_t keys[PAGES_MAX];
    tt__image_drop(writer);
    if (count < TT__IMAGE_ROWS_MIN || (!writer->image && !(writer->image = create_image(writer, table))))
        return;
    struct tt__image *image = writer->image;
    assert(image->table == table && sqlite3_get_autocommit(writer->connection));
    if (!make_room(image, count))
        return;
    size_t chosen = choose_rows(image, cells, count);
    if (chosen >= TT__IMAGE_ROWS_MIN)
        chosen = leave_all_known(writer, image, chosen);
    size_t leaf_count = chosen >= TT__IMAGE_ROWS_MIN ? fill_leaves(image, cells, chosen, keys) : 0;
    if (leaf_count < 2)
        return; /* a root that is a parent has two children at least */
    fill_root(image, leaf_count, keys);
    if (!attach_pages(writer, image, image->first_pages + leaf_count))
        return;
    image->of = cells;
    image->of_count = count;
}

/* ------------------------------------------------------------------------------------------------------- inserting */

int tt__image_insert(struct tt__store_writer *writer, enum tt__table table, const struct tt__cell *cells, size_t count)
{
    char sql[128];
    const struct tt__image *image = writer->image;
    sqlite3_stmt *statement = NULL;
    if (!image || !image->of || image->table != table || image->of != cells || image->of_count != count)
        return 0;
    snprintf(sql, sizeof sql, "INSERT INTO main.%s SELECT * FROM image.%s", tt__table_shapes[table].name,
             tt__table_shapes[table].name);
    if (sqlite3_prepare_v2(writer->connection, sql, -1, &statement, NULL) != SQLITE_OK)
        return 0;
    int code = sqlite3_step(statement);
    int result = code == SQLITE_DONE ? 1 : (code & 0xff) == SQLITE_CONSTRAINT ? 0 : -1;
    if (result < 0)
        tt__store_fail_sqlite(&writer->error, writer->connection, "writing", writer->path);
    sqlite3_finalize(statement);
    return result;
}

bool tt__image_has_row(const struct tt__store_writer *writer, size_t number)
{
    return writer->image->is_in[number];
}

void tt__image_drop(struct tt__store_writer *writer)
{
    if (writer->image)
        writer->image->of = NULL;
}

void tt__image_finish(struct tt__store_writer *writer)
{
    if (!writer->image)
        return;
    free(writer->image->bytes);
    free(writer->image->is_in);
    free(writer->image->entries);
    free(writer->image);
    writer->image = NULL;
}
