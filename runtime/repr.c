/* repr.c: the text of a future or task, in asyncio's form; the places are ours.
 *
 *     <Task finished name='echo-1' coro=<echo() done, created at server.c:58> exception=RuntimeError('the network is broken')>
 *     <Task pending name='Task-2' coro=<f() running at server.c:12> wait_for=<Future pending cb=[Task.task_wakeup()]>>
 *
 * asyncio names the line where the coroutine is defined; C does not know it, so a task that is done shows where it was
 * created.
 *
 * The loop's thread. From: asyncio.base_futures, asyncio.base_tasks. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "exc_text.h"
#include "loop_internal.h"
#include "precond.h"

/* How many tasks that wait for each other are shown; more would not fit a line. asyncio shows all. */
enum { CHAIN_MAX = 16 };

static const char *class_of(const tt_future *future)
{
    return future->kind == TT_OBJECT_KIND_TASK     ? "Task"
           : future->kind == TT_OBJECT_KIND_GATHER ? "_GatheringFuture"
                                                   : "Future";
}

static const char *state_of(const tt_future *future)
{
    if (future->state == TT_FUTURE_FINISHED)
        return "finished";
    if (future->state == TT_FUTURE_CANCELLED)
        return "cancelled";
    if (future->kind == TT_OBJECT_KIND_TASK && tt__task((tt_future *)future)->cancel_count)
        return "cancelling";
    return "pending";
}

/* What asyncio calls the callback that the library's nodes with OPS stand for. */
static const char *library_name(const struct tt_ready_ops *ops)
{
    return ops == &tt__task_wake_ops           ? "Task.task_wakeup()"
           : ops == &tt__shield_inner_ops      ? "shield.<locals>._inner_done_callback()"
           : ops == &tt__shield_outer_ops      ? "shield.<locals>._outer_done_callback()"
           : ops == &tt__wait_node_ops         ? "_wait.<locals>._on_completion()"
           : ops == &tt__group_member_ops      ? "TaskGroup._on_task_done()"
           : ops == &tt__as_completed_node_ops ? "_AsCompletedIterator._handle_completion()"
                                               : "gather.<locals>._done_callback()";
}

/* One done-callback: the program's with the place where it was added, the library's by the name that it has in
 * asyncio. */
static void add_callback(struct tt_exc_sink *sink, const struct tt_done_node *node)
{
    const tt_site *site = tt__done_node_site(node);

    if (site)
        tt__exc_put_format(sink, "%s() at %s:%u", site->text ? site->text : "callback", site->file, site->line);
    else
        tt__exc_put_format(sink, "%s", library_name(node->ready.ops));
}

static void add_callbacks(struct tt_exc_sink *sink, const tt_future *future)
{
    size_t count = 0;
    const struct tt_done_node *node, *last = NULL;

    for (node = future->callbacks.first; node; node = node->next) {
        last = node;
        count++;
    }
    if (!count)
        return;
    tt__exc_put_format(sink, " cb=[");
    add_callback(sink, future->callbacks.first);
    if (count > 2)
        tt__exc_put_format(sink, ", <%zu more>", count - 2);
    if (count > 1) {
        tt__exc_put_format(sink, ", ");
        add_callback(sink, last);
    }
    tt__exc_put_format(sink, "]");
}

static void add_coroutine(struct tt_exc_sink *sink, struct tt_task_object *task)
{
    const tt_site *created = task->future.created_site;
    const char *name = created->text ? created->text : "coroutine";

    if (task->phase == TT_TASK_ENDED)
        tt__exc_put_format(sink, " coro=<%s() done, created at %s:%u>", name, created->file, created->line);
    else if (task->has_started)
        tt__exc_put_format(sink, " coro=<%s() running at %s:%u>", name, task->last_site->file, task->last_site->line);
    else
        tt__exc_put_format(sink, " coro=<%s() created at %s:%u>", name, created->file, created->line);
}

static void add_outcome(struct tt_exc_sink *sink, const tt_future *future)
{
    if (future->state != TT_FUTURE_FINISHED)
        return;
    if (!future->exc) {
        if (future->value)
            tt__exc_put_format(sink, " result=%p", future->value);
        else
            tt__exc_put_format(sink, " result=None");
        return;
    }
    tt__exc_put_format(sink, " exception=");
    tt__exc_put_repr(sink, future->exc);
}

