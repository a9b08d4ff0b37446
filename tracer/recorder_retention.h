/* recorder_retention.h: when a store is too large, or what is in it too old.
 *
 * What it is for. It looks now and then, and has ingest delete what is oldest, slice by slice, so that rings are read in
 * between. What goes first: ingest_prune.c.
 *
 * Threads. Belongs to the recorder's thread.
 */
#ifndef TT_RECORDER_RETENTION_H
#define TT_RECORDER_RETENTION_H

#include "ingest.h"
#include "store_writer.h"

struct tt__retention {
    struct tt__store_writer *writer;
    struct tt_ingest *ingest;
    uint64_t bytes_max;         /* of the store */
    uint64_t seconds_max;       /* that what is over is kept; 0: for ever */
    int64_t looked_ns, aged_ns; /* when that was done last, on CLOCK_MONOTONIC */
    bool is_too_large, is_too_old;
};

/* BYTES_MAX and SECONDS_MAX, 0 for what the store was told before, or else the default and for ever; the store remembers
 * them. 0, or -1 and *OUT_ERROR. */
TT_MUST_USE int tt__retention_begin(struct tt__retention *retention, struct tt__store_writer *writer,
                                    struct tt_ingest *ingest, uint64_t bytes_max, uint64_t seconds_max,
                                    struct tt_store_error *out_error);

/* Deletes for some milliseconds at most what is to go; nothing when everything was committed just now. Returns whether there
 * may be more. */
bool tt__retention_work(struct tt__retention *retention);

/* A commit found no room: deletes a good part of the store, however long that takes. Whether anything went. */
bool tt__retention_make_room(struct tt__retention *retention);

#endif
