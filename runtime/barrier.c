/* barrier.c: barriers: tasks wait for each other. See telltale/barrier.h.
 *
 *              the last party comes                  the last one has left
 *     filling -----------------------> draining ------------------------------> filling
 *        |  |                             | |
 *        |  +--- reset, while some wait --+-----------> resetting --the last one has left--> filling
 *        +------ abort, from any ---------+-----------> broken ------------- reset ------> filling, or resetting
 *
 * Who comes while it is draining or resetting waits until it is filling again (block). Everything happens under the
 * lock of its condition, which a party holds whenever it runs in here.
 *
 * The loop's thread. From: asyncio.Barrier. */
#include <assert.h>
#include <stdlib.h>

#include <telltale/barrier.h>

#include "lock_internal.h"
#include "loop_internal.h"
#include "precond.h"

const tt_exc_type tt_BrokenBarrierError = {.name = "BrokenBarrierError", .base = &tt_RuntimeError};

enum barrier_state { FILLING, DRAINING, RESETTING, BROKEN };

struct tt_barrier {
    struct tt_waitable waitable;
    tt_condition condition; /* notified when the state changes */
    int parties;
    int count; /* tasks that have come and not left */
    uint8_t state;
};

static int is_open(void *arg)
{
    const tt_barrier *barrier = arg;

    return barrier->state != DRAINING && barrier->state != RESETTING;
}

static void check(const tt_barrier *barrier)
{
    assert(barrier->count >= 0 && barrier->count <= barrier->parties && "no more than the parties are in it");
    assert((is_open((void *)barrier) || barrier->count > 0) && "only who is in it has it drain or reset");
    (void)barrier;
}

static tt_barrier *barrier_of(struct tt_waitable *waitable)
{
    return tt_container_of(waitable, tt_barrier, waitable);
}

static int repr_barrier(const struct tt_waitable *waitable, char *buffer, size_t size)
{
    return tt_barrier_repr(barrier_of((struct tt_waitable *)waitable), buffer, size);
}

static void dismiss_barrier(struct tt_waitable *waitable)
{
    tt__condition_dismiss(&barrier_of(waitable)->condition);
}

static void free_barrier(struct tt_waitable *waitable)
{
    tt__condition_finish(&barrier_of(waitable)->condition);
    tt__waitable_finish(waitable);
    free(barrier_of(waitable));
}

tt_barrier *tt_barrier_create_at(tt_site *site, int parties)
{
    static const struct tt_waitable_ops ops = {repr_barrier, dismiss_barrier, free_barrier};
    tt_barrier *barrier;

    if (parties < 1) {
        tt_raise_at(site, &tt_ValueError, "parties must be >= 1");
        return NULL;
    }
    barrier = calloc(1, sizeof *barrier);
    if (!barrier) {
        tt_raise_at(site, &tt_MemoryError, "no memory for a barrier");
        return NULL;
    }
    tt__waitable_init(&barrier->waitable, &barrier->waitable, &ops);
    tt__condition_init(&barrier->condition, &barrier->waitable);
    barrier->parties = parties;
    tt__waitable_tell_created(&barrier->waitable, TT_RESOURCE_KIND_BARRIER, (uint64_t)parties, site);
    tt__waitable_tell_created(&barrier->condition.own.waitable, TT_RESOURCE_KIND_LOCK, 0, site);
    return barrier;
}

void tt_barrier_destroy(tt_barrier *barrier)
{
    if (barrier)
        tt__waitable_destroy(&barrier->waitable);
}

/* ------------------------------------------------------------------------------------------------------ one party */

static int is_filled(void *arg)
{
    const tt_barrier *barrier = arg;

    return barrier->state != FILLING;
}

/* Waits until the barrier takes parties again. */
static int block(tt_barrier *barrier, const struct tt_waiting *waiting)
{
    if (tt__condition_wait_for(&barrier->condition, is_open, barrier, waiting) < 0)
        return -1;
    if (barrier->state == BROKEN)
        return tt_raise_at(waiting->site, &tt_BrokenBarrierError, "Barrier aborted");
    return 0;
}

/* Waits for the other parties. */
static int wait_until_filled(tt_barrier *barrier, const struct tt_waiting *waiting)
{
    if (tt__condition_wait_for(&barrier->condition, is_filled, barrier, waiting) < 0)
        return -1;
    if (barrier->state == BROKEN || barrier->state == RESETTING)
        return tt_raise_at(waiting->site, &tt_BrokenBarrierError, "Abort or reset of barrier");
    return 0;
}

