/* telltale/context.h: context variables: values that follow a chain of tasks and callbacks.
 *
 * A variable has a value in each context. There is always a current context: each task has one of its own, a copy of the
 * one in which it was created; a callback runs in a copy of the one in which it was scheduled or registered; outside of
 * loops the thread has one. So what is set before a task is created is seen in it, and what it sets is seen by what it
 * starts, and by nobody else.
 *
 *     static TT_CONTEXT_VAR(request_id, "none");
 *
 *     if (tt_context_var_set(&request_id, strdup(id), free, NULL) < 0) ...
 *     if (tt_context_var_get(&request_id, &value) < 0) ...
 *
 * Copying a context costs the same whatever is in it, and nothing while nothing is. Values are borrowed when they are
 * read: they are valid as long as they are set in the context that was asked, or in a copy that somebody holds.
 *
 * Threads. A context and a token are used by one thread at a time; copies of one context may be on different threads. A
 * value is released on the thread that lets go of it last.
 *
 * From: contextvars. */
#ifndef TELLTALE_CONTEXT_H
#define TELLTALE_CONTEXT_H

#include <telltale/future.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A variable: static, compared by address. asyncio: ContextVar. */
typedef struct tt_context_var {
    const char *name;
    void *default_value; /* what get gives where nothing is set */
    bool has_default;
} tt_context_var;

/* Defines a variable, with a default or without. */
#define TT_CONTEXT_VAR(NAME, DEFAULT)   const tt_context_var NAME = {#NAME, (DEFAULT), true}
#define TT_CONTEXT_VAR_NO_DEFAULT(NAME) const tt_context_var NAME = {#NAME, NULL, false}

/* What a set can be taken back with. asyncio: Token. */
typedef struct tt_context_token tt_context_token;

/* Sets VAR in the current context. VALUE belongs to the context afterwards, and to its copies: the last of them releases
 * it with FREE_FN if that is not NULL. *OUT_TOKEN (OUT_TOKEN may be NULL) is the caller's and released with
 * tt_context_token_unref. 0, or -1 with MemoryError pending; then VALUE has been released. asyncio: ContextVar.set. */
#define tt_context_var_set(var, value, free_fn, out_token) \
    tt_context_var_set_at(TT_HERE, (var), (value), (free_fn), (out_token))
TT_API int tt_context_var_set_at(tt_site *site, const tt_context_var *var, void *value, tt_free_fn *free_fn,
                                 tt_context_token **out_token) TT_MUST_USE;

/* The value of VAR in the current context, or its default, borrowed: 0; or -1 with LookupError pending. asyncio:
 * ContextVar.get. */
#define tt_context_var_get(var, out_value) tt_context_var_get_at(TT_HERE, (var), (out_value))
TT_API int tt_context_var_get_at(tt_site *site, const tt_context_var *var, void **out_value) TT_MUST_USE;

/* The same; where neither a value nor a default is there, FALLBACK. asyncio: ContextVar.get(default), which does not look
 * at the variable's own default. */
TT_API void *tt_context_var_get_or(const tt_context_var *var, void *fallback);

/* Takes a set back: VAR has the value that it had before, or none. Once for each token. 0, or -1 with RuntimeError "...
 * has already been used once", ValueError "... was created by a different ContextVar", ValueError "... was created in a
 * different Context", or MemoryError pending. TOKEN stays the caller's. asyncio: ContextVar.reset. */
#define tt_context_var_reset(var, token) tt_context_var_reset_at(TT_HERE, (var), (token))
TT_API int tt_context_var_reset_at(tt_site *site, const tt_context_var *var, tt_context_token *token) TT_MUST_USE;

TT_API const tt_context_var *tt_context_token_var(const tt_context_token *token);
/* The value before the set: true, and *OUT_VALUE, borrowed while TOKEN is held; false when there was none. */
TT_API bool tt_context_token_old_value(const tt_context_token *token, void **out_value);
TT_API void tt_context_token_unref(tt_context_token *token); /* NULL ok */

/* A new context in which nothing is set; a copy of CONTEXT; a copy of the current one. One reference, the caller's. NULL
 * with MemoryError pending. asyncio: Context(), Context.copy, copy_context. */
#define tt_context_create()      tt_context_create_at(TT_HERE)
#define tt_context_copy(context) tt_context_copy_at(TT_HERE, (context))
#define tt_copy_context()        tt_copy_context_at(TT_HERE)
TT_API tt_context *tt_context_create_at(tt_site *site) TT_MUST_USE;
TT_API tt_context *tt_context_copy_at(tt_site *site, const tt_context *context) TT_MUST_USE;
TT_API tt_context *tt_copy_context_at(tt_site *site) TT_MUST_USE;
TT_API tt_context *tt_context_ref(tt_context *context); /* returns CONTEXT; NULL ok */
TT_API void tt_context_unref(tt_context *context);      /* NULL ok */

/* What is run in a context: returns 0, or negative with an exception pending. Must not suspend. */
typedef int tt_context_fn(void *arg);

/* Calls FN(ARG) with CONTEXT as the current one; what it sets stays there. Returns what FN returns, or -1 with
 * RuntimeError "cannot enter context: ... is already entered" pending. asyncio: Context.run. */
#define tt_context_run(context, fn, arg) tt_context_run_at(TT_HERE, (context), (fn), (arg))
TT_API int tt_context_run_at(tt_site *site, tt_context *context, tt_context_fn *fn, void *arg) TT_MUST_USE;

/* Looking into a context: whether VAR is set there, and its value (defaults do not count); how many are; which ones, in
 * no particular order, for INDEX below the count. asyncio: Context as a mapping. */
TT_API bool tt_context_get(const tt_context *context, const tt_context_var *var, void **out_value);
TT_API size_t tt_context_count(const tt_context *context);
TT_API const tt_context_var *tt_context_var_at(const tt_context *context, size_t index);

/* The context of TASK, one reference for the caller: what is set in it is seen by the task. NULL with MemoryError
 * pending. On the loop's thread. asyncio: Task.get_context. */
#define tt_task_context(task) tt_task_context_at(TT_HERE, (task))
TT_API tt_context *tt_task_context_at(tt_site *site, tt_task *task) TT_MUST_USE;

#ifdef __cplusplus
}
#endif

#endif
