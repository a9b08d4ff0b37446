/* writer.h: what the files of the in-process half share: the life of an arena, the state of a thread.
 *
 * What it is for. A process has at most one arena at a time. What is known about it stands in struct tt__life, one
 * page that the kernel clears in a forked child (MADV_WIPEONFORK), so that a child, also one of a raw clone, sees
 * that it has no arena, and never writes into its parent's. What each thread needs to write stands in struct
 * tt__thread, in thread-local memory with a fixed offset (initial-exec), which a signal handler may use.
 *
 * What it leaves to others. The format: arena.h. What programs call: telltale/trace.h. The fast path: ring.h.
 *
 * Threads. A field of tt__life is written under the lock of start.c while `ordinal` is 0, and does not change while
 * it is not, atomic ones apart. A field of tt__thread is its own thread's, which may be interrupted anywhere by its
 * signal handlers.
 */
#ifndef TT_WRITER_H
#define TT_WRITER_H

#include <limits.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "arena.h"
#include "telltale/trace.h"

#define tt__likely(condition)   __builtin_expect(!!(condition), 1)
#define tt__unlikely(condition) __builtin_expect(!!(condition), 0)

/* Order for readers in other processes: stores before it are seen before stores after it. The thread sanitizer knows no
 * fences, and needs none here: what a fence guards is never read in this process. */
#if defined(__SANITIZE_THREAD__)
#define tt__write_fence() atomic_signal_fence(memory_order_seq_cst)
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define tt__write_fence() atomic_signal_fence(memory_order_seq_cst)
#endif
#endif
#ifndef tt__write_fence
#define tt__write_fence() atomic_thread_fence(memory_order_release)
#endif

/* How memory is made real: much for a thread's first ring, so that short programs make few system calls, then in
 * steps. */
#define TT_POPULATE_FIRST_BYTES (UINT64_C(1024) * 1024)
#define TT_POPULATE_STEP_BYTES  (UINT64_C(256) * 1024)
/* A step that failed (disk full) is tried again after so many calls that needed it. */
#define TT_POPULATE_PATIENCE 256u

/* ------------------------------------------------------------------------------------------------- what is wanted */

/* Poll interval, greatest size, greatest age, redaction; the longest value is a number of 64 bits. */
#define TT_RECORDER_OPTIONS_MAX 4u
#define TT_RECORDER_VALUE_BYTES 24u

/* What a recording of this process needs, made by options.c; kept in plain memory, so that a forked child goes by it
 * too. */
struct tt__plan {
    char store[PATH_MAX];    /* canonical path; empty: not known */
    char ring_dir[PATH_MAX]; /* absolute; prepared; empty: there is to be no arena */
    char program[PATH_MAX];  /* the telltale program; empty: none was found, or none is needed */
    uint64_t ring_bytes;
    uint32_t categories; /* with TT_TRACE_VITAL_ONLY, perhaps; as step_limit and step_every, what is selected now */
    uint32_t step_limit; /* see tt_trace_step_limit */
    uint32_t step_every;
    uint32_t ring_policy; /* enum tt_ring_policy */
    uint32_t block_ms;    /* with TT_RING_POLICY_BLOCK */
    bool redacts;         /* see tt__redacts_messages */
    bool is_supervised;   /* `telltale record` cares for the recorder */
    struct {
        const char *name; /* "--poll-ms"; NULL behind the last */
        char value[TT_RECORDER_VALUE_BYTES];
    } recorder_options[TT_RECORDER_OPTIONS_MAX + 1];
};

/* Fills OUT_PLAN from OPTIONS (may be NULL) and the environment, and makes the ring dir. With NEEDS_ARENA 0 it is no
 * error when neither says where an arena is to be. 0 or a negative errno value. */
int tt__options_read(const struct tt_trace_options *options, bool needs_arena, struct tt__plan *out_plan);

/* What tt_trace_start_reason() says from now on: RESULT is what a start with OPTIONS (may be NULL) came to; or LTTng alone was asked for, and
 * is not to be had. */
void tt__reason_tell(const struct tt_trace_options *options, int result);
void tt__reason_tell_lttng(int result);

/* Whether OPTIONS (may be NULL) or the environment say where an arena is to be. */
bool tt__options_have_arena(const struct tt_trace_options *options);

/* What OPTIONS (may be NULL) or else the environment says of LTTng: TT_TRACE_LTTNG_OFF, AUTO or ON; or -EINVAL. */
int tt__options_read_lttng(const struct tt_trace_options *options);

/* ---------------------------------------------------------------------------------------------------------- layout */

struct tt__layout {
    uint64_t dictionary_bytes, board_slots, ring_bytes, ring_count_max;
    uint64_t board_offset, rings_offset, file_bytes;
};

