/* telltale/trace.h: emit telltale's events from any C program.
 *
 * What it is for. A program (the telltale runtime, another runtime, a language binding) says what its tasks do:
 * created, finished, failed, cancelled, looked at. What is said goes into the process's arena, a shared file mapping
 * from which a recorder, always another process, makes an SQLite store. See tracer/README.md for the life of an event.
 *
 * What it leaves to others. It knows no loop and no task: ids, names and places are the caller's. It never opens
 * SQLite.
 *
 * Threads. Everything here may be called on any thread. The emit functions may be called in signal handlers too, also
 * when the signal interrupted another emit. Where LTTng records, not as the first event of a thread: LTTng takes memory for a thread at
 * its first one, and the handler may have interrupted malloc. A thread that emits once, a note for instance, before signals come is safe;
 * so are all in a program that runs with LD_PRELOAD=liblttng-ust.so.1.
 *
 * Promises of the emit path: no allocation, no lock, nothing printed, and, once a ring has been run through for the
 * first time, no system call. When the ring is full the event is counted as dropped. errno is preserved. */
#ifndef TELLTALE_TRACE_H
#define TELLTALE_TRACE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define TT_API                 __attribute__((visibility("default")))
#define TT_MUST_USE            __attribute__((warn_unused_result))
#define TT_PRINTF(text, first) __attribute__((__format__(__printf__, text, first)))
#else
#define TT_API
#define TT_MUST_USE
#define TT_PRINTF(text, first)
#endif

/* ------------------------------------------------------------------------------------------------------ places */

/* A place in a program's source. The strings live as long as the process (string literals, as a rule). The last two
 * fields belong to the tracer and start as zero; the struct is written to at its first use, so it must not be const
 * memory. `text` is what stands there, if that helps: for the creation of a task, the name of the coroutine. */
typedef struct tt_site {
    const char *file;
    const char *func;
    const char *text;
    uint32_t line;
    uint32_t tt__arena; /* ordinal of the arena in which the site is defined; tracer's */
    uint64_t tt__id;    /* content hash, the site's id in records; tracer's */
} tt_site;

/* The place where this macro stands, as a pointer to a static tt_site; TEXT is a string literal or NULL. The pointer
 * goes through a variable because clang 14 takes the address for a constant, and forgets to make what it points to,
 * where the macro stands in the initializer of a local struct. */
#define TT_SITE_HERE(TEXT)                                                      \
    (__extension__({                                                            \
        static tt_site tt__here = {__FILE__, __func__, (TEXT), __LINE__, 0, 0}; \
        tt_site *tt__at = &tt__here;                                            \
        tt__at;                                                                 \
    }))
#define TT_HERE TT_SITE_HERE(NULL)

/* ------------------------------------------------------------------------------------------------------- words */

#define TT_ENUM_BEGIN(name, text) \
    enum tt_##name                \
    {
#define TT_ENUM_VALUE(name, CONSTANT, number, word, text) TT_##CONSTANT = number,
#define TT_ENUM_END(name) \
    }                     \
    ;
#include "events.def"

/* The calls that are open where this is called, the caller first, as something that an event can refer to as to a place: up
 * to 32 of them, each by the build id of its program or library and its address therein, so that a reader can find
 * functions and lines later, with symbols that need not be there now. The same calls have the same one. It belongs to the
 * tracer and lives as long as the process. Costs an unwinding, some microseconds. NULL: there is no memory, 4096 different
 * ones have been taken in this process, or nothing could be unwound. Any thread; not in signal handlers. */
TT_API tt_site *tt_trace_stack(void);

/* -------------------------------------------------------------------------------------------------- categories */

enum tt_category {
#define TT_CATEGORY(bit, name, default_on, text) TT_CATEGORY_##name = 1u << (bit),
#include "events.def"
    TT_CATEGORY_DEFAULT = 0
#define TT_CATEGORY(bit, name, default_on, text) | ((default_on) << (bit))
#include "events.def"
};

/* With categories: of these, only events that are vital, about failures, cancellations and ends (level TT_LEVEL_VITAL in
 * events.def). The details beside them are left out; no answer is wrong for that, some know less. */
#define TT_TRACE_VITAL_ONLY (1u << 28)

/* Categories that are on now; 0 while nothing records. The four highest bits are no categories. Written by start, stop, select and
 * fork only: read it, never write it. */
TT_API extern uint32_t tt_trace_categories;

