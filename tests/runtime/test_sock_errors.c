/* Calls of telltale/sock.h that fail: the text says what was done to what. */
#include "stage.h"

#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

/* -------------------------------------------------------------------------------------------------------------- sockets */

static struct sockaddr_in loopback(int port)
{
    return (struct sockaddr_in){
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

/* A socket bound to a port of its own. */
static int open_bound(int type, int *out_port)
{
    int descriptor = socket(AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    struct sockaddr_in name = loopback(0);
    socklen_t length = sizeof name;

    if (bind(descriptor, (struct sockaddr *)&name, sizeof name) < 0 ||
        getsockname(descriptor, (struct sockaddr *)&name, &length) < 0)
        return -1;
    *out_port = ntohs(name.sin_port);
    return descriptor;
}

/* Notes whether the text of what is pending ends as FORMAT says; if not, what it is. */
static void TT_PRINTF(2, 3) note_end(const char *label, const char *format, ...)
{
    const char *text = tt_exc_message(tt_exc_pending());
    char expected[256];
    va_list args;
    size_t size;

    va_start(args, format);
    size = (size_t)vsnprintf(expected, sizeof expected, format, args);
    va_end(args);
    if (strlen(text) > size && strcmp(text + strlen(text) - size, expected) == 0 &&
        strncmp(text + strlen(text) - size - 2, ": ", 2) == 0)
        note("%s", label);
    else
        note("%s: %s, not %s", label, text, expected);
    note_and_drop(label);
}

/* ---------------------------------------------------------------------------------------------------------------- calls */

static int fail_to_connect_and_accept(void *arg)
{
    int port, closed_port, plain = open_bound(SOCK_STREAM, &port), free = open_bound(SOCK_STREAM, &closed_port);
    struct sockaddr_in nobody;

    (void)arg;
    close(free);
    nobody = loopback(closed_port);
    if (tt_sock_accept(plain, NULL, NULL) < 0)
        note_end("accept", "accept on descriptor %d (127.0.0.1:%d)", plain, port);
    if (tt_sock_connect(plain, (struct sockaddr *)&nobody, 3) < 0)
        note_end("half an address", "connect to an address of family 2");
    if (tt_sock_connect(plain, (struct sockaddr *)&nobody, sizeof nobody) < 0)
        note_end("connect", "connect to 127.0.0.1:%d", closed_port);
    close(plain);
    return 0;
}

static void connecting_and_accepting_say_where(void **state)
{
    (void)state;
    assert_true(stage_run(fail_to_connect_and_accept, NULL));
    expect_notes("accept", "accept: OSError(22, 'Invalid argument')", "half an address",
                 "half an address: OSError(22, 'Invalid argument')", "connect",
                 "connect: ConnectionRefusedError(111, 'Connection refused')");
}

/* The other end resets: its address is not known any more, the one here is. */
static int fail_after_reset(void *arg)
{
    int port, own_port, listener = open_bound(SOCK_STREAM, &port), client = open_bound(SOCK_STREAM, &own_port), server;
    struct sockaddr_in address = loopback(port);
    char byte;

    (void)arg;
    if (listen(listener, 1) < 0 || tt_sock_connect(client, (struct sockaddr *)&address, sizeof address) < 0)
        return -1;
    server = tt_sock_accept(listener, NULL, NULL);
    setsockopt(server, SOL_SOCKET, SO_LINGER, &(struct linger){.l_onoff = 1}, sizeof(struct linger));
    close(server);
    if (tt_sock_recv(client, &byte, 1) < 0)
        note_end("recv", "receive from descriptor %d (127.0.0.1:%d)", client, own_port);
    if (tt_sock_sendall(client, "x", 1) < 0)
        note_end("sendall", "send to descriptor %d (127.0.0.1:%d)", client, own_port);
    close(client);
    close(listener);
    return 0;
}

static void a_stream_that_was_reset_says_which(void **state)
{
    (void)state;
    assert_true(stage_run(fail_after_reset, NULL));
    expect_notes("recv", "recv: ConnectionResetError(104, 'Connection reset by peer')", "sendall",
                 "sendall: BrokenPipeError(32, 'Broken pipe')");
}

static int fail_with_datagrams(void *arg)
{
    static const char much[70000];
    int port, other_port, plain = open_bound(SOCK_DGRAM, &port), other = open_bound(SOCK_DGRAM, &other_port);
    struct sockaddr_in to = loopback(other_port);
    char byte;

    (void)arg;
    if (tt_sock_sendto(plain, much, sizeof much, (struct sockaddr *)&to, sizeof to) < 0)
        note_end("too much", "send to 127.0.0.1:%d", other_port);
    close(other);
    if (connect(plain, (struct sockaddr *)&to, sizeof to) < 0 || send(plain, "x", 1, 0) != 1)
        return -1;
    if (tt_sock_recvfrom(plain, &byte, 1, NULL, NULL) < 0)
        note_end("nobody", "receive from descriptor %d (127.0.0.1:%d)", plain, other_port);
    close(plain);
    return 0;
}

static void a_datagram_says_to_whom_and_from_whom(void **state)
{
    (void)state;
    assert_true(stage_run(fail_with_datagrams, NULL));
    expect_notes("too much", "too much: OSError(90, 'Message too long')", "nobody",
                 "nobody: ConnectionRefusedError(111, 'Connection refused')");
}

static int fail_without_names(void *arg)
{
    int pair[2];
    char byte;

    (void)arg;
    if (tt_sock_recv(-1, &byte, 1) < 0)
        note_end("none", "receive from descriptor -1");
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) < 0)
        return -1;
    close(pair[1]);
    if (tt_sock_sendall(pair[0], "x", 1) < 0)
        note_end("nameless", "send to descriptor %d", pair[0]);
    close(pair[0]);
    return 0;
}

static void what_has_no_address_is_told_by_its_number(void **state)
{
    (void)state;
    assert_true(stage_run(fail_without_names, NULL));
    expect_notes("none", "none: OSError(9, 'Bad file descriptor')", "nameless",
                 "nameless: BrokenPipeError(32, 'Broken pipe')");
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test_on_stage(connecting_and_accepting_say_where),
    cmocka_unit_test_on_stage(a_stream_that_was_reset_says_which),
    cmocka_unit_test_on_stage(a_datagram_says_to_whom_and_from_whom),
    cmocka_unit_test_on_stage(what_has_no_address_is_told_by_its_number),
};

TT_TEST_MAIN(cases)
