/* task_group.c: task groups: see telltale/task_group.h, scope.c for the stack that they stand in.
 *
 * A group knows its tasks by members, one each, made with the task:
 *
 *     pending list --the task ends--> failed list (in the order of ending), or gone if it did not fail
 *
 * A member of the failed list holds its task until the exit has raised the failure: until then the group is who holds
 * it. All decisions are asyncio's: whom to cancel and when (_on_task_done, _abort), what to raise (_aexit).
 *
 * The loop's thread. From: asyncio.taskgroups (3.13). */
#include <telltale/exc_group.h>
#include <telltale/task_group.h>

#include <assert.h>
#include <stdlib.h>

#include "context_internal.h"
#include "precond.h"
#include "scope.h"

struct member {
    struct tt_done_node node; /* at the task while that is pending */
    struct tt_group *group;
    struct member *previous, *next; /* of its list; PREVIOUS of the pending one only */
    tt_task *task;                  /* a reference; NULL once the exit has let go of a failed one */
    uint64_t task_id;
    bool is_raised; /* failed: its failure is part of what the exit raised */
};

struct tt_group {
    struct tt_scope scope;               /* first: a group is a scope */
    bool is_exiting, is_aborting;        /* asyncio's _exiting, _aborting */
    bool is_over;                        /* it was left: what failed in it is its own no more */
    bool has_cancelled_parent;           /* asyncio's _parent_cancel_requested */
    struct member *first, *last;         /* whose tasks have not ended, in order of creation */
    struct member *failed, **failed_end; /* whose tasks have failed */
    uint32_t pending_count, failed_count, child_count;
    tt_exc *base_error;   /* the first KeyboardInterrupt or SystemExit; owned */
    tt_exc *body;         /* while the exit goes on: what was pending when it began, owned; */
    tt_exc *cancelled;    /* and the CancelledError that should go on, owned. Here, because the task may be abandoned */
    tt_future *completed; /* while the exit waits: done when no task is pending */
    tt_site *exit_site;
    tt_group_failure_fn *on_failure; /* NULL: a failure ends the group */
    void *on_failure_arg;
    struct tt_handle on_failure_handle; /* what the exception handler is shown when it raises; has its context */
};

static bool is_base_error(const tt_exc *exc)
{
    return tt_exc_is(exc, &tt_SystemExit) || tt_exc_is(exc, &tt_KeyboardInterrupt);
}

static struct tt_who who_is(const tt_group *group)
{
    return (struct tt_who){TT_ACTOR_GROUP, group->scope.id};
}

/* ---------------------------------------------------------------------------------------------------------- members */

static void link_pending(tt_group *group, struct member *member)
{
    member->previous = group->last;
    if (group->last)
        group->last->next = member;
    else
        group->first = member;
    group->last = member;
    group->pending_count++;
}

static void unlink_pending(tt_group *group, struct member *member)
{
    if (member->previous)
        member->previous->next = member->next;
    else
        group->first = member->next;
    if (member->next)
        member->next->previous = member->previous;
    else
        group->last = member->previous;
    member->previous = member->next = NULL;
    group->pending_count--;
}

static void free_member(struct member *member, tt_site *site)
{
    if (member->task)
        tt__future_unref(member->task, site);
    free(member);
}

/* The queue's reference to the task goes. */
static void let_go_of_queued(struct member *member)
{
    tt_future *task = member->node.future;

    member->node.future = NULL;
    if (task)
        tt__future_unref(task, member->group->scope.site);
}

/* --------------------------------------------------------------------------------------------------------- a failure */

/* Cancels all tasks that have not ended. BY is the task whose failure is the reason, if that is the reason. */
static void abort_group(tt_group *group, enum tt_abort_reason reason, const tt_task *by)
{
    uint32_t asked_count = 0;

    group->is_aborting = true;
    for (struct member *member = group->first; member; member = member->next)
        asked_count += member->task->state == TT_FUTURE_PENDING;
    TT_EMIT(group_aborted, .group_id = group->scope.id, .task_id = by ? by->id : 0, .reason = (uint8_t)reason,
            .asked_count = asked_count);
    for (struct member *member = group->first; member; member = member->next)
        if (member->task->state == TT_FUTURE_PENDING)
            tt__future_cancel(member->task, NULL, who_is(group), group->scope.site);
}

