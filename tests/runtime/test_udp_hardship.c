/* Datagram sockets in hardship: closed, cancelled, abandoned while tasks wait at them, without room, without memory. */
#include "datagrams.h"
#include "hardship.h"

#include <fcntl.h>
#include <inttypes.h>
#include <sys/socket.h>

/* ------------------------------------------------------------------------------------------------- several tasks, closing */

static int receive_named(void *arg)
{
    tt_udp *udp = arg;
    char byte;

    if (tt_udp_receive(udp, &byte, 1, NULL) < 0)
        return note_error("receiver");
    note("received %c", byte);
    return 0;
}

static int close_while_one_receives(void *arg)
{
    tt_udp *udp = tt_udp_open("127.0.0.1", 0);
    tt_task *task = tt_create_task(receive_named, udp);
    char byte;
    int rc;

    (void)arg;
    if (!udp || !task || tt_sleep(0) < 0)
        return -1;
    if (tt_udp_receive(udp, &byte, 1, NULL) < 0)
        note_error("second");
    tt_udp_close(udp);
    rc = tt_await(task);
    tt_task_unref(task);
    return rc;
}

static void closing_wakes_the_receiver(void **state)
{
    (void)state;
    assert_true(stage_run(close_while_one_receives, NULL));
    expect_notes("second: RuntimeError: another task is already waiting for a datagram",
                 "receiver: ConnectionAbortedError: [Errno 103] Software caused connection abort: receive at "
                 "127.0.0.1:PORT");
}

/* Both tasks are woken by the same poll; the one that runs first closes the other one's socket, whose number then is
 * another socket's. */
static struct {
    tt_udp *first, *second;
    int number;
} pair;

static int receive_then_close_the_other(void *arg)
{
    char byte;

    (void)arg;
    if (tt_udp_receive(pair.first, &byte, 1, NULL) < 0)
        return -1;
    pair.number = tt_udp_descriptor(pair.second);
    tt_udp_close(pair.second);
    pair.second = tt_udp_open("127.0.0.1", 0);
    if (!pair.second || send_to_itself(pair.second, "y", 1) < 0)
        return -1;
    note("the number again %d", tt_udp_descriptor(pair.second) == pair.number);
    return 0;
}

static int wake_both(void *arg)
{
    tt_task *tasks[2];
    char byte = '-';

    (void)arg;
    pair.first = tt_udp_open("127.0.0.1", 0);
    pair.second = tt_udp_open("127.0.0.1", 0);
    if (!pair.first || !pair.second)
        return -1;
    tasks[0] = tt_create_task(receive_then_close_the_other, NULL);
    tasks[1] = tt_create_task(receive_named, pair.second);
    if (tt_sleep(0) < 0 || send_to_itself(pair.first, "x", 1) < 0 || send_to_itself(pair.second, "x", 1) < 0 ||
        tt_await(tasks[0]) < 0 || tt_await(tasks[1]) < 0 || tt_udp_receive(pair.second, &byte, 1, NULL) < 0)
        return -1;
    note("%c", byte);
    tt_task_unref(tasks[0]);
    tt_task_unref(tasks[1]);
    tt_udp_close(pair.first);
    tt_udp_close(pair.second);
    return 0;
}

static void a_receiver_that_was_woken_reads_from_no_other_socket(void **state)
{
    (void)state;
    assert_true(stage_run(wake_both, NULL));
    expect_notes("the number again 1",
                 "receiver: ConnectionAbortedError: [Errno 103] Software caused connection abort: receive at "
                 "127.0.0.1:PORT",
                 "y");
}

static int wait_for_ever(void *arg)
{
    tt_udp *udp = open_until_end("127.0.0.1");
    char byte;

    (void)arg;
    return !udp || tt_udp_receive(udp, &byte, 1, NULL) < 0 ? -1 : 0;
}

static void the_loops_end_abandons_a_receiver(void **state)
{
    const struct tt_task_options options = {.loop = stage_loop, .name = "t"};
    tt_task *task;

    (void)state;
    task = tt_create_task_with(wait_for_ever, NULL, &options);
    stage_turns(2);
    stage_close_loop();
    tt_task_unref(task);
    expect_notes("handler: Task was destroyed but it is pending! [message, task] None of t");
}

