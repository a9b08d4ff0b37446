/* stream_read.c: reading from streams. See telltale/stream.h.
 *
 * tt_stream_read fills the caller's memory. The others read into the stream's buffer, which grows as they need it, so
 * that what has come is not lost when they are cancelled, or fail for want of the rest.
 *
 * Inside a task. From: asyncio.StreamReader. */
#include "descriptor.h"
#include "precond.h"
#include "stream_internal.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    BUFFER_BYTES_FIRST = 4096,
    AHEAD_BYTES = 64 * 1024, /* room that read_exactly makes for what has not come: asyncio's limit */
};

static void *copy_incomplete(const void *data)
{
    struct tt_incomplete_read *copy = malloc(sizeof *copy);

    if (copy)
        memcpy(copy, data, sizeof *copy);
    return copy;
}

static void *copy_size(const void *data)
{
    size_t *copy = malloc(sizeof *copy);

    if (copy)
        memcpy(copy, data, sizeof *copy);
    return copy;
}

const tt_exc_type tt_IncompleteReadError = {
    .name = "IncompleteReadError", .base = &tt_EOFError, .free_data = free, .copy_data = copy_incomplete};
const tt_exc_type tt_LimitOverrunError = {
    .name = "LimitOverrunError", .base = &tt_Exception, .free_data = free, .copy_data = copy_size};

/* A call that reads. */
struct read {
    struct tt_io io;
    tt_stream *stream;
    struct tt_task_object *task;
    tt_site *site;
    const char *name; /* of the call, for a message */
    void *buffer;
    bool has_performed; /* something at the descriptor, which counts for the step */
};

static bool attempt_read(struct tt_io *io)
{
    struct read *call = tt_container_of(io, struct read, io);

    if (call->stream->is_socket)
        return tt__io_is_over(io, recv(io->descriptor, call->buffer, io->size, MSG_DONTWAIT));
    if (!tt__descriptor_may_be_read(io->descriptor))
        return false;
    return tt__io_is_over(io, read(io->descriptor, call->buffer, io->size));
}

static void abandoned(struct tt_io *io)
{
    struct read *call = tt_container_of(io, struct read, io);

    call->stream->reading = NULL;
    tt__stream_end(call->stream);
}

/* 0, or -1 with an exception pending: also when the stream, whose buffer goes with it, was closed meanwhile. */
static int give_turn(struct read *call)
{
    call->io = (struct tt_io){.abandoned = abandoned};
    if (tt__io_give_turn(call->task, &call->io, call->site) < 0)
        return -1;
    if (call->stream->waitable.is_destroyed)
        return tt__stream_raise(call->stream, ECONNABORTED, "read from", call->site);
    return 0;
}

/* Refuses a second reader before it touches the buffer: the first one's recv writes to there, and what it has searched of
 * it must stay. 0, or -1 with an exception pending. */
static __attribute__((noinline)) int refuse_second(struct read *call)
{
    tt__io_spend(call->task, 0);
    if (call->stream->descriptor < 0) /* the first one has not run yet since */
        return tt__stream_raise(call->stream, ECONNABORTED, "read from", call->site);
    return tt_raise_at(call->site, &tt_RuntimeError,
                       "%s() called while another coroutine is already waiting for incoming data", call->name);
}

/* Also a call that needs no more than the buffer gives others their turn: see telltale/loop.h. The task; NULL with an exception
 * pending. */
static inline __attribute__((always_inline)) struct tt_task_object *begin(struct read *call, tt_stream *stream,
                                                                          const char *name, tt_site *site)
{
    struct tt_task_object *task = tt__stream_begin(stream, site);

    if (!task)
        return NULL;
    call->task = task;
    call->stream = stream;
    call->site = site;
    call->name = name;
    call->has_performed = false;
    if ((!tt__io_is_spent(task) || give_turn(call) == 0) && (!stream->reading || refuse_second(call) == 0))
        return task;
    tt__stream_end(stream);
    return NULL;
}

/* CALL has given its caller SIZE bytes, or failed. */
static void end(struct read *call, ssize_t size)
{
    if (!call->has_performed)
        tt__io_spend(call->task, size);
    tt__stream_end(call->stream);
}

static size_t buffered(const tt_stream *stream)
{
    return stream->end - stream->begin;
}

/* Takes SIZE bytes out of the stream's buffer; they stay where they are until the next call that reads. */
static char *take(tt_stream *stream, size_t size)
{
    char *data = stream->buffer + stream->begin;

    assert(size <= buffered(stream) && "what is taken is there");
    stream->begin += size;
    return data;
}

/* Reads what comes, at most SIZE bytes, into BUFFER: TASK, at SITE, from STREAM, all three of CALL. Bytes; 0 at the end; -1 with
 * an exception pending. Inline for tt_stream_read, which is this and little else. */
