/* wire.c: the wire format of protocol buffers. The contract is in wire.h. */
#include "export/wire.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum kind { KIND_VARINT = 0, KIND_FIXED = 1, KIND_BYTES = 2 };

#define LENGTH_BYTES 4u

void tt__wire_finish(struct tt_wire *wire)
{
    free(wire->bytes);
    *wire = (struct tt_wire){0};
}

void tt__wire_clear(struct tt_wire *wire)
{
    wire->size = wire->depth = 0;
    wire->has_failed = false;
}

static void append(struct tt_wire *wire, const void *bytes, size_t size)
{
    if (wire->size + size > wire->capacity) {
        size_t capacity = (wire->size + size) * 2;
        unsigned char *more = wire->has_failed ? NULL : realloc(wire->bytes, capacity);
        if (more == NULL) {
            wire->has_failed = true;
            return;
        }
        wire->bytes = more;
        wire->capacity = capacity;
    }
    if (size > 0)
        memcpy(wire->bytes + wire->size, bytes, size);
    wire->size += size;
}

size_t tt__wire_varint(unsigned char out_bytes[10], uint64_t value)
{
    size_t size = 0;
    for (; value >= 0x80; value >>= 7)
        out_bytes[size++] = (unsigned char)(value | 0x80);
    out_bytes[size++] = (unsigned char)value;
    return size;
}

static void append_varint(struct tt_wire *wire, uint64_t value)
{
    unsigned char bytes[10];
    append(wire, bytes, tt__wire_varint(bytes, value));
}

static void append_tag(struct tt_wire *wire, unsigned field, enum kind kind)
{
    append_varint(wire, (uint64_t)field << 3 | kind);
}

void tt__wire_number(struct tt_wire *wire, unsigned field, uint64_t value)
{
    append_tag(wire, field, KIND_VARINT);
    append_varint(wire, value);
}

void tt__wire_fixed(struct tt_wire *wire, unsigned field, uint64_t value)
{
    unsigned char bytes[8];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)(value >> 8 * i);
    append_tag(wire, field, KIND_FIXED);
    append(wire, bytes, sizeof bytes);
}

void tt__wire_bytes(struct tt_wire *wire, unsigned field, const void *bytes, size_t size)
{
    append_tag(wire, field, KIND_BYTES);
    append_varint(wire, size);
    append(wire, bytes, size);
}

void tt__wire_begin(struct tt_wire *wire, unsigned field)
{
    assert(wire->depth < TT_WIRE_DEPTH_MAX);
    append_tag(wire, field, KIND_BYTES);
    wire->open[wire->depth++] = wire->size;
    append(wire, "\0\0\0\0", LENGTH_BYTES);
}

void tt__wire_end(struct tt_wire *wire)
{
    assert(wire->depth > 0);
    size_t at = wire->open[--wire->depth];
    if (wire->has_failed)
        return;
    size_t size = wire->size - at - LENGTH_BYTES;
    if (size > TT_WIRE_MESSAGE_MAX) {
        wire->has_failed = true;
        return;
    }
    /* All four bytes, whatever the length: the top bit says that more follow, also where they add nothing. */
    for (size_t i = 0; i < LENGTH_BYTES; i++, size >>= 7)
        wire->bytes[at + i] = (unsigned char)((size & 0x7f) | (i + 1 < LENGTH_BYTES ? 0x80 : 0));
}
