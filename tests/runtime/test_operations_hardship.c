/* What waits and is no stream, operation by operation: plain sockets, datagrams, names, times, signals, threads, children and
 * files. See operations.h; streams have test_stream_operations.c.
 *
 * Past 600 lines: all operations stand on one ground. */
#include "operations.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

/* Kinds of ground. */
enum { NOTHING, SOCKETS, DATAGRAMS, FULL_DATAGRAMS, LISTENING, FILES };

/* Of the case; each attempt has one in it, for what a cancelled thread does goes on. */
static char folder[GROUND_PATH_BYTES];

/* ----------------------------------------------------------------------------------------------------------- the ground */

static void open_pair(struct ground *ground, int type)
{
    if (socketpair(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ground->pair) < 0)
        abort();
}

/* The system chooses an abstract name. */
static void open_listening(struct ground *ground)
{
    ground->address.ss_family = AF_UNIX;
    ground->length = sizeof ground->address;
    ground->pair[1] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (bind(ground->pair[1], (struct sockaddr *)&ground->address, sizeof(sa_family_t)) < 0 ||
        listen(ground->pair[1], 0) < 0 ||
        getsockname(ground->pair[1], (struct sockaddr *)&ground->address, &ground->length) < 0)
        abort();
    ground->pair[0] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

static void open_files(struct ground *ground)
{
    static long number;
    char path[GROUND_PATH_BYTES * 2];

    snprintf(ground->folder, sizeof ground->folder, "%.100s/%ld", folder, ++number);
    snprintf(path, sizeof path, "%s/in", ground->folder);
    if (mkdir(ground->folder, 0700) < 0)
        abort();
    ground->file = open(path, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
    if (ground->file < 0 || write(ground->file, much, MUCH) != MUCH || lseek(ground->file, 0, SEEK_SET) != 0)
        abort();
    open_pair(ground, SOCK_STREAM);
}

/* Deferred, for it waits: a loop may be closed over that. */
static int close_file(void *arg)
{
    struct ground *ground = arg;
    int file = ground->file;

    ground->file = -1;
    return file < 0 ? 0 : tt_fs_close(file);
}

static int open_ground(struct ground *ground, const struct operation *operation)
{
    switch (operation->kind) {
    case SOCKETS:
        open_pair(ground, SOCK_STREAM);
        break;
    case DATAGRAMS:
    case FULL_DATAGRAMS:
        open_pair(ground, SOCK_DGRAM);
        while (operation->kind == FULL_DATAGRAMS && send(ground->pair[0], "x", 1, 0) == 1)
            ;
        break;
    case LISTENING:
        open_listening(ground);
        break;
    case FILES:
        open_files(ground);
        return tt_defer(close_file, ground);
    default:
        break;
    }
    return 0;
}

/* --------------------------------------------------------------------------------------------------------------- peers */

/* Makes turns last, so that what threads, children and clocks do takes few of them and each can be met. */
static int linger(void *arg)
{
    (void)arg;
    for (;;) {
        usleep(200);
        if (tt_sleep(0) < 0)
            return -1;
    }
}

/* Sends a byte, a few turns later. */
static int send_later(void *arg)
{
    struct ground *ground = arg;

    for (int i = 0; i < 4; i++)
        if (tt_sleep(0) < 0)
            return -1;
    return check(send(ground->pair[1], "y", 1, 0) == 1, "the peer cannot send");
}

/* So slowly that a thread finds no room. */
static int drain_slowly(void *arg)
{
    struct ground *ground = arg;

    for (;;) {
        usleep(200);
        if (tt_sleep(0) < 0)
            return -1;
        while (recv(ground->pair[1], room, 20000, 0) > 0 && tt_sleep(0) == 0)
            usleep(200);
        if (tt_exc_pending())
            return -1;
    }
}

static int connect_later(void *arg)
{
    struct ground *ground = arg;

    for (int i = 0; i < 4; i++)
        if (tt_sleep(0) < 0)
            return -1;
    return check(connect(ground->pair[0], (struct sockaddr *)&ground->address, ground->length) == 0, "nobody listens");
}

static int strike_later(void *arg)
{
    (void)arg;
    for (int i = 0; i < 4; i++)
        if (tt_sleep(0) < 0)
            return -1;
    return check(raise(SIGUSR1) == 0, "no signal");
}

/* ------------------------------------------------------------------------------------------------------------- sockets */

static int call_accept(struct ground *ground)
{
    struct sockaddr_storage address;
    socklen_t length = sizeof address;
    int connection = tt_sock_accept(ground->pair[1], (struct sockaddr *)&address, &length);

    if (connection < 0)
        return -1;
    close(connection);
    return check(address.ss_family == AF_UNIX, "accept: no address");
}

static int call_connect(struct ground *ground)
{
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), rc;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;

    ground->pair[1] = listener;
    ground->pair[0] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (bind(listener, (struct sockaddr *)&address, length) < 0 || listen(listener, 1) < 0 ||
        getsockname(listener, (struct sockaddr *)&address, &length) < 0)
        abort();
    rc = tt_sock_connect(ground->pair[0], (struct sockaddr *)&address, length);
    length = sizeof address;
    return rc < 0 ? -1
                  : check(getpeername(ground->pair[0], (struct sockaddr *)&address, &length) == 0, "not connected");
}

/* The listener's queue is full and nobody accepts, so the system goes on trying, until the time is up. */
static int call_connect_in_vain(struct ground *ground)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    tt_timeout *timeout;
    int rc;

    ground->pair[1] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    ground->file = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0); /* takes the only place */
    ground->pair[0] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (bind(ground->pair[1], (struct sockaddr *)&address, length) < 0 || listen(ground->pair[1], 0) < 0 ||
        getsockname(ground->pair[1], (struct sockaddr *)&address, &length) < 0 ||
        connect(ground->file, (struct sockaddr *)&address, length) < 0)
        abort();
    timeout = tt_timeout_enter(TT_MSEC(2));
    rc = timeout ? tt_sock_connect(ground->pair[0], (struct sockaddr *)&address, length) : -1;
    rc = tt_timeout_exit(timeout, rc);
    if (rc == 0)
        return check(false, "connect: there was a place");
    return tt_catch(&tt_TimeoutError) ? tt_catch_end() : -1;
}

