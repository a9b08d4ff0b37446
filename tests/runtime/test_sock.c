/* Descriptors: readers and writers of the loop, and the calls on sockets that suspend. asyncio's add_reader,
 * add_writer, sock_*.
 *
 * Past 600 lines: each call is tried ready, blocked, cancelled, closed and without memory, on one pair of sockets. */
#include "stage.h"

#include "loop_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/un.h>

static int pair[2];

static int open_pair(void **state)
{
    if (stage_open(state) < 0)
        return -1;
    return socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair);
}

static int close_pair(void **state)
{
    for (int i = 0; i < 2; i++)
        if (pair[i] >= 0)
            close(pair[i]);
    return stage_close(state);
}

#define cmocka_unit_test_with_pair(...) STAGE_CASE(__VA_ARGS__, open_pair, close_pair)

static int say(void *text)
{
    note("%s", (const char *)text);
    return 0;
}

static void put(int descriptor, const char *text)
{
    assert_int_equal(write(descriptor, text, strlen(text)), strlen(text));
}

static tt_task *create(tt_coro_fn *fn, void *arg)
{
    const struct tt_task_options options = {.loop = stage_loop, .name = "t"};

    return tt_create_task_with(fn, arg, &options);
}

/* ---------------------------------------------------------------------------------------------- readers and writers */

static int take_one(void *text)
{
    char byte;

    note("%s %zd", (const char *)text, read(pair[0], &byte, 1));
    return 0;
}

static void a_reader_is_called_once_a_turn_while_there_is_something_to_read(void **state)
{
    (void)state;
    assert_int_equal(tt_loop_add_reader(stage_loop, pair[0], take_one, "read"), 0);
    stage_turns(1);
    expect_no_notes();
    put(pair[1], "abc");
    stage_turns(2);
    expect_notes("read 1", "read 1");
    stage_turns(2);
    expect_notes("read 1");
    assert_true(tt_loop_remove_reader(stage_loop, pair[0]));
    put(pair[1], "d");
    stage_turns(2);
    assert_false(tt_loop_remove_reader(stage_loop, pair[0]));
    expect_no_notes();
}

static void a_writer_is_called_while_there_is_room(void **state)
{
    (void)state;
    assert_int_equal(tt_loop_add_writer(stage_loop, pair[0], say, "room"), 0);
    stage_turns(2);
    expect_notes("room", "room");
    assert_true(tt_loop_remove_writer(stage_loop, pair[0]));
    stage_turns(1);
    expect_no_notes();
}

static void the_reader_comes_before_the_writer(void **state)
{
    (void)state;
    put(pair[1], "x");
    assert_int_equal(tt_loop_add_writer(stage_loop, pair[0], say, "writer"), 0);
    assert_int_equal(tt_loop_add_reader(stage_loop, pair[0], say, "reader"), 0);
    stage_turns(1);
    expect_notes("reader", "writer");
    assert_true(tt_loop_remove_writer(stage_loop, pair[0]));
    stage_turns(1);
    expect_notes("reader");
    assert_true(tt_loop_remove_reader(stage_loop, pair[0]));
}

static void a_second_reader_takes_the_place_of_the_first(void **state)
{
    (void)state;
    put(pair[1], "x");
    assert_int_equal(tt_loop_add_reader(stage_loop, pair[0], say, "first"), 0);
    assert_int_equal(tt_loop_add_reader(stage_loop, pair[0], say, "second"), 0);
    stage_turns(1);
    assert_true(tt_loop_remove_reader(stage_loop, pair[0]));
    assert_false(tt_loop_remove_reader(stage_loop, pair[0]));
    expect_notes("second");
}

static int remove_reader(void *text)
{
    note("%s %d", (const char *)text, tt_loop_remove_reader(NULL, pair[0]));
    return 0;
}

