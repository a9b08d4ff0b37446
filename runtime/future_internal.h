/* future_internal.h: futures and tasks from the inside.
 *
 * Life of a future: pending, then once and for ever finished (with a value or an exception) or cancelled. When it gets
 * there its callbacks are pushed onto the loop's ready queue in the order of registration; an awaiting task is one of
 * them.
 *
 * References. `refs` counts everybody who can reach the future: handles of the program, callbacks that are scheduled,
 * an awaiting task, a gather, and for a task the loop until it ends. `handles` counts the program's share of them. The
 * last reference of a failed future is the moment of "never retrieved" (ledger.c).
 *
 * Who may touch what: everything only on the loop's thread. `log_traceback` is asyncio's bit and written by future.c
 * alone, following semantics rule by rule; the touch counts are the ledger's and written by ledger.c alone. */
#ifndef TT_FUTURE_INTERNAL_H
#define TT_FUTURE_INTERNAL_H

#include <telltale/future.h>

#include "context_internal.h"
#include "coro.h"
#include "exc_internal.h"
#include "ready.h"
#include "stack.h"
#include "timers.h"

enum tt_future_state { TT_FUTURE_PENDING, TT_FUTURE_FINISHED, TT_FUTURE_CANCELLED };

/* Takings of handles that are remembered until a failure makes them worth telling; older ones are overwritten. */
#define TT_TAKEN_PLACES 4

/* Who does something: the kind and its id, as events carry them. */
struct tt_who {
    uint8_t kind; /* enum tt_actor */
    uint64_t id;
};

/* What a task that awaits this future is shown to wait for; the object is the future's id unless said otherwise. */
struct tt_wait_label {
    uint8_t kind; /* enum tt_wait_kind */
    uint64_t object;
};

/* A registered done-callback. It is in the future's list until the future is done, then in the ready queue. */
struct tt_done_node {
    struct tt_ready ready;
    struct tt_done_node *next;
    tt_future *future; /* a reference while it is in the ready queue */
};

struct tt_done_list {
    struct tt_done_node *first;
    struct tt_done_node **end;
};

/* A request for cancellation on its way (cancel.c). A future that is pending and is asked gets it with IS_FIRST; it
 * does what it can by itself, and returns the next future to be asked, or NULL when ACCEPTED is its answer. Each future
 * that it returned brings the request back with that one's answer in ACCEPTED. */
struct tt_cancel {
    const char *message; /* may be NULL */
    tt_site *site;
    struct tt_who by; /* who asks; set by whoever returns a future to be asked */
    bool is_first;
    bool accepted;
    bool is_cycle; /* with an answer: the one asked was being asked already, so it will not wake anybody */
};

struct tt_future_ops {
    /* The last reference went: free what is beyond the future, and the memory. Of one on a stack: that goes, because the
     * task is abandoned, and the future will be finished. */
    void (*destroy)(tt_future *future);
    tt_future *(*cancel)(tt_future *future, struct tt_cancel *cancel); /* see struct tt_cancel */
    /* With has_circle, when a reference went that was not the last one: whether the future is to let go of what it
     * holds now. Then `leave` does that, once, when nothing else is being let go of. */
    bool (*is_left)(const tt_future *future);
    void (*leave)(tt_future *future);
};

struct tt_future {
    uint32_t refs;
    uint32_t handles;
    uint8_t state;           /* enum tt_future_state */
    uint8_t kind;            /* enum tt_object_kind */
    bool log_traceback;      /* asyncio's bit: the exception has not been retrieved */
    bool is_discarded;       /* tt_discard was called */
    bool is_failed_told;     /* failure_stored was emitted: from now on references are told too */
    bool is_being_cancelled; /* asked, and has not answered yet (cancel.c) */
    bool is_listed;          /* stands in the list that is being looked through: gather.c, wait.c, as_completed.c */
    bool has_circle;         /* what it left with other futures holds it, while it holds them: see ops->is_left */
    bool is_of_call;  /* made by the call that awaits it, whose reference goes with the task if that is abandoned */
    bool is_debug;    /* created in debug mode: created_site is shown */
    bool is_on_stack; /* its memory is the stack of the task that awaits it, and goes with that */
    tt_loop *loop;    /* a reference to the loop's memory; the loop may be closed */
    const struct tt_future_ops *ops;
    struct tt_done_list callbacks;
    uint64_t id;
    tt_site *created_site;
    struct tt_who creator;
    void *value;
    tt_free_fn *free_fn;
    tt_exc *exc; /* FINISHED: the exception or NULL; CANCELLED: what the next reader raises, or NULL: a new one */
    char *cancel_message; /* CANCELLED: text of CancelledErrors made for readers */
    struct tt_wait_label label;

