/* Streams: reading. asyncio's StreamReader, and what is told of streams.
 *
 * Past 600 lines: each way to read is tried with data, without, at the end, cancelled and beyond the limit. */
#include "stage.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>

static int pair[2];
static tt_stream *stream; /* of pair[0] */

static int open_pair(void **state)
{
    if (stage_open(state) < 0)
        return -1;
    return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair);
}

static int close_pair(void **state)
{
    if (pair[1] >= 0)
        close(pair[1]);
    return stage_close(state);
}

#define cmocka_unit_test_with_pair(...) STAGE_CASE(__VA_ARGS__, open_pair, close_pair)

static void put(const char *text)
{
    assert_int_equal(write(pair[1], text, strlen(text)), strlen(text));
}

static void hang_up(void)
{
    close(pair[1]);
    pair[1] = -1;
}

/* Opens the stream, calls the function at ARG, closes it. */
static int with_limit(tt_coro_fn *fn, size_t limit)
{
    int rc;

    stream = tt_stream_open(pair[0], limit);
    if (!stream)
        return -1;
    rc = fn(NULL);
    tt_stream_close(stream);
    return rc;
}

static int with_stream(void *fn)
{
    return with_limit(*(tt_coro_fn **)fn, 0);
}

static int with_limit_of_four(void *fn)
{
    return with_limit(*(tt_coro_fn **)fn, 4);
}

#define RUN(fn)            stage_run(with_stream, &(tt_coro_fn *){fn})
#define RUN_WITH_LIMIT(fn) stage_run(with_limit_of_four, &(tt_coro_fn *){fn})

/* Notes what a call gave, or raised. */
static void note_data(const char *label, ssize_t size, const char *data)
{
    if (size < 0)
        note_and_drop(label);
    else
        note("%s: %zd '%.*s'", label, size, (int)size, size > 0 ? data : "");
}

static void read_and_note(size_t size)
{
    char buffer[64];

    note_data("read", tt_stream_read(stream, buffer, size), buffer);
}

static void read_exactly_and_note(size_t size)
{
    char buffer[64];
    int rc = tt_stream_read_exactly(stream, buffer, size);

    note_data("exactly", rc < 0 ? -1 : (ssize_t)size, buffer);
}

static void read_until_and_note(const char *separator)
{
    const char *data = NULL;
    ssize_t size = tt_stream_read_until(stream, separator, strlen(separator), &data);

    note_data("until", size, data);
}

static void readline_and_note(void)
{
    const char *data = NULL;
    ssize_t size = tt_stream_readline(stream, &data);

    note_data("line", size, data);
}

/* -------------------------------------------------------------------------------------------------------------- read */

static int read_twice(void *arg)
{
    (void)arg;
    read_and_note(3);
    read_and_note(64);
    read_and_note(64);
    note("%d", tt_stream_at_eof(stream));
    read_and_note(64);
    return 0;
}

static void read_gives_what_is_there_and_nothing_at_the_end(void **state)
{
    (void)state;
    put("abcde");
    hang_up();
    assert_true(RUN(read_twice));
    expect_notes("read: 3 'abc'", "read: 2 'de'", "read: 0 ''", "1", "read: 0 ''");
}

static int put_later(void *text)
{
    if (tt_sleep(TT_MSEC(1)) < 0)
        return -1;
    put(text);
    return 0;
}

static int read_what_comes_later(void *arg)
{
    if (tt_spawn(put_later, "late") < 0)
        return -1;
    read_and_note(64);
    return arg ? -1 : 0;
}

static void read_waits_until_something_comes(void **state)
{
    (void)state;
    assert_true(RUN(read_what_comes_later));
    expect_notes("read: 4 'late'");
}

static int read_nothing(void *arg)
{
    (void)arg;
    read_and_note(0);
    read_exactly_and_note(0);
    return 0;
}

static void reading_nothing_does_not_wait(void **state)
{
    (void)state;
    assert_true(RUN(read_nothing));
    expect_notes("read: 0 ''", "exactly: 0 ''");
}

static int read_some(void *arg)
{
    (void)arg;
    read_and_note(64);
    return 0;
}

