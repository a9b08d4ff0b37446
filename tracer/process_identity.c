/* process_identity.c: see process_identity.h. */
#include "process_identity.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define STATE_FIELD 3 /* of /proc/PID/stat */
#define START_FIELD 22
#define LOOK_NS     INT64_C(20000000)

static ssize_t read_file(const char *path, char *out, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    ssize_t length = read(fd, out, size - 1);
    close(fd);
    if (length >= 0)
        out[length] = '\0';
    return length;
}

bool tt__process_is_of_this_boot(const uint8_t boot_id[16])
{
    char text[64];
    uint8_t bytes[16];
    int count = 0;
    if (read_file("/proc/sys/kernel/random/boot_id", text, sizeof text) <= 0)
        return true; /* cannot be told */
    for (const char *at = text; count < 16 && *at; at++) {
        unsigned byte;
        if (*at == '-')
            continue;
        if (sscanf(at, "%2x", &byte) != 1)
            return true;
        bytes[count++] = (uint8_t)byte;
        if (at[1])
            at++;
    }
    return count < 16 || memcmp(bytes, boot_id, 16) == 0;
}

/* ------------------------------------------------------------------------------------------------------- namespaces */

/* NAMESPACE, or what is not known, is that of PATH. */
static bool is_own_namespace(const char *path, uint64_t namespace)
{
    struct stat own;
    return namespace == 0 || stat(path, &own) < 0 || (uint64_t)own.st_ino == namespace;
}

bool tt__clocks_are_ours(uint64_t time_namespace)
{
    return is_own_namespace("/proc/self/ns/time", time_namespace);
}

bool tt__namespaces_are_ours(uint64_t pid_namespace, uint64_t time_namespace)
{
    return is_own_namespace("/proc/self/ns/pid", pid_namespace) && tt__clocks_are_ours(time_namespace);
}

/* Whether somebody else has FD's file open or mapped: 1 or 0; -1: it cannot be told on this file system. */
static int is_held(int fd)
{
    /* Who opens the file while the lease is there has it broken, and would end this process by SIGIO. */
    if (fcntl(fd, F_SETSIG, SIGURG) < 0)
        return -1;
    if (fcntl(fd, F_SETLEASE, F_WRLCK) < 0)
        return errno == EAGAIN ? 1 : -1;
    (void)fcntl(fd, F_SETLEASE, F_UNLCK);
    return 0;
}

/* -------------------------------------------------------------------------------------------------------- processes */

/* Whether the process PID has threads beside its first one, which is a zombie until they have ended. */
static bool has_other_threads(uint32_t pid)
{
    char path[64];
    bool is_found = false;
    snprintf(path, sizeof path, "/proc/%u/task", pid);
    DIR *dir = opendir(path);
    for (struct dirent *entry; dir && !is_found && (entry = readdir(dir)) != NULL;)
        is_found = entry->d_name[0] != '.' && strtoul(entry->d_name, NULL, 10) != pid;
    if (dir)
        closedir(dir);
    return is_found;
}

/* Whether PID is there, not ended as a zombie is, and began at START_TICKS; true also when that cannot be told. */
static bool is_there(uint32_t pid, uint64_t start_ticks)
{
    char path[64], text[2048];
    if (kill((pid_t)pid, 0) < 0 && errno == ESRCH)
        return false;
    snprintf(path, sizeof path, "/proc/%u/stat", pid);
    if (read_file(path, text, sizeof text) <= 0)
        return errno != ENOENT && errno != ESRCH; /* hidden */
    /* Fields are counted from behind the name, which may hold anything, blanks and brackets too. */
    const char *at = strrchr(text, ')');
    for (int field = STATE_FIELD - 1; at && field < START_FIELD; field++) {
        at = strchr(at, ' ');
        at = at ? at + 1 : NULL;
        if (at && field + 1 == STATE_FIELD && (*at == 'Z' || *at == 'X') && !has_other_threads(pid))
            return false;
    }
    return !at || strtoull(at, NULL, 10) == start_ticks;
}

