/* bench_echo.c: an echo server with a task for each connection against plain libuv callbacks, the same work in C.
 *
 * Each server is a process of its own, all on one core; the load generator is on another: 50 connections, each of which sends
 * 64 bytes, waits for them to come back, compares them, and sends again. The servers take their turns, 15 rounds; what counts
 * is the median of the ratios to libuv within a round. Of a request, 94 to 97 % is the kernel's.
 *
 * Beside them, for comparison and without a goal, the same server in Go, Node, and Python with asyncio and uvloop (peers/).
 * What is not installed is skipped with a line.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <uv.h>

#include <telltale/telltale.h>

#include "measure.h"

enum { ROUNDS = 15, CONNECTIONS = 50, BYTES = 64, ROUND_MS = 300, BUFFER_BYTES = 4096 };

static _Noreturn void fail(const char *what)
{
    fprintf(stderr, "echo: %s: %s\n", what, strerror(errno));
    exit(2);
}

/* A core of its own, where the machine has several. */
static void pin(int core)
{
    cpu_set_t cores;

    CPU_ZERO(&cores);
    CPU_SET(core % (int)sysconf(_SC_NPROCESSORS_ONLN), &cores);
    sched_setaffinity(0, sizeof cores, &cores);
}

/* -------------------------------------------------------------------------------------------------- libuv's callbacks */

struct uv_connection {
    uv_tcp_t tcp;
    char buffer[BUFFER_BYTES];
};

static void give_buffer(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
    struct uv_connection *connection = (struct uv_connection *)handle;

    (void)suggested;
    *buffer = uv_buf_init(connection->buffer, sizeof connection->buffer);
}

static void free_connection(uv_handle_t *handle)
{
    free(handle);
}

static void echo_back(uv_stream_t *stream, ssize_t count, const uv_buf_t *buffer)
{
    uv_buf_t out = uv_buf_init(buffer->base, count > 0 ? (unsigned)count : 0);

    if (count < 0 || (count > 0 && uv_try_write(stream, &out, 1) != count))
        uv_close((uv_handle_t *)stream, free_connection);
}

static void accept_connection(uv_stream_t *server, int status)
{
    struct uv_connection *connection = malloc(sizeof *connection);

    if (status < 0 || !connection)
        fail("uv_listen");
    uv_tcp_init(server->loop, &connection->tcp);
    if (uv_accept(server, (uv_stream_t *)&connection->tcp) < 0)
        fail("uv_accept");
    uv_read_start((uv_stream_t *)&connection->tcp, give_buffer, echo_back);
}

static int serve_libuv(int listener)
{
    uv_tcp_t server;

    uv_tcp_init(uv_default_loop(), &server);
    uv_tcp_open(&server, listener);
    if (uv_listen((uv_stream_t *)&server, CONNECTIONS, accept_connection) < 0)
        fail("uv_listen");
    return uv_run(uv_default_loop(), UV_RUN_DEFAULT);
}

/* ---------------------------------------------------------------------------------------------- a task a connection */

static int echo(void *arg)
{
    int socket = (int)(intptr_t)arg, rc = 0;
    char buffer[BUFFER_BYTES];
    ssize_t count = 0;

    while (rc == 0 && (count = tt_sock_recv(socket, buffer, sizeof buffer)) > 0)
        rc = tt_sock_sendall(socket, buffer, (size_t)count);
    close(socket);
    return rc < 0 || count < 0 ? -1 : 0;
}

/* The same by a stream. */
static int echo_stream(void *arg)
{
    tt_stream *stream = tt_stream_open((int)(intptr_t)arg, 0);
    char buffer[BUFFER_BYTES];
    ssize_t count = 0;
    int rc = 0;

    while (rc == 0 && (count = tt_stream_read(stream, buffer, sizeof buffer)) > 0)
        rc = tt_stream_write(stream, buffer, (size_t)count);
    tt_stream_close(stream);
    return rc < 0 || count < 0 ? -1 : 0;
}

static int listen_for_connections(int listener, tt_coro_fn *serve_connection)
{
    for (;;) {
        int socket = tt_sock_accept(listener, NULL, NULL);

        if (socket < 0 || tt_spawn(serve_connection, (void *)(intptr_t)socket) < 0)
            return -1;
    }
}

static int listen_for_tasks(void *listener)
{
    return listen_for_connections((int)(intptr_t)listener, echo);
}

static int listen_for_streams(void *listener)
{
    return listen_for_connections((int)(intptr_t)listener, echo_stream);
}

static int serve_tasks(int listener)
{
    return tt_run(listen_for_tasks, (void *)(intptr_t)listener);
}

static int serve_streams(int listener)
{
    return tt_run(listen_for_streams, (void *)(intptr_t)listener);
}

