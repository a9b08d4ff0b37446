/* task.c: tasks as objects: creation, names, values, cancellation requests, the list of those that are not done.
 *
 * How they run is in step.c, how they wait in await.c. The loop's thread. From: asyncio.Task.
 */
#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "executor_internal.h"
#include "loop_internal.h"
#include "precond.h"

/* asyncio counts default names over all loops; only tasks without a name of their own draw one. */
static _Atomic uint32_t name_counter;

/* As long as there is one loop, which is nearly always, a locked instruction would buy nothing and be a tenth of what a
 * task costs. While a second loop is being made on another thread two tasks may get the same number: a default name is
 * for reading, and no identity. */
static uint32_t next_name_number(void)
{
    uint32_t number;

    if (tt__loop_count() > 1)
        return atomic_fetch_add_explicit(&name_counter, 1, memory_order_relaxed) + 1;
    number = atomic_load_explicit(&name_counter, memory_order_relaxed) + 1;
    atomic_store_explicit(&name_counter, number, memory_order_relaxed);
    return number;
}

/* ----------------------------------------------------------------------------------------------------------- memory */

/* Memory of tasks that are gone waits at their loop for the next ones: last in first out, because that is still in the
 * cache. Under the address sanitizer there is no pool, so that a use after the end is seen. */
enum { POOL_MAX = 1024 };

static struct tt_task_object *allocate_task(tt_loop *loop)
{
    struct tt_task_object *task = loop->free_tasks;

    if (!task)
        return calloc(1, sizeof *task);
    loop->free_tasks = task->next;
    loop->free_task_count--;
    memset(task, 0, offsetof(struct tt_task_object, coro));
    task->coro = (struct tt_coro){0};
    task->exc_state.pending = NULL; /* a state that is finished has nothing else that counts */
    task->number_name[0] = '\0';
    return task;
}

static void free_task(tt_loop *loop, struct tt_task_object *task)
{
    if (TT_ASAN || loop->is_closed || loop->free_task_count == POOL_MAX) {
        free(task);
        return;
    }
    task->next = loop->free_tasks;
    loop->free_tasks = task;
    loop->free_task_count++;
}

void tt__task_pool_drain(tt_loop *loop)
{
    struct tt_task_object *task;

    while ((task = loop->free_tasks) != NULL) {
        loop->free_tasks = task->next;
        free(task);
    }
    loop->free_task_count = 0;
}

/* --------------------------------------------------------------------------------------------------------- creation */

static void destroy_task(tt_future *future)
{
    struct tt_task_object *task = tt__task(future);
    tt_loop *loop = tt__loop_ref(future->loop);

    assert(task->phase == TT_TASK_ENDED && "the loop owns a task until it ends");
    if (task->board)
        tt_board_release(task->board);
    if (task->thrown)
        tt_exc_unref(task->thrown);
    if (task->cancel_text)
        free(task->cancel_text);
    if (task->name)
        free(task->name);
    if (task->context)
        tt_context_unref(task->context);
    tt__future_finish(future);
    free_task(loop, task);
    tt__loop_unref(loop);
}

static const struct tt_future_ops task_ops = {.destroy = destroy_task, .cancel = tt__task_cancel};

static void link_task(tt_loop *loop, struct tt_task_object *task)
{
    task->previous = loop->last_task;
    if (loop->last_task)
        loop->last_task->next = task;
    else
        loop->first_task = task;
    loop->last_task = task;
    loop->task_count++;
}

static struct tt_task_object *refuse_raised(const struct tt_task_options *options, void *arg)
{
    if (options && options->drop)
        options->drop(arg);
    return NULL;
}

static struct tt_task_object *refuse(tt_site *site, const struct tt_task_options *options, void *arg,
                                     const tt_exc_type *type, const char *why)
{
    tt_raise_at(site, type, "%s", why);
    return refuse_raised(options, arg);
}

/* The context that was asked for, or a copy of the current one. 0, or -1 with MemoryError pending. */
static int set_context(struct tt_task_object *task, tt_site *site, const struct tt_task_options *options)
{
    if (!options || !options->context)
        return tt__context_capture(site, &task->context);
    task->context = tt_context_ref(options->context);
    return 0;
}

