/* follow: prints a file, and what is added to it from then on, as `tail -F` does.
 *
 *   follow FILE
 *
 * The folder is watched, not the file, so that a file is followed which is moved away and made anew (logs are), and one that
 * is not there yet. What has changed is found by reading, a change only says when; so nothing depends on each of them being told.
 * Ctrl-C ends it. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include <telltale/telltale.h>

struct follower {
    const char *path;
    int file;       /* -1: there is none */
    struct stat is; /* which one that is */
    off_t position; /* up to where it was printed */
};

/* Prints what is behind the position. */
static int print_new(struct follower *follower)
{
    char buffer[4096];
    ssize_t size;

    while ((size = tt_fs_pread(follower->file, buffer, sizeof buffer, follower->position)) > 0) {
        fwrite(buffer, 1, (size_t)size, stdout);
        follower->position += size;
    }
    fflush(stdout);
    return (int)size;
}

static int close_file(struct follower *follower)
{
    int file = follower->file;

    follower->file = -1;
    return file < 0 ? 0 : tt_fs_close(file);
}

/* Opens what stands at the path. That there is nothing is no failure. */
static int open_file(struct follower *follower)
{
    follower->file = tt_fs_open(follower->path, O_RDONLY, 0);
    follower->position = 0;
    if (follower->file < 0)
        return tt_catch(&tt_FileNotFoundError) ? tt_catch_end() : -1;
    return tt_fs_fstat(follower->file, &follower->is);
}

/* What stands at the path now; a file without a number where there is nothing. */
static int look(struct follower *follower, struct stat *now)
{
    *now = (struct stat){0};
    if (tt_fs_stat(follower->path, now) == 0)
        return 0;
    return tt_catch(&tt_FileNotFoundError) ? tt_catch_end() : -1;
}

/* Something happened: prints what came to the file, and to the next one if there is another now. That is looked at first: when
 * the file was moved away, what is read afterwards is all that came to it. Whether it was cut is looked at last, since it grows. */
static int catch_up(struct follower *follower)
{
    struct stat now;

    if (look(follower, &now) < 0 || (follower->file >= 0 && print_new(follower) < 0))
        return -1;
    if (follower->file >= 0 && now.st_ino == follower->is.st_ino && now.st_dev == follower->is.st_dev) {
        if (tt_fs_fstat(follower->file, &now) < 0)
            return -1;
        if (now.st_size >= follower->position)
            return 0;
        follower->position = 0;
        return print_new(follower);
    }
    if (close_file(follower) < 0 || open_file(follower) < 0)
        return -1;
    return follower->file < 0 ? 0 : print_new(follower);
}

static int follow(struct follower *follower, tt_fs_watch *watch, const char *name)
{
    struct tt_fs_change change;

    if (catch_up(follower) < 0)
        return -1;
    while (tt_fs_watch_next(watch, &change) == 0) {
        if (change.kind == TT_FS_GONE)
            return tt_raise_errno(ENOENT, "watch %s", change.path);
        if ((change.kind == TT_FS_OVERFLOW || strcmp(change.name, name) == 0) && catch_up(follower) < 0)
            return -1;
    }
    return -1;
}

static int run(void *path)
{
    struct follower follower = {.path = path, .file = -1};
    const char *slash = strrchr(path, '/');
    char folder[4096];
    tt_fs_watch *watch;
    int rc;

    snprintf(folder, sizeof folder, "%.*s", slash ? (int)(slash - (char *)path) + 1 : 1, slash ? (char *)path : ".");
    watch = tt_fs_watch_open(folder); /* before the first look, so that nothing gets lost in between */
    rc = watch ? follow(&follower, watch, slash ? slash + 1 : path) : -1;
    tt_fs_watch_close(watch);
    tt_cleanup_begin();
    (void)close_file(&follower);
    return tt_cleanup_end() < 0 ? -1 : rc;
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: %s FILE\n", argv[0]);
        return 2;
    }
    return tt_run(run, argv[1]);
}
