/* Connections: made by address, name and path, listened for, accepted. asyncio's create_connection and create_server. */
#include "stage.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

static char folder[TT_TEST_PATH_MAX], path[128];

static int open_folder(void **state)
{
    if (stage_open(state) < 0)
        return -1;
    if (!mkdtemp(tt_test_template(folder, "connection")))
        return -1;
    snprintf(path, sizeof path, "%s/socket", folder);
    return 0;
}

static int remove_folder(void **state)
{
    unlink(path);
    rmdir(folder);
    return stage_close(state);
}

#define cmocka_unit_test_with_folder(...) STAGE_CASE(__VA_ARGS__, open_folder, remove_folder)

/* Notes the error that is pending, with what was done to what; its port becomes PORT. Returns 0. */
static int note_error(const char *label)
{
    char text[512];
    const char *at = tt_exc_message(tt_exc_pending());
    size_t length = 0;

    for (; *at && length + 8 < sizeof text; at++) {
        text[length++] = *at;
        if (*at == ':' && at[1] >= '0' && at[1] <= '9') {
            length += (size_t)snprintf(text + length, sizeof text - length, "PORT");
            while (at[1] >= '0' && at[1] <= '9')
                at++;
        }
    }
    text[length] = '\0';
    note("%s: %s: %s", label, tt_exc_type_of(tt_exc_pending())->name, text);
    return tt_catch(&tt_BaseException) ? tt_catch_end() : -1;
}

/* A port at which nobody listens. */
static int free_port(const char *host)
{
    tt_listener *listener = tt_listen(host, 0);
    int port = listener ? tt_listener_port(listener) : -1;

    tt_listener_close(listener);
    return port;
}

/* ---------------------------------------------------------------------------------------------------- end to end */

static bool had_peer; /* of the accepted connection */

static int answer_one(void *listener)
{
    tt_stream *stream = tt_listener_accept(listener);
    char peer[128];
    const char *line;
    ssize_t size;
    int rc = -1;

    if (!stream)
        return -1;
    had_peer = tt_stream_peer(stream, peer, sizeof peer) > 0;
    size = tt_stream_readline(stream, &line);
    if (size > 0)
        rc = tt_stream_write(stream, line, (size_t)size);
    tt_stream_close(stream);
    return rc;
}

/* Talks through STREAM, which it closes. */
static int talk(tt_stream *stream)
{
    char buffer[32];
    ssize_t size;

    if (!stream)
        return -1;
    if (tt_stream_write(stream, "hello\n", 6) < 0 || (size = tt_stream_read(stream, buffer, sizeof buffer)) < 0)
        return -1;
    note("%.*s", (int)size - 1, buffer);
    note("end %zd", tt_stream_read(stream, buffer, sizeof buffer));
    tt_stream_close(stream);
    return 0;
}

static int talk_to(const char *host, const char *listener_host)
{
    tt_listener *listener = tt_listen(listener_host, 0);
    tt_task *task = tt_create_task(answer_one, listener);
    tt_stream *stream;
    char peer[128], local[128], text[32];
    int rc = -1, nodelay = 0;
    socklen_t length = sizeof nodelay;

    if (!listener || !task)
        return -1;
    stream = tt_open_connection(host, tt_listener_port(listener));
    if (stream) {
        tt_stream_peer(stream, peer, sizeof peer);
        tt_listener_local(listener, local, sizeof local);
        snprintf(text, sizeof text, ":%d", tt_listener_port(listener));
        note("%.*s", (int)(strlen(peer) - strlen(text)), peer);
        note("port %d", strcmp(peer + strlen(peer) - strlen(text), text) == 0 && strstr(local, text) != NULL);
        getsockopt(tt_stream_descriptor(stream), IPPROTO_TCP, TCP_NODELAY, &nodelay, &length);
        note("nodelay %d", nodelay);
        rc = talk(stream);
    }
    if (tt_await(task) < 0)
        rc = -1;
    note("has a peer %d", had_peer);
    tt_task_unref(task);
    tt_listener_close(listener);
    return rc;
}