struct failure {
    tt_group *group;
    tt_task *task;
};

static int call_on_failure(void *arg)
{
    const struct failure *failure = arg;

    return failure->group->on_failure(failure->task, failure->task->exc, failure->group->on_failure_arg);
}

/* The group keeps going: the program gets the failure of MEMBER now. */
static void hand_over(tt_group *group, struct member *member)
{
    struct failure failure = {group, member->task};

    member->task->log_traceback = false;
    tt__ledger_touched_by(who_is(group), member->task, TT_TOUCH_HOW_GROUP, true, group->scope.site);
    tt__loop_run_callback(member->task->loop, call_on_failure, &failure, group->scope.site, &group->on_failure_handle,
                          member->task);
}

/* The group reads the failure of MEMBER, and keeps it for its exit. */
static void keep_failure(tt_group *group, struct member *member)
{
    tt_task *task = member->task, *parent = &group->scope.task->future;

    task->log_traceback = false;
    tt__ledger_touched_by(who_is(group), task, TT_TOUCH_HOW_GROUP, false, group->scope.site);
    *group->failed_end = member;
    group->failed_end = &member->next;
    if (is_base_error(task->exc) && !group->base_error)
        group->base_error = tt_exc_ref(task->exc);
    assert(parent->state == TT_FUTURE_PENDING && "a task ends after its groups");
    if (group->is_aborting || group->has_cancelled_parent)
        return;
    abort_group(group, TT_ABORT_REASON_FAILURE, task);
    group->has_cancelled_parent = true;
    tt__future_cancel(parent, NULL, who_is(group), group->scope.site);
}

/* TaskGroup._on_task_done. */
static void run_child_done(struct tt_ready *ready)
{
    struct member *member = tt_container_of(ready, struct member, node.ready);
    tt_group *group = member->group;
    const tt_exc *exc = tt_future_peek(member->task);
    bool is_kept = exc && (!group->on_failure || is_base_error(exc));

    let_go_of_queued(member);
    unlink_pending(group, member);
    if (group->completed && !group->pending_count && group->completed->state == TT_FUTURE_PENDING)
        tt__future_finish_value(group->completed, NULL, NULL);
    if (exc)
        group->failed_count++;
    if (is_kept) {
        keep_failure(group, member);
        return;
    }
    if (exc)
        hand_over(group, member);
    free_member(member, group->scope.site);
}

static void discard_child_done(struct tt_ready *ready)
{
    let_go_of_queued(tt_container_of(ready, struct member, node.ready));
}

const struct tt_ready_ops tt__group_member_ops = {run_child_done, discard_child_done};

/* --------------------------------------------------------------------------------------------------------- creation */

/* A member for a new task; NULL with an exception pending when the group takes none. */
static struct member *admit(tt_group *group, tt_site *site)
{
    struct member *member;
    char repr[96];

    if (!group && tt_exc_pending()) /* it could not be entered */
        return NULL;
    TT_PRECOND("group_create_task.group", site, group != NULL);
    tt_group_repr(group, repr, sizeof repr);
    if (group->is_exiting && !group->pending_count) {
        tt_raise_at(site, &tt_RuntimeError, "TaskGroup %s is finished", repr);
        return NULL;
    }
    if (group->is_aborting) {
        tt_raise_at(site, &tt_RuntimeError, "TaskGroup %s is shutting down", repr);
        return NULL;
    }
    member = calloc(1, sizeof *member);
    if (!member)
        tt_raise_at(site, &tt_MemoryError, "no memory for a task of a group");
    return member;
}

/* TASK (NULL: it could not be created) is one of GROUP from now on. Returns TASK. */
static tt_task *join(tt_group *group, struct member *member, tt_task *task, tt_site *site)
{
    if (!task) {
        free(member);
        return NULL;
    }
    *member = (struct member){
        .node.ready.ops = &tt__group_member_ops, .group = group, .task = tt__future_ref(task), .task_id = task->id};
    link_pending(group, member);
    group->child_count++;
    TT_EMIT(group_child_added, .group_id = group->scope.id, .task_id = task->id, .site = site);
    tt__future_add_node(task, &member->node);
    return task;
}

static struct tt_task_options options_in(const tt_group *group, const struct tt_task_options *options)
{
    struct tt_task_options own = options ? *options : (struct tt_task_options){0};

