/* loop_internal.h: the loop from the inside.
 *
 * A turn runs in a uv_check, after libuv has polled: timers that are due are moved behind what is ready, and what was
 * ready then is run. A uv_idle is active while something is ready, so that the poll does not block, and one uv_timer
 * wakes the poll for the earliest deadline. The loop of libuv is the loop's own, or the program's (guest.c). libuv's own timers and callbacks run where libuv has them; everything of
 * asyncio's goes through the ready queue.
 *
 * Two lives: the loop is open from create to close; its memory lives until the last future that belongs to it is gone,
 * since a failure that is released after the loop was closed still goes to the loop's handler. */
#ifndef TT_LOOP_INTERNAL_H
#define TT_LOOP_INTERNAL_H

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <uv.h>

#include <telltale/loop.h>

#include "future_internal.h"
#include "ready.h"
#include "state_dump.h"
#include "timers.h"

struct tt_watch;           /* watch.h */
struct tt_signal_handler;  /* signals.c */
struct tt_signal_listener; /* signal_wait.c */
struct tt_recallable;      /* recall.c */
struct tt_process;         /* process_internal.h */

/* A callback of the program: in the ready queue, in the heap, or held only by the program. */
struct tt_handle {
    struct tt_ready ready;
    struct tt_timer timer;
    uint32_t refs; /* the queue's, and the program's if it asked for the handle */
    bool is_cancelled;
    bool is_timer;
    bool is_debug;       /* created in debug mode */
    int64_t when_ns;     /* of a timer */
    struct tt_who actor; /* who acts while it runs: a callback, or a signal with its number */
    tt_loop *loop;
    tt_callback_fn *fn;
    void *arg;
    tt_drop_fn *drop;    /* called with ARG when the loop closes before it ran; NULL: nothing to do */
    tt_site *site;       /* where it was scheduled; its text names the function */
    tt_context *context; /* it runs in it; NULL: nothing was set in it yet */
};

struct tt_host_call { /* something that a task has the loop's stack do for it */
    void (*fn)(void *arg);
    void *arg;
};

/* What a simulation has a loop call (tests/simulation). Programs cannot ask for it; a loop that has none looks once a turn. */
struct tt_loop_probe {
    /* The first turn_left entries of the queue are the turn. It may put the queue into another order, and make the turn shorter. */
    void (*begin_turn)(tt_loop *loop);
    void (*ran)(tt_loop *loop); /* an entry has run */
};

struct tt_loop {
    uint32_t refs; /* one for being open, one for each future */
    bool is_closing, is_closed, is_running, is_stopping;
    bool has_eager_tasks; /* tt_loop_set_eager_tasks */
    uint64_t id;
    tt_site *created_site;

    uv_loop_t *uv; /* where it polls: own_uv, or the program's (guest.c) */
    uv_loop_t own_uv;
    uv_prepare_t prepare;
    uv_check_t check;
    uv_idle_t idle;
    uv_timer_t alarm;
    uv_async_t wake;
    bool is_guest;         /* the program runs libuv's loop */
    bool is_outside;       /* of a guest, between two turns: what becomes ready has to keep libuv's loop going */
    unsigned open_handles; /* of a guest that was detached, that libuv has not closed */

    struct tt_ready_queue ready;
    size_t turn_left; /* entries of the queue that belong to the turn at hand */
    const struct tt_loop_probe *probe; /* NULL: nobody looks */
    struct tt_timers timers;
    struct tt_task_object *first_task, *last_task; /* not done, in order of creation */
    size_t task_count;
    struct tt_task_object *free_tasks; /* task.c: memory for the next ones */
    size_t free_task_count;

    struct tt_coro home;            /* the loop's own stack */
    struct tt_task_object *current; /* the running task, NULL while the loop itself runs */
    struct tt_host_call host_call;  /* set by a task that switched home for it */
    struct tt_who actor;            /* who acts while no task runs */
    bool is_at_home;                /* the running task has the loop's stack do something */
    tt_exc *fatal;                  /* KeyboardInterrupt or SystemExit on its way out of run_forever; owned */
    tt_future *run_for;             /* what run_until_complete waits for; borrowed */
    tt_site *run_site;              /* where the run was asked for */
    struct tt_loop_dump dump;
    uint64_t clock;      /* last reading of tt_trace_clock() in this turn; 0: read anew */
    uint64_t turn_ended; /* while turns are traced: when the last one did, or the run began; 0: not known */

    tt_exception_handler_fn *handler;
    void *handler_arg;

