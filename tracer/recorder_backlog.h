/* recorder_backlog.h: what stands in the arenas of a ring dir and is not in the store yet.
 *
 * What it is for. Who reads a store while its recorder is at work, or is only beginning, takes stock once, and then asks again and again
 * whether the recorder has come so far: then the store has all that had been said until then, with the ends of processes that had ended.
 * Nothing is written, and no arena stays open in between.
 *
 * What it leaves to others. Reading arenas into a store: the recorder. How long to wait: whoever waits.
 *
 * Threads. A backlog belongs to one thread at a time.
 */
#ifndef TT_RECORDER_BACKLOG_H
#define TT_RECORDER_BACKLOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tt__backlog_ring;

struct tt__backlog {
    struct tt__backlog_ring *rings; /* one for each ring, and one for each process that has ended */
    size_t count, capacity;
    size_t refused_count; /* arenas that cannot be read */
    bool is_cut;          /* there was no memory for all of it */
};

/* Takes stock of the arenas in DIR, which need not exist. To be finished in any case. */
void tt__backlog_take(const char *dir, struct tt__backlog *out_backlog);
void tt__backlog_finish(struct tt__backlog *backlog);

/* Forgets what is in the store by now, and whose arena is gone. Returns whether that was something. When `count` is 0, nothing waits. */
bool tt__backlog_look(const char *dir, struct tt__backlog *backlog);

/* How many events of it wait. A recorder that was killed may have written some of them into the store before it said so: up to a batch. */
uint64_t tt__backlog_count_events(const char *dir, const struct tt__backlog *backlog);

#endif