static int call_connect_without_room(struct ground *ground)
{
    const struct sockaddr *address = (struct sockaddr *)&ground->address;
    struct sockaddr_storage peer;
    socklen_t length = sizeof peer;

    ground->file = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0); /* takes the only place */
    if (connect(ground->file, address, ground->length) < 0)
        abort();
    if (tt_sock_connect(ground->pair[0], address, ground->length) < 0)
        return -1;
    return check(getpeername(ground->pair[0], (struct sockaddr *)&peer, &length) == 0, "no room, not connected");
}

static int call_recv(struct ground *ground)
{
    ssize_t size = tt_sock_recv(ground->pair[0], room, MUCH);

    return size < 0 ? -1 : check(size == 1 && room[0] == 'y', "recv: something else");
}

static int call_recvfrom(struct ground *ground)
{
    struct sockaddr_storage address;
    socklen_t length = sizeof address;
    ssize_t size = tt_sock_recvfrom(ground->pair[0], room, MUCH, (struct sockaddr *)&address, &length);

    return size < 0 ? -1 : check(size == 1 && room[0] == 'y', "recvfrom: something else");
}

static int call_sendall(struct ground *ground)
{
    return tt_sock_sendall(ground->pair[0], much, MUCH);
}

static int call_sendto(struct ground *ground)
{
    ssize_t size = tt_sock_sendto(ground->pair[0], much, 10, NULL, 0);

    return size < 0 ? -1 : check(size == 10, "sendto: another size");
}

/* A Unix pair stands for a network device that has no room: UDP on the loopback always has. */
static int call_udp_send(struct ground *ground)
{
    ground->udp = tt_udp_open("127.0.0.1", 0);
    if (!ground->udp)
        return -1;
    if (dup3(ground->pair[0], tt_udp_descriptor(ground->udp), O_CLOEXEC) < 0)
        abort();
    return tt_udp_send(ground->udp, much, 10);
}