    struct tt_watch **watches;            /* by descriptor */
    size_t watch_count;                   /* length of that array */
    struct tt_watch *idle_watches;        /* watch.c: put right at the end of the turn */
    struct tt_watch *unconfirmed_watches; /* watch.c: confirmed some milliseconds later */
    struct tt_watch *fresh_watches;       /* watch.c: armed since the last poll, looked at right before the next */
    int64_t confirm_at_ns;                /* when, while there are some; 0: not set */
    bool has_connected;                   /* its tasks are clients, perhaps of its own servers (sock.c) */
    struct tt_signal_handler *signal_handlers;
    struct tt_signal_listener *signal_listeners; /* signal_wait.c */
    struct tt_process *processes;                /* process.c: children of which libuv knows */
    struct tt_recallable *recallable_futures;    /* recall.c: those that are pending */

    void *alternate_stack; /* stack_overflow.c: for signals on the thread that runs it; NULL: none was needed */
    bool has_lent_stack;   /* the thread has it now */

    size_t work_count;        /* executor.c: functions on threads that have not been let go of */
    bool is_executor_shut;    /* no more of them */
    tt_future *idle_executor; /* completed when that count gets to zero; borrowed, NULL: nobody waits for it */

    bool is_debug;                   /* debug.c: the mode is on */
    int64_t slow_ns;                 /* what lasts as long is told: asyncio's slow_callback_duration */
    const tt_site *running_site;     /* in debug mode: where what runs now was scheduled; NULL: not known */
    _Atomic uint64_t running_thread; /* kernel id of the thread on which it runs; 0: it does not. Read by any thread */
    uint64_t run_began_ticks;        /* stall.c: the trace's clock when the run began; 0: not traced then */
    int64_t run_began_ns;            /* and the real one */

    bool is_virtual;          /* virtual_time.c: its clock jumps */
    int64_t virtual_ns;       /* what that shows */
    int64_t blocked_since_ns; /* the real clock when a virtual loop's poll began to block; 0: it does not */
    int64_t blocked_until_ns; /* what the clock must not pass meanwhile */

    pthread_mutex_t inbox_mutex; /* guards the two below: callbacks from other threads */
    struct tt_ready_queue inbox;
    bool inbox_is_closed;
    _Atomic bool
        inbox_is_filled; /* written with the mutex, read without: whatever becomes ready comes after what was sent before */
};

/* loop.c, for guest.c: a loop on HOST (NULL: on one of its own), a run of it from its beginning to its end, and what closing
 * does before and after the handles close. */
tt_loop *tt__loop_create(tt_site *site, uv_loop_t *host);
void tt__loop_begin_run(tt_loop *loop, tt_site *site);
int tt__loop_end_run(tt_loop *loop);
void tt__loop_shut(tt_loop *loop, tt_site *site, uint32_t *out_pending_count);
void tt__loop_tell_closed(tt_loop *loop, tt_site *site, uint32_t pending_count);

/* Lets the next poll block exactly as long as nothing has to be run. */
void tt__loop_prepare_poll(tt_loop *loop);

/* Something became ready or due between two turns of a guest. */
void tt__loop_poke_guest(tt_loop *loop);
static inline void tt__loop_poke(tt_loop *loop)
{
    if (__builtin_expect(loop->is_outside, 0))
        tt__loop_poke_guest(loop);
}

/* guest.c: a poll of a guest is next, a turn of it has ended. */
void tt__guest_begin_poll(tt_loop *loop);
void tt__guest_end_turn(tt_loop *loop);

/* The loop that runs on this thread, or NULL. */
extern __thread tt_loop *tt__running_loop __attribute__((tls_model("initial-exec")));

/* Of this thread: while it is not zero nobody may suspend, because a function of the program runs inside of the
 * library, which could not go on; and how many exception handlers run, one inside of the other. */
extern __thread unsigned tt__no_suspend __attribute__((tls_model("initial-exec")));
extern __thread unsigned tt__handler_depth __attribute__((tls_model("initial-exec")));

/* First steps of eager tasks and exception handlers stand on the stack of the loop, one inside of the other. So many of
 * them may at once, on a thread: as many as Python has frames. Each takes less than 4 KiB of the 8 MiB that a stack usually
 * has, what the program itself puts there apart. */
#define TT_RECURSION_MAX  1000
#define TT_RECURSION_TEXT "maximum recursion depth exceeded" /* of the RecursionError that is the next one's */
extern __thread unsigned tt__recursion_depth __attribute__((tls_model("initial-exec")));

/* Whether there is more to do for what becomes ready than to push it. */
static inline bool tt__loop_is_special(const tt_loop *loop)
{
    return __builtin_expect(
        loop->is_closed || loop->is_outside || atomic_load_explicit(&loop->inbox_is_filled, memory_order_acquire), 0);
}

