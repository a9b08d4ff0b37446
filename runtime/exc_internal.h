/* exc_internal.h: what the runtime's other files know of exceptions beyond telltale/exc.h.
 *
 * Each task has an exception state of its own, and each thread one for code outside of tasks. The state that is in force on
 * a thread is what tt__exc_state_now() returns; task.c exchanges it at each step with tt__exc_state_enter().
 */
#ifndef TT_EXC_INTERNAL_H
#define TT_EXC_INTERNAL_H

#include <telltale/exc.h>

struct tt_exc_handling; /* one open catch or cleanup: exc.c */

struct tt_exc_state {
    tt_exc *pending;                 /* sticky; owned */
    struct tt_exc_handling *handling; /* innermost open catch or cleanup; a list outwards */
};

/* The state in force on this thread; never NULL. */
struct tt_exc_state *tt__exc_state_now(void);

/* Puts STATE in force (NULL: the thread's own) and returns the one that was. */
struct tt_exc_state *tt__exc_state_enter(struct tt_exc_state *state);

/* Ends all open handlings of STATE, innermost first, as if each had been ended: an open cleanup brings back what it put
 * aside unless something newer is pending. Called when a coroutine or callback has returned. */
void tt__exc_state_close_handlings(struct tt_exc_state *state);

/* Takes what is pending out of STATE: the caller owns it. NULL when nothing is. */
tt_exc *tt__exc_state_take(struct tt_exc_state *state);

/* Sets EXC pending in STATE (takes over the caller's reference), without touching its context, cause or places. What was
 * pending before is released. For the await of a failed future. */
void tt__exc_state_set(struct tt_exc_state *state, tt_exc *exc);

/* Adds a place that the exception passed on its way out (an await): shown in the traceback above the places before. Places
 * of one site in direct succession are kept once; beyond 32 the middle ones are dropped and counted. */
void tt__exc_add_place(tt_exc *exc, tt_site *site);

/* A new CancelledError with text MESSAGE (NULL: none), its exception_raised event included. NULL without memory never: MemoryError in its place. */
tt_exc *tt__exc_new_cancelled(tt_site *site, const char *message);

/* A deep copy for another thread: same id, type, text, errno, places, notes; cause and context copied too. NULL without memory. */
tt_exc *tt__exc_copy(const tt_exc *exc);

/* Sets CONTEXT (borrowed) as EXC's context, cutting cycles as CPython does; nothing if they are the same object. */
void tt__exc_set_context(tt_exc *exc, tt_exc *context);

/* Provided by task.c: the id of the running task, 0 outside of tasks. */
uint64_t tt__current_task_id(void);

#endif
