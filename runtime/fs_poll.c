/* fs_poll.c: files that are looked at from time to time. See telltale/fs_watch.h.
 *
 * Inside a task. From: libuv's uv_fs_poll, whose fields are compared. */
#include <errno.h>

#include <telltale/fs.h>
#include <telltale/fs_watch.h>
#include <telltale/loop.h>

#include "loop_internal.h"
#include "precond.h"

/* Looks at PATH: 0, and why it cannot be looked at in *OUT_ERROR; -1 with an exception pending. */
static int look(tt_site *site, const char *path, struct stat *out_stat, int *out_error)
{
    *out_error = 0;
    if (tt_fs_stat_at(site, path, out_stat) == 0)
        return 0;
    if (!tt_catch(&tt_OSError))
        return -1;
    *out_error = tt_exc_errno(tt_exc_caught());
    return tt_catch_end();
}

static bool is_same_time(const struct timespec *one, const struct timespec *other)
{
    return one->tv_sec == other->tv_sec && one->tv_nsec == other->tv_nsec;
}

static bool is_same(const struct stat *one, const struct stat *other)
{
    return one->st_size == other->st_size && one->st_ino == other->st_ino && one->st_dev == other->st_dev &&
           one->st_mode == other->st_mode && one->st_uid == other->st_uid && one->st_gid == other->st_gid &&
           one->st_nlink == other->st_nlink && is_same_time(&one->st_mtim, &other->st_mtim) &&
           is_same_time(&one->st_ctim, &other->st_ctim);
}

int tt_fs_poll_begin_at(tt_site *site, struct tt_fs_poll *out_poll, const char *path, int64_t interval_ns)
{
    struct tt_fs_poll poll = {.path = path, .interval_ns = interval_ns};

    TT_PRECOND("fs_poll_begin.interval", site, interval_ns > 0);
    TT_PRECOND("fs_poll_begin.out_poll", site, out_poll != NULL);
    if (look(site, path, &poll.stat, &poll.error) < 0)
        return -1;
    poll.before = poll.stat;
    poll.error_before = poll.error;
    poll.next_ns = tt__loop_deadline(tt__running_loop, interval_ns);
    *out_poll = poll;
    return 0;
}

int tt_fs_poll_next_at(tt_site *site, struct tt_fs_poll *poll)
{
    struct stat stat;
    int error;

    TT_PRECOND("fs_poll_next.poll", site, poll != NULL);
    for (;;) {
        if (tt_sleep_until_at(site, poll->next_ns) < 0 || look(site, poll->path, &stat, &error) < 0)
            return -1;
        poll->next_ns = tt__loop_deadline(tt__running_loop, poll->interval_ns);
        if (error != poll->error || (!error && !is_same(&stat, &poll->stat)))
            break;
    }
    poll->before = poll->stat;
    poll->error_before = poll->error;
    poll->stat = stat;
    poll->error = error;
    return 0;
}
