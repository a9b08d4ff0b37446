/* recorder_enter.h: how a recorder comes into the ring dir of its store, and goes.
 *
 * What it leaves to others. The folder: ring_dir.h. The lock: recorder_lock.h. Deleting the folder: recorder_folder.h.
 *
 * Threads. Belongs to the recorder's thread.
 */
#ifndef TT_RECORDER_ENTER_H
#define TT_RECORDER_ENTER_H

#include <limits.h>

#include "recorder.h"

/* Makes and opens the ring dir of OPTIONS, and takes its lock. DEFAULT_DIR becomes the name of the store's own one, which OPTIONS points to
 * where nobody has named another. *DIR_FD and *LOCK_FD are descriptors, or -1, before and after, to be given back by leaving in any case.
 * 1: it has the lock; 0: somebody else does what is to be done; -1: *OUT_ERROR. */
int tt__recorder_enter(struct tt_recorder_options *options, char default_dir[PATH_MAX], int *dir_fd, int *lock_fd,
                       struct tt_store_error *out_error);
void tt__recorder_leave(int *dir_fd, int *lock_fd);

/* Notes in the ring dir that no recorder can write the store as the file is now, where an error of KIND says so. */
void tt__recorder_refuse(const struct tt_recorder_options *options, enum tt_store_error_kind kind);

#endif
