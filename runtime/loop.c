/* loop.c: the event loop: creation, running in turns, closing. See loop_internal.h for how it sits on libuv.
 *
 * The loop's thread. From: asyncio's BaseEventLoop.
 */
#include "loop_internal.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "precond.h"

__thread tt_loop *tt__running_loop __attribute__((tls_model("initial-exec")));
__thread unsigned tt__no_suspend __attribute__((tls_model("initial-exec")));
__thread unsigned tt__handler_depth __attribute__((tls_model("initial-exec")));
__thread unsigned tt__recursion_depth __attribute__((tls_model("initial-exec")));

#define NS_PER_MS 1000000

/* A wait on a descriptor that may have been closed and reopened is confirmed after this long: late enough that busy
 * connections never pay for it, early enough that nobody notices. */
#define CONFIRM_NS (20 * NS_PER_MS)

/* asyncio's default of slow_callback_duration. */
#define SLOW_NS (100 * NS_PER_MS)

static _Atomic unsigned open_loops; /* in the process */

unsigned tt__loop_count(void)
{
    return atomic_load_explicit(&open_loops, memory_order_relaxed);
}

/* --------------------------------------------------------------------------------------------------- life and memory */

void tt__loop_free(tt_loop *loop)
{
    pthread_mutex_destroy(&loop->inbox_mutex);
    free(loop);
}

static void before_poll(uv_prepare_t *prepare);
static void turn(uv_check_t *check);
static void woken(uv_async_t *wake);
static void empty_inbox(tt_loop *loop);
static void empty_inbox_if_filled(tt_loop *loop);

static void keep_polling(uv_idle_t *idle)
{
    (void)idle; /* being active is all it is for: the poll does not block */
}

/* libuv ran its timers before the poll, which would now block without a limit. */
static void alarm_rang(uv_timer_t *alarm)
{
    tt_loop *loop = alarm->data;

    uv_idle_start(&loop->idle, keep_polling);
}

/* Inits libuv's loop, unless it is HOST, and the handles. 0, or libuv's error; then nothing is left open. */
static int open_uv(tt_loop *loop, uv_loop_t *host)
{
    int rc = host ? 0 : uv_loop_init(&loop->own_uv);

    if (rc < 0)
        return rc;
    loop->uv = host ? host : &loop->own_uv;
    rc = uv_async_init(loop->uv, &loop->wake, woken);
    if (rc < 0) {
        if (!host)
            uv_loop_close(loop->uv);
        return rc;
    }
    uv_prepare_init(loop->uv, &loop->prepare);
    uv_check_init(loop->uv, &loop->check);
    uv_idle_init(loop->uv, &loop->idle);
    uv_timer_init(loop->uv, &loop->alarm);
    loop->wake.data = loop->prepare.data = loop->check.data = loop->idle.data = loop->alarm.data = loop;
    uv_prepare_start(&loop->prepare, before_poll); /* the first that is started is the last that is called */
    uv_check_start(&loop->check, turn);
    return 0;
}

tt_loop *tt_loop_create_at(tt_site *site)
{
    return tt__loop_create(site, NULL);
}

tt_loop *tt__loop_create(tt_site *site, uv_loop_t *host)
{
    tt_loop *loop = calloc(1, sizeof *loop);
    int rc;

    tt_trace_start_from_environment();
    if (!loop) {
        tt_raise_at(site, &tt_MemoryError, "no memory for a loop");
        return NULL;
    }
    rc = open_uv(loop, host);
    if (rc < 0) {
        free(loop);
        tt_raise_errno_at(site, rc, "no event loop");
        return NULL;
    }
    pthread_mutex_init(&loop->inbox_mutex, NULL);
    loop->refs = 1;
    atomic_fetch_add_explicit(&open_loops, 1, memory_order_relaxed);
    loop->id = tt_trace_new_id();
    loop->created_site = site;
    loop->is_debug = tt__debug_wanted();
    loop->slow_ns = SLOW_NS;
    tt__ready_queue_init(&loop->ready);
    tt__ready_queue_init(&loop->inbox);
    TT_EMIT(loop_created, .loop_id = loop->id, .site = site);
    tt__dump_open(loop);
    return loop;
}

static void discard_queue(struct tt_ready_queue *queue)
{
    struct tt_ready *ready;

    while ((ready = tt__ready_pop(queue)) != NULL)
        ready->ops->discard(ready);
}

