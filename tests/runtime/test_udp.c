/* Datagrams: sent and received as a whole, told of who sent them, waited for, given up. asyncio's create_datagram_endpoint. */
#include "datagrams.h"

#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>

static const char *const hosts[] = {"127.0.0.1", "::1"};

/* ------------------------------------------------------------------------------------------------------- there and back */

static void a_datagram_goes_there_and_back(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        assert_true(stage_run(converse, (void *)(uintptr_t)hosts[i]));
        expect_notes("hello, 5, from the server 1 1");
    }
}

static void a_name_will_do(void **state)
{
    (void)state;
    assert_true(stage_run(converse, "localhost"));
    expect_notes("hello, 5, from the server 1 1");
}

/* A socket of all interfaces, asked by both families; the answer goes to the address that the datagram came from. */
static int ask_all_interfaces(void *arg)
{
    tt_udp *server = open_until_end(NULL), *client;
    struct tt_address address;
    char buffer[8], text[TT_ADDRESS_BYTES];
    ssize_t size = 0;

    (void)arg;
    for (int i = 0; server && size >= 0 && i < 2; i++) {
        tt_task *task = tt_create_task(answer_one, server);

        client = tt_udp_connect(hosts[i], port_of(server));
        size = !client || tt_udp_send(client, hosts[i], 3) < 0 ? -1 : tt_udp_receive(client, buffer, 8, NULL);
        note("%.*s", (int)size, buffer);
        tt_udp_close(client);
        if (size < 0 || tt_await(task) < 0)
            size = -1;
        tt_task_unref(task);
    }
    /* and it sends to an address of IPv4 */
    client = size < 0 ? NULL : open_until_end("127.0.0.1");
    if (!client || tt_address_resolve("127.0.0.1", port_of(client), 0, &address) < 0 ||
        tt_udp_send_to(server, "4", 1, &address) < 0 || tt_udp_receive(client, buffer, 8, NULL) < 0)
        return -1;
    tt_address_text(&address, text, sizeof text);
    note("%.1s %.9s", buffer, text);
    return 0;
}

static void all_interfaces_are_both_families(void **state)
{
    (void)state;
    assert_true(stage_run(ask_all_interfaces, NULL));
    expect_notes("127", "::1", "4 127.0.0.1");
}

static int receive_too_little(void *arg)
{
    tt_udp *udp = open_until_end("127.0.0.1");
    struct tt_datagram from;
    char buffer[3];
    ssize_t size;

    (void)arg;
    if (!udp || send_to_itself(udp, "abcdef", 6) < 0 || send_to_itself(udp, "", 0) < 0 ||
        send_to_itself(udp, "xyz", 3) < 0)
        return -1;
    for (int i = 0; i < 3; i++) {
        size = tt_udp_receive(udp, buffer, sizeof buffer, &from);
        if (size < 0)
            return -1;
        note("%zd of %zu '%.*s'%s", size, from.size, (int)size, buffer, from.is_truncated ? " truncated" : "");
    }
    return 0;
}

static void what_is_longer_than_the_buffer_is_told_and_lost(void **state)
{
    (void)state;
    assert_true(stage_run(receive_too_little, NULL));
    expect_notes("3 of 6 'abc' truncated", "0 of 0 ''", "3 of 3 'xyz'");
}

static int wait_in_time(void *arg)
{
    tt_udp *udp = arg;
    tt_timeout *timeout = tt_timeout_enter(TT_MSEC(5));
    char byte;
    int rc = tt_udp_receive(udp, &byte, 1, NULL) < 0 ? -1 : 0;

    return tt_timeout_exit(timeout, rc);
}

static int wait_and_go_on(void *arg)
{
    tt_udp *udp = open_until_end("127.0.0.1");
    char byte = '-';

    (void)arg;
    if (!udp)
        return -1;
    if (wait_in_time(udp) == 0)
        return tt_raise(&tt_ValueError, "something came");
    note_and_drop("wait");
    if (send_to_itself(udp, "!", 1) < 0 || tt_udp_receive(udp, &byte, 1, NULL) < 0)
        return -1;
    note("%c", byte);
    return 0;
}

