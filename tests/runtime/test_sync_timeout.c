/* Waiting for a lock, a condition and the like under a timeout: the wait ends, and nobody stands in a line any more. */
#include "stage.h"

static tt_lock *lock;
static tt_event *event;
static tt_condition *condition;
static tt_semaphore *semaphore;
static tt_barrier *barrier;
static tt_queue *empty, *full;

static int wait_lock(void *arg)
{
    (void)arg;
    return tt_lock_acquire(lock);
}

static int wait_event(void *arg)
{
    (void)arg;
    return tt_event_wait(event);
}

static int wait_condition(void *arg)
{
    (void)arg;
    return tt_condition_wait(condition);
}

static int wait_semaphore(void *arg)
{
    (void)arg;
    return tt_semaphore_acquire(semaphore);
}

static int wait_barrier(void *arg)
{
    (void)arg;
    return tt_barrier_wait(barrier);
}

static int wait_get(void *arg)
{
    return tt_queue_get(empty, &arg);
}

static int wait_put(void *arg)
{
    return tt_queue_put(full, arg);
}

static int wait_join(void *arg)
{
    (void)arg;
    return tt_queue_join(full);
}

static int time_out(tt_coro_fn *fn, const char *label)
{
    return tt_with_timeout(TT_USEC(1), fn, NULL) < 0 ? note_and_drop(label) : tt_raise(&tt_AssertionError, "%s", label);
}

static int time_out_in_a_block(void *arg)
{
    (void)arg;
    if (time_out(wait_condition, "condition") < 0)
        return -1;
    note("locked: %d", tt_condition_locked(condition));
    return 0;
}

static int time_out_everywhere(void *arg)
{
    (void)arg;
    return time_out(wait_lock, "lock") < 0 || time_out(wait_event, "event") < 0 ||
                   tt_with_condition(condition, time_out_in_a_block, NULL) < 0 ||
                   time_out(wait_semaphore, "semaphore") < 0 || time_out(wait_barrier, "barrier") < 0 ||
                   time_out(wait_get, "get") < 0 || time_out(wait_put, "put") < 0 || time_out(wait_join, "join") < 0
               ? -1
               : 0;
}

static int take_the_lock(void *arg)
{
    (void)arg;
    return tt_lock_acquire(lock);
}

static void expect_end(const char *repr, const char *end)
{
    assert_true(strlen(repr) > strlen(end));
    assert_string_equal(repr + strlen(repr) - strlen(end), end);
}

#define EXPECT_END(function, object, end) (function((object), repr, sizeof repr), expect_end(repr, (end)))

static void a_wait_that_times_out_leaves_the_line(void **state)
{
    char repr[256];

    (void)state;
    lock = tt_lock_create();
    event = tt_event_create();
    condition = tt_condition_create(NULL);
    semaphore = tt_semaphore_create(0);
    barrier = tt_barrier_create(2);
    empty = tt_queue_create(0, NULL);
    full = tt_queue_create(1, NULL);
    assert_int_equal(tt_queue_put_nowait(full, NULL), 0);
    assert_true(stage_run(take_the_lock, NULL));
    assert_true(stage_run(time_out_everywhere, NULL));
    expect_notes("lock: TimeoutError()", "event: TimeoutError()", "condition: TimeoutError()", "locked: 1",
                 "semaphore: TimeoutError()", "barrier: TimeoutError()", "get: TimeoutError()", "put: TimeoutError()",
                 "join: TimeoutError()");
    EXPECT_END(tt_lock_repr, lock, " [locked]>");
    EXPECT_END(tt_event_repr, event, " [unset]>");
    EXPECT_END(tt_condition_repr, condition, " [unlocked]>");
    EXPECT_END(tt_semaphore_repr, semaphore, " [locked]>");
    EXPECT_END(tt_barrier_repr, barrier, " [filling, waiters:0/2]>");
    EXPECT_END(tt_queue_repr, empty, " maxsize=0>");
    EXPECT_END(tt_queue_repr, full, " maxsize=1 _queue=[None] tasks=1>");
    tt_lock_destroy(lock);
    tt_event_destroy(event);
    tt_condition_destroy(condition);
    tt_semaphore_destroy(semaphore);
    tt_barrier_destroy(barrier);
    tt_queue_destroy(empty);
    tt_queue_destroy(full);
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test_on_stage(a_wait_that_times_out_leaves_the_line),
};

TT_TEST_MAIN(cases)
