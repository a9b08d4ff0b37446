/* recorder_board.h: the board of one process, copied into the store where it changed.
 *
 * Threads. Belongs to the recorder's thread.
 */
#ifndef TT_RECORDER_BOARD_H
#define TT_RECORDER_BOARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tt__ring_context;

/* What was seen last; zero to begin with. */
struct tt__board_reader {
    uint32_t *sequences; /* of each slot */
    uint64_t *tasks;     /* in each slot, 0: none */
    uint32_t slot_count;
    int64_t read_ns; /* when it was read last, on CLOCK_MONOTONIC */
    int64_t cost_ns; /* how long that took */
    bool is_behind;  /* there was no memory for it: it is to be read again before it is gone */
};

/* Hands in what changed, when it is time for that again or IS_LAST. Returns how many slots did. */
size_t tt__board_read(struct tt__board_reader *board, const struct tt__ring_context *context, int64_t now_ns,
                      bool is_last);

void tt__board_reader_finish(struct tt__board_reader *board);

#endif
