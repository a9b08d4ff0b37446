/* tour: a server of files by HTTP/1.1, written to be read: whoever is new to telltale begins here, at the top.
 *
 *     tour [--port N] [--limit CONNECTIONS] [--patience SECONDS] [--grace SECONDS] FOLDER
 *
 *     telltale record -o run.telltale -- tour --port 8080 .      in one terminal
 *     curl -O http://127.0.0.1:8080/README.md                    in another one
 *     telltale ps run.telltale                                   each connection is a task: what does it wait for?
 *     telltale report run.telltale                               what failed that nobody saw?
 *
 * SIGTERM or SIGINT ends it well: what is being sent is sent to its end. All that it knows of HTTP is in http.h. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <telltale/telltale.h>

#include "http.h"

enum {
    OUT_BYTES = 16 * 1024,   /* an answer's head and a small file: most answers are one write */
    PART_BYTES = 256 * 1024, /* of a larger file, then it is looked again whether the rest is in memory, and in time */
    LINGER_BYTES = 1024 * 1024,
    REFUSED = 64, /* connections beyond the limit that are told so at a time; more wait to be accepted */
};
#define LINGER_NS TT_SEC(2)

/* What all tasks share. They run on one thread, and one goes on only where another one waits: there is nothing to lock. */
struct site {
    int port, limit, patience_s, grace_s; /* as the options say */
    int root;                             /* the folder */
    tt_server *server;
    bool is_stopping;
    LIST_HEAD(, visitor) idle; /* who is connected and asks for nothing */
};

/* A connection: the variables of its task, on the stack of its task. */
struct visitor {
    struct site *site;
    tt_stream *stream;
    bool is_one_too_many;
    tt_timeout *timeout; /* for how long it is waited for at this moment */
    LIST_ENTRY(visitor) idle;
    struct http_request request;
    char out[OUT_BYTES];
};

/* How an exchange of request and answer ended, if not by an exception, which is -1 everywhere. */
enum { GONE, GOODBYE, GO_ON };

static int serve(tt_stream *stream, void *site);
static int converse(struct visitor *visitor);
static int receive(struct visitor *visitor);
static int respond(struct visitor *visitor);
static int send_file(struct visitor *visitor, int file, const char *path);
static int reply(struct visitor *visitor, int status, bool keeps_alive, const char *header);
static int say_goodbye(struct visitor *visitor);

/* ---------------------------------------------------------------------------------------- 1. the program, and its end */

/* A signal has come. Not in a signal handler, but in a callback, which runs on the loop between two tasks: it may touch
 * whatever they touch. It only must not wait. */
static int stop(void *arg)
{
    struct site *site = arg;
    struct visitor *visitor;
    int rc = 0;

    site->is_stopping = true;
    tt_loop_remove_signal_handler(NULL, SIGTERM); /* who asks a second time means it: the default ends the process */
    tt_loop_remove_signal_handler(NULL, SIGINT);
    tt_server_close(site->server); /* nobody is accepted any more, and serve_site, which waits for that, goes on */
    for (visitor = LIST_FIRST(&site->idle); visitor; visitor = LIST_NEXT(visitor, idle))
        if (!tt_timeout_expired(visitor->timeout) && tt_timeout_reschedule(visitor->timeout, 0) < 0)
            rc = -1; /* for who asks for nothing the time is up now */
    return rc;
}

/* The main coroutine. A coroutine is a C function that may wait, at any depth of calls. It returns 0, or negative when an
 * exception is pending; and as long as one is pending, every call that would wait returns negative at once. So the calls
 * below need no ladder of checks: when tt_listen fails, tt_start_server gets NULL, returns NULL, and the reason stays. */
