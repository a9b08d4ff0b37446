/* lttng_silence.h: why LTTng recorded nothing of a command.
 *
 * What it is for. LTTng says nothing when it records nothing, and the reasons are many: buffers that do not fit into
 * /dev/shm, a program that does not wait until it is registered, that is killed before it is, that cannot load telltale's
 * provider, or that does not use telltale. What can be looked at is, and what is left is named.
 *
 * What it leaves to others. Whether it is said at all: record_lttng.h.
 *
 * Threads. One thread.
 */
#ifndef TT_VIEWER_LTTNG_SILENCE_H
#define TT_VIEWER_LTTNG_SILENCE_H

#include <stdbool.h>
#include <stdint.h>

/* The milliseconds that a program waits until it is registered, unless LTTNG_UST_REGISTER_TIMEOUT says otherwise. A
 * daemon is known to be there, so that is as long as LTTng itself would have it. */
#define TT_LTTNG_REGISTER_MS "3000"

/* What LTTng's buffers have for each processor, unless the user says otherwise. */
#define TT_LTTNG_BUFFER_BYTES (UINT64_C(8) << 20)

struct tt_lttng_silence {
    const char *program;
    int wait_status;         /* how it ended, as waitpid gives it */
    uint64_t buffer_bytes;   /* that each processor was to have */
    uint64_t shm_free_bytes; /* in /dev/shm before the session began; UINT64_MAX: not known */
};

/* Bytes that are free for buffers; UINT64_MAX: not known. */
uint64_t tt__lttng_shm_free(void);

/* Processors for each of which LTTng makes a buffer: all that there may be. */
uint64_t tt__lttng_processors(void);

/* Complains that nothing was traced, and why that may be. Returns whether it is certain that something of this machine kept LTTng
 * from recording; if not, the program may have had nothing to tell. */
bool tt__lttng_complain_about_silence(const struct tt_lttng_silence *silence);

#endif