/* Lays out an arena of at most BYTES_MAX bytes whose rings have RING_BYTES: fewer rings first, then a smaller board,
 * dictionary, rings. -EFBIG: not even the smallest fits. */
int tt__layout_make(uint64_t ring_bytes, uint64_t bytes_max, struct tt__layout *out_layout);

/* ------------------------------------------------------------------------------------------------------ the arena */

#define TT_BOARD_CHAIN_SLOTS 64u

/* Threads whose events for LTTng are counted one by one; those of later ones are counted together. */
#define TT_LTTNG_COUNTED_THREADS 255u

/* What of a process's life lttng.c has: as with the arena, a forked child finds nothing of it. */
struct tt__lttng_life {
    _Atomic uint32_t ordinal;      /* 1, 2, ... while events go to LTTng; 0: they do not */
    _Atomic uint32_t may_begin;    /* LTTng knows of this process: it was opened here, or a fork went by the book */
    _Atomic uint32_t thread_count; /* ordinals of threads handed out */
    _Atomic uint32_t told;         /* how often the process told who it is; threads follow */
    _Atomic uint64_t attempts[TT_LTTNG_COUNTED_THREADS + 2]; /* by ordinal of the thread; the last: all others */
};

struct tt__life {
    _Atomic uint32_t ordinal; /* of the arena in this process, 1, 2, ...; 0: this process has none. Published last. */
    _Atomic uint32_t lock;    /* of start and stop, see start.c */
    struct tt_arena_header *header;
    unsigned char *dictionary;
    struct tt_board_slot *board;
    unsigned char *rings;
    uint64_t dictionary_bytes, board_slots, ring_stride, ring_bytes, ring_count_max;
    _Atomic uint64_t dictionary_populated; /* bytes */
    _Atomic uint32_t dictionary_patience;
    _Atomic uint32_t board_populated; /* slots */
    _Atomic uint32_t board_patience;
    _Atomic uint32_t ring_patience; /* of the emergency ring */
    uint64_t block_ns;              /* how long an emit call may wait for room; 0: it does not wait */
    _Atomic uint64_t vain_tail;     /* of the emergency ring: see struct tt__thread */
    _Atomic uint64_t wait_ns;       /* that emit calls have waited, all threads together */
    _Atomic uint64_t sampled_ns;    /* CLOCK_MONOTONIC at the last clock_sampled, see clock_sample.c */
    _Atomic int64_t sampled_realtime_ns, sampled_boottime_ns; /* of these clocks, less CLOCK_MONOTONIC, then */
    _Atomic uint32_t thread_count;  /* ordinals of threads handed out */
    _Atomic uint32_t board_lock;    /* guards the next field */
    uint32_t board_chains;          /* chains of free slots: index + 1 of the first slot of the first chain */
    struct tt__lttng_life lttng;    /* see lttng.h */
};

/* Points to a page of zeros in a process that never started. */
extern _Atomic(struct tt__life *) tt__life_page;

static inline struct tt__life *tt__life(void)
{
    return atomic_load_explicit(&tt__life_page, memory_order_acquire);
}

static inline uint32_t tt__life_ordinal(struct tt__life *life)
{
    return atomic_load_explicit(&life->ordinal, memory_order_acquire);
}

static inline struct tt_ring *tt__life_ring(const struct tt__life *life, uint64_t index)
{
    return (struct tt_ring *)(void *)(life->rings + index * life->ring_stride);
}

static inline struct tt_slot *tt__ring_slots(struct tt_ring *ring)
{
    return (struct tt_slot *)(void *)((unsigned char *)ring + TT_RING_HEAD_BYTES);
}

/* Gets the page that tt__life_page points to from now on. 0 or -ENOMEM. */
int tt__life_prepare(void);

/* Makes the arena's file in PLAN's ring dir, maps it, fills the header and LIFE; nothing is published but the file,
 * which has no magic yet. 0 or a negative errno value, and then nothing is left. */
int tt__arena_create(struct tt__life *life, const struct tt__plan *plan, bool overwrites);

/* Readers may take the arena from now on. */
void tt__arena_publish(struct tt__life *life);

/* Puts private memory in the place of the mapping of this process's arena, so that what still writes there does no
 * harm and the file's memory is free when the recorder has deleted it. Async-signal-safe. */
void tt__arena_retire(void);

/* In a child: gives up the mapping that it has inherited, but for the header, which it counts itself in if it can have no arena. */
void tt__arena_inherit(void);

/* In a child, which has an arena of its own now, or IS_LOST: cannot have one. Gives up what is left of its parent's. */
void tt__arena_disown(bool is_lost);

/* Makes BYTES at START real, so that writing cannot fail. 0 or a negative errno value: no room. Keeps errno;
 * async-signal-safe. */
