/* invariants.h: what must hold of a loop and its tasks whenever nothing runs.
 *
 * Each check looks at all that the loop has, from the outside of the code that keeps it so, and ends the process (violated) at the first
 * thing that is not as it must be. */
#ifndef TT_SIMULATION_INVARIANTS_H
#define TT_SIMULATION_INVARIANTS_H

#include <telltale/telltale.h>

/* A new loop: what is compared from step to step begins anew. */
void invariants_begin(const tt_loop *loop);

/* A turn begins: what is due is ready. */
void invariants_check_turn(const tt_loop *loop);

/* Between two entries of the queue. */
void invariants_check(const tt_loop *loop);

/* Nothing is ready and no timer of the program's is left: who waits waits for something that has not happened. */
void invariants_check_quiet(const tt_loop *loop);

/* Says what is wrong, and where in which run, and ends the process. */
_Noreturn void violated(const char *format, ...) TT_PRINTF(1, 2);

#define HOLDS(condition, ...)      \
    do {                           \
        if (!(condition))          \
            violated(__VA_ARGS__); \
    } while (0)

#endif
