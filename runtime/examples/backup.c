/* backup: copies the files of a folder to another one, four at a time. No file there is ever half of one: each is written beside its
 * place, brought to the disk, and then renamed; and removed where that does not come about: by Ctrl-C, or because another one failed.
 *
 *   backup FROM TO */
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include <telltale/telltale.h>

enum { AT_ONCE = 4 };

struct backup {
    const char *from, *to;
    tt_semaphore *limit;
};

struct copy {
    const struct backup *backup;
    const char *name;
    char from[PATH_MAX], to[PATH_MAX], beside[PATH_MAX]; /* paths */
};

/* The whole of INPUT goes to OUTPUT, without coming by here. */
static int send_all(int input, int output)
{
    off_t offset = 0;
    ssize_t sent;

    while ((sent = tt_fs_sendfile(output, input, offset, 16 * 1024 * 1024)) > 0)
        offset += sent;
    return sent < 0 || tt_fs_fsync(output) < 0 ? -1 : 0;
}

/* Nobody is to find what was not completed. Perhaps it has its name after all: a call that was cancelled may have been made. */
static void remove_rest(const char *path)
{
    if (tt_fs_unlink(path) < 0 && tt_catch(&tt_FileNotFoundError))
        (void)!tt_catch_end();
}

/* When one call fails the next ones do nothing but say so; what was opened by then is closed whatever happened. */
static int copy_file(void *arg)
{
    struct copy *copy = arg;
    int input = tt_fs_open(copy->from, O_RDONLY, 0);
    int output = tt_fs_mkstemp(copy->beside);
    int rc = output < 0 || send_all(input, output) < 0 ? -1 : tt_fs_rename(copy->beside, copy->to);

    tt_cleanup_begin();
    if (output >= 0)
        (void)tt_fs_close(output);
    if (input >= 0)
        (void)tt_fs_close(input);
    if (output >= 0 && rc < 0)
        remove_rest(copy->beside);
    if (tt_cleanup_end() < 0 || rc < 0)
        return -1;
    printf("%s\n", copy->name);
    return 0;
}

/* A task's. It waits until there is room for one more. */
static int copy_one(void *arg)
{
    struct copy *copy = arg;
    const struct backup *backup = copy->backup;

    snprintf(copy->from, PATH_MAX, "%s/%s", backup->from, copy->name);
    snprintf(copy->to, PATH_MAX, "%s/%s", backup->to, copy->name);
    snprintf(copy->beside, PATH_MAX, "%s/.backup-XXXXXX", backup->to);
    return tt_with_semaphore(backup->limit, copy_file, copy);
}

static int copy_all(const struct backup *backup, const struct tt_fs_entry *entries, ssize_t count)
{
    struct copy *copies = calloc((size_t)count + 1, sizeof *copies);
    tt_group *group = tt_group_enter();
    int rc = copies ? 0 : tt_raise(&tt_MemoryError, "no memory for %zd files", count);

    for (ssize_t i = 0; i < count && rc == 0; i++) {
        copies[i] = (struct copy){.backup = backup, .name = entries[i].name};
        if (entries[i].type == DT_REG)
            rc = tt_group_spawn_with(group, copy_one, &copies[i], &(struct tt_task_options){.name = entries[i].name});
    }
    rc = tt_group_exit(group, rc); /* when all have ended: what they use can go */
    free(copies);
    return rc;
}

static int app(void *arg)
{
    char **folders = arg;
    struct backup backup = {.from = folders[0], .to = folders[1], .limit = tt_semaphore_create(AT_ONCE)};
    struct tt_fs_entry *entries = NULL;
    ssize_t count;
    int rc = -1;

    if (backup.limit && tt_fs_mkdir(backup.to, 0777) < 0 && tt_catch(&tt_FileExistsError))
        (void)!tt_catch_end();
    count = tt_fs_readdir(backup.from, &entries);
    if (count >= 0)
        rc = copy_all(&backup, entries, count);
    free(entries);
    tt_semaphore_destroy(backup.limit);
    return rc;
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: %s FROM TO\n", argv[0]);
        return 2;
    }
    return tt_run(app, argv + 1);
}