static int read_beside_another(void *arg)
{
    tt_task *task = tt_create_task(read_some, NULL);

    (void)arg;
    if (tt_sleep(0) < 0)
        return -1;
    read_and_note(1);
    read_exactly_and_note(1);
    read_until_and_note("x");
    put("abc");
    if (tt_await(task) < 0)
        return -1;
    tt_task_unref(task);
    return 0;
}

static void a_second_reader_is_a_runtime_error(void **state)
{
    (void)state;
    assert_true(RUN(read_beside_another));
    expect_notes(
        "read: RuntimeError('read() called while another coroutine is already waiting for incoming data')",
        "exactly: RuntimeError('readexactly() called while another coroutine is already waiting for incoming data')",
        "until: RuntimeError('readuntil() called while another coroutine is already waiting for incoming data')",
        "read: 3 'abc'");
}

static int cancel_a_read(void *arg)
{
    tt_task *task = tt_create_task(read_some, NULL);

    (void)arg;
    if (tt_sleep(0) < 0)
        return -1;
    put("kept");
    tt_task_cancel(task, NULL);
    if (tt_await(task) < 0)
        return -1;
    tt_task_unref(task);
    read_and_note(64);
    return 0;
}

static void a_cancelled_read_has_taken_nothing(void **state)
{
    (void)state;
    assert_true(RUN(cancel_a_read));
    expect_notes("read: CancelledError()", "read: 4 'kept'");
}

static int read_and_count(void *count)
{
    char buffer[8];
    ssize_t size = tt_stream_read(stream, buffer, sizeof buffer);

    *(ssize_t *)count = size;
    return size < 0 ? -1 : 0;
}

/* A read that waits is cancelled TURNS turns after data has come: it got it, or the next one does. */
static int cancel_turns_after(int turns)
{
    ssize_t first = -1;
    tt_task *task = tt_create_task(read_and_count, &first);

    if (tt_sleep(0) < 0 || tt_sleep(0) < 0)
        return -1;
    put("kept");
    while (turns-- > 0)
        if (tt_sleep(0) < 0)
            return -1;
    tt_task_cancel(task, NULL);
    if (tt_await(task) < 0 && tt_catch(&tt_CancelledError) && tt_catch_end() < 0)
        return -1;
    tt_task_unref(task);
    if (first < 0)
        read_and_note(64);
    else
        note("read: %zd 'kept'", first);
    return 0;
}

static int cancel_in_each_turn(void *arg)
{
    (void)arg;
    for (int turns = 0; turns < 4; turns++)
        if (cancel_turns_after(turns) < 0)
            return -1;
    return 0;
}

static void a_read_that_is_cancelled_when_data_has_come_has_taken_nothing(void **state)
{
    (void)state;
    assert_true(RUN(cancel_in_each_turn));
    expect_notes("read: 4 'kept'", "read: 4 'kept'", "read: 4 'kept'", "read: 4 'kept'");
}

/* ----------------------------------------------------------------------------------------------------------- exactly */

static int read_exactly_in_pieces(void *arg)
{
    (void)arg;
    if (tt_spawn(put_later, "def") < 0)
        return -1;
    read_exactly_and_note(5);
    read_and_note(64);
    return 0;
}

static void read_exactly_waits_for_all_of_it(void **state)
{
    (void)state;
    put("abc");
    assert_true(RUN(read_exactly_in_pieces));
    expect_notes("exactly: 5 'abcde'", "read: 1 'f'");
}

static int read_too_much(void *arg)
{
    char buffer[8];

    (void)arg;
    if (tt_stream_read_exactly(stream, buffer, 8) < 0) {
        const struct tt_incomplete_read *data = tt_exc_data(tt_exc_pending(), &tt_IncompleteReadError);

        note("%zu of %zu, EOFError %d", data->partial, data->expected, tt_exc_is(tt_exc_pending(), &tt_EOFError));
    }
    note_and_drop("exactly");
    read_and_note(64);
    return 0;
}

static void read_exactly_at_the_end_tells_how_much_came_and_keeps_it(void **state)
{
    (void)state;
    put("abc");
    hang_up();
    assert_true(RUN(read_too_much));
    expect_notes("3 of 8, EOFError 1", "exactly: IncompleteReadError('3 bytes read on a total of 8 expected bytes')",
                 "read: 3 'abc'");
}

