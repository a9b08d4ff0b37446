/* gather.c: one future for several. See telltale/gather.h.
 *
 * The outer future embeds one done-node for each child. A child that ends before the outer one is done may end it
 * (first failure, or all are there); one that ends afterwards is read all the same, as asyncio does, which is where
 * failures vanish: the ledger calls those absorbed.
 *
 * A gather holds its children, and what it left with them holds the gather: a circle, which CPython leaves to its
 * garbage collector. Here the gather lets go of the children that are pending when nobody can look at them through it or
 * cancel them by it: when nobody else holds it, and when it is done before them. Each of them, when it ends, is held
 * again. So what is done holds nothing that is pending, and a circle of what is pending has a youngest member, which only
 * nodes hold, and which lets go.
 *
 * The loop's thread. From: asyncio.gather and asyncio.tasks._GatheringFuture. */
#include <assert.h>
#include <stdlib.h>

#include <telltale/gather.h>

#include "children.h"
#include "loop_internal.h"
#include "precond.h"

/* One argument. The node of the first slot with a child serves the others that have the same one. */
struct slot {
    struct tt_done_node node;
    struct gather *gather;
    tt_future *child; /* a reference if HOLDS_CHILD */
    bool is_repeated; /* a slot before it has the same child */
    bool holds_child;
    tt_exc *cancelled; /* what a cancelled child is in the list; owned */
};

struct gather {
    tt_future future; /* first: a gather is a future */
    bool return_exceptions;
    bool cancel_requested;
    bool has_list;                /* it has ended with what its children ended with, slot by slot */
    size_t count;                 /* slots */
    size_t distinct_count;        /* slots that are not repeated */
    size_t done_count;            /* of these, how many have ended */
    size_t node_count;            /* nodes at children or in the ready queue, each with a reference to the gather */
    size_t asked_count;           /* while it is being cancelled: slots whose child has been asked, */
    bool any_accepted, any_cycle; /* and what the answers were */
    struct slot slots[];
};

static void destroy_gather(tt_future *future)
{
    struct gather *gather = (struct gather *)future;

    for (size_t i = 0; i < gather->count; i++) {
        tt_exc_unref(gather->slots[i].cancelled);
        if (gather->slots[i].holds_child)
            tt__future_unref(gather->slots[i].child, future->created_site);
    }
    tt__future_finish(future);
    free(gather);
}

static tt_future *cancel_gather(tt_future *future, struct tt_cancel *cancel)
{
    struct gather *gather = (struct gather *)future;

    if (cancel->is_first) {
        gather->asked_count = 0;
        gather->any_accepted = gather->any_cycle = false;
    } else {
        gather->any_accepted |= cancel->accepted;
        gather->any_cycle |= cancel->is_cycle;
    }
    if (gather->asked_count < gather->count) {
        cancel->by = (struct tt_who){TT_ACTOR_GATHER, future->id};
        return gather->slots[gather->asked_count++].child;
    }
    if (gather->any_accepted)
        gather->cancel_requested = true; /* it ends when the children have, with CancelledError */
    cancel->accepted = gather->any_accepted;
    cancel->is_cycle = gather->any_cycle;
    return NULL;
}

/* Nobody but its nodes may be left to hold it, or it may be done. Whatever ends it has a reference meanwhile, so that this
 * is called afterwards. */
static bool gather_is_left(const tt_future *future)
{
    return future->state != TT_FUTURE_PENDING || future->refs == ((const struct gather *)future)->node_count;
}

static void leave_gather(tt_future *future)
{
    struct gather *gather = (struct gather *)future;

    for (size_t i = 0; i < gather->count; i++) {
        struct slot *slot = &gather->slots[i];

        if (!slot->holds_child || slot->child->state != TT_FUTURE_PENDING)
            continue;
        slot->holds_child = false;
        tt__future_unref(slot->child, future->created_site);
    }
}

static const struct tt_future_ops gather_ops = {
    .destroy = destroy_gather, .cancel = cancel_gather, .is_left = gather_is_left, .leave = leave_gather};

/* The library reads CHILD's failure, whether or not anybody ever sees it. */
static void touch_child(struct gather *gather, tt_future *child, tt_site *site)
{
    child->log_traceback = false;
    tt__ledger_touched_by((struct tt_who){TT_ACTOR_GATHER, gather->future.id}, child, TT_TOUCH_HOW_GATHER, false, site);
}

