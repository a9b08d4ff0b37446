/* lock.c: locks: one task at a time. See telltale/lock.h.
 *
 *                acquire, nobody waits
 *     unlocked ---------------------------> locked
 *        ^  |                                ^  |
 *        |  +-- the first in line runs ------+  |
 *        +------------- release ----------------+
 *
 * A release wakes the first in line and does not hand the lock over: until that task runs the lock is unlocked, but
 * whoever comes meanwhile stands behind it. If it was cancelled before it ran, it wakes the next one.
 *
 * The loop's thread. From: asyncio.Lock. */
#include <stdlib.h>

#include "lock_internal.h"
#include "loop_internal.h"
#include "precond.h"

static tt_lock *lock_of(struct tt_waitable *waitable)
{
    return tt_container_of(waitable, tt_lock, waitable);
}

static int repr_lock(const struct tt_waitable *waitable, char *buffer, size_t size)
{
    return tt_lock_repr(lock_of((struct tt_waitable *)waitable), buffer, size);
}

static void dismiss_lock(struct tt_waitable *waitable)
{
    tt__line_wake(&lock_of(waitable)->line, SIZE_MAX);
}

static void free_lock(struct tt_waitable *waitable)
{
    tt__waitable_finish(waitable);
    free(lock_of(waitable));
}

void tt__lock_init(tt_lock *lock, struct tt_waitable *whole)
{
    static const struct tt_waitable_ops ops = {repr_lock, dismiss_lock, free_lock};

    tt__waitable_init(&lock->waitable, whole, &ops);
}

tt_lock *tt_lock_create_at(tt_site *site)
{
    tt_lock *lock = calloc(1, sizeof *lock);

    if (!lock) {
        tt_raise_at(site, &tt_MemoryError, "no memory for a lock");
        return NULL;
    }
    tt__lock_init(lock, &lock->waitable);
    tt__waitable_tell_created(&lock->waitable, TT_RESOURCE_KIND_LOCK, 0, site);
    return lock;
}

void tt_lock_destroy(tt_lock *lock)
{
    if (lock)
        tt__waitable_destroy(&lock->waitable);
}

bool tt_lock_locked(const tt_lock *lock)
{
    TT_PRECOND("lock_locked.lock", NULL, lock != NULL);
    return lock->is_locked;
}

int tt__lock_acquire(tt_lock *lock, const struct tt_waiting *waiting)
{
    if (!lock->is_locked && !tt__line_is_contended(&lock->line)) {
        lock->is_locked = true;
        tt__waitable_tell_granted(lock->waitable.id, TT_WAIT_KIND_LOCK, waiting);
        return 0;
    }
    if (tt__line_wait(&lock->line, &lock->waitable, waiting, NULL) < 0) {
        if (!lock->is_locked) /* it may have been this task's turn */
            tt__line_wake_head(&lock->line);
        return -1;
    }
    lock->is_locked = true;
    tt__waitable_tell_granted(lock->waitable.id, TT_WAIT_KIND_LOCK, waiting);
    return 0;
}

bool tt__lock_release(tt_lock *lock)
{
    if (!lock->is_locked)
        return false;
    lock->is_locked = false;
    tt__waitable_tell_released(&lock->waitable, TT_RESOURCE_KIND_LOCK);
    tt__line_wake_head(&lock->line);
    return true;
}

int tt_lock_acquire_at(tt_site *site, tt_lock *lock)
{
    struct tt_waiting waiting;

    TT_PRECOND("lock_acquire.lock", site, lock != NULL);
    if (!tt__waiting_begin(&waiting, &lock->waitable, TT_WAIT_KIND_LOCK, site))
        return -1;
    return tt__waiting_end(&waiting, tt__lock_acquire(lock, &waiting));
}

int tt_lock_release_at(tt_site *site, tt_lock *lock)
{
    TT_PRECOND("lock_release.lock", site, lock != NULL);
    return tt__lock_release(lock) ? 0 : tt_raise_at(site, &tt_RuntimeError, "Lock is not acquired.");
}

static int release(tt_site *site, void *lock)
{
    return tt_lock_release_at(site, lock);
}

int tt_with_lock_at(tt_site *site, tt_lock *lock, tt_coro_fn *fn, void *arg)
{
    TT_PRECOND("with_lock.function", site, fn != NULL);
    return tt_lock_acquire_at(site, lock) < 0 ? -1 : tt__with(site, release, lock, fn, arg);
}

int tt_lock_repr(const tt_lock *lock, char *buffer, size_t size)
{
    TT_PRECOND("lock_repr.lock", NULL, lock != NULL);
    TT_PRECOND("lock_repr.buffer", NULL, buffer != NULL || size == 0);
    return tt__waitable_repr(&lock->waitable, "Lock", lock->is_locked ? "locked" : "unlocked", &lock->line, buffer,
                             size);
}
