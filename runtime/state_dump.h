/* state_dump.h: telling the trace again what lives: the loop, its tasks, the failures that are held.
 *
 * What it is for. Somebody who begins to listen to LTTng in the middle of a run has not heard of what was there before. The
 * tracer asks (telltale/trace.h, dumpers), on a thread of its own; the loop answers on its thread, from the poll, where
 * a request wakes it. Nothing goes through the ready queue, so that a program runs in the same order whether somebody asks or
 * not.
 *
 * Threads: a request may come from any; everything else is the loop's.
 */
#ifndef TT_STATE_DUMP_H
#define TT_STATE_DUMP_H

#include <stdatomic.h>
#include <stdbool.h>

#include <telltale/trace.h>

struct tt_future;
struct tt_loop;
struct tt_task_object;

/* The loop's part of it. */
struct tt_loop_dump {
    struct tt_trace_dumper dumper;
    _Atomic bool is_due;              /* asked for; written by any thread */
    bool is_under_way;                /* not everything fitted into the last poll */
    struct tt_task_object *next_task; /* to be told next; moved on when it ends */
    struct tt_future *next_failure;   /* the same */
    struct tt_future *first_failure;  /* failures that can still be read, the latest first */
};

/* The loop is ready to be asked; it is not asked any more, and what it was asked it answers now. The loop's thread. */
void tt__dump_open(struct tt_loop *loop);
void tt__dump_close(struct tt_loop *loop);

/* In the poll: tells what is due, a part of it if there is much. */
void tt__dump_if_due(struct tt_loop *loop);

/* FUTURE has failed: it is told again from now on, until its memory goes. */
void tt__dump_hold(struct tt_future *future);
void tt__dump_let_go(struct tt_future *future);

/* A failure that belongs to no loop's thread, of a thread-side future: TELL is called on any thread. Any thread; letting go of
 * what was never held is harmless. */
struct tt_held_failure {
    struct tt_held_failure *next, **link;
    void (*tell)(struct tt_held_failure *held);
};
void tt__dump_hold_shared(struct tt_held_failure *held, void (*tell)(struct tt_held_failure *held));
void tt__dump_let_go_shared(struct tt_held_failure *held);

#endif
