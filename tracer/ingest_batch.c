/* ingest_batch.c: see ingest_batch.h. */
#include "ingest_batch.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define INDEX_CAPACITY_MIN 256u
#define ROWS_MIN           64u
#define TEXT_CHUNK_BYTES   (64u * 1024)

static const int column_counts[TT__TABLE_COUNT] = {
#define COUNT_COLUMNS(table, name, keys, conflict) TT__##table##_COLUMNS,
    TT__TABLES(COUNT_COLUMNS)
#undef COUNT_COLUMNS
};

#define CHECK_COLUMNS(table, name, keys, conflict)                      \
    _Static_assert((int)TT__##table##_COLUMNS <= TT__TABLE_COLUMNS_MAX, \
                   name " has no more columns than a row can have");
TT__TABLES(CHECK_COLUMNS)
#undef CHECK_COLUMNS

/* ----------------------------------------------------------------------------------------------------------- index */

/* Ids that follow each other lie side by side, so that they share lines of the cache: GROUP of them. */
#define GROUP 16u

static size_t spread(int64_t key, size_t capacity)
{
    size_t group = (size_t)(((uint64_t)key / GROUP * UINT64_C(0x9e3779b97f4a7c15)) >> 20) * GROUP;
    return (group | ((uint64_t)key & (GROUP - 1))) & (capacity - 1);
}

/* The entry of KEY, or the empty one where it belongs. */
static struct tt__key_index_entry *find_entry(const struct tt__key_index *index, int64_t key)
{
    size_t at = spread(key, index->capacity);
    while (index->entries[at].generation == index->generation && index->entries[at].key != key)
        at = (at + 1) & (index->capacity - 1);
    return &index->entries[at];
}

static bool grow_index(struct tt__key_index *index)
{
    struct tt__key_index larger = {
        .capacity = index->capacity ? 2 * index->capacity : INDEX_CAPACITY_MIN, .count = index->count, .generation = 1};
    larger.entries = calloc(larger.capacity, sizeof *larger.entries);
    if (!larger.entries)
        return false;
    for (size_t i = 0; i < index->capacity; i++) {
        const struct tt__key_index_entry *old = &index->entries[i];
        if (old->generation == index->generation)
            *find_entry(&larger, old->key) = (struct tt__key_index_entry){old->key, old->row, larger.generation};
    }
    free(index->entries);
    *index = larger;
    return true;
}

uint32_t *tt__key_index_slot(struct tt__key_index *index, int64_t key)
{
    if (index->capacity == 0 && !grow_index(index))
        return NULL;
    struct tt__key_index_entry *entry = find_entry(index, key);
    if (entry->generation == index->generation)
        return &entry->row;
    if (index->count >= index->capacity / 2) {
        if (!grow_index(index))
            return NULL;
        entry = find_entry(index, key);
    }
    *entry = (struct tt__key_index_entry){key, UINT32_MAX, index->generation};
    index->count++;
    return &entry->row;
}

void tt__key_index_clear(struct tt__key_index *index)
{
    index->count = 0;
    if (++index->generation == 0) { /* after 2^32 batches old entries would come back to life */
        memset(index->entries, 0, index->capacity * sizeof *index->entries);
        index->generation = 1;
    }
}

void tt__key_index_finish(struct tt__key_index *index)
{
    free(index->entries);
    *index = (struct tt__key_index){0};
}

/* ------------------------------------------------------------------------------------------------------------ rows */

static struct tt__cell *use_scratch(struct tt__batch *batch)
{
    batch->is_out_of_memory = true;
    memset(batch->scratch, 0, sizeof batch->scratch);
    return batch->scratch;
}

struct tt__cell *tt__batch_append(struct tt__batch *batch, enum tt__table table)
{
    struct tt__batch_rows *rows = &batch->tables[table];
    size_t width = (size_t)column_counts[table];
    if (rows->count == rows->capacity) {
        size_t capacity = rows->capacity ? 2 * rows->capacity : ROWS_MIN;
        struct tt__cell *cells = reallocarray(rows->cells, capacity * width, sizeof *cells);
        if (!cells)
            return use_scratch(batch);
        rows->cells = cells;
        rows->capacity = capacity;
    }
    struct tt__cell *row = rows->cells + rows->count++ * width;
    memset(row, 0, width * sizeof *row);
    batch->bytes += width * sizeof *row;
    return row;
}

