/* Streams: writing, ends, pipes and files, options. asyncio's StreamWriter.
 *
 * Past 600 lines: sockets, pipes, files and terminals differ, and each end is tried with nobody, one and two who write. */
#include "stage.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/uio.h>

enum { MUCH = 1000000 };

static int pair[2];
static tt_stream *stream; /* of pair[0] */
static char much[MUCH];

static int open_pair(void **state)
{
    for (size_t i = 0; i < MUCH; i++)
        much[i] = (char)(i * 7 + i / 251);
    if (stage_open(state) < 0)
        return -1;
    return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair);
}

static int open_pipe(void **state)
{
    int ends[2];

    if (stage_open(state) < 0 || pipe2(ends, O_CLOEXEC) < 0)
        return -1;
    pair[0] = ends[1];
    pair[1] = ends[0];
    return 0;
}

static int close_pair(void **state)
{
    if (pair[1] >= 0)
        close(pair[1]);
    return stage_close(state);
}

#define cmocka_unit_test_with_pair(...) STAGE_CASE(__VA_ARGS__, open_pair, close_pair)
#define cmocka_unit_test_with_pipe(...) STAGE_CASE(__VA_ARGS__, open_pipe, close_pair)

static int with_stream(void *fn)
{
    int rc;

    stream = tt_stream_open(pair[0], 0);
    if (!stream)
        return -1;
    rc = (*(tt_coro_fn **)fn)(NULL);
    tt_stream_close(stream);
    return rc;
}

#define RUN(fn) stage_run(with_stream, &(tt_coro_fn *){fn})

static void hang_up(void)
{
    close(pair[1]);
    pair[1] = -1;
}

/* Reads COUNT bytes at the other end, with the loop running meanwhile. Returns whether they are what MUCH says from
 * OFFSET on. */
static bool drain(size_t offset, size_t count)
{
    static char buffer[65536];

    while (count > 0) {
        size_t size = count < sizeof buffer ? count : sizeof buffer;
        int flags = fcntl(pair[1], F_GETFL);
        ssize_t got;

        fcntl(pair[1], F_SETFL, flags | O_NONBLOCK);
        got = read(pair[1], buffer, size);
        if (got < 0 && tt_sleep(0) < 0)
            return false;
        if (got == 0 || (got > 0 && memcmp(buffer, much + offset, (size_t)got) != 0))
            return false;
        offset += got > 0 ? (size_t)got : 0;
        count -= got > 0 ? (size_t)got : 0;
    }
    return true;
}

static int write_much(void *arg)
{
    (void)arg;
    return tt_stream_write(stream, much, MUCH);
}

/* ------------------------------------------------------------------------------------------------------------- writing */

static int write_and_drain(void *arg)
{
    tt_task *task = tt_create_task(write_much, NULL);
    int rc;

    (void)arg;
    if (tt_sleep(0) < 0)
        return -1;
    note("waits %d", !tt_task_done(task));
    note("equal %d", drain(0, MUCH));
    rc = tt_await(task);
    tt_task_unref(task);
    return rc;
}

static void a_write_suspends_until_all_is_written(void **state)
{
    (void)state;
    assert_true(RUN(write_and_drain));
    expect_notes("waits 1", "equal 1");
}

static int write_pieces(void *arg)
{
    enum { PIECES = 200 };
    struct iovec pieces[PIECES];
    size_t offset = 0;

    (void)arg;
    for (int i = 0; i < PIECES; i++) {
        size_t size = i % 5 == 0 ? 0 : (size_t)i * 45;

        pieces[i] = (struct iovec){much + offset, size};
        offset += size;
    }
    note("%zu bytes", offset);
    return tt_stream_writelines(stream, pieces, PIECES);
}

static int write_and_drain_pieces(void *arg)
{
    tt_task *task = tt_create_task(write_pieces, NULL);
    int rc;

    (void)arg;
    if (tt_sleep(0) < 0)
        return -1;
    note("waits %d", !tt_task_done(task));
    note("equal %d", drain(0, 720000));
    rc = tt_await(task);
    tt_task_unref(task);
    return rc;
}

