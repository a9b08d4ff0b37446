/* leftovers.h: what lies in a store's ring dir, arenas that a recorder reads, or that nobody reads any more; and the
 * private folders of recordings and imports of LTTng that were killed.
 *
 * What it leaves to others. The names of ring dirs: ring_dir.h. Reading arenas: the recorder. Traces: trace_reader.h.
 *
 * Threads. One thread.
 */
#ifndef TT_VIEWER_LEFTOVERS_H
#define TT_VIEWER_LEFTOVERS_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "recorder.h"

struct tt_ring_dir_content {
    size_t arena_count;
    bool has_recorder; /* a recorder is at work: it holds the lock */
};

/* Looks into DIR, which need not exist. */
struct tt_ring_dir_content tt__leftovers_look(const char *dir);

/* Whether a process that has an arena in DIR runs. One that has its id in another namespace is not known. */
bool tt__leftovers_has_running(const char *dir);

enum tt_leftovers_end {
    TT_LEFTOVERS_READ,
    TT_LEFTOVERS_PARTLY,  /* some arenas are damaged, and stay */
    TT_LEFTOVERS_DAMAGED, /* all are */
    TT_LEFTOVERS_FAILED   /* the store could not be written */
};

/* Reads the arenas in DIR into STORE, an absolute path; those that were read to their end are deleted, unless KEEPS; REDACTS: messages
 * are left out. What could not be read the recorder has said, unless IS_SILENT. */
enum tt_leftovers_end tt__leftovers_read(const char *store, const char *dir, bool keeps, bool redacts, bool is_silent);

/* Why not all that was said is in a store. */
enum tt_leftovers_doubt {
    TT_LEFTOVERS_NONE,
    TT_LEFTOVERS_PAUSED,     /* its recorder waits, because the store takes nothing */
    TT_LEFTOVERS_UNANSWERED, /* its recorder stands still */
    TT_LEFTOVERS_UNWRITTEN,  /* they could not be written into it */
    TT_LEFTOVERS_UNREADABLE  /* arenas are damaged */
};

struct tt_leftovers {
    enum tt_leftovers_doubt doubt;
    uint64_t event_count;  /* that wait, at most; 0: only ends of processes do, or it is not known */
    size_t arena_count;    /* of UNREADABLE */
    struct tt_recorder_pause pause; /* of PAUSED */
    char dir[PATH_MAX];    /* where they are */
};

/* Sees to it that STORE has what was said until now: waits for its recorder, as long as that comes on, and reads what killed processes left
 * into it, unless a recorder does that already. Where neither helps, that is complained of, once for each command, and *OUT_LEFTOVERS says
 * what is not in it. The store may not be there, before and after. */
void tt__leftovers_catch_up(const char *store, struct tt_leftovers *out_leftovers);

/* Only the latter: without waiting for a recorder that is at work. */
void tt__leftovers_recover(const char *store);

/* The process that holds a lock of flock for writing on FILE, as recorders and imports do on their store; 0: none, or it cannot be seen
 * from here, or the kernel, whose list of locks may change between two pages of it, has left it out. */
long tt__leftovers_find_writer(const struct stat *file);

/* STORE has processes that were not read to their end. Where nobody writes it, and no arena of it is left, nothing more will come of them, and
 * that is written into it. Whether it was. */
bool tt__leftovers_settle(const char *store);

/* Whether nobody writes STORE, and no arena of it is left. */
bool tt__leftovers_is_left(const char *store);

/* A private folder for what goes with this process, below TMPDIR or /tmp: its name begins so, and six letters or digits follow. A reader
 * of a store that lies where nobody may write has one while it copies that, see store_copy.h. */
#define TT_LEFT_FOLDER "telltale-XXXXXX"

/* Marks the private folder at PATH as that of a process that lives: of this one. Returns a descriptor, which marks it until it is closed,
 * and which no other program inherits; -1: it cannot be marked, and is taken for a leftover. */
int tt__leftovers_claim(const char *path);

struct tt_left_folder {
    char path[PATH_MAX];
    bool has_trace; /* in its folder "trace" */
};

/* Private folders of this user that no process has marked. Fills OUT_FOLDERS, up to CAPACITY of them, and returns how many there are. */
size_t tt__leftovers_find_folders(struct tt_left_folder *out_folders, size_t capacity);

/* In the private folder of who records into a store through LTTng, a symbolic link: to that store, by its canonical path. */
#define TT_LEFT_STORE "store"

/* Whether a process of this user that lives, with the same TMPDIR, records into STORE, a canonical path, through LTTng. */
bool tt__leftovers_has_lttng(const char *store);

#endif
