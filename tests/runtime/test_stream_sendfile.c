/* Streams: files sent. asyncio's loop.sendfile. */
#include "stage.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>

enum { MUCH = 3000000 };

static int pair[2], file;
static tt_stream *stream; /* of pair[0] */
static char much[MUCH];   /* what is in the file */

static int open_file(void)
{
    for (size_t i = 0; i < MUCH; i++)
        much[i] = (char)(i * 7 + i / 251);
    file = memfd_create("much", MFD_CLOEXEC);
    return file >= 0 && write(file, much, MUCH) == MUCH && lseek(file, 11, SEEK_SET) == 11 ? 0 : -1;
}

static int open_pair(void **state)
{
    if (stage_open(state) < 0 || open_file() < 0)
        return -1;
    return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair);
}

static int open_pipe(void **state)
{
    int ends[2];

    if (stage_open(state) < 0 || open_file() < 0 || pipe2(ends, O_CLOEXEC) < 0)
        return -1;
    pair[0] = ends[1];
    pair[1] = ends[0];
    return 0;
}

static int close_pair(void **state)
{
    if (pair[1] >= 0)
        close(pair[1]);
    close(file);
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

/* Reads COUNT bytes at the other end, with the loop running meanwhile. Returns whether they are those of the file from
 * OFFSET on. */
static bool drain(size_t offset, size_t count)
{
    static char buffer[65536];

    fcntl(pair[1], F_SETFL, fcntl(pair[1], F_GETFL) | O_NONBLOCK);
    while (count > 0) {
        ssize_t got = read(pair[1], buffer, count < sizeof buffer ? count : sizeof buffer);

        if (got < 0 && tt_sleep(0) < 0)
            return false;
        if (got == 0 || (got > 0 && memcmp(buffer, much + offset, (size_t)got) != 0))
            return false;
        offset += got > 0 ? (size_t)got : 0;
        count -= got > 0 ? (size_t)got : 0;
    }
    return true;
}

struct range {
    size_t offset, size;
    ssize_t sent;
};

static int send_range(void *arg)
{
    struct range *range = arg;

    range->sent = tt_stream_sendfile(stream, file, (off_t)range->offset, range->size);
    return range->sent < 0 ? -1 : 0;
}

/* Sends from a task, and reads what should come. */
static int send_and_drain(size_t offset, size_t size, size_t expected)
{
    struct range range = {.offset = offset, .size = size};
    tt_task *task = tt_create_task(send_range, &range);
    int rc;

    if (tt_sleep(0) < 0)
        return -1;
    note("equal %d", drain(offset, expected));
    rc = tt_await(task);
    note("sent %zd", range.sent);
    tt_task_unref(task);
    return rc;
}

static int send_all(void *arg)
{
    (void)arg;
    if (send_and_drain(0, MUCH, MUCH) < 0)
        return -1;
    note("position %ld", (long)lseek(file, 0, SEEK_CUR));
    return 0;
}

static void a_file_is_sent_as_there_is_room_and_keeps_its_position(void **state)
{
    (void)state;
    assert_true(RUN(send_all));
    expect_notes("equal 1", "sent 3000000", "position 11");
}

static int send_parts(void *arg)
{
    (void)arg;
    return send_and_drain(1234567, 100, 100) < 0 || send_and_drain(MUCH - 10, 100, 10) < 0 ||
                   send_and_drain(MUCH + 10, 1, 0) < 0 || send_and_drain(5, 0, 0) < 0
               ? -1
               : tt_stream_write(stream, much, 1);
}

static void a_part_is_sent_and_less_where_the_file_ends(void **state)
{
    (void)state;
    assert_true(RUN(send_parts));
    expect_notes("equal 1", "sent 100", "equal 1", "sent 10", "equal 1", "sent 0", "equal 1", "sent 0");
}

/* The other end of a socket that blocks for others must not notice that it did not for us. */
static void a_socket_that_blocks_blocks_again_when_its_stream_is_closed(void **state)
{
    int again = dup(pair[0]);

    (void)state;
    assert_true(RUN(send_all));
    assert_int_equal(fcntl(again, F_GETFL) & O_NONBLOCK, 0);
    close(again);
    stage_forget_notes();
}

static int send_to_nobody(void *arg)
{
    (void)arg;
    close(pair[1]);
    pair[1] = -1;
    note("sent %zd", tt_stream_sendfile(stream, file, 0, 100));
    return note_and_drop("to nobody");
}

static void sending_to_somebody_who_has_gone_raises_and_never_signals(void **state)
{
    (void)state;
    assert_true(RUN(send_to_nobody));
    expect_notes("sent -1", "to nobody: BrokenPipeError(32, 'Broken pipe')");
    assert_ptr_equal(signal(SIGPIPE, SIG_DFL), SIG_DFL);
}

static void so_does_sending_to_a_socket_that_nobody_reads(void **state)
{
    sending_to_somebody_who_has_gone_raises_and_never_signals(state);
}

static bool breaks_off;

ssize_t __real_sendfile(int output, int input, off_t *offset, size_t size);
ssize_t __wrap_sendfile(int output, int input, off_t *offset, size_t size);

/* As TCP does when the reader goes in the middle: a part is sent, and the signal is raised by the same call. */
ssize_t __wrap_sendfile(int output, int input, off_t *offset, size_t size)
{
    size_t part = breaks_off ? (size + 1) / 2 : size;

    if (part < size)
        pthread_kill(pthread_self(), SIGPIPE);
    return __real_sendfile(output, input, offset, part);
}

static int send_a_part(void *arg)
{
    (void)arg;
    breaks_off = true;
    note("sent %zd", tt_stream_sendfile(stream, file, 0, 1000));
    breaks_off = false;
    return 0;
}

static void nor_does_a_part_that_was_sent_before_they_went(void **state)
{
    (void)state;
    assert_true(RUN(send_a_part));
    expect_notes("sent 1000");
}

static int send_what_is_not_open(void *arg)
{
    (void)arg;
    note("sent %zd", tt_stream_sendfile(stream, -1, 0, 100));
    note("%d", tt_exc_errno(tt_exc_pending()));
    note_and_drop("no file");
    return tt_stream_write(stream, much, 1);
}

static void what_is_no_file_is_an_error_after_which_writing_goes_on(void **state)
{
    (void)state;
    assert_true(RUN(send_what_is_not_open));
    expect_notes("sent -1", "9", "no file: OSError(9, 'Bad file descriptor')");
}

static int cancel_in_the_middle(void *arg)
{
    struct range range = {.size = MUCH};
    tt_task *task = tt_create_task(send_range, &range);

    (void)arg;
    if (tt_sleep(0) < 0)
        return -1;
    tt_task_cancel(task, NULL);
    if (tt_await(task) < 0)
        note_and_drop("sending");
    tt_task_unref(task);
    if (tt_stream_write(stream, much, 1) < 0)
        note_and_drop("writing");
    return 0;
}

static void cancelled_in_the_middle_it_ends_writing(void **state)
{
    (void)state;
    assert_true(RUN(cancel_in_the_middle));
    expect_notes("sending: CancelledError()", "writing: RuntimeError('Cannot call write() after a write was cut off')");
}

static int write_beside(void *arg)
{
    (void)arg;
    return tt_stream_write(stream, much + MUCH - 50, 50);
}

static int send_and_write(void *arg)
{
    struct range range = {.size = MUCH - 50};
    tt_task *sending = tt_create_task(send_range, &range), *writing = tt_create_task(write_beside, NULL);
    int rc;

    (void)arg;
    if (tt_sleep(0) < 0)
        return -1;
    note("equal %d", drain(0, MUCH));
    note("sent %zd", range.sent);
    rc = tt_await(sending) < 0 || tt_await(writing) < 0 ? -1 : 0;
    tt_task_unref(sending);
    tt_task_unref(writing);
    return rc;
}

static void a_write_waits_until_a_file_is_sent(void **state)
{
    (void)state;
    assert_true(RUN(send_and_write));
    expect_notes("equal 1", "sent 2999950");
}

static int append(void *arg)
{
    static char there[100000];
    int to = memfd_create("to", MFD_CLOEXEC);
    tt_stream *appended;
    ssize_t sent = 0;

    (void)arg;
    fcntl(to, F_SETFL, O_APPEND);
    appended = tt_stream_open(dup(to), 0);
    if (appended)
        sent = tt_stream_sendfile(appended, file, 3, sizeof there);
    note("sent %zd", sent);
    note("equal %d", pread(to, there, sizeof there, 0) == sizeof there && memcmp(there, much + 3, sizeof there) == 0);
    tt_stream_close(appended);
    close(to);
    return sent < 0 ? -1 : 0;
}

static void what_the_system_does_not_send_is_copied(void **state)
{
    (void)state;
    assert_true(RUN(append));
    expect_notes("sent 100000", "equal 1");
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test_with_pair(a_file_is_sent_as_there_is_room_and_keeps_its_position),
    cmocka_unit_test_with_pipe(a_part_is_sent_and_less_where_the_file_ends),
    cmocka_unit_test_with_pair(a_socket_that_blocks_blocks_again_when_its_stream_is_closed),
    cmocka_unit_test_with_pipe(sending_to_somebody_who_has_gone_raises_and_never_signals),
    cmocka_unit_test_with_pair(so_does_sending_to_a_socket_that_nobody_reads),
    cmocka_unit_test_with_pair(nor_does_a_part_that_was_sent_before_they_went),
    cmocka_unit_test_with_pair(what_is_no_file_is_an_error_after_which_writing_goes_on),
    cmocka_unit_test_with_pair(cancelled_in_the_middle_it_ends_writing),
    cmocka_unit_test_with_pair(a_write_waits_until_a_file_is_sent),
    cmocka_unit_test_with_pair(what_the_system_does_not_send_is_copied),
};

TT_TEST_MAIN(cases)
