/* lttng_table.h: what lies between the tracer and its provider for LTTng-UST: one table of functions, with a version.
 *
 * What it is for. The provider, libtelltale-lttng.so, is opened on request by lttng.c and is asked for its table.
 * Neither side links with the other, so a program needs no LTTng to be built or to run, and a provider of another version
 * is turned away instead of being called with structs that it does not know.
 *
 * What it leaves to others. When the provider is opened and what its events are numbered by: lttng.h. What an event of
 * LTTng looks like: provider.h.
 *
 * Threads. The table does not change. The write functions may be called on any thread and in signal handlers.
 */
#ifndef TT_LTTNG_TABLE_H
#define TT_LTTNG_TABLE_H

#include <signal.h>
#include <stddef.h>
#include <stdint.h>

#include "telltale/trace.h"

#define TT_LTTNG_TABLE_VERSION 4u
#define TT_LTTNG_TABLE_NAME    "tt_lttng_provider_table"

/* What every event begins with, and what is needed to write it. */
struct tt_lttng_head {
    uint64_t process;      /* first 8 bytes of the process's uuid */
    uint64_t sequence;     /* number of the attempt in its thread */
    uint64_t tick_ns_2_32; /* nanoseconds of a tick of tt_trace_clock(), times 2^32 */
    uint32_t thread;       /* ordinal of the thread; 0: a signal handler that came in between */
};

struct tt_lttng_table {
    uint32_t version, bytes;
    const char *events; /* the description of the events (see arena.h) that the provider was made from */
    /* Makes what LTTng has for each thread; it allocates, which its first event would do else. */
    void (*init_thread)(void);
    /* What a fork needs, in the order of pthread_atfork; see <lttng/ust-fork.h>. */
    void (*before_fork)(sigset_t *mask);
    void (*after_fork_parent)(sigset_t *mask);
    void (*after_fork_child)(sigset_t *mask);
    /* A value that changes whenever a session begins or ceases to record EVENT; 0: none does. */
    uintptr_t (*listeners)(unsigned event);
    /* Who listens to process_started, in the order in which they began: at most MAX of them, at most 64, each a value that stands for
     * it; which of them, a bit each, do not listen to all vital events; and a number that is another one after each change of
     * the list, 0 when nobody does, and while the session of one of them does not take events yet, or any more. Returns how many there are. */
    size_t (*process_listeners)(const void **out_who, size_t max, uint64_t *out_lacking, uintptr_t *out_list);
    /* For each event: whether a session wants it at this moment (not 0), and how it is written. */
#define TT_EVENT(number, name, category, level, text, fields) \
    const int *wanted_##name;                                 \
    void (*write_##name)(const struct tt_lttng_head *head, const struct tt_event_##name *event);
#include "events.def"
};

/* The one function that the provider exports. GOODBYE is called when the provider is about to be finished, at exit: the
 * last moment at which an event can be written. */
typedef const struct tt_lttng_table *tt_lttng_provider_fn(void (*goodbye)(void));

#endif
