/* Tasks on a loop of libuv's that the program runs: that they run there as on a loop of their own, that the program's
 * uv_run goes on as long as it should and no longer, and that nothing is left on it. */
#include "stage.h"

#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/socket.h>
#include <uv.h>

static uv_loop_t host;
static tt_loop *guest;

/* The stage's own loop is closed: here is one that the program runs. */
static int open_host(void **state)
{
    if (stage_open(state) < 0)
        return -1;
    stage_close_loop();
    if (uv_loop_init(&host) < 0)
        return -1;
    guest = tt_loop_attach(&host);
    if (!guest)
        return -1;
    tt_loop_set_exception_handler(guest, stage_handler, NULL);
    return 0;
}

static void detach(void)
{
    assert_int_equal(tt_loop_detach(guest), 0);
    guest = NULL;
}

/* Nothing of the guest keeps the program's loop open. */
static int close_host(void **state)
{
    if (guest)
        tt_loop_detach(guest);
    uv_run(&host, UV_RUN_DEFAULT);
    if (uv_loop_close(&host) < 0) {
        print_error("handles are left on the program's loop\n");
        return -1;
    }
    return stage_close(state);
}

#define cmocka_unit_test_of_guests(...) STAGE_CASE(__VA_ARGS__, open_host, close_host)

static tt_task *begin(tt_coro_fn *fn, void *arg)
{
    return tt_create_task_named(fn, arg, "t");
}

/* Runs the program's loop until it ends by itself. */
static void run_host(void)
{
    assert_int_equal(uv_run(&host, UV_RUN_DEFAULT), 0);
}

/* ----------------------------------------------------------------------------------------------------------- running */

static int sleep_twice(void *name)
{
    note("%s begins", (const char *)name);
    if (tt_sleep(TT_MSEC(5)) < 0)
        return -1;
    note("%s goes on", (const char *)name);
    if (tt_sleep(0) < 0)
        return -1;
    note("%s ends", (const char *)name);
    return 0;
}

static void a_task_runs_within_the_programs_uv_run(void **state)
{
    tt_task *task = begin(sleep_twice, "it");

    (void)state;
    assert_ptr_equal(tt_loop_running(), guest);
    assert_true(tt_loop_is_running(guest));
    assert_ptr_equal(tt_loop_uv(guest), &host);
    expect_no_notes();
    run_host();
    expect_notes("it begins", "it goes on", "it ends");
    assert_true(tt_task_done(task));
    assert_null(tt_current_task());
    tt_task_unref(task);
}

static void nothing_to_do_lets_uv_run_end_at_once(void **state)
{
    (void)state;
    run_host();
    run_host();
}

static int take_turns(void *name)
{
    for (int i = 0; i < 3; i++) {
        note("%s %d", (const char *)name, i);
        if (tt_sleep(0) < 0)
            return -1;
    }
    return 0;
}

/* What begins, goes on and ends in which order. */
static int in_order(void *arg)
{
    static char names[5][2] = {"a", "b", "c", "d", "e"};
    tt_task *tasks[5];

    (void)arg;
    for (int i = 0; i < 5; i++)
        tasks[i] = tt_create_task(take_turns, names[i]);
    tt_task_cancel(tasks[3], NULL);
    for (int i = 0; i < 5; i++) {
        if (tt_await(tasks[i]) < 0)
            note_and_drop(names[i]);
        tt_task_unref(tasks[i]);
    }
    return 0;
}

static void the_order_is_that_of_a_loop_of_its_own(void **state)
{
    tt_task *task = begin(in_order, NULL);
    char *here;

    (void)state;
    run_host();
    tt_task_unref(task);
    detach();
    here = strdup(stage_notes());
    stage_forget_notes();
    stage_loop = tt_loop_create();
    assert_true(stage_run(in_order, NULL));
    assert_string_equal(stage_notes(), here);
    stage_forget_notes();
    stage_close_loop();
    free(here);
}

/* ------------------------------------------------------------------------------------------- callbacks of the program */

static void close_timer(uv_timer_t *timer)
{
    uv_close((uv_handle_t *)timer, NULL);
}

static tt_future *awaited;

static void create_task(uv_timer_t *timer)
{
    tt_task *task = tt_create_task(sleep_twice, "created");

    note("callback");
    tt_task_unref(task);
    close_timer(timer);
}

