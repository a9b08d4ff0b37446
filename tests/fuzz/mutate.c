/* mutate.c: see mutate.h. */
#include "mutate.h"

#include <string.h>

#include "tracer/studio.h"

void mutate_once(struct mutation *mutation, unsigned char *bytes, size_t length, uint64_t *random)
{
    static const unsigned widths[] = {1, 1, 1, 2, 2, 4, 8, 8};
    static const uint64_t telling[] = {
        0, 1, UINT64_MAX, UINT64_C(0x7fffffffffffffff), UINT64_C(0x8080808080808080), 0x100, 0xffff, 0x10000};
    uint64_t chance = studio_random(random);
    unsigned width = widths[chance % 8];
    if (mutation->count == MUTATION_CHANGES_MAX || length < 2 * sizeof(uint64_t))
        return;
    /* Numbers stand where their width says, as a rule. */
    size_t at = studio_random(random) % (length - sizeof(uint64_t));
    if ((chance >> 3) % 4 != 0)
        at -= at % width;
    struct change *change = &mutation->changes[mutation->count++];
    *change = (struct change){.at = bytes + at, .length = width};
    memcpy(change->before, change->at, width);
    uint64_t value = 0;
    memcpy(&value, change->at, width);
    switch ((chance >> 8) % 6) {
    case 0:
        value = studio_random(random);
        break;
    case 1:
        value = telling[studio_random(random) % (sizeof telling / sizeof telling[0])];
        break;
    case 2:
        value ^= UINT64_C(1) << studio_random(random) % (8 * width);
        break;
    case 3:
        value++;
        break;
    case 4:
        value--;
        break;
    default:
        memcpy(&value, bytes + studio_random(random) % (length - sizeof value), sizeof value);
        break;
    }
    memcpy(change->at, &value, width);
}

void mutate_undo(struct mutation *mutation)
{
    while (mutation->count > 0) {
        const struct change *change = &mutation->changes[--mutation->count];
        memcpy(change->at, change->before, change->length);
    }
}
