/* tour: a server of files by HTTP/1.1, written to be read: whoever is new to telltale begins here, at the top.
 *
 *     tour [--port N] [--limit CONNECTIONS] [--patience SECONDS] [--grace SECONDS] FOLDER
 *
 *     telltale record -o run.telltale -- tour --port 8080 .      in one terminal
 *     curl -O http://127.0.0.1:8080/README.md                    in another one
 *     telltale ps run.telltale                                   each connection is a task: what does it wait for?
 *     telltale report run.telltale                               what failed that nobody saw?
 *
 * SIGTERM or SIGINT ends it well: what is being sent is sent to its end. What it knows of HTTP is in http.h, which has nothing of
 * telltale and need not be read; how it reads files without ever waiting for a disk is in disk.c, which comes last. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/stat.h>

#include <telltale/telltale.h>

#include "disk.h"
#include "http.h"

enum {
    OUT_BYTES = 16 * 1024,   /* an answer's head and a small file: most answers are one write */
    PART_BYTES = 256 * 1024, /* of a larger file, then it is looked again whether the rest is in memory, and in time */
    REFUSED = 64,            /* connections beyond the limit that are told so at a time; more wait to be accepted */
};

/* What all tasks share. They run on one thread, and one goes on only where another one waits: there is nothing to lock. */
struct site {
    int port, limit, patience_s, grace_s; /* as the options say */
    tt_server *server;
    bool is_stopping;
    LIST_HEAD(, visitor) visitors; /* who is connected */
};

/* A connection: the variables of its task, on the stack of its task. */
struct visitor {
    struct site *site;
    tt_stream *stream;
    tt_timeout *timeout; /* for how long it is waited for at this moment */
    bool is_idle;        /* asks for nothing */
    LIST_ENTRY(visitor) others;
    struct http_request request;
    struct http_answer answer;
    char out[OUT_BYTES];
};

/* In the order in which they call each other. All but stop run in tasks, and may wait. */
static int serve_site(void *site);
static int stop(void *site);
static int serve(tt_stream *stream, void *site);
static int converse(struct visitor *visitor);
static int respond(struct visitor *visitor);
static int reply(struct visitor *visitor, int status);
static int say_goodbye(struct visitor *visitor);

/* ---------------------------------------------------------------------------------------- 1. the program, and its end */

/* Whether the arguments are options, each with a number, and a folder. */
static bool read_arguments(struct site *site, int argc, char **argv)
{
    int i = 1;
    char more;

    for (; i + 2 < argc; i += 2) {
        int *number = strcmp(argv[i], "--port") == 0       ? &site->port
                      : strcmp(argv[i], "--limit") == 0    ? &site->limit
                      : strcmp(argv[i], "--patience") == 0 ? &site->patience_s
                      : strcmp(argv[i], "--grace") == 0    ? &site->grace_s
                                                           : NULL;

        if (!number || sscanf(argv[i + 1], "%5d%c", number, &more) != 1 || *number < 0)
            return false;
    }
    return i == argc - 1;
}

int main(int argc, char **argv)
{
    struct site site = {.limit = 1000, .patience_s = 15, .grace_s = 30};

    if (!read_arguments(&site, argc, argv)) {
        fprintf(stderr, "usage: %s [--port N] [--limit N] [--patience SECONDS] [--grace SECONDS] FOLDER\n", argv[0]);
        return 2;
    }
    if (disk_serve(argv[argc - 1]) < 0) {
        perror(argv[argc - 1]);
        return 1;
    }
    setvbuf(stdout, NULL, _IOLBF, 0); /* who waits for the address gets it at once, also through a pipe */
    return tt_run(serve_site, &site); /* makes a loop, runs the coroutine as a task, closes the loop */
}

/* The main coroutine. A coroutine is a C function that may wait. It returns 0, or negative when an exception is pending; and
 * as long as one is pending, every call that would wait returns negative at once. So the calls below need no ladder of
 * checks: when tt_listen fails, tt_start_server gets NULL and returns NULL, and the reason stays. */
