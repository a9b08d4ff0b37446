/* context.c: context variables. See telltale/context.h for what they mean, context_internal.h for which context is the
 * current one.
 *
 *     context --> map --> binding (var, value), binding, ...
 *                  ^           ^
 *     copy --------+           |
 *     changed copy --> map ----+
 *
 * A copy shares the map; whoever changes a map that it shares makes one of its own first. A map is an array sorted by
 * the variables' addresses: contexts have few variables, and are read much more often than written. Bindings are shared
 * by maps and tokens.
 *
 * Threads: the counts of maps and bindings are atomic, because copies of one context go to other threads; everything
 * else is used by one thread at a time. From: contextvars (PEP 567). */
#include "context_internal.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "loop_internal.h"
#include "precond.h"

struct binding {
    _Atomic uint32_t refs;
    const tt_context_var *var;
    void *value;
    tt_free_fn *free_fn;
};

struct map {
    _Atomic uint32_t refs;
    uint32_t count, capacity;
    struct binding *bindings[]; /* by address of the variable; a reference each */
};

struct tt_context {
    uint32_t refs;
    struct map *map;   /* a reference; NULL: nothing is set */
    tt_context *outer; /* while tt_context_run runs something in it: the one that was current before; borrowed */
    bool is_entered;   /* by tt_context_run */
};

struct tt_context_token {
    tt_context *context; /* a reference */
    const tt_context_var *var;
    struct binding *old; /* a reference; NULL: it was not set */
    bool is_used;
};

__thread tt_context **tt__context_place __attribute__((tls_model("initial-exec")));
__thread tt_context *tt__thread_context __attribute__((tls_model("initial-exec")));

/* --------------------------------------------------------------------------------------------------- maps of bindings */

/* What a function that releases a value raises goes to the handler of the loop that runs here; without one it is lost:
 * there is nobody to tell. */
static void release_value(tt_free_fn *free_fn, void *value)
{
    struct tt_exc_state state = {0}, *outer;

    if (tt__running_loop) {
        tt__loop_run_release(tt__running_loop, free_fn, value);
        return;
    }
    outer = tt__exc_state_enter(&state);
    free_fn(value);
    tt__exc_state_finish(&state);
    tt__exc_state_enter(outer);
}

static void unref_binding(struct binding *binding)
{
    if (!binding || atomic_fetch_sub_explicit(&binding->refs, 1, memory_order_acq_rel) > 1)
        return;
    if (binding->free_fn)
        release_value(binding->free_fn, binding->value);
    free(binding);
}

static struct binding *ref_binding(struct binding *binding)
{
    if (binding)
        atomic_fetch_add_explicit(&binding->refs, 1, memory_order_relaxed);
    return binding;
}

static void unref_map(struct map *map)
{
    if (!map || atomic_fetch_sub_explicit(&map->refs, 1, memory_order_acq_rel) > 1)
        return;
    for (uint32_t i = 0; i < map->count; i++)
        unref_binding(map->bindings[i]);
    free(map);
}

static struct map *ref_map(struct map *map)
{
    if (map)
        atomic_fetch_add_explicit(&map->refs, 1, memory_order_relaxed);
    return map;
}

