/* bad_disk.h: SQLite's file system with faults that a test switches on and off in another process: disks that are full, fail to write,
 * to read or to sync, or write less than they were asked to.
 *
 * A recorder that is forked off after bad_disk_install() writes its store through it. What goes wrong, and how often, stands in memory
 * that both share.
 */
#ifndef TT_TESTS_BAD_DISK_H
#define TT_TESTS_BAD_DISK_H

#include <stdint.h>

enum bad_disk_fault {
    BAD_DISK_FULL = 1 << 0,  /* writes find no room */
    BAD_DISK_WRITE = 1 << 1, /* writes fail */
    BAD_DISK_SHORT = 1 << 2, /* writes write half of it, and say that there is no room */
    BAD_DISK_SYNC = 1 << 3,  /* syncs fail */
    BAD_DISK_READ = 1 << 4,  /* reads fail */
    BAD_DISK_INDEX = 1 << 5, /* the index of the log cannot be had */
    BAD_DISK_ALL = (1 << 6) - 1
};

/* Puts it in front of the file system for all databases that are opened from now on, in this process and its children. */
void bad_disk_install(void);

/* From now on one in EVERY operations of the FAULTS goes wrong; 0 faults: none. */
void bad_disk_set(unsigned faults, unsigned every);

/* How many operations have gone wrong since bad_disk_install(). */
uint64_t bad_disk_count(void);

#endif
