/* disk.h: files as this machine has them, without waiting for a disk. Nothing of telltale. */
#ifndef TOUR_DISK_H
#define TOUR_DISK_H

#include <stdbool.h>
#include <sys/types.h>

/* From now on FOLDER is the one that is served. 0, or -1 with errno set. */
int disk_serve(const char *folder);

/* Opens PATH below the folder, whatever dots and links are in it. Unless it MAY_BLOCK only what the kernel has at hand is
 * found, else errno is EAGAIN. A descriptor, or -1 with errno set. Any thread. */
int disk_open(const char *path, bool may_block);

/* As pread, of what is in memory: -1 where it would have to wait for a disk. */
ssize_t disk_read_cached(int file, void *buffer, size_t size, off_t offset);

/* Whether the byte at OFFSET is in memory. */
bool disk_is_cached(int file, off_t offset);

#endif
