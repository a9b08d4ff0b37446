/* telltale/stream.h: streams of bytes: connections, pipes, terminals.
 *
 * A stream reads from and writes to a descriptor that it owns. Connections are made and accepted by
 * telltale/connection.h; here a stream is made of a descriptor, is read, written, and ended. Every call that has to wait
 * suspends the running task, works inside of timeouts, and can be cancelled at any instant: what has come is then still
 * to be read, and nothing is left behind. Calls that need not wait give others a turn now and then ("Turns for the others" in
 * telltale/loop.h).
 *
 * There is no buffer for writing: a write returns when the kernel has all of it, which is the back-pressure. Reading
 * has one for read_exactly, read_until and readline; tt_stream_read fills the caller's memory directly.
 *
 * Errors of the system are children of OSError whose text says what was done to what: "[Errno 104] Connection reset by
 * peer: read from 10.0.0.7:443". SIGPIPE is never raised: writing to somebody who has gone raises BrokenPipeError.
 *
 * At most one task reads a stream at a time; tasks that write take turns, each write as a whole. A stream that is still
 * open when its loop is closed, or that a task held which was abandoned, is closed by tt_stream_close all the same
 * (tt_defer).
 *
 * Threads: on the loop's thread, calls that may suspend inside a task. Events, while the category io is on: io_started,
 * io_finished. From: asyncio.StreamReader, asyncio.StreamWriter. */
#ifndef TELLTALE_STREAM_H
#define TELLTALE_STREAM_H

#include <sys/types.h>
#include <sys/uio.h>

#include <telltale/loop.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct tt_stream tt_stream;

/* An EOFError: the stream ended before everything had come. Its tt_exc_data is a struct tt_incomplete_read. asyncio:
 * IncompleteReadError. */
TT_API extern const tt_exc_type tt_IncompleteReadError;
struct tt_incomplete_read {
    size_t partial;  /* bytes that came, and that are still to be read */
    size_t expected; /* bytes asked for; 0: up to a separator */
};

/* An Exception: a separator is further away than the limit. Its tt_exc_data is a size_t: how many bytes can be read
 * without losing the separator. asyncio: LimitOverrunError. */
TT_API extern const tt_exc_type tt_LimitOverrunError;

/* ----------------------------------------------------------------------------------------------------- opening */

/* A stream of DESCRIPTOR, a socket that is connected, an end of a pipe, a terminal or a file, which it owns from now on
 * and closes with itself; refused, it stays the caller's. LIMIT: see tt_stream_read_until; 0: 64 KiB. A pipe or terminal
 * is made non-blocking, also for others who have it open, and is given back its flags when the stream is closed. A file
 * is always ready: no call waits for it. In a task or callback. NULL with OSError, RuntimeError "no running event loop" or MemoryError pending.
 * asyncio: connect_read_pipe, connect_write_pipe, open_connection(sock=). */
#define tt_stream_open(descriptor, limit) tt_stream_open_at(TT_HERE, (descriptor), (limit))
TT_API tt_stream *tt_stream_open_at(tt_site *site, int descriptor, size_t limit) TT_MUST_USE;

/* A stream of the process's standard input, output or error (NUMBER 0, 1, 2), which stays open and, where the system
 * lets a pipe or terminal be opened anew, as it is for everybody else. NULL as tt_stream_open. */
#define tt_stream_open_standard(number) tt_stream_open_standard_at(TT_HERE, (number))
TT_API tt_stream *tt_stream_open_standard_at(tt_site *site, int number) TT_MUST_USE;

/* ----------------------------------------------------------------------------------------------------- reading
 *
 * Each returns -1 with an exception pending: CancelledError and its like; OSError, again from every later call too;
 * RuntimeError "read() called while another coroutine is already waiting for incoming data", also where what is buffered
 * would do; MemoryError. What is still buffered when an exception is raised is still to be read. */

/* Bytes read into BUFFER, at least one and at most SIZE (more than 0), as soon as there are some; 0 at the end. asyncio:
 * StreamReader.read(n). */