static void a_reader_that_is_removed_does_not_run_any_more(void **state)
{
    (void)state;
    put(pair[1], "x");
    assert_int_equal(tt_loop_add_reader(stage_loop, pair[0], say, "never"), 0);
    assert_int_equal(tt_loop_call_soon(stage_loop, remove_reader, "removed", NULL), 0);
    stage_turns(2);
    expect_notes("removed 1");
}

static void what_cannot_be_polled_is_refused(void **state)
{
    int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

    (void)state;
    assert_int_equal(tt_loop_add_reader(stage_loop, -1, say, "x"), -1);
    note_and_drop("add");
    expect_notes("add: ValueError('Invalid file descriptor: -1')");
    assert_int_equal(tt_loop_add_reader(stage_loop, 100000, say, "x"), -1);
    assert_int_equal(tt_exc_errno(tt_exc_pending()), EBADF);
    note_and_drop("closed");
    assert_int_equal(tt_loop_add_reader(stage_loop, file, say, "x"), -1);
    assert_true(tt_exc_is(tt_exc_pending(), &tt_PermissionError));
    note_and_drop("file");
    close(file);
    stage_forget_notes();
}

static void a_descriptor_stays_blocking_if_it_was(void **state)
{
    int flags;

    (void)state;
    flags = fcntl(pair[0], F_GETFL) & ~O_NONBLOCK;
    assert_int_equal(fcntl(pair[0], F_SETFL, flags), 0);
    assert_int_equal(tt_loop_add_reader(stage_loop, pair[0], say, "x"), 0);
    assert_int_equal(fcntl(pair[0], F_GETFL), flags);
    stage_turns(1);
    assert_true(tt_loop_remove_reader(stage_loop, pair[0]));
    assert_int_equal(fcntl(pair[0], F_GETFL), flags);
}

static int loopback_udp(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t length = sizeof address;
    int closed = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), open;

    assert_int_equal(bind(closed, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(getsockname(closed, (struct sockaddr *)&address, &length), 0);
    close(closed); /* nobody listens at its port now */
    open = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(open, (struct sockaddr *)&address, sizeof address), 0);
    return open;
}

static void a_descriptor_in_error_calls_reader_and_writer_until_the_error_is_taken(void **state)
{
    int udp = loopback_udp();
    char byte;

    (void)state;
    assert_int_equal(tt_loop_add_reader(stage_loop, udp, say, "reader"), 0);
    assert_int_equal(send(udp, "x", 1, 0), 1);
    stage_turns(2);
    expect_notes("reader", "reader");
    assert_int_equal(recv(udp, &byte, 1, 0), -1);
    assert_int_equal(errno, ECONNREFUSED);
    stage_turns(2);
    expect_no_notes();
    assert_int_equal(send(udp, "x", 1, 0), 1);
    stage_turns(1);
    expect_notes("reader");
    assert_true(tt_loop_remove_reader(stage_loop, udp));
    close(udp);
}

static void a_descriptor_that_is_closed_and_opened_again_is_polled_again(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        int event = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
        uint64_t one = 1;

        assert_int_equal(tt_loop_add_reader(stage_loop, event, say, "event"), 0);
        assert_int_equal(write(event, &one, sizeof one), sizeof one);
        stage_turns(1);
        assert_true(tt_loop_remove_reader(stage_loop, event));
        close(event);
        expect_notes("event");
    }
}