static void a_timeout_ends_a_wait_and_the_socket_goes_on(void **state)
{
    (void)state;
    assert_true(stage_run(wait_and_go_on, NULL));
    expect_notes("wait: TimeoutError()", "!");
}

/* ------------------------------------------------------------------------------------------------------------ failures */

static int send_to_nobody(void *arg)
{
    tt_udp *udp = tt_udp_open(arg, 0);
    int port = udp ? port_of(udp) : 0;
    char byte;

    tt_udp_close(udp);
    udp = udp ? tt_udp_connect(arg, port) : NULL;
    if (!until_end(udp) || tt_udp_send(udp, "x", 1) < 0)
        return -1;
    if (tt_udp_receive(udp, &byte, 1, NULL) >= 0)
        return tt_raise(&tt_ValueError, "somebody answered");
    note("errno %d", tt_exc_errno(tt_exc_pending()) == ECONNREFUSED);
    note_error("receive");
    /* the next datagram finds the way free again, and somebody there */
    tt_udp *peer = tt_udp_open(arg, port);
    if (!until_end(peer))
        return -1;
    return tt_udp_send(udp, "y", 1) < 0 || tt_udp_receive(peer, &byte, 1, NULL) < 0 ? -1 : 0;
}

static void that_nobody_is_there_is_told_to_the_receiver(void **state)
{
    (void)state;
    assert_true(stage_run(send_to_nobody, "127.0.0.1"));
    expect_notes("errno 1",
                 "receive: ConnectionRefusedError: [Errno 111] Connection refused: receive from 127.0.0.1:PORT");
    assert_true(stage_run(send_to_nobody, "::1"));
    expect_notes("errno 1", "receive: ConnectionRefusedError: [Errno 111] Connection refused: receive from [::1]:PORT");
}

/* The error comes while the task waits: the same. */
static int wait_for_refusal(void *arg)
{
    tt_udp *udp = arg;
    char byte;

    return tt_udp_receive(udp, &byte, 1, NULL) < 0 ? note_error("waited") : 0;
}

static int send_to_nobody_while_another_waits(void *arg)
{
    tt_udp *udp = tt_udp_open("127.0.0.1", 0);
    int port = udp ? port_of(udp) : 0, rc;
    tt_task *task;

    (void)arg;
    tt_udp_close(udp);
    udp = tt_udp_connect("127.0.0.1", port);
    task = tt_create_task(wait_for_refusal, udp);
    if (!udp || !task || tt_sleep(0) < 0)
        return -1;
    rc = tt_udp_send(udp, "x", 1) < 0 ? -1 : tt_await(task);
    tt_task_unref(task);
    tt_udp_close(udp);
    return rc;
}

static void that_nobody_is_there_wakes_the_receiver(void **state)
{
    (void)state;
    assert_true(stage_run(send_to_nobody_while_another_waits, NULL));
    expect_notes("waited: ConnectionRefusedError: [Errno 111] Connection refused: receive from 127.0.0.1:PORT");
}

static int make_mistakes(void *arg)
{
    static char much[70000];
    tt_udp *udp = open_until_end("127.0.0.1");
    int port = udp ? port_of(udp) : 0;
    struct tt_address six;

    (void)arg;
    if (!udp)
        return -1;
    if (send_to_itself(udp, much, sizeof much) < 0)
        note_error("too much");
    if (tt_udp_send(udp, "x", 1) < 0)
        note_error("to whom");
    if (tt_address_resolve("::1", 1, 0, &six) < 0)
        return -1;
    if (tt_udp_send_to(udp, "x", 1, &six) < 0)
        note_error("of another family");
    if (tt_address_resolve("255.255.255.255", port, 0, &six) < 0)
        return -1;
    if (tt_udp_send_to(udp, "x", 1, &six) < 0)
        note_error("to all");
    return 0;
}

