/* timeout_internal.h: a timeout from the inside: for wait_for, which has one on its stack.
 *
 * States, and who changes them (asyncio's names):
 *
 *                enter                 its handle runs: the task is cancelled
 *     (created) -------> active ---------------------------------------------> expiring
 *                          |                                                      |
 *                          | exit                                                 | exit
 *                          v                                                      v
 *                       finished                                               expired
 *
 * Threads: the loop's thread. */
#ifndef TT_TIMEOUT_INTERNAL_H
#define TT_TIMEOUT_INTERNAL_H

#include <telltale/timeout.h>

#include "scope.h"

enum tt_timeout_state { TT_TIMEOUT_ACTIVE, TT_TIMEOUT_EXPIRING, TT_TIMEOUT_EXPIRED, TT_TIMEOUT_FINISHED };

struct tt_timeout {
    struct tt_scope scope;     /* first: a timeout is a scope */
    uint8_t state;             /* enum tt_timeout_state */
    uint8_t timer_index;       /* which of the timers counts */
    unsigned cancelling;       /* requests to cancel the task when it was entered */
    int64_t when_ns;           /* TT_NEVER: disabled */
    struct tt_timer timers[2]; /* two, so that a new deadline is in the heap before the old one goes */
    tt_future *held;           /* wait_for: what it waits for, a reference that goes when the task is abandoned */
    struct tt_ready expiry;    /* runs when it is up */
};

/* Enters TIMEOUT, whose memory is the caller's, for TASK, which runs. 0, or -1 with MemoryError pending. */
int tt__timeout_enter(struct tt_timeout *timeout, struct tt_task_object *task, int64_t when_ns, tt_site *site);

/* When DELAY_NS from now is. */
int64_t tt__timeout_deadline(struct tt_task_object *task, int64_t delay_ns);

#endif