static int read_exactly_five(void *arg)
{
    (void)arg;
    read_exactly_and_note(5);
    return 0;
}

static int cancel_read_exactly(void *arg)
{
    tt_task *task = tt_create_task(read_exactly_five, NULL);

    (void)arg;
    put("abc");
    if (tt_sleep(TT_MSEC(2)) < 0)
        return -1;
    tt_task_cancel(task, NULL);
    if (tt_await(task) < 0)
        return -1;
    tt_task_unref(task);
    put("de");
    read_exactly_and_note(5);
    return 0;
}

static void a_cancelled_read_exactly_loses_nothing(void **state)
{
    (void)state;
    assert_true(RUN(cancel_read_exactly));
    expect_notes("exactly: CancelledError()", "exactly: 5 'abcde'");
}

enum { MUCH = 300000 };

static int write_much(void *arg)
{
    char *data = arg;

    for (size_t written = 0; written < MUCH;) {
        ssize_t count = send(pair[1], data + written, MUCH - written, MSG_DONTWAIT);

        if (count > 0)
            written += (size_t)count;
        else if (tt_sleep(0) < 0)
            return -1;
    }
    return 0;
}

static int read_much(void *arg)
{
    char *sent = malloc(MUCH), *received = malloc(MUCH);
    int rc = -1;

    (void)arg;
    for (size_t i = 0; i < MUCH; i++)
        sent[i] = (char)(i * 7 + i / 251);
    tt_task *task = tt_create_task(write_much, sent);
    if (tt_stream_read_exactly(stream, received, MUCH) == 0 && tt_await(task) == 0) {
        note("equal %d", memcmp(sent, received, MUCH) == 0);
        rc = 0;
    }
    tt_task_unref(task);
    free(sent);
    free(received);
    return rc;
}

static void read_exactly_reads_more_than_any_buffer_holds(void **state)
{
    (void)state;
    assert_true(RUN(read_much));
    expect_notes("equal 1");
}

/* ------------------------------------------------------------------------------------------------------------- until */

static int read_until_each(void *arg)
{
    (void)arg;
    read_until_and_note("--");
    read_until_and_note("--");
    read_until_and_note("--");
    read_and_note(64);
    read_until_and_note("");
    return 0;
}

static void read_until_takes_the_separator_with_it(void **state)
{
    (void)state;
    put("a--b---c");
    hang_up();
    assert_true(RUN(read_until_each));
    expect_notes("until: 3 'a--'", "until: 3 'b--'",
                 "until: IncompleteReadError('2 bytes read on a total of undefined expected bytes')", "read: 2 '-c'",
                 "until: ValueError('Separator should be at least one-byte string')");
}

static int read_split_separator(void *arg)
{
    (void)arg;
    if (tt_spawn(put_later, "-c--") < 0)
        return -1;
    read_until_and_note("--");
    read_until_and_note("--");
    return 0;
}

static void a_separator_can_come_in_two_pieces(void **state)
{
    (void)state;
    put("ab-");
    assert_true(RUN(read_split_separator));
    expect_notes("until: 4 'ab--'", "until: 3 'c--'");
}

static int read_beyond_limit(void *arg)
{
    const char *data;

    (void)arg;
    read_until_and_note("\n");
    if (tt_stream_read_until(stream, "\n", 1, &data) < 0) {
        note("consumed %zu", *(size_t *)tt_exc_data(tt_exc_pending(), &tt_LimitOverrunError));
        note_and_drop("until");
    }
    read_and_note(5);
    read_until_and_note("\n");
    read_until_and_note("\n");
    read_and_note(64);
    return 0;
}

static void a_separator_beyond_the_limit_is_an_overrun_that_loses_nothing(void **state)
{
    (void)state;
    put("1234\n12345\nabcdefgh");
    hang_up();
    assert_true(RUN_WITH_LIMIT(read_beyond_limit));
    expect_notes("until: 5 '1234\n'", "consumed 5",
                 "until: LimitOverrunError('Separator is found, but chunk is longer than limit')", "read: 5 '12345'",
                 "until: 1 '\n'", "until: LimitOverrunError('Separator is not found, and chunk exceed the limit')",
                 "read: 8 'abcdefgh'");
}