static double seconds_used(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static int sleep_for(void *duration)
{
    return tt_sleep(*(int64_t *)duration);
}

static void a_descriptor_that_is_removed_and_closed_leaves_nothing_to_poll(void **state)
{
    int64_t duration = TT_MSEC(300);
    int copy = dup(pair[0]);
    double before;

    (void)state;
    assert_int_equal(tt_loop_add_reader(stage_loop, pair[0], say, "x"), 0);
    stage_turns(1);
    assert_true(tt_loop_remove_reader(stage_loop, pair[0]));
    close(pair[0]);
    pair[0] = -1;
    put(pair[1], "x"); /* the copy is readable */
    before = seconds_used();
    assert_true(stage_run(sleep_for, &duration));
    assert_true(seconds_used() - before < 0.15);
    close(copy);
}

/* ---------------------------------------------------------------------------------------------------------- sockets */

static int receive(void *arg)
{
    char buffer[8] = "";
    ssize_t size = tt_sock_recv(pair[0], buffer, sizeof buffer - 1);

    (void)arg;
    if (size < 0)
        return -1;
    note("received %zd: %s", size, buffer);
    return 0;
}

static void recv_returns_what_is_there_without_suspending(void **state)
{
    (void)state;
    put(pair[1], "abc");
    assert_true(stage_run(receive, NULL));
    expect_notes("received 3: abc");
}

static void recv_waits_for_data(void **state)
{
    tt_task *task = create(receive, NULL);

    (void)state;
    stage_turns(2);
    assert_false(tt_task_done(task));
    put(pair[1], "later");
    stage_turns(2);
    assert_true(tt_task_done(task));
    tt_task_unref(task);
    expect_notes("received 5: later");
}

static void recv_of_nothing_is_the_end_of_the_stream(void **state)
{
    tt_task *task = create(receive, NULL);

    (void)state;
    stage_turns(1);
    close(pair[1]);
    pair[1] = -1;
    stage_turns(2);
    assert_true(tt_task_done(task));
    tt_task_unref(task);
    assert_true(stage_run(receive, NULL));
    expect_notes("received 0: ", "received 0: ");
}

static int receive_again_and_again(void *arg)
{
    long count = (long)arg;

    while (count-- > 0) {
        char buffer[3];
        ssize_t size = tt_sock_recv(pair[0], buffer, sizeof buffer);

        if (size < 0)
            return -1;
        note("%.*s", (int)size, buffer);
    }
    return 0;
}

static void recv_takes_a_stream_piece_by_piece(void **state)
{
    tt_task *task = create(receive_again_and_again, (void *)5L);

    (void)state;
    put(pair[1], "abcdefgh"); /* two full buffers, and one that is not */
    stage_turns(1);
    put(pair[1], "ij");
    stage_turns(2);
    put(pair[1], "klm");
    stage_turns(3);
    assert_true(tt_task_done(task));
    tt_task_unref(task);
    expect_notes("abc", "def", "gh", "ij", "klm");
}

/* The pair becomes one of TCP, whose other end might be anybody's. */
static void connect_by_tcp(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t length = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    for (int i = 0; i < 2; i++)
        close(pair[i]);
    assert_int_equal(bind(listener, (struct sockaddr *)&address, length) | listen(listener, 1), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &length), 0);
    pair[1] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(pair[1], (struct sockaddr *)&address, length), 0);
    pair[0] = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    close(listener);
}

/* Sends TEXT, and waits until it is there. */
static void put_through(const char *text)
{
    int arrived = 0;

    put(pair[1], text);
    while (arrived < (int)strlen(text))
        assert_int_equal(ioctl(pair[0], FIONREAD, &arrived), 0);
}

static void after_a_recv_that_filled_its_buffer_the_next_one_tries_at_once(void **state)
{
    tt_task *task;

    (void)state;
    connect_by_tcp();
    task = create(receive_again_and_again, (void *)1000L);
    stage_turns(1);
    put_through("ab"); /* less than the buffer: the next one waits without trying */
    stage_turns(2);
    put_through("cdefg");
    stage_turns(2); /* the loop takes what fills the buffer; the task has the rest in the same step */
    expect_notes("ab", "cde", "fg");
    tt_task_cancel(task, NULL);
    stage_turns(3);
    tt_task_unref(task);
}

/* A wait that found its watch armed may be at a number that has another socket now, so that it is polled for anew when
 * nothing comes for two looks in a row: one that has begun between the two is not. */
static int started_polls;

int __real_uv_poll_start(uv_poll_t *poll, int events, uv_poll_cb callback);
int __wrap_uv_poll_start(uv_poll_t *poll, int events, uv_poll_cb callback);

