/* cancel.c: how a request for cancellation travels: from a future down to what it waits for, and the answers back up.
 *
 * A task that waits passes the request on to what it awaits, a gather to its children, and so on down to a future that
 * waits for nobody: that one is cancelled, and everybody above is woken by it. The way down can be as long as there are
 * tasks, so it is walked without recursion: each future that has been asked and has not answered yet links to the one
 * that asked it.
 *
 *     not asked --begin--> asked --its last child has answered--> answered
 *
 * Tasks can wait for each other in a circle. asyncio ends in RecursionError then; here the task that meets itself again
 * is woken with CancelledError, and the circle falls apart.
 *
 * The loop's thread. From: asyncio's Future.cancel, Task.cancel, _GatheringFuture.cancel. */
#include <assert.h>

#include "loop_internal.h"
#include "precond.h"

/* Whether the trace hears of FUTURE at all: the ones that the library makes to wait on something are nobody's
 * business. */
static bool is_known(const tt_future *future)
{
    return future->kind != TT_OBJECT_KIND_FUTURE || (!future->is_on_stack && future->taken[0] != NULL);
}

/* FUTURE is asked: the trace is told, and a failure counts as retrieved, as in asyncio; but for a gather's. */
static void tell_asked(tt_future *future, const struct tt_cancel *cancel)
{
    bool is_pending = future->state == TT_FUTURE_PENDING;

    if (is_known(future))
        TT_EMIT(cancel_requested, .task_id = future->id, .by = cancel->by.kind, .by_id = cancel->by.id,
                .site = cancel->site, .accepted = is_pending, .reason = cancel->message,
                .request_count = future->kind == TT_OBJECT_KIND_TASK ? tt__task(future)->cancel_count + is_pending : 0);
    if (future->state == TT_FUTURE_FINISHED && future->exc && future->kind != TT_OBJECT_KIND_GATHER) {
        future->log_traceback = false; /* the ledger knows better */
        tt__ledger_touched(future, TT_TOUCH_HOW_CANCEL_AFTER_DONE, false, cancel->site);
    }
}

static bool is_task(const tt_future *future)
{
    return future->kind == TT_OBJECT_KIND_TASK;
}

/* MET is being asked, and is what ASKED, in the end, waits for: those from MET to ASKED wait for each other. The tasks
 * among them are told, from the last one to the first. */
static void tell_cycle(tt_future *met, tt_future *asked)
{
    uint64_t cycle_id = tt_trace_new_id();
    const struct tt_future *awaited = NULL;

    for (tt_future *at = asked;; at = at->link) { /* the last task awaits the first */
        assert(at && "who is being asked has a link from whom it asked");
        if (is_task(at))
            awaited = at;
        if (at == met)
            break;
    }
    for (tt_future *at = asked;; at = at->link) {
        if (is_task(at)) {
            TT_EMIT(cycle_broken, .cycle_id = cycle_id, .task_id = at->id, .awaited_id = awaited->id,
                    .wait_kind = tt__task(at)->waiter->label.kind, .wait_object = tt__task(at)->waiter->label.object,
                    .site = tt__task(at)->last_site);
            awaited = at;
        }
        if (at == met)
            break;
    }
}

/* Asks FUTURE on behalf of ASKED. True if it has to think about it; otherwise CANCEL has its answer, which is no. */
static bool begin(tt_future *future, tt_future *asked, struct tt_cancel *cancel)
{
    cancel->accepted = false;
    cancel->is_cycle = future->is_being_cancelled;
    if (cancel->is_cycle) {
        if (tt_trace_on(TT_CATEGORY_OF_cycle_broken))
            tell_cycle(future, asked);
        return false;
    }
    tell_asked(future, cancel);
    if (future->state != TT_FUTURE_PENDING)
        return false;
    future->is_being_cancelled = true;
    future->link = asked;
    return true;
}

bool tt__future_cancel(tt_future *future, const char *message, struct tt_who by, tt_site *site)
{
    struct tt_cancel cancel = {.message = message, .site = site, .by = by};
    tt_future *asked = NULL,
              *next = future; /* the innermost one that has not answered, and whom it wants to be asked */

    for (;;) {
        tt_future *answered;

        cancel.is_first = next && begin(next, asked, &cancel);
        if (cancel.is_first)
            asked = next;
        if (!asked)
            return cancel.accepted;
        next = asked->ops->cancel(asked, &cancel);
        if (next)
            continue;
        answered = asked;
        asked = answered->link;
        answered->link = NULL;
        answered->is_being_cancelled = false;
    }
}

bool tt_future_cancel_at(tt_site *site, tt_future *future, const char *message)
{
    TT_PRECOND("future_cancel.future", site, future != NULL);
    return tt__future_cancel(future, message, tt__actor_now(future->loop), site);
}

tt_future *tt__future_cancel_plain(tt_future *future, struct tt_cancel *cancel)
{
    assert(cancel->is_first && "it has no children");
    tt__future_finish_cancelled(future, NULL, cancel->message);
    cancel->accepted = true;
    return NULL;
}
