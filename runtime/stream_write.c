/* stream_write.c: writing to streams. See telltale/stream.h.
 *
 * A write is tried at once; what does not fit is written when there is room, and the call returns when all is in the
 * kernel. Writes of several tasks take turns:
 *
 *     turn free, nobody waits --> taken --written, failed, cancelled--> free: the first who waits is woken
 *
 * Who was woken and is cancelled before it runs passes the turn on.
 *
 * Inside a task. From: asyncio.StreamWriter. */
#include "precond.h"
#include "stream_internal.h"

#include <assert.h>
#include <errno.h>
#include <sys/sendfile.h>
#include <unistd.h>

#include "descriptor.h"
#include "precond.h"
#include "sigpipe.h"

enum {
    PIECES_AT_ONCE = 64,
    COPY_BYTES = 16 * 1024,
};

/* A call that writes. */
struct write {
    struct tt_io io;
    tt_stream *stream;
    struct tt_task_object *task;
    tt_site *site;
    const struct iovec *pieces; /* the first that is not written */
    int count;                  /* pieces from there on */
    size_t offset;              /* bytes of the first one that are written */
    size_t left;                /* bytes to write */
    size_t sent;                /* bytes that were written before the call began to wait: see send_at_once */
    bool is_one_enough;         /* write_some */

    bool is_of_file; /* sendfile: what is sent, in the place of pieces, from this offset on */
    int file;
    off_t file_offset;
};

/* -------------------------------------------------------------------------------------------------------- attempts */

/* What is left, as far as it goes into one call. Returns how many pieces. */
static int next_pieces(const struct write *call, struct iovec *out)
{
    int count = 0;

    for (int i = 0; i < call->count && count < PIECES_AT_ONCE; i++) {
        size_t offset = i == 0 ? call->offset : 0;

        out[count].iov_base = (char *)call->pieces[i].iov_base + offset;
        out[count].iov_len = call->pieces[i].iov_len - offset;
        count += out[count].iov_len > 0;
    }
    return count;
}

/* SIZE bytes are written. */
static void advance(struct write *call, size_t size)
{
    call->left -= size;
    call->io.result += (ssize_t)size;
    for (size += call->offset; call->count > 0 && size >= call->pieces->iov_len; call->count--)
        size -= (call->pieces++)->iov_len;
    call->offset = size;
    assert((call->count > 0 || size == 0) && "no more is written than there was");
}

static ssize_t write_pieces(const struct write *call)
{
    struct iovec pieces[PIECES_AT_ONCE];
    struct tt_sigpipe sigpipe;
    ssize_t written;
    int count;

    if (call->stream->is_socket && call->count == 1)
        return send(call->io.descriptor, (const char *)call->pieces->iov_base + call->offset,
                    call->pieces->iov_len - call->offset, MSG_NOSIGNAL | MSG_DONTWAIT);
    count = next_pieces(call, pieces);
    if (call->stream->is_socket)
        return sendmsg(call->io.descriptor, &(struct msghdr){.msg_iov = pieces, .msg_iovlen = (size_t)count},
                       MSG_NOSIGNAL | MSG_DONTWAIT);
    tt__descriptor_set_blocking(call->io.descriptor, false); /* somebody else may have made it so */
    tt__sigpipe_block(&sigpipe);
    written = writev(call->io.descriptor, pieces, count);
    tt__sigpipe_unblock(&sigpipe, written < (ssize_t)call->left);
    return written;
}