static bool is_readable(int fd)
{
    struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
    return poll(&poll_fd, 1, 0) == 1 && (poll_fd.revents & (POLLIN | POLLERR | POLLNVAL)) != 0;
}

static void look_at_file(struct tt__process_watch *watch)
{
    int held = is_held(watch->file_fd);
    watch->is_unseen = held < 0;
    watch->has_ended = held == 0;
}

void tt__process_watch_begin(struct tt__process_watch *watch, uint32_t pid, uint64_t start_ticks,
                             const uint8_t boot_id[16], int file_fd)
{
    char path[64];
    *watch =
        (struct tt__process_watch){.pid = pid, .start_ticks = start_ticks, .fd = -1, .maps_fd = -1, .file_fd = file_fd};
    if (pid == 0 || pid > INT32_MAX || !tt__process_is_of_this_boot(boot_id)) {
        watch->has_ended = true;
        return;
    }
    if (file_fd >= 0) {
        look_at_file(watch);
        return;
    }
    watch->fd = (int)syscall(SYS_pidfd_open, (pid_t)pid, 0);
    snprintf(path, sizeof path, "/proc/%u/maps", pid);
    watch->maps_fd = open(path, O_RDONLY | O_CLOEXEC);
    /* Looked at after the descriptors are there: they cannot become another process's any more. */
    watch->has_ended = !is_there(pid, start_ticks) || (watch->fd >= 0 && is_readable(watch->fd));
}

void tt__process_watch_end(struct tt__process_watch *watch)
{
    if (watch->fd >= 0)
        close(watch->fd);
    if (watch->maps_fd >= 0)
        close(watch->maps_fd);
    watch->fd = watch->maps_fd = watch->file_fd = -1;
}

/* Whether the memory of which MAPS_FD lists the parts is gone. The descriptor belongs to the memory and not to the process. That of a
 * process that lives is never empty; when the process is gone for good there is no such file. */
static bool is_memory_gone(int maps_fd)
{
    char first;
    ssize_t length = pread(maps_fd, &first, 1, 0);
    return length == 0 || (length < 0 && errno == ESRCH);
}

bool tt__process_watch_lost_memory(const struct tt__process_watch *watch)
{
    return watch->maps_fd >= 0 && is_memory_gone(watch->maps_fd);
}

bool tt__process_watch_has_ended(struct tt__process_watch *watch, int64_t now_ns)
{
    if (watch->has_ended)
        return true;
    if (watch->fd >= 0) {
        watch->has_ended = is_readable(watch->fd);
    } else if (now_ns - watch->looked_ns > LOOK_NS) {
        if (watch->file_fd >= 0)
            look_at_file(watch);
        else
            watch->has_ended = !is_there(watch->pid, watch->start_ticks);
        watch->looked_ns = now_ns;
    }
    return watch->has_ended;
}

bool tt__process_watch_maps(const struct tt__process_watch *watch, dev_t device, ino_t inode, const char *name)
{
    char path[64];
    char *line = NULL;
    size_t size = 0;
    bool is_found = false;
    snprintf(path, sizeof path, "/proc/%u/maps", watch->pid);
    FILE *file = watch->file_fd < 0 ? fopen(path, "re") : NULL;
    if (!file)
        return true;
    while (!is_found && getline(&line, &size, file) > 0) {
        unsigned major_number, minor_number;
        unsigned long long number;
        /* START-END MODE OFFSET MAJOR:MINOR INODE NAME */
        if (sscanf(line, "%*s %*s %*s %x:%x %llu", &major_number, &minor_number, &number) == 3)
            is_found = number == inode && ((major_number == major(device) && minor_number == minor(device)) ||
                                           strstr(line, name)); /* file systems over others tell two devices */
    }
    /* The list of a memory that goes while it is read ends early: what is not in it may have been in the rest. */
    bool is_told = is_found || !is_memory_gone(fileno(file));
    free(line);
    fclose(file);
    return is_found || !is_told;
}
