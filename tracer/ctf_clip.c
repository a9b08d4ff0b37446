/* ctf_clip.c: see ctf_clip.h.
 *
 * The head of a packet as LTTng-UST writes it, in the byte order of its magic number:
 *
 *   offset  0 magic 0xc1fc1fc1, 4 uuid, 20 stream id, 24 stream instance id
 *          32 timestamp of the beginning, 40 of the end, 48 content size, 56 packet size, both in bits and with the
 * head
 */
#include "ctf_clip.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAGIC      0xc1fc1fc1u
#define HEAD_BYTES 64u

/* The bytes of the packet whose head is HEAD; 0: it makes no sense. */
static uint64_t packet_bytes(const unsigned char head[HEAD_BYTES])
{
    uint32_t magic;
    uint64_t content_bits, packet_bits;
    memcpy(&magic, head, sizeof magic);
    memcpy(&content_bits, head + 48, sizeof content_bits);
    memcpy(&packet_bits, head + 56, sizeof packet_bits);
    if (magic == __builtin_bswap32(MAGIC)) {
        content_bits = __builtin_bswap64(content_bits);
        packet_bits = __builtin_bswap64(packet_bits);
    } else if (magic != MAGIC) {
        return 0;
    }
    bool makes_sense = packet_bits % 8 == 0 && packet_bits / 8 >= HEAD_BYTES && content_bits <= packet_bits;
    return makes_sense ? packet_bits / 8 : 0;
}

uint64_t tt__ctf_complete_bytes(int fd, uint64_t size)
{
    uint64_t at = 0;
    while (at < size) {
        unsigned char head[HEAD_BYTES];
        if (size - at < HEAD_BYTES || pread(fd, head, sizeof head, (off_t)at) != (ssize_t)sizeof head)
            return at;
        uint64_t bytes = packet_bytes(head);
        if (bytes == 0)
            return size;
        if (bytes > size - at)
            return at;
        at += bytes;
    }
    return at;
}

/* Copies the first BYTES of FROM_FD to the new file NAME in TO_DIR. */
static int copy_beginning(int from_fd, int to_dir, const char *name, uint64_t bytes)
{
    int fd = openat(to_dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    char buffer[1 << 16];
    if (fd < 0)
        return -errno;
    int result = 0;
    for (uint64_t at = 0; at < bytes && result == 0;) {
        size_t wanted = bytes - at < sizeof buffer ? (size_t)(bytes - at) : sizeof buffer;
        ssize_t got = pread(from_fd, buffer, wanted, (off_t)at);
        if (got <= 0 || write(fd, buffer, (size_t)got) != got)
            result = got == 0 || errno == 0 ? -EIO : -errno;
        else
            at += (uint64_t)got;
    }
    if (close(fd) < 0 && result == 0)
        result = -errno;
    return result;
}

/* One file of the trace: a link to it where it is complete, else a copy of what is. Folders, as that of indexes, are
 * left out: an index of more than there is would be wrong. */
static int clip_file(int from_dir, const char *from, int to_dir, const char *name, tt_ctf_cut_fn *on_cut, void *context)
{
    struct stat status;
    char path[PATH_MAX];
    if (fstatat(from_dir, name, &status, 0) < 0 || !S_ISREG(status.st_mode))
        return 0;
    int fd = openat(from_dir, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return -errno;
    uint64_t size = (uint64_t)status.st_size;
    uint64_t complete = strcmp(name, "metadata") == 0 ? size : tt__ctf_complete_bytes(fd, size);
    int result = 0;
    if (complete < size)
        result = copy_beginning(fd, to_dir, name, complete);
    else if (snprintf(path, sizeof path, "%s/%s", from, name) >= (int)sizeof path)
        result = -ENAMETOOLONG;
    else if (symlinkat(path, to_dir, name) < 0)
        result = -errno;
    if (complete < size && result == 0)
        on_cut(context, name, complete, size);
    close(fd);
    return result;
}

int tt_ctf_clip(const char *from, const char *to, tt_ctf_cut_fn *on_cut, void *context)
{
    if (mkdir(to, 0700) < 0)
        return -errno;
    DIR *dir = opendir(from);
    int to_dir = dir ? open(to, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    int result = to_dir < 0 ? -errno : 0;
    for (struct dirent *entry; result == 0 && (entry = readdir(dir)) != NULL;)
        if (entry->d_name[0] != '.')
            result = clip_file(dirfd(dir), from, to_dir, entry->d_name, on_cut, context);
    if (to_dir >= 0)
        close(to_dir);
    if (dir)
        closedir(dir);
    return result;
}