    own.loop = group->scope.task->future.loop;
    return own;
}

tt_task *tt_group_create_task_at(tt_site *site, tt_group *group, tt_coro_fn *fn, void *arg,
                                 const struct tt_task_options *options)
{
    struct member *member = admit(group, site);
    struct tt_task_options own;

    if (!member) {
        if (options && options->drop)
            options->drop(arg);
        return NULL;
    }
    own = options_in(group, options);
    return join(group, member, tt_create_task_at(site, fn, arg, &own), site);
}

tt_task *tt_group_create_task_copy_at(tt_site *site, tt_group *group, tt_coro_fn *fn, const void *arg, size_t size,
                                      const struct tt_task_options *options)
{
    struct member *member = admit(group, site);
    struct tt_task_options own;

    if (!member)
        return NULL;
    own = options_in(group, options);
    return join(group, member, tt_create_task_copy_at(site, fn, arg, size, &own), site);
}

int tt_group_spawn_at(tt_site *site, tt_group *group, tt_coro_fn *fn, void *arg, const struct tt_task_options *options)
{
    struct tt_task_options detached = options ? *options : (struct tt_task_options){0};

    detached.is_detached = true;
    return tt_group_create_task_at(site, group, fn, arg, &detached) ? 0 : -1;
}

/* ------------------------------------------------------------------------------------------------ the exit: waiting */

static void keep_memory(tt_future *future)
{
    (void)future;
}

/* Suspends until no task is pending, or the parent is cancelled: then returns what that raised, as a new reference. The
 * future that is awaited is asyncio's _on_completed_fut. */
static tt_exc *wait_for_tasks(tt_group *group, tt_site *site)
{
    static const struct tt_future_ops ops = {.destroy = keep_memory, .cancel = tt__future_cancel_plain};
    struct tt_task_object *task = group->scope.task;
    tt_future completed;
    tt_exc *cancelled = NULL;

    tt__future_init_own(&completed, task, &ops, (struct tt_wait_label){TT_WAIT_KIND_GROUP, group->scope.id}, site);
    group->completed = &completed;
    task->last_site = site;
    if (tt__task_await_own(task, &completed, site) < 0)
        cancelled = tt__exc_state_take(&task->exc_state);
    group->completed = NULL;
    tt__future_finish_own(&completed);
    return cancelled;
}

/* Waits until all tasks have ended. A cancellation of the parent from outside is remembered, if it comes now. */
static void wait_for_all(tt_group *group, tt_site *site)
{
    while (group->pending_count) {
        tt_exc *exc = wait_for_tasks(group, site);

        if (exc && !group->is_aborting) {
            tt_exc_unref(group->cancelled);
            group->cancelled = tt_exc_ref(exc);
            abort_group(group, TT_ABORT_REASON_CANCELLED, NULL);
        }
        tt_exc_unref(exc);
    }
}

/* ------------------------------------------------------------------------------------------------ the exit: raising */

/* What was raised has the failure of MEMBER in it: user code gets it, if there is any to get it. */
static void deliver(tt_group *group, struct member *member, tt_site *site)
{
    member->is_raised = true;
    if (!group->scope.is_at_end)
        tt__ledger_touched(member->task, TT_TOUCH_HOW_GROUP, true, site);
}

static void report(tt_group *group, struct member *member, const char *message, tt_site *site)
{
    tt_loop *loop = member->task->loop;

    TT_EMIT(failure_reported, .failure_id = member->task_id, .loop_id = (uint32_t)loop->id, .site = site,
            .kind = loop->handler ? TT_HANDLER_KIND_CUSTOM : TT_HANDLER_KIND_DEFAULT);
    tt_loop_call_exception_handler(
        loop, &(struct tt_handler_context){.message = message, .exception = member->task->exc, .task_group = group});
}

/* Raises EXC alone; the failures that are not it are reported with MESSAGE. */
static void raise_alone(tt_group *group, tt_exc *exc, const char *message, tt_site *site)
{
    bool is_delivered = false;

    for (struct member *member = group->failed; member; member = member->next) {
        if (!is_delivered && member->task->exc == exc) {
            deliver(group, member, site);
            is_delivered = true;
        } else {
            report(group, member, message, site);
        }
    }
    tt_raise_exc_at(site, exc);
}