/* Callbacks that can no longer run are let go of, tasks that can no longer run are abandoned. */
static void discard_everything(tt_loop *loop, tt_site *site, uint32_t *out_pending_count)
{
    struct tt_timer *timer;

    pthread_mutex_lock(&loop->inbox_mutex);
    loop->inbox_is_closed = true;
    pthread_mutex_unlock(&loop->inbox_mutex);
    empty_inbox(loop);
    loop->is_closed = true; /* from here on, whatever is pushed is discarded at once */
    discard_queue(&loop->ready);
    while ((timer = tt__timers_pop_any(&loop->timers)) != NULL)
        timer->ready->ops->discard(timer->ready);
    *out_pending_count = (uint32_t)loop->task_count;
    while (loop->first_task)
        tt__task_abandon(loop->first_task, site);
    tt__timers_finish(&loop->timers);
    tt__task_pool_drain(loop);
}

static void count_open(uv_handle_t *handle, void *arg)
{
    *(unsigned *)arg += !uv_is_closing(handle);
}

/* Has libuv call what is due for handles that are closing and work that is under way, and finishes its loop. A handle
 * that the program left open would keep that from ending. */
static void finish_uv(tt_loop *loop, tt_site *site)
{
    unsigned open_count = 0;

    uv_walk(loop->uv, count_open, &open_count);
    TT_PRECOND("loop_close.no_foreign_handles", site, open_count == 0);
    while (uv_loop_close(loop->uv) < 0)
        uv_run(loop->uv, UV_RUN_DEFAULT);
}

void tt__loop_shut(tt_loop *loop, tt_site *site, uint32_t *out_pending_count)
{
    loop->is_closing = true;
    tt__dump_close(loop);
    tt__watches_close(loop); /* what waits on descriptors lies on stacks that are about to go */
    tt__signal_handlers_close(loop);
    discard_everything(loop, site, out_pending_count);
    tt__recallables_close(loop);
    tt__processes_close(loop);
    tt__signal_listeners_close(loop);
}

void tt__loop_tell_closed(tt_loop *loop, tt_site *site, uint32_t pending_count)
{
    tt_exc_unref(loop->fatal);
    loop->fatal = NULL;
    tt__stack_overflow_close(loop);
    TT_EMIT(loop_closed, .loop_id = loop->id, .pending_count = pending_count, .site = site);
    loop->is_closing = false;
    atomic_fetch_sub_explicit(&open_loops, 1, memory_order_relaxed);
    tt__stack_pool_drain();
    tt__loop_unref(loop);
}

int tt_loop_close_at(tt_site *site, tt_loop *loop)
{
    uint32_t pending_count;

    if (!loop)
        return 0;
    if (loop->is_running)
        return tt_raise_at(site, &tt_RuntimeError, "Cannot close a running event loop");
    TT_PRECOND("loop_close.open", site, !loop->is_closed && !loop->is_closing);
    tt__loop_shut(loop, site, &pending_count);
    uv_close((uv_handle_t *)&loop->prepare, NULL);
    uv_close((uv_handle_t *)&loop->check, NULL);
    uv_close((uv_handle_t *)&loop->idle, NULL);
    uv_close((uv_handle_t *)&loop->alarm, NULL);
    uv_close((uv_handle_t *)&loop->wake, NULL);
    finish_uv(loop, site);
    tt__loop_tell_closed(loop, site, pending_count);
    return 0;
}

/* ---------------------------------------------------------------------------------------------------------- the turn */

void tt__loop_push_slowly(tt_loop *loop, struct tt_ready *ready)
{
    if (loop->is_closed) {
        ready->ops->discard(ready);
        return;
    }
    empty_inbox_if_filled(loop);
    tt__ready_push(&loop->ready, ready);
    tt__loop_poke(loop);
}

void tt__loop_withdraw(tt_loop *loop, struct tt_ready *ready)
{
    struct tt_ready **link;
    size_t index = 0;

    if (!ready->is_queued)
        return;
    for (link = &loop->ready.first; *link != ready; link = &(*link)->next)
        index++;
    *link = ready->next;
    if (!ready->next)
        loop->ready.end = link;
    ready->is_queued = false;
    loop->ready.count--;
    if (index < loop->turn_left)
        loop->turn_left--;
}

