/* ingest.h: from events to rows. The one place where facts become a store's contents.
 *
 * What it is for. Whoever reads events, the recorder from arenas, an import from another tracer's files, hands them
 * to an ingest one by one, in any order between threads. Ingest gathers the rows they make in memory and writes them
 * in one transaction when it is told to commit: a task that began and ended meanwhile becomes one complete row. Rows
 * are filled by id from whatever events arrive; nothing depends on which arrives first.
 *
 * What it leaves to others. Where events come from and what is missing between them (recorder_ring.h); what rows mean
 * (views/).
 *
 * Threads. An ingest belongs to one thread at a time.
 *
 * No memory: functions that take facts never fail; a shortage is remembered and makes tt_ingest_commit() fail for
 * good, with nothing of the batch written. Whoever goes on from what was committed loses nothing.
 */
#ifndef TT_INGEST_H
#define TT_INGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "decoded.h"
#include "store.h"

struct tt__store_writer;
struct tt_ingest;

/* Makes an ingest that writes with WRITER, which stays the caller's and must outlive it. 0, or -1 and *OUT_ERROR. */
TT_MUST_USE int tt_ingest_create(struct tt__store_writer *writer, struct tt_ingest **out_ingest,
                                 struct tt_store_error *out_error);
/* Leaves out of the store from now on what programs say in their own words (fields TT_MESSAGE of events.def), and has the
 * store say so: whoever goes on with it leaves it out, too. */
void tt_ingest_redact(struct tt_ingest *ingest);

/* What was not committed is given up. NULL is fine. */
void tt_ingest_destroy(struct tt_ingest *ingest);

/* Writes all that was handed in since the last commit, in one transaction. 0; or -1 and *OUT_ERROR, then nothing was
 * written and all of it is kept, so that the call can be repeated when the trouble is over (see
 * tt_ingest_is_hopeless()). */
TT_MUST_USE int tt_ingest_commit(struct tt_ingest *ingest, struct tt_store_error *out_error);

/* Whether somebody who wants CATEGORIES recorded wants to see single events, which the event stream has: more than what is on by
 * default; stacks are none. */
bool tt_ingest_has_details(uint32_t categories);

/* Whether repeating a failed commit is of no use: memory ran out and facts are missing from the batch, or the store
 * is damaged. */
bool tt_ingest_is_hopeless(const struct tt_ingest *ingest);

/* Deletes a part of what is oldest in the store and over since before BEFORE_NS, in a transaction of its own, and counts it
 * in table pruned; some ROWS_MAX rows of each table that it comes to. IS_FOR_ROOM: what matters least, and nothing else as long as there is any of it; else of all kinds.
 * Returns how many rows went, 0 when there is nothing to delete, -1 when that was not possible now. */
int64_t tt_ingest_prune(struct tt_ingest *ingest, bool is_for_room, int64_t rows_max, int64_t before_ns);

/* From now on events are not written to the event stream, but counted in table pruned, or they are again. Rows are made of all of
 * them. */
void tt_ingest_shed_stream(struct tt_ingest *ingest, bool is_shedding);

/* Bytes of memory that wait for the next commit; commit when they are many. */
size_t tt_ingest_pending_bytes(const struct tt_ingest *ingest);

/* ---------------------------------------------------------------------------------------------------- processes */

struct tt_ingest_process {
    uint8_t uuid[16], boot_id[16];
    uint32_t pid, parent_pid, uid;
    uint64_t start_ticks;
    const char *host, *program, *command;           /* copied */
    int64_t monotonic_ns, realtime_ns, boottime_ns; /* at its start, read together */
    int64_t clock_shift_ns; /* to add to its CLOCK_MONOTONIC to get that of its boot; not 0 in a time namespace only */
    uint64_t ring_bytes;                            /* 0: it has no rings */
    uint32_t ring_policy, block_ms, categories, step_every;
    bool is_redacted;                               /* its writer leaves messages out */
    bool is_boardless;                              /* nothing will be told about its board */
    bool has_stream;                                /* its events go into the event stream, too */
};

