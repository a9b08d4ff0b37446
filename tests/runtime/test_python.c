/* Programs that are written twice, here and in python/NAME.py, and must write the same: python/NAME.expected, which
 * CPython 3.13 wrote. The python3 of this machine is asked too, unless the program's first line says that it needs a
 * later one.
 *
 * Addresses and places are left out by the programs themselves.
 *
 * Past 600 lines: the C half of all programs stands here, so that each can be read beside its Python half. */
#include "python_program.h"

#include <errno.h>
#include <signal.h>
#include <pthread.h>
#include <sys/socket.h>

#include "ready.h"
#include "timers.h"

static int say(void *text)
{
    note("%s", (const char *)text);
    return 0;
}

static int soon(tt_callback_fn *fn, void *arg)
{
    return tt_loop_call_soon(NULL, fn, arg, NULL);
}

static int settle(int turns)
{
    while (turns-- > 0)
        if (tt_sleep(0) < 0)
            return -1;
    return 0;
}

/* -------------------------------------------------------------------------------------------------------- timers.py */

enum { TIMERS_MAX = 40000 };

static uint64_t random_state;

static int draw(int below)
{
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (int)((random_state >> 33) % (uint64_t)below);
}

static void equal_timers_come_up_in_the_order_of_cpythons_heap(void **state)
{
    static struct tt_timer timers[TIMERS_MAX];
    struct tt_timers heap = {0};
    int count = 0, now = 0;
    static char line[1 << 16];

    (void)state;
    random_state = 12345;
    for (int round = 0; round < 400; round++) {
        size_t length;
        struct tt_timer *timer;
        int scheduled;

        for (int left = draw(60); left > 0; left--) {
            assert_true(count < TIMERS_MAX);
            assert_int_equal(tt__timers_push(&heap, &timers[count], now + 1 + draw(40)), 0);
            count++;
        }
        for (int left = count ? draw(70) : 0; left > 0; left--)
            tt__timers_cancel(&heap, &timers[count - 1 - draw(count < 300 ? count : 300)]);
        if (round % 3 == 0)
            now += draw(25);
        length = 0;
        line[0] = '\0';
        for (int turn = 0; turn < 2; turn++) {
            tt__timers_purge(&heap);
            while ((timer = tt__timers_pop_due(&heap, now)) != NULL)
                length += (size_t)snprintf(line + length, sizeof line - length, " %d", (int)(timer - timers));
        }
        scheduled = (int)heap.count;
        note("%d %d%s", round, scheduled, line);
    }
    while (tt__timers_pop_any(&heap))
        ;
    tt__timers_finish(&heap);
    expect_program("timers");
}

/* --------------------------------------------------------------------------------------------------------- turns.py */

static int threadsafe_first(void *arg)
{
    (void)arg;
    return tt_loop_call_soon_threadsafe(tt_loop_running(), say, "threadsafe 1") < 0 || soon(say, "soon 2") < 0 ||
                   tt_loop_call_soon_threadsafe(tt_loop_running(), say, "threadsafe 3") < 0
               ? -1
               : 0;
}

static int threadsafe(void)
{
    note("-- call_soon_threadsafe on the loop's own thread");
    return soon(threadsafe_first, NULL) < 0 ? -1 : settle(6);
}

static void *send_two(void *loop)
{
    if (tt_loop_call_soon_threadsafe(loop, say, "sent 1") < 0 || tt_loop_call_soon_threadsafe(loop, say, "sent 2") < 0)
        note("could not send");
    return NULL;
}

static int join_sender(void *arg)
{
    pthread_t thread;

    (void)arg;
    if (soon(say, "soon before") < 0)
        return -1;
    pthread_create(&thread, NULL, send_two, tt_loop_running());
    pthread_join(thread, NULL);
    return soon(say, "soon after");
}

static int other_thread(void)
{
    note("-- another thread");
    return soon(join_sender, NULL) < 0 ? -1 : settle(6);
}

