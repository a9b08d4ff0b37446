/* Descriptors that other processes have, too: their flags are shared with ours, and nobody who clears O_NONBLOCK holds
 * the loop up. */
#include "stage.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>

#define ARGV(...) ((char *[]){__VA_ARGS__, NULL})

enum { MUCH = 1000000 };

static bool is_non_blocking(int descriptor)
{
    return fcntl(descriptor, F_GETFL) & O_NONBLOCK;
}

/* As a process does that has got the same descriptor. */
static void make_blocking(int descriptor)
{
    fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) & ~O_NONBLOCK);
}

static void make_pipe(int ends[2])
{
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
}

static void make_sockets(int ends[2])
{
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
}

/* A child that ends at once gets DESCRIPTOR as its stdin. */
static int give_away(int descriptor)
{
    const struct tt_process_options options = {.in = {TT_STDIO_DESCRIPTOR, descriptor}};
    tt_process *process = tt_process_spawn(ARGV("true"), &options);
    int rc = process ? tt_process_wait(process, NULL) : -1;

    tt_process_destroy(process);
    return rc;
}

/* Ends a timeout of an operation that had RESULT, and must not have been over. */
static int expect_timeout(tt_timeout *timeout, const char *what, ssize_t result)
{
    int rc = tt_timeout_exit(timeout, result < 0 ? -1 : 0);

    if (rc == 0 || !tt_catch(&tt_TimeoutError))
        return rc < 0 ? rc : tt_raise(&tt_RuntimeError, "%s: %zd", what, result);
    note("%s timed out", what);
    return tt_catch_end();
}

#define EXPECT_TIMEOUT(WHAT, OPERATION) \
    (timeout = tt_timeout_enter(TT_MSEC(20)), result = (OPERATION), expect_timeout(timeout, WHAT, result))

/* ------------------------------------------------------------------------------------------------ children of the loop */

static int read_pipe_after_child(void *arg)
{
    tt_timeout *timeout;
    tt_stream *stream;
    ssize_t result;
    int ends[2], rc;
    char byte;

    (void)arg;
    make_pipe(ends);
    stream = tt_stream_open(ends[0], 0);
    rc = give_away(ends[0]);
    note("non-blocking %d", is_non_blocking(ends[0]));
    if (rc == 0)
        rc = EXPECT_TIMEOUT("read", tt_stream_read(stream, &byte, 1));
    tt_stream_close(stream);
    close(ends[1]);
    return rc;
}

static void a_pipe_that_a_child_was_given_can_be_read_with_a_timeout(void **state)
{
    (void)state;
    assert_true(stage_run(read_pipe_after_child, NULL));
    expect_notes("non-blocking 1", "read timed out");
}

static int receive_after_child(void *arg)
{
    tt_timeout *timeout;
    ssize_t result;
    int ends[2], rc;
    char byte;

    (void)arg;
    make_sockets(ends);
    rc = give_away(ends[0]);
    note("non-blocking %d", is_non_blocking(ends[0]));
    if (rc == 0)
        rc = EXPECT_TIMEOUT("recv", tt_sock_recv(ends[0], &byte, 1));
    close(ends[0]);
    close(ends[1]);
    return rc;
}

static void a_socket_that_a_child_was_given_stays_non_blocking(void **state)
{
    (void)state;
    assert_true(stage_run(receive_after_child, NULL));
    expect_notes("non-blocking 1", "recv timed out");
}

static int accept_after_child(void *arg)
{
    tt_listener *listener = tt_listen("127.0.0.1", 0);
    tt_timeout *timeout;
    ssize_t result;
    int rc = give_away(tt_listener_descriptor(listener));

    (void)arg;
    note("non-blocking %d", is_non_blocking(tt_listener_descriptor(listener)));
    if (rc == 0)
        rc = EXPECT_TIMEOUT("accept", tt_listener_accept(listener) ? 0 : -1);
    tt_listener_close(listener);
    return rc;
}

static void a_listener_that_a_child_was_given_stays_non_blocking(void **state)
{
    (void)state;
    assert_true(stage_run(accept_after_child, NULL));
    expect_notes("non-blocking 1", "accept timed out");
}

