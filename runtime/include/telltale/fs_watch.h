/* telltale/fs_watch.h: files that change, waited for.
 *
 *     tt_fs_watch *watch = tt_fs_watch_open("/etc/app");
 *     struct tt_fs_change change;
 *     while (tt_fs_watch_next(watch, &change) == 0)
 *         if (change.kind == TT_FS_WRITTEN && strcmp(change.name, "app.conf") == 0)
 *             reload();
 *
 * Two ways. A watch hears from the kernel (inotify) what happens to a file, or in a folder, but not in the folders below it; on
 * some file systems, those of a network say, only of what this machine does. A poll looks at one path from time to time, which
 * works anywhere and misses what is undone between two looks.
 *
 * Changes that nobody has asked for yet wait in the kernel, up to a bound (/proc/sys/fs/inotify/max_queued_events); what is lost
 * beyond it is told as TT_FS_OVERFLOW: whoever keeps a picture of the files has to look at them anew then.
 *
 * Calls that suspend work inside of timeouts and can be cancelled at any instant: what has happened is then still to be told. Those
 * that need not wait give others a turn now and then ("Turns for the others" in telltale/loop.h).
 *
 * Threads: on the loop's thread, calls that suspend inside a task. Events, while the category io is on: io_started, io_finished.
 * From: inotify(7), libuv's uv_fs_event and uv_fs_poll; asyncio has nothing of the kind. */
#ifndef TELLTALE_FS_WATCH_H
#define TELLTALE_FS_WATCH_H

#include <sys/stat.h>

#include <telltale/task.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ----------------------------------------------------------------------------------------------------- watches */

typedef struct tt_fs_watch tt_fs_watch;

enum tt_fs_change_kind {
    TT_FS_CREATED = 1, /* `name` is new in the folder */
    TT_FS_REMOVED,     /* `name` was removed from the folder */
    TT_FS_MOVED_FROM,  /* `name` was moved away from it: the same `cookie` tells where to, if that is watched too */
    TT_FS_MOVED_TO,    /* something was moved there, and is `name` now */
    TT_FS_MODIFIED,    /* bytes were written, or cut off */
    TT_FS_WRITTEN,     /* who had it open for writing has closed it: time to read it */
    TT_FS_ATTRIBUTES,  /* its mode, owner, times or number of links changed */
    TT_FS_MOVED,       /* what is watched was moved itself; it is watched all the same */
    TT_FS_GONE,        /* what is watched is no more, or its file system: nothing more is heard of it */
    TT_FS_OVERFLOW,    /* changes were lost, nobody knows which; `path` and `name` are empty */
};

/* A change. The texts are the watch's, until the next call of tt_fs_watch_next, tt_fs_watch_remove or tt_fs_watch_close. */
struct tt_fs_change {
    enum tt_fs_change_kind kind;
    const char *path; /* what is watched, as it was told to the watch */
    const char *name; /* of the file in that folder; empty: it is about `path` itself */
    bool is_folder;   /* what `name` stands for */
    uint32_t cookie;  /* of moves */
};

/* Watches PATH, a file or folder, from now on. The caller's, in the end for tt_fs_watch_close. In a task or callback; never
 * suspends. NULL with an exception pending: OSError ("[Errno 2] No such file or directory: watch /no/such"; EMFILE where the user
 * has too many watches, ENOSPC where they watch too many paths), RuntimeError "no running event loop", MemoryError. */
#define tt_fs_watch_open(path) tt_fs_watch_open_at(TT_HERE, (path))
TT_API tt_fs_watch *tt_fs_watch_open_at(tt_site *site, const char *path) TT_MUST_USE;

/* Watches PATH too: 0; -1 as tt_fs_watch_open. A file that is watched already, by any name, stays as it is. */
#define tt_fs_watch_add(watch, path) tt_fs_watch_add_at(TT_HERE, (watch), (path))
TT_API int tt_fs_watch_add_at(tt_site *site, tt_fs_watch *watch, const char *path) TT_MUST_USE;

/* Watches PATH, written as it was told, no more; nothing is told of it from now on. Whether it was watched. */
TT_API bool tt_fs_watch_remove(tt_fs_watch *watch, const char *path);

/* Suspends until something has changed: 0, and what in *OUT_CHANGE. One task at a time. -1 with an exception pending:
 * CancelledError and its like; RuntimeError when another task waits, or WATCH is closed meanwhile; OSError. */
#define tt_fs_watch_next(watch, out_change) tt_fs_watch_next_at(TT_HERE, (watch), (out_change))
TT_API int tt_fs_watch_next_at(tt_site *site, tt_fs_watch *watch, struct tt_fs_change *out_change) TT_MUST_USE;

/* Closes WATCH and frees it; NULL ok. Never suspends. errno and what is pending stay. */
TT_API void tt_fs_watch_close(tt_fs_watch *watch);

/* ------------------------------------------------------------------------------------------------------- polls */

/* Looks at a path again and again. The caller's memory, nothing to free. */
struct tt_fs_poll {
    const char *path;             /* borrowed */
    int64_t interval_ns, next_ns; /* between two looks; when the next one is due, in tt_loop_time */
    int error, error_before;      /* why it could not be looked at, an errno value: ENOENT when it is not there; 0 */
    struct stat stat, before;     /* what it was at the last look, and when it was last different; where error is 0 */
};

/* Looks at PATH for the first time, and makes *OUT_POLL. Suspends: see tt_fs_stat (telltale/fs.h). 0, also where there is no such
 * path; or -1 with an exception pending: CancelledError and its like, MemoryError. Precondition fs_poll_begin.interval: it is more
 * than 0. */
#define tt_fs_poll_begin(out_poll, path, interval_ns) tt_fs_poll_begin_at(TT_HERE, (out_poll), (path), (interval_ns))
TT_API int tt_fs_poll_begin_at(tt_site *site, struct tt_fs_poll *out_poll, const char *path,
                               int64_t interval_ns) TT_MUST_USE;

/* Suspends until a look finds something else than the last one: times, size, inode, mode, owner, links, or that PATH is there or
 * not. 0, with what it is and what it was in POLL; -1 as above, then POLL is as it was. */
#define tt_fs_poll_next(poll) tt_fs_poll_next_at(TT_HERE, (poll))
TT_API int tt_fs_poll_next_at(tt_site *site, struct tt_fs_poll *poll) TT_MUST_USE;

#ifdef __cplusplus
}
#endif

#endif