static int read_lines(void *arg)
{
    (void)arg;
    for (int i = 0; i < 4; i++)
        readline_and_note();
    return 0;
}

static void the_last_line_need_not_have_a_newline(void **state)
{
    (void)state;
    put("one\n\ntwo");
    hang_up();
    assert_true(RUN(read_lines));
    expect_notes("line: 4 'one\n'", "line: 1 '\n'", "line: 3 'two'", "line: 0 ''");
}

static void a_line_that_is_too_long_is_dropped_as_asyncio_drops_it(void **state)
{
    (void)state;
    put("12345\nok\nabcdefgh");
    hang_up();
    assert_true(RUN_WITH_LIMIT(read_lines));
    expect_notes("line: ValueError('Separator is found, but chunk is longer than limit')", "line: 3 'ok\n'",
                 "line: ValueError('Separator is not found, and chunk exceed the limit')", "line: 0 ''");
}

static int read_a_long_line(void *arg)
{
    static char text[40001];
    const char *data;
    ssize_t size;

    (void)arg;
    memset(text, 'x', sizeof text - 2);
    text[sizeof text - 2] = '\n';
    if (tt_spawn(put_later, text) < 0)
        return -1;
    size = tt_stream_readline(stream, &data);
    note("%zd %d", size, size > 0 && memcmp(data, text, (size_t)size) == 0);
    return 0;
}

static void a_line_of_many_pieces_is_one_line(void **state)
{
    (void)state;
    assert_true(RUN(read_a_long_line));
    expect_notes("40000 1");
}

/* ------------------------------------------------------------------------------------------------------------- errors */

static int read_inside_of_a_timeout(void *arg)
{
    tt_timeout *timeout = tt_timeout_enter(TT_MSEC(5));
    int rc;

    (void)arg;
    rc = (int)tt_stream_read(stream, &(char){0}, 1);
    if (tt_timeout_exit(timeout, rc) < 0)
        note_and_drop("timeout");
    put("x");
    read_and_note(8);
    return 0;
}

static void a_read_ends_with_its_timeout_and_the_stream_works_on(void **state)
{
    (void)state;
    assert_true(RUN(read_inside_of_a_timeout));
    expect_notes("timeout: TimeoutError()", "read: 1 'x'");
}

static int read_after_abort(void *arg)
{
    char text[128];

    (void)arg;
    read_until_and_note("b");
    snprintf(text, sizeof text, "%d", tt_stream_descriptor(stream));
    tt_stream_abort(stream);
    tt_stream_abort(stream);
    note("descriptor %d", tt_stream_descriptor(stream));
    read_and_note(8);
    if (tt_stream_read(stream, text, 8) < 0) {
        note("errno %d, aborted %d", tt_exc_errno(tt_exc_pending()),
             tt_exc_is(tt_exc_pending(), &tt_ConnectionAbortedError));
        note("names what it was %d", strstr(tt_exc_message(tt_exc_pending()), ": read from descriptor ") != NULL);
        if (tt_catch(&tt_OSError))
            return tt_catch_end();
    }
    return -1;
}

static void an_aborted_stream_gives_what_was_buffered_and_then_raises(void **state)
{
    (void)state;
    put("abcd");
    assert_true(RUN(read_after_abort));
    expect_notes("until: 2 'ab'", "descriptor -1", "read: 2 'cd'", "errno 103, aborted 1", "names what it was 1");
}

static int close_the_stream(void *arg)
{
    (void)arg;
    if (tt_sleep(0) < 0)
        return -1;
    tt_stream_close(stream);
    return 0;
}

static int read_while_it_is_closed(void *arg)
{
    char byte;

    (void)arg;
    stream = tt_stream_open(pair[0], 0);
    if (!stream || tt_spawn(close_the_stream, NULL) < 0)
        return -1;
    if (tt_stream_read(stream, &byte, 1) < 0) {
        note("aborted %d", tt_exc_is(tt_exc_pending(), &tt_ConnectionAbortedError));
        if (tt_catch(&tt_OSError))
            return tt_catch_end();
    }
    return -1;
}

static void who_reads_when_the_stream_is_closed_is_told(void **state)
{
    (void)state;
    assert_true(stage_run(read_while_it_is_closed, NULL));
    expect_notes("aborted 1");
}