static int serve_site(void *arg)
{
    struct site *site = arg;
    const struct tt_server_options options = {.connection_limit = (size_t)site->limit + REFUSED};
    tt_listener *listener = tt_listen("127.0.0.1", site->port);
    char address[128];
    int rc = -1;

    /* From here on each connection that comes is a task of its own, which runs serve(). The tasks are a group that keeps
     * going: what one of them fails with ends that one only, and goes to the loop's exception handler, which prints it. */
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

/* Reads options, each of which is a number, or says how they are written. */
static bool read_arguments(struct site *site, int argc, char **argv)
{
    static const struct option options[] = {{"port", required_argument, NULL, 0},
                                            {"limit", required_argument, NULL, 1},
                                            {"patience", required_argument, NULL, 2},
                                            {"grace", required_argument, NULL, 3},
                                            {0}};
    int *const numbers[] = {&site->port, &site->limit, &site->patience_s, &site->grace_s};
    int option;

    while ((option = getopt_long(argc, argv, "", options, NULL)) >= 0 && option != '?') {
        char *end;
        long number = strtol(optarg, &end, 10);

        if (end == optarg || *end || number < 0 || number > 65535)
            break;
        *numbers[option] = (int)number;
    }
    if (option < 0 && optind == argc - 1)
        return true;
    fprintf(stderr, "usage: %s [--port N] [--limit CONNECTIONS] [--patience SECONDS] [--grace SECONDS] FOLDER\n",
            argv[0]);
    return false;
}

int main(int argc, char **argv)
{
    struct site site = {.limit = 1000, .patience_s = 15, .grace_s = 30};
    int status;

    LIST_INIT(&site.idle);
    if (!read_arguments(&site, argc, argv))
        return 2;
    site.root = open(argv[argc - 1], O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (site.root < 0) {
        perror(argv[argc - 1]);
        return 1;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);   /* who waits for the address gets it at once, also through a pipe */
    status = tt_run(serve_site, &site); /* makes a loop, runs the coroutine as a task, closes the loop */
    close(site.root);
    return status;
}

/* ----------------------------------------------------------------------------------------------- 2. a task for each one */

/* Serves one connection, as if it were the only one. The server closes the stream when this has returned. */
static int serve(tt_stream *stream, void *site)
{
    struct visitor visitor;
    char peer[128];
    int rc;

    visitor.site = site;
    visitor.stream = stream;
    visitor.is_one_too_many = tt_server_connection_count(visitor.site->server) > (size_t)visitor.site->limit;
    tt_stream_peer(stream, peer, sizeof peer);
    if (tt_task_set_name(tt_current_task(), peer) < 0) /* under which telltale ps shows it */
        return -1;
    http_init(&visitor.request);
    do
        rc = converse(&visitor);
    while (rc == GO_ON && !visitor.site->is_stopping);
    if (rc > GONE)
        rc = say_goodbye(&visitor);
    /* A visitor who hangs up in the middle, or takes too long to read, is no failure: it is caught here, so that it is
     * not reported. Everything else is; so is a cancellation, which is no tt_Exception and passes through. */
    if (rc < 0 && (tt_catch(&tt_ConnectionError) || tt_catch(&tt_TimeoutError)))
        rc = tt_catch_end();
    return rc;
}

/* Gives the visitor as much time again. */
static int be_patient(struct visitor *visitor)
{
    return tt_timeout_reschedule(visitor->timeout, tt_loop_time(tt_loop_running()) + TT_SEC(visitor->site->patience_s));
}

/* A request and its answer. A timeout is entered and exited: when it is up in between, whatever the task waits for raises,
 * and the exit makes TimeoutError of that. */
static int converse(struct visitor *visitor)
{
    int status = visitor->is_one_too_many ? 503 : receive(visitor), rc;

    if (status <= 0)
        return status;
    visitor->timeout = tt_timeout_enter(TT_SEC(visitor->site->patience_s));
    if (status == 200)
        rc = respond(visitor);
    else
        rc = reply(visitor, status, false,
                   status == 405   ? "Allow: GET, HEAD"
                   : status == 503 ? "Retry-After: 1"
                                   : NULL);
    return tt_timeout_exit(visitor->timeout, rc);
}

/* ---------------------------------------------------------------------------------------- 3. receiving, and for how long */

/* Reads until a request is complete: 200, or the status to refuse it with; 0: the visitor has gone. */
static int read_request(struct visitor *visitor)
{
    struct http_request *request = &visitor->request;
    int status = http_take(request, 0); /* what came with the request before may be another one */
    bool is_idle = request->size == 0;

    if (status == 0 && is_idle)
        LIST_INSERT_HEAD(&visitor->site->idle, visitor, idle);
    while (status == 0) {
        size_t size;
        char *room = http_room(request, &size);
        ssize_t count = tt_stream_read(visitor->stream, room, size); /* other tasks run until something has come */

        if (is_idle)
            LIST_REMOVE(visitor, idle);
        if (count <= 0)
            return (int)count;
        status = http_take(request, (size_t)count);
        /* From the first byte on the clock runs anew, once, so that a byte now and then does not keep a place. */
        if (status == 0 && is_idle && be_patient(visitor) < 0)
            return -1;
        is_idle = false;
    }
    return status;
}

/* The same for no longer than patience lasts. There is nothing to undo: a read that is cut short has taken nothing. */
static int receive(struct visitor *visitor)
{
    int rc;

    visitor->timeout = tt_timeout_enter(TT_SEC(visitor->site->patience_s));
    rc = read_request(visitor);
    rc = tt_timeout_exit(visitor->timeout, rc);
    if (rc < 0 && tt_catch(&tt_TimeoutError)) {
        rc = tt_catch_end();
        if (rc == 0 && visitor->request.size > 0)
            rc = 408;
    }
    return rc;
}

/* --------------------------------------------------------------------------- 4. opening a file, and never wait for a disk */

/* What a thread is to open: memory of its own, since who asked may be cancelled and gone before the thread is done. */
struct errand {
    int root;
    char path[];
};

/* The kernel itself keeps PATH below the folder, whatever dots and links are in it; after a check of ours somebody could
 * still change a link. O_NONBLOCK: a FIFO has no writer to wait for. */
static int open_beneath(int root, const char *path, unsigned long long resolve)
{
    struct open_how how = {.flags = O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
                           .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS | resolve};

    return (int)syscall(SYS_openat2, root, path, &how, sizeof how);
}

static void close_file(void *file)
{
    close((int)(intptr_t)file);
}

/* Runs on a thread, where it may block. What it returns, or raises, arrives where the task waits; if nobody waits there any
 * more, close_file is called with it. */
static int open_on_thread(void *arg)
{
    const struct errand *errand = arg;
    int file = open_beneath(errand->root, errand->path, 0);

    if (file < 0)
        return tt_raise_errno(errno, "open %s", errand->path);
    return tt_return((void *)(intptr_t)file, close_file);
}

/* While this program waits for a disk it serves nobody. So what the kernel has at hand is opened here, which takes a
 * microsecond, and for the rest the task waits for a thread, while others run. */
static int open_file(struct site *site, const char *path)
{
    int file = open_beneath(site->root, path, RESOLVE_CACHED);
    struct errand *errand;
    void *value;

    if (file >= 0)
        return file;
    if (errno != EAGAIN)
        return tt_raise_errno(errno, "open %s", path);
    errand = malloc(sizeof *errand + strlen(path) + 1);
    if (!errand)
        return tt_raise(&tt_MemoryError, "no memory to open %s", path);
    errand->root = site->root;
    strcpy(errand->path, path);
    return tt_to_thread(open_on_thread, errand, free, &value) < 0 ? -1 : (int)(intptr_t)value;
}

/* Reads at OFFSET, in the same way. */
static ssize_t read_file(int file, void *buffer, size_t size, off_t offset)
{
    ssize_t count = preadv2(file, &(struct iovec){buffer, size}, 1, offset, RWF_NOWAIT);

    if (count < 0 && errno == EOPNOTSUPP) /* a file system without a disk, or without that question */
        count = pread(file, buffer, size, offset);
    else if (count < 0 && errno == EAGAIN)
        return tt_fs_pread(file, buffer, size, offset);
    return count < 0 ? tt_raise_errno(errno, "read a file") : count;
}

static bool is_in_memory(int file, off_t offset)
{
    return preadv2(file, &(struct iovec){(char[1]){0}, 1}, 1, offset, RWF_NOWAIT) >= 0 || errno != EAGAIN;
}

/* ----------------------------------------------------------------------------------------------- 5. answering a request */

/* The status for an error in opening a file; 500 for those that nobody expects. */
static int status_of(int error)
{
    static const struct {
        int error, status;
    } statuses[] = {{ENOENT, 404}, {ENOTDIR, 404}, {ENAMETOOLONG, 404}, {ELOOP, 404},  {EXDEV, 404},  {ENXIO, 404},
                    {EACCES, 403}, {EPERM, 403},   {EMFILE, 503},       {ENFILE, 503}, {ENOMEM, 503}, {EAGAIN, 503}};

    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++)
        if (statuses[i].error == error)
            return statuses[i].status;
    return 500;
}

/* A file could not be opened, and the reason is pending. To handle it is to look at it: between tt_catch and tt_catch_end
 * it is not pending any more, so that the task can wait and write. */
static int explain(struct visitor *visitor)
{
    int status, rc;

    if (!tt_catch(&tt_Exception))
        return -1;
    status = status_of(tt_exc_errno(tt_exc_caught()));
    rc = reply(visitor, status, visitor->request.keeps_alive, NULL);
    if (rc >= 0 && status == 500) /* the visitor knows; whoever looks after the server is to know as well */
        rc = tt_reraise();
    return tt_catch_end() < 0 ? -1 : rc;
}

static int respond(struct visitor *visitor)
{
    struct http_request *request = &visitor->request;
    char path[HTTP_TARGET_BYTES];
    int status = http_path(request, path), file, rc;

    if (status)
        return reply(visitor, status, false, NULL);
    file = open_file(visitor->site, path);
    rc = file < 0 ? explain(visitor) : send_file(visitor, file, path);
    if (file >= 0)
        close(file);
    if (rc != GO_ON)
        return rc;
    http_next(request);
    /* Who has sent many requests at once gets one answer a turn, as everybody: a task that finds all it asks for does not
     * wait, and others would not run. */
    return request->size > 0 && tt_sleep(0) < 0 ? -1 : GO_ON;
}

/* COUNT bytes from BEGIN on, after those that went with the head. Each part has its time: a slow reader is served, one that
 * does not read at all is not waited for. What is in memory goes from there to the network without coming by here. */
static int send_body(struct visitor *visitor, int file, const char *path, off_t begin, long long count)
{
    while (count > 0) {
        size_t size = count < PART_BYTES ? (size_t)count : PART_BYTES;
        ssize_t sent;

        if (be_patient(visitor) < 0)
            return -1;
        if (is_in_memory(file, begin + (off_t)size - 1)) {
            sent = tt_stream_sendfile(visitor->stream, file, begin, size);
        } else {
            sent = read_file(file, visitor->out, size < OUT_BYTES ? size : OUT_BYTES, begin);
            if (sent > 0 && tt_stream_write(visitor->stream, visitor->out, (size_t)sent) < 0)
                return -1;
        }
        if (sent < 0)
            return -1;
        if (sent == 0)
            return tt_raise(&tt_EOFError, "%s became shorter while it was sent", path);
        begin += sent;
        count -= sent;
    }
    return 0;
}

/* FILE is open; what of it is wanted, if it is one at all, is up to the request. A small file goes with the head in one
 * write. Before a larger one the head waits for the rest of its packet, so that the visitor is not woken twice. */
static int send_file(struct visitor *visitor, int file, const char *path)
{
    struct http_request *request = &visitor->request;
    struct http_answer answer = {.keeps_alive = request->keeps_alive && !visitor->site->is_stopping,
                                 .type = http_type(path)};
    char header[HTTP_TARGET_BYTES + 32];
    struct stat about;
    ssize_t size, first = 0;
    long long body_size;
    bool is_small;

    if (fstat(file, &about) < 0)
        return tt_raise_errno(errno, "stat %s", path);
    if (S_ISDIR(about.st_mode)) {
        http_write_location(request, header, sizeof header);
        return reply(visitor, 301, answer.keeps_alive, header);
    }
    if (!S_ISREG(about.st_mode))
        return reply(visitor, 404, answer.keeps_alive, NULL);
    answer.size = about.st_size;
    answer.modified = about.st_mtime;
    http_choose(request, &answer);
    if (answer.status == 416) {
        snprintf(header, sizeof header, "Content-Range: bytes */%lld", answer.size);
        return reply(visitor, 416, answer.keeps_alive, header);
    }
    body_size = request->is_head ? 0 : answer.count;
    size = (ssize_t)http_head(&answer, visitor->out, OUT_BYTES);
    is_small = body_size <= OUT_BYTES - size;
    if (is_small && body_size > 0)
        first = read_file(file, visitor->out + size, (size_t)body_size, answer.begin);
    if (first < 0 || (!is_small && tt_stream_set_option(visitor->stream, TT_STREAM_CORK, 1) < 0) ||
        tt_stream_write(visitor->stream, visitor->out, (size_t)(size + first)) < 0 ||
        send_body(visitor, file, path, answer.begin + first, body_size - first) < 0 ||
        (!is_small && tt_stream_set_option(visitor->stream, TT_STREAM_CORK, 0) < 0))
        return -1;
    return answer.keeps_alive ? GO_ON : GOODBYE;
}

/* An answer that says in words what its status is. */
static int reply(struct visitor *visitor, int status, bool keeps_alive, const char *header)
{
    char text[64];
    int size = snprintf(text, sizeof text, "%d %s\n", status, http_status_str((enum http_status)status));
    const struct http_answer answer = {
        .status = status, .keeps_alive = keeps_alive, .header = header, .type = "text/plain", .count = size};
    const struct iovec pieces[] = {{visitor->out, http_head(&answer, visitor->out, OUT_BYTES)},
                                   {text, visitor->request.is_head ? 0 : (size_t)size}};

    if (tt_stream_writelines(visitor->stream, pieces, 2) < 0)
        return -1;
    return keeps_alive ? GO_ON : GOODBYE;
}

/* Ends the connection so that the answer arrives: a socket that is closed while something is unread resets the connection,
 * and that may overtake what was said. So our end is told first, and what still comes is read, for a while, and dropped. */
static int say_goodbye(struct visitor *visitor)
{
    tt_timeout *timeout = tt_timeout_enter(LINGER_NS);
    int rc = tt_stream_write_eof(visitor->stream);
    ssize_t count = 1;

    for (size_t left = LINGER_BYTES; rc == 0 && count > 0 && left > 0; left -= (size_t)count) {
        count = tt_stream_read(visitor->stream, visitor->out, left < OUT_BYTES ? left : OUT_BYTES);
        if (count < 0)
            rc = -1;
    }
    return tt_timeout_exit(timeout, rc);
}