/* The outer future fails with what CHILD ended with, as gather reads it. */
static void fail_with_child(struct gather *gather, tt_future *child, tt_site *site)
{
    tt_exc *exc;

    if (child->state == TT_FUTURE_CANCELLED) { /* an exception of the outer future, which is not cancelled itself */
        exc = tt__future_take_exception(child, site);
    } else {
        exc = tt_exc_ref(child->exc);
        touch_child(gather, child, site);
        tt__ledger_forwarded(child, gather->future.id, TT_FORWARD_HOW_GATHER, site);
    }
    tt__future_finish_exception(&gather->future, exc, TT_FAILURE_HOW_FORWARDED);
    tt_exc_unref(exc);
}

/* What a gather that was cancelled fails with: the error of its last child, as asyncio has it. */
static tt_exc *cancelled_error(struct gather *gather, tt_site *site)
{
    tt_future *last = gather->slots[gather->count - 1].child;

    if (last->state == TT_FUTURE_CANCELLED)
        return tt__future_take_exception(last, site);
    return tt__exc_new_cancelled(site, last->kind == TT_OBJECT_KIND_TASK ? tt__task(last)->cancel_text : NULL);
}

/* All children have ended and none has ended the gather: the list is complete. */
static void complete_gather(struct gather *gather, tt_site *site)
{
    for (size_t i = 0; i < gather->count; i++) {
        struct slot *slot = &gather->slots[i];

        if (slot->child->state == TT_FUTURE_CANCELLED)
            slot->cancelled =
                tt__exc_new_cancelled(site, slot->child->cancel_message ? slot->child->cancel_message : "");
        else if (slot->child->exc && !slot->is_repeated)
            touch_child(gather, slot->child, site);
    }
    if (gather->cancel_requested) {
        tt_exc *exc = cancelled_error(gather, site);

        tt__future_finish_exception(&gather->future, exc, TT_FAILURE_HOW_FORWARDED);
        tt_exc_unref(exc);
        return;
    }
    gather->has_list = true;
    tt__future_finish_value(&gather->future, NULL, NULL);
}

static void child_ended(struct gather *gather, tt_future *child)
{
    tt_site *site = gather->future.created_site;

    gather->done_count++;
    if (gather->future.state != TT_FUTURE_PENDING) {
        if (child->state == TT_FUTURE_FINISHED && child->exc)
            touch_child(gather, child, site);
        return;
    }
    if (!gather->return_exceptions && (child->state == TT_FUTURE_CANCELLED || child->exc))
        fail_with_child(gather, child, site);
    else if (gather->done_count == gather->distinct_count)
        complete_gather(gather, site);
}

static void let_go_of_gather(struct gather *gather)
{
    gather->node_count--;
    tt__future_unref(&gather->future, gather->future.created_site);
}

static void run_child_ended(struct tt_ready *ready)
{
    struct slot *slot = tt_container_of(ready, struct slot, node.ready);
    struct gather *gather = slot->gather;
    tt_future *child = slot->node.future;

    child_ended(gather, child);
    if (slot->holds_child)
        tt__future_unref(child, gather->future.created_site); /* the ready queue's */
    slot->holds_child = true;
    let_go_of_gather(gather);
}

static void discard_child_ended(struct tt_ready *ready)
{
    struct slot *slot = tt_container_of(ready, struct slot, node.ready);
    tt_future *child = slot->node.future;

    if (child)
        tt__future_unref(child, slot->gather->future.created_site);
    let_go_of_gather(slot->gather);
}

static const struct tt_ready_ops child_ops = {run_child_ended, discard_child_ended};

static void add_child(struct gather *gather, size_t index, tt_future *child)
{
    struct slot *slot = &gather->slots[index];

    slot->gather = gather;
    slot->is_repeated = child->is_listed;
    slot->child = child;
    slot->node.ready.ops = &child_ops;
    child->is_listed = true;
    if (slot->is_repeated)
        return;
    slot->holds_child = true;
    tt__future_ref(child);
    gather->distinct_count++;
}

static void tell_children(const struct gather *gather)
{
    struct tt_children children = {.owner_id = gather->future.id};

    for (size_t i = 0; i < gather->count; i++)
        if (!gather->slots[i].is_repeated)
            tt__children_add(&children, gather->slots[i].child);
    tt__children_end(&children);
}

