/* group_stage.h: what the tests of task groups have in common: tasks that follow a plan, and what came out of a group in one
 * line.
 *
 * Threads: one. */
#ifndef TT_TESTS_GROUP_STAGE_H
#define TT_TESTS_GROUP_STAGE_H

#include "stage.h"

#include <telltale/exc_group.h>

/* What a task does. Everything that is not set does not happen. */
struct plan {
    const char *label;            /* noted when it is cancelled, when it returns */
    int64_t sleep_ms;             /* sleeps so long, 0: one turn, */
    const tt_exc_type *raise;     /* and raises that */
    const tt_exc_type *on_cancel; /* raises that when it was cancelled in its sleep */
    int64_t cleanup_ms;           /* sleeps so long, in a cleanup, when it was cancelled */
    bool swallows;                /* returns when it was cancelled */
};

/* The coroutine; ARG is a struct plan. */
int follow(void *arg);

/* Spawns a task with a plan, that is copied, in GROUP; 0 or -1. */
#define spawn_plan(group, ...) spawn_copy((group), &(struct plan){__VA_ARGS__})
int spawn_copy(tt_group *group, const struct plan *plan);

/* Writes "[ValueError('x'), [KeyError('y')]]" for EXC, as snprintf does: a group in brackets, a BaseExceptionGroup with
 * "base" in front, another exception by its repr. */
size_t write_tree(const tt_exc *exc, char *out, size_t size);

/* Notes "LABEL: [ValueError, [KeyError]]" for what is pending, as write_tree does, and handles it. Returns
 * 0. */
int note_outcome(const char *label);

#endif