int tt__arena_populate(void *start, uint64_t bytes);

/* Whether a step that failed is to be tried again: now and then. */
static inline bool tt__patience_is_over(_Atomic uint32_t *patience)
{
    uint32_t left = atomic_load_explicit(patience, memory_order_relaxed);
    if (left == 0)
        return true;
    atomic_store_explicit(patience, left - 1, memory_order_relaxed);
    return false;
}

/* A random uuid (RFC 4122). Async-signal-safe. */
void tt__uuid_make(uint8_t uuid[16]);

/* The facts about this process that stand in the header. Async-signal-safe. */
void tt__identity_fill(struct tt_arena_header *header);

/* The same facts and the present times as an event, which refers to the strings of IDENTITY. */
void tt__identity_tell(const struct tt_arena_header *identity, struct tt_event_process_started *out);

/* Whether what the program says in its own words is left out of events (fields TT_MESSAGE). Written by start only. */
extern bool tt__redacts_messages;

/* The self-description of the events (see arena.h), and its length. */
const char *tt__describe_events(size_t *out_length);

/* ---------------------------------------------------------------------------------------------------- the thread */

struct tt__thread {
    _Atomic uint32_t depth; /* 1 while an emit call of this thread writes its ring: a handler may come in between */
    uint32_t arena;         /* ordinal of the arena that `ring` is in; 0: no ring */
    struct tt_ring *ring;
    struct tt_slot *slots;
    uint64_t mask;           /* slots in the ring - 1 */
    uint64_t head;           /* as in the ring */
    uint64_t attempts;       /* as in the ring */
    uint64_t limits[2];      /* position that a record may reach without another look at the reader: by level */
    uint64_t renew_at;       /* time from which the arena's second clock pair is due */
    uint64_t gap_count;      /* dropped since the last recorder_gap */
    uint64_t gap_vital_count;
    uint64_t gap_since;      /* time of the first of them */
    uint64_t vain_tail;      /* the reader was waited for in vain when it was there; UINT64_MAX: nowhere yet */
    uint32_t patience;       /* see TT_POPULATE_PATIENCE */
    uint32_t ringless_arena; /* ordinal of the arena in which it got no ring */
    uint32_t ringless_count; /* events since then, so that it asks again now and then */
    uint32_t tid, tid_arena; /* kernel id, and the arena since which it is known: a fork changes both */
    uint32_t is_ended;       /* its destructor ran: it gets no ring any more */
    uint32_t is_watched;     /* its destructor will run */
    uint32_t exit_rounds;    /* times that its destructor ran */
    uint32_t fork_depth;     /* forks that it is in, see before_fork() in start.c */
    _Atomic uint32_t id_depth;
    _Atomic uint64_t id_next, id_end;      /* block of ids, see id.c */
    uint32_t board_arena;                  /* ordinal of the arena of the following */
    uint32_t board_free, board_free_count; /* free slots: index + 1 of the first; how many */
    uint32_t board_spare;                  /* a full chain */
    _Atomic uint32_t lttng_depth;          /* 1 while an event of this thread is on its way to LTTng */
    uint32_t lttng_process;                /* ordinal of the life of the following; 0: none */
    uint32_t lttng_thread;                 /* ordinal of this thread, 1, 2, ... */
    uint32_t lttng_told;                   /* as in the life, when the thread told who it is */
    uint64_t lttng_attempts;               /* events of this thread so far */
};

extern _Thread_local struct tt__thread tt__thread __attribute__((tls_model("initial-exec")));

/* Gives the calling thread a ring if there is one, and emits thread_attached with TIME. Async-signal-safe. */
bool tt__thread_attach(struct tt__thread *self, struct tt__life *life, uint32_t ordinal, uint64_t time);

/* Has the end of the calling thread noticed. Not in signal handlers. */
void tt__thread_watch(struct tt__thread *self);

/* The same where a signal handler may be the caller: when that needs no memory. */
void tt__thread_watch_safely(struct tt__thread *self);

/* Makes what tt__thread_watch() and attach need, once. 0 or a negative errno value. */
int tt__thread_prepare(void);

/* The calling thread's kernel id. Async-signal-safe. */
uint32_t tt__thread_tid(struct tt__thread *self, uint32_t ordinal);

/* ----------------------------------------------------------------------------------------------------- the parts */

/* Length of TEXT (NULL: 0), cut to at most LIMIT bytes in front of a UTF-8 character that does not fit whole. */
size_t tt__text_cut(const char *text, size_t limit);

/* Defines SITE in the arena ORDINAL and returns its id. Async-signal-safe. */
uint64_t tt__dictionary_define(struct tt__life *life, uint32_t ordinal, tt_site *site);

