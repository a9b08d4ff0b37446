/* store_claim.c: see store_claim.h. */
#include "store_claim.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

/* No file is so large, and SQLite's own bytes lie at 1 GiB. */
#define GIVES_WAY_AT (INT64_C(1) << 62)
#define WANTED_AT    (GIVES_WAY_AT + 1)

/* The holder looks more often than a thousand times a second; ending a transaction may take longer. */
#define PATIENCE_MS 10000
#define STEP_MS     2
#define INSTANT_MS  20 /* as long as who only looks may have it */

static struct flock byte_at(int64_t at, short type)
{
    return (struct flock){.l_type = type, .l_whence = SEEK_SET, .l_start = at, .l_len = 1};
}

static void set_lock(int fd, int64_t at, short type)
{
    struct flock lock = byte_at(at, type);
    (void)fcntl(fd, F_OFD_SETLK, &lock);
}

/* Whether another descriptor has a lock of that byte which a lock of TYPE would meet. */
static bool is_locked(int fd, int64_t at, short type)
{
    struct flock lock = byte_at(at, type);
    return fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

int tt__store_claim(int fd)
{
    if (flock(fd, LOCK_EX | LOCK_NB) == 0)
        return 0;
    if (errno != EWOULDBLOCK)
        return -1;
    set_lock(fd, WANTED_AT, F_RDLCK);
    int result = -1;
    for (int waited_ms = 0; waited_ms < PATIENCE_MS && result < 0; waited_ms += STEP_MS) {
        bool gives_way = is_locked(fd, GIVES_WAY_AT, F_RDLCK);
        result = flock(fd, LOCK_EX | LOCK_NB); /* the holder may have gone between the two looks */
        if (result == 0 || (!gives_way && waited_ms >= INSTANT_MS))
            break;
        nanosleep(&(struct timespec){.tv_nsec = STEP_MS * 1000000L}, NULL);
    }
    set_lock(fd, WANTED_AT, F_UNLCK);
    if (result < 0)
        errno = EWOULDBLOCK;
    return result;
}

bool tt__store_is_claimed(int fd)
{
    if (flock(fd, LOCK_SH | LOCK_NB) < 0)
        return errno == EWOULDBLOCK;
    flock(fd, LOCK_UN);
    return false;
}

void tt__store_give_way(int fd)
{
    set_lock(fd, GIVES_WAY_AT, F_WRLCK);
}

bool tt__store_is_wanted(int fd)
{
    return is_locked(fd, WANTED_AT, F_WRLCK);
}
