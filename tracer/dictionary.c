/* dictionary.c: definitions of places, appended to the arena before a record refers to them. The format: arena.h.
 *
 * An id is a hash of what it stands for, so that it needs no agreement: two threads, or a handler and what it
 * interrupted, may define the same place twice, which does no harm. A place remembers the arena in which it is
 * defined; another arena of the same process, after a stop or a fork, has another ordinal and gets a definition of
 * its own.
 *
 * Threads: any; signal handlers.
 */
#include "writer.h"

#include <string.h>

#include "place_hash.h"

size_t tt__text_cut(const char *text, size_t limit)
{
    if (!text)
        return 0;
    size_t length = strnlen(text, limit + 1);
    if (length <= limit)
        return length;
    /* A character has at most three bytes after its first; more of them are no UTF-8, and then it is cut anywhere. */
    for (size_t back = 0; back <= 3 && back < limit; back++)
        if (((unsigned char)text[limit - back] & 0xc0) != 0x80)
            return limit - back;
    return limit;
}

struct place {
    const char *texts[3]; /* file, function, text */
    size_t lengths[3];
    uint32_t line;
    uint64_t id;
};

static void read_place(const tt_site *site, struct place *out)
{
    out->texts[0] = site->file;
    out->texts[1] = site->func;
    out->texts[2] = site->text;
    out->line = site->line;
    for (int i = 0; i < 3; i++)
        out->lengths[i] = tt__text_cut(out->texts[i], TT_PLACE_TEXT_BYTES_MAX);
    out->id = tt__place_hash(out->texts, out->lengths, site->line);
}

/* Makes the dictionary real up to END. */
static bool grow(struct tt__life *life, uint64_t end)
{
    uint64_t populated = atomic_load_explicit(&life->dictionary_populated, memory_order_acquire);
    if (tt__likely(end <= populated))
        return true;
    if (!tt__patience_is_over(&life->dictionary_patience))
        return false;
    uint64_t wanted = (end + TT_POPULATE_STEP_BYTES - 1) / TT_POPULATE_STEP_BYTES * TT_POPULATE_STEP_BYTES;
    if (wanted > life->dictionary_bytes)
        wanted = life->dictionary_bytes;
    if (tt__arena_populate(life->dictionary + populated, wanted - populated) < 0) {
        atomic_store_explicit(&life->dictionary_patience, TT_POPULATE_PATIENCE, memory_order_relaxed);
        return false;
    }
    while (populated < wanted && !atomic_compare_exchange_weak_explicit(&life->dictionary_populated, &populated, wanted,
                                                                        memory_order_release, memory_order_relaxed))
        continue;
    return true;
}

/* Reserves BYTES that are real: a reservation without memory would be a hole that ends the dictionary. Returns NULL
 * if there is no room, and then sets *OUT_IS_FULL if there never will be. */
static unsigned char *reserve(struct tt__life *life, uint64_t bytes, bool *out_is_full)
{
    _Atomic uint64_t *used = &life->header->dictionary_used;
    uint64_t at = atomic_load_explicit(used, memory_order_relaxed);
    do {
        *out_is_full = bytes > life->dictionary_bytes - at;
        if (*out_is_full || !grow(life, at + bytes))
            return NULL;
    } while (!atomic_compare_exchange_weak_explicit(used, &at, at + bytes, memory_order_relaxed, memory_order_relaxed));
    return life->dictionary + at;
}

static void write_definition(unsigned char *at, uint32_t bytes, const struct place *place)
{
    memcpy(at + 4, &place->line, 4);
    memcpy(at + 8, &place->id, 8);
    unsigned char *text = at + TT_DEFINITION_BYTES;
    for (int i = 0; i < 3; i++) {
        uint16_t length = (uint16_t)place->lengths[i];
        memcpy(at + 16 + 2 * i, &length, 2);
        if (length != 0)
            memcpy(text, place->texts[i], length);
        text += length;
    }
    __atomic_store_n((uint32_t *)(void *)at, bytes, __ATOMIC_RELEASE);
}

uint64_t tt__dictionary_define(struct tt__life *life, uint32_t ordinal, tt_site *site)
{
    struct place place;
    bool is_full;
    read_place(site, &place);
    uint64_t bytes = (TT_DEFINITION_BYTES + place.lengths[0] + place.lengths[1] + place.lengths[2] + 7) / 8 * 8;
    unsigned char *at = reserve(life, bytes, &is_full);
    if (at)
        write_definition(at, (uint32_t)bytes, &place);
    else
        atomic_fetch_add_explicit(&life->header->dictionary_drop_count, 1, memory_order_relaxed);
    if (at || is_full) { /* where the disk is full for a while only, the next use tries again */
        __atomic_store_n(&site->tt__id, place.id, __ATOMIC_RELAXED);
        __atomic_store_n(&site->tt__arena, ordinal, __ATOMIC_RELEASE);
    }
    return place.id;
}
