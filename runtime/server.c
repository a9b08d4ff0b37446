/* server.c: a task for each connection. See telltale/server.h.
 *
 * A server is a task that accepts, inside of a task group that keeps going, whose tasks are the connections. So nobody
 * can end before they have, whatever happens: the group waits for them, and cancels them when the server's task is
 * cancelled.
 *
 *     accepting --tt_server_close, or an error that does not pass--> closed: waits for connections --> ended
 *
 * References: the program's, until tt_server_stop; the task's; one for each connection. So a loop can be closed over all
 * of them in any order.
 *
 * The loop's thread. From: asyncio.Server, selector_events._accept_connection, StreamReaderProtocol. */
#include <telltale/server.h>

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include <telltale/timeout.h>

#include "lock_internal.h"
#include "loop_internal.h"
#include "precond.h"

/* How long a server waits before it accepts again when the system had no room: asyncio's ACCEPT_RETRY_DELAY. */
#define RETRY_NS TT_SEC(1)

struct tt_server {
    struct tt_waitable waitable; /* with the three events as its parts */
    tt_listener *listener;       /* NULL once it is closed */
    tt_connection_fn *fn;
    void *arg;
    struct tt_server_options options;
    tt_site *site;    /* where it was started; its text is the name of fn */
    tt_task *task;    /* a handle */
    tt_group *group;  /* while the task is inside of it */
    tt_event changed; /* a connection has ended, or the server was closed */
    tt_event closed;  /* it accepts no more */
    tt_event ended;   /* its task has nothing more to do */
    size_t count;     /* connections, */
    struct connection *first;
    tt_exc *failure; /* why it cannot accept any more; owned */
    bool is_failure_told;
};

struct connection {
    tt_server *server; /* a reference */
    tt_stream *stream;
    tt_task *task;                      /* NULL: it has not begun */
    struct connection *previous, *next; /* of the server's */
};

static tt_server *server_of(struct tt_waitable *waitable)
{
    return tt_container_of(waitable, struct tt_server, waitable);
}

static int repr_server(const struct tt_waitable *waitable, char *buffer, size_t size)
{
    const tt_server *server = server_of((struct tt_waitable *)waitable);

    return snprintf(buffer, size, "<Server connections=%zu>", server->count);
}

static void free_server(struct tt_waitable *waitable)
{
    tt_server *server = server_of(waitable);

    assert(server->count == 0 && "connections hold their server");
    tt_listener_close(server->listener);
    tt__waitable_finish(&server->changed.waitable);
    tt__waitable_finish(&server->closed.waitable);
    tt__waitable_finish(&server->ended.waitable);
    tt_future_unref_at(server->site, server->task);
    tt__waitable_finish(waitable);
    tt_exc_unref(server->failure);
    free(server);
}

static void release(void *server)
{
    tt__waitable_unref(&((tt_server *)server)->waitable);
}

/* The task's reference goes, and nobody accepts any more. */
static void drop_server(void *arg)
{
    tt_server *server = arg;

    tt_server_close(server);
    tt_event_set(&server->ended);
    release(server);
}

static int end_task(void *server)
{
    drop_server(server);
    return 0;
}

/* ------------------------------------------------------------------------------------------------------- connections */

static void link_connection(tt_server *server, struct connection *connection)
{
    connection->next = server->first;
    if (connection->next)
        connection->next->previous = connection;
    server->first = connection;
    server->count++;
}

static void unlink_connection(tt_server *server, struct connection *connection)
{
    if (connection->previous)
        connection->previous->next = connection->next;
    else
        server->first = connection->next;
    if (connection->next)
        connection->next->previous = connection->previous;
    server->count--;
}

static int end_connection(void *arg)
{
    struct connection *connection = arg;
    tt_server *server = connection->server;

    tt_stream_close(connection->stream);
    unlink_connection(server, connection);
    free(connection);
    tt_event_set(&server->changed);
    release(server);
    return 0;
}

static void drop_connection(void *connection)
{
    end_connection(connection);
}

static int serve_connection(void *arg)
{
    struct connection *connection = arg;

    connection->task = tt_current_task();
    if (tt_defer(end_connection, connection) < 0)
        return -1;
    return connection->server->fn(connection->stream, connection->server->arg);
}

/* A task for STREAM, which is taken over. 0, or -1 with an exception pending. */
static int start_connection(tt_server *server, tt_stream *stream)
{
    const struct tt_task_options options = {.drop = drop_connection, .stack_bytes = server->options.stack_bytes};
    struct connection *connection = calloc(1, sizeof *connection);

    if (!connection) {
        tt_stream_close(stream);
        return tt_raise_at(server->site, &tt_MemoryError, "no memory for a connection");
    }
    connection->server = server;
    connection->stream = stream;
    tt__waitable_ref(&server->waitable);
    link_connection(server, connection);
    return tt_group_spawn_at(server->site, server->group, serve_connection, connection, &options);
}

