/* target.c: see target.h. An earlier recording is set aside under another name until the new one is worth more. */
#include "target.h"

#include "leftovers.h"
#include "output/output.h"
#include "command.h"
#include "ring_dir.h"
#include "session.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const companions[] = {"", "-wal", "-shm"};

static void name_aside(char *out_path, size_t size, const struct tt_target *target, const char *companion)
{
    if (snprintf(out_path, size, "%s.replaced-%ld%s", target->path, (long)getpid(), companion) >= (int)size)
        out_path[0] = '\0';
}

/* Gives the earlier store another name, or its name back. */
static int move_store(struct tt_target *target, bool is_back)
{
    for (size_t i = 0; i < sizeof companions / sizeof *companions; i++) {
        char here[PATH_MAX + 8], aside[PATH_MAX + 40];
        snprintf(here, sizeof here, "%s%s", target->path, companions[i]);
        name_aside(aside, sizeof aside, target, companions[i]);
        int result = is_back ? rename(aside, here) : rename(here, aside);
        if (result < 0 && errno != ENOENT)
            return -1;
    }
    target->is_set_aside = !is_back;
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

void tt__target_forget(struct tt_target *target)
{
    char aside[PATH_MAX + 40];
    name_aside(aside, sizeof aside, target, "");
    if (target->is_set_aside)
        remove_store(aside);
}

void tt__target_restore(struct tt_target *target)
{
    if (!target->was_there)
        remove_store(target->path);
    if (target->is_set_aside && move_store(target, true) < 0)
        tt__complain("%s: the earlier recording is now called %s.replaced-%ld: %s", target->command, target->path,
                     (long)getpid(), strerror(errno));
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
    if (lstat(target->path, &status) == 0 && S_ISLNK(status.st_mode))
        what = "is a symbolic link, and stores are not written through links";
    else if (kind == TT_FILE_NEWER_STORE)
        what = "was written by a newer telltale";
    else if (kind == TT_FILE_OTHER || kind == TT_FILE_UNREADABLE)
        what = "is there and is not a telltale store that can be read";
    if (what != NULL)
        tt__complain("%s: %s %s; name another file with -o", target->command, target->name, what);
    return what != NULL;
}

int tt__target_clear(struct tt_target *target, bool is_appending)
{
    struct stat status;
    if (stat(target->path, &status) == 0 && S_ISDIR(status.st_mode)) {
        tt__complain("%s: cannot write %s: %s; name a file with -o", target->command, target->name, strerror(EISDIR));
        return TT_EXIT_OUTSIDE;
    }
    enum tt_file_kind kind = tt__session_file_kind(target->path);
    if (is_taken(target, kind))
        return TT_EXIT_INPUT;
    target->was_there = is_appending && kind == TT_FILE_STORE;
    struct tt_ring_dir_content content = tt__leftovers_look(target->ring_dir);
    target->has_recorder = content.has_recorder;
    if (is_appending)
        return -1;
    tt__leftovers_recover(target->path);
    content = tt__leftovers_look(target->ring_dir);
    if (content.has_recorder || content.arena_count > 0) {
        tt__complain("%s: %s is still being recorded; name another file with -o, or join it with --append",
                     target->command, target->name);
        return TT_EXIT_OUTSIDE;
    }
    if (kind == TT_FILE_MISSING && tt__session_file_kind(target->path) == TT_FILE_MISSING)
        return -1;
    if (move_store(target, false) == 0) {
        tt__complain("%s: replacing the recording in %s", target->command, target->name);
        return -1;
    }
    tt__complain("%s: cannot replace %s: %s; name another file with -o", target->command, target->name,
                 strerror(errno));
    tt__target_restore(target);
    return TT_EXIT_OUTSIDE;
}