/* Moves what other threads have sent into the ready queue. One wake-up can stand for many. */
static void empty_inbox(tt_loop *loop)
{
    struct tt_ready_queue inbox;
    struct tt_ready *ready;

    pthread_mutex_lock(&loop->inbox_mutex);
    inbox = loop->inbox;
    if (!inbox.first)
        inbox.end = &inbox.first;
    tt__ready_queue_init(&loop->inbox);
    atomic_store_explicit(&loop->inbox_is_filled, false, memory_order_relaxed);
    pthread_mutex_unlock(&loop->inbox_mutex);
    while ((ready = tt__ready_pop(&inbox)) != NULL) {
        tt__loop_ref(loop);
        tt__ready_push(&loop->ready, ready);
    }
}

static void woken(uv_async_t *wake)
{
    empty_inbox(wake->data);
    tt__dump_if_due(wake->data);
}

static void empty_inbox_if_filled(tt_loop *loop)
{
    if (atomic_load_explicit(&loop->inbox_is_filled, memory_order_acquire))
        empty_inbox(loop);
}

static void make_due_timers_ready(tt_loop *loop)
{
    struct tt_timer *timer;
    int64_t now_ns;

    if (!loop->timers.count)
        return;
    now_ns = tt_loop_time(loop);
    while ((timer = tt__timers_pop_due(&loop->timers, now_ns)) != NULL)
        tt__ready_push(&loop->ready, timer->ready);
}

/* Callbacks of the program's own handles may have come since the turn. */
static void before_poll(uv_prepare_t *prepare)
{
    tt_loop *loop = prepare->data;

    if (loop->is_guest)
        tt__guest_begin_poll(loop);
    if (loop->fresh_watches)
        tt__watches_check_fresh(loop, true);
}

/* A turn that began at BEGAN, and ran COUNT entries of the queue, has ended. */
static __attribute__((noinline, cold)) void tell_turn(tt_loop *loop, uint64_t began, size_t count)
{
    uint64_t ended = tt_trace_clock();

    TT_EMIT_AT(ended, turn_ended, .loop_id = loop->id,
               .poll = loop->turn_ended && began > loop->turn_ended ? began - loop->turn_ended : 0,
               .run = ended - began, .callback_count = (uint32_t)count, .ready_count = (uint32_t)loop->ready.count);
    loop->turn_ended = ended;
}

/* Runs the first entry of the queue, which is one of the turn's. */
static inline __attribute__((always_inline)) void run_next(tt_loop *loop)
{
    struct tt_ready *ready = tt__ready_pop(&loop->ready);

    loop->turn_left--;
    loop->actor = (struct tt_who){TT_ACTOR_CALLBACK, 0};
    if (__builtin_expect(loop->is_debug, 0))
        tt__debug_run(loop, ready);
    else
        ready->ops->run(ready);
}

/* The turn of a loop that a simulation looks at. Returns how many entries it ran. */
static __attribute__((noinline, cold)) size_t run_probed(tt_loop *loop)
{
    size_t count = 0;

    for (loop->probe->begin_turn(loop); loop->turn_left > 0 && !loop->fatal; count++) {
        run_next(loop);
        loop->probe->ran(loop);
    }
    return count;
}

/* Runs what is ready now; what becomes ready meanwhile waits for the next turn. A KeyboardInterrupt or SystemExit
 * leaves the rest for the next run. */
static void turn(uv_check_t *check)
{
    tt_loop *loop = check->data;
    uint64_t began = tt_trace_on(TT_CATEGORY_turn) ? tt_trace_clock() : 0;
    size_t count = 0;

    if (tt_trace_is_quiet())
        tt_trace_poll(); /* no task's board does it then */
    loop->clock = 0; /* whatever was read before the poll is old */
    loop->is_outside = false;
    if (loop->blocked_since_ns)
        tt__virtual_time_poll_ended(loop);
    empty_inbox_if_filled(loop);
    make_due_timers_ready(loop);
    loop->turn_left = loop->ready.count;
    if (__builtin_expect(loop->probe != NULL, 0))
        count = run_probed(loop);
    else
        for (; loop->turn_left > 0 && !loop->fatal; count++)
            run_next(loop);
    loop->clock = 0; /* callbacks of libuv's own handles come next */
    if (__builtin_expect(began != 0, 0))
        tell_turn(loop, began, count);
    tt__watches_end_turn(loop);
    if (loop->is_guest)
        tt__guest_end_turn(loop);
}

