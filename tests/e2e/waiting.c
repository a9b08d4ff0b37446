/* waiting: one task waits at each kind of object that tasks synchronise by; then the program kills itself. `waiting tasks`:
 * for each kind of thing that stands for other tasks, and two for each other. `waiting world`: for a file, a child, a
 * signal. */
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>

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

/* --------------------------------------------------------------------------------------------- waiting for other tasks */

static tt_task *sleepers[3], *circle[2];

static int sleep_long(void *arg)
{
    (void)arg;
    return tt_sleep(TT_SEC(1000));
}

static int wait_for_three(void *arg)
{
    (void)arg;
    return tt_wait(sleepers, 3, TT_FIRST_EXCEPTION, TT_NEVER, NULL);
}

static int wait_behind_shield(void *arg)
{
    (void)arg;
    return tt_await(tt_shield(sleepers[0]));
}

static int wait_for_next(void *arg)
{
    tt_future *future = arg;

    return tt_as_completed_next(tt_as_completed_create(sleepers, 2, TT_NEVER), &future) < 0 ? -1 : 0;
}

static int await_the_other(void *is_right)
{
    return tt_await(circle[is_right ? 0 : 1]);
}

static int tasks(void *arg)
{
    static const char *const names[] = {"one", "two", "three"};

    for (int i = 0; i < 3; i++)
        sleepers[i] = tt_create_task_named(sleep_long, arg, names[i]);
    circle[0] = tt_create_task_named(await_the_other, NULL, "left");
    circle[1] = tt_create_task_named(await_the_other, (void *)"right", "right");
    if (tt_spawn_with(wait_for_three, NULL, &(struct tt_task_options){.name = "waits"}) < 0 ||
        tt_spawn_with(wait_behind_shield, NULL, &(struct tt_task_options){.name = "shielded"}) < 0 ||
        tt_spawn_with(wait_for_next, NULL, &(struct tt_task_options){.name = "iterates"}) < 0 || turn() < 0 ||
        turn() < 0)
        return -1;
    return raise(SIGKILL);
}

static int objects(void *arg)
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

/* Opening a FIFO lasts until somebody opens its other end. */
static int wait_file(void *arg)
{
    (void)arg;
    return tt_fs_open("fifo", O_RDONLY, 0) < 0 ? -1 : 0;
}

static int wait_child(void *process)
{
    return tt_process_wait(process, NULL);
}

static int wait_signal(void *arg)
{
    (void)arg;
    return tt_signal_wait(SIGUSR1, NULL);
}

/* In a folder of its own: where the program runs, its recorder writes. */
static int wait_change(void *arg)
{
    tt_fs_watch *watch = tt_fs_watch_open("watched");
    struct tt_fs_change change;

    (void)arg;
    return watch ? tt_fs_watch_next(watch, &change) : -1;
}

static int world(void *arg)
{
    const struct tt_process_options quiet = {
        .in = {TT_STDIO_PIPE, 0}, .out = {TT_STDIO_NULL, 0}, .err = {TT_STDIO_NULL, 0}};
    char *cat[] = {(char *)"cat", NULL}; /* ends with this process, which has the other end of its stdin */
    tt_process *process = tt_process_spawn(cat, &quiet);

    (void)arg;
    if (!process || mkfifo("fifo", 0600) < 0 || mkdir("watched", 0700) < 0 ||
        tt_spawn_with(wait_change, NULL, &(struct tt_task_options){.name = "change"}) < 0 ||
        tt_spawn_with(wait_file, NULL, &(struct tt_task_options){.name = "file"}) < 0 ||
        tt_spawn_with(wait_child, process, &(struct tt_task_options){.name = "child"}) < 0 ||
        tt_spawn_with(wait_signal, NULL, &(struct tt_task_options){.name = "signal"}) < 0 || turn() < 0 || turn() < 0)
        return -1;
    return raise(SIGKILL);
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "world") == 0)
        return tt_run(world, NULL);
    return tt_run(argc == 2 && strcmp(argv[1], "tasks") == 0 ? tasks : objects, NULL);
}