static int open_wrongly(void *arg)
{
    tt_udp *udp = open_until_end("127.0.0.1");

    (void)arg;
    if (!udp)
        return -1;
    if (tt_udp_open("127.0.0.1", port_of(udp)) == NULL)
        note_error("twice");
    if (tt_udp_open(NULL, 65536) == NULL)
        note_error("no port");
    if (tt_udp_connect("localhost", -1) == NULL)
        note_error("no port by name");
    if (tt_udp_connect_with("127.0.0.1", 9, &(struct tt_udp_options){.local_port = -1}) == NULL)
        note_error("no local port");
    if (tt_udp_open("192.0.2.77", 0) == NULL)
        note_error("of another machine");
    if (tt_udp_connect_with("127.0.0.1", 9, &(struct tt_udp_options){.local_host = "localhost"}) == NULL)
        note("a name: %s", tt_exc_is(tt_exc_pending(), &tt_gaierror) ? "gaierror" : "?");
    (void)(tt_catch(&tt_OSError) && tt_catch_end());
    if (tt_udp_open_with("::1", 0, &(struct tt_udp_options){.family = AF_INET}) == NULL)
        note("of another family: %s", tt_exc_is(tt_exc_pending(), &tt_gaierror) ? "gaierror" : "?");
    return tt_catch(&tt_OSError) ? tt_catch_end() : -1;
}

static void what_cannot_be_opened_says_why(void **state)
{
    (void)state;
    assert_true(stage_run(open_wrongly, NULL));
    expect_notes("twice: OSError: [Errno 98] Address already in use: bind to 127.0.0.1:PORT",
                 "no port: OverflowError: port must be 0-65535.",
                 "no port by name: OverflowError: port must be 0-65535.",
                 "no local port: OverflowError: port must be 0-65535.",
                 "of another machine: OSError: [Errno 99] Cannot assign requested address: bind to 192.0.2.77:PORT",
                 "a name: gaierror", "of another family: gaierror");
}

static void what_cannot_be_sent_says_why(void **state)
{
    (void)state;
    assert_true(stage_run(make_mistakes, NULL));
    expect_notes("too much: OSError: [Errno 90] Message too long: send to 127.0.0.1:PORT",
                 "to whom: OSError: [Errno 89] Destination address required: send from 127.0.0.1:PORT",
                 "of another family: OSError: [Errno 97] Address family not supported by protocol: send to [::1]:PORT",
                 "to all: PermissionError: [Errno 13] Permission denied: send to 255.255.255.255:PORT");
}

/* ------------------------------------------------------------------------------------------------------------- addresses */

static int open_between(void *arg)
{
    const struct tt_udp_options from = {.local_host = "127.0.0.2"};
    tt_udp *server = open_until_end("127.0.0.1"), *client, *other;
    struct tt_udp_options from_port = {0};
    struct tt_datagram datagram;
    char byte, text[TT_ADDRESS_BYTES];

    (void)arg;
    client = server ? tt_udp_connect_with("127.0.0.1", port_of(server), &from) : NULL;
    if (!until_end(client) || tt_udp_send(client, "x", 1) < 0 || tt_udp_receive(server, &byte, 1, &datagram) < 0)
        return -1;
    tt_address_text(&datagram.peer, text, sizeof text);
    note("from %.9s", text);
    /* the port alone; it was free a moment ago */
    other = tt_udp_open("127.0.0.1", 0);
    from_port.local_port = other ? port_of(other) : 0;
    tt_udp_close(other);
    other = tt_udp_connect_with("127.0.0.1", port_of(server), &from_port);
    if (!until_end(other))
        return -1;
    note("port %d", port_of(other) == from_port.local_port);
    /* who is connected hears nobody else */
    struct tt_address address = local_of(other);
    if (tt_udp_send_to(client, "?", 1, &address) == 0)
        note("sent past the connection");
    return wait_in_time(other) < 0 ? note_and_drop("from elsewhere") : 0;
}

static void the_local_end_can_be_chosen(void **state)
{
    (void)state;
    assert_true(stage_run(open_between, NULL));
    expect_notes("from 127.0.0.2", "port 1", "sent past the connection", "from elsewhere: TimeoutError()");
}