/* Whether events of CATEGORY (a TT_CATEGORY_ constant) are wanted: one load and one predictable branch. */
#define tt_trace_on(category) \
    (__builtin_expect((__atomic_load_n(&tt_trace_categories, __ATOMIC_RELAXED) & (category)) != 0, 0))

/* Steps are told of a sample of all tasks: of those whose id, mixed well, is at most this. Written by start, select and fork only. */
TT_API extern uint32_t tt_trace_step_limit;

/* Whether the steps of task TASK_ID are wanted: the category step is on, and the task is in the sample. A task is in it for
 * all of its life, unless another sample is selected meanwhile. */
#define tt_trace_steps_on(task_id)      \
    (tt_trace_on(TT_CATEGORY_step) &&   \
     (uint32_t)(((uint64_t)(task_id) * UINT64_C(0x9e3779b97f4a7c15)) >> 32) <= \
         __atomic_load_n(&tt_trace_step_limit, __ATOMIC_RELAXED))

/* Reading of the clock when the category task was switched on last while the process ran; 0: it was not. What a program has noted of a
 * task before that, since when it is ready for instance, it may not have kept up since. */
TT_API extern uint64_t tt_trace_tasks_since;

/* ----------------------------------------------------------------------------------------------- emit functions */

/* What a program with tasks of its own says, so that reports, trees and counts are right. Each line may be left out where nobody
 * wants to know it; events about one object may come from several threads, and ingest does not mind their order.
 *
 *   a task is made        task_created, with a new id, and tt_board_claim()
 *   its first step        task_started
 *   it waits, goes on     tt_board_write(); with the category step on, task_suspended, task_woken, task_resumed
 *   something is raised   exception_raised, with an id of its own, before the failure that comes of it
 *   it failed             failure_stored, and reference_taken for each handle that the program has, before task_finished
 *   it ended              task_finished, or task_abandoned; tt_board_write() with the state done
 *   a failure was read    failure_touched, with is_user where it was not for a library's own sake: it is delivered then
 *   it went elsewhere     failure_forwarded, failure_reported, failure_discarded
 *   the last handle went  reference_released, failure_released, tt_board_release()
 *
 * failure_released says with `counted` that its counts are the whole truth: how often user code and the library read the failure, and
 * failures that it was forwarded to. Then events about it that are missing change nothing; without, a failure that was released
 * while events were missing is unknown.
 *
 * A failure without failure_released is held; one that was released without having been read, forwarded, reported or discarded is
 * lost. tracer/examples/jobs.c is a whole program that does this.
 *
 * For each event NAME of events.def: struct tt_event_NAME with its fields, and
 *
 *     void tt_emit_NAME(uint64_t time, const struct tt_event_NAME *event);
 *
 * TIME is a reading of tt_trace_clock(), or 0 to have the clock read now. EVENT and what it points to is read before
 * the call returns and stays the caller's. A NULL text is an empty text, a text that is longer than events.def says is cut in
 * front of a character that does not fit, a NULL site is no site. Ids are those of tt_trace_new_id(), 0 for none; an event with an
 * id of 2^40 or more, an address for instance, is not recorded, and counted as unreadable; so is one with 0 as its first field, which is
 * what it is about, but for handler_called, note and task_linked. Where the
 * category is off the call does nothing; TT_EMIT saves the caller the work of filling the struct then. It cannot fail: an event
 * for which there is no room is counted (tt_trace_get_statistics()), and the store says where events are missing. Any thread,
 * signal handlers. */
