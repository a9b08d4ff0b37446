/* fs_watch.c: files that change, heard from the kernel. See telltale/fs_watch.h.
 *
 * A watch is an inotify descriptor, read as any other descriptor (io.c). libuv's uv_fs_event was rejected: it tells in callbacks
 * what nobody asked for yet, folds all kinds into two, and drops what the kernel says of an overflow.
 *
 *     open --tt_fs_watch_close--> closed: descriptor is -1, the program has let go of it; the call that was inside frees it
 *
 * The program has one reference, and the call that waits has one while it is inside.
 *
 * The loop's thread. From: inotify(7). */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <telltale/fs_watch.h>

#include "fs_call.h"
#include "io.h"
#include "line.h"
#include "precond.h"

enum {
    BUFFER_BYTES = 4096, /* some dozens of changes; one takes at most 16 + 256 */
    WANTED = IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_MODIFY | IN_CLOSE_WRITE | IN_ATTRIB |
             IN_MOVE_SELF | IN_DELETE_SELF,
};

/* A path that is watched. */
struct entry {
    struct entry *next;
    int number; /* the kernel's */
    char path[];
};

struct tt_fs_watch {
    struct tt_waitable waitable; /* its loop is set from the beginning */
    int descriptor;              /* -1: closed */
    struct entry *entries;
    struct entry *told;    /* it has gone, which was told: freed by the next call */
    struct tt_io *reading; /* the call that waits */
    size_t begin, end;     /* what is to be told, in the buffer */
    _Alignas(struct inotify_event) char buffer[BUFFER_BYTES];
};

/* ------------------------------------------------------------------------------------------------- life and memory */

static int write_repr(const struct tt_waitable *waitable, char *buffer, size_t size)
{
    const tt_fs_watch *watch = tt_container_of(waitable, struct tt_fs_watch, waitable);

    return snprintf(buffer, size, "<watch %s>", watch->entries ? watch->entries->path : "nothing");
}

static void dismiss(struct tt_waitable *waitable)
{
    tt_fs_watch *watch = tt_container_of(waitable, struct tt_fs_watch, waitable);
    int descriptor = watch->descriptor;

    tt__watch_remove(waitable->loop, descriptor, false);
    watch->descriptor = -1;
    close(descriptor);
    if (watch->reading)
        tt__io_end(watch->reading, ECANCELED);
}

static void free_told(tt_fs_watch *watch)
{
    free(watch->told);
    watch->told = NULL;
}

static void free_watch(struct tt_waitable *waitable)
{
    tt_fs_watch *watch = tt_container_of(waitable, struct tt_fs_watch, waitable);
    struct entry *entry;

    assert(watch->descriptor < 0 && !watch->reading && "nobody is inside");
    while ((entry = watch->entries) != NULL) {
        watch->entries = entry->next;
        free(entry);
    }
    free_told(watch);
    tt__waitable_finish(waitable);
    free(watch);
}

/* A watch of nothing; NULL with an exception pending. */
static tt_fs_watch *create(tt_site *site, tt_loop *loop, const char *path)
{
    static const struct tt_waitable_ops ops = {.repr = write_repr, .dismiss = dismiss, .free = free_watch};
    int descriptor = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    tt_fs_watch *watch;

    if (descriptor < 0) {
        tt_raise_errno_at(site, errno, "watch %s", path);
        return NULL;
    }
    watch = calloc(1, sizeof *watch);
    if (!watch) {
        close(descriptor);
        tt_raise_at(site, &tt_MemoryError, "no memory to watch %s", path);
        return NULL;
    }
    tt__waitable_init(&watch->waitable, &watch->waitable, &ops);
    watch->waitable.loop = tt__loop_ref(loop);
    watch->descriptor = descriptor;
    return watch;
}

