/* debug.c: asyncio's debug mode: callbacks that take too long, calls from a wrong thread, and where things were created.
 *
 * A loop that is not in debug mode pays one test of a flag for each entry of its ready queue. What is made while the mode
 * is on (futures, tasks, handles) remembers that it was, and then tells where it was created.
 *
 * The loop's thread, but for the check of threads. From: BaseEventLoop._run_once, _check_thread, set_debug. */
#include <stdlib.h>
#include <unistd.h>

#include "exc_text.h"
#include "loop_internal.h"
#include "precond.h"

bool tt__debug_wanted(void)
{
    const char *text = getenv("TELLTALE_DEBUG");

    return text && text[0] && !(text[0] == '0' && !text[1]);
}

void tt_loop_set_debug(tt_loop *loop, bool is_debug)
{
    TT_PRECOND("loop_set_debug.loop", NULL, loop != NULL);
    loop->is_debug = is_debug;
}

bool tt_loop_is_debug(const tt_loop *loop)
{
    TT_PRECOND("loop_is_debug.loop", NULL, loop != NULL);
    return loop->is_debug;
}

void tt_loop_set_slow_callback_duration(tt_loop *loop, int64_t duration_ns)
{
    TT_PRECOND("loop_set_slow_callback_duration.loop", NULL, loop != NULL);
    loop->slow_ns = duration_ns;
}

int64_t tt_loop_slow_callback_duration(const tt_loop *loop)
{
    TT_PRECOND("loop_slow_callback_duration.loop", NULL, loop != NULL);
    return loop->slow_ns;
}

int tt__debug_check_thread_slowly(tt_site *site, const tt_loop *loop)
{
    uint64_t thread = atomic_load_explicit(&loop->running_thread, memory_order_relaxed);

    if (!thread || thread == (uint64_t)gettid())
        return 0;
    return tt_raise_at(site, &tt_RuntimeError,
                       "Non-thread-safe operation invoked on an event loop other than the current one");
}

/* -------------------------------------------------------------------------------------------------- what takes too long */

/* What an entry of the ready queue is to people: a task, a callback, or something of the library's. It is told after it
 * has run, when its memory may be gone, so a reference is held meanwhile. */
struct subject {
    tt_future *task;
    tt_handle *handle;
    tt_handle copy; /* of a handle that cannot be kept; without a site: there is none */
};

static void hold_task(struct subject *subject, tt_loop *loop, struct tt_task_object *task, const tt_site *site)
{
    subject->task = tt__future_ref(&task->future);
    loop->running_site = task->future.is_debug ? site : NULL;
}

static void hold_handle(struct subject *subject, tt_loop *loop, tt_handle *handle)
{
    subject->handle = handle;
    handle->refs++;
    loop->running_site = handle->is_debug ? handle->site : NULL;
}

static void hold(struct subject *subject, tt_loop *loop, struct tt_ready *ready)
{
    loop->running_site = NULL;
    if (ready->ops == &tt__task_step_ops) {
        struct tt_task_object *task = tt_container_of(ready, struct tt_task_object, step);

        hold_task(subject, loop, task, task->last_site);
    } else if (ready->ops == &tt__task_wake_ops) {
        hold_task(subject, loop, tt_container_of(ready, struct tt_task_object, wake.ready), NULL);
    } else if (ready->ops == &tt__handle_ops) {
        hold_handle(subject, loop, tt_container_of(ready, tt_handle, ready));
    } else {
        const tt_handle *handle = tt__done_callback_handle(ready);

        if (handle && handle->is_debug)
            loop->running_site = handle->site;
        if (handle)
            subject->copy = *handle;
    }
}

static void let_go(struct subject *subject, tt_site *site)
{
    if (subject->task)
        tt__future_unref(subject->task, site);
    tt_handle_unref(subject->handle);
}

static void tell_slow(const struct subject *subject, int64_t took_ns)
{
    struct tt_exc_sink sink = {.stream = stderr};

    flockfile(stderr);
    tt__exc_put_format(&sink, "Executing ");
    if (subject->task)
        tt__future_put_repr(&sink, subject->task);
    else if (subject->handle)
        tt__handle_put_repr(&sink, subject->handle);
    else if (subject->copy.site)
        tt__handle_put_repr(&sink, &subject->copy);
    else
        tt__exc_put_format(&sink, "<Handle of the library>");
    tt__exc_put_format(&sink, " took %.3f seconds\n", (double)took_ns / 1e9);
    funlockfile(stderr);
}

void tt__debug_run(tt_loop *loop, struct tt_ready *ready)
{
    struct subject subject = {0};
    int64_t began_ns, took_ns;
    tt_site *site;

    hold(&subject, loop, ready);
    site = subject.task ? tt__task(subject.task)->last_site : NULL;
    began_ns = tt_loop_time(loop);
    ready->ops->run(ready);
    took_ns = tt_loop_time(loop) - began_ns;
    if (took_ns >= loop->slow_ns)
        tell_slow(&subject, took_ns);
    let_go(&subject, site);
    loop->running_site = NULL;
}
