/* select_outside.c: see select_outside.h. */
#include "select_outside.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "arena_reader.h"
#include "process_identity.h"
#include "recorder_folder.h"
#include "select_list.h"

#define LOOK_NS 5000000 /* between two looks whether it was taken */

struct process {
    struct tt__arena_reader arena;
    struct tt__process_watch watch;
    bool is_foreign;
};

struct search {
    int dir_fd;
    uint32_t pid;
    struct process *processes;
    size_t count, capacity;
};

/* Whether it is there, emits events, and tells what it has selected. */
static bool is_recorded(struct process *process)
{
    struct tt_arena_header *header = tt__arena_header(&process->arena);
    struct timespec now = {0};
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return atomic_load(&header->state) == TT_ARENA_ALIVE && atomic_load(&header->selected_categories) != 0 &&
           atomic_load(&header->stop_reading) == 0 &&
           !tt__process_watch_has_ended(&process->watch, (int64_t)now.tv_sec * 1000000000 + now.tv_nsec);
}

static void forget(struct process *process)
{
    tt__process_watch_end(&process->watch);
    tt__arena_close(&process->arena);
}

static int add_process(void *context, const char *name)
{
    struct search *search = context;
    struct process process = {0};
    const char *reason;
    if (tt__arena_open(search->dir_fd, name, &process.arena, &reason) != TT__ARENA_OPENED)
        return 0;
    process.is_foreign = !process.arena.can_write;
    tt__process_watch_begin(&process.watch, process.arena.pid, process.arena.start_ticks, process.arena.boot_id,
                            process.arena.fd);
    if ((search->pid != 0 && search->pid != process.arena.pid) || !is_recorded(&process)) {
        forget(&process);
        return 0;
    }
    if (search->count == search->capacity) {
        size_t capacity = search->capacity ? 2 * search->capacity : 8;
        struct process *grown = reallocarray(search->processes, capacity, sizeof *grown);
        if (!grown) {
            forget(&process);
            return -ENOMEM;
        }
        search->processes = grown;
        search->capacity = capacity;
    }
    search->processes[search->count++] = process;
    return 0;
}

/* What is wanted, or was and not taken yet, is what the next wish changes. */
static void want(struct process *process, const char *list)
{
    struct tt_arena_header *header = tt__arena_header(&process->arena);
    uint64_t pending = atomic_load(&header->wanted_selection);
    uint32_t categories = atomic_load(&header->selected_categories);
    uint32_t step_every = atomic_load(&header->selected_step_every);
    if (pending >> 32 != 0) {
        categories = (uint32_t)pending;
        step_every = (uint32_t)(pending >> 32);
    }
    if (step_every == 0)
        step_every = 1;
    (void)tt__select_read_list(list, &categories, &step_every); /* it was read before */
    atomic_store(&header->wanted_selection, (uint64_t)step_every << 32 | tt__select_complete(categories));
}

static bool is_taken(const struct process *process)
{
    return atomic_load(&tt__arena_header(&process->arena)->wanted_selection) >> 32 == 0;
}

static void wait_for_all(const struct search *search, int wait_ms)
{
    const struct timespec pause = {.tv_nsec = LOOK_NS};
    for (int64_t left_ns = (int64_t)wait_ms * 1000000; left_ns > 0; left_ns -= LOOK_NS) {
        bool are_taken = true;
        for (size_t i = 0; i < search->count; i++)
            are_taken &= search->processes[i].is_foreign || is_taken(&search->processes[i]) ||
                         !is_recorded(&search->processes[i]);
        if (are_taken)
            return;
        nanosleep(&pause, NULL);
    }
}

static void tell(const struct process *process, tt_select_fn on_process, void *context)
{
    struct tt_arena_header *header = tt__arena_header(&process->arena);
    const struct tt_select_outcome outcome = {
        .pid = process->arena.pid,
        .program = process->arena.program,
        .is_taken = !process->is_foreign && is_taken(process),
        .is_foreign = process->is_foreign,
        .categories = atomic_load(&header->selected_categories),
        .step_every = atomic_load(&header->selected_step_every),
    };
    on_process(context, &outcome);
}

int tt_select_outside(const char *ring_dir, const char *list, uint32_t pid, int wait_ms, tt_select_fn on_process,
                      void *context)
{
    struct search search = {.pid = pid};
    uint32_t categories = 0, step_every = 1;
    if (list && tt__select_read_list(list, &categories, &step_every) < 0)
        return -EINVAL;
    search.dir_fd = open(ring_dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (search.dir_fd < 0)
        return -errno;
    int result = tt__folder_for_each(search.dir_fd, add_process, &search);
    for (size_t i = 0; i < search.count; i++)
        if (list && !search.processes[i].is_foreign)
            want(&search.processes[i], list);
    if (list)
        wait_for_all(&search, wait_ms);
    for (size_t i = 0; i < search.count; i++) {
        tell(&search.processes[i], on_process, context);
        forget(&search.processes[i]);
    }
    free(search.processes);
    close(search.dir_fd);
    return result < 0 ? result : (int)search.count;
}
