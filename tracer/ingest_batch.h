/* ingest_batch.h: rows that wait in memory until they are written together.
 *
 * What it is for. A batch has rows of all tables. Rows of tables with a key are found again by it, so that what
 * several events say about one object comes together before SQLite sees it. Texts are copied into the batch.
 *
 * What it leaves to others. Which cells to fill (ingest_events.c), writing them (store_writer.h).
 *
 * Threads. Belongs to its ingest. A pointer to a row is valid until the next row is asked for.
 */
#ifndef TT_INGEST_BATCH_H
#define TT_INGEST_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store_writer.h"

/* From keys to row numbers: open addressing; emptied in no time by counting generations. */
struct tt__key_index {
    struct tt__key_index_entry {
        int64_t key;
        uint32_t row;
        uint32_t generation; /* an entry of another generation is empty */
    } * entries;
    size_t capacity; /* a power of two, or 0 */
    size_t count;
    uint32_t generation;
};

/* Where the row of KEY is kept: UINT32_MAX in it when the key is new. NULL: no memory. */
uint32_t *tt__key_index_slot(struct tt__key_index *index, int64_t key);
void tt__key_index_clear(struct tt__key_index *index);
void tt__key_index_finish(struct tt__key_index *index);

struct tt__batch_rows {
    struct tt__cell *cells;
    size_t count, capacity; /* rows */
    uint32_t last;          /* that was asked for by its key: often it is asked for again */
    struct tt__key_index index;
};

struct tt__batch_text;

struct tt__batch {
    struct tt__batch_rows tables[TT__TABLE_COUNT];
    struct tt__batch_text *texts;                   /* newest first */
    size_t bytes;                                   /* that wait */
    bool is_out_of_memory;                          /* facts are missing from the batch */
    struct tt__cell scratch[TT__TABLE_COLUMNS_MAX]; /* filled in vain when there is no memory */
};

/* A new row of TABLE, all NULL. Never NULL itself. */
struct tt__cell *tt__batch_append(struct tt__batch *batch, enum tt__table table);

/* The row of TABLE with KEY, which is its first cell; a new one is NULL but for that. Never NULL itself. */
struct tt__cell *tt__batch_row(struct tt__batch *batch, enum tt__table table, int64_t key);

/* Copies BYTES into CELL as a text. Without any it leaves the cell as it is: an event that does not say something
 * takes nothing back. */
void tt__batch_set_text(struct tt__batch *batch, struct tt__cell *cell, const char *bytes, size_t length);

/* The same, as a blob. */
void tt__batch_set_blob(struct tt__batch *batch, struct tt__cell *cell, const void *bytes, size_t length);

static inline void tt__cell_set_integer(struct tt__cell *cell, int64_t value)
{
    cell->integer = value;
    cell->kind = TT__CELL_INTEGER;
}

/* A text that lives as long as the program. */
void tt__cell_set_static_text(struct tt__cell *cell, const char *text);

/* Gives up all rows, keeps memory for the next ones. */
void tt__batch_clear(struct tt__batch *batch);
void tt__batch_finish(struct tt__batch *batch);

#endif