static __attribute__((noinline, cold)) void tell_stack(const tt_future *future)
{
    TT_EMIT(stack_taken, .object_id = future->id, .of = TT_STACK_OF_CREATED, .stack = tt_trace_stack());
}

/* A step's events share one reading of the clock: a task that is created in a step was created when the step began. */
static void tell_created(struct tt_task_object *task, bool has_handle)
{
    tt_future *future = &task->future;

    if (!tt_trace_on(TT_CATEGORY_task))
        return;
    task->ready_since = tt__loop_clock(future->loop);
    TT_EMIT_AT(task->ready_since, task_created, .task_id = future->id, .parent_id = future->creator.id,
               .parent_kind = future->creator.kind, .site = future->created_site, .loop_id = (uint32_t)future->loop->id,
               .name = task->name, .name_number = task->name_number, .has_handle = has_handle);
    if (tt_trace_on(TT_CATEGORY_creation))
        tell_stack(future);
}

/* Whether a task of LOOP makes its first step while it is created. */
static bool is_eager(const tt_loop *loop, const struct tt_task_options *options)
{
    return (loop->has_eager_tasks || (options && options->eager_start)) && loop->is_running && loop == tt__running_loop;
}

/* A task that has not been scheduled yet; NULL with an exception pending. */
static struct tt_task_object *make_task(tt_site *site, tt_coro_fn *fn, void *arg, const struct tt_task_options *options,
                                        struct tt_who creator)
{
    tt_loop *loop = options && options->loop ? options->loop : tt__running_loop;
    struct tt_task_object *task;

    TT_PRECOND("create_task.coroutine", site, fn != NULL);
    if (!loop)
        return refuse(site, options, arg, &tt_RuntimeError, "no running event loop");
    if (loop->is_closed)
        return refuse(site, options, arg, &tt_RuntimeError, "Event loop is closed");
    if (tt__debug_check_thread(site, loop) < 0)
        return refuse_raised(options, arg);
    if (is_eager(loop, options) && tt__recursion_depth >= TT_RECURSION_MAX)
        return refuse(site, options, arg, &tt_RecursionError, TT_RECURSION_TEXT);
    task = allocate_task(loop);
    if (!task)
        return refuse(site, options, arg, &tt_MemoryError, "no memory for a task");
    if (options && options->name && !(task->name = strdup(options->name))) {
        free_task(loop, task);
        return refuse(site, options, arg, &tt_MemoryError, "no memory for a task's name");
    }
    if (set_context(task, site, options) < 0) {
        free(task->name);
        free_task(loop, task);
        return refuse_raised(options, arg);
    }
    tt__future_init(&task->future, loop, TT_OBJECT_KIND_TASK, &task_ops, creator, site);
    task->future.label.kind = TT_WAIT_KIND_TASK;
    task->is_eager = is_eager(loop, options);
    task->fn = fn;
    task->arg = arg;
    task->drop = options ? options->drop : NULL;
    task->stack_bytes = options ? options->stack_bytes : 0;
    if (!task->name)
        task->name_number = next_name_number();
    task->step.ops = &tt__task_step_ops;
    task->wake.ready.ops = &tt__task_wake_ops;
    task->last_site = site;
    link_task(loop, task);
    return task;
}

/* An eager task that has ended and of which nobody has a handle stays until the next turn, for whoever borrows it. */
static void run_lent(struct tt_ready *ready)
{
    struct tt_task_object *task = tt_container_of(ready, struct tt_task_object, step);

    tt__future_unref(&task->future, task->last_site);
}

/* The first step of TASK, which is eager, now. NULL with a SystemExit or KeyboardInterrupt of its pending: that comes
 * out of the creation, and the task is let go of. */
