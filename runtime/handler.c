/* handler.c: a loop's exception handler: who is called with what, and what the default one writes.
 *
 * The texts are asyncio's, so that whoever knows asyncio recognises them. The default handler is the only part of the
 * library that writes to stderr unasked, as asyncio's does.
 *
 * A handler runs on the loop's own stack, also when a task's unref brought it about; it cannot suspend, and what was
 * pending when it was called is pending afterwards. On the loop's thread. From:
 * BaseEventLoop.call_exception_handler. */
#include <stdlib.h>
#include <string.h>

#include "loop_internal.h"

enum { REPR_BYTES = 512 };

/* ------------------------------------------------------------------------------------------------------- the default */

int tt_handler_context_keys(const struct tt_handler_context *context, char *buffer, size_t size)
{
    return snprintf(buffer, size, "%s%s%s%s%s%s", context->context ? "context, " : "",
                    context->exception ? "exception, " : "", context->future ? "future, " : "",
                    context->handle ? "handle, " : "", "message", context->task ? ", task" : "");
}

/* "<Handle f() at server.c:12>", "<TimerHandle when=12.5 f() at server.c:12>"; one that was cancelled has forgotten
 * what it called. */
static void handle_repr(const tt_handle *handle, char *buffer, size_t size)
{
    const tt_site *site = handle->site;
    char when[48] = "";

    if (handle->is_timer)
        snprintf(when, sizeof when, " when=%.9f", (double)handle->when_ns / 1e9);
    if (handle->is_cancelled)
        snprintf(buffer, size, "<%s cancelled%s>", handle->is_timer ? "TimerHandle" : "Handle", when);
    else
        snprintf(buffer, size, "<%s%s %s() at %s:%u>", handle->is_timer ? "TimerHandle" : "Handle", when,
                 site->text ? site->text : "callback", site->file, site->line);
}

/* The context that a failing handler was given, in the form of Python's dictionary. */
static void print_inner_context(FILE *stream, const struct tt_handler_context *inner)
{
    char repr[REPR_BYTES];

    fprintf(stream, "context: {");
    if (inner->task) {
        tt_future_repr(inner->task, repr, sizeof repr);
        fprintf(stream, "'task': %s, ", repr);
    }
    fprintf(stream, "'message': '%s'", inner->message ? inner->message : "");
    if (inner->exception) {
        tt_exc_repr(inner->exception, repr, sizeof repr);
        fprintf(stream, ", 'exception': %s", repr);
    }
    if (inner->future) {
        tt_future_repr(inner->future, repr, sizeof repr);
        fprintf(stream, ", 'future': %s", repr);
    }
    if (inner->handle) {
        handle_repr(inner->handle, repr, sizeof repr);
        fprintf(stream, ", 'handle': %s", repr);
    }
    fprintf(stream, "}\n");
}

void tt_loop_default_exception_handler(tt_loop *loop, const struct tt_handler_context *context)
{
    const char *message =
        context->message && context->message[0] ? context->message : "Unhandled exception in event loop";
    char repr[REPR_BYTES];

    (void)loop;
    flockfile(stderr);
    fprintf(stderr, "%s\n", message);
    if (context->context)
        print_inner_context(stderr, context->context);
    if (context->future) {
        tt_future_repr(context->future, repr, sizeof repr);
        fprintf(stderr, "future: %s\n", repr);
    }
    if (context->handle) {
        handle_repr(context->handle, repr, sizeof repr);
        fprintf(stderr, "handle: %s\n", repr);
    }
    if (context->task) {
        tt_future_repr(context->task, repr, sizeof repr);
        fprintf(stderr, "task: %s\n", repr);
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
    outer = tt__exc_state_enter(&state);
    outer_place = tt__context_enter(place_of(call->context));
    tt__no_suspend++;
    tt__handler_depth++;
    rc = loop->handler(loop, call->context, loop->handler_arg);
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

    tt__loop_ref(loop);
    tt__loop_run_at_home(run_handler, &call);
    tt__loop_unref(loop);
}

void tt_loop_set_exception_handler(tt_loop *loop, tt_exception_handler_fn *handler, void *arg)
{
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
    tt_loop_call_exception_handler(
        future->loop, &(struct tt_handler_context){.message = message, .exception = future->exc, .future = future});
}

void tt__loop_run_callback(tt_loop *loop, tt_callback_fn *fn, void *arg, tt_site *site, tt_handle *handle,
                           tt_future *subject)
{
    struct tt_exc_state state = {0}, *outer = tt__exc_state_enter(&state);
    tt_context **outer_place;
    char message[256];
    tt_exc *exc;
    int rc;

    loop->clock = 0; /* it begins now, and the step after it begins when it has ended */
    outer_place = tt__context_enter(&handle->context);
    rc = fn(arg);
    tt__context_leave(outer_place);
    loop->clock = 0;
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
        snprintf(message, sizeof message, "Exception in callback %s() at %s:%u", site->text ? site->text : "callback",
                 site->file, site->line);
        tt_loop_call_exception_handler(
            loop, &(struct tt_handler_context){.message = message, .exception = exc, .handle = handle});
    }
    tt_exc_unref(exc);
}

void tt__loop_run_release(tt_loop *loop, void (*fn)(void *arg), void *arg)
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
    tt_loop_call_exception_handler(
        loop, &(struct tt_handler_context){.message = "exception in a function that frees a value or drops an argument",
                                           .exception = exc});
    tt_exc_unref(exc);
}
