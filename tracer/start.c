/* start.c: the beginning and the end of a recording in this process, and what a fork means for it.
 *
 * There are two carriers, the arena and LTTng, each of which can be there without the other. The arena's life:
 *
 *   off ──start──► recording ──stop──► off              (start may be called again)
 *                  recording ──exit──► said goodbye
 *                  recording ──fork──► in the child: wanted ──first event──► recording, in an arena of its own
 *                                                           ──error──────► off, and counted in the parent's arena
 *
 * `wanted` is in plain memory, which a child inherits; the arena's ordinal is in the page that the kernel clears in a
 * child. Wanted and no ordinal: this is a child. LTTng's life is the same, with `is_lttng_wanted` and an ordinal of its own.
 *
 * Threads: one lock, in the cleared page, so that a child never finds it taken by a thread that it does not have. Who
 * holds it has all signals blocked and cannot be cancelled; so a handler that emits never waits for its own thread.
 */
#include "dump.h"
#include "process_link.h"
#include "lttng.h"
#include "ring.h"
#include "ring_dir.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* How long goodbye waits for the reader when the ring is full: the record is worth more than a moment at exit. */
#define GOODBYE_WAIT_MS 250

static struct tt__plan plan;
static _Atomic bool is_wanted, is_lttng_wanted;
static _Atomic uint32_t arena_count;             /* ordinals handed out in this process and its ancestors */
static _Atomic int environment_status = INT_MIN; /* what the environment's request came to; INT_MIN: not asked yet */

struct guard {
    sigset_t mask;
    int cancel_state;
};

/* False: somebody else has the lock, and this call is not to wait for it. */
static bool try_enter(struct tt__life *life, struct guard *out_guard, bool may_wait)
{
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &out_guard->mask);
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &out_guard->cancel_state);
    while (atomic_exchange_explicit(&life->lock, 1, memory_order_acquire) != 0) {
        if (!may_wait) {
            pthread_setcancelstate(out_guard->cancel_state, NULL);
            pthread_sigmask(SIG_SETMASK, &out_guard->mask, NULL);
            return false;
        }
        sched_yield();
    }
    return true;
}

static void enter(struct tt__life *life, struct guard *out_guard)
{
    (void)try_enter(life, out_guard, true);
}

static void leave(struct tt__life *life, const struct guard *guard)
{
    atomic_store_explicit(&life->lock, 0, memory_order_release);
    pthread_setcancelstate(guard->cancel_state, NULL);
    pthread_sigmask(SIG_SETMASK, &guard->mask, NULL);
}

static void switch_categories(uint32_t categories)
{
    __atomic_store_n(&tt_trace_step_limit, plan.step_limit, __ATOMIC_RELAXED);
    __atomic_store_n(&tt_trace_categories, categories, __ATOMIC_RELEASE);
}

/* What the carriers that are wanted want. */
static void switch_on(void)
{
    bool has_arena = atomic_load(&is_wanted), has_lttng = atomic_load(&is_lttng_wanted);
    switch_categories(!has_arena && !has_lttng
                          ? 0
                          : plan.categories | (has_lttng ? TT_CARRIER_LTTNG : 0) | (has_arena ? 0 : TT_CARRIER_ALONE) |
                                (tt__id_first_own > 1 ? TT_CARRIER_CHILD : 0));
}

static void want_no_arena(void)
{
    atomic_store(&is_wanted, false);
    switch_on();
}

/* ------------------------------------------------------------------------------------------------------- selecting */

/* Under the lock. */
static void tell_selection(struct tt__life *life, uint64_t time, uint8_t by)
{
    const struct tt_event_categories_selected event = {
        .categories = plan.categories, .step_every = plan.step_every, .by = by};
    if (tt__life_ordinal(life) != 0) {
        atomic_store_explicit(&life->header->selected_categories, plan.categories, memory_order_relaxed);
        atomic_store_explicit(&life->header->selected_step_every, plan.step_every, memory_order_relaxed);
        tt_emit_categories_selected(time, &event);
    }
    if (atomic_load(&is_lttng_wanted))
        tt__lttng_tell_selection(life, &event);
}

