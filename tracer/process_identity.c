/* process_identity.c: see process_identity.h. */
#include "process_identity.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define START_FIELD 22 /* of /proc/PID/stat */

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

/* Field 22 counted from behind the name, which may hold anything, blanks and brackets too. */
static bool began_at(uint32_t pid, uint64_t start_ticks)
{
    char path[64], text[2048];
    snprintf(path, sizeof path, "/proc/%u/stat", pid);
    if (read_file(path, text, sizeof text) <= 0)
        return errno != ENOENT && errno != ESRCH; /* hidden: cannot be told */
    const char *at = strrchr(text, ')');
    for (int field = 2; at && field < START_FIELD; field++) {
        at = strchr(at, ' ');
        at = at ? at + 1 : NULL;
    }
    return !at || strtoull(at, NULL, 10) == start_ticks;
}

int tt__process_watch(uint32_t pid, uint64_t start_ticks, const uint8_t boot_id[16])
{
    if (pid == 0 || pid > INT32_MAX || !tt__process_is_of_this_boot(boot_id))
        return -1;
    int fd = (int)syscall(SYS_pidfd_open, (pid_t)pid, 0);
    if (fd < 0)
        return -1;
    /* Looked at after the descriptor is there: it cannot be another process any more. */
    if (began_at(pid, start_ticks) && !tt__process_has_ended(fd))
        return fd;
    close(fd);
    return -1;
}

bool tt__process_has_ended(int fd)
{
    struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
    return fd < 0 || (poll(&poll_fd, 1, 0) == 1 && (poll_fd.revents & (POLLIN | POLLERR | POLLNVAL)) != 0);
}

bool tt__process_maps(uint32_t pid, dev_t device, ino_t inode)
{
    char path[64];
    char *line = NULL;
    size_t size = 0;
    bool is_found = false;
    snprintf(path, sizeof path, "/proc/%u/maps", pid);
    FILE *file = fopen(path, "re");
    if (!file)
        return true;
    bool is_readable = false;
    while (!is_found && getline(&line, &size, file) > 0) {
        unsigned major_number, minor_number;
        unsigned long long number;
        is_readable = true;
        /* START-END MODE OFFSET MAJOR:MINOR INODE NAME */
        if (sscanf(line, "%*s %*s %*s %x:%x %llu", &major_number, &minor_number, &number) == 3)
            is_found = number == inode && major_number == major(device) && minor_number == minor(device);
    }
    free(line);
    fclose(file);
    return is_found || !is_readable;
}
