/* telltale/server.h: a task for each connection that a listener accepts.
 *
 *     static int echo(tt_stream *stream, void *arg)
 *     {
 *         ... tt_stream_read(stream, ...) ... tt_stream_write(stream, ...)
 *         return 0;                                   the server closes the stream
 *     }
 *
 *     tt_listener *listener = tt_listen("127.0.0.1", 8888);
 *     tt_server *server = tt_start_server(listener, echo, NULL, NULL);
 *     int rc = tt_server_serve_forever(server);       until the task is cancelled
 *     tt_cleanup_begin();
 *     (void)tt_server_stop(server, TT_SEC(5));        what is being served has five seconds
 *     return tt_cleanup_end() < 0 ? -1 : rc;
 *
 * A connection's failure ends that connection and no other; it is told, never lost. The process having no descriptors
 * left does not end a server: it tells the loop's exception handler "socket.accept() out of system resource", waits a
 * second and goes on.
 *
 * Threads: inside a task of the loop. From: asyncio.start_server, asyncio.Server. */
#ifndef TELLTALE_SERVER_H
#define TELLTALE_SERVER_H

#include <telltale/connection.h>
#include <telltale/task_group.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct tt_server tt_server;

/* Serves a connection: a coroutine. STREAM is the server's, which closes it when this has returned. Returns as coroutines
 * do. */
typedef int tt_connection_fn(tt_stream *stream, void *arg);

/* What is zero is the default. */
struct tt_server_options {
    size_t connection_limit; /* connections that are served at a time; more wait to be accepted. 0: no limit */
    /* Gets what a connection's task failed with, as telltale/task_group.h says; NULL: the loop's exception handler does,
     * with asyncio's message "Unhandled exception in client_connected_cb". */
    tt_group_failure_fn *on_failure;
    void *on_failure_arg;
    size_t stack_bytes; /* of the tasks: see struct tt_task_options */
};

/* Starts to serve the connections of LISTENER, which the server owns from now on, in any case: FN(stream, ARG) for each,
 * in a task of its own. OPTIONS may be NULL. The server is the caller's, in the end for tt_server_stop. Does not suspend.
 * NULL with an exception pending: MemoryError, RuntimeError, or the one that was pending already; so a listener that
 * could not be opened (NULL) can be given all the same. asyncio: start_server. */
#define tt_start_server(listener, fn, arg, options) \
    tt_start_server_at(TT_SITE_HERE(#fn), (listener), (fn), (arg), (options))
TT_API tt_server *tt_start_server_at(tt_site *site, tt_listener *listener, tt_connection_fn *fn, void *arg,
                                     const struct tt_server_options *options) TT_MUST_USE;

/* Suspends as long as SERVER accepts: 0 once somebody has closed it. -1 with an exception pending: that the task was
 * cancelled, which leaves the server as it is; or why it cannot accept any more. NULL: -1, with the exception of
 * tt_start_server still pending. asyncio: serve_forever. */
#define tt_server_serve_forever(server) tt_server_serve_forever_at(TT_HERE, (server))
TT_API int tt_server_serve_forever_at(tt_site *site, tt_server *server) TT_MUST_USE;

/* Stops accepting; connections go on. Never suspends. asyncio: Server.close. */
TT_API void tt_server_close(tt_server *server);

/* Stops accepting, waits until all connections have ended, cancels those that have not after GRACE_NS (TT_NEVER: waits
 * for ever; 0 or less: at once), waits for them, and frees SERVER, all of it in any case; NULL: 0. Returns 0, or -1 with
 * an exception pending: the task was cancelled meanwhile, or had one pending already (then connections are cancelled at
 * once), or what tt_server_serve_forever would have told.
 *
 * A connection of SERVER cannot stop it, since it would wait for itself: called in its task, or in one that it awaits,
 * RuntimeError "a connection cannot stop its own server" (or what was pending), and SERVER is as it was. It can call
 * tt_server_close, which ends tt_server_serve_forever, or leave the stop to a task that nobody waits for. Not noticed, and for
 * the caller to avoid: a stop in a task that a connection waits for through a group, a gather or another such call. */
#define tt_server_stop(server, grace_ns) tt_server_stop_at(TT_HERE, (server), (grace_ns))
TT_API int tt_server_stop_at(tt_site *site, tt_server *server, int64_t grace_ns);

TT_API size_t tt_server_connection_count(const tt_server *server); /* connections that are being served */
TT_API tt_listener *tt_server_listener(const tt_server *server);   /* borrowed; NULL once it is closed */

#ifdef __cplusplus
}
#endif

#endif