static inline __attribute__((always_inline)) ssize_t
receive(struct read *call, struct tt_task_object *task, tt_stream *stream, void *buffer, size_t size, tt_site *site)
{
    int rc;

    if (stream->is_at_end && stream->descriptor >= 0)
        return 0;
    if (stream->read_error || stream->descriptor < 0)
        return tt__stream_raise(stream, stream->read_error ? stream->read_error : ECONNABORTED, "read from", site);
    assert(!stream->reading && "begin has refused a second reader");
    assert(size > 0 && "a read of nothing would look like the end");
    call->buffer = buffer;
    call->io = (struct tt_io){.descriptor = stream->descriptor,
                              .what = TT_IO_KIND_READ,
                              .wait_kind = TT_WAIT_KIND_READ,
                              .attempt = attempt_read,
                              .abandoned = abandoned,
                              .size = size};
    call->has_performed = true;
    stream->reading = &call->io;
    rc = tt__io_receive(task, &call->io, site);
    stream->reading = NULL;
    if (rc < 0)
        return -1;
    if (call->io.error) {
        stream->read_error = call->io.error;
        return tt__stream_raise(stream, call->io.error, "read from", site);
    }
    stream->is_at_end = call->io.result == 0;
    return call->io.result;
}

/* Makes room for SIZE more bytes behind what is in the buffer. 0, or -1 with MemoryError pending. */
static int reserve(struct read *call, size_t size)
{
    tt_stream *stream = call->stream;
    size_t held = buffered(stream), capacity = stream->capacity ? stream->capacity : BUFFER_BYTES_FIRST;
    char *buffer;

    if (stream->capacity - stream->end >= size)
        return 0;
    if (size > SIZE_MAX / 2 - held)
        return tt_raise_at(call->site, &tt_MemoryError, "no memory to read %zu bytes", size);
    if (stream->begin > 0) {
        memmove(stream->buffer, stream->buffer + stream->begin, held);
        stream->begin = 0;
        stream->end = held;
    }
    while (capacity - held < size)
        capacity *= 2;
    if (capacity == stream->capacity)
        return 0;
    buffer = realloc(stream->buffer, capacity);
    if (!buffer)
        return tt_raise_at(call->site, &tt_MemoryError, "no memory to read %zu bytes", size);
    stream->buffer = buffer;
    stream->capacity = capacity;
    return 0;
}

/* Reads what comes into the buffer, which has room. As receive. */
static __attribute__((noinline)) ssize_t fill(struct read *call)
{
    tt_stream *stream = call->stream;
    ssize_t count =
        receive(call, call->task, stream, stream->buffer + stream->end, stream->capacity - stream->end, call->site);

    if (count > 0)
        stream->end += (size_t)count;
    return count;
}

/* Raises IncompleteReadError: EXPECTED bytes were asked for, 0: up to a separator. */
static int raise_incomplete(struct read *call, size_t expected)
{
    struct tt_incomplete_read *data = malloc(sizeof *data);
    size_t partial = buffered(call->stream);
    char total[24] = "undefined";

    if (expected)
        snprintf(total, sizeof total, "%zu", expected);
    if (data)
        *data = (struct tt_incomplete_read){partial, expected};
    tt_raise_at(call->site, &tt_IncompleteReadError, "%zu bytes read on a total of %s expected bytes", partial, total);
    tt_exc_set_data(tt_exc_pending(), &tt_IncompleteReadError, data);
    return -1;
}

/* ------------------------------------------------------------------------------------------------------------- calls */

ssize_t tt_stream_read_at(tt_site *site, tt_stream *stream, void *buffer, size_t size)
{
    struct tt_task_object *task;
    struct read call;
    ssize_t count;

    TT_PRECOND("stream_read.buffer", site, buffer != NULL || size == 0);
    task = begin(&call, stream, "read", site);
    if (!task)
        return -1;
    if (buffered(stream) > 0 || size == 0) {
        count = (ssize_t)(size < buffered(stream) ? size : buffered(stream));
        if (count > 0)
            memcpy(buffer, take(stream, (size_t)count), (size_t)count);
    } else {
        count = receive(&call, task, stream, buffer, size, site);
    }
    end(&call, count);
    return count;
}

/* Has SIZE bytes in the buffer: 0, or -1 with an exception pending. The buffer grows with what comes, since a SIZE that
 * the other end has told need not be true. */
static int gather_bytes(struct read *call, size_t size)
{
    ssize_t count = 1;

    while (buffered(call->stream) < size && count > 0) {
        size_t held = buffered(call->stream), missing = size - held, room = held < AHEAD_BYTES ? AHEAD_BYTES : held;

        count = reserve(call, missing < room ? missing : room) < 0 ? -1 : fill(call);
    }
    if (count < 0)
        return -1;
    return count == 0 ? raise_incomplete(call, size) : 0;
}

