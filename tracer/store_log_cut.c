/* store_log_cut.c: whether the log of a store has lost what was written into it. See tt__store_is_log_cut() in store_writer.h.
 *
 * A log that somebody cuts (`: > STORE-wal`, a job that cleans up) is not missed by SQLite: it goes by the index STORE-shm, writes behind
 * the hole, and copies zeros into the store. How long the log must be stands in the index; and what is cut to nothing has no header, also
 * when something has been written behind the hole.
 *
 *   STORE-shm   16  frames in the log, four bytes in this machine's order; 96  how many of them are in the store
 *   STORE-wal    0  0x377f0682 or 0x377f0683, its highest byte first; 32  the frames, each a page and 24 bytes
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store_writer_state.h"

#define FRAMES_AT    16
#define COPIED_AT    96
#define HEADER_BYTES 32
#define FRAME_BYTES  24 /* in front of its page */
#define MAGIC        UINT32_C(0x377f0682)
#define DIFFERS_BY   1u /* in a log whose sums are of the other order */

static bool has_header(int fd)
{
    unsigned char magic[4];
    if (pread(fd, magic, sizeof magic, 0) != sizeof magic)
        return false;
    uint32_t value = (uint32_t)magic[0] << 24 | (uint32_t)magic[1] << 16 | (uint32_t)magic[2] << 8 | magic[3];
    return (value & ~DIFFERS_BY) == MAGIC;
}

static int open_log(struct tt__store_writer *writer)
{
    if (writer->log_fd < 0)
        writer->log_fd = tt__store_open_beside(writer, "-wal", O_RDONLY);
    return writer->log_fd;
}

/* *OUT_IS_COPIED: all that is missing is in the store. */
static bool is_short(struct tt__store_writer *writer, bool *out_is_copied)
{
    struct stat log;
    uint32_t frames, copied;
    int log_fd = open_log(writer), index_fd = tt__store_open_log_index(writer);
    /* The length first: whoever gives the room of a log back to the disk says before that there is nothing in it. */
    if (log_fd < 0 || index_fd < 0 || fstat(log_fd, &log) < 0 ||
        pread(index_fd, &frames, sizeof frames, FRAMES_AT) != sizeof frames ||
        pread(index_fd, &copied, sizeof copied, COPIED_AT) != sizeof copied || frames == 0)
        return false;
    *out_is_copied = copied >= frames;
    return log.st_size < HEADER_BYTES + (int64_t)frames * (writer->page_bytes + FRAME_BYTES) || !has_header(log_fd);
}

bool tt__store_is_log_cut(struct tt__store_writer *writer)
{
    bool is_copied = false;
    if (writer->is_log_cut || !is_short(writer, &is_copied))
        return writer->is_log_cut;
    /* Where nobody reads the old one a new log can be begun, and nothing is lost. */
    writer->is_log_cut =
        !is_copied || !sqlite3_get_autocommit(writer->connection) ||
        sqlite3_wal_checkpoint_v2(writer->connection, "main", SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL) != SQLITE_OK;
    return writer->is_log_cut;
}

/* As many stores of one name were damaged, and are still there. */
#define ASIDE_MAX 100

int tt__store_set_aside(struct tt__store_writer *writer, char *out_path, size_t size)
{
    static const char *const beside[] = {"-wal", "-shm"};
    int result = -1;
    for (int i = 1; i <= ASIDE_MAX && result < 0; i++) {
        int length = i == 1 ? snprintf(out_path, size, "%s.damaged", writer->path)
                            : snprintf(out_path, size, "%s.damaged-%d", writer->path, i);
        if (length >= (int)size)
            return -1;
        result = renameat2(AT_FDCWD, writer->path, AT_FDCWD, out_path, RENAME_NOREPLACE);
        if (result < 0 && errno != EEXIST)
            return -1;
    }
    for (size_t i = 0; i < sizeof beside / sizeof *beside && result == 0; i++) {
        char path[PATH_MAX];
        if (snprintf(path, sizeof path, "%s%s", writer->path, beside[i]) >= (int)sizeof path)
            return -1;
        unlink(path); /* what is left of them belongs to nothing */
    }
    return result;
}
