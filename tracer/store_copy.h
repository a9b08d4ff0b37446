/* store_copy.h: a private copy of a store that lies where nothing can be written.
 *
 * SQLite reads a file in WAL mode only with an index beside it. Where that cannot be made, the database and its
 * write-ahead log are copied together. So is a database beside which a recorder that was killed left a rollback journal (when it made the
 * store, or in its last moment, when it made one file of it): reading it means rolling back, which the copy is for.
 *
 * Threads: any.
 */
#ifndef TT_STORE_COPY_H
#define TT_STORE_COPY_H

#include "store.h"

struct tt__store_copy;

/* Copies the store PATH into a folder of its own, mode 0700, below $TMPDIR or /tmp. 0, or -1 and *ERROR. */
int tt__store_copy_create(const char *path, struct tt__store_copy **out_copy, struct tt_store_error *error);

/* The path of the copy. COPY's. */
const char *tt__store_copy_path(const struct tt__store_copy *copy);

/* Copies the file FROM to TO, mode 0600, which is made or written over. One that is not there is no failure. 0, or -1
 * and errno. */
int tt__store_copy_file(const char *from, const char *to);

/* Takes the copy's name away, when nobody opens it any more: who has it open keeps it, and it is gone with that process, however that ends. */
void tt__store_copy_unlink(struct tt__store_copy *copy);

/* Removes the copy; COPY may be NULL. */
void tt__store_copy_destroy(struct tt__store_copy *copy);

#endif
