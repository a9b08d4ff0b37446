/* waiting: one task waits at each kind of object that tasks synchronise by; then the program kills itself. */
#include <signal.h>

#include <telltale/telltale.h>

static tt_lock *lock;
static tt_event *event;
static tt_condition *condition, *contended;
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
    return tt_condition_acquire(arg) < 0 ? -1 : tt_condition_wait(arg);
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
    (void)arg;
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

static const struct {
    const char *name;
    tt_coro_fn *fn;
} waits[] = {
    {"lock", wait_lock},       {"lock too", wait_lock}, {"event", wait_event}, {"semaphore", wait_semaphore},
    {"barrier", wait_barrier}, {"get", wait_get},       {"put", wait_put},     {"join", wait_join},
};

static int create_objects(void)
{
    lock = tt_lock_create();
    event = tt_event_create();
    condition = tt_condition_create(NULL);
    contended = tt_condition_create(NULL);
    semaphore = tt_semaphore_create(0);
    barrier = tt_barrier_create(2);
    empty = tt_queue_create(0, NULL);
    full = tt_queue_create(1, NULL);
    return tt_exc_pending() ? -1 : tt_queue_put_nowait(full, NULL);
}

static int turn(void)
{
    return tt_sleep(0);
}

static int app(void *arg)
{
    (void)arg;
    if (create_objects() < 0 || tt_lock_acquire(lock) < 0)
        return -1;
    for (size_t i = 0; i < sizeof waits / sizeof waits[0]; i++)
        if (tt_spawn_with(waits[i].fn, NULL, &(struct tt_task_options){.name = waits[i].name}) < 0)
            return -1;
    if (tt_spawn_with(wait_condition, condition, &(struct tt_task_options){.name = "condition"}) < 0 ||
        tt_spawn_with(wait_condition, contended, &(struct tt_task_options){.name = "relock"}) < 0 || turn() < 0)
        return -1;
    /* It is notified, and now waits for the lock that this one keeps. */
    if (tt_condition_acquire(contended) < 0 || tt_condition_notify(contended, 1) < 0 || turn() < 0 || turn() < 0)
        return -1;
    return raise(SIGKILL);
}

int main(void)
{
    return tt_run(app, NULL);
}
