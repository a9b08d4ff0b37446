/* bench_echo.c: an echo server with a task for each connection against plain libuv callbacks, the same work in C.
 *
 * Each server is a process of its own, all on one core (echo_server.c, peers/); the load generator is on another, recorders
 * and LTTng's daemons where there is more. 50 connections, each of which sends 64 bytes (1 KiB), waits for them to come back,
 * compares them, and sends again. The servers take their turns, another one first in each round. The machine is seldom the same
 * for two seconds, so libuv's has a turn right before and right after each turn of another's, and what counts is the median
 * of the ratios to these two. Of a request, 94 to 97 % is the kernel's, so beside its rate stands its processor time.
 *
 * The goals are those of tasks on plain sockets and of streams, of the recorder with default and with all categories, and of
 * LTTng with default categories. For comparison, and without a goal: a stream and LTTng with all categories, and the same
 * server in Go, Node, and Python with asyncio and uvloop (peers/). What is not installed, a peer or LTTng, is skipped with a
 * line; LTTng is there if TELLTALE_BENCH_SESSION says so (echo.sh). What is of this tree and does not start is an error: status 2.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "measure.h"

enum { ROUNDS = 41, CONNECTIONS = 50, BYTES_MAX = 1024, TURN_MS = 50, SIZES = 2 };

static const size_t sizes[SIZES] = {64, BYTES_MAX};

static _Noreturn void fail(const char *what)
{
    fprintf(stderr, "echo: %s: %s\n", what, strerror(errno));
    exit(2);
}

struct client {
    int socket;
    size_t size, received;
    unsigned char number;
    char sent[BYTES_MAX], buffer[BYTES_MAX];
};

/* --------------------------------------------------------------------------------------------------------- servers */

/* What a server was measured at with messages of one size. */
struct figures {
    struct series rate;               /* requests a second */
    struct series cpu_ns;             /* processor time of a request */
    struct series rate_against_libuv; /* ratios to the turns of libuv's beside its own: higher is better */
    struct series cpu_against_libuv;
};

struct server {
    const char *name;
    const char *command[3]; /* a program that finds the listener as descriptor 3 */
    const char *recorder;   /* "store", "lttng"; NULL: it is not recorded */
    const char *events;     /* categories; NULL: the default */
    double least, reach;    /* of its rate against libuv's; 0: no goal */
    bool is_peer;           /* somebody else's, which need not be installed */
    pid_t pid;
    struct sockaddr_in address;
    struct client *clients; /* CONNECTIONS, which stay open */
    int epoll;              /* of theirs */
    struct figures figures[SIZES];
};

static bool is_recorded(const struct server *server, const char *how)
{
    return server->recorder && strcmp(server->recorder, how) == 0;
}

/* The process becomes the server's program, whose listener is LISTENER; where that cannot be, it ends. */
static _Noreturn void become_server(const struct server *server, int listener, const char *folder)
{
    char *arguments[] = {(char *)server->command[0], (char *)server->command[1], (char *)server->command[2], NULL};
    char store[256];

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (is_recorded(server, "store")) {
        snprintf(store, sizeof store, "%s/%s.telltale", folder, server->name);
        setenv("TELLTALE_STORE", store, 1);
    }
    if (is_recorded(server, "lttng")) {
        if (!getenv("TELLTALE_BENCH_SESSION"))
            _exit(3);
        setenv("TELLTALE_LTTNG", "1", 1);
        setenv("LTTNG_UST_REGISTER_TIMEOUT", "30000", 1);
    }
    if (server->events)
        setenv("TELLTALE_EVENTS", server->events, 1);
    if (server->recorder)
        pin_to_cores_from(2); /* what records it; it moves to core 0 by itself */
    else
        pin_to_core(0);
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

    server->address.sin_family = AF_INET;
    server->address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (listener < 0 || bind(listener, (struct sockaddr *)&server->address, length) < 0 ||
        listen(listener, CONNECTIONS) < 0 || getsockname(listener, (struct sockaddr *)&server->address, &length) < 0)
        fail("listen");
    server->pid = fork();
    if (server->pid < 0)
        fail("fork");
    if (server->pid == 0)
        become_server(server, listener, folder);
    close(listener);
}

