/* retention.h: options of what a store may hold and how long, and of how rings are read, for record and for recorder.
 *
 * What it leaves to others. Doing it: tracer/recorder.h.
 *
 * Threads. One thread.
 */
#ifndef TT_VIEWER_RETENTION_H
#define TT_VIEWER_RETENTION_H

#include "command.h"

/* Words of --redact: nothing, messages. */
extern const char *const tt__redaction_words[];

/* Checks the values of --max-size, --max-age (NULL: not given) and --poll-ms (0: not given). Returns -1 and *OUT_SECONDS, the
 * age in seconds, 0 for none; or the exit status of a complaint. */
int tt__retention_check(const struct tt_command *command, uint64_t max_size, const char *max_age, uint64_t poll_ms,
                        uint64_t *out_seconds);

/* Checks the value of --ring-policy (NULL: not given). Returns -1, or the exit status of a complaint. */
int tt__ring_policy_check(const struct tt_command *command, const char *policy);

#endif
