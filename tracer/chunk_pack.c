/* chunk_pack.c: events of one thread become a chunk. The format: chunk.h. */
#include "chunk.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "event_fields.h"
#include "event_ids.h"

/* The fastest level whose chunks are less than half of the plain ones; higher ones cost twice as much for a tenth. */
#define LEVEL            1
#define NUMBER_BYTES_MAX 10u /* of a varint of 64 bits */

struct type {
    unsigned number;
    uint32_t count, first; /* its events, in `sorted` */
    size_t field_count;
    const struct tt__known_field *fields;
    int task_field;
};

struct tt__packer {
    ZSTD_CCtx *compression;
    uint16_t type_index[TT__EVENT_NUMBERS]; /* 1 + index, 0: not in this chunk */
    struct type types[TT_CHUNK_TYPES_MAX];
    size_t type_count;
    uint32_t *starts; /* for each event, where its words begin */
    uint32_t *sorted; /* starts again, type by type */
    size_t capacity;  /* of these two */
    unsigned char *plain, *packed;
    size_t length, plain_capacity, packed_capacity;
};

struct tt__packer *tt__packer_create(void)
{
    struct tt__packer *packer = calloc(1, sizeof *packer);
    if (packer && !(packer->compression = ZSTD_createCCtx())) {
        free(packer);
        return NULL;
    }
    return packer;
}

void tt__packer_destroy(struct tt__packer *packer)
{
    if (!packer)
        return;
    ZSTD_freeCCtx(packer->compression);
    free(packer->starts);
    free(packer->sorted);
    free(packer->plain);
    free(packer->packed);
    free(packer);
}

/* -------------------------------------------------------------------------------------------------------- checksum */

static uint64_t mix(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * UINT64_C(0x9fb21c651e98df25);
    return hash ^ hash >> 32;
}

static uint64_t read_word(const unsigned char *at, size_t length)
{
    uint64_t word = 0;
    for (size_t i = 0; i < length; i++)
        word |= (uint64_t)at[i] << (8 * i);
    return word;
}

static uint64_t mix_summary(const struct tt_chunk_summary *summary, uint64_t plain_bytes)
{
    const uint64_t words[] = {(uint64_t)summary->thread_id, summary->event_count,
                              (uint64_t)summary->first_ns,  (uint64_t)summary->last_ns,
                              summary->first_sequence,      summary->last_sequence,
                              summary->first_task,          summary->last_task,
                              summary->number_set,          plain_bytes};
    uint64_t hash = UINT64_C(0x2545f4914f6cdd1d);
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        hash = mix(hash, words[i]);
    return hash;
}

uint64_t tt__chunk_checksum(const struct tt_chunk_summary *summary, uint64_t plain_bytes, const void *data,
                            size_t length)
{
    uint64_t of_summary = mix_summary(summary, plain_bytes), hash = mix(of_summary, length);
    const unsigned char *at = data;
    for (; length >= 8; length -= 8, at += 8)
        hash = mix(hash, read_word(at, 8));
    hash = mix(hash, read_word(at, length));
    return (of_summary & ~(uint64_t)UINT32_MAX) | (hash & UINT32_MAX);
}

bool tt__chunk_summary_holds(const struct tt_chunk_summary *summary, uint64_t plain_bytes, uint64_t checksum)
{
    return mix_summary(summary, plain_bytes) >> 32 == checksum >> 32;
}

/* --------------------------------------------------------------------------------------------------------- columns */

/* Makes room for SIZE more bytes. */
static bool reserve(struct tt__packer *packer, size_t size)
{
    if (size <= packer->plain_capacity - packer->length)
        return true;
    size_t capacity = (packer->length + size) * 3 / 2;
    unsigned char *grown = realloc(packer->plain, capacity);
    if (!grown)
        return false;
    packer->plain = grown;
    packer->plain_capacity = capacity;
    return true;
}

static inline unsigned char *put_number(unsigned char *at, uint64_t number)
{
    while (number >= 0x80) {
        *at++ = (unsigned char)(number | 0x80);
        number >>= 7;
    }
    *at++ = (unsigned char)number;
    return at;
}

/* A column's head: the code, and its length, which is known afterwards and has as many bytes always: enough for any
 * chunk. */
#define LENGTH_BYTES 4u

static unsigned char *begin_column(struct tt__packer *packer, enum tt_chunk_code code)
{
    unsigned char *at = packer->plain + packer->length;
    *at = (unsigned char)code;
    return at + 1 + LENGTH_BYTES;
}

static void end_column(struct tt__packer *packer, const unsigned char *end)
{
    unsigned char *at = packer->plain + packer->length + 1;
    uint32_t length = (uint32_t)(end - at - LENGTH_BYTES);
    for (unsigned i = 0; i < LENGTH_BYTES; i++)
        at[i] = (unsigned char)((length >> (7 * i) & 0x7f) | (i + 1 < LENGTH_BYTES ? 0x80 : 0));
    packer->length = (size_t)(end - packer->plain);
}

