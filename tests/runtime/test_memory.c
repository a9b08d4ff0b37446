/* Without memory: each allocation of a scenario that uses everything fails, one after the other, and then each and all
 * after it. Whatever fails, the program gets an error code or an exception, nothing crashes, nothing leaks, the loop
 * closes with 0.
 *
 * libuv's own allocations are another matter: it aborts at some of them (libuv_aborts_or_passes_it_on lists where).
 *
 * Past 600 lines: one scenario, with a part for each thing that takes memory. */
#include "stage.h"

#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "stack.h"
#include "loop_internal.h"

/* Handles what is pending: the program noticed and goes on. */
static void give_up(void)
{
    if (tt_exc_pending() && tt_catch(&tt_BaseException) && tt_catch_end() < 0)
        abort();
}

static int dropped_count;

static void count_drop(void *arg)
{
    (void)arg;
    dropped_count++;
}

static int ran_count;

static int deferred(void *arg)
{
    (void)arg;
    return tt_sleep(0);
}

static int nest(int depth)
{
    int rc;

    if (depth == 0)
        return tt_raise(&tt_ValueError, "%s", "from below");
    tt_cleanup_begin();
    rc = nest(depth - 1);
    if (rc < 0 && tt_catch(&tt_ValueError)) {
        rc = tt_raise(&tt_KeyError, "level %d", depth);
        if (tt_catch_end() < 0)
            rc = -1;
    }
    return tt_cleanup_end() < 0 ? -1 : rc;
}

static int worker(void *arg)
{
    ran_count++;
    if (tt_defer(deferred, NULL) < 0 || tt_task_set_name(tt_current_task(), "worker") < 0 || tt_sleep(0) < 0 ||
        tt_sleep(1) < 0)
        return -1;
    if (nest(6) < 0)
        give_up();
    return arg ? tt_raise(&tt_ValueError, "%s", (const char *)arg) : tt_return(strdup("value"), free);
}

static int sleeper(void *arg)
{
    (void)arg;
    return tt_sleep(TT_SEC(1000));
}

static int callback(void *arg)
{
    return arg ? tt_raise(&tt_KeyError, "callback") : 0;
}

static int done_callback(tt_future *future, void *arg)
{
    (void)arg;
    return tt_future_result(future, NULL);
}

static int thread_callback(tt_thread_future *future, void *arg)
{
    (void)future;
    (void)arg;
    return 0;
}

static void use_futures(void)
{
    tt_future *future = tt_create_future(NULL);
    tt_exc *exc = tt_exc_new(&tt_ValueError, "set");

    if (future && exc) {
        if (tt_future_add_done_callback(future, done_callback, NULL) < 0)
            give_up();
        if (tt_future_set_exception(future, exc) < 0)
            give_up();
    }
    tt_future_unref(future);
    tt_exc_unref(exc);
    future = tt_create_future(NULL);
    if (future)
        tt_future_cancel(future, "a text");
    if (future && tt_future_result(future, NULL) < 0)
        give_up();
    tt_future_unref(future);
    give_up();
}

static void use_gather(void)
{
    tt_task *tasks[3] = {tt_create_task(worker, NULL), tt_create_task(worker, "boom"), tt_create_task(sleeper, NULL)};
    tt_future *all = tasks[0] && tasks[1] && tasks[2] ? tt_gather(tasks, 3, true) : NULL;

    give_up();
    if (tt_sleep(0) < 0)
        give_up();
    if (all)
        tt_future_cancel(all, "enough");
    if (tt_await(all) < 0)
        give_up();
    for (int i = 0; i < 3; i++) {
        if (tasks[i])
            tt_task_cancel(tasks[i], "again");
        if (tasks[i] && tt_await(tasks[i]) < 0)
            give_up();
        tt_task_unref(tasks[i]);
    }
    tt_future_unref(all);
    give_up();
}

