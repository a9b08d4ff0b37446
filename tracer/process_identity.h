/* process_identity.h: whether a process that an arena tells of still runs, and is still the one that wrote it.
 *
 * A pid alone names nobody: it is used again. With the time when the process began, and the boot in which that was,
 * it does. The end is seen by a descriptor of the process (pidfd); where the kernel, or who stands before it, gives
 * none, by looking into /proc. A process lives as long as one of its threads does, also when the first one has ended.
 *
 * In another pid or time namespace (a container's) these numbers mean something else, or nobody. There the arena itself tells: a
 * process has it mapped for as long as it lives. The kernel grants a lease for writing on a file that nobody else has open or
 * mapped, and refuses it on any other; so it is asked for, and given back at once. Who reads the arena at that moment, or is a
 * child of the writer that has not emitted yet, is taken for the writer that lives.
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

/* Whether pids and times of processes in the namespaces PID_NAMESPACE and TIME_NAMESPACE mean here what they mean there; true also when
 * that cannot be told. */
bool tt__namespaces_are_ours(uint64_t pid_namespace, uint64_t time_namespace);

/* Whether this is the time namespace TIME_NAMESPACE, as above. */
bool tt__clocks_are_ours(uint64_t time_namespace);

struct tt__process_watch {
    uint32_t pid;
    uint64_t start_ticks;
    int fd; /* becomes readable when the process ends; -1: it has ended, or there is no such descriptor */
    int maps_fd; /* of the memory that the process had when it was opened; -1: it may not be looked at */
    int file_fd; /* the arena of a process that is in other namespaces, the watcher's own; else -1 */
    bool has_ended;
    bool is_unseen; /* it is in other namespaces, and its arena cannot tell either */
    int64_t looked_ns; /* without descriptor: when that was done last, on CLOCK_MONOTONIC */
};

/* Begins to watch the process PID that began at START_TICKS (field 22 of /proc/PID/stat) in the boot BOOT_ID. It may
 * have ended. FILE_FD: its arena, when it is in other namespaces, and stays the caller's, open until the watch ends; else -1. */
void tt__process_watch_begin(struct tt__process_watch *watch, uint32_t pid, uint64_t start_ticks,
                             const uint8_t boot_id[16], int file_fd);
void tt__process_watch_end(struct tt__process_watch *watch);

/* Whether it has ended; once true, always true. Without descriptor it is up to 20 ms late. */
bool tt__process_watch_has_ended(struct tt__process_watch *watch, int64_t now_ns);

/* Whether the memory that the process had is gone: it has executed another program, or is about to end, or its first thread had ended
 * before the watch began. False also when that cannot be told. Less than a microsecond. */
bool tt__process_watch_lost_memory(const struct tt__process_watch *watch);

/* Whether the process has the file of DEVICE and INODE, which was called NAME, in its memory; true also when that cannot be told. */
bool tt__process_watch_maps(const struct tt__process_watch *watch, dev_t device, ino_t inode, const char *name);

#endif
