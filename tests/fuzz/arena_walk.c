/* arena_walk.c: see arena_walk.h. */
#include "arena_walk.h"

#define SLOTS_READ \
    4096u /* a mutant's head may be anything, and reading holes is no crime: this much of them is enough */

static volatile uint64_t sink; /* what is read is looked at */

static void look_at(const void *what, size_t length)
{
    const unsigned char *at = what;
    for (size_t i = 0; i < length; i++)
        sink += at[i];
}

/* Everything that there is in it, as the parts of the recorder read it. Returns the events that were decoded. */
uint64_t walk_arena(const struct tt__arena_reader *arena, const struct tt__decoder *decoder,
                    const struct tt__timeline *timeline)
{
    static struct tt__record record;
    struct tt__definition definition;
    struct tt__clock_reading reading;
    struct tt_board_slot slot;
    struct tt_decoded_event event;
    uint64_t position = 0, count = 0;
    sink += tt__arena_clock(arena, false, &reading) + tt__arena_clock(arena, true, &reading);
    while (tt__arena_next_definition(arena, &position, &definition)) {
        look_at(definition.file, definition.file_length);
        look_at(definition.func, definition.func_length);
        look_at(definition.text, definition.text_length);
    }
    uint32_t slots = tt__arena_board_used(arena);
    for (uint32_t i = 0; i < slots && i < 64; i++) {
        uint32_t sequence = 0;
        if (tt__arena_read_board(arena, i, &sequence, &slot))
            look_at(&slot, sizeof slot);
    }
    uint32_t rings = tt__arena_ring_count(arena);
    for (uint32_t i = 0; i < rings && i < 8; i++) {
        struct tt_ring *ring = tt__arena_ring(arena, i);
        uint64_t head = atomic_load_explicit(&ring->head, memory_order_acquire);
        uint64_t at = head > SLOTS_READ ? head - SLOTS_READ : 0;
        while (tt__arena_next_record(arena, ring, &at, head, false, &record) == TT__RING_RECORD) {
            if (tt__decode(decoder, timeline, record.event, record.payload, record.length, &event) != TT__DECODED)
                continue;
            count++;
            sink += event.number;
        }
    }
    return count;
}
