/* semaphore.c: semaphores: so many tasks at a time. See telltale/semaphore.h.
 *
 * A release that finds somebody in line hands its unit over at once: the count goes down again, and the one that was
 * woken need not compete for it. If that one is cancelled before it runs it gives the unit back and wakes the next.
 *
 * The loop's thread. From: asyncio.Semaphore, asyncio.BoundedSemaphore. */
#include <limits.h>
#include <stdlib.h>

#include <telltale/semaphore.h>

#include "line.h"
#include "loop_internal.h"
#include "precond.h"

struct tt_semaphore {
    struct tt_waitable waitable;
    struct tt_line line;
    long value;
    long bound; /* of a bounded one: the first value */
    bool is_bounded;
};

static tt_semaphore *semaphore_of(struct tt_waitable *waitable)
{
    return tt_container_of(waitable, tt_semaphore, waitable);
}

static int repr_semaphore(const struct tt_waitable *waitable, char *buffer, size_t size)
{
    return tt_semaphore_repr(semaphore_of((struct tt_waitable *)waitable), buffer, size);
}

static void dismiss_semaphore(struct tt_waitable *waitable)
{
    tt__line_wake(&semaphore_of(waitable)->line, SIZE_MAX);
}

static void free_semaphore(struct tt_waitable *waitable)
{
    tt__waitable_finish(waitable);
    free(semaphore_of(waitable));
}

static tt_semaphore *create(tt_site *site, long value, bool is_bounded)
{
    static const struct tt_waitable_ops ops = {repr_semaphore, dismiss_semaphore, free_semaphore};
    tt_semaphore *semaphore;

    if (value < 0) {
        tt_raise_at(site, &tt_ValueError, "Semaphore initial value must be >= 0");
        return NULL;
    }
    semaphore = calloc(1, sizeof *semaphore);
    if (!semaphore) {
        tt_raise_at(site, &tt_MemoryError, "no memory for a semaphore");
        return NULL;
    }
    tt__waitable_init(&semaphore->waitable, &semaphore->waitable, &ops);
    semaphore->value = semaphore->bound = value;
    semaphore->is_bounded = is_bounded;
    tt__waitable_tell_created(&semaphore->waitable, TT_RESOURCE_KIND_SEMAPHORE, (uint64_t)value, site);
    return semaphore;
}

tt_semaphore *tt_semaphore_create_at(tt_site *site, long value)
{
    return create(site, value, false);
}

tt_semaphore *tt_bounded_semaphore_create_at(tt_site *site, long value)
{
    return create(site, value, true);
}

void tt_semaphore_destroy(tt_semaphore *semaphore)
{
    if (semaphore)
        tt__waitable_destroy(&semaphore->waitable);
}

bool tt_semaphore_locked(const tt_semaphore *semaphore)
{
    TT_PRECOND("semaphore_locked.semaphore", NULL, semaphore != NULL);
    return semaphore->value == 0 || tt__line_is_contended(&semaphore->line);
}

/* Hands one unit to the first who waits for it. False when there is nobody. */
static bool hand_over(tt_semaphore *semaphore)
{
    if (tt__line_wake(&semaphore->line, 1) == 0)
        return false;
    semaphore->value--;
    return true;
}

static int acquire(tt_semaphore *semaphore, const struct tt_waiting *waiting)
{
    bool was_woken;
    int rc;

    if (!tt_semaphore_locked(semaphore)) {
        semaphore->value--;
        tt__waitable_tell_granted(semaphore->waitable.id, TT_WAIT_KIND_SEMAPHORE, waiting);
        return 0;
    }
    rc = tt__line_wait(&semaphore->line, &semaphore->waitable, waiting, &was_woken);
    if (rc < 0 && was_woken && !semaphore->waitable.is_destroyed) /* it had been given a unit */
        semaphore->value++;
    while (semaphore->value > 0 && hand_over(semaphore)) /* to those who stood behind this one */
        ;
    if (rc == 0)
        tt__waitable_tell_granted(semaphore->waitable.id, TT_WAIT_KIND_SEMAPHORE, waiting);
    return rc;
}

int tt_semaphore_acquire_at(tt_site *site, tt_semaphore *semaphore)
{
    struct tt_waiting waiting;

    TT_PRECOND("semaphore_acquire.semaphore", site, semaphore != NULL);
    if (!tt__waiting_begin(&waiting, &semaphore->waitable, TT_WAIT_KIND_SEMAPHORE, site))
        return -1;
    return tt__waiting_end(&waiting, acquire(semaphore, &waiting));
}

int tt_semaphore_release_at(tt_site *site, tt_semaphore *semaphore)
{
    TT_PRECOND("semaphore_release.semaphore", site, semaphore != NULL);
    if (semaphore->is_bounded && semaphore->value >= semaphore->bound)
        return tt_raise_at(site, &tt_ValueError, "BoundedSemaphore released too many times");
    if (semaphore->value == LONG_MAX)
        return tt_raise_at(site, &tt_OverflowError, "Semaphore released too many times");
    semaphore->value++;
    tt__waitable_tell_released(&semaphore->waitable, TT_RESOURCE_KIND_SEMAPHORE);
    hand_over(semaphore);
    return 0;
}

static int release(tt_site *site, void *semaphore)
{
    return tt_semaphore_release_at(site, semaphore);
}

int tt_with_semaphore_at(tt_site *site, tt_semaphore *semaphore, tt_coro_fn *fn, void *arg)
{
    TT_PRECOND("with_semaphore.function", site, fn != NULL);
    return tt_semaphore_acquire_at(site, semaphore) < 0 ? -1 : tt__with(site, release, semaphore, fn, arg);
}

int tt_semaphore_repr(const tt_semaphore *semaphore, char *buffer, size_t size)
{
    char extra[64] = "locked";

    TT_PRECOND("semaphore_repr.semaphore", NULL, semaphore != NULL);
    TT_PRECOND("semaphore_repr.buffer", NULL, buffer != NULL || size == 0);
    if (!tt_semaphore_locked(semaphore))
        snprintf(extra, sizeof extra, "unlocked, value:%ld", semaphore->value);
    return tt__waitable_repr(&semaphore->waitable, semaphore->is_bounded ? "BoundedSemaphore" : "Semaphore", extra,
                             &semaphore->line, buffer, size);
}
