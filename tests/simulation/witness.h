/* witness.h: the runtime's own final state, as its objects have it: told when they are destroyed, and at the end of those that are left.
 *
 * A line an object, columns separated by |, the id second; the same line is made of the store (rebuilt.c), and both must be alike.
 *
 *     L id|closed|abandoned                            a loop
 *     T id|name|outcome|state|loop|creator|its id|started|steps|cancellations|delivered|waits for|its id|place|open scopes     a task
 *     F id|kind|type|message|how|reads by users|by the library|released|discarded|handles|forwards                             a failure
 *     B id|state|steps                                 a slot of the board
 */
#ifndef TT_SIMULATION_WITNESS_H
#define TT_SIMULATION_WITNESS_H

#include <stdio.h>

#include <telltale/telltale.h>

/* The lines go to FILE from now on. */
void witness_begin(FILE *file);

/* A loop begins, and another one will not be looked at any more. */
void witness_loop(tt_loop *loop);

/* A task or future, perhaps not for the first time. */
void witness_see(tt_future *future);

/* Sees the loop's tasks and failures, and that those that have ended are so on the board. */
void witness_look(tt_loop *loop);

/* One of those that were seen in this run, by NUMBER; NULL when the program has no handle of it. */
tt_future *witness_pick(size_t number);

/* The run is over. Unless IS_LEFT, its loop is closed: nothing of it may be there any more. */
void witness_end_run(bool is_left);

/* Tells what is left. What is destroyed from now on is not told any more. */
void witness_end(void);

/* Nothing may be left. */
void witness_finish(void);

#endif