    /* From here on: of those that were handed out, have failed, or are being cancelled. One on a stack, which is neither of
     * the first two, leaves it as it was there: see TT_FUTURE_ON_STACK_BYTES. */
    tt_future
        *link; /* while it is being cancelled: who asked it; once it leaves or is dying: the next one (future.c) */
    uint8_t failed_how;       /* enum tt_failure_how, once it has failed */
    uint8_t taken_next;       /* ring of the last takings */
    uint32_t exc_place_count; /* places that the exception had when it was stored */
    tt_site *taken[TT_TAKEN_PLACES];
    tt_site *released_site; /* where a handle was released last */
    uint32_t user_touch_count, library_touch_count, forward_count;
    tt_future *failed_next, **failed_link; /* once it has failed: the loop's list of failures (state_dump.c) */
};

/* How much of a future on a stack is made zero (tt__future_init_own): waits are made for every message of a server. */
#define TT_FUTURE_ON_STACK_BYTES offsetof(struct tt_future, link)

struct tt_defer; /* step.c */
struct tt_io;    /* io.h */
struct tt_scope; /* scope.h */

/* States of a task that is not done (asyncio's invariant: exactly one of the three holds):
 *
 *              push_step                     the coroutine awaits
 *   created ------------> SCHEDULED --run--> RUNNING -------------> WAITING
 *                            ^                  |                      |
 *                            +-- sleep(0) ------+                      |
 *                                               ^                      |
 *                                               +-- the wake-up runs --+
 *
 * WAITING: `waiter` is the future it awaits, a reference, with `wake` registered there or in the ready queue. In the other
 * states `waiter` is NULL. ENDED: the coroutine will not run any more; its stack is gone. await.c and step.c change the state. */
enum tt_task_phase { TT_TASK_SCHEDULED, TT_TASK_RUNNING, TT_TASK_WAITING, TT_TASK_ENDED };

struct tt_task_object {
    struct tt_future future; /* first: a task is a future */
    uint8_t phase;           /* enum tt_task_phase */
    uint8_t failure_how;     /* enum tt_failure_how, if it fails; set when the coroutine returns */
    bool has_started;        /* its coroutine has begun */
    bool must_cancel;        /* CancelledError is due at the next step */
    bool was_cancelled;      /* a CancelledError was delivered to it */
    bool no_destroy_message; /* a runner's: not told when destroyed pending */
    bool thrown_is_waiters;  /* `thrown` is what `waiter` failed with */
    bool owns_arg;           /* arg is a copy, freed with the task's end */
    bool is_waiting_for;     /* what it awaits it awaits in wait_for */
    bool passed_by_wait_for; /* passed_id was raised by wait_for */
    bool is_eager;           /* its first step is made, or being made, by the call that creates it */
    unsigned cancel_count;   /* asyncio's _num_cancels_requested */
    int saved_errno;
    uint64_t io_spent;        /* of what a step may do at once (io.h); 0 whenever it suspends */
    struct tt_io *turn_of;    /* SCHEDULED: the operation that gives others a turn before it begins; NULL: none */
    struct tt_ready step;     /* in the ready queue while SCHEDULED */
    struct tt_done_node wake; /* registered at `waiter` while WAITING */
    tt_future *waiter;
    tt_exc *thrown;     /* raised at the next step; owned */
    size_t stack_bytes; /* asked for; 0: default */
    tt_coro_fn *fn;
    void *arg;
    tt_drop_fn *drop;
    struct tt_defer *defers;      /* innermost first */
    struct tt_scope *scopes;      /* that it is in, innermost first (scope.c) */
    struct tt_scope *left_scopes; /* that it has left, which can be asked until it enters the next one */
    void *return_value;           /* of tt_return */
    tt_free_fn *return_free;
    char *cancel_text; /* message of the last request */
    char *name;        /* NULL: Task-<name_number> */
    uint32_t name_number;
    uint32_t stack_used_bytes;              /* as measured at its end, 0: it was not, */
    tt_context *context;                    /* NULL: nothing was set in it yet; see context_internal.h */
    tt_site *last_site;                     /* last place where it awaited, or was created */
    uint64_t passed_id;                     /* the failed future whose exception an await raised last, */
    uint64_t passed_exc_id;                 /* and that exception: if the task ends with it, it let it pass through */
    struct tt_task_object *previous, *next; /* the loop's list of tasks that are not done */
    /* accounting, in ticks, while tasks are traced */
    uint64_t ready_since, waits_since, step_began, busy, ready_total, longest_step;
    tt_site *step_site; /* last_site when the step began */
    uint32_t step_count;
    uint32_t stack_size_bytes; /* of so many */
    tt_board_slot *board;