/* Word WORD of the COUNT events that begin at STARTS. */
static bool put_column(struct tt__packer *packer, const uint64_t *words, const uint32_t *starts, size_t count,
                       size_t word, enum tt_chunk_code code)
{
    if (!reserve(packer, 1 + LENGTH_BYTES + count * NUMBER_BYTES_MAX))
        return false;
    uint64_t first = words[starts[0] + word], different = 0;
    for (size_t i = 0; i < count; i++)
        different |= words[starts[i] + word] ^ first;
    if (different == 0)
        code = TT_CHUNK_SAME;
    unsigned char *at = begin_column(packer, code);
    if (code == TT_CHUNK_SAME) {
        at = put_number(at, first);
    } else if (code == TT_CHUNK_PLAIN) {
        for (size_t i = 0; i < count; i++)
            at = put_number(at, words[starts[i] + word]);
    } else {
        uint64_t before = 0;
        for (size_t i = 0; i < count; i++) {
            uint64_t value = words[starts[i] + word], delta = value - before;
            at = put_number(at, delta << 1 ^ (uint64_t)((int64_t)delta >> 63));
            before = value;
        }
    }
    end_column(packer, at);
    return true;
}

static bool put_texts(struct tt__packer *packer, const uint64_t *words, const uint32_t *starts, size_t count,
                      size_t word, const char *texts)
{
    size_t bytes = 0;
    for (size_t i = 0; i < count; i++)
        bytes += words[starts[i] + word] & UINT32_MAX;
    if (!reserve(packer, 1 + LENGTH_BYTES + count * NUMBER_BYTES_MAX + bytes))
        return false;
    unsigned char *at = begin_column(packer, TT_CHUNK_TEXT);
    for (size_t i = 0; i < count; i++)
        at = put_number(at, words[starts[i] + word] & UINT32_MAX);
    for (size_t i = 0; i < count; i++) {
        uint64_t text = words[starts[i] + word];
        if ((text & UINT32_MAX) != 0)
            memcpy(at, texts + (text >> 32), text & UINT32_MAX);
        at += text & UINT32_MAX;
    }
    end_column(packer, at);
    return true;
}

static enum tt_chunk_code code_of(enum tt__field_kind kind)
{
    return kind == TT__FIELD_ID || kind == TT__FIELD_I32 ? TT_CHUNK_DELTA : TT_CHUNK_PLAIN;
}

static bool put_fields(struct tt__packer *packer, const uint64_t *words, const struct type *type, const char *texts)
{
    const uint32_t *starts = packer->sorted + type->first;
    for (size_t i = 0; i < type->field_count; i++) {
        size_t word = TT_CHUNK_WORD_FIELDS + i;
        enum tt__field_kind kind = type->fields[i].kind;
        if ((int)i == type->task_field)
            continue;
        if (kind == TT__FIELD_TEXT ? !put_texts(packer, words, starts, type->count, word, texts)
                                   : !put_column(packer, words, starts, type->count, word, code_of(kind)))
            return false;
    }
    return true;
}

/* ------------------------------------------------------------------------------------------------- types of events */

static bool make_room(struct tt__packer *packer, size_t count)
{
    if (count <= packer->capacity)
        return true;
    uint32_t *starts = reallocarray(packer->starts, count, sizeof *starts);
    if (starts)
        packer->starts = starts;
    uint32_t *sorted = starts ? reallocarray(packer->sorted, count, sizeof *sorted) : NULL;
    if (!sorted)
        return false;
    packer->sorted = sorted;
    packer->capacity = count;
    return true;
}

static void add_type(struct tt__packer *packer, unsigned number)
{
    struct type *type = &packer->types[packer->type_count++];
    packer->type_index[number] = (uint16_t)packer->type_count;
    *type = (struct type){.number = number, .task_field = tt__event_task_field(number)};
    type->fields = tt__event_fields(number, &type->field_count);
}

static void summarize(struct tt_chunk_summary *summary, const uint64_t *event)
{
    int64_t time_ns = (int64_t)event[TT_CHUNK_WORD_TIME];
    uint64_t sequence = event[TT_CHUNK_WORD_SEQUENCE], task = event[TT_CHUNK_WORD_TASK];
    if (summary->event_count++ == 0) {
        summary->first_ns = summary->last_ns = time_ns;
        summary->first_sequence = summary->last_sequence = sequence;
    }
    summary->first_ns = time_ns < summary->first_ns ? time_ns : summary->first_ns;
    summary->last_ns = time_ns > summary->last_ns ? time_ns : summary->last_ns;
    summary->first_sequence = sequence < summary->first_sequence ? sequence : summary->first_sequence;
    summary->last_sequence = sequence > summary->last_sequence ? sequence : summary->last_sequence;
    summary->number_set |= UINT64_C(1) << ((uint32_t)event[TT_CHUNK_WORD_HEAD] % 64);
    if (task == 0)
        return;
    if (summary->first_task == 0 || task < summary->first_task)
        summary->first_task = task;
    if (task > summary->last_task)
        summary->last_task = task;
}

