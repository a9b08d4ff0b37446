/* chunk.h: the format of the event stream: some thousand events of one thread, packed.
 *
 * What it is for. A chunk holds events column by column, compressed, and says of itself what its columns are, so that
 * a reader needs nothing else: neither the arena that the events came from nor the same version of events.def. Packing:
 * chunk_pack.c. Unpacking, which believes nothing: chunk_unpack.c.
 *
 * What it leaves to others. Which events are packed together (ingest_stream.c); where chunks lie (table chunk); what
 * the numbers mean (event_fields.h).
 *
 * The bytes, before they are compressed (a number is a varint: 7 bits a byte, the lowest first, 0x80: more follow):
 *
 *   number        format, TT_CHUNK_FORMAT
 *   number        events
 *   number        types of events in it
 *   per type:     number of the event; how many of it; its fields; 1 + which of them is the task column, or 0
 *   columns       type (index above), time, sequence, task, each with a value for each event; then for each type, in
 *                 that order, for each field but the task column, one with a value for each event of the type
 *
 *   a column      1 byte   enum tt_chunk_code: how it is coded
 *                 number   bytes that follow
 *                 ...      the values
 *
 * Values of a field are numbers as decoded.h has them, places as site_id of the store, texts as lengths, behind which
 * stands all that they say. A signed number is extended to 64 bits.
 *
 * Threads: plain functions; a packer and an unpacked chunk belong to one thread at a time.
 */
#ifndef TT_CHUNK_H
#define TT_CHUNK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "telltale/trace.h"

#define TT_CHUNK_FORMAT 1u
/* A chunk of more would be unpacked for each event that somebody looks for; one of fewer compresses badly. */
#define TT_CHUNK_EVENTS 4096u
/* What an unpacker takes, whatever a store claims. A text of a full chunk's every event has 256 bytes then. */
#define TT_CHUNK_EVENTS_MAX (1u << 16)
#define TT_CHUNK_TYPES_MAX  256u
#define TT_CHUNK_FIELDS_MAX 64u
#define TT_CHUNK_BYTES_MAX  (UINT32_C(16) << 20)

enum tt_chunk_code {
    TT_CHUNK_SAME = 0,  /* one number, which all have */
    TT_CHUNK_PLAIN = 1, /* numbers */
    TT_CHUNK_DELTA = 2, /* each the difference to the one before it, the first to 0; its sign in the lowest bit */
    TT_CHUNK_TEXT = 3   /* lengths, then the bytes of all of them */
};

/* What table chunk says of a chunk in plain columns, so that those that do not matter need not be unpacked. */
struct tt_chunk_summary {
    int64_t thread_id; /* of table thread */
    uint32_t event_count;
    int64_t first_ns, last_ns;              /* the earliest and the latest time in it */
    uint64_t first_sequence, last_sequence; /* the least and the greatest */
    uint64_t first_task, last_task;         /* likewise, local ids; 0: no event in it is about a task */
    uint64_t number_set;                    /* bit N is set when an event with N = its number % 64 is in it */
};

/* What protects DATA and what stands beside it. Its upper half is of the latter alone: by that a reader knows whether a chunk that it passes over
 * is what its columns say. */
uint64_t tt__chunk_checksum(const struct tt_chunk_summary *summary, uint64_t plain_bytes, const void *data,
                            size_t length);

/* Whether CHECKSUM, of a chunk of which nothing else is known, is that of these columns. */
bool tt__chunk_summary_holds(const struct tt_chunk_summary *summary, uint64_t plain_bytes, uint64_t checksum);

/* --------------------------------------------------------------------------------------------------------- packing */

/* One event, as ingest keeps it until it is packed: these words, then one for each field; a text is the offset of its
 * bytes, << 32, | its length. */
enum { TT_CHUNK_WORD_HEAD, TT_CHUNK_WORD_TIME, TT_CHUNK_WORD_SEQUENCE, TT_CHUNK_WORD_TASK, TT_CHUNK_WORD_FIELDS };

/* The head word: number of the event, and how many words it has altogether. */
#define tt_chunk_head(number, words) ((uint64_t)(words) << 32 | (number))

struct tt__packer;

/* NULL: no memory. */
struct tt__packer *tt__packer_create(void);
void tt__packer_destroy(struct tt__packer *packer);

struct tt_chunk {
    struct tt_chunk_summary summary; /* thread_id apart, which is the caller's */
    uint64_t plain_bytes;
    const void *data; /* the packer's until it is used again */
    size_t length;
};

/* Packs COUNT events, at least 1, from WORDS; TEXTS is where their texts lie. 0 or -ENOMEM. */
int tt__chunk_pack(struct tt__packer *packer, const uint64_t *words, size_t count, const char *texts,
                   struct tt_chunk *out_chunk);

/* ------------------------------------------------------------------------------------------------------- unpacking */

struct tt__column {
    const unsigned char *at; /* values */
    uint32_t length;
    uint8_t code;
    bool is_read;
    uint64_t *values; /* NULL: not asked for yet, or damaged; of texts: offset << 32 | length, offsets from `at` */
};

struct tt__chunk_type {
    uint32_t number, count, field_count, task_field; /* task_field: 1 + which one, or 0 */
    struct tt__column *columns;                      /* field_count; that of task_field is empty */
};

/* An unpacked chunk. */
struct tt__unpacked {
    uint32_t event_count, type_count;
    struct tt__chunk_type *types;
    uint16_t *type_of;       /* for each event: index of its type */
    uint32_t *index_in_type; /* and which one of that type it is */
    int64_t *times;
    uint64_t *sequences, *tasks;
    unsigned char *plain;       /* what was compressed */
    struct tt__column *columns; /* of all types, one after the other */
    uint32_t column_count;
    bool lacks_memory; /* values were asked for, and there was none for them: that they cannot be had says nothing about the chunk */
};

enum tt__unpack_result { TT__UNPACKED, TT__UNPACK_DAMAGED, TT__UNPACK_NO_MEMORY };

/* Unpacks DATA, LENGTH bytes which say that they are EVENT_COUNT events and PLAIN_BYTES unpacked. Everything may be
 * hostile. *OUT is to be finished in any case. */
enum tt__unpack_result tt__chunk_unpack(const void *data, size_t length, uint64_t event_count, uint64_t plain_bytes,
                                        struct tt__unpacked *out);
void tt__unpacked_finish(struct tt__unpacked *chunk);

/* The number that field FIELD of event EVENT has. False: it has no such field, or that is a text, or is damaged; or CHUNK->lacks_memory. */
bool tt__unpacked_number(struct tt__unpacked *chunk, uint32_t event, uint32_t field, uint64_t *out_number);

/* The text that it has. False likewise. */
bool tt__unpacked_text(struct tt__unpacked *chunk, uint32_t event, uint32_t field, const char **out_text,
                       uint32_t *out_length);

#endif
