/* store_examine.h: what readers of a store do not ask, and somebody does who wants to know whether it is whole.
 *
 * What it is for. Every chunk of the event stream is looked at, also behind one that is damaged; and how much of the file each table has.
 *
 * What it leaves to others. SQLite's own check, and whether counts add up: those are queries. What to make of it: telltale doctor.
 *
 * Threads. As the reader.
 */
#ifndef TT_STORE_EXAMINE_H
#define TT_STORE_EXAMINE_H

#include "store.h"

struct tt_store_stream {
    int64_t chunk_count, event_count; /* of those that are whole */
    int64_t damaged_count;            /* chunks */
    char damage[200];                 /* what is wrong with the first of these */
};

/* Unpacks each chunk. 0; or -1 when the table cannot be read to its end, with *OUT as far as it could. */
TT_MUST_USE int tt_store_examine_stream(struct tt_store_reader *reader, struct tt_store_stream *out);

/* Calls TELL for each table, with its indexes, and the bytes that it has in the file, the largest first. 0; or -1: this SQLite cannot tell. */
TT_MUST_USE int tt_store_examine_sizes(struct tt_store_reader *reader,
                                       void (*tell)(void *context, const char *name, int64_t bytes), void *context);

#endif