/* Looks at waits that nothing has confirmed, if that is due, and says when it is due next. */
static int64_t confirm_watches(tt_loop *loop)
{
    int64_t now_ns;

    if (!loop->unconfirmed_watches) {
        loop->confirm_at_ns = 0;
        return INT64_MAX;
    }
    now_ns = tt_loop_time(loop);
    if (loop->confirm_at_ns && loop->confirm_at_ns <= now_ns) {
        tt__watches_confirm(loop);
        loop->confirm_at_ns = 0;
    }
    if (!loop->unconfirmed_watches)
        return INT64_MAX;
    if (!loop->confirm_at_ns)
        loop->confirm_at_ns = now_ns + CONFIRM_NS;
    return loop->confirm_at_ns;
}

void tt__loop_prepare_poll(tt_loop *loop)
{
    int64_t when_ns, wait_ns, confirm_ns = confirm_watches(loop);

    empty_inbox_if_filled(loop);
    tt__timers_purge(&loop->timers);
    if (loop->ready.count || loop->is_stopping) {
        uv_idle_start(&loop->idle, keep_polling);
        return;
    }
    uv_idle_stop(&loop->idle);
    if (!tt__timers_next(&loop->timers, &when_ns) || when_ns > confirm_ns)
        when_ns = confirm_ns;
    if (loop->is_virtual && tt__virtual_time_pass(loop, when_ns)) {
        uv_idle_start(&loop->idle, keep_polling);
        return;
    }
    if (when_ns == INT64_MAX) {
        uv_timer_stop(&loop->alarm);
        return;
    }
    wait_ns = when_ns - tt_loop_time(loop);
    if (wait_ns <= 0) {
        uv_idle_start(&loop->idle, keep_polling);
        return;
    }
    uv_update_time(loop->uv); /* libuv counts from its own last look at the clock */
    uv_timer_start(&loop->alarm, alarm_rang, (uint64_t)(wait_ns / NS_PER_MS + (wait_ns % NS_PER_MS != 0)), 0);
}

/* -------------------------------------------------------------------------------------------------------------- runs */

static int refuse_run(tt_loop *loop, tt_site *site)
{
    TT_PRECOND("loop_run.loop", site, loop != NULL);
    if (tt_exc_pending())
        return -1;
    TT_PRECOND("loop_run.open", site, !loop->is_closed);
    if (loop->is_running)
        return tt_raise_at(site, &tt_RuntimeError, "This event loop is already running");
    if (tt__running_loop)
        return tt_raise_at(site, &tt_RuntimeError, "Cannot run the event loop while another loop is running");
    return 0;
}

void tt__loop_begin_run(tt_loop *loop, tt_site *site)
{
    loop->is_running = true;
    loop->run_site = site;
    atomic_store_explicit(&loop->running_thread, (uint64_t)gettid(), memory_order_relaxed);
    tt__running_loop = loop;
    tt__coro_home_init(&loop->home);
    tt__stack_overflow_begin(loop);
    tt__stall_begin_run(loop);
    loop->turn_ended = tt_trace_on(TT_CATEGORY_turn) ? tt_trace_clock() : 0;
    TT_EMIT(loop_started, .loop_id = loop->id, .site = site);
}

int tt__loop_end_run(tt_loop *loop)
{
    tt_exc *fatal = loop->fatal;

    TT_EMIT(loop_stopped, .loop_id = loop->id);
    tt__stack_overflow_end(loop);
    tt__coro_finish(&loop->home);
    tt__running_loop = NULL;
    loop->is_running = false;
    loop->is_stopping = false;
    atomic_store_explicit(&loop->running_thread, 0, memory_order_relaxed);
    loop->fatal = NULL;
    if (!fatal)
        return 0;
    tt__exc_state_set(tt__exc_state_now(), fatal);
    return -1;
}

int tt_loop_run_forever_at(tt_site *site, tt_loop *loop)
{
    unsigned no_suspend = tt__no_suspend, handler_depth = tt__handler_depth;
    tt_exc *outside;

    if (refuse_run(loop, site) < 0)
        return -1;
    outside = tt__exc_handle_outside(tt_exc_caught()); /* what the caller handles is handled around all that runs */
    tt__no_suspend = tt__handler_depth = 0;            /* who may not suspend may run a loop whose tasks do */
    tt__loop_begin_run(loop, site);
    do {
        tt__loop_prepare_poll(loop);
        uv_run(loop->uv, UV_RUN_ONCE);
    } while (!loop->is_stopping && !loop->fatal);
    tt__no_suspend = no_suspend;
    tt__handler_depth = handler_depth;
    tt__exc_handle_outside(outside);
    return tt__loop_end_run(loop);
}

