/* handler.c: a loop's exception handler: who is called with what, and what the default one writes.
 *
 * The texts are asyncio's, so that whoever knows asyncio recognises them. The default handler writes to stderr, as
 * asyncio's does; so do, for the same reason, a callback of a thread-side future that raised and the executor's warning.
 * Nothing else does unasked, but for the last words of a process that ends (precond.c, stack_overflow.c).
 *
 * A handler runs on the loop's own stack, also when a task's unref brought it about; it cannot suspend, and what was
 * pending when it was called is pending afterwards. On the loop's thread. From:
 * BaseEventLoop.call_exception_handler. */
#include <stdlib.h>
#include <string.h>

#include <telltale/task_group.h>

#include "exc_text.h"
#include "loop_internal.h"
#include "precond.h"

enum { GROUP_REPR_BYTES = 96 }; /* a word, two counts and a state */

/* ------------------------------------------------------------------------------------------------------- the default */

int tt_handler_context_keys(const struct tt_handler_context *context, char *buffer, size_t size)
{
    TT_PRECOND("handler_context_keys.context", NULL, context != NULL);
    TT_PRECOND("handler_context_keys.buffer", NULL, buffer != NULL || size == 0);
    return snprintf(buffer, size, "%s%s%s%s%s%s%s%s", context->context ? "context, " : "",
                    context->exception ? "exception, " : "", context->future ? "future, " : "",
                    context->handle ? "handle, " : "", "message", context->source_traceback ? ", source_traceback" : "",
                    context->task ? ", task" : "", context->task_group ? ", task_group" : "");
}

static void put_group(struct tt_exc_sink *sink, const char *before, const tt_group *group)
{
    char repr[GROUP_REPR_BYTES];

    tt_group_repr(group, repr, sizeof repr);
    tt__exc_put_format(sink, "%s%s", before, repr);
}

/* The context that a failing handler was given, in the form of Python's dictionary. */
static void put_inner_context(struct tt_exc_sink *sink, const struct tt_handler_context *inner)
{
    const char *message = inner->message ? inner->message : "";

    tt__exc_put_format(sink, "context: {");
    if (inner->task) {
        tt__exc_put_format(sink, "'task': ");
        tt__future_put_repr(sink, inner->task);
        tt__exc_put_format(sink, ", ");
    }
    tt__exc_put_format(sink, "'message': ");
    tt__exc_put_quoted(sink, message, strlen(message));
    if (inner->exception) {
        tt__exc_put_format(sink, ", 'exception': ");
        tt__exc_put_repr(sink, inner->exception);
    }
    if (inner->future) {
        tt__exc_put_format(sink, ", 'future': ");
        tt__future_put_repr(sink, inner->future);
    }
    if (inner->handle) {
        tt__exc_put_format(sink, ", 'handle': ");
        tt__handle_put_repr(sink, inner->handle);
    }
    if (inner->task_group)
        put_group(sink, ", 'task_group': ", inner->task_group);
    tt__exc_put_format(sink, "}\n");
}

static void print_place(const char *what, const tt_site *site)
{
    fprintf(stderr, "%s created at (most recent call last):\n  File \"%s\", line %u, in %s\n", what, site->file,
            site->line, site->func);
}

void tt_loop_default_exception_handler(tt_loop *loop, const struct tt_handler_context *context)
{
    struct tt_exc_sink sink = {.stream = stderr}; /* straight there: nothing is cut, and no memory is needed */
    const char *message;

    TT_PRECOND("loop_default_exception_handler.loop", NULL, loop != NULL);
    TT_PRECOND("loop_default_exception_handler.context", NULL, context != NULL);
    message = context->message && context->message[0] ? context->message : "Unhandled exception in event loop";
    flockfile(stderr);
    fprintf(stderr, "%s\n", message);
    if (context->context)
        put_inner_context(&sink, context->context);
    if (context->future) {
        tt__exc_put_format(&sink, "future: ");
        tt__future_put_repr(&sink, context->future);
        tt__exc_put_format(&sink, "\n");
    }
    if (context->handle) {
        tt__exc_put_format(&sink, "handle: ");
        tt__handle_put_repr(&sink, context->handle);
        tt__exc_put_format(&sink, "\n");
    }
    if (context->source_traceback)
        print_place("source_traceback: Object", context->source_traceback);
    else if (loop->running_site)
        print_place("handle_traceback: Handle", loop->running_site);
    if (context->task) {
        tt__exc_put_format(&sink, "task: ");
        tt__future_put_repr(&sink, context->task);
        tt__exc_put_format(&sink, "\n");
    }
    if (context->task_group) {
        put_group(&sink, "task_group: ", context->task_group);
        tt__exc_put_format(&sink, "\n");
    }
    if (context->exception)
        tt_exc_print(context->exception, stderr);
    funlockfile(stderr);
}

/* ---------------------------------------------------------------------------------------------------------- dispatch */

struct call {
    tt_loop *loop;
    const struct tt_handler_context *context;
};

