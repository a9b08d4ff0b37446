/* wait.c: waiting for some or all of several futures. See telltale/wait.h.
 *
 * The waiting task awaits a future of the wait's own, which the first node that finds the condition true completes, or
 * the timeout does. A wait lives on the heap: a node that stands in the ready queue when the task goes on is run in its
 * turn all the same, and reads a failure there, as asyncio's callback does.
 *
 * References. The call has one and, while it is suspended, its task another; each node at a future or in the ready queue
 * has one. When only nodes are left the wait takes back those that are at futures, and lets go of the futures: in the
 * normal case, when the call returns; when the task was abandoned, too.
 *
 * The loop's thread. From: asyncio.wait, asyncio.tasks._wait of 3.13. Ours: a future of another loop is refused. */
#include <assert.h>
#include <stdlib.h>

#include <telltale/wait.h>

#include "children.h"
#include "loop_internal.h"
#include "precond.h"

/* One future, without repetitions. */
struct watched {
    struct tt_done_node node;
    struct wait *wait;
    tt_future *future; /* a reference while the wait is not left alone */
    bool is_watching;  /* the node is at the future or in the ready queue: a reference to the wait */
    tt_future *later;  /* partition's: borrowed */
};

struct wait {
    tt_future future; /* first: what the task awaits */
    enum tt_return_when return_when;
    struct tt_who by;       /* the task that waits */
    bool is_left_alone;     /* only nodes hold it */
    size_t remaining_count; /* asyncio's counter: futures of which no node has run */
    size_t node_count;      /* nodes that hold the wait */
    struct tt_timer timer;
    struct tt_ready expiry;
    size_t count;             /* without repetitions */
    struct watched watched[]; /* as many as there were futures */
};

/* ----------------------------------------------------------------------------------------------------------- an end */

static void stop_timer(struct wait *wait)
{
    tt__timers_cancel(&wait->future.loop->timers, &wait->timer);
    tt__loop_withdraw(wait->future.loop, &wait->expiry);
}

static void end_wait(struct wait *wait)
{
    if (wait->future.state == TT_FUTURE_PENDING)
        tt__future_finish_value(&wait->future, NULL, NULL);
}

static void run_expiry(struct tt_ready *ready)
{
    end_wait(tt_container_of(ready, struct wait, expiry));
}

static void discard_expiry(struct tt_ready *ready)
{
    (void)ready;
}

static const struct tt_ready_ops expiry_ops = {run_expiry, discard_expiry};

/* -------------------------------------------------------------------------------------------------------- the nodes */

static void let_go(struct watched *watched)
{
    struct wait *wait = watched->wait;

    assert(watched->is_watching && "a node is let go of once");
    watched->is_watching = false;
    wait->node_count--;
    tt__future_unref(&wait->future, wait->future.created_site);
}

/* Whether FUTURE, which is done and not the last one, has failed; asyncio asks for its exception here. */
static bool has_failed(struct wait *wait, tt_future *future)
{
    if (future->state == TT_FUTURE_CANCELLED || !future->exc)
        return false;
    future->log_traceback = false;
    tt__ledger_touched_by(wait->by, future, TT_TOUCH_HOW_WAIT, false, wait->future.created_site);
    return true;
}

static void run_done(struct tt_ready *ready)
{
    struct watched *watched = tt_container_of(ready, struct watched, node.ready);
    struct wait *wait = watched->wait;
    tt_future *future = watched->node.future;

    wait->remaining_count--;
    if (wait->remaining_count == 0 || wait->return_when == TT_FIRST_COMPLETED ||
        (wait->return_when == TT_FIRST_EXCEPTION && has_failed(wait, future))) {
        stop_timer(wait);
        end_wait(wait);
    }
    tt__future_unref(future, wait->future.created_site); /* the ready queue's */
    let_go(watched);
}

static void discard_done(struct tt_ready *ready)
{
    struct watched *watched = tt_container_of(ready, struct watched, node.ready);

    if (watched->node.future)
        tt__future_unref(watched->node.future, watched->wait->future.created_site);
    let_go(watched);
}

const struct tt_ready_ops tt__wait_node_ops = {run_done, discard_done};

/* ----------------------------------------------------------------------------------------------------- its own life */

/* Takes back the nodes that have not been scheduled, and lets go of the futures. */
static void leave(struct wait *wait)
{
    if (wait->is_left_alone)
        return;
    wait->is_left_alone = true;
    stop_timer(wait);
    for (size_t i = 0; i < wait->count; i++) {
        struct watched *watched = &wait->watched[i];

        if (watched->is_watching && tt__future_remove_node(watched->future, &watched->node))
            let_go(watched);
        tt__future_unref(watched->future, wait->future.created_site);
    }
}

static void destroy_wait(tt_future *future)
{
    struct wait *wait = (struct wait *)future;

    assert(wait->node_count == 0 && "a node holds its wait");
    leave(wait);
    tt__future_finish(future);
    free(wait);
}

/* The call has returned, or its task is gone: only nodes may be left to hold it. */
static bool wait_is_left(const tt_future *future)
{
    const struct wait *wait = (const struct wait *)future;

    return future->refs == wait->node_count && !wait->is_left_alone;
}

static void leave_wait(tt_future *future)
{
    leave((struct wait *)future);
}

static struct wait *create_wait(tt_site *site, struct tt_task_object *task, size_t count,
                                enum tt_return_when return_when)
{
    static const struct tt_future_ops ops = {
        .destroy = destroy_wait, .cancel = tt__future_cancel_plain, .is_left = wait_is_left, .leave = leave_wait};
    struct wait *wait = calloc(1, sizeof *wait + count * sizeof wait->watched[0]);