/* --------------------------------------------------------------------------------------------------------- servers */

struct server {
    struct series series;
    struct series cpu_ns; /* processor time of a request */
    int (*serve)(int listener);
    const char *events; /* NULL: not recorded; else what TELLTALE_EVENTS says, "" for the default */
    double least, reach;
    const char *command[3]; /* a peer: a program of its own, which finds the listener as descriptor 3 */
    pid_t pid;
    struct sockaddr_in address;
};

/* The process becomes the peer's program; where that cannot be, it ends. */
static _Noreturn void become_peer(const struct server *server, int listener)
{
    char *arguments[] = {(char *)server->command[0], (char *)server->command[1], (char *)server->command[2], NULL};

    pin(0);
    if (listener == 3)
        fcntl(3, F_SETFD, 0);
    else
        dup2(listener, 3);
    execvp(arguments[0], arguments);
    _exit(127);
}

static void start_server(struct server *server, const char *folder)
{
    socklen_t length = sizeof server->address;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    char store[256];

    server->address.sin_family = AF_INET;
    server->address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (listener < 0 || bind(listener, (struct sockaddr *)&server->address, length) < 0 ||
        listen(listener, CONNECTIONS) < 0 || getsockname(listener, (struct sockaddr *)&server->address, &length) < 0)
        fail("listen");
    server->pid = fork();
    if (server->pid < 0)
        fail("fork");
    if (server->pid > 0) {
        close(listener);
        return;
    }
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (server->command[0]) /* a program of its own */
        become_peer(server, listener);
    if (server->events) {
        snprintf(store, sizeof store, "%s/%s.telltale", folder, server->series.name);
        setenv("TELLTALE_STORE", store, 1);
        if (server->events[0])
            setenv("TELLTALE_EVENTS", server->events, 1);
        if (tt_trace_start_from_environment() != TT_TRACE_RECORDING) /* before pinning, so that the recorder is free */
            _exit(3);
    }
    pin(0);
    _exit(server->serve(listener));
}

static void stop_server(struct server *server)
{
    kill(server->pid, SIGKILL);
    waitpid(server->pid, NULL, 0);
}

/* ------------------------------------------------------------------------------------------------------------ the load */

struct client {
    int socket;
    size_t received;
    char sent[BYTES], buffer[BYTES];
    unsigned char number;
};

static void send_next(struct client *client)
{
    memset(client->sent, ++client->number, BYTES);
    client->received = 0;
    if (send(client->socket, client->sent, BYTES, MSG_NOSIGNAL) != BYTES)
        fail("send");
}

static void open_client(struct client *client, const struct server *server, int epoll)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = client};
    int one = 1;

    client->socket = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (client->socket < 0 ||
        connect(client->socket, (const struct sockaddr *)&server->address, sizeof server->address) < 0)
        fail(server->series.name);
    setsockopt(client->socket, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    fcntl(client->socket, F_SETFL, O_NONBLOCK);
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, client->socket, &event) < 0)
        fail("epoll_ctl");
}

/* Receives what is there. True when an answer is complete. */
static bool take_answer(struct client *client)
{
    ssize_t count = recv(client->socket, client->buffer + client->received, BYTES - client->received, 0);

    if (count <= 0 && errno != EAGAIN)
        fail("the server hung up");
    client->received += count > 0 ? (size_t)count : 0;
    if (client->received < BYTES)
        return false;
    if (memcmp(client->sent, client->buffer, BYTES) != 0) {
        fprintf(stderr, "echo: a wrong answer\n");
        exit(2);
    }
    return true;
}

/* Processor time of a process so far, its threads together. */
static double cpu_ns_of(pid_t pid)
{
    clockid_t clock;
    struct timespec time;

    if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &time) < 0)
        fail("the processor time of a server");
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

/* Requests a second. */
static double load(struct server *server, bool is_counted)
{
    static struct client clients[CONNECTIONS];
    struct epoll_event events[CONNECTIONS];
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    unsigned long answers = 0;
    int open = CONNECTIONS;
    double begin, end = 0, cpu_ns = cpu_ns_of(server->pid);

    memset(clients, 0, sizeof clients);
    for (int i = 0; i < CONNECTIONS; i++)
        open_client(&clients[i], server, epoll);
    begin = now_ns();
    for (int i = 0; i < CONNECTIONS; i++)
        send_next(&clients[i]);
    while (open > 0) {
        int count = epoll_wait(epoll, events, CONNECTIONS, 1000);
        bool is_over;

        if (count <= 0)
            fail("the server answers no more");
        end = now_ns();
        is_over = end - begin >= ROUND_MS * 1e6;
        for (int i = 0; i < count; i++) {
            if (!take_answer(events[i].data.ptr))
                continue;
            answers++;
            if (is_over)
                open--;
            else
                send_next(events[i].data.ptr);
        }
    }
    for (int i = 0; i < CONNECTIONS; i++)
        close(clients[i].socket);
    close(epoll);
    if (is_counted)
        add_sample(&server->cpu_ns, (cpu_ns_of(server->pid) - cpu_ns) / (double)answers);
    return (double)answers / ((end - begin) / 1e9);
}

