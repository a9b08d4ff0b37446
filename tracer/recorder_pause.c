/* recorder_pause.c: see recorder_pause.h. */
#include "recorder_pause.h"

#include <fcntl.h>
#include <unistd.h>

#include "recorder.h"
#include "recorder_folder.h"
#include "recorder_lock.h"

/* ------------------------------------------------------------------------------------------------------------- telling */

static uint64_t count_drops(const struct tt__arena_reader *arena)
{
    uint64_t count = 0;
    for (uint32_t i = 0; i < tt__arena_ring_count(arena); i++)
        count += atomic_load_explicit(&tt__arena_ring(arena, i)->drops, memory_order_relaxed);
    return count;
}

void tt__pause_write(const struct tt__arena_reader *arena, const struct tt__pause *pause)
{
    struct tt_arena_header *header = tt__arena_header(arena);
    bool begins = pause->since_ns != 0 && atomic_load_explicit(&header->pause_since_ns, memory_order_relaxed) == 0;
    if (begins)
        atomic_store_explicit(&header->pause_drop_count, count_drops(arena), memory_order_relaxed);
    atomic_store_explicit(&header->pause_reason, pause->reason, memory_order_relaxed);
    atomic_store_explicit(&header->pause_reader_pid, pause->reader_pid, memory_order_relaxed);
    atomic_store_explicit(&header->pause_since_ns, (uint64_t)pause->since_ns, memory_order_release);
}

void tt__pause_tell(struct tt__pause *pause, bool is_pausing, const struct tt__recorder_stats *stats,
                    struct tt__process_reader *const *processes, size_t count)
{
    struct tt__pause now = {0};
    if (is_pausing)
        now = (struct tt__pause){pause->since_ns ? pause->since_ns : stats->pause_ns, stats->pause_reason,
                                 stats->reader_pid};
    if (now.since_ns == pause->since_ns && now.reason == pause->reason && now.reader_pid == pause->reader_pid)
        return;
    *pause = now;
    for (size_t i = 0; i < count; i++)
        tt__process_tell_pause(processes[i], pause);
}

/* ------------------------------------------------------------------------------------------------------------- looking */

/* Records that are in RING and not in the store. */
static uint64_t count_waiting(const struct tt__arena_reader *arena, const struct tt_ring *ring, bool *is_overwritten)
{
    struct tt__record record;
    uint64_t count = 0, head = atomic_load_explicit(&ring->head, memory_order_acquire);
    uint64_t position = atomic_load_explicit(&ring->tail, memory_order_relaxed);
    if (position > head)
        return 0;
    if (head - position > arena->ring_slots) {
        position = head - arena->ring_slots;
        *is_overwritten = true;
    }
    while (tt__arena_next_record(arena, ring, &position, head, true, &record) == TT__RING_RECORD)
        count++;
    return count;
}

static void look_at(const struct tt__arena_reader *arena, struct tt_recorder_pause *out)
{
    struct tt_arena_header *header = tt__arena_header(arena);
    uint64_t since_ns = atomic_load_explicit(&header->pause_since_ns, memory_order_acquire), drops = count_drops(arena);
    uint64_t before = since_ns ? atomic_load_explicit(&header->pause_drop_count, memory_order_relaxed) : 0;
    if (since_ns != 0 && (out->since_ns == 0 || (int64_t)since_ns < out->since_ns)) {
        out->since_ns = (int64_t)since_ns;
        out->reason = atomic_load_explicit(&header->pause_reason, memory_order_relaxed);
        out->reader_pid = atomic_load_explicit(&header->pause_reader_pid, memory_order_relaxed);
    }
    out->drop_count += drops > before ? drops - before : 0;
    for (uint32_t i = 0; i < tt__arena_ring_count(arena); i++)
        out->waiting_count += count_waiting(arena, tt__arena_ring(arena, i), &out->is_overwritten);
}

struct look {
    int dir_fd;
    struct tt_recorder_pause pause;
};

static int look_at_arena(void *context, const char *name)
{
    struct look *look = context;
    struct tt__arena_reader arena;
    const char *reason;
    if (tt__arena_open(look->dir_fd, name, &arena, &reason) != TT__ARENA_OPENED)
        return 0;
    look_at(&arena, &look->pause);
    tt__arena_close(&arena);
    return 0;
}

/* Whether one says anything: counting all that waits takes longer. */
static int is_paused_in(void *context, const char *name)
{
    struct tt__arena_reader arena;
    const char *reason;
    if (tt__arena_open(*(int *)context, name, &arena, &reason) != TT__ARENA_OPENED)
        return 0;
    bool is_paused = atomic_load_explicit(&tt__arena_header(&arena)->pause_since_ns, memory_order_relaxed) != 0;
    tt__arena_close(&arena);
    return is_paused;
}

int tt_recorder_look(const char *ring_dir, struct tt_recorder_pause *out_pause)
{
    struct look look = {.dir_fd = open(ring_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (look.dir_fd < 0)
        return 0;
    /* What a recorder that was killed has said is not so any more. */
    if (tt__folder_for_each(look.dir_fd, is_paused_in, &look.dir_fd) == 1 && tt__recorder_has_lock(look.dir_fd))
        (void)tt__folder_for_each(look.dir_fd, look_at_arena, &look);
    close(look.dir_fd);
    if (look.pause.since_ns == 0)
        return 0;
    *out_pause = look.pause;
    return 1;
}
