/* recorder_folder.c: see recorder_folder.h. */
#include "recorder_folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "arena.h"
#include "ring_dir.h"

#define UNFINISHED_SECONDS 10 /* after which an arena that was never finished counts as left behind */

static bool is_arena_name(const char *name)
{
    size_t length = strlen(name), suffix = sizeof TT_ARENA_SUFFIX - 1;
    return name[0] != '.' && length > suffix && strcmp(name + length - suffix, TT_ARENA_SUFFIX) == 0;
}

int tt__folder_for_each(int dir_fd, int (*on_arena)(void *context, const char *name), void *context)
{
    int fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC); /* a position of its own */
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    int result = 0;
    if (!dir) {
        if (fd >= 0)
            close(fd);
        return -1;
    }
    for (struct dirent *entry; result == 0 && (entry = readdir(dir)) != NULL;)
        if (is_arena_name(entry->d_name))
            result = on_arena(context, entry->d_name);
    closedir(dir);
    return result;
}

/* What stands in the header, unchecked: it only decides about an order. File times are too coarse for that. */
static int64_t read_beginning(int dir_fd, const char *name)
{
    uint64_t began_ns = 0;
    int fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return 0;
    off_t offset = offsetof(struct tt_arena_header, clock_first) + offsetof(struct tt_clock_pair, monotonic_ns);
    if (pread(fd, &began_ns, sizeof began_ns, offset) != sizeof began_ns)
        began_ns = 0;
    close(fd);
    return (int64_t)began_ns;
}

struct listing {
    int dir_fd;
    bool (*is_wanted)(void *context, const char *name);
    void *context;
    struct tt__arena_list *list;
};

static int add_arena(void *context, const char *name)
{
    struct listing *listing = context;
    struct tt__arena_list *list = listing->list;
    if (!listing->is_wanted(listing->context, name))
        return 0;
    if (list->count == list->capacity) {
        size_t capacity = list->capacity ? 2 * list->capacity : 16;
        struct tt__listed_arena *arenas = reallocarray(list->arenas, capacity, sizeof *arenas);
        if (!arenas)
            return 0;
        list->arenas = arenas;
        list->capacity = capacity;
    }
    struct tt__listed_arena *arena = &list->arenas[list->count++];
    snprintf(arena->name, sizeof arena->name, "%s", name);
    arena->began_ns = read_beginning(listing->dir_fd, name);
    return 0;
}

static int compare_beginnings(const void *a, const void *b)
{
    const struct tt__listed_arena *first = a, *second = b;
    return (first->began_ns > second->began_ns) - (first->began_ns < second->began_ns);
}

void tt__folder_list(int dir_fd, bool (*is_wanted)(void *context, const char *name), void *context,
                     struct tt__arena_list *out_list)
{
    struct listing listing = {dir_fd, is_wanted, context, out_list};
    memset(out_list, 0, sizeof *out_list);
    tt__folder_for_each(dir_fd, add_arena, &listing);
    if (out_list->count > 1)
        qsort(out_list->arenas, out_list->count, sizeof *out_list->arenas, compare_beginnings);
}

void tt__folder_list_finish(struct tt__arena_list *list)
{
    free(list->arenas);
    memset(list, 0, sizeof *list);
}

bool tt__folder_may_become_ready(int dir_fd, const char *name)
{
    struct stat stat_buffer;
    long pid = strtol(name, NULL, 10);
    if (fstatat(dir_fd, name, &stat_buffer, AT_SYMLINK_NOFOLLOW) < 0)
        return false;
    if (time(NULL) - stat_buffer.st_mtime <= UNFINISHED_SECONDS)
        return true;
    if (pid > 0 && kill((pid_t)pid, 0) < 0 && errno == ESRCH && S_ISREG(stat_buffer.st_mode) &&
        stat_buffer.st_uid == geteuid())
        unlinkat(dir_fd, name, 0);
    return false;
}

static int find_any(void *context, const char *name)
{
    (void)context, (void)name;
    return 1;
}

bool tt__folder_has_arena(int dir_fd)
{
    return tt__folder_for_each(dir_fd, find_any, NULL) != 0;
}

static int move_arena(void *context, const char *name)
{
    const int *fds = context;
    (void)renameat(fds[0], name, fds[1], name); /* one that stays is found by who looks for arenas left behind */
    return 0;
}

/* Gives the folder GONE its name back, or its arenas to the folder that has it now. Whether it has it back. */
static bool take_back(int dir_fd, const char *gone, const char *path)
{
    if (renameat2(AT_FDCWD, gone, AT_FDCWD, path, RENAME_NOREPLACE) == 0)
        return true;
    int fds[] = {dir_fd, open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)};
    if (fds[1] < 0)
        return false;
    tt__folder_for_each(dir_fd, move_arena, fds);
    close(fds[1]);
    return false;
}

static void delete_empty(int dir_fd, const char *gone)
{
    (void)unlinkat(dir_fd, TT_RING_DIR_STORE, 0);
    (void)unlinkat(dir_fd, TT_RING_DIR_LOCK, 0);
    (void)unlinkat(dir_fd, TT_RING_DIR_REFUSED, 0);
    (void)rmdir(gone);
}

bool tt__folder_delete(int dir_fd, const char *path)
{
    char gone[PATH_MAX];
    if (snprintf(gone, sizeof gone, "%s.%ld", path, (long)getpid()) >= (int)sizeof gone ||
        tt__folder_has_arena(dir_fd) || rename(path, gone) < 0)
        return true;
    int found = tt__folder_for_each(dir_fd, find_any, NULL);
    if (found == 0 || (!take_back(dir_fd, gone, path) && tt__folder_for_each(dir_fd, find_any, NULL) == 0))
        delete_empty(dir_fd, gone);
    return found <= 0;
}