    /* From here on, memory that is used again is not cleared as a whole: see allocate_task. */
    struct tt_coro coro;
    struct tt_exc_state exc_state;
    char number_name[16]; /* Task-<name_number>, made when first asked for */
};

static inline struct tt_task_object *tt__task(tt_future *future)
{
    return (struct tt_task_object *)future;
}

/* ------------------------------------------------------------------------------------------------ future.c */

/* Makes FUTURE, which is all zero, a pending future of LOOP with one reference and no handle, on behalf of CREATOR. The
 * memory is the caller's; OPS->destroy gets it back. */
void tt__future_init(tt_future *future, tt_loop *loop, enum tt_object_kind kind, const struct tt_future_ops *ops,
                     struct tt_who creator, tt_site *site);

/* The place that a handler is told as source_traceback: only what was created in debug mode tells it. */
static inline const tt_site *tt__future_source(const tt_future *future)
{
    return future->is_debug ? future->created_site : NULL;
}

/* Library references. unref may destroy, and so report: SITE is the place that is blamed for the last release. */
static inline tt_future *tt__future_ref(tt_future *future)
{
    future->refs++;
    return future;
}
void tt__future_unref_slowly(tt_future *future, tt_site *site);
static inline void tt__future_unref(tt_future *future, tt_site *site)
{
    if (__builtin_expect(future->refs > 1 && !future->has_circle, 1))
        future->refs--;
    else
        tt__future_unref_slowly(future, site);
}

/* A handle for the program on top of an existing reference (no new reference is taken). */
void tt__future_hand_out(tt_future *future, tt_site *site);

/* Completion of any future, tasks too; it must be pending. set_exception takes over no reference. */
void tt__future_finish_value(tt_future *future, void *value, tt_free_fn *free_fn);
void tt__future_finish_exception(tt_future *future, tt_exc *exc, enum tt_failure_how how);
/* EXC (may be NULL) becomes what the first reader raises; MESSAGE (may be NULL) is copied. */
void tt__future_finish_cancelled(tt_future *future, tt_exc *exc, const char *message);

/* cancel.c: cancels on behalf of BY, which the trace is told. True: accepted. */
bool tt__future_cancel(tt_future *future, const char *message, struct tt_who by, tt_site *site);

/* Future.cancel itself, for a future that waits for nobody. */
tt_future *tt__future_cancel_plain(tt_future *future, struct tt_cancel *cancel);

/* Lets go of the callbacks of FUTURE, which will never be done. */
void tt__future_discard_callbacks(tt_future *future);

/* Registers NODE, whose ready.ops are set; scheduled at once when FUTURE is done. */
void tt__future_add_node(tt_future *future, struct tt_done_node *node);
/* Where the program added NODE; NULL if the library did. */
const tt_site *tt__done_node_site(const struct tt_done_node *node);
/* What stands for a done-callback of the program that READY is; NULL if it is something else. */
const struct tt_handle *tt__done_callback_handle(const struct tt_ready *ready);
/* Takes NODE back if it is still in the list. */
bool tt__future_remove_node(tt_future *future, struct tt_done_node *node);
/* Takes NODE back if it is still in the list and schedules it although FUTURE is not done. */
void tt__future_schedule_early(tt_future *future, struct tt_done_node *node);

/* What result() raises, as a new reference: FUTURE has failed or was cancelled. Clears asyncio's bit. */
tt_exc *tt__future_take_exception(tt_future *future, tt_site *site);

