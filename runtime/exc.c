/* exc.c: how exceptions are raised, handled and put aside.
 *
 * What it leaves to others: the objects (exc_object.c, exc_links.c, exc_group.c), their text (exc_print.c), the tree of types (exc_types.c),
 * which state is in force during which step (step.c).
 *
 * A state, and who moves an exception through it:
 *
 *                  raise, reraise, state_set
 *      (new) ----------------------------------> pending ----- state_take -----> (the caller's: a failure)
 *                                                |    ^
 *                              catch,            |    |  cleanup_end, closing
 *                              cleanup_begin     v    |  (a cleanup only, unless something newer is pending)
 *                                           handling (a stack)
 *                                                |
 *                                                |  catch_end, closing: released
 *                                                v
 *                                              (gone)
 *
 *   - Raising while one is pending makes that one the context of the new one; raising while one is handled does too.
 *   - The stack of handlings has one entry for each open catch, cleanup and except* (exc_star.c); a cleanup's entry is
 *     empty if nothing was pending.
 *   - "What is being handled" is the innermost entry that is not empty, as sys.exception() in except and finally
 *     blocks.
 *
 * Short of memory: tt__exc_no_memory is raised, a MemoryError that has no context to keep another exception in. So
 * where an exception is pending or put aside, that one stays and the MemoryError gives way: nothing that was raised
 * gets lost.
 *
 * Threads: each thread uses its own objects and states.
 */
#include "exc_object.h"
#include "precond.h"

#include <assert.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdlib.h>

/* --------------------------------------------------------------------------------------------------------- states */

static _Thread_local struct tt_exc_state own_state; /* of this thread, for code outside of tasks */
__thread struct tt_exc_state *tt__exc_state_in_force __attribute__((tls_model("initial-exec")));
static pthread_key_t own_state_key;
static bool has_own_state_key;

/* A thread ends: nobody can look at what its own state still holds. */
static void finish_own_state(void *state)
{
    tt__exc_state_finish(state);
    tt__exc_state_in_force = NULL; /* whoever raises in a later destructor gets here once more */
}

static void create_own_state_key(void)
{
    has_own_state_key = pthread_key_create(&own_state_key, finish_own_state) == 0;
}

/* The first use on this thread. Where a key or its value cannot be had, all that is missed is the release at the
 * thread's end. */
struct tt_exc_state *tt__exc_state_begin_own(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, create_own_state_key);
    if (has_own_state_key)
        (void)pthread_setspecific(own_state_key, &own_state);
    return tt__exc_state_in_force = &own_state;
}

static struct tt_exc_handling *handling_at(struct tt_exc_state *state, uint32_t index)
{
    assert(index < state->handling_count);
    return index < TT_EXC_HANDLINGS_INLINE ? &state->first[index] : &state->more[index - TT_EXC_HANDLINGS_INLINE];
}

static struct tt_exc_handling *innermost(struct tt_exc_state *state)
{
    return state->handling_count > 0 ? handling_at(state, state->handling_count - 1) : NULL;
}

/* What the creator of an eager task handles, while that makes its first step in STATE. */
static _Thread_local struct tt_exc_inherited inherited;

struct tt_exc_inherited tt__exc_inherit(struct tt_exc_inherited inherit)
{
    struct tt_exc_inherited before = inherited;

    inherited = inherit;
    return before;
}

/* What is handled around all that this thread runs. Borrowed. */
static _Thread_local tt_exc *handled_outside;

tt_exc *tt__exc_handle_outside(tt_exc *exc)
{
    tt_exc *before = handled_outside;

    handled_outside = exc;
    return before;
}

/* What is being handled, or NULL. */
static tt_exc *handled_in(struct tt_exc_state *state)
{
    for (uint32_t i = state->handling_count; i > state->hidden_count; i--) {
        const struct tt_exc_handling *handling = handling_at(state, i - 1);
        tt_exc *exc = handling->kind == TT_EXC_STAR ? tt__exc_star_handled(handling->star) : handling->exc;

        if (exc)
            return exc;
    }
    return state == inherited.state && !state->hidden_count ? inherited.exc : handled_outside;
}

void tt__exc_hide_handlings(struct tt_exc_state *state)
{
    assert(!state->hidden_count && "what is hidden is shown again before the next is");
    state->hidden_count = state->handling_count;
}

void tt__exc_show_handlings(struct tt_exc_state *state)
{
    assert(state->handling_count >= state->hidden_count && "what is hidden stays open");
    state->hidden_count = 0;
}

void tt__exc_state_set_again(struct tt_exc_state *state)
{
    tt_exc *exc = tt__exc_state_take(state);

    if (exc)
        tt__exc_state_set(state, exc);
}

