/* step.c: how a task runs: one step after the other on the loop, until its coroutine returns.
 *
 * A step resumes the coroutine, on its own stack, and comes back when it suspends or ends. This is the only file that
 * switches to a task; await.c switches back. What the coroutine's end means, a value, a failure, a cancellation, is
 * decided here in one place: complete().
 *
 * The loop's thread. From: asyncio's Task.__step and Task.__wakeup (the side of the loop). */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "io.h"
#include "loop_internal.h"
#include "precond.h"
#include "scope.h"

struct tt_defer {
    struct tt_defer *next; /* the one deferred before */
    tt_coro_fn *fn;
    void *arg;
};

/* ------------------------------------------------------------------------------------------------------- accounting */

/* A slot of the board comes with the first suspension: until then a task's events say it all, and many never suspend. */
static void claim_slot(struct tt_task_object *task)
{
    tt_future *future = &task->future;

    task->board = tt_board_claim(future->id, future->creator.kind == TT_ACTOR_TASK ? future->creator.id : 0,
                                 future->loop->id, future->created_site, task->name, task->name_number);
}

/* Publishes on the board what TASK does since the last reading of the clock. Inline, because each who calls it knows STATE. */
static inline __attribute__((always_inline)) void show(struct tt_task_object *task, enum tt_task_state state)
{
    bool is_waiting = state == TT_TASK_STATE_WAITING;
    struct tt_board_entry entry;

    if (!task->board)
        return;
    entry = (struct tt_board_entry){
        .state = (uint8_t)state,
        .wait_kind = is_waiting ? task->waiter->label.kind : TT_WAIT_KIND_NONE,
        .wait_object = is_waiting ? task->waiter->label.object : 0,
        .wait_site = is_waiting ? task->last_site : NULL,
        .since = tt__loop_clock(task->future.loop),
        .step_count = task->step_count,
        .busy = task->busy,
        .ready = task->ready_total,
    };
    tt_board_write(task->board, &entry);
}

/* Out of line, so that the way of those who do not trace steps stays as short as it was. */
static __attribute__((noinline, cold)) void tell_woken(const struct tt_task_object *task, struct tt_who by)
{
    const tt_future *waiter = task->waiter;

    if (waiter && waiter->kind == TT_OBJECT_KIND_TASK && waiter->state != TT_FUTURE_PENDING)
        by = (struct tt_who){TT_ACTOR_TASK, waiter->id}; /* it ended, which was the last thing that it did */
    TT_EMIT_AT(task->ready_since, task_woken, .task_id = task->future.id, .by = by.kind, .by_id = by.id);
}

static __attribute__((noinline, cold)) void tell_resumed(const struct tt_task_object *task)
{
    TT_EMIT_AT(task->step_began, task_resumed, .task_id = task->future.id, .step_number = task->step_count);
}

static __attribute__((noinline, cold)) void tell_suspended(const struct tt_task_object *task)
{
    bool is_waiting = task->phase == TT_TASK_WAITING;
    struct tt_wait_label label = is_waiting ? task->waiter->label : (struct tt_wait_label){TT_WAIT_KIND_NONE, 0};

    TT_EMIT_AT(task->future.loop->clock, task_suspended, .task_id = task->future.id, .wait_kind = label.kind,
               .wait_object = label.object, .wait_site = task->last_site,
               .state = is_waiting ? TT_TASK_STATE_WAITING : TT_TASK_STATE_READY);
}

void tt__task_account_woken(struct tt_task_object *task)
{
    if (__builtin_expect(task->step_began != 0, 0)) /* it has not suspended yet: see account_end */
        return;
    task->ready_since = tt__loop_clock(task->future.loop);
    show(task, TT_TASK_STATE_READY);
    if (tt_trace_steps_on(task->future.id))
        tell_woken(task, tt__actor_now(task->future.loop));
}

