/* exc_internal.h: what the runtime's other files know of exceptions beyond telltale/exc.h.
 *
 * Each task has an exception state of its own, and each thread one for code outside of tasks. The state that is in
 * force on a thread is what tt__exc_state_now() returns; step.c exchanges it at each step with tt__exc_state_enter().
 */
#ifndef TT_EXC_INTERNAL_H
#define TT_EXC_INTERNAL_H

#include <telltale/exc.h>
#include <telltale/exc_group.h>

/* Catches and cleanups that can be open, one in the other, without allocation. Each costs every task 16 bytes; code
 * that nests them deeper is rare. */
#define TT_EXC_HANDLINGS_INLINE 4

enum tt_exc_handling_kind { TT_EXC_CATCH, TT_EXC_CLEANUP, TT_EXC_STAR };

/* One open catch, cleanup or catch_group. exc.c only. */
struct tt_exc_handling {
    union {
        tt_exc *exc; /* what is handled or was put aside; owned; NULL in a cleanup that began with nothing pending */
        struct tt_exc_star *star; /* of a catch_group; owned */
    };
    enum tt_exc_handling_kind kind;
};

/* All zero: nothing pending, nothing open. May be moved while it is not in force. Only `pending` is for others to look
 * at. */
struct tt_exc_state {
    tt_exc *pending;              /* sticky; owned */
    struct tt_exc_handling *more; /* those beyond the first; NULL while there are none */
    uint32_t handling_count;      /* the innermost has the highest number */
    uint32_t more_capacity;
    uint32_t refused_count; /* cleanups, inside of all of these, for which there was no memory */
    uint32_t hidden_count;  /* of the outermost: not seen by what is raised; see tt__exc_hide_handlings */
    struct tt_exc_handling first[TT_EXC_HANDLINGS_INLINE];
};

/* exc.c's: the state in force on this thread, NULL before its first use; and that first use, which puts the thread's own in
 * force. */
extern __thread struct tt_exc_state *tt__exc_state_in_force __attribute__((tls_model("initial-exec")));
struct tt_exc_state *tt__exc_state_begin_own(void);

/* The state in force on this thread; never NULL. Inline, as each step and each call that may suspend asks. */
static inline struct tt_exc_state *tt__exc_state_now(void)
{
    return __builtin_expect(tt__exc_state_in_force != NULL, 1) ? tt__exc_state_in_force : tt__exc_state_begin_own();
}

/* Puts STATE in force and returns what was, to be put back in the same way: NULL before the first use. */
static inline struct tt_exc_state *tt__exc_state_swap(struct tt_exc_state *state)
{
    struct tt_exc_state *before = tt__exc_state_in_force;

    tt__exc_state_in_force = state;
    return before;
}

/* Puts STATE in force (NULL: the thread's own) and returns the one that was. */
static inline struct tt_exc_state *tt__exc_state_enter(struct tt_exc_state *state)
{
    struct tt_exc_state *before = tt__exc_state_now();

    if (state)
        tt__exc_state_in_force = state;
    else
        tt__exc_state_begin_own();
    return before;
}

/* A function of the library that is a coroutine in asyncio has a frame of its own there. An exception that is thrown
 * into that frame does not see what outer frames handle; where it leaves the frame, what the outer frame handles becomes
 * its context, in the place of the one it had. So: hide, await, show, and, if it was thrown, set what came of it again. */
void tt__exc_hide_handlings(struct tt_exc_state *state);
void tt__exc_show_handlings(struct tt_exc_state *state);
void tt__exc_state_set_again(struct tt_exc_state *state); /* nothing if nothing is pending */

/* In the first step of an eager task, in STATE, what its creator handles is handled too, as CPython's inner frames see
 * what outer ones handle. Returns what was so before, for when the step is over. EXC is borrowed. */
struct tt_exc_inherited {
    const struct tt_exc_state *state;
    tt_exc *exc;
};
struct tt_exc_inherited tt__exc_inherit(struct tt_exc_inherited inherit);

/* From now on EXC (borrowed; NULL: nothing) is handled around whatever runs on this thread, tasks too, as frames see in
 * CPython what the caller of their loop handles. Returns what was so before, for when that is over. */