static void many_pieces_are_written_in_order(void **state)
{
    (void)state;
    assert_true(RUN(write_and_drain_pieces));
    expect_notes("720000 bytes", "waits 1", "equal 1");
}

static void many_pieces_go_through_a_pipe_in_order(void **state)
{
    (void)state;
    assert_true(RUN(write_and_drain_pieces));
    expect_notes("720000 bytes", "waits 1", "equal 1");
}

static int write_nothing(void *arg)
{
    (void)arg;
    return tt_stream_write(stream, NULL, 0) < 0 || tt_stream_writelines(stream, NULL, 0) < 0 ? -1 : 0;
}

static void writing_nothing_is_fine(void **state)
{
    (void)state;
    assert_true(RUN(write_nothing));
}

static int write_some(void *arg)
{
    ssize_t first, second;

    (void)arg;
    first = tt_stream_write_some(stream, much, MUCH);
    if (first < 0)
        return -1;
    note("a part %d", first > 0 && first < MUCH);
    note("equal %d", drain(0, (size_t)first));
    second = tt_stream_write_some(stream, much + first, MUCH - (size_t)first);
    note("another %d", second > 0);
    return 0;
}

static void write_some_writes_what_there_is_room_for(void **state)
{
    (void)state;
    assert_true(RUN(write_some));
    expect_notes("a part 1", "equal 1", "another 1");
}

/* Two that write at once: each as a whole, in the order in which they came. */
static int write_letters(void *letter)
{
    enum { SIZE = 300000 };
    char *text = malloc(SIZE);
    int rc;

    memset(text, *(char *)letter, SIZE);
    rc = tt_stream_write(stream, text, SIZE);
    free(text);
    note("%c %s", *(char *)letter, rc < 0 ? "failed" : "written");
    return rc;
}

/* Reads COUNT bytes and notes the runs of equal ones. */
static int drain_runs(size_t count)
{
    static char buffer[65536];
    size_t run = 0;
    char letter = 0;

    for (size_t done = 0; done < count;) {
        ssize_t got = recv(pair[1], buffer, sizeof buffer, MSG_DONTWAIT);

        if (got < 0 && tt_sleep(0) < 0)
            return -1;
        for (ssize_t i = 0; i < got; i++, run++)
            if (buffer[i] != letter) {
                if (run)
                    note("%zu %c", run, letter);
                run = 0;
                letter = buffer[i];
            }
        done += got > 0 ? (size_t)got : 0;
    }
    note("%zu %c", run, letter);
    return 0;
}

static int write_at_once(void *arg)
{
    tt_task *a = tt_create_task(write_letters, "a"), *b = tt_create_task(write_letters, "b"),
            *c = tt_create_task(write_letters, "c");
    int rc;

    (void)arg;
    if (tt_sleep(0) < 0 || tt_sleep(0) < 0)
        return -1;
    tt_task_cancel(b, NULL);
    rc = drain_runs(600000);
    if (tt_await(a) < 0 || tt_await(c) < 0)
        rc = -1;
    if (tt_await(b) < 0 && tt_catch(&tt_CancelledError) && tt_catch_end() < 0)
        rc = -1;
    tt_task_unref(a);
    tt_task_unref(b);
    tt_task_unref(c);
    return rc;
}

static void tasks_that_write_take_turns(void **state)
{
    (void)state;
    assert_true(RUN(write_at_once));
    expect_notes("b failed", "a written", "300000 a", "c written", "300000 c");
}

static int cut_off(void *arg)
{
    tt_task *task = tt_create_task(write_much, NULL);

    (void)arg;
    if (tt_sleep(0) < 0)
        return -1;
    tt_task_cancel(task, NULL);
    if (tt_await(task) < 0)
        note_and_drop("write");
    tt_task_unref(task);
    if (tt_stream_write(stream, "x", 1) < 0)
        note_and_drop("next");
    return 0;
}

static void a_write_that_is_cut_off_is_followed_by_no_other(void **state)
{
    (void)state;
    assert_true(RUN(cut_off));
    expect_notes("write: CancelledError()", "next: RuntimeError('Cannot call write() after a write was cut off')");
}

