/* lttng.h: events on their way to LTTng-UST, as the tracer sees it.
 *
 * What it is for. The provider (lttng/, the only folder that knows LTTng's headers) is opened on request. From then on the
 * emit functions ask its table whether a session wants an event, and if so have it numbered here and written there.
 *
 * What it leaves to others. Whether and when: start.c. What an event looks like in a trace of LTTng: lttng/README.md.
 *
 * Numbers. Each thread has an ordinal, and numbers the events that a session wanted. While one of them is on its way `lttng_depth`
 * is 1: a signal handler that comes in between gets thread 0 and a number of that, as it would get the emergency ring.
 *
 * Threads: any; signal handlers, loading apart.
 */
#ifndef TT_LTTNG_H
#define TT_LTTNG_H

#include "lttng_table.h"
#include "writer.h"

/* The provider's table once it was opened, for good. */
extern _Atomic(const struct tt_lttng_table *) tt__lttng_table;

/* Opens the provider, once in a process. 0 or a negative errno value, see tt_trace_lttng_status(). Waits for LTTng's daemons
 * to answer, but not for long. Not in signal handlers. */
int tt__lttng_load(void);

/* Under the lock of start.c: this process begins to emit events of CATEGORIES to LTTng, says who it is. True when it does, or did
 * already. */
bool tt__lttng_begin(struct tt__life *life, uint32_t categories);

/* Under the lock of start.c: says that other events are recorded from now on; and again to whoever begins to listen. */
void tt__lttng_tell_selection(struct tt__life *life, const struct tt_event_categories_selected *event);

/* Under the lock of start.c: says goodbye with REASON (enum tt_end_reason), and no event goes to LTTng any more. */
void tt__lttng_end(struct tt__life *life, uint8_t reason);

/* Looks who listens; whether somebody does who was not told yet who this process is. */
bool tt__lttng_look(void);

/* The process, and each thread before its next event, say again who they are. */
void tt__lttng_tell_again(struct tt__life *life);

/* The three places of a fork. */
void tt__lttng_before_fork(void);
void tt__lttng_after_fork_parent(void);
void tt__lttng_after_fork_child(struct tt__life *life);

/* The calling thread ends: what it emits from now on is thread 0's. */
void tt__lttng_thread_ends(struct tt__thread *self, struct tt__life *life);

/* An event on its way. */
struct tt__lttng_writing {
    struct tt_lttng_head head;
    int error; /* errno, which LTTng may change */
    bool is_nested;
};

/* Numbers an event of the calling thread. False: none can be written now. */
bool tt__lttng_write_begin(struct tt__lttng_writing *writing);
/* The same for what comes even before the thread has said who it is. */
bool tt__lttng_write_first(struct tt__lttng_writing *writing);
void tt__lttng_write_end(const struct tt__lttng_writing *writing);

/* The first 8 bytes of this process's uuid in LTTng's traces, once it has begun. */
uint64_t tt__lttng_process(void);

#endif
