/* arena_walk.h: everything that there is in an arena, as the parts of the recorder read it. */
#ifndef TT_TESTS_ARENA_WALK_H
#define TT_TESTS_ARENA_WALK_H

#include "arena_reader.h"
#include "decode.h"
#include "timeline.h"

/* Returns the events that were decoded. */
uint64_t walk_arena(const struct tt__arena_reader *arena, const struct tt__decoder *decoder,
                    const struct tt__timeline *timeline);

#endif
