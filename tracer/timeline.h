/* timeline.h: from ticks of an arena's clock to nanoseconds of CLOCK_MONOTONIC.
 *
 * What it is for. Records carry ticks. Pairs of ticks and nanoseconds that were read together, by the writer and by
 * the recorder itself, say how the two hang together. A timeline is a line of straight pieces without steps: a later
 * pair bends the line after it and does not move what has been converted before it, so that times of one thread never
 * run backwards, whenever its ring is read.
 *
 * What it leaves to others. The origin of the recording's time (ingest.h).
 *
 * Threads. Belongs to one thread at a time.
 */
#ifndef TT_TIMELINE_H
#define TT_TIMELINE_H

#include <stddef.h>
#include <stdint.h>

#define TT_TIMELINE_PIECES 64u

struct tt__timeline {
    int is_identity;      /* ticks are nanoseconds already, first_ns off */
    double slope_average; /* nanoseconds a tick between the first and the last pair; for durations */
    uint64_t first_ticks; /* the first pair */
    int64_t first_ns;
    unsigned piece_count;
    struct tt__timeline_piece {
        uint64_t ticks; /* begins here */
        int64_t ns;     /* the line's value there */
        double slope;
    } pieces[TT_TIMELINE_PIECES];
};

/* A timeline for a clock that counts nanoseconds of CLOCK_MONOTONIC, to which SHIFT_NS are to be added. */
void tt__timeline_init_identity(struct tt__timeline *timeline, int64_t shift_ns);

/* A timeline through two pairs, read at different times; when they are not (SECOND_TICKS <= FIRST_TICKS) or make no
 * sense, one tick is taken for a nanosecond until tt__timeline_add_pair() brings better. */
void tt__timeline_init_pairs(struct tt__timeline *timeline, uint64_t first_ticks, int64_t first_ns,
                             uint64_t second_ticks, int64_t second_ns);

/* Bends the line at TICKS, which must not lie before any tick converted until now, so that it meets what the pair
 * says about a second later. Pairs that make no sense are passed over. */
void tt__timeline_add_pair(struct tt__timeline *timeline, uint64_t ticks, int64_t ns);

/* The nanoseconds of CLOCK_MONOTONIC at TICKS. */
int64_t tt__timeline_ns(const struct tt__timeline *timeline, uint64_t ticks);

/* The nanoseconds that TICKS ticks last. */
uint64_t tt__timeline_duration_ns(const struct tt__timeline *timeline, uint64_t ticks);

/* Reads the time-stamp counter and CLOCK_MONOTONIC together. Returns -1 on a machine without the counter. */
int tt__timeline_read_tsc_pair(uint64_t *out_ticks, int64_t *out_ns);

/* Begins TIMELINE with a measurement of the time-stamp counter on this machine, made once in a process: two pairs far
 * enough apart (it waits some milliseconds the first time) and each the best of several tries. So a program that was
 * interrupted while it read its own pair, or that lived for a millisecond, has its times right all the same. Returns
 * -1 on a machine without the counter. */
int tt__timeline_init_measured(struct tt__timeline *timeline);

#endif
