/* disk.c: see disk.h. Here is what to do with calls that may block: ask the kernel not to, and else make them on a thread. */
#define _GNU_SOURCE 1 /* O_PATH, preadv2 */
#include "disk.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <telltale/telltale.h>

static int served;

int disk_serve(const char *folder)
{
    served = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
    return served < 0 ? -1 : 0;
}

/* ----------------------------------------------------------------------------------------------------- opening, closing */

/* A descriptor, or -1 with errno set: EAGAIN where it would block. The kernel itself keeps PATH below the folder; after a check
 * of ours somebody could still change a link. O_NONBLOCK: a FIFO has no writer to wait for. */
static int open_below(const char *path, bool may_block)
{
    struct open_how how = {.flags = O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
                           .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS | (may_block ? 0 : RESOLVE_CACHED)};

    return (int)syscall(SYS_openat2, served, path, &how, sizeof how);
}

static void close_unused(void *file)
{
    close((int)(intptr_t)file);
}

/* On the thread. What it returns, or raises, arrives where the task waits; if nobody waits there any more, close_unused gets it. */
static int open_on_thread(void *path)
{
    int file = open_below(path, true);

    if (file < 0)
        return tt_raise_errno(errno, "open %s", (const char *)path);
    return tt_return((void *)(intptr_t)file, close_unused);
}

/* The thread gets a copy of the path, to free: the task may be cancelled, and its path gone, before the thread is done. */
int disk_open(const char *path)
{
    int file = open_below(path, false);
    void *value;
    char *copy;

    if (file >= 0 || errno != EAGAIN)
        return file >= 0 ? file : tt_raise_errno(errno, "open %s", path);
    copy = strdup(path);
    if (!copy)
        return tt_raise(&tt_MemoryError, "no memory to open %s", path);
    return tt_to_thread(open_on_thread, copy, free, &value) < 0 ? -1 : (int)(intptr_t)value;
}

/* After a read that was cancelled a thread may still be reading: tt_fs_close lets it end. Else there is no reason to wait. */
void disk_close(int file)
{
    if (tt_exc_pending())
        (void)tt_fs_close(file);
    else
        close(file);
}

/* -------------------------------------------------------------------------------------------------------------- reading */

/* What is in memory; -1 where that is nothing. */
static ssize_t read_at_once(int file, void *buffer, size_t size, off_t offset)
{
    ssize_t count = preadv2(file, &(struct iovec){buffer, size}, 1, offset, RWF_NOWAIT);

    if (count < 0 && errno == EOPNOTSUPP) /* a file system without a disk, or without that question */
        return pread(file, buffer, size, offset);
    return count;
}

ssize_t disk_read(int file, void *buffer, size_t size, off_t offset)
{
    ssize_t count = read_at_once(file, buffer, size, offset);

    return count >= 0 ? count : tt_fs_pread(file, buffer, size, offset);
}

/* The kernel keeps what was read. Where the last byte is in memory, what is before it is too, almost always. */
ssize_t disk_fetch(int file, off_t offset, size_t size)
{
    static char nobody_reads_it[16 * 1024];

    if (read_at_once(file, nobody_reads_it, 1, offset + (off_t)size - 1) >= 0)
        return (ssize_t)size;
    if (size > sizeof nobody_reads_it)
        size = sizeof nobody_reads_it;
    return tt_fs_pread(file, nobody_reads_it, size, offset) < 0 ? -1 : (ssize_t)size;
}