static int use_elsewhere(void *arg)
{
    char byte;

    return tt_udp_receive(arg, &byte, 1, NULL) < 0 ? note_error("elsewhere") : 0;
}

static tt_udp *kept;

static int open_kept(void *arg)
{
    (void)arg;
    kept = tt_udp_open("127.0.0.1", 0);
    return kept ? 0 : -1;
}

static void a_socket_belongs_to_its_loop_and_can_outlive_it(void **state)
{
    tt_loop *other = tt_loop_create();
    tt_task *task;

    (void)state;
    assert_true(stage_run(open_kept, NULL));
    task = tt_create_task_with(use_elsewhere, kept, (&(struct tt_task_options){.loop = other}));
    assert_int_equal(tt_loop_run_until_complete(other, task), 0);
    tt_task_unref(task);
    tt_loop_close(other);
    expect_notes("elsewhere: RuntimeError: a datagram socket belongs to a different event loop");
    stage_close_loop();
    tt_udp_close(kept);
    tt_udp_close(NULL);
}

/* --------------------------------------------------------------------------------------------------------- no room, too many */

/* A Unix pair stands for a network device that has no room: UDP on the loopback always has. */
static int send_into_a_full_queue(void *arg)
{
    tt_udp *udp = arg;
    char byte = 'x';

    return tt_udp_send(udp, &byte, 1);
}

static int fill_and_wait(void *arg)
{
    tt_udp *udp = open_until_end("127.0.0.1");
    int pair_of_unix[2], before, sent = 0, received = 0;
    tt_task *tasks[3];
    char byte;

    (void)arg;
    if (!udp || socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair_of_unix) < 0)
        return -1;
    before = tt_udp_descriptor(udp);
    dup3(pair_of_unix[0], before, O_CLOEXEC);
    while (send(before, "x", 1, 0) == 1)
        sent++;
    for (int i = 0; i < 3; i++)
        tasks[i] = tt_create_task(send_into_a_full_queue, udp);
    if (tt_sleep(0) < 0 || tt_sleep(0) < 0)
        return -1;
    note("they wait %d%d%d", !tt_task_done(tasks[0]), !tt_task_done(tasks[1]), !tt_task_done(tasks[2]));
    tt_task_cancel(tasks[1], NULL); /* waits for its turn */
    tt_task_cancel(tasks[0], NULL); /* waits for room */
    while (recv(pair_of_unix[1], &byte, 1, 0) == 1)
        received++;
    if (tt_await(tasks[2]) < 0)
        return -1;
    note("cancelled %d%d", tt_task_cancelled(tasks[0]), tt_task_cancelled(tasks[1]));
    note("nothing is lost %d, one more came %d", sent == received, recv(pair_of_unix[1], &byte, 1, 0) == 1);
    note("and no other %d", recv(pair_of_unix[1], &byte, 1, 0) < 0);
    for (int i = 0; i < 3; i++)
        tt_task_unref(tasks[i]);
    close(pair_of_unix[0]);
    close(pair_of_unix[1]);
    return 0;
}

static void senders_take_turns_where_there_is_no_room(void **state)
{
    (void)state;
    assert_true(stage_run(fill_and_wait, NULL));
    expect_notes("they wait 111", "cancelled 11", "nothing is lost 1, one more came 1", "and no other 1");
}

static int close_while_some_send(void *arg)
{
    tt_udp *udp = tt_udp_open("127.0.0.1", 0);
    int pair_of_unix[2];
    tt_task *tasks[2];

    (void)arg;
    if (!udp || socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair_of_unix) < 0)
        return -1;
    dup3(pair_of_unix[0], tt_udp_descriptor(udp), O_CLOEXEC);
    while (send(pair_of_unix[0], "x", 1, 0) == 1)
        ;
    for (int i = 0; i < 2; i++)
        tasks[i] = tt_create_task(send_into_a_full_queue, udp);
    if (tt_sleep(0) < 0)
        return -1;
    tt_udp_close(udp);
    for (int i = 0; i < 2; i++) {
        if (tt_await(tasks[i]) < 0)
            note("%s", tt_exc_type_of(tt_exc_pending())->name);
        (void)(tt_catch(&tt_Exception) && tt_catch_end());
        tt_task_unref(tasks[i]);
    }
    close(pair_of_unix[0]);
    close(pair_of_unix[1]);
    return 0;
}

