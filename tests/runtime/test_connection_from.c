/* Connections: from which address and port of this machine they come, where that is asked for and there is another family.
 * asyncio's local_addr. */
#include "stage.h"

static int connect_from_another_family(void *arg)
{
    tt_listener *six = tt_listen("::1", 0), *four = tt_listen("127.0.0.1", 0);
    struct tt_connection_options options = {.local_host = "127.0.0.1"};

    (void)arg;
    if (!six || !four)
        return -1;
    if (!tt_open_connection_with("::1", tt_listener_port(six), &options))
        note_and_drop("from four");
    options.local_host = "::1";
    if (!tt_open_connection_with("127.0.0.1", tt_listener_port(four), &options))
        note_and_drop("from six");
    options.all_errors = true;
    if (!tt_open_connection_with("127.0.0.1", tt_listener_port(four), &options))
        note_and_drop("all errors");
    tt_listener_close(six);
    tt_listener_close(four);
    return 0;
}

static void who_should_come_from_another_family_is_told(void **state)
{
    (void)state;
    assert_true(stage_run(connect_from_another_family, NULL));
    expect_notes("from four: OSError('no matching local address with family=<AddressFamily.AF_INET6: 10> found')",
                 "from six: OSError('no matching local address with family=<AddressFamily.AF_INET: 2> found')",
                 "all errors: ExceptionGroup('create_connection failed', [OSError('no matching local address with "
                 "family=<AddressFamily.AF_INET: 2> found')])");
}

/* A port that was free a moment ago. */
static int free_port(const char *host)
{
    tt_listener *listener = tt_listen(host, 0);
    int port = tt_listener_port(listener);

    tt_listener_close(listener);
    return port;
}

static int connect_from_a_port(const char *host)
{
    tt_listener *listener = tt_listen(host, 0);
    const struct tt_connection_options options = {.local_port = free_port(host)};
    tt_stream *client = tt_open_connection_with(host, tt_listener_port(listener), &options);
    char text[128], end[16];

    if (!client)
        return -1;
    tt_stream_local(client, text, sizeof text);
    snprintf(end, sizeof end, ":%d", options.local_port);
    note("%s %d", host, strcmp(strrchr(text, ':'), end) == 0);
    tt_stream_abort(client);
    tt_stream_close(client);
    tt_listener_close(listener);
    return 0;
}

static int connect_from_ports(void *arg)
{
    (void)arg;
    return connect_from_a_port("127.0.0.1") < 0 || connect_from_a_port("::1") < 0 ? -1 : 0;
}

static void a_local_port_counts_for_both_families(void **state)
{
    (void)state;
    assert_true(stage_run(connect_from_ports, NULL));
    expect_notes("127.0.0.1 1", "::1 1");
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test_on_stage(who_should_come_from_another_family_is_told),
    cmocka_unit_test_on_stage(a_local_port_counts_for_both_families),
};

TT_TEST_MAIN(cases)
