/* bench_http: the tour against nginx: the same files, over connections that stay, one process and one core each; the load
 * comes from another core. Rounds in turn.
 *
 * The tour and nginx are programs of their own, started here, on ports of the loopback that were free a moment before, with
 * everything that they write in a folder of this run. What is served is compared byte by byte in a round that does not
 * count, by its size in those that do. Where the load generator's core is the slower one both get the same, so the
 * processor time of a request stands beside.
 *
 * Arguments: none. Without the tour (no http-parser) or nginx: a line that says so. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "measure.h"

enum { ROUNDS = 15, CONNECTIONS = 50, ROUND_MS = 200, FILES = 3, HEAD_BYTES = 4096, BUFFER_BYTES = 256 * 1024 };

static const size_t file_bytes[FILES] = {1024, 100 * 1024, 1024 * 1024};
static const char *const file_names[FILES] = {"1k", "100k", "1m"};
static char *file_data[FILES];
static char folder[] = "/tmp/telltale-bench-XXXXXX";

static void remove_folder(void)
{
    char command[64];

    snprintf(command, sizeof command, "rm -rf %s", folder);
    if (system(command) != 0)
        fprintf(stderr, "%s was left behind\n", folder);
}

static _Noreturn void fail(const char *what)
{
    fprintf(stderr, "http: %s: %s\n", what, strerror(errno));
    exit(2);
}

static void pin(int core)
{
    cpu_set_t cores;

    CPU_ZERO(&cores);
    CPU_SET(core % (int)sysconf(_SC_NPROCESSORS_ONLN), &cores);
    sched_setaffinity(0, sizeof cores, &cores);
}

static void write_file(const char *name, const char *data, size_t size)
{
    char path[PATH_MAX];
    FILE *file;

    snprintf(path, sizeof path, "%s/%s", folder, name);
    file = fopen(path, "w");
    if (!file || fwrite(data, 1, size, file) != size || fclose(file) != 0)
        fail(path);
}

static void make_files(void)
{
    char path[64];

    snprintf(path, sizeof path, "%s/site", folder);
    if (mkdir(path, 0755) < 0 || chmod(folder, 0755) < 0)
        fail(path);
    for (int i = 0; i < FILES; i++) {
        file_data[i] = malloc(file_bytes[i]);
        if (!file_data[i])
            fail("malloc");
        for (size_t at = 0; at < file_bytes[i]; at++)
            file_data[i][at] = (char)(at * 7 + at / 251);
        snprintf(path, sizeof path, "site/%s", file_names[i]);
        write_file(path, file_data[i], file_bytes[i]);
    }
}

/* --------------------------------------------------------------------------------------------------------- servers */

struct server {
    const char *name;
    struct series series[FILES];
    char series_names[FILES][32];
    double cpu_ns[FILES], requests[FILES]; /* in the rounds that count */
    pid_t pid;
    struct sockaddr_in address;
};

static void find_free_port(struct server *server)
{
    socklen_t length = sizeof server->address;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    server->address.sin_family = AF_INET;
    server->address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (listener < 0 || bind(listener, (struct sockaddr *)&server->address, length) < 0 ||
        getsockname(listener, (struct sockaddr *)&server->address, &length) < 0)
        fail("a free port");
    close(listener);
}

static void start_program(struct server *server, char *const *arguments)
{
    server->pid = fork();
    if (server->pid < 0)
        fail("fork");
    if (server->pid > 0)
        return;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    pin(0);
    if (!freopen("/dev/null", "w", stdout))
        _exit(126);
    execvp(arguments[0], arguments);
    _exit(127);
}

/* Waits until SERVER accepts. False if it has ended before. */
static bool is_up(const struct server *server)
{
    for (int tries = 0; tries < 1000; tries++) {
        int probe = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        int rc = connect(probe, (const struct sockaddr *)&server->address, sizeof server->address);

        close(probe);
        if (rc == 0)
            return true;
        if (waitpid(server->pid, NULL, WNOHANG) != 0)
            return false;
        poll(NULL, 0, 10);
    }
    return false;
}