static int talk_by_ipv4(void *arg)
{
    (void)arg;
    return talk_to("127.0.0.1", "127.0.0.1");
}

static void two_ends_talk_by_ipv4(void **state)
{
    (void)state;
    assert_true(stage_run(talk_by_ipv4, NULL));
    expect_notes("127.0.0.1", "port 1", "nodelay 1", "hello", "end 0", "has a peer 1");
}

static bool has_ipv6(void)
{
    struct sockaddr_in6 address = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    int probe = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool is_there = probe >= 0 && bind(probe, (struct sockaddr *)&address, sizeof address) == 0;

    if (probe >= 0)
        close(probe);
    return is_there;
}

static int talk_by_ipv6(void *arg)
{
    (void)arg;
    return talk_to("::1", "::1");
}

static void two_ends_talk_by_ipv6(void **state)
{
    (void)state;
    if (!has_ipv6())
        TT_SKIP("there is no IPv6");
    assert_true(stage_run(talk_by_ipv6, NULL));
    expect_notes("[::1]", "port 1", "nodelay 1", "hello", "end 0", "has a peer 1");
}

static int talk_by_both(void *host)
{
    return talk_to("127.0.0.1", host);
}

static void a_listener_on_all_interfaces_takes_ipv4_too(void **state)
{
    (void)state;
    assert_true(stage_run(talk_by_both, NULL));
    expect_notes("127.0.0.1", "port 1", "nodelay 1", "hello", "end 0", "has a peer 1");
}

static void a_host_without_a_letter_is_all_interfaces_too(void **state)
{
    (void)state;
    assert_true(stage_run(talk_by_both, ""));
    expect_notes("127.0.0.1", "port 1", "nodelay 1", "hello", "end 0", "has a peer 1");
}

static int talk_by_name(void *arg)
{
    (void)arg;
    return talk_to("localhost", "127.0.0.1");
}

static void a_name_is_looked_up(void **state)
{
    (void)state;
    assert_true(stage_run(talk_by_name, NULL));
    expect_notes("127.0.0.1", "port 1", "nodelay 1", "hello", "end 0", "has a peer 1");
}

static int talk_by_path(void *address)
{
    tt_listener *listener = tt_listen_unix(address);
    tt_task *task = tt_create_task(answer_one, listener);
    char peer[128] = "";
    int rc;

    if (!listener || !task)
        return -1;
    tt_stream *stream = tt_open_unix_connection(address);
    if (stream)
        tt_stream_peer(stream, peer, sizeof peer);
    note("peer %d", strcmp(peer, address) == 0);
    rc = talk(stream);
    if (tt_await(task) < 0)
        rc = -1;
    note("has a peer %d", had_peer);
    tt_task_unref(task);
    tt_listener_close(listener);
    return rc;
}

static void two_ends_talk_by_a_path_which_goes_with_its_listener(void **state)
{
    struct stat about;

    (void)state;
    assert_true(stage_run(talk_by_path, path));
    expect_notes("peer 1", "hello", "end 0", "has a peer 0");
    assert_int_equal(stat(path, &about), -1);
}

static void two_ends_talk_by_an_abstract_name(void **state)
{
    char name[64];

    (void)state;
    snprintf(name, sizeof name, "@telltale-test-%d", (int)getpid());
    assert_true(stage_run(talk_by_path, name));
    expect_notes("peer 1", "hello", "end 0", "has a peer 0");
}

/* ------------------------------------------------------------------------------------------------------------ errors */

static int connect_to_nobody(void *arg)
{
    int port = free_port("127.0.0.1");

    (void)arg;
    if (!tt_open_connection("127.0.0.1", port))
        note_error("tcp");
    if (!tt_open_unix_connection(path))
        note("no such path %d", tt_exc_is(tt_exc_pending(), &tt_FileNotFoundError));
    note_and_drop("unix");
    if (!tt_open_unix_connection(""))
        note_error("empty");
    if (!tt_open_connection("", port))
        note_error("no host");
    return 0;
}