/* What a connection's task failed with. */
static int tell_failure(tt_task *task, tt_exc *exc, void *arg)
{
    const tt_server *server = arg;

    if (server->options.on_failure)
        return server->options.on_failure(task, exc, server->options.on_failure_arg);
    tt_loop_call_exception_handler(
        task->loop, &(struct tt_handler_context){
                        .message = "Unhandled exception in client_connected_cb", .exception = exc, .task = task});
    return 0;
}

/* --------------------------------------------------------------------------------------------------------- accepting */

/* What passes when others let go of something. */
static bool is_out_of_resources(const tt_exc *exc)
{
    int error = tt_exc_errno(exc);

    return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM || tt_exc_is(exc, &tt_MemoryError);
}

/* Waits until something changes, at most for TIMEOUT_NS (TT_NEVER: for ever). 0, or -1 with an exception pending. */
static int wait_for_change(tt_server *server, int64_t timeout_ns)
{
    int rc;

    tt_event_clear(&server->changed);
    if (timeout_ns == TT_NEVER)
        return tt_event_wait_at(server->site, &server->changed);
    tt_timeout *timeout = tt_timeout_enter(timeout_ns);
    rc = tt_event_wait_at(server->site, &server->changed);
    rc = tt_timeout_exit(timeout, rc);
    if (rc < 0 && tt_catch(&tt_TimeoutError))
        rc = tt_catch_end();
    return rc;
}

/* Nothing could be accepted. 0: that passes, or the server was closed; -1 with an exception pending. */
static int pause_accepting(tt_server *server)
{
    tt_exc *exc = tt_exc_pending();
    int64_t until_ns;

    if (!server->listener) /* tt_server_close has ended the wait */
        return tt_catch(&tt_ConnectionAbortedError) ? tt_catch_end() : -1;
    if (!is_out_of_resources(exc) || !tt_catch(&tt_Exception))
        return -1;
    tt_loop_call_exception_handler(
        server->task->loop,
        &(struct tt_handler_context){.message = "socket.accept() out of system resource", .exception = exc});
    if (tt_catch_end() < 0)
        return -1;
    until_ns = tt__loop_deadline(server->task->loop, RETRY_NS);
    while (server->listener && tt_loop_time(server->task->loop) < until_ns)
        if (wait_for_change(server, until_ns - tt_loop_time(server->task->loop)) < 0)
            return -1;
    return 0;
}

static int accept_connections(tt_server *server)
{
    size_t limit = server->options.connection_limit;
    int rc = 0;

    while (rc == 0 && server->listener) {
        if (limit && server->count >= limit) {
            rc = wait_for_change(server, TT_NEVER);
            continue;
        }
        tt_stream *stream = tt_listener_accept_at(server->site, server->listener);
        if (!stream || start_connection(server, stream) < 0)
            rc = pause_accepting(server);
    }
    return rc;
}

/* Accepting has failed: connections go on, and whoever asks is told why. 0, or -1 when the exception ends everything. */
static int keep_failure(tt_server *server)
{
    if (!tt_catch(&tt_Exception))
        return -1;
    server->failure = tt_exc_ref(tt_exc_caught());
    return tt_catch_end();
}

static int run_server(void *arg)
{
    tt_server *server = arg;
    int rc;

    if (tt_defer(end_task, server) < 0)
        return -1;
    server->group = tt_group_enter_at(server->site, tell_failure, server);
    rc = server->group ? accept_connections(server) : -1;
    if (rc < 0)
        rc = keep_failure(server);
    tt_server_close(server);
    rc = tt_group_exit_at(server->site, server->group, rc);
    server->group = NULL;
    return rc;
}

/* ------------------------------------------------------------------------------------------------------------- calls */

/* A server with the caller's reference; NULL with MemoryError pending. LISTENER is taken over. */
static tt_server *create(tt_site *site, tt_listener *listener)
{
    static const struct tt_waitable_ops ops = {.repr = repr_server, .free = free_server};
    tt_server *server = calloc(1, sizeof *server);

    if (!server) {
        tt_listener_close(listener);
        tt_raise_at(site, &tt_MemoryError, "no memory for a server");
        return NULL;
    }
    tt__waitable_init(&server->waitable, &server->waitable, &ops);
    tt__event_init(&server->changed, &server->waitable);
    tt__event_init(&server->closed, &server->waitable);
    tt__event_init(&server->ended, &server->waitable);
    server->listener = listener;
    server->site = site;
    return server;
}

tt_server *tt_start_server_at(tt_site *site, tt_listener *listener, tt_connection_fn *fn, void *arg,
                              const struct tt_server_options *options)
{
    const struct tt_task_options task_options = {.name = "server", .drop = drop_server};
    tt_server *server;

    TT_PRECOND("start_server.function", site, fn != NULL);
    if (tt_exc_pending()) {
        tt_listener_close(listener);
        return NULL;
    }
    TT_PRECOND("start_server.listener", site, listener != NULL);
    server = create(site, listener);
    if (!server)
        return NULL;
    server->fn = fn;
    server->arg = arg;
    if (options)
        server->options = *options;
    tt__waitable_ref(&server->waitable); /* the task's */
    server->task = tt_create_task_at(TT_SITE_HERE("run_server"), run_server, server, &task_options);
    if (!server->task) {
        release(server);
        return NULL;
    }
    return server;
}

