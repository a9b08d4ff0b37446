/* Descriptors that are closed while somebody is to be called, or waits, for them: before the loop has polled for them,
 * afterwards, and with another file under the number by then. What CPython does is the judge: nobody is called, nothing
 * ends, and what is there can be removed. */
#include "stage.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <uv.h>

static int ends[2]; /* of a pipe: the first is read */

static void open_ends(void)
{
    assert_int_equal(pipe2(ends, O_NONBLOCK | O_CLOEXEC), 0);
}

static void close_ends(void)
{
    close(ends[0]);
    close(ends[1]);
}

static int open_pipe(void **state)
{
    if (stage_open(state) < 0)
        return -1;
    open_ends();
    return 0;
}

#define cmocka_unit_test_with_pipe(...) STAGE_CASE(__VA_ARGS__, open_pipe, stage_close)

static void fill(void)
{
    assert_int_equal(write(ends[1], "x", 1), 1);
}

static int say(void *text)
{
    note("%s", (const char *)text);
    return 0;
}

/* Another file gets the number of ends[0]. */
static void reuse_for_another_pipe(void)
{
    int number = ends[0];

    close_ends();
    open_ends();
    assert_int_equal(ends[0], number);
}

static void watch(const char *text)
{
    assert_int_equal(tt_loop_add_reader(stage_loop, ends[0], say, (void *)text), 0);
}

static void expect_removed(void)
{
    assert_true(tt_loop_remove_reader(stage_loop, ends[0]));
    assert_false(tt_loop_remove_reader(stage_loop, ends[0]));
    stage_turns(2);
    expect_no_notes();
}

/* -------------------------------------------------------------------------------------------- before the loop polled */

static void a_reader_whose_descriptor_is_closed_at_once_is_not_called(void **state)
{
    (void)state;
    fill();
    watch("reader");
    close_ends();
    stage_turns(2);
    expect_removed();
}

static void a_copy_that_is_open_elsewhere_changes_nothing(void **state)
{
    int copy = fcntl(ends[0], F_DUPFD_CLOEXEC, ends[1] + 1);

    (void)state;
    fill();
    watch("reader");
    close_ends();
    stage_turns(2);
    expect_removed();
    close(copy);
}

static void another_file_of_that_number_does_not_call_it(void **state)
{
    (void)state;
    watch("reader");
    reuse_for_another_pipe();
    fill();
    stage_turns(2);
    expect_removed();
    close_ends();
}

static void a_file_that_cannot_be_polled_under_the_number_harms_nobody(void **state)
{
    int file;

    (void)state;
    watch("reader");
    close_ends();
    file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    assert_int_equal(file, ends[0]);
    stage_turns(2);
    expect_removed();
    assert_int_equal(tt_loop_add_reader(stage_loop, file, say, "x"), -1);
    assert_true(tt_exc_is(tt_exc_pending(), &tt_PermissionError));
    note_and_drop("refused");
    stage_forget_notes();
    stage_turns(1);
    close(file);
}

static void adding_again_goes_by_the_file_that_is_open_then(void **state)
{
    (void)state;
    watch("old");
    reuse_for_another_pipe();
    watch("new");
    fill();
    stage_turns(1);
    expect_notes("new");
    expect_removed();
    close_ends();
}

static void an_anonymous_file_is_told_apart_by_trying(void **state)
{
    int event = eventfd(1, EFD_NONBLOCK | EFD_CLOEXEC), number = event;

    (void)state;
    assert_int_equal(tt_loop_add_reader(stage_loop, event, say, "event"), 0);
    close(event);
    stage_turns(1);
    expect_no_notes();
    assert_int_equal(eventfd(1, EFD_NONBLOCK | EFD_CLOEXEC), number);
    assert_int_equal(tt_loop_add_reader(stage_loop, event, say, "event"), 0);
    stage_turns(1);
    expect_notes("event");
    assert_true(tt_loop_remove_reader(stage_loop, event));
    close(event);
    close_ends();
}

/* ------------------------------------------------------------------------------------------------- after it has polled */

static void a_number_that_was_polled_can_be_another_file_afterwards(void **state)
{
    (void)state;
    watch("old");
    stage_turns(1);
    reuse_for_another_pipe();
    fill();
    stage_turns(2);
    expect_no_notes();
    watch("new");
    stage_turns(1);
    expect_notes("new");
    expect_removed();
    close_ends();
}

static void a_writer_is_added_where_the_readers_file_has_gone(void **state)
{
    int number = ends[1];

    (void)state;
    assert_int_equal(tt_loop_add_reader(stage_loop, number, say, "reader"), 0);
    stage_turns(1);
    close_ends();
    open_ends();
    assert_int_equal(ends[1], number);
    assert_int_equal(tt_loop_add_writer(stage_loop, number, say, "writer"), 0);
    stage_turns(1);
    expect_notes("writer");
    assert_true(tt_loop_remove_writer(stage_loop, number));
    assert_true(tt_loop_remove_reader(stage_loop, number));
    close_ends();
}

static void a_writer_for_a_closed_descriptor_is_refused(void **state)
{
    (void)state;
    watch("reader");
    stage_turns(1);
    close_ends();
    assert_int_equal(tt_loop_add_writer(stage_loop, ends[0], say, "writer"), -1);
    assert_int_equal(tt_exc_errno(tt_exc_pending()), EBADF);
    note_and_drop("refused");
    stage_forget_notes();
    assert_false(tt_loop_remove_writer(stage_loop, ends[0]));
    stage_turns(2);
    expect_removed();
}

/* ---------------------------------------------------------------------------------------------------- tasks that wait */

