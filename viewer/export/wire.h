/* wire.h: the wire format of protocol buffers, as far as writing a trace needs it.
 *
 * What it is for. A message is built field by field in memory that is used again for the next one. Four primitives
 * are all that traces need; a library would want the schema of a foreign project in the tree, and a compiler for
 * it.
 *
 *   field          bytes
 *   number         tag (field << 3 | 0), varint: seven bits a byte, least first, the top bit says that more follow
 *   fixed          tag (field << 3 | 1), eight bytes, least first
 *   text, message  tag (field << 3 | 2), length, bytes; of a message inside, the length has one byte or four
 *
 * What it leaves to others. Which fields there are: perfetto.c.
 *
 * Threads. One thread.
 */
#ifndef TT_VIEWER_WIRE_H
#define TT_VIEWER_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Deepest nesting of messages. */
#define TT_WIRE_DEPTH_MAX 8u

/* Most bytes of a message inside another: what a length in four bytes can say. */
#define TT_WIRE_MESSAGE_MAX ((1u << 28) - 1)

/* All zero is an empty one. */
struct tt_wire {
    unsigned char *bytes;
    size_t size, capacity;
    size_t open[TT_WIRE_DEPTH_MAX]; /* where messages begin that have not ended, behind their lengths */
    size_t depth;
    bool has_failed; /* memory ran out, or a message grew too large: what is in it is good for nothing */
};

/* Frees what it has. */
void tt__wire_finish(struct tt_wire *wire);

/* Empties it; its memory is kept. */
void tt__wire_clear(struct tt_wire *wire);

/* FIELD is less than 2,048. */
void tt__wire_number(struct tt_wire *wire, unsigned field, uint64_t value);
void tt__wire_fixed(struct tt_wire *wire, unsigned field, uint64_t value);
void tt__wire_bytes(struct tt_wire *wire, unsigned field, const void *bytes, size_t size);

/* Begins and ends a message inside the present one. */
void tt__wire_begin(struct tt_wire *wire, unsigned field);
void tt__wire_end(struct tt_wire *wire);

/* Writes VALUE as a varint to OUT_BYTES. Returns how many bytes: ten at most. */
size_t tt__wire_varint(unsigned char out_bytes[10], uint64_t value);

#endif