/* What stands before the future that TASK waits for and what stands after it. */
static void begin_task(struct tt_exc_sink *sink, struct tt_task_object *task)
{
    const char *name = tt_task_name(&task->future);

    tt__exc_put_format(sink, "<%s %s name=", class_of(&task->future), state_of(&task->future));
    tt__exc_put_quoted(sink, name, strlen(name));
    add_coroutine(sink, task);
    if (task->waiter)
        tt__exc_put_format(sink, " wait_for=");
}

static void end_future(struct tt_exc_sink *sink, const tt_future *future)
{
    add_outcome(sink, future);
    add_callbacks(sink, future);
    if (future->is_debug)
        tt__exc_put_format(sink, " created at %s:%u", future->created_site->file, future->created_site->line);
    tt__exc_put_format(sink, ">");
}

/* "when=12.5", without the zeros that a float would not show. */
static void add_when(struct tt_exc_sink *sink, int64_t when_ns)
{
    char fraction[16];
    size_t length;

    snprintf(fraction, sizeof fraction, "%09" PRId64, when_ns % TT_SEC(1) * (when_ns < 0 ? -1 : 1));
    for (length = 9; length > 1 && fraction[length - 1] == '0';)
        length--;
    tt__exc_put_format(sink, " when=%s%" PRId64 ".%.*s", when_ns < 0 && when_ns > -TT_SEC(1) ? "-" : "",
                       when_ns / TT_SEC(1), (int)length, fraction);
}

void tt__handle_put_repr(struct tt_exc_sink *sink, const tt_handle *handle)
{
    const tt_site *site = handle->site;

    tt__exc_put_format(sink, "<%s%s", handle->is_timer ? "TimerHandle" : "Handle",
                       handle->is_cancelled ? " cancelled" : "");
    if (handle->is_timer)
        add_when(sink, handle->when_ns);
    if (!handle->is_cancelled || handle->is_debug) /* one that was cancelled has forgotten what it called */
        tt__exc_put_format(sink, " %s() at %s:%u", site->text ? site->text : "callback", site->file, site->line);
    if (handle->is_debug)
        tt__exc_put_format(sink, " created at %s:%u", site->file, site->line);
    tt__exc_put_format(sink, ">");
}

int tt_handle_repr(const tt_handle *handle, char *buffer, size_t size)
{
    struct tt_exc_sink sink = tt__exc_sink_into(buffer, size);

    TT_PRECOND("handle_repr.handle", NULL, handle != NULL);
    TT_PRECOND("handle_repr.buffer", NULL, buffer != NULL || size == 0);
    tt__handle_put_repr(&sink, handle);
    return tt__exc_sink_end(&sink);
}

void tt__future_put_repr(struct tt_exc_sink *sink, const tt_future *future)
{
    tt_future *chain[CHAIN_MAX];
    size_t depth = 0;
    bool is_cut = false;

    for (tt_future *next = (tt_future *)future; next; next = tt__task(next)->waiter) {
        for (size_t i = 0; i < depth && !is_cut; i++)
            is_cut = chain[i] == next;
        if (is_cut || depth == CHAIN_MAX) {
            tt__exc_put_format(sink, "...");
            break;
        }
        chain[depth++] = next;
        if (next->kind != TT_OBJECT_KIND_TASK) {
            tt__exc_put_format(sink, "<%s %s", class_of(next), state_of(next));
            break;
        }
        begin_task(sink, tt__task(next));
    }
    while (depth > 0)
        end_future(sink, chain[--depth]);
}

int tt_future_repr(const tt_future *future, char *buffer, size_t size)
{
    struct tt_exc_sink sink = tt__exc_sink_into(buffer, size);

    TT_PRECOND("future_repr.buffer", NULL, buffer != NULL || size == 0);
    tt__future_put_repr(&sink, future);
    return tt__exc_sink_end(&sink);
}

char *tt__future_repr_new(const tt_future *future)
{
    size_t size = (size_t)tt_future_repr(future, NULL, 0) + 1;
    char *text = malloc(size);

    if (text)
        tt_future_repr(future, text, size);
    return text;
}

const char *tt__future_repr_short(const tt_future *future)
{
    return future->kind == TT_OBJECT_KIND_TASK     ? "<Task ...>"
           : future->kind == TT_OBJECT_KIND_GATHER ? "<_GatheringFuture ...>"
                                                   : "<Future ...>";
}
