/* A chunk of the event stream, as a store has it. The first byte: 0, compressed bytes follow; else plain ones. Then the number of events, two
 * bytes, and, of compressed bytes, what they are unpacked, three bytes; the lowest first. */
#include "entry.h"

#include <zstd.h>

#include "chunk.h"

static volatile uint64_t sink;

static void read_all(struct tt__unpacked *chunk)
{
    for (uint32_t event = 0; event < chunk->event_count; event++) {
        const struct tt__chunk_type *type = &chunk->types[chunk->type_of[event]];
        sink += (uint64_t)chunk->times[event] + chunk->sequences[event] + chunk->tasks[event];
        for (uint32_t field = 0; field <= type->field_count; field++) {
            uint64_t number;
            const char *text;
            uint32_t length;
            if (tt__unpacked_number(chunk, event, field, &number))
                sink += number;
            if (tt__unpacked_text(chunk, event, field, &text, &length))
                for (uint32_t i = 0; i < length; i++)
                    sink += (unsigned char)text[i];
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct tt__unpacked chunk;
    uint8_t *packed = NULL;
    if (size < 6)
        return 0;
    uint64_t events = bytes[1] | (uint64_t)bytes[2] << 8;
    uint64_t plain_bytes = bytes[3] | (uint64_t)bytes[4] << 8 | (uint64_t)bytes[5] << 16;
    const uint8_t *data = bytes + 6;
    size_t length = size - 6;
    if (bytes[0] != 0) {
        size_t room = ZSTD_compressBound(length);
        packed = malloc(room);
        PROMISE(packed);
        plain_bytes = length;
        length = ZSTD_compress(packed, room, data, length, 1);
        PROMISE(!ZSTD_isError(length));
        data = packed;
    }
    if (tt__chunk_unpack(data, length, events, plain_bytes, &chunk) == TT__UNPACKED)
        read_all(&chunk);
    tt__unpacked_finish(&chunk);
    free(packed);
    return 0;
}