int tt_stream_read_exactly_at(tt_site *site, tt_stream *stream, void *buffer, size_t size)
{
    struct read call;
    int rc;

    TT_PRECOND("stream_read_exactly.buffer", site, buffer != NULL || size == 0);
    if (!begin(&call, stream, "readexactly", site))
        return -1;
    rc = gather_bytes(&call, size);
    if (rc == 0 && size > 0)
        memcpy(buffer, take(stream, size), size);
    end(&call, (ssize_t)size);
    return rc;
}

static int raise_overrun(struct read *call, const char *text, size_t consumed)
{
    size_t *data = malloc(sizeof *data);

    if (data)
        *data = consumed;
    tt_raise_at(call->site, &tt_LimitOverrunError, "%s", text);
    tt_exc_set_data(tt_exc_pending(), &tt_LimitOverrunError, data);
    return -1;
}

/* How many bytes of the buffer end with SEPARATOR; -1 with an exception pending. What was searched already is not
 * searched again. */
static ssize_t find(struct read *call, const void *separator, size_t separator_size)
{
    tt_stream *stream = call->stream;
    size_t searched = 0;

    for (;;) {
        const char *data = stream->buffer + stream->begin, *found;
        ssize_t count;

        if (buffered(stream) - searched >= separator_size) {
            found = memmem(data + searched, buffered(stream) - searched, separator, separator_size);
            if (found && (size_t)(found - data) > stream->limit)
                return raise_overrun(call, "Separator is found, but chunk is longer than limit",
                                     (size_t)(found - data));
            if (found)
                return found - data + (ssize_t)separator_size;
            searched = buffered(stream) + 1 - separator_size;
            if (searched > stream->limit)
                return raise_overrun(call, "Separator is not found, and chunk exceed the limit", searched);
        }
        if (reserve(call, 1) < 0)
            return -1;
        count = fill(call);
        if (count < 0)
            return -1;
        if (count == 0)
            return raise_incomplete(call, 0);
    }
}

ssize_t tt_stream_read_until_at(tt_site *site, tt_stream *stream, const void *separator, size_t separator_size,
                                const char **out_data)
{
    struct read call;
    ssize_t size;

    TT_PRECOND("stream_read_until.separator", site, separator != NULL || separator_size == 0);
    TT_PRECOND("stream_read_until.out_data", site, out_data != NULL);
    if (!begin(&call, stream, "readuntil", site))
        return -1;
    if (separator_size > 0)
        size = find(&call, separator, separator_size);
    else
        size = tt_raise_at(site, &tt_ValueError, "Separator should be at least one-byte string");
    if (size > 0)
        *out_data = take(stream, (size_t)size);
    end(&call, size);
    return size;
}

/* Of a line that is longer than the limit goes what has come, if its newline has not; else up to that. */
static void drop_line(tt_stream *stream, size_t consumed)
{
    size_t held = buffered(stream);

    if (consumed < held && stream->buffer[stream->begin + consumed] == '\n')
        take(stream, consumed + 1);
    else
        take(stream, held);
}

/* What find() raised, as it is for a line. Returns what readline does. */
static ssize_t settle_line(struct read *call)
{
    tt_stream *stream = call->stream;

    if (tt_catch(&tt_IncompleteReadError))
        return tt_catch_end() < 0 ? -1 : (ssize_t)buffered(stream);
    if (tt_catch(&tt_LimitOverrunError)) {
        tt_exc *exc = tt_exc_caught();
        const size_t *consumed = tt_exc_data(exc, &tt_LimitOverrunError);

        drop_line(stream, consumed ? *consumed : SIZE_MAX);
        tt_raise_at(call->site, &tt_ValueError, "%s", tt_exc_message(exc));
        return tt_catch_end();
    }
    return -1;
}

ssize_t tt_stream_readline_at(tt_site *site, tt_stream *stream, const char **out_line)
{
    struct read call;
    ssize_t size;

    TT_PRECOND("stream_readline.out_line", site, out_line != NULL);
    if (!begin(&call, stream, "readuntil", site))
        return -1;
    size = find(&call, "\n", 1);
    if (size < 0)
        size = settle_line(&call);
    if (size > 0)
        *out_line = take(stream, (size_t)size);
    end(&call, size);
    return size;
}

bool tt_stream_at_eof(const tt_stream *stream)
{
    TT_PRECOND("stream_at_eof.stream", NULL, stream != NULL);
    return stream->is_at_end && buffered(stream) == 0;
}
