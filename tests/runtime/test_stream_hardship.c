/* Streams in hardship: each operation cancelled at each turn, each allocation failed once, thousands of connections, peers
 * that say nothing. After each attempt no descriptor and no memory may be left. */
#include "hardship.h"
#include "stage.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>

enum { MUCH = 400000 };

static char much[MUCH];

/* -------------------------------------------------------------------------------------------------------- a scenario */

/* Serves lines: "much" is answered by as many bytes, anything else by itself; the end by the end. */
static int serve(tt_stream *stream, void *arg)
{
    const char *line;
    ssize_t size;

    (void)arg;
    while ((size = tt_stream_readline(stream, &line)) > 0) {
        const struct iovec pieces[] = {{(void *)(uintptr_t)line, (size_t)size - 1}, {"\r\n", 2}};
        bool is_much = size == 5 && memcmp(line, "much\n", 5) == 0;

        if ((is_much ? tt_stream_write(stream, much, MUCH) : tt_stream_writelines(stream, pieces, 2)) < 0)
            return -1;
    }
    return size < 0 ? -1 : tt_stream_write_eof(stream);
}

static int talk(tt_stream *stream)
{
    static char buffer[MUCH];
    const char *data;
    ssize_t size;

    if (tt_stream_write(stream, "a line\n", 7) < 0 || tt_stream_read_until(stream, "\r\n", 2, &data) < 0 ||
        tt_stream_write(stream, "much\n", 5) < 0 || tt_stream_read_exactly(stream, buffer, MUCH) < 0)
        return -1;
    if (memcmp(buffer, much, MUCH) != 0)
        return tt_raise(&tt_ValueError, "something else came");
    if (tt_stream_write_some(stream, "x\n", 2) < 0 || tt_stream_write_eof(stream) < 0)
        return -1;
    while ((size = tt_stream_read(stream, buffer, 100)) > 0)
        ;
    return (int)size;
}

static int close_stream(void *stream)
{
    tt_stream_close(stream);
    return 0;
}

static int stop_server(void *server)
{
    return tt_server_stop(server, TT_SEC(20));
}

/* Both ends, by the address in ARG: a host, or "@name". */
static int converse(void *arg)
{
    const struct tt_connection_options options = {.happy_eyeballs_delay_ns = TT_MSEC(50), .family = AF_INET};
    const char *address = arg;
    tt_listener *listener = address[0] == '@' ? tt_listen_unix(address) : tt_listen("127.0.0.1", 0);
    int port = listener ? tt_listener_port(listener) : 0;
    tt_server *server = tt_start_server(listener, serve, NULL, NULL);
    tt_stream *stream;

    if (!server || tt_defer(stop_server, server) < 0)
        return -1;
    stream = address[0] == '@' ? tt_open_unix_connection(address) : tt_open_connection_with(address, port, &options);
    if (!stream || tt_defer(close_stream, stream) < 0)
        return -1;
    return talk(stream);
}

static void a_conversation_by_tcp_is_cancelled_anywhere(void **state)
{
    (void)state;
    assert_true(cancel_everywhere(converse, "127.0.0.1") > 4);
}

static void a_conversation_by_name_is_cancelled_anywhere(void **state)
{
    (void)state;
    assert_true(cancel_everywhere(converse, "localhost") > 4);
}

static void a_conversation_by_unix_socket_is_cancelled_anywhere(void **state)
{
    char name[64];

    (void)state;
    snprintf(name, sizeof name, "@telltale-hardship-%d", (int)getpid());
    assert_true(cancel_everywhere(converse, name) > 4);
}

static void a_loop_is_closed_over_a_conversation_anywhere(void **state)
{
    (void)state;
    close_over_everywhere(converse, "localhost");
    close_over_everywhere(converse, "127.0.0.1");
}

static void each_allocation_of_a_conversation_fails_once(void **state)
{
    (void)state;
    assert_true(fail_each_allocation(converse, "127.0.0.1") > 20);
}

/* --------------------------------------------------------------------------------------------------------- many of them */

enum { MANY = 10000 };

struct many {
    int port;
    size_t asked, answered;
    size_t most; /* served at a time */
    tt_server *server;
};

static int ask_and_stay(void *arg)
{
    struct many *many = arg;
    tt_stream *stream = tt_open_connection("127.0.0.1", many->port);
    char answer[8];
    int rc = -1;

    if (!stream)
        return -1;
    if (tt_stream_write(stream, "hello\n", 6) == 0 && tt_stream_read_exactly(stream, answer, 7) == 0) {
        size_t count = tt_server_connection_count(many->server);

        if (count > many->most)
            many->most = count;
        many->answered += memcmp(answer, "hello\r\n", 7) == 0;
        while (many->answered < many->asked) /* until all have been answered, everybody stays */
            if (tt_sleep(TT_MSEC(20)) < 0)
                break;
        rc = tt_exc_pending() ? -1 : 0;
    }
    tt_stream_close(stream);
    return rc;
}

