/* chunk_unpack.c: a chunk becomes events again. Everything in it may be hostile. The format: chunk.h. */
#include "chunk.h"

#include <stdlib.h>
#include <string.h>
#include <zstd.h>
#include <zstd_errors.h>

/* --------------------------------------------------------------------------------------------------------- numbers */

struct input {
    const unsigned char *at, *end;
    bool is_damaged;
};

static inline uint64_t get_number(struct input *input)
{
    uint64_t number = 0;
    for (unsigned shift = 0; input->at < input->end && shift < 64; shift += 7) {
        unsigned char byte = *input->at++;
        number |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80)
            return number;
    }
    input->is_damaged = true;
    return 0;
}

/* A number of at most LIMIT. */
static uint32_t get_count(struct input *input, uint32_t limit)
{
    uint64_t number = get_number(input);
    if (number <= limit)
        return (uint32_t)number;
    input->is_damaged = true;
    return 0;
}

/* --------------------------------------------------------------------------------------------------------- columns */

static void get_column(struct input *input, struct tt__column *column)
{
    if (input->at == input->end) {
        input->is_damaged = true;
        return;
    }
    column->code = *input->at++;
    column->length = get_count(input, TT_CHUNK_BYTES_MAX);
    if (column->length > (size_t)(input->end - input->at) || column->code > TT_CHUNK_TEXT) {
        input->is_damaged = true;
        return;
    }
    column->at = input->at;
    input->at += column->length;
}

/* The COUNT numbers of COLUMN. False: it is damaged, or it is of texts. */
static bool read_numbers(const struct tt__column *column, uint64_t *out, size_t count)
{
    struct input input = {column->at, column->at + column->length, false};
    uint64_t value = 0;
    switch ((enum tt_chunk_code)column->code) {
    case TT_CHUNK_SAME:
        value = get_number(&input);
        for (size_t i = 0; i < count; i++)
            out[i] = value;
        break;
    case TT_CHUNK_PLAIN:
        for (size_t i = 0; i < count; i++)
            out[i] = get_number(&input);
        break;
    case TT_CHUNK_DELTA:
        for (size_t i = 0; i < count; i++) {
            uint64_t delta = get_number(&input);
            value += delta >> 1 ^ (0 - (delta & 1));
            out[i] = value;
        }
        break;
    case TT_CHUNK_TEXT:
        return false;
    }
    return !input.is_damaged && input.at == input.end;
}

/* The COUNT texts of COLUMN, as offset << 32 | length. */
static bool read_texts(const struct tt__column *column, uint64_t *out, size_t count)
{
    struct input input = {column->at, column->at + column->length, false};
    for (size_t i = 0; i < count; i++)
        out[i] = get_count(&input, column->length);
    uint64_t offset = (uint64_t)(input.at - column->at);
    for (size_t i = 0; i < count && !input.is_damaged; i++) {
        uint64_t length = out[i];
        if (length > column->length - offset)
            return false;
        out[i] |= offset << 32;
        offset += length;
    }
    return !input.is_damaged && offset == column->length;
}

/* Column FIELD of the type that EVENT is of, read; NULL: there is none, or it is damaged. */
static struct tt__column *column_of(struct tt__unpacked *chunk, uint32_t event, uint32_t field)
{
    const struct tt__chunk_type *type = &chunk->types[chunk->type_of[event]];
    if (field >= type->field_count || field + 1 == type->task_field) /* tasks have no column of their type */
        return NULL;
    struct tt__column *column = &type->columns[field];
    if (column->is_read)
        return column->values ? column : NULL;
    uint64_t *values = malloc(type->count * sizeof *values);
    if (!values) {
        chunk->lacks_memory = true;
        return NULL;
    }
    column->is_read = true;
    if (column->code == TT_CHUNK_TEXT ? read_texts(column, values, type->count)
                                      : read_numbers(column, values, type->count)) {
        column->values = values;
        return column;
    }
    free(values);
    return NULL;
}

bool tt__unpacked_number(struct tt__unpacked *chunk, uint32_t event, uint32_t field, uint64_t *out_number)
{
    if (field + 1 == chunk->types[chunk->type_of[event]].task_field) {
        *out_number = chunk->tasks[event];
        return true;
    }
    const struct tt__column *column = column_of(chunk, event, field);
    if (!column || column->code == TT_CHUNK_TEXT)
        return false;
    *out_number = column->values[chunk->index_in_type[event]];
    return true;
}

bool tt__unpacked_text(struct tt__unpacked *chunk, uint32_t event, uint32_t field, const char **out_text,
                       uint32_t *out_length)
{
    const struct tt__column *column = column_of(chunk, event, field);
    if (!column || column->code != TT_CHUNK_TEXT)
        return false;
    uint64_t text = column->values[chunk->index_in_type[event]];
    *out_text = (const char *)column->at + (text >> 32);
    *out_length = (uint32_t)text;
    return true;
}

/* ------------------------------------------------------------------------------------------------------- the chunk */

