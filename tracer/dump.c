/* dump.c: dumpers, and the thread that asks them. See dump.h.
 *
 * LTTng tells nobody that a session begins, so its lists of listeners are looked at ten times a second: a pointer for each
 * event, as a rule another one when a session has begun or ceased to record it, and the number of one of the lists, which always is.
 * A second session shows, too.
 *
 * Threads: `mutex` guards all that is below it. Dumpers are called with it, so that whoever takes one away knows that it is not
 * being called any more.
 */
#include "dump.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "listeners.h"
#include "lttng.h"

#define LOOK_NS         UINT64_C(100000000) /* how often the listeners are looked at */
#define SECOND_NS       UINT64_C(1000000000)
#define PERIOD_S_MAX    86400
#define PERIOD_VARIABLE "TELLTALE_LTTNG_DUMP"
#define STACK_BYTES     (size_t)(256 * 1024)

static _Atomic bool is_for_arena;

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t woken;
static bool has_condition;
/* Also read by runtime/gdb/telltale-gdb.py, to which a program that was optimised as a whole must not lose it. */
static __attribute__((used)) struct tt_trace_dumper *first_dumper;
static pthread_t watcher;
static bool is_watching, is_to_stop;
static uintptr_t listeners; /* as they were last seen */
static uint64_t period_ns;  /* 0: only when listeners change */

bool tt__dump_is_for_arena(void)
{
    return atomic_load_explicit(&is_for_arena, memory_order_relaxed);
}

/* -------------------------------------------------------------------------------------------------------- dumpers */

void tt_trace_add_dumper(struct tt_trace_dumper *dumper)
{
    pthread_mutex_lock(&mutex);
    dumper->tt__link = &first_dumper;
    dumper->tt__next = first_dumper;
    if (first_dumper)
        first_dumper->tt__link = &dumper->tt__next;
    first_dumper = dumper;
    pthread_mutex_unlock(&mutex);
}

void tt_trace_remove_dumper(struct tt_trace_dumper *dumper)
{
    pthread_mutex_lock(&mutex);
    if (dumper->tt__link) {
        *dumper->tt__link = dumper->tt__next;
        if (dumper->tt__next)
            dumper->tt__next->tt__link = dumper->tt__link;
        dumper->tt__link = NULL;
    }
    pthread_mutex_unlock(&mutex);
}

/* With the mutex. */
static void ask_all(bool arena_too)
{
    atomic_store_explicit(&is_for_arena, arena_too, memory_order_relaxed);
    tt__lttng_tell_again(tt__life());
    for (struct tt_trace_dumper *dumper = first_dumper; dumper; dumper = dumper->tt__next)
        dumper->fn(dumper->argument);
}

void tt_trace_dump(void)
{
    if (__atomic_load_n(&tt_trace_categories, __ATOMIC_RELAXED) == 0)
        return;
    pthread_mutex_lock(&mutex);
    ask_all(true);
    pthread_mutex_unlock(&mutex);
}

/* ------------------------------------------------------------------------------------------------------- watching */

/* A number that is another one when any event's listeners are; 0 when there are none. The one before while a session is
 * beginning: what it were told now, it would not hear. */
static uintptr_t look(void)
{
    const struct tt_lttng_table *table = atomic_load(&tt__lttng_table);
    const void *who[TT_LISTENERS_MAX];
    uintptr_t sum = 0, list;
    uint64_t lacking;
#define TT_EVENT(number, name, category, level, text, fields) sum = sum * 31 + table->listeners(number);
#include "events.def"
    /* A list that was made anew may lie where an older one did; this number is another one then. */
    if (table->process_listeners(who, TT_LISTENERS_MAX, &lacking, &list) > 0 && list == 0)
        return listeners;
    return sum * 31 + list;
}

static struct timespec instant_of(uint64_t ns)
{
    return (struct timespec){.tv_sec = (time_t)(ns / SECOND_NS), .tv_nsec = (long)(ns % SECOND_NS)};
}

