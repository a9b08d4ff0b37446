/* import_sequence.h: which numbers of a thread's events have been seen, and which are missing.
 *
 * What it is for. Every event of a trace carries its number in its thread. Whoever reads the events, roughly in order,
 * hands the numbers in and is told whether one is new; in the end the holes are what is missing, exactly. Numbers may
 * come late (a signal handler that interrupts an emit takes the next number and is recorded first) and twice (snapshots
 * of a flight recorder overlap).
 *
 * What it leaves to others. Why something is missing (import_loss.c).
 *
 * Threads: plain data of one importer.
 */
#ifndef TT_IMPORT_SEQUENCE_H
#define TT_IMPORT_SEQUENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* COUNT numbers from FIRST on, missing between two events. Times on the process's CLOCK_MONOTONIC. */
struct tt__import_hole {
    uint64_t first, count;
    int64_t from_ns, to_ns; /* events before and after them */
    bool has_from, has_to;
};

struct tt__import_sequence {
    uint64_t first;                /* the lowest number seen; valid when record_count > 0 */
    uint64_t next;                 /* expected; 0 at the beginning */
    uint64_t record_count;         /* numbers seen, each once */
    int64_t first_ns, last_ns;     /* of the first and the latest event; valid when record_count > 0 */
    struct tt__import_hole *holes; /* in rising order */
    size_t hole_count, hole_capacity;
};

/* All zero, a sequence has seen nothing. This one frees its memory. */
void tt__import_sequence_finish(struct tt__import_sequence *sequence);

/* So many events missing in a run are none: at a million a second they would take twelve days. A number that says so is
 * damaged, and so is a count. */
#define TT_IMPORT_RUN_MAX (UINT64_C(1) << 40)

enum tt__import_seen {
    TT__IMPORT_NEW,
    TT__IMPORT_AGAIN,   /* it was seen before */
    TT__IMPORT_DAMAGED, /* it is further than TT_IMPORT_RUN_MAX from all others */
    TT__IMPORT_NO_MEMORY
};

/* NUMBER was seen at NS. */
enum tt__import_seen tt__import_sequence_see(struct tt__import_sequence *sequence, uint64_t number, int64_t ns);

/* Numbers count from 0 on, not from the lowest one that was seen: those before it are missing. False: no memory. */
bool tt__import_sequence_begin_at_0(struct tt__import_sequence *sequence);

/* Forgets the first COUNT holes: their numbers count as seen from now on. */
void tt__import_sequence_forget(struct tt__import_sequence *sequence, size_t count);

/* Numbers that are missing. */
uint64_t tt__import_sequence_missing(const struct tt__import_sequence *sequence);

#endif