/* Something became ready: the next poll does not block. On a closed loop READY is discarded at once. */
void tt__loop_push_slowly(tt_loop *loop, struct tt_ready *ready);
static inline void tt__loop_push(tt_loop *loop, struct tt_ready *ready)
{
    if (tt__loop_is_special(loop))
        tt__loop_push_slowly(loop, ready);
    else
        tt__ready_push(&loop->ready, ready);
}

/* Takes READY out of the queue if it is there, for those whose memory goes. Slow: looks through the queue. */
void tt__loop_withdraw(tt_loop *loop, struct tt_ready *ready);

/* The loop's last reading of the trace's clock in this turn, or a new one. */
static inline uint64_t tt__loop_clock(tt_loop *loop)
{
    if (!loop->clock)
        loop->clock = tt_trace_clock();
    return loop->clock;
}

/* 0 if all of FUTURES belong to LOOP; otherwise -1 with ValueError pending. */
int tt__loop_has_all(const tt_loop *loop, tt_future *const *futures, size_t count, tt_site *site);

/* DURATION_NS, which may be negative, from now, in tt_loop_time; the end of time if that is beyond it. */
static inline int64_t tt__loop_deadline(const tt_loop *loop, int64_t duration_ns)
{
    int64_t now_ns = tt_loop_time(loop);

    return duration_ns > INT64_MAX - now_ns ? INT64_MAX : now_ns + duration_ns;
}

/* How many loops of this process are open. Any thread. */
unsigned tt__loop_count(void);

static inline tt_loop *tt__loop_ref(tt_loop *loop)
{
    loop->refs++;
    return loop;
}
void tt__loop_free(tt_loop *loop);
static inline void tt__loop_unref(tt_loop *loop)
{
    assert(loop->refs > 0 && "a reference is released once");
    if (--loop->refs == 0)
        tt__loop_free(loop);
}

/* Frees what a future owns, not its memory; takes it out of the ledger if it failed. Part of every destroy. */
void tt__future_let_go(tt_future *future);
static inline void tt__future_finish(tt_future *future)
{
    if (future->callbacks.first || future->free_fn || future->is_failed_told || future->exc || future->cancel_message)
        tt__future_let_go(future);
    tt__loop_unref(future->loop);
}

/* Makes FUTURE, which lies on the stack of TASK and which nobody else awaits, a pending future that is shown as LABEL. It
 * has neither id nor creator, since nobody hears of it, and no reference to the loop, since TASK has. What completes it has
 * no value. OPS->destroy is for when TASK is abandoned; tt__future_finish_own ends it in any case. */
static inline void tt__future_init_own(tt_future *future, const struct tt_task_object *task,
                                       const struct tt_future_ops *ops, struct tt_wait_label label, tt_site *site)
{
    memset(future, 0, TT_FUTURE_ON_STACK_BYTES);
    future->refs = 1;
    future->state = TT_FUTURE_PENDING;
    future->kind = TT_OBJECT_KIND_FUTURE;
    future->is_debug = task->future.loop->is_debug;
    future->is_on_stack = true;
    future->loop = task->future.loop;
    future->ops = ops;
    future->callbacks.end = &future->callbacks.first;
    future->created_site = site;
    future->label = label;
}
static inline void tt__future_finish_own(tt_future *future)
{
    if (future->state != TT_FUTURE_FINISHED)
        tt__future_let_go(future);
}

/* The task that runs on this thread and may suspend; NULL with an exception pending if there is none, or one was
 * pending already. */
int tt__task_refuse_to_suspend(tt_site *site);
static inline struct tt_task_object *tt__task_that_may_suspend(tt_site *site)
{
    tt_loop *loop = tt__running_loop;

    if (__builtin_expect(!loop || !loop->current || tt__no_suspend || tt__exc_state_now()->pending, 0)) {
        tt__task_refuse_to_suspend(site);
        return NULL;
    }
    loop->current->last_site = site;
    return loop->current;
}

/* Stops run_forever with EXC (a new reference) raised out of it; only the first one counts: true. */
bool tt__loop_set_fatal(tt_loop *loop, tt_exc *exc);

/* Runs FN(ARG) on the stack of the loop that runs on this thread, also when a task is running; without one, where it is
 * called. */
void tt__loop_run_at_home(void (*fn)(void *arg), void *arg);

/* task.c: frees the memory that waits for new tasks. */
void tt__task_pool_drain(tt_loop *loop);

/* handle.c: a handle with one reference, in no queue, that will run in a copy of the current context. NULL with
 * MemoryError pending. */
