/* disk.h: files of one folder, for tasks. While a program with one thread waits for a disk it serves nobody; so what the kernel
 * has in memory is taken at once, which is a matter of microseconds, and for the rest the task waits for a thread, while
 * others run.
 *
 * All but disk_serve is for the inside of tasks, may suspend, and returns -1 with an exception pending when it fails. */
#ifndef TOUR_DISK_H
#define TOUR_DISK_H

#include <sys/types.h>

/* From now on FOLDER is the one that is served. 0, or -1 with errno set. */
int disk_serve(const char *folder);

/* Opens PATH, to read, below the folder, whatever dots and links are in it. The descriptor is the caller's, for disk_close. */
int disk_open(const char *path);

/* Closes FILE, also with an exception pending, which stays. */
void disk_close(int file);

/* As pread. */
ssize_t disk_read(int file, void *buffer, size_t size, off_t offset);

/* Has the kernel bring some of the SIZE bytes from OFFSET on into memory, where they are not there already: how many. */
ssize_t disk_fetch(int file, off_t offset, size_t size);

#endif
