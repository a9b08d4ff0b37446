/* stream_internal.h: a stream from the inside: stream.c, stream_read.c and stream_write.c.
 *
 *     open ----tt_stream_abort----> aborted: descriptor is -1, every call raises
 *      |                               |
 *      +------tt_stream_close----------+--> closed: the same, and the program has let go of it; the last of the calls
 *                                           that were inside frees it
 *
 * The program has one reference, and each call that may suspend has one while it is inside (tt__stream_begin, _end). */
#ifndef TT_STREAM_INTERNAL_H
#define TT_STREAM_INTERNAL_H

#include <telltale/stream.h>

#include "address_internal.h"
#include "io.h"
#include "line.h"

enum { TT_STREAM_LIMIT = 64 * 1024 }; /* asyncio's */

struct tt_stream {
    struct tt_waitable waitable; /* its loop is set from the beginning */
    int descriptor;              /* -1: aborted, closed, or the end of a pipe after its write_eof */
    int number;                  /* what the descriptor was, to tell */
    int flags_before;            /* of the file, which are given back; -1: nothing to give back */
    bool is_socket;
    bool is_tcp;
    bool is_pipe;
    struct tt_address peer; /* of sockets */

    /* reading: stream_read.c */
    struct tt_io *reading; /* the call that waits */
    char *buffer;          /* NULL until it is needed */
    size_t begin, end;     /* what is to be read, in it */
    size_t capacity;
    size_t limit;
    bool is_at_end; /* the end of the stream was read into the buffer */
    int read_error; /* raised by every later call; 0: none */

    /* writing: stream_write.c */
    struct tt_io *writing; /* the call that waits for the descriptor */
    struct tt_line turn;   /* calls that wait for others to have written */
    bool is_turn_taken;
    bool is_write_ended; /* by write_eof */
    bool is_cut_off;     /* a part of a write was sent, and will not be followed by the rest */
};

/* A new stream of DESCRIPTOR, which stays the caller's when that fails: NULL with MemoryError pending. It is socket, pipe
 * or neither as MODE (st_mode) says. */
tt_stream *tt__stream_adopt(tt_site *site, tt_loop *loop, int descriptor, unsigned mode, size_t limit);

/* The same for a TCP or Unix socket that was connected or accepted. PEER is copied. */
tt_stream *tt__stream_create_connected(tt_site *site, tt_loop *loop, int descriptor, const struct tt_address *peer,
                                       size_t limit);

/* Nothing may block on its descriptor, until it is closed. Sockets need that for sendfile only: other calls take a flag. */
void tt__stream_make_non_blocking(tt_stream *stream);

/* A call begins: NULL with an exception pending, or the task, and STREAM is held. */
struct tt_task_object *tt__stream_refuse(const tt_stream *stream, tt_site *site);
static inline struct tt_task_object *tt__stream_begin(tt_stream *stream, tt_site *site)
{
    struct tt_task_object *task = tt__task_that_may_suspend(site);

    if (!task)
        return NULL;
    if (!stream || task->future.loop != stream->waitable.loop)
        return tt__stream_refuse(stream, site);
    tt__waitable_ref(&stream->waitable);
    return task;
}
static inline void tt__stream_end(tt_stream *stream)
{
    tt__waitable_unref(&stream->waitable);
}

/* Raises ERROR of what was DOING ("read from"). Returns -1. */
int tt__stream_raise(const tt_stream *stream, int error, const char *doing, tt_site *site)
    __attribute__((noinline, cold));

/* Closes the descriptor; calls that wait at it end. */
void tt__stream_shut(tt_stream *stream);

#endif