static int serve_site(void *arg)
{
    struct site *site = arg;
    const struct tt_server_options options = {.connection_limit = (size_t)site->limit + REFUSED};
    tt_listener *listener = tt_listen("127.0.0.1", site->port);
    char address[TT_ADDRESS_BYTES];
    int rc = -1;

    /* From here on each connection that comes is a task of its own, which runs serve(). What a task fails with ends that one
     * only, and goes to the loop's exception handler, which prints it. */
    site->server = tt_start_server(listener, serve, site, &options);
    if (site->server && tt_loop_add_signal_handler(NULL, SIGTERM, stop, site) == 0 &&
        tt_loop_add_signal_handler(NULL, SIGINT, stop, site) == 0) {
        tt_listener_local(listener, address, sizeof address);
        printf("http://%s/\n", address);
        rc = tt_server_serve_forever(site->server); /* 0 when stop() has closed it */
    }
    /* However that ended: connections have a while to end by themselves, then they are cancelled, and it is waited for
     * them. A cleanup puts what is pending aside, because it has to wait, and brings it back at its end. */
    tt_cleanup_begin();
    (void)tt_server_stop(site->server, TT_SEC(site->grace_s));
    return tt_cleanup_end() < 0 ? -1 : rc;
}

/* A signal has come. Not in a signal handler, but in a callback, which the loop makes while no task runs: it may touch
 * whatever they touch. It only must not wait. */
static int stop(void *arg)
{
    struct site *site = arg;
    struct visitor *visitor;

    site->is_stopping = true;
    tt_loop_remove_signal_handler(NULL, SIGTERM);
    tt_loop_remove_signal_handler(NULL, SIGINT); /* who asks a second time means it: the default ends the process */
    tt_server_close(site->server); /* nobody is accepted any more, and serve_site, which waits for that, goes on */
    for (visitor = LIST_FIRST(&site->visitors); visitor; visitor = LIST_NEXT(visitor, others))
        if (visitor->is_idle && !tt_timeout_expired(visitor->timeout) && tt_timeout_reschedule(visitor->timeout, 0) < 0)
            return -1;
    return 0; /* who asks for nothing has no time left, and everybody else has until serve_site gives up */
}

/* ------------------------------------------------------------------------------------------ 2. each connection is a task */

/* How an exchange of request and answer ended, if not by an exception, which is -1 everywhere. */
enum { GONE, GOODBYE, GO_ON };

/* Serves one connection, as if it were the only one. The server closes the stream when this has returned. */
static int serve(tt_stream *stream, void *arg)
{
    struct site *site = arg;
    struct visitor visitor = {.site = site, .stream = stream};
    char peer[TT_ADDRESS_BYTES];
    int rc = GO_ON;

    tt_stream_peer(stream, peer, sizeof peer);
    if (tt_task_set_name(tt_current_task(), peer) < 0) /* under which telltale ps shows it */
        return -1;
    LIST_INSERT_HEAD(&site->visitors, &visitor, others);
    if (tt_server_connection_count(site->server) > (size_t)site->limit)
        rc = reply(&visitor, 503) < 0 ? -1 : GOODBYE;
    while (rc == GO_ON && !site->is_stopping)
        rc = converse(&visitor);
    if (rc > GONE)
        rc = say_goodbye(&visitor);
    LIST_REMOVE(&visitor, others);
    /* A visitor who hangs up in the middle, or takes too long to read, is no failure: it is caught here, so that it is
     * not reported. Everything else is; so is a cancellation, which is no tt_Exception and passes through. */
    if (rc < 0 && (tt_catch(&tt_ConnectionError) || tt_catch(&tt_TimeoutError)))
        rc = tt_catch_end();
    return rc;
}

/* Gives the visitor as much time again. */
static int be_patient(struct visitor *visitor)
{
    return tt_timeout_reschedule(visitor->timeout, tt_loop_time(NULL) + TT_SEC(visitor->site->patience_s));
}

/* Reads until a request is complete: 200, or the status to refuse it with; 0: the visitor has gone. */
static int read_request(struct visitor *visitor)
{
    struct http_request *request = &visitor->request;
    int status = http_parse(request); /* what came with the one before may be another one */

    visitor->is_idle = request->size == 0;
    while (status == 0) {
        bool was_idle = visitor->is_idle;
        ssize_t count = tt_stream_read(visitor->stream, request->bytes + request->size,
                                       sizeof request->bytes - request->size); /* others run until something has come */

        visitor->is_idle = false;
        if (count <= 0)
            return (int)count;
        request->size += (size_t)count;
        status = http_parse(request);
        /* From the first byte on the clock runs anew, once, so that a byte now and then does not keep a place. */
        if (status == 0 && was_idle && be_patient(visitor) < 0)
            return -1;
    }
    return status;
}

/* A request and its answer, both for no longer than patience lasts. A timeout is entered and exited: when it is up in between,
 * whatever the task waits for raises, and the exit makes TimeoutError of that. There is nothing to undo: a read that is cut
 * short has taken nothing. */