/* TASK, whose step has ended, began to wait when a cancellation was due: it has been woken, by itself. */
static __attribute__((noinline, cold)) void account_woken_at_once(struct tt_task_object *task)
{
    task->ready_since = task->future.loop->clock;
    show(task, TT_TASK_STATE_READY);
    if (tt_trace_steps_on(task->future.id))
        tell_woken(task, (struct tt_who){TT_ACTOR_TASK, task->future.id});
}

/* A step begins, in the instant in which the one before it in this turn ended. Out of line, for those who do not trace. */
static __attribute__((noinline)) void account_beginning(struct tt_task_object *task)
{
    task->step_began = tt__loop_clock(task->future.loop);
    task->step_site = task->last_site;
    if (task->ready_since > tt_trace_tasks_since && task->step_began > task->ready_since)
        task->ready_total += task->step_began - task->ready_since;
    task->ready_since = 0;
    task->step_count++;
    show(task, TT_TASK_STATE_RUNNING);
    if (tt_trace_steps_on(task->future.id))
        tell_resumed(task);
}

/* A step ended: the only reading of the clock that it needs. */
static __attribute__((noinline)) void account_end(struct tt_task_object *task)
{
    tt_loop *loop = task->future.loop;
    uint64_t took;

    loop->clock = tt_trace_clock();
    took = loop->clock > task->step_began ? loop->clock - task->step_began : 0;
    task->step_began = 0;
    task->busy += took;
    if (took > task->longest_step)
        task->longest_step = took;
    if (__builtin_expect(took >= (uint64_t)loop->slow_ns, 0))
        tt__stall_check(loop, took, (struct tt_who){TT_ACTOR_TASK, task->future.id}, task->step_site,
                        task->phase == TT_TASK_ENDED ? NULL : task->last_site);
    if (task->phase == TT_TASK_ENDED)
        return;
    if (!task->board)
        claim_slot(task);
    if (task->phase == TT_TASK_WAITING) {
        task->waits_since = loop->clock;
        show(task, TT_TASK_STATE_WAITING);
    } else if (task->phase == TT_TASK_SCHEDULED) {
        task->ready_since = loop->clock;
        show(task, TT_TASK_STATE_READY);
    }
    if (tt_trace_steps_on(task->future.id))
        tell_suspended(task);
    if (__builtin_expect(task->wake.ready.is_queued, 0))
        account_woken_at_once(task);
}

static void end_accounting(struct tt_task_object *task)
{
    if (task->step_began)
        account_end(task);
}

/* ---------------------------------------------------------------------------------------------------- the coroutine */

/* Makes what the coroutine returned, RC, and what is pending agree: a failure always has an exception. Returns how the
 * task fails if it fails. */
static enum tt_failure_how settle_return(struct tt_task_object *task, int rc)
{
    tt__exc_state_close_handlings(&task->exc_state);
    if (rc >= 0)
        return task->exc_state.pending ? TT_FAILURE_HOW_IGNORED : TT_FAILURE_HOW_RAISED;
    if (task->exc_state.pending)
        return TT_FAILURE_HOW_RAISED;
    tt_raise_at(task->last_site, &tt_RuntimeError, "%s() returned %d with no exception pending",
                task->future.created_site->text ? task->future.created_site->text : "the coroutine", rc);
    return TT_FAILURE_HOW_MISSING;
}

static void run_innermost_defer(struct tt_task_object *task)
{
    struct tt_defer *defer = task->defers;
    tt_coro_fn *fn = defer->fn;
    void *arg = defer->arg;

    task->defers = defer->next;
    free(defer);
    tt_cleanup_begin();
    if (fn(arg) < 0 && !tt_exc_pending())
        tt_raise_at(task->last_site, &tt_RuntimeError, "a deferred function returned -1 with no exception pending");
    (void)!tt_cleanup_end(); /* what is pending then is not lost */
}

/* The coroutine has returned RC: deferred functions and scopes that it left open end, the last one first. */
static void unwind(struct tt_task_object *task, int rc)
{
    while (task->defers || task->scopes) {
        if (task->scopes && task->scopes->defers == task->defers)
            rc = tt__scope_close_left_open(task, rc, task->last_site, true);
        else
            run_innermost_defer(task);
    }
}