static int next_turn(void *arg)
{
    note("next turn");
    return soon(say, arg);
}

static int raise_both(void *arg)
{
    raise(SIGUSR1);
    raise(SIGUSR2);
    return soon(next_turn, arg);
}

static int signals(void)
{
    note("-- a signal");
    if (tt_loop_add_signal_handler(NULL, SIGUSR1, say, "signal 1") < 0 ||
        tt_loop_add_signal_handler(NULL, SIGUSR2, say, "signal 2") < 0 || soon(raise_both, "the turn after") < 0 ||
        settle(6) < 0)
        return -1;
    tt_loop_remove_signal_handler(NULL, SIGUSR1);
    tt_loop_remove_signal_handler(NULL, SIGUSR2);
    return 0;
}

static int pair[2], reads;

static int open_pair(void)
{
    reads = 0;
    return socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) < 0 ? tt_raise_errno(errno, NULL)
                                                                                        : 0;
}

static int readable(void *arg)
{
    (void)arg;
    note("reader %d", ++reads);
    if (reads == 2) {
        tt_loop_remove_reader(NULL, pair[0]);
        tt_loop_remove_writer(NULL, pair[0]);
    }
    return 0;
}

static int watch_everything(void *arg)
{
    (void)arg;
    if (send(pair[1], "x", 1, 0) != 1)
        return tt_raise_errno(errno, NULL);
    return tt_loop_add_writer(NULL, pair[0], say, "writer") < 0 ||
                   tt_loop_add_reader(NULL, pair[0], readable, NULL) < 0 ||
                   tt_loop_call_later(NULL, 0, say, "timer", NULL) < 0 || soon(say, "soon") < 0
               ? -1
               : 0;
}

static int descriptors(void)
{
    note("-- descriptors, timers and callbacks");
    if (open_pair() < 0 || soon(watch_everything, NULL) < 0 || settle(6) < 0)
        return -1;
    close(pair[0]);
    close(pair[1]);
    return 0;
}

static int receive(void *arg)
{
    char buffer[10];

    (void)arg;
    for (int i = 0; i < 3; i++) {
        ssize_t size = tt_sock_recv(pair[0], buffer, sizeof buffer);

        if (size < 0)
            return -1;
        note("received %.*s", (int)size, buffer);
    }
    return 0;
}

static int tick(void *arg)
{
    (void)arg;
    for (int i = 0; i < 5; i++) {
        note("tick %d", i);
        if (tt_sleep(0) < 0)
            return -1;
    }
    return 0;
}

static int send_three(void *arg)
{
    static const char *const texts[] = {"one", "two", "three"};

    (void)arg;
    for (int i = 0; i < 3; i++) {
        if (tt_sock_sendall(pair[1], texts[i], strlen(texts[i])) < 0)
            return -1;
        note("sent %s", texts[i]);
        if (i < 2 && settle(2 + i) < 0)
            return -1;
    }
    return 0;
}

static int await_all(tt_task **tasks, size_t count)
{
    tt_future *all = tt_gather(tasks, count, false);
    int rc = tt_await(all);

    tt_future_unref(all);
    for (size_t i = 0; i < count; i++)
        tt_task_unref(tasks[i]);
    return rc;
}

static int sock_calls(void)
{
    tt_task *tasks[3];

    note("-- sockets and other tasks");
    if (open_pair() < 0)
        return -1;
    tasks[0] = tt_create_task(receive, NULL);
    tasks[1] = tt_create_task(tick, NULL);
    tasks[2] = tt_create_task(send_three, NULL);
    if (await_all(tasks, 3) < 0)
        return -1;
    close(pair[0]);
    close(pair[1]);
    return 0;
}

static tt_future *awaited;

static int wait_for_it(void *name)
{
    int rc = tt_await(awaited);

    note("%s", (const char *)name);
    return rc;
}