static int converse(struct visitor *visitor)
{
    int status, rc;

    visitor->timeout = tt_timeout_enter(TT_SEC(visitor->site->patience_s));
    status = read_request(visitor);
    status = tt_timeout_exit(visitor->timeout, status);
    if (status < 0 && tt_catch(&tt_TimeoutError)) { /* from here on it is not pending any more */
        status = visitor->request.size > 0 ? 408 : GONE;
        if (tt_catch_end() < 0)
            return -1;
    }
    if (status <= 0)
        return status;
    visitor->answer.keeps_alive = status == 200 && visitor->request.keeps_alive && !visitor->site->is_stopping;
    visitor->timeout = tt_timeout_enter(TT_SEC(visitor->site->patience_s));
    rc = status == 200 ? respond(visitor) : reply(visitor, status);
    if (tt_timeout_exit(visitor->timeout, rc) < 0)
        return -1;
    return visitor->answer.keeps_alive ? GO_ON : GOODBYE;
}

/* ---------------------------------------------------------------------------------------------- 3. answering a request */

/* An answer that says in words what its status is. */
static int reply(struct visitor *visitor, int status)
{
    size_t size;

    visitor->answer.status = status;
    size = http_message(&visitor->request, &visitor->answer, visitor->out, OUT_BYTES);
    return tt_stream_write(visitor->stream, visitor->out, size);
}

/* COUNT bytes from BEGIN on, which go from the kernel's memory to the network without coming by here. Each part has its time:
 * a slow reader is served, one that does not read at all is not waited for. */
static int send_body(struct visitor *visitor, int file, off_t begin, long long count)
{
    while (count > 0) {
        ssize_t part = disk_fetch(file, begin, count < PART_BYTES ? (size_t)count : PART_BYTES);
        bool is_ready = part > 0 && be_patient(visitor) == 0;
        ssize_t sent = is_ready ? tt_stream_sendfile(visitor->stream, file, begin, (size_t)part) : -1;

        if (sent == 0)
            return tt_raise(&tt_EOFError, "%s became shorter while it was sent", visitor->request.path);
        if (sent < 0)
            return -1;
        begin += sent;
        count -= sent;
    }
    return 0;
}

/* FILE is open; what of it is wanted, if it is one at all, is up to the request. Its beginning goes with the head. */
static int send_file(struct visitor *visitor, int file)
{
    struct http_answer *answer = &visitor->answer;
    long long size, count, first;
    struct stat about;

    if (fstat(file, &about) < 0)
        return tt_raise_errno(errno, "stat %s", visitor->request.path);
    if (!S_ISREG(about.st_mode))
        return reply(visitor, S_ISDIR(about.st_mode) ? 301 : 404);
    answer->size = about.st_size;
    answer->modified = about.st_mtime;
    http_choose(&visitor->request, answer);
    if (answer->status == 416)
        return reply(visitor, 416);
    size = (long long)http_head(&visitor->request, answer, visitor->out, OUT_BYTES);
    count = visitor->request.is_head ? 0 : answer->count;
    first = disk_read(file, visitor->out + size, (size_t)(count < OUT_BYTES - size ? count : OUT_BYTES - size),
                      answer->begin);
    if (first < 0 || tt_stream_write(visitor->stream, visitor->out, (size_t)(size + first)) < 0)
        return -1;
    return send_body(visitor, file, answer->begin + first, count - first);
}

/* Where a file cannot be opened the exception says why. While it is pending nothing can be written: so it is caught first. */
static int respond(struct visitor *visitor)
{
    int file = disk_open(visitor->request.path), rc, status;

    if (file >= 0) {
        rc = send_file(visitor, file);
        disk_close(file);
        return rc;
    }
    if (!tt_catch(&tt_Exception))
        return -1;
    status = http_status_of(tt_exc_errno(tt_exc_caught()));
    rc = reply(visitor, status);
    if (rc == 0 && status == 500) /* the visitor knows; whoever looks after the server is to know as well */
        rc = tt_reraise();
    return tt_catch_end() < 0 ? -1 : rc;
}

/* Ends the connection so that the answer arrives: closing a socket while something is unread resets the connection, which may
 * overtake what was said. So our end is told first, and what still comes is read, for a while, and dropped. */
static int say_goodbye(struct visitor *visitor)
{
    tt_timeout *timeout = tt_timeout_enter(TT_SEC(2));
    ssize_t count = tt_stream_write_eof(visitor->stream) < 0 ? -1 : 1;

    for (int i = 0; i < 1000 && count > 0; i++)
        count = tt_stream_read(visitor->stream, visitor->out, OUT_BYTES);
    return tt_timeout_exit(timeout, count < 0 ? -1 : 0);
}