static void complete_future(uv_timer_t *timer)
{
    if (tt_future_set_result(awaited, (void *)"value", NULL) < 0)
        note("not completed");
    close_timer(timer);
}

static int await_future(void *arg)
{
    void *value = NULL;

    (void)arg;
    if (tt_await(awaited) < 0 || tt_future_result(awaited, &value) < 0)
        return -1;
    note("%s", (char *)value);
    return 0;
}

static void start_timer(uv_timer_t *timer, uv_timer_cb fn)
{
    uv_timer_init(&host, timer);
    uv_timer_start(timer, fn, 2, 0);
}

static void a_callback_of_the_program_creates_tasks(void **state)
{
    uv_timer_t timer;

    (void)state;
    start_timer(&timer, create_task);
    run_host();
    expect_notes("callback", "created begins", "created goes on", "created ends");
}

static void a_callback_of_the_program_completes_what_a_task_awaits(void **state)
{
    uv_timer_t timer;
    tt_task *task;

    (void)state;
    awaited = tt_create_future(NULL);
    task = begin(await_future, NULL);
    start_timer(&timer, complete_future);
    run_host();
    expect_notes("value");
    assert_true(tt_task_done(task));
    tt_task_unref(task);
    tt_future_unref(awaited);
}

static void create_eagerly(uv_timer_t *timer)
{
    tt_task *task = tt_create_task_with(sleep_twice, "eager", (&(struct tt_task_options){.eager_start = true}));

    note("created, current %d", tt_current_task() != NULL);
    tt_task_unref(task);
    close_timer(timer);
}

static void an_eager_task_begins_within_the_callback(void **state)
{
    uv_timer_t timer;

    (void)state;
    start_timer(&timer, create_eagerly);
    run_host();
    expect_notes("eager begins", "created, current 0", "eager goes on", "eager ends");
}

static void an_eager_task_that_sleeps_keeps_uv_run_going(void **state)
{
    tt_task *task = tt_create_task_with(sleep_twice, "eager", (&(struct tt_task_options){.eager_start = true}));

    (void)state;
    tt_task_unref(task);
    expect_notes("eager begins");
    run_host();
    expect_notes("eager goes on", "eager ends");
}

static int say(void *text)
{
    note("%s", (const char *)text);
    return 0;
}

static void what_is_scheduled_outside_of_turns_runs(void **state)
{
    (void)state;
    assert_int_equal(tt_loop_call_later(guest, TT_MSEC(5), say, "later", NULL), 0);
    assert_int_equal(tt_loop_call_soon(guest, say, "soon", NULL), 0);
    run_host();
    expect_notes("soon", "later");
    assert_int_equal(tt_loop_call_later(NULL, TT_MSEC(1), say, "again", NULL), 0);
    run_host();
    expect_notes("again");
}

static int raise_boom(void *arg)
{
    (void)arg;
    return tt_raise(&tt_ValueError, "boom");
}

static void a_failed_callback_goes_to_the_handler(void **state)
{
    (void)state;
    assert_int_equal(tt_loop_call_soon(guest, raise_boom, NULL, NULL), 0);
    run_host();
    assert_non_null(strstr(stage_notes(), "handler: Exception in callback raise_boom() at "));
    assert_non_null(strstr(stage_notes(), " [exception, handle, message] ValueError('boom')\n"));
    stage_forget_notes();
}

/* ------------------------------------------------------------------------------------------ what keeps uv_run going */

static int use_the_world(void *arg)
{
    char *const argv[] = {(char *)"true", NULL}, byte = 'x';
    tt_process *process;
    char *data = NULL, other = 0;
    int pair[2];

    (void)arg;
    if (tt_fs_read_file("/dev/null", 10, &data, NULL) < 0)
        return -1;
    free(data);
    note("file");
    process = tt_process_spawn(argv, NULL);
    if (!process || tt_process_wait(process, NULL) < 0)
        return -1;
    tt_process_destroy(process);
    note("process");
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) < 0)
        return -1;
    if (tt_sock_sendall(pair[0], &byte, 1) < 0 || tt_sock_recv(pair[1], &other, 1) < 0)
        return -1;
    note("socket %d", other == 'x');
    for (int i = 0; i < 2; i++) {
        tt_loop_remove_reader(NULL, pair[i]);
        close(pair[i]);
    }
    return 0;
}