static int spawn_that_fails(void *arg)
{
    struct tt_process_options options = {.in = {TT_STDIO_DESCRIPTOR, 0}};
    int ends[2];

    (void)arg;
    make_sockets(ends);
    options.in.descriptor = ends[0];
    if (!tt_process_spawn(ARGV("/no/such/program"), &options) && tt_catch(&tt_FileNotFoundError) && tt_catch_end() < 0)
        return -1;
    note("non-blocking %d", is_non_blocking(ends[0]));
    close(ends[0]);
    close(ends[1]);
    return 0;
}

static void a_child_that_cannot_be_started_changes_no_flag(void **state)
{
    (void)state;
    assert_true(stage_run(spawn_that_fails, NULL));
    expect_notes("non-blocking 1");
}

/* What is written to standard output goes into a pipe that is full before it ends. */
static int write_to_inherited(void *arg)
{
    static char much[MUCH];
    tt_stream *stream = tt_stream_open(dup(STDOUT_FILENO), 0);
    tt_process *process = tt_process_spawn(ARGV("true"), NULL);
    int rc = process ? tt_process_wait(process, NULL) : -1;
    tt_timeout *timeout;
    ssize_t result;

    (void)arg;
    tt_process_destroy(process);
    note("non-blocking %d", is_non_blocking(STDOUT_FILENO));
    if (rc == 0)
        rc = EXPECT_TIMEOUT("write", tt_stream_write(stream, much, MUCH));
    tt_stream_close(stream);
    return rc;
}

static void a_standard_output_that_a_child_inherited_stays_non_blocking(void **state)
{
    int ends[2], before;
    bool is_good;

    (void)state;
    fflush(stdout);
    before = dup(STDOUT_FILENO);
    make_pipe(ends);
    dup2(ends[1], STDOUT_FILENO);
    is_good = stage_run(write_to_inherited, NULL);
    dup2(before, STDOUT_FILENO);
    close(before);
    close(ends[0]);
    close(ends[1]);
    assert_true(is_good);
    expect_notes("non-blocking 1", "write timed out");
}

/* ------------------------------------------------------------------------------------------------ what the child finds */

/* Notes whether the stdin of a child that has begun, which is DESCRIPTOR, is blocking there. */
static int ask_of_child(const char *what, int descriptor)
{
    const struct tt_process_options options = {.in = {TT_STDIO_DESCRIPTOR, descriptor}};
    tt_process *process = tt_process_spawn(ARGV("sleep", "1000"), &options);
    char path[64], text[256] = "";
    const char *flags;
    int file, rc = -1;

    if (!process)
        return -1;
    snprintf(path, sizeof path, "/proc/%d/fdinfo/0", (int)tt_process_pid(process));
    file = open(path, O_RDONLY | O_CLOEXEC);
    flags = read(file, text, sizeof text - 1) > 0 ? strstr(text, "flags:") : NULL;
    close(file);
    note("%s %sblocking", what, !flags ? "?" : strtol(flags + 6, NULL, 8) & O_NONBLOCK ? "non-" : "");
    if (tt_process_kill(process) == 0)
        rc = tt_process_wait(process, NULL);
    tt_process_destroy(process);
    return rc;
}

static int ask_children(void *arg)
{
    int ends[2], sockets[2], rc;

    (void)arg;
    make_pipe(ends);
    make_sockets(sockets);
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    rc = ask_of_child("pipe", ends[0]) < 0 || ask_of_child("socket", sockets[0]) < 0 ? -1 : 0;
    note("here %d %d", is_non_blocking(ends[0]), is_non_blocking(sockets[0]));
    make_blocking(sockets[0]);
    if (rc == 0)
        rc = ask_of_child("blocking socket", sockets[0]);
    note("here %d", is_non_blocking(sockets[0]));
    for (int i = 0; i < 2; i++) {
        close(ends[i]);
        close(sockets[i]);
    }
    return rc;
}

static void a_child_finds_a_pipe_blocking_and_a_socket_as_it_is_here(void **state)
{
    (void)state;
    assert_true(stage_run(ask_children, NULL));
    expect_notes("pipe blocking", "socket non-blocking", "here 1 1", "blocking socket blocking", "here 0");
}