static bool is_vital(uint32_t categories)
{
    uint32_t vital = 0;
#define TT_EVENT(number, name, category, level, text, fields) \
    vital |= (level) == TT_LEVEL_VITAL ? (uint32_t)TT_CATEGORY_##category : 0;
#include "events.def"
    return (categories & vital & ~(uint32_t)TT_CATEGORY_process) != 0;
}

/* Under the lock. First what goes off is said, with a time before it did, then what comes on, with one after: so that in all of the
 * time in which something was on it was. Another sample of steps is off and on for them. */
static bool select_anew(struct tt__life *life, uint32_t categories, uint32_t step_every, uint8_t by)
{
    uint32_t before = plan.categories, level = (before | categories) & TT_TRACE_VITAL_ONLY;
    uint32_t narrow = (before & categories & ~TT_TRACE_VITAL_ONLY) | level;
    if (step_every != plan.step_every)
        narrow &= ~(uint32_t)TT_CATEGORY_step;
    if (narrow != before) {
        uint64_t time = tt_trace_clock();
        plan.categories = narrow;
        switch_on();
        tell_selection(life, time, by);
    }
    plan.step_every = step_every;
    plan.step_limit = UINT32_MAX / step_every;
    if (categories != narrow) {
        if ((categories & ~narrow & (uint32_t)TT_CATEGORY_task) != 0)
            __atomic_store_n(&tt_trace_tasks_since, tt_trace_clock(), __ATOMIC_RELAXED);
        plan.categories = categories;
        switch_on();
        tell_selection(life, 0, by);
    }
    return is_vital(categories & ~before);
}

struct tt__switching tt__trace_switch(uint32_t categories, uint32_t step_every, uint8_t by, bool may_wait)
{
    struct guard guard;
    struct tt__life *life = tt__life();
    struct tt__switching switching = {0};
    if (!atomic_load(&is_wanted) && !atomic_load(&is_lttng_wanted))
        return switching; /* there may be no page to lock */
    if (!try_enter(life, &guard, may_wait))
        return switching;
    if (tt__life_ordinal(life) != 0 || atomic_load(&is_lttng_wanted)) {
        switching.is_done = true;
        switching.has_vital = select_anew(life, categories, step_every != 0 ? step_every : plan.step_every, by);
    }
    leave(life, &guard);
    return switching;
}

bool tt__trace_selection(uint32_t *out_categories, uint32_t *out_step_every)
{
    struct guard guard;
    struct tt__life *life = tt__life();
    bool has_any = atomic_load(&is_wanted) || atomic_load(&is_lttng_wanted); /* then there is a page to lock */
    *out_categories = *out_step_every = 0;
    if (!has_any)
        return false;
    enter(life, &guard);
    *out_categories = plan.categories;
    *out_step_every = plan.step_every;
    leave(life, &guard);
    return true;
}

/* -------------------------------------------------------------------------------------------------------- starting */

static void emit_started(const struct tt_arena_header *header)
{
    struct tt_event_process_started event;
    tt__identity_tell(header, &event);
    event.categories = header->categories;
    tt_emit_process_started(0, &event);
}

