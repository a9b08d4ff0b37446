/* import_state.h: what the files of the importer share.
 *
 * Threads: as import.h says.
 */
#ifndef TT_IMPORT_STATE_H
#define TT_IMPORT_STATE_H

#include <stddef.h>

#include "import.h"
#include "import_sequence.h"
#include "ingest.h"
#include "nanoseconds.h"
#include "store_writer.h"

struct tt__import_thread {
    uint32_t ordinal, tid;
    struct tt__import_sequence sequence;
    uint64_t damaged_count; /* events whose numbers made no sense */
    uint64_t settled_count; /* numbers that are missing, and of which rows of gap tell already */
    size_t aged_count;      /* holes of the sequence, the first ones, that are being settled */
    bool is_dirty;          /* its cursor is older than what was read of it */
    bool is_told_first;     /* the first event that the trace has of it is its word about itself, told again */
    int64_t told_ns;        /* when its process had told who it is before that, CLOCK_MONOTONIC */
};

/* A listener of a process that did not listen to all that answers rest on. */
struct tt__import_lack {
    enum { TT__IMPORT_LACKS_NOTHING, TT__IMPORT_LACKS, TT__IMPORT_LACKED } state;
    int64_t from_ns, to_ns; /* CLOCK_MONOTONIC; TO_NS when it lacked */
};

struct tt__import_process {
    uint64_t key;        /* first 8 bytes of the uuid */
    bool is_stranger;    /* only its numbers are watched: nothing of it is in the store */
    uint32_t process_id; /* in the recording */
    uint32_t pid;        /* 0: not known */
    uint64_t start_ticks;
    uint8_t boot_id[16];
    int64_t clock_shift_ns; /* to add to its CLOCK_MONOTONIC to get that of its boot */
    bool is_known;                      /* an event of it was taken */
    bool is_resumed; /* an earlier import left it in the store, and nothing new of it has come yet */
    bool is_settling; /* so is what it lacks behind its last events */
    bool is_over;    /* it has ended, and all that it lacks is settled; of a live import */
    int64_t aged_ns; /* nothing from before then comes late any more; of a live import */
    int64_t ageing_ns, looked_ns; /* what that will be next; when it was found out, on this machine's clock */
    bool has_started, has_ended;        /* process_started, process_ended were seen */
    uint32_t listener_first; /* with listener_set: the numbers that this trace's session may have among the listeners */
    uint64_t listener_set;
    bool has_beginning;                 /* nobody listened before this trace's session: its threads' numbers begin at 0 */
    bool is_late;                       /* what was before the first telling is not in the trace; valid when has_started */
    bool is_judged;                     /* what its beginning lacks is told */
    int64_t begin_ns;                   /* when it began; valid when has_started */
    int64_t first_told_ns, told_ns;     /* when it told who it is, first and last; its first event, while it did not */
    struct tt__import_lack lacks[64];   /* of the listeners, by their numbers modulo 64 */
    uint64_t attempt_count;             /* that process_ended gave, itself included; 0: none */
    int64_t ended_ns;                   /* CLOCK_MONOTONIC; valid when has_ended */
    int64_t first_ns, last_ns;          /* of its events, CLOCK_MONOTONIC */
    int64_t silence_ns, silent_from_ns; /* the longest time without an event since it told who it is */
    struct tt__import_thread **threads; /* by address, so that growing moves none */
    size_t thread_count, thread_capacity;
    uint64_t vital_count;    /* events missing that may be vital */
    uint64_t overflow_count; /* of these, those of which no thread's numbers tell: they count as thread 0's */
    int64_t vital_last_ns;   /* CLOCK_MONOTONIC; valid when has_vital */
    bool has_vital;
    uint64_t damaged_count; /* of all its threads */
    struct tt_import_kinds kinds;               /* of all its traces */
    const struct tt_import_kinds *recent_kinds; /* of the last event; added to the above */
    bool has_all_kinds;                         /* one of its traces does not say which it has */
};

struct tt__import_window {
    struct tt_import_discard discard;
    uint64_t left; /* of its count, what was not taken back */
};

struct tt_import {
    struct tt__store_writer *writer;
    struct tt_ingest *ingest;
    struct tt_import_options options;
    struct tt__import_process *processes;
    size_t process_count, process_capacity;
    size_t recent_process;                   /* index of the last one that was found */
    struct tt__import_thread *recent_thread; /* of that process, or NULL */
    struct tt__import_window *windows;
    size_t window_count, window_capacity;
    uint64_t settled_holes, settled_explained; /* events that settled holes lack, and that LTTng's counts explained */
    int64_t committed_ns;                      /* when the last commit was, on this machine's CLOCK_MONOTONIC */
    bool is_dirty;                             /* something was taken since */
    bool has_stepped_back; /* a counter of discarded events did: the times of what it told are not to be relied upon */
    struct tt_import_summary summary;
};