static void files_children_and_sockets_keep_it_going(void **state)
{
    tt_task *task = begin(use_the_world, NULL);

    (void)state;
    run_host();
    assert_true(tt_task_done(task) && !tt_future_peek(task));
    tt_task_unref(task);
    expect_notes("file", "process", "socket 1");
}

static int forget_future(void *arg)
{
    (void)arg;
    tt_future_unref(awaited);
    return 0;
}

static int await_for_ever(void *arg)
{
    awaited = tt_create_future(NULL);
    if (tt_defer(forget_future, NULL) < 0)
        return -1;
    (void)arg;
    return tt_await(awaited);
}

static void a_task_that_waits_for_the_program_does_not(void **state)
{
    tt_task *task = begin(await_for_ever, NULL);

    (void)state;
    run_host();
    assert_false(tt_task_done(task));
    detach();
    expect_notes("handler: Task was destroyed but it is pending! [message, task] None of t");
    tt_task_unref(task);
}

static void *call_from_thread(void *ended)
{
    if (tt_loop_call_soon_threadsafe(guest, say, "from a thread") < 0)
        note("refused");
    usleep(20000); /* the loop sleeps in its poll by then */
    if (tt_loop_call_soon_threadsafe(guest, say, "once more") < 0)
        note("refused");
    uv_async_send(ended);
    return NULL;
}

static void thread_ended(uv_async_t *ended)
{
    uv_close((uv_handle_t *)ended, NULL);
}

static void other_threads_call_while_the_program_keeps_its_loop_alive(void **state)
{
    pthread_t thread;
    uv_async_t ended;

    (void)state;
    uv_async_init(&host, &ended, thread_ended);
    assert_int_equal(pthread_create(&thread, NULL, call_from_thread, &ended), 0);
    run_host();
    pthread_join(thread, NULL);
    run_host();
    expect_notes("from a thread", "once more");
}

static int create_on_call(void *name)
{
    return tt_spawn(sleep_twice, name);
}

static void end_with_a_call(uv_async_t *ended)
{
    if (tt_loop_call_soon_threadsafe(guest, create_on_call, "begun") < 0)
        note("refused");
    uv_close((uv_handle_t *)ended, NULL);
}

/* The call comes, in the poll, with the last thing that kept the program's loop alive. */
static void what_such_a_call_begins_keeps_it_going(void **state)
{
    uv_async_t ended;

    (void)state;
    uv_async_init(&host, &ended, end_with_a_call);
    uv_async_send(&ended);
    run_host();
    expect_notes("begun begins", "begun goes on", "begun ends");
}

/* -------------------------------------------------------------------------------------------------------------- ends */

static int exit_program(void *arg)
{
    if (arg && tt_sleep(0) < 0)
        return -1;
    return tt_raise(&tt_SystemExit, "3");
}

static void a_system_exit_stops_the_programs_loop_and_comes_out_of_detach(void **state)
{
    tt_task *task = begin(exit_program, "later"), *other = begin(sleep_twice, "other");

    (void)state;
    tt_discard(task, "it is about the loop");
    uv_run(&host, UV_RUN_DEFAULT);
    expect_notes("other begins");
    uv_run(&host, UV_RUN_NOWAIT); /* no turn is made any more */
    assert_int_equal(tt_loop_detach(guest), -1);
    guest = NULL;
    note_and_drop("detach");
    expect_notes("handler: Task was destroyed but it is pending! [message, task] None of t", "detach: SystemExit('3')");
    tt_task_unref(task);
    tt_task_unref(other);
}

static int stop_soon(void *arg)
{
    (void)arg;
    tt_loop_stop(NULL);
    return 0;
}

static void stop_stops_the_programs_loop_which_can_be_run_again(void **state)
{
    tt_task *task;

    (void)state;
    assert_int_equal(tt_loop_call_soon(guest, stop_soon, NULL, NULL), 0);
    task = begin(sleep_twice, "it");
    assert_int_not_equal(uv_run(&host, UV_RUN_DEFAULT), 0);
    expect_notes("it begins");
    run_host();
    expect_notes("it goes on", "it ends");
    tt_task_unref(task);
}

