/* fs_path.c: what a path stands for: see telltale/fs.h.
 *
 * Inside a task; functions called on_thread run on a thread of the pool. From: POSIX. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <telltale/fs.h>

#include "fs_call.h"
#include "precond.h"

/* ------------------------------------------------------------------------------------------------------------- stat */

static ssize_t stat_on_thread(struct tt_fs_call *call)
{
    return stat(call->path, &call->stat);
}

static ssize_t lstat_on_thread(struct tt_fs_call *call)
{
    return lstat(call->path, &call->stat);
}

static int stat_path(tt_site *site, const struct tt_fs_op *op, const char *path, struct stat *out)
{
    struct tt_fs_call *call;
    int rc;

    TT_PRECOND("fs_stat.out", site, out != NULL);
    tt__fs_check_path(path, site);
    call = tt__fs_call_create(op, path, NULL, 0, site);
    if (!call)
        return -1;
    rc = (int)tt__fs_call_perform(call, site);
    if (rc == 0)
        *out = call->stat;
    tt__fs_call_end(call, site);
    return rc;
}

int tt_fs_stat_at(tt_site *site, const char *path, struct stat *out)
{
    static const struct tt_fs_op op = {"stat", stat_on_thread, NULL, TT_IO_KIND_STAT};

    return stat_path(site, &op, path, out);
}

int tt_fs_lstat_at(tt_site *site, const char *path, struct stat *out)
{
    static const struct tt_fs_op op = {"lstat", lstat_on_thread, NULL, TT_IO_KIND_STAT};

    return stat_path(site, &op, path, out);
}

/* ------------------------------------------------------------------------------------------ rename, unlink, folders */

static ssize_t rename_on_thread(struct tt_fs_call *call)
{
    return rename(call->path, call->to);
}

static ssize_t unlink_on_thread(struct tt_fs_call *call)
{
    return unlink(call->path);
}

static ssize_t mkdir_on_thread(struct tt_fs_call *call)
{
    return mkdir(call->path, call->mode);
}

static ssize_t rmdir_on_thread(struct tt_fs_call *call)
{
    return rmdir(call->path);
}

static int change_path(tt_site *site, const struct tt_fs_op *op, const char *path, const char *to, mode_t mode)
{
    struct tt_fs_call *call;

    tt__fs_check_path(path, site);
    call = tt__fs_call_create(op, path, to, 0, site);
    if (call)
        call->mode = mode;
    return (int)tt__fs_call_finish(call, site);
}

int tt_fs_rename_at(tt_site *site, const char *from, const char *to)
{
    static const struct tt_fs_op op = {"rename", rename_on_thread, NULL, TT_IO_KIND_RENAME};

    tt__fs_check_path(to, site);
    return change_path(site, &op, from, to, 0);
}

int tt_fs_unlink_at(tt_site *site, const char *path)
{
    static const struct tt_fs_op op = {"unlink", unlink_on_thread, NULL, TT_IO_KIND_UNLINK};

    return change_path(site, &op, path, NULL, 0);
}

int tt_fs_mkdir_at(tt_site *site, const char *path, mode_t mode)
{
    static const struct tt_fs_op op = {"mkdir", mkdir_on_thread, NULL, TT_IO_KIND_MKDIR};

    return change_path(site, &op, path, NULL, mode);
}

int tt_fs_rmdir_at(tt_site *site, const char *path)
{
    static const struct tt_fs_op op = {"rmdir", rmdir_on_thread, NULL, TT_IO_KIND_RMDIR};

    return change_path(site, &op, path, NULL, 0);
}

/* ---------------------------------------------------------------------------------------------------------- readdir */

/* Names that were read, one after the other: a byte for the type, the name, a zero byte. */
struct names {
    char *bytes;
    size_t size, capacity, count;
};