static void stop_server(struct server *server)
{
    kill(server->pid, SIGKILL);
    waitpid(server->pid, NULL, 0);
}

/* A child that has ended already could not be recorded, or is a peer that is not installed.
 * It stays a zombie, so that its number is nobody else's. */
static bool is_there(const struct server *server)
{
    siginfo_t end = {.si_pid = 0};

    return waitid(P_PID, (id_t)server->pid, &end, WEXITED | WNOHANG | WNOWAIT) == 0 && end.si_pid == 0;
}

/* One that ends has closed its sockets a while before it is dead, under a sanitizer above all. */
static bool goes_on(const struct server *server)
{
    for (int tries = 0; tries < 1000 && is_there(server); tries++)
        poll(NULL, 0, 10);
    return is_there(server);
}

/* Programs take a while to start: one byte is echoed before anything is measured. */
static void await_server(const struct server *server)
{
    int probe = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    char byte = 0;

    setsockopt(probe, SOL_SOCKET, SO_RCVTIMEO, &(struct timeval){.tv_sec = 60}, sizeof(struct timeval));
    if (connect(probe, (const struct sockaddr *)&server->address, sizeof server->address) == 0 &&
        send(probe, &byte, 1, MSG_NOSIGNAL) == 1 && recv(probe, &byte, 1, 0) != 1 && goes_on(server)) {
        fprintf(stderr, "echo: %s answers nothing\n", server->name);
        exit(2);
    }
    close(probe);
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

/* ------------------------------------------------------------------------------------------------------------ the load */

static void send_next(struct client *client)
{
    memset(client->sent, ++client->number, client->size);
    client->received = 0;
    if (send(client->socket, client->sent, client->size, MSG_NOSIGNAL) != (ssize_t)client->size)
        fail("send");
}

static void open_client(struct client *client, const struct server *server)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = client};
    int one = 1;

    client->socket = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (client->socket < 0 ||
        connect(client->socket, (const struct sockaddr *)&server->address, sizeof server->address) < 0)
        fail(server->name);
    setsockopt(client->socket, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    fcntl(client->socket, F_SETFL, O_NONBLOCK);
    if (epoll_ctl(server->epoll, EPOLL_CTL_ADD, client->socket, &event) < 0)
        fail("epoll_ctl");
}

static void open_clients(struct server *server)
{
    server->epoll = epoll_create1(EPOLL_CLOEXEC);
    server->clients = calloc(CONNECTIONS, sizeof *server->clients);
    if (server->epoll < 0 || !server->clients)
        fail("clients");
    for (int i = 0; i < CONNECTIONS; i++)
        open_client(&server->clients[i], server);
}

static void close_clients(struct server *server)
{
    for (int i = 0; i < CONNECTIONS; i++)
        close(server->clients[i].socket);
    close(server->epoll);
    free(server->clients);
}

/* Receives what is there. True when an answer is complete. */
static bool take_answer(struct client *client)
{
    ssize_t count = recv(client->socket, client->buffer + client->received, client->size - client->received, 0);

    if (count == 0 || (count < 0 && errno != EAGAIN))
        fail("the server hung up");
    client->received += count > 0 ? (size_t)count : 0;
    if (client->received < client->size)
        return false;
    if (memcmp(client->sent, client->buffer, client->size) != 0) {
        fprintf(stderr, "echo: a wrong answer\n");
        exit(2);
    }
    return true;
}

/* What came of turns of one server. */
struct work {
    double answers, ns, cpu_ns;
};

/* Loads SERVER with messages of SIZE bytes for a turn, which is added to WORK. */
static void load(const struct server *server, size_t size, struct work *work)
{
    struct epoll_event events[CONNECTIONS];
    double begin = now_ns(), end = begin, cpu_ns = cpu_ns_of(server->pid);
    int open = CONNECTIONS;

    for (int i = 0; i < CONNECTIONS; i++) {
        server->clients[i].size = size;
        send_next(&server->clients[i]);
    }
    while (open > 0) {
        int count = epoll_wait(server->epoll, events, CONNECTIONS, 10000);
        bool is_over;

        if (count <= 0)
            fail("the server answers no more");
        end = now_ns();
        is_over = end - begin >= TURN_MS * 1e6;
        for (int i = 0; i < count; i++) {
            if (!take_answer(events[i].data.ptr))
                continue;
            work->answers++;
            if (is_over)
                open--;
            else
                send_next(events[i].data.ptr);
        }
    }
    work->ns += end - begin;
    work->cpu_ns += cpu_ns_of(server->pid) - cpu_ns;
}