int __wrap_uv_poll_start(uv_poll_t *poll, int events, uv_poll_cb callback)
{
    started_polls++;
    return __real_uv_poll_start(poll, events, callback);
}

static void a_connection_that_is_busy_is_not_polled_for_anew(void **state)
{
    tt_task *task = create(receive_again_and_again, (void *)1000L);
    int before;

    (void)state;
    stage_turns(1);
    put(pair[1], "a"); /* its wait was armed at its beginning; the next one finds that */
    stage_turns(2);
    before = started_polls;
    for (int i = 0; i < 5; i++) {
        tt__watches_confirm(stage_loop);
        put(pair[1], "b");
        stage_turns(2);
    }
    assert_int_equal(started_polls, before);
    tt__watches_confirm(stage_loop);
    assert_int_equal(started_polls, before);
    tt__watches_confirm(stage_loop);
    assert_int_equal(started_polls, before + 1);
    tt__watches_confirm(stage_loop);
    tt__watches_confirm(stage_loop);
    assert_int_equal(started_polls, before + 1);
    stage_forget_notes();
    tt_task_cancel(task, NULL);
    stage_turns(3);
    tt_task_unref(task);
}

static void a_cancelled_recv_leaves_the_data_to_the_next(void **state)
{
    tt_task *task = create(receive, NULL);

    (void)state;
    stage_turns(1);
    assert_true(tt_task_cancel(task, "why"));
    put(pair[1], "abc");
    stage_turns(2);
    assert_true(tt_task_cancelled(task));
    tt_task_unref(task);
    assert_true(stage_run(receive, NULL));
    expect_notes("received 3: abc");
}

static int receive_errors(void *arg)
{
    int *descriptor = arg;
    char byte;

    for (int i = 0; i < 2; i++) {
        if (send(*descriptor, "x", 1, 0) != 1)
            note("send: %d", errno);
        if (tt_sock_recv(*descriptor, &byte, 1) < 0)
            note_and_drop("recv");
    }
    return 0;
}

static void an_error_is_raised_and_the_next_call_works_on(void **state)
{
    int udp = loopback_udp();

    (void)state;
    assert_true(stage_run(receive_errors, &udp));
    close(udp);
    expect_notes("recv: ConnectionRefusedError(111, 'Connection refused')",
                 "recv: ConnectionRefusedError(111, 'Connection refused')");
}

static int receive_from(void *arg)
{
    char byte;

    return (int)tt_sock_recv((int)(intptr_t)arg, &byte, 1);
}

static void a_descriptor_that_is_not_open_or_no_socket_is_an_os_error(void **state)
{
    int event = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);

    (void)state;
    assert_false(stage_run(receive_from, (void *)-1));
    assert_false(stage_run(receive_from, (void *)(intptr_t)event));
    close(event);
    expect_notes("main: OSError(9, 'Bad file descriptor')", "main: OSError(88, 'Socket operation on non-socket')");
}

enum { MUCH = 3 << 20 };

static int send_much(void *data)
{
    int rc = tt_sock_sendall(pair[1], data, MUCH);

    note("sent: %d", rc);
    return rc;
}

static int receive_much(void *arg)
{
    static char buffer[100000];
    size_t *sum = arg, size = 0;

    while (size < MUCH) {
        ssize_t part = tt_sock_recv(pair[0], buffer, sizeof buffer);

        if (part <= 0)
            return -1;
        for (ssize_t i = 0; i < part; i++)
            *sum += (unsigned char)buffer[i] * (size + (size_t)i + 1);
        size += (size_t)part;
    }
    return 0;
}

static void sendall_sends_more_than_fits(void **state)
{
    char *data = malloc(MUCH);
    size_t expected = 0, sum = 0;
    tt_task *sender;

    (void)state;
    for (size_t i = 0; i < MUCH; i++) {
        data[i] = (char)(i * 7 + i / 251);
        expected += (unsigned char)data[i] * (i + 1);
    }
    sender = create(send_much, data);
    assert_true(stage_run(receive_much, &sum));
    stage_turns(2);
    assert_true(tt_task_done(sender));
    assert_true(sum == expected);
    tt_task_unref(sender);
    free(data);
    expect_notes("sent: 0");
}

