/* scenarios.h: what is done with the examples: each example and variant, and the clients of the server.
 *
 * A scenario is the same whoever plays it: the program in C, its counterpart in Python, the program while it is
 * recorded. But for the last, whose events have times, the clock runs only while the program waits (waiting_clock.c):
 * what is printed does not depend on the speed of the machine.
 *
 * What it leaves to others: running things (program.h).
 */
#ifndef TT_TESTS_SCENARIOS_H
#define TT_TESTS_SCENARIOS_H

#include "program.h"

struct scenario {
    const char *name;    /* expected/NAME.expected has its transcript, masked */
    const char *program; /* examples/PROGRAM and PROGRAM.py */
    const char *option;  /* NULL: none */
    /* For servers: what clients do. NULL: the program does everything by itself. */
    void (*play)(struct program *program, const struct scenario *scenario);
    int end_signal;        /* sent after play */
    const char *boom_text; /* what the server has printed when the failure was told; NULL: it tells nothing */
};

/* Fails the test if there is none of that NAME. */
const struct scenario *find_scenario(const char *name);

/* The scenario at INDEX, NULL after the last. */
const struct scenario *get_scenario(size_t index);

/* Plays SCENARIO to its end with the words of COMMAND, NULL-terminated, before its option. Returns the transcript as it
 * is, for the test to free. *OUT_STATUS (may be NULL): the exit status as a shell sees it. */
char *play_scenario(const struct scenario *scenario, const char *const *command, int *out_status);

/* The same with the program in C; with the program in C under `telltale record -o STORE`; with its counterpart (NULL:
 * this machine has no Python that is new enough). */
char *play_in_c(const struct scenario *scenario);
char *play_recorded(const struct scenario *scenario, const char *store, int *out_status);
char *play_in_python(const struct scenario *scenario);

/* TEXT after mask.sed, for the test to free. */
char *mask(const char *text);

#endif