/* The recording's time at NS of PROCESS's CLOCK_MONOTONIC. */
static inline int64_t tt__import_time(const struct tt_import *import, const struct tt__import_process *process,
                                      int64_t ns)
{
    return tt_ingest_time(import->ingest, process->process_id, tt__ns_add(ns, process->clock_shift_ns));
}

/* Makes gaps of what is missing, and notes what that makes uncertain. False: no memory. */
bool tt__import_settle_losses(struct tt_import *import);

/* Writes what a live import knows by now, also what is missing. 0, or -1 and *ERROR. */
TT_MUST_USE int tt__import_commit_live(struct tt_import *import, struct tt_store_error *error);

/* The same while more is to come, for what tt__import_age() found. */
bool tt__import_settle_aged(struct tt_import *import);

/* Notes up to when nothing of a process comes late any more: up to its last event of a second ago, NOW_NS being now on this
 * machine's CLOCK_MONOTONIC. True: some are missing up to then that are not settled, or a process has ended. */
bool tt__import_age(struct tt_import *import, int64_t now_ns);

/* Whether the store has the process of FACTS, of which only the first half of its uuid may be known as yet; then the facts
 * become those of the store. 0 or 1 and *OUT_PROCESS_ID; -1 and *ERROR. */
TT_MUST_USE int tt__import_find_earlier(struct tt_import *import, struct tt_ingest_process *facts,
                                        int64_t *out_process_id, struct tt_store_error *error);

/* Takes up PROCESS, just attached, where an earlier import left it. 0, or -1 and *ERROR: that cannot be gone on with. */
TT_MUST_USE int tt__import_take_up(struct tt_import *import, struct tt__import_process *process,
                                   struct tt_store_error *error);

/* Something new of a process that was taken up came at NS. 0, or -1 and *ERROR. */
TT_MUST_USE int tt__import_go_on(struct tt_import *import, struct tt__import_process *process, int64_t ns,
                                 struct tt_store_error *error);

/* Hands ingest how far each thread was read, for the next import. */
void tt__import_tell_cursors(struct tt_import *import);

/* The same, and what is missing so far, for viewers of a live import. */
void tt__import_tell_progress(struct tt_import *import);

/* Marks what an import did not finish that was killed, as tt_import_settle() does. */
TT_MUST_USE int tt__import_settle_earlier(struct tt__store_writer *writer, uint32_t *out_process_count,
                                          struct tt_store_error *out_error);

/* A thread of PROCESS; NULL: no memory. */
struct tt__import_thread *tt__import_add_thread(struct tt__import_process *process, uint32_t ordinal);

/* Counts of the threads. What no thread's numbers tell of counts as thread 0's. */
void tt__import_count_threads(struct tt_import *import, const struct tt__import_process *process);

/* Notes that nobody listened to PROCESS for a while between FROM_NS and TO_NS. */
void tt__import_paused(struct tt_import *import, struct tt__import_process *process, int64_t from_ns, int64_t to_ns);

/* Notes that events of PROCESS were not asked for between FROM_NS, INT64_MIN: since ever, and TO_NS, INT64_MAX: until its end.
 * NAMES: which ones; NULL: not known. */
void tt__import_not_recorded(struct tt_import *import, struct tt__import_process *process, const char *names,
                             int64_t from_ns, int64_t to_ns);

/* Notes that the trace does not have what was of PROCESS before TO_NS, since *FROM_NS; NULL: nobody knows since when. */
void tt__import_late(struct tt_import *import, struct tt__import_process *process, const int64_t *from_ns,
                     int64_t to_ns);

/* Takes from EVENT of PROCESS who listens to it, and to what; its number was seen already, and what else is known of PROCESS is from
 * before it. */
void tt__import_listen(struct tt_import *import, struct tt__import_process *process, struct tt__import_thread *thread,
                       const struct tt_import_event *event);

/* EVENT is the first process_started of PROCESS that was seen, FACTS what it says. */
void tt__import_learn_start(struct tt__import_process *process, const struct tt_import_event *event,
                            const struct tt_ingest_process *facts);

/* Tells what the beginning of PROCESS lacks, once, when nothing from before AGED_NS comes late any more. */
void tt__import_judge_beginning(struct tt_import *import, struct tt__import_process *process, int64_t aged_ns);

/* Tells at the end which events of PROCESS were not asked for. */
void tt__import_judge_kinds(struct tt_import *import, struct tt__import_process *process);

/* Notes that the trace is known not to have all, though PROCESS has said goodbye in it. */
void tt__import_incomplete(struct tt_import *import, struct tt__import_process *process);

/* Notes that nothing is known of PROCESS after its last event. */
void tt__import_cut_off(struct tt_import *import, struct tt__import_process *process);

#endif
