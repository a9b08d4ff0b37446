/* as_completed.c: futures in the order in which they are done. See telltale/as_completed.h.
 *
 *     a future is done --node--> given to the consumer that has waited longest
 *                         \-----> or kept, first in first out, until somebody asks
 *
 * A consumer is a future: what tt_as_completed_next awaits and gets one of the futures by, or an awaitable of the
 * program's, which ends as that one did. When time is up each future that is not done is replaced by nothing, which
 * consumers see as TimeoutError.
 *
 * References. The program and each consumer hold the iterator, and so do nodes at futures or in the ready queue. When
 * only nodes are left nobody will ask any more: the iterator takes back what it left and lets go of the futures. An awaitable
 * that is done lets go of the iterator, so that what is done holds nothing that is pending (gather.c).
 *
 * The program may destroy an iterator in which tasks wait; they learn it when they go on.
 *
 * The loop's thread. From: asyncio.as_completed, asyncio.tasks._AsCompletedIterator of 3.13. Ours: what is done goes to
 * the consumer directly, so none that comes later can be served before it. */
#include <assert.h>
#include <stdlib.h>

#include <telltale/as_completed.h>

#include "children.h"
#include "loop_internal.h"
#include "precond.h"

/* One future, without repetitions. */
struct watched {
    struct tt_done_node node;
    tt_as_completed *iterator;
    tt_future *future; /* a reference until it is done or time is up; NULL then */
    bool is_watching;  /* the node is at the future or in the ready queue: a reference to the iterator */
    tt_future *done; /* an entry of the queue of those that nobody has asked for yet: a reference; NULL: time was up */
};

struct consumer {
    tt_future future;          /* first: a consumer is a future */
    tt_as_completed *iterator; /* held; NULL: an awaitable of the program's that is done has let go of it */
    struct consumer *previous, *next;
    bool is_queued;   /* stands in the iterator's list */
    bool is_resolved; /* ends as what it is given did, instead of passing it on */
    bool has_taken;   /* was given something, */
    tt_future *taken; /* which is this: a reference; NULL: time was up */
};

struct tt_as_completed {
    size_t refs;         /* the program's, the consumers', the nodes' */
    size_t holder_count; /* the first two of these */
    tt_loop *loop;       /* a reference to its memory */
    uint64_t id;
    struct tt_who by; /* who made it, and where */
    tt_site *site;
    bool is_destroyed; /* the program has let go of it */
    struct tt_timer timer;
    struct tt_ready expiry;
    struct consumer *first, *last; /* those that wait */
    tt_future *current;            /* what next gave last; a reference */
    size_t count;                  /* without repetitions */
    size_t ask_count;              /* how many may still be asked for */
    size_t todo_count;             /* how many are not done */
    size_t done_first, done_end;   /* the queue: watched[done_first .. done_end - 1].done */
    struct watched watched[];
};

/* ----------------------------------------------------------------------------------------------------- its own life */

static void stop_timer(tt_as_completed *iterator)
{
    tt__timers_cancel(&iterator->loop->timers, &iterator->timer);
    tt__loop_withdraw(iterator->loop, &iterator->expiry);
}

static void unref_iterator(tt_as_completed *iterator)
{
    assert(iterator->refs > 0 && "a reference is released once");
    if (--iterator->refs > 0)
        return;
    tt__loop_unref(iterator->loop);
    free(iterator);
}

static void stop_watching(struct watched *watched)
{
    assert(watched->is_watching && "a node is let go of once");
    watched->is_watching = false;
    unref_iterator(watched->iterator);
}

static void let_go(tt_as_completed *iterator, tt_future **future)
{
    tt_future *left = *future;

    *future = NULL;
    if (left)
        tt__future_unref(left, iterator->site);
}

