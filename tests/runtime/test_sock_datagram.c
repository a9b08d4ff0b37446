/* Datagrams on plain sockets: asyncio's sock_sendto, sock_recvfrom_into. */
#include "stage.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>

static int sockets[2];
static struct sockaddr_in addresses[2];

static int open_sockets(void **state)
{
    if (stage_open(state) < 0)
        return -1;
    for (int i = 0; i < 2; i++) {
        socklen_t length = sizeof addresses[i];

        addresses[i] = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
        sockets[i] = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        if (bind(sockets[i], (struct sockaddr *)&addresses[i], sizeof addresses[i]) < 0 ||
            getsockname(sockets[i], (struct sockaddr *)&addresses[i], &length) < 0)
            return -1;
    }
    return 0;
}

static int close_sockets(void **state)
{
    close(sockets[0]);
    close(sockets[1]);
    return stage_close(state);
}

#define cmocka_unit_test_with_sockets(...) STAGE_CASE(__VA_ARGS__, open_sockets, close_sockets)

static int receive(void *arg)
{
    struct sockaddr_in from = {0};
    socklen_t length = sizeof from;
    char buffer[4] = "";
    ssize_t size = tt_sock_recvfrom(sockets[1], buffer, sizeof buffer - 1, (struct sockaddr *)&from, &length);

    (void)arg;
    if (size < 0)
        return -1;
    note("%zd '%s' from %s, %u", size, buffer, from.sin_port == addresses[0].sin_port ? "0" : "elsewhere",
         (unsigned)length);
    return 0;
}

static int send_and_receive(void *arg)
{
    tt_task *task = tt_create_task(receive, NULL);
    ssize_t sent;

    if (tt_sleep(0) < 0)
        return -1;
    sent = tt_sock_sendto(sockets[0], arg, strlen(arg), (struct sockaddr *)&addresses[1], sizeof addresses[1]);
    note("sent %zd", sent);
    if (tt_await(task) < 0)
        return -1;
    tt_task_unref(task);
    return 0;
}

static void a_datagram_comes_with_its_sender(void **state)
{
    (void)state;
    assert_true(stage_run(send_and_receive, "ab"));
    expect_notes("sent 2", "2 'ab' from 0, 16");
}

static void an_empty_datagram_is_one(void **state)
{
    (void)state;
    assert_true(stage_run(send_and_receive, ""));
    expect_notes("sent 0", "0 '' from 0, 16");
}

static void what_is_beyond_the_buffer_is_lost(void **state)
{
    char byte;

    (void)state;
    assert_true(stage_run(send_and_receive, "abcdef"));
    expect_notes("sent 6", "3 'abc' from 0, 16");
    assert_int_equal(recv(sockets[1], &byte, 1, 0), -1);
}

static int send_too_much(void *arg)
{
    static char much[70000];

    (void)arg;
    return tt_sock_sendto(sockets[0], much, sizeof much, (struct sockaddr *)&addresses[1], sizeof addresses[1]) < 0 ? -1
                                                                                                                    : 0;
}

static void a_datagram_that_is_too_large_is_an_os_error(void **state)
{
    (void)state;
    assert_false(stage_run(send_too_much, NULL));
    expect_notes("main: OSError(90, 'Message too long')");
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test_with_sockets(a_datagram_comes_with_its_sender),
    cmocka_unit_test_with_sockets(an_empty_datagram_is_one),
    cmocka_unit_test_with_sockets(what_is_beyond_the_buffer_is_lost),
    cmocka_unit_test_with_sockets(a_datagram_that_is_too_large_is_an_os_error),
};

TT_TEST_MAIN(cases)
