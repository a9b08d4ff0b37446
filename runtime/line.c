/* line.c: waitables and lines: see line.h.
 *
 * The loop's thread. From: asyncio.mixins._LoopBoundMixin, asyncio.locks. */
#include <assert.h>
#include <string.h>

#include "line.h"
#include "loop_internal.h"

struct tt_waiter {
    tt_future future;     /* first: it is what the task awaits */
    struct tt_line *line; /* NULL once it stands in none */
    struct tt_waiter *previous, *next;
    struct tt_waitable *held; /* by the call that waits */
};

/* ------------------------------------------------------------------------------------------------------- waitables */

void tt__waitable_init(struct tt_waitable *waitable, struct tt_waitable *whole, const struct tt_waitable_ops *ops)
{
    waitable->ops = ops;
    waitable->whole = whole;
    waitable->id = tt_trace_new_id();
    waitable->refs = whole == waitable;
}

void tt__waitable_finish(struct tt_waitable *waitable)
{
    if (waitable->loop)
        tt__loop_unref(waitable->loop);
}

void tt__waitable_tell_created(const struct tt_waitable *waitable, enum tt_resource_kind kind, uint64_t capacity,
                               tt_site *site)
{
    struct tt_who by;

    if (!tt_trace_on(TT_CATEGORY_resource))
        return;
    by = tt__actor_now(NULL);
    TT_EMIT(resource_created, .resource_id = waitable->id, .by = by.kind, .by_id = by.id, .site = site,
            .capacity = capacity, .kind = (uint8_t)kind);
}

void tt__waitable_tell_granted(uint64_t resource_id, enum tt_wait_kind kind, const struct tt_waiting *waiting)
{
    TT_EMIT(resource_granted, .resource_id = resource_id, .task_id = waiting->task->future.id, .site = waiting->site,
            .wait_kind = (uint8_t)kind);
}

void tt__waitable_tell_released(const struct tt_waitable *waitable, enum tt_resource_kind kind)
{
    struct tt_who by;

    if (!tt_trace_on(TT_CATEGORY_resource))
        return;
    by = tt__actor_now(NULL);
    TT_EMIT(resource_released, .resource_id = waitable->id, .by = by.kind, .by_id = by.id, .kind = (uint8_t)kind);
}

void tt__waitable_destroy(struct tt_waitable *waitable)
{
    assert(waitable->whole == waitable && "parts go with their whole");
    waitable->is_destroyed = true;
    waitable->ops->dismiss(waitable);
    tt__waitable_unref(waitable);
}

int tt__waitable_bind(struct tt_waitable *waitable, const struct tt_waiting *waiting)
{
    tt_loop *loop = waiting->task->future.loop;
    char repr[256];

    if (!waitable->loop)
        waitable->loop = tt__loop_ref(loop);
    if (waitable->loop == loop)
        return 0;
    waitable->ops->repr(waitable, repr, sizeof repr);
    return tt_raise_at(waiting->site, &tt_RuntimeError, "%s is bound to a different event loop", repr);
}

int tt__waitable_repr(const struct tt_waitable *waitable, const char *name, const char *extra,
                      const struct tt_line *line, char *buffer, size_t size)
{
    if (line && line->count)
        return snprintf(buffer, size, "<asyncio.locks.%s object at %p [%s, waiters:%zu]>", name, (const void *)waitable,
                        extra, line->count);
    return snprintf(buffer, size, "<asyncio.locks.%s object at %p [%s]>", name, (const void *)waitable, extra);
}

/* ----------------------------------------------------------------------------------------------------------- calls */

bool tt__waiting_begin(struct tt_waiting *waiting, struct tt_waitable *held, enum tt_wait_kind kind, tt_site *site)
{
    struct tt_task_object *task = tt__task_that_may_suspend(site);

    if (!task)
        return false;
    *waiting = (struct tt_waiting){.task = task, .held = held->whole, .label = {(uint8_t)kind, held->id}, .site = site};
    tt__waitable_ref(held);
    return true;
}

int tt__waiting_end(struct tt_waiting *waiting, int rc)
{
    tt__waitable_unref(waiting->held);
    return rc;
}

int tt__with(tt_site *site, int (*release)(tt_site *site, void *object), void *object, tt_coro_fn *fn, void *arg)
{
    int rc = fn(arg);

    return release(site, object) < 0 ? -1 : rc;
}