/* Nobody will ask any more. */
static void leave(tt_as_completed *iterator)
{
    stop_timer(iterator);
    let_go(iterator, &iterator->current);
    for (size_t i = 0; i < iterator->count; i++) {
        struct watched *watched = &iterator->watched[i];

        if (watched->is_watching && watched->future && tt__future_remove_node(watched->future, &watched->node))
            stop_watching(watched);
        let_go(iterator, &watched->future);
        let_go(iterator, &watched->done);
    }
}

static void release(tt_as_completed *iterator)
{
    if (--iterator->holder_count == 0)
        leave(iterator);
    unref_iterator(iterator);
}

/* -------------------------------------------------------------------------------------------------------- consumers */

static void unlink_consumer(struct consumer *consumer)
{
    tt_as_completed *iterator = consumer->iterator;

    if (!consumer->is_queued)
        return;
    consumer->is_queued = false;
    if (consumer->previous)
        consumer->previous->next = consumer->next;
    else
        iterator->first = consumer->next;
    if (consumer->next)
        consumer->next->previous = consumer->previous;
    else
        iterator->last = consumer->previous;
    consumer->previous = consumer->next = NULL;
}

static void link_consumer(struct consumer *consumer)
{
    tt_as_completed *iterator = consumer->iterator;

    consumer->is_queued = true;
    consumer->previous = iterator->last;
    if (iterator->last)
        iterator->last->next = consumer;
    else
        iterator->first = consumer;
    iterator->last = consumer;
}

static void let_go_of_iterator(struct consumer *consumer)
{
    tt_as_completed *iterator = consumer->iterator;

    if (!iterator)
        return;
    unlink_consumer(consumer);
    consumer->iterator = NULL;
    release(iterator);
}

static void destroy_consumer(tt_future *future)
{
    struct consumer *consumer = (struct consumer *)future;

    let_go_of_iterator(consumer);
    if (consumer->taken)
        tt__future_unref(consumer->taken, future->created_site);
    tt__future_finish(future);
    free(consumer);
}

/* Of an awaitable of the program's. Whatever ends it has a reference meanwhile, so that this is called afterwards. */
static bool consumer_is_left(const tt_future *future)
{
    return future->state != TT_FUTURE_PENDING;
}

static void leave_iterator(tt_future *future)
{
    let_go_of_iterator((struct consumer *)future);
}

static tt_future *cancel_consumer(tt_future *future, struct tt_cancel *cancel)
{
    unlink_consumer((struct consumer *)future);
    return tt__future_cancel_plain(future, cancel);
}

static struct consumer *create_consumer(tt_as_completed *iterator, bool is_resolved, tt_site *site)
{
    static const struct tt_future_ops ops = {
        .destroy = destroy_consumer, .cancel = cancel_consumer, .is_left = consumer_is_left, .leave = leave_iterator};
    struct consumer *consumer = calloc(1, sizeof *consumer);

    if (!consumer) {
        tt_raise_at(site, &tt_MemoryError, "no memory to wait for the next future");
        return NULL;
    }
    tt__future_init(&consumer->future, iterator->loop, TT_OBJECT_KIND_FUTURE, &ops, tt__actor_now(iterator->loop),
                    site);
    consumer->future.label = (struct tt_wait_label){TT_WAIT_KIND_AS_COMPLETED, iterator->id};
    consumer->iterator = iterator;
    consumer->is_resolved = consumer->future.has_circle = is_resolved;
    iterator->refs++;
    iterator->holder_count++;
    return consumer;
}

/* A TimeoutError without text; without memory a MemoryError in its place. */
static tt_exc *new_timeout_error(tt_site *site)
{
    struct tt_exc_state state = {0}, *outer = tt__exc_state_enter(&state);

    tt_raise_at(site, &tt_TimeoutError, NULL);
    tt__exc_state_enter(outer);
    return tt__exc_state_take(&state);
}