static int ask_much(void *arg)
{
    struct many *many = arg;
    tt_group *group;
    int rc = 0;

    many->server = tt_start_server(tt_listen_with("127.0.0.1", 0, &(struct tt_listen_options){.backlog = 4096}), serve,
                                   NULL, NULL);
    if (!many->server)
        return -1;
    many->port = tt_listener_port(tt_server_listener(many->server));
    group = tt_group_enter();
    for (size_t i = 0; i < many->asked && rc == 0; i++) {
        rc = tt_group_spawn(group, ask_and_stay, many);
        if (rc == 0 && i % 100 == 99)
            rc = tt_sleep(0);
    }
    rc = tt_group_exit(group, rc);
    if (tt_server_stop(many->server, TT_SEC(20)) < 0)
        rc = -1;
    return rc;
}

static void ten_thousand_connections_are_served_at_a_time(void **state)
{
    struct many many = {.asked = (size_t)stage_count(stage_is_watched() ? MANY / 20 : MANY)};
    struct rlimit limit;

    (void)state;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_cur < 2 * many.asked + 100)
        many.asked = (limit.rlim_cur - 100) / 2;
    assert_true(stage_run(ask_much, &many));
    print_message("%zu connections, %zu at a time\n", many.answered, many.most);
    assert_int_equal(many.answered, many.asked);
    assert_int_equal(many.most, many.asked);
}

/* -------------------------------------------------------------------------------------------------------- half-open peers */

static int read_with_timeout(tt_stream *stream, void *arg)
{
    tt_timeout *timeout = tt_timeout_enter(TT_MSEC(10));
    const char *line;
    int rc = (int)tt_stream_readline(stream, &line);

    rc = tt_timeout_exit(timeout, rc);
    ++*(int *)arg;
    if (rc < 0 && tt_catch(&tt_TimeoutError))
        rc = tt_catch_end();
    return rc;
}

/* Peers that connect and say nothing, or half a line, and never go. */
static int face_silence(void *arg)
{
    int timed_out = 0, rc = 0;
    tt_server *server = tt_start_server(tt_listen("127.0.0.1", 0), read_with_timeout, &timed_out, NULL);
    tt_stream *streams[20] = {0};

    (void)arg;
    if (!server)
        return -1;
    for (int i = 0; i < 20 && rc == 0; i++) {
        streams[i] = tt_open_connection("127.0.0.1", tt_listener_port(tt_server_listener(server)));
        rc = !streams[i] || (i % 2 && tt_stream_write(streams[i], "half", 4) < 0) ? -1 : 0;
    }
    for (int i = 0; i < 20 && rc == 0; i++) /* the server has closed them */
        if (tt_stream_read(streams[i], much + MUCH - 1, 1) != 0 && tt_catch(&tt_ConnectionResetError))
            rc = tt_catch_end();
    note("%d", timed_out);
    for (int i = 0; i < 20; i++)
        tt_stream_close(streams[i]);
    return tt_server_stop(server, TT_SEC(5)) < 0 ? -1 : rc;
}

static void peers_that_say_nothing_are_left_to_timeouts(void **state)
{
    (void)state;
    assert_true(stage_run(face_silence, NULL));
    expect_notes("20");
}

static int read_for_a_while(tt_stream *stream)
{
    tt_timeout *timeout = tt_timeout_enter(TT_MSEC(10));
    char byte;
    int rc = (int)tt_stream_read(stream, &byte, 1);

    return tt_timeout_exit(timeout, rc);
}

/* The peer's machine has gone without a word: a socket that is closed under repair sends nothing. */
static int face_nobody(void *arg)
{
    tt_listener *listener = tt_listen("127.0.0.1", 0);
    tt_stream *stream = tt_open_connection("127.0.0.1", tt_listener_port(listener));
    tt_stream *peer = tt_listener_accept(listener);
    bool *may = arg;

    if (!peer)
        return -1;
    *may = setsockopt(tt_stream_descriptor(peer), IPPROTO_TCP, TCP_REPAIR, &(int){1}, sizeof(int)) == 0;
    tt_stream_close(peer);
    if (read_for_a_while(stream) < 0)
        note_and_drop("reading");
    if (tt_stream_write(stream, "x", 1) < 0)
        note_and_drop("writing");
    if (read_for_a_while(stream) < 0)
        note_and_drop("reading then");
    tt_stream_close(stream);
    tt_listener_close(listener);
    return 0;
}

static void a_peer_that_vanished_is_noticed_when_it_is_written_to(void **state)
{
    bool may = false;

    (void)state;
    assert_true(stage_run(face_nobody, &may));
    if (!may) {
        stage_forget_notes();
        TT_SKIP("only root may close a socket so that its peer does not hear of it");
    }
    expect_notes("reading: TimeoutError()", "reading then: ConnectionResetError(104, 'Connection reset by peer')");
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test_on_stage(a_conversation_by_tcp_is_cancelled_anywhere),
    cmocka_unit_test_on_stage(a_conversation_by_name_is_cancelled_anywhere),
    cmocka_unit_test_on_stage(a_conversation_by_unix_socket_is_cancelled_anywhere),
    cmocka_unit_test_on_stage(a_loop_is_closed_over_a_conversation_anywhere),
    cmocka_unit_test_on_stage(each_allocation_of_a_conversation_fails_once),
    cmocka_unit_test_on_stage(ten_thousand_connections_are_served_at_a_time),
    cmocka_unit_test_on_stage(peers_that_say_nothing_are_left_to_timeouts),
    cmocka_unit_test_on_stage(a_peer_that_vanished_is_noticed_when_it_is_written_to),
};

TT_TEST_MAIN(cases)