static void connecting_to_nobody_says_to_whom(void **state)
{
    (void)state;
    assert_true(stage_run(connect_to_nobody, NULL));
    expect_notes("tcp: ConnectionRefusedError: [Errno 111] Connection refused: connect to 127.0.0.1:PORT",
                 "no such path 1", "unix: FileNotFoundError(2, 'No such file or directory')",
                 "empty: OSError: [Errno 22] Invalid argument: connect to an empty path",
                 "no host: gaierror: [Errno -2] Name or service not known: getaddrinfo of an empty name");
}

static int use_ports_that_are_none(void *arg)
{
    const struct tt_connection_options options = {.local_port = 65536};

    (void)arg;
    if (!tt_open_connection("127.0.0.1", 70000))
        note_error("connect");
    if (!tt_open_connection("localhost", -1))
        note_error("by name");
    if (!tt_open_connection_with("127.0.0.1", 1, &options))
        note_error("local");
    if (!tt_listen("127.0.0.1", 65536))
        note_error("listen");
    if (!tt_listen(NULL, -1))
        note_error("listen everywhere");
    if (!tt_listen("no.such.name.invalid", 65536)) /* not looked up */
        note_error("listen by name");
    return 0;
}

static void a_port_that_is_none_is_refused(void **state)
{
    (void)state;
    assert_true(stage_run(use_ports_that_are_none, NULL));
    expect_notes("connect: OverflowError: port must be 0-65535.", "by name: OverflowError: port must be 0-65535.",
                 "local: OverflowError: port must be 0-65535.", "listen: OverflowError: port must be 0-65535.",
                 "listen everywhere: OverflowError: port must be 0-65535.",
                 "listen by name: OverflowError: port must be 0-65535.");
}

static int listen_twice(void *arg)
{
    tt_listener *first = tt_listen("127.0.0.1", 0), *second = tt_listen("127.0.0.1", tt_listener_port(first));
    const struct tt_listen_options shared = {.reuse_port = true};
    tt_listener *third = NULL, *fourth = NULL;

    (void)arg;
    if (!second)
        note_error("listen");
    tt_listener_close(first);
    third = tt_listen_with("127.0.0.1", 0, &shared);
    if (third)
        fourth = tt_listen_with("127.0.0.1", tt_listener_port(third), &shared);
    note("shared %d", third && fourth);
    tt_listener_close(third);
    tt_listener_close(fourth);
    return 0;
}

static void a_port_that_is_taken_is_named(void **state)
{
    (void)state;
    assert_true(stage_run(listen_twice, NULL));
    expect_notes("listen: OSError: [Errno 98] Address already in use: listen on 127.0.0.1:PORT", "shared 1");
}

static int connect_to_nonsense(void *arg)
{
    (void)arg;
    if (!tt_open_connection("name.that.does.not.exist.invalid", 80)) {
        note("gaierror %d, OSError %d", tt_exc_is(tt_exc_pending(), &tt_gaierror),
             tt_exc_is(tt_exc_pending(), &tt_OSError));
        note("says what %d", strstr(tt_exc_message(tt_exc_pending()), "name.that.does.not.exist.invalid") != NULL);
        if (tt_catch(&tt_gaierror) && tt_catch_end() < 0)
            return -1;
    }
    return 0;
}

static void a_name_that_nobody_has_is_a_gaierror(void **state)
{
    (void)state;
    assert_true(stage_run(connect_to_nonsense, NULL));
    expect_notes("gaierror 1, OSError 1", "says what 1");
}

static int connect_by_name(void *arg)
{
    tt_stream *stream = tt_open_connection("localhost", 1);

    (void)arg;
    tt_stream_close(stream);
    return stream ? 0 : -1;
}