/* An awaitable of the program's ends as FUTURE did, which the consumer keeps: the result is FUTURE's. */
static void resolve(struct consumer *consumer, tt_future *future)
{
    tt_future *outer = &consumer->future;
    tt_site *site = outer->created_site;
    tt_exc *exc;

    if (!future) {
        exc = new_timeout_error(site);
        tt__future_finish_exception(outer, exc, TT_FAILURE_HOW_SET);
        tt_exc_unref(exc);
    } else if (future->state == TT_FUTURE_CANCELLED) {
        exc = tt__future_take_exception(future, site);
        tt__future_finish_cancelled(outer, exc, future->cancel_message);
        tt_exc_unref(exc);
    } else if (future->exc) {
        future->log_traceback = false;
        tt__ledger_touched_by(outer->creator, future, TT_TOUCH_HOW_AS_COMPLETED, false, site);
        tt__ledger_forwarded(future, outer->id, TT_FORWARD_HOW_AS_COMPLETED, site);
        tt__future_finish_exception(outer, future->exc, TT_FAILURE_HOW_FORWARDED);
        let_go(consumer->iterator, &consumer->taken);
    } else {
        tt__future_finish_value(outer, future->value, NULL);
    }
}

/* CONSUMER, which waits, gets FUTURE (a reference, or NULL). */
static void give(struct consumer *consumer, tt_future *future)
{
    unlink_consumer(consumer);
    consumer->has_taken = true;
    consumer->taken = future;
    if (consumer->is_resolved)
        resolve(consumer, future);
    else
        tt__future_finish_value(&consumer->future, NULL, NULL);
}

/* ------------------------------------------------------------------------------------------------------ what is done */

/* Who has waited longest, or NULL. An awaitable that the program has completed by itself waits no more. */
static struct consumer *next_consumer(tt_as_completed *iterator)
{
    while (iterator->first && iterator->first->future.state != TT_FUTURE_PENDING)
        unlink_consumer(iterator->first);
    return iterator->first;
}

/* FUTURE (a reference), or NULL when time was up, is next. */
static void add_done(tt_as_completed *iterator, tt_future *future)
{
    if (next_consumer(iterator))
        give(iterator->first, future);
    else
        iterator->watched[iterator->done_end++].done = future;
}

static tt_future *take_done(tt_as_completed *iterator)
{
    tt_future **entry = &iterator->watched[iterator->done_first++].done, *future = *entry;

    *entry = NULL;
    return future;
}

/* FUTURE was given to somebody who cannot take it any more: it is next again. */
static void give_back(tt_as_completed *iterator, tt_future *future)
{
    if (next_consumer(iterator)) {
        give(iterator->first, future);
        return;
    }
    assert(iterator->done_first > 0 || iterator->done_end < iterator->count);
    if (iterator->done_first > 0) {
        iterator->watched[--iterator->done_first].done = future;
        return;
    }
    for (size_t i = iterator->done_end++; i > 0; i--)
        iterator->watched[i].done = iterator->watched[i - 1].done;
    iterator->watched[0].done = future;
}

static void run_done(struct tt_ready *ready)
{
    struct watched *watched = tt_container_of(ready, struct watched, node.ready);
    tt_as_completed *iterator = watched->iterator;
    tt_future *future = watched->future;

    if (future) { /* otherwise time was up before, or nobody asks any more */
        watched->future = NULL;
        if (--iterator->todo_count == 0)
            stop_timer(iterator);
        add_done(iterator, future);
    }
    tt__future_unref(watched->node.future, iterator->site); /* the ready queue's */
    stop_watching(watched);
}

static void discard_done(struct tt_ready *ready)
{
    struct watched *watched = tt_container_of(ready, struct watched, node.ready);

    if (watched->node.future)
        tt__future_unref(watched->node.future, watched->iterator->site);
    stop_watching(watched);
}

const struct tt_ready_ops tt__as_completed_node_ops = {run_done, discard_done};

