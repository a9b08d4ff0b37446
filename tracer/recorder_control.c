/* recorder_control.c: see recorder_control.h. */
#include "recorder_control.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ingest.h"

void tt__control_init(struct tt__control *control, int fd)
{
    memset(control, 0, sizeof *control);
    control->fd = fd;
    control->is_finished = fd < 0;
    int flags = fd >= 0 ? fcntl(fd, F_GETFL) : -1;
    if (flags >= 0)
        (void)fcntl(fd, F_SETFL,
                    flags | O_NONBLOCK); /* where that is not to be had, reading waits for what poll announced */
}

static size_t obey(struct tt__control *control, struct tt_ingest *ingest)
{
    unsigned pid;
    int number;
    char end;
    if (sscanf(control->line, "exited %u %d%c", &pid, &number, &end) == 2) {
        tt_ingest_process_exit(ingest, pid, number, 0);
        return 1;
    }
    if (sscanf(control->line, "signaled %u %d%c", &pid, &number, &end) == 2 && number > 0) {
        tt_ingest_process_exit(ingest, pid, 0, number);
        return 1;
    }
    if (strcmp(control->line, "finish") == 0)
        control->is_finished = true;
    return 0; /* started: the arena says so itself */
}

size_t tt__control_read(struct tt__control *control, struct tt_ingest *ingest)
{
    size_t count = 0;
    char bytes[512];
    while (control->fd >= 0) {
        ssize_t length = read(control->fd, bytes, sizeof bytes);
        if (length < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
            return count;
        if (length <= 0) {
            control->fd = -1;
            control->is_finished = true;
            return count;
        }
        for (ssize_t i = 0; i < length; i++) {
            if (bytes[i] == '\n') {
                control->line[control->length] = '\0';
                if (!control->is_skipping)
                    count += obey(control, ingest);
                control->length = 0;
                control->is_skipping = false;
            } else if (control->length + 1 < sizeof control->line) {
                control->line[control->length++] = bytes[i];
            } else {
                control->is_skipping = true;
            }
        }
    }
    return count;
}
