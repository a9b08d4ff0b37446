/* Groups of datagrams, interfaces and options; on the loopback, which needs no network. */
#include "stage.h"

#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>

/* Administratively scoped, and of this machine only; hosts that send to them. */
static const char *const groups[] = {"239.255.77.7", "ff01::7:7"}, *const hosts[] = {"127.0.0.1", "::"};

/* Where the groups are joined. Linux sends nothing to groups of IPv6 by the loopback, so that is another interface, if
 * there is one; what is said of ff01:: leaves no machine. */
static char interfaces[2][IF_NAMESIZE] = {"lo", ""};

static int find_interface(void **state)
{
    struct ifaddrs *all = NULL;

    if (getifaddrs(&all) < 0)
        return -1;
    for (struct ifaddrs *one = all; one; one = one->ifa_next)
        if ((one->ifa_flags & IFF_UP) && (one->ifa_flags & IFF_MULTICAST) && one->ifa_addr &&
            one->ifa_addr->sa_family == AF_INET6)
            snprintf(interfaces[1], sizeof interfaces[1], "%s", one->ifa_name);
    freeifaddrs(all);
    return stage_open(state);
}

#define cmocka_unit_test_with_groups(...) STAGE_CASE(__VA_ARGS__, find_interface, stage_close)

static int close_udp(void *udp)
{
    tt_udp_close(udp);
    return 0;
}

static tt_udp *open_until_end(const char *host, int port, const struct tt_udp_options *options)
{
    tt_udp *udp = tt_udp_open_with(host, port, options);

    return udp && tt_defer(close_udp, udp) == 0 ? udp : NULL;
}

static int port_of(const tt_udp *udp)
{
    struct tt_address local;

    tt_udp_local_address(udp, &local);
    return tt_address_port(&local);
}

/* Whether something comes to UDP: what the kernel delivers on the loopback is there when the send returns. */
static bool takes(const tt_udp *udp, char expected)
{
    char byte = '-';

    return recv(tt_udp_descriptor(udp), &byte, 1, MSG_DONTWAIT) == 1 && byte == expected;
}

/* Sends TEXT to the group of FAMILY, 0 or 1, at PORT. */
static int send_to_group(tt_udp *udp, int family, int port, const char *text)
{
    struct tt_address address;

    if (tt_udp_set_interface(udp, interfaces[family]) < 0 || tt_address_resolve(groups[family], port, 0, &address) < 0)
        return -1;
    return tt_udp_send_to(udp, text, 1, &address);
}

static int note_error(const char *label)
{
    note("%s: %s: %s", label, tt_exc_type_of(tt_exc_pending())->name, tt_exc_message(tt_exc_pending()));
    return tt_catch(&tt_BaseException) ? tt_catch_end() : -1;
}

/* ---------------------------------------------------------------------------------------------------------------- groups */

/* Two members of a group share a port, and both get what is sent to it; one leaves. */
static int join_and_leave(void *arg)
{
    int family = *(int *)arg;
    const struct tt_udp_options shared = {.reuse_address = true, .family = family == 0 ? AF_INET : AF_INET6};
    tt_udp *one = open_until_end(NULL, 0, &shared), *other, *sender;

    other = one ? open_until_end(NULL, port_of(one), &shared) : NULL;
    sender = other ? open_until_end(hosts[family], 0, NULL) : NULL;
    if (!sender || tt_udp_join(one, groups[family], interfaces[family]) < 0 ||
        tt_udp_join(other, groups[family], family == 0 ? hosts[0] : interfaces[1]) < 0)
        return -1;
    if (send_to_group(sender, family, port_of(one), "a") < 0)
        return -1;
    note("both %d%d", takes(one, 'a'), takes(other, 'a'));
    if (tt_udp_leave(other, groups[family], interfaces[family]) < 0 ||
        send_to_group(sender, family, port_of(one), "b") < 0)
        return -1;
    note("one %d", takes(one, 'b'));
    if (tt_udp_join(one, groups[family], interfaces[family]) < 0)
        note_error("twice");
    if (tt_udp_leave(other, groups[family], interfaces[family]) < 0)
        note_error("not in it");
    return 0;
}