/* ----------------------------------------------------------------------------------------------------------- lines */

static void append(struct tt_line *line, struct tt_waiter *waiter)
{
    waiter->line = line;
    waiter->next = NULL;
    waiter->previous = line->last;
    if (line->last)
        line->last->next = waiter;
    else
        line->first = waiter;
    line->last = waiter;
    line->count++;
}

static void take_out(struct tt_waiter *waiter)
{
    struct tt_line *line = waiter->line;

    if (!line)
        return;
    assert(line->count > 0 && (line->first == waiter) == (waiter->previous == NULL) && "the line is whole");
    if (waiter->previous)
        waiter->previous->next = waiter->next;
    else
        line->first = waiter->next;
    if (waiter->next)
        waiter->next->previous = waiter->previous;
    else
        line->last = waiter->previous;
    waiter->previous = waiter->next = NULL;
    waiter->line = NULL;
    line->count--;
}

/* Wakes WAITER. False when it was done already. */
static bool wake(struct tt_waiter *waiter)
{
    if (waiter->future.state != TT_FUTURE_PENDING)
        return false;
    tt__future_finish_value(&waiter->future, NULL, NULL);
    return true;
}

bool tt__line_is_contended(const struct tt_line *line)
{
    for (const struct tt_waiter *waiter = line->first; waiter; waiter = waiter->next)
        if (waiter->future.state != TT_FUTURE_CANCELLED)
            return true;
    return false;
}

void tt__line_wake_head(struct tt_line *line)
{
    if (line->first)
        wake(line->first);
}

size_t tt__line_wake(struct tt_line *line, size_t count)
{
    size_t woken = 0;

    for (struct tt_waiter *waiter = line->first; waiter && woken < count; waiter = waiter->next)
        woken += wake(waiter);
    return woken;
}

bool tt__line_pop_and_wake(struct tt_line *line)
{
    struct tt_waiter *waiter;

    while ((waiter = line->first) != NULL) {
        take_out(waiter);
        if (wake(waiter))
            return true;
    }
    return false;
}

/* --------------------------------------------------------------------------------------------------------- waiting */

/* The task is abandoned: its call will never end. */
static void leave(tt_future *future)
{
    struct tt_waiter *waiter = tt_container_of(future, struct tt_waiter, future);

    take_out(waiter);
    tt__waitable_unref(waiter->held);
}

static int raise_destroyed(const struct tt_waitable *waitable, tt_site *site)
{
    char repr[256];

    waitable->ops->repr(waitable, repr, sizeof repr);
    return tt_raise_at(site, &tt_RuntimeError, "%s was destroyed while a task waited for it", repr);
}

int tt__line_wait(struct tt_line *line, struct tt_waitable *waitable, const struct tt_waiting *waiting,
                  bool *out_was_woken)
{
    static const struct tt_future_ops ops = {.destroy = leave, .cancel = tt__future_cancel_plain};
    struct tt_task_object *task = waiting->task;
    struct tt_waiter waiter;
    int rc;

    if (out_was_woken)
        *out_was_woken = false;
    if (tt__waitable_bind(waitable, waiting) < 0)
        return -1;
    if (waitable->whole->is_destroyed)
        return raise_destroyed(waitable, waiting->site);
    waiter.held = waiting->held;
    tt__future_init_own(&waiter.future, task, &ops, waiting->label, waiting->site);
    append(line, &waiter);
    TT_EMIT(resource_waited, .resource_id = waiting->label.object, .task_id = task->future.id, .site = waiting->site,
            .wait_kind = waiting->label.kind);
    rc = tt__task_await_own(task, &waiter.future, waiting->site);
    take_out(&waiter);
    if (out_was_woken)
        *out_was_woken = waiter.future.state == TT_FUTURE_FINISHED;
    tt__future_finish_own(&waiter.future);
    if (rc == 0 && waitable->whole->is_destroyed)
        return raise_destroyed(waitable, waiting->site);
    /* Of these two whoever called tells, for they may be had without a wait. */
    if (rc == 0 && waiting->label.kind != TT_WAIT_KIND_LOCK && waiting->label.kind != TT_WAIT_KIND_SEMAPHORE)
        tt__waitable_tell_granted(waiting->label.object, (enum tt_wait_kind)waiting->label.kind, waiting);
    return rc;
}
