/* disk.c: see disk.h. */
#include "disk.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static int served;

int disk_serve(const char *folder)
{
    served = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
    return served < 0 ? -1 : 0;
}

/* The kernel itself keeps PATH below the folder; after a check of ours somebody could still change a link. O_NONBLOCK: a FIFO
 * has no writer to wait for. */
int disk_open(const char *path, bool may_block)
{
    struct open_how how = {.flags = O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
                           .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS | (may_block ? 0 : RESOLVE_CACHED)};

    return (int)syscall(SYS_openat2, served, path, &how, sizeof how);
}

ssize_t disk_read_cached(int file, void *buffer, size_t size, off_t offset)
{
    ssize_t count = preadv2(file, &(struct iovec){buffer, size}, 1, offset, RWF_NOWAIT);

    if (count < 0 && errno == EOPNOTSUPP) /* a file system without a disk, or without that question */
        return pread(file, buffer, size, offset);
    return count;
}

bool disk_is_cached(int file, off_t offset)
{
    return preadv2(file, &(struct iovec){(char[1]){0}, 1}, 1, offset, RWF_NOWAIT) >= 0 || errno != EAGAIN;
}
