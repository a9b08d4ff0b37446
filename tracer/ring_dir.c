/* ring_dir.c: names, makes and checks ring dirs. See ring_dir.h; it is part of both libraries. */
#include "ring_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SHARED_MEMORY  "/dev/shm"
#define PRIVATE_PREFIX "telltale-"
#define REFUSAL_BYTES  128u

static uint64_t hash_text(const char *text)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (; *text; text++)
        hash = (hash ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
    return hash;
}

int tt__store_canonical_path(const char *store, char *out, size_t size)
{
    char folder[PATH_MAX], real[PATH_MAX], path[PATH_MAX];
    const char *slash = strrchr(store, '/');
    const char *base = slash ? slash + 1 : store;

    if (*base == '\0' || strcmp(base, ".") == 0 || strcmp(base, "..") == 0)
        return *store == '\0' ? -ENOENT : -EISDIR;
    size_t length = slash ? (size_t)(slash - store) : 0;
    if (length >= sizeof folder)
        return -ENAMETOOLONG;
    if (!slash)
        strcpy(folder, ".");
    else if (length == 0)
        strcpy(folder, "/");
    else {
        memcpy(folder, store, length);
        folder[length] = '\0';
    }
    if (!realpath(folder, real))
        return -errno;
    int needed = snprintf(path, sizeof path, "%s/%s", strcmp(real, "/") == 0 ? "" : real, base);
    if (needed < 0 || (size_t)needed >= sizeof path || (size_t)needed >= size)
        return -ENAMETOOLONG;
    memcpy(out, path, (size_t)needed + 1);
    return 0;
}

/* The folder on tmpfs, or else for temporary files, below which the private folder lies. */
static const char *find_base(void)
{
    struct stat status;
    if (stat(SHARED_MEMORY, &status) == 0 && S_ISDIR(status.st_mode) && access(SHARED_MEMORY, W_OK | X_OK) == 0)
        return SHARED_MEMORY;
    const char *temporary = secure_getenv("TMPDIR");
    return temporary && temporary[0] == '/' ? temporary : "/tmp";
}

int tt__ring_dir_of_store(const char *store, char *out, size_t size)
{
    char path[PATH_MAX], dir[PATH_MAX];
    int result = tt__store_canonical_path(store, path, sizeof path);
    if (result < 0)
        return result;
    int needed = snprintf(dir, sizeof dir, "%s/" PRIVATE_PREFIX "%u/%016llx", find_base(), (unsigned)geteuid(),
                          (unsigned long long)hash_text(path));
    if (needed < 0 || (size_t)needed >= sizeof dir || (size_t)needed >= size)
        return -ENAMETOOLONG;
    memcpy(out, dir, (size_t)needed + 1);
    return 0;
}

/* What the system does not permit, a filter of system calls or a file system without folders of one's own, is nobody's folder. */
static int refusal(int error)
{
    return error == EPERM ? -EACCES : -error;
}

/* Makes one folder, or takes the one that is there if nobody else can have put anything into it. */
static int make_private(const char *dir)
{
    bool is_new = mkdir(dir, 0700) == 0;
    if (!is_new && errno != EEXIST)
        return refusal(errno);
    if (is_new && chmod(dir, 0700) < 0) /* whatever the umask */
        return refusal(errno);
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return errno == ELOOP ? -ENOTDIR : -errno;
    struct stat status;
    int result = 0;
    if (fstat(fd, &status) < 0)
        result = -errno;
    else if (status.st_uid != geteuid() || (status.st_mode & (S_IWGRP | S_IWOTH)) != 0)
        result = -EPERM;
    close(fd);
    return result;
}

/* Writes the file whole under another name first: readers see all of it or nothing. */
static int write_store(const char *dir, const char *store)
{
    char path[PATH_MAX], draft[PATH_MAX], line[PATH_MAX + 1];
    int length = snprintf(line, sizeof line, "%s\n", store);
    if (snprintf(path, sizeof path, "%s/" TT_RING_DIR_STORE, dir) >= (int)sizeof path || length >= (int)sizeof line ||
        snprintf(draft, sizeof draft, "%s/." TT_RING_DIR_STORE ".%ld", dir, (long)getpid()) >= (int)sizeof draft)
        return -ENAMETOOLONG;
    if (access(path, F_OK) == 0)
        return 0;
    int fd = open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return -errno;
    ssize_t written = fchmod(fd, 0600) < 0 ? -1 : write(fd, line, (size_t)length);
    int result = written == length ? 0 : written < 0 ? -errno : -ENOSPC;
    if (close(fd) < 0 && result == 0)
        result = -errno;
    if (result == 0 && link(draft, path) < 0 && errno != EEXIST)
        result = -errno;
    unlink(draft);
    return result;
}