static int cancel_a_look_up(void *arg)
{
    tt_task *tasks[8];

    (void)arg;
    for (int i = 0; i < 8; i++) { /* four threads: some of them run, some wait */
        tasks[i] = tt_create_task(connect_by_name, NULL);
        if (!tasks[i])
            return -1;
    }
    if (tt_sleep(0) < 0)
        return -1;
    for (int i = 0; i < 8; i++)
        tt_task_cancel(tasks[i], NULL);
    for (int i = 0; i < 8; i++) {
        if (tt_await(tasks[i]) < 0 && tt_catch(&tt_CancelledError) && tt_catch_end() < 0)
            return -1;
        tt_task_unref(tasks[i]);
    }
    return 0;
}

static void a_look_up_that_is_cancelled_leaves_nothing(void **state)
{
    (void)state;
    for (int i = 0; i < 20; i++)
        assert_true(stage_run(cancel_a_look_up, NULL));
}

static int drop_errors(tt_loop *loop, const struct tt_handler_context *context, void *arg)
{
    (void)loop;
    (void)context;
    (void)arg;
    return 0;
}

static void a_look_up_is_abandoned_with_its_loop(void **state)
{
    const struct tt_task_options options = {.loop = stage_loop};

    (void)state;
    tt_loop_set_exception_handler(stage_loop, drop_errors, NULL);
    for (int i = 0; i < 8; i++)
        assert_int_equal(tt_spawn_with(connect_by_name, NULL, &options), 0);
    stage_turns(1);
    stage_close_loop();
}

/* ------------------------------------------------------------------------------------------------------- the listener */

static int accept_one(void *listener)
{
    tt_stream *stream = tt_listener_accept(listener);

    if (!stream)
        return note_error("accept");
    tt_stream_close(stream);
    return 0;
}

static int close_while_accepting(void *arg)
{
    tt_listener *listener = tt_listen("127.0.0.1", 0);
    tt_task *task = tt_create_task(accept_one, listener);

    (void)arg;
    if (tt_sleep(0) < 0)
        return -1;
    if (!tt_listener_accept(listener))
        note_and_drop("second");
    tt_listener_close(listener);
    if (tt_await(task) < 0)
        return -1;
    tt_task_unref(task);
    return 0;
}

static void who_accepts_when_the_listener_is_closed_is_told(void **state)
{
    (void)state;
    assert_true(stage_run(close_while_accepting, NULL));
    expect_notes(
        "second: RuntimeError('another task is already waiting for a connection')",
        "accept: ConnectionAbortedError: [Errno 103] Software caused connection abort: accept on 127.0.0.1:PORT");
}

static int listen_over_what_is_there(void *arg)
{
    tt_listener *first, *second;
    struct stat about;
    int file;

    (void)arg;
    first = tt_listen_unix(path);
    second = tt_listen_unix(path); /* takes the place of what looks like a socket that was left */
    if (!first || !second)
        return -1;
    tt_listener_close(first); /* what stands there now is not its own */
    note("still there %d", stat(path, &about) == 0);
    tt_listener_close(second);
    note("gone %d", stat(path, &about) < 0);
    file = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    close(file);
    if (!tt_listen_unix(path))
        note_and_drop("file");
    note("untouched %d", stat(path, &about) == 0 && S_ISREG(about.st_mode));
    return 0;
}

static void a_path_that_is_no_socket_is_left_alone(void **state)
{
    (void)state;
    assert_true(stage_run(listen_over_what_is_there, NULL));
    expect_notes("still there 1", "gone 1", "file: OSError(98, 'Address already in use')", "untouched 1");
}

static int reset_connection(void *arg)
{
    tt_listener *listener = tt_listen("127.0.0.1", 0);
    tt_stream *client = tt_open_connection("127.0.0.1", tt_listener_port(listener));
    tt_stream *server = tt_listener_accept(listener);
    char byte;
    int rc = -1;

    (void)arg;
    if (client && server) {
        tt_stream_abort(client);
        if (tt_stream_read(server, &byte, 1) < 0)
            note_error("read");
        if (tt_stream_read(server, &byte, 1) < 0)
            note_error("again");
        rc = 0;
    }
    tt_stream_close(client);
    tt_stream_close(server);
    tt_listener_close(listener);
    return rc;
}