static void *watch(void *argument)
{
    uint64_t told_ns = tt__clock_read_ns(CLOCK_MONOTONIC), measured_ns = told_ns;
    (void)argument;
    pthread_mutex_lock(&mutex);
    while (!is_to_stop) {
        struct timespec until = instant_of(tt__clock_read_ns(CLOCK_MONOTONIC) + LOOK_NS);
        if (pthread_cond_timedwait(&woken, &mutex, &until) != ETIMEDOUT)
            continue;
        uint64_t now_ns = tt__clock_read_ns(CLOCK_MONOTONIC);
        if (now_ns - measured_ns >= SECOND_NS) {
            tt__clock_measure_tick();
            measured_ns = now_ns;
        }
        uintptr_t seen = look();
        bool has_changed = seen != listeners, is_due = period_ns != 0 && now_ns - told_ns >= period_ns;
        listeners = seen;
        if (has_changed)
            (void)tt__lttng_look(); /* who has ceased, although nobody is told of it */
        if (seen != 0 && (has_changed || is_due)) {
            ask_all(false);
            told_ns = now_ns;
        }
    }
    pthread_mutex_unlock(&mutex);
    return NULL;
}

static uint64_t read_period(void)
{
    const char *text = secure_getenv(PERIOD_VARIABLE);
    char *end;
    if (!text || *text < '0' || *text > '9')
        return 0;
    unsigned long seconds = strtoul(text, &end, 10);
    return *end == '\0' && seconds <= PERIOD_S_MAX ? seconds * SECOND_NS : 0;
}

static int prepare_condition(void)
{
    pthread_condattr_t attributes;
    int error = pthread_condattr_init(&attributes);
    if (error == 0) {
        error = pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
        if (error == 0)
            error = pthread_cond_init(&woken, &attributes);
        pthread_condattr_destroy(&attributes);
    }
    return error;
}

/* With the mutex. The thread has all signals blocked: the program's handlers are none of its business. */
static void start_thread(void)
{
    pthread_attr_t attributes;
    sigset_t all, before;
    if (pthread_attr_init(&attributes) != 0)
        return;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    is_to_stop = false;
    is_watching = pthread_attr_setstacksize(&attributes, STACK_BYTES) == 0 &&
                  pthread_create(&watcher, &attributes, watch, NULL) == 0;
    if (is_watching)
        pthread_setname_np(watcher, "telltale-dump");
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
}

void tt__dump_watch_start(void)
{
    pthread_mutex_lock(&mutex);
    if (!has_condition)
        has_condition = prepare_condition() == 0;
    if (has_condition && !is_watching) {
        listeners = look();
        period_ns = read_period();
        if (listeners != 0 && (first_dumper || tt__lttng_look()))
            ask_all(false); /* what was there before LTTng was, or before a session that has just begun */
        start_thread();
    }
    pthread_mutex_unlock(&mutex);
}

void tt__dump_watch_stop(void)
{
    if (atomic_load(&tt__life()->lttng.may_begin) == 0)
        return; /* the child of a raw clone, which has no such thread */
    pthread_mutex_lock(&mutex);
    bool was_watching = is_watching;
    pthread_t thread = watcher;
    is_watching = false;
    is_to_stop = true;
    if (was_watching)
        pthread_cond_signal(&woken);
    pthread_mutex_unlock(&mutex);
    if (was_watching)
        pthread_join(thread, NULL);
}

/* ---------------------------------------------------------------------------------------------------------- forks */

void tt__dump_before_fork(void)
{
    pthread_mutex_lock(&mutex);
}

/* The child has no watcher, and what its parent registered is not its own. */
void tt__dump_after_fork(bool is_child)
{
    if (!is_child) {
        pthread_mutex_unlock(&mutex);
        return;
    }
    bool was_watching = is_watching;
    pthread_mutex_init(&mutex, NULL);
    if (has_condition)
        has_condition = prepare_condition() == 0;
    is_watching = false;
    for (; first_dumper; first_dumper = first_dumper->tt__next)
        first_dumper->tt__link = NULL;
    tt__tests_after_fork();
    if (was_watching)
        tt__dump_watch_start();
}