static bool start_tour(struct server *server, const char *own_path)
{
    char path[PATH_MAX], port[16], site[64];
    const char *slash = strrchr(own_path, '/');

    snprintf(path, sizeof path, "%.*s/../examples/tour", slash ? (int)(slash - own_path) : 1, slash ? own_path : ".");
    if (access(path, X_OK) < 0)
        return false;
    find_free_port(server);
    snprintf(port, sizeof port, "%d", ntohs(server->address.sin_port));
    snprintf(site, sizeof site, "%s/site", folder);
    start_program(server, (char *[]){path, "--port", port, site, NULL});
    return is_up(server);
}

/* One process that serves, with what Debian's configuration has for files: sendfile, and packets that are full. */
static bool start_nginx(struct server *server)
{
    char text[2048], configuration[64];
    int size;

    find_free_port(server);
    size = snprintf(text, sizeof text,
                    "daemon off;\nmaster_process off;\nworker_processes 1;\npid %1$s/nginx.pid;\n"
                    "error_log %1$s/nginx.log;\n"
                    "events { worker_connections 1024; }\n"
                    "http {\n"
                    "  access_log off;\n  sendfile on;\n  tcp_nopush on;\n"
                    "  keepalive_requests 1000000000;\n"
                    "  client_body_temp_path %1$s/body;\n  proxy_temp_path %1$s/proxy;\n"
                    "  fastcgi_temp_path %1$s/fastcgi;\n  uwsgi_temp_path %1$s/uwsgi;\n  scgi_temp_path %1$s/scgi;\n"
                    "  server { listen 127.0.0.1:%2$d; root %1$s/site; }\n"
                    "}\n",
                    folder, ntohs(server->address.sin_port));
    write_file("nginx.conf", text, (size_t)size);
    snprintf(configuration, sizeof configuration, "%s/nginx.conf", folder);
    start_program(server, (char *[]){"nginx", "-p", folder, "-c", configuration, NULL});
    return is_up(server);
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

struct client {
    int socket;
    size_t head_size; /* received of the head; all of it is there when body_left is set */
    char head[HEAD_BYTES];
    bool is_in_body;
    size_t body_size; /* received of the body */
};

struct load {
    struct server *server;
    int file;
    bool is_compared;
    char request[128];
    struct client clients[CONNECTIONS];
};

static void ask(const struct load *load, struct client *client)
{
    size_t size = strlen(load->request);

    client->head_size = client->body_size = 0;
    client->is_in_body = false;
    if (send(client->socket, load->request, size, MSG_NOSIGNAL) != (ssize_t)size)
        fail("send");
}

static _Noreturn void fail_answer(const struct load *load, const char *why)
{
    fprintf(stderr, "http: a wrong answer of %s: %s\n", load->server->name, why);
    exit(2);
}

/* Takes the head out of the COUNT bytes at DATA, if it ends in them; returns how many of them belong to it. */
static size_t take_head(const struct load *load, struct client *client, const char *data, size_t count)
{
    size_t before = client->head_size, room = HEAD_BYTES - 1 - before;
    const char *end, *length;

    memcpy(client->head + before, data, count < room ? count : room);
    client->head_size += count < room ? count : room;
    client->head[client->head_size] = '\0';
    end = strstr(client->head, "\r\n\r\n");
    if (!end) {
        if (count >= room)
            fail_answer(load, "its head has no end");
        return count;
    }
    length = strcasestr(client->head, "\r\ncontent-length:");
    if (strncmp(client->head, "HTTP/1.1 200 ", 13) != 0 || !length ||
        strtoull(length + 17, NULL, 10) != file_bytes[load->file])
        fail_answer(load, client->head);
    client->is_in_body = true;
    return (size_t)(end + 4 - client->head) - before;
}

/* Receives what is there. True when an answer is complete. */
static bool take_answer(const struct load *load, struct client *client)
{
    static char buffer[BUFFER_BYTES];
    const char *data = buffer;
    ssize_t count = recv(client->socket, buffer, sizeof buffer, MSG_DONTWAIT);

    if (count < 0 && errno == EAGAIN)
        return false;
    if (count <= 0)
        fail(load->server->name);
    if (!client->is_in_body) {
        size_t of_head = take_head(load, client, data, (size_t)count);

        data += of_head;
        count -= (ssize_t)of_head;
    }
    if (client->body_size + (size_t)count > file_bytes[load->file])
        fail_answer(load, "it is too long");
    if (load->is_compared && memcmp(data, file_data[load->file] + client->body_size, (size_t)count) != 0)
        fail_answer(load, "another file");
    client->body_size += (size_t)count;
    return client->is_in_body && client->body_size == file_bytes[load->file];
}

static void open_client(struct client *client, const struct server *server, int epoll)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = client};

    client->socket = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (client->socket < 0 ||
        connect(client->socket, (const struct sockaddr *)&server->address, sizeof server->address) < 0 ||
        epoll_ctl(epoll, EPOLL_CTL_ADD, client->socket, &event) < 0)
        fail(server->name);
}