static int cancel_while_full(void *arg)
{
    (void)arg;
    while (send(pair[0], much, 1024, MSG_DONTWAIT) > 0) /* until there is no room for a byte */
        ;
    tt_task *task = tt_create_task(write_much, NULL);
    if (tt_sleep(0) < 0)
        return -1;
    tt_task_cancel(task, NULL);
    if (tt_await(task) < 0)
        note_and_drop("write");
    tt_task_unref(task);
    fcntl(pair[1], F_SETFL, O_NONBLOCK);
    while (read(pair[1], much, MUCH) > 0)
        ;
    return tt_stream_write(stream, "x", 1);
}

static void a_write_that_was_cancelled_before_a_byte_was_sent_changes_nothing(void **state)
{
    (void)state;
    assert_true(RUN(cancel_while_full));
    expect_notes("write: CancelledError()");
}

/* -------------------------------------------------------------------------------------------------------------- ends */

static int write_to_nobody(void *arg)
{
    (void)arg;
    hang_up();
    if (tt_stream_write(stream, much, MUCH) < 0) {
        note("errno %d", tt_exc_errno(tt_exc_pending()));
        note("says where %d", strstr(tt_exc_message(tt_exc_pending()), ": write to descriptor ") != NULL);
        if (tt_catch(&tt_BrokenPipeError))
            return tt_catch_end();
    }
    return -1;
}

static void who_writes_to_a_closed_socket_is_told_and_no_signal_kills(void **state)
{
    (void)state;
    assert_true(RUN(write_to_nobody));
    expect_notes("errno 32", "says where 1");
}

static void who_writes_to_a_closed_pipe_is_told_and_no_signal_kills(void **state)
{
    sigset_t pending;

    (void)state;
    signal(SIGPIPE, SIG_DFL);
    assert_true(RUN(write_to_nobody));
    expect_notes("errno 32", "says where 1");
    sigpending(&pending);
    assert_false(sigismember(&pending, SIGPIPE));
}

static void a_signal_that_was_pending_before_stays_so(void **state)
{
    sigset_t pipe, pending;

    (void)state;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    sigprocmask(SIG_BLOCK, &pipe, NULL);
    raise(SIGPIPE);
    assert_true(RUN(write_to_nobody));
    expect_notes("errno 32", "says where 1");
    sigpending(&pending);
    assert_true(sigismember(&pending, SIGPIPE));
    assert_int_equal(sigwaitinfo(&pipe, NULL), SIGPIPE);
}

static int half_close(void *arg)
{
    char buffer[8];
    ssize_t size;

    (void)arg;
    if (tt_stream_write(stream, "ask", 3) < 0 || tt_stream_write_eof(stream) < 0 || tt_stream_write_eof(stream) < 0)
        return -1;
    if (tt_stream_write(stream, "x", 1) < 0)
        note_and_drop("write");
    note("%zd", read(pair[1], buffer, sizeof buffer));
    note("%zd", read(pair[1], buffer, sizeof buffer));
    if (write(pair[1], "answer", 6) != 6)
        return -1;
    size = tt_stream_read(stream, buffer, sizeof buffer);
    note("%.*s", (int)size, buffer);
    return 0;
}

static void a_stream_is_read_after_its_write_eof(void **state)
{
    (void)state;
    assert_true(RUN(half_close));
    expect_notes("write: RuntimeError('Cannot call write() after write_eof()')", "3", "0", "answer");
}

static int end_pipe(void *arg)
{
    char buffer[8];

    (void)arg;
    if (tt_stream_write(stream, "abc", 3) < 0 || tt_stream_write_eof(stream) < 0)
        return -1;
    if (tt_stream_write(stream, "x", 1) < 0)
        note_and_drop("write");
    note("%zd", read(pair[1], buffer, sizeof buffer));
    note("%zd", read(pair[1], buffer, sizeof buffer));
    return 0;
}

static void write_eof_ends_a_pipe(void **state)
{
    (void)state;
    assert_true(RUN(end_pipe));
    expect_notes("write: RuntimeError('Cannot call write() after write_eof()')", "3", "0");
}

