/* recorder_enter.c: see recorder_enter.h. */
#include "recorder_enter.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "recorder_lock.h"
#include "ring_dir.h"
#include "store_check.h"

static const char *why_no_ring_dir(int result)
{
    return result == -EPERM     ? "it, or the folder that it lies in, belongs to somebody else, or others may write to it"
           : result == -ENOTDIR ? "it, or the folder that it lies in, is no folder, or a symbolic link"
                                : strerror(-result);
}

/* Makes and opens the ring dir. 0, or -1 and *ERROR. */
static int open_dir(struct tt_recorder_options *options, char default_dir[PATH_MAX], int *out_fd,
                    struct tt_store_error *error)
{
    char store[PATH_MAX];
    int result = tt__store_canonical_path(options->store, store, sizeof store);
    if (result < 0)
        return tt__store_fail(error,
                              result == -ENOENT   ? TT_STORE_MISSING
                              : result == -EISDIR ? TT_STORE_DIRECTORY
                                                  : TT_STORE_FAILED,
                              result == -EISDIR ? "%s: is a directory, and no store"
                                                : "%s: its folder cannot be used: %s",
                              options->store, strerror(-result));
    result = tt__ring_dir_of_store(store, default_dir, PATH_MAX);
    if (!options->ring_dir)
        options->ring_dir = default_dir;
    if (result == 0)
        result = tt__ring_dir_prepare(options->ring_dir, options->keep ? NULL : store);
    if (result < 0)
        return tt__store_fail(error, TT_STORE_FAILED, "%s: cannot be used as ring dir: %s", options->ring_dir,
                              why_no_ring_dir(result));
    *out_fd = open(options->ring_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (*out_fd < 0)
        return tt__store_fail(error, TT_STORE_FAILED, "%s: cannot be opened: %s", options->ring_dir, strerror(errno));
    return 0;
}

/* Whether the folder that is locked is still the one that others find: the recorder before may have deleted it. */
static bool has_its_name(int dir_fd, const char *ring_dir)
{
    struct stat ours, found;
    return fstat(dir_fd, &ours) == 0 && stat(ring_dir, &found) == 0 && ours.st_dev == found.st_dev &&
           ours.st_ino == found.st_ino;
}

int tt__recorder_enter(struct tt_recorder_options *options, char default_dir[PATH_MAX], int *dir_fd, int *lock_fd,
                       struct tt_store_error *out_error)
{
    int has_lock;
    do {
        tt__recorder_leave(dir_fd, lock_fd);
        has_lock = open_dir(options, default_dir, dir_fd, out_error) < 0
                       ? -1
                       : tt__recorder_lock(*dir_fd, options, lock_fd, out_error);
    } while (has_lock == 1 && !has_its_name(*dir_fd, options->ring_dir));
    return has_lock;
}

void tt__recorder_leave(int *dir_fd, int *lock_fd)
{
    if (*lock_fd >= 0)
        close(*lock_fd);
    if (*dir_fd >= 0)
        close(*dir_fd);
    *lock_fd = *dir_fd = -1;
}

void tt__recorder_refuse(const struct tt_recorder_options *options, enum tt_store_error_kind kind)
{
    if (kind == TT_STORE_NOT_SQLITE || kind == TT_STORE_OTHER_APPLICATION || kind == TT_STORE_NEWER_SCHEMA ||
        kind == TT_STORE_DAMAGED || kind == TT_STORE_NETWORK)
        tt__ring_dir_refuse(options->ring_dir, options->store);
}