static void expect_notes_by_six(void)
{
    char twice[160], out[160];

    snprintf(twice, sizeof twice, "twice: OSError: [Errno 98] Address already in use: join ff01::7:7 on %s",
             interfaces[1]);
    snprintf(out, sizeof out, "not in it: OSError: [Errno 99] Cannot assign requested address: leave ff01::7:7 on %s",
             interfaces[1]);
    expect_notes("both 11", "one 1", twice, out);
}

static void who_joins_gets_what_goes_to_the_group(void **state)
{
    (void)state;
    assert_true(stage_run(join_and_leave, &(int){0}));
    expect_notes("both 11", "one 1", "twice: OSError: [Errno 98] Address already in use: join 239.255.77.7 on lo",
                 "not in it: OSError: [Errno 99] Cannot assign requested address: leave 239.255.77.7 on lo");
}

static void who_joins_gets_what_goes_to_the_group_by_ipv6(void **state)
{
    (void)state;
    if (!interfaces[1][0])
        TT_SKIP("no interface takes part in groups by IPv6");
    assert_true(stage_run(join_and_leave, &(int){1}));
    expect_notes_by_six();
}

static int join_source(void *arg)
{
    tt_udp *member = open_until_end("0.0.0.0", 0, NULL), *wanted, *other;

    (void)arg;
    wanted = member ? open_until_end("127.0.0.2", 0, NULL) : NULL;
    other = wanted ? open_until_end("127.0.0.3", 0, NULL) : NULL;
    if (!other || tt_udp_join_source(member, groups[0], "127.0.0.2", "lo") < 0)
        return -1;
    if (send_to_group(other, 0, port_of(member), "o") < 0 || send_to_group(wanted, 0, port_of(member), "w") < 0)
        return -1;
    note("wanted %d", takes(member, 'w'));
    note("and nothing else %d", !takes(member, 'o'));
    if (tt_udp_leave_source(member, groups[0], "127.0.0.2", "lo") < 0 ||
        send_to_group(wanted, 0, port_of(member), "w") < 0)
        return -1;
    note("no more %d", !takes(member, 'w'));
    if (tt_udp_leave_source(member, groups[0], "127.0.0.2", NULL) < 0)
        note_error("again");
    return 0;
}

static void a_source_can_be_chosen(void **state)
{
    (void)state;
    assert_true(stage_run(join_source, NULL));
    expect_notes("wanted 1", "and nothing else 1", "no more 1",
                 "again: OSError: [Errno 22] Invalid argument: leave 239.255.77.7 from 127.0.0.2");
}

/* Two sockets with a port each; one has joined, and the other one's port gets nothing by that. */
static int listen_beside_a_member(void *arg)
{
    int family = *(int *)arg;
    tt_udp *both = open_until_end(NULL, 0, NULL), *one = open_until_end(family == 0 ? "0.0.0.0" : "::", 0, NULL),
           *member, *sender;

    member = both && one ? open_until_end(NULL, 0, NULL) : NULL;
    sender = member ? open_until_end(hosts[family], 0, NULL) : NULL;
    if (!sender || tt_udp_join(member, groups[family], interfaces[family]) < 0 ||
        send_to_group(sender, family, port_of(both), "b") < 0 || send_to_group(sender, family, port_of(one), "o") < 0 ||
        send_to_group(sender, family, port_of(member), "m") < 0)
        return -1;
    note("member %d", takes(member, 'm'));
    note("others %d", takes(both, 'b') + takes(one, 'o'));
    return 0;
}

static void who_has_not_joined_gets_nothing(void **state)
{
    (void)state;
    assert_true(stage_run(listen_beside_a_member, &(int){0}));
    expect_notes("member 1", "others 0");
    if (!interfaces[1][0])
        TT_SKIP("no interface takes part in groups by IPv6");
    assert_true(stage_run(listen_beside_a_member, &(int){1}));
    expect_notes("member 1", "others 0");
}

static int join_both_families(void *arg)
{
    tt_udp *member = open_until_end(NULL, 0, NULL), *sender;

    (void)arg;
    for (int i = 0; i < 2; i++) {
        sender = member ? open_until_end(hosts[i], 0, NULL) : NULL;
        if (!sender || tt_udp_join(member, groups[i], interfaces[i]) < 0 ||
            send_to_group(sender, i, port_of(member), "x") < 0)
            return -1;
        note("%s %d", groups[i], takes(member, 'x'));
    }
    /* and sends to both, by one socket */
    for (int i = 0; i < 2; i++) {
        if (send_to_group(member, i, port_of(member), "y") < 0)
            return -1;
        note("%s %d", groups[i], takes(member, 'y'));
    }
    return 0;
}

