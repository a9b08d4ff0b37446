/* stream.c: a stream as an object: opened on a descriptor, ended, asked about. See stream_internal.h.
 *
 * The loop's thread. From: asyncio.StreamWriter, asyncio's transports. */
#include "descriptor.h"
#include "stream_internal.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fs_call.h"
#include "precond.h"

/* ------------------------------------------------------------------------------------------------- life and memory */

static int describe(const tt_stream *stream, char *buffer, size_t size)
{
    char peer[TT_ADDRESS_BYTES];

    if (tt_address_text(&stream->peer, peer, sizeof peer) > 0)
        return snprintf(buffer, size, "%s", peer);
    return snprintf(buffer, size, "descriptor %d", stream->number);
}

static int write_repr(const struct tt_waitable *waitable, char *buffer, size_t size)
{
    char text[TT_ADDRESS_BYTES];

    describe(tt_container_of(waitable, struct tt_stream, waitable), text, sizeof text);
    return snprintf(buffer, size, "<Stream %s>", text);
}

static void dismiss(struct tt_waitable *waitable)
{
    tt_stream *stream = tt_container_of(waitable, struct tt_stream, waitable);

    tt__stream_shut(stream);
    tt__line_wake(&stream->turn, SIZE_MAX);
}

static void free_stream(struct tt_waitable *waitable)
{
    tt_stream *stream = tt_container_of(waitable, struct tt_stream, waitable);

    assert(stream->descriptor < 0 && !stream->reading && !stream->writing && "nobody is inside");
    tt__waitable_finish(waitable);
    free(stream->buffer);
    free(stream);
}

tt_stream *tt__stream_adopt(tt_site *site, tt_loop *loop, int descriptor, unsigned mode, size_t limit)
{
    static const struct tt_waitable_ops ops = {.repr = write_repr, .dismiss = dismiss, .free = free_stream};
    tt_stream *stream = calloc(1, sizeof *stream);

    if (!stream) {
        tt_raise_at(site, &tt_MemoryError, "no memory for a stream");
        return NULL;
    }
    tt__waitable_init(&stream->waitable, &stream->waitable, &ops);
    stream->waitable.loop = tt__loop_ref(loop);
    stream->descriptor = stream->number = descriptor;
    stream->flags_before = -1;
    stream->is_socket = S_ISSOCK(mode);
    stream->is_pipe = S_ISFIFO(mode);
    stream->limit = limit ? limit : TT_STREAM_LIMIT;
    return stream;
}

