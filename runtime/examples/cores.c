/* cores: one port served by several loops, each in a thread of its own.
 *
 *   cores LOOPS [PORT]     PORT of 127.0.0.1, 0 or nothing: a free one; the first line printed is the port
 *
 * Each loop has a listener of its own at the same port (SO_REUSEPORT), and the kernel spreads connections over them. A second
 * program with the same PORT takes part too. Loops share nothing, so nothing here is locked: the first thread and each of the
 * others have a socket pair between them, by which a loop tells the port that it listens at, is told to stop (the end of the
 * stream), and tells that it has ended (the same).
 *
 * A connection answers the line "who" by the number of its loop and the process id, fails at "boom", and echoes anything else. "lose"
 * starts a task that fails, and whose failure nobody looks at: `telltale report` finds it, whichever loop it was.
 * SIGTERM ends all: no loop accepts any more, connections that are there have half a second, those that stay are cancelled. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <telltale/telltale.h>

enum { LOOPS_MAX = 64 };

/* ------------------------------------------------------------------------------------------- a loop, on its own thread */

struct worker {
    int number, port;
    int descriptor; /* its end of the pair, from the beginning */
    tt_task *lost;  /* its own; NULL: nobody has asked for one */

    /* the first thread's */
    pthread_t thread;
    tt_stream *control; /* the other end */
    bool is_started;
    const bool *is_stopping; /* the loops were told to */
};

static int lose(void *worker)
{
    return tt_raise(&tt_ValueError, "lost in loop %d", ((struct worker *)worker)->number);
}

static int answer(tt_stream *stream, void *arg)
{
    struct worker *worker = arg;
    const char *line;
    char text[64];
    ssize_t size;

    while ((size = tt_stream_readline(stream, &line)) > 0) {
        if (strncmp(line, "boom", 4) == 0)
            return tt_raise(&tt_RuntimeError, "a client of loop %d wanted it", worker->number);
        if (strncmp(line, "lose", 4) == 0 && !worker->lost)
            worker->lost = tt_create_task(lose, worker);
        if (strncmp(line, "who", 3) == 0) {
            size = snprintf(text, sizeof text, "loop %d of %d\n", worker->number, (int)getpid());
            line = text;
        }
        if (tt_stream_write(stream, line, (size_t)size) < 0)
            return -1;
    }
    return size < 0 ? -1 : 0;
}

static int close_stream(void *stream)
{
    tt_stream_close(stream);
    return 0;
}

static int stop_server(void *server)
{
    return tt_server_stop(server, TT_MSEC(500));
}

/* The main coroutine of a loop: serves until it is told to stop. */
static int serve(void *arg)
{
    const struct worker *worker = arg;
    const struct tt_listen_options shared = {.reuse_port = true};
    tt_stream *control = tt_stream_open(worker->descriptor, 0);
    tt_server *server;
    char text[16];
    ssize_t size;

    if (!control || tt_defer(close_stream, control) < 0)
        return -1;
    server = tt_start_server(tt_listen_with("127.0.0.1", worker->port, &shared), answer, arg, NULL);
    if (!server || tt_defer(stop_server, server) < 0)
        return -1;
    size = snprintf(text, sizeof text, "%d\n", tt_listener_port(tt_server_listener(server)));
    if (tt_stream_write(control, text, (size_t)size) < 0)
        return -1;
    return (int)tt_stream_read(control, text, sizeof text);
}

static void *run_worker(void *arg)
{
    tt_run(serve, arg); /* it tells on stderr what it fails with */
    return NULL;
}

/* ------------------------------------------------------------------------------------------------------ the first thread */

struct workers {
    struct worker each[LOOPS_MAX];
    int count, port;
    bool is_stopping;
};

/* Starts WORKER, and waits until it listens. 0, or -1 with an exception pending. */
static int start(struct workers *workers, struct worker *worker)
{
    int pair[2], error;
    const char *line;
    char port[sizeof "65535"];
    ssize_t length;

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
        return tt_raise_errno(errno, "socketpair");
    worker->descriptor = pair[1];
    worker->port = workers->port;
    worker->is_stopping = &workers->is_stopping;
    worker->control = tt_stream_open(pair[0], 0);
    error = worker->control ? pthread_create(&worker->thread, NULL, run_worker, worker) : 0;
    if (!worker->control || error) {
        if (worker->control)
            tt_stream_close(worker->control);
        else
            close(pair[0]);
        worker->control = NULL;
        close(pair[1]);
        return error ? tt_raise_errno(error, "start a thread") : -1;
    }
    worker->is_started = true;
    length = tt_stream_readline(worker->control, &line);
    if (length <= 0)
        return tt_exc_pending() ? -1 : tt_raise(&tt_RuntimeError, "loop %d did not begin", worker->number);
    snprintf(port, sizeof port, "%.*s", (int)length, line); /* a line is a piece of the stream's buffer: nothing ends it */
    workers->port = atoi(port);
    return 0;
}

/* Waits until a loop has ended, which it may not do by itself. */
static int mind(void *arg)
{
    const struct worker *worker = arg;
    char byte;

    if (tt_stream_read(worker->control, &byte, 1) < 0)
        return -1;
    return *worker->is_stopping ? 0 : tt_raise(&tt_RuntimeError, "loop %d has ended by itself", worker->number);
}

/* Suspends until SIGTERM has come and all loops have ended; raises when one ends before. */
static int mind_all(struct workers *workers)
{
    tt_group *group = tt_group_enter();
    int rc = 0;

    for (int i = 0; rc == 0 && i < workers->count; i++)
        rc = tt_group_spawn(group, mind, &workers->each[i]);
    if (rc == 0)
        rc = tt_signal_wait(SIGTERM, NULL);
    workers->is_stopping = true;
    for (int i = 0; rc == 0 && i < workers->count; i++)
        rc = tt_stream_write_eof(workers->each[i].control);
    return tt_group_exit(group, rc);
}

/* On a thread: the loop goes on meanwhile. */
static int join(void *arg)
{
    const struct worker *worker = arg;
    int error = pthread_join(worker->thread, NULL);

    return error ? tt_raise_errno(error, "join the thread of loop %d", worker->number) : 0;
}

static int run(void *arg)
{
    struct workers *workers = arg;
    int rc = 0;

    for (int i = 0; rc == 0 && i < workers->count; i++) {
        workers->each[i].number = i + 1;
        rc = start(workers, &workers->each[i]);
    }
    if (rc == 0) {
        printf("%d\n", workers->port);
        rc = mind_all(workers);
    }
    tt_cleanup_begin(); /* whatever happened: those that run end with their streams, and are waited for */
    for (int i = 0; i < workers->count; i++)
        tt_stream_close(workers->each[i].control);
    for (int i = 0; i < workers->count; i++)
        if (workers->each[i].is_started && tt_to_thread(join, &workers->each[i], NULL, NULL) < 0)
            break;
    return tt_cleanup_end() < 0 ? -1 : rc;
}

int main(int argc, char **argv)
{
    static struct workers workers;

    workers.count = argc > 1 ? atoi(argv[1]) : 0;
    if (argc > 3 || workers.count < 1 || workers.count > LOOPS_MAX) {
        fprintf(stderr, "usage: %s LOOPS [PORT]\n", argv[0]);
        return 2;
    }
    workers.port = argc > 2 ? atoi(argv[2]) : 0;
    setvbuf(stdout, NULL, _IOLBF, 0);
    return tt_run(run, &workers);
}