/* Raises why SERVER cannot accept, once. RC otherwise. */
static int tell(tt_server *server, int rc, tt_site *site)
{
    if (rc < 0 || !server->failure || server->is_failure_told)
        return rc;
    server->is_failure_told = true;
    return tt_raise_exc_at(site, server->failure);
}

int tt_server_serve_forever_at(tt_site *site, tt_server *server)
{
    struct tt_waiting waiting;

    if (tt_exc_pending())
        return -1;
    TT_PRECOND("server_serve_forever.server", site, server != NULL);
    if (!tt__waiting_begin(&waiting, &server->closed.waitable, TT_WAIT_KIND_EVENT, site))
        return -1;
    return tt__waiting_end(&waiting, tell(server, tt__event_wait(&server->closed, &waiting), site));
}

void tt_server_close(tt_server *server)
{
    tt_listener *listener;

    TT_PRECOND("server_close.server", NULL, server != NULL);
    listener = server->listener;
    server->listener = NULL;
    tt_listener_close(listener);
    tt_event_set(&server->changed);
    tt_event_set(&server->closed);
}

/* Whether TASK is what a connection of SERVER waits for, or is: then it cannot wait for the connection. */
static bool is_awaited_by_connection(const tt_server *server, const tt_task *task)
{
    for (const struct connection *connection = server->first; connection; connection = connection->next) {
        const tt_future *at = connection->task;

        while (at && at != task)
            at = at->kind == TT_OBJECT_KIND_TASK ? tt__task((tt_future *)at)->waiter : NULL;
        if (at)
            return true;
    }
    return false;
}

/* Suspends until SERVER's task has nothing more to do. A task that is abandoned here lets go of the program's reference. */
static int wait_for_end(tt_server *server, tt_site *site)
{
    struct tt_waiting waiting = {.task = tt__task_that_may_suspend(site),
                                 .held = &server->waitable,
                                 .label = {TT_WAIT_KIND_EVENT, server->ended.waitable.id},
                                 .site = site};

    return waiting.task ? tt__event_wait(&server->ended, &waiting) : -1;
}

/* The same for at most GRACE_NS. 0 also when that was not enough. */
static int wait_with_grace(tt_server *server, int64_t grace_ns, tt_site *site)
{
    tt_timeout *timeout;
    int rc;

    if (grace_ns <= 0)
        return 0;
    if (grace_ns == TT_NEVER)
        return wait_for_end(server, site);
    timeout = tt_timeout_enter_in_at(site, grace_ns);
    rc = wait_for_end(server, site);
    rc = tt_timeout_exit_at(site, timeout, rc);
    return rc < 0 && tt_catch(&tt_TimeoutError) ? tt_catch_end() : rc;
}

/* Cancels SERVER's task and waits until it has ended, whoever is cancelled meanwhile. Returns as a cleanup. */
static int end_now(tt_server *server, tt_site *site)
{
    tt_exc *cancelled = NULL;
    int rc = 0;

    tt_future_cancel_at(site, server->task, NULL);
    while (rc == 0 && !tt_event_is_set(&server->ended)) {
        rc = wait_for_end(server, site);
        if (rc == 0 || !tt_catch(&tt_CancelledError))
            continue;
        if (!cancelled)
            cancelled = tt_exc_ref(tt_exc_caught());
        rc = tt_catch_end();
    }
    if (rc == 0 && cancelled)
        rc = tt_raise_exc_at(site, cancelled);
    tt_exc_unref(cancelled);
    return rc;
}

int tt_server_stop_at(tt_site *site, tt_server *server, int64_t grace_ns)
{
    int rc;

    if (!server)
        return 0;
    if (is_awaited_by_connection(server, tt_current_task()))
        return tt_exc_pending() ? -1 : tt_raise_at(site, &tt_RuntimeError, "a connection cannot stop its own server");
    tt_server_close(server);
    rc = tt_event_is_set(&server->ended) ? 0 : wait_with_grace(server, grace_ns, site);
    if (!tt_event_is_set(&server->ended)) {
        tt_cleanup_begin();
        (void)!end_now(server, site);
        if (tt_cleanup_end() < 0)
            rc = -1;
    }
    if (rc == 0 && tt_task_done(server->task) && !tt_task_cancelled(server->task))
        rc = tt_future_result_at(site, server->task, NULL);
    rc = tell(server, rc, site);
    release(server);
    return rc;
}

/* ------------------------------------------------------------------------------------------------------------- about */

size_t tt_server_connection_count(const tt_server *server)
{
    TT_PRECOND("server_connection_count.server", NULL, server != NULL);
    return server->count;
}

tt_listener *tt_server_listener(const tt_server *server)
{
    TT_PRECOND("server_listener.server", NULL, server != NULL);
    return server->listener;
}
