/* exc_star.c: except*: handling the parts of a group one after the other. See telltale/exc_group.h.
 *
 * While it is open it is one entry of the state's stack of handlings (exc.c):
 *
 *                 begin: the pending exception is taken, all of it is the rest
 *                   |
 *                   v           a part of the rest matches: handled in the arm,
 *     +--------> tt_catch_group --------------------------------------------> (the arm's body)
 *     |             |                                                               |
 *     |             | nothing matches: the next arm is tried                        |
 *     +-------------+ <-------------------------------------------------------------+
 *                   |           what is pending after a body is put to what was raised
 *                   v
 *                  end: what was raised and the rest, together, are pending
 *
 * At the end, as in CPython: of what was raised, that which is a part of the original still, its places and links
 * unchanged (a bare raise), is put together with the rest, in the shape of the original. If something else was raised
 * all of it goes into a group with an empty message, what is left of the original last.
 *
 * Short of memory nothing is lost: an arm for which there is none is not entered, and what cannot be grouped at the end
 * is linked by contexts instead.
 */
#include "exc_object.h"
#include "precond.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* What arms raised that fits without allocation. */
#define RAISED_INLINE 6

struct tt_exc_star {
    tt_exc *original; /* counted, as all of these */
    tt_exc *rest;     /* what no arm has matched; NULL: nothing is left */
    tt_exc *handled;  /* what the latest arm matched; the original before */
    tt_exc **raised;
    size_t raised_count, raised_capacity; /* room for the rest is always left */
    tt_exc *raised_inline[RAISED_INLINE];
};

tt_exc *tt__exc_star_handled(const struct tt_exc_star *star)
{
    return star->handled;
}

static void destroy(struct tt_exc_star *star)
{
    while (star->raised_count > 0)
        tt_exc_unref(star->raised[--star->raised_count]);
    tt_exc_unref(star->handled);
    tt_exc_unref(star->rest);
    tt_exc_unref(star->original);
    if (star->raised != star->raised_inline)
        free(star->raised);
    free(star);
}

bool tt_catch_group_begin(void)
{
    struct tt_exc_state *state = tt__exc_state_now();
    tt_exc *original = state->pending;
    struct tt_exc_star *star = original ? malloc(sizeof(*star)) : NULL;

    if (!star)
        return false;
    *star = (struct tt_exc_star){.raised_capacity = RAISED_INLINE};
    star->raised = star->raised_inline;
    if (!tt__exc_open_star(state, star)) {
        free(star);
        return false;
    }
    star->original = tt__exc_state_take(state);
    star->rest = tt_exc_ref(star->original);
    star->handled = tt_exc_ref(star->original);
    return true;
}

static bool is_in_chain(const tt_exc *exc, const tt_exc *chain)
{
    while (chain && chain != exc)
        chain = chain->context;
    return chain != NULL;
}

/* Makes one chain of contexts out of A and B (both taken over) and returns its beginning, which the caller owns. What
 * they have in common stays behind both. The static exception gives way to the other one: it can be no link. */
static tt_exc *join(tt_exc *a, tt_exc *b)
{
    tt_exc *last = a;

    if (tt__exc_is_static(a) || is_in_chain(a, b)) {
        tt_exc_unref(a);
        return b;
    }
    if (!tt__exc_is_static(b) && !is_in_chain(b, a)) {
        while (last->context && !tt__exc_is_static(last->context) && !is_in_chain(last->context, b))
            last = last->context;
        tt__exc_set_context(last, b);
    }
    tt_exc_unref(b);
    return a;
}

/* ------------------------------------------------------------------------------------------------------------ arms */

/* Sees to room for what one more arm raises, and for the rest. */
static bool make_room(struct tt_exc_star *star)
{
    size_t capacity = 2 * star->raised_capacity;
    tt_exc **raised;

    if (star->raised_count + 2 <= star->raised_capacity)
        return true;
    raised = realloc(star->raised == star->raised_inline ? NULL : star->raised, capacity * sizeof(*raised));
    if (!raised)
        return false;
    if (star->raised == star->raised_inline)
        memcpy(raised, star->raised_inline, sizeof(star->raised_inline));
    star->raised = raised;
    star->raised_capacity = capacity;
    return true;
}