static void run_expiry(struct tt_ready *ready)
{
    tt_as_completed *iterator = tt_container_of(ready, struct tt_as_completed, expiry);

    iterator->refs++; /* a consumer's end may be the iterator's */
    iterator->holder_count++;
    for (size_t i = 0; i < iterator->count; i++) {
        struct watched *watched = &iterator->watched[i];

        if (!watched->future)
            continue;
        if (watched->is_watching && tt__future_remove_node(watched->future, &watched->node))
            stop_watching(watched);
        let_go(iterator, &watched->future);
        iterator->todo_count--;
        add_done(iterator, NULL);
    }
    release(iterator);
}

static void discard_expiry(struct tt_ready *ready)
{
    (void)ready;
}

static const struct tt_ready_ops expiry_ops = {run_expiry, discard_expiry};

/* --------------------------------------------------------------------------------------------------------- creation */

static void watch(tt_as_completed *iterator, tt_future *const *futures, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct watched *watched = &iterator->watched[iterator->count];

        if (futures[i]->is_listed)
            continue;
        futures[i]->is_listed = true;
        watched->node.ready.ops = &tt__as_completed_node_ops;
        watched->iterator = iterator;
        watched->future = tt__future_ref(futures[i]);
        iterator->count++;
    }
    iterator->ask_count = iterator->todo_count = iterator->count;
    for (size_t i = 0; i < iterator->count; i++) {
        struct watched *watched = &iterator->watched[i];

        watched->future->is_listed = false;
        watched->is_watching = true;
        iterator->refs++;
        tt__future_add_node(watched->future, &watched->node);
    }
}

static void tell_started(const tt_as_completed *iterator, int64_t timeout_ns)
{
    struct tt_children children = {.owner_id = iterator->id};
    bool are_tasks = true;

    for (size_t i = 0; i < iterator->count; i++)
        are_tasks &= iterator->watched[i].future->kind == TT_OBJECT_KIND_TASK;
    TT_EMIT(wait_started, .wait_id = iterator->id, .by = iterator->by.kind, .by_id = iterator->by.id,
            .site = iterator->site, .child_count = (uint32_t)iterator->count, .until = TT_WAIT_UNTIL_AS_COMPLETED,
            .are_tasks = are_tasks, .has_timeout = timeout_ns != TT_NEVER,
            .timeout_ns = timeout_ns != TT_NEVER && timeout_ns > 0 ? (uint64_t)timeout_ns : 0);
    if (!tt_trace_on(TT_CATEGORY_OF_children_told))
        return;
    for (size_t i = 0; i < iterator->count; i++)
        tt__children_add(&children, iterator->watched[i].future);
    tt__children_end(&children);
}

static tt_loop *loop_of(tt_future *const *futures, size_t count, tt_site *site)
{
    tt_loop *loop = tt__running_loop ? tt__running_loop : count ? futures[0]->loop : NULL;

    if (!loop)
        tt_raise_at(site, &tt_RuntimeError, "no running event loop");
    return loop && tt__loop_has_all(loop, futures, count, site) == 0 ? loop : NULL;
}

tt_as_completed *tt_as_completed_create_at(tt_site *site, tt_future *const *futures, size_t count, int64_t timeout_ns)
{
    tt_as_completed *iterator;
    tt_loop *loop;

    if (tt_exc_pending()) /* a creation of one of them failed */
        return NULL;
    for (size_t i = 0; i < count; i++)
        TT_PRECOND("as_completed_create.futures", site, futures && futures[i]);
    loop = loop_of(futures, count, site);
    if (!loop)
        return NULL;
    iterator = calloc(1, sizeof *iterator + count * sizeof iterator->watched[0]);
    if (!iterator) {
        tt_raise_at(site, &tt_MemoryError, "no memory for an iterator over %zu futures", count);
        return NULL;
    }
    iterator->expiry.ops = &expiry_ops;
    iterator->timer.ready = &iterator->expiry;
    if (timeout_ns != TT_NEVER && count > 0 &&
        tt__timers_push(&loop->timers, &iterator->timer, tt__loop_deadline(loop, timeout_ns)) < 0) {
        free(iterator);
        tt_raise_at(site, &tt_MemoryError, "no memory for a timer");
        return NULL;
    }
    iterator->refs = iterator->holder_count = 1;
    iterator->loop = tt__loop_ref(loop);
    iterator->id = tt_trace_new_id();
    iterator->by = tt__actor_now(loop);
    iterator->site = site;
    watch(iterator, futures, count);
    tell_started(iterator, timeout_ns);
    return iterator;
}