#define TT_U8(name, text)                uint8_t name;
#define TT_U16(name, text)               uint16_t name;
#define TT_U32(name, text)               uint32_t name;
#define TT_U64(name, text)               uint64_t name;
#define TT_I32(name, text)               int32_t name;
#define TT_ID(name, text)                uint64_t name;
#define TT_TICKS(name, text)             uint64_t name;
#define TT_WORD(name, enumeration, text) uint8_t name;
#define TT_SITE(name, text)              tt_site *name;
#define TT_TEXT(name, limit, text)       const char *name;
#define TT_EVENT(number, name, category, level, text, fields)                       \
    struct tt_event_##name {                                                        \
        fields                                                                      \
    };                                                                              \
    TT_API void tt_emit_##name(uint64_t time, const struct tt_event_##name *event); \
    enum { TT_EVENT_##name = (number), TT_CATEGORY_OF_##name = TT_CATEGORY_##category };
#include "events.def"

/* TT_EMIT(task_started, .task_id = id): emits the event with the fields given, the others zero. C only. */
#define TT_EMIT(name, ...) TT_EMIT_AT(0, name, __VA_ARGS__)
#define TT_EMIT_AT(time, name, ...)                                         \
    do {                                                                    \
        if (tt_trace_on(TT_CATEGORY_OF_##name))                             \
            tt_emit_##name((time), &(struct tt_event_##name){__VA_ARGS__}); \
    } while (0)

/* A reading of the clock that records carry, in ticks: the time-stamp counter where it is invariant, else nanoseconds
 * of CLOCK_MONOTONIC. Readers convert it; compare and subtract readings of one process only. Never 0. Any thread,
 * signal handlers. */
TT_API uint64_t tt_trace_clock(void);

/* A new id, unique in this process, never 0, also when nothing records. Any thread, signal handlers.
 *
 * What had its id before a fork is the parent's: in the child, events whose first id is such a one are not recorded. The
 * parent tells what becomes of the object; what the child does with its copy is no fact about it. */
TT_API uint64_t tt_trace_new_id(void);

/* Writes a note: TEXT about KEY (NULL: about nothing in particular), said at the caller's place. TASK_ID may be 0. KEY is cut
 * after 63 bytes, TEXT after 1,023, in front of a character that does not fit; both stay the caller's. Any thread, signal
 * handlers. Event: note. */
#define tt_trace_note(task_id, key, text) tt_trace_note_at((task_id), (key), (text), TT_HERE)
TT_API void tt_trace_note_at(uint64_t task_id, const char *key, const char *text, tt_site *site);

/* Says that a test begins; belongs at the beginning of its set-up. Where nothing records yet, it does what
 * tt_trace_start_from_environment() does. NAME is cut after 255 bytes and stays the caller's. Returns the id that
 * tt_trace_test_end() takes; never 0, also when nothing records. Any thread; not in signal handlers. Event: test_begun. */
#define tt_trace_test_begin(name) tt_trace_test_begin_at((name), TT_HERE)
TT_API uint64_t tt_trace_test_begin_at(const char *name, tt_site *site);

/* Says that a test is over; belongs at the end of its tear-down. What happens in this process between the two belongs to the test: so
 * the view tests counts what it failed, left pending and lost, and a report names it beside a failure that was lost. TEST_ID
 * is what tt_trace_test_begin() returned, in this process. TEXT says why, NULL: nothing; it is cut after 1,023 bytes and stays
 * the caller's. Any thread, signal handlers. Event: test_ended. */
#define tt_trace_test_end(test_id, outcome, text) tt_trace_test_end_at((test_id), (outcome), (text), TT_HERE)
TT_API void tt_trace_test_end_at(uint64_t test_id, enum tt_test_outcome outcome, const char *text, tt_site *site);

/* ------------------------------------------------------------------------------------------------------ links */

/* A link names a task of this process to other ones, on whatever host: it is sent along with a message, or put into the environment
 * of a program that is started (TELLTALE_PARENT), and there says what caused what. Printable, without blanks. */
#define TT_TRACE_LINK_BYTES 52

/* Writes the link of TASK_ID; 0: of this process, outside of any task. Returns TT_TRACE_RECORDING or TT_TRACE_LTTNG; or TT_TRACE_OFF,
 * when nobody records this process: then OUT_LINK is an empty text. Any thread. */
TT_API int tt_trace_link_write(uint64_t task_id, char out_link[TT_TRACE_LINK_BYTES]);

/* Says that the task that LINK names has caused what TASK_ID does from now on; 0: what this process's main program creates. Said again, the
 * last one counts. An empty LINK says nothing. 0, or -EINVAL: LINK, which may come from a stranger, is none, and nothing is
 * said. Any thread. Event: task_linked. */
#define tt_trace_link_take(task_id, link) tt_trace_link_take_at((task_id), (link), TT_HERE)
TT_API int tt_trace_link_take_at(uint64_t task_id, const char *link, tt_site *site);

/* ---------------------------------------------------------------------------------------------------- the board */

/* The board shows what *is*: one slot for each living task that was suspended, readable by others while its program is blocked, and
 * after a kill. A slot has one writer, the thread of the task's loop. */
typedef struct tt_board_slot tt_board_slot;

/* Takes a slot for a task, in state ready. Strings are copied and cut; SITE is where the task was created. Returns NULL
 * when nothing records or the board is full (then counted); the other calls take NULL. Any thread; not in signal
 * handlers. */
TT_API tt_board_slot *tt_board_claim(uint64_t task_id, uint64_t parent_id, uint64_t loop_id, tt_site *site,
                                     const char *name, uint32_t name_number);

/* What a slot shows; times in ticks of tt_trace_clock(). */
struct tt_board_entry {
    uint8_t state;        /* enum tt_task_state */
    uint8_t wait_kind;    /* enum tt_wait_kind; what a waiting task waits for */
    uint32_t step_count;  /* steps begun so far */
    uint64_t wait_object; /* id or descriptor, see enum tt_wait_kind */
    tt_site *wait_site;   /* where it waits; NULL when it never began */
    uint64_t since;       /* when it got into this state */
    uint64_t busy;        /* time that it ran so far, ticks */
    uint64_t ready;       /* time that it waited for its turn so far, ticks */
};

/* Publishes ENTRY: readers see all of it or none. Only on the slot's own thread. */
TT_API void tt_board_write(tt_board_slot *slot, const struct tt_board_entry *entry);

/* Gives the slot back: the task's last reference went. The slot must not be used any more. Only on the slot's own
 * thread. */
TT_API void tt_board_release(tt_board_slot *slot);

/* ------------------------------------------------------------------------------------------------ start and stop */

enum tt_trace_status {
    TT_TRACE_OFF = 0,       /* nothing asked for a recording, or tracing was stopped */
    TT_TRACE_RECORDING = 1, /* a recorder has taken the arena, or is about to */
    TT_TRACE_ARENA_ONLY =
        2, /* no recorder could be started: the arena is written, overwriting what is oldest, and can be made a store later */
    TT_TRACE_LTTNG = 3 /* there is no arena: events go to LTTng-UST alone */
};

/* Whether events go to LTTng-UST, to be recorded by its daemons; with or without an arena. */
enum tt_trace_lttng {
    TT_TRACE_LTTNG_ENVIRONMENT = 0, /* TELLTALE_LTTNG says it: 1, auto or 0; not set: 0 */
    TT_TRACE_LTTNG_OFF = 1,         /* no */
    TT_TRACE_LTTNG_AUTO = 2,        /* if telltale's provider and LTTng are installed (auto) */
    TT_TRACE_LTTNG_ON = 3           /* yes; see tt_trace_lttng_status() for what came of it (1) */
};

struct tt_trace_options {
    const char *store; /* path of the store; NULL: TELLTALE_STORE */
    const char
        *ring_dir; /* folder for arenas; NULL: TELLTALE_RING_DIR, else a private one on tmpfs named after the store */
    uint64_t
        ring_bytes; /* bytes of each thread's ring, a power of two, 64 KiB to 1 GiB; 0: TELLTALE_RING_BYTES, else 8 MiB */
    /* TT_CATEGORY_ bits, perhaps with TT_TRACE_VITAL_ONLY; UINT32_MAX: all; 0: TELLTALE_EVENTS, else TT_CATEGORY_DEFAULT */
    uint32_t categories;
    const char *program; /* the telltale program; NULL: TELLTALE_PROGRAM, else where it was installed, else PATH */
    uint32_t lttng;      /* enum tt_trace_lttng */
    uint32_t step_every; /* with step: those of one task in so many; 0: as TELLTALE_EVENTS says (step/N), else of all */
    /* What an event does that finds its ring full, enum tt_ring_policy; 0: TELLTALE_RING_POLICY (drop, block:MS or
     * overwrite), else drop. With TT_RING_POLICY_BLOCK an emit call, also one in a signal handler, waits for the recorder,
     * block_ms milliseconds at most, 1 to 60,000; a recorder that stands still is waited for once, until it goes on. */
    uint32_t ring_policy, block_ms;
    /* Not 0: what the program says in its own words (messages of exceptions and cancellations, reasons, notes) is left out
     * of events, so that it is in no file; 0: as TELLTALE_REDACT says (messages), else it is in them. */
    uint32_t redacts_messages;
    /* What a recorder that is started for this process is told; 0: as TELLTALE_POLL_MS, TELLTALE_MAX_SIZE and
     * TELLTALE_MAX_AGE say, else what it thinks best. How long it waits between two looks at most, in milliseconds, up to
     * 1,000; how large the store may get, 1 MiB or more, and how old what is in it: what is too much or too old is
     * deleted, events of steps and the like first, then tasks that succeeded, failures last. */
    uint32_t poll_ms;
    uint64_t store_bytes_max, store_seconds_max;
};

/* Begins to record this process into OPTIONS->store (OPTIONS may be NULL: all from the environment), and starts a
 * recorder for it if none is at work there. Does nothing and returns TT_TRACE_RECORDING when it is recording already.
 * Any thread; not in signal handlers. Returns an enum tt_trace_status, or, when there can be no arena, a negative errno
 * value; then nothing is recorded and the program goes on as before:
 *
 *   -EINVAL   neither store nor ring dir, a relative ring dir, an unknown category, ring_bytes or another number out of
 *             range, a word in the environment that makes no sense
 *   -ENOENT   the store's folder does not exist
 *   -EACCES   the store, or its folder, may not be written by this process, whose rights its recorder has; or no file may be made in the
 *             ring dir
 *   -ELOOP    the store is a symbolic link
 *   -EISDIR   it is a folder
 *   -EUCLEAN  a recorder could not write it as it is now: it is damaged, no store, or of a newer telltale
 *   -EPERM    the ring dir belongs to somebody else, or others may write to it
 *   -ENOTDIR  the ring dir is no folder, or a symbolic link
 *   -ENOSPC   no memory left where the ring dir is
 *   -EFBIG    the process's limit on the size of files leaves no room for an arena
 *   -ENOMEM   its limit on address space leaves none, or there is no memory
 *   -ENOTSUP  the kernel is older than Linux 5.14
 *   others    as the system says when a folder or a file is made
 *
 * Where a limit leaves little room the arena is smaller: fewer threads have a ring of their own, rings have fewer
 * bytes. A forked child goes on recording, in an arena of its own, from its first event on; a child of vfork must not
 * emit. Events: process_started, thread_attached.
 *
 * Where LTTng-UST is asked for, its library is loaded, once in a process and for good, and this call waits until its
 * daemons have answered, or for LTTNG_UST_REGISTER_TIMEOUT (300 ms unless it is set). With it neither store nor ring dir
 * is needed; then the result is TT_TRACE_LTTNG, or, when TT_TRACE_LTTNG_ON could not be, what
 * tt_trace_lttng_status() says, and with TT_TRACE_LTTNG_AUTO TT_TRACE_OFF. A failure to load LTTng does not keep an arena
 * from being recorded. */
TT_API int tt_trace_start(const struct tt_trace_options *options);

/* The same, if the environment asks for it: TELLTALE_RING_DIR (set by `telltale record`), TELLTALE_STORE or
 * TELLTALE_LTTNG; otherwise, and after tt_trace_stop(), returns TT_TRACE_OFF. The runtime calls it when the first loop is created; calling it again
 * is cheap. */
TT_API int tt_trace_start_from_environment(void);

/* Why the last tt_trace_start() of this process, or tt_trace_start_from_environment(), returned an error, in words without full stop, for who
 * prints them: "TELLTALE_RING_BYTES wants a power of two from 64K to 1G". An empty text when it returned none, or was not called. The text is
 * constant; never NULL. Any thread. */
TT_API const char *tt_trace_start_reason(void);

/* What became of LTTng: 1, events go there; 0, nobody asked for it; or why they do not, a negative errno value:
 *
 *   -ENOENT   there is no libtelltale-lttng.so beside this library, where it was installed, or in the linker's path
 *   -ELIBACC  it is there, and could not be loaded: LTTng-UST is not installed, or is another version
 *   -EPROTO   it belongs to another version of telltale
 *
 * Any thread. */
TT_API int tt_trace_lttng_status(void);

/* Says goodbye: emits process_ended and detaches the arena, which the recorder then reads to its end. Also called at
 * exit. Events emitted afterwards do nothing, and nobody counts them; tt_trace_start() may be called again, while
 * tt_trace_start_from_environment(), which the next loop calls, does nothing any more. Other threads must not be emitting. */
TT_API void tt_trace_stop(void);

/* ------------------------------------------------------------------------------------------- selecting while it runs */

/* Selects what is recorded from now on: CATEGORIES, TT_CATEGORY_ bits, perhaps with TT_TRACE_VITAL_ONLY, UINT32_MAX: all; and, with the category step,
 * the steps of one task in STEP_EVERY; 0: as before. What cannot be without another category brings that with it, as at the
 * start; the category process stays on. Children that are forked from now on begin with it. Other threads that are emitting may
 * still write an event of what is switched off.
 *
 * The store knows when, and says so: of the time in which a category was off no answer rests on events that are not there; a
 * failure or a task of before that is unknown if it may have ended meanwhile. So when events come back that answers rest on, what is
 * there is told again, as by tt_trace_dump().
 *
 * Returns TT_TRACE_RECORDING or TT_TRACE_LTTNG; TT_TRACE_OFF, when nobody records this process: nothing is selected then; or -EINVAL,
 * a bit that is no category, or no category but TT_TRACE_VITAL_ONLY. Any thread; not in signal handlers. Events:
 * categories_selected, once for what went off and once for what came on; those of tt_trace_dump(). */
TT_API int tt_trace_select(uint32_t categories, uint32_t step_every);

/* The same, in words: a list as in TELLTALE_EVENTS, names of categories separated by commas, all, default, none, vital, step/N. A list that begins
 * with + or - changes what is selected now: "+step/10,-user". The text stays the caller's. -EINVAL: a word that makes no
 * sense. */
TT_API int tt_trace_select_list(const char *list);

/* What is selected now, as tt_trace_select() would take it; 0 and 0 when nobody records. OUT_ may be NULL. Any thread, signal handlers. */
TT_API void tt_trace_get_selection(uint32_t *out_categories, uint32_t *out_step_every);

/* Takes what somebody from outside has selected (`telltale select`), which else is found where the board is written, and once a second
 * by an event. For programs that may do neither for long, a loop whose tasks are switched off for instance; costs a load when
 * nothing was selected. Any thread; not in signal handlers. Events as above. */
TT_API void tt_trace_poll(void);

/* Whether this process is recorded, and not its tasks: then whoever runs a loop polls. */
static inline int tt_trace_is_quiet(void)
{
    uint32_t on = __atomic_load_n(&tt_trace_categories, __ATOMIC_RELAXED);
    return __builtin_expect(on != 0 && (on & (uint32_t)TT_CATEGORY_task) == 0, 0);
}

/* -------------------------------------------------------------------------------------------------- the state dump */

/* A session of LTTng that starts in the middle of a run has heard nothing of what is there already. Whoever has tasks
 * registers a dumper: it is called when a session starts (or another one does), every TELLTALE_LTTNG_DUMP seconds if that
 * is set, and by tt_trace_dump(). It sees to it that loop_dumped, task_dumped and failure_dumped are emitted for what
 * lives, now or soon, on whichever thread may look at it. Tests that are under way (tt_trace_test_begin()) are told by the tracer: test_dumped.
 *
 * FN is called on a thread of the tracer, or on the one that called tt_trace_dump(), with a lock held: it must not wait, nor
 * add or remove a dumper. The struct is the caller's, and must stay where it is until it was removed. */
typedef void tt_trace_dump_fn(void *argument);
struct tt_trace_dumper {
    tt_trace_dump_fn *fn;
    void *argument;
    struct tt_trace_dumper *tt__next, **tt__link; /* tracer's; zero before */
};

/* Adds DUMPER; removes it (harmless when it was not added, or was by the parent of this process). When remove returns FN is
 * not running and will not be called any more. Any thread; not in signal handlers. */
TT_API void tt_trace_add_dumper(struct tt_trace_dumper *dumper);
TT_API void tt_trace_remove_dumper(struct tt_trace_dumper *dumper);

/* Has all dumpers tell what is: for LTTng, and for an arena as well. Any thread; not in signal handlers. Events:
 * process_started to LTTng, and those of the dumpers. */
TT_API void tt_trace_dump(void);

/* -------------------------------------------------------------------------------------------------- statistics */

struct tt_trace_statistics {
    uint64_t attempt_count;    /* events that were to be written */
    uint64_t drop_count;       /* of these, how many found their ring full */
    uint64_t wait_ns;          /* how long emit calls have waited for room, all threads together */
    uint64_t board_drop_count; /* tasks that found the board full */
    uint32_t thread_count;     /* rings in use */
    uint64_t unread_bytes; /* of all rings together: written and not yet safely in the store; 0: everything is there */
};

/* Fills OUT_STATISTICS with the counts of this process's arena, zero when there is none. Any thread. */
TT_API void tt_trace_get_statistics(struct tt_trace_statistics *out_statistics);

#ifdef __cplusplus
}
#endif

#endif
