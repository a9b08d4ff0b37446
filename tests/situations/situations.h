/* situations.h: each way to lose a failure, as a function that is played in a process of its own.
 *
 * The steps are those of situations.py, and so is what is printed: what reached the loop's exception handler, and a
 * word on what the program itself saw. What a recording of it says stands in situations.expected.
 *
 * What it leaves to others: recording, asking, comparing (test_situations.sh).
 */
#ifndef TT_TESTS_SITUATIONS_H
#define TT_TESTS_SITUATIONS_H

#include <telltale/telltale.h>

struct situation {
    const char *name;
    tt_coro_fn *play;        /* as the main coroutine of a runner, or NULL: */
    int (*play_alone)(void); /* with a loop of its own */
};

extern const struct situation reference_situations[], awaitable_situations[], scope_situations[], end_situations[];

/* Prints what reached LOOP's exception handler. */
int print_context(tt_loop *loop, const struct tt_handler_context *context, void *arg);

/* Coroutines. TEXT is what they raise a ValueError with. */
int fail(void *text);
int fail_later(void *text);      /* after three turns */
int fail_much_later(void *text); /* after four turns */
int fail_in_cleanup(void *text); /* when it is cancelled */
int swallow(void *arg);          /* its cancellation */
int sleep_long(void *arg);
int return_soon(void *arg); /* after one turn */

/* Suspends for COUNT turns. 0, or -1: raised. */
int turns(int count);

/* Handles FN(ARG)'s exception, when RC says that there is one of TYPE, by printing it. */
int print_caught(int rc, const tt_exc_type *type);

/* Holds a handle until the run is over. */
void hold_to_the_end(tt_task *task);

/* Has the test look at the recording while the process stands still: nothing unless SITUATION_LOOK names a command. */
void let_look(void);

#endif