/* -------------------------------------------------------------------------------------------------------------------- */

/* A child that has ended already could not be recorded, or is a peer that is not installed. */
static bool is_there(const struct server *server)
{
    return waitpid(server->pid, NULL, WNOHANG) == 0;
}

/* Programs take a while to start: one byte is echoed before anything is measured. */
static void await_server(const struct server *server)
{
    int probe = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    char byte = 0;

    setsockopt(probe, SOL_SOCKET, SO_RCVTIMEO, &(struct timeval){.tv_sec = 30}, sizeof(struct timeval));
    if (connect(probe, (const struct sockaddr *)&server->address, sizeof server->address) == 0 &&
        send(probe, &byte, 1, MSG_NOSIGNAL) == 1 && recv(probe, &byte, 1, 0) != 1 && is_there(server)) {
        fprintf(stderr, "echo: %s answers nothing\n", server->series.name);
        exit(2);
    }
    close(probe);
}

static void print_server(const struct server *server, const struct server *libuv, bool *is_good)
{
    char name[128];

    print_series(&server->series, "requests/s");
    printf("  %-36s %12.0f ns of processor time a request; libuv's against it: %.3f\n", "",
           median_of(server->cpu_ns.samples, server->cpu_ns.count), paired_ratio(&libuv->cpu_ns, &server->cpu_ns));
    snprintf(name, sizeof name, "%s_against_libuv", server->series.name);
    if (server->least > 0)
        *is_good &= print_ratio(name, paired_ratio(&server->series, &libuv->series), server->least, server->reach);
    else if (server != libuv)
        printf("  %-36s %12.3f\n", name, paired_ratio(&server->series, &libuv->series));
}

int main(void)
{
    char folder[] = "/tmp/telltale-bench-XXXXXX", go[64], command[512];
    struct server servers[] = {
        {.series.name = "echo_libuv", .serve = serve_libuv},
        {.series.name = "echo_untraced", .serve = serve_tasks, .least = 0.97, .reach = 1.03},
        {.series.name = "echo_streams", .serve = serve_streams, .least = 0.97, .reach = 1.03},
        {.series.name = "echo_recorded", .serve = serve_tasks, .events = "", .least = 0.95, .reach = 1.00},
        {.series.name = "echo_all_categories", .serve = serve_tasks, .events = "all", .least = 0.90, .reach = 0.95},
        {.series.name = "echo_go", .command = {go}},
        {.series.name = "echo_node", .command = {"node", PEERS "/echo.js"}},
        {.series.name = "echo_asyncio", .command = {"/usr/bin/python3", PEERS "/echo.py", "asyncio"}},
        {.series.name = "echo_uvloop", .command = {"/usr/bin/python3", PEERS "/echo.py", "uvloop"}},
    };
    const size_t count = sizeof servers / sizeof servers[0];
    bool is_good = true;

    if (!mkdtemp(folder))
        fail("mkdtemp");
    snprintf(go, sizeof go, "%s/echo_go", folder);
    setenv("GOMAXPROCS", "1", 1);
    snprintf(command, sizeof command,
             "command -v go >/dev/null && GOCACHE=%1$s/cache GO111MODULE=off go build -o %1$s/echo_go %2$s/echo.go",
             folder, PEERS);
    if (system(command) != 0)
        go[0] = '\0'; /* what has no name cannot be started */
    for (size_t i = 0; i < count; i++)
        start_server(&servers[i], folder);
    pin(1);
    for (size_t i = 0; i < count; i++)
        await_server(&servers[i]);
    for (int round = -1; round < ROUNDS; round++)
        for (size_t i = 0; i < count; i++)
            if (is_there(&servers[i])) {
                double rate = load(&servers[i], round >= 0);

                if (round >= 0)
                    add_sample(&servers[i].series, rate);
            }
    for (size_t i = 0; i < count; i++) {
        if (!servers[i].series.count) {
            printf("skipped: %s: %s\n", servers[i].series.name,
                   servers[i].events ? "no recorder could be started" : "it is not installed");
            continue;
        }
        print_server(&servers[i], &servers[0], &is_good);
        stop_server(&servers[i]);
    }
    snprintf(command, sizeof command, "rm -rf %s", folder);
    poll(NULL, 0, 300); /* recorders end */
    if (system(command) != 0)
        fprintf(stderr, "%s was left behind\n", folder);
    return is_good ? 0 : 1;
}