static int say_done(tt_future *future, void *text)
{
    (void)future;
    return say(text);
}

static int done_callbacks(void)
{
    tt_task *waiters[2];

    note("-- done-callbacks and waiters");
    awaited = tt_create_future(NULL);
    if (tt_future_add_done_callback(awaited, say_done, "callback 1") < 0)
        return -1;
    waiters[0] = tt_create_task(wait_for_it, "waiter 1");
    if (tt_sleep(0) < 0 || tt_future_add_done_callback(awaited, say_done, "callback 2") < 0)
        return -1;
    waiters[1] = tt_create_task(wait_for_it, "waiter 2");
    if (tt_sleep(0) < 0 || soon(say, "soon before") < 0 || tt_future_set_result(awaited, NULL, NULL) < 0)
        return -1;
    note("set");
    if (soon(say, "soon after") < 0 || tt_future_add_done_callback(awaited, say_done, "callback 3") < 0 ||
        settle(6) < 0)
        return -1;
    tt_future_unref(awaited);
    return await_all(waiters, 2);
}

static int turns(void *arg)
{
    (void)arg;
    return threadsafe() < 0 || other_thread() < 0 || signals() < 0 || descriptors() < 0 || sock_calls() < 0 ||
                   done_callbacks() < 0
               ? -1
               : 0;
}

static void who_comes_before_whom_is_as_in_cpython(void **state)
{
    (void)state;
    assert_true(stage_run(turns, NULL));
    expect_program("turns");
}

/* ------------------------------------------------------------------------------------------------------ shutdown.py */

/* Python's repr; what is SystemExit(3) there is SystemExit("3") here. */
static const char *repr_of(const tt_exc *exc, char *buffer, size_t size)
{
    if (tt_exc_is(exc, &tt_SystemExit))
        snprintf(buffer, size, "SystemExit(%s)", tt_exc_message(exc));
    else
        tt_exc_repr(exc, buffer, size);
    return buffer;
}

/* As the programs' handlers write it. */
static int short_handler(tt_loop *loop, const struct tt_handler_context *context, void *arg)
{
    char repr[256];

    (void)loop;
    (void)arg;
    note("handler: %s %s", context->message, repr_of(context->exception, repr, sizeof repr));
    return 0;
}

/* Notes what is pending, after WHO. */
static void note_error(const char *who)
{
    char repr[256];

    note("%s %s", who, repr_of(tt_exc_pending(), repr, sizeof repr));
}

static int call_again(void *arg)
{
    long left = (long)arg;

    note("callback %ld", left);
    return left ? soon(call_again, (void *)(left - 1)) : 0;
}

static int begin(long count)
{
    tt_loop_set_exception_handler(tt_loop_running(), short_handler, NULL);
    return count ? soon(call_again, (void *)count) : 0;
}

static int returns(void *arg)
{
    (void)arg;
    return begin(10);
}

static int fails(void *arg)
{
    return begin(10) < 0 ? -1 : tt_raise(&tt_ValueError, "%s", (const char *)arg);
}

static int exits(void *arg)
{
    (void)arg;
    return begin(10) < 0 ? -1 : tt_raise(&tt_SystemExit, "3");
}

static int sleeps(void *name)
{
    int rc = tt_sleep(TT_SEC(100));

    if (rc < 0)
        note_error(name);
    return rc;
}

static int spawn_and_pass(tt_coro_fn *fn, void *arg)
{
    return begin(0) < 0 || tt_spawn(fn, arg) < 0 ? -1 : tt_sleep(0);
}

static int leaves(void *arg)
{
    (void)arg;
    return spawn_and_pass(sleeps, "left");
}

static int answers_with(const tt_exc_type *type, const char *text)
{
    int rc = tt_sleep(TT_SEC(100));

    if (rc < 0 && tt_catch(&tt_CancelledError)) {
        rc = tt_raise(type, "%s", text);
        if (tt_catch_end() < 0)
            return -1;
    }
    return rc;
}