static void a_socket_of_both_families_joins_groups_of_both(void **state)
{
    (void)state;
    if (!interfaces[1][0])
        TT_SKIP("no interface takes part in groups by IPv6");
    assert_true(stage_run(join_both_families, NULL));
    expect_notes("239.255.77.7 1", "ff01::7:7 1", "239.255.77.7 1", "ff01::7:7 1");
}

static int join_wrongly(void *arg)
{
    tt_udp *udp = open_until_end("0.0.0.0", 0, NULL);

    (void)arg;
    if (!udp)
        return -1;
    if (tt_udp_join(udp, "nobody", "lo") < 0)
        note_error("no address");
    if (tt_udp_join_source(udp, groups[0], "nobody", "lo") < 0)
        note_error("no source");
    if (tt_udp_join(udp, "127.0.0.1", "lo") < 0)
        note_error("no group");
    if (tt_udp_join(udp, groups[0], "nowhere7") < 0)
        note_error("no interface");
    if (tt_udp_join(udp, groups[0], "192.0.2.77") < 0)
        note_error("nobody's address");
    if (tt_udp_join(udp, groups[1], "lo") < 0)
        note_error("other family");
    if (tt_udp_set_interface(udp, "nowhere7") < 0)
        note_error("send");
    return 0;
}

static void what_cannot_be_joined_says_why(void **state)
{
    (void)state;
    assert_true(stage_run(join_wrongly, NULL));
    expect_notes("no address: gaierror: [Errno -2] Name or service not known: getaddrinfo nobody",
                 "no source: gaierror: [Errno -2] Name or service not known: getaddrinfo nobody",
                 "no group: OSError: [Errno 22] Invalid argument: join 127.0.0.1 on lo",
                 "no interface: OSError: [Errno 19] No such device: join 239.255.77.7 on nowhere7",
                 "nobody's address: OSError: [Errno 19] No such device: join 239.255.77.7 on 192.0.2.77",
                 "other family: OSError: [Errno 92] Protocol not available: join ff01::7:7 on lo",
                 "send: OSError: [Errno 19] No such device: send to groups by nowhere7");
}

/* --------------------------------------------------------------------------------------------------------------- options */

static int option_of(const tt_udp *udp, int level, int name)
{
    int value = -1;
    socklen_t length = sizeof value;

    getsockopt(tt_udp_descriptor(udp), level, name, &value, &length);
    return value;
}

static int set_options(void *arg)
{
    static const enum tt_udp_option ttls[] = {TT_UDP_TTL, TT_UDP_GROUP_TTL};
    tt_udp *both = open_until_end(NULL, 0, NULL), *four = open_until_end("127.0.0.1", 0, NULL),
           *six = open_until_end("::1", 0, NULL);

    (void)arg;
    if (!both || !four || !six)
        return -1;
    for (int i = 0; i < 2; i++)
        if (tt_udp_set_option(both, ttls[i], 7 + i) < 0 || tt_udp_set_option(four, ttls[i], 9 + i) < 0 ||
            tt_udp_set_option(six, ttls[i], 11 + i) < 0)
            return -1;
    note("%d %d, %d, %d", option_of(both, IPPROTO_IP, IP_TTL), option_of(both, IPPROTO_IPV6, IPV6_UNICAST_HOPS),
         option_of(four, IPPROTO_IP, IP_TTL), option_of(six, IPPROTO_IPV6, IPV6_UNICAST_HOPS));
    note("%d %d, %d, %d", option_of(both, IPPROTO_IP, IP_MULTICAST_TTL),
         option_of(both, IPPROTO_IPV6, IPV6_MULTICAST_HOPS), option_of(four, IPPROTO_IP, IP_MULTICAST_TTL),
         option_of(six, IPPROTO_IPV6, IPV6_MULTICAST_HOPS));
    if (tt_udp_set_option(four, TT_UDP_BROADCAST, 1) < 0 || tt_udp_set_option(four, TT_UDP_SEND_BUFFER, 8192) < 0 ||
        tt_udp_set_option(four, TT_UDP_RECEIVE_BUFFER, 4096) < 0 || tt_udp_set_interface(four, "lo") < 0 ||
        tt_udp_set_interface(both, "lo") < 0)
        return -1;
    note("%d %d %d", option_of(four, SOL_SOCKET, SO_BROADCAST), option_of(four, SOL_SOCKET, SO_SNDBUF),
         option_of(four, SOL_SOCKET, SO_RCVBUF));
    note("loop %d", option_of(four, IPPROTO_IP, IP_MULTICAST_LOOP));
    if (tt_udp_set_option(four, TT_UDP_GROUP_LOOP, 0) < 0 || tt_udp_set_option(both, TT_UDP_GROUP_LOOP, 0) < 0)
        return -1;
    note("no loop %d %d %d", option_of(four, IPPROTO_IP, IP_MULTICAST_LOOP),
         option_of(both, IPPROTO_IP, IP_MULTICAST_LOOP), option_of(both, IPPROTO_IPV6, IPV6_MULTICAST_LOOP));
    note("by lo %d", option_of(both, IPPROTO_IPV6, IPV6_MULTICAST_IF) == (int)if_nametoindex("lo"));
    if (tt_udp_set_interface(both, NULL) < 0)
        return -1;
    note("by any %d", option_of(both, IPPROTO_IPV6, IPV6_MULTICAST_IF));
    return 0;
}

