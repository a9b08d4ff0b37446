/* fs.c: open files: see telltale/fs.h.
 *
 * Each call is an operation with a function for the thread and what the caller does around it.
 *
 * Inside a task; functions called on_thread run on a thread of the pool. From: POSIX. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/sendfile.h>
#include <unistd.h>

#include <telltale/fs.h>
#include <telltale/loop.h>

#include "fs_call.h"
#include "precond.h"
#include "sigpipe.h"

static size_t chunk_bytes(size_t size)
{
    return size < TT_FS_CHUNK_BYTES ? size : TT_FS_CHUNK_BYTES;
}

/* ------------------------------------------------------------------------------------------------------ open, close */

static ssize_t open_on_thread(struct tt_fs_call *call)
{
    int descriptor;

    do
        descriptor = open(call->path, call->flags | O_CLOEXEC, call->mode);
    while (descriptor < 0 && errno == EINTR);
    return descriptor;
}

static void close_unwanted(struct tt_fs_call *call)
{
    if (call->result >= 0)
        close((int)call->result);
}

int tt_fs_open_at(tt_site *site, const char *path, int flags, mode_t mode)
{
    static const struct tt_fs_op op = {"open", open_on_thread, close_unwanted, TT_IO_KIND_OPEN};
    struct tt_fs_call *call;
    int descriptor;

    tt__fs_check_path(path, site);
    call = tt__fs_call_create(&op, path, NULL, 0, site);
    if (!call)
        return -1;
    call->flags = flags;
    call->mode = mode;
    descriptor = (int)tt__fs_call_perform(call, site);
    if (descriptor >= 0)
        call->result = -1; /* it is the caller's now */
    tt__fs_call_end(call, site);
    return descriptor;
}

/* Linux closes the descriptor also when close says EINTR. */
static int close_once(int descriptor)
{
    return close(descriptor) < 0 && errno != EINTR ? -1 : 0;
}

static ssize_t close_on_thread(struct tt_fs_call *call)
{
    return close_once(call->file.number);
}

static void close_unclosed(struct tt_fs_call *call)
{
    if (!call->has_run)
        close_once(call->file.number);
}

/* On the loop's thread, where nothing can suspend. What is pending stays. */
static int close_here(tt_site *site, int descriptor)
{
    int rc = close_once(descriptor), error = errno;

    if (tt_exc_pending())
        return -1;
    return rc < 0 ? tt_raise_errno_at(site, error, "close descriptor %d", descriptor) : 0;
}

int tt_fs_close_at(tt_site *site, int descriptor)
{
    static const struct tt_fs_op op = {"close", close_on_thread, close_unclosed, TT_IO_KIND_CLOSE};
    tt_loop *loop = tt__running_loop;
    struct tt_fs_call *call;

    if (tt__fs_defer_close(descriptor))
        return tt_exc_pending() ? -1 : 0;
    if (tt_exc_pending() || !loop || !loop->current || tt__no_suspend)
        return close_here(site, descriptor);
    call = tt__fs_call_create(&op, NULL, NULL, 0, site);
    if (!call) /* closed it is, but what it would have told is not known */
        return close_here(site, descriptor);
    call->file.number = descriptor;
    return (int)tt__fs_call_finish(call, site);
}

/* ------------------------------------------------------------------------------------------------------ read, write */

static ssize_t read_on_thread(struct tt_fs_call *call)
{
    ssize_t size;

    do
        size = call->offset < 0 ? read(call->file.descriptor, call->room, call->size)
                                : pread(call->file.descriptor, call->room, call->size, call->offset);
    while (size < 0 && errno == EINTR);
    return size;
}

static ssize_t read_some(tt_site *site, const struct tt_fs_op *op, int descriptor, void *buffer, size_t size,
                         off_t offset)
{
    struct tt_fs_call *call;
    ssize_t length;

    TT_PRECOND("fs_read.buffer", site, buffer != NULL || size == 0);
    size = chunk_bytes(size);
    call = tt__fs_call_create(op, NULL, NULL, size, site);
    if (!call)
        return -1;
    call->size = size;
    call->offset = offset;
    length = tt__fs_call_use(call, &call->file, descriptor, site) < 0 ? -1 : tt__fs_call_perform(call, site);
    if (length > 0)
        memcpy(buffer, call->room, (size_t)length);
    tt__fs_call_end(call, site);
    return length;
}