static void a_connection_that_is_aborted_is_reset_at_the_other_end(void **state)
{
    (void)state;
    assert_true(stage_run(reset_connection, NULL));
    expect_notes("read: ConnectionResetError: [Errno 104] Connection reset by peer: read from 127.0.0.1:PORT",
                 "again: ConnectionResetError: [Errno 104] Connection reset by peer: read from 127.0.0.1:PORT");
}

static int connect_from(void *arg)
{
    tt_listener *listener = tt_listen("127.0.0.1", 0);
    const struct tt_connection_options options = {.local_host = "127.0.0.7"};
    tt_stream *client = tt_open_connection_with("127.0.0.1", tt_listener_port(listener), &options);
    tt_stream *server = tt_listener_accept(listener);
    char text[128];

    (void)arg;
    if (!client || !server)
        return -1;
    tt_stream_peer(server, text, sizeof text);
    note("%.9s", text);
    tt_stream_close(client);
    tt_stream_close(server);
    tt_listener_close(listener);
    return 0;
}

static void a_connection_comes_from_where_it_was_asked_to(void **state)
{
    (void)state;
    assert_true(stage_run(connect_from, NULL));
    expect_notes("127.0.0.7");
}

/* 192.0.2.0/24 is kept for documentation, and no machine's. */
static int connect_from_elsewhere(void *arg)
{
    const struct tt_connection_options from = {.local_host = "192.0.2.1"}, nowhere = {.local_host = ""};

    (void)arg;
    if (!tt_open_connection_with("127.0.0.1", 9, &from))
        note_error("elsewhere");
    if (!tt_open_connection_with("127.0.0.1", 9, &nowhere))
        note_error("nowhere");
    return 0;
}

static void who_cannot_come_from_there_is_told_from_where(void **state)
{
    (void)state;
    assert_true(stage_run(connect_from_elsewhere, NULL));
    expect_notes(
        "elsewhere: OSError: [Errno 99] Cannot assign requested address: connect to 127.0.0.1:PORT from 192.0.2.1:PORT",
        "nowhere: gaierror: [Errno -2] Name or service not known: getaddrinfo of an empty name");
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test_with_folder(two_ends_talk_by_ipv4),
    cmocka_unit_test_with_folder(two_ends_talk_by_ipv6),
    cmocka_unit_test_with_folder(a_listener_on_all_interfaces_takes_ipv4_too),
    cmocka_unit_test_with_folder(a_host_without_a_letter_is_all_interfaces_too),
    cmocka_unit_test_with_folder(a_name_is_looked_up),
    cmocka_unit_test_with_folder(two_ends_talk_by_a_path_which_goes_with_its_listener),
    cmocka_unit_test_with_folder(two_ends_talk_by_an_abstract_name),
    cmocka_unit_test_with_folder(connecting_to_nobody_says_to_whom),
    cmocka_unit_test_with_folder(a_port_that_is_none_is_refused),
    cmocka_unit_test_with_folder(a_port_that_is_taken_is_named),
    cmocka_unit_test_with_folder(a_name_that_nobody_has_is_a_gaierror),
    cmocka_unit_test_with_folder(a_look_up_that_is_cancelled_leaves_nothing),
    cmocka_unit_test_with_folder(a_look_up_is_abandoned_with_its_loop),
    cmocka_unit_test_with_folder(who_accepts_when_the_listener_is_closed_is_told),
    cmocka_unit_test_with_folder(a_path_that_is_no_socket_is_left_alone),
    cmocka_unit_test_with_folder(a_connection_that_is_aborted_is_reset_at_the_other_end),
    cmocka_unit_test_with_folder(a_connection_comes_from_where_it_was_asked_to),
    cmocka_unit_test_with_folder(who_cannot_come_from_there_is_told_from_where),
};

TT_TEST_MAIN(cases)
