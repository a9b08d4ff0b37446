/* recorder_lock.h: the lock of a ring dir, which one recorder has at a time.
 *
 * Whoever has it reads all arenas there. Who starts a recorder need not know whether there is one: one too many finds the lock taken and
 * ends, unless there is an arena that nobody reads, for the one that has it may be about to end.
 *
 * Threads. Belongs to the recorder's thread; tt_recorder_is_needed() (recorder.h) may be called anywhere.
 */
#ifndef TT_RECORDER_LOCK_H
#define TT_RECORDER_LOCK_H

#include "recorder.h"

/* Takes the lock of the folder DIR_FD. 1: *OUT_FD is a descriptor that has it until it is closed; 0: somebody else does what is to be done;
 * -1: *OUT_ERROR. *OUT_FD is to be closed whatever is returned, unless it is below 0. */
int tt__recorder_lock(int dir_fd, const struct tt_recorder_options *options, int *out_fd,
                      struct tt_store_error *out_error);

/* Whether somebody has the lock of the folder DIR_FD. */
bool tt__recorder_has_lock(int dir_fd);

#endif