tt_fs_watch *tt_fs_watch_open_at(tt_site *site, const char *path)
{
    tt_loop *loop = tt__running_loop;
    tt_fs_watch *watch;

    tt__fs_check_path(path, site);
    if (tt_exc_pending())
        return NULL;
    if (!loop) {
        tt_raise_at(site, &tt_RuntimeError, "no running event loop");
        return NULL;
    }
    watch = create(site, loop, path);
    if (watch && tt_fs_watch_add_at(site, watch, path) < 0) {
        tt_fs_watch_close(watch);
        return NULL;
    }
    return watch;
}

void tt_fs_watch_close(tt_fs_watch *watch)
{
    int saved_errno = errno;

    if (watch)
        tt__waitable_destroy(&watch->waitable);
    errno = saved_errno;
}

/* ----------------------------------------------------------------------------------------------------------- entries */

static struct entry **find(tt_fs_watch *watch, int number)
{
    struct entry **link = &watch->entries;

    while (*link && (*link)->number != number)
        link = &(*link)->next;
    return link;
}

int tt_fs_watch_add_at(tt_site *site, tt_fs_watch *watch, const char *path)
{
    struct entry *entry;
    size_t size;

    TT_PRECOND("fs_watch_add.watch", site, watch != NULL);
    tt__fs_check_path(path, site);
    if (tt_exc_pending())
        return -1;
    size = strlen(path) + 1;
    entry = malloc(sizeof *entry + size);
    if (!entry)
        return tt_raise_at(site, &tt_MemoryError, "no memory to watch %s", path);
    entry->number = inotify_add_watch(watch->descriptor, path, WANTED);
    if (entry->number < 0 || *find(watch, entry->number)) {
        int error = errno, number = entry->number;

        free(entry);
        return number < 0 ? tt_raise_errno_at(site, error, "watch %s", path) : 0;
    }
    memcpy(entry->path, path, size);
    entry->next = watch->entries;
    watch->entries = entry;
    return 0;
}

bool tt_fs_watch_remove(tt_fs_watch *watch, const char *path)
{
    struct entry **link, *entry;

    TT_PRECOND("fs_watch_remove.watch", NULL, watch != NULL);
    TT_PRECOND("fs_watch_remove.path", NULL, path != NULL);
    link = &watch->entries;
    while (*link && strcmp((*link)->path, path) != 0)
        link = &(*link)->next;
    entry = *link;
    if (!entry)
        return false;
    *link = entry->next;
    inotify_rm_watch(watch->descriptor, entry->number);
    free(entry);
    return true;
}

/* ----------------------------------------------------------------------------------------------------------- changes */

static const struct {
    uint32_t mask;
    enum tt_fs_change_kind kind;
} kinds[] = {
    {IN_CREATE, TT_FS_CREATED},      {IN_DELETE, TT_FS_REMOVED},  {IN_MOVED_FROM, TT_FS_MOVED_FROM},
    {IN_MOVED_TO, TT_FS_MOVED_TO},   {IN_MODIFY, TT_FS_MODIFIED}, {IN_CLOSE_WRITE, TT_FS_WRITTEN},
    {IN_ATTRIB, TT_FS_ATTRIBUTES},   {IN_MOVE_SELF, TT_FS_MOVED}, {IN_IGNORED, TT_FS_GONE},
    {IN_Q_OVERFLOW, TT_FS_OVERFLOW},
};

/* What EVENT means. False: nothing that is told: of a path that was removed, or the first of the two that say that one has gone. */
static bool interpret(tt_fs_watch *watch, const struct inotify_event *event, struct tt_fs_change *out_change)
{
    struct entry **link = find(watch, event->wd), *entry = *link;
    size_t i = 0;

    while (i < sizeof kinds / sizeof kinds[0] && !(event->mask & kinds[i].mask))
        i++;
    if (i == sizeof kinds / sizeof kinds[0] || (!entry && kinds[i].kind != TT_FS_OVERFLOW))
        return false;
    *out_change = (struct tt_fs_change){.kind = kinds[i].kind,
                                        .path = entry ? entry->path : "",
                                        .name = event->len > 0 ? event->name : "",
                                        .is_folder = event->mask & IN_ISDIR,
                                        .cookie = event->cookie};
    if (out_change->kind == TT_FS_GONE) {
        *link = entry->next;
        watch->told = entry;
    }
    return true;
}

