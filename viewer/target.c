/* target.c: see target.h. */
#include "target.h"

#include "leftovers.h"
#include "output/output.h"
#include "command.h"
#include "ring_dir.h"
#include "session.h"
#include "store_claim.h"
#include "store_draft.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define ASIDE ".replaced-"

static const char *const companions[] = {"", "-wal", "-shm", "-journal"};

/* ------------------------------------------------------------------------------------------------------- set aside */

/* Gives the store at FROM, with what SQLite keeps beside it, the name TO. */
static int move_store(const char *from, const char *to)
{
    for (size_t i = 0; i < sizeof companions / sizeof *companions; i++) {
        char old[PATH_MAX + 48], new[PATH_MAX + 48];
        snprintf(old, sizeof old, "%s%s", from, companions[i]);
        snprintf(new, sizeof new, "%s%s", to, companions[i]);
        if (rename(old, new) < 0 && errno != ENOENT)
            return -1;
    }
    return 0;
}

static void remove_store(const char *path)
{
    for (size_t i = 0; i < sizeof companions / sizeof *companions; i++) {
        char file[PATH_MAX + 48];
        snprintf(file, sizeof file, "%s%s", path, companions[i]);
        unlink(file);
    }
}

static void name_aside(char out_path[PATH_MAX + 32], const struct tt_target *target)
{
    snprintf(out_path, PATH_MAX + 32, "%s" ASIDE "%ld", target->path, (long)getpid());
}

/* The lock of a file that is set aside: as long as somebody has it, it is his. -1: somebody else has it. */
static int lock_aside(const char *path)
{
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd >= 0 && tt__store_claim(fd) == 0)
        return fd;
    int error = errno;
    if (fd >= 0)
        close(fd);
    errno = error;
    return -1;
}

static int set_aside(struct tt_target *target)
{
    char aside[PATH_MAX + 32];
    name_aside(aside, target);
    target->aside_fd = lock_aside(target->path);
    if (target->aside_fd < 0)
        return -1;
    target->is_set_aside = true;
    return move_store(target->path, aside);
}

/* What somebody else has begun to write under the name meanwhile is his. */
static void remove_unwritten(const char *path)
{
    int fd = lock_aside(path);
    if (fd < 0 && errno == EWOULDBLOCK)
        return;
    remove_store(path);
    if (fd >= 0)
        close(fd);
}

/* One that somebody set aside who was killed then. A new recording that has its name replaces it, as he wanted. */
static void settle_aside(const struct tt_target *target, const char *aside)
{
    struct stat status;
    int fd = lock_aside(aside);
    if (fd < 0)
        return;
    if (lstat(target->path, &status) == 0)
        remove_store(aside);
    else if (move_store(aside, target->path) == 0)
        tt__complain("%s: the earlier recording in %s was set aside by a command that was killed; it is back",
                     target->command, target->name);
    close(fd);
}

static bool is_aside_name(const char *name, const char *base)
{
    size_t length = strlen(base);
    if (strncmp(name, base, length) != 0 || strncmp(name + length, ASIDE, strlen(ASIDE)) != 0)
        return false;
    const char *number = name + length + strlen(ASIDE);
    return *number != '\0' && number[strspn(number, "0123456789")] == '\0';
}

static void settle_dead(const struct tt_target *target)
{
    char folder[PATH_MAX];
    const char *slash = strrchr(target->path, '/');
    snprintf(folder, sizeof folder, "%.*s", slash == target->path ? 1 : (int)(slash - target->path), target->path);
    DIR *entries = opendir(folder);
    for (struct dirent *entry; entries != NULL && (entry = readdir(entries)) != NULL;) {
        char aside[PATH_MAX + NAME_MAX + 2];
        snprintf(aside, sizeof aside, "%s/%s", folder, entry->d_name);
        if (is_aside_name(entry->d_name, slash + 1))
            settle_aside(target, aside);
    }
    if (entries != NULL)
        closedir(entries);
}

/* ------------------------------------------------------------------------------------------------------ how it ends */

static int fail_as(const struct tt_store_error *error, const struct tt_target *target)
{
    tt__complain("%s: %s", target->command, error->text);
    return TT_EXIT_OUTSIDE;
}

static void tell_replaced(const struct tt_target *target)
{
    tt__complain("%s: replacing the recording in %s", target->command, target->name);
}

int tt__target_keep(struct tt_target *target)
{
    struct tt_store_error error;
    struct tt_store_draft *draft = target->draft;
    char aside[PATH_MAX + 32];
    if (draft != NULL) {
        bool replaces = tt_store_draft_has_earlier(draft) && !target->was_there;
        target->draft = NULL;
        if (tt_store_draft_publish(draft, &error) < 0)
            return fail_as(&error, target);
        if (replaces)
            tell_replaced(target);
    }
    if (target->is_set_aside) {
        if (!target->is_told)
            tell_replaced(target);
        name_aside(aside, target);
        remove_store(aside);
        close(target->aside_fd);
        target->is_set_aside = false;
    }
    return -1;
}

void tt__target_restore(struct tt_target *target)
{
    char aside[PATH_MAX + 32];
    tt_store_draft_discard(target->draft);
    target->draft = NULL;
    if (target->is_cleared && !target->was_there)
        remove_unwritten(target->path);
    if (!target->is_set_aside)
        return;
    name_aside(aside, target);
    if (access(target->path, F_OK) == 0)
        tt__complain("%s: the earlier recording is now called %s, for there is another one in %s", target->command,
                     aside, target->name);
    else if (move_store(aside, target->path) < 0)
        tt__complain("%s: the earlier recording is now called %s: %s", target->command, aside, strerror(errno));
    close(target->aside_fd);
    target->is_set_aside = false;
}