static int send_to_nobody(void *arg)
{
    (void)arg;
    for (int i = 0; i < 2; i++)
        if (tt_sock_sendall(pair[0], "abc", 3) < 0)
            return -1;
    return 0;
}

static void sendall_to_a_closed_peer_raises_and_no_signal_kills(void **state)
{
    (void)state;
    close(pair[1]);
    pair[1] = -1;
    assert_false(stage_run(send_to_nobody, NULL));
    expect_notes("main: BrokenPipeError(32, 'Broken pipe')");
}

static int send_nothing(void *arg)
{
    return tt_sock_sendall(pair[0], arg, 0);
}

static void sendall_of_nothing_is_fine(void **state)
{
    (void)state;
    assert_true(stage_run(send_nothing, ""));
}

static void a_cancelled_sendall_ends(void **state)
{
    char *data = calloc(1, MUCH);
    tt_task *task = create(send_much, data);

    (void)state;
    stage_turns(2);
    assert_false(tt_task_done(task));
    assert_true(tt_task_cancel(task, NULL));
    stage_turns(2);
    assert_true(tt_task_cancelled(task));
    tt_task_unref(task);
    free(data);
    expect_notes("sent: -1");
}

/* One reads while another writes. */
static void reading_and_writing_wait_side_by_side(void **state)
{
    char *data = calloc(1, MUCH);
    tt_task *writer, *reader;

    (void)state;
    reader = create(receive, NULL);
    writer = create(send_much, data); /* the other end: nobody reads it */
    stage_turns(3);
    expect_notes("received 7: ");
    assert_true(tt_task_done(reader));
    assert_false(tt_task_done(writer));
    tt_task_cancel(writer, NULL);
    stage_turns(2);
    tt_task_unref(reader);
    tt_task_unref(writer);
    free(data);
    expect_notes("sent: -1");
}

static void who_takes_the_place_of_a_waiting_one_keeps_it(void **state)
{
    tt_task *first = create(receive, NULL), *second = create(receive, NULL);

    (void)state;
    stage_turns(1);
    tt_task_cancel(first, NULL); /* it waits for ever, as in asyncio, until it is cancelled */
    stage_turns(2);
    assert_true(tt_task_cancelled(first));
    put(pair[1], "abc");
    stage_turns(2);
    assert_true(tt_task_done(second));
    tt_task_unref(first);
    tt_task_unref(second);
    expect_notes("received 3: abc");
}

/* The attempt stands in the queue, behind the call that removes the reader. */
static void an_operation_whose_reader_is_removed_takes_nothing_any_more(void **state)
{
    tt_task *task = create(receive, NULL);
    char byte;

    (void)state;
    stage_turns(1);
    put(pair[1], "a");
    assert_int_equal(tt_loop_call_soon(stage_loop, remove_reader, "removed", NULL), 0);
    stage_turns(2);
    assert_false(tt_task_done(task)); /* it waits for ever, as in asyncio, until it is cancelled */
    assert_int_equal(recv(pair[0], &byte, 1, 0), 1);
    tt_task_cancel(task, NULL);
    stage_turns(2);
    assert_true(tt_task_cancelled(task));
    tt_task_unref(task);
    expect_notes("removed 1");
}

static int receive_and_close(void *arg)
{
    char byte;

    if (tt_sock_recv(pair[0], &byte, 1) < 0)
        return -1;
    close(pair[0]);
    pair[0] = open(arg, O_RDONLY | O_CLOEXEC); /* most likely the same number */
    return 0;
}

static void a_socket_that_is_closed_right_after_a_call_is_forgotten(void **state)
{
    tt_task *task = create(receive_and_close, "/dev/null");

    (void)state;
    stage_turns(1);
    put(pair[1], "x");
    stage_turns(4);
    assert_true(tt_task_done(task));
    tt_task_unref(task);
}