int tt_defer(tt_coro_fn *fn, void *arg)
{
    tt_loop *loop = tt__running_loop;
    struct tt_defer *defer;

    TT_PRECOND("defer.in_task", NULL, loop != NULL && loop->current != NULL && tt__no_suspend == 0);
    TT_PRECOND("defer.function", NULL, fn != NULL);
    defer = malloc(sizeof *defer);
    if (!defer) {
        tt_raise(&tt_MemoryError, "no memory for a deferred function");
        tt_cleanup_begin();
        (void)fn(arg);
        return tt_cleanup_end();
    }
    *defer = (struct tt_defer){.next = loop->current->defers, .fn = fn, .arg = arg};
    loop->current->defers = defer;
    return 0;
}

/* What a coroutine's stack begins with. */
static void run_coroutine(void *arg)
{
    struct tt_task_object *task = arg;
    int rc = task->fn(task->arg);

    task->failure_how = settle_return(task, rc);
    if (task->defers || task->scopes)
        unwind(task, task->exc_state.pending ? -1 : 0);
    task->phase = TT_TASK_ENDED;
    tt__coro_exit(&task->coro, &task->future.loop->home);
}

/* ------------------------------------------------------------------------------------------------------- completion */

/* The argument of a coroutine that never ran goes to whoever was named for it; a copy is freed in any case. */
static void let_go_of_arg(struct tt_task_object *task)
{
    if (!task->has_started && task->drop)
        tt__loop_run_release(task->future.loop, task->drop, task->arg);
    task->drop = NULL;
    if (task->owns_arg)
        free(task->arg);
    task->owns_arg = false;
}

static void unlink_task(struct tt_task_object *task)
{
    tt_loop *loop = task->future.loop;

    if (loop->dump.next_task == task)
        loop->dump.next_task = task->next;
    if (task->previous)
        task->previous->next = task->next;
    else
        loop->first_task = task->next;
    if (task->next)
        task->next->previous = task->previous;
    else
        loop->last_task = task->previous;
    task->previous = task->next = NULL;
    loop->task_count--;
}

static void tell_finished(struct tt_task_object *task, enum tt_outcome outcome)
{
    uint64_t time = task->future.loop->clock;

    TT_EMIT_AT(time, task_finished, .task_id = task->future.id, .busy = task->busy, .ready = task->ready_total,
               .longest_step = task->longest_step, .step_count = task->step_count, .outcome = (uint8_t)outcome,
               .stack_used_bytes = task->stack_used_bytes, .stack_bytes = task->stack_size_bytes);
    if (task->future.refs > 1 || task->future.callbacks.first) /* somebody will still see it */
        show(task, TT_TASK_STATE_DONE);
}

static void complete_returned(struct tt_task_object *task)
{
    tt_future *future = &task->future;

    if (task->must_cancel) { /* cancelled in its last step */
        task->must_cancel = false;
        TT_EMIT(cancel_delivered, .task_id = future->id, .site = task->last_site);
        tell_finished(task, TT_OUTCOME_CANCELLED);
        tt__future_finish_cancelled(future, NULL, task->cancel_text);
        return;
    }
    if (task->was_cancelled && task->cancel_count)
        TT_EMIT(cancel_swallowed, .task_id = future->id, .request_count = task->cancel_count);
    tell_finished(task, TT_OUTCOME_RETURNED);
    tt__future_finish_value(future, task->return_value, task->return_free);
    task->return_free = NULL;
}

