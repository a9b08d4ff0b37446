/* import.h: from a foreign tracer's events to a store.
 *
 * What it is for. Whoever reads a trace (import_ctf.h) hands its events in here, and what the tracer says it discarded.
 * An importer knows processes by their uuids and threads by their ordinals, watches the numbers of each thread, so that
 * what is missing is counted exactly and nothing twice, and feeds the ingest that the recorder feeds too.
 *
 * What it leaves to others. The format of traces; limits against hostile ones (the viewer's child); what rows mean.
 *
 * Beginning. A session may begin to listen long after a process began, and a trace may be a later part of what was recorded; then
 * a row 'late' tells since when the process was there and when it first told who it is, as far as that is known. Its count is NULL,
 * for what no session wanted has no number. What others wanted has: each thread of which the trace lacks the first numbers has a row
 * 'late' with their count, or 'missing' when this session was there before all others. State dumps tell what is still so.
 *
 * Losses. Numbers that are missing in a thread are rows of table gap: 'discarded' where the tracer counted discarded
 * events in that time, else 'missing'. What the tracer counted beyond all missing numbers (events after a thread's last
 * one) is a row, too, with thread ordinal 0. Either way failures that might have been touched meanwhile are unknown.
 *
 * Absence. That something is not in a trace proves nothing: sessions are stopped, started again and destroyed, daemons
 * die. A process that tells anew who it is was not listened to before: a row 'paused'. One without a goodbye went on for
 * who knows how long, or a signal ended it and its last events may be lost with it: a row 'cut_off'. What
 * the session did not ask for, ever or for a while, is not there either, and has no number: a row 'not_recorded'. A process in
 * a trace that does not have all (a daemon froze or was killed, a disk was full, the trace is damaged, or another one
 * that was to be read with it could not be) has a row 'incomplete'. Their counts are NULL.
 *
 * Going on. The store keeps how far each thread was read. A later import into the same store goes on with a process that
 * had not said goodbye: numbers that were read are passed over, those that are missing in between are counted, and the time in
 * between is a row 'paused', because of threads that are silent ever after nobody can tell. That is how a live session is
 * followed again after an interruption, and how one snapshot is added after the other, the older one first.
 *
 * Living. A live import commits some times a second, with what is missing so far; a number counts as missing when a second
 * or two have passed since the next one of its thread was seen.
 *
 * Threads. An importer belongs to one thread.
 */
#ifndef TT_IMPORT_H
#define TT_IMPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "decoded.h"
#include "store.h"

struct tt_import;

struct tt_import_options {
    const char *store; /* path; created, or gone on with when is_appending */
    bool is_appending;
    bool is_live; /* what is handed in is happening now, and others read the store meanwhile: see tt_import_tick() */
    bool is_incomplete; /* it is known that something is missing, whatever tt_import_finish() is told */
    bool redacts; /* leaves out what programs say in their own words */
    uint64_t store_bytes_max; /* 0: TT_STORE_BYTES_MAX */
    /* How a process ended, when whoever started it knows: by SIGNAL, or, when that is 0, with EXIT_STATUS. PID 0: not
     * known. */
    uint32_t exit_pid;
    int exit_status, exit_signal;
    /* Processes that are not to be in the store, as tt_import_event.process names them. What is missing of them is told
     * of nobody else. They live as long as the importer. */
    const uint64_t *strangers;
    size_t stranger_count;
    /* Called after each commit with how many events are in the store for good; NULL: nobody wants to know. */
    void (*on_commit)(uint64_t event_count);
};

/* Opens the store and begins. 0 and *OUT_IMPORT, or -1 and *OUT_ERROR. A store that is there and is not to be gone on
 * with is refused: TT_STORE_FAILED. */
TT_MUST_USE int tt_import_open(const struct tt_import_options *options, struct tt_import **out_import,
                               struct tt_store_error *out_error);

/* An instant as a trace tells it. */
struct tt_import_time {
    int64_t monotonic_ns; /* CLOCK_MONOTONIC of the host */
    int64_t realtime_ns;  /* since 1970 */
    uint8_t boot_id[16];  /* of the host's kernel; zero when the trace does not say */
};

/* The events that a trace can have, by their numbers, a bit each: those that its sessions asked for. */
#define TT_IMPORT_KIND_WORDS 16
struct tt_import_kinds {
    uint64_t bits[TT_IMPORT_KIND_WORDS];
};