tt_exc *tt__exc_handle_outside(tt_exc *exc);

/* Ends all open handlings of STATE, innermost first, as if each had been ended: an open cleanup brings back what it put
 * aside unless something newer is pending. Called when a coroutine or callback has returned. */
void tt__exc_state_close_handlings(struct tt_exc_state *state);

/* The same, and releases what is pending then: nobody will look at STATE any more. It is all zero afterwards. */
void tt__exc_state_finish(struct tt_exc_state *state);

/* Takes what is pending out of STATE: the caller owns it. NULL when nothing is. */
tt_exc *tt__exc_state_take(struct tt_exc_state *state);

/* Makes EXC, which was taken out of STATE (NULL: nothing was), pending there again, just as it is. Nothing is pending. */
void tt__exc_state_put_back(struct tt_exc_state *state, tt_exc *exc);

/* Sets EXC pending in STATE (takes over the caller's reference), without touching its cause or places. What was pending
 * before, or else what STATE is handling, becomes its context, in the place of the one it had: so does CPython when it
 * throws into a coroutine. For the await of a failed future. (A MemoryError for which there was no memory gives way to
 * what is pending.) */
void tt__exc_state_set(struct tt_exc_state *state, tt_exc *exc);

/* Raises TYPE, an OSError whose numbers are not values of errno, as tt_raise_errno does: "[Errno NUMBER] MEANING: " and the
 * formatted text. Returns -1. */
int tt__raise_numbered(tt_site *site, const tt_exc_type *type, int number, const char *meaning, const char *format, ...)
    TT_PRINTF(5, 6);

/* Adds a place that the exception passed on its way out (an await): shown in the traceback above the places before.
 * Places of one site in direct succession are kept once; beyond 32 the middle ones are dropped and counted. SITE may be
 * NULL. If EXC was not raised before, this is its first raise. Event: exception_raised, then. */
void tt__exc_add_place(tt_exc *exc, tt_site *site);

/* Tells the trace what the group EXC holds, and the groups in it, if it has not been told yet; nothing of exceptions
 * that are no groups. Event: exception_member. */
void tt__exc_tell_members(tt_exc *exc);

/* The place that was added last: where the exception was raised or received. NULL when there is none. */
tt_site *tt__exc_last_place(const tt_exc *exc);

/* How many places were added so far, and back to that number: a future notes the count when it gets its exception and
 * goes back to it for each reader, so that one reader's traceback does not show the places of those before (asyncio's
 * _exception_tb). */
uint32_t tt__exc_place_count(const tt_exc *exc);
void tt__exc_rewind_places(tt_exc *exc, uint32_t count);

/* Where EXC was raised first, or, not raised yet, where it was made. May be NULL. */
tt_site *tt__exc_site(const tt_exc *exc);

/* A new CancelledError with text MESSAGE (NULL: none), raised at SITE (may be NULL), its exception_raised event
 * included. Without memory a MemoryError in its place, never NULL. */
tt_exc *tt__exc_new_cancelled(tt_site *site, const char *message);

/* A MemoryError, raised at SITE, for which no memory is needed. */
tt_exc *tt__exc_new_memory_error(tt_site *site);

/* A deep copy for another thread: same id, type, text, errno, places; cause, context and members copied too. One reference, the
 * caller's. NULL without memory. On the thread of EXC. */
tt_exc *tt__exc_copy(const tt_exc *exc);

/* Sets CONTEXT (borrowed; NULL: none) as EXC's context; nothing if they are the same object. Where EXC is in the
 * chain of contexts that begins with CONTEXT, the link to it is cut, as CPython does. */
void tt__exc_set_context(tt_exc *exc, tt_exc *context);

/* Sets CAUSE (borrowed; NULL: none) as EXC's cause, as `raise ... from` does; its context is hidden from now on. */
void tt__exc_set_cause(tt_exc *exc, tt_exc *cause);

/* Not in exc*.c: the id of the running task, 0 outside of tasks. */
uint64_t tt__current_task_id(void);

#endif
