/* timers.c: see timers.h. The loop's thread. */
#include "timers.h"

#include <assert.h>
#include <stdlib.h>

/* asyncio rebuilds its heap when it has more than this many entries, and more than half of them cancelled. */
#define TIMERS_REBUILD_MIN 100

static void place(struct tt_timers *timers, size_t index, struct tt_timer_entry entry)
{
    timers->entries[index] = entry;
    if (entry.timer)
        entry.timer->index = index;
}

/* Moves the entry at INDEX towards the root until its parent is not later; never above TOP. heapq._siftdown. */
static void sift_to_root(struct tt_timers *timers, size_t top, size_t index)
{
    struct tt_timer_entry entry = timers->entries[index];

    while (index > top) {
        size_t parent = (index - 1) / 2;

        if (entry.when_ns >= timers->entries[parent].when_ns)
            break;
        place(timers, index, timers->entries[parent]);
        index = parent;
    }
    place(timers, index, entry);
}

/* Moves the entry at INDEX to a leaf along the earlier children, then back up to its place. heapq._siftup. */
static void sift_to_leaf(struct tt_timers *timers, size_t index)
{
    struct tt_timer_entry entry = timers->entries[index];
    size_t top = index, child = 2 * index + 1;

    while (child < timers->count) {
        if (child + 1 < timers->count && timers->entries[child].when_ns >= timers->entries[child + 1].when_ns)
            child++;
        place(timers, index, timers->entries[child]);
        index = child;
        child = 2 * index + 1;
    }
    place(timers, index, entry);
    sift_to_root(timers, top, index);
}

int tt__timers_push(struct tt_timers *timers, struct tt_timer *timer, int64_t when_ns)
{
    assert(!timer->is_pending && "a timer is in the heap once");
    if (timers->count == timers->capacity) {
        size_t capacity = timers->capacity ? 2 * timers->capacity : 16;
        struct tt_timer_entry *entries = realloc(timers->entries, capacity * sizeof *entries);

        if (!entries)
            return -1;
        timers->entries = entries;
        timers->capacity = capacity;
    }
    timer->is_pending = true;
    place(timers, timers->count, (struct tt_timer_entry){.when_ns = when_ns, .timer = timer});
    sift_to_root(timers, 0, timers->count++);
    return 0;
}

void tt__timers_cancel(struct tt_timers *timers, struct tt_timer *timer)
{
    if (!timer->is_pending)
        return;
    assert(timers->entries[timer->index].timer == timer && "a pending timer knows its place");
    timers->entries[timer->index].timer = NULL;
    timer->is_pending = false;
    timers->cancelled_count++;
}

/* Takes the root out of the heap. heapq.heappop. */
static struct tt_timer_entry pop_root(struct tt_timers *timers)
{
    struct tt_timer_entry last = timers->entries[--timers->count], root = last;

    if (timers->count) {
        root = timers->entries[0];
        place(timers, 0, last);
        sift_to_leaf(timers, 0);
    }
    if (root.timer)
        root.timer->is_pending = false;
    return root;
}

static void rebuild(struct tt_timers *timers)
{
    size_t kept = 0;

    for (size_t i = 0; i < timers->count; i++)
        if (timers->entries[i].timer)
            place(timers, kept++, timers->entries[i]);
    timers->count = kept;
    timers->cancelled_count = 0;
    for (size_t i = kept / 2; i-- > 0;)
        sift_to_leaf(timers, i);
}

void tt__timers_purge(struct tt_timers *timers)
{
    if (timers->count > TIMERS_REBUILD_MIN && 2 * timers->cancelled_count > timers->count) {
        rebuild(timers);
        return;
    }
    while (timers->count && !timers->entries[0].timer) {
        timers->cancelled_count--;
        pop_root(timers);
    }
}

bool tt__timers_next(const struct tt_timers *timers, int64_t *out_when_ns)
{
    if (!timers->count)
        return false;
    *out_when_ns = timers->entries[0].when_ns;
    return true;
}

struct tt_timer *tt__timers_pop_due(struct tt_timers *timers, int64_t now_ns)
{
    while (timers->count && timers->entries[0].when_ns <= now_ns) {
        struct tt_timer *timer = pop_root(timers).timer;

        if (timer)
            return timer;
    }
    return NULL;
}

struct tt_timer *tt__timers_pop_any(struct tt_timers *timers)
{
    return tt__timers_pop_due(timers, INT64_MAX); /* every deadline is due then */
}

void tt__timers_finish(struct tt_timers *timers)
{
    assert(timers->count == 0 && "no timer is left behind");
    free(timers->entries);
    *timers = (struct tt_timers){0};
}
