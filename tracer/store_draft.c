/* store_draft.c: see store_draft.h. */
#include "store_draft.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store_check.h"
#include "store_claim.h"
#include "store_copy.h"

#define SUFFIX  ".new-"
#define LETTERS "XXXXXX"
#define TRIES   10 /* a folder that was taken for a dead one's, a file that was replaced while it was opened */
#define BUSY_MS 2000

struct tt_store_draft {
    char path[PATH_MAX];
    char folder[PATH_MAX];
    char file[PATH_MAX]; /* in the folder */
    int folder_fd;       /* holds its lock */
    int earlier_fd;      /* holds the lock of the store at PATH; -1: there is none */
};

static const char *const companions[] = {"-wal", "-shm", "-journal"};
enum { COMPANIONS = sizeof companions / sizeof companions[0] };

static int fail_to_make(struct tt_store_error *error, const char *path)
{
    enum tt_store_error_kind kind = errno == ENOSPC || errno == EDQUOT    ? TT_STORE_FULL
                                    : errno == ENOENT || errno == ENOTDIR ? TT_STORE_MISSING
                                                                          : TT_STORE_UNREADABLE;
    return tt__store_fail(error, kind, "%s: cannot be written: no folder can be made beside it: %s", path,
                          strerror(errno));
}

/* --------------------------------------------------------------------------------------------------------- folders */

/* Removes the folder FD, called NAME in PARENT, and what a draft has in it; what else is in it keeps it. */
static void remove_folder(int parent, const char *name, int fd)
{
    (void)unlinkat(fd, "store", 0);
    for (size_t i = 0; i < COMPANIONS; i++) {
        char file[32];
        snprintf(file, sizeof file, "store%s", companions[i]);
        (void)unlinkat(fd, file, 0);
    }
    (void)unlinkat(parent, name, AT_REMOVEDIR);
}

/* Removes the folder NAME if it is a draft's whose maker is dead: then nobody has its lock. */
static void remove_if_dead(int parent, const char *name)
{
    struct stat status;
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return;
    if (fstat(fd, &status) == 0 && status.st_uid == geteuid() && flock(fd, LOCK_EX | LOCK_NB) == 0)
        remove_folder(parent, name, fd);
    close(fd);
}

