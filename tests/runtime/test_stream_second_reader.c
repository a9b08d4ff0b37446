/* Streams: a second task that reads while one does is refused, whatever either wants and whatever is buffered, and the
 * first one gets all that comes. */
#include "stage.h"

#include <errno.h>
#include <sys/socket.h>

static int pair[2];
static tt_stream *stream; /* of pair[0] */

static char bytes[300 * 1000]; /* what the first one reads; beyond this no buffer has room */
static char others[sizeof bytes];

/* One way to read: returns how many bytes, which are at *OUT_DATA. */
typedef ssize_t read_fn(const char **out_data);

static ssize_t read_line(const char **out_data)
{
    return tt_stream_readline(stream, out_data);
}

static ssize_t read_until_newline(const char **out_data)
{
    return tt_stream_read_until(stream, "\n", 1, out_data);
}

static ssize_t read_exactly(char *buffer, size_t size, const char **out_data)
{
    *out_data = buffer;
    return tt_stream_read_exactly(stream, buffer, size) < 0 ? -1 : (ssize_t)size;
}

static ssize_t read_six(const char **out_data)
{
    return read_exactly(bytes, 6, out_data);
}

/* Has to wait for all of the buffer that a stream begins with. */
static ssize_t read_a_page(const char **out_data)
{
    return read_exactly(bytes, 4096, out_data);
}

static int first(void *fn)
{
    const char *data;
    ssize_t size = (*(read_fn **)fn)(&data);

    if (size < 0)
        return -1;
    note("first: %zd '%.3s'", size, data);
    return 0;
}

static void note_second(const char *label, ssize_t size)
{
    if (size < 0)
        note_and_drop(label);
    else
        note("%s: %zd", label, size);
}

/* Each way to read, of little and of more than there is room for. */
static void read_in_all_ways(void)
{
    const char *data;

    note_second("read", tt_stream_read(stream, others, 3));
    note_second("read nothing", tt_stream_read(stream, others, 0));
    note_second("read much", tt_stream_read(stream, others, sizeof others));
    note_second("exactly", tt_stream_read_exactly(stream, others, 1));
    note_second("exactly much", tt_stream_read_exactly(stream, others, sizeof others));
    note_second("until", tt_stream_read_until(stream, "b", 1, &data));
    note_second("line", tt_stream_readline(stream, &data));
}

static int put(const char *data, size_t size)
{
    return write(pair[1], data, size) == (ssize_t)size ? 0 : tt_raise_errno(EIO, "write");
}

/* What the first one waits with: BEFORE bytes have come, AFTER are still to come. */
struct situation {
    read_fn *fn;
    size_t before, after;
};

static int read_beside(void *arg)
{
    const struct situation *situation = arg;
    size_t size = situation->before + situation->after;
    char *text = others; /* a second reader that were let in would write to where it is no more needed */
    tt_task *task = tt_create_task(first, (void *)&situation->fn);
    int rc;

    memset(text, 'b', size);
    text[0] = 'a';
    text[size - 1] = '\n';
    if (tt_sleep(0) < 0 || put(text, situation->before) < 0 || tt_sleep(TT_MSEC(1)) < 0 || tt_sleep(0) < 0)
        return -1;
    read_in_all_ways();
    text[situation->after - 1] = '\n';
    rc =
        put(text, situation->after - 1) < 0 || tt_sleep(TT_MSEC(1)) < 0 || tt_sleep(0) < 0 || put("\n", 1) < 0 ? -1 : 0;
    if (tt_await(task) < 0)
        rc = -1;
    tt_task_unref(task);
    note("end %d", tt_stream_at_eof(stream));
    return rc;
}

static int with_pair(void *arg)
{
    int rc = -1;

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
        return tt_raise_errno(errno, "socketpair");
    stream = tt_stream_open(pair[0], 0);
    if (stream)
        rc = ((tt_coro_fn *)((void **)arg)[0])(((void **)arg)[1]);
    tt_stream_close(stream);
    close(pair[1]);
    return rc;
}

#define RUN(fn, arg) stage_run(with_pair, (void *[]){(void *)(fn), (arg)})

