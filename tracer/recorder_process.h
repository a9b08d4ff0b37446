/* recorder_process.h: one traced process, from the finding of its arena to the deletion of it.
 *
 *   found ──attach──► live ──┬─ gone, replaced (exec), said goodbye ──► ending ──all read, last commit──► finished
 *                            └─ left alone by a recovery: detached, the arena stays
 *
 * What it is for. It owns the mapping, the timeline and the state of each ring, knows whether the process lives, and
 * hands to ingest what is new. A batch is read, ingest commits, and only then tt__process_release() tells the writers
 * what room they have.
 *
 * What it leaves to others. When to do what (recorder.c).
 *
 * Threads. Belongs to the recorder's thread.
 */
#ifndef TT_RECORDER_PROCESS_H
#define TT_RECORDER_PROCESS_H

#include <stdbool.h>

#include "ingest.h"

struct tt__process_reader;

enum tt__attach_result {
    TT__ATTACHED,
    TT__ATTACH_LATER,   /* not ready, or no room: try again */
    TT__ATTACH_REFUSED, /* not an arena that can be read: leave it alone; *OUT_ERROR says why */
    TT__ATTACH_FAILED   /* the store failed: *OUT_ERROR */
};

/* Opens the arena NAME in DIR_FD and makes a process row of it. */
enum tt__attach_result tt__process_attach(int dir_fd, const char *name, struct tt_ingest *ingest,
                                          struct tt__process_reader **out_process, struct tt_store_error *out_error);

/* Notes in the arena that this recorder reads it, until tt__process_detach(): another one that begins has nothing to do for it. */
void tt__process_claim(struct tt__process_reader *process);

/* Gives it up; the arena stays. NULL is fine. */
void tt__process_detach(struct tt__process_reader *process);

/* Has its arena say what PAUSE does (recorder_pause.h), if it can be written. */
struct tt__pause;
void tt__process_tell_pause(struct tt__process_reader *process, const struct tt__pause *pause);

/* Name of its arena. */
const char *tt__process_arena(const struct tt__process_reader *process);

/* Its ordinal in the recording. */
uint32_t tt__process_id(const struct tt__process_reader *process);

/* Becomes readable when the process is gone; -1: it is gone already, or there is no such descriptor. */
int tt__process_fd(const struct tt__process_reader *process);

/* Notices that the process has ended, as tt__process_read() does, which is not called while recording pauses. */
void tt__process_look_after(struct tt__process_reader *process);

/* Whether nothing more will come from the process. */
bool tt__process_is_ending(const struct tt__process_reader *process);

/* Whether the process is gone, and has not said why. Who told its end now might miss that it went on as another program, which has an
 * arena of its own. */
bool tt__process_is_gone_silently(const struct tt__process_reader *process);

/* OTHER was attached. When it is the same process, and began to be traced later, PROCESS has become it by exec: a process that stops
 * tracing and begins anew says goodbye in between. */
void tt__process_hear_of(struct tt__process_reader *process, const struct tt__process_reader *other);

/* What a turn over all processes found. */
struct tt__reading {
    size_t row_count;   /* that make a commit worth while */
    size_t event_count; /* of these, events */
    int64_t lag_ns;     /* the oldest event had waited for so long */
    bool is_busy;       /* a ring had filled much since the last time */
};

/* Hands to ingest what is new, until BYTES_MAX wait there. Returns whether there may be more. READING is added to. */
bool tt__process_read(struct tt__process_reader *process, size_t bytes_max, struct tt__reading *reading);

/* Whether the process has ended, and all is read: then hands in the last counts. To be committed before
 * tt__process_delete(). */
bool tt__process_finish(struct tt__process_reader *process);

/* Before a commit: hands in cursors and counts. */
void tt__process_save(struct tt__process_reader *process);

/* After a commit: tells the writers. */
void tt__process_release(struct tt__process_reader *process);

/* After the commit that followed tt__process_finish(): deletes the arena. PROCESS is gone then. */
void tt__process_delete(struct tt__process_reader *process, int dir_fd);

#endif