void tt_as_completed_destroy(tt_as_completed *iterator)
{
    struct consumer *next;

    if (!iterator)
        return;
    assert(!iterator->is_destroyed && "it is destroyed once");
    iterator->is_destroyed = true;
    for (struct consumer *consumer = iterator->first; consumer; consumer = next) {
        next = consumer->next;
        if (consumer->is_resolved)
            continue;
        unlink_consumer(consumer);
        tt__future_finish_value(&consumer->future, NULL, NULL); /* wait_for_next raises */
    }
    release(iterator);
}

/* --------------------------------------------------------------------------------------------------------- iterating */

/* FUTURE (a reference, or NULL) is what next gives. */
static int yield(tt_as_completed *iterator, tt_future *future, tt_future **out_future, tt_site *site)
{
    if (!future)
        return tt_raise_at(site, &tt_TimeoutError, NULL);
    let_go(iterator, &iterator->current);
    iterator->current = future;
    *out_future = future;
    return 1;
}

/* Suspends TASK until it is its turn. */
static int wait_for_next(tt_as_completed *iterator, struct tt_task_object *task, tt_future **out_future, tt_site *site)
{
    struct consumer *consumer = create_consumer(iterator, false, site);
    tt_future *future;
    int rc;

    if (!consumer)
        return -1;
    consumer->future.is_of_call = true;
    link_consumer(consumer);
    rc = tt__task_await(task, &consumer->future, site);
    if (consumer->has_taken) {
        future = consumer->taken;
        consumer->taken = NULL;
        if (rc < 0 || iterator->is_destroyed)
            give_back(iterator, future); /* cancelled, or destroyed, after it was given */
        else
            rc = yield(iterator, future, out_future, site);
    }
    if (rc == 0 && iterator->is_destroyed)
        rc =
            tt_raise_at(site, &tt_RuntimeError, "an iterator of as_completed was destroyed while a task waited for it");
    tt__future_unref(&consumer->future, site);
    return rc;
}

int tt_as_completed_next_at(tt_site *site, tt_as_completed *iterator, tt_future **out_future)
{
    struct tt_task_object *task = tt__task_that_may_suspend(site);

    if (!task)
        return -1;
    TT_PRECOND("as_completed_next.iterator", site, iterator != NULL && out_future != NULL);
    if (iterator->ask_count == 0)
        return 0;
    iterator->ask_count--;
    if (iterator->done_first < iterator->done_end)
        return yield(iterator, take_done(iterator), out_future, site);
    return wait_for_next(iterator, task, out_future, site);
}

int tt_as_completed_awaitable_at(tt_site *site, tt_as_completed *iterator, tt_future **out_future)
{
    struct consumer *consumer;

    if (tt_exc_pending())
        return -1;
    TT_PRECOND("as_completed_awaitable.iterator", site, iterator != NULL && out_future != NULL);
    if (iterator->ask_count == 0)
        return 0;
    consumer = create_consumer(iterator, true, site);
    if (!consumer)
        return -1;
    iterator->ask_count--;
    tt__future_hand_out(&consumer->future, site);
    if (iterator->done_first < iterator->done_end)
        give(consumer, take_done(iterator));
    else
        link_consumer(consumer);
    *out_future = &consumer->future;
    return 1;
}
