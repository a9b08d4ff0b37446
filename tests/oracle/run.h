/* run.h: one program at work: its slots, its tasks, and how it begins and ends.
 *
 * A process runs one program at a time; what is running is static in run.c. */
#ifndef TT_ORACLE_RUN_H
#define TT_ORACLE_RUN_H

#include <telltale/telltale.h>

#include "program.h"
#include "slots.h"

/* Interpreting takes more stack than most coroutines do. */
enum { RANK_YOUNGEST = 1 << 30, FRAME_STACK_BYTES = 512 * 1024 };

/* That an operation names at most. */
enum { FUTURES_MAX = 16 };

/* A coroutine of the program. */
struct frame {
    struct body *body;
    char label[48];
    int rank;      /* number of its task; 0 in callbacks */
    tt_task *task; /* borrowed, while it has begun and not ended */
    void *value;   /* of return */
    struct frame *previous, *next;
    tt_future *held[FUTURES_MAX]; /* with a handle each, by the operation that it waits in */
    int held_count;
    tt_as_completed *iterator; /* of the same; NULL: none */
};

/* Runs PROGRAM from beginning to end; its log is in log.h's buffer. */
void run_program(struct program *program);

/* ------------------------------------------------------------------------------------------ for tests/simulation */

/* Whoever looks at the runs of this process. */
struct run_watcher {
    void (*begun)(tt_loop *loop);    /* there is a loop, and nothing has been asked of it */
    void (*seen)(tt_future *future); /* a task or future of the program's; not for the first time, perhaps */
    void (*quiet)(tt_loop *loop);    /* nothing happens any more; afterwards what is left is cancelled */
};
void run_watch(const struct run_watcher *watcher);

/* Shows FUTURE to the watcher, if there is one. */
void run_see(tt_future *future);

/* How a run goes on that is stopped where it is. */
enum run_end {
    RUN_GOES_ON,
    RUN_CLOSES_FIRST, /* the loop is closed over what is left, then the slots are emptied */
    RUN_DROPS_FIRST,  /* the other way round */
    RUN_STAYS         /* nothing more is done: see run_left */
};

/* Called while the loop runs, which has to stop at once: there the run ends. */
void run_cut(enum run_end end);

/* What is left of the last run if it stays; its program has to stay, too. NULL: nothing. To be ended with run_end_left. */
struct left_run *run_left(void);
void run_end_left(struct left_run *left);

/* ----------------------------------------------------------------------------------------------------------------- */

tt_loop *run_loop(void);
struct program *run_program_at_work(void);

/* Writes what has changed in the tasks and futures of the slots. */
void watch(void);

/* A frame for a coroutine of BODY; freed when that ends, or by frame_drop. NULL: no such body, LookupError pending. */
struct frame *frame_create(const char *body_name);
void frame_drop(void *frame);
int frame_run(void *frame); /* the coroutine */

/* A handle of FUTURE for the operation that FRAME is in, and its end. What is held when the loop is closed over the task goes with the frame. */
tt_future *frame_hold(struct frame *frame, tt_future *future);
void frame_release(struct frame *frame, tt_future *future);

/* The callback of that name; NULL with LookupError pending. */
struct body *callback_named(const char *name);
int callback_run(void *body);
int callback_run_done(tt_future *future, void *body);

/* The loop's handler: HANDLER is a body, or NULL. */
int handler_run(tt_loop *loop, const struct tt_handler_context *context, void *handler);

/* Values of futures: NULL is None, else a number. */
void *value_of_number(int number);

#endif