static void read_each(tt_as_completed *iterator)
{
    tt_future *future = NULL;

    if (tt_as_completed_next(iterator, &future) < 0)
        give_up();
    if (tt_as_completed_awaitable(iterator, &future) <= 0) {
        give_up();
        return;
    }
    if (tt_await(future) < 0)
        give_up();
    tt_future_unref(future);
}

/* Shields, waits, iterators, eager tasks; each is also cancelled. */
static void use_waits(void)
{
    const struct tt_task_options eager = {.eager_start = true};
    tt_task *tasks[3] = {tt_create_task_with(worker, NULL, &eager), tt_create_task(worker, "boom"),
                         tt_create_task_with(sleeper, NULL, &eager)};
    bool is_complete = tasks[0] && tasks[1] && tasks[2];
    tt_future *shield = tasks[2] ? tt_shield(tasks[2]) : NULL;
    tt_as_completed *iterator;
    size_t done_count;

    give_up();
    if (is_complete && tt_wait(tasks, 3, TT_FIRST_EXCEPTION, TT_MSEC(3), &done_count) < 0)
        give_up();
    iterator = is_complete ? tt_as_completed_create(tasks, 3, TT_MSEC(3)) : NULL;
    give_up();
    if (iterator)
        read_each(iterator);
    if (shield)
        tt_future_cancel(shield, "a text");
    for (int i = 0; i < 3; i++) {
        if (tasks[i])
            tt_task_cancel(tasks[i], "enough");
        if (tasks[i] && tt_await(tasks[i]) < 0)
            give_up();
        tt_task_unref(tasks[i]);
    }
    tt_as_completed_destroy(iterator);
    tt_future_unref(shield);
}

static void use_tasks(void)
{
    const struct tt_task_options options = {.name = "named", .drop = count_drop};
    int argument = 7;
    tt_task *early, **all = NULL;
    int count;

    early = tt_create_task_with(sleeper, &argument, &options);
    if (early)
        tt_task_cancel(early, "early");
    else
        give_up();
    if (tt_await(early) < 0)
        give_up();
    tt_task_unref(early);
    if (tt_spawn(worker, NULL) < 0)
        give_up();
    early = tt_create_task_copy(sleeper, &argument, sizeof argument, NULL);
    give_up();
    count = tt_all_tasks(NULL, &all);
    if (count >= 0)
        tt_tasks_free(all, count);
    else
        give_up();
    if (early)
        tt_task_cancel(early, NULL);
    tt_task_unref(early);
    if (tt_sleep(TT_USEC(10)) < 0)
        give_up();
}

static void use_callbacks(void)
{
    tt_handle *handle = NULL;

    if (tt_loop_call_soon(NULL, callback, "", NULL) < 0)
        give_up();
    if (tt_loop_call_later(NULL, TT_SEC(100), callback, NULL, &handle) < 0)
        give_up();
    tt_handle_cancel(handle);
    tt_handle_unref(handle);
    if (tt_loop_call_at(NULL, 0, callback, NULL, NULL) < 0)
        give_up();
    (void)!tt_loop_call_soon_threadsafe(tt_loop_running(), callback, NULL);
    if (tt_loop_add_signal_handler(NULL, SIGUSR1, callback, NULL) == 0)
        raise(SIGUSR1);
    give_up();
    for (int i = 0; i < 3; i++)
        if (tt_sleep(0) < 0)
            give_up();
}

static int receiver(void *arg)
{
    char byte;

    return (int)tt_sock_recv(*(int *)arg, &byte, 1);
}

static void use_sockets(void)
{
    int pair[2];
    tt_task *task;

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair) < 0)
        abort();
    task = tt_create_task(receiver, &pair[0]);
    if (task) {
        if (tt_sleep(0) < 0)
            give_up();
        if (tt_sock_sendall(pair[1], "x", 1) < 0)
            give_up();
        if (tt_sleep(0) < 0)
            give_up();
        tt_task_cancel(task, NULL); /* if it is not done */
        if (tt_await(task) < 0)
            give_up();
    }
    give_up();
    tt_task_unref(task);
    if (tt_loop_add_reader(NULL, pair[0], callback, NULL) == 0)
        tt_loop_remove_reader(NULL, pair[0]);
    give_up();
    close(pair[0]);
    close(pair[1]);
}

