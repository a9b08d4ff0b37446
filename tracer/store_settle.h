/* store_settle.h: processes whose end nobody will record.
 *
 * What it is for. A process in a store runs until its end was read. Where that never comes, because an import was killed, or the machine went
 * down with recorder and arenas, or the store is a copy of one that was being written, its rows say for ever that it runs, and that
 * nothing is missing. Whoever writes the store and knows that nothing more of a process will come settles it: a row `cut_off` in
 * `gap` says since when nothing is known, is_balanced is 0, and what rests on absence since then is unknown.
 *
 * What it leaves to others. To know that nothing will come: recorder.c, of whom the arena is not there; the import, of what one before it
 * has left. When more comes all the same, as where a ring dir was not to be seen, tt__store_unsettle() takes it back.
 *
 * Threads: as the writer.
 */
#ifndef TT_STORE_SETTLE_H
#define TT_STORE_SETTLE_H

#include "store_writer.h"

enum tt__settling {
    TT__SETTLE_IMPORTED, /* only processes whose events came through LTTng */
    TT__SETTLE_ALL
};

/* Settles processes that were not read to their end, in a transaction of its own, but for the COUNT of them in LIVING. What cursors of an
 * import know to be missing is counted. *OUT_COUNT is how many were settled. 0, or -1: see tt__store_writer_error(). */
TT_MUST_USE int tt__store_settle(struct tt__store_writer *writer, enum tt__settling settling, const uint32_t *living,
                                 size_t count, uint32_t *out_count);

/* More of PROCESS_ID is to come: one that was settled is not any more. One that was not stays as it is. 0, or -1. */
TT_MUST_USE int tt__store_unsettle(struct tt__store_writer *writer, uint32_t process_id);

/* Settles all in the store FILE, a private copy that nobody else uses. 0, or -1 and *OUT_ERROR. */
TT_MUST_USE int tt__store_settle_file(const char *file, struct tt_store_error *out_error);

#endif
