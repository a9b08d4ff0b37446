/* truth.h: programs that emit numbered notes, and what a store must have of them, whoever was killed meanwhile.
 *
 * The truth is what the programs write into memory that they share with the test, and not with the recorder: how many emit calls of
 * each thread have returned. A studio's program runs truth_emit(); when it is over the test compares.
 */
#ifndef TT_TESTS_TRUTH_H
#define TT_TESTS_TRUTH_H

#include <stdbool.h>
#include <stdint.h>

#include "studio.h"

#define TRUTH_THREADS_MAX 16u

struct truth_options {
    unsigned threads; /* 1 to TRUTH_THREADS_MAX */
    uint64_t rate;    /* events a second of all threads together, at most; 0: as fast as they can */
    bool has_storm;   /* one thread more, which is interrupted again and again by a handler that emits */
    bool has_steps;   /* all goes into the event stream as well */
};

/* Forgets what was, and sets what the next program does. */
void truth_begin(const struct truth_options *options);

/* In the program: emits until truth_end_program(). A studio_program_fn. */
void truth_emit(void *argument);

/* Waits until the program has emitted something. */
void truth_await_start(void);

/* Waits until so many emit calls have returned. */
void truth_await(uint64_t count);

/* Has the program end by itself. */
void truth_end_program(void);

/* Emit calls that have returned, of all threads. */
uint64_t truth_returned(void);

/* Whether calls go on returning: waits until one more has. */
void truth_expect_progress(void);

/* What must hold, whoever was killed: each note once, under its thread, with the number of its attempt; all that returned are there
 * or counted as dropped, in gaps that stand in their places; integrity. With WAS_KILLED at most one call a thread, and one of the
 * handler, is neither. */
void truth_expect(const struct studio *studio, bool may_drop, bool was_killed);

#endif