/* Nodes of the library at futures of the program, which repr.c tells apart. */
extern const struct tt_ready_ops tt__shield_inner_ops, tt__shield_outer_ops; /* shield.c */
extern const struct tt_ready_ops tt__wait_node_ops;                          /* wait.c */
extern const struct tt_ready_ops tt__group_member_ops;                       /* task_group.c */
extern const struct tt_ready_ops tt__as_completed_node_ops;                  /* as_completed.c */

/* ------------------------------------------------------------------------------------------------ repr.c */

struct tt_exc_sink;

/* The reprs, whole. */
void tt__future_put_repr(struct tt_exc_sink *sink, const tt_future *future);
void tt__handle_put_repr(struct tt_exc_sink *sink, const struct tt_handle *handle);

/* The repr as a new string, for free; NULL when there is no memory. What then stands for it is the short one. */
char *tt__future_repr_new(const tt_future *future);
const char *tt__future_repr_short(const tt_future *future);

/* ------------------------------------------------------------------------------------------------ ledger.c */

/* Who acts now on LOOP's thread (LOOP may be NULL). */
struct tt_who tt__actor_now(const tt_loop *loop);

void tt__ledger_stored(tt_future *future, enum tt_failure_how how);
/* The place to name beside the raise, of FUTURE, which has failed; may be NULL. */
tt_site *tt__ledger_telling_site(const tt_future *future);
void tt__ledger_touched(tt_future *future, enum tt_touch_how how, bool is_user, tt_site *site);
void tt__ledger_touched_by(struct tt_who actor, tt_future *future, enum tt_touch_how how, bool is_user, tt_site *site);
void tt__ledger_forwarded(tt_future *from, uint64_t to_id, enum tt_forward_how how, tt_site *site);
void tt__ledger_taken(tt_future *future, tt_site *site);
void tt__ledger_released(tt_future *future, tt_site *site);
/* The last reference is going; emits what is due and calls the exception handler if asyncio would. FUTURE is alive
 * during the call. */
void tt__ledger_last_release(tt_future *future, tt_site *site);

/* ------------------------------------------------------------------------------------------- task.c, step.c, await.c */

/* Creates a task on behalf of CREATOR. With HAS_HANDLE the caller's reference is a handle; otherwise the task is
 * borrowed. */
tt_task *tt__task_create(tt_site *site, tt_coro_fn *fn, void *arg, const struct tt_task_options *options,
                         struct tt_who creator, bool has_handle);

extern const struct tt_ready_ops tt__task_step_ops, tt__task_wake_ops;

/* Makes the first step of TASK, which the caller holds and whose loop runs, now: inside of what runs, be it another
 * task. */
void tt__task_step_eagerly(struct tt_task_object *task);

/* Pushes the task's next step. */
void tt__task_push_step(struct tt_task_object *task);

/* Suspends the running task, which has been scheduled or registered somewhere, until it is resumed. 0, or -1 with what
 * was thrown into it pending. */
int tt__task_suspend(struct tt_task_object *task, tt_site *site);

/* Suspends TASK, which runs, until FUTURE of its own (tt__future_init_own), which is pending, is done. 0; -1 with an exception pending when it was
 * cancelled. */
int tt__task_await_own(struct tt_task_object *task, tt_future *future, tt_site *site);

/* Suspends the running TASK until FUTURE is done. 0 when it has a result; -1 when an exception is pending: FUTURE's
 * own, the task's cancellation. FUTURE needs no reference of the caller's. */
int tt__task_await(struct tt_task_object *task, tt_future *future, tt_site *site);

/* The same for any FUTURE that the program names: itself, and a pending one of another loop, raise RuntimeError. */
int tt__task_await_any(struct tt_task_object *task, tt_future *future, tt_site *site);

tt_future *tt__task_cancel(tt_future *future, struct tt_cancel *cancel);

/* The loop is closing: ends TASK, which is pending, as abandoned. */
void tt__task_abandon(struct tt_task_object *task, tt_site *site);

/* What TASK waited for is done: it stands in the ready queue from now on. For its accounting and the board. */
void tt__task_account_woken(struct tt_task_object *task);
static inline void tt__task_woken(struct tt_task_object *task)
{
    if (tt_trace_on(TT_CATEGORY_task))
        tt__task_account_woken(task);
}

#endif
