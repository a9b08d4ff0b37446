/* recorder_backlog.c: see recorder_backlog.h. */
#include "recorder_backlog.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "arena_reader.h"
#include "process_identity.h"
#include "recorder_folder.h"

/* Waited for is the end of the process: its arena goes. */
#define WHOLE_ARENA UINT32_MAX

struct tt__backlog_ring {
    char arena[NAME_MAX + 1];
    uint32_t ring; /* or WHOLE_ARENA */
    uint64_t head; /* as far as the ring had been written */
};

static int open_folder(const char *dir)
{
    return open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static bool has_ended(const struct tt__arena_reader *arena)
{
    struct timespec now;
    struct tt__process_watch watch;
    if (arena->fd >= 0)
        return false; /* of other namespaces: only the recorder can tell */
    clock_gettime(CLOCK_MONOTONIC, &now);
    tt__process_watch_begin(&watch, arena->pid, arena->start_ticks, arena->boot_id, -1);
    bool has_ended = tt__process_watch_has_ended(&watch, (int64_t)now.tv_sec * 1000000000 + now.tv_nsec);
    tt__process_watch_end(&watch);
    return has_ended;
}

static void add(struct tt__backlog *backlog, const char *name, uint32_t ring, uint64_t head)
{
    if (backlog->count == backlog->capacity) {
        size_t capacity = backlog->capacity ? 2 * backlog->capacity : 16;
        struct tt__backlog_ring *rings = reallocarray(backlog->rings, capacity, sizeof *rings);
        if (!rings) {
            backlog->is_cut = true;
            return;
        }
        backlog->rings = rings;
        backlog->capacity = capacity;
    }
    struct tt__backlog_ring *added = &backlog->rings[backlog->count++];
    snprintf(added->arena, sizeof added->arena, "%s", name);
    added->ring = ring;
    added->head = head;
}

static uint64_t read_head(const struct tt__arena_reader *arena, uint32_t ring)
{
    return atomic_load_explicit(&tt__arena_ring(arena, ring)->head, memory_order_acquire);
}

static uint64_t read_tail(const struct tt__arena_reader *arena, uint32_t ring)
{
    return atomic_load_explicit(&tt__arena_ring(arena, ring)->tail, memory_order_acquire);
}

struct taking {
    int dir_fd;
    struct tt__backlog *backlog;
};

static int take_arena(void *context, const char *name)
{
    const struct taking *taking = context;
    const char *reason;
    struct tt__arena_reader arena;
    switch (tt__arena_open(taking->dir_fd, name, &arena, &reason)) {
    case TT__ARENA_REFUSED:
        taking->backlog->refused_count++;
        return 0;
    case TT__ARENA_NOT_READY: /* nothing has been said */
    case TT__ARENA_NO_ROOM:   /* or it is gone */
        return 0;
    case TT__ARENA_OPENED:
        break;
    }
    for (uint32_t i = 0; i < tt__arena_ring_count(&arena); i++)
        if (read_head(&arena, i) != read_tail(&arena, i))
            add(taking->backlog, name, i, read_head(&arena, i));
    if (has_ended(&arena))
        add(taking->backlog, name, WHOLE_ARENA, 0);
    tt__arena_close(&arena);
    return 0;
}

void tt__backlog_take(const char *dir, struct tt__backlog *out_backlog)
{
    memset(out_backlog, 0, sizeof *out_backlog);
    struct taking taking = {open_folder(dir), out_backlog};
    if (taking.dir_fd < 0)
        return;
    tt__folder_for_each(taking.dir_fd, take_arena, &taking);
    close(taking.dir_fd);
}

void tt__backlog_finish(struct tt__backlog *backlog)
{
    free(backlog->rings);
    memset(backlog, 0, sizeof *backlog);
}

/* ---------------------------------------------------------------------------------------------------- looking again */

/* The arena of the entry that is looked at: entries of one arena stand side by side, and it is opened once for them. */
struct opened {
    char name[NAME_MAX + 1];
    bool is_there, is_open;
    struct tt__arena_reader arena;
};

static void close_arena(struct opened *opened)
{
    if (opened->is_open)
        tt__arena_close(&opened->arena);
    opened->is_open = false;
}

static void open_arena(int dir_fd, const char *name, struct opened *opened)
{
    struct stat status;
    const char *reason;
    if (strcmp(opened->name, name) == 0)
        return;
    close_arena(opened);
    snprintf(opened->name, sizeof opened->name, "%s", name);
    opened->is_there = fstatat(dir_fd, name, &status, AT_SYMLINK_NOFOLLOW) == 0;
    opened->is_open = opened->is_there && tt__arena_open(dir_fd, name, &opened->arena, &reason) == TT__ARENA_OPENED;
}

/* A tail that makes no sense is behind any head. */
static bool is_waiting(const struct tt__backlog_ring *entry, const struct opened *opened)
{
    if (entry->ring == WHOLE_ARENA || !opened->is_open)
        return opened->is_there;
    return entry->ring < tt__arena_ring_count(&opened->arena) && read_tail(&opened->arena, entry->ring) < entry->head;
}

bool tt__backlog_look(const char *dir, struct tt__backlog *backlog)
{
    struct opened opened = {.name = ""};
    size_t before = backlog->count, kept = 0;
    int dir_fd = open_folder(dir);
    for (size_t i = 0; i < before && dir_fd >= 0; i++) {
        open_arena(dir_fd, backlog->rings[i].arena, &opened);
        if (is_waiting(&backlog->rings[i], &opened))
            backlog->rings[kept++] = backlog->rings[i];
    }
    close_arena(&opened);
    if (dir_fd >= 0)
        close(dir_fd);
    backlog->count = kept;
    return kept < before;
}

uint64_t tt__backlog_count_events(const char *dir, const struct tt__backlog *backlog)
{
    struct opened opened = {.name = ""};
    struct tt__record record;
    uint64_t count = 0;
    int dir_fd = open_folder(dir);
    for (size_t i = 0; i < backlog->count && dir_fd >= 0; i++) {
        const struct tt__backlog_ring *entry = &backlog->rings[i];
        open_arena(dir_fd, entry->arena, &opened);
        if (!opened.is_open || !is_waiting(entry, &opened) || entry->ring == WHOLE_ARENA)
            continue;
        const struct tt_ring *ring = tt__arena_ring(&opened.arena, entry->ring);
        uint64_t position = read_tail(&opened.arena, entry->ring);
        while (tt__arena_next_record(&opened.arena, ring, &position, entry->head, false, &record) == TT__RING_RECORD)
            count++;
    }
    close_arena(&opened);
    if (dir_fd >= 0)
        close(dir_fd);
    return count;
}