ssize_t tt_fs_read_at(tt_site *site, int descriptor, void *buffer, size_t size)
{
    static const struct tt_fs_op op = {"read", read_on_thread, NULL, TT_IO_KIND_READ};

    return read_some(site, &op, descriptor, buffer, size, -1);
}

ssize_t tt_fs_pread_at(tt_site *site, int descriptor, void *buffer, size_t size, off_t offset)
{
    static const struct tt_fs_op op = {"pread", read_on_thread, NULL, TT_IO_KIND_READ};

    TT_PRECOND("fs_pread.offset", site, offset >= 0);
    return read_some(site, &op, descriptor, buffer, size, offset);
}

static ssize_t write_on_thread(struct tt_fs_call *call)
{
    return tt__fs_write_all(call->file.descriptor, call->room, call->size, &call->offset);
}

/* Performs CALL with DESCRIPTOR, and ends it. */
static int finish_with(struct tt_fs_call *call, int descriptor, tt_site *site)
{
    if (tt__fs_call_use(call, &call->file, descriptor, site) == 0)
        return (int)tt__fs_call_finish(call, site);
    tt__fs_call_end(call, site);
    return -1;
}

static int write_chunk(tt_site *site, const struct tt_fs_op *op, int descriptor, const char *data, size_t size,
                       off_t offset)
{
    struct tt_fs_call *call = tt__fs_call_create(op, NULL, NULL, size, site);

    if (!call)
        return -1;
    if (size)
        memcpy(call->room, data, size);
    call->size = size;
    call->offset = offset;
    return finish_with(call, descriptor, site);
}

/* Also of no bytes at all: that too tells whether the descriptor can be written to. */
static int write_all(tt_site *site, const struct tt_fs_op *op, int descriptor, const char *data, size_t size,
                     off_t offset)
{
    TT_PRECOND("fs_write.data", site, data != NULL || size == 0);
    for (;;) {
        size_t part = chunk_bytes(size);

        if (write_chunk(site, op, descriptor, data, part, offset) < 0)
            return -1;
        if (part == size)
            return 0;
        data += part;
        size -= part;
        if (offset >= 0)
            offset += (off_t)part;
    }
}

int tt_fs_write_at(tt_site *site, int descriptor, const void *data, size_t size)
{
    static const struct tt_fs_op op = {"write", write_on_thread, NULL, TT_IO_KIND_WRITE};

    return write_all(site, &op, descriptor, data, size, -1);
}

int tt_fs_pwrite_at(tt_site *site, int descriptor, const void *data, size_t size, off_t offset)
{
    static const struct tt_fs_op op = {"pwrite", write_on_thread, NULL, TT_IO_KIND_WRITE};

    TT_PRECOND("fs_pwrite.offset", site, offset >= 0);
    return write_all(site, &op, descriptor, data, size, offset);
}

/* ------------------------------------------------------------------------------------------------------ fsync, fstat */

static ssize_t fsync_on_thread(struct tt_fs_call *call)
{
    return fsync(call->file.descriptor);
}

int tt_fs_fsync_at(tt_site *site, int descriptor)
{
    static const struct tt_fs_op op = {"fsync", fsync_on_thread, NULL, TT_IO_KIND_SYNC};
    struct tt_fs_call *call = tt__fs_call_create(&op, NULL, NULL, 0, site);

    return call ? finish_with(call, descriptor, site) : -1;
}

static ssize_t fstat_on_thread(struct tt_fs_call *call)
{
    return fstat(call->file.descriptor, &call->stat);
}

int tt_fs_fstat_at(tt_site *site, int descriptor, struct stat *out)
{
    static const struct tt_fs_op op = {"stat", fstat_on_thread, NULL, TT_IO_KIND_STAT};
    struct tt_fs_call *call = tt__fs_call_create(&op, NULL, NULL, 0, site);
    int rc;

    TT_PRECOND("fs_fstat.out", site, out != NULL);
    if (!call)
        return -1;
    rc = tt__fs_call_use(call, &call->file, descriptor, site);
    if (rc == 0)
        rc = (int)tt__fs_call_perform(call, site);
    if (rc == 0)
        *out = call->stat;
    tt__fs_call_end(call, site);
    return rc;
}