static void closing_wakes_the_senders(void **state)
{
    (void)state;
    assert_true(stage_run(close_while_some_send, NULL));
    expect_notes("ConnectionAbortedError", "RuntimeError");
}

enum { FLOOD = 500 };

static int flood(void *arg)
{
    const struct tt_udp_options options = {.receive_buffer = 4096};
    tt_udp *udp = tt_udp_open_with("127.0.0.1", 0, &options);
    char much[1000] = "";
    int received = 0;
    int64_t dropped;

    (void)arg;
    if (!until_end(udp))
        return -1;
    note("before %" PRId64, tt_udp_drop_count(udp));
    for (int i = 0; i < FLOOD; i++)
        if (send_to_itself(udp, much, sizeof much) < 0)
            return -1;
    dropped = tt_udp_drop_count(udp);
    while (recv(tt_udp_descriptor(udp), much, sizeof much, 0) > 0)
        received++;
    note("some are dropped %d, the rest has come %d", dropped > 0, received + dropped == FLOOD);
    return 0;
}

static void what_the_kernel_drops_is_counted(void **state)
{
    (void)state;
    assert_true(stage_run(flood, NULL));
    expect_notes("before 0", "some are dropped 1, the rest has come 1");
}

/* -------------------------------------------------------------------------------------------------------------- hardship */

static int converse_by_all(void *arg)
{
    int rc = converse(arg);

    stage_forget_notes();
    return rc;
}

static void a_conversation_is_cancelled_anywhere(void **state)
{
    (void)state;
    assert_true(cancel_everywhere(converse_by_all, "127.0.0.1") > 2);
    assert_true(cancel_everywhere(converse_by_all, "localhost") > 4);
}

static void a_loop_is_closed_over_a_conversation_anywhere(void **state)
{
    (void)state;
    close_over_everywhere(converse_by_all, "localhost");
    close_over_everywhere(converse_by_all, "::1");
    stage_forget_notes();
}

static void each_allocation_of_a_conversation_fails_once(void **state)
{
    (void)state;
    assert_true(fail_each_allocation(converse_by_all, "127.0.0.1") > 5);
}

/* A datagram that has come for a receiver who is cancelled in the same turn is the next one's. */
static int receive_after_a_cancelled_one(void *arg)
{
    tt_udp *udp = open_until_end("127.0.0.1");
    tt_task *task = tt_create_task(receive_named, udp);

    (void)arg;
    if (!udp || !task || tt_sleep(0) < 0 || send_to_itself(udp, "x", 1) < 0)
        return -1;
    tt_task_cancel(task, NULL);
    tt_task_unref(task);
    return tt_sleep(0) < 0 ? -1 : receive_named(udp);
}

static void who_is_cancelled_takes_no_datagram(void **state)
{
    (void)state;
    assert_true(stage_run(receive_after_a_cancelled_one, NULL));
    expect_notes("receiver: CancelledError: ", "received x");
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test_on_stage(closing_wakes_the_receiver),
    cmocka_unit_test_on_stage(a_receiver_that_was_woken_reads_from_no_other_socket),
    cmocka_unit_test_on_stage(the_loops_end_abandons_a_receiver),
    cmocka_unit_test_on_stage(a_socket_belongs_to_its_loop_and_can_outlive_it),
    cmocka_unit_test_on_stage(senders_take_turns_where_there_is_no_room),
    cmocka_unit_test_on_stage(closing_wakes_the_senders),
    cmocka_unit_test_on_stage(what_the_kernel_drops_is_counted),
    cmocka_unit_test_on_stage(a_conversation_is_cancelled_anywhere),
    cmocka_unit_test_on_stage(a_loop_is_closed_over_a_conversation_anywhere),
    cmocka_unit_test_on_stage(each_allocation_of_a_conversation_fails_once),
    cmocka_unit_test_on_stage(who_is_cancelled_takes_no_datagram),
};

TT_TEST_MAIN(cases)