static void complete_failed(struct tt_task_object *task, tt_exc *exc)
{
    tt_future *future = &task->future;

    if (task->was_cancelled && task->cancel_count)
        TT_EMIT(cancel_converted, .task_id = future->id, .exception_id = tt_exc_id(exc));
    tell_finished(task, TT_OUTCOME_FAILED);
    tt__future_finish_exception(future, exc, (enum tt_failure_how)task->failure_how);
    if (task->passed_exc_id == tt_exc_id(exc))
        TT_EMIT(failure_forwarded, .failure_id = task->passed_id, .to_id = future->id,
                .how = task->passed_by_wait_for ? TT_FORWARD_HOW_WAIT_FOR : TT_FORWARD_HOW_AWAIT,
                .site = task->last_site);
    if (task->left_scopes)
        tt__scopes_tell_forwarded(task, exc);
    if (task->is_eager || tt_exc_is(exc, &tt_Exception))
        return;
    if (tt_exc_is(exc, &tt_SystemExit) || tt_exc_is(exc, &tt_KeyboardInterrupt)) /* stored, and out of the loop */
        if (tt__loop_set_fatal(future->loop, exc) && !task->no_destroy_message)  /* who runs the loop receives it */
            tt__ledger_touched(future, TT_TOUCH_HOW_RUNNER, true, task->last_site);
}

/* The coroutine has ended, or will never begin: TASK gets its outcome and leaves the loop. May free it. */
static __attribute__((noinline)) void complete(struct tt_task_object *task)
{
    tt_exc *exc = tt__exc_state_take(&task->exc_state);
    /* If the program has let go of its handle before, that place is to blame for the last release. */
    tt_site *site = task->future.released_site ? task->future.released_site : task->last_site;

    task->phase = TT_TASK_ENDED;
    if (tt_trace_on(TT_CATEGORY_stack))
        task->stack_used_bytes = tt__stack_measure_end(task->coro.stack, &task->stack_size_bytes);
    tt__coro_finish(&task->coro);
    let_go_of_arg(task);
    unlink_task(task);
    if (!exc) {
        complete_returned(task);
    } else if (tt_exc_is(exc, &tt_CancelledError)) {
        tell_finished(task, TT_OUTCOME_CANCELLED);
        tt__future_finish_cancelled(&task->future, exc, NULL);
    } else {
        complete_failed(task, exc);
    }
    if (exc)
        tt_exc_unref(exc);
    if (task->left_scopes)
        tt__scopes_forget(task);
    if (task->return_free)
        tt__loop_run_release(task->future.loop, task->return_free, task->return_value);
    task->return_free = NULL;
    tt__future_unref(&task->future, site);
}

/* ---------------------------------------------------------------------------------------------------------- the step */

static inline void check_canary(struct tt_task_object *task)
{
    if (tt__stack_canary_ok(task->coro.stack))
        return;
    tt__stack_overflow_tell(task);
    abort();
}

/* Runs TASK on its own stack until it suspends or ends, and does for it what it asks the loop's stack to do. */
static inline __attribute__((always_inline)) void resume(struct tt_task_object *task)
{
    tt_loop *loop = task->future.loop;
    tt_context **outer_place = tt__context_enter(&task->context);
    struct tt_exc_state *outer;

    task->phase = TT_TASK_RUNNING;
    loop->current = task;
    outer = tt__exc_state_swap(&task->exc_state);
    for (;;) {
        struct tt_host_call call;

        tt__coro_switch(&loop->home, &task->coro);
        check_canary(task);
        call = loop->host_call;
        if (!call.fn)
            break;
        loop->host_call = (struct tt_host_call){0};
        loop->is_at_home = true;
        call.fn(call.arg);
        loop->is_at_home = false;
    }
    tt__exc_state_swap(outer);
    loop->current = NULL;
    tt__context_leave(outer_place);
}

/* The first step: the coroutine gets its stack. Without memory it fails, and never runs. */
static __attribute__((noinline)) bool begin(struct tt_task_object *task)
{
    struct tt_stack *stack;

    if (task->thrown) { /* cancelled before: its body never runs */
        tt__exc_state_set(&task->exc_state, task->thrown);
        task->thrown = NULL;
        return false;
    }
    stack = tt__stack_acquire(task->stack_bytes);
    if (!stack) {
        struct tt_exc_state *outer = tt__exc_state_enter(&task->exc_state);

        tt_raise_at(task->future.created_site, &tt_MemoryError, "no memory for the stack of a task");
        tt__exc_state_enter(outer);
        task->failure_how = TT_FAILURE_HOW_RAISED;
        return false;
    }
    if (tt_trace_on(TT_CATEGORY_stack))
        tt__stack_measure_begin(stack);
    tt__coro_init(&task->coro, stack, run_coroutine, task);
    task->has_started = true;
    TT_EMIT_AT(task->future.loop->clock, task_started, .task_id = task->future.id);
    return true;
}