#define tt_stream_read(stream, buffer, size) tt_stream_read_at(TT_HERE, (stream), (buffer), (size))
TT_API ssize_t tt_stream_read_at(tt_site *site, tt_stream *stream, void *buffer, size_t size) TT_MUST_USE;

/* Reads exactly SIZE bytes: 0. Memory is taken as they come, not for SIZE bytes at once. IncompleteReadError "3 bytes read on a total of 8 expected bytes" when the stream ends
 * first. asyncio: readexactly. */
#define tt_stream_read_exactly(stream, buffer, size) tt_stream_read_exactly_at(TT_HERE, (stream), (buffer), (size))
TT_API int tt_stream_read_exactly_at(tt_site *site, tt_stream *stream, void *buffer, size_t size) TT_MUST_USE;

/* Reads up to and including SEPARATOR, of SEPARATOR_SIZE bytes (1 or more). Returns how many bytes, and *OUT_DATA: where
 * they are, borrowed until the next call that reads. IncompleteReadError at the end; LimitOverrunError "Separator is not
 * found, and chunk exceed the limit" or "Separator is found, but chunk is longer than limit" when more than the
 * stream's limit stands before it. asyncio: readuntil. */
#define tt_stream_read_until(stream, separator, separator_size, out_data) \
    tt_stream_read_until_at(TT_HERE, (stream), (separator), (separator_size), (out_data))
TT_API ssize_t tt_stream_read_until_at(tt_site *site, tt_stream *stream, const void *separator, size_t separator_size,
                                       const char **out_data) TT_MUST_USE;

/* Reads a line with its newline; the last one may have none; 0 at the end. As read_until otherwise, but that a line that
 * is too long is ValueError, and then is dropped: up to its newline if that has come, else what has come of it.
 * asyncio: readline. */
#define tt_stream_readline(stream, out_line) tt_stream_readline_at(TT_HERE, (stream), (out_line))
TT_API ssize_t tt_stream_readline_at(tt_site *site, tt_stream *stream, const char **out_line) TT_MUST_USE;

/* Whether everything has been read, and the end was seen. asyncio: at_eof. */
TT_API bool tt_stream_at_eof(const tt_stream *stream);

/* ----------------------------------------------------------------------------------------------------- writing
 *
 * Each returns -1 with an exception pending: CancelledError and its like; OSError; RuntimeError "Cannot call write()
 * after write_eof()". A write that is cut off, by cancellation say, when a part of it had been sent, leaves a stream that
 * cannot be written any more, because nobody could tell what the other end makes of it: later writes raise RuntimeError
 * "Cannot call write() after a write was cut off". */

/* Writes all SIZE bytes: 0; suspends until the kernel has taken them. asyncio: write and drain. */
#define tt_stream_write(stream, data, size) tt_stream_write_at(TT_HERE, (stream), (data), (size))
TT_API int tt_stream_write_at(tt_site *site, tt_stream *stream, const void *data, size_t size) TT_MUST_USE;

/* The same for COUNT pieces one after the other, with as few system calls as can be. asyncio: writelines and drain. */
#define tt_stream_writelines(stream, pieces, count) tt_stream_writelines_at(TT_HERE, (stream), (pieces), (count))
TT_API int tt_stream_writelines_at(tt_site *site, tt_stream *stream, const struct iovec *pieces, int count) TT_MUST_USE;

/* Writes what the kernel takes at once, when it takes some: returns how much, at least one byte of SIZE (more than 0). */
#define tt_stream_write_some(stream, data, size) tt_stream_write_some_at(TT_HERE, (stream), (data), (size))
TT_API ssize_t tt_stream_write_some_at(tt_site *site, tt_stream *stream, const void *data, size_t size) TT_MUST_USE;

