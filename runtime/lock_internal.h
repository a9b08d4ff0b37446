/* lock_internal.h: locks, events and conditions from the inside, for what is made of them: conditions, barriers and
 * queues.
 *
 * The functions here neither check whether the task may suspend nor hold the object: the public call does that, once,
 * for the whole. */
#ifndef TT_LOCK_INTERNAL_H
#define TT_LOCK_INTERNAL_H

#include <telltale/condition.h>
#include <telltale/event.h>
#include <telltale/lock.h>

#include "line.h"

struct tt_lock {
    struct tt_waitable waitable;
    struct tt_line line;
    bool is_locked;
};

struct tt_event {
    struct tt_waitable waitable;
    struct tt_line line;
    bool is_set;
};

struct tt_condition {
    struct tt_waitable waitable;
    struct tt_line line;
    tt_lock *lock; /* `own`, or the program's, of which it has a reference */
    tt_lock own;
};

void tt__lock_init(tt_lock *lock, struct tt_waitable *whole);
int tt__lock_acquire(tt_lock *lock, const struct tt_waiting *waiting);
/* False when it was not locked; nothing has happened then. */
bool tt__lock_release(tt_lock *lock);

void tt__event_init(tt_event *event, struct tt_waitable *whole);
int tt__event_wait(tt_event *event, const struct tt_waiting *waiting);

/* With a lock of its own. */
void tt__condition_init(tt_condition *condition, struct tt_waitable *whole);
void tt__condition_finish(tt_condition *condition);
void tt__condition_dismiss(tt_condition *condition);
/* Its lock is locked, as for the public ones. */
int tt__condition_wait_for(tt_condition *condition, tt_predicate_fn *predicate, void *arg,
                           const struct tt_waiting *waiting);
void tt__condition_notify_all(tt_condition *condition);

#endif
