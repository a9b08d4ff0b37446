/* telltale/task_group.h: task groups: tasks that end together.
 *
 *     tt_group *group = tt_group_enter();
 *     int rc = 0;
 *
 *     if (tt_group_spawn(group, fetch, &a) < 0 || tt_group_spawn(group, fetch, &b) < 0)
 *         rc = -1;
 *     rc = tt_group_exit(group, rc);          both have ended; -1: what went wrong is pending
 *
 * The exit waits for all tasks of the group. When one of them fails, the others and the body are cancelled, and when
 * all have ended the exit raises an ExceptionGroup "unhandled errors in a TaskGroup" with every failure, in the order in
 * which they ended, the body's own exception last; a cancelled task is no failure. A KeyboardInterrupt or SystemExit,
 * of a task or the body, is raised bare in its place; what else failed then goes to the loop's exception handler
 * ("TaskGroup task exception was not propagated because the TaskGroup body is being closed with a BaseException").
 * When the task that is inside is cancelled from outside its group's tasks are too, and CancelledError goes on.
 *
 * A group belongs to the task that entered it; it nests with other scopes, and is closed and told when it is left open:
 * see telltale/timeout.h. Any code on the loop's thread may add tasks to it while it is open: those that run in it too.
 * A tt_group is the runtime's. It can be named until its task enters the next scope after having left it, or ends.
 *
 * Threads: on the loop's thread. From: asyncio.TaskGroup (3.13); the message about what is not propagated is that of
 * later versions, and groups that keep going are ours. */
#ifndef TELLTALE_TASK_GROUP_H
#define TELLTALE_TASK_GROUP_H

#include <string.h>

#include <telltale/task.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct tt_group tt_group;

/* What a group that keeps going does with a failure: called on the loop when TASK has failed with EXC, both borrowed.
 * Must not suspend. Returns 0, or negative with an exception pending, which goes to the loop's exception handler. */
typedef int tt_group_failure_fn(tt_task *task, tt_exc *exc, void *arg);

/* Enters a group. Inside a task; does not suspend. NULL with an exception pending: the one that was pending already,
 * RuntimeError ("no running event loop", "TaskGroup <TaskGroup> cannot determine the parent task"), or MemoryError; as
 * nothing suspends then, creations and tt_group_exit(NULL, rc) may follow all the same. Event: group_entered. asyncio:
 * TaskGroup, __aenter__. */
#define tt_group_enter() tt_group_enter_at(TT_HERE, NULL, NULL)

/* The same for a group whose tasks go on when one of them fails: ON_FAILURE(task, exc, arg) gets each failure, and the
 * exit raises none of them. KeyboardInterrupt, SystemExit and what the body raises end it as they end any group. */
#define tt_group_enter_keep_going(on_failure, arg) tt_group_enter_at(TT_SITE_HERE(#on_failure), (on_failure), (arg))
TT_API tt_group *tt_group_enter_at(tt_site *site, tt_group_failure_fn *on_failure, void *arg) TT_MUST_USE;

/* Leaves GROUP, whose body has ended with RC, when all of its tasks have ended; suspends until then. An exception that
 * is pending cancels them. Being cancelled meanwhile cancels them too; it is waited for them in any case. Returns RC if
 * nothing is pending then, else -1: the exception group, KeyboardInterrupt or SystemExit, or CancelledError. An RC below
 * 0 with nothing pending raises RuntimeError, which is the body's. NULL: see tt_group_enter. Preconditions
 * scope_exit.own_task (the task that entered it exits it), scope_exit.entered (it has not been left yet). Without memory
 * for an exception group the first failure is raised by itself, and the others go to the loop's exception handler.
 * Events: group_exited, failure_touched (user, group), group_aborted and what is asked of tasks. asyncio: __aexit__. */
#define tt_group_exit(group, rc) tt_group_exit_at(TT_HERE, (group), (rc))
TT_API int tt_group_exit_at(tt_site *site, tt_group *group, int rc) TT_MUST_USE;

/* Creates a task in GROUP, as tt_create_task and its kin do: the handle is the caller's. NULL with an exception pending
 * as there, and RuntimeError "TaskGroup <TaskGroup cancelling> is shutting down", "TaskGroup <TaskGroup entered> is
 * finished"; or what was pending when GROUP could not be entered (NULL). Options' loop is the group's. When refused,
 * options' drop gets the argument. Events: task_created, group_child_added. asyncio: TaskGroup.create_task. */
#define tt_group_create_task(group, fn, arg) tt_group_create_task_at(TT_SITE_HERE(#fn), (group), (fn), (arg), NULL)
#define tt_group_create_task_named(group, fn, arg, name) \
    tt__group_create_task_named(TT_SITE_HERE(#fn), (group), (fn), (arg), (name))
#define tt_group_create_task_with(group, fn, arg, ...) \
    tt_group_create_task_at(TT_SITE_HERE(#fn), (group), (fn), (arg), __VA_ARGS__)
TT_API tt_task *tt_group_create_task_at(tt_site *site, tt_group *group, tt_coro_fn *fn, void *arg,
                                        const struct tt_task_options *options) TT_MUST_USE;
static inline TT_MUST_USE tt_task *tt__group_create_task_named(tt_site *site, tt_group *group, tt_coro_fn *fn, void *arg,
                                                               const char *name)
{
    struct tt_task_options options;
    memset(&options, 0, sizeof options);
    options.name = name;
    return tt_group_create_task_at(site, group, fn, arg, &options);
}
#define tt_group_create_task_copy(group, fn, arg, ...) \
    tt_group_create_task_copy_at(TT_SITE_HERE(#fn), (group), (fn), (arg), __VA_ARGS__) /* (..., size, options) */
TT_API tt_task *tt_group_create_task_copy_at(tt_site *site, tt_group *group, tt_coro_fn *fn, const void *arg,
                                             size_t size, const struct tt_task_options *options) TT_MUST_USE;

/* The same without a handle. Returns 0, or -1 with an exception pending. */
#define tt_group_spawn(group, fn, arg) tt_group_spawn_at(TT_SITE_HERE(#fn), (group), (fn), (arg), NULL)
#define tt_group_spawn_with(group, fn, arg, ...) \
    tt_group_spawn_at(TT_SITE_HERE(#fn), (group), (fn), (arg), __VA_ARGS__)
TT_API int tt_group_spawn_at(tt_site *site, tt_group *group, tt_coro_fn *fn, void *arg,
                             const struct tt_task_options *options) TT_MUST_USE;

/* Writes the repr, "<TaskGroup tasks=2 errors=1 cancelling>", cut to SIZE - 1 bytes; returns its full length. Of NULL:
 * "None". */
TT_API int tt_group_repr(const tt_group *group, char *buffer, size_t size);

#ifdef __cplusplus
}
#endif

#endif