/* Waits for a line that comes late, which who reads a non-blocking pipe does not. */
static int join_children(void *arg)
{
    const struct tt_process_options first = {.in = {.kind = TT_STDIO_PIPE}, .out = {.kind = TT_STDIO_PIPE}};
    tt_process *writer = tt_process_spawn(ARGV("sh", "-c", "read line; echo $line"), &first), *reader;
    int in = tt_process_take_descriptor(writer, 0), between = tt_process_take_descriptor(writer, 1), rc;
    const struct tt_process_options second = {.in = {TT_STDIO_DESCRIPTOR, between}, .out = {.kind = TT_STDIO_PIPE}};

    (void)arg;
    reader = tt_process_spawn(ARGV("sh", "-c", "echo reading; exec cat"), &second);
    close(between);
    between = tt_process_take_descriptor(reader, 1);
    rc = tt_sleep(TT_MSEC(100)); /* cat waits by then, or it has failed */
    if (rc == 0)
        rc = tt_sock_sendall(in, "late\n", 5);
    close(in);
    if (rc == 0)
        rc = tt_process_wait(reader, NULL) < 0 || tt_process_wait(writer, NULL) < 0 ? -1 : 0;
    if (rc == 0) {
        char text[100] = "";
        ssize_t size = read(between, text, sizeof text - 1);

        note("%zd %s", size, text);
    }
    close(between);
    tt_process_destroy(writer);
    tt_process_destroy(reader);
    return rc;
}

static void the_end_of_a_pipe_that_was_taken_can_be_another_childs(void **state)
{
    (void)state;
    assert_true(stage_run(join_children, NULL));
    expect_notes("13 reading\nlate\n");
}

/* ------------------------------------------------------------------------------------------------------ somebody else */

static int operate_on_blocking(void *arg)
{
    static char much[MUCH];
    tt_listener *listener = tt_listen("127.0.0.1", 0);
    tt_stream *reader, *writer;
    tt_timeout *timeout;
    ssize_t result;
    int ends[2], sockets[2], rc;
    char byte;

    (void)arg;
    make_pipe(ends);
    make_sockets(sockets);
    reader = tt_stream_open(ends[0], 0);
    writer = tt_stream_open(ends[1], 0);
    make_blocking(tt_listener_descriptor(listener));
    make_blocking(sockets[0]);
    make_blocking(ends[0]);
    make_blocking(ends[1]);
    rc = EXPECT_TIMEOUT("recv", tt_sock_recv(sockets[0], &byte, 1)) < 0 ||
                 EXPECT_TIMEOUT("recvfrom", tt_sock_recvfrom(sockets[0], &byte, 1, NULL, NULL)) < 0 ||
                 EXPECT_TIMEOUT("sendall", tt_sock_sendall(sockets[0], much, MUCH)) < 0 ||
                 EXPECT_TIMEOUT("accept", tt_listener_accept(listener) ? 0 : -1) < 0 ||
                 EXPECT_TIMEOUT("sock accept", tt_sock_accept(tt_listener_descriptor(listener), NULL, NULL)) < 0 ||
                 EXPECT_TIMEOUT("read", tt_stream_read(reader, &byte, 1)) < 0 ||
                 EXPECT_TIMEOUT("write", tt_stream_write(writer, much, MUCH)) < 0
             ? -1
             : 0;
    tt_listener_close(listener);
    tt_stream_close(reader);
    tt_stream_close(writer);
    close(sockets[0]);
    close(sockets[1]);
    return rc;
}

static void who_makes_a_descriptor_blocking_does_not_hold_the_loop_up(void **state)
{
    (void)state;
    assert_true(stage_run(operate_on_blocking, NULL));
    expect_notes("recv timed out", "recvfrom timed out", "sendall timed out", "accept timed out",
                 "sock accept timed out", "read timed out", "write timed out");
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test_on_stage(a_pipe_that_a_child_was_given_can_be_read_with_a_timeout),
    cmocka_unit_test_on_stage(a_socket_that_a_child_was_given_stays_non_blocking),
    cmocka_unit_test_on_stage(a_listener_that_a_child_was_given_stays_non_blocking),
    cmocka_unit_test_on_stage(a_child_that_cannot_be_started_changes_no_flag),
    cmocka_unit_test_on_stage(a_standard_output_that_a_child_inherited_stays_non_blocking),
    cmocka_unit_test_on_stage(a_child_finds_a_pipe_blocking_and_a_socket_as_it_is_here),
    cmocka_unit_test_on_stage(the_end_of_a_pipe_that_was_taken_can_be_another_childs),
    cmocka_unit_test_on_stage(who_makes_a_descriptor_blocking_does_not_hold_the_loop_up),
};

TT_TEST_MAIN(cases)