static void whatever_a_socket_does_leaves_nothing(void **state)
{
    static const struct operation operations[] = {
        {"sock_accept", call_accept, connect_later, 4, LISTENING},
        {"sock_connect", call_connect, idle, 1, NOTHING},
        {"sock_connect in vain", call_connect_in_vain, linger, 2, NOTHING},
        {"sock_connect without room", call_connect_without_room, accept_them, 1, LISTENING},
        {"sock_recv", call_recv, send_later, 4, SOCKETS},
        {"sock_recvfrom", call_recvfrom, send_later, 4, DATAGRAMS},
        {"sock_sendall", call_sendall, drain, 3, SOCKETS},
        {"sock_sendto", call_sendto, drain, 1, FULL_DATAGRAMS},
        {"udp_send", call_udp_send, drain, 1, FULL_DATAGRAMS},
    };

    (void)state;
    TRY(open_ground, operations);
}

/* --------------------------------------------------------------------------------------------------------------- names */

static int call_getaddrinfo(struct ground *ground)
{
    const struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;

    (void)ground;
    if (tt_getaddrinfo("localhost", "80", &hints, &found) < 0)
        return -1;
    check(found && found->ai_family == AF_INET, "getaddrinfo: something else");
    freeaddrinfo(found);
    return 0;
}

static int call_getnameinfo(struct ground *ground)
{
    const struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(4711), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    char host[100], service[100];

    (void)ground;
    if (tt_getnameinfo((const struct sockaddr *)&address, NI_NUMERICHOST | NI_NUMERICSERV, host, sizeof host, service,
                       sizeof service) < 0)
        return -1;
    return check(strcmp(host, "127.0.0.1") == 0 && strcmp(service, "4711") == 0, "getnameinfo: something else");
}

static int call_resolve(struct ground *ground)
{
    struct tt_address address;

    (void)ground;
    if (tt_address_resolve("localhost", 4711, AF_INET, &address) < 0)
        return -1;
    return check(tt_address_port(&address) == 4711, "address_resolve: something else");
}

static int call_udp_connect(struct ground *ground)
{
    ground->udp = tt_udp_connect("localhost", 4711);
    return ground->udp ? 0 : -1;
}

static void whatever_looks_up_leaves_nothing(void **state)
{
    static const struct operation operations[] = {
        {"getaddrinfo", call_getaddrinfo, linger, 2, NOTHING},
        {"getnameinfo", call_getnameinfo, linger, 2, NOTHING},
        {"address_resolve", call_resolve, linger, 2, NOTHING},
        {"udp_connect", call_udp_connect, linger, 2, NOTHING},
    };

    (void)state;
    TRY(open_ground, operations);
}

/* --------------------------------------------------------------------------------------- times, signals, threads, children */

static int call_sleep_until(struct ground *ground)
{
    int64_t when = tt_loop_time(tt_loop_running()) + TT_MSEC(1);

    (void)ground;
    return tt_sleep_until(when) < 0 ? -1 : check(tt_loop_time(tt_loop_running()) >= when, "sleep_until: too early");
}

static int call_tick(struct ground *ground)
{
    tt_interval interval;

    (void)ground;
    tt_interval_init(&interval, TT_MSEC(1));
    for (int i = 0; i < 3; i++)
        if (tt_interval_tick(&interval, NULL) < 0)
            return -1;
    return 0;
}

static int call_signal_wait(struct ground *ground)
{
    unsigned count = 0;

    (void)ground;
    return tt_signal_wait(SIGUSR1, &count) < 0 ? -1 : check(count > 0, "signal_wait: none");
}

static int double_it(void *arg)
{
    int *value = malloc(sizeof *value);

    if (!value)
        return tt_raise(&tt_MemoryError, "double");
    usleep(500);
    *value = *(int *)arg * 2;
    tt_return(value, free);
    return 0;
}