static void use_thread_futures(void)
{
    tt_thread_future *futures[2];

    for (int i = 0; i < 2; i++) {
        futures[i] = tt_run_coroutine_threadsafe(tt_loop_running(), worker, "boom", count_drop);
        if (!futures[i]) {
            give_up();
            continue;
        }
        if (tt_thread_future_add_done_callback(futures[i], thread_callback, NULL) < 0)
            give_up();
    }
    if (futures[1])
        tt_thread_future_cancel(futures[1]);
    for (int i = 0; i < 12; i++)
        if (tt_sleep(0) < 0)
            give_up();
    for (int i = 0; i < 2; i++) {
        if (futures[i] && tt_thread_future_result(futures[i], 0, NULL) < 0)
            give_up();
        if (futures[i] && tt_thread_future_exception(futures[i], 0, NULL) < 0)
            give_up();
        if (futures[i])
            tt_thread_future_unref(futures[i]);
    }
}

static struct {
    tt_lock *lock;
    tt_event *event;
    tt_condition *condition;
    tt_semaphore *semaphore;
    tt_barrier *barrier;
    tt_queue *queue, *heap;
} objects;

static int compare_addresses(const void *a, const void *b)
{
    return (a > b) - (a < b);
}

static bool create_objects(void)
{
    objects.lock = tt_lock_create();
    objects.event = tt_event_create();
    objects.condition = tt_condition_create(NULL);
    objects.semaphore = tt_bounded_semaphore_create(1);
    objects.barrier = tt_barrier_create(2);
    objects.queue = tt_queue_create(1, free);
    objects.heap = tt_priority_queue_create(0, compare_addresses, free);
    return objects.lock && objects.event && objects.condition && objects.semaphore && objects.barrier &&
           objects.queue && objects.heap;
}

static void destroy_objects(void)
{
    tt_lock_destroy(objects.lock);
    tt_event_destroy(objects.event);
    tt_condition_destroy(objects.condition);
    tt_semaphore_destroy(objects.semaphore);
    tt_barrier_destroy(objects.barrier);
    tt_queue_destroy(objects.queue);
    tt_queue_destroy(objects.heap);
}

/* An item stays ours unless it was put. */
static int put_one(tt_queue *queue)
{
    void *item = malloc(1);
    int rc = item ? tt_queue_put(queue, item) : tt_raise(&tt_MemoryError, "no item");

    if (rc < 0)
        free(item);
    return rc;
}

static int get_one(tt_queue *queue)
{
    void *item = NULL;
    int rc = tt_queue_get(queue, &item);

    free(item);
    return rc;
}

static int wait_on_condition(void *arg)
{
    (void)arg;
    return tt_condition_wait(objects.condition);
}

/* Each of them ends up waiting for something else. */
static int synchronise(void *number)
{
    if (tt_with_lock(objects.lock, deferred, NULL) < 0 || put_one(objects.heap) < 0 || get_one(objects.heap) < 0)
        return -1;
    switch ((intptr_t)number) {
    case 0:
        return tt_lock_acquire(objects.lock) < 0 ? -1 : tt_lock_acquire(objects.lock);
    case 1:
        return tt_event_wait(objects.event);
    case 2:
        return tt_with_condition(objects.condition, wait_on_condition, NULL);
    case 3:
        return tt_semaphore_acquire(objects.semaphore) < 0 ? -1 : tt_semaphore_acquire(objects.semaphore);
    case 4:
        return tt_barrier_wait(objects.barrier);
    case 5:
        return put_one(objects.queue) < 0 ? -1 : put_one(objects.queue);
    case 6:
        return get_one(objects.heap);
    default:
        return tt_queue_join(objects.queue);
    }
}