static void tell_called(tt_loop *loop, const struct tt_handler_context *context, enum tt_handler_kind kind)
{
    tt_future *object = context->future ? context->future : context->task;

    TT_EMIT(handler_called, .loop_id = loop->id, .object_id = object ? object->id : 0,
            .exception_id = context->exception ? tt_exc_id(context->exception) : 0, .kind = (uint8_t)kind,
            .object_kind = (uint8_t)(object            ? object->kind
                                     : context->handle ? TT_OBJECT_KIND_CALLBACK
                                                       : 0),
            .message = context->message);
}

/* The custom handler raised when it was told INNER: the default one tells that. Exit-class exceptions leave the loop,
 * if it runs. */
static void report_handler_failure(tt_loop *loop, const struct tt_handler_context *inner, tt_exc *exc)
{
    const struct tt_handler_context context = {
        .message = "Unhandled error in exception handler", .exception = exc, .context = inner};

    if (loop->is_running && (tt_exc_is(exc, &tt_SystemExit) || tt_exc_is(exc, &tt_KeyboardInterrupt))) {
        tt__loop_set_fatal(loop, exc);
        return;
    }
    tell_called(loop, &context, TT_HANDLER_KIND_DEFAULT);
    tt_loop_default_exception_handler(loop, &context);
}

/* Where the handler's context hangs: at the task, else the future if that is a task, else the callback; without any,
 * where it hangs now. */
static tt_context **place_of(const struct tt_handler_context *context)
{
    tt_future *thing = context->task ? context->task : context->future;

    if (thing)
        return thing->kind == TT_OBJECT_KIND_TASK ? &tt__task(thing)->context : tt__context_place;
    return context->handle ? &context->handle->context : tt__context_place;
}

/* Puts STATE, all zero, in force, in which EXC (NULL: nothing) is being handled. Returns the one that was. */
static struct tt_exc_state *enter_handling(struct tt_exc_state *state, tt_exc *exc)
{
    struct tt_exc_state *outer = tt__exc_state_enter(state);

    state->pending = tt_exc_ref(exc);
    if (exc && !tt_catch(&tt_BaseException))
        tt__exc_state_finish(state); /* not reached: the first levels need no memory */
    return outer;
}

/* What is being handled when a handler is called is so inside of it too: it is the context of what the handler raises. */
static void run_handler(void *arg)
{
    const struct call *call = arg;
    tt_loop *loop = call->loop;
    struct tt_exc_state state = {0}, *outer;
    tt_context **outer_place;
    tt_exc *exc;
    int rc = 0;

    tell_called(loop, call->context, loop->handler ? TT_HANDLER_KIND_CUSTOM : TT_HANDLER_KIND_DEFAULT);
    if (!loop->handler) {
        tt_loop_default_exception_handler(loop, call->context);
        return;
    }
    if (tt__recursion_depth >= TT_RECURSION_MAX) {
        exc = tt_exc_new(&tt_RecursionError, TT_RECURSION_TEXT);
        report_handler_failure(loop, call->context, exc);
        tt_exc_unref(exc);
        return;
    }
    outer = enter_handling(&state, tt_exc_caught());
    outer_place = tt__context_enter(place_of(call->context));
    tt__no_suspend++;
    tt__handler_depth++;
    tt__recursion_depth++;
    rc = loop->handler(loop, call->context, loop->handler_arg);
    tt__recursion_depth--;
    tt__handler_depth--;
    tt__no_suspend--;
    tt__context_leave(outer_place);
    tt__exc_state_close_handlings(&state);
    if (rc < 0 && !state.pending)
        tt_raise(&tt_RuntimeError, "an exception handler returned %d with no exception pending", rc);
    exc = tt__exc_state_take(&state);
    tt__exc_state_enter(outer);
    if (exc)
        report_handler_failure(loop, call->context, exc);
    tt_exc_unref(exc);
}

void tt_loop_call_exception_handler(tt_loop *loop, const struct tt_handler_context *context)
{
    struct call call = {loop, context};

    TT_PRECOND("loop_call_exception_handler.loop", NULL, loop != NULL);
    TT_PRECOND("loop_call_exception_handler.context", NULL, context != NULL);
    tt__loop_ref(loop);
    tt__loop_run_at_home(run_handler, &call);
    tt__loop_unref(loop);
}

void tt_loop_set_exception_handler(tt_loop *loop, tt_exception_handler_fn *handler, void *arg)
{
    TT_PRECOND("loop_set_exception_handler.loop", NULL, loop != NULL);
    loop->handler = handler;
    loop->handler_arg = arg;
}

/* ------------------------------------------------------------------------------------------------ what is reported */

static const char *class_name(const tt_future *future)
{
    switch (future->kind) {
    case TT_OBJECT_KIND_TASK:
        return "Task";
    case TT_OBJECT_KIND_GATHER:
        return "_GatheringFuture";
    default:
        return "Future";
    }
}