/* Something is to be thrown at this step: a cancellation, if one is due, takes the place of what the awaited future raised. */
static __attribute__((noinline)) void apply_cancellation(struct tt_task_object *task)
{
    if (task->must_cancel) {
        task->must_cancel = false;
        if (!tt_exc_is(task->thrown, &tt_CancelledError)) {
            tt_exc_unref(task->thrown);
            task->thrown = tt__exc_new_cancelled(task->last_site, task->cancel_text);
            task->thrown_is_waiters = false;
        }
    }
    if (task->thrown && tt_exc_is(task->thrown, &tt_CancelledError)) {
        task->was_cancelled = true;
        TT_EMIT(cancel_delivered, .task_id = task->future.id, .site = task->has_started ? task->last_site : NULL,
                .before_start = !task->has_started);
    }
}

/* Inline in those few who step, as it is what a program does most. */
static inline __attribute__((always_inline)) void step(struct tt_task_object *task)
{
    assert(task->phase != TT_TASK_ENDED && task->phase != TT_TASK_RUNNING && "a step begins where the last one ended");
    task->waiter = NULL;
    if (tt_trace_on(TT_CATEGORY_task))
        account_beginning(task);
    if (task->must_cancel || task->thrown)
        apply_cancellation(task);
    if (!task->has_started && !begin(task)) {
        end_accounting(task);
        complete(task);
        return;
    }
    resume(task);
    end_accounting(task);
    if (task->phase == TT_TASK_ENDED)
        complete(task);
}

/* On the loop's stack, perhaps while it does this for a task that runs: that one's step goes on afterwards. */
static void step_within(void *arg)
{
    struct tt_task_object *task = arg;
    tt_loop *loop = task->future.loop;
    struct tt_task_object *creator = loop->current;
    struct tt_exc_inherited inherited = tt__exc_inherit((struct tt_exc_inherited){&task->exc_state, tt_exc_caught()});
    bool was_at_home = loop->is_at_home;
    unsigned no_suspend = tt__no_suspend, handler_depth = tt__handler_depth;
    uint64_t began = loop->clock;
    int error = errno;

    loop->is_at_home = false;
    tt__no_suspend = tt__handler_depth = 0;
    tt__recursion_depth++;
    step(task);
    tt__recursion_depth--;
    task->is_eager = false;
    tt__exc_inherit(inherited);
    tt__handler_depth = handler_depth;
    tt__no_suspend = no_suspend;
    loop->is_at_home = was_at_home;
    loop->current = creator;
    if (creator && creator->step_began && began) /* this time was not the creator's */
        creator->step_began += loop->clock - began;
    errno = error;
}

void tt__task_step_eagerly(struct tt_task_object *task)
{
    tt__loop_run_at_home(step_within, task);
}

void tt__task_push_step(struct tt_task_object *task)
{
    task->phase = TT_TASK_SCHEDULED;
    tt__loop_push(task->future.loop, &task->step);
}

static void run_step(struct tt_ready *ready)
{
    step(tt_container_of(ready, struct tt_task_object, step));
}

static void discard_step(struct tt_ready *ready)
{
    (void)ready; /* the loop abandons its tasks itself */
}

const struct tt_ready_ops tt__task_step_ops = {run_step, discard_step};

/* FUTURE, which TASK awaited, has failed or was cancelled: that is raised at the next step. */
static __attribute__((noinline)) void throw_outcome(struct tt_task_object *task, tt_future *future)
{
    task->thrown = tt__future_take_exception(future, task->last_site);
    task->thrown_is_waiters = future->state == TT_FUTURE_FINISHED;
    if (task->must_cancel && task->thrown_is_waiters) /* the task will be told of its cancellation instead */
        tt__ledger_touched(future, task->is_waiting_for ? TT_TOUCH_HOW_WAIT_FOR : TT_TOUCH_HOW_AWAIT, false,
                           task->last_site);
}