static void use_synchronisation(void)
{
    enum { COUNT = 8 };
    tt_task *tasks[COUNT] = {NULL};

    if (create_objects()) {
        for (intptr_t i = 0; i < COUNT; i++) {
            tasks[i] = tt_create_task(synchronise, (void *)i);
            give_up();
        }
        for (int i = 0; i < 2 * COUNT + 4; i++)
            if (tt_sleep(0) < 0)
                give_up();
        for (int i = 0; i < COUNT; i += 2) /* the others see their object destroyed */
            if (tasks[i])
                tt_task_cancel(tasks[i], "enough");
    }
    give_up();
    if (tt_sleep(0) < 0)
        give_up();
    destroy_objects();
    for (int i = 0; i < COUNT; i++) {
        if (tasks[i] && tt_await(tasks[i]) < 0)
            give_up();
        tt_task_unref(tasks[i]);
    }
    give_up();
}

static TT_CONTEXT_VAR_NO_DEFAULT(variable);

static int raise_on_a_thread(void *arg)
{
    return tt_raise(&tt_ValueError, "%s", (const char *)arg);
}

static void use_threads(void)
{
    tt_future *future;

    if (tt_context_var_set(&variable, "value", NULL, NULL) < 0)
        give_up();
    if (tt_to_thread(raise_on_a_thread, "boom", NULL, NULL) < 0)
        give_up();
    future = tt_run_in_executor(NULL, raise_on_a_thread, "boom", NULL);
    if (tt_await(future) < 0)
        give_up();
    tt_future_unref(future);
}

static int use_everything(void *arg)
{
    (void)arg;
    use_threads();
    use_futures();
    use_gather();
    use_waits();
    use_tasks();
    use_callbacks();
    use_sockets();
    use_thread_futures();
    use_synchronisation();
    return tt_spawn(sleeper, NULL); /* left behind */
}

static int handler_calls;

static int count_reports(tt_loop *loop, const struct tt_handler_context *context, void *arg)
{
    char text[64];

    (void)loop;
    (void)arg;
    tt_handler_context_keys(context, text, sizeof text);
    handler_calls++;
    return 0;
}

/* The scenario, with a runner. What is not told is lost: false. */
static bool run_scenario(void)
{
    tt_runner *runner = tt_runner_create();
    tt_loop *loop;

    if (!runner) {
        bool is_told = tt_exc_pending() != NULL;

        give_up();
        return is_told;
    }
    loop = tt_runner_loop(runner);
    if (loop)
        tt_loop_set_exception_handler(loop, count_reports, NULL);
    else
        give_up();
    if (tt_runner_run(runner, use_everything, NULL) < 0)
        give_up();
    if (tt_runner_destroy(runner) < 0)
        give_up();
    return !tt_exc_pending();
}

/* Has the NUMBER-th allocation fail. False when there were fewer. */
static bool run_with_failure(long number, bool and_all_after)
{
    struct tt_stack_counts stacks;
    long live = allocation_live();
    int descriptors = stage_descriptors();
    bool is_told, has_failed;

    allocation_fail(number, and_all_after);
    is_told = run_scenario();
    has_failed = allocation_has_failed();
    allocation_fail(0, false);
    tt__stack_pool_drain();
    tt__stack_counts(&stacks);
    if (!is_told || allocation_live() != live || stacks.in_use || tt__loop_count() ||
        stage_descriptors() != descriptors)
        print_error("allocation %ld%s: told %d, memory %ld, stacks %zu, loops %u, descriptors %d\n", number,
                    and_all_after ? " and all after" : "", is_told, allocation_live() - live, stacks.in_use,
                    tt__loop_count(), stage_descriptors() - descriptors);
    assert_true(is_told);
    assert_int_equal(allocation_live(), live);
    assert_int_equal(stacks.in_use, 0);
    assert_int_equal(tt__loop_count(), 0);
    assert_int_equal(stage_descriptors(), descriptors);
    return has_failed;
}