static double rate_of(const struct work *work)
{
    return work->answers / (work->ns / 1e9);
}

static double cpu_ns_of_request(const struct work *work)
{
    return work->cpu_ns / work->answers;
}

/* A turn of SERVER's between two of LIBUV's. Adds them to FIGURES, and libuv's turns to LIBUV_WORK. */
static void take_turns(const struct server *server, const struct server *libuv, size_t size, struct figures *figures,
                       struct work *libuv_work)
{
    struct work own = {0}, other = {0};

    load(libuv, size, &other);
    load(server, size, &own);
    load(server, size, &own);
    load(libuv, size, &other);
    libuv_work->answers += other.answers;
    libuv_work->ns += other.ns;
    libuv_work->cpu_ns += other.cpu_ns;
    add_sample(&figures->rate, rate_of(&own));
    add_sample(&figures->cpu_ns, cpu_ns_of_request(&own));
    add_sample(&figures->rate_against_libuv, rate_of(&own) / rate_of(&other));
    add_sample(&figures->cpu_against_libuv, cpu_ns_of_request(&other) / cpu_ns_of_request(&own));
}

/* ------------------------------------------------------------------------------------------------------------- figures */

/* Prints what SERVER was measured at with messages of the size SIZE_INDEX. False if it is below its least. */
static bool print_figures(const struct server *server, int size_index)
{
    const struct figures *figures = &server->figures[size_index];
    const struct series *ratios = &figures->rate_against_libuv;
    struct series rate = figures->rate;
    char name[64], ratio_name[96];

    snprintf(name, sizeof name, "echo_%s_%zu", server->name, sizes[size_index]);
    rate.name = name;
    print_series(&rate, "requests/s");
    printf("  %-36s %12.0f ns of processor time a request", "",
           median_of(figures->cpu_ns.samples, figures->cpu_ns.count));
    if (ratios->count == 0) { /* libuv's own */
        printf("\n");
        return true;
    }
    printf("; libuv's against it: %.3f\n",
           median_of(figures->cpu_against_libuv.samples, figures->cpu_against_libuv.count));
    snprintf(ratio_name, sizeof ratio_name, "%s_against_libuv", name);
    print_spread(ratio_name, ratios);
    return server->least <= 0 ||
           print_ratio(ratio_name, median_of(ratios->samples, ratios->count), server->least, server->reach);
}

/* Whether the machine may lack what SERVER needs. With a session LTTng is there. */
static bool may_be_missing(const struct server *server)
{
    return server->is_peer || (is_recorded(server, "lttng") && (!HAS_LTTNG || !getenv("TELLTALE_BENCH_SESSION")));
}

static void print_skipped(const struct server *server)
{
    printf("skipped: echo_%s: %s\n", server->name,
           server->is_peer ? "it is not installed" : "LTTng is not installed, or there is no session");
}

/* Whether each server runs that is not to be skipped. Tells which does not. */
static bool are_all_there(const struct server *servers, size_t count)
{
    bool are_there = true;

    for (size_t i = 0; i < count; i++)
        if (!is_there(&servers[i]) && !may_be_missing(&servers[i])) {
            fprintf(stderr, "echo: %s does not run%s\n", servers[i].name,
                    servers[i].recorder ? ": it could not be recorded" : "");
            are_there = false;
        }
    return are_there;
}

/* A round: a turn of each server with messages of the size SIZE_INDEX, from the one FIRST on. Libuv's is the first server. */
static void measure_round(struct server *servers, size_t count, size_t first, int size_index)
{
    struct figures *figures = &servers[0].figures[size_index];
    struct work libuv = {0};

    for (size_t i = 0; i < count; i++) {
        struct server *server = &servers[(i + first) % count];

        if (server != &servers[0] && server->clients)
            take_turns(server, &servers[0], sizes[size_index], &server->figures[size_index], &libuv);
    }
    add_sample(&figures->rate, rate_of(&libuv));
    add_sample(&figures->cpu_ns, cpu_ns_of_request(&libuv));
}

