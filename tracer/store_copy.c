/* store_copy.c: see store_copy.h. */
#include "store_copy.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store_check.h"

#define TRIES       5 /* a store that is written meanwhile is copied again */
#define CHUNK_BYTES (UINT64_C(1) << 30)

struct tt__store_copy {
    char folder[PATH_MAX]; /* "": it has no name any more */
    int folder_fd;         /* locked: who finds the folder sees whether who copies lives; -1: it could not be */
    char path[PATH_MAX + 16];
};

static const char *const suffixes[] = {"", "-wal", "-journal"};
enum { FILES = sizeof suffixes / sizeof suffixes[0] };

/* What tells whether a file was changed; a file that is not there has size -1. */
struct state {
    off_t size;
    struct timespec changed;
};

static struct state look_at(const char *path)
{
    struct stat stat_buffer;
    struct state state = {-1, {0, 0}};
    if (stat(path, &stat_buffer) == 0) {
        state.size = stat_buffer.st_size;
        state.changed = stat_buffer.st_mtim;
    }
    return state;
}

static bool is_same(const struct state *a, const struct state *b)
{
    return a->size == b->size && a->changed.tv_sec == b->changed.tv_sec && a->changed.tv_nsec == b->changed.tv_nsec;
}

int tt__store_copy_file(const char *from, const char *to)
{
    int in = open(from, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (in < 0)
        return errno == ENOENT ? 0 : -1;
    int out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
    ssize_t moved = -1;
    if (out >= 0)
        do
            moved = sendfile(out, in, NULL, CHUNK_BYTES);
        while (moved > 0);
    int error = errno;
    close(in);
    if (out >= 0 && close(out) < 0 && moved == 0) {
        moved = -1;
        error = errno;
    }
    errno = error;
    return moved < 0 ? -1 : 0;
}

/* Copies the files. 0: they did not change meanwhile; 1: they did; -1: errno. */
static int copy_once(const char *path, const struct tt__store_copy *copy)
{
    struct state before[FILES];
    char from[FILES][PATH_MAX], to[PATH_MAX + 32];
    for (int i = 0; i < FILES; i++) {
        if ((size_t)snprintf(from[i], sizeof from[i], "%s%s", path, suffixes[i]) >= sizeof from[i]) {
            errno = ENAMETOOLONG;
            return -1;
        }
        before[i] = look_at(from[i]);
    }
    for (int i = 0; i < FILES; i++) {
        snprintf(to, sizeof to, "%s%s", copy->path, suffixes[i]);
        unlink(to);
        if (tt__store_copy_file(from[i], to) < 0)
            return -1;
    }
    for (int i = 0; i < FILES; i++) {
        struct state after = look_at(from[i]);
        if (!is_same(&before[i], &after))
            return 1;
    }
    return 0;
}

/* Has SQLite roll back what a writer that was killed had begun to change in place, which a reader may not do: it does so at the
 * first reading. 0, or -1 and *ERROR. */
static int settle(const struct tt__store_copy *copy, const char *path, struct tt_store_error *error)
{
    char journal[PATH_MAX + 32];
    sqlite3 *connection = NULL;
    snprintf(journal, sizeof journal, "%s-journal", copy->path);
    if (look_at(journal).size <= 0)
        return 0;
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    int result = 0;
    if (sqlite3_open_v2(copy->path, &connection, flags, NULL) != SQLITE_OK ||
        sqlite3_exec(connection, "SELECT count(*) FROM sqlite_schema", NULL, NULL, NULL) != SQLITE_OK)
        result = tt__store_fail_sqlite(error, connection, "rolling back what was not finished", path);
    sqlite3_close(connection);
    return result;
}

int tt__store_copy_create(const char *path, struct tt__store_copy **out_copy, struct tt_store_error *error)
{
    const char *parent = getenv("TMPDIR");
    struct tt__store_copy *copy = calloc(1, sizeof *copy);
    if (!copy)
        return tt__store_fail(error, TT_STORE_FAILED, "%s: no memory for a private copy", path);
    if ((size_t)snprintf(copy->folder, sizeof copy->folder, "%s/telltale-XXXXXX",
                         parent && parent[0] == '/' ? parent : "/tmp") >= sizeof copy->folder ||
        !mkdtemp(copy->folder)) {
        tt__store_fail(error, TT_STORE_FAILED, "%s: no folder can be made for a private copy: %s; set TMPDIR", path,
                       strerror(errno));
        free(copy);
        return -1;
    }
    copy->folder_fd = open(copy->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (copy->folder_fd >= 0)
        (void)flock(copy->folder_fd, LOCK_EX | LOCK_NB);
    snprintf(copy->path, sizeof copy->path, "%s/copy.telltale", copy->folder);
    int result = 1;
    for (int i = 0; i < TRIES && result > 0; i++)
        result = copy_once(path, copy);
    if (result == 0) {
        if (settle(copy, path, error) == 0) {
            *out_copy = copy;
            return 0;
        }
        tt__store_copy_destroy(copy);
        return -1;
    }
    if (result < 0)
        tt__store_fail(error, TT_STORE_UNREADABLE, "%s: cannot be copied to %s: %s", path, copy->folder,
                       strerror(errno));
    else
        tt__store_fail(error, TT_STORE_BUSY, "%s: is being written, and cannot be copied as long as it is", path);
    tt__store_copy_destroy(copy);
    return -1;
}

const char *tt__store_copy_path(const struct tt__store_copy *copy)
{
    return copy->path;
}

void tt__store_copy_unlink(struct tt__store_copy *copy)
{
    static const char *const all[] = {"", "-wal", "-shm", "-journal"};
    if (copy->folder[0] == '\0')
        return;
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        char path[PATH_MAX + 32];
        snprintf(path, sizeof path, "%s%s", copy->path, all[i]);
        unlink(path);
    }
    rmdir(copy->folder);
    copy->folder[0] = '\0';
    if (copy->folder_fd >= 0)
        close(copy->folder_fd);
    copy->folder_fd = -1;
}

void tt__store_copy_destroy(struct tt__store_copy *copy)
{
    if (!copy)
        return;
    tt__store_copy_unlink(copy);
    free(copy);
}