/* Opens HANDLING (taken over). False, and nothing changes, without memory: never for the first
 * TT_EXC_HANDLINGS_INLINE. */
static bool open_handling(struct tt_exc_state *state, struct tt_exc_handling handling)
{
    uint32_t more_count =
        state->handling_count < TT_EXC_HANDLINGS_INLINE ? 0 : state->handling_count - TT_EXC_HANDLINGS_INLINE;

    if (state->refused_count > 0)
        return false; /* refused ones are innermost, or ends would not find their beginnings */
    if (state->handling_count >= TT_EXC_HANDLINGS_INLINE && more_count == state->more_capacity) {
        uint32_t capacity = state->more_capacity ? 2 * state->more_capacity : 2 * TT_EXC_HANDLINGS_INLINE;
        struct tt_exc_handling *more = realloc(state->more, capacity * sizeof(*more));

        if (!more)
            return false;
        state->more = more;
        state->more_capacity = capacity;
    }
    state->handling_count++;
    *innermost(state) = handling;
    return true;
}

/* Opens one for what is pending. */
static bool handle_pending(struct tt_exc_state *state, enum tt_exc_handling_kind kind)
{
    if (!open_handling(state, (struct tt_exc_handling){.exc = state->pending, .kind = kind}))
        return false;
    state->pending = NULL;
    return true;
}

bool tt__exc_open_star(struct tt_exc_state *state, struct tt_exc_star *star)
{
    return open_handling(state, (struct tt_exc_handling){.star = star, .kind = TT_EXC_STAR});
}

/* What a cleanup put aside, EXC, is pending again, or the context of what is pending now. */
static void bring_back(struct tt_exc_state *state, tt_exc *exc)
{
    if (!state->pending || tt__exc_is_static(state->pending)) {
        state->pending = exc ? exc : state->pending;
        return;
    }
    if (exc && !state->pending->context)
        tt__exc_set_context(state->pending, exc);
    tt_exc_unref(exc);
}

/* Ends the innermost handling, at SITE (may be NULL). */
static void close_handling(struct tt_exc_state *state, tt_site *site)
{
    struct tt_exc_handling handling = *innermost(state);

    state->handling_count--;
    if (state->handling_count <= TT_EXC_HANDLINGS_INLINE) {
        free(state->more);
        state->more = NULL;
        state->more_capacity = 0;
    }
    if (handling.kind == TT_EXC_STAR)
        tt__exc_star_finish(state, handling.star, site);
    else if (handling.kind == TT_EXC_CLEANUP)
        bring_back(state, handling.exc);
    else
        tt_exc_unref(handling.exc);
}

/* Ends what was left open inside of the innermost handling of KIND, which is then innermost of all. False if none is
 * open. */
static bool close_handlings_inside(struct tt_exc_state *state, enum tt_exc_handling_kind kind)
{
    uint32_t count = state->handling_count;

    while (count > 0 && handling_at(state, count - 1)->kind != kind)
        count--;
    if (count == 0)
        return false;
    while (state->handling_count > count)
        close_handling(state, NULL);
    return true;
}

/* Ends the innermost handling of KIND, and before that what was left open inside of it. False if none is open. */
static bool close_handlings_up_to(struct tt_exc_state *state, enum tt_exc_handling_kind kind, tt_site *site)
{
    if (!close_handlings_inside(state, kind))
        return false;
    close_handling(state, site);
    return true;
}

struct tt_exc_star *tt__exc_innermost_star(struct tt_exc_state *state)
{
    state->refused_count = 0;
    return close_handlings_inside(state, TT_EXC_STAR) ? innermost(state)->star : NULL;
}

bool tt__exc_close_star(struct tt_exc_state *state, tt_site *site)
{
    state->refused_count = 0;
    return close_handlings_up_to(state, TT_EXC_STAR, site);
}

void tt__exc_state_close_handlings(struct tt_exc_state *state)
{
    state->refused_count = 0;
    while (state->handling_count > 0)
        close_handling(state, NULL);
    assert(!state->more && state->more_capacity == 0);
}

void tt__exc_state_finish(struct tt_exc_state *state)
{
    tt__exc_state_close_handlings(state);
    tt_exc_unref(tt__exc_state_take(state));
}

tt_exc *tt__exc_state_take(struct tt_exc_state *state)
{
    tt_exc *exc = state->pending;

    state->pending = NULL;
    return exc;
}

void tt__exc_state_put_back(struct tt_exc_state *state, tt_exc *exc)
{
    assert(!state->pending && "what was taken comes back to where it was");
    state->pending = exc;
}