/* Under the lock, with the plan made. Async-signal-safe. */
static int open_arena(struct tt__life *life)
{
    bool is_alone = !plan.is_supervised && !plan.program[0],
         overwrites = is_alone || plan.ring_policy == TT_RING_POLICY_OVERWRITE;
    int result = tt__arena_create(life, &plan, overwrites);
    /* A recorder that had nothing left to read may just have deleted the folder. */
    if (result == -ENOENT && tt__ring_dir_renew(plan.ring_dir, plan.store[0] ? plan.store : NULL) == 0)
        result = tt__arena_create(life, &plan, overwrites);
    if (result < 0)
        return result;
    uint32_t ordinal = atomic_fetch_add(&arena_count, 1) + 1;
    atomic_store_explicit(&life->ordinal, ordinal, memory_order_release);
    tt__arena_publish(life);
    tt__arena_disown(false);
    atomic_store(&is_wanted, true);
    switch_on();
    emit_started(life->header);
    if (!plan.is_supervised && !is_alone && tt__helper_start(&plan, life->header) < 0) {
        __atomic_store_n(&life->header->overwrite_oldest, 1, __ATOMIC_RELEASE);
        is_alone = true;
    }
    return is_alone ? TT_TRACE_ARENA_ONLY : TT_TRACE_RECORDING;
}

/* LTTng forks once more, by itself, while it settles in a child that has another user or another root than its parent: that fork is
 * none of the program's, and its child tells nothing. What was locked for the program's is locked for it, too. */
static void before_fork(void)
{
    if (tt__thread.fork_depth++ > 0)
        return;
    tt__dump_before_fork();
    tt__lttng_before_fork();
}

static void after_fork(void)
{
    if (tt__thread.fork_depth > 1) {
        tt__thread.fork_depth--;
        return;
    }
    tt__lttng_after_fork_parent();
    tt__dump_after_fork(false);
    tt__thread.fork_depth = 0;
}

static void forget_parent(void)
{
    struct tt__life *life = tt__life();
    if (tt__thread.fork_depth > 1) {
        tt__thread.fork_depth--;
        return;
    }
    memset((void *)life, 0, sizeof *life); /* where the kernel did not */
    tt__id_after_fork();
    if (tt_trace_categories != 0)
        __atomic_or_fetch(&tt_trace_categories, TT_CARRIER_CHILD, __ATOMIC_RELEASE);
    tt__arena_inherit();
    tt__lttng_after_fork_child(life);
    tt__dump_after_fork(true);
    tt__thread.fork_depth = 0;
}

static int prepare_once(void)
{
    static _Atomic bool has_fork_handler;
    int result = tt__thread_prepare();
    if (result == 0 && !atomic_load(&has_fork_handler)) {
        result = -pthread_atfork(before_fork, after_fork, forget_parent);
        atomic_store(&has_fork_handler, result == 0);
    }
    return result;
}

/* Under the lock. */
static void begin_lttng(struct tt__life *life)
{
    if (!tt__lttng_begin(life, plan.categories))
        return;
    atomic_store(&is_lttng_wanted, true);
    switch_on();
}

/* Under the lock. LTTNG: 0 when its provider is open, else why it is not. */
static int start_carriers(struct tt__life *life, const struct tt_trace_options *options, int lttng)
{
    bool is_recording = tt__life_ordinal(life) != 0, has_lttng = lttng == 0 || atomic_load(&is_lttng_wanted);
    int result = prepare_once();
    if (result == 0 && !is_recording)
        result = tt__options_read(options, !has_lttng, &plan);
    if (result == 0 && !is_recording)
        tt__redacts_messages = plan.redacts;
    if (result == 0 && has_lttng)
        begin_lttng(life);
    if (result == 0 && !is_recording && plan.ring_dir[0])
        result = open_arena(life);
    else if (result == 0)
        result = is_recording ? TT_TRACE_RECORDING : TT_TRACE_LTTNG;
    if (result < 0)
        want_no_arena(); /* also in a child, whose plan is spoilt now */
    return result;
}

/* LTTng alone was asked for, and is not to be had. */
static int give_up_lttng(int wish, int lttng)
{
    if (wish != TT_TRACE_LTTNG_ON) {
        tt__reason_tell(NULL, TT_TRACE_OFF);
        return TT_TRACE_OFF;
    }
    tt__reason_tell_lttng(lttng);
    return lttng;
}

