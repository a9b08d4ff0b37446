/* import_match.h: which missing events LTTng's counts explain.
 *
 * What it is for. A hole in a thread's numbers says how many events are missing between two times; LTTng says of a stretch of
 * time how many it discarded, of whatever thread. Each discarded event was lost at one instant, which is in its hole and
 * in its stretch. So both are matched where they overlap, as many events as can be matched at all.
 *
 * What it leaves to others. What the holes are, what becomes of the rest: import_loss.c.
 *
 * Threads: plain data of one importer.
 */
#ifndef TT_IMPORT_MATCH_H
#define TT_IMPORT_MATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Either side. Times on CLOCK_MONOTONIC of the host that BOOT_ID stands for. */
struct tt__import_span {
    int64_t from_ns, to_ns;
    const uint8_t *boot_id; /* 16 bytes */
    uint64_t left;          /* events that are not matched yet */
};

/* Matches spans of HOLES with spans of STRETCHES that overlap, and takes what was matched off both. Then, if IS_LOOSE, what is
 * left in the order of time, whether it overlaps or not. False: no memory, and nothing was done. */
bool tt__import_match(struct tt__import_span *holes, size_t hole_count, struct tt__import_span *stretches,
                      size_t stretch_count, bool is_loose);

#endif