static void no_other_loop_runs_on_the_thread(void **state)
{
    tt_loop *own = tt_loop_create();

    (void)state;
    assert_int_equal(tt_loop_run_forever(own), -1);
    note_and_drop("run");
    assert_null(tt_loop_attach(&host));
    note_and_drop("attach");
    assert_int_equal(tt_loop_close(guest), -1);
    note_and_drop("close");
    assert_int_equal(tt_loop_run_forever(guest), -1);
    note_and_drop("run guest");
    assert_int_equal(tt_loop_close(own), 0);
    expect_notes("run: RuntimeError('Cannot run the event loop while another loop is running')",
                 "attach: RuntimeError('Cannot run the event loop while another loop is running')",
                 "close: RuntimeError('Cannot close a running event loop')",
                 "run guest: RuntimeError('This event loop is already running')");
}

static sem_t may_end;

static int block(void *arg)
{
    (void)arg;
    while (sem_wait(&may_end) < 0)
        ;
    return 0;
}

static int block_on_thread(void *arg)
{
    return tt_to_thread(block, arg, NULL, NULL);
}

static void what_threads_still_do_ends_after_detaching(void **state)
{
    tt_task *task = begin(block_on_thread, NULL);

    (void)state;
    sem_init(&may_end, 0, 0);
    for (int i = 0; i < 3; i++)
        uv_run(&host, UV_RUN_NOWAIT);
    tt_task_cancel(task, NULL);
    for (int i = 0; i < 3; i++)
        uv_run(&host, UV_RUN_NOWAIT);
    assert_true(tt_task_cancelled(task));
    tt_task_unref(task);
    detach();
    assert_int_equal(uv_loop_close(&host), UV_EBUSY);
    sem_post(&may_end);
    run_host();
    sem_destroy(&may_end);
}

static void a_program_attaches_again(void **state)
{
    tt_task *task;

    (void)state;
    detach();
    assert_null(tt_loop_running());
    guest = tt_loop_attach(&host); /* before libuv has closed the first one's handles */
    assert_non_null(guest);
    task = begin(sleep_twice, "it");
    run_host();
    expect_notes("it begins", "it goes on", "it ends");
    tt_task_unref(task);
    assert_int_equal(tt_loop_detach(NULL), 0);
}

static void attaching_without_memory_leaves_nothing(void **state)
{
    (void)state;
    detach();
    run_host();
    for (long number = 1;; number++) {
        bool has_failed;

        allocation_fail(number, false);
        guest = tt_loop_attach(&host);
        has_failed = allocation_has_failed();
        allocation_fail(0, false);
        assert_true(!has_failed || number < 20);
        if (!guest)
            note_and_drop("attach");
        else
            detach();
        run_host();
        if (!has_failed)
            break;
    }
    expect_notes("attach: MemoryError('no memory for a loop')");
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test_of_guests(a_task_runs_within_the_programs_uv_run),
    cmocka_unit_test_of_guests(nothing_to_do_lets_uv_run_end_at_once),
    cmocka_unit_test_of_guests(the_order_is_that_of_a_loop_of_its_own),
    cmocka_unit_test_of_guests(a_callback_of_the_program_creates_tasks),
    cmocka_unit_test_of_guests(a_callback_of_the_program_completes_what_a_task_awaits),
    cmocka_unit_test_of_guests(an_eager_task_begins_within_the_callback),
    cmocka_unit_test_of_guests(an_eager_task_that_sleeps_keeps_uv_run_going),
    cmocka_unit_test_of_guests(what_is_scheduled_outside_of_turns_runs),
    cmocka_unit_test_of_guests(a_failed_callback_goes_to_the_handler),
    cmocka_unit_test_of_guests(files_children_and_sockets_keep_it_going),
    cmocka_unit_test_of_guests(a_task_that_waits_for_the_program_does_not),
    cmocka_unit_test_of_guests(other_threads_call_while_the_program_keeps_its_loop_alive),
    cmocka_unit_test_of_guests(what_such_a_call_begins_keeps_it_going),
    cmocka_unit_test_of_guests(a_system_exit_stops_the_programs_loop_and_comes_out_of_detach),
    cmocka_unit_test_of_guests(stop_stops_the_programs_loop_which_can_be_run_again),
    cmocka_unit_test_of_guests(no_other_loop_runs_on_the_thread),
    cmocka_unit_test_of_guests(what_threads_still_do_ends_after_detaching),
    cmocka_unit_test_of_guests(a_program_attaches_again),
    cmocka_unit_test_of_guests(attaching_without_memory_leaves_nothing),
};

TT_TEST_MAIN(cases)