/* Whether the recording has its origin. */
bool tt_ingest_has_origin(const struct tt_ingest *ingest);

/* Makes the start of PROCESS the recording's origin, if that has none, or a later one of the same boot and no process. */
void tt_ingest_begin(struct tt_ingest *ingest, const struct tt_ingest_process *process);

/* Finds the process by its uuid in the recording, or gives it the next ordinal. The first one sets the recording's
 * origin. *OUT_IS_KNOWN: it was in the store already, so that a reader goes on from its cursors. 0, or -1 and
 * *OUT_ERROR. */
TT_MUST_USE int tt_ingest_attach_process(struct tt_ingest *ingest, const struct tt_ingest_process *process,
                                         uint32_t *out_process_id, bool *out_is_known,
                                         struct tt_store_error *out_error);

/* The process, attached before its start was known, turns out to be PROCESS: uuid and start are told anew, and in which time
 * namespace it is, which changes times from now on. */
void tt_ingest_identify_process(struct tt_ingest *ingest, uint32_t process_id, const struct tt_ingest_process *process);

/* More of the process is to come, also if it was settled as one of which nothing will (store_settle.h). 0, or -1 and *OUT_ERROR. */
TT_MUST_USE int tt_ingest_unsettle(struct tt_ingest *ingest, uint32_t process_id, struct tt_store_error *out_error);

/* Settles all processes of the store that were not read to their end, but for the COUNT of them in LIVING. 0, or -1 and *OUT_ERROR. */
TT_MUST_USE int tt_ingest_settle(struct tt_ingest *ingest, const uint32_t *living, size_t count,
                                 struct tt_store_error *out_error);

/* The time of the recording at MONOTONIC_NS of CLOCK_MONOTONIC of the process's boot. */
int64_t tt_ingest_time(const struct tt_ingest *ingest, uint32_t process_id, int64_t monotonic_ns);

/* The present in the time of the recording. False: it has no time yet, for no process was attached. */
bool tt_ingest_present(const struct tt_ingest *ingest, int64_t *out_ns);

/* The process was seen alive, or emitted an event, at NS. */
void tt_ingest_process_seen(struct tt_ingest *ingest, uint32_t process_id, int64_t ns);

/* Its board was read at NS: what stands there was so then. */
void tt_ingest_board_seen(struct tt_ingest *ingest, uint32_t process_id, int64_t ns);

/* The process was found to be gone at NS; IS_REPLACED: it went on as another program. */
void tt_ingest_process_gone(struct tt_ingest *ingest, uint32_t process_id, int64_t ns, bool is_replaced);

/* What is known of a process's losses beside the counts of its threads. */
struct tt_ingest_losses {
    uint64_t vital_drop_count;  /* events about failures, cancellations and ends that may be missing */
    int64_t vital_drop_last_ns; /* the latest instant at which one may have been lost */
    bool has_vital_drops;
    uint64_t board_drop_count, dictionary_drop_count;
    uint32_t child_drop_count; /* children that could have no arena */
};
void tt_ingest_process_losses(struct tt_ingest *ingest, uint32_t process_id, const struct tt_ingest_losses *losses);

/* The process was read to its end; IS_BALANCED: its counts add up. */
void tt_ingest_process_finished(struct tt_ingest *ingest, uint32_t process_id, bool is_balanced);

/* A parent said how the process PID ended: by SIGNAL, or, when that is 0, with EXIT_STATUS. May come before the
 * process is known; then it is kept. Applies to the last process with that pid. */
void tt_ingest_process_exit(struct tt_ingest *ingest, uint32_t pid, int exit_status, int signal);

/* ------------------------------------------------------------------------------------------------------- facts */

/* A place, or what is told as one (call_stack.h): LENGTH bytes each, copied. Telling it again is harmless. */
void tt_ingest_define_site(struct tt_ingest *ingest, uint64_t hash, uint32_t line, struct tt_decoded_text file,
                           struct tt_decoded_text func, struct tt_decoded_text text);

