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
#include "store_writer.h"

struct tt__import_thread {
    uint32_t ordinal, tid;
    struct tt__import_sequence sequence;
    uint64_t damaged_count; /* events whose numbers made no sense */
};

struct tt__import_process {
    uint64_t key;        /* first 8 bytes of the uuid */
    bool is_stranger;    /* only its numbers are watched: nothing of it is in the store */
    uint32_t process_id; /* in the recording */
    uint32_t pid;        /* 0: not known */
    uint64_t start_ticks;
    uint8_t boot_id[16];
    bool is_known;                      /* an event of it was taken */
    bool has_started, has_ended;        /* process_started, process_ended were seen */
    uint32_t listener_first; /* with listener_set: the numbers that this trace's session may have among the listeners */
    uint64_t listener_set;
    bool has_beginning;                 /* the trace has all from its start on: its threads' numbers begin at 0 */
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
    bool has_stepped_back; /* a counter of discarded events did: the times of what it told are not to be relied upon */
    struct tt_import_summary summary;
};

/* Makes gaps of what is missing, and notes what that makes uncertain. False: no memory. */
bool tt__import_settle_losses(struct tt_import *import);

/* Notes that nobody listened to PROCESS for a while between FROM_NS and TO_NS. */
void tt__import_paused(struct tt_import *import, struct tt__import_process *process, int64_t from_ns, int64_t to_ns);

/* Notes that events of PROCESS were not asked for. */
void tt__import_not_recorded(struct tt_import *import, struct tt__import_process *process);

/* Notes that nothing is known of PROCESS after its last event. */
void tt__import_cut_off(struct tt_import *import, struct tt__import_process *process);

#endif
