/* store_log_reader.c: who reads the log of a store, and keeps it from being begun anew. See tt__store_find_reader() in store_writer.h.
 *
 * Readers of a write-ahead log hold one of five locks on bytes of the file STORE-shm, each for a state of the log; the
 * format is SQLite's (its documentation, "WAL-mode file format"), and part of it since 2010. Whoever asks the system for
 * such a lock learns who has it.
 *
 * A process that closes a descriptor of a file loses all its locks on that file, those of SQLite's descriptor included.
 * So the one that is opened here stays open until SQLite has closed its own.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "store_writer_state.h"

#define READ_LOCKS_BEGIN 123 /* the first of the locks of readers; the lock before, 122, is that of recovery */
#define READ_LOCKS       5
#define READ_MARKS_BEGIN 100 /* and the frame up to which each of them reads, four bytes in this machine's order */

int tt__store_open_beside(const struct tt__store_writer *writer, const char *suffix, int flags)
{
    char path[PATH_MAX];
    if (snprintf(path, sizeof path, "%s%s", writer->path, suffix) >= (int)sizeof path)
        return -1;
    return open(path, flags | O_NOFOLLOW | O_CLOEXEC);
}

int tt__store_open_log_index(struct tt__store_writer *writer)
{
    if (writer->index_fd < 0)
        writer->index_fd = tt__store_open_beside(writer, "-shm", O_RDWR);
    return writer->index_fd;
}

static void read_name(pid_t pid, char *out_name, size_t size)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%ld/comm", (long)pid);
    FILE *file = fopen(path, "re");
    if (!file)
        return;
    if (fgets(out_name, (int)size, file))
        out_name[strcspn(out_name, "\n")] = '\0';
    fclose(file);
}

uint32_t tt__store_find_reader(struct tt__store_writer *writer, char *out_name, size_t size)
{
    uint32_t marks[READ_LOCKS], oldest = UINT32_MAX;
    int fd = tt__store_open_log_index(writer);
    pid_t pid = 0;
    out_name[0] = '\0';
    if (fd < 0 || pread(fd, marks, sizeof marks, READ_MARKS_BEGIN) != sizeof marks)
        return 0;
    for (int i = 0; i < READ_LOCKS; i++) {
        struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = READ_LOCKS_BEGIN + i, .l_len = 1};
        if (fcntl(fd, F_GETLK, &lock) < 0 || lock.l_type == F_UNLCK || lock.l_pid <= 0 || marks[i] >= oldest)
            continue;
        oldest = marks[i];
        pid = lock.l_pid;
    }
    if (pid > 0)
        read_name(pid, out_name, size);
    return (uint32_t)pid;
}