/* What is pending is kept for the end. Where there is no room for it, it takes the place of the one before, which it
 * gets as a context. */
static void collect_raised(struct tt_exc_state *state, struct tt_exc_star *star)
{
    tt_exc *exc = tt__exc_state_take(state), **last;

    if (!exc)
        return;
    if (make_room(star)) {
        star->raised[star->raised_count++] = exc;
        return;
    }
    assert(star->raised_count > 0);
    last = &star->raised[star->raised_count - 1];
    *last = join(exc, *last);
}

/* A group without message around EXC, which is none. NULL with an exception pending. */
static tt_exc *wrap(tt_exc *exc, tt_site *site)
{
    tt_exc *group = tt_exc_group_new_at(site, &tt_BaseExceptionGroup, &exc, 1, NULL);

    if (group) {
        group->group->is_wrapper = true;
        tt__exc_push_place(group, site);
    }
    return group;
}

/* What of STAR's rest is of one of COUNT types, in *OUT_MATCH, is taken out of it. -1 with an exception pending. */
static int match_rest(struct tt_exc_star *star, const tt_exc_type *const *types, size_t count, tt_site *site,
                      tt_exc **out_match)
{
    tt_exc *match = NULL, *rest = NULL;

    if (tt_exc_group_split_types(star->rest, types, count, &match, &rest) < 0)
        return -1;
    if (match && !tt_exc_is_group(match)) {
        match = wrap(star->rest, site);
        tt_exc_unref(star->rest); /* that of the split */
        if (!match)
            return -1;
    }
    tt_exc_unref(star->rest);
    star->rest = rest;
    *out_match = match;
    return 0;
}

bool tt_catch_group_types_at(tt_site *site, const tt_exc_type *const *types, size_t count)
{
    struct tt_exc_state *state = tt__exc_state_now();
    struct tt_exc_star *star = tt__exc_innermost_star(state);
    tt_exc *match = NULL;

    TT_PRECOND("catch_group.open", site, star != NULL);
    for (size_t i = 0; i < count; i++)
        TT_PRECOND("catch_group.type", site, types[i] && !tt__exc_type_is(types[i], &tt_BaseExceptionGroup));
    collect_raised(state, star);
    if (!star->rest || !make_room(star) || match_rest(star, types, count, site, &match) < 0 || !match)
        return false;
    tt_exc_unref(star->handled);
    star->handled = match;
    return true;
}

bool tt_catch_group_at(tt_site *site, const tt_exc_type *type)
{
    return tt_catch_group_types_at(site, &type, 1);
}

/* ------------------------------------------------------------------------------------------------------------- end */

/* Whether EXC is a part of ORIGINAL that was raised by a bare raise at most. */
static bool is_part(const tt_exc *exc, const tt_exc *original)
{
    return exc->group && exc->cause == original->cause && exc->context == original->context &&
           exc->place_count == original->place_count && exc->left_out_count == original->left_out_count &&
           (exc->place_count == 0 ||
            memcmp(exc->places, original->places, exc->place_count * sizeof(*exc->places)) == 0);
}

/* Exceptions in the order of their addresses. */
struct leaves {
    const tt_exc **excs;
    size_t count;
};

static int compare_addresses(const void *left, const void *right)
{
    uintptr_t a = (uintptr_t) * (tt_exc *const *)left, b = (uintptr_t) * (tt_exc *const *)right;

    return a < b ? -1 : a > b;
}

static int is_among(const tt_exc *exc, void *arg)
{
    const struct leaves *leaves = arg;

    return !exc->group && bsearch(&exc, leaves->excs, leaves->count, sizeof(*leaves->excs), compare_addresses) != NULL;
}