static int receive(void *name)
{
    char byte;
    ssize_t size = tt_sock_recv(ends[0], &byte, 1);

    note("%s: %zd", (const char *)name, size);
    return size < 0 ? -1 : 0;
}

static int close_socket(void *arg)
{
    (void)arg;
    close(ends[0]);
    return 0;
}

static int open_sockets(void **state)
{
    if (stage_open(state) < 0)
        return -1;
    return socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends);
}

#define cmocka_unit_test_with_sockets(...) STAGE_CASE(__VA_ARGS__, open_sockets, stage_close)

static tt_task *create(tt_coro_fn *fn, const char *name)
{
    const struct tt_task_options options = {.loop = stage_loop, .name = name};

    return tt_create_task_with(fn, (void *)name, &options);
}

static void a_task_whose_socket_is_closed_waits_on_and_can_be_cancelled(void **state)
{
    tt_task *task = create(receive, "a");

    (void)state;
    assert_int_equal(tt_loop_call_soon(stage_loop, close_socket, NULL, NULL), 0);
    stage_turns(3);
    assert_false(tt_task_done(task));
    tt_task_cancel(task, NULL);
    stage_turns(2);
    assert_true(tt_future_cancelled(task));
    expect_notes("a: -1");
    tt_task_unref(task);
    close(ends[1]);
}

static int replace_sockets(void *arg)
{
    int number = ends[0];

    (void)arg;
    close_ends();
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) < 0 || ends[0] != number)
        note("another number");
    return 0;
}

/* Both within the turn: one waits, its socket is closed, the number opened again and waited for by the other. */
static void a_task_that_waits_for_the_new_file_gets_its_data(void **state)
{
    tt_task *old = create(receive, "old"), *new;

    (void)state;
    assert_int_equal(tt_loop_call_soon(stage_loop, replace_sockets, NULL, NULL), 0);
    new = create(receive, "new");
    stage_turns(2);
    fill();
    stage_turns(3);
    expect_notes("new: 1");
    assert_false(tt_task_done(old));
    tt_task_cancel(old, NULL);
    stage_turns(2);
    expect_notes("old: -1");
    tt_task_unref(old);
    tt_task_unref(new);
    close_ends();
}

/* ------------------------------------------------------------------------------------------ callbacks of the program */

static void close_in_prepare(uv_prepare_t *prepare)
{
    close_ends();
    uv_close((uv_handle_t *)prepare, NULL);
}

static void the_programs_callbacks_right_before_the_poll_may_close(void **state)
{
    uv_prepare_t prepare;

    (void)state;
    fill();
    watch("reader");
    uv_prepare_init(tt_loop_uv(stage_loop), &prepare);
    uv_prepare_start(&prepare, close_in_prepare);
    stage_turns(2);
    expect_removed();
}

static void a_guests_too_and_its_uv_run_ends(void **state)
{
    uv_prepare_t prepare;
    uv_loop_t host;
    tt_loop *guest;

    (void)state;
    stage_close_loop();
    assert_int_equal(uv_loop_init(&host), 0);
    guest = tt_loop_attach(&host);
    assert_non_null(guest);
    fill();
    assert_int_equal(tt_loop_add_reader(guest, ends[0], say, "reader"), 0);
    uv_prepare_init(&host, &prepare);
    uv_prepare_start(&prepare, close_in_prepare);
    assert_int_equal(uv_run(&host, UV_RUN_DEFAULT), 0);
    expect_no_notes();
    assert_true(tt_loop_remove_reader(guest, ends[0]));
    assert_int_equal(tt_loop_detach(guest), 0);
    uv_run(&host, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&host), 0);
}

static void virtual_time_knows_that_nothing_can_come(void **state)
{
    tt_task *task = create(receive, "a");

    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
    assert_int_equal(tt_loop_call_soon(stage_loop, close_socket, NULL, NULL), 0);
    assert_int_equal(tt_loop_run_until_complete(stage_loop, task), -1);
    assert_true(tt_exc_is(tt_exc_pending(), &tt_StuckError));
    note_and_drop("refused");
    stage_forget_notes();
    tt_task_cancel(task, NULL);
    stage_turns(2);
    assert_true(tt_future_cancelled(task));
    expect_notes("a: -1");
    tt_task_unref(task);
    close(ends[1]);
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test_with_pipe(a_reader_whose_descriptor_is_closed_at_once_is_not_called),
    cmocka_unit_test_with_pipe(a_copy_that_is_open_elsewhere_changes_nothing),
    cmocka_unit_test_with_pipe(another_file_of_that_number_does_not_call_it),
    cmocka_unit_test_with_pipe(a_file_that_cannot_be_polled_under_the_number_harms_nobody),
    cmocka_unit_test_with_pipe(adding_again_goes_by_the_file_that_is_open_then),
    cmocka_unit_test_with_pipe(an_anonymous_file_is_told_apart_by_trying),
    cmocka_unit_test_with_pipe(a_number_that_was_polled_can_be_another_file_afterwards),
    cmocka_unit_test_with_pipe(a_writer_is_added_where_the_readers_file_has_gone),
    cmocka_unit_test_with_pipe(a_writer_for_a_closed_descriptor_is_refused),
    cmocka_unit_test_with_sockets(a_task_whose_socket_is_closed_waits_on_and_can_be_cancelled),
    cmocka_unit_test_with_sockets(a_task_that_waits_for_the_new_file_gets_its_data),
    cmocka_unit_test_with_pipe(the_programs_callbacks_right_before_the_poll_may_close),
    cmocka_unit_test_with_pipe(a_guests_too_and_its_uv_run_ends),
    cmocka_unit_test_on_virtual_stage(virtual_time_knows_that_nothing_can_come),
};

TT_TEST_MAIN(cases)