/* A party leaves; the last one opens the barrier for those who are blocked. */
static void depart(tt_barrier *barrier)
{
    barrier->count--;
    if (barrier->count == 0) {
        if (barrier->state == RESETTING || barrier->state == DRAINING)
            barrier->state = FILLING;
        tt__condition_notify_all(&barrier->condition);
    }
    check(barrier);
}

/* Under the lock. Which party it was, from 0, or -1 with an exception pending. */
static int pass(tt_barrier *barrier, const struct tt_waiting *waiting)
{
    int index, rc = 0;

    if (block(barrier, waiting) < 0)
        return -1;
    index = barrier->count++;
    check(barrier);
    if (index + 1 == barrier->parties) {
        barrier->state = DRAINING;
        tt__condition_notify_all(&barrier->condition);
    } else {
        rc = wait_until_filled(barrier, waiting);
    }
    depart(barrier);
    return rc < 0 ? -1 : index;
}

int tt_barrier_wait_at(tt_site *site, tt_barrier *barrier)
{
    struct tt_waiting waiting;
    int rc;

    TT_PRECOND("barrier_wait.barrier", site, barrier != NULL);
    if (!tt__waiting_begin(&waiting, &barrier->waitable, TT_WAIT_KIND_BARRIER, site))
        return -1;
    rc = tt__lock_acquire(&barrier->condition.own, &waiting);
    if (rc == 0) {
        rc = pass(barrier, &waiting);
        tt__lock_release(&barrier->condition.own);
    }
    return tt__waiting_end(&waiting, rc);
}

/* ------------------------------------------------------------------------------------------------ reset and abort */

static void reset(tt_barrier *barrier)
{
    barrier->state = barrier->count > 0 ? RESETTING : FILLING;
}

static void break_it(tt_barrier *barrier)
{
    barrier->state = BROKEN;
}

/* Has CHANGE change the state under the lock, and tells everybody. */
static int change_state(tt_site *site, tt_barrier *barrier, void (*change)(tt_barrier *barrier))
{
    struct tt_waiting waiting;
    int rc;

    if (!tt__waiting_begin(&waiting, &barrier->waitable, TT_WAIT_KIND_BARRIER, site))
        return -1;
    rc = tt__lock_acquire(&barrier->condition.own, &waiting);
    if (rc == 0) {
        change(barrier);
        check(barrier);
        tt__condition_notify_all(&barrier->condition);
        tt__lock_release(&barrier->condition.own);
    }
    return tt__waiting_end(&waiting, rc);
}

int tt_barrier_reset_at(tt_site *site, tt_barrier *barrier)
{
    TT_PRECOND("barrier_reset.barrier", site, barrier != NULL);
    return change_state(site, barrier, reset);
}

int tt_barrier_abort_at(tt_site *site, tt_barrier *barrier)
{
    TT_PRECOND("barrier_abort.barrier", site, barrier != NULL);
    return change_state(site, barrier, break_it);
}

/* --------------------------------------------------------------------------------------------------------- looking */

int tt_barrier_parties(const tt_barrier *barrier)
{
    TT_PRECOND("barrier_parties.barrier", NULL, barrier != NULL);
    return barrier->parties;
}

int tt_barrier_n_waiting(const tt_barrier *barrier)
{
    TT_PRECOND("barrier_n_waiting.barrier", NULL, barrier != NULL);
    return barrier->state == FILLING ? barrier->count : 0;
}

bool tt_barrier_broken(const tt_barrier *barrier)
{
    TT_PRECOND("barrier_broken.barrier", NULL, barrier != NULL);
    return barrier->state == BROKEN;
}

int tt_barrier_repr(const tt_barrier *barrier, char *buffer, size_t size)
{
    static const char *const words[] = {"filling", "draining", "resetting", "broken"};
    char extra[64];

    TT_PRECOND("barrier_repr.barrier", NULL, barrier != NULL);
    TT_PRECOND("barrier_repr.buffer", NULL, buffer != NULL || size == 0);
    if (barrier->state == BROKEN)
        snprintf(extra, sizeof extra, "broken");
    else
        snprintf(extra, sizeof extra, "%s, waiters:%d/%d", words[barrier->state], tt_barrier_n_waiting(barrier),
                 barrier->parties);
    return tt__waitable_repr(&barrier->waitable, "Barrier", extra, NULL, buffer, size);
}