static int end_after_write(void *arg)
{
    (void)arg;
    return tt_stream_write_eof(stream);
}

static int end_while_another_writes(void *arg)
{
    tt_task *writer = tt_create_task(write_much, NULL), *ender = tt_create_task(end_after_write, NULL);
    int rc = -1;

    (void)arg;
    if (tt_sleep(0) < 0 || tt_sleep(0) < 0)
        return -1;
    note("ended %d", tt_task_done(ender));
    note("equal %d", drain(0, MUCH));
    if (tt_await(writer) == 0 && tt_await(ender) == 0) {
        note("%zd", read(pair[1], &(char){0}, 1));
        rc = 0;
    }
    tt_task_unref(writer);
    tt_task_unref(ender);
    return rc;
}

/* A TCP connection in the place of the pair. */
static int open_connection(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    close(pair[0]);
    close(pair[1]);
    pair[0] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(listener, (struct sockaddr *)&address, length) < 0 || listen(listener, 1) < 0 ||
        getsockname(listener, (struct sockaddr *)&address, &length) < 0 ||
        connect(pair[0], (struct sockaddr *)&address, length) < 0)
        return -1;
    pair[1] = accept(listener, NULL, NULL);
    close(listener);
    return pair[1];
}

static int cork_and_uncork(void *arg)
{
    int value = -1;

    (void)arg;
    for (int i = 1; i >= 0; i--) {
        if (tt_stream_set_option(stream, TT_STREAM_CORK, i) < 0)
            return -1;
        getsockopt(pair[0], IPPROTO_TCP, TCP_CORK, &value, &(socklen_t){sizeof value});
        note("%d", value);
    }
    return 0;
}

static void small_writes_can_be_held_back(void **state)
{
    (void)state;
    assert_true(open_connection() >= 0);
    assert_true(RUN(cork_and_uncork));
    expect_notes("1", "0");
}

static int end_writing_to_nobody(void *arg)
{
    (void)arg;
    setsockopt(pair[1], SOL_SOCKET, SO_LINGER, &(struct linger){.l_onoff = 1}, sizeof(struct linger));
    hang_up();
    return tt_stream_write_eof(stream) < 0 ? note_and_drop("end") : 0;
}

static void ending_writes_to_a_peer_that_has_reset_is_a_broken_pipe(void **state)
{
    (void)state;
    assert_true(open_connection() >= 0);
    assert_true(RUN(end_writing_to_nobody));
    expect_notes("end: BrokenPipeError(32, 'Broken pipe')");
}

static void write_eof_comes_after_the_writes_under_way(void **state)
{
    (void)state;
    assert_true(RUN(end_while_another_writes));
    expect_notes("ended 0", "equal 1", "0");
}

static int write_and_drop(void *arg)
{
    if (tt_stream_write(arg, much, MUCH) < 0)
        note_and_drop("write");
    return 0;
}

static int abort_while_two_write(void *arg)
{
    tt_task *first = tt_create_task(write_and_drop, stream), *second = tt_create_task(write_and_drop, stream);

    (void)arg;
    if (tt_sleep(0) < 0 || tt_sleep(0) < 0)
        return -1;
    tt_stream_abort(stream);
    if (tt_await(first) < 0 || tt_await(second) < 0)
        return -1;
    tt_task_unref(first);
    tt_task_unref(second);
    return 0;
}

static void who_writes_when_the_stream_is_aborted_is_told(void **state)
{
    (void)state;
    assert_true(RUN(abort_while_two_write));
    expect_notes("write: ConnectionAbortedError(103, 'Software caused connection abort')",
                 "write: RuntimeError('Cannot call write() after a write was cut off')");
}

static int close_while_two_write(void *arg)
{
    tt_task *first, *second;

    (void)arg;
    stream = tt_stream_open(pair[0], 0);
    if (!stream)
        return -1;
    first = tt_create_task(write_and_drop, stream);
    second = tt_create_task(write_and_drop, stream);
    if (tt_sleep(0) < 0 || tt_sleep(0) < 0)
        return -1;
    tt_stream_close(stream);
    if (tt_await(first) < 0 || tt_await(second) < 0)
        return -1;
    tt_task_unref(first);
    tt_task_unref(second);
    return 0;
}

