/* Streams: an option that does not exist, and calls after an abort. */
#include "stage.h"

#include <errno.h>
#include <sys/socket.h>

#define ABORTED "ConnectionAbortedError(103, 'Software caused connection abort')"

static void note_option(tt_stream *stream, int option)
{
    if (tt_stream_set_option(stream, (enum tt_stream_option)option, 1) < 0)
        note_and_drop("set");
    else
        note("set");
}

static void note_read(tt_stream *stream)
{
    char buffer[8];
    ssize_t size = tt_stream_read(stream, buffer, sizeof buffer);

    if (size < 0)
        note_and_drop("read");
    else
        note("read %zd", size);
}

static int with_pair(void *fn)
{
    int pair[2];
    tt_stream *stream;

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
        return tt_raise_errno(errno, "socketpair");
    close(pair[1]);
    stream = tt_stream_open(pair[0], 0);
    if (!stream)
        return -1;
    (*(void (**)(tt_stream *))fn)(stream);
    tt_stream_close(stream);
    return 0;
}

#define RUN(fn) stage_run(with_pair, &(void (*)(tt_stream *)){fn})

static void set_unknown_options(tt_stream *stream)
{
    note_option(stream, TT_STREAM_RECEIVE_BUFFER);
    note_option(stream, TT_STREAM_RECEIVE_BUFFER + 1);
    note_option(stream, 77);
    note_option(stream, -1);
}

static void an_option_that_does_not_exist_is_refused(void **state)
{
    (void)state;
    assert_true(RUN(set_unknown_options));
    expect_notes("set", "set: ValueError('a stream has no option 9')", "set: ValueError('a stream has no option 77')",
                 "set: ValueError('a stream has no option -1')");
}

static void call_after_the_abort(tt_stream *stream)
{
    note_read(stream);
    note_read(stream);
    tt_stream_abort(stream);
    note_read(stream);
    note_option(stream, TT_STREAM_KEEPALIVE);
}

static void after_an_abort_calls_say_so_also_where_the_end_was_seen(void **state)
{
    (void)state;
    assert_true(RUN(call_after_the_abort));
    expect_notes("read 0", "read 0", "read: " ABORTED, "set: " ABORTED);
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test_on_stage(an_option_that_does_not_exist_is_refused),
    cmocka_unit_test_on_stage(after_an_abort_calls_say_so_also_where_the_end_was_seen),
};

TT_TEST_MAIN(cases)
