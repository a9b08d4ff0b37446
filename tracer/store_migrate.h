/* store_migrate.h: stores of older schema versions, made into one of this version.
 *
 * What it is for. Tables and columns are only ever added from one version to the next, and what an old store does not say is NULL, as what
 * a recording does not know is. So one rule serves all versions: each table is made anew, and takes over the columns that it had.
 * Indexes and views are this version's; tables that somebody else added stay.
 *
 * The writer migrates in place, a reader a private copy: reading changes nothing.
 *
 * Threads: as the connection.
 */
#ifndef TT_STORE_MIGRATE_H
#define TT_STORE_MIGRATE_H

#include "store.h"

/* Whether the store CONNECTION has open is of an older version: 1 or 0, -1 and *ERROR. Messages call it PATH. */
int tt__store_is_older(struct sqlite3 *connection, const char *path, struct tt_store_error *error);

/* Makes the store that CONNECTION may write one of this version, in one transaction: a kill leaves the one or the other. One that is none
 * already stays as it is. 0, or -1 and *ERROR: it is unchanged. */
int tt__store_migrate(struct sqlite3 *connection, const char *path, struct tt_store_error *error);

/* The same for the file FILE, which nobody else uses and messages call PATH. */
int tt__store_migrate_file(const char *file, const char *path, struct tt_store_error *error);

#endif