int tt__target_find(const char *command, const char *name, struct tt_target *out_target)
{
    *out_target = (struct tt_target){.command = command, .name = name};
    int error = tt__store_canonical_path(name, out_target->path, sizeof out_target->path);
    if (error == 0)
        error = tt__ring_dir_of_store(out_target->path, out_target->ring_dir, sizeof out_target->ring_dir);
    if (error == 0)
        return -1;
    tt__complain("%s: cannot write %s: %s; name another file with -o", command, name, strerror(-error));
    return TT_EXIT_OUTSIDE;
}

/* Whether the store's name stands for something that is neither replaced nor gone on with; then says so. */
static bool is_taken(const struct tt_target *target, enum tt_file_kind kind)
{
    struct stat status;
    const char *what = NULL;
    bool is_there = lstat(target->path, &status) == 0;
    if (!is_there && errno != ENOENT) {
        tt__complain("%s: cannot write %s: %s; name another file with -o", target->command, target->name, strerror(errno));
        return true;
    }
    if (is_there && S_ISREG(status.st_mode) && status.st_size == 0)
        return false; /* nothing is lost with it */
    else if (is_there && S_ISLNK(status.st_mode))
        what = "is a symbolic link, and stores are not written through links";
    else if (kind == TT_FILE_NEWER_STORE)
        what = "was written by a newer telltale";
    else if (kind == TT_FILE_OTHER || kind == TT_FILE_UNREADABLE)
        what = "is there and is not a telltale store that can be read";
    if (what != NULL)
        tt__complain("%s: %s %s; name another file with -o", target->command, target->name, what);
    return what != NULL;
}

/* Who writes the store, an import that follows a session say, goes on with it; then says so. */
static bool is_written(const struct tt_target *target)
{
    struct stat status;
    long writer = lstat(target->path, &status) == 0 ? tt__leftovers_find_writer(&status) : 0;
    int fd = lock_aside(target->path);
    bool is_busy = fd < 0 && errno == EWOULDBLOCK;
    if (fd >= 0)
        close(fd);
    if (is_busy && writer != 0)
        tt__complain("%s: %s is being written by process %ld; name another file with -o", target->command,
                     target->name, writer);
    else if (is_busy)
        tt__complain("%s: %s is being written; name another file with -o", target->command, target->name);
    return is_busy;
}

/* A recorder whose processes have ended ends, too, some time later: with what is in the ring dir then, or after a while. */
static struct tt_ring_dir_content await_end_of_recorder(const char *ring_dir)
{
    enum { STEP_US = 20000, STEPS = 500 };
    struct tt_ring_dir_content content = tt__leftovers_look(ring_dir);
    for (int i = 0; i < STEPS && content.has_recorder && !tt__leftovers_has_running(ring_dir); i++) {
        usleep(STEP_US);
        content = tt__leftovers_look(ring_dir);
    }
    return content;
}

int tt__target_check(struct tt_target *target, bool is_appending)
{
    struct stat status;
    if (stat(target->path, &status) == 0 && S_ISDIR(status.st_mode)) {
        tt__complain("%s: cannot write %s: %s; name a file with -o", target->command, target->name, strerror(EISDIR));
        return TT_EXIT_OUTSIDE;
    }
    settle_dead(target);
    enum tt_file_kind kind = tt__session_file_kind(target->path);
    if (is_taken(target, kind))
        return TT_EXIT_INPUT;
    target->was_there = is_appending && kind == TT_FILE_STORE;
    struct tt_ring_dir_content content = tt__leftovers_look(target->ring_dir);
    target->has_recorder = content.has_recorder;
    if (is_appending)
        return -1;
    tt__leftovers_recover(target->path);
    content = await_end_of_recorder(target->ring_dir);
    target->has_recorder = content.has_recorder;
    if (!content.has_recorder && content.arena_count == 0)
        return kind == TT_FILE_STORE && is_written(target) ? TT_EXIT_OUTSIDE : -1;
    if (content.has_recorder || tt__leftovers_has_running(target->ring_dir))
        tt__complain("%s: %s is still being recorded; name another file with -o, or join it with --append", target->command,
                     target->name);
    else
        tt__complain("%s: what was recorded for %s cannot be read into it, and is still in %s; telltale import %s -o FILE makes a store of it; "
                     "delete that folder, or name another file with -o",
                     target->command, target->name, target->ring_dir, target->ring_dir);
    return TT_EXIT_OUTSIDE;
}

int tt__target_clear(struct tt_target *target, bool is_appending, bool tells)
{
    if (is_appending || tt__session_file_kind(target->path) == TT_FILE_MISSING) {
        target->is_cleared = true;
        return -1;
    }
    if (set_aside(target) == 0) {
        target->is_cleared = true;
        target->is_told = tells;
        if (tells)
            tell_replaced(target);
        return -1;
    }
    tt__complain("%s: cannot replace %s: %s; name another file with -o", target->command, target->name,
                 strerror(errno));
    tt__target_restore(target);
    return TT_EXIT_OUTSIDE;
}

int tt__target_draft(struct tt_target *target)
{
    struct tt_store_error error;
    return tt_store_draft_open(target->path, target->was_there, &target->draft, &error) < 0 ? fail_as(&error, target)
                                                                                            : -1;
}