/* Finds where each event begins, and sorts them by type. */
static void sort_events(struct tt__packer *packer, const uint64_t *words, size_t count,
                        struct tt_chunk_summary *summary)
{
    uint32_t start = 0, next[TT_CHUNK_TYPES_MAX];
    packer->type_count = 0;
    memset(packer->type_index, 0, sizeof packer->type_index);
    memset(summary, 0, sizeof *summary);
    for (size_t i = 0; i < count; i++) {
        const uint64_t *event = words + start;
        unsigned number = (unsigned)(event[TT_CHUNK_WORD_HEAD] & UINT32_MAX);
        if (packer->type_index[number] == 0)
            add_type(packer, number);
        packer->types[packer->type_index[number] - 1].count++;
        packer->starts[i] = start;
        summarize(summary, event);
        start += (uint32_t)(event[TT_CHUNK_WORD_HEAD] >> 32);
    }
    for (size_t i = 0, first = 0; i < packer->type_count; i++) {
        packer->types[i].first = next[i] = (uint32_t)first;
        first += packer->types[i].count;
    }
    for (size_t i = 0; i < count; i++) {
        unsigned number = (unsigned)(words[packer->starts[i]] & UINT32_MAX);
        packer->sorted[next[packer->type_index[number] - 1]++] = packer->starts[i];
    }
}

/* --------------------------------------------------------------------------------------------------------- the chunk
 * */

static bool put_head(struct tt__packer *packer, size_t count)
{
    packer->length = 0;
    if (!reserve(packer, (3 + 4 * packer->type_count) * NUMBER_BYTES_MAX))
        return false;
    unsigned char *at = put_number(packer->plain, TT_CHUNK_FORMAT);
    at = put_number(at, count);
    at = put_number(at, packer->type_count);
    for (size_t i = 0; i < packer->type_count; i++) {
        const struct type *type = &packer->types[i];
        at = put_number(at, type->number);
        at = put_number(at, type->count);
        at = put_number(at, type->field_count);
        at = put_number(at, (uint64_t)(type->task_field + 1));
    }
    packer->length = (size_t)(at - packer->plain);
    return true;
}

static bool put_types(struct tt__packer *packer, const uint64_t *words, size_t count)
{
    if (!reserve(packer, 1 + LENGTH_BYTES + count * NUMBER_BYTES_MAX))
        return false;
    unsigned char *at = begin_column(packer, TT_CHUNK_PLAIN);
    for (size_t i = 0; i < count; i++)
        at = put_number(at, packer->type_index[words[packer->starts[i]] & UINT32_MAX] - 1u);
    end_column(packer, at);
    return true;
}

static bool compress(struct tt__packer *packer, struct tt_chunk *out_chunk)
{
    size_t bound = ZSTD_compressBound(packer->length);
    if (bound > packer->packed_capacity) {
        unsigned char *grown = realloc(packer->packed, bound);
        if (!grown)
            return false;
        packer->packed = grown;
        packer->packed_capacity = bound;
    }
    size_t length = ZSTD_compressCCtx(packer->compression, packer->packed, packer->packed_capacity, packer->plain,
                                      packer->length, LEVEL);
    if (ZSTD_isError(length)) /* with that much room memory alone can be missing */
        return false;
    out_chunk->plain_bytes = packer->length;
    out_chunk->data = packer->packed;
    out_chunk->length = length;
    return true;
}

int tt__chunk_pack(struct tt__packer *packer, const uint64_t *words, size_t count, const char *texts,
                   struct tt_chunk *out_chunk)
{
    if (!make_room(packer, count))
        return -ENOMEM;
    sort_events(packer, words, count, &out_chunk->summary);
    bool is_packed = put_head(packer, count) && put_types(packer, words, count) &&
                     put_column(packer, words, packer->starts, count, TT_CHUNK_WORD_TIME, TT_CHUNK_DELTA) &&
                     put_column(packer, words, packer->starts, count, TT_CHUNK_WORD_SEQUENCE, TT_CHUNK_DELTA) &&
                     put_column(packer, words, packer->starts, count, TT_CHUNK_WORD_TASK, TT_CHUNK_DELTA);
    for (size_t i = 0; i < packer->type_count && is_packed; i++)
        is_packed = put_fields(packer, words, &packer->types[i], texts);
    return is_packed && compress(packer, out_chunk) ? 0 : -ENOMEM;
}