static int call_to_thread(struct ground *ground)
{
    int *number = malloc(sizeof *number);
    void *value = NULL;

    (void)ground;
    if (!number)
        return tt_raise(&tt_MemoryError, "number");
    *number = 21;
    if (tt_to_thread(double_it, number, free, &value) < 0)
        return -1;
    check(*(int *)value == 42, "to_thread: something else");
    free(value);
    return 0;
}

/* A thread has the loop do something, and waits for it. */
static int nap(void *arg)
{
    for (int i = 0; i < 3; i++)
        if (tt_sleep(0) < 0)
            return -1;
    return tt_return(arg, NULL);
}

static int have_loop_nap(void *loop)
{
    tt_thread_future *future = tt_run_coroutine_threadsafe(loop, nap, room, NULL);
    void *value = NULL;
    int rc = future ? tt_thread_future_result(future, TT_NEVER, &value) : -1;

    if (rc == 0)
        check(value == room, "run_coroutine_threadsafe: something else");
    tt_thread_future_unref(future);
    return rc;
}

static int call_run_coroutine_threadsafe(struct ground *ground)
{
    (void)ground;
    return tt_to_thread(have_loop_nap, tt_loop_running(), NULL, NULL);
}

static int let_go_of_future(void *future)
{
    tt_future_unref(future);
    return 0;
}

static int call_executor(struct ground *ground)
{
    int *number = malloc(sizeof *number);
    tt_future *future;
    void *value = NULL;
    int rc;

    (void)ground;
    if (!number)
        return tt_raise(&tt_MemoryError, "number");
    *number = 21;
    future = tt_run_in_executor(NULL, double_it, number, free);
    if (!future || tt_defer(let_go_of_future, future) < 0)
        return -1;
    rc = tt_await(future);
    if (rc == 0 && tt_future_result(future, &value) == 0)
        check(*(int *)value == 42, "run_in_executor: something else");
    return rc;
}

static int call_communicate(struct ground *ground)
{
    const struct tt_process_options options = {.in = {TT_STDIO_PIPE, -1}, .out = {TT_STDIO_PIPE, -1}};
    struct tt_process_output output = {0};
    int code = -1;

    ground->process = tt_process_spawn(((char *[]){"cat", NULL}), &options);
    if (!ground->process || tt_process_communicate(ground->process, much, 100000, MUCH, &output) < 0)
        return -1;
    check(output.out_size == 100000 && memcmp(output.out, much, 100000) == 0, "communicate: something else");
    free(output.out);
    free(output.err);
    return tt_process_wait(ground->process, &code) < 0 ? -1 : check(code == 0, "wait: another code");
}

/* Whom nobody has killed: the loop was closed, or there was no memory for the wait. */
static int kill_it(void *arg)
{
    struct ground *ground = arg;

    if (!tt_process_has_ended(ground->process, NULL))
        (void)kill(tt_process_pid(ground->process), SIGKILL);
    return 0;
}

/* Of a child that would live on. */
static int call_communicate_and_kill(struct ground *ground)
{
    const struct tt_process_options options = {.out = {TT_STDIO_PIPE, -1}, .kill_on_cancel = true};
    struct tt_process_output output = {0};
    tt_timeout *timeout;
    int rc, code = 0;

    ground->process = tt_process_spawn(((char *[]){"sleep", "1000", NULL}), &options);
    if (!ground->process || tt_defer(kill_it, ground) < 0)
        return -1;
    timeout = tt_timeout_enter(TT_MSEC(3));
    rc = timeout ? tt_process_communicate(ground->process, NULL, 0, MUCH, &output) : -1;
    rc = tt_timeout_exit(timeout, rc);
    if (rc == 0)
        return check(false, "communicate: it ended");
    if (!tt_catch(&tt_TimeoutError))
        return -1;
    if (tt_catch_end() < 0 || tt_process_wait(ground->process, &code) < 0)
        return -1;
    return check(code == -SIGKILL, "communicate: another end");
}