static void who_writes_when_the_stream_is_closed_is_told(void **state)
{
    char text[128];

    (void)state;
    assert_true(stage_run(close_while_two_write, NULL));
    snprintf(text, sizeof text,
             "write: RuntimeError('<Stream descriptor %d> was destroyed while a task waited for it')", pair[0]);
    expect_notes("write: ConnectionAbortedError(103, 'Software caused connection abort')", text);
}

static int write_for_ever(void *arg)
{
    (void)arg;
    return tt_stream_write(stream, much, MUCH);
}

static int close_deferred(void *arg)
{
    (void)arg;
    tt_stream_close(stream);
    return 0;
}

static int write_three_for_ever(void *arg)
{
    (void)arg;
    stream = tt_stream_open(pair[0], 0);
    if (!stream || tt_defer(close_deferred, NULL) < 0 || tt_spawn(write_for_ever, NULL) < 0 ||
        tt_spawn(write_for_ever, NULL) < 0)
        return -1;
    return tt_stream_write(stream, much, MUCH);
}

static int ignore(tt_loop *loop, const struct tt_handler_context *context, void *arg)
{
    (void)loop;
    (void)context;
    (void)arg;
    return 0;
}

static void writers_are_abandoned_with_their_loop(void **state)
{
    const struct tt_task_options options = {.loop = stage_loop};

    (void)state;
    tt_loop_set_exception_handler(stage_loop, ignore, NULL);
    assert_int_equal(tt_spawn_with(write_three_for_ever, NULL, &options), 0);
    stage_turns(4);
    stage_close_loop();
}

/* --------------------------------------------------------------------------------------------- files, standard streams */

static int write_a_file(void *arg)
{
    const char *line;
    char name[TT_TEST_PATH_MAX];
    int file = mkostemp(tt_test_template(name, "stream"), O_CLOEXEC), again = open(name, O_RDONLY | O_CLOEXEC), rc = -1;
    tt_stream *out = tt_stream_open(file, 0), *in = tt_stream_open(again, 0);

    (void)arg;
    unlink(name);
    if (out && in && tt_stream_write(out, much, MUCH) == 0 && tt_stream_write(out, "\nend\n", 5) == 0) {
        size_t total = 0;
        ssize_t size;

        while ((size = tt_stream_read(in, much, 5000)) > 0)
            total += (size_t)size;
        note("%zu", total);
        if (tt_stream_write_eof(out) < 0)
            rc = note_and_drop("eof");
        note("%zd", tt_stream_readline(in, &line));
    }
    tt_stream_close(out);
    tt_stream_close(in);
    return rc;
}

static void a_file_is_a_stream_that_never_waits(void **state)
{
    (void)state;
    close(pair[0]);
    assert_true(stage_run(write_a_file, NULL));
    assert_true(strncmp(stage_notes(), "1000005\neof: NotImplementedError(", 33) == 0);
    stage_forget_notes();
}

static int use_standard_streams(void *arg)
{
    tt_stream *in = tt_stream_open_standard(0), *out = tt_stream_open_standard(1);
    const char *line;
    ssize_t size = -1;
    int rc = -1;

    (void)arg;
    if (in && out && (size = tt_stream_readline(in, &line)) > 0)
        rc = tt_stream_write(out, line, (size_t)size);
    note("blocking %d %d", !(fcntl(0, F_GETFL) & O_NONBLOCK), !(fcntl(1, F_GETFL) & O_NONBLOCK));
    tt_stream_close(in);
    tt_stream_close(out);
    return rc;
}

static void standard_streams_stay_as_they_are_for_others(void **state)
{
    int in[2], out[2], before[2] = {dup(0), dup(1)};
    char line[8] = "";

    (void)state;
    close(pair[0]);
    assert_int_equal(pipe2(in, O_CLOEXEC) + pipe2(out, O_CLOEXEC), 0);
    assert_int_equal(write(in[1], "hello\n", 6), 6);
    dup2(in[0], 0);
    dup2(out[1], 1);
    bool is_good = stage_run(use_standard_streams, NULL);
    dup2(before[0], 0);
    dup2(before[1], 1);
    assert_true(is_good);
    assert_int_equal(read(out[0], line, sizeof line), 6);
    assert_string_equal(line, "hello\n");
    for (int i = 0; i < 2; i++) {
        close(in[i]);
        close(out[i]);
        close(before[i]);
    }
    expect_notes("blocking 1 1");
}

