/* wire.c: the wire format of protocol buffers. The contract is in wire.h. */
#include "export/wire.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum kind { KIND_VARINT = 0, KIND_FIXED = 1, KIND_BYTES = 2 };

enum { TAG_BYTES = 2, VARINT_BYTES = 10, FIXED_BYTES = 8, LENGTH_BYTES = 4 };

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

/* Room for SIZE bytes more, behind which the next ones go; NULL: there is none. */
static unsigned char *reserve(struct tt_wire *wire, size_t size)
{
    if (wire->size + size > wire->capacity) {
        size_t capacity = (wire->size + size) * 2;
        unsigned char *more = wire->has_failed ? NULL : realloc(wire->bytes, capacity);
        if (more == NULL) {
            wire->has_failed = true;
            return NULL;
        }
        wire->bytes = more;
        wire->capacity = capacity;
    }
    return wire->bytes + wire->size;
}

size_t tt__wire_varint(unsigned char out_bytes[10], uint64_t value)
{
    size_t size = 0;
    for (; value >= 0x80; value >>= 7)
        out_bytes[size++] = (unsigned char)(value | 0x80);
    out_bytes[size++] = (unsigned char)value;
    return size;
}

/* A field has a number of ten bits at most, so its tag has two bytes at most. */
static size_t put_tag(unsigned char *at, unsigned field, enum kind kind)
{
    return tt__wire_varint(at, (uint64_t)field << 3 | kind);
}

void tt__wire_number(struct tt_wire *wire, unsigned field, uint64_t value)
{
    unsigned char *at = reserve(wire, TAG_BYTES + VARINT_BYTES);
    if (at == NULL)
        return;
    size_t tag = put_tag(at, field, KIND_VARINT);
    wire->size += tag + tt__wire_varint(at + tag, value);
}

void tt__wire_fixed(struct tt_wire *wire, unsigned field, uint64_t value)
{
    unsigned char *at = reserve(wire, TAG_BYTES + FIXED_BYTES);
    if (at == NULL)
        return;
    size_t tag = put_tag(at, field, KIND_FIXED);
    for (size_t i = 0; i < FIXED_BYTES; i++)
        at[tag + i] = (unsigned char)(value >> 8 * i);
    wire->size += tag + FIXED_BYTES;
}

void tt__wire_bytes(struct tt_wire *wire, unsigned field, const void *bytes, size_t size)
{
    unsigned char *at = reserve(wire, TAG_BYTES + VARINT_BYTES + size);
    if (at == NULL)
        return;
    size_t head = put_tag(at, field, KIND_BYTES);
    head += tt__wire_varint(at + head, size);
    if (size > 0)
        memcpy(at + head, bytes, size);
    wire->size += head + size;
}

void tt__wire_begin(struct tt_wire *wire, unsigned field)
{
    assert(wire->depth < TT_WIRE_DEPTH_MAX);
    unsigned char *at = reserve(wire, TAG_BYTES + LENGTH_BYTES);
    wire->open[wire->depth++] = wire->size;
    if (at == NULL)
        return;
    wire->size += put_tag(at, field, KIND_BYTES) + LENGTH_BYTES;
    wire->open[wire->depth - 1] = wire->size;
}

void tt__wire_end(struct tt_wire *wire)
{
    assert(wire->depth > 0);
    size_t at = wire->open[--wire->depth];
    if (wire->has_failed)
        return;
    size_t size = wire->size - at;
    if (size > TT_WIRE_MESSAGE_MAX) {
        wire->has_failed = true;
        return;
    }
    unsigned char *length = wire->bytes + at - LENGTH_BYTES;
    if (size < 0x80) { /* as nearly all are: one byte says it, and the message moves close to it */
        *length = (unsigned char)size;
        memmove(length + 1, length + LENGTH_BYTES, size);
        wire->size -= LENGTH_BYTES - 1;
        return;
    }
    /* All four bytes, whatever the length: the top bit says that more follow, also where they add nothing. */
    for (size_t i = 0; i < LENGTH_BYTES; i++, size >>= 7)
        length[i] = (unsigned char)((size & 0x7f) | (i + 1 < LENGTH_BYTES ? 0x80 : 0));
}