/* TT_FAIL_AT=N repeats one. */
static void fail_each(bool and_all_after)
{
    const char *only = getenv("TT_FAIL_AT");
    long number = 1;

    stage_close_loop();
    assert_true(run_scenario()); /* everything is loaded and opened that is so once */
    if (only) {
        run_with_failure(strtol(only, NULL, 10), and_all_after);
        return;
    }
    while (run_with_failure(number, and_all_after))
        number++;
    print_message("%ld allocations\n", number - 1);
    assert_true(number > 50); /* or the scenario does not do what it is for */
}

static void each_allocation_fails_in_turn(void **state)
{
    (void)state;
    fail_each(false);
}

static void each_allocation_and_all_after_it_fail(void **state)
{
    (void)state;
    fail_each(true);
}

static void an_argument_is_dropped_once_whatever_fails(void **state)
{
    (void)state;
    for (long number = 1; number < 40; number++) {
        const struct tt_task_options options = {.loop = stage_loop, .name = "named", .drop = count_drop};
        int ran = ran_count;
        tt_task *task;

        dropped_count = 0;
        allocation_fail(number, false);
        task = tt_create_task_with(worker, NULL, &options);
        give_up();
        stage_turns(6);
        allocation_fail(0, false);
        if (task)
            tt_task_cancel(task, NULL);
        stage_turns(6);
        tt_task_unref(task);
        give_up();
        assert_int_equal(dropped_count + (ran_count - ran), 1);
    }
    stage_forget_notes();
}

/* ------------------------------------------------------------------------------------------------------------ libuv */

static void run_with_libuv_failure(void *arg)
{
    const struct rlimit no_core = {0, 0};

    setrlimit(RLIMIT_CORE, &no_core);
    allocation_fail_libuv(*(long *)arg);
    if (!run_scenario())
        _exit(3);
    fputs(allocation_has_failed() ? "one failed\n" : "none failed\n", stderr);
    fflush(stderr);
    raise(SIGKILL); /* not an exit, at which valgrind takes the memory of libuv's threads for lost */
}

static bool came_through(int status, const char *output, const char *said)
{
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL && strstr(output, said);
}

/* libuv 1.44.2 aborts where it has no memory for its table of watched descriptors (maybe_resize, of uv__io_start),
 * which the first handle of a loop needs and which grows with their numbers. Elsewhere it returns UV_ENOMEM, which
 * becomes an exception. */
static void libuv_aborts_or_passes_it_on(void **state)
{
    long number = LONG_MAX, aborted = 0;
    char output[4096];
    int status;

    (void)state;
    stage_close_loop();
    /* in a child, because here it would leave threads, which no child has */
    status = stage_in_child(run_with_libuv_failure, &number, output, sizeof output);
    assert_true(came_through(status, output, "none failed"));
    for (number = 1;; number++) {
        status = stage_in_child(run_with_libuv_failure, &number, output, sizeof output);
        if (came_through(status, output, "none failed"))
            break;
        if (WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT && !strstr(output, "telltale") &&
            !strstr(output, "runtime/")) {
            aborted++;
            continue;
        }
        if (!came_through(status, output, "one failed"))
            print_error("libuv's allocation %ld: status %#x, output: %s\n", number, (unsigned)status, output);
        assert_true(came_through(status, output, "one failed"));
    }
    assert_true(number > 2);
    print_message("%ld allocations of libuv, %ld of them abort\n", number - 1, aborted);
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test_on_stage(each_allocation_fails_in_turn),
    cmocka_unit_test_on_stage(each_allocation_and_all_after_it_fail),
    cmocka_unit_test_on_stage(an_argument_is_dropped_once_whatever_fails),
    cmocka_unit_test_on_stage(libuv_aborts_or_passes_it_on),
};

TT_TEST_MAIN(cases)
