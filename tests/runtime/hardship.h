/* hardship.h: a coroutine at each instant of which something goes wrong: it is cancelled, its loop is closed, memory ends.
 *
 * After each attempt no descriptor is open that was not open before; memory and the rest is the stage's to look at. One
 * thread. */
#ifndef TT_TESTS_HARDSHIP_H
#define TT_TESTS_HARDSHIP_H

#include "stage.h"

/* Runs FN(ARG) again and again, cancelled after no turn, after one, after two ... until it ends before that a few times
 * in a row. What it raises otherwise fails the case. Returns how often it was cancelled: too few, and the scenario does not do what it is
 * for. */
int cancel_everywhere(tt_coro_fn *fn, void *arg);

/* Closes a loop over FN(ARG) after no turn, after one, after two ... until it ends before that; of what takes long, not after each
 * of the later ones. The stage's loop is closed before. Returns how often it had not ended. */
int close_over_everywhere(tt_coro_fn *fn, void *arg);

/* Runs FN(ARG) again and again, with the first allocation failing, the second one ... until there are no more. Returns how
 * many there were. */
long fail_each_allocation(tt_coro_fn *fn, void *arg);

/* Waits until COUNT descriptors are open: a thread that looks a name up has one for a while, and is not waited for by who
 * is cancelled. */
void expect_descriptors(int count);

#endif