static int add_name(struct names *names, const struct dirent *entry)
{
    size_t length = strlen(entry->d_name) + 1;

    if (names->capacity - names->size < length + 1) {
        size_t capacity = names->capacity ? 2 * names->capacity : 4096;
        char *bytes = realloc(names->bytes, capacity);

        if (!bytes)
            return -1;
        names->bytes = bytes;
        names->capacity = capacity;
    }
    names->bytes[names->size] = (char)entry->d_type;
    memcpy(names->bytes + names->size + 1, entry->d_name, length);
    names->size += length + 1;
    names->count++;
    return 0;
}

/* Reads all of FOLDER. 0, or -1 and errno. */
static int read_names(DIR *folder, struct names *names, struct tt_fs_call *call)
{
    const struct dirent *entry;

    while ((errno = 0, entry = readdir(folder)) != NULL && !tt__fs_call_is_unwanted(call))
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 && add_name(names, entry) < 0) {
            errno = ENOMEM;
            return -1;
        }
    return errno ? -1 : 0;
}

static int compare_entries(const void *left, const void *right)
{
    return strcmp(((const struct tt_fs_entry *)left)->name, ((const struct tt_fs_entry *)right)->name);
}

/* One piece of memory: the sorted entries, behind them NAMES. NULL: none. */
static struct tt_fs_entry *make_entries(const struct names *names)
{
    struct tt_fs_entry *entries = malloc(names->count * sizeof *entries + names->size);
    char *byte;

    if (!entries)
        return NULL;
    byte = memcpy(entries + names->count, names->bytes, names->size);
    for (size_t i = 0; i < names->count; i++) {
        entries[i] = (struct tt_fs_entry){.type = (unsigned char)*byte, .name = byte + 1};
        byte += strlen(byte + 1) + 2;
    }
    qsort(entries, names->count, sizeof *entries, compare_entries);
    return entries;
}

static ssize_t readdir_on_thread(struct tt_fs_call *call)
{
    struct names names = {0};
    DIR *folder = opendir(call->path);
    int rc, error;

    if (!folder)
        return -1;
    rc = read_names(folder, &names, call);
    if (rc == 0 && names.count) {
        call->made = make_entries(&names);
        rc = call->made ? 0 : -1;
    }
    error = errno;
    closedir(folder);
    free(names.bytes);
    errno = error;
    return rc < 0 ? -1 : (ssize_t)names.count;
}

ssize_t tt_fs_readdir_at(tt_site *site, const char *path, struct tt_fs_entry **out_entries)
{
    static const struct tt_fs_op op = {"readdir", readdir_on_thread, NULL, TT_IO_KIND_READDIR};
    struct tt_fs_call *call;
    ssize_t count;

    tt__fs_check_path(path, site);
    TT_PRECOND("fs_readdir.out_entries", site, out_entries != NULL);
    call = tt__fs_call_create(&op, path, NULL, 0, site);
    if (!call)
        return -1;
    count = tt__fs_call_perform(call, site);
    if (count >= 0) {
        *out_entries = call->made;
        call->made = NULL;
    }
    tt__fs_call_end(call, site);
    return count;
}

/* ---------------------------------------------------------------------------------------------------------- mkstemp */

static ssize_t mkstemp_on_thread(struct tt_fs_call *call)
{
    return mkostemp(call->room, O_CLOEXEC);
}

static void remove_unwanted(struct tt_fs_call *call)
{
    if (call->result < 0)
        return;
    close((int)call->result);
    unlink(call->room);
}

int tt_fs_mkstemp_at(tt_site *site, char *template_)
{
    static const struct tt_fs_op op = {"mkstemp", mkstemp_on_thread, remove_unwanted, TT_IO_KIND_MKSTEMP};
    struct tt_fs_call *call;
    size_t size;
    int descriptor;

    tt__fs_check_path(template_, site);
    size = strlen(template_) + 1;
    call = tt__fs_call_create(&op, template_, NULL, size, site);
    if (!call)
        return -1;
    memcpy(call->room, template_, size);
    descriptor = (int)tt__fs_call_perform(call, site);
    if (descriptor >= 0) {
        memcpy(template_, call->room, size);
        call->result = -1; /* it is the caller's now */
    }
    tt__fs_call_end(call, site);
    return descriptor;
}
