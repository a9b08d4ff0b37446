/* describe.c: the description of the events for the header of an arena. The format: arena.h. */
#include "writer.h"

#include "description.h"

_Static_assert(sizeof tt__description <= TT_ARENA_HEADER_BYTES - 4096, "the description of the events fits");

const char *tt__describe_events(size_t *out_length)
{
    *out_length = sizeof tt__description - 1;
    return tt__description;
}