/* The heads of the types; makes room for their columns. */
static enum tt__unpack_result get_types(struct input *input, struct tt__unpacked *chunk)
{
    uint64_t event_count = 0;
    chunk->types = calloc(chunk->type_count + 1, sizeof *chunk->types);
    if (!chunk->types)
        return TT__UNPACK_NO_MEMORY;
    for (uint32_t i = 0; i < chunk->type_count; i++) {
        struct tt__chunk_type *type = &chunk->types[i];
        type->number = get_count(input, UINT16_MAX);
        type->count = get_count(input, chunk->event_count);
        type->field_count = get_count(input, TT_CHUNK_FIELDS_MAX);
        type->task_field = get_count(input, type->field_count);
        event_count += type->count;
        chunk->column_count += type->field_count;
    }
    if (input->is_damaged || event_count != chunk->event_count)
        return TT__UNPACK_DAMAGED;
    chunk->columns = calloc(chunk->column_count + 1, sizeof *chunk->columns);
    if (!chunk->columns)
        return TT__UNPACK_NO_MEMORY;
    struct tt__column *next = chunk->columns;
    for (uint32_t i = 0; i < chunk->type_count; i++) {
        chunk->types[i].columns = next;
        next += chunk->types[i].field_count;
    }
    return TT__UNPACKED;
}

/* Which type each event is of, and which one of that. */
static enum tt__unpack_result get_type_of(struct tt__unpacked *chunk, const struct tt__column *column)
{
    uint32_t *counts = calloc(chunk->type_count + 1, sizeof *counts);
    struct input input = {column->at, column->at + column->length, column->code != TT_CHUNK_PLAIN};
    if (!counts)
        return TT__UNPACK_NO_MEMORY;
    for (uint32_t i = 0; i < chunk->event_count && !input.is_damaged; i++) {
        uint32_t type = get_count(&input, chunk->type_count - 1);
        input.is_damaged |= counts[type] == chunk->types[type].count;
        chunk->type_of[i] = (uint16_t)type;
        chunk->index_in_type[i] = counts[type]++;
    }
    free(counts);
    return input.is_damaged || input.at != input.end ? TT__UNPACK_DAMAGED : TT__UNPACKED;
}

static enum tt__unpack_result get_columns(struct input *input, struct tt__unpacked *chunk)
{
    struct tt__column type, time, sequence, task;
    memset(&type, 0, sizeof type);
    time = sequence = task = type;
    get_column(input, &type);
    get_column(input, &time);
    get_column(input, &sequence);
    get_column(input, &task);
    for (uint32_t i = 0; i < chunk->type_count; i++)
        for (uint32_t j = 0; j < chunk->types[i].field_count; j++)
            if (j + 1 != chunk->types[i].task_field)
                get_column(input, &chunk->types[i].columns[j]);
    if (input->is_damaged || input->at != input->end)
        return TT__UNPACK_DAMAGED;
    enum tt__unpack_result result = get_type_of(chunk, &type);
    if (result != TT__UNPACKED)
        return result;
    return read_numbers(&time, (uint64_t *)chunk->times, chunk->event_count) &&
                   read_numbers(&sequence, chunk->sequences, chunk->event_count) &&
                   read_numbers(&task, chunk->tasks, chunk->event_count)
               ? TT__UNPACKED
               : TT__UNPACK_DAMAGED;
}

static enum tt__unpack_result get_all(struct input *input, struct tt__unpacked *chunk)
{
    if (get_number(input) != TT_CHUNK_FORMAT || get_number(input) != chunk->event_count)
        return TT__UNPACK_DAMAGED;
    chunk->type_count = get_count(input, TT_CHUNK_TYPES_MAX);
    if (input->is_damaged || chunk->type_count == 0)
        return TT__UNPACK_DAMAGED;
    enum tt__unpack_result result = get_types(input, chunk);
    if (result != TT__UNPACKED)
        return result;
    chunk->type_of = calloc(chunk->event_count, sizeof *chunk->type_of);
    chunk->index_in_type = calloc(chunk->event_count, sizeof *chunk->index_in_type);
    chunk->times = calloc(chunk->event_count, sizeof *chunk->times);
    chunk->sequences = calloc(chunk->event_count, sizeof *chunk->sequences);
    chunk->tasks = calloc(chunk->event_count, sizeof *chunk->tasks);
    if (!chunk->type_of || !chunk->index_in_type || !chunk->times || !chunk->sequences || !chunk->tasks)
        return TT__UNPACK_NO_MEMORY;
    return get_columns(input, chunk);
}

enum tt__unpack_result tt__chunk_unpack(const void *data, size_t length, uint64_t event_count, uint64_t plain_bytes,
                                        struct tt__unpacked *out)
{
    memset(out, 0, sizeof *out);
    if (event_count == 0 || event_count > TT_CHUNK_EVENTS_MAX || plain_bytes == 0 || plain_bytes > TT_CHUNK_BYTES_MAX)
        return TT__UNPACK_DAMAGED;
    out->plain = malloc(plain_bytes);
    if (!out->plain)
        return TT__UNPACK_NO_MEMORY;
    size_t plain_length = ZSTD_decompress(out->plain, plain_bytes, data, length);
    if (ZSTD_getErrorCode(plain_length) == ZSTD_error_memory_allocation)
        return TT__UNPACK_NO_MEMORY;
    if (ZSTD_isError(plain_length) || plain_length != plain_bytes)
        return TT__UNPACK_DAMAGED;
    out->event_count = (uint32_t)event_count;
    struct input input = {out->plain, out->plain + plain_bytes, false};
    return get_all(&input, out);
}

void tt__unpacked_finish(struct tt__unpacked *chunk)
{
    for (uint32_t i = 0; chunk->columns && i < chunk->column_count; i++)
        free(chunk->columns[i].values);
    free(chunk->columns);
    free(chunk->types);
    free(chunk->type_of);
    free(chunk->index_in_type);
    free(chunk->times);
    free(chunk->sequences);
    free(chunk->tasks);
    free(chunk->plain);
    memset(chunk, 0, sizeof *chunk);
}