/* What the task waited for is done. */
static void run_wake(struct tt_ready *ready)
{
    struct tt_task_object *task = tt_container_of(ready, struct tt_task_object, wake.ready);
    tt_future *future = task->wake.future;

    task->wake.future = NULL;
    if (future->state == TT_FUTURE_CANCELLED || future->exc)
        throw_outcome(task, future);
    tt__future_unref(future, task->last_site); /* the ready queue's; the waiter's keeps it alive */
    step(task);
}

static void discard_wake(struct tt_ready *ready)
{
    struct tt_task_object *task = tt_container_of(ready, struct tt_task_object, wake.ready);
    tt_future *future = task->wake.future;

    task->wake.future = NULL;
    if (future)
        tt__future_unref(future, task->last_site);
}

const struct tt_ready_ops tt__task_wake_ops = {run_wake, discard_wake};

/* ---------------------------------------------------------------------------------------------------- abandonment */

/* Cleanup of a coroutine that will never go on: it runs on the loop's stack and cannot suspend. */
static void run_defers_abandoned(struct tt_task_object *task)
{
    tt_loop *loop = task->future.loop;
    tt_context **outer_place = tt__context_enter(&task->context);
    struct tt_exc_state state = {0}, *outer = tt__exc_state_enter(&state);
    tt_exc *exc;

    tt__no_suspend++;
    while (task->defers)
        run_innermost_defer(task);
    tt__no_suspend--;
    exc = tt__exc_state_take(&state);
    tt__exc_state_enter(outer);
    tt__context_leave(outer_place);
    if (exc)
        tt_loop_call_exception_handler(
            loop, &(struct tt_handler_context){
                      .message = "exception in the cleanup of a task that was destroyed while pending",
                      .exception = exc,
                      .task = &task->future});
    tt_exc_unref(exc);
}

/* Lets go of what TASK waits for, which will not wake it. */
static void stop_waiting(struct tt_task_object *task, tt_site *site)
{
    tt_future *waiter = task->waiter;

    if (task->turn_of)
        tt__io_abandon(task->turn_of);
    task->turn_of = NULL;
    if (!waiter)
        return;
    task->waiter = NULL;
    tt__future_remove_node(waiter, &task->wake);
    if (!waiter->is_on_stack) {
        if (waiter->is_of_call)
            tt__future_unref(waiter, site);
        tt__future_unref(waiter, site);
        return;
    }
    waiter->ops->destroy(waiter);
    tt__future_finish_own(waiter);
}

void tt__task_abandon(struct tt_task_object *task, tt_site *site)
{
    tt_future *future = &task->future;
    struct tt_wait_label label = task->waiter ? task->waiter->label : (struct tt_wait_label){TT_WAIT_KIND_NONE, 0};

    TT_EMIT(task_abandoned, .task_id = future->id, .wait_kind = label.kind, .wait_object = label.object,
            .wait_site = task->has_started ? task->last_site : NULL);
    if (!task->no_destroy_message)
        tt_loop_call_exception_handler(future->loop,
                                       &(struct tt_handler_context){.message = "Task was destroyed but it is pending!",
                                                                    .task = future,
                                                                    .source_traceback = tt__future_source(future)});
    tt__scopes_abandon(task);
    run_defers_abandoned(task);
    stop_waiting(task, site);
    tt__scopes_forget(task);
    tt__future_discard_callbacks(future);
    task->phase = TT_TASK_ENDED;
    tt__coro_finish(&task->coro);
    tt__exc_state_close_handlings(&task->exc_state);
    tt_exc_unref(tt__exc_state_take(&task->exc_state));
    let_go_of_arg(task);
    unlink_task(task);
    if (task->return_free)
        tt__loop_run_release(task->future.loop, task->return_free, task->return_value);
    task->return_free = NULL;
    tt__future_unref(future, site);
}