static int stop_when_done(tt_future *future, void *arg)
{
    tt_exc *exc = tt_future_peek(future);

    future->log_traceback =
        false; /* as asyncio has it, which reads the exception here; the ledger hears of whoever really does */
    /* A SystemExit or KeyboardInterrupt stops the loop by itself; stopping it once more would cut the next run
     * short. */
    if (!tt_exc_is(exc, &tt_SystemExit) && !tt_exc_is(exc, &tt_KeyboardInterrupt))
        tt_loop_stop(arg);
    return 0;
}

int tt__loop_has_all(const tt_loop *loop, tt_future *const *futures, size_t count, tt_site *site)
{
    for (size_t i = 0; i < count; i++)
        if (futures[i]->loop != loop)
            return tt_raise_at(site, &tt_ValueError,
                               "The future belongs to a different loop than the one specified as the loop argument");
    return 0;
}

int tt_loop_run_until_complete_at(tt_site *site, tt_loop *loop, tt_future *future)
{
    int rc;

    if (refuse_run(loop, site) < 0)
        return -1;
    if (!future)
        return tt_raise_at(site, &tt_TypeError, "An asyncio.Future, a coroutine or an awaitable is required");
    if (tt__loop_has_all(loop, &future, 1, site) < 0)
        return -1;
    if (tt_future_add_done_callback_at(TT_SITE_HERE("_run_until_complete_cb"), future, stop_when_done, loop) < 0)
        return -1;
    loop->run_for = future;
    rc = tt_loop_run_forever_at(site, loop);
    loop->run_for = NULL;
    tt_future_remove_done_callback(future, stop_when_done, loop);
    if (rc < 0) {
        if (tt_future_peek(future) ==
            tt_exc_pending()) /* a SystemExit or KeyboardInterrupt, which came out by itself */
            tt__ledger_touched(future, TT_TOUCH_HOW_RESULT, true, site);
        return -1;
    }
    if (!tt_future_done(future))
        return tt_raise_at(site, &tt_RuntimeError, "Event loop stopped before Future completed.");
    return tt_future_result_at(site, future, NULL);
}

void tt_loop_stop(tt_loop *loop)
{
    if (!loop)
        loop = tt__running_loop;
    if (loop && loop->is_guest)
        uv_stop(loop->uv);
    else if (loop)
        loop->is_stopping = true;
}

bool tt__loop_set_fatal(tt_loop *loop, tt_exc *exc)
{
    if (loop->fatal)
        return false;
    loop->fatal = tt_exc_ref(exc);
    return true;
}

void tt__loop_run_at_home(void (*fn)(void *arg), void *arg)
{
    tt_loop *loop = tt__running_loop;

    if (!loop || !loop->current || loop->is_at_home) {
        fn(arg);
        return;
    }
    loop->host_call = (struct tt_host_call){fn, arg};
    tt__coro_switch(&loop->current->coro, &loop->home);
}

void tt_loop_set_eager_tasks(tt_loop *loop, bool are_eager)
{
    TT_PRECOND("loop_set_eager_tasks.loop", NULL, loop != NULL);
    loop->has_eager_tasks = are_eager;
}

bool tt_loop_is_running(const tt_loop *loop)
{
    TT_PRECOND("loop_is_running.loop", NULL, loop != NULL);
    return loop->is_running;
}

tt_loop *tt_loop_running(void)
{
    return tt__running_loop;
}

int64_t tt_loop_time(const tt_loop *loop)
{
    loop = loop ? loop : tt__running_loop;
    TT_PRECOND("loop_time.loop", NULL, loop != NULL);
    return loop->is_virtual ? loop->virtual_ns : (int64_t)uv_hrtime();
}

struct uv_loop_s *tt_loop_uv(tt_loop *loop)
{
    loop = loop ? loop : tt__running_loop;
    TT_PRECOND("loop_uv.loop", NULL, loop != NULL);
    return loop->uv;
}
