/* fs_whole.c: whole files, read or written in one trip to a thread: see telltale/fs.h.
 *
 * Inside a task; functions called on_thread run on a thread of the pool. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <telltale/fs.h>

#include "fs_call.h"
#include "precond.h"

/* ------------------------------------------------------------------------------------------------------------- read */

/* The room to begin with: for a file whose size is known one byte more, so that its end is seen without growing. */
static size_t first_capacity(int descriptor, size_t size_max)
{
    struct stat stat;
    size_t size =
        fstat(descriptor, &stat) == 0 && S_ISREG(stat.st_mode) && stat.st_size > 0 ? (size_t)stat.st_size : 4096;

    return size < size_max ? size + 1 : size_max + 1;
}

/* Reads DESCRIPTOR to its end into call->made. How many bytes, or -1 and errno. */
static ssize_t read_to_end(struct tt_fs_call *call, int descriptor)
{
    size_t size_max = call->size, capacity = first_capacity(descriptor, size_max), size = 0;
    char *data = malloc(capacity + 1); /* a zero byte follows */

    call->made = data;
    while (data && !tt__fs_call_is_unwanted(call)) {
        size_t room = capacity - size;
        ssize_t length = read(descriptor, data + size, room < TT_FS_CHUNK_BYTES ? room : TT_FS_CHUNK_BYTES);

        if (length < 0 && errno == EINTR)
            continue;
        if (length < 0)
            return -1;
        size += (size_t)length;
        if (size > size_max) {
            errno = EFBIG;
            return -1;
        }
        if (length == 0) {
            data[size] = '\0';
            return (ssize_t)size;
        }
        if (size < capacity)
            continue;
        capacity = capacity <= size_max / 2 ? 2 * capacity : size_max + 1;
        data = realloc(data, capacity + 1);
        if (data)
            call->made = data;
    }
    errno = data ? ECANCELED : ENOMEM;
    return -1;
}

static int open_call(struct tt_fs_call *call)
{
    int descriptor;

    do
        descriptor = open(call->path, call->flags | O_CLOEXEC, call->mode);
    while (descriptor < 0 && errno == EINTR);
    return descriptor;
}

static ssize_t read_file_on_thread(struct tt_fs_call *call)
{
    int descriptor = open_call(call), error;
    ssize_t size;

    if (descriptor < 0)
        return -1;
    size = read_to_end(call, descriptor);
    error = errno;
    close(descriptor);
    errno = error;
    return size;
}

int tt_fs_read_file_at(tt_site *site, const char *path, size_t size_max, char **out_data, size_t *out_size)
{
    static const struct tt_fs_op op = {"read", read_file_on_thread, NULL, TT_IO_KIND_READ};
    struct tt_fs_call *call;
    ssize_t size;

    tt__fs_check_path(path, site);
    TT_PRECOND("fs_read_file.out_data", site, out_data != NULL);
    call = tt__fs_call_create(&op, path, NULL, 0, site);
    if (!call)
        return -1;
    call->flags = O_RDONLY;
    call->size = size_max < (size_t)SSIZE_MAX - 2 ? size_max : (size_t)SSIZE_MAX - 2; /* two bytes more have to fit */
    size = tt__fs_call_perform(call, site);
    if (size >= 0) {
        *out_data = call->made;
        call->made = NULL;
        if (out_size)
            *out_size = (size_t)size;
    }
    tt__fs_call_end(call, site);
    return size < 0 ? -1 : 0;
}

/* ------------------------------------------------------------------------------------------------------------ write */

static ssize_t write_file_on_thread(struct tt_fs_call *call)
{
    int descriptor = open_call(call), rc, error;
    off_t offset = -1;

    if (descriptor < 0)
        return -1;
    rc = tt__fs_write_all(descriptor, call->room, call->size, &offset);
    error = errno;
    if (close(descriptor) < 0 && rc == 0 && errno != EINTR) {
        rc = -1;
        error = errno;
    }
    errno = error;
    return rc;
}

int tt_fs_write_file_at(tt_site *site, const char *path, const void *data, size_t size, mode_t mode)
{
    static const struct tt_fs_op op = {"write", write_file_on_thread, NULL, TT_IO_KIND_WRITE};
    struct tt_fs_call *call;

    TT_PRECOND("fs_write_file.data", site, data != NULL || size == 0);
    tt__fs_check_path(path, site);
    call = tt__fs_call_create(&op, path, NULL, size, site);
    if (!call)
        return -1;
    if (size)
        memcpy(call->room, data, size);
    call->flags = O_WRONLY | O_CREAT | O_TRUNC;
    call->mode = mode;
    call->size = size;
    return (int)tt__fs_call_finish(call, site);
}
