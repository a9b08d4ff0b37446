/* process_identity.h: whether a process that an arena tells of still runs, and is still the one that wrote it.
 *
 * Threads: any.
 */
#ifndef TT_PROCESS_IDENTITY_H
#define TT_PROCESS_IDENTITY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Whether BOOT_ID names the boot that this machine is in; true also when that cannot be told. */
bool tt__process_is_of_this_boot(const uint8_t boot_id[16]);

/* A descriptor that becomes readable when the process PID ends, if it runs in this boot and began at START_TICKS; else -1. */
int tt__process_watch(uint32_t pid, uint64_t start_ticks, const uint8_t boot_id[16]);

/* Whether the process of the descriptor FD has ended. */
bool tt__process_has_ended(int fd);

/* Whether PID has the file of DEVICE and INODE in its memory; true also when that cannot be told. */
bool tt__process_maps(uint32_t pid, dev_t device, ino_t inode);

#endif
