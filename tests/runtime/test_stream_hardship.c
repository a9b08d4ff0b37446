/* Streams in hardship: each operation cancelled at each turn, each allocation failed once, thousands of connections, peers
 * that say nothing. After each attempt no descriptor and no memory may be left. */
#include "hardship.h"
#include "stage.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>

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

/* Clients and server are a process each, so that each needs a descriptor for a connection and not two. */

enum { MANY = 10000, DESCRIPTORS_BESIDE = 100 };

struct many {
    size_t asked;
    int port[2], answers[2]; /* pipes: to the clients; back from them, how many had an answer */
    size_t most;             /* the server's: connections at a time */
    tt_server *server;
    int number; /* the clients': the port */
    size_t answered;
    tt_event *all_answered;
};

static int serve_many(tt_stream *stream, void *arg)
{
    struct many *many = arg;
    const char *line;
    ssize_t size;

    while ((size = tt_stream_readline(stream, &line)) > 0) {
        size_t count = tt_server_connection_count(many->server);

        if (count > many->most)
            many->most = count;
        if (tt_stream_write(stream, line, (size_t)size) < 0)
            return -1;
    }
    return (int)size;
}

/* The server, until the clients have ended. */
static int serve_clients(void *arg)
{
    struct many *many = arg;
    const struct tt_listen_options options = {.backlog = 4096};
    tt_stream *answers = tt_stream_open(many->answers[0], 0);
    int rc;

    if (!answers)
        return -1;
    many->server = tt_start_server(tt_listen_with("127.0.0.1", 0, &options), serve_many, many, NULL);
    many->number = many->server ? tt_listener_port(tt_server_listener(many->server)) : 0;
    if (write(many->port[1], &many->number, sizeof many->number) != sizeof many->number)
        return tt_raise_errno(errno, "tell the port");
    rc = tt_stream_read_exactly(answers, &many->answered, sizeof many->answered);
    tt_stream_close(answers);
    return tt_server_stop(many->server, TT_SEC(20)) < 0 ? -1 : rc;
}

/* Until all have been answered, everybody stays. */
static int ask_and_stay(void *arg)
{
    struct many *many = arg;
    tt_stream *stream = tt_open_connection("127.0.0.1", many->number);
    char answer[6] = "";
    int rc = -1;

    if (!stream)
        return -1;
    if (tt_stream_write(stream, "hello\n", 6) == 0 && tt_stream_read_exactly(stream, answer, 6) == 0) {
        many->answered += memcmp(answer, "hello\n", 6) == 0;
        if (many->answered == many->asked)
            tt_event_set(many->all_answered);
        rc = tt_event_wait(many->all_answered);
    }
    tt_stream_close(stream);
    return rc;
}

static int ask_much(void *arg)
{
    struct many *many = arg;
    tt_group *group;
    int rc = 0;

    many->all_answered = tt_event_create();
    group = tt_group_enter();
    for (size_t i = 0; i < many->asked && rc == 0; i++) {
        rc = tt_group_spawn(group, ask_and_stay, many);
        if (rc == 0 && i % 100 == 99)
            rc = tt_sleep(0);
    }
    rc = tt_group_exit(group, rc);
    tt_event_destroy(many->all_answered);
    return rc;
}

/* The process of the clients. */
static _Noreturn void be_clients(struct many *many)
{
    int rc = -1;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    close(many->port[1]);
    close(many->answers[0]);
    if (read(many->port[0], &many->number, sizeof many->number) == sizeof many->number && many->number > 0)
        rc = tt_run(ask_much, many);
    if (write(many->answers[1], &many->answered, sizeof many->answered) != sizeof many->answered)
        rc = -1;
    _exit(rc == 0 ? 0 : 1);
}

/* Has connections in two processes: how many of ASKED at a time. */
static size_t connect_many(size_t asked)
{
    struct many many = {.asked = asked};
    int status = -1;
    bool is_good;
    pid_t clients;

    assert_int_equal(pipe2(many.port, O_CLOEXEC) | pipe2(many.answers, O_CLOEXEC), 0);
    fflush(NULL);
    clients = fork();
    if (clients == 0)
        be_clients(&many);
    close(many.port[0]);
    close(many.answers[1]);
    is_good = clients > 0 && stage_run(serve_clients, &many);
    close(many.port[1]);
    if (!is_good)
        kill(clients, SIGKILL);
    while (waitpid(clients, &status, 0) < 0 && errno == EINTR)
        ;
    print_message("%zu connections, %zu at a time\n", many.answered, many.most);
    assert_true(is_good);
    assert_int_equal(status, 0);
    assert_int_equal(many.answered, asked);
    return many.most;
}

/* Under sanitizers and valgrind it is five hundred; with fewer descriptors it is what these allow, and that is said. */
static void ten_thousand_connections_are_served_at_a_time(void **state)
{
    size_t wanted = (size_t)stage_count(stage_is_watched() ? MANY / 20 : MANY), asked = wanted;
    struct rlimit limit;

    (void)state;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_cur < asked + DESCRIPTORS_BESIDE)
        asked = limit.rlim_cur - DESCRIPTORS_BESIDE;
    assert_int_equal(connect_many(asked), asked);
    if (asked < wanted) {
        char why[128];

        snprintf(why, sizeof why, "%zu connections were served and not %zu: a process may have %llu descriptors", asked,
                 wanted, (unsigned long long)limit.rlim_cur);
        TT_SKIP(why);
    }
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
