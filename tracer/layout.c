/* layout.c: how large the parts of an arena are. A pure function, so that its edges can be tested. See arena.h. */
#include "writer.h"

#include <errno.h>

/* Address space for rings: 256 of the default size. Tools that shadow memory (sanitizers, valgrind) bear so much. */
#define RINGS_BUDGET (TT_RINGS_MAX * (TT_RING_HEAD_BYTES + TT_RING_BYTES_DEFAULT))

/* What is left when a limit of the process or of the system leaves little room. */
#define RINGS_FEW            8u
#define RINGS_MIN            2u /* the emergency ring and one thread's */
#define RINGS_LARGE_MIN      5u /* of the largest rings: threads that are worth their size */
#define BOARD_SLOTS_MIN      4096u
#define DICTIONARY_BYTES_MIN (UINT64_C(256) * 1024)

static void add_up(struct tt__layout *layout)
{
    layout->board_offset = TT_ARENA_HEADER_BYTES + layout->dictionary_bytes;
    layout->rings_offset = layout->board_offset + layout->board_slots * sizeof(struct tt_board_slot);
    layout->file_bytes = layout->rings_offset + layout->ring_count_max * (TT_RING_HEAD_BYTES + layout->ring_bytes);
}

int tt__layout_make(uint64_t ring_bytes, uint64_t bytes_max, struct tt__layout *out_layout)
{
    struct tt__layout layout = {TT_DICTIONARY_BYTES, TT_BOARD_SLOTS, ring_bytes, 0, 0, 0, 0};
    layout.ring_count_max = RINGS_BUDGET / (TT_RING_HEAD_BYTES + ring_bytes);
    if (layout.ring_count_max > TT_RINGS_MAX)
        layout.ring_count_max = TT_RINGS_MAX;
    if (layout.ring_count_max < RINGS_LARGE_MIN)
        layout.ring_count_max = RINGS_LARGE_MIN;

    for (add_up(&layout); layout.file_bytes > bytes_max; add_up(&layout)) {
        if (layout.ring_count_max > RINGS_FEW)
            layout.ring_count_max = layout.ring_count_max / 2 > RINGS_FEW ? layout.ring_count_max / 2 : RINGS_FEW;
        else if (layout.board_slots > BOARD_SLOTS_MIN)
            layout.board_slots /= 2;
        else if (layout.dictionary_bytes > DICTIONARY_BYTES_MIN)
            layout.dictionary_bytes /= 2;
        else if (layout.ring_bytes > TT_RING_BYTES_MIN)
            layout.ring_bytes /= 2;
        else if (layout.ring_count_max > RINGS_MIN)
            layout.ring_count_max--;
        else
            return -EFBIG;
    }
    *out_layout = layout;
    return 0;
}
