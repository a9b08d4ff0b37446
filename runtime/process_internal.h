/* process_internal.h: child processes from the inside.
 *
 *     LIVES --libuv reaped it, or its pidfd says that it ended--> ENDED: whoever waits is woken, the handles close
 *       |
 *       +--the loop closes: the handles close, the child is left alone
 *
 * References are those of the waitable: the program's, one for each call in progress, and one for the handles until
 * libuv has closed them; so the memory outlives whatever libuv may still call.
 *
 * The loop's thread. */
#ifndef TT_PROCESS_INTERNAL_H
#define TT_PROCESS_INTERNAL_H

#include <sys/types.h>

#include <telltale/process.h>

#include "line.h"
#include "loop_internal.h"

struct tt_exchange; /* communicate.c */

struct tt_process {
    struct tt_waitable waitable;     /* first */
    struct tt_line line;             /* of tasks that wait for its end */
    tt_loop *loop;                   /* the waitable's */
    struct tt_process *next, **link; /* in the loop's list while its handles are open */
    uv_process_t child;
    uv_poll_t end;      /* on pidfd */
    int pidfd;          /* -1: the kernel has none */
    unsigned handles;   /* of these two, that libuv has not closed */
    pid_t pid;          /* 0: it was never started */
    int descriptors[3]; /* our ends of pipes, -1: none */
    int returncode;     /* once it has ended */
    bool has_ended;
    bool kill_on_cancel;
    bool was_killed;              /* by a cancellation: the loop's end waits for it */
    bool was_read[2];             /* stdout, stderr: to its end, by a call that communicated */
    struct tt_exchange *exchange; /* the call that communicates with it, or NULL */
};

/* Closes our end of the pipe NUMBER, if it is open. */
void tt__process_close_pipe(struct tt_process *process, int number);

/* A call at PROCESS ends with RC: kills the child if that was asked for. Returns RC. */
int tt__process_end_call(struct tt_process *process, int rc);

/* communicate.c: the child of EXCHANGE has ended, or its process object is destroyed. */
void tt__exchange_wake(struct tt_exchange *exchange);

#endif