int tt_trace_start(const struct tt_trace_options *options)
{
    struct guard guard;
    int lttng = -ENOTSUP, wish = tt__options_read_lttng(options), result = tt__life_prepare();
    if (wish < 0 || result < 0) {
        tt__reason_tell(options, wish < 0 ? wish : result);
        return wish < 0 ? wish : result;
    }
    struct tt__life *life = tt__life();
    if (wish != TT_TRACE_LTTNG_OFF)
        lttng = tt__lttng_load();
    enter(life, &guard);
    bool was_recording = tt__life_ordinal(life) != 0;
    result = start_carriers(life, options, lttng);
    leave(life, &guard);
    if (atomic_load(&is_lttng_wanted))
        tt__dump_watch_start();
    if (result >= 0 && tt__life_ordinal(life) != 0 && !was_recording)
        tt__link_tell_parent();
    tt__reason_tell(options, result);
    if (result >= 0)
        tt__thread_watch(&tt__thread);
    else if (wish != TT_TRACE_LTTNG_OFF && lttng < 0 && !tt__options_have_arena(options))
        result = give_up_lttng(wish, lttng);
    return result;
}

/* Whether the variable is there and not empty. */
static bool is_set(const char *name)
{
    const char *value = secure_getenv(name);
    return value && *value;
}

int tt_trace_start_from_environment(void)
{
    if (tt__life_ordinal(tt__life()) != 0 || (atomic_load(&is_wanted) && tt__trace_revive()))
        return TT_TRACE_RECORDING;
    if (atomic_load(&is_lttng_wanted))
        return TT_TRACE_LTTNG;
    int status = atomic_load(&environment_status);
    if (status != INT_MIN)
        return status; /* asked before; what failed then is not tried at every loop */
    status = TT_TRACE_OFF;
    if (is_set("TELLTALE_RING_DIR") || is_set("TELLTALE_STORE") || tt__options_read_lttng(NULL) != TT_TRACE_LTTNG_OFF)
        status = tt_trace_start(NULL);
    atomic_store(&environment_status, status > TT_TRACE_OFF ? INT_MIN : status);
    return status;
}

bool tt__trace_revive(void)
{
    struct guard guard;
    struct tt__life *life = tt__life();
    int error = errno;
    if (!atomic_load_explicit(&is_wanted, memory_order_relaxed))
        return false;
    enter(life, &guard);
    if (tt__life_ordinal(life) == 0 && atomic_load(&is_wanted)) {
        int result = open_arena(life);
        if (result < 0) {
            tt__arena_disown(true);
            tt__reason_tell(NULL, result);
            want_no_arena();
        }
    }
    bool is_alive = tt__life_ordinal(life) != 0;
    leave(life, &guard);
    errno = error;
    return is_alive;
}

bool tt__trace_revive_lttng(void)
{
    struct guard guard;
    struct tt__life *life = tt__life();
    int error = errno;
    if (!atomic_load_explicit(&is_lttng_wanted, memory_order_relaxed) || atomic_load(&life->lttng.may_begin) == 0)
        return false;
    enter(life, &guard);
    bool is_alive = atomic_load(&is_lttng_wanted) && tt__lttng_begin(life, plan.categories);
    leave(life, &guard);
    errno = error;
    return is_alive;
}

/* -------------------------------------------------------------------------------------------------------- stopping */

static void add_up(struct tt__life *life, struct tt_trace_statistics *out)
{
    uint32_t count = atomic_load_explicit(&life->header->ring_count, memory_order_acquire);
    for (uint32_t i = 0; i < count; i++) {
        struct tt_ring *ring = tt__life_ring(life, i);
        out->attempt_count += atomic_load_explicit(&ring->attempts, memory_order_relaxed);
        out->drop_count += atomic_load_explicit(&ring->drops, memory_order_relaxed);
        out->unread_bytes += (atomic_load_explicit(&ring->head, memory_order_relaxed) -
                              atomic_load_explicit(&ring->tail, memory_order_relaxed)) *
                             TT_SLOT_BYTES;
        out->thread_count += i != 0 && atomic_load_explicit(&ring->is_detached, memory_order_relaxed) == 0;
    }
    out->wait_ns = atomic_load_explicit(&life->wait_ns, memory_order_relaxed);
    out->board_drop_count = atomic_load_explicit(&life->header->board_drop_count, memory_order_relaxed);
}