/* Asks SERVER for FILE until the round is over, over all connections; notes requests a second, if it counts. */
static void run_round(struct server *server, int file, bool is_counted)
{
    static struct load load;
    struct epoll_event events[CONNECTIONS];
    int epoll = epoll_create1(EPOLL_CLOEXEC), open = CONNECTIONS;
    double begin, end = 0, answers = 0, cpu_ns = cpu_ns_of(server->pid);

    memset(&load, 0, sizeof load);
    load.server = server;
    load.file = file;
    load.is_compared = !is_counted;
    snprintf(load.request, sizeof load.request, "GET /%s HTTP/1.1\r\nHost: localhost\r\n\r\n", file_names[file]);
    for (int i = 0; i < CONNECTIONS; i++)
        open_client(&load.clients[i], server, epoll);
    begin = now_ns();
    for (int i = 0; i < CONNECTIONS; i++)
        ask(&load, &load.clients[i]);
    while (open > 0) {
        int count = epoll_wait(epoll, events, CONNECTIONS, 10000);

        if (count <= 0)
            fail("the server answers no more");
        end = now_ns();
        for (int i = 0; i < count; i++) {
            if (!take_answer(&load, events[i].data.ptr))
                continue;
            answers++;
            if (end - begin >= ROUND_MS * 1e6)
                open--;
            else
                ask(&load, events[i].data.ptr);
        }
    }
    for (int i = 0; i < CONNECTIONS; i++)
        close(load.clients[i].socket);
    close(epoll);
    if (!is_counted)
        return;
    add_sample(&server->series[file], answers / ((end - begin) / 1e9));
    server->cpu_ns[file] += cpu_ns_of(server->pid) - cpu_ns;
    server->requests[file] += answers;
}

/* -------------------------------------------------------------------------------------------------------------------- */

static void print_server(struct server *server, int file)
{
    print_series(&server->series[file], "requests/s");
    printf("  %-36s %12.0f ns of processor time a request\n", "", server->cpu_ns[file] / server->requests[file]);
}

/* 0 if the server ended as it should when it was told to. */
static int stop_server(const struct server *server)
{
    int status = -1;

    kill(server->pid, SIGTERM);
    waitpid(server->pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

int main(int argc, char **argv)
{
    static struct server tour = {.name = "tour"}, nginx = {.name = "nginx"};
    struct server *servers[] = {&tour, &nginx};
    bool has_nginx, is_good = true;

    (void)argc;
    if (!mkdtemp(folder))
        fail("mkdtemp");
    atexit(remove_folder);
    make_files();
    if (!start_tour(&tour, argv[0])) {
        printf("skipped: http: the tour was not built (libhttp-parser-dev)\n");
        return 0;
    }
    has_nginx = start_nginx(&nginx);
    if (!has_nginx)
        printf("skipped: http against nginx: it is not installed, or does not start (nginx-light)\n");
    pin(1);
    for (int file = 0; file < FILES; file++) {
        for (int i = 0; i < 1 + has_nginx; i++) {
            snprintf(servers[i]->series_names[file], sizeof servers[i]->series_names[file], "http_%s_%s",
                     file_names[file], servers[i]->name);
            servers[i]->series[file].name = servers[i]->series_names[file];
        }
        for (int round = -1; round < ROUNDS; round++)
            for (int i = 0; i < 1 + has_nginx; i++)
                run_round(servers[i], file, round >= 0);
        for (int i = 0; i < 1 + has_nginx; i++)
            print_server(servers[i], file);
        if (has_nginx) {
            char name[64];

            snprintf(name, sizeof name, "http_%s_tour_against_nginx", file_names[file]);
            is_good &= print_ratio(name, paired_ratio(&tour.series[file], &nginx.series[file]), 0.7, 1.0);
        }
    }
    if (has_nginx)
        stop_server(&nginx);
    if (stop_server(&tour) != 0) {
        fprintf(stderr, "http: the tour did not end well\n");
        return 2;
    }
    return is_good ? 0 : 1;
}
