/* stops.h: a child that is stopped at each of its system calls, in front of it and behind it; and a number for each kind of such a place,
 * so that a test can kill the child at all kinds, the rare ones too, and not only where it is most of the time.
 *
 * A place is: the stage of life that the test names, the call before, this call, in front or behind. Calls are told apart by what they do
 * and by what they do it to: the store, its log, an arena ...
 *
 * What it leaves to others: what the child does, what becomes of it.
 *
 * Threads: one. The child is this thread's.
 */
#ifndef TT_TESTS_STOPS_H
#define TT_TESTS_STOPS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct stops {
    pid_t pid;
    uint32_t before, now; /* the last two calls, with what they were done to */
    char text[64];        /* where it stands, for people */
};

/* Forks a child that runs RUN and ends with what that returns; it stands still until stops_next(). Skips the test where no process can
 * be traced. */
void stops_start(struct stops *stops, int (*run)(void *argument), void *argument);

/* Lets it go on to the next stop. Returns the place, not 0; STAGE is part of it. 0: it has ended, with exit status 0, else the test fails. */
uint32_t stops_next(struct stops *stops, unsigned stage);

/* Kills it where it stands: what it stands in front of is not done. */
void stops_kill(struct stops *stops);

/* ----------------------------------------------------------------------------------------------------------- places */

#define PLACES_MAX 2048u

struct places {
    struct place {
        uint32_t number;
        unsigned count; /* times that a life came to it */
    } all[PLACES_MAX];
    unsigned count;
};

void places_add(struct places *places, uint32_t number);

/* In an order at random. */
void places_shuffle(struct places *places, uint64_t *random);

#endif