static int fails_in_cleanup(void *arg)
{
    (void)arg;
    return answers_with(&tt_ValueError, "cleanup");
}

static int leaves_failing(void *arg)
{
    (void)arg;
    return begin(0) < 0 || tt_spawn(fails_in_cleanup, NULL) < 0 || tt_spawn(sleeps, "beside") < 0 ? -1 : tt_sleep(0);
}

static int exits_in_cleanup(void *arg)
{
    (void)arg;
    return answers_with(&tt_SystemExit, "4");
}

static int leaves_exiting(void *arg)
{
    (void)arg;
    return spawn_and_pass(exits_in_cleanup, NULL);
}

static int swallows(void *arg)
{
    (void)arg;
    if (tt_sleep(TT_SEC(100)) < 0 && tt_catch(&tt_CancelledError)) {
        note("swallowed");
        if (tt_catch_end() < 0)
            return -1;
    }
    if (tt_sleep(0) < 0)
        return -1;
    note("ended");
    return 0;
}

static int leaves_swallowing(void *arg)
{
    (void)arg;
    return spawn_and_pass(swallows, NULL);
}

static int leaves_unstarted(void *arg)
{
    (void)arg;
    return begin(0) < 0 ? -1 : tt_spawn(say, "never");
}

static int cancels_itself(void *arg)
{
    (void)arg;
    tt_task_cancel(tt_current_task(), "self");
    return begin(0) < 0 ? -1 : tt_sleep(0);
}

static int raise_lost(void *text)
{
    return tt_raise(&tt_ValueError, "%s", (const char *)text);
}

static int loses(void *arg)
{
    (void)arg;
    if (begin(0) < 0 || tt_spawn(raise_lost, "lost") < 0 || settle(2) < 0)
        return -1;
    note("main ends");
    return 0;
}

static void note_raised(void)
{
    char repr[256], context[256];
    const tt_exc *exc = tt_exc_pending();

    repr_of(exc, repr, sizeof repr);
    repr_of(tt_exc_context(exc), context, sizeof context);
    note("raised %s context %s", repr, context);
    if (tt_catch(&tt_BaseException) && tt_catch_end() < 0)
        note("still pending");
}

static void run_as_main(const char *name, tt_coro_fn *fn)
{
    tt_runner *runner = tt_runner_create();
    int rc;

    assert_non_null(runner);
    note("-- %s", name);
    rc = tt_runner_run(runner, fn, "boom");
    if (tt_runner_destroy(runner) < 0 || rc < 0)
        note_raised();
}

static void what_still_runs_and_is_told_at_the_end_is_as_in_cpython(void **state)
{
    static const struct {
        const char *name;
        tt_coro_fn *fn;
    } mains[] = {
        {"returns", returns},
        {"fails", fails},
        {"exits", exits},
        {"leaves", leaves},
        {"leaves_failing", leaves_failing},
        {"leaves_exiting", leaves_exiting},
        {"leaves_swallowing", leaves_swallowing},
        {"leaves_unstarted", leaves_unstarted},
        {"cancels_itself", cancels_itself},
        {"loses", loses},
    };

    (void)state;
    stage_close_loop();
    for (size_t i = 0; i < sizeof mains / sizeof mains[0]; i++)
        run_as_main(mains[i].name, mains[i].fn);
    expect_program("shutdown");
}

/* -------------------------------------------------------------------------------------------------- thread_chain.py */

static int chained_body(void *name)
{
    int rc;

    note("%s begins", (const char *)name);
    rc = tt_sleep(TT_SEC(100));
    if (rc < 0)
        note_error(name);
    return rc;
}

static int swallows_and_fails(void *arg)
{
    if (tt_sleep(TT_SEC(100)) < 0 && tt_catch(&tt_CancelledError) && tt_catch_end() < 0)
        return -1;
    return raise_lost(arg);
}

