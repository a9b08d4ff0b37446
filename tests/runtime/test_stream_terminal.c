/* Streams of a terminal: a real one, at whose other end the test types and reads (openpty). */
#include "stage.h"

#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <termios.h>

enum { MUCH = 300000 };

static int master, slave; /* the slave becomes a stream's */

/* It shows what is written as it is, echoes nothing, and gives whole lines. */
static int open_terminal(void **state)
{
    struct termios modes;
    int rc = stage_open(state); /* which counts descriptors */

    if (openpty(&master, &slave, NULL, NULL, NULL) < 0 || tcgetattr(slave, &modes) < 0)
        return -1;
    modes.c_lflag &= ~(tcflag_t)ECHO;
    modes.c_oflag &= ~(tcflag_t)OPOST;
    if (tcsetattr(slave, TCSANOW, &modes) < 0 || fcntl(master, F_SETFL, O_NONBLOCK) < 0)
        return -1;
    return rc;
}

static int close_terminal(void **state)
{
    if (master >= 0)
        close(master);
    return stage_close(state);
}

static int close_stream(void *stream)
{
    tt_stream_close(stream);
    return 0;
}

/* NULL: an exception is pending. */
static tt_stream *open_stream(void)
{
    tt_stream *stream = tt_stream_open(slave, 0);

    return stream && tt_defer(close_stream, stream) == 0 ? stream : NULL;
}

static int type(void *text)
{
    if (write(master, text, strlen(text)) < 0)
        note("nobody types");
    return 0;
}

static int read_lines(void *arg)
{
    tt_stream *stream = open_stream();
    const char *line;
    tt_timeout *timeout;
    ssize_t size;

    (void)arg;
    if (!stream || tt_loop_call_soon(NULL, type, "half a ", NULL) < 0)
        return -1;
    timeout = tt_timeout_enter(TT_MSEC(30));
    size = tt_stream_readline(stream, &line); /* half a line is not given, and not lost */
    if (tt_timeout_exit(timeout, (int)size) == 0 || !tt_catch(&tt_TimeoutError) || tt_catch_end() < 0)
        return -1;
    if (tt_loop_call_later(NULL, TT_MSEC(5), type, "line\nand one\n", NULL) < 0)
        return -1;
    for (int i = 0; i < 2; i++) {
        size = tt_stream_readline(stream, &line);
        note("%.*s", size > 0 ? (int)size - 1 : 0, size > 0 ? line : "");
    }
    if (tt_loop_call_soon(NULL, type, "\x04", NULL) < 0) /* control-D */
        return -1;
    size = tt_stream_readline(stream, &line);
    note("end %zd %d", size, tt_stream_at_eof(stream));
    return size < 0 ? -1 : 0;
}

static void lines_are_read_as_they_are_typed(void **state)
{
    (void)state;
    assert_true(stage_run(read_lines, NULL));
    expect_notes("half a line", "and one", "end 0 1");
}

/* Reads what the terminal shows, slowly. */
static int look(void *arg)
{
    static char screen[4096];
    size_t *seen = arg;

    while (*seen < MUCH) {
        ssize_t size = read(master, screen, sizeof screen);

        if (size > 0)
            *seen += (size_t)size;
        if (tt_sleep(0) < 0)
            return -1;
    }
    return 0;
}

static int write_much(void *arg)
{
    static char much[MUCH];
    tt_stream *stream = open_stream();
    size_t seen = 0;
    tt_task *task;
    int rc;

    (void)arg;
    memset(much, 'x', sizeof much);
    task = stream ? tt_create_task(look, &seen) : NULL;
    if (!task)
        return -1;
    rc = tt_stream_write(stream, much, sizeof much); /* many times more than a terminal takes at once */
    if (rc == 0)
        rc = tt_await(task);
    tt_task_unref(task);
    note("%zu", seen);
    if (tt_stream_write_eof(stream) < 0 && tt_catch(&tt_NotImplementedError)) {
        note("eof");
        rc = tt_catch_end();
    }
    return rc;
}

static void more_is_written_than_it_takes_at_once(void **state)
{
    (void)state;
    assert_true(stage_run(write_much, NULL));
    expect_notes("300000", "eof");
}

static int hang_up(void *arg)
{
    (void)arg;
    close(master);
    master = -1;
    return 0;
}

static int read_until_hung_up(void *arg)
{
    tt_stream *stream = open_stream();
    char byte;
    ssize_t size;

    (void)arg;
    if (!stream || tt_loop_call_later(NULL, TT_MSEC(5), hang_up, NULL, NULL) < 0)
        return -1;
    size = tt_stream_read(stream, &byte, 1);
    if (size < 0 && tt_exc_errno(tt_exc_pending()) == EIO) /* some kernels say the end by that */
        size = note_and_drop("read");
    stage_forget_notes();
    note("%zd", size);
    if (tt_stream_write(stream, "x", 1) < 0)
        note("write: %d", tt_exc_errno(tt_exc_pending()) == EIO);
    return note_and_drop("write");
}

static void a_terminal_that_hangs_up_wakes_who_reads(void **state)
{
    (void)state;
    assert_true(stage_run(read_until_hung_up, NULL));
    expect_notes("0", "write: 1", "write: OSError(5, 'Input/output error')");
}

static int open_and_close(void *arg)
{
    int other = fcntl(slave, F_DUPFD_CLOEXEC, 3), before = fcntl(other, F_GETFL);
    tt_stream *stream = tt_stream_open(slave, 0);

    (void)arg;
    note("%d", (fcntl(other, F_GETFL) & O_NONBLOCK) != 0);
    tt_stream_close(stream);
    note("%d", fcntl(other, F_GETFL) == before);
    close(other);
    return 0;
}

static void a_terminal_gets_its_flags_back(void **state)
{
    (void)state;
    assert_true(stage_run(open_and_close, NULL));
    expect_notes("1", "1");
}

#define cmocka_unit_test_at_terminal(...) STAGE_CASE(__VA_ARGS__, open_terminal, close_terminal)

static const struct CMUnitTest cases[] = {
    cmocka_unit_test_at_terminal(lines_are_read_as_they_are_typed),
    cmocka_unit_test_at_terminal(more_is_written_than_it_takes_at_once),
    cmocka_unit_test_at_terminal(a_terminal_that_hangs_up_wakes_who_reads),
    cmocka_unit_test_at_terminal(a_terminal_gets_its_flags_back),
};

TT_TEST_MAIN(cases)