/* The next change among those that were read. */
static bool take(tt_fs_watch *watch, struct tt_fs_change *out_change)
{
    while (watch->begin < watch->end) {
        const struct inotify_event *event = (const void *)(watch->buffer + watch->begin);

        watch->begin += sizeof *event + event->len;
        if (interpret(watch, event, out_change))
            return true;
    }
    return false;
}

struct call {
    struct tt_io io;
    tt_fs_watch *watch;
    struct tt_task_object *task;
    tt_site *site;
};

static bool attempt(struct tt_io *io)
{
    return tt__io_is_over(io, read(io->descriptor, tt_container_of(io, struct call, io)->watch->buffer, io->size));
}

static void abandoned(struct tt_io *io)
{
    tt_fs_watch *watch = tt_container_of(io, struct call, io)->watch;

    watch->reading = NULL;
    tt__waitable_unref(&watch->waitable);
}

static int raise_closed(tt_site *site)
{
    return tt_raise_at(site, &tt_RuntimeError, "a watch was closed while a task waited for a change");
}

/* Reads what has happened, at least one thing. 0, or -1 with an exception pending. */
static int fill(struct call *call)
{
    tt_fs_watch *watch = call->watch;
    tt_site *site = call->site;
    int rc;

    if (watch->reading)
        return tt_raise_at(site, &tt_RuntimeError, "another task is already waiting for a change");
    call->io = (struct tt_io){.descriptor = watch->descriptor,
                              .what = TT_IO_KIND_READ,
                              .wait_kind = TT_WAIT_KIND_FILE_CHANGE,
                              .attempt = attempt,
                              .abandoned = abandoned,
                              .size = BUFFER_BYTES};
    watch->reading = &call->io;
    rc = tt__io_perform(call->task, &call->io, true, site);
    watch->reading = NULL;
    if (rc < 0)
        return -1;
    if (watch->waitable.is_destroyed)
        return raise_closed(site);
    if (call->io.error)
        return tt_raise_errno_at(site, call->io.error, "read changes of %s",
                                 watch->entries ? watch->entries->path : "");
    watch->begin = 0;
    watch->end = (size_t)call->io.result;
    return 0;
}

/* What has been read already counts for the step too, and gives others their turn. */
static int next(struct call *call, struct tt_fs_change *out_change)
{
    tt_fs_watch *watch = call->watch;

    if (tt__io_is_spent(call->task)) {
        call->io = (struct tt_io){.abandoned = abandoned};
        if (tt__io_give_turn(call->task, &call->io, call->site) < 0)
            return -1;
        if (watch->waitable.is_destroyed)
            return raise_closed(call->site);
    }
    free_told(watch);
    if (take(watch, out_change)) {
        tt__io_spend(call->task, 0);
        return 0;
    }
    do {
        if (fill(call) < 0)
            return -1;
    } while (!take(watch, out_change));
    return 0;
}

int tt_fs_watch_next_at(tt_site *site, tt_fs_watch *watch, struct tt_fs_change *out_change)
{
    struct call call = {.watch = watch, .task = tt__task_that_may_suspend(site), .site = site};
    int rc;

    TT_PRECOND("fs_watch_next.watch", site, !call.task || watch != NULL);
    TT_PRECOND("fs_watch_next.out_change", site, out_change != NULL);
    if (!call.task)
        return -1;
    if (call.task->future.loop != watch->waitable.loop)
        return tt_raise_at(site, &tt_RuntimeError, "a watch belongs to a different event loop");
    tt__waitable_ref(&watch->waitable);
    rc = next(&call, out_change);
    tt__waitable_unref(&watch->waitable);
    return rc;
}