/* What the context of an event says of its process, for one that has not told who it is. */
struct tt_import_who {
    uint32_t pid; /* 0: not known */
    char program[64]; /* empty: not known */
};

struct tt_import_event {
    const struct tt_import_kinds *kinds; /* of the trace; it lives as long as the importer. NULL: all */
    uint64_t process; /* first 8 bytes of its uuid, little end first */
    uint32_t thread;  /* ordinal */
    struct tt_import_time time;
    void (*find_who)(const void *source, struct tt_import_who *out_who); /* NULL: the trace does not say */
    const void *source;
    struct tt_decoded_event *event; /* with its sequence; number 0: one that this version does not know, which was
                                       there all the same; time_ns is set here */
};

/* Hands in an event. What EVENT points to is copied. Events that were handed in before are passed over. 0, or -1 and
 * *OUT_ERROR: nothing more can be written. */
TT_MUST_USE int tt_import_event(struct tt_import *import, const struct tt_import_event *event,
                                struct tt_store_error *out_error);

/* Whether it is settled which instant is 0 in the store. It is the beginning of the process of the first event that is handed in, or that
 * event, unless tt_import_begin() told an earlier one before. */
bool tt_import_has_origin(const struct tt_import *import);

/* The beginning of the process of EVENT, a process_started, is not after instant 0. Before any event is handed in. */
void tt_import_begin(struct tt_import *import, const struct tt_import_event *event);

/* It is known from now on that the trace does not have all: as is_incomplete. */
void tt_import_is_lacking(struct tt_import *import);

/* Of a live import: commits, if it is time to. To be called often, also when nothing is handed in. 0, or -1 and
 * *OUT_ERROR. */
TT_MUST_USE int tt_import_tick(struct tt_import *import, struct tt_store_error *out_error);

/* A place, as events carry it in full. Returns its id for their fields, 0 for no place. */
uint64_t tt_import_place(struct tt_import *import, const char *file, uint32_t line, const char *func, const char *text);

/* A word of an enumeration as the trace's writer knows it. */
void tt_import_word(struct tt_import *import, const char *enumeration, unsigned number, const char *word);

/* The tracer discarded COUNT events; has_count false: nobody knows how many. */
struct tt_import_discard {
    uint64_t count; /* modulo 2^64: LTTng's counters step back, and what was told too much is taken back */
    bool has_count;
    uintptr_t stream; /* tells streams apart */
    struct tt_import_time from, to; /* within this time */
};
TT_MUST_USE int tt_import_discarded(struct tt_import *import, const struct tt_import_discard *discard,
                                    struct tt_store_error *out_error);

/* Figures for whoever started it. */
struct tt_import_summary {
    uint64_t event_count;     /* in the store now, those that are not known apart */
    uint64_t repeated_count;  /* passed over: the trace has them more than once */
    uint64_t missing_count;   /* rows of gap tell of so many events */
    uint64_t discarded_count; /* of these, those that the tracer counted as discarded */
    uint32_t process_count;
    uint32_t cut_off_count;   /* of these, those without a goodbye: their last events may be missing */
    uint32_t partial_count;   /* of these, those whose sessions did not record all vital events, all the time */
    uint32_t late_count;      /* of these, those whose beginning is not in the trace */
    uint64_t pause_count;     /* times that nobody listened to a process, between two stretches */
};

/* Settles accounts and commits. IS_COMPLETE: the trace was read to its end; if not, every answer that would rest on
 * absence becomes unknown. 0, or -1 and *OUT_ERROR. */
TT_MUST_USE int tt_import_finish(struct tt_import *import, bool is_complete, struct tt_import_summary *out_summary,
                                 struct tt_store_error *out_error);

/* Closes the store; what was not committed is given up. NULL is fine. */
void tt_import_close(struct tt_import *import);

/* Marks the processes of the store at PATH that an import began to write and, killed, did not finish: they are not
 * complete, and each has a row cut_off; what a live one knew to be missing is counted. *OUT_PROCESS_COUNT of them. 0, or -1 and *OUT_ERROR. */
TT_MUST_USE int tt_import_settle(const char *path, uint32_t *out_process_count, struct tt_store_error *out_error);

#endif
