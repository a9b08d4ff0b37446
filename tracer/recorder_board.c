/* recorder_board.c: see recorder_board.h. */
#include "recorder_board.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "event_fields.h"
#include "recorder_ring.h"

#define INTERVAL_NS INT64_C(100000000) /* a tenth of a second behind is what somebody who looks does not see */
#define COST_FACTOR 20 /* a large board is read less often: at most a twentieth of the time goes into it */

static bool grow(struct tt__board_reader *board, uint32_t count)
{
    if (count <= board->slot_count)
        return true;
    uint32_t *sequences = reallocarray(board->sequences, count, sizeof *sequences);
    if (sequences)
        board->sequences = sequences;
    uint64_t *tasks = sequences ? reallocarray(board->tasks, count, sizeof *tasks) : NULL;
    if (!tasks)
        return false;
    board->tasks = tasks;
    memset(board->sequences + board->slot_count, 0, (count - board->slot_count) * sizeof *sequences);
    memset(board->tasks + board->slot_count, 0, (count - board->slot_count) * sizeof *tasks);
    board->slot_count = count;
    return true;
}

static void hand_in(const struct tt__ring_context *context, uint32_t index, const struct tt_board_slot *slot,
                    uint64_t task_id, bool is_new)
{
    struct tt_ingest_board_entry entry = {
        .task_id = task_id,
        .parent_id = slot->parent_id,
        .loop_id = slot->loop_id,
        .wait_object = slot->wait_object,
        .wait_site = slot->wait_site,
        .created_site = slot->created_site,
        .since_ns =
            tt_ingest_time(context->ingest, context->process_id, tt__timeline_ns(context->timeline, slot->since)),
        .busy_ns = tt__timeline_duration_ns(context->timeline, slot->busy),
        .ready_ns = tt__timeline_duration_ns(context->timeline, slot->ready),
        .slot = index,
        .step_count = slot->step_count,
        .name_number = slot->name_number,
        .state = slot->state,
        .wait_kind = slot->wait_kind,
        .is_new = is_new,
        .name = slot->name,
    };
    tt_ingest_board(context->ingest, context->process_id, &entry);
}

static int64_t now_monotonic_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

size_t tt__board_read(struct tt__board_reader *board, const struct tt__ring_context *context, int64_t now_ns,
                      bool is_last)
{
    size_t count = 0;
    int64_t wait_ns = board->cost_ns * COST_FACTOR > INTERVAL_NS ? board->cost_ns * COST_FACTOR : INTERVAL_NS;
    uint32_t used = tt__arena_board_used(context->arena);
    if (!is_last && board->read_ns != 0 && now_ns - board->read_ns < wait_ns)
        return 0;
    board->is_behind = !grow(board, used);
    if (board->is_behind)
        return 0;
    for (uint32_t i = 0; i < used; i++) {
        struct tt_board_slot slot;
        if (!tt__arena_read_board(context->arena, i, &board->sequences[i], &slot))
            continue;
        uint64_t task_id = atomic_load_explicit(&slot.task_id, memory_order_relaxed);
        if (task_id >> TT_LOCAL_ID_BITS != 0)
            task_id = 0; /* its events are not recorded either */
        if (board->tasks[i] != 0 && board->tasks[i] != task_id)
            tt_ingest_board_gone(context->ingest, context->process_id, board->tasks[i]);
        if (task_id != 0)
            hand_in(context, i, &slot, task_id, board->tasks[i] != task_id);
        count += task_id != 0 || board->tasks[i] != 0;
        board->tasks[i] = task_id;
    }
    board->read_ns = now_ns;
    board->cost_ns = now_monotonic_ns() - now_ns;
    return count;
}

void tt__board_reader_finish(struct tt__board_reader *board)
{
    free(board->sequences);
    free(board->tasks);
    *board = (struct tt__board_reader){0};
}