tt_handle *tt__handle_create(tt_loop *loop, tt_callback_fn *fn, void *arg, tt_site *site);
/* tt_loop_call_soon_threadsafe with a DROP that gets ARG, on the loop's thread, when the loop closes before FN ran. 0,
 * -ENOMEM or -ECANCELED. Any thread. */
int tt__loop_send(tt_site *site, tt_loop *loop, tt_callback_fn *fn, void *arg, tt_drop_fn *drop);
/* Pushes HANDLE, taking over a reference. */
void tt__handle_push(tt_handle *handle);
/* tt_handle_unref for those of the library; HANDLE is not NULL. */
void tt__handle_free(tt_handle *handle);
static inline void tt__handle_unref(tt_handle *handle)
{
    if (--handle->refs == 0)
        tt__handle_free(handle);
}
extern const struct tt_ready_ops tt__handle_ops;

/* Runs FN(ARG) as a callback of the loop: an exception goes to the handler with HANDLE, exit-class ones out of the
 * loop. */
void tt__loop_run_callback(tt_loop *loop, tt_callback_fn *fn, void *arg, tt_site *site, tt_handle *handle,
                           tt_future *raised_again);

/* Runs FN(ARG), a function of the program that frees or drops ARG. It cannot suspend, and what it raises goes to the
 * handler; the second one is for another kind of function, and says which in MESSAGE. */
void tt__loop_run_release(tt_loop *loop, void (*fn)(void *arg), void *arg);
void tt__loop_run_guarded(tt_loop *loop, void (*fn)(void *arg), void *arg, const char *message);

/* handler.c: what the other files tell a handler. */
void tt__handler_report_never_retrieved(tt_future *future, tt_site *site);

/* debug.c: whether the environment asks for debug mode. */
bool tt__debug_wanted(void);
/* Runs READY, and tells when that took too long. */
void tt__debug_run(tt_loop *loop, struct tt_ready *ready);
/* 0, or -1 with RuntimeError pending when LOOP, in debug mode, runs on another thread than this. Any thread. */
int tt__debug_check_thread_slowly(tt_site *site, const tt_loop *loop);
static inline int tt__debug_check_thread(tt_site *site, const tt_loop *loop)
{
    return loop->is_debug ? tt__debug_check_thread_slowly(site, loop) : 0;
}

/* stack_overflow.c: a run of LOOP on this thread begins, ends; LOOP is closed. */
void tt__stack_overflow_begin(tt_loop *loop);
void tt__stack_overflow_end(tt_loop *loop);
void tt__stack_overflow_close(tt_loop *loop);
/* Says on stderr and to the trace that TASK overflowed its stack. In a signal handler too. */
void tt__stack_overflow_tell(struct tt_task_object *task);

/* stall.c: a run begins. */
void tt__stall_begin_run(tt_loop *loop);
/* BY has just run for TICKS of the trace's clock, at least loop->slow_ns of them: it went on at SITE and suspended at
 * END_SITE (may be NULL). */
void tt__stall_check(tt_loop *loop, uint64_t ticks, struct tt_who by, tt_site *site, tt_site *end_site);

/* virtual_time.c: nobody is ready on LOOP, which is virtual, and its next timer is due at WHEN_NS (INT64_MAX: there is
 * none). True: the clock has jumped there, or the run ends as stuck, and the poll must not block. False: it shall. */
bool tt__virtual_time_pass(tt_loop *loop, int64_t when_ns);
/* A poll that was allowed to block has ended. */
void tt__virtual_time_poll_ended(tt_loop *loop);

/* watch.c, signals.c: everything of theirs, when the loop closes. */
void tt__watches_close(tt_loop *loop);
void tt__watches_end_turn(tt_loop *loop);
void tt__watches_confirm(tt_loop *loop);
/* What the next poll would fail on is no longer polled. IS_LAST_TIME: nothing comes in between. */
void tt__watches_check_fresh(tt_loop *loop, bool is_last_time);
void tt__signal_handlers_close(tt_loop *loop);

/* recall.c: cancels the futures whose operations are still under way, which recalls these. */
void tt__recallables_close(tt_loop *loop);

/* signal_wait.c: nobody listens any more. */
void tt__signal_listeners_close(tt_loop *loop);
/* signals.c: whether there is such a signal; those that the C library keeps for itself are none. */
bool tt__signal_is_valid(int number);

/* process.c: lets go of the children, which live on. */
void tt__processes_close(tt_loop *loop);

/* The handler of SIGNAL_NUMBER is not what the loop is kept waiting for: a runner's. */
void tt__signal_handler_unref(tt_loop *loop, int signal_number);

#endif