/* The id of SITE, 0 for NULL, defined in the arena ORDINAL when it returns. */
static inline uint64_t tt__dictionary_id(struct tt__life *life, uint32_t ordinal, tt_site *site)
{
    if (!site)
        return 0;
    if (tt__likely(__atomic_load_n(&site->tt__arena, __ATOMIC_ACQUIRE) == ordinal))
        return __atomic_load_n(&site->tt__id, __ATOMIC_RELAXED);
    return tt__dictionary_define(life, ordinal, site);
}

/* Gives the free board slots of a thread that ends to the others. */
void tt__board_leave(struct tt__thread *self, struct tt__life *life, uint32_t ordinal);

/* A kernel clock, in nanoseconds. */
uint64_t tt__clock_read_ns(clockid_t clock);
/* Nanoseconds of a tick, times 2^32: what is known of it by now. */
uint64_t tt__clock_tick_ns_2_32(void);
/* Measures it; the longer the clock is in use the better. Not in signal handlers. */
void tt__clock_measure_tick(void);
/* Ticks after which the second clock pair is renewed, about a second. */
uint64_t tt__clock_period(void);
/* enum tt_arena_clock of tt_trace_clock(). */
uint32_t tt__clock_kind(void);
/* Reads all clocks into PAIR, unless another thread, or the call that this one interrupted, is doing so. */
void tt__clock_read_pair(struct tt_clock_pair *pair);
/* PAIR is what process_started and the header say: clock_sampled is due when they have moved from there. */
void tt__clock_sample_begin(struct tt__life *life, const struct tt_clock_pair *pair);
/* Emits clock_sampled with TIME when it is due by what PAIR holds. */
void tt__clock_sample(struct tt__life *life, struct tt_clock_pair *pair, uint64_t time);

/* ------------------------------------------------------------------------------------------------ start and fork */

/* These bits of tt_trace_categories are no categories: events go to LTTng too; and they go there alone. */
#define TT_CARRIER_LTTNG (UINT32_C(1) << 31)
#define TT_CARRIER_ALONE (UINT32_C(1) << 30)

/* And this is a forked child: what it inherited emits nothing. Ids below tt__id_first_own are of such objects. A child of a
 * raw clone, which no handler tells what it is, does not know. */
#define TT_CARRIER_CHILD (UINT32_C(1) << 29)
extern uint64_t tt__id_first_own;

/* In the child, which has one thread: ids drawn from now on are its own. */
void tt__id_after_fork(void);

/* Selects what is recorded from now on (see tt_trace_select()); CATEGORIES are complete, STEP_EVERY is not 0. MAY_WAIT: for the lock; else it
 * does nothing while somebody has that. Returns whether it could, and whether something was switched on that answers rest on.
 * Async-signal-safe. */
struct tt__switching {
    bool is_done, has_vital;
};
struct tt__switching tt__trace_switch(uint32_t categories, uint32_t step_every, uint8_t by, bool may_wait);
/* What is selected now; false: nobody records. Async-signal-safe. */
bool tt__trace_selection(uint32_t *out_categories, uint32_t *out_step_every);

/* Somebody from outside wants another selection: header->wanted_selection is not 0. The first one is for calls that may be in a
 * signal handler or hold locks, and leaves telling again what is there to the second. */
void tt__select_notice(struct tt__life *life);
void tt__select_notice_and_tell(struct tt__life *life);
static inline bool tt__select_is_due(struct tt__life *life)
{
    return tt__unlikely(atomic_load_explicit(&life->header->wanted_selection, memory_order_relaxed) != 0);
}

/* Called where there is no arena although events are wanted: in a forked child, which then gets its own. Returns
 * whether there is one now. Async-signal-safe. */
bool tt__trace_revive(void);

/* Waits until COUNT slots fit in RING, for life->block_ns at most; whether they do. A reader that stands still is waited
 * for once: *VAIN_TAIL remembers where it stood. Keeps errno; async-signal-safe. */
bool tt__ring_wait(struct tt_ring *ring, struct tt__life *life, uint64_t end, uint64_t capacity, uint64_t *vain_tail);

/* The same for LTTng. */
bool tt__trace_revive_lttng(void);

/* LTTng is about to be finished, at exit: goodbye is said to it now. */
void tt__trace_end_lttng(void);

/* Finds the telltale program: WANTED (may be NULL), TELLTALE_PROGRAM, where it was installed, near this library, PATH.
 * -ENOENT: there is none that can be executed. */
int tt__helper_find(const char *wanted, char *out, size_t size);

/* Starts PLAN's recorder as a detached process that no wait() of this process sees. 0 or a negative errno value. If
 * the program then turns out not to be executable, the arena is set to overwrite its oldest records.
 * Async-signal-safe. */
int tt__helper_start(const struct tt__plan *plan, struct tt_arena_header *header);

#endif