/* The private folder above a default ring dir: 1, and PARENT; 0: DIR is no default one. */
static int find_private_parent(const char *dir, char parent[PATH_MAX])
{
    const char *slash = strrchr(dir, '/'), *name;
    if (dir[0] != '/' || strlen(dir) >= PATH_MAX)
        return dir[0] == '/' ? -ENAMETOOLONG : -EINVAL;
    memcpy(parent, dir, (size_t)(slash - dir));
    parent[slash - dir] = '\0';
    name = strrchr(parent, '/');
    return name && strncmp(name + 1, PRIVATE_PREFIX, strlen(PRIVATE_PREFIX)) == 0;
}

static int prepare(const char *dir, const char *store)
{
    int result = make_private(dir);
    return result < 0 || !store ? result : write_store(dir, store);
}

int tt__ring_dir_prepare(const char *dir, const char *store)
{
    char parent[PATH_MAX];
    int result = find_private_parent(dir, parent);
    if (result == 1)
        result = make_private(parent);
    return result < 0 ? result : prepare(dir, store);
}

int tt__ring_dir_renew(const char *dir, const char *store)
{
    char parent[PATH_MAX];
    int result = find_private_parent(dir, parent);
    if (result == 1)
        return access(parent, X_OK) < 0 ? -errno : prepare(dir, store);
    return result < 0 ? result : -ENOENT;
}

int tt__ring_dir_read_store(const char *dir, char *out, size_t size)
{
    char path[PATH_MAX], line[PATH_MAX + 1];
    if (snprintf(path, sizeof path, "%s/" TT_RING_DIR_STORE, dir) >= (int)sizeof path)
        return -ENAMETOOLONG;
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    ssize_t length = read(fd, line, sizeof line - 1);
    int result = length < 0 ? -errno : 0;
    close(fd);
    if (result < 0)
        return result;
    line[length] = '\0';
    char *end = strrchr(line, '\n');
    if (!end || line[0] != '/')
        return -ENOENT;
    *end = '\0';
    if ((size_t)(end - line) >= size)
        return -ENAMETOOLONG;
    memcpy(out, line, (size_t)(end - line) + 1);
    return 0;
}

/* ------------------------------------------------------------------------------------------------------- refusals */

/* What tells one state of a file from another, in LINE. False: there is no such file. */
static bool describe_file(const char *file, char *line, size_t size)
{
    struct stat status;
    if (stat(file, &status) < 0)
        return false;
    snprintf(line, size, "%ju %ju %jd %jd.%09ld\n", (uintmax_t)status.st_dev, (uintmax_t)status.st_ino,
             (intmax_t)status.st_size, (intmax_t)status.st_mtim.tv_sec, status.st_mtim.tv_nsec);
    return true;
}

static int open_refusal(const char *dir, int flags)
{
    char path[PATH_MAX];
    if (snprintf(path, sizeof path, "%s/" TT_RING_DIR_REFUSED, dir) >= (int)sizeof path)
        return -1;
    return open(path, flags | O_NOFOLLOW | O_CLOEXEC, 0600);
}

void tt__ring_dir_refuse(const char *dir, const char *store)
{
    char line[REFUSAL_BYTES];
    int fd = describe_file(store, line, sizeof line) ? open_refusal(dir, O_WRONLY | O_CREAT | O_TRUNC) : -1;
    if (fd < 0)
        return;
    ssize_t written = write(fd, line, strlen(line));
    (void)written; /* half a line is nobody's */
    close(fd);
}

bool tt__ring_dir_refuses(const char *dir, const char *store)
{
    char line[REFUSAL_BYTES], noted[REFUSAL_BYTES] = "";
    int fd = open_refusal(dir, O_RDONLY);
    if (fd < 0)
        return false;
    ssize_t length = read(fd, noted, sizeof noted - 1);
    close(fd);
    return length > 0 && describe_file(store, line, sizeof line) && strcmp(line, noted) == 0;
}