/* Makes the children known to GATHER: those that are pending tell it when they end, those that are done do so now. */
static void watch_children(struct gather *gather)
{
    for (size_t i = 0; i < gather->count; i++) {
        struct slot *slot = &gather->slots[i];

        slot->child->is_listed = false;
        if (slot->is_repeated || slot->child->state != TT_FUTURE_PENDING)
            continue;
        tt__future_ref(&gather->future); /* released when the node has run or is discarded */
        gather->node_count++;
        tt__future_add_node(slot->child, &slot->node);
    }
    for (size_t i = 0; i < gather->count; i++)
        if (!gather->slots[i].is_repeated && gather->slots[i].child->state != TT_FUTURE_PENDING)
            child_ended(gather, gather->slots[i].child);
}

static tt_loop *loop_of(tt_future *const *futures, size_t count, tt_site *site)
{
    tt_loop *loop = count ? futures[0]->loop : tt__running_loop;

    if (!loop)
        tt_raise_at(site, &tt_RuntimeError, "no running event loop");
    return loop && tt__loop_has_all(loop, futures, count, site) == 0 ? loop : NULL;
}

tt_future *tt_gather_at(tt_site *site, tt_future *const *futures, size_t count, bool return_exceptions)
{
    struct tt_who by;
    struct gather *gather;
    tt_loop *loop;

    if (tt_exc_pending()) /* a creation of one of them failed */
        return NULL;
    for (size_t i = 0; i < count; i++)
        TT_PRECOND("gather.futures", site, futures && futures[i]);
    loop = loop_of(futures, count, site);
    if (!loop)
        return NULL;
    gather = calloc(1, sizeof *gather + count * sizeof gather->slots[0]);
    if (!gather) {
        tt_raise_at(site, &tt_MemoryError, "no memory for a gather of %zu", count);
        return NULL;
    }
    by = tt__actor_now(loop);
    tt__future_init(&gather->future, loop, TT_OBJECT_KIND_GATHER, &gather_ops, by, site);
    gather->future.label.kind = TT_WAIT_KIND_GATHER;
    gather->future.has_circle = true;
    tt__future_hand_out(&gather->future, site);
    gather->return_exceptions = return_exceptions;
    gather->count = count;
    TT_EMIT(gather_created, .gather_id = gather->future.id, .by = by.kind, .by_id = by.id, .site = site,
            .child_count = (uint32_t)count, .return_exceptions = return_exceptions);
    for (size_t i = 0; i < count; i++)
        add_child(gather, i, futures[i]);
    if (tt_trace_on(TT_CATEGORY_OF_children_told))
        tell_children(gather);
    tt__future_ref(&gather->future); /* children that are done may end it at once, see gather_is_left */
    watch_children(gather);
    if (count == 0)
        complete_gather(gather, site);
    tt__future_unref(&gather->future, site);
    return &gather->future;
}

#define PRECOND_GATHER(name, site, future) \
    TT_PRECOND(name, site, (future) != NULL && (future)->kind == TT_OBJECT_KIND_GATHER)

size_t tt_gather_count(const tt_future *gather)
{
    PRECOND_GATHER("gather_count.gather", NULL, gather);
    return ((const struct gather *)gather)->count;
}

int tt_gather_slot_at(tt_site *site, tt_future *future, size_t index, void **out_value, tt_exc **out_exc)
{
    struct gather *gather = (struct gather *)future;
    const struct slot *slot;

    PRECOND_GATHER("gather_slot.gather", site, future);
    if (future->state != TT_FUTURE_FINISHED || future->exc)
        return tt_future_result_at(site, future, NULL); /* raises why there is no list */
    if (!gather->has_list)
        return tt_raise_at(site, &tt_TypeError, "the result of this gather was set, and is not a list");
    if (index >= gather->count)
        return tt_raise_at(site, &tt_IndexError, "list index out of range");
    slot = &gather->slots[index];
    if (slot->child->exc && slot->child->state == TT_FUTURE_FINISHED)
        tt__ledger_touched(slot->child, TT_TOUCH_HOW_SLOT, true, site);
    if (out_exc)
        *out_exc = slot->cancelled ? slot->cancelled : tt_future_peek(slot->child);
    if (out_value)
        *out_value = slot->child->state == TT_FUTURE_FINISHED && !slot->child->exc ? slot->child->value : NULL;
    return 0;
}
