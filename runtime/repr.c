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
#include <stdarg.h>
#include <string.h>

#include "loop_internal.h"
#include "precond.h"

/* How many tasks that wait for each other are shown; more would not fit a line. asyncio shows all. */
enum { CHAIN_MAX = 16 };

/* A buffer that is written past its end without harm: `length` counts on. */
struct text {
    char *buffer;
    size_t size, length;
};

static void TT_PRINTF(2, 3) add(struct text *text, const char *format, ...)
{
    size_t room = text->length < text->size ? text->size - text->length : 0;
    va_list arguments;
    int length;

    va_start(arguments, format);
    length = vsnprintf(room ? text->buffer + text->length : NULL, room, format, arguments);
    va_end(arguments);
    if (length > 0)
        text->length += (size_t)length;
}

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
static void add_callback(struct text *text, const struct tt_done_node *node)
{
    const tt_site *site = tt__done_node_site(node);

    if (site)
        add(text, "%s() at %s:%u", site->text ? site->text : "callback", site->file, site->line);
    else
        add(text, "%s", library_name(node->ready.ops));
}

static void add_callbacks(struct text *text, const tt_future *future)
{
    size_t count = 0;
    const struct tt_done_node *node, *last = NULL;

    for (node = future->callbacks.first; node; node = node->next) {
        last = node;
        count++;
    }
    if (!count)
        return;
    add(text, " cb=[");
    add_callback(text, future->callbacks.first);
    if (count > 2)
        add(text, ", <%zu more>", count - 2);
    if (count > 1) {
        add(text, ", ");
        add_callback(text, last);
    }
    add(text, "]");
}

static void add_coroutine(struct text *text, struct tt_task_object *task)
{
    const tt_site *created = task->future.created_site;
    const char *name = created->text ? created->text : "coroutine";

    if (task->phase == TT_TASK_ENDED)
        add(text, " coro=<%s() done, created at %s:%u>", name, created->file, created->line);
    else if (task->has_started)
        add(text, " coro=<%s() running at %s:%u>", name, task->last_site->file, task->last_site->line);
    else
        add(text, " coro=<%s() created at %s:%u>", name, created->file, created->line);
}

static void add_outcome(struct text *text, const tt_future *future)
{
    char repr[256];

    if (future->state != TT_FUTURE_FINISHED)
        return;
    if (!future->exc) {
        if (future->value)
            add(text, " result=%p", future->value);
        else
            add(text, " result=None");
        return;
    }
    tt_exc_repr(future->exc, repr, sizeof repr);
    add(text, " exception=%s", repr);
}

/* TEXT in quotes as Python's repr chooses them; what would need escapes is left to whoever shows it. */
static void add_quoted(struct text *text, const char *string)
{
    const char *quote = strchr(string, '\'') && !strchr(string, '"') ? "\"" : "'";

    add(text, "%s%s%s", quote, string, quote);
}

/* What stands before the future that TASK waits for and what stands after it. */
static void begin_task(struct text *text, struct tt_task_object *task)
{
    add(text, "<%s %s name=", class_of(&task->future), state_of(&task->future));
    add_quoted(text, tt_task_name(&task->future));
    add_coroutine(text, task);
    if (task->waiter)
        add(text, " wait_for=");
}

static void end_future(struct text *text, const tt_future *future)
{
    add_outcome(text, future);
    add_callbacks(text, future);
    if (future->is_debug)
        add(text, " created at %s:%u", future->created_site->file, future->created_site->line);
    add(text, ">");
}

/* "when=12.5", without the zeros that a float would not show. */
static void add_when(struct text *text, int64_t when_ns)
{
    char fraction[16];
    size_t length;

    snprintf(fraction, sizeof fraction, "%09" PRId64, when_ns % TT_SEC(1) * (when_ns < 0 ? -1 : 1));
    for (length = 9; length > 1 && fraction[length - 1] == '0';)
        length--;
    add(text, " when=%s%" PRId64 ".%.*s", when_ns < 0 && when_ns > -TT_SEC(1) ? "-" : "", when_ns / TT_SEC(1),
        (int)length, fraction);
}

int tt_handle_repr(const tt_handle *handle, char *buffer, size_t size)
{
    struct text text = {buffer, size, 0};
    const tt_site *site;

    TT_PRECOND("handle_repr.handle", NULL, handle != NULL);
    TT_PRECOND("handle_repr.buffer", NULL, buffer != NULL || size == 0);
    site = handle->site;
    if (size)
        buffer[0] = '\0';
    add(&text, "<%s%s", handle->is_timer ? "TimerHandle" : "Handle", handle->is_cancelled ? " cancelled" : "");
    if (handle->is_timer)
        add_when(&text, handle->when_ns);
    if (!handle->is_cancelled || handle->is_debug) /* one that was cancelled has forgotten what it called */
        add(&text, " %s() at %s:%u", site->text ? site->text : "callback", site->file, site->line);
    if (handle->is_debug)
        add(&text, " created at %s:%u", site->file, site->line);
    add(&text, ">");
    return (int)text.length;
}

int tt_future_repr(const tt_future *future, char *buffer, size_t size)
{
    struct text text = {buffer, size, 0};
    tt_future *chain[CHAIN_MAX];
    size_t depth = 0;
    bool is_cut = false;

    TT_PRECOND("future_repr.buffer", NULL, buffer != NULL || size == 0);
    if (size)
        buffer[0] = '\0';
    for (tt_future *next = (tt_future *)future; next; next = tt__task(next)->waiter) {
        for (size_t i = 0; i < depth && !is_cut; i++)
            is_cut = chain[i] == next;
        if (is_cut || depth == CHAIN_MAX) {
            add(&text, "...");
            break;
        }
        chain[depth++] = next;
        if (next->kind != TT_OBJECT_KIND_TASK) {
            add(&text, "<%s %s", class_of(next), state_of(next));
            break;
        }
        begin_task(&text, tt__task(next));
    }
    while (depth > 0)
        end_future(&text, chain[--depth]);
    return (int)text.length;
}