/* What of ORIGINAL is in PARTS, in its shape, in *OUT_PROJECTION; NULL if nothing is. -1 with an exception pending. */
static int project(tt_exc *original, tt_exc *const *parts, size_t count, tt_exc **out_projection)
{
    struct leaves leaves = {0};
    size_t room = 0;
    int rc;

    *out_projection = NULL;
    for (size_t i = 0; i < count; i++)
        if (__builtin_add_overflow(room, tt_exc_leaf_count(parts[i]), &room))
            room = SIZE_MAX;
    if (room == 0)
        return 0;
    leaves.excs = room <= PTRDIFF_MAX / sizeof(*leaves.excs) ? malloc(room * sizeof(*leaves.excs)) : NULL;
    if (!leaves.excs)
        return tt_raise_exc_at(original->site, NULL);
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < tt_exc_leaf_count(parts[i]); k++)
            leaves.excs[leaves.count++] = tt_exc_leaf(parts[i], k);
    qsort(leaves.excs, leaves.count, sizeof(*leaves.excs), compare_addresses);
    rc = tt_exc_group_split_if(original, is_among, &leaves, out_projection, NULL);
    free(leaves.excs);
    return rc;
}

/* Moves those of EXCS that are parts of ORIGINAL behind the others, each kind in its order. Returns the number of the
 * others. */
static size_t sort_parts(tt_exc **excs, size_t count, const tt_exc *original)
{
    size_t others = 0;

    for (size_t i = 0; i < count; i++) {
        tt_exc *exc = excs[i];

        if (is_part(exc, original))
            continue;
        memmove(excs + others + 1, excs + others, (i - others) * sizeof(*excs));
        excs[others++] = exc;
    }
    return others;
}

/* What comes out of STAR, a new reference, in *OUT_RESULT; NULL: nothing. -1 with an exception pending. */
static int put_together(struct tt_exc_star *star, tt_site *site, tt_exc **out_result)
{
    size_t count = star->raised_count, others = count;
    tt_exc *left;

    if (tt_exc_is_group(star->original)) {
        others = sort_parts(star->raised, count, star->original);
        if (project(star->original, star->raised + others, count - others, &left) < 0)
            return -1;
        for (size_t i = others; i < count; i++)
            tt_exc_unref(star->raised[i]);
        star->raised_count = others;
        if (left)
            star->raised[star->raised_count++] = left;
    }
    if (star->raised_count <= 1) {
        *out_result = star->raised_count == 0 ? NULL : tt_exc_ref(star->raised[0]);
        return 0;
    }
    *out_result = tt_exc_group_new_at(site, &tt_BaseExceptionGroup, star->raised, star->raised_count, NULL);
    if (!*out_result)
        return -1;
    tt__exc_push_place(*out_result, site);
    return 0;
}

/* Where nothing could be put together: the failure that is pending, with all else as its contexts. */
static void link_by_contexts(struct tt_exc_state *state, struct tt_exc_star *star)
{
    tt_exc *result = tt__exc_state_take(state);

    for (size_t i = star->raised_count; i > 0; i--)
        result = join(result, tt_exc_ref(star->raised[i - 1]));
    result = join(result, tt_exc_ref(star->original));
    state->pending = result;
}

void tt__exc_star_finish(struct tt_exc_state *state, struct tt_exc_star *star, tt_site *site)
{
    tt_exc *result = NULL;

    collect_raised(state, star);
    if (star->rest) {
        star->raised[star->raised_count++] = star->rest;
        star->rest = NULL;
    }
    if (put_together(star, site, &result) < 0) {
        link_by_contexts(state, star);
    } else if (result) {
        tt__exc_tell_raised(result, result->site);
        state->pending = result;
    }
    destroy(star);
}

int tt_catch_group_end_at(tt_site *site)
{
    struct tt_exc_state *state = tt__exc_state_now();

    TT_PRECOND("catch_group_end.open", site, tt__exc_close_star(state, site));
    return state->pending ? -1 : 0;
}
