/* schedule.h: one run of a program with a ready queue whose order a seed makes.
 *
 * Each turn is in one of several orders: as it was, reversed, at random; and may be only a part of what is ready, so that an entry can wait for
 * many turns. Most runs are stopped after some entry: then the loop is closed over what is left, or everything stays as it is.
 * Whatever the order, invariants.h holds after each entry. */
#ifndef TT_SIMULATION_SCHEDULE_H
#define TT_SIMULATION_SCHEDULE_H

#include "program.h"
#include "run.h"

/* What runs now, for who says what is wrong. */
struct schedule_place {
    uint64_t seed;
    size_t entry;
};
extern struct schedule_place schedule_place;

/* What of the run is left, if it stays; NULL: nothing. */
struct left_run *schedule_run(struct program *program, uint64_t seed);

#endif