static const char *describe(tt_thread_future *future)
{
    static char text[256];
    tt_exc *exc = NULL;

    if (!tt_thread_future_done(future))
        return "pending";
    if (tt_thread_future_exception(future, 0, &exc) < 0) {
        snprintf(text, sizeof text, "cancelled");
        if (tt_catch(&tt_CancelledError) && tt_catch_end() < 0)
            return "?";
    } else {
        tt_exc_repr(exc, text, sizeof text);
    }
    return text;
}

static int say_described(tt_thread_future *future, void *arg)
{
    note("%s %s", (const char *)arg, describe(future));
    return 0;
}

static const char *word(bool value)
{
    return value ? "True" : "False";
}

static int cancelled_early(void)
{
    tt_thread_future *future = tt_run_coroutine_threadsafe(tt_loop_running(), chained_body, "early", NULL);
    bool cancelled = tt_thread_future_cancel(future);

    note("%s %s", word(cancelled), describe(future));
    tt_thread_future_unref(future);
    return settle(8);
}

static int cancelled_late(void)
{
    tt_thread_future *future = tt_run_coroutine_threadsafe(tt_loop_running(), chained_body, "late", NULL);
    bool first, second;

    if (tt_thread_future_add_done_callback(future, say_described, "callback") < 0 || settle(8) < 0)
        return -1;
    first = tt_thread_future_cancel(future);
    second = tt_thread_future_cancel(future);
    note("%s %s %s", word(first), word(second), describe(future));
    tt_thread_future_unref(future);
    return settle(8);
}

static int failed(void)
{
    tt_thread_future *future = tt_run_coroutine_threadsafe(tt_loop_running(), raise_lost, "boom", NULL);
    const char *description;

    if (tt_thread_future_add_done_callback(future, say_described, "callback") < 0)
        return -1;
    note("%s", describe(future));
    if (settle(8) < 0)
        return -1;
    description = describe(future);
    note("%s %s", description, word(tt_thread_future_cancel(future)));
    tt_thread_future_unref(future);
    return 0;
}

static int unseen(void)
{
    tt_thread_future_unref(tt_run_coroutine_threadsafe(tt_loop_running(), raise_lost, "unseen", NULL));
    return settle(8);
}

static int failed_after_cancellation(void)
{
    tt_thread_future *future =
        tt_run_coroutine_threadsafe(tt_loop_running(), swallows_and_fails, "after the cancellation", NULL);

    if (settle(8) < 0)
        return -1;
    note("%s", word(tt_thread_future_cancel(future)));
    tt_thread_future_unref(future);
    return settle(8);
}

static int thread_chain(void *arg)
{
    (void)arg;
    tt_loop_set_exception_handler(tt_loop_running(), short_handler, NULL);
    note("-- cancelled before its task exists");
    if (cancelled_early() < 0)
        return -1;
    note("-- cancelled while it runs");
    if (cancelled_late() < 0)
        return -1;
    note("-- a failure");
    if (failed() < 0)
        return -1;
    note("-- a failure that nobody looks at");
    if (unseen() < 0)
        return -1;
    note("-- a failure after the cancellation");
    return failed_after_cancellation();
}

static void the_chain_to_the_thread_side_is_as_in_cpython(void **state)
{
    (void)state;
    assert_true(stage_run(thread_chain, NULL));
    expect_program("thread_chain");
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test_on_stage(equal_timers_come_up_in_the_order_of_cpythons_heap),
    cmocka_unit_test_on_stage(who_comes_before_whom_is_as_in_cpython),
    cmocka_unit_test_on_stage(what_still_runs_and_is_told_at_the_end_is_as_in_cpython),
    cmocka_unit_test_on_stage(the_chain_to_the_thread_side_is_as_in_cpython),
};

TT_TEST_MAIN(cases)