static int receive_give_up_and_close(void *copy)
{
    char byte;

    if (tt_sock_recv(pair[0], &byte, 1) < 0)
        return -1;
    *(int *)copy = dup(pair[0]);
    note("a reader: %d", tt_loop_remove_reader(NULL, pair[0]));
    close(pair[0]);
    pair[0] = -1;
    return 0;
}

static void a_duplicate_of_a_socket_that_was_given_up_is_not_polled(void **state)
{
    int64_t duration = TT_MSEC(300);
    int copy = -1;
    tt_task *task = create(receive_give_up_and_close, &copy);
    double before;

    (void)state;
    stage_turns(1);
    put(pair[1], "x");
    stage_turns(3);
    assert_true(tt_task_done(task));
    tt_task_unref(task);
    put(pair[1], "y"); /* the copy is readable */
    before = seconds_used();
    assert_true(stage_run(sleep_for, &duration));
    assert_true(seconds_used() - before < 0.15);
    close(copy);
    expect_notes("a reader: 0");
}

static int receive_twice_over_a_reused_number(void *arg)
{
    char byte;
    int fresh[2];

    (void)arg;
    if (tt_sock_recv(pair[0], &byte, 1) < 0)
        return -1;
    close(pair[0]);
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fresh) < 0)
        return tt_raise_errno(errno, NULL);
    note("%s", fresh[0] == pair[0] ? "the same number" : "another number");
    pair[0] = fresh[0];
    close(pair[1]);
    pair[1] = fresh[1];
    if (tt_sock_recv(pair[0], &byte, 1) < 0)
        return -1;
    note("%c", byte);
    return 0;
}

static void a_number_that_another_socket_has_got_is_polled_for_that_one(void **state)
{
    tt_task *task = create(receive_twice_over_a_reused_number, NULL);
    int64_t began;

    (void)state;
    stage_turns(1);
    put(pair[1], "x");
    stage_turns(3);
    put(pair[1], "y");
    began = tt_loop_time(stage_loop);
    assert_int_equal(tt_loop_run_until_complete(stage_loop, task), 0);
    assert_true(tt_loop_time(stage_loop) - began < TT_SEC(10));
    tt_task_unref(task);
    expect_notes("the same number", "y");
}

static int listener(struct sockaddr_in *address)
{
    socklen_t length = sizeof *address;
    int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    *address = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    assert_int_equal(bind(descriptor, (struct sockaddr *)address, sizeof *address), 0);
    assert_int_equal(listen(descriptor, 8), 0);
    assert_int_equal(getsockname(descriptor, (struct sockaddr *)address, &length), 0);
    return descriptor;
}

static int accept_and_echo(void *arg)
{
    struct sockaddr_in peer = {0};
    socklen_t length = sizeof peer;
    char buffer[16];
    int connection = tt_sock_accept(*(int *)arg, (struct sockaddr *)&peer, &length);
    ssize_t size;

    if (connection < 0)
        return -1;
    note("accepted from %s, flags %d %d", ntohl(peer.sin_addr.s_addr) == INADDR_LOOPBACK ? "here" : "elsewhere",
         (fcntl(connection, F_GETFL) & O_NONBLOCK) != 0, fcntl(connection, F_GETFD) & FD_CLOEXEC);
    size = tt_sock_recv(connection, buffer, sizeof buffer);
    if (size > 0 && tt_sock_sendall(connection, buffer, (size_t)size) < 0)
        size = -1;
    close(connection);
    return size < 0 ? -1 : 0;
}

static int connect_and_talk(void *address)
{
    int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    char buffer[16] = "";
    int rc = tt_sock_connect(descriptor, address, sizeof(struct sockaddr_in));

    if (rc == 0)
        rc = tt_sock_sendall(descriptor, "hello", 5);
    if (rc == 0 && tt_sock_recv(descriptor, buffer, sizeof buffer - 1) < 0)
        rc = -1;
    close(descriptor);
    note("echo: %s", buffer);
    return rc;
}

