/* recorder_lock.c: see recorder_lock.h. */
#include "recorder_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "arena_reader.h"
#include "recorder_folder.h"
#include "ring_dir.h"
#include "store_check.h"

#define LOCK_WAIT_MS 20

/* An arena that nobody reads yet. */
static int find_orphan(void *context, const char *name)
{
    const char *reason;
    struct tt__arena_reader arena;
    int dir_fd = *(int *)context;
    enum tt__arena_open_result result = tt__arena_open(dir_fd, name, &arena, &reason);
    if (result != TT__ARENA_OPENED)
        return result == TT__ARENA_NOT_READY;
    bool is_read = atomic_load_explicit(&tt__arena_header(&arena)->recorder_pid, memory_order_relaxed) != 0;
    tt__arena_close(&arena);
    return !is_read;
}

static int open_lock(int dir_fd)
{
    return openat(dir_fd, TT_RING_DIR_LOCK, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
}

int tt__recorder_lock(int dir_fd, const struct tt_recorder_options *options, int *out_fd,
                      struct tt_store_error *out_error)
{
    const struct timespec moment = {0, LOCK_WAIT_MS * 1000000L};
    *out_fd = open_lock(dir_fd);
    if (*out_fd < 0)
        return tt__store_fail(out_error, TT_STORE_FAILED, "%s: its lock cannot be opened: %s", options->ring_dir,
                              strerror(errno));
    for (;;) {
        if (flock(*out_fd, LOCK_EX | LOCK_NB) == 0)
            return 1;
        if (errno != EWOULDBLOCK && errno != EINTR)
            return tt__store_fail(out_error, TT_STORE_FAILED, "%s: cannot be locked: %s", options->ring_dir,
                                  strerror(errno));
        if (options->recover)
            return 0;
        if (!options->supervised && tt__folder_for_each(dir_fd, find_orphan, &dir_fd) == 0)
            return 0;
        nanosleep(&moment, NULL);
    }
}

bool tt__recorder_has_lock(int dir_fd)
{
    int fd = openat(dir_fd, TT_RING_DIR_LOCK, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    /* Shared, and given back at once: a recorder that starts in this moment waits for it. */
    bool is_free = fd < 0 || flock(fd, LOCK_SH | LOCK_NB) == 0;
    if (fd >= 0)
        close(fd);
    return !is_free;
}

int tt_recorder_is_needed(const char *ring_dir)
{
    int dir_fd = open(ring_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir_fd < 0)
        return 0;
    int is_needed = tt__folder_has_arena(dir_fd);
    int lock_fd = is_needed ? open_lock(dir_fd) : -1;
    if (lock_fd >= 0) {
        is_needed = flock(lock_fd, LOCK_EX | LOCK_NB) == 0;
        close(lock_fd);
    }
    close(dir_fd);
    return is_needed;
}
