/* A call that a thread makes, cancelled; its descriptor closed; the number another file's: the call must not touch that one. */
#include "stage.h"

#include <errno.h>
#include <fcntl.h>
#include <semaphore.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <uv.h>

/* ------------------------------------------------------------------------------------------------------- held threads */

/* Right before its system call a thread of the pool tells has_begun and waits for may_end. */
static sem_t has_begun, may_end;
static _Atomic bool is_held;

static void hold(void)
{
    if (!is_held || gettid() == getpid())
        return;
    sem_post(&has_begun);
    while (sem_wait(&may_end) < 0 && errno == EINTR)
        ;
}

#define HELD(RESULT, NAME, PARAMETERS, ARGUMENTS) \
    RESULT __real_##NAME PARAMETERS;              \
    RESULT __wrap_##NAME PARAMETERS;              \
    RESULT __wrap_##NAME PARAMETERS               \
    {                                             \
        hold();                                   \
        return __real_##NAME ARGUMENTS;           \
    }

HELD(ssize_t, read, (int descriptor, void *buffer, size_t size), (descriptor, buffer, size))
HELD(ssize_t, pread, (int descriptor, void *buffer, size_t size, off_t offset), (descriptor, buffer, size, offset))
HELD(ssize_t, write, (int descriptor, const void *data, size_t size), (descriptor, data, size))
HELD(ssize_t, pwrite, (int descriptor, const void *data, size_t size, off_t offset), (descriptor, data, size, offset))
HELD(ssize_t, sendfile, (int output, int input, off_t *offset, size_t size), (output, input, offset, size))

/* ---------------------------------------------------------------------------------------------------------------- files */

static int descriptors[2]; /* what the call is about; [1] of sendfile is what it reads */
static char buffer[8];

/* A file that nobody else knows, with "old" in it. */
static int create_file(void)
{
    int descriptor = memfd_create("reuse", MFD_CLOEXEC);

    assert_int_equal(pwrite(descriptor, "old", 3, 0), 3);
    return descriptor;
}

static int do_read(void *arg)
{
    (void)arg;
    return (int)tt_fs_read(descriptors[0], buffer, sizeof buffer);
}

static int do_write(void *arg)
{
    (void)arg;
    return tt_fs_write(descriptors[0], "from a call", 11);
}

static int do_pwrite(void *arg)
{
    (void)arg;
    return tt_fs_pwrite(descriptors[0], "from a call", 11, 0);
}

static int do_sendfile(void *arg)
{
    (void)arg;
    return (int)tt_fs_sendfile(descriptors[0], descriptors[1], 0, 3);
}

/* Has CALL begin on a thread, and cancels it there. */
static void cancel_on_thread(tt_coro_fn *call)
{
    const struct tt_task_options options = {.loop = stage_loop};
    tt_task *task = tt_create_task_with(call, NULL, &options);

    is_held = true;
    stage_turns(2);
    sem_wait(&has_begun);
    is_held = false; /* for everybody else */
    tt_task_cancel(task, NULL);
    stage_turns(2);
    assert_true(tt_task_cancelled(task));
    tt_task_unref(task);
}

static void end_on_thread(void)
{
    sem_post(&may_end);
    stage_close_loop(); /* waits for the orphan */
}

static int close_file(void *arg)
{
    return tt_fs_close((int)(intptr_t)arg);
}

/* Whether another file that is opened now has "old" in it and was not read, or written, when the thread has ended. */
static void expect_others_untouched(void)
{
    int others[3];

    for (int i = 0; i < 3; i++)
        others[i] = create_file();
    end_on_thread();
    for (int i = 0; i < 3; i++) {
        char content[16];

        assert_int_equal(lseek(others[i], 0, SEEK_CUR), 0);
        assert_int_equal(pread(others[i], content, sizeof content, 0), 3);
        assert_memory_equal(content, "old", 3);
        close(others[i]);
    }
}

static void check_file(tt_coro_fn *call, bool is_closed_by_task)
{
    descriptors[0] = create_file();
    cancel_on_thread(call);
    if (is_closed_by_task)
        assert_true(stage_run(close_file, (void *)(intptr_t)descriptors[0]));
    else
        assert_int_equal(tt_fs_close(descriptors[0]), 0);
    assert_int_equal(fcntl(descriptors[0], F_GETFD), FD_CLOEXEC); /* it is open until the thread has ended */
    expect_others_untouched();
    assert_int_equal(fcntl(descriptors[0], F_GETFD), -1);
}

