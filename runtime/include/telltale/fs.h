/* telltale/fs.h: files.
 *
 * The calls of POSIX, each made on a thread of libuv's pool while its task waits and the loop goes on. Descriptors are
 * plain ones, the program's, and close-on-exec. The pool is the one of telltale/executor.h.
 *
 * Failure. -1, and the child of OSError that belongs to errno is pending; its text ends with what was done to what:
 * "[Errno 2] No such file or directory: open /no/such/file".
 *
 * Cancellation. A call that is cancelled while it waits returns -1 with CancelledError pending, at once. What no thread has
 * begun does not happen. What a thread is doing cannot be recalled: it goes on with memory of its own, nothing of the
 * caller's is touched any more, and closing the loop waits for its end. A file that it opens is closed again; but what it
 * wrote, removed or renamed is done. So after a cancelled call the program knows nothing about it.
 *
 * Closing. A descriptor that a call still works with, a cancelled one say, may be closed: what the thread does never reaches another
 * file that gets its number. Sockets, pipes and terminals: by any function, since the call has a copy of its own (OSError EMFILE
 * where there is no room for one). Files: on the loop's thread by tt_fs_close, or tt_stream_close if a stream owns them; they are closed in fact when the last
 * call has ended. close(2) is not for files on which a call was cancelled.
 *
 * Paths are copied; NULL breaks precondition fs.path.
 *
 * Threads: inside a task. Each call suspends, and does nothing but return -1 when an exception is pending already
 * (tt_fs_close apart). MemoryError where there is no memory for a call. Events, while the category io is on: io_started, io_named
 * with the path, io_finished. From: POSIX; asyncio has no files. */
#ifndef TELLTALE_FS_H
#define TELLTALE_FS_H

#include <sys/stat.h>
#include <sys/types.h>

#include <telltale/task.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The most that one call of read moves: its copy takes as much memory. Writing goes in parts of that size. */
#define TT_FS_CHUNK_BYTES ((size_t)1024 * 1024)

/* --------------------------------------------------------------------------------------------------- open files */

/* Opens PATH as open(2) does, with O_CLOEXEC. Returns the descriptor. */
#define tt_fs_open(path, flags, mode) tt_fs_open_at(TT_HERE, (path), (flags), (mode))
TT_API int tt_fs_open_at(tt_site *site, const char *path, int flags, mode_t mode) TT_MUST_USE;

/* Closes DESCRIPTOR, whatever happens: also with an exception pending, which stays, when the task is cancelled meanwhile,
 * outside of tasks and without memory; then by close(2) on this thread. Where a call still works with a file, see "Closing" above,
 * this returns at once, and what closing it fails with is not told. Returns 0, or -1 with an exception pending: that
 * of the close, or CancelledError. */
#define tt_fs_close(descriptor) tt_fs_close_at(TT_HERE, (descriptor))
TT_API int tt_fs_close_at(tt_site *site, int descriptor);

/* Reads at most SIZE bytes, and at most TT_FS_CHUNK_BYTES, at the file's position, or with pread at OFFSET, into BUFFER.
 * Returns how many; 0 at the end of the file. A cancelled read at the file's position may have moved it. */
#define tt_fs_read(descriptor, buffer, size) tt_fs_read_at(TT_HERE, (descriptor), (buffer), (size))
TT_API ssize_t tt_fs_read_at(tt_site *site, int descriptor, void *buffer, size_t size) TT_MUST_USE;
#define tt_fs_pread(descriptor, buffer, size, offset) tt_fs_pread_at(TT_HERE, (descriptor), (buffer), (size), (offset))
TT_API ssize_t tt_fs_pread_at(tt_site *site, int descriptor, void *buffer, size_t size, off_t offset) TT_MUST_USE;

/* Writes all SIZE bytes of DATA, at the file's position, or with pwrite at OFFSET. Returns 0; when it fails an unknown part
 * has been written. For files; a non-blocking descriptor that is full fails with BlockingIOError, a pipe or socket that nobody
 * reads with BrokenPipeError: SIGPIPE is never raised. */
#define tt_fs_write(descriptor, data, size) tt_fs_write_at(TT_HERE, (descriptor), (data), (size))
TT_API int tt_fs_write_at(tt_site *site, int descriptor, const void *data, size_t size) TT_MUST_USE;
#define tt_fs_pwrite(descriptor, data, size, offset) tt_fs_pwrite_at(TT_HERE, (descriptor), (data), (size), (offset))
TT_API int tt_fs_pwrite_at(tt_site *site, int descriptor, const void *data, size_t size, off_t offset) TT_MUST_USE;

/* Has what was written reach the disk. */
#define tt_fs_fsync(descriptor) tt_fs_fsync_at(TT_HERE, (descriptor))
TT_API int tt_fs_fsync_at(tt_site *site, int descriptor) TT_MUST_USE;

