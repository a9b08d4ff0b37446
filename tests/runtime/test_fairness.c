/* Operations that succeed at once, one after the other, with a peer that never pauses (families.h): after TT_STEP_IO_COUNT of them,
 * or TT_STEP_IO_BYTES, everybody else has a turn. Who is cancelled in it, or loses what it works on, has lost nothing. */
#include "families.h"
#include "hardship.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

enum { MANY = 3 * TT_STEP_IO_COUNT };

/* -------------------------------------------------------------------------------------------------------- the others */

static struct {
    int count;             /* calls so far */
    int task_at, timer_at; /* how many there were when another task ran, a timer fired */
    tt_task *task;         /* who makes the calls */
    struct ground *ground;
    const char *what; /* is done to it in the turn that it gives */
} now;

static int another_task(void *arg)
{
    (void)arg;
    now.task_at = now.count;
    return 0;
}

static int timer_fires(void *arg)
{
    (void)arg;
    now.timer_at = now.count;
    return 0;
}

/* Calls, and never suspends by itself, until the others have run. */
static int call_on(void *arg)
{
    struct ground *ground;
    int rc = 0;

    ground = create_ground(arg);
    if (!ground || tt_sleep(0) < 0 || tt_spawn(another_task, NULL) < 0 ||
        tt_loop_call_later(NULL, 0, timer_fires, NULL, NULL) < 0)
        return -1;
    for (now.count = 0; rc == 0 && now.count < MANY; now.count++)
        rc = call_once(ground, now.count);
    return rc;
}

static void others_have_a_turn_however_fast_the_peer_is(void **state)
{
    (void)state;
    for (size_t i = 0; i < family_count; i++) {
        now.task_at = now.timer_at = -1;
        print_message("%s\n", families[i].name);
        assert_true(stage_run(call_on, (void *)&families[i]));
        assert_int_equal(now.count, MANY);
        assert_int_equal(now.task_at, TT_STEP_IO_COUNT);      /* neither later nor earlier */
        assert_int_equal(now.timer_at, 2 * TT_STEP_IO_COUNT); /* behind who was ready when it fell due, the caller */
    }
}

/* ------------------------------------------------------------------------------------------------ cancelled in the turn */

static int cancel_caller(void *arg)
{
    (void)arg;
    tt_task_cancel(now.task, NULL);
    return 0;
}

/* The call that gives others a turn is cancelled in it. Then it is made again, as if it had not been made before. */
static int call_until_cancelled(void *arg)
{
    struct ground *ground = create_ground(arg);
    const struct family *family = arg;
    int number, rc = 0;

    if (!ground || tt_sleep(0) < 0)
        return -1;
    now.task = tt_current_task();
    for (number = 0; rc == 0 && number < TT_STEP_IO_COUNT; number++)
        rc = call_once(ground, number);
    if (rc < 0 || tt_loop_call_soon(NULL, cancel_caller, NULL, NULL) < 0)
        return -1;
    if (family->produce && family->produce(ground, number) < 0)
        return -1;
    if (family->operate(ground, number) == 0)
        return expect(false, "it was not cancelled");
    if (!tt_catch(&tt_CancelledError))
        return -1;
    tt_task_uncancel(now.task);
    if (tt_catch_end() < 0 || family->operate(ground, number) < 0)
        return -1;
    return family->settle ? family->settle(ground, number) : 0;
}

static void who_is_cancelled_in_that_turn_has_lost_and_done_nothing(void **state)
{
    (void)state;
    for (size_t i = 0; i < family_count; i++) {
        print_message("%s\n", families[i].name);
        assert_true(stage_run(call_until_cancelled, (void *)&families[i]));
    }
}

static int call_many(void *arg)
{
    struct ground *ground = create_ground(arg);
    int rc = ground ? 0 : -1;

    for (int number = 0; rc == 0 && number < MANY; number++)
        rc = call_once(ground, number);
    return rc;
}

static void it_is_cancelled_anywhere(void **state)
{
    (void)state;
    for (size_t i = 0; i < family_count; i++) {
        print_message("%s: ", families[i].name);
        assert_true(cancel_everywhere(call_many, (void *)&families[i]) >= 2); /* turns that it gives */
    }
}

static void a_loop_is_closed_over_it_anywhere(void **state)
{
    (void)state;
    for (size_t i = 0; i < family_count; i++)
        close_over_everywhere(call_many, (void *)&families[i]);
}

/* --------------------------------------------------------------------------------------------------- closed in the turn */

static int end_what_it_is_about(void *arg)
{
    const struct family *family = arg;

    family->end(now.ground);
    return 0;
}

static int call_until_closed(void *arg)
{
    const struct family *family = arg;
    int number, rc = 0;

    now.ground = create_ground(arg);
    if (!now.ground || tt_sleep(0) < 0)
        return -1;
    for (number = 0; rc == 0 && number < TT_STEP_IO_COUNT; number++)
        rc = call_once(now.ground, number);
    if (rc < 0 || tt_loop_call_soon(NULL, end_what_it_is_about, arg, NULL) < 0)
        return -1;
    if (family->produce && family->produce(now.ground, number) < 0)
        return -1;
    if (family->operate(now.ground, number) == 0)
        return expect(false, "it was not ended");
    if (tt_catch(strncmp(family->name, "fs_watch", 8) == 0 ? &tt_RuntimeError : &tt_ConnectionAbortedError))
        return tt_catch_end();
    return -1;
}

static void what_is_closed_in_that_turn_ends_the_call(void **state)
{
    (void)state;
    for (size_t i = 0; i < family_count; i++) {
        if (!families[i].end)
            continue;
        print_message("%s\n", families[i].name);
        assert_true(stage_run(call_until_closed, (void *)&families[i]));
    }
}