static bool attempt_write(struct tt_io *io)
{
    struct write *call = tt_container_of(io, struct write, io);
    size_t moved = 0;

    for (;;) {
        bool is_all = call->count <= PIECES_AT_ONCE;
        size_t left = call->left;
        ssize_t written = write_pieces(call);

        if (written < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
            return false;
        if (written < 0) {
            io->error = errno;
            return true;
        }
        advance(call, (size_t)written);
        if (call->left == 0 || call->is_one_enough)
            return true;
        if (is_all && call->left < left) /* a part of it: there is no room for the rest */
            return false;
        moved += (size_t)written;
        if (moved >= TT_STEP_IO_BYTES) /* there is, but others get their turn */
            return false;
    }
}

/* Where the system has no sendfile from this file to that descriptor: a part is read, and written; what does not fit is
 * read again later. */
static ssize_t copy_part(struct write *call, size_t size)
{
    char buffer[COPY_BYTES];
    ssize_t length =
        pread(call->file, buffer, size < sizeof buffer ? size : sizeof buffer, call->file_offset + call->io.result);

    return length > 0 ? write(call->io.descriptor, buffer, (size_t)length) : length;
}

static ssize_t send_part(struct write *call, size_t size)
{
    off_t offset = call->file_offset + call->io.result;
    struct tt_sigpipe sigpipe;
    ssize_t sent;

    tt__descriptor_set_blocking(call->io.descriptor, false);
    tt__sigpipe_block(&sigpipe);
    sent = sendfile(call->io.descriptor, call->file, &offset, size);
    if (sent < 0 && (errno == EINVAL || errno == ENOSYS))
        sent = copy_part(call, size);
    tt__sigpipe_unblock(&sigpipe, sent < (ssize_t)size);
    return sent;
}

/* A part at a time, so that others have their turn. */
static bool attempt_sendfile(struct tt_io *io)
{
    struct write *call = tt_container_of(io, struct write, io);
    ssize_t sent = send_part(call, call->left < TT_STEP_IO_BYTES ? call->left : TT_STEP_IO_BYTES);

    if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
        return false;
    if (sent < 0) {
        io->error = errno;
        return true;
    }
    io->result += sent;
    call->left -= (size_t)sent;
    return call->left == 0 || sent == 0;
}

/* ------------------------------------------------------------------------------------------------------------- turns */

static void give_turn_back(tt_stream *stream)
{
    stream->is_turn_taken = false;
    tt__line_wake_head(&stream->turn);
}

/* Waits until nobody writes. 0, or -1 with an exception pending. */
static int take_turn(struct write *call)
{
    tt_stream *stream = call->stream;
    struct tt_waiting waiting = {.task = call->task,
                                 .held = &stream->waitable,
                                 .label = {TT_WAIT_KIND_WRITE_TURN, (uint64_t)stream->number},
                                 .site = call->site};
    bool was_woken;

    if (!stream->is_turn_taken && !tt__line_is_contended(&stream->turn)) {
        stream->is_turn_taken = true;
        return 0;
    }
    if (tt__line_wait(&stream->turn, &stream->waitable, &waiting, &was_woken) < 0) {
        if (was_woken && !stream->is_turn_taken)
            tt__line_wake_head(&stream->turn);
        return -1;
    }
    assert(!stream->is_turn_taken && "one turn for one who was woken");
    stream->is_turn_taken = true;
    return 0;
}

static void abandoned(struct tt_io *io)
{
    tt_stream *stream = tt_container_of(io, struct write, io)->stream;

    stream->writing = NULL;
    give_turn_back(stream);
    tt__stream_end(stream);
}

/* Whether STREAM takes data; else raises. */
static bool takes_data(const struct write *call)
{
    const tt_stream *stream = call->stream;

    if (stream->is_write_ended)
        tt_raise_at(call->site, &tt_RuntimeError, "Cannot call write() after write_eof()");
    else if (stream->is_cut_off)
        tt_raise_at(call->site, &tt_RuntimeError, "Cannot call write() after a write was cut off");
    else if (stream->descriptor < 0)
        tt__stream_raise(stream, ECONNABORTED, "write to", call->site);
    else
        return true;
    return false;
}

/* It is the call's turn. 0, or -1 with an exception pending. */
static int write_all(struct write *call)
{
    tt_stream *stream = call->stream;
    int rc;

    if (!takes_data(call))
        return -1;
    call->io = (struct tt_io){.descriptor = stream->descriptor,
                              .what = TT_IO_KIND_WRITE,
                              .wait_kind = TT_WAIT_KIND_WRITE,
                              .is_writer = true,
                              .attempt = call->is_of_file ? attempt_sendfile : attempt_write,
                              .abandoned = abandoned,
                              .size = call->left,
                              .result = (ssize_t)call->sent};
    if (call->is_of_file)
        tt__stream_make_non_blocking(stream);
    stream->writing = &call->io;
    rc = tt__io_perform(call->task, &call->io, true, call->site);
    stream->writing = NULL;
    if (call->left > 0 && call->io.result > 0 && !call->is_one_enough && (rc < 0 || call->io.error))
        stream->is_cut_off = true;
    if (rc == 0 && call->io.error)
        rc = tt__stream_raise(stream, call->io.error, "write to", call->site);
    return rc;
}

/* Writes what CALL says. Bytes, or -1 with an exception pending. */
static ssize_t perform(struct write *call, tt_stream *stream, tt_site *site)
{
    int rc;

    call->task = tt__stream_begin(stream, site);
    if (!call->task)
        return -1;
    call->stream = stream;
    call->site = site;
    rc = take_turn(call);
    if (rc == 0) {
        rc = call->left > 0 ? write_all(call) : takes_data(call) ? 0 : -1;
        give_turn_back(stream);
    }
    tt__stream_end(stream);
    return rc < 0 ? -1 : call->io.result;
}

/* ------------------------------------------------------------------------------------------------------------- calls */

int tt_stream_writelines_at(tt_site *site, tt_stream *stream, const struct iovec *pieces, int count)
{
    struct write call;

    TT_PRECOND("stream_writelines.pieces", site, pieces != NULL || count == 0);
    call.pieces = pieces;
    call.count = count;
    call.offset = call.left = 0;
    call.is_one_enough = false;
    call.is_of_file = false;
    call.sent = 0;
    call.io.result = 0;
    for (int i = 0; i < count; i++)
        call.left += pieces[i].iov_len;
    return perform(&call, stream, site) < 0 ? -1 : 0;
}

/* Whether a write of TASK needs no more than to be tried: nobody else writes, nobody is due a turn. */
static bool is_undisturbed(const tt_stream *stream, const struct tt_task_object *task)
{
    return stream->is_socket && !tt__io_is_spent(task) && !stream->is_turn_taken && !stream->turn.first &&
           !stream->is_write_ended && !stream->is_cut_off && stream->descriptor >= 0;
}

/* What most writes are: the kernel takes all of it at once. That is tried before anything is prepared for waiting, which
 * would be most of what a small write costs here. SIZE is more than 0. Returns how much was sent, all of which counts; -1
 * with an exception pending. */
static ssize_t send_at_once(tt_stream *stream, struct tt_task_object *task, const void *data, size_t size,
                            tt_site *site)
{
    uint64_t began = tt__io_begin_sending(task);
    ssize_t sent = send(stream->descriptor, data, size, MSG_NOSIGNAL | MSG_DONTWAIT);
    int error = sent < 0 ? errno : 0;

    if (error == EAGAIN || error == EWOULDBLOCK || error == EINTR)
        return 0;
    if (began && (error || (size_t)sent == size))
        tt__io_tell_sent(task, began, stream->descriptor, size, sent, error, site);
    return error ? tt__stream_raise(stream, error, "write to", site) : sent;
}

/* Of DATA the first SENT bytes are written. */
static __attribute__((noinline)) int write_rest(tt_site *site, tt_stream *stream, const void *data, size_t size,
                                                size_t sent)
{
    struct iovec piece = {.iov_base = (void *)data, .iov_len = size};
    struct write call = {.pieces = &piece, .count = 1, .offset = sent, .left = size - sent, .sent = sent};

    return perform(&call, stream, site) < 0 ? -1 : 0;
}

int tt_stream_write_at(tt_site *site, tt_stream *stream, const void *data, size_t size)
{
    struct tt_task_object *task = tt__task_that_may_suspend(site);
    ssize_t sent = 0;

    TT_PRECOND("stream_write.data", site, data != NULL || size == 0);
    if (!task)
        return -1;
    if (stream != NULL && size > 0 && task->future.loop == stream->waitable.loop && is_undisturbed(stream, task))
        sent = send_at_once(stream, task, data, size, site);
    if (sent < 0 || (sent > 0 && (size_t)sent == size)) {
        tt__io_spend(task, sent);
        return sent < 0 ? -1 : 0;
    }
    return write_rest(site, stream, data, size, (size_t)sent);
}

ssize_t tt_stream_write_some_at(tt_site *site, tt_stream *stream, const void *data, size_t size)
{
    struct iovec piece = {.iov_base = (void *)data, .iov_len = size};
    struct write call = {.pieces = &piece, .count = 1, .left = size, .is_one_enough = true};

    TT_PRECOND("stream_write_some.data", site, data != NULL || size == 0);
    return perform(&call, stream, site);
}

ssize_t tt_stream_sendfile_at(tt_site *site, tt_stream *stream, int file, off_t offset, size_t size)
{
    struct write call = {.left = size, .is_of_file = true, .file = file, .file_offset = offset};

    TT_PRECOND("stream_sendfile.offset", site, offset >= 0);
    return perform(&call, stream, site);
}

/* It is the call's turn. */
static int end_writing(tt_stream *stream, tt_site *site)
{
    if (stream->is_write_ended)
        return 0;
    if (stream->descriptor < 0)
        return tt__stream_raise(stream, ECONNABORTED, "write eof to", site);
    if (stream->is_socket && shutdown(stream->descriptor, SHUT_WR) < 0) /* ENOTCONN: not any more */
        return tt__stream_raise(stream, errno == ENOTCONN ? EPIPE : errno, "write eof to", site);
    if (!stream->is_socket && !stream->is_pipe)
        return tt_raise_at(site, &tt_NotImplementedError, "descriptor %d has no end that could be written",
                           stream->number);
    stream->is_write_ended = true;
    if (!stream->is_socket) /* the end of a pipe is told by closing it */
        tt__stream_shut(stream);
    return 0;
}

int tt_stream_write_eof_at(tt_site *site, tt_stream *stream)
{
    struct write call = {.stream = stream, .site = site};
    int rc;

    call.task = tt__stream_begin(stream, site);
    if (!call.task)
        return -1;
    rc = take_turn(&call);
    if (rc == 0) {
        rc = end_writing(stream, site);
        give_turn_back(stream);
    }
    tt__stream_end(stream);
    return rc;
}
