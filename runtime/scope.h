/* scope.h: scopes of a task: timeouts and task groups, one inside of the other.
 *
 * A scope begins with an enter and ends with an exit, in the same task. The task has them in a stack:
 *
 *              enter                      exit
 *     (new) ------------> open, on top ------------> left ------> forgotten: the task enters another scope, or ends
 *                          |
 *                          +-- an outer one is exited, or the coroutine returns: closed as if exited there, and told
 *                          +-- the loop is closed over the task: let go of, nothing more runs
 *
 * Scopes and deferred functions end in the reverse order in which they came, whichever they are.
 *
 * Being left open is a mistake of the program. It is told, and loses nothing: the trace has it; and it is raised as
 * RuntimeError, unless an exception is on its way, which then says so in a note.
 *
 * Threads: the loop's thread. */
#ifndef TT_SCOPE_H
#define TT_SCOPE_H

#include "loop_internal.h"

struct tt_scope_ops {
    const char *name; /* for messages: "timeout" */
    /* The body is over, with what it raised pending. Does what the scope is for, may suspend. Returns as the body
     * would: 0 or more, or -1 with an exception pending. The scope is still open. */
    int (*exit)(struct tt_scope *scope, int rc, tt_site *site);
    /* The task will never go on: lets go of what others hold of the scope. */
    void (*abandon)(struct tt_scope *scope);
    /* What came out of it became the failure of its task: says which failures live on in that. NULL: none. */
    void (*tell_forwarded)(struct tt_scope *scope);
    void (*destroy)(struct tt_scope *scope); /* NULL: its memory is free()d */
};

/* The beginning of every scope. */
struct tt_scope {
    const struct tt_scope_ops *ops;
    struct tt_scope *next; /* open: the one around it; left: one that was left before */
    struct tt_task_object *task;
    const struct tt_defer *defers; /* deferred functions that its task had when it was entered */
    uint64_t id;
    uint64_t raised_id; /* the exception that came out of it, or that this became part of; 0: none, or not told */
    tt_site *site;      /* where it was entered */
    bool is_on_stack;   /* its memory is that of a frame of the task, which knows when it is over */
    bool is_left_open;  /* the program does not exit it */
    bool is_at_end;     /* the task's coroutine has returned: what comes out of it no code of the task gets */
};

/* The task that may enter a scope: the one that runs and may suspend. NULL with an exception pending: one that was pending already, or
 * RuntimeError, which says OTHERWISE where a loop runs but no such task. */
struct tt_task_object *tt__scope_task(tt_site *site, const char *otherwise);

/* SCOPE, whose ops are set, is the innermost of TASK, which runs, from now on. */
void tt__scope_enter(struct tt_scope *scope, struct tt_task_object *task, tt_site *site);

/* Exits SCOPE for a body that returned RC: first, as left open, whatever the task has entered inside of it. NULL: its
 * enter failed, or was not made because an exception was pending. Returns what the exit of ops does, -1 if anything is
 * pending. Preconditions scope_exit.own_task, scope_exit.entered. */
int tt__scope_exit(struct tt_scope *scope, int rc, tt_site *site);

/* The place and name are in the message. Closes the innermost scope of TASK, whose coroutine has returned RC. */
int tt__scope_close_left_open(struct tt_task_object *task, int rc, tt_site *site, bool is_at_end);

/* TASK will never go on: all of its scopes are let go of. */
void tt__scopes_abandon(struct tt_task_object *task);

/* TASK fails with EXC: says which failures live on in it by way of the scopes that it has left. */
void tt__scopes_tell_forwarded(struct tt_task_object *task, const tt_exc *exc);

/* The exception FROM_ID, which is on its way in TASK, has become part of TO_ID. */
void tt__scopes_passed_into(struct tt_task_object *task, uint64_t from_id, uint64_t to_id);

/* Frees the scopes that TASK has left. */
void tt__scopes_forget(struct tt_task_object *task);

/* The id of the scope around SCOPE, 0 if there is none. */
static inline uint64_t tt__scope_outer_id(const struct tt_scope *scope)
{
    return scope->next ? scope->next->id : 0;
}

#endif