static int call_wait(struct ground *ground)
{
    int code = -1;

    ground->process = tt_process_spawn(((char *[]){"false", NULL}), NULL);
    if (!ground->process || tt_process_wait(ground->process, &code) < 0)
        return -1;
    return check(code == 1, "wait: another code");
}

static void whatever_waits_for_something_else_leaves_nothing(void **state)
{
    static const struct operation operations[] = {
        {"sleep_until", call_sleep_until, linger, 2, NOTHING},
        {"interval_tick", call_tick, linger, 4, NOTHING},
        {"signal_wait", call_signal_wait, strike_later, 4, NOTHING},
        {"to_thread", call_to_thread, linger, 2, NOTHING},
        {"run_in_executor", call_executor, linger, 2, NOTHING},
        {"run_coroutine_threadsafe", call_run_coroutine_threadsafe, linger, 2, NOTHING},
    };

    (void)state;
    TRY(open_ground, operations);
}

static void whatever_waits_for_a_child_leaves_nothing(void **state)
{
    static const struct operation operations[] = {
        {"process_communicate", call_communicate, linger, 2, NOTHING},
        {"process_communicate, killed", call_communicate_and_kill, linger, 2, NOTHING},
        {"process_wait", call_wait, linger, 2, NOTHING},
    };

    (void)state;
    TRY(open_ground, operations);
    while (waitpid(-1, NULL, 0) > 0) /* those that lived on when their loop was closed */
        ;
    assert_int_equal(errno, ECHILD);
}

/* --------------------------------------------------------------------------------------------------------------- files */

/* The path of NAME; valid until NAME is asked for elsewhere a second time. */
static const char *in(const struct ground *ground, const char *name)
{
    static char paths[2][GROUND_PATH_BYTES * 2];
    static int next;
    char *path = paths[next++ % 2];

    snprintf(path, sizeof paths[0], "%s/%s", ground->folder, name);
    return path;
}

static int call_open(struct ground *ground)
{
    if (close_file(ground) < 0)
        return -1;
    ground->file = tt_fs_open(in(ground, "in"), O_RDONLY, 0);
    return ground->file < 0 ? -1 : check((fcntl(ground->file, F_GETFD) & FD_CLOEXEC) != 0, "open: not close-on-exec");
}

static int call_read(struct ground *ground)
{
    ssize_t size = tt_fs_read(ground->file, room, 1000);

    if (size < 0)
        return -1;
    check(size == 1000 && memcmp(room, much, 1000) == 0, "read: something else");
    size = tt_fs_pread(ground->file, room, MUCH, 500);
    return size < 0 ? -1
                    : check(size == MUCH - 500 && memcmp(room, much + 500, MUCH - 500) == 0, "pread: something else");
}

static int call_write(struct ground *ground)
{
    if (tt_fs_write(ground->file, much + 1, 10) < 0 || tt_fs_pwrite(ground->file, much + 3, MUCH - 3, 2) < 0 ||
        tt_fs_fsync(ground->file) < 0)
        return -1;
    return check(pread(ground->file, room, MUCH, 0) == MUCH && memcmp(room, much + 1, MUCH - 1) == 0,
                 "write: something else");
}

static int call_stat(struct ground *ground)
{
    struct stat by_path, of_link, of_file;

    if (tt_fs_stat(in(ground, "in"), &by_path) < 0 || tt_fs_lstat(in(ground, "in"), &of_link) < 0 ||
        tt_fs_fstat(ground->file, &of_file) < 0)
        return -1;
    return check(by_path.st_size == MUCH && by_path.st_ino == of_file.st_ino && of_link.st_ino == of_file.st_ino,
                 "stat: something else");
}

static int call_rename(struct ground *ground)
{
    if (tt_fs_rename(in(ground, "in"), in(ground, "out")) < 0 || tt_fs_unlink(in(ground, "out")) < 0)
        return -1;
    return check(access(in(ground, "in"), F_OK) < 0 && access(in(ground, "out"), F_OK) < 0, "unlink: it is there");
}