/* Sends SIZE bytes of the file INPUT from OFFSET on to OUTPUT, a socket, pipe or file; fewer when the file ends before.
 * Returns how many were sent. When OUTPUT is non-blocking and full it waits, as tt_loop_add_writer does, of which there
 * is one for each descriptor. asyncio: loop.sendfile. */
#define tt_fs_sendfile(output, input, offset, size) tt_fs_sendfile_at(TT_HERE, (output), (input), (offset), (size))
TT_API ssize_t tt_fs_sendfile_at(tt_site *site, int output, int input, off_t offset, size_t size) TT_MUST_USE;

/* ----------------------------------------------------------------------------------------- what a path stands for */

/* Fills *OUT, which stays untouched on failure: of PATH, of PATH itself if it is a symbolic link, of an open file. */
#define tt_fs_stat(path, out) tt_fs_stat_at(TT_HERE, (path), (out))
TT_API int tt_fs_stat_at(tt_site *site, const char *path, struct stat *out) TT_MUST_USE;
#define tt_fs_lstat(path, out) tt_fs_lstat_at(TT_HERE, (path), (out))
TT_API int tt_fs_lstat_at(tt_site *site, const char *path, struct stat *out) TT_MUST_USE;
#define tt_fs_fstat(descriptor, out) tt_fs_fstat_at(TT_HERE, (descriptor), (out))
TT_API int tt_fs_fstat_at(tt_site *site, int descriptor, struct stat *out) TT_MUST_USE;

/* rename(2), unlink(2), mkdir(2), rmdir(2). */
#define tt_fs_rename(from, to) tt_fs_rename_at(TT_HERE, (from), (to))
TT_API int tt_fs_rename_at(tt_site *site, const char *from, const char *to) TT_MUST_USE;
#define tt_fs_unlink(path) tt_fs_unlink_at(TT_HERE, (path))
TT_API int tt_fs_unlink_at(tt_site *site, const char *path) TT_MUST_USE;
#define tt_fs_mkdir(path, mode) tt_fs_mkdir_at(TT_HERE, (path), (mode))
TT_API int tt_fs_mkdir_at(tt_site *site, const char *path, mode_t mode) TT_MUST_USE;
#define tt_fs_rmdir(path) tt_fs_rmdir_at(TT_HERE, (path))
TT_API int tt_fs_rmdir_at(tt_site *site, const char *path) TT_MUST_USE;

/* What a folder has in it. */
struct tt_fs_entry {
    const char *name;
    unsigned char type; /* DT_REG, DT_DIR ... of dirent.h; DT_UNKNOWN where the file system does not say */
};

/* Reads the folder PATH: all but . and .., sorted by name, byte by byte. Returns how many there are, and in *OUT_ENTRIES an
 * array of them which is the caller's, to be freed by one free(), names included; NULL when there are none. */
#define tt_fs_readdir(path, out_entries) tt_fs_readdir_at(TT_HERE, (path), (out_entries))
TT_API ssize_t tt_fs_readdir_at(tt_site *site, const char *path, struct tt_fs_entry **out_entries) TT_MUST_USE;

/* Creates and opens, for reading and writing, a file that did not exist. TEMPLATE ends in XXXXXX, which is replaced by
 * what makes the name unique (mkstemp(3)). Returns the descriptor. A cancelled call removes what it has created. */
#define tt_fs_mkstemp(template_) tt_fs_mkstemp_at(TT_HERE, (template_))
TT_API int tt_fs_mkstemp_at(tt_site *site, char *template_) TT_MUST_USE;

/* -------------------------------------------------------------------------------------------------- whole files */

/* Reads all of PATH: 0, the bytes in *OUT_DATA, which are the caller's to free and are followed by a zero byte, and their
 * number in *OUT_SIZE (NULL: not wanted). A file of more than SIZE_MAX bytes fails with OSError "[Errno 27] File too large",
 * also one that grows beyond it meanwhile, or never ends, as /dev/zero. */
#define tt_fs_read_file(path, size_max, out_data, out_size) \
    tt_fs_read_file_at(TT_HERE, (path), (size_max), (out_data), (out_size))
TT_API int tt_fs_read_file_at(tt_site *site, const char *path, size_t size_max, char **out_data,
                              size_t *out_size) TT_MUST_USE;

/* Makes PATH a file of these SIZE bytes: created with MODE, or truncated and written anew. Returns 0; when it fails, or is
 * cancelled, the file may be there in part. */
#define tt_fs_write_file(path, data, size, mode) tt_fs_write_file_at(TT_HERE, (path), (data), (size), (mode))
TT_API int tt_fs_write_file_at(tt_site *site, const char *path, const void *data, size_t size, mode_t mode) TT_MUST_USE;

#ifdef __cplusplus
}
#endif

#endif