static __attribute__((noinline)) tt_task *start_eagerly(struct tt_task_object *task, bool has_handle, bool is_lent)
{
    static const struct tt_ready_ops lent_ops = {run_lent, run_lent};
    tt_future *future = tt__future_ref(&task->future);
    tt_site *site;
    tt_exc *exc = NULL;

    tt__task_step_eagerly(task);
    tt__loop_poke(task->future.loop); /* it may sleep by now */
    site = future->released_site ? future->released_site : task->last_site;
    if (tt_exc_is(future->exc, &tt_SystemExit) || tt_exc_is(future->exc, &tt_KeyboardInterrupt)) {
        exc = tt_exc_ref(future->exc);
        if (has_handle)
            tt_future_unref_at(site, future);
        has_handle = is_lent = false;
    }
    if (is_lent && !has_handle && task->phase == TT_TASK_ENDED) {
        task->step.ops = &lent_ops;
        tt__loop_push(future->loop, &task->step);
    } else {
        tt__future_unref(future, site);
    }
    if (!exc)
        return future;
    tt__exc_state_set(tt__exc_state_now(), exc);
    return NULL;
}

/* TASK begins. IS_LENT: somebody will look at it although nobody has a handle. NULL with an exception pending. */
static tt_task *launch(struct tt_task_object *task, bool has_handle, bool is_lent)
{
    if (task->is_eager)
        task->future.loop->clock = 0; /* its creator's step began before */
    tell_created(task, has_handle);
    if (has_handle) { /* the first reference is the loop's */
        tt__future_ref(&task->future);
        tt__future_hand_out(&task->future, task->future.created_site);
    }
    if (task->is_eager)
        return start_eagerly(task, has_handle, is_lent);
    tt__task_push_step(task);
    return &task->future;
}

tt_task *tt__task_create(tt_site *site, tt_coro_fn *fn, void *arg, const struct tt_task_options *options,
                         struct tt_who creator, bool has_handle)
{
    struct tt_task_object *task = make_task(site, fn, arg, options, creator);

    return task ? launch(task, has_handle, true) : NULL;
}

static struct tt_who creator_now(const struct tt_task_options *options)
{
    return tt__actor_now(options && options->loop ? options->loop : tt__running_loop);
}

tt_task *tt_create_task_at(tt_site *site, tt_coro_fn *fn, void *arg, const struct tt_task_options *options)
{
    return tt__task_create(site, fn, arg, options, creator_now(options), !(options && options->is_detached));
}

int tt_spawn_at(tt_site *site, tt_coro_fn *fn, void *arg, const struct tt_task_options *options)
{
    struct tt_task_object *task = make_task(site, fn, arg, options, creator_now(options));

    return task && launch(task, false, false) ? 0 : -1;
}

tt_task *tt_create_task_copy_at(tt_site *site, tt_coro_fn *fn, const void *arg, size_t size,
                                const struct tt_task_options *options)
{
    struct tt_task_options without_drop = options ? *options : (struct tt_task_options){0};
    void *copy = malloc(size ? size : 1);
    struct tt_task_object *task;

    if (!copy) {
        tt_raise_at(site, &tt_MemoryError, "no memory for the argument of a task");
        return NULL;
    }
    memcpy(copy, arg, size);
    without_drop.drop = NULL;
    task = make_task(site, fn, copy, &without_drop, creator_now(options));
    if (!task) {
        if (options && options->drop)
            options->drop(copy);
        free(copy);
        return NULL;
    }
    task->drop = options ? options->drop : NULL;
    task->owns_arg = true;
    return launch(task, !(options && options->is_detached), true);
}

/* -------------------------------------------------------------------------------------------------------- accessors */

tt_task *tt_current_task(void)
{
    return tt__running_loop && tt__running_loop->current ? &tt__running_loop->current->future : NULL;
}

uint64_t tt__current_task_id(void)
{
    const tt_task *task = tt_current_task();

    return task ? task->id : 0;
}

int tt_return_at(tt_site *site, void *value, tt_free_fn *free_fn)
{
    struct tt_task_object *task = tt__running_loop ? tt__running_loop->current : NULL;

    if (!task && tt__executor_return(value, free_fn))
        return 0;
    TT_PRECOND("return.in_task", site, task != NULL);
    if (task->return_free)
        tt__loop_run_release(task->future.loop, task->return_free, task->return_value);
    task->return_value = value;
    task->return_free = free_fn;
    return 0;
}