static void measure(struct server *servers, size_t count)
{
    struct work warm_up = {0};

    for (size_t i = 0; i < count; i++)
        if (is_there(&servers[i])) {
            open_clients(&servers[i]);
            load(&servers[i], sizes[0], &warm_up);
        }
    for (int round = 0; round < ROUNDS; round++)
        for (int i = 0; i < SIZES; i++)
            measure_round(servers, count, (size_t)round, i);
    for (size_t i = 0; i < count; i++)
        if (servers[i].clients)
            close_clients(&servers[i]);
}

/* Where Go is installed, makes its server in FOLDER. */
static bool build_go(const char *folder)
{
    char command[512];

    snprintf(command, sizeof command,
             "command -v go >/dev/null && GOCACHE=%1$s/cache GO111MODULE=off go build -o %1$s/echo_go %2$s/echo.go",
             folder, PEERS);
    return system(command) == 0;
}

/* The server in C, which lies beside this program. */
static void find_server(const char *self, char *path, size_t size)
{
    const char *slash = strrchr(self, '/');

    snprintf(path, size, "%.*secho_server", slash ? (int)(slash + 1 - self) : 0, self);
}

int main(int argc, char **argv)
{
    char folder[] = "/tmp/telltale-bench-XXXXXX", go[64] = "", own[256], command[64];
    struct server servers[] = {
        {.name = "libuv", .command = {own, "libuv"}},
        {.name = "untraced", .command = {own, "sock"}, .least = 0.97, .reach = 1.03},
        {.name = "streams", .command = {own, "stream"}, .least = 0.97, .reach = 1.03},
        {.name = "recorded", .command = {own, "sock"}, .recorder = "store", .least = 0.95, .reach = 1.00},
        {.name = "all", .command = {own, "sock"}, .recorder = "store", .events = "all", .least = 0.90, .reach = 0.95},
        {.name = "streams_all", .command = {own, "stream"}, .recorder = "store", .events = "all"},
        {.name = "lttng", .command = {own, "sock"}, .recorder = "lttng", .least = 0.85, .reach = 0.90},
        {.name = "lttng_all", .command = {own, "sock"}, .recorder = "lttng", .events = "all"},
        {.name = "go", .command = {go}, .is_peer = true},
        {.name = "node", .command = {"node", PEERS "/echo.js"}, .is_peer = true},
        {.name = "asyncio", .command = {"/usr/bin/python3", PEERS "/echo.py", "asyncio"}, .is_peer = true},
        {.name = "uvloop", .command = {"/usr/bin/python3", PEERS "/echo.py", "uvloop"}, .is_peer = true},
    };
    const size_t count = sizeof servers / sizeof servers[0];
    bool is_good = true, is_complete;

    (void)argc;
    find_server(argv[0], own, sizeof own);
    if (!mkdtemp(folder))
        fail("mkdtemp");
    setenv("GOMAXPROCS", "1", 1);
    if (build_go(folder)) /* what has no name cannot be started */
        snprintf(go, sizeof go, "%s/echo_go", folder);
    for (size_t i = 0; i < count; i++)
        start_server(&servers[i], folder);
    pin_to_core(1);
    for (size_t i = 0; i < count; i++)
        await_server(&servers[i]);
    is_complete = are_all_there(servers, count);
    if (is_complete)
        measure(servers, count);
    for (size_t i = 0; is_complete && i < count; i++) {
        if (!servers[i].figures[0].rate.count) {
            print_skipped(&servers[i]);
            continue;
        }
        for (int j = 0; j < SIZES; j++)
            is_good &= print_figures(&servers[i], j);
    }
    for (size_t i = 0; i < count; i++)
        stop_server(&servers[i]);
    snprintf(command, sizeof command, "rm -rf %s", folder);
    poll(NULL, 0, 300); /* recorders end */
    if (system(command) != 0)
        fprintf(stderr, "%s was left behind\n", folder);
    return !is_complete ? 2 : is_good ? 0 : 1;
}
