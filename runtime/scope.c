/* scope.c: the stack of scopes of a task: see scope.h. What a timeout or a group does is theirs. The loop's thread. */
#include "scope.h"

#include <assert.h>
#include <stdlib.h>

#include "precond.h"

void tt__scopes_forget(struct tt_task_object *task)
{
    struct tt_scope *scope;

    while ((scope = task->left_scopes) != NULL) {
        task->left_scopes = scope->next;
        if (scope->ops->destroy)
            scope->ops->destroy(scope);
        free(scope);
    }
}

struct tt_task_object *tt__scope_task(tt_site *site, const char *otherwise)
{
    tt_loop *loop = tt__running_loop;

    if (tt_exc_pending())
        return NULL;
    if (!loop)
        tt_raise_at(site, &tt_RuntimeError, "no running event loop");
    else if (!loop->current || tt__no_suspend)
        tt_raise_at(site, &tt_RuntimeError, "%s", otherwise);
    else
        return loop->current;
    return NULL;
}

void tt__scope_enter(struct tt_scope *scope, struct tt_task_object *task, tt_site *site)
{
    assert(task->phase == TT_TASK_RUNNING && "a task enters its scopes itself");
    if (task->left_scopes)
        tt__scopes_forget(task);
    scope->task = task;
    scope->site = site;
    scope->defers = task->defers;
    scope->id = tt_trace_new_id();
    scope->next = task->scopes;
    task->scopes = scope;
}

/* Takes the innermost scope of TASK, which is SCOPE, off the stack. */
static void leave(struct tt_task_object *task, struct tt_scope *scope)
{
    assert(task->scopes == scope && "scopes end in the reverse order");
    task->scopes = scope->next;
    scope->next = NULL;
    if (scope->is_on_stack)
        return;
    scope->next = task->left_scopes;
    task->left_scopes = scope;
}

/* Ends the innermost scope of TASK, which is SCOPE. */
static int end(struct tt_task_object *task, struct tt_scope *scope, int rc, tt_site *site)
{
    struct tt_exc_state *state = &task->exc_state;

    if (rc < 0 && !state->pending)
        tt_raise_at(site, &tt_RuntimeError, "the body of a %s ended with %d and no exception pending", scope->ops->name,
                    rc);
    rc = scope->ops->exit(scope, rc, site);
    leave(task, scope);
    if (state->pending)
        return -1;
    return rc < 0 ? 0 : rc;
}

/* Without memory the trace alone tells it. */
static void tell_in_note(tt_exc *exc, const char *name, const tt_site *entered)
{
    struct tt_exc_state state = {0}, *outer = tt__exc_state_enter(&state);

    tt_exc_add_note(exc, "%s entered at %s:%u was left open", name, entered->file, entered->line);
    tt__exc_state_enter(outer);
    tt__exc_state_finish(&state);
}

int tt__scope_close_left_open(struct tt_task_object *task, int rc, tt_site *site, bool is_at_end)
{
    struct tt_scope *scope = task->scopes;
    const char *name = scope->ops->name;
    const tt_site *entered = scope->site;

    scope->is_left_open = true;
    scope->is_at_end = is_at_end;
    rc = end(task, scope, rc, site);
    if (rc >= 0)
        return tt_raise_at(site, &tt_RuntimeError, "%s entered at %s:%u was left open", name, entered->file,
                           entered->line);
    tell_in_note(task->exc_state.pending, name, entered);
    return rc;
}

int tt__scope_exit(struct tt_scope *scope, int rc, tt_site *site)
{
    struct tt_task_object *task;
    struct tt_scope *open;

    if (!scope)
        return tt_exc_pending() ? -1 : rc;
    task = scope->task;
    if (tt__no_suspend &&
        task->phase != TT_TASK_RUNNING) /* in the cleanup of an abandoned task: it has been let go of */
        return tt_exc_pending() ? -1 : rc;
    TT_PRECOND("scope_exit.own_task", site,
               tt__running_loop && tt__running_loop->current == task && tt__no_suspend == 0);
    for (open = task->scopes; open && open != scope; open = open->next)
        ;
    TT_PRECOND("scope_exit.entered", site, open != NULL);
    while (task->scopes != scope)
        rc = tt__scope_close_left_open(task, rc, site, false);
    return end(task, scope, rc, site);
}

void tt__scopes_abandon(struct tt_task_object *task)
{
    struct tt_scope *scope;

    while ((scope = task->scopes) != NULL) {
        scope->ops->abandon(scope);
        leave(task, scope);
    }
}

void tt__scopes_tell_forwarded(struct tt_task_object *task, const tt_exc *exc)
{
    for (struct tt_scope *scope = task->left_scopes; scope; scope = scope->next)
        if (scope->raised_id && scope->raised_id == tt_exc_id(exc) && scope->ops->tell_forwarded)
            scope->ops->tell_forwarded(scope);
}

void tt__scopes_passed_into(struct tt_task_object *task, uint64_t from_id, uint64_t to_id)
{
    for (struct tt_scope *scope = task->left_scopes; scope; scope = scope->next)
        if (scope->raised_id == from_id)
            scope->raised_id = to_id;
    if (task->passed_exc_id == from_id)
        task->passed_exc_id = to_id;
}
