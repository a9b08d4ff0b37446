/* target.h: the file that a command writes a store to, and what becomes of a file that is there.
 *
 * What it is for. record and import write stores. A recording that is in the file is replaced, and that is said; any
 * other file is left alone; and when nothing comes of the command what was there before is there again.
 *
 * What it leaves to others. Writing the store.
 *
 * Threads. One thread.
 */
#ifndef TT_VIEWER_TARGET_H
#define TT_VIEWER_TARGET_H

#include <limits.h>
#include <stdbool.h>

#define TT_TARGET_DEFAULT "run.telltale"

/* The store and what is kept of an earlier one while it is not known whether there will be a new one. */
struct tt_target {
    const char *command; /* for complaints */
    const char *name;    /* as the user gave it */
    char path[PATH_MAX];
    char ring_dir[PATH_MAX];
    bool was_there;    /* and may not be removed: --append */
    bool has_recorder; /* somebody else is recording into it: --append */
    bool is_set_aside; /* it is called something else for the time being */
};

/* Finds out where NAME is, for COMMAND. Returns -1, or the exit status after a complaint. */
int tt__target_find(const char *command, const char *name, struct tt_target *out_target);

/* Sees to it that the store's name is free, or with IS_APPENDING that a store can be gone on with. Returns -1, or the
 * exit status after a complaint. */
int tt__target_clear(struct tt_target *target, bool is_appending);

/* There is a new store: the earlier one goes. */
void tt__target_forget(struct tt_target *target);

/* There is none: what was there before is there again. */
void tt__target_restore(struct tt_target *target);

#endif