/* ------------------------------------------------------------------------------------------------------------ by bytes */

enum { PIECE = 65536, LARGE = 16 << 20 };

/* /dev/zero never pauses. */
static int read_zeros(void *arg)
{
    static char room[PIECE];
    tt_stream *stream = tt_stream_open(open("/dev/zero", O_RDONLY | O_CLOEXEC), 0);
    ssize_t size = PIECE;

    (void)arg;
    if (!stream || tt_sleep(0) < 0 || tt_spawn(another_task, NULL) < 0)
        return -1;
    for (now.count = 0; size == PIECE && now.count < MANY; now.count++)
        size = tt_stream_read(stream, room, PIECE);
    tt_stream_close(stream);
    return size < 0 ? -1 : 0;
}

static void many_bytes_count_as_many_calls(void **state)
{
    (void)state;
    now.task_at = -1;
    assert_true(stage_run(read_zeros, NULL));
    assert_int_equal(now.count, MANY);
    assert_true(now.task_at > 0 && now.task_at <= TT_STEP_IO_BYTES / PIECE);
}

/* Turns that pass while something else is done. */
static int count_turns(void *arg)
{
    (void)arg;
    for (now.count = 0;; now.count++)
        if (tt_sleep(0) < 0)
            return -1;
}

/* One call that reads again and again: there is no newline. */
static int read_many_zeros(void *arg)
{
    tt_stream *stream = tt_stream_open(open("/dev/zero", O_RDONLY | O_CLOEXEC), LARGE);
    tt_task *counter = tt_create_task(count_turns, NULL);
    const char *data;

    (void)arg;
    if (stream && counter && tt_stream_read_until(stream, "\n", 1, &data) < 0)
        note_and_drop("read");
    note("%d", now.count > 0);
    tt_task_cancel(counter, NULL);
    tt_task_unref(counter);
    tt_stream_close(stream);
    return 0;
}

static void a_call_of_many_pieces_gives_turns_in_between(void **state)
{
    (void)state;
    assert_true(stage_run(read_many_zeros, NULL));
    expect_notes("read: LimitOverrunError('Separator is not found, and chunk exceed the limit')", "1");
}

/* A file is always ready, and so is what it is sent to: a part at a time. */
static int send_into_file(void *arg)
{
    int input = memfd_create("from", MFD_CLOEXEC), output = memfd_create("to", MFD_CLOEXEC);
    tt_stream *stream = tt_stream_open(output, 0);
    tt_task *counter = tt_create_task(count_turns, NULL);
    struct stat about;
    ssize_t sent = -1;

    (void)arg;
    if (stream && counter && ftruncate(input, LARGE) == 0)
        sent = tt_stream_sendfile(stream, input, 0, LARGE);
    note("%d %d", (int)sent, now.count >= LARGE / TT_STEP_IO_BYTES - 2);
    note("%d", fstat(tt_stream_descriptor(stream), &about) == 0 && about.st_size == LARGE);
    tt_task_cancel(counter, NULL);
    tt_task_unref(counter);
    tt_stream_close(stream);
    close(input);
    return sent < 0 ? -1 : 0;
}

static void a_file_that_is_sent_into_a_file_gives_turns_in_between(void **state)
{
    (void)state;
    assert_true(stage_run(send_into_file, NULL));
    expect_notes("16777216 1", "1");
}

/* ------------------------------------------------------------------------------------------------- a child that never pauses */

static bool is_eager; /* what is sent goes at once, and nowhere */

ssize_t __real_send(int socket, const void *data, size_t size, int flags);
ssize_t __wrap_send(int socket, const void *data, size_t size, int flags);

ssize_t __wrap_send(int socket, const void *data, size_t size, int flags)
{
    if (!is_eager)
        return __real_send(socket, data, size, flags);
    now.task_at = now.count;
    return (ssize_t)(size < PIECE ? size : PIECE);
}

static int feed_child(void *arg)
{
    const struct tt_process_options options = {.in = {.kind = TT_STDIO_PIPE}};
    tt_process *child = tt_process_spawn((char *[]){"cat", NULL}, &options);
    tt_task *counter = tt_create_task(count_turns, NULL);
    int rc = child && counter ? 0 : -1;

    if (rc == 0) {
        is_eager = true;
        rc = tt_process_communicate(child, arg, LARGE, 0, NULL);
        is_eager = false;
    }
    note("%d", now.task_at >= LARGE / TT_STEP_IO_BYTES - 2);
    tt_task_cancel(counter, NULL);
    tt_task_unref(counter);
    tt_process_destroy(child);
    return rc;
}

static void a_child_that_takes_everything_at_once_lets_others_run(void **state)
{
    char *input = calloc(1, LARGE);

    (void)state;
    assert_true(stage_run(feed_child, input));
    expect_notes("1");
    free(input);
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test_on_stage(others_have_a_turn_however_fast_the_peer_is),
    cmocka_unit_test_on_stage(who_is_cancelled_in_that_turn_has_lost_and_done_nothing),
    cmocka_unit_test_on_stage(it_is_cancelled_anywhere),
    cmocka_unit_test_on_stage(a_loop_is_closed_over_it_anywhere),
    cmocka_unit_test_on_stage(what_is_closed_in_that_turn_ends_the_call),
    cmocka_unit_test_on_stage(many_bytes_count_as_many_calls),
    cmocka_unit_test_on_stage(a_call_of_many_pieces_gives_turns_in_between),
    cmocka_unit_test_on_stage(a_file_that_is_sent_into_a_file_gives_turns_in_between),
    cmocka_unit_test_on_stage(a_child_that_takes_everything_at_once_lets_others_run),
};

TT_TEST_MAIN(cases)
