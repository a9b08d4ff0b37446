/* process_identity.h: whether a process that an arena tells of still runs, and is still the one that wrote it.
 *
 * A pid alone names nobody: it is used again. With the time when the process began, and the boot in which that was,
 * it does. The end is seen by a descriptor of the process (pidfd); where the kernel, or who stands before it, gives
 * none, by looking into /proc.
 *
 * Threads: a watch belongs to one thread at a time.
 */
#ifndef TT_PROCESS_IDENTITY_H
#define TT_PROCESS_IDENTITY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Whether BOOT_ID names the boot that this machine is in; true also when that cannot be told. */
bool tt__process_is_of_this_boot(const uint8_t boot_id[16]);

struct tt__process_watch {
    uint32_t pid;
    uint64_t start_ticks;
    int fd; /* becomes readable when the process ends; -1: it has ended, or there is no such descriptor */
    int maps_fd; /* of the memory that the process had when it was opened; -1: it may not be looked at */
    bool has_ended;
    int64_t looked_ns; /* without descriptor: when that was done last, on CLOCK_MONOTONIC */
};

/* Begins to watch the process PID that began at START_TICKS (field 22 of /proc/PID/stat) in the boot BOOT_ID. It may
 * have ended. */
void tt__process_watch_begin(struct tt__process_watch *watch, uint32_t pid, uint64_t start_ticks,
                             const uint8_t boot_id[16]);
void tt__process_watch_end(struct tt__process_watch *watch);

/* Whether it has ended; once true, always true. Without descriptor it is up to 20 ms late. */
bool tt__process_watch_has_ended(struct tt__process_watch *watch, int64_t now_ns);

/* Whether the memory that the process had is gone: it has executed another program, or is about to end. False also when that
 * cannot be told. Less than a microsecond. */
bool tt__process_watch_lost_memory(const struct tt__process_watch *watch);

/* Whether the process has the file of DEVICE and INODE, which was called NAME, in its memory; true also when that cannot be told. */
bool tt__process_watch_maps(const struct tt__process_watch *watch, dev_t device, ino_t inode, const char *name);

#endif