/* The failures, and BODY if that is not NULL, as an exception group; NULL without memory. */
static tt_exc *make_exception_group(tt_group *group, tt_exc *body, tt_site *site)
{
    struct tt_exc_state state = {0}, *outer;
    tt_exc **errors = NULL, *exc = NULL;
    size_t count = 0, room = body != NULL;

    for (struct member *member = group->failed; member; member = member->next)
        room++;
    errors = malloc(room * sizeof *errors);
    if (!errors)
        return NULL;
    for (struct member *member = group->failed; member; member = member->next)
        errors[count++] = member->task->exc;
    if (body)
        errors[count++] = body;
    outer = tt__exc_state_enter(&state);
    exc = tt_exc_group_new_at(site, &tt_BaseExceptionGroup, errors, count, "unhandled errors in a TaskGroup");
    tt__exc_state_enter(outer);
    tt__exc_state_finish(&state);
    free(errors);
    return exc;
}

/* Raises all failures, and BODY if that is not NULL. */
static void raise_all(tt_group *group, tt_exc *body, tt_site *site)
{
    struct tt_task_object *task = group->scope.task;
    tt_exc *exc;

    if (task->cancel_count) { /* keeps the count of requests stable, as asyncio does */
        tt_task_uncancel_at(site, &task->future);
        tt__future_cancel(&task->future, NULL, who_is(group), group->scope.site);
    }
    exc = make_exception_group(group, body, site);
    if (!exc) {
        raise_alone(group, group->failed ? group->failed->task->exc : body,
                    "TaskGroup task exception was not propagated because there was no memory for an exception group",
                    site);
        return;
    }
    for (struct member *member = group->failed; member; member = member->next)
        deliver(group, member, site);
    if (body)
        tt__scopes_passed_into(task, tt_exc_id(body), tt_exc_id(exc));
    tt_raise_exc_from_at(site, NULL, exc);
    tt_exc_unref(exc);
}

/* Raises what comes out of the group, if anything: TaskGroup._aexit, when no task is pending. What is pending, the
 * body's exception or nothing, becomes its context. */
static void raise_outcome(tt_group *group, tt_site *site)
{
    struct tt_task_object *task = group->scope.task;
    tt_exc *body = group->body, *cancelled = group->cancelled;

    if (group->base_error) {
        raise_alone(group, group->base_error,
                    "TaskGroup task exception was not propagated because the TaskGroup body is being closed with a "
                    "BaseException",
                    site);
        return;
    }
    if (group->has_cancelled_parent && tt_task_uncancel_at(site, &task->future) == 0)
        cancelled = NULL; /* it was the group's own */
    if (cancelled && !group->failed) {
        tt_raise_exc_at(site, cancelled);
        return;
    }
    if (tt_exc_is(body, &tt_CancelledError))
        body = NULL;
    if (group->failed || body)
        raise_all(group, body, site);
}

static void let_go_of_exit(tt_group *group)
{
    tt_exc_unref(group->cancelled);
    tt_exc_unref(group->body);
    group->cancelled = group->body = NULL;
}

/* The exit is over: nobody needs the failed tasks any more, but for the end of the task that they live on in. */
static void let_go_of_failed(tt_group *group, tt_site *site)
{
    if (group->scope.is_at_end)
        return;
    for (struct member *member = group->failed; member; member = member->next) {
        tt__future_unref(member->task, site);
        member->task = NULL;
    }
}

static int exit_group(struct tt_scope *scope, int rc, tt_site *site)
{
    tt_group *group = (tt_group *)scope;
    struct tt_exc_state *state = &scope->task->exc_state;
    tt_exc *body = tt__exc_state_take(state);

    group->body = body;
    group->cancelled = tt_exc_is(body, &tt_CancelledError) ? tt_exc_ref(body) : NULL;
    group->is_exiting = true;
    group->exit_site = site;
    if (is_base_error(body) && !group->base_error)
        group->base_error = tt_exc_ref(body);
    if (body && !group->is_aborting)
        abort_group(group, group->cancelled ? TT_ABORT_REASON_CANCELLED : TT_ABORT_REASON_BODY, NULL);
    wait_for_all(group, site);
    assert(!group->first && !state->pending && "all have ended");
    state->pending = tt_exc_ref(body);
    raise_outcome(group, site);
    scope->raised_id = tt_exc_id(state->pending);
    TT_EMIT(group_exited, .group_id = scope->id, .task_id = scope->task->future.id, .exception_id = scope->raised_id,
            .site = site, .child_count = group->child_count, .failed_count = group->failed_count,
            .end = state->pending ? TT_SCOPE_END_RAISED : TT_SCOPE_END_RETURNED, .is_left_open = scope->is_left_open);
    group->is_over = true;
    let_go_of_failed(group, site);
    let_go_of_exit(group);
    return rc;
}