static void a_read_goes_to_no_other_file(void **state)
{
    (void)state;
    check_file(do_read, true);
}

static void a_write_goes_to_no_other_file(void **state)
{
    (void)state;
    check_file(do_write, true);
}

static void a_write_at_a_place_goes_to_no_other_file(void **state)
{
    (void)state;
    check_file(do_pwrite, true);
}

static void nor_where_it_was_closed_outside_of_tasks(void **state)
{
    (void)state;
    check_file(do_write, false);
}

/* Two calls hold the file: the last one closes it. */
static void the_last_of_several_calls_closes_it(void **state)
{
    (void)state;
    descriptors[0] = create_file();
    cancel_on_thread(do_read);
    cancel_on_thread(do_write);
    assert_int_equal(tt_fs_close(descriptors[0]), 0);
    sem_post(&may_end);
    while (tt_loop_uv(stage_loop)->active_reqs.count > 1) /* until one of them has ended */
        stage_turns(1);
    assert_int_equal(fcntl(descriptors[0], F_GETFD), FD_CLOEXEC);
    expect_others_untouched();
    assert_int_equal(fcntl(descriptors[0], F_GETFD), -1);
}

/* A stream owns the file. */
static int close_stream_meanwhile(void *arg)
{
    tt_stream_close(arg);
    return 0;
}

static int open_file_stream(void *arg)
{
    *(tt_stream **)arg = tt_stream_open(descriptors[0], 0);
    return 0;
}

static void a_stream_that_owned_the_file_leaves_it_to_the_call(void **state)
{
    tt_stream *stream = NULL;

    (void)state;
    descriptors[0] = create_file();
    assert_true(stage_run(open_file_stream, &stream));
    cancel_on_thread(do_write);
    assert_true(stage_run(close_stream_meanwhile, stream));
    expect_others_untouched();
    assert_int_equal(fcntl(descriptors[0], F_GETFD), -1);
}

/* Sockets are closed by whatever function. */
static void a_file_is_sent_to_no_other_socket(void **state)
{
    int pair[2], others[2];
    char byte;

    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair), 0);
    descriptors[0] = pair[0];
    descriptors[1] = create_file();
    cancel_on_thread(do_sendfile);
    close(pair[0]);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, others), 0);
    assert_true(others[0] == descriptors[0]); /* the number is another socket's */
    assert_int_equal(tt_fs_close(descriptors[1]), 0);
    end_on_thread();
    assert_int_equal(recv(others[1], &byte, 1, 0), -1);
    close(pair[1]);
    close(others[0]);
    close(others[1]);
}

/* Record locks go when any copy of a descriptor is closed: so there must be none of files. */
static void a_call_takes_no_record_lock_away(void **state)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    int wait_status, child;

    (void)state;
    descriptors[0] = create_file();
    assert_int_equal(fcntl(descriptors[0], F_SETLK, &lock), 0);
    assert_true(stage_run(do_pwrite, NULL));
    child = fork();
    if (child == 0) {
        struct flock other = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

        _exit(fcntl(descriptors[0], F_GETLK, &other) < 0 || other.l_type == F_UNLCK);
    }
    assert_int_equal(waitpid(child, &wait_status, 0), child);
    assert_int_equal(wait_status, 0);
    close(descriptors[0]);
}

static int begin_case(void **state)
{
    sem_init(&has_begun, 0, 0);
    sem_init(&may_end, 0, 0);
    is_held = false;
    return stage_open(state);
}

/* Threads that a failed case has left end too. */
static int end_case(void **state)
{
    for (int i = 0; i < 4; i++)
        sem_post(&may_end);
    return stage_close(state);
}

#define cmocka_unit_test_with_threads(...) STAGE_CASE(__VA_ARGS__, begin_case, end_case)

static const struct CMUnitTest cases[] = {
    cmocka_unit_test_with_threads(a_read_goes_to_no_other_file),
    cmocka_unit_test_with_threads(a_write_goes_to_no_other_file),
    cmocka_unit_test_with_threads(a_write_at_a_place_goes_to_no_other_file),
    cmocka_unit_test_with_threads(nor_where_it_was_closed_outside_of_tasks),
    cmocka_unit_test_with_threads(the_last_of_several_calls_closes_it),
    cmocka_unit_test_with_threads(a_stream_that_owned_the_file_leaves_it_to_the_call),
    cmocka_unit_test_with_threads(a_file_is_sent_to_no_other_socket),
    cmocka_unit_test_with_threads(a_call_takes_no_record_lock_away),
};

TT_TEST_MAIN(cases)