void tt__exc_state_set(struct tt_exc_state *state, tt_exc *exc)
{
    tt_exc *before = state->pending, *context = before ? before : handled_in(state);

    assert(exc && "only an exception can be pending");
    if (tt__exc_is_static(exc) && before)
        return;
    if (context && context->id != exc->id) /* one that a thread-side future copied is the same exception */
        tt__exc_adopt_context(exc, context);
    state->pending = exc;
    tt_exc_unref(before);
}

/* -------------------------------------------------------------------------------------------------------- raising */

/* Raises EXC, of which it takes over a reference; NULL: there was no memory for it. */
static int raise_object(tt_site *site, tt_exc *exc)
{
    struct tt_exc_state *state = tt__exc_state_now();

    if (!exc)
        exc = &tt__exc_no_memory;
    tt__exc_state_set(state, exc);
    tt__exc_add_place(exc, site);
    assert(state->pending && "who raised finds it pending");
    return -1;
}

int tt_raise_at(tt_site *site, const tt_exc_type *type, const char *format, ...)
{
    va_list args;
    tt_exc *exc;

    va_start(args, format);
    exc = tt__exc_make(site, type, "", format, args);
    va_end(args);
    return raise_object(site, exc);
}

int tt_raise_from_at(tt_site *site, tt_exc *cause, const tt_exc_type *type, const char *format, ...)
{
    va_list args;
    tt_exc *exc;

    va_start(args, format);
    exc = tt__exc_make(site, type, "", format, args);
    va_end(args);
    if (exc) {
        exc->cause = tt_exc_ref(cause);
        exc->is_context_hidden = true;
    }
    return raise_object(site, exc);
}

int tt_raise_errno_at(tt_site *site, int error, const char *format, ...)
{
    va_list args;
    tt_exc *exc;

    va_start(args, format);
    exc = tt__exc_make_from_errno(site, error, format, args);
    va_end(args);
    return raise_object(site, exc);
}

int tt__raise_numbered(tt_site *site, const tt_exc_type *type, int number, const char *meaning, const char *format, ...)
{
    va_list args;
    tt_exc *exc;

    va_start(args, format);
    exc = tt__exc_make_numbered(site, type, number, meaning, format, args);
    va_end(args);
    return raise_object(site, exc);
}

int tt_raise_exc_at(tt_site *site, tt_exc *exc)
{
    return raise_object(site, tt_exc_ref(exc));
}

int tt_raise_exc_from_at(tt_site *site, tt_exc *cause, tt_exc *exc)
{
    if (exc)
        tt__exc_set_cause(exc, cause);
    return raise_object(site, tt_exc_ref(exc));
}

int tt_reraise_at(tt_site *site)
{
    struct tt_exc_state *state = tt__exc_state_now();
    tt_exc *exc = handled_in(state);

    if (!exc)
        return tt_raise_at(site, &tt_RuntimeError, "No active exception to reraise");
    if (state->pending)
        return raise_object(site, tt_exc_ref(exc));
    state->pending = tt_exc_ref(exc); /* as with Python's bare raise, its places and context stay as they are */
    return -1;
}

/* ------------------------------------------------------------------------------------------------------- handling */

tt_exc *tt_exc_pending(void)
{
    return tt__exc_state_now()->pending;
}

bool tt_catch(const tt_exc_type *type)
{
    struct tt_exc_state *state = tt__exc_state_now();

    return tt_exc_is(state->pending, type) && handle_pending(state, TT_EXC_CATCH);
}

int tt_catch_end_at(tt_site *site)
{
    struct tt_exc_state *state = tt__exc_state_now();
    bool was_open;

    state->refused_count = 0; /* cleanups that were left open inside of the catch */
    was_open = close_handlings_up_to(state, TT_EXC_CATCH, NULL);
    TT_PRECOND("catch_end.open", site, was_open);
    return state->pending ? -1 : 0;
}

tt_exc *tt_exc_caught(void)
{
    return handled_in(tt__exc_state_now());
}

void tt_cleanup_begin(void)
{
    struct tt_exc_state *state = tt__exc_state_now();

    if (!handle_pending(state, TT_EXC_CLEANUP))
        state->refused_count++;
}

int tt_cleanup_end_at(tt_site *site)
{
    struct tt_exc_state *state = tt__exc_state_now();
    bool was_open = true;

    if (state->refused_count > 0)
        state->refused_count--;
    else
        was_open = close_handlings_up_to(state, TT_EXC_CLEANUP, NULL);
    TT_PRECOND("cleanup_end.open", site, was_open);
    return state->pending ? -1 : 0;
}

tt_exc *tt__exc_new_memory_error(tt_site *site)
{
    struct tt_exc_state state = {0}, *outer = tt__exc_state_enter(&state);
    tt_exc *exc;

    tt_raise_at(site, &tt_MemoryError, "no memory for an exception");
    exc = tt__exc_state_take(&state);
    tt__exc_state_enter(outer);
    return exc;
}
