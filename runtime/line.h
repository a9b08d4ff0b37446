/* line.h: what locks, events, conditions, semaphores and queues are made of: a *waitable*, which is the object, and
 * *lines* of tasks that wait at it, first come first.
 *
 * A task that waits has a waiter in the line: a future on its own stack, so that waiting needs no memory and cannot fail
 * for want of it. It stays in the line until its task has run again (a queue takes it out when it wakes it), so there
 * are three kinds in a line, and the order of wake-ups depends on telling them apart as asyncio does:
 *
 *     pending --woken--> finished       it runs soon, with what it waited for
 *        |
 *        +----- its task is cancelled --> cancelled      it runs soon, and will not take anything
 *
 * References. A waitable is the program's until it is destroyed; each call that is inside of it holds it too, since the
 * program may destroy it while tasks wait: they get a RuntimeError, and the last one frees it. Where an object is part
 * of another one (a barrier has a condition, which has a lock) there is one count, that of the whole.
 *
 * The loop's thread. From: asyncio.mixins, and what the classes of asyncio.locks have in common. */
#ifndef TT_LINE_H
#define TT_LINE_H

#include <assert.h>

#include <telltale/task.h>

#include "future_internal.h"

struct tt_waitable;

struct tt_waitable_ops {
    int (*repr)(const struct tt_waitable *waitable, char *buffer, size_t size); /* as tt_lock_repr */
    void (*dismiss)(struct tt_waitable *waitable); /* it is being destroyed: wakes all who wait, also at its parts */
    void (*free)(struct tt_waitable *waitable);    /* the last reference went; parts are finished, memory is freed */
};

struct tt_waitable {
    const struct tt_waitable_ops *ops;
    struct tt_waitable *whole; /* what it is a part of; itself when it is whole */
    tt_loop *loop;             /* a reference: the loop where a task waited first; NULL: none has waited */
    uint64_t id;
    uint32_t refs;     /* of a whole: the program's, and one for each call in progress */
    bool is_destroyed; /* of a whole: the program has let go of it */
};

struct tt_waiter;

struct tt_line {
    struct tt_waiter *first, *last;
    size_t count;
};

/* A call that may suspend. */
struct tt_waiting {
    struct tt_task_object *task;
    struct tt_waitable *held; /* the whole of which the call holds a reference */
    struct tt_wait_label label;
    tt_site *site;
};

/* Begins a call at HELD: checks that the running task may suspend and takes a reference. False: an exception is
 * pending. */
bool tt__waiting_begin(struct tt_waiting *waiting, struct tt_waitable *held, enum tt_wait_kind kind, tt_site *site);

/* Ends it; what the caller was about to return is passed through. HELD may be gone afterwards. */
int tt__waiting_end(struct tt_waiting *waiting, int rc);

/* WAITABLE is all zero; WHOLE is what it is part of, or itself. */
void tt__waitable_init(struct tt_waitable *waitable, struct tt_waitable *whole, const struct tt_waitable_ops *ops);

/* Tells the trace that WAITABLE was made at SITE; CAPACITY is what it has of units, room, parties, or 0. */
void tt__waitable_tell_created(const struct tt_waitable *waitable, enum tt_resource_kind kind, uint64_t capacity,
                               tt_site *site);

/* Tells it that the task of WAITING has got RESOURCE_ID, or that somebody gave it back. */
void tt__waitable_tell_granted(uint64_t resource_id, enum tt_wait_kind kind, const struct tt_waiting *waiting);
void tt__waitable_tell_released(const struct tt_waitable *waitable, enum tt_resource_kind kind);

/* Frees what a waitable owns, not its memory. */
void tt__waitable_finish(struct tt_waitable *waitable);

static inline void tt__waitable_ref(struct tt_waitable *waitable)
{
    assert(waitable->whole->refs > 0 && "nobody comes to an object that is gone");
    waitable->whole->refs++;
}
static inline void tt__waitable_unref(struct tt_waitable *waitable)
{
    struct tt_waitable *whole = waitable->whole;

    assert(whole->refs > 0 && "a reference is released once");
    if (--whole->refs == 0)
        whole->ops->free(whole);
}

/* The program destroys WAITABLE (NULL ok): whoever waits is woken with RuntimeError. */
void tt__waitable_destroy(struct tt_waitable *waitable);

/* asyncio's _get_loop: the first task that has to wait binds WAITABLE to its loop. 0, or -1 with RuntimeError "... is
 * bound to a different event loop" pending. */
int tt__waitable_bind(struct tt_waitable *waitable, const struct tt_waiting *waiting);

/* Suspends the task of WAITING as the last one of LINE, until it is woken. 0, or -1 with an exception pending; then
 * *OUT_WAS_WOKEN (may be NULL) tells whether it had been woken all the same, before it was cancelled. It is not in the
 * line any more in either case. */
int tt__line_wait(struct tt_line *line, struct tt_waitable *waitable, const struct tt_waiting *waiting,
                  bool *out_was_woken);

/* Whether somebody stands in LINE who was not cancelled. */
bool tt__line_is_contended(const struct tt_line *line);

/* Wakes the first in LINE unless it is done already. */
void tt__line_wake_head(struct tt_line *line);

/* Wakes the first COUNT (SIZE_MAX: all) of those who are not done. Returns how many there were. Whoever waits at an
 * object that is destroyed when it runs is told so, whatever woke it. */
size_t tt__line_wake(struct tt_line *line, size_t count);

/* Takes the first ones out of LINE until one was not done: that one is woken. False when there was none. */
bool tt__line_pop_and_wake(struct tt_line *line);

/* Writes "<asyncio.locks.NAME object at ADDRESS [EXTRA, waiters:N]>", without the waiters when LINE is empty or NULL,
 * cut to SIZE - 1 bytes. Returns the full length. */
int tt__waitable_repr(const struct tt_waitable *waitable, const char *name, const char *extra,
                      const struct tt_line *line, char *buffer, size_t size);

/* Runs FN(ARG) in the running task and then RELEASE(SITE, OBJECT): the end of Python's `async with`. */
int tt__with(tt_site *site, int (*release)(tt_site *site, void *object), void *object, tt_coro_fn *fn, void *arg);

#endif
