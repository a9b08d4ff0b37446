/* recall.c: futures that stand for an operation elsewhere, which is recalled when they are cancelled.
 *
 *     pending --completed by the operation's callback--> finished
 *        |
 *        +--cancelled, or the loop closes--> cancelled, then RECALL runs
 *
 * A loop that closes cancels what is pending: otherwise a handle of libuv's that belongs to an operation would be left
 * open, and the task that would have seen to it has been abandoned.
 *
 * The loop's thread. */
#include <assert.h>
#include <stdlib.h>

#include "loop_internal.h"
#include "precond.h"

struct tt_recallable {
    tt_future future; /* first */
    tt_recall_fn *recall;
    void *arg;
    struct tt_recallable *next, **link; /* in the loop's list; link is NULL outside of it */
};

static void leave_list(struct tt_recallable *recallable)
{
    if (!recallable->link)
        return;
    *recallable->link = recallable->next;
    if (recallable->next)
        recallable->next->link = recallable->link;
    recallable->link = NULL;
}

static void enter_list(struct tt_recallable *recallable, tt_loop *loop)
{
    recallable->next = loop->recallable_futures;
    recallable->link = &loop->recallable_futures;
    if (recallable->next)
        recallable->next->link = &recallable->next;
    loop->recallable_futures = recallable;
}

static void destroy(tt_future *future)
{
    struct tt_recallable *recallable = (struct tt_recallable *)future;

    leave_list(recallable);
    tt__future_finish(future);
    free(recallable);
}

static void call_recall(void *arg)
{
    struct tt_recallable *recallable = arg;

    recallable->recall(&recallable->future, recallable->arg);
}

static tt_future *cancel(tt_future *future, struct tt_cancel *cancel)
{
    struct tt_recallable *recallable = (struct tt_recallable *)future;

    leave_list(recallable);
    tt__future_ref(future);
    tt__future_cancel_plain(future, cancel);
    tt__loop_run_guarded(future->loop, call_recall, recallable, "exception in a function that recalls an operation");
    tt__future_unref(future, cancel->site);
    return NULL;
}

tt_future *tt_create_future_with_at(tt_site *site, tt_loop *loop, tt_recall_fn *recall, void *arg)
{
    static const struct tt_future_ops ops = {.destroy = destroy, .cancel = cancel};
    struct tt_recallable *recallable;

    TT_PRECOND("create_future_with.recall", site, recall != NULL);
    if (!loop)
        loop = tt__running_loop;
    if (!loop || loop->is_closed) {
        tt_raise_at(site, &tt_RuntimeError, loop ? "Event loop is closed" : "no running event loop");
        return NULL;
    }
    recallable = calloc(1, sizeof *recallable);
    if (!recallable) {
        tt_raise_at(site, &tt_MemoryError, "no memory for a future");
        return NULL;
    }
    tt__future_init(&recallable->future, loop, TT_OBJECT_KIND_FUTURE, &ops, tt__actor_now(loop), site);
    recallable->recall = recall;
    recallable->arg = arg;
    enter_list(recallable, loop);
    tt__future_hand_out(&recallable->future, site);
    return &recallable->future;
}

void tt__recallables_close(tt_loop *loop)
{
    struct tt_recallable *recallable;

    while ((recallable = loop->recallable_futures) != NULL) {
        tt_future *future = tt__future_ref(&recallable->future);

        leave_list(recallable);
        if (future->state == TT_FUTURE_PENDING)
            tt__future_cancel(future, NULL, tt__actor_now(loop), future->created_site);
        tt__future_unref(future, future->created_site);
    }
    assert(!loop->recallable_futures && "who recalls begins nothing new on a closed loop");
}
