/* ingest_state.h: what the files of ingest share.
 *
 * Threads: as ingest.h says.
 */
#ifndef TT_INGEST_STATE_H
#define TT_INGEST_STATE_H

#include "ingest.h"
#include "event_fields.h"
#include "event_ids.h"
#include "ingest_batch.h"
#include "ingest_stream.h"

#define TT_LOCAL_ID_MASK ((UINT64_C(1) << TT_LOCAL_ID_BITS) - 1)

/* A parent's word about the end of a process. */
struct tt__exit_message {
    uint32_t pid;
    int exit_status, signal;
};

struct tt__process {
    int64_t offset_ns; /* to take off the process's CLOCK_MONOTONIC; valid when has_offset */
    int64_t clock_shift_ns; /* to add to what its events say of that; as struct tt_ingest_process has it */
    uint8_t uuid[16], boot_id[16];
    bool has_offset;
    bool has_stream;
    uint32_t selected, ever_selected; /* categories that are on as far as events were read, and that ever were */
    int64_t selected_ns;              /* since when; 0: since it began */
    int64_t shed_count, shed_first_ns, shed_last_ns; /* events that the stream was spared since the last commit */
};

struct tt__site {
    uint64_t hash;
    bool is_defined;
};

struct tt_ingest {
    struct tt__store_writer *writer;
    struct tt__batch batch;
    struct tt__stream *stream;
    bool is_damaged; /* the store; writing is of no use any more */

    struct tt__site *sites; /* site_id - 1 is the index */
    size_t site_count, site_capacity;
    struct tt__key_index site_index; /* by hash */

    bool has_origin;
    int64_t origin_monotonic_ns, origin_realtime_ns;
    uint8_t origin_boot_id[16];
    bool is_origin_pending; /* to be written with the next commit */
    bool is_redacting, is_redaction_pending;
    bool is_shedding, is_shed_pending;

    struct tt__process *processes; /* by process_id */
    size_t process_count, process_capacity;

    int64_t *board_gone; /* task ids */
    size_t board_gone_count, board_gone_capacity;
    int64_t *board_clear; /* process ids */
    size_t board_clear_count, board_clear_capacity;
    int64_t *touched; /* process ids whose threads' counts changed */
    size_t touched_count, touched_capacity;
    struct tt__exit_message *exits;
    size_t exit_count, exit_capacity;
};

/* The cell COLUMN of a row of TABLE, and setting it. */
#define TT__CELL(row, TABLE, column)       (&(row)[TT__##TABLE##_##column])
#define TT__SET(row, TABLE, column, value) tt__cell_set_integer(TT__CELL(row, TABLE, column), (int64_t)(value))

/* The id of a local object in the recording. */
static inline int64_t tt__compose_id(uint32_t process_id, uint64_t local)
{
    return (int64_t)((uint64_t)process_id << TT_LOCAL_ID_BITS | (local & TT_LOCAL_ID_MASK));
}

/* The row of a process that was attached. */
struct tt__cell *tt__ingest_process_row(struct tt_ingest *ingest, uint32_t process_id);

/* Sets the CATEGORIES of a process that were on, and names those that were off and vital. */
void tt__ingest_set_categories(struct tt_ingest *ingest, struct tt__cell *row, uint32_t categories);

/* At NS CATEGORIES were selected for a process that ran. */
void tt__ingest_select(struct tt_ingest *ingest, uint32_t process_id, uint32_t categories, int64_t ns);

/* Copies TEXT (NULL: none) into CELL. */

void tt__ingest_set_text(struct tt_ingest *ingest, struct tt__cell *cell, const char *text);

/* For statements that return one number, which is left alone when there is none. CONTEXT: int64_t *. */
void tt__ingest_keep_integer(void *context, const struct tt__cell *row);

static inline struct tt__cell tt__integer_cell(int64_t value)
{
    return (struct tt__cell){.integer = value, .kind = TT__CELL_INTEGER};
}

/* An event of the process that the stream is spared; writing how many there were, in a transaction; and after the commit. See
 * ingest_prune.c. */
void tt__ingest_shed(struct tt_ingest *ingest, uint32_t process_id, int64_t time_ns);
int tt__ingest_write_shed(struct tt_ingest *ingest);
void tt__ingest_forget_shed(struct tt_ingest *ingest);

/* Copies the writer's error; returns -1. */
int tt__ingest_fail(const struct tt_ingest *ingest, struct tt_store_error *out_error);

/* The small number of the place HASH, 0 for none. */
int64_t tt__ingest_site_id(struct tt_ingest *ingest, uint64_t hash);

/* Whether what is told as a place is a stack; and its rows. See ingest_stacks.c. */
bool tt__ingest_is_stack(struct tt_decoded_text file, uint32_t line, struct tt_decoded_text text);
void tt__ingest_define_stack(struct tt_ingest *ingest, uint64_t hash, struct tt_decoded_text modules,
                             struct tt_decoded_text text);

/* Makes room for one more element of SIZE bytes in *ARRAY. False: no memory, which is remembered. */
bool tt__ingest_grow(struct tt_ingest *ingest, void **array, size_t count, size_t *capacity, size_t size);

#endif