static bool is_full(struct tt__life *life)
{
    struct tt__thread *self = &tt__thread;
    bool has_ring = self->arena == tt__life_ordinal(life);
    struct tt_ring *ring = has_ring ? self->ring : tt__life_ring(life, 0);
    return __atomic_load_n(&life->header->overwrite_oldest, __ATOMIC_RELAXED) == 0 &&
           atomic_load_explicit(&ring->head, memory_order_relaxed) + 1 >
               atomic_load_explicit(&ring->tail, memory_order_relaxed) + ring->slot_count;
}

/* Under the lock. */
static void say_goodbye(struct tt__life *life, uint8_t reason)
{
    struct tt_trace_statistics statistics = {0};
    const struct timespec moment = {0, 1000000};
    switch_categories(TT_CATEGORY_process); /* at exit other threads may still be at work */
    for (int i = 0; i < GOODBYE_WAIT_MS && is_full(life); i++)
        nanosleep(&moment, NULL);
    tt__clock_read_pair(&life->header->clock_last);
    tt__clock_sample(life, &life->header->clock_last, 0);
    add_up(life, &statistics);
    tt_emit_process_ended(0, &(struct tt_event_process_ended){
                                 .reason = reason, .attempt_count = statistics.attempt_count + 1, /* and this one */
                             });
    want_no_arena();
    atomic_store_explicit(&life->ordinal, 0, memory_order_release);
    atomic_store_explicit(&life->header->state, TT_ARENA_GOODBYE, memory_order_release);
}

static void end_lttng(struct tt__life *life, uint8_t reason)
{
    tt__lttng_end(life, reason);
    atomic_store(&is_lttng_wanted, false);
    switch_on();
}

void tt__trace_end_lttng(void)
{
    struct guard guard;
    struct tt__life *life = tt__life();
    if (!atomic_load(&is_lttng_wanted))
        return;
    tt__dump_watch_stop();
    enter(life, &guard);
    end_lttng(life, TT_END_REASON_EXIT);
    leave(life, &guard);
}

void tt_trace_stop(void)
{
    struct guard guard;
    struct tt__life *life = tt__life();
    if (tt__life_ordinal(life) == 0 && !atomic_load(&is_wanted) && !atomic_load(&is_lttng_wanted))
        return;
    tt__dump_watch_stop();
    enter(life, &guard);
    end_lttng(life, TT_END_REASON_STOPPED);
    if (tt__life_ordinal(life) != 0) {
        say_goodbye(life, TT_END_REASON_STOPPED);
        tt__arena_retire();
    }
    want_no_arena();
    atomic_store(&environment_status, TT_TRACE_OFF); /* who stopped it wants no new loop to start it again */
    leave(life, &guard);
}

/* After the handlers of atexit and the destructors of what uses this library, which may still have something to say.
 * The mapping stays: other threads may be in the middle of an event. */
static __attribute__((destructor(101))) void say_goodbye_at_exit(void)
{
    struct guard guard;
    struct tt__life *life = tt__life();
    tt__trace_end_lttng();
    if (tt__life_ordinal(life) == 0)
        return;
    enter(life, &guard);
    if (tt__life_ordinal(life) != 0)
        say_goodbye(life, TT_END_REASON_EXIT);
    leave(life, &guard);
}

void tt_trace_get_statistics(struct tt_trace_statistics *out_statistics)
{
    struct tt_trace_statistics statistics = {0};
    struct tt__life *life = tt__life();
    if (tt__life_ordinal(life) != 0)
        add_up(life, &statistics);
    *out_statistics = statistics;
}