#define REFUSED(call) "RuntimeError('" call "() called while another coroutine is already waiting for incoming data')"
#define ALL_REFUSED                                                                                                  \
    "read: " REFUSED("read"), "read nothing: " REFUSED("read"), "read much: " REFUSED("read"),                       \
        "exactly: " REFUSED("readexactly"), "exactly much: " REFUSED("readexactly"), "until: " REFUSED("readuntil"), \
        "line: " REFUSED("readuntil")

static void a_reader_keeps_the_buffer_that_it_waits_with(void **state)
{
    (void)state;
    assert_true(RUN(read_beside, (&(struct situation){read_line, 0, 6})));
    expect_notes(ALL_REFUSED, "first: 6 'abb'", "end 0");
}

static void what_a_reader_has_searched_stays(void **state)
{
    (void)state;
    assert_true(RUN(read_beside, (&(struct situation){read_line, 3, 3})));
    expect_notes(ALL_REFUSED, "first: 6 'abb'", "end 0");
    assert_true(RUN(read_beside, (&(struct situation){read_until_newline, 3, 3})));
    expect_notes(ALL_REFUSED, "first: 6 'abb'", "end 0");
}

static void what_a_reader_has_gathered_stays(void **state)
{
    (void)state;
    assert_true(RUN(read_beside, (&(struct situation){read_six, 3, 3})));
    expect_notes(ALL_REFUSED, "first: 6 'abb'", "end 0");
    assert_true(RUN(read_beside, (&(struct situation){read_a_page, 4000, 96})));
    expect_notes(ALL_REFUSED, "first: 4096 'abb'", "end 0");
}

#define ABORTED "ConnectionAbortedError(103, 'Software caused connection abort')"

/* The first one is told of the abort, and has not run yet. */
static int read_before_the_first_one_runs(void *arg)
{
    tt_task *task = tt_create_task(first, &(read_fn *){read_six});
    int rc;

    (void)arg;
    if (tt_sleep(0) < 0 || put("abc", 3) < 0 || tt_sleep(TT_MSEC(1)) < 0 || tt_sleep(0) < 0)
        return -1;
    tt_stream_abort(stream);
    read_in_all_ways();
    rc = tt_await(task);
    if (rc < 0)
        rc = note_and_drop("first");
    tt_task_unref(task);
    return rc;
}

static void on_a_stream_that_was_aborted_both_are_told(void **state)
{
    (void)state;
    assert_true(RUN(read_before_the_first_one_runs, NULL));
    expect_notes("read: " ABORTED, "read nothing: " ABORTED, "read much: " ABORTED, "exactly: " ABORTED,
                 "exactly much: " ABORTED, "until: " ABORTED, "line: " ABORTED, "first: " ABORTED);
}

static int read_what_a_peer_claims(void *arg)
{
    size_t claimed = (size_t)1 << 40;
    char *nowhere = others; /* nothing is written to it, since not all of it comes */
    int rc;

    (void)arg;
    if (put("abc", 3) < 0)
        return -1;
    shutdown(pair[1], SHUT_WR);
    rc = tt_stream_read_exactly(stream, nowhere, claimed);
    note_second("exactly", rc);
    note_second("read", tt_stream_read(stream, others, 8));
    return 0;
}

static void memory_goes_with_what_comes_not_with_what_is_asked_for(void **state)
{
    (void)state;
    assert_true(RUN(read_what_a_peer_claims, NULL));
    expect_notes("exactly: IncompleteReadError('3 bytes read on a total of 1099511627776 expected bytes')", "read: 3");
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test_on_stage(a_reader_keeps_the_buffer_that_it_waits_with),
    cmocka_unit_test_on_stage(what_a_reader_has_searched_stays),
    cmocka_unit_test_on_stage(what_a_reader_has_gathered_stays),
    cmocka_unit_test_on_stage(on_a_stream_that_was_aborted_both_are_told),
    cmocka_unit_test_on_stage(memory_goes_with_what_comes_not_with_what_is_asked_for),
};

TT_TEST_MAIN(cases)