int tt_all_tasks_at(tt_site *site, tt_loop *loop, tt_task ***out_tasks)
{
    tt_task **tasks;
    int count = 0;

    TT_PRECOND("all_tasks.out_tasks", site, out_tasks != NULL);
    if (!loop)
        loop = tt__running_loop;
    if (!loop)
        return tt_raise_at(site, &tt_RuntimeError, "no running event loop");
    tasks = malloc((loop->task_count + 1) * sizeof *tasks);
    if (!tasks)
        return tt_raise_at(site, &tt_MemoryError, "no memory for a list of tasks");
    for (struct tt_task_object *task = loop->first_task; task; task = task->next)
        tasks[count++] = tt_future_ref_at(site, &task->future);
    *out_tasks = tasks;
    return count;
}

void tt_tasks_free_at(tt_site *site, tt_task **tasks, int count)
{
    TT_PRECOND("tasks_free.tasks", site, tasks != NULL || count == 0);
    for (int i = 0; i < count; i++)
        tt_future_unref_at(site, tasks[i]);
    free(tasks);
}

#define PRECOND_TASK(name, site, task) TT_PRECOND(name, site, (task) != NULL && (task)->kind == TT_OBJECT_KIND_TASK)

const char *tt_task_name(const tt_task *future)
{
    struct tt_task_object *task = tt__task((tt_future *)future);

    PRECOND_TASK("task_name.task", NULL, future);
    if (task->name)
        return task->name;
    if (!task->number_name[0])
        snprintf(task->number_name, sizeof task->number_name, "Task-%u", task->name_number);
    return task->number_name;
}

int tt_task_set_name(tt_task *future, const char *name)
{
    char *copy;

    PRECOND_TASK("task_set_name.task", NULL, future);
    TT_PRECOND("task_set_name.name", NULL, name != NULL);
    copy = strdup(name);
    if (!copy)
        return tt_raise(&tt_MemoryError, "no memory for a task's name");
    free(tt__task(future)->name);
    tt__task(future)->name = copy;
    TT_EMIT(task_renamed, .task_id = future->id, .name = name);
    return 0;
}

/* ----------------------------------------------------------------------------------------------------- cancellation */

/* Remembers the text of the last request; without memory it is lost, the request is not. */
static void set_cancel_text(struct tt_task_object *task, const char *message)
{
    char *copy = message ? strdup(message) : NULL;

    free(task->cancel_text);
    task->cancel_text = copy;
}

/* TASK waits, in the end, for itself: nobody else will wake it. */
static void break_cycle(struct tt_task_object *task, const struct tt_cancel *cancel)
{
    if (!task->thrown)
        task->thrown = tt__exc_new_cancelled(cancel->site, cancel->message);
    task->thrown_is_waiters = false;
    tt__future_schedule_early(task->waiter, &task->wake);
}

tt_future *tt__task_cancel(tt_future *future, struct tt_cancel *cancel)
{
    struct tt_task_object *task = tt__task(future);

    if (cancel->is_first) {
        task->cancel_count++;
        if (task->waiter) {
            cancel->by = (struct tt_who){TT_ACTOR_AWAITER, future->id};
            return task->waiter;
        }
    }
    if (cancel->is_cycle) {
        break_cycle(task, cancel);
        cancel->is_cycle = false;
    } else if (!cancel->accepted) {
        task->must_cancel = true;
        set_cancel_text(task, cancel->message);
    }
    cancel->accepted = true;
    return NULL;
}

unsigned tt_task_cancelling(const tt_task *task)
{
    PRECOND_TASK("task_cancelling.task", NULL, task);
    return tt__task((tt_future *)task)->cancel_count;
}

unsigned tt_task_uncancel_at(tt_site *site, tt_task *future)
{
    struct tt_task_object *task = tt__task(future);

    PRECOND_TASK("task_uncancel.task", site, future);
    if (task->cancel_count == 0)
        return 0;
    if (--task->cancel_count == 0)
        task->must_cancel = false;
    TT_EMIT(uncancelled, .task_id = future->id, .request_count = task->cancel_count, .site = site);
    return task->cancel_count;
}