/* As asyncio does for every TCP connection. */
static void set_up_socket(tt_stream *stream)
{
    sa_family_t family = stream->peer.length ? stream->peer.name.ss_family : AF_UNSPEC;

    stream->is_tcp = family == AF_INET || family == AF_INET6;
    if (stream->is_tcp)
        setsockopt(stream->descriptor, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
}

tt_stream *tt__stream_create_connected(tt_site *site, tt_loop *loop, int descriptor, const struct tt_address *peer,
                                       size_t limit)
{
    tt_stream *stream = tt__stream_adopt(site, loop, descriptor, S_IFSOCK, limit);

    if (!stream)
        return NULL;
    stream->peer = *peer;
    set_up_socket(stream);
    return stream;
}

/* ---------------------------------------------------------------------------------------------------------- opening */

void tt__stream_make_non_blocking(tt_stream *stream)
{
    int flags = fcntl(stream->descriptor, F_GETFL);

    if (flags < 0 || (flags & O_NONBLOCK))
        return;
    if (fcntl(stream->descriptor, F_SETFL, flags | O_NONBLOCK) == 0)
        stream->flags_before = flags;
}

/* The running loop; NULL with an exception pending. */
static tt_loop *loop_for_stream(tt_site *site)
{
    if (tt_exc_pending())
        return NULL;
    if (!tt__running_loop)
        tt_raise_at(site, &tt_RuntimeError, "no running event loop");
    return tt__running_loop;
}

tt_stream *tt_stream_open_at(tt_site *site, int descriptor, size_t limit)
{
    tt_loop *loop = loop_for_stream(site);
    tt_stream *stream;
    struct stat about;

    if (!loop)
        return NULL;
    if (fstat(descriptor, &about) < 0) {
        tt_raise_errno_at(site, errno, "open a stream of descriptor %d", descriptor);
        return NULL;
    }
    stream = tt__stream_adopt(site, loop, descriptor, about.st_mode, limit);
    if (!stream)
        return NULL;
    if (stream->is_socket) {
        stream->peer.length = sizeof stream->peer.name;
        if (getpeername(descriptor, (struct sockaddr *)&stream->peer.name, &stream->peer.length) < 0)
            stream->peer.length = 0;
        set_up_socket(stream);
    } else {
        tt__stream_make_non_blocking(stream);
    }
    return stream;
}

/* A descriptor of the same pipe or terminal whose flags are its own; where there can be none, and for files, whose
 * position is to be shared, one with the flags of the first. */
static int open_again(int number)
{
    int again = tt__descriptor_open_again(number);

    return again >= 0 ? again : fcntl(number, F_DUPFD_CLOEXEC, 3);
}

tt_stream *tt_stream_open_standard_at(tt_site *site, int number)
{
    tt_stream *stream;
    int descriptor;

    if (!loop_for_stream(site))
        return NULL;
    descriptor = open_again(number);
    if (descriptor < 0) {
        tt_raise_errno_at(site, errno, "open a stream of descriptor %d", number);
        return NULL;
    }
    stream = tt_stream_open_at(site, descriptor, 0);
    if (stream)
        stream->number = number;
    else
        close(descriptor);
    return stream;
}

/* ------------------------------------------------------------------------------------------------------------ ending */

void tt__stream_shut(tt_stream *stream)
{
    tt_loop *loop = stream->waitable.loop;
    int descriptor = stream->descriptor;

    if (descriptor < 0)
        return;
    tt__watch_remove(loop, descriptor, false);
    tt__watch_remove(loop, descriptor, true);
    if (stream->flags_before >= 0)
        fcntl(descriptor, F_SETFL, stream->flags_before);
    stream->descriptor = -1;
    if (stream->is_socket || !tt__fs_defer_close(descriptor))
        close(descriptor);
    if (stream->reading)
        tt__io_end(stream->reading, ECONNABORTED);
    if (stream->writing)
        tt__io_end(stream->writing, ECONNABORTED);
}

void tt_stream_close(tt_stream *stream)
{
    int saved_errno = errno;

    if (stream)
        tt__waitable_destroy(&stream->waitable);
    errno = saved_errno;
}

void tt_stream_abort(tt_stream *stream)
{
    int saved_errno = errno;

    TT_PRECOND("stream_abort.stream", NULL, stream != NULL);
    if (stream->is_tcp && stream->descriptor >= 0)
        setsockopt(stream->descriptor, SOL_SOCKET, SO_LINGER, &(struct linger){.l_onoff = 1}, sizeof(struct linger));
    tt__stream_shut(stream);
    errno = saved_errno;
}

/* ------------------------------------------------------------------------------------------------------------- calls */

struct tt_task_object *tt__stream_refuse(const tt_stream *stream, tt_site *site)
{
    TT_PRECOND("stream.stream", site, stream != NULL);
    tt_raise_at(site, &tt_RuntimeError, "a stream belongs to a different event loop");
    return NULL;
}

int tt__stream_raise(const tt_stream *stream, int error, const char *doing, tt_site *site)
{
    char text[TT_ADDRESS_BYTES];

    describe(stream, text, sizeof text);
    return tt_raise_errno_at(site, error, "%s %s", doing, text);
}

/* ------------------------------------------------------------------------------------------------------------- about */

int tt_stream_peer(const tt_stream *stream, char *buffer, size_t size)
{
    TT_PRECOND("stream_peer.stream", NULL, stream != NULL);
    TT_PRECOND("stream_peer.buffer", NULL, buffer != NULL || size == 0);
    return tt_address_text(&stream->peer, buffer, size);
}

int tt_stream_local(const tt_stream *stream, char *buffer, size_t size)
{
    struct tt_address local = {.length = sizeof local.name};

    TT_PRECOND("stream_local.stream", NULL, stream != NULL);
    TT_PRECOND("stream_local.buffer", NULL, buffer != NULL || size == 0);
    if (!stream->is_socket || getsockname(stream->descriptor, (struct sockaddr *)&local.name, &local.length) < 0)
        local.length = 0;
    return tt_address_text(&local, buffer, size);
}

int tt_stream_descriptor(const tt_stream *stream)
{
    TT_PRECOND("stream_descriptor.stream", NULL, stream != NULL);
    return stream->descriptor;
}

int tt_stream_set_option_at(tt_site *site, tt_stream *stream, enum tt_stream_option option, int value)
{
    static const struct {
        int level, name;
        const char *text;
    } options[] = {
        [TT_STREAM_NODELAY] = {IPPROTO_TCP, TCP_NODELAY, "nodelay"},
        [TT_STREAM_CORK] = {IPPROTO_TCP, TCP_CORK, "cork"},
        [TT_STREAM_KEEPALIVE] = {SOL_SOCKET, SO_KEEPALIVE, "keepalive"},
        [TT_STREAM_KEEPALIVE_IDLE] = {IPPROTO_TCP, TCP_KEEPIDLE, "keepalive idle"},
        [TT_STREAM_KEEPALIVE_INTERVAL] = {IPPROTO_TCP, TCP_KEEPINTVL, "keepalive interval"},
        [TT_STREAM_KEEPALIVE_COUNT] = {IPPROTO_TCP, TCP_KEEPCNT, "keepalive count"},
        [TT_STREAM_USER_TIMEOUT] = {IPPROTO_TCP, TCP_USER_TIMEOUT, "user timeout"},
        [TT_STREAM_SEND_BUFFER] = {SOL_SOCKET, SO_SNDBUF, "send buffer"},
        [TT_STREAM_RECEIVE_BUFFER] = {SOL_SOCKET, SO_RCVBUF, "receive buffer"},
    };
    char doing[64];

    TT_PRECOND("stream_set_option.stream", site, stream != NULL);
    if (tt_exc_pending())
        return -1;
    if (stream->descriptor < 0)
        return tt__stream_raise(stream, ECONNABORTED, "set an option of", site);
    if ((unsigned)option >= sizeof options / sizeof options[0])
        return tt_raise_at(site, &tt_ValueError, "a stream has no option %d", (int)option);
    if (setsockopt(stream->descriptor, options[option].level, options[option].name, &value, sizeof value) == 0)
        return 0;
    snprintf(doing, sizeof doing, "set %s to %d of", options[option].text, value);
    return tt__stream_raise(stream, errno, doing, site);
}