/* ---------------------------------------------------------------------------------------------------- other endings */

static void abandon_group(struct tt_scope *scope)
{
    tt_group *group = (tt_group *)scope;
    struct member *member;

    group->completed = NULL; /* it goes with the stack */
    group->is_exiting = true;
    while ((member = group->first) != NULL) {
        tt__future_remove_node(member->task, &member->node);
        unlink_pending(group, member);
        free_member(member, scope->site);
    }
    let_go_of_failed(group, scope->site);
    let_go_of_exit(group);
}

static void tell_forwarded(struct tt_scope *scope)
{
    tt_group *group = (tt_group *)scope;
    uint64_t to_id = scope->task->future.id;

    for (struct member *member = group->failed; member; member = member->next) {
        if (!member->is_raised)
            continue;
        if (member->task)
            tt__ledger_forwarded(member->task, to_id, TT_FORWARD_HOW_GROUP, group->exit_site);
        else
            TT_EMIT(failure_forwarded, .failure_id = member->task_id, .to_id = to_id, .how = TT_FORWARD_HOW_GROUP,
                    .site = group->exit_site);
    }
}

static void destroy_group(struct tt_scope *scope)
{
    tt_group *group = (tt_group *)scope;
    struct member *member;

    assert(!group->first && "it has been left");
    while ((member = group->failed) != NULL) {
        group->failed = member->next;
        free_member(member, group->exit_site ? group->exit_site : scope->site);
    }
    tt_exc_unref(group->base_error);
    tt_context_unref(group->on_failure_handle.context);
}

static const struct tt_scope_ops group_ops = {"task group", exit_group, abandon_group, tell_forwarded, destroy_group};

int tt_group_exit_at(tt_site *site, tt_group *group, int rc)
{
    return tt__scope_exit(group ? &group->scope : NULL, rc, site);
}

/* --------------------------------------------------------------------------------------------------------- the entry */

tt_group *tt_group_enter_at(tt_site *site, tt_group_failure_fn *on_failure, void *arg)
{
    struct tt_task_object *task = tt__scope_task(site, "TaskGroup <TaskGroup> cannot determine the parent task");
    tt_group *group = task ? calloc(1, sizeof *group) : NULL;

    if (!task)
        return NULL;
    if (!group) {
        tt_raise_at(site, &tt_MemoryError, "no memory for a task group");
        return NULL;
    }
    if (on_failure && tt__context_capture(site, &group->on_failure_handle.context) < 0) {
        free(group);
        return NULL;
    }
    group->on_failure_handle.loop = task->future.loop;
    group->on_failure_handle.site = site;
    group->scope.ops = &group_ops;
    group->failed_end = &group->failed;
    group->on_failure = on_failure;
    group->on_failure_arg = arg;
    tt__scope_enter(&group->scope, task, site);
    TT_EMIT(group_entered, .group_id = group->scope.id, .task_id = task->future.id,
            .outer_id = tt__scope_outer_id(&group->scope), .site = site, .keep_going = on_failure != NULL);
    return group;
}

int tt_group_repr(const tt_group *group, char *buffer, size_t size)
{
    char tasks[24] = "", errors[24] = "";
    uint32_t error_count = 0;

    TT_PRECOND("group_repr.buffer", NULL, buffer != NULL || size == 0);
    if (!group)
        return snprintf(buffer, size, "None");
    if (!group->is_over)
        for (const struct member *member = group->failed; member; member = member->next)
            error_count++;
    if (group->pending_count)
        snprintf(tasks, sizeof tasks, " tasks=%u", group->pending_count);
    if (error_count)
        snprintf(errors, sizeof errors, " errors=%u", error_count);
    return snprintf(buffer, size, "<TaskGroup%s%s%s>", tasks, errors, group->is_aborting ? " cancelling" : " entered");
}