void tt__handler_report_never_retrieved(tt_future *future, tt_site *site)
{
    char message[64];

    snprintf(message, sizeof message, "%s exception was never retrieved", class_name(future));
    TT_EMIT(failure_reported, .failure_id = future->id, .loop_id = (uint32_t)future->loop->id, .site = site,
            .kind = future->loop->handler ? TT_HANDLER_KIND_CUSTOM : TT_HANDLER_KIND_DEFAULT);
    tt_loop_call_exception_handler(future->loop,
                                   &(struct tt_handler_context){.message = message,
                                                                .exception = future->exc,
                                                                .future = future,
                                                                .source_traceback = tt__future_source(future)});
}

/* A callback begins: when nothing was read since the step before it, which may have lasted, now. */
static uint64_t begin_accounting(tt_loop *loop)
{
    if (!tt_trace_on(TT_CATEGORY_loop)) {
        loop->clock = 0;
        return 0;
    }
    if (!tt_trace_on(TT_CATEGORY_task)) /* steps do not read it */
        loop->clock = 0;
    return tt__loop_clock(loop);
}

/* It has ended; the step after it begins at that instant. */
static void end_accounting(tt_loop *loop, uint64_t began, const tt_handle *handle)
{
    loop->clock = 0;
    if (began && tt__loop_clock(loop) - began >= (uint64_t)loop->slow_ns)
        tt__stall_check(loop, loop->clock - began, loop->actor, handle->site, NULL);
}

/* "Exception in callback f() at FILE:LINE", in ROOM if it fits there, else a new string, which *OUT_NEW is then (NULL:
 * none). Without memory for that the place is left out, which the handle tells too. */
static const char *callback_message(const tt_site *site, char *room, size_t size, char **out_new)
{
    static const char format[] = "Exception in callback %s() at %s:%u";
    const char *name = site->text ? site->text : "callback";
    size_t needed = (size_t)snprintf(room, size, format, name, site->file, site->line) + 1;

    *out_new = NULL;
    if (needed <= size)
        return room;
    *out_new = malloc(needed);
    if (!*out_new)
        return "Exception in callback ...";
    snprintf(*out_new, needed, format, name, site->file, site->line);
    return *out_new;
}

/* EXC came out of the callback of HANDLE, of SITE. */
static void report_callback(tt_loop *loop, tt_handle *handle, const tt_site *site, tt_exc *exc)
{
    struct tt_exc_state state = {0}, *outer;
    char room[256], *own;
    const char *message = callback_message(site, room, sizeof room, &own);

    outer = enter_handling(&state, exc);
    tt_loop_call_exception_handler(
        loop, &(struct tt_handler_context){.message = message,
                                           .exception = exc,
                                           .handle = handle,
                                           .source_traceback = handle->is_debug ? handle->site : NULL});
    tt__exc_state_enter(outer);
    tt__exc_state_finish(&state);
    free(own);
}

void tt__loop_run_callback(tt_loop *loop, tt_callback_fn *fn, void *arg, tt_site *site, tt_handle *handle,
                           tt_future *subject)
{
    struct tt_exc_state state = {0}, *outer = tt__exc_state_enter(&state);
    tt_context **outer_place;
    uint64_t began;
    tt_exc *exc;
    int rc;

    began = begin_accounting(loop);
    outer_place = tt__context_enter(&handle->context);
    rc = fn(arg);
    tt__context_leave(outer_place);
    end_accounting(loop, began, handle);
    tt__exc_state_close_handlings(&state);
    if (rc < 0 && !state.pending)
        tt_raise_at(site, &tt_RuntimeError, "%s() returned %d with no exception pending",
                    site->text ? site->text : "a callback", rc);
    exc = tt__exc_state_take(&state);
    tt__exc_state_enter(outer);
    if (!exc)
        return;
    if (subject && tt_future_peek(subject) == exc)
        tt__ledger_forwarded(subject, 0, TT_FORWARD_HOW_CALLBACK, site);
    if (tt_exc_is(exc, &tt_SystemExit) || tt_exc_is(exc, &tt_KeyboardInterrupt)) {
        tt__loop_set_fatal(loop, exc);
    } else {
        report_callback(loop, handle, site, exc);
    }
    tt_exc_unref(exc);
}

void tt__loop_run_guarded(tt_loop *loop, void (*fn)(void *arg), void *arg, const char *message)
{
    struct tt_exc_state state = {0}, *outer = tt__exc_state_enter(&state);
    tt_exc *exc;

    tt__no_suspend++;
    fn(arg);
    tt__no_suspend--;
    tt__exc_state_close_handlings(&state);
    exc = tt__exc_state_take(&state);
    tt__exc_state_enter(outer);
    if (!exc)
        return;
    tt_loop_call_exception_handler(loop, &(struct tt_handler_context){.message = message, .exception = exc});
    tt_exc_unref(exc);
}

void tt__loop_run_release(tt_loop *loop, void (*fn)(void *arg), void *arg)
{
    tt__loop_run_guarded(loop, fn, arg, "exception in a function that frees a value or drops an argument");
}