static void options_are_set_for_each_family_of_the_socket(void **state)
{
    (void)state;
    assert_true(stage_run(set_options, NULL));
    expect_notes("7 7, 9, 11", "8 8, 10, 12", "1 16384 8192", "loop 1", "no loop 0 0 0", "by lo 1", "by any 0");
}

static int set_wrong_options(void *arg)
{
    tt_udp *udp = tt_udp_connect("127.0.0.1", 9);
    char text[128], *port;

    (void)arg;
    if (!udp || tt_udp_set_option(udp, TT_UDP_TTL, 256) == 0)
        return -1;
    snprintf(text, sizeof text, "%s", tt_exc_message(tt_exc_pending()));
    port = strrchr(text, ':');
    note("%.*s", (int)(port - text), text);
    (void)(tt_catch(&tt_OSError) && tt_catch_end());
    if (tt_udp_set_option(udp, (enum tt_udp_option)99, 1) < 0)
        note("%d", tt_exc_errno(tt_exc_pending()) == EINVAL);
    (void)(tt_catch(&tt_OSError) && tt_catch_end());
    tt_udp_close(udp);
    return 0;
}

static void an_option_that_is_refused_is_told(void **state)
{
    (void)state;
    assert_true(stage_run(set_wrong_options, NULL));
    expect_notes("[Errno 22] Invalid argument: set ttl to 256 of 127.0.0.1", "1");
}

static int send_to_all(void *arg)
{
    const struct tt_udp_options options = {.broadcast = true};
    tt_udp *receiver = open_until_end("0.0.0.0", 0, NULL), *sender = open_until_end("127.0.0.1", 0, &options);
    struct tt_address address;

    (void)arg;
    if (!receiver || !sender || tt_address_resolve("127.255.255.255", port_of(receiver), 0, &address) < 0 ||
        tt_udp_send_to(sender, "x", 1, &address) < 0)
        return -1;
    note("%d", takes(receiver, 'x'));
    return 0;
}

static void broadcasts_are_sent_by_who_asked_for_it(void **state)
{
    (void)state;
    assert_true(stage_run(send_to_all, NULL));
    expect_notes("1");
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test_with_groups(who_joins_gets_what_goes_to_the_group),
    cmocka_unit_test_with_groups(who_joins_gets_what_goes_to_the_group_by_ipv6),
    cmocka_unit_test_with_groups(who_has_not_joined_gets_nothing),
    cmocka_unit_test_with_groups(a_source_can_be_chosen),
    cmocka_unit_test_with_groups(a_socket_of_both_families_joins_groups_of_both),
    cmocka_unit_test_on_stage(what_cannot_be_joined_says_why),
    cmocka_unit_test_on_stage(options_are_set_for_each_family_of_the_socket),
    cmocka_unit_test_on_stage(an_option_that_is_refused_is_told),
    cmocka_unit_test_on_stage(broadcasts_are_sent_by_who_asked_for_it),
};

TT_TEST_MAIN(cases)