static void connect_accept_send_and_receive_work_together(void **state)
{
    struct sockaddr_in address;
    int descriptor = listener(&address);
    tt_task *server = create(accept_and_echo, &descriptor);

    (void)state;
    assert_true(stage_run(connect_and_talk, &address));
    stage_turns(1);
    assert_true(tt_task_done(server));
    tt_task_unref(server);
    close(descriptor);
    expect_notes("accepted from here, flags 1 1", "echo: hello");
}

static int connect_only(void *address)
{
    int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int rc = tt_sock_connect(descriptor, address, sizeof(struct sockaddr_in));

    close(descriptor);
    return rc;
}

static void connecting_to_nobody_is_refused(void **state)
{
    struct sockaddr_in address;

    (void)state;
    close(listener(&address));
    assert_false(stage_run(connect_only, &address));
    expect_notes("main: ConnectionRefusedError(111, 'Connection refused')");
}

static int accept_plainly(void *arg)
{
    int connection = tt_sock_accept(*(int *)arg, NULL, NULL);

    if (connection < 0)
        return -1;
    close(connection);
    return 0;
}

static void a_cancelled_accept_leaves_no_descriptor(void **state)
{
    struct sockaddr_in address;
    int descriptor = listener(&address), client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int before = stage_descriptors();
    tt_task *task = create(accept_plainly, &descriptor);

    (void)state;
    stage_turns(1);
    assert_int_equal(connect(client, (struct sockaddr *)&address, sizeof address), 0);
    stage_turns(1); /* accepted; the task is to be woken in the next turn */
    assert_true(tt_task_cancel(task, NULL));
    stage_turns(2);
    assert_true(tt_task_cancelled(task));
    tt_task_unref(task);
    assert_int_equal(stage_descriptors(), before);
    close(client);
    close(descriptor);
}

static void waiting_calls_are_abandoned_with_their_loop(void **state)
{
    struct sockaddr_in address;
    int descriptor = listener(&address);
    char *data = calloc(1, MUCH);
    tt_task *tasks[3] = {create(receive, NULL), create(send_much, data), create(accept_plainly, &descriptor)};

    (void)state;
    stage_turns(3);
    stage_forget_notes(); /* the receiver has received what the sender sent */
    tt_task_unref(tasks[0]);
    tasks[0] = create(receive_from, (void *)(intptr_t)pair[1]);
    stage_turns(1);
    put(pair[0], "x"); /* ready, and not read */
    stage_close_loop();
    for (int i = 0; i < 3; i++)
        tt_task_unref(tasks[i]);
    close(descriptor);
    free(data);
    expect_notes("handler: Task was destroyed but it is pending! [message, task] None of t",
                 "handler: Task was destroyed but it is pending! [message, task] None of t",
                 "handler: Task was destroyed but it is pending! [message, task] None of t");
}

static void outside_of_tasks_every_call_is_a_runtime_error(void **state)
{
    char byte;

    (void)state;
    assert_int_equal(tt_sock_recv(pair[0], &byte, 1), -1);
    note_and_drop("recv");
    assert_int_equal(tt_sock_sendall(pair[0], &byte, 1), -1);
    note_and_drop("sendall");
    assert_int_equal(tt_sock_accept(pair[0], NULL, NULL), -1);
    note_and_drop("accept");
    assert_int_equal(tt_sock_connect(pair[0], NULL, 0), -1);
    note_and_drop("connect");
    expect_notes("recv: RuntimeError('no running event loop')", "sendall: RuntimeError('no running event loop')",
                 "accept: RuntimeError('no running event loop')", "connect: RuntimeError('no running event loop')");
}

static int call_with_pending(void *arg)
{
    char byte;

    (void)arg;
    put(pair[1], "x");
    tt_raise(&tt_ValueError, "sticky");
    note("%zd %d %d", tt_sock_recv(pair[0], &byte, 1), tt_sock_sendall(pair[0], "y", 1),
         tt_sock_accept(pair[0], NULL, NULL));
    return -1;
}