static int share_a_port(void *arg)
{
    const struct tt_udp_options options = {.reuse_port = true};
    tt_udp *sockets[4] = {tt_udp_open_with("127.0.0.1", 0, &options)};
    int port = sockets[0] ? port_of(sockets[0]) : 0, got = 0, some = 0;
    tt_udp *client;
    char byte;

    (void)arg;
    for (int i = 1; i < 4; i++)
        sockets[i] = tt_udp_open_with("127.0.0.1", port, &options);
    for (int i = 0; i < 64; i++) {
        client = tt_udp_connect("127.0.0.1", port);
        if (!client || tt_udp_send(client, "x", 1) < 0)
            return -1;
        tt_udp_close(client);
    }
    for (int i = 0; i < 4; i++) {
        int here = 0;

        while (recv(tt_udp_descriptor(sockets[i]), &byte, 1, 0) == 1)
            here++;
        got += here;
        some += here > 0;
        tt_udp_close(sockets[i]);
    }
    note("%d, spread %d", got, some > 1);
    return 0;
}

static void a_port_can_be_shared(void **state)
{
    (void)state;
    assert_true(stage_run(share_a_port, NULL));
    expect_notes("64, spread 1");
}

static int compare_addresses(void *arg)
{
    static const char *const others[] = {"127.0.0.2", "::1", "::2"};
    struct tt_address one, other, none = {0};

    (void)arg;
    if (tt_address_resolve("127.0.0.1", 80, AF_INET, &one) < 0)
        return -1;
    other = one;
    note("itself %d, none %d, nones %d", tt_address_equal(&one, &other), tt_address_equal(&one, &none),
         tt_address_equal(&none, &none));
    ((struct sockaddr_in *)&other.name)->sin_port = 0;
    note("port %d, %d %d %d", tt_address_equal(&one, &other), tt_address_port(&one), tt_address_port(&other),
         tt_address_port(&none));
    for (int i = 0; i < 3; i++) {
        if (tt_address_resolve(others[i], 80, 0, &other) < 0)
            return -1;
        note("%s %d %d", others[i], tt_address_equal(&one, &other), tt_address_equal(&other, &one));
        one = other;
    }
    ((struct sockaddr_in6 *)&other.name)->sin6_flowinfo = 1;
    note("flow %d", tt_address_equal(&one, &other));
    ((struct sockaddr_in6 *)&other.name)->sin6_scope_id = 1;
    note("scope %d", tt_address_equal(&one, &other));
    return tt_address_resolve("::1", 80, AF_INET, &other) < 0 ? note_and_drop("family") : 0;
}

static void addresses_are_compared(void **state)
{
    (void)state;
    assert_true(stage_run(compare_addresses, NULL));
    assert_non_null(strstr(stage_notes(), "family: gaierror("));
    assert_memory_equal(stage_notes(),
                        "itself 1, none 0, nones 1\nport 0, 80 0 0\n127.0.0.2 0 0\n::1 0 0\n::2 0 0\nflow 1\nscope 0\n",
                        80);
    stage_forget_notes();
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test_on_stage(a_datagram_goes_there_and_back),
    cmocka_unit_test_on_stage(a_name_will_do),
    cmocka_unit_test_on_stage(all_interfaces_are_both_families),
    cmocka_unit_test_on_stage(what_is_longer_than_the_buffer_is_told_and_lost),
    cmocka_unit_test_on_stage(a_timeout_ends_a_wait_and_the_socket_goes_on),
    cmocka_unit_test_on_stage(that_nobody_is_there_is_told_to_the_receiver),
    cmocka_unit_test_on_stage(that_nobody_is_there_wakes_the_receiver),
    cmocka_unit_test_on_stage(what_cannot_be_opened_says_why),
    cmocka_unit_test_on_stage(what_cannot_be_sent_says_why),
    cmocka_unit_test_on_stage(the_local_end_can_be_chosen),
    cmocka_unit_test_on_stage(a_port_can_be_shared),
    cmocka_unit_test_on_stage(addresses_are_compared),
};

TT_TEST_MAIN(cases)