/* Sends SIZE bytes of FILE, a descriptor that can be read at any place, from OFFSET on, without having them pass through
 * the program where the system can do that: returns how many, fewer than SIZE when the file ends before. FILE stays the
 * caller's, its position is where it was. What is not in the kernel's memory is read on this thread meanwhile, as asyncio
 * does; tt_fs_sendfile (telltale/fs.h) has another one do it. OSError of FILE is told as one of STREAM. Precondition
 * stream_sendfile.offset. asyncio: loop.sendfile. */
#define tt_stream_sendfile(stream, file, offset, size) \
    tt_stream_sendfile_at(TT_HERE, (stream), (file), (offset), (size))
TT_API ssize_t tt_stream_sendfile_at(tt_site *site, tt_stream *stream, int file, off_t offset, size_t size) TT_MUST_USE;

/* Tells the other end that nothing more comes, after the writes under way: 0; it can still be read. A second one does
 * nothing. Terminals and files have no such end: NotImplementedError. asyncio: write_eof, can_write_eof. */
#define tt_stream_write_eof(stream) tt_stream_write_eof_at(TT_HERE, (stream))
TT_API int tt_stream_write_eof_at(tt_site *site, tt_stream *stream) TT_MUST_USE;

/* ------------------------------------------------------------------------------------------------------ ending */

/* Closes STREAM and frees it; NULL ok. Never suspends. What was written before is delivered by the kernel. Tasks that
 * wait at it get ConnectionAbortedError, or RuntimeError where they wait for their turn to write. errno and what is
 * pending stay. asyncio: StreamWriter.close. */
TT_API void tt_stream_close(tt_stream *stream);

/* Drops the connection: what is on its way may be lost, and the other end of a TCP connection gets a reset. Tasks that
 * wait, and calls from now on, get ConnectionAbortedError, those that read once they have what is buffered; writes after write_eof or after one that was cut off RuntimeError, as
 * ever. STREAM is still to be closed. asyncio: transport.abort. */
TT_API void tt_stream_abort(tt_stream *stream);

/* ------------------------------------------------------------------------------------------------------- about */

/* Writes the address of the other end, or of this one, as text, cut to SIZE - 1 bytes: "127.0.0.1:80", "[::1]:80",
 * "/run/x.sock", "@abstract"; empty where there is none. Returns the full length. asyncio: get_extra_info("peername"),
 * ("sockname"). */
TT_API int tt_stream_peer(const tt_stream *stream, char *buffer, size_t size);
TT_API int tt_stream_local(const tt_stream *stream, char *buffer, size_t size);

/* The descriptor, which stays the stream's; -1 once it is aborted. For options that are not among these. */
TT_API int tt_stream_descriptor(const tt_stream *stream);

enum tt_stream_option {
    TT_STREAM_NODELAY,            /* 1: small writes go out at once; so from the beginning (TCP) */
    TT_STREAM_CORK,               /* 1: what does not fill a packet waits until this is 0 again (TCP) */
    TT_STREAM_KEEPALIVE,          /* 1: the other end is asked now and then whether it is there (sockets) */
    TT_STREAM_KEEPALIVE_IDLE,     /* after how many seconds (TCP) */
    TT_STREAM_KEEPALIVE_INTERVAL, /* seconds between two questions (TCP) */
    TT_STREAM_KEEPALIVE_COUNT,    /* how many without an answer end the connection (TCP) */
    TT_STREAM_USER_TIMEOUT,       /* milliseconds that what was sent may stay without an answer (TCP) */
    TT_STREAM_SEND_BUFFER,        /* bytes that the kernel keeps for sending (sockets) */
    TT_STREAM_RECEIVE_BUFFER,     /* and for what was received */
};

/* Sets OPTION: 0, or -1 with OSError pending, or ValueError "a stream has no option 77". */
#define tt_stream_set_option(stream, option, value) tt_stream_set_option_at(TT_HERE, (stream), (option), (value))
TT_API int tt_stream_set_option_at(tt_site *site, tt_stream *stream, enum tt_stream_option option,
                                   int value) TT_MUST_USE;

#ifdef __cplusplus
}
#endif

#endif