/* --------------------------------------------------------------------------------------------------------- sendfile */

/* What sendfile(2) does not do for this pair of descriptors: a part is read and written. */
static ssize_t copy_part(struct tt_fs_call *call, off_t offset, size_t size)
{
    char buffer[16384];
    ssize_t length = pread(call->file.descriptor, buffer, size < sizeof buffer ? size : sizeof buffer, offset);

    return length <= 0 ? length : write(call->output.descriptor, buffer, (size_t)length);
}

/* Sends until SIZE is reached, the file ends, the output is full or fails, or nobody wants it any more. What was sent
 * counts, an error then comes with the next call. */
static ssize_t sendfile_on_thread(struct tt_fs_call *call)
{
    size_t sent = 0;

    while (sent < call->size && !tt__fs_call_is_unwanted(call)) {
        off_t offset = call->offset + (off_t)sent;
        size_t part = chunk_bytes(call->size - sent);
        off_t moved = offset;
        struct tt_sigpipe sigpipe;
        ssize_t length;

        tt__sigpipe_block(&sigpipe);
        length = sendfile(call->output.descriptor, call->file.descriptor, &moved, part);
        if (length < 0 && (errno == EINVAL || errno == ENOSYS))
            length = copy_part(call, offset, part);
        tt__sigpipe_unblock(&sigpipe, length < (ssize_t)part);
        if (length < 0 && errno == EINTR)
            continue;
        if (length < 0 && sent == 0)
            return -1;
        if (length <= 0)
            break;
        sent += (size_t)length;
    }
    return (ssize_t)sent;
}

/* One trip to a thread: how much was sent, -1 with an exception pending, or -2 when the output is full. */
static ssize_t send_some(tt_site *site, int output, int input, off_t offset, size_t size)
{
    static const struct tt_fs_op op = {"sendfile", sendfile_on_thread, NULL, TT_IO_KIND_SENDFILE};
    struct tt_fs_call *call = tt__fs_call_create(&op, NULL, NULL, 0, site);
    ssize_t sent = -1;

    if (!call)
        return -1;
    call->offset = offset;
    call->size = size;
    if (tt__fs_call_use(call, &call->file, input, site) == 0 &&
        tt__fs_call_use(call, &call->output, output, site) == 0 && tt__fs_call_run(call, site) == 0) {
        sent = call->result;
        if (sent < 0 && call->error == EAGAIN)
            sent = -2;
        else if (sent < 0)
            tt_raise_errno_at(site, call->error, "sendfile descriptor %d to descriptor %d", input, output);
    }
    tt__fs_call_end(call, site);
    return sent;
}

static int complete(void *future)
{
    return tt_future_done(future) ? 0 : tt_future_set_result(future, NULL, NULL);
}

static int wait_until_writable(tt_site *site, int descriptor)
{
    tt_future *future = tt_create_future_at(site, NULL);
    int rc = -1;

    if (future) {
        future->label = (struct tt_wait_label){TT_WAIT_KIND_SEND, (uint64_t)descriptor};
        future->is_of_call = true;
        rc = tt_loop_add_writer_at(site, NULL, descriptor, complete, future);
    }
    if (rc == 0) {
        rc = tt_await_at(site, future);
        tt_loop_remove_writer(NULL, descriptor);
    }
    tt_future_unref_at(site, future);
    return rc;
}

ssize_t tt_fs_sendfile_at(tt_site *site, int output, int input, off_t offset, size_t size)
{
    size_t sent = 0;

    TT_PRECOND("fs_sendfile.offset", site, offset >= 0);
    for (;;) {
        ssize_t length = send_some(site, output, input, offset + (off_t)sent, size - sent);

        if (length == -1 || (length == -2 && wait_until_writable(site, output) < 0))
            return -1;
        if (length == -2)
            continue;
        sent += (size_t)length;
        if (length == 0 || sent == size)
            return (ssize_t)sent;
    }
}