/* Where VAR stands in MAP, or would stand. */
static uint32_t position(const struct map *map, const tt_context_var *var)
{
    uint32_t low = 0, high = map ? map->count : 0;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if ((uintptr_t)map->bindings[middle]->var < (uintptr_t)var)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static struct binding *find(const tt_context *context, const tt_context_var *var)
{
    const struct map *map = context ? context->map : NULL;
    uint32_t index = position(map, var);

    return map && index < map->count && map->bindings[index]->var == var ? map->bindings[index] : NULL;
}

enum { MAP_CAPACITY_MIN = 4 };

/* Makes CONTEXT's map its own, with room for one more. False without memory. */
static bool own_map(tt_context *context)
{
    struct map *map = context->map, *own;
    uint32_t count = map ? map->count : 0, capacity = count < MAP_CAPACITY_MIN ? MAP_CAPACITY_MIN : 2 * count;

    if (map && map->count < map->capacity && atomic_load_explicit(&map->refs, memory_order_acquire) == 1)
        return true;
    own = malloc(sizeof *own + capacity * sizeof(struct binding *));
    if (!own)
        return false;
    atomic_init(&own->refs, 1);
    own->count = count;
    own->capacity = capacity;
    for (uint32_t i = 0; i < count; i++)
        own->bindings[i] = ref_binding(map->bindings[i]);
    unref_map(map);
    context->map = own;
    return true;
}

/* Puts BINDING (NULL: none; a reference is taken over) in the place of what VAR has in CONTEXT, whose map is its own and
 * has room. Returns what was there, a reference. */
static struct binding *exchange(tt_context *context, const tt_context_var *var, struct binding *binding)
{
    struct map *map = context->map;
    uint32_t index = position(map, var);
    struct binding **place = &map->bindings[index], *old = NULL;
    bool is_there = index < map->count && (*place)->var == var;
    size_t bytes_after = (map->count - index) * sizeof *place;

    if (is_there)
        old = *place;
    if (is_there && !binding) {
        memmove(place, place + 1, bytes_after - sizeof *place);
        map->count--;
    } else if (!is_there && binding) {
        assert(map->count < map->capacity && "there is room for one more");
        memmove(place + 1, place, bytes_after);
        map->count++;
    }
    if (binding)
        *place = binding;
    return old;
}

/* ----------------------------------------------------------------------------------------------------------- contexts */

static tt_context *create(tt_site *site, struct map *map)
{
    tt_context *context = malloc(sizeof *context);

    if (!context) {
        tt_raise_at(site, &tt_MemoryError, "no memory for a context");
        return NULL;
    }
    *context = (tt_context){.refs = 1, .map = ref_map(map)};
    return context;
}

tt_context *tt_context_create_at(tt_site *site)
{
    return create(site, NULL);
}

tt_context *tt_context_copy_at(tt_site *site, const tt_context *context)
{
    TT_PRECOND("context_copy.context", site, context != NULL);
    return create(site, context->map);
}

tt_context *tt_context_ref(tt_context *context)
{
    if (context)
        context->refs++;
    return context;
}

void tt_context_unref(tt_context *context)
{
    if (!context)
        return;
    assert(context->refs > 0 && "a reference is released once");
    if (--context->refs > 0)
        return;
    unref_map(context->map);
    free(context);
}

bool tt_context_get(const tt_context *context, const tt_context_var *var, void **out_value)
{
    const struct binding *binding;

    TT_PRECOND("context_get.context", NULL, context != NULL && var != NULL);
    binding = find(context, var);
    if (binding && out_value)
        *out_value = binding->value;
    return binding != NULL;
}

size_t tt_context_count(const tt_context *context)
{
    TT_PRECOND("context_count.context", NULL, context != NULL);
    return context->map ? context->map->count : 0;
}

const tt_context_var *tt_context_var_at(const tt_context *context, size_t index)
{
    TT_PRECOND("context_var_at.context", NULL, context != NULL);
    TT_PRECOND("context_var_at.index", NULL, index < tt_context_count(context));
    return context->map->bindings[index]->var;
}

/* ------------------------------------------------------------------------------------------------ the current context */

static pthread_key_t thread_key;
static bool has_thread_key;

/* A thread ends. */
static void release_thread_context(void *unused)
{
    tt_context *context = tt__thread_context;

    (void)unused;
    tt__thread_context = NULL;
    tt_context_unref(context);
}

static void create_thread_key(void)
{
    has_thread_key = pthread_key_create(&thread_key, release_thread_context) == 0;
}

/* Has the thread's own context released when the thread ends. Where there is no key for that it is not. */
static void care_for_thread(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, create_thread_key);
    if (has_thread_key)
        (void)pthread_setspecific(thread_key, &thread_key);
}

static tt_context **place_now(void)
{
    return tt__context_place ? tt__context_place : &tt__thread_context;
}

/* The context that hangs at PLACE, made if there is none yet; NULL with MemoryError pending. */
static tt_context *context_at(tt_site *site, tt_context **place)
{
    if (*place)
        return *place;
    *place = create(site, NULL);
    if (*place && place == &tt__thread_context)
        care_for_thread();
    return *place;
}

int tt__context_capture_slowly(tt_site *site, tt_context **out_context)
{
    const tt_context *now = *place_now();

    if (!now->map || !now->map->count)
        return 0;
    *out_context = create(site, now->map);
    return *out_context ? 0 : -1;
}

tt_context *tt_copy_context_at(tt_site *site)
{
    const tt_context *now = *place_now();

    return create(site, now ? now->map : NULL);
}

tt_context *tt_task_context_at(tt_site *site, tt_task *task)
{
    TT_PRECOND("task_context.task", site, task != NULL && task->kind == TT_OBJECT_KIND_TASK);
    return tt_context_ref(context_at(site, &tt__task(task)->context));
}

/* Whether CONTEXT is current, or was when one of the runs began that are under way here. */
static bool is_entered(const tt_context *context)
{
    if (context->is_entered)
        return true;
    for (const tt_context *now = *place_now(); now; now = now->outer)
        if (now == context)
            return true;
    return false;
}

