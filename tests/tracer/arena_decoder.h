/* arena_decoder.h: reads arenas for the tests of what writes them.
 *
 * It follows tracer/arena.h and shares no code with the tracer's own reader, so that a mistake in the one is not a
 * mistake in the other. It trusts the file: what it finds wrong it reports as a hole or as a field that is not there,
 * and asserts.
 *
 * Threads: an arena belongs to the thread that opened it; its mapping is its own, also in the process that is traced.
 */
#ifndef TT_TESTS_ARENA_DECODER_H
#define TT_TESTS_ARENA_DECODER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"

struct arena {
    unsigned char *base;
    size_t bytes;
    struct tt_arena_header *header;
};

struct arena_record {
    uint32_t ring; /* index */
    uint64_t position;
    uint64_t time;
    uint32_t attempt;
    uint16_t event;
    uint32_t tid; /* emergency ring only */
    size_t size;  /* bytes of the payload, the rest of the last slot included */
    unsigned char payload[TT_SLOT_HEAD_PAYLOAD + 254 * TT_SLOT_MORE_PAYLOAD];
};

struct arena_place {
    uint32_t line;
    char file[1024], func[1024], text[1024];
};

/* What can be said about a ring that nobody writes any more, read from FROM on. */
struct arena_count {
    uint64_t records, holes, attempts, drops, vital_drops;
    uint64_t missing; /* numbers of attempts between the records */
};

/* Maps the arena at PATH, readable and writable; false when it has no magic. */
bool arena_open(const char *path, struct arena *out);
void arena_close(struct arena *arena);

/* Finds the arena of process PID in DIR; false when there is none. With SKIP, another one than that. */
bool arena_find(const char *dir, long pid, const char *skip, char *out, size_t size);

struct tt_ring *arena_ring(const struct arena *arena, uint32_t index);

/* Where reading of a ring can begin: what is older has been overwritten. */
uint64_t arena_first_position(const struct arena *arena, uint32_t ring);

/* Reads the record at *POSITION and moves it on. 1: *OUT is one; 0: there is no more; -1: a hole, one slot was
 * passed; only where WRITER_IS_GONE, else a hole is a record that is not finished, and the answer is 0. */
int arena_next(const struct arena *arena, uint32_t ring, uint64_t *position, bool writer_is_gone,
               struct arena_record *out);

/* Reads a whole ring of a writer that is gone or at rest. */
struct arena_count arena_count_ring(const struct arena *arena, uint32_t ring);

/* Reads what there is in all rings of a living writer, as the recorder would: calls ON_RECORD for each, then frees
 * the slots and says which detached rings it has read to their end. Returns how many records. */
uint64_t arena_drain(const struct arena *arena, void (*on_record)(const struct arena_record *record, void *argument),
                     void *argument);

/* Fields by name, found by the arena's own description. A field that the event does not have fails the test. */
uint64_t arena_number(const struct arena *arena, const struct arena_record *record, const char *field);
void arena_text(const struct arena *arena, const struct arena_record *record, const char *field, char out[2048]);

/* Number of the event called NAME; fails the test when there is none. */
uint16_t arena_event(const struct arena *arena, const char *name);

/* Finds a definition. */
bool arena_place(const struct arena *arena, uint64_t id, struct arena_place *out);
/* How many definitions of ID there are; of all ids for UINT64_MAX. */
uint64_t arena_count_definitions(const struct arena *arena, uint64_t id);

#endif
