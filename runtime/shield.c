/* shield.c: a future in front of another one that cancellation does not pass. See telltale/shield.h.
 *
 *     inner --inner_node--> shield          inner is done: the shield ends as it did
 *     shield --outer_node--> shield         the shield is done, cancelled perhaps: inner_node is taken back
 *
 * Both run as callbacks do, in a turn after what they tell of: between the shield's cancellation and the turn in which
 * it notices, a failure of the inner future is still read, by nobody who would see it. asyncio does the same.
 *
 * The loop's thread. From: asyncio.shield of 3.13. Ours is that a shield nobody holds lets go of its inner future while
 * that is pending: CPython leaves the two to its garbage collector. */
#include <assert.h>
#include <stdlib.h>

#include <telltale/shield.h>

#include "loop_internal.h"
#include "precond.h"

struct shield {
    tt_future future; /* first: a shield is a future */
    tt_future *inner; /* a reference; NULL while nobody holds the shield, and once it has ended without a value */
    struct tt_done_node inner_node, outer_node;
    bool is_watching; /* inner_node is at INNER or in the ready queue: a reference to the shield */
};

static void let_go_of_inner(struct shield *shield)
{
    tt_future *inner = shield->inner;

    shield->inner = NULL;
    if (inner)
        tt__future_unref(inner, shield->future.created_site);
}

static void stop_watching(struct shield *shield)
{
    assert(shield->is_watching && "a node is let go of once");
    shield->is_watching = false;
    tt__future_unref(&shield->future, shield->future.created_site);
}

static void destroy_shield(tt_future *future)
{
    struct shield *shield = (struct shield *)future;

    assert(!shield->is_watching && "a node holds its shield");
    let_go_of_inner(shield);
    tt__future_finish(future); /* lets go of outer_node, too */
    free(shield);
}

/* Only inner_node may be left to hold it. */
static bool shield_is_left(const tt_future *future)
{
    const struct shield *shield = (const struct shield *)future;

    return future->refs == 1 && shield->is_watching && shield->inner && shield->inner->state == TT_FUTURE_PENDING;
}

static void leave_inner(tt_future *future)
{
    let_go_of_inner((struct shield *)future);
}

static const struct tt_future_ops shield_ops = {
    .destroy = destroy_shield, .cancel = tt__future_cancel_plain, .is_left = shield_is_left, .leave = leave_inner};

/* The library reads INNER's failure on behalf of whoever made the shield. */
static void touch_inner(struct shield *shield, tt_future *inner)
{
    inner->log_traceback = false;
    tt__ledger_touched_by(shield->future.creator, inner, TT_TOUCH_HOW_SHIELD, false, shield->future.created_site);
}

/* The shield, which is pending, ends as INNER did. */
static void end_as(struct shield *shield, tt_future *inner)
{
    tt_future *outer = &shield->future;

    if (inner->state == TT_FUTURE_CANCELLED) {
        tt__future_finish_cancelled(outer, NULL, NULL);
    } else if (inner->exc) {
        touch_inner(shield, inner);
        tt__ledger_forwarded(inner, outer->id, TT_FORWARD_HOW_SHIELD, outer->created_site);
        tt__future_finish_exception(outer, inner->exc, TT_FAILURE_HOW_FORWARDED);
    } else {
        tt__future_finish_value(outer, inner->value, NULL);
    }
}

static void run_inner_done(struct tt_ready *ready)
{
    struct shield *shield = tt_container_of(ready, struct shield, inner_node.ready);
    tt_future *inner = shield->inner_node.future;

    if (shield->future.state == TT_FUTURE_PENDING)
        end_as(shield, inner);
    else if (inner->state == TT_FUTURE_FINISHED && inner->exc)
        touch_inner(shield, inner);
    if (shield->inner)
        tt__future_unref(inner, shield->future.created_site); /* the ready queue's */
    shield->inner = inner;                                    /* whose value is the shield's */
    stop_watching(shield);
}

static void discard_inner_done(struct tt_ready *ready)
{
    struct shield *shield = tt_container_of(ready, struct shield, inner_node.ready);

    if (shield->inner_node.future)
        tt__future_unref(shield->inner_node.future, shield->future.created_site);
    stop_watching(shield);
}

/* The shield has ended: it needs of its inner future nothing but the value. */
static void run_outer_done(struct tt_ready *ready)
{
    struct shield *shield = tt_container_of(ready, struct shield, outer_node.ready);
    tt_future *outer = shield->outer_node.future;
    bool is_early = shield->inner && shield->inner->state == TT_FUTURE_PENDING;

    if (is_early && tt__future_remove_node(shield->inner, &shield->inner_node))
        stop_watching(shield);
    if (is_early || outer->state == TT_FUTURE_CANCELLED || outer->exc)
        let_go_of_inner(shield);
    tt__future_unref(outer, outer->created_site); /* the ready queue's */
}

static void discard_outer_done(struct tt_ready *ready)
{
    struct shield *shield = tt_container_of(ready, struct shield, outer_node.ready);

    if (shield->outer_node.future) /* it stood in the ready queue when the loop was closed */
        run_outer_done(ready);
}

const struct tt_ready_ops tt__shield_inner_ops = {run_inner_done, discard_inner_done};
const struct tt_ready_ops tt__shield_outer_ops = {run_outer_done, discard_outer_done};

tt_future *tt_shield_at(tt_site *site, tt_future *inner)
{
    struct shield *shield;
    struct tt_who by;

    if (tt_exc_pending()) /* the creation of INNER failed */
        return NULL;
    if (!inner) {
        tt_raise_at(site, &tt_TypeError, "An asyncio.Future, a coroutine or an awaitable is required");
        return NULL;
    }
    if (inner->state != TT_FUTURE_PENDING)
        return tt_future_ref_at(site, inner);
    shield = calloc(1, sizeof *shield);
    if (!shield) {
        tt_raise_at(site, &tt_MemoryError, "no memory for a shield");
        return NULL;
    }
    by = tt__actor_now(inner->loop);
    tt__future_init(&shield->future, inner->loop, TT_OBJECT_KIND_SHIELD, &shield_ops, by, site);
    shield->future.label.kind = TT_WAIT_KIND_SHIELD;
    shield->future.has_circle = true;
    tt__future_hand_out(&shield->future, site);
    shield->inner = tt__future_ref(inner);
    shield->inner_node.ready.ops = &tt__shield_inner_ops;
    shield->outer_node.ready.ops = &tt__shield_outer_ops;
    TT_EMIT(shield_created, .shield_id = shield->future.id, .inner_id = inner->id, .by = by.kind, .by_id = by.id,
            .site = site);
    tt__future_ref(&shield->future);
    shield->is_watching = true;
    tt__future_add_node(inner, &shield->inner_node);
    tt__future_add_node(&shield->future, &shield->outer_node);
    return &shield->future;
}
