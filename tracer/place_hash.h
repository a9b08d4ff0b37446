/* place_hash.h: the content hash that is the id of a place in the source, wherever the place is told.
 *
 * What it is for. The dictionary of an arena and the import of traces that carry places in full give the same place the
 * same id, so that it is one row of a store. FNV-1a 64 over file, NUL, function, NUL, line (4 bytes, little end first),
 * NUL, text; 1 where that would be 0, which stands for no place.
 *
 * Threads: any; signal handlers.
 */
#ifndef TT_PLACE_HASH_H
#define TT_PLACE_HASH_H

#include <stddef.h>
#include <stdint.h>

#define TT_PLACE_TEXT_BYTES_MAX 1023u /* of file, function and text each: paths in sources are shorter */

static inline uint64_t tt__hash_bytes(uint64_t hash, const void *bytes, size_t length)
{
    const unsigned char *at = (const unsigned char *)bytes;
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ at[i]) * UINT64_C(0x100000001b3);
    return hash;
}

/* TEXTS: file, function, text, of LENGTHS bytes, each at most TT_PLACE_TEXT_BYTES_MAX. */
static inline uint64_t tt__place_hash(const char *const texts[3], const size_t lengths[3], uint32_t line_number)
{
    static const unsigned char nul;
    const unsigned char line[4] = {(unsigned char)line_number, (unsigned char)(line_number >> 8),
                                   (unsigned char)(line_number >> 16), (unsigned char)(line_number >> 24)};
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    hash = tt__hash_bytes(tt__hash_bytes(hash, texts[0], lengths[0]), &nul, 1);
    hash = tt__hash_bytes(tt__hash_bytes(hash, texts[1], lengths[1]), &nul, 1);
    hash = tt__hash_bytes(tt__hash_bytes(hash, line, sizeof line), &nul, 1);
    hash = tt__hash_bytes(hash, texts[2], lengths[2]);
    return hash != 0 ? hash : 1;
}

#endif