static int open_and_close(void *arg)
{
    (void)arg;
    note("non-blocking %d", (fcntl(pair[0], F_GETFL) & O_NONBLOCK) != 0);
    return 0;
}

static void a_pipe_gets_its_flags_back(void **state)
{
    int copy = dup(pair[0]);

    (void)state;
    assert_true(RUN(open_and_close));
    expect_notes("non-blocking 1");
    assert_false(fcntl(copy, F_GETFL) & O_NONBLOCK);
    close(copy);
}

/* ----------------------------------------------------------------------------------------------------------- options */

static int set_options(void *arg)
{
    int value = 0;
    socklen_t length = sizeof value;

    (void)arg;
    if (tt_stream_set_option(stream, TT_STREAM_KEEPALIVE, 1) < 0 ||
        tt_stream_set_option(stream, TT_STREAM_SEND_BUFFER, 65536) < 0)
        return -1;
    getsockopt(pair[0], SOL_SOCKET, SO_KEEPALIVE, &value, &length);
    note("keepalive %d", value);
    if (tt_stream_set_option(stream, TT_STREAM_NODELAY, 1) < 0) {
        note("%d", strstr(tt_exc_message(tt_exc_pending()), "set nodelay to 1 of descriptor ") != NULL);
        note_and_drop("nodelay");
    }
    return 0;
}

static void an_option_that_a_socket_does_not_have_is_an_os_error(void **state)
{
    (void)state;
    assert_true(RUN(set_options));
    expect_notes("keepalive 1", "1", "nodelay: OSError(95, 'Operation not supported')");
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test_with_pair(a_write_suspends_until_all_is_written),
    cmocka_unit_test_with_pair(many_pieces_are_written_in_order),
    cmocka_unit_test_with_pipe(many_pieces_go_through_a_pipe_in_order),
    cmocka_unit_test_with_pair(writing_nothing_is_fine),
    cmocka_unit_test_with_pair(write_some_writes_what_there_is_room_for),
    cmocka_unit_test_with_pair(tasks_that_write_take_turns),
    cmocka_unit_test_with_pair(a_write_that_is_cut_off_is_followed_by_no_other),
    cmocka_unit_test_with_pair(a_write_that_was_cancelled_before_a_byte_was_sent_changes_nothing),
    cmocka_unit_test_with_pair(who_writes_to_a_closed_socket_is_told_and_no_signal_kills),
    cmocka_unit_test_with_pipe(who_writes_to_a_closed_pipe_is_told_and_no_signal_kills),
    cmocka_unit_test_with_pipe(a_signal_that_was_pending_before_stays_so),
    cmocka_unit_test_with_pair(a_stream_is_read_after_its_write_eof),
    cmocka_unit_test_with_pipe(write_eof_ends_a_pipe),
    cmocka_unit_test_with_pair(write_eof_comes_after_the_writes_under_way),
    cmocka_unit_test_with_pair(who_writes_when_the_stream_is_aborted_is_told),
    cmocka_unit_test_with_pair(who_writes_when_the_stream_is_closed_is_told),
    cmocka_unit_test_with_pair(small_writes_can_be_held_back),
    cmocka_unit_test_with_pair(ending_writes_to_a_peer_that_has_reset_is_a_broken_pipe),
    cmocka_unit_test_with_pair(writers_are_abandoned_with_their_loop),
    cmocka_unit_test_with_pair(a_file_is_a_stream_that_never_waits),
    cmocka_unit_test_with_pipe(standard_streams_stay_as_they_are_for_others),
    cmocka_unit_test_with_pipe(a_pipe_gets_its_flags_back),
    cmocka_unit_test_with_pair(an_option_that_a_socket_does_not_have_is_an_os_error),
};

TT_TEST_MAIN(cases)