/* An event of the thread THREAD_ORDINAL of a process. What EVENT points to is copied. */
void tt_ingest_event(struct tt_ingest *ingest, uint32_t process_id, uint32_t thread_ordinal,
                     const struct tt_decoded_event *event);

/* What a recorder says of itself, at TIME_NS. */
void tt_ingest_recorder_stats(struct tt_ingest *ingest, int64_t time_ns, const struct tt_decoded_recorder_stats *event);

/* An event, or a word, as its writer describes it. */
void tt_ingest_describe_event(struct tt_ingest *ingest, unsigned number, const char *name, const char *category,
                              const char *fields);
void tt_ingest_describe_word(struct tt_ingest *ingest, const char *enumeration, unsigned number, const char *word);

/* A task as the board shows it; ids are local to the process, times are of the recording. */
struct tt_ingest_board_entry {
    uint64_t task_id, parent_id, loop_id, wait_object;
    uint64_t wait_site, created_site; /* hashes */
    int64_t since_ns;
    uint64_t busy_ns, ready_ns;
    uint32_t slot, step_count, name_number;
    uint8_t state, wait_kind;
    bool is_new; /* the slot has it since the last look: its row is filled where its events left gaps, too */
    const char *name;
};
void tt_ingest_board(struct tt_ingest *ingest, uint32_t process_id, const struct tt_ingest_board_entry *entry);

/* The last reference to a task went: it is on the board no more. */
void tt_ingest_board_gone(struct tt_ingest *ingest, uint32_t process_id, uint64_t task_id);

/* Forgets all that the store knows of the process's board, before it is told anew. */
void tt_ingest_board_clear(struct tt_ingest *ingest, uint32_t process_id);

/* ----------------------------------------------------------------------------------------------- what is missing */

struct tt_ingest_gap {
    int64_t count;          /* valid unless is_uncounted */
    bool is_uncounted;      /* nobody knows how many */
    int64_t from_ns, to_ns; /* events before and after; valid when has_from, has_to */
    bool has_from, has_to, is_vital;
    uint64_t first_sequence;
    const char *what;   /* see table gap; static */
    const char *detail; /* see there; NULL: none */
};
void tt_ingest_gap(struct tt_ingest *ingest, uint32_t process_id, uint32_t thread_ordinal,
                   const struct tt_ingest_gap *gap);

struct tt_ingest_thread_counts {
    uint32_t tid;
    uint64_t attempt_count, record_count, drop_count, hole_count, wait_ns;
};
void tt_ingest_thread_counts(struct tt_ingest *ingest, uint32_t process_id, uint32_t thread_ordinal,
                             const struct tt_ingest_thread_counts *counts);

/* Where the reader of a ring goes on. */
struct tt_ingest_cursor {
    uint32_t ring, ordinal;
    uint64_t position, attempt_base, drop_base, attempt_next, record_count, missing_count, vital_drop_count;
    int64_t last_ns;
    bool has_last;
};
void tt_ingest_cursor(struct tt_ingest *ingest, uint32_t process_id, const struct tt_ingest_cursor *cursor);

/* Calls ON_CURSOR for each cursor of the process in the store. 0, or -1 and *OUT_ERROR. */
typedef void (*tt_ingest_cursor_fn)(void *context, const struct tt_ingest_cursor *cursor);
TT_MUST_USE int tt_ingest_read_cursors(struct tt_ingest *ingest, uint32_t process_id, tt_ingest_cursor_fn on_cursor,
                                       void *context, struct tt_store_error *out_error);

/* Whether the process was read to its end before: then its last gaps are in the store already. 0 or 1; -1 and
 * *OUT_ERROR. */
TT_MUST_USE int tt_ingest_is_finished(struct tt_ingest *ingest, uint32_t process_id, struct tt_store_error *out_error);

#endif