static int open_parent(const char *path, const char **out_base)
{
    char parent[PATH_MAX];
    const char *slash = strrchr(path, '/');
    *out_base = slash ? slash + 1 : path;
    snprintf(parent, sizeof parent, "%.*s", slash == path ? 1 : slash ? (int)(slash - path) : 1, slash ? path : ".");
    return open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* What dead makers left for PATH. */
static void remove_dead(const char *path)
{
    const char *base;
    int fd = open_parent(path, &base);
    DIR *parent = fd >= 0 ? fdopendir(fd) : NULL;
    size_t length = strlen(base), whole = length + strlen(SUFFIX LETTERS);
    if (!parent && fd >= 0)
        close(fd);
    for (struct dirent *entry; parent && (entry = readdir(parent)) != NULL;)
        if (strlen(entry->d_name) == whole && strncmp(entry->d_name, base, length) == 0 &&
            strncmp(entry->d_name + length, SUFFIX, strlen(SUFFIX)) == 0)
            remove_if_dead(dirfd(parent), entry->d_name);
    if (parent)
        closedir(parent);
}

/* Makes the folder and takes its lock. Between the two somebody may take it for a dead one's. */
static int make_folder(struct tt_store_draft *draft, struct tt_store_error *error)
{
    struct stat status;
    if (snprintf(draft->folder, sizeof draft->folder, "%s" SUFFIX LETTERS, draft->path) >=
        (int)(sizeof draft->folder - sizeof "/store-journal"))
        return tt__store_fail(error, TT_STORE_FAILED, "%s: its name is too long", draft->path);
    for (int i = 0; i < TRIES; i++) {
        memcpy(draft->folder + strlen(draft->path) + strlen(SUFFIX), LETTERS, strlen(LETTERS));
        if (!mkdtemp(draft->folder))
            return fail_to_make(error, draft->path);
        draft->folder_fd = open(draft->folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (draft->folder_fd >= 0 && flock(draft->folder_fd, LOCK_EX | LOCK_NB) == 0 &&
            fstat(draft->folder_fd, &status) == 0 && status.st_nlink > 0) {
            memcpy(draft->file, draft->folder, sizeof draft->file);
            memcpy(draft->file + strlen(draft->file), "/store", sizeof "/store");
            return 0;
        }
        if (draft->folder_fd >= 0)
            close(draft->folder_fd);
        draft->folder_fd = -1;
    }
    return fail_to_make(error, draft->path);
}

/* ----------------------------------------------------------------------------------------------- the store that is there */

/* Whether PATH is the file FD. */
static bool is_file(const char *path, int fd)
{
    struct stat by_name, by_fd;
    return lstat(path, &by_name) == 0 && fstat(fd, &by_fd) == 0 && by_name.st_dev == by_fd.st_dev &&
           by_name.st_ino == by_fd.st_ino;
}

/* Locks the store at PATH, if there is one. */
static int claim_earlier(struct tt_store_draft *draft, struct tt_store_error *error)
{
    for (int i = 0; i < TRIES; i++) {
        struct stat status;
        if (lstat(draft->path, &status) < 0)
            return errno == ENOENT ? 0 : fail_to_make(error, draft->path);
        if (S_ISLNK(status.st_mode))
            return tt__store_fail(error, TT_STORE_NOT_REGULAR,
                                  "%s: is a symbolic link, and stores are not written through links", draft->path);
        if (!S_ISREG(status.st_mode))
            return tt__store_fail(error, TT_STORE_NOT_REGULAR, "%s: is no regular file, so it is no store",
                                  draft->path);
        draft->earlier_fd = open(draft->path, O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
        if (draft->earlier_fd < 0)
            return tt__store_fail(error, TT_STORE_UNREADABLE, "%s: cannot be opened for writing: %s", draft->path,
                                  strerror(errno));
        if (status.st_size > 0 && tt__store_check_header(draft->earlier_fd, draft->path, error) < 0)
            return -1;
        if (tt__store_claim(draft->earlier_fd) < 0)
            return tt__store_fail(error, TT_STORE_BUSY, "%s: another recorder is writing it", draft->path);
        if (is_file(draft->path, draft->earlier_fd))
            return 0;
        close(draft->earlier_fd);
        draft->earlier_fd = -1;
    }
    return tt__store_fail(error, TT_STORE_BUSY, "%s: is replaced again and again by others", draft->path);
}

static void remove_companions(const char *path)
{
    for (size_t i = 0; i < COMPANIONS; i++) {
        char file[PATH_MAX + 16];
        snprintf(file, sizeof file, "%s%s", path, companions[i]);
        (void)unlink(file);
    }
}

/* Makes the store PATH one file: what is in its log, or in a journal that a kill left, goes where it belongs. A store
 * that is damaged stays so. */
static int fold(const char *path, struct tt_store_error *error)
{
    sqlite3 *connection = NULL;
    int pages = -1, copied = -1;
    char *plain = tt__store_sqlite_path(path);
    if (!plain)
        return tt__store_fail(error, TT_STORE_FAILED, "%s: no memory to open it", path);
    int code =
        sqlite3_open_v2(plain, &connection, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW, NULL);
    free(plain);
    if (code == SQLITE_OK) /* else there may be none */
        code = sqlite3_busy_timeout(connection, BUSY_MS);
    if (code == SQLITE_OK)
        code = sqlite3_exec(connection, "SELECT count(*) FROM sqlite_schema", NULL, NULL, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_wal_checkpoint_v2(connection, NULL, SQLITE_CHECKPOINT_PASSIVE, &pages, &copied);
    if (code == SQLITE_OK) /* who reads it goes on with what he has open */
        sqlite3_exec(connection, "PRAGMA journal_mode = DELETE", NULL, NULL, NULL);
    bool is_broken = code == SQLITE_CORRUPT || code == SQLITE_NOTADB;
    int result = code == SQLITE_OK || is_broken ? 0 : tt__store_fail_sqlite(error, connection, "settling", path);
    sqlite3_close(connection);
    if (result == 0 && !is_broken && pages > copied)
        result = tt__store_fail(error, TT_STORE_BUSY, "%s: somebody reads an old state of it; try again later", path);
    if (result == 0)
        remove_companions(path);
    return result;
}

/* ------------------------------------------------------------------------------------------------------ the draft's life */

static void close_draft(struct tt_store_draft *draft)
{
    if (draft->folder_fd >= 0)
        close(draft->folder_fd);
    if (draft->earlier_fd >= 0)
        close(draft->earlier_fd);
    free(draft);
}

static int copy_earlier(struct tt_store_draft *draft, struct tt_store_error *error)
{
    struct stat status;
    if (fold(draft->path, error) < 0)
        return -1;
    if (tt__store_copy_file(draft->path, draft->file) == 0 && fstat(draft->earlier_fd, &status) == 0 &&
        chmod(draft->file, status.st_mode & 0777) == 0)
        return 0;
    return tt__store_fail(error, errno == ENOSPC || errno == EDQUOT ? TT_STORE_FULL : TT_STORE_FAILED,
                          "%s: cannot be copied to go on with it: %s", draft->path, strerror(errno));
}

int tt_store_draft_open(const char *path, bool is_appending, struct tt_store_draft **out_draft,
                        struct tt_store_error *out_error)
{
    struct tt_store_draft *draft = calloc(1, sizeof *draft);
    if (!draft)
        return tt__store_fail(out_error, TT_STORE_FAILED, "%s: no memory to write it", path);
    draft->folder_fd = draft->earlier_fd = -1;
    int length = snprintf(draft->path, sizeof draft->path, "%s", path);
    if (length >= (int)sizeof draft->path) {
        free(draft);
        return tt__store_fail(out_error, TT_STORE_FAILED, "%s: its name is too long", path);
    }
    remove_dead(path);
    if (claim_earlier(draft, out_error) < 0 || make_folder(draft, out_error) < 0) {
        close_draft(draft);
        return -1;
    }
    if (is_appending && draft->earlier_fd >= 0 && copy_earlier(draft, out_error) < 0) {
        tt_store_draft_discard(draft);
        return -1;
    }
    *out_draft = draft;
    return 0;
}

const char *tt_store_draft_path(const struct tt_store_draft *draft)
{
    return draft->file;
}

bool tt_store_draft_has_earlier(const struct tt_store_draft *draft)
{
    return draft->earlier_fd >= 0;
}

/* The rename. What appeared at PATH meanwhile is nobody's to replace. */
static int give_name(struct tt_store_draft *draft, struct tt_store_error *error)
{
    int result;
    if (draft->earlier_fd >= 0) {
        if (!is_file(draft->path, draft->earlier_fd))
            return tt__store_fail(error, TT_STORE_FAILED, "%s: was replaced by somebody else meanwhile", draft->path);
        result = rename(draft->file, draft->path);
    } else {
        result = renameat2(AT_FDCWD, draft->file, AT_FDCWD, draft->path, RENAME_NOREPLACE);
        if (result < 0 && (errno == EINVAL || errno == ENOSYS)) { /* the file system cannot do that */
            result = link(draft->file, draft->path);
            if (result == 0)
                (void)unlink(draft->file);
        }
    }
    if (result == 0)
        return 0;
    if (errno == EEXIST)
        return tt__store_fail(error, TT_STORE_FAILED, "%s: appeared meanwhile, and is not replaced", draft->path);
    return tt__store_fail(error, TT_STORE_FAILED, "%s: the new store cannot be given its name: %s", draft->path,
                          strerror(errno));
}

int tt_store_draft_publish(struct tt_store_draft *draft, struct tt_store_error *out_error)
{
    int result = fold(draft->file, out_error);
    if (result == 0 && draft->earlier_fd >= 0)
        result = fold(draft->path, out_error);
    if (result == 0 && draft->earlier_fd < 0) /* of a store that is gone */
        remove_companions(draft->path);
    if (result == 0)
        result = give_name(draft, out_error);
    tt_store_draft_discard(draft);
    return result;
}

void tt_store_draft_discard(struct tt_store_draft *draft)
{
    const char *base;
    if (!draft)
        return;
    int parent = open_parent(draft->folder, &base);
    if (parent >= 0) {
        remove_folder(parent, base, draft->folder_fd);
        close(parent);
    }
    close_draft(draft);
}