static void with_an_exception_pending_nothing_is_done(void **state)
{
    char byte;

    (void)state;
    assert_false(stage_run(call_with_pending, NULL));
    assert_int_equal(recv(pair[0], &byte, 1, 0), 1);
    assert_int_equal(recv(pair[1], &byte, 1, 0), -1);
    expect_notes("-1 -1 -1", "main: ValueError('sticky')");
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test_with_pair(a_reader_is_called_once_a_turn_while_there_is_something_to_read),
    cmocka_unit_test_with_pair(a_writer_is_called_while_there_is_room),
    cmocka_unit_test_with_pair(the_reader_comes_before_the_writer),
    cmocka_unit_test_with_pair(a_second_reader_takes_the_place_of_the_first),
    cmocka_unit_test_with_pair(a_reader_that_is_removed_does_not_run_any_more),
    cmocka_unit_test_with_pair(what_cannot_be_polled_is_refused),
    cmocka_unit_test_with_pair(a_descriptor_stays_blocking_if_it_was),
    cmocka_unit_test_with_pair(a_descriptor_in_error_calls_reader_and_writer_until_the_error_is_taken),
    cmocka_unit_test_with_pair(a_descriptor_that_is_closed_and_opened_again_is_polled_again),
    cmocka_unit_test_with_pair(a_descriptor_that_is_removed_and_closed_leaves_nothing_to_poll),
    cmocka_unit_test_with_pair(recv_returns_what_is_there_without_suspending),
    cmocka_unit_test_with_pair(recv_waits_for_data),
    cmocka_unit_test_with_pair(recv_of_nothing_is_the_end_of_the_stream),
    cmocka_unit_test_with_pair(recv_takes_a_stream_piece_by_piece),
    cmocka_unit_test_with_pair(after_a_recv_that_filled_its_buffer_the_next_one_tries_at_once),
    cmocka_unit_test_with_pair(a_connection_that_is_busy_is_not_polled_for_anew),
    cmocka_unit_test_with_pair(a_cancelled_recv_leaves_the_data_to_the_next),
    cmocka_unit_test_with_pair(an_error_is_raised_and_the_next_call_works_on),
    cmocka_unit_test_with_pair(a_descriptor_that_is_not_open_or_no_socket_is_an_os_error),
    cmocka_unit_test_with_pair(sendall_sends_more_than_fits),
    cmocka_unit_test_with_pair(sendall_to_a_closed_peer_raises_and_no_signal_kills),
    cmocka_unit_test_with_pair(sendall_of_nothing_is_fine),
    cmocka_unit_test_with_pair(a_cancelled_sendall_ends),
    cmocka_unit_test_with_pair(reading_and_writing_wait_side_by_side),
    cmocka_unit_test_with_pair(who_takes_the_place_of_a_waiting_one_keeps_it),
    cmocka_unit_test_with_pair(an_operation_whose_reader_is_removed_takes_nothing_any_more),
    cmocka_unit_test_with_pair(a_socket_that_is_closed_right_after_a_call_is_forgotten),
    cmocka_unit_test_with_pair(a_duplicate_of_a_socket_that_was_given_up_is_not_polled),
    cmocka_unit_test_with_pair(a_number_that_another_socket_has_got_is_polled_for_that_one),
    cmocka_unit_test_with_pair(connect_accept_send_and_receive_work_together),
    cmocka_unit_test_with_pair(connecting_to_nobody_is_refused),
    cmocka_unit_test_with_pair(a_cancelled_accept_leaves_no_descriptor),
    cmocka_unit_test_with_pair(waiting_calls_are_abandoned_with_their_loop),
    cmocka_unit_test_with_pair(outside_of_tasks_every_call_is_a_runtime_error),
    cmocka_unit_test_with_pair(with_an_exception_pending_nothing_is_done),
};

TT_TEST_MAIN(cases)
