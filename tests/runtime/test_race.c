/* Connecting to one of several addresses: asyncio's happy_eyeballs_delay, RFC 8305. */
#include "stage.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "race.h"

enum { FILLERS = 8 };

static struct tt_address deaf, refusing, listening;
static int deaf_socket, listening_socket, fillers[FILLERS];

/* A socket on a free port of 127.0.0.1, and its address. */
static int open_socket(struct tt_address *address)
{
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    assert_int_equal(bind(descriptor, (struct sockaddr *)&name, sizeof name), 0);
    address->length = sizeof address->name;
    assert_int_equal(getsockname(descriptor, (struct sockaddr *)&address->name, &address->length), 0);
    return descriptor;
}

/* Three peers: one whose queue is full, so that nothing answers; one that refuses; one that listens. */
static int open_peers(void **state)
{
    if (stage_open(state) < 0)
        return -1;
    deaf_socket = open_socket(&deaf);
    listening_socket = open_socket(&listening);
    close(open_socket(&refusing));
    if (listen(deaf_socket, 0) < 0 || listen(listening_socket, 10) < 0)
        return -1;
    for (int i = 0; i < FILLERS; i++) {
        fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        connect(fillers[i], (struct sockaddr *)&deaf.name, deaf.length);
    }
    usleep(1000);
    return 0;
}

static int close_peers(void **state)
{
    close(deaf_socket);
    close(listening_socket);
    for (int i = 0; i < FILLERS; i++)
        close(fillers[i]);
    return stage_close(state);
}

#define cmocka_unit_test_with_peers(...) STAGE_CASE(__VA_ARGS__, open_peers, close_peers)

struct race_of {
    const struct tt_address *addresses[4]; /* up to a NULL */
    int64_t delay_ns, timeout_ns;
    bool all_errors;
};

/* Races, and notes who won or what was raised. */
static int race(void *arg)
{
    const struct race_of *of = arg;
    const struct tt_connection_options options = {.happy_eyeballs_delay_ns = of->delay_ns,
                                                  .all_errors = of->all_errors};
    struct tt_address *addresses = calloc(4, sizeof *addresses), peer;
    tt_timeout *timeout = tt_timeout_enter(of->timeout_ns);
    size_t count = 0;
    int descriptor;

    for (; of->addresses[count]; count++)
        addresses[count] = *of->addresses[count];
    descriptor = tt__race_connect(TT_HERE, (struct tt_task_object *)tt_current_task(), addresses, count, NULL, 0,
                                  &options, &peer);
    if (descriptor >= 0) {
        note("made to %s", memcmp(&peer, &listening, sizeof peer.length + 8) == 0 ? "who listens" : "somebody else");
        close(descriptor);
    }
    return tt_timeout_exit(timeout, descriptor < 0 ? -1 : 0);
}

static void an_address_that_does_not_answer_is_passed_after_the_delay(void **state)
{
    struct race_of of = {{&deaf, &listening}, TT_MSEC(20), TT_SEC(20), false};
    int64_t began = (int64_t)tt_loop_time(stage_loop);

    (void)state;
    assert_true(stage_run(race, &of));
    expect_notes("made to who listens");
    assert_true(tt_loop_time(stage_loop) - began >= TT_MSEC(20));
}

static void without_a_delay_it_is_waited_for(void **state)
{
    struct race_of of = {{&deaf, &listening}, 0, TT_MSEC(50), false};

    (void)state;
    assert_false(stage_run(race, &of));
    expect_notes("main: TimeoutError()");
}

static void an_address_that_refuses_is_passed_at_once(void **state)
{
    struct race_of with_delay = {{&refusing, &refusing, &listening}, TT_SEC(100), TT_SEC(20), false};
    struct race_of without = {{&refusing, &refusing, &listening}, 0, TT_SEC(20), false};

    (void)state;
    assert_true(stage_run(race, &with_delay));
    assert_true(stage_run(race, &without));
    expect_notes("made to who listens", "made to who listens");
}

/* The delay is for who does not answer, not for who says no: two delays would be two seconds. */
static void an_address_that_refuses_beside_another_is_passed_at_once(void **state)
{
    struct race_of of = {{&deaf, &refusing, &listening}, TT_SEC(1), TT_SEC(20), false};
    int64_t began = tt_loop_time(stage_loop);

    (void)state;
    assert_true(stage_run(race, &of));
    expect_notes("made to who listens");
    assert_true(tt_loop_time(stage_loop) - began < TT_MSEC(1900));
}

static void when_all_fail_all_are_told(void **state)
{
    struct tt_address other;
    struct race_of same = {{&refusing, &refusing}, 0, TT_SEC(20), false};
    struct race_of different = {{&refusing, &other}, TT_MSEC(5), TT_SEC(20), false};
    struct race_of group = {{&refusing, &other}, 0, TT_SEC(20), true};

    (void)state;
    close(open_socket(&other));
    assert_false(stage_run(race, &same));
    expect_notes("main: ConnectionRefusedError(111, 'Connection refused')");
    assert_false(stage_run(race, &different));
    assert_non_null(strstr(stage_notes(),
                           "main: OSError('Multiple exceptions: [Errno 111] Connection refused: connect to "
                           "127.0.0.1:"));
    assert_non_null(strstr(stage_notes(), ", [Errno 111] Connection refused: connect to 127.0.0.1:"));
    stage_forget_notes();
    assert_false(stage_run(race, &group));
    assert_non_null(strstr(stage_notes(), "main: ExceptionGroup('create_connection failed', [ConnectionRefusedError("));
    stage_forget_notes();
}

static void a_race_that_is_cancelled_leaves_no_descriptor(void **state)
{
    struct race_of of = {{&deaf, &deaf, &deaf}, TT_MSEC(2), TT_MSEC(30), false};
    int descriptors = stage_descriptors();

    (void)state;
    assert_false(stage_run(race, &of));
    expect_notes("main: TimeoutError()");
    assert_int_equal(stage_descriptors(), descriptors);
}

static int ignore(tt_loop *loop, const struct tt_handler_context *context, void *arg)
{
    (void)loop;
    (void)context;
    (void)arg;
    return 0;
}

static void a_race_is_abandoned_with_its_loop(void **state)
{
    struct race_of of = {{&deaf, &deaf, &deaf}, 1, TT_SEC(20), false};
    const struct tt_task_options options = {.loop = stage_loop};

    (void)state;
    tt_loop_set_exception_handler(stage_loop, ignore, NULL);
    assert_int_equal(tt_spawn_with(race, &of, &options), 0);
    stage_turns(6);
    stage_close_loop();
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test_with_peers(an_address_that_does_not_answer_is_passed_after_the_delay),
    cmocka_unit_test_with_peers(without_a_delay_it_is_waited_for),
    cmocka_unit_test_with_peers(an_address_that_refuses_is_passed_at_once),
    cmocka_unit_test_with_peers(an_address_that_refuses_beside_another_is_passed_at_once),
    cmocka_unit_test_with_peers(when_all_fail_all_are_told),
    cmocka_unit_test_with_peers(a_race_that_is_cancelled_leaves_no_descriptor),
    cmocka_unit_test_with_peers(a_race_is_abandoned_with_its_loop),
};

TT_TEST_MAIN(cases)