struct tt__cell *tt__batch_row(struct tt__batch *batch, enum tt__table table, int64_t key)
{
    struct tt__batch_rows *rows = &batch->tables[table];
    struct tt__cell *last = rows->count > 0 ? rows->cells + rows->last * (size_t)column_counts[table] : NULL;
    if (last && last->integer == key)
        return last;
    uint32_t *slot = tt__key_index_slot(&rows->index, key);
    if (!slot)
        return use_scratch(batch);
    if (*slot != UINT32_MAX) {
        rows->last = *slot;
        return rows->cells + *slot * (size_t)column_counts[table];
    }
    size_t number = rows->count;
    struct tt__cell *row = tt__batch_append(batch, table);
    if (row == batch->scratch)
        return row; /* the key stays without a row; the batch is never written */
    *slot = rows->last = (uint32_t)number;
    tt__cell_set_integer(row, key);
    return row;
}

/* ----------------------------------------------------------------------------------------------------------- texts */

struct tt__batch_text {
    struct tt__batch_text *next;
    size_t used, capacity;
    char bytes[];
};

static char *copy_bytes(struct tt__batch *batch, const void *bytes, size_t length)
{
    struct tt__batch_text *chunk = batch->texts;
    if (!chunk || chunk->capacity - chunk->used < length) {
        size_t capacity = length > TEXT_CHUNK_BYTES ? length : TEXT_CHUNK_BYTES;
        chunk = malloc(sizeof *chunk + capacity);
        if (!chunk) {
            batch->is_out_of_memory = true;
            return NULL;
        }
        *chunk = (struct tt__batch_text){.next = batch->texts, .capacity = capacity};
        batch->texts = chunk;
    }
    char *copy = chunk->bytes + chunk->used;
    memcpy(copy, bytes, length);
    chunk->used += length;
    batch->bytes += length;
    return copy;
}

static void set_bytes(struct tt__batch *batch, struct tt__cell *cell, const void *bytes, size_t length,
                      enum tt__cell_kind kind)
{
    const char *copy = length > 0 ? copy_bytes(batch, bytes, length) : NULL;
    if (!copy)
        return;
    cell->kind = (uint8_t)kind;
    cell->text = copy;
    cell->length = (uint32_t)length;
}

void tt__batch_set_text(struct tt__batch *batch, struct tt__cell *cell, const char *bytes, size_t length)
{
    set_bytes(batch, cell, bytes, length, TT__CELL_TEXT);
}

void tt__batch_set_blob(struct tt__batch *batch, struct tt__cell *cell, const void *bytes, size_t length)
{
    set_bytes(batch, cell, bytes, length, TT__CELL_BLOB);
}

void tt__cell_set_static_text(struct tt__cell *cell, const char *text)
{
    cell->kind = TT__CELL_TEXT;
    cell->text = text;
    cell->length = (uint32_t)strlen(text);
}

void tt__batch_clear(struct tt__batch *batch)
{
    for (size_t i = 0; i < TT__TABLE_COUNT; i++) {
        batch->tables[i].count = batch->tables[i].last = 0;
        tt__key_index_clear(&batch->tables[i].index);
    }
    /* One chunk stays. */
    while (batch->texts && batch->texts->next) {
        struct tt__batch_text *chunk = batch->texts;
        batch->texts = chunk->next;
        free(chunk);
    }
    if (batch->texts)
        batch->texts->used = 0;
    batch->bytes = 0;
    batch->is_out_of_memory = false;
}

void tt__batch_finish(struct tt__batch *batch)
{
    tt__batch_clear(batch);
    free(batch->texts);
    batch->texts = NULL;
    for (size_t i = 0; i < TT__TABLE_COUNT; i++) {
        free(batch->tables[i].cells);
        tt__key_index_finish(&batch->tables[i].index);
    }
    memset(batch->tables, 0, sizeof batch->tables);
}