static int call_readdir(struct ground *ground)
{
    struct tt_fs_entry *entries = NULL;
    ssize_t count;

    if (tt_fs_mkdir(in(ground, "made"), 0700) < 0)
        return -1;
    count = tt_fs_readdir(ground->folder, &entries);
    if (count < 0)
        return -1;
    check(count == 2 && strcmp(entries[0].name, "in") == 0 && strcmp(entries[1].name, "made") == 0, "readdir: others");
    free(entries);
    return tt_fs_rmdir(in(ground, "made"));
}

static int call_read_file(struct ground *ground)
{
    char *data = NULL;
    size_t size = 0;

    if (tt_fs_read_file(in(ground, "in"), MUCH, &data, &size) < 0)
        return -1;
    check(size == MUCH && memcmp(data, much, MUCH) == 0, "read_file: something else");
    free(data);
    return 0;
}

static int call_write_file(struct ground *ground)
{
    struct stat status;

    if (tt_fs_write_file(in(ground, "out"), much, MUCH, 0600) < 0)
        return -1;
    return check(stat(in(ground, "out"), &status) == 0 && status.st_size == MUCH, "write_file: something else");
}

static int call_sendfile(struct ground *ground)
{
    ssize_t size = tt_fs_sendfile(ground->pair[0], ground->file, 100, MUCH);

    return size < 0 ? -1 : check(size == MUCH - 100, "sendfile: another part");
}

static int call_mkstemp(struct ground *ground)
{
    char path[GROUND_PATH_BYTES * 2];

    if (close_file(ground) < 0)
        return -1;
    snprintf(path, sizeof path, "%s/new-XXXXXX", ground->folder);
    ground->file = tt_fs_mkstemp(path);
    return ground->file < 0 ? -1 : check(unlink(path) == 0, "mkstemp: another path");
}

static bool has_left_a_file; /* a call of mkstemp that was cancelled */

static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *place)
{
    (void)status;
    (void)kind;
    has_left_a_file |= strstr(path, "new-") != NULL;
    (void)place;
    return remove(path);
}

static void whatever_a_file_does_leaves_nothing(void **state)
{
    static const struct operation operations[] = {
        {"fs_open, close", call_open, linger, 2, FILES},
        {"fs_read, pread", call_read, linger, 2, FILES},
        {"fs_write, pwrite, fsync", call_write, linger, 3, FILES},
        {"fs_stat, lstat, fstat", call_stat, linger, 3, FILES},
        {"fs_rename, unlink", call_rename, linger, 2, FILES},
        {"fs_mkdir, readdir, rmdir", call_readdir, linger, 3, FILES},
        {"fs_read_file", call_read_file, linger, 1, FILES},
        {"fs_write_file", call_write_file, linger, 1, FILES},
        {"fs_sendfile", call_sendfile, drain_slowly, 3, FILES},
        {"fs_mkstemp", call_mkstemp, linger, 2, FILES},
    };

    (void)state;
    TRY(open_ground, operations);
}

static int open_folder(void **state)
{
    return mkdtemp(tt_test_template(folder, "operations")) ? stage_open(state) : -1;
}

/* Also when the case has failed. */
static int close_folder(void **state)
{
    int rc = nftw(folder, remove_entry, 10, FTW_DEPTH | FTW_PHYS);

    if (has_left_a_file)
        print_error("mkstemp: a file is left of a cancelled call\n");
    return stage_close(state) < 0 || rc != 0 || has_left_a_file ? -1 : 0;
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test_on_stage(whatever_a_socket_does_leaves_nothing),
    cmocka_unit_test_on_stage(whatever_looks_up_leaves_nothing),
    cmocka_unit_test_on_stage(whatever_waits_for_something_else_leaves_nothing),
    cmocka_unit_test_on_stage(whatever_waits_for_a_child_leaves_nothing),
    cmocka_unit_test_setup_teardown(whatever_a_file_does_leaves_nothing, open_folder, close_folder),
};

TT_TEST_MAIN(cases)