    if (!wait) {
        tt_raise_at(site, &tt_MemoryError, "no memory to wait for %zu futures", count);
        return NULL;
    }
    wait->return_when = return_when;
    wait->by = (struct tt_who){TT_ACTOR_TASK, task->future.id};
    tt__future_init(&wait->future, task->future.loop, TT_OBJECT_KIND_FUTURE, &ops, wait->by, site);
    wait->future.label.kind = TT_WAIT_KIND_WAIT;
    wait->future.has_circle = true;
    wait->future.is_of_call = true;
    wait->expiry.ops = &expiry_ops;
    wait->timer.ready = &wait->expiry;
    return wait;
}

static void watch(struct wait *wait, tt_future *const *futures, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct watched *watched = &wait->watched[wait->count];

        if (futures[i]->is_listed)
            continue;
        futures[i]->is_listed = true;
        watched->node.ready.ops = &tt__wait_node_ops;
        watched->wait = wait;
        watched->future = tt__future_ref(futures[i]);
        wait->count++;
    }
    wait->remaining_count = wait->count;
    for (size_t i = 0; i < wait->count; i++) {
        struct watched *watched = &wait->watched[i];

        watched->future->is_listed = false;
        watched->is_watching = true;
        wait->node_count++;
        tt__future_ref(&wait->future);
        tt__future_add_node(watched->future, &watched->node);
    }
}

/* ---------------------------------------------------------------------------------------------------------- the call */

_Static_assert((int)TT_ALL_COMPLETED == (int)TT_WAIT_UNTIL_ALL_COMPLETED &&
                   (int)TT_FIRST_COMPLETED == (int)TT_WAIT_UNTIL_FIRST_COMPLETED &&
                   (int)TT_FIRST_EXCEPTION == (int)TT_WAIT_UNTIL_FIRST_EXCEPTION,
               "the trace has the same numbers");

static void tell_started(const struct wait *wait, int64_t timeout_ns)
{
    struct tt_children children = {.owner_id = wait->future.id};
    bool is_for_first = wait->return_when == TT_FIRST_COMPLETED;
    bool are_tasks = true;

    for (size_t i = 0; i < wait->count; i++)
        are_tasks &= wait->watched[i].future->kind == TT_OBJECT_KIND_TASK;
    TT_EMIT(wait_started, .wait_id = wait->future.id, .by = wait->by.kind, .by_id = wait->by.id,
            .site = wait->future.created_site, .child_count = (uint32_t)wait->count,
            .until = (uint8_t)wait->return_when, .are_tasks = are_tasks, .has_timeout = timeout_ns != TT_NEVER,
            .timeout_ns = timeout_ns != TT_NEVER && timeout_ns > 0 ? (uint64_t)timeout_ns : 0);
    if (!tt_trace_on(TT_CATEGORY_OF_children_told))
        return;
    for (size_t i = 0; i < wait->count && !(is_for_first && children.count == TT_CHILDREN_IN_EVENT); i++)
        tt__children_add(&children, wait->watched[i].future);
    tt__children_end(&children);
}

/* Puts those of FUTURES that are done first, each part in the order that it had. Returns how many are done. */
static size_t partition(struct wait *wait, tt_future **futures, size_t count)
{
    size_t done_count = 0, later_count = 0;

    for (size_t i = 0; i < count; i++) {
        if (futures[i]->state == TT_FUTURE_PENDING)
            wait->watched[later_count++].later = futures[i];
        else
            futures[done_count++] = futures[i];
    }
    for (size_t i = 0; i < later_count; i++)
        futures[done_count + i] = wait->watched[i].later;
    return done_count;
}

/* 0, or -1 when the arguments are wrong. */
static int check_arguments(tt_site *site, tt_loop *loop, tt_future *const *futures, size_t count,
                           enum tt_return_when return_when)
{
    for (size_t i = 0; i < count; i++)
        TT_PRECOND("wait.futures", site, futures && futures[i]);
    if (count == 0)
        return tt_raise_at(site, &tt_ValueError, "Set of Tasks/Futures is empty.");
    if (return_when < TT_ALL_COMPLETED || return_when > TT_FIRST_EXCEPTION)
        return tt_raise_at(site, &tt_ValueError, "Invalid return_when value: %d", (int)return_when);
    return tt__loop_has_all(loop, futures, count, site);
}

int tt_wait_at(tt_site *site, tt_future **futures, size_t count, enum tt_return_when return_when, int64_t timeout_ns,
               size_t *out_done_count)
{
    struct tt_task_object *task = tt__task_that_may_suspend(site);
    struct wait *wait;
    int rc = -1;

    if (!task || check_arguments(site, task->future.loop, futures, count, return_when) < 0)
        return -1;
    wait = create_wait(site, task, count, return_when);
    if (!wait)
        return -1;
    if (timeout_ns != TT_NEVER && tt__timers_push(&task->future.loop->timers, &wait->timer,
                                                  tt__loop_deadline(task->future.loop, timeout_ns)) < 0) {
        tt_raise_at(site, &tt_MemoryError, "no memory for a timer");
    } else {
        watch(wait, futures, count);
        tell_started(wait, timeout_ns);
        rc = tt__task_await(task, &wait->future, site);
    }
    if (rc == 0 && out_done_count)
        *out_done_count = partition(wait, futures, count);
    tt__future_unref(&wait->future, site);
    return rc;
}
