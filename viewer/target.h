/* target.h: the file that a command writes a store to, and what becomes of a file that is there.
 *
 * What it is for. record and import write stores. A recording that is in the file is replaced, and that is said; any
 * other file is left alone; and when nothing comes of the command what was there before is there again. There are two
 * ways. A store that is written from beginning to end at once is a draft, which gets its name when it is complete: at
 * any instant the name has the earlier store or the new one. One that is recorded is under its name from the beginning,
 * for others read it meanwhile; the earlier one is set aside as NAME.replaced-PID until the command has run. When
 * this process is killed in between, that is settled by the next one that writes to NAME.
 *
 * What it leaves to others. Writing the store. Drafts: store_draft.h.
 *
 * Threads. One thread.
 */
#ifndef TT_VIEWER_TARGET_H
#define TT_VIEWER_TARGET_H

#include <limits.h>
#include <stdbool.h>

#define TT_TARGET_DEFAULT "run.telltale"

struct tt_store_draft;

/* The store and what is kept of an earlier one while it is not known whether there will be a new one. */
struct tt_target {
    const char *command; /* for complaints */
    const char *name;    /* as the user gave it */
    char path[PATH_MAX];
    char ring_dir[PATH_MAX];
    bool was_there;               /* and may not be removed: --append */
    bool has_recorder;            /* somebody else is recording into it: --append */
    bool is_cleared;              /* what is under its name now was written since */
    bool is_set_aside;            /* it is called something else for the time being */
    bool is_told;                 /* that it is replaced; valid when is_set_aside */
    int aside_fd;                 /* holds the lock that says so; valid when is_set_aside */
    struct tt_store_draft *draft; /* NULL: there is none */
};

/* Finds out where NAME is, for COMMAND. Returns -1, or the exit status after a complaint. */
int tt__target_find(const char *command, const char *name, struct tt_target *out_target);

/* Finds out whether the store can be written, by whichever way, and settles what a killed process left. Changes
 * nothing else. Returns -1, or the exit status after a complaint. */
int tt__target_check(struct tt_target *target, bool is_appending);

/* After a check, for a recording: sees to it that the store's name is free, or with IS_APPENDING that a store can be
 * gone on with. TELLS: that one is replaced is said now, and not when there is a new one. Returns -1, or the exit status after a
 * complaint. */
int tt__target_clear(struct tt_target *target, bool is_appending, bool tells);

/* After a check, for a store that is written at once: begins a draft. Returns -1, or the exit status after a complaint. */
int tt__target_draft(struct tt_target *target);

/* There is a new store: the draft gets its name, the earlier store goes. Returns -1, or the exit status after a
 * complaint: then what was there before is there again. */
int tt__target_keep(struct tt_target *target);

/* There is none: what was there before is there again. */
void tt__target_restore(struct tt_target *target);

#endif
