/* recorder_control.h: what a supervisor tells the recorder. The messages: recorder.h.
 *
 * Threads. Belongs to the recorder's thread.
 */
#ifndef TT_RECORDER_CONTROL_H
#define TT_RECORDER_CONTROL_H

#include <stdbool.h>
#include <stddef.h>

struct tt_ingest;

struct tt__control {
    int fd;           /* -1: none, or closed by the supervisor */
    bool is_finished; /* it said finish, or is gone */
    bool is_skipping; /* the rest of a line that is too long */
    size_t length;
    char line[128];
};

/* FD belongs to the caller until tt__control_read() finds it closed; -1: there is no supervisor. */
void tt__control_init(struct tt__control *control, int fd);

/* Reads what has come, without waiting. Returns how many facts went to INGEST. */
size_t tt__control_read(struct tt__control *control, struct tt_ingest *ingest);

#endif