static int close_deferred(void *arg)
{
    (void)arg;
    tt_stream_close(stream);
    return 0;
}

static int read_for_ever(void *arg)
{
    (void)arg;
    stream = tt_stream_open(pair[0], 0);
    if (!stream || tt_defer(close_deferred, NULL) < 0)
        return -1;
    return (int)tt_stream_read_exactly(stream, &(char){0}, 1);
}

static void a_reader_is_abandoned_with_its_loop(void **state)
{
    const struct tt_task_options options = {.loop = stage_loop, .name = "t"};

    (void)state;
    assert_int_equal(tt_spawn_with(read_for_ever, NULL, &options), 0);
    stage_turns(2);
    stage_close_loop();
    expect_notes("handler: Task was destroyed but it is pending! [message, task] None of t");
}

static tt_stream *kept;

static int keep_stream(void *arg)
{
    (void)arg;
    kept = tt_stream_open(pair[0], 0);
    return kept ? (int)tt_stream_write(kept, "x", 1) : -1;
}

static void a_stream_can_be_closed_after_its_loop(void **state)
{
    char byte;

    (void)state;
    assert_true(stage_run(keep_stream, NULL));
    stage_close_loop();
    tt_stream_close(kept);
    assert_int_equal(read(pair[1], &byte, 1), 1);
    assert_int_equal(read(pair[1], &byte, 1), 0);
}

static int open_refused(void *arg)
{
    (void)arg;
    if (!tt_stream_open(1000, 0))
        note_and_drop("open");
    if (!tt_stream_open(-1, 0))
        note_and_drop("open");
    return 0;
}

static void what_is_no_descriptor_is_refused(void **state)
{
    (void)state;
    close(pair[0]);
    assert_true(stage_run(open_refused, NULL));
    assert_null(tt_stream_open(pair[1], 0));
    note_and_drop("outside");
    expect_notes("open: OSError(9, 'Bad file descriptor')", "open: OSError(9, 'Bad file descriptor')",
                 "outside: RuntimeError('no running event loop')");
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test_with_pair(read_gives_what_is_there_and_nothing_at_the_end),
    cmocka_unit_test_with_pair(read_waits_until_something_comes),
    cmocka_unit_test_with_pair(reading_nothing_does_not_wait),
    cmocka_unit_test_with_pair(a_second_reader_is_a_runtime_error),
    cmocka_unit_test_with_pair(a_cancelled_read_has_taken_nothing),
    cmocka_unit_test_with_pair(a_read_that_is_cancelled_when_data_has_come_has_taken_nothing),
    cmocka_unit_test_with_pair(read_exactly_waits_for_all_of_it),
    cmocka_unit_test_with_pair(read_exactly_at_the_end_tells_how_much_came_and_keeps_it),
    cmocka_unit_test_with_pair(a_cancelled_read_exactly_loses_nothing),
    cmocka_unit_test_with_pair(read_exactly_reads_more_than_any_buffer_holds),
    cmocka_unit_test_with_pair(read_until_takes_the_separator_with_it),
    cmocka_unit_test_with_pair(a_separator_can_come_in_two_pieces),
    cmocka_unit_test_with_pair(a_separator_beyond_the_limit_is_an_overrun_that_loses_nothing),
    cmocka_unit_test_with_pair(the_last_line_need_not_have_a_newline),
    cmocka_unit_test_with_pair(a_line_that_is_too_long_is_dropped_as_asyncio_drops_it),
    cmocka_unit_test_with_pair(a_line_of_many_pieces_is_one_line),
    cmocka_unit_test_with_pair(a_read_ends_with_its_timeout_and_the_stream_works_on),
    cmocka_unit_test_with_pair(an_aborted_stream_gives_what_was_buffered_and_then_raises),
    cmocka_unit_test_with_pair(who_reads_when_the_stream_is_closed_is_told),
    cmocka_unit_test_with_pair(a_reader_is_abandoned_with_its_loop),
    cmocka_unit_test_with_pair(a_stream_can_be_closed_after_its_loop),
    cmocka_unit_test_with_pair(what_is_no_descriptor_is_refused),
};

TT_TEST_MAIN(cases)