int tt_context_run_at(tt_site *site, tt_context *context, tt_context_fn *fn, void *arg)
{
    tt_context **place = place_now(), *before = *place;
    int rc;

    TT_PRECOND("context_run.context", site, context != NULL && fn != NULL);
    if (is_entered(context))
        return tt_raise_at(site, &tt_RuntimeError, "cannot enter context: <Context object at %p> is already entered",
                           (void *)context);
    *place = tt_context_ref(context);
    context->outer = before;
    context->is_entered = true;
    tt__no_suspend++;
    rc = fn(arg);
    tt__no_suspend--;
    context->is_entered = false;
    context->outer = NULL;
    *place = before;
    tt_context_unref(context);
    return rc;
}

/* ---------------------------------------------------------------------------------------------------------- variables */

static tt_context_token *create_token(tt_context *context, const tt_context_var *var)
{
    tt_context_token *token = malloc(sizeof *token);

    if (token)
        *token = (tt_context_token){.context = tt_context_ref(context), .var = var};
    return token;
}

static struct binding *create_binding(const tt_context_var *var, void *value, tt_free_fn *free_fn)
{
    struct binding *binding = malloc(sizeof *binding);

    if (!binding)
        return NULL;
    atomic_init(&binding->refs, 1);
    binding->var = var;
    binding->value = value;
    binding->free_fn = free_fn;
    return binding;
}

int tt_context_var_set_at(tt_site *site, const tt_context_var *var, void *value, tt_free_fn *free_fn,
                          tt_context_token **out_token)
{
    tt_context *context = context_at(site, place_now());
    struct binding *binding, *old;
    tt_context_token *token = NULL;

    TT_PRECOND("context_var_set.var", site, var != NULL);
    if (!context) {
        if (free_fn)
            release_value(free_fn, value);
        return -1;
    }
    binding = create_binding(var, value, free_fn);
    if (binding && out_token)
        token = create_token(context, var);
    if (!binding || (out_token && !token) || !own_map(context)) {
        free(binding);
        tt_context_token_unref(token);
        if (free_fn)
            release_value(free_fn, value);
        return tt_raise_at(site, &tt_MemoryError, "no memory for a context variable");
    }
    old = exchange(context, var, binding);
    if (token) {
        token->old = old;
        *out_token = token;
    } else {
        unref_binding(old);
    }
    return 0;
}

int tt_context_var_get_at(tt_site *site, const tt_context_var *var, void **out_value)
{
    const struct binding *binding;

    TT_PRECOND("context_var_get.var", site, var != NULL && out_value != NULL);
    binding = find(*place_now(), var);
    if (!binding && !var->has_default)
        return tt_raise_at(site, &tt_LookupError, "<ContextVar name='%s' at %p>", var->name, (const void *)var);
    *out_value = binding ? binding->value : var->default_value;
    return 0;
}

void *tt_context_var_get_or(const tt_context_var *var, void *fallback)
{
    const struct binding *binding;

    TT_PRECOND("context_var_get_or.var", NULL, var != NULL);
    binding = find(*place_now(), var);
    return binding ? binding->value : fallback;
}

static int refuse_token(tt_site *site, const tt_exc_type *type, const tt_context_token *token, const char *why)
{
    return tt_raise_at(site, type, "<Token%s var=<ContextVar name='%s' at %p> at %p> %s", token->is_used ? " used" : "",
                       token->var->name, (const void *)token->var, (const void *)token, why);
}

int tt_context_var_reset_at(tt_site *site, const tt_context_var *var, tt_context_token *token)
{
    TT_PRECOND("context_var_reset.token", site, var != NULL && token != NULL);
    if (token->is_used)
        return refuse_token(site, &tt_RuntimeError, token, "has already been used once");
    if (token->var != var)
        return refuse_token(site, &tt_ValueError, token, "was created by a different ContextVar");
    if (token->context != *place_now())
        return refuse_token(site, &tt_ValueError, token, "was created in a different Context");
    if (!own_map(token->context))
        return tt_raise_at(site, &tt_MemoryError, "no memory for a context variable");
    token->is_used = true;
    unref_binding(exchange(token->context, var, ref_binding(token->old)));
    return 0;
}

const tt_context_var *tt_context_token_var(const tt_context_token *token)
{
    TT_PRECOND("context_token_var.token", NULL, token != NULL);
    return token->var;
}

bool tt_context_token_old_value(const tt_context_token *token, void **out_value)
{
    TT_PRECOND("context_token_old_value.token", NULL, token != NULL);
    if (token->old && out_value)
        *out_value = token->old->value;
    return token->old != NULL;
}

void tt_context_token_unref(tt_context_token *token)
{
    if (!token)
        return;
    unref_binding(token->old);
    tt_context_unref(token->context);
    free(token);
}
